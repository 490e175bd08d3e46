/* Comparing what is with what was recorded. */
#include "engine/drift.h"

#include "engine/internal.h"
#include "engine/snapshot.h"

#include <string.h>

void drift_free(struct drift *drift)
{
    if (drift->before != NULL)
        catalog_unref(drift->before);
    if (drift->now != NULL)
        catalog_unref(drift->now);
    g_clear_pointer(&drift->differences, g_ptr_array_unref);
    g_clear_pointer(&drift->origins, g_array_unref);
    g_clear_pointer(&drift->records, g_ptr_array_unref);
    g_free(drift);
}

struct catalog *engine_catalog(struct engine *engine, GError **error)
{
    return database_catalog_read(engine->database, error);
}

/* A picture that is the same needs no look at its text. */
static gboolean compare(struct engine *engine, struct drift *drift, GError **error)
{
    drift->now = engine_catalog(engine, error);
    if (drift->now == NULL)
        return FALSE;
    if (strcmp(catalog_fingerprint(drift->now), history_record_catalog(drift->recorded)) == 0)
        drift->before = catalog_ref(drift->now);
    else
        drift->before = snapshot_read(engine, drift->recorded, error);
    if (drift->before == NULL)
        return FALSE;
    drift->differences = catalog_difference(drift->before, drift->now);
    drift->origins = database_catalog_origins(engine->database, drift->differences);
    return TRUE;
}

struct drift *engine_drift(struct engine *engine, gint64 version, gboolean is_first, GError **error)
{
    AUTOPTR(drift) *drift = g_new0(struct drift, 1);
    drift->version = version;
    drift->is_postgres = strcmp(engine_facts(engine)->product, "PostgreSQL") == 0;
    drift->records = database_history_read(engine->database, 0, error);
    if (drift->records == NULL)
        return NULL;
    drift->recorded =
        snapshot_find(drift->records, version, is_first ? SNAPSHOT_REACHED : SNAPSHOT_NEWEST);
    if (drift->recorded != NULL && !compare(engine, drift, error))
        return NULL;
    return g_steal_pointer(&drift);
}

gboolean drift_is_none(const struct drift *drift)
{
    return drift->recorded != NULL && drift->differences->len == 0;
}

/* ---- around a run ---------------------------------------------------------------------------- */

#define TOLD_MAX 5

/* since: "was reached", "was recorded". */
static void tell_differences(struct engine *engine, const struct drift *drift, const char *since)
{
    g_autofree char *version = change_version_text(engine, drift->version);
    guint told = 0, all = catalog_difference_count(drift->differences);
    engine_notice(engine, "the schema is not what it was when version %s %s:", version, since);
    for (guint i = 0; i < drift->differences->len && told < TOLD_MAX; i++) {
        const struct catalog_difference *difference = drift->differences->pdata[i];
        g_autofree char *text = catalog_difference_text(difference);
        if (difference->is_implied)
            continue;
        engine_notice(engine, "  %s", text);
        told++;
    }
    if (told < all)
        engine_notice(engine, "  and %u more: see 'winch diff %s --first'", all - told, version);
}

/* TRUE when there was something to tell. */
static gboolean compare_and_tell(struct engine *engine, gint64 version, gboolean is_first,
                                 const char *since)
{
    g_autoptr(GError) unseen = NULL;
    if (engine->settings->snapshots == SNAPSHOTS_OFF ||
        cancellation_level(engine->cancellation) != CANCEL_NONE)
        return FALSE;
    AUTOPTR(drift) *drift = engine_drift(engine, version, is_first, &unseen);
    if (drift == NULL)
        engine_notice(engine, "the schema could not be compared: %s", unseen->message);
    if (drift == NULL || drift->recorded == NULL || drift_is_none(drift))
        return FALSE;
    tell_differences(engine, drift, since);
    return TRUE;
}

void drift_before_run(struct engine *engine, gint64 version)
{
    if (compare_and_tell(engine, version, FALSE, "was recorded"))
        engine_notice(engine, "this run goes on from there, and records what it comes to");
}

void drift_after_rollback(struct engine *engine, gint64 version)
{
    compare_and_tell(engine, version, TRUE, "was reached");
}

/* ---- who ------------------------------------------------------------------------------------- */

static const struct history_record *record_of_transaction(const struct drift *drift,
                                                          const char *xid)
{
    for (guint i = drift->records->len; i-- > 0;) {
        const struct history_record *record = drift->records->pdata[i];
        /* the catalogs keep the lower half of it */
        guint64 whole = record->xid != NULL ? g_ascii_strtoull(record->xid, NULL, 10) : 0;
        g_autofree char *low = g_strdup_printf("%" G_GUINT32_FORMAT, (guint32)whole);
        if ((record->kind == HISTORY_UP || record->kind == HISTORY_DOWN) && whole != 0 &&
            strcmp(low, xid) == 0)
            return record;
    }
    return NULL;
}

char *drift_origin_text(const struct drift *drift, guint index)
{
    if (drift->origins == NULL)
        return NULL;
    const struct catalog_origin *origin =
        &g_array_index(drift->origins, struct catalog_origin, index);
    if (origin->xid[0] == '\0')
        return NULL;
    const struct history_record *record = record_of_transaction(drift, origin->xid);
    if (record != NULL)
        return g_strdup_printf("last written by migration %" G_GINT64_FORMAT " %s", record->version,
                               record->kind == HISTORY_UP ? "up" : "down");
    if (origin->committed_at == 0)
        return g_strdup_printf("last written by transaction %s", origin->xid);
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(origin->committed_at / 1000000);
    g_autofree char *text = g_date_time_format(when, "%Y-%m-%d %H:%M:%S UTC");
    return g_strdup_printf("last written %s by transaction %s", text, origin->xid);
}
