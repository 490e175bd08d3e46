/* A real program on a terminal that a test can look at: libvterm behind a pseudo-terminal. Nothing
 * sleeps a fixed time, every wait and the output are bounded, and whatever goes wrong fails the
 * running test with the screen in its message. */
#ifndef WINCH_TESTS_SUPPORT_TERMINAL_H
#define WINCH_TESTS_SUPPORT_TERMINAL_H

#include "base/autofree.h"

#include <glib.h>
#include <termios.h>

struct terminal;

/* Starts argv (looked for in PATH, NULL-terminated) as leader of a session of its own. environment
 * (NULL or NULL-terminated) has "NAME=value" to set and "NAME" to unset, over what the test runs
 * in, LANG=C.UTF-8, TERM=xterm-256color, ESCDELAY=25, TZ=UTC, and without LC_*, LINES, COLUMNS,
 * NO_COLOR, PG*, WINCH_*. */
struct terminal *terminal_start(const char *const *argv, int rows, int columns,
                                const char *const *environment);

/* Kills what still runs of it, and its process group. */
void terminal_free(struct terminal *terminal);
DEFINE_AUTOPTR(terminal, terminal_free);

/* --- what a person does --- */

void terminal_type(struct terminal *terminal, const char *text);

/* Keys by name, separated by blanks: one character, Up Down Left Right Home End PgUp PgDn Insert
 * Delete Enter Tab BackTab Space Backspace Esc F1..F12, C-x (Control), M-x (Alt). Sent as a
 * terminal of that TERM sends them. */
void terminal_keys(struct terminal *terminal, const char *names);

/* Between the codes of bracketed paste. Without them it is terminal_type(). */
void terminal_paste(struct terminal *terminal, const char *text);

void terminal_resize(struct terminal *terminal, int rows, int columns);
void terminal_hang_up(struct terminal *terminal); /* the line is gone; only waiting remains */
void terminal_signal(struct terminal *terminal, int signal_number); /* to the program alone */
GPid terminal_pid(const struct terminal *terminal);

/* --- waiting --- */

/* Until text stands on the screen ("\\n" joins lines) and the program has been quiet for a moment.
 */
void terminal_wait_text(struct terminal *terminal, const char *text);
/* Until it stands nowhere any more. */
void terminal_wait_gone(struct terminal *terminal, const char *text);
/* Until nothing has come for 40 ms. A clock on the screen has to be stopped first. */
void terminal_settle(struct terminal *terminal);
/* Until the program ends: its exit status, or 128 + the signal. */
int terminal_wait_exit(struct terminal *terminal);

/* --- what it shows --- */

/* All lines, each ending in a newline, blanks at their ends cut. Free with g_free(). */
char *terminal_screen(const struct terminal *terminal);
/* One line, from 0. Free with g_free(). */
char *terminal_line(const struct terminal *terminal, int row);
gboolean terminal_shows(const struct terminal *terminal, const char *text);

struct terminal_cell {
    char text[32]; /* UTF-8 with combining marks; "" is blank, or the right half of a wide one */
    int width;     /* 2: wide */
    gboolean bold, underline, reverse, italic, blink;
    int foreground, background; /* 0 to 255; -1: the terminal's own; -2: another RGB */
};
struct terminal_cell terminal_cell(const struct terminal *terminal, int row, int column);

struct terminal_cursor {
    int row, column; /* from 0 */
    gboolean is_visible;
};
struct terminal_cursor terminal_cursor(const struct terminal *terminal);
gboolean terminal_is_alternate(const struct terminal *terminal);

/* Bytes the program has sent since the start. The difference of two calls is what a key cost. */
gsize terminal_received(const struct terminal *terminal);

/* The line's settings now; those it began with are what a program has to leave behind. */
struct termios terminal_settings(const struct terminal *terminal);
gboolean terminal_is_restored(const struct terminal *terminal);

/* Fails unless the screen is what the file (its name from the top of the sources) holds. With
 * WINCH_SCREENS=write the file is written instead. */
void terminal_assert_screen(const struct terminal *terminal, const char *name);

#endif
