/* After the connection was lost: what is true of the database. First a new connection to the same
 * server, then the old backend has to have ended, and only then is anything believed. */
#include "database/postgres/run_internal.h"

#include <string.h>

#define PATIENCE                                                                                   \
    (30 * G_USEC_PER_SEC) /* with a server that is starting, or a backend that ends                \
                           */
#define PAUSE   200       /* milliseconds between attempts */
#define ATTEMPT 10000     /* milliseconds for one attempt to connect */

/* ---- by what server and backend are known again --------------------------------------------- */

#define START_SQL                                                                                  \
    "(pg_catalog.date_part('epoch', backend_start) OPERATOR(pg_catalog.*) "                        \
    "1000000)::pg_catalog.int8"

/* The timeline is that of the file being written: the control file's may lag behind. */
#define TIMELINE_SQL                                                                               \
    "CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.left("                           \
    "pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) END"

gboolean settle_prepare(struct postgres_run *run)
{
    struct postgres *postgres = run->postgres;
    if (postgres->noted_pid != 0 && postgres->noted_pid == PQbackendPID(postgres->main))
        return TRUE;
    g_autoptr(GError) error = NULL;
    AUTORESULT *row =
        postgres_query(postgres, postgres->main,
                       "SELECT " START_SQL ", " TIMELINE_SQL
                       ", EXISTS (SELECT FROM pg_catalog.pg_event_trigger) FROM "
                       "pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()",
                       0, NULL, &error);
    if (row != NULL && PQntuples(row) == 1) {
        g_strlcpy(postgres->backend_start, PQgetvalue(row, 0, 0), sizeof postgres->backend_start);
        g_strlcpy(postgres->timeline, PQgetvalue(row, 0, 1), sizeof postgres->timeline);
        postgres->may_have_event_triggers = *PQgetvalue(row, 0, 2) != 'f';
        postgres->noted_pid = PQbackendPID(postgres->main);
    }
    if (PQstatus(postgres->main) != CONNECTION_BAD)
        return TRUE;
    run->channel->is_lost = TRUE;
    if (error != NULL)
        run->error = g_steal_pointer(&error);
    return FALSE;
}

/* ---- connecting again ----------------------------------------------------------------------- */

/* A person who asks again while we settle has waited enough. */
static gboolean is_given_up(struct postgres_run *run, gint milliseconds)
{
    if (run->channel->cancellation == NULL) {
        g_usleep((gulong)milliseconds * 1000);
        return FALSE;
    }
    GPollFD fd = {.fd = cancellation_fd(run->channel->cancellation), .events = G_IO_IN};
    if (g_poll(&fd, 1, milliseconds) <= 0)
        return FALSE;
    return cancellation_seen(run->channel->cancellation) >= CANCEL_NOW;
}

static gboolean reconnect(struct postgres_run *run, GError **error)
{
    struct postgres *postgres = run->postgres;
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    gint64 timeout = postgres->connect_timeout;
    gboolean is_there = FALSE;
    postgres->connect_timeout = timeout > 0 ? MIN(timeout, ATTEMPT) : ATTEMPT;
    do {
        g_clear_error(error);
        is_there = postgres_reconnect(postgres, error);
        if (is_there && postgres->base.facts.is_standby) {
            is_there = FALSE;
            error_set(error, ERROR_NO_CONNECTION, "the server is a standby now");
        }
    } while (!is_there && g_get_monotonic_time() < deadline && !is_given_up(run, PAUSE));
    postgres->connect_timeout = timeout;
    return is_there;
}

/* A clone, a restored backup or a promoted standby tells nothing of the server that was lost. */
static const char *other_server(struct postgres_run *run)
{
    struct postgres *postgres = run->postgres;
    const char *identifier = postgres->base.facts.system_identifier;
    AUTORESULT *row =
        postgres_query(postgres, postgres->main, "SELECT " TIMELINE_SQL, 0, NULL, NULL);
    if (row == NULL)
        return "the server could not be identified";
    if (postgres->timeline[0] != '\0' && !g_str_equal(postgres->timeline, PQgetvalue(row, 0, 0)))
        return "another server was promoted meanwhile (its timeline differs)";
    if (identifier == NULL || *identifier == '\0')
        return NULL;
    AUTORESULT *system = postgres_query(
        postgres, postgres->main, "SELECT system_identifier FROM pg_catalog.pg_control_system()", 0,
        NULL, NULL);
    if (PQntuples(system) == 1 && !g_str_equal(identifier, PQgetvalue(system, 0, 0)))
        return "another server answers now (its system identifier differs)";
    return NULL;
}

/* ---- the old backend ------------------------------------------------------------------------ */

/* 1 gone, 0 still there (and told to go, when it surely is the one), -1 not to be found out. */
static int look_for_backend(struct postgres_run *run, int pid, gboolean is_noted)
{
    char number[16];
    struct postgres *postgres = run->postgres;
    g_snprintf(number, sizeof number, "%d", pid);
    const char *const parameters[] = {number, is_noted ? postgres->backend_start : NULL};
    AUTORESULT *rows = postgres_query(
        postgres, postgres->main,
        "SELECT CASE WHEN $2::int8 IS NOT NULL THEN pg_catalog.pg_terminate_backend(pid) END "
        "FROM pg_catalog.pg_stat_activity WHERE pid = $1::int AND datname = "
        "pg_catalog.current_database() AND (backend_start IS NULL OR $2::int8 IS NULL OR $2::int8 "
        "= " START_SQL ")",
        2, parameters, NULL);
    if (rows == NULL)
        return -1;
    return PQntuples(rows) == 0;
}

static gboolean wait_for_backend(struct postgres_run *run, int pid, gboolean is_noted)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    int gone;
    while ((gone = look_for_backend(run, pid, is_noted)) == 0)
        if (g_get_monotonic_time() > deadline || is_given_up(run, 50))
            return FALSE;
    return gone > 0;
}

/* ---- the truth ------------------------------------------------------------------------------ */

enum verdict { VERDICT_COMMITTED, VERDICT_ROLLED_BACK, VERDICT_DIRTY, VERDICT_UNKNOWN };

static gboolean has_history(const struct postgres_run *run)
{
    return run->postgres->base.history == HISTORY_PRESENT && run->job->record != NULL &&
           run->job->record->run_id != NULL;
}

/* 1 there is such a row of this run and migration, 0 there is none, -1 not to be found out. */
static int find_record(struct postgres_run *run, enum history_kind kind)
{
    char version[24];
    const struct history_record *record = run->job->record;
    struct postgres *postgres = run->postgres;
    g_autofree char *sql = g_strdup_printf(
        "SELECT FROM %s.history WHERE version_table = $1 AND run_id = $2 AND kind = $3 AND "
        "version = $4::pg_catalog.int8 AND outcome = 'done' LIMIT 1",
        postgres->own);
    g_snprintf(version, sizeof version, "%" G_GINT64_FORMAT, record->version);
    const char *const parameters[] = {postgres->table_name, record->run_id, history_kind_name(kind),
                                      version};
    AUTORESULT *rows = postgres_query(postgres, postgres->main, sql, 4, parameters, NULL);
    return rows == NULL ? -1 : PQntuples(rows) > 0;
}

static enum verdict ask_xid(struct postgres_run *run)
{
    struct postgres *postgres = run->postgres;
    const char *const parameters[] = {run->result->xid};
    if (run->result->xid[0] == '\0')
        return VERDICT_UNKNOWN;
    AUTORESULT *row = postgres_query(postgres, postgres->main,
                                     "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8)", 1,
                                     parameters, NULL);
    const char *status = PQntuples(row) == 1 ? PQgetvalue(row, 0, 0) : "";
    if (g_str_equal(status, "committed"))
        return VERDICT_COMMITTED;
    return g_str_equal(status, "aborted") ? VERDICT_ROLLED_BACK : VERDICT_UNKNOWN;
}

/* The version row that this run, or one begun behind it, would have left. */
static gboolean is_past(struct postgres_run *const *runs, guint count, gint64 version)
{
    for (guint i = 0; i < count; i++)
        if (runs[i]->job->version_after == version)
            return TRUE;
    return FALSE;
}

static enum verdict ask_version(struct postgres_run *const *runs, guint count)
{
    struct version_state state = {0};
    const struct run_job *job = runs[0]->job;
    if (!job->writes_version || job->version_before == job->version_after ||
        !postgres_version_read(&runs[0]->postgres->base, &state, NULL) ||
        state.kind == VERSION_TABLE_FOREIGN)
        return VERDICT_UNKNOWN;
    if (is_past(runs, count, state.version))
        return state.is_dirty ? VERDICT_DIRTY : VERDICT_COMMITTED;
    return state.version == job->version_before && !state.is_dirty ? VERDICT_ROLLED_BACK
                                                                   : VERDICT_UNKNOWN;
}

static enum verdict judge_transaction(struct postgres_run *const *runs, guint count)
{
    struct postgres_run *run = runs[0];
    int recorded = has_history(run) ? find_record(run, run->job->record->kind) : -1;
    if (recorded > 0)
        return VERDICT_COMMITTED;
    enum verdict verdict = ask_xid(run);
    if (recorded == 0)
        return verdict == VERDICT_COMMITTED ? VERDICT_UNKNOWN : VERDICT_ROLLED_BACK;
    if (verdict == VERDICT_UNKNOWN)
        verdict = ask_version(runs, count);
    return verdict == VERDICT_DIRTY ? VERDICT_UNKNOWN : verdict;
}

static enum verdict judge_separate(struct postgres_run *run)
{
    if (has_history(run)) {
        if (find_record(run, run->job->record->kind) > 0)
            return VERDICT_COMMITTED;
        int begun = find_record(run, HISTORY_DIRTY);
        if (begun == 0)
            return VERDICT_ROLLED_BACK;
        if (begun > 0)
            return VERDICT_DIRTY;
    }
    if (run->attempted == 0)
        return ask_version(&run, 1);
    return ask_version(&run, 1) == VERDICT_COMMITTED ? VERDICT_COMMITTED : VERDICT_DIRTY;
}

/* ---- telling -------------------------------------------------------------------------------- */

static enum error_code loss_code(const struct postgres_run *run, enum error_code otherwise)
{
    return run->channel->is_cancelled ? cancellation_why(run->channel->cancellation) : otherwise;
}

static void tell_rolled_back(struct postgres_run *run)
{
    run->result->outcome = RUN_OUTCOME_ROLLED_BACK;
    run->result->failed_statement = MIN(run->statement, run->job->statement_count);
    run->error =
        run_error_at(run, run->statement, loss_code(run, ERROR_NO_CONNECTION),
                     run->channel->is_cancelled ? "cancelled by ending the server's process; "
                                                  "nothing of it is in"
                                                : "the connection was lost; nothing of it is in");
    if (!run->channel->is_cancelled)
        error_advise(&run->error, "see the server's log for why, then run it again");
}

static void tell_dirty(struct postgres_run *run)
{
    const struct run_job *job = run->job;
    guint done = run->result->statements_done;
    run->result->outcome = RUN_OUTCOME_DIRTY;
    run->result->failed_statement = MIN(run->statement, job->statement_count);
    run->error = run_error_at(run, run->statement, loss_code(run, ERROR_NO_CONNECTION),
                              "the connection was lost: statements known to be in: %u of %u%s",
                              done, job->statement_count,
                              done < run->attempted ? "; whether the next one is in, is open" : "");
    run_advise_dirty(job, "look at the database and at 'winch history'", &run->error);
}

static void tell_unknown(struct postgres_run *run, const char *why)
{
    run->result->outcome = RUN_OUTCOME_UNSETTLED;
    run->result->failed_statement = MIN(run->statement, run->job->statement_count);
    run->error =
        run_error_at(run, run->statement, ERROR_UNKNOWN_OUTCOME,
                     "the connection was lost, and whether it committed is unknown: %s", why);
    if (run->result->xid[0] != '\0')
        error_advise(&run->error,
                     "when the server is back, see \"winch status\", or ask it "
                     "SELECT pg_xact_status('%s')",
                     run->result->xid);
    else
        error_advise(&run->error, "when the server is back, see \"winch status\"");
}

static void tell_committed(struct postgres_run *run)
{
    run->result->outcome = RUN_OUTCOME_COMMITTED;
    run->result->statements_done = run->job->statement_count;
    run->result->failed_statement = run->job->statement_count;
}

static void tell(struct postgres_run *run, enum verdict verdict)
{
    g_clear_error(&run->error);
    run->result->is_retryable = FALSE;
    switch (verdict) {
    case VERDICT_COMMITTED:
        tell_committed(run);
        return;
    case VERDICT_ROLLED_BACK:
        tell_rolled_back(run);
        break;
    case VERDICT_DIRTY:
        tell_dirty(run);
        break;
    case VERDICT_UNKNOWN:
        tell_unknown(run, "the database does not say");
        break;
    }
    run_record_failure(run);
}

/* Reaches the server that was lost, after the session that ran is over. NULL, or why that cannot be
 * had; *error owns some of the reasons. */
static const char *reach(struct postgres_run *run, GError **error)
{
    struct postgres *postgres = run->postgres;
    int pid = PQbackendPID(postgres->main);
    gboolean is_noted = pid == postgres->noted_pid;
    control_finish(run);
    if (run->channel->cancellation != NULL)
        cancellation_seen(run->channel->cancellation);
    run_shield(run, FALSE); /* somebody who asks again ends it */
    gboolean is_there = reconnect(run, error);
    run_shield(run, TRUE);
    run->channel->is_lost = !is_there;
    if (!is_there)
        return (*error)->message;
    const char *other = other_server(run);
    if (other == NULL && !wait_for_backend(run, pid, is_noted))
        return "the lost session has not ended yet";
    return other;
}

guint settle(struct postgres_run *const *runs, guint count)
{
    g_autoptr(GError) error = NULL;
    g_clear_error(&runs[0]->error);
    run_event(runs[0], RUN_EVENT_SETTLING, NULL);
    const char *why = reach(runs[0], &error);
    for (guint i = 0; i < count; i++) {
        struct postgres_run *run = runs[i];
        g_clear_error(&run->error);
        run->result->connection_lost = TRUE;
        if (why != NULL)
            tell_unknown(run, why);
        else
            tell(run, run->job->protocol == PROTOCOL_TRANSACTION
                          ? judge_transaction(runs + i, count - i)
                          : judge_separate(run));
        if (run->error != NULL)
            return i;
    }
    return count;
}
