/* Any bytes through script_parse(), in both dialects: it must end, and what it cuts must lie in
 * order inside the text. */
#include <stdint.h>
#include <stdlib.h>

#include "analysis/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

static void check_script(const struct script *script, gsize size)
{
    gsize behind = 0;
    unsigned line = 1;
    for (guint i = 0; i < script->statements->len; i++) {
        const struct script_statement *at =
            &g_array_index(script->statements, struct script_statement, i);
        require(at->offset >= behind && at->length > 0 && at->length <= size - at->offset);
        require(at->line >= line && at->column >= 1 && at->verb[0] != '\0');
        require((at->kind == STATEMENT_OUTSIDE) == (at->outside_reason != NULL));
        behind = at->offset + at->length;
        line = at->line;
    }
    require((script->mode == RUN_EMPTY) == (script->statements->len == 0));
    require(script->mode_reason != NULL);
    require(script->begin_modes == NULL || script->mode == RUN_OWN_BLOCK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int dialect = SQL_POSTGRESQL; dialect <= SQL_SQLITE; dialect++) {
        g_autoptr(GError) error = NULL;
        AUTOPTR(script) *script = script_parse((const char *)data, size, (enum sql_dialect)dialect,
                                               FALSE, "fuzz.sql", &error);
        require((script == NULL) == (error != NULL));
        if (script != NULL)
            check_script(script, size);
        else
            require(error_detail(error)->line >= 1);
    }
    return 0;
}
