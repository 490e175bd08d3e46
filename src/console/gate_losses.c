/* The receipt's report, asked for by a gate. */
#include "console/gate_losses.h"

#include "console/frame.h"

struct counted {
    gpointer view;
    guint question;
    gate_losses_fn done;
    struct report_question about;
};

static gpointer count(struct inquiry *inquiry, struct engine *engine, gpointer data, GError **error)
{
    const struct counted *counted = data;
    return report_makers[REPORT_RECEIPT].make(inquiry, engine, &counted->about, error);
}

static void answered(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct counted *counted = data;
    counted->done(console, counted->view, counted->question, result, error);
}

static void free_piece(gpointer piece)
{
    report_progress_free(piece);
}

static void free_receipt(gpointer receipt)
{
    report_free(receipt);
}

struct inquiry *gate_losses_ask(struct console *console, const struct goal *goal, gpointer view,
                                guint question, gate_losses_fn done)
{
    struct counted *counted = g_new0(struct counted, 1);
    *counted = (struct counted){view, question, done, {.kind = REPORT_RECEIPT, .goal = *goal}};
    return console_inquire(console, &(struct inquiry_work){.work = count,
                                                           .done = answered,
                                                           .free_data = g_free,
                                                           .free_piece = free_piece,
                                                           .free_result = free_receipt,
                                                           .data = counted});
}
