/* Verifying a set: what is known already, who works on the rest, and what came of it. */
#include "engine/verify.h"

#include <glib/gstdio.h>
#include <string.h>

#include "database/scratch.h"
#include "engine/verify_prover.h"

/* Fewer are not worth another server. */
#define SHARE_MIN 12
#define JOBS_MAX  16

/* ---- reports --------------------------------------------------------------------------------- */

void verify_report_free(struct verify_report *report)
{
    migration_set_unref(report->set);
    g_ptr_array_unref(report->results);
    g_ptr_array_unref(report->notices);
    g_free(report->server);
    g_free(report);
}

static struct verify_report *report_new(struct migration_set *set)
{
    struct verify_report *report = g_new0(struct verify_report, 1);
    report->set = migration_set_ref(set);
    report->results = g_ptr_array_new_with_free_func((GDestroyNotify)verify_result_free);
    report->notices = g_ptr_array_new_with_free_func(g_free);
    return report;
}

guint verify_report_bad(const struct verify_report *report, gboolean is_strict)
{
    guint bad = 0;
    for (guint i = 0; i < report->results->len; i++) {
        const struct verify_result *result = report->results->pdata[i];
        bad += verify_class_is_bad(result->class_, is_strict) ? 1 : 0;
    }
    return bad;
}

/* ---- the work -------------------------------------------------------------------------------- */

/* All workers see the same; each has a message for every result, and one when it ends. */
struct verification {
    struct migration_set *set;
    const struct engine_settings *settings;
    const struct verify_options *options;
    struct verify_report *report;
    struct verify_cache *cache; /* NULL: none */
    GArray *open;               /* of guint: positions in the set of those to be proved */
    guint jobs;
    GAsyncQueue *messages;   /* of struct message * */
    struct scratch *scratch; /* somebody's server, opened already; NULL: each worker its own */
};

struct message {
    struct verify_result *result; /* NULL: a worker has ended */
    char *server;
    GError *failure; /* why it ended before its time; or NULL */
};

struct worker {
    struct verification *verification;
    guint number;
    GThread *thread;
};

static void message_send(struct verification *verification, struct verify_result *result,
                         const char *server, GError *failure)
{
    struct message *message = g_new0(struct message, 1);
    message->result = result;
    message->server = g_strdup(server);
    message->failure = failure;
    g_async_queue_push(verification->messages, message);
}

/* Which of the open ones are this worker's: every so many, so that each has small and large ones.
 */
static gboolean is_mine(const struct worker *worker, guint position, guint *next)
{
    const GArray *open = worker->verification->open;
    while (*next < open->len && g_array_index(open, guint, *next) < position)
        (*next)++;
    return *next < open->len && g_array_index(open, guint, *next) == position &&
           *next % worker->verification->jobs == worker->number;
}

static gboolean put_seeds(struct prover *prover, const struct verify_options *options,
                          gint64 version, GError **error)
{
    for (guint i = 0; options->seeds != NULL && i < options->seeds->len; i++) {
        const struct verify_seed *seed = &g_array_index(options->seeds, struct verify_seed, i);
        if (seed->version != version || prover_seed(prover, seed->text, error))
            continue;
        g_prefix_error(error, "the rows for version %" G_GINT64_FORMAT ": ", version);
        return FALSE;
    }
    return TRUE;
}

static gboolean prove_one(const struct worker *worker, struct prover *prover,
                          const struct migration *migration, GError **error)
{
    struct verification *verification = worker->verification;
    AUTOPTR(verify_result) *result = verify_result_new(migration->version);
    if (!prover_prove(prover, migration, result, error))
        return FALSE;
    if (verification->cache != NULL)
        verify_cache_write(verification->cache, migration, result);
    message_send(verification, g_steal_pointer(&result), NULL, NULL);
    return TRUE;
}

/* Everything up to its last one goes up; its own are proved on the way. */
static gboolean work_through(const struct worker *worker, struct prover *prover, GError **error)
{
    const struct verification *verification = worker->verification;
    const GArray *open = verification->open;
    guint last = g_array_index(open, guint, open->len - 1), next = 0;
    for (guint i = 0; i <= last; i++) {
        const struct migration *migration = migration_set_at(verification->set, i);
        struct cancellation *cancellation = verification->options->cancellation;
        if (cancellation != NULL && cancellation_level(cancellation) != CANCEL_NONE) {
            error_set(error, cancellation_why(cancellation), "stopped, as asked");
            error_advise(error, "what was found is kept: the same command goes on from there");
            return FALSE;
        }
        gboolean is_good = is_mine(worker, i, &next) ? prove_one(worker, prover, migration, error)
                                                     : prover_apply(prover, migration, error);
        if (!is_good || !put_seeds(prover, verification->options, migration->version, error))
            return FALSE;
    }
    return TRUE;
}

/* A backend that was ended as asked is no lost connection. */
static void blame_cancellation(const struct verification *verification, GError *failure)
{
    struct cancellation *cancellation = verification->options->cancellation;
    if (failure != NULL && failure->domain == WINCH_ERROR && cancellation != NULL &&
        cancellation_level(cancellation) >= CANCEL_NOW)
        failure->code = (gint)cancellation_why(cancellation);
}

static gpointer work(gpointer data)
{
    struct worker *worker = data;
    struct verification *verification = worker->verification;
    const struct scratch_settings settings = {
        .url = verification->options->scratch_url,
        .cancellation = verification->options->cancellation,
    };
    GError *failure = NULL;
    struct scratch *scratch =
        verification->scratch != NULL ? verification->scratch : scratch_open(&settings, &failure);
    struct prover *prover = scratch != NULL
                                ? prover_open(scratch, verification->settings, verification->set,
                                              verification->options->cancellation, &failure)
                                : NULL;
    if (prover != NULL) {
        work_through(worker, prover, &failure);
        prover_close(prover);
    }
    blame_cancellation(verification, failure);
    message_send(verification, NULL, scratch != NULL ? scratch_text(scratch) : NULL, failure);
    if (scratch != NULL && scratch != verification->scratch)
        scratch_close(scratch);
    return NULL;
}

/* ---- taking results -------------------------------------------------------------------------- */

static void tell(const struct verification *verification, const struct verify_result *result)
{
    const struct verify_options *options = verification->options;
    if (options->on_result != NULL)
        options->on_result(result, verification->report->results->len,
                           verification->report->cached + verification->open->len, options->data);
}

static void take(struct verification *verification, struct verify_result *result)
{
    g_ptr_array_add(verification->report->results, result);
    tell(verification, result);
}

/* Until every worker has ended. The first failure is the one that is told. */
static gboolean gather(struct verification *verification, guint workers, GError **error)
{
    g_autoptr(GError) first = NULL;
    while (workers > 0) {
        g_autofree struct message *message = g_async_queue_pop(verification->messages);
        if (message->result != NULL) {
            take(verification, message->result);
            continue;
        }
        workers--;
        if (verification->report->server == NULL)
            verification->report->server = g_steal_pointer(&message->server);
        g_free(message->server);
        if (message->failure != NULL && first == NULL)
            first = g_steal_pointer(&message->failure);
        g_clear_error(&message->failure);
    }
    if (first == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

static gboolean run_workers(struct verification *verification, GError **error)
{
    g_autofree struct worker *workers = g_new0(struct worker, verification->jobs);
    for (guint i = 0; i < verification->jobs; i++) {
        workers[i].verification = verification;
        workers[i].number = i;
        workers[i].thread = g_thread_new("verify", work, &workers[i]);
    }
    gboolean is_good = gather(verification, verification->jobs, error);
    for (guint i = 0; i < verification->jobs; i++)
        g_thread_join(workers[i].thread);
    return is_good;
}

/* ---- before and after ------------------------------------------------------------------------ */

/* On a server of somebody's own roles belong to all of its databases: one at a time there. */
static guint jobs_of(const struct verification *verification)
{
    guint wanted = verification->options->jobs;
    if (wanted == 0)
        wanted = verification->scratch == NULL ? MAX(g_get_num_processors(), 1) : 1;
    return CLAMP(verification->open->len / SHARE_MIN, 1, MIN(wanted, JOBS_MAX));
}

/* Names the server whose answers are kept: a private one by its program. */
static char *server_key(const struct verification *verification, GError **error)
{
    if (verification->scratch != NULL)
        return g_strdup_printf("%d %s", scratch_version(verification->scratch),
                               verification->settings->version_table);
    g_autofree char *bindir = scratch_bindir(error);
    if (bindir == NULL)
        return NULL;
    g_autofree char *program = g_build_filename(bindir, "postgres", NULL);
    GStatBuf status = {0};
    g_stat(program, &status);
    return g_strdup_printf("%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s", program,
                           (gint64)status.st_size, (gint64)status.st_mtime,
                           verification->settings->version_table);
}

static gboolean open_cache(struct verification *verification, GError **error)
{
    const struct verify_options *options = verification->options;
    if (options->cache_directory == NULL)
        return TRUE;
    g_autofree char *server = server_key(verification, error);
    if (server == NULL)
        return FALSE;
    verification->cache = verify_cache_open(options->cache_directory, server, verification->set,
                                            options->seeds, error);
    return verification->cache != NULL;
}

static void sort_out(struct verification *verification)
{
    const struct verify_options *options = verification->options;
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (guint i = 0; i < migration_set_count(verification->set); i++) {
        const struct migration *migration = migration_set_at(verification->set, i);
        if (options->is_chosen != NULL && !options->is_chosen[i])
            continue;
        struct verify_result *result =
            verification->cache != NULL ? verify_cache_read(verification->cache, migration) : NULL;
        if (result != NULL)
            g_ptr_array_add(known, result);
        else
            g_array_append_val(verification->open, i);
    }
    verification->report->cached = known->len;
    for (guint i = 0; i < known->len; i++)
        take(verification, known->pdata[i]);
}

static gboolean open_scratch(struct verification *verification, GError **error)
{
    const struct scratch_settings settings = {
        .url = verification->options->scratch_url,
        .cancellation = verification->options->cancellation,
    };
    if (settings.url == NULL)
        return TRUE;
    verification->scratch = scratch_open(&settings, error);
    const GPtrArray *left =
        verification->scratch != NULL ? scratch_left(verification->scratch) : NULL;
    for (guint i = 0; left != NULL && i < left->len; i++)
        g_ptr_array_add(verification->report->notices,
                        g_strdup_printf("%s was found on the scratch server and left alone",
                                        (const char *)left->pdata[i]));
    return verification->scratch != NULL;
}

static gint compare_results(gconstpointer a, gconstpointer b)
{
    const struct verify_result *x = *(struct verify_result *const *)a,
                               *y = *(struct verify_result *const *)b;
    return (x->version > y->version) - (x->version < y->version);
}

static gboolean verify(struct verification *verification, GError **error)
{
    if (!open_scratch(verification, error) || !open_cache(verification, error))
        return FALSE;
    sort_out(verification);
    if (verification->open->len == 0)
        return TRUE;
    verification->jobs = jobs_of(verification);
    if (verification->options->on_progress != NULL)
        verification->options->on_progress(verification->scratch != NULL
                                               ? scratch_text(verification->scratch)
                                               : "starting a private PostgreSQL",
                                           verification->options->data);
    return run_workers(verification, error);
}

struct verify_report *verify_run(struct migration_set *set, const struct engine_settings *settings,
                                 const struct verify_options *options, GError **error)
{
    gint64 started = g_get_monotonic_time();
    AUTOPTR(verify_report) *report = report_new(set);
    struct verification verification = {
        .set = set, .settings = settings, .options = options, .report = report};
    verification.open = g_array_new(FALSE, FALSE, sizeof(guint));
    verification.messages = g_async_queue_new();
    gboolean is_good = verify(&verification, error);
    if (verification.scratch != NULL)
        scratch_close(verification.scratch);
    if (verification.cache != NULL)
        verify_cache_close(verification.cache);
    g_array_unref(verification.open);
    g_async_queue_unref(verification.messages);
    if (!is_good)
        return NULL;
    g_ptr_array_sort(report->results, compare_results);
    report->elapsed_us = g_get_monotonic_time() - started;
    return g_steal_pointer(&report);
}
