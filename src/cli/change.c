/* up, down, goto, rollback, emergency: the way there, the words where they are asked for, and a
 * truthful end. */
#include "cli/command.h"

#include "engine/gate.h"

#include <string.h>

/* ---- how it ended
 * --------------------------------------------------------------------------------- */

static void report_json(struct command_context *context, const struct change_report *report)
{
    json_t *document = context->document;
    if (!context->output->is_json)
        return;
    if (report->plan != NULL)
        json_object_set_new(document, "plan", plan_json(report->plan));
    json_object_set_new(document, "run", json_string(report->run_id));
    json_object_set_new(document, "steps", progress_json(context->progress));
    json_object_set_new(document, "done", json_integer(report->done));
    json_object_set_new(document, "version",
                        report->version != VERSION_NONE ? json_integer(report->version)
                                                        : json_null());
    json_object_set_new(document, "dirty", json_boolean(report->is_dirty));
    json_object_set_new(document, "is_unsettled",
                        json_boolean(report->is_unsettled || report->is_unflushed));
    json_object_set_new(document, "elapsed_us", json_integer(report->elapsed_us));
    json_object_set_new(document, "round_trips",
                        json_integer((json_int_t)engine_round_trips(context->engine)));
}

static enum output_role role_of(const struct change_report *report, const GError *failure)
{
    if (failure == NULL)
        return report->plan->steps->len > 0 ? ROLE_GOOD : ROLE_PLAIN;
    return report->is_unsettled || report->is_unflushed || report->is_dirty ? ROLE_BAD
                                                                            : ROLE_WARNING;
}

/* What is in, what is not, where the database stands. */
static void show_outcome(struct command_context *context, const struct change_report *report,
                         const GError *failure)
{
    g_autofree char *text = change_report_text(context->engine, report, failure);
    if (text != NULL)
        output_line(context->output, role_of(report, failure), "%s", text);
}

static gboolean migrate(struct command_context *context, const struct goal *goal,
                        const struct change_options *options, GError **error)
{
    struct change_report report;
    g_autoptr(GError) failure = NULL;
    gboolean is_done = engine_migrate(context->engine, goal, options, &report, &failure);
    progress_drain(context->progress);
    report_json(context, &report);
    show_outcome(context, &report, failure);
    change_report_clear(&report);
    if (!is_done)
        g_propagate_error(error, g_steal_pointer(&failure));
    return is_done;
}

/* ---- the words before it
 * ---------------------------------------------------------------------------- */

/* Only what asks for nothing is not planned twice. */
static gboolean may_ask(const struct command_context *context, const struct goal *goal)
{
    gboolean goes_up =
        goal->kind == GOAL_UP || goal->kind == GOAL_UP_TO || goal->kind == GOAL_MISSED;
    return !goes_up || engine_environment(context->engine)->policy.up != UP_FREE;
}

/* What was shown before a question is what runs. */
static gboolean change(struct command_context *context, const struct goal *goal, GError **error)
{
    struct change_options options = {.plan_id = invocation_value(context->invocation, "plan")};
    g_autofree char *typed = NULL;
    AUTOPTR(plan) *plan = NULL;
    change_options_read(context->invocation, &options);
    if (may_ask(context, goal))
        plan = engine_plan(context->engine, goal, NULL);
    if (plan != NULL && plan->steps->len > 0) {
        struct gate_wish wish = gate_wish_of_plan(plan, goal);
        if (!gate_ask(context, &wish, &options, &typed, error))
            return FALSE;
        if (typed != NULL && options.plan_id == NULL)
            options.plan_id = plan->id;
    }
    return migrate(context, goal, &options, error);
}

/* ---- commands
 * ---------------------------------------------------------------------------------------- */

/* A count of 0 is nothing to do, which is no error. */
static gboolean read_count(const char *count, struct goal *goal, gboolean *is_nothing,
                           GError **error)
{
    if (count == NULL)
        return TRUE;
    if (!invocation_count(count, "a number of migrations", &goal->count, error))
        return FALSE;
    *is_nothing = goal->count == 0;
    return TRUE;
}

#define IN_FLIGHT_MAX 1000

static gboolean read_in_flight(const struct invocation *invocation, struct goal *goal,
                               GError **error)
{
    const char *text = invocation_value(invocation, "in-flight");
    if (text == NULL)
        return TRUE;
    if (!invocation_count(text, "--in-flight", &goal->in_flight, error))
        return FALSE;
    if (goal->in_flight >= 1 && goal->in_flight <= IN_FLIGHT_MAX)
        return TRUE;
    error_set(error, ERROR_USAGE, "--in-flight is %s: it goes from 1 to %d", text, IN_FLIGHT_MAX);
    error_advise(error, "8 to 32 is as good as more");
    return FALSE;
}

static gboolean read_up(const struct invocation *invocation, struct goal *goal,
                        gboolean *is_nothing, GError **error)
{
    static const char *const ways[] = {"to", "missed", NULL};
    const char *target = invocation_value(invocation, "to");
    goal->kind = GOAL_UP;
    if (!invocation_one_of(invocation, ways, "a number", error) ||
        !read_in_flight(invocation, goal, error))
        return FALSE;
    if (invocation_has(invocation, "missed")) {
        goal->kind = GOAL_MISSED;
        return TRUE;
    }
    if (target == NULL)
        return read_count(invocation_argument(invocation, 0), goal, is_nothing, error);
    goal->kind = GOAL_UP_TO;
    return version_name_parse(target, &goal->target, error);
}

static gboolean read_down(const struct invocation *invocation, struct goal *goal,
                          gboolean *is_nothing, GError **error)
{
    static const char *const ways[] = {"all", NULL};
    const char *count = invocation_argument(invocation, 0);
    goal->kind = GOAL_DOWN;
    goal->count = 1;
    if (!invocation_one_of(invocation, ways, "a number", error))
        return FALSE;
    if (!invocation_has(invocation, "all"))
        return read_count(count, goal, is_nothing, error);
    goal->kind = GOAL_DOWN_ALL;
    return TRUE;
}

gboolean change_goal_read(const struct invocation *invocation, struct goal *goal,
                          gboolean *is_nothing, GError **error)
{
    command_fn command = invocation->command->run;
    *goal = (struct goal){.allows_empty_down = invocation_has(invocation, "allow-empty-down")};
    *is_nothing = FALSE;
    if (command == command_up)
        return read_up(invocation, goal, is_nothing, error);
    if (command == command_emergency)
        goal->kind = GOAL_EMERGENCY;
    if (command == command_rollback && invocation_argument(invocation, 0) == NULL)
        goal->kind = GOAL_ROLLBACK;
    if (goal->kind == GOAL_EMERGENCY || goal->kind == GOAL_ROLLBACK)
        return TRUE;
    goal->never_up = command == command_rollback;
    if (command == command_down)
        return read_down(invocation, goal, is_nothing, error);
    goal->kind = GOAL_GOTO;
    return version_name_parse(invocation_argument(invocation, 0), &goal->target, error);
}

/* What says how to preview means nothing to a change. */
static gboolean options_fit(const struct invocation *invocation, GError **error)
{
    static const char *const ways[] = {"on", "scratch", "allow-large"};
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
        if (invocation_has(invocation, ways[i]) && !invocation_has(invocation, "dry-run")) {
            error_set(error, ERROR_USAGE, "--%s is a preview's", ways[i]);
            error_advise(error, "give --dry-run too, or 'winch preview'");
            return FALSE;
        }
    return TRUE;
}

static gboolean change_as_asked(struct command_context *context, GError **error)
{
    struct goal goal;
    gboolean is_nothing;
    if (!options_fit(context->invocation, error) ||
        !change_goal_read(context->invocation, &goal, &is_nothing, error))
        return FALSE;
    if (!is_nothing && invocation_has(context->invocation, "dry-run"))
        return preview_goal(context, &goal, error);
    if (!is_nothing)
        return change(context, &goal, error);
    output_line(context->output, ROLE_PLAIN, "no change");
    return TRUE;
}

gboolean command_up(struct command_context *context, GError **error)
{
    return change_as_asked(context, error);
}

gboolean command_down(struct command_context *context, GError **error)
{
    return change_as_asked(context, error);
}

gboolean command_goto(struct command_context *context, GError **error)
{
    return change_as_asked(context, error);
}

gboolean command_rollback(struct command_context *context, GError **error)
{
    return change_as_asked(context, error);
}

gboolean command_emergency(struct command_context *context, GError **error)
{
    return change_as_asked(context, error);
}
