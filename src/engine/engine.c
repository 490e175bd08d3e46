/* Opening, closing and looking. */
#include "engine/internal.h"

#include "engine/marks.h"

#include <string.h>

/* ---- telling and waiting ------------------------------------------------------------------- */

void engine_tell(const struct engine *engine, const struct engine_event *event)
{
    if (engine->callbacks.on_event != NULL)
        engine->callbacks.on_event(event, engine->callbacks.data);
}

void engine_notice(const struct engine *engine, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    engine_tell(engine, &(struct engine_event){.kind = ENGINE_NOTICE, .text = text});
}

void engine_tell_new(const struct engine *engine)
{
    const struct database_facts *facts = database_facts(engine->database);
    if (facts->is_absent)
        engine_notice(engine, "there is no database file %s: a new one is made", facts->database);
}

gboolean engine_pause(const struct engine *engine, gint64 milliseconds)
{
    gint64 until = g_get_monotonic_time() + milliseconds * 1000;
    while (cancellation_level(engine->cancellation) == CANCEL_NONE) {
        gint64 left = (until - g_get_monotonic_time() + 999) / 1000;
        if (left <= 0)
            return FALSE;
        GPollFD wake = {.fd = cancellation_fd(engine->cancellation), .events = G_IO_IN};
        if (g_poll(&wake, 1, (gint)MIN(left, 3600000)) > 0)
            cancellation_seen(engine->cancellation);
    }
    return TRUE;
}

void engine_stopped_trying(const struct engine *engine, GError **failure)
{
    g_prefix_error(failure, "cancelled before another try: ");
    (*failure)->code = (gint)cancellation_why(engine->cancellation);
}

gint64 engine_retry_delay(const struct engine *engine, guint attempt)
{
    gint64 base = engine->settings->retry_delay << MIN(attempt - 1, 4);
    return base / 2 + g_random_int_range(0, (gint32)MIN(base / 2, G_MAXINT32 - 1) + 1);
}

/* ---- opening --------------------------------------------------------------------------------- */

static struct database *connect_once(const struct engine *engine, GError **error)
{
    const struct engine_settings *settings = engine->settings;
    struct database_options options = {
        .url = settings->url,
        .driver = settings->driver,
        .password = settings->password,
        .version_table = settings->version_table,
        .own_schema = settings->own_schema,
        .application_name = "winch",
        .connect_timeout = settings->connect_timeout,
        .is_read_only = settings->is_read_only,
        .cancellation = engine->cancellation,
        .on_statement = engine->callbacks.on_statement,
        .statement_data = engine->callbacks.data,
    };
    return database_open(&options, error);
}

/* Only what may pass is worth another try: a server that could not be reached, is starting or has
 * no room (PostgreSQL's manual, appendix A). A database, a role or a host that does not exist stays
 * so. */
gboolean engine_failure_may_pass(const GError *failure)
{
    static const char *const passing[] = {"08", "53", "57"};
    const char *sqlstate = error_detail(failure) != NULL ? error_detail(failure)->sqlstate : "";
    if (!error_is(failure, ERROR_NO_CONNECTION) || error_detail(failure)->is_lasting)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(passing); i++)
        if (g_str_has_prefix(sqlstate, passing[i]))
            return TRUE;
    return *sqlstate == '\0';
}

static gboolean connect_patiently(struct engine *engine, GError **error)
{
    for (guint attempt = 1;; attempt++) {
        g_autoptr(GError) failure = NULL;
        engine->database = connect_once(engine, &failure);
        if (engine->database != NULL)
            return TRUE;
        gint64 delay = engine_retry_delay(engine, attempt);
        gboolean may_retry =
            engine_failure_may_pass(failure) && attempt <= engine->settings->max_retries;
        if (may_retry)
            engine_tell(engine, &(struct engine_event){.kind = ENGINE_CONNECT_RETRY,
                                                       .error = failure,
                                                       .elapsed_us = delay * 1000});
        if (may_retry && !engine_pause(engine, delay))
            continue;
        if (may_retry)
            engine_stopped_trying(engine, &failure);
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
}

static gint64 timeout_of(const struct engine_settings *settings, const struct database_facts *facts)
{
    gboolean url_says = !settings->is_timeout_said && facts->url_statement_timeout > 0;
    return url_says ? facts->url_statement_timeout : settings->timeout;
}

static char *identity_of(const struct database_facts *facts)
{
    return g_strdup_printf("%s %s %s", facts->product,
                           facts->system_identifier != NULL ? facts->system_identifier : "-",
                           facts->database);
}

struct engine *engine_open(const struct engine_settings *settings,
                           const struct engine_callbacks *callbacks, GError **error)
{
    struct migration_set *set = migration_set_load(settings->migrations_path, error);
    return set != NULL ? engine_open_with(settings, set, callbacks, error) : NULL;
}

struct engine *engine_open_with(const struct engine_settings *settings, struct migration_set *set,
                                const struct engine_callbacks *callbacks, GError **error)
{
    AUTOPTR(engine) *engine = g_new0(struct engine, 1);
    engine->settings = settings;
    if (callbacks != NULL)
        engine->callbacks = *callbacks;
    engine->cancellation = engine->callbacks.cancellation != NULL
                               ? cancellation_ref(engine->callbacks.cancellation)
                               : cancellation_new();
    engine->set = set;
    if (!connect_patiently(engine, error))
        return NULL;
    const struct database_facts *facts = database_facts(engine->database);
    environment_weigh(&engine->environment, facts, settings);
    engine->identity = identity_of(facts);
    engine->timeout = timeout_of(settings, facts);
    return g_steal_pointer(&engine);
}

void engine_close(struct engine *engine)
{
    if (engine->database != NULL)
        database_close(engine->database);
    if (engine->set != NULL)
        migration_set_unref(engine->set);
    environment_clear(&engine->environment);
    cancellation_unref(engine->cancellation);
    g_free(engine->identity);
    g_free(engine);
}

gboolean engine_reload(struct engine *engine, GError **error)
{
    struct migration_set *set = migration_set_load(engine->settings->migrations_path, error);
    if (set == NULL)
        return FALSE;
    migration_set_unref(engine->set);
    engine->set = set;
    return TRUE;
}

const struct database_facts *engine_facts(const struct engine *engine)
{
    return database_facts(engine->database);
}

const struct environment *engine_environment(const struct engine *engine)
{
    return &engine->environment;
}

struct migration_set *engine_set(const struct engine *engine)
{
    return engine->set;
}

const char *engine_label(const struct engine *engine)
{
    return database_label(engine->database);
}

guint64 engine_round_trips(const struct engine *engine)
{
    return database_round_trips(engine->database);
}

enum history_presence engine_history_presence(const struct engine *engine)
{
    return database_history_presence(engine->database);
}

/* ---- looking --------------------------------------------------------------------------------- */

gboolean engine_exists(const struct engine *engine, GError **error)
{
    const struct database_facts *facts = database_facts(engine->database);
    if (!facts->is_absent)
        return TRUE;
    error_set(error, ERROR_NO_CONNECTION, "there is no database file %s", facts->database);
    error_advise(error, "check the path; 'winch init' and 'winch up' make a new one");
    return FALSE;
}

gboolean engine_version(struct engine *engine, struct version_state *state, GError **error)
{
    return engine_exists(engine, error) && database_version_read(engine->database, state, error);
}

static struct ledger *ledger_beside(struct engine *engine, const struct version_state *state,
                                    GPtrArray **history, GError **error)
{
    *history = database_history_read(engine->database, 0, error);
    return *history != NULL ? ledger_new(*history, state) : NULL;
}

/* More may have come since they were counted. */
#define NEWER_SLACK 16

/* Where in newest the last of known stands: its hash stands for all that came before it. */
static gboolean find_last(const GPtrArray *known, const GPtrArray *newest, guint *at)
{
    const struct history_record *last = known->len > 0 ? known->pdata[known->len - 1] : NULL;
    for (*at = newest->len; last != NULL && last->hash != NULL && *at > 0; (*at)--)
        if (g_strcmp0(((struct history_record *)newest->pdata[*at - 1])->hash, last->hash) == 0)
            return TRUE;
    return FALSE;
}

static GPtrArray *history_since(struct engine *engine, const GPtrArray *known, guint newer,
                                GError **error)
{
    guint at;
    g_autoptr(GPtrArray) newest =
        database_history_read(engine->database, newer + NEWER_SLACK, error);
    if (newest == NULL)
        return NULL;
    if (!find_last(known, newest, &at))
        return database_history_read(engine->database, 0, error);
    GPtrArray *all =
        g_ptr_array_new_full(known->len + newest->len - at, (GDestroyNotify)history_record_free);
    for (guint i = 0; i < known->len; i++)
        g_ptr_array_add(all, history_record_ref(known->pdata[i]));
    for (guint i = at; i < newest->len; i++)
        g_ptr_array_add(all, history_record_ref(newest->pdata[i]));
    return all;
}

static struct ledger *read_ledger(struct engine *engine, struct version_state *state,
                                  GPtrArray **history, GError **error)
{
    return database_version_read(engine->database, state, error)
               ? ledger_beside(engine, state, history, error)
               : NULL;
}

struct ledger *engine_ledger(struct engine *engine, struct version_state *state, GError **error)
{
    g_autoptr(GPtrArray) history = NULL;
    return read_ledger(engine, state, &history, error);
}

struct ledger *engine_ledger_beside(struct engine *engine, const struct version_state *state,
                                    GError **error)
{
    g_autoptr(GPtrArray) history = NULL;
    return ledger_beside(engine, state, &history, error);
}

struct status *engine_status_and_history(struct engine *engine, GPtrArray **history, GError **error)
{
    struct version_state state;
    g_autoptr(GPtrArray) read = NULL;
    if (!engine_exists(engine, error))
        return NULL;
    struct ledger *ledger = read_ledger(engine, &state, &read, error);
    AUTOPTR(status) *status =
        ledger != NULL ? status_build(engine->set, ledger, &state, TRUE, error) : NULL;
    if (status == NULL || (status->marks = engine_marks(engine, error)) == NULL)
        return NULL;
    *history = g_steal_pointer(&read);
    return g_steal_pointer(&status);
}

struct status *engine_status_since(struct engine *engine, const struct status *before, guint newer,
                                   GPtrArray **history, GError **error)
{
    struct version_state state;
    if (!engine_exists(engine, error) || !database_version_read(engine->database, &state, error))
        return NULL;
    g_autoptr(GPtrArray) read = history_since(engine, *history, newer, error);
    if (read == NULL)
        return NULL;
    AUTOPTR(status) *status =
        status_build_since(engine->set, before, ledger_new(read, &state), &state, error);
    if (status == NULL || (status->marks = engine_marks(engine, error)) == NULL)
        return NULL;
    g_ptr_array_unref(*history);
    *history = g_steal_pointer(&read);
    return g_steal_pointer(&status);
}

struct status *engine_status(struct engine *engine, GError **error)
{
    g_autoptr(GPtrArray) history = NULL;
    return engine_status_and_history(engine, &history, error);
}

static gboolean goal_needs_marks(const struct goal *goal)
{
    gboolean is_named = goal->kind == GOAL_GOTO || goal->kind == GOAL_UP_TO;
    return goal->kind == GOAL_EMERGENCY || goal->kind == GOAL_ROLLBACK ||
           (is_named && marks_are_needed(&goal->target));
}

/* Where a rollback by policy, or an emergency, leads from here. */
static gboolean goal_name(const struct engine *engine, const struct version_state *state,
                          const GArray *marks, struct goal *goal, GError **error)
{
    enum policy_rollback rule = engine->environment.policy.rollback_to;
    gboolean is_emergency = goal->kind == GOAL_EMERGENCY;
    if (!is_emergency && goal->kind != GOAL_ROLLBACK)
        return TRUE;
    if (!is_emergency && rule == ROLLBACK_ANY) {
        goal->kind = GOAL_DOWN;
        goal->count = 1;
        return TRUE;
    }
    gboolean has_good = marks_last(marks, MARK_KNOWN_GOOD, state->version) != VERSION_NONE;
    gboolean has_stable = marks_last(marks, MARK_STABLE, state->version) != VERSION_NONE;
    goal->kind = GOAL_GOTO;
    goal->never_up = TRUE;
    goal->target.kind = (is_emergency ? has_good : rule == ROLLBACK_LAST_KNOWN_GOOD)
                            ? VERSION_NAME_LAST_KNOWN_GOOD
                            : VERSION_NAME_LAST_STABLE;
    if (!is_emergency || has_good || has_stable)
        return TRUE;
    error_set(error, ERROR_REFUSED,
              "no version at or below the current one is marked known good or stable: there is "
              "none that is known to be safe");
    error_advise(error, "'winch rollback VERSION' goes to one that you know");
    return FALSE;
}

enum sql_dialect engine_dialect(const struct engine *engine)
{
    gboolean is_sqlite = strcmp(database_facts(engine->database)->product, "SQLite") == 0;
    return is_sqlite ? SQL_SQLITE : SQL_POSTGRESQL;
}

struct plan *engine_plan_from(struct engine *engine, const struct version_state *state,
                              const struct ledger *ledger, const struct goal *goal, GError **error)
{
    g_autoptr(GArray) marks = NULL;
    struct goal named = *goal;
    if (goal_needs_marks(goal) && (marks = engine_marks(engine, error)) == NULL)
        return NULL;
    if (!goal_name(engine, state, marks, &named, error))
        return NULL;
    struct plan_context context = {
        .set = engine->set,
        .state = state,
        .ledger = ledger,
        .dialect = engine_dialect(engine),
        .marks = marks,
        .identity = engine->identity,
    };
    return plan_build(&context, &named, error);
}

struct plan *engine_plan(struct engine *engine, const struct goal *goal, GError **error)
{
    struct version_state state;
    if (!engine_exists(engine, error))
        return NULL;
    AUTOPTR(ledger) *ledger = engine_ledger(engine, &state, error);
    return ledger != NULL ? engine_plan_from(engine, &state, ledger, goal, error) : NULL;
}

GPtrArray *engine_history(struct engine *engine, guint limit, GError **error)
{
    return engine_exists(engine, error) ? database_history_read(engine->database, limit, error)
                                        : NULL;
}

GBytes *engine_file_read(struct engine *engine, const char *sha256, GError **error)
{
    return database_file_read(engine->database, sha256, error);
}

GArray *engine_impacts(struct engine *engine, const GPtrArray *records, GError **error)
{
    const struct history_record *first = records->len > 0 ? records->pdata[0] : NULL;
    return database_impact_read(engine->database, first != NULL ? first->id : G_MAXINT64, error);
}

gboolean engine_history_verify(struct engine *engine, gint64 *rows, GError **error)
{
    g_autoptr(GPtrArray) records = engine_history(engine, 0, error);
    g_autofree char *head = NULL;
    gint64 head_rows = 0;
    if (records == NULL || !database_history_head(engine->database, &head_rows, &head, error))
        return FALSE;
    if (rows != NULL)
        *rows = records->len;
    return history_verify(records, head_rows, head, error);
}

int engine_lock_holder(struct engine *engine, struct lock_holder *holder, GError **error)
{
    return database_lock_holder(engine->database, holder, error);
}

struct pulse *engine_pulse(struct engine *engine, GError **error)
{
    return database_pulse(engine->database, error);
}

struct activity *engine_activity(struct engine *engine, GError **error)
{
    return database_activity(engine->database, error);
}

gboolean engine_session_end(struct engine *engine, int pid, gint64 began, gboolean terminates,
                            gboolean *was_told, GError **error)
{
    return database_session_end(engine->database, pid, began, terminates, was_told, error);
}
