/* What the run screen says of a run, in sentences. */
#ifndef WINCH_CONSOLE_RUN_WORDS_H
#define WINCH_CONSOLE_RUN_WORDS_H

#include <glib.h>

#include "console/lines.h"
#include "console/run_picture.h"

/* "up 44 -> 47", "dry run up 44 -> 47", "dropping every table". Free with g_free(). */
char *run_what_text(const struct run_picture *picture);
/* "running 2 of 3", "waiting for the migration lock", "FAILED". Free with g_free(). */
char *run_phase_text(const struct run_picture *picture);

/* What stopping after this migration and cancelling the statement would do, for this run as it now
 * stands. Free with g_free(). */
char *run_stop_text(const struct run_picture *picture);
char *run_cancel_text(const struct run_picture *picture);

/* Everything beside the rows: who waits, who is in the way, what was noted, how it ended, what
 * stopping would do. notices: at most so many of them. */
void run_lines_add(struct lines *lines, const struct run_picture *picture, gint64 now,
                   guint notices);

#endif
