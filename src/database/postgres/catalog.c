/* The schema as the session sees it, read in one round trip and without leaving a trace: in a
 * transaction of its own, or, where one is open, under a savepoint that is rolled back. The
 * questions are large and the answers small: planning them took longer than answering, so they are
 * prepared, for those who ask more than once. */
#include <string.h>

#include "database/postgres/catalog_internal.h"

#define IN_TRANSACTION "SAVEPOINT winch_catalog"
#define ALONE          "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

/* How values are written must not depend on whose session it is; what is asked is many small
 * questions, which are not worth compiling. One column, which is no object. */
static const char settings_sql[] =
    "SELECT pg_catalog.concat("
    "pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), "
    "pg_catalog.set_config('TimeZone', 'UTC', true), "
    "pg_catalog.set_config('DateStyle', 'ISO, YMD', true), "
    "pg_catalog.set_config('IntervalStyle', 'postgres', true), "
    "pg_catalog.set_config('extra_float_digits', '1', true), "
    "pg_catalog.set_config('bytea_output', 'hex', true), "
    "pg_catalog.set_config('standard_conforming_strings', 'on', true), "
    "pg_catalog.set_config('quote_all_identifiers', 'off', true), "
    "pg_catalog.set_config('jit', 'off', true), "
    "pg_catalog.set_config('max_parallel_workers_per_gather', '0', true), "
    "pg_catalog.set_config('statement_timeout', '0', true), "
    "pg_catalog.set_config('lock_timeout', CASE pg_catalog.current_setting('lock_timeout') WHEN '0'"
    " THEN '10s' ELSE pg_catalog.current_setting('lock_timeout') END, true))";

/* ---- asking ---------------------------------------------------------------------------------- */

static gboolean send_one(struct postgres *postgres, const char *sql, guint *messages)
{
    return postgres_send_own(postgres, sql, 0, NULL, NULL, NULL, messages);
}

static gboolean send_queries(struct postgres *postgres, const struct catalog_query *queries,
                             guint *messages)
{
    int version = PQserverVersion(postgres->main);
    g_autofree char *own = postgres_literal(postgres->own_schema);
    g_autofree char *table = postgres_literal(postgres->version_table);
    const char *const pairs[][2] = {{"@OWN@", own}, {"@VERSION_TABLE@", table}};
    for (; queries->sql != NULL; queries++) {
        if (version < queries->since || (queries->until != 0 && version >= queries->until))
            continue;
        g_autofree char *filled = postgres_fill_in(queries->sql, pairs);
        if (!send_one(postgres, filled, messages))
            return FALSE;
    }
    return TRUE;
}

/* Never prepared: were it gone, there would be nothing to go back to. */
static gboolean send_plainly(struct postgres *postgres, const char *sql, guint *messages)
{
    gboolean is_sent = postgres_send_params(postgres, postgres->main, sql, 0, NULL, NULL, NULL);
    *messages += is_sent ? 1 : 0;
    return is_sent;
}

static gboolean send_all(struct postgres *postgres, gboolean is_within, guint *messages)
{
    return send_plainly(postgres, is_within ? IN_TRANSACTION : ALONE, messages) &&
           send_one(postgres, settings_sql, messages) &&
           send_queries(postgres, catalog_queries, messages) &&
           send_queries(postgres, catalog_queries_rare, messages) &&
           send_plainly(postgres, is_within ? "ROLLBACK TO SAVEPOINT winch_catalog" : "COMMIT",
                        messages) &&
           (!is_within || send_plainly(postgres, "RELEASE SAVEPOINT winch_catalog", messages));
}

/* One message's results: rows are kept, and the first failure. */
static void take_results(struct postgres *postgres, GPtrArray *kept, PGresult **failure)
{
    gboolean is_sync = FALSE;
    PGresult *result;
    while (!is_sync && (result = postgres_result_next(postgres, postgres->main)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        is_sync = status == PGRES_PIPELINE_SYNC;
        if (status == PGRES_TUPLES_OK)
            g_ptr_array_add(kept, result);
        else if (status == PGRES_FATAL_ERROR && *failure == NULL)
            *failure = result;
        else
            PQclear(result);
    }
}

/* Of PGresult *; what an error left of them where error is set. */
static GPtrArray *ask(struct postgres *postgres, gboolean is_within, GError **error)
{
    PGconn *main = postgres->main;
    GPtrArray *kept = g_ptr_array_new_with_free_func((GDestroyNotify)PQclear);
    AUTORESULT *failure = NULL;
    guint messages = 0;
    gboolean is_good = PQenterPipelineMode(main) && send_all(postgres, is_within, &messages);
    postgres->base.round_trips++;
    is_good = PQpipelineSync(main) && is_good;
    for (guint i = 0; i <= messages && PQstatus(main) == CONNECTION_OK; i++)
        take_results(postgres, kept, &failure); /* one more for the sync */
    if (PQexitPipelineMode(main) && is_good && failure == NULL)
        return kept;
    postgres_prepared_forget(postgres); /* what came after the failure was skipped */
    postgres_error_set(error, postgres, main, failure, NULL);
    return kept;
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

/* A file may have thrown away what was prepared: then all of it is asked anew. */
static gboolean is_unprepared(const GError *failure)
{
    const struct error_detail *detail = failure != NULL ? error_detail(failure) : NULL;
    return detail != NULL && strcmp(detail->sqlstate, "26000") == 0;
}

static GPtrArray *ask_prepared(struct postgres *postgres, gboolean is_within, GError **error)
{
    g_autoptr(GError) failure = NULL;
    GPtrArray *results = ask(postgres, is_within, &failure);
    if (is_unprepared(failure)) {
        g_clear_error(&failure);
        g_ptr_array_unref(results);
        leave(postgres, is_within);
        results = ask(postgres, is_within, &failure);
    }
    if (failure == NULL)
        return results;
    g_ptr_array_unref(results);
    leave(postgres, is_within);
    g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                               "reading the schema of %s: ", postgres->label);
    return NULL;
}

struct catalog *postgres_catalog_read(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    gboolean is_within = PQtransactionStatus(postgres->main) == PQTRANS_INTRANS;
    g_autoptr(GPtrArray) results = ask_prepared(postgres, is_within, error);
    if (results == NULL)
        return NULL;
    AUTOPTR(catalog_builder) *builder = catalog_builder_new();
    for (guint i = 0; i < results->len; i++)
        if (PQnfields(g_ptr_array_index(results, i)) >= ATTRIBUTES)
            add_objects(builder, g_ptr_array_index(results, i));
    return catalog_builder_finish(builder, error);
}
