/* The one row that golang-migrate keeps: reading it without being in anyone's way, writing it as
 * golang-migrate would. */
#include "database/postgres/postgres.h"

#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

static gboolean state_foreign(struct postgres *postgres, struct version_state *state,
                              const char *problem)
{
    g_free(postgres->problem);
    postgres->problem = g_strdup(problem);
    state->kind = VERSION_TABLE_FOREIGN;
    state->problem = postgres->problem;
    return TRUE;
}

gboolean postgres_version_fill(struct postgres *postgres, const PGresult *result,
                               struct version_state *state)
{
    if (PQntuples(result) == 0)
        return TRUE;
    g_autofree char *problem = NULL;
    const char *text = PQgetvalue(result, 0, 0);
    gint64 version = -1;
    if (PQntuples(result) > 1)
        problem =
            g_strdup_printf("%s has more than one row, so it is another tool's or was edited; "
                            "leave one row in it, or keep winch's version in another table "
                            "(version_table)",
                            postgres->table_name);
    else if (PQgetisnull(result, 0, 1) ||
             !g_ascii_string_to_signed(text, 10, -1, G_MAXINT64, &version, NULL))
        problem = g_strdup_printf("%s holds (%s, %s), which is no version that golang-migrate or "
                                  "winch wrote; correct the row",
                                  postgres->table_name, text,
                                  PQgetisnull(result, 0, 1) ? "NULL" : PQgetvalue(result, 0, 1));
    if (problem != NULL)
        return state_foreign(postgres, state, problem);
    state->version = version;
    state->is_dirty = *PQgetvalue(result, 0, 1) == 't';
    state->applied_at = g_ascii_strtoll(PQgetvalue(result, 0, 2), NULL, 10);
    return TRUE;
}

/* Who keeps everyone from even reading: golang-migrate's TRUNCATE, or an open transaction. */
static void advise_blocker(struct postgres *postgres, GError **error)
{
    static const char sql[] =
        "SELECT l.pid, coalesce(a.usename::pg_catalog.text, '?'),"
        " coalesce(a.application_name, '') FROM pg_catalog.pg_locks l"
        " LEFT JOIN pg_catalog.pg_stat_activity a USING (pid) WHERE l.granted"
        " AND l.mode = 'AccessExclusiveLock' AND l.relation = (SELECT c.oid"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2) LIMIT 1";
    const char *const parameters[] = {postgres->schema, postgres->table};
    AUTORESULT *result = postgres_query(postgres, postgres->main, sql, 2, parameters, NULL);
    if (result != NULL && PQntuples(result) == 1)
        error_advise(error,
                     "process %s (user %s, application \"%s\") has it locked: a migration "
                     "is being written, or a transaction was left open",
                     PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2));
}

char *postgres_version_sql(const struct postgres *postgres)
{
    /* Times are read as double precision, exact to the microsecond until well after 2100. */
    return g_strdup_printf(
        "SELECT version::pg_catalog.text, dirty::pg_catalog.text, %s FROM %s LIMIT 2",
        postgres->has_applied_at ? "CASE WHEN pg_catalog.isfinite(applied_at) THEN"
                                   " (pg_catalog.date_part('epoch', applied_at) "
                                   "OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8 END"
                                 : "NULL",
        postgres->version_table);
}

static PGresult *row_query(struct postgres *postgres, GError **error)
{
    /* A lock on the table is TRUNCATE's or an ALTER's: looking never waits long behind it. */
    g_autofree char *row = postgres_version_sql(postgres);
    g_autofree char *sql = g_strconcat("SET LOCAL lock_timeout = '5s'; ", row, NULL);
    return postgres_query_simple(postgres, postgres->main, sql, error);
}

static gboolean has_sqlstate(const GError *error, const char *sqlstate)
{
    const struct error_detail *detail = error_detail(error);
    return detail != NULL && g_str_equal(detail->sqlstate, sqlstate);
}

/* The table was dropped, or given other columns, since it was looked at. */
static gboolean is_outdated(const GError *error)
{
    return has_sqlstate(error, "42P01") || has_sqlstate(error, "42703") ||
           has_sqlstate(error, "3F000");
}

static gboolean state_read(struct postgres *postgres, struct version_state *state, GError **error)
{
    *state = (struct version_state){.kind = postgres->shape, .version = -1};
    if (postgres->shape == VERSION_TABLE_ABSENT)
        return TRUE;
    if (postgres->shape == VERSION_TABLE_FOREIGN)
        return state_foreign(postgres, state, postgres->shape_problem);
    AUTORESULT *result = row_query(postgres, error);
    return result != NULL && postgres_version_fill(postgres, result, state);
}

gboolean postgres_version_read(struct database *database, struct version_state *state,
                               GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autoptr(GError) why = NULL;
    if (postgres->shape == VERSION_TABLE_ABSENT && !postgres_look_again(postgres, error))
        return FALSE;
    if (state_read(postgres, state, &why))
        return TRUE;
    if (is_outdated(why) && PQtransactionStatus(postgres->main) == PQTRANS_IDLE) {
        g_clear_error(&why);
        if (postgres_look_again(postgres, &why) && state_read(postgres, state, &why))
            return TRUE;
    }
    if (has_sqlstate(why, "55P03"))
        advise_blocker(postgres, &why);
    if (has_sqlstate(why, "42501"))
        error_advise(&why, "GRANT SELECT ON %s TO %s", postgres->version_table,
                     database->facts.user);
    g_propagate_prefixed_error(error, g_steal_pointer(&why), "reading %s: ", postgres->table_name);
    return FALSE;
}

/* ---- writing --------------------------------------------------------------------------------- */

gboolean postgres_version_send(struct postgres *postgres, gint64 version, gboolean is_dirty,
                               guint *messages)
{
    g_autofree char *clear =
        g_strconcat(postgres->base.facts.clears_with_truncate ? "TRUNCATE " : "DELETE FROM ",
                    postgres->version_table, NULL);
    if (!postgres_send_own(postgres, clear, 0, NULL, NULL, NULL, messages))
        return FALSE;
    if (version < 0 && !is_dirty)
        return TRUE;
    char number[24];
    g_snprintf(number, sizeof number, "%" G_GINT64_FORMAT, version);
    const char *const values[] = {number, is_dirty ? "true" : "false"};
    g_autofree char *insert = g_strconcat("INSERT INTO ", postgres->version_table,
                                          " (version, dirty) VALUES ($1, $2)", NULL);
    return postgres_send_own(postgres, insert, 2, values, NULL, NULL, messages);
}

gboolean postgres_force(struct database *database, gint64 version, struct history_record *record,
                        GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    guint messages;
    if (!postgres_small_begin(postgres, &messages, error))
        return FALSE;
    postgres_version_send(postgres, version, FALSE, &messages);
    if (record != NULL)
        postgres_history_send(postgres, record, &messages);
    AUTORESULT *result = postgres_small_commit(postgres, messages, error);
    if (result == NULL) {
        g_prefix_error(error, "writing %s: ", postgres->table_name);
        return FALSE;
    }
    if (record != NULL)
        postgres_history_stamp(record, result);
    return TRUE;
}
