/* Planning: which halves, in which order, cut into statements, refused where they must be. */
#include "engine/plan.h"

#include "base/text.h"
#include "engine/marks.h"
#include "source/create.h"

#include <string.h>

/* While a plan is being made. */
struct planner {
    const struct plan_context *context;
    const struct goal *goal;
    struct plan *plan;
};

void plan_step_free(struct plan_step *step)
{
    if (step->up != NULL)
        migration_text_free(step->up);
    if (step->down != NULL)
        migration_text_free(step->down);
    if (step->script != NULL)
        script_free(step->script);
    g_free(step);
}

struct plan *plan_ref(struct plan *plan)
{
    g_atomic_ref_count_inc(&plan->references);
    return plan;
}

void plan_unref(struct plan *plan)
{
    if (plan == NULL || !g_atomic_ref_count_dec(&plan->references))
        return;
    migration_set_unref(plan->set);
    g_ptr_array_unref(plan->steps);
    g_ptr_array_unref(plan->notices);
    g_free(plan);
}

const struct plan_step *plan_step_at(const struct plan *plan, guint index)
{
    return plan->steps->pdata[index];
}

gboolean plan_goes_down(const struct plan *plan)
{
    return plan->steps->len > 0 && plan_step_at(plan, 0)->direction == DIRECTION_DOWN;
}

static void notice(struct planner *planner, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void notice(struct planner *planner, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(planner->plan->notices, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static enum ledger_standing standing(const struct planner *planner, gint64 version)
{
    return ledger_standing(planner->context->ledger, version);
}

/* ---- one step ------------------------------------------------------------------------------ */

static gboolean load_half(const struct migration_half *half, struct migration_text **text,
                          GError **error)
{
    if (half->path == NULL)
        return TRUE;
    *text = migration_text_load(half, error);
    return *text != NULL;
}

static struct script *cut(const struct plan_step *step, enum sql_dialect dialect, GError **error)
{
    gboolean transaction_off = step->migration->notes.transaction == TRANSACTION_OFF;
    return script_parse(step->body, step->body_length, dialect, transaction_off, step->half->path,
                        error);
}

static gboolean step_load(struct plan_step *step, enum sql_dialect dialect, GError **error)
{
    if (!load_half(&step->migration->up, &step->up, error) ||
        !load_half(&step->migration->down, &step->down, error))
        return FALSE;
    const struct migration_text *text = step->direction == DIRECTION_UP ? step->up : step->down;
    step->body = "";
    if (text != NULL) {
        gsize size;
        const char *bytes = g_bytes_get_data(text->bytes, &size);
        if (size > text->bom_length) {
            step->body = bytes + text->bom_length;
            step->body_length = size - text->bom_length;
        }
    }
    step->script = cut(step, dialect, error);
    return step->script != NULL;
}

struct plan_step *plan_step_new(const struct migration *migration, enum direction direction,
                                enum sql_dialect dialect, GError **error)
{
    struct plan_step *step = g_new0(struct plan_step, 1);
    step->migration = migration;
    step->direction = direction;
    step->half = direction == DIRECTION_UP ? &migration->up : &migration->down;
    if (step_load(step, dialect, error))
        return step;
    plan_step_free(step);
    return NULL;
}

/* Whether the up of this migration does anything that a down would have to undo. */
static gboolean up_does_something(const struct planner *planner, const struct plan_step *step)
{
    if (step->up == NULL || step->up->is_blank)
        return FALSE;
    gsize size;
    const char *bytes = g_bytes_get_data(step->up->bytes, &size);
    gsize skipped = step->up->bom_length;
    g_autoptr(GError) unreadable = NULL;
    AUTOPTR(script) *script =
        script_parse(bytes + skipped, size - skipped, planner->context->dialect, FALSE,
                     step->migration->up.path, &unreadable);
    return script == NULL || script->mode != RUN_EMPTY;
}

static gboolean down_may_run(const struct planner *planner, const struct plan_step *step,
                             GError **error)
{
    const struct migration *migration = step->migration;
    if (migration->notes.irreversible != NULL) {
        error_set_at(error, ERROR_REFUSED, migration->up.path, 0, "%s is irreversible: %s",
                     migration->digits, migration->notes.irreversible);
        error_advise(error,
                     "'winch goto %s' is as far down as it goes; else write a new migration that "
                     "repairs what is wrong",
                     migration->digits);
        return FALSE;
    }
    if (step->script->mode != RUN_EMPTY || planner->goal->allows_empty_down ||
        !up_does_something(planner, step))
        return TRUE;
    if (migration->down.path == NULL)
        error_set(error, ERROR_REFUSED,
                  "%s %s has no down file: its version would be lowered and nothing undone",
                  migration->digits, migration->title);
    else
        error_set_at(error, ERROR_REFUSED, migration->down.path, 0,
                     "this down is empty: the version would be lowered and nothing undone");
    error_advise(error, "write the down file, or say --allow-empty-down when that is meant");
    return FALSE;
}

/* A file that was created and never written would be recorded, and writing it later would make it a
 * modified one. */
static gboolean up_is_written(const struct plan_step *step, GError **error)
{
    if (step->script->mode != RUN_EMPTY || !migration_is_template(step->body, step->body_length))
        return TRUE;
    error_set_at(error, ERROR_REFUSED, step->half->path, 0,
                 "this is still the template of 'winch create': there is no statement in it");
    error_advise(error, "write it, or stop below with 'winch up N'; a migration that is to do "
                        "nothing says so in words of its own");
    return FALSE;
}

static gboolean requirements_hold(const struct planner *planner, const struct plan_step *step,
                                  GError **error)
{
    const GArray *requires = step->migration->notes.requires;
    for (guint i = 0; requires != NULL && i < requires->len; i++) {
        gint64 version = g_array_index(requires, gint64, i);
        gboolean is_planned = FALSE;
        for (guint j = 0; j < planner->plan->steps->len; j++)
            is_planned |= plan_step_at(planner->plan, j)->migration->version == version;
        enum ledger_standing where = standing(planner, version);
        if (is_planned || where == LEDGER_APPLIED || where == LEDGER_ASSUMED)
            continue;
        error_set_at(error, ERROR_REFUSED, step->migration->up.path, 0,
                     "%s requires %" G_GINT64_FORMAT ", which was never run here",
                     step->migration->digits, version);
        error_advise(error, "run 'winch up --missed' first");
        return FALSE;
    }
    return TRUE;
}

static gboolean add_step(struct planner *planner, const struct migration *migration,
                         enum direction direction, gint64 before, gint64 after, GError **error)
{
    struct plan_step *step = plan_step_new(migration, direction, planner->context->dialect, error);
    if (step == NULL)
        return FALSE;
    step->version_before = before;
    step->version_after = after;
    step->writes_version = planner->goal->kind != GOAL_MISSED;
    gboolean fits = direction == DIRECTION_UP
                        ? up_is_written(step, error) && requirements_hold(planner, step, error)
                        : down_may_run(planner, step, error);
    if (!fits) {
        plan_step_free(step);
        return FALSE;
    }
    g_ptr_array_add(planner->plan->steps, step);
    planner->plan->to = after;
    return TRUE;
}

/* ---- goals ----------------------------------------------------------------------------------- */

static gboolean plan_up(struct planner *planner, gint64 last, guint limit, GError **error)
{
    const struct migration_set *set = planner->context->set;
    gint64 from = planner->plan->from;
    guint index =
        from == G_MAXINT64 ? migration_set_count(set) : migration_set_lower_bound(set, from + 1);
    for (; index < migration_set_count(set) && limit > 0; index++, limit--) {
        const struct migration *migration = migration_set_at(set, index);
        if (migration->version > last)
            break;
        if (!add_step(planner, migration, DIRECTION_UP, planner->plan->to, migration->version,
                      error))
            return FALSE;
    }
    planner->plan->short_by =
        planner->goal->kind == GOAL_UP && planner->goal->count > 0 ? limit : 0;
    return TRUE;
}

/* The version row after the down of version: the next lower one that ran here. */
static gint64 version_below(const struct planner *planner, gint64 version)
{
    const struct migration_set *set = planner->context->set;
    gint64 below = migration_set_version_before(set, version);
    while (below != VERSION_NONE && standing(planner, below) == LEDGER_MISSED)
        below = migration_set_version_before(set, below);
    return below;
}

static gboolean plan_down(struct planner *planner, gint64 last, guint limit, GError **error)
{
    gint64 version = planner->plan->from;
    for (; version != VERSION_NONE && version > last && limit > 0; limit--) {
        const struct migration *migration = migration_set_find(planner->context->set, version);
        gint64 below = version_below(planner, version);
        if (!add_step(planner, migration, DIRECTION_DOWN, version, below, error))
            return FALSE;
        version = below;
    }
    planner->plan->short_by =
        planner->goal->kind == GOAL_DOWN && planner->goal->count > 0 ? limit : 0;
    return TRUE;
}

static gboolean plan_missed(struct planner *planner, GError **error)
{
    const struct migration_set *set = planner->context->set;
    if (!ledger_has_history(planner->context->ledger)) {
        error_set(error, ERROR_REFUSED,
                  "without history nobody can say which migrations were "
                  "missed");
        error_advise(error, "'winch adopt' records what is assumed to have run");
        return FALSE;
    }
    for (guint i = 0; i < migration_set_count(set); i++) {
        const struct migration *migration = migration_set_at(set, i);
        if (standing(planner, migration->version) == LEDGER_MISSED &&
            !add_step(planner, migration, DIRECTION_UP, planner->plan->from, planner->plan->from,
                      error))
            return FALSE;
    }
    return TRUE;
}

static gboolean resolve(const struct planner *planner, gint64 *version, GError **error)
{
    struct version_context context =
        marks_context(planner->context->set, planner->plan->from, planner->context->marks);
    if (!version_name_resolve(&planner->goal->target, &context, version, error))
        return FALSE;
    if (*version != VERSION_NONE && *version < planner->plan->from &&
        standing(planner, *version) == LEDGER_MISSED) {
        error_set(error, ERROR_REFUSED, "version %" G_GINT64_FORMAT " was never run here",
                  *version);
        error_advise(error, "choose another target, or run 'winch up --missed' first");
        return FALSE;
    }
    return TRUE;
}

static gboolean refuse_way(const struct planner *planner, gint64 target, const char *lies,
                           const char *advice, GError **error)
{
    error_set(error, ERROR_USAGE,
              "version %" G_GINT64_FORMAT " lies %s the current one, %" G_GINT64_FORMAT, target,
              lies, planner->plan->from);
    error_advise(error, "%s", advice);
    return FALSE;
}

static gboolean plan_goal(struct planner *planner, GError **error)
{
    const struct goal *goal = planner->goal;
    gint64 target = VERSION_NONE;
    if ((goal->kind == GOAL_GOTO || goal->kind == GOAL_UP_TO) && !resolve(planner, &target, error))
        return FALSE;
    switch (goal->kind) {
    case GOAL_UP:
        return plan_up(planner, G_MAXINT64, goal->count > 0 ? goal->count : G_MAXUINT, error);
    case GOAL_DOWN:
        return plan_down(planner, VERSION_NONE, goal->count, error);
    case GOAL_DOWN_ALL:
        return plan_down(planner, VERSION_NONE, G_MAXUINT, error);
    case GOAL_MISSED:
        return plan_missed(planner, error);
    case GOAL_UP_TO:
    case GOAL_GOTO:
        break;
    case GOAL_ROLLBACK:
    case GOAL_EMERGENCY:
        g_return_val_if_reached(FALSE);
    }
    if (goal->never_up && target > planner->plan->from)
        return refuse_way(planner, target, "above", "'winch up --to' goes up", error);
    if (target >= planner->plan->from)
        return plan_up(planner, target, G_MAXUINT, error);
    if (goal->kind == GOAL_UP_TO)
        return refuse_way(planner, target, "below", "'winch goto' goes either way", error);
    return plan_down(planner, target, G_MAXUINT, error);
}

/* ---- before and after ------------------------------------------------------------------------ */

void plan_advise_dirty(const struct migration_set *set, const struct version_state *state,
                       GError **error)
{
    gint64 version = state->version;
    gboolean is_none = version == VERSION_NONE;
    guint index = version == G_MAXINT64 ? migration_set_count(set)
                                        : migration_set_lower_bound(set, version + 1);
    const struct migration *above = migration_set_at(set, index);
    g_autofree char *here = migration_set_version_text(set, version);
    g_autofree char *below = migration_set_version_text(
        set, is_none ? version : migration_set_version_before(set, version));
    g_autoptr(GString) ways = g_string_new(NULL);
    g_string_append_printf(ways, "'winch force %s' when it is that of %s", here, here);
    if (!is_none) /* no up ends there */
        g_string_append_printf(ways, ", 'winch force %s' when an up was undone", below);
    if (above != NULL)
        g_string_append_printf(ways, ", 'winch force %s' when a down was", above->digits);
    if (is_none && above != NULL)
        g_string_append(ways, " undone");
    error_advise(error, "'winch history' says what is in; mend the schema by hand, then %s",
                 ways->str);
}

static gboolean refuse_dirty(const struct migration_set *set, const struct version_state *state,
                             GError **error)
{
    if (state->version == VERSION_NONE)
        error_set(error, ERROR_DIRTY,
                  "the database is dirty with no version: the down of its first migration did not "
                  "end");
    else
        error_set(error, ERROR_DIRTY,
                  "the database is dirty at version %" G_GINT64_FORMAT
                  ": the up of that version, or the down of the one after it, did not end",
                  state->version);
    plan_advise_dirty(set, state, error);
    return FALSE;
}

static gboolean start_is_sound(const struct plan_context *context, GError **error)
{
    const struct version_state *state = context->state;
    if (state->kind == VERSION_TABLE_FOREIGN) {
        error_set(error, ERROR_REFUSED, "%s", state->problem);
        return FALSE;
    }
    if (state->is_dirty)
        return refuse_dirty(context->set, state, error);
    if (state->version != VERSION_NONE &&
        migration_set_find(context->set, state->version) == NULL) {
        error_set(error, ERROR_REFUSED,
                  "the database is at version %" G_GINT64_FORMAT ", and %s has no file of it",
                  state->version, migration_set_directory(context->set));
        error_advise(error, "use the files of the release that brought it there");
        return FALSE;
    }
    return TRUE;
}

static void name_missed(struct planner *planner)
{
    const struct migration_set *set = planner->context->set;
    GString *missed = g_string_new(NULL);
    guint count = 0;
    for (guint i = 0; i < migration_set_count(set); i++) {
        const struct migration *migration = migration_set_at(set, i);
        if (standing(planner, migration->version) != LEDGER_MISSED)
            continue;
        if (count++ < 5)
            g_string_append_printf(missed, "%s%s", count > 1 ? ", " : "", migration->digits);
    }
    if (count > 5)
        g_string_append_printf(missed, " and %u more", count - 5);
    if (count > 0)
        notice(planner,
               "missed, below the current version and never run here: %s; 'winch up --missed' "
               "runs them",
               missed->str);
    g_string_free(missed, TRUE);
}

static void seal(struct plan *plan, const char *identity)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *head = g_strdup_printf("%s\n%" G_GINT64_FORMAT "\n", identity, plan->from);
    g_checksum_update(checksum, (const guchar *)head, (gssize)strlen(head));
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(plan, i);
        const struct migration_text *text = step->direction == DIRECTION_UP ? step->up : step->down;
        g_autofree char *line = g_strdup_printf(
            "%" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " %s %s\n", step->migration->version,
            direction_name(step->direction), step->version_after, run_mode_name(step->script->mode),
            text != NULL ? text->sha256 : "-");
        g_checksum_update(checksum, (const guchar *)line, (gssize)strlen(line));
    }
    g_strlcpy(plan->id, g_checksum_get_string(checksum), sizeof plan->id);
}

struct plan *plan_build(const struct plan_context *context, const struct goal *goal, GError **error)
{
    if (!start_is_sound(context, error))
        return NULL;
    AUTOPTR(plan) *plan = g_new0(struct plan, 1);
    g_atomic_ref_count_init(&plan->references);
    plan->kind = goal->kind;
    plan->set = migration_set_ref(context->set);
    plan->steps = g_ptr_array_new_with_free_func((GDestroyNotify)plan_step_free);
    plan->notices = g_ptr_array_new_with_free_func(g_free);
    plan->from = plan->to = context->state->version;
    struct planner planner = {context, goal, plan};
    if (!plan_goal(&planner, error))
        return NULL;
    if (goal->kind != GOAL_MISSED)
        name_missed(&planner);
    seal(plan, context->identity);
    return g_steal_pointer(&plan);
}
