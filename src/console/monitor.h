/* The thread that looks: it owns a connection of its own, read-only, keeps the model fresh, and
 * does what views ask of it. It never writes to the database. */
#ifndef WINCH_CONSOLE_MONITOR_H
#define WINCH_CONSOLE_MONITOR_H

#include <glib.h>

#include "console/model.h"

struct console;
struct monitor;

/* Work asked of the monitor by a view. */
struct job {
    /* On the monitor's thread; may block. engine is NULL while there is no connection. */
    gpointer (*work)(struct engine *engine, gpointer data, GError **error);
    /* On the main thread. result is taken over by it when it is not NULL. Not called when the
     * console ends first. */
    void (*done)(struct console *console, gpointer data, gpointer result, const GError *error);
    GDestroyNotify free_data;   /* may be NULL */
    GDestroyNotify free_result; /* for a result that nobody takes; may be NULL */
    gpointer data;
};
/* On the heap; freed after done. */
struct job *job_new(gpointer (*work)(struct engine *, gpointer, GError **),
                    void (*done)(struct console *, gpointer, gpointer, const GError *),
                    gpointer data, GDestroyNotify free_data, GDestroyNotify free_result);

/* Called on the main thread with every new model; takes over the reference. */
typedef void (*monitor_model_fn)(struct console *console, struct model *model);

/* Starts the thread. settings must outlive the monitor. */
struct monitor *monitor_start(struct console *console, const struct engine_settings *settings,
                              monitor_model_fn on_model);
/* Cancels what is being asked, waits for the thread, frees. */
void monitor_stop(struct monitor *monitor);

void monitor_ask(struct monitor *monitor, struct job *job);
/* Reads the files and everything else again, now. */
void monitor_reload(struct monitor *monitor);
/* Whether sessions and locks are wanted with each look: only while they are on the screen. */
void monitor_watch_activity(struct monitor *monitor, gboolean is_wanted);

#endif
