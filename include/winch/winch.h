/* libwinch: the public C API of winch, a migration engine for PostgreSQL and SQLite that shares its
 * files, version table and lock with golang-migrate.
 *
 * A handle belongs to one thread at a time; every function but winch_cancel() blocks on disk and
 * server. Strings are UTF-8. Nothing here prints, exits or touches signal handlers. docs/example.c
 * shows it at work. */
#ifndef WINCH_WINCH_H
#define WINCH_WINCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WINCH_API __attribute__((visibility("default")))
#else
#define WINCH_API
#endif

/* The version before the first migration. */
#define WINCH_NO_VERSION ((int64_t)-1)

/* What a call came to. The numbers are the exit statuses of winch(1). */
enum winch_status {
    WINCH_OK = 0,
    WINCH_FAILED = 1,        /* it was tried and did not work; also an outcome nobody can tell */
    WINCH_MISUSED = 2,       /* a mistake in arguments, configuration or migration files */
    WINCH_DIRTY = 3,         /* the version row says dirty */
    WINCH_LOCKED = 4,        /* somebody else holds the migration lock */
    WINCH_REFUSED = 5,       /* a gate or policy says no */
    WINCH_FINDINGS = 6,      /* validation found something */
    WINCH_NO_CONNECTION = 7, /* the database could not be reached, or was lost */
    WINCH_CANCELLED = 130,   /* winch_cancel() */
};

/* One database and one directory of migrations. */
typedef struct winch winch;

/* Why the last call failed. Owned by the handle, valid until its next call; NULL where unknown. */
struct winch_error {
    enum winch_status status;
    const char *message; /* what and why */
    const char *advice;  /* what to do */
    const char *file;    /* the migration file at fault */
    unsigned line;       /* from 1; 0 unknown */
    unsigned column;     /* from 1, in characters; 0 unknown */
    const char *sqlstate;
    const char *detail;
    const char *hint;
};

/* What happens while a call runs. Strings are borrowed for the call of the function. */
enum winch_event_kind {
    WINCH_EVENT_NOTICE,            /* text: worth knowing */
    WINCH_EVENT_CONNECT_RETRY,     /* text: why; elapsed_us: until the next try */
    WINCH_EVENT_LOCK_WAIT,         /* text: who holds it; elapsed_us: waited so far */
    WINCH_EVENT_MIGRATION_STARTED, /* version, title, is_down; index of count */
    WINCH_EVENT_STATEMENT_DONE,    /* statement (from 1), rows (-1: none counted), elapsed_us */
    WINCH_EVENT_MIGRATION_RETRY,   /* text: why; elapsed_us: until the next try */
    WINCH_EVENT_MIGRATION_DONE,    /* elapsed_us */
    WINCH_EVENT_MIGRATION_FAILED,  /* text: why */
};
struct winch_event {
    enum winch_event_kind kind;
    int64_t version;
    const char *title;
    bool is_down;
    unsigned index, count; /* of the migrations of this call; index from 1 */
    unsigned statement;
    int64_t rows;
    int64_t elapsed_us;
    const char *text;
};
typedef void (*winch_event_fn)(const struct winch_event *event, void *data);

/* How to open. Zero it, then set what matters; strings are copied. */
struct winch_options {
    const char *config_file;     /* as winch --config; NULL: only what is given here */
    const char *database_url;    /* "postgres://...", "sqlite3://..." or a conninfo string */
    const char *migrations_path; /* a directory; NULL: ./migrations */
    const char *environment;     /* "development", "staging", "production" or NULL */
    winch_event_fn on_event;     /* may be NULL; called on the calling thread, must not block */
    void *event_data;
};

/* What is true. Strings are owned by the handle and valid until its next call. */
struct winch_migration {
    int64_t version;
    const char *title;        /* NULL when the file is gone */
    const char *release_name; /* "1.1.0.003", or NULL */
    const char *state;        /* "pending", "applied", "assumed", "modified", "missed", "missing",
                               * "dirty" */
    int64_t applied_at;       /* microseconds since 1970 UTC; 0 unknown */
    int64_t took_us;          /* 0 unknown */
    const char *applied_by;   /* database user, or NULL */
};
struct winch_report {
    int64_t version; /* the version row, WINCH_NO_VERSION without one */
    bool is_dirty;
    unsigned applied, pending, missed, missing, modified;
    const char *environment;
    const struct winch_migration *migrations; /* ascending */
    size_t migration_count;
};

/* One thing validation found. */
struct winch_finding {
    const char *check;
    const char *message;
    int64_t version; /* WINCH_NO_VERSION: none in particular */
};

/* Opens a handle without connecting yet; never NULL. A mistake in options or configuration is kept
 * and reported by every call. Close with winch_close(). */
WINCH_API winch *winch_open(const struct winch_options *options);
WINCH_API void winch_close(winch *handle);

/* Creates version table and history when they are missing. Idempotent. */
WINCH_API enum winch_status winch_initialize(winch *handle);

/* Applies every pending migration; WINCH_OK also when there was none. The call is the yes that a
 * policy may ask a person for. */
WINCH_API enum winch_status winch_migrate(winch *handle);

/* Goes back to version (WINCH_NO_VERSION: before the first); WINCH_MISUSED where that is above,
 * also when somebody else went back meanwhile: it never goes up. confirm holds the typed words
 * where the environment asks for them ("DATABASE TARGET"), else NULL. */
WINCH_API enum winch_status winch_rollback(winch *handle, int64_t version, const char *confirm);

/* Looks; takes no lock, creates nothing. *report is valid until the next call. */
WINCH_API enum winch_status winch_status_read(winch *handle, const struct winch_report **report);

/* Version table sane, files against history. WINCH_FINDINGS with *findings (may be NULL) of *count.
 */
WINCH_API enum winch_status winch_validate(winch *handle, const struct winch_finding **findings,
                                           size_t *count);

/* Sets the version row by hand, for recovery. reason is recorded (NULL: that of
 * winch_set_reason()); confirm as for rollback. */
WINCH_API enum winch_status winch_force(winch *handle, int64_t version, const char *reason,
                                        const char *confirm);

/* Why the next calls change the database: recorded, and asked for by some environments' policies.
 * overrides: the reason also stands for what a policy lets be passed over (how far back, a preview,
 * a backup), and history says for what. NULL: no reason any more. The string is copied. */
WINCH_API void winch_set_reason(winch *handle, const char *reason, bool overrides);

/* Cancels what runs in this handle, or else its next call: everything uncommitted is rolled back,
 * the call returns WINCH_CANCELLED. One that came when all was done changes nothing. The one
 * function for other threads (and for winch_event_fn); not for signal handlers. The handle can be
 * used again after the call it cancelled has returned. */
WINCH_API void winch_cancel(winch *handle);

/* Why the last call failed, or NULL after success. */
WINCH_API const struct winch_error *winch_last_error(const winch *handle);

/* "0.1.0". Static. */
WINCH_API const char *winch_version(void);

#ifdef __cplusplus
}
#endif

#endif
