/* What goes on in the database, in one round trip of its own that waits for nobody: every question
 * goes in one message under short timeouts, those that could wait for a writer last. */
#include "database/activity_build.h"
#include "database/postgres/postgres.h"

#include <string.h>

#define RELATION_LOCKS_MAX 1000

/* ---- the questions --------------------------------------------------------------------------- */

#define MICROSECONDS(time)                                                                         \
    "(pg_catalog.date_part('epoch', " time                                                         \
    ") OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8::pg_catalog.text"

#define HERE                                                                                       \
    "(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"

/* Bounds what this message may wait for, and no other. */
static const char bounds_sql[] =
    "SET LOCAL lock_timeout = '100ms'; SET LOCAL statement_timeout = '3s'; ";

/* What is told of a session. */
enum {
    PID,
    USER,
    DATABASE,
    CLIENT,
    APPLICATION,
    STATE,
    WAIT_TYPE,
    WAIT_EVENT,
    QUERY,
    BACKEND_TYPE,
    BEGAN,
    TRANSACTION_SINCE,
    QUERY_SINCE,
    STATE_SINCE,
    MIGRATION_LOCK,
    WAITING_SINCE,
    BLOCKED_BY,
    BLOCKS,
    BLOCKS_SINCE,
};
static const struct {
    const char *sql;
    gboolean is_time;
} session_columns[] = {
    [PID] = {"s.pid", FALSE},
    [USER] = {"s.usename", FALSE},
    [DATABASE] = {"s.datname", FALSE},
    [CLIENT] = {"coalesce(s.client_hostname, pg_catalog.host(s.client_addr))", FALSE},
    [APPLICATION] = {"s.application_name", FALSE},
    [STATE] = {"s.state", FALSE},
    [WAIT_TYPE] = {"s.wait_event_type", FALSE},
    [WAIT_EVENT] = {"s.wait_event", FALSE},
    [QUERY] = {"pg_catalog.left(s.query, 1000)", FALSE},
    [BACKEND_TYPE] = {"s.backend_type", FALSE},
    [BEGAN] = {"s.backend_start", TRUE},
    [TRANSACTION_SINCE] = {"s.xact_start", TRUE},
    [QUERY_SINCE] = {"s.query_start", TRUE},
    [STATE_SINCE] = {"s.state_change", TRUE},
    [MIGRATION_LOCK] = {"s.held", FALSE},
    [WAITING_SINCE] = {"w.since", TRUE},
    [BLOCKED_BY] = {"pg_catalog.array_to_string(w.blockers, ',')", FALSE},
    [BLOCKS] = {"(SELECT pg_catalog.count(*) FROM w o WHERE s.pid = ANY (o.blockers))", FALSE},
    [BLOCKS_SINCE] = {"(SELECT pg_catalog.min(o.since) FROM w o WHERE s.pid = ANY (o.blockers))",
                      TRUE},
};

static char *migration_lock_condition(const struct postgres *postgres)
{
    GString *sql = g_string_new("l.locktype = 'advisory' AND l.database = " HERE " AND (");
    for (guint i = 0; i < postgres->lock_ids->len; i++)
        g_string_append_printf(sql, "l.classid = '0' AND l.objsubid = 1 AND l.objid = '%u' OR ",
                               g_array_index(postgres->lock_ids, guint32, i));
    guint32 own = postgres->lock_ids->len > 0 ? g_array_index(postgres->lock_ids, guint32, 0) : 0;
    g_string_append_printf(sql, "l.classid = '%d' AND l.objsubid = 2 AND l.objid = '%u')",
                           POSTGRES_OWN_LOCK_CLASS, own & 0x7fffffffu);
    return g_string_free(sql, FALSE);
}

static char *columns_sql(void)
{
    GString *sql = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(session_columns); i++)
        g_string_append_printf(sql, session_columns[i].is_time ? "%s" MICROSECONDS("%s") : "%s%s",
                               i > 0 ? ", " : "", session_columns[i].sql);
    return g_string_free(sql, FALSE);
}

/* pg_locks is read once. Only sessions that wait are asked who is in their way, and only where
 * there is a session to tell of, at most 64: that question locks the server's whole lock table. */
static char *sessions_sql(const struct postgres *postgres, gboolean runs_only)
{
    g_autofree char *condition = migration_lock_condition(postgres);
    g_autofree char *columns = columns_sql();
    const char *since = postgres->base.facts.version_number >= 140000
                            ? "pg_catalog.min(l.waitstart)"
                            : "NULL::pg_catalog.timestamptz";
    return g_strdup_printf(
        "WITH l AS MATERIALIZED (SELECT * FROM pg_catalog.pg_locks"
        "  WHERE NOT granted OR locktype = 'advisory'),"
        " m AS (SELECT l.pid, pg_catalog.bool_or(l.granted) AS held FROM l WHERE %s GROUP BY 1),"
        " s AS MATERIALIZED (SELECT a.*, m.held FROM pg_catalog.pg_stat_activity a"
        "  LEFT JOIN m USING (pid)"
        "  WHERE a.datname = pg_catalog.current_database() AND (%s)),"
        " q AS MATERIALIZED (SELECT l.pid, %s AS since FROM l"
        "  WHERE NOT l.granted AND EXISTS (SELECT FROM s) GROUP BY 1 ORDER BY 2, 1 LIMIT 64),"
        " w AS MATERIALIZED (SELECT q.pid, q.since,"
        "  pg_catalog.pg_blocking_pids(q.pid) AS blockers FROM q)"
        " SELECT %s FROM s LEFT JOIN w USING (pid) ORDER BY s.pid",
        condition,
        runs_only ? "m.pid IS NOT NULL OR a.application_name ~ '^winch [0-9a-f]{6} (up|down) '"
                  : "true",
        since, columns);
}

static char *progress_sql(const struct postgres *postgres)
{
    GString *sql = g_string_new(NULL);
    for (const struct progress_view *view = postgres_progress_views; view->name != NULL; view++)
        if (postgres->base.facts.version_number >= view->since)
            g_string_append_printf(
                sql,
                "%sSELECT pid, %s, %s, (%s)::pg_catalog.text, (%s)::pg_catalog.text"
                " FROM pg_catalog.pg_stat_progress_%s"
                " WHERE datname = pg_catalog.current_database()",
                sql->len > 0 ? " UNION ALL " : "", view->phase, view->unit, view->done, view->total,
                view->name);
    return g_string_free(sql, FALSE);
}

static char *literal_or_null(const char *text)
{
    return text != NULL ? postgres_literal(text) : g_strdup("NULL");
}

/* The clock, and whether the tables that were last seen to be there, or not, still are. */
static char *presence_sql(const struct postgres *postgres)
{
    g_autofree char *schema = literal_or_null(postgres->schema);
    g_autofree char *table = literal_or_null(postgres->table);
    g_autofree char *own = postgres_literal(postgres->own_schema);
    return g_strdup_printf(
        "SELECT " MICROSECONDS(
            "pg_catalog.clock_timestamp()") ", pg_catalog.bool_or(n.nspname = %s AND c.relname = "
                                            "%s),"
                                            " pg_catalog.bool_or(n.nspname = %s AND c.relname = "
                                            "'history')"
                                            " FROM pg_catalog.pg_namespace n JOIN "
                                            "pg_catalog.pg_class c ON c.relnamespace = n.oid"
                                            " WHERE n.nspname IN (%s, %s) AND c.relname IN (%s, "
                                            "'history')",
        schema, table, own, schema, own, table);
}

static char *history_sql(const struct postgres *postgres)
{
    g_autofree char *name = postgres_literal(postgres->table_name);
    g_autofree char *rows =
        postgres->can_read_chain
            ? g_strdup_printf("SELECT c.rows FROM %s.chain c WHERE c.version_table = %s",
                              postgres->own, name)
            : g_strdup_printf("SELECT pg_catalog.count(*) FROM %s.history h"
                              " WHERE h.version_table = %s",
                              postgres->own, name);
    return g_strdup_printf("SELECT coalesce((%s), 0), coalesce((SELECT h.id FROM %s.history h"
                           " WHERE h.version_table = %s ORDER BY h.id DESC LIMIT 1), 0)",
                           rows, postgres->own, name);
}

static gboolean reads_version(const struct postgres *postgres)
{
    return postgres->shape == VERSION_TABLE_GOLANG_MIGRATE ||
           postgres->shape == VERSION_TABLE_WINCH;
}

static gboolean reads_history(const struct postgres *postgres)
{
    return postgres->base.history == HISTORY_PRESENT || postgres->base.history == HISTORY_READ_ONLY;
}

static char *pulse_sql(const struct postgres *postgres)
{
    g_autofree char *sessions = sessions_sql(postgres, TRUE);
    g_autofree char *progress = progress_sql(postgres);
    g_autofree char *presence = presence_sql(postgres);
    GString *sql = g_string_new(bounds_sql);
    g_string_append_printf(sql, "%s; %s; %s", presence, sessions, progress);
    if (reads_version(postgres)) {
        g_autofree char *row = postgres_version_sql(postgres);
        g_string_append_printf(sql, "; %s", row);
    }
    if (reads_history(postgres)) {
        g_autofree char *history = history_sql(postgres);
        g_string_append_printf(sql, "; %s", history);
    }
    return g_string_free(sql, FALSE);
}

/* ---- the answers ----------------------------------------------------------------------------- */

static gint64 number_at(const PGresult *rows, int row, int column)
{
    return g_ascii_strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

static gboolean is_own(const struct postgres *postgres, int pid)
{
    return pid == postgres->base.facts.backend_pid ||
           (postgres->control != NULL && pid == PQbackendPID(postgres->control));
}

static void take_session(struct postgres *postgres, struct activity_builder *builder,
                         const PGresult *rows, int row)
{
    struct session *session = activity_builder_session(builder, (int)number_at(rows, row, PID));
    const struct {
        const char **field;
        int column;
    } texts[] = {
        {&session->user, USER},
        {&session->database, DATABASE},
        {&session->client, CLIENT},
        {&session->application, APPLICATION},
        {&session->state, STATE},
        {&session->wait_type, WAIT_TYPE},
        {&session->wait_event, WAIT_EVENT},
        {&session->query, QUERY},
        {&session->backend_type, BACKEND_TYPE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i].field = activity_builder_text(builder, PQgetvalue(rows, row, texts[i].column));
    session->is_hidden = g_str_equal(session->query, "<insufficient privilege>");
    if (session->is_hidden)
        session->query = "";
    session->began = number_at(rows, row, BEGAN);
    session->transaction_since = number_at(rows, row, TRANSACTION_SINCE);
    session->query_since = number_at(rows, row, QUERY_SINCE);
    session->state_since = number_at(rows, row, STATE_SINCE);
    session->waiting_since = number_at(rows, row, WAITING_SINCE);
    session->blocks = (guint)number_at(rows, row, BLOCKS);
    session->blocks_since = number_at(rows, row, BLOCKS_SINCE);
    session->is_own = is_own(postgres, session->pid);
    session->is_wraparound = g_str_equal(session->backend_type, "autovacuum worker") &&
                             g_str_has_suffix(session->query, "(to prevent wraparound)");
    if (!PQgetisnull(rows, row, MIGRATION_LOCK))
        session->migration_lock = *PQgetvalue(rows, row, MIGRATION_LOCK) == 't'
                                      ? MIGRATION_LOCK_HELD
                                      : MIGRATION_LOCK_WAITS;
    run_name_parse(session->application, &session->run);
    activity_builder_blocked_by(builder, session, PQgetvalue(rows, row, BLOCKED_BY));
}

static void take_progress(struct activity_builder *builder, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++)
        for (guint i = 0; i < builder->sessions->len; i++) {
            struct session *session = &g_array_index(builder->sessions, struct session, i);
            if (session->pid != number_at(rows, row, 0) || PQgetisnull(rows, row, 1))
                continue;
            session->progress.phase = activity_builder_text(builder, PQgetvalue(rows, row, 1));
            session->progress.unit = activity_builder_text(builder, PQgetvalue(rows, row, 2));
            session->progress.done = number_at(rows, row, 3);
            session->progress.total = number_at(rows, row, 4);
        }
}

static void take_sessions(struct postgres *postgres, struct activity_builder *builder,
                          const PGresult *rows, const PGresult *progress)
{
    for (int row = 0; row < PQntuples(rows); row++)
        take_session(postgres, builder, rows, row);
    take_progress(builder, progress);
}

static gboolean has_sqlstate(const GError *error, const char *sqlstate)
{
    const struct error_detail *detail = error != NULL ? error_detail(error) : NULL;
    return detail != NULL && g_str_equal(detail->sqlstate, sqlstate);
}

/* ---- pulse ----------------------------------------------------------------------------------- */

enum { PRESENCE, RUNS, PROGRESS, VERSION }; /* history behind them */

/* The tables are not what was last seen: created, dropped or changed since. */
static gboolean is_outdated(const struct postgres *postgres, const GPtrArray *results,
                            const GError *error)
{
    static const char *const gone[] = {"42P01", "42703", "3F000"};
    for (gsize i = 0; i < G_N_ELEMENTS(gone); i++)
        if (has_sqlstate(error, gone[i]))
            return TRUE;
    if (results->len <= PRESENCE)
        return FALSE;
    const PGresult *row = results->pdata[PRESENCE];
    gboolean has_version = *PQgetvalue(row, 0, 1) == 't';
    gboolean has_history = *PQgetvalue(row, 0, 2) == 't';
    return has_version != (postgres->shape != VERSION_TABLE_ABSENT) ||
           has_history != (postgres->base.history != HISTORY_ABSENT);
}

/* A version row or a history that cannot be read is told in the picture; all else is an error. */
static gboolean is_bearable(const GPtrArray *results, const GError *error)
{
    return error == NULL || (results->len >= VERSION && !error_is(error, ERROR_NO_CONNECTION) &&
                             error_detail(error) != NULL && *error_detail(error)->sqlstate != '\0');
}

static struct pulse *pulse_of(struct postgres *postgres, const GPtrArray *results,
                              const GError *error)
{
    struct activity_builder builder;
    struct version_state state = {.kind = postgres->shape, .version = -1};
    guint next = VERSION;
    if (reads_version(postgres) && results->len > next)
        postgres_version_fill(postgres, results->pdata[next], &state);
    else if (postgres->shape == VERSION_TABLE_FOREIGN)
        state.problem = postgres->shape_problem;
    gboolean lacks_version = reads_version(postgres) && results->len <= next;
    if (lacks_version && !has_sqlstate(error, "55P03"))
        state.problem = error != NULL ? error->message : NULL;
    next += reads_version(postgres) ? 1 : 0;
    activity_builder_init(&builder);
    take_sessions(postgres, &builder, results->pdata[RUNS], results->pdata[PROGRESS]);
    struct pulse *pulse = activity_builder_pulse(&builder, &state);
    pulse->taken_at = number_at(results->pdata[PRESENCE], 0, 0);
    pulse->is_version_locked = lacks_version && has_sqlstate(error, "55P03");
    if (reads_history(postgres) && results->len > next) {
        pulse->history_rows = number_at(results->pdata[next], 0, 0);
        pulse->history_last_id = number_at(results->pdata[next], 0, 1);
    }
    return pulse;
}

struct pulse *postgres_pulse(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    gint64 started = g_get_monotonic_time();
    for (int turn = 0;; turn++) {
        g_autoptr(GError) why = NULL;
        g_autofree char *sql = pulse_sql(postgres);
        g_autoptr(GPtrArray) results = postgres_query_several(postgres, postgres->main, sql, &why);
        if (turn == 0 && is_outdated(postgres, results, why)) {
            if (!postgres_look_again(postgres, error))
                return NULL;
            continue;
        }
        if (!is_bearable(results, why)) {
            g_propagate_prefixed_error(error, g_steal_pointer(&why), "taking the pulse: ");
            return NULL;
        }
        struct pulse *pulse = pulse_of(postgres, results, why);
        pulse->elapsed_us = g_get_monotonic_time() - started;
        return pulse;
    }
}

/* ---- activity -------------------------------------------------------------------------------- */

static char *relation_locks_sql(const struct postgres *postgres)
{
    return g_strdup_printf(
        "SELECT l.pid, CASE WHEN c.oid IS NOT NULL THEN pg_catalog.concat(n.nspname, '.', "
        "c.relname) END,"
        " l.mode, l.granted, %s"
        " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation"
        " LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE l.locktype = 'relation' AND l.database = " HERE
        " AND l.pid IS NOT NULL AND l.relation >= '16384'"
        " AND (n.nspname IS NULL OR n.nspname <> 'pg_toast')"
        " ORDER BY l.granted, l.pid, 2, 3 LIMIT %d",
        postgres->base.facts.version_number >= 140000 ? MICROSECONDS("l.waitstart") : "NULL",
        RELATION_LOCKS_MAX + 1);
}

static char *activity_sql(const struct postgres *postgres)
{
    g_autofree char *sessions = sessions_sql(postgres, FALSE);
    g_autofree char *progress = progress_sql(postgres);
    g_autofree char *locks = relation_locks_sql(postgres);
    return g_strconcat(
        bounds_sql, "SELECT ", MICROSECONDS("pg_catalog.clock_timestamp()"), "; ", sessions, "; ",
        progress, "; ", locks,
        "; SELECT gid, owner, " MICROSECONDS(
            "prepared") " FROM pg_catalog.pg_prepared_xacts"
                        " WHERE database = pg_catalog.current_database() ORDER BY prepared, gid",
        NULL);
}

static gboolean take_relation_locks(struct activity_builder *builder, const PGresult *rows)
{
    for (int row = 0; row < MIN(PQntuples(rows), RELATION_LOCKS_MAX); row++) {
        struct relation_lock lock = {
            .pid = (int)number_at(rows, row, 0),
            .relation = activity_builder_text(builder, PQgetvalue(rows, row, 1)),
            .mode = activity_builder_text(builder, PQgetvalue(rows, row, 2)),
            .is_granted = *PQgetvalue(rows, row, 3) == 't',
            .since = number_at(rows, row, 4),
        };
        g_array_append_val(builder->locks, lock);
    }
    return PQntuples(rows) > RELATION_LOCKS_MAX;
}

static void take_prepared(struct activity_builder *builder, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        struct prepared_transaction prepared = {
            .gid = activity_builder_text(builder, PQgetvalue(rows, row, 0)),
            .owner = activity_builder_text(builder, PQgetvalue(rows, row, 1)),
            .prepared_at = number_at(rows, row, 2),
        };
        g_array_append_val(builder->prepared, prepared);
    }
}

struct activity *postgres_activity(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    struct activity_builder builder;
    gint64 started = g_get_monotonic_time();
    g_autoptr(GError) why = NULL;
    g_autofree char *sql = activity_sql(postgres);
    g_autoptr(GPtrArray) results = postgres_query_several(postgres, postgres->main, sql, &why);
    if (why != NULL) {
        g_propagate_prefixed_error(error, g_steal_pointer(&why), "looking at the sessions: ");
        return NULL;
    }
    activity_builder_init(&builder);
    take_sessions(postgres, &builder, results->pdata[1], results->pdata[2]);
    gboolean is_cut = take_relation_locks(&builder, results->pdata[3]);
    take_prepared(&builder, results->pdata[4]);
    struct activity *activity = activity_builder_activity(&builder);
    activity->taken_at = number_at(results->pdata[0], 0, 0);
    activity->is_cut = is_cut;
    activity->elapsed_us = g_get_monotonic_time() - started;
    return activity;
}

gboolean postgres_session_end(struct database *database, int pid, gint64 began, gboolean terminates,
                              gboolean *was_told, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *number = g_strdup_printf("%d", pid);
    g_autofree char *since = g_strdup_printf("%" G_GINT64_FORMAT, began);
    const char *parameters[] = {number, since};
    const char *sql =
        terminates ? "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
                     "WHERE pid = $1::pg_catalog.int4 AND " MICROSECONDS("backend_start") " = $2"
                   : "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity "
                     "WHERE pid = $1::pg_catalog.int4 AND " MICROSECONDS("backend_start") " = $2";
    AUTORESULT *result = postgres_query(postgres, postgres->main, sql, 2, parameters, error);
    if (result == NULL) {
        g_prefix_error(error, "ending session %d: ", pid);
        return FALSE;
    }
    *was_told = PQntuples(result) == 1 && *PQgetvalue(result, 0, 0) == 't';
    return TRUE;
}
