/* Pictures of the schema: taken under the lock, their text kept as the files' texts are, by its
 * checksum, their fingerprint in the history row that says when. */
#include "engine/snapshot.h"

#include <string.h>

/* ---- taking ---------------------------------------------------------------------------------- */

static gboolean is_kept(const struct engine *engine)
{
    return engine->settings->snapshots != SNAPSHOTS_OFF &&
           database_history_presence(engine->database) == HISTORY_PRESENT &&
           cancellation_level(engine->cancellation) == CANCEL_NONE;
}

gboolean snapshot_append(struct engine *engine, struct history_record *record, GError **error)
{
    g_autoptr(GError) unseen = NULL;
    AUTOPTR(catalog) *catalog =
        is_kept(engine) ? database_catalog_read(engine->database, &unseen) : NULL;
    if (unseen != NULL)
        engine_notice(engine, "the schema is not recorded: %s", unseen->message);
    if (catalog == NULL)
        return database_history_append(engine->database, record, error);
    char *text = catalog_text(catalog);
    g_autoptr(GBytes) bytes = g_bytes_new_take(text, strlen(text));
    const struct run_file file = {bytes, catalog_fingerprint(catalog)};
    history_record_set_catalog(record, file.sha256);
    return database_run_begin(engine->database, record, &file, 1, error);
}

gboolean snapshot_is_each(const struct run *run)
{
    const struct engine *engine = run->engine;
    return is_kept(engine) && (engine->settings->snapshots == SNAPSHOTS_EACH ||
                               engine->environment.class_ == ENVIRONMENT_PRODUCTION);
}

gboolean snapshot_keep(struct engine *engine, const char *run_id, gint64 from, gint64 to,
                       GError **error)
{
    if (!is_kept(engine))
        return TRUE;
    AUTOPTR(history_record) *record = recording_new(engine, run_id, HISTORY_CATALOG, OUTCOME_DONE);
    record->version = record->to_version = to;
    record->from_version = from;
    return snapshot_append(engine, record, error);
}

static void append_alone(struct run *run, gint64 from, gint64 to)
{
    g_autoptr(GError) unwritten = NULL;
    if (!snapshot_keep(run->engine, run->report->run_id, from, to, &unwritten))
        engine_notice(run->engine, "the schema of version %" G_GINT64_FORMAT " is not recorded: %s",
                      to, unwritten->message);
}

/* What the way back begins with: whatever was changed beside the files is in it. */
void snapshot_before(struct run *run)
{
    if (is_kept(run->engine) && plan_goes_down(run->report->plan))
        append_alone(run, run->state.version, run->state.version);
}

/* The last step's is recorded with the end of the run. */
void snapshot_after(struct run *run, guint index)
{
    const struct plan_step *step = plan_step_at(run->report->plan, index);
    if (index + 1 < run->report->plan->steps->len && step->writes_version && snapshot_is_each(run))
        append_alone(run, step->version_before, step->version_after);
}

/* ---- finding --------------------------------------------------------------------------------- */

static gboolean is_of(const struct history_record *record, gint64 version,
                      enum snapshot_choice choice)
{
    return history_record_catalog(record) != NULL && record->to_version == version &&
           (choice == SNAPSHOT_NEWEST || record->from_version < version);
}

const struct history_record *snapshot_find(const GPtrArray *records, gint64 version,
                                           enum snapshot_choice choice)
{
    const struct history_record *oldest = NULL;
    for (guint i = records->len; i-- > 0;) {
        if (is_of(records->pdata[i], version, choice))
            return records->pdata[i];
        if (is_of(records->pdata[i], version, SNAPSHOT_NEWEST))
            oldest = records->pdata[i];
    }
    return oldest;
}

struct catalog *snapshot_read(struct engine *engine, const struct history_record *record,
                              GError **error)
{
    const char *fingerprint = history_record_catalog(record);
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) bytes = database_file_read(engine->database, fingerprint, &failure);
    if (bytes == NULL && failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (bytes == NULL) {
        error_set(error, ERROR_FAILED, "the text of the recorded schema (%.12s) is not there",
                  fingerprint);
        return NULL;
    }
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    AUTOPTR(catalog) *catalog = catalog_parse(text, length, error);
    if (catalog == NULL || strcmp(catalog_fingerprint(catalog), fingerprint) == 0)
        return g_steal_pointer(&catalog);
    error_set(error, ERROR_FAILED, "the recorded schema is not what history says it was (%.12s)",
              fingerprint);
    return NULL;
}
