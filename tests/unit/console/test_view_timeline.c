/* The timeline: rows, the detail of the one under the cursor, and scrolling that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/views.h"
#include "fake_answers.h"
#include "fake_frame.h"
#include "fake_model.h"
#include "unit/source/folder.h"

static const char *const shop[][2] = {
    {"000001_customers.up.sql", "-- winch: allow prefer-text-field names of two letters\n"
                                "CREATE TABLE customers (id bigint);\n"},
    {"000001_customers.down.sql", "DROP TABLE customers;\n"},
    {"000002_invoices.up.sql", "-- winch: requires 000001\n-- winch: ticket OPS-7\n"
                               "CREATE TABLE invoices (id bigint, total numeric);\n"},
    {"000002_invoices.down.sql", "DROP TABLE invoices;\n"},
    {"000003_drop_total.up.sql", "-- winch: requires 000002\n-- winch: phase expand\n"
                                 "ALTER TABLE invoices DROP COLUMN total;\n"},
    {"000003_drop_total.down.sql", "ALTER TABLE invoices ADD COLUMN total numeric;\n"},
};

struct stage {
    char *folder;
    struct console *console;
    struct view *view;
};

static int setup(void **state)
{
    struct stage *stage = g_new0(struct stage, 1);
    void *folder = NULL;
    fake_answers_reset();
    assert_int_equal(folder_setup(&folder), 0);
    stage->folder = folder;
    for (gsize i = 0; i < G_N_ELEMENTS(shop); i++)
        folder_write(folder, shop[i][0], shop[i][1], -1);
    stage->console = fake_frame_new();
    stage->view = timeline_view_ops.open(stage->console);
    stage->console->views[SCREEN_TIMELINE] = stage->view;
    stage->console->shown = SCREEN_TIMELINE;
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    void *folder = stage->folder;
    timeline_view_ops.close(stage->view);
    fake_answers_reset();
    fake_frame_free(stage->console);
    g_free(stage);
    return folder_teardown(&folder);
}

static void take(struct stage *stage)
{
    struct model *model = model_new();
    struct migration_set *set = migration_set_load(stage->folder, NULL);
    GPtrArray *history = fake_history();
    fake_record(history, HISTORY_UP, OUTCOME_DONE, "7c1e09", 1, "customers");
    model_take_state(model, fake_state(set, history, 1, FALSE), NULL);
    model_take_set(model, set, NULL);
    model_set_link(model, LINK_UP, NULL);
    fake_frame_take_model(stage->console, model);
    timeline_view_settle(stage->view);
}

static void assert_shows(struct stage *stage, int rows, int columns, const char *text)
{
    g_free(fake_frame_draw(stage->view, rows, columns, FALSE)); /* asks for the texts */
    g_autofree char *drawn = fake_frame_draw(stage->view, rows, columns, FALSE);
    if (strstr(drawn, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, drawn);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void timeline__draw__has_no_bad_size(void **state)
{
    struct stage *stage = *state;
    fake_frame_draw_all_sizes(stage->view);
    take(stage);
    fake_frame_draw_all_sizes(stage->view);
    fake_frame_act(stage->view, ACTION_NEXT_PANE, 0);
    fake_frame_draw_all_sizes(stage->view);
}

static void timeline__detail__doubts_a_phase_that_the_text_denies(void **state)
{
    struct stage *stage = *state;
    take(stage);
    fake_frame_act(stage->view, ACTION_FIRST, 0);
    assert_shows(stage, 37, 140, "000003 drop_total");
    assert_shows(stage, 37, 140, "(declared)");
    assert_shows(stage, 37, 140, "its text says contract");
}

static void timeline__detail__tells_what_is_touched_and_allowed(void **state)
{
    struct stage *stage = *state;
    take(stage);
    fake_frame_act(stage->view, ACTION_LAST, 0);
    assert_shows(stage, 37, 200, "creates");
    assert_shows(stage, 37, 200, "table customers");
    assert_shows(stage, 37, 200, "prefer-text-field: names of two letters");
}

static void timeline__next_pane__scrolls_the_detail_and_comes_back(void **state)
{
    struct stage *stage = *state;
    gint64 version = 0;
    take(stage);
    fake_frame_act(stage->view, ACTION_FIRST, 0);
    g_autofree char *before = fake_frame_draw(stage->view, 13, 80, FALSE);
    assert_null(strstr(before, "invoices.total"));
    fake_frame_act(stage->view, ACTION_NEXT_PANE, 0);
    fake_frame_act(stage->view, ACTION_LAST, 0);
    assert_shows(stage, 13, 80, "drops   column invoices.total");
    assert_true(timeline_view_ops.version(stage->view, &version));
    assert_int_equal(version, 3);
    assert_true(timeline_view_ops.act(stage->view, ACTION_BACK, 0));
    assert_false(timeline_view_ops.act(stage->view, ACTION_BACK, 0));
    fake_frame_act(stage->view, ACTION_LAST, 0);
    assert_true(timeline_view_ops.version(stage->view, &version));
    assert_int_equal(version, 1);
}

static void timeline__copy__has_row_and_detail_and_leaves_the_pane(void **state)
{
    struct stage *stage = *state;
    take(stage);
    fake_frame_act(stage->view, ACTION_FIRST, 0);
    g_free(fake_frame_draw(stage->view, 37, 140, FALSE));
    g_autofree char *copied = timeline_view_ops.copy(stage->view);
    assert_non_null(strstr(copied, "000003"));
    assert_non_null(strstr(copied, "needs"));
    g_autofree char *saved = timeline_view_ops.save(stage->view);
    assert_non_null(strstr(saved, "000001"));
    assert_null(strstr(saved, "needs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timeline__draw__has_no_bad_size, setup, teardown),
        cmocka_unit_test_setup_teardown(timeline__detail__doubts_a_phase_that_the_text_denies,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(timeline__detail__tells_what_is_touched_and_allowed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(timeline__next_pane__scrolls_the_detail_and_comes_back,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(timeline__copy__has_row_and_detail_and_leaves_the_pane,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
