/* A bounded queue of lines. */
#include "console/record.h"

#include "base/duration.h"
#include "base/text.h"

#include <string.h>

struct record {
    GPtrArray *lines; /* of struct record_line *, oldest first */
    guint64 dropped;
};

static const char *const level_names[] = {
    [RECORD_INFO] = "info",    [RECORD_SQL] = "sql",     [RECORD_RUN] = "run",
    [RECORD_WARNING] = "warn", [RECORD_ERROR] = "error",
};

const char *record_level_name(enum record_level level)
{
    return level_names[level];
}

static void line_free(gpointer data)
{
    struct record_line *line = data;
    g_free(line->text);
    g_free(line);
}

struct record *record_new(void)
{
    struct record *record = g_new0(struct record, 1);
    record->lines = g_ptr_array_new_with_free_func(line_free);
    return record;
}

void record_free(struct record *record)
{
    g_ptr_array_unref(record->lines);
    g_free(record);
}

/* A line longer than this says nothing more to a person. */
#define LINE_BYTES_MAX 4096

void record_add(struct record *record, gint64 at, enum record_level level, const char *text)
{
    struct record_line *line = g_new(struct record_line, 1);
    *line = (struct record_line){at, level, g_strndup(text, LINE_BYTES_MAX)};
    g_ptr_array_add(record->lines, line);
    if (record->lines->len <= RECORD_LINES_MAX)
        return;
    guint gone = RECORD_LINES_MAX / 10;
    g_ptr_array_remove_range(record->lines, 0, gone);
    record->dropped += gone;
}

guint record_count(const struct record *record)
{
    return record->lines->len;
}

const struct record_line *record_at(const struct record *record, guint index)
{
    return index < record->lines->len ? record->lines->pdata[index] : NULL;
}

guint64 record_dropped(const struct record *record)
{
    return record->dropped;
}

/* What of a statement says enough in a log. */
#define STATEMENT_BYTES_MAX 600u

char *record_statement_text(const struct statement_trace *trace)
{
    g_autofree char *elapsed = duration_format(trace->elapsed_us);
    GString *text = g_string_new(NULL);
    g_string_append_len(text, trace->text, (gssize)MIN(strlen(trace->text), STATEMENT_BYTES_MAX));
    if (trace->length > STATEMENT_BYTES_MAX)
        g_string_append_printf(text, " ... (%" G_GSIZE_FORMAT " bytes)", trace->length);
    if (trace->is_skipped)
        g_string_append(text, "  -> not run: one before it failed");
    else if (trace->error != NULL)
        g_string_append_printf(text, "  -> %s %s, %s", trace->sqlstate, trace->error, elapsed);
    else if (trace->rows >= 0) {
        g_autofree char *rows = text_plural(trace->rows, "row", "rows");
        g_string_append_printf(text, "  -> %s, %s", rows, elapsed);
    } else
        g_string_append_printf(text, "  -> ok, %s", elapsed);
    return g_string_free(text, FALSE);
}
