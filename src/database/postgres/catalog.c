/* The schema as the session sees it, read in one message and without leaving a trace: in a
 * transaction of its own, or, where one is open, under a savepoint that is rolled back. */
#include <string.h>

#include "database/postgres/catalog_internal.h"

#define IN_TRANSACTION "SAVEPOINT winch_catalog"
#define ALONE          "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

/* How values are written must not depend on whose session it is; what is asked is many small
 * questions, which are not worth compiling. */
static const char settings_sql[] = "SET LOCAL search_path = pg_catalog, pg_temp; "
                                   "SET LOCAL TimeZone = 'UTC'; "
                                   "SET LOCAL DateStyle = 'ISO, YMD'; "
                                   "SET LOCAL IntervalStyle = 'postgres'; "
                                   "SET LOCAL extra_float_digits = 1; "
                                   "SET LOCAL bytea_output = 'hex'; "
                                   "SET LOCAL standard_conforming_strings = on; "
                                   "SET LOCAL quote_all_identifiers = off; "
                                   "SET LOCAL jit = off; "
                                   "SET LOCAL max_parallel_workers_per_gather = 0; "
                                   "SET LOCAL statement_timeout = 0; "
                                   "SELECT set_config('lock_timeout', '10s', true)"
                                   " WHERE current_setting('lock_timeout') = '0'; ";

/* ---- asking ---------------------------------------------------------------------------------- */

static void append_queries(GString *sql, const struct postgres *postgres,
                           const struct catalog_query *queries)
{
    int version = PQserverVersion(postgres->main);
    g_autofree char *own = postgres_literal(postgres->own_schema);
    g_autofree char *table = postgres_literal(postgres->version_table);
    const char *const pairs[][2] = {{"@OWN@", own}, {"@VERSION_TABLE@", table}};
    for (; queries->sql != NULL; queries++)
        if (version >= queries->since && (queries->until == 0 || version < queries->until)) {
            g_autofree char *filled = postgres_fill_in(queries->sql, pairs);
            g_string_append_printf(sql, "%s; ", filled);
        }
}

static char *catalog_sql(const struct postgres *postgres, gboolean is_within)
{
    GString *sql = g_string_sized_new(1 << 15);
    g_string_append_printf(sql, "%s; %s", is_within ? IN_TRANSACTION : ALONE, settings_sql);
    append_queries(sql, postgres, catalog_queries);
    append_queries(sql, postgres, catalog_queries_rare);
    g_string_append(sql, is_within ? "ROLLBACK TO SAVEPOINT winch_catalog; "
                                     "RELEASE SAVEPOINT winch_catalog"
                                   : "COMMIT");
    return g_string_free(sql, FALSE);
}

/* ---- taking in ------------------------------------------------------------------------------- */

static const char *value_at(const PGresult *result, int row, int column)
{
    return column < 0 || PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

enum { KIND, IDENTITY, PARENT_KIND, PARENT, ATTRIBUTES };

static void add_object(struct catalog_builder *builder, const PGresult *result, int row, int acl)
{
    catalog_builder_object(builder, value_at(result, row, KIND), value_at(result, row, IDENTITY),
                           value_at(result, row, PARENT_KIND), value_at(result, row, PARENT));
    for (int column = ATTRIBUTES; column < PQnfields(result); column++)
        if (acl < 0 || column < acl || column > acl + 2)
            catalog_builder_attribute(builder, PQfname(result, column),
                                      value_at(result, row, column));
    if (acl >= 0)
        catalog_add_grants(builder, value_at(result, row, acl), value_at(result, row, acl + 1),
                           value_at(result, row, acl + 2));
}

static void add_objects(struct catalog_builder *builder, const PGresult *result)
{
    int acl = PQfnumber(result, "\"" CATALOG_ACL "\"");
    for (int row = 0; row < PQntuples(result); row++)
        add_object(builder, result, row, acl);
}

/* After a failure the session is as it was before. */
static void leave(struct postgres *postgres, gboolean is_within)
{
    if (PQstatus(postgres->main) == CONNECTION_OK)
        postgres_execute(postgres, postgres->main,
                         is_within ? "ROLLBACK TO SAVEPOINT winch_catalog; "
                                     "RELEASE SAVEPOINT winch_catalog"
                                   : "ROLLBACK",
                         NULL);
}

struct catalog *postgres_catalog_read(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    gboolean is_within = PQtransactionStatus(postgres->main) == PQTRANS_INTRANS;
    g_autofree char *sql = catalog_sql(postgres, is_within);
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) results = postgres_query_several(postgres, postgres->main, sql, &failure);
    if (failure != NULL) {
        leave(postgres, is_within);
        g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                                   "reading the schema of %s: ", postgres->label);
        return NULL;
    }
    AUTOPTR(catalog_builder) *builder = catalog_builder_new();
    for (guint i = 0; i < results->len; i++)
        if (PQnfields(g_ptr_array_index(results, i)) >= ATTRIBUTES)
            add_objects(builder, g_ptr_array_index(results, i));
    return catalog_builder_finish(builder, error);
}
