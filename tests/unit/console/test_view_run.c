/* The run screen, from events that were made up: how they are folded, what is drawn, what its keys
 * do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fake_frame.h"
#include "fake_plan.h"
#include "fake_run.h"

#include "console/run_picture.h"
#include "console/views.h"

/* A run of the four of fake_plan.h, and the screen that shows it. */
struct fixture {
    struct console *console;
    struct fake_plan *plan;
    struct run_picture *picture;
    struct view *view;
};

static int setup(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fake_run_reset();
    fixture->console = fake_frame_new();
    fixture->plan = fake_plan_new();
    fixture->view = run_view_ops.open(fixture->console);
    fixture->console->shown = SCREEN_RUN;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    run_view_ops.close(fixture->view);
    g_clear_pointer(&fixture->picture, run_picture_free);
    fake_plan_free(fixture->plan);
    fake_frame_free(fixture->console);
    g_free(fixture);
    return 0;
}

static void begin(struct fixture *fixture, enum run_kind kind)
{
    g_clear_pointer(&fixture->picture, run_picture_free);
    fixture->picture = run_picture_new(kind, fixture->console->now);
    fixture->console->run_picture = fixture->picture;
}

static void tell(struct fixture *fixture, struct engine_event event)
{
    event.plan = fixture->plan->plan;
    struct run_note *note = run_note_new(&event);
    note->at = fixture->console->now;
    run_picture_fold(fixture->picture, note, fixture->console->now);
    run_note_free(note);
}

static void tell_run(struct fixture *fixture, guint step, struct run_event event)
{
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_EVENT, .step = step, .run = &event});
}

static void start_step(struct fixture *fixture, guint step)
{
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_STARTED, .step = step});
}

static void start_statement(struct fixture *fixture, guint step, guint statement)
{
    tell_run(fixture, step,
             (struct run_event){.kind = RUN_EVENT_STATEMENT_STARTED, .statement = statement});
}

static void end_statement(struct fixture *fixture, guint step, guint statement, gint64 rows,
                          gint64 elapsed_us)
{
    tell_run(fixture, step,
             (struct run_event){.kind = RUN_EVENT_STATEMENT_DONE,
                                .statement = statement,
                                .rows = rows,
                                .elapsed_us = elapsed_us});
}

/* 000045 is in, 000046 builds an index while somebody is in the way. */
static void run_half(struct fixture *fixture)
{
    begin(fixture, RUN_MIGRATE);
    tell(fixture, (struct engine_event){.kind = ENGINE_LOCKED});
    tell(fixture, (struct engine_event){.kind = ENGINE_PLANNED});
    start_step(fixture, 0);
    start_statement(fixture, 0, 0);
    end_statement(fixture, 0, 0, -1, 41000);
    start_statement(fixture, 0, 1);
    end_statement(fixture, 0, 1, 41204118, 178 * G_USEC_PER_SEC);
    tell(fixture, (struct engine_event){
                      .kind = ENGINE_STEP_DONE, .step = 0, .elapsed_us = 179 * G_USEC_PER_SEC});
    start_step(fixture, 1);
    start_statement(fixture, 1, 0);
    end_statement(fixture, 1, 0, -1, 900);
    start_statement(fixture, 1, 1);
    fixture->console->now = FAKE_TIME(42);
    tell_run(fixture, 1,
             (struct run_event){.kind = RUN_EVENT_NOTICE,
                                .statement = 1,
                                .text = "NOTICE:  this takes a while \033[31m"});
    tell_run(fixture, 1,
             (struct run_event){.kind = RUN_EVENT_PROGRESS,
                                .statement = 1,
                                .text = "CREATE INDEX: building index: scanning table",
                                .done = 602112,
                                .total = 1433600});
}

static void end_run(struct fixture *fixture, const char *outcome, GError *error)
{
    struct run_note *note = g_new0(struct run_note, 1);
    note->is_end = TRUE;
    note->error = error;
    note->end.outcome = g_strdup(outcome);
    note->end.version = 45;
    note->end.done = 1;
    run_picture_fold(fixture->picture, note, fixture->console->now);
    run_note_free(note);
}

static void fail_run(struct fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    error_set_at(&error, ERROR_FAILED, "migrations/000046_index_currency.up.sql", 2,
                 "column \"currncy\" does not exist");
    struct error_detail *detail = error_detail_edit(error);
    detail->column = 49;
    memcpy(detail->sqlstate, "42703", sizeof "42703");
    detail->line_text = g_strdup("CREATE INDEX invoices_currency_idx ON invoices (currncy);");
    detail->hint = g_strdup("Perhaps you meant to reference the column \"invoices.currency\".");
    run_half(fixture);
    struct run_result result = {.failed_statement = 1};
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_FAILED,
                                        .step = 1,
                                        .error = error,
                                        .result = &result,
                                        .elapsed_us = 43 * G_USEC_PER_SEC});
    end_run(
        fixture,
        "1 of 4 migrations are in; this run left nothing of the others: the database is at 000045",
        g_error_copy(error));
}

static void assert_shows(struct fixture *fixture, const char *text)
{
    g_autofree char *drawn = fake_frame_draw(fixture->view, 40, 140, FALSE);
    if (strstr(drawn, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, drawn);
}

static void assert_hides(struct fixture *fixture, const char *text)
{
    g_autofree char *drawn = fake_frame_draw(fixture->view, 40, 140, FALSE);
    if (strstr(drawn, text) != NULL)
        fail_msg("\"%s\" is in:\n%s", text, drawn);
}

static void assert_goldens(struct fixture *fixture, const char *name)
{
    static const struct {
        int rows, columns;
        gboolean is_ascii;
        const char *suffix;
    } sizes[] = {{21, 80, FALSE, "80x24"},
                 {37, 140, FALSE, "140x40"},
                 {13, 60, FALSE, "60x16"},
                 {21, 80, TRUE, "80x24-ascii"}};
    fake_plan_hide_id(fixture->plan);
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *file = g_strdup_printf("%s-%s.txt", name, sizes[i].suffix);
        fake_frame_assert_golden(fixture->view, sizes[i].rows, sizes[i].columns, sizes[i].is_ascii,
                                 file);
    }
}

/* ---- folding --------------------------------------------------------------------------------- */

static void run_picture__fold__follows_the_events(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, RUN_MIGRATE);
    const struct lock_holder holder = {.pid = 7, .user = "ann", .application = "winch"};
    tell(fixture, (struct engine_event){.kind = ENGINE_LOCK_WAIT, .holder = &holder});
    assert_int_equal(fixture->picture->phase, RUN_PHASE_WAITING);
    assert_string_equal(fixture->picture->waiting_for, "pid 7 ann winch");
    run_half(fixture);
    const struct run_picture *picture = fixture->picture;
    assert_null(picture->waiting_for);
    assert_int_equal(picture->phase, RUN_PHASE_RUNNING);
    assert_int_equal(picture->step, 1);
    assert_int_equal(picture->statement, 1);
    assert_int_equal(picture->done, 1);
    assert_int_equal(picture->progress_total, 1433600);
    const struct run_statement_picture *statement =
        run_step_statement(run_picture_step(picture, 1), 1);
    assert_int_equal(statement->mark, RUN_MARK_RUNNING);
    assert_int_equal(statement->started_at, FAKE_NOW);
    assert_string_equal(statement->message, "NOTICE:  this takes a while \033[31m");
    assert_int_equal(run_picture_step(picture, 2)->mark, RUN_MARK_WAITING);
    end_statement(fixture, 1, 1, -1, 1000);
    assert_null(picture->progress);
}

static void run_picture__fold__starts_over_after_a_retry(void **state)
{
    struct fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_FAILED, "canceling statement due to lock timeout");
    run_half(fixture);
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_RETRY,
                                        .step = 1,
                                        .error = error,
                                        .elapsed_us = 5 * G_USEC_PER_SEC});
    const struct run_step_picture *step = run_picture_step(fixture->picture, 1);
    assert_int_equal(step->mark, RUN_MARK_RUNNING);
    assert_int_equal(run_step_statement(step, 0)->mark, RUN_MARK_WAITING);
    assert_non_null(strstr(step->message, "lock timeout; trying again in 5.00 s"));
    assert_shows(fixture, "trying again in 5.00 s");
}

static void run_picture__fold__survives_what_does_not_fit(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, RUN_MIGRATE);
    start_step(fixture, 7);
    start_statement(fixture, 7, 9);
    end_statement(fixture, 7, 9, 1, 1);
    tell(fixture, (struct engine_event){.kind = ENGINE_PLANNED});
    start_statement(fixture, 0, 900);
    end_statement(fixture, 99, 0, 1, 1);
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_DONE, .step = 99});
    end_run(fixture, "what is true", NULL);
    assert_int_equal(run_picture_step(fixture->picture, 0)->mark, RUN_MARK_SKIPPED);
    fake_frame_draw_all_sizes(fixture->view);
}

static void run_picture__fold__takes_many_fast(void **state)
{
    struct fixture *fixture = *state;
    run_half(fixture);
    gint64 began = g_get_monotonic_time();
    for (int i = 0; i < 100000; i++)
        tell_run(
            fixture, 1,
            (struct run_event){.kind = RUN_EVENT_NOTICE, .statement = 1, .text = "NOTICE:  x"});
    assert_true(g_get_monotonic_time() - began < 20 * G_USEC_PER_SEC);
    assert_true(fixture->picture->notices->len <= 200);
    assert_true(strlen(run_step_statement(run_picture_step(fixture->picture, 1), 1)->message) <
                20000);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void run_view__draw__says_that_nothing_ran(void **state)
{
    struct fixture *fixture = *state;
    assert_shows(fixture, "Nothing was run from here yet.");
    assert_goldens(fixture, "run-none");
    fake_frame_draw_all_sizes(fixture->view);
}

static void run_view__draw__shows_a_run_under_way(void **state)
{
    struct fixture *fixture = *state;
    run_half(fixture);
    fixture->picture->blocking = g_strdup("3 sessions, the oldest for 40.00 s\n"
                                          "pid 28102 api  40.00 s  SELECT * FROM invoices\n"
                                          "pid 28119 api  39.00 s  SELECT * FROM invoices");
    fixture->picture->blocking_at = fixture->console->now;
    assert_goldens(fixture, "run-live");
    fake_frame_draw_all_sizes(fixture->view);
}

static void run_view__draw__shows_how_it_failed(void **state)
{
    struct fixture *fixture = *state;
    fail_run(fixture);
    assert_goldens(fixture, "run-failed");
    assert_shows(fixture, "back   000046.1");
    assert_shows(fixture, "SQLSTATE 42703");
    fake_frame_draw_all_sizes(fixture->view);
}

static void run_view__draw__forgets_old_hindrances(void **state)
{
    struct fixture *fixture = *state;
    run_half(fixture);
    tell_run(fixture, 1,
             (struct run_event){.kind = RUN_EVENT_BLOCKED, .statement = 1, .text = "pid 99 bob"});
    assert_shows(fixture, "pid 99 bob");
    assert_shows(fixture, "42%");
    fixture->console->now += 4 * G_USEC_PER_SEC;
    assert_hides(fixture, "pid 99 bob");
    assert_hides(fixture, "42%");
    assert_shows(fixture, "In our way: nobody seen");
}

/* Unbroken, unlike on the screen. */
static void assert_says(struct fixture *fixture, const char *text)
{
    run_view_ops.update(fixture->view);
    g_autofree char *saved = run_view_ops.save(fixture->view);
    if (strstr(saved, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, saved);
}

static void run_view__draw__says_what_acting_would_do(void **state)
{
    struct fixture *fixture = *state;
    run_half(fixture);
    assert_says(fixture, "lets 000046 finish, then stops before 000047; nothing is undone");
    assert_says(fixture, "cancels statement 2: 000046 is one transaction, so all of 000046 is "
                         "rolled back; the version row stays at 000045, clean");
    start_step(fixture, 2);
    start_statement(fixture, 2, 0);
    assert_says(fixture, "if nothing of it is in, the version row goes back to 000046, else it "
                         "stays dirty at 000047");
    start_statement(fixture, 2, 1);
    assert_says(fixture, "000047 is not transactional, so statement 1 stays in and the version "
                         "row stays dirty");
    start_step(fixture, 3);
    assert_says(fixture, "changes nothing: 000048 is the last");
    fixture->picture->stop_level = CANCEL_NOW;
    assert_says(fixture, "C offers to end the server's backend");
    fixture->picture->kind = RUN_DRY_RUN;
    fixture->picture->stop_level = CANCEL_NONE;
    assert_says(fixture, "cancels the dry run; all of it is rolled back, as it would be anyway");
}

/* ---- the cursor ------------------------------------------------------------------------------ */

static void run_view__update__follows_what_runs_until_moved(void **state)
{
    struct fixture *fixture = *state;
    struct list *list = run_view_ops.list(fixture->view);
    run_half(fixture);
    assert_shows(fixture, "000046.2");
    g_autofree char *row = run_view_ops.row_text(fixture->view, list->selected);
    assert_non_null(strstr(row, "000046.2"));
    start_step(fixture, 2);
    start_statement(fixture, 2, 1);
    assert_shows(fixture, "000047.2");
    g_autofree char *next = run_view_ops.row_text(fixture->view, list->selected);
    assert_non_null(strstr(next, "000047.2"));
    fake_frame_act(fixture->view, ACTION_FIRST, 0);
    start_step(fixture, 3);
    assert_shows(fixture, "000048");
    assert_int_equal(list->selected, 0);
}

static void run_view__open__expands_a_statement(void **state)
{
    struct fixture *fixture = *state;
    run_half(fixture);
    assert_hides(fixture, "line 2: CREATE INDEX");
    assert_true(fake_frame_act(fixture->view, ACTION_OPEN, 0));
    assert_shows(fixture, "line 2: CREATE INDEX");
    assert_true(fake_frame_act(fixture->view, ACTION_OPEN, 0));
    assert_hides(fixture, "line 2: CREATE INDEX");
    fake_frame_act(fixture->view, ACTION_FIRST, 0);
    assert_true(fake_frame_act(fixture->view, ACTION_OPEN, 0));
    assert_shows(fixture, "41,204,118 rows");
}

/* ---- stopping -------------------------------------------------------------------------------- */

static void run_view__act__stops_after_this_one(void **state)
{
    struct fixture *fixture = *state;
    run_half(fixture);
    assert_true(run_view_ops.act(fixture->view, ACTION_STOP_AFTER, 0));
    assert_int_equal(fake_run.stop, CANCEL_AFTER);
    fixture->picture->stop_level = CANCEL_AFTER;
    g_autofree char *why = run_view_ops.why_not(fixture->view, ACTION_STOP_AFTER);
    assert_string_equal(why, "stopping was asked for already");
}

static void press(struct fixture *fixture, gint64 after_ms)
{
    fixture->console->now += after_ms * 1000;
    assert_true(run_view_ops.act(fixture->view, ACTION_CANCEL, 0));
}

static void run_view__act__cancels_at_the_second_press(void **state)
{
    struct fixture *fixture = *state;
    run_half(fixture);
    press(fixture, 0);
    assert_int_equal(fake_run.stops, 0);
    assert_non_null(strstr(fixture->console->said, "C again within 5 s: cancels statement 2"));
    press(fixture, 6000);
    assert_int_equal(fake_run.stops, 0);
    press(fixture, 1000);
    assert_int_equal(fake_run.stop, CANCEL_NOW);
    fixture->picture->stop_level = CANCEL_NOW;
    press(fixture, 1000);
    assert_int_equal(fake_run.stops, 1);
    assert_non_null(strstr(fixture->console->said, "ends the server's backend"));
    press(fixture, 1000);
    assert_int_equal(fake_run.stop, CANCEL_TERMINATE);
}

static void run_view__act__takes_no_held_key_for_a_yes(void **state)
{
    struct fixture *fixture = *state;
    run_half(fixture);
    press(fixture, 0);
    for (int i = 0; i < 200; i++)
        press(fixture, 33);
    assert_int_equal(fake_run.stops, 0);
    for (int i = 0; i < 50; i++)
        fake_frame_act(fixture->view, ACTION_OPEN, 0);
    assert_int_equal(fake_run.stops, 0);
}

static void run_view__why_not__gives_reasons(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *none = run_view_ops.why_not(fixture->view, ACTION_CANCEL);
    assert_string_equal(none, "nothing was run from here");
    assert_true(run_view_ops.act(fixture->view, ACTION_CANCEL, 0));
    assert_int_equal(fake_run.stops, 0);
    fail_run(fixture);
    g_autofree char *over = run_view_ops.why_not(fixture->view, ACTION_STOP_AFTER);
    assert_string_equal(over, "the run has ended");
}

static void run_view__save__has_rows_and_end(void **state)
{
    struct fixture *fixture = *state;
    assert_null(run_view_ops.save(fixture->view));
    fail_run(fixture);
    run_view_ops.update(fixture->view);
    g_autofree char *text = run_view_ops.save(fixture->view);
    assert_true(g_str_has_prefix(text, "up 44 -> 48: FAILED\n"));
    assert_non_null(strstr(text, "FAIL   000046.2  CREATE INDEX"));
    assert_non_null(strstr(text, "1 of 4 migrations are in"));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(run_picture__fold__follows_the_events),
        TEST(run_picture__fold__starts_over_after_a_retry),
        TEST(run_picture__fold__survives_what_does_not_fit),
        TEST(run_picture__fold__takes_many_fast),
        TEST(run_view__draw__says_that_nothing_ran),
        TEST(run_view__draw__shows_a_run_under_way),
        TEST(run_view__draw__shows_how_it_failed),
        TEST(run_view__draw__forgets_old_hindrances),
        TEST(run_view__draw__says_what_acting_would_do),
        TEST(run_view__update__follows_what_runs_until_moved),
        TEST(run_view__open__expands_a_statement),
        TEST(run_view__act__stops_after_this_one),
        TEST(run_view__act__cancels_at_the_second_press),
        TEST(run_view__act__takes_no_held_key_for_a_yes),
        TEST(run_view__why_not__gives_reasons),
        TEST(run_view__save__has_rows_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
