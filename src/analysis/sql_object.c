/* Kinds of objects, and whether two names can mean the same one. */
#include "analysis/sql_object.h"

static const struct {
    const char *text;
    const char *word;
    gboolean has_schema;
} kinds[] = {
#define ROW(symbol, text, word, has_schema) {text, word, has_schema},
    SQL_OBJECT_TABLE_OF(ROW)
#undef ROW
};

const char *sql_object_kind_text(enum sql_object_kind kind)
{
    return kinds[kind].text;
}

const char *sql_object_kind_word(enum sql_object_kind kind)
{
    return kinds[kind].word;
}

gboolean sql_object_kind_has_schema(enum sql_object_kind kind)
{
    return kinds[kind].has_schema;
}

static gboolean is_relation(enum sql_object_kind kind)
{
    return kind >= SQL_OBJECT_RELATION && kind <= SQL_OBJECT_SEQUENCE;
}

static gboolean is_routine(enum sql_object_kind kind)
{
    return kind == SQL_OBJECT_FUNCTION || kind == SQL_OBJECT_PROCEDURE ||
           kind == SQL_OBJECT_AGGREGATE || kind == SQL_OBJECT_ROUTINE;
}

static gboolean is_type(enum sql_object_kind kind)
{
    return kind == SQL_OBJECT_TYPE || kind == SQL_OBJECT_DOMAIN;
}

/* DROP TYPE drops a domain too. */
static gboolean kinds_match(enum sql_object_kind one, enum sql_object_kind other)
{
    if (one == other || (is_type(one) && is_type(other)))
        return TRUE;
    if (is_relation(one) && is_relation(other))
        return one == SQL_OBJECT_RELATION || other == SQL_OBJECT_RELATION;
    return is_routine(one) && is_routine(other) &&
           (one == SQL_OBJECT_ROUTINE || other == SQL_OBJECT_ROUTINE);
}

static gboolean same_where_known(const char *one, const char *other)
{
    return one == NULL || other == NULL || g_str_equal(one, other);
}

gboolean sql_object_matches(const struct sql_object *one, const struct sql_object *other)
{
    return one->name != NULL && other->name != NULL && g_str_equal(one->name, other->name) &&
           kinds_match(one->kind, other->kind) &&
           (one->is_assumed || other->is_assumed || same_where_known(one->schema, other->schema)) &&
           same_where_known(one->arguments, other->arguments);
}

static gboolean is_plain(const char *name)
{
    if (!g_ascii_islower(name[0]) && name[0] != '_')
        return FALSE;
    for (const char *at = name; *at != '\0'; at++)
        if (!g_ascii_islower(*at) && !g_ascii_isdigit(*at) && *at != '_')
            return FALSE;
    return TRUE;
}

void sql_name_append(GString *text, const char *name)
{
    if (is_plain(name)) {
        g_string_append(text, name);
        return;
    }
    g_string_append_c(text, '"');
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '"')
            g_string_append_c(text, '"');
        g_string_append_c(text, *at);
    }
    g_string_append_c(text, '"');
}

char *sql_object_text(const struct sql_object *object)
{
    GString *text = g_string_new(NULL);
    if (object->schema != NULL && object->name != NULL) {
        sql_name_append(text, object->schema);
        g_string_append_c(text, '.');
    }
    if (object->name != NULL)
        sql_name_append(text, object->name);
    if (object->arguments != NULL)
        g_string_append(text, object->arguments);
    return g_string_free(text, FALSE);
}
