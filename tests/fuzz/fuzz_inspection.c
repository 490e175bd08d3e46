/* Any text through inspection_new(): PostgreSQL's parser must survive it, and what is told of it
 * must lie inside the text. */
#include <stdint.h>
#include <stdlib.h>

#include "analysis/inspection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

static void check_action(const struct sql_action *action, guint number, size_t size)
{
    g_autofree char *text = sql_action_describe(action);
    require(action->kind < SQL_ACTION_KINDS && action->parent <= number);
    require(action->offset <= size && action->length <= size - action->offset);
    require(action->line >= 1 && action->column >= 1 && *text != '\0');
    require(action->column_count == 0 || action->columns != NULL);
}

static void check_statement(const struct inspected_statement *statement, size_t size)
{
    require(statement->is_analysed == (statement->not_analysed == NULL));
    require(!statement->is_analysed || statement->action_count > 0);
    for (guint i = 0; i < statement->action_count; i++)
        check_action(&statement->actions[i], i, size);
    for (guint i = 0; i < statement->relation_count; i++)
        require(statement->relations[i].object.name != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const struct inspection_context context = {.dialect = SQL_POSTGRESQL};
    if (!g_utf8_validate_len(text, size, NULL))
        return 0; /* as migration_text_load() refuses it */
    AUTOPTR(script) *script = script_parse(text, size, SQL_POSTGRESQL, FALSE, "fuzz.sql", NULL);
    if (script == NULL)
        return 0;
    AUTOPTR(inspection) *inspection = inspection_new(text, size, script, &context);
    require(inspection_count(inspection) == script->statements->len);
    for (guint i = 0; i < inspection_count(inspection); i++)
        check_statement(inspection_at(inspection, i), size);
    return 0;
}
