/* A preview from the plan to the record of it. */
#include "engine/preview_internal.h"

#include <string.h>

/* How long a preview on this database waits for a lock, at most, while others wait behind it. */
#define LOCK_TIMEOUT_MS            2000
#define LOCK_TIMEOUT_PRODUCTION_MS 1000

static gboolean is_postgres(const struct engine *engine)
{
    return strcmp(database_facts(engine->database)->product, "PostgreSQL") == 0;
}

static gboolean is_production(const struct engine *engine)
{
    return engine->environment.class_ == ENVIRONMENT_PRODUCTION;
}

enum preview_level engine_preview_level(const struct engine *engine)
{
    return !is_postgres(engine) || engine->environment.class_ == ENVIRONMENT_DEVELOPMENT
               ? PREVIEW_LEVEL_DATABASE
               : PREVIEW_LEVEL_SCRATCH;
}

/* ---- weather --------------------------------------------------------------------------------- */

/* The strongest mode on each relation that others know. */
static GArray *needs_of(const struct preview *preview)
{
    GArray *needs = g_array_new(FALSE, FALSE, sizeof(struct weather_need));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < preview->steps->len; i++) {
        const struct preview_step *step = preview_step_at(preview, i);
        for (guint j = 0; j < step->statements->len; j++) {
            const GArray *locks = preview_statement_at(step, j)->locks;
            for (guint k = 0; k < locks->len; k++) {
                const struct preview_lock *lock = &g_array_index(locks, struct preview_lock, k);
                gpointer known = g_hash_table_lookup(seen, lock->relation);
                if (!lock->is_new && GPOINTER_TO_INT(known) < (int)lock->mode)
                    g_hash_table_replace(seen, (gpointer)(gsize)lock->relation,
                                         GINT_TO_POINTER(lock->mode));
            }
        }
    }
    GHashTableIter iter;
    gpointer relation, mode;
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &relation, &mode)) {
        struct weather_need need = {relation, (enum lock_mode)GPOINTER_TO_INT(mode)};
        g_array_append_val(needs, need);
    }
    return needs;
}

/* A preview without it is a preview still. */
static void look_at_weather(struct engine *engine, struct preview *preview)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GArray) needs = needs_of(preview);
    AUTOPTR(activity) *activity = database_activity(engine->database, &why);
    if (activity != NULL)
        preview->weather = weather_new(activity, needs);
    else
        preview_not_covered(preview, "who is in the way now: %s", why->message);
}

/* ---- record ---------------------------------------------------------------------------------- */

static enum history_outcome outcome_of(const struct preview *preview)
{
    switch (preview->outcome) {
    case PREVIEW_FAILS:
        return OUTCOME_FAILED;
    case PREVIEW_NOT_TRIED:
        return OUTCOME_UNKNOWN;
    default:
        return OUTCOME_DONE;
    }
}

/* Only what ran is evidence; and a database that may only be read gets no record. */
static void record(struct engine *engine, struct preview *preview,
                   const struct preview_options *options, const GError *failure)
{
    g_autoptr(GError) unwritten = NULL;
    char run_id[17];
    if (preview->level == PREVIEW_LEVEL_CATALOG || preview->steps->len == 0 ||
        engine->settings->is_read_only || database_facts(engine->database)->is_standby ||
        database_history_presence(engine->database) != HISTORY_PRESENT)
        return;
    run_id_make(run_id);
    AUTOPTR(history_record) *entry =
        recording_new(engine, run_id, HISTORY_PREVIEW, outcome_of(preview));
    entry->plan_id = g_strdup(preview->plan->id);
    entry->from_version = preview->plan->from;
    entry->to_version = preview->plan->to;
    entry->version = preview->plan->to;
    entry->title = g_strdup(preview_level_word(preview->level));
    entry->message = g_strdup(preview->on);
    entry->reason = g_strdup(options->reason);
    if (failure != NULL)
        recording_add_error(entry, failure);
    preview->is_recorded = database_history_append(engine->database, entry, &unwritten);
    if (!preview->is_recorded)
        engine_notice(engine, "this preview could not be recorded: %s", unwritten->message);
}

/* ---- where it runs --------------------------------------------------------------------------- */

static gint64 lock_timeout_of(const struct engine *engine)
{
    gint64 longest = is_production(engine) ? LOCK_TIMEOUT_PRODUCTION_MS : LOCK_TIMEOUT_MS;
    gint64 setting = engine->settings->lock_timeout;
    return setting > 0 ? MIN(setting, longest) : longest;
}

/* On production this takes real locks: the words of the change itself, and first a copy, that shows
 * what they would be. */
static gboolean may_run_here(struct engine *engine, struct plan *plan,
                             const struct preview_options *options, GError **error)
{
    const struct change_options words = {.confirm = options->confirm, .reason = options->reason};
    if (!is_production(engine))
        return TRUE;
    if (!confirmation_check(engine, plan, NULL, &words, error))
        return FALSE;
    if (options->allows_large && options->reason != NULL)
        return TRUE;
    if (options->allows_large) {
        error_set(error, ERROR_REFUSED, "--allow-large needs a reason");
        error_advise(error, "give --reason TEXT: it is recorded");
        return FALSE;
    }
    engine_notice(engine, "first on a scratch copy, to see what it would lock here");
    AUTOPTR(preview) *first = preview_new(engine, plan, PREVIEW_LEVEL_SCRATCH);
    if (!preview_on_scratch(engine, first, options, TRUE, error) ||
        !preview_judge(engine, first, error)) {
        g_prefix_error(error, "on a scratch copy first: ");
        return FALSE;
    }
    return !preview_refuse_large(engine, first, error);
}

/* What may happen all the same is said before it does. */
static void name_limits_here(const struct engine *engine, struct preview *preview)
{
    for (guint i = 0; i < preview->steps->len; i++) {
        const struct plan_step *step = plan_step_at(preview->plan, i);
        if (step->script->begin_modes != NULL)
            preview_not_covered(preview, "%s: its transaction's modes (%s)", step->half->file_name,
                                step->script->begin_modes);
    }
    if (preview->steps->len > 1)
        preview_not_covered(preview, "all migrations share one transaction: a lock that one of "
                                     "them holds is not seen to be taken again by the next");
    guint first = preview->uncovered->len;
    preview_name_escapes(preview);
    for (guint i = first; i < preview->uncovered->len; i++)
        engine_notice(engine, "no rollback undoes this: %s",
                      (const char *)preview->uncovered->pdata[i]);
}

/* Sequences that were used: a row of their own that no rollback touches. */
static void name_sequences(struct preview *preview)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < preview->steps->len; i++) {
        const struct preview_step *step = preview_step_at(preview, i);
        for (guint j = 0; j < step->statements->len; j++) {
            const GArray *locks = preview_statement_at(step, j)->locks;
            for (guint k = 0; k < locks->len; k++) {
                const struct preview_lock *lock = &g_array_index(locks, struct preview_lock, k);
                if (lock->kind == 'S' && !lock->is_new && lock->mode == LOCK_MODE_ROW_EXCLUSIVE &&
                    g_hash_table_add(seen, (gpointer)(gsize)lock->relation))
                    preview_not_covered(preview, "values taken from sequence %s are gone",
                                        lock->relation);
            }
        }
    }
}

static gboolean run_here(struct engine *engine, struct preview *preview, GError **error)
{
    preview->on = "this database, rolled back";
    name_limits_here(engine, preview);
    gboolean is_done = preview_run(engine, preview, engine->database, lock_timeout_of(engine),
                                   FALSE, FALSE, error);
    name_sequences(preview);
    return is_done;
}

static gboolean run_at_level(struct engine *engine, struct preview *preview,
                             const struct preview_options *options, GError **error)
{
    switch (preview->level) {
    case PREVIEW_LEVEL_CATALOG:
        preview->on = "nothing was run";
        return TRUE;
    case PREVIEW_LEVEL_SCRATCH:
        return preview_on_scratch(engine, preview, options, FALSE, error);
    default:
        return run_here(engine, preview, error);
    }
}

/* ---- the whole way --------------------------------------------------------------------------- */

static gboolean began(const struct preview *preview)
{
    for (guint i = 0; i < preview->steps->len; i++)
        if (preview_step_at(preview, i)->outcome != PREVIEW_NOT_REACHED)
            return TRUE;
    return preview->steps->len == 0;
}

/* A preview that was made, whole or up to a failure. */
static gboolean finish(struct engine *engine, struct preview *preview,
                       const struct preview_options *options, gint64 started, GError *failure,
                       GError **error)
{
    g_autoptr(GError) blind = NULL;
    gboolean is_lost = failure != NULL && error_is(failure, ERROR_NO_CONNECTION);
    if (!is_lost && !preview_judge(engine, preview, &blind))
        preview_not_covered(preview, "sizes of the tables: %s", blind->message);
    if (!is_lost && preview->steps->len > 0)
        look_at_weather(engine, preview);
    preview->elapsed_us = g_get_monotonic_time() - started;
    if (!is_lost)
        record(engine, preview, options, failure);
    if (failure != NULL)
        g_propagate_error(error, failure);
    return failure == NULL;
}

static gboolean preview_plan(struct engine *engine, const struct goal *goal, struct plan *plan,
                             enum preview_level level, const struct preview_options *options,
                             struct preview **preview, GError **error)
{
    gint64 started = g_get_monotonic_time();
    GError *failure = NULL;
    if (!plan_is_as_seen(plan, options->plan_id, error))
        return FALSE;
    gboolean is_here = level == PREVIEW_LEVEL_DATABASE;
    if (plan->steps->len > 0 && is_here && !may_run_here(engine, plan, options, error))
        return FALSE;
    AUTOPTR(preview) *made = preview_new(engine, plan, level);
    made->is_level_default = options->level == PREVIEW_LEVEL_DEFAULT;
    if (plan->steps->len > 0) {
        engine_tell_plan(engine, plan);
        run_at_level(engine, made, options, &failure);
    }
    if (failure != NULL && !began(made)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    gboolean is_done = finish(engine, made, options, started, failure, error);
    *preview = g_steal_pointer(&made);
    return is_done && !plan_asks_too_much(plan, goal, error);
}

/* A file of SQLite that is not there is an empty database to whatever goes up. */
static struct plan *plan_for(struct engine *engine, const struct goal *goal, GError **error)
{
    struct version_state state;
    gboolean goes_up = goal->kind == GOAL_UP || goal->kind == GOAL_UP_TO ||
                       (goal->kind == GOAL_GOTO && !goal->never_up);
    if (!goes_up && !engine_exists(engine, error))
        return NULL;
    AUTOPTR(ledger) *ledger = engine_ledger(engine, &state, error);
    return ledger != NULL ? engine_plan_from(engine, &state, ledger, goal, error) : NULL;
}

static gboolean preview_locked(struct engine *engine, const struct goal *goal,
                               const struct preview_options *options, struct preview **preview,
                               GError **error)
{
    if (!engine_change_begin(engine, error))
        return FALSE;
    AUTOPTR(plan) *plan = plan_for(engine, goal, error);
    gboolean is_done = plan != NULL && preview_plan(engine, goal, plan, PREVIEW_LEVEL_DATABASE,
                                                    options, preview, error);
    engine_change_end(engine);
    return is_done;
}

gboolean engine_preview(struct engine *engine, const struct goal *goal,
                        const struct preview_options *options, struct preview **preview,
                        GError **error)
{
    enum preview_level level =
        options->level != PREVIEW_LEVEL_DEFAULT ? options->level : engine_preview_level(engine);
    *preview = NULL;
    if (level != PREVIEW_LEVEL_DATABASE && !is_postgres(engine)) {
        error_set(error, ERROR_REFUSED, "a preview with %s is made on the database itself",
                  database_facts(engine->database)->product);
        error_advise(error, "give --on database, or nothing");
        return FALSE;
    }
    if (level == PREVIEW_LEVEL_DATABASE)
        return preview_locked(engine, goal, options, preview, error);
    AUTOPTR(plan) *plan = engine_plan(engine, goal, error);
    return plan != NULL && preview_plan(engine, goal, plan, level, options, preview, error);
}
