/* The one error domain of winch: what happened, where, why, and what to do next. */
#ifndef WINCH_BASE_ERROR_H
#define WINCH_BASE_ERROR_H

#include <glib.h>

#define WINCH_ERROR (winch_error_quark())

/* What kind of failure it is. The kind alone decides the exit status (error_exit_status()). */
enum error_code {
    ERROR_FAILED,          /* it was tried and did not work */
    ERROR_USAGE,           /* a command line that cannot be meant */
    ERROR_CONFIG,          /* a mistake in configuration or environment */
    ERROR_SOURCE,          /* a mistake in the migration files */
    ERROR_DIRTY,           /* the version row says dirty */
    ERROR_LOCKED,          /* somebody else holds the migration lock */
    ERROR_REFUSED,         /* a gate or policy says no */
    ERROR_FINDINGS,        /* validation, lint or drift found something */
    ERROR_NO_CONNECTION,   /* the database could not be reached, or was lost */
    ERROR_UNKNOWN_OUTCOME, /* whether it was committed could not be settled */
    ERROR_HANGUP,          /* the terminal went away */
    ERROR_CANCELLED,       /* a person cancelled */
    ERROR_TERMINATED,      /* SIGTERM */
};

/* What is known beside the message. Every string is owned by the error; NULL or 0 is unknown. */
struct error_detail {
    char *file;          /* the file at fault */
    unsigned line;       /* from 1 */
    unsigned column;     /* from 1, in characters */
    char sqlstate[6];    /* "" when the server did not say */
    char *statement;     /* text of the statement at fault */
    char *line_text;     /* the offending line of the file, without its newline */
    char *detail;        /* the server's DETAIL */
    char *hint;          /* the server's HINT */
    char *context;       /* the server's CONTEXT */
    char *advice;        /* what to do, in our words */
    gboolean is_lasting; /* trying again would come to the same */
};

GQuark winch_error_quark(void);

/* Sets an error of ours. *error must be NULL or error itself NULL, as with g_set_error(). */
void error_set(GError **error, enum error_code code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same, at a place in a file. file is copied; line 0 means the file as a whole. */
void error_set_at(GError **error, enum error_code code, const char *file, unsigned line,
                  const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Sets ERROR_NO_CONNECTION, ERROR_FAILED, ... from errno: "what: strerror". */
void error_set_errno(GError **error, enum error_code code, int error_number, const char *format,
                     ...) G_GNUC_PRINTF(4, 5);

/* Says what to do about it; replaces earlier advice. Does nothing when error or *error is NULL. */
void error_advise(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The details of an error of ours, or NULL when it comes from another domain. Borrowed. */
const struct error_detail *error_detail(const GError *error);

/* The same, to fill in what only a caller knows. Strings put there are g_free()d with the error. */
struct error_detail *error_detail_edit(GError *error);

/* True when error is ours and of this kind. */
gboolean error_is(const GError *error, enum error_code code);

/* The exit status that reports this error (0 for NULL, 1 for foreign domains). */
int error_exit_status(const GError *error);

/* A short machine word for the kind, such as "locked"; used in JSON. Static. */
const char *error_code_name(const GError *error);

/* "FILE:LINE: what, why" and "; what to do" on one line, raw: pass it through text_visible()
 * before it meets a terminal. Free with g_free(). */
char *error_line(const GError *error);

#endif
