/* One database, whatever the driver: its facts, version table, lock, history, and running SQL in
 * it.
 *
 * Everything here blocks on the server and belongs to one thread, which polls the cancellation it
 * was given meanwhile. Nothing here knows migration files, configuration or how anything is shown.
 */
#ifndef WINCH_DATABASE_DATABASE_H
#define WINCH_DATABASE_DATABASE_H

#include <glib.h>

#include "base/autofree.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "database/catalog.h"
#include "database/history.h"
#include "database/run.h"
#include "database/trace.h"

struct database;

/* ---- opening ------------------------------------------------------------------------------- */

/* How to reach a database. Strings are borrowed for the call of database_open(). */
struct database_options {
    const char *url;    /* postgres://, postgresql://, pgx5://, pgx://, sqlite3:// or a conninfo
                         * string; NULL: the parts below and the driver's own defaults */
    const char *driver; /* "postgres" or "sqlite3", where url does not say; NULL is "postgres" */
    const char *host, *port, *name, *user, *password, *sslmode; /* each may be NULL */
    const char *version_table;         /* "table" in the current schema, or "schema.table" */
    const char *own_schema;            /* "winch" */
    const char *application_name;      /* "winch" */
    gint64 connect_timeout;            /* milliseconds for one attempt; 0: the driver's own */
    gboolean is_read_only;             /* ask the server to refuse writes on this session */
    struct cancellation *cancellation; /* may be NULL; referenced */
    statement_fn on_statement;         /* told of every statement sent; may be NULL */
    void *statement_data;
};

/* Connects and looks around: facts and version table are known afterwards. Takes no lock, creates
 * nothing, leaves no transaction open. ERROR_NO_CONNECTION when the server cannot be reached
 * (worth trying again), ERROR_CONFIG for what cannot be meant, ERROR_REFUSED for a server that is
 * too old (PostgreSQL below 13). */
struct database *database_open(const struct database_options *options, GError **error);
void database_close(struct database *database);
DEFINE_AUTOPTR(database, database_close);

/* True when text begins with a scheme some driver answers to, such as "postgres://". */
gboolean database_url_is_known(const char *text);

/* ---- facts --------------------------------------------------------------------------------- */

/* What the server says of itself; NULL or 0 where it does not. */
struct database_facts {
    const char *product;        /* "PostgreSQL", "SQLite" */
    const char *server_version; /* "15.20" */
    int version_number;         /* 150020 */
    const char *database;       /* its name, or the file's path */
    const char *host;           /* as connected: name, address or socket directory */
    const char *port;
    const char *user;         /* current_user */
    const char *session_user; /* as authenticated */
    const char *schema;       /* the schema of the version table */
    const char *system_identifier;
    const char *environment_setting; /* ALTER DATABASE ... SET winch.environment */
    const char
        *environment_recorded; /* winch.database; NULL too when recorded for another database */
    gboolean is_clone; /* winch.database speaks of another system identifier or database name */
    gboolean is_environment_hidden; /* winch.database is there, and this user may not read it */
    int backend_pid;
    gboolean is_absent; /* SQLite: there is no such file yet; the first change makes it */
    gboolean is_standby;
    gboolean is_superuser;
    gboolean can_create_own_schema;
    gboolean can_write_version_table; /* INSERT and one of DELETE, TRUNCATE; or may create it */
    gboolean clears_with_truncate;    /* DELETE is missing, TRUNCATE is there */
    const char *tls;                  /* "TLSv1.3", or NULL without encryption */
    gint64 url_statement_timeout;     /* the URL's (x-)statement-timeout: ms, 0 none */
    gboolean url_multi_statement;     /* x-multi-statement of the URL */
};
const struct database_facts *database_facts(const struct database *database);

/* Names what is connected to, without secrets: "app at db-1:5432". Borrowed. */
const char *database_label(const struct database *database);

/* Round trips to the server since it was opened, as counted where messages are sent. */
guint64 database_round_trips(const struct database *database);

/* ---- version table (golang-migrate's) ------------------------------------------------------- */

enum version_table_kind {
    VERSION_TABLE_ABSENT,
    VERSION_TABLE_GOLANG_MIGRATE, /* version and dirty alone */
    VERSION_TABLE_WINCH,          /* with applied_at */
    VERSION_TABLE_FOREIGN,        /* another tool's, or several rows: not to be written */
};

struct version_state {
    enum version_table_kind kind;
    gint64 version; /* -1: no row */
    gboolean is_dirty;
    gint64 applied_at;   /* microseconds since 1970 (UTC), 0 when unknown */
    const char *problem; /* FOREIGN: whose it is and what to do. Borrowed from the database */
};

/* Reads the row in a short autocommit read. The state found is also kept; problem is valid until
 * the next read. A FOREIGN table is not an error here. */
gboolean database_version_read(struct database *database, struct version_state *state,
                               GError **error);

/* Creates the version table (and, where rights allow, the own schema with its history tables)
 * when missing. Idempotent; safe beside others doing the same. ERROR_REFUSED on a standby or
 * behind a pooler, ERROR_FAILED with the right that is missing. */
gboolean database_install(struct database *database, GError **error);

/* The SQL that database_install() would send, as one script for whoever may run it. */
char *database_install_script(const struct database *database);

/* Looks again at what the database says of its environment: the facts are those of now. */
gboolean database_environment_read(struct database *database, GError **error);

/* Records the environment of this database in the own schema. */
gboolean database_environment_record(struct database *database, const char *environment,
                                     GError **error);

/* ---- the migration lock (golang-migrate's) -------------------------------------------------- */

struct lock_holder {
    int pid;
    const char *user, *database, *client, *application, *state, *query; /* "" when hidden */
    gint64 since; /* microseconds since 1970 of its transaction or state change, 0 unknown */
};

/* Called about once a second while waiting; holder may be NULL when it cannot be seen. */
typedef void (*lock_wait_fn)(const struct lock_holder *holder, gint64 waited_us, void *data);

/* Takes every advisory lock id that golang-migrate may use for this table, by polling, within
 * timeout milliseconds (0: one try). First refuses a standby and a transaction pooler. ERROR_LOCKED
 * names the holder. */
gboolean database_lock(struct database *database, gint64 timeout, lock_wait_fn on_wait, void *data,
                       GError **error);
void database_unlock(struct database *database);

/* Who holds the lock now, without taking it: 1 with *holder filled (borrowed until the next call),
 * 0 when it is free, -1 on error. */
int database_lock_holder(struct database *database, struct lock_holder *holder, GError **error);

/* The lock ids used, ascending, as pg_locks shows them (classid 0, objid). Of guint32. Borrowed. */
const GArray *database_lock_ids(const struct database *database);

/* ---- history (winch's own schema) ----------------------------------------------------------- */

enum history_presence {
    HISTORY_ABSENT,    /* not installed (yet) */
    HISTORY_PRESENT,   /* readable and writable */
    HISTORY_READ_ONLY, /* readable, no right to write */
    HISTORY_HIDDEN,    /* there, but this role may not read it */
};
enum history_presence database_history_presence(const struct database *database);

/* Appends one record in a transaction of its own, committed synchronously. Server-side fields are
 * filled in (*record gets its id and times). Nothing happens and TRUE comes back when history is
 * not writable. */
gboolean database_history_append(struct database *database, struct history_record *record,
                                 GError **error);

/* Records of this version table, oldest first; limit 0 is all, else the newest limit ones. Of
 * struct history_record *, freed with the array. Empty when history is absent or hidden. */
GPtrArray *database_history_read(struct database *database, guint limit, GError **error);

/* The head of the hash chain as the database keeps it: number of rows and hash (hex, free with
 * g_free()). */
gboolean database_history_head(struct database *database, gint64 *rows, char **hash,
                               GError **error);

/* Writes what a run measured, of struct impact, in one round trip; nothing happens where it cannot
 * be kept. It need not survive a crash of the server. */
gboolean database_impact_append(struct database *database, const GArray *impacts, GError **error);

/* What was measured of the history from row from_id on, by ascending history_id: of struct impact,
 * cleared with the array. Empty where nothing is kept or may be read. */
GArray *database_impact_read(struct database *database, gint64 from_id, GError **error);

/* The schema as this session sees it now: everything but the own schema, the version table, what
 * extensions brought, and what is temporary. Uncommitted changes of its own open transaction (a
 * rehearsal's) are seen; search_path, role and the like make no difference; nothing is changed, and
 * no lock stays. One round trip. The caller unrefs it. */
struct catalog *database_catalog_read(struct database *database, GError **error);

/* What is wrong with the schema by itself. */
enum {
    FLAWS_CONSTRAINTS = 1 << 0,  /* "constraint": not validated */
    FLAWS_INDEXES = 1 << 1,      /* "index": invalid, not ready; "duplicate-index": there twice */
    FLAWS_FOREIGN_KEYS = 1 << 2, /* "foreign-key": without an index */
    FLAWS_FUNCTIONS = 1 << 3,    /* "function": its SQL does not hold */
};
struct schema_flaw {
    char *check;
    char *message;
    gboolean is_notice; /* it may be meant */
};
void schema_flaw_free(struct schema_flaw *flaw);

/* Of struct schema_flaw *, of the checks asked for; in one round trip, in no transaction of the
 * caller's. Empty where the driver knows none. */
GPtrArray *database_flaws_read(struct database *database, unsigned checks, GError **error);

/* What the server knows of who last wrote an object's row in its catalogs. */
struct catalog_origin {
    char xid[12];        /* the transaction, as the catalogs keep it (32 bits); "" unknown */
    gint64 committed_at; /* microseconds since 1970; 0: it does not keep that, or no more */
};

/* For each of differences (of struct catalog_difference *, at most the first few hundred), what
 * made it: of struct catalog_origin, as many. What is gone has none. NULL where the driver cannot
 * tell.
 */
GArray *database_catalog_origins(struct database *database, const GPtrArray *differences);

/* The stored text of a file that ran, by sha256; NULL without error when it is not there. */
GBytes *database_file_read(struct database *database, const char *sha256, GError **error);

/* ---- running -------------------------------------------------------------------------------- */

/* Begins a run: appends its record as database_history_append() does, and keeps the text of every
 * file that may run, so that whatever history will point to is there. Usually in one round trip. A
 * text whose file then does not run is kept too, and harms nothing: a text says what a checksum
 * stands for, not that it ran. Nothing happens where history is not writable. */
gboolean database_run_begin(struct database *database, struct history_record *record,
                            const struct run_file *files, guint count, GError **error);

/* Runs one half of a migration with its bookkeeping; the lock must be held. FALSE with error when
 * it did not succeed: result then says what is true of the database. See run.h. */
gboolean database_run(struct database *database, const struct run_job *job,
                      struct run_result *result, GError **error);

/* Runs halves that are transactions of their own, one after the other as database_run() would, but
 * each is sent before the one ahead of it is answered. Of what stands behind one that is not in,
 * nothing runs. TRUE: *done of them are in, the first ones; they may be fewer than there are, even
 * none, where the next has to be run by itself. FALSE with error: the one at index *done failed,
 * result says what is true of it, and nothing behind it began. After a crash of the server *done
 * may be less than was told to be in. */
gboolean database_run_window(struct database *database, const struct run_window *window,
                             guint *done, struct run_result *result, GError **error);
/* FALSE: there is no such way with this driver. */
gboolean database_has_windows(const struct database *database);

/* A rehearsal: one transaction that is always rolled back. Jobs run in it by
 * database_rehearse() are neither recorded nor committed; a job that fails is rolled back to the
 * savepoint before it. */
gboolean database_rehearsal_begin(struct database *database, gint64 lock_timeout, GError **error);
gboolean database_rehearse(struct database *database, const struct run_job *job,
                           struct run_result *result, GError **error);
/* Commits instead what was rehearsed so far, and ends the transaction: for a scratch database,
 * where each migration then meets the next one as in a run. Another rehearsal may begin. */
gboolean database_rehearsal_keep(struct database *database, GError **error);
void database_rehearsal_end(struct database *database);

/* Sets the version row without running anything, and records it, in one transaction.
 * version -1 clean empties the table. */
gboolean database_force(struct database *database, gint64 version, struct history_record *record,
                        GError **error);

/* Drops what golang-migrate's drop drops: every base table of the current schema, with CASCADE;
 * all in one transaction. dropped receives names (char *), may be NULL. The own schema stays. */
gboolean database_drop(struct database *database, struct history_record *record, GPtrArray *dropped,
                       GError **error);

#endif
