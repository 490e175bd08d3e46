/* The report screen: before, while and after something is found out; hostile words; going about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fake_frame.h"
#include "fake_inquiry.h"

#include "base/error.h"
#include "console/report.h"
#include "console/views.h"

struct fixture {
    struct console *console;
    struct view *view;
};

/* What the next report is. */
static struct {
    guint findings;
    gboolean fails;
    const char *text;
    guint told;
} next;

static struct report *make(struct inquiry *inquiry, struct engine *engine,
                           const struct report_question *question, GError **error)
{
    (void)engine;
    (void)question;
    for (guint i = 0; i < next.told; i++) {
        struct report_progress *progress = g_new0(struct report_progress, 1);
        AUTOPTR(report) *one = report_new();
        progress->text = g_strdup_printf("step %u", i + 1);
        progress->done = i + 1;
        progress->total = 3;
        report_add(one, STYLE_WARNING, "early", i + 1, "found meanwhile");
        progress->row = g_ptr_array_steal_index(one->rows, 0);
        inquiry_tell(inquiry, progress);
    }
    if (next.fails) {
        error_set(error, ERROR_FAILED, "the server is not there");
        return NULL;
    }
    struct report *report = report_new();
    for (guint i = 0; i < next.findings; i++) {
        struct report_row *row = report_add(report, STYLE_WARNING, i % 2 == 0 ? "missing" : "odd",
                                            i % 2 == 0 ? (gint64)i + 1 : VERSION_NONE, next.text);
        report_row_add(row, STYLE_TEXT, "found", next.text);
        report_row_addf(row, STYLE_TEXT, NULL, "detail %u", i + 1);
    }
    report->verdict = g_strdup_printf("%u findings", next.findings);
    report->basis = g_strdup("read only");
    return report;
}

const struct report_maker report_makers[REPORT_KINDS] = {
    [REPORT_VALIDATE] = {"Validate", "all of it", "validating", FALSE, make},
    [REPORT_DRIFT] = {"Drift", "all of it", "comparing", FALSE, make},
    [REPORT_VERIFY] = {"Verify", "all of it", "verifying", TRUE, make},
    [REPORT_RECEIPT] = {"Receipt", "all of it", "looking", FALSE, make},
};

static int setup(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fake_inquiry_reset();
    next.findings = 3;
    next.fails = FALSE;
    next.told = 0;
    next.text = "its file is gone";
    fixture->console = fake_frame_new();
    fixture->view = report_view_ops.open(fixture->console);
    fixture->console->views[SCREEN_REPORT] = fixture->view;
    fixture->console->shown = SCREEN_REPORT;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    report_view_ops.close(fixture->view);
    fake_inquiry_reset();
    fake_frame_free(fixture->console);
    g_free(fixture);
    return 0;
}

static void ask(struct fixture *fixture)
{
    struct report_question question = {.kind = REPORT_VALIDATE};
    report_view_ask(fixture->view, &question);
}

static void answer(struct fixture *fixture)
{
    ask(fixture);
    assert_true(fake_inquiry_work(fixture->console));
}

static void assert_shows(struct fixture *fixture, const char *text)
{
    g_autofree char *drawn = fake_frame_draw(fixture->view, 21, 80, FALSE);
    if (strstr(drawn, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, drawn);
}

static void assert_not(struct fixture *fixture, const char *text)
{
    g_autofree char *drawn = fake_frame_draw(fixture->view, 21, 80, FALSE);
    if (strstr(drawn, text) != NULL)
        fail_msg("\"%s\" is in:\n%s", text, drawn);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void report_view__nothing_asked__says_how(void **state)
{
    struct fixture *fixture = *state;
    assert_shows(fixture, "Nothing was asked yet");
    assert_null(report_view_ops.save(fixture->view));
    assert_null(report_view_ops.copy(fixture->view));
    fake_frame_draw_all_sizes(fixture->view);
}

static void report_view__under_way__says_so_and_can_be_stopped(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *idle = report_view_ops.why_not(fixture->view, ACTION_CANCEL);
    assert_non_null(idle);
    ask(fixture);
    assert_null(report_view_ops.why_not(fixture->view, ACTION_CANCEL));
    fixture->console->now = FAKE_TIME(75);
    assert_shows(fixture, "validating  1m15s  C cancels it");
    fake_frame_draw_all_sizes(fixture->view);
    fake_frame_act(fixture->view, ACTION_CANCEL, 0);
    assert_int_equal(fake_inquiry.cancelled, 1);
    assert_shows(fixture, "asked to stop");
}

static void report_view__answered__shows_rows_and_details(void **state)
{
    struct fixture *fixture = *state;
    answer(fixture);
    assert_shows(fixture, "3 findings");
    assert_shows(fixture, "missing");
    assert_shows(fixture, "detail 1");
    assert_shows(fixture, "read only");
    assert_string_equal(fixture->console->said, "Validate: 3 findings");
    fake_frame_act(fixture->view, ACTION_DOWN, 0);
    assert_shows(fixture, "detail 2");
    fake_frame_draw_all_sizes(fixture->view);
}

static void report_view__no_rows__says_what_that_is_worth(void **state)
{
    struct fixture *fixture = *state;
    next.findings = 0;
    answer(fixture);
    assert_shows(fixture, "0 findings");
    assert_shows(fixture, "read only");
    fake_frame_draw_all_sizes(fixture->view);
}

static void report_view__failed__keeps_what_was_found(void **state)
{
    struct fixture *fixture = *state;
    next.fails = TRUE;
    next.told = 2;
    answer(fixture);
    assert_shows(fixture, "not finished: the server is not there");
    assert_shows(fixture, "found meanwhile");
    g_autofree char *saved = report_view_ops.save(fixture->view);
    assert_non_null(strstr(saved, "not finished"));
    fake_frame_draw_all_sizes(fixture->view);
}

/* Rows that came meanwhile give way to the whole. */
static void report_view__told_and_answered__shows_the_whole(void **state)
{
    struct fixture *fixture = *state;
    next.told = 2;
    answer(fixture);
    assert_not(fixture, "found meanwhile");
    assert_shows(fixture, "3 findings");
}

static void report_view__asked_again__gives_up_the_one_before(void **state)
{
    struct fixture *fixture = *state;
    ask(fixture);
    ask(fixture);
    assert_int_equal(fake_inquiry.abandoned, 1);
    assert_true(fake_inquiry_work(fixture->console));
    assert_not(fixture, "3 findings");
    assert_true(fake_inquiry_work(fixture->console));
    assert_shows(fixture, "3 findings");
}

static void report_view__version__is_that_of_the_row(void **state)
{
    struct fixture *fixture = *state;
    gint64 version = 0;
    answer(fixture);
    assert_true(report_view_ops.version(fixture->view, &version));
    assert_int_equal(version, 1);
    fake_frame_act(fixture->view, ACTION_DOWN, 0);
    assert_false(report_view_ops.version(fixture->view, &version));
    g_autofree char *why = report_view_ops.why_not(fixture->view, ACTION_VIEW_SQL);
    assert_non_null(why);
}

static void report_view__filter__leaves_the_others_out(void **state)
{
    struct fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    answer(fixture);
    assert_true(report_view_ops.filter(fixture->view, "class:odd", NULL));
    assert_not(fixture, "missing");
    assert_shows(fixture, "filter: class:odd");
    assert_true(report_view_ops.filter(fixture->view, "nowhere", NULL));
    assert_shows(fixture, "nothing matches the filter");
    assert_false(report_view_ops.filter(fixture->view, "rubbish:1", &error));
    assert_true(report_view_ops.filter(fixture->view, "", NULL));
    assert_shows(fixture, "missing");
}

static void report_view__hostile_words__are_shown_not_obeyed(void **state)
{
    struct fixture *fixture = *state;
    next.text = "gone\033[2J\033]52;c;eA==\007 \xc2\x9b 2J \xe2\x80\xae \xff";
    answer(fixture);
    fake_frame_draw_all_sizes(fixture->view);
    assert_shows(fixture, "^[[2J");
}

static void report_view__save_and_copy__have_everything(void **state)
{
    struct fixture *fixture = *state;
    answer(fixture);
    g_autofree char *saved = report_view_ops.save(fixture->view);
    g_autofree char *copied = report_view_ops.copy(fixture->view);
    assert_non_null(strstr(saved, "3 findings\nread only\n"));
    assert_non_null(strstr(saved, "detail 3"));
    assert_non_null(strstr(copied, "detail 1"));
    assert_null(strstr(copied, "detail 3"));
}

static void report_view__drawn__is_as_before(void **state)
{
    struct fixture *fixture = *state;
    answer(fixture);
    fake_frame_assert_golden(fixture->view, 21, 80, FALSE, "report-80x24.txt");
    fake_frame_assert_golden(fixture->view, 37, 140, FALSE, "report-140x40.txt");
    fake_frame_assert_golden(fixture->view, 13, 60, TRUE, "report-60x16-ascii.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(report_view__nothing_asked__says_how, setup, teardown),
        cmocka_unit_test_setup_teardown(report_view__under_way__says_so_and_can_be_stopped, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(report_view__answered__shows_rows_and_details, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(report_view__no_rows__says_what_that_is_worth, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(report_view__failed__keeps_what_was_found, setup, teardown),
        cmocka_unit_test_setup_teardown(report_view__told_and_answered__shows_the_whole, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(report_view__asked_again__gives_up_the_one_before, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(report_view__version__is_that_of_the_row, setup, teardown),
        cmocka_unit_test_setup_teardown(report_view__filter__leaves_the_others_out, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(report_view__hostile_words__are_shown_not_obeyed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(report_view__save_and_copy__have_everything, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(report_view__drawn__is_as_before, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
