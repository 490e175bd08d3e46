/* Running one half of a migration: what goes in, what is heard meanwhile, what came of it. */
#ifndef WINCH_DATABASE_RUN_H
#define WINCH_DATABASE_RUN_H

#include <glib.h>

#include "base/cancellation.h"
#include "database/evidence.h"
#include "database/history.h"
#include "database/impact.h"

struct run_statement {
    const char *text; /* not NUL-terminated; borrowed */
    gsize length;
    gsize offset;        /* bytes from the start of the file's text */
    unsigned line;       /* in the file, from 1 */
    unsigned column;     /* in characters, from 1 */
    const char *verb;    /* "CREATE TABLE" */
    gboolean is_outside; /* refused in a transaction block */
};

/* A query that must return no row before the commit. */
struct run_check {
    const char *name;
    const char *sql;
    unsigned line;
};

/* A file's text, kept by its checksum in the down vault; see database_run_begin(). */
struct run_file {
    GBytes *bytes;
    const char *sha256;
};

enum run_protocol {
    PROTOCOL_TRANSACTION, /* statements, state put back, version row, history row, commit: as one */
    PROTOCOL_SEPARATE,    /* dirty first; each statement on its own; dirty cleared at the end */
    PROTOCOL_WHOLE,       /* dirty first; the whole text in one message; dirty cleared at the end */
};

enum run_event_kind {
    RUN_EVENT_STATEMENT_STARTED,
    RUN_EVENT_STATEMENT_DONE, /* elapsed_us and rows (-1: not counted) are known */
    RUN_EVENT_NOTICE,         /* text: the server's message with its severity */
    RUN_EVENT_BLOCKED,        /* text: who is in the way; about once a second while it lasts */
    RUN_EVENT_PROGRESS,       /* text: the server's phase; done and total from pg_stat_progress_* */
    RUN_EVENT_CHECK_DONE,     /* text: the check's name */
    RUN_EVENT_COMMITTING,
    RUN_EVENT_CANCELLING, /* the server was told to cancel */
    RUN_EVENT_SETTLING,   /* the connection is lost; finding out what is true */
    RUN_EVENT_LEFTOVER,   /* text: session state the file left behind, now put back */
    RUN_EVENT_BLOCKING,   /* text: how many wait for us, and the longest; about once a second while
                           * it lasts, and once more with session_total 0 when it is over */
    RUN_EVENT_EVIDENCE,   /* evidence: of the statement just done, or of what a commit checks */
};

/* Another session, in our way or behind us. Texts are raw, "" when unknown or hidden. */
struct run_session {
    int pid;                                                 /* 0: a prepared transaction */
    const char *user, *client, *application, *state, *query; /* query: its first 200 characters */
    gint64 waited_us; /* BLOCKING: for us; BLOCKED: how long it has been in its state */
};

/* How many of the sessions in the way, or behind, are named. */
#define RUN_SESSIONS_MAX 8

struct run_event {
    enum run_event_kind kind;
    guint statement; /* index into the job's statements */
    gint64 elapsed_us;
    gint64 rows;
    gint64 done, total;        /* 0: unknown */
    const char *text;          /* borrowed for the call; raw text of the server */
    struct evidence *evidence; /* EVIDENCE: borrowed, may be kept with evidence_ref() */
    /* BLOCKED and BLOCKING, borrowed: the first RUN_SESSIONS_MAX of session_total (which counts at
     * most 64 waiters); those that have waited longest first. NULL where the driver cannot tell. */
    const struct run_session *sessions;
    guint session_count, session_total;
};
/* Called on the running thread; must not block. */
typedef void (*run_event_fn)(const struct run_event *event, void *data);

struct run_job {
    enum run_protocol protocol;
    const char *file; /* path, for errors */
    const char *text; /* the whole text as it is sent (without a byte order mark) */
    gsize text_length;
    const struct run_statement *statements; /* without the file's own BEGIN and COMMIT where those
                                             * are replaced */
    guint statement_count;
    const char *begin_modes; /* transaction modes carried over, or NULL */
    const struct run_check *checks;
    guint check_count;
    gint64 version_before; /* the version row before (-1 none): what a failed first statement of
                              PROTOCOL_SEPARATE restores */
    gint64
        version_after; /* the version row after success, and while dirty (golang-migrate's way) */
    gboolean writes_version;      /* FALSE leaves the version row alone (a missed migration) */
    gboolean keeps_session_state; /* session_state: carry, as golang-migrate does */
    gboolean commits_synchronously;
    gboolean measures;   /* a rehearsal tells EVIDENCE of each statement, where the driver can; what a run among
                        * rehearsals makes is known to be new */
    gint64 lock_timeout; /* milliseconds; 0 none */
    gint64 timeout;      /* milliseconds for each statement; 0 none */
    const char *application_name;        /* "winch 7c1e09 up 000045 3/7" while it runs */
    const struct history_record *record; /* written on success with the migration, on failure after
                                          * the rollback; NULL: not recorded */
    struct cancellation *cancellation;   /* may be NULL */
    run_event_fn on_event;               /* may be NULL */
    void *event_data;
};

enum run_outcome {
    RUN_OUTCOME_COMMITTED,   /* done and recorded */
    RUN_OUTCOME_ROLLED_BACK, /* the database is exactly as before, the version row too */
    RUN_OUTCOME_DIRTY,       /* failed part way: the version row says (version_after, dirty) */
    RUN_OUTCOME_UNSETTLED,   /* the connection is lost and the truth could not be found out */
};

struct run_result {
    enum run_outcome outcome;
    guint statements_done;    /* of a run that did not commit as one: how many are in */
    guint failed_statement;   /* index, or statement_count when it was none of them */
    gint64 elapsed_us;        /* the whole of it, commit included */
    gboolean is_retryable;    /* nothing of it is in, and the cause may pass: lock timeout (55P03),
                               * deadlock (40P01), serialization failure (40001) */
    gboolean connection_lost; /* the database handle can only be closed */
    char xid[24];             /* "" when not known */
    struct impact impact;     /* without statements: those were told as events */
};

/* Halves that may be under way at the same time, in this order; see database_run_window(). */
struct run_window {
    const struct run_job *jobs;
    guint count;
    /* Called on the running thread, must not block: the one at index has begun, and is in. What
     * began and is not told to be in has failed. */
    void (*on_begun)(guint index, void *data);
    void (*on_done)(guint index, const struct run_result *result, void *data);
    void *data;
};

/* Adds to the advice of an error that left a migration part way: what to do first, and which
 * version to force by what was made of it. What the advice said before has to hold of a dirty
 * database. */
void run_advise_dirty(const struct run_job *job, const char *first, GError **error);

#endif
