/* Every key of the table of actions, on every screen that offers it: bound, answered, harmless. */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/action.h"

/* How a screen is come to, and what stands on it alone. */
static const struct place {
    const char *keys, *command, *heading;
} places[SCREEN_COUNT] = {
    [SCREEN_TIMELINE] = {"1", NULL, "Timeline 5 migrations"},
    [SCREEN_SQL] = {"2", NULL, "SQL  0"},
    [SCREEN_PLAN] = {"3", NULL, "Plan  "},
    [SCREEN_RUN] = {"4", NULL, "Run  dry run"},
    [SCREEN_ACTIVITY] = {"5", NULL, "Activity  "},
    [SCREEN_HISTORY] = {"6", NULL, "History  newest"},
    [SCREEN_LOG] = {"7", NULL, "Log  times"},
    [SCREEN_GRAPH] = {"8", NULL, "Graph  newest"},
    [SCREEN_CONFIG] = {"9", NULL, "Config  no"},
    [SCREEN_REPORT] = {NULL, "validate", "Validate  "},
    [SCREEN_HELP] = {NULL, "screen help", "Help  "},
    [SCREEN_OUTPUT] = {NULL, "screen output", "Output  "},
    [SCREEN_GATE] = {"1 G k k m", NULL, "!! MIGRATE"},
};

static gboolean is_at(const struct console_test *test, enum screen screen)
{
    g_autofree char *keys = terminal_line(test->terminal, 23);
    return terminal_shows(test->terminal, places[screen].heading) && strstr(keys, "?:help") != NULL;
}

static void go(struct console_test *test, enum screen screen)
{
    if (is_at(test, screen))
        return;
    if (places[screen].keys != NULL)
        console_press(test, places[screen].keys, places[screen].heading);
    else
        console_command(test, places[screen].command, places[screen].heading);
}

/* What only moves comes together, as from a hand that is in a hurry; but a blank may be pasted. */
static gboolean only_moves(const struct action *action)
{
    return action->id >= ACTION_DOWN && action->id <= ACTION_RIGHT;
}

/* A prompt or a gate that a key has opened. */
static void leave_what_opened(struct console_test *test)
{
    g_autofree char *keys = terminal_line(test->terminal, 23);
    if (strstr(keys, "?:help") != NULL && !terminal_shows(test->terminal, "!! "))
        return;
    terminal_keys(test->terminal, "Esc");
    terminal_settle(test->terminal);
}

static void assert_answered(struct console_test *test, enum screen screen, const char *key)
{
    static const char *const wrong[] = {"is not bound", "pasted text", "error: ", "Sanitizer"};
    g_autofree char *keys = terminal_line(test->terminal, 23);
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        if (terminal_shows(test->terminal, wrong[i])) {
            g_autofree char *text = terminal_screen(test->terminal);
            fail_msg("%s on the screen %s: %s\n%s", key, screen_name(screen), wrong[i], text);
        }
    if (!terminal_is_alternate(test->terminal))
        fail_msg("%s on the screen %s: the console has ended", key, screen_name(screen));
    assert_true(*keys != '\0');
}

static const char *terminal_name(const char *key)
{
    return strcmp(key, "S-Tab") == 0 ? "BackTab" : key;
}

static void press(struct console_test *test, enum screen screen, const struct action *action,
                  const char *key)
{
    go(test, screen);
    terminal_keys(test->terminal, terminal_name(key));
    terminal_settle(test->terminal);
    terminal_wait_gone(test->terminal, "DRY RUN "); /* its banner looks like a gate's */
    assert_answered(test, screen, key);
    if (action->id == ACTION_ARM) /* and back */
        console_press(test, "w", "armed for 15 minutes");
    leave_what_opened(test);
}

/* The double of a key is the same row of the table: one screen is enough for it. */
static gboolean is_double(enum screen screen, const struct action *action, const char *key)
{
    unsigned before = action->screens & (SCREEN_BIT(screen) - 1);
    return before != 0 && strncmp(action->keys, key, strlen(key)) != 0;
}

/* Leaving has tests of its own; the wheel is there once it was asked for. */
static gboolean is_left_out(enum screen screen, const struct action *action, const char *key)
{
    return action->id == ACTION_QUIT || g_str_has_prefix(key, "Wheel") ||
           (screen == SCREEN_TIMELINE && action->id == ACTION_BACK) ||
           (!only_moves(action) && is_double(screen, action, key));
}

static void press_all(struct console_test *test, enum screen screen)
{
    GString *moves = g_string_new(NULL);
    for (const struct action *action = actions; action->id != ACTION_NONE; action++) {
        g_auto(GStrv) keys = g_strsplit(action->keys, " ", -1);
        for (char **key = keys; (action->screens & SCREEN_BIT(screen)) != 0 && *key != NULL; key++)
            if (is_left_out(screen, action, *key))
                continue;
            else if (only_moves(action) && screen != SCREEN_GATE && strcmp(*key, "Space") != 0)
                g_string_append_printf(moves, "%s ", terminal_name(*key));
            else
                press(test, screen, action, *key);
    }
    go(test, screen);
    terminal_keys(test->terminal, moves->str);
    terminal_settle(test->terminal);
    assert_answered(test, screen, moves->str);
    g_string_free(moves, TRUE);
}

static void prepare(struct console_test *test)
{
    static const char *const environment[] = {"PAGER=true", NULL};
    console_put_migrations(test, 5);
    console_winch(test, "init", NULL);
    console_winch(test, "up", "2");
    console_start(test, 24, 80, NULL, environment);
    terminal_wait_text(test->terminal, " applied, ");
    console_press(test, "d", "HERE: run");
    console_command(test, "status", "Output  winch status");
}

static void keys__each_on_each_screen__are_bound_and_harmless(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    g_autofree char *before = console_fingerprint(test);
    for (int screen = 0; screen < SCREEN_COUNT; screen++)
        press_all(test, (enum screen)screen);
    g_autofree char *after = console_fingerprint(test);
    assert_string_equal(after, before);
    leave_what_opened(test);
    go(test, SCREEN_TIMELINE);
    console_quit_well(test);
}

/* Under a shell that controls jobs; where nobody could wake it, the key does nothing. */
static void keys__suspend__stops_until_fg(void **state)
{
    struct console_test *test = *state;
    console_put_migrations(test, 2);
    g_autofree char *script = g_strdup_printf(
        "set -m; '%s' --path '%s' --database '%s' --environment development; echo st''opped; "
        "read x; fg; read x",
        program_path(), test->folder, test->url);
    const char *const argv[] = {"sh", "-c", script, NULL};
    const char *const environment[] = {"XDG_STATE_HOME=/nonexistent", NULL};
    test->terminal = terminal_start(argv, 24, 80, environment);
    terminal_wait_text(test->terminal, "Timeline 2 migrations");
    console_press(test, "C-z", "stopped");
    assert_false(terminal_is_alternate(test->terminal));
    console_press(test, "Enter", "Timeline 2 migrations");
    assert_true(terminal_is_alternate(test->terminal));
    console_press(test, "m", "Do it?");
    console_press(test, "C-z", "stopped");
    console_assert_not(test, "Do it?");
    terminal_hang_up(test->terminal);
}

static void keys__f10__leaves_from_any_screen(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_press(test, "?", "Help  ");
    console_quit_well(test);
}

static void keys__unbound_and_modified__say_so_and_do_nothing(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_press(test, "1", "Timeline 5 migrations");
    console_press(test, "x", "x is not bound here, ?: help");
    console_press(test, "Delete", "Delete is not bound here");
    console_press(test, "M-m", "Alt-m is not bound here");
    console_press(test, "M-q", "Alt-q is not bound here");
    console_quit_well(test);
}

/* Neither the digits of a sequence that nobody knows nor those of F10 where TERM has none are keys.
 */
static void keys__unknown_sequences__are_no_keys(void **state)
{
    static const char *const environment[] = {"TERM=vt100", NULL};
    struct console_test *test = *state;
    console_put_migrations(test, 2);
    console_start(test, 24, 80, NULL, environment);
    terminal_wait_text(test->terminal, " applied, ");
    terminal_type(test->terminal, "\033[2;9~");
    terminal_wait_text(test->terminal, "Alt-[ is not bound here");
    console_assert_shows(test, "Timeline 2 migrations");
    console_quit_well(test);
}

static void keys__count__moves_that_far(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_press(test, "1", "Timeline 5 migrations");
    terminal_keys(test->terminal, "g");
    terminal_settle(test->terminal);
    console_assert_cursor(test, "000005");
    console_press(test, "0", "0");
    console_press(test, "3", "03");
    terminal_keys(test->terminal, "j");
    terminal_settle(test->terminal);
    console_assert_cursor(test, "000002");
    console_quit_well(test);
}

static void keys__search_and_filter__find(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_press(test, "1", "Timeline 5 migrations");
    terminal_keys(test->terminal, "g /");
    terminal_settle(test->terminal);
    console_type_slowly(test, "", "m2");
    terminal_keys(test->terminal, "Enter");
    terminal_settle(test->terminal);
    console_assert_cursor(test, "make_m2");
    console_press(test, "F", "filter:");
    console_type_slowly(test, "filter: ", "state:pending");
    terminal_keys(test->terminal, "Enter");
    terminal_wait_gone(test->terminal, "make_m1");
    console_assert_shows(test, "make_m3");
    console_quit_well(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys__each_on_each_screen__are_bound_and_harmless,
                                        console_setup, console_teardown),
        cmocka_unit_test_setup_teardown(keys__suspend__stops_until_fg, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(keys__f10__leaves_from_any_screen, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(keys__unbound_and_modified__say_so_and_do_nothing,
                                        console_setup, console_teardown),
        cmocka_unit_test_setup_teardown(keys__unknown_sequences__are_no_keys, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(keys__count__moves_that_far, console_setup,
                                        console_teardown),
        cmocka_unit_test_setup_teardown(keys__search_and_filter__find, console_setup,
                                        console_teardown),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
