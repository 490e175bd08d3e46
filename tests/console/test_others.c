/* What other programs do to the same database is seen in the console without being asked for. */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>

/* The two seconds, and what a loaded machine takes to draw. */
#define SOON_US (4 * G_USEC_PER_SEC)

static void prepare(struct console_test *test)
{
    console_put_migrations(test, 4);
    workspace_put(test->folder, "000003_make_m3.up.sql",
                  "CREATE TABLE m3 (id bigint);\nSELECT pg_advisory_xact_lock(42);\n");
    console_winch(test, "init", NULL);
    console_winch(test, "up", "2");
    console_open_at(test, 24, 120);
}

static PGconn *connect_as(const struct console_test *test, const char *application)
{
    g_autofree char *name = g_strdup_printf("%s&application_name=%s", test->url, application);
    PGconn *connection = PQconnectdb(strchr(test->url, '?') != NULL ? name : test->url);
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    return connection;
}

static void exec(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    assert_true(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
}

static void wait_soon(struct console_test *test, gint64 since, const char *text)
{
    terminal_wait_text(test->terminal, text);
    gint64 took = g_get_monotonic_time() - since;
    if (took > SOON_US)
        fail_msg("%s after %.1f s", text, (double)took / G_USEC_PER_SEC);
}

#define OTHER                                                                                      \
    "SELECT coalesce(max(pid)::text, '') FROM pg_stat_activity WHERE application_name "            \
    "LIKE 'winch % up 000003 %' AND wait_event_type = 'Lock'"

static void others__winch_up__appears_in_banner_and_activity(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    PGconn *holder = connect_as(test, "holder");
    exec(holder, "BEGIN; SELECT pg_advisory_xact_lock(42)");
    struct program *other = console_winch_start(test, "up", NULL);
    gint64 since = g_get_monotonic_time();
    g_autofree char *pid = NULL;
    while (pid == NULL || *pid == '\0') {
        g_free(pid);
        pid = cluster_value(test->database, OTHER);
        assert_false(program_has_ended(other));
        if (*pid == '\0')
            since = g_get_monotonic_time();
    }
    wait_soon(test, since, "by postgres: up 000003 1/2");
    console_press(test, "5", "Activity  ");
    terminal_wait_text(test->terminal, pid);
    console_assert_shows(test, "up 000003 1/2");
    g_autofree char *blocker = g_strdup_printf("%d", PQbackendPID(holder));
    console_assert_shows(test, blocker);
    exec(holder, "ROLLBACK");
    PQfinish(holder);
    struct program_result result = program_finish(other);
    assert_int_equal(result.status, 0);
    program_result_clear(&result);
    terminal_wait_text(test->terminal, "at 000004");
    terminal_wait_gone(test->terminal, "by postgres: up");
    console_press(test, "1", "4 applied, 0 pending");
    console_quit_well(test);
}

/* The key of golang-migrate's advisory lock: CRC-32 of database, schema and table, times a salt. */
static guint32 lock_key(const char *database)
{
    guint32 crc = 0xffffffffu;
    g_autoptr(GString) name = g_string_new("public");
    g_string_append_len(name, "\0schema_migrations\0", 19);
    g_string_append(name, database);
    for (gsize i = 0; i < name->len; i++) {
        crc ^= (guchar)name->str[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
    }
    return ~crc * 1486364155u;
}

static void others__golang_migrates_lock__is_named(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    PGconn *holder = connect_as(test, "migrate");
    g_autofree char *lock =
        g_strdup_printf("SELECT pg_advisory_lock(%u)", lock_key(test->database));
    exec(holder, lock);
    g_autofree char *banner =
        g_strdup_printf("LOCKED by pid %d postgres migrate", PQbackendPID(holder));
    wait_soon(test, g_get_monotonic_time(), banner);
    g_autofree char *pid = g_strdup_printf("%d", PQbackendPID(holder));
    console_press(test, "5", "Activity  ");
    terminal_wait_text(test->terminal, pid);
    console_assert_not(test, "migration lock free");
    PQfinish(holder);
    terminal_wait_gone(test->terminal, "LOCKED by");
    terminal_wait_text(test->terminal, "migration lock free");
    console_quit_well(test);
}

/* A version row that another tool moved, without a history row of ours. */
static void others__version_row__is_followed(void **state)
{
    struct console_test *test = *state;
    prepare(test);
    cluster_exec(test->database, "UPDATE schema_migrations SET version = 1");
    wait_soon(test, g_get_monotonic_time(), "at 000001");
    cluster_exec(test->database, "UPDATE schema_migrations SET dirty = true");
    wait_soon(test, g_get_monotonic_time(), "at 000001 DIRTY");
    console_quit_well(test);
}

#define OTHERS_TEST(name) cmocka_unit_test_setup_teardown(name, console_setup, console_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OTHERS_TEST(others__winch_up__appears_in_banner_and_activity),
        OTHERS_TEST(others__golang_migrates_lock__is_named),
        OTHERS_TEST(others__version_row__is_followed),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
