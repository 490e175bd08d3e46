/* Running a preview: each step rehearsed, measured, compared before and after. */
#include "engine/preview_internal.h"

#include "base/text.h"
#include "engine/step_job.h"

#include <string.h>

/* A comparison after each step may take this long in all; then only the whole is compared. */
#define COMPARING_US (20 * G_USEC_PER_SEC)

struct previewing {
    struct engine *engine;
    struct preview *preview;
    struct database *database;
    gint64 lock_timeout;
    gboolean keeps, is_quiet;
    char run_id[17];
    gint64 comparing_us;             /* spent so far */
    struct catalog *first, *last;    /* NULL: not read */
    const char *not_compared;        /* why; NULL: it is compared */
    const struct preview_step *left; /* the first that was not tried; NULL none */
};

/* ---- hearing --------------------------------------------------------------------------------- */

struct step_ear {
    struct previewing *previewing;
    guint index;
};

static void hear_statement(struct preview_statement *statement, const struct run_event *event)
{
    statement->was_run = TRUE;
    statement->elapsed_us = event->elapsed_us;
    statement->rows = event->rows;
}

static void hear_evidence(struct preview *preview, struct preview_step *step,
                          const struct run_event *event)
{
    struct preview_statement *statement = preview_statement_edit(step, event->statement);
    if (statement != NULL)
        preview_take_evidence(preview, statement, event->evidence);
    else if (step->commit == NULL)
        step->commit = evidence_ref(event->evidence);
}

static void hear(const struct run_event *event, void *data)
{
    const struct step_ear *ear = data;
    struct previewing *previewing = ear->previewing;
    struct preview_step *step = preview_step_edit(previewing->preview, ear->index);
    struct preview_statement *statement = preview_statement_edit(step, event->statement);
    if (event->kind == RUN_EVENT_STATEMENT_DONE && statement != NULL)
        hear_statement(statement, event);
    else if (event->kind == RUN_EVENT_EVIDENCE)
        hear_evidence(previewing->preview, step, event);
    else if (event->kind == RUN_EVENT_NOTICE && statement != NULL)
        g_ptr_array_add(statement->notices, g_strdup(event->text));
    if (!previewing->is_quiet)
        engine_tell(previewing->engine, &(struct engine_event){.kind = ENGINE_STEP_EVENT,
                                                               .plan = previewing->preview->plan,
                                                               .step = ear->index,
                                                               .run = event});
}

static void tell_of_step(const struct previewing *previewing, enum engine_event_kind kind,
                         guint index, const struct run_result *result, const GError *error)
{
    if (!previewing->is_quiet)
        engine_tell(previewing->engine,
                    &(struct engine_event){.kind = kind,
                                           .plan = previewing->preview->plan,
                                           .step = index,
                                           .result = result,
                                           .error = error,
                                           .elapsed_us = result != NULL ? result->elapsed_us : 0});
}

/* ---- comparing ------------------------------------------------------------------------------- */

static struct catalog *read_catalog(struct previewing *previewing)
{
    gint64 started = g_get_monotonic_time();
    g_autoptr(GError) why = NULL;
    if (previewing->not_compared != NULL)
        return NULL;
    struct catalog *catalog = database_catalog_read(previewing->database, &why);
    previewing->comparing_us += g_get_monotonic_time() - started;
    if (catalog == NULL)
        previewing->not_compared = preview_keep(previewing->preview, why->message);
    return catalog;
}

static void compare_step(struct previewing *previewing, struct preview_step *step)
{
    if (previewing->comparing_us > COMPARING_US) {
        step->differences_why = "comparing after each migration takes too long here";
        g_clear_pointer(&previewing->last, catalog_unref);
        return;
    }
    struct catalog *now = read_catalog(previewing);
    if (now != NULL && previewing->last != NULL)
        step->differences = catalog_difference(previewing->last, now);
    else
        step->differences_why = previewing->not_compared != NULL
                                    ? previewing->not_compared
                                    : "what it was before is not known";
    g_clear_pointer(&previewing->last, catalog_unref);
    previewing->last = now;
}

static void compare_all(struct previewing *previewing)
{
    struct preview *preview = previewing->preview;
    if (previewing->last == NULL && previewing->first != NULL)
        previewing->last = read_catalog(previewing);
    if (previewing->first != NULL && previewing->last != NULL)
        preview->differences = catalog_difference(previewing->first, previewing->last);
    else if (previewing->not_compared != NULL)
        preview->differences_why = previewing->not_compared;
}

/* ---- one step -------------------------------------------------------------------------------- */

typedef gboolean (*job_fn)(struct database *database, const struct run_job *job,
                           struct run_result *result, GError **error);

static gboolean run_job_of(struct previewing *previewing, guint index, job_fn perform,
                           struct run_result *result, GError **error)
{
    struct engine *engine = previewing->engine;
    const struct plan_step *step = plan_step_at(previewing->preview->plan, index);
    struct step_ear ear = {previewing, index};
    g_autofree char *name = g_strdup_printf(
        "winch preview %.6s %s %s %u/%u", previewing->run_id, direction_name(step->direction),
        step->migration->digits, index + 1, previewing->preview->plan->steps->len);
    struct step_job job;
    step_job_init(&job, step, engine->settings, engine->timeout);
    job.job.application_name = name;
    job.job.cancellation = engine->cancellation;
    job.job.on_event = hear;
    job.job.event_data = &ear;
    job.job.measures = TRUE;
    job.job.writes_version = FALSE; /* there is none on a copy, and it is not the plan's here */
    gboolean is_done = perform(previewing->database, &job.job, result, error);
    step_job_clear(&job);
    return is_done;
}

/* The statements work on the same rows and in the same transaction as in a run, so a failure is the
 * run's too; but for what only the way of trying brings about (manual, appendix A). */
static const char *why_not_tried(const struct previewing *previewing, guint index,
                                 const GError *failure)
{
    const struct plan_step *step = plan_step_at(previewing->preview->plan, index);
    const char *sqlstate = error_detail(failure) != NULL ? error_detail(failure)->sqlstate : "";
    g_autofree char *text = g_ascii_strdown(step->body, (gssize)step->body_length);
    if (previewing->keeps)
        return NULL;
    if (strcmp(sqlstate, "55P04") == 0 && strstr(text, "add value") == NULL)
        return "not previewable together: it uses an enum value that a migration before it adds, "
               "which PostgreSQL allows after a commit only; --on scratch commits each";
    if (strcmp(sqlstate, "25001") == 0 && strstr(text, "set transaction") != NULL)
        return "not previewable here: SET TRANSACTION is refused within a preview's transaction; "
               "--on scratch gives each migration its own";
    return NULL;
}

static void set_outcome(struct previewing *previewing, guint index, enum preview_outcome outcome,
                        const char *why)
{
    struct preview_step *step = preview_step_edit(previewing->preview, index);
    const struct plan_step *of = plan_step_at(previewing->preview->plan, index);
    step->outcome = outcome;
    step->why = preview_keep(previewing->preview, why);
    if (outcome != PREVIEW_NOT_TRIED)
        return;
    if (previewing->left == NULL)
        previewing->left = step;
    preview_not_covered(previewing->preview, "%s: %s", of->half->file_name, why);
    if (!previewing->is_quiet)
        engine_notice(previewing->engine, "%s %s is not previewed: %s",
                      direction_name(of->direction), of->migration->digits, why);
}

static void add_left_out(const struct previewing *previewing, GError **failure)
{
    if (previewing->left == NULL)
        return;
    const struct plan_step *left = plan_step_at(previewing->preview->plan, previewing->left->index);
    g_autofree char *advice = g_strdup_printf(
        "%s was not tried before it, and it may need that; --on scratch runs every file",
        left->migration->digits);
    error_advise(failure, "%s", advice);
}

/* FALSE with error: the step fails. */
static gboolean end_step(struct previewing *previewing, guint index, gboolean fits,
                         const struct run_result *result, GError *failure, GError **error)
{
    struct preview_step *step = preview_step_edit(previewing->preview, index);
    const char *why = failure != NULL ? why_not_tried(previewing, index, failure) : NULL;
    step->elapsed_us = result->elapsed_us;
    if (fits) {
        set_outcome(previewing, index, PREVIEW_RUNS, "");
        compare_step(previewing, step);
        tell_of_step(previewing, ENGINE_STEP_DONE, index, result, NULL);
        return TRUE;
    }
    if (why != NULL) {
        set_outcome(previewing, index, PREVIEW_NOT_TRIED, why);
        return FALSE;
    }
    add_left_out(previewing, &failure);
    /* Somebody was in the way, which says nothing of the migration. */
    set_outcome(previewing, index, result->is_retryable ? PREVIEW_NOT_TRIED : PREVIEW_FAILS,
                failure->message);
    step->error = g_error_copy(failure);
    tell_of_step(previewing, ENGINE_STEP_FAILED, index, result, failure);
    g_propagate_error(error, g_error_copy(failure));
    return FALSE;
}

static gboolean rehearse(struct previewing *previewing, guint index, struct run_result *result,
                         GError **error)
{
    struct database *database = previewing->database;
    if (!previewing->keeps)
        return run_job_of(previewing, index, database_rehearse, result, error);
    if (!database_rehearsal_begin(database, previewing->lock_timeout, error))
        return FALSE;
    if (run_job_of(previewing, index, database_rehearse, result, error))
        return database_rehearsal_keep(database, error);
    database_rehearsal_end(database);
    return FALSE;
}

/* Statement by statement, as a run does: on a copy that is no harm. */
static gboolean run_separately(struct previewing *previewing, guint index,
                               struct run_result *result, GError **error)
{
    return run_job_of(previewing, index, database_run, result, error);
}

/* FALSE ends the preview; with error, when a migration fails or it was cancelled. */
static gboolean preview_step(struct previewing *previewing, guint index, GError **error)
{
    struct run_result result = {0};
    g_autoptr(GError) failure = NULL;
    const struct plan_step *step = plan_step_at(previewing->preview->plan, index);
    gboolean is_apart = !run_mode_is_transactional(step->script->mode);
    tell_of_step(previewing, ENGINE_STEP_STARTED, index, NULL, NULL);
    if (is_apart && !previewing->keeps) {
        set_outcome(previewing, index, PREVIEW_NOT_TRIED, step->script->mode_reason);
        return TRUE;
    }
    gboolean fits = is_apart ? run_separately(previewing, index, &result, &failure)
                             : rehearse(previewing, index, &result, &failure);
    if (!fits && cancellation_level(previewing->engine->cancellation) != CANCEL_NONE) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    return end_step(previewing, index, fits, &result, failure, error);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static gboolean stop_was_asked(const struct previewing *previewing, GError **error)
{
    struct engine *engine = previewing->engine;
    if (cancellation_level(engine->cancellation) == CANCEL_NONE)
        return FALSE;
    error_set(error, cancellation_why(engine->cancellation),
              "the preview was stopped, as asked; it leaves nothing");
    return TRUE;
}

static gboolean preview_steps(struct previewing *previewing, GError **error)
{
    GError *failure = NULL;
    previewing->first = read_catalog(previewing);
    if (previewing->first != NULL)
        previewing->last = catalog_ref(previewing->first);
    for (guint i = 0; i < previewing->preview->steps->len; i++)
        if (stop_was_asked(previewing, &failure) || !preview_step(previewing, i, &failure))
            break;
    if (failure == NULL || !error_is(failure, ERROR_NO_CONNECTION))
        compare_all(previewing);
    if (failure != NULL)
        g_propagate_error(error, failure);
    return failure == NULL;
}

gboolean preview_run(struct engine *engine, struct preview *preview, struct database *database,
                     gint64 lock_timeout, gboolean keeps, gboolean is_quiet, GError **error)
{
    struct previewing previewing = {
        .engine = engine,
        .preview = preview,
        .database = database,
        .lock_timeout = lock_timeout,
        .keeps = keeps,
        .is_quiet = is_quiet,
    };
    run_id_make(previewing.run_id);
    if (!keeps && !database_rehearsal_begin(database, lock_timeout, error))
        return FALSE;
    gboolean is_done = preview_steps(&previewing, error);
    database_rehearsal_end(database);
    g_clear_pointer(&previewing.first, catalog_unref);
    g_clear_pointer(&previewing.last, catalog_unref);
    return is_done;
}
