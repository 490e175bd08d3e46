/* What the tests of the console share. */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#define LIMIT_US (20 * G_USEC_PER_SEC)

int console_setup(void **state)
{
    static guint number;
    struct console_test *test = g_new0(struct console_test, 1);
    *state = test;
    test->database = g_strdup_printf("app%u", ++number);
    test->folder = workspace_make();
    test->home = workspace_make();
    test->environment = g_strdup("development");
    test->url = cluster_create_database(test->database);
    return 0;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        remove_tree(inside);
    }
    g_remove(path);
}

int console_teardown(void **state)
{
    struct console_test *test = *state;
    terminal_free(test->terminal);
    remove_tree(test->folder);
    remove_tree(test->home);
    g_free(test->folder);
    g_free(test->home);
    g_free(test->url);
    g_free(test->database);
    g_free(test->environment);
    g_free(test);
    return 0;
}

/* ---- files and commands ---------------------------------------------------------------------- */

void console_put_migrations(const struct console_test *test, guint count)
{
    for (guint i = 1; i <= count; i++) {
        g_autofree char *up_name = g_strdup_printf("%06u_make_m%u.up.sql", i, i);
        g_autofree char *down_name = g_strdup_printf("%06u_make_m%u.down.sql", i, i);
        g_autofree char *up = g_strdup_printf("CREATE TABLE m%u (id bigint, name text);\n"
                                              "CREATE INDEX m%u_name ON m%u (name);\n",
                                              i, i, i);
        g_autofree char *down = g_strdup_printf("DROP TABLE m%u;\n", i);
        workspace_put(test->folder, up_name, up);
        workspace_put(test->folder, down_name, down);
    }
}

struct program *console_winch_start(const struct console_test *test, const char *command,
                                    const char *argument)
{
    const char *const words[] = {"--path",  test->folder,    "--database",
                                 test->url, "--environment", test->environment,
                                 command,   argument,        NULL};
    return program_start(words);
}

void console_winch(const struct console_test *test, const char *command, const char *argument)
{
    struct program_result result = program_finish(console_winch_start(test, command, argument));
    if (result.status != 0)
        fail_msg("winch %s %s: %d\n%s%s", command, argument != NULL ? argument : "", result.status,
                 result.out, result.err);
    program_result_clear(&result);
}

/* ---- starting -------------------------------------------------------------------------------- */

void console_start(struct console_test *test, int rows, int columns, const char *const *words,
                   const char *const *environment)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GPtrArray) changes = g_ptr_array_new();
    g_autofree char *state = g_strdup_printf("XDG_STATE_HOME=%s", test->home);
    g_autofree char *home = g_strdup_printf("HOME=%s", test->home);
    const char *const fixed[] = {program_path(), "--path",        test->folder,     "--database",
                                 test->url,      "--environment", test->environment};
    for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_ptr_array_add(argv, (gpointer)(gsize)fixed[i]);
    for (; words != NULL && *words != NULL; words++)
        g_ptr_array_add(argv, (gpointer)(gsize)*words);
    g_ptr_array_add(argv, NULL);
    g_ptr_array_add(changes, state);
    g_ptr_array_add(changes, home);
    for (; environment != NULL && *environment != NULL; environment++)
        g_ptr_array_add(changes, (gpointer)(gsize)*environment);
    g_ptr_array_add(changes, NULL);
    terminal_free(test->terminal);
    test->terminal = NULL;
    test->terminal = terminal_start((const char *const *)argv->pdata, rows, columns,
                                    (const char *const *)changes->pdata);
}

void console_open_at(struct console_test *test, int rows, int columns)
{
    console_start(test, rows, columns, NULL, NULL);
    terminal_wait_text(test->terminal, " applied, ");
}

/* ---- keys ------------------------------------------------------------------------------------ */

void console_press(struct console_test *test, const char *keys, const char *text)
{
    terminal_keys(test->terminal, keys);
    terminal_wait_text(test->terminal, text);
}

void console_type_slowly(struct console_test *test, const char *before, const char *text)
{
    for (gsize length = 1; length <= strlen(text); length++) {
        const char key[] = {text[length - 1], '\0'};
        g_autofree char *typed = g_strndup(text, length);
        g_autofree char *line = g_strconcat(before, g_strchomp(typed), NULL);
        terminal_type(test->terminal, key);
        terminal_wait_text(test->terminal, line);
    }
}

/* The prompt takes pasted text, but an Enter that comes with it is part of the text. */
void console_command(struct console_test *test, const char *command, const char *text)
{
    g_autofree char *line = g_strconcat(":", command, NULL);
    terminal_keys(test->terminal, ":");
    terminal_settle(test->terminal);
    terminal_paste(test->terminal, command);
    terminal_wait_text(test->terminal, line);
    console_press(test, "Enter", text);
}

void console_let_pass(struct console_test *test, guint milliseconds)
{
    gint64 until = g_get_monotonic_time() + (gint64)milliseconds * 1000;
    while (g_get_monotonic_time() < until)
        terminal_settle(test->terminal);
}

/* Longer than the gate is deaf, counted from when it can be seen. */
#define DEAF_MS 600

void console_wait_gate(struct console_test *test, const char *text)
{
    terminal_wait_text(test->terminal, text);
    console_let_pass(test, DEAF_MS);
}

void console_quit_well(struct console_test *test)
{
    terminal_keys(test->terminal, "F10");
    int status = terminal_wait_exit(test->terminal);
    if (status != 0) {
        g_autofree char *screen = terminal_screen(test->terminal);
        fail_msg("the console ended with %d\n%s", status, screen);
    }
    assert_true(terminal_is_restored(test->terminal));
    assert_false(terminal_is_alternate(test->terminal));
}

/* ---- the database ---------------------------------------------------------------------------- */

void console_wait_value(struct console_test *test, const char *sql, const char *expected)
{
    gint64 until = g_get_monotonic_time() + LIMIT_US;
    for (;;) {
        g_autofree char *value = cluster_value(test->database, sql);
        if (g_strcmp0(value, expected) == 0)
            return;
        if (g_get_monotonic_time() > until) {
            g_autofree char *screen = terminal_screen(test->terminal);
            fail_msg("%s: %s, not %s\n%s", sql, value, expected, screen);
        }
        terminal_settle(test->terminal);
    }
}

char *console_fingerprint(const struct console_test *test)
{
    g_autofree char *tables = cluster_value(
        test->database, "SELECT string_agg(table_schema || '.' || table_name || '.' || "
                        "column_name, ' ' ORDER BY table_schema, table_name, ordinal_position) "
                        "FROM information_schema.columns WHERE table_schema NOT IN "
                        "('pg_catalog', 'information_schema')");
    g_autofree char *version = NULL, *history = NULL;
    if (strstr(tables, "schema_migrations.version") != NULL)
        version = cluster_value(test->database, "SELECT string_agg(version || ' ' || dirty, ',') "
                                                "FROM schema_migrations");
    if (strstr(tables, "winch.history.") != NULL)
        history = cluster_value(test->database,
                                "SELECT count(*) FROM winch.history WHERE outcome <> 'refused' "
                                "AND kind <> 'preview'");
    return g_strdup_printf("version %s, %s history rows, %s", version, history, tables);
}

/* ---- the screen ------------------------------------------------------------------------------ */

static void fail_on_screen(const struct console_test *test, const char *what, const char *text)
{
    g_autofree char *screen = terminal_screen(test->terminal);
    struct terminal_cursor cursor = terminal_cursor(test->terminal);
    fail_msg("%s \"%s\", cursor %d,%d:\n%s", what, text, cursor.row, cursor.column, screen);
}

void console_assert_cursor(const struct console_test *test, const char *text)
{
    g_autofree char *line = terminal_line(test->terminal, terminal_cursor(test->terminal).row);
    if (strstr(line, text) == NULL)
        fail_on_screen(test, "the cursor's row has no", text);
}

void console_assert_shows(const struct console_test *test, const char *text)
{
    if (!terminal_shows(test->terminal, text))
        fail_on_screen(test, "the screen has no", text);
}

void console_assert_not(const struct console_test *test, const char *text)
{
    if (terminal_shows(test->terminal, text))
        fail_on_screen(test, "the screen has", text);
}
