/* Beside golang-migrate on one database: its table, its lock and its SQL, statement for statement
 * as its PostgreSQL driver (4.19, lib/pq) sends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>

#include "support/cluster.h"
#include "support/program.h"

#define DATABASE     "appdb"
#define LOCK_CLI     "2964150615" /* public, schema_migrations, /appdb */
#define LOCK_LIBRARY "4014298803" /* public, schema_migrations, appdb */

struct fixture {
    char *url;
    char *migrations;
    PGconn *golang; /* golang-migrate's session */
};

static int setup(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->url = cluster_create_database(DATABASE);
    fixture->migrations = workspace_make();
    fixture->golang = PQconnectdb(fixture->url);
    workspace_put(fixture->migrations, "1_a.up.sql", "CREATE TABLE a (i int);");
    workspace_put(fixture->migrations, "1_a.down.sql", "DROP TABLE a;");
    workspace_put(fixture->migrations, "2_b.up.sql", "CREATE TABLE b (i int);");
    workspace_put(fixture->migrations, "2_b.down.sql", "DROP TABLE b;");
    *state = fixture;
    return PQstatus(fixture->golang) != CONNECTION_OK;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    PQfinish(fixture->golang);
    workspace_remove(fixture->migrations);
    g_free(fixture->url);
    g_free(fixture);
    return 0;
}

static void say(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
}

static char *ask(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    char *value = PQntuples(result) > 0 ? g_strdup(PQgetvalue(result, 0, 0)) : g_strdup("");
    PQclear(result);
    return value;
}

/* SetVersion of golang-migrate. */
static void golang_set_version(PGconn *connection, const char *version, const char *dirty)
{
    const char *values[] = {version, dirty};
    say(connection, "BEGIN READ WRITE");
    say(connection, "TRUNCATE \"public\".\"schema_migrations\"");
    if (version != NULL)
        PQclear(PQexecParams(
            connection,
            "INSERT INTO \"public\".\"schema_migrations\" (version, dirty) VALUES ($1, $2)", 2,
            NULL, values, NULL, NULL, 0));
    say(connection, "COMMIT");
}

/* ensureVersionTable of golang-migrate. */
static void golang_connect(PGconn *connection)
{
    say(connection, "SELECT CURRENT_SCHEMA()");
    say(connection, "SELECT pg_advisory_lock(" LOCK_CLI ")");
    g_autofree char *count =
        ask(connection, "SELECT COUNT(1) FROM information_schema.tables WHERE table_schema = "
                        "'public' AND table_name = 'schema_migrations' LIMIT 1");
    if (strcmp(count, "1") != 0)
        say(connection, "CREATE TABLE IF NOT EXISTS \"public\".\"schema_migrations\" (version "
                        "bigint not null primary key, dirty boolean not null)");
    say(connection, "SELECT pg_advisory_unlock(" LOCK_CLI ")");
}

static void golang_migrate(PGconn *connection, const char *version, const char *body)
{
    say(connection, "SELECT pg_advisory_lock(" LOCK_CLI ")");
    golang_set_version(connection, version, "true");
    say(connection, body);
    golang_set_version(connection, version, "false");
    say(connection, "SELECT pg_advisory_unlock(" LOCK_CLI ")");
}

static char *golang_version(PGconn *connection)
{
    return ask(connection, "SELECT version || CASE WHEN dirty THEN ' dirty' ELSE '' END FROM "
                           "\"public\".\"schema_migrations\" LIMIT 1");
}

static struct program_result winch(const struct fixture *fixture, const char *word,
                                   const char *second)
{
    const char *words[] = {"-path", fixture->migrations, "-database", fixture->url, word, second,
                           NULL};
    return program_finish(program_start(words));
}

static void assert_winch(const struct fixture *fixture, const char *word, const char *second,
                         int status)
{
    struct program_result result = winch(fixture, word, second);
    if (result.status != status)
        fail_msg("%s: status %d, not %d\n%s%s", word, result.status, status, result.out,
                 result.err);
    program_result_clear(&result);
}

static void interop__table__made_by_golang_migrate_is_used_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    golang_connect(fixture->golang);
    golang_migrate(fixture->golang, "1", "CREATE TABLE a (i int);");
    assert_winch(fixture, "up", NULL, 0);
    g_autofree char *version = golang_version(fixture->golang);
    g_autofree char *columns =
        ask(fixture->golang, "SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM "
                             "information_schema.columns WHERE table_name = 'schema_migrations'");
    assert_string_equal(version, "2");
    assert_string_equal(columns, "version dirty");
}

static void interop__table__made_by_winch_serves_golang_migrate(void **state)
{
    struct fixture *fixture = *state;
    assert_winch(fixture, "up", "1", 0);
    golang_connect(fixture->golang);
    g_autofree char *before = golang_version(fixture->golang);
    assert_string_equal(before, "1");
    golang_migrate(fixture->golang, "2", "CREATE TABLE b (i int);");
    assert_winch(fixture, "up", NULL, 0);
    struct program_result result = winch(fixture, "version", NULL);
    assert_string_equal(result.out, "2\n");
    program_result_clear(&result);
}

static void interop__row__dirty_from_golang_migrate_stops_winch(void **state)
{
    struct fixture *fixture = *state;
    golang_connect(fixture->golang);
    golang_set_version(fixture->golang, "1", "true");
    assert_winch(fixture, "up", NULL, 3);
    assert_winch(fixture, "down", NULL, 3);
    golang_set_version(fixture->golang, "-1", "true");
    assert_winch(fixture, "up", NULL, 3);
}

static void interop__row__failure_of_winch_is_clean_for_golang_migrate(void **state)
{
    struct fixture *fixture = *state;
    workspace_put(fixture->migrations, "3_c.up.sql", "CREATE TABLE c (i int); SELECT 1/0;");
    assert_winch(fixture, "up", NULL, 1);
    g_autofree char *version = golang_version(fixture->golang);
    assert_string_equal(version, "2");
}

static void interop__row__down_to_nothing_empties_the_table(void **state)
{
    struct fixture *fixture = *state;
    assert_winch(fixture, "up", NULL, 0);
    struct program_result result =
        program_run("-path", fixture->migrations, "-database", fixture->url, "--environment",
                    "development", "down", "-all", "--confirm", DATABASE " none", NULL);
    assert_int_equal(result.status, 0);
    program_result_clear(&result);
    g_autofree char *rows = ask(fixture->golang, "SELECT count(*) FROM schema_migrations");
    assert_string_equal(rows, "0");
}

static void assert_locked_out(const struct fixture *fixture, const char *lock)
{
    g_autofree char *take = g_strdup_printf("SELECT pg_advisory_lock(%s)", lock);
    g_autofree char *give = g_strdup_printf("SELECT pg_advisory_unlock(%s)", lock);
    say(fixture->golang, take);
    struct program_result result = program_run("-path", fixture->migrations, "-database",
                                               fixture->url, "-lock-timeout", "300ms", "up", NULL);
    g_autofree char *pid = g_strdup_printf("%d", PQbackendPID(fixture->golang));
    assert_int_equal(result.status, 4);
    assert_non_null(strstr(result.err, pid));
    program_result_clear(&result);
    assert_winch(fixture, "status", NULL, 0);
    say(fixture->golang, give);
}

static void interop__lock__of_the_command_line_and_of_the_library_both_hold(void **state)
{
    struct fixture *fixture = *state;
    assert_locked_out(fixture, LOCK_CLI);
    assert_locked_out(fixture, LOCK_LIBRARY);
    assert_winch(fixture, "up", NULL, 0);
}

/* Until the database says this of itself. */
static void wait_for(PGconn *connection, const char *sql, const char *wanted)
{
    for (guint i = 0; i < 3000; i++) {
        g_autofree char *value = ask(connection, sql);
        if (strcmp(value, wanted) == 0)
            return;
        g_usleep(10000);
    }
    fail_msg("never: %s is %s", sql, wanted);
}

static void interop__lock__waits_for_golang_migrate_and_then_goes_on(void **state)
{
    struct fixture *fixture = *state;
    const char *words[] = {"-path", fixture->migrations, "-database", fixture->url, "up", NULL};
    PGconn *other = PQconnectdb(fixture->url);
    golang_connect(fixture->golang);
    say(fixture->golang, "SELECT pg_advisory_lock(" LOCK_CLI ")");
    struct program *program = program_start(words);
    wait_for(other,
             "SELECT (count(*) > 0)::text FROM pg_stat_activity WHERE datname = '" DATABASE
             "' AND application_name LIKE 'winch%'",
             "true");
    golang_set_version(fixture->golang, "1", "true");
    say(fixture->golang, "CREATE TABLE a (i int)");
    golang_set_version(fixture->golang, "1", "false");
    say(fixture->golang, "SELECT pg_advisory_unlock(" LOCK_CLI ")");
    struct program_result result = program_finish(program);
    assert_int_equal(result.status, 0);
    program_result_clear(&result);
    PQfinish(other);
    g_autofree char *version = golang_version(fixture->golang);
    assert_string_equal(version, "2");
}

/* What golang-migrate does on its own thread: wait for the lock in the server, read the row, let
 * go. */
static gpointer golang_look(gpointer data)
{
    PGconn *connection = data;
    PQclear(PQexec(connection, "SELECT pg_advisory_lock(" LOCK_CLI ")"));
    PGresult *row = PQexec(connection, "SELECT version || CASE WHEN dirty THEN ' dirty' ELSE '' "
                                       "END FROM \"public\".\"schema_migrations\" LIMIT 1");
    char *seen = PQntuples(row) == 1 ? g_strdup(PQgetvalue(row, 0, 0)) : g_strdup("nothing");
    PQclear(row);
    PQclear(PQexec(connection, "SELECT pg_advisory_unlock(" LOCK_CLI ")"));
    return seen;
}

/* golang-migrate waits in pg_advisory_lock() and so holds a snapshot, which CREATE INDEX
 * CONCURRENTLY waits for: PostgreSQL would end that by killing one of the two. winch lets it in for
 * that statement, and the dirty row tells it to keep off. */
static void interop__lock__blocking_waiter_survives_an_index_built_concurrently(void **state)
{
    struct fixture *fixture = *state;
    const char *words[] = {"-path", fixture->migrations, "-database", fixture->url, "up", NULL};
    PGconn *other = PQconnectdb(fixture->url);
    workspace_put(fixture->migrations, "3_c.up.sql",
                  "SELECT pg_sleep(1);\n"
                  "CREATE INDEX CONCURRENTLY a_i ON a (i);\n");
    assert_winch(fixture, "up", "2", 0);
    struct program *program = program_start(words);
    wait_for(other, "SELECT dirty::text FROM schema_migrations", "true");
    GThread *golang = g_thread_new("golang", golang_look, fixture->golang);
    struct program_result result = program_finish(program);
    g_autofree char *seen = g_thread_join(golang);
    if (result.status != 0)
        fail_msg("%s%s", result.out, result.err);
    program_result_clear(&result);
    assert_string_equal(seen, "3 dirty");
    g_autofree char *valid =
        ask(other, "SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'a_i'::regclass");
    assert_string_equal(valid, "true");
    PQfinish(other);
}

/* And the other way round: winch waits while somebody else builds an index under the lock. */
static void interop__lock__winch_waiting_does_not_disturb_an_index_build(void **state)
{
    struct fixture *fixture = *state;
    const char *words[] = {"-path", fixture->migrations, "-database", fixture->url, "up", NULL};
    PGconn *other = PQconnectdb(fixture->url);
    assert_winch(fixture, "up", "1", 0);
    say(fixture->golang, "SELECT pg_advisory_lock(" LOCK_CLI ")");
    struct program *program = program_start(words);
    wait_for(other,
             "SELECT (count(*) > 0)::text FROM pg_stat_activity WHERE datname = '" DATABASE
             "' AND application_name LIKE 'winch%'",
             "true");
    say(fixture->golang, "CREATE INDEX CONCURRENTLY a_i ON a (i)");
    say(fixture->golang, "SELECT pg_advisory_unlock(" LOCK_CLI ")");
    struct program_result result = program_finish(program);
    assert_int_equal(result.status, 0);
    program_result_clear(&result);
    PQfinish(other);
}

static void interop__adopt__records_what_golang_migrate_ran(void **state)
{
    struct fixture *fixture = *state;
    golang_connect(fixture->golang);
    golang_migrate(fixture->golang, "1", "CREATE TABLE a (i int);");
    assert_winch(fixture, "adopt", NULL, 0);
    g_autofree char *version = golang_version(fixture->golang);
    g_autofree char *adopted =
        ask(fixture->golang, "SELECT count(*) FROM winch.history WHERE kind = 'adopt'");
    assert_string_equal(version, "1");
    assert_string_equal(adopted, "1");
    struct program_result result = winch(fixture, "status", NULL);
    assert_non_null(strstr(result.out, "assumed"));
    assert_int_equal(result.status, 0);
    program_result_clear(&result);
}

#define INTEROP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        INTEROP_TEST(interop__table__made_by_golang_migrate_is_used_as_it_is),
        INTEROP_TEST(interop__table__made_by_winch_serves_golang_migrate),
        INTEROP_TEST(interop__row__dirty_from_golang_migrate_stops_winch),
        INTEROP_TEST(interop__row__failure_of_winch_is_clean_for_golang_migrate),
        INTEROP_TEST(interop__row__down_to_nothing_empties_the_table),
        INTEROP_TEST(interop__lock__of_the_command_line_and_of_the_library_both_hold),
        INTEROP_TEST(interop__lock__waits_for_golang_migrate_and_then_goes_on),
        INTEROP_TEST(interop__lock__blocking_waiter_survives_an_index_built_concurrently),
        INTEROP_TEST(interop__lock__winch_waiting_does_not_disturb_an_index_build),
        INTEROP_TEST(interop__adopt__records_what_golang_migrate_ran),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
