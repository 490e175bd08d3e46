/* What going back destroys, and what stands in its way or goes along, as a receipt tells it. Told
 * where somebody looks and never counted anew under the lock: a plan that is another by then is
 * refused, rows that have come since are not. */
#include "base/text.h"
#include "engine/gate_internal.h"

#define NAMED_MAX 3

/* A list for people that names the first few. */
struct naming {
    GString *text;
    guint count;
};

static void name_one(struct naming *naming, const char *separator, const char *name)
{
    if (naming->count++ < NAMED_MAX)
        g_string_append_printf(naming->text, "%s%s", naming->text->len > 0 ? separator : "", name);
}

static char *naming_end(struct naming *naming, const char *separator)
{
    if (naming->count > NAMED_MAX)
        g_string_append_printf(naming->text, "%sand %u more", separator, naming->count - NAMED_MAX);
    return g_string_free(naming->text, FALSE);
}

/* NULL, and answered, where it cannot be had. */
static const struct receipt *receipt_for(struct gate_look *look, struct gate_check *check)
{
    if (look->receipt == NULL && look->receipt_failure == NULL)
        look->receipt = engine_receipt(look->engine, look->wish->plan, look->wish->receipt,
                                       &look->receipt_failure);
    if (look->receipt == NULL)
        gate_answer(check, GATE_WARNING, NULL, "could not be looked at: %s",
                    look->receipt_failure->message);
    return look->receipt;
}

static gboolean is_all_seen(const struct receipt *receipt)
{
    for (guint i = 0; i < receipt->plan->steps->len; i++)
        if (!receipt->steps[i].is_seen)
            return FALSE;
    return TRUE;
}

/* The step that would fail, and why; NULL. */
static char *failure_text(const struct receipt *receipt)
{
    if (receipt->failure == NULL)
        return NULL;
    const struct plan_step *step = plan_step_at(receipt->plan, receipt->failed_step);
    return g_strdup_printf("%s would fail: %s", step->migration->digits, receipt->failure->message);
}

/* ---- receipt --------------------------------------------------------------------------------- */

/* An empty table is no loss; one whose rows are not known may be. */
static gboolean loses_data(const struct loss *loss)
{
    return loss->with == NULL && loss_kind_holds_data(loss->kind) &&
           !(loss->basis == LOSS_EXACT && loss->rows == 0);
}

static char *losses_text(const struct receipt *receipt)
{
    struct naming naming = {g_string_new(NULL), 0};
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *loss = receipt->losses->pdata[i];
        if (!loses_data(loss))
            continue;
        g_autofree char *text = receipt_loss_text(receipt, loss);
        name_one(&naming, "; ", text);
    }
    return naming_end(&naming, "; ");
}

/* What a step's text leaves open, but for what dependents tells. */
static char *notes_text(const struct receipt *receipt)
{
    struct naming naming = {g_string_new(NULL), 0};
    for (guint i = 0; i < receipt->plan->steps->len; i++) {
        const struct receipt_step *step = &receipt->steps[i];
        g_auto(GStrv) notes = g_strsplit(step->note != NULL ? step->note : "", "\n", -1);
        for (char **note = notes; *note != NULL; note++) {
            g_autofree char *text =
                g_strdup_printf("%s %s", plan_step_at(receipt->plan, i)->migration->digits, *note);
            if (!g_ptr_array_find_with_equal_func(receipt->obstacles, text, g_str_equal, NULL))
                name_one(&naming, "; ", text);
        }
    }
    return naming_end(&naming, "; ");
}

static void answer_receipt(const struct receipt *receipt, struct gate_check *check)
{
    g_autofree char *losses = losses_text(receipt);
    g_autofree char *notes = notes_text(receipt);
    g_autofree char *failure = failure_text(receipt);
    g_autofree char *whole = failure == NULL ? receipt_text(receipt) : g_steal_pointer(&failure);
    gboolean is_lost = *losses != '\0', is_open = *notes != '\0' || !is_all_seen(receipt);
    gboolean is_good = !is_lost && !is_open && receipt->failure == NULL;
    gate_answer(check, is_good ? GATE_OK : GATE_WARNING, NULL, "%s%s%s", is_lost ? losses : whole,
                *notes != '\0' ? "; left open: " : "", notes);
}

void gate_look_receipt(struct gate_look *look, struct gate_check *check)
{
    if (look->wish->receipt == NULL)
        return;
    if (look->wish->action == GATE_DROP) {
        gate_answer(check, GATE_WARNING, NULL,
                    "everything in schema %s is dropped, and a drop is not counted",
                    database_facts(look->engine->database)->schema);
        return;
    }
    if (look->wish->action != GATE_DOWN) {
        gate_answer(check, GATE_NOT_NEEDED, NULL, "no data is touched");
        return;
    }
    const struct receipt *receipt = receipt_for(look, check);
    if (receipt != NULL)
        answer_receipt(receipt, check);
}

/* ---- dependents ------------------------------------------------------------------------------ */

static char *cascaded_text(const struct receipt *receipt)
{
    struct naming naming = {g_string_new(NULL), 0};
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *loss = receipt->losses->pdata[i];
        g_autofree char *text =
            g_strdup_printf("%s %s", loss_kind_name(loss->kind, FALSE), loss->name);
        if (loss->is_unnamed)
            name_one(&naming, ", ", text);
    }
    return naming_end(&naming, ", ");
}

static char *obstacles_text(const struct receipt *receipt)
{
    struct naming naming = {g_string_new(NULL), 0};
    g_autofree char *failure = failure_text(receipt);
    if (failure != NULL)
        name_one(&naming, "; ", failure);
    for (guint i = 0; i < receipt->obstacles->len; i++)
        name_one(&naming, "; ", receipt->obstacles->pdata[i]);
    return naming_end(&naming, "; ");
}

void gate_look_dependents(struct gate_look *look, struct gate_check *check)
{
    if (look->wish->receipt == NULL)
        return;
    if (look->wish->action != GATE_DOWN) {
        gate_answer(check, GATE_NOT_NEEDED, NULL, "no migration goes down");
        return;
    }
    const struct receipt *receipt = receipt_for(look, check);
    if (receipt == NULL)
        return;
    g_autofree char *cascaded = cascaded_text(receipt);
    g_autofree char *obstacles = obstacles_text(receipt);
    gboolean is_stuck = *obstacles != '\0', goes_along = *cascaded != '\0';
    if (!is_stuck && !goes_along)
        gate_answer(check, GATE_OK, NULL, "nothing else depends on what is dropped%s",
                    is_all_seen(receipt) ? "" : ", as far as it can be told beforehand");
    else
        gate_answer(check, GATE_WARNING,
                    is_stuck ? "'winch receipt' shows all; what depends on it has to go first"
                             : "'winch receipt' shows what is in them",
                    "%s%s%s%s", obstacles, is_stuck && goes_along ? "; " : "",
                    goes_along ? "no file names these, and they go along: " : "", cascaded);
}
