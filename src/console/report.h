/* What an inquiry found, as rows with details below a verdict: what validate, drift, verify and a
 * receipt have in common on the screen. A kind is a row of report_makers. */
#ifndef WINCH_CONSOLE_REPORT_H
#define WINCH_CONSOLE_REPORT_H

#include <glib.h>

#include "base/autofree.h"
#include "console/inquiry.h"
#include "console/style.h"

enum report_kind {
    REPORT_VALIDATE,
    REPORT_DRIFT,
    REPORT_VERIFY,
    REPORT_RECEIPT,
    REPORT_KINDS,
};

struct report_detail {
    enum style style;
    char *label; /* NULL: over the whole width */
    char *text;  /* raw; its lines are kept */
};

struct report_row {
    enum style style;
    char *mark;         /* its class in a word: "missing" */
    gint64 version;     /* VERSION_NONE: none in particular */
    char *text;         /* one line, raw */
    GPtrArray *details; /* of struct report_detail * */
};

/* Belongs to one thread at a time. */
struct report {
    GPtrArray *rows; /* of struct report_row * */
    enum style style;
    char *verdict; /* one line: what came of it */
    char *basis;   /* how it was found out, and what that is worth; NULL */
};

struct report *report_new(void);
void report_free(struct report *report);
DEFINE_AUTOPTR(report, report_free);

/* The mark, the text and the details may be of any origin. Borrowed until the report is freed. */
struct report_row *report_add(struct report *report, enum style style, const char *mark,
                              gint64 version, const char *text);
/* NULL or "" adds nothing. */
void report_row_add(struct report_row *row, enum style style, const char *label, const char *text);
void report_row_addf(struct report_row *row, enum style style, const char *label,
                     const char *format, ...) G_GNUC_PRINTF(4, 5);
struct report_row *report_row_new(enum style style, const char *mark, gint64 version,
                                  const char *text);
void report_row_free(struct report_row *row);

/* What is asked. */
struct report_question {
    enum report_kind kind;
    struct goal goal;          /* where a way leads that is asked about, for those that have one */
    gint64 first, last;        /* versions, for those that have a range */
    struct migration_set *set; /* a reference, for those that ask files alone; or NULL */
    char *scope;               /* what is asked about in words; NULL: all there is */
    gboolean may_write;        /* it may rehearse, and roll back */
};
void report_question_copy(struct report_question *to, const struct report_question *from);
void report_question_clear(struct report_question *question);

/* Told while it is being made. */
struct report_progress {
    char *text;
    guint done, total;      /* total 0: nobody knows */
    struct report_row *row; /* what was found meanwhile; NULL */
};
void report_progress_free(struct report_progress *progress);

struct report_maker {
    const char *title; /* "Validate" */
    const char *what;  /* "version table, files and history against each other" */
    const char *doing; /* "validating" */
    gboolean is_local; /* asks the files alone, not the database */
    struct report *(*make)(struct inquiry *inquiry, struct engine *engine,
                           const struct report_question *question, GError **error);
};
/* Progress in words, and perhaps a row, which is taken over. From the inquiry's thread. */
void report_tell(struct inquiry *inquiry, const char *text, guint done, guint total,
                 struct report_row *row);

/* By enum report_kind. */
extern const struct report_maker report_makers[REPORT_KINDS];

/* The makers, each in a file of its own. */
struct report *report_validate(struct inquiry *inquiry, struct engine *engine,
                               const struct report_question *question, GError **error);
struct report *report_drift(struct inquiry *inquiry, struct engine *engine,
                            const struct report_question *question, GError **error);
struct report *report_verify(struct inquiry *inquiry, struct engine *engine,
                             const struct report_question *question, GError **error);
struct report *report_receipt(struct inquiry *inquiry, struct engine *engine,
                              const struct report_question *question, GError **error);

#endif
