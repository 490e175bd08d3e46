/* inquiry.h and what frame.h says of it. */
#include "fake_inquiry.h"

struct fake_inquiry fake_inquiry;

struct inquiry {
    struct console *console;
    struct inquiry_work work;
    struct cancellation *cancellation;
    gboolean is_abandoned;
};

static GQueue waiting = G_QUEUE_INIT;

static void inquiry_free(gpointer data)
{
    struct inquiry *inquiry = data;
    if (inquiry->work.free_data != NULL)
        inquiry->work.free_data(inquiry->work.data);
    cancellation_unref(inquiry->cancellation);
    g_free(inquiry);
}

void fake_inquiry_reset(void)
{
    g_queue_clear_full(&waiting, inquiry_free);
    fake_inquiry = (struct fake_inquiry){0};
}

struct inquiry *console_inquire(struct console *console, const struct inquiry_work *work)
{
    struct inquiry *inquiry = g_new0(struct inquiry, 1);
    *inquiry = (struct inquiry){console, *work, cancellation_new(), FALSE};
    g_queue_push_tail(&waiting, inquiry);
    fake_inquiry.asked++;
    return inquiry;
}

gboolean fake_inquiry_work(struct console *console)
{
    struct inquiry *inquiry = g_queue_pop_head(&waiting);
    g_autoptr(GError) error = NULL;
    if (inquiry == NULL)
        return FALSE;
    gpointer result = inquiry->work.work(inquiry, fake_inquiry.engine, inquiry->work.data, &error);
    if (!inquiry->is_abandoned)
        inquiry->work.done(console, inquiry->work.data, result, error);
    else if (result != NULL)
        inquiry->work.free_result(result);
    inquiry_free(inquiry);
    return TRUE;
}

void inquiry_tell(struct inquiry *inquiry, gpointer piece)
{
    if (inquiry->is_abandoned)
        inquiry->work.free_piece(piece);
    else
        inquiry->work.heard(inquiry->console, inquiry->work.data, piece);
}

void inquiry_cancel(struct inquiry *inquiry)
{
    fake_inquiry.cancelled++;
    cancellation_raise(inquiry->cancellation, CANCEL_NOW, ERROR_CANCELLED);
}

gboolean inquiry_is_cancelled(const struct inquiry *inquiry)
{
    return cancellation_level(inquiry->cancellation) != CANCEL_NONE;
}

void inquiry_abandon(struct inquiry *inquiry)
{
    if (inquiry == NULL)
        return;
    fake_inquiry.abandoned++;
    inquiry->is_abandoned = TRUE;
    cancellation_raise(inquiry->cancellation, CANCEL_NOW, ERROR_CANCELLED);
}

struct cancellation *inquiry_cancellation(struct inquiry *inquiry)
{
    return inquiry->cancellation;
}
