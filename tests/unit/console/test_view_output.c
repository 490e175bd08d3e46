/* The output screen: any text, wrapped or cut. */
#include "console/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fake_answers.h"
#include "fake_frame.h"

struct fixture {
    struct console *console;
    struct view *view;
};

static int setup(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fake_answers_reset();
    fixture->console = fake_frame_new();
    fixture->view = output_view_ops.open(fixture->console);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    output_view_ops.close(fixture->view);
    fake_answers_reset();
    fake_frame_free(fixture->console);
    g_free(fixture);
    return 0;
}

static void set_lines(struct view *view, const char *title, guint count)
{
    GString *text = g_string_new(NULL);
    for (guint i = 1; i <= count; i++)
        g_string_append_printf(text,
                               "%06u applied   a migration with a rather long name, so that "
                               "its line does not fit\n",
                               i);
    output_view_set(view, title, g_string_free(text, FALSE));
}

static void assert_drawn(struct view *view, const char *part, gboolean is_there)
{
    g_autofree char *drawn = fake_frame_draw(view, 21, 80, FALSE);
    if ((strstr(drawn, part) != NULL) != is_there)
        fail_msg("\"%s\" is %s in\n%s", part, is_there ? "not" : "there", drawn);
}

static void output__draw__nothing_yet(void **state)
{
    struct fixture *fixture = *state;
    assert_drawn(fixture->view, "Nothing was shown yet", TRUE);
    fake_frame_draw_all_sizes(fixture->view);
    assert_null(output_view_ops.copy(fixture->view));
    assert_null(output_view_ops.save(fixture->view));
}

static void output__draw__as_agreed(void **state)
{
    struct fixture *fixture = *state;
    set_lines(fixture->view, "status --all", 40);
    fake_frame_assert_golden(fixture->view, 21, 80, FALSE, "output-80x24.txt");
    fake_frame_assert_golden(fixture->view, 37, 140, TRUE, "output-140x40-ascii.txt");
    fake_frame_assert_golden(fixture->view, 13, 60, FALSE, "output-60x16.txt");
    fake_frame_draw_all_sizes(fixture->view);
}

static void output__draw__hostile_text_harmlessly(void **state)
{
    struct fixture *fixture = *state;
    output_view_set(fixture->view, "x\x1b]0;t\x07",
                    g_strdup("\x1b[2J \xff \xe2\x80\xae\tx\r\nlast without end"));
    assert_drawn(fixture->view, "^[[2J \\xFF \\u{202E}", TRUE);
    assert_drawn(fixture->view, "x^[]0;t^G", TRUE);
    assert_drawn(fixture->view, "last without end", TRUE);
    fake_frame_draw_all_sizes(fixture->view);
}

static void output__act__cuts_and_scrolls(void **state)
{
    struct fixture *fixture = *state;
    set_lines(fixture->view, "status", 3);
    assert_drawn(fixture->view, "not fit", TRUE);
    assert_true(fake_frame_act(fixture->view, ACTION_WRAP, 0));
    assert_drawn(fixture->view, "not fit", FALSE);
    assert_true(fake_frame_act(fixture->view, ACTION_RIGHT, 0));
    assert_drawn(fixture->view, "not fit", TRUE);
    assert_drawn(fixture->view, "000001", FALSE);
    assert_true(fake_frame_act(fixture->view, ACTION_LEFT, 3));
    assert_drawn(fixture->view, "000001", TRUE);
}

static void output__set__begins_at_the_top_again(void **state)
{
    struct fixture *fixture = *state;
    set_lines(fixture->view, "status", 300);
    assert_true(fake_frame_act(fixture->view, ACTION_LAST, 0));
    assert_drawn(fixture->view, "000300", TRUE);
    set_lines(fixture->view, "status", 200);
    assert_drawn(fixture->view, "000001", TRUE);
    g_autofree char *copy = output_view_ops.copy(fixture->view);
    assert_true(g_str_has_prefix(copy, "000001 applied"));
    output_view_set(fixture->view, "empty", g_strdup(""));
    fake_frame_draw_all_sizes(fixture->view);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(output__draw__nothing_yet),
        TEST(output__draw__as_agreed),
        TEST(output__draw__hostile_text_harmlessly),
        TEST(output__act__cuts_and_scrolls),
        TEST(output__set__begins_at_the_top_again),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
