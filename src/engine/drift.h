/* Drift: the schema as it is, beside the one that history recorded for a version. */
#ifndef WINCH_ENGINE_DRIFT_H
#define WINCH_ENGINE_DRIFT_H

#include "database/catalog.h"
#include "engine/engine.h"

struct drift {
    gint64 version;                        /* the one compared with */
    const struct history_record *recorded; /* what recorded its schema; NULL: nothing did, and what
                                            * follows is NULL too. Borrowed from records */
    struct catalog *before, *now;
    GPtrArray *differences; /* of struct catalog_difference *: from before to now */
    GArray *origins;        /* of struct catalog_origin, one a difference; NULL where the driver
                             * cannot tell */
    GPtrArray *records;
    gboolean is_postgres;
};
void drift_free(struct drift *drift);
DEFINE_AUTOPTR(drift, drift_free);

/* The schema as it is. */
struct catalog *engine_catalog(struct engine *engine, GError **error);

/* Compares with what was recorded for a version: its newest picture, or, with is_first, the one
 * from when a migration last led up to it. Writes nothing, takes no lock. NULL with error only when
 * it could not look. */
struct drift *engine_drift(struct engine *engine, gint64 version, gboolean is_first,
                           GError **error);

/* Whether what was compared is the same. FALSE too where nothing was recorded. */
gboolean drift_is_none(const struct drift *drift);

/* A statement that undoes a difference: makes the schema again what it was before. NULL where none
 * can be said; *is_safe is FALSE where it destroys, rewrites or may fail, so that it is only to be
 * shown, behind "--". Free with g_free(). */
char *drift_repair(const struct drift *drift, const struct catalog_difference *difference,
                   gboolean *is_safe);

/* Tells, as notices, what was changed beside the files before a run that begins at version: what the
 * run records at its end takes it for granted. Nothing where no schema was recorded. */
void drift_before_run(struct engine *engine, gint64 version);

/* Tells, as notices, what is not as it was when the version that a rollback has come to was
 * reached; nothing where that is not known. */
void drift_after_rollback(struct engine *engine, gint64 version);

/* "last written 2026-... by transaction 862": what is known of who made a difference; NULL when
 * nothing is. Free with g_free(). */
char *drift_origin_text(const struct drift *drift, guint index);

#endif
