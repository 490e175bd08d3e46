/* The throwaway server: it runs, it dies, it comes back, and it leaves nothing behind. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "base/error.h"
#include "support/cluster.h"

#define PATIENCE (30 * G_USEC_PER_SEC)

static gboolean is_alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}

static void scratch__start__serves_and_stop_removes_it(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    static const char *const settings[] = {"max_connections = 7", NULL};
    const struct scratch_options options = {.is_unsafe = TRUE, .settings = settings};
    struct scratch_server *server = scratch_server_start(&options, &error);
    assert_null(error);
    g_autofree char *directory = g_strdup(scratch_server_directory(server));
    g_autofree char *url = scratch_server_url(server, "postgres");
    pid_t pid = scratch_server_pid(server);
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(connection, "SHOW max_connections");
    g_autofree char *value = g_strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(connection);
    scratch_server_stop(server);
    assert_string_equal(value, "7");
    assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));
    assert_false(is_alive(pid));
}

static void scratch__kill__keeps_what_was_committed(void **state)
{
    (void)state;
    cluster_exec(NULL, "CREATE TABLE kept AS SELECT 42 AS n");
    g_autofree char *url = cluster_url(NULL);
    PGconn *connection = PQconnectdb(url);
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    scratch_server_kill(cluster_server());
    assert_int_equal(scratch_server_pid(cluster_server()), -1);
    PGresult *result = PQexec(connection, "SELECT 1");
    assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
    PQclear(result);
    PQfinish(connection);
    assert_int_equal(PQping(url), PQPING_NO_RESPONSE);
    g_autoptr(GError) error = NULL;
    assert_true(scratch_server_restart(cluster_server(), &error));
    g_autofree char *value = cluster_value(NULL, "SELECT n FROM kept");
    assert_string_equal(value, "42");
}

static void scratch__restart__takes_a_running_server(void **state)
{
    (void)state;
    pid_t before = scratch_server_pid(cluster_server());
    g_autoptr(GError) error = NULL;
    assert_true(scratch_server_restart(cluster_server(), &error));
    assert_int_not_equal(scratch_server_pid(cluster_server()), before);
    g_autofree char *encoding = cluster_value(NULL, "SHOW server_encoding");
    assert_string_equal(encoding, "UTF8");
}

static void scratch__databases__are_fresh(void **state)
{
    (void)state;
    g_autofree char *url = cluster_create_database("it's \303\251/%");
    cluster_exec("it's \303\251/%", "CREATE TABLE t()");
    g_free(cluster_create_database("it's \303\251/%"));
    g_autofree char *count =
        cluster_value("it's \303\251/%", "SELECT count(*) FROM pg_class WHERE relname = 't'");
    assert_string_equal(count, "0");
}

/* Says the directory and the postmaster on the pipe, and waits to be killed. */
static void hold_a_server(int out)
{
    const struct scratch_options options = {.is_unsafe = TRUE};
    struct scratch_server *server = scratch_server_start(&options, NULL);
    if (server == NULL)
        _exit(1);
    g_autofree char *line = g_strdup_printf("%d %s\n", (int)scratch_server_pid(server),
                                            scratch_server_directory(server));
    if (write(out, line, strlen(line)) < 0)
        _exit(1);
    for (;;)
        pause();
}

static void scratch__guardian__removes_all_after_kill_9(void **state)
{
    int pipe_ends[2], status = 0, pid = 0, at = 0;
    char line[512] = "";
    (void)state;
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t holder = fork();
    if (holder == 0) {
        close(pipe_ends[0]);
        hold_a_server(pipe_ends[1]);
    }
    close(pipe_ends[1]);
    ssize_t length = read(pipe_ends[0], line, sizeof line - 1);
    close(pipe_ends[0]);
    kill(holder, SIGKILL);
    waitpid(holder, &status, 0);
    assert_true(length > 0);
    assert_int_equal(sscanf(line, "%d %n", &pid, &at), 1);
    const char *directory = g_strchomp(line + at);
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    while (g_file_test(directory, G_FILE_TEST_EXISTS) && g_get_monotonic_time() < deadline)
        g_usleep(5000);
    assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));
    g_autofree char *cwd = g_strdup_printf("/proc/%d/cwd", pid);
    g_autofree char *where = g_file_read_link(cwd, NULL); /* NULL for a zombie nobody reaps */
    assert_true(where == NULL || !g_str_has_prefix(where, directory));
}

static void scratch__start__says_what_failed(void **state)
{
    static const char *const settings[] = {"no_such_setting = 1", NULL};
    const struct scratch_options options = {.is_unsafe = TRUE, .settings = settings};
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_null(scratch_server_start(&options, &error));
    assert_true(error_is(error, ERROR_FAILED));
    assert_non_null(strstr(error_detail(error)->detail, "no_such_setting"));
}

static void scratch__bindir__refuses_a_wrong_variable(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    g_setenv("WINCH_PG_BINDIR", "/nonexistent", TRUE);
    g_autofree char *found = scratch_bindir(&error);
    g_unsetenv("WINCH_PG_BINDIR");
    assert_null(found);
    assert_true(error_is(error, ERROR_CONFIG));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scratch__start__serves_and_stop_removes_it),
        cmocka_unit_test(scratch__kill__keeps_what_was_committed),
        cmocka_unit_test(scratch__restart__takes_a_running_server),
        cmocka_unit_test(scratch__databases__are_fresh),
        cmocka_unit_test(scratch__guardian__removes_all_after_kill_9),
        cmocka_unit_test(scratch__start__says_what_failed),
        cmocka_unit_test(scratch__bindir__refuses_a_wrong_variable),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
