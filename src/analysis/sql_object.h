/* What SQL speaks of: tables, columns, functions, roles; named as the catalog names them. */
#ifndef WINCH_ANALYSIS_SQL_OBJECT_H
#define WINCH_ANALYSIS_SQL_OBJECT_H

#include <glib.h>

/* clang-format off */
/* X(symbol, for people, machine word, the name lives in a schema) */
#define SQL_OBJECT_TABLE_OF(X)                                                                     \
    X(NONE, "", "none", FALSE)                                                                     \
    /* relations */                                                                                \
    X(RELATION, "relation", "relation", TRUE) /* a table or a view: the text does not say which */ \
    X(TABLE, "table", "table", TRUE)                                                               \
    X(VIEW, "view", "view", TRUE)                                                                  \
    X(MATERIALIZED_VIEW, "materialized view", "materialized-view", TRUE)                           \
    X(FOREIGN_TABLE, "foreign table", "foreign-table", TRUE)                                       \
    X(INDEX, "index", "index", TRUE)                                                               \
    X(SEQUENCE, "sequence", "sequence", TRUE)                                                      \
    /* parts of something: named by sql_action.part */                                             \
    X(COLUMN, "column", "column", FALSE)                                                           \
    X(CONSTRAINT, "constraint", "constraint", FALSE)                                               \
    X(TRIGGER, "trigger", "trigger", FALSE)                                                        \
    X(RULE, "rule", "rule", FALSE)                                                                 \
    X(POLICY, "policy", "policy", FALSE)                                                           \
    X(ENUM_VALUE, "enum value", "enum-value", FALSE)                                               \
    X(ATTRIBUTE, "attribute", "attribute", FALSE)                                                  \
    X(PRIVILEGE, "privilege", "privilege", FALSE)                                                  \
    /* types and routines */                                                                       \
    X(TYPE, "type", "type", TRUE)                                                                  \
    X(DOMAIN, "domain", "domain", TRUE)                                                            \
    X(FUNCTION, "function", "function", TRUE)                                                      \
    X(PROCEDURE, "procedure", "procedure", TRUE)                                                   \
    X(AGGREGATE, "aggregate", "aggregate", TRUE)                                                   \
    X(ROUTINE, "routine", "routine", TRUE) /* the text does not say which of the three */          \
    X(OPERATOR, "operator", "operator", TRUE)                                                      \
    X(OPERATOR_CLASS, "operator class", "operator-class", TRUE)                                    \
    X(OPERATOR_FAMILY, "operator family", "operator-family", TRUE)                                 \
    X(CAST, "cast", "cast", FALSE)                                                                 \
    X(TRANSFORM, "transform", "transform", FALSE)                                                  \
    X(COLLATION, "collation", "collation", TRUE)                                                   \
    X(CONVERSION, "conversion", "conversion", TRUE)                                                \
    X(STATISTICS, "statistics", "statistics", TRUE)                                                \
    X(TEXT_SEARCH_CONFIGURATION, "text search configuration", "text-search-configuration", TRUE)   \
    X(TEXT_SEARCH_DICTIONARY, "text search dictionary", "text-search-dictionary", TRUE)            \
    X(TEXT_SEARCH_PARSER, "text search parser", "text-search-parser", TRUE)                        \
    X(TEXT_SEARCH_TEMPLATE, "text search template", "text-search-template", TRUE)                  \
    /* of a database */                                                                            \
    X(SCHEMA, "schema", "schema", FALSE)                                                           \
    X(EXTENSION, "extension", "extension", FALSE)                                                  \
    X(LANGUAGE, "language", "language", FALSE)                                                     \
    X(ACCESS_METHOD, "access method", "access-method", FALSE)                                      \
    X(EVENT_TRIGGER, "event trigger", "event-trigger", FALSE)                                      \
    X(FOREIGN_DATA_WRAPPER, "foreign-data wrapper", "foreign-data-wrapper", FALSE)                 \
    X(SERVER, "server", "server", FALSE)                                                           \
    X(USER_MAPPING, "user mapping", "user-mapping", FALSE)                                         \
    X(PUBLICATION, "publication", "publication", FALSE)                                            \
    X(SUBSCRIPTION, "subscription", "subscription", FALSE)                                         \
    X(LARGE_OBJECT, "large object", "large-object", FALSE)                                         \
    X(DEFAULT_PRIVILEGE, "default privilege", "default-privilege", FALSE)                          \
    X(SETTING, "setting", "setting", FALSE)                                                        \
    /* of a server */                                                                              \
    X(DATABASE, "database", "database", FALSE)                                                     \
    X(ROLE, "role", "role", FALSE)                                                                 \
    X(TABLESPACE, "tablespace", "tablespace", FALSE)
/* clang-format on */

#define SQL_OBJECT_SYMBOL(symbol, text, word, has_schema) SQL_OBJECT_##symbol,
enum sql_object_kind { SQL_OBJECT_TABLE_OF(SQL_OBJECT_SYMBOL) SQL_OBJECT_KINDS };
#undef SQL_OBJECT_SYMBOL

/* One object. Strings are borrowed from whoever made it. */
struct sql_object {
    enum sql_object_kind kind;
    gboolean is_assumed; /* schema is the first of several in the search path: likely, not sure */
    const char *schema;  /* NULL: it has none, or the text does not say */
    const char *name;    /* as the catalog has it, without quotes; NULL: no object, or not known */
    const char *arguments; /* of a routine: "(integer, text)"; NULL when they were not given */
};

/* "materialized view", "materialized-view". Static. */
const char *sql_object_kind_text(enum sql_object_kind kind);
const char *sql_object_kind_word(enum sql_object_kind kind);

/* Does the name of such an object live in a schema? */
gboolean sql_object_kind_has_schema(enum sql_object_kind kind);

/* May both be the same object: an unknown schema may be any, a RELATION any relation, a ROUTINE any
 * routine, arguments that were not given any. Tables, views, indexes and sequences share a
 * namespace, but a table is no index. */
gboolean sql_object_matches(const struct sql_object *one, const struct sql_object *other);

/* "public.users", "\"Odd Name\"", "public.add(integer, integer)": raw, for text_visible(); quoted
 * where it is more than small letters, digits and _. Free with g_free(). */
char *sql_object_text(const struct sql_object *object);

/* One name, quoted in the same way. */
void sql_name_append(GString *text, const char *name);

#endif
