/* What is true of a database and its files, as one immutable picture. */
#ifndef WINCH_ENGINE_STATUS_H
#define WINCH_ENGINE_STATUS_H

#include <glib.h>

#include "base/autofree.h"
#include "database/database.h"
#include "engine/ledger.h"
#include "source/migration.h"

enum migration_state {
    MIGRATION_PENDING,
    MIGRATION_APPLIED,
    MIGRATION_ASSUMED,  /* applied, as far as the version row tells; no history */
    MIGRATION_MODIFIED, /* applied, and its up file has changed since */
    MIGRATION_MISSED,   /* below the version row, never ran */
    MIGRATION_MISSING,  /* applied, and its file is gone */
    MIGRATION_DIRTY,    /* what the dirty row speaks of */
};
/* "pending", "applied", ... Static. */
const char *migration_state_name(enum migration_state state);

struct status_row {
    gint64 version;
    enum migration_state state;
    const struct migration *migration;   /* NULL when missing; owned by the set */
    const struct history_record *record; /* of its up; NULL when unknown; owned by the ledger */
    gboolean is_current;
    gboolean is_template; /* pending, and its up is still as it was created */
};

struct status {
    struct migration_set *set;
    struct ledger *ledger;
    struct version_state version;
    char *problem; /* a version table that is not ours to write */
    GArray *rows;  /* of struct status_row, ascending */
    GArray *marks; /* of struct version_mark; NULL where nobody read them */
    guint pending, applied, missed, missing, modified, dirty;
};

/* Takes over ledger, also on failure. The up files of applied versions are read and compared when
 * checks_texts (blocks on the disk). */
struct status *status_build(struct migration_set *set, struct ledger *ledger,
                            const struct version_state *version, gboolean checks_texts,
                            GError **error);
/* The same, texts compared, except those of files that before was built from whose record is still
 * the same: what it found of them holds. */
struct status *status_build_since(struct migration_set *set, const struct status *before,
                                  struct ledger *ledger, const struct version_state *version,
                                  GError **error);
/* The row of a version; NULL when there is none. */
const struct status_row *status_find(const struct status *status, gint64 version);
void status_free(struct status *status);
DEFINE_AUTOPTR(status, status_free);

#endif
