/* The SQLite driver's inside: the handle, and what its files offer each other. */
#ifndef WINCH_DATABASE_SQLITE_SQLITE_H
#define WINCH_DATABASE_SQLITE_SQLITE_H

#include <sqlite3.h>

#include "database/driver.h"

/* What the callbacks of a running statement need to know. Times are monotonic microseconds. */
struct sqlite_watch {
    struct cancellation *cancellation; /* may be NULL */
    gint64 lock_timeout;               /* milliseconds; 0: no limit */
    gint64 timeout;                    /* milliseconds for a statement; 0: none */
    gint64 deadline;                   /* 0: none */
    gint64 busy_since, busy_told;
    gboolean was_cancelled, was_late;
    const struct run_job *job; /* for its events; may be NULL */
    guint statement;
};

struct sqlite {
    struct database base;  /* first: a struct database * is a struct sqlite * */
    GStringChunk *strings; /* owns the facts' strings */
    sqlite3 *db;           /* NULL while the file does not exist */
    char *path;            /* absolute; ":memory:" */
    char *label;
    char *table;      /* of the version table, unquoted */
    char *table_name; /* as history.version_table has it: main.schema_migrations */
    char *own;        /* prefix of our own tables: "winch" */
    char *problem;    /* of the last version_read */
    GArray *lock_ids; /* empty: there are no advisory locks */
    GStringChunk *holder_strings;
    char *lock_path;
    int lock_fd; /* -1: not held */
    gboolean is_memory, is_read_only, enables_foreign_keys;
    gboolean has_version_table, has_applied_at, has_marks;
    gboolean is_rehearsing, is_rehearsing_nothing;  /* the latter: on an empty database in memory */
    gboolean guards_own_tables, guards_transaction; /* what the authorizer refuses just now */
    const char *refusal;                            /* why it did; static */
    gint64 transaction_started;                     /* microseconds since 1970 */
    gint64 run_started;                             /* the same; 0 outside a run */
    struct sqlite_watch watch;
    GHashTable *session; /* setting (borrowed) -> value, as they were when it was opened */
};

static inline struct sqlite *sqlite_of(struct database *database)
{
    return (struct sqlite *)(gpointer)database;
}

static inline void autofinalize(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}
#define AUTOSTATEMENT __attribute__((cleanup(autofinalize))) sqlite3_stmt

#define SQLITE_LOOK_TIMEOUT 5000 /* milliseconds to wait for a writer when only looking */

/* ---- location.c: which file is meant -------------------------------------------------------- */

/* Fills path, table, own, is_memory, is_read_only and enables_foreign_keys. ERROR_CONFIG. */
gboolean sqlite_locate(struct sqlite *sqlite, const struct database_options *options,
                       GError **error);

/* ---- connection.c: opening, and our own SQL ------------------------------------------------- */

/* Opens the file; without can_create a missing one leaves db NULL, which is no error. */
gboolean sqlite_connect(struct sqlite *sqlite, gboolean can_create, GError **error);

/* Whether the table of this name, an SQL expression, is one of ours; ?1 is their prefix. */
#define SQLITE_IS_OWN(name)                                                                        \
    "(lower(substr(" name ", 1, length(?1) + 1)) = lower(?1 || '_') AND lower(substr(" name        \
    ", length(?1) + 2)) IN ('history', 'chain', 'files', 'database', 'marks'))"

/* In our own SQL, @own stands for the prefix of our tables and @version for the version table,
 * always between double quotes and after "main.", since a temporary table may have any name. */
char *sqlite_expand(const struct sqlite *sqlite, const char *sql);
sqlite3_stmt *sqlite_prepare(struct sqlite *sqlite, const char *sql, GError **error);

/* 1 a row, 0 done, -1 error. */
int sqlite_step(struct sqlite *sqlite, sqlite3_stmt *statement, GError **error);

/* One or more statements, rows thrown away. */
gboolean sqlite_execute(struct sqlite *sqlite, const char *sql, GError **error);

/* The write lock is taken at once, so that nothing later in the transaction waits for it. */
gboolean sqlite_begin(struct sqlite *sqlite, GError **error);
gboolean sqlite_commit(struct sqlite *sqlite, GError **error);
void sqlite_rollback(struct sqlite *sqlite);

/* Sets error from the connection's last result: ERROR_CANCELLED and its like after a cancel, else
 * ERROR_FAILED, with advice where there is one. what may be NULL. */
void sqlite_error_set(GError **error, struct sqlite *sqlite, const char *what);

/* From here on statements are watched for this job. NULL is for our own SQL, which no cancelling
 * stops: what happened has to be written down all the same. */
void sqlite_watch(struct sqlite *sqlite, const struct run_job *job);
/* Waiting for other connections in our way, after a PRAGMA busy_timeout took its place. */
void sqlite_busy_install(struct sqlite *sqlite);
gboolean sqlite_is_cancelled(struct sqlite *sqlite);

/* ---- version_table.c ------------------------------------------------------------------------ */

gboolean sqlite_version_read(struct database *database, struct version_state *state,
                             GError **error);
/* The version row as golang-migrate would have it, in the open transaction. */
gboolean sqlite_version_write(struct sqlite *sqlite, gint64 version, gboolean is_dirty,
                              GError **error);
gboolean sqlite_force(struct database *database, gint64 version, struct history_record *record,
                      GError **error);

/* ---- install.c ------------------------------------------------------------------------------ */

/* Looks which of our tables are there. */
gboolean sqlite_presence_read(struct sqlite *sqlite, GError **error);
gboolean sqlite_install(struct database *database, GError **error);
char *sqlite_install_script(const struct database *database);
gboolean sqlite_environment_record(struct database *database, const char *environment,
                                   GError **error);
gboolean sqlite_environment_read(struct database *database, GError **error);

/* ---- lock.c --------------------------------------------------------------------------------- */

gboolean sqlite_lock(struct database *database, gint64 timeout, lock_wait_fn on_wait, void *data,
                     GError **error);
void sqlite_unlock(struct database *database);
int sqlite_lock_holder(struct database *database, struct lock_holder *holder, GError **error);
const GArray *sqlite_lock_ids(const struct database *database);

/* ---- activity.c ----------------------------------------------------------------------------- */

struct pulse *sqlite_pulse(struct database *database, GError **error);
struct activity *sqlite_activity(struct database *database, GError **error);
gboolean sqlite_session_end(struct database *database, int pid, gint64 began, gboolean terminates,
                            gboolean *was_told, GError **error);

/* ---- catalog.c ------------------------------------------------------------------------------ */

struct catalog *sqlite_catalog_read(struct database *database, GError **error);

/* ---- history.c ------------------------------------------------------------------------------ */

/* In the open transaction; *record gets what the driver fills in. No-op when not writable. */
gboolean sqlite_history_write(struct sqlite *sqlite, struct history_record *record, GError **error);
gboolean sqlite_history_append(struct database *database, struct history_record *record,
                               GError **error);
gboolean sqlite_run_begin(struct database *database, struct history_record *record,
                          const struct run_file *files, guint count, GError **error);
GPtrArray *sqlite_history_read(struct database *database, guint limit, GError **error);
gboolean sqlite_history_head(struct database *database, gint64 *rows, char **hash, GError **error);
GBytes *sqlite_file_read(struct database *database, const char *sha256, GError **error);

/* ---- marks.c -------------------------------------------------------------------------------- */

GArray *sqlite_marks_read(struct database *database, GError **error);
gboolean sqlite_mark_write(struct database *database, const struct version_mark *mark,
                           gboolean is_removed, struct history_record *record, GError **error);

/* ---- statement.c: the statements of a migration file ---------------------------------------- */

/* Runs statement index of the job (index statement_count: the whole text, as it comes), telling
 * its events. *has_effect becomes TRUE when it may have changed the database. */
gboolean sqlite_statement_run(struct sqlite *sqlite, const struct run_job *job, guint index,
                              gboolean *has_effect, GError **error);
gboolean sqlite_checks_run(struct sqlite *sqlite, const struct run_job *job, GError **error);

/* ---- session.c: what a file may leave behind in the connection ------------------------------- */

void sqlite_session_remember(struct sqlite *sqlite);
/* Settings, before our own rows are written; and temporary objects and attached databases, once no
 * transaction is open. Each names what it found, in events of job, and puts it back. */
void sqlite_session_restore_settings(struct sqlite *sqlite, const struct run_job *job);
void sqlite_session_restore_objects(struct sqlite *sqlite, const struct run_job *job);

/* ---- receipt.c ------------------------------------------------------------------------------- */

gboolean sqlite_inventory_list(struct database *database, struct inventory *inventory,
                               gboolean is_brief, GError **error);
gboolean sqlite_losses_count(struct database *database, GPtrArray *losses, gint64 budget,
                             gint64 lock_timeout, GError **error);

/* ---- run.c, rehearse.c, drop.c -------------------------------------------------------------- */

gboolean sqlite_run(struct database *database, const struct run_job *job, struct run_result *result,
                    GError **error);
gboolean sqlite_rehearsal_begin(struct database *database, gint64 lock_timeout, GError **error);
gboolean sqlite_rehearse(struct database *database, const struct run_job *job,
                         struct run_result *result, GError **error);
void sqlite_rehearsal_end(struct database *database);
gboolean sqlite_drop(struct database *database, struct history_record *record, GPtrArray *dropped,
                     GError **error);

#endif
