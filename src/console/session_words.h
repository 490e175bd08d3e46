/* What a session of the server does, in words, for lists and details. */
#ifndef WINCH_CONSOLE_SESSION_WORDS_H
#define WINCH_CONSOLE_SESSION_WORDS_H

#include "console/fields.h"
#include "database/activity.h"

/* TRUE for runs of winch, and for whoever holds or awaits the migration lock. */
gboolean session_is_migrating(const struct session *session);

/* "winch run 7c1e09 up 45, step 3/7", "golang-migrate or a tool like it"; NULL when it is none of
 * them. Free with g_free(). */
char *session_run_text(const struct session *session);

/* "CREATE INDEX: scanning table 42% of 1,433,600 blocks"; NULL when the server says nothing. Free
 * with g_free(). */
char *session_progress_text(const struct session_progress *progress);

/* What it does: a run, "this console", "hidden (needs pg_monitor)", or its query, with how many
 * wait for it. Raw. Free with g_free(). */
char *session_deed(const struct session *session);

/* "active", "idle in tx"; of workers what they are. Borrowed. */
const char *session_state(const struct session *session);

/* Since when it waits, or is in its transaction, or in its state; 0 unknown. */
gint64 session_since(const struct session *session);

/* "4m31s" from then to now; "-" when either is unknown. Free with g_free(). */
char *session_elapsed(gint64 since, gint64 now);

/* Everything that is known of it. activity: its locks, and those in its way; may be NULL. */
void session_describe(const struct session *session, const struct activity *activity, gint64 now,
                      struct fields *fields);

#endif
