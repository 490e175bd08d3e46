/* Running one half of a migration: as one transaction, or statement by statement with the version
 * row dirty meanwhile. */
#include "database/sqlite/sqlite.h"

#include <string.h>

#include "base/text.h"

/* ---- the record ----------------------------------------------------------------------------- */

/* Writes a copy of the job's record, changed by what became of it. In the open transaction. */
static gboolean record_write(struct sqlite *sqlite, const struct run_job *job,
                             enum history_kind kind, gint64 statement, GError **error)
{
    if (job->record == NULL)
        return TRUE;
    AUTOPTR(history_record) *record = history_record_copy(job->record);
    record->kind = kind;
    if (statement > 0) {
        record->statement = statement;
        record->statements = job->statement_count;
    }
    return sqlite_history_write(sqlite, record, error);
}

static void record_failure_of(struct history_record *record, const struct run_job *job,
                              const struct run_result *result, const GError *cause)
{
    const struct error_detail *detail = error_detail(cause);
    gboolean is_cancelled = error_is(cause, ERROR_CANCELLED) || error_is(cause, ERROR_HANGUP) ||
                            error_is(cause, ERROR_TERMINATED);
    record->outcome = is_cancelled ? OUTCOME_CANCELLED : OUTCOME_FAILED;
    if (result->outcome == RUN_OUTCOME_ROLLED_BACK)
        record->to_version = job->version_before;
    g_free(record->message);
    record->message = g_utf8_make_valid(cause->message, -1);
    if (detail != NULL && detail->line > 0)
        record->line = detail->line;
    if (result->failed_statement < job->statement_count) {
        record->statement = (gint64)result->failed_statement + 1;
        record->statements = job->statement_count;
    }
}

/* After the rollback, in a transaction of its own. That it could not be written is not what the
 * person has to hear first. */
static void record_failure(struct sqlite *sqlite, const struct run_job *job,
                           const struct run_result *result, const GError *cause)
{
    if (job->record == NULL || cause == NULL || result->outcome == RUN_OUTCOME_UNSETTLED)
        return;
    AUTOPTR(history_record) *record = history_record_copy(job->record);
    record_failure_of(record, job, result, cause);
    sqlite_watch(sqlite, NULL);
    if (!sqlite_begin(sqlite, NULL))
        return;
    if (!sqlite_history_write(sqlite, record, NULL) || !sqlite_commit(sqlite, NULL))
        sqlite_rollback(sqlite);
}

/* ---- pieces of both protocols --------------------------------------------------------------- */

static void tell_committing(const struct run_job *job)
{
    const struct run_event event = {
        .kind = RUN_EVENT_COMMITTING, .statement = job->statement_count, .rows = -1};
    if (job->on_event != NULL)
        job->on_event(&event, job->event_data);
}

static gboolean is_still_wanted(struct sqlite *sqlite, GError **error)
{
    if (!sqlite_is_cancelled(sqlite))
        return TRUE;
    sqlite_error_set(error, sqlite, NULL);
    return FALSE;
}

/* golang-migrate keeps no other process out of a SQLite file, so the row is compared with what the
 * plan was made for, under the write lock. */
static gboolean version_guard(struct sqlite *sqlite, const struct run_job *job, GError **error)
{
    if (!job->writes_version)
        return TRUE;
    AUTOSTATEMENT *statement = sqlite_prepare(
        sqlite, "SELECT COALESCE((SELECT version FROM main.\"@version\" LIMIT 1), -1)", error);
    if (statement == NULL || sqlite_step(sqlite, statement, error) <= 0)
        return FALSE;
    gint64 version = sqlite3_column_int64(statement, 0);
    if (version == job->version_before)
        return TRUE;
    error_set(error, ERROR_LOCKED,
              "the version row says %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT
              " as when the run was planned: another tool is changing it",
              version, job->version_before);
    error_advise(error, "let the other tool finish, then look at 'winch status'");
    return FALSE;
}

/* What the migration itself did not write: the version row, history. */
static gboolean bookkeeping(struct sqlite *sqlite, const struct run_job *job, GError **error)
{
    return (!job->writes_version ||
            sqlite_version_write(sqlite, job->version_after, FALSE, error)) &&
           (job->record == NULL || record_write(sqlite, job, job->record->kind, 0, error));
}

static gboolean begin_for(struct sqlite *sqlite, const struct run_job *job, GError **error)
{
    if (job->begin_modes == NULL || g_ascii_strcasecmp(job->begin_modes, "EXCLUSIVE") != 0)
        return sqlite_begin(sqlite, error);
    sqlite->transaction_started = g_get_real_time();
    return sqlite_execute(sqlite, "BEGIN EXCLUSIVE", error);
}

static gboolean is_busy(struct sqlite *sqlite)
{
    int code = sqlite3_errcode(sqlite->db) & 0xff;
    return (code == SQLITE_BUSY || code == SQLITE_LOCKED) && !sqlite->watch.was_cancelled;
}

/* A disk that fails during COMMIT leaves open whether it was in time. */
static gboolean commit_for(struct sqlite *sqlite, struct run_result *result, GError **error)
{
    if (sqlite_commit(sqlite, error))
        return TRUE;
    int code = sqlite3_errcode(sqlite->db) & 0xff;
    if (code != SQLITE_IOERR && code != SQLITE_CORRUPT && code != SQLITE_CANTOPEN)
        return FALSE;
    result->outcome = RUN_OUTCOME_UNSETTLED;
    result->connection_lost = TRUE;
    if (error != NULL)
        (*error)->code = ERROR_UNKNOWN_OUTCOME;
    g_prefix_error(error, "the disk failed during the commit: ");
    return FALSE;
}

/* ---- one transaction ------------------------------------------------------------------------ */

static gboolean run_statements(struct sqlite *sqlite, const struct run_job *job,
                               struct run_result *result, GError **error)
{
    gboolean has_effect = FALSE;
    for (guint i = 0; i < job->statement_count; i++)
        if (!sqlite_statement_run(sqlite, job, i, &has_effect, error)) {
            result->failed_statement = i;
            return FALSE;
        }
    return TRUE;
}

static gboolean run_in_transaction(struct sqlite *sqlite, const struct run_job *job,
                                   struct run_result *result, GError **error)
{
    if (!begin_for(sqlite, job, error) || !version_guard(sqlite, job, error))
        return FALSE;
    sqlite->guards_transaction = TRUE;
    gboolean is_done = run_statements(sqlite, job, result, error);
    sqlite->guards_transaction = FALSE;
    if (!is_done)
        return FALSE;
    if (!job->keeps_session_state)
        sqlite_session_restore_settings(sqlite, job);
    if (!sqlite_checks_run(sqlite, job, error) || !bookkeeping(sqlite, job, error) ||
        !is_still_wanted(sqlite, error))
        return FALSE;
    tell_committing(job);
    return commit_for(sqlite, result, error);
}

static gboolean run_transaction(struct sqlite *sqlite, const struct run_job *job,
                                struct run_result *result, GError **error)
{
    if (run_in_transaction(sqlite, job, result, error)) {
        result->outcome = RUN_OUTCOME_COMMITTED;
        result->statements_done = job->statement_count;
        return TRUE;
    }
    result->is_retryable = result->outcome != RUN_OUTCOME_UNSETTLED && is_busy(sqlite);
    sqlite_rollback(sqlite);
    return FALSE;
}

/* ---- statement by statement ----------------------------------------------------------------- */

/* One short transaction of ours around write(). */
static gboolean mark(struct sqlite *sqlite, const struct run_job *job, gint64 version,
                     gboolean is_dirty, enum history_kind kind, GError **error)
{
    if (!sqlite_begin(sqlite, error))
        return FALSE;
    if ((kind != HISTORY_DIRTY || version_guard(sqlite, job, error)) &&
        (!job->writes_version || sqlite_version_write(sqlite, version, is_dirty, error)) &&
        (kind != HISTORY_DIRTY || record_write(sqlite, job, kind, 0, error)) &&
        sqlite_commit(sqlite, error))
        return TRUE;
    sqlite_rollback(sqlite);
    return FALSE;
}

/* Records the statements from *done up to count as being in. */
static gboolean mark_done(struct sqlite *sqlite, const struct run_job *job,
                          struct run_result *result, guint count, GError **error)
{
    guint first = result->statements_done;
    result->statements_done = count;
    if (job->record == NULL || sqlite->base.history != HISTORY_PRESENT)
        return TRUE;
    if (!sqlite_begin(sqlite, error))
        return FALSE;
    gboolean is_done = TRUE;
    for (guint i = first; is_done && i < count; i++)
        is_done = record_write(sqlite, job, HISTORY_STATEMENT, (gint64)i + 1, error);
    if (is_done && sqlite_commit(sqlite, error))
        return TRUE;
    sqlite_rollback(sqlite);
    return FALSE;
}

/* A file may open transactions of its own here: what is inside one is in only with its COMMIT. */
static gboolean run_one_by_one(struct sqlite *sqlite, const struct run_job *job,
                               struct run_result *result, gboolean *is_in, GError **error)
{
    gboolean has_effect = FALSE;
    for (guint i = 0; i < job->statement_count; i++) {
        result->failed_statement = i;
        gboolean is_done = sqlite_statement_run(sqlite, job, i, &has_effect, error);
        gboolean is_settled = sqlite3_get_autocommit(sqlite->db) != 0;
        if (!is_done)
            return FALSE;
        if (!is_settled)
            continue;
        *is_in |= has_effect;
        if (!mark_done(sqlite, job, result, i + 1, error))
            return FALSE;
    }
    result->failed_statement = job->statement_count;
    return TRUE;
}

/* As it comes; which of its statements are in is not known when one fails. */
static gboolean run_whole(struct sqlite *sqlite, const struct run_job *job,
                          struct run_result *result, gboolean *is_in, GError **error)
{
    result->failed_statement = job->statement_count;
    return sqlite_statement_run(sqlite, job, job->statement_count, is_in, error);
}

static gboolean refuse_open_transaction(struct sqlite *sqlite, const struct run_job *job,
                                        GError **error)
{
    if (sqlite3_get_autocommit(sqlite->db))
        return TRUE;
    error_set_at(error, ERROR_SOURCE, job->file, 0,
                 "the file ends inside a transaction that it began");
    error_advise(error, "add the COMMIT that is missing");
    return FALSE;
}

static gboolean run_between_marks(struct sqlite *sqlite, const struct run_job *job,
                                  struct run_result *result, gboolean *is_in, GError **error)
{
    gboolean is_done = job->protocol == PROTOCOL_WHOLE
                           ? run_whole(sqlite, job, result, is_in, error)
                           : run_one_by_one(sqlite, job, result, is_in, error);
    if (!is_done || !refuse_open_transaction(sqlite, job, error))
        return FALSE;
    if (!job->keeps_session_state)
        sqlite_session_restore_settings(sqlite, job);
    if (!sqlite_checks_run(sqlite, job, error))
        return FALSE;
    tell_committing(job);
    if (!sqlite_begin(sqlite, error))
        return FALSE;
    return bookkeeping(sqlite, job, error) && commit_for(sqlite, result, error);
}

static gboolean run_separate(struct sqlite *sqlite, const struct run_job *job,
                             struct run_result *result, GError **error)
{
    gboolean is_in = FALSE;
    if (!mark(sqlite, job, job->version_after, TRUE, HISTORY_DIRTY, error)) {
        result->is_retryable = is_busy(sqlite);
        return FALSE;
    }
    if (run_between_marks(sqlite, job, result, &is_in, error)) {
        result->outcome = RUN_OUTCOME_COMMITTED;
        result->statements_done = job->statement_count;
        return TRUE;
    }
    gboolean was_busy = is_busy(sqlite);
    sqlite_rollback(sqlite);
    if (result->outcome == RUN_OUTCOME_UNSETTLED)
        return FALSE;
    sqlite_session_restore_settings(sqlite, job); /* the row cannot be written under query_only */
    sqlite_watch(sqlite, NULL);
    /* nothing is in: the row goes back, and the database is as before */
    if (!is_in && mark(sqlite, job, job->version_before, FALSE, HISTORY_FINISHED, NULL)) {
        result->statements_done = 0;
        result->is_retryable = was_busy;
        return FALSE;
    }
    result->outcome = RUN_OUTCOME_DIRTY;
    run_advise_dirty(job, "look at the database and at 'winch history'", error);
    return FALSE;
}

/* ---- either --------------------------------------------------------------------------------- */

gboolean sqlite_run(struct database *database, const struct run_job *job, struct run_result *result,
                    GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    g_autoptr(GError) cause = NULL;
    gint64 start = g_get_monotonic_time();
    *result = (struct run_result){.outcome = RUN_OUTCOME_ROLLED_BACK,
                                  .failed_statement = job->statement_count};
    if (sqlite->db == NULL || sqlite->is_rehearsing) {
        error_set(error, ERROR_FAILED, "%s",
                  sqlite->db == NULL ? "the database file does not exist yet"
                                     : "a rehearsal is still open");
        return FALSE;
    }
    sqlite_watch(sqlite, job);
    sqlite->run_started = g_get_real_time();
    gboolean is_done = job->protocol == PROTOCOL_TRANSACTION
                           ? run_transaction(sqlite, job, result, &cause)
                           : run_separate(sqlite, job, result, &cause);
    if (!is_done)
        record_failure(sqlite, job, result, cause);
    sqlite->run_started = 0;
    if (!job->keeps_session_state && result->outcome != RUN_OUTCOME_UNSETTLED) {
        sqlite_watch(sqlite, NULL);
        sqlite_session_restore_settings(sqlite, job);
        sqlite_session_restore_objects(sqlite, job);
    }
    sqlite_watch(sqlite, NULL);
    result->elapsed_us = g_get_monotonic_time() - start;
    if (!is_done)
        g_propagate_error(error, g_steal_pointer(&cause));
    return is_done;
}
