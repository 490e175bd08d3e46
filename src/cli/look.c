/* status, version, validate, config: what is true, without touching anything. */
#include "cli/command.h"

#include "base/duration.h"

#include <string.h>

/* ---- status -------------------------------------------------------------------------------------
 */

static enum output_role role_of(enum migration_state state)
{
    static const enum output_role roles[] = {
        [MIGRATION_PENDING] = ROLE_WARNING, [MIGRATION_APPLIED] = ROLE_GOOD,
        [MIGRATION_ASSUMED] = ROLE_GOOD,    [MIGRATION_MODIFIED] = ROLE_BAD,
        [MIGRATION_MISSED] = ROLE_BAD,      [MIGRATION_MISSING] = ROLE_BAD,
        [MIGRATION_DIRTY] = ROLE_BAD,
    };
    return roles[state];
}

static gboolean was_run(const struct history_record *record)
{
    return record != NULL && record->kind == HISTORY_UP;
}

/* What else a person would want to know of this row. */
static char *remarks_of(const struct status *status, const struct status_row *row)
{
    const struct migration *migration = row->migration;
    GString *remarks = g_string_new(row->is_current ? "current" : "");
    g_autofree char *marks = marks_text(status->marks, row->version);
    const char *more[3] = {NULL};
    guint count = 0;
    if (marks != NULL)
        more[count++] = marks;
    if (migration == NULL)
        more[count++] = "no file";
    else if (row->is_template)
        more[count++] = "not written yet";
    else if (migration->up.path == NULL)
        more[count++] = "no up";
    else if (migration->notes.irreversible != NULL)
        more[count++] = "irreversible";
    else if (migration->down.path == NULL)
        more[count++] = "no down";
    for (guint i = 0; i < count; i++)
        g_string_append_printf(remarks, "%s%s", remarks->len > 0 ? ", " : "", more[i]);
    return g_string_free(remarks, FALSE);
}

static const char *title_of(const struct status_row *row)
{
    if (row->migration != NULL)
        return row->migration->title;
    return row->record != NULL ? row->record->title : NULL;
}

static void show_row(struct output_table *table, const struct status *status,
                     const struct status_row *row)
{
    const struct history_record *record = was_run(row->record) ? row->record : NULL;
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, row->version);
    g_autofree char *applied = output_time(record != NULL ? record->finished_at : 0);
    g_autofree char *took =
        record != NULL ? duration_format(record->finished_at - record->started_at) : g_strdup("-");
    g_autofree char *remarks = remarks_of(status, row);
    enum output_role role = role_of(row->state);
    output_table_cell(table, row->is_current ? ROLE_STRONG : ROLE_PLAIN,
                      row->migration != NULL ? row->migration->digits : number);
    output_table_cell(table, ROLE_PLAIN,
                      row->migration != NULL ? row->migration->release_name : NULL);
    output_table_cell(table, ROLE_PLAIN, title_of(row));
    output_table_cell(table, role, migration_state_name(row->state));
    output_table_cell(table, ROLE_PLAIN, applied);
    output_table_cell(table, ROLE_PLAIN, record != NULL ? record->os_user : "-");
    output_table_cell(table, ROLE_PLAIN, took);
    output_table_cell(table, ROLE_PLAIN, remarks);
}

static void show_rows(struct output *output, const struct status *status)
{
    static const struct output_column columns[] = {
        {"Version", TEXT_LEFT, FALSE}, {"Release", TEXT_LEFT, FALSE}, {"Title", TEXT_LEFT, TRUE},
        {"State", TEXT_LEFT, FALSE},   {"Applied", TEXT_LEFT, TRUE},  {"By", TEXT_LEFT, TRUE},
        {"Took", TEXT_RIGHT, FALSE},   {"", TEXT_LEFT, TRUE},
    };
    struct output_table *table = output_table_new(output, columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < status->rows->len; i++)
        show_row(table, status, &g_array_index(status->rows, struct status_row, i));
    output_table_end(table);
}

static void show_where(struct command_context *context)
{
    const struct database_facts *facts = engine_facts(context->engine);
    const struct environment *environment = engine_environment(context->engine);
    g_autofree char *label = output_safe(engine_label(context->engine));
    g_autofree char *user = output_safe(facts->user);
    g_autofree char *name = output_safe(environment->name);
    g_autofree char *said_by = output_safe(environment->said_by);
    output_line(context->output, ROLE_HEADING, "%s  %s %s%s%s", label, facts->product,
                facts->server_version, *user != '\0' ? "  as " : "", user);
    output_line(context->output,
                environment->class_ == ENVIRONMENT_PRODUCTION ? ROLE_BAD : ROLE_PLAIN,
                "environment  %s (%s)", name, said_by);
}

static void show_version_row(struct command_context *context, const struct version_state *state)
{
    g_autofree char *problem = output_safe(state->problem);
    g_autofree char *when = output_time(state->applied_at);
    if (state->kind == VERSION_TABLE_FOREIGN)
        output_line(context->output, ROLE_BAD, "version      %s", problem);
    else if (state->version == VERSION_NONE)
        output_line(context->output, state->is_dirty ? ROLE_BAD : ROLE_PLAIN, "version      none%s",
                    state->is_dirty ? " (dirty)" : "");
    else
        output_line(context->output, state->is_dirty ? ROLE_BAD : ROLE_PLAIN,
                    "version      %" G_GINT64_FORMAT "%s%s%s", state->version,
                    state->is_dirty ? " (dirty)" : "", state->applied_at != 0 ? ", since " : "",
                    state->applied_at != 0 ? when : "");
}

static void show_history_presence(struct command_context *context)
{
    switch (engine_history_presence(context->engine)) {
    case HISTORY_ABSENT:
        output_line(context->output, ROLE_PLAIN, "history      none yet");
        break;
    case HISTORY_READ_ONLY:
        output_line(context->output, ROLE_PLAIN, "history      readable, not writable");
        break;
    case HISTORY_HIDDEN:
        output_line(context->output, ROLE_WARNING, "history      there, but not readable here");
        break;
    case HISTORY_PRESENT:
        break;
    }
}

static void show_run(struct command_context *context, const struct ledger *ledger)
{
    struct lock_holder holder;
    const struct history_record *started = ledger_interrupted(ledger);
    int held = engine_lock_holder(context->engine, &holder, NULL);
    if (held == 1) {
        g_autofree char *user = output_safe(holder.user);
        g_autofree char *application = output_safe(holder.application);
        output_line(context->output, ROLE_WARNING, "lock         held by pid %d, %s  %s",
                    holder.pid, user, application);
    } else if (held == 0 && started != NULL) {
        g_autofree char *who = output_safe(started->os_user);
        g_autofree char *host = output_safe(started->host);
        g_autofree char *when = output_time(started->finished_at);
        output_line(context->output, ROLE_BAD,
                    "interrupted  run %s by %s on %s, started %s, never said how it ended",
                    started->run_id, who, host, when);
    }
}

static void show_counts(struct command_context *context, const struct status *status)
{
    g_autofree char *all = text_plural(status->rows->len, "migration", "migrations");
    g_autoptr(GString) counts = g_string_new(NULL);
    const struct {
        guint count;
        const char *name;
    } rows[] = {{status->applied, "applied"}, {status->pending, "pending"},
                {status->missed, "missed"},   {status->modified, "modified"},
                {status->missing, "missing"}, {status->dirty, "dirty"}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].count > 0 || i < 2)
            g_string_append_printf(counts, "%s %u %s", i > 0 ? "," : "", rows[i].count,
                                   rows[i].name);
    output_line(context->output, ROLE_PLAIN, "%s:%s", all, counts->str);
}

static void show_warnings(struct command_context *context)
{
    const GArray *warnings = migration_set_warnings(engine_set(context->engine));
    for (guint i = 0; i < warnings->len && !context->output->is_quiet; i++) {
        const struct source_warning *warning = &g_array_index(warnings, struct source_warning, i);
        g_autofree char *file = output_safe(warning->file);
        g_autofree char *message = output_safe(warning->message);
        output_remark(context->output, ROLE_WARNING, "%s: %s", file, message);
    }
}

static json_t *marks_json(const struct status *status, gint64 version)
{
    json_t *list = json_array();
    for (guint i = 0; status->marks != NULL && i < status->marks->len; i++) {
        const struct version_mark *mark = &g_array_index(status->marks, struct version_mark, i);
        if (mark->version == version)
            json_array_append_new(list, json_string(mark_kind_name(mark->kind)));
    }
    return list;
}

static json_t *row_json(const struct status *status, const struct status_row *row)
{
    json_t *object = json_object();
    const struct migration *migration = row->migration;
    const struct history_record *record = was_run(row->record) ? row->record : NULL;
    g_autofree char *applied = output_time_json(record != NULL ? record->finished_at : 0);
    json_object_set_new(object, "version", json_integer(row->version));
    json_object_set_new(object, "title", output_string(title_of(row)));
    json_object_set_new(object, "release",
                        output_string(migration != NULL ? migration->release_name : NULL));
    json_object_set_new(object, "state", json_string(migration_state_name(row->state)));
    json_object_set_new(object, "is_current", json_boolean(row->is_current));
    json_object_set_new(object, "marks", marks_json(status, row->version));
    json_object_set_new(object, "is_template", json_boolean(row->is_template));
    json_object_set_new(object, "applied_at", output_string(applied));
    json_object_set_new(object, "applied_by",
                        output_string(record != NULL ? record->os_user : NULL));
    json_object_set_new(object, "took_us",
                        record != NULL ? json_integer(record->finished_at - record->started_at)
                                       : json_null());
    json_object_set_new(object, "has_up",
                        json_boolean(migration != NULL && migration->up.path != NULL));
    json_object_set_new(object, "has_down",
                        json_boolean(migration != NULL && migration->down.path != NULL));
    json_object_set_new(object, "is_irreversible",
                        json_boolean(migration != NULL && migration->notes.irreversible != NULL));
    return object;
}

static void add_where(struct command_context *context)
{
    const struct environment *environment = engine_environment(context->engine);
    json_object_set_new(context->document, "database",
                        output_string(engine_label(context->engine)));
    json_object_set_new(context->document, "server_version",
                        output_string(engine_facts(context->engine)->server_version));
    json_object_set_new(context->document, "environment", output_string(environment->name));
    json_object_set_new(context->document, "environment_said_by",
                        output_string(environment->said_by));
}

static void add_state(json_t *document, const struct version_state *state)
{
    gboolean has_version = state->version != VERSION_NONE;
    json_object_set_new(document, "version",
                        has_version ? json_integer(state->version) : json_null());
    json_object_set_new(document, "dirty", json_boolean(state->is_dirty));
    json_object_set_new(document, "problem", output_string(state->problem));
}

static void status_json(struct command_context *context, const struct status *status)
{
    json_t *rows = json_array();
    for (guint i = 0; i < status->rows->len; i++)
        json_array_append_new(rows,
                              row_json(status, &g_array_index(status->rows, struct status_row, i)));
    add_where(context);
    add_state(context->document, &status->version);
    json_object_set_new(context->document, "migrations", rows);
    json_object_set_new(context->document, "applied", json_integer(status->applied));
    json_object_set_new(context->document, "pending", json_integer(status->pending));
    json_object_set_new(context->document, "missed", json_integer(status->missed));
    json_object_set_new(context->document, "modified", json_integer(status->modified));
    json_object_set_new(context->document, "missing", json_integer(status->missing));
}

gboolean command_status(struct command_context *context, GError **error)
{
    AUTOPTR(status) *status = engine_status(context->engine, error);
    if (status == NULL)
        return FALSE;
    show_warnings(context);
    if (context->output->is_json)
        status_json(context, status);
    else {
        show_where(context);
        show_version_row(context, &status->version);
        show_history_presence(context);
        show_run(context, status->ledger);
        output_line(context->output, ROLE_PLAIN, "%s", "");
        if (status->rows->len > 0)
            show_rows(context->output, status);
        show_counts(context, status);
    }
    if (!status->version.is_dirty)
        return TRUE;
    error_set(error, ERROR_DIRTY, "the database is dirty: a migration did not end");
    plan_advise_dirty(status->set, &status->version, error);
    return FALSE;
}

/* ---- version
 * -------------------------------------------------------------------------------------- */

gboolean command_version(struct command_context *context, GError **error)
{
    struct version_state state;
    if (!engine_version(context->engine, &state, error))
        return FALSE;
    add_state(context->document, &state);
    if (state.kind == VERSION_TABLE_FOREIGN) {
        error_set(error, ERROR_REFUSED, "%s", state.problem);
        return FALSE;
    }
    if (state.version == VERSION_NONE) {
        error_set(error, ERROR_FAILED, "no migration%s", state.is_dirty ? " (dirty)" : "");
        return FALSE;
    }
    output_line(context->output, ROLE_PLAIN, "%" G_GINT64_FORMAT "%s", state.version,
                state.is_dirty ? " (dirty)" : "");
    return TRUE;
}

/* ---- validate
 * ------------------------------------------------------------------------------------- */

static json_t *finding_json(const struct finding *finding)
{
    gboolean has_version = finding->version != VERSION_NONE;
    json_t *object = json_object();
    json_object_set_new(object, "check", output_string(finding->check));
    json_object_set_new(object, "message", output_string(finding->message));
    json_object_set_new(object, "is_notice", json_boolean(finding->is_notice));
    json_object_set_new(object, "version",
                        has_version ? json_integer(finding->version) : json_null());
    return object;
}

/* What there was to compare; and no more. */
static const char *agreement(const struct engine *engine)
{
    switch (engine_history_presence(engine)) {
    case HISTORY_ABSENT:
        return "version table and files agree; there is no history";
    case HISTORY_HIDDEN:
        return "version table and files agree; the history is not readable here";
    case HISTORY_READ_ONLY:
    case HISTORY_PRESENT:
        break;
    }
    return "version table, files and history agree";
}

gboolean command_validate(struct command_context *context, GError **error)
{
    g_autoptr(GPtrArray) findings = engine_validate(context->engine, error);
    json_t *list = json_array();
    json_object_set_new(context->document, "findings", list);
    if (findings == NULL)
        return FALSE;
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        g_autofree char *message = output_safe(finding->message);
        output_line(context->output, finding->is_notice ? ROLE_WARNING : ROLE_BAD, "%-15s %s%s",
                    finding->check, finding->is_notice ? "(notice) " : "", message);
        json_array_append_new(list, finding_json(finding));
    }
    guint wrong = findings_count(findings);
    if (wrong == 0) {
        output_line(context->output, ROLE_GOOD, "%s", agreement(context->engine));
        return TRUE;
    }
    g_autofree char *count = text_plural(wrong, "finding", "findings");
    error_set(error, ERROR_FINDINGS, "%s", count);
    return FALSE;
}

/* ---- config
 * --------------------------------------------------------------------------------------- */

static void show_setting(struct command_context *context, struct output_table *table, json_t *list,
                         enum config_key key)
{
    const struct setting *setting = setting_get(key);
    g_autofree char *value = config_describe(context->config, key);
    g_autofree char *origin = config_origin_describe(config_origin(context->config, key));
    json_t *object = json_object();
    json_object_set_new(object, "key", json_string(setting->path));
    json_object_set_new(object, "value", output_string(value));
    json_object_set_new(object, "origin", output_string(value != NULL ? origin : NULL));
    json_object_set_new(object, "is_used", json_boolean(setting_is_used(key)));
    json_array_append_new(list, object);
    output_table_cell(table, ROLE_PLAIN, setting->path + strlen("migrations."));
    output_table_cell(table, value != NULL ? ROLE_STRONG : ROLE_FAINT, value != NULL ? value : "-");
    output_table_cell(table, ROLE_PLAIN, value != NULL ? origin : "");
    output_table_cell(table, ROLE_FAINT, setting_is_used(key) ? "" : "not used by this version");
}

gboolean command_config(struct command_context *context, GError **error)
{
    static const struct output_column columns[] = {{"Setting", TEXT_LEFT, FALSE},
                                                   {"Value", TEXT_LEFT, TRUE},
                                                   {"From", TEXT_LEFT, TRUE},
                                                   {"", TEXT_LEFT, TRUE}};
    struct output_table *table = output_table_new(context->output, columns, G_N_ELEMENTS(columns));
    json_t *list = json_array();
    const char *file = config_file(context->config);
    g_autofree char *name = output_safe(file);
    (void)error;
    json_object_set_new(context->document, "file", output_string(file));
    json_object_set_new(context->document, "settings", list);
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++)
        show_setting(context, table, list, (enum config_key)key);
    if (file != NULL)
        output_line(context->output, ROLE_HEADING, "%s", name);
    else
        output_line(context->output, ROLE_PLAIN, "no configuration file was read");
    if (context->output->is_json)
        output_table_drop(table);
    else
        output_table_end(table);
    return TRUE;
}
