/* Rules that hold up and down against each other, thing by thing: what of the up the down never
 * speaks of, and what the down takes away that the up never spoke of. Whether it speaks of it the
 * right way, only running it shows. Silent where one of the two could not be looked into. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"

#include <string.h>

static gboolean is_clear(const struct lint_half *half)
{
    return half->exists && half->inspection != NULL && inspection_is_complete(half->inspection);
}

/* Both are there, understood, and meant to belong together. */
static gboolean can_compare(const struct lint_run *run)
{
    const struct lint_subject *subject = run->subject;
    return !subject->is_irreversible && is_clear(&subject->up) && is_clear(&subject->down) &&
           lint_does_something(&subject->up) && lint_does_something(&subject->down);
}

static gboolean is_one_of(enum sql_action_kind kind, const enum sql_action_kind *kinds, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (kinds[i] == kind)
            return TRUE;
    return FALSE;
}

/* ---- whether one half speaks of what the other did --------------------------------------------
 */

static gboolean is_rename(enum sql_action_kind kind)
{
    static const enum sql_action_kind kinds[] = {
        SQL_ACTION_RENAME_TABLE,  SQL_ACTION_RENAME_COLUMN, SQL_ACTION_RENAME_CONSTRAINT,
        SQL_ACTION_RENAME_INDEX,  SQL_ACTION_RENAME_VIEW,   SQL_ACTION_RENAME_ENUM_VALUE,
        SQL_ACTION_RENAME_TYPE,   SQL_ACTION_RENAME_OBJECT, SQL_ACTION_RENAME_ATTRIBUTE,
        SQL_ACTION_RENAME_SCHEMA, SQL_ACTION_RENAME_TRIGGER};
    return is_one_of(kind, kinds, G_N_ELEMENTS(kinds));
}

/* Of the same kind, or what is done about it: CREATE and DROP, SET and DROP NOT NULL. */
static gboolean is_about(enum sql_action_kind one, enum sql_action_kind other)
{
    return one == other || sql_action_is_inverse(one, other) ||
           (sql_action_object_kind(one) == sql_action_object_kind(other) &&
            (sql_action_effect(one) == SQL_DROPS || sql_action_effect(other) == SQL_DROPS));
}

/* Whether a half does anything about the thing that goes by this name and part. */
static gboolean speaks_of(const struct lint_census *census, enum sql_action_kind kind,
                          const struct sql_object *object, const char *part)
{
    const GPtrArray *actions = lint_census_of(census, object->name);
    gboolean has_part = sql_action_has_part(kind);
    for (guint i = 0; actions != NULL && i < actions->len; i++) {
        const struct sql_action *action = actions->pdata[i];
        if (sql_action_has_part(action->kind) == has_part && is_about(kind, action->kind) &&
            sql_object_matches(&action->object, object) &&
            (!has_part || g_strcmp0(action->part, part) == 0))
            return TRUE;
    }
    return FALSE;
}

static gboolean destroys(const struct lint_census *census, const struct sql_object *object)
{
    const GPtrArray *actions = lint_census_of(census, object->name);
    for (guint i = 0; actions != NULL && i < actions->len; i++) {
        const struct sql_action *action = actions->pdata[i];
        if (sql_action_effect(action->kind) == SQL_DROPS && !sql_action_has_part(action->kind) &&
            sql_object_matches(&action->object, object))
            return TRUE;
    }
    return FALSE;
}

/* An index or constraint goes with its columns. */
static gboolean loses_column(const struct lint_census *census, const struct sql_object *table,
                             const struct sql_action *action)
{
    for (guint i = 0; i < action->column_count; i++)
        if (lint_census_find(census, SQL_ACTION_DROP_COLUMN, table, action->columns[i]) != NULL)
            return TRUE;
    return FALSE;
}

/* With what holds it: its table, its schema. */
static gboolean goes_with_another(const struct lint_census *census, const struct sql_action *action)
{
    const struct sql_object schema = {.kind = SQL_OBJECT_SCHEMA, .name = action->object.schema};
    const struct sql_object *table =
        action->kind == SQL_ACTION_CREATE_INDEX ? &action->other : &action->object;
    return destroys(census, &action->object) || destroys(census, &schema) ||
           (action->other.kind != SQL_OBJECT_NONE && action->kind != SQL_ACTION_ADD_FOREIGN_KEY &&
            destroys(census, &action->other)) ||
           loses_column(census, table, action);
}

/* ---- down-incomplete --------------------------------------------------------------------------
 */

/* What stays and is meant to: grants and comments, labels, extensions, roles. */
static gboolean wants_undoing(const struct sql_action *action)
{
    static const enum sql_action_kind alterations[] = {
        SQL_ACTION_SET_DEFAULT,         SQL_ACTION_DROP_DEFAULT,
        SQL_ACTION_SET_NOT_NULL,        SQL_ACTION_DROP_NOT_NULL,
        SQL_ACTION_ALTER_COLUMN_TYPE,   SQL_ACTION_SET_SCHEMA,
        SQL_ACTION_ENABLE_ROW_SECURITY, SQL_ACTION_DISABLE_ROW_SECURITY,
        SQL_ACTION_ATTACH_PARTITION,    SQL_ACTION_DETACH_PARTITION,
        SQL_ACTION_SET_UNLOGGED,        SQL_ACTION_SET_LOGGED,
    };
    static const enum sql_action_kind left[] = {
        SQL_ACTION_ADD_ENUM_VALUE, SQL_ACTION_CREATE_EXTENSION, SQL_ACTION_GRANT,
        SQL_ACTION_REVOKE,         SQL_ACTION_GRANT_DEFAULT,    SQL_ACTION_REVOKE_DEFAULT};
    enum sql_effect effect = sql_action_effect(action->kind);
    if (lint_has(action, INLINE) || lint_has(action, TEMPORARY) ||
        action->object.kind == SQL_OBJECT_ROLE || action->object.name == NULL ||
        (sql_action_has_part(action->kind) && action->part == NULL))
        return FALSE;
    if (effect == SQL_CREATES || effect == SQL_DROPS)
        return !is_one_of(action->kind, left, G_N_ELEMENTS(left)) &&
               !(action->kind == SQL_ACTION_CREATE_SCHEMA && lint_has(action, IF_NOT_EXISTS));
    return is_rename(action->kind) ||
           is_one_of(action->kind, alterations, G_N_ELEMENTS(alterations));
}

/* The up takes back itself what it made, or makes again what it dropped. */
static gboolean is_passing(const struct lint_run *run)
{
    const struct sql_action *action = run->action;
    gboolean is_drop = sql_action_effect(action->kind) == SQL_DROPS;
    if (is_drop)
        return lint_census_made(run->up, action);
    const GPtrArray *actions = lint_census_of(run->up, action->object.name);
    for (guint i = 0; actions != NULL && i < actions->len; i++) {
        const struct sql_action *later = actions->pdata[i];
        if (later->offset > action->offset && sql_action_effect(later->kind) == SQL_DROPS &&
            is_about(action->kind, later->kind) && g_strcmp0(later->part, action->part) == 0)
            return TRUE;
    }
    /* On a table made here: it goes with the table, and only the table is asked for. */
    return sql_action_effect(action->kind) == SQL_ALTERS && !is_rename(action->kind) &&
           lint_census_makes(run->up, &action->object, action->offset);
}

/* DROP ... IF EXISTS of what no file has made is there to be safe. */
static gboolean is_precaution(const struct lint_run *run)
{
    return sql_action_effect(run->action->kind) == SQL_DROPS && lint_has(run->action, IF_EXISTS) &&
           schema_find(lint_memory_schema(run->subject->before), &run->action->object) == NULL;
}

static gboolean is_undone(const struct lint_run *run)
{
    const struct sql_action *action = run->action;
    struct sql_object renamed = action->object;
    if (is_rename(action->kind) && !sql_action_has_part(action->kind))
        renamed = action->other;
    return speaks_of(run->down, action->kind, &action->object, action->part) ||
           (is_rename(action->kind) &&
            (speaks_of(run->down, action->kind, &renamed, action->other_part) ||
             destroys(run->down, &renamed))) ||
           (action->kind == SQL_ACTION_SET_SCHEMA &&
            speaks_of(run->down, action->kind, &action->other, NULL)) ||
           goes_with_another(run->down, action);
}

struct leftovers {
    GString *text;
    guint count;
    const struct inspected_statement *statement; /* of the first */
    const struct sql_action *action;
    gboolean has_cascade; /* the down may take along what it does not name */
};

#define LEFTOVERS_NAMED 3

static void check_undone(struct lint_run *run, gpointer data)
{
    struct leftovers *left = data;
    if (!wants_undoing(run->action) || is_passing(run) || is_precaution(run) || is_undone(run))
        return;
    g_autofree char *what = lint_describe(run->action);
    if (left->count == 0) {
        left->statement = run->statement;
        left->action = run->action;
    }
    if (left->count < LEFTOVERS_NAMED)
        g_string_append_printf(left->text, "%s%s", left->count > 0 ? ", " : "", what);
    left->count++;
}

static void find_cascade(struct lint_run *run, gpointer data)
{
    if (sql_action_effect(run->action->kind) == SQL_DROPS && lint_has(run->action, CASCADE))
        *(gboolean *)data = TRUE;
}

/* Once a migration, at the first thing that stays. */
void lint_down_incomplete(struct lint_run *run)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct leftovers left = {.text = text};
    const struct lint_half *up = run->half;
    if (!can_compare(run))
        return;
    run->half = &run->subject->down;
    lint_each_action(run, find_cascade, &left.has_cascade);
    run->half = up;
    if (left.has_cascade)
        return;
    lint_each_action(run, check_undone, &left);
    if (left.count == 0)
        return;
    run->statement = left.statement;
    run->action = left.action;
    if (left.count > LEFTOVERS_NAMED)
        g_string_append_printf(text, " and %u more", left.count - LEFTOVERS_NAMED);
    lint_report(run, "nothing in the down undoes %s", text->str);
}

/* ---- down-drops-more --------------------------------------------------------------------------
 */

/* A sequence that came with a serial or identity column of a table the up made. */
static gboolean came_with_table(const struct lint_run *run)
{
    const char *name = run->action->object.name;
    const char *end = run->action->kind == SQL_ACTION_DROP_SEQUENCE ? strchr(name, '_') : NULL;
    for (; end != NULL; end = strchr(end + 1, '_')) {
        g_autofree char *table = g_strndup(name, (gsize)(end - name));
        if (lint_census_of(run->up, table) != NULL)
            return TRUE;
    }
    return FALSE;
}

/* The up made it, renamed to it, or had to do with it in another way. */
static gboolean is_of_up(const struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (lint_census_made(run->up, action) ||
        speaks_of(run->up, action->kind, &action->object, action->part) || came_with_table(run))
        return TRUE;
    for (guint i = 0; i < lint_half_statements(&run->subject->up); i++) {
        const struct inspected_statement *statement = inspection_at(run->subject->up.inspection, i);
        for (guint j = 0; j < statement->action_count; j++) {
            const struct sql_action *up = &statement->actions[j];
            if (is_rename(up->kind) &&
                (g_strcmp0(up->other.name, action->object.name) == 0 ||
                 (up->other_part != NULL && g_strcmp0(up->other_part, action->part) == 0)))
                return TRUE;
        }
    }
    return FALSE;
}

/* The down made it before, or makes it again. */
static gboolean is_of_down(const struct lint_run *run)
{
    return lint_census_made(run->down, run->action) ||
           lint_census_makes(run->down, &run->action->object, run->action->offset);
}

void lint_down_drops_more(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (sql_action_effect(action->kind) != SQL_DROPS || action->object.name == NULL ||
        action->kind == SQL_ACTION_REVOKE || action->kind == SQL_ACTION_REVOKE_DEFAULT ||
        (lint_has(action, IF_EXISTS) && lint_relation(run, &action->object) == NULL) ||
        !can_compare(run) || is_of_up(run) || is_of_down(run))
        return;
    g_autofree char *what = lint_describe(action);
    g_autofree char *locks = lint_locks_text(run);
    lint_report(run, "%s: this up did not make it%s%s", what, *locks != '\0' ? "; it takes " : "",
                locks);
}
