/* What a run costs the session and what it measures of itself, on a real server. */
#include "postgres/run_support.h"

#include <string.h>

#include "support/cluster.h"

#define T PROTOCOL_TRANSACTION

/* ---- prepared statements -------------------------------------------------------------------- */

#define OURS_SQL "SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql"

static gint64 number_of(const char *sql)
{
    g_autofree char *value = cluster_value("run", sql);
    return value != NULL ? g_ascii_strtoll(value, NULL, 10) : -1;
}

static void run__prepares_once__what_every_migration_sends(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *first = JOB(test, T, "SELECT 1");
    AUTOPTR(job) *second = JOB(test, T, "CREATE TABLE a AS " OURS_SQL);
    AUTOPTR(job) *third = JOB(test, T, "CREATE TABLE b AS " OURS_SQL);
    assert_run(test, first);
    assert_run(test, second);
    assert_run(test, third);
    assert_true(number_of("SELECT count FROM a") > 0);
    assert_int_equal(number_of("SELECT count FROM a"), number_of("SELECT count FROM b"));
}

static void run__survives__a_file_that_deallocates(void **state)
{
    static const char *const statements[] = {
        "DEALLOCATE ALL", "DO 'BEGIN EXECUTE ''DEALLOCATE ALL''; END'",
        "SELECT forget()", /* its text says nothing of it */
    };
    struct run_test *test = *state;
    cluster_exec("run", "CREATE FUNCTION forget() RETURNS void LANGUAGE plpgsql AS "
                        "'BEGIN EXECUTE ''DEALLOCATE ALL''; END'");
    for (gsize i = 0; i < G_N_ELEMENTS(statements); i++) {
        AUTOPTR(job) *before = JOB(test, T, "CREATE TABLE IF NOT EXISTS a (x int)");
        AUTOPTR(job) *job = JOB(test, T, "INSERT INTO a VALUES (1)", statements[i]);
        assert_run(test, before);
        assert_run(test, job);
        assert_int_equal(test->result.impact.rows, 1);
        assert_int_equal(number_of("SELECT count(*) FROM a"), i + 1);
    }
    assert_value("2 false", VERSION_SQL);
}

static void run__survives__statements_that_deallocate_one_by_one(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE FUNCTION forget() RETURNS void LANGUAGE plpgsql AS "
                        "'BEGIN EXECUTE ''DEALLOCATE ALL''; END'");
    AUTOPTR(job) *before = JOB(test, T, "SELECT 1");
    AUTOPTR(job) *hidden = JOB(test, PROTOCOL_SEPARATE, "SELECT forget()", "VACUUM pg_class");
    AUTOPTR(job) *plain = JOB(test, PROTOCOL_SEPARATE, "DISCARD ALL", "VACUUM pg_class");
    assert_run(test, before);
    assert_run(test, hidden);
    assert_run(test, before);
    assert_run(test, plain);
    assert_value("2 false", VERSION_SQL);
}

static void run__prepares_anew__after_a_failure(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *bad = JOB(test, T, "SELECT 1/0");
    AUTOPTR(job) *good = JOB(test, T, "CREATE TABLE a (x int)");
    assert_fails(test, bad, RUN_OUTCOME_ROLLED_BACK, "division by zero");
    assert_run(test, good);
    assert_fails(test, bad, RUN_OUTCOME_ROLLED_BACK, "division by zero");
    assert_value("up failed, up done, up failed", HISTORY_SQL);
}

/* A statement that never arrived, since one before it failed, is not taken for prepared. */
static void force__prepares_anew__after_a_failure(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(history_record) *record = history_record_new(HISTORY_FORCE, OUTCOME_DONE);
    record->version = 1;
    cluster_exec("run", "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                        "'BEGIN RAISE ''not now''; END'; CREATE TRIGGER refuse BEFORE TRUNCATE "
                        "OR DELETE ON schema_migrations EXECUTE FUNCTION refuse()");
    run_test_reopen(test); /* nothing is prepared on this connection */
    assert_false(database_force(test->database, 1, record, NULL));
    cluster_exec("run", "DROP TRIGGER refuse ON schema_migrations");
    gboolean is_forced = database_force(test->database, 1, record, &test->error);
    assert_true(is_forced);
    assert_value("1 false", VERSION_SQL);
}

/* ---- impact --------------------------------------------------------------------------------- */

static void impact__counts_rows__that_were_changed_not_shown(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job =
        JOB(test, T, "CREATE TABLE a AS SELECT generate_series(1, 5) AS x",
            "UPDATE a SET x = x + 1 WHERE x > 3", "SELECT x FROM a", "CREATE TABLE b (x int)");
    assert_run(test, job);
    assert_int_equal(test->result.impact.rows, 5 + 2);
    assert_true(test->result.impact.wal_bytes > 0);
    assert_int_equal(test->result.impact.history_id,
                     number_of("SELECT id FROM winch.history WHERE kind = 'up'"));
}

static void impact__leaves_unmeasured__what_nobody_looked_at(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE b (x int)");
    assert_run(test, job);
    assert_int_equal(test->result.impact.rows, -1);
    assert_int_equal(test->result.impact.longest_wait_us, -1);
    assert_int_equal(test->result.impact.sessions_blocked, -1);
}

static void impact__counts_no_rows__of_what_was_rolled_back(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a AS SELECT 1", "SELECT 1/0");
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "division by zero");
    assert_int_equal(test->result.impact.rows, -1);
    assert_int_equal(test->result.impact.wal_bytes, -1);
    assert_int_equal(test->result.impact.history_id,
                     number_of("SELECT id FROM winch.history WHERE outcome = 'failed'"));
}

static gpointer want_table(gpointer data)
{
    (void)data;
    cluster_exec("run", "SELECT count(*) FROM a");
    return NULL;
}

static void start_waiter(struct run_test *test)
{
    test->helper = g_thread_new("waiter", want_table, NULL);
}

static void impact__counts_sessions__that_wait_for_us(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *before = JOB(test, T, "CREATE TABLE a (x int)");
    AUTOPTR(job) *job = JOB(test, T, "LOCK TABLE a", "SELECT pg_sleep(2.5)");
    assert_run(test, before);
    test->trigger_event = "started 1";
    test->trigger = start_waiter;
    assert_run(test, job);
    g_thread_join(g_steal_pointer(&test->helper));
    assert_int_equal(test->result.impact.sessions_blocked, 1);
    assert_int_equal(test->result.impact.longest_wait_us, 0);
}

static void impact__is_kept__with_null_for_what_is_unknown(void **state)
{
    struct run_test *test = *state;
    struct impact known = {1, 7, 800, 1500000, 2, 90, (char *)(gsize) "[{\"ro'w\\\\s\": 7}]"};
    struct impact unknown = {2, -1, -1, -1, -1, 5, NULL};
    g_autoptr(GArray) written = g_array_new(FALSE, FALSE, sizeof(struct impact));
    g_array_append_val(written, known);
    g_array_append_val(written, unknown);
    guint64 trips = database_round_trips(test->database);
    assert_true(database_impact_append(test->database, written, &test->error));
    assert_int_equal(database_round_trips(test->database) - trips, 1);
    g_autoptr(GArray) read = database_impact_read(test->database, 1, &test->error);
    assert_non_null(read);
    assert_int_equal(read->len, 2);
    assert_int_equal(g_array_index(read, struct impact, 0).longest_wait_us, 1500000);
    assert_string_equal(g_array_index(read, struct impact, 0).statements, "[{\"ro'w\\\\s\": 7}]");
    assert_int_equal(g_array_index(read, struct impact, 1).rows, -1);
    assert_null(g_array_index(read, struct impact, 1).statements);
    assert_value("1", "SELECT count(*) FROM winch.impact WHERE rows IS NULL AND wal_bytes IS NULL "
                      "AND longest_wait IS NULL AND sessions_blocked IS NULL");
    g_autoptr(GArray) later = database_impact_read(test->database, 2, &test->error);
    assert_int_equal(later->len, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, run_test_setup, run_test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(run__prepares_once__what_every_migration_sends),
        TEST(run__survives__a_file_that_deallocates),
        TEST(run__survives__statements_that_deallocate_one_by_one),
        TEST(run__prepares_anew__after_a_failure),
        TEST(force__prepares_anew__after_a_failure),
        TEST(impact__counts_rows__that_were_changed_not_shown),
        TEST(impact__leaves_unmeasured__what_nobody_looked_at),
        TEST(impact__counts_no_rows__of_what_was_rolled_back),
        TEST(impact__counts_sessions__that_wait_for_us),
        TEST(impact__is_kept__with_null_for_what_is_unknown),
    };
    return cmocka_run_group_tests_name("cost", tests, cluster_setup, cluster_teardown);
}
