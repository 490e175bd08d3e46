/* Watching a real server: the pulse and the activity, while others lock, wait and hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>

#include "database/activity.h"
#include "support/cluster.h"

#define RUN_NAME "winch 7c1e09 up 000045 3/7"
#define PATIENCE (20 * G_USEC_PER_SEC)
#define VERSION_TABLE                                                                              \
    "CREATE TABLE schema_migrations (version bigint primary key, dirty boolean not null);"         \
    "INSERT INTO schema_migrations VALUES (7, true)"

/* ---- a test's database, its watcher, and others in it ------------------------------------------
 */

struct watch_test {
    char *url;
    struct database *database;
    PGconn *others[4];
    guint other_count;
};

static struct database *open_or_fail(const char *url)
{
    g_autoptr(GError) error = NULL;
    struct database *database = database_open(&(struct database_options){.url = url}, &error);
    if (database == NULL)
        fail_msg("%s", error->message);
    return database;
}

static int setup(void **state)
{
    struct watch_test *test = g_new0(struct watch_test, 1);
    test->url = cluster_create_database("watch");
    test->database = open_or_fail(test->url);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct watch_test *test = *state;
    for (guint i = 0; i < test->other_count; i++) {
        PGcancel *cancel = PQgetCancel(test->others[i]);
        char ignored[256];
        PQcancel(cancel, ignored, sizeof ignored);
        PQfreeCancel(cancel);
        PQfinish(test->others[i]);
    }
    database_close(test->database);
    g_free(test->url);
    g_free(test);
    return 0;
}

/* Another session with this name, which has done sql. */
static PGconn *other(struct watch_test *test, const char *name, const char *sql)
{
    PGconn *connection = PQconnectdb(test->url);
    test->others[test->other_count++] = connection;
    g_autofree char *set = g_strdup_printf("SET application_name = '%s'", name);
    PQclear(PQexec(connection, set));
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK &&
        PQresultStatus(result) != PGRES_EMPTY_QUERY)
        fail_msg("%s", PQerrorMessage(connection));
    PQclear(result);
    return connection;
}

static struct pulse *pulse_or_fail(struct database *database)
{
    g_autoptr(GError) error = NULL;
    struct pulse *pulse = database_pulse(database, &error);
    if (pulse == NULL)
        fail_msg("%s", error->message);
    return pulse;
}

static struct activity *activity_or_fail(struct database *database)
{
    g_autoptr(GError) error = NULL;
    struct activity *activity = database_activity(database, &error);
    if (activity == NULL)
        fail_msg("%s", error->message);
    return activity;
}

static const struct session *find_run(const struct pulse *pulse, PGconn *connection)
{
    for (guint i = 0; i < pulse->run_count; i++)
        if (pulse->runs[i].pid == PQbackendPID(connection))
            return &pulse->runs[i];
    return NULL;
}

/* Pulses until what is asked of the session of connection holds. */
typedef gboolean (*session_is)(const struct session *session);
static struct pulse *pulse_until(struct watch_test *test, PGconn *connection, session_is condition)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    for (;;) {
        struct pulse *pulse = pulse_or_fail(test->database);
        const struct session *session = find_run(pulse, connection);
        if (session != NULL && condition(session))
            return pulse;
        pulse_unref(pulse);
        if (g_get_monotonic_time() > deadline)
            fail_msg("it never came to that");
        g_usleep(10000);
    }
}

/* ---- pulse -------------------------------------------------------------------------------------
 */

static void pulse__take__is_one_round_trip_before_any_table(void **state)
{
    struct watch_test *test = *state;
    guint64 trips = database_round_trips(test->database);
    AUTOPTR(pulse) *pulse = pulse_or_fail(test->database);
    assert_int_equal(database_round_trips(test->database) - trips, 1);
    assert_int_equal(pulse->version.kind, VERSION_TABLE_ABSENT);
    assert_int_equal(pulse->version.version, -1);
    assert_int_equal(pulse->run_count, 0);
    assert_int_equal(pulse->holder, -1);
    assert_int_equal(pulse->history_rows, -1);
    assert_true(pulse->taken_at > G_USEC_PER_SEC);
    g_autofree char *settings =
        cluster_value("watch", "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in "
                               "transaction' AND datname = 'watch'");
    assert_string_equal(settings, "0");
}

static void pulse__take__follows_tables_that_come_and_go(void **state)
{
    struct watch_test *test = *state;
    g_autoptr(GError) error = NULL;
    cluster_exec("watch", VERSION_TABLE);
    AUTOPTR(pulse) *made = pulse_or_fail(test->database);
    assert_int_equal(made->version.version, 7);
    assert_true(made->version.is_dirty);
    AUTOPTR(database) *installer = open_or_fail(test->url);
    assert_true(database_install(installer, &error));
    AUTOPTR(history_record) *record = history_record_new(HISTORY_STARTED, OUTCOME_DONE);
    assert_true(database_history_append(installer, record, &error));
    AUTOPTR(pulse) *installed = pulse_or_fail(test->database);
    assert_int_equal(installed->history_rows, 1);
    assert_int_equal(installed->history_last_id, record->id);
    guint64 trips = database_round_trips(test->database);
    AUTOPTR(pulse) *again = pulse_or_fail(test->database);
    assert_int_equal(again->history_rows, 1);
    assert_int_equal(database_round_trips(test->database) - trips, 1);
    cluster_exec("watch", "DROP TABLE schema_migrations");
    AUTOPTR(pulse) *dropped = pulse_or_fail(test->database);
    assert_int_equal(dropped->version.kind, VERSION_TABLE_ABSENT);
    assert_int_equal(made->version.version, 7);
}

static void pulse__take__does_not_wait_for_a_writer(void **state)
{
    struct watch_test *test = *state;
    cluster_exec("watch", VERSION_TABLE);
    pulse_unref(pulse_or_fail(test->database));
    PGconn *writer = other(test, RUN_NAME, "BEGIN; TRUNCATE schema_migrations");
    AUTOPTR(pulse) *pulse = pulse_or_fail(test->database);
    assert_true(pulse->is_version_locked);
    assert_int_equal(pulse->version.version, -1);
    assert_true(pulse->elapsed_us < 5 * G_USEC_PER_SEC);
    const struct session *run = find_run(pulse, writer);
    assert_non_null(run);
    assert_string_equal(run->state, "idle in transaction");
    PQclear(PQexec(writer, "ROLLBACK"));
    AUTOPTR(pulse) *after = pulse_or_fail(test->database);
    assert_false(after->is_version_locked);
    assert_int_equal(after->version.version, 7);
}

static gboolean is_waiting(const struct session *session)
{
    return session->migration_lock == MIGRATION_LOCK_WAITS && session->blocked_by_count > 0;
}

static void pulse__take__knows_who_holds_and_awaits_the_lock(void **state)
{
    struct watch_test *test = *state;
    guint32 id = g_array_index(database_lock_ids(test->database), guint32, 0);
    g_autofree char *lock = g_strdup_printf("SELECT pg_advisory_lock(%u)", id);
    PGconn *holder = other(test, "migrate", lock);
    PGconn *waiter = other(test, "", "");
    assert_true(PQsendQuery(waiter, lock));
    AUTOPTR(pulse) *pulse = pulse_until(test, waiter, is_waiting);
    assert_true(pulse->holder >= 0);
    assert_int_equal(pulse->runs[pulse->holder].pid, PQbackendPID(holder));
    assert_string_equal(pulse->runs[pulse->holder].application, "migrate");
    assert_string_equal(pulse->runs[pulse->holder].run.run_id, "");
    assert_int_equal(pulse->runs[pulse->holder].blocks, 1);
    const struct session *session = find_run(pulse, waiter);
    assert_int_equal(session->blocked_by[0], PQbackendPID(holder));
    assert_string_equal(session->wait_event, "advisory");
    if (database_facts(test->database)->version_number >= 140000)
        assert_true(session->waiting_since > 0 && session->waiting_since <= pulse->taken_at);
}

static gboolean blocks_one(const struct session *session)
{
    return session->blocks == 1;
}

static void pulse__take__tells_a_run_and_whom_it_blocks(void **state)
{
    struct watch_test *test = *state;
    cluster_exec("watch", "CREATE TABLE t (a int)");
    PGconn *run = other(test, RUN_NAME, "BEGIN; LOCK TABLE t");
    PGconn *reader = other(test, "api", "");
    assert_true(PQsendQuery(reader, "SELECT * FROM t"));
    AUTOPTR(pulse) *pulse = pulse_until(test, run, blocks_one);
    const struct session *session = find_run(pulse, run);
    assert_int_equal(pulse->run_count, 1);
    assert_int_equal(session->run.version, 45);
    assert_int_equal(session->run.step, 3);
    assert_string_equal(session->query, "BEGIN; LOCK TABLE t");
    assert_string_equal(session->user, "postgres");
    assert_false(session->is_hidden);
    assert_false(session->is_own);
    assert_true(session->transaction_since > 0 &&
                session->transaction_since <= session->state_since);
}

static gboolean reports_phase(const struct session *session)
{
    return session->progress.phase != NULL &&
           strstr(session->progress.phase, "waiting for writers") != NULL;
}

static void pulse__take__tells_how_far_an_index_is(void **state)
{
    struct watch_test *test = *state;
    cluster_exec("watch", "CREATE TABLE t (a int)");
    other(test, "writer", "BEGIN; INSERT INTO t VALUES (1)");
    PGconn *run = other(test, RUN_NAME, "");
    assert_true(PQsendQuery(run, "CREATE INDEX CONCURRENTLY i ON t (a)"));
    AUTOPTR(pulse) *pulse = pulse_until(test, run, reports_phase);
    const struct session *session = find_run(pulse, run);
    assert_true(g_str_has_prefix(session->progress.phase, "CREATE INDEX CONCURRENTLY: "));
    assert_string_equal(session->progress.unit, "blocks");
}

static void pulse__take__marks_what_this_role_may_not_see(void **state)
{
    struct watch_test *test = *state;
    cluster_exec(NULL, "DROP ROLE IF EXISTS clerk");
    cluster_exec(NULL, "CREATE ROLE clerk LOGIN");
    cluster_exec("watch", VERSION_TABLE);
    PGconn *run = other(test, RUN_NAME, "BEGIN; SELECT 'secret'");
    struct database_options options = {.host = scratch_server_directory(cluster_server()),
                                       .name = "watch",
                                       .user = "clerk",
                                       .version_table = "public.schema_migrations"};
    g_autoptr(GError) error = NULL;
    AUTOPTR(database) *database = database_open(&options, &error);
    assert_non_null(database);
    AUTOPTR(pulse) *pulse = pulse_or_fail(database);
    const struct session *session = find_run(pulse, run);
    assert_non_null(session);
    assert_true(session->is_hidden);
    assert_string_equal(session->query, "");
    assert_string_equal(session->state, "");
    assert_int_equal(session->run.version, 45);
    assert_int_equal(pulse->version.version, -1);
    assert_non_null(pulse->version.problem);
    assert_false(pulse->is_version_locked);
}

static void pulse__take__fails_when_the_server_is_gone(void **state)
{
    struct watch_test *test = *state;
    g_autoptr(GError) error = NULL;
    cluster_exec(NULL, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                       "'watch'");
    assert_null(database_pulse(test->database, &error));
    assert_true(error_is(error, ERROR_NO_CONNECTION));
}

/* ---- activity ----------------------------------------------------------------------------------
 */

static struct activity *activity_until(struct watch_test *test, guint forest)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    for (;;) {
        struct activity *activity = activity_or_fail(test->database);
        if (activity->forest_count == forest)
            return activity;
        activity_unref(activity);
        if (g_get_monotonic_time() > deadline)
            fail_msg("it never came to that");
        g_usleep(10000);
    }
}

static void activity__take__shows_sessions_locks_and_who_waits(void **state)
{
    struct watch_test *test = *state;
    cluster_exec("watch", "CREATE SCHEMA shop CREATE TABLE orders (a int)");
    PGconn *idle = other(test, "report", "BEGIN; SELECT * FROM shop.orders");
    PGconn *run = other(test, RUN_NAME, "BEGIN");
    assert_true(PQsendQuery(run, "ALTER TABLE shop.orders ADD b int"));
    activity_unref(activity_until(test, 2));
    PGconn *reader = other(test, "api", "");
    assert_true(PQsendQuery(reader, "SELECT * FROM shop.orders"));
    AUTOPTR(activity) *activity = activity_until(test, 3);
    assert_int_equal(activity->forest[0].pid, PQbackendPID(idle));
    assert_int_equal(activity->forest[0].below, 2);
    assert_int_equal(activity->forest[1].pid, PQbackendPID(run));
    assert_int_equal(activity->forest[1].depth, 1);
    assert_int_equal(activity->forest[2].pid, PQbackendPID(reader));
    assert_int_equal(activity->forest[2].depth, 2);
    assert_int_equal(activity->lock_count, 3);
    assert_false(activity->locks[0].is_granted);
    assert_false(activity->locks[1].is_granted);
    assert_true(activity->locks[2].is_granted);
    assert_int_equal(activity->locks[2].pid, PQbackendPID(idle));
    assert_string_equal(activity->locks[2].relation, "shop.orders");
    assert_string_equal(activity->locks[2].mode, "AccessShareLock");
    assert_false(activity->is_cut);
    int own = database_facts(test->database)->backend_pid;
    assert_true(activity_session(activity, own)->is_own);
    assert_false(activity_session(activity, PQbackendPID(run))->is_own);
    assert_string_equal(activity_session(activity, own)->backend_type, "client backend");
}

static void activity__take__lists_prepared_transactions(void **state)
{
    struct watch_test *test = *state;
    cluster_exec("watch", "CREATE TABLE t (a int)");
    PGconn *connection = other(test, "bank", "BEGIN; LOCK TABLE t");
    PQclear(PQexec(connection, "PREPARE TRANSACTION 'transfer 1'"));
    PQclear(PQexec(connection, "SET application_name = 'waits'"));
    assert_true(PQsendQuery(connection, "SELECT * FROM t"));
    AUTOPTR(activity) *activity = activity_until(test, 2);
    assert_int_equal(activity->prepared_count, 1);
    assert_string_equal(activity->prepared[0].gid, "transfer 1");
    assert_int_equal(activity->forest[0].pid, 0);
    assert_int_equal(activity->forest[0].session, -1);
    cluster_exec("watch", "ROLLBACK PREPARED 'transfer 1'");
}

/* ---- ending what stands in the way ------------------------------------------------------------
 */

static gint64 began_of(struct watch_test *test, PGconn *connection)
{
    struct activity *activity = activity_or_fail(test->database);
    const struct session *session = activity_session(activity, PQbackendPID(connection));
    assert_non_null(session);
    gint64 began = session->began;
    activity_unref(activity);
    return began;
}

static gboolean tell(struct watch_test *test, PGconn *connection, gint64 began, gboolean terminates)
{
    g_autoptr(GError) error = NULL;
    gboolean was_told = FALSE;
    if (!database_session_end(test->database, PQbackendPID(connection), began, terminates,
                              &was_told, &error))
        fail_msg("%s", error->message);
    return was_told;
}

static void session_end__cancel__ends_the_statement_alone(void **state)
{
    struct watch_test *test = *state;
    PGconn *busy = other(test, "busy", "SELECT 1");
    gint64 began = began_of(test, busy);
    assert_true(PQsendQuery(busy, "SELECT pg_sleep(60)"));
    /* Told again until the statement had begun. */
    while (PQconsumeInput(busy) && PQisBusy(busy)) {
        assert_true(tell(test, busy, began, FALSE));
        g_usleep(10000);
    }
    PGresult *result = PQgetResult(busy);
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "57014");
    PQclear(result);
    while ((result = PQgetResult(busy)) != NULL)
        PQclear(result);
    assert_int_equal(PQstatus(busy), CONNECTION_OK);
}

static void session_end__terminate__ends_the_session(void **state)
{
    struct watch_test *test = *state;
    PGconn *idle = other(test, "idle", "BEGIN");
    assert_true(tell(test, idle, began_of(test, idle), TRUE));
    PQclear(PQexec(idle, "SELECT 1"));
    assert_int_equal(PQstatus(idle), CONNECTION_BAD);
}

static void session_end__another_behind_the_pid__is_left_alone(void **state)
{
    struct watch_test *test = *state;
    PGconn *idle = other(test, "idle", "BEGIN");
    assert_false(tell(test, idle, began_of(test, idle) + 1, TRUE));
    PQclear(PQexec(idle, "SELECT 1"));
    assert_int_equal(PQstatus(idle), CONNECTION_OK);
}

#define watched(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        watched(pulse__take__is_one_round_trip_before_any_table),
        watched(pulse__take__follows_tables_that_come_and_go),
        watched(pulse__take__does_not_wait_for_a_writer),
        watched(pulse__take__knows_who_holds_and_awaits_the_lock),
        watched(pulse__take__tells_a_run_and_whom_it_blocks),
        watched(pulse__take__tells_how_far_an_index_is),
        watched(pulse__take__marks_what_this_role_may_not_see),
        watched(pulse__take__fails_when_the_server_is_gone),
        watched(activity__take__shows_sessions_locks_and_who_waits),
        watched(activity__take__lists_prepared_transactions),
        watched(session_end__cancel__ends_the_statement_alone),
        watched(session_end__terminate__ends_the_session),
        watched(session_end__another_behind_the_pid__is_left_alone),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
