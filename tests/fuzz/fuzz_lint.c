/* Any text as earlier migrations, an up and a down ("before\n---\nup\n---\ndown") through lint: it
 * must end, and what it finds must be whole and in order. */
#include <stdint.h>
#include <stdlib.h>

#include "support/lint_texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

static void check(const GArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const struct lint_finding *finding = &g_array_index(findings, struct lint_finding, i);
        const struct lint_finding *before = i > 0 ? finding - 1 : finding;
        require(finding->rule != NULL && finding->message != NULL && *finding->message != '\0');
        require(finding->level > LINT_OFF && finding->level < LINT_LEVELS);
        require(finding->line >= 1 && finding->column >= 1);
        require(before->is_down <= finding->is_down);
        require(before->is_down < finding->is_down || before->line <= finding->line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) parts = g_strsplit(text, "\n---\n", 3);
    guint count = g_strv_length(parts);
    const struct lint_texts texts = {.before = count > 1 ? parts[0] : NULL,
                                     .up = count > 1 ? parts[1] : parts[0],
                                     .down = count > 2 ? parts[2] : NULL,
                                     .allows = "ban-drop-column\nnonsense"};
    g_autoptr(GArray) findings = lint_texts_check(&texts);
    check(findings);
    return 0;
}
