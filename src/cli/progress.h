/* Engine events, shown while they happen: a bar with the running statement on a terminal, plain
 * lines otherwise, golang-migrate's lines with -verbose, JSON lines never (the document at the end
 * has them). Events arrive on the worker thread; a slow terminal never slows the run. */
#ifndef WINCH_CLI_PROGRESS_H
#define WINCH_CLI_PROGRESS_H

#include <glib.h>
#include <jansson.h>

#include "cli/output.h"
#include "engine/event.h"

struct progress;

struct progress *progress_new(struct output *output);
/* After the worker has ended: shows what is left and clears the bar. */
void progress_free(struct progress *progress);

/* An engine_event_fn; data is the struct progress. Never blocks: events are queued and painted by
 * the main loop. */
void progress_event(const struct engine_event *event, void *data);

/* What happened, per step and statement, as JSON for `--json` (array; new reference). */
json_t *progress_json(struct progress *progress);

/* Asks on the controlling terminal for these words. FALSE with ERROR_REFUSED when there is none, or
 * other words were typed. Called on the worker thread; the bar is out of the way meanwhile. */
gboolean progress_ask_words(struct progress *progress, const char *question, const char *words,
                            GError **error);

#endif
