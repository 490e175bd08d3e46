/* The engine on a real server, as a console uses it: every statement it sends is told of, it stops
 * after the migration that runs, and it reads its files again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "engine/engine.h"
#include "support/cluster.h"

struct engine_test {
    char *folder;
    struct engine_settings *settings;
    struct engine *engine;
    struct cancellation *cancellation;
    gint64 stop_in; /* version whose first statement asks to stop after it; 0 none */
    guint told, failed, skipped;
    GString *texts; /* a line each */
};

static void take_statement(const struct statement_trace *statement, void *data)
{
    struct engine_test *test = data;
    assert_true(statement->elapsed_us >= 0);
    if (statement->is_skipped) {
        test->skipped++;
        return;
    }
    test->told++;
    test->failed += statement->error != NULL ? 1 : 0;
    g_string_append_printf(test->texts, "%s %s|%s\n", statement->connection, statement->sqlstate,
                           statement->text);
}

static void write_file(const struct engine_test *test, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(test->folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* What the server logged of winch's sessions in this database since it was asked to. */
static guint logged(void)
{
    g_autofree char *path =
        g_build_filename(scratch_server_directory(cluster_server()), "log", NULL);
    g_autofree char *text = NULL;
    guint count = 0;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (strstr(*line, "LOG:  statement: ") != NULL || strstr(*line, "LOG:  execute ") != NULL)
            count++;
    return count;
}

static void take_event(const struct engine_event *event, void *data)
{
    const struct engine_test *test = data;
    if (event->kind == ENGINE_STEP_STARTED && test->stop_in != 0 &&
        plan_step_at(event->plan, event->step)->migration->version == test->stop_in)
        cancellation_raise(test->cancellation, CANCEL_AFTER, ERROR_CANCELLED);
}

static int setup(void **state)
{
    struct engine_test *test = g_new0(struct engine_test, 1);
    test->texts = g_string_new(NULL);
    test->folder = g_dir_make_tmp("winch-engine-XXXXXX", NULL);
    test->cancellation = cancellation_new();
    test->settings = engine_settings_new();
    test->settings->url = cluster_create_database("watched");
    g_free(test->settings->migrations_path);
    test->settings->migrations_path = g_strdup(test->folder);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct engine_test *test = *state;
    if (test->engine != NULL)
        engine_close(test->engine);
    GDir *dir = g_dir_open(test->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(test->folder, name, NULL);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(test->folder);
    g_free(test->folder);
    g_string_free(test->texts, TRUE);
    cancellation_unref(test->cancellation);
    engine_settings_free(test->settings);
    g_free(test);
    return 0;
}

static void open_engine(struct engine_test *test)
{
    g_autoptr(GError) error = NULL;
    struct engine_callbacks callbacks = {.on_event = take_event,
                                         .data = test,
                                         .cancellation = test->cancellation,
                                         .on_statement = take_statement};
    test->engine = engine_open(test->settings, &callbacks, &error);
    if (test->engine == NULL)
        fail_msg("%s", error->message);
}

/* Everything up, or a rehearsal of it. FALSE when it failed. */
static gboolean migrate(struct engine_test *test, gboolean is_dry_run, guint *done)
{
    const struct goal goal = {.kind = GOAL_UP};
    const struct change_options options = {.is_dry_run = is_dry_run};
    struct change_report report;
    g_autoptr(GError) error = NULL;
    gboolean is_done = engine_migrate(test->engine, &goal, &options, &report, &error);
    *done = report.done;
    if (error != NULL)
        g_string_append_printf(test->texts, "error: %s\n", error->message);
    change_report_clear(&report);
    return is_done;
}

/* ---- statements ---------------------------------------------------------------------------------
 */

static void trace__count__is_what_the_server_logged(void **state)
{
    struct engine_test *test = *state;
    guint done;
    write_file(test, "000001_a.up.sql", "CREATE TABLE a (x int); INSERT INTO a VALUES (1), (2);");
    write_file(test, "000002_b.up.sql", "CREATE TABLE b (x int); INSERT INTO b SELECT 1;");
    write_file(test, "000003_c.up.sql", "CREATE INDEX CONCURRENTLY c ON b (x);");
    cluster_exec(NULL, "ALTER DATABASE watched SET log_statement = 'all'");
    guint before = logged();
    open_engine(test);
    AUTOPTR(status) *status = engine_status(test->engine, NULL);
    assert_non_null(status);
    assert_int_equal(test->told, logged() - before);
    assert_true(migrate(test, TRUE, &done));
    assert_int_equal(test->told, logged() - before);
    assert_true(migrate(test, FALSE, &done));
    assert_int_equal(done, 3);
    pulse_unref(engine_pulse(test->engine, NULL));
    activity_unref(engine_activity(test->engine, NULL));
    assert_int_equal(test->told, logged() - before);
    assert_int_equal(test->failed, 0);
    assert_int_equal(test->skipped, 0);
    assert_non_null(strstr(test->texts->str, "main |CREATE TABLE a (x int)\n"));
    assert_non_null(strstr(test->texts->str, "main |CREATE INDEX CONCURRENTLY c ON b (x)"));
    assert_non_null(strstr(test->texts->str, "main |BEGIN READ WRITE\n")); /* prepared */
}

static void trace__failure__is_told_with_what_was_not_run(void **state)
{
    struct engine_test *test = *state;
    guint done;
    write_file(test, "000001_a.up.sql",
               "CREATE TABLE a (x int PRIMARY KEY); INSERT INTO a VALUES (1);"
               "INSERT INTO a VALUES (1); CREATE ROLE nobody_at_all PASSWORD 'secret';");
    cluster_exec(NULL, "ALTER DATABASE watched SET log_statement = 'all'");
    guint before = logged();
    open_engine(test);
    assert_false(migrate(test, FALSE, &done));
    assert_int_equal(test->told, logged() - before);
    assert_int_equal(test->failed, 1);
    assert_true(test->skipped > 0);
    assert_non_null(strstr(test->texts->str, "main 23505|INSERT INTO a VALUES (1)\n"));
    assert_null(strstr(test->texts->str, "secret"));
}

/* What could not be prepared is told of as itself, what was to run it as not run. */
static void trace__failure__to_prepare_is_told_once(void **state)
{
    struct engine_test *test = *state;
    guint done;
    write_file(test, "000001_a.up.sql", "DROP TABLE schema_migrations;");
    open_engine(test);
    assert_false(migrate(test, FALSE, &done));
    assert_int_equal(test->failed, 1);
    assert_true(test->skipped > 0);
    assert_non_null(strstr(test->texts->str, "main 42P01|DELETE FROM \"public\".\"schema_migrations\""));
}

/* ---- stopping and reading again
 * ------------------------------------------------------------------ */

static void engine__stop_after__finishes_the_migration_that_runs(void **state)
{
    struct engine_test *test = *state;
    guint done;
    write_file(test, "000001_a.up.sql", "CREATE TABLE a (x int);");
    write_file(test, "000002_b.up.sql", "CREATE TABLE b (x int); INSERT INTO b VALUES (1);");
    write_file(test, "000003_c.up.sql", "CREATE TABLE c (x int);");
    test->stop_in = 2;
    open_engine(test);
    assert_false(migrate(test, FALSE, &done));
    assert_int_equal(done, 2);
    assert_non_null(strstr(test->texts->str, "error: stopped after 2 of 3 migrations, as asked"));
    g_autofree char *row =
        cluster_value("watched", "SELECT version || ' ' || dirty FROM schema_migrations");
    g_autofree char *tables = cluster_value(
        "watched", "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind "
                   "= 'r' AND relname IN ('a', 'b', 'c')");
    g_autofree char *locks =
        cluster_value("watched", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
    assert_string_equal(row, "2 false");
    assert_string_equal(tables, "a b");
    assert_string_equal(locks, "0");
}

static void engine__reload__sees_new_files_and_survives_broken_ones(void **state)
{
    struct engine_test *test = *state;
    g_autoptr(GError) error = NULL;
    guint done;
    write_file(test, "000001_a.up.sql", "CREATE TABLE a (x int);");
    open_engine(test);
    AUTOPTR(plan) *plan = engine_plan(test->engine, &(struct goal){.kind = GOAL_UP}, NULL);
    write_file(test, "000002_b.up.sql", "CREATE TABLE b (x int);");
    assert_int_equal(migration_set_count(engine_set(test->engine)), 1);
    assert_true(engine_reload(test->engine, &error));
    assert_int_equal(migration_set_count(engine_set(test->engine)), 2);
    assert_string_equal(plan_step_at(plan, 0)->migration->title, "a");
    write_file(test, "000003_c.up.sql", "-- winch: requires 9\nSELECT 1;");
    assert_false(engine_reload(test->engine, &error));
    assert_non_null(error);
    assert_int_equal(migration_set_count(engine_set(test->engine)), 2);
    assert_true(migrate(test, FALSE, &done));
    assert_int_equal(done, 2);
}

#define with_engine(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_engine(trace__count__is_what_the_server_logged),
        with_engine(trace__failure__is_told_with_what_was_not_run),
        with_engine(trace__failure__to_prepare_is_told_once),
        with_engine(engine__stop_after__finishes_the_migration_that_runs),
        with_engine(engine__reload__sees_new_files_and_survives_broken_ones),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
