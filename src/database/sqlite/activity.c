/* What a file can tell of who uses it: the version row, the history, and winch's own lock. SQLite
 * has no sessions to list. */
#include "database/activity_build.h"
#include "database/sqlite/sqlite.h"

/* FALSE with error when even the lock could not be looked at. */
static gboolean gather(struct database *database, struct activity_builder *builder, GError **error)
{
    struct lock_holder holder;
    int held = sqlite_lock_holder(database, &holder, error);
    if (held < 0)
        return FALSE;
    activity_builder_init(builder);
    if (held > 0)
        activity_builder_holder(builder, &holder);
    return TRUE;
}

struct pulse *sqlite_pulse(struct database *database, GError **error)
{
    struct activity_builder builder;
    struct version_state state;
    g_autofree char *head = NULL;
    gint64 started = g_get_monotonic_time(), rows = 0;
    if (!sqlite_version_read(database, &state, error) || !gather(database, &builder, error))
        return NULL;
    struct pulse *pulse = activity_builder_pulse(&builder, &state);
    if (database->history != HISTORY_ABSENT && database->history != HISTORY_HIDDEN &&
        sqlite_history_head(database, &rows, &head, NULL))
        pulse->history_rows = pulse->history_last_id = rows;
    pulse->taken_at = g_get_real_time();
    pulse->elapsed_us = g_get_monotonic_time() - started;
    return pulse;
}

struct activity *sqlite_activity(struct database *database, GError **error)
{
    struct activity_builder builder;
    gint64 started = g_get_monotonic_time();
    if (!gather(database, &builder, error))
        return NULL;
    struct activity *activity = activity_builder_activity(&builder);
    activity->taken_at = g_get_real_time();
    activity->elapsed_us = g_get_monotonic_time() - started;
    return activity;
}

gboolean sqlite_session_end(struct database *database, int pid, gint64 began, gboolean terminates,
                            gboolean *was_told, GError **error)
{
    (void)database;
    (void)pid;
    (void)began;
    (void)terminates;
    *was_told = FALSE;
    error_set(error, ERROR_FAILED, "SQLite has no sessions that could be ended");
    return FALSE;
}
