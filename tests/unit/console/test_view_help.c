/* Help: every key of every screen, because it is made from the table. */
#include "console/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/key.h"
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
    fixture->view = help_view_ops.open(fixture->console);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    help_view_ops.close(fixture->view);
    fake_answers_reset();
    fake_frame_free(fixture->console);
    g_free(fixture);
    return 0;
}

static char *help_of(struct view *view, enum screen screen)
{
    fake_answers.help_screen = screen;
    help_view_ops.show(view);
    return help_view_ops.save(view);
}

static guint rows_with(const char *text, const char *start)
{
    g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
    guint count = 0;
    for (guint i = 0; rows[i] != NULL; i++)
        count += g_str_has_prefix(rows[i], start);
    return count;
}

/* The keys that help gives for an action; "" when it has no row. Its name ends its last row, its
 * keys begin its first. */
static char *keys_shown(const char *text, const struct action *action)
{
    g_autofree char *name = g_strdup_printf(" :%s", action->name);
    g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
    guint row = 0;
    while (rows[row] != NULL && !g_str_has_suffix(rows[row], name))
        row++;
    while (rows[row] != NULL && row > 0 && rows[row][2] == ' ')
        row--;
    return rows[row] != NULL ? g_strstrip(g_strndup(rows[row], 24)) : g_strdup("");
}

static void assert_name_once(const char *text, const struct action *action, enum screen screen)
{
    g_autofree char *alone = g_strdup_printf(" :%s\n", action->name);
    gboolean is_offered = (action->screens & SCREEN_BIT(screen)) != 0;
    const char *at = strstr(text, alone);
    if ((at != NULL) != is_offered || (at != NULL && strstr(at + 1, alone) != NULL))
        fail_msg("%s on %s:\n%s", action->name, screen_name(screen), text);
}

static void help__save__has_every_action_of_each_screen_once(void **state)
{
    struct fixture *fixture = *state;
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        g_autofree char *text = help_of(fixture->view, screen);
        for (const struct action *action = actions; action->id != ACTION_NONE; action++)
            assert_name_once(text, action, screen);
    }
}

static void help__save__has_every_key_of_each_screen(void **state)
{
    struct fixture *fixture = *state;
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        g_autofree char *text = help_of(fixture->view, screen);
        for (guint32 code = 1; code < KEYCODE_LAST; code += code == 0x7f ? 0x110000 - 0x7f : 1) {
            const struct action *action = action_for_key(screen, code);
            g_autofree char *keys = action != NULL ? keys_shown(text, action) : NULL;
            if (action != NULL && !key_is_among(code, keys))
                fail_msg("key %x of %s on %s, not among \"%s\":\n%s", code, action->name,
                         screen_name(screen), keys, text);
        }
    }
}

static void help__save__leaves_out_keys_that_mean_something_else(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *timeline = help_of(fixture->view, SCREEN_TIMELINE);
    g_autofree char *run = help_of(fixture->view, SCREEN_RUN);
    g_autofree char *on_timeline = keys_shown(timeline, action_find(ACTION_TO_LOG));
    g_autofree char *on_run = keys_shown(run, action_find(ACTION_TO_LOG));
    assert_string_equal(on_timeline, "7");
    assert_string_equal(on_run, "7 L");
}

static void help__save__fits_whatever_the_columns(void **state)
{
    struct fixture *fixture = *state;
    for (int columns = 40; columns < 130; columns += 7)
        for (int screen = 0; screen < SCREEN_COUNT; screen++) {
            fake_answers.help_screen = screen;
            g_autofree char *drawn = fake_frame_draw(fixture->view, 150, columns, TRUE);
            g_autofree char *text = help_of(fixture->view, screen);
            /* "~" stands where something was cut. */
            g_auto(GStrv) rows = g_strsplit(drawn, "\n", -1);
            for (guint i = 2; rows[i] != NULL; i++)
                assert_null(strchr(rows[i], '~'));
            assert_non_null(strstr(text, "Everywhere"));
        }
}

static void help__save__explains_letters_where_there_are_any(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *timeline = help_of(fixture->view, SCREEN_TIMELINE);
    g_autofree char *config = help_of(fixture->view, SCREEN_CONFIG);
    assert_int_equal(rows_with(timeline, "  A*  "), 1);
    assert_int_equal(rows_with(timeline, "Letters and marks"), 1);
    assert_true(strstr(timeline, "Keys of the screen") < strstr(timeline, "Letters and marks"));
    assert_true(strstr(timeline, "Letters and marks") < strstr(timeline, "Everywhere"));
    assert_int_equal(rows_with(config, "Letters and marks"), 0);
}

static void help__draw__greys_what_cannot_be_done_and_says_why(void **state)
{
    struct fixture *fixture = *state;
    AUTOPTR(grid) *grid = grid_new(21, 140, FALSE);
    fake_answers.off = ACTION_MIGRATE;
    fake_answers.why_off = "read-only: press w to arm";
    g_autofree char *drawn = fake_frame_draw(fixture->view, 21, 140, FALSE);
    const char *found = strstr(drawn, "(not now: read-only: press w to arm)");
    int row = 0;
    assert_non_null(found);
    for (const char *at = drawn; at < found; at++)
        row += *at == '\n';
    help_view_ops.draw(fixture->view, grid, &(struct area){0, 0, 21, 140});
    assert_int_equal(grid->cells[row * 140 + 2].style, STYLE_FAINT);
    assert_int_equal(grid->cells[(row + 1) * 140 + 2].style, STYLE_KEY);
}

static void help__row_text__finds_keys_and_words(void **state)
{
    struct fixture *fixture = *state;
    guint found = 0;
    help_view_ops.show(fixture->view);
    for (guint row = 0; row < help_view_ops.list(fixture->view)->count; row++) {
        g_autofree char *text = help_view_ops.row_text(fixture->view, row);
        assert_non_null(text);
        found += strstr(text, "gate") != NULL;
    }
    assert_true(found >= 2);
    assert_null(help_view_ops.row_text(fixture->view, 10000));
}

static void help__draw__as_agreed(void **state)
{
    struct fixture *fixture = *state;
    fake_answers.help_screen = SCREEN_TIMELINE;
    help_view_ops.show(fixture->view);
    fake_frame_assert_golden(fixture->view, 21, 80, FALSE, "help-80x24.txt");
    fake_frame_assert_golden(fixture->view, 37, 140, TRUE, "help-140x40-ascii.txt");
    fake_frame_assert_golden(fixture->view, 13, 60, FALSE, "help-60x16.txt");
    fake_frame_draw_all_sizes(fixture->view);
}

static void help__update__keeps_the_row(void **state)
{
    struct fixture *fixture = *state;
    help_view_ops.show(fixture->view);
    assert_true(fake_frame_act(fixture->view, ACTION_DOWN, 5));
    help_view_ops.update(fixture->view);
    assert_int_equal(help_view_ops.list(fixture->view)->selected, 5);
    help_view_ops.show(fixture->view);
    assert_int_equal(help_view_ops.list(fixture->view)->selected, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(help__save__has_every_action_of_each_screen_once),
        TEST(help__save__has_every_key_of_each_screen),
        TEST(help__save__leaves_out_keys_that_mean_something_else),
        TEST(help__save__fits_whatever_the_columns),
        TEST(help__save__explains_letters_where_there_are_any),
        TEST(help__draw__greys_what_cannot_be_done_and_says_why),
        TEST(help__row_text__finds_keys_and_words),
        TEST(help__draw__as_agreed),
        TEST(help__update__keeps_the_row),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
