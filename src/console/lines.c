/* Breaking text into lines. */
#include "console/lines.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

struct line {
    enum style style;
    gboolean is_rule;
    char *text; /* visible already */
};

struct lines {
    int columns;
    GArray *all; /* of struct line */
};

static void line_clear(gpointer data)
{
    g_free(((struct line *)data)->text);
}

struct lines *lines_new(int columns)
{
    struct lines *lines = g_new0(struct lines, 1);
    lines->columns = MAX(columns, 8);
    lines->all = g_array_new(FALSE, FALSE, sizeof(struct line));
    g_array_set_clear_func(lines->all, line_clear);
    return lines;
}

void lines_free(struct lines *lines)
{
    g_array_unref(lines->all);
    g_free(lines);
}

/* ---- breaking -------------------------------------------------------------------------------- */

static void append(struct lines *lines, enum style style, int indent, const char *text,
                   gsize length)
{
    struct line line = {style, FALSE, g_strdup_printf("%*s%.*s", indent, "", (int)length, text)};
    g_array_append_val(lines->all, line);
}

static gsize character_bytes(const char *at)
{
    return (gsize)g_utf8_skip[(guchar)*at];
}

static int character_width(const char *at)
{
    char character[8] = "";
    memcpy(character, at, character_bytes(at));
    return text_width(character);
}

/* Bytes of text that fit, broken at a blank where there is one in the second half. */
static gsize fitting(const char *text, int columns)
{
    const char *at = text, *blank = NULL;
    int used = 0;
    for (; *at != '\0'; at += character_bytes(at)) {
        used += character_width(at);
        if (used > columns)
            break;
        if (*at == ' ' && used > columns / 2)
            blank = at;
    }
    if (*at == '\0')
        return (gsize)(at - text);
    if (blank != NULL)
        return (gsize)(blank - text);
    return at > text ? (gsize)(at - text) : character_bytes(text);
}

#define ROOM_AT_LEAST 8

static void add_broken(struct lines *lines, enum style style, int indent, const char *text)
{
    int room = MAX(lines->columns - indent, ROOM_AT_LEAST);
    gsize length = fitting(text, room);
    append(lines, style, indent, text, length);
    for (text += length; *text != '\0'; text += length) {
        while (*text == ' ')
            text++;
        length = fitting(text, MAX(room - 2, ROOM_AT_LEAST));
        if (length > 0)
            append(lines, style, indent + 2, text, length);
    }
}

/* ---- adding ---------------------------------------------------------------------------------- */

void lines_add(struct lines *lines, enum style style, int indent, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    g_autofree char *visible = text_visible(text, -1, TEXT_KEEP_LINES);
    g_auto(GStrv) parts = g_strsplit(g_strchomp(visible), "\n", -1);
    for (guint i = 0; parts[i] != NULL; i++)
        add_broken(lines, style, indent, parts[i]);
}

void lines_addf(struct lines *lines, enum style style, int indent, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    lines_add(lines, style, indent, text);
}

void lines_rule(struct lines *lines, const char *title)
{
    struct line line = {STYLE_HEADING, TRUE, g_strdup(title)};
    g_array_append_val(lines->all, line);
}

static void add_named(struct lines *lines, const char *name, const char *text)
{
    if (text != NULL && *text != '\0')
        lines_addf(lines, STYLE_TEXT, 0, "%-8s %s", name, text);
}

/* The line of the file, and below it where in it: columns count characters. */
static void add_offending_line(struct lines *lines, const struct error_detail *detail)
{
    if (detail->line_text == NULL)
        return;
    g_autofree char *before =
        detail->column > 0 && g_utf8_validate(detail->line_text, -1, NULL) &&
                (glong)detail->column <= g_utf8_strlen(detail->line_text, -1) + 1
            ? g_utf8_substring(detail->line_text, 0, (glong)detail->column - 1)
            : NULL;
    g_autofree char *visible = before != NULL ? text_visible(before, -1, TEXT_KEEP_LINES) : NULL;
    lines_add(lines, STYLE_STRONG, 2, detail->line_text);
    if (visible != NULL && text_width(visible) + 2 < lines->columns)
        append(lines, STYLE_ERROR, text_width(visible) + 2, "^", 1);
}

void lines_add_error(struct lines *lines, const GError *error)
{
    const struct error_detail *detail = error_detail(error);
    if (detail == NULL) {
        lines_add(lines, STYLE_ERROR, 0, error->message);
        return;
    }
    g_autofree char *name = detail->file != NULL ? g_path_get_basename(detail->file) : NULL;
    GString *place = g_string_new(name);
    if (detail->line > 0)
        g_string_append_printf(place, ":%u", detail->line);
    if (detail->line > 0 && detail->column > 0)
        g_string_append_printf(place, ":%u", detail->column);
    lines_addf(lines, STYLE_ERROR, 0, "%s%s%s", place->str, place->len > 0 ? ": " : "",
               error->message);
    g_string_free(place, TRUE);
    add_offending_line(lines, detail);
    add_named(lines, "SQLSTATE", detail->sqlstate);
    add_named(lines, "DETAIL", detail->detail);
    add_named(lines, "HINT", detail->hint);
    add_named(lines, "CONTEXT", detail->context);
    add_named(lines, "do", detail->advice);
}

/* ---- showing --------------------------------------------------------------------------------- */

guint lines_count(const struct lines *lines)
{
    return lines->all->len;
}

const char *lines_at(const struct lines *lines, guint index)
{
    return index < lines->all->len ? g_array_index(lines->all, struct line, index).text : NULL;
}

void lines_draw(const struct lines *lines, struct grid *grid, const struct area *area)
{
    gboolean is_cut = (int)lines->all->len > area->rows;
    for (guint i = 0; i < lines->all->len && (int)i < area->rows; i++) {
        const struct line *line = &g_array_index(lines->all, struct line, i);
        int row = area->row + (int)i;
        if (is_cut && (int)i + 1 == area->rows)
            grid_putf(grid, row, area->column, area->columns, STYLE_FAINT, "and %u more lines",
                      lines->all->len - i);
        else if (line->is_rule)
            grid_rule(grid, row, area->column, area->columns, line->text, NULL);
        else
            grid_put(grid, row, area->column, area->columns, line->style, line->text);
    }
}

char *lines_text(const struct lines *lines)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < lines->all->len; i++) {
        const struct line *line = &g_array_index(lines->all, struct line, i);
        g_string_append_printf(text, "%s%s\n", line->is_rule ? "-- " : "", line->text);
    }
    return g_string_free(text, FALSE);
}
