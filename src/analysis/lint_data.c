/* Rules about what breaks the release that still runs, and what is lost. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"

#include <string.h>

/* A down takes away what its up made: that is what it is for, and its receipt counts the rows. What
 * the same half made before belongs to nobody else yet. */
static gboolean is_own(const struct lint_run *run)
{
    const struct sql_action *action = run->action;
    return (run->is_down && lint_census_made(run->up, action)) ||
           lint_census_makes(run->census, &action->object, action->offset);
}

/* ---- dropping ---------------------------------------------------------------------------------
 */

void lint_drop_table(struct lint_run *run)
{
    enum sql_action_kind kind = run->action->kind;
    if ((kind != SQL_ACTION_DROP_TABLE && kind != SQL_ACTION_DROP_FOREIGN_TABLE) || is_own(run))
        return;
    g_autofree char *locks = lint_locks_text(run);
    lint_report(run, "table %s is dropped with all its rows, under %s", lint_object(run), locks);
}

/* A table that goes too is told as such. */
void lint_drop_column(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (action->kind == SQL_ACTION_DROP_COLUMN && !is_own(run) &&
        !lint_is_precaution(run, lint_memory_schema(run->memory)) &&
        !lint_census_destroys(run->census, &action->object, action->offset)) {
        lint_report(run, "column %s of %s is dropped with all its values", action->part,
                    lint_object(run));
    }
}

void lint_drop_database(struct lint_run *run)
{
    if (run->action->kind == SQL_ACTION_DROP_DATABASE)
        lint_report(run, "database %s is dropped", lint_object(run));
}

void lint_drop_schema(struct lint_run *run)
{
    if (run->action->kind == SQL_ACTION_DROP_SCHEMA && !is_own(run))
        lint_report(run, "schema %s is dropped", lint_object(run));
}

/* Revoking privileges passed on is no loss of objects. */
void lint_drop_cascade(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (sql_action_effect(action->kind) != SQL_DROPS || !lint_has(action, CASCADE) ||
        action->kind == SQL_ACTION_REVOKE || action->kind == SQL_ACTION_REVOKE_DEFAULT)
        return;
    g_autofree char *what = lint_describe(action);
    lint_report_lower(run, is_own(run) ? LINT_NOTICE : LINT_LEVELS,
                      "%s CASCADE takes along whatever depends on it", what);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

void lint_truncate(struct lint_run *run)
{
    if (run->action->kind != SQL_ACTION_TRUNCATE || lint_has(run->action, CASCADE) || is_own(run))
        return;
    g_autofree char *locks = lint_locks_text(run);
    lint_report(run, "every row of %s is lost, under %s", lint_object(run), locks);
}

void lint_truncate_cascade(struct lint_run *run)
{
    if (run->action->kind != SQL_ACTION_TRUNCATE || !lint_has(run->action, CASCADE))
        return;
    g_autofree char *locks = lint_locks_text(run);
    lint_report(run,
                "every row of %s is lost, and of every table with a foreign key that leads to it, "
                "under %s",
                lint_object(run), locks);
}

void lint_dml(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    gboolean is_update = action->kind == SQL_ACTION_UPDATE;
    if ((!is_update && action->kind != SQL_ACTION_DELETE) || !lint_has(action, NO_WHERE) ||
        !lint_is_in_use(run, &action->object))
        return;
    lint_report(run, "%s every row of %s at once", is_update ? "UPDATE of" : "DELETE of",
                lint_object(run));
}

/* ---- renaming ---------------------------------------------------------------------------------
 */

/* The down's way back from what the up renamed. */
static gboolean renames_back(const struct lint_run *run)
{
    const struct sql_action *action = run->action;
    gboolean is_part = sql_action_has_part(action->kind);
    const GPtrArray *actions =
        lint_census_of(run->up, is_part ? action->object.name : action->other.name);
    for (guint i = 0; run->is_down && actions != NULL && i < actions->len; i++) {
        const struct sql_action *up = actions->pdata[i];
        if (up->kind == action->kind &&
            (is_part ? g_strcmp0(up->part, action->other_part) == 0 &&
                           g_strcmp0(up->other_part, action->part) == 0
                     : g_strcmp0(up->other.name, action->object.name) == 0))
            return TRUE;
    }
    return FALSE;
}

void lint_rename_column(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (action->kind != SQL_ACTION_RENAME_COLUMN || is_own(run) || renames_back(run))
        return;
    lint_report(run, "column %s of %s becomes %s", action->part, lint_object(run),
                action->other_part != NULL ? action->other_part : "another");
}

/* A table whose name goes on being answered, by a view or by another table, hurts nobody. */
void lint_rename_table(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    gboolean is_table =
        action->kind == SQL_ACTION_RENAME_TABLE || action->kind == SQL_ACTION_RENAME_VIEW;
    const GPtrArray *same = is_table ? lint_census_of(run->census, action->object.name) : NULL;
    if (!is_table || is_own(run) || renames_back(run))
        return;
    for (guint i = 0; same != NULL && i < same->len; i++) {
        const struct sql_action *later = same->pdata[i];
        if (later->offset > action->offset && sql_action_effect(later->kind) == SQL_CREATES &&
            !sql_action_has_part(later->kind))
            return;
    }
    for (guint i = 0; i < lint_half_statements(run->half); i++) {
        const struct inspected_statement *statement = inspection_at(run->half->inspection, i);
        for (guint j = 0; j < statement->action_count; j++) {
            const struct sql_action *later = &statement->actions[j];
            if (later->kind == action->kind && later->offset > action->offset &&
                g_strcmp0(later->other.name, action->object.name) == 0)
                return;
        }
    }
    lint_report(run, "%s %s becomes %s", action->kind == SQL_ACTION_RENAME_TABLE ? "table" : "view",
                lint_object(run), action->other.name != NULL ? action->other.name : "another");
}

void lint_rename_enum_value(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (action->kind == SQL_ACTION_RENAME_ENUM_VALUE && !is_own(run) && !renames_back(run))
        lint_report(run, "label '%s' of %s becomes '%s'", action->part, lint_object(run),
                    action->other_part != NULL ? action->other_part : "");
}

void lint_enum_value(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (action->kind == SQL_ACTION_ADD_ENUM_VALUE && !run->subject->is_irreversible &&
        !lint_census_makes(run->census, &action->object, action->offset))
        lint_report(run, "label '%s' of %s cannot be taken back", action->part, lint_object(run));
}

void lint_drop_not_null(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    gboolean undoes = run->is_down && lint_census_find(run->up, SQL_ACTION_SET_NOT_NULL,
                                                       &action->object, action->part) != NULL;
    if (action->kind == SQL_ACTION_DROP_NOT_NULL && !undoes && lint_is_in_use(run, &action->object))
        lint_report(run, "column %s of %s may be NULL from now on", action->part, lint_object(run));
}

/* ---- what the notes say -----------------------------------------------------------------------
 */

void lint_undeclared_need(struct lint_run *run)
{
    const struct lint_subject *subject = run->subject;
    for (guint i = 0; i < subject->undeclared_count; i++) {
        const struct lint_need *need = &subject->undeclared[i];
        lint_report_line(run, FALSE, MAX(subject->requires_line, 1), need->object,
                         "%s is made by %s, which is not required here", need->object, need->maker);
    }
}

static void check_phase(struct lint_run *run, gpointer is_told)
{
    const struct sql_action *action = run->action;
    if (*(gboolean *)is_told || lint_has(action, NEW_TABLE) ||
        sql_action_phase(action) != SQL_CONTRACT || is_own(run) ||
        (action->kind != SQL_ACTION_CREATE_INDEX && action->object.name != NULL &&
         !lint_is_in_use(run, &action->object)))
        return;
    g_autofree char *what = lint_describe(action);
    lint_report(run, "declared expand, and %s breaks what still runs", what);
    *(gboolean *)is_told = TRUE;
}

/* Once a migration. */
void lint_phase(struct lint_run *run)
{
    gboolean is_told = FALSE;
    if (run->subject->is_expand)
        lint_each_action(run, check_phase, &is_told);
}
