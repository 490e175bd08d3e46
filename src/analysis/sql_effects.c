/* A row for every kind of action, and rules for those that depend on more than their kind. The lock
 * levels are AlterTableGetLockLevel()'s and those of the manual's section 13.3.1 and of its page
 * for each command; tests/postgres/test_effects.c compares them with what a server does. */
#include "analysis/sql_effects_private.h"

#include <string.h>

/* What the action locks, and how. NEW: its object did not exist. */
struct effect_row {
    enum sql_action_kind kind;
    enum lock_mode object, other;
    gboolean is_new;
    enum sql_answer rewrites, scans, builds_index;
};

#define NONE LOCK_MODE_NONE
#define AS   LOCK_MODE_ACCESS_SHARE
#define RS   LOCK_MODE_ROW_SHARE
#define RE   LOCK_MODE_ROW_EXCLUSIVE
#define SUE  LOCK_MODE_SHARE_UPDATE_EXCLUSIVE
#define S    LOCK_MODE_SHARE
#define SRE  LOCK_MODE_SHARE_ROW_EXCLUSIVE
#define E    LOCK_MODE_EXCLUSIVE
#define AE   LOCK_MODE_ACCESS_EXCLUSIVE
#define NO   SQL_NO
#define YES  SQL_YES

static const struct effect_row rows[] = {
#define ROW(kind, object, other, is_new, rewrites, scans, builds)                                  \
    {                                                                                              \
        SQL_ACTION_##kind, object, other, is_new, rewrites, scans, builds                          \
    }
#define PLAIN(kind, object) ROW(kind, object, NONE, FALSE, NO, NO, NO)
#define MADE(kind)          ROW(kind, AE, NONE, TRUE, NO, NO, NO)
    MADE(CREATE_TABLE),
    MADE(CREATE_TABLE_AS),
    MADE(CREATE_FOREIGN_TABLE),
    MADE(CREATE_VIEW),
    MADE(CREATE_MATERIALIZED_VIEW),
    MADE(CREATE_SEQUENCE),
    PLAIN(DROP_TABLE, AE),
    PLAIN(DROP_FOREIGN_TABLE, AE),
    PLAIN(DROP_VIEW, AE),
    PLAIN(DROP_MATERIALIZED_VIEW, AE),
    PLAIN(DROP_SEQUENCE, AE),
    PLAIN(RENAME_TABLE, AE),
    PLAIN(RENAME_VIEW, AE),
    PLAIN(RENAME_OBJECT, AE),
    PLAIN(RENAME_COLUMN, AE),
    PLAIN(RENAME_CONSTRAINT, AE),
    PLAIN(ADD_COLUMN, AE),
    PLAIN(DROP_COLUMN, AE),
    PLAIN(ALTER_COLUMN_TYPE, AE),
    PLAIN(SET_DEFAULT, AE),
    PLAIN(DROP_DEFAULT, AE),
    ROW(SET_NOT_NULL, AE, NONE, FALSE, NO, YES, NO),
    PLAIN(DROP_NOT_NULL, AE),
    ROW(SET_EXPRESSION, AE, NONE, FALSE, YES, NO, NO),
    PLAIN(DROP_EXPRESSION, AE),
    PLAIN(ADD_IDENTITY, AE),
    PLAIN(SET_IDENTITY, AE),
    PLAIN(DROP_IDENTITY, AE),
    PLAIN(SET_STATISTICS, SUE),
    PLAIN(SET_STORAGE, AE),
    PLAIN(SET_COMPRESSION, AE),
    PLAIN(SET_COLUMN_OPTIONS, SUE),
    PLAIN(RESET_COLUMN_OPTIONS, SUE),
    ROW(ADD_CHECK, AE, NONE, FALSE, NO, YES, NO),
    ROW(ADD_NOT_NULL, AE, NONE, FALSE, NO, YES, NO),
    ROW(ADD_FOREIGN_KEY, SRE, SRE, FALSE, NO, YES, NO),
    ROW(ADD_PRIMARY_KEY, AE, NONE, FALSE, NO, YES, YES),
    ROW(ADD_UNIQUE, AE, NONE, FALSE, NO, YES, YES),
    ROW(ADD_EXCLUSION, AE, NONE, FALSE, NO, YES, YES),
    ROW(VALIDATE_CONSTRAINT, SUE, NONE, FALSE, NO, YES, NO),
    PLAIN(ALTER_CONSTRAINT, AE),
    PLAIN(DROP_CONSTRAINT, AE),
    PLAIN(ENABLE_TRIGGER, SRE),
    PLAIN(DISABLE_TRIGGER, SRE),
    PLAIN(ENABLE_RULE, AE),
    PLAIN(DISABLE_RULE, AE),
    PLAIN(ENABLE_ROW_SECURITY, AE),
    PLAIN(DISABLE_ROW_SECURITY, AE),
    PLAIN(FORCE_ROW_SECURITY, AE),
    PLAIN(NO_FORCE_ROW_SECURITY, AE),
    ROW(SET_LOGGED, AE, NONE, FALSE, YES, NO, NO),
    ROW(SET_UNLOGGED, AE, NONE, FALSE, YES, NO, NO),
    ROW(SET_TABLESPACE, AE, NONE, FALSE, YES, NO, NO),
    ROW(SET_ACCESS_METHOD, AE, NONE, FALSE, YES, NO, NO),
    PLAIN(SET_OPTIONS, SUE),
    PLAIN(RESET_OPTIONS, SUE),
    PLAIN(CLUSTER_ON, SUE),
    PLAIN(SET_WITHOUT_CLUSTER, SUE),
    PLAIN(REPLICA_IDENTITY, AE),
    ROW(INHERIT, AE, SUE, FALSE, NO, NO, NO),
    ROW(NO_INHERIT, AE, AS, FALSE, NO, NO, NO),
    PLAIN(OF_TYPE, AE),
    PLAIN(NOT_OF, AE),
    ROW(ATTACH_PARTITION, SUE, AE, FALSE, NO, YES, NO),
    ROW(DETACH_PARTITION, AE, AE, FALSE, NO, NO, NO),
    PLAIN(ALTER_TABLE, AE),
    ROW(CREATE_INDEX, NONE, S, TRUE, NO, YES, YES),
    PLAIN(DROP_INDEX, AE),
    PLAIN(RENAME_INDEX, SUE),
    PLAIN(ALTER_INDEX, SUE),
    ROW(ATTACH_INDEX, SUE, AE, FALSE, NO, NO, NO),
    ROW(REINDEX, AE, NONE, FALSE, NO, YES, YES),
    ROW(CREATE_STATISTICS, NONE, SUE, FALSE, NO, NO, NO),
    PLAIN(ALTER_VIEW, AE),
    PLAIN(ALTER_MATERIALIZED_VIEW, AE),
    ROW(REFRESH_MATERIALIZED_VIEW, AE, NONE, FALSE, YES, NO, NO),
    PLAIN(ALTER_SEQUENCE, SRE),
    PLAIN(CREATE_TRIGGER, SRE),
    PLAIN(RENAME_TRIGGER, AE),
    PLAIN(DROP_TRIGGER, AE),
    PLAIN(CREATE_RULE, AE),
    PLAIN(RENAME_RULE, AE),
    PLAIN(DROP_RULE, AE),
    PLAIN(CREATE_POLICY, AE),
    PLAIN(ALTER_POLICY, AE),
    PLAIN(RENAME_POLICY, AE),
    PLAIN(DROP_POLICY, AE),
    PLAIN(COMMENT, SUE),
    PLAIN(SECURITY_LABEL, SUE),
    PLAIN(SET_SCHEMA, AE),
    PLAIN(SET_OWNER, AE),
    PLAIN(SELECT, AS),
    PLAIN(INSERT, RE),
    PLAIN(UPDATE, RE),
    PLAIN(DELETE, RE),
    PLAIN(MERGE, RE),
    ROW(TRUNCATE, AE, NONE, FALSE, YES, NO, NO),
    PLAIN(COPY_FROM, RE),
    PLAIN(COPY_TO, AS),
    PLAIN(VACUUM, SUE),
    PLAIN(ANALYZE, SUE),
    ROW(CLUSTER, AE, NONE, FALSE, YES, NO, YES),
#undef ROW
#undef PLAIN
#undef MADE
};

static const struct effect_row *find_row(enum sql_action_kind kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].kind == kind)
            return &rows[i];
    return NULL;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* On a table that the same command makes nothing costs, and nobody waits for it. */
static void rule_new_table(const struct question *question)
{
    const struct sql_action *action = question->action;
    effects_lock_one(question->effects, &action->object, LOCK_MODE_ACCESS_EXCLUSIVE, TRUE);
    if (action->kind == SQL_ACTION_ADD_FOREIGN_KEY)
        effects_lock_one(question->effects, &action->other, LOCK_MODE_SHARE_ROW_EXCLUSIVE, FALSE);
}

static gboolean is_relation(const struct sql_object *object)
{
    return object->kind >= SQL_OBJECT_RELATION && object->kind <= SQL_OBJECT_SEQUENCE;
}

/* Columns and CHECKs are the heirs' and the partitions' too; indexes, foreign keys and triggers the
 * partitions' alone. */
static gboolean goes_on_to_children(const struct sql_action *action, const struct schema *schema)
{
    enum sql_object_kind kind = sql_action_object_kind(action->kind);
    const struct schema_relation *table =
        schema != NULL ? schema_find(schema, &action->object) : NULL;
    gboolean is_partitioned = table != NULL && (table->flags & SQL_FLAG(PARTITIONED)) != 0;
    if (has(action, SQL_FLAG(ONLY)))
        return FALSE;
    switch (action->kind) {
    case SQL_ACTION_ADD_UNIQUE:
    case SQL_ACTION_ADD_PRIMARY_KEY:
    case SQL_ACTION_ADD_EXCLUSION:
    case SQL_ACTION_ADD_FOREIGN_KEY:
        return is_partitioned;
    default:
        return kind == SQL_OBJECT_COLUMN || kind == SQL_OBJECT_CONSTRAINT ||
               (kind == SQL_OBJECT_TRIGGER && is_partitioned);
    }
}

static void apply_row(const struct effect_row *row, const struct question *question)
{
    const struct sql_action *action = question->action;
    struct sql_effects *effects = question->effects;
    if (is_relation(&action->object))
        effects_lock_one(effects, &action->object, row->object, row->is_new);
    if (is_relation(&action->other))
        effects_lock_one(effects, &action->other, row->other, FALSE);
    effects->rewrites = row->rewrites;
    effects->scans = row->scans;
    effects->builds_index = row->builds_index;
}

void sql_action_effects(const struct sql_action *action, unsigned version,
                        const struct schema *schema, struct sql_effects *effects)
{
    const struct effect_row *row = find_row(action->kind);
    const struct question question = {action, version, schema, effects};
    *effects = (struct sql_effects){.is_known = TRUE, .is_transactional = TRUE};
    if (has(action, SQL_FLAG(NEW_TABLE))) {
        rule_new_table(&question);
        return;
    }
    if (row != NULL)
        apply_row(row, &question);
    if (row != NULL && goes_on_to_children(action, schema))
        effects_lock_children(effects, &action->object, row->object, schema);
    sql_effects_apply_rules(&question);
}

enum lock_mode sql_effects_strongest(const struct sql_effects *effects)
{
    enum lock_mode strongest = LOCK_MODE_NONE;
    for (guint i = 0; i < effects->lock_count; i++)
        if (!effects->locks[i].is_new)
            strongest = MAX(strongest, effects->locks[i].mode);
    return strongest;
}
