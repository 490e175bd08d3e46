/* The history screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/views.h"
#include "database/activity_build.h"
#include "fake_frame.h"
#include "fake_model.h"

#define RUN_A "7c1e09aaaaaaaaaa"
#define RUN_B "90ab11bbbbbbbbbb"
#define RUN_C "3f77a2cccccccccc"

struct stage {
    struct console *console;
    struct view *view;
    struct migration_set *set;
};

static int setup(void **state)
{
    static const char *const names[] = {"000044_ledger_partition", "000045_add_invoice_currency",
                                        "000046_invoice_currency_not_null", NULL};
    struct stage *stage = g_new0(struct stage, 1);
    stage->console = fake_frame_new();
    stage->view = history_view_ops.open(stage->console);
    stage->set = fake_set(names);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    history_view_ops.close(stage->view);
    fake_frame_free(stage->console);
    migration_set_unref(stage->set);
    g_free(stage);
    return 0;
}

static GPtrArray *sample(void)
{
    GPtrArray *history = fake_history();
    struct history_record *record;
    record = fake_record(history, HISTORY_STARTED, OUTCOME_DONE, RUN_A, 44, NULL);
    record->to_version = 44;
    record = fake_record(history, HISTORY_UP, OUTCOME_DONE, RUN_A, 44, "ledger_partition");
    record->finished_at += G_GINT64_CONSTANT(271000000);
    record = fake_record(history, HISTORY_FINISHED, OUTCOME_DONE, RUN_A, VERSION_NONE, NULL);
    record->to_version = 44;
    record = fake_record(history, HISTORY_REFUSED, OUTCOME_REFUSED, NULL, VERSION_NONE, NULL);
    record->message = g_strdup("the words typed were not \"billing 45\"");
    record = fake_record(history, HISTORY_STARTED, OUTCOME_DONE, RUN_B, 46, NULL);
    record->to_version = 46;
    record->reason = g_strdup("release 2.4");
    record = fake_record(history, HISTORY_UP, OUTCOME_DONE, RUN_B, 45, "add_invoice_currency");
    record->up_sha256 = g_strdup("9f3ce1");
    record->xid = g_strdup("731");
    record =
        fake_record(history, HISTORY_UP, OUTCOME_FAILED, RUN_B, 46, "invoice_currency_not_null");
    record->message = g_strdup("canceling statement due to lock timeout");
    g_strlcpy(record->sqlstate = g_malloc0(6), "55P03", 6);
    record->file = g_strdup("migrations/000046_invoice_currency_not_null.up.sql");
    record->line = 3;
    record->ticket = g_strdup("OPS-12");
    record->ssh_client = g_strdup("10.0.0.7");
    record->plan_id = g_strdup("90ab11d0");
    record = fake_record(history, HISTORY_FINISHED, OUTCOME_FAILED, RUN_B, VERSION_NONE, NULL);
    record->to_version = 45;
    record = fake_record(history, HISTORY_STARTED, OUTCOME_DONE, RUN_C, 46, NULL);
    record->to_version = 46;
    return history;
}

static void take(struct stage *stage, GPtrArray *history, enum history_presence presence)
{
    struct model *model = model_new();
    model_take_set(model, migration_set_ref(stage->set), NULL);
    model_take_server(model, fake_server(presence));
    model_take_state(model, fake_state(stage->set, history, 45, FALSE), NULL);
    fake_frame_take_model(stage->console, model);
}

static void assert_shows(struct stage *stage, const char *words)
{
    g_autofree char *text = fake_frame_draw(stage->view, 21, 80, FALSE);
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text);
}

static void view_history__draw__is_as_agreed(void **state)
{
    struct stage *stage = *state;
    take(stage, sample(), HISTORY_PRESENT);
    fake_frame_assert_golden(stage->view, 21, 80, FALSE, "history-80x24.txt");
    fake_frame_act(stage->view, ACTION_DOWN, 2);
    fake_frame_assert_golden(stage->view, 21, 80, TRUE, "history-80x24-ascii.txt");
    fake_frame_assert_golden(stage->view, 37, 140, FALSE, "history-140x40.txt");
    fake_frame_assert_golden(stage->view, 13, 60, TRUE, "history-60x16.txt");
    assert_true(fake_frame_act(stage->view, ACTION_OPEN, 0));
    fake_frame_assert_golden(stage->view, 21, 80, FALSE, "history-detail-80x24.txt");
}

static void view_history__draw__says_why_there_is_nothing(void **state)
{
    struct stage *stage = *state;
    assert_shows(stage, "connecting");
    struct model *model = model_new();
    model_set_link(model, LINK_CONNECTING, "connection refused");
    fake_frame_take_model(stage->console, model);
    assert_shows(stage, "connection refused");
    take(stage, fake_history(), HISTORY_ABSENT);
    assert_shows(stage, ":init creates it");
    take(stage, fake_history(), HISTORY_HIDDEN);
    assert_shows(stage, "jan_dba may not read it");
    take(stage, fake_history(), HISTORY_PRESENT);
    assert_shows(stage, "nothing was done yet");
    gint64 version;
    assert_false(history_view_ops.version(stage->view, &version));
    assert_null(history_view_ops.copy(stage->view));
    fake_frame_draw_all_sizes(stage->view);
}

static void view_history__update__keeps_the_record_selected(void **state)
{
    struct stage *stage = *state;
    gint64 version = 0;
    take(stage, sample(), HISTORY_PRESENT);
    fake_frame_act(stage->view, ACTION_DOWN, 2);
    g_free(fake_frame_draw(stage->view, 21, 80, FALSE));
    assert_true(history_view_ops.version(stage->view, &version));
    assert_int_equal(version, 46);
    GPtrArray *more = sample();
    fake_record(more, HISTORY_FORCE, OUTCOME_DONE, NULL, 44, NULL);
    take(stage, more, HISTORY_PRESENT);
    version = 0;
    assert_true(history_view_ops.version(stage->view, &version));
    assert_int_equal(version, 46);
}

static void view_history__update__stays_on_the_newest(void **state)
{
    struct stage *stage = *state;
    gint64 version = 0;
    take(stage, sample(), HISTORY_PRESENT);
    g_free(fake_frame_draw(stage->view, 21, 80, FALSE));
    GPtrArray *more = sample();
    fake_record(more, HISTORY_FORCE, OUTCOME_DONE, NULL, 44, NULL);
    take(stage, more, HISTORY_PRESENT);
    assert_true(history_view_ops.version(stage->view, &version));
    assert_int_equal(version, 44);
    take(stage, fake_history(), HISTORY_PRESENT);
    assert_false(history_view_ops.version(stage->view, &version));
}

static guint shown(struct stage *stage, const char *filter)
{
    assert_true(history_view_ops.filter(stage->view, filter, NULL));
    return history_view_ops.list(stage->view)->count;
}

static void view_history__filter__shows_what_matches(void **state)
{
    struct stage *stage = *state;
    g_autoptr(GError) error = NULL;
    take(stage, sample(), HISTORY_PRESENT);
    assert_int_equal(shown(stage, ""), 9);
    assert_int_equal(shown(stage, "outcome:failed"), 2);
    assert_int_equal(shown(stage, "kind:up outcome:failed"), 1);
    assert_int_equal(shown(stage, "run:7c1e09*"), 3);
    assert_int_equal(shown(stage, "text~lock"), 1);
    assert_int_equal(shown(stage, "reason~2.4"), 1);
    assert_int_equal(shown(stage, "version:000045"), 1);
    assert_int_equal(shown(stage, "outcome~\"no end\""), 1);
    assert_int_equal(shown(stage, "by~mallory"), 0);
    assert_shows(stage, "nothing matches the filter");
    assert_false(history_view_ops.filter(stage->view, "colour:red", &error));
    assert_true(error_is(error, ERROR_USAGE));
    assert_int_equal(shown(stage, ""), 9);
}

static void view_history__draw__knows_a_run_that_goes_on(void **state)
{
    struct stage *stage = *state;
    take(stage, sample(), HISTORY_PRESENT);
    assert_shows(stage, "no end recorded");
    struct activity_builder builder;
    struct version_state row = {.version = 45};
    activity_builder_init(&builder);
    run_name_parse("winch 3f77a2 up 46 1/1", &activity_builder_session(&builder, 1)->run);
    struct model *model = model_copy(stage->console->model);
    model_take_pulse(model, activity_builder_pulse(&builder, &row));
    fake_frame_take_model(stage->console, model);
    assert_shows(stage, "under way");
}

static void view_history__save__holds_every_field(void **state)
{
    struct stage *stage = *state;
    static const char *const words[] = {"55P03",       "OPS-12",     "10.0.0.7", "90ab11d0",
                                        "9f3ce1",      "bastion2",   "731",      "28811",
                                        "release 2.4", "winch 0.1.0"};
    take(stage, sample(), HISTORY_PRESENT);
    g_autofree char *saved = history_view_ops.save(stage->view);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(saved, words[i]) == NULL)
            fail_msg("%s was not saved", words[i]);
    g_autofree char *found = history_view_ops.row_text(stage->view, 2);
    assert_non_null(strstr(found, "canceling statement"));
}

static void view_history__draw__survives_hostile_text_at_every_size(void **state)
{
    struct stage *stage = *state;
    GPtrArray *history = sample();
    struct history_record *record =
        fake_record(history, HISTORY_UP, OUTCOME_FAILED, "\x1b[2J\x9b\xff\xfe", 46, "\x1b]0;x\x07");
    record->message = g_strdup("\xe6\xbc\xa2\xe5\xad\x97\n\r\t\x1b[31m\xe2\x80\xae");
    g_free(record->os_user);
    record->os_user = g_strdup("\xff\x1b[0m");
    take(stage, history, HISTORY_PRESENT);
    fake_frame_draw_all_sizes(stage->view);
    fake_frame_act(stage->view, ACTION_NEXT_PANE, 0);
    fake_frame_act(stage->view, ACTION_DOWN, 0);
    fake_frame_draw_all_sizes(stage->view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(view_history__draw__is_as_agreed, setup, teardown),
        cmocka_unit_test_setup_teardown(view_history__draw__says_why_there_is_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_history__update__keeps_the_record_selected, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_history__update__stays_on_the_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(view_history__filter__shows_what_matches, setup, teardown),
        cmocka_unit_test_setup_teardown(view_history__draw__knows_a_run_that_goes_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_history__save__holds_every_field, setup, teardown),
        cmocka_unit_test_setup_teardown(view_history__draw__survives_hostile_text_at_every_size,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
