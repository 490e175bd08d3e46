/* Sending with an eye on the cancellation: nothing here waits for a server without also waiting for
 * the person. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "database/postgres/postgres.h"

#define MILLISECOND 1000

/* ---- waiting -------------------------------------------------------------------------------- */

static int milliseconds_left(gint64 deadline)
{
    if (deadline < 0)
        return -1;
    gint64 left = (deadline - g_get_monotonic_time() + MILLISECOND - 1) / MILLISECOND;
    return (int)CLAMP(left, 0, G_MAXINT);
}

gint64 postgres_deadline(gint64 milliseconds)
{
    return milliseconds < 0 ? -1 : g_get_monotonic_time() + milliseconds * MILLISECOND;
}

int postgres_wait_socket(struct cancellation *cancellation, int socket, short events,
                         gint64 deadline)
{
    for (;;) {
        struct pollfd fds[] = {
            {.fd = socket, .events = events},
            {.fd = cancellation != NULL ? cancellation_fd(cancellation) : -1, .events = POLLIN},
        };
        int left = milliseconds_left(deadline);
        int ready = poll(fds, G_N_ELEMENTS(fds), left);
        if (ready < 0 && errno != EINTR)
            return -1;
        if (ready > 0 && fds[1].revents != 0) {
            cancellation_seen(cancellation);
            return 2;
        }
        if (ready > 0)
            return 1;
        if (left == 0)
            return 0;
    }
}

int postgres_wait(struct postgres *postgres, PGconn *connection, int milliseconds)
{
    gint64 deadline = postgres_deadline(milliseconds);
    for (;;) {
        int pending = PQflush(connection);
        if (pending < 0)
            return -1;
        if (!PQisBusy(connection))
            return 1;
        short events = pending > 0 ? POLLIN | POLLOUT : POLLIN;
        int ready = postgres_wait_socket(postgres->base.cancellation, PQsocket(connection), events,
                                         deadline);
        if (ready != 1)
            return ready;
        if (!PQconsumeInput(connection))
            return -1;
    }
}

int postgres_pause(struct postgres *postgres, int milliseconds)
{
    return postgres_wait_socket(postgres->base.cancellation, -1, 0,
                                postgres_deadline(milliseconds));
}

/* ---- cancelling a query of our own ----------------------------------------------------------- */

static gpointer cancel_thread(gpointer data)
{
    PGcancel *cancel = data;
    char ignored[256];
    PQcancel(cancel, ignored, sizeof ignored);
    PQfreeCancel(cancel);
    return NULL;
}

/* PQcancel() blocks while it connects, so a thread does it. */
static GThread *cancel_start(PGconn *connection)
{
    PGcancel *cancel = PQgetCancel(connection);
    return cancel != NULL ? g_thread_new("cancel", cancel_thread, cancel) : NULL;
}

/* Waits without limit for the next result. CANCEL_NOW cancels what runs; CANCEL_TERMINATE gives
 * the connection up, for a server that no longer answers. */
static void wait_result(struct postgres *postgres, PGconn *connection)
{
    GThread *canceller = NULL;
    int ready;
    while ((ready = postgres_wait(postgres, connection, -1)) == 2) {
        enum cancel_level level = cancellation_level(postgres->base.cancellation);
        if (level >= CANCEL_TERMINATE)
            shutdown(PQsocket(connection), SHUT_RDWR);
        else if (level >= CANCEL_NOW && canceller == NULL)
            canceller = cancel_start(connection);
    }
    if (canceller == NULL)
        return;
    /* A cancel that is still on its way would hit the next query. */
    if (ready == 1)
        g_thread_join(canceller);
    else
        g_thread_unref(canceller);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static gboolean is_connection_lost(PGconn *connection, const char *sqlstate)
{
    return PQstatus(connection) == CONNECTION_BAD || g_str_has_prefix(sqlstate, "08") ||
           g_str_equal(sqlstate, "57P01") || g_str_equal(sqlstate, "57P02") ||
           g_str_equal(sqlstate, "57P03");
}

static enum error_code code_of(struct postgres *postgres, PGconn *connection, const char *sqlstate)
{
    struct cancellation *cancellation = postgres->base.cancellation;
    gboolean cancelled = cancellation != NULL && cancellation_level(cancellation) >= CANCEL_NOW;
    if (cancelled && g_str_equal(sqlstate, "57014"))
        return cancellation_why(cancellation);
    if (cancelled && cancellation_level(cancellation) >= CANCEL_TERMINATE &&
        is_connection_lost(connection, sqlstate))
        return cancellation_why(cancellation);
    return is_connection_lost(connection, sqlstate) ? ERROR_NO_CONNECTION : ERROR_FAILED;
}

/* What to do about it, where the server's own words do not say. */
static const struct {
    const char *sqlstate, *advice;
} advices[] = {
    {"57P03", "the server is starting or stopping: try again"},
    {"53300", "the server has no connection to spare: close some, or raise max_connections"},
    {"3D000", "check the name, or create the database first"},
    {"28P01", "check user and password (PGPASSWORD, .pgpass, the configuration)"},
    {"28000", "check the user, and the server's pg_hba.conf"},
    {"25006", "connect to the primary, with rights to write"},
    {"55P03",
     "another session holds the lock: 'winch locks' names it; allow more time (lock_timeout)"},
    {"53100", "the server has no room on disk"},
    {"53200", "the server is out of memory or of locks: see max_locks_per_transaction"},
};

void postgres_advise(GError **error, const char *sqlstate)
{
    for (gsize i = 0; i < G_N_ELEMENTS(advices); i++)
        if (g_str_equal(advices[i].sqlstate, sqlstate))
            error_advise(error, "%s", advices[i].advice);
}

void postgres_error_set(GError **error, struct postgres *postgres, PGconn *connection,
                        const PGresult *result, const char *what)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    g_autofree char *message =
        g_strstrip(g_strdup(primary != NULL ? primary : PQerrorMessage(connection)));
    if (sqlstate == NULL)
        sqlstate = "";
    if (error == NULL)
        return;
    error_set(error, code_of(postgres, connection, sqlstate), "%s%s%s", what != NULL ? what : "",
              what != NULL ? ": " : "", *message != '\0' ? message : "no word from the server");
    struct error_detail *detail = error_detail_edit(*error);
    g_strlcpy(detail->sqlstate, sqlstate, sizeof detail->sqlstate);
    detail->detail = g_strdup(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    detail->hint = g_strdup(PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
    detail->context = g_strdup(PQresultErrorField(result, PG_DIAG_CONTEXT));
    postgres_advise(error, sqlstate);
}

/* ---- sending --------------------------------------------------------------------------------- */

static gboolean is_success(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

PGresult *postgres_result_next(struct postgres *postgres, PGconn *connection)
{
    wait_result(postgres, connection);
    return postgres_take(postgres, connection);
}

/* Takes every result of what was sent. Keeps the first failure, else the last success. */
static PGresult *collect(struct postgres *postgres, PGconn *connection)
{
    PGresult *kept = NULL;
    for (;;) {
        PGresult *result = postgres_result_next(postgres, connection);
        if (result == NULL)
            return kept;
        if (kept != NULL && !is_success(kept)) {
            PQclear(result);
            continue;
        }
        PQclear(kept);
        kept = result;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
            return kept; /* nothing of ours copies: never drain it here */
    }
}

PGresult *postgres_query(struct postgres *postgres, PGconn *connection, const char *sql,
                         int parameter_count, const char *const *parameters, GError **error)
{
    postgres->base.round_trips++;
    if (!postgres_send_params(postgres, connection, sql, parameter_count, parameters, NULL, NULL)) {
        postgres_error_set(error, postgres, connection, NULL, NULL);
        return NULL;
    }
    PGresult *result = collect(postgres, connection);
    if (result != NULL && is_success(result))
        return result;
    postgres_error_set(error, postgres, connection, result, NULL);
    PQclear(result);
    return NULL;
}

PGresult *postgres_query_simple(struct postgres *postgres, PGconn *connection, const char *sql,
                                GError **error)
{
    postgres->base.round_trips++;
    if (!postgres_send(postgres, connection, sql)) {
        postgres_error_set(error, postgres, connection, NULL, NULL);
        return NULL;
    }
    PGresult *result = collect(postgres, connection);
    if (result != NULL && is_success(result))
        return result;
    postgres_error_set(error, postgres, connection, result, NULL);
    PQclear(result);
    return NULL;
}

GPtrArray *postgres_query_several(struct postgres *postgres, PGconn *connection, const char *sql,
                                  GError **error)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func((GDestroyNotify)PQclear);
    gboolean has_failed = FALSE;
    postgres->base.round_trips++;
    if (!postgres_send(postgres, connection, sql)) {
        postgres_error_set(error, postgres, connection, NULL, NULL);
        return kept;
    }
    for (;;) {
        PGresult *result = postgres_result_next(postgres, connection);
        if (result == NULL)
            return kept;
        if (PQresultStatus(result) == PGRES_TUPLES_OK) {
            g_ptr_array_add(kept, result);
            continue;
        }
        if (!is_success(result) && !has_failed) {
            has_failed = TRUE;
            postgres_error_set(error, postgres, connection, result, NULL);
        }
        PQclear(result);
    }
}

gboolean postgres_execute(struct postgres *postgres, PGconn *connection, const char *sql,
                          GError **error)
{
    AUTORESULT *result = postgres_query_simple(postgres, connection, sql, error);
    return result != NULL;
}
