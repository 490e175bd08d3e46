/* What going back destroys, counted: a row a loss, those of the first step first. */
#include "console/report.h"

#include "base/text.h"
#include "engine/receipt.h"

static const char *const basis_words[] = {
    [LOSS_NOT_COUNTED] = "-",
    [LOSS_EXACT] = "exact",
    [LOSS_ESTIMATED] = "estimate",
};

static gboolean is_bad(const struct loss *loss)
{
    return loss_kind_holds_data(loss->kind) && loss->rows != 0;
}

static void add_count(struct report_row *row, const struct loss *loss)
{
    const char *of = loss->kind == LOSS_COLUMN ? "values that are not null" : "rows";
    g_autofree char *rows = loss->rows >= 0 ? text_count(loss->rows) : g_strdup("unknown");
    if (!loss_kind_holds_data(loss->kind))
        return;
    report_row_addf(row, STYLE_TEXT, "lost", "%s %s (%s)", rows, of, basis_words[loss->basis]);
    if (loss->of_rows >= 0) {
        g_autofree char *all = text_count(loss->of_rows);
        report_row_addf(row, STYLE_TEXT, "of", "%s rows", all);
    }
    if (loss->bytes >= 0) {
        g_autofree char *size = g_format_size_full((guint64)loss->bytes, G_FORMAT_SIZE_IEC_UNITS);
        report_row_add(row, STYLE_TEXT, "bytes", size);
    }
    if (loss->written_since >= 0) {
        g_autofree char *written = text_count(loss->written_since);
        report_row_addf(row, loss->written_since > 0 ? STYLE_WARNING : STYLE_TEXT, "since",
                        "%s%s written since the migration was applied",
                        loss->written_at_most ? "at most " : "", written);
    }
}

static void add_loss(struct report *report, const struct receipt *receipt, const struct loss *loss)
{
    const struct plan_step *step = plan_step_at(receipt->plan, loss->step);
    g_autofree char *text = receipt_loss_text(receipt, loss);
    g_autofree char *with = receipt_with_text(receipt, loss);
    struct report_row *row = report_add(report, is_bad(loss) ? STYLE_WARNING : STYLE_TEXT,
                                        basis_words[loss->basis], step->migration->version, text);
    report_row_addf(row, STYLE_TEXT, "drops", "%s %s", loss_kind_name(loss->kind, FALSE),
                    loss->name);
    add_count(row, loss);
    report_row_add(row, STYLE_TEXT, "with it", with);
    report_row_add(row, STYLE_WARNING, "note", loss->note);
    if (loss->is_unnamed)
        report_row_add(row, STYLE_WARNING, "named",
                       "nowhere in the file: it goes along, by CASCADE");
    report_row_addf(row, STYLE_TEXT, "by", "%s %s %s", direction_name(step->direction),
                    step->migration->digits, step->migration->title);
}

static void add_step(struct report *report, const struct receipt *receipt, guint index)
{
    const struct receipt_step *step = &receipt->steps[index];
    gint64 version = plan_step_at(receipt->plan, index)->migration->version;
    guint shown = 0;
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *loss = receipt->losses->pdata[i];
        if (loss->step != index || loss->with != NULL)
            continue;
        add_loss(report, receipt, loss);
        shown++;
    }
    if (receipt->failure != NULL && receipt->failed_step == index) {
        g_autofree char *line = error_line(receipt->failure);
        struct report_row *row = report_add(report, STYLE_ERROR, "FAILS", version, line);
        report_row_add(row, STYLE_ERROR, "fails", line);
    }
    if (step->note != NULL) {
        struct report_row *row = report_add(report, STYLE_WARNING,
                                            step->is_seen ? "note" : "unseen", version, step->note);
        report_row_add(row, STYLE_WARNING, step->is_seen ? "note" : "unseen", step->note);
    } else if (shown == 0 && receipt->failure == NULL)
        report_add(report, STYLE_TEXT, "nothing", version,
                   step->is_seen ? "nothing is destroyed" : "it was not looked at");
}

static struct report *report_of(const struct receipt *receipt)
{
    struct report *report = report_new();
    for (guint i = 0; i < receipt->plan->steps->len; i++)
        add_step(report, receipt, i);
    report->style = receipt->failure != NULL       ? STYLE_ERROR
                    : receipt_is_harmless(receipt) ? STYLE_GOOD
                                                   : STYLE_WARNING;
    report->verdict = receipt_text(receipt);
    report->basis = g_strdup(receipt->way == RECEIPT_REHEARSED
                                 ? "run here in a transaction that was rolled back, then counted"
                                 : "read from the files and the catalog, then counted; no lock "
                                   "was taken");
    return report;
}

struct report *report_receipt(struct inquiry *inquiry, struct engine *engine,
                              const struct report_question *question, GError **error)
{
    const struct receipt_options options = {.way = question->may_write ? engine_receipt_way(engine)
                                                                       : RECEIPT_READ,
                                            .budget = inquiry_settings(inquiry)->receipt_budget};
    AUTOPTR(plan) *plan = engine_plan(engine, &question->goal, error);
    if (plan == NULL)
        return NULL;
    report_tell(inquiry, "counting", 0, 0, NULL);
    AUTOPTR(receipt) *receipt = engine_receipt(engine, plan, &options, error);
    return receipt != NULL ? report_of(receipt) : NULL;
}
