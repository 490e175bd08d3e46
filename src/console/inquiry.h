/* What takes long to find out: each inquiry has a thread, a connection and a cancellation of its
 * own, so that nothing waits for it and several may be under way beside a run. What an inquiry
 * does is its work's business; what the console promises by one is that nothing is changed. */
#ifndef WINCH_CONSOLE_INQUIRY_H
#define WINCH_CONSOLE_INQUIRY_H

#include <glib.h>

#include "base/cancellation.h"
#include "engine/engine.h"

struct console;
struct inquirer;
struct inquiry;

struct inquiry_work {
    /* On the inquiry's thread; may block. engine is NULL for what is_local. */
    gpointer (*work)(struct inquiry *inquiry, struct engine *engine, gpointer data, GError **error);
    /* What the engine tells meanwhile, on the inquiry's thread. May be NULL. */
    void (*on_event)(struct inquiry *inquiry, const struct engine_event *event, gpointer data);
    /* On the main thread, in the order in which they were told; takes over piece. NULL when nothing
     * is told. */
    void (*heard)(struct console *console, gpointer data, gpointer piece);
    /* On the main thread, once, unless it was abandoned or the console ended first. Takes over
     * result where there is one; the inquiry is gone afterwards. */
    void (*done)(struct console *console, gpointer data, gpointer result, const GError *error);
    GDestroyNotify free_data, free_piece, free_result; /* may be NULL */
    gpointer data;
    gboolean is_local;  /* needs no connection */
    gboolean may_write; /* it rehearses what it rolls back: the connection is not read-only */
};

/* settings must outlive it. */
struct inquirer *inquirer_new(struct console *console, const struct engine_settings *settings);
/* Stops all that are under way, waits for their threads, frees. */
void inquirer_free(struct inquirer *inquirer);
/* TRUE while one is under way. */
gboolean inquirer_is_busy(const struct inquirer *inquirer);

/* Starts the thread. Main thread, as all that follows. */
struct inquiry *inquiry_start(struct inquirer *inquirer, const struct inquiry_work *work);

/* Asks it to stop: done comes all the same, with what came of it. */
void inquiry_cancel(struct inquiry *inquiry);
gboolean inquiry_is_cancelled(const struct inquiry *inquiry);
/* Asks it to stop, and to tell nobody. inquiry may be NULL. */
void inquiry_abandon(struct inquiry *inquiry);

/* From its own thread: told to the main thread. Takes over piece. */
void inquiry_tell(struct inquiry *inquiry, gpointer piece);
/* From its own thread, for what takes one. Borrowed. */
struct cancellation *inquiry_cancellation(struct inquiry *inquiry);
const struct engine_settings *inquiry_settings(const struct inquiry *inquiry);

#endif
