/* Keeping pictures of the schema beside history: when, and finding the one of a version again. */
#ifndef WINCH_ENGINE_SNAPSHOT_H
#define WINCH_ENGINE_SNAPSHOT_H

#include "database/catalog.h"
#include "engine/steps.h"

/* Appends record as database_history_append() does, with the schema as it is now, unless snapshots
 * are off or cannot be kept; one that could not be taken is no failure of what it records. */
gboolean snapshot_append(struct engine *engine, struct history_record *record, GError **error);

/* A row of its own for the schema as it is. */
gboolean snapshot_keep(struct engine *engine, const char *run_id, gint64 from, gint64 to,
                       GError **error);

/* Before the first step of a run that goes down. */
void snapshot_before(struct run *run);
/* After every step but the last, whose schema is that of the run's end; and whether that is done. */
gboolean snapshot_is_each(const struct run *run);
void snapshot_after(struct run *run, guint index);

/* Which of the pictures of a version is meant. */
enum snapshot_choice {
    SNAPSHOT_NEWEST,  /* the last that was recorded */
    SNAPSHOT_REACHED, /* as it was when a migration last led up to it; where nobody saw that, the
                       * first that was recorded */
};

/* Of records (oldest first), the one that names the schema of this version; NULL: not recorded. */
const struct history_record *snapshot_find(const GPtrArray *records, gint64 version,
                                           enum snapshot_choice choice);

/* The schema that a record names. NULL with error where its text is not there or is not what the
 * fingerprint says. */
struct catalog *snapshot_read(struct engine *engine, const struct history_record *record,
                              GError **error);

#endif
