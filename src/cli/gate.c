/* gate: the checks before a change, shown; and the questions that they end in. */
#include "cli/command.h"

#include "engine/gate.h"
#include "engine/receipt.h"

#include <string.h>

static enum output_role role_of(const struct gate_check *check)
{
    static const enum output_role roles[] = {[GATE_NOT_NEEDED] = ROLE_FAINT,
                                             [GATE_OK] = ROLE_GOOD,
                                             [GATE_WARNING] = ROLE_WARNING,
                                             [GATE_FAILED] = ROLE_BAD};
    return roles[check->verdict];
}

static const char *verdict_of(const struct gate_check *check)
{
    return check->is_overridden ? "overridden" : gate_verdict_name(check->verdict);
}

void gate_show(struct command_context *context, const struct gate *gate, const char *told)
{
    g_autofree char *environment = output_safe(gate->environment);
    output_line(context->output, ROLE_HEADING, "gate of %s: %u failed, %u warned", environment,
                gate->failed, gate->warnings);
    for (guint i = 0; i < gate->checks->len; i++) {
        const struct gate_check *check = gate_check_at(gate, i);
        gboolean wants = check->advice != NULL && check->verdict >= GATE_WARNING;
        g_autofree char *found = output_safe(check->found);
        g_autofree char *advice = output_safe(wants ? check->advice : "");
        if ((check->verdict == GATE_NOT_NEEDED && !context->output->is_verbose) ||
            g_strcmp0(check->name, told) == 0)
            continue;
        output_line(context->output, role_of(check), "  %-11s %-10s %s%s%s", check->name,
                    verdict_of(check), found, wants ? "; " : "", advice);
    }
}

static json_t *check_json(const struct gate_check *check)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string(check->name));
    json_object_set_new(object, "verdict", json_string(gate_verdict_name(check->verdict)));
    json_object_set_new(object, "may_be_overridden", json_boolean(check->may_be_overridden));
    json_object_set_new(object, "is_overridden", json_boolean(check->is_overridden));
    json_object_set_new(object, "found", output_string(check->found));
    json_object_set_new(object, "advice", output_string(check->advice));
    return object;
}

json_t *gate_json(const struct gate *gate)
{
    json_t *object = json_object(), *checks = json_array(), *policy = json_object();
    for (guint i = 0; i < gate->checks->len; i++)
        json_array_append_new(checks, check_json(gate_check_at(gate, i)));
    for (guint field = 0; field < POLICY_FIELD_COUNT; field++)
        json_object_set_new(policy, policy_field_name(field),
                            json_string(policy_field_word(&gate->policy, field)));
    json_object_set_new(object, "id", json_string(gate->id));
    json_object_set_new(object, "environment", output_string(gate->environment));
    json_object_set_new(object, "environment_said_by", output_string(gate->said_by));
    json_object_set_new(object, "policy", policy);
    json_object_set_new(object, "checks", checks);
    json_object_set_new(object, "failed", json_integer(gate->failed));
    json_object_set_new(object, "warnings", json_integer(gate->warnings));
    json_object_set_new(object, "asks", json_string(gate_question_name(gate->question)));
    json_object_set_new(object, "words",
                        output_string(gate->question == GATE_ASKS_NOTHING ? NULL : gate->words));
    return object;
}

/* ---- asking ---------------------------------------------------------------------------------- */

void change_options_read(const struct invocation *invocation, struct change_options *options)
{
    options->confirm = invocation_value(invocation, "confirm");
    options->reason = invocation_value(invocation, "reason");
    options->override = invocation_value(invocation, "override");
    options->is_confirmed = invocation_has(invocation, "yes");
}

static char *question_of(const struct gate *gate)
{
    if (gate->question == GATE_ASKS_YES)
        return g_strdup_printf("%s\nDo it? [y/N] ", gate->why);
    return g_strdup_printf("%s\nType \"%s\" to go on: ", gate->why, gate->words);
}

/* Without a terminal nobody is asked, and the engine says what was missing. */
static gboolean ask(struct command_context *context, const struct gate *gate,
                    struct change_options *options, char **typed, GError **error)
{
    g_autoptr(GError) nobody = NULL;
    g_autofree char *question = question_of(gate);
    *typed = progress_ask(context->progress, question, &nobody);
    if (nobody != NULL && !error_is(nobody, ERROR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&nobody));
        return FALSE;
    }
    if (gate->question == GATE_ASKS_YES && *typed != NULL && g_ascii_strcasecmp(*typed, "y") == 0)
        options->is_confirmed = TRUE;
    else
        options->confirm = *typed;
    return TRUE;
}

static gboolean is_open(const struct gate *gate, const struct change_options *options)
{
    gboolean is_answered = gate->question == GATE_ASKS_NOTHING || options->confirm != NULL ||
                           (gate->question == GATE_ASKS_YES && options->is_confirmed);
    return is_answered && gate->failed == 0;
}

static void put_json(struct command_context *context, const struct gate *gate)
{
    json_object_set_new(context->document, "gate", gate_json(gate));
    if (gate->receipt != NULL)
        json_object_set_new(context->document, "receipt", receipt_json(gate->receipt));
}

static void show_whole(struct command_context *context, const struct gate *gate)
{
    plan_show(context, gate->plan);
    if (gate->receipt != NULL)
        receipt_show(context, gate->receipt);
    gate_show(context, gate, gate->receipt != NULL ? "receipt" : NULL);
}

/* Counting takes its time, so it waits until somebody has to be shown something. */
static struct gate *gate_counted(struct command_context *context, const struct gate_wish *wish,
                                 const struct change_options *options, enum receipt_way way,
                                 GError **error)
{
    const struct receipt_options counting = {.way = way,
                                             .budget = context->settings->receipt_budget};
    struct gate_wish shown = *wish;
    shown.receipt = &counting;
    struct gate *gate = engine_gate(context->engine, &shown, options, error);
    if (gate != NULL)
        put_json(context, gate);
    return gate;
}

gboolean gate_ask(struct command_context *context, const struct gate_wish *wish,
                  struct change_options *options, char **typed, GError **error)
{
    AUTOPTR(gate) *quick = engine_gate(context->engine, wish, options, error);
    if (quick == NULL)
        return FALSE;
    put_json(context, quick);
    if (is_open(quick, options))
        return TRUE;
    AUTOPTR(gate) *gate =
        gate_counted(context, wish, options, engine_receipt_way(context->engine), error);
    if (gate == NULL)
        return FALSE;
    if (gate->plan != NULL)
        show_whole(context, gate);
    return gate->failed > 0 /* the engine refuses it, and records that */
           || is_open(gate, options) || ask(context, gate, options, typed, error);
}

/* ---- the command ----------------------------------------------------------------------------- */

gboolean command_gate(struct command_context *context, GError **error)
{
    struct goal goal = {.kind = GOAL_ROLLBACK};
    struct change_options options = {0};
    if (!plan_goal_read(context, &goal, error))
        return FALSE;
    change_options_read(context->invocation, &options);
    AUTOPTR(plan) *plan = engine_plan(context->engine, &goal, error);
    if (plan == NULL)
        return FALSE;
    struct gate_wish wish = gate_wish_of_plan(plan, &goal);
    AUTOPTR(gate) *gate = gate_counted(context, &wish, &options, RECEIPT_READ, error);
    if (gate == NULL)
        return FALSE;
    json_object_set_new(context->document, "plan", plan_json(plan));
    plan_show(context, plan);
    if (plan->steps->len == 0)
        return TRUE;
    gate_show(context, gate, NULL);
    g_autofree char *why = output_safe(gate->why);
    g_autofree char *words = output_safe(gate->words);
    if (gate->question != GATE_ASKS_NOTHING)
        output_line(context->output, ROLE_PLAIN, "asks for %s%s%s: %s",
                    gate->question == GATE_ASKS_YES ? "a yes" : "\"",
                    gate->question == GATE_ASKS_YES ? "" : words,
                    gate->question == GATE_ASKS_YES ? "" : "\"", why);
    if (gate->failed == 0)
        return TRUE;
    g_autofree char *count = text_plural(gate->failed, "check fails", "checks fail");
    error_set(error, ERROR_REFUSED, "%s: this would be refused", count);
    return FALSE;
}
