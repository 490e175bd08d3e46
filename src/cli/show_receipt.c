/* receipt: what going back destroys, in rows and bytes, before it does. */
#include "cli/command.h"

#include "engine/receipt.h"

#include "base/duration.h"

#include <string.h>

/* ---- as JSON --------------------------------------------------------------------------------- */

static json_t *number_json(gint64 number)
{
    return number >= 0 ? json_integer(number) : json_null();
}

static json_t *loss_json(const struct loss *loss)
{
    static const char *const bases[] = {
        [LOSS_NOT_COUNTED] = "none", [LOSS_EXACT] = "exact", [LOSS_ESTIMATED] = "estimate"};
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(loss_kind_name(loss->kind, FALSE)));
    json_object_set_new(object, "name", output_string(loss->name));
    json_object_set_new(object, "step", json_integer(loss->step));
    json_object_set_new(object, "with",
                        output_string(loss->with != NULL ? loss->with->name : NULL));
    json_object_set_new(object, "is_named", json_boolean(!loss->is_unnamed));
    json_object_set_new(object, "basis", json_string(bases[loss->basis]));
    json_object_set_new(object, loss->kind == LOSS_COLUMN ? "values" : "rows",
                        number_json(loss->rows));
    json_object_set_new(object, "bytes", number_json(loss->bytes));
    if (loss->kind == LOSS_COLUMN)
        json_object_set_new(object, "of_rows", number_json(loss->of_rows));
    json_object_set_new(object, "written_since", number_json(loss->written_since));
    json_object_set_new(object, "written_at_most", json_boolean(loss->written_at_most));
    json_object_set_new(object, "copied", output_string(loss->copied));
    json_object_set_new(object, "note", output_string(loss->note));
    return object;
}

static json_t *step_json(const struct receipt *receipt, guint index)
{
    const struct plan_step *step = plan_step_at(receipt->plan, index);
    json_t *object = json_object();
    json_object_set_new(object, "version", json_integer(step->migration->version));
    json_object_set_new(object, "direction", json_string(direction_name(step->direction)));
    json_object_set_new(object, "is_seen", json_boolean(receipt->steps[index].is_seen));
    json_object_set_new(object, "note", output_string(receipt->steps[index].note));
    return object;
}

json_t *receipt_json(const struct receipt *receipt)
{
    json_t *object = json_object(), *losses = json_array(), *steps = json_array();
    g_autofree char *text = receipt_text(receipt);
    for (guint i = 0; i < receipt->losses->len; i++)
        json_array_append_new(losses, loss_json(receipt->losses->pdata[i]));
    for (guint i = 0; i < receipt->plan->steps->len; i++)
        json_array_append_new(steps, step_json(receipt, i));
    json_object_set_new(object, "plan", json_string(receipt->plan->id));
    json_object_set_new(object, "on",
                        json_string(receipt->way == RECEIPT_REHEARSED ? "database" : "catalog"));
    json_object_set_new(object, "summary", output_string(text));
    json_object_set_new(object, "is_harmless", json_boolean(receipt_is_harmless(receipt)));
    json_object_set_new(object, "is_exact", json_boolean(receipt_is_exact(receipt)));
    json_object_set_new(object, "steps", steps);
    json_object_set_new(object, "losses", losses);
    json_object_set_new(object, "failure", output_error_json(receipt->failure));
    json_object_set_new(object, "elapsed_us", json_integer(receipt->elapsed_us));
    return object;
}

/* ---- as text --------------------------------------------------------------------------------- */

static void show_loss(const struct command_context *context, const struct receipt *receipt,
                      const struct loss *loss)
{
    g_autofree char *raw = receipt_loss_text(receipt, loss);
    g_autofree char *with = receipt_with_text(receipt, loss);
    g_autofree char *text = output_safe(raw);
    enum output_role role = !loss_kind_holds_data(loss->kind) ? ROLE_PLAIN
                            : loss->rows == 0                 ? ROLE_PLAIN
                                                              : ROLE_WARNING;
    output_line(context->output, role, "      %s%s%s", text, with != NULL ? "; with " : "",
                with != NULL ? with : "");
}

static void show_notes(const struct command_context *context, const struct receipt *receipt,
                       guint index)
{
    const struct plan_step *step = plan_step_at(receipt->plan, index);
    gboolean is_read_alone = receipt->way == RECEIPT_REHEARSED &&
                             !run_mode_is_transactional(step->script->mode) &&
                             index < receipt->failed_step;
    if (is_read_alone) {
        g_autofree char *reason = output_safe(step->script->mode_reason);
        output_line(context->output, ROLE_PLAIN, "      read, not run: %s", reason);
    }
    if (receipt->steps[index].note == NULL)
        return;
    g_auto(GStrv) notes = g_strsplit(receipt->steps[index].note, "\n", -1);
    for (char **note = notes; *note != NULL; note++) {
        g_autofree char *text = output_safe(*note);
        output_line(context->output, ROLE_WARNING, "      %s", text);
    }
}

static void show_step(const struct command_context *context, const struct receipt *receipt,
                      guint index)
{
    const struct plan_step *step = plan_step_at(receipt->plan, index);
    g_autofree char *title = output_safe(step->migration->title);
    guint shown = 0;
    output_line(context->output, ROLE_STRONG, "%-4s  %s  %s", direction_name(step->direction),
                step->migration->digits, title);
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *loss = receipt->losses->pdata[i];
        if (loss->step != index || loss->with != NULL)
            continue;
        show_loss(context, receipt, loss);
        shown++;
    }
    show_notes(context, receipt, index);
    if (index == receipt->failed_step)
        output_line(context->output, ROLE_BAD, "      would fail:");
    else if (index > receipt->failed_step)
        output_line(context->output, ROLE_PLAIN, "      not looked at, for the one before fails");
    else if (shown == 0 && receipt->steps[index].is_seen)
        output_line(context->output, ROLE_PLAIN, "      destroys nothing");
}

static const char *basis_text(const struct receipt *receipt)
{
    return receipt->way == RECEIPT_REHEARSED
               ? "run here in a transaction that was rolled back, then counted"
               : "read from the files and the catalog without running them, then counted";
}

void receipt_show(const struct command_context *context, const struct receipt *receipt)
{
    g_autofree char *raw = receipt_text(receipt);
    g_autofree char *text = output_safe(raw);
    g_autofree char *elapsed = duration_format(receipt->elapsed_us);
    for (guint i = 0; i < receipt->plan->steps->len; i++)
        show_step(context, receipt, i);
    if (receipt->failure != NULL)
        output_error(context->output, receipt->failure);
    output_line(context->output, receipt_is_harmless(receipt) ? ROLE_GOOD : ROLE_WARNING,
                "receipt: %s", text);
    output_line(context->output, ROLE_FAINT, "         %s, in %s", basis_text(receipt), elapsed);
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean receipt_options_read(const struct command_context *context,
                                     struct receipt_options *options, GError **error)
{
    const char *on = invocation_value(context->invocation, "on");
    options->budget = context->settings->receipt_budget;
    options->way = engine_receipt_way(context->engine);
    if (on == NULL)
        return TRUE;
    options->way = strcmp(on, "database") == 0 ? RECEIPT_REHEARSED : RECEIPT_READ;
    if (options->way == RECEIPT_REHEARSED || strcmp(on, "catalog") == 0)
        return TRUE;
    error_set(error, ERROR_USAGE, "a receipt is not made on '%s'", on);
    error_advise(error, "write --on catalog (read, takes no lock) or --on database (run here and "
                        "rolled back)");
    return FALSE;
}

void receipt_show_before(struct command_context *context, struct plan *plan)
{
    const char *on = invocation_value(context->invocation, "on");
    g_autoptr(GError) failure = NULL;
    struct receipt_options options = {
        .way = g_strcmp0(on, "database") == 0 ? RECEIPT_REHEARSED : RECEIPT_READ,
        .budget = context->settings->receipt_budget,
    };
    if (on == NULL)
        options.way = engine_receipt_way(context->engine);
    AUTOPTR(receipt) *receipt = engine_receipt(context->engine, plan, &options, &failure);
    if (receipt == NULL) {
        g_autofree char *why = output_safe(failure->message);
        output_remark(context->output, ROLE_WARNING, "what it destroys is not known: %s", why);
        return;
    }
    json_object_set_new(context->document, "receipt", receipt_json(receipt));
    receipt_show(context, receipt);
}

gboolean command_receipt(struct command_context *context, GError **error)
{
    const char *target = invocation_argument(context->invocation, 0);
    struct receipt_options options;
    struct goal goal = {.kind = GOAL_DOWN, .count = 1, .allows_empty_down = TRUE};
    if (target != NULL) {
        goal.kind = GOAL_GOTO;
        if (!version_name_parse(target, &goal.target, error))
            return FALSE;
    }
    if (!receipt_options_read(context, &options, error))
        return FALSE;
    AUTOPTR(plan) *plan = engine_plan(context->engine, &goal, error);
    if (plan == NULL)
        return FALSE;
    AUTOPTR(receipt) *receipt = engine_receipt(context->engine, plan, &options, error);
    if (receipt == NULL)
        return FALSE;
    json_object_set_new(context->document, "receipt", receipt_json(receipt));
    if (plan->steps->len == 0)
        plan_show(context, plan);
    else
        receipt_show(context, receipt);
    if (receipt->failure == NULL)
        return TRUE;
    error_set(error, ERROR_FINDINGS, "%s %s would fail",
              direction_name(plan_step_at(plan, receipt->failed_step)->direction),
              plan_step_at(plan, receipt->failed_step)->migration->digits);
    return FALSE;
}
