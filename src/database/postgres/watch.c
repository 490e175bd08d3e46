/* A look from the control connection at a statement that takes long: who is in its way, and how
 * far the server says it is. */
#include "database/postgres/run_internal.h"

#include "base/duration.h"

#define LONG G_USEC_PER_SEC /* a statement is left alone so long, and between two looks */

/* ---- the question --------------------------------------------------------------------------- */

#define BLOCKERS_SQL                                                                               \
    "SELECT 'b', p.pid::text, a.usename::text, pg_catalog.host(a.client_addr), "                   \
    "a.application_name, a.state, (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - "  \
    "COALESCE(a.state_change, a.xact_start)) * 1000000)::bigint::text, "                           \
    "pg_catalog.left(a.query, 200) "                                                               \
    "FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1::int)) AS p (pid) "                     \
    "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid"

static char *watch_sql(const struct postgres *postgres)
{
    GString *sql = g_string_new(BLOCKERS_SQL);
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

/* "pid 123 app@10.0.0.3 psql, idle in transaction for 4m31s: UPDATE ..." */
static char *describe_blocker(const PGresult *rows, int row)
{
#define FIELD(column) PQgetvalue(rows, row, column)
    if (g_str_equal(FIELD(PID), "0"))
        return g_strdup("a prepared transaction (see pg_prepared_xacts)");
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "pid %s", FIELD(PID));
    if (*FIELD(USER) != '\0')
        g_string_append_printf(text, " %s@%s", FIELD(USER),
                               *FIELD(CLIENT) != '\0' ? FIELD(CLIENT) : "local");
    if (*FIELD(APPLICATION) != '\0')
        g_string_append_printf(text, " %s", FIELD(APPLICATION));
    if (*FIELD(STATE) != '\0') {
        g_autofree char *since = duration_format(g_ascii_strtoll(FIELD(SINCE), NULL, 10));
        g_string_append_printf(text, ", %s for %s: %s", FIELD(STATE), since, FIELD(QUERY));
    }
    return g_string_free(text, FALSE);
#undef FIELD
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

static void take_answer(struct postgres_run *run, const PGresult *rows)
{
    int blockers = 0;
    g_clear_pointer(&run->blocker, g_free);
    for (int row = 0; row < PQntuples(rows); row++) {
        if (*PQgetvalue(rows, row, KIND) == 'p')
            take_progress(run, rows, row);
        else if (blockers++ == 0)
            run->blocker = describe_blocker(rows, row);
    }
    if (blockers > 1) {
        char *first = run->blocker;
        run->blocker = g_strdup_printf("%s (and %d more)", first, blockers - 1);
        g_free(first);
    }
    if (blockers > 0)
        run_event(run, RUN_EVENT_BLOCKED, run->blocker);
}

void watch_step(struct postgres_run *run)
{
    gint64 now = g_get_monotonic_time();
    if (now - run->looked < LONG && !run->control.is_asking && run->control.connecting == NULL)
        return;
    if (!control_step(run) || now - run->looked < LONG)
        return;
    char pid[16];
    g_autofree char *sql = watch_sql(run->postgres);
    g_snprintf(pid, sizeof pid, "%d", PQbackendPID(run->postgres->main));
    control_ask(run, sql, pid, take_answer);
    run->looked = now;
}
