/* Cells, and text put into them. */
#include "console/grid.h"

#include <string.h>

#define NO_BREAK_SPACE 0xA0

struct grid *grid_new(int rows, int columns, gboolean is_ascii)
{
    struct grid *grid = g_new0(struct grid, 1);
    grid->rows = MAX(rows, 1);
    grid->columns = MAX(columns, 1);
    grid->is_ascii = is_ascii;
    grid->cells = g_new0(struct cell, (gsize)grid->rows * (gsize)grid->columns);
    grid_clear(grid, &(struct area){0, 0, grid->rows, grid->columns}, STYLE_TEXT);
    return grid;
}

void grid_free(struct grid *grid)
{
    g_free(grid->cells);
    g_free(grid);
}

static struct cell *cell_at(const struct grid *grid, int row, int column)
{
    if (row < 0 || column < 0 || row >= grid->rows || column >= grid->columns)
        return NULL;
    return &grid->cells[(gsize)row * (gsize)grid->columns + (gsize)column];
}

/* Writes one character; half of a wide one that is overwritten leaves a blank. */
static void cell_set(struct grid *grid, int row, int column, enum style style, const char *text,
                     gsize length)
{
    struct cell *cell = cell_at(grid, row, column);
    struct cell *after = cell_at(grid, row, column + 1);
    if (cell == NULL)
        return;
    if (cell->is_continuation && column > 0)
        g_strlcpy(cell_at(grid, row, column - 1)->text, " ", CELL_BYTES);
    if (after != NULL && after->is_continuation) {
        g_strlcpy(after->text, " ", CELL_BYTES);
        after->is_continuation = FALSE;
    }
    memcpy(cell->text, text, MIN(length, CELL_BYTES - 1));
    cell->text[MIN(length, CELL_BYTES - 1)] = '\0';
    cell->style = (guint8)style;
    cell->is_continuation = FALSE;
}

static void cell_continue(struct grid *grid, int row, int column, enum style style)
{
    struct cell *cell = cell_at(grid, row, column);
    if (cell == NULL)
        return;
    cell_set(grid, row, column, style, "", 0);
    cell->is_continuation = TRUE;
}

static void cell_combine(struct grid *grid, int row, int column, const char *mark, gsize length)
{
    struct cell *cell = cell_at(grid, row, column);
    while (cell != NULL && cell->is_continuation && column > 0)
        cell = cell_at(grid, row, --column);
    gsize used = cell != NULL ? strlen(cell->text) : CELL_BYTES;
    if (used + length >= CELL_BYTES)
        return;
    memcpy(cell->text + used, mark, length);
    cell->text[used + length] = '\0';
}

void grid_clear(struct grid *grid, const struct area *area, enum style style)
{
    for (int row = area->row; row < area->row + area->rows; row++)
        for (int column = area->column; column < area->column + area->columns; column++)
            cell_set(grid, row, column, style, " ", 1);
}

/* ---- text ------------------------------------------------------------------------------------ */

static gboolean is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((guchar)*at < 0x20 || (guchar)*at >= 0x7f)
            return FALSE;
    return TRUE;
}

/* What the terminal's character set lacks is spelled out; a no-break space, which sizes have, looks
 * like any other. */
static char *to_ascii(const char *text)
{
    GString *plain = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar character = g_utf8_get_char(at);
        if (character < 0x80)
            g_string_append_c(plain, (char)character);
        else if (character == NO_BREAK_SPACE)
            g_string_append_c(plain, ' ');
        else
            g_string_append_printf(plain, "\\u{%X}", character);
    }
    return g_string_free(plain, FALSE);
}

char *grid_visible(const struct grid *grid, const char *text)
{
    char *visible = text_visible(text, -1, TEXT_ONE_LINE);
    if (!grid->is_ascii)
        return visible;
    char *plain = to_ascii(visible);
    g_free(visible);
    return plain;
}

static int width_of(gunichar character)
{
    if (g_unichar_iszerowidth(character))
        return 0;
    return g_unichar_iswide(character) ? 2 : 1;
}

/* Puts visible text; returns the columns used, never more than limit. */
static int put_visible(struct grid *grid, int row, int column, int limit, enum style style,
                       const char *text)
{
    int used = 0;
    for (const char *at = text; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gsize length = (gsize)g_utf8_skip[(guchar)*at];
        int width = (guchar)*at < 0x80 ? 1 : width_of(g_utf8_get_char(at));
        if (used + width > limit)
            break;
        if (width == 0)
            cell_combine(grid, row, column + MAX(used - 1, 0), at, length);
        else
            cell_set(grid, row, column + used, style, at, length);
        if (width == 2)
            cell_continue(grid, row, column + used + 1, style);
        used += width;
    }
    return used;
}

int grid_put(struct grid *grid, int row, int column, int limit, enum style style, const char *text)
{
    int room = grid->columns - column;
    if (limit < 0 || limit > room)
        limit = room;
    if (text == NULL || limit <= 0 || row < 0 || row >= grid->rows)
        return 0;
    g_autofree char *made = is_plain(text) ? NULL : grid_visible(grid, text);
    const char *visible = made != NULL ? made : text;
    int width = made != NULL ? text_width(visible) : (int)MIN(strlen(text), G_MAXINT);
    if (width <= limit)
        return put_visible(grid, row, column, limit, style, visible);
    int used = put_visible(grid, row, column, limit - 1, style, visible);
    while (used < limit - 1)
        cell_set(grid, row, column + used++, style, " ", 1);
    return used + put_visible(grid, row, column + used, 1, style,
                              glyph_text(GLYPH_ELLIPSIS, grid->is_ascii));
}

int grid_putf(struct grid *grid, int row, int column, int limit, enum style style,
              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return grid_put(grid, row, column, limit, style, text);
}

void grid_put_right(struct grid *grid, int row, int column, int limit, enum style style,
                    const char *text)
{
    g_autofree char *visible = grid_visible(grid, text != NULL ? text : "");
    int width = text_width(visible);
    grid_put(grid, row, column + MAX(limit - width, 0), MIN(width, limit), style, visible);
}

void grid_rule(struct grid *grid, int row, int column, int columns, const char *title,
               const char *right)
{
    for (int i = 0; i < columns; i++)
        grid_glyph(grid, row, column + i, STYLE_FAINT, GLYPH_HORIZONTAL);
    int room = columns - 4;
    if (right != NULL && text_width(right) + 6 < room) {
        int width = text_width(right);
        grid_put(grid, row, column + columns - width - 4, 1, STYLE_TEXT, " ");
        grid_put(grid, row, column + columns - width - 3, width, STYLE_HEADING, right);
        grid_put(grid, row, column + columns - 3, 1, STYLE_TEXT, " ");
        room -= width + 4;
    }
    if (title == NULL || room < 2)
        return;
    grid_put(grid, row, column + 2, 1, STYLE_TEXT, " ");
    int used = grid_put(grid, row, column + 3, room - 1, STYLE_HEADING, title);
    grid_put(grid, row, column + 3 + used, 1, STYLE_TEXT, " ");
}

void grid_restyle(struct grid *grid, int row, int column, int columns, enum style style)
{
    for (int i = 0; i < columns; i++) {
        struct cell *cell = cell_at(grid, row, column + i);
        if (cell != NULL)
            cell->style = (guint8)style;
    }
}

/* ---- glyphs ---------------------------------------------------------------------------------- */

static const char *const glyphs[GLYPH_COUNT][2] = {
    [GLYPH_VERTICAL] = {"│", "|"},     [GLYPH_HORIZONTAL] = {"─", "-"},
    [GLYPH_UP_RIGHT] = {"└", "'"},     [GLYPH_UP_LEFT] = {"┘", "'"},
    [GLYPH_DOWN_RIGHT] = {"┌", "."},   [GLYPH_DOWN_LEFT] = {"┐", "."},
    [GLYPH_TEE_RIGHT] = {"├", "+"},    [GLYPH_TEE_LEFT] = {"┤", "+"},
    [GLYPH_TEE_UP] = {"┴", "+"},       [GLYPH_TEE_DOWN] = {"┬", "+"},
    [GLYPH_CROSS] = {"┼", "+"},        [GLYPH_NODE_APPLIED] = {"●", "*"},
    [GLYPH_NODE_PENDING] = {"○", "o"}, [GLYPH_NODE_OTHER] = {"◆", "#"},
    [GLYPH_BAR_FULL] = {"━", "#"},     [GLYPH_BAR_EMPTY] = {"─", "-"},
    [GLYPH_ELLIPSIS] = {"…", "~"},     [GLYPH_MARKER] = {">", ">"},
};

const char *glyph_text(enum glyph glyph, gboolean is_ascii)
{
    return glyphs[glyph][is_ascii ? 1 : 0];
}

void grid_glyph(struct grid *grid, int row, int column, enum style style, enum glyph glyph)
{
    const char *text = glyph_text(glyph, grid->is_ascii);
    cell_set(grid, row, column, style, text, strlen(text));
}

void grid_bar(struct grid *grid, int row, int column, int columns, enum style style, gint64 done,
              gint64 total)
{
    double share = total > 0 ? CLAMP((double)done / (double)total, 0.0, 1.0) : 0.0;
    int full = (int)(share * columns);
    for (int i = 0; i < columns; i++)
        grid_glyph(grid, row, column + i, i < full ? style : STYLE_FAINT,
                   i < full ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY);
}

void grid_cursor(struct grid *grid, int row, int column)
{
    grid->cursor_row = CLAMP(row, 0, grid->rows - 1);
    grid->cursor_column = CLAMP(column, 0, grid->columns - 1);
}

/* ---- reading back -----------------------------------------------------------------------------
 */

char *grid_row_text(const struct grid *grid, int row)
{
    GString *text = g_string_new(NULL);
    for (int column = 0; column < grid->columns; column++)
        g_string_append(text, cell_at(grid, row, column)->text);
    while (text->len > 0 && text->str[text->len - 1] == ' ')
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

char *grid_text(const struct grid *grid)
{
    GString *text = g_string_new(NULL);
    for (int row = 0; row < grid->rows; row++) {
        g_autofree char *line = grid_row_text(grid, row);
        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}
