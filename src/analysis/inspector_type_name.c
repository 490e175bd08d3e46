/* Types, written as format_type() of the server writes them. */
#include "analysis/inspector.h"

#include <string.h>

#include "analysis/sql_type.h"

static gboolean is_own(const char *schema, const char *name)
{
    if (schema != NULL)
        return g_str_equal(schema, "pg_catalog");
    return sql_type_is_name(name);
}

static void append_parameters(GString *text, struct nodes parameters)
{
    GString *list = g_string_new(NULL);
    for (gsize i = 0; i < parameters.count; i++) {
        const PgQuery__Node *node = parameters.list[i];
        g_string_append(list, list->len > 0 ? "," : "");
        if (node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
            node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL)
            g_string_append_printf(list, "%d", node->a_const->ival->ival);
        else
            g_string_append(list, node_string(node) != NULL ? node_string(node) : "?");
    }
    if (list->len > 0)
        g_string_append_printf(text, "(%s)", list->str);
    g_string_free(list, TRUE);
}

/* The first parameter of interval is a mask of its fields, not a length. */
static void append_own(GString *text, const char *name, struct nodes parameters, guint64 *flags)
{
    struct sql_type type = sql_type_find(name);
    if (type.is_serial && flags != NULL)
        *flags |= SQL_FLAG(SERIAL);
    g_string_append(text, type.text);
    if (!g_str_equal(name, "interval"))
        append_parameters(text, parameters);
    g_string_append(text, type.after);
}

const char *inspector_type(struct inspector *inspector, const PgQuery__TypeName *type,
                           guint64 *flags)
{
    if (type == NULL || type->n_names == 0)
        return NULL;
    g_autoptr(GString) text = g_string_new(type->setof ? "SETOF " : NULL);
    const char *name = node_string(type->names[type->n_names - 1]);
    const char *schema = type->n_names > 1 ? node_string(type->names[type->n_names - 2]) : NULL;
    struct nodes parameters = NODES(type, typmods);
    if (name == NULL)
        return NULL;
    if (is_own(schema, name) && !type->pct_type)
        append_own(text, name, parameters, flags);
    else {
        if (schema != NULL) {
            sql_name_append(text, schema);
            g_string_append_c(text, '.');
        }
        sql_name_append(text, name);
        append_parameters(text, parameters);
    }
    if (type->pct_type)
        g_string_append(text, "%TYPE");
    if (type->n_array_bounds > 0)
        g_string_append(text, "[]");
    return arena_text(inspector->arena, text->str);
}

/* table.column%TYPE uses the table. */
void inspector_use_type_name(struct inspector *inspector, const PgQuery__TypeName *type)
{
    if (type == NULL || type->n_names == 0)
        return;
    struct nodes names = NODES(type, names);
    if (type->pct_type) {
        names.count--;
        struct sql_object table = inspector_named(inspector, names, SQL_OBJECT_RELATION);
        inspector_use_relation(inspector, &table, FALSE);
        return;
    }
    const char *name = node_string(names.list[names.count - 1]);
    const char *schema = names.count > 1 ? node_string(names.list[names.count - 2]) : NULL;
    if (name == NULL || is_own(schema, name))
        return;
    struct sql_object object = inspector_named(inspector, names, SQL_OBJECT_TYPE);
    inspector_use_type(inspector, &object);
}
