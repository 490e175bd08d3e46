/* The PostgreSQL driver's inside: the handle, and what its files offer each other. */
#ifndef WINCH_DATABASE_POSTGRES_POSTGRES_H
#define WINCH_DATABASE_POSTGRES_POSTGRES_H

#include <libpq-fe.h>

#include "database/driver.h"
#include "database/postgres/url.h"

/* Autofree for what libpq hands out. */
static inline void autoclear_result(PGresult **result)
{
    PQclear(*result);
}
#define AUTORESULT __attribute__((cleanup(autoclear_result))) PGresult

/* trace.c: what was sent on one connection and is not answered. */
struct statement_queue {
    GQueue waiting;
    gint64 answered_at;
};

struct postgres {
    struct database base;      /* first: a struct database * is a struct postgres * */
    GStringChunk *strings;     /* owns the facts' strings */
    PGconn *main;              /* the session that holds the lock and runs everything */
    PGconn *control;           /* cancels, watches and settles; NULL until postgres_control() */
    char **keywords, **values; /* how it connected, for the control connection and reconnecting;
                                * always with an application_name; the password in values is
                                * wiped by close */
    gint64 connect_timeout;    /* milliseconds for one attempt, 0 none */
    char *url_path;            /* the URL's path as golang-migrate has it: "/app"; NULL without */
    char *label;
    char *schema, *table; /* of the version table, unquoted */
    char *version_table;  /* quoted: "public"."schema_migrations" */
    char *table_name;     /* unquoted, as history.version_table has it: public.schema_migrations */
    char *own_schema;     /* unquoted */
    char *own;            /* quoted */
    char *application_name;
    char *problem;     /* of the last version_read */
    char *history_sql; /* the INSERT, once it was made */
    /* the version table and the own schema as last looked at */
    enum version_table_kind shape; /* FOREIGN here: by its columns; the rows are not counted */
    char *shape_problem;           /* FOREIGN: whose it is and what to do */
    gboolean can_read_version;
    gboolean has_schema;             /* the version table's schema exists */
    gboolean cannot_identify_system; /* pg_control_system() is not for this role */
    gboolean has_own_schema, can_write_files, can_read_files, can_read_chain, has_database_row;
    gboolean can_read_impact, can_write_impact;
    gboolean can_see_wal;  /* may call pg_current_wal_insert_lsn() */
    gboolean owns_history; /* is, or is a member of, the role that owns the history */
    char *own_rights;      /* on each table of the own schema: " marks=rawd approvals=ra" */
    GArray *lock_ids;
    GStringChunk *holder_strings; /* of the last lock_holder */
    gboolean holds_lock;
    gboolean is_pooler_checked;
    gboolean cannot_check_client; /* the server has no client_connection_check_interval */
    gboolean has_applied_at;
    gboolean is_rehearsing;
    gint64 rehearsal_lock_timeout; /* milliseconds */
    struct measure *measure;       /* measure.c: what is known of the relations; NULL until then */
    GHashTable *prepared;          /* text -> name on main of what was prepared; NULL until then */
    guint prepared_count;
    GHashTable *session_texts; /* session.c: flags -> SQL that was put together; NULL until then */
    gboolean may_have_event_triggers; /* as last looked at */
    gboolean has_temporary_schema;    /* main's session has made one */
    gboolean prepares_nothing; /* while a file runs that may throw prepared statements away */
    /* session state at the start, to be put back after each file */
    char *search_path, *role, *session_replication_role, *row_security;
    /* settle.c: by what the backend with this pid, and its server, are known again */
    int noted_pid;
    char backend_start[24], timeline[16];
    struct statement_queue sent[2]; /* of main; of any other */
};

/* ---- trace.c: everything that is sent and everything that comes back passes here ---------------
 */

/* PQsendQuery(), PQsendQueryParams(), PQsendPrepare(), PQsendQueryPrepared() and PQgetResult(),
 * told to on_statement. */
gboolean postgres_send(struct postgres *postgres, PGconn *connection, const char *sql);
gboolean postgres_send_params(struct postgres *postgres, PGconn *connection, const char *sql,
                              int count, const char *const *values, const int *lengths,
                              const int *formats);
/* Preparing is only told when it fails: what is told of a prepared statement, by its text sql, is
 * each time it runs. */
gboolean postgres_send_prepare(struct postgres *postgres, PGconn *connection, const char *name,
                               const char *sql);
gboolean postgres_send_prepared(struct postgres *postgres, PGconn *connection, const char *name,
                                const char *sql, int count, const char *const *values,
                                const int *lengths, const int *formats);
PGresult *postgres_take(struct postgres *postgres, PGconn *connection);
/* PQfinish(); what was not answered is told as lost. connection may be NULL. */
void postgres_finish(struct postgres *postgres, PGconn *connection);

/* ---- connection.c: sending with an eye on the cancellation; connect.c: connecting ------------ */

/* milliseconds from now, for postgres_wait_socket(); below 0 for none. */
gint64 postgres_deadline(gint64 milliseconds);

/* Polls socket (-1: none) for events together with the cancellation (may be NULL), until deadline.
 * As postgres_wait(), 1 meaning that the socket has something. */
int postgres_wait_socket(struct cancellation *cancellation, int socket, short events,
                         gint64 deadline);

/* Advises what is known of this SQLSTATE beyond the server's own words. */
void postgres_advise(GError **error, const char *sqlstate);

/* Waits until PQgetResult() on connection would not block, or milliseconds have passed (-1: no
 * limit). Returns 1 ready, 0 time passed, -1 connection lost, 2 the cancellation was raised (taken
 * by cancellation_seen(); ask cancellation_level()). Flushes what is still to be sent meanwhile. */
int postgres_wait(struct postgres *postgres, PGconn *connection, int milliseconds);

/* One statement by the extended protocol, outside pipeline mode, with text parameters; every round
 * trip is counted. A cancellation raised to CANCEL_NOW meanwhile cancels it. NULL with error unless
 * it succeeded. Not for the text of migration files. */
PGresult *postgres_query(struct postgres *postgres, PGconn *connection, const char *sql,
                         int parameter_count, const char *const *parameters, GError **error);

/* One or more statements by the simple protocol, as one implicit transaction: the last result.
 * NULL with error unless all succeeded. Not for the text of migration files. */
PGresult *postgres_query_simple(struct postgres *postgres, PGconn *connection, const char *sql,
                                GError **error);

/* The same, results thrown away. */
gboolean postgres_execute(struct postgres *postgres, PGconn *connection, const char *sql,
                          GError **error);

/* Several statements in one message by the simple protocol, as one implicit transaction: what those
 * that give rows gave (of PGresult *, freed with the array), up to the first that failed; error is
 * set then. Never NULL. */
GPtrArray *postgres_query_several(struct postgres *postgres, PGconn *connection, const char *sql,
                                  GError **error);

/* Waits without limit for the next result and takes it: for whoever sent something else. */
PGresult *postgres_result_next(struct postgres *postgres, PGconn *connection);

/* Sleeps for milliseconds; 0, or 2 when the cancellation was raised meanwhile (and taken). */
int postgres_pause(struct postgres *postgres, int milliseconds);

/* A first connection by keywords and values, which any cancellation ends. */
PGconn *postgres_connect(struct postgres *postgres, GError **error);

/* Opens the control connection unless it is open: the same database and user, autocommit,
 * application_name "winch control". */
PGconn *postgres_control(struct postgres *postgres, GError **error);

/* A fresh main connection after the old one was lost; the lock is not held then. */
gboolean postgres_reconnect(struct postgres *postgres, GError **error);

/* Sets error from a failed result: SQLSTATE, DETAIL, HINT, CONTEXT; message prefixed by what
 * and ": " unless what is NULL.
 * Class 08, 57P01-57P03 and a bad connection are ERROR_NO_CONNECTION, 57014 after our cancelling
 * ERROR_CANCELLED (cancellation_why()), else ERROR_FAILED. result may be NULL (PQerrorMessage is
 * used). */
void postgres_error_set(GError **error, struct postgres *postgres, PGconn *connection,
                        const PGresult *result, const char *what);

/* ---- small_transaction.c: a few statements of our own as one transaction in one round trip
 * ------------ */

/* Enters pipeline mode and sends BEGIN, with synchronous commit. */
gboolean postgres_small_begin(struct postgres *postgres, guint *messages, GError **error);
/* One more statement without parameters; failures are told by the end. */
void postgres_small_send(struct postgres *postgres, const char *sql, guint *messages);
/* Commits, takes all results and leaves pipeline mode. The last result with rows, or an empty one;
 * NULL with error when any failed: nothing of it has happened then. */
PGresult *postgres_small_commit(struct postgres *postgres, guint messages, GError **error);

/* ---- prepared.c ------------------------------------------------------------------------------ */

/* Sends a statement of ours that will come again (connection in pipeline mode), prepared unless
 * prepares_nothing. Adds to *messages how many results will come, its own being the last. FALSE
 * only when libpq refuses. */
gboolean postgres_send_own(struct postgres *postgres, const char *sql, int count,
                           const char *const *values, const int *lengths, const int *formats,
                           guint *messages);
/* What was prepared may be gone, or never have arrived: everything is prepared anew. */
void postgres_prepared_forget(struct postgres *postgres);
void postgres_prepared_free(struct postgres *postgres);

/* ---- what the pipeline of a run sends (connection in pipeline mode; each adds *messages) ------
 */

/* version_table.c: the version row as golang-migrate would have it: DELETE (or TRUNCATE) and, for
 * version >= 0 or dirty, INSERT. Adds to *messages how many results will come. FALSE only when
 * libpq refuses (out of memory, connection gone). */
gboolean postgres_version_send(struct postgres *postgres, gint64 version, gboolean is_dirty,
                               guint *messages);

/* history.c: the history row. With tuples: its result has one row: id, started_at, finished_at,
 * xid, hash, and where the WAL was (NULL when that may not be seen). No-op when history is not
 * writable. */
gboolean postgres_history_send(struct postgres *postgres, const struct history_record *record,
                               guint *messages);

/* history.c: fills in the server-side fields from that result. */
void postgres_history_stamp(struct history_record *record, const PGresult *result);

/* ---- the driver's functions, by file --------------------------------------------------------- */

/* facts.c */
gboolean postgres_facts_read(struct postgres *postgres, GError **error);
/* Looks again at what may have changed: the version table, the own schema, the rights. One round
 * trip. */
gboolean postgres_look_again(struct postgres *postgres, GError **error);
/* The same, and what the database says that it is. One round trip more where that is recorded. */
gboolean postgres_environment_read(struct database *database, GError **error);
/* version_table.c */
gboolean postgres_version_read(struct database *database, struct version_state *state,
                               GError **error);
gboolean postgres_force(struct database *database, gint64 version, struct history_record *record,
                        GError **error);
/* The SELECT of the row, and what its result means for state. */
char *postgres_version_sql(const struct postgres *postgres);
gboolean postgres_version_fill(struct postgres *postgres, const PGresult *result,
                               struct version_state *state);
/* activity.c */
struct pulse *postgres_pulse(struct database *database, GError **error);
struct activity *postgres_activity(struct database *database, GError **error);
gboolean postgres_session_end(struct database *database, int pid, gint64 began, gboolean terminates,
                              gboolean *was_told, GError **error);
/* progress.c: a row a view of pg_stat_progress_*; the texts are SQL. Ended by a NULL name. */
struct progress_view {
    const char *name, *phase, *unit, *done, *total;
    int since; /* server version */
};
extern const struct progress_view postgres_progress_views[];
/* install.c */
gboolean postgres_install(struct database *database, GError **error);
char *postgres_install_script(const struct database *database);
gboolean postgres_environment_record(struct database *database, const char *environment,
                                     GError **error);
/* Replaces each @NAME@ of template; pairs names all of them. Replacements are not looked into. */
char *postgres_fill_in(const char *template, const char *const pairs[][2]);
/* layout.c: what the own schema has had since its first layout. The script is idempotent. */
gboolean postgres_layout_is_whole(const struct postgres *postgres);
char *postgres_layout_script(const struct postgres *postgres);
/* Whether a table of the own schema is there, and this role has a right on it: 'r'ead, 'a'dd,
 * 'w'rite, 'd'elete, or '\0' for none in particular. As last looked at. */
gboolean postgres_own_can(const struct postgres *postgres, const char *table, char right);
/* circumstances.c */
gboolean postgres_circumstances(struct database *database, const GPtrArray *needed,
                                struct circumstances *circumstances, GError **error);
gboolean postgres_clock(struct database *database, gint64 *now, GError **error);
/* marks.c */
GArray *postgres_marks_read(struct database *database, GError **error);
gboolean postgres_mark_write(struct database *database, const struct version_mark *mark,
                             gboolean is_removed, struct history_record *record, GError **error);
GArray *postgres_approvals_read(struct database *database, const char *plan_id, GError **error);
gboolean postgres_approve(struct database *database, gint64 lifetime, struct history_record *record,
                          GError **error);
/* lock.c */
gboolean postgres_lock(struct database *database, gint64 timeout, lock_wait_fn on_wait, void *data,
                       GError **error);
void postgres_unlock(struct database *database);
int postgres_lock_holder(struct database *database, struct lock_holder *holder, GError **error);
/* Class of winch's own advisory lock, beside golang-migrate's: "wind" in ASCII. */
#define POSTGRES_OWN_LOCK_CLASS 2003398244
/* golang-migrate waits for the lock inside the server, holding a snapshot that CREATE INDEX
 * CONCURRENTLY in the holder would wait for: a deadlock. So its ids stand aside for such a
 * statement. The dirty version row keeps golang-migrate out meanwhile, our own id other winches.
 * The return polls, at most timeout milliseconds. */
gboolean postgres_lock_aside(struct postgres *postgres, GError **error);
gboolean postgres_lock_return(struct postgres *postgres, gint64 timeout, GError **error);
const GArray *postgres_lock_ids(const struct database *database);
/* The id golang-migrate computes: crc32(schema NUL table NUL name) * 1486364155 mod 2^32. */
guint32 postgres_lock_id(const char *schema, const char *table, const char *name);
/* pooler.c: refuses a transaction-pooling pgbouncer and its like. */
gboolean postgres_pooler_refuse(struct postgres *postgres, GError **error);
/* lock.c: refuses a standby too. */
gboolean postgres_can_change(struct postgres *postgres, GError **error);
/* history.c */
gboolean postgres_history_append(struct database *database, struct history_record *record,
                                 GError **error);
GPtrArray *postgres_history_read(struct database *database, guint limit, GError **error);
gboolean postgres_history_head(struct database *database, gint64 *rows, char **hash,
                               GError **error);
/* vault.c */
gboolean postgres_run_begin(struct database *database, struct history_record *record,
                            const struct run_file *files, guint count, GError **error);
GBytes *postgres_file_read(struct database *database, const char *sha256, GError **error);
/* catalog.c */
struct catalog *postgres_catalog_read(struct database *database, GError **error);
/* flaws.c */
GPtrArray *postgres_flaws_read(struct database *database, unsigned checks, GError **error);
/* catalog_origin.c */
GArray *postgres_catalog_origins(struct database *database, const GPtrArray *differences);
/* impact.c */
gboolean postgres_impact_append(struct database *database, const GArray *impacts, GError **error);
GArray *postgres_impact_read(struct database *database, gint64 from_id, GError **error);
/* inventory.c, receipt.c */
gboolean postgres_inventory_list(struct database *database, struct inventory *inventory,
                                 gboolean is_brief, GError **error);
gboolean postgres_inventory_dependents(struct database *database, const char *key, GPtrArray *keys,
                                       GError **error);
gboolean postgres_losses_count(struct database *database, GPtrArray *losses, gint64 budget,
                               gint64 lock_timeout, GError **error);
/* rows.c, rows_make.c */
/* Questions under search_path pg_catalog, in the transaction that goes on, which they leave as it
 * is, or in one of their own: of PGresult *. NULL with error when one failed. */
GPtrArray *postgres_rows_ask(struct postgres *postgres, const char *question, GError **error);
struct table_states *postgres_tables_read(struct database *database, GError **error);
GArray *postgres_rows_sum(struct database *database, const GPtrArray *tables, GError **error);
GArray *postgres_rows_make(struct database *database, const GPtrArray *tables, GError **error);
gboolean postgres_script_run(struct database *database, const char *script, GError **error);
/* drop.c */
gboolean postgres_drop(struct database *database, struct history_record *record, GPtrArray *dropped,
                       GError **error);
/* run.c: transactional; run_separate.c: the others; run_flight.c: several at the same time;
 * rehearse.c; cancel.c; watch.c; settle.c */
gboolean postgres_run(struct database *database, const struct run_job *job,
                      struct run_result *result, GError **error);
gboolean postgres_run_window(struct database *database, const struct run_window *window,
                             guint *done, struct run_result *result, GError **error);
gboolean postgres_rehearsal_begin(struct database *database, gint64 lock_timeout, GError **error);
gboolean postgres_rehearse(struct database *database, const struct run_job *job,
                           struct run_result *result, GError **error);
gboolean postgres_rehearsal_keep(struct database *database, GError **error);
void postgres_rehearsal_end(struct database *database);

#endif
