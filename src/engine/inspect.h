/* Migrations read for what they do: files joined with analysis, in version order.
 *
 * What a migration means depends on what the ones before it made, so that a walk goes through the
 * set from its first migration and carries the schema along. A walk belongs to one thread, blocks
 * on the disk, asks no server, and keeps one migration at a time. */
#ifndef WINCH_ENGINE_INSPECT_H
#define WINCH_ENGINE_INSPECT_H

#include <glib.h>

#include "analysis/dependencies.h"
#include "analysis/inspection.h"
#include "analysis/pairs.h"
#include "analysis/schema.h"
#include "analysis/sql_effects.h"
#include "source/graph.h"
#include "source/migration.h"

/* One half of a migration. */
struct inspected_half {
    struct migration_text *text; /* NULL: no such file, or error */
    const char *body;            /* the text without a byte order mark; "" when there is none */
    gsize body_length;
    struct script *script; /* NULL with text NULL, or when it cannot be cut: error says why */
    struct inspection *inspection; /* NULL with script NULL */
    GError *error;                 /* why it cannot be read or cut; NULL */
};

/* Reads, cuts and inspects one file; what goes wrong is half->error. Blocks on the disk. */
void inspected_half_load(struct inspected_half *half, const struct migration_half *file,
                         gboolean is_transaction_off, const struct inspection_context *context);
void inspected_half_clear(struct inspected_half *half);

struct inspected_migration {
    guint index; /* position in the set */
    const struct migration *migration;
    struct inspected_half up, down;
    struct pairs *pairs; /* NULL when a half that exists is not cut, or there is no up */
    enum phase phase;    /* declared, else judged; PHASE_UNDECLARED: nothing can be said */
    gboolean is_phase_declared;
    char *phase_why; /* what makes it a contract one: "DROP COLUMN public.users.name". Raw. NULL */
    const GArray *needs; /* of struct dependency, to positions in the set: told from the objects */
};

struct inspect_walk;

/* dialect as plan_context has it; search_path as in struct inspection_context. Keeps the set. */
struct inspect_walk *inspect_walk_new(struct migration_set *set, enum sql_dialect dialect,
                                      const char *search_path);
void inspect_walk_free(struct inspect_walk *walk);
DEFINE_AUTOPTR(inspect_walk, inspect_walk_free);

/* The next migration, borrowed until the walk moves on; NULL behind the last. */
const struct inspected_migration *inspect_walk_next(struct inspect_walk *walk);

/* Moves so that the next one is index, replaying what lies between: only forward. */
void inspect_walk_seek(struct inspect_walk *walk, guint index);

/* What is known before the up of the current migration runs; after inspect_walk_apply(), after it:
 * where its down begins. Borrowed. Moving on applies what was not applied. */
const struct schema *inspect_walk_schema(const struct inspect_walk *walk);
void inspect_walk_apply(struct inspect_walk *walk);

/* What one action of a half is expected to do to a server that others work on. */
struct inspected_effects {
    guint statement, action;
    struct sql_effects effects; /* what this migration itself made counts as new */
};

/* Of every action of the current migration's half, in order: of struct inspected_effects, empty
 * where nothing is analysed. Each action of an up is told from what the ones before it made, so
 * that it is asked for once, before inspect_walk_apply(), and leaves the up applied; a down is told
 * from where it begins, after inspect_walk_apply(). version is the server's major one. Free with
 * g_array_unref(). */
GArray *inspect_walk_effects(struct inspect_walk *walk, enum direction direction, unsigned version);

/* ---- all of them at a glance ----------------------------------------------------------------- */

struct inspect_row {
    enum phase phase;
    gboolean is_phase_declared;
    gboolean is_complete; /* every statement of both halves is analysed, and none is opaque */
    guint needs_begin, needs_count; /* in struct inspect_summary.needs */
};

/* A migration that uses what another made and is not declared to need it, not even through
 * others. */
struct inspect_contradiction {
    guint index, needs;
    const char *object; /* raw text */
};

/* Immutable, reference counted, safe to share between threads. Keeps its set. */
struct inspect_summary {
    struct migration_set *set;
    struct inspect_row *rows; /* by position */
    guint count;
    GArray *needs;          /* of struct dependency */
    GArray *contradictions; /* of struct inspect_contradiction, ascending */
    GStringChunk *texts;
};

/* Reads and parses every file: about half a millisecond a migration. */
struct inspect_summary *inspect_summary_new(struct migration_set *set, enum sql_dialect dialect,
                                            const char *search_path);
struct inspect_summary *inspect_summary_ref(struct inspect_summary *summary);
void inspect_summary_unref(struct inspect_summary *summary);
DEFINE_AUTOPTR(inspect_summary, inspect_summary_unref);

#endif
