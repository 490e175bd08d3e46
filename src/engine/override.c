/* What sets aside the files' word: init, force, adopt, drop. All recorded, all under the lock. */
#include "engine/internal.h"

#include <string.h>

/* Who said what the database is, and what it was before, is history too. */
static gboolean record_environment(struct engine *engine, const char *environment, GError **error)
{
    const char *before = database_facts(engine->database)->environment_recorded;
    char run_id[17];
    run_id_make(run_id);
    AUTOPTR(history_record) *record =
        recording_new(engine, run_id, HISTORY_ENVIRONMENT, OUTCOME_DONE);
    record->version = record->from_version = record->to_version = VERSION_NONE;
    record->message = g_strdup_printf("the environment is %s now; it was %s", environment,
                                      before != NULL ? before : "not recorded");
    g_free(record->environment);
    record->environment = g_strdup(environment);
    return database_environment_record(engine->database, environment, error) &&
           database_history_append(engine->database, record, error);
}

gboolean engine_init(struct engine *engine, const char *environment, GError **error)
{
    if (!engine_change_begin(engine, error))
        return FALSE;
    engine_tell_new(engine);
    gboolean is_done = database_install(engine->database, error) &&
                       (environment == NULL || record_environment(engine, environment, error));
    engine_change_end(engine);
    return is_done;
}

char *engine_init_script(const struct engine *engine)
{
    return database_install_script(engine->database);
}

static struct history_record *override_record(const struct engine *engine, enum history_kind kind,
                                              gint64 from, gint64 to,
                                              const struct change_options *options)
{
    char run_id[17];
    run_id_make(run_id);
    struct history_record *record = recording_new(engine, run_id, kind, OUTCOME_DONE);
    record->version = to;
    record->from_version = from;
    record->to_version = to;
    record->reason = g_strdup(options->reason);
    return record;
}

static gboolean force_locked(struct engine *engine, gint64 version,
                             const struct change_options *options, GError **error)
{
    struct version_state state;
    g_autofree char *word = migration_set_version_text(engine->set, version);
    if (!confirmation_check(engine, NULL, word, options, error) ||
        !database_install(engine->database, error) ||
        !database_version_read(engine->database, &state, error))
        return FALSE;
    AUTOPTR(history_record) *record =
        override_record(engine, HISTORY_FORCE, state.version, version, options);
    return database_force(engine->database, version, record, error);
}

gboolean engine_force(struct engine *engine, gint64 version, const struct change_options *options,
                      GError **error)
{
    if (!engine_exists(engine, error) || !engine_change_begin(engine, error))
        return FALSE;
    if (version != VERSION_NONE && migration_set_find(engine->set, version) == NULL)
        engine_notice(engine, "version %" G_GINT64_FORMAT " has no file in %s", version,
                      migration_set_directory(engine->set));
    gboolean is_done = force_locked(engine, version, options, error);
    engine_change_end(engine);
    return is_done;
}

/* ---- adopt ------------------------------------------------------------------------------------
 */

static gboolean sha256_of(const struct migration_half *half, char **sha256, GError **error)
{
    if (half->path == NULL)
        return TRUE;
    AUTOPTR(migration_text) *text = migration_text_load(half, error);
    if (text == NULL)
        return FALSE;
    *sha256 = g_strdup(text->sha256);
    return TRUE;
}

static gboolean adopt_one(struct engine *engine, const struct migration *migration, gint64 row,
                          const char *run_id, const struct change_options *options, GError **error)
{
    AUTOPTR(history_record) *record = recording_new(engine, run_id, HISTORY_ADOPT, OUTCOME_DONE);
    record->version = migration->version;
    record->from_version = row;
    record->to_version = row;
    record->title = g_strdup(migration->title);
    record->reason = g_strdup(options->reason);
    record->message = g_strdup("assumed: ran before winch kept history");
    return sha256_of(&migration->up, &record->up_sha256, error) &&
           sha256_of(&migration->down, &record->down_sha256, error) &&
           database_history_append(engine->database, record, error);
}

static gboolean adopt_all(struct engine *engine, const struct ledger *ledger, gint64 row,
                          const struct change_options *options, guint *adopted, GError **error)
{
    char run_id[17];
    run_id_make(run_id);
    for (guint i = 0; i < migration_set_count(engine->set); i++) {
        const struct migration *migration = migration_set_at(engine->set, i);
        gboolean is_known = ledger_record(ledger, migration->version) != NULL;
        if (migration->version > row || is_known)
            continue;
        if (!adopt_one(engine, migration, row, run_id, options, error))
            return FALSE;
        (*adopted)++;
    }
    return TRUE;
}

gboolean history_must_be_writable(const struct engine *engine, GError **error)
{
    enum history_presence presence = database_history_presence(engine->database);
    const char *schema = engine->settings->own_schema;
    const char *user = database_facts(engine->database)->user;
    if (presence == HISTORY_PRESENT)
        return TRUE;
    if (presence == HISTORY_ABSENT) {
        error_set(error, ERROR_REFUSED,
                  "there is no history to write to: schema %s is missing, and %s may not create it",
                  schema, user);
        error_advise(error, "'winch init --print-sql' prints what somebody who may has to run");
    } else {
        error_set(error, ERROR_REFUSED, "%s may not write the history in schema %s", user, schema);
        error_advise(error, "adopt as its owner, or let that one grant the rights");
    }
    return FALSE;
}

static gboolean adopt_locked(struct engine *engine, const struct change_options *options,
                             guint *adopted, GError **error)
{
    struct version_state state;
    if (!database_install(engine->database, error))
        return FALSE;
    if (!history_must_be_writable(engine, error))
        return FALSE;
    AUTOPTR(ledger) *ledger = engine_ledger(engine, &state, error);
    if (ledger == NULL)
        return FALSE;
    if (state.is_dirty) {
        error_set(error, ERROR_DIRTY, "the database is dirty: what ran cannot be assumed");
        plan_advise_dirty(engine->set, &state, error);
        return FALSE;
    }
    return adopt_all(engine, ledger, state.version, options, adopted, error);
}

gboolean engine_adopt(struct engine *engine, const struct change_options *options, guint *adopted,
                      GError **error)
{
    *adopted = 0;
    if (!engine_exists(engine, error) || !engine_change_begin(engine, error))
        return FALSE;
    gboolean is_done = adopt_locked(engine, options, adopted, error);
    engine_change_end(engine);
    return is_done;
}

/* ---- drop -------------------------------------------------------------------------------------
 */

static gboolean drop_locked(struct engine *engine, const struct change_options *options,
                            GPtrArray *dropped, GError **error)
{
    struct version_state state;
    if (!confirmation_check(engine, NULL, "drop", options, error) ||
        !database_version_read(engine->database, &state, error))
        return FALSE;
    AUTOPTR(history_record) *record =
        override_record(engine, HISTORY_DROP, state.version, VERSION_NONE, options);
    return database_drop(engine->database, record, dropped, error);
}

gboolean engine_drop(struct engine *engine, const struct change_options *options,
                     GPtrArray *dropped, GError **error)
{
    if (!engine_exists(engine, error) || !engine_change_begin(engine, error))
        return FALSE;
    gboolean is_done = drop_locked(engine, options, dropped, error);
    engine_change_end(engine);
    return is_done;
}

void engine_record_refusal(struct engine *engine, const char *message)
{
    char run_id[17];
    g_autoptr(GError) unwritten = NULL;
    run_id_make(run_id);
    AUTOPTR(history_record) *record =
        recording_new(engine, run_id, HISTORY_REFUSED, OUTCOME_REFUSED);
    record->message = g_strdup(message);
    record->version = record->from_version = record->to_version = VERSION_NONE;
    if (!database_history_append(engine->database, record, &unwritten))
        engine_notice(engine, "the refusal could not be recorded: %s", unwritten->message);
}
