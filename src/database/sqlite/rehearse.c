/* A rehearsal: one transaction that is always rolled back, a savepoint for each job. */
#include "database/sqlite/sqlite.h"

gboolean sqlite_rehearsal_begin(struct database *database, gint64 lock_timeout, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    if (sqlite->is_rehearsing) {
        error_set(error, ERROR_FAILED, "a rehearsal is open already");
        return FALSE;
    }
    sqlite_watch(sqlite, NULL);
    sqlite->is_rehearsing_nothing = sqlite->db == NULL;
    if (sqlite->db == NULL) {
        /* a file that is not there is an empty database; one in memory leaves no trace */
        gboolean was_memory = sqlite->is_memory;
        g_autofree char *path = g_steal_pointer(&sqlite->path);
        sqlite->path = g_strdup(":memory:");
        sqlite->is_memory = TRUE;
        gboolean is_open = sqlite_connect(sqlite, TRUE, error);
        g_free(sqlite->path);
        sqlite->path = g_steal_pointer(&path);
        sqlite->is_memory = was_memory;
        if (!is_open)
            return FALSE;
    }
    sqlite->watch.lock_timeout = lock_timeout;
    sqlite->watch.cancellation = sqlite->base.cancellation;
    sqlite->is_rehearsing = sqlite_begin(sqlite, error);
    sqlite_watch(sqlite, NULL);
    if (!sqlite->is_rehearsing && sqlite->is_rehearsing_nothing)
        g_clear_pointer(&sqlite->db, sqlite3_close);
    return sqlite->is_rehearsing;
}

static gboolean refuse(const struct sqlite *sqlite, const struct run_job *job, GError **error)
{
    if (!sqlite->is_rehearsing) {
        error_set(error, ERROR_FAILED, "no rehearsal is open");
        return TRUE;
    }
    if (job->protocol == PROTOCOL_TRANSACTION)
        return FALSE;
    error_set_at(error, ERROR_REFUSED, job->file, 0,
                 "it does not run in a transaction, so it cannot be rehearsed on this database");
    error_advise(error, "rehearse it on a copy of the file");
    return TRUE;
}

static gboolean rehearse_statements(struct sqlite *sqlite, const struct run_job *job,
                                    struct run_result *result, GError **error)
{
    gboolean has_effect = FALSE;
    for (guint i = 0; i < job->statement_count; i++) {
        result->failed_statement = i;
        if (!sqlite_statement_run(sqlite, job, i, &has_effect, error))
            return FALSE;
        result->statements_done = i + 1;
    }
    result->failed_statement = job->statement_count;
    return TRUE;
}

gboolean sqlite_rehearse(struct database *database, const struct run_job *job,
                         struct run_result *result, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    gint64 start = g_get_monotonic_time();
    *result = (struct run_result){.outcome = RUN_OUTCOME_ROLLED_BACK,
                                  .failed_statement = job->statement_count};
    if (refuse(sqlite, job, error))
        return FALSE;
    sqlite_watch(sqlite, job);
    if (!sqlite_execute(sqlite, "SAVEPOINT winch_rehearsal", error))
        return FALSE;
    sqlite->guards_transaction = TRUE;
    gboolean is_done = rehearse_statements(sqlite, job, result, error);
    sqlite->guards_transaction = FALSE;
    if (!job->keeps_session_state)
        sqlite_session_restore_settings(sqlite, job);
    is_done = is_done && sqlite_checks_run(sqlite, job, error);
    sqlite_watch(sqlite, NULL);
    if (!is_done)
        sqlite3_exec(sqlite->db, "ROLLBACK TO winch_rehearsal", NULL, NULL, NULL);
    sqlite3_exec(sqlite->db, "RELEASE winch_rehearsal", NULL, NULL, NULL);
    result->elapsed_us = g_get_monotonic_time() - start;
    return is_done;
}

void sqlite_rehearsal_end(struct database *database)
{
    static const struct run_job nothing;
    struct sqlite *sqlite = sqlite_of(database);
    if (!sqlite->is_rehearsing)
        return;
    sqlite->is_rehearsing = FALSE;
    sqlite_watch(sqlite, NULL);
    sqlite_rollback(sqlite);
    sqlite_session_restore_settings(sqlite, &nothing);
    sqlite_session_restore_objects(sqlite, &nothing);
    if (sqlite->is_rehearsing_nothing)
        g_clear_pointer(&sqlite->db, sqlite3_close);
    sqlite->is_rehearsing_nothing = FALSE;
}
