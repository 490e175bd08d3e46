/* Records: one table of fields, from which they are copied, freed, hashed and verified. */
#include "database/history.h"

#include <string.h>

#include "base/error.h"

static const char *const kind_names[] = {
    [HISTORY_STARTED] = "started", [HISTORY_FINISHED] = "finished",
    [HISTORY_UP] = "up",           [HISTORY_DOWN] = "down",
    [HISTORY_DIRTY] = "dirty",     [HISTORY_STATEMENT] = "statement",
    [HISTORY_FORCE] = "force",     [HISTORY_ADOPT] = "adopt",
    [HISTORY_INSTALL] = "install", [HISTORY_DROP] = "drop",
    [HISTORY_REFUSED] = "refused", [HISTORY_ENVIRONMENT] = "environment",
    [HISTORY_MARK] = "mark",       [HISTORY_APPROVAL] = "approval",
    [HISTORY_CATALOG] = "catalog", [HISTORY_PREVIEW] = "preview",
    [HISTORY_OTHER] = "other",
};

static const char *const outcome_names[] = {
    [OUTCOME_DONE] = "done",       [OUTCOME_FAILED] = "failed",   [OUTCOME_CANCELLED] = "cancelled",
    [OUTCOME_REFUSED] = "refused", [OUTCOME_UNKNOWN] = "unknown", [OUTCOME_OTHER] = "other",
};

#define FIELD(field, kind)                                                                         \
    {                                                                                              \
#field, HISTORY_FIELD_##kind, G_STRUCT_OFFSET(struct history_record, field)                \
    }
const struct history_field history_fields[] = {
    FIELD(id, NUMBER),
    FIELD(version_table, TEXT),
    FIELD(run_id, TEXT),
    FIELD(plan_id, TEXT),
    FIELD(kind, KIND),
    FIELD(outcome, OUTCOME),
    FIELD(version, NUMBER),
    FIELD(from_version, NUMBER),
    FIELD(to_version, NUMBER),
    FIELD(title, TEXT),
    FIELD(started_at, NUMBER),
    FIELD(finished_at, NUMBER),
    FIELD(statement, NUMBER),
    FIELD(statements, NUMBER),
    FIELD(sqlstate, TEXT),
    FIELD(message, TEXT),
    FIELD(file, TEXT),
    FIELD(line, NUMBER),
    FIELD(up_sha256, TEXT),
    FIELD(down_sha256, TEXT),
    FIELD(xid, TEXT),
    FIELD(environment, TEXT),
    FIELD(database_user, TEXT),
    FIELD(os_user, TEXT),
    FIELD(host, TEXT),
    FIELD(ssh_client, TEXT),
    FIELD(backend_pid, NUMBER),
    FIELD(tool, TEXT),
    FIELD(reason, TEXT),
    FIELD(ticket, TEXT),
    FIELD(backup, TEXT),
    FIELD(backup_sha256, TEXT),
    FIELD(previous_hash, TEXT),
    FIELD(hash, TEXT),
    {NULL, HISTORY_FIELD_TEXT, 0},
};
#undef FIELD
G_STATIC_ASSERT(G_N_ELEMENTS(history_fields) == HISTORY_FIELDS_HASHED + 3);

/* ---- words ---------------------------------------------------------------------------------- */

static gboolean find_word(const char *const *words, guint count, const char *word, guint *found)
{
    for (guint i = 0; word != NULL && i < count; i++)
        if (strcmp(words[i], word) == 0) {
            *found = i;
            return TRUE;
        }
    return FALSE;
}

const char *history_kind_name(enum history_kind kind)
{
    return kind_names[kind];
}

const char *history_outcome_name(enum history_outcome outcome)
{
    return outcome_names[outcome];
}

gboolean history_kind_parse(const char *name, enum history_kind *kind)
{
    guint found = 0;
    if (!find_word(kind_names, HISTORY_OTHER, name, &found))
        return FALSE;
    *kind = (enum history_kind)found;
    return TRUE;
}

gboolean history_outcome_parse(const char *name, enum history_outcome *outcome)
{
    guint found = 0;
    if (!find_word(outcome_names, OUTCOME_OTHER, name, &found))
        return FALSE;
    *outcome = (enum history_outcome)found;
    return TRUE;
}

const char *history_record_kind(const struct history_record *record)
{
    return record->kind == HISTORY_OTHER ? record->other_kind : kind_names[record->kind];
}

const char *history_record_outcome(const struct history_record *record)
{
    return record->outcome == OUTCOME_OTHER ? record->other_outcome
                                            : outcome_names[record->outcome];
}

/* ---- the schema recorded with it --------------------------------------------------------------
 */

const char *history_record_catalog(const struct history_record *record)
{
    gboolean is_named = record->kind == HISTORY_FINISHED || record->kind == HISTORY_CATALOG;
    return is_named ? record->up_sha256 : NULL;
}

void history_record_set_catalog(struct history_record *record, const char *fingerprint)
{
    g_free(record->up_sha256);
    record->up_sha256 = g_strdup(fingerprint);
}

/* ---- fields --------------------------------------------------------------------------------- */

#define FIELD_GET(type, record, field)                                                             \
    (*(type const *)(gconstpointer)((const char *)(record) + (field)->offset))
#define FIELD_EDIT(type, record, field) (*(type *)(gpointer)((char *)(record) + (field)->offset))

char *history_field_text(const struct history_record *record, const struct history_field *field)
{
    switch (field->type) {
    case HISTORY_FIELD_NUMBER:
        return g_strdup_printf("%" G_GINT64_FORMAT, FIELD_GET(gint64, record, field));
    case HISTORY_FIELD_KIND:
        return g_strdup(history_record_kind(record));
    case HISTORY_FIELD_OUTCOME:
        return g_strdup(history_record_outcome(record));
    case HISTORY_FIELD_TEXT:
        break;
    }
    return g_strdup(FIELD_GET(char *, record, field));
}

static gboolean set_kind(struct history_record *record, const char *word)
{
    g_clear_pointer(&record->other_kind, g_free);
    if (word == NULL || history_kind_parse(word, &record->kind))
        return word != NULL;
    record->kind = HISTORY_OTHER;
    record->other_kind = g_strdup(word);
    return TRUE;
}

static gboolean set_outcome(struct history_record *record, const char *word)
{
    g_clear_pointer(&record->other_outcome, g_free);
    if (word == NULL || history_outcome_parse(word, &record->outcome))
        return word != NULL;
    record->outcome = OUTCOME_OTHER;
    record->other_outcome = g_strdup(word);
    return TRUE;
}

gboolean history_field_set(struct history_record *record, const struct history_field *field,
                           const char *text)
{
    switch (field->type) {
    case HISTORY_FIELD_NUMBER:
        return text != NULL && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64,
                                                        &FIELD_EDIT(gint64, record, field), NULL);
    case HISTORY_FIELD_KIND:
        return set_kind(record, text);
    case HISTORY_FIELD_OUTCOME:
        return set_outcome(record, text);
    case HISTORY_FIELD_TEXT:
        break;
    }
    g_free(FIELD_EDIT(char *, record, field));
    FIELD_EDIT(char *, record, field) = g_strdup(text);
    return TRUE;
}

/* ---- records -------------------------------------------------------------------------------- */

gboolean history_record_is_timed(const struct history_record *record)
{
    return (record->kind == HISTORY_UP || record->kind == HISTORY_DOWN) &&
           record->outcome == OUTCOME_DONE;
}

struct history_record *history_record_new(enum history_kind kind, enum history_outcome outcome)
{
    struct history_record *record = g_new0(struct history_record, 1);
    g_atomic_ref_count_init(&record->references);
    record->kind = kind;
    record->outcome = outcome;
    record->version = record->from_version = record->to_version = -1;
    return record;
}

struct history_record *history_record_copy(const struct history_record *record)
{
    struct history_record *copy = g_new(struct history_record, 1);
    *copy = *record;
    g_atomic_ref_count_init(&copy->references);
    for (const struct history_field *field = history_fields; field->name != NULL; field++)
        if (field->type == HISTORY_FIELD_TEXT)
            FIELD_EDIT(char *, copy, field) = g_strdup(FIELD_GET(char *, record, field));
    copy->other_kind = g_strdup(record->other_kind);
    copy->other_outcome = g_strdup(record->other_outcome);
    return copy;
}

struct history_record *history_record_ref(const struct history_record *record)
{
    struct history_record *same = (struct history_record *)(gsize)record;
    g_atomic_ref_count_inc(&same->references);
    return same;
}

void history_record_free(struct history_record *record)
{
    if (record == NULL || !g_atomic_ref_count_dec(&record->references))
        return;
    for (const struct history_field *field = history_fields; field->name != NULL; field++)
        if (field->type == HISTORY_FIELD_TEXT)
            g_free(FIELD_EDIT(char *, record, field));
    g_free(record->other_kind);
    g_free(record->other_outcome);
    g_free(record);
}

/* ---- the chain ------------------------------------------------------------------------------ */

static void hash_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text));
}

char *history_record_hash(const struct history_record *record, const char *previous_hash)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    hash_text(sum, previous_hash != NULL ? previous_hash : "");
    for (guint i = 0; i < HISTORY_FIELDS_HASHED; i++) {
        g_autofree char *text = history_field_text(record, &history_fields[i]);
        char length[32];
        if (text == NULL) {
            hash_text(sum, "-:");
            continue;
        }
        g_snprintf(length, sizeof length, "%" G_GSIZE_FORMAT ":", strlen(text));
        hash_text(sum, length);
        hash_text(sum, text);
    }
    return g_strdup(g_checksum_get_string(sum));
}

G_GNUC_PRINTF(2, 3)
static gboolean find_fault(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    error_set(error, ERROR_FINDINGS, "the history is not whole: %s", what);
    error_advise(error, "compare with a head that was kept elsewhere, or with a backup");
    return FALSE;
}

#define ROW "row %" G_GINT64_FORMAT

/* One row against its place and the row before it. */
static gboolean verify_row(const struct history_record *record, gint64 id, const char *previous,
                           GError **error)
{
    if (record->id > id)
        return find_fault(error, ROW " is missing", id);
    if (record->id < id)
        return find_fault(error, ROW " stands where row %" G_GINT64_FORMAT " should", record->id,
                          id);
    if (g_strcmp0(record->previous_hash != NULL ? record->previous_hash : "", previous) != 0)
        return find_fault(error, ROW " does not follow the row before it", id);
    g_autofree char *hash = history_record_hash(record, previous);
    if (g_strcmp0(hash, record->hash) != 0)
        return find_fault(error, ROW " was changed", id);
    return TRUE;
}

gboolean history_verify(const GPtrArray *records, gint64 head_rows, const char *head_hash,
                        GError **error)
{
    const char *previous = "";
    for (guint i = 0; i < records->len; i++) {
        const struct history_record *record = g_ptr_array_index(records, i);
        if (!verify_row(record, (gint64)i + 1, previous, error))
            return FALSE;
        previous = record->hash;
    }
    if (head_rows > (gint64)records->len)
        return find_fault(error, ROW " is missing", (gint64)records->len + 1);
    if (head_rows < (gint64)records->len)
        return find_fault(error, ROW " is one more than the head counts", head_rows + 1);
    if (g_strcmp0(head_hash != NULL ? head_hash : "", previous) != 0)
        return find_fault(error, "the head does not match " ROW, head_rows);
    return TRUE;
}
