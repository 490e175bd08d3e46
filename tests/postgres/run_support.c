/* See run_support.h. */
#include "postgres/run_support.h"

#include <string.h>

#include "support/cluster.h"

/* ---- the database --------------------------------------------------------------------------- */

static void open_database(struct run_test *test)
{
    g_autofree char *url = cluster_url("run");
    const struct database_options options = {.url = url, .cancellation = test->cancellation};
    g_autoptr(GError) error = NULL;
    test->database = database_open(&options, &error);
    if (test->database == NULL)
        fail_msg("%s", error->message);
    if (!database_install(test->database, &error))
        fail_msg("%s", error->message);
    if (!database_lock(test->database, 5000, NULL, NULL, &error))
        fail_msg("%s", error->message);
}

int run_test_setup(void **state)
{
    struct run_test *test = g_new0(struct run_test, 1);
    g_free(cluster_create_database("run"));
    test->events = g_string_new(NULL);
    test->cancellation = cancellation_new();
    open_database(test);
    g_assert(database_force(test->database, 1, NULL, NULL));
    *state = test;
    return 0;
}

int run_test_teardown(void **state)
{
    struct run_test *test = *state;
    if (test->helper != NULL)
        g_thread_join(test->helper);
    database_close(test->database);
    cancellation_unref(test->cancellation);
    g_clear_error(&test->error);
    g_string_free(test->events, TRUE);
    g_free(test);
    return 0;
}

void run_test_reopen(struct run_test *test)
{
    database_close(test->database);
    cancellation_unref(test->cancellation);
    test->cancellation = cancellation_new();
    open_database(test);
}

/* ---- jobs ----------------------------------------------------------------------------------- */

static const char *verb_of(struct job *job, const char *statement)
{
    g_auto(GStrv) words = g_strsplit_set(statement, " \n\r", 4);
    GString *verb = g_string_new(NULL);
    for (guint i = 0; i < 2 && words[i] != NULL; i++) {
        g_autofree char *word = g_ascii_strup(words[i], -1);
        g_string_append_printf(verb, "%s%s", i > 0 ? " " : "", word);
    }
    char *text = g_string_free(verb, FALSE);
    g_ptr_array_add(job->verbs, text);
    return text;
}

static gboolean is_outside(const char *statement)
{
    return strstr(statement, "CONCURRENTLY") != NULL || g_str_has_prefix(statement, "VACUUM");
}

static void add_statement(struct job *job, const char *statement, unsigned *line)
{
    struct run_statement added = {.length = strlen(statement), .column = 1, .line = *line};
    added.offset = job->text->len;
    added.verb = verb_of(job, statement);
    added.is_outside = is_outside(statement);
    g_array_append_val(job->statements, added);
    g_string_append_printf(job->text, "%s;\n", statement);
    for (const char *at = statement; *at != '\0'; at++)
        *line += *at == '\n';
    ++*line;
}

static void take_event(const struct run_event *event, void *data)
{
    static const char *const names[] = {"started",  "done",     "notice",     "blocked",
                                        "progress", "check",    "committing", "cancelling",
                                        "settling", "leftover", "blocking",   "evidence"};
    struct run_test *test = data;
    g_autofree char *line =
        g_strdup_printf("%s %u %" G_GINT64_FORMAT " %s", names[event->kind], event->statement,
                        event->kind == RUN_EVENT_STATEMENT_DONE ? event->rows : event->done,
                        event->text != NULL ? event->text : "");
    if (test->events->len < 100000)
        g_string_append_printf(test->events, "%s\n", line);
    if (test->trigger != NULL && g_str_has_prefix(line, test->trigger_event)) {
        void (*trigger)(struct run_test *) = test->trigger;
        test->trigger = NULL;
        trigger(test);
    }
}

struct job *job_new(struct run_test *test, enum run_protocol protocol,
                    const char *const *statements)
{
    unsigned line = 1;
    struct job *job = g_new0(struct job, 1);
    job->text = g_string_new(NULL);
    job->statements = g_array_new(FALSE, FALSE, sizeof(struct run_statement));
    job->verbs = g_ptr_array_new_with_free_func(g_free);
    for (; *statements != NULL; statements++)
        add_statement(job, *statements, &line);
    for (guint i = 0; i < job->statements->len; i++) {
        struct run_statement *statement = &g_array_index(job->statements, struct run_statement, i);
        statement->text = job->text->str + statement->offset;
    }
    job->record = history_record_new(HISTORY_UP, OUTCOME_DONE);
    job->record->run_id = g_strdup("0123456789abcdef");
    job->record->version = 2;
    job->record->from_version = 1;
    job->record->to_version = 2;
    job->record->tool = g_strdup("winch test");
    job->job = (struct run_job){
        .protocol = protocol,
        .file = "000002_x.up.sql",
        .text = job->text->str,
        .text_length = job->text->len,
        .statements = (const struct run_statement *)(gpointer)job->statements->data,
        .statement_count = job->statements->len,
        .version_before = 1,
        .version_after = 2,
        .writes_version = TRUE,
        .application_name = "winch test 2",
        .record = job->record,
        .cancellation = test->cancellation,
        .on_event = take_event,
        .event_data = test,
    };
    return job;
}

void job_free(struct job *job)
{
    g_string_free(job->text, TRUE);
    g_array_unref(job->statements);
    g_ptr_array_unref(job->verbs);
    history_record_free(job->record);
    g_free(job);
}

gboolean job_run(struct run_test *test, struct job *job)
{
    g_clear_error(&test->error);
    g_string_truncate(test->events, 0);
    gboolean is_good = database_run(test->database, &job->job, &test->result, &test->error);
    assert_int_equal(is_good, test->error == NULL);
    return is_good;
}
