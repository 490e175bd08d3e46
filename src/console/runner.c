/* One thread a run. What it tells waits in a queue that the main loop empties at most ten times a
 * second, however much comes; the thread itself never waits for anybody but the server. */
#include "console/runner.h"

#include "base/cancellation.h"
#include "base/duration.h"
#include "base/text.h"
#include "console/frame.h"
#include "console/preview_table.h"
#include "console/run_picture.h"

struct runner {
    struct console *console;
    const struct engine_settings *settings;
    void (*on_change)(struct console *console);
    struct run_picture *picture; /* of the main thread; NULL before the first run */
    struct run_request *request; /* fixed while the thread runs */
    GThread *thread;             /* NULL: no run is under way */
    guint stop_said;             /* the level that the log knows of */
    gint is_working;             /* atomic: the thread is not at its end yet */

    GMutex lock; /* guards what follows */
    GQueue notes;
    guint source;                      /* wakes the main loop; 0: nothing waits */
    gint64 emptied_at;                 /* monotonic */
    struct cancellation *cancellation; /* of the last run; NULL before the first */
};

/* ---- on the main thread: hearing -------------------------------------------------------------
 */

static void log_line(struct runner *runner, enum record_level level, const char *text)
{
    record_add(console_record(runner->console), console_now(runner->console), level, text);
}

static void log_note(struct runner *runner, const struct run_note *note)
{
    enum record_level level;
    g_autofree char *line = run_note_line(note, runner->picture, &level);
    if (line == NULL)
        return;
    g_autofree char *one = g_strdelimit(g_strdup(line), "\r\n", ' ');
    log_line(runner, level, one);
}

static void say_end(struct runner *runner)
{
    const struct run_picture *picture = runner->picture;
    if (picture->error != NULL)
        console_say_error(runner->console, picture->error);
    else
        console_say(runner->console, RECORD_RUN, "%s", picture->outcome);
}

static void take_stop_level(struct runner *runner)
{
    static const char *const words[] = {
        [CANCEL_AFTER] = "asked to stop after the migration under way",
        [CANCEL_NOW] = "asked to cancel what runs",
        [CANCEL_TERMINATE] = "asked to end the server's backend",
    };
    runner->picture->stop_level = cancellation_level(runner->cancellation);
    if (runner->picture->stop_level > runner->stop_said)
        log_line(runner, RECORD_WARNING, words[runner->picture->stop_level]);
    runner->stop_said = runner->picture->stop_level;
}

static void hear_note(struct runner *runner, struct run_note *note)
{
    if (note->sql != NULL) {
        log_line(runner, RECORD_SQL, note->sql);
        return;
    }
    log_note(runner, note);
    run_picture_fold(runner->picture, note, console_now(runner->console));
    if (note->is_end) {
        g_clear_pointer(&runner->thread, g_thread_join);
        say_end(runner);
    }
}

static gboolean empty_queue(gpointer data)
{
    struct runner *runner = data;
    struct run_note *note;
    g_mutex_lock(&runner->lock);
    GQueue notes = runner->notes;
    g_queue_init(&runner->notes);
    runner->source = 0;
    runner->emptied_at = g_get_monotonic_time();
    g_mutex_unlock(&runner->lock);
    while ((note = g_queue_pop_head(&notes)) != NULL) {
        hear_note(runner, note);
        run_note_free(note);
    }
    take_stop_level(runner);
    runner->on_change(runner->console);
    return G_SOURCE_REMOVE;
}

/* ---- on the run's thread: telling ------------------------------------------------------------
 */

#define PAUSE_MS 100

/* With the lock held. */
static void wake(struct runner *runner)
{
    gint64 waited = (g_get_monotonic_time() - runner->emptied_at) / 1000;
    if (runner->source == 0)
        runner->source =
            g_timeout_add(waited < PAUSE_MS ? (guint)(PAUSE_MS - waited) : 0, empty_queue, runner);
}

static void tell(struct runner *runner, struct run_note *note)
{
    g_mutex_lock(&runner->lock);
    g_queue_push_tail(&runner->notes, note);
    wake(runner);
    g_mutex_unlock(&runner->lock);
}

static void hear(const struct engine_event *event, void *data)
{
    tell(data, run_note_new(event));
}

static void hear_statement(const struct statement_trace *trace, void *data)
{
    struct run_note *note = g_new0(struct run_note, 1);
    note->sql = record_statement_text(trace);
    tell(data, note);
}

/* ---- on the run's thread: the work -----------------------------------------------------------
 */

static gboolean is_reachable(const GError *error)
{
    return !error_is(error, ERROR_NO_CONNECTION) && !error_is(error, ERROR_UNKNOWN_OUTCOME);
}

/* TRUE with the version row as the database has it now. */
static gboolean read_version(struct engine *engine, struct run_note *end)
{
    struct version_state state;
    if (!is_reachable(end->error) || !engine_version(engine, &state, NULL))
        return FALSE;
    end->end.version = state.version;
    end->end.is_dirty = state.is_dirty;
    return TRUE;
}

static struct change_options options_of(const struct run_request *request)
{
    return (struct change_options){.plan_id = request->plan_id,
                                   .confirm = request->confirm,
                                   .reason = request->reason,
                                   .override = request->override,
                                   .is_confirmed = TRUE}; /* nothing runs but through the gate */
}

static void migrate(const struct run_request *request, struct engine *engine, struct run_note *end)
{
    struct change_options options = options_of(request);
    struct change_report report;
    engine_migrate(engine, &request->goal, &options, &report, &end->error);
    end->end.outcome = change_report_text(engine, &report, end->error);
    if (end->end.outcome == NULL)
        end->end.outcome = g_strdup("nothing ran, and nothing was changed");
    end->end.done = report.done;
    end->end.is_unsettled = report.is_unsettled || report.is_unflushed;
    if (report.plan != NULL) {
        end->end.version = report.version;
        end->end.is_dirty = report.is_dirty;
    } else {
        read_version(engine, end);
    }
    change_report_clear(&report);
}

static guint count_ran(const struct preview *preview)
{
    guint count = 0;
    for (guint i = 0; i < preview->steps->len; i++)
        count += preview_step_at(preview, i)->outcome == PREVIEW_RUNS;
    return count;
}

static char *preview_outcome_text(const struct engine *engine, const struct preview *preview)
{
    guint ran = count_ran(preview), steps = preview->steps->len;
    g_autofree char *count = text_plural(ran, "migration", "migrations");
    g_autofree char *elapsed = duration_format(preview->elapsed_us);
    g_autofree char *version = change_version_text(engine, preview->plan->from);
    if (steps == 0)
        return g_strdup_printf("no change: the database is at %s", version);
    if (preview->outcome == PREVIEW_FAILS)
        return g_strdup_printf("dry run: %u of %u migrations ran, and all of it was rolled back",
                               ran, steps);
    return g_strdup_printf("dry run: %s ran and rolled back in %s; the database is at %s as before",
                           count, elapsed, version);
}

/* Here: what is asked for from the plan is what this database would do. */
static void preview(const struct run_request *request, struct engine *engine, struct run_note *end)
{
    const struct preview_options options = {.level = PREVIEW_LEVEL_DATABASE,
                                            .plan_id = request->plan_id,
                                            .confirm = request->confirm,
                                            .reason = request->reason};
    AUTOPTR(preview) *made = NULL;
    engine_preview(engine, &request->goal, &options, &made, &end->error);
    end->end.outcome = made != NULL ? preview_outcome_text(engine, made)
                                    : g_strdup("nothing ran, and nothing was changed");
    end->end.done = made != NULL ? count_ran(made) : 0;
    end->end.table = made != NULL ? preview_table_new(made) : NULL;
    read_version(engine, end);
}

/* What an override did, when it succeeded. */
static char * override(const struct run_request *request, struct engine *engine, GError **error)
{
    struct change_options options = options_of(request);
    g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func(g_free);
    guint adopted = 0;
    switch (request->kind) {
    case RUN_FORCE:
        return engine_force(engine, request->version, &options, error)
                   ? g_strdup("the version row was set by hand")
                   : NULL;
    case RUN_INIT:
        if (!engine_init(engine, request->environment, &options, error))
            return NULL;
        return g_strdup(engine_history_presence(engine) == HISTORY_PRESENT
                            ? "version table and history are there"
                            : "the version table is there; history is not: this role may not "
                              "write it");
    case RUN_ADOPT: {
        gboolean is_done = engine_adopt(engine, &options, &adopted, error);
        g_autofree char *count = text_plural(adopted, "migration", "migrations");
        return is_done || adopted > 0 ? g_strdup_printf("%s recorded as assumed%s", count,
                                                        is_done ? "" : ", and then it failed")
                                      : NULL;
    }
    case RUN_DROP: {
        g_autofree char *count = NULL;
        if (!engine_drop(engine, &options, dropped, error))
            return NULL;
        count = text_plural(dropped->len, "table", "tables");
        return g_strdup_printf("%s dropped", count);
    }
    case RUN_MIGRATE:
    case RUN_DRY_RUN:
    case RUN_END_SESSION:
        break;
    }
    return NULL;
}

static const char *const kind_words[] = {
    [RUN_MIGRATE] = "migrating",
    [RUN_DRY_RUN] = "dry run",
    [RUN_FORCE] = "setting the version row",
    [RUN_INIT] = "installing version table and history",
    [RUN_ADOPT] = "adopting",
    [RUN_DROP] = "dropping every table",
};

static void run_override(const struct run_request *request, struct engine *engine,
                         struct run_note *end)
{
    g_autofree char *did = override(request, engine, &end->error);
    gboolean is_known = read_version(engine, end);
    g_autofree char *version = change_version_text(engine, end->end.version);
    g_autofree char *row = is_known ? g_strdup_printf("the version row says %s%s", version,
                                                      end->end.is_dirty ? ", dirty" : "")
                                    : g_strdup("what the version row says could not be read");
    end->end.is_unsettled = !is_known;
    end->end.outcome = did != NULL
                           ? g_strdup_printf("%s; %s", did, row)
                           : g_strdup_printf("%s failed; %s", kind_words[request->kind], row);
}

static gpointer work(gpointer data)
{
    struct runner *runner = data;
    const struct run_request *request = runner->request;
    const struct engine_callbacks callbacks = {.on_event = hear,
                                               .data = runner,
                                               .cancellation = runner->cancellation,
                                               .on_statement = hear_statement};
    struct run_note *end = g_new0(struct run_note, 1);
    end->is_end = TRUE;
    end->rows = -1;
    end->end.version = VERSION_NONE;
    struct engine *engine = engine_open(runner->settings, &callbacks, &end->error);
    if (engine == NULL)
        end->end.outcome = g_strdup("nothing ran, and nothing was changed");
    else if (request->kind == RUN_MIGRATE)
        migrate(request, engine, end);
    else if (request->kind == RUN_DRY_RUN)
        preview(request, engine, end);
    else
        run_override(request, engine, end);
    g_clear_pointer(&engine, engine_close);
    g_atomic_int_set(&runner->is_working, FALSE);
    tell(runner, end);
    return NULL;
}

/* ---- the outside -----------------------------------------------------------------------------
 */

struct runner *runner_new(struct console *console, const struct engine_settings *settings,
                          void (*on_change)(struct console *console))
{
    struct runner *runner = g_new0(struct runner, 1);
    runner->console = console;
    runner->settings = settings;
    runner->on_change = on_change;
    g_mutex_init(&runner->lock);
    g_queue_init(&runner->notes);
    return runner;
}

void runner_free(struct runner *runner)
{
    struct run_note *note;
    g_clear_pointer(&runner->thread, g_thread_join);
    if (runner->source != 0)
        g_source_remove(runner->source);
    while ((note = g_queue_pop_head(&runner->notes)) != NULL)
        run_note_free(note);
    g_clear_pointer(&runner->cancellation, cancellation_unref);
    g_clear_pointer(&runner->request, run_request_free);
    g_clear_pointer(&runner->picture, run_picture_free);
    g_mutex_clear(&runner->lock);
    g_free(runner);
}

gboolean runner_start(struct runner *runner, struct run_request *request)
{
    if (runner->thread != NULL) {
        run_request_free(request);
        return FALSE;
    }
    g_clear_pointer(&runner->request, run_request_free);
    g_clear_pointer(&runner->picture, run_picture_free);
    runner->request = request;
    runner->picture = run_picture_new(request->kind, console_now(runner->console));
    runner->stop_said = CANCEL_NONE;
    g_mutex_lock(&runner->lock);
    g_clear_pointer(&runner->cancellation, cancellation_unref);
    runner->cancellation = cancellation_new();
    g_mutex_unlock(&runner->lock);
    log_line(runner, RECORD_RUN, kind_words[request->kind]);
    g_atomic_int_set(&runner->is_working, TRUE);
    runner->thread = g_thread_new("run", work, runner);
    runner->on_change(runner->console);
    return TRUE;
}

gboolean runner_is_working(struct runner *runner)
{
    return g_atomic_int_get(&runner->is_working);
}

gboolean runner_is_active(const struct runner *runner)
{
    return runner->thread != NULL;
}

gboolean runner_is_writing(const struct runner *runner)
{
    return runner->thread != NULL && runner->request->kind != RUN_DRY_RUN;
}

void runner_stop(struct runner *runner, enum cancel_level level, enum error_code why)
{
    g_mutex_lock(&runner->lock);
    if (runner->cancellation != NULL) {
        cancellation_raise(runner->cancellation, level, why);
        wake(runner);
    }
    g_mutex_unlock(&runner->lock);
}

const struct run_picture *runner_picture(const struct runner *runner)
{
    return runner->picture;
}
