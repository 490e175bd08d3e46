/* The relations that an action locks beside its own: those at the other end of a foreign key,
 * heirs, partitions, the table of an index. */
#include "analysis/sql_effects_private.h"

#include <string.h>

void effects_lock_one(struct sql_effects *effects, const struct sql_object *relation,
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

void effects_lock_more(struct sql_effects *effects, const char *which)
{
    effects->has_more_locks = TRUE;
    effects->more_locks = which;
}

void effects_lock_only(struct sql_effects *effects, const struct sql_action *action,
                       enum lock_mode mode)
{
    effects->lock_count = 0;
    effects_lock_one(effects, &action->object, mode, FALSE);
}

void effects_lock_referenced(struct sql_effects *effects, const struct sql_action *action,
                             const struct schema *schema, const char *constraint,
                             const char *column)
{
    const struct schema_relation *table =
        schema != NULL ? schema_find(schema, &action->object) : NULL;
    if (table == NULL) {
        effects_lock_more(effects, "the tables that its foreign keys reference");
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
            effects_lock_one(effects, &found->other, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    }
}

void effects_lock_referencing(struct sql_effects *effects, const struct sql_action *action,
                              const struct schema *schema)
{
    const struct schema_relation *table =
        schema != NULL ? schema_find(schema, &action->object) : NULL;
    effects_lock_more(effects, "views and whatever else depends on it");
    if (table == NULL)
        return;
    GPtrArray *children = schema_referencing(schema, table);
    for (guint i = 0; i < children->len; i++)
        effects_lock_one(effects, &((const struct schema_relation *)children->pdata[i])->object,
                         LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    g_ptr_array_unref(children);
}

static gboolean is_among(const char *name, const char *const *names, guint count)
{
    for (guint i = 0; i < count; i++)
        if (g_strcmp0(names[i], name) == 0)
            return TRUE;
    return FALSE;
}

/* A foreign key that names no columns references the primary key. */
static gboolean references_column(const struct schema_constraint *constraint,
                                  const struct schema_relation *table, const char *column)
{
    if (constraint->kind != SQL_ACTION_ADD_FOREIGN_KEY ||
        !sql_object_matches(&constraint->other, &table->object))
        return FALSE;
    if (constraint->other_column_count > 0)
        return is_among(column, constraint->other_columns, constraint->other_column_count);
    for (guint i = 0; i < table->constraints->len; i++) {
        const struct schema_constraint *key = table->constraints->pdata[i];
        if (key->kind == SQL_ACTION_ADD_PRIMARY_KEY)
            return is_among(column, key->columns, key->column_count);
    }
    return TRUE;
}

void effects_lock_referencing_column(struct sql_effects *effects, const struct sql_action *action,
                                     const struct schema *schema)
{
    const struct schema_relation *table =
        schema != NULL ? schema_find(schema, &action->object) : NULL;
    if (table == NULL)
        return;
    GPtrArray *children = schema_referencing(schema, table);
    for (guint i = 0; i < children->len; i++) {
        const struct schema_relation *child = children->pdata[i];
        for (guint j = 0; j < child->constraints->len; j++)
            if (references_column(child->constraints->pdata[j], table, action->part))
                effects_lock_one(effects, &child->object, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
    }
    g_ptr_array_unref(children);
}

void effects_lock_children(struct sql_effects *effects, const struct sql_object *parent,
                           enum lock_mode mode, const struct schema *schema)
{
    const struct schema_relation *table = schema != NULL ? schema_find(schema, parent) : NULL;
    if (table == NULL)
        return;
    GPtrArray *children = schema_children(schema, table);
    for (guint i = 0; i < children->len; i++)
        effects_lock_one(effects, &((const struct schema_relation *)children->pdata[i])->object,
                         mode, FALSE);
    g_ptr_array_unref(children);
}

enum sql_answer effects_lock_default_partition(struct sql_effects *effects,
                                               const struct sql_object *parent,
                                               const struct schema *schema)
{
    enum sql_answer answer = SQL_NO;
    const struct schema_relation *table = schema != NULL ? schema_find(schema, parent) : NULL;
    if (table == NULL) {
        effects_lock_more(effects, "the default partition, if there is one");
        return SQL_MAYBE;
    }
    GPtrArray *children = schema_children(schema, table);
    for (guint i = 0; i < children->len; i++) {
        const struct schema_relation *child = children->pdata[i];
        if ((child->flags & SQL_FLAG(DEFAULT_PARTITION)) == 0)
            continue;
        effects_lock_one(effects, &child->object, LOCK_MODE_ACCESS_EXCLUSIVE, FALSE);
        answer = SQL_YES;
    }
    g_ptr_array_unref(children);
    return answer;
}

void effects_lock_index_owner(struct sql_effects *effects, const struct sql_action *action,
                              enum lock_mode mode, const struct schema *schema)
{
    const struct schema_relation *owner =
        schema != NULL ? schema_index_owner(schema, &action->object, NULL) : NULL;
    if (owner != NULL)
        effects_lock_one(effects, &owner->object, mode, FALSE);
    else
        effects_lock_more(effects, "the table of the index");
}
