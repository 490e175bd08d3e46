/* Rules about the down: whether there is one, and whether it undoes its up. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"

#include <string.h>

void lint_down_missing(struct lint_run *run)
{
    const struct lint_subject *subject = run->subject;
    if (!subject->down.exists && !subject->is_irreversible && lint_does_something(&subject->up))
        lint_report_line(run, TRUE, 1, NULL, "there is no down file for this up");
}

void lint_down_empty(struct lint_run *run)
{
    const struct lint_subject *subject = run->subject;
    if (subject->down.exists && !lint_does_something(&subject->down) && !subject->is_irreversible &&
        lint_does_something(&subject->up))
        lint_report_line(run, TRUE, 1, NULL, "the down has no statement, the up has");
}

/* ---- what no down brings back -----------------------------------------------------------------
 */

/* Dropped by the up, and not made by it before. */
static gboolean was_lost(const struct lint_run *run, enum sql_action_kind kind, const char *part)
{
    const struct sql_action *lost = lint_census_find(run->up, kind, &run->action->object, part);
    return lost != NULL && !lint_census_makes(run->up, &lost->object, lost->offset);
}

void lint_irreversible(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (run->subject->is_irreversible)
        return;
    if (action->kind == SQL_ACTION_CREATE_TABLE && was_lost(run, SQL_ACTION_DROP_TABLE, NULL))
        lint_report(run, "table %s comes back empty: its rows went with the up", lint_object(run));
    else if (action->kind == SQL_ACTION_ADD_COLUMN && !lint_has(action, INLINE) &&
             was_lost(run, SQL_ACTION_DROP_COLUMN, action->part))
        lint_report(run, "column %s of %s comes back empty: its values went with the up",
                    action->part, lint_object(run));
}

/* ---- what comes back is less ------------------------------------------------------------------
 */

static gboolean same_columns(const struct sql_action *action, const char *const *columns,
                             guint count)
{
    if (action->column_count != count)
        return FALSE;
    for (guint i = 0; i < count; i++)
        if (strcmp(action->columns[i], columns[i]) != 0)
            return FALSE;
    return TRUE;
}

static gboolean has_name(const char *const *columns, guint count, const char *name)
{
    for (guint i = 0; i < count; i++)
        if (strcmp(columns[i], name) == 0)
            return TRUE;
    return FALSE;
}

/* What of a table is asked about: an index or a constraint. */
struct lost {
    enum sql_action_kind kind;
    const struct sql_object *table;
    const char *name;
    const char *const *columns;
    guint column_count;
    gboolean is_found;
};

/* Under its name, or another one of the same kind on the same columns. */
static void look_for(struct lint_run *run, gpointer data)
{
    struct lost *lost = data;
    const struct sql_action *action = run->action;
    gboolean is_index = action->kind == SQL_ACTION_CREATE_INDEX;
    const struct sql_object *table = is_index ? &action->other : &action->object;
    const char *name = is_index ? action->object.name : action->part;
    if (action->kind == lost->kind && sql_object_matches(table, lost->table) &&
        (g_strcmp0(name, lost->name) == 0 ||
         same_columns(action, lost->columns, lost->column_count)))
        lost->is_found = TRUE;
}

static void note(GString *losses, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(GString *losses, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append(losses, losses->len > 0 ? ", " : "");
    g_string_append_vprintf(losses, format, arguments);
    va_end(arguments);
}

static void note_if_lost(struct lint_run *run, GString *losses, struct lost *lost)
{
    const struct inspected_statement *statement = run->statement;
    const struct sql_action *action = run->action;
    lint_each_action(run, look_for, lost);
    run->statement = statement;
    run->action = action;
    if (!lost->is_found)
        note(losses, "its %s %s", lost->kind == SQL_ACTION_CREATE_INDEX ? "index" : "constraint",
             lost->name);
}

/* Those of one column, or of the whole table (column NULL). */
static void note_lost_parts(struct lint_run *run, const struct schema_relation *relation,
                            const char *column, GString *losses)
{
    for (guint i = 0; i < relation->constraints->len; i++) {
        const struct schema_constraint *was = relation->constraints->pdata[i];
        struct lost lost = {.kind = was->kind,
                            .table = &relation->object,
                            .name = was->name,
                            .columns = was->columns,
                            .column_count = was->column_count};
        if (column == NULL || has_name(was->columns, was->column_count, column))
            note_if_lost(run, losses, &lost);
    }
    for (guint i = 0; i < relation->indexes->len; i++) {
        const struct schema_index *was = relation->indexes->pdata[i];
        struct lost lost = {.kind = SQL_ACTION_CREATE_INDEX,
                            .table = &relation->object,
                            .name = was->name,
                            .columns = was->columns,
                            .column_count = was->column_count};
        if (!was->is_constraint &&
            (column == NULL || has_name(was->columns, was->column_count, column)))
            note_if_lost(run, losses, &lost);
    }
}

static void note_lost_column(const struct sql_action *now, const struct schema_column *was,
                             GString *losses)
{
    const guint64 generated = SQL_FLAG(IDENTITY) | SQL_FLAG(SERIAL) | SQL_FLAG(GENERATED_STORED);
    if (now->type != NULL && was->type != NULL && strcmp(now->type, was->type) != 0)
        note(losses, "its type %s", was->type);
    if ((was->flags & SQL_FLAG(NOT_NULL)) != 0 && !lint_has(now, NOT_NULL) &&
        !lint_has(now, PRIMARY))
        note(losses, "its NOT NULL");
    if ((was->flags & SQL_FLAG(HAS_DEFAULT)) != 0 &&
        (!lint_has(now, HAS_DEFAULT) ||
         (was->expression != 0 && now->expression != 0 && was->expression != now->expression)))
        note(losses, "its default");
    if ((was->flags & generated & ~now->flags) != 0)
        note(losses, "its generated values");
}

/* Whether the down gives it by SET NOT NULL and SET DEFAULT later on is not followed: then it is
 * not told at all. */
static gboolean is_altered_later(const struct lint_run *run)
{
    const struct sql_object *table = &run->action->object;
    const char *column = run->action->part;
    return lint_census_find(run->down, SQL_ACTION_SET_NOT_NULL, table, column) != NULL ||
           lint_census_find(run->down, SQL_ACTION_SET_DEFAULT, table, column) != NULL ||
           lint_census_find(run->down, SQL_ACTION_ALTER_COLUMN_TYPE, table, column) != NULL;
}

/* Columns of the table made again in this statement. */
static void note_lost_columns(const struct lint_run *run, const struct schema_relation *relation,
                              GString *losses)
{
    for (guint i = 0; i < relation->columns->len; i++) {
        const struct schema_column *was = relation->columns->pdata[i];
        const struct sql_action *now =
            lint_census_find(run->down, SQL_ACTION_ADD_COLUMN, &relation->object, was->name);
        if (now == NULL)
            note(losses, "its column %s", was->name);
    }
}

void lint_down_loses(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    gboolean is_column = action->kind == SQL_ACTION_ADD_COLUMN && !lint_has(action, INLINE) &&
                         was_lost(run, SQL_ACTION_DROP_COLUMN, action->part);
    gboolean is_table = action->kind == SQL_ACTION_CREATE_TABLE && !lint_has(action, LIKE) &&
                        was_lost(run, SQL_ACTION_DROP_TABLE, NULL);
    const struct schema_relation *relation =
        is_column || is_table
            ? schema_find(lint_memory_schema(run->subject->before), &action->object)
            : NULL;
    const struct schema_column *column =
        relation != NULL && is_column ? schema_column(relation, action->part) : NULL;
    g_autoptr(GString) losses = g_string_new(NULL);
    if (relation == NULL || (is_column && (column == NULL || is_altered_later(run))))
        return;
    if (is_column)
        note_lost_column(action, column, losses);
    else
        note_lost_columns(run, relation, losses);
    note_lost_parts(run, relation, is_column ? action->part : NULL, losses);
    if (losses->len > 0)
        lint_report(run, "%s%s%s comes back without %s", is_column ? action->part : "table ",
                    is_column ? " of " : "", lint_object(run), losses->str);
}
