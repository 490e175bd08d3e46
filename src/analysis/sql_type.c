/* PostgreSQL's own types, and which of them are stored alike. */
#include "analysis/sql_type.h"

#include <stdlib.h>
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

gboolean sql_type_is_name(const char *name)
{
    return find_sql_type(name) != NULL || find_serial(name) != NULL || is_other_type(name);
}

struct sql_type sql_type_find(const char *name)
{
    const struct type_row *row = find_sql_type(name);
    const char *serial = find_serial(name);
    if (row != NULL)
        return (struct sql_type){row->text, row->after != NULL ? row->after : "", FALSE};
    return (struct sql_type){serial != NULL ? serial : name, "", serial != NULL};
}

/* ---- types as the server writes them --------------------------------------------------------- */

/* "timestamp(3) with time zone[]": its words, its parameters, whether it is an array. */
struct written {
    char *name;
    int first, second; /* parameters; -1: none */
    gboolean is_array;
};

static struct written take_apart(const char *text)
{
    struct written written = {.first = -1, .second = -1};
    g_autoptr(GString) name = g_string_new(text);
    if (g_str_has_suffix(name->str, "[]")) {
        written.is_array = TRUE;
        g_string_truncate(name, name->len - 2);
    }
    const char *open = strchr(name->str, '(');
    const char *close = open != NULL ? strchr(open, ')') : NULL;
    if (close != NULL) {
        char *end;
        written.first = (int)strtol(open + 1, &end, 10);
        if (*end == ',')
            written.second = (int)strtol(end + 1, NULL, 10);
        g_string_erase(name, open - name->str, close - open + 1);
    }
    written.name = g_string_free(g_steal_pointer(&name), FALSE);
    return written;
}

gboolean sql_type_is_built_in(const char *type)
{
    struct written written = take_apart(type);
    g_autofree char *name = written.name;
    for (gsize i = 0; i < G_N_ELEMENTS(sql_types); i++) {
        g_autofree char *text = g_strconcat(
            sql_types[i].text, sql_types[i].after != NULL ? sql_types[i].after : "", NULL);
        if (g_str_equal(text, name))
            return TRUE;
    }
    return is_other_type(name);
}

/* Stored alike: a cast without a function (pg_cast, castmethod b), but for its parameters. */
static const struct {
    const char *from, *to;
} same_storage[] = {
    {"character varying", "text"},
    {"text", "character varying"},
    {"cidr", "inet"},
    {"xml", "text"},
    {"xml", "character varying"},
    {"integer", "oid"},
    {"oid", "integer"},
    {"bit", "bit varying"},
    {"bit varying", "bit"},
    {"regclass", "oid"},
    {"oid", "regclass"},
};

static gboolean are_stored_alike(const char *from, const char *to)
{
    if (g_str_equal(from, to))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(same_storage); i++)
        if (g_str_equal(same_storage[i].from, from) && g_str_equal(same_storage[i].to, to))
            return TRUE;
    return FALSE;
}

/* Types whose parameter is a limit that may be raised or lifted without looking at a row. */
static gboolean limit_may_grow(const char *name)
{
    static const char *const names[] = {
        "character varying",
        "bit varying",
        "numeric",
        "timestamp with time zone",
        "timestamp without time zone",
        "time with time zone",
        "time without time zone",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i], name))
            return TRUE;
    return FALSE;
}

static gboolean parameters_are_free(const struct written *from, const struct written *to)
{
    if (to->first == from->first && to->second == from->second)
        return TRUE;
    if (!limit_may_grow(from->name))
        return FALSE;
    if (to->first < 0)
        return TRUE;
    /* numeric: the scale stays */
    return from->first >= 0 && to->first >= from->first &&
           MAX(to->second, 0) == MAX(from->second, 0);
}

static gboolean is_timestamp_pair(const struct written *from, const struct written *to)
{
    return g_str_has_prefix(from->name, "timestamp") && g_str_has_prefix(to->name, "timestamp") &&
           !g_str_equal(from->name, to->name) && (to->first < 0 || to->first >= from->first);
}

static enum sql_answer judge(const struct written *from, const struct written *to,
                             gboolean are_built_in, const char **why)
{
    gboolean is_alike = are_stored_alike(from->name, to->name) && from->is_array == to->is_array;
    if (is_alike && parameters_are_free(from, to))
        return SQL_NO;
    if (is_timestamp_pair(from, to) && !from->is_array && !to->is_array) {
        *why = "on the session's time zone: nothing is rewritten under UTC";
        return SQL_MAYBE;
    }
    if (!are_built_in) {
        *why = "on how the types are stored";
        return SQL_MAYBE;
    }
    *why = "the new type is stored in another way, or has to be checked";
    return SQL_YES;
}

enum sql_answer sql_type_change_rewrites(const char *from, const char *to, const char **why)
{
    *why = NULL;
    if (to == NULL || from == NULL) {
        *why = "on the type that the column has";
        return SQL_MAYBE;
    }
    if (g_str_equal(from, to))
        return SQL_NO;
    struct written before = take_apart(from), after = take_apart(to);
    enum sql_answer answer =
        judge(&before, &after, sql_type_is_built_in(from) && sql_type_is_built_in(to), why);
    g_free(before.name);
    g_free(after.name);
    return answer;
}
