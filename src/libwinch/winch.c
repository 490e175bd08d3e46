/* libwinch: the engine behind plain C types. */
#include "winch/winch.h"

#include "config/config.h"
#include "engine/engine.h"
#include "engine/settings_config.h"

#include <config.h>

struct winch {
    struct engine_settings *settings; /* NULL after a mistake in the options */
    struct engine *engine;            /* NULL until a call needs it */
    char *reason;
    gboolean overrides;
    GMutex lock; /* guards cancellation against winch_cancel() */
    struct cancellation *cancellation;
    winch_event_fn on_event;
    void *event_data;
    GError *error;
    GError *opening_error;
    struct winch_error last_error;
    struct status *status; /* backs the report */
    GArray *migrations;    /* of struct winch_migration */
    char *environment;     /* of the report */
    struct winch_report report;
    GPtrArray *found; /* of struct finding * */
    GArray *findings; /* of struct winch_finding */
};

const char *winch_version(void)
{
    return PACKAGE_VERSION;
}

/* ---- opening and closing -------------------------------------------------------------------- */

static struct engine_settings *settings_of(const struct winch_options *options, GError **error)
{
    struct config_override overrides[4];
    guint count = 0;
    if (options->database_url != NULL)
        overrides[count++] = (struct config_override){CONFIG_DATABASE_URL, options->database_url,
                                                      "winch_options.database_url"};
    if (options->migrations_path != NULL)
        overrides[count++] = (struct config_override){
            CONFIG_MIGRATIONS_PATH, options->migrations_path, "winch_options.migrations_path"};
    if (options->environment != NULL)
        overrides[count++] = (struct config_override){CONFIG_ENVIRONMENT, options->environment,
                                                      "winch_options.environment"};
    struct config_sources sources = {
        .file = options->config_file,
        .overrides = overrides,
        .override_count = count,
    };
    AUTOPTR(config) *config = config_load(&sources, error);
    return config != NULL ? engine_settings_from_config(config, error) : NULL;
}

winch *winch_open(const struct winch_options *options)
{
    struct winch *handle = g_new0(struct winch, 1);
    g_mutex_init(&handle->lock);
    handle->cancellation = cancellation_new();
    handle->on_event = options->on_event;
    handle->event_data = options->event_data;
    handle->migrations = g_array_new(FALSE, TRUE, sizeof(struct winch_migration));
    handle->findings = g_array_new(FALSE, TRUE, sizeof(struct winch_finding));
    handle->settings = settings_of(options, &handle->opening_error);
    return handle;
}

static void forget_answers(struct winch *handle)
{
    g_clear_error(&handle->error);
    g_clear_pointer(&handle->status, status_free);
    g_clear_pointer(&handle->found, g_ptr_array_unref);
    g_clear_pointer(&handle->environment, g_free);
    g_array_set_size(handle->migrations, 0);
    g_array_set_size(handle->findings, 0);
}

void winch_close(winch *handle)
{
    if (handle == NULL)
        return;
    forget_answers(handle);
    g_clear_pointer(&handle->engine, engine_close);
    g_clear_pointer(&handle->settings, engine_settings_free);
    g_clear_error(&handle->opening_error);
    g_array_unref(handle->migrations);
    g_array_unref(handle->findings);
    g_free(handle->reason);
    cancellation_unref(handle->cancellation);
    g_mutex_clear(&handle->lock);
    g_free(handle);
}

void winch_set_reason(winch *handle, const char *reason, bool overrides)
{
    g_free(handle->reason);
    handle->reason = g_strdup(reason);
    handle->overrides = overrides;
}

void winch_cancel(winch *handle)
{
    g_mutex_lock(&handle->lock);
    cancellation_raise(handle->cancellation, CANCEL_NOW, ERROR_CANCELLED);
    g_mutex_unlock(&handle->lock);
}

/* ---- events ---------------------------------------------------------------------------------- */

static const struct {
    enum engine_event_kind from;
    enum winch_event_kind to;
} event_kinds[] = {
    {ENGINE_NOTICE, WINCH_EVENT_NOTICE},
    {ENGINE_CONNECT_RETRY, WINCH_EVENT_CONNECT_RETRY},
    {ENGINE_LOCK_WAIT, WINCH_EVENT_LOCK_WAIT},
    {ENGINE_STEP_STARTED, WINCH_EVENT_MIGRATION_STARTED},
    {ENGINE_STEP_EVENT, WINCH_EVENT_STATEMENT_DONE},
    {ENGINE_STEP_RETRY, WINCH_EVENT_MIGRATION_RETRY},
    {ENGINE_STEP_DONE, WINCH_EVENT_MIGRATION_DONE},
    {ENGINE_STEP_FAILED, WINCH_EVENT_MIGRATION_FAILED},
};

static gboolean is_told(const struct engine_event *event, enum winch_event_kind *kind)
{
    if (event->kind == ENGINE_STEP_EVENT && event->run->kind != RUN_EVENT_STATEMENT_DONE)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(event_kinds); i++)
        if (event_kinds[i].from == event->kind) {
            *kind = event_kinds[i].to;
            return TRUE;
        }
    return FALSE;
}

static void add_step(struct winch_event *told, const struct engine_event *event)
{
    const struct plan_step *step = plan_step_at(event->plan, event->step);
    told->version = step->migration->version;
    told->title = step->migration->title;
    told->is_down = step->direction == DIRECTION_DOWN;
    told->index = event->step + 1;
    told->count = event->plan->steps->len;
    if (event->run == NULL)
        return;
    told->statement = event->run->statement + 1;
    told->rows = event->run->rows;
    told->elapsed_us = event->run->elapsed_us;
}

static void forward(const struct engine_event *event, void *data)
{
    const struct winch *handle = data;
    struct winch_event told = {.version = WINCH_NO_VERSION,
                               .rows = -1,
                               .elapsed_us = event->elapsed_us,
                               .text = event->text};
    g_autofree char *holder = NULL;
    if (handle->on_event == NULL || !is_told(event, &told.kind))
        return;
    if (event->plan != NULL)
        add_step(&told, event);
    if (event->error != NULL)
        told.text = event->error->message;
    if (event->holder != NULL)
        told.text = holder = g_strdup_printf("pid %d %s %s", event->holder->pid,
                                             event->holder->user, event->holder->application);
    else if (event->kind == ENGINE_LOCK_WAIT)
        told.text = "another session";
    handle->on_event(&told, handle->event_data);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

/* Files may have come since the call before. */
static gboolean connect_engine(struct winch *handle)
{
    struct engine_callbacks callbacks = {
        .on_event = forward, .data = handle, .cancellation = handle->cancellation};
    if (handle->settings == NULL) {
        handle->error = g_error_copy(handle->opening_error);
        return FALSE;
    }
    if (handle->engine != NULL)
        return engine_reload(handle->engine, &handle->error);
    handle->engine = engine_open(handle->settings, &callbacks, &handle->error);
    return handle->engine != NULL;
}

static void fill_last_error(struct winch *handle, enum winch_status status)
{
    const struct error_detail *detail = error_detail(handle->error);
    handle->last_error = (struct winch_error){.status = status, .message = handle->error->message};
    if (detail == NULL)
        return;
    handle->last_error.advice = detail->advice;
    handle->last_error.file = detail->file;
    handle->last_error.line = detail->line;
    handle->last_error.column = detail->column;
    handle->last_error.sqlstate = detail->sqlstate[0] != '\0' ? detail->sqlstate : NULL;
    handle->last_error.detail = detail->detail;
    handle->last_error.hint = detail->hint;
}

/* A cancellation only rises, and the engine keeps the one it was opened with: one that came too
 * late for the call it was meant for must not hit the next. */
static gboolean was_cancelled(struct winch *handle)
{
    return cancellation_level(handle->cancellation) != CANCEL_NONE;
}

static void start_afresh(struct winch *handle)
{
    g_clear_pointer(&handle->engine, engine_close);
    g_mutex_lock(&handle->lock);
    cancellation_unref(handle->cancellation);
    handle->cancellation = cancellation_new();
    g_mutex_unlock(&handle->lock);
}

/* After a failure the connection is given up: what it is in is not worth guessing. */
static enum winch_status finish(struct winch *handle)
{
    enum winch_status status = WINCH_OK;
    if (handle->error != NULL) {
        status = (enum winch_status)error_exit_status(handle->error);
        fill_last_error(handle, status);
    }
    if ((status != WINCH_OK && status != WINCH_FINDINGS) || was_cancelled(handle))
        start_afresh(handle);
    return status;
}

enum winch_status winch_initialize(winch *handle)
{
    forget_answers(handle);
    if (connect_engine(handle))
        engine_init(handle->engine, NULL, &(struct change_options){0}, &handle->error);
    return finish(handle);
}

/* Going up, the call is the yes that a policy may ask a person for. */
static void change(struct winch *handle, const struct goal *goal, const char *confirm)
{
    struct change_options options = {.confirm = confirm,
                                     .reason = handle->reason,
                                     .override = handle->overrides ? handle->reason : NULL,
                                     .is_confirmed = goal->kind == GOAL_UP};
    struct change_report report;
    engine_migrate(handle->engine, goal, &options, &report, &handle->error);
    change_report_clear(&report);
}

enum winch_status winch_migrate(winch *handle)
{
    forget_answers(handle);
    if (connect_engine(handle))
        change(handle, &(struct goal){.kind = GOAL_UP}, NULL);
    return finish(handle);
}

enum winch_status winch_rollback(winch *handle, int64_t version, const char *confirm)
{
    struct goal goal = {.kind = GOAL_GOTO, .never_up = TRUE};
    goal.target.kind = version == WINCH_NO_VERSION ? VERSION_NAME_NONE : VERSION_NAME_NUMBER;
    goal.target.number = version;
    forget_answers(handle);
    if (connect_engine(handle))
        change(handle, &goal, confirm);
    return finish(handle);
}

enum winch_status winch_force(winch *handle, int64_t version, const char *reason,
                              const char *confirm)
{
    struct change_options options = {.confirm = confirm,
                                     .reason = reason != NULL ? reason : handle->reason,
                                     .override = handle->overrides ? handle->reason : NULL};
    forget_answers(handle);
    if (connect_engine(handle))
        engine_force(handle->engine, version, &options, &handle->error);
    return finish(handle);
}

static void add_migration(struct winch *handle, const struct status_row *row)
{
    const struct history_record *record = row->record;
    struct winch_migration migration = {
        .version = row->version,
        .state = migration_state_name(row->state),
    };
    if (row->migration != NULL) {
        migration.title = row->migration->title;
        migration.release_name = row->migration->release_name;
    }
    if (record != NULL && record->kind == HISTORY_UP) {
        migration.applied_at = record->finished_at;
        migration.took_us = record->finished_at - record->started_at;
        migration.applied_by = record->database_user;
    }
    g_array_append_val(handle->migrations, migration);
}

static void fill_report(struct winch *handle)
{
    const struct status *status = handle->status;
    handle->environment = g_strdup(engine_environment(handle->engine)->name);
    for (guint i = 0; i < status->rows->len; i++)
        add_migration(handle, &g_array_index(status->rows, struct status_row, i));
    handle->report = (struct winch_report){
        .version = status->version.version,
        .is_dirty = status->version.is_dirty,
        .applied = status->applied,
        .pending = status->pending,
        .missed = status->missed,
        .missing = status->missing,
        .modified = status->modified,
        .environment = handle->environment,
        .migrations = (const struct winch_migration *)(void *)handle->migrations->data,
        .migration_count = handle->migrations->len,
    };
}

enum winch_status winch_status_read(winch *handle, const struct winch_report **report)
{
    forget_answers(handle);
    *report = NULL;
    if (connect_engine(handle))
        handle->status = engine_status(handle->engine, &handle->error);
    if (handle->status != NULL) {
        fill_report(handle);
        *report = &handle->report;
    }
    return finish(handle);
}

static void fill_findings(struct winch *handle)
{
    for (guint i = 0; i < handle->found->len; i++) {
        const struct finding *from = handle->found->pdata[i];
        if (from->is_notice)
            continue;
        struct winch_finding finding = {from->check, from->message, from->version};
        g_array_append_val(handle->findings, finding);
    }
}

enum winch_status winch_validate(winch *handle, const struct winch_finding **findings,
                                 size_t *count)
{
    forget_answers(handle);
    if (connect_engine(handle))
        handle->found = engine_validate(handle->engine, &handle->error);
    if (handle->found != NULL)
        fill_findings(handle);
    if (findings != NULL)
        *findings = (const struct winch_finding *)(void *)handle->findings->data;
    if (count != NULL)
        *count = handle->findings->len;
    if (handle->findings->len > 0)
        error_set(&handle->error, ERROR_FINDINGS, "validation found %u: the first is %s",
                  handle->findings->len,
                  g_array_index(handle->findings, struct winch_finding, 0).message);
    return finish(handle);
}

const struct winch_error *winch_last_error(const winch *handle)
{
    return handle->error != NULL ? &handle->last_error : NULL;
}
