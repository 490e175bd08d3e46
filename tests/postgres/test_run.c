/* Migrations that are one transaction, on a real server. */
#include "postgres/run_support.h"

#include <string.h>

#include "support/cluster.h"

#define T PROTOCOL_TRANSACTION

/* ---- success -------------------------------------------------------------------------------- */

static void run__commits__statements_version_and_history_together(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)", "INSERT INTO a VALUES (1), (2)");
    assert_run(test, job);
    assert_int_equal(test->result.statements_done, 2);
    assert_value("2 false", VERSION_SQL);
    assert_value("up done", HISTORY_SQL);
    assert_value("2", "SELECT count(*) FROM a");
    assert_value(test->result.xid, "SELECT xid FROM winch.history");
    assert_string_equal(test->events->str, "started 0 0 \ndone 0 -1 \nstarted 1 0 \ndone 1 2 \n"
                                           "committing 2 0 \n");
}

static void run__takes_one_round_trip__when_all_is_well(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)", "CREATE TABLE b (x int)");
    assert_run(test, job);
    guint64 before = database_round_trips(test->database);
    AUTOPTR(job) *more = JOB(test, T, "CREATE TABLE c (x int)", "CREATE TABLE d (x int)");
    assert_run(test, more);
    assert_int_equal(database_round_trips(test->database) - before, 1);
}

static void run__runs_nothing__for_an_empty_half(void **state)
{
    struct run_test *test = *state;
    const char *const none[] = {NULL};
    AUTOPTR(job) *job = job_new(test, T, none);
    assert_run(test, job);
    assert_value("2 false", VERSION_SQL);
}

static void run__empties_the_table__for_no_version(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "SELECT 1");
    job->job.version_after = -1;
    assert_run(test, job);
    assert_value("0", "SELECT count(*) FROM schema_migrations");
}

static void run__leaves_the_version__of_a_missed_migration(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)");
    job->job.writes_version = FALSE;
    assert_run(test, job);
    assert_value("1 false", VERSION_SQL);
}

static void run__writes__though_transactions_are_read_only_by_default(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "ALTER DATABASE run SET default_transaction_read_only = on");
    run_test_reopen(test);
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)");
    job->job.begin_modes = "ISOLATION LEVEL SERIALIZABLE";
    assert_run(test, job);
    cluster_exec("postgres", "ALTER DATABASE run RESET default_transaction_read_only");
    assert_value("2 false", VERSION_SQL);
}

static void run__takes_modes__set_as_the_first_statement(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                            "CREATE TABLE a AS SELECT current_setting('transaction_isolation')");
    assert_run(test, job);
    assert_value("repeatable read", "SELECT * FROM a");
}

static void run__streams__results_of_a_million_rows(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "SELECT repeat('x', 50) FROM generate_series(1, 1000000)",
                            "CREATE TABLE a (x int)");
    assert_run(test, job);
    assert_contains(test->events->str, "done 0 1000000");
}

static void run__does_not_deadlock__with_ten_thousand_statements(void **state)
{
    struct run_test *test = *state;
    g_autoptr(GPtrArray) statements = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(statements, g_strdup("CREATE TABLE a (x int, y text)"));
    for (int i = 0; i < 10000; i++)
        g_ptr_array_add(statements,
                        g_strdup_printf("INSERT INTO a SELECT %d, repeat('y', 100) RETURNING *, "
                                        "'%s'",
                                        i, "some more text, so that it does not fit any buffer"));
    g_ptr_array_add(statements, NULL);
    AUTOPTR(job) *job = job_new(test, T, (const char *const *)statements->pdata);
    assert_run(test, job);
    assert_value("10000", "SELECT count(*) FROM a");
}

static void run__takes__one_statement_of_a_megabyte(void **state)
{
    struct run_test *test = *state;
    g_autofree char *megabyte = g_strnfill(1 << 20, 'z');
    g_autofree char *sql = g_strdup_printf("CREATE TABLE a AS SELECT '%s' AS x", megabyte);
    AUTOPTR(job) *job = JOB(test, T, sql);
    assert_run(test, job);
    assert_value("1048576", "SELECT length(x) FROM a");
}

static void run__reports_notices__with_their_statement(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "SELECT 1", "DROP TABLE IF EXISTS nothing");
    assert_run(test, job);
    assert_contains(test->events->str,
                    "notice 1 0 NOTICE: table \"nothing\" does not exist, skipping");
}

/* More of them, and larger ones, than go in one message. */
static void run_begin__keeps_files__in_the_vault(void **state)
{
    struct run_test *test = *state;
    enum { COUNT = 2100 };
    g_autofree char *filler = g_strnfill(3 << 20, 'z');
    struct run_file files[COUNT];
    AUTOPTR(history_record) *record = history_record_new(HISTORY_STARTED, OUTCOME_DONE);
    for (guint i = 0; i < COUNT; i++)
        files[i] = (struct run_file){
            i % 1000 == 3 ? g_bytes_new(filler, 3 << 20)
                          : g_bytes_new_take(g_strdup_printf("SELECT %u;", i), i % 10 == 0 ? 0 : 8),
            g_strdup_printf("%04x", i == COUNT - 1 ? 0 : i)};
    assert_true(database_run_begin(test->database, record, files, COUNT, NULL));
    assert_true(record->id > 0);
    assert_value("2099", "SELECT count(*) FROM winch.files");
    assert_value("t", "SELECT bool_and(length(content) = CASE WHEN n % 1000 = 3 THEN 3 << 20 "
                      "WHEN n % 10 = 0 THEN 0 ELSE 8 END) FROM winch.files, LATERAL (SELECT "
                      "('x' || lpad(sha256, 8, '0'))::bit(32)::int AS n) AS i");
    g_autoptr(GBytes) read = database_file_read(test->database, "0001", NULL);
    assert_true(g_bytes_equal(read, files[1].bytes));
    for (guint i = 0; i < COUNT; i++) {
        g_bytes_unref(files[i].bytes);
        g_free((char *)(gsize)files[i].sha256);
    }
}

static void run_begin__leaves_no_row__when_a_text_cannot_be_kept(void **state)
{
    struct run_test *test = *state;
    g_autoptr(GBytes) bytes = g_bytes_new_static("SELECT 1;", 9);
    struct run_file files[1500];
    AUTOPTR(history_record) *record = history_record_new(HISTORY_STARTED, OUTCOME_DONE);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        files[i] = (struct run_file){bytes, "aa"};
    cluster_exec("run", "DROP TABLE winch.files CASCADE");
    const guint counts[] = {1, G_N_ELEMENTS(files)};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(database_run_begin(test->database, record, files, counts[i], &error));
        assert_contains(error->message, "winch.files");
        assert_value("0", "SELECT count(*) FROM winch.history");
    }
}

static void run__reads_copy_to_stdout__and_throws_it_away(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "COPY (SELECT generate_series(1, 100000)) TO STDOUT",
                            "CREATE TABLE a (x int)");
    assert_run(test, job);
    assert_value("2 false", VERSION_SQL);
}

static void run__refuses_copy_from_stdin__and_stays_usable(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)", "COPY a FROM STDIN", "SELECT 1");
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "COPY");
    assert_int_equal(test->result.failed_statement, 1);
    assert_value("1 false", VERSION_SQL);
    AUTOPTR(job) *next = JOB(test, T, "CREATE TABLE a (x int)");
    assert_run(test, next);
}

/* ---- failure -------------------------------------------------------------------------------- */

static void run__rolls_everything_back__wherever_it_fails(void **state)
{
    struct run_test *test = *state;
    for (guint failing = 0; failing < 4; failing++) {
        const char *statements[] = {"CREATE TABLE a (x int)", "CREATE TABLE b (x int)",
                                    "INSERT INTO a VALUES (1)", "CREATE TABLE c (x int)", NULL};
        statements[failing] = "SELECT 1 / 0";
        AUTOPTR(job) *job = job_new(test, T, statements);
        assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "division by zero");
        assert_int_equal(test->result.failed_statement, failing);
        const struct error_detail *detail = error_detail(test->error);
        assert_int_equal(detail->line, failing + 1);
        assert_string_equal(detail->sqlstate, "22012");
        assert_string_equal(detail->statement, "SELECT 1 / 0");
        assert_value("1 false", VERSION_SQL);
        assert_value("0", "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b', 'c')");
    }
    assert_value("up failed, up failed, up failed, up failed", HISTORY_SQL);
    assert_value("4", "SELECT statement FROM winch.history ORDER BY id DESC LIMIT 1");
}

static void run__finds_the_place__of_an_error(void **state)
{
    static const struct {
        const char *sql;
        unsigned line, column;
        const char *line_text;
    } cases[] = {
        {"SELECT wrong", 2, 8, "SELECT wrong;"},
        {"SELECT 'äöü€𝄞',\n  wrong", 3, 3, "  wrong;"},
        {"SELECT 'äöü€𝄞', wrong", 2, 17, "SELECT 'äöü€𝄞', wrong;"},
        {"SELECT 1,\r\n\r\n   wrong\r\n", 4, 4, "   wrong"},
        {"SELECT (1", 2, 10, "SELECT (1;"},
        {"SELECT 1 / 0", 2, 1, "SELECT 1 / 0;"},
        {"SELECT 1\nFROM a JOIN b\nUSING (zz)", 3, 13, "FROM a JOIN b"},
    };
    struct run_test *test = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (ä int)", cases[i].sql, "SELECT 2");
        assert_false(job_run(test, job));
        const struct error_detail *detail = error_detail(test->error);
        assert_string_equal(detail->file, "000002_x.up.sql");
        if (i == 4) /* "at end of input" */
            assert_string_equal(detail->sqlstate, "42601");
        assert_int_equal(detail->line, cases[i].line);
        assert_int_equal(detail->column, cases[i].column);
        assert_string_equal(detail->line_text, cases[i].line_text);
    }
}

static void run__carries__what_the_server_adds(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T,
                            "DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'the detail', "
                            "HINT = 'the hint', ERRCODE = 'WW001'; END $$");
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "no");
    const struct error_detail *detail = error_detail(test->error);
    assert_string_equal(detail->detail, "the detail");
    assert_string_equal(detail->hint, "the hint");
    assert_string_equal(detail->sqlstate, "WW001");
    assert_contains(detail->context, "inline_code_block");
    assert_value("WW001", "SELECT sqlstate FROM winch.history");
}

static void run__names_the_internal_query__of_an_error_inside_a_function(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "DO $$ BEGIN PERFORM wrong; END $$");
    assert_false(job_run(test, job));
    assert_contains(error_detail(test->error)->context, "SELECT wrong");
}

static void run__says_how__to_run_what_no_transaction_takes(void **state)
{
    static const char *const statements[] = {
        "VACUUM", "CREATE INDEX CONCURRENTLY i ON schema_migrations (dirty)",
        "DO $$ BEGIN COMMIT; END $$", "ALTER SYSTEM RESET work_mem"};
    struct run_test *test = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(statements); i++) {
        AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a (x int)", statements[i]);
        assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "");
        assert_contains(error_detail(test->error)->advice, "transaction off");
        assert_value("1 false", VERSION_SQL);
    }
}

static void run__refuses__two_statements_taken_for_one(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "SELECT 1; SELECT 2");
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "multiple commands");
    assert_contains(error_detail(test->error)->advice, "transaction off");
}

static void run__fails_at_the_commit__for_a_deferred_constraint(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE p (x int PRIMARY KEY)",
                            "CREATE TABLE c (x int REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
                            "INSERT INTO c VALUES (1)");
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "committing: ");
    assert_int_equal(test->result.failed_statement, 3);
    assert_string_equal(error_detail(test->error)->sqlstate, "23503");
    assert_value("1 false", VERSION_SQL);
    assert_value("up failed", HISTORY_SQL);
}

static void run__refuses__a_nul_byte(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "SELECT 1", "SELECT 'axb'");
    *strchr(job->text->str, 'x') = '\0';
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "NUL");
    assert_value("1 false", VERSION_SQL);
}

static void run__notices__a_file_that_ends_its_transaction(void **state)
{
    static const char *const middles[] = {"COMMIT", "ROLLBACK", "RESET ALL"};
    struct run_test *test = *state;
    for (gsize i = 0; i < 2; i++) {
        AUTOPTR(job) *job = JOB(test, T, "CREATE TEMP TABLE a (x int)", middles[i], "BEGIN");
        assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "ended the transaction");
        assert_value("1 false", VERSION_SQL);
        AUTOPTR(job) *reset = JOB(test, T, middles[i], "BEGIN", "RESET ALL");
        assert_fails(test, reset, RUN_OUTCOME_ROLLED_BACK, "ended the transaction");
        run_test_reopen(test);
    }
    AUTOPTR(job) *innocent = JOB(test, T, "RESET ALL", "SELECT 1");
    assert_run(test, innocent);
}

static void run__says_retryable__for_a_lock_timeout(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE TABLE a (x int)");
    g_autofree char *url = cluster_url("run");
    const struct database_options options = {.url = url};
    struct database *other = database_open(&options, NULL);
    assert_true(database_rehearsal_begin(other, 0, NULL));
    AUTOPTR(job) *holder = JOB(test, T, "LOCK TABLE a");
    struct run_result ignored;
    assert_true(database_rehearse(other, &holder->job, &ignored, NULL));
    AUTOPTR(job) *job = JOB(test, T, "ALTER TABLE a ADD y int");
    job->job.lock_timeout = 2500;
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "lock timeout");
    assert_true(test->result.is_retryable);
    assert_contains(test->events->str, "blocked 0 0 pid ");
    assert_contains(error_detail(test->error)->advice, "idle in transaction");
    database_rehearsal_end(other);
    assert_run(test, job);
    database_close(other);
}

/* A session that reads what the run has locked; it is let go when the run commits. */
static gpointer read_locked(gpointer data)
{
    (void)data;
    cluster_exec("run", "SET application_name = 'api'; SELECT count(*) FROM a");
    return NULL;
}

static void let_go(struct run_test *test)
{
    (void)test;
    cluster_exec("run", "INSERT INTO seen VALUES (1)");
}

static void start_reader(struct run_test *test)
{
    test->helper = g_thread_new("reader", read_locked, NULL);
    test->trigger_event = "blocking 1";
    test->trigger = let_go;
}

#define UNTIL_SEEN                                                                                 \
    "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM seen) LOOP PERFORM pg_sleep(0.02); END LOOP; END "  \
    "$$"

static void run__tells__who_waits_for_it(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE TABLE a (x int); CREATE TABLE seen (x int)");
    AUTOPTR(job) *job = JOB(test, T, "ALTER TABLE a ADD y int", UNTIL_SEEN);
    test->trigger_event = "started 1";
    test->trigger = start_reader;
    assert_run(test, job);
    assert_contains(test->events->str, "blocking 1 0 1 session waits for this, ");
    assert_contains(test->events->str, "postgres@local api, active for ");
    assert_contains(test->events->str, "SELECT count(*) FROM a");
    assert_null(strstr(test->events->str, "blocked "));
}

/* ---- checks --------------------------------------------------------------------------------- */

static void run__fails__when_a_check_returns_a_row(void **state)
{
    struct run_test *test = *state;
    const struct run_check checks[] = {{"good", "SELECT x FROM a WHERE x > 5", 3},
                                       {"bad", "SELECT x, 'y' AS y FROM a WHERE x < 5", 4},
                                       {"later", "SELECT 1", 5}};
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE a AS SELECT 1 AS x");
    job->job.checks = checks;
    job->job.check_count = 3;
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "check \"bad\" returned a row: x = 1, y = y");
    assert_int_equal(error_detail(test->error)->line, 4);
    assert_contains(test->events->str, "check 0 0 good");
    assert_value("1 false", VERSION_SQL);
    job->job.check_count = 1;
    assert_run(test, job);
}

/* ---- session state -------------------------------------------------------------------------- */

static void run__puts_back__what_a_file_changed(void **state)
{
    static const char *const changes[] = {
        "SET search_path = evil, pg_catalog",
        "SET ROLE nobody_in_particular",
        "SET SESSION AUTHORIZATION nobody_in_particular",
        "SET session_replication_role = replica",
        "SET row_security = off",
        "SELECT pg_advisory_unlock_all()",
        "SELECT set_config('search_path', '', false)",
    };
    struct run_test *test = *state;
    cluster_exec("run", "DROP ROLE IF EXISTS nobody_in_particular");
    cluster_exec("run", "CREATE ROLE nobody_in_particular");
    cluster_exec("run", "CREATE SCHEMA evil");
    cluster_exec("run", "CREATE FUNCTION evil.f(text, text) RETURNS bool LANGUAGE sql AS "
                        "'SELECT 1 / 0 = 1'");
    cluster_exec("run", "CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = "
                        "evil.f)");
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        AUTOPTR(job) *job = JOB(test, T, changes[i]);
        assert_run(test, job);
        assert_contains(test->events->str, "leftover");
        AUTOPTR(job) *look = JOB(
            test, T, "DROP TABLE IF EXISTS public.a",
            "CREATE TABLE a AS SELECT session_user || ' ' || current_user || ' ' || "
            "current_setting('search_path') || ' ' || current_setting('session_replication_role') "
            "|| ' ' || current_setting('row_security') AS x");
        assert_run(test, look);
        assert_null(strstr(test->events->str, "leftover"));
        assert_value("postgres postgres \"$user\", public origin on", "SELECT x FROM public.a");
        struct lock_holder holder;
        assert_int_equal(database_lock_holder(test->database, &holder, NULL), 1);
    }
    assert_value("7", "SELECT count(*) FROM winch.history WHERE outcome = 'done' AND message IS "
                      "NULL AND id % 2 = 1");
}

static void run__names_and_cleans__what_a_session_keeps(void **state)
{
    static const struct {
        const char *statement, *leftover;
    } cases[] = {
        {"PREPARE plan AS SELECT 1", "prepared statement plan"},
        {"DECLARE kept CURSOR WITH HOLD FOR SELECT 1", "cursor kept"},
        {"CREATE TEMP TABLE passing (x int)", "temporary relation passing"},
        {"LISTEN channel", "LISTEN channel"},
        {"SELECT pg_advisory_lock(42), pg_advisory_lock(42), pg_advisory_lock_shared(-3, 7)",
         "advisory lock 42"},
        {"CREATE TABLE locked AS SELECT pg_try_advisory_lock(42) AS x", "advisory lock 42"},
        {"SET work_mem = '1MB'", "setting work_mem"},
        {"SELECT set_config('statement_timeout', '5s', false)", "setting statement_timeout"},
    };
    struct run_test *test = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        AUTOPTR(job) *job = JOB(test, T, cases[i].statement);
        assert_run(test, job);
        assert_contains(test->events->str, cases[i].leftover);
        AUTOPTR(job) *look =
            JOB(test, T, "DROP TABLE IF EXISTS a",
                "CREATE TABLE a AS SELECT (SELECT count(*) FROM pg_prepared_statements WHERE "
                "from_sql) + (SELECT count(*) FROM pg_cursors WHERE is_holdable) + (SELECT "
                "count(*) FROM pg_class "
                "WHERE relname = 'passing') + (SELECT count(*) FROM pg_listening_channels()) + "
                "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid IN (42, 7)) "
                "+ (current_setting('work_mem') = '1MB')::int AS x");
        assert_run(test, look);
        assert_null(strstr(test->events->str, "leftover"));
        assert_value("0", "SELECT x FROM a");
    }
}

#define KEEPING " LANGUAGE plpgsql AS $$BEGIN EXECUTE 'LISTEN channel'; "

/* Code that a file reaches without a word of its own that says so. */
static void run__names__what_hidden_code_keeps(void **state)
{
    static const char *const kept = "LISTEN channel";
    struct run_test *test = *state;
    cluster_exec("run", "CREATE FUNCTION bound() RETURNS int" KEEPING "RETURN 1; END$$;"
                        "CREATE FUNCTION every() RETURNS event_trigger" KEEPING "END$$;"
                        "CREATE TABLE whole (x int) PARTITION BY RANGE (x)");
    AUTOPTR(job) *part =
        JOB(test, T, "CREATE TABLE part PARTITION OF whole FOR VALUES FROM (bound()) TO (2)");
    assert_run(test, part);
    assert_contains(test->events->str, kept);
    AUTOPTR(job) *plain = JOB(test, T, "CREATE TABLE plain (x int)");
    assert_run(test, plain);
    assert_null(strstr(test->events->str, "leftover"));
    AUTOPTR(job) *trigger =
        JOB(test, T, "CREATE EVENT TRIGGER every ON ddl_command_end EXECUTE FUNCTION every()");
    assert_run(test, trigger);
    AUTOPTR(job) *other = JOB(test, T, "CREATE TABLE other (x int)");
    assert_run(test, other);
    assert_contains(test->events->str, kept);
    run_test_reopen(test);
    AUTOPTR(job) *third = JOB(test, T, "CREATE TABLE third (x int)");
    assert_run(test, third);
    assert_contains(test->events->str, kept);
}

static void run__carries_state__when_asked_to(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE SCHEMA other");
    AUTOPTR(job) *job = JOB(test, T, "SET search_path = other");
    job->job.keeps_session_state = TRUE;
    assert_run(test, job);
    AUTOPTR(job) *next = JOB(test, T, "CREATE TABLE a (x int)");
    next->job.keeps_session_state = TRUE;
    assert_run(test, next);
    assert_value("other", "SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'a'");
}

static void run__limits_each_statement__and_only_while_it_runs(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job =
        JOB(test, T, "SELECT pg_sleep(0.3)", "SELECT pg_sleep(0.3)", "SELECT pg_sleep(0.3)");
    job->job.timeout = 500;
    assert_run(test, job);
    job->job.timeout = 100;
    assert_fails(test, job, RUN_OUTCOME_ROLLED_BACK, "statement timeout");
    assert_true(error_is(test->error, ERROR_FAILED));
    job->job.timeout = 0;
    assert_run(test, job);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, run_test_setup, run_test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(run__commits__statements_version_and_history_together),
        TEST(run__takes_one_round_trip__when_all_is_well),
        TEST(run__runs_nothing__for_an_empty_half),
        TEST(run__empties_the_table__for_no_version),
        TEST(run__leaves_the_version__of_a_missed_migration),
        TEST(run__writes__though_transactions_are_read_only_by_default),
        TEST(run__takes_modes__set_as_the_first_statement),
        TEST(run__streams__results_of_a_million_rows),
        TEST(run__does_not_deadlock__with_ten_thousand_statements),
        TEST(run__takes__one_statement_of_a_megabyte),
        TEST(run__reports_notices__with_their_statement),
        TEST(run_begin__keeps_files__in_the_vault),
        TEST(run_begin__leaves_no_row__when_a_text_cannot_be_kept),
        TEST(run__reads_copy_to_stdout__and_throws_it_away),
        TEST(run__refuses_copy_from_stdin__and_stays_usable),
        TEST(run__rolls_everything_back__wherever_it_fails),
        TEST(run__finds_the_place__of_an_error),
        TEST(run__carries__what_the_server_adds),
        TEST(run__names_the_internal_query__of_an_error_inside_a_function),
        TEST(run__says_how__to_run_what_no_transaction_takes),
        TEST(run__refuses__two_statements_taken_for_one),
        TEST(run__fails_at_the_commit__for_a_deferred_constraint),
        TEST(run__refuses__a_nul_byte),
        TEST(run__notices__a_file_that_ends_its_transaction),
        TEST(run__says_retryable__for_a_lock_timeout),
        TEST(run__tells__who_waits_for_it),
        TEST(run__fails__when_a_check_returns_a_row),
        TEST(run__puts_back__what_a_file_changed),
        TEST(run__names_and_cleans__what_a_session_keeps),
        TEST(run__names__what_hidden_code_keeps),
        TEST(run__carries_state__when_asked_to),
        TEST(run__limits_each_statement__and_only_while_it_runs),
    };
    return cmocka_run_group_tests_name("run", tests, cluster_setup, cluster_teardown);
}
