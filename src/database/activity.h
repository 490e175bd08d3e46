/* What goes on in a database, as immutable pictures that may be handed from the thread that took
 * them to any other: a pulse, light enough for every second, and the whole activity.
 *
 * database_pulse() and database_activity() belong to the thread of their database. They take no
 * lock that could be waited for, change nothing, and leave no transaction and no setting behind. */
#ifndef WINCH_DATABASE_ACTIVITY_H
#define WINCH_DATABASE_ACTIVITY_H

#include <glib.h>

#include "base/autofree.h"
#include "base/error.h"
#include "database/database.h"

/* ---- names of runs --------------------------------------------------------------------------- */

/* What a session's application_name says while winch runs a migration in it. */
struct run_name {
    char run_id[7]; /* the first six digits of the run's; "" when it is none of winch's */
    gboolean goes_down;
    gint64 version;
    guint step, steps; /* 3 of 7 */
};

/* Reads "winch 7c1e09 up 000045 3/7". FALSE, and an empty run_id, for anything else. */
gboolean run_name_parse(const char *application, struct run_name *name);

/* ---- a session ------------------------------------------------------------------------------- */

/* How far the server says a long command is. */
struct session_progress {
    const char *phase;  /* "CREATE INDEX: building index: scanning table"; NULL: it says nothing */
    const char *unit;   /* "blocks", "tuples", "bytes"; static */
    gint64 done, total; /* 0: unknown */
};

enum session_migration_lock { MIGRATION_LOCK_NONE, MIGRATION_LOCK_WAITS, MIGRATION_LOCK_HELD };

/* Texts are raw, never NULL; "" where the server does not say. Times are microseconds since 1970 on
 * the server's clock, 0 when unknown. */
struct session {
    int pid;
    const char *user, *database, *client, *application, *state;
    const char *wait_type, *wait_event; /* "Lock", "relation" */
    const char *query;                  /* the first 1000 characters */
    const char *backend_type;           /* "client backend", "autovacuum worker" */
    gint64 began, transaction_since, query_since, state_since;
    gint64 waiting_since; /* for a lock; 0 when it waits for none, or the server cannot say when */
    gboolean is_own;      /* one of this handle's connections */
    gboolean is_hidden;   /* this role may not see what it does (no pg_monitor) */
    gboolean is_wraparound; /* autovacuum that may not be put off */
    enum session_migration_lock migration_lock;
    struct run_name run;
    struct session_progress progress;
    const int *blocked_by; /* pids in its way; 0 is a prepared transaction */
    guint blocked_by_count;
    guint blocks;        /* sessions that wait for this one (of the 64 that have waited longest) */
    gint64 blocks_since; /* when the longest of them began to wait; 0 unknown or none */
};

/* ---- pulse ----------------------------------------------------------------------------------- */

/* One round trip's worth. Immutable; count references with pulse_ref() and pulse_unref(), any
 * thread. */
struct pulse {
    gint64 taken_at;              /* the server's clock, microseconds since 1970 */
    gint64 elapsed_us;            /* how long taking it took */
    struct version_state version; /* problem, when it has one, lives as long as the pulse */
    gboolean is_version_locked;   /* a writer keeps it from being read: version is unknown */
    gint64 history_rows;          /* -1: not readable, or locked by a writer */
    gint64 history_last_id;       /* -1: the same; 0 when there is no row */
    const struct session *runs;   /* runs of winch, and whoever holds or awaits the lock */
    guint run_count;
    int holder; /* index into runs of who holds the migration lock; -1 nobody */
};
struct pulse *pulse_ref(struct pulse *pulse);
void pulse_unref(struct pulse *pulse);
DEFINE_AUTOPTR(pulse, pulse_unref);

/* NULL with error when the server does not answer; a version table that is locked, hidden, absent
 * or foreign is not an error. */
struct pulse *database_pulse(struct database *database, GError **error);

/* ---- activity -------------------------------------------------------------------------------- */

struct relation_lock {
    int pid;
    const char *relation; /* "public.invoices"; "" when it cannot be named */
    const char *mode;     /* "AccessExclusiveLock" */
    gboolean is_granted;
    gint64 since; /* waiting; 0 when granted or unknown */
};

/* BEGIN ... PREPARE TRANSACTION: holds locks without a session. */
struct prepared_transaction {
    const char *gid, *owner;
    gint64 prepared_at;
};

/* One line of the forest of who waits for whom, depth first: a root waits for nobody. A session
 * that several block stands below the first of them. */
struct blocking_node {
    int pid;     /* 0: a prepared transaction */
    int session; /* index into sessions; -1: of another database, or none */
    guint depth; /* 0: a root */
    guint below; /* how many wait below it, at any depth */
};

/* Sessions of one database and their locks. Immutable; any thread. */
struct activity {
    gint64 taken_at;
    gint64 elapsed_us;
    const struct session *sessions; /* by pid; this program's own are marked */
    guint session_count;
    const struct relation_lock *locks; /* of relations that are no catalogs; waiting ones first */
    guint lock_count;
    gboolean is_cut; /* there were more locks than are kept (1000) */
    const struct blocking_node *forest;
    guint forest_count;
    const struct prepared_transaction *prepared;
    guint prepared_count;
};
struct activity *activity_ref(struct activity *activity);
void activity_unref(struct activity *activity);
DEFINE_AUTOPTR(activity, activity_unref);

struct activity *database_activity(struct database *database, GError **error);

/* Cancels what a session does, or ends it (terminates). began is its session's: a pid that belongs
 * to another by now is left alone. TRUE with *was_told FALSE when there is no such session any
 * more. ERROR_FAILED without the right (manual, section 9.27.2). */
gboolean database_session_end(struct database *database, int pid, gint64 began, gboolean terminates,
                              gboolean *was_told, GError **error);

/* NULL when no session has this pid. Borrowed. */
const struct session *activity_session(const struct activity *activity, int pid);

#endif
