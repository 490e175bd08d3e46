/* Rules about the down: whether there is one, and, action by action as pairs.h has matched them,
 * whether it undoes its up. Silent where one of the two could not be looked into. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"

#include <string.h>

/* Both are there, understood, and meant to belong together. */
static gboolean can_compare(const struct lint_run *run)
{
    const struct lint_subject *subject = run->subject;
    return !subject->is_irreversible && run->pairs != NULL && run->pairs->is_certain &&
           lint_does_something(&subject->up) && lint_does_something(&subject->down);
}

static gboolean is_one_of(enum sql_action_kind kind, const enum sql_action_kind *kinds, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (kinds[i] == kind)
            return TRUE;
    return FALSE;
}

/* ---- whether there is a down ------------------------------------------------------------------
 */

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

/* ---- action by action -------------------------------------------------------------------------
 */

/* Stands on an action of a half, for lint_report(). */
static void stand_on(struct lint_run *run, gboolean is_down, guint statement, guint action)
{
    run->is_down = is_down;
    run->half = is_down ? &run->subject->down : &run->subject->up;
    run->statement = inspection_at(run->half->inspection, statement);
    run->action = &run->statement->actions[action];
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
    return g_str_has_prefix(sql_action_word(action->kind), "rename-") ||
           is_one_of(action->kind, alterations, G_N_ELEMENTS(alterations));
}

/* The up makes again what it dropped: then the new one is what has to be undone. */
static gboolean is_replaced(const struct lint_run *run)
{
    return sql_action_effect(run->action->kind) == SQL_DROPS &&
           lint_census_made(run->up, run->action);
}

static void find_cascade(struct lint_run *run, gpointer data)
{
    if (sql_action_effect(run->action->kind) == SQL_DROPS && lint_has(run->action, CASCADE))
        *(gboolean *)data = TRUE;
}

/* A CASCADE takes along what it does not name. */
static gboolean has_cascade(struct lint_run *run)
{
    gboolean is_found = FALSE;
    run->half = &run->subject->down;
    lint_each_action(run, find_cascade, &is_found);
    return is_found;
}

#define LEFTOVERS_NAMED 3

/* Once a migration, at the first thing that stays. */
void lint_down_incomplete(struct lint_run *run)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const struct pair *first = NULL;
    guint count = 0;
    if (!can_compare(run) || has_cascade(run))
        return;
    for (guint i = 0; i < run->pairs->ups->len; i++) {
        const struct pair *pair = &g_array_index(run->pairs->ups, struct pair, i);
        stand_on(run, FALSE, pair->statement, pair->action);
        if (pair->standing != PAIR_NOT_UNDONE || !wants_undoing(run->action) ||
            lint_is_precaution(run, lint_memory_schema(run->subject->before)) || is_replaced(run))
            continue;
        g_autofree char *what = lint_describe(run->action);
        first = first != NULL ? first : pair;
        if (count < LEFTOVERS_NAMED)
            g_string_append_printf(text, "%s%s", count > 0 ? ", " : "", what);
        count++;
    }
    if (count == 0)
        return;
    stand_on(run, FALSE, first->statement, first->action);
    if (count > LEFTOVERS_NAMED)
        g_string_append_printf(text, " and %u more", count - LEFTOVERS_NAMED);
    lint_report(run, "nothing in the down undoes %s", text->str);
}

/* ---- down-drops-more --------------------------------------------------------------------------
 */

static gboolean is_undoing(const struct lint_run *run)
{
    for (guint i = 0; i < run->pairs->downs->len; i++) {
        const struct pair_down *down = &g_array_index(run->pairs->downs, struct pair_down, i);
        if (down->statement == run->statement->index &&
            &run->statement->actions[down->action] == run->action)
            return down->undoes || down->is_harmless;
    }
    return TRUE;
}

/* The down made it before, or makes it again: a view taken down and put up. */
static gboolean is_of_down(const struct lint_run *run)
{
    return lint_census_made(run->down, run->action);
}

void lint_down_drops_more(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (sql_action_effect(action->kind) != SQL_DROPS || action->object.name == NULL ||
        action->kind == SQL_ACTION_REVOKE || action->kind == SQL_ACTION_REVOKE_DEFAULT ||
        lint_is_precaution(run, lint_memory_schema(run->subject->between)) || !can_compare(run) ||
        is_undoing(run) || is_of_down(run) || lint_census_made(run->up, action))
        return;
    g_autofree char *what = lint_describe(action);
    g_autofree char *locks = lint_locks_text(run);
    lint_report(run, "%s: this up did not make it%s%s", what, *locks != '\0' ? "; it takes " : "",
                locks);
}

/* ---- what comes back as less than it was ------------------------------------------------------
 */

/* What the down gives back in a statement of its own is not lost. */
static unsigned lost_after_all(const struct lint_run *run, const struct pair *pair)
{
    static const struct {
        enum sql_action_kind kind;
        unsigned lost;
    } later[] = {{SQL_ACTION_SET_NOT_NULL, PAIR_LOST_NOT_NULL},
                 {SQL_ACTION_SET_DEFAULT, PAIR_LOST_DEFAULT},
                 {SQL_ACTION_ALTER_COLUMN_TYPE, PAIR_LOST_TYPE}};
    unsigned lost = pair->lost;
    for (gsize i = 0; i < G_N_ELEMENTS(later); i++)
        if (run->action->kind == SQL_ACTION_ADD_COLUMN &&
            lint_census_find(run->down, later[i].kind, &run->action->object, run->action->part) !=
                NULL)
            lost &= ~later[i].lost;
    return lost;
}

typedef void (*lost_fn)(struct lint_run *run, unsigned lost);

/* Each that comes back, at the action of the down that brings it. */
static void each_loss(struct lint_run *run, lost_fn tell)
{
    for (guint i = 0; can_compare(run) && i < run->pairs->ups->len; i++) {
        const struct pair *pair = &g_array_index(run->pairs->ups, struct pair, i);
        if (pair->lost == 0 || pair->down_statement == PAIR_NONE)
            continue;
        stand_on(run, FALSE, pair->statement, pair->action);
        gboolean is_passing = lint_census_makes(run->up, &run->action->object, run->action->offset);
        stand_on(run, TRUE, pair->down_statement, pair->down_action);
        if (!is_passing)
            tell(run, lost_after_all(run, pair));
    }
}

/* "column n of o", "table o". Free with g_free(). */
static char *thing(struct lint_run *run)
{
    return sql_action_object_kind(run->action->kind) == SQL_OBJECT_COLUMN
               ? g_strdup_printf("column %s of %s", run->action->part, lint_object(run))
               : g_strdup_printf("table %s", lint_object(run));
}

/* The list, without the word before it. */
static const char *bare(const char *attributes)
{
    return g_str_has_prefix(attributes, "without ") ? attributes + strlen("without ") : attributes;
}

static void tell_attributes(struct lint_run *run, unsigned lost)
{
    g_autofree char *what = thing(run);
    g_autofree char *attributes = pair_lost_text(lost & ~(unsigned)PAIR_LOST_ROWS);
    gboolean comes_back = sql_action_effect(run->action->kind) == SQL_CREATES;
    if (attributes != NULL && comes_back)
        lint_report(run, "%s comes back %s", what, attributes);
    else if (attributes != NULL)
        lint_report(run, "%s is not as it was before the up: %s", what, bare(attributes));
}

void lint_down_loses(struct lint_run *run)
{
    each_loss(run, tell_attributes);
}

static void tell_rows(struct lint_run *run, unsigned lost)
{
    g_autofree char *what = thing(run);
    if ((lost & PAIR_LOST_ROWS) != 0 && (run->action->kind == SQL_ACTION_ADD_COLUMN ||
                                         run->action->kind == SQL_ACTION_CREATE_TABLE))
        lint_report(run, "%s comes back empty: what was in it went with the up", what);
}

void lint_irreversible(struct lint_run *run)
{
    each_loss(run, tell_rows);
}
