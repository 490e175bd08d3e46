/* plan: what would run, in which order, and how. */
#include "cli/command.h"
#include "cli/plan_insight.h"

#include <string.h>

static json_t *version_json(gint64 version)
{
    return version != VERSION_NONE ? json_integer(version) : json_null();
}

static json_t *statement_json(const struct plan_step *step,
                              const struct script_statement *statement,
                              const struct plan_insight *insight, guint number)
{
    g_autofree char *sql = g_strndup(step->body + statement->offset, statement->length);
    json_t *object = json_object();
    json_object_set_new(object, "line", json_integer(statement->line));
    json_object_set_new(object, "column", json_integer(statement->column));
    json_object_set_new(object, "verb", json_string(statement->verb));
    json_object_set_new(object, "sql", output_string(sql));
    plan_insight_statement_json(insight, step, number, object);
    return object;
}

static json_t *step_json(const struct plan_step *step, const struct plan_insight *insight)
{
    const struct script *script = step->script;
    json_t *object = json_object(), *statements = json_array();
    for (guint i = 0; i < script->statements->len; i++)
        json_array_append_new(
            statements,
            statement_json(step, &g_array_index(script->statements, struct script_statement, i),
                           insight, i));
    json_object_set_new(object, "direction", json_string(direction_name(step->direction)));
    json_object_set_new(object, "version", json_integer(step->migration->version));
    json_object_set_new(object, "title", output_string(step->migration->title));
    json_object_set_new(object, "release", output_string(step->migration->release_name));
    json_object_set_new(object, "file", output_string(step->half->path));
    json_object_set_new(object, "version_after", version_json(step->version_after));
    json_object_set_new(object, "mode", json_string(run_mode_name(script->mode)));
    json_object_set_new(object, "mode_reason", output_string(script->mode_reason));
    json_object_set_new(object, "is_transactional",
                        json_boolean(run_mode_is_transactional(script->mode)));
    json_object_set_new(object, "statements", statements);
    plan_insight_step_json(insight, step, object);
    return object;
}

static json_t *plan_json_with(const struct plan *plan, const struct plan_insight *insight)
{
    json_t *object = json_object(), *steps = json_array(), *notices = json_array();
    for (guint i = 0; i < plan->steps->len; i++)
        json_array_append_new(steps, step_json(plan_step_at(plan, i), insight));
    for (guint i = 0; i < plan->notices->len; i++)
        json_array_append_new(notices, output_string(plan->notices->pdata[i]));
    json_object_set_new(object, "id", json_string(plan->id));
    json_object_set_new(object, "from", version_json(plan->from));
    json_object_set_new(object, "to", version_json(plan->to));
    json_object_set_new(object, "steps", steps);
    json_object_set_new(object, "notices", notices);
    return object;
}

json_t *plan_json(const struct plan *plan)
{
    return plan_json_with(plan, NULL);
}

static void show_statements(struct command_context *context, const struct plan_step *step,
                            const struct plan_insight *insight)
{
    const GArray *statements = step->script->statements;
    for (guint i = 0; i < statements->len; i++) {
        const struct script_statement *statement =
            &g_array_index(statements, struct script_statement, i);
        g_autofree char *sql = text_visible(step->body + statement->offset,
                                            (gssize)statement->length, TEXT_KEEP_LINES);
        g_auto(GStrv) lines = g_strsplit(sql, "\n", -1);
        for (guint j = 0; lines[j] != NULL; j++)
            output_line(context->output, ROLE_PLAIN, "  %6u  %s", statement->line + j, lines[j]);
        plan_insight_show_statement(insight, context->output, step, i);
    }
}

static void show_step(struct command_context *context, const struct plan_step *step,
                      const struct plan_insight *insight)
{
    const struct script *script = step->script;
    g_autofree char *title = output_safe(step->migration->title);
    g_autofree char *reason = output_safe(script->mode_reason);
    g_autofree char *count = text_plural(script->statements->len, "statement", "statements");
    gboolean is_plain = script->mode == RUN_TRANSACTION || script->mode == RUN_EMPTY;
    output_line(context->output, ROLE_STRONG, "%-4s  %s  %s", direction_name(step->direction),
                step->migration->digits, title);
    output_line(context->output, is_plain ? ROLE_PLAIN : ROLE_WARNING, "      %s, %s%s%s", count,
                run_mode_text(script->mode), *reason != '\0' && !is_plain ? ": " : "",
                is_plain ? "" : reason);
    plan_insight_show_step(insight, context->output, step);
    if (context->output->is_verbose)
        show_statements(context, step, insight);
}

static void plan_show_with(struct command_context *context, const struct plan *plan,
                           const struct plan_insight *insight)
{
    g_autofree char *from = migration_set_version_text(plan->set, plan->from);
    g_autofree char *to = migration_set_version_text(plan->set, plan->to);
    g_autofree char *count = text_plural(plan->steps->len, "migration", "migrations");
    for (guint i = 0; i < plan->notices->len; i++) {
        g_autofree char *notice = output_safe(plan->notices->pdata[i]);
        output_line(context->output, ROLE_WARNING, "%s", notice);
    }
    if (plan->steps->len == 0) {
        output_line(context->output, ROLE_PLAIN, "nothing to do: the database is at %s", from);
        return;
    }
    output_line(context->output, ROLE_HEADING, "plan %s: %s, from %s to %s", plan->id, count, from,
                to);
    for (guint i = 0; i < plan->steps->len; i++)
        show_step(context, plan_step_at(plan, i), insight);
}

void plan_show(struct command_context *context, const struct plan *plan)
{
    plan_show_with(context, plan, NULL);
}

gboolean plan_goal_read(const struct command_context *context, struct goal *goal, GError **error)
{
    static const char *const ways[] = {"missed", "down", NULL};
    const struct invocation *invocation = context->invocation;
    const char *target = invocation_argument(invocation, 0);
    const char *down = invocation_value(invocation, "down");
    goal->allows_empty_down = invocation_has(invocation, "allow-empty-down");
    if (!invocation_one_of(invocation, ways, "a target", error))
        return FALSE;
    if (invocation_has(invocation, "missed"))
        goal->kind = GOAL_MISSED;
    else if (down != NULL) {
        goal->kind = GOAL_DOWN;
        return invocation_count(down, "a number of migrations", &goal->count, error);
    } else if (target != NULL) {
        goal->kind = GOAL_GOTO;
        return version_name_parse(target, &goal->target, error);
    }
    return TRUE;
}

gboolean command_plan(struct command_context *context, GError **error)
{
    struct goal goal = {.kind = GOAL_UP};
    if (!plan_goal_read(context, &goal, error))
        return FALSE;
    AUTOPTR(plan) *plan = engine_plan(context->engine, &goal, error);
    if (plan == NULL)
        return FALSE;
    AUTOPTR(plan_insight) *insight =
        context->output->is_verbose ? plan_insight_new(context->engine, plan) : NULL;
    json_object_set_new(context->document, "plan", plan_json_with(plan, insight));
    plan_show_with(context, plan, insight);
    return TRUE;
}
