/* Owners of tables, lag of replicas, the time. */
#include "database/postgres/postgres.h"

/* Without pg_monitor rows are seen and most of their columns are NULL (manual, section 28.2.4). */
static const char circumstances_sql[] =
    "SELECT t.tables, t.others, r.replicas, r.sees, r.lag,"
    " (SELECT coalesce(nullif(s.application_name, ''), 'one') FROM pg_catalog.pg_stat_replication s"
    "  WHERE s.state <> 'streaming' OR s.replay_lag > '10 seconds' ORDER BY s.pid LIMIT 1),"
    " (SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::pg_catalog.text, ', ')"
    "  FROM pg_catalog.pg_class c WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')"
    "  AND c.oid IN (SELECT pg_catalog.to_regclass(v.name)::pg_catalog.oid"
    "   FROM (VALUES %s) AS v(name)))"
    " FROM (SELECT pg_catalog.count(*) AS tables, pg_catalog.count(*) FILTER (WHERE NOT"
    "   pg_catalog.pg_has_role(c.relowner, 'USAGE')) AS others"
    "  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')) t,"
    " (SELECT pg_catalog.count(*) AS replicas,"
    "   coalesce(pg_catalog.bool_and(s.state IS NOT NULL), true) AS sees,"
    "   coalesce((pg_catalog.date_part('epoch', pg_catalog.max(s.replay_lag))"
    "    OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8, 0) AS lag"
    "  FROM pg_catalog.pg_stat_replication s) r";

static gint64 number_at(const PGresult *result, int column)
{
    return g_ascii_strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

/* ('public.orders'), ('orders'); a row without a name where there is none. */
static char *values_of(const GPtrArray *names)
{
    GString *values = g_string_new(names->len == 0 ? "(NULL::pg_catalog.text)" : NULL);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *name = postgres_literal(names->pdata[i]);
        g_string_append_printf(values, "%s(%s::pg_catalog.text)", i > 0 ? ", " : "", name);
    }
    return g_string_free(values, FALSE);
}

static char *text_at(const PGresult *result, int column)
{
    return PQgetisnull(result, 0, column) ? NULL : g_strdup(PQgetvalue(result, 0, column));
}

gboolean postgres_circumstances(struct database *database, const GPtrArray *needed,
                                struct circumstances *circumstances, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    const char *const parameters[] = {postgres->schema};
    g_autofree char *values = values_of(needed);
    g_autofree char *sql = g_strdup_printf(circumstances_sql, values);
    AUTORESULT *result = postgres_query(postgres, postgres->main, sql, 1, parameters, error);
    if (result == NULL)
        return FALSE;
    *circumstances = (struct circumstances){
        .tables = (guint)number_at(result, 0),
        .tables_of_others = (guint)number_at(result, 1),
        .replicas = (guint)number_at(result, 2),
        .sees_replicas = *PQgetvalue(result, 0, 3) == 't',
        .lag_us = number_at(result, 4),
        .lagging_replica = text_at(result, 5),
        .needed_of_others = text_at(result, 6),
    };
    return TRUE;
}

gboolean postgres_clock(struct database *database, gint64 *now, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    AUTORESULT *result =
        postgres_query(postgres, postgres->main,
                       "SELECT (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())"
                       " * 1000000)::pg_catalog.int8",
                       0, NULL, error);
    if (result == NULL)
        return FALSE;
    *now = number_at(result, 0);
    return TRUE;
}
