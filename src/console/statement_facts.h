/* What is expected of each statement of a file: what it does, what it locks, what grows with a
 * table, and what undoes it in the other file. Told from the text; measured is a preview. */
#ifndef WINCH_CONSOLE_STATEMENT_FACTS_H
#define WINCH_CONSOLE_STATEMENT_FACTS_H

#include <glib.h>

#include "analysis/inspection.h"
#include "console/style.h"

struct statement_facts {
    char *does;  /* "ADD COLUMN users.email"; NULL: not analysed */
    char *locks; /* "ACCESS EXCLUSIVE on users: reads and writes wait" */
    enum style lock_style;
    char *cost; /* "writes every row anew: ..."; "none that grows with a table" */
    enum style cost_style;
    char *pair; /* "undone by 3", "undoes up 1; LOSES every value of users.email"; NULL: no pair
                   is known of */
    enum style pair_style;
    guint partner; /* the number (from 1) of the statement that it belongs to; 0 none */
    char sign;     /* for the gutter: '?' nothing undoes it, '!' destroys values or rows, ' ' */
};

/* Of struct statement_facts, one for each statement of the inspection. version: the server's, 15; 0
 * when it is not known. */
GArray *statement_facts_new(const struct inspection *inspection, unsigned version);

/* Joins both halves. down and its facts may be NULL: then nothing undoes the ups. Returns how many
 * ups have nothing that undoes them, and in paired how many have. */
guint statement_facts_pair(GArray *ups, const struct inspection *up, GArray *downs,
                           const struct inspection *down, guint *paired);

#endif
