/* Rules about locks, scans and rewrites of tables that others use. Which lock it is, and whether
 * the table is read or written anew, sql_effects.h says. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"

#include <string.h>

static gboolean is_kind(const struct lint_run *run, enum sql_action_kind kind)
{
    return run->action->kind == kind;
}

static gboolean is_table_in_use(struct lint_run *run)
{
    return lint_is_in_use(run, &run->action->object);
}

/* ---- indexes ----------------------------------------------------------------------------------
 */

/* ON ONLY a partitioned table builds nothing. */
void lint_index_creation(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (is_kind(run, SQL_ACTION_CREATE_INDEX) && !lint_has(action, CONCURRENTLY) &&
        !lint_has(action, ONLY) && lint_is_in_use(run, &action->other))
        lint_report_locks(run, TRUE);
}

/* The index of a constraint or of a partitioned table cannot go concurrently. */
static gboolean can_drop_concurrently(const struct lint_run *run, const struct sql_object *index)
{
    struct sql_object table;
    if (!lint_index_table(run, index, &table))
        return TRUE;
    return !lint_is_partitioned(run, &table) &&
           !lint_census_destroys(run->census, &table, run->action->offset) &&
           !lint_census_makes(run->census, &table, run->action->offset);
}

void lint_index_deletion(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (is_kind(run, SQL_ACTION_DROP_INDEX) && !lint_has(action, CONCURRENTLY) &&
        !lint_census_makes(run->census, &action->object, action->offset) &&
        !lint_is_precaution(run, lint_memory_schema(run->memory)) &&
        can_drop_concurrently(run, &action->object))
        lint_report_locks(run, TRUE);
}

void lint_reindex(struct lint_run *run)
{
    if (is_kind(run, SQL_ACTION_REINDEX) && !lint_has(run->action, CONCURRENTLY) &&
        is_table_in_use(run))
        lint_report_locks(run, TRUE);
}

/* ---- columns ----------------------------------------------------------------------------------
 */

static gboolean adds_column_in_use(struct lint_run *run)
{
    return is_kind(run, SQL_ACTION_ADD_COLUMN) && is_table_in_use(run);
}

/* Before 11 any default was written into every row. */
void lint_volatile_default(struct lint_run *run)
{
    const guint64 others = SQL_FLAG(SERIAL) | SQL_FLAG(IDENTITY) | SQL_FLAG(GENERATED_STORED);
    if (!adds_column_in_use(run) || !lint_has(run->action, HAS_DEFAULT) ||
        (run->action->flags & others) != 0)
        return;
    enum sql_answer rewrites = lint_rewrites(run);
    if (rewrites != SQL_NO)
        lint_report_locks(run, rewrites == SQL_YES);
}

void lint_generated_column(struct lint_run *run)
{
    if (adds_column_in_use(run) && lint_has(run->action, GENERATED_STORED))
        lint_report_locks(run, TRUE);
}

void lint_auto_increment(struct lint_run *run)
{
    gboolean numbers = lint_has(run->action, SERIAL) || lint_has(run->action, IDENTITY);
    if (adds_column_in_use(run) && numbers)
        lint_report_locks(run, TRUE);
}

void lint_required_field(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    const guint64 filled = SQL_FLAG(SERIAL) | SQL_FLAG(IDENTITY) | SQL_FLAG(GENERATED_STORED) |
                           SQL_FLAG(GENERATED_VIRTUAL);
    gboolean has_default = lint_has(action, HAS_DEFAULT) && !lint_has(action, NULL_DEFAULT);
    if (adds_column_in_use(run) && (lint_has(action, NOT_NULL) || lint_has(action, PRIMARY)) &&
        !has_default && (action->flags & filled) == 0) {
        lint_report(run,
                    "column %s of %s is NOT NULL and has no default: it fails where the table "
                    "has a row",
                    action->part, lint_object(run));
    }
}

void lint_set_not_null(struct lint_run *run)
{
    gboolean is_proved = run->options->server_version >= 12 && lint_is_proved_not_null(run);
    if (is_kind(run, SQL_ACTION_SET_NOT_NULL) && is_table_in_use(run) && !is_proved)
        lint_report_locks(run, TRUE);
}

void lint_column_type(struct lint_run *run)
{
    if (!is_kind(run, SQL_ACTION_ALTER_COLUMN_TYPE) || !is_table_in_use(run))
        return;
    enum sql_answer rewrites = lint_rewrites(run);
    if (rewrites != SQL_NO)
        lint_report_locks(run, rewrites == SQL_YES);
}

/* ---- constraints ------------------------------------------------------------------------------
 */

/* Written inside CREATE TABLE there is nobody to wait, inside ADD COLUMN there is. */
static gboolean adds_to_table_in_use(struct lint_run *run, enum sql_action_kind kind)
{
    return is_kind(run, kind) && is_table_in_use(run) && !lint_has(run->action, NOT_VALID) &&
           !lint_has(run->action, NOT_ENFORCED);
}

void lint_check_constraint(struct lint_run *run)
{
    if (adds_to_table_in_use(run, SQL_ACTION_ADD_CHECK) ||
        adds_to_table_in_use(run, SQL_ACTION_ADD_NOT_NULL))
        lint_report_locks(run, TRUE);
}

/* A column that is added in the same statement without a default holds nothing to be looked up, and
 * the server knows (tablecmds.c: a new column that is all NULL). */
static gboolean is_of_new_column(const struct lint_run *run)
{
    const struct sql_action *parent = &run->statement->actions[run->action->parent];
    return lint_has(run->action, INLINE) && parent->kind == SQL_ACTION_ADD_COLUMN &&
           !lint_has(parent, HAS_DEFAULT);
}

void lint_foreign_key(struct lint_run *run)
{
    if (adds_to_table_in_use(run, SQL_ACTION_ADD_FOREIGN_KEY) && !is_of_new_column(run))
        lint_report_locks(run, TRUE);
}

void lint_unique_constraint(struct lint_run *run)
{
    gboolean builds =
        is_kind(run, SQL_ACTION_ADD_UNIQUE) || is_kind(run, SQL_ACTION_ADD_PRIMARY_KEY);
    if (builds && !lint_has(run->action, USING_INDEX) && is_table_in_use(run))
        lint_report_locks(run, TRUE);
}

void lint_exclusion_constraint(struct lint_run *run)
{
    if (is_kind(run, SQL_ACTION_ADD_EXCLUSION) && is_table_in_use(run))
        lint_report_locks(run, TRUE);
}

/* Within one transaction: elsewhere the lock of ADD CONSTRAINT is gone by then. */
static void check_validation(struct lint_run *run, GHashTable *added)
{
    const struct sql_action *action = run->action;
    if (action->part == NULL || action->object.name == NULL)
        return;
    g_autofree char *key = g_strdup_printf("%s\n%s", action->object.name, action->part);
    if (sql_action_object_kind(action->kind) == SQL_OBJECT_CONSTRAINT &&
        lint_has(action, NOT_VALID))
        g_hash_table_add(added, g_steal_pointer(&key));
    else if ((is_kind(run, SQL_ACTION_VALIDATE_CONSTRAINT) ||
              is_kind(run, SQL_ACTION_VALIDATE_DOMAIN_CONSTRAINT)) &&
             g_hash_table_contains(added, key) && is_table_in_use(run))
        lint_report(run,
                    "constraint %s of %s is validated under the lock of the ADD CONSTRAINT "
                    "before it",
                    action->part, lint_object(run));
}

void lint_validate_under_lock(struct lint_run *run)
{
    g_autoptr(GHashTable) added = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (run->half->script == NULL || !run_mode_is_transactional(run->half->script->mode))
        return;
    lint_each_action(run, (lint_each_fn)check_validation, added);
}

void lint_domain_constraint(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    gboolean checks = (is_kind(run, SQL_ACTION_ADD_DOMAIN_CONSTRAINT) &&
                       !lint_has(action, NOT_VALID) && !lint_has(action, INLINE)) ||
                      is_kind(run, SQL_ACTION_SET_DOMAIN_NOT_NULL);
    if (checks && is_table_in_use(run))
        lint_report_locks(run, TRUE);
}

/* ---- whole tables -----------------------------------------------------------------------------
 */

void lint_partition_attach(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (is_kind(run, SQL_ACTION_ATTACH_PARTITION) && is_table_in_use(run) &&
        lint_is_in_use(run, &action->other))
        lint_report_locks(run, TRUE);
}

void lint_partition_detach(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (is_kind(run, SQL_ACTION_DETACH_PARTITION) && !lint_has(action, CONCURRENTLY) &&
        !lint_has(action, FINALIZE) && is_table_in_use(run) && lint_is_in_use(run, &action->other))
        lint_report_locks(run, TRUE);
}

void lint_rewrite(struct lint_run *run)
{
    static const enum sql_action_kind kinds[] = {SQL_ACTION_CLUSTER, SQL_ACTION_SET_LOGGED,
                                                 SQL_ACTION_SET_UNLOGGED, SQL_ACTION_SET_TABLESPACE,
                                                 SQL_ACTION_SET_ACCESS_METHOD};
    gboolean rewrites = is_kind(run, SQL_ACTION_VACUUM) && lint_has(run->action, FULL);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        rewrites |= is_kind(run, kinds[i]);
    if (rewrites && is_table_in_use(run))
        lint_report_locks(run, TRUE);
}

/* One that has never been filled is read by nobody. */
void lint_refresh(struct lint_run *run)
{
    if (is_kind(run, SQL_ACTION_REFRESH_MATERIALIZED_VIEW) &&
        !lint_has(run->action, CONCURRENTLY) && is_table_in_use(run))
        lint_report_locks(run, TRUE);
}

/* ---- locks held too long ----------------------------------------------------------------------
 */

struct hold {
    const struct sql_action *first; /* what shut everybody out */
    guint statement;
    gboolean is_told;
};

/* Rows come from elsewhere, so that there may be many. */
static gboolean copies_rows(const struct lint_run *run)
{
    for (guint i = 0; i < run->statement->relation_count; i++)
        if (!run->statement->relations[i].is_written)
            return TRUE;
    return FALSE;
}

static gboolean may_take_long(struct lint_run *run, const struct hold *hold)
{
    const struct sql_action *action = run->action;
    if (action->kind != SQL_ACTION_CREATE_INDEX && !is_table_in_use(run))
        return FALSE;
    switch (action->kind) {
    case SQL_ACTION_UPDATE:
    case SQL_ACTION_DELETE:
    case SQL_ACTION_MERGE:
    case SQL_ACTION_COPY_FROM:
        return TRUE;
    case SQL_ACTION_INSERT:
        return copies_rows(run);
    case SQL_ACTION_CREATE_INDEX:
        return !lint_has(action, CONCURRENTLY) && lint_is_in_use(run, &action->other) &&
               g_strcmp0(action->other.name, hold->first->object.name) != 0;
    default:
        return lint_reads_whole(run) &&
               g_strcmp0(action->object.name, hold->first->object.name) != 0;
    }
}

static void check_hold(struct lint_run *run, gpointer data)
{
    struct hold *hold = data;
    if (hold->is_told)
        return;
    if (hold->first != NULL && run->statement->index != hold->statement &&
        may_take_long(run, hold)) {
        g_autofree char *what = lint_describe(run->action);
        g_autofree char *table = lint_name(&hold->first->object);
        lint_report(run, "%s runs while the %s on %s of line %u is held", what,
                    lint_lock_name(run, hold->first, &hold->first->object), table,
                    hold->first->line);
        hold->is_told = TRUE;
    } else if (hold->first == NULL && lint_shuts_out(run)) {
        hold->first = run->action;
        hold->statement = run->statement->index;
    }
}

/* Told once a file, and not of what another rule says already of the same table. */
void lint_long_hold(struct lint_run *run)
{
    struct hold hold = {0};
    if (run->half->script != NULL && run_mode_is_transactional(run->half->script->mode))
        lint_each_action(run, check_hold, &hold);
}
