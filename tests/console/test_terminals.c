/* The console on terminals of many kinds, and how it leaves them. */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>

static void prepare(struct console_test *test)
{
    console_put_migrations(test, 5);
    console_winch(test, "init", NULL);
    console_winch(test, "up", "2");
}

static void start(struct console_test *test, const char *option, const char *setting)
{
    const char *const words[] = {option, NULL};
    const char *const environment[] = {setting, NULL};
    console_start(test, 24, 80, option != NULL ? words : NULL,
                  setting != NULL ? environment : NULL);
    terminal_wait_text(test->terminal, " applied, ");
}

/* The screens that need nothing but the keys, one after the other. */
static const struct {
    const char *key, *heading;
} visited[] = {
    {"1", "Timeline 5"}, {"2", "SQL  000003"}, {"3", "Plan  up"}, {"6", "History  newest"},
    {"8", "Graph  "},    {"9", "Config  no"},  {"?", "Help  "},
};

static char *visit(struct console_test *test, gsize i)
{
    console_press(test, visited[i].key, visited[i].heading);
    if (i == 2)
        terminal_wait_text(test->terminal, "1 migration, 2 statements");
    return terminal_screen(test->terminal);
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void terminals__of_every_kind__show_the_same(void **state)
{
    static const char *const kinds[] = {"TERM=screen", "TERM=tmux", "TERM=linux", "TERM=vt100"};
    struct console_test *test = *state;
    char *expected[G_N_ELEMENTS(visited)];
    prepare(test);
    start(test, NULL, "TERM=xterm-256color");
    for (gsize i = 0; i < G_N_ELEMENTS(visited); i++)
        expected[i] = visit(test, i);
    console_quit_well(test);
    for (gsize kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        start(test, NULL, kinds[kind]);
        for (gsize i = 0; i < G_N_ELEMENTS(visited); i++) {
            g_autofree char *screen = visit(test, i);
            if (strcmp(screen, expected[i]) != 0)
                fail_msg("%s:\n%s\nbut xterm:\n%s", kinds[kind], screen, expected[i]);
        }
        console_quit_well(test);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(visited); i++)
        g_free(expected[i]);
}

static void terminals__that_cannot_place_text__get_the_status(void **state)
{
    static const char *const environment[] = {"TERM=dumb", NULL};
    struct console_test *test = *state;
    prepare(test);
    console_start(test, 24, 80, NULL, environment);
    int status = terminal_wait_exit(test->terminal);
    console_assert_shows(test, "no console on this terminal");
    console_assert_shows(test, "000003");
    console_assert_shows(test, "pending");
    assert_int_equal(status, 0);
    assert_true(terminal_is_restored(test->terminal));
}

static gboolean is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((guchar)*text >= 0x80)
            return FALSE;
    return TRUE;
}

static void assert_all_ascii(struct console_test *test)
{
    for (gsize i = 0; i < G_N_ELEMENTS(visited); i++) {
        g_autofree char *screen = visit(test, i);
        if (!is_ascii(screen))
            fail_msg("not ASCII:\n%s", screen);
    }
    console_press(test, "1", "Timeline 5");
    console_press(test, "c k m", "Do it?");
    g_autofree char *gate = terminal_screen(test->terminal);
    assert_true(is_ascii(gate));
    console_press(test, "Esc", "cancelled");
    console_quit_well(test);
}

static void terminals__in_ascii__send_no_other_byte(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start(test, NULL, "LC_ALL=C");
    assert_all_ascii(test);
    start(test, "--ascii", NULL);
    assert_all_ascii(test);
}

static guint coloured_cells(const struct console_test *test)
{
    guint count = 0;
    for (int row = 0; row < 24; row++)
        for (int column = 0; column < 80; column++) {
            struct terminal_cell cell = terminal_cell(test->terminal, row, column);
            count += cell.foreground != -1 || cell.background != -1;
        }
    return count;
}

static void assert_no_colour(struct console_test *test)
{
    for (gsize i = 0; i < G_N_ELEMENTS(visited); i++) {
        g_autofree char *screen = visit(test, i);
        if (coloured_cells(test) > 0)
            fail_msg("coloured:\n%s", screen);
    }
    assert_true(terminal_cell(test->terminal, 0, 2).reverse);
    console_quit_well(test);
}

static void terminals__without_colour__have_none_in_any_cell(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    test->environment = (g_free(test->environment), g_strdup("production"));
    start(test, NULL, NULL);
    assert_true(coloured_cells(test) >= 80);
    console_quit_well(test);
    start(test, NULL, "NO_COLOR=1");
    console_assert_shows(test, "[ PRODUCTION ]");
    assert_no_colour(test);
    start(test, "--color=never", NULL);
    assert_no_colour(test);
}

static void terminals__for_screen_readers__show_the_cursor(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start(test, NULL, NULL);
    assert_false(terminal_cursor(test->terminal).is_visible);
    console_assert_cursor(test, "make_m3");
    console_quit_well(test);
    start(test, "--a11y", NULL);
    assert_true(terminal_cursor(test->terminal).is_visible);
    console_assert_cursor(test, "make_m3");
    terminal_keys(test->terminal, "j");
    terminal_settle(test->terminal);
    assert_true(terminal_cursor(test->terminal).is_visible);
    console_assert_cursor(test, "make_m2");
    console_quit_well(test);
}

/* Waits until the screen is this again; what differs to the end is told line by line. */
static void wait_screen(struct console_test *test, const char *expected)
{
    g_autofree char *screen = NULL;
    for (int i = 0; i < 100 && g_strcmp0(screen, expected) != 0; i++) {
        terminal_settle(test->terminal);
        g_free(screen);
        screen = terminal_screen(test->terminal);
    }
    g_auto(GStrv) shown = g_strsplit(screen, "\n", -1);
    g_auto(GStrv) wanted = g_strsplit(expected, "\n", -1);
    for (guint i = 0; shown[i] != NULL && wanted[i] != NULL; i++)
        if (strcmp(shown[i], wanted[i]) != 0)
            fail_msg("line %u is \"%s\", not \"%s\"", i + 1, shown[i], wanted[i]);
    assert_string_equal(screen, expected);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void terminals__storm_of_resizes__ends_in_a_right_screen(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start(test, NULL, NULL);
    for (gsize i = 0; i < 2; i++) {
        g_free(visit(test, i));
        terminal_settle(test->terminal);
        g_autofree char *before = terminal_screen(test->terminal);
        for (int turn = 0; turn < 25; turn++) {
            int rows = turn % 5 == 0 ? 1 : 1 + turn * 37 % 60;
            int columns = turn % 5 == 0 ? 1 : turn % 7 == 0 ? 200 : 1 + turn * 53 % 160;
            terminal_resize(test->terminal, rows, columns);
            terminal_type(test->terminal, turn % 2 == 0 ? "j" : "k");
        }
        terminal_type(test->terminal, "k");
        terminal_resize(test->terminal, 60, 200);
        terminal_wait_text(test->terminal, visited[i].heading);
        console_assert_shows(test, "1:Timeline");
        terminal_resize(test->terminal, 24, 80);
        terminal_wait_gone(test->terminal, "1:Timeline");
        terminal_keys(test->terminal, "1");
        terminal_settle(test->terminal); /* or it would be one flood with the keys before */
        terminal_keys(test->terminal, "c k");
        g_free(visit(test, i));
        wait_screen(test, before);
    }
    console_quit_well(test);
}

/* ---- leaving --------------------------------------------------------------------------------- */

/* By the program itself, or a moment later by whoever guards it. */
static void assert_left_as_found(struct console_test *test)
{
    for (int i = 0; i < 200; i++) {
        if (terminal_is_restored(test->terminal) && !terminal_is_alternate(test->terminal) &&
            terminal_cursor(test->terminal).is_visible)
            return;
        console_let_pass(test, 20);
    }
    fail_msg("the terminal is left: restored %d, alternate %d, cursor %d",
             terminal_is_restored(test->terminal), terminal_is_alternate(test->terminal),
             terminal_cursor(test->terminal).is_visible);
}

static void terminals__however_it_ends__are_as_before(void **state)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGKILL, SIGSEGV, SIGABRT};
    struct console_test *test = *state;
    prepare(test);
    start(test, NULL, NULL);
    assert_true(terminal_is_alternate(test->terminal));
    assert_false(terminal_is_restored(test->terminal));
    console_press(test, "q", "");
    assert_int_equal(terminal_wait_exit(test->terminal), 0);
    assert_left_as_found(test);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        start(test, NULL, NULL);
        terminal_signal(test->terminal, signals[i]);
        assert_int_not_equal(terminal_wait_exit(test->terminal), 0);
        assert_left_as_found(test);
    }
}

/* Screens that were asked for with p stand on paper, so to speak, once the console has ended. */
static void terminals__printed_screens__follow_the_end(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start(test, NULL, NULL);
    console_press(test, "p", "this screen is printed when the console has ended");
    console_quit_well(test);
    console_assert_shows(test, "make_m5");
}

#define TERMINAL_TEST(name) cmocka_unit_test_setup_teardown(name, console_setup, console_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TERMINAL_TEST(terminals__of_every_kind__show_the_same),
        TERMINAL_TEST(terminals__that_cannot_place_text__get_the_status),
        TERMINAL_TEST(terminals__in_ascii__send_no_other_byte),
        TERMINAL_TEST(terminals__without_colour__have_none_in_any_cell),
        TERMINAL_TEST(terminals__for_screen_readers__show_the_cursor),
        TERMINAL_TEST(terminals__storm_of_resizes__ends_in_a_right_screen),
        TERMINAL_TEST(terminals__however_it_ends__are_as_before),
        TERMINAL_TEST(terminals__printed_screens__follow_the_end),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
