/* What sets aside the files' word: init, force, adopt, drop. All recorded, all under the lock. */
#include "engine/gate.h"
#include "engine/internal.h"
#include "engine/snapshot.h"

#include <string.h>

/* Who said what the database is, and what it was before, is history too. */
static gboolean record_environment(struct engine *engine, const char *environment,
                                   const struct change_options *options, GError **error)
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
    record->reason = g_strdup(change_reason(options));
    return database_environment_record(engine->database, environment, error) &&
           database_history_append(engine->database, record, error);
}

/* Whether a database would be asked for less from then on. */
gboolean engine_lowers(const struct engine *engine, const char *environment)
{
    const char *before = database_facts(engine->database)->environment_recorded;
    if (before == NULL)
        return FALSE;
    struct policy policy = *engine_settings_policy(engine->settings, environment);
    return policy_tighten(&policy, engine_settings_policy(engine->settings, before));
}

static gboolean init_locked(struct engine *engine, const char *environment,
                            const struct change_options *options, GError **error)
{
    gboolean is_lowering = environment != NULL && engine_lowers(engine, environment);
    struct gate_wish wish = {.action = is_lowering ? GATE_LOWER : GATE_INIT,
                             .target = is_lowering ? environment : "init",
                             .from = VERSION_NONE,
                             .to = VERSION_NONE};
    return gate_pass(engine, &wish, options, NULL, error) &&
           database_install(engine->database, error) &&
           (environment == NULL || record_environment(engine, environment, options, error));
}

gboolean engine_init(struct engine *engine, const char *environment,
                     const struct change_options *options, GError **error)
{
    if (!engine_change_begin(engine, error))
        return FALSE;
    engine_tell_new(engine);
    gboolean is_done = init_locked(engine, environment, options, error);
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
    record->reason = g_strdup(change_reason(options));
    return record;
}

static gboolean force_locked(struct engine *engine, gint64 version,
                             const struct change_options *options, GError **error)
{
    struct version_state state;
    g_autofree char *word = migration_set_version_text(engine->set, version);
    g_autofree char *overrides = NULL;
    if (!database_version_read(engine->database, &state, error))
        return FALSE;
    struct gate_wish wish = {
        .action = GATE_FORCE, .target = word, .from = state.version, .to = version};
    if (!gate_pass(engine, &wish, options, &overrides, error) ||
        !database_install(engine->database, error) ||
        !database_version_read(engine->database, &state, error))
        return FALSE;
    AUTOPTR(history_record) *record =
        override_record(engine, HISTORY_FORCE, state.version, version, options);
    record->message = g_steal_pointer(&overrides);
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
    record->reason = g_strdup(change_reason(options));
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
    return *adopted == 0 || snapshot_keep(engine, run_id, row, row, error);
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
        error_advise(error,
                     "do this as its owner, or let that one grant the rights: USAGE on the schema, "
                     "SELECT and INSERT on its tables");
    }
    return FALSE;
}

static gboolean adopt_locked(struct engine *engine, const struct change_options *options,
                             guint *adopted, GError **error)
{
    struct version_state state;
    struct gate_wish wish = {
        .action = GATE_ADOPT, .target = "adopt", .from = VERSION_NONE, .to = VERSION_NONE};
    if (!gate_pass(engine, &wish, options, NULL, error) ||
        !database_install(engine->database, error))
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
    g_autofree char *overrides = NULL;
    if (!database_version_read(engine->database, &state, error))
        return FALSE;
    struct gate_wish wish = {
        .action = GATE_DROP, .target = "drop", .from = state.version, .to = VERSION_NONE};
    if (!gate_pass(engine, &wish, options, &overrides, error))
        return FALSE;
    AUTOPTR(history_record) *record =
        override_record(engine, HISTORY_DROP, state.version, VERSION_NONE, options);
    record->message = g_steal_pointer(&overrides);
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
