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
    if (record->kind == HISTORY_CATALOG && history_record_catalog(record) != NULL)
        return g_strdup_printf("schema %.12s", history_record_catalog(record));
    return g_strdup(record->title);
}

/* ---- impact --------------------------------------------------------------------------------- */

/* Both are in ascending order, so next moves along; NULL when nothing was measured of record. */
static const struct impact *impact_of(const GArray *impacts, guint *next,
                                      const struct history_record *record)
{
    while (*next < impacts->len &&
           g_array_index(impacts, struct impact, *next).history_id < record->id)
        ++*next;
    if (*next == impacts->len ||
        g_array_index(impacts, struct impact, *next).history_id != record->id)
        return NULL;
    return &g_array_index(impacts, struct impact, *next);
}

static void add_part(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_part(GString *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append(text, text->len > 0 ? ", " : "");
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
}

/* Only what was measured. */
static char *impact_text(const struct impact *impact)
{
    GString *text = g_string_new(NULL);
    if (impact != NULL && impact->rows >= 0) {
        g_autofree char *rows = text_plural(impact->rows, "row", "rows");
        add_part(text, "%s", rows);
    }
    if (impact != NULL && impact->wal_bytes >= 0) {
        g_autofree char *size =
            g_format_size_full((guint64)impact->wal_bytes, G_FORMAT_SIZE_IEC_UNITS);
        add_part(text, "WAL %s", size);
    }
    if (impact != NULL && impact->longest_wait_us > 0) {
        g_autofree char *waited = duration_format(impact->longest_wait_us);
        add_part(text, "waited %s", waited);
    }
    if (impact != NULL && impact->sessions_blocked > 0)
        add_part(text, "%" G_GINT64_FORMAT " blocked", impact->sessions_blocked);
    return g_string_free(text, FALSE);
}

static json_t *impact_json(const struct impact *impact)
{
    if (impact == NULL)
        return json_null();
    const struct {
        const char *name;
        gint64 value;
    } numbers[] = {
        {"rows", impact->rows},
        {"wal_bytes", impact->wal_bytes},
        {"longest_wait_us", impact->longest_wait_us},
        {"sessions_blocked", impact->sessions_blocked},
        {"elapsed_us", impact->elapsed_us},
    };
    json_t *object = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        json_object_set_new(object, numbers[i].name,
                            numbers[i].value >= 0 ? json_integer(numbers[i].value) : json_null());
    json_t *statements =
        impact->statements != NULL ? json_loads(impact->statements, 0, NULL) : NULL;
    json_object_set_new(object, "statements", statements != NULL ? statements : json_null());
    return object;
}

/* ---- records -------------------------------------------------------------------------------- */

static void show_record(struct output_table *table, const struct history_record *record,
                        const struct impact *impact, gboolean is_verbose)
{
    gboolean has_version = record->version != VERSION_NONE;
    gboolean is_timed = history_record_is_timed(record);
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
    if (!is_verbose)
        return;
    g_autofree char *cost = impact_text(impact);
    output_table_cell(table, ROLE_PLAIN, cost);
}

static void show_records(struct output *output, const GPtrArray *records, const GArray *impacts)
{
    static const struct output_column columns[] = {
        {"#", TEXT_RIGHT, FALSE},     {"When", TEXT_LEFT, TRUE},    {"Run", TEXT_LEFT, FALSE},
        {"What", TEXT_LEFT, FALSE},   {"Version", TEXT_LEFT, TRUE}, {"Outcome", TEXT_LEFT, FALSE},
        {"Took", TEXT_RIGHT, FALSE},  {"By", TEXT_LEFT, TRUE},      {"", TEXT_LEFT, TRUE},
        {"Impact", TEXT_LEFT, FALSE},
    };
    guint next = 0, count = G_N_ELEMENTS(columns) - (output->is_verbose ? 0 : 1);
    struct output_table *table = output_table_new(output, columns, count);
    for (guint i = 0; i < records->len; i++)
        show_record(table, records->pdata[i], impact_of(impacts, &next, records->pdata[i]),
                    output->is_verbose);
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

static json_t *history_json(const GPtrArray *records, const GArray *impacts)
{
    guint next = 0;
    json_t *list = json_array();
    for (guint i = 0; i < records->len; i++) {
        json_t *object = record_json(records->pdata[i]);
        json_object_set_new(object, "impact",
                            impact_json(impact_of(impacts, &next, records->pdata[i])));
        json_array_append_new(list, object);
    }
    return list;
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
    g_autoptr(GArray) impacts = engine_impacts(context->engine, records, error);
    if (impacts == NULL)
        return FALSE;
    json_object_set_new(context->document, "history", history_json(records, impacts));
    if (!context->output->is_json && records->len > 0)
        show_records(context->output, records, impacts);
    return TRUE;
}
