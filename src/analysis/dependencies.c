/* Who made each object, by name; parts (columns, constraints, triggers) are objects of their own.
 */
#include "analysis/dependencies.h"

/* Who made an object of this name last. */
struct maker {
    struct sql_object object;
    const char *part; /* NULL: the object itself */
    guint number;
};

struct dependencies {
    GHashTable *makers; /* name to GArray of struct maker */
    GStringChunk *texts;
    GArray *edges; /* of the migration that was added last */
    GStringChunk *edge_texts;
};

static void free_array(gpointer array)
{
    g_array_unref(array);
}

struct dependencies *dependencies_new(void)
{
    struct dependencies *dependencies = g_new0(struct dependencies, 1);
    dependencies->makers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_array);
    dependencies->texts = g_string_chunk_new(4096);
    dependencies->edge_texts = g_string_chunk_new(256);
    dependencies->edges = g_array_new(FALSE, FALSE, sizeof(struct dependency));
    return dependencies;
}

void dependencies_free(struct dependencies *dependencies)
{
    g_hash_table_unref(dependencies->makers);
    g_string_chunk_free(dependencies->texts);
    g_string_chunk_free(dependencies->edge_texts);
    g_array_unref(dependencies->edges);
    g_free(dependencies);
}

static const char *keep(struct dependencies *dependencies, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(dependencies->texts, text) : NULL;
}

/* ---- who made it ----------------------------------------------------------------------------- */

static struct maker *find(const struct dependencies *dependencies, const struct sql_object *object,
                          const char *part)
{
    GArray *bucket =
        object->name != NULL ? g_hash_table_lookup(dependencies->makers, object->name) : NULL;
    for (guint i = bucket != NULL ? bucket->len : 0; i-- > 0;) {
        struct maker *maker = &g_array_index(bucket, struct maker, i);
        if (g_strcmp0(maker->part, part) == 0 && sql_object_matches(&maker->object, object))
            return maker;
    }
    return NULL;
}

static void made(struct dependencies *dependencies, const struct sql_object *object,
                 const char *part, guint number)
{
    struct maker *known = find(dependencies, object, part);
    struct maker maker = {.object = *object, .number = number};
    if (object->name == NULL)
        return;
    if (known != NULL) {
        known->number = number;
        return;
    }
    maker.object.schema = keep(dependencies, object->schema);
    maker.object.name = keep(dependencies, object->name);
    maker.object.arguments = keep(dependencies, object->arguments);
    maker.part = keep(dependencies, part);
    GArray *bucket = g_hash_table_lookup(dependencies->makers, maker.object.name);
    if (bucket == NULL) {
        bucket = g_array_new(FALSE, FALSE, sizeof(struct maker));
        g_hash_table_insert(dependencies->makers, (gpointer)(guintptr)maker.object.name, bucket);
    }
    g_array_append_val(bucket, maker);
}

/* ---- edges ----------------------------------------------------------------------------------- */

static void need(struct dependencies *dependencies, const struct sql_object *object,
                 const char *part, guint number)
{
    const struct maker *maker = find(dependencies, object, part);
    if (maker == NULL || maker->number == number)
        return;
    for (guint i = 0; i < dependencies->edges->len; i++)
        if (g_array_index(dependencies->edges, struct dependency, i).to == maker->number)
            return;
    g_autofree char *name = sql_object_text(&maker->object);
    g_autofree char *text =
        part != NULL
            ? g_strdup_printf("%s of %s %s", part, sql_object_kind_text(maker->object.kind), name)
            : g_strdup_printf("%s %s", sql_object_kind_text(maker->object.kind), name);
    struct dependency edge = {number, maker->number,
                              g_string_chunk_insert(dependencies->edge_texts, text)};
    g_array_append_val(dependencies->edges, edge);
}

static void need_columns(struct dependencies *dependencies, const struct sql_object *table,
                         const char *const *columns, guint count, guint number)
{
    for (guint i = 0; i < count; i++)
        if (*columns[i] != '\0')
            need(dependencies, table, columns[i], number);
}

static void need_of_action(struct dependencies *dependencies, const struct sql_action *action,
                           guint number)
{
    gboolean is_index = sql_action_object_kind(action->kind) == SQL_OBJECT_INDEX;
    const struct sql_object *table = is_index ? &action->other : &action->object;
    struct sql_object schema = {.kind = SQL_OBJECT_SCHEMA, .name = action->object.schema};
    need(dependencies, &schema, NULL, number);
    if (sql_action_effect(action->kind) != SQL_CREATES || sql_action_has_part(action->kind))
        need(dependencies, &action->object, NULL, number);
    need(dependencies, &action->other, NULL, number);
    if (sql_action_effect(action->kind) != SQL_CREATES && action->part != NULL &&
        sql_action_has_part(action->kind))
        need(dependencies, &action->object, action->part, number);
    need_columns(dependencies, table, action->columns, action->column_count, number);
    if (!is_index)
        need_columns(dependencies, &action->other, action->other_columns,
                     action->other_column_count, number);
}

static void need_uses(struct dependencies *dependencies, const struct sql_use *uses, guint count,
                      guint number)
{
    for (guint i = 0; i < count; i++)
        need(dependencies, &uses[i].object, NULL, number);
}

/* A thing under a new name was made by whoever gave it that name. */
static void make_of_action(struct dependencies *dependencies, const struct sql_action *action,
                           guint number)
{
    gboolean renames = g_str_has_prefix(sql_action_word(action->kind), "rename");
    gboolean has_part = sql_action_has_part(action->kind);
    if (renames && has_part)
        made(dependencies, &action->object, action->other_part, number);
    else if (renames || action->kind == SQL_ACTION_SET_SCHEMA)
        made(dependencies, &action->other, NULL, number);
    else if (sql_action_effect(action->kind) == SQL_CREATES &&
             sql_action_object_kind(action->kind) != SQL_OBJECT_PRIVILEGE) {
        /* a table's own columns are as old as the table */
        if (!has_part)
            made(dependencies, &action->object, NULL, number);
        else if (action->part != NULL && (action->flags & SQL_FLAG(NEW_TABLE)) == 0)
            made(dependencies, &action->object, action->part, number);
    }
}

static int by_number(gconstpointer one, gconstpointer other)
{
    const struct dependency *left = one, *right = other;
    return (left->to > right->to) - (left->to < right->to);
}

const GArray *dependencies_add(struct dependencies *dependencies, const struct inspection *up,
                               guint number)
{
    g_array_set_size(dependencies->edges, 0);
    g_string_chunk_clear(dependencies->edge_texts);
    for (guint i = 0; i < inspection_count(up); i++) {
        const struct inspected_statement *statement = inspection_at(up, i);
        for (guint j = 0; j < statement->action_count; j++)
            need_of_action(dependencies, &statement->actions[j], number);
        need_uses(dependencies, statement->relations, statement->relation_count, number);
        need_uses(dependencies, statement->functions, statement->function_count, number);
        need_uses(dependencies, statement->types, statement->type_count, number);
        for (guint j = 0; j < statement->action_count; j++)
            make_of_action(dependencies, &statement->actions[j], number);
    }
    g_array_sort(dependencies->edges, by_number);
    return dependencies->edges;
}
