/* Every screen of the console, by its key and at every size: what is on it, and that the terminal's
 * own cursor, which a screen reader follows, is on the row that is selected. */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define WORDS_MAX 6

static const struct screen_words {
    const char *keys, *heading;
    const char *words[WORDS_MAX]; /* at 80x24 and above */
} screens[] = {
    {"1",
     "Timeline 5 migrations: 2 applied, 3 pending",
     {"Applied (UTC)", "make_m5", "=A", "P pending", "2 statements, one transaction"}},
    {"2",
     "SQL  000003",
     {"UP  000003_make_m3.up.sql", "CREATE TABLE m3 (id bigint, name", "DROP TABLE m3;", "does "}},
    {"3",
     "Plan  up 2 -> 3",
     {"up   000003  make_m3", "1 migration, 2 statements", "2 stmts", "tx"}},
    {"d", "Plan  up 2 -> 3", {"HERE: run", "dry run: 1 migration ran and rolled back"}},
    {"4",
     "Run  dry run up 2 -> 3",
     {"000003.1  CREATE TABLE m3", "000003.2  CREATE INDEX", "How it ended"}},
    {"5", "Activity  ", {"Pid", "Application", "winch", "migration lock free"}},
    {"6",
     "History  newest first",
     {"When (UTC)", "finished", "started", "make_m2", "done", "Took"}},
    {"7", "Log  times in UTC", {"sql", "SET LOCAL lock_timeout", "dry run: 1 migration"}},
    {"8", "Graph  newest first", {"make_m5", "make_m1", "needed by"}},
    {"9", "Config  no configuration file was read", {"environment", "general", "driver"}},
    {"?", "Help  Config", {"Everywhere", "open what is under the cursor", "F10"}},
};

static void prepare(const struct console_test *test)
{
    console_put_migrations(test, 5);
    console_winch(test, "init", NULL);
    console_winch(test, "up", "2");
}

static void assert_words(const struct console_test *test, const char *const *words)
{
    for (guint i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        terminal_wait_text(test->terminal, words[i]); /* a preview looks around when all has run */
}

/* In every list the cursor is on the row with the marker, wherever one moves. */
static void assert_cursor_follows(struct console_test *test, gboolean is_thorough)
{
    static const char *const moves[] = {"PgDn", "H", "j", "G", "k", "g"};
    for (gsize i = is_thorough ? 0 : 3; i < G_N_ELEMENTS(moves); i++) {
        terminal_keys(test->terminal, moves[i]);
        terminal_settle(test->terminal);
        int row = terminal_cursor(test->terminal).row;
        if (strcmp(terminal_cell(test->terminal, row, 0).text, ">") != 0) {
            g_autofree char *screen = terminal_screen(test->terminal);
            fail_msg("after %s the cursor is on row %d, which is not marked:\n%s", moves[i], row,
                     screen);
        }
    }
}

static void assert_frame(const struct console_test *test, int rows)
{
    terminal_wait_text(test->terminal, "[ DEV ]"); /* not while the dry run is under way */
    g_autofree char *banner = terminal_line(test->terminal, 0);
    g_autofree char *keys = terminal_line(test->terminal, rows - 1);
    assert_true(g_str_has_prefix(banner, "[ DEV ]"));
    assert_non_null(strstr(banner, "at 000002"));
    assert_non_null(strstr(keys, "?:help"));
    assert_non_null(strstr(keys, "q:back"));
}

static void visit_all(struct console_test *test, int rows, gboolean has_room)
{
    for (gsize i = 0; i < G_N_ELEMENTS(screens); i++) {
        console_press(test, screens[i].keys, screens[i].heading);
        if (has_room) {
            terminal_wait_text(test->terminal, screens[i].words[0]);
            assert_words(test, screens[i].words);
        }
        assert_frame(test, rows);
    }
    /* Afterwards, because the screens follow what is selected in one of them. */
    for (gsize i = 0; i < G_N_ELEMENTS(screens); i++) {
        g_autofree char *name = g_strndup(screens[i].heading, strcspn(screens[i].heading, " "));
        if (strcmp(screens[i].keys, "d") == 0)
            continue;
        console_press(test, screens[i].keys, name);
        assert_cursor_follows(test, rows == 24);
    }
}

static void screens__at_80x24__show_what_they_are_for(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 24, 80);
    visit_all(test, 24, TRUE);
    console_quit_well(test);
}

static void screens__at_140x40__show_tabs_and_log_too(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 40, 140);
    console_assert_shows(test, "[1:Timeline] 2:SQL  3:Plan  4:Run  5:Activity  6:History  7:Log");
    console_assert_shows(test, "7: all of it");
    visit_all(test, 40, TRUE);
    console_quit_well(test);
}

static void screens__at_60x16__have_banner_list_and_keys(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 16, 60);
    visit_all(test, 16, FALSE);
    console_quit_well(test);
}

static void screens__too_small__say_so_in_one_line(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 16, 60);
    terminal_resize(test->terminal, 16, 59);
    terminal_wait_text(test->terminal, "59x16 is too small: at least 60x16");
    console_assert_not(test, "Timeline");
    terminal_resize(test->terminal, 15, 60);
    terminal_wait_text(test->terminal, "60x15 is too small: at least 60x16");
    terminal_resize(test->terminal, 24, 80);
    terminal_wait_text(test->terminal, "Timeline 5 migrations: 2 applied, 3 pending");
    assert_frame(test, 24);
    console_quit_well(test);
}

static void screens__output__shows_what_a_command_printed(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 24, 80);
    console_command(test, "status", "winch status");
    terminal_wait_text(test->terminal, "pending");
    console_assert_shows(test, "000004");
    assert_frame(test, 24);
    console_press(test, "q", "Timeline 5 migrations");
    console_quit_well(test);
}

/* Each opens, says what it found, and q leads back. */
static void screens__reports__tell_what_was_found(void **state)
{
    static const struct {
        const char *keys, *heading, *found;
    } reports[] = {
        {"a", "Validate  ", "no findings"},
        {"=", "Drift  ", "Drift: "},
        {"V", "Verify  ", "the down undoes the up, and the up runs again to the same end"},
        {"G $", "Receipt  back 2 -> 1", "drops table m2: 0 rows"},
    };
    struct console_test *test = *state;
    prepare(test);
    g_autofree char *before = console_fingerprint(test);
    console_open_at(test, 24, 80);
    for (gsize i = 0; i < G_N_ELEMENTS(reports); i++) {
        console_press(test, reports[i].keys, reports[i].heading);
        terminal_wait_text(test->terminal, reports[i].found);
        assert_frame(test, 24);
        console_press(test, "q", "Timeline 5 migrations");
    }
    g_autofree char *after = console_fingerprint(test);
    assert_string_equal(after, before);
    console_quit_well(test);
}

static void screens__preview__tells_what_it_measured(void **state)
{
    static const struct {
        const char *key, *heading, *measured;
    } levels[] = {
        {"c", "CATALOG: read from the text", "preview: 1 of 1 migrations read"},
        {"t", "HERE: run on", "preview: 1 migration ran and rolled back"},
    };
    struct console_test *test = *state;
    prepare(test);
    g_autofree char *before = console_fingerprint(test);
    console_open_at(test, 24, 80);
    console_press(test, "3", "Plan  up 2 -> 3");
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
        console_press(test, levels[i].key, levels[i].heading);
        terminal_wait_text(test->terminal, levels[i].measured);
        console_assert_shows(test, "CREATE TABLE m3");
        assert_frame(test, 24);
    }
    console_press(test, "q", "Timeline 5 migrations");
    g_autofree char *after = console_fingerprint(test);
    assert_string_equal(after, before);
    console_quit_well(test);
}

static void screens__gate__shows_plan_and_question(void **state)
{
    static const int sizes[][2] = {{24, 80}, {40, 140}, {16, 60}};
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 24, 80);
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        terminal_resize(test->terminal, sizes[i][0], sizes[i][1]);
        console_press(test, "m", "Do it?  y: yes   n, Enter or Esc: no");
        console_assert_shows(test, "!! MIGRATE 000002 -> 000003");
        console_assert_shows(test, "Every check passes");
        console_assert_cursor(test, "Do it?");
        terminal_keys(test->terminal, "Space Space");
        terminal_wait_text(test->terminal, "CREATE TABLE m3");
        console_press(test, "Esc", "cancelled: nothing was changed");
    }
    console_quit_well(test);
}

static void screens__back__returns_the_way_one_came(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 24, 80);
    console_press(test, "6", "History  newest first");
    console_press(test, "8", "Graph  newest first");
    console_press(test, "v", "SQL  0000");
    console_press(test, "q", "Graph  newest first");
    console_press(test, "Esc", "History  newest first");
    console_press(test, "q", "Timeline 5 migrations");
    terminal_keys(test->terminal, "q");
    assert_int_equal(terminal_wait_exit(test->terminal), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(screens__at_80x24__show_what_they_are_for, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(screens__at_140x40__show_tabs_and_log_too, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(screens__at_60x16__have_banner_list_and_keys, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(screens__too_small__say_so_in_one_line, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(screens__output__shows_what_a_command_printed,
                                        console_setup, console_teardown),
        cmocka_unit_test_setup_teardown(screens__reports__tell_what_was_found, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(screens__preview__tells_what_it_measured, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(screens__gate__shows_plan_and_question, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(screens__back__returns_the_way_one_came, console_setup,
                                        console_teardown),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
