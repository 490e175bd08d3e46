/* The schema as the connection sees it: what sqlite_master and the pragmas say of each table. */
#include <string.h>

#include "database/catalog_builder.h"
#include "database/sqlite/sqlite.h"

/* clang-format off */

/* A name as SQL has it; one that is a plain word needs no quotes. */
#define QUOTED(name) \
    "CASE WHEN " name " GLOB '[a-z_]*' AND " name " NOT GLOB '*[^a-z0-9_]*' THEN " name \
    " ELSE '\"' || replace(" name ", '\"', '\"\"') || '\"' END"

/* Neither SQLite's own, nor ours (?1 is their prefix, ?2 the version table), nor what a virtual
 * table keeps its content in (sqlite.org: "The Virtual Table Mechanism", 2.19). */
#define OF_A_USER \
    "m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND lower(m.tbl_name) <> lower(?2)" \
    " AND NOT " SQLITE_IS_OWN("m.tbl_name") \
    " AND NOT EXISTS (SELECT 1 FROM main.sqlite_master v WHERE v.type = 'table'" \
    " AND v.sql LIKE 'CREATE VIRTUAL%' AND substr(m.tbl_name, 1, length(v.name) + 1) = v.name" \
    " || '_' AND substr(m.tbl_name, length(v.name) + 2) IN ('data', 'idx', 'content', 'docsize'," \
    " 'config', 'segments', 'segdir', 'stat', 'node', 'parent', 'rowid'))"

/* What the pragmas do not tell stands only in the text, which is given where it may have some. */
#define TEXT_MATTERS \
    "(m.sql LIKE '%check%' OR m.sql LIKE '%collate%' OR m.sql LIKE '%generated%'" \
    " OR m.sql LIKE '%autoincrement%' OR m.sql LIKE '%conflict%' OR m.sql LIKE '%deferr%'" \
    " OR m.sql LIKE 'CREATE VIRTUAL%' OR m.sql LIKE '% as (%')"

#define ON_TABLE ") ON ' || " QUOTED("m.name") ", 'table', " QUOTED("m.name")

/* Each gives kind, identity, kind and identity of the parent, then attributes. */
static const char *const queries[] = {
    "SELECT 'table', " QUOTED("m.name") ", NULL, NULL,"
    " CASE WHEN " TEXT_MATTERS " THEN m.sql END AS definition,"
    " CASE WHEN m.sql LIKE '%without%rowid%' THEN 'yes' END AS 'without rowid',"
    " CASE WHEN m.sql LIKE '%)%strict%' THEN 'yes' END AS strict"
    " FROM main.sqlite_master m WHERE m.type = 'table' AND " OF_A_USER,

    "SELECT 'column', " QUOTED("m.name") " || '.' || " QUOTED("c.name") ", m.type,"
    " " QUOTED("m.name") ", c.cid + 1 AS position, nullif(c.type, '') AS type,"
    " CASE WHEN c.\"notnull\" THEN 'yes' END AS 'not null', c.dflt_value AS 'default',"
    " nullif(c.pk, 0) AS 'primary key',"
    " CASE c.hidden WHEN 2 THEN 'virtual' WHEN 3 THEN 'stored' END AS generated"
    " FROM main.sqlite_master m JOIN pragma_table_xinfo(m.name) c"
    " WHERE m.type IN ('table', 'view') AND c.hidden <> 1 AND " OF_A_USER,

    "SELECT 'constraint', 'FOREIGN KEY (' || group_concat(f.\"from\", ', ') || '" ON_TABLE ","
    " " QUOTED("f.\"table\"") " || coalesce(' (' || group_concat(f.\"to\", ', ') || ')', '')"
    " AS 'references', nullif(f.on_update, 'NO ACTION') AS 'on update',"
    " nullif(f.on_delete, 'NO ACTION') AS 'on delete'"
    " FROM main.sqlite_master m JOIN pragma_foreign_key_list(m.name) f"
    " WHERE m.type = 'table' AND " OF_A_USER " GROUP BY m.name, f.id",

    "SELECT DISTINCT 'constraint', 'UNIQUE (' || (SELECT group_concat(i.name, ', ')"
    " FROM pragma_index_info(u.name) i) || '" ON_TABLE
    " FROM main.sqlite_master m JOIN pragma_index_list(m.name) u"
    " WHERE m.type = 'table' AND u.origin = 'u' AND " OF_A_USER,

    "SELECT m.type, " QUOTED("m.name") ", CASE WHEN m.type <> 'view' THEN"
    " (SELECT t.type FROM main.sqlite_master t WHERE t.name = m.tbl_name"
    " AND t.type IN ('table', 'view')) END,"
    " CASE WHEN m.type <> 'view' THEN " QUOTED("m.tbl_name") " END, m.sql AS definition"
    " FROM main.sqlite_master m WHERE m.type IN ('index', 'view', 'trigger')"
    " AND m.sql IS NOT NULL AND " OF_A_USER,
};

/* clang-format on */

static const char *value_at(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

enum { KIND, IDENTITY, PARENT_KIND, PARENT, ATTRIBUTES };

static void add_object(struct catalog_builder *builder, sqlite3_stmt *statement)
{
    catalog_builder_object(builder, value_at(statement, KIND), value_at(statement, IDENTITY),
                           value_at(statement, PARENT_KIND), value_at(statement, PARENT));
    for (int column = ATTRIBUTES; column < sqlite3_column_count(statement); column++)
        catalog_builder_attribute(builder, sqlite3_column_name(statement, column),
                                  value_at(statement, column));
}

static gboolean add_objects(struct sqlite *sqlite, struct catalog_builder *builder,
                            const char *query, GError **error)
{
    AUTOSTATEMENT *statement = sqlite_prepare(sqlite, query, error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, sqlite->own, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, sqlite->table, -1, SQLITE_STATIC);
    for (;;) {
        int more = sqlite_step(sqlite, statement, error);
        if (more <= 0)
            return more == 0;
        add_object(builder, statement);
    }
}

struct catalog *sqlite_catalog_read(struct database *database, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    AUTOPTR(catalog_builder) *builder = catalog_builder_new();
    for (gsize i = 0; sqlite->db != NULL && i < G_N_ELEMENTS(queries); i++)
        if (!add_objects(sqlite, builder, queries[i], error)) {
            g_prefix_error(error, "reading the schema of %s: ", sqlite->label);
            return NULL;
        }
    return catalog_builder_finish(builder, error);
}
