/* Messages in, results out: a segment of pipelined messages on the main connection, read while it
 * is written, so that neither side waits for the other to read (manual, section 34.5). */
#include "database/postgres/run_internal.h"

#include <poll.h>

/* ---- COPY ----------------------------------------------------------------------------------- */

/* PQisBusy() tells nothing while COPY data comes, so the socket is asked. */
static void wait_copy(struct postgres_run *run)
{
    PGconn *main = run->postgres->main;
    struct pollfd fd = {.fd = PQsocket(main), .events = POLLIN};
    if (poll(&fd, 1, 100) == 0) {
        if (run_cancel_level(run) >= CANCEL_NOW)
            cancel_step(run);
        return;
    }
    if (!PQconsumeInput(main))
        run->channel->is_lost = TRUE;
}

static void drain_copy(struct postgres_run *run)
{
    int length = 0;
    while (length >= 0 && !run->channel->is_lost) {
        char *row = NULL;
        length = PQgetCopyData(run->postgres->main, &row, TRUE);
        PQfreemem(row);
        if (length == 0)
            wait_copy(run);
    }
}

static void take_copy(struct postgres_run *run, const PGresult *result)
{
    if (PQresultStatus(result) == PGRES_COPY_OUT) {
        drain_copy(run);
        return;
    }
    int sent;
    while ((sent = PQputCopyEnd(run->postgres->main, "a migration file has no data to copy")) == 0)
        PQflush(run->postgres->main);
    if (sent < 0)
        run->channel->is_lost = TRUE;
}

/* ---- results -------------------------------------------------------------------------------- */

static void take_settings(struct postgres_run *run, const PGresult *result)
{
    int columns = PQnfields(result);
    if (PQntuples(result) != 1 || columns < 2)
        return;
    if (run->wal_start == 0)
        run->wal_start = run_wal_place(PQgetvalue(result, 0, columns - 2));
    g_strlcpy(run->result->xid, PQgetvalue(result, 0, columns - 1), sizeof run->result->xid);
}

/* Of history: id, started_at, finished_at, xid, hash, place in the WAL. */
static void take_record(struct postgres_run *run, const PGresult *result)
{
    struct impact *impact = &run->result->impact;
    if (PQnfields(result) != 6 || PQntuples(result) != 1)
        return;
    guint64 place = run_wal_place(PQgetvalue(result, 0, 5));
    if (run->began_at == 0)
        run->began_at = g_ascii_strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    impact->history_id = g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    if (run->wal_start != 0 && place >= run->wal_start)
        impact->wal_bytes = (gint64)(place - run->wal_start);
}

static char *first_row(const PGresult *result)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < PQnfields(result) && text->len < 400; i++)
        g_string_append_printf(text, "%s%s = %s", i > 0 ? ", " : "", PQfname(result, i),
                               PQgetisnull(result, 0, i) ? "NULL" : PQgetvalue(result, 0, i));
    return g_string_free(text, FALSE);
}

static void take_check_row(struct postgres_run *run, guint index, const PGresult *result)
{
    const struct run_check *check = &run->job->checks[index];
    if (run->error != NULL)
        return;
    g_autofree char *row = first_row(result);
    error_set_at(&run->error, ERROR_FAILED, run->job->file, check->line,
                 "check \"%s\" returned a row: %s", check->name, row);
    error_advise(&run->error, "nothing of the migration is in: look at what the check found");
}

static void take_commit(struct postgres_run *run, PGresult *result)
{
    if (g_str_equal(PQcmdStatus(result), "COMMIT"))
        run->is_committed = TRUE;
    else if (run->error == NULL)
        run->error = run_error_at(run, run->job->statement_count, ERROR_FAILED,
                                  "the server rolled the transaction back at its COMMIT");
}

static void take_statement(struct postgres_run *run, PGresult *result)
{
    run->rows = run_rows(result);
    run_count(run, result);
    measure_statement(run, result);
}

/* A row of a result that comes row by row; only checks look at it. */
static void take_row(struct postgres_run *run, const struct message *message,
                     const PGresult *result)
{
    if (message->kind == MESSAGE_CHECK)
        take_check_row(run, message->index, result);
}

static void take_success(struct postgres_run *run, const struct message *message, PGresult *result)
{
    switch (message->kind) {
    case MESSAGE_SETTINGS:
        take_settings(run, result);
        break;
    case MESSAGE_STATEMENT:
        take_statement(run, result);
        break;
    case MESSAGE_PUT_BACK:
        if (message->index == 0)
            session_put_back_read(run, result);
        break;
    case MESSAGE_COMMIT:
        take_commit(run, result);
        break;
    case MESSAGE_INSPECT:
        session_inspect_read(run, result);
        break;
    case MESSAGE_DEFERRED:
        if (PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
            run->deferred = g_strdup(PQgetvalue(result, 0, 0));
        break;
    case MESSAGE_RECORD:
        take_record(run, result);
        break;
    case MESSAGE_CLOCK_START:
    case MESSAGE_CLOCK_STOP:
        measure_clock(run, message->kind, result);
        break;
    case MESSAGE_EVIDENCE:
        measure_take(run, message->index, result);
        break;
    case MESSAGE_GUARD:
        flight_begun(run);
        break;
    case MESSAGE_CHECK:
    case MESSAGE_BEGIN:
    case MESSAGE_TIDY:
    case MESSAGE_CONSTRAINTS:
    case MESSAGE_SYNC:
        break;
    }
}

gboolean pipeline_take(struct postgres_run *run, const struct message *message, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        take_row(run, message, result);
        return FALSE;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        take_success(run, message, result);
        return TRUE;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        take_copy(run, result);
        return FALSE;
    case PGRES_PIPELINE_ABORTED:
        return FALSE;
    default:
        run_fail(run, message, result);
        return FALSE;
    }
}

/* ---- collecting ----------------------------------------------------------------------------- */

static void begin_collecting(struct postgres_run *run, const struct message *message)
{
    run_listen(run);
    if (message->kind == MESSAGE_STATEMENT && run->error == NULL)
        run_statement_started(run, message->index);
    else
        run->is_in_statement = FALSE;
    /* A SELECT of a million rows passes by without being kept. */
    if (message->kind == MESSAGE_STATEMENT || message->kind == MESSAGE_CHECK)
        PQsetSingleRowMode(run->postgres->main);
}

static void end_collecting(struct postgres_run *run, const struct message *message)
{
    if (message->kind == MESSAGE_STATEMENT && run->is_measuring &&
        message->index >= run->measured_from)
        run->is_in_statement = FALSE; /* what was measured of it comes next */
    else if (message->kind == MESSAGE_STATEMENT)
        run_statement_done(run, run->rows);
    else if (message->kind == MESSAGE_CHECK)
        run_event(run, RUN_EVENT_CHECK_DONE, run->job->checks[message->index].name);
    else if (message->kind == MESSAGE_PUT_BACK && run->job->protocol == PROTOCOL_TRANSACTION &&
             !run->is_rehearsal) {
        run->statement = run->job->statement_count;
        run->statement_started = run->looked = g_get_monotonic_time();
        run_event(run, RUN_EVENT_COMMITTING, NULL);
    }
}

static void collect_sync(struct postgres_run *run)
{
    PGconn *main = run->postgres->main;
    gboolean is_synced = FALSE;
    run->is_in_statement = FALSE;
    while (!is_synced && run_wait(run)) {
        AUTORESULT *result = postgres_take(run->postgres, main);
        is_synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (result == NULL && PQstatus(main) == CONNECTION_BAD)
            run->channel->is_lost = TRUE;
    }
    if (is_synced && run->flight != NULL)
        flight_passed(run);
}

static void collect_results(struct postgres_run *run, const struct message *message)
{
    gboolean is_done = FALSE;
    begin_collecting(run, message);
    while (run_wait(run)) {
        AUTORESULT *result = postgres_take(run->postgres, run->postgres->main);
        if (result == NULL) {
            if (is_done && run->error == NULL)
                end_collecting(run, message);
            return;
        }
        is_done = pipeline_take(run, message, result) || is_done;
        if (PQstatus(run->postgres->main) == CONNECTION_BAD)
            run->channel->is_lost = TRUE;
    }
}

/* Takes all results of the oldest message, whosever it is. */
static void collect_one(struct run_channel *channel)
{
    g_autofree struct message *message = g_queue_pop_head(&channel->messages);
    if (message->kind == MESSAGE_SYNC)
        collect_sync(message->run);
    else
        collect_results(message->run, message);
}

static void collect_all(struct postgres_run *run)
{
    struct run_channel *channel = run->channel;
    run->postgres->base.round_trips++;
    while (!channel->is_lost && !g_queue_is_empty(&channel->messages))
        collect_one(channel);
}

gboolean pipeline_drain(struct postgres_run *run)
{
    if (!g_queue_is_empty(&run->channel->messages) && !PQsendFlushRequest(run->postgres->main))
        run->channel->is_lost = TRUE;
    collect_all(run);
    return !run_is_stopped(run);
}

/* ---- sending -------------------------------------------------------------------------------- */

void pipeline_enter(struct postgres_run *run)
{
    if (!PQenterPipelineMode(run->postgres->main))
        run->channel->is_lost = TRUE;
}

static void expect(struct postgres_run *run, enum message_kind kind, guint index, guint count)
{
    for (guint i = 0; i < count; i++) {
        struct message *message = g_new(struct message, 1);
        *message = (struct message){.kind = kind, .index = index, .run = run};
        g_queue_push_tail(&run->channel->messages, message);
    }
}

/* Messages that may wait in libpq's buffer: a small migration goes out as one piece. */
#define UNFLUSHED_MAX 64

/* Those after which a statement of the file may begin, or a check has to be answered. */
static gboolean wants_answer(const struct postgres_run *run, enum message_kind kind)
{
    return kind == (run->flight != NULL ? MESSAGE_GUARD : MESSAGE_SETTINGS) ||
           kind == MESSAGE_STATEMENT || kind == MESSAGE_CHECK || kind == MESSAGE_EVIDENCE;
}

/* After something was sent. The server is asked for the result of each of the file's statements at
 * once; our own bookkeeping is answered with the Sync. A long file is read while it is written. */
static gboolean push(struct postgres_run *run, enum message_kind kind)
{
    PGconn *main = run->postgres->main;
    struct run_channel *channel = run->channel;
    if (wants_answer(run, kind) && !PQsendFlushRequest(main)) {
        channel->is_lost = TRUE;
        return FALSE;
    }
    if (++channel->unflushed < UNFLUSHED_MAX)
        return !run_is_stopped(run);
    channel->unflushed = 0;
    int pending = PQflush(main);
    if (pending < 0)
        channel->is_lost = TRUE;
    while (pending > 0 && !channel->is_lost && g_queue_get_length(&channel->messages) > 1) {
        collect_one(channel);
        pending = PQflush(main);
    }
    return !run_is_stopped(run);
}

gboolean pipeline_send(struct postgres_run *run, enum message_kind kind, guint index,
                       const char *sql, int count, const char *const *parameters)
{
    if (run_is_stopped(run))
        return FALSE;
    if (!postgres_send_params(run->postgres, run->postgres->main, sql, count, parameters, NULL,
                              NULL)) {
        run->channel->is_lost = TRUE;
        return FALSE;
    }
    expect(run, kind, index, 1);
    return push(run, kind);
}

gboolean pipeline_send_own(struct postgres_run *run, enum message_kind kind, guint index,
                           const char *sql, int count, const char *const *parameters)
{
    guint messages = 0;
    if (run_is_stopped(run))
        return FALSE;
    if (!postgres_send_own(run->postgres, sql, count, parameters, NULL, NULL, &messages)) {
        run->channel->is_lost = TRUE;
        return FALSE;
    }
    expect(run, MESSAGE_TIDY, 0, messages - 1);
    expect(run, kind, index, 1);
    return push(run, kind);
}

static gboolean sent(struct postgres_run *run, gboolean is_sent, guint messages)
{
    expect(run, MESSAGE_RECORD, 0, messages);
    if (!is_sent)
        run->channel->is_lost = TRUE;
    return is_sent && !run_is_stopped(run);
}

gboolean pipeline_send_version(struct postgres_run *run, gint64 version, gboolean is_dirty)
{
    guint messages = 0;
    if (run_is_stopped(run))
        return FALSE;
    gboolean is_sent = postgres_version_send(run->postgres, version, is_dirty, &messages);
    return sent(run, is_sent, messages);
}

gboolean pipeline_send_record(struct postgres_run *run, const struct history_record *record)
{
    guint messages = 0;
    if (run_is_stopped(run))
        return FALSE;
    gboolean is_sent = record == NULL || postgres_history_send(run->postgres, record, &messages);
    return sent(run, is_sent, messages);
}

void pipeline_sync(struct postgres_run *run)
{
    if (run->channel->is_lost || !PQpipelineSync(run->postgres->main))
        run->channel->is_lost = TRUE;
    else
        expect(run, MESSAGE_SYNC, 0, 1);
}

void pipeline_leave(struct postgres_run *run)
{
    collect_all(run);
    cancel_finish(run);
    if (!run->channel->is_lost && !PQexitPipelineMode(run->postgres->main))
        run->channel->is_lost = TRUE;
}

gboolean pipeline_finish(struct postgres_run *run)
{
    pipeline_sync(run);
    pipeline_leave(run);
    return !run->channel->is_lost && run->error == NULL;
}
