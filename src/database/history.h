/* What winch remembers of what it did: one record a row, chained by hash. */
#ifndef WINCH_DATABASE_HISTORY_H
#define WINCH_DATABASE_HISTORY_H

#include <glib.h>

#include "base/autofree.h"

enum history_kind {
    HISTORY_STARTED,     /* a run begins: committed before it does anything */
    HISTORY_FINISHED,    /* a run has ended, however it ended */
    HISTORY_UP,          /* a migration went up (or failed to) */
    HISTORY_DOWN,        /* a migration went down (or failed to) */
    HISTORY_DIRTY,       /* a migration that is not transactional begins: the row says dirty */
    HISTORY_STATEMENT,   /* one statement of such a migration is in */
    HISTORY_FORCE,       /* the version row was set by hand */
    HISTORY_ADOPT,       /* a database that golang-migrate managed was taken over */
    HISTORY_INSTALL,     /* a fresh installation was completed */
    HISTORY_DROP,        /* everything was dropped */
    HISTORY_REFUSED,     /* a gate, a policy or a check said no */
    HISTORY_ENVIRONMENT, /* the environment was recorded */
    HISTORY_MARK,        /* a version was marked, or a mark taken away: message says which */
    HISTORY_APPROVAL,    /* a plan was approved */
    HISTORY_CATALOG,     /* the schema as it then was is recorded */
    HISTORY_PREVIEW,     /* a plan was previewed: title has the level, plan_id which */
    HISTORY_OTHER,       /* a later winch's: other_kind has its word */
};
enum history_outcome {
    OUTCOME_DONE,
    OUTCOME_FAILED,
    OUTCOME_CANCELLED,
    OUTCOME_REFUSED,
    OUTCOME_UNKNOWN,
    OUTCOME_OTHER, /* a later winch's: other_outcome has its word */
};

/* Their words in the database and in JSON: "started", "up", "done", ... Static. The reverse gives
 * FALSE for an unknown word (a later winch's). HISTORY_OTHER and OUTCOME_OTHER are "other" here. */
const char *history_kind_name(enum history_kind kind);
const char *history_outcome_name(enum history_outcome outcome);
gboolean history_kind_parse(const char *name, enum history_kind *kind);
gboolean history_outcome_parse(const char *name, enum history_outcome *outcome);

/* One row. Owned strings (NULL: unknown). Fields marked S are filled in by the server or driver. */
struct history_record {
    gatomicrefcount references;
    gint64 id;           /* S: position in the chain of this version table, from 1 */
    char *version_table; /* S: schema.table it speaks of */
    char *run_id;        /* of the run it belongs to: 16 hex digits */
    char *plan_id;       /* checksum of the plan, or NULL */
    enum history_kind kind;
    enum history_outcome outcome;
    gint64 version;      /* the migration; for FORCE the new version; -1 none */
    gint64 from_version; /* the version row before */
    gint64 to_version;   /* the version row after (STARTED: the target) */
    char *title;
    gint64 started_at;  /* S: microseconds since 1970, server clock: transaction start */
    gint64 finished_at; /* S: when the row was written */
    gint64 statement;   /* ordinal of the statement it speaks of, 0 none */
    gint64 statements;  /* how many there are, 0 unknown */
    char *sqlstate;
    char *message;
    char *file;
    gint64 line;
    char *up_sha256;
    char *down_sha256;
    char *xid; /* S: transaction id (pg_current_xact_id()) */
    char *environment;
    char *database_user; /* S: session_user */
    char *os_user;
    char *host;         /* of the machine winch runs on */
    char *ssh_client;   /* SSH_CONNECTION's first word */
    gint64 backend_pid; /* S */
    char *tool;         /* "winch 0.1.0" */
    char *reason;       /* given by a person */
    char *ticket;
    char *backup; /* path of its manifest */
    char *backup_sha256;
    char *previous_hash; /* S: hex */
    char *hash;          /* S: hex */
    char *other_kind;    /* the words that this version does not know, as they were read */
    char *other_outcome;
};

/* TRUE when finished_at - started_at is how long a migration took: one that failed was rolled back,
 * and its record's times are of the transaction that recorded it. */
gboolean history_record_is_timed(const struct history_record *record);

struct history_record *history_record_new(enum history_kind kind, enum history_outcome outcome);
struct history_record *history_record_copy(const struct history_record *record);
/* Another holder of the same record, which nobody changes from then on. */
struct history_record *history_record_ref(const struct history_record *record);
/* The last holder's frees it. */
void history_record_free(struct history_record *record);
DEFINE_AUTOPTR(history_record, history_record_free);

/* The word of its kind or outcome, whoever wrote it. Borrowed. */
const char *history_record_kind(const struct history_record *record);
const char *history_record_outcome(const struct history_record *record);

/* The fingerprint of the schema as it was when this was recorded, of kind FINISHED or CATALOG;
 * NULL: none. Its text is kept as the files' are. It lies in up_sha256, which other rows use for
 * the checksum of their file. */
const char *history_record_catalog(const struct history_record *record);
void history_record_set_catalog(struct history_record *record, const char *fingerprint);

/* The fields in the canonical order, for whoever copies, hashes, stores or prints a record. */
enum history_field_type {
    HISTORY_FIELD_NUMBER,  /* gint64 */
    HISTORY_FIELD_TEXT,    /* char * */
    HISTORY_FIELD_KIND,    /* enum history_kind */
    HISTORY_FIELD_OUTCOME, /* enum history_outcome */
};
struct history_field {
    const char *name; /* of the column, too */
    enum history_field_type type;
    gsize offset;
};
/* Those that are hashed, then previous_hash and hash; ended by a NULL name. */
extern const struct history_field history_fields[];
#define HISTORY_FIELDS_HASHED 32u

/* A field as text: numbers in decimal, kind and outcome as their words. NULL where it is NULL; free
 * with g_free(). */
char *history_field_text(const struct history_record *record, const struct history_field *field);

/* Sets a field from its text (NULL: unset). FALSE when it is not a number. A kind or outcome that
 * is not known is kept by its word. */
gboolean history_field_set(struct history_record *record, const struct history_field *field,
                           const char *text);

/* The hash chain. hash = sha256(previous_hash + each field of the canonical order below, written as
 * its length in bytes in decimal, ':' and its bytes; a NULL is "-:"; numbers in decimal). Canonical
 * order: id version_table run_id plan_id kind outcome version from_version to_version title
 * started_at finished_at statement statements sqlstate message file line up_sha256 down_sha256 xid
 * environment database_user os_user host ssh_client backend_pid tool reason ticket backup
 * backup_sha256. The first previous_hash is "". Hex, free with g_free(). */
char *history_record_hash(const struct history_record *record, const char *previous_hash);

/* Recomputes the chain over all records of a table, oldest first, and compares with the head the
 * database keeps. TRUE when whole. Otherwise FALSE with ERROR_FINDINGS naming the first row that
 * was changed, is missing or stands in another order. */
gboolean history_verify(const GPtrArray *records, gint64 head_rows, const char *head_hash,
                        GError **error);

#endif
