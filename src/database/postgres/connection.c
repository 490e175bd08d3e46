/* Connecting, and sending with an eye on the cancellation: nothing here waits for a server without
 * also waiting for the person. */
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

static gint64 deadline_after(gint64 milliseconds)
{
    return milliseconds < 0 ? -1 : g_get_monotonic_time() + milliseconds * MILLISECOND;
}

/* Polls socket (-1: none) for events together with the cancellation, until deadline. As
 * postgres_wait(), 1 meaning that the socket has something. */
static int wait_socket(struct cancellation *cancellation, int socket, short events, gint64 deadline)
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
    gint64 deadline = deadline_after(milliseconds);
    for (;;) {
        int pending = PQflush(connection);
        if (pending < 0)
            return -1;
        if (!PQisBusy(connection))
            return 1;
        short events = pending > 0 ? POLLIN | POLLOUT : POLLIN;
        int ready =
            wait_socket(postgres->base.cancellation, PQsocket(connection), events, deadline);
        if (ready != 1)
            return ready;
        if (!PQconsumeInput(connection))
            return -1;
    }
}

int postgres_pause(struct postgres *postgres, int milliseconds)
{
    return wait_socket(postgres->base.cancellation, -1, 0, deadline_after(milliseconds));
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
    {"55P03", "another session holds the lock: see pg_locks and pg_stat_activity, then try again"},
    {"53100", "the server has no room on disk"},
    {"53200", "the server is out of memory or of locks: see max_locks_per_transaction"},
};

static void advise_by_sqlstate(GError **error, const char *sqlstate)
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
    advise_by_sqlstate(error, sqlstate);
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
    return PQgetResult(connection);
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
    if (!PQsendQueryParams(connection, sql, parameter_count, NULL, parameters, NULL, NULL, 0)) {
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
    if (!PQsendQuery(connection, sql)) {
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
    if (!PQsendQuery(connection, sql)) {
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

/* ---- connecting ------------------------------------------------------------------------------ */

static void drop_notice(void *data, const PGresult *notice)
{
    (void)data;
    (void)notice;
}

/* The SQLSTATE in a message made with PQERRORS_VERBOSE ("FATAL:  3D000: database ..."): libpq has
 * no other way to tell it while connecting. Where it stands goes to *at; NULL without one. */
static const char *find_sqlstate(const char *message, const char **at)
{
    for (const char *p = strstr(message, ":  "); p != NULL; p = strstr(p + 1, ":  ")) {
        const char *code = p + 3;
        gsize length = strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (length == 5 && code[5] == ':' && code[6] == ' ') {
            *at = code;
            return code;
        }
    }
    return NULL;
}

/* "LOCATION:  InitPostgres, postinit.c:885", in whatever language. */
static gboolean is_location_line(const char *line)
{
    return g_regex_match_simple("^\\S+:\\s+\\S+, \\S+\\.(c|y|l|cpp):\\d+$", line, 0, 0);
}

/* libpq's message on one line, without SQLSTATE and source location. */
static char *tidy_message(const char *message, char sqlstate[6])
{
    const char *at = NULL;
    GString *text = g_string_new(NULL);
    sqlstate[0] = '\0';
    if (find_sqlstate(message, &at) != NULL) {
        g_strlcpy(sqlstate, at, 6);
        g_string_append_len(text, message, at - message);
        g_string_append(text, at + 7);
    } else {
        g_string_append(text, message);
    }
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    g_string_truncate(text, 0);
    for (char **line = lines; *line != NULL; line++) {
        g_strstrip(*line);
        if (**line == '\0' || is_location_line(*line))
            continue;
        if (text->len > 0)
            g_string_append(text, text->str[text->len - 1] == '?' ? " " : "; ");
        g_string_append(text, *line);
    }
    return g_string_free(text, FALSE);
}

static void connect_error_set(GError **error, PGconn *connection)
{
    char sqlstate[6];
    if (error == NULL)
        return;
    g_autofree char *message = tidy_message(PQerrorMessage(connection), sqlstate);
    error_set(error, ERROR_NO_CONNECTION, "%s", message);
    g_strlcpy(error_detail_edit(*error)->sqlstate, sqlstate, 6);
    if (PQconnectionNeedsPassword(connection))
        error_advise(error, "give a password (PGPASSWORD, .pgpass, the configuration)");
    else if (sqlstate[0] == '\0')
        error_advise(error, "check that the server runs and that host and port are right");
    else
        advise_by_sqlstate(error, sqlstate);
}

/* Drives an attempt that was started to its end. stop_level: a cancellation raised meanwhile to at
 * least this level ends it. */
static gboolean connect_poll(struct postgres *postgres, PGconn *connection,
                             enum cancel_level stop_level, GError **error)
{
    struct cancellation *cancellation = postgres->base.cancellation;
    gint64 deadline =
        deadline_after(postgres->connect_timeout > 0 ? postgres->connect_timeout : -1);
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) {
            connect_error_set(error, connection);
            return FALSE;
        }
        short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        int ready = wait_socket(cancellation, PQsocket(connection), events, deadline);
        if (ready == 2 && cancellation_level(cancellation) >= stop_level) {
            error_set(error, cancellation_why(cancellation), "cancelled while connecting");
            return FALSE;
        }
        if (ready == 0) {
            error_set(error, ERROR_NO_CONNECTION,
                      "no answer from %s within %" G_GINT64_FORMAT " ms", PQhost(connection),
                      postgres->connect_timeout);
            error_advise(error, "check host and port, or allow more time (connect_timeout)");
            return FALSE;
        }
        if (ready != 2)
            status = PQconnectPoll(connection);
    }
    return TRUE;
}

/* How many times a connection went to the server and back before it was ready, at the least. */
static guint handshake_trips(PGconn *connection)
{
    return 1 + (PQsslInUse(connection) ? 2 : 0) + (PQconnectionUsedPassword(connection) ? 2 : 0);
}

static PGconn *connect_once(struct postgres *postgres, enum cancel_level stop_level, GError **error)
{
    PGconn *connection = PQconnectStartParams((const char *const *)postgres->keywords,
                                              (const char *const *)postgres->values, 0);
    if (connection == NULL) {
        error_set(error, ERROR_FAILED, "out of memory");
        return NULL;
    }
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(connection, drop_notice, NULL);
    if (PQstatus(connection) == CONNECTION_BAD) {
        connect_error_set(error, connection);
        PQfinish(connection);
        return NULL;
    }
    if (!connect_poll(postgres, connection, stop_level, error)) {
        PQfinish(connection);
        return NULL;
    }
    PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
    PQsetnonblocking(connection, 1);
    postgres->base.round_trips += handshake_trips(connection);
    return connection;
}

PGconn *postgres_connect(struct postgres *postgres, GError **error)
{
    struct cancellation *cancellation = postgres->base.cancellation;
    if (cancellation != NULL && cancellation_level(cancellation) > CANCEL_NONE) {
        error_set(error, cancellation_why(cancellation), "cancelled before connecting");
        return NULL;
    }
    return connect_once(postgres, CANCEL_AFTER, error);
}

/* Replaces one parameter for the time of a call. */
static char **find_value(struct postgres *postgres, const char *keyword)
{
    for (guint i = 0; postgres->keywords[i] != NULL; i++)
        if (g_str_equal(postgres->keywords[i], keyword))
            return &postgres->values[i];
    return NULL;
}

PGconn *postgres_control(struct postgres *postgres, GError **error)
{
    if (postgres->control != NULL && PQstatus(postgres->control) == CONNECTION_OK)
        return postgres->control;
    PQfinish(postgres->control);
    char **name = find_value(postgres, "application_name");
    g_autofree char *control_name = g_strdup("winch control");
    char *own_name = *name;
    *name = control_name;
    postgres->control = connect_once(postgres, CANCEL_TERMINATE, error);
    *name = own_name;
    return postgres->control;
}

gboolean postgres_reconnect(struct postgres *postgres, GError **error)
{
    PQfinish(postgres->main);
    postgres->holds_lock = FALSE;
    postgres->is_rehearsing = FALSE;
    postgres->is_pooler_checked = FALSE;
    postgres->base.facts.backend_pid = 0;
    postgres->main = connect_once(postgres, CANCEL_TERMINATE, error);
    if (postgres->main == NULL)
        return FALSE;
    AUTORESULT *result = postgres_query(
        postgres, postgres->main,
        "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery()", 0, NULL, error);
    if (result == NULL)
        return FALSE;
    postgres->base.facts.backend_pid = (int)g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    postgres->base.facts.is_standby = *PQgetvalue(result, 0, 1) == 't';
    return TRUE;
}
