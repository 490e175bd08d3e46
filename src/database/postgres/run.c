/* Running one half of a migration: what all protocols share, and the transactional one, where the
 * file's statements, the version row and the history row commit as one. */
#include "database/postgres/run_internal.h"

#include <string.h>

#define TICK       250 /* milliseconds between looks at the control connection */
#define QUICK_TICK 20  /* the same while the server is told to cancel */

/* ---- events --------------------------------------------------------------------------------- */

static void emit(struct postgres_run *run, struct run_event *event)
{
    event->statement = run->statement;
    if (run->job->on_event != NULL)
        run->job->on_event(event, run->job->event_data);
}

void run_evidence(struct postgres_run *run, struct evidence *evidence)
{
    struct run_event event = {.kind = RUN_EVENT_EVIDENCE,
                              .rows = evidence->rows,
                              .elapsed_us = evidence->elapsed_us,
                              .evidence = evidence};
    run->statement = evidence->statement;
    if (evidence->statement < run->job->statement_count) {
        struct run_event done = event;
        done.kind = RUN_EVENT_STATEMENT_DONE;
        done.evidence = NULL;
        emit(run, &done);
    }
    emit(run, &event);
}

void run_event(struct postgres_run *run, enum run_event_kind kind, const char *text)
{
    struct run_event event = {.kind = kind, .rows = -1, .text = text};
    event.elapsed_us = g_get_monotonic_time() - run->statement_started;
    emit(run, &event);
}

void run_statement_started(struct postgres_run *run, guint index)
{
    run->statement = index;
    run->is_in_statement = TRUE;
    run->statement_started = g_get_monotonic_time();
    run->looked = run->statement_started;
    run->rows = -1;
    struct run_event event = {.kind = RUN_EVENT_STATEMENT_STARTED, .rows = -1};
    emit(run, &event);
}

void run_statement_done(struct postgres_run *run, gint64 rows)
{
    struct run_event event = {.kind = RUN_EVENT_STATEMENT_DONE, .rows = rows};
    event.elapsed_us = g_get_monotonic_time() - run->statement_started;
    emit(run, &event);
    run->is_in_statement = FALSE;
}

gint64 run_rows(PGresult *result)
{
    const char *count = PQcmdTuples(result);
    return *count != '\0' ? g_ascii_strtoll(count, NULL, 10) : -1;
}

/* SELECT counts what it shows, except where that becomes a table. */
static gboolean is_change(const struct postgres_run *run, const char *tag)
{
    static const char *const looking[] = {"SELECT", "FETCH", "MOVE"};
    const struct run_job *job = run->job;
    const char *verb =
        run->statement < job->statement_count ? job->statements[run->statement].verb : NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(looking); i++)
        if (g_str_has_prefix(tag, looking[i]))
            return verb != NULL && g_str_has_prefix(verb, "CREATE");
    return TRUE;
}

void run_count(struct postgres_run *run, PGresult *result)
{
    struct impact *impact = &run->result->impact;
    gint64 rows = run_rows(result);
    if (rows >= 0 && is_change(run, PQcmdStatus(result)))
        impact->rows = MAX(impact->rows, 0) + rows;
}

guint64 run_wal_place(const char *text)
{
    char *slash;
    guint64 high = g_ascii_strtoull(text, &slash, 16);
    return *slash == '/' ? high << 32 | g_ascii_strtoull(slash + 1, NULL, 16) : 0;
}

/* Notices of the file's own statements are the file's; ours are nobody's. */
static void take_notice(void *data, const PGresult *notice)
{
    struct postgres_run *run = data;
    const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY);
    if (!run->is_in_statement || message == NULL || measure_notice(run, notice))
        return;
    g_autofree char *text = g_strdup_printf("%s: %s", severity != NULL ? severity : "", message);
    run_event(run, RUN_EVENT_NOTICE, text);
}

/* ---- a run's beginning and end -------------------------------------------------------------- */

void run_listen(struct postgres_run *run)
{
    PQsetNoticeReceiver(run->postgres->main, take_notice, run);
}

static void open_channel(struct run_channel *channel, struct postgres *postgres,
                         const struct run_job *job)
{
    memset(channel, 0, sizeof *channel);
    g_queue_init(&channel->messages);
    channel->outer = postgres->base.cancellation;
    channel->cancellation = job->cancellation != NULL ? job->cancellation : channel->outer;
    postgres->base.cancellation = channel->cancellation;
}

static void begin(struct postgres_run *run, struct postgres *postgres, const struct run_job *job,
                  struct run_result *result)
{
    memset(run, 0, sizeof *run);
    memset(result, 0, sizeof *result);
    run->postgres = postgres;
    run->job = job;
    run->result = result;
    run->started = run->statement_started = g_get_monotonic_time();
    run->statement = job->statement_count;
    result->outcome = RUN_OUTCOME_ROLLED_BACK;
    result->failed_statement = job->statement_count;
    result->impact =
        (struct impact){.rows = -1, .wal_bytes = -1, .longest_wait_us = -1, .sessions_blocked = -1};
}

void run_open(struct postgres_run *run, struct postgres *postgres, const struct run_job *job,
              struct run_result *result)
{
    begin(run, postgres, job, result);
    run->channel = &run->own_channel;
    open_channel(run->channel, postgres, job);
    postgres->prepares_nothing = session_may_unprepare(job);
    run_listen(run);
}

void run_join(struct postgres_run *run, struct postgres_run *other, const struct run_job *job,
              struct run_result *result)
{
    begin(run, other->postgres, job, result);
    run->channel = other->channel;
}

static void drop_notice(void *data, const PGresult *notice)
{
    (void)data;
    (void)notice;
}

void run_note_elapsed(struct postgres_run *run)
{
    run->result->impact.elapsed_us = run->result->elapsed_us =
        g_get_monotonic_time() - run->started;
}

gboolean run_leave(struct postgres_run *run, GError **error)
{
    if (run->result->outcome == RUN_OUTCOME_ROLLED_BACK)
        run->result->impact.rows = -1; /* none of them stayed */
    if (run->error != NULL || session_may_unprepare(run->job))
        postgres_prepared_forget(run->postgres);
    g_clear_pointer(&run->invalid_before, g_array_unref);
    g_free(run->blocker);
    g_free(run->deferred);
    gboolean is_good = run->error == NULL;
    if (run->error != NULL)
        g_propagate_error(error, g_steal_pointer(&run->error));
    return is_good;
}

gboolean run_close(struct postgres_run *run, GError **error)
{
    cancel_finish(run);
    control_finish(run);
    if (run->postgres->main != NULL)
        PQsetNoticeReceiver(run->postgres->main, drop_notice, NULL);
    run->postgres->base.cancellation = run->channel->outer;
    run->postgres->prepares_nothing = FALSE;
    g_queue_clear_full(&run->channel->messages, g_free);
    run_note_elapsed(run);
    return run_leave(run, error);
}

/* ---- waiting -------------------------------------------------------------------------------- */

void run_shield(struct postgres_run *run, gboolean is_shielded)
{
    run->channel->is_shielded = is_shielded;
    run->postgres->base.cancellation = is_shielded ? NULL : run->channel->cancellation;
}

enum cancel_level run_cancel_level(const struct postgres_run *run)
{
    if (run->channel->cancellation == NULL || run->channel->is_shielded)
        return CANCEL_NONE;
    return cancellation_level(run->channel->cancellation);
}

gboolean run_is_stopped(struct postgres_run *run)
{
    if (run->error == NULL && !run->channel->is_lost && run_cancel_level(run) >= CANCEL_NOW)
        run->error = run_error_at(run, run->statement, cancellation_why(run->channel->cancellation),
                                  "cancelled");
    return run->error != NULL || run->channel->is_lost;
}

gboolean run_wait(struct postgres_run *run)
{
    PGconn *main = run->postgres->main;
    int ready = 0;
    while (!run->channel->is_lost && ready != 1) {
        gboolean cancels = run_cancel_level(run) >= CANCEL_NOW;
        ready = postgres_wait(run->postgres, main, cancels ? QUICK_TICK : TICK);
        if (ready < 0)
            run->channel->is_lost = TRUE;
        else if (ready != 1 && run_cancel_level(run) >= CANCEL_NOW)
            cancel_step(run);
        else if (ready != 1)
            watch_step(run);
    }
    return !run->channel->is_lost;
}

/* ---- failing -------------------------------------------------------------------------------- */

/* A failed segment may have skipped what was to be prepared; and a file may reach DEALLOCATE ALL
 * without its text saying so, through a function. */
static void note_cause(struct postgres_run *run, const struct message *message,
                       const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    postgres_prepared_forget(run->postgres);
    run->is_unclean = message->kind == MESSAGE_GUARD &&
                      session_guard_is_unclean(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    run->lost_prepared = !run->postgres->prepares_nothing && message->kind != MESSAGE_STATEMENT &&
                         message->kind != MESSAGE_CHECK && g_strcmp0(sqlstate, "26000") == 0;
}

gboolean run_goes_again(struct postgres_run *run)
{
    if (!run->lost_prepared || run->channel->is_lost || run->is_committed ||
        run_cancel_level(run) != CANCEL_NONE)
        return FALSE;
    g_clear_error(&run->error);
    run->lost_prepared = FALSE;
    run->result->impact.rows = -1;
    run->postgres->prepares_nothing = TRUE;
    run_rollback(run);
    return !run->channel->is_lost;
}

void run_fail(struct postgres_run *run, const struct message *message, const PGresult *result)
{
    if (PQstatus(run->postgres->main) == CONNECTION_BAD || run_error_is_fatal(result)) {
        run->channel->is_lost = TRUE;
        return;
    }
    if (run->error != NULL || run->is_committed)
        return;
    note_cause(run, message, result);
    run->error = run_error_new(run, message, result);
    if (message->kind == MESSAGE_STATEMENT)
        run->result->failed_statement = message->index;
    const char *sqlstate = error_detail(run->error)->sqlstate;
    run->result->is_retryable = g_str_equal(sqlstate, "55P03") || g_str_equal(sqlstate, "40P01") ||
                                g_str_equal(sqlstate, "40001");
}

void run_rollback(struct postgres_run *run)
{
    if (run->channel->is_lost || PQtransactionStatus(run->postgres->main) == PQTRANS_IDLE)
        return;
    g_autoptr(GError) error = NULL;
    if (!postgres_execute(run->postgres, run->postgres->main, "ROLLBACK", &error))
        run->channel->is_lost = PQstatus(run->postgres->main) == CONNECTION_BAD;
}

struct history_record *run_failure_record(const struct postgres_run *run)
{
    if (run->job->record == NULL)
        return NULL;
    struct history_record *record = history_record_copy(run->job->record);
    const struct error_detail *detail = error_detail(run->error);
    record->outcome = error_is(run->error, ERROR_HANGUP) || error_is(run->error, ERROR_CANCELLED) ||
                              error_is(run->error, ERROR_TERMINATED)
                          ? OUTCOME_CANCELLED
                          : OUTCOME_FAILED;
    if (error_is(run->error, ERROR_UNKNOWN_OUTCOME))
        record->outcome = OUTCOME_UNKNOWN;
    g_free(record->message);
    g_free(record->sqlstate);
    record->message = g_strdup(run->error->message);
    record->sqlstate =
        detail != NULL && detail->sqlstate[0] != '\0' ? g_strdup(detail->sqlstate) : NULL;
    if (detail != NULL && detail->file != NULL) {
        g_free(record->file);
        record->file = g_strdup(detail->file);
        record->line = detail->line;
    }
    record->statements = run->job->statement_count;
    if (run->result->failed_statement < run->job->statement_count)
        record->statement = (gint64)run->result->failed_statement + 1;
    return record;
}

void run_record_failure(struct postgres_run *run)
{
    AUTOPTR(history_record) *record = run_failure_record(run);
    g_autoptr(GError) ignored = NULL;
    if (record != NULL && run->postgres->main != NULL &&
        PQstatus(run->postgres->main) == CONNECTION_OK)
        postgres_history_append(&run->postgres->base, record, &ignored);
    if (record != NULL)
        run->result->impact.history_id = record->id;
}

char *run_statement_text(struct postgres_run *run, guint index)
{
    const struct run_statement *statement = &run->job->statements[index];
    const char *nul = memchr(statement->text, '\0', statement->length);
    if (nul == NULL)
        return g_strndup(statement->text, statement->length);
    run->result->failed_statement = index;
    run->error = run_error_at(run, index, ERROR_SOURCE, "the statement contains a NUL byte");
    error_advise(&run->error, "remove it: PostgreSQL takes none");
    return NULL;
}

/* ---- one transaction ------------------------------------------------------------------------ */

/* SET TRANSACTION, before ours too. */
guint run_leading_modes(const struct run_job *job)
{
    guint count = 0;
    while (count < job->statement_count && job->statements[count].verb != NULL &&
           g_str_has_prefix(job->statements[count].verb, "SET TRANSACTION"))
        count++;
    return count;
}

/* COPY FROM STDIN would leave the pipeline unusable (libpq's manual, section 34.5.1.4), and a file
 * has no data to give. */
static gboolean refuse_copy_in(struct postgres_run *run, guint index, const char *text)
{
    const char *verb = run->job->statements[index].verb;
    g_autofree char *lower = g_ascii_strdown(text, -1);
    if (verb == NULL || !g_str_has_prefix(verb, "COPY") || strstr(lower, "stdin") == NULL)
        return FALSE;
    run->error = run_error_at(run, index, ERROR_FAILED,
                              "COPY FROM STDIN: a migration file cannot carry COPY data");
    error_advise(&run->error, "use INSERT, or COPY from a file on the server");
    run->result->failed_statement = index;
    return TRUE;
}

static gboolean send_statements(struct postgres_run *run, guint from, guint to)
{
    for (guint i = from; i < to; i++) {
        if (run_is_stopped(run))
            return FALSE;
        g_autofree char *text = run_statement_text(run, i);
        if (text == NULL || refuse_copy_in(run, i, text) ||
            !pipeline_send(run, MESSAGE_STATEMENT, i, text, 0, NULL))
            return FALSE;
        const char *verb = run->job->statements[i].verb;
        /* libpq's pipeline and COPY only get along when nothing follows. */
        if (verb != NULL && g_str_has_prefix(verb, "COPY") && !pipeline_drain(run))
            return FALSE;
        if (run->is_measuring && !measure_send(run, i))
            return FALSE;
    }
    return TRUE;
}

/* Checks have to be answered before the commit is sent: that is one round trip more. */
static gboolean send_checks(struct postgres_run *run)
{
    if (run->job->check_count == 0)
        return TRUE;
    if (!pipeline_drain(run))
        return FALSE;
    for (guint i = 0; i < run->job->check_count; i++)
        if (!pipeline_send(run, MESSAGE_CHECK, i, run->job->checks[i].sql, 0, NULL))
            return FALSE;
    return pipeline_drain(run);
}

/* What is asked before SET TRANSACTION would keep it from being obeyed, so that is not measured. */
static gboolean start_measuring(struct postgres_run *run, guint from)
{
    run->measured_from = from;
    run->is_measuring = run->is_rehearsal && run->job->measures;
    return !run->is_measuring || measure_start_send(run);
}

gboolean run_send_body(struct postgres_run *run)
{
    guint modes = run_leading_modes(run->job);
    return send_statements(run, 0, modes) && session_settings_send(run, TRUE) &&
           (run->flight == NULL || session_guard_send(run)) && start_measuring(run, modes) &&
           send_statements(run, modes, run->job->statement_count) && send_checks(run) &&
           session_put_back_send(run, FALSE, TRUE);
}

gboolean run_send_transaction(struct postgres_run *run)
{
    const struct run_job *job = run->job;
    return session_begin_send(run, job->begin_modes) && run_send_body(run) &&
           (!job->writes_version || pipeline_send_version(run, job->version_after, FALSE)) &&
           pipeline_send_record(run, job->record) &&
           pipeline_send_own(run, MESSAGE_COMMIT, 0, "COMMIT", 0, NULL) &&
           session_inspect_send(run);
}

void run_fail_transaction(struct postgres_run *run)
{
    if (run->error == NULL)
        run->error = run_error_at(run, run->job->statement_count, ERROR_FAILED,
                                  "the transaction did not commit");
    run_shield(run, TRUE);
    run_rollback(run);
    if (run->channel->is_lost) {
        /* The transaction was open and its COMMIT refused or not sent: it cannot be in. */
        run->result->connection_lost = TRUE;
        return;
    }
    run_record_failure(run);
}

void run_finish(struct postgres_run *run)
{
    g_clear_error(&run->error);
    run->result->outcome = RUN_OUTCOME_COMMITTED;
    run->result->statements_done = run->job->statement_count;
    run->result->failed_statement = run->job->statement_count;
    if (!run->channel->is_lost && run->leftovers != 0)
        session_clean(run);
}

static void run_transaction(struct postgres_run *run)
{
    do {
        pipeline_enter(run);
        run_send_transaction(run);
        pipeline_finish(run);
    } while (run_goes_again(run));
    gboolean is_certain = run->is_committed && run->job->commits_synchronously;
    if (run->channel->is_lost && !is_certain) {
        settle(&run, 1);
        return;
    }
    run->result->connection_lost = run->channel->is_lost;
    if (run->is_committed)
        run_finish(run);
    else
        run_fail_transaction(run);
}

gboolean postgres_run(struct database *database, const struct run_job *job,
                      struct run_result *result, GError **error)
{
    struct postgres_run run;
    run_open(&run, (struct postgres *)database, job, result);
    run_rollback(&run);
    if (run_is_stopped(&run) || !measure_begin(&run) || !settle_prepare(&run)) {
        result->connection_lost = run.channel->is_lost;
        return run_close(&run, error);
    }
    if (job->protocol == PROTOCOL_TRANSACTION)
        run_transaction(&run);
    else
        run_separate(&run);
    measure_committed(run.postgres);
    return run_close(&run, error);
}
