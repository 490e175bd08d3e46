/* Running a file that is no transaction: the version row says dirty first, then the statements run
 * one by one, or the whole text in one message, and only success clears it. */
#include "database/postgres/run_internal.h"

#include <string.h>

/* ---- bookkeeping ---------------------------------------------------------------------------- */

enum books {
    BOOKS_BEFORE,  /* the limits are set for the session */
    BOOKS_BETWEEN, /* the file's session state stands aside for this transaction only */
    BOOKS_AFTER,   /* it is put back for good */
};

static void send_books(struct postgres_run *run, enum books when, gboolean has_version,
                       gint64 version, gboolean is_dirty, const struct history_record *record)
{
    pipeline_enter(run);
    if (session_begin_send(run, NULL) &&
        (when == BOOKS_BETWEEN || session_settings_send(run, FALSE)) &&
        session_put_back_send(run, when != BOOKS_AFTER, FALSE) &&
        (!has_version || pipeline_send_version(run, version, is_dirty)) &&
        pipeline_send_record(run, record))
        pipeline_send(run, MESSAGE_COMMIT, 0, "COMMIT", 0, NULL);
    if (when == BOOKS_AFTER)
        session_inspect_send(run);
    pipeline_finish(run);
}

/* One transaction of ours: the version row (when has_version), a record, committed synchronously
 * before and after the file. FALSE with run->error, or the connection lost. */
static gboolean keep_books(struct postgres_run *run, enum books when, gboolean has_version,
                           gint64 version, gboolean is_dirty, const struct history_record *record)
{
    run->is_committed = FALSE;
    do
        send_books(run, when, has_version, version, is_dirty, record);
    while (run_goes_again(run));
    run->result->xid[0] = '\0'; /* each statement has its own */
    gboolean is_good = run->is_committed && !run->channel->is_lost && run->error == NULL;
    run->is_committed = FALSE;
    if (!is_good)
        run_rollback(run);
    return is_good;
}

static struct history_record *record_of(const struct postgres_run *run, enum history_kind kind)
{
    if (run->job->record == NULL)
        return NULL;
    struct history_record *record = history_record_copy(run->job->record);
    record->kind = kind;
    record->outcome = OUTCOME_DONE;
    record->statements = run->job->statement_count;
    return record;
}

static gboolean mark_dirty(struct postgres_run *run)
{
    AUTOPTR(history_record) *record = record_of(run, HISTORY_DIRTY);
    run_shield(run, TRUE);
    gboolean is_marked = keep_books(run, BOOKS_BEFORE, run->job->writes_version,
                                    run->job->version_after, TRUE, record);
    run_shield(run, FALSE);
    return is_marked;
}

static gboolean record_statement(struct postgres_run *run, guint index)
{
    AUTOPTR(history_record) *record = record_of(run, HISTORY_STATEMENT);
    if (record == NULL || run->postgres->base.history != HISTORY_PRESENT)
        return TRUE;
    record->statement = (gint64)index + 1;
    run_shield(run, TRUE);
    gboolean is_recorded = keep_books(run, BOOKS_BETWEEN, FALSE, 0, FALSE, record);
    run_shield(run, FALSE);
    return is_recorded;
}

/* ---- invalid indexes ------------------------------------------------------------------------ */

static gboolean may_leave_index(const struct run_job *job)
{
    return session_mentions(job, "concurrently");
}

static PGresult *invalid_indexes(struct postgres_run *run)
{
    return postgres_query(run->postgres, run->postgres->main,
                          "SELECT i.indexrelid, pg_catalog.format('%I.%I', n.nspname, c.relname) "
                          "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = "
                          "i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                          "WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 2",
                          0, NULL, NULL);
}

static void note_invalid_indexes(struct postgres_run *run)
{
    run->invalid_before = g_array_new(FALSE, FALSE, sizeof(guint32));
    if (!may_leave_index(run->job))
        return;
    AUTORESULT *rows = invalid_indexes(run);
    for (int i = 0; i < PQntuples(rows); i++) {
        guint32 oid = (guint32)g_ascii_strtoull(PQgetvalue(rows, i, 0), NULL, 10);
        g_array_append_val(run->invalid_before, oid);
    }
}

static gboolean was_invalid(const struct postgres_run *run, guint32 oid)
{
    for (guint i = 0; i < run->invalid_before->len; i++)
        if (g_array_index(run->invalid_before, guint32, i) == oid)
            return TRUE;
    return FALSE;
}

/* The indexes that are invalid now and were not before, or NULL when there is none. *is_known is
 * FALSE when it could not be looked. */
static char *new_invalid_indexes(struct postgres_run *run, gboolean *is_known)
{
    *is_known = TRUE;
    if (!may_leave_index(run->job))
        return NULL;
    GString *names = g_string_new(NULL);
    AUTORESULT *rows = invalid_indexes(run);
    *is_known = rows != NULL;
    for (int i = 0; i < PQntuples(rows); i++)
        if (!was_invalid(run, (guint32)g_ascii_strtoull(PQgetvalue(rows, i, 0), NULL, 10)))
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
                                   PQgetvalue(rows, i, 1));
    return g_string_free(names, names->len == 0);
}

/* ---- the file's statements ------------------------------------------------------------------ */

/* Takes the results of one simple query. For a file sent whole each result is a statement's. */
static gboolean take_results(struct postgres_run *run, guint index)
{
    const gboolean is_whole = run->job->protocol == PROTOCOL_WHOLE;
    guint current = index;
    run_statement_started(run, current);
    while (run_wait(run)) {
        const struct message message = {MESSAGE_STATEMENT, current, run};
        AUTORESULT *result = postgres_take(run->postgres, run->postgres->main);
        if (result == NULL)
            break;
        if (!pipeline_take(run, &message, result))
            continue;
        if (is_whole && run->is_in_statement == FALSE)
            run_statement_started(run, current);
        run_statement_done(run, run->rows);
        run->whole_results = ++current;
        const char *tag = PQcmdStatus(result);
        if (g_str_has_prefix(tag, "COMMIT") || g_str_equal(tag, "PREPARE TRANSACTION") ||
            g_str_equal(tag, "ROLLBACK PREPARED"))
            run->had_commit = TRUE;
        if (is_whole && current < run->job->statement_count)
            run_statement_started(run, current);
    }
    run->is_in_statement = FALSE;
    cancel_finish(run);
    return !run->channel->is_lost && run->error == NULL;
}

static gboolean send_simple(struct postgres_run *run, const char *text, guint index)
{
    run->attempted = index + 1;
    run->postgres->base.round_trips++;
    if (!postgres_send(run->postgres, run->postgres->main, text)) {
        run->channel->is_lost = TRUE;
        return FALSE;
    }
    PQsetSingleRowMode(run->postgres->main);
    return take_results(run, index);
}

static gboolean is_outside_block(struct postgres_run *run)
{
    return PQtransactionStatus(run->postgres->main) == PQTRANS_IDLE;
}

/* CREATE INDEX CONCURRENTLY and its like wait for every snapshot there is. */
static gboolean waits_for_snapshots(const char *text)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    return strstr(lower, "concurrently") != NULL;
}

#define LOCK_RETURN_MS 60000

static gboolean send_apart(struct postgres_run *run, const char *text, guint index)
{
    g_autoptr(GError) unlocked = NULL;
    if (!waits_for_snapshots(text))
        return send_simple(run, text, index);
    if (!postgres_lock_aside(run->postgres, &run->error))
        return FALSE;
    gboolean is_good = send_simple(run, text, index);
    if (run->channel->is_lost || postgres_lock_return(run->postgres, LOCK_RETURN_MS, &unlocked))
        return is_good;
    if (run->error == NULL)
        g_propagate_prefixed_error(&run->error, g_steal_pointer(&unlocked),
                                   "after a statement that is in: ");
    return FALSE;
}

static gboolean run_each(struct postgres_run *run)
{
    for (guint i = 0; i < run->job->statement_count; i++) {
        if (run_is_stopped(run))
            return FALSE;
        g_autofree char *text = run_statement_text(run, i);
        if (text == NULL || !send_apart(run, text, i))
            return FALSE;
        if (!is_outside_block(run))
            continue;
        run->result->statements_done = i + 1;
        if (!record_statement(run, i))
            return FALSE;
    }
    return TRUE;
}

static gboolean run_whole(struct postgres_run *run)
{
    const struct run_job *job = run->job;
    if (run_is_stopped(run))
        return FALSE;
    if (memchr(job->text, '\0', job->text_length) != NULL) {
        run->error =
            run_error_at(run, job->statement_count, ERROR_SOURCE, "the file contains a NUL byte");
        return FALSE;
    }
    g_autofree char *text = g_strndup(job->text, job->text_length);
    gboolean is_good = send_simple(run, text, 0);
    run->attempted = MAX(job->statement_count, 1);
    if (is_good)
        run->result->statements_done = job->statement_count;
    return is_good;
}

static gboolean run_body(struct postgres_run *run)
{
    gboolean is_good = run->job->protocol == PROTOCOL_WHOLE ? run_whole(run) : run_each(run);
    if (!is_good || is_outside_block(run))
        return is_good;
    run->result->statements_done = 0;
    run->error = run_error_at(run, run->job->statement_count, ERROR_FAILED,
                              "the file leaves a transaction open: what it did there is lost");
    error_advise(&run->error, "end it with COMMIT, or leave BEGIN out");
    return FALSE;
}

/* ---- success -------------------------------------------------------------------------------- */

/* What the server refuses while another holds the lock would not be ours to write. */
static gboolean is_ours(struct postgres_run *run)
{
    if (session_lock_retake(run))
        return TRUE;
    if (!run->channel->is_lost && run->error == NULL)
        run->error = run_error_at(run, run->job->statement_count, ERROR_LOCKED,
                                  "the file released the migration lock, and another has it now");
    return FALSE;
}

static gboolean finish(struct postgres_run *run)
{
    const struct run_job *job = run->job;
    AUTOPTR(history_record) *record = job->record != NULL ? history_record_copy(job->record) : NULL;
    run_shield(run, TRUE);
    run->statement = job->statement_count;
    run_event(run, RUN_EVENT_COMMITTING, NULL);
    if (record != NULL)
        record->started_at = run->began_at;
    if (!is_ours(run) ||
        !keep_books(run, BOOKS_AFTER, job->writes_version, job->version_after, FALSE, record))
        return FALSE;
    if (run->leftovers != 0)
        session_clean(run);
    run->result->outcome = RUN_OUTCOME_COMMITTED;
    run->result->statements_done = job->statement_count;
    return TRUE;
}

/* ---- failure -------------------------------------------------------------------------------- */

/* What builds or drops an index concurrently leaves an invalid index from its first commit on (the
 * manual, CREATE INDEX, "Building Indexes Concurrently"), and what vacuums leaves what was there.
 */
static gboolean shows_what_it_left(const char *verb)
{
    static const char *const verbs[] = {"CREATE INDEX", "CREATE UNIQUE INDEX", "DROP INDEX",
                                        "VACUUM", "ALTER SYSTEM"};
    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (g_str_has_prefix(verb, verbs[i]))
            return TRUE;
    return FALSE;
}

/* A statement that fails has done nothing, unless it may commit on its way. */
static gboolean is_atomic(const struct run_statement *statement)
{
    const char *verb = statement->verb != NULL ? statement->verb : "";
    return (!statement->is_outside || shows_what_it_left(verb)) &&
           !g_str_has_prefix(verb, "CALL") && !g_str_has_prefix(verb, "DO");
}

/* A text sent whole is one transaction between its own COMMITs. Only a statement alone in it can
 * be one that works outside of any. */
static gboolean is_whole_nothing(const struct postgres_run *run)
{
    static const char *const words[] = {"concurrently", "call",     "do",       "vacuum",
                                        "reindex",      "database", "cluster",  "tablespace",
                                        "subscription", "execute",  "prepared", NULL};
    const char *sqlstate = error_detail(run->error)->sqlstate;
    if (run->had_commit)
        return FALSE;
    if (run->whole_results > 0 || g_str_equal(sqlstate, "42601") || g_str_equal(sqlstate, "25001"))
        return TRUE;
    for (gsize i = 0; words[i] != NULL; i++)
        if (session_mentions(run->job, words[i]))
            return FALSE;
    return TRUE;
}

static gboolean is_nothing_in(const struct postgres_run *run)
{
    if (run->attempted == 0)
        return TRUE;
    if (run->job->protocol == PROTOCOL_WHOLE)
        return is_whole_nothing(run);
    gboolean is_nothing = run->result->statements_done == 0 && !run->had_commit;
    for (guint i = 0; is_nothing && i < run->attempted; i++)
        is_nothing = is_atomic(&run->job->statements[i]);
    return is_nothing;
}

static void append_range(GString *text, guint first, guint last, const char *one, const char *many)
{
    if (first > last)
        return;
    if (first == last)
        g_string_append_printf(text, "%u %s; ", first, one);
    else
        g_string_append_printf(text, "%u–%u %s; ", first, last, many);
}

/* "statements 1–2 of 5 are in; 3 failed; 4–5 were not run" */
static char *describe_parts(const struct postgres_run *run)
{
    guint count = run->job->statement_count, done = run->result->statements_done;
    guint failed = run->result->failed_statement;
    GString *text = g_string_new(NULL);
    if (run->job->protocol == PROTOCOL_WHOLE)
        return g_string_free(g_string_append(text, run->had_commit
                                                       ? "what it committed itself is in"
                                                       : "what it did may be in"),
                             FALSE);
    g_autofree char *is_in = g_strdup_printf("of %u is in", count);
    g_autofree char *are_in = g_strdup_printf("of %u are in", count);
    if (done == 0 && failed == 0 && count == 1)
        return g_string_free(g_string_append(text, "its one statement is not in"), FALSE);
    g_string_append(text, done > 0 ? (done > 1 ? "statements " : "statement ") : "statement ");
    append_range(text, 1, done, is_in, are_in);
    guint tried = failed < count ? failed : run->attempted;
    append_range(text, done + 1, tried, "is rolled back", "are rolled back");
    if (failed < count)
        append_range(text, failed + 1, failed + 1, "failed", "failed");
    append_range(text, (failed < count ? failed + 1 : tried) + 1, count, "was not run",
                 "were not run");
    if (text->len > 2)
        g_string_truncate(text, text->len - 2);
    return g_string_free(text, FALSE);
}

static void describe_dirt(struct postgres_run *run, const char *indexes)
{
    g_autofree char *parts = describe_parts(run);
    char *message = g_strdup_printf("%s; %s%s%s", run->error->message, parts,
                                    indexes != NULL ? "; it left the invalid index " : "",
                                    indexes != NULL ? indexes : "");
    g_free(run->error->message);
    run->error->message = message;
    g_autofree char *first =
        indexes != NULL
            ? g_strdup_printf("DROP INDEX CONCURRENTLY %s; mend the rest by hand", indexes)
            : g_strdup("look at the database and at 'winch history'");
    run_advise_dirty(run->job, first, &run->error);
}

/* Writes the end of a failed run. The first error is what matters: one more here only means that
 * the row still says dirty. */
static gboolean record_failure(struct postgres_run *run, gboolean is_nothing)
{
    const struct run_job *job = run->job;
    AUTOPTR(history_record) *record = run_failure_record(run);
    GError *cause = g_steal_pointer(&run->error);
    if (record != NULL)
        record->started_at = run->began_at;
    gboolean is_written =
        is_ours(run) && keep_books(run, BOOKS_AFTER, is_nothing && job->writes_version,
                                   job->version_before, FALSE, record);
    g_clear_error(&run->error);
    run->error = cause;
    if (is_written && run->leftovers != 0)
        session_clean(run);
    return is_written;
}

static void fail(struct postgres_run *run)
{
    run_shield(run, TRUE);
    cancel_finish(run);
    if (!run->channel->is_lost)
        run_rollback(run);
    if (run->channel->is_lost) {
        settle(&run, 1);
        return;
    }
    gboolean is_known;
    g_autofree char *indexes = new_invalid_indexes(run, &is_known);
    gboolean is_nothing = is_nothing_in(run) && is_known && indexes == NULL;
    if (!is_nothing)
        describe_dirt(run, indexes);
    if (record_failure(run, is_nothing) && is_nothing)
        return;
    run->result->outcome = RUN_OUTCOME_DIRTY;
    run->result->is_retryable = FALSE;
    run->result->connection_lost = run->channel->is_lost;
}

void run_separate(struct postgres_run *run)
{
    note_invalid_indexes(run);
    if (!mark_dirty(run)) {
        run_shield(run, TRUE);
        if (run->channel->is_lost)
            settle(&run, 1);
        else
            run_record_failure(run);
        return;
    }
    if (!run_body(run) || !finish(run))
        fail(run);
}
