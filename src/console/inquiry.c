/* One thread an inquiry. What it tells waits in its queue until the main loop turns. */
#include "console/inquiry.h"

#include "console/frame.h"

struct inquirer {
    struct console *console;
    const struct engine_settings *settings;
    GPtrArray *inquiries; /* of struct inquiry *: those under way */
};

struct inquiry {
    struct inquirer *inquirer;
    struct engine_settings settings; /* the same strings */
    struct inquiry_work work;
    struct cancellation *cancellation;
    GThread *thread;
    gboolean is_abandoned; /* main thread */

    GMutex lock; /* guards what follows */
    GQueue tellings;
    guint source; /* wakes the main loop; 0: nothing waits */
};

/* One of the three. */
struct telling {
    gpointer piece;
    char *statement; /* for the record */
    gboolean is_end;
    gpointer result;
    GError *error;
};

/* ---- on the main thread: hearing ------------------------------------------------------------- */

static void telling_free(const struct inquiry *inquiry, struct telling *telling)
{
    if (telling->piece != NULL && inquiry->work.free_piece != NULL)
        inquiry->work.free_piece(telling->piece);
    if (telling->result != NULL && inquiry->work.free_result != NULL)
        inquiry->work.free_result(telling->result);
    g_free(telling->statement);
    g_clear_error(&telling->error);
    g_free(telling);
}

static void hear(struct inquiry *inquiry, struct telling *telling)
{
    struct console *console = inquiry->inquirer->console;
    if (telling->statement != NULL)
        record_add(console_record(console), console_now(console), RECORD_SQL, telling->statement);
    if (inquiry->is_abandoned)
        return;
    if (telling->piece != NULL && inquiry->work.heard != NULL)
        inquiry->work.heard(console, inquiry->work.data, g_steal_pointer(&telling->piece));
    if (telling->is_end)
        inquiry->work.done(console, inquiry->work.data, g_steal_pointer(&telling->result),
                           telling->error);
}

/* Its thread has told everything. */
static void end(struct inquiry *inquiry)
{
    struct telling *telling;
    g_thread_join(inquiry->thread);
    g_ptr_array_remove_fast(inquiry->inquirer->inquiries, inquiry);
    if (inquiry->source != 0)
        g_source_remove(inquiry->source);
    while ((telling = g_queue_pop_head(&inquiry->tellings)) != NULL)
        telling_free(inquiry, telling);
    if (inquiry->work.free_data != NULL && inquiry->work.data != NULL)
        inquiry->work.free_data(inquiry->work.data);
    cancellation_unref(inquiry->cancellation);
    g_mutex_clear(&inquiry->lock);
    g_free(inquiry);
}

static gboolean empty_queue(gpointer data)
{
    struct inquiry *inquiry = data;
    struct telling *telling;
    gboolean is_over = FALSE;
    g_mutex_lock(&inquiry->lock);
    GQueue tellings = inquiry->tellings;
    g_queue_init(&inquiry->tellings);
    inquiry->source = 0;
    g_mutex_unlock(&inquiry->lock);
    while ((telling = g_queue_pop_head(&tellings)) != NULL) {
        is_over = is_over || telling->is_end;
        hear(inquiry, telling);
        telling_free(inquiry, telling);
    }
    if (is_over)
        end(inquiry);
    return G_SOURCE_REMOVE;
}

/* ---- on its own thread ----------------------------------------------------------------------- */

static void tell(struct inquiry *inquiry, struct telling *telling)
{
    g_mutex_lock(&inquiry->lock);
    g_queue_push_tail(&inquiry->tellings, telling);
    if (inquiry->source == 0)
        inquiry->source = g_idle_add_full(G_PRIORITY_DEFAULT, empty_queue, inquiry, NULL);
    g_mutex_unlock(&inquiry->lock);
}

void inquiry_tell(struct inquiry *inquiry, gpointer piece)
{
    struct telling *telling = g_new0(struct telling, 1);
    telling->piece = piece;
    tell(inquiry, telling);
}

struct cancellation *inquiry_cancellation(struct inquiry *inquiry)
{
    return inquiry->cancellation;
}

const struct engine_settings *inquiry_settings(const struct inquiry *inquiry)
{
    return &inquiry->settings;
}

static void hear_event(const struct engine_event *event, void *data)
{
    struct inquiry *inquiry = data;
    inquiry->work.on_event(inquiry, event, inquiry->work.data);
}

static void hear_statement(const struct statement_trace *trace, void *data)
{
    struct telling *telling = g_new0(struct telling, 1);
    telling->statement = record_statement_text(trace);
    tell(data, telling);
}

static struct engine *open_engine(struct inquiry *inquiry, GError **error)
{
    const struct engine_callbacks callbacks = {
        .on_event = inquiry->work.on_event != NULL ? hear_event : NULL,
        .data = inquiry,
        .cancellation = inquiry->cancellation,
        .on_statement = hear_statement};
    return engine_open(&inquiry->settings, &callbacks, error);
}

static gpointer run(gpointer data)
{
    struct inquiry *inquiry = data;
    struct telling *last = g_new0(struct telling, 1);
    struct engine *engine = inquiry->work.is_local ? NULL : open_engine(inquiry, &last->error);
    last->is_end = TRUE;
    if (last->error == NULL)
        last->result = inquiry->work.work(inquiry, engine, inquiry->work.data, &last->error);
    g_clear_pointer(&engine, engine_close);
    tell(inquiry, last);
    return NULL;
}

/* ---- the outside ----------------------------------------------------------------------------- */

struct inquirer *inquirer_new(struct console *console, const struct engine_settings *settings)
{
    struct inquirer *inquirer = g_new0(struct inquirer, 1);
    inquirer->console = console;
    inquirer->settings = settings;
    inquirer->inquiries = g_ptr_array_new();
    return inquirer;
}

void inquirer_free(struct inquirer *inquirer)
{
    for (guint i = 0; i < inquirer->inquiries->len; i++)
        inquiry_abandon(inquirer->inquiries->pdata[i]);
    while (inquirer->inquiries->len > 0)
        end(inquirer->inquiries->pdata[0]);
    g_ptr_array_unref(inquirer->inquiries);
    g_free(inquirer);
}

gboolean inquirer_is_busy(const struct inquirer *inquirer)
{
    return inquirer->inquiries->len > 0;
}

struct inquiry *inquiry_start(struct inquirer *inquirer, const struct inquiry_work *work)
{
    struct inquiry *inquiry = g_new0(struct inquiry, 1);
    inquiry->inquirer = inquirer;
    inquiry->settings = *inquirer->settings;
    inquiry->settings.max_retries = 0;
    inquiry->settings.is_read_only = inquirer->settings->is_read_only || !work->may_write;
    inquiry->work = *work;
    inquiry->cancellation = cancellation_new();
    g_mutex_init(&inquiry->lock);
    g_queue_init(&inquiry->tellings);
    g_ptr_array_add(inquirer->inquiries, inquiry);
    inquiry->thread = g_thread_new("inquiry", run, inquiry);
    return inquiry;
}

void inquiry_cancel(struct inquiry *inquiry)
{
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
    inquiry->is_abandoned = TRUE;
    inquiry_cancel(inquiry);
}
