/* What the files that run migrations offer each other. Nobody else includes this. */
#ifndef WINCH_DATABASE_POSTGRES_RUN_INTERNAL_H
#define WINCH_DATABASE_POSTGRES_RUN_INTERNAL_H

#include "database/postgres/postgres.h"

/* What was sent, in the order in which its results come. */
enum message_kind {
    MESSAGE_BEGIN,
    MESSAGE_SETTINGS, /* limits and name for this run; answers the transaction id */
    MESSAGE_GUARD,    /* fails unless the database and the session are as the file expects them */
    MESSAGE_STATEMENT,
    MESSAGE_CHECK,
    MESSAGE_PUT_BACK, /* answers what the file had changed */
    MESSAGE_RECORD,   /* version row, history row */
    MESSAGE_COMMIT,
    MESSAGE_INSPECT, /* answers what the session keeps after the commit */
    MESSAGE_TIDY,
    MESSAGE_CONSTRAINTS, /* rehearsals: what a commit would check */
    MESSAGE_DEFERRED,    /* answers which constraints are deferred by themselves */
    MESSAGE_CLOCK_START, /* measuring: the server's clock, and where the WAL is */
    MESSAGE_CLOCK_STOP,
    MESSAGE_EVIDENCE, /* answers what the session holds and has read */
    MESSAGE_SYNC,     /* the end of a segment: what failed in it is over */
};

struct postgres_run;

struct message {
    enum message_kind kind;
    guint index; /* of the statement or check */
    struct postgres_run *run;
};

/* Asynchronous use of the control connection: nothing here waits for the server. */
typedef void (*control_answer_fn)(struct postgres_run *run, const PGresult *result);
struct control {
    PGconn *connecting;
    PostgresPollingStatusType polling;
    gint64 since; /* when what is going on began */
    gint64 retry_at;
    gboolean is_asking;
    control_answer_fn answer; /* of the question asked */
};

enum leftover {
    LEFTOVER_PREPARED = 1 << 0,
    LEFTOVER_CURSOR = 1 << 1,
    LEFTOVER_LISTEN = 1 << 2,
    LEFTOVER_TEMPORARY = 1 << 3,
    LEFTOVER_LOCK = 1 << 4,
};

/* The main connection while runs are on it, and the control connection beside it: what all runs
 * share that are under way at the same time. */
struct run_channel {
    struct cancellation *outer;        /* the database's own, while the jobs' stands in for it */
    struct cancellation *cancellation; /* in force; may be NULL */
    gboolean is_shielded;              /* what goes on is short and has to be done: no cancelling */
    guint unflushed;                   /* messages since the last PQflush() */
    GQueue messages;                   /* struct message *, sent and not yet answered */
    gboolean is_lost;                  /* the main connection is gone */
    gboolean is_cancelled;             /* the server was told to cancel */
    gint64 cancelling_since, told;     /* 0: not yet */
    struct cancel_thread *thread;
    struct control control;
};

struct flight;

/* One run of a job, or one rehearsal of it. */
struct postgres_run {
    struct postgres *postgres;
    const struct run_job *job;
    struct run_result *result;
    struct run_channel *channel, own_channel;
    gboolean is_rehearsal;
    gboolean is_measuring; /* the file's statements are measured, from this one on */
    guint measured_from;

    struct flight *flight;               /* under way together with others; NULL: by itself */
    const struct postgres_run *previous; /* of the flight, sent before it; NULL: none */
    gboolean follows_unseen;             /* some of those may have made an event trigger */

    guint statement; /* the one running; statement_count: none of them */
    gboolean is_in_statement;
    gint64 started, statement_started; /* monotonic */
    gint64 rows;                       /* of the statement that is streaming */

    gint64 began_at; /* server's clock, of the first row recorded: when a separate run began */
    GError *error;   /* the first failure */
    gboolean lost_prepared; /* the first failure: a statement of ours was no longer prepared */
    gboolean is_unclean;    /* the first failure: the session is not as the file before found it */
    gboolean is_committed;  /* COMMIT was answered */
    gboolean had_commit;    /* PROTOCOL_WHOLE: part of the file committed by itself */
    guint attempted;        /* separate runs: statements that were sent */
    guint whole_results;    /* PROTOCOL_WHOLE: statements that were answered */
    guint leftovers;
    guint64 wal_start;      /* where the WAL was when it began; 0 unknown */
    char *deferred;         /* rehearsals: constraints to set deferred again */
    GArray *invalid_before; /* oids of indexes that were invalid before a separate run */

    gint64 looked;        /* when the last look at blockers and progress was taken */
    char *blocker;        /* who was in the way last */
    gboolean has_waiters; /* somebody waited for us at that look */
};

/* ---- run.c ---------------------------------------------------------------------------------- */

/* The stock of a run: what every protocol begins and ends with. */
void run_open(struct postgres_run *run, struct postgres *postgres, const struct run_job *job,
              struct run_result *result);
/* Gives up what the run holds; moves its error to *error. TRUE when there is none. */
gboolean run_close(struct postgres_run *run, GError **error);
/* The two for a run whose channel is another's, which outlives it. */
void run_join(struct postgres_run *run, struct postgres_run *other, const struct run_job *job,
              struct run_result *result);
gboolean run_leave(struct postgres_run *run, GError **error);

/* From here on the server's notices are this run's. */
void run_listen(struct postgres_run *run);
/* It took until now. */
void run_note_elapsed(struct postgres_run *run);

void run_event(struct postgres_run *run, enum run_event_kind kind, const char *text);
void run_statement_started(struct postgres_run *run, guint index);
void run_statement_done(struct postgres_run *run, gint64 rows);
/* Of a statement that was measured: done as long ago as the server says, and what it did. */
void run_evidence(struct postgres_run *run, struct evidence *evidence);
/* Rows a finished command counted; -1 when it counts none. */
gint64 run_rows(PGresult *result);
/* Adds a finished command to the rows that the run changed. */
void run_count(struct postgres_run *run, PGresult *result);
/* Where the WAL is, from the server's "16/B374D848"; 0 when that is not known. */
guint64 run_wal_place(const char *text);

/* Waits for the main connection's next result, watching, and cancelling where that was asked for.
 * FALSE: the connection is lost. */
gboolean run_wait(struct postgres_run *run);
/* True when nothing more may be sent. */
gboolean run_is_stopped(struct postgres_run *run);
/* Takes note of a failed result of message, unless there was one before. */
void run_fail(struct postgres_run *run, const struct message *message, const PGresult *result);
/* True, once, when only the statements we had prepared were missing, so that the same has to be
 * sent again without them; it was rolled back then. */
gboolean run_goes_again(struct postgres_run *run);
/* From here on nothing is cancelled (or is again): bookkeeping. */
void run_shield(struct postgres_run *run, gboolean is_shielded);
enum cancel_level run_cancel_level(const struct postgres_run *run);
/* ROLLBACK, whatever state the session is in. */
void run_rollback(struct postgres_run *run);
/* Writes the job's record as failed or cancelled, as run->error has it. A failure to do so is kept
 * to itself: the first error is what matters. */
void run_record_failure(struct postgres_run *run);
/* A copy of the job's record that speaks of run->error. NULL without a record. */
struct history_record *run_failure_record(const struct postgres_run *run);
/* Sends settings, statements and checks, and puts the session's state back: all between BEGIN and
 * the bookkeeping. */
gboolean run_send_body(struct postgres_run *run);
/* Sends all of a transactional run, from BEGIN to the look at the session after the commit. */
gboolean run_send_transaction(struct postgres_run *run);
/* A transactional run is in, as result says from here on; what the session kept is put away. */
void run_finish(struct postgres_run *run);
/* A transactional run is not in: rolls it back and records why. */
void run_fail_transaction(struct postgres_run *run);
/* Statements of the file that have to come before any query. */
guint run_leading_modes(const struct run_job *job);
/* The statement's own text, NUL-terminated; NULL with run->error set when it holds a NUL. */
char *run_statement_text(struct postgres_run *run, guint index);

/* ---- run_pipeline.c: messages in, results out, on the main connection
 * ---------------------------- */

void pipeline_enter(struct postgres_run *run);
/* Sends one message and asks for its result at once. FALSE: nothing more should be sent. */
gboolean pipeline_send(struct postgres_run *run, enum message_kind kind, guint index,
                       const char *sql, int count, const char *const *parameters);
/* The same for a statement of ours that comes with every migration: it is prepared once. */
gboolean pipeline_send_own(struct postgres_run *run, enum message_kind kind, guint index,
                           const char *sql, int count, const char *const *parameters);
/* The version row and the history row of the job. */
gboolean pipeline_send_version(struct postgres_run *run, gint64 version, gboolean is_dirty);
gboolean pipeline_send_record(struct postgres_run *run, const struct history_record *record);
/* Waits for the results of everything sent so far. TRUE: all is well. */
gboolean pipeline_drain(struct postgres_run *run);
/* Ends the segment: what comes next is not skipped when something of it failed. */
void pipeline_sync(struct postgres_run *run);
/* Waits for all that was sent, of every run, and leaves pipeline mode. */
void pipeline_leave(struct postgres_run *run);
/* Ends the segment and leaves pipeline mode. TRUE: no message failed. */
gboolean pipeline_finish(struct postgres_run *run);
/* Takes one result of message. TRUE when the message succeeded with it. */
gboolean pipeline_take(struct postgres_run *run, const struct message *message, PGresult *result);

/* ---- session.c: what a file may change, and putting it back ---------------------------------- */

gboolean session_begin_send(struct postgres_run *run, const char *modes);
gboolean session_settings_send(struct postgres_run *run, gboolean is_local);
/* Of a run in flight: nothing of the file runs unless its predecessor is in, and left nothing. */
gboolean session_guard_send(struct postgres_run *run);
/* What the guard's error says: TRUE when only the session was not clean. */
gboolean session_guard_is_unclean(const char *primary);
/* The version row as the guard's error has it: "none", "7", "7 (dirty)". NULL: not told. */
char *session_guard_version(const char *primary);
/* The state a file changed is put back, up to the end of the transaction when is_local. */
gboolean session_put_back_send(struct postgres_run *run, gboolean is_local, gboolean is_guarded);
void session_put_back_read(struct postgres_run *run, const PGresult *result);
gboolean session_inspect_send(struct postgres_run *run);
void session_inspect_read(struct postgres_run *run, const PGresult *result);
/* One more round trip, for a session that kept something. */
void session_clean(struct postgres_run *run);
/* Takes the migration lock again where the file released it. FALSE: another has it now. */
gboolean session_lock_retake(struct postgres_run *run);
/* True when the session cannot have kept anything of the file. */
gboolean session_keeps_nothing(const struct postgres_run *run);
/* True when the file may throw away what is prepared on its connection. */
gboolean session_may_unprepare(const struct run_job *job);
/* True when the text contains word (lower case) in any case: a reason to look closer. */
gboolean session_mentions(const struct run_job *job, const char *word);

/* ---- measure.c: what the statements of a rehearsal do -----------------------------------------
 */

/* Reads what is there before the first one, when the job measures. FALSE with run->error. */
gboolean measure_begin(struct postgres_run *run);
/* From here on the next statement is timed. */
gboolean measure_start_send(struct postgres_run *run);
/* After statement index: what it did. */
gboolean measure_send(struct postgres_run *run, guint index);
void measure_statement(struct postgres_run *run, PGresult *result);
void measure_clock(struct postgres_run *run, enum message_kind kind, const PGresult *row);
void measure_take(struct postgres_run *run, guint index, const PGresult *rows);
/* TRUE when a notice is only there because we asked for the server's own words. */
gboolean measure_notice(struct postgres_run *run, const PGresult *notice);
/* What was rehearsed is in: locks and counters begin anew, and what it made is still its own. */
void measure_committed(struct postgres *postgres);
void measure_free(struct postgres *postgres);

/* ---- control.c ------------------------------------------------------------------------------ */

/* Moves on what is going on, and opens the control connection when it is closed. TRUE when it can
 * be asked something. */
gboolean control_step(struct postgres_run *run);
void control_ask(struct postgres_run *run, const char *sql, const char *parameter,
                 control_answer_fn answer);
/* Waits a moment for the answer under way, so that no signal comes late. */
void control_finish(struct postgres_run *run);

/* ---- cancel.c, watch.c ---------------------------------------------------------------------- */

/* Tells the server to stop. To be called again and again until the pipeline has drained. */
void cancel_step(struct postgres_run *run);
void cancel_finish(struct postgres_run *run);
/* Looks, about once a second, who blocks us and how far the server is. */
void watch_step(struct postgres_run *run);

/* ---- settle.c ------------------------------------------------------------------------------- */

/* Notes by what the server and this backend can be told from others. Before a run. */
gboolean settle_prepare(struct postgres_run *run);
/* After the main connection was lost under these runs, begun in this order: finds out which are in,
 * and sets result and error of those up to the first that is not, whose index (or count) comes
 * back. The handle has a new main connection then, where one could be had. */
guint settle(struct postgres_run *const *runs, guint count);

/* ---- run_flight.c --------------------------------------------------------------------------- */

/* The guard of a run in flight has let it through, and: its last message was answered. */
void flight_begun(struct postgres_run *run);
void flight_passed(struct postgres_run *run);

/* ---- run_separate.c ------------------------------------------------------------------------- */

void run_separate(struct postgres_run *run);

/* ---- run_error.c ---------------------------------------------------------------------------- */

/* The error of a failed result: place in the file, statement, SQLSTATE and what the server adds. */
GError *run_error_new(struct postgres_run *run, const struct message *message,
                      const PGresult *result);
/* The same place without a result: an error of ours about a statement. */
GError *run_error_at(struct postgres_run *run, guint statement, enum error_code code,
                     const char *format, ...) G_GNUC_PRINTF(4, 5);
/* True when a result says that the session is over, not the statement. */
gboolean run_error_is_fatal(const PGresult *result);

#endif
