/* From what was seen to what it means: which locks matter, what grows with a table, who waits, and
 * what it would cost on the real tables where it ran on empty ones. */
#include "engine/preview_internal.h"

#include "base/duration.h"
#include "database/relations.h"

#include <string.h>

/* ---- evidence -------------------------------------------------------------------------------- */

/* Locks come strongest first, a relation's weaker ones behind it. */
static gboolean has_lock_on(const GArray *locks, const char *relation)
{
    for (guint i = 0; i < locks->len; i++)
        if (strcmp(g_array_index(locks, struct preview_lock, i).relation, relation) == 0)
            return TRUE;
    return FALSE;
}

static void take_locks(struct preview *preview, struct preview_statement *statement,
                       const struct evidence *evidence)
{
    for (guint i = 0; i < evidence->lock_count; i++) {
        const struct evidence_lock *from = &evidence->locks[i];
        if (has_lock_on(statement->locks, from->relation.name))
            continue;
        struct preview_lock lock = {
            .relation = preview_keep(preview, from->relation.name),
            .kind = from->relation.kind,
            .mode = from->mode,
            .basis = PREVIEW_MEASURED,
            .is_new = from->relation.is_new,
        };
        g_array_append_val(statement->locks, lock);
    }
}

static void add_work(struct preview *preview, struct preview_statement *statement,
                     enum preview_work_kind kind, const struct evidence_relation *relation,
                     enum lock_mode held, gint64 rows)
{
    struct preview_work work = {
        .kind = kind,
        .relation = preview_keep(preview, relation->name),
        .held = held,
        .basis = PREVIEW_MEASURED,
        .rows = rows,
        .bytes = -1,
        .is_new = relation->is_new,
    };
    g_array_append_val(statement->works, work);
}

static gboolean is_table(char kind)
{
    return kind == 'r' || kind == 'm' || kind == 'p';
}

/* An index that was not there, on a relation that was read meanwhile. */
static gboolean has_new_index(const struct evidence *evidence)
{
    for (guint i = 0; i < evidence->lock_count; i++)
        if (evidence->locks[i].relation.is_new && evidence->locks[i].relation.kind == 'i')
            return TRUE;
    return FALSE;
}

static gboolean was_rewritten(const struct evidence *evidence, const char *relation)
{
    for (guint i = 0; i < evidence->rewrite_count; i++)
        if (strcmp(evidence->rewrites[i].relation.name, relation) == 0)
            return TRUE;
    return FALSE;
}

static gint64 rows_scanned(const struct evidence *evidence, const char *relation)
{
    for (guint i = 0; i < evidence->scan_count; i++)
        if (strcmp(evidence->scans[i].relation.name, relation) == 0)
            return evidence->scans[i].rows / MAX(evidence->scans[i].scans, 1);
    return -1;
}

static void take_works(struct preview *preview, struct preview_statement *statement,
                       const struct evidence *evidence)
{
    gboolean empties = g_str_has_prefix(evidence->tag, "TRUNCATE");
    gboolean builds = has_new_index(evidence);
    for (guint i = 0; i < evidence->rewrite_count; i++) {
        const struct evidence_rewrite *rewrite = &evidence->rewrites[i];
        if (is_table(rewrite->relation.kind))
            add_work(preview, statement, empties ? PREVIEW_EMPTIES : PREVIEW_REWRITES,
                     &rewrite->relation, rewrite->held,
                     rows_scanned(evidence, rewrite->relation.name));
    }
    for (guint i = 0; i < evidence->scan_count; i++) {
        const struct evidence_scan *scan = &evidence->scans[i];
        gboolean holds = lock_mode_conflicts(scan->held, LOCK_MODE_ROW_EXCLUSIVE);
        if (!was_rewritten(evidence, scan->relation.name))
            add_work(preview, statement, builds && holds ? PREVIEW_BUILDS : PREVIEW_SCANS,
                     &scan->relation, scan->held, scan->rows / MAX(scan->scans, 1));
    }
}

void preview_take_evidence(struct preview *preview, struct preview_statement *statement,
                           struct evidence *evidence)
{
    statement->evidence = evidence_ref(evidence);
    statement->basis = PREVIEW_MEASURED;
    statement->elapsed_us = evidence->elapsed_us;
    statement->wal_bytes = evidence->wal_bytes;
    take_locks(preview, statement, evidence);
    take_works(preview, statement, evidence);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

typedef void (*work_fn)(struct preview *preview, struct preview_statement *statement,
                        struct preview_work *work, gpointer data);

static void each_work(struct preview *preview, work_fn visit, gpointer data)
{
    for (guint i = 0; i < preview->steps->len; i++) {
        struct preview_step *step = preview_step_edit(preview, i);
        for (guint j = 0; j < step->statements->len; j++) {
            struct preview_statement *statement = preview_statement_edit(step, j);
            for (guint k = 0; k < statement->works->len; k++)
                visit(preview, statement, &g_array_index(statement->works, struct preview_work, k),
                      data);
        }
    }
}

static void note_name(struct preview *preview, struct preview_statement *statement,
                      struct preview_work *work, gpointer names)
{
    (void)preview;
    (void)statement;
    if (!work->is_new &&
        !g_ptr_array_find_with_equal_func(names, work->relation, g_str_equal, NULL))
        g_ptr_array_add(names, (gpointer)(gsize)work->relation);
}

static void take_size(struct preview *preview, struct preview_statement *statement,
                      struct preview_work *work, gpointer sizes)
{
    const struct relation_size *size =
        work->is_new ? NULL : g_hash_table_lookup(sizes, work->relation);
    (void)statement;
    if (size == NULL)
        return;
    work->bytes = size->bytes + (work->kind == PREVIEW_REWRITES ? size->index_bytes : 0);
    if (preview->level != PREVIEW_LEVEL_DATABASE || work->rows < 0)
        work->rows = size->rows;
}

/* ---- what it costs on the real tables -------------------------------------------------------- */

#define MEGABYTE (1024 * 1024)

/* Without any run to go by. A disk of today does more, a busy server may do less. */
#define WRITE_RATE ((double)50 * MEGABYTE)
#define READ_RATE  ((double)300 * MEGABYTE)

/* Runs that wrote less say little about the disk. */
#define WAL_TO_GO_BY ((gint64)8 * MEGABYTE)

struct rates {
    double write; /* bytes a second */
    guint runs;   /* it was measured in; 0: nobody measured */
};

static void measure_rate(struct engine *engine, struct rates *rates)
{
    g_autoptr(GPtrArray) history = engine_history(engine, 500, NULL);
    g_autoptr(GArray) impacts = history != NULL ? engine_impacts(engine, history, NULL) : NULL;
    gint64 bytes = 0, elapsed = 0;
    for (guint i = 0; impacts != NULL && i < impacts->len; i++) {
        const struct impact *impact = &g_array_index(impacts, struct impact, i);
        if (impact->wal_bytes < WAL_TO_GO_BY || impact->elapsed_us <= 0)
            continue;
        bytes += impact->wal_bytes;
        elapsed += impact->elapsed_us;
        rates->runs++;
    }
    rates->write = rates->runs > 0 ? (double)bytes * G_USEC_PER_SEC / (double)elapsed : WRITE_RATE;
}

static void estimate(struct preview *preview, struct preview_statement *statement,
                     struct preview_work *work, gpointer data)
{
    const struct rates *rates = data;
    if (work->is_new || work->bytes < 0 || work->kind == PREVIEW_EMPTIES)
        return;
    gboolean writes = work->kind != PREVIEW_SCANS;
    double rate = writes ? rates->write : READ_RATE;
    g_autofree char *size = g_format_size_full((guint64)work->bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *speed = g_format_size_full((guint64)rate, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *basis = writes && rates->runs > 0
                                 ? g_strdup_printf("as %u %s of this database wrote", rates->runs,
                                                   rates->runs == 1 ? "run" : "runs")
                                 : g_strdup("assumed, nothing was measured here");
    g_autofree char *why =
        g_strdup_printf("%s%s%s at %s/s, %s", statement->estimate_why,
                        *statement->estimate_why != '\0' ? "; " : "", size, speed, basis);
    statement->estimate_why = preview_keep(preview, why);
    statement->estimated_us =
        MAX(statement->estimated_us, 0) + (gint64)((double)work->bytes / rate * G_USEC_PER_SEC);
    if (work->kind == PREVIEW_REWRITES)
        statement->estimated_wal = MAX(statement->estimated_wal, 0) + work->bytes;
}

static gboolean estimate_all(struct engine *engine, struct preview *preview, GError **error)
{
    struct rates rates = {0};
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    each_work(preview, note_name, names);
    g_autoptr(GHashTable) sizes = database_relation_sizes(engine->database, names, error);
    if (sizes == NULL)
        return FALSE;
    each_work(preview, take_size, sizes);
    if (preview->level == PREVIEW_LEVEL_DATABASE || names->len == 0)
        return TRUE;
    measure_rate(engine, &rates);
    each_work(preview, estimate, &rates);
    return TRUE;
}

/* ---- who waits ------------------------------------------------------------------------------- */

static enum preview_risk risk_of_hold(enum lock_mode held)
{
    if (lock_mode_conflicts(held, LOCK_MODE_ACCESS_SHARE))
        return PREVIEW_BLOCKS_ALL;
    return lock_mode_conflicts(held, LOCK_MODE_ROW_EXCLUSIVE) ? PREVIEW_BLOCKS_WRITES
                                                              : PREVIEW_HARMLESS;
}

static enum preview_risk risk_of_work(const struct preview_work *work)
{
    if (work->is_new)
        return PREVIEW_HARMLESS;
    enum preview_risk risk = risk_of_hold(work->held);
    return work->kind == PREVIEW_EMPTIES ? MIN(risk, PREVIEW_BRIEF) : risk;
}

static const struct preview_work *worst_work(const struct preview_statement *statement)
{
    const struct preview_work *worst = NULL;
    for (guint i = 0; i < statement->works->len; i++) {
        const struct preview_work *work = &g_array_index(statement->works, struct preview_work, i);
        if (!work->is_new &&
            (worst == NULL || risk_of_work(work) > risk_of_work(worst) ||
             (risk_of_work(work) == risk_of_work(worst) && work->kind > worst->kind)))
            worst = work;
    }
    return worst;
}

/* The strongest on what is not new; a sequence's are nobody's trouble. */
static const struct preview_lock *worst_lock(const struct preview_statement *statement)
{
    for (guint i = 0; i < statement->locks->len; i++) {
        const struct preview_lock *lock = &g_array_index(statement->locks, struct preview_lock, i);
        if (!lock->is_new && lock->kind != 'S')
            return lock;
    }
    return NULL;
}

static char *work_text(const struct preview_work *work)
{
    static const char *const texts[] = {
        [PREVIEW_SCANS] = "every row is read",
        [PREVIEW_BUILDS] = "an index is built",
        [PREVIEW_REWRITES] = "every row is written anew",
        [PREVIEW_EMPTIES] = "it is emptied",
    };
    g_autofree char *size =
        work->bytes >= 0 ? g_format_size_full((guint64)work->bytes, G_FORMAT_SIZE_IEC_UNITS) : NULL;
    return size != NULL ? g_strdup_printf("%s (%s)", texts[work->kind], size)
                        : g_strdup(texts[work->kind]);
}

static char *verdict_of_work(const struct preview_work *work, enum preview_risk risk)
{
    g_autofree char *doing = work_text(work);
    if (risk == PREVIEW_HARMLESS)
        return g_strdup_printf("%s: %s, others go on", work->relation, doing);
    return g_strdup_printf("%s of %s wait while %s",
                           risk == PREVIEW_BLOCKS_WRITES ? "writes" : "reads and writes",
                           work->relation, doing);
}

static char *verdict_of_lock(const struct preview_statement *statement,
                             const struct preview_lock *lock)
{
    enum preview_risk risk = lock != NULL ? risk_of_hold(lock->mode) : PREVIEW_HARMLESS;
    if (risk == PREVIEW_HARMLESS && statement->is_shadowed)
        return g_strdup("not told: a migration before it holds the locks here");
    if (risk == PREVIEW_HARMLESS)
        return g_strdup(lock == NULL && statement->locks->len > 0 ? "new objects alone"
                                                                  : "nobody waits");
    return g_strdup_printf("%s of %s wait for a moment",
                           risk == PREVIEW_BLOCKS_WRITES ? "writes" : "reads and writes",
                           lock->relation);
}

/* So long others notice that a lock is held. */
#define NOTICEABLE_US (200 * G_TIME_SPAN_MILLISECOND)

static gboolean is_long(const struct preview_statement *statement)
{
    return MAX(statement->elapsed_us, statement->estimated_us) >= NOTICEABLE_US;
}

/* held: the worst that statements before it in the file hold to its end. */
static void judge_statement(struct preview *preview, struct preview_statement *statement,
                            enum preview_risk held)
{
    gboolean is_held = held > PREVIEW_HARMLESS;
    const struct preview_work *work = worst_work(statement);
    const struct preview_lock *lock = worst_lock(statement);
    /* An index's lock comes with its table's; where that is not new, the table is locked already.
     */
    if (is_held && lock != NULL && lock->kind == 'i')
        lock = NULL;
    enum preview_risk by_work = work != NULL ? risk_of_work(work) : PREVIEW_HARMLESS;
    enum preview_risk by_lock =
        lock != NULL ? MIN(risk_of_hold(lock->mode), PREVIEW_BRIEF) : PREVIEW_HARMLESS;
    g_autofree char *verdict = NULL;
    statement->risk = MAX(by_work, by_lock);
    if (statement->basis == PREVIEW_UNKNOWN)
        verdict = g_strdup(statement->was_run ? "what it locks was not measured"
                                              : "not known: its text does not tell");
    else if (statement->risk == PREVIEW_HARMLESS && is_held &&
             (held > PREVIEW_BRIEF || is_long(statement)))
        verdict = g_strdup("who waits for the locks above waits on");
    else if (work != NULL && by_work >= by_lock)
        verdict = verdict_of_work(work, by_work);
    else if (statement->risk == PREVIEW_HARMLESS && is_held)
        verdict = g_strdup("");
    else
        verdict = verdict_of_lock(statement, lock);
    statement->verdict = preview_keep(preview, verdict);
}

/* ---- totals ---------------------------------------------------------------------------------- */

/* A relation that others use, by its kind: an index's lock comes with its table's. */
static const struct preview_lock *exclusive_lock(const struct preview_statement *statement)
{
    for (guint i = 0; i < statement->locks->len; i++) {
        const struct preview_lock *lock = &g_array_index(statement->locks, struct preview_lock, i);
        if (!lock->is_new && lock->mode == LOCK_MODE_ACCESS_EXCLUSIVE)
            return lock;
    }
    return NULL;
}

/* From the statement that takes ACCESS EXCLUSIVE first to the end: that long it is held. */
static void time_exclusive(struct preview_step *step)
{
    gboolean is_held = FALSE;
    for (guint i = 0; i < step->statements->len; i++) {
        const struct preview_statement *statement = preview_statement_at(step, i);
        const struct preview_lock *lock = is_held ? NULL : exclusive_lock(statement);
        if (lock != NULL) {
            is_held = TRUE;
            step->exclusive = lock->relation;
            step->exclusive_line = statement->line;
        }
        if (is_held && statement->elapsed_us > 0)
            step->exclusive_us += statement->elapsed_us;
    }
    if (is_held && step->commit != NULL)
        step->exclusive_us += step->commit->elapsed_us;
    if (is_held && step->outcome == PREVIEW_READ)
        step->exclusive_us = -1;
}

static void add_known(gint64 *sum, gint64 number)
{
    if (number >= 0)
        *sum = MAX(*sum, 0) + number;
}

/* Whether a migration before this one holds, in the same transaction, what others would wait for.
 */
static gboolean is_shadowed(const struct preview *preview, guint index)
{
    if (preview->level != PREVIEW_LEVEL_DATABASE)
        return FALSE;
    for (guint i = 0; i < index; i++) {
        const struct preview_step *step = preview_step_at(preview, i);
        for (guint j = 0; j < step->statements->len; j++)
            if (exclusive_lock(preview_statement_at(step, j)) != NULL)
                return TRUE;
    }
    return FALSE;
}

static void total_step(struct preview *preview, guint index)
{
    struct preview_step *step = preview_step_edit(preview, index);
    enum preview_risk held = PREVIEW_HARMLESS;
    for (guint i = 0; i < step->statements->len; i++) {
        struct preview_statement *statement = preview_statement_edit(step, i);
        statement->is_shadowed = statement->was_run && is_shadowed(preview, index);
        judge_statement(preview, statement, held);
        held = MAX(held, statement->risk);
        add_known(&step->wal_bytes, statement->wal_bytes);
        add_known(&preview->statements_us, statement->elapsed_us);
        add_known(&preview->estimated_us, statement->estimated_us);
        add_known(&preview->estimated_wal, statement->estimated_wal);
        preview->risk = MAX(preview->risk, statement->risk);
    }
    time_exclusive(step);
    add_known(&preview->wal_bytes, step->wal_bytes);
    if (step->exclusive_us > preview->exclusive_us) {
        preview->exclusive_us = step->exclusive_us;
        preview->exclusive_step = index;
    }
}

static void total_outcome(struct preview *preview)
{
    preview->outcome = preview->level == PREVIEW_LEVEL_CATALOG ? PREVIEW_READ : PREVIEW_RUNS;
    for (guint i = 0; i < preview->steps->len; i++) {
        enum preview_outcome outcome = preview_step_at(preview, i)->outcome;
        if (outcome == PREVIEW_FAILS)
            preview->outcome = PREVIEW_FAILS;
        else if (outcome != PREVIEW_RUNS && outcome != PREVIEW_READ &&
                 preview->outcome == PREVIEW_RUNS)
            preview->outcome = PREVIEW_NOT_TRIED;
    }
}

gboolean preview_judge(struct engine *engine, struct preview *preview, GError **error)
{
    preview_predict(engine, preview);
    if (!estimate_all(engine, preview, error))
        return FALSE;
    preview->statements_us = preview->wal_bytes = -1;
    preview->estimated_us = preview->estimated_wal = -1;
    for (guint i = 0; i < preview->steps->len; i++)
        total_step(preview, i);
    total_outcome(preview);
    return TRUE;
}

gboolean preview_refuse_large(const struct engine *engine, const struct preview *preview,
                              GError **error)
{
    gint64 limit = engine->settings->large_table;
    for (guint i = 0; i < preview->steps->len; i++) {
        const struct preview_step *step = preview_step_at(preview, i);
        for (guint j = 0; j < step->statements->len; j++) {
            const struct preview_statement *statement = preview_statement_at(step, j);
            const struct preview_work *work = worst_work(statement);
            if (work == NULL || risk_of_work(work) < PREVIEW_BLOCKS_ALL || work->bytes < limit)
                continue;
            const struct plan_step *of = plan_step_at(preview->plan, i);
            error_set_at(error, ERROR_REFUSED, of->half->path, statement->line,
                         "a preview on this database would keep it: %s", statement->verdict);
            error_advise(error, "it ran on a scratch copy: look at that (--on scratch), or give "
                                "--allow-large and --reason");
            return TRUE;
        }
    }
    return FALSE;
}
