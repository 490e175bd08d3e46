/* What is not as it should be, as far as version table, files and history tell. */
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

GPtrArray *engine_validate(struct engine *engine, GError **error)
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
