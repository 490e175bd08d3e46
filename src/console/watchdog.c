/* A thread that does nothing but listen to two signals. */
#include "console/watchdog.h"

#include "console/guardian.h"
#include "console/runner.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

/* How long the main thread may take to answer a signal before it is taken to be stuck. */
#define PATIENCE_US (3 * G_USEC_PER_SEC)

static struct {
    GThread *thread;
    GMainContext *context;
    GMainLoop *loop;
    struct runner *runner;
    gint64 told_at; /* monotonic; 0: no signal yet */
    int number;
    gint has_ended; /* atomic: the main thread does the rest */
} dog;

static gboolean on_time(gpointer data)
{
    (void)data;
    if (g_atomic_int_get(&dog.has_ended) || runner_is_working(dog.runner) ||
        g_get_monotonic_time() - dog.told_at < PATIENCE_US)
        return G_SOURCE_CONTINUE;
    guardian_restore();
    _exit(128 + dog.number);
}

static void listen_for_time(void)
{
    GSource *source = g_timeout_source_new(200);
    g_source_set_callback(source, on_time, NULL, NULL);
    g_source_attach(source, dog.context);
    g_source_unref(source);
}

static gboolean on_signal(gpointer data)
{
    gboolean is_terminate = GPOINTER_TO_INT(data) == SIGTERM;
    if (dog.told_at == 0) {
        dog.told_at = g_get_monotonic_time();
        dog.number = GPOINTER_TO_INT(data);
        listen_for_time();
    }
    runner_stop(dog.runner, is_terminate ? CANCEL_NOW : CANCEL_AFTER,
                is_terminate ? ERROR_TERMINATED : ERROR_HANGUP);
    return G_SOURCE_CONTINUE;
}

static void listen_to(int number)
{
    g_autoptr(GSource) source = g_unix_signal_source_new(number);
    g_source_set_callback(source, on_signal, GINT_TO_POINTER(number), NULL);
    g_source_attach(source, dog.context);
}

static gpointer watch(gpointer data)
{
    (void)data;
    g_main_loop_run(dog.loop);
    return NULL;
}

void watchdog_start(struct runner *runner)
{
    sigset_t all, before;
    dog.runner = runner;
    dog.told_at = 0;
    g_atomic_int_set(&dog.has_ended, FALSE);
    dog.context = g_main_context_new();
    dog.loop = g_main_loop_new(dog.context, FALSE);
    listen_to(SIGTERM);
    listen_to(SIGHUP);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    dog.thread = g_thread_new("watchdog", watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static gboolean stop(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

void watchdog_end(void)
{
    g_atomic_int_set(&dog.has_ended, TRUE);
    g_main_context_invoke(dog.context, stop, dog.loop);
    g_thread_join(dog.thread);
    g_main_loop_unref(dog.loop);
    g_main_context_unref(dog.context);
}
