/* What each action makes of what is known. */
#include "analysis/schema_private.h"

#include <string.h>

/* ---- relations ------------------------------------------------------------------------------- */

static struct schema_relation *create_relation(struct schema *schema,
                                               const struct sql_action *action, guint number)
{
    struct schema_relation *relation = schema_find_mutable(schema, &action->object);
    if (action->object.name == NULL)
        return NULL;
    if (relation != NULL && g_strcmp0(relation->object.schema, action->object.schema) == 0)
        return relation; /* IF NOT EXISTS, OR REPLACE */
    relation = g_new0(struct schema_relation, 1);
    relation->object = schema_keep_object(schema, &action->object);
    relation->number = number;
    relation->flags = action->flags;
    relation->is_whole =
        action->kind == SQL_ACTION_CREATE_TABLE &&
        (action->flags & (SQL_FLAG(LIKE) | SQL_FLAG(INHERITS) | SQL_FLAG(PARTITION_OF))) == 0;
    if (action->flags & (SQL_FLAG(PARTITION_OF) | SQL_FLAG(INHERITS)))
        relation->parent = schema_keep_object(schema, &action->other);
    relation->columns = g_ptr_array_new_with_free_func(g_free);
    relation->constraints = g_ptr_array_new_with_free_func(schema_constraint_free);
    relation->indexes = g_ptr_array_new_with_free_func(schema_index_free);
    relation->triggers = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(schema_bucket(schema->relations, relation->object.name, NULL), relation);
    return relation;
}

static void forget_index(struct schema *schema, struct schema_relation *owner, const char *name)
{
    GPtrArray *bucket = g_hash_table_lookup(schema->indexes, name);
    struct schema_index *index = schema_index_mutable(owner, name);
    if (bucket != NULL)
        g_ptr_array_remove(bucket, owner);
    if (index != NULL)
        g_ptr_array_remove(owner->indexes, index);
}

static void drop_relation(struct schema *schema, struct schema_relation *relation)
{
    while (relation->indexes->len > 0)
        forget_index(schema, relation, ((struct schema_index *)relation->indexes->pdata[0])->name);
    g_ptr_array_remove(g_hash_table_lookup(schema->relations, relation->object.name), relation);
    schema_relation_free(relation);
}

static void drop_schema(struct schema *schema, const char *name)
{
    GPtrArray *all = schema_relations(schema);
    for (guint i = 0; i < all->len; i++) {
        struct schema_relation *relation = all->pdata[i];
        if (g_strcmp0(relation->object.schema, name) == 0)
            drop_relation(schema, relation);
    }
    g_ptr_array_unref(all);
}

static void rename_schema(struct schema *schema, const char *from, const char *to)
{
    GPtrArray *all = schema_relations(schema);
    for (guint i = 0; i < all->len; i++) {
        struct schema_relation *relation = all->pdata[i];
        if (g_strcmp0(relation->object.schema, from) == 0)
            relation->object.schema = schema_keep(schema, to);
    }
    g_ptr_array_unref(all);
}

/* Under its new name or schema; those that point to it follow. */
static void move_relation(struct schema *schema, struct schema_relation *relation,
                          const struct sql_object *to)
{
    struct sql_object before = relation->object;
    GPtrArray *all = schema_relations(schema);
    g_ptr_array_remove(g_hash_table_lookup(schema->relations, before.name), relation);
    relation->object.name = schema_keep(schema, to->name);
    if (to->schema != NULL)
        relation->object.schema = schema_keep(schema, to->schema);
    g_ptr_array_add(schema_bucket(schema->relations, relation->object.name, NULL), relation);
    for (guint i = 0; i < all->len; i++) {
        struct schema_relation *other = all->pdata[i];
        if (sql_object_matches(&other->parent, &before))
            other->parent = relation->object;
        for (guint j = 0; j < other->constraints->len; j++) {
            struct schema_constraint *constraint = other->constraints->pdata[j];
            if (sql_object_matches(&constraint->other, &before))
                constraint->other = relation->object;
        }
    }
    g_ptr_array_unref(all);
}

/* ---- indexes and constraints ----------------------------------------------------------------- */

static void add_index(struct schema *schema, struct schema_relation *relation,
                      const struct sql_action *action, const char *name, gboolean is_constraint)
{
    if (name == NULL || schema_index_mutable(relation, name) != NULL)
        return;
    struct schema_index *index = g_new0(struct schema_index, 1);
    index->name = schema_keep(schema, name);
    index->flags = action->flags;
    index->expression = action->expression;
    index->method = schema_keep(schema, action->method);
    index->columns = schema_keep_names(schema, action->columns, action->column_count);
    index->column_count = action->column_count;
    index->is_constraint = is_constraint;
    g_ptr_array_add(relation->indexes, index);
    g_ptr_array_add(schema_bucket(schema->indexes, index->name, NULL), relation);
}

static void set_not_null(struct schema_relation *relation, const struct sql_action *action)
{
    for (guint i = 0; i < action->column_count; i++) {
        struct schema_column *column = schema_column_mutable(relation, action->columns[i]);
        if (column != NULL)
            column->flags |= SQL_FLAG(NOT_NULL);
    }
}

/* A constraint that takes over an index gives it its own name. */
static void take_over_index(struct schema *schema, struct schema_relation *relation,
                            const struct sql_action *action, struct schema_constraint *constraint)
{
    struct schema_index *index = schema_index_mutable(relation, action->other.name);
    if (index == NULL)
        return;
    constraint->columns = schema_keep_names(schema, index->columns, index->column_count);
    constraint->column_count = index->column_count;
    g_ptr_array_remove(g_hash_table_lookup(schema->indexes, index->name), relation);
    index->name = constraint->name;
    index->is_constraint = TRUE;
    g_ptr_array_add(schema_bucket(schema->indexes, index->name, NULL), relation);
}

static void add_constraint(struct schema *schema, struct schema_relation *relation,
                           const struct sql_action *action)
{
    gboolean has_index = action->kind == SQL_ACTION_ADD_PRIMARY_KEY ||
                         action->kind == SQL_ACTION_ADD_UNIQUE ||
                         action->kind == SQL_ACTION_ADD_EXCLUSION;
    if (schema_constraint_mutable(relation, action->part) != NULL)
        return;
    struct schema_constraint *constraint = g_new0(struct schema_constraint, 1);
    constraint->name = schema_keep(schema, action->part);
    constraint->kind = action->kind;
    constraint->flags = action->flags;
    constraint->expression = action->expression;
    if (action->flags & SQL_FLAG(USING_INDEX))
        take_over_index(schema, relation, action, constraint);
    else {
        constraint->columns = schema_keep_names(schema, action->columns, action->column_count);
        constraint->column_count = action->column_count;
        constraint->other = schema_keep_object(schema, &action->other);
        constraint->other_columns =
            schema_keep_names(schema, action->other_columns, action->other_column_count);
        constraint->other_column_count = action->other_column_count;
        if (has_index)
            add_index(schema, relation, action, action->part, TRUE);
    }
    if (action->kind == SQL_ACTION_ADD_PRIMARY_KEY)
        set_not_null(relation, action);
    g_ptr_array_add(relation->constraints, constraint);
}

static void drop_constraint(struct schema *schema, struct schema_relation *relation,
                            const char *name)
{
    struct schema_constraint *constraint = schema_constraint_mutable(relation, name);
    const struct schema_index *index = schema_index_mutable(relation, name);
    if (index != NULL && index->is_constraint)
        forget_index(schema, relation, index->name);
    if (constraint != NULL)
        g_ptr_array_remove(relation->constraints, constraint);
}

/* ---- columns --------------------------------------------------------------------------------- */

static void add_column(struct schema *schema, struct schema_relation *relation,
                       const struct sql_action *action)
{
    if (schema_column_mutable(relation, action->part) != NULL)
        return;
    struct schema_column *column = g_new0(struct schema_column, 1);
    column->name = schema_keep(schema, action->part);
    column->type = schema_keep(schema, action->type);
    column->flags = action->flags;
    column->expression = action->expression;
    g_ptr_array_add(relation->columns, column);
}

/* With it go the indexes and constraints that are on it (ALTER TABLE, DROP COLUMN). */
static void drop_column(struct schema *schema, struct schema_relation *relation, const char *name)
{
    struct schema_column *column = schema_column_mutable(relation, name);
    for (guint i = relation->constraints->len; name != NULL && i-- > 0;) {
        struct schema_constraint *constraint = relation->constraints->pdata[i];
        if (schema_is_among(name, constraint->columns, constraint->column_count))
            drop_constraint(schema, relation, constraint->name);
    }
    for (guint i = relation->indexes->len; name != NULL && i-- > 0;) {
        const struct schema_index *index = relation->indexes->pdata[i];
        if (schema_is_among(name, index->columns, index->column_count))
            forget_index(schema, relation, index->name);
    }
    if (column != NULL)
        g_ptr_array_remove(relation->columns, column);
}

static void rename_in(const char *const *names, guint count, const char *from, const char *to)
{
    for (guint i = 0; i < count; i++)
        if (g_str_equal(names[i], from))
            ((const char **)(guintptr)names)[i] = to;
}

static void rename_column(struct schema *schema, struct schema_relation *relation,
                          const struct sql_action *action)
{
    struct schema_column *column = schema_column_mutable(relation, action->part);
    const char *to = schema_keep(schema, action->other_part);
    if (action->part == NULL || to == NULL)
        return;
    if (column != NULL)
        column->name = to;
    for (guint i = 0; i < relation->constraints->len; i++) {
        struct schema_constraint *constraint = relation->constraints->pdata[i];
        rename_in(constraint->columns, constraint->column_count, action->part, to);
    }
    for (guint i = 0; i < relation->indexes->len; i++) {
        struct schema_index *index = relation->indexes->pdata[i];
        rename_in(index->columns, index->column_count, action->part, to);
    }
}

static void set_default(struct schema_column *column, guint64 flags, guint64 expression)
{
    guint64 all = SQL_FLAG(HAS_DEFAULT) | SQL_FLAG(CONSTANT_DEFAULT) | SQL_FLAG(VOLATILE_DEFAULT) |
                  SQL_FLAG(UNKNOWN_DEFAULT) | SQL_FLAG(NULL_DEFAULT);
    column->flags = (column->flags & ~all) | (flags & all);
    column->expression = expression;
}

static void alter_column(struct schema *schema, struct schema_column *column,
                         const struct sql_action *action)
{
    switch (action->kind) {
    case SQL_ACTION_ALTER_COLUMN_TYPE:
        column->type = schema_keep(schema, action->type);
        break;
    case SQL_ACTION_SET_DEFAULT:
        set_default(column, action->flags, action->expression);
        break;
    case SQL_ACTION_DROP_DEFAULT:
        set_default(column, 0, 0);
        break;
    case SQL_ACTION_SET_NOT_NULL:
        column->flags |= SQL_FLAG(NOT_NULL);
        break;
    case SQL_ACTION_DROP_NOT_NULL:
        column->flags &= ~SQL_FLAG(NOT_NULL);
        break;
    case SQL_ACTION_ADD_IDENTITY:
        column->flags |= SQL_FLAG(IDENTITY);
        break;
    case SQL_ACTION_DROP_IDENTITY:
        column->flags &= ~SQL_FLAG(IDENTITY);
        break;
    case SQL_ACTION_DROP_EXPRESSION:
        column->flags &= ~(SQL_FLAG(GENERATED_STORED) | SQL_FLAG(GENERATED_VIRTUAL));
        break;
    default:
        break;
    }
}

/* ---- triggers, rules, policies --------------------------------------------------------------- */

static struct schema_trigger *find_trigger(const struct schema_relation *relation,
                                           enum sql_object_kind kind, const char *name)
{
    for (guint i = 0; i < relation->triggers->len; i++) {
        struct schema_trigger *trigger = relation->triggers->pdata[i];
        if (trigger->kind == kind && g_strcmp0(trigger->name, name) == 0)
            return trigger;
    }
    return NULL;
}

static void apply_trigger(struct schema *schema, struct schema_relation *relation,
                          const struct sql_action *action)
{
    enum sql_object_kind kind = sql_action_object_kind(action->kind);
    struct schema_trigger *trigger = find_trigger(relation, kind, action->part);
    enum sql_effect effect = sql_action_effect(action->kind);
    if (effect == SQL_CREATES && trigger == NULL) {
        trigger = g_new0(struct schema_trigger, 1);
        *trigger = (struct schema_trigger){kind, schema_keep(schema, action->part)};
        g_ptr_array_add(relation->triggers, trigger);
    } else if (effect == SQL_DROPS && trigger != NULL)
        g_ptr_array_remove(relation->triggers, trigger);
    else if (trigger != NULL && action->other_part != NULL)
        trigger->name = schema_keep(schema, action->other_part);
}

/* ---- actions --------------------------------------------------------------------------------- */

static void add_type(struct schema *schema, const struct sql_object *object)
{
    struct sql_object type = schema_keep_object(schema, object);
    if (type.name == NULL)
        return;
    GArray *bucket = g_hash_table_lookup(schema->types, type.name);
    if (bucket == NULL) {
        bucket = g_array_new(FALSE, FALSE, sizeof(struct sql_object));
        g_hash_table_insert(schema->types, (gpointer)(guintptr)type.name, bucket);
    }
    g_array_append_val(bucket, type);
}

static void drop_type(struct schema *schema, const struct sql_object *object)
{
    GArray *bucket = object->name != NULL ? g_hash_table_lookup(schema->types, object->name) : NULL;
    for (guint i = 0; bucket != NULL && i < bucket->len; i++)
        if (schema_names_match(&g_array_index(bucket, struct sql_object, i), object)) {
            g_array_remove_index(bucket, i);
            return;
        }
}

static void apply_index(struct schema *schema, const struct sql_action *action)
{
    struct schema_relation *owner = action->kind == SQL_ACTION_CREATE_INDEX
                                        ? schema_find_mutable(schema, &action->other)
                                        : schema_index_owner_mutable(schema, &action->object);
    if (owner == NULL || action->object.name == NULL)
        return;
    struct schema_index *index = schema_index_mutable(owner, action->object.name);
    if (action->kind == SQL_ACTION_CREATE_INDEX)
        add_index(schema, owner, action, action->object.name, FALSE);
    else if (action->kind == SQL_ACTION_DROP_INDEX)
        forget_index(schema, owner, action->object.name);
    else if (action->kind == SQL_ACTION_RENAME_INDEX && index != NULL &&
             action->other.name != NULL) {
        struct schema_constraint *constraint = schema_constraint_mutable(owner, index->name);
        g_ptr_array_remove(g_hash_table_lookup(schema->indexes, index->name), owner);
        index->name = schema_keep(schema, action->other.name);
        g_ptr_array_add(schema_bucket(schema->indexes, index->name, NULL), owner);
        if (constraint != NULL && index->is_constraint)
            constraint->name = index->name;
    }
}

static void apply_constraint(struct schema *schema, struct schema_relation *relation,
                             const struct sql_action *action)
{
    struct schema_constraint *constraint = schema_constraint_mutable(relation, action->part);
    if (sql_action_effect(action->kind) == SQL_CREATES)
        add_constraint(schema, relation, action);
    else if (action->kind == SQL_ACTION_DROP_CONSTRAINT)
        drop_constraint(schema, relation, action->part);
    else if (constraint != NULL && action->kind == SQL_ACTION_VALIDATE_CONSTRAINT)
        constraint->flags &= ~SQL_FLAG(NOT_VALID);
    else if (constraint != NULL && action->kind == SQL_ACTION_RENAME_CONSTRAINT)
        constraint->name = schema_keep(schema, action->other_part);
}

static void apply_column(struct schema *schema, struct schema_relation *relation,
                         const struct sql_action *action)
{
    struct schema_column *column = schema_column_mutable(relation, action->part);
    if (action->kind == SQL_ACTION_ADD_COLUMN)
        add_column(schema, relation, action);
    else if (action->kind == SQL_ACTION_DROP_COLUMN)
        drop_column(schema, relation, action->part);
    else if (action->kind == SQL_ACTION_RENAME_COLUMN)
        rename_column(schema, relation, action);
    else if (column != NULL)
        alter_column(schema, column, action);
}

static void apply_relation(struct schema *schema, struct schema_relation *relation,
                           const struct sql_action *action)
{
    struct schema_relation *child = schema_find_mutable(schema, &action->other);
    if (sql_action_effect(action->kind) == SQL_DROPS)
        drop_relation(schema, relation);
    else if ((g_str_has_prefix(sql_action_word(action->kind), "rename") ||
              action->kind == SQL_ACTION_SET_SCHEMA) &&
             action->other.name != NULL)
        move_relation(schema, relation, &action->other);
    else if (action->kind == SQL_ACTION_ATTACH_PARTITION && child != NULL) {
        child->parent = relation->object;
        child->flags |= SQL_FLAG(PARTITION_OF) | (action->flags & SQL_FLAG(DEFAULT_PARTITION));
    } else if (action->kind == SQL_ACTION_DETACH_PARTITION && child != NULL) {
        child->parent = (struct sql_object){.kind = SQL_OBJECT_NONE};
        child->flags &= ~(SQL_FLAG(PARTITION_OF) | SQL_FLAG(DEFAULT_PARTITION));
    } else if (action->kind == SQL_ACTION_INHERIT)
        relation->parent = schema_keep_object(schema, &action->other);
    else if (action->kind == SQL_ACTION_NO_INHERIT)
        relation->parent = (struct sql_object){.kind = SQL_OBJECT_NONE};
}

static gboolean is_relation_kind(enum sql_object_kind kind)
{
    return kind >= SQL_OBJECT_RELATION && kind <= SQL_OBJECT_SEQUENCE && kind != SQL_OBJECT_INDEX;
}

static void apply_part(struct schema *schema, struct schema_relation *relation,
                       const struct sql_action *action)
{
    switch (sql_action_object_kind(action->kind)) {
    case SQL_OBJECT_COLUMN:
        apply_column(schema, relation, action);
        break;
    case SQL_OBJECT_CONSTRAINT:
        apply_constraint(schema, relation, action);
        break;
    case SQL_OBJECT_TRIGGER:
    case SQL_OBJECT_RULE:
    case SQL_OBJECT_POLICY:
        apply_trigger(schema, relation, action);
        break;
    default:
        break;
    }
}

void schema_apply_action(struct schema *schema, const struct sql_action *action, guint number)
{
    enum sql_object_kind kind = sql_action_object_kind(action->kind);
    enum sql_effect effect = sql_action_effect(action->kind);
    if (kind == SQL_OBJECT_INDEX || action->object.kind == SQL_OBJECT_INDEX)
        apply_index(schema, action);
    else if (kind == SQL_OBJECT_TYPE || kind == SQL_OBJECT_DOMAIN) {
        if (effect == SQL_CREATES)
            add_type(schema, &action->object);
        else if (effect == SQL_DROPS)
            drop_type(schema, &action->object);
    } else if (action->kind == SQL_ACTION_DROP_SCHEMA && action->object.name != NULL)
        drop_schema(schema, action->object.name);
    else if (action->kind == SQL_ACTION_RENAME_SCHEMA && action->object.name != NULL)
        rename_schema(schema, action->object.name, action->other.name);
    else if (effect == SQL_CREATES && !sql_action_has_part(action->kind) &&
             is_relation_kind(action->object.kind) && kind != SQL_OBJECT_PRIVILEGE)
        create_relation(schema, action, number);
    else {
        struct schema_relation *relation = schema_find_mutable(schema, &action->object);
        if (relation != NULL && sql_action_has_part(action->kind))
            apply_part(schema, relation, action);
        else if (relation != NULL && effect != SQL_WRITES && effect != SQL_READS &&
                 is_relation_kind(action->object.kind) && kind != SQL_OBJECT_PRIVILEGE)
            apply_relation(schema, relation, action);
    }
}

void schema_note_gap(struct schema *schema, const struct inspected_statement *statement)
{
    schema->has_gaps |= !statement->is_analysed || statement->opaque != NULL;
}

void schema_apply(struct schema *schema, const struct inspection *inspection, guint number)
{
    for (guint i = 0; i < inspection_count(inspection); i++) {
        const struct inspected_statement *statement = inspection_at(inspection, i);
        schema_note_gap(schema, statement);
        for (guint j = 0; j < statement->action_count; j++)
            schema_apply_action(schema, &statement->actions[j], number);
    }
}
