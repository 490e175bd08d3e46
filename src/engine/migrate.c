/* Changing: lock, look again, plan again, run step by step, say how it ended. */
#include "engine/drift.h"
#include "engine/gate.h"
#include "engine/snapshot.h"
#include "engine/steps.h"

#include <string.h>

/* ---- the bracket around every change ------------------------------------------------------- */

static void tell_lock_wait(const struct lock_holder *holder, gint64 waited_us, void *data)
{
    engine_tell(data, &(struct engine_event){
                          .kind = ENGINE_LOCK_WAIT, .holder = holder, .elapsed_us = waited_us});
}

gboolean engine_may_write(const struct engine *engine, GError **error)
{
    if (!engine->settings->is_read_only)
        return TRUE;
    error_set(error, ERROR_REFUSED, "this is read-only: --readonly was given");
    return FALSE;
}

/* While the lock was waited for, or since the engine was opened, somebody may have said what the
 * database is. */
static gboolean weigh_again(struct engine *engine, GError **error)
{
    if (!database_environment_read(engine->database, error))
        return FALSE;
    environment_clear(&engine->environment);
    environment_weigh(&engine->environment, database_facts(engine->database), engine->settings);
    return TRUE;
}

gboolean engine_change_begin(struct engine *engine, GError **error)
{
    struct version_state state;
    if (!engine_may_write(engine, error) || !database_version_read(engine->database, &state, error))
        return FALSE;
    if (state.kind == VERSION_TABLE_FOREIGN) {
        error_set(error, ERROR_REFUSED, "%s", state.problem);
        return FALSE;
    }
    if (!database_lock(engine->database, engine->settings->lock_timeout, tell_lock_wait, engine,
                       error))
        return FALSE;
    if (!weigh_again(engine, error)) {
        database_unlock(engine->database);
        return FALSE;
    }
    engine_tell(engine, &(struct engine_event){.kind = ENGINE_LOCKED});
    return TRUE;
}

void engine_change_end(struct engine *engine)
{
    database_unlock(engine->database);
}

/* ---- what is recorded of a run ----------------------------------------------------------------
 */

static struct history_record *run_record(const struct run *run, enum history_kind kind,
                                         enum history_outcome outcome)
{
    struct history_record *record = recording_new(run->engine, run->report->run_id, kind, outcome);
    record->plan_id = g_strdup(run->report->plan->id);
    record->from_version = run->state.version;
    record->to_version = run->report->plan->to;
    record->version = run->report->plan->to;
    record->reason = g_strdup(change_reason(run->options));
    return record;
}

static void add_file(GArray *files, const struct migration_text *text)
{
    struct run_file file = {text->bytes, text->sha256};
    g_array_append_val(files, file);
}

/* Both texts of every step: an up that ran has its down kept. */
static GArray *files_of(const struct plan *plan)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(struct run_file));
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(plan, i);
        if (step->up != NULL)
            add_file(files, step->up);
        if (step->down != NULL)
            add_file(files, step->down);
    }
    return files;
}

static gboolean record_start(struct run *run, GError **error)
{
    AUTOPTR(history_record) *record = run_record(run, HISTORY_STARTED, OUTCOME_DONE);
    record->message = g_strdup(run->overrides);
    g_autoptr(GArray) files = files_of(run->report->plan);
    return database_run_begin(run->engine->database, record,
                              (const struct run_file *)(void *)files->data, files->len, error);
}

static enum history_outcome outcome_of(const struct run *run, const GError *failure)
{
    if (failure == NULL)
        return OUTCOME_DONE;
    if (run->report->is_unsettled)
        return OUTCOME_UNKNOWN;
    if (error_is(failure, ERROR_CANCELLED) || error_is(failure, ERROR_HANGUP) ||
        error_is(failure, ERROR_TERMINATED))
        return OUTCOME_CANCELLED;
    return OUTCOME_FAILED;
}

/* A run whose end cannot be written stays "interrupted", which is what it then is. What it
 * committed without waiting for the disk is only known to be there when its end is. */
static void record_end(struct run *run, const GError *failure)
{
    struct change_report *report = run->report;
    g_autoptr(GError) unwritten = NULL;
    if (report->is_unsettled)
        return;
    AUTOPTR(history_record) *record = run_record(run, HISTORY_FINISHED, outcome_of(run, failure));
    record->version = report->version;
    record->to_version = report->version;
    record->statements = report->done;
    if (failure != NULL)
        recording_add_error(record, failure);
    if (report->done > 0 && !report->is_dirty
            ? snapshot_append(run->engine, record, &unwritten)
            : database_history_append(run->engine->database, record, &unwritten))
        return;
    report->is_unflushed = report->done > 0 && !steps_commit_synchronously(run) &&
                           error_is(unwritten, ERROR_NO_CONNECTION);
    engine_notice(run->engine, "the end of this run could not be recorded: %s", unwritten->message);
}

/* What is wrong with a schema that was made just now; NULL: nothing. */
static char *validate_installation(struct run *run)
{
    g_autoptr(GError) unseen = NULL;
    g_autoptr(GPtrArray) flaws =
        database_flaws_read(run->engine->database, FLAWS_CONSTRAINTS | FLAWS_INDEXES, &unseen);
    GString *found = g_string_new(NULL);
    if (flaws == NULL)
        g_string_append_printf(found, "not validated: %s", unseen->message);
    for (guint i = 0; flaws != NULL && i < flaws->len; i++) {
        const struct schema_flaw *flaw = flaws->pdata[i];
        if (flaw->is_notice)
            continue;
        engine_notice(run->engine, "%s", flaw->message);
        g_string_append_printf(found, "%s%s", found->len > 0 ? "; " : "", flaw->message);
    }
    return g_string_free(found, found->len == 0);
}

/* A first installation that reached the newest version is recorded as complete. */
static void record_installation(struct run *run)
{
    const struct plan *plan = run->report->plan;
    guint count = migration_set_count(run->engine->set);
    g_autoptr(GError) unwritten = NULL;
    if (!run->was_fresh || plan_goes_down(plan) || count == 0 ||
        plan->to != migration_set_at(run->engine->set, count - 1)->version)
        return;
    AUTOPTR(history_record) *record = run_record(run, HISTORY_INSTALL, OUTCOME_DONE);
    record->message = validate_installation(run);
    if (!database_history_append(run->engine->database, record, &unwritten))
        engine_notice(run->engine, "the installation could not be recorded: %s",
                      unwritten->message);
}

/* The cheap part of validation: the row says what the run says. */
static gboolean check_row(struct run *run, GError **error)
{
    struct version_state now;
    if (!run->engine->settings->checks_version_table)
        return TRUE;
    if (!database_version_read(run->engine->database, &now, error))
        return FALSE;
    if (now.version == run->report->version && !now.is_dirty)
        return TRUE;
    gint64 wanted = run->report->version;
    run->report->version = now.version;
    error_set(error, ERROR_FINDINGS,
              "after the run the version row says %" G_GINT64_FORMAT "%s, not %" G_GINT64_FORMAT,
              now.version, now.is_dirty ? " (dirty)" : "", wanted);
    error_advise(error,
                 "a migration or somebody else wrote the version table; see 'winch history'");
    return FALSE;
}

/* In one message, before the run's last row: that one waits for the disk. */
static void record_impacts(struct run *run)
{
    g_autoptr(GError) unwritten = NULL;
    if (!run->report->is_unsettled &&
        !database_impact_append(run->engine->database, run->impacts, &unwritten))
        engine_notice(run->engine, "what this run cost could not be recorded: %s",
                      unwritten->message);
}

/* A run without a record is told beforehand. */
static void announce_history(struct run *run)
{
    const struct database_facts *facts = database_facts(run->engine->database);
    enum history_presence presence = database_history_presence(run->engine->database);
    if (presence == HISTORY_PRESENT)
        return;
    engine_notice(
        run->engine,
        "no history is kept: %s may not %s the schema %s; 'winch init --print-sql' prints "
        "what somebody who may has to run",
        facts->user, presence == HISTORY_ABSENT ? "create" : "write",
        run->engine->settings->own_schema);
}

static gboolean run_for_real(struct run *run, GError **error)
{
    engine_tell_new(run->engine);
    if (!database_install(run->engine->database, error))
        return FALSE;
    announce_history(run);
    if (!record_start(run, error))
        return FALSE;
    if (run->state.version != VERSION_NONE)
        drift_before_run(run->engine, run->state.version);
    g_autoptr(GError) failure = NULL;
    gboolean is_done = steps_run(run, &failure) && check_row(run, &failure);
    if (is_done)
        record_installation(run);
    record_impacts(run);
    record_end(run, failure);
    if (is_done && run->report->is_unflushed) {
        error_set(&failure, ERROR_NO_CONNECTION,
                  "the connection was lost before the end of the run was written");
        error_advise(&failure, "see 'winch status' when the server is back");
        is_done = FALSE;
    }
    if (is_done && plan_goes_down(run->report->plan))
        drift_after_rollback(run->engine, run->report->version);
    if (!is_done)
        g_propagate_error(error, g_steal_pointer(&failure));
    return is_done;
}

/* ---- the whole way ----------------------------------------------------------------------------
 */

gboolean plan_is_as_seen(const struct plan *plan, const char *seen, GError **error)
{
    const char *now = plan->id;
    if (seen == NULL || strcmp(seen, now) == 0)
        return TRUE;
    error_set(error, ERROR_REFUSED, "the plan is now %s, not %s: files or database have changed",
              now, seen);
    error_advise(error, "look at 'winch plan' again");
    return FALSE;
}

gboolean plan_asks_too_much(const struct plan *plan, const struct goal *goal, GError **error)
{
    if (plan->short_by == 0)
        return FALSE;
    guint asked = plan->steps->len + plan->short_by;
    if (plan->steps->len == 0)
        error_set(error, ERROR_FAILED, "there is no migration left to take %s",
                  goal->kind == GOAL_DOWN ? "down" : "up");
    else
        error_set(error, ERROR_FAILED, "only %u of the %u migrations asked for were there",
                  plan->steps->len, asked);
    return TRUE;
}

static gboolean plan_under_lock(struct run *run, GError **error)
{
    struct engine *engine = run->engine;
    AUTOPTR(ledger) *ledger = engine_ledger(engine, &run->state, error);
    if (ledger == NULL)
        return FALSE;
    run->was_fresh = run->state.version == VERSION_NONE && !ledger_has_history(ledger);
    run->report->version = run->state.version;
    run->report->is_dirty = run->state.is_dirty;
    run->report->plan = engine_plan_from(engine, &run->state, ledger, run->goal, error);
    return run->report->plan != NULL;
}

void engine_tell_plan(const struct engine *engine, struct plan *plan)
{
    for (guint i = 0; i < plan->notices->len; i++)
        engine_notice(engine, "%s", (const char *)plan->notices->pdata[i]);
    engine_tell(engine, &(struct engine_event){.kind = ENGINE_PLANNED, .plan = plan});
}

/* In production every migration is seen to be in before the next one is sent. */
static gboolean refuse_in_flight(struct run *run, GError **error)
{
    struct engine *engine = run->engine;
    if (run->goal->in_flight <= 1 || engine->environment.class_ != ENVIRONMENT_PRODUCTION)
        return FALSE;
    error_set(error, ERROR_REFUSED,
              "several migrations at a time are not for production (%s): there each is seen to be "
              "in before the next one is sent",
              engine->environment.said_by);
    error_advise(error, "leave --in-flight out");
    engine_record_refusal(engine, "refused: several migrations at a time in production");
    return TRUE;
}

static gboolean change_locked(struct run *run, GError **error)
{
    if (!plan_under_lock(run, error) ||
        !plan_is_as_seen(run->report->plan, run->options->plan_id, error))
        return FALSE;
    struct plan *plan = run->report->plan;
    if (plan->steps->len == 0)
        return !plan_asks_too_much(plan, run->goal, error);
    if (refuse_in_flight(run, error)) /* it may be production by now */
        return FALSE;
    struct gate_wish wish = gate_wish_of_plan(plan, run->goal);
    if (!gate_pass(run->engine, &wish, run->options, &run->overrides, error))
        return FALSE;
    engine_tell_plan(run->engine, run->report->plan);
    return run_for_real(run, error) && !plan_asks_too_much(plan, run->goal, error);
}

/* Where the row alone says that something is pending, neither history nor files need be read to
 * find that there is: whoever holds the lock reads them anyway. */
static gboolean is_pending(const struct run *run, const struct version_state *state)
{
    const struct migration_set *set = run->engine->set;
    guint count = migration_set_count(set);
    switch (run->goal->kind) {
    case GOAL_UP:
        return count > 0 && migration_set_at(set, count - 1)->version > state->version;
    case GOAL_DOWN:
    case GOAL_DOWN_ALL:
        return state->version != VERSION_NONE;
    case GOAL_UP_TO:
    case GOAL_GOTO:
    case GOAL_MISSED:
    case GOAL_ROLLBACK:
    case GOAL_EMERGENCY:
        break;
    }
    return FALSE;
}

/* Without the lock: whether there is anything to do at all. A dirty row may only be a run in
 * progress, so that is left to whoever holds the lock. Sets *settled, and then the result is final.
 */
static gboolean look_first(struct run *run, gboolean *settled, GError **error)
{
    struct version_state state;
    *settled = TRUE;
    if (!database_version_read(run->engine->database, &state, error))
        return FALSE;
    run->report->version = state.version; /* unless the lock shows another */
    run->report->is_dirty = state.is_dirty;
    if (state.is_dirty || state.kind == VERSION_TABLE_FOREIGN || is_pending(run, &state)) {
        *settled = FALSE;
        return TRUE;
    }
    AUTOPTR(ledger) *ledger = engine_ledger_beside(run->engine, &state, error);
    if (ledger == NULL)
        return FALSE;
    AUTOPTR(plan) *plan = engine_plan_from(run->engine, &state, ledger, run->goal, NULL);
    if (plan == NULL || plan->steps->len > 0) {
        *settled = FALSE;
        return TRUE;
    }
    run->state = state;
    run->report->plan = plan_ref(plan);
    engine_tell_plan(run->engine, plan);
    return plan_is_as_seen(plan, run->options->plan_id, error) &&
           !plan_asks_too_much(plan, run->goal, error);
}

gboolean engine_migrate(struct engine *engine, const struct goal *goal,
                        const struct change_options *options, struct change_report *report,
                        GError **error)
{
    struct run run = {.engine = engine, .goal = goal, .options = options, .report = report};
    gint64 started = g_get_monotonic_time();
    gboolean settled, goes_up = goal->kind == GOAL_UP || goal->kind == GOAL_UP_TO;
    memset(report, 0, sizeof *report);
    report->version = VERSION_NONE;
    run_id_make(report->run_id);
    if (refuse_in_flight(&run, error))
        return FALSE;
    gboolean may_go_up = goes_up || (goal->kind == GOAL_GOTO && !goal->never_up);
    if (!may_go_up && !engine_exists(engine, error))
        return FALSE;
    run.impacts = g_array_new(FALSE, FALSE, sizeof(struct impact));
    g_array_set_clear_func(run.impacts, (GDestroyNotify)impact_clear);
    gboolean is_done = look_first(&run, &settled, error);
    if (!settled) {
        is_done = engine_change_begin(engine, error);
        if (is_done) {
            is_done = change_locked(&run, error);
            engine_change_end(engine);
        }
    }
    report->elapsed_us = g_get_monotonic_time() - started;
    g_array_unref(run.impacts);
    g_free(run.overrides);
    return is_done;
}
