/* The bottom row while something is typed: a command, a search, a filter, a reason. */
#ifndef WINCH_CONSOLE_PROMPT_H
#define WINCH_CONSOLE_PROMPT_H

#include <glib.h>

#include "console/console.h"
#include "console/grid.h"
#include "console/key.h"

struct console;
struct prompt;

enum prompt_kind { PROMPT_COMMAND, PROMPT_SEARCH, PROMPT_FILTER, PROMPT_ANSWER };

/* accepted: what was typed, or NULL when it was given up. */
typedef void (*prompt_done_fn)(struct console *console, const char *accepted, gpointer data);

struct prompt *prompt_new(struct console *console);
void prompt_free(struct prompt *prompt);

/* Opens it. question stands before the text (":", "/", "Reason: "); initial may be NULL. */
void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *question,
                 const char *initial, prompt_done_fn done, gpointer data);
gboolean prompt_is_open(const struct prompt *prompt);
void prompt_key(struct prompt *prompt, const struct key *key);

/* Rows it takes at the bottom of the screen: one, and more while candidates are shown. */
int prompt_rows(const struct prompt *prompt, int most);
void prompt_draw(struct prompt *prompt, struct grid *grid, const struct area *area);

#endif
