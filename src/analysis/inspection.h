/* What a migration file does, read by PostgreSQL's own parser; our lexer has cut it into statements
 * before. What the parser cannot take is said to be not analysed, and never guessed. */
#ifndef WINCH_ANALYSIS_INSPECTION_H
#define WINCH_ANALYSIS_INSPECTION_H

#include <glib.h>

#include "analysis/script.h"
#include "analysis/sql_action.h"
#include "base/autofree.h"

struct inspection_context {
    enum sql_dialect dialect;
    const char *search_path; /* in force before the first statement, as SHOW gives it; NULL: that of
                                a server nobody has touched, "$user", public */
};

/* A relation or a function that a statement names. Strings are the inspection's. */
struct sql_use {
    struct sql_object object; /* RELATION or ROUTINE, where the text says no more */
    gboolean is_written;      /* rows or definition change; else it is read, or called */
    gboolean is_in_body;      /* named inside a function or a DO block */
    gboolean is_run;          /* not only stored for later: a DO's body, or the statement itself */
};

struct inspected_statement {
    guint index;              /* in script->statements */
    gboolean is_analysed;     /* FALSE: nothing below is known */
    const char *not_analysed; /* why, as it may be shown behind "not analysed: ". Raw text */
    const char *opaque; /* analysed, and yet it may do more: "EXECUTE in its body". NULL: no */
    const struct sql_action *actions; /* in order; never empty when analysed */
    guint action_count;
    const struct sql_use *relations; /* each once, CTEs left out */
    guint relation_count;
    const struct sql_use *functions; /* called, executed or named by a trigger; each once */
    guint function_count;
    const struct sql_use *types; /* those that are not PostgreSQL's own; each once */
    guint type_count;
};

/* Immutable; safe to share between threads, but counted by nobody: it has one owner. */
struct inspection;

/* Inspects what script was cut from. Borrows nothing afterwards. Never fails: what cannot be
 * analysed says so. Takes a thread with a large stack for itself where the text is nested. */
struct inspection *inspection_new(const char *text, gsize length, const struct script *script,
                                  const struct inspection_context *context);
void inspection_free(struct inspection *inspection);
DEFINE_AUTOPTR(inspection, inspection_free);

guint inspection_count(const struct inspection *inspection); /* of statements */
const struct inspected_statement *inspection_at(const struct inspection *inspection, guint index);

/* TRUE when every statement is analysed and none is opaque. */
gboolean inspection_is_complete(const struct inspection *inspection);

/* Bytes that it takes. */
gsize inspection_size(const struct inspection *inspection);

/* Whether this build has the parser, and of which PostgreSQL: 15; 0 without it. */
unsigned inspection_parser_version(void);

#endif
