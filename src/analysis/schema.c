/* Relations by name, and what can be asked of them. */
#include "analysis/schema_private.h"

#include <string.h>

/* ---- making ---------------------------------------------------------------------------------- */

void schema_relation_free(gpointer data)
{
    struct schema_relation *relation = data;
    g_ptr_array_unref(relation->columns);
    g_ptr_array_unref(relation->constraints);
    g_ptr_array_unref(relation->indexes);
    g_ptr_array_unref(relation->triggers);
    g_free(relation);
}

void schema_constraint_free(gpointer data)
{
    struct schema_constraint *constraint = data;
    g_free((gpointer)(guintptr)constraint->columns);
    g_free((gpointer)(guintptr)constraint->other_columns);
    g_free(constraint);
}

void schema_index_free(gpointer data)
{
    struct schema_index *index = data;
    g_free((gpointer)(guintptr)index->columns);
    g_free(index);
}

static void free_one(gpointer relation, gpointer data)
{
    (void)data;
    schema_relation_free(relation);
}

struct schema *schema_new(void)
{
    struct schema *schema = g_new0(struct schema, 1);
    schema->relations = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                              (GDestroyNotify)(void (*)(void))g_ptr_array_unref);
    schema->indexes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                            (GDestroyNotify)(void (*)(void))g_ptr_array_unref);
    schema->types = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify)(void (*)(void))g_array_unref);
    schema->texts = g_string_chunk_new(4096);
    return schema;
}

void schema_free(struct schema *schema)
{
    GPtrArray *all = schema_relations(schema);
    g_ptr_array_foreach(all, free_one, NULL);
    g_ptr_array_unref(all);
    g_hash_table_unref(schema->relations);
    g_hash_table_unref(schema->indexes);
    g_hash_table_unref(schema->types);
    g_string_chunk_free(schema->texts);
    g_free(schema);
}

const char *schema_keep(struct schema *schema, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(schema->texts, text) : NULL;
}

struct sql_object schema_keep_object(struct schema *schema, const struct sql_object *object)
{
    struct sql_object copy = *object;
    copy.schema = schema_keep(schema, object->schema);
    copy.name = schema_keep(schema, object->name);
    copy.arguments = schema_keep(schema, object->arguments);
    return copy;
}

const char *const *schema_keep_names(struct schema *schema, const char *const *names, guint count)
{
    const char **copy = count > 0 ? g_new(const char *, count) : NULL;
    for (guint i = 0; i < count; i++)
        copy[i] = schema_keep(schema, names[i]);
    return copy;
}

GPtrArray *schema_bucket(GHashTable *table, const char *name, GDestroyNotify release)
{
    GPtrArray *bucket = g_hash_table_lookup(table, name);
    if (bucket == NULL) {
        bucket = g_ptr_array_new_with_free_func(release);
        g_hash_table_insert(table, (gpointer)(guintptr)name, bucket);
    }
    return bucket;
}

/* ---- finding --------------------------------------------------------------------------------- */

gboolean schema_names_match(const struct sql_object *one, const struct sql_object *other)
{
    return one->schema == NULL || other->schema == NULL || one->is_assumed || other->is_assumed ||
           g_str_equal(one->schema, other->schema);
}

/* Exact before likely; likely only when there is but one. */
struct schema_relation *schema_find_mutable(const struct schema *schema,
                                            const struct sql_object *name)
{
    GPtrArray *bucket =
        name->name != NULL ? g_hash_table_lookup(schema->relations, name->name) : NULL;
    struct schema_relation *likely = NULL;
    guint count = 0;
    for (guint i = 0; bucket != NULL && i < bucket->len; i++) {
        struct schema_relation *relation = bucket->pdata[i];
        if (!schema_names_match(&relation->object, name))
            continue;
        if (g_strcmp0(relation->object.schema, name->schema) == 0)
            return relation;
        likely = relation;
        count++;
    }
    return count == 1 ? likely : NULL;
}

const struct schema_relation *schema_find(const struct schema *schema,
                                          const struct sql_object *name)
{
    return schema_find_mutable(schema, name);
}

gboolean schema_has_gaps(const struct schema *schema)
{
    return schema->has_gaps;
}

struct schema_column *schema_column_mutable(const struct schema_relation *relation,
                                            const char *name)
{
    for (guint i = 0; i < relation->columns->len; i++) {
        struct schema_column *column = relation->columns->pdata[i];
        if (g_strcmp0(column->name, name) == 0)
            return column;
    }
    return NULL;
}

struct schema_constraint *schema_constraint_mutable(const struct schema_relation *relation,
                                                    const char *name)
{
    for (guint i = 0; i < relation->constraints->len; i++) {
        struct schema_constraint *constraint = relation->constraints->pdata[i];
        if (g_strcmp0(constraint->name, name) == 0)
            return constraint;
    }
    return NULL;
}

struct schema_index *schema_index_mutable(const struct schema_relation *relation, const char *name)
{
    for (guint i = 0; i < relation->indexes->len; i++) {
        struct schema_index *index = relation->indexes->pdata[i];
        if (g_strcmp0(index->name, name) == 0)
            return index;
    }
    return NULL;
}

const struct schema_column *schema_column(const struct schema_relation *relation, const char *name)
{
    return schema_column_mutable(relation, name);
}

const struct schema_constraint *schema_constraint(const struct schema_relation *relation,
                                                  const char *name)
{
    return schema_constraint_mutable(relation, name);
}

struct schema_relation *schema_index_owner_mutable(const struct schema *schema,
                                                   const struct sql_object *name)
{
    GPtrArray *bucket =
        name->name != NULL ? g_hash_table_lookup(schema->indexes, name->name) : NULL;
    for (guint i = 0; bucket != NULL && i < bucket->len; i++) {
        struct schema_relation *relation = bucket->pdata[i];
        if (schema_names_match(&relation->object, name))
            return relation;
    }
    return NULL;
}

const struct schema_relation *schema_index_owner(const struct schema *schema,
                                                 const struct sql_object *name,
                                                 const struct schema_index **index)
{
    const struct schema_relation *owner = schema_index_owner_mutable(schema, name);
    if (index != NULL)
        *index = owner != NULL ? schema_index_mutable(owner, name->name) : NULL;
    return owner;
}

GPtrArray *schema_relations(const struct schema *schema)
{
    GPtrArray *all = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer bucket;
    g_hash_table_iter_init(&iterator, schema->relations);
    while (g_hash_table_iter_next(&iterator, NULL, &bucket))
        for (guint i = 0; i < ((GPtrArray *)bucket)->len; i++)
            g_ptr_array_add(all, ((GPtrArray *)bucket)->pdata[i]);
    return all;
}

static gboolean references(const struct schema_relation *relation, const struct sql_object *object)
{
    for (guint i = 0; i < relation->constraints->len; i++) {
        const struct schema_constraint *constraint = relation->constraints->pdata[i];
        if (constraint->kind == SQL_ACTION_ADD_FOREIGN_KEY &&
            sql_object_matches(&constraint->other, object))
            return TRUE;
    }
    return FALSE;
}

GPtrArray *schema_referencing(const struct schema *schema, const struct schema_relation *relation)
{
    GPtrArray *all = schema_relations(schema);
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++)
        if (references(all->pdata[i], &relation->object))
            g_ptr_array_add(found, all->pdata[i]);
    g_ptr_array_unref(all);
    return found;
}

GPtrArray *schema_children(const struct schema *schema, const struct schema_relation *relation)
{
    GPtrArray *all = schema_relations(schema);
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        const struct schema_relation *child = all->pdata[i];
        if (sql_object_matches(&child->parent, &relation->object))
            g_ptr_array_add(found, all->pdata[i]);
    }
    g_ptr_array_unref(all);
    return found;
}

gboolean schema_is_among(const char *name, const char *const *names, guint count)
{
    for (guint i = 0; i < count; i++)
        if (g_str_equal(name, names[i]))
            return TRUE;
    return FALSE;
}

gboolean schema_has_index_on(const struct schema_relation *relation, const char *const *columns,
                             guint count)
{
    for (guint i = 0; i < relation->indexes->len; i++) {
        const struct schema_index *index = relation->indexes->pdata[i];
        guint matching = 0;
        if (index->column_count < count || (index->flags & SQL_FLAG(PARTIAL)) != 0)
            continue;
        while (matching < count && schema_is_among(index->columns[matching], columns, count))
            matching++;
        if (matching == count)
            return TRUE;
    }
    return FALSE;
}

gboolean schema_is_not_null(const struct schema_relation *relation, const char *name)
{
    const struct schema_column *column = schema_column_mutable(relation, name);
    if (column != NULL && (column->flags & SQL_FLAG(NOT_NULL)) != 0)
        return TRUE;
    for (guint i = 0; i < relation->constraints->len; i++) {
        const struct schema_constraint *constraint = relation->constraints->pdata[i];
        gboolean proves = constraint->kind == SQL_ACTION_ADD_PRIMARY_KEY ||
                          (constraint->flags & SQL_FLAG(CHECK_NOT_NULL)) != 0;
        if (proves && (constraint->flags & SQL_FLAG(NOT_VALID)) == 0 &&
            schema_is_among(name, constraint->columns, constraint->column_count))
            return TRUE;
    }
    return FALSE;
}

enum sql_object_kind schema_type_kind(const struct schema *schema, const struct sql_object *name)
{
    GArray *bucket = name->name != NULL ? g_hash_table_lookup(schema->types, name->name) : NULL;
    for (guint i = 0; bucket != NULL && i < bucket->len; i++) {
        const struct sql_object *type = &g_array_index(bucket, struct sql_object, i);
        if (schema_names_match(type, name))
            return type->kind;
    }
    return SQL_OBJECT_NONE;
}
