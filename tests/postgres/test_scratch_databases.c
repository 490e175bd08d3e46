/* Scratch databases: made, copied into, and gone, however their maker ended. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "database/database.h"
#include "engine/scratch.h"
#include "support/cluster.h"

#define PATIENCE (30 * G_USEC_PER_SEC)

#define COUNT_SQL "SELECT count(*) FROM pg_database WHERE datname ~ '^winch_scratch_'"

static struct scratch *open_on_cluster(void)
{
    g_autofree char *url = cluster_url(NULL);
    g_autoptr(GError) error = NULL;
    struct scratch *scratch = scratch_open(&(struct scratch_settings){.url = url}, &error);
    if (scratch == NULL)
        fail_msg("%s", error->message);
    return scratch;
}

static struct database *connect_to(const char *url)
{
    g_autoptr(GError) error = NULL;
    struct database *database =
        database_open(&(struct database_options){.url = url, .is_read_only = TRUE}, &error);
    if (database == NULL)
        fail_msg("%s", error->message);
    return database;
}

/* Until the cluster answers sql with expected. */
static void wait_for(const char *expected, const char *sql)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    for (;;) {
        g_autofree char *value = cluster_value(NULL, sql);
        if (strcmp(value, expected) == 0)
            return;
        if (g_get_monotonic_time() > deadline)
            fail_msg("%s is %s, not %s", sql, value, expected);
        g_usleep(10000);
    }
}

static void scratch__close__drops_what_is_left(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    struct scratch *scratch = open_on_cluster();
    assert_false(scratch_is_private(scratch));
    assert_non_null(strstr(scratch_text(scratch), "postgres at "));
    g_autofree char *one = scratch_database_create(scratch, &error);
    g_autofree char *two = scratch_database_create(scratch, &error);
    assert_non_null(one);
    assert_non_null(two);
    struct database *database = connect_to(one);
    assert_true(g_str_has_prefix(database_facts(database)->database, "winch_scratch_"));
    assert_true(scratch_database_drop(scratch, one, &error));
    wait_for("1", COUNT_SQL);
    database_close(database);
    scratch_close(scratch);
    wait_for("0", COUNT_SQL);
}

static void scratch__private_server__is_gone_with_its_directory(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    struct scratch *scratch = scratch_open(&(struct scratch_settings){0}, &error);
    assert_non_null(scratch);
    assert_true(scratch_is_private(scratch));
    assert_true(scratch_version(scratch) >= 130000);
    g_autofree char *url = scratch_database_create(scratch, &error);
    struct database *database = connect_to(url);
    g_autofree char *directory = g_strdup(database_facts(database)->host);
    database_close(database);
    assert_true(g_file_test(directory, G_FILE_TEST_IS_DIR));
    scratch_close(scratch);
    assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));
}

/* A maker in a process of its own, that says when it has made two and then waits to be killed. */
static pid_t start_maker(int *from)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t maker = fork();
    if (maker == 0) {
        close(ends[0]);
        g_autofree char *url = cluster_url(NULL);
        struct scratch *scratch = scratch_open(&(struct scratch_settings){.url = url}, NULL);
        char *one = scratch != NULL ? scratch_database_create(scratch, NULL) : NULL;
        char *two = one != NULL ? scratch_database_create(scratch, NULL) : NULL;
        if (two == NULL || write(ends[1], "+", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ends[1]);
    *from = ends[0];
    return maker;
}

static void kill_maker(pid_t maker, int from)
{
    char byte;
    int status;
    ssize_t length = read(from, &byte, 1);
    close(from);
    kill(maker, SIGKILL);
    waitpid(maker, &status, 0);
    assert_int_equal(length, 1);
}

static void scratch__kill_9__the_guardian_drops_them(void **state)
{
    int from;
    (void)state;
    pid_t maker = start_maker(&from);
    kill_maker(maker, from);
    wait_for("0", COUNT_SQL);
}

/* Without psql nobody is there to drop them; who comes next does, and leaves a living one's. */
static void scratch__next_one__drops_what_the_dead_left(void **state)
{
    int from;
    (void)state;
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autofree char *bindir = scratch_bindir(NULL);
    g_setenv("WINCH_PG_BINDIR", "/nonexistent", TRUE);
    g_setenv("PATH", "/nonexistent", TRUE);
    pid_t maker = start_maker(&from);
    kill_maker(maker, from);
    g_setenv("PATH", path, TRUE);
    g_unsetenv("WINCH_PG_BINDIR");
    wait_for("0", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'winch scratch'");
    wait_for("2", COUNT_SQL);
    cluster_exec(NULL, "CREATE DATABASE winch_scratch_0123456789abcdef");
    struct scratch *living = open_on_cluster();
    assert_int_equal(scratch_left(living)->len, 1);
    assert_string_equal(scratch_left(living)->pdata[0], "winch_scratch_0123456789abcdef");
    g_autofree char *url = scratch_database_create(living, NULL);
    struct scratch *next = open_on_cluster();
    wait_for("2", COUNT_SQL);
    assert_int_equal(scratch_left(next)->len, 2);
    scratch_close(next);
    scratch_close(living);
    wait_for("1", COUNT_SQL);
    cluster_exec(NULL, "DROP DATABASE winch_scratch_0123456789abcdef");
}

static char *first_of(const char *url, const char *sql)
{
    const char *at = strstr(url, "host=") + strlen("host=");
    g_autofree char *host = g_uri_unescape_segment(at, at + strcspn(at, "&"), NULL);
    g_autofree char *psql = NULL;
    g_autofree char *bindir = scratch_bindir(NULL);
    psql = g_build_filename(bindir, "psql", NULL);
    const char *argv[] = {psql, "-XAtq", "-c", sql, url, NULL};
    char *out = NULL;
    assert_true(
        g_spawn_sync(NULL, (char **)(gpointer)argv, NULL, 0, NULL, NULL, &out, NULL, NULL, NULL));
    return g_strchomp(out);
}

static void fill_original(void)
{
    g_free(cluster_create_database("Orig'inal"));
    cluster_exec(NULL, "DROP ROLE IF EXISTS \"read er\"");
    cluster_exec(NULL, "CREATE ROLE \"read er\" NOINHERIT CREATEDB");
    cluster_exec(NULL, "ALTER DATABASE \"Orig'inal\" SET search_path = other, public");
    cluster_exec("Orig'inal", "CREATE SCHEMA other; CREATE TABLE other.t (a int PRIMARY KEY);"
                               "INSERT INTO other.t VALUES (1); GRANT SELECT ON other.t TO "
                               "\"read er\"");
}

static void copy__private__has_schema_roles_and_settings(void **state)
{
    g_autoptr(GError) error = NULL;
    struct scratch_copy copy;
    (void)state;
    fill_original();
    g_autofree char *url = cluster_url("Orig'inal");
    AUTOPTR(database) *original = connect_to(url);
    AUTOPTR(scratch) *scratch = scratch_open(&(struct scratch_settings){.version = 15}, &error);
    assert_non_null(scratch);
    if (!scratch_copy_schema(scratch, original, &copy, &error))
        fail_msg("%s: %s", error->message, error_detail(error)->detail);
    assert_int_equal(copy.problems->len, 0);
    g_autofree char *name = first_of(copy.url, "SELECT current_database()");
    g_autofree char *rows = first_of(copy.url, "SELECT count(*) FROM t");
    g_autofree char *may = first_of(
        copy.url, "SELECT has_table_privilege('read er', 't', 'SELECT') AND rolcreatedb AND NOT "
                  "rolinherit FROM pg_roles WHERE rolname = 'read er'");
    assert_string_equal(name, "Orig'inal");
    assert_string_equal(rows, "0");
    assert_string_equal(may, "t");
    scratch_copy_clear(&copy);
}

static void copy__server_named__leaves_owners_and_says_so(void **state)
{
    g_autoptr(GError) error = NULL;
    struct scratch_copy copy;
    (void)state;
    fill_original();
    g_autofree char *url = cluster_url("Orig'inal");
    AUTOPTR(database) *original = connect_to(url);
    AUTOPTR(scratch) *scratch = open_on_cluster();
    assert_true(scratch_copy_schema(scratch, original, &copy, &error));
    assert_int_equal(copy.problems->len, 1);
    g_autofree char *name = first_of(copy.url, "SELECT current_database()");
    g_autofree char *rows = first_of(copy.url, "SELECT count(*) FROM t");
    assert_true(g_str_has_prefix(name, "winch_scratch_"));
    assert_string_equal(rows, "0");
    scratch_copy_clear(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scratch__close__drops_what_is_left),
        cmocka_unit_test(scratch__private_server__is_gone_with_its_directory),
        cmocka_unit_test(scratch__kill_9__the_guardian_drops_them),
        cmocka_unit_test(scratch__next_one__drops_what_the_dead_left),
        cmocka_unit_test(copy__private__has_schema_roles_and_settings),
        cmocka_unit_test(copy__server_named__leaves_owners_and_says_so),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
