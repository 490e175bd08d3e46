/* The one place where statements go out and their results come in, so that each can be told of. */
#include "database/postgres/postgres.h"

#include <string.h>

/* One message that was sent and not yet answered. */
struct sent {
    char *text;
    gsize length;
    guint parameter_count;
    gint64 sent_at, rows;
    char *error;
    char sqlstate[6];
    gboolean is_skipped;
    gboolean is_preparing; /* only told when it fails */
};

static void sent_free(gpointer data)
{
    struct sent *sent = data;
    g_free(sent->text);
    g_free(sent->error);
    g_free(sent);
}

static struct statement_queue *queue_of(struct postgres *postgres, const PGconn *connection)
{
    return &postgres->sent[connection == postgres->main ? 0 : 1];
}

/* ---- sending --------------------------------------------------------------------------------- */

/* NULL when nobody wants to know. */
static struct sent *note(struct postgres *postgres, const PGconn *connection, const char *sql,
                         guint parameter_count)
{
    if (postgres->base.on_statement == NULL)
        return NULL;
    struct sent *sent = g_new0(struct sent, 1);
    sent->length = strlen(sql);
    sent->text = statement_text_safe(sql, sent->length);
    sent->parameter_count = parameter_count;
    sent->sent_at = g_get_monotonic_time();
    sent->rows = -1;
    g_queue_push_tail(&queue_of(postgres, connection)->waiting, sent);
    return sent;
}

gboolean postgres_send(struct postgres *postgres, PGconn *connection, const char *sql)
{
    if (!PQsendQuery(connection, sql))
        return FALSE;
    note(postgres, connection, sql, 0);
    return TRUE;
}

gboolean postgres_send_params(struct postgres *postgres, PGconn *connection, const char *sql,
                              int count, const char *const *values, const int *lengths,
                              const int *formats)
{
    if (!PQsendQueryParams(connection, sql, count, NULL, values, lengths, formats, 0))
        return FALSE;
    note(postgres, connection, sql, (guint)count);
    return TRUE;
}

gboolean postgres_send_prepare(struct postgres *postgres, PGconn *connection, const char *name,
                               const char *sql)
{
    if (!PQsendPrepare(connection, name, sql, 0, NULL))
        return FALSE;
    struct sent *sent = note(postgres, connection, sql, 0);
    if (sent != NULL)
        sent->is_preparing = TRUE;
    return TRUE;
}

gboolean postgres_send_prepared(struct postgres *postgres, PGconn *connection, const char *name,
                                const char *sql, int count, const char *const *values,
                                const int *lengths, const int *formats)
{
    if (!PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0))
        return FALSE;
    note(postgres, connection, sql, (guint)count);
    return TRUE;
}

/* ---- telling --------------------------------------------------------------------------------- */

/* What was prepared is told of when it runs, and its time is counted there too. */
static gboolean is_silent(const struct sent *sent)
{
    return sent->is_preparing && (sent->error == NULL || sent->is_skipped);
}

static void tell(struct postgres *postgres, const PGconn *connection)
{
    struct statement_queue *queue = queue_of(postgres, connection);
    struct sent *sent = g_queue_pop_head(&queue->waiting);
    gint64 now = g_get_monotonic_time();
    if (sent == NULL)
        return;
    if (is_silent(sent)) {
        sent_free(sent);
        return;
    }
    struct statement_trace trace = {
        .connection = connection == postgres->main ? "main" : "control",
        .text = sent->text,
        .length = sent->length,
        .parameter_count = sent->parameter_count,
        .elapsed_us = now - MAX(sent->sent_at, queue->answered_at),
        .rows = sent->rows,
        .error = sent->error,
        .sqlstate = sent->sqlstate,
        .is_skipped = sent->is_skipped,
    };
    queue->answered_at = now;
    postgres->base.on_statement(&trace, postgres->base.statement_data);
    sent_free(sent);
}

static void note_error(struct sent *sent, const PGresult *result)
{
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sent->error != NULL)
        return;
    sent->error = g_strdup(primary != NULL ? primary : PQresultErrorMessage(result));
    g_strchomp(sent->error);
    g_strlcpy(sent->sqlstate, sqlstate != NULL ? sqlstate : "", sizeof sent->sqlstate);
}

/* Rows that come one by one have a result each, and an empty one behind them. */
static void note_rows(struct sent *sent, PGresult *result)
{
    const char *count = PQcmdTuples(result);
    if (*count != '\0')
        sent->rows = g_ascii_strtoll(count, NULL, 10);
}

static void note_result(struct sent *sent, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        note_rows(sent, result);
        break;
    case PGRES_PIPELINE_ABORTED:
        sent->is_skipped = TRUE;
        if (sent->error == NULL)
            sent->error = g_strdup("not run: a statement before it failed");
        break;
    case PGRES_BAD_RESPONSE:
    case PGRES_FATAL_ERROR:
        note_error(sent, result);
        break;
    default:
        break;
    }
}

PGresult *postgres_take(struct postgres *postgres, PGconn *connection)
{
    PGresult *result = PQgetResult(connection);
    if (postgres->base.on_statement == NULL)
        return result;
    struct sent *sent = g_queue_peek_head(&queue_of(postgres, connection)->waiting);
    if (result == NULL)
        tell(postgres, connection);
    else if (sent != NULL)
        note_result(sent, result);
    return result;
}

void postgres_finish(struct postgres *postgres, PGconn *connection)
{
    if (connection == NULL)
        return;
    GQueue *waiting = &queue_of(postgres, connection)->waiting;
    while (!g_queue_is_empty(waiting)) {
        struct sent *sent = g_queue_peek_head(waiting);
        if (sent->error == NULL)
            sent->error = g_strdup("no answer: the connection was lost");
        tell(postgres, connection);
    }
    PQfinish(connection);
}
