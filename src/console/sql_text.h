/* One half of a migration, read and cut up for the screen. */
#ifndef WINCH_CONSOLE_SQL_TEXT_H
#define WINCH_CONSOLE_SQL_TEXT_H

#include <glib.h>

#include "analysis/inspection.h"
#include "analysis/script.h"
#include "base/autofree.h"
#include "console/statement_facts.h"
#include "console/text_pane.h"
#include "console/touches.h"
#include "source/migration.h"

/* What is shown of a file at most; all of it runs. */
#define SQL_TEXT_SHOWN_MAX ((gsize)2 << 20)

struct sql_text {
    char *name;             /* of the file, or what it is instead */
    struct pane_text *pane; /* NULL when there is no text */
    char *problem;          /* why there is none; NULL */
    gboolean is_absent;     /* problem is that there is no such file: nothing went wrong */
    gboolean is_stored;     /* the text that the database keeps, not a file's */
    gboolean is_cut;        /* pane holds the first SQL_TEXT_SHOWN_MAX bytes alone */
    gsize size;             /* bytes of the file */
    char sha256[65];
    enum run_mode mode;
    char *mode_reason;
    unsigned reason_line;
    guint count;                   /* statements in the file */
    GArray *statements;            /* of struct script_statement: those in pane; never NULL */
    struct inspection *inspection; /* of all of it; NULL: refused, too long, or no PostgreSQL */
    struct touches *touches;       /* NULL with it */
    GArray *facts;                 /* of struct statement_facts; NULL with it */
    gboolean is_joined;            /* of an up: what undoes what is known */
    guint paired, alone;           /* then: statements that something undoes; that nothing does */
    char *refusal; /* why the file cannot be run; NULL. Its lines are shown all the same */
    unsigned refusal_line;
};

/* How a text is to be read. */
struct sql_reading {
    enum sql_dialect dialect;
    gboolean transaction_off;
    unsigned server_version; /* 15; 0 unknown */
};

/* Reads a file. Never NULL: what went wrong is its problem. Blocks on the disk; any thread. */
struct sql_text *sql_text_load(const struct migration_half *half,
                               const struct sql_reading *reading);
/* From a text that the database keeps. name is a title for it. Any thread. */
struct sql_text *sql_text_stored(GBytes *bytes, const char *sha256, const char *name,
                                 const struct sql_reading *reading);
/* Finds what undoes what, before either is shown. */
void sql_texts_join(struct sql_text *up, struct sql_text *down);
/* No text, and why. */
struct sql_text *sql_text_none(const char *name, const char *problem, gboolean is_absent);
void sql_text_free(struct sql_text *text);
DEFINE_AUTOPTR(sql_text, sql_text_free);

/* What is expected of a statement, by number; NULL where nothing is known. Borrowed. */
const struct statement_facts *sql_text_facts(const struct sql_text *text, guint number);

/* The number (from 1) of the statement that a line (from 0) belongs to: the first that begins on
 * it, else the one before; what stands before the first belongs to it. 0 when there is none. */
guint sql_text_statement_at(const struct sql_text *text, guint line);
/* How many begin on a line (from 0). */
guint sql_text_beginning_at(const struct sql_text *text, guint line);
/* By number; NULL when it is not in pane. Borrowed. */
const struct script_statement *sql_text_statement(const struct sql_text *text, guint number);

#endif
