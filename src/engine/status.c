/* The picture that `status`, validation and the console draw from. */
#include "engine/status.h"

#include "source/create.h"

#include <string.h>

static const char *const state_names[] = {
    [MIGRATION_PENDING] = "pending", [MIGRATION_APPLIED] = "applied",
    [MIGRATION_ASSUMED] = "assumed", [MIGRATION_MODIFIED] = "modified",
    [MIGRATION_MISSED] = "missed",   [MIGRATION_MISSING] = "missing",
    [MIGRATION_DIRTY] = "dirty",
};

const char *migration_state_name(enum migration_state state)
{
    return state_names[state];
}

/* Whether the up file is another than the one that ran. Unreadable counts as an error. */
static gboolean is_modified(const struct migration *migration, const struct history_record *record,
                            gboolean *modified, GError **error)
{
    *modified = FALSE;
    if (record == NULL || record->up_sha256 == NULL)
        return TRUE;
    *modified = TRUE;
    if (migration->up.path == NULL)
        return TRUE;
    AUTOPTR(migration_text) *text = migration_text_load(&migration->up, error);
    if (text == NULL)
        return FALSE;
    *modified = strcmp(text->sha256, record->up_sha256) != 0;
    return TRUE;
}

static enum migration_state state_of(const struct status *status, gint64 version)
{
    if (status->version.is_dirty && version == status->version.version)
        return MIGRATION_DIRTY;
    switch (ledger_standing(status->ledger, version)) {
    case LEDGER_APPLIED:
        return MIGRATION_APPLIED;
    case LEDGER_ASSUMED:
        return MIGRATION_ASSUMED;
    case LEDGER_MISSED:
        return MIGRATION_MISSED;
    case LEDGER_NOT_APPLIED:
        break;
    }
    return MIGRATION_PENDING;
}

#define TEMPLATE_MAX 2048

static gboolean is_template(const struct migration *migration)
{
    if (migration->up.path == NULL || migration->up.size > TEMPLATE_MAX)
        return FALSE;
    AUTOPTR(migration_text) *text = migration_text_load(&migration->up, NULL);
    gsize length;
    const char *bytes = text != NULL ? g_bytes_get_data(text->bytes, &length) : NULL;
    return bytes != NULL && migration_is_template(bytes, length);
}

/* Applied, by a file that is there to be compared. */
static gboolean is_compared(enum migration_state state)
{
    return state == MIGRATION_APPLIED || state == MIGRATION_ASSUMED || state == MIGRATION_MODIFIED;
}

/* What only the text of the up file tells; was is the same file's row of before, or NULL. */
static gboolean judge_text(struct status_row *row, const struct status_row *was, GError **error)
{
    gboolean modified = FALSE;
    if (row->state == MIGRATION_PENDING) {
        gboolean was_pending = was != NULL && was->state == MIGRATION_PENDING;
        row->is_template = was_pending ? was->is_template : is_template(row->migration);
        return TRUE;
    }
    if (!is_compared(row->state))
        return TRUE;
    if (was != NULL && is_compared(was->state) && was->record == row->record)
        modified = was->state == MIGRATION_MODIFIED;
    else if (!is_modified(row->migration, row->record, &modified, error))
        return FALSE;
    if (modified)
        row->state = MIGRATION_MODIFIED;
    return TRUE;
}

static struct status_row row_of_file(const struct status *status, const struct migration *migration)
{
    return (struct status_row){
        .version = migration->version,
        .state = state_of(status, migration->version),
        .migration = migration,
        .record = ledger_record(status->ledger, migration->version),
        .is_current = migration->version == status->version.version,
    };
}

static gboolean add_files(struct status *status, const struct status *before, gboolean checks_texts,
                          GError **error)
{
    for (guint i = 0; i < migration_set_count(status->set); i++) {
        const struct migration *migration = migration_set_at(status->set, i);
        struct status_row row = row_of_file(status, migration);
        const struct status_row *was =
            before != NULL ? status_find(before, migration->version) : NULL;
        if (checks_texts && !judge_text(&row, was, error))
            return FALSE;
        g_array_append_val(status->rows, row);
    }
    return TRUE;
}

static gboolean has_file(const struct status *status, gint64 version)
{
    return migration_set_find(status->set, version) != NULL;
}

static void add_missing(struct status *status, gint64 version)
{
    struct status_row row = {
        .version = version,
        .state = status->version.is_dirty && version == status->version.version ? MIGRATION_DIRTY
                                                                                : MIGRATION_MISSING,
        .record = ledger_record(status->ledger, version),
        .is_current = version == status->version.version,
    };
    g_array_append_val(status->rows, row);
}

static int compare_rows(gconstpointer a, gconstpointer b)
{
    const struct status_row *x = a, *y = b;
    return (x->version > y->version) - (x->version < y->version);
}

static void count_rows(struct status *status)
{
    for (guint i = 0; i < status->rows->len; i++) {
        enum migration_state state = g_array_index(status->rows, struct status_row, i).state;
        status->pending += state == MIGRATION_PENDING;
        status->missed += state == MIGRATION_MISSED;
        status->missing += state == MIGRATION_MISSING;
        status->dirty += state == MIGRATION_DIRTY;
        status->modified += state == MIGRATION_MODIFIED;
        status->applied += state == MIGRATION_APPLIED || state == MIGRATION_ASSUMED ||
                           state == MIGRATION_MODIFIED || state == MIGRATION_MISSING;
    }
}

static struct status *build(struct migration_set *set, const struct status *before,
                            struct ledger *ledger, const struct version_state *version,
                            gboolean checks_texts, GError **error)
{
    AUTOPTR(status) *status = g_new0(struct status, 1);
    status->set = migration_set_ref(set);
    status->ledger = ledger;
    status->version = *version;
    status->problem = g_strdup(version->problem);
    status->version.problem = status->problem;
    status->rows = g_array_new(FALSE, FALSE, sizeof(struct status_row));
    if (!add_files(status, before, checks_texts, error))
        return NULL;
    const GArray *applied = ledger_applied(ledger);
    for (guint i = 0; i < applied->len; i++) {
        gint64 known = g_array_index(applied, gint64, i);
        if (!has_file(status, known))
            add_missing(status, known);
    }
    if (version->version != VERSION_NONE && !has_file(status, version->version) &&
        ledger_record(ledger, version->version) == NULL)
        add_missing(status, version->version);
    g_array_sort(status->rows, compare_rows);
    count_rows(status);
    return g_steal_pointer(&status);
}

struct status *status_build(struct migration_set *set, struct ledger *ledger,
                            const struct version_state *version, gboolean checks_texts,
                            GError **error)
{
    return build(set, NULL, ledger, version, checks_texts, error);
}

struct status *status_build_since(struct migration_set *set, const struct status *before,
                                  struct ledger *ledger, const struct version_state *version,
                                  GError **error)
{
    return build(set, before->set == set ? before : NULL, ledger, version, TRUE, error);
}

const struct status_row *status_find(const struct status *status, gint64 version)
{
    const struct status_row *rows = (const struct status_row *)(gconstpointer)status->rows->data;
    guint low = 0, high = status->rows->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (rows[middle].version < version)
            low = middle + 1;
        else
            high = middle;
    }
    return low < status->rows->len && rows[low].version == version ? &rows[low] : NULL;
}

void status_free(struct status *status)
{
    migration_set_unref(status->set);
    ledger_free(status->ledger);
    g_free(status->problem);
    g_array_unref(status->rows);
    if (status->marks != NULL)
        g_array_unref(status->marks);
    g_free(status);
}
