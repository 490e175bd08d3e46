/* The log screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/views.h"
#include "fake_frame.h"

struct stage {
    struct console *console;
    struct view *view;
};

static int setup(void **state)
{
    struct stage *stage = g_new0(struct stage, 1);
    stage->console = fake_frame_new();
    stage->view = log_view_ops.open(stage->console);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    log_view_ops.close(stage->view);
    fake_frame_free(stage->console);
    g_free(stage);
    return 0;
}

static void add(struct stage *stage, guint second, enum record_level level, const char *text)
{
    record_add(stage->console->record, FAKE_TIME(second), level, text);
}

static void add_many(struct stage *stage, guint count)
{
    for (guint i = 0; i < count; i++) {
        g_autofree char *text = g_strdup_printf("line %u", i);
        add(stage, i, i % 10 == 9 ? RECORD_ERROR : RECORD_SQL, text);
    }
}

static void sample(struct stage *stage)
{
    add(stage, 1, RECORD_INFO, "connected pid 28811 application_name=winch statement_timeout=5s");
    add(stage, 2, RECORD_SQL,
        "SELECT version, dirty FROM public.schema_migrations LIMIT 1 -> 44,false   1.1 ms");
    add(stage, 3, RECORD_RUN, "000045.1 ALTER TABLE billing.invoices ADD COLUMN currency char(3)");
    add(stage, 63, RECORD_WARNING, "23 sessions wait more than 60 s");
    add(stage, 64, RECORD_ERROR, "000045.2: canceling statement due to lock timeout");
}

static char *draw(struct stage *stage)
{
    return fake_frame_draw(stage->view, 21, 80, FALSE);
}

static void view_log__draw__is_as_agreed(void **state)
{
    struct stage *stage = *state;
    sample(stage);
    fake_frame_assert_golden(stage->view, 21, 80, FALSE, "log-80x24.txt");
    fake_frame_assert_golden(stage->view, 37, 140, TRUE, "log-140x40-ascii.txt");
    assert_true(fake_frame_act(stage->view, ACTION_WRAP, 0));
    fake_frame_assert_golden(stage->view, 13, 60, TRUE, "log-60x16.txt");
}

static void view_log__draw__follows_the_end_until_moved_up(void **state)
{
    struct stage *stage = *state;
    add_many(stage, 100);
    g_autofree char *first = draw(stage);
    assert_non_null(strstr(first, "line 99"));
    assert_null(strstr(first, "new below"));
    fake_frame_act(stage->view, ACTION_UP, 0);
    add(stage, 200, RECORD_INFO, "came later");
    add(stage, 200, RECORD_INFO, "and later");
    g_autofree char *second = draw(stage);
    assert_non_null(strstr(second, "2 new below"));
    assert_null(strstr(second, "came later"));
    fake_frame_act(stage->view, ACTION_LAST, 0);
    g_autofree char *third = draw(stage);
    assert_non_null(strstr(third, "and later"));
    assert_null(strstr(third, "new below"));
    add(stage, 201, RECORD_INFO, "the newest");
    g_autofree char *fourth = draw(stage);
    assert_non_null(strstr(fourth, "the newest"));
}

static void view_log__update__keeps_the_line_when_old_ones_go(void **state)
{
    struct stage *stage = *state;
    add_many(stage, RECORD_LINES_MAX);
    g_free(draw(stage));
    fake_frame_act(stage->view, ACTION_FIRST, 3001);
    g_autofree char *before = log_view_ops.copy(stage->view);
    assert_non_null(strstr(before, "line 3000"));
    add_many(stage, 1);
    g_autofree char *text = draw(stage);
    g_autofree char *after = log_view_ops.copy(stage->view);
    assert_string_equal(before, after);
    assert_non_null(strstr(text, "(500 older ones are gone)"));
    assert_int_equal(log_view_ops.list(stage->view)->count, RECORD_LINES_MAX + 1 - 500);
}

static void view_log__filter__shows_what_matches(void **state)
{
    struct stage *stage = *state;
    g_autoptr(GError) error = NULL;
    add_many(stage, 100);
    assert_true(log_view_ops.filter(stage->view, "level:error", NULL));
    assert_int_equal(log_view_ops.list(stage->view)->count, 10);
    add(stage, 200, RECORD_ERROR, "one more");
    add(stage, 200, RECORD_SQL, "but not this");
    g_autofree char *text = draw(stage);
    assert_non_null(strstr(text, "one more"));
    assert_null(strstr(text, "but not this"));
    g_autofree char *saved = log_view_ops.save(stage->view);
    assert_non_null(strstr(saved, "but not this"));
    assert_non_null(strstr(saved, "line 0\n"));
    assert_true(log_view_ops.filter(stage->view, "nowhere", NULL));
    g_autofree char *none = draw(stage);
    assert_non_null(strstr(none, "nothing matches"));
    assert_false(log_view_ops.filter(stage->view, "who:me", &error));
    assert_true(log_view_ops.filter(stage->view, "", NULL));
    assert_int_equal(log_view_ops.list(stage->view)->count, 102);
}

static void view_log__draw__wraps_and_scrolls_long_lines(void **state)
{
    struct stage *stage = *state;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 300; i++)
        g_string_append_printf(text, "word%d ", i);
    add_many(stage, 40);
    add(stage, 1, RECORD_SQL, text->str);
    add(stage, 1, RECORD_INFO, "the end");
    g_autofree char *cut = draw(stage);
    assert_null(strstr(cut, "word299"));
    fake_frame_act(stage->view, ACTION_WRAP, 0);
    g_autofree char *wrapped = draw(stage);
    assert_non_null(strstr(wrapped, "the end"));
    fake_frame_act(stage->view, ACTION_UP, 0);
    g_free(draw(stage));
    fake_frame_act(stage->view, ACTION_WRAP, 0);
    fake_frame_act(stage->view, ACTION_RIGHT, 100);
    g_autofree char *scrolled = draw(stage);
    assert_non_null(strstr(scrolled, "from column 101"));
    assert_true(fake_frame_act(stage->view, ACTION_OPEN, 0));
    assert_non_null(strstr(stage->console->output, "word299"));
}

static void view_log__draw__survives_nothing_and_hostile_text(void **state)
{
    struct stage *stage = *state;
    fake_frame_draw_all_sizes(stage->view);
    assert_null(log_view_ops.copy(stage->view));
    fake_frame_act(stage->view, ACTION_OPEN, 0);
    assert_null(stage->console->output);
    add(stage, 1, RECORD_SQL, "\x1b[2J\xff\xe6\xbc\xa2\xe5\xad\x97\r\n\t\xe2\x80\xae");
    add(stage, 1, RECORD_ERROR, "");
    fake_frame_draw_all_sizes(stage->view);
    fake_frame_act(stage->view, ACTION_WRAP, 0);
    fake_frame_draw_all_sizes(stage->view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(view_log__draw__is_as_agreed, setup, teardown),
        cmocka_unit_test_setup_teardown(view_log__draw__follows_the_end_until_moved_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_log__update__keeps_the_line_when_old_ones_go, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_log__filter__shows_what_matches, setup, teardown),
        cmocka_unit_test_setup_teardown(view_log__draw__wraps_and_scrolls_long_lines, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_log__draw__survives_nothing_and_hostile_text, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
