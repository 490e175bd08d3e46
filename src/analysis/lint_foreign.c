/* Rules that follow references: foreign keys to their parents, views to their columns. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"

#include <string.h>

/* ---- locks on parents -------------------------------------------------------------------------
 */

/* A table that refers to itself has no parent that others could be kept from. */
static gboolean is_parent_in_use(const struct lint_run *run, const struct sql_object *child,
                                 const struct sql_object *parent)
{
    return g_strcmp0(child->name, parent->name) != 0 && lint_is_in_use(run, parent);
}

/* The command that a key is written in: of a column, of a table. */
static const struct sql_action *command_of(const struct inspected_statement *statement,
                                           const struct sql_action *key)
{
    while (lint_has(key, INLINE))
        key = &statement->actions[key->parent];
    return key;
}

/* Where the key is written with its table or column, each parent once. */
static void check_new_parents(struct lint_run *run)
{
    const struct inspected_statement *statement = run->statement;
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < statement->action_count; i++) {
        const struct sql_action *key = &statement->actions[i];
        if (key->kind != SQL_ACTION_ADD_FOREIGN_KEY || !lint_has(key, INLINE) ||
            command_of(statement, key) != run->action ||
            !is_parent_in_use(run, &key->object, &key->other) ||
            !g_hash_table_add(told, (gpointer)(gsize)key->other.name))
            continue;
        g_autofree char *what = lint_describe(run->action);
        g_autofree char *parent = lint_name(&key->other);
        lint_report_lower(run, LINT_NOTICE, "%s takes %s on %s, for the foreign key", what,
                          lint_lock_name(run, key, &key->other), parent);
    }
}

/* name: of one constraint alone; NULL: of all. */
static void check_lost_parents(struct lint_run *run, const char *name)
{
    const struct schema_relation *relation = lint_relation(run, &run->action->object);
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; relation != NULL && i < relation->constraints->len; i++) {
        const struct schema_constraint *key = relation->constraints->pdata[i];
        if (key->kind != SQL_ACTION_ADD_FOREIGN_KEY ||
            (name != NULL && g_strcmp0(key->name, name) != 0) ||
            !is_parent_in_use(run, &relation->object, &key->other) ||
            !g_hash_table_add(told, (gpointer)(gsize)key->other.name))
            continue;
        g_autofree char *what = lint_describe(run->action);
        g_autofree char *parent = lint_name(&key->other);
        lint_report(run, "%s takes %s on %s too, for the foreign key %s", what,
                    lint_lock_name(run, run->action, &run->action->object), parent, key->name);
    }
}

void lint_hidden_parent(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    switch (action->kind) {
    case SQL_ACTION_CREATE_TABLE:
        if (!lint_has(action, TEMPORARY))
            check_new_parents(run);
        break;
    case SQL_ACTION_ADD_COLUMN:
        if (!lint_has(action, INLINE))
            check_new_parents(run);
        break;
    case SQL_ACTION_DROP_TABLE:
        check_lost_parents(run, NULL);
        break;
    case SQL_ACTION_DROP_CONSTRAINT:
        if (action->part != NULL)
            check_lost_parents(run, action->part);
        break;
    default:
        break;
    }
}

/* ---- indexes of foreign keys ------------------------------------------------------------------
 */

/* As all files leave the table: an index in a file of its own comes later. */
void lint_fk_index(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    const struct lint_memory *final = run->subject->final;
    if (action->kind != SQL_ACTION_ADD_FOREIGN_KEY || action->column_count == 0 ||
        action->part == NULL || !lint_memory_knows(final, &action->object))
        return;
    const struct schema_relation *table = schema_find(lint_memory_schema(final), &action->object);
    if (schema_constraint(table, action->part) == NULL ||
        schema_has_index_on(table, action->columns, action->column_count))
        return;
    g_autofree char *parent = lint_name(&action->other);
    lint_report(run,
                "no index of %s begins with the columns of %s: a delete from %s reads it whole",
                lint_object(run), action->part, parent);
}

/* ---- views ------------------------------------------------------------------------------------
 */

/* Whether the half drops or replaces the view before the action. */
static gboolean is_view_gone(const struct lint_run *run, const char *view)
{
    const GPtrArray *actions = lint_census_of(run->census, view);
    for (guint i = 0; actions != NULL && i < actions->len; i++) {
        const struct sql_action *action = actions->pdata[i];
        if (action->offset < run->action->offset &&
            (action->kind == SQL_ACTION_DROP_VIEW ||
             action->kind == SQL_ACTION_DROP_MATERIALIZED_VIEW))
            return TRUE;
    }
    return FALSE;
}

void lint_type_under_view(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (action->kind != SQL_ACTION_ALTER_COLUMN_TYPE || action->part == NULL)
        return;
    const char *view = lint_memory_view(run->memory, &action->object, action->part);
    if (view == NULL || is_view_gone(run, view))
        return;
    lint_report(run, "column %s of %s is used by view %s", action->part, lint_object(run), view);
}
