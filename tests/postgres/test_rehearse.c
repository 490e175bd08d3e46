/* Rehearsals: everything runs for real, and nothing of it stays. */
#include "postgres/run_support.h"

#include <string.h>

#include "support/cluster.h"

#define T PROTOCOL_TRANSACTION

static gboolean rehearse(struct run_test *test, struct job *job)
{
    g_clear_error(&test->error);
    return database_rehearse(test->database, &job->job, &test->result, &test->error);
}

#define assert_rehearsed(test, job)                                                                \
    do {                                                                                           \
        if (!rehearse(test, job))                                                                  \
            fail_msg("%s", (test)->error->message);                                                \
    } while (0)

static void rehearsal__end__leaves_nothing(void **state)
{
    struct run_test *test = *state;
    struct lock_holder holder;
    AUTOPTR(job) *first = JOB(test, T, "CREATE TABLE a (x int)", "PREPARE p AS SELECT 1");
    AUTOPTR(job) *second = JOB(test, T, "INSERT INTO a VALUES (1)", "SELECT pg_advisory_lock(42)");
    assert_true(database_rehearsal_begin(test->database, 1000, NULL));
    assert_rehearsed(test, first);
    assert_rehearsed(test, second);
    database_rehearsal_end(test->database);
    assert_value("0", "SELECT count(*) FROM pg_class WHERE relname = 'a'");
    assert_value("0", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42");
    assert_value("1 false", VERSION_SQL);
    assert_value("", HISTORY_SQL);
    assert_int_equal(database_lock_holder(test->database, &holder, NULL), 1);
    assert_run(test, first);
}

static void rehearsal__failure__takes_one_job_back(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *first = JOB(test, T, "CREATE TABLE a (x int)");
    AUTOPTR(job) *wrong = JOB(test, T, "CREATE TABLE b (x int)", "SELECT 1 / 0");
    AUTOPTR(job) *last = JOB(test, T, "INSERT INTO a VALUES (1)", "CREATE TABLE b (x int)");
    assert_true(database_rehearsal_begin(test->database, 1000, NULL));
    assert_rehearsed(test, first);
    assert_false(rehearse(test, wrong));
    assert_contains(test->error->message, "division by zero");
    assert_int_equal(error_detail(test->error)->line, 2);
    assert_rehearsed(test, last);
    database_rehearsal_end(test->database);
    assert_value("1 false", VERSION_SQL);
}

/* What a commit would check is checked, and the next job meets the constraint deferred again. */
static void rehearsal__constraints__are_forced_job_by_job(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *make = JOB(test, T, "CREATE TABLE p (x int PRIMARY KEY)",
                             "CREATE TABLE c (x int REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    AUTOPTR(job) *wrong = JOB(test, T, "INSERT INTO c VALUES (1)");
    AUTOPTR(job) *good = JOB(test, T, "INSERT INTO c VALUES (2)", "INSERT INTO p VALUES (2)");
    assert_true(database_rehearsal_begin(test->database, 1000, NULL));
    assert_rehearsed(test, make);
    assert_false(rehearse(test, wrong));
    assert_contains(test->error->message, "checking deferred constraints");
    assert_rehearsed(test, good);
    database_rehearsal_end(test->database);
}

static void rehearsal__refuses__what_no_transaction_takes(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *separate = JOB(test, PROTOCOL_SEPARATE, "VACUUM");
    AUTOPTR(job) *transaction = JOB(test, T, "CREATE TABLE a (x int)");
    assert_true(database_rehearsal_begin(test->database, 1000, NULL));
    assert_false(rehearse(test, separate));
    assert_true(error_is(test->error, ERROR_REFUSED));
    database_rehearsal_end(test->database);
    assert_false(rehearse(test, transaction));
    assert_true(error_is(test->error, ERROR_REFUSED));
    assert_value("0", "SELECT count(*) FROM pg_class WHERE relname = 'a'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, run_test_setup, run_test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rehearsal__end__leaves_nothing),
        TEST(rehearsal__failure__takes_one_job_back),
        TEST(rehearsal__constraints__are_forced_job_by_job),
        TEST(rehearsal__refuses__what_no_transaction_takes),
    };
    return cmocka_run_group_tests_name("rehearse", tests, cluster_setup, cluster_teardown);
}
