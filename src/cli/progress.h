/* Engine events, shown while they happen: a bar with the running statement on a terminal, a line
 * for each migration either way. Events arrive on the worker thread and are only queued there; the
 * main loop paints, so a slow terminal never slows a run. */
#ifndef WINCH_CLI_PROGRESS_H
#define WINCH_CLI_PROGRESS_H

#include <glib.h>
#include <jansson.h>

#include "base/cancellation.h"
#include "cli/output.h"
#include "engine/event.h"

struct progress;

/* has_bar: standard error is a terminal and nobody asked for plain lines. */
struct progress *progress_new(struct output *output, struct cancellation *cancellation,
                              gboolean has_bar);
void progress_free(struct progress *progress);

/* An engine_event_fn; data is the struct progress. */
void progress_event(const struct engine_event *event, void *data);

/* Main thread: prints what was queued and repaints the bar; at the end erases it for good. */
void progress_paint(struct progress *progress);
void progress_end(struct progress *progress);

/* Worker thread: waits until everything queued has been printed, so that what a command prints
 * itself comes after it. */
void progress_drain(struct progress *progress);

/* Worker thread: from here on migrations and statements are shown by whoever called; the bar and
 * what is in the way are shown as ever. */
void progress_hide_steps(struct progress *progress);

/* What happened, a migration an element, with its statements. New reference; worker thread, after
 * the engine's call. */
json_t *progress_json(struct progress *progress);

/* Shows question and reads an answer on the controlling terminal, on the worker thread. The answer
 * is g_free()d by the caller; NULL with ERROR_REFUSED when there is no terminal, or with what
 * cancelled the wait. */
char *progress_ask(struct progress *progress, const char *question, GError **error);

#endif
