/* Connecting, host after host, watching the person meanwhile; and saying whether what failed may
 * pass. */
#include <netdb.h>
#include <poll.h>
#include <string.h>

#include "database/postgres/postgres.h"

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

/* ---- whether another try may help: libpq tells it by its words alone ------------------------- */

/* Words of libpq about what does not pass, untranslated; in another language it is tried again. */
static const char *const lasting_words[] = {
    "server does not support SSL",
    "SSL error: certificate",
    "root certificate file",
    "server certificate for",
    "no password supplied",
    "could not load private key file",
    "could not read certificate",
    "certificate file",
    "requires a password",
    "private key file",
    "invalid integer value",
    "invalid port number",
    NULL,
};

/* "... on socket "/directory/.s.PGSQL.5432" failed": a server makes the socket, not its directory.
 */
static gboolean is_socket_nowhere(const char *line)
{
    const char *start = strstr(line, "\"/");
    const char *end = start != NULL ? strchr(start + 1, '"') : NULL;
    if (end == NULL)
        return FALSE;
    g_autofree char *path = g_strndup(start + 1, (gsize)(end - start - 1));
    g_autofree char *directory = g_path_get_dirname(path);
    return strstr(path, "/.s.PGSQL.") != NULL && !g_file_test(directory, G_FILE_TEST_EXISTS);
}

/* A resolver that does not answer is another thing than one that knows no such name. */
static gboolean line_is_lasting(const char *line)
{
    static const int resolver_codes[] = {EAI_NONAME, EAI_FAIL, EAI_FAMILY, EAI_SERVICE};
    for (gsize i = 0; i < G_N_ELEMENTS(resolver_codes); i++)
        if (strstr(line, gai_strerror(resolver_codes[i])) != NULL)
            return TRUE;
    for (gsize i = 0; lasting_words[i] != NULL; i++)
        if (strstr(line, lasting_words[i]) != NULL)
            return TRUE;
    return is_socket_nowhere(line);
}

/* Each host tried has its line; one that may come to life is enough. */
static gboolean is_lasting(PGconn *connection)
{
    gboolean is_any = FALSE;
    g_auto(GStrv) lines = g_strsplit(PQerrorMessage(connection), "\n", -1);
    if (PQconnectionNeedsPassword(connection))
        return TRUE;
    for (char **line = lines; *line != NULL; line++) {
        gboolean is_detail = g_ascii_isspace(**line) || **line == '\0'; /* "Is the server ...?" */
        if (!is_detail && !line_is_lasting(*line))
            return FALSE;
        is_any |= !is_detail;
    }
    return is_any;
}

static void connect_error_set(GError **error, PGconn *connection)
{
    char sqlstate[6];
    if (error == NULL)
        return;
    g_autofree char *message = tidy_message(PQerrorMessage(connection), sqlstate);
    error_set(error, ERROR_NO_CONNECTION, "%s", message);
    g_strlcpy(error_detail_edit(*error)->sqlstate, sqlstate, 6);
    error_detail_edit(*error)->is_lasting = sqlstate[0] == '\0' && is_lasting(connection);
    if (PQconnectionNeedsPassword(connection))
        error_advise(error, "give a password (PGPASSWORD, .pgpass, the configuration)");
    else if (sqlstate[0] == '\0')
        error_advise(error, "check that the server runs and that host and port are right");
    else
        postgres_advise(error, sqlstate);
}

/* An attempt that ended before it began: what was asked for cannot be meant, or the first host's
 * name or socket was no good. libpq tells them apart when it is asked for a ping alone. */
static void start_error_set(GError **error, struct postgres *postgres, PGconn *connection)
{
    connect_error_set(error, connection);
    if (error == NULL || error_detail(*error)->is_lasting ||
        PQpingParams((const char *const *)postgres->keywords, (const char *const *)postgres->values,
                     0) != PQPING_NO_ATTEMPT)
        return;
    g_autofree char *message = g_strdup((*error)->message);
    g_clear_error(error);
    error_set(error, ERROR_CONFIG, "the connection's parameters cannot be meant: %s", message);
    error_advise(error, "see 'winch config' for where each comes from");
}

/* ---- one host after the other -----------------------------------------------------------------
 */

/* connect_timeout is a host's, as libpq's own is: one that keeps silent must not use up the time of
 * the next. */
struct attempt {
    PGconn *connection;
    char *host, *port;
    gint64 deadline;
};

static const char *effective(const PQconninfoOption *options, const char *keyword)
{
    for (; options != NULL && options->keyword != NULL; options++)
        if (g_str_equal(options->keyword, keyword))
            return options->val;
    return NULL;
}

static guint count_parts(const char *list)
{
    guint count = 1;
    for (; list != NULL && *list != '\0'; list++)
        count += *list == ',';
    return count;
}

/* list without its first parts; a single part stands for all of them. */
static const char *without_first(const char *list, guint parts)
{
    if (list == NULL || count_parts(list) == 1)
        return list;
    for (; parts > 0; parts--)
        list = strchr(list, ',') + 1;
    return list;
}

/* Starts an attempt without the hosts that were given up; NULL when none is left. */
static PGconn *start_after(struct postgres *postgres, PGconn *before, guint skipped)
{
    static const char *const lists[] = {"host", "hostaddr", "port"};
    const char *keywords[64] = {NULL}, *values[64] = {NULL};
    gsize count = 0;
    PQconninfoOption *options = PQconninfo(before);
    const char *host = effective(options, "host"), *address = effective(options, "hostaddr");
    guint hosts = count_parts(address != NULL && *address != '\0' ? address : host);
    PGconn *next = NULL;
    for (; count < G_N_ELEMENTS(keywords) - 4 && postgres->keywords[count] != NULL; count++) {
        keywords[count] = postgres->keywords[count];
        values[count] = postgres->values[count];
    }
    for (gsize i = 0; i < G_N_ELEMENTS(lists) && skipped < hosts; i++, count++) {
        keywords[count] = lists[i];
        values[count] = without_first(effective(options, lists[i]), skipped);
    }
    if (skipped < hosts)
        next = PQconnectStartParams(keywords, values, 0);
    PQconninfoFree(options);
    return next;
}

/* Its place among the hosts of its own list. */
static guint current_host(PGconn *connection)
{
    PQconninfoOption *options = PQconninfo(connection);
    const char *host = effective(options, "host"), *address = effective(options, "hostaddr");
    const char *port = effective(options, "port");
    g_auto(GStrv) hosts = g_strsplit(host != NULL && *host != '\0' ? host : address, ",", -1);
    g_auto(GStrv) ports = g_strsplit(port, ",", -1);
    guint at = 0, count = hosts != NULL ? g_strv_length(hosts) : 0;
    gboolean is_shared = ports == NULL || g_strv_length(ports) < 2;
    PQconninfoFree(options);
    for (; at < count; at++)
        if (g_str_equal(hosts[at], PQhost(connection)) &&
            (is_shared || g_str_equal(ports[at], PQport(connection))))
            return at;
    return 0;
}

static void attempt_clear(struct attempt *attempt)
{
    PQfinish(attempt->connection);
    g_free(attempt->host);
    g_free(attempt->port);
}

/* A host that libpq has moved on to has its own time. */
static void attempt_look(struct postgres *postgres, struct attempt *attempt)
{
    const char *host = PQhost(attempt->connection), *port = PQport(attempt->connection);
    if (g_strcmp0(host, attempt->host) == 0 && g_strcmp0(port, attempt->port) == 0)
        return;
    g_free(attempt->host);
    g_free(attempt->port);
    attempt->host = g_strdup(host);
    attempt->port = g_strdup(port);
    attempt->deadline =
        postgres_deadline(postgres->connect_timeout > 0 ? postgres->connect_timeout : -1);
}

static gboolean attempt_begin(struct postgres *postgres, struct attempt *attempt, GError **error)
{
    PGconn *connection = attempt->connection;
    if (connection == NULL) {
        error_set(error, ERROR_FAILED, "out of memory");
        return FALSE;
    }
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(connection, drop_notice, NULL);
    if (PQstatus(connection) != CONNECTION_BAD)
        return TRUE;
    start_error_set(error, postgres, connection);
    return FALSE;
}

/* The host at hand kept silent: on to those behind it, where there are any. */
static gboolean attempt_next(struct postgres *postgres, struct attempt *attempt, GError **error)
{
    guint passed = current_host(attempt->connection) + 1;
    PGconn *next = start_after(postgres, attempt->connection, passed);
    if (next == NULL) {
        error_set(error, ERROR_NO_CONNECTION, "no answer from %s within %" G_GINT64_FORMAT " ms",
                  PQhost(attempt->connection), postgres->connect_timeout);
        error_advise(error, "check host and port, or allow more time (connect_timeout)");
        return FALSE;
    }
    PQfinish(attempt->connection);
    attempt->connection = next;
    g_clear_pointer(&attempt->host, g_free);
    return attempt_begin(postgres, attempt, error);
}

/* Drives an attempt that was started to its end. stop_level: a cancellation raised meanwhile to at
 * least this level ends it. */
static gboolean attempt_drive(struct postgres *postgres, struct attempt *attempt,
                              enum cancel_level stop_level, GError **error)
{
    struct cancellation *cancellation = postgres->base.cancellation;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) {
            connect_error_set(error, attempt->connection);
            return FALSE;
        }
        attempt_look(postgres, attempt);
        short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        int ready = postgres_wait_socket(cancellation, PQsocket(attempt->connection), events,
                                         attempt->deadline);
        if (ready == 2 && cancellation_level(cancellation) >= stop_level) {
            error_set(error, cancellation_why(cancellation), "cancelled while connecting");
            return FALSE;
        }
        if (ready == 0) {
            if (!attempt_next(postgres, attempt, error))
                return FALSE;
            status = PGRES_POLLING_WRITING;
        } else if (ready != 2)
            status = PQconnectPoll(attempt->connection);
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
    struct attempt attempt = {.connection =
                                  PQconnectStartParams((const char *const *)postgres->keywords,
                                                       (const char *const *)postgres->values, 0)};
    PGconn *connection = NULL;
    if (attempt_begin(postgres, &attempt, error) &&
        attempt_drive(postgres, &attempt, stop_level, error))
        connection = g_steal_pointer(&attempt.connection);
    attempt_clear(&attempt);
    if (connection == NULL)
        return NULL;
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
    postgres_finish(postgres, postgres->control);
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
    postgres_finish(postgres, postgres->main);
    postgres->holds_lock = FALSE;
    postgres->is_rehearsing = FALSE;
    postgres->is_pooler_checked = FALSE;
    postgres->base.facts.backend_pid = 0;
    postgres_prepared_forget(postgres);
    postgres->has_temporary_schema = FALSE;
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
