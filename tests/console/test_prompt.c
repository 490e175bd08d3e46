/* The line editor under curses on a terminal: this program runs itself as a prompt. */
#include "console/line_editor.h"
#include "support/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curses.h>
#include <locale.h>
#include <string.h>

static const char *own_path;

/* --- the prompt ------------------------------------------------------------------------------ */

static gunichar key_of(int outcome, wint_t key)
{
    static const struct {
        wint_t curses;
        gunichar ours;
    } table[] = {{KEY_LEFT, LINE_KEY_LEFT}, {KEY_RIGHT, LINE_KEY_RIGHT},
                 {KEY_HOME, LINE_KEY_HOME}, {KEY_END, LINE_KEY_END},
                 {KEY_DC, LINE_KEY_DELETE}, {KEY_BACKSPACE, LINE_KEY_BACKSPACE}};
    if (outcome != KEY_CODE_YES)
        return key;
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (table[i].curses == key)
            return table[i].ours;
    return 0;
}

static enum line_editor_state ask(struct line_editor *editor)
{
    enum line_editor_state state = LINE_EDITOR_EDITING;
    line_editor_begin(editor, NULL);
    while (state == LINE_EDITOR_EDITING) {
        struct line_view view = line_editor_view(editor);
        wint_t key = 0;
        mvaddstr(1, 0, "> ");
        addstr(view.text);
        clrtoeol();
        move(1, 2 + view.column);
        refresh();
        int outcome = get_wch(&key);
        if (outcome == ERR)
            return LINE_EDITOR_CANCELLED;
        state = line_editor_key(editor, key_of(outcome, key));
    }
    return state;
}

static int run_prompt(void)
{
    const struct line_editor_options options = {.program = "winch", .editrc = "/nonexistent"};
    setlocale(LC_ALL, "");
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (screen == NULL)
        return 2;
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    mvaddstr(0, 0, "+====== TITLE ======+");
    struct line_editor *editor = line_editor_new(&options, NULL);
    enum line_editor_state state = editor == NULL ? LINE_EDITOR_IDLE : ask(editor);
    g_autofree char *text = editor == NULL ? NULL : g_strdup(line_editor_view(editor).text);
    line_editor_free(editor);
    endwin();
    delscreen(screen);
    printf("%s [%s]\n", state == LINE_EDITOR_ACCEPTED ? "accepted" : "cancelled", text);
    return state == LINE_EDITOR_IDLE;
}

/* --- the tests ------------------------------------------------------------------------------- */

static struct terminal *prompt_start(const char *type)
{
    const char *const argv[] = {own_path, "prompt", NULL};
    g_autofree char *variable = g_strconcat("TERM=", type, NULL);
    const char *const environment[] = {variable, NULL};
    struct terminal *terminal = terminal_start(argv, 8, 60, environment);
    terminal_wait_text(terminal, "\n>");
    return terminal;
}

static void prompt__key__edits_on_any_terminal(void **state)
{
    static const char *const types[] = {"xterm-256color", "screen", "tmux", "linux", "vt100"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        AUTOPTR(terminal) *terminal = prompt_start(types[i]);
        terminal_type(terminal, "goto \u6f22 45");
        terminal_wait_text(terminal, "> goto \u6f22 45");
        terminal_keys(terminal, "Left Backspace");
        terminal_wait_text(terminal, "> goto \u6f22 5");
        assert_int_equal(terminal_cursor(terminal).column, 10);
        assert_true(terminal_shows(terminal, "+====== TITLE ======+"));
        terminal_keys(terminal, "C-a C-k o k Enter");
        assert_int_equal(terminal_wait_exit(terminal), 0);
        assert_true(terminal_shows(terminal, "accepted [ok]"));
        assert_true(terminal_is_restored(terminal));
    }
}

static void prompt__key__costs_little(void **state)
{
    (void)state;
    AUTOPTR(terminal) *terminal = prompt_start("xterm-256color");
    terminal_type(terminal, "abc");
    terminal_wait_text(terminal, "> abc");
    gsize before = terminal_received(terminal);
    terminal_keys(terminal, "d");
    terminal_wait_text(terminal, "> abcd");
    assert_in_range(terminal_received(terminal) - before, 1, 40);
    terminal_keys(terminal, "C-c");
    assert_int_equal(terminal_wait_exit(terminal), 0);
    assert_true(terminal_shows(terminal, "cancelled []"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompt__key__edits_on_any_terminal),
        cmocka_unit_test(prompt__key__costs_little),
    };
    own_path = argv[0];
    if (argc > 1)
        return run_prompt();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
