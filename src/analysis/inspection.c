/* What is known of a file, as a value. */
#include "analysis/inspection.h"

#include "analysis/inspection_private.h"

/* What nobody parses says why. */
static void say_why_not(struct inspection *inspection, const char *why)
{
    for (guint i = 0; i < inspection->count; i++)
        inspection->statements[i].not_analysed = why;
}

struct inspection *inspection_new(const char *text, gsize length, const struct script *script,
                                  const struct inspection_context *context)
{
    struct inspection *inspection = g_new0(struct inspection, 1);
    gsize size = script->statements->len * sizeof(struct inspected_statement);
    (void)length;
    inspection->arena = arena_new();
    inspection->count = script->statements->len;
    inspection->statements = arena_take(inspection->arena, MAX(size, 1));
    for (guint i = 0; i < inspection->count; i++)
        inspection->statements[i] = (struct inspected_statement){.index = i};
    if (context->dialect != SQL_POSTGRESQL)
        say_why_not(inspection, "SQLite's dialect");
    else if (script->mode == RUN_WHOLE)
        say_why_not(inspection, "its statements cannot be told apart with certainty");
    else if (inspection_parser_version() == 0)
        say_why_not(inspection, "this winch was built without PostgreSQL's parser");
    else if (inspection->count > 0)
        inspection_fill(inspection, text, script, context);
    return inspection;
}

void inspection_free(struct inspection *inspection)
{
    arena_free(inspection->arena);
    g_free(inspection);
}

guint inspection_count(const struct inspection *inspection)
{
    return inspection->count;
}

const struct inspected_statement *inspection_at(const struct inspection *inspection, guint index)
{
    return &inspection->statements[index];
}

gboolean inspection_is_complete(const struct inspection *inspection)
{
    for (guint i = 0; i < inspection->count; i++)
        if (!inspection->statements[i].is_analysed || inspection->statements[i].opaque != NULL)
            return FALSE;
    return TRUE;
}

gsize inspection_size(const struct inspection *inspection)
{
    return sizeof(*inspection) + arena_size(inspection->arena);
}
