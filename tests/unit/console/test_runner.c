/* Runs from the main thread's side, on a private server and on SQLite, without a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "fake_frame.h"

#include "console/run_picture.h"
#include "support/cluster.h"

/* One runner, what it runs on, and what a test wants done when something has moved. */
struct fixture {
    struct console *console;
    struct runner *runner;
    struct engine_settings *settings;
    char *folder;
    guint changes;
    void (*on_change)(struct fixture *fixture);
    gboolean has_acted;
};

/* on_change has no data but the console. */
static GPtrArray *fixtures;

static void changed(struct console *console)
{
    for (guint i = 0; i < fixtures->len; i++) {
        struct fixture *fixture = fixtures->pdata[i];
        if (fixture->console != console)
            continue;
        fixture->changes++;
        if (fixture->on_change != NULL)
            fixture->on_change(fixture);
    }
}

static struct fixture *fixture_new(char *url)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->console = fake_frame_new();
    fixture->folder = g_dir_make_tmp("winch-runner-XXXXXX", NULL);
    fixture->settings = engine_settings_new();
    fixture->settings->url = url;
    fixture->settings->environment = g_strdup("development");
    fixture->settings->max_retries = 0;
    g_free(fixture->settings->migrations_path);
    fixture->settings->migrations_path = g_strdup(fixture->folder);
    fixture->runner = runner_new(fixture->console, fixture->settings, changed);
    g_ptr_array_add(fixtures, fixture);
    return fixture;
}

static void fixture_free(gpointer data)
{
    struct fixture *fixture = data;
    runner_stop(fixture->runner, CANCEL_TERMINATE, ERROR_CANCELLED);
    runner_free(fixture->runner);
    g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
    engine_settings_free(fixture->settings);
    fake_frame_free(fixture->console);
    g_free(fixture);
}

static int setup(void **state)
{
    (void)state;
    fixtures = g_ptr_array_new_with_free_func(fixture_free);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    g_ptr_array_unref(fixtures);
    return 0;
}

/* On PostgreSQL, an empty database. */
static struct fixture *on_server(void)
{
    return fixture_new(cluster_create_database("app"));
}

static struct fixture *on_sqlite(void)
{
    struct fixture *fixture = fixture_new(NULL);
    fixture->settings->driver = g_strdup("sqlite3");
    fixture->settings->url = g_build_filename(fixture->folder, "app.db", NULL);
    return fixture;
}

static void use(struct fixture *fixture, const char *set)
{
    g_free(fixture->settings->migrations_path);
    fixture->settings->migrations_path =
        g_build_filename(g_getenv("WINCH_TESTS"), "migrations", set, NULL);
}

static void put(struct fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void start(struct fixture *fixture, enum run_kind kind)
{
    struct run_request *request = run_request_new(kind);
    request->goal.kind = GOAL_UP;
    assert_true(runner_start(fixture->runner, request));
}

static gboolean too_long(gpointer data)
{
    (void)data;
    g_error("a run has not come to its end in a minute");
    return G_SOURCE_REMOVE;
}

static const struct run_picture *finish(struct fixture *fixture)
{
    guint watchdog = g_timeout_add_seconds(60, too_long, NULL);
    while (runner_is_active(fixture->runner))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(watchdog);
    return runner_picture(fixture->runner);
}

static const struct run_picture *run(struct fixture *fixture, enum run_kind kind)
{
    start(fixture, kind);
    return finish(fixture);
}

static gboolean log_has(const struct fixture *fixture, const char *text)
{
    for (guint i = 0; i < record_count(fixture->console->record); i++)
        if (strstr(record_at(fixture->console->record, i)->text, text) != NULL)
            return TRUE;
    return FALSE;
}

static void assert_contains(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static const struct run_step_picture *step_at(const struct run_picture *picture, guint index)
{
    const struct run_step_picture *step = run_picture_step(picture, index);
    assert_non_null(step);
    return step;
}

static const struct run_statement_picture *statement_at(const struct run_picture *picture,
                                                        guint step, guint index)
{
    const struct run_statement_picture *statement =
        run_step_statement(step_at(picture, step), index);
    assert_non_null(statement);
    return statement;
}

/* ---- to the end ------------------------------------------------------------------------------ */

static void runner__migrate__runs_to_the_end(void **state)
{
    struct fixture *fixture = on_server();
    (void)state;
    use(fixture, "plain");
    assert_null(runner_picture(fixture->runner));
    start(fixture, RUN_MIGRATE);
    assert_true(runner_is_writing(fixture->runner));
    const struct run_picture *picture = finish(fixture);
    assert_null(picture->error);
    assert_int_equal(picture->phase, RUN_PHASE_DONE);
    assert_int_equal(picture->done, 5);
    assert_int_equal(picture->version, 5);
    assert_int_equal(picture->steps->len, 5);
    for (guint i = 0; i < 5; i++) {
        const struct run_step_picture *step = step_at(picture, i);
        assert_int_equal(step->mark, RUN_MARK_DONE);
        assert_true(step->elapsed_us > 0);
        for (guint j = 0; j < step->statements->len; j++)
            assert_int_equal(statement_at(picture, i, j)->mark, RUN_MARK_DONE);
    }
    assert_contains(picture->outcome, "5 migrations up in ");
    assert_contains(picture->outcome, "; the database is at 000005");
    assert_string_equal(fixture->console->said, picture->outcome);
    assert_true(log_has(fixture, "000001.1 CREATE TABLE"));
    assert_false(runner_is_writing(fixture->runner));
}

static void runner__migrate__says_what_a_failure_left(void **state)
{
    struct fixture *fixture = on_server();
    (void)state;
    use(fixture, "broken-runtime");
    const struct run_picture *picture = run(fixture, RUN_MIGRATE);
    assert_int_equal(picture->phase, RUN_PHASE_FAILED);
    assert_string_equal(error_detail(picture->error)->sqlstate, "22012");
    assert_int_equal(error_detail(picture->error)->line, 3);
    assert_int_equal(picture->done, 1);
    assert_int_equal(picture->version, 1);
    assert_false(picture->is_dirty);
    assert_int_equal(step_at(picture, 1)->mark, RUN_MARK_FAILED);
    assert_int_equal(statement_at(picture, 1, 1)->mark, RUN_MARK_DONE);
    assert_int_equal(statement_at(picture, 1, 2)->mark, RUN_MARK_FAILED);
    assert_contains(statement_at(picture, 1, 2)->message, "division by zero");
    assert_int_equal(statement_at(picture, 1, 3)->mark, RUN_MARK_SKIPPED);
    assert_string_equal(
        picture->outcome,
        "1 of 2 migrations are in; this run left nothing of the others: the database is at 000001");
    assert_true(statement_at(picture, 1, 2)->elapsed_us > 0);
    assert_true(log_has(fixture, picture->outcome));
    assert_non_null(strstr(fixture->console->said, "division by zero"));
}

static void runner__migrate__says_when_the_server_cannot_be_reached(void **state)
{
    struct fixture *fixture = fixture_new(g_strdup("postgres://127.0.0.1:1/app"));
    (void)state;
    put(fixture, "1_a.up.sql", "SELECT 1;");
    fixture->settings->connect_timeout = 1;
    const struct run_picture *picture = run(fixture, RUN_MIGRATE);
    assert_true(error_is(picture->error, ERROR_NO_CONNECTION));
    assert_string_equal(picture->outcome, "nothing ran, and nothing was changed");
}

static void runner__start__refuses_a_second_run(void **state)
{
    struct fixture *fixture = on_sqlite();
    (void)state;
    put(fixture, "1_a.up.sql", "CREATE TABLE a (i int);");
    start(fixture, RUN_MIGRATE);
    assert_false(runner_start(fixture->runner, run_request_new(RUN_DROP)));
    assert_int_equal(finish(fixture)->kind, RUN_MIGRATE);
    assert_int_equal(run(fixture, RUN_MIGRATE)->phase, RUN_PHASE_DONE);
    assert_contains(runner_picture(fixture->runner)->outcome, "no change");
}

static void runner__migrate__refuses_another_plan_than_was_seen(void **state)
{
    struct fixture *fixture = on_sqlite();
    struct run_request *request = run_request_new(RUN_MIGRATE);
    (void)state;
    put(fixture, "1_a.up.sql", "CREATE TABLE a (i int);");
    request->plan_id = g_strdup("0123456789abcdef");
    assert_true(runner_start(fixture->runner, request));
    const struct run_picture *picture = finish(fixture);
    assert_true(error_is(picture->error, ERROR_REFUSED));
    assert_string_equal(picture->outcome, "nothing ran, and nothing was changed");
    assert_int_equal(picture->version, VERSION_NONE);
}

/* ---- stopping -------------------------------------------------------------------------------- */

/* The second migration's second statement sleeps until it is cancelled. */
static void put_sleep(struct fixture *fixture, const char *sleep)
{
    g_autofree char *text = g_strdup_printf("CREATE TABLE b (i int);\n%s", sleep);
    put(fixture, "1_a.up.sql", "CREATE TABLE a (i int);");
    put(fixture, "2_b.up.sql", text);
    put(fixture, "3_c.up.sql", "CREATE TABLE c (i int);");
}

static gboolean sleeps(const struct fixture *fixture)
{
    const struct run_picture *picture = runner_picture(fixture->runner);
    return picture->step == 1 && picture->steps->len == 3 &&
           statement_at(picture, 1, 1)->mark == RUN_MARK_RUNNING;
}

static void cancel_sleep(struct fixture *fixture)
{
    if (!sleeps(fixture) || fixture->has_acted)
        return;
    fixture->has_acted = TRUE;
    runner_stop(fixture->runner, CANCEL_NOW, ERROR_CANCELLED);
}

static void assert_rolled_back(const struct run_picture *picture)
{
    g_autofree char *table = cluster_value("app", "SELECT to_regclass('b')::text");
    assert_true(error_is(picture->error, ERROR_CANCELLED));
    assert_int_equal(picture->done, 1);
    assert_int_equal(picture->version, 1);
    assert_false(picture->is_dirty);
    assert_int_equal(step_at(picture, 1)->mark, RUN_MARK_FAILED);
    assert_int_equal(step_at(picture, 2)->mark, RUN_MARK_SKIPPED);
    assert_string_equal(table, "");
}

static void runner__stop__cancels_the_running_statement(void **state)
{
    struct fixture *fixture = on_server();
    (void)state;
    put_sleep(fixture, "SELECT pg_sleep(600);");
    fixture->on_change = cancel_sleep;
    assert_rolled_back(run(fixture, RUN_MIGRATE));
    assert_int_equal(runner_picture(fixture->runner)->stop_level, CANCEL_NOW);
    assert_true(log_has(fixture, "asked to cancel what runs"));
    assert_true(log_has(fixture, "the server was told to cancel"));
}

static gpointer end_it(gpointer data)
{
    runner_stop(data, CANCEL_TERMINATE, ERROR_CANCELLED);
    return NULL;
}

/* First in vain, then the backend, from another thread. */
static void terminate_sleep(struct fixture *fixture)
{
    const struct run_picture *picture = runner_picture(fixture->runner);
    cancel_sleep(fixture);
    if (fixture->has_acted && picture->phase == RUN_PHASE_CANCELLING &&
        picture->stop_level == CANCEL_NOW)
        g_thread_join(g_thread_new("stop", end_it, fixture->runner));
}

static void runner__stop__ends_a_backend_that_will_not_cancel(void **state)
{
    struct fixture *fixture = on_server();
    (void)state;
    put_sleep(fixture, "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN "
                       "query_canceled THEN NULL; END; END LOOP; END $$;");
    fixture->on_change = terminate_sleep;
    const struct run_picture *picture = run(fixture, RUN_MIGRATE);
    assert_int_equal(picture->stop_level, CANCEL_TERMINATE);
    assert_rolled_back(picture);
}

static void stop_after(struct fixture *fixture)
{
    if (!sleeps(fixture) || fixture->has_acted)
        return;
    fixture->has_acted = TRUE;
    runner_stop(fixture->runner, CANCEL_AFTER, ERROR_CANCELLED);
    cluster_exec("app", "INSERT INTO go VALUES (1)");
}

static void runner__stop__lets_a_migration_finish(void **state)
{
    struct fixture *fixture = on_server();
    (void)state;
    cluster_exec("app", "CREATE TABLE go (i int)");
    put_sleep(fixture, "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM go) LOOP PERFORM "
                       "pg_sleep(0.01); END LOOP; END $$;");
    fixture->on_change = stop_after;
    const struct run_picture *picture = run(fixture, RUN_MIGRATE);
    assert_true(error_is(picture->error, ERROR_CANCELLED));
    assert_int_equal(picture->done, 2);
    assert_int_equal(picture->version, 2);
    assert_int_equal(step_at(picture, 1)->mark, RUN_MARK_DONE);
    assert_int_equal(step_at(picture, 2)->mark, RUN_MARK_SKIPPED);
    assert_contains(picture->outcome,
                    "2 of 3 migrations are in; this run left nothing of the others");
}

/* The first holds the lock until the second has seen it wait. */
static void stop_waiting(struct fixture *fixture)
{
    const struct run_picture *picture = runner_picture(fixture->runner);
    if (picture->waiting_for == NULL || fixture->has_acted)
        return;
    fixture->has_acted = TRUE;
    assert_int_equal(picture->phase, RUN_PHASE_WAITING);
    assert_contains(picture->waiting_for, "pid ");
    runner_stop(fixture->runner, CANCEL_NOW, ERROR_CANCELLED);
}

static void runner__migrate__shows_who_holds_the_lock(void **state)
{
    struct fixture *first = on_server();
    struct fixture *second = fixture_new(cluster_url("app"));
    (void)state;
    put_sleep(first, "SELECT pg_sleep(600);");
    put_sleep(second, "SELECT pg_sleep(600);");
    second->on_change = stop_waiting;
    start(first, RUN_MIGRATE);
    while (!sleeps(first))
        g_main_context_iteration(NULL, TRUE);
    const struct run_picture *picture = run(second, RUN_MIGRATE);
    assert_true(second->has_acted);
    assert_true(error_is(picture->error, ERROR_CANCELLED));
    assert_string_equal(picture->outcome, "nothing ran, and nothing was changed");
    assert_true(runner_is_active(first->runner));
}

/* ---- dry run --------------------------------------------------------------------------------- */

static void runner__dry_run__leaves_nothing(void **state)
{
    struct fixture *fixture = on_server();
    (void)state;
    use(fixture, "plain");
    start(fixture, RUN_DRY_RUN);
    assert_false(runner_is_writing(fixture->runner));
    const struct run_picture *picture = finish(fixture);
    g_autofree char *tables = cluster_value("app", "SELECT count(*) FROM pg_tables WHERE "
                                                   "schemaname NOT LIKE 'pg%' AND schemaname <> "
                                                   "'information_schema'");
    assert_null(picture->error);
    assert_int_equal(picture->done, 5);
    assert_int_equal(picture->version, VERSION_NONE);
    assert_true(statement_at(picture, 0, 0)->elapsed_us > 0);
    assert_contains(picture->outcome, "ran and rolled back");
    assert_string_equal(tables, "0");
}

static void runner__dry_run__says_what_it_leaves_out(void **state)
{
    struct fixture *fixture = on_server();
    (void)state;
    put(fixture, "1_a.up.sql", "CREATE TABLE a (i int);");
    put(fixture, "2_b.up.sql", "CREATE INDEX CONCURRENTLY b ON a (i);");
    put(fixture, "3_c.up.sql", "INSERT INTO a VALUES (1), (2);");
    const struct run_picture *picture = run(fixture, RUN_DRY_RUN);
    assert_null(picture->error);
    assert_int_equal(step_at(picture, 0)->mark, RUN_MARK_DONE);
    assert_int_equal(step_at(picture, 1)->mark, RUN_MARK_SKIPPED);
    assert_contains(step_at(picture, 1)->skipped, "CONCURRENTLY");
    assert_int_equal(step_at(picture, 2)->mark, RUN_MARK_DONE);
    assert_int_equal(statement_at(picture, 2, 0)->rows, 2);
}

/* ---- many ------------------------------------------------------------------------------------ */

#define MANY 1000

static gboolean is_at(const struct fixture *fixture, gint64 version)
{
    struct version_state state = {.version = VERSION_NONE};
    const struct engine_callbacks callbacks = {0};
    AUTOPTR(engine) *engine = engine_open(fixture->settings, &callbacks, NULL);
    return engine != NULL && engine_version(engine, &state, NULL) && state.version == version;
}

/* The main loop stands still meanwhile, as with a terminal that takes nothing. */
static void runner__migrate__waits_for_nobody(void **state)
{
    struct fixture *fixture = on_sqlite();
    gint64 deadline = g_get_monotonic_time() + 120 * G_USEC_PER_SEC;
    (void)state;
    for (int i = 1; i <= MANY; i++) {
        g_autofree char *name = g_strdup_printf("%d_t.up.sql", i);
        g_autofree char *text = g_strdup_printf("CREATE TABLE t%d (i int);", i);
        put(fixture, name, text);
    }
    start(fixture, RUN_MIGRATE);
    while (!is_at(fixture, MANY) && g_get_monotonic_time() < deadline)
        g_usleep(20000);
    assert_true(is_at(fixture, MANY));
    assert_int_equal(runner_picture(fixture->runner)->steps->len, 0);
    const struct run_picture *picture = finish(fixture);
    assert_null(picture->error);
    assert_int_equal(picture->done, MANY);
    assert_int_equal(statement_at(picture, MANY - 1, 0)->mark, RUN_MARK_DONE);
    assert_true(fixture->changes < MANY / 10); /* not one for each statement */
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void runner__overrides__say_what_they_did(void **state)
{
    struct fixture *fixture = on_sqlite();
    (void)state;
    put(fixture, "1_a.up.sql", "CREATE TABLE a (i int);");
    assert_contains(run(fixture, RUN_INIT)->outcome, "version table and history are there");
    struct run_request *request = run_request_new(RUN_FORCE);
    request->version = 1;
    assert_true(runner_start(fixture->runner, request));
    const struct run_picture *picture = finish(fixture);
    assert_null(picture->error);
    assert_string_equal(picture->outcome,
                        "the version row was set by hand; the version row says 1");
    assert_int_equal(picture->version, 1);
    assert_contains(run(fixture, RUN_ADOPT)->outcome, "recorded as assumed");
    assert_contains(run(fixture, RUN_DROP)->outcome, "dropped; ");
}

static void runner__drop__says_why_not(void **state)
{
    struct fixture *fixture = on_sqlite();
    (void)state;
    g_free(fixture->settings->environment);
    fixture->settings->environment = g_strdup("production");
    put(fixture, "1_a.up.sql", "CREATE TABLE a (i int);");
    run(fixture, RUN_MIGRATE);
    const struct run_picture *picture = run(fixture, RUN_DROP);
    assert_true(error_is(picture->error, ERROR_REFUSED));
    assert_string_equal(picture->outcome, "dropping every table failed; the version row says 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runner__migrate__runs_to_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__migrate__says_what_a_failure_left, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__migrate__says_when_the_server_cannot_be_reached,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(runner__start__refuses_a_second_run, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__migrate__refuses_another_plan_than_was_seen, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(runner__stop__cancels_the_running_statement, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(runner__stop__ends_a_backend_that_will_not_cancel, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(runner__stop__lets_a_migration_finish, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__migrate__shows_who_holds_the_lock, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__dry_run__leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__dry_run__says_what_it_leaves_out, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__migrate__waits_for_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__overrides__say_what_they_did, setup, teardown),
        cmocka_unit_test_setup_teardown(runner__drop__says_why_not, setup, teardown),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
