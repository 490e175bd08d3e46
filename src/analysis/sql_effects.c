/* A row for every kind of action, and rules for those that depend on more than their kind. The lock
 * levels are AlterTableGetLockLevel()'s and those of the manual's section 13.3.1 and of its page
 * for each command; tests/postgres/test_effects.c compares them with what a server does. */
#include "analysis/sql_effects.h"

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
    ROW(NO_INHERIT, AE, AE, FALSE, NO, NO, NO),
    PLAIN(OF_TYPE, AE),
    PLAIN(NOT_OF, AE),
    ROW(ATTACH_PARTITION, SUE, AE, FALSE, NO, YES, NO),
    ROW(DETACH_PARTITION, AE, AE, FALSE, NO, NO, NO),
    PLAIN(ALTER_TABLE, AE),
    ROW(CREATE_INDEX, NONE, S, TRUE, NO, YES, YES),
    PLAIN(DROP_INDEX, AE),
    PLAIN(RENAME_INDEX, SUE),
    PLAIN(ALTER_INDEX, SUE),
    ROW(ATTACH_INDEX, AE, AE, FALSE, NO, NO, NO),
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

static gboolean has(const struct sql_action *action, guint64 flag)
{
    return (action->flags & flag) != 0;
}

/* ---- locks ----------------------------------------------------------------------------------- */

static void lock_one(struct sql_effects *effects, const struct sql_object *relation,
                     enum lock_mode mode, gboolean is_new)
{
    if (mode == LOCK_MODE_NONE || relation->name == NULL)
        return;
    for (guint i = 0; i < effects->lock_count; i++) {
        struct sql_locked *known = &effects->locks[i];
        if (g_strcmp0(known->relation.name, relation->name) != 0 ||
            g_strcmp0(known->relation.schema, relation->schema) != 0)
            continue;
        known->mode = MAX(known->mode, mode);
        return;
    }
    if (effects->lock_count == SQL_LOCKS_MAX) {
        effects->has_more_locks = TRUE;
        effects->more_locks = "more relations than are listed here";
        return;
    }
    effects->locks[effects->lock_count++] =
        (struct sql_locked){.relation = *relation, .mode = mode, .is_new = is_new};
}

static void more_locks(struct sql_effects *effects, const char *which)
{
    effects->has_more_locks = TRUE;
    effects->more_locks = which;
}

static void set_object_lock(struct sql_effects *effects, const struct sql_action *action,
                            enum lock_mode mode)
{
    effects->lock_count = 0;
    lock_one(effects, &action->object, mode, FALSE);
}

/* The other end of foreign keys: dropping one takes triggers off the table referenced. */
static void lock_referenced(struct sql_effects *effects, const struct sql_action *action,
                            const struct schema *schema, const char *constraint, const char *column)
{
    const struct schema_relation *table =
        schema != NULL ? schema_find(schema, &action->object) : NULL;
    if (table == NULL) {
        more_locks(effects, "the tables that its foreign keys reference");
        return;
    }
    for (guint i = 0; i < table->constraints->len; i++) {
        const struct schema_constraint *found = table->constraints->pdata[i];
        gboolean is_meant = constraint == NULL || g_strcmp0(found->name, constraint) == 0;
        for (guint j = 0; column != NULL && is_meant && j < found->column_count; j++) {
            is_meant = g_str_equal(found->columns[j], column);
            if (is_meant)
                break;
        }
        if (found->kind == SQL_ACTION_ADD_FOREIGN_KEY && is_meant)
            lock_one(effects, &found->other, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    }
}

static void lock_referencing(struct sql_effects *effects, const struct sql_action *action,
                             const struct schema *schema)
{
    const struct schema_relation *table =
        schema != NULL ? schema_find(schema, &action->object) : NULL;
    if (table == NULL) {
        more_locks(effects, "what depends on it");
        return;
    }
    GPtrArray *children = schema_referencing(schema, table);
    for (guint i = 0; i < children->len; i++)
        lock_one(effects, &((const struct schema_relation *)children->pdata[i])->object,
                 LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    g_ptr_array_unref(children);
}

/* Recursion goes to partitions and heirs with the same lock. */
static void lock_children(struct sql_effects *effects, const struct sql_object *parent,
                          enum lock_mode mode, const struct schema *schema)
{
    const struct schema_relation *table = schema != NULL ? schema_find(schema, parent) : NULL;
    if (table == NULL)
        return;
    GPtrArray *children = schema_children(schema, table);
    for (guint i = 0; i < children->len; i++)
        lock_one(effects, &((const struct schema_relation *)children->pdata[i])->object, mode,
                 FALSE);
    g_ptr_array_unref(children);
}

static void lock_default_partition(struct sql_effects *effects, const struct sql_object *parent,
                                   const struct schema *schema)
{
    const struct schema_relation *table = schema != NULL ? schema_find(schema, parent) : NULL;
    if (table == NULL) {
        more_locks(effects, "the default partition, if there is one");
        return;
    }
    GPtrArray *children = schema_children(schema, table);
    for (guint i = 0; i < children->len; i++) {
        const struct schema_relation *child = children->pdata[i];
        if (child->flags & SQL_FLAG(DEFAULT_PARTITION))
            lock_one(effects, &child->object, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    }
    g_ptr_array_unref(children);
}

/* The table of an index that is named alone. */
static void lock_index_owner(struct sql_effects *effects, const struct sql_action *action,
                             enum lock_mode mode, const struct schema *schema)
{
    const struct schema_relation *owner =
        schema != NULL ? schema_index_owner(schema, &action->object, NULL) : NULL;
    if (owner != NULL)
        lock_one(effects, &owner->object, mode, FALSE);
    else
        more_locks(effects, "the table of the index");
}

/* ---- rules ----------------------------------------------------------------------------------- */

struct question {
    const struct sql_action *action;
    unsigned version;
    const struct schema *schema;
    struct sql_effects *effects;
};

static void rewrite(const struct question *question, enum sql_answer answer, const char *why)
{
    question->effects->rewrites = answer;
    question->effects->rewrite_why = why;
}

static void scan(const struct question *question, enum sql_answer answer, const char *why)
{
    question->effects->scans = answer;
    question->effects->scan_why = why;
}

static const struct schema_relation *known_table(const struct question *question)
{
    return question->schema != NULL ? schema_find(question->schema, &question->action->object)
                                    : NULL;
}

static void rule_create_table(const struct question *question)
{
    const struct sql_action *action = question->action;
    struct sql_effects *effects = question->effects;
    if (has(action, SQL_FLAG(PARTITION_OF))) {
        lock_one(effects, &action->other, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
        lock_default_partition(effects, &action->other, question->schema);
    } else if (has(action, SQL_FLAG(INHERITS)))
        lock_one(effects, &action->other, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE, FALSE);
    else if (has(action, SQL_FLAG(LIKE)))
        lock_one(effects, &action->other, LOCK_MODE_ACCESS_SHARE, FALSE);
}

static void rule_create_view(const struct question *question)
{
    if (has(question->action, SQL_FLAG(OR_REPLACE)) && known_table(question) != NULL)
        question->effects->locks[0].is_new = FALSE;
}

/* Whether a type is a domain decides: a domain with constraints is checked row by row. */
static gboolean type_may_be_domain(const struct question *question)
{
    const char *type = question->action->type;
    struct sql_object name = {.kind = SQL_OBJECT_TYPE, .name = type};
    if (type == NULL || sql_type_is_built_in(type))
        return FALSE;
    enum sql_object_kind kind =
        question->schema != NULL ? schema_type_kind(question->schema, &name) : SQL_OBJECT_NONE;
    return kind != SQL_OBJECT_TYPE;
}

static void rule_add_column(const struct question *question)
{
    const struct sql_action *action = question->action;
    if (has(action, SQL_FLAG(GENERATED_STORED)))
        rewrite(question, SQL_YES, "a stored generated column is computed for every row");
    else if (has(action, SQL_FLAG(SERIAL)))
        rewrite(question, SQL_YES, "every row gets its own number");
    else if (has(action, SQL_FLAG(IDENTITY)))
        rewrite(question, SQL_YES, "every row gets its own number");
    else if (has(action, SQL_FLAG(VOLATILE_DEFAULT)))
        rewrite(question, SQL_YES, "a volatile default is computed for every row");
    else if (has(action, SQL_FLAG(UNKNOWN_DEFAULT)))
        rewrite(question, SQL_MAYBE, "on whether the default's function is volatile");
    else if (has(action, SQL_FLAG(HAS_DEFAULT)) && !has(action, SQL_FLAG(NULL_DEFAULT)) &&
             question->version < 11)
        rewrite(question, SQL_YES, "before PostgreSQL 11 a default is written into every row");
    else if (type_may_be_domain(question))
        rewrite(question, SQL_MAYBE, "on whether the type is a domain with constraints");
    gboolean has_value = has(action, SQL_FLAG(HAS_DEFAULT)) && !has(action, SQL_FLAG(NULL_DEFAULT));
    if (has(action, SQL_FLAG(NOT_NULL)) && !has_value && question->effects->rewrites == SQL_NO &&
        !has(action, SQL_FLAG(GENERATED_VIRTUAL)))
        scan(question, SQL_YES, "every row is checked, and fails");
}

static void rule_drop_column(const struct question *question)
{
    lock_referenced(question->effects, question->action, question->schema, NULL,
                    question->action->part);
    if (has(question->action, SQL_FLAG(CASCADE)))
        lock_referencing(question->effects, question->action, question->schema);
}

static void rule_drop_table(const struct question *question)
{
    lock_referenced(question->effects, question->action, question->schema, NULL, NULL);
    if (has(question->action, SQL_FLAG(CASCADE)))
        lock_referencing(question->effects, question->action, question->schema);
    lock_children(question->effects, &question->action->object, LOCK_MODE_ACCESS_EXCLUSIVE,
                  question->schema);
    const struct schema_relation *table = known_table(question);
    if (table != NULL && table->parent.name != NULL) {
        lock_one(question->effects, &table->parent, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
        lock_default_partition(question->effects, &table->parent, question->schema);
    }
}

static void rule_drop_constraint(const struct question *question)
{
    lock_referenced(question->effects, question->action, question->schema, question->action->part,
                    NULL);
    if (has(question->action, SQL_FLAG(CASCADE)))
        lock_referencing(question->effects, question->action, question->schema);
}

static void rule_type(const struct question *question)
{
    const struct schema_relation *table = known_table(question);
    const struct schema_column *column =
        table != NULL ? schema_column(table, question->action->part) : NULL;
    const char *why = NULL;
    if (has(question->action, SQL_FLAG(USING))) {
        rewrite(question, SQL_YES, "USING is computed for every row");
        return;
    }
    enum sql_answer answer = sql_type_change_rewrites(column != NULL ? column->type : NULL,
                                                      question->action->type, &why);
    rewrite(question, answer, why);
}

static void rule_set_not_null(const struct question *question)
{
    const struct schema_relation *table = known_table(question);
    if (table == NULL || question->version < 12)
        return;
    if (schema_is_not_null(table, question->action->part))
        scan(question, SQL_NO, NULL);
    else if (!table->is_whole || schema_has_gaps(question->schema))
        scan(question, SQL_YES, "no valid CHECK (... IS NOT NULL) is known that proves it");
}

static void rule_add_constraint(const struct question *question)
{
    const struct sql_action *action = question->action;
    if (has(action, SQL_FLAG(NOT_VALID)) || has(action, SQL_FLAG(NOT_ENFORCED)))
        scan(question, SQL_NO, NULL);
    if (!has(action, SQL_FLAG(USING_INDEX)))
        return;
    question->effects->builds_index = SQL_NO;
    scan(question, SQL_NO, NULL);
    lock_one(question->effects, &action->other, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    if (action->kind == SQL_ACTION_ADD_PRIMARY_KEY)
        scan(question, SQL_MAYBE, "on whether its columns are NOT NULL already");
}

static void rule_validate(const struct question *question)
{
    const struct schema_relation *table = known_table(question);
    const struct schema_constraint *constraint =
        table != NULL ? schema_constraint(table, question->action->part) : NULL;
    if (constraint == NULL)
        more_locks(question->effects, "the table referenced, if it is a foreign key");
    else if (constraint->kind == SQL_ACTION_ADD_FOREIGN_KEY)
        lock_one(question->effects, &constraint->other, LOCK_MODE_ROW_SHARE, FALSE);
    if (constraint != NULL && (constraint->flags & SQL_FLAG(NOT_VALID)) == 0)
        scan(question, SQL_NO, NULL);
}

static void rule_attach(const struct question *question)
{
    if (question->version < 12)
        set_object_lock(question->effects, question->action, LOCK_MODE_ACCESS_EXCLUSIVE);
    if (question->version < 12)
        lock_one(question->effects, &question->action->other, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    lock_default_partition(question->effects, &question->action->object, question->schema);
    scan(question, SQL_MAYBE, "on whether a valid CHECK proves the partition's bounds");
}

static void rule_detach(const struct question *question)
{
    if (!has(question->action, SQL_FLAG(CONCURRENTLY)) &&
        !has(question->action, SQL_FLAG(FINALIZE))) {
        lock_default_partition(question->effects, &question->action->object, question->schema);
        return;
    }
    set_object_lock(question->effects, question->action, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
    lock_one(question->effects, &question->action->other, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    question->effects->is_transactional = has(question->action, SQL_FLAG(FINALIZE));
}

static void rule_create_index(const struct question *question)
{
    const struct sql_action *action = question->action;
    if (has(action, SQL_FLAG(CONCURRENTLY))) {
        question->effects->lock_count = 0;
        lock_one(question->effects, &action->other, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE, FALSE);
        question->effects->is_transactional = FALSE;
    }
    const struct schema_relation *table =
        question->schema != NULL ? schema_find(question->schema, &action->other) : NULL;
    if (has(action, SQL_FLAG(ONLY)) && table != NULL &&
        (table->flags & SQL_FLAG(PARTITIONED)) != 0) {
        scan(question, SQL_NO, NULL);
        question->effects->builds_index = SQL_NO;
    } else if (!has(action, SQL_FLAG(ONLY)))
        lock_children(question->effects, &action->other, LOCK_MODE_SHARE, question->schema);
}

static void rule_drop_index(const struct question *question)
{
    gboolean is_concurrent = has(question->action, SQL_FLAG(CONCURRENTLY));
    if (is_concurrent) {
        set_object_lock(question->effects, question->action, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
        question->effects->is_transactional = FALSE;
    }
    lock_index_owner(question->effects, question->action,
                     is_concurrent ? LOCK_MODE_SHARE_UPDATE_EXCLUSIVE : LOCK_MODE_ACCESS_EXCLUSIVE,
                     question->schema);
}

static void rule_reindex(const struct question *question)
{
    const struct sql_action *action = question->action;
    gboolean is_concurrent = has(action, SQL_FLAG(CONCURRENTLY));
    if (has(action, SQL_FLAG(ALL))) {
        question->effects->is_transactional = FALSE;
        more_locks(question->effects, "every table and index, one after the other");
        return;
    }
    enum lock_mode table = is_concurrent ? LOCK_MODE_SHARE_UPDATE_EXCLUSIVE : LOCK_MODE_SHARE;
    if (is_concurrent)
        question->effects->is_transactional = FALSE;
    if (action->object.kind != SQL_OBJECT_INDEX) {
        set_object_lock(question->effects, action, table);
        const struct schema_relation *known = known_table(question);
        for (guint i = 0; known != NULL && i < known->indexes->len && !is_concurrent; i++) {
            struct sql_object index = known->object;
            index.kind = SQL_OBJECT_INDEX;
            index.name = ((const struct schema_index *)known->indexes->pdata[i])->name;
            lock_one(question->effects, &index, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
        }
        if (known == NULL)
            more_locks(question->effects, "its indexes");
        return;
    }
    if (is_concurrent)
        set_object_lock(question->effects, action, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
    lock_index_owner(question->effects, action, table, question->schema);
}

static void rule_refresh(const struct question *question)
{
    if (!has(question->action, SQL_FLAG(CONCURRENTLY)))
        return;
    set_object_lock(question->effects, question->action, LOCK_MODE_EXCLUSIVE);
    rewrite(question, SQL_NO, NULL);
}

static void rule_truncate(const struct question *question)
{
    if (has(question->action, SQL_FLAG(CASCADE)))
        lock_referencing(question->effects, question->action, question->schema);
    lock_children(question->effects, &question->action->object, LOCK_MODE_ACCESS_EXCLUSIVE,
                  question->schema);
}

static void rule_vacuum(const struct question *question)
{
    question->effects->is_transactional = question->action->kind == SQL_ACTION_ANALYZE;
    if (has(question->action, SQL_FLAG(ALL)))
        more_locks(question->effects, "every table, one after the other");
    if (!has(question->action, SQL_FLAG(FULL)))
        return;
    set_object_lock(question->effects, question->action, LOCK_MODE_ACCESS_EXCLUSIVE);
    rewrite(question, SQL_YES, "VACUUM FULL writes the table anew");
    question->effects->builds_index = SQL_YES;
}

static void rule_cluster(const struct question *question)
{
    if (!has(question->action, SQL_FLAG(ALL)))
        return;
    question->effects->is_transactional = FALSE;
    more_locks(question->effects, "every table that was clustered before");
}

static void rule_lock(const struct question *question)
{
    enum lock_mode mode = question->action->other_part != NULL
                              ? lock_mode_parse(question->action->other_part)
                              : LOCK_MODE_ACCESS_EXCLUSIVE;
    set_object_lock(question->effects, question->action, mode);
    if (!has(question->action, SQL_FLAG(ONLY)))
        lock_children(question->effects, &question->action->object, mode, question->schema);
}

static void rule_domain(const struct question *question)
{
    more_locks(question->effects, "every table with a column of the domain (SHARE)");
    if (has(question->action, SQL_FLAG(NOT_VALID)))
        question->effects->has_more_locks = FALSE;
    else
        scan(question, SQL_MAYBE, "on whether a table uses the domain");
}

static void rule_not_transactional(const struct question *question)
{
    question->effects->is_transactional = FALSE;
}

static void rule_drop_schema(const struct question *question)
{
    if (has(question->action, SQL_FLAG(CASCADE)))
        more_locks(question->effects, "everything in it");
}

/* On a table that the same command makes nothing costs, and nobody waits for it. */
static void rule_new_table(const struct question *question)
{
    const struct sql_action *action = question->action;
    lock_one(question->effects, &action->object, LOCK_MODE_ACCESS_EXCLUSIVE, TRUE);
    if (action->kind == SQL_ACTION_ADD_FOREIGN_KEY)
        lock_one(question->effects, &action->other, LOCK_MODE_SHARE_ROW_EXCLUSIVE, FALSE);
}

static void rule_unknown(const struct question *question)
{
    question->effects->is_known = FALSE;
}

static const struct {
    enum sql_action_kind kind;
    void (*apply)(const struct question *question);
} rules[] = {
    {SQL_ACTION_CREATE_TABLE, rule_create_table},
    {SQL_ACTION_CREATE_VIEW, rule_create_view},
    {SQL_ACTION_ADD_COLUMN, rule_add_column},
    {SQL_ACTION_DROP_COLUMN, rule_drop_column},
    {SQL_ACTION_DROP_TABLE, rule_drop_table},
    {SQL_ACTION_DROP_CONSTRAINT, rule_drop_constraint},
    {SQL_ACTION_ALTER_COLUMN_TYPE, rule_type},
    {SQL_ACTION_SET_NOT_NULL, rule_set_not_null},
    {SQL_ACTION_ADD_CHECK, rule_add_constraint},
    {SQL_ACTION_ADD_UNIQUE, rule_add_constraint},
    {SQL_ACTION_ADD_PRIMARY_KEY, rule_add_constraint},
    {SQL_ACTION_ADD_FOREIGN_KEY, rule_add_constraint},
    {SQL_ACTION_VALIDATE_CONSTRAINT, rule_validate},
    {SQL_ACTION_ATTACH_PARTITION, rule_attach},
    {SQL_ACTION_DETACH_PARTITION, rule_detach},
    {SQL_ACTION_CREATE_INDEX, rule_create_index},
    {SQL_ACTION_DROP_INDEX, rule_drop_index},
    {SQL_ACTION_REINDEX, rule_reindex},
    {SQL_ACTION_REFRESH_MATERIALIZED_VIEW, rule_refresh},
    {SQL_ACTION_TRUNCATE, rule_truncate},
    {SQL_ACTION_VACUUM, rule_vacuum},
    {SQL_ACTION_ANALYZE, rule_vacuum},
    {SQL_ACTION_CLUSTER, rule_cluster},
    {SQL_ACTION_LOCK, rule_lock},
    {SQL_ACTION_ADD_DOMAIN_CONSTRAINT, rule_domain},
    {SQL_ACTION_SET_DOMAIN_NOT_NULL, rule_domain},
    {SQL_ACTION_VALIDATE_DOMAIN_CONSTRAINT, rule_domain},
    {SQL_ACTION_CREATE_DATABASE, rule_not_transactional},
    {SQL_ACTION_DROP_DATABASE, rule_not_transactional},
    {SQL_ACTION_ALTER_SYSTEM, rule_not_transactional},
    {SQL_ACTION_DROP_SCHEMA, rule_drop_schema},
    {SQL_ACTION_OTHER, rule_unknown},
    {SQL_ACTION_DO, rule_unknown},
    {SQL_ACTION_CALL, rule_unknown},
    {SQL_ACTION_EXECUTE, rule_unknown},
};

/* ---- all of it ------------------------------------------------------------------------------- */

static gboolean is_relation(const struct sql_object *object)
{
    return object->kind >= SQL_OBJECT_RELATION && object->kind <= SQL_OBJECT_SEQUENCE;
}

static void apply_row(const struct effect_row *row, const struct question *question)
{
    const struct sql_action *action = question->action;
    struct sql_effects *effects = question->effects;
    if (is_relation(&action->object))
        lock_one(effects, &action->object, row->object, row->is_new);
    if (is_relation(&action->other))
        lock_one(effects, &action->other, row->other, FALSE);
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
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].kind == action->kind)
            rules[i].apply(&question);
}

enum lock_mode sql_effects_strongest(const struct sql_effects *effects)
{
    enum lock_mode strongest = LOCK_MODE_NONE;
    for (guint i = 0; i < effects->lock_count; i++)
        if (!effects->locks[i].is_new)
            strongest = MAX(strongest, effects->locks[i].mode);
    return strongest;
}
