/* The graph screen, and lanes in cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/lane_cells.h"
#include "console/views.h"
#include "fake_frame.h"
#include "fake_model.h"

static const char *const shop[] = {
    "000034_tax_rates",
    "000035_payment_methods -- winch: requires 000034",
    "000036_extensions -- winch: requires none",
    "000037_roles_and_grants -- winch: requires 000034",
    "000038_create_customers -- winch: requires 000035, 000036",
    "000039_create_invoices -- winch: requires 000038",
    "000040_drop_legacy_notes -- winch: requires 000038\n-- winch: irreversible notes are gone",
    "000041_create_ledger -- winch: requires 000038, 000039",
    "000042_customer_soft_delete -- winch: requires 000038",
    "000043_idx_ledger_posted_at -- winch: requires 000041",
    "000044_ledger_partition",
    "000045_add_invoice_currency -- winch: requires 000039",
    NULL,
};

struct stage {
    struct console *console;
    struct view *view;
};

static int setup(void **state)
{
    struct stage *stage = g_new0(struct stage, 1);
    stage->console = fake_frame_new();
    stage->view = graph_view_ops.open(stage->console);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    graph_view_ops.close(stage->view);
    fake_frame_free(stage->console);
    g_free(stage);
    return 0;
}

/* Takes over the set. */
static void take(struct stage *stage, struct migration_set *set, GPtrArray *history, gint64 version)
{
    struct model *model = model_new();
    if (history != NULL)
        model_take_state(model, fake_state(set, history, version, FALSE), NULL);
    model_take_set(model, set, NULL);
    fake_frame_take_model(stage->console, model);
}

/* Applied up to 44, but for one that nobody ran. */
static GPtrArray *history_without(gint64 missed)
{
    GPtrArray *history = fake_history();
    for (gint64 version = 34; version <= 44; version++)
        if (version != missed) {
            struct history_record *record =
                fake_record(history, HISTORY_UP, OUTCOME_DONE, "7c1e09", version, "x");
            record->to_version = version;
        }
    return history;
}

static gint64 selected(struct stage *stage)
{
    gint64 version = 0;
    assert_true(graph_view_ops.version(stage->view, &version));
    return version;
}

static void assert_shows(struct stage *stage, int columns, const char *words)
{
    g_autofree char *text = fake_frame_draw(stage->view, 37, columns, FALSE);
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text);
}

static void assert_copies(struct stage *stage, const char *words)
{
    g_autofree char *text = graph_view_ops.copy(stage->view);
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text);
}

static void view_graph__draw__is_as_agreed(void **state)
{
    struct stage *stage = *state;
    take(stage, fake_set(shop), history_without(36), 44);
    fake_frame_act(stage->view, ACTION_DOWN, 7);
    fake_frame_assert_golden(stage->view, 21, 80, FALSE, "graph-80x24.txt");
    fake_frame_assert_golden(stage->view, 21, 80, TRUE, "graph-80x24-ascii.txt");
    fake_frame_assert_golden(stage->view, 37, 140, FALSE, "graph-140x40.txt");
    fake_frame_assert_golden(stage->view, 13, 60, TRUE, "graph-60x16.txt");
}

static void view_graph__draw__says_why_there_is_nothing(void **state)
{
    static const char *const none[] = {NULL};
    struct stage *stage = *state;
    assert_shows(stage, 80, "connecting");
    struct model *model = model_new();
    model_take_set(model, NULL, g_strdup("migrations: No such file"));
    fake_frame_take_model(stage->console, model);
    assert_shows(stage, 80, "No such file");
    take(stage, fake_set(none), NULL, 0);
    assert_shows(stage, 80, "no migrations here yet");
    assert_null(graph_view_ops.copy(stage->view));
    assert_false(fake_frame_act(stage->view, ACTION_OPEN, 0));
    fake_frame_draw_all_sizes(stage->view);
    take(stage, fake_set(shop), NULL, 0);
    assert_shows(stage, 80, "state not known");
    fake_frame_draw_all_sizes(stage->view);
}

static void view_graph__draw__names_wrong_orders(void **state)
{
    struct stage *stage = *state;
    take(stage, fake_set(shop), history_without(36), 44);
    g_free(fake_frame_draw(stage->view, 21, 80, FALSE));
    console_version_select(stage->console, 38);
    graph_view_ops.show(stage->view);
    assert_int_equal(selected(stage), 38);
    assert_copies(stage, "applied, and needs 000036 extensions, which is not");
    assert_shows(stage, 140, "1 in wrong order");
    console_version_select(stage->console, 36);
    graph_view_ops.show(stage->view);
    assert_copies(stage, "000038 create_customers is applied and needs this");
    take(stage, fake_set(shop), history_without(0), 44);
    g_autofree char *text = fake_frame_draw(stage->view, 37, 140, FALSE);
    assert_null(strstr(text, "wrong order"));
}

static void view_graph__update__keeps_the_version_selected(void **state)
{
    static const char *const before[] = {"000001_a", "000003_c", NULL};
    static const char *const after[] = {"000001_a", "000002_b", "000003_c", "000004_d", NULL};
    static const char *const without[] = {"000001_a", "000004_d", NULL};
    struct stage *stage = *state;
    take(stage, fake_set(before), NULL, 0);
    assert_int_equal(selected(stage), 3);
    take(stage, fake_set(after), NULL, 0);
    assert_int_equal(selected(stage), 3);
    take(stage, fake_set(without), NULL, 0);
    assert_int_equal(selected(stage), 4);
}

static void view_graph__act__opens_the_timeline_there(void **state)
{
    struct stage *stage = *state;
    take(stage, fake_set(shop), history_without(0), 44);
    assert_true(fake_frame_act(stage->view, ACTION_CURRENT, 0));
    assert_int_equal(selected(stage), 44);
    assert_true(fake_frame_act(stage->view, ACTION_OPEN, 0));
    assert_int_equal(stage->console->version, 44);
    assert_int_equal(stage->console->shown, SCREEN_TIMELINE);
    take(stage, fake_set(shop), fake_history(), VERSION_NONE);
    fake_frame_act(stage->view, ACTION_CURRENT, 0);
    assert_non_null(strstr(stage->console->said, "no current version"));
}

static void view_graph__draw__copes_with_ten_thousand(void **state)
{
    struct stage *stage = *state;
    take(stage, fake_long_set(10000), NULL, 0);
    fake_frame_act(stage->view, ACTION_LAST, 0);
    assert_shows(stage, 140, "10,000/10,000");
    assert_shows(stage, 140, "needed by 9999, also through others");
    fake_frame_act(stage->view, ACTION_FIRST, 5000);
    assert_int_equal(selected(stage), 5001);
    g_autofree char *found = graph_view_ops.row_text(stage->view, 0);
    assert_string_equal(found, "010000 step_10000");
}

/* One node that needs every other: as many lanes as there are. */
static void lanes_draw_row__counts_what_does_not_fit(void **state)
{
    static const guint first[] = {0, 4, 4, 4, 4, 4}, targets[] = {1, 2, 3, 4};
    AUTOPTR(lanes) *lanes = lanes_new(5, first, targets, 8);
    (void)state;
    for (int limit = 0; limit < 12; limit++) {
        AUTOPTR(grid) *grid = grid_new(1, 12, TRUE);
        int used = lanes_draw_row(grid, 0, 0, limit, lanes, 0, GLYPH_NODE_PENDING, STYLE_TEXT);
        g_autofree char *text = grid_text(grid);
        assert_true(used <= limit);
        assert_true((int)strlen(text) - 1 <= limit);
        if (limit == 7)
            assert_string_equal(text, "o-+-+-.\n");
        if (limit == 6)
            assert_string_equal(text, "o-+3\n");
    }
    assert_int_equal(lanes_columns(lanes, 100), 8);
    assert_int_equal(lanes_columns(lanes, 5), 5);
}

static void state_letters__tell__states_apart(void **state)
{
    static const struct {
        enum migration_state state;
        const char *letters;
        enum glyph glyph;
    } rows[] = {
        {MIGRATION_PENDING, "P", GLYPH_NODE_PENDING},
        {MIGRATION_APPLIED, "A", GLYPH_NODE_APPLIED},
        {MIGRATION_ASSUMED, "A", GLYPH_NODE_APPLIED},
        {MIGRATION_MODIFIED, "A*", GLYPH_NODE_APPLIED},
        {MIGRATION_MISSED, "S", GLYPH_NODE_OTHER},
        {MIGRATION_MISSING, "?", GLYPH_NODE_OTHER},
        {MIGRATION_DIRTY, "X", GLYPH_NODE_OTHER},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct status_row row = {.state = rows[i].state};
        assert_string_equal(state_letters(&row), rows[i].letters);
        assert_int_equal(state_glyph(&row), rows[i].glyph);
    }
    assert_string_equal(state_letters(NULL), "-");
    assert_int_equal(state_glyph(NULL), GLYPH_NODE_PENDING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(view_graph__draw__is_as_agreed, setup, teardown),
        cmocka_unit_test_setup_teardown(view_graph__draw__says_why_there_is_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_graph__draw__names_wrong_orders, setup, teardown),
        cmocka_unit_test_setup_teardown(view_graph__update__keeps_the_version_selected, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_graph__act__opens_the_timeline_there, setup, teardown),
        cmocka_unit_test_setup_teardown(view_graph__draw__copes_with_ten_thousand, setup, teardown),
        cmocka_unit_test(lanes_draw_row__counts_what_does_not_fit),
        cmocka_unit_test(state_letters__tell__states_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
