/* A preview: what a plan would do, seen before it is done. Run on a copy of the schema, or here in
 * a transaction that is rolled back, or only read from the text; each number says which.
 *
 * A preview is immutable and counts references; any thread may read it. */
#ifndef WINCH_ENGINE_PREVIEW_H
#define WINCH_ENGINE_PREVIEW_H

#include <glib.h>

#include "database/catalog.h"
#include "database/evidence.h"
#include "engine/engine.h"
#include "engine/weather.h"

/* How true it is. */
enum preview_level {
    PREVIEW_LEVEL_DEFAULT,  /* as the environment says: see engine_preview_level() */
    PREVIEW_LEVEL_CATALOG,  /* T0: read from the text and this database's catalog; nothing is run */
    PREVIEW_LEVEL_SCRATCH,  /* T1: run on a copy of the schema, without rows */
    PREVIEW_LEVEL_DATABASE, /* T2: run on this database, and rolled back */
};

/* "catalog", "scratch", "database": what --on takes. Static. */
const char *preview_level_word(enum preview_level level);
gboolean preview_level_parse(const char *word, enum preview_level *level);

/* Where a number or a lock comes from. */
enum preview_basis {
    PREVIEW_UNKNOWN,   /* nobody can say */
    PREVIEW_PREDICTED, /* from the text of the statement */
    PREVIEW_ESTIMATED, /* from the sizes of the real relations and a rate */
    PREVIEW_MEASURED,  /* seen while it ran */
};
/* "unknown", "predicted", "estimated", "measured". Static. */
const char *preview_basis_word(enum preview_basis basis);

/* A lock on a relation, the strongest that a statement took on it. */
struct preview_lock {
    const char *relation; /* "schema.name", raw */
    char kind;            /* pg_class.relkind; 0 unknown */
    enum lock_mode mode;
    enum preview_basis basis;
    gboolean is_new; /* the relation is of the plan's own making: nobody else waits */
};

enum preview_work_kind {
    PREVIEW_SCANS,    /* reads every row */
    PREVIEW_BUILDS,   /* reads every row and makes an index */
    PREVIEW_REWRITES, /* writes every row anew, and its indexes */
    PREVIEW_EMPTIES,  /* TRUNCATE */
};
/* "scan", "build", "rewrite", "empty". Static. */
const char *preview_work_word(enum preview_work_kind kind);

/* What grows with a relation's size. */
struct preview_work {
    enum preview_work_kind kind;
    const char *relation;
    enum lock_mode held; /* on it meanwhile */
    enum preview_basis basis;
    gint64 rows;  /* read, where they were measured here; else as last counted; -1 unknown */
    gint64 bytes; /* of the real relation (a rewrite: with indexes); -1 unknown */
    gboolean is_new;
};

/* What other sessions notice, in rising order. */
enum preview_risk {
    PREVIEW_HARMLESS,      /* nobody waits but other schema changes */
    PREVIEW_BRIEF,         /* somebody waits, for a moment once the lock is there */
    PREVIEW_BLOCKS_WRITES, /* writers wait as long as the relation is large */
    PREVIEW_BLOCKS_ALL,    /* readers too */
};
/* "harmless", "brief", "blocks-writes", "blocks-all". Static. */
const char *preview_risk_word(enum preview_risk risk);

struct preview_statement {
    guint index;      /* in the run's order: without a BEGIN and COMMIT that are replaced */
    unsigned line;    /* in the file, from 1 */
    const char *verb; /* "ALTER TABLE" */
    gboolean was_run;
    gboolean is_shadowed; /* a migration before it in the same transaction holds locks that it would
                           * take itself in a run: those are not among its locks */
    enum preview_basis basis;  /* of locks and works */
    struct evidence *evidence; /* as it was seen; NULL: not run, or the driver measures nothing */
    gint64 elapsed_us, rows, wal_bytes; /* measured; -1 unknown */
    GArray *locks; /* of struct preview_lock: strongest first, new relations last */
    GArray *works; /* of struct preview_work: the worst first */
    /* On the real tables, where it ran on a copy or not at all; -1 not estimated. */
    gint64 estimated_us, estimated_wal;
    const char *estimate_why; /* "1.2 GB at 48 MB/s, as 3 runs here wrote"; "" */
    enum preview_risk risk;
    const char *verdict; /* one line for people, raw names in it: "reads and writes of ... wait"; ""
                          * where it adds nothing to what a statement before it holds */
    GPtrArray *notices;  /* of char *: what the server said, with its severity */
};

enum preview_outcome {
    PREVIEW_RUNS,        /* it ran */
    PREVIEW_FAILS,       /* it failed: so would the run */
    PREVIEW_NOT_TRIED,   /* it cannot be tried so; why says what stands in the way */
    PREVIEW_NOT_REACHED, /* what came before it ended the preview */
    PREVIEW_READ,        /* T0: nothing is run */
};
/* "runs", "fails", "not-tried", "not-reached", "read". Static. */
const char *preview_outcome_word(enum preview_outcome outcome);

struct preview_step {
    guint index; /* in the plan */
    enum preview_outcome outcome;
    const char *why;         /* NOT_TRIED, NOT_REACHED, FAILS; else "" */
    GArray *statements;      /* of struct preview_statement */
    struct evidence *commit; /* what the check of deferred constraints did; NULL unknown */
    gint64 elapsed_us;
    gint64 wal_bytes;            /* -1 unknown */
    gint64 exclusive_us;         /* how long ACCESS EXCLUSIVE was held, to the end of the step; 0
                                  * never; -1 unknown */
    const char *exclusive;       /* on what, the first that it was taken on; "" */
    unsigned exclusive_line;     /* of the statement that took it */
    GPtrArray *differences;      /* of struct catalog_difference *; NULL: not compared */
    const char *differences_why; /* why not; "" */
    GError *error;               /* FAILS; else NULL */
};

struct preview {
    gatomicrefcount references;
    struct plan *plan;
    enum preview_level level;
    gboolean is_level_default;
    const char *database;    /* "app at db-1:5432" */
    const char *environment; /* "production" */
    const char *on;  /* where it ran: "a private PostgreSQL 15.20: schema of ... by pg_dump" */
    gint64 taken_at; /* microseconds since 1970 */
    gint64 elapsed_us;
    GArray *steps;                /* of struct preview_step, one each of the plan's */
    enum preview_outcome outcome; /* RUNS, FAILS, or NOT_TRIED where a part was not */
    GPtrArray *differences;       /* of the whole plan; NULL: not compared */
    const char *differences_why;
    struct weather *weather; /* NULL: not known */
    GPtrArray *uncovered;    /* of char *: what it does not show, what a rollback does not undo */
    /* totals; -1 unknown */
    gint64 statements_us, wal_bytes, estimated_us, estimated_wal;
    gint64 exclusive_us;    /* the longest of the steps' */
    guint exclusive_step;   /* which */
    enum preview_risk risk; /* the worst of the statements' */
    gboolean is_recorded;
    GStringChunk *strings;
};
const struct preview_step *preview_step_at(const struct preview *preview, guint index);
const struct preview_statement *preview_statement_at(const struct preview_step *step, guint index);
struct preview *preview_ref(struct preview *preview);
void preview_unref(struct preview *preview);
DEFINE_AUTOPTR(preview, preview_unref);

struct preview_options {
    enum preview_level level;
    const char *scratch_url; /* a server where databases may be made; NULL: a private one */
    const char *plan_id;     /* refuse when the plan is another; NULL: any */
    const char *confirm;     /* words, where a preview on this database asks for them */
    const char *reason;      /* recorded; asked for by allows_large */
    gboolean allows_large;   /* on production, although a large table would be locked */
};

/* The level that DEFAULT stands for here: this database in development and with SQLite, a scratch
 * copy elsewhere. */
enum preview_level engine_preview_level(const struct engine *engine);

/* Previews what leads to goal, telling events as a run does. *preview is set whenever there is
 * something to show, also when it fails: then with the error of the migration that does. A plan
 * without steps is no error. Changes nothing in this database but a record of itself in history,
 * where that can be written. */
gboolean engine_preview(struct engine *engine, const struct goal *goal,
                        const struct preview_options *options, struct preview **preview,
                        GError **error);

/* The result in a sentence. Free with g_free(). */
char *preview_text(const struct preview *preview);

#endif
