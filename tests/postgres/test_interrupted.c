/* A run that is watched, cancelled, or loses its line: what is said is what is true. */
#include "postgres/run_support.h"

#include <string.h>

#include "support/cluster.h"
#include "support/proxy.h"

#define T PROTOCOL_TRANSACTION
#define S PROTOCOL_SEPARATE

/* ---- cancelling ------------------------------------------------------------------------------ */

static void cancel_now(struct run_test *test)
{
    cancellation_raise(test->cancellation, CANCEL_NOW, ERROR_CANCELLED);
}

static void cancel_terminate(struct run_test *test)
{
    cancellation_raise(test->cancellation, CANCEL_TERMINATE, ERROR_TERMINATED);
}

static void cancel_after(struct run_test *test)
{
    cancellation_raise(test->cancellation, CANCEL_AFTER, ERROR_HANGUP);
}

static void on_event(struct run_test *test, const char *event, void (*trigger)(struct run_test *))
{
    test->trigger_event = event;
    test->trigger = trigger;
}

static void cancel__now__ends_a_running_statement(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)", "SELECT pg_sleep(120)");
    gint64 begun = g_get_monotonic_time();
    on_event(test, "started 1", cancel_now);
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "");
    assert_true(error_is(test->error, ERROR_CANCELLED));
    assert_true(g_get_monotonic_time() - begun < 60 * G_USEC_PER_SEC);
    assert_contains(test->events->str, "cancelling");
    assert_int_equal(test->result.failed_statement, 1);
    assert_value("1 false", VERSION_SQL);
    assert_value("up cancelled", HISTORY_SQL);
}

/* Holds a lock on a table in a transaction of its own. */
static struct database *hold(struct run_test *test, struct job *lock)
{
    g_autofree char *url = cluster_url("run");
    const struct database_options options = {.url = url, .application_name = "in the way"};
    struct database *other = database_open(&options, NULL);
    struct run_result ignored;
    (void)test;
    assert_true(database_rehearsal_begin(other, 0, NULL));
    assert_true(database_rehearse(other, &lock->job, &ignored, NULL));
    return other;
}

static void cancel__now__ends_a_wait_for_a_lock(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE TABLE a (x int)");
    AUTOPTR(job) *lock = JOB(test, T, "LOCK TABLE a");
    AUTOPTR(job) *job = JOB(test, T, "ALTER TABLE a ADD y int");
    struct database *other = hold(test, lock);
    on_event(test, "blocked 0", cancel_now);
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "");
    assert_true(error_is(test->error, ERROR_CANCELLED));
    assert_contains(test->events->str, "idle in transaction");
    database_rehearsal_end(other);
    database_close(other);
    assert_value("1 false", VERSION_SQL);
    run_test_reopen(test);
    AUTOPTR(job) *again = JOB(test, T, "ALTER TABLE a ADD y int");
    assert_run(test, again);
}

static void cancel__terminate__ends_the_backend(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)", "SELECT pg_sleep(120)");
    on_event(test, "started 1", cancel_terminate);
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "");
    assert_true(error_is(test->error, ERROR_TERMINATED));
    assert_true(test->result.connection_lost);
    assert_value("1 false", VERSION_SQL);
    assert_value("0", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(120)%' AND "
                      "pid <> pg_backend_pid()");
}

static void cancel__after__lets_the_migration_end(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)", "SELECT pg_sleep(0.5)");
    on_event(test, "started 1", cancel_after);
    assert_run(test, job);
    assert_value("2 false", VERSION_SQL);
}

static void cancel__now__leaves_a_separate_run_dirty(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, S, "CREATE TABLE a (x int)", "SELECT pg_sleep(120)");
    on_event(test, "started 1", cancel_now);
    assert_fails(test, job, RUN_OUTCOME_DIRTY, "statement 1 of 2 is in; 2 failed");
    assert_true(error_is(test->error, ERROR_CANCELLED));
    assert_value("2 true", VERSION_SQL);
}

/* ---- watching -------------------------------------------------------------------------------- */

static void watch__progress__tells_how_far_an_index_is(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
                        "'BEGIN PERFORM pg_sleep(0.05); RETURN $1; END'");
    cluster_exec("run", "CREATE TABLE a AS SELECT * FROM generate_series(1, 80) AS x");
    AUTOPTR(job) *job = JOB(test, T, "CREATE INDEX i ON a (slow(x))");
    assert_run(test, job);
    assert_contains(test->events->str, "progress 0");
    assert_contains(test->events->str, "CREATE INDEX: building index");
}

/* ---- the line lost --------------------------------------------------------------------------- */

static struct proxy *proxy;

static void open_through_proxy(struct run_test *test, gboolean has_history)
{
    g_autofree char *url =
        g_strdup_printf("postgres://postgres@127.0.0.1:%u/run?sslmode=disable", proxy_port(proxy));
    const struct database_options options = {.url = url, .cancellation = test->cancellation};
    database_close(test->database);
    if (!has_history)
        cluster_exec("run", "DROP SCHEMA IF EXISTS winch CASCADE");
    test->database = database_open(&options, NULL);
    assert_non_null(test->database);
    assert_true(database_lock(test->database, 20000, NULL, NULL, NULL));
}

static int proxied_setup(void **state)
{
    g_autofree char *socket =
        g_strdup_printf("%s/.s.PGSQL.5432", scratch_server_directory(cluster_server()));
    proxy = proxy_start(socket, 0);
    return run_test_setup(state);
}

static int proxied_teardown(void **state)
{
    int status = run_test_teardown(state);
    proxy_stop(proxy);
    return status;
}

/* What was said is what is so. */
static void assert_said_truly(struct run_test *test)
{
    g_autofree char *row = cluster_value("run", VERSION_SQL);
    switch (test->result.outcome) {
    case RUN_OUTCOME_COMMITTED:
        assert_string_equal(row, "2 false");
        return;
    case RUN_OUTCOME_ROLLED_BACK:
        assert_string_equal(row, "1 false");
        return;
    case RUN_OUTCOME_DIRTY:
        assert_string_equal(row, "2 true");
        return;
    case RUN_OUTCOME_UNSETTLED:
        break;
    }
    fail_msg("unsettled: %s", test->error->message);
}

/* In the proxy's thread, the piece delivered and the line not yet cut. */
static void wait_for_the_commit(void *data)
{
    (void)data;
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *row = cluster_value("run", VERSION_SQL);
        if (g_strcmp0(row, "2 false") == 0)
            return;
        g_usleep(10000);
    }
}

/* Cuts the line before or after the server has what is sent in one piece. A run before it has noted
 * by what the server is known. */
static void settle_cut(struct run_test *test, gboolean has_history, gboolean delivers)
{
    AUTOPTR(job) *before = JOB(test, T, "SELECT 0");
    AUTOPTR(job) *job = JOB(test, T, "SELECT 1", "SELECT 2");
    open_through_proxy(test, has_history);
    assert_run(test, before);
    assert_true(database_force(test->database, 1, NULL, NULL));
    g_free(job->record->run_id);
    job->record->run_id = g_strdup(delivers ? "00000000000000aa" : "00000000000000bb");
    proxy_trap(proxy, 1, delivers, delivers ? wait_for_the_commit : NULL, NULL);
    job_run(test, job);
    assert_true(proxy_trap_has_sprung(proxy));
    assert_contains(test->events->str, "settling");
    assert_said_truly(test);
    assert_int_equal(test->result.outcome,
                     delivers ? RUN_OUTCOME_COMMITTED : RUN_OUTCOME_ROLLED_BACK);
}

static void settle__cut__before_and_after_the_commit_arrived(void **state)
{
    settle_cut(*state, TRUE, FALSE);
    settle_cut(*state, TRUE, TRUE);
}

/* Without a history the transaction's id and the version row have to tell. */
static void settle__cut__tells_without_history(void **state)
{
    settle_cut(*state, FALSE, FALSE);
    settle_cut(*state, FALSE, TRUE);
}

static void cut(struct run_test *test)
{
    (void)test;
    proxy_cut(proxy);
}

/* The server goes on for a while and commits: its end is waited for. */
static void settle__cut__waits_for_a_backend_that_goes_on(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "SELECT 1", "SELECT pg_sleep(2)", "CREATE TABLE a (x int)");
    open_through_proxy(test, TRUE);
    on_event(test, "started 1", cut);
    job_run(test, job);
    assert_contains(test->events->str, "settling");
    assert_true(test->result.connection_lost);
    assert_said_truly(test);
}

static void settle__cut__finds_a_separate_run_dirty(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, S, "CREATE TABLE a (x int)", "SELECT pg_sleep(1)");
    open_through_proxy(test, TRUE);
    on_event(test, "started 1", cut);
    assert_fails(test, job, RUN_OUTCOME_DIRTY, "statements known to be in: 1 of 2");
    assert_said_truly(test);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, run_test_setup, run_test_teardown)
#define PROXIED(name) cmocka_unit_test_setup_teardown(name, proxied_setup, proxied_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cancel__now__ends_a_running_statement),
        TEST(cancel__now__ends_a_wait_for_a_lock),
        TEST(cancel__terminate__ends_the_backend),
        TEST(cancel__after__lets_the_migration_end),
        TEST(cancel__now__leaves_a_separate_run_dirty),
        TEST(watch__progress__tells_how_far_an_index_is),
        PROXIED(settle__cut__before_and_after_the_commit_arrived),
        PROXIED(settle__cut__tells_without_history),
        PROXIED(settle__cut__waits_for_a_backend_that_goes_on),
        PROXIED(settle__cut__finds_a_separate_run_dirty),
    };
    return cmocka_run_group_tests_name("interrupted", tests, cluster_setup, cluster_teardown);
}
