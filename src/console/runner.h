/* The thread that changes: one run at a time, on a connection of its own, told to the main thread
 * as events that never make it wait. What the main thread knows of the run is a run_picture. */
#ifndef WINCH_CONSOLE_RUNNER_H
#define WINCH_CONSOLE_RUNNER_H

#include <glib.h>

#include "base/autofree.h"
#include "engine/engine.h"
#include "engine/preview.h"

struct console;
struct preview_table;
struct runner;

enum run_kind {
    RUN_MIGRATE,
    RUN_DRY_RUN,
    RUN_FORCE,
    RUN_INIT,
    RUN_ADOPT,
    RUN_DROP,
    RUN_END_SESSION, /* passes a gate, but not the runner: it may be wanted while a run is blocked
                      */
};

struct run_request {
    enum run_kind kind;
    struct goal goal;    /* RUN_MIGRATE, RUN_DRY_RUN */
    gint64 version;      /* RUN_FORCE */
    char *environment;   /* RUN_INIT, or NULL */
    int pid;             /* RUN_END_SESSION: whose */
    gint64 began;        /* and since when, so that nobody else's is meant */
    gboolean terminates; /* end the session, not only what it does */
    char *session;       /* its user, application and statement, for the gate; raw */
    char *plan_id;       /* RUN_MIGRATE: what was seen in the gate */
    char *confirm;       /* the words that were typed, as engine_confirmation() gives them; NULL */
    char *reason;        /* or NULL */
    char *override;      /* why a policy is to be passed over; or NULL */
};
struct run_request *run_request_new(enum run_kind kind);
void run_request_free(struct run_request *request);
DEFINE_AUTOPTR(run_request, run_request_free);

enum run_phase {
    RUN_PHASE_CONNECTING,
    RUN_PHASE_WAITING, /* for the migration lock */
    RUN_PHASE_RUNNING,
    RUN_PHASE_CANCELLING,
    RUN_PHASE_SETTLING, /* the connection is lost; finding out what is true */
    RUN_PHASE_DONE,
    RUN_PHASE_FAILED,
};

enum run_mark {
    RUN_MARK_WAITING,
    RUN_MARK_RUNNING,
    RUN_MARK_DONE,
    RUN_MARK_FAILED,
    RUN_MARK_SKIPPED
};

struct run_statement_picture {
    enum run_mark mark;
    gint64 started_at; /* microseconds, console_now()'s clock */
    gint64 elapsed_us;
    gint64 rows; /* -1: not counted */
    unsigned line;
    char *verb;    /* "CREATE INDEX" */
    char *text;    /* its first words, raw */
    char *message; /* notices and the error, raw; NULL */
};

struct run_step_picture {
    enum run_mark mark;
    gint64 version;
    enum direction direction;
    char *digits, *title;
    gboolean is_transactional;
    char *mode_reason; /* why it runs so */
    gint64 started_at, elapsed_us;
    GPtrArray *statements; /* of struct run_statement_picture * */
    char *skipped;         /* a dry run's reason for not running it; NULL */
    char *message;         /* why it is tried again, or the error; raw; NULL */
};

/* Main thread only; changes as events arrive. */
struct run_picture {
    enum run_kind kind;
    enum run_phase phase;
    gint64 started_at, ended_at;
    struct plan *plan;                           /* NULL until it was made under the lock */
    GPtrArray *steps;                            /* of struct run_step_picture * */
    guint step;                                  /* the one under way */
    guint statement;                             /* of it */
    gint64 statement_at;                         /* when that began, monotonic */
    char *waiting_for;                           /* holder of the migration lock; raw; NULL */
    char *blocked_by;                            /* who is in our way; raw; NULL */
    char *blocking;                              /* who waits for us; raw; NULL */
    gint64 blocked_at, blocking_at, progress_at; /* when that was last heard */
    char *progress;                              /* the server's phase; raw; NULL */
    gint64 progress_done, progress_total;        /* total 0: the server gives no numbers */
    GPtrArray *notices; /* of char *: what the engine and the server noted; raw; the newest last */
    guint stop_level;   /* enum cancel_level asked for so far */
    char *outcome;      /* at the end: what is true of the database, in a sentence */
    GError *error;      /* NULL when it went well */
    gint64 version;     /* the version row afterwards */
    gboolean is_dirty, is_unsettled;
    guint done;                  /* steps that are in */
    struct preview_table *table; /* RUN_DRY_RUN: what it saw; NULL */
    gboolean runs_all;           /* a preview that runs what is not transactional too */
};

/* on_change is called on the main thread whenever the picture has moved. settings must outlive the
 * runner. */
struct runner *runner_new(struct console *console, const struct engine_settings *settings,
                          void (*on_change)(struct console *console));
/* Waits for a run under way: cancel it first. */
void runner_free(struct runner *runner);

/* Takes over request. FALSE when a run is under way. */
gboolean runner_start(struct runner *runner, struct run_request *request);
gboolean runner_is_active(const struct runner *runner);
/* The same, but told by the run's thread itself: what the main thread has not heard yet counts. Any
 * thread. */
gboolean runner_is_working(struct runner *runner);
/* TRUE while what is under way writes to the database for good. */
gboolean runner_is_writing(const struct runner *runner);
/* Any thread. */
void runner_stop(struct runner *runner, enum cancel_level level, enum error_code why);
/* NULL before the first run. */
const struct run_picture *runner_picture(const struct runner *runner);

#endif
