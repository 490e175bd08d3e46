/* Files and a server that mean harm, or are merely strange: what they say is shown, never obeyed,
 * and columns stay where they are. */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define ESCAPES "\033[2J\033[1;1HOWNED\033]0;title\a\033[?1049l"
#define BIDI    "\u202eesrever\u2066\u200f"
#define WIDE    "\u6f22\u5b57\u8868"
#define MARKS   "e\u0301\u0302\u0303n\u0303"

static void put(const struct console_test *test, const char *name, const char *sql)
{
    g_autofree char *up = g_strconcat(name, ".up.sql", NULL);
    g_autofree char *down = g_strconcat(name, ".down.sql", NULL);
    workspace_put(test->folder, up, sql);
    workspace_put(test->folder, down, "SELECT '" ESCAPES WIDE "';\n");
}

static void prepare(struct console_test *test)
{
    g_autofree char *filler = g_strnfill(3000, 'x');
    g_autofree char *long_line = g_strconcat("SELECT '", WIDE, filler, MARKS "';\n", NULL);
    put(test, "000001_" WIDE WIDE "_" MARKS, "SELECT '" ESCAPES "';\nSELECT '" BIDI WIDE "';\n");
    put(test, "000002_red_" ESCAPES "_x", "SELECT 1; -- " ESCAPES BIDI "\n");
    put(test, "000003_" BIDI "_title", long_line);
    put(test, "000004_notice",
        "-- winch: phase expand\nDO $$ BEGIN RAISE NOTICE 'told " ESCAPES BIDI WIDE
        "'; END $$;\nSELECT 1 AS \"" WIDE MARKS "\";\n");
    put(test, "000005_plain", "SELECT 1;\n");
    console_winch(test, "init", NULL);
}

/* Nothing on the screen came from an escape: the banner stands, no control character, no mark that
 * turns the line around. */
static void assert_tame(struct console_test *test)
{
    g_autofree char *banner = terminal_line(test->terminal, 0);
    g_autofree char *screen = terminal_screen(test->terminal);
    if (!g_str_has_prefix(banner, "[ DEV ]") && !g_str_has_prefix(banner, "!! DEV !!"))
        fail_msg("the banner is gone:\n%s", screen);
    assert_true(terminal_is_alternate(test->terminal));
    for (char *at = screen; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        gboolean is_control = character != '\n' && g_unichar_iscntrl(character);
        gboolean turns = (character >= 0x202a && character <= 0x202e) ||
                         (character >= 0x2066 && character <= 0x2069) || character == 0x200e ||
                         character == 0x200f;
        if (is_control || turns)
            fail_msg("U+%04X is on the screen:\n%s", character, screen);
    }
}

/* Every row between these has the vertical line in the same column. */
static void assert_aligned(struct console_test *test, int column, int first, int last)
{
    for (int row = first; row <= last; row++) {
        struct terminal_cell cell = terminal_cell(test->terminal, row, column);
        if (strcmp(cell.text, "│") != 0 && strcmp(cell.text, "┬") != 0 &&
            strcmp(cell.text, "┼") != 0) {
            g_autofree char *screen = terminal_screen(test->terminal);
            fail_msg("row %d has '%s' in column %d:\n%s", row, cell.text, column, screen);
        }
    }
}

/* The column of the first vertical line in a row. */
static int separator(const struct console_test *test, int row)
{
    for (int column = 0; column < 140; column++)
        if (strcmp(terminal_cell(test->terminal, row, column).text, "│") == 0)
            return column;
    return -1;
}

static void hostile__files__are_shown_and_not_obeyed(void **state)
{
    static const char *const screens[][2] = {
        {"1", "Timeline"}, {"2", "SQL  "},   {"3", "Plan  "},
        {"6", "History"},  {"8", "Graph  "}, {"7", "Log  "},
    };
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 30, 140);
    assert_tame(test);
    console_assert_shows(test, "Timeline 5 migrations");
    console_assert_shows(test, WIDE);
    console_assert_shows(test, "red_^[[2J");
    for (int down = 0; down < 5; down++) {
        for (gsize i = 0; i < G_N_ELEMENTS(screens); i++) {
            console_press(test, screens[i][0], screens[i][1]);
            assert_tame(test);
        }
        console_press(test, "1", "Timeline");
        terminal_keys(test->terminal, "j");
        terminal_settle(test->terminal);
        assert_tame(test);
    }
    console_quit_well(test);
}

static void hostile__wide_titles__leave_columns_in_line(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 30, 140);
    int column = separator(test, 4);
    assert_in_range(column, 60, 110);
    assert_aligned(test, column, 4, 20);
    terminal_keys(test->terminal, "G");
    console_press(test, "2", "SQL  000001");
    column = separator(test, 5);
    assert_in_range(column, 60, 80);
    assert_aligned(test, column, 4, 18);
    console_press(test, "\\", "wrap:off");
    assert_aligned(test, column, 4, 18);
    console_press(test, "1", "Timeline");
    terminal_keys(test->terminal, "k k");
    console_press(test, "2", "SQL  000003");
    assert_aligned(test, column, 4, 18);
    assert_tame(test);
    console_quit_well(test);
}

static void hostile__notices__are_made_visible(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 30, 140);
    terminal_keys(test->terminal, "g m");
    console_wait_gate(test, "Do it?  y: yes");
    console_assert_shows(test, "!! MIGRATE none -> 000005");
    console_press(test, "y", "How it ended");
    terminal_wait_text(test->terminal, "told ^[[2J^[[1;1HOWNED");
    assert_tame(test);
    console_press(test, "7", "server: ");
    assert_tame(test);
    console_press(test, "1", "5 applied, 0 pending");
    assert_tame(test);
    console_quit_well(test);
}

static void hostile__prompt__takes_a_paste_as_text(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    console_open_at(test, 30, 140);
    terminal_keys(test->terminal, ":");
    terminal_settle(test->terminal);
    terminal_paste(test->terminal, "status " WIDE "\033]52;c;AAAA\a\001x");
    terminal_settle(test->terminal);
    assert_tame(test);
    terminal_keys(test->terminal, "C-c");
    terminal_settle(test->terminal);
    console_quit_well(test);
}

#define HOSTILE_TEST(name) cmocka_unit_test_setup_teardown(name, console_setup, console_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOSTILE_TEST(hostile__files__are_shown_and_not_obeyed),
        HOSTILE_TEST(hostile__wide_titles__leave_columns_in_line),
        HOSTILE_TEST(hostile__notices__are_made_visible),
        HOSTILE_TEST(hostile__prompt__takes_a_paste_as_text),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
