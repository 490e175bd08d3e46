/* The prompt's line editor with libedit beneath it, without a terminal. */
#include "console/line_editor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define CONTROL(letter) ((gunichar)((letter)&0x1f))

/* An editor whose .editrc says this (NULL: there is none). */
static struct line_editor *editor_with(const char *editrc, struct line_history *history,
                                       line_completer complete)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("winch-test-XXXXXX", &path, NULL);
    assert_true(fd >= 0);
    close(fd);
    if (editrc != NULL)
        assert_true(g_file_set_contents(path, editrc, -1, NULL));
    const struct line_editor_options options = {.program = "winch",
                                                .editrc = editrc == NULL ? "/nonexistent" : path,
                                                .history = history,
                                                .complete = complete};
    g_autoptr(GError) error = NULL;
    struct line_editor *editor = line_editor_new(&options, &error);
    g_unlink(path);
    if (editor == NULL)
        fail_msg("%s", error->message);
    line_editor_begin(editor, NULL);
    return editor;
}

static struct line_editor *emacs(void)
{
    return editor_with(NULL, NULL, NULL);
}

static struct line_editor *vi(void)
{
    return editor_with("bind -v\n", NULL, NULL);
}

static enum line_editor_state type(struct line_editor *editor, const char *text)
{
    for (const char *at = text; *at != '\0'; at += g_utf8_skip[(guchar)*at])
        line_editor_key(editor, g_utf8_get_char(at));
    return line_editor_state(editor);
}

static void text_is(struct line_editor *editor, const char *expected)
{
    assert_string_equal(line_editor_view(editor).text, expected);
}

static void is_accepted(struct line_editor *editor, const char *expected)
{
    assert_int_equal(line_editor_key(editor, LINE_KEY_ENTER), LINE_EDITOR_ACCEPTED);
    text_is(editor, expected);
}

static void line_editor__key__edits_as_emacs_does(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = emacs();
    assert_false(line_editor_is_vi(editor));
    type(editor, "one two");
    line_editor_key(editor, CONTROL('A'));
    line_editor_meta_key(editor, 'f');
    assert_int_equal(line_editor_view(editor).column, 3);
    line_editor_key(editor, CONTROL('K'));
    text_is(editor, "one");
    line_editor_key(editor, CONTROL('Y'));
    text_is(editor, "one two");
    line_editor_meta_key(editor, 'b');
    type(editor, "x ");
    text_is(editor, "one x two");
    line_editor_key(editor, CONTROL('W'));
    text_is(editor, "one two");
    line_editor_key(editor, CONTROL('U'));
    text_is(editor, "two");
    line_editor_key(editor, CONTROL('E'));
    line_editor_key(editor, LINE_KEY_BACKSPACE);
    is_accepted(editor, "tw");
}

static void special_keys_move(struct line_editor *editor)
{
    type(editor, "abc def");
    line_editor_key(editor, LINE_KEY_HOME);
    assert_int_equal(line_editor_view(editor).column, 0);
    line_editor_key(editor, LINE_KEY_RIGHT);
    line_editor_key(editor, LINE_KEY_DELETE);
    text_is(editor, "ac def");
    line_editor_key(editor, LINE_KEY_END);
    line_editor_key(editor, LINE_KEY_LEFT);
    assert_int_equal(line_editor_view(editor).column, 5);
    line_editor_key(editor, LINE_KEY_WORD_LEFT);
    assert_int_equal(line_editor_view(editor).column, 3);
    line_editor_key(editor, LINE_KEY_END);
    line_editor_key(editor, 127);
    is_accepted(editor, "ac de");
}

static void line_editor__key__moves_in_either_mode(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *one = emacs();
    special_keys_move(one);
    AUTOPTR(line_editor) *other = vi();
    assert_true(line_editor_is_vi(other));
    special_keys_move(other);
}

static void line_editor__key__edits_as_vi_does(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = vi();
    type(editor, "one two three");
    assert_int_equal(line_editor_key(editor, LINE_KEY_ESCAPE), LINE_EDITOR_EDITING);
    type(editor, "0cwzero");
    text_is(editor, "zero two three");
    line_editor_key(editor, LINE_KEY_ESCAPE);
    type(editor, "wdw");
    text_is(editor, "zero three");
    type(editor, "u");
    text_is(editor, "zero two three");
    is_accepted(editor, "zero two three");
}

static void line_editor__key__harms_nothing_where_vi_waits_for_a_letter(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = vi();
    type(editor, "abc def");
    line_editor_key(editor, LINE_KEY_ESCAPE);
    type(editor, "0f");
    line_editor_key(editor, LINE_KEY_DOWN);
    text_is(editor, "abc def");
    type(editor, "$d");
    line_editor_key(editor, LINE_KEY_LEFT);
    text_is(editor, "abc df");
}

static void line_editor__key__cancels_and_begins_again(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = emacs();
    const gunichar keys[] = {LINE_KEY_ESCAPE, 27, CONTROL('C'), CONTROL('G')};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        type(editor, "half a line");
        assert_int_equal(line_editor_key(editor, keys[i]), LINE_EDITOR_CANCELLED);
        text_is(editor, "");
        line_editor_begin(editor, NULL);
        text_is(editor, "");
    }
    assert_int_equal(line_editor_key(editor, CONTROL('D')), LINE_EDITOR_CANCELLED);
    AUTOPTR(line_editor) *other = vi();
    type(other, "half");
    line_editor_key(other, LINE_KEY_ESCAPE);
    assert_int_equal(line_editor_key(other, CONTROL('C')), LINE_EDITOR_CANCELLED);
}

static void line_editor__begin__puts_text_in_the_line(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = emacs();
    type(editor, "given up");
    line_editor_begin(editor, "goto\t44");
    assert_int_equal(line_editor_view(editor).column, 7);
    type(editor, "5");
    is_accepted(editor, "goto 445");
    assert_int_equal(line_editor_key(editor, 'x'), LINE_EDITOR_ACCEPTED);
}

static void line_editor__view__measures_wide_and_combining(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = emacs();
    type(editor, "a\u6f22e\u0301\U0001F600");
    struct line_view view = line_editor_view(editor);
    assert_string_equal(view.text, "a\u6f22e\u0301\U0001F600");
    assert_int_equal(view.column, 6);
    assert_int_equal(view.cursor, strlen(view.text));
    line_editor_key(editor, LINE_KEY_LEFT);
    assert_int_equal(line_editor_view(editor).column, 4);
    is_accepted(editor, "a\u6f22e\u0301\U0001F600");
}

static void line_editor__paste__is_never_a_command(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = emacs();
    assert_int_equal(line_editor_paste(editor, "drop\r\nall\n\t\x03\x1b\x1f"), LINE_EDITOR_EDITING);
    text_is(editor, "drop all     ");
    AUTOPTR(line_editor) *other = vi();
    type(other, "abc");
    line_editor_key(other, LINE_KEY_ESCAPE);
    line_editor_paste(other, "dd:x\n");
    text_is(other, "abdd:x c");
}

static void line_editor__paste__takes_a_long_line(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = emacs();
    g_autofree char *text = g_strnfill(15000, 'x');
    line_editor_paste(editor, text);
    for (int i = 0; i < 15000; i++)
        line_editor_key(editor, 'y');
    assert_int_equal(line_editor_view(editor).column, 30000);
    line_editor_key(editor, LINE_KEY_HOME);
    type(editor, "z");
    assert_int_equal(line_editor_key(editor, LINE_KEY_ENTER), LINE_EDITOR_ACCEPTED);
    assert_int_equal(strlen(line_editor_view(editor).text), 30001);
}

static void line_editor__key__finds_earlier_lines(void **state)
{
    (void)state;
    AUTOPTR(line_history) *history = line_history_load(NULL);
    line_history_add(history, "goto 44");
    line_history_add(history, "plan");
    AUTOPTR(line_editor) *editor = editor_with(NULL, history, NULL);
    line_editor_key(editor, LINE_KEY_UP);
    text_is(editor, "plan");
    line_editor_key(editor, CONTROL('P'));
    text_is(editor, "goto 44");
    line_editor_key(editor, LINE_KEY_DOWN);
    is_accepted(editor, "plan");
    line_history_add(history, "status");
    line_editor_begin(editor, NULL);
    line_editor_key(editor, CONTROL('P'));
    is_accepted(editor, "status");
}

static void line_editor__key__searches_as_it_is_typed(void **state)
{
    (void)state;
    AUTOPTR(line_history) *history = line_history_load(NULL);
    line_history_add(history, "goto 44");
    line_history_add(history, "plan");
    AUTOPTR(line_editor) *editor = editor_with(NULL, history, NULL);
    line_editor_key(editor, CONTROL('R'));
    type(editor, "go");
    struct line_view view = line_editor_view(editor);
    assert_string_equal(view.text, "goto 44");
    assert_string_equal(view.search, "go");
    assert_false(view.search_failed);
    type(editor, "z");
    assert_true(line_editor_view(editor).search_failed);
    line_editor_key(editor, LINE_KEY_BACKSPACE);
    assert_int_equal(line_editor_key(editor, LINE_KEY_ESCAPE), LINE_EDITOR_EDITING);
    assert_null(line_editor_view(editor).search);
    is_accepted(editor, "goto 44");
    line_editor_begin(editor, NULL);
    line_editor_key(editor, CONTROL('R'));
    type(editor, "pl");
    is_accepted(editor, "plan");
    line_editor_begin(editor, NULL);
    line_editor_key(editor, CONTROL('R'));
    assert_int_equal(line_editor_key(editor, CONTROL('C')), LINE_EDITOR_CANCELLED);
}

static void line_editor__key__leaves_the_search_of_vi_without_running_it(void **state)
{
    (void)state;
    AUTOPTR(line_history) *history = line_history_load(NULL);
    line_history_add(history, "goto 44");
    AUTOPTR(line_editor) *editor = editor_with("bind -v\n", history, NULL);
    line_editor_key(editor, LINE_KEY_ESCAPE);
    type(editor, "/got");
    assert_string_equal(line_editor_view(editor).search, "got");
    assert_int_equal(line_editor_key(editor, LINE_KEY_ESCAPE), LINE_EDITOR_EDITING);
    assert_null(line_editor_view(editor).search);
    type(editor, "/got");
    assert_int_equal(line_editor_key(editor, LINE_KEY_ENTER), LINE_EDITOR_EDITING);
    is_accepted(editor, "goto 44");
}

static void complete_word(const char *line, gsize cursor, struct line_completion *completion,
                          gpointer data)
{
    static const char *const words[] = {"plan", "plot", "quit", "\u00fcber"};
    (void)data;
    while (completion->start > 0 && line[completion->start - 1] != ' ')
        completion->start--;
    completion->after = ' ';
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strncmp(words[i], line + completion->start, cursor - completion->start) == 0)
            line_completion_add(completion, words[i], "a word");
}

static void line_editor__key__completes_as_far_as_candidates_agree(void **state)
{
    (void)state;
    AUTOPTR(line_editor) *editor = editor_with(NULL, NULL, complete_word);
    type(editor, "x p");
    line_editor_key(editor, LINE_KEY_TAB);
    struct line_view view = line_editor_view(editor);
    assert_string_equal(view.text, "x pl");
    assert_non_null(view.completion);
    assert_int_equal(view.completion->candidates->len, 2);
    type(editor, "a");
    assert_null(line_editor_view(editor).completion);
    line_editor_key(editor, '\t');
    text_is(editor, "x plan ");
    type(editor, "\u00fc");
    line_editor_key(editor, LINE_KEY_TAB);
    is_accepted(editor, "x plan \u00fcber ");
}

static void hostile(const char *editrc)
{
    AUTOPTR(line_editor) *editor = editor_with(editrc, NULL, complete_word);
    type(editor, "q");
    line_editor_key(editor, LINE_KEY_TAB);
    text_is(editor, "quit ");
    line_editor_key(editor, LINE_KEY_LEFT);
    assert_int_equal(line_editor_view(editor).column, 4);
    is_accepted(editor, "quit ");
    line_editor_begin(editor, "again");
    assert_int_equal(line_editor_key(editor, CONTROL('C')), LINE_EDITOR_CANCELLED);
}

static void line_editor__new__survives_any_editrc(void **state)
{
    (void)state;
    hostile("edit off\n");
    hostile("bind ^M ed-unassigned\nbind ^J ed-unassigned\nbind ^I ed-insert\n");
    hostile("bind ^M^M ed-insert\nbind ^J^J ed-insert\nbind ^I^I ed-insert\n");
    hostile("bind -s ^_ boom\nbind -s ^^A boom\nbind ^^ ed-newline\n");
    hostile("bind -v\nbind -a ^I ed-insert\nbind ^_ ed-newline\n");
    hostile("telltc\nsettc co 1\nsetty -a\nhistory clear\nnonsense \"\n\xff\xfe\n");
}

static void line_editor__new__needs_no_home(void **state)
{
    (void)state;
    g_autofree char *home = g_strdup(g_getenv("HOME"));
    g_unsetenv("HOME");
    const struct line_editor_options options = {.program = "winch"};
    AUTOPTR(line_editor) *editor = line_editor_new(&options, NULL);
    if (home != NULL)
        g_setenv("HOME", home, TRUE);
    assert_non_null(editor);
    assert_int_equal(line_editor_state(editor), LINE_EDITOR_IDLE);
    line_editor_begin(editor, NULL);
    type(editor, "plan");
    line_editor_key(editor, LINE_KEY_TAB);
    is_accepted(editor, "plan");
}

static void line_editor__free__may_come_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        AUTOPTR(line_editor) *editor = i % 2 == 0 ? emacs() : vi();
        type(editor, "half");
        line_editor_key(editor, CONTROL('R'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_editor__key__edits_as_emacs_does),
        cmocka_unit_test(line_editor__key__moves_in_either_mode),
        cmocka_unit_test(line_editor__key__edits_as_vi_does),
        cmocka_unit_test(line_editor__key__harms_nothing_where_vi_waits_for_a_letter),
        cmocka_unit_test(line_editor__key__cancels_and_begins_again),
        cmocka_unit_test(line_editor__begin__puts_text_in_the_line),
        cmocka_unit_test(line_editor__view__measures_wide_and_combining),
        cmocka_unit_test(line_editor__paste__is_never_a_command),
        cmocka_unit_test(line_editor__paste__takes_a_long_line),
        cmocka_unit_test(line_editor__key__finds_earlier_lines),
        cmocka_unit_test(line_editor__key__searches_as_it_is_typed),
        cmocka_unit_test(line_editor__key__leaves_the_search_of_vi_without_running_it),
        cmocka_unit_test(line_editor__key__completes_as_far_as_candidates_agree),
        cmocka_unit_test(line_editor__new__survives_any_editrc),
        cmocka_unit_test(line_editor__new__needs_no_home),
        cmocka_unit_test(line_editor__free__may_come_at_any_time),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
