/* The thread that judges the files: one set at a time, none of it on a thread that anybody waits
 * for. Belongs to the thread that made it. */
#ifndef WINCH_CONSOLE_LINTER_H
#define WINCH_CONSOLE_LINTER_H

#include "engine/lint.h"

struct linter;

/* done is called on the linter's thread, with a reference that it takes over; not for what was
 * given up or could not be read. */
struct linter *linter_new(void (*done)(gpointer data, struct lint_picture *picture), gpointer data);
/* Gives up what is under way, and waits for the thread. */
void linter_free(struct linter *linter);

/* Judges set by the rules of config, as for this server (NULL: none is known). What is under way
 * for another is given up; asked for the same again, or without a server where one was known,
 * nothing happens. */
void linter_ask(struct linter *linter, struct migration_set *set, const struct config *config,
                const struct database_facts *facts);

#endif
