/* Sizes of relations. pg_table_size() opens the relation, and so waits for who locks it
 * exclusively; what VACUUM and ANALYZE have last counted can always be read. */
#include "database/relations.h"

#include "database/postgres/postgres.h"

#define BOUNDS                                                                                     \
    "SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = '10s'; "                      \
    "SET LOCAL search_path = pg_catalog, pg_temp; "

/* A partitioned table is as large as its partitions; nothing is known of its rows where nothing is
 * of one's. */
#define SIZES(bytes, index_bytes, is_counted)                                                      \
    "SELECT concat(n.nspname, '.', c.relname), s.bytes, s.index_bytes, s.rows, " is_counted        \
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL ("                    \
    "WITH RECURSIVE t AS (SELECT c.oid UNION ALL SELECT h.inhrelid FROM pg_inherits h"             \
    " JOIN t ON h.inhparent = t.oid WHERE c.relkind = 'p')"                                        \
    " SELECT sum(" bytes ") AS bytes, sum(" index_bytes ") AS index_bytes,"                        \
    " CASE WHEN bool_or(l.reltuples < 0) THEN -1 ELSE sum(l.reltuples) END AS rows"                \
    " FROM t JOIN pg_class l ON l.oid = t.oid WHERE l.relkind <> 'p') s"                           \
    " WHERE c.relkind IN ('r', 'm', 'p') AND concat(n.nspname, '.', c.relname) IN ("

#define COUNTED SIZES("pg_table_size(l.oid)", "pg_indexes_size(l.oid)", "true")

#define PAGES "current_setting('block_size')::int8"
#define REMEMBERED                                                                                 \
    SIZES("l.relpages * " PAGES,                                                                   \
          "coalesce((SELECT sum(i.relpages) FROM pg_index x JOIN pg_class i"                       \
          " ON i.oid = x.indexrelid WHERE x.indrelid = l.oid), 0) * " PAGES,                       \
          "false")

static char *list_of(const GPtrArray *names)
{
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *literal = postgres_literal(names->pdata[i]);
        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", literal);
    }
    return g_string_free(list, FALSE);
}

static PGresult *ask(struct postgres *postgres, const char *what, const char *list, GError **error)
{
    g_autofree char *sql = g_strconcat(BOUNDS, what, list, ")", NULL);
    g_autoptr(GPtrArray) results = postgres_query_several(postgres, postgres->main, sql, error);
    return results->len == 1 ? g_ptr_array_steal_index(results, 0) : NULL;
}

static void take(GHashTable *sizes, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        struct relation_size *size = g_new0(struct relation_size, 1);
        size->bytes = g_ascii_strtoll(PQgetvalue(rows, row, 1), NULL, 10);
        size->index_bytes = g_ascii_strtoll(PQgetvalue(rows, row, 2), NULL, 10);
        size->rows = (gint64)g_ascii_strtod(PQgetvalue(rows, row, 3), NULL);
        size->is_counted = *PQgetvalue(rows, row, 4) == 't';
        g_hash_table_replace(sizes, g_strdup(PQgetvalue(rows, row, 0)), size);
    }
}

GHashTable *database_relation_sizes(struct database *database, const GPtrArray *names,
                                    GError **error)
{
    g_autoptr(GHashTable) sizes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GError) why = NULL;
    if (database->driver != &postgres_driver || names->len == 0)
        return g_steal_pointer(&sizes);
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *list = list_of(names);
    AUTORESULT *rows = ask(postgres, COUNTED, list, &why);
    if (rows == NULL && !error_is(why, ERROR_NO_CONNECTION))
        rows = ask(postgres, REMEMBERED, list, error);
    else if (rows == NULL)
        g_propagate_error(error, g_steal_pointer(&why));
    if (rows == NULL)
        return NULL;
    take(sizes, rows);
    return g_steal_pointer(&sizes);
}
