/* Reading the schema: what the files catalog*.c offer each other. */
#ifndef WINCH_DATABASE_POSTGRES_CATALOG_INTERNAL_H
#define WINCH_DATABASE_POSTGRES_CATALOG_INTERNAL_H

#include "database/catalog_builder.h"
#include "database/postgres/postgres.h"

/* A query for the servers from since up to, but not, until (0: all that come). */
struct catalog_query {
    int since, until;
    const char *sql;
};

/* What is asked for a snapshot; each gives kind, identity, and kind and identity of the parent,
 * then attributes by the names of their columns, NULL where they have their usual value. @OWN@ in
 * them is the own schema, @VERSION_TABLE@ the version table, both as string constants. They have to
 * run with search_path = pg_catalog, pg_temp. Ended by an SQL that is NULL: catalog_queries.c has
 * the kinds that every schema has, catalog_queries_rare.c the others. */
extern const struct catalog_query catalog_queries[];
extern const struct catalog_query catalog_queries_rare[];

/* Columns that are no attributes by themselves. */
#define CATALOG_ACL         "acl"         /* aclitems, a line each; NULL: nobody said anything */
#define CATALOG_ACL_DEFAULT "acl default" /* what NULL stands for */
#define CATALOG_ACL_OWNER   "acl owner"   /* whose grants are not told to be somebody's */

/* catalog_grants.c: adds an attribute "grants to NAME" for each role whose rights are not the usual
 * ones. */
void catalog_add_grants(struct catalog_builder *builder, const char *acl, const char *acl_default,
                        const char *owner);

/* ---- what queries are put together from --------------------------------------------------------
 */

/* What extensions brought is theirs: pg_dump leaves it out for the same reason. */
#define CATALOG_MEMBERS(class)                                                                     \
    "(SELECT e.objid FROM pg_depend e WHERE e.refclassid = 'pg_extension'::regclass"               \
    " AND e.classid = '" class "'::regclass AND e.deptype = 'e')"
#define CATALOG_OURS(alias, class) alias ".oid NOT IN " CATALOG_MEMBERS(class)

#define CATALOG_NOT_PART(alias, class)                                                             \
    "NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = '" class "'::regclass AND i.objid "     \
                                                                    "= " alias                     \
                                                                    ".oid AND i.deptype = 'i')"

/* Schemas of the server itself all begin with pg_, which is reserved. */
#define CATALOG_SCHEMA                                                                             \
    "n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', @OWN@)"
#define CATALOG_IN_SCHEMA(column) " JOIN pg_namespace n ON n.oid = " column " AND " CATALOG_SCHEMA

#define CATALOG_NAME(column) "quote_ident(n.nspname) || '.' || quote_ident(" column ")"
#define CATALOG_RELATION     CATALOG_NAME("c.relname")
#define CATALOG_RELATION_KIND                                                                      \
    "CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'"                        \
    " WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' ELSE 'table' END"

/* A relation c that counts: in a schema n of a user, not temporary, not the version table. */
#define CATALOG_FROM_RELATION " FROM pg_class c" CATALOG_IN_SCHEMA("c.relnamespace")
#define CATALOG_IS_RELATION                                                                        \
    "c.relpersistence <> 't'"                                                                      \
    " AND c.oid IS DISTINCT FROM (SELECT to_regclass(@VERSION_TABLE@)::oid)"                       \
    " AND " CATALOG_OURS("c", "pg_class")

/* What belongs to a relation and has a name of its own there. */
#define CATALOG_ON(column)                                                                         \
    "quote_ident(" column ") || ' ON ' || " CATALOG_RELATION ", " CATALOG_RELATION_KIND            \
    ", " CATALOG_RELATION ", "
#define CATALOG_ALONE " NULL AS parent_kind, NULL AS parent, "

#define CATALOG_COMMENT "x.description AS comment"
#define CATALOG_COMMENT_OF(alias, class)                                                           \
    " LEFT JOIN pg_description x ON x.objoid = " alias                                             \
    ".oid AND x.classoid = '" class "'::regclass AND x.objsubid = 0"
#define CATALOG_OWNER(column) "pg_get_userbyid(" column ") AS owner, "
#define CATALOG_GRANTS(column, letter, owner)                                                      \
    "array_to_string(" column ", E'\\n') AS \"" CATALOG_ACL "\", CASE WHEN " column                \
    " IS NOT NULL THEN array_to_string(acldefault('" letter "', " owner                            \
    "), E'\\n') END AS \"" CATALOG_ACL_DEFAULT "\", CASE WHEN " column                             \
    " IS NOT NULL THEN pg_get_userbyid(" owner ") END AS \"" CATALOG_ACL_OWNER "\", "

#define CATALOG_IF(condition)     "CASE WHEN " condition " THEN 'yes' END"
#define CATALOG_UNLESS(condition) "CASE WHEN NOT (" condition ") THEN 'no' END"
#define CATALOG_ENABLED(column)                                                                    \
    "CASE " column "::text WHEN 'D' THEN 'no' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END"  \
    " AS enabled, "
/* Options have no order that means anything. */
#define CATALOG_OPTIONS(column)                                                                    \
    "(SELECT string_agg(o, ', ' ORDER BY o COLLATE \"C\") FROM unnest(" column ") o)"
#define CATALOG_COLLATION(column)                                                                  \
    "(SELECT quote_ident(ln.nspname) || '.' || quote_ident(l.collname) FROM pg_collation l"        \
    " JOIN pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = " column ")"

#endif
