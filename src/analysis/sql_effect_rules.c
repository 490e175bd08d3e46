/* What of an action's effects depends on more than its kind. */
#include "analysis/sql_effects_private.h"

#include <string.h>

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
        effects_lock_one(effects, &action->other, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
        enum sql_answer has_default =
            effects_lock_default_partition(effects, &action->other, question->schema);
        if (!has(action, SQL_FLAG(DEFAULT_PARTITION)))
            scan(question, has_default,
                 has_default == SQL_MAYBE ? "on whether there is a default partition"
                                          : "the default partition is searched");
    } else if (has(action, SQL_FLAG(INHERITS)))
        effects_lock_one(effects, &action->other, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE, FALSE);
    else if (has(action, SQL_FLAG(LIKE)))
        effects_lock_one(effects, &action->other, LOCK_MODE_ACCESS_SHARE, FALSE);
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
    effects_lock_referenced(question->effects, question->action, question->schema, NULL,
                            question->action->part);
    if (has(question->action, SQL_FLAG(CASCADE)))
        effects_lock_referencing(question->effects, question->action, question->schema);
}

static void rule_drop_table(const struct question *question)
{
    effects_lock_referenced(question->effects, question->action, question->schema, NULL, NULL);
    if (has(question->action, SQL_FLAG(CASCADE)))
        effects_lock_referencing(question->effects, question->action, question->schema);
    effects_lock_children(question->effects, &question->action->object, LOCK_MODE_ACCESS_EXCLUSIVE,
                          question->schema);
    const struct schema_relation *table = known_table(question);
    if (table != NULL && (table->flags & SQL_FLAG(PARTITION_OF)) != 0) {
        effects_lock_one(question->effects, &table->parent, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
        effects_lock_default_partition(question->effects, &table->parent, question->schema);
    }
}

static void rule_drop_constraint(const struct question *question)
{
    effects_lock_referenced(question->effects, question->action, question->schema,
                            question->action->part, NULL);
    if (has(question->action, SQL_FLAG(CASCADE)))
        effects_lock_referencing(question->effects, question->action, question->schema);
}

static void rule_type(const struct question *question)
{
    const struct schema_relation *table = known_table(question);
    const struct schema_column *column =
        table != NULL ? schema_column(table, question->action->part) : NULL;
    const char *why = NULL;
    effects_lock_referenced(question->effects, question->action, question->schema, NULL,
                            question->action->part);
    effects_lock_referencing_column(question->effects, question->action, question->schema);
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
    effects_lock_one(question->effects, &action->other, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE, FALSE);
    if (action->kind == SQL_ACTION_ADD_PRIMARY_KEY)
        scan(question, SQL_MAYBE, "on whether its columns are NOT NULL already");
}

/* A new column without a default refers to nothing. */
static void rule_foreign_key(const struct question *question)
{
    rule_add_constraint(question);
    if (has(question->action, SQL_FLAG(INLINE)) && !has(question->action, SQL_FLAG(HAS_DEFAULT)))
        scan(question, SQL_NO, NULL);
}

static void rule_validate(const struct question *question)
{
    const struct schema_relation *table = known_table(question);
    const struct schema_constraint *constraint =
        table != NULL ? schema_constraint(table, question->action->part) : NULL;
    if (constraint == NULL)
        effects_lock_more(question->effects, "the table referenced, if it is a foreign key");
    else if (constraint->kind == SQL_ACTION_ADD_FOREIGN_KEY)
        effects_lock_one(question->effects, &constraint->other, LOCK_MODE_ROW_SHARE, FALSE);
    if (constraint != NULL && (constraint->flags & SQL_FLAG(NOT_VALID)) == 0)
        scan(question, SQL_NO, NULL);
}

static void rule_attach(const struct question *question)
{
    if (question->version < 12)
        effects_lock_only(question->effects, question->action, LOCK_MODE_ACCESS_EXCLUSIVE);
    if (question->version < 12)
        effects_lock_one(question->effects, &question->action->other, LOCK_MODE_ACCESS_EXCLUSIVE,
                         FALSE);
    effects_lock_default_partition(question->effects, &question->action->object, question->schema);
    scan(question, SQL_MAYBE, "on whether a valid CHECK proves the partition's bounds");
}

static void rule_detach(const struct question *question)
{
    if (!has(question->action, SQL_FLAG(CONCURRENTLY)) &&
        !has(question->action, SQL_FLAG(FINALIZE))) {
        effects_lock_default_partition(question->effects, &question->action->object,
                                       question->schema);
        return;
    }
    effects_lock_only(question->effects, question->action, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
    effects_lock_one(question->effects, &question->action->other, LOCK_MODE_ACCESS_EXCLUSIVE,
                     FALSE);
    question->effects->is_transactional = has(question->action, SQL_FLAG(FINALIZE));
}

static void rule_create_index(const struct question *question)
{
    const struct sql_action *action = question->action;
    if (has(action, SQL_FLAG(CONCURRENTLY))) {
        question->effects->lock_count = 0;
        effects_lock_one(question->effects, &action->other, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE,
                         FALSE);
        question->effects->is_transactional = FALSE;
    }
    const struct schema_relation *table =
        question->schema != NULL ? schema_find(question->schema, &action->other) : NULL;
    if (has(action, SQL_FLAG(ONLY)) && table != NULL &&
        (table->flags & SQL_FLAG(PARTITIONED)) != 0) {
        scan(question, SQL_NO, NULL);
        question->effects->builds_index = SQL_NO;
    } else if (!has(action, SQL_FLAG(ONLY)))
        effects_lock_children(question->effects, &action->other, LOCK_MODE_SHARE, question->schema);
}

static void rule_drop_index(const struct question *question)
{
    gboolean is_concurrent = has(question->action, SQL_FLAG(CONCURRENTLY));
    if (is_concurrent) {
        effects_lock_only(question->effects, question->action, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
        question->effects->is_transactional = FALSE;
    }
    effects_lock_index_owner(question->effects, question->action,
                             is_concurrent ? LOCK_MODE_SHARE_UPDATE_EXCLUSIVE
                                           : LOCK_MODE_ACCESS_EXCLUSIVE,
                             question->schema);
}

static void rule_reindex(const struct question *question)
{
    const struct sql_action *action = question->action;
    gboolean is_concurrent = has(action, SQL_FLAG(CONCURRENTLY));
    if (has(action, SQL_FLAG(ALL))) {
        question->effects->is_transactional = FALSE;
        effects_lock_more(question->effects, "every table and index, one after the other");
        return;
    }
    enum lock_mode table = is_concurrent ? LOCK_MODE_SHARE_UPDATE_EXCLUSIVE : LOCK_MODE_SHARE;
    if (is_concurrent)
        question->effects->is_transactional = FALSE;
    if (action->object.kind != SQL_OBJECT_INDEX) {
        effects_lock_only(question->effects, action, table);
        const struct schema_relation *known = known_table(question);
        for (guint i = 0; known != NULL && i < known->indexes->len && !is_concurrent; i++) {
            struct sql_object index = known->object;
            index.kind = SQL_OBJECT_INDEX;
            index.name = ((const struct schema_index *)known->indexes->pdata[i])->name;
            effects_lock_one(question->effects, &index, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
        }
        if (known == NULL)
            effects_lock_more(question->effects, "its indexes");
        return;
    }
    if (is_concurrent)
        effects_lock_only(question->effects, action, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
    effects_lock_index_owner(question->effects, action, table, question->schema);
}

static void rule_refresh(const struct question *question)
{
    if (!has(question->action, SQL_FLAG(CONCURRENTLY)))
        return;
    effects_lock_only(question->effects, question->action, LOCK_MODE_EXCLUSIVE);
    rewrite(question, SQL_NO, NULL);
}

static void rule_select(const struct question *question)
{
    if (has(question->action, SQL_FLAG(LOCKS_ROWS)))
        effects_lock_only(question->effects, question->action, LOCK_MODE_ROW_SHARE);
}

static void rule_comment(const struct question *question)
{
    if (question->action->part != NULL && question->action->other.kind != SQL_OBJECT_COLUMN)
        effects_lock_only(question->effects, question->action, LOCK_MODE_ACCESS_SHARE);
}

/* CASCADE goes on to the tables of a composite type; a type in use by a column is refused. */
static void rule_attribute(const struct question *question)
{
    if (!has(question->action, SQL_FLAG(CASCADE)))
        return;
    effects_lock_more(question->effects, "the tables of the type");
    if (question->action->kind == SQL_ACTION_ALTER_ATTRIBUTE)
        rewrite(question, SQL_MAYBE, "on whether there are tables of the type");
}

static void rule_drop_statistics(const struct question *question)
{
    effects_lock_more(question->effects, "the table that they are of");
}

/* Objects that columns, views and defaults are made of. */
static void rule_drop_dependents(const struct question *question)
{
    if (has(question->action, SQL_FLAG(CASCADE)))
        effects_lock_more(question->effects, "whatever depends on it");
}

static void rule_truncate(const struct question *question)
{
    if (has(question->action, SQL_FLAG(CASCADE)))
        effects_lock_referencing(question->effects, question->action, question->schema);
    effects_lock_children(question->effects, &question->action->object, LOCK_MODE_ACCESS_EXCLUSIVE,
                          question->schema);
}

static void rule_vacuum(const struct question *question)
{
    question->effects->is_transactional = question->action->kind == SQL_ACTION_ANALYZE;
    if (has(question->action, SQL_FLAG(ALL)))
        effects_lock_more(question->effects, "every table, one after the other");
    if (!has(question->action, SQL_FLAG(FULL)))
        return;
    effects_lock_only(question->effects, question->action, LOCK_MODE_ACCESS_EXCLUSIVE);
    rewrite(question, SQL_YES, "VACUUM FULL writes the table anew");
    question->effects->builds_index = SQL_YES;
}

static void rule_cluster(const struct question *question)
{
    if (!has(question->action, SQL_FLAG(ALL)))
        return;
    question->effects->is_transactional = FALSE;
    effects_lock_more(question->effects, "every table that was clustered before");
}

static void rule_lock(const struct question *question)
{
    enum lock_mode mode = question->action->other_part != NULL
                              ? lock_mode_parse(question->action->other_part)
                              : LOCK_MODE_ACCESS_EXCLUSIVE;
    effects_lock_only(question->effects, question->action, mode);
    if (!has(question->action, SQL_FLAG(ONLY)))
        effects_lock_children(question->effects, &question->action->object, mode, question->schema);
}

static void rule_domain(const struct question *question)
{
    effects_lock_more(question->effects, "every table with a column of the domain (SHARE)");
    if (has(question->action, SQL_FLAG(NOT_VALID)))
        question->effects->has_more_locks = FALSE;
    else
        scan(question, SQL_MAYBE, "on whether a table uses the domain");
}

static void rule_not_transactional(const struct question *question)
{
    question->effects->is_transactional = FALSE;
}

static void rule_discard(const struct question *question)
{
    question->effects->is_transactional = g_strcmp0(question->action->part, "ALL") != 0;
}

static void rule_drop_schema(const struct question *question)
{
    if (has(question->action, SQL_FLAG(CASCADE)))
        effects_lock_more(question->effects, "everything in it");
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
    {SQL_ACTION_ADD_FOREIGN_KEY, rule_foreign_key},
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
    {SQL_ACTION_DISCARD, rule_discard},
    {SQL_ACTION_DROP_SCHEMA, rule_drop_schema},
    {SQL_ACTION_SELECT, rule_select},
    {SQL_ACTION_COMMENT, rule_comment},
    {SQL_ACTION_ADD_ATTRIBUTE, rule_attribute},
    {SQL_ACTION_ALTER_ATTRIBUTE, rule_attribute},
    {SQL_ACTION_DROP_ATTRIBUTE, rule_attribute},
    {SQL_ACTION_RENAME_ATTRIBUTE, rule_attribute},
    {SQL_ACTION_DROP_STATISTICS, rule_drop_statistics},
    {SQL_ACTION_DROP_TYPE, rule_drop_dependents},
    {SQL_ACTION_DROP_DOMAIN, rule_drop_dependents},
    {SQL_ACTION_DROP_FUNCTION, rule_drop_dependents},
    {SQL_ACTION_DROP_EXTENSION, rule_drop_dependents},
    {SQL_ACTION_DROP_OBJECT, rule_drop_dependents},
    {SQL_ACTION_DROP_VIEW, rule_drop_dependents},
    {SQL_ACTION_DROP_MATERIALIZED_VIEW, rule_drop_dependents},
    {SQL_ACTION_DROP_SEQUENCE, rule_drop_dependents},
    {SQL_ACTION_OTHER, rule_unknown},
    {SQL_ACTION_DO, rule_unknown},
    {SQL_ACTION_CALL, rule_unknown},
    {SQL_ACTION_EXECUTE, rule_unknown},
};

void sql_effects_apply_rules(const struct question *question)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].kind == question->action->kind)
            rules[i].apply(question);
}
