/* Making a receipt: each step rehearsed and compared, or read; then everything counted. */
#include "engine/receipt.h"

#include "analysis/sql_lexer.h"
#include "engine/internal.h"
#include "engine/receipt_read.h"
#include "engine/step_job.h"

#include <string.h>

/* A rehearsal stands in nobody's way for longer. */
#define LOCK_TIMEOUT_MS 1000

struct making {
    struct engine *engine;
    struct receipt *receipt;
    struct ledger *ledger;
    struct inventory *inventory;
};

enum receipt_way engine_receipt_way(const struct engine *engine)
{
    gboolean may_try = engine->environment.class_ == ENVIRONMENT_DEVELOPMENT;
    return may_try && !engine->settings->is_read_only ? RECEIPT_REHEARSED : RECEIPT_READ;
}

void receipt_free(struct receipt *receipt)
{
    for (guint i = 0; i < receipt->plan->steps->len; i++)
        g_free(receipt->steps[i].note);
    g_free(receipt->steps);
    g_free(receipt->schema);
    plan_unref(receipt->plan);
    g_ptr_array_unref(receipt->losses);
    g_ptr_array_unref(receipt->obstacles);
    g_clear_error(&receipt->failure);
    g_free(receipt);
}

static struct receipt *receipt_new(const struct engine *engine, struct plan *plan,
                                   enum receipt_way way)
{
    struct receipt *receipt = g_new0(struct receipt, 1);
    receipt->schema = g_strdup(database_facts(engine->database)->schema);
    receipt->plan = plan_ref(plan);
    receipt->way = way;
    receipt->losses = losses_new();
    receipt->obstacles = g_ptr_array_new_with_free_func(g_free);
    receipt->steps = g_new0(struct receipt_step, plan->steps->len);
    receipt->failed_step = plan->steps->len;
    return receipt;
}

/* The transaction that applied what this step takes back. */
static const char *applied_by(const struct making *making, const struct plan_step *step)
{
    const struct history_record *record = ledger_record(making->ledger, step->migration->version);
    gboolean is_known = record != NULL && record->kind == HISTORY_UP && record->xid != NULL &&
                        !database_facts(making->engine->database)->is_clone;
    return is_known ? record->xid : NULL;
}

/* ---- what a file names ----------------------------------------------------------------------- */

static gboolean token_names(const struct sql_lexer *lexer, const struct sql_token *token,
                            const char *name)
{
    gsize length = strlen(name);
    const char *text = lexer->text + token->offset;
    if (token->type == SQL_WORD)
        return token->length == length && g_ascii_strncasecmp(text, name, length) == 0;
    if (token->type == SQL_NAME)
        return token->length == length + 2 && strncmp(text + 1, name, length) == 0;
    if (token->type != SQL_STRING && token->type != SQL_DOLLAR)
        return FALSE;
    g_autofree char *body = g_ascii_strdown(text, (gssize)token->length);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    return strstr(body, lower) != NULL;
}

static gboolean names(const struct plan_step *step, const char *name, enum sql_dialect dialect)
{
    struct sql_lexer lexer;
    struct sql_token token;
    sql_lexer_init(&lexer, step->body, step->body_length, dialect);
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END)
        if (token_names(&lexer, &token, name))
            return TRUE;
    return FALSE;
}

static void find_unnamed(const struct making *making)
{
    enum sql_dialect dialect = engine_dialect(making->engine);
    for (guint i = 0; i < making->receipt->losses->len; i++) {
        struct loss *loss = making->receipt->losses->pdata[i];
        gboolean is_object = loss->kind == LOSS_TABLE || loss->kind == LOSS_COLUMN ||
                             !loss_kind_holds_data(loss->kind);
        if (is_object && loss->with == NULL && loss->bare != NULL)
            loss->is_unnamed =
                !names(plan_step_at(making->receipt->plan, loss->step), loss->bare, dialect);
    }
}

/* ---- rehearsing ------------------------------------------------------------------------------ */

/* Where the driver cannot tell by table what rows went, each statement tells for itself. */
struct step_watch {
    const struct plan_step *step;
    guint index;
    const struct run_statement *statements;
    GPtrArray *losses;
};

static void note_rows(const struct run_event *event, void *data)
{
    struct step_watch *watch = data;
    if (event->kind != RUN_EVENT_STATEMENT_DONE || event->rows <= 0)
        return;
    const struct run_statement *statement = &watch->statements[event->statement];
    gboolean deletes =
        g_strcmp0(statement->verb, "DELETE") == 0 || g_strcmp0(statement->verb, "DELETE FROM") == 0;
    if (!deletes && (statement->verb == NULL || !g_str_has_prefix(statement->verb, "UPDATE")))
        return;
    struct loss *loss = loss_new(deletes ? LOSS_DELETED : LOSS_UPDATED, watch->index);
    loss->name = g_strdup_printf("%s:%u", watch->step->half->file_name, statement->line);
    loss->rows = event->rows;
    loss->basis = LOSS_EXACT;
    g_ptr_array_add(watch->losses, loss);
}

static gboolean rehearse_step(struct making *making, guint index, GError **error)
{
    struct engine *engine = making->engine;
    const struct plan_step *step = plan_step_at(making->receipt->plan, index);
    struct run_result result;
    struct step_job prepared;
    g_autoptr(GPtrArray) changes = losses_new();
    struct step_watch watch = {step, index, NULL, changes};
    step_job_init(&prepared, step, engine->settings, engine->timeout);
    watch.statements = prepared.job.statements;
    gint64 wait = prepared.job.lock_timeout;
    prepared.job.lock_timeout = wait > 0 ? MIN(wait, LOCK_TIMEOUT_MS) : LOCK_TIMEOUT_MS;
    prepared.job.application_name = "winch receipt";
    prepared.job.cancellation = engine->cancellation;
    if (!inventory_counts_changes(making->inventory)) {
        prepared.job.on_event = note_rows;
        prepared.job.event_data = &watch;
    }
    gboolean fits = database_rehearse(engine->database, &prepared.job, &result, error);
    step_job_clear(&prepared);
    if (!fits)
        return FALSE;
    g_ptr_array_extend_and_steal(making->receipt->losses, g_steal_pointer(&changes));
    return TRUE;
}

/* A step that no transaction takes is read in place of it. */
static gboolean rehearse_steps(struct making *making, GError **error)
{
    struct receipt *receipt = making->receipt;
    for (guint i = 0; i < receipt->plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(receipt->plan, i);
        if (!run_mode_is_transactional(step->script->mode)) {
            if (!receipt_read_step(receipt, i, making->engine, making->inventory,
                                   applied_by(making, step), error))
                return FALSE;
            continue;
        }
        g_autoptr(GError) failure = NULL;
        if (!rehearse_step(making, i, &failure)) {
            gboolean is_its_own = error_is(failure, ERROR_FAILED);
            g_propagate_error(is_its_own ? &receipt->failure : error, g_steal_pointer(&failure));
            receipt->failed_step = i;
            return is_its_own;
        }
        if (!database_inventory_compare(making->engine->database, making->inventory, i,
                                        applied_by(making, step), receipt->losses, error))
            return FALSE;
        receipt->steps[i].is_seen = TRUE;
    }
    return TRUE;
}

static gboolean rehearse(struct making *making, GError **error)
{
    struct database *database = making->engine->database;
    if (!engine_change_begin(making->engine, error))
        return FALSE;
    gboolean is_good = database_rehearsal_begin(database, LOCK_TIMEOUT_MS, error);
    if (is_good) {
        making->inventory = database_inventory_read(database, error);
        is_good = making->inventory != NULL && rehearse_steps(making, error);
        database_rehearsal_end(database);
    }
    engine_change_end(making->engine);
    return is_good;
}

/* ---- reading --------------------------------------------------------------------------------- */

static gboolean read_steps(struct making *making, GError **error)
{
    struct receipt *receipt = making->receipt;
    making->inventory = database_inventory_read(making->engine->database, error);
    if (making->inventory == NULL)
        return FALSE;
    for (guint i = 0; i < receipt->plan->steps->len; i++)
        if (!receipt_read_step(receipt, i, making->engine, making->inventory,
                               applied_by(making, plan_step_at(receipt->plan, i)), error))
            return FALSE;
    return TRUE;
}

struct receipt *engine_receipt(struct engine *engine, struct plan *plan,
                               const struct receipt_options *options, GError **error)
{
    struct version_state state;
    gint64 started = g_get_monotonic_time();
    AUTOPTR(receipt) *receipt = receipt_new(engine, plan, options->way);
    AUTOPTR(ledger) *ledger = engine_ledger(engine, &state, error);
    struct making making = {engine, receipt, ledger, NULL};
    if (ledger == NULL)
        return NULL;
    gboolean is_good =
        plan->steps->len == 0 ||
        (options->way == RECEIPT_REHEARSED ? rehearse(&making, error) : read_steps(&making, error));
    if (making.inventory != NULL)
        inventory_free(making.inventory);
    if (!is_good)
        return NULL;
    find_unnamed(&making);
    for (guint i = 0; i < plan->steps->len; i++)
        receipt_read_copies(receipt, i, engine);
    if (!database_losses_count(engine->database, receipt->losses, options->budget, LOCK_TIMEOUT_MS,
                               error))
        return NULL;
    receipt->elapsed_us = g_get_monotonic_time() - started;
    return g_steal_pointer(&receipt);
}

/* ---- what it comes to ------------------------------------------------------------------------ */

static gboolean holds_data(const struct loss *loss)
{
    return loss->with == NULL && loss_kind_holds_data(loss->kind);
}

gboolean receipt_is_harmless(const struct receipt *receipt)
{
    for (guint i = 0; i < receipt->losses->len; i++)
        if (holds_data(receipt->losses->pdata[i]))
            return FALSE;
    for (guint i = 0; i < receipt->plan->steps->len; i++)
        if (!receipt->steps[i].is_seen)
            return FALSE;
    return receipt->failure == NULL;
}

gboolean receipt_is_exact(const struct receipt *receipt)
{
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *loss = receipt->losses->pdata[i];
        if (holds_data(loss) && loss->basis != LOSS_EXACT)
            return FALSE;
    }
    return TRUE;
}
