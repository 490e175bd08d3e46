/* From a failed result to an error that says where in the file it happened, and what to do. */
#include "database/postgres/run_internal.h"

#include <string.h>

#include "base/text.h"

/* ---- places --------------------------------------------------------------------------------- */

struct place {
    unsigned line, column;
};

static gboolean is_continuation(char byte)
{
    return ((guchar)byte & 0xc0) == 0x80;
}

/* Where the character with this number (from 1) stands, in a text that begins at start. The server
 * counts one past the end for "at end of input". */
static struct place place_of(struct place start, const char *text, gsize length, gint64 position)
{
    struct place place = start;
    gint64 character = 1;
    for (gsize i = 0; i < length && character < position; i++) {
        if (i + 1 < length && is_continuation(text[i + 1]))
            continue;
        character++;
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else {
            place.column++;
        }
    }
    return place;
}

static void put_place(struct postgres_run *run, struct error_detail *detail, struct place place)
{
    detail->file = g_strdup(run->job->file);
    detail->line = place.line;
    detail->column = place.column;
    if (run->job->text != NULL)
        detail->line_text = text_line_at(run->job->text, run->job->text_length, place.line);
}

/* A file sent whole counts positions from its beginning. */
static struct place error_place(struct postgres_run *run, guint index, gint64 position)
{
    const struct run_job *job = run->job;
    if (job->protocol == PROTOCOL_WHOLE && position > 0)
        return place_of((struct place){1, 1}, job->text, job->text_length, position);
    if (index >= job->statement_count)
        return (struct place){0, 0};
    const struct run_statement *statement = &job->statements[index];
    struct place start = {statement->line, statement->column};
    if (job->protocol == PROTOCOL_WHOLE)
        return start;
    return place_of(start, statement->text, statement->length, position);
}

/* ---- advice --------------------------------------------------------------------------------- */

enum advice_scope { ANY_PROTOCOL, ONLY_TRANSACTION };

/* What the server's own words do not say, by SQLSTATE; the first row that fits. What is said of
 * ANY_PROTOCOL holds too where the migration leaves the database dirty. */
static const struct {
    const char *sqlstate;
    enum advice_scope scope;
    const char *message_part; /* NULL: any message */
    const char *advice;
} advices[] = {
    {"25001", ONLY_TRANSACTION, NULL,
     "nothing of it is in: put \"-- winch: transaction off\" into the file's first comment"},
    {"2D000", ONLY_TRANSACTION, NULL,
     "nothing of it is in: put \"-- winch: transaction off\" into the file's first comment"},
    {"42601", ANY_PROTOCOL, "multiple commands",
     "the file was not cut into statements rightly: put \"-- winch: transaction off\" into its "
     "first comment, and report the statement"},
    {"55P04", ONLY_TRANSACTION, NULL,
     "use the new enum value in a later migration: its own transaction has to commit first"},
    {"55P03", ANY_PROTOCOL, NULL, "another session holds the lock: 'winch locks' names it"},
    {"57014", ANY_PROTOCOL, "timeout",
     "allow more with \"-- winch: timeout\" in the file, or make the statement smaller"},
    {"40P01", ONLY_TRANSACTION, NULL, "nothing of it is in: try again"},
    {"40001", ONLY_TRANSACTION, NULL, "nothing of it is in: try again"},
    {"08P01", ANY_PROTOCOL, "COPY", "a migration file cannot carry COPY data: use INSERT"},
    {"57014", ANY_PROTOCOL, "COPY", "a migration file cannot carry COPY data: use INSERT"},
    {"25006", ANY_PROTOCOL, NULL, "connect to the primary, with rights to write"},
    {"53100", ANY_PROTOCOL, NULL, "the server has no room on disk"},
    {"53200", ANY_PROTOCOL, NULL,
     "the server is out of memory or of locks: see max_locks_per_transaction"},
};

static void advise(struct postgres_run *run, GError **error, const char *sqlstate,
                   const char *message)
{
    for (gsize i = 0; i < G_N_ELEMENTS(advices); i++) {
        if (!g_str_equal(advices[i].sqlstate, sqlstate))
            continue;
        if (advices[i].scope == ONLY_TRANSACTION && run->job->protocol != PROTOCOL_TRANSACTION)
            continue;
        if (advices[i].message_part != NULL && strstr(message, advices[i].message_part) == NULL)
            continue;
        error_advise(error, "%s", advices[i].advice);
        return;
    }
}

/* ---- errors --------------------------------------------------------------------------------- */

gboolean run_error_is_fatal(const PGresult *result)
{
    static const char *const states[] = {"57P01", "57P02", "57P03", "57P04", "57P05", "25P03"};
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != NULL)
        return g_str_equal(severity, "FATAL") || g_str_equal(severity, "PANIC");
    for (gsize i = 0; sqlstate != NULL && i < G_N_ELEMENTS(states); i++)
        if (g_str_equal(sqlstate, states[i]))
            return TRUE;
    return FALSE;
}

GError *run_error_at(struct postgres_run *run, guint statement, enum error_code code,
                     const char *format, ...)
{
    GError *error = NULL;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    error_set(&error, code, "%s", message);
    struct error_detail *detail = error_detail_edit(error);
    put_place(run, detail, error_place(run, statement, 0));
    if (statement < run->job->statement_count)
        detail->statement =
            g_strndup(run->job->statements[statement].text, run->job->statements[statement].length);
    return error;
}

static enum error_code code_of(struct postgres_run *run, const char *sqlstate)
{
    gboolean is_ours = run->channel->is_cancelled && g_str_equal(sqlstate, "57014");
    return is_ours ? cancellation_why(run->channel->cancellation) : ERROR_FAILED;
}

/* Where in the server's own query it was, for errors inside functions. */
static char *context_of(const PGresult *result)
{
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    const char *query = PQresultErrorField(result, PG_DIAG_INTERNAL_QUERY);
    const char *position = PQresultErrorField(result, PG_DIAG_INTERNAL_POSITION);
    if (query == NULL)
        return g_strdup(context);
    return g_strdup_printf("%s%sinternal query%s%s: %s", context != NULL ? context : "",
                           context != NULL ? "\n" : "", position != NULL ? ", character " : "",
                           position != NULL ? position : "", query);
}

/* Of the messages that are ours, what they were for. */
static const char *const message_purposes[] = {
    [MESSAGE_BEGIN] = "beginning the transaction",
    [MESSAGE_SETTINGS] = "setting the limits",
    [MESSAGE_GUARD] = "looking at the version row",
    [MESSAGE_PUT_BACK] = "putting the session's state back",
    [MESSAGE_RECORD] = "recording the migration",
    [MESSAGE_COMMIT] = "committing",
    [MESSAGE_INSPECT] = "looking at the session",
    [MESSAGE_TIDY] = "tidying the session",
    [MESSAGE_CONSTRAINTS] = "checking deferred constraints",
    [MESSAGE_DEFERRED] = "checking deferred constraints",
};

static gboolean is_ended_transaction(const struct message *message, const char *primary)
{
    return message->kind == MESSAGE_PUT_BACK &&
           strstr(primary, "winch: the transaction of the file was ended") != NULL;
}

static GError *moved_version_error(const struct run_job *job, const char *found)
{
    GError *error = NULL;
    g_autofree char *wanted = job->version_before < 0
                                  ? g_strdup("none")
                                  : g_strdup_printf("%" G_GINT64_FORMAT, job->version_before);
    error_set(&error, ERROR_FAILED,
              "before it began, the version row said %s, not %s: a migration before it or somebody "
              "else wrote the version table",
              found, wanted);
    error_advise(&error, "nothing of it is in: see 'winch history', then run the same again");
    return error;
}

static GError *error_of(struct postgres_run *run, const struct message *message,
                        const char *primary, const char *sqlstate)
{
    GError *error = NULL;
    enum error_code code = code_of(run, sqlstate);
    g_autofree char *found = message->kind == MESSAGE_GUARD ? session_guard_version(primary) : NULL;
    if (found != NULL)
        return moved_version_error(run->job, found);
    if (is_ended_transaction(message, primary)) {
        error_set(&error, ERROR_FAILED, "the file ended the transaction it ran in");
        error_advise(&error, "what it committed itself is in: look before going on, and put "
                             "\"-- winch: transaction off\" into the file's first comment");
    } else if (message->kind == MESSAGE_STATEMENT) {
        error_set(&error, code, "%s", primary);
    } else if (message->kind == MESSAGE_CHECK) {
        error_set(&error, code, "check \"%s\": %s", run->job->checks[message->index].name, primary);
    } else {
        error_set(&error, code, "%s: %s", message_purposes[message->kind], primary);
    }
    return error;
}

static void put_message_place(struct postgres_run *run, struct error_detail *detail,
                              const struct message *message, gint64 position)
{
    const struct run_job *job = run->job;
    if (message->kind == MESSAGE_CHECK) {
        put_place(run, detail, (struct place){job->checks[message->index].line, 0});
        return;
    }
    guint index = message->kind == MESSAGE_STATEMENT ? message->index : job->statement_count;
    put_place(run, detail, error_place(run, index, position));
    if (index < job->statement_count)
        detail->statement = g_strndup(job->statements[index].text, job->statements[index].length);
}

GError *run_error_new(struct postgres_run *run, const struct message *message,
                      const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (primary == NULL)
        primary = PQresultErrorMessage(result);
    if (sqlstate == NULL)
        sqlstate = "";
    GError *error = error_of(run, message, primary, sqlstate);
    struct error_detail *detail = error_detail_edit(error);
    put_message_place(run, detail, message,
                      position != NULL ? g_ascii_strtoll(position, NULL, 10) : 0);
    g_strlcpy(detail->sqlstate, sqlstate, sizeof detail->sqlstate);
    detail->detail = g_strdup(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    detail->hint = g_strdup(PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
    detail->context = context_of(result);
    if (run->blocker != NULL && g_str_equal(sqlstate, "55P03"))
        error_advise(&error, "in the way was %s", run->blocker);
    else if (detail->advice == NULL)
        advise(run, &error, sqlstate, primary);
    return error;
}
