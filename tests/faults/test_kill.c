/* winch, the server and the line between them, killed at every step of a run; then the database is
 * asked what is true. Every step: the run goes through a proxy, and is stopped at its first
 * message, at its second, and so on until a run gets through unharmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "support/cluster.h"
#include "support/program.h"
#include "support/proxy.h"

/* 1, 2 and 4 are transactional, 3 is not. Each notes in "ran" that it ran. */
static const struct {
    const char *name, *text;
} files[] = {
    {"1_a.up.sql", "CREATE TABLE t1 (i int); INSERT INTO ran VALUES (1);"},
    {"1_a.down.sql", "DROP TABLE t1; DELETE FROM ran WHERE version = 1;"},
    {"2_b.up.sql", "BEGIN;\nCREATE TABLE t2 (i int);\nINSERT INTO ran VALUES (2);\nCOMMIT;\n"},
    {"2_b.down.sql", "DROP TABLE t2; DELETE FROM ran WHERE version = 2;"},
    {"3_c.up.sql", "CREATE TABLE t3 (i int);\nINSERT INTO ran VALUES (3);\n"
                   "CREATE INDEX CONCURRENTLY i3 ON t3 (i);\n"},
    {"3_c.down.sql", "DROP TABLE t3; DELETE FROM ran WHERE version = 3;"},
    {"4_d.up.sql", "CREATE TABLE t4 (i int); INSERT INTO ran VALUES (4);"},
    {"4_d.down.sql", "DROP TABLE t4; DELETE FROM ran WHERE version = 4;"},
};

struct fixture {
    char *migrations;
    char *url;
    struct proxy *proxy;
    char *through;
    gint winch; /* its process id, 0 before it is known; atomic */
};

#define DATABASE "faults"

static int setup(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    g_autofree char *socket =
        g_strdup_printf("%s/.s.PGSQL.5432", scratch_server_directory(cluster_server()));
    fixture->migrations = workspace_make();
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        workspace_put(fixture->migrations, files[i].name, files[i].text);
    fixture->proxy = proxy_start(socket, 0);
    fixture->through =
        g_strdup_printf("postgres://postgres@127.0.0.1:%u/" DATABASE "?sslmode=disable",
                        proxy_port(fixture->proxy));
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    proxy_stop(fixture->proxy);
    workspace_remove(fixture->migrations);
    g_free(fixture->url);
    g_free(fixture->through);
    g_free(fixture);
    return 0;
}

/* ---- asking the database -----------------------------------------------------------------------
 */

static void wait_until_alone(void)
{
    for (guint i = 0; i < 3000; i++) {
        g_autofree char *others = cluster_value(
            NULL, "SELECT count(*) FROM pg_stat_activity WHERE datname = '" DATABASE "'");
        if (strcmp(others, "0") == 0)
            return;
        g_usleep(10000);
    }
    fail_msg("sessions in the database did not end");
}

static gint64 number(const char *format, ...) G_GNUC_PRINTF(1, 2);
static gint64 number(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sql = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *value = cluster_value(DATABASE, sql);
    return value != NULL ? g_ascii_strtoll(value, NULL, 10) : -1;
}

static gboolean table_is_there(int version)
{
    return number("SELECT (to_regclass('public.t%d') IS NOT NULL)::int", version) == 1;
}

static gint64 times_ran(int version)
{
    return number("SELECT count(*) FROM ran WHERE version = %d", version);
}

/* Version table and history may not be there yet: then nothing may have run. */
static gint64 version_row(gboolean *is_dirty)
{
    *is_dirty = FALSE;
    if (number("SELECT (to_regclass('public.schema_migrations') IS NOT NULL)::int") != 1)
        return -1;
    *is_dirty = number("SELECT dirty::int FROM schema_migrations") == 1;
    return number("SELECT version FROM schema_migrations");
}

static gint64 ups_in_history(int version)
{
    if (number("SELECT (to_regclass('winch.history') IS NOT NULL)::int") != 1)
        return 0;
    return number("SELECT count(*) FROM winch.history WHERE kind = 'up' AND outcome = 'done' AND "
                  "version = %d",
                  version);
}

static void assert_true_of_one(int version, gint64 row)
{
    gboolean is_in = version <= row;
    assert_int_equal(table_is_there(version), is_in);
    assert_int_equal(times_ran(version), is_in);
    assert_int_equal(ups_in_history(version), is_in);
}

/* Version row, history and schema agree, or dirty says that they may not. */
static gboolean assert_truth(void)
{
    gboolean is_dirty;
    gint64 row = version_row(&is_dirty);
    if (is_dirty) {
        assert_int_equal(row, 3);
        assert_true(times_ran(3) <= 1);
        assert_int_equal(ups_in_history(3), 0);
        row = 2;
    } else
        assert_true_of_one(3, row);
    assert_true_of_one(1, row);
    assert_true_of_one(2, row);
    assert_true_of_one(4, row);
    return is_dirty;
}

static void assert_chain_holds(const struct fixture *fixture)
{
    struct program_result result = program_run("-path", fixture->migrations, "-database",
                                               fixture->url, "history", "--verify", NULL);
    if (result.status != 0)
        fail_msg("%s", result.err);
    program_result_clear(&result);
}

/* As a person would mend it: take back what is in of 3, say so, go on. */
static void mend(const struct fixture *fixture)
{
    cluster_exec(DATABASE, "DROP TABLE IF EXISTS t3; DELETE FROM ran WHERE version = 3");
    struct program_result result =
        program_run("-path", fixture->migrations, "-database", fixture->url, "force", "2",
                    "--environment", "development", "--reason", "test", NULL);
    if (result.status != 0)
        fail_msg("%s", result.err);
    program_result_clear(&result);
}

static void assert_it_can_go_on(const struct fixture *fixture)
{
    struct program_result result =
        program_run("-path", fixture->migrations, "-database", fixture->url, "up", NULL);
    if (result.status != 0)
        fail_msg("%s%s", result.out, result.err);
    program_result_clear(&result);
    assert_false(assert_truth());
    assert_int_equal(times_ran(4), 1);
}

/* ---- killing
 * ------------------------------------------------------------------------------------- */

static void kill_winch(void *data)
{
    struct fixture *fixture = data;
    while (g_atomic_int_get(&fixture->winch) == 0)
        g_usleep(100);
    kill(g_atomic_int_get(&fixture->winch), SIGKILL);
}

static void kill_server(void *data)
{
    (void)data;
    scratch_server_kill(cluster_server());
}

static void start_afresh(struct fixture *fixture)
{
    g_free(fixture->url);
    fixture->url = cluster_create_database(DATABASE);
    cluster_exec(DATABASE, "CREATE TABLE ran (version int)");
}

/* The server comes back while winch is still looking for it. */
static void restart_server(const struct fixture *fixture, const struct program *program)
{
    g_autoptr(GError) error = NULL;
    while (!proxy_trap_has_sprung(fixture->proxy))
        if (program_has_ended(program))
            return;
        else
            g_usleep(1000);
    if (!scratch_server_restart(cluster_server(), &error))
        fail_msg("%s", error->message);
}

/* One run, stopped at this message. FALSE when it got through before. */
static gboolean run_until(struct fixture *fixture, guint piece, gboolean deliver,
                          proxy_trap_fn spring)
{
    const char *words[] = {"-path",     fixture->migrations,
                           "-database", fixture->through,
                           "up",        "--retry-delay",
                           "50ms",      "--max-retries",
                           "1",         NULL};
    g_atomic_int_set(&fixture->winch, 0);
    proxy_trap(fixture->proxy, piece, deliver, spring, fixture);
    struct program *program = program_start(words);
    g_atomic_int_set(&fixture->winch, program_pid(program));
    if (spring == kill_server)
        restart_server(fixture, program);
    struct program_result result = program_finish(program);
    gboolean sprung = proxy_trap_has_sprung(fixture->proxy);
    proxy_trap(fixture->proxy, 0, FALSE, NULL, NULL);
    if (!sprung && result.status != 0)
        fail_msg("without a fault: %s%s", result.out, result.err);
    program_result_clear(&result);
    return sprung;
}

static void at_every_step(struct fixture *fixture, gboolean deliver, proxy_trap_fn spring)
{
    guint piece = 1;
    for (gboolean sprung = TRUE; sprung; piece++) {
        start_afresh(fixture);
        sprung = run_until(fixture, piece, deliver, spring);
        wait_until_alone();
        if (assert_truth())
            mend(fixture);
        assert_it_can_go_on(fixture);
        assert_chain_holds(fixture);
    }
    assert_true(piece > 8);
}

static void faults__winch_killed__before_each_message(void **state)
{
    at_every_step(*state, FALSE, kill_winch);
}

static void faults__winch_killed__after_each_message(void **state)
{
    at_every_step(*state, TRUE, kill_winch);
}

static void faults__line_cut__before_each_message(void **state)
{
    at_every_step(*state, FALSE, NULL);
}

static void faults__line_cut__after_each_message(void **state)
{
    at_every_step(*state, TRUE, NULL);
}

static void faults__server_killed__before_each_message(void **state)
{
    at_every_step(*state, FALSE, kill_server);
}

static void faults__server_killed__after_each_message(void **state)
{
    at_every_step(*state, TRUE, kill_server);
}

#define FAULT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT_TEST(faults__winch_killed__before_each_message),
        FAULT_TEST(faults__winch_killed__after_each_message),
        FAULT_TEST(faults__line_cut__before_each_message),
        FAULT_TEST(faults__line_cut__after_each_message),
        FAULT_TEST(faults__server_killed__before_each_message),
        FAULT_TEST(faults__server_killed__after_each_message),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
