/* Every statement this program sends to a database, for whoever wants to watch: a log, a test. */
#ifndef WINCH_DATABASE_TRACE_H
#define WINCH_DATABASE_TRACE_H

#include <glib.h>

/* How much of a statement's text is told. */
#define STATEMENT_TEXT_MAX 8192

/* One message to the server and its answer; several statements sent as one message are one.
 * Everything is borrowed for the call. */
struct statement_trace {
    const char *connection; /* "main" or "control" */
    const char *text;      /* at most STATEMENT_TEXT_MAX bytes, passwords as '***'; raw otherwise */
    gsize length;          /* of the whole text */
    guint parameter_count; /* their values are not told */
    gint64 elapsed_us;     /* from its sending, or from the answer before its own, to its answer */
    gint64 rows;           /* returned or changed; -1: not counted */
    const char *error;    /* the server's message; NULL: it succeeded, or SQLite, which tells not */
    const char *sqlstate; /* "" without */
    gboolean is_skipped;  /* not run, because one before it in the same pipeline failed */
};

/* Called on the thread that sent it, when its answer is in; must not block or use the database. */
typedef void (*statement_fn)(const struct statement_trace *statement, void *data);

/* A copy of at most STATEMENT_TEXT_MAX bytes of text in which literals after the word PASSWORD, and
 * values after "password=", are '***'. Free with g_free(). */
char *statement_text_safe(const char *text, gsize length);

#endif
