/* One step after the other, or several under way at the same time; what is tried again; how far it
 * came. */
#include "engine/snapshot.h"
#include "engine/task.h"

#include <string.h>

typedef gboolean (*job_fn)(struct database *database, const struct run_job *job,
                           struct run_result *result, GError **error);

static gboolean perform(struct run *run, guint index, job_fn how, struct run_result *result,
                        GError **error)
{
    struct task task;
    task_init(&task, run, index);
    memset(result, 0, sizeof *result);
    gboolean is_done = how(run->engine->database, &task.prepared.job, result, error);
    task_keep_impact(&task, result);
    task_clear(&task);
    return is_done;
}

static void tell_of_step(const struct run *run, enum engine_event_kind kind, guint index,
                         const struct run_result *result, const GError *error, gint64 elapsed_us)
{
    engine_tell(run->engine, &(struct engine_event){.kind = kind,
                                                    .plan = run->report->plan,
                                                    .step = index,
                                                    .result = result,
                                                    .error = error,
                                                    .elapsed_us = elapsed_us});
}

/* ---- how a step ends ------------------------------------------------------------------------- */

static void step_is_in(struct run *run, guint index, const struct run_result *result)
{
    tell_of_step(run, ENGINE_STEP_DONE, index, result, NULL, result->elapsed_us);
    run->report->done = index + 1;
    run->report->version = plan_step_at(run->report->plan, index)->version_after;
}

/* A server that crashed may have taken back what it had not yet flushed: the row says how far the
 * run came. */
static void count_again(struct run *run)
{
    const struct plan *plan = run->report->plan;
    struct version_state state;
    if (!database_version_read(run->engine->database, &state, NULL) ||
        state.kind == VERSION_TABLE_FOREIGN || state.is_dirty)
        return;
    for (guint done = run->report->done; done > 0; done--) {
        run->report->done = done;
        run->report->version = plan_step_at(plan, done - 1)->version_after;
        if (run->report->version == state.version)
            return;
    }
    run->report->done = 0;
    run->report->version = state.version;
}

static void after_failure(struct run *run, const struct plan_step *step,
                          const struct run_result *result)
{
    run->report->is_unsettled = result->outcome == RUN_OUTCOME_UNSETTLED;
    if (result->outcome == RUN_OUTCOME_DIRTY) {
        run->report->statements_done = result->statements_done;
        run->report->statements = step->script->statements->len;
    }
    if (result->outcome == RUN_OUTCOME_DIRTY && step->writes_version) {
        run->report->is_dirty = TRUE;
        run->report->version = step->version_after;
    }
    if (result->outcome == RUN_OUTCOME_ROLLED_BACK && result->connection_lost &&
        step->writes_version)
        count_again(run);
}

/* Takes failure. */
static gboolean step_fails(struct run *run, guint index, const struct run_result *result,
                           GError *failure, GError **error)
{
    tell_of_step(run, ENGINE_STEP_FAILED, index, result, failure, result->elapsed_us);
    after_failure(run, plan_step_at(run->report->plan, index), result);
    g_propagate_error(error, failure);
    return FALSE;
}

/* After its attempt-th failure, when nothing of it is in and the cause may pass: waits. */
static gboolean goes_again(struct run *run, guint index, guint attempt,
                           const struct run_result *result, GError **failure)
{
    gint64 delay = engine_retry_delay(run->engine, attempt);
    if (!result->is_retryable || attempt > run->engine->settings->max_retries)
        return FALSE;
    tell_of_step(run, ENGINE_STEP_RETRY, index, result, *failure, delay * 1000);
    if (!engine_pause(run->engine, delay))
        return TRUE;
    engine_stopped_trying(run->engine, failure);
    return FALSE;
}

/* The lock went with the connection, so nothing more may be run. */
static gboolean may_go_on(const struct run *run, const struct run_result *result, GError **error)
{
    const struct plan *plan = run->report->plan;
    guint done = run->report->done;
    if (!result->connection_lost || done == plan->steps->len)
        return TRUE;
    error_set(error, ERROR_NO_CONNECTION, "the connection was lost after %s, which is committed",
              plan_step_at(plan, done - 1)->migration->digits);
    error_advise(error, "run the same command again to go on");
    return FALSE;
}

/* ---- one by one ------------------------------------------------------------------------------ */

/* The attempts before this one were told. */
static gboolean run_alone(struct run *run, guint index, guint attempt, GError **error)
{
    struct run_result result;
    if (attempt == 1)
        tell_of_step(run, ENGINE_STEP_STARTED, index, NULL, NULL, 0);
    for (;; attempt++) {
        g_autoptr(GError) failure = NULL;
        if (perform(run, index, database_run, &result, &failure)) {
            step_is_in(run, index, &result);
            return may_go_on(run, &result, error);
        }
        if (!goes_again(run, index, attempt, &result, &failure))
            return step_fails(run, index, &result, g_steal_pointer(&failure), error);
    }
}

/* ---- several at a time ----------------------------------------------------------------------- */

/* Of those under way together. */
struct fleet {
    struct run *run;
    guint first; /* the step of the first */
    guint begun;
    struct task *tasks;
};

static void hear_begun(guint index, void *data)
{
    struct fleet *fleet = data;
    fleet->begun = index + 1;
    tell_of_step(fleet->run, ENGINE_STEP_STARTED, fleet->first + index, NULL, NULL, 0);
}

static void hear_done(guint index, const struct run_result *result, void *data)
{
    struct fleet *fleet = data;
    task_keep_impact(&fleet->tasks[index], result);
    step_is_in(fleet->run, fleet->first + index, result);
}

/* What is behind the one that failed never began; what is before it is in. */
static gboolean fleet_fails(struct fleet *fleet, guint done, const struct run_result *result,
                            GError *failure, GError **error)
{
    struct run *run = fleet->run;
    guint index = fleet->first + done;
    run->report->done = index;
    run->report->version = plan_step_at(run->report->plan, index)->version_before;
    if (fleet->begun <= done)
        tell_of_step(run, ENGINE_STEP_STARTED, index, NULL, NULL, 0);
    task_keep_impact(&fleet->tasks[done], result);
    if (goes_again(run, index, 1, result, &failure)) {
        g_error_free(failure);
        return run_alone(run, index, 2, error);
    }
    return step_fails(run, index, result, failure, error);
}

static gboolean fleet_run(struct fleet *fleet, guint count, GError **error)
{
    guint done;
    struct run_result result;
    GError *failure = NULL;
    g_autofree struct run_job *jobs = g_new(struct run_job, count);
    for (guint i = 0; i < count; i++)
        jobs[i] = fleet->tasks[i].prepared.job;
    struct run_window window = {jobs, count, hear_begun, hear_done, fleet};
    database_run_window(fleet->run->engine->database, &window, &done, &result, &failure);
    if (failure != NULL)
        return fleet_fails(fleet, done, &result, failure, error);
    if (!may_go_on(fleet->run, &result, error))
        return FALSE;
    /* The driver stopped before one that has to be by itself. */
    return done == count || cancellation_level(fleet->run->engine->cancellation) != CANCEL_NONE ||
           run_alone(fleet->run, fleet->first + done, 1, error);
}

static gboolean run_together(struct run *run, guint first, guint count, GError **error)
{
    g_autofree struct task *tasks = g_new(struct task, count);
    struct fleet fleet = {run, first, 0, tasks};
    for (guint i = 0; i < count; i++)
        task_init(&tasks[i], run, first + i);
    gboolean is_good = fleet_run(&fleet, count, error);
    for (guint i = 0; i < count; i++)
        task_clear(&tasks[i]);
    return is_good;
}

/* A check has to be answered before the commit is sent. */
static gboolean may_go_together(const struct plan_step *step)
{
    const GArray *checks = step->migration->notes.checks;
    return step->direction == DIRECTION_UP && step->writes_version &&
           run_mode_is_transactional(step->script->mode) && (checks == NULL || checks->len == 0);
}

static guint count_together(const struct run *run, guint first, guint most)
{
    const struct plan *plan = run->report->plan;
    guint count = 0;
    while (count < most && first + count < plan->steps->len &&
           may_go_together(plan_step_at(plan, first + count)))
        count++;
    return count;
}

/* Why what was asked for cannot be had here. NULL: it can. */
static const char *why_one_by_one(const struct run *run)
{
    if (run->goal->kind == GOAL_MISSED)
        return "a missed migration leaves the version row as it is";
    if (run->engine->settings->carries_session_state)
        return "each file may change what the next one means (session_state: carry)";
    if (snapshot_is_each(run))
        return "the schema is recorded after each";
    return database_has_windows(run->engine->database)
               ? NULL
               : "this database is a file, and nothing is on its way to it";
}

/* How many may be under way at the same time. */
static guint most_together(const struct run *run)
{
    guint wanted = MAX(run->goal->in_flight, 1);
    const char *why = wanted > 1 ? why_one_by_one(run) : NULL;
    if (why == NULL)
        return wanted;
    engine_notice(run->engine, "one migration at a time: %s", why);
    return 1;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static gboolean stop_was_asked(const struct run *run, GError **error)
{
    struct engine *engine = run->engine;
    if (cancellation_level(engine->cancellation) == CANCEL_NONE)
        return FALSE;
    error_set(error, cancellation_why(engine->cancellation),
              "stopped after %u of %u migrations, as asked", run->report->done,
              run->report->plan->steps->len);
    error_advise(error, "what ran is committed; run the same command again to go on");
    return TRUE;
}

gboolean steps_run(struct run *run, GError **error)
{
    const struct plan *plan = run->report->plan;
    guint most = most_together(run);
    run->report->done = 0;
    snapshot_before(run);
    while (run->report->done < plan->steps->len) {
        guint first = run->report->done, count = count_together(run, first, most);
        if (stop_was_asked(run, error) ||
            !(count > 1 ? run_together(run, first, count, error) : run_alone(run, first, 1, error)))
            return FALSE;
        snapshot_after(run, run->report->done - 1);
    }
    return TRUE;
}
