/* Proving one pair. Where both halves are transactional all of it happens in one transaction, so
 * that whatever goes wrong costs a ROLLBACK; else on the database itself, with a copy to go back
 * to. */
#include "engine/verify_prover.h"

#include <string.h>

#include "database/catalog.h"
#include "database/rows.h"
#include "engine/step_job.h"

#define LOCK_TIMEOUT_MS 10000

struct prover {
    struct scratch *scratch;
    const struct engine_settings *settings;
    struct migration_set *set;
    struct cancellation *cancellation; /* may be NULL */
    char *url;
    struct database *database;
    struct catalog *now; /* as the database stands; NULL: to be read */
    GHashTable *missing; /* versions (gint64) that did not go up */
};

/* One migration at hand. */
struct pair {
    struct prover *prover;
    const struct migration *migration;
    struct verify_result *result;
    struct plan_step *up, *down; /* down NULL: there is none to run */
    struct catalog *after_up;
    GPtrArray *altered; /* tables that the up alters; NULL: not looked for yet */
    GPtrArray *touched; /* tables whose rows may differ after up and down */
    GArray *sums_after; /* of those, after up and down */
};

/* ---- opening --------------------------------------------------------------------------------- */

static gboolean connect(struct prover *prover, GError **error)
{
    const struct database_options options = {
        .url = prover->url,
        .version_table = prover->settings->version_table,
        .own_schema = prover->settings->own_schema,
        .application_name = "winch verify",
        .connect_timeout = prover->settings->connect_timeout,
        .cancellation = prover->cancellation,
    };
    prover->database = database_open(&options, error);
    return prover->database != NULL &&
           database_lock(prover->database, LOCK_TIMEOUT_MS, NULL, NULL, error);
}

static void disconnect(struct prover *prover)
{
    g_clear_pointer(&prover->database, database_close);
}

struct prover *prover_open(struct scratch *scratch, const struct engine_settings *settings,
                           struct migration_set *set, struct cancellation *cancellation,
                           GError **error)
{
    AUTOPTR(prover) *prover = g_new0(struct prover, 1);
    prover->scratch = scratch;
    prover->settings = settings;
    prover->set = set;
    prover->cancellation = cancellation;
    prover->missing = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    prover->url = scratch_database_create(scratch, error);
    if (prover->url == NULL || !connect(prover, error) ||
        !database_install(prover->database, error))
        return NULL;
    return g_steal_pointer(&prover);
}

void prover_close(struct prover *prover)
{
    disconnect(prover);
    if (prover->url != NULL)
        scratch_database_drop(prover->scratch, prover->url, NULL);
    if (prover->now != NULL)
        catalog_unref(prover->now);
    g_hash_table_unref(prover->missing);
    g_free(prover->url);
    g_free(prover);
}

/* The catalog of the database as it stands between two migrations. */
static gboolean look(struct prover *prover, GError **error)
{
    if (prover->now == NULL)
        prover->now = database_catalog_read(prover->database, error);
    return prover->now != NULL;
}

static void forget(struct prover *prover)
{
    g_clear_pointer(&prover->now, catalog_unref);
}

/* TRUE for what ends the verification and says nothing about the migration. */
static gboolean is_final(const GError *failure)
{
    return error_is(failure, ERROR_NO_CONNECTION) || error_is(failure, ERROR_UNKNOWN_OUTCOME) ||
           error_is(failure, ERROR_CANCELLED) || error_is(failure, ERROR_HANGUP) ||
           error_is(failure, ERROR_TERMINATED);
}

/* ---- running one half ------------------------------------------------------------------------ */

typedef gboolean (*job_fn)(struct database *database, const struct run_job *job,
                           struct run_result *result, GError **error);

static gboolean run_half(struct prover *prover, const struct plan_step *step, job_fn perform,
                         gint64 *elapsed_us, GError **error)
{
    struct step_job prepared;
    struct run_result result;
    step_job_init(&prepared, step, prover->settings, prover->settings->timeout);
    prepared.job.writes_version = FALSE;
    prepared.job.application_name = "winch verify";
    prepared.job.cancellation = prover->cancellation;
    gboolean is_done = perform(prover->database, &prepared.job, &result, error);
    step_job_clear(&prepared);
    if (elapsed_us != NULL && *elapsed_us < 0)
        *elapsed_us = result.elapsed_us;
    return is_done;
}

/* A failure as a finding; FALSE, with error, when it is none of the migration's. */
static gboolean add_failure(struct pair *pair, enum verify_class class_, const char *when,
                            GError **failure, GError **error)
{
    if (is_final(*failure)) {
        g_propagate_error(error, g_steal_pointer(failure));
        return FALSE;
    }
    const struct error_detail *detail = error_detail(*failure);
    g_autofree char *line = error_line(*failure);
    verify_add(pair->result, class_, "%s%s%s%s%s", line, when,
               detail != NULL && detail->sqlstate[0] != '\0' ? " [" : "",
               detail != NULL && detail->sqlstate[0] != '\0' ? detail->sqlstate : "",
               detail != NULL && detail->sqlstate[0] != '\0' ? "]" : "");
    g_clear_error(failure);
    return TRUE;
}

/* ---- back to a known state ------------------------------------------------------------------- */

static char *copy_make(struct prover *prover, GError **error)
{
    disconnect(prover);
    char *copy = scratch_database_copy(prover->scratch, prover->url, error);
    if (copy != NULL && !connect(prover, error))
        g_clear_pointer(&copy, g_free);
    return copy;
}

static gboolean copy_restore(struct prover *prover, char *copy, GError **error)
{
    disconnect(prover);
    scratch_database_drop(prover->scratch, prover->url, NULL);
    g_free(prover->url);
    prover->url = copy;
    forget(prover);
    return connect(prover, error);
}

static void mark_missing(struct prover *prover, gint64 version)
{
    gint64 *key = g_new(gint64, 1);
    *key = version;
    g_hash_table_add(prover->missing, key);
}

/* Takes it up to stay. A failure leaves the database as it was. */
static gboolean go_up(struct pair *pair, GError **error)
{
    struct prover *prover = pair->prover;
    g_autoptr(GError) failure = NULL;
    g_autofree char *copy = NULL;
    gboolean is_whole = run_mode_is_transactional(pair->up->script->mode);
    if (!is_whole && (copy = copy_make(prover, error)) == NULL)
        return FALSE;
    gboolean is_up = run_half(prover, pair->up, database_run, NULL, &failure);
    if (is_up && copy != NULL)
        scratch_database_drop(prover->scratch, copy, NULL);
    if (is_up)
        return TRUE;
    mark_missing(prover, pair->migration->version);
    return add_failure(pair, VERIFY_UP_FAILS, "", &failure, error) &&
           (copy == NULL || copy_restore(prover, g_steal_pointer(&copy), error));
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Tables of before that this difference speaks of. */
static void add_table(GHashTable *tables, const struct catalog *before, const char *kind,
                      const char *identity)
{
    if (kind != NULL && strcmp(kind, "table") == 0 && catalog_find(before, kind, identity) != NULL)
        g_hash_table_add(tables, g_strdup(identity));
}

static GPtrArray *tables_altered(const struct catalog *before, const struct catalog *after)
{
    g_autoptr(GPtrArray) differences = catalog_difference(before, after);
    g_autoptr(GHashTable) tables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer name;
    for (guint i = 0; i < differences->len; i++) {
        const struct catalog_difference *difference = differences->pdata[i];
        add_table(tables, before, difference->kind, difference->identity);
        add_table(tables, before, difference->parent_kind, difference->parent);
    }
    g_hash_table_iter_init(&iter, tables);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(names, g_strdup(name));
    return names;
}

static GPtrArray *note_made(struct pair *pair, const GArray *made)
{
    GPtrArray *filled = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < made->len; i++) {
        const struct rows_made *one = &g_array_index(made, struct rows_made, i);
        if (one->rows > 0) {
            g_ptr_array_add(filled, g_strdup(one->table));
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", one->table);
        } else {
            verify_note(pair->result, "no rows could be made for %s: %s", one->table,
                        one->problem != NULL ? one->problem : "nothing fits");
        }
    }
    if (names->len > 0)
        verify_note(pair->result, "tried with rows in %s", names->str);
    return filled;
}

/* With rows in the tables that the up alters: what then fails, and what they look like after up and
 * down. All of it is rolled back. */
static gboolean try_filled(struct pair *pair, const GPtrArray *filled, GError **error)
{
    struct prover *prover = pair->prover;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GArray) before = database_rows_sum(prover->database, filled, error);
    if (before == NULL)
        return FALSE;
    if (!run_half(prover, pair->up, database_rehearse, NULL, &failure)) {
        if (is_final(failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        verify_note(pair->result, "the up fails where these tables have rows: %s",
                    failure->message);
        return TRUE;
    }
    if (!run_half(prover, pair->down, database_rehearse, NULL, &failure))
        return add_failure(pair, VERIFY_DOWN_FAILS, " (where these tables have rows)", &failure,
                           error);
    g_autoptr(GArray) after = database_rows_sum(prover->database, filled, error);
    if (after == NULL)
        return FALSE;
    verify_compare_rows(pair->result, before, after, "rows made for this");
    return TRUE;
}

static const GPtrArray *altered_by_up(struct pair *pair)
{
    if (pair->altered == NULL)
        pair->altered = tables_altered(pair->prover->now, pair->after_up);
    return pair->altered;
}

static gboolean prove_rows(struct pair *pair, GError **error)
{
    struct prover *prover = pair->prover;
    const GPtrArray *altered = altered_by_up(pair);
    if (altered->len == 0)
        return TRUE;
    if (!database_rehearsal_begin(prover->database, LOCK_TIMEOUT_MS, error))
        return FALSE;
    g_autoptr(GArray) made = database_rows_make(prover->database, altered, error);
    g_autoptr(GPtrArray) filled = made != NULL ? note_made(pair, made) : NULL;
    gboolean is_good = filled != NULL && (filled->len == 0 || try_filled(pair, filled, error));
    database_rehearsal_end(prover->database);
    return is_good;
}

/* ---- in one transaction ---------------------------------------------------------------------- */

/* What fails only because it is the same transaction: a new label of an enum that is used, and a
 * table with events that wait (PostgreSQL's manual, appendix A). */
static gboolean blames_transaction(const GError *failure)
{
    const char *sqlstate = error_detail(failure) != NULL ? error_detail(failure)->sqlstate : "";
    return strcmp(sqlstate, "55P04") == 0 || strcmp(sqlstate, "55006") == 0;
}

/* Sets *is_apart where it has to be tried in transactions of their own. */
static gboolean back_and_again(struct pair *pair, const struct table_states *before,
                               gboolean *is_apart, GError **error)
{
    struct prover *prover = pair->prover;
    g_autoptr(GError) failure = NULL;
    if (!run_half(prover, pair->down, database_rehearse, &pair->result->down_us, &failure)) {
        *is_apart = blames_transaction(failure);
        return *is_apart || add_failure(pair, VERIFY_DOWN_FAILS, "", &failure, error);
    }
    AUTOPTR(catalog) *back = database_catalog_read(prover->database, error);
    AUTOPTR(table_states) *tables =
        back != NULL ? database_tables_read(prover->database, error) : NULL;
    if (tables == NULL)
        return FALSE;
    verify_compare_catalogs(pair->result, prover->now, back, FALSE);
    pair->touched = table_states_touched(before, tables);
    pair->sums_after = database_rows_sum(prover->database, pair->touched, error);
    if (pair->sums_after == NULL)
        return FALSE;
    if (!run_half(prover, pair->up, database_rehearse, NULL, &failure)) {
        *is_apart = blames_transaction(failure);
        return *is_apart || add_failure(pair, VERIFY_UP_AGAIN_FAILS, "", &failure, error);
    }
    AUTOPTR(catalog) *again = database_catalog_read(prover->database, error);
    if (again == NULL)
        return FALSE;
    verify_compare_catalogs(pair->result, pair->after_up, again, TRUE);
    return TRUE;
}

static gboolean up_and_back(struct pair *pair, gboolean *is_apart, GError **error)
{
    struct prover *prover = pair->prover;
    g_autoptr(GError) failure = NULL;
    AUTOPTR(table_states) *tables = database_tables_read(prover->database, error);
    if (tables == NULL)
        return FALSE;
    if (!run_half(prover, pair->up, database_rehearse, &pair->result->up_us, &failure)) {
        *is_apart = blames_transaction(failure);
        return *is_apart || add_failure(pair, VERIFY_UP_FAILS, "", &failure, error);
    }
    pair->after_up = database_catalog_read(prover->database, error);
    return pair->after_up != NULL && back_and_again(pair, tables, is_apart, error);
}

/* After it was rolled back the rows are as they were before, and can be summed. */
static gboolean compare_touched(struct pair *pair, GError **error)
{
    if (pair->touched == NULL || pair->touched->len == 0)
        return TRUE;
    g_autoptr(GArray) before = database_rows_sum(pair->prover->database, pair->touched, error);
    if (before == NULL)
        return FALSE;
    verify_compare_rows(pair->result, before, pair->sums_after, "its own rows");
    return TRUE;
}

static void take_over(struct pair *pair)
{
    forget(pair->prover);
    if (pair->after_up != NULL)
        pair->prover->now = g_steal_pointer(&pair->after_up);
}

/* Where nothing is left to look at, the second up may stay. */
static gboolean keep(struct pair *pair)
{
    if (pair->result->findings->len > 0 || pair->touched == NULL || pair->touched->len > 0)
        return FALSE;
    return altered_by_up(pair)->len == 0 && database_rehearsal_keep(pair->prover->database, NULL);
}

static gboolean prove_together(struct pair *pair, gboolean *is_apart, GError **error)
{
    struct prover *prover = pair->prover;
    if (!database_rehearsal_begin(prover->database, LOCK_TIMEOUT_MS, error))
        return FALSE;
    gboolean is_good = up_and_back(pair, is_apart, error);
    if (is_good && !*is_apart && keep(pair)) {
        take_over(pair);
        return TRUE;
    }
    database_rehearsal_end(prover->database);
    if (!is_good || *is_apart)
        return is_good;
    gboolean went_up = pair->after_up != NULL;
    if (!went_up) {
        mark_missing(prover, pair->migration->version);
        return TRUE;
    }
    if (!compare_touched(pair, error) ||
        (pair->result->class_ < VERIFY_UP_AGAIN_FAILS && !prove_rows(pair, error)) ||
        !go_up(pair, error))
        return FALSE;
    take_over(pair);
    return TRUE;
}

/* ---- in transactions of their own ------------------------------------------------------------ */

static gboolean back_and_again_apart(struct pair *pair, const GPtrArray *tables, const GArray *sums,
                                     GError **error)
{
    struct prover *prover = pair->prover;
    g_autoptr(GError) failure = NULL;
    if (!run_half(prover, pair->down, database_run, &pair->result->down_us, &failure))
        return add_failure(pair, VERIFY_DOWN_FAILS, "", &failure, error);
    AUTOPTR(catalog) *back = database_catalog_read(prover->database, error);
    g_autoptr(GArray) sums_after =
        back != NULL ? database_rows_sum(prover->database, tables, error) : NULL;
    if (sums_after == NULL)
        return FALSE;
    verify_compare_catalogs(pair->result, prover->now, back, FALSE);
    verify_compare_rows(pair->result, sums, sums_after, "its own rows");
    if (!run_half(prover, pair->up, database_run, NULL, &failure))
        return add_failure(pair, VERIFY_UP_AGAIN_FAILS, "", &failure, error);
    AUTOPTR(catalog) *again = database_catalog_read(prover->database, error);
    if (again == NULL)
        return FALSE;
    verify_compare_catalogs(pair->result, pair->after_up, again, TRUE);
    return TRUE;
}

static gboolean prove_on_copy(struct pair *pair, gboolean *went_up, GError **error)
{
    struct prover *prover = pair->prover;
    g_autoptr(GError) failure = NULL;
    AUTOPTR(table_states) *states = database_tables_read(prover->database, error);
    g_autoptr(GPtrArray) tables = states != NULL ? table_states_names(states) : NULL;
    g_autoptr(GArray) sums =
        tables != NULL ? database_rows_sum(prover->database, tables, error) : NULL;
    if (sums == NULL)
        return FALSE;
    *went_up = run_half(prover, pair->up, database_run, &pair->result->up_us, &failure);
    if (!*went_up)
        return add_failure(pair, VERIFY_UP_FAILS, "", &failure, error);
    pair->after_up = database_catalog_read(prover->database, error);
    return pair->after_up != NULL && back_and_again_apart(pair, tables, sums, error);
}

static gboolean prove_apart(struct pair *pair, GError **error)
{
    struct prover *prover = pair->prover;
    gboolean went_up = FALSE;
    g_autofree char *copy = copy_make(prover, error);
    if (copy == NULL || !prove_on_copy(pair, &went_up, error))
        return FALSE;
    if (pair->result->findings->len == 0) {
        scratch_database_drop(prover->scratch, copy, NULL);
        take_over(pair);
        return TRUE;
    }
    if (!copy_restore(prover, g_steal_pointer(&copy), error))
        return FALSE;
    if (!went_up) {
        mark_missing(prover, pair->migration->version);
        return TRUE;
    }
    if (!go_up(pair, error))
        return FALSE;
    take_over(pair);
    return TRUE;
}

/* ---- one migration --------------------------------------------------------------------------- */

/* The version that it needs and that did not go up, or VERSION_NONE. */
static gint64 missing_need(const struct prover *prover, const struct migration *migration)
{
    const GArray *requires = migration->notes.requires;
    if (!migration->notes.has_requires) {
        gint64 previous = migration_set_version_before(prover->set, migration->version);
        return g_hash_table_contains(prover->missing, &previous) ? previous : VERSION_NONE;
    }
    for (guint i = 0; requires != NULL && i < requires->len; i++)
        if (g_hash_table_contains(prover->missing, &g_array_index(requires, gint64, i)))
            return g_array_index(requires, gint64, i);
    return VERSION_NONE;
}

static gboolean skip(struct pair *pair)
{
    gint64 needed = missing_need(pair->prover, pair->migration);
    if (needed == VERSION_NONE)
        return FALSE;
    g_autofree char *digits = migration_set_version_text(pair->prover->set, needed);
    mark_missing(pair->prover, pair->migration->version);
    verify_add(pair->result, VERIFY_SKIPPED, "it needs %s, which did not go up", digits);
    return TRUE;
}

/* Reads both halves. A file that no server could take is a finding. */
static gboolean read_halves(struct pair *pair)
{
    const struct migration *migration = pair->migration;
    g_autoptr(GError) failure = NULL;
    pair->up = plan_step_new(migration, DIRECTION_UP, SQL_POSTGRESQL, &failure);
    if (pair->up == NULL) {
        mark_missing(pair->prover, migration->version);
        return add_failure(pair, VERIFY_UP_FAILS, "", &failure, NULL) && FALSE;
    }
    gboolean does_something = pair->up->script->mode != RUN_EMPTY;
    if (migration->notes.irreversible != NULL) {
        verify_add(pair->result, VERIFY_IRREVERSIBLE, "declared: %s",
                   migration->notes.irreversible);
        return TRUE;
    }
    pair->down = plan_step_new(migration, DIRECTION_DOWN, SQL_POSTGRESQL, &failure);
    if (pair->down == NULL)
        return add_failure(pair, VERIFY_DOWN_FAILS, "", &failure, NULL);
    if (pair->down->script->mode == RUN_EMPTY && does_something) {
        verify_add(pair->result, VERIFY_NO_DOWN, "%s",
                   migration->down.path == NULL ? "there is no down file"
                                                : "the down file has no statement");
        g_clear_pointer(&pair->down, plan_step_free);
    }
    return TRUE;
}

static void pair_clear(struct pair *pair)
{
    if (pair->up != NULL)
        plan_step_free(pair->up);
    if (pair->down != NULL)
        plan_step_free(pair->down);
    if (pair->after_up != NULL)
        catalog_unref(pair->after_up);
    if (pair->altered != NULL)
        g_ptr_array_unref(pair->altered);
    if (pair->touched != NULL)
        g_ptr_array_unref(pair->touched);
    if (pair->sums_after != NULL)
        g_array_unref(pair->sums_after);
}

static gboolean up_alone(struct pair *pair, GError **error)
{
    forget(pair->prover);
    return go_up(pair, error);
}

/* What was found in one transaction does not count when it has to be tried again apart. */
static void start_over(struct pair *pair)
{
    g_ptr_array_set_size(pair->result->findings, 0);
    g_ptr_array_set_size(pair->result->notes, 0);
    pair->result->class_ = VERIFY_EXACT;
    pair->result->up_us = pair->result->down_us = -1;
    g_clear_pointer(&pair->after_up, catalog_unref);
    g_clear_pointer(&pair->altered, g_ptr_array_unref);
    g_clear_pointer(&pair->touched, g_ptr_array_unref);
    g_clear_pointer(&pair->sums_after, g_array_unref);
}

static gboolean prove(struct pair *pair, GError **error)
{
    gboolean is_apart = FALSE;
    if (!read_halves(pair))
        return TRUE;
    if (pair->down == NULL)
        return up_alone(pair, error);
    if (pair->up->script->mode == RUN_EMPTY && pair->down->script->mode == RUN_EMPTY)
        return TRUE;
    if (!look(pair->prover, error))
        return FALSE;
    if (!run_mode_is_transactional(pair->up->script->mode) ||
        !run_mode_is_transactional(pair->down->script->mode))
        return prove_apart(pair, error);
    if (!prove_together(pair, &is_apart, error))
        return FALSE;
    if (!is_apart)
        return TRUE;
    start_over(pair);
    return prove_apart(pair, error);
}

gboolean prover_prove(struct prover *prover, const struct migration *migration,
                      struct verify_result *result, GError **error)
{
    struct pair pair = {.prover = prover, .migration = migration, .result = result};
    gboolean is_good = skip(&pair) || prove(&pair, error);
    pair_clear(&pair);
    verify_judge(result, migration);
    return is_good;
}

gboolean prover_apply(struct prover *prover, const struct migration *migration, GError **error)
{
    AUTOPTR(verify_result) *unused = verify_result_new(migration->version);
    struct pair pair = {.prover = prover, .migration = migration, .result = unused};
    gboolean is_good = TRUE;
    if (!skip(&pair)) {
        is_good = !read_halves(&pair) || up_alone(&pair, error);
        pair_clear(&pair);
    }
    return is_good;
}

gboolean prover_seed(struct prover *prover, const char *script, GError **error)
{
    return database_script_run(prover->database, script, error);
}
