/* What one statement was seen to do, on the connection that ran it: measured, never guessed. */
#ifndef WINCH_DATABASE_EVIDENCE_H
#define WINCH_DATABASE_EVIDENCE_H

#include <glib.h>

#include "base/autofree.h"
#include "base/lock_mode.h"

/* Relations are named "schema.name" as database/activity.h names them: raw, unquoted. Those of the
 * server's own catalogs, and TOAST, are left out. */
struct evidence_relation {
    const char *name; /* as it was called before the statement */
    char kind;        /* pg_class.relkind: 'r' table, 'i' index, 'S' sequence ... */
    gboolean is_new;  /* made by what ran before it in the same rehearsal, or by itself: nobody else
                       * can know it */
};

/* A lock that was not held before the statement. */
struct evidence_lock {
    struct evidence_relation relation;
    enum lock_mode mode;
};

/* Another file on disk: a rewrite, a rebuilt index; after TRUNCATE an empty one. */
struct evidence_rewrite {
    struct evidence_relation relation;
    enum lock_mode held; /* the strongest lock on it meanwhile */
};

/* Rows read one after the other, through no index. */
struct evidence_scan {
    struct evidence_relation relation;
    gint64 scans, rows;
    enum lock_mode held;
};

struct evidence {
    gatomicrefcount references;
    guint statement;   /* index into the job's statements; statement_count: what a commit checks */
    gint64 elapsed_us; /* by the server's clock, from the end of what ran before; -1 unknown */
    gint64 rows;       /* -1: it counts none */
    gint64 wal_bytes;  /* written meanwhile, by the whole server; -1 unknown */
    const char *tag;   /* "ALTER TABLE", as the server says; "" for what a commit checks */
    const struct evidence_lock *locks; /* the strongest first */
    guint lock_count;
    const struct evidence_rewrite *rewrites;
    guint rewrite_count;
    const struct evidence_scan *scans;
    guint scan_count;
    const char *const *said; /* the server's own words at debug1: "rewriting table \"t\"" */
    guint said_count;
    GStringChunk *strings;
};
struct evidence *evidence_ref(struct evidence *evidence);
void evidence_unref(struct evidence *evidence);
DEFINE_AUTOPTR(evidence, evidence_unref);

/* The strongest lock it took on a relation that is not new; NULL when it took none. */
const struct evidence_lock *evidence_strongest(const struct evidence *evidence);

/* "table", "index", "sequence", "view", "materialized view", ... Static. */
const char *evidence_kind_text(char kind);

/* ---- for drivers ----------------------------------------------------------------------------- */

/* Being gathered. */
struct evidence_builder {
    GArray *locks, *rewrites, *scans;
    GPtrArray *said;
    GStringChunk *strings;
};
void evidence_builder_init(struct evidence_builder *builder);
void evidence_builder_clear(struct evidence_builder *builder);
/* A relation with its name kept. */
struct evidence_relation evidence_builder_relation(struct evidence_builder *builder,
                                                   const char *name, char kind, gboolean is_new);
/* Takes what was gathered and leaves the builder empty, as after init. */
struct evidence *evidence_builder_finish(struct evidence_builder *builder, const char *tag);

#endif
