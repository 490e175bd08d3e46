/* The plan screen: when it plans, what it shows of a plan and of a dry run, what its keys do; and
 * the goals it is made from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fake_frame.h"
#include "fake_inquiry.h"
#include "fake_plan.h"
#include "fake_run.h"

#include "console/goal.h"
#include "console/preview_table.h"
#include "console/run_picture.h"
#include "console/views.h"

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
    fake_inquiry_reset();
    fixture->console = fake_frame_new();
    fixture->plan = fake_plan_new();
    fixture->view = plan_view_ops.open(fixture->console);
    fixture->console->views[SCREEN_PLAN] = fixture->view;
    fixture->console->shown = SCREEN_PLAN;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    plan_view_ops.close(fixture->view);
    g_clear_error(&fake_run.error);
    g_clear_pointer(&fixture->picture, run_picture_free);
    fake_inquiry_reset();
    fake_plan_free(fixture->plan);
    fake_frame_free(fixture->console);
    g_free(fixture);
    return 0;
}

/* A database at a version, with the files of fake_plan.h. */
static void connect_at(struct fixture *fixture, gint64 version)
{
    struct model *model = model_copy(fixture->console->model);
    struct model_state *state = g_new0(struct model_state, 1);
    const struct version_state row = {.kind = VERSION_TABLE_WINCH, .version = version};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    struct migration_set *set = migration_set_ref(fixture->plan->plan->set);
    g_atomic_ref_count_init(&state->references);
    state->status = status_build(set, ledger_new(none, &row), &row, FALSE, &error);
    assert_non_null(state->status);
    state->history = g_ptr_array_new();
    model_take_set(model, set, NULL);
    model_take_state(model, state, NULL);
    model_set_link(model, LINK_UP, NULL);
    fake_frame_take_model(fixture->console, model);
}

static void plan(struct fixture *fixture)
{
    connect_at(fixture, 44);
    fake_plan_hide_id(fixture->plan);
    fake_run.plan = fixture->plan->plan;
    plan_view_ops.update(fixture->view);
}

static void tell(struct fixture *fixture, struct engine_event event)
{
    event.plan = fixture->plan->plan;
    struct run_note *note = run_note_new(&event);
    note->at = fixture->console->now;
    run_picture_fold(fixture->picture, note, fixture->console->now);
    run_note_free(note);
}

static void tell_statement(struct fixture *fixture, guint step, guint statement, gint64 rows)
{
    struct run_event event = {.kind = RUN_EVENT_STATEMENT_STARTED, .statement = statement};
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_EVENT, .step = step, .run = &event});
    event.kind = RUN_EVENT_STATEMENT_DONE;
    event.rows = rows;
    event.elapsed_us = 1200;
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_EVENT, .step = step, .run = &event});
}

/* 000047 is left out, 000048 fails. */
static void dry_run(struct fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    struct run_result result = {.failed_statement = 0};
    error_set_at(&error, ERROR_FAILED, "migrations/000048_note.up.sql", 1,
                 "column \"note\" of relation \"invoices\" already exists");
    memcpy(error_detail_edit(error)->sqlstate, "42701", sizeof "42701");
    fixture->picture = run_picture_new(RUN_DRY_RUN, fixture->console->now);
    fixture->console->run_picture = fixture->picture;
    tell(fixture, (struct engine_event){.kind = ENGINE_PLANNED});
    for (guint i = 0; i < 3; i++) {
        tell(fixture, (struct engine_event){.kind = ENGINE_STEP_STARTED, .step = i});
        if (i == 2)
            continue;
        tell_statement(fixture, i, 0, -1);
        tell_statement(fixture, i, 1, i == 0 ? 12 : -1);
        tell(fixture,
             (struct engine_event){.kind = ENGINE_STEP_DONE, .step = i, .elapsed_us = 3100});
    }
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_STARTED, .step = 3});
    tell(fixture, (struct engine_event){.kind = ENGINE_STEP_FAILED,
                                        .step = 3,
                                        .error = error,
                                        .result = &result,
                                        .elapsed_us = 800});
    struct run_note *note = g_new0(struct run_note, 1);
    note->is_end = TRUE;
    note->error = g_steal_pointer(&error);
    note->end.outcome = g_strdup("dry run: 2 of 4 migrations ran, and all of it was rolled back");
    run_picture_fold(fixture->picture, note, fixture->console->now);
    run_note_free(note);
}

static void assert_shows(struct fixture *fixture, const char *text)
{
    g_autofree char *drawn = fake_frame_draw(fixture->view, 40, 180, FALSE);
    if (strstr(drawn, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, drawn);
}

/* Unbroken, unlike on the screen. */
static void assert_says(struct fixture *fixture, const char *text)
{
    plan_view_ops.update(fixture->view);
    g_autofree char *saved = plan_view_ops.save(fixture->view);
    if (strstr(saved, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, saved);
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
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *file = g_strdup_printf("%s-%s.txt", name, sizes[i].suffix);
        fake_frame_assert_golden(fixture->view, sizes[i].rows, sizes[i].columns, sizes[i].is_ascii,
                                 file);
    }
}

/* ---- goals ----------------------------------------------------------------------------------- */

static void goal__text__says_the_way(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        struct goal goal;
        const char *text;
    } rows[] = {
        {{.kind = GOAL_UP}, "up 45 -> 48"},
        {{.kind = GOAL_UP, .count = 2}, "up 45 -> 47"},
        {{.kind = GOAL_UP, .count = 9}, "up 45 -> 48"},
        {{.kind = GOAL_DOWN, .count = 1}, "back 45 -> 44"},
        {{.kind = GOAL_DOWN, .count = 9}, "back 45 -> none"},
        {{.kind = GOAL_DOWN_ALL}, "back 45 -> none"},
        {{.kind = GOAL_GOTO, .target = {VERSION_NAME_NUMBER, 47, ""}}, "up 45 -> 47"},
        {{.kind = GOAL_GOTO, .target = {VERSION_NAME_NUMBER, 45, ""}}, "stay at 45"},
        {{.kind = GOAL_GOTO, .target = {VERSION_NAME_NUMBER, 99, ""}}, "to 99"},
        {{.kind = GOAL_UP_TO, .target = {VERSION_NAME_LATEST, 0, ""}}, "up 45 -> 48"},
        {{.kind = GOAL_MISSED}, "the missed ones"},
    };
    g_autofree char *unknown = goal_text(fixture->console->model, &rows[0].goal);
    assert_string_equal(unknown, "up to the latest");
    connect_at(fixture, 45);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = goal_text(fixture->console->model, &rows[i].goal);
        assert_string_equal(text, rows[i].text);
    }
    struct goal none = goal_to_version(VERSION_NONE);
    g_autofree char *text = goal_text(fixture->console->model, &none);
    assert_string_equal(text, "back 45 -> none");
}

/* ---- before there is a plan -------------------------------------------------------------------
 */

static void plan_view__draw__says_what_is_not_known(void **state)
{
    struct fixture *fixture = *state;
    assert_says(fixture, "reading the files…");
    assert_says(fixture, "connecting…");
    fake_frame_draw_all_sizes(fixture->view);
    assert_int_equal(fake_run.asks, 0);
    struct model *model = model_copy(fixture->console->model);
    model_set_link(model, LINK_LOST, "the server went away");
    fake_frame_take_model(fixture->console, model);
    assert_says(fixture, "the server went away");
    g_autofree char *why = plan_view_ops.why_not(fixture->view, ACTION_DRY_RUN);
    assert_string_equal(why, "there is no plan yet");
}

static void plan_view__draw__shows_a_refusal_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    error_set(&fake_run.error, ERROR_REFUSED, "000048 cannot go down: it has no down file");
    error_advise(&fake_run.error, "write one, or go to 000048");
    connect_at(fixture, 48);
    console_version_select(fixture->console, 44);
    assert_says(fixture, "000048 cannot go down: it has no down file");
    assert_says(fixture, "write one, or go to 000048");
    assert_shows(fixture, "Plan  back 48 -> 44");
    g_autofree char *why = plan_view_ops.why_not(fixture->view, ACTION_ROLLBACK);
    assert_string_equal(why, "000048 cannot go down: it has no down file");
    struct goal goal;
    assert_false(plan_view_goal(fixture->view, &goal));
    fake_frame_draw_all_sizes(fixture->view);
}

static void plan_view__draw__says_without_a_connection(void **state)
{
    struct fixture *fixture = *state;
    connect_at(fixture, 44);
    assert_says(fixture, "there is no connection to plan against");
}

/* ---- planning -------------------------------------------------------------------------------- */

static void plan_view__update__plans_when_its_ground_changes(void **state)
{
    struct fixture *fixture = *state;
    fixture->console->shown = SCREEN_TIMELINE;
    plan(fixture);
    assert_int_equal(fake_run.asks, 0);
    fixture->console->shown = SCREEN_PLAN;
    for (int i = 0; i < 3; i++)
        plan_view_ops.update(fixture->view);
    assert_int_equal(fake_run.asks, 1);
    connect_at(fixture, 44);
    plan_view_ops.update(fixture->view);
    assert_int_equal(fake_run.asks, 1);
    connect_at(fixture, 45);
    plan_view_ops.update(fixture->view);
    assert_int_equal(fake_run.asks, 2);
    console_version_select(fixture->console, 47);
    plan_view_ops.update(fixture->view);
    assert_int_equal(fake_run.asks, 3);
    struct goal goal;
    assert_true(plan_view_goal(fixture->view, &goal));
    assert_int_equal(goal.kind, GOAL_GOTO);
    assert_int_equal(goal.target.number, 47);
}

static void plan_view__show__keeps_its_target_over_a_look_at_sql(void **state)
{
    struct fixture *fixture = *state;
    console_version_select(fixture->console, 48);
    plan(fixture);
    assert_true(plan_view_ops.act(fixture->view, ACTION_VIEW_SQL, 0));
    assert_int_equal(fixture->console->shown, SCREEN_SQL);
    assert_int_equal(fixture->console->version, 45);
    fixture->console->shown = SCREEN_PLAN;
    plan_view_ops.show(fixture->view);
    plan_view_ops.update(fixture->view);
    assert_int_equal(fixture->console->version, 48);
    assert_int_equal(fake_run.asks, 1);
    gint64 version;
    assert_true(plan_view_ops.version(fixture->view, &version));
    assert_int_equal(version, 48);
}

/* ---- a plan ---------------------------------------------------------------------------------- */

static void plan_view__draw__shows_the_order_and_how(void **state)
{
    struct fixture *fixture = *state;
    plan(fixture);
    assert_goldens(fixture, "plan-up");
    assert_says(fixture, "but 1: a failure there leaves a part of it in");
    fake_frame_draw_all_sizes(fixture->view);
    assert_true(fake_frame_act(fixture->view, ACTION_OPEN, 0));
    assert_shows(fixture, "000045.2  UPDATE invoices SET currency = 'EUR'");
}

static void plan_view__draw__merges_the_dry_run(void **state)
{
    struct fixture *fixture = *state;
    plan(fixture);
    dry_run(fixture);
    assert_goldens(fixture, "plan-dry-run");
    assert_says(fixture, "fits up   000045");
    assert_says(fixture, "skip up   000047");
    assert_says(fixture, "not run by a dry run: ");
    assert_says(fixture, "FAIL up   000048");
    assert_says(fixture, "SQLSTATE 42701");
    fake_frame_draw_all_sizes(fixture->view);
}

static void plan_view__draw__leaves_out_another_plans_dry_run(void **state)
{
    struct fixture *fixture = *state;
    plan(fixture);
    struct fake_plan *other = fake_plan_new();
    fixture->picture = run_picture_new(RUN_DRY_RUN, fixture->console->now);
    fixture->console->run_picture = fixture->picture;
    struct engine_event event = {.kind = ENGINE_PLANNED, .plan = other->plan};
    struct run_note *note = run_note_new(&event);
    note->at = fixture->console->now;
    run_picture_fold(fixture->picture, note, fixture->console->now);
    run_note_free(note);
    fixture->picture->phase = RUN_PHASE_DONE;
    assert_says(fixture, "the last preview was of another plan");
    fake_plan_free(other);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void plan_view__act__previews_here(void **state)
{
    struct fixture *fixture = *state;
    plan(fixture);
    assert_null(plan_view_ops.why_not(fixture->view, ACTION_PREVIEW_HERE));
    assert_true(plan_view_ops.act(fixture->view, ACTION_PREVIEW_HERE, 0));
    assert_int_equal(fake_run.dry_runs, 1);
    assert_int_equal(fake_run.goal.kind, GOAL_UP);
    fixture->console->options.is_read_only = TRUE;
    assert_true(plan_view_ops.act(fixture->view, ACTION_PREVIEW_HERE, 0));
    assert_int_equal(fake_run.dry_runs, 1);
    assert_non_null(strstr(fixture->console->said, "read-only"));
    g_autofree char *why = plan_view_ops.why_not(fixture->view, ACTION_ROLLBACK);
    assert_string_equal(why, "this plan goes up: m is the key for that");
    assert_null(plan_view_ops.why_not(fixture->view, ACTION_MIGRATE));
}

/* Nobody said what this database is: nothing is run in it unasked. */
static void plan_view__act__dry_run_is_a_copy_outside_development(void **state)
{
    struct fixture *fixture = *state;
    plan(fixture);
    g_autofree char *idle = plan_view_ops.why_not(fixture->view, ACTION_CANCEL);
    assert_non_null(idle);
    assert_true(plan_view_ops.act(fixture->view, ACTION_DRY_RUN, 0));
    assert_int_equal(fake_run.dry_runs, 0);
    assert_int_equal(fake_inquiry.asked, 1);
    assert_says(fixture, "on a copy of the schema");
    assert_null(plan_view_ops.why_not(fixture->view, ACTION_CANCEL));
    assert_true(plan_view_ops.act(fixture->view, ACTION_CANCEL, 0));
    assert_int_equal(fake_inquiry.cancelled, 1);
    assert_true(plan_view_ops.act(fixture->view, ACTION_PREVIEW_CATALOG, 0));
    assert_int_equal(fake_inquiry.asked, 2);
    assert_int_equal(fake_inquiry.abandoned, 1);
    assert_says(fixture, "nothing is run");
}

/* ---- a preview that was made ------------------------------------------------------------------
 */

#define HOSTILE "public.in\033[2Jvoices"

static void add_lock(struct preview_statement *statement, enum lock_mode mode, const char *relation)
{
    struct preview_lock lock = {relation, 'r', mode, PREVIEW_MEASURED, FALSE};
    g_array_append_val(statement->locks, lock);
}

static void add_statement(struct preview_step *step, guint index, enum preview_risk risk)
{
    struct preview_statement statement = {
        .index = index,
        .line = index + 1,
        .verb = "ALTER TABLE",
        .was_run = TRUE,
        .basis = PREVIEW_MEASURED,
        .elapsed_us = 1200,
        .rows = -1,
        .wal_bytes = 4096,
        .locks = g_array_new(FALSE, TRUE, sizeof(struct preview_lock)),
        .works = g_array_new(FALSE, TRUE, sizeof(struct preview_work)),
        .estimated_us = risk == PREVIEW_BLOCKS_ALL ? 7 * 60 * G_USEC_PER_SEC : -1,
        .estimated_wal = -1,
        .estimate_why = "11.0 GiB at 26 MiB/s",
        .risk = risk,
        .verdict =
            risk == PREVIEW_BLOCKS_ALL ? "reads and writes of " HOSTILE " wait" : "nobody waits",
        .notices = g_ptr_array_new_with_free_func(g_free),
    };
    struct preview_work work = {
        PREVIEW_REWRITES, HOSTILE, LOCK_MODE_ACCESS_EXCLUSIVE, PREVIEW_ESTIMATED, 41204118,
        11811160064,      FALSE};
    g_ptr_array_add(statement.notices, g_strdup("NOTICE: \033]52;c;eA==\007"));
    add_lock(&statement,
             risk == PREVIEW_BLOCKS_ALL ? LOCK_MODE_ACCESS_EXCLUSIVE : LOCK_MODE_ROW_EXCLUSIVE,
             HOSTILE);
    if (risk == PREVIEW_BLOCKS_ALL)
        g_array_append_val(statement.works, work);
    g_array_append_val(step->statements, statement);
}

static void statement_clear(gpointer data)
{
    struct preview_statement *statement = data;
    g_array_unref(statement->locks);
    g_array_unref(statement->works);
    g_ptr_array_unref(statement->notices);
}

static void add_step(struct preview *preview, guint index, enum preview_outcome outcome)
{
    struct preview_step step = {
        .index = index,
        .outcome = outcome,
        .why = outcome == PREVIEW_NOT_TRIED ? "not transactional" : "",
        .statements = g_array_new(FALSE, TRUE, sizeof(struct preview_statement)),
        .wal_bytes = -1,
        .exclusive = outcome == PREVIEW_RUNS ? HOSTILE : "",
        .exclusive_us = 2400,
        .exclusive_line = 1,
        .differences_why = "",
    };
    g_array_set_clear_func(step.statements, statement_clear);
    if (outcome != PREVIEW_NOT_REACHED)
        for (guint i = 0; i < 2; i++)
            add_statement(&step, i, i == 0 ? PREVIEW_BLOCKS_ALL : PREVIEW_HARMLESS);
    g_array_append_val(preview->steps, step);
}

static struct preview *fake_preview(struct plan *of)
{
    struct preview *preview = g_new0(struct preview, 1);
    g_atomic_ref_count_init(&preview->references);
    preview->strings = g_string_chunk_new(64);
    preview->plan = plan_ref(of);
    preview->level = PREVIEW_LEVEL_SCRATCH;
    preview->database = "app";
    preview->environment = "production";
    preview->on = "a private PostgreSQL";
    preview->steps = g_array_new(FALSE, TRUE, sizeof(struct preview_step));
    preview->uncovered = g_ptr_array_new_with_free_func(g_free);
    preview->differences_why = "";
    g_ptr_array_add(preview->uncovered, g_strdup("values of sequences"));
    preview->statements_us = 2400;
    preview->wal_bytes = preview->estimated_wal = -1;
    preview->estimated_us = 14 * 60 * G_USEC_PER_SEC;
    preview->exclusive_us = 2400;
    preview->risk = PREVIEW_BLOCKS_ALL;
    preview->outcome = PREVIEW_NOT_TRIED;
    add_step(preview, 0, PREVIEW_RUNS);
    add_step(preview, 1, PREVIEW_RUNS);
    add_step(preview, 2, PREVIEW_NOT_TRIED);
    add_step(preview, 3, PREVIEW_NOT_REACHED);
    return preview;
}

static void show_preview(struct fixture *fixture)
{
    plan(fixture);
    AUTOPTR(preview) *preview = fake_preview(fixture->plan->plan);
    fixture->picture = run_picture_new(RUN_DRY_RUN, fixture->console->now);
    fixture->picture->plan = plan_ref(fixture->plan->plan);
    fixture->picture->phase = RUN_PHASE_DONE;
    fixture->picture->table = preview_table_new(preview);
    fixture->console->run_picture = fixture->picture;
    plan_view_ops.update(fixture->view);
}

static void plan_view__preview__shows_what_others_notice(void **state)
{
    struct fixture *fixture = *state;
    show_preview(fixture);
    assert_shows(fixture, "SCRATCH: run on a private PostgreSQL");
    assert_shows(fixture, "BLOCKS ALL  time ~14m");
    assert_shows(fixture, "~7m");
    assert_shows(fixture, "ACCESS EXCL");
    assert_shows(fixture, "rewrite");
    assert_shows(fixture, "not tried");
    assert_shows(fixture, "unreached");
    assert_shows(fixture, "not shown by this: 1 thing");
    assert_shows(fixture, "41,204,118");
    assert_shows(fixture, "11.0 GiB at 26 MiB/s");
    fake_frame_act(fixture->view, ACTION_LAST, 0);
    assert_shows(fixture, "values of sequences");
    g_autofree char *saved = plan_view_ops.save(fixture->view);
    assert_non_null(strstr(saved, "an estimate"));
    g_autofree char *copied = plan_view_ops.copy(fixture->view);
    assert_non_null(strstr(copied, "values of sequences"));
}

static void plan_view__preview__hostile_names_are_shown_not_obeyed(void **state)
{
    struct fixture *fixture = *state;
    show_preview(fixture);
    fake_frame_draw_all_sizes(fixture->view);
    assert_shows(fixture, "in^[[2Jvoices");
    fake_frame_act(fixture->view, ACTION_NEXT_PANE, 0);
    fake_frame_draw_all_sizes(fixture->view);
}

static void plan_view__preview__rows_speak_of_their_migration(void **state)
{
    struct fixture *fixture = *state;
    show_preview(fixture);
    assert_null(plan_view_ops.why_not(fixture->view, ACTION_VIEW_SQL));
    fake_frame_act(fixture->view, ACTION_LAST, 0);
    g_autofree char *why = plan_view_ops.why_not(fixture->view, ACTION_VIEW_SQL);
    assert_non_null(why);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(goal__text__says_the_way),
        TEST(plan_view__draw__says_what_is_not_known),
        TEST(plan_view__draw__shows_a_refusal_as_it_is),
        TEST(plan_view__draw__says_without_a_connection),
        TEST(plan_view__update__plans_when_its_ground_changes),
        TEST(plan_view__show__keeps_its_target_over_a_look_at_sql),
        TEST(plan_view__draw__shows_the_order_and_how),
        TEST(plan_view__draw__merges_the_dry_run),
        TEST(plan_view__draw__leaves_out_another_plans_dry_run),
        TEST(plan_view__act__previews_here),
        TEST(plan_view__act__dry_run_is_a_copy_outside_development),
        TEST(plan_view__preview__shows_what_others_notice),
        TEST(plan_view__preview__hostile_names_are_shown_not_obeyed),
        TEST(plan_view__preview__rows_speak_of_their_migration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
