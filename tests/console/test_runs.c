/* A run of the console while it is under way: progress, blockers, stopping, and every way in which
 * it can be cut off. Migrations wait for an advisory lock that the test holds, so nothing sleeps.
 */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static PGconn *holder; /* of the lock that migration 3 waits for */

static void ask_holder(const char *sql)
{
    PGresult *result = PQexec(holder, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    assert_true(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
}

static void release(void)
{
    ask_holder("ROLLBACK");
}

static int setup(void **state)
{
    console_setup(state);
    struct console_test *test = *state;
    holder = PQconnectdb(test->url);
    assert_int_equal(PQstatus(holder), CONNECTION_OK);
    return 0;
}

static int teardown(void **state)
{
    PQfinish(holder);
    holder = NULL;
    return console_teardown(state);
}

#define WAITS "SELECT pg_advisory_xact_lock(42);\n"

/* At version 2; 3 waits in its second statement until release(), 4 and 5 follow. */
static void prepare(struct console_test *test)
{
    console_put_migrations(test, 5);
    workspace_put(test->folder, "000003_make_m3.up.sql",
                  "CREATE TABLE m3 (id bigint);\n" WAITS "CREATE TABLE m3_too (id bigint);\n");
    console_winch(test, "init", NULL);
    console_winch(test, "up", "2");
    ask_holder("BEGIN; SELECT pg_advisory_xact_lock(42)");
    console_open_at(test, 30, 100);
}

#define WAITING "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

/* Up to 5 by the gate, until it waits. */
static void start_run(struct console_test *test)
{
    terminal_keys(test->terminal, "g m");
    console_wait_gate(test, "Do it?  y: yes");
    console_press(test, "y", "Run  up 2 -> 5  running 1 of 3");
    console_wait_value(test, WAITING, "1");
}

static void assert_version(const struct console_test *test, const char *expected)
{
    g_autofree char *version =
        cluster_value(test->database, "SELECT version || ' ' || dirty FROM schema_migrations");
    assert_string_equal(version, expected);
}

static char *tables(const struct console_test *test)
{
    return cluster_value(test->database,
                         "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class "
                         "WHERE relkind = 'r' AND relname LIKE 'm%' AND relnamespace = "
                         "'public'::regnamespace");
}

static void assert_tables(const struct console_test *test, const char *expected)
{
    g_autofree char *names = tables(test);
    assert_string_equal(names, expected);
}

/* ---- under way ------------------------------------------------------------------------------- */

static void run__blocked__shows_progress_and_by_whom(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start_run(test);
    g_autofree char *blocker = g_strdup_printf("pid %d", PQbackendPID(holder));
    terminal_wait_text(test->terminal, blocker);
    console_assert_shows(test, "In our way");
    console_assert_shows(test, "!! DEV !!");
    console_assert_shows(test, "RUNNING 1 of 3");
    console_assert_shows(test, "done   000003.1");
    console_assert_shows(test, "wait up   000004");
    console_press(test, "1 m", "warn: migrate: a run is under way (4)");
    terminal_keys(test->terminal, "q");
    terminal_wait_text(test->terminal, "a run is under way: s stops after this migration");
    terminal_keys(test->terminal, "C-z");
    terminal_wait_text(test->terminal, "not while a run writes");
    console_press(test, "4", "In our way");
    release();
    terminal_wait_text(test->terminal, "How it ended");
    assert_version(test, "5 false");
    terminal_wait_text(test->terminal, "at 000005");
    console_quit_well(test);
}

static void run__stop_after__ends_between_two(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start_run(test);
    console_press(test, "s", "stopping: lets 000003 finish, then stops before 000004");
    release();
    terminal_wait_text(test->terminal, "How it ended");
    assert_version(test, "3 false");
    assert_tables(test, "m1 m2 m3 m3_too");
    console_press(test, "1", "3 applied, 2 pending");
    console_quit_well(test);
}

/* A press that counts comes later than a held key would. */
static void press_again(struct console_test *test, const char *key)
{
    console_let_pass(test, 700);
    terminal_keys(test->terminal, key);
}

static void run__cancel_twice__rolls_back_what_runs(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start_run(test);
    console_press(test, "C", "C again within 5 s: cancels statement 2");
    console_assert_shows(test, "all of 000003 is rolled back");
    terminal_keys(test->terminal, "C C C"); /* held down */
    terminal_settle(test->terminal);
    console_wait_value(test, WAITING, "1");
    console_assert_shows(test, "running 1 of 3");
    press_again(test, "C");
    if (!terminal_shows(test->terminal, "How it ended"))
        terminal_wait_text(test->terminal, "How it ended");
    assert_version(test, "2 false");
    assert_tables(test, "m1 m2");
    release();
    console_quit_well(test);
}

/* ---- what an operator does then ---------------------------------------------------------------
 */

static void run__that_leaves_a_dirty_row__is_recovered(void **state)
{
    struct console_test *test = *state;
    console_put_migrations(test, 4);
    workspace_put(test->folder, "000003_make_m3.up.sql",
                  "-- winch: transaction off\nCREATE TABLE m3 (id bigint);\nSELECT 1 / 0;\n");
    console_winch(test, "init", NULL);
    console_winch(test, "up", "2");
    console_open_at(test, 30, 100);
    terminal_keys(test->terminal, "g m");
    console_wait_gate(test, "Do it?  y: yes");
    console_assert_shows(test, "000003 is not transactional");
    console_press(test, "y", "How it ended");
    console_assert_shows(test, "division by zero");
    terminal_wait_text(test->terminal, "at 000003 DIRTY");
    assert_version(test, "3 true");
    console_press(test, "1", "DIRTY");
    terminal_keys(test->terminal, "G k");
    terminal_settle(test->terminal);
    console_assert_cursor(test, "make_m2");
    console_press(test, "f", "why is the version row set by hand");
    console_type_slowly(test, "(recorded): ", "by hand");
    console_press(test, "Enter", "!! FORCE the version row to 000002");
    console_wait_gate(test, "reason: by hand");
    console_type_slowly(test, "> ", "000002");
    console_press(test, "Enter", "How it ended");
    assert_version(test, "2 false");
    terminal_wait_gone(test->terminal, "DIRTY");
    console_quit_well(test);
}

/* Puts the cursor on the session that blocks; rows may still move when who blocks whom is seen. */
static void select_blocker(struct console_test *test, const char *pid)
{
    g_autofree char *row = g_strconcat("> ", pid, NULL);
    console_press(test, "5", "blocks 1");
    for (int i = 0; i < 20; i++) {
        g_autofree char *line = terminal_line(test->terminal, terminal_cursor(test->terminal).row);
        if (g_str_has_prefix(line, row))
            return;
        terminal_keys(test->terminal, i % 5 == 0 ? "g" : "j");
        terminal_settle(test->terminal);
    }
    console_assert_cursor(test, row);
}

static void run__blocker__is_ended_through_a_gate(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start_run(test);
    g_autofree char *pid = g_strdup_printf("%d", PQbackendPID(holder));
    select_blocker(test, pid);
    terminal_keys(test->terminal, "T");
    console_wait_gate(test, "!! ");
    console_assert_shows(test, pid);
    console_press(test, "n", "cancelled: nothing was changed");
    console_wait_value(test, WAITING, "1");
    select_blocker(test, pid);
    terminal_keys(test->terminal, "T");
    console_wait_gate(test, "Do it?  y: yes");
    terminal_keys(test->terminal, "y");
    console_wait_value(test, WAITING, "0");
    PQclear(PQexec(holder, "SELECT 1"));
    assert_int_equal(PQstatus(holder), CONNECTION_BAD);
    console_press(test, "4", "How it ended");
    assert_version(test, "5 false");
    console_quit_well(test);
}

/* ---- cut off --------------------------------------------------------------------------------- */

#define OTHERS                                                                                     \
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "                    \
    "AND pid <> pg_backend_pid() AND application_name LIKE 'winch%'"

static void run__killed__reopening_tells_the_truth(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start_run(test);
    terminal_signal(test->terminal, SIGKILL);
    assert_int_equal(terminal_wait_exit(test->terminal), 128 + SIGKILL);
    release();
    console_wait_value(test, OTHERS, "0");
    g_autofree char *version = cluster_value(
        test->database, "SELECT 'at ' || lpad(version::text, 6, '0') FROM schema_migrations");
    g_autofree char *names = tables(test);
    gboolean is_in = strcmp(version, "at 000003") == 0;
    assert_string_equal(names, is_in ? "m1 m2 m3 m3_too" : "m1 m2");
    console_open_at(test, 24, 80);
    console_assert_shows(test, version);
    console_assert_not(test, "DIRTY");
    console_press(test, "6", "History  newest first");
    console_assert_shows(test, "started");
    console_quit_well(test);
}

static void run__hang_up__finishes_the_migration_alone(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start_run(test);
    terminal_hang_up(test->terminal);
    console_wait_value(test, WAITING, "1");
    release();
    assert_int_equal(terminal_wait_exit(test->terminal), 129);
    assert_version(test, "3 false");
    assert_tables(test, "m1 m2 m3 m3_too");
    g_autofree char *history = cluster_value(
        test->database, "SELECT string_agg(kind || ' ' || outcome, ', ' ORDER BY id) FROM (SELECT "
                        "* FROM winch.history ORDER BY id DESC LIMIT 3) AS latest");
    assert_non_null(strstr(history, "up done"));
    console_open_at(test, 24, 80);
    console_assert_shows(test, "3 applied, 2 pending");
    console_quit_well(test);
}

static void run__terminated__cancels_and_ends(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start_run(test);
    terminal_signal(test->terminal, SIGTERM);
    assert_int_equal(terminal_wait_exit(test->terminal), 143);
    assert_true(terminal_is_restored(test->terminal));
    assert_false(terminal_is_alternate(test->terminal));
    assert_version(test, "2 false");
    assert_tables(test, "m1 m2");
    release();
}

/* ---- the server goes away -------------------------------------------------------------------- */

static void restart_server(void)
{
    g_autoptr(GError) error = NULL;
    if (!scratch_server_restart(cluster_server(), &error))
        fail_msg("%s", error->message);
}

static void server__killed_while_idle__comes_back(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    scratch_server_kill(cluster_server());
    terminal_wait_text(test->terminal, "CONNECTION LOST");
    console_press(test, "G m", "warn: migrate: there is no connection");
    restart_server();
    terminal_wait_gone(test->terminal, "CONNECTION LOST");
    terminal_wait_text(test->terminal, "2 applied, 3 pending");
    console_quit_well(test);
}

static void server__killed_in_a_run__is_told_and_settled(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    start_run(test);
    scratch_server_kill(cluster_server());
    terminal_wait_text(test->terminal, "CONNECTION LOST");
    restart_server();
    terminal_wait_text(test->terminal, "How it ended");
    terminal_wait_gone(test->terminal, "CONNECTION LOST");
    g_autofree char *version = cluster_value(
        test->database, "SELECT 'at ' || lpad(version::text, 6, '0') FROM schema_migrations");
    g_autofree char *names = tables(test);
    gboolean is_at_2 = strcmp(version, "at 000002") == 0;
    assert_string_equal(names, is_at_2 ? "m1 m2" : "m1 m2 m3 m3_too m4 m5");
    terminal_wait_text(test->terminal, version);
    console_quit_well(test);
}

#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(run__blocked__shows_progress_and_by_whom),
        RUN_TEST(run__stop_after__ends_between_two),
        RUN_TEST(run__cancel_twice__rolls_back_what_runs),
        RUN_TEST(run__that_leaves_a_dirty_row__is_recovered),
        RUN_TEST(run__blocker__is_ended_through_a_gate),
        RUN_TEST(run__killed__reopening_tells_the_truth),
        RUN_TEST(run__hang_up__finishes_the_migration_alone),
        RUN_TEST(run__terminated__cancels_and_ends),
        RUN_TEST(server__killed_while_idle__comes_back),
        RUN_TEST(server__killed_in_a_run__is_told_and_settled),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
