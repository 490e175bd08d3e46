/* Several migrations under way as the engine runs them: which go together, what is told, in which
 * order, what is tried again, and where it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "engine/engine.h"
#include "support/cluster.h"
#include "support/program.h"

struct in_flight_test {
    char *folder;
    struct engine_settings *settings;
    struct engine *engine;
    struct cancellation *cancellation;
    GString *told; /* "started 1, done 1, ..." */
    const char *trigger_event;
    void (*trigger)(struct in_flight_test *test);
    struct database *other; /* holds a lock */
    struct change_report report;
    GError *error;
};

/* ---- the run --------------------------------------------------------------------------------- */

static void tell(struct in_flight_test *test, const char *what, const struct engine_event *event)
{
    gint64 version = plan_step_at(event->plan, event->step)->migration->version;
    g_autofree char *text = g_strdup_printf("%s %d", what, (int)version);
    g_string_append_printf(test->told, "%s%s", test->told->len > 0 ? ", " : "", text);
    if (test->trigger != NULL && strcmp(text, test->trigger_event) == 0) {
        void (*trigger)(struct in_flight_test *) = test->trigger;
        test->trigger = NULL;
        trigger(test);
    }
}

static void take_event(const struct engine_event *event, void *data)
{
    struct in_flight_test *test = data;
    if (event->kind == ENGINE_STEP_STARTED)
        tell(test, "started", event);
    else if (event->kind == ENGINE_STEP_DONE)
        tell(test, "done", event);
    else if (event->kind == ENGINE_STEP_FAILED)
        tell(test, "failed", event);
    else if (event->kind == ENGINE_STEP_RETRY)
        tell(test, "retry", event);
    else if (event->kind == ENGINE_STEP_EVENT && event->run->kind == RUN_EVENT_LEFTOVER)
        tell(test, "leftover", event);
    else if (event->kind == ENGINE_NOTICE)
        g_string_append_printf(test->told, "%s; ", event->text);
}

static int setup(void **state)
{
    struct in_flight_test *test = g_new0(struct in_flight_test, 1);
    test->told = g_string_new(NULL);
    test->folder = workspace_make();
    test->cancellation = cancellation_new();
    test->settings = engine_settings_new();
    test->settings->url = cluster_create_database("flying");
    test->settings->retry_delay = 1;
    g_free(test->settings->migrations_path);
    test->settings->migrations_path = g_strdup(test->folder);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct in_flight_test *test = *state;
    if (test->engine != NULL)
        engine_close(test->engine);
    if (test->other != NULL)
        database_close(test->other);
    change_report_clear(&test->report);
    g_clear_error(&test->error);
    workspace_remove(test->folder);
    g_string_free(test->told, TRUE);
    cancellation_unref(test->cancellation);
    engine_settings_free(test->settings);
    g_free(test);
    return 0;
}

static void put(struct in_flight_test *test, guint version, const char *sql)
{
    g_autofree char *name = g_strdup_printf("%06u_x.up.sql", version);
    workspace_put(test->folder, name, sql);
}

/* Tables t1 ... tN, a file each. */
static void put_tables(struct in_flight_test *test, guint count)
{
    for (guint i = 1; i <= count; i++) {
        g_autofree char *sql = g_strdup_printf("CREATE TABLE t%u (x int);", i);
        put(test, i, sql);
    }
}

static gboolean migrate(struct in_flight_test *test, guint in_flight)
{
    const struct goal goal = {.kind = GOAL_UP, .in_flight = in_flight};
    const struct change_options options = {.is_confirmed = TRUE};
    struct engine_callbacks callbacks = {
        .on_event = take_event, .data = test, .cancellation = test->cancellation};
    test->engine = engine_open(test->settings, &callbacks, &test->error);
    if (test->engine == NULL)
        fail_msg("%s", test->error->message);
    return engine_migrate(test->engine, &goal, &options, &test->report, &test->error);
}

static void assert_is(const char *expected, const char *sql)
{
    g_autofree char *value = cluster_value("flying", sql);
    assert_string_equal(value != NULL ? value : "(none)", expected);
}

#define VERSION_SQL "SELECT version || ' ' || dirty FROM schema_migrations"
#define HISTORY_SQL                                                                                \
    "SELECT string_agg(concat_ws(' ', kind, version, outcome), ', ' ORDER BY id) FROM "            \
    "winch.history WHERE kind IN ('up', 'dirty')"

/* ---- what goes together ---------------------------------------------------------------------- */

static void in_flight__tells__each_step_in_order(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 6);
    put(test, 3, "CREATE INDEX CONCURRENTLY i ON t1 (x);");
    put(test, 4, "-- winch: check none: SELECT 1 FROM t2\nCREATE TABLE t4 (x int);");
    assert_true(migrate(test, 8));
    assert_int_equal(test->report.done, 6);
    assert_string_equal(test->told->str,
                        "started 1, done 1, started 2, done 2, started 3, done 3, started 4, "
                        "done 4, started 5, done 5, started 6, done 6");
    assert_is("6 false", VERSION_SQL);
    assert_is("up 1 done, up 2 done, dirty 3 done, up 3 done, up 4 done, up 5 done, up 6 done",
              HISTORY_SQL);
    gint64 rows;
    assert_true(engine_history_verify(test->engine, &rows, NULL));
    assert_is("6", "SELECT count(*) FROM winch.impact i JOIN winch.history h ON h.id = "
                   "i.history_id WHERE h.kind = 'up' AND i.elapsed > '0'");
}

static void in_flight__sends__windows_of_so_many(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 9);
    assert_true(migrate(test, 1));
    guint64 one_by_one = engine_round_trips(test->engine);
    engine_close(g_steal_pointer(&test->engine));
    change_report_clear(&test->report);
    cluster_exec("flying", "DROP TABLE t1, t2, t3, t4, t5, t6, t7, t8, t9; TRUNCATE "
                           "schema_migrations");
    assert_true(migrate(test, 4));
    assert_int_equal(test->report.done, 9);
    assert_true(one_by_one - engine_round_trips(test->engine) >= 6);
}

static void in_flight__goes_on__behind_one_that_left_something(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 4);
    put(test, 2, "CREATE TEMPORARY TABLE t3 (x int);");
    put(test, 3, "CREATE TABLE t3 (x int); INSERT INTO t3 VALUES (1);");
    assert_true(migrate(test, 8));
    assert_string_equal(test->told->str, "started 1, done 1, started 2, leftover 2, done 2, "
                                         "started 3, done 3, started 4, done 4");
    assert_is("1", "SELECT count(*) FROM public.t3");
}

/* ---- failing --------------------------------------------------------------------------------- */

static void assert_stops_at_three(struct in_flight_test *test, const char *part, const char *told)
{
    assert_false(migrate(test, 8));
    assert_non_null(strstr(test->error->message, part));
    assert_string_equal(test->told->str, told);
    assert_int_equal(test->report.done, 2);
    assert_int_equal(test->report.version, 2);
    assert_false(test->report.is_dirty);
    assert_is("2 false", VERSION_SQL);
    assert_is("0", "SELECT count(*) FROM pg_class WHERE relname IN ('t3', 't4', 't5')");
}

#define TOLD_TO_FAIL "started 1, done 1, started 2, done 2, started 3, failed 3"

static void in_flight__fails__in_the_middle(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 5);
    put(test, 3, "CREATE TABLE t3 (x int); SELECT 1 / 0;");
    assert_stops_at_three(test, "division by zero", TOLD_TO_FAIL);
    assert_is("up 1 done, up 2 done, up 3 failed", HISTORY_SQL);
}

static void in_flight__fails__at_a_check(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 5);
    put(test, 3, "-- winch: check wrong: SELECT 1\nCREATE TABLE t3 (x int);");
    assert_stops_at_three(test, "check \"wrong\"", TOLD_TO_FAIL);
    assert_is("up 1 done, up 2 done, up 3 failed", HISTORY_SQL);
}

static void in_flight__fails__at_a_commit(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 5);
    put(test, 2,
        "CREATE TABLE t2 (x int PRIMARY KEY, y int REFERENCES t2 DEFERRABLE INITIALLY "
        "DEFERRED);");
    put(test, 3, "CREATE TABLE t3 (x int); INSERT INTO t2 VALUES (1, 2);");
    assert_stops_at_three(test, "foreign key", TOLD_TO_FAIL);
    assert_is("up 1 done, up 2 done, up 3 failed", HISTORY_SQL);
}

static void cancel(struct in_flight_test *test)
{
    cancellation_raise(test->cancellation, CANCEL_NOW, ERROR_CANCELLED);
}

static void terminate(struct in_flight_test *test)
{
    cancellation_raise(test->cancellation, CANCEL_TERMINATE, ERROR_CANCELLED);
}

static void in_flight__cancelled__leaves_those_before_it(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 5);
    put(test, 3, "CREATE TABLE t3 (x int); SELECT pg_sleep(120);");
    test->trigger_event = "started 3";
    test->trigger = cancel;
    assert_stops_at_three(test, "", TOLD_TO_FAIL);
    assert_true(error_is(test->error, ERROR_CANCELLED));
    assert_is("up 1 done, up 2 done, up 3 cancelled", HISTORY_SQL);
}

static void in_flight__terminated__leaves_those_before_it(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 5);
    put(test, 3, "CREATE TABLE t3 (x int); SELECT pg_sleep(120);");
    test->trigger_event = "started 3";
    test->trigger = terminate;
    assert_stops_at_three(test, "", TOLD_TO_FAIL);
    assert_is("up 1 done, up 2 done, up 3 cancelled", HISTORY_SQL);
}

/* ---- trying again ---------------------------------------------------------------------------- */

static void release(struct in_flight_test *test)
{
    database_rehearsal_end(test->other);
}

static void in_flight__tries_again__where_a_lock_was_in_the_way(void **state)
{
    struct in_flight_test *test = *state;
    g_autofree char *url = cluster_url("flying");
    const struct database_options options = {.url = url};
    const struct run_statement statement = {.text = "LOCK TABLE held", .length = 15};
    const struct run_job job = {.text = "", .statements = &statement, .statement_count = 1};
    struct run_result ignored;
    put_tables(test, 4);
    put(test, 2, "-- winch: lock_timeout 50ms\nALTER TABLE held ADD x int;");
    cluster_exec("flying", "CREATE TABLE held ()");
    test->other = database_open(&options, NULL);
    assert_true(database_rehearsal_begin(test->other, 0, NULL));
    assert_true(database_rehearse(test->other, &job, &ignored, NULL));
    test->trigger_event = "retry 2";
    test->trigger = release;
    if (!migrate(test, 8))
        fail_msg("%s", test->error->message);
    assert_string_equal(test->told->str, "started 1, done 1, started 2, retry 2, done 2, "
                                         "started 3, done 3, started 4, done 4");
    assert_is("up 1 done, up 2 failed, up 2 done, up 3 done, up 4 done", HISTORY_SQL);
}

/* ---- where not ------------------------------------------------------------------------------- */

static void in_flight__refused__in_production(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 2);
    assert_true(migrate(test, 0));
    engine_close(g_steal_pointer(&test->engine));
    change_report_clear(&test->report);
    put_tables(test, 4);
    cluster_exec("flying", "ALTER DATABASE flying SET winch.environment = 'production'");
    assert_false(migrate(test, 2));
    assert_true(error_is(test->error, ERROR_REFUSED));
    assert_non_null(strstr(test->error->message, "not for production"));
    assert_is("2 false", VERSION_SQL);
    assert_is("1", "SELECT count(*) FROM winch.history WHERE outcome = 'refused'");
    g_clear_error(&test->error);
    engine_close(g_steal_pointer(&test->engine));
    assert_true(migrate(test, 1));
    assert_is("4 false", VERSION_SQL);
}

static void in_flight__is_one__where_files_carry_their_state(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 2);
    test->settings->carries_session_state = TRUE;
    assert_true(migrate(test, 8));
    assert_non_null(strstr(test->told->str, "one migration at a time: each file may change"));
    assert_is("2 false", VERSION_SQL);
}

static void in_flight__is_one__with_a_file(void **state)
{
    struct in_flight_test *test = *state;
    put_tables(test, 2);
    g_free(test->settings->url);
    test->settings->url = g_strdup_printf("sqlite3://%s/database", test->folder);
    assert_true(migrate(test, 8));
    assert_non_null(strstr(test->told->str, "one migration at a time: this database is a file"));
    assert_int_equal(test->report.done, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(in_flight__tells__each_step_in_order),
        TEST(in_flight__sends__windows_of_so_many),
        TEST(in_flight__goes_on__behind_one_that_left_something),
        TEST(in_flight__fails__in_the_middle),
        TEST(in_flight__fails__at_a_check),
        TEST(in_flight__fails__at_a_commit),
        TEST(in_flight__cancelled__leaves_those_before_it),
        TEST(in_flight__terminated__leaves_those_before_it),
        TEST(in_flight__tries_again__where_a_lock_was_in_the_way),
        TEST(in_flight__refused__in_production),
        TEST(in_flight__is_one__where_files_carry_their_state),
        TEST(in_flight__is_one__with_a_file),
    };
    return cmocka_run_group_tests_name("in flight", tests, cluster_setup, cluster_teardown);
}
