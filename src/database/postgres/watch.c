/* A look from the control connection at a statement that takes long: who is in its way, who waits
 * for it, and how far the server says it is. */
#include "database/postgres/run_internal.h"

#include "base/duration.h"

#define LONG G_USEC_PER_SEC /* a statement is left alone so long, and between two looks */

/* ---- the question --------------------------------------------------------------------------- */

#define AGE(time)                                                                                  \
    "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - " time                          \
    ") OPERATOR(pg_catalog.*) 1000000)::bigint::text"

#define BLOCKERS_SQL                                                                               \
    "SELECT 'b', p.pid::text, a.usename::text, pg_catalog.host(a.client_addr), "                   \
    "a.application_name, a.state, " AGE(                                                           \
        "COALESCE(a.state_change, a.xact_start)") ", "                                             \
                                                  "pg_catalog.left(a.query, 200) "                 \
                                                  "FROM "                                          \
                                                  "pg_catalog.unnest(pg_catalog.pg_blocking_pids(" \
                                                  "$1::int)) AS p (pid) "                          \
                                                  "LEFT JOIN pg_catalog.pg_stat_activity a ON "    \
                                                  "a.pid = p.pid"

/* Who waits for a lock on something that we have, or want, a lock on is asked whether it is us it
 * waits for; mostly nobody is. The locks are read once. */
#define LOCKS_SQL "WITH l AS MATERIALIZED (SELECT * FROM pg_catalog.pg_locks) "
#define WAITERS_SQL                                                                                \
    " UNION ALL (SELECT 'w', w.pid::text, a.usename::text, pg_catalog.host(a.client_addr), "       \
    "a.application_name, a.state, " AGE(                                                           \
        "COALESCE(w.since, a.query_start)") ", "                                                   \
                                            "pg_catalog.left(a.query, 200) FROM "                  \
                                            "(SELECT l.pid, %s AS since FROM l WHERE NOT "         \
                                            "l.granted AND l.pid <> $1::int AND EXISTS "           \
                                            "(SELECT FROM l o WHERE o.pid = $1::int AND "          \
                                            "(o.locktype, o.database, o.relation, o.page, "        \
                                            "o.tuple, o.virtualxid, o.transactionid, o.classid, "  \
                                            "o.objid, o.objsubid) IS NOT DISTINCT "                \
                                            "FROM (l.locktype, l.database, l.relation, l.page, "   \
                                            "l.tuple, l.virtualxid, l.transactionid, "             \
                                            "l.classid, l.objid, l.objsubid)) GROUP BY 1 ORDER "   \
                                            "BY 2, 1 LIMIT 64) w "                                 \
                                            "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = "  \
                                            "w.pid "                                               \
                                            "WHERE $1::int = ANY "                                 \
                                            "(pg_catalog.pg_blocking_pids(w.pid)) "                \
                                            "ORDER BY COALESCE(w.since, a.query_start), w.pid)"

/* Since when we wait ourselves: servers from 14 on tell that, to every role. */
#define WAITED_SQL                                                                                 \
    " UNION ALL SELECT 'i', " AGE(                                                                 \
        "pg_catalog.min(l.waitstart)") ", NULL, NULL, NULL, NULL, NULL, "                          \
                                       "NULL FROM l WHERE l.pid = $1::int AND NOT l.granted"

static char *watch_sql(const struct postgres *postgres)
{
    GString *sql = g_string_new(LOCKS_SQL BLOCKERS_SQL);
    gboolean tells_wait = postgres->base.facts.version_number >= 140000;
    g_string_append_printf(sql, WAITERS_SQL,
                           tells_wait ? "pg_catalog.min(l.waitstart)" : "NULL::timestamptz");
    g_string_append(sql, tells_wait ? WAITED_SQL : "");
    for (const struct progress_view *view = postgres_progress_views; view->name != NULL; view++)
        if (postgres->base.facts.version_number >= view->since)
            g_string_append_printf(
                sql,
                " UNION ALL SELECT 'p', %s, (%s)::text, (%s)::text, NULL, NULL, NULL, NULL "
                "FROM pg_catalog.pg_stat_progress_%s WHERE pid = $1::int",
                view->phase, view->done, view->total, view->name);
    return g_string_free(sql, FALSE);
}

/* ---- the answer ----------------------------------------------------------------------------- */

enum { KIND, PID, USER, CLIENT, APPLICATION, STATE, SINCE, QUERY };
enum { PHASE = 1, DONE, TOTAL };
enum { WAITED = 1 };

static const char *visible(const char *text)
{
    return g_str_equal(text, "<insufficient privilege>") ? "" : text;
}

static struct run_session session_at(const PGresult *rows, int row)
{
    return (struct run_session){
        .pid = (int)g_ascii_strtoll(PQgetvalue(rows, row, PID), NULL, 10),
        .user = PQgetvalue(rows, row, USER),
        .client = PQgetvalue(rows, row, CLIENT),
        .application = PQgetvalue(rows, row, APPLICATION),
        .state = PQgetvalue(rows, row, STATE),
        .query = visible(PQgetvalue(rows, row, QUERY)),
        .waited_us = g_ascii_strtoll(PQgetvalue(rows, row, SINCE), NULL, 10),
    };
}

/* Those of this kind, in the order the server gave them. */
struct others {
    struct run_session named[RUN_SESSIONS_MAX];
    guint count, total;
};

static void add_other(struct others *others, const PGresult *rows, int row)
{
    if (others->count < RUN_SESSIONS_MAX)
        others->named[others->count++] = session_at(rows, row);
    others->total++;
}

/* "pid 123 app@10.0.0.3 psql, idle in transaction for 4m31s: UPDATE ..." */
static char *describe(const struct run_session *session)
{
    if (session->pid == 0)
        return g_strdup("a prepared transaction (see pg_prepared_xacts)");
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "pid %d", session->pid);
    if (*session->user != '\0')
        g_string_append_printf(text, " %s@%s", session->user,
                               *session->client != '\0' ? session->client : "local");
    if (*session->application != '\0')
        g_string_append_printf(text, " %s", session->application);
    if (*session->state != '\0') {
        g_autofree char *since = duration_format(session->waited_us);
        g_string_append_printf(text, ", %s for %s: %s", session->state, since, session->query);
    }
    return g_string_free(text, FALSE);
}

/* "pid 123 ... (and 2 more)" */
static char *describe_blockers(const struct others *others)
{
    g_autofree char *first = describe(&others->named[0]);
    if (others->total == 1)
        return g_steal_pointer(&first);
    return g_strdup_printf("%s (and %u more)", first, others->total - 1);
}

/* "3 sessions wait for this, 2.1 s the longest: pid 123 ..." */
static char *describe_waiters(const struct others *others)
{
    if (others->total == 0)
        return g_strdup("nobody waits for this any more");
    g_autofree char *waited = duration_format(others->named[0].waited_us);
    g_autofree char *first = describe(&others->named[0]);
    return g_strdup_printf("%u %s for this, %s the longest: %s", others->total,
                           others->total == 1 ? "session waits" : "sessions wait", waited, first);
}

static void tell_others(struct postgres_run *run, enum run_event_kind kind,
                        const struct others *others, const char *text)
{
    struct run_event event = {.kind = kind, .rows = -1, .statement = run->statement};
    event.text = text;
    event.elapsed_us = g_get_monotonic_time() - run->statement_started;
    event.sessions = others->named;
    event.session_count = others->count;
    event.session_total = others->total;
    if (run->job->on_event != NULL)
        run->job->on_event(&event, run->job->event_data);
}

static void take_progress(struct postgres_run *run, const PGresult *rows, int row)
{
    struct run_event event = {.kind = RUN_EVENT_PROGRESS, .rows = -1, .statement = run->statement};
    event.text = PQgetvalue(rows, row, PHASE);
    event.done = g_ascii_strtoll(PQgetvalue(rows, row, DONE), NULL, 10);
    event.total = g_ascii_strtoll(PQgetvalue(rows, row, TOTAL), NULL, 10);
    event.elapsed_us = g_get_monotonic_time() - run->statement_started;
    if (run->job->on_event != NULL)
        run->job->on_event(&event, run->job->event_data);
}

/* The longest wait of ours that any look saw. None at this look is one of 0; a server that does not
 * tell leaves it unmeasured. */
static void take_wait(struct postgres_run *run, const PGresult *rows, int row)
{
    struct impact *impact = &run->result->impact;
    gint64 waited = PQgetisnull(rows, row, WAITED)
                        ? 0
                        : g_ascii_strtoll(PQgetvalue(rows, row, WAITED), NULL, 10);
    impact->longest_wait_us = MAX(impact->longest_wait_us, waited);
}

static void take_row(struct postgres_run *run, struct others *blockers, struct others *waiters,
                     const PGresult *rows, int row)
{
    switch (*PQgetvalue(rows, row, KIND)) {
    case 'p':
        take_progress(run, rows, row);
        break;
    case 'i':
        take_wait(run, rows, row);
        break;
    case 'b':
        add_other(blockers, rows, row);
        break;
    default:
        add_other(waiters, rows, row);
        break;
    }
}

static void take_answer(struct postgres_run *run, const PGresult *rows)
{
    struct others blockers = {.count = 0}, waiters = {.count = 0};
    g_clear_pointer(&run->blocker, g_free);
    for (int row = 0; row < PQntuples(rows); row++)
        take_row(run, &blockers, &waiters, rows, row);
    run->result->impact.sessions_blocked =
        MAX(run->result->impact.sessions_blocked, (gint64)waiters.total);
    if (blockers.total > 0) {
        run->blocker = describe_blockers(&blockers);
        tell_others(run, RUN_EVENT_BLOCKED, &blockers, run->blocker);
    }
    if (waiters.total > 0 || run->has_waiters) {
        g_autofree char *text = describe_waiters(&waiters);
        tell_others(run, RUN_EVENT_BLOCKING, &waiters, text);
    }
    run->has_waiters = waiters.total > 0;
}

void watch_step(struct postgres_run *run)
{
    gint64 now = g_get_monotonic_time();
    if (now - run->looked < LONG && !run->channel->control.is_asking &&
        run->channel->control.connecting == NULL)
        return;
    if (!control_step(run) || now - run->looked < LONG)
        return;
    char pid[16];
    g_autofree char *sql = watch_sql(run->postgres);
    g_snprintf(pid, sizeof pid, "%d", PQbackendPID(run->postgres->main));
    control_ask(run, sql, pid, take_answer);
    run->looked = now;
}
