/* history: what was done, by whom, and how it ended. */
#include "cli/command.h"

#include "base/duration.h"

#include <string.h>

static enum output_role role_of(enum history_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_DONE:
        return ROLE_PLAIN;
    case OUTCOME_CANCELLED:
        return ROLE_WARNING;
    case OUTCOME_FAILED:
    case OUTCOME_REFUSED:
    case OUTCOME_UNKNOWN:
    case OUTCOME_OTHER:
        break;
    }
    return ROLE_BAD;
}

static char *what_of(const struct history_record *record)
{
    if (record->message != NULL)
        return g_strdup(record->message);
    if (record->kind == HISTORY_STATEMENT)
        return g_strdup_printf("statement %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " is in",
                               record->statement, record->statements);
    return g_strdup(record->title);
}

static void show_record(struct output_table *table, const struct history_record *record)
{
    gboolean has_version = record->version != VERSION_NONE;
    gboolean is_timed = record->kind == HISTORY_UP || record->kind == HISTORY_DOWN;
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, record->id);
    g_autofree char *version = g_strdup_printf("%" G_GINT64_FORMAT, record->version);
    g_autofree char *when = output_time(record->finished_at);
    g_autofree char *took = duration_format(record->finished_at - record->started_at);
    g_autofree char *run = record->run_id != NULL ? g_strndup(record->run_id, 6) : g_strdup("");
    g_autofree char *what = what_of(record);
    output_table_cell(table, ROLE_PLAIN, id);
    output_table_cell(table, ROLE_PLAIN, when);
    output_table_cell(table, ROLE_PLAIN, run);
    output_table_cell(table, ROLE_PLAIN, history_record_kind(record));
    output_table_cell(table, ROLE_PLAIN, has_version ? version : "-");
    output_table_cell(table, role_of(record->outcome), history_record_outcome(record));
    output_table_cell(table, ROLE_PLAIN, is_timed ? took : "");
    output_table_cell(table, ROLE_PLAIN, record->os_user);
    output_table_cell(table, ROLE_PLAIN, what);
}

static void show_records(struct output *output, const GPtrArray *records)
{
    static const struct output_column columns[] = {
        {"#", TEXT_RIGHT, FALSE},    {"When", TEXT_LEFT, TRUE},    {"Run", TEXT_LEFT, FALSE},
        {"What", TEXT_LEFT, FALSE},  {"Version", TEXT_LEFT, TRUE}, {"Outcome", TEXT_LEFT, FALSE},
        {"Took", TEXT_RIGHT, FALSE}, {"By", TEXT_LEFT, TRUE},      {"", TEXT_LEFT, TRUE},
    };
    struct output_table *table = output_table_new(output, columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < records->len; i++)
        show_record(table, records->pdata[i]);
    output_table_end(table);
}

static json_t *record_json(const struct history_record *record)
{
    json_t *object = json_object();
    g_autofree char *started = output_time_json(record->started_at);
    g_autofree char *finished = output_time_json(record->finished_at);
    const struct {
        const char *name, *text;
    } texts[] = {
        {"run", record->run_id},
        {"plan", record->plan_id},
        {"kind", history_record_kind(record)},
        {"outcome", history_record_outcome(record)},
        {"title", record->title},
        {"started_at", started},
        {"finished_at", finished},
        {"sqlstate", record->sqlstate},
        {"message", record->message},
        {"file", record->file},
        {"up_sha256", record->up_sha256},
        {"down_sha256", record->down_sha256},
        {"xid", record->xid},
        {"environment", record->environment},
        {"database_user", record->database_user},
        {"os_user", record->os_user},
        {"host", record->host},
        {"ssh_client", record->ssh_client},
        {"tool", record->tool},
        {"reason", record->reason},
        {"ticket", record->ticket},
        {"backup", record->backup},
        {"backup_sha256", record->backup_sha256},
        {"hash", record->hash},
    };
    const struct {
        const char *name;
        gint64 version;
    } versions[] = {{"version", record->version},
                    {"from_version", record->from_version},
                    {"to_version", record->to_version}};
    json_object_set_new(object, "id", json_integer(record->id));
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        json_object_set_new(object, texts[i].name, output_string(texts[i].text));
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++)
        json_object_set_new(object, versions[i].name,
                            versions[i].version != VERSION_NONE ? json_integer(versions[i].version)
                                                                : json_null());
    json_object_set_new(object, "statement", json_integer(record->statement));
    json_object_set_new(object, "statements", json_integer(record->statements));
    json_object_set_new(object, "line", json_integer(record->line));
    json_object_set_new(object, "backend_pid", json_integer(record->backend_pid));
    return object;
}

static gboolean verify(struct command_context *context, GError **error)
{
    gint64 rows = 0;
    gboolean holds = engine_history_verify(context->engine, &rows, error);
    json_object_set_new(context->document, "rows", json_integer(rows));
    json_object_set_new(context->document, "is_whole", json_boolean(holds));
    if (!holds)
        return FALSE;
    g_autofree char *count = text_plural(rows, "row", "rows");
    output_line(context->output, ROLE_GOOD, "the chain of %s is whole", count);
    return TRUE;
}

static gboolean may_be_read(struct command_context *context, GError **error)
{
    enum history_presence presence = engine_history_presence(context->engine);
    if (presence == HISTORY_HIDDEN) {
        error_set(error, ERROR_FAILED, "there is a history, and %s may not read it",
                  engine_facts(context->engine)->user);
        return FALSE;
    }
    if (presence == HISTORY_ABSENT)
        output_line(context->output, ROLE_PLAIN, "there is no history yet");
    return TRUE;
}

gboolean command_history(struct command_context *context, GError **error)
{
    const char *limit = invocation_value(context->invocation, "limit");
    guint newest = 0;
    if (limit != NULL && !invocation_count(limit, "a limit", &newest, error))
        return FALSE;
    if (!may_be_read(context, error))
        return FALSE;
    if (invocation_has(context->invocation, "verify"))
        return verify(context, error);
    g_autoptr(GPtrArray) records = engine_history(context->engine, newest, error);
    if (records == NULL)
        return FALSE;
    json_t *list = json_array();
    for (guint i = 0; i < records->len; i++)
        json_array_append_new(list, record_json(records->pdata[i]));
    json_object_set_new(context->document, "history", list);
    if (!context->output->is_json && records->len > 0)
        show_records(context->output, records);
    return TRUE;
}
