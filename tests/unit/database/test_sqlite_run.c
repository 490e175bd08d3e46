/* Running migrations in SQLite: what is true of the file afterwards, however it went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "sqlite_fixture.h"

#define SQL(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Runs a job and checks how it ended. Free the error with g_error_free(). */
static GError *run(struct sqlite_fixture *fixture, const struct fixture_job *job,
                   enum run_outcome outcome, struct run_result *result)
{
    GError *error = NULL;
    gboolean is_done = database_run(fixture->database, &job->job, result, &error);
    assert_int_equal(is_done, error == NULL);
    if (result->outcome != outcome)
        fail_msg("outcome %d: %s", (int)result->outcome, error != NULL ? error->message : "done");
    assert_int_equal(is_done, outcome == RUN_OUTCOME_COMMITTED);
    return error;
}

static void expect_chain(struct sqlite_fixture *fixture, guint count)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *hash = NULL;
    gint64 rows = -1;
    g_autoptr(GPtrArray) records = database_history_read(fixture->database, 0, &error);
    assert_null(error);
    assert_true(database_history_head(fixture->database, &rows, &hash, NULL));
    if (!history_verify(records, rows, hash, &error))
        fail_msg("%s", error->message);
    assert_int_equal(records->len, count);
}

static void sqlite_run__transaction__commits_all_as_one(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job = fixture_job_new(
        fixture, PROTOCOL_TRANSACTION, -1, 3,
        SQL("CREATE TABLE t (n)", "INSERT INTO t VALUES (1), (2)",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END", "SELECT * FROM t"));
    assert_null(run(fixture, job, RUN_OUTCOME_COMMITTED, &result));
    assert_int_equal(result.statements_done, 4);
    assert_int_equal(result.failed_statement, 4);
    fixture_expect(fixture, "SELECT version || ' ' || dirty FROM schema_migrations", "3 0");
    fixture_expect(fixture, "SELECT sum(n) FROM t", "3");
    assert_true(fixture_heard(fixture, "done 0 -1"));
    assert_true(fixture_heard(fixture, "done 1 2"));
    assert_true(fixture_heard(fixture, "done 3 2"));
    assert_false(fixture_heard(fixture, "leftover"));
    fixture_expect(fixture, "SELECT kind || outcome || version || from_version FROM winch_history",
                   "updone3-1");
    expect_chain(fixture, 1);
}

static void sqlite_run_begin__keeps_files__beside_its_row(void **state)
{
    struct sqlite_fixture *fixture = *state;
    fixture_install(fixture);
    g_autoptr(GBytes) bytes = g_bytes_new_static("text", 4);
    const struct run_file files[] = {{bytes, "abc"}, {bytes, "abc"}};
    AUTOPTR(history_record) *record = history_record_new(HISTORY_STARTED, OUTCOME_DONE);
    assert_true(database_run_begin(fixture->database, record, files, 2, NULL));
    expect_chain(fixture, 1);
    g_autoptr(GBytes) kept = database_file_read(fixture->database, "abc", NULL);
    assert_true(g_bytes_equal(kept, bytes));
    assert_null(database_file_read(fixture->database, "abd", NULL));
}

static void sqlite_run__transaction__leaves_nothing_of_a_failure(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job = fixture_job_new(
        fixture, PROTOCOL_TRANSACTION, -1, 1,
        SQL("CREATE TABLE t (n UNIQUE)", "INSERT INTO t\nVALUES ('é'), nonsense(1)", "SELECT 1"));
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    const struct error_detail *detail = error_detail(error);
    assert_true(error_is(error, ERROR_FAILED));
    assert_int_equal(result.failed_statement, 1);
    assert_false(result.is_retryable);
    assert_string_equal(detail->file, "migrations/1_a.up.sql");
    assert_int_equal(detail->line, 3);
#if SQLITE_VERSION_NUMBER >= 3038000
    assert_int_equal(detail->column, 15);
#endif
    assert_string_equal(detail->line_text, "VALUES ('é'), nonsense(1);");
    fixture_expect(fixture, "SELECT count(*) FROM sqlite_master WHERE name = 't'", "0");
    fixture_expect(fixture, "SELECT count(*) FROM schema_migrations", "0");
    fixture_expect(fixture,
                   "SELECT outcome || ' ' || to_version || ' ' || line || ' ' || statement"
                   " FROM winch_history",
                   "failed -1 3 2");
    expect_chain(fixture, 1);
}

static void sqlite_run__transaction__names_the_line_at_run_time(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1,
                        SQL("CREATE TABLE t (\n n UNIQUE)", "INSERT INTO t VALUES (1), (1)"));
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    assert_int_equal(error_detail(error)->line, 3);
    assert_non_null(strstr(error->message, "UNIQUE constraint failed"));
    assert_non_null(strstr(error_detail(error)->detail, "2067"));
}

static void sqlite_run__transaction__refuses_what_breaks_out(void **state)
{
    static const struct {
        const char *sql, *message;
    } rows[] = {
        {"COMMIT", "transaction control"},
        {"ROLLBACK", "transaction control"},
        {"BEGIN", "transaction control"},
        {"DELETE FROM winch_history", "winch's own tables"},
        {"DROP TABLE WINCH_CHAIN", "winch's own tables"},
        {"DROP TRIGGER winch_history_no_delete", "winch's own tables"},
        {"ALTER TABLE winch_files RENAME TO x", "winch's own tables"},
        {"INSERT OR REPLACE INTO winch_history (version_table, id) VALUES ('main', 1)",
         "winch's own tables"},
        {"SELECT 1; SELECT 2", "another statement"},
        {"CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1", "incomplete input"},
    };
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        AUTOPTR(fixture_job) *job = fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1,
                                                    SQL("CREATE TABLE t (n)", rows[i].sql));
        g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
        if (strstr(error->message, rows[i].message) == NULL)
            fail_msg("%s: %s", rows[i].sql, error->message);
        fixture_expect(fixture, "SELECT count(*) FROM sqlite_master WHERE name = 't'", "0");
    }
    expect_chain(fixture, G_N_ELEMENTS(rows));
}

static void sqlite_run__check__stops_before_the_commit(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job = fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1,
                                                SQL("CREATE TABLE t AS SELECT 7 AS n"));
    struct run_check checks[] = {{"fine", "SELECT n FROM t WHERE n > 7", 4},
                                 {"low", "SELECT n FROM t WHERE n < 8", 5}};
    job->job.checks = checks;
    job->job.check_count = 2;
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    assert_string_equal(error->message, "check low: it found a row: n 7");
    assert_int_equal(error_detail(error)->line, 5);
    assert_true(fixture_heard(fixture, "check 1 -1 fine"));
    fixture_expect(fixture, "SELECT count(*) FROM sqlite_master WHERE name = 't'", "0");
    checks[1].sql = "DELETE FROM t";
    g_autoptr(GError) writing = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    assert_true(error_is(writing, ERROR_SOURCE));
}

static void sqlite_run__separate__is_clean_after_success(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_SEPARATE, -1, 1,
                        SQL("PRAGMA foreign_keys = ON", "BEGIN", "CREATE TABLE t (n)",
                            "INSERT INTO t VALUES (1)", "COMMIT", "VACUUM"));
    assert_null(run(fixture, job, RUN_OUTCOME_COMMITTED, &result));
    fixture_expect(fixture, "SELECT version || ' ' || dirty FROM schema_migrations", "1 0");
    fixture_expect(fixture, "SELECT group_concat(kind, ' ') FROM winch_history",
                   "dirty statement statement statement statement statement statement up");
    assert_true(fixture_heard(fixture, "PRAGMA foreign_keys"));
    expect_chain(fixture, 8);
}

static void sqlite_run__separate__says_dirty_when_something_is_in(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_SEPARATE, -1, 1,
                        SQL("CREATE TABLE t (n)", "BEGIN", "INSERT INTO t VALUES (1)",
                            "INSERT INTO nowhere "
                            "VALUES (1)"));
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_DIRTY, &result);
    assert_int_equal(result.statements_done, 1);
    assert_int_equal(result.failed_statement, 3);
    assert_false(result.is_retryable);
    assert_non_null(strstr(error_detail(error)->advice, "'winch force none'"));
    assert_non_null(strstr(error_detail(error)->advice, "'winch force 1'"));
    fixture_expect(fixture, "SELECT version || ' ' || dirty FROM schema_migrations", "1 1");
    fixture_expect(fixture, "SELECT count(*) FROM t", "0");
    fixture_expect(fixture, "SELECT group_concat(kind || outcome, ' ') FROM winch_history",
                   "dirtydone statementdone upfailed");
    struct version_state found;
    assert_true(database_version_read(fixture->database, &found, NULL));
    assert_true(found.is_dirty);
    expect_chain(fixture, 3);
}

static void sqlite_run__separate__restores_the_row_when_nothing_is_in(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    assert_true(database_force(fixture->database, 4, NULL, NULL));
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_SEPARATE, 4, 5,
                        SQL("PRAGMA query_only = ON", "BEGIN", "CREATE TABLE t (n)", "COMMIT"));
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    assert_int_equal(result.statements_done, 0);
    fixture_expect(fixture, "SELECT version || ' ' || dirty FROM schema_migrations", "4 0");
}

static void sqlite_run__separate__marks_the_first_down_as_golang_migrate(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    assert_true(database_force(fixture->database, 1, NULL, NULL));
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_SEPARATE, 1, -1, SQL("CREATE TABLE t (n)", "nonsense"));
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_DIRTY, &result);
    fixture_expect(fixture, "SELECT version || ' ' || dirty FROM schema_migrations", "-1 1");
}

static void sqlite_run__whole__runs_the_text_as_it_comes(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_WHOLE, -1, 1, SQL("CREATE TABLE t (n)", "SELECT 'a;b'"));
    job->job.statement_count = 0;
    assert_null(run(fixture, job, RUN_OUTCOME_COMMITTED, &result));
    fixture_expect(fixture, "SELECT version || ' ' || dirty FROM schema_migrations", "1 0");
    AUTOPTR(fixture_job) *wrong = fixture_job_new(
        fixture, PROTOCOL_WHOLE, 1, 2, SQL("CREATE TABLE u (n)", "SELECT 1", "  SELEC 1"));
    wrong->job.statement_count = 0;
    g_autoptr(GError) error = run(fixture, wrong, RUN_OUTCOME_DIRTY, &result);
    assert_int_equal(error_detail(error)->line, 3);
}

static void sqlite_run__whole__refuses_a_transaction_left_open(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_SEPARATE, -1, 1, SQL("BEGIN", "CREATE TABLE t (n)"));
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    assert_true(error_is(error, ERROR_SOURCE));
    fixture_expect(fixture, "SELECT count(*) FROM schema_migrations", "0");
}

static void sqlite_run__timeout__ends_a_statement(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job = fixture_job_new(
        fixture, PROTOCOL_TRANSACTION, -1, 1,
        SQL("CREATE TABLE t (n)",
            "INSERT INTO t WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
            " SELECT count(*) FROM r"));
    job->job.timeout = 30;
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    assert_true(error_is(error, ERROR_FAILED));
    assert_non_null(strstr(error->message, "timeout of 30 ms"));
    assert_int_equal(result.failed_statement, 1);
}

/* A person who cancels once the second statement has begun. */
static void cancel_on_second(const struct run_event *event, void *data)
{
    struct sqlite_fixture *fixture = data;
    if (event->kind == RUN_EVENT_STATEMENT_STARTED && event->statement == 1)
        cancellation_raise(fixture->cancellation, CANCEL_NOW, ERROR_TERMINATED);
}

static void sqlite_run__cancel__rolls_back(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1,
                        SQL("CREATE TABLE t (n)", "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL "
                                                  "SELECT n + 1 FROM r) SELECT count(*) FROM r"));
    job->job.on_event = cancel_on_second;
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    assert_true(error_is(error, ERROR_TERMINATED));
    assert_false(result.is_retryable);
    fixture_expect(fixture, "SELECT count(*) FROM schema_migrations", "0");
    fixture_expect(fixture, "SELECT outcome FROM winch_history", "cancelled");
}

static void sqlite_run__cancel_after__lets_it_finish(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    cancellation_raise(fixture->cancellation, CANCEL_AFTER, ERROR_CANCELLED);
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1, SQL("CREATE TABLE t (n)"));
    assert_null(run(fixture, job, RUN_OUTCOME_COMMITTED, &result));
}

static void sqlite_run__busy__is_retryable(void **state)
{
    static const enum run_protocol protocols[] = {PROTOCOL_TRANSACTION, PROTOCOL_SEPARATE};
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    sqlite3 *other = NULL;
    fixture_install(fixture);
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
        AUTOPTR(fixture_job) *job =
            fixture_job_new(fixture, protocols[i], -1, 1, SQL("CREATE TABLE t (n)"));
        job->job.lock_timeout = 30;
        job->job.record = NULL; /* its row would have to wait, too */
        g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
        assert_true(result.is_retryable);
        assert_true(fixture_heard(fixture, "blocked"));
    }
    sqlite3_close(other);
}

static void sqlite_run__guard__sees_another_tool(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    fixture_exec(fixture, "INSERT INTO schema_migrations (version, dirty) VALUES (9, 1)");
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1, SQL("CREATE TABLE t (n)"));
    g_autoptr(GError) error = run(fixture, job, RUN_OUTCOME_ROLLED_BACK, &result);
    assert_true(error_is(error, ERROR_LOCKED));
    fixture_expect(fixture, "SELECT version FROM schema_migrations", "9");
}

static void sqlite_run__missed__leaves_the_row(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    assert_true(database_force(fixture->database, 9, NULL, NULL));
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, 9, 2, SQL("CREATE TABLE t (n)"));
    job->job.writes_version = FALSE;
    assert_null(run(fixture, job, RUN_OUTCOME_COMMITTED, &result));
    fixture_expect(fixture, "SELECT version FROM schema_migrations", "9");
    expect_chain(fixture, 1);
}

static void sqlite_run__session__is_put_back(void **state)
{
    static const char *const leftovers[] = {
        "temporary table schema_migrations",
        "temporary view v",
        "temporary trigger g",
        "attached database it's",
        "PRAGMA query_only",
        "PRAGMA case_sensitive_like",
        "PRAGMA busy_timeout",
    };
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1,
                        SQL("CREATE TEMP TABLE schema_migrations (version, dirty)",
                            "CREATE TABLE main.t (n)", "CREATE TEMP VIEW v AS SELECT 1",
                            "CREATE TEMP TRIGGER g AFTER INSERT ON main.t BEGIN SELECT 1; END",
                            "ATTACH ':memory:' AS \"it's\"", "PRAGMA case_sensitive_like = 1",
                            "PRAGMA busy_timeout = 7", "PRAGMA query_only = 1"));
    assert_null(run(fixture, job, RUN_OUTCOME_COMMITTED, &result));
    for (gsize i = 0; i < G_N_ELEMENTS(leftovers); i++)
        if (!fixture_heard(fixture, leftovers[i]))
            fail_msg("not heard: %s", leftovers[i]);
    fixture_expect(fixture, "SELECT version FROM main.schema_migrations", "1");
    g_ptr_array_set_size(fixture->events, 0);
    AUTOPTR(fixture_job) *next = fixture_job_new(
        fixture, PROTOCOL_TRANSACTION, 1, 2,
        SQL("INSERT INTO t SELECT count(*) FROM sqlite_temp_master",
            "INSERT INTO t SELECT count(*) - 1 FROM pragma_database_list WHERE name <> 'temp'"));
    assert_null(run(fixture, next, RUN_OUTCOME_COMMITTED, &result));
    fixture_expect(fixture, "SELECT group_concat(n) FROM t", "0,0");
    assert_false(fixture_heard(fixture, "leftover"));
}

static void sqlite_run__rehearsal__leaves_no_trace(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture_install(fixture);
    AUTOPTR(fixture_job) *first =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1, SQL("CREATE TABLE t (n)"));
    AUTOPTR(fixture_job) *wrong = fixture_job_new(fixture, PROTOCOL_TRANSACTION, 1, 2,
                                                  SQL("INSERT INTO t VALUES (1)", "nonsense"));
    AUTOPTR(fixture_job) *last =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, 1, 2, SQL("INSERT INTO t VALUES (2)"));
    AUTOPTR(fixture_job) *outside =
        fixture_job_new(fixture, PROTOCOL_SEPARATE, 1, 2, SQL("VACUUM"));
    struct run_check check = {"two", "SELECT n FROM t WHERE n <> 2", 1};
    last->job.checks = &check;
    last->job.check_count = 1;
    g_autoptr(GError) error = NULL;
    assert_true(database_rehearsal_begin(fixture->database, 1000, &error));
    assert_true(database_rehearse(fixture->database, &first->job, &result, &error));
    assert_false(database_rehearse(fixture->database, &wrong->job, &result, NULL));
    assert_int_equal(result.failed_statement, 1);
    assert_true(database_rehearse(fixture->database, &last->job, &result, &error));
    assert_false(database_rehearse(fixture->database, &outside->job, &result, &error));
    assert_true(error_is(error, ERROR_REFUSED));
    database_rehearsal_end(fixture->database);
    fixture_expect(fixture, "SELECT count(*) FROM sqlite_master WHERE name = 't'", "0");
    expect_chain(fixture, 0);
    assert_null(run(fixture, first, RUN_OUTCOME_COMMITTED, &result));
}

static void sqlite_run__rehearsal__creates_no_file(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct run_result result;
    fixture->database = fixture_open(fixture, "");
    AUTOPTR(fixture_job) *job =
        fixture_job_new(fixture, PROTOCOL_TRANSACTION, -1, 1, SQL("CREATE TABLE t (n)"));
    g_autoptr(GError) error = NULL;
    assert_true(database_rehearsal_begin(fixture->database, 1000, &error));
    assert_true(database_rehearse(fixture->database, &job->job, &result, &error));
    database_rehearsal_end(fixture->database);
    assert_false(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
}

static void sqlite_run__drop__spares_our_tables(void **state)
{
    struct sqlite_fixture *fixture = *state;
    fixture_install(fixture);
    fixture_exec(fixture, "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT);"
                          "CREATE TABLE \"c\"\"x\" (p REFERENCES p); INSERT INTO p VALUES (1);"
                          "INSERT INTO \"c\"\"x\" VALUES (1)");
    AUTOPTR(history_record) *record = history_record_new(HISTORY_DROP, OUTCOME_DONE);
    g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    if (!database_drop(fixture->database, record, dropped, &error))
        fail_msg("%s", error->message);
    assert_int_equal(dropped->len, 3);
    fixture_expect(fixture,
                   "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE"
                   " type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name)",
                   "winch_chain,winch_database,winch_files,winch_history,winch_marks");
    expect_chain(fixture, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sqlite_run__transaction__commits_all_as_one),
        TEST(sqlite_run_begin__keeps_files__beside_its_row),
        TEST(sqlite_run__transaction__leaves_nothing_of_a_failure),
        TEST(sqlite_run__transaction__names_the_line_at_run_time),
        TEST(sqlite_run__transaction__refuses_what_breaks_out),
        TEST(sqlite_run__check__stops_before_the_commit),
        TEST(sqlite_run__separate__is_clean_after_success),
        TEST(sqlite_run__separate__says_dirty_when_something_is_in),
        TEST(sqlite_run__separate__restores_the_row_when_nothing_is_in),
        TEST(sqlite_run__separate__marks_the_first_down_as_golang_migrate),
        TEST(sqlite_run__whole__runs_the_text_as_it_comes),
        TEST(sqlite_run__whole__refuses_a_transaction_left_open),
        TEST(sqlite_run__timeout__ends_a_statement),
        TEST(sqlite_run__cancel__rolls_back),
        TEST(sqlite_run__cancel_after__lets_it_finish),
        TEST(sqlite_run__busy__is_retryable),
        TEST(sqlite_run__guard__sees_another_tool),
        TEST(sqlite_run__missed__leaves_the_row),
        TEST(sqlite_run__session__is_put_back),
        TEST(sqlite_run__rehearsal__leaves_no_trace),
        TEST(sqlite_run__rehearsal__creates_no_file),
        TEST(sqlite_run__drop__spares_our_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
