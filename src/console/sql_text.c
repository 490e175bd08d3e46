/* From a file to what is drawn: done once, away from the screen. */
#include "console/sql_text.h"

#include "analysis/sql_words.h"
#include "base/error.h"

#include <string.h>

/* ---- making ---------------------------------------------------------------------------------- */

static struct sql_text *text_new(const char *name)
{
    struct sql_text *text = g_new0(struct sql_text, 1);
    text->name = g_strdup(name);
    text->statements = g_array_new(FALSE, FALSE, sizeof(struct script_statement));
    return text;
}

struct sql_text *sql_text_none(const char *name, const char *problem, gboolean is_absent)
{
    struct sql_text *text = text_new(name);
    text->problem = g_strdup(problem);
    text->is_absent = is_absent;
    return text;
}

void sql_text_free(struct sql_text *text)
{
    g_free(text->name);
    g_clear_pointer(&text->pane, pane_text_free);
    g_free(text->problem);
    g_free(text->mode_reason);
    g_array_unref(text->statements);
    g_clear_pointer(&text->inspection, inspection_free);
    g_clear_pointer(&text->touches, touches_free);
    g_clear_pointer(&text->facts, g_array_unref);
    g_free(text->refusal);
    g_free(text);
}

/* Where to cut a long text: behind a line, else before a character. */
static gsize shown_length(const char *bytes, gsize length)
{
    gsize shown = SQL_TEXT_SHOWN_MAX;
    if (length <= SQL_TEXT_SHOWN_MAX)
        return length;
    while (shown > 0 && bytes[shown - 1] != '\n')
        shown--;
    if (shown > 0)
        return shown;
    shown = SQL_TEXT_SHOWN_MAX;
    while (shown > 0 && ((guchar)bytes[shown] & 0xc0) == 0x80)
        shown--;
    return shown;
}

static void add_statements(struct sql_text *text, const struct script *script, gsize shown)
{
    text->count = script->statements->len;
    text->mode = script->mode;
    text->mode_reason = g_strdup(script->mode_reason);
    text->reason_line = script->reason_line;
    text->pane->marks = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < script->statements->len; i++) {
        const struct script_statement *statement =
            &g_array_index(script->statements, struct script_statement, i);
        guint line = statement->line - 1;
        if (statement->offset >= shown)
            break;
        g_array_append_vals(text->statements, statement, 1);
        g_array_append_val(text->pane->marks, line);
    }
}

static void add_inspection(struct sql_text *text, const char *bytes, gsize length,
                           const struct script *script, unsigned server_version)
{
    const struct inspection_context context = {SQL_POSTGRESQL, NULL};
    text->inspection = inspection_new(bytes, length, script, &context);
    text->touches = touches_new(text->inspection);
    text->facts = statement_facts_new(text->inspection, server_version);
}

/* bytes: without byte order mark. */
static void take_bytes(struct sql_text *text, const char *bytes, gsize length,
                       const struct sql_reading *reading)
{
    g_autoptr(GError) error = NULL;
    gsize shown = shown_length(bytes, length);
    AUTOPTR(script) *script =
        script_parse(bytes, length, reading->dialect, reading->transaction_off, text->name, &error);
    text->is_cut = shown < length;
    char *copy = g_malloc(shown + 1);
    memcpy(copy, bytes, shown);
    copy[shown] = '\0';
    text->pane = pane_text_new(copy, shown);
    text->pane->words = sql_words(text->pane->bytes, shown, reading->dialect);
    if (script != NULL) {
        add_statements(text, script, shown);
        if (reading->dialect == SQL_POSTGRESQL && !text->is_cut)
            add_inspection(text, bytes, length, script, reading->server_version);
        return;
    }
    text->refusal = g_strdup(error->message);
    text->refusal_line = error_detail(error) != NULL ? error_detail(error)->line : 0;
}

struct sql_text *sql_text_load(const struct migration_half *half, const struct sql_reading *reading)
{
    g_autoptr(GError) error = NULL;
    AUTOPTR(migration_text) *file = migration_text_load(half, &error);
    if (file == NULL) {
        g_autofree char *line = error_line(error);
        return sql_text_none(half->file_name, line, FALSE);
    }
    struct sql_text *text = text_new(half->file_name);
    gsize length;
    const char *bytes = g_bytes_get_data(file->bytes, &length);
    text->size = length;
    g_strlcpy(text->sha256, file->sha256, sizeof text->sha256);
    take_bytes(text, length > 0 ? bytes + file->bom_length : "", length - file->bom_length,
               reading);
    return text;
}

struct sql_text *sql_text_stored(GBytes *stored, const char *sha256, const char *name,
                                 const struct sql_reading *reading)
{
    struct sql_text *text = text_new(name);
    gsize length;
    const char *bytes = g_bytes_get_data(stored, &length);
    gsize mark = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    text->is_stored = TRUE;
    text->size = length;
    g_strlcpy(text->sha256, sha256, sizeof text->sha256);
    take_bytes(text, length > 0 ? bytes + mark : "", length - mark, reading);
    return text;
}

/* Each is compared with each: beyond that it would take too long. */
#define JOINED_MAX 2000u

static void add_signs(struct sql_text *text)
{
    GString *signs = g_string_new(NULL);
    for (guint i = 0; i < text->facts->len; i++)
        g_string_append_c(signs, g_array_index(text->facts, struct statement_facts, i).sign);
    text->pane->signs = g_string_free(signs, FALSE);
}

void sql_texts_join(struct sql_text *up, struct sql_text *down)
{
    gboolean has_down = down->facts != NULL;
    if (up->facts == NULL || up->facts->len > JOINED_MAX || (down->pane != NULL && !has_down) ||
        (has_down && down->facts->len > JOINED_MAX))
        return;
    up->alone =
        statement_facts_pair(up->facts, up->inspection, down->facts, down->inspection, &up->paired);
    up->is_joined = TRUE;
    add_signs(up);
    if (has_down)
        add_signs(down);
}

/* ---- asking ---------------------------------------------------------------------------------- */

const struct script_statement *sql_text_statement(const struct sql_text *text, guint number)
{
    return number >= 1 && number <= text->statements->len
               ? &g_array_index(text->statements, struct script_statement, number - 1)
               : NULL;
}

const struct statement_facts *sql_text_facts(const struct sql_text *text, guint number)
{
    return text->facts != NULL && number >= 1 && number <= text->facts->len
               ? &g_array_index(text->facts, struct statement_facts, number - 1)
               : NULL;
}

/* How many begin before a line (from 1). */
static guint count_before(const struct sql_text *text, guint line)
{
    guint low = 0, high = text->statements->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(text->statements, struct script_statement, middle).line < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

guint sql_text_statement_at(const struct sql_text *text, guint line)
{
    guint before = count_before(text, line + 1);
    if (sql_text_beginning_at(text, line) > 0)
        return before + 1;
    return before > 0 ? before : MIN(text->statements->len, 1);
}

guint sql_text_beginning_at(const struct sql_text *text, guint line)
{
    return count_before(text, line + 2) - count_before(text, line + 1);
}
