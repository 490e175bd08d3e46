/* Words for sessions. */
#include "console/session_words.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/frame.h"

#include <string.h>

gboolean session_is_migrating(const struct session *session)
{
    return *session->run.run_id != '\0' || session->migration_lock != MIGRATION_LOCK_NONE;
}

char *session_run_text(const struct session *session)
{
    const struct run_name *run = &session->run;
    if (*run->run_id != '\0')
        return g_strdup_printf("winch run %s %s %" G_GINT64_FORMAT ", step %u/%u", run->run_id,
                               run->goes_down ? "down" : "up", run->version, run->step, run->steps);
    if (session->migration_lock == MIGRATION_LOCK_NONE)
        return NULL;
    return g_strdup(g_str_has_prefix(session->application, "winch")
                        ? "winch"
                        : "golang-migrate or a tool like it");
}

char *session_progress_text(const struct session_progress *progress)
{
    if (progress->phase == NULL || *progress->phase == '\0')
        return NULL;
    const char *unit = progress->unit != NULL ? progress->unit : "";
    g_autofree char *done = text_count(progress->done);
    g_autofree char *total = text_count(progress->total);
    if (progress->total > 0)
        return g_strdup_printf("%s %d%% of %s %s", progress->phase,
                               (int)((double)progress->done * 100 / (double)progress->total), total,
                               unit);
    if (progress->done > 0)
        return g_strdup_printf("%s %s %s", progress->phase, done, unit);
    return g_strdup(progress->phase);
}

static const char *lock_words(enum session_migration_lock lock)
{
    static const char *const words[] = {
        [MIGRATION_LOCK_NONE] = "",
        [MIGRATION_LOCK_WAITS] = "waits for the migration lock",
        [MIGRATION_LOCK_HELD] = "holds the migration lock",
    };
    return words[lock];
}

static void append(GString *text, const char *words)
{
    if (words != NULL && *words != '\0')
        g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", words);
}

char *session_deed(const struct session *session)
{
    GString *text = g_string_new(NULL);
    g_autofree char *run = session_run_text(session);
    g_autofree char *progress = session_progress_text(&session->progress);
    if (session->blocks > 0)
        g_string_append_printf(text, "blocks %u", session->blocks);
    if (session->is_own)
        append(text, "this console");
    append(text, run);
    append(text, lock_words(session->migration_lock));
    append(text, progress);
    if (session->is_hidden)
        append(text, "hidden (needs pg_monitor)");
    else if (!session->is_own)
        append(text, session->query);
    return g_string_free(text, FALSE);
}

const char *session_state(const struct session *session)
{
    if (*session->state == '\0')
        return session->backend_type;
    if (strcmp(session->state, "idle in transaction") == 0)
        return "idle in tx";
    if (strcmp(session->state, "idle in transaction (aborted)") == 0)
        return "aborted tx";
    return session->state;
}

gint64 session_since(const struct session *session)
{
    if (session->waiting_since != 0)
        return session->waiting_since;
    return session->transaction_since != 0 ? session->transaction_since : session->state_since;
}

char *session_elapsed(gint64 since, gint64 now)
{
    return since != 0 && now >= since ? duration_format(now - since) : g_strdup("-");
}

/* ---- everything -------------------------------------------------------------------------------
 */

static void add_time(struct fields *fields, const char *label, gint64 since, gint64 now)
{
    g_autofree char *at = console_date_text(since, TRUE);
    g_autofree char *elapsed = session_elapsed(since, now);
    if (since != 0)
        fields_addf(fields, STYLE_TEXT, label, "%s, for %s", at, elapsed);
}

static void add_blockers(const struct session *session, const struct activity *activity,
                         struct fields *fields)
{
    for (guint i = 0; i < session->blocked_by_count; i++) {
        int pid = session->blocked_by[i];
        const struct session *blocker =
            activity != NULL && pid != 0 ? activity_session(activity, pid) : NULL;
        const char *label = i == 0 ? "waits for" : "";
        if (pid == 0)
            fields_add(fields, STYLE_WARNING, label, "a prepared transaction");
        else if (blocker == NULL)
            fields_addf(fields, STYLE_WARNING, label, "%d", pid);
        else
            fields_addf(fields, STYLE_WARNING, label, "%d %s %s, %s", pid, blocker->user,
                        blocker->application, session_state(blocker));
    }
}

static void add_locks(const struct session *session, const struct activity *activity, gint64 now,
                      struct fields *fields)
{
    guint count = 0;
    for (guint i = 0; i < activity->lock_count; i++) {
        const struct relation_lock *lock = &activity->locks[i];
        if (lock->pid != session->pid)
            continue;
        g_autofree char *elapsed = session_elapsed(lock->since, now);
        fields_addf(fields, lock->is_granted ? STYLE_TEXT : STYLE_WARNING,
                    count++ == 0 ? "locks" : "", "%s %s on %s%s%s",
                    lock->is_granted ? "holds" : "waits for", lock->mode,
                    *lock->relation != '\0' ? lock->relation : "a relation without a name here",
                    lock->since != 0 ? ", for " : "", lock->since != 0 ? elapsed : "");
    }
    if (activity->is_cut)
        fields_add(fields, STYLE_WARNING, count == 0 ? "locks" : "",
                   "more are held on this server than are kept here");
}

static void add_people(const struct session *session, struct fields *fields)
{
    fields_addf(fields, STYLE_TEXT, "pid", "%d%s", session->pid,
                session->is_own ? ", a connection of this console" : "");
    fields_add(fields, STYLE_TEXT, "user", session->user);
    fields_add(fields, STYLE_TEXT, "database", session->database);
    fields_add(fields, STYLE_TEXT, "client", session->client);
    fields_add(fields, STYLE_TEXT, "application", session->application);
    fields_add(fields, STYLE_TEXT, "is a", session->backend_type);
}

void session_describe(const struct session *session, const struct activity *activity, gint64 now,
                      struct fields *fields)
{
    g_autofree char *run = session_run_text(session);
    g_autofree char *progress = session_progress_text(&session->progress);
    fields_add(fields, STYLE_STRONG, "run", run);
    fields_add(fields, STYLE_WARNING, "lock", lock_words(session->migration_lock));
    fields_add(fields, STYLE_TEXT, "progress", progress);
    add_blockers(session, activity, fields);
    add_time(fields, "waiting", session->waiting_since, now);
    g_autofree char *blocks = text_plural(session->blocks, "session", "sessions");
    fields_add(fields, STYLE_WARNING, "blocks", session->blocks > 0 ? blocks : NULL);
    add_time(fields, "the first", session->blocks_since, now);
    fields_add(fields, STYLE_TEXT, "state", session->state);
    if (*session->wait_type != '\0')
        fields_addf(fields, STYLE_TEXT, "wait", "%s:%s", session->wait_type, session->wait_event);
    if (activity != NULL)
        add_locks(session, activity, now, fields);
    if (session->is_wraparound)
        fields_add(fields, STYLE_WARNING, "vacuum", "against wraparound: it cannot be put off");
    add_people(session, fields);
    add_time(fields, "in state", session->state_since, now);
    add_time(fields, "transaction", session->transaction_since, now);
    add_time(fields, "query began", session->query_since, now);
    add_time(fields, "connected", session->began, now);
    fields_add(fields, STYLE_TEXT, "query",
               session->is_hidden ? "hidden (needs pg_monitor)" : session->query);
}
