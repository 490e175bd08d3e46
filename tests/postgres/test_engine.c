/* The engine on a real server, as a console uses it: every statement it sends is told of, it stops
 * after the migration that runs, it reads its files again, and what came since it looked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/preview.h"
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

/* A preview of everything, on the database itself. FALSE when it failed. */
static gboolean preview(struct engine_test *test)
{
    const struct goal goal = {.kind = GOAL_UP};
    const struct preview_options options = {.level = PREVIEW_LEVEL_DATABASE};
    AUTOPTR(preview) *made = NULL;
    return engine_preview(test->engine, &goal, &options, &made, NULL);
}

/* Everything up. FALSE when it failed. */
static gboolean migrate(struct engine_test *test, guint *done)
{
    const struct goal goal = {.kind = GOAL_UP};
    const struct change_options options = {.reason = NULL};
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
    assert_true(preview(test));
    assert_int_equal(test->told, logged() - before);
    assert_true(migrate(test, &done));
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
    assert_false(migrate(test, &done));
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
    assert_false(migrate(test, &done));
    assert_int_equal(test->failed, 1);
    assert_true(test->skipped > 0);
    assert_non_null(
        strstr(test->texts->str, "main 42P01|DELETE FROM \"public\".\"schema_migrations\""));
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
    assert_false(migrate(test, &done));
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

/* The URL of golang-migrate's users says how long a statement may take; what is said to winch
 * itself outweighs it. */
static void engine__timeout__is_the_urls_unless_winch_was_told(void **state)
{
    static const char *const parameters[] = {"x-statement-timeout=100", "statement_timeout=100ms"};
    struct engine_test *test = *state;
    g_autofree char *url = g_steal_pointer(&test->settings->url);
    write_file(test, "1_slow.up.sql", "SELECT pg_sleep(0.4);");
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(parameters); i++) {
        struct change_report report;
        g_autoptr(GError) error = NULL;
        test->settings->is_timeout_said = i >= G_N_ELEMENTS(parameters);
        test->settings->url = g_strdup_printf("%s%c%s", url, strchr(url, '?') != NULL ? '&' : '?',
                                              parameters[i % G_N_ELEMENTS(parameters)]);
        open_engine(test);
        gboolean is_done = engine_migrate(test->engine, &(struct goal){.kind = GOAL_UP},
                                          &(struct change_options){0}, &report, &error);
        assert_int_equal(is_done, test->settings->is_timeout_said);
        assert_true(is_done || strstr(error->message, "statement timeout") != NULL);
        change_report_clear(&report);
        g_clear_pointer(&test->engine, engine_close);
        g_clear_pointer(&test->settings->url, g_free);
    }
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
    assert_true(migrate(test, &done));
    assert_int_equal(done, 2);
}

/* ---- reading what came since -------------------------------------------------------------------
 */

/* As another program would, count times: back over migration 2, or up it again. */
static void somebody_moves(guint count, gboolean goes_down)
{
    g_autofree char *sql = g_strdup_printf(
        "UPDATE schema_migrations SET version = %d; INSERT INTO winch.history (version_table, "
        "run_id, kind, outcome, version, from_version, to_version) SELECT "
        "'public.schema_migrations', '0123456789abcdef', '%s', 'done', 2, %d, %d FROM "
        "generate_series(1, %u)",
        goes_down ? 1 : 2, goes_down ? "down" : "up", goes_down ? 2 : 1, goes_down ? 1 : 2, count);
    cluster_exec("watched", sql);
}

static void assert_whole(const GPtrArray *history, guint count)
{
    assert_int_equal(history->len, count);
    for (guint i = 0; i < count; i++)
        assert_int_equal(((const struct history_record *)history->pdata[i])->id, i + 1);
}

static enum migration_state state_in(const struct status *status, gint64 version)
{
    const struct status_row *row = status_find(status, version);
    assert_non_null(row);
    return row->state;
}

/* Two migrations up and read, as a console has them. */
static struct status *watch(struct engine_test *test, GPtrArray **history)
{
    guint done;
    write_file(test, "000001_a.up.sql", "CREATE TABLE a (x int);");
    write_file(test, "000002_b.up.sql", "CREATE TABLE b (x int);");
    open_engine(test);
    assert_true(migrate(test, &done));
    struct status *status = engine_status_and_history(test->engine, history, NULL);
    assert_non_null(status);
    assert_int_equal(state_in(status, 2), MIGRATION_APPLIED);
    return status;
}

static void status_since__rows_came__adds_them_to_those_there_were(void **state)
{
    struct engine_test *test = *state;
    g_autoptr(GPtrArray) first = NULL;
    AUTOPTR(status) *before = watch(test, &first);
    g_autoptr(GPtrArray) history = g_ptr_array_ref(first);
    somebody_moves(1, TRUE);
    AUTOPTR(status) *status = engine_status_since(test->engine, before, 1, &history, NULL);
    assert_non_null(status);
    assert_int_equal(state_in(status, 1), MIGRATION_APPLIED);
    assert_int_equal(state_in(status, 2), MIGRATION_PENDING);
    assert_int_equal(state_in(before, 2), MIGRATION_APPLIED);
    assert_whole(history, first->len + 1);
    for (guint i = 0; i < first->len; i++)
        assert_ptr_equal(history->pdata[i], first->pdata[i]);
}

static void status_since__more_came_than_guessed__reads_all(void **state)
{
    struct engine_test *test = *state;
    g_autoptr(GPtrArray) first = NULL;
    AUTOPTR(status) *before = watch(test, &first);
    g_autoptr(GPtrArray) history = g_ptr_array_ref(first);
    somebody_moves(40, TRUE);
    AUTOPTR(status) *status = engine_status_since(test->engine, before, 1, &history, NULL);
    assert_non_null(status);
    assert_whole(history, first->len + 40);
    assert_int_equal(state_in(status, 2), MIGRATION_PENDING);
}

static void status_since__another_history__reads_all(void **state)
{
    struct engine_test *test = *state;
    g_autoptr(GPtrArray) first = NULL;
    AUTOPTR(status) *before = watch(test, &first);
    g_autoptr(GPtrArray) history = g_ptr_array_ref(first);
    struct history_record *last = first->pdata[first->len - 1];
    last->hash[0] = last->hash[0] == '0' ? '1' : '0';
    AUTOPTR(status) *status = engine_status_since(test->engine, before, 0, &history, NULL);
    assert_non_null(status);
    assert_whole(history, first->len);
    assert_ptr_not_equal(history->pdata[0], first->pdata[0]);
}

static void status_since__changed_file__is_seen_after_a_reload(void **state)
{
    struct engine_test *test = *state;
    g_autoptr(GPtrArray) history = NULL;
    AUTOPTR(status) *before = watch(test, &history);
    write_file(test, "000001_a.up.sql", "CREATE TABLE other (x int);");
    somebody_moves(1, TRUE);
    AUTOPTR(status) *same = engine_status_since(test->engine, before, 1, &history, NULL);
    assert_int_equal(state_in(same, 1), MIGRATION_APPLIED);
    assert_true(engine_reload(test->engine, NULL));
    AUTOPTR(status) *anew = engine_status_since(test->engine, same, 0, &history, NULL);
    assert_int_equal(state_in(anew, 1), MIGRATION_MODIFIED);
    AUTOPTR(status) *again = engine_status_since(test->engine, anew, 0, &history, NULL);
    assert_int_equal(state_in(again, 1), MIGRATION_MODIFIED);
    assert_int_equal(again->modified, 1);
}

#define with_engine(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_engine(trace__count__is_what_the_server_logged),
        with_engine(trace__failure__is_told_with_what_was_not_run),
        with_engine(trace__failure__to_prepare_is_told_once),
        with_engine(engine__stop_after__finishes_the_migration_that_runs),
        with_engine(engine__timeout__is_the_urls_unless_winch_was_told),
        with_engine(engine__reload__sees_new_files_and_survives_broken_ones),
        with_engine(status_since__rows_came__adds_them_to_those_there_were),
        with_engine(status_since__more_came_than_guessed__reads_all),
        with_engine(status_since__another_history__reads_all),
        with_engine(status_since__changed_file__is_seen_after_a_reload),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
