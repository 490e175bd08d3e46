/* The commands that watch: graph and locks, as people and programs read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>

#include "support/cluster.h"
#include "support/program.h"

#define PATIENCE (20 * G_USEC_PER_SEC)

struct watching {
    char *folder, *url;
};

static int setup(void **state)
{
    struct watching *test = g_new0(struct watching, 1);
    test->folder = workspace_make();
    test->url = cluster_create_database("watching");
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct watching *test = *state;
    workspace_remove(test->folder);
    g_free(test->url);
    g_free(test);
    return 0;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* Runs a command on the test's database and files; its output. Free with g_free(). */
static char *run(const struct watching *test, const char *command, const char *word,
                 const char *option)
{
    const char *words[9] = {"-path", test->folder, "-database", test->url, command};
    guint count = 5;
    if (word != NULL)
        words[count++] = word;
    if (option != NULL)
        words[count++] = option;
    struct program_result result = program_finish(program_start(words));
    if (result.status != 0)
        fail_msg("status %d: %s", result.status, result.err);
    char *out = g_steal_pointer(&result.out);
    program_result_clear(&result);
    return out;
}

/* The samples' shape: 2 and 4 require 1, 3 requires 2, 5 and 6 require 4. */
static void put_files(const struct watching *test)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        {"000001_one.up.sql", "CREATE TABLE one (x int);"},
        {"000002_two.up.sql", "-- winch: requires 1\nCREATE TABLE two (x int);"},
        {"000003_three.up.sql", "-- winch: requires 2\nCREATE TABLE three (x int);"},
        {"000004_four.up.sql", "-- winch: requires 1\nCREATE TABLE four (x int);"},
        {"000005_five.up.sql", "-- winch: requires 4\nCREATE TABLE five (x int);"},
        {"000006_six.up.sql", "-- winch: requires 4\nCREATE TABLE six (x int);"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        workspace_put(test->folder, files[i].name, files[i].text);
}

static void graph__show__draws_lanes_and_states(void **state)
{
    const struct watching *test = *state;
    put_files(test);
    g_free(run(test, "up", "4", NULL));
    g_autofree char *ascii = run(test, "graph", "--ascii", NULL);
    assert_string_equal(ascii, "P   o    000006  six\n"
                               "P   | o  000005  five\n"
                               "A   *-'  000004  four  current\n"
                               "A   | *  000003  three\n"
                               "A   | *  000002  two\n"
                               "A   *-'  000001  one\n");
    g_autofree char *utf8 = run(test, "graph", NULL, NULL);
    assert_contains(utf8, "P   │ ○  000005  five\n");
    assert_contains(utf8, "A   ●─┘  000004  four  current\n");
}

static void graph__show__tells_of_one_version(void **state)
{
    const struct watching *test = *state;
    put_files(test);
    g_free(run(test, "up", "4", NULL));
    g_autofree char *text = run(test, "graph", "5", NULL);
    assert_contains(text, "000005 five  pending\n");
    assert_contains(text, "needs      000001 one  applied  (through others)\n");
    assert_contains(text, "           000004 four  applied\n");
    assert_contains(text, "needed by  nothing\n");
    g_autofree char *json = run(test, "graph", "5", "--json");
    assert_contains(json, "\"is_direct\": false");
    assert_contains(json, "\"disorders\": []");
}

static void graph__show__names_a_wrong_order(void **state)
{
    const struct watching *test = *state;
    workspace_put(test->folder, "000001_one.up.sql", "CREATE TABLE one (x int);");
    workspace_put(test->folder, "000003_three.up.sql", "CREATE TABLE three (x int);");
    g_free(run(test, "up", NULL, NULL));
    workspace_put(test->folder, "000002_two.up.sql", "CREATE TABLE two (x int);");
    workspace_put(test->folder, "000003_three.up.sql",
                  "-- winch: requires 2\nCREATE TABLE three (x int);");
    g_autofree char *text = run(test, "graph", NULL, NULL);
    assert_contains(text, "S   ○  000002  two\n");
    assert_contains(text, "A*  ●  000003  three  current\n");
    assert_contains(text, "wrong order: 000003 ran, and 000002, which it requires, did not\n");
}

/* A build without PostgreSQL's parser says so instead, which is all that can be asked of it. */
static gboolean has_parser(const struct watching *test)
{
    g_autofree char *plan = run(test, "plan", NULL, "--verbose");
    gboolean is_without =
        strstr(plan, "not analysed: this winch was built without PostgreSQL's parser") != NULL;
    return !is_without;
}

static void graph__show__names_what_is_used_and_not_declared(void **state)
{
    const struct watching *test = *state;
    workspace_put(test->folder, "000001_one.up.sql", "CREATE TABLE one (x int);");
    workspace_put(test->folder, "000002_two.up.sql", "CREATE TABLE two (x int);");
    workspace_put(test->folder, "000003_three.up.sql",
                  "-- winch: requires 2\nCREATE VIEW three AS SELECT x FROM two;");
    workspace_put(test->folder, "000004_four.up.sql",
                  "-- winch: requires none\nALTER TABLE one ADD y int;");
    if (!has_parser(test))
        return;
    g_autofree char *text = run(test, "graph", NULL, NULL);
    assert_contains(text, "not declared: 000004 uses table public.one of 000001, and does not "
                          "require it\n");
    assert_null(strstr(text, "not declared: 000003"));
    g_autofree char *one = run(test, "graph", "3", NULL);
    assert_contains(one, "000002 two  pending  uses table public.two\n");
    g_autofree char *json = run(test, "graph", "3", "--json");
    assert_contains(json, "\"object\": \"table public.two\"");
}

static void plan__verbose__tells_what_is_expected(void **state)
{
    const struct watching *test = *state;
    workspace_put(test->folder, "000001_one.up.sql", "CREATE TABLE one (x int PRIMARY KEY);");
    workspace_put(test->folder, "000002_two.up.sql",
                  "CREATE TABLE two (x int REFERENCES one);\n"
                  "ALTER TABLE one ADD y uuid DEFAULT gen_random_uuid(), ALTER x TYPE bigint;\n"
                  "SELECT 0x1F;");
    workspace_put(test->folder, "000002_two.down.sql", "DROP TABLE two;");
    if (!has_parser(test))
        return;
    g_autofree char *plan = run(test, "plan", NULL, "--verbose");
    assert_contains(plan, "      expand, judged from the SQL\n");
    assert_contains(plan, "      contract, judged from ALTER COLUMN TYPE public.one.x\n");
    assert_contains(plan, "expected: CREATE TABLE public.two: new, nobody waits\n");
    assert_contains(plan, "SHARE ROW EXCLUSIVE on public.one\n");
    assert_contains(plan, "expected: ADD COLUMN public.one.y: ACCESS EXCLUSIVE on public.one; "
                          "rewrites the table: a volatile default is computed for every row\n");
    assert_contains(plan, "expected: not analysed: the parser of PostgreSQL ");
    g_autofree char *short_plan = run(test, "plan", NULL, NULL);
    assert_null(strstr(short_plan, "expected:"));
    workspace_put(test->folder, "000002_two.up.sql", "CREATE TABLE two (x int REFERENCES one);");
    g_free(run(test, "up", NULL, NULL));
    g_autofree char *down = run(test, "plan", "1", "--verbose");
    assert_contains(down, "ACCESS EXCLUSIVE on public.two, ACCESS EXCLUSIVE on public.one\n");
}

static void locks__show__a_quiet_database(void **state)
{
    const struct watching *test = *state;
    g_autofree char *text = run(test, "locks", NULL, NULL);
    g_autofree char *json = run(test, "locks", "--json", NULL);
    assert_string_equal(text, "migration lock free\nnobody waits for a lock\n");
    assert_contains(json, "\"sessions\": []");
}

static PGconn *connect_as(const struct watching *test, const char *name, const char *sql)
{
    PGconn *connection = PQconnectdb(test->url);
    g_autofree char *set = g_strdup_printf("SET application_name = '%s'", name);
    PQclear(PQexec(connection, set));
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s", PQerrorMessage(connection));
    PQclear(result);
    return connection;
}

/* Until somebody waits in this database. */
static void await_waiter(void)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    for (;;) {
        g_autofree char *count =
            cluster_value("watching", "SELECT count(*) FROM pg_locks WHERE NOT granted");
        if (strcmp(count, "0") != 0)
            return;
        if (g_get_monotonic_time() > deadline)
            fail_msg("nobody came to wait");
        g_usleep(10000);
    }
}

static void locks__show__who_waits_for_whom(void **state)
{
    const struct watching *test = *state;
    cluster_exec("watching", "CREATE TABLE orders (x int)");
    PGconn *holder = connect_as(test, "winch 7c1e09 up 000045 3/7", "BEGIN; LOCK TABLE orders");
    PGconn *reader = connect_as(test, "api", "SET client_encoding = 'UTF8'");
    PQsendQuery(reader, "SELECT x AS \"a\033[31m\" FROM orders");
    await_waiter();
    g_autofree char *text = run(test, "locks", NULL, NULL);
    g_autofree char *json = run(test, "locks", "--json", NULL);
    PQfinish(holder);
    PQfinish(reader);
    assert_contains(text, "who waits for whom\npid ");
    assert_contains(text, " postgres@local winch 7c1e09 up 000045 3/7, idle in transaction for ");
    assert_contains(text, "\n   +- pid ");
    assert_contains(text, " postgres@local api, waiting for ");
    assert_null(strchr(text, '\033'));
    assert_contains(text, "public.orders  AccessExclusiveLock  held");
    assert_contains(json, "\"run_id\": \"7c1e09\"");
    assert_contains(json, "\"mode\": \"AccessExclusiveLock\"");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(graph__show__draws_lanes_and_states),
        TEST(graph__show__tells_of_one_version),
        TEST(graph__show__names_a_wrong_order),
        TEST(locks__show__a_quiet_database),
        TEST(locks__show__who_waits_for_whom),
        TEST(graph__show__names_what_is_used_and_not_declared),
        TEST(plan__verbose__tells_what_is_expected),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
