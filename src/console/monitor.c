/* One thread, one queue of work, one engine. */
#include "console/monitor.h"

#include "console/frame.h"
#include "console/linter.h"

#include <string.h>

/* How often the database is looked at, and how long after a failure it is tried again. */
#define LOOK_INTERVAL_US  (1 * G_USEC_PER_SEC)
#define RETRY_INTERVAL_US (2 * G_USEC_PER_SEC)

struct monitor {
    struct console *console;
    struct engine_settings settings; /* the same strings, but read-only */
    monitor_model_fn on_model;
    GThread *thread;
    GAsyncQueue *jobs; /* of struct job *; quit_job ends it */
    struct cancellation *cancellation;
    struct linter *linter; /* the thread's own */
    gint is_ending;        /* atomic */
    gint wants_reload;     /* atomic */
    gint wants_activity;   /* atomic */
    struct engine *engine; /* the thread's own from here on */
    struct model *model;
    gboolean has_given_up; /* trying again would come to the same: only a reload does */
    gint64 tried_at;       /* monotonic */
    gint64 look_at;        /* monotonic: the next look is due */
    gboolean is_looking;   /* a look is under way: its statement is the same each time */
};

static struct job wake_job; /* only wakes */

/* ---- jobs ------------------------------------------------------------------------------------ */

struct job *job_new(gpointer (*work)(struct engine *, gpointer, GError **),
                    void (*done)(struct console *, gpointer, gpointer, const GError *),
                    gpointer data, GDestroyNotify free_data, GDestroyNotify free_result)
{
    struct job *job = g_new(struct job, 1);
    *job = (struct job){work, done, free_data, free_result, data};
    return job;
}

static void job_free(struct job *job)
{
    if (job == &wake_job)
        return;
    if (job->free_data != NULL && job->data != NULL)
        job->free_data(job->data);
    g_free(job);
}

/* On its way to the main thread: a finished job, or a model. */
struct delivery {
    struct monitor *monitor;
    struct job *job;
    gpointer result;
    GError *error;
    struct model *model;
    char *statement; /* for the record */
};

static gboolean deliver(gpointer data)
{
    struct delivery *delivery = data;
    gboolean is_wanted = !g_atomic_int_get(&delivery->monitor->is_ending);
    if (delivery->statement != NULL && is_wanted)
        record_add(console_record(delivery->monitor->console),
                   console_now(delivery->monitor->console), RECORD_SQL, delivery->statement);
    if (delivery->model != NULL && is_wanted)
        delivery->monitor->on_model(delivery->monitor->console, g_steal_pointer(&delivery->model));
    if (delivery->job != NULL && is_wanted)
        delivery->job->done(delivery->monitor->console, delivery->job->data,
                            g_steal_pointer(&delivery->result), delivery->error);
    return G_SOURCE_REMOVE;
}

static void delivery_free(gpointer data)
{
    struct delivery *delivery = data;
    if (delivery->result != NULL && delivery->job->free_result != NULL)
        delivery->job->free_result(delivery->result);
    if (delivery->job != NULL)
        job_free(delivery->job);
    if (delivery->model != NULL)
        model_unref(delivery->model);
    g_clear_error(&delivery->error);
    g_free(delivery->statement);
    g_free(delivery);
}

static void send(struct delivery *delivery)
{
    g_idle_add_full(G_PRIORITY_DEFAULT, deliver, delivery, delivery_free);
}

/* Each look sends the same statement: only failures of those are told. */
static void on_statement(const struct statement_trace *trace, void *data)
{
    struct monitor *monitor = data;
    if (monitor->is_looking && trace->error == NULL)
        return;
    struct delivery *delivery = g_new0(struct delivery, 1);
    delivery->monitor = monitor;
    delivery->statement = record_statement_text(trace);
    send(delivery);
}

static void run_job(struct monitor *monitor, struct job *job)
{
    struct delivery *delivery = g_new0(struct delivery, 1);
    delivery->monitor = monitor;
    delivery->job = job;
    delivery->result = job->work(monitor->engine, job->data, &delivery->error);
    send(delivery);
}

/* ---- the model ------------------------------------------------------------------------------- */

/* Whatever was changed is changed in a copy: what the main thread has stays as it is. */
static struct model *next_model(struct monitor *monitor)
{
    struct model *next = model_copy(monitor->model);
    model_unref(monitor->model);
    monitor->model = next;
    return next;
}

static void publish(struct monitor *monitor)
{
    struct delivery *delivery = g_new0(struct delivery, 1);
    delivery->monitor = monitor;
    delivery->model = model_ref(monitor->model);
    send(delivery);
}

static void load_files(struct monitor *monitor)
{
    g_autoptr(GError) error = NULL;
    struct model *model = next_model(monitor);
    struct migration_set *set = migration_set_load(monitor->settings.migrations_path, &error);
    model_take_set(model, set, error != NULL ? error_line(error) : NULL);
    publish(monitor);
}

/* What came since, by the pulse's count; whole without a state or a pulse to begin from. */
static struct model_state *newest_state(struct monitor *monitor, gboolean wholly, GError **error)
{
    const struct model_state *before = monitor->model->state;
    const struct pulse *pulse = monitor->model->pulse;
    gint64 newer = !wholly && before != NULL && pulse != NULL && pulse->history_rows > 0
                       ? pulse->history_rows - (gint64)before->history->len
                       : -1;
    if (newer < 0 || newer > (gint64)before->history->len)
        return model_state_read(monitor->engine, error);
    return model_state_read_since(monitor->engine, before, (guint)newer, error);
}

static void read_state(struct monitor *monitor, gboolean wholly)
{
    g_autoptr(GError) error = NULL;
    struct model_state *state = newest_state(monitor, wholly, &error);
    struct model *model = next_model(monitor);
    model_take_set(model, migration_set_ref(engine_set(monitor->engine)), NULL);
    model_take_state(model, state, error != NULL ? error_line(error) : NULL);
    if (state != NULL)
        model_set_link(model, LINK_UP, NULL);
    publish(monitor);
}

static void say_lost(struct monitor *monitor, const GError *error)
{
    struct model *model = next_model(monitor);
    g_autofree char *why = error_line(error);
    model_set_link(model, model->server != NULL ? LINK_LOST : LINK_CONNECTING, why);
    publish(monitor);
}

/* With the files that were loaded just before, or NULL: they are loaded. */
static void connect(struct monitor *monitor, struct migration_set *set)
{
    g_autoptr(GError) error = NULL;
    struct engine_callbacks callbacks = {
        .data = monitor, .cancellation = monitor->cancellation, .on_statement = on_statement};
    monitor->tried_at = g_get_monotonic_time();
    monitor->engine = set != NULL ? engine_open_with(&monitor->settings, migration_set_ref(set),
                                                     &callbacks, &error)
                                  : engine_open(&monitor->settings, &callbacks, &error);
    monitor->has_given_up = monitor->engine == NULL && !engine_failure_may_pass(error);
    if (monitor->engine == NULL) {
        say_lost(monitor, error);
        return;
    }
    struct model *model = next_model(monitor);
    model_take_server(model, model_server_new(monitor->engine));
    model_set_link(model, LINK_UP, NULL);
    read_state(monitor, TRUE);
}

static void disconnect(struct monitor *monitor)
{
    g_clear_pointer(&monitor->engine, engine_close);
}

/* Files and database again from the start: the simplest thing that cannot be stale. */
static void reload(struct monitor *monitor)
{
    disconnect(monitor);
    load_files(monitor);
    connect(monitor, monitor->model->set);
}

/* The pulse tells whether anything has moved since the state was read. */
static gboolean has_moved(const struct model_state *state, const struct pulse *pulse)
{
    if (pulse->is_version_locked)
        return FALSE;
    return state == NULL || state->status->version.kind != pulse->version.kind ||
           state->status->version.version != pulse->version.version ||
           state->status->version.is_dirty != pulse->version.is_dirty ||
           (pulse->history_rows >= 0 && pulse->history_rows != (gint64)state->history->len);
}

static gboolean take_activity(struct monitor *monitor, struct model *model, GError **error)
{
    if (!g_atomic_int_get(&monitor->wants_activity)) {
        model_take_activity(model, NULL);
        return TRUE;
    }
    struct activity *activity = engine_activity(monitor->engine, error);
    if (activity == NULL)
        return FALSE;
    model_take_activity(model, activity);
    return TRUE;
}

static gboolean look_closely(struct monitor *monitor, GError **error)
{
    monitor->is_looking = monitor->model->pulse != NULL;
    struct pulse *pulse = engine_pulse(monitor->engine, error);
    if (pulse == NULL) {
        monitor->is_looking = FALSE;
        return FALSE;
    }
    gboolean is_moved = has_moved(monitor->model->state, pulse);
    struct model *model = next_model(monitor);
    model_take_pulse(model, pulse);
    model_set_link(model, LINK_UP, NULL);
    gboolean is_taken = take_activity(monitor, model, error);
    monitor->is_looking = FALSE;
    if (!is_taken)
        return FALSE;
    if (is_moved)
        read_state(monitor, FALSE);
    else
        publish(monitor);
    return TRUE;
}

static void look(struct monitor *monitor)
{
    g_autoptr(GError) error = NULL;
    gint64 now = g_get_monotonic_time();
    if (monitor->engine == NULL) {
        if (!monitor->has_given_up && now - monitor->tried_at >= RETRY_INTERVAL_US)
            connect(monitor, NULL);
    } else if (!look_closely(monitor, &error)) {
        monitor->tried_at = now;
        disconnect(monitor);
        say_lost(monitor, error);
    }
}

/* ---- what the files risk ----------------------------------------------------------------------
 */

struct arrival {
    struct monitor *monitor;
    struct lint_picture *picture;
};

static void arrival_free(gpointer data)
{
    struct arrival *arrival = data;
    g_clear_pointer(&arrival->picture, lint_picture_unref);
    g_free(arrival);
}

static gpointer take_lint(struct engine *engine, gpointer data, GError **error)
{
    struct arrival *arrival = data;
    (void)engine;
    (void)error;
    model_take_lint(next_model(arrival->monitor), g_steal_pointer(&arrival->picture));
    publish(arrival->monitor);
    return NULL;
}

static void lint_taken(struct console *console, gpointer data, gpointer result, const GError *error)
{
    (void)console;
    (void)data;
    (void)result;
    (void)error;
}

/* On the linter's thread. */
static void lint_arrived(gpointer data, struct lint_picture *picture)
{
    struct arrival *arrival = g_new(struct arrival, 1);
    *arrival = (struct arrival){data, picture};
    monitor_ask(data, job_new(take_lint, lint_taken, arrival, arrival_free, NULL));
}

/* Behind the first sight of the files and of the database: neither waits for it. */
static void judge_files(struct monitor *monitor)
{
    const struct config *config = console_options(monitor->console)->config;
    const struct database_facts *facts =
        monitor->engine != NULL ? engine_facts(monitor->engine) : NULL;
    gboolean is_judged = facts == NULL || strcmp(facts->product, "PostgreSQL") == 0;
    if (monitor->model->set != NULL && config != NULL && is_judged)
        linter_ask(monitor->linter, monitor->model->set, config, facts);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static struct job *next_job(struct monitor *monitor)
{
    gint64 left = monitor->look_at - g_get_monotonic_time();
    return g_async_queue_timeout_pop(monitor->jobs, (guint64)MAX(left, 0));
}

/* Looks come when they are due, however many jobs there are between them. */
static void look_in_time(struct monitor *monitor, gboolean is_asked)
{
    if (!is_asked && g_get_monotonic_time() < monitor->look_at)
        return;
    look(monitor);
    monitor->look_at = g_get_monotonic_time() + LOOK_INTERVAL_US;
}

static gpointer work(gpointer data)
{
    struct monitor *monitor = data;
    load_files(monitor);
    connect(monitor, monitor->model->set);
    monitor->linter = linter_new(lint_arrived, monitor);
    judge_files(monitor);
    monitor->look_at = g_get_monotonic_time() + LOOK_INTERVAL_US;
    while (!g_atomic_int_get(&monitor->is_ending)) {
        struct job *job = next_job(monitor);
        if (g_atomic_int_get(&monitor->is_ending)) {
            if (job != NULL)
                job_free(job);
            break;
        }
        if (g_atomic_int_compare_and_exchange(&monitor->wants_reload, TRUE, FALSE))
            reload(monitor);
        gboolean is_wake = job == NULL || job == &wake_job;
        if (!is_wake)
            run_job(monitor, job);
        look_in_time(monitor, is_wake);
        judge_files(monitor);
    }
    linter_free(monitor->linter);
    disconnect(monitor);
    return NULL;
}

struct monitor *monitor_start(struct console *console, const struct engine_settings *settings,
                              monitor_model_fn on_model)
{
    struct monitor *monitor = g_new0(struct monitor, 1);
    monitor->console = console;
    monitor->settings = *settings;
    monitor->settings.is_read_only = TRUE;
    monitor->settings.max_retries = 0;
    monitor->on_model = on_model;
    monitor->jobs = g_async_queue_new();
    monitor->cancellation = cancellation_new();
    monitor->model = model_new();
    monitor->thread = g_thread_new("monitor", work, monitor);
    return monitor;
}

void monitor_stop(struct monitor *monitor)
{
    g_atomic_int_set(&monitor->is_ending, TRUE);
    cancellation_raise(monitor->cancellation, CANCEL_NOW, ERROR_CANCELLED);
    g_async_queue_push(monitor->jobs, &wake_job);
    g_thread_join(monitor->thread);
    /* What is still on its way is dropped by whoever delivers it: is_ending is set. */
    while (g_main_context_iteration(NULL, FALSE))
        ;
    for (struct job *job; (job = g_async_queue_try_pop(monitor->jobs)) != NULL;)
        job_free(job);
    g_async_queue_unref(monitor->jobs);
    cancellation_unref(monitor->cancellation);
    model_unref(monitor->model);
    g_free(monitor);
}

void monitor_ask(struct monitor *monitor, struct job *job)
{
    g_async_queue_push(monitor->jobs, job);
}

void monitor_reload(struct monitor *monitor)
{
    g_atomic_int_set(&monitor->wants_reload, TRUE);
    g_async_queue_push(monitor->jobs, &wake_job);
}

void monitor_watch_activity(struct monitor *monitor, gboolean is_wanted)
{
    if (g_atomic_int_compare_and_exchange(&monitor->wants_activity, !is_wanted, is_wanted) &&
        is_wanted)
        g_async_queue_push(monitor->jobs, &wake_job);
}
