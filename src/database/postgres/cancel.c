/* Telling the server to stop: over the control connection, again and again until the pipeline has
 * drained; where that cannot be reached by a cancel request from a thread; and where nothing can,
 * by closing the connection. */
#include "database/postgres/run_internal.h"

#define REPEAT        (G_USEC_PER_SEC / 4)
#define REQUEST_AFTER G_USEC_PER_SEC        /* without a control connection */
#define CLOSE_AFTER   (5 * G_USEC_PER_SEC)  /* asked to terminate, and nobody reached */
#define DESPAIR_AFTER (30 * G_USEC_PER_SEC) /* asked to cancel, and nobody reached */

/* ---- a cancel request, which blocks while it connects ---------------------------------------- */

struct cancel_thread {
    gatomicrefcount references;
    PGcancel *request;
    gint is_done; /* 1 sent, -1 failed */
};

static void cancel_thread_unref(struct cancel_thread *thread)
{
    if (!g_atomic_ref_count_dec(&thread->references))
        return;
    PQfreeCancel(thread->request);
    g_free(thread);
}

static gpointer send_request(gpointer data)
{
    struct cancel_thread *thread = data;
    char ignored[256];
    int is_sent = PQcancel(thread->request, ignored, sizeof ignored);
    g_atomic_int_set(&thread->is_done, is_sent ? 1 : -1);
    cancel_thread_unref(thread);
    return NULL;
}

static void start_request(struct postgres_run *run)
{
    PGcancel *request = PQgetCancel(run->postgres->main);
    if (request == NULL)
        return;
    run->channel->thread = g_new0(struct cancel_thread, 1);
    g_atomic_ref_count_init(&run->channel->thread->references);
    g_atomic_ref_count_inc(&run->channel->thread->references);
    run->channel->thread->request = request;
    g_autoptr(GThread) thread =
        g_thread_try_new("cancel", send_request, run->channel->thread, NULL);
    if (thread == NULL) {
        cancel_thread_unref(run->channel->thread);
        g_clear_pointer(&run->channel->thread, cancel_thread_unref);
    }
}

static void step_request(struct postgres_run *run, gint64 now)
{
    if (run->channel->thread == NULL) {
        start_request(run);
        return;
    }
    int done = g_atomic_int_get(&run->channel->thread->is_done);
    if (done == 0)
        return;
    if (done > 0)
        run->channel->told = now;
    if (now - run->channel->told >= REPEAT)
        g_clear_pointer(&run->channel->thread, cancel_thread_unref);
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void tell(struct postgres_run *run, enum cancel_level level, gint64 now)
{
    char pid[16];
    g_snprintf(pid, sizeof pid, "%d", PQbackendPID(run->postgres->main));
    control_ask(run,
                level >= CANCEL_TERMINATE ? "SELECT pg_catalog.pg_terminate_backend($1::int)"
                                          : "SELECT pg_catalog.pg_cancel_backend($1::int)",
                pid, NULL);
    run->channel->told = now;
}

void cancel_step(struct postgres_run *run)
{
    enum cancel_level level = run_cancel_level(run);
    gint64 now = g_get_monotonic_time();
    if (!run->channel->is_cancelled) {
        run->channel->is_cancelled = TRUE;
        run->channel->cancelling_since = now;
        run_event(run, RUN_EVENT_CANCELLING, NULL);
    }
    gboolean is_ready = control_step(run);
    gint64 silent = now - MAX(run->channel->told, run->channel->cancelling_since);
    if (is_ready && (run->channel->told == 0 || now - run->channel->told >= REPEAT))
        tell(run, level, now);
    else if (!is_ready && silent >= REQUEST_AFTER)
        step_request(run, now);
    if (silent >= (level >= CANCEL_TERMINATE ? CLOSE_AFTER : DESPAIR_AFTER))
        run->channel->is_lost = TRUE;
}

/* A signal still on its way would hit what comes next. */
void cancel_finish(struct postgres_run *run)
{
    if (!run->channel->is_cancelled)
        return;
    control_finish(run);
    for (int i = 0; run->channel->thread != NULL && i < 100; i++) {
        if (g_atomic_int_get(&run->channel->thread->is_done) != 0)
            break;
        g_usleep(G_USEC_PER_SEC / 100);
    }
    g_clear_pointer(&run->channel->thread, cancel_thread_unref);
}
