/* Types, written as format_type() of the server writes them. */
#include "analysis/inspector.h"

#include <string.h>

/* PostgreSQL's own types that have other names in SQL, or in a hurry. parameters: they stand in the
 * middle: "timestamp(3) with time zone". */
static const struct type_row {
    const char *name;
    const char *text;
    const char *after; /* behind the parameters; NULL: nothing */
} sql_types[] = {
    {"int2", "smallint", NULL},
    {"int4", "integer", NULL},
    {"int8", "bigint", NULL},
    {"int", "integer", NULL},
    {"float4", "real", NULL},
    {"float8", "double precision", NULL},
    {"bool", "boolean", NULL},
    {"varchar", "character varying", NULL},
    {"bpchar", "character", NULL},
    {"varbit", "bit varying", NULL},
    {"decimal", "numeric", NULL},
    {"timestamptz", "timestamp", " with time zone"},
    {"timestamp", "timestamp", " without time zone"},
    {"timetz", "time", " with time zone"},
    {"time", "time", " without time zone"},
};

static const struct {
    const char *name;
    const char *text;
} serial_types[] = {
    {"smallserial", "smallint"}, {"serial2", "smallint"}, {"serial", "integer"},
    {"serial4", "integer"},      {"bigserial", "bigint"}, {"serial8", "bigint"},
};

/* The rest of those that live in pg_catalog and that somebody writes. */
static const char *const other_types[] = {
    "aclitem",
    "any",
    "anyarray",
    "anycompatible",
    "anycompatiblearray",
    "anyelement",
    "anyenum",
    "anymultirange",
    "anynonarray",
    "anyrange",
    "bit",
    "box",
    "bytea",
    "char",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "fdw_handler",
    "gtsvector",
    "index_am_handler",
    "inet",
    "int2vector",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "internal",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_snapshot",
    "point",
    "polygon",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "table_am_handler",
    "text",
    "tid",
    "trigger",
    "tsm_handler",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "unknown",
    "uuid",
    "void",
    "xid",
    "xid8",
    "xml",
};

static const struct type_row *find_sql_type(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sql_types); i++)
        if (g_str_equal(sql_types[i].name, name))
            return &sql_types[i];
    return NULL;
}

static const char *find_serial(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(serial_types); i++)
        if (g_str_equal(serial_types[i].name, name))
            return serial_types[i].text;
    return NULL;
}

static gboolean is_other_type(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(other_types); i++)
        if (g_str_equal(other_types[i], name))
            return TRUE;
    return FALSE;
}

static gboolean is_own(const char *schema, const char *name)
{
    if (schema != NULL)
        return g_str_equal(schema, "pg_catalog");
    return find_sql_type(name) != NULL || find_serial(name) != NULL || is_other_type(name);
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
    const struct type_row *row = find_sql_type(name);
    const char *serial = find_serial(name);
    if (serial != NULL && flags != NULL)
        *flags |= SQL_FLAG(SERIAL);
    g_string_append(text, row != NULL ? row->text : serial != NULL ? serial : name);
    if (!g_str_equal(name, "interval"))
        append_parameters(text, parameters);
    if (row != NULL && row->after != NULL)
        g_string_append(text, row->after);
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
