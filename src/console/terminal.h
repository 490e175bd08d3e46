/* The terminal: the only place that knows curses. Grids go out, keys come in; and however the
 * program ends, the terminal is as it was before. */
#ifndef WINCH_CONSOLE_TERMINAL_H
#define WINCH_CONSOLE_TERMINAL_H

#include <glib.h>

#include "base/autofree.h"
#include "console/grid.h"
#include "console/key.h"

struct terminal;

struct terminal_options {
    gboolean is_ascii;
    gboolean is_mono;
    gboolean shows_cursor; /* always, for screen readers that follow it */
};

/* Takes over standard input and output. Forks a guardian that puts the terminal back when this
 * process is killed, so it comes before any thread. NULL with ERROR_USAGE when they are no terminal
 * or one that cannot place text (TERM=dumb). */
struct terminal *terminal_open(const struct terminal_options *options, GError **error);
void terminal_close(struct terminal *terminal);
DEFINE_AUTOPTR(terminal, terminal_close);

void terminal_size(const struct terminal *terminal, int *rows, int *columns);
/* After SIGWINCH: asks the terminal for its size again. */
void terminal_resized(struct terminal *terminal);

/* Sends what differs from what was painted before. Blocks while the terminal takes nothing. */
void terminal_paint(struct terminal *terminal, const struct grid *grid);
/* Sends everything again at the next paint. */
void terminal_repaint(struct terminal *terminal);

/* Readable when there may be a key. */
int terminal_fd(const struct terminal *terminal);
/* The next key; FALSE when there is none now. Never blocks. */
gboolean terminal_key(struct terminal *terminal, struct key *key);
/* Throws away what was typed and not read. */
void terminal_flush_input(struct terminal *terminal);

/* Gives the terminal back for a while (Ctrl-Z, a pager), and takes it again. */
void terminal_release(struct terminal *terminal);
void terminal_resume(struct terminal *terminal);

/* Offers text to the terminal's clipboard (OSC 52), at most 100 kB. */
gboolean terminal_copy(struct terminal *terminal, const char *text);
void terminal_bell(struct terminal *terminal);
void terminal_use_mouse(struct terminal *terminal, gboolean is_used);

/* At once, from a signal's handler or another thread: modes and screen as they were. */
void terminal_restore_now(void);

#endif
