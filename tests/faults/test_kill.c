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

/* Each notes in "ran" that it ran. One of them is not transactional. */
struct set {
    int count, separate;
    const char *in_flight; /* NULL: one at a time */
};
static const struct set few = {4, 3, NULL};
static const struct set many = {10, 7, "8"};

struct fixture {
    const struct set *set;
    char *migrations;
    char *url;
    struct proxy *proxy;
    char *through;
    gint winch; /* its process id, 0 before it is known; atomic */
};

#define DATABASE "faults"

/* The second is a block of its own. */
static void put_files(const struct fixture *fixture, int version)
{
    g_autofree char *body = g_strdup_printf(
        "CREATE TABLE t%d (i int);\nINSERT INTO ran VALUES (%d);\n", version, version);
    g_autofree char *up = version == fixture->set->separate
                              ? g_strdup_printf("%sCREATE INDEX CONCURRENTLY i%d ON t%d (i);\n",
                                                body, version, version)
                              : g_strdup_printf("%s%s%s", version == 2 ? "BEGIN;\n" : "", body,
                                                version == 2 ? "COMMIT;\n" : "");
    g_autofree char *down =
        g_strdup_printf("DROP TABLE t%d; DELETE FROM ran WHERE version = %d;", version, version);
    g_autofree char *up_name = g_strdup_printf("%d_x.up.sql", version);
    g_autofree char *down_name = g_strdup_printf("%d_x.down.sql", version);
    workspace_put(fixture->migrations, up_name, up);
    workspace_put(fixture->migrations, down_name, down);
}

static int setup_set(void **state, const struct set *set)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    g_autofree char *socket =
        g_strdup_printf("%s/.s.PGSQL.5432", scratch_server_directory(cluster_server()));
    fixture->set = set;
    fixture->migrations = workspace_make();
    for (int version = 1; version <= set->count; version++)
        put_files(fixture, version);
    fixture->proxy = proxy_start(socket, 0);
    fixture->through =
        g_strdup_printf("postgres://postgres@127.0.0.1:%u/" DATABASE "?sslmode=disable",
                        proxy_port(fixture->proxy));
    *state = fixture;
    return 0;
}

static int setup(void **state)
{
    return setup_set(state, &few);
}

static int setup_many(void **state)
{
    return setup_set(state, &many);
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

static gint64 number(const char *sql)
{
    g_autofree char *value = cluster_value(DATABASE, sql);
    return value != NULL ? g_ascii_strtoll(value, NULL, 10) : -1;
}

/* Version table and history may not be there yet: then nothing may have run. */
static gint64 version_row(gboolean *is_dirty)
{
    *is_dirty = FALSE;
    if (number("SELECT (to_regclass('public.schema_migrations') IS NOT NULL)::int") != 1)
        return -1;
    g_autofree char *row =
        cluster_value(DATABASE, "SELECT concat(version, ' ', dirty) FROM schema_migrations");
    *is_dirty = row != NULL && g_str_has_suffix(row, "t");
    return row != NULL ? g_ascii_strtoll(row, NULL, 10) : -1;
}

/* For each version whether its table is there, how often it ran, and how often history says so:
 * "111 111 000 000". */
static char *facts_of(const struct fixture *fixture)
{
    gboolean has_history = number("SELECT (to_regclass('winch.history') IS NOT NULL)::int") == 1;
    g_autofree char *sql = g_strdup_printf(
        "SELECT string_agg(concat((to_regclass('public.t' || v) IS NOT NULL)::int, (SELECT "
        "count(*) FROM ran WHERE version = v), %s), ' ' ORDER BY v) FROM generate_series(1, %d) "
        "AS v",
        has_history ? "(SELECT count(*) FROM winch.history WHERE kind = 'up' AND outcome = 'done' "
                      "AND version = v)"
                    : "0",
        fixture->set->count);
    return cluster_value(DATABASE, sql);
}

/* Version row, history and schema agree, or dirty says that they may not. */
static gboolean assert_truth(const struct fixture *fixture)
{
    gboolean is_dirty;
    gint64 row = version_row(&is_dirty);
    g_autofree char *facts = facts_of(fixture);
    if (is_dirty)
        assert_int_equal(row, fixture->set->separate);
    for (int version = 1; version <= fixture->set->count; version++) {
        const char *of = facts + 4 * (version - 1);
        gboolean is_open = is_dirty && version == row;
        if (is_open ? of[1] > '1' || of[2] != '0'
                    : strncmp(of, version <= row ? "111" : "000", 3) != 0)
            fail_msg("at %d%s: %s", (int)row, is_dirty ? " (dirty)" : "", facts);
    }
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

/* As a person would mend it: take back what is in of it, say so, go on. */
static void mend(const struct fixture *fixture)
{
    int separate = fixture->set->separate;
    g_autofree char *sql = g_strdup_printf(
        "DROP TABLE IF EXISTS t%d; DELETE FROM ran WHERE version = %d", separate, separate);
    g_autofree char *before = g_strdup_printf("%d", separate - 1);
    cluster_exec(DATABASE, sql);
    struct program_result result =
        program_run("-path", fixture->migrations, "-database", fixture->url, "force", before,
                    "--environment", "development", "--reason", "test", NULL);
    if (result.status != 0)
        fail_msg("%s", result.err);
    program_result_clear(&result);
}

static void assert_it_can_go_on(const struct fixture *fixture)
{
    gboolean is_dirty;
    struct program_result result =
        program_run("-path", fixture->migrations, "-database", fixture->url, "up", NULL);
    if (result.status != 0)
        fail_msg("%s%s", result.out, result.err);
    program_result_clear(&result);
    assert_false(assert_truth(fixture));
    assert_int_equal(version_row(&is_dirty), fixture->set->count);
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

/* Where winch says that the database is, it is. */
static void assert_said_truly(const struct program_result *result)
{
    gboolean is_dirty;
    static const char words[] = "the database is at ";
    const char *said = strstr(result->out, words);
    if (said == NULL)
        return;
    said += strlen(words);
    gint64 version = g_str_has_prefix(said, "none") ? -1 : g_ascii_strtoll(said, NULL, 10);
    if (version_row(&is_dirty) != version)
        fail_msg("%s%s", result->out, result->err);
}

/* One run, stopped at this message. FALSE when it got through before. */
static gboolean run_until(struct fixture *fixture, guint piece, gboolean deliver,
                          proxy_trap_fn spring)
{
    const char *words[] = {"-path",
                           fixture->migrations,
                           "-database",
                           fixture->through,
                           "up",
                           "--retry-delay",
                           "50ms",
                           "--max-retries",
                           "1",
                           fixture->set->in_flight != NULL ? "--in-flight" : NULL,
                           fixture->set->in_flight,
                           NULL};
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
    wait_until_alone();
    assert_said_truly(&result);
    program_result_clear(&result);
    return sprung;
}

/* FALSE when the run got through before. */
static gboolean at_step(struct fixture *fixture, guint piece, gboolean deliver,
                        proxy_trap_fn spring)
{
    start_afresh(fixture);
    gboolean sprung = run_until(fixture, piece, deliver, spring);
    if (assert_truth(fixture))
        mend(fixture);
    assert_it_can_go_on(fixture);
    assert_chain_holds(fixture);
    return sprung;
}

static void at_every_step(struct fixture *fixture, gboolean deliver, proxy_trap_fn spring)
{
    guint piece = 1;
    while (at_step(fixture, piece, deliver, spring))
        piece++;
    assert_true(piece > 8);
}

/* What is sent ahead goes out in few pieces, so those are cut up, wherever that is; each way of
 * failing at other places. What opens the run is the same as one at a time. */
static void at_many_steps(struct fixture *fixture, gsize chop, proxy_trap_fn spring)
{
    const guint first = 20, stride = 8;
    guint steps = 0;
    proxy_chop(fixture->proxy, chop);
    while (at_step(fixture, first + steps * stride, steps % 2 == 0, spring))
        steps++;
    assert_true(steps > 8);
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

static void faults__winch_killed__with_eight_in_flight(void **state)
{
    at_many_steps(*state, 487, kill_winch);
}

static void faults__line_cut__with_eight_in_flight(void **state)
{
    at_many_steps(*state, 521, NULL);
}

static void faults__server_killed__with_eight_in_flight(void **state)
{
    at_many_steps(*state, 563, kill_server);
}

#define FLIGHT_TEST(name) cmocka_unit_test_setup_teardown(name, setup_many, teardown)
#define FAULT_TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT_TEST(faults__winch_killed__before_each_message),
        FAULT_TEST(faults__winch_killed__after_each_message),
        FAULT_TEST(faults__line_cut__before_each_message),
        FAULT_TEST(faults__line_cut__after_each_message),
        FAULT_TEST(faults__server_killed__before_each_message),
        FAULT_TEST(faults__server_killed__after_each_message),
        FLIGHT_TEST(faults__winch_killed__with_eight_in_flight),
        FLIGHT_TEST(faults__line_cut__with_eight_in_flight),
        FLIGHT_TEST(faults__server_killed__with_eight_in_flight),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
