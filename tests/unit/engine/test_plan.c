/* Planning: order, targets, and what is refused before anything runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "engine/plan.h"

/* A directory of migrations, made for one test. */
struct fixture {
    char *directory;
    GPtrArray *records;
};

static int setup(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->directory = g_dir_make_tmp("winch-plan-XXXXXX", NULL);
    fixture->records = g_ptr_array_new_with_free_func((GDestroyNotify)history_record_free);
    *state = fixture;
    return fixture->directory == NULL;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    g_autoptr(GDir) dir = g_dir_open(fixture->directory, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(fixture->directory, name, NULL);
        g_unlink(path);
    }
    g_rmdir(fixture->directory);
    g_ptr_array_unref(fixture->records);
    g_free(fixture->directory);
    g_free(fixture);
    return 0;
}

static void put(struct fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->directory, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* Pairs 1, 2, 3 that create and drop a table each. */
static void put_three(struct fixture *fixture)
{
    put(fixture, "1_a.up.sql", "CREATE TABLE a (i int);\n");
    put(fixture, "1_a.down.sql", "DROP TABLE a;\n");
    put(fixture, "2_b.up.sql", "CREATE TABLE b (i int);\n");
    put(fixture, "2_b.down.sql", "DROP TABLE b;\n");
    put(fixture, "3_c.up.sql", "CREATE TABLE c (i int);\n");
    put(fixture, "3_c.down.sql", "DROP TABLE c;\n");
}

static void ran(struct fixture *fixture, gint64 version, gint64 from, gint64 to)
{
    struct history_record *record = history_record_new(HISTORY_UP, OUTCOME_DONE);
    record->version = version;
    record->from_version = from;
    record->to_version = to;
    g_ptr_array_add(fixture->records, record);
}

static struct plan *plan_with(struct fixture *fixture, const struct version_state *state,
                              const struct goal *goal, GError **error)
{
    AUTOPTR(migration_set) *set = migration_set_load(fixture->directory, error);
    assert_non_null(set);
    AUTOPTR(ledger) *ledger = ledger_new(fixture->records, state);
    struct plan_context context = {set, state, ledger, SQL_POSTGRESQL, NULL, "test"};
    return plan_build(&context, goal, error);
}

static struct plan *plan_at(struct fixture *fixture, gint64 version, const struct goal *goal,
                            GError **error)
{
    struct version_state state = {.kind = VERSION_TABLE_WINCH, .version = version};
    return plan_with(fixture, &state, goal, error);
}

static void assert_steps(const struct plan *plan, const char *expected)
{
    g_autoptr(GString) steps = g_string_new(NULL);
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(plan, i);
        g_string_append_printf(steps, "%s%d>%d ", step->direction == DIRECTION_UP ? "u" : "d",
                               (int)step->migration->version, (int)step->version_after);
    }
    assert_string_equal(steps->str, expected);
}

static void plan__dirty__advises_what_can_be_forced(void **state)
{
    static const struct {
        gint64 at;
        const char *advice;
    } rows[] = {
        {-1, "then 'winch force none' when it is that of none, 'winch force 1' when a down was "
             "undone"},
        {2, "then 'winch force 2' when it is that of 2, 'winch force 1' when an up was undone, "
            "'winch force 3' when a down was"},
        {3, "then 'winch force 3' when it is that of 3, 'winch force 2' when an up was undone"},
    };
    put_three(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct version_state dirty = {
            .kind = VERSION_TABLE_WINCH, .version = rows[i].at, .is_dirty = TRUE};
        g_autoptr(GError) error = NULL;
        assert_null(plan_with(*state, &dirty, &(struct goal){.kind = GOAL_UP}, &error));
        assert_true(error_is(error, ERROR_DIRTY));
        const char *ways = strstr(error_detail(error)->advice, "then ");
        assert_string_equal(ways, rows[i].advice);
    }
}

static void plan__build__orders_ups_and_downs(void **state)
{
    static const struct {
        gint64 at;
        struct goal goal;
        const char *steps;
        guint short_by;
    } rows[] = {
        {-1, {.kind = GOAL_UP}, "u1>1 u2>2 u3>3 ", 0},
        {-1, {.kind = GOAL_UP, .count = 2}, "u1>1 u2>2 ", 0},
        {2, {.kind = GOAL_UP, .count = 5}, "u3>3 ", 4},
        {3, {.kind = GOAL_UP}, "", 0},
        {3, {.kind = GOAL_DOWN, .count = 1}, "d3>2 ", 0},
        {3, {.kind = GOAL_DOWN, .count = 9}, "d3>2 d2>1 d1>-1 ", 6},
        {3, {.kind = GOAL_DOWN_ALL}, "d3>2 d2>1 d1>-1 ", 0},
        {-1, {.kind = GOAL_DOWN_ALL}, "", 0},
        {1, {.kind = GOAL_GOTO, .target = {VERSION_NAME_NUMBER, 3, ""}}, "u2>2 u3>3 ", 0},
        {3, {.kind = GOAL_GOTO, .target = {VERSION_NAME_NUMBER, 1, ""}}, "d3>2 d2>1 ", 0},
        {3, {.kind = GOAL_GOTO, .target = {VERSION_NAME_NUMBER, 3, ""}}, "", 0},
        {3, {.kind = GOAL_GOTO, .target = {VERSION_NAME_NONE, 0, ""}}, "d3>2 d2>1 d1>-1 ", 0},
        {1, {.kind = GOAL_UP_TO, .target = {VERSION_NAME_NUMBER, 2, ""}}, "u2>2 ", 0},
        {1, {.kind = GOAL_GOTO, .target = {VERSION_NAME_LATEST, 0, ""}}, "u2>2 u3>3 ", 0},
    };
    put_three(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        AUTOPTR(plan) *plan = plan_at(*state, rows[i].at, &rows[i].goal, &error);
        assert_non_null(plan);
        assert_steps(plan, rows[i].steps);
        assert_int_equal(plan->short_by, rows[i].short_by);
    }
}

/* error is looked at after plan was made, whatever the order of arguments. */
static void assert_refused(const struct plan *plan, GError *const *error, enum error_code code,
                           const char *words)
{
    assert_null(plan);
    assert_true(error_is(*error, code));
    assert_non_null(strstr((*error)->message, words));
    assert_non_null(error_detail(*error)->advice);
}

static void plan__build__refuses_a_missing_down(void **state)
{
    struct goal goal = {.kind = GOAL_DOWN, .count = 1};
    g_autoptr(GError) error = NULL;
    put(*state, "1_a.up.sql", "CREATE TABLE a (i int);");
    assert_refused(plan_at(*state, 1, &goal, &error), &error, ERROR_REFUSED, "no down file");
    g_clear_error(&error);
    goal.allows_empty_down = TRUE;
    AUTOPTR(plan) *plan = plan_at(*state, 1, &goal, &error);
    assert_steps(plan, "d1>-1 ");
}

static void plan__build__refuses_an_empty_down_of_an_up_that_did_something(void **state)
{
    struct goal goal = {.kind = GOAL_DOWN, .count = 1};
    g_autoptr(GError) error = NULL;
    put(*state, "1_a.up.sql", "CREATE TABLE a (i int);");
    put(*state, "1_a.down.sql", "-- nothing to see\n");
    assert_refused(plan_at(*state, 1, &goal, &error), &error, ERROR_REFUSED, "empty");
}

static void plan__build__takes_a_pair_that_is_empty_on_both_sides(void **state)
{
    struct goal goal = {.kind = GOAL_DOWN, .count = 1};
    g_autoptr(GError) error = NULL;
    put(*state, "1_a.up.sql", "-- a placeholder\n");
    put(*state, "1_a.down.sql", "");
    AUTOPTR(plan) *plan = plan_at(*state, 1, &goal, &error);
    assert_non_null(plan);
    assert_int_equal(plan_step_at(plan, 0)->script->mode, RUN_EMPTY);
}

static void plan__build__refuses_what_is_irreversible(void **state)
{
    struct goal goal = {.kind = GOAL_DOWN, .count = 1};
    g_autoptr(GError) error = NULL;
    put(*state, "1_a.up.sql", "-- winch: irreversible the old data is gone\nDROP TABLE a;");
    put(*state, "1_a.down.sql", "CREATE TABLE a ();");
    assert_refused(plan_at(*state, 1, &goal, &error), &error, ERROR_REFUSED,
                   "the old data is gone");
}

static void plan__build__refuses_a_dirty_row(void **state)
{
    struct version_state dirty = {.kind = VERSION_TABLE_WINCH, .version = 2, .is_dirty = TRUE};
    struct goal goal = {.kind = GOAL_UP};
    g_autoptr(GError) error = NULL;
    put_three(*state);
    assert_refused(plan_with(*state, &dirty, &goal, &error), &error, ERROR_DIRTY, "version 2");
}

static void plan__build__refuses_a_version_without_a_file(void **state)
{
    struct goal goal = {.kind = GOAL_UP};
    g_autoptr(GError) error = NULL;
    put_three(*state);
    assert_refused(plan_at(*state, 77, &goal, &error), &error, ERROR_REFUSED, "77");
}

static void plan__build__names_missed_ones_and_runs_them_when_asked(void **state)
{
    struct fixture *fixture = *state;
    struct goal up = {.kind = GOAL_UP}, missed = {.kind = GOAL_MISSED};
    struct goal down = {.kind = GOAL_DOWN_ALL};
    struct goal none = {.kind = GOAL_GOTO, .target = {VERSION_NAME_NONE, 0, ""}};
    g_autoptr(GError) error = NULL;
    put_three(fixture);
    ran(fixture, 1, -1, 1);
    ran(fixture, 3, 1, 3);
    AUTOPTR(plan) *nothing = plan_at(fixture, 3, &up, &error);
    assert_int_equal(nothing->steps->len, 0);
    assert_non_null(strstr(nothing->notices->pdata[0], "missed"));
    AUTOPTR(plan) *late = plan_at(fixture, 3, &missed, &error);
    assert_steps(late, "u2>3 ");
    assert_false(plan_step_at(late, 0)->writes_version);
    AUTOPTR(plan) *back = plan_at(fixture, 3, &down, &error);
    assert_steps(back, "d3>1 d1>-1 ");
    AUTOPTR(plan) *nowhere = plan_at(fixture, 3, &none, &error);
    assert_steps(nowhere, "d3>1 d1>-1 ");
}

static void plan__build__wants_requirements_to_have_run(void **state)
{
    struct fixture *fixture = *state;
    struct goal goal = {.kind = GOAL_UP};
    g_autoptr(GError) error = NULL;
    put_three(fixture);
    put(fixture, "4_d.up.sql", "-- winch: requires 2\nCREATE TABLE d ();");
    ran(fixture, 1, -1, 1);
    ran(fixture, 3, 1, 3);
    assert_refused(plan_at(fixture, 3, &goal, &error), &error, ERROR_REFUSED, "requires 2");
}

static void plan__id__changes_with_every_text(void **state)
{
    struct goal goal = {.kind = GOAL_UP};
    g_autoptr(GError) error = NULL;
    put_three(*state);
    AUTOPTR(plan) *before = plan_at(*state, -1, &goal, &error);
    AUTOPTR(plan) *same = plan_at(*state, -1, &goal, &error);
    put(*state, "2_b.up.sql", "CREATE TABLE b (i int); ");
    AUTOPTR(plan) *after = plan_at(*state, -1, &goal, &error);
    assert_string_equal(before->id, same->id);
    assert_string_not_equal(before->id, after->id);
    assert_int_equal(strlen(before->id), 16);
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAN_TEST(plan__dirty__advises_what_can_be_forced),
        PLAN_TEST(plan__build__orders_ups_and_downs),
        PLAN_TEST(plan__build__refuses_a_missing_down),
        PLAN_TEST(plan__build__refuses_an_empty_down_of_an_up_that_did_something),
        PLAN_TEST(plan__build__takes_a_pair_that_is_empty_on_both_sides),
        PLAN_TEST(plan__build__refuses_what_is_irreversible),
        PLAN_TEST(plan__build__refuses_a_dirty_row),
        PLAN_TEST(plan__build__refuses_a_version_without_a_file),
        PLAN_TEST(plan__build__names_missed_ones_and_runs_them_when_asked),
        PLAN_TEST(plan__build__wants_requirements_to_have_run),
        PLAN_TEST(plan__id__changes_with_every_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
