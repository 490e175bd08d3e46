/* What is not as it should be: version table, files and history against each other, the schema by
 * itself and against what was recorded of it. */
#include "engine/drift.h"
#include "engine/internal.h"

void finding_free(struct finding *finding)
{
    g_free(finding->check);
    g_free(finding->message);
    g_free(finding);
}

static void find(GPtrArray *findings, const char *check, gint64 version, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static void find(GPtrArray *findings, const char *check, gint64 version, const char *format, ...)
{
    struct finding *finding = g_new0(struct finding, 1);
    va_list arguments;
    va_start(arguments, format);
    finding->check = g_strdup(check);
    finding->version = version;
    finding->message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(findings, finding);
}

static void find_in_row(GPtrArray *findings, const struct version_state *state)
{
    if (state->kind == VERSION_TABLE_FOREIGN)
        find(findings, "version-table", VERSION_NONE, "%s", state->problem);
    if (state->is_dirty)
        find(findings, "version-table", state->version,
             "the version row says (%" G_GINT64_FORMAT ", dirty): a migration did not end",
             state->version);
}

static void find_in_rows(GPtrArray *findings, const struct status *status)
{
    for (guint i = 0; i < status->rows->len; i++) {
        const struct status_row *row = &g_array_index(status->rows, struct status_row, i);
        const char *digits = row->migration != NULL ? row->migration->digits : "";
        if (row->state == MIGRATION_MISSING)
            find(findings, "missing", row->version,
                 "version %" G_GINT64_FORMAT " is applied, and its file is gone", row->version);
        else if (row->state == MIGRATION_MODIFIED)
            find(findings, "modified", row->version, "%s has changed since it ran",
                 row->migration->up.path != NULL ? row->migration->up.path : digits);
        else if (row->state == MIGRATION_MISSED)
            find(findings, "missed", row->version,
                 "%s lies below the current version and was never run here: 'winch up --missed' "
                 "runs it",
                 digits);
    }
}

static void find_interrupted(GPtrArray *findings, struct engine *engine,
                             const struct ledger *ledger)
{
    const struct history_record *started = ledger_interrupted(ledger);
    struct lock_holder holder;
    if (started == NULL || database_lock_holder(engine->database, &holder, NULL) != 0)
        return;
    find(findings, "history", started->version,
         "run %s of %s on %s started and never said how it ended, and nobody holds the lock: "
         "look at 'winch status', then run it again",
         started->run_id, started->os_user != NULL ? started->os_user : "somebody",
         started->host != NULL ? started->host : "another machine");
}

GPtrArray *engine_validate_files(struct engine *engine, GError **error)
{
    AUTOPTR(status) *status = engine_status(engine, error);
    g_autoptr(GError) broken = NULL;
    if (status == NULL)
        return NULL;
    GPtrArray *findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    find_in_row(findings, &status->version);
    find_in_rows(findings, status);
    find_interrupted(findings, engine, status->ledger);
    enum history_presence presence = engine_history_presence(engine);
    gboolean is_readable = presence == HISTORY_PRESENT || presence == HISTORY_READ_ONLY;
    if (is_readable && !engine_history_verify(engine, NULL, &broken))
        find(findings, "history", VERSION_NONE, "%s", broken->message);
    return findings;
}

/* ---- the schema ------------------------------------------------------------------------------ */

static void note_last(GPtrArray *findings)
{
    struct finding *finding = findings->pdata[findings->len - 1];
    finding->is_notice = TRUE;
}

static gboolean find_flaws(GPtrArray *findings, struct engine *engine, GError **error)
{
    const struct engine_settings *settings = engine->settings;
    unsigned checks = FLAWS_FUNCTIONS | (settings->checks_constraints ? FLAWS_CONSTRAINTS : 0) |
                      (settings->checks_indexes ? FLAWS_INDEXES : 0) |
                      (settings->checks_foreign_keys ? FLAWS_FOREIGN_KEYS : 0);
    g_autoptr(GPtrArray) flaws = database_flaws_read(engine->database, checks, error);
    for (guint i = 0; flaws != NULL && i < flaws->len; i++) {
        const struct schema_flaw *flaw = flaws->pdata[i];
        find(findings, flaw->check, VERSION_NONE, "%s", flaw->message);
        if (flaw->is_notice)
            note_last(findings);
    }
    return flaws != NULL;
}

#define DIFFERENCES_MAX 20

/* Columns in another order change what SELECT * and INSERT without names mean, and nothing else. */
static void find_differences(GPtrArray *findings, const struct drift *drift)
{
    guint told = 0, all = catalog_difference_count(drift->differences);
    for (guint i = 0; i < drift->differences->len && told < DIFFERENCES_MAX; i++) {
        const struct catalog_difference *difference = drift->differences->pdata[i];
        g_autofree char *text = catalog_difference_text(difference);
        if (difference->is_implied)
            continue;
        find(findings, "schema", drift->version, "%s", text);
        if (difference->change == CATALOG_ORDER)
            note_last(findings);
        told++;
    }
    if (told < all)
        find(findings, "schema", drift->version, "and %u more: see 'winch diff'", all - told);
}

/* A dirty database is at no version that anything could be compared with. */
static gboolean find_drift(GPtrArray *findings, struct engine *engine, GError **error)
{
    struct version_state state;
    g_autoptr(GError) unread = NULL;
    if (!engine->settings->checks_schema)
        return TRUE;
    if (!database_version_read(engine->database, &state, error))
        return FALSE;
    if (state.is_dirty || state.kind == VERSION_TABLE_FOREIGN)
        return TRUE;
    AUTOPTR(drift) *drift = engine_drift(engine, state.version, FALSE, &unread);
    if (drift == NULL)
        find(findings, "schema", state.version, "%s", unread->message);
    else if (drift->recorded != NULL)
        find_differences(findings, drift);
    return TRUE;
}

GPtrArray *engine_validate(struct engine *engine, GError **error)
{
    g_autoptr(GPtrArray) findings = engine_validate_files(engine, error);
    if (findings == NULL)
        return NULL;
    if (engine_facts(engine)->is_absent)
        return g_steal_pointer(&findings);
    if (!find_flaws(findings, engine, error) || !find_drift(findings, engine, error))
        return NULL;
    return g_steal_pointer(&findings);
}

guint findings_count(const GPtrArray *findings)
{
    guint count = 0;
    for (guint i = 0; i < findings->len; i++)
        count += ((const struct finding *)findings->pdata[i])->is_notice ? 0 : 1;
    return count;
}
