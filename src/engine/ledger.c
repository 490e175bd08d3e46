/* History replayed beside the version row. Where the row moved between two records, somebody else
 * moved it: what it passed is assumed, not known. */
#include "engine/ledger.h"

#include "source/migration.h"

struct span {
    gint64 above, to; /* versions above < v <= to */
};

struct ledger {
    gint64 row; /* the version row, as the replay has it so far */
    gboolean has_history;
    GHashTable *applied; /* gint64 * (in the record) -> struct history_record *, owned */
    GArray *assumed;     /* of struct span */
    GArray *versions;    /* of gint64, ascending; made at the end */
    struct history_record *interrupted;
};

static void keep(struct ledger *ledger, const struct history_record *record)
{
    struct history_record *kept = history_record_ref(record);
    g_hash_table_replace(ledger->applied, &kept->version, kept);
}

static gboolean is_above(gpointer key, gpointer value, gpointer row)
{
    (void)value;
    return *(const gint64 *)key > *(const gint64 *)row;
}

static void forget_above(struct ledger *ledger, gint64 row)
{
    g_hash_table_foreach_remove(ledger->applied, is_above, &row);
    for (guint i = ledger->assumed->len; i-- > 0;) {
        struct span *span = &g_array_index(ledger->assumed, struct span, i);
        if (span->above >= row)
            g_array_remove_index_fast(ledger->assumed, i);
        else
            span->to = MIN(span->to, row);
    }
}

/* The row was moved without a record of ours. */
static void jump(struct ledger *ledger, gint64 row)
{
    if (row > ledger->row) {
        struct span span = {ledger->row, row};
        g_array_append_val(ledger->assumed, span);
    } else if (row < ledger->row)
        forget_above(ledger, row);
    ledger->row = row;
}

static void replay_done(struct ledger *ledger, const struct history_record *record)
{
    switch (record->kind) {
    case HISTORY_UP:
        keep(ledger, record);
        ledger->row = record->to_version;
        break;
    case HISTORY_DOWN:
        g_hash_table_remove(ledger->applied, &record->version);
        ledger->row = record->to_version;
        forget_above(ledger, ledger->row);
        break;
    case HISTORY_ADOPT: /* names every file there was: what it does not name was not there */
        g_array_set_size(ledger->assumed, 0);
        keep(ledger, record);
        break;
    case HISTORY_DROP:
        jump(ledger, VERSION_NONE);
        break;
    case HISTORY_FORCE:
        jump(ledger, record->to_version);
        break;
    default:
        break;
    }
}

static gboolean tells_the_row(enum history_kind kind)
{
    return kind == HISTORY_STARTED || kind == HISTORY_UP || kind == HISTORY_DOWN ||
           kind == HISTORY_FORCE || kind == HISTORY_DIRTY || kind == HISTORY_ADOPT;
}

/* Refusals and marks of the environment alone say nothing of what ran. */
static gboolean tells_of_migrations(const GPtrArray *records)
{
    for (guint i = 0; i < records->len; i++)
        if (tells_the_row(((const struct history_record *)records->pdata[i])->kind))
            return TRUE;
    return FALSE;
}

/* A dirty row says where a migration will be, not that it is there: the record of its end tells, or
 * the row that it left. */
static void replay(struct ledger *ledger, const struct history_record *record)
{
    gboolean follows_dirty = record->kind == HISTORY_UP || record->kind == HISTORY_DOWN;
    if (tells_the_row(record->kind) && !follows_dirty)
        jump(ledger, record->from_version);
    if (record->outcome == OUTCOME_DONE)
        replay_done(ledger, record);
}

/* What was done after an interrupted run has looked at what that left: a run to its end, a force,
 * an adoption. */
static gboolean ends_interruption(const struct history_record *record)
{
    return record->outcome == OUTCOME_DONE &&
           (record->kind == HISTORY_FINISHED || record->kind == HISTORY_FORCE ||
            record->kind == HISTORY_ADOPT || record->kind == HISTORY_DROP);
}

/* The last run, when it has no end. A failed one after it may have found no more than the same
 * trouble, so those are passed over. */
static void find_interrupted(struct ledger *ledger, const GPtrArray *records)
{
    g_autoptr(GHashTable) finished = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = records->len; i-- > 0;) {
        const struct history_record *record = records->pdata[i];
        if (ends_interruption(record))
            return;
        if (record->run_id == NULL)
            continue;
        if (record->kind == HISTORY_FINISHED)
            g_hash_table_add(finished, record->run_id);
        else if (record->kind == HISTORY_STARTED &&
                 !g_hash_table_contains(finished, record->run_id)) {
            ledger->interrupted = history_record_ref(record);
            return;
        }
    }
}

static int compare_versions(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static void list_versions(struct ledger *ledger)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, ledger->applied);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_array_append_vals(ledger->versions, key, 1);
    g_array_sort(ledger->versions, compare_versions);
}

struct ledger *ledger_new(const GPtrArray *records, const struct version_state *state)
{
    struct ledger *ledger = g_new0(struct ledger, 1);
    ledger->row = VERSION_NONE;
    ledger->applied = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                            (GDestroyNotify)history_record_free);
    ledger->assumed = g_array_new(FALSE, FALSE, sizeof(struct span));
    ledger->versions = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (guint i = 0; i < records->len; i++)
        replay(ledger, records->pdata[i]);
    ledger->has_history = tells_of_migrations(records);
    jump(ledger, state->version);
    find_interrupted(ledger, records);
    list_versions(ledger);
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    g_hash_table_unref(ledger->applied);
    g_array_unref(ledger->assumed);
    g_array_unref(ledger->versions);
    if (ledger->interrupted != NULL)
        history_record_free(ledger->interrupted);
    g_free(ledger);
}

const struct history_record *ledger_record(const struct ledger *ledger, gint64 version)
{
    return g_hash_table_lookup(ledger->applied, &version);
}

static gboolean is_assumed(const struct ledger *ledger, gint64 version)
{
    for (guint i = 0; i < ledger->assumed->len; i++) {
        const struct span *span = &g_array_index(ledger->assumed, struct span, i);
        if (version > span->above && version <= span->to)
            return TRUE;
    }
    return FALSE;
}

enum ledger_standing ledger_standing(const struct ledger *ledger, gint64 version)
{
    const struct history_record *record = ledger_record(ledger, version);
    if (record != NULL)
        return record->kind == HISTORY_ADOPT ? LEDGER_ASSUMED : LEDGER_APPLIED;
    if (version > ledger->row)
        return LEDGER_NOT_APPLIED;
    if (!ledger->has_history || is_assumed(ledger, version))
        return LEDGER_ASSUMED;
    return LEDGER_MISSED;
}

const GArray *ledger_applied(const struct ledger *ledger)
{
    return ledger->versions;
}

gboolean ledger_has_history(const struct ledger *ledger)
{
    return ledger->has_history;
}

const struct history_record *ledger_interrupted(const struct ledger *ledger)
{
    return ledger->interrupted;
}
