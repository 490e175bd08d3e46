/* Files that are no transaction: dirty first, each statement recorded, and a failure that says what
 * is in. */
#include "postgres/run_support.h"

#include <string.h>

#include "support/cluster.h"

#define S PROTOCOL_SEPARATE
#define W PROTOCOL_WHOLE

static void look_at_the_row(struct run_test *test)
{
    (void)test;
    assert_value("2 true", VERSION_SQL);
    assert_value("dirty done", HISTORY_SQL);
}

static void separate__run__is_dirty_first_and_records_each_statement(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job =
        JOB(test, S, "CREATE TABLE a (x int)", "VACUUM", "INSERT INTO a VALUES (1)");
    test->trigger_event = "started 0";
    test->trigger = look_at_the_row;
    assert_run(test, job);
    assert_null(test->trigger);
    assert_value("2 false", VERSION_SQL);
    assert_value("dirty done, statement done, statement done, statement done, up done",
                 HISTORY_SQL);
    assert_value("1,2,3", "SELECT string_agg(statement::text, ',' ORDER BY id) FROM "
                          "winch.history WHERE kind = 'statement'");
}

static void separate__run__fails_part_way_and_says_what_is_in(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, S, "CREATE TABLE a (x int)", "CREATE TABLE b (x int)",
                            "SELECT 1 / 0", "CREATE TABLE c (x int)");
    assert_fails(test, job, RUN_OUTCOME_DIRTY, "statements 1–2 of 4 are in; 3 failed; 4 was not");
    assert_int_equal(test->result.statements_done, 2);
    assert_int_equal(test->result.failed_statement, 2);
    assert_false(test->result.is_retryable);
    assert_contains(error_detail(test->error)->advice, "'winch force 1'");
    assert_contains(error_detail(test->error)->advice, "'winch force 2'");
    assert_value("2 true", VERSION_SQL);
    assert_value("dirty done, statement done, statement done, up failed", HISTORY_SQL);
}

/* Neither "try again" nor "nothing of it is in" is true of a dirty database. */
static void separate__run__advises_what_is_true_of_a_dirty_database(void **state)
{
    static const char *const last[] = {
        "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40P01'; END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '55P03'; END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53100'; END $$",
    };
    struct run_test *test = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(last); i++) {
        AUTOPTR(job) *job = JOB(test, S, "CREATE TEMPORARY TABLE a (x int)", last[i]);
        assert_fails(test, job, RUN_OUTCOME_DIRTY, "statement 1 of 2 is in; 2 failed");
        const char *advice = error_detail(test->error)->advice;
        assert_contains(advice, "'winch force 1'");
        assert_null(strstr(advice, "try again"));
        assert_null(strstr(advice, "nothing of it is in"));
        assert_true(database_force(test->database, 1, NULL, NULL));
    }
}

static void separate__run__records_how_long_a_failure_took(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job =
        JOB(test, S, "CREATE TABLE a (x int)", "SELECT pg_sleep(0.2)", "SELECT 1 / 0");
    assert_fails(test, job, RUN_OUTCOME_DIRTY, "division by zero");
    assert_value("t", "SELECT finished_at - started_at >= interval '0.2 s' FROM winch.history "
                      "WHERE kind = 'up' AND outcome = 'failed'");
}

static void separate__run__puts_the_version_back_when_nothing_is_in(void **state)
{
    static const char *const first[] = {"SELECT 1 / 0", "VACUUM nowhere",
                                        "CREATE INDEX CONCURRENTLY i ON nowhere (x)",
                                        "CREATE INDEX CONCURRENTLY i ON"};
    struct run_test *test = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(first); i++) {
        AUTOPTR(job) *job = JOB(test, S, first[i], "CREATE TABLE a (x int)");
        AUTOPTR(job) *alone = JOB(test, S, first[i]);
        assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "");
        assert_int_equal(test->result.statements_done, 0);
        assert_value("1 false", VERSION_SQL);
        assert_fails(test, alone, RUN_OUTCOME_ROLLED_BACK, "");
        assert_value("1 false", VERSION_SQL);
    }
}

static void separate__run__leaves_the_version_of_a_missed_migration(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, S, "CREATE TABLE a (x int)", "SELECT 1 / 0");
    job->job.writes_version = FALSE;
    assert_fails(test, job, RUN_OUTCOME_DIRTY, "statement 1 of 2 is in; 2 failed");
    assert_contains(error_detail(test->error)->advice, "'winch up --missed'");
    assert_null(strstr(error_detail(test->error)->advice, "force"));
    assert_value("1 false", VERSION_SQL);
}

static void separate__run__names_the_invalid_index_it_left(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE TABLE a AS SELECT 1 AS x FROM generate_series(1, 2)");
    AUTOPTR(job) *job = JOB(test, S, "CREATE UNIQUE INDEX CONCURRENTLY \"I\" ON a (x)");
    assert_fails(test, job, RUN_OUTCOME_DIRTY, "it left the invalid index public.\"I\"");
    assert_contains(test->error->message, "its one statement is not in");
    assert_contains(error_detail(test->error)->advice, "DROP INDEX CONCURRENTLY public.\"I\"");
    assert_value("2 true", VERSION_SQL);
    assert_true(database_force(test->database, 1, NULL, NULL));
    AUTOPTR(job) *other = JOB(test, S, "CREATE INDEX CONCURRENTLY j ON nowhere (x)");
    assert_fails(test, other, RUN_OUTCOME_ROLLED_BACK, "nowhere");
}

static void separate__run__builds_an_index_and_has_the_lock_again(void **state)
{
    struct run_test *test = *state;
    struct lock_holder holder;
    cluster_exec("run", "CREATE TABLE a (x int)");
    AUTOPTR(job) *job = JOB(test, S, "CREATE INDEX CONCURRENTLY i ON a (x)");
    assert_run(test, job);
    assert_int_equal(database_lock_holder(test->database, &holder, NULL), 1);
    assert_value("t", "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass");
}

static void whole__run__tells_what_it_committed_itself(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *good = JOB(test, W, "BEGIN", "CREATE TABLE a (x int)", "COMMIT", "SELECT 1");
    AUTOPTR(job) *part = JOB(test, W, "BEGIN", "CREATE TABLE b (x int)", "COMMIT", "SELECT 1 / 0");
    AUTOPTR(job) *none = JOB(test, W, "CREATE TABLE c (x int)", "SELECT 1 / 0");
    assert_run(test, good);
    assert_true(database_force(test->database, 1, NULL, NULL));
    assert_fails(test, none, RUN_OUTCOME_ROLLED_BACK, "division by zero");
    assert_value("1 false", VERSION_SQL);
    assert_value("0", "SELECT count(*) FROM pg_class WHERE relname = 'c'");
    assert_fails(test, part, RUN_OUTCOME_DIRTY, "what it committed itself is in");
    assert_value("2 true", VERSION_SQL);
    assert_value("1", "SELECT count(*) FROM pg_class WHERE relname = 'b'");
}

static void whole__run__finds_a_transaction_left_open(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, W, "BEGIN", "CREATE TABLE a (x int)");
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "leaves a transaction open");
    assert_value("0", "SELECT count(*) FROM pg_class WHERE relname = 'a'");
    assert_value("1 false", VERSION_SQL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, run_test_setup, run_test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(separate__run__is_dirty_first_and_records_each_statement),
        TEST(separate__run__fails_part_way_and_says_what_is_in),
        TEST(separate__run__advises_what_is_true_of_a_dirty_database),
        TEST(separate__run__records_how_long_a_failure_took),
        TEST(separate__run__puts_the_version_back_when_nothing_is_in),
        TEST(separate__run__leaves_the_version_of_a_missed_migration),
        TEST(separate__run__names_the_invalid_index_it_left),
        TEST(separate__run__builds_an_index_and_has_the_lock_again),
        TEST(whole__run__tells_what_it_committed_itself),
        TEST(whole__run__finds_a_transaction_left_open),
    };
    return cmocka_run_group_tests_name("separate", tests, cluster_setup, cluster_teardown);
}
