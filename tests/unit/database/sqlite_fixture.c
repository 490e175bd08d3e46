/* A directory, a SQLite database in it, and jobs to run there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sqlite_fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "database/driver.h"

/* Only this driver is linked. */
const struct database_driver *const database_drivers[] = {&sqlite_driver, NULL};

int fixture_setup(void **state)
{
    char *directory = g_dir_make_tmp("winch-sqlite-XXXXXX", NULL);
    if (directory == NULL)
        return -1;
    struct sqlite_fixture *fixture = g_new0(struct sqlite_fixture, 1);
    fixture->directory = directory;
    fixture->path = g_build_filename(fixture->directory, "app.db", NULL);
    fixture->url = g_strconcat("sqlite3://", fixture->path, NULL);
    fixture->events = g_ptr_array_new_with_free_func(g_free);
    fixture->cancellation = cancellation_new();
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    struct sqlite_fixture *fixture = *state;
    database_close(fixture->database);
    g_autoptr(GDir) dir = g_dir_open(fixture->directory, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(fixture->directory, name, NULL);
        g_remove(path);
    }
    g_rmdir(fixture->directory);
    g_free(fixture->directory);
    g_free(fixture->path);
    g_free(fixture->url);
    g_ptr_array_unref(fixture->events);
    cancellation_unref(fixture->cancellation);
    g_free(fixture);
    return 0;
}

struct database *fixture_open(struct sqlite_fixture *fixture, const char *parameters)
{
    g_autofree char *url = g_strconcat(fixture->url, parameters, NULL);
    const struct database_options options = {.url = url};
    g_autoptr(GError) error = NULL;
    struct database *database = database_open(&options, &error);
    if (database == NULL)
        fail_msg("%s", error->message);
    return database;
}

void fixture_install(struct sqlite_fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->database = fixture_open(fixture, "");
    if (!database_install(fixture->database, &error))
        fail_msg("%s", error->message);
}

char *fixture_value(struct sqlite_fixture *fixture, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    char *value = NULL;
    g_autofree char *problem = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    for (const char *at = sql; problem == NULL && *at != '\0';) {
        int code = sqlite3_prepare_v2(db, at, -1, &statement, &at);
        if (code == SQLITE_OK && statement != NULL)
            code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            g_free(value);
            const char *text = (const char *)sqlite3_column_text(statement, 0);
            value = g_strdup(text != NULL ? text : "NULL");
        } else if (code != SQLITE_OK && code != SQLITE_DONE) {
            problem = g_strdup(sqlite3_errmsg(db));
        }
        sqlite3_finalize(statement);
        statement = NULL;
    }
    sqlite3_close(db);
    if (problem != NULL) {
        g_free(value);
        fail_msg("%s: %s", sql, problem);
    }
    return value;
}

void fixture_exec(struct sqlite_fixture *fixture, const char *sql)
{
    g_free(fixture_value(fixture, sql));
}

void fixture_expect(struct sqlite_fixture *fixture, const char *sql, const char *value)
{
    g_autofree char *found = fixture_value(fixture, sql);
    if (g_strcmp0(found, value) != 0)
        fail_msg("%s: '%s', not '%s'", sql, found, value);
}

static void on_event(const struct run_event *event, void *data)
{
    static const char *const names[] = {
        [RUN_EVENT_STATEMENT_STARTED] = "started",
        [RUN_EVENT_STATEMENT_DONE] = "done",
        [RUN_EVENT_NOTICE] = "notice",
        [RUN_EVENT_BLOCKED] = "blocked",
        [RUN_EVENT_PROGRESS] = "progress",
        [RUN_EVENT_CHECK_DONE] = "check",
        [RUN_EVENT_COMMITTING] = "committing",
        [RUN_EVENT_CANCELLING] = "cancelling",
        [RUN_EVENT_SETTLING] = "settling",
        [RUN_EVENT_LEFTOVER] = "leftover",
        [RUN_EVENT_BLOCKING] = "blocking",
    };
    struct sqlite_fixture *fixture = data;
    g_ptr_array_add(fixture->events,
                    g_strdup_printf("%s %u %d %s", names[event->kind], event->statement,
                                    (int)event->rows, event->text != NULL ? event->text : ""));
}

gboolean fixture_heard(const struct sqlite_fixture *fixture, const char *text)
{
    for (guint i = 0; i < fixture->events->len; i++)
        if (strstr(g_ptr_array_index(fixture->events, i), text) != NULL)
            return TRUE;
    return FALSE;
}

struct fixture_job *fixture_job_new(struct sqlite_fixture *fixture, enum run_protocol protocol,
                                    gint64 before, gint64 after, const char *const *statements)
{
    struct fixture_job *job = g_new0(struct fixture_job, 1);
    guint count = 0;
    unsigned line = 1;
    GString *text = g_string_new(NULL);
    for (; statements[count] != NULL; count++)
        g_string_append_printf(text, "%s;\n", statements[count]);
    job->text = g_string_free(text, FALSE);
    job->statements = g_new0(struct run_statement, count + 1);
    const char *at = job->text;
    for (guint i = 0; i < count; i++) {
        job->statements[i] = (struct run_statement){.text = at,
                                                    .length = strlen(statements[i]),
                                                    .offset = (gsize)(at - job->text),
                                                    .line = line,
                                                    .column = 1};
        for (const char *c = statements[i]; *c != '\0'; c++)
            line += *c == '\n';
        line++;
        at += strlen(statements[i]) + 2;
    }
    job->record = history_record_new(HISTORY_UP, OUTCOME_DONE);
    job->record->run_id = g_strdup("00000000deadbeef");
    job->record->version = after;
    job->record->from_version = before;
    job->record->to_version = after;
    job->job = (struct run_job){.protocol = protocol,
                                .file = "migrations/1_a.up.sql",
                                .text = job->text,
                                .text_length = strlen(job->text),
                                .statements = job->statements,
                                .statement_count = count,
                                .version_before = before,
                                .version_after = after,
                                .writes_version = TRUE,
                                .lock_timeout = 10000,
                                .record = job->record,
                                .cancellation = fixture->cancellation,
                                .on_event = on_event,
                                .event_data = fixture};
    return job;
}

void fixture_job_free(struct fixture_job *job)
{
    if (job == NULL)
        return;
    history_record_free(job->record);
    g_free(job->statements);
    g_free(job->text);
    g_free(job);
}
