/* The gate before every change, and what does not pass it. */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/action.h"

#define QUESTION  "Do it?  y: yes"
#define CANCELLED "cancelled: nothing was changed"

/* At version 2 of 5, version 3 selected. */
static void prepare(struct console_test *test, const char *environment, const char *option)
{
    const char *const words[] = {option, NULL};
    console_put_migrations(test, 5);
    console_winch(test, "init", NULL);
    console_winch(test, "up", "2");
    test->environment = (g_free(test->environment), g_strdup(environment));
    console_start(test, 24, 80, option != NULL ? words : NULL, NULL);
    terminal_wait_text(test->terminal, " applied, ");
}

static void assert_unchanged(const struct console_test *test, const char *before)
{
    g_autofree char *after = console_fingerprint(test);
    assert_string_equal(after, before);
}

static void assert_version(const struct console_test *test, const char *expected)
{
    g_autofree char *version =
        cluster_value(test->database, "SELECT version || ' ' || dirty FROM schema_migrations");
    assert_string_equal(version, expected);
}

/* ---- development ----------------------------------------------------------------------------- */

static void gate__development__passes_with_y_alone(void **state)
{
    static const char *const others[] = {"n", "Enter", "Y", "Space Enter", "Esc"};
    struct console_test *test = *state;
    prepare(test, "development", NULL);
    g_autofree char *before = console_fingerprint(test);
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        terminal_keys(test->terminal, "m");
        console_wait_gate(test, QUESTION);
        console_press(test, others[i], CANCELLED);
    }
    assert_unchanged(test, before);
    terminal_keys(test->terminal, "m");
    console_wait_gate(test, QUESTION);
    console_press(test, "y", "How it ended");
    assert_version(test, "3 false");
    terminal_wait_text(test->terminal, "at 000003");
    console_quit_well(test);
}

static void gate__first_half_second__counts_nothing(void **state)
{
    struct console_test *test = *state;
    prepare(test, "development", NULL);
    g_autofree char *before = console_fingerprint(test);
    terminal_keys(test->terminal, "m y y");
    terminal_wait_text(test->terminal, QUESTION);
    assert_unchanged(test, before);
    console_press(test, "Esc", CANCELLED);
    console_quit_well(test);
}

static void gate__roll_back__tells_what_a_down_does(void **state)
{
    struct console_test *test = *state;
    prepare(test, "development", NULL);
    terminal_keys(test->terminal, "G r");
    console_wait_gate(test, "!! ROLL BACK 000002 -> 000001");
    terminal_wait_text(test->terminal, "drops table m2");
    terminal_keys(test->terminal, "Space");
    terminal_wait_text(test->terminal, "DROP TABLE m2");
    terminal_keys(test->terminal, "Space Space");
    terminal_wait_text(test->terminal, "takes no backup");
    console_press(test, "y", "How it ended");
    assert_version(test, "1 false");
    console_quit_well(test);
}

/* ---- production ------------------------------------------------------------------------------ */

#define READ_FIRST "Read to the end first"

static void open_production_gate(struct console_test *test, const char *words)
{
    g_autofree char *question = g_strdup_printf("Type  %s  and Enter.", words);
    terminal_keys(test->terminal, "m");
    terminal_wait_text(test->terminal, "!! MIGRATE 000002 -> ");
    while (terminal_shows(test->terminal, READ_FIRST)) {
        terminal_keys(test->terminal, "PgDn");
        terminal_settle(test->terminal);
    }
    console_wait_gate(test, question);
}

static void gate__production__wants_the_target_typed(void **state)
{
    struct console_test *test = *state;
    prepare(test, "production", "--write");
    g_autofree char *before = console_fingerprint(test);
    g_autofree char *words = g_strdup_printf("%s 000003", test->database);
    open_production_gate(test, words);
    console_type_slowly(test, "> ", "yes");
    console_press(test, "Enter", "the words are not those that are asked for");
    terminal_keys(test->terminal, "C-u");
    terminal_paste(test->terminal, words);
    terminal_wait_text(test->terminal, "pasted text does not count here");
    terminal_type(test->terminal, "y\r"); /* and Enter on an empty line would cancel */
    terminal_settle(test->terminal);
    assert_unchanged(test, before);
    terminal_keys(test->terminal, "Esc");
    terminal_wait_text(test->terminal, CANCELLED);
    open_production_gate(test, words);
    console_press(test, "Enter", CANCELLED);
    assert_unchanged(test, before);
    open_production_gate(test, words);
    console_type_slowly(test, "> ", words);
    console_assert_shows(test, "[ matched ]");
    console_press(test, "Enter", "How it ended");
    assert_version(test, "3 false");
    console_quit_well(test);
}

static void gate__production__is_read_to_its_end_first(void **state)
{
    struct console_test *test = *state;
    prepare(test, "production", "--write");
    g_autofree char *before = console_fingerprint(test);
    terminal_resize(test->terminal, 16, 60);
    terminal_keys(test->terminal, "g");
    terminal_settle(test->terminal);
    terminal_keys(test->terminal, "m");
    console_wait_gate(test, READ_FIRST);
    terminal_keys(test->terminal, "a y Enter");
    terminal_settle(test->terminal);
    console_assert_shows(test, READ_FIRST);
    assert_unchanged(test, before);
    g_autofree char *words = g_strdup_printf("Type  %s 000005  and Enter.", test->database);
    for (int i = 0; i < 10 && !terminal_shows(test->terminal, words); i++) {
        terminal_keys(test->terminal, "Space");
        terminal_settle(test->terminal);
    }
    console_assert_shows(test, words);
    console_press(test, "Esc", CANCELLED);
    assert_unchanged(test, before);
    console_quit_well(test);
}

static void gate__staging__wants_the_version_typed(void **state)
{
    struct console_test *test = *state;
    prepare(test, "staging", NULL);
    terminal_keys(test->terminal, "m");
    console_wait_gate(test, "Type  000003  and Enter.");
    console_type_slowly(test, "> ", "000003");
    console_press(test, "Enter", "How it ended");
    assert_version(test, "3 false");
    console_quit_well(test);
}

/* ---- read-only ------------------------------------------------------------------------------- */

static const char *const screen_keys[SCREEN_COUNT] = {
    [SCREEN_TIMELINE] = "1", [SCREEN_SQL] = "2",     [SCREEN_PLAN] = "3",
    [SCREEN_ACTIVITY] = "5", [SCREEN_HISTORY] = "6", [SCREEN_GRAPH] = "8",
};

static void assert_writes_refused(struct console_test *test, const char *why)
{
    guint tried = 0;
    for (const struct action *action = actions; action->id != ACTION_NONE; action++)
        for (int screen = 0; action->kind == ACTION_WRITES && screen < SCREEN_COUNT; screen++) {
            g_autofree char *key = g_strndup(action->keys, strcspn(action->keys, " "));
            g_autofree char *refusal = g_strdup_printf("warn: %s: %s", action->name, why);
            if ((action->screens & SCREEN_BIT(screen)) == 0)
                continue;
            assert_non_null(screen_keys[screen]);
            terminal_keys(test->terminal, screen_keys[screen]);
            terminal_wait_gone(test->terminal, "warn: ");
            console_press(test, key, refusal);
            console_assert_not(test, "!! ");
            tried++;
        }
    assert_true(tried >= 8);
}

static void read_only__production__refuses_each_writing_row(void **state)
{
    struct console_test *test = *state;
    prepare(test, "production", NULL);
    console_assert_shows(test, "[ PRODUCTION ]");
    console_assert_shows(test, "READ-ONLY");
    g_autofree char *before = console_fingerprint(test);
    assert_writes_refused(test, "read-only: press w to arm, or start with --write");
    console_press(test, "1", "Timeline");
    console_command(test, "up", "refused: read-only: press w to arm");
    console_command(test, "force 1 --reason test", "refused: read-only");
    console_command(test, "drop", "refused: read-only");
    assert_unchanged(test, before);
    console_press(test, "w", "armed for 15 minutes: w ends it");
    console_assert_shows(test, "ARMED 1");
    terminal_keys(test->terminal, "c k m");
    terminal_wait_text(test->terminal, "!! MIGRATE 000002 -> 000003");
    console_press(test, "Esc", CANCELLED);
    console_press(test, "w", "read-only again");
    console_assert_shows(test, "READ-ONLY");
    assert_unchanged(test, before);
    console_quit_well(test);
}

static void read_only__option__cannot_be_armed(void **state)
{
    struct console_test *test = *state;
    prepare(test, "development", "--readonly");
    g_autofree char *before = console_fingerprint(test);
    console_press(test, "w", "it cannot be armed");
    console_assert_shows(test, "READ-ONLY");
    assert_writes_refused(test, "this console was started with --readonly");
    assert_unchanged(test, before);
    console_quit_well(test);
}

/* ---- nothing by accident --------------------------------------------------------------------- */

/* As a keyboard repeats: thirty times a second. */
static void hold_enter(struct console_test *test, guint times)
{
    for (guint i = 0; i < times; i++) {
        terminal_keys(test->terminal, "Enter");
        console_let_pass(test, 30);
    }
}

static char *page_of_sql(const struct console_test *test)
{
    GString *page = g_string_new(NULL);
    for (int i = 0; i < 25; i++)
        g_string_append_printf(page, "DROP TABLE m1;\ny\n%s 000003\r\n1mmyGr", test->database);
    return g_string_free(page, FALSE);
}

/* Both with the marks of bracketed paste and without. */
static void paste_page(struct console_test *test)
{
    g_autofree char *page = page_of_sql(test);
    terminal_paste(test->terminal, page);
    terminal_settle(test->terminal);
    terminal_type(test->terminal, page);
    terminal_settle(test->terminal);
}

static void accidents__on_every_screen__change_nothing(void **state)
{
    static const char *const screens[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "?"};
    struct console_test *test = *state;
    prepare(test, "development", NULL);
    g_autofree char *before = console_fingerprint(test);
    for (gsize i = 0; i < G_N_ELEMENTS(screens); i++) {
        terminal_keys(test->terminal, screens[i]);
        terminal_settle(test->terminal);
        hold_enter(test, 10);
        paste_page(test);
        terminal_keys(test->terminal, "Esc");
        terminal_settle(test->terminal);
    }
    assert_unchanged(test, before);
    terminal_keys(test->terminal, ":");
    terminal_settle(test->terminal);
    paste_page(test);
    terminal_keys(test->terminal, "C-c");
    terminal_settle(test->terminal);
    assert_unchanged(test, before);
    console_quit_well(test);
}

static void accidents__in_the_gates__change_nothing(void **state)
{
    static const char *const environments[] = {"development", "production"};
    struct console_test *test = *state;
    prepare(test, "development", NULL);
    g_autofree char *before = console_fingerprint(test);
    for (gsize i = 0; i < G_N_ELEMENTS(environments); i++) {
        static const char *const words[] = {"--write", NULL};
        test->environment = (g_free(test->environment), g_strdup(environments[i]));
        console_start(test, 24, 80, words, NULL);
        terminal_wait_text(test->terminal, " applied, ");
        console_press(test, "m", "!! MIGRATE 000002 -> 000003");
        paste_page(test);
        assert_unchanged(test, before);
        terminal_keys(test->terminal, "Esc");
        terminal_settle(test->terminal);
        console_press(test, "1 m", "!! MIGRATE 000002 -> 0000");
        hold_enter(test, 66);
        assert_unchanged(test, before);
        terminal_keys(test->terminal, "Esc");
        terminal_settle(test->terminal);
        console_quit_well(test);
    }
}

/* ---- what was seen is what runs -------------------------------------------------------------- */

static void gate__somebody_else_ran__aborts(void **state)
{
    struct console_test *test = *state;
    prepare(test, "development", NULL);
    terminal_keys(test->terminal, "m");
    console_wait_gate(test, QUESTION);
    console_winch(test, "up", "1");
    g_autofree char *before = console_fingerprint(test);
    console_press(test, "y", "How it ended");
    console_assert_shows(test, "plan");
    console_assert_shows(test, "nothing ran, and nothing was changed");
    assert_unchanged(test, before);
    console_quit_well(test);
}

static void gate__a_file_changed__aborts(void **state)
{
    struct console_test *test = *state;
    prepare(test, "development", NULL);
    g_autofree char *before = console_fingerprint(test);
    terminal_keys(test->terminal, "m");
    console_wait_gate(test, QUESTION);
    workspace_put(test->folder, "000003_make_m3.up.sql", "DROP TABLE m1;\n");
    console_press(test, "y", "How it ended");
    console_assert_shows(test, "nothing ran, and nothing was changed");
    assert_unchanged(test, before);
    console_quit_well(test);
}

#define GATE_TEST(name) cmocka_unit_test_setup_teardown(name, console_setup, console_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE_TEST(gate__development__passes_with_y_alone),
        GATE_TEST(gate__first_half_second__counts_nothing),
        GATE_TEST(gate__roll_back__tells_what_a_down_does),
        GATE_TEST(gate__production__wants_the_target_typed),
        GATE_TEST(gate__production__is_read_to_its_end_first),
        GATE_TEST(gate__staging__wants_the_version_typed),
        GATE_TEST(read_only__production__refuses_each_writing_row),
        GATE_TEST(read_only__option__cannot_be_armed),
        GATE_TEST(accidents__on_every_screen__change_nothing),
        GATE_TEST(accidents__in_the_gates__change_nothing),
        GATE_TEST(gate__somebody_else_ran__aborts),
        GATE_TEST(gate__a_file_changed__aborts),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
