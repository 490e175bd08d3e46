/* A rehearsal: migrations run one after the other in a transaction that is rolled back, or kept on
 * a scratch database. */
#include "database/postgres/run_internal.h"

gboolean postgres_rehearsal_begin(struct database *database, gint64 lock_timeout, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *sql = g_strdup_printf(
        "BEGIN READ WRITE; SET LOCAL lock_timeout = %" G_GINT64_FORMAT, lock_timeout);
    if (!postgres_execute(postgres, postgres->main, sql, error)) {
        postgres_execute(postgres, postgres->main, "ROLLBACK", NULL);
        return FALSE;
    }
    postgres->is_rehearsing = TRUE;
    postgres->rehearsal_lock_timeout = lock_timeout;
    return TRUE;
}

/* The constraints that are deferred unless told otherwise, so that the next migration meets them
 * as it would in a transaction of its own. SET CONSTRAINTS takes every constraint of a name, so one
 * that shares it with another that cannot be deferred is left out. */
#define DEFERRED_SQL                                                                               \
    "SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%I.%I', n.nspname, c.conname), "     \
    "', ') FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = "             \
    "c.connamespace WHERE c.condeferred AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o "   \
    "WHERE o.connamespace = c.connamespace AND o.conname = c.conname AND NOT o.condeferrable)"

/* A run resets every setting behind a file; the next one must meet them so here too. */
static gboolean send_reset(struct postgres_run *run)
{
    g_autofree char *sql = g_strdup_printf("SET LOCAL lock_timeout = %" G_GINT64_FORMAT,
                                           run->postgres->rehearsal_lock_timeout);
    return run->job->keeps_session_state ||
           (pipeline_send(run, MESSAGE_TIDY, 0, "RESET ALL", 0, NULL) &&
            pipeline_send(run, MESSAGE_TIDY, 0, sql, 0, NULL));
}

static gboolean send_constraints(struct postgres_run *run)
{
    return (!run->is_measuring || measure_start_send(run)) &&
           pipeline_send(run, MESSAGE_CONSTRAINTS, 0, "SET CONSTRAINTS ALL IMMEDIATE", 0, NULL) &&
           (!run->is_measuring || measure_send(run, run->job->statement_count));
}

static gboolean send_rehearsal(struct postgres_run *run)
{
    return pipeline_send(run, MESSAGE_BEGIN, 0, "SAVEPOINT winch_rehearsal", 0, NULL) &&
           run_send_body(run) && send_constraints(run) && send_reset(run) &&
           pipeline_send(run, MESSAGE_TIDY, 0, "RELEASE SAVEPOINT winch_rehearsal", 0, NULL) &&
           pipeline_send(run, MESSAGE_DEFERRED, 0, DEFERRED_SQL, 0, NULL);
}

static void defer_again(struct postgres_run *run)
{
    if (run->deferred == NULL)
        return;
    g_autofree char *sql = g_strdup_printf(
        "SAVEPOINT winch_deferred; SET CONSTRAINTS %s DEFERRED; RELEASE SAVEPOINT winch_deferred",
        run->deferred);
    if (!postgres_execute(run->postgres, run->postgres->main, sql, NULL))
        postgres_execute(run->postgres, run->postgres->main, "ROLLBACK TO SAVEPOINT winch_deferred",
                         NULL);
}

static void undo(struct postgres_run *run)
{
    PGconn *main = run->postgres->main;
    if (run->channel->is_lost) {
        run->result->connection_lost = TRUE;
        run->postgres->is_rehearsing = FALSE;
        if (run->error == NULL)
            run->error = run_error_at(run, run->statement, ERROR_NO_CONNECTION,
                                      "the connection was lost; a rehearsal leaves nothing");
        return;
    }
    postgres_execute(run->postgres, main,
                     "ROLLBACK TO SAVEPOINT winch_rehearsal; RELEASE SAVEPOINT winch_rehearsal",
                     NULL);
}

gboolean postgres_rehearse(struct database *database, const struct run_job *job,
                           struct run_result *result, GError **error)
{
    struct postgres_run run;
    run_open(&run, (struct postgres *)database, job, result);
    run.is_rehearsal = TRUE;
    if (run_is_stopped(&run))
        return run_close(&run, error);
    if (job->protocol != PROTOCOL_TRANSACTION || !run.postgres->is_rehearsing) {
        error_set_at(&run.error, ERROR_REFUSED, job->file, 0, "this file cannot be rehearsed: %s",
                     run.postgres->is_rehearsing ? "it is not transactional"
                                                 : "no rehearsal is going on");
        return run_close(&run, error);
    }
    if (!measure_begin(&run))
        return run_close(&run, error);
    pipeline_enter(&run);
    send_rehearsal(&run);
    gboolean is_good = pipeline_finish(&run);
    run_shield(&run, TRUE);
    if (is_good) {
        result->statements_done = job->statement_count;
        defer_again(&run);
    } else {
        undo(&run);
    }
    return run_close(&run, error);
}

/* What ROLLBACK does not take back: prepared statements, advisory locks. */
void postgres_rehearsal_end(struct database *database)
{
    struct postgres *postgres = (struct postgres *)database;
    const struct run_job nothing = {.protocol = PROTOCOL_TRANSACTION};
    struct run_result ignored;
    struct postgres_run run;
    run_open(&run, postgres, &nothing, &ignored);
    run.is_rehearsal = TRUE;
    run_shield(&run, TRUE);
    run_rollback(&run);
    if (!run.channel->is_lost && PQstatus(postgres->main) == CONNECTION_OK) {
        session_lock_retake(&run);
        run.leftovers = LEFTOVER_PREPARED | LEFTOVER_LOCK;
        session_clean(&run);
    }
    postgres->is_rehearsing = FALSE;
    measure_free(postgres);
    run_close(&run, NULL);
}

gboolean postgres_rehearsal_keep(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    const struct run_job nothing = {.protocol = PROTOCOL_TRANSACTION};
    struct run_result ignored;
    struct postgres_run run;
    AUTORESULT *result = postgres_query_simple(postgres, postgres->main, "COMMIT", error);
    if (result == NULL || !g_str_equal(PQcmdStatus(result), "COMMIT")) {
        if (result != NULL)
            error_set(error, ERROR_FAILED, "the server rolled the transaction back at its COMMIT");
        postgres_rehearsal_end(database);
        return FALSE;
    }
    postgres->is_rehearsing = FALSE;
    measure_committed(postgres);
    run_open(&run, postgres, &nothing, &ignored);
    run.is_rehearsal = TRUE;
    run_shield(&run, TRUE);
    session_lock_retake(&run);
    run.leftovers =
        LEFTOVER_PREPARED | LEFTOVER_CURSOR | LEFTOVER_LISTEN | LEFTOVER_TEMPORARY | LEFTOVER_LOCK;
    session_clean(&run);
    return run_close(&run, error);
}
