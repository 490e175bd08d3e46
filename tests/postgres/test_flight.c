/* Several migrations under way at the same time: each by itself, in order, and nothing of what is
 * behind one that is not in. */
#include "postgres/run_support.h"

#include <string.h>

#include "support/cluster.h"
#include "support/proxy.h"

#define T PROTOCOL_TRANSACTION

/* Jobs of versions 2, 3, ... on one database, at version 1. */
struct flight_test {
    struct run_test *run;
    GPtrArray *jobs;
    guint first, done;
};

static int setup(void **state)
{
    struct flight_test *test = g_new0(struct flight_test, 1);
    void *run = NULL;
    test->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_free);
    run_test_setup(&run);
    test->run = run;
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct flight_test *test = *state;
    void *run = test->run;
    g_ptr_array_unref(test->jobs);
    g_free(test);
    return run_test_teardown(&run);
}

static struct job *add_of(struct flight_test *test, const char *const *statements)
{
    struct job *job = job_new(test->run, T, statements);
    gint64 version = (gint64)test->jobs->len + 2;
    job->job.version_before = job->record->from_version = version - 1;
    job->job.version_after = job->record->to_version = job->record->version = version;
    g_ptr_array_add(test->jobs, job);
    return job;
}
#define ADD(test, ...) add_of(test, (const char *const[]){__VA_ARGS__, NULL})

static void hear_begun(guint index, void *data)
{
    struct flight_test *test = data;
    g_string_append_printf(test->run->events, "begun %u\n", index);
}

static void hear_done(guint index, const struct run_result *result, void *data)
{
    struct flight_test *test = data;
    const struct job *job = test->jobs->pdata[test->first + index];
    assert_int_equal(result->outcome, RUN_OUTCOME_COMMITTED);
    assert_int_equal(result->statements_done, job->job.statement_count);
    g_string_append_printf(test->run->events, "in %u\n", index);
}

/* All jobs from first on. */
static gboolean fly_from(struct flight_test *test, guint first)
{
    g_autoptr(GArray) jobs = g_array_new(FALSE, FALSE, sizeof(struct run_job));
    for (guint i = first; i < test->jobs->len; i++)
        g_array_append_val(jobs, ((struct job *)test->jobs->pdata[i])->job);
    struct run_window window = {(const struct run_job *)(gpointer)jobs->data, jobs->len, hear_begun,
                                hear_done, test};
    test->first = first;
    g_clear_error(&test->run->error);
    g_string_truncate(test->run->events, 0);
    gboolean is_good = database_run_window(test->run->database, &window, &test->done,
                                           &test->run->result, &test->run->error);
    assert_int_equal(is_good, test->run->error == NULL);
    return is_good;
}

static void assert_flies(struct flight_test *test, guint done)
{
    if (!fly_from(test, 0))
        fail_msg("%s", test->run->error->message);
    assert_int_equal(test->done, done);
}

static void assert_crashes(struct flight_test *test, guint done, const char *part)
{
    g_autofree char *version = g_strdup_printf("%u false", done + 1);
    assert_false(fly_from(test, 0));
    assert_contains(test->run->error->message, part);
    assert_int_equal(test->done, done);
    assert_int_equal(test->run->result.outcome, RUN_OUTCOME_ROLLED_BACK);
    assert_value(version, VERSION_SQL);
}

#define TABLES_SQL                                                                                 \
    "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND "      \
    "length(relname) = 1"

/* ---- success --------------------------------------------------------------------------------- */

static void flight__commits__each_by_itself_and_in_order(void **state)
{
    struct flight_test *test = *state;
    ADD(test, "CREATE TABLE a (x int)", "INSERT INTO a VALUES (1), (2)");
    ADD(test, "ALTER TABLE a ADD y int");
    ADD(test, "INSERT INTO a SELECT x, y FROM a");
    assert_flies(test, 3);
    assert_value("4 false", VERSION_SQL);
    assert_value("up done, up done, up done", HISTORY_SQL);
    assert_value("3", "SELECT count(DISTINCT xid) FROM winch.history");
    assert_value("2 3 4", "SELECT string_agg(version::text, ' ' ORDER BY id) FROM winch.history");
    assert_value("4", "SELECT count(*) FROM a");
    assert_string_equal(test->run->events->str,
                        "begun 0\nstarted 0 0 \ndone 0 -1 \nstarted 1 0 \ndone 1 2 \n"
                        "committing 2 0 \nin 0\n"
                        "begun 1\nstarted 0 0 \ndone 0 -1 \ncommitting 1 0 \nin 1\n"
                        "begun 2\nstarted 0 0 \ndone 0 2 \ncommitting 1 0 \nin 2\n");
}

static void flight__takes_one_round_trip__for_all(void **state)
{
    struct flight_test *test = *state;
    ADD(test, "CREATE TABLE a (x int)");
    assert_flies(test, 1);
    for (guint i = 0; i < 20; i++)
        ADD(test, "CREATE TABLE b (x int)", "DROP TABLE b");
    guint64 before = database_round_trips(test->run->database);
    assert_true(fly_from(test, 1));
    assert_int_equal(test->done, 20);
    assert_int_equal(database_round_trips(test->run->database) - before, 1);
}

static void flight__does_not_deadlock__with_much_in_both_directions(void **state)
{
    struct flight_test *test = *state;
    g_autofree char *filler = g_strnfill(100000, 'z');
    g_autofree char *sql =
        g_strdup_printf("SELECT i, '%s' FROM generate_series(1, 20) AS i", filler);
    for (guint i = 0; i < 20; i++)
        ADD(test, sql, "SELECT 1");
    assert_flies(test, 20);
    assert_value("21 false", VERSION_SQL);
}

static void flight__begins__where_no_version_is(void **state)
{
    struct flight_test *test = *state;
    struct job *first = ADD(test, "CREATE TABLE a (x int)");
    ADD(test, "CREATE TABLE b (x int)");
    first->job.version_before = -1;
    assert_true(database_force(test->run->database, -1, NULL, NULL));
    assert_flies(test, 2);
    cluster_exec("run", "UPDATE schema_migrations SET version = -1; DROP TABLE a, b");
    assert_flies(test, 2);
}

/* ---- failure --------------------------------------------------------------------------------- */

static void flight__fails__with_those_before_it_in_and_none_behind(void **state)
{
    struct flight_test *test = *state;
    ADD(test, "CREATE TABLE a (x int)");
    ADD(test, "CREATE TABLE b (x int)", "SELECT 1 / 0", "CREATE TABLE c (x int)");
    ADD(test, "CREATE TABLE d (x int)");
    ADD(test, "CREATE TABLE e (x int)");
    assert_crashes(test, 1, "division by zero");
    assert_int_equal(test->run->result.failed_statement, 1);
    assert_value("a", TABLES_SQL);
    assert_value("up done, up failed", HISTORY_SQL);
    assert_value("3", "SELECT version FROM winch.history WHERE outcome = 'failed'");
    assert_null(strstr(test->run->events->str, "begun 2"));
    assert_true(g_str_has_suffix(test->run->events->str, "begun 1\nstarted 0 0 \ndone 0 -1 \n"
                                                         "started 1 0 \n"));
    AUTOPTR(job) *next = JOB(test->run, T, "CREATE TABLE f (x int)");
    assert_run(test->run, next);
}

/* The transaction is over then, so that nothing but the guard keeps the next one from running. */
static void flight__fails__at_a_commit(void **state)
{
    struct flight_test *test = *state;
    ADD(test, "CREATE TABLE a (x int PRIMARY KEY, y int REFERENCES a DEFERRABLE INITIALLY "
              "DEFERRED)");
    ADD(test, "INSERT INTO a VALUES (1, 2)");
    ADD(test, "CREATE TABLE b (x int)");
    ADD(test, "CREATE TABLE c (x int)");
    assert_crashes(test, 1, "foreign key");
    assert_value("a", TABLES_SQL);
    assert_value("up done, up failed", HISTORY_SQL);
}

static void flight__stops__where_the_version_row_is_another(void **state)
{
    struct flight_test *test = *state;
    ADD(test,
        "CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE "
        "schema_migrations SET version = 7, dirty = true; RETURN NULL; END'",
        "CREATE CONSTRAINT TRIGGER move AFTER INSERT ON schema_migrations DEFERRABLE INITIALLY "
        "DEFERRED FOR EACH ROW EXECUTE FUNCTION move()");
    ADD(test, "CREATE TABLE a (x int)");
    ADD(test, "CREATE TABLE b (x int)");
    assert_false(fly_from(test, 0));
    assert_contains(test->run->error->message, "the version row said 7 (dirty), not 2");
    assert_int_equal(test->done, 1);
    assert_value("", TABLES_SQL);
    assert_value("7 true", VERSION_SQL);
}

static void flight__starts_nothing__where_the_version_row_is_another(void **state)
{
    struct flight_test *test = *state;
    ADD(test, "CREATE TABLE a (x int)");
    ADD(test, "CREATE TABLE b (x int)");
    cluster_exec("run", "DELETE FROM schema_migrations");
    assert_false(fly_from(test, 0));
    assert_contains(test->run->error->message, "the version row said none, not 1");
    cluster_exec("run", "INSERT INTO schema_migrations VALUES (1, true)");
    assert_false(fly_from(test, 0));
    assert_contains(test->run->error->message, "the version row said 1 (dirty), not 1");
    assert_value("", TABLES_SQL);
}

static void flight__may_be_retried__where_a_lock_was_in_the_way(void **state)
{
    struct flight_test *test = *state;
    cluster_exec("run", "CREATE TABLE a (x int)");
    ADD(test, "CREATE TABLE b (x int)");
    struct job *waits = ADD(test, "ALTER TABLE a ADD y int");
    ADD(test, "CREATE TABLE c (x int)");
    waits->job.lock_timeout = 50;
    g_autofree char *url = cluster_url("run");
    const struct database_options options = {.url = url, .application_name = "in the way"};
    struct database *other = database_open(&options, NULL);
    AUTOPTR(job) *lock = JOB(test->run, T, "LOCK TABLE a");
    struct run_result ignored;
    lock->job.cancellation = NULL;
    assert_true(database_rehearsal_begin(other, 0, NULL));
    assert_true(database_rehearse(other, &lock->job, &ignored, NULL));
    assert_crashes(test, 1, "lock timeout");
    assert_true(test->run->result.is_retryable);
    database_rehearsal_end(other);
    database_close(other);
    assert_true(fly_from(test, 1));
    assert_int_equal(test->done, 2);
}

/* ---- what a file leaves ---------------------------------------------------------------------- */

/* Put back with the commit, or by the RESET ALL that is on its way behind it. */
static void flight__means_the_same__whatever_was_set_before(void **state)
{
    static const char *const left[] = {
        "CREATE SCHEMA other; SET search_path = other",
        "SET work_mem = '1MB'",
        "SET default_transaction_isolation = 'serializable'",
        "SET default_transaction_read_only = on",
        "CREATE ROLE flier; SET ROLE flier",
        "CREATE ROLE flies; SET SESSION AUTHORIZATION flies",
        "SET session_replication_role = replica",
        "SET lock_timeout = 1",
    };
    struct flight_test *test = *state;
    guint count = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(left); i++) {
        g_auto(GStrv) statements = g_strsplit(left[i], "; ", -1);
        add_of(test, (const char *const *)statements);
        ADD(test,
            "CREATE TABLE seen AS SELECT concat_ws(' ', session_user = current_user, "
            "current_setting('search_path'), current_setting('work_mem'), "
            "current_setting('transaction_isolation'), "
            "current_setting('session_replication_role')) AS state",
            "CREATE TABLE IF NOT EXISTS public.states (state text)",
            "INSERT INTO public.states SELECT state FROM seen", "DROP TABLE public.seen");
        count += 2;
    }
    assert_flies(test, count);
    assert_value("t \"$user\", public 4MB read committed origin",
                 "SELECT string_agg(DISTINCT state, '; ') FROM states");
    assert_contains(test->run->events->str, "leftover 1 0 setting search_path");
    cluster_exec("postgres", "DROP ROLE flier; DROP ROLE flies");
}

/* What only a round trip of its own puts away: the next one finds it, runs nothing, and is left to
 * be run by itself. */
static void assert_is_put_away(struct flight_test *test, const char *leaving, const char *named,
                               const char *counting)
{
    g_autofree char *seen = g_strdup_printf("CREATE TABLE seen AS %s", counting);
    g_auto(GStrv) statements = g_strsplit(leaving, "; ", -1);
    g_ptr_array_set_size(test->jobs, 0);
    cluster_exec("run", "DROP TABLE IF EXISTS seen, z");
    run_test_reopen(test->run);
    assert_true(database_force(test->run->database, 1, NULL, NULL));
    add_of(test, (const char *const *)statements);
    ADD(test, seen);
    ADD(test, "CREATE TABLE z (x int)");
    assert_flies(test, 1);
    assert_contains(test->run->events->str, named);
    assert_true(g_str_has_suffix(test->run->events->str, "in 0\n"));
    assert_null(strstr(test->run->events->str, "begun 1"));
    assert_value("2 false", VERSION_SQL);
    assert_value("", TABLES_SQL);
    assert_true(fly_from(test, 1));
    assert_int_equal(test->done, 2);
    assert_value("0", "SELECT * FROM seen");
}

static void flight__finds__what_the_session_kept(void **state)
{
    struct flight_test *test = *state;
    assert_is_put_away(test, "CREATE TEMPORARY TABLE kept (x int)", "leftover 1 0 temporary",
                       "SELECT count(*) FROM pg_class WHERE relname = 'kept'");
    assert_is_put_away(test, "PREPARE kept AS SELECT 1", "leftover 1 0 prepared statement",
                       "SELECT count(*) FROM pg_prepared_statements WHERE name = 'kept'");
    assert_is_put_away(test, "DECLARE kept CURSOR WITH HOLD FOR SELECT 1", "leftover 1 0 cursor",
                       "SELECT count(*) FROM pg_cursors WHERE name = 'kept'");
    assert_is_put_away(test, "LISTEN kept", "leftover 1 0 LISTEN",
                       "SELECT count(*) FROM pg_listening_channels()");
    assert_is_put_away(test, "SELECT pg_advisory_lock(77)", "leftover 1 0 advisory lock",
                       "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77");
}

/* An event trigger that one makes runs in the next, where it leaves something behind. */
static void flight__finds__what_an_event_trigger_kept(void **state)
{
    struct flight_test *test = *state;
    ADD(test,
        "CREATE FUNCTION keep() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN LISTEN "
        "kept; END'",
        "CREATE EVENT TRIGGER keep ON ddl_command_end EXECUTE FUNCTION keep()");
    ADD(test, "CREATE TABLE a (x int)");
    ADD(test, "CREATE TABLE b (x int)");
    assert_flies(test, 2);
    assert_contains(test->run->events->str, "leftover 1 0 LISTEN");
    assert_value("a", TABLES_SQL);
}

/* Our own statements are prepared; a function may throw them away. */
static void flight__waits__where_ours_were_deallocated(void **state)
{
    struct flight_test *test = *state;
    cluster_exec("run", "CREATE OR REPLACE FUNCTION forget() RETURNS void LANGUAGE plpgsql AS "
                        "'BEGIN EXECUTE ''DEALL'' || ''OCATE ALL''; END'");
    ADD(test, "CREATE TABLE a (x int)");
    ADD(test, "SELECT forget()");
    ADD(test, "CREATE TABLE b (x int)");
    assert_flies(test, 1);
    assert_value("2 false", VERSION_SQL);
    AUTOPTR(job) *alone = g_ptr_array_steal_index(test->jobs, 1);
    assert_run(test->run, alone);
    assert_true(fly_from(test, 1));
    assert_int_equal(test->done, 0); /* what it was begun with is gone too */
    assert_true(fly_from(test, 1));
    assert_int_equal(test->done, 1);
    assert_value("4 false", VERSION_SQL);
}

/* ---- what does not go along ------------------------------------------------------------------ */

static void flight__leaves__what_has_to_be_by_itself(void **state)
{
    static const struct run_check check = {"empty", "SELECT 1 WHERE false", 1};
    static const char *const alone[] = {"COPY (SELECT 1) TO STDOUT",
                                        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                                        "DEALLOCATE ALL", "CREATE TABLE c (x int)"};
    struct flight_test *test = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(alone); i++) {
        g_ptr_array_set_size(test->jobs, 0);
        assert_true(database_force(test->run->database, 1, NULL, NULL));
        ADD(test, "SELECT 1");
        struct job *second = ADD(test, alone[i]);
        if (i == 3) {
            second->job.checks = &check;
            second->job.check_count = 1;
        }
        ADD(test, "SELECT 2");
        assert_flies(test, 1);
        assert_true(fly_from(test, 1));
        assert_int_equal(test->done, 0);
        assert_string_equal(test->run->events->str, "");
    }
}

/* ---- cancelling ------------------------------------------------------------------------------ */

static void on_event(struct flight_test *test, const char *event,
                     void (*trigger)(struct run_test *))
{
    test->run->trigger_event = event;
    test->run->trigger = trigger;
}

static void cancel_now(struct run_test *test)
{
    cancellation_raise(test->cancellation, CANCEL_NOW, ERROR_CANCELLED);
}

static void cancel_terminate(struct run_test *test)
{
    cancellation_raise(test->cancellation, CANCEL_TERMINATE, ERROR_TERMINATED);
}

static void add_sleeper(struct flight_test *test)
{
    ADD(test, "CREATE TABLE a (x int)");
    ADD(test, "CREATE TABLE b (x int)", "SELECT pg_sleep(120)");
    ADD(test, "CREATE TABLE c (x int)");
    ADD(test, "CREATE TABLE d (x int)");
}

static void flight__cancelled__ends_the_one_that_runs(void **state)
{
    struct flight_test *test = *state;
    add_sleeper(test);
    on_event(test, "started 1", cancel_now);
    assert_crashes(test, 1, "");
    assert_true(error_is(test->run->error, ERROR_CANCELLED));
    assert_value("a", TABLES_SQL);
    assert_value("up done, up cancelled", HISTORY_SQL);
    assert_null(strstr(test->run->events->str, "begun 2"));
}

static void flight__terminated__is_settled(void **state)
{
    struct flight_test *test = *state;
    add_sleeper(test);
    on_event(test, "started 1", cancel_terminate);
    assert_crashes(test, 1, "");
    assert_true(error_is(test->run->error, ERROR_TERMINATED));
    assert_true(test->run->result.connection_lost);
    assert_value("a", TABLES_SQL);
    assert_value("up done, up cancelled", HISTORY_SQL);
}

/* ---- the line lost --------------------------------------------------------------------------- */

static void flight__backend_ended__tells_how_far_it_came(void **state)
{
    struct flight_test *test = *state;
    for (guint has_history = 0; has_history < 2; has_history++) {
        g_ptr_array_set_size(test->jobs, 0);
        run_test_reopen(test->run);
        assert_true(database_force(test->run->database, 1, NULL, NULL));
        ADD(test, "SELECT 1");
        ADD(test, "SELECT 2");
        ADD(test, "SELECT pg_terminate_backend(pg_backend_pid())");
        ADD(test, "SELECT 3");
        for (guint i = 0; i < test->jobs->len && has_history == 0; i++)
            ((struct job *)test->jobs->pdata[i])->job.record = NULL;
        assert_crashes(test, 2, "the connection was lost; nothing of it is in");
        assert_true(test->run->result.connection_lost);
        assert_contains(test->run->events->str, "settling");
    }
    assert_value("up done, up done, up failed", HISTORY_SQL);
}

static struct proxy *proxy;

/* In the proxy's thread, the piece delivered, no answer passed on and the line not yet cut: what
 * the server has, it finishes. */
static void wait_for_the_server(void *data)
{
    (void)data;
    for (guint i = 0; i < 20; i++) {
        g_autofree char *row = cluster_value("run", VERSION_SQL);
        if (g_strcmp0(row, "5 false") == 0)
            return;
        g_usleep(10000);
    }
}

static void open_through_proxy(struct flight_test *test)
{
    g_autofree char *url =
        g_strdup_printf("postgres://postgres@127.0.0.1:%u/run?sslmode=disable", proxy_port(proxy));
    const struct database_options options = {.url = url};
    database_close(test->run->database);
    test->run->database = database_open(&options, NULL);
    assert_true(database_lock(test->run->database, 20000, NULL, NULL, NULL));
    assert_true(database_force(test->run->database, 1, NULL, NULL));
}

static void add_numbered(struct flight_test *test, guint run, gboolean has_history)
{
    struct job *job = ADD(test, "SELECT 1");
    g_free(job->record->run_id);
    job->record->run_id = g_strdup_printf("%016x", run);
    if (!has_history)
        job->job.record = NULL;
}

/* Cuts the line behind this piece of what is sent. *was_cut is FALSE when there are not so many. */
static guint cut_behind(struct flight_test *test, guint piece, gboolean has_history,
                        gboolean *was_cut)
{
    g_ptr_array_set_size(test->jobs, 0);
    open_through_proxy(test);
    add_numbered(test, piece, has_history);
    assert_flies(test, 1); /* it has noted by what the server is known */
    for (guint i = 0; i < 3; i++)
        add_numbered(test, piece, has_history);
    proxy_trap(proxy, piece, TRUE, wait_for_the_server, NULL);
    fly_from(test, 1);
    *was_cut = proxy_trap_has_sprung(proxy);
    proxy_trap(proxy, 0, FALSE, NULL, NULL);
    g_autofree char *version = g_strdup_printf("%u false", test->done + 2);
    assert_value(version, VERSION_SQL);
    assert_int_equal(test->run->error == NULL, test->done == 3);
    if (*was_cut)
        assert_contains(test->run->events->str, "settling");
    return test->done;
}

static void flight__line_cut__finds_how_many_are_in(void **state)
{
    struct flight_test *test = *state;
    g_autofree char *socket =
        g_strdup_printf("%s/.s.PGSQL.5432", scratch_server_directory(cluster_server()));
    for (guint has_history = 0; has_history < 2; has_history++) {
        guint done = 0;
        gboolean was_cut = TRUE;
        proxy = proxy_start(socket, 0);
        for (guint piece = 1; was_cut; piece++)
            done = cut_behind(test, piece, has_history == 1, &was_cut);
        proxy_stop(proxy);
        assert_int_equal(done, 3);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flight__commits__each_by_itself_and_in_order),
        TEST(flight__takes_one_round_trip__for_all),
        TEST(flight__does_not_deadlock__with_much_in_both_directions),
        TEST(flight__begins__where_no_version_is),
        TEST(flight__fails__with_those_before_it_in_and_none_behind),
        TEST(flight__fails__at_a_commit),
        TEST(flight__stops__where_the_version_row_is_another),
        TEST(flight__starts_nothing__where_the_version_row_is_another),
        TEST(flight__may_be_retried__where_a_lock_was_in_the_way),
        TEST(flight__means_the_same__whatever_was_set_before),
        TEST(flight__finds__what_the_session_kept),
        TEST(flight__finds__what_an_event_trigger_kept),
        TEST(flight__waits__where_ours_were_deallocated),
        TEST(flight__leaves__what_has_to_be_by_itself),
        TEST(flight__cancelled__ends_the_one_that_runs),
        TEST(flight__terminated__is_settled),
        TEST(flight__backend_ended__tells_how_far_it_came),
        TEST(flight__line_cut__finds_how_many_are_in),
    };
    return cmocka_run_group_tests_name("flight", tests, cluster_setup, cluster_teardown);
}
