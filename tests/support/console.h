/* The real console on a terminal of its own, before a database and files of its own. Whatever goes
 * wrong in here fails the running test. */
#ifndef WINCH_TESTS_SUPPORT_CONSOLE_H
#define WINCH_TESTS_SUPPORT_CONSOLE_H

#include "support/cluster.h"
#include "support/program.h"
#include "support/terminal.h"

struct console_test {
    char *database, *url;
    char *folder; /* the migrations */
    char *home;   /* what the console saves */
    char *environment;
    struct terminal *terminal; /* NULL until console_start() */
};

/* A test's setup and teardown: *state is a struct console_test, environment development. */
int console_setup(void **state);
int console_teardown(void **state);

/* Migrations 1 to count, each a table m000001 ... with ups and downs. */
void console_put_migrations(const struct console_test *test, guint count);

/* A command of the command line on the same database and files, which has to succeed. */
void console_winch(const struct console_test *test, const char *command, const char *argument);

/* One that goes on; finish it with program_finish(). */
struct program *console_winch_start(const struct console_test *test, const char *command,
                                    const char *argument);

/* Starts the console at this size. words (NULL-terminated, or NULL) follow the settings;
 * environment is terminal_start()'s. */
void console_start(struct console_test *test, int rows, int columns, const char *const *words,
                   const char *const *environment);

/* Also waits until it has read the database. */
void console_open_at(struct console_test *test, int rows, int columns);

/* Sends keys, and waits until text stands on the screen. */
void console_press(struct console_test *test, const char *keys, const char *text);

/* Types a command at the prompt, and waits until text stands on the screen. */
void console_command(struct console_test *test, const char *command, const char *text);

/* Types slowly enough for fingers, each character when the one before is to be seen after
 * before. */
void console_type_slowly(struct console_test *test, const char *before, const char *text);

/* Waits until a gate that shows text counts what is typed: the first half second it does not. */
void console_wait_gate(struct console_test *test, const char *text);

/* Takes what the console sends for so long, and looks at nothing. */
void console_let_pass(struct console_test *test, guint milliseconds);

/* q until it has ended well. */
void console_quit_well(struct console_test *test);

/* Until the query gives this; asks again and again while the console's output is taken. */
void console_wait_value(struct console_test *test, const char *sql, const char *expected);

/* What may not change: the version row, the history without refusals, every table and column. Free
 * with g_free(). */
char *console_fingerprint(const struct console_test *test);

/* The row on which the cursor is; text has to stand in it. */
void console_assert_cursor(const struct console_test *test, const char *text);

/* Fails, with the screen, unless text is on it (or is not). */
void console_assert_shows(const struct console_test *test, const char *text);
void console_assert_not(const struct console_test *test, const char *text);

#endif
