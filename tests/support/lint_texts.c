/* See lint_texts.h. */
#include "support/lint_texts.h"

#include <string.h>

#include "analysis/lint_memory.h"
#include "analysis/lint_risk.h"

struct half {
    struct script *script;
    struct inspection *inspection;
    GError *failure;
    struct lint_half lint;
};

static void half_read(struct half *half, const char *text, gboolean is_transaction_off)
{
    const struct inspection_context context = {SQL_POSTGRESQL, NULL};
    gsize length = text != NULL ? strlen(text) : 0;
    *half = (struct half){.lint = {.exists = text != NULL, .text = text != NULL ? text : ""}};
    half->lint.length = length;
    if (text == NULL)
        return;
    half->script =
        script_parse(text, length, SQL_POSTGRESQL, is_transaction_off, "test.sql", &half->failure);
    if (half->script != NULL)
        half->inspection = inspection_new(text, length, half->script, &context);
    half->lint.script = half->script;
    half->lint.inspection = half->inspection;
    half->lint.failure = half->failure;
    half->lint.is_uncommitted =
        half->failure != NULL && strstr(half->failure->message, "without COMMIT") != NULL;
}

static void half_clear(struct half *half)
{
    g_clear_pointer(&half->inspection, inspection_free);
    g_clear_pointer(&half->script, script_free);
    g_clear_error(&half->failure);
}

static GArray *allows_of(char **rules)
{
    GArray *allows = g_array_new(FALSE, FALSE, sizeof(struct lint_allow));
    for (guint i = 0; rules != NULL && rules[i] != NULL; i++) {
        struct lint_allow allow = {rules[i], i + 1};
        g_array_append_val(allows, allow);
    }
    return allows;
}

/* Everything that a subject borrows from. */
struct stage {
    struct half halves[4]; /* before, up, down, after */
    struct lint_memory *before, *between, *final;
    char **rules;
    GArray *allows;
    struct lint_need need;
    struct lint_subject subject;
    struct lint_options options;
};

static void stage_memories(struct stage *stage)
{
    const struct half *halves = stage->halves;
    stage->before = lint_memory_new();
    stage->between = lint_memory_new();
    stage->final = lint_memory_new();
    lint_memory_take(stage->before, &halves[0].lint);
    lint_memory_take(stage->between, &halves[0].lint);
    lint_memory_take(stage->between, &halves[1].lint);
    lint_memory_take(stage->final, &halves[0].lint);
    lint_memory_take(stage->final, &halves[1].lint);
    lint_memory_take(stage->final, &halves[3].lint);
}

static void stage_init(struct stage *stage, const struct lint_texts *texts)
{
    const char *const sources[] = {texts->before, texts->up, texts->down, texts->after};
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
        half_read(&stage->halves[i], sources[i], texts->is_transaction_off);
    stage_memories(stage);
    stage->rules = texts->allows != NULL ? g_strsplit(texts->allows, "\n", -1) : NULL;
    stage->allows = allows_of(stage->rules);
    stage->need = (struct lint_need){texts->undeclared, "000001"};
    stage->subject = (struct lint_subject){
        .version = 1,
        .up = stage->halves[1].lint,
        .down = stage->halves[2].lint,
        .allows = (const struct lint_allow *)(void *)stage->allows->data,
        .allow_count = stage->allows->len,
        .undeclared = &stage->need,
        .undeclared_count = texts->undeclared != NULL ? 1 : 0,
        .is_expand = texts->is_expand,
        .is_irreversible = texts->is_irreversible,
        .is_transaction_off = texts->is_transaction_off,
        .before = stage->before,
        .between = stage->between,
        .final = stage->final,
    };
    stage->options =
        (struct lint_options){.server_version = texts->server_version != 0 ? texts->server_version
                                                                           : lint_newest_version()};
}

static void stage_clear(struct stage *stage)
{
    for (gsize i = 0; i < G_N_ELEMENTS(stage->halves); i++)
        half_clear(&stage->halves[i]);
    lint_memory_free(stage->before);
    lint_memory_free(stage->between);
    lint_memory_free(stage->final);
    g_strfreev(stage->rules);
    g_array_unref(stage->allows);
}

GArray *lint_texts_check(const struct lint_texts *texts)
{
    struct stage stage;
    stage_init(&stage, texts);
    GArray *findings = lint_findings_new();
    lint_migration(&stage.subject, &stage.options, findings);
    stage_clear(&stage);
    return findings;
}

char *lint_texts_risks(const struct lint_texts *texts, gboolean is_down)
{
    struct stage stage;
    stage_init(&stage, texts);
    char *words = lint_risk_words(lint_risks(&stage.subject, &stage.options, is_down));
    stage_clear(&stage);
    return words;
}
