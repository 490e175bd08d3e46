/* Layout in rows of the text's bytes, painting in runs of one style. What cannot be shown as it is
 * takes the columns of what text_visible() makes of it. */
#include "console/text_pane.h"

#include <string.h>

#include "analysis/sql_words.h"
#include "base/text.h"
#include "console/find.h"

/* ---- the text -------------------------------------------------------------------------------- */

struct pane_text *pane_text_new(char *bytes, gsize length)
{
    struct pane_text *text = g_new0(struct pane_text, 1);
    gsize start = 0;
    text->bytes = bytes;
    text->length = length;
    text->lines = g_array_new(FALSE, FALSE, sizeof(gsize));
    do {
        const char *end = length > start ? memchr(bytes + start, '\n', length - start) : NULL;
        g_array_append_val(text->lines, start);
        start = end != NULL ? (gsize)(end - bytes) + 1 : length;
    } while (start < length);
    return text;
}

void pane_text_free(struct pane_text *text)
{
    g_free(text->bytes);
    g_array_unref(text->lines);
    g_clear_pointer(&text->words, g_array_unref);
    g_clear_pointer(&text->marks, g_array_unref);
    g_free(text->signs);
    g_free(text);
}

static gsize line_start(const struct pane_text *text, guint line)
{
    return line < text->lines->len ? g_array_index(text->lines, gsize, line) : text->length;
}

/* Behind its last byte, the newline and a carriage return before it left out. */
static gsize line_end(const struct pane_text *text, guint line)
{
    gsize start = line_start(text, line), end = line_start(text, line + 1);
    if (end > start && text->bytes[end - 1] == '\n') {
        end--;
        if (end > start && text->bytes[end - 1] == '\r')
            end--;
    }
    return end;
}

const char *pane_text_line(const struct pane_text *text, guint line, gsize *length)
{
    gsize start = line_start(text, line);
    *length = line_end(text, line) - start;
    return text->bytes + start;
}

/* ---- pieces: one character as it is shown ---------------------------------------------------- */

struct piece {
    char text[40];
    int width;
    gsize bytes; /* of the text it came from */
};

static gsize character_length(const char *at, const char *end)
{
    gunichar character = *at == '\0' ? 0 : g_utf8_get_char_validated(at, end - at);
    gboolean is_whole = character != (gunichar)-1 && character != (gunichar)-2;
    return is_whole && *at != '\0' ? (gsize)g_utf8_skip[(guchar)*at] : 1;
}

static void read_special(const char *at, const char *end, gboolean is_ascii, struct piece *piece)
{
    piece->bytes = character_length(at, end);
    g_autofree char *visible = text_visible(at, (gssize)piece->bytes, TEXT_ONE_LINE);
    if (is_ascii && (guchar)visible[0] >= 0x80)
        g_snprintf(piece->text, sizeof piece->text, "\\u{%X}", g_utf8_get_char(visible));
    else
        g_strlcpy(piece->text, visible, sizeof piece->text);
    piece->width = text_width(piece->text);
}

/* column: where in its line it begins, for tabs. */
static void piece_read(const char *at, const char *end, guint column, gboolean is_ascii,
                       struct piece *piece)
{
    if (*at >= 0x20 && *at < 0x7f) {
        *piece = (struct piece){.text = {*at, '\0'}, .width = 1, .bytes = 1};
    } else if (*at == '\t') {
        *piece = (struct piece){.width = 8 - (int)(column % 8), .bytes = 1};
        memset(piece->text, ' ', (gsize)piece->width);
    } else
        read_special(at, end, is_ascii, piece);
}

/* ---- layout ---------------------------------------------------------------------------------- */

struct row {
    gsize offset;
    guint line;
    guint column; /* of its line, where it begins */
};

static const struct row *row_at(const struct text_pane *pane, guint row)
{
    return &g_array_index(pane->rows, struct row, row);
}

static gsize row_end(const struct text_pane *pane, guint row)
{
    if (row + 1 < pane->rows->len && row_at(pane, row + 1)->line == row_at(pane, row)->line)
        return row_at(pane, row + 1)->offset;
    return line_end(pane->text, row_at(pane, row)->line);
}

static int digits_of(guint number)
{
    int digits = 1;
    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

static int lines_width(const struct text_pane *pane)
{
    return pane->shows_lines && pane->text != NULL ? MAX(digits_of(pane->text->lines->len), 2) + 1
                                                   : 0;
}

static int marks_width(const struct text_pane *pane)
{
    const GArray *marks = pane->text != NULL ? pane->text->marks : NULL;
    return marks != NULL ? digits_of(MAX(marks->len, 1)) + 1 : 0;
}

/* Marker, line number, mark; then one blank where there is any number. */
static int gutter_width(const struct text_pane *pane)
{
    return 1 + lines_width(pane) + marks_width(pane) + (pane->text != NULL ? 1 : 0);
}

/* Rows of one line: broken behind the last blank, or where the room ends. */
static void wrap_line(struct text_pane *pane, guint line, int room)
{
    const char *bytes = pane->text->bytes;
    gsize at = line_start(pane->text, line), end = line_end(pane->text, line);
    struct row row = {at, line, 0}, blank = row;
    guint column = 0;
    while (at < end) {
        struct piece piece;
        piece_read(bytes + at, bytes + end, column, pane->is_ascii, &piece);
        if ((int)(column - row.column) + piece.width > room && at > row.offset) {
            gboolean at_blank = (int)(blank.column - row.column) > room / 2;
            g_array_append_val(pane->rows, row);
            row = at_blank ? blank : (struct row){at, line, column};
            blank = row;
            at = row.offset;
            column = row.column;
            continue;
        }
        at += piece.bytes;
        column += (guint)piece.width;
        if (piece.text[0] == ' ')
            blank = (struct row){at, line, column};
    }
    g_array_append_val(pane->rows, row);
}

static gsize cursor_offset(const struct text_pane *pane)
{
    return pane->list.selected < pane->rows->len ? row_at(pane, pane->list.selected)->offset : 0;
}

/* The row that holds a byte. */
static guint row_of(const struct text_pane *pane, gsize offset)
{
    guint low = 0, high = pane->rows->len;
    while (high - low > 1) {
        guint middle = low + (high - low) / 2;
        if (row_at(pane, middle)->offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void lay_out(struct text_pane *pane, gsize cursor)
{
    int room = MAX(pane->columns - gutter_width(pane), 1);
    guint above = pane->list.selected - MIN(pane->list.top, pane->list.selected);
    g_array_set_size(pane->rows, 0);
    for (guint line = 0; pane->text != NULL && line < pane->text->lines->len; line++) {
        if (pane->wraps)
            wrap_line(pane, line, room);
        else
            g_array_append_vals(pane->rows, &(struct row){line_start(pane->text, line), line, 0},
                                1);
    }
    list_resize(&pane->list, pane->rows->len);
    list_select(&pane->list, row_of(pane, cursor));
    pane->list.top = pane->list.selected - MIN(above, pane->list.selected);
}

void text_pane_init(struct text_pane *pane)
{
    *pane = (struct text_pane){.wraps = TRUE, .columns = 80};
    pane->rows = g_array_new(FALSE, FALSE, sizeof(struct row));
}

void text_pane_clear(struct text_pane *pane)
{
    g_clear_pointer(&pane->rows, g_array_unref);
}

void text_pane_set(struct text_pane *pane, const struct pane_text *text, gboolean keeps_line)
{
    guint line = keeps_line ? text_pane_line(pane) : 0;
    pane->text = text;
    pane->left = keeps_line ? pane->left : 0;
    if (!keeps_line)
        pane->list.top = pane->list.selected = 0;
    lay_out(pane, text != NULL ? line_start(text, MIN(line, text->lines->len - 1)) : 0);
}

void text_pane_set_wraps(struct text_pane *pane, gboolean wraps)
{
    gsize cursor = cursor_offset(pane);
    pane->wraps = wraps;
    pane->left = 0;
    lay_out(pane, cursor);
}

void text_pane_set_lines(struct text_pane *pane, gboolean shows_lines)
{
    gsize cursor = cursor_offset(pane);
    if (pane->shows_lines == shows_lines)
        return;
    pane->shows_lines = shows_lines;
    lay_out(pane, cursor);
}

void text_pane_scroll(struct text_pane *pane, int times)
{
    int step = MAX((pane->columns - gutter_width(pane)) / 2, 1);
    gint64 left = (gint64)pane->left + (gint64)step * times;
    gint64 most = pane->text != NULL ? (gint64)pane->text->length * 8 : 0;
    if (!pane->wraps)
        pane->left = (guint)CLAMP(left, 0, MIN(most, G_MAXINT / 2));
}

guint text_pane_line(const struct text_pane *pane)
{
    return pane->list.selected < pane->rows->len ? row_at(pane, pane->list.selected)->line : 0;
}

void text_pane_go(struct text_pane *pane, guint line)
{
    if (pane->text != NULL)
        list_select(&pane->list, row_of(pane, line_start(pane->text, line)));
}

#define FOLLOWING 64u

char *text_pane_row_text(const struct text_pane *pane, guint row)
{
    if (pane->text == NULL || row >= pane->rows->len)
        return NULL;
    gsize start = row_at(pane, row)->offset, end = row_end(pane, row);
    gsize last = line_end(pane->text, row_at(pane, row)->line);
    return text_visible(pane->text->bytes + start, (gssize)(MIN(end + FOLLOWING, last) - start),
                        TEXT_KEEP_LINES);
}

/* ---- painting -------------------------------------------------------------------------------- */

static const enum style word_styles[] = {
    [SQL_WORD_OTHER] = STYLE_TEXT,        [SQL_WORD_KEYWORD] = STYLE_SQL_KEYWORD,
    [SQL_WORD_STRING] = STYLE_SQL_STRING, [SQL_WORD_COMMENT] = STYLE_SQL_COMMENT,
    [SQL_WORD_NUMBER] = STYLE_SQL_NUMBER,
};

struct run {
    struct grid *grid;
    int row, column, limit; /* limit: columns left */
    enum style style;
    GString *text;
    int width;
};

static void run_flush(struct run *run)
{
    if (run->width > 0)
        grid_put(run->grid, run->row, run->column, run->width, run->style, run->text->str);
    run->column += run->width;
    run->limit -= run->width;
    run->width = 0;
    g_string_truncate(run->text, 0);
}

/* Marks that combine stay with what they stand on. */
static void run_add(struct run *run, enum style style, const char *text, int width)
{
    if (width > 0 && style != run->style)
        run_flush(run);
    if (width > 0)
        run->style = style;
    else if (run->width == 0)
        return;
    g_string_append(run->text, text);
    run->width += width;
}

/* Part of a piece: characters of one column each can be cut, a wide one leaves blanks. */
static void run_add_part(struct run *run, enum style style, const struct piece *piece, int skip,
                         int width)
{
    char part[sizeof piece->text];
    gboolean is_narrow = strlen(piece->text) == (gsize)piece->width;
    g_strlcpy(part, is_narrow ? piece->text + skip : "        ", sizeof part);
    part[MIN((gsize)width, strlen(part))] = '\0';
    run_add(run, style, part, (int)strlen(part));
}

/* Draws the text of a row from column left of its line on; TRUE when it goes on beyond the room. */
static gboolean draw_text(const struct text_pane *pane, struct run *run, guint row)
{
    const char *bytes = pane->text->bytes;
    const char *line = bytes + line_end(pane->text, row_at(pane, row)->line);
    gsize at = row_at(pane, row)->offset, end = row_end(pane, row), style_end = at;
    guint column = row_at(pane, row)->column, left = column + (pane->wraps ? 0 : pane->left);
    enum style style = STYLE_TEXT;
    while (at < end) {
        struct piece piece;
        if (at >= style_end && pane->text->words != NULL)
            style = word_styles[sql_words_at(pane->text->words, at, &style_end)];
        piece_read(bytes + at, line, column, pane->is_ascii, &piece);
        int skip = column < left ? MIN((int)(left - column), piece.width) : 0;
        int room = run->limit - run->width, width = piece.width - skip;
        if (width > room && room <= 0)
            return TRUE;
        if (skip > 0 || width > room)
            run_add_part(run, style, &piece, skip, MIN(width, room));
        else
            run_add(run, style, piece.text, width);
        if (width > room)
            return TRUE;
        at += piece.bytes;
        column += (guint)piece.width;
    }
    return FALSE;
}

/* The number in the gutter of a line, 0 for none: of several the first. */
static guint mark_of(const GArray *marks, guint line)
{
    guint low = 0, high = marks != NULL ? marks->len : 0;
    guint count = high;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(marks, guint, middle) < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && g_array_index(marks, guint, low) == line ? low + 1 : 0;
}

static void draw_sign(const struct text_pane *pane, struct grid *grid, int row, int column,
                      guint mark)
{
    const char *signs = pane->text->signs;
    const char text[] = {signs != NULL ? signs[mark - 1] : ' ', '\0'};
    if (*text != ' ')
        grid_put(grid, row, column, 1, *text == '!' ? STYLE_ERROR : STYLE_WARNING, text);
}

static void draw_gutter(const struct text_pane *pane, struct grid *grid, int at,
                        const struct area *area, guint row)
{
    const struct row *shown = row_at(pane, row);
    guint mark = mark_of(pane->text->marks, shown->line);
    int lines = lines_width(pane), marks = marks_width(pane), column = area->column + 1;
    if (shown->column > 0)
        return;
    if (lines > 0)
        grid_putf(grid, at, column, MIN(lines, area->columns - 1), STYLE_FAINT, "%*u", lines - 1,
                  shown->line + 1);
    if (marks > 0 && mark > 0) {
        grid_putf(grid, at, column + lines, MIN(marks, area->columns - 1 - lines), STYLE_STRONG,
                  "%*u", marks - 1, mark);
        draw_sign(pane, grid, at, column + lines + marks - 1, mark);
    }
}

static void draw_row(const struct text_pane *pane, struct grid *grid, int at,
                     const struct area *area, guint row, gboolean is_selected)
{
    int gutter = gutter_width(pane);
    g_autoptr(GString) text = g_string_new(NULL);
    struct run run = {.grid = grid,
                      .row = at,
                      .column = area->column + gutter,
                      .limit = area->columns - gutter,
                      .text = text};
    draw_gutter(pane, grid, at, area, row);
    if (run.limit <= 0)
        return;
    gboolean goes_on = draw_text(pane, &run, row);
    run_flush(&run);
    if (goes_on)
        grid_glyph(grid, at, area->column + area->columns - 1, STYLE_FAINT, GLYPH_ELLIPSIS);
    if (!is_selected)
        return;
    grid_glyph(grid, at, area->column, STYLE_SELECTED, GLYPH_MARKER);
    grid_restyle(grid, at, area->column, area->columns, STYLE_SELECTED);
    grid_cursor(grid, at, area->column + gutter);
}

void text_pane_draw(struct text_pane *pane, struct grid *grid, const struct area *area,
                    gboolean is_active, const char *wanted)
{
    int gutter = gutter_width(pane);
    if (pane->columns != area->columns || pane->is_ascii != grid->is_ascii) {
        gsize cursor = cursor_offset(pane);
        pane->columns = area->columns;
        pane->is_ascii = grid->is_ascii;
        lay_out(pane, cursor);
    }
    list_fit(&pane->list, (guint)MAX(area->rows, 0));
    for (int i = 0; i < area->rows; i++) {
        guint row = pane->list.top + (guint)i;
        if (row >= pane->rows->len)
            return;
        draw_row(pane, grid, area->row + i, area, row, is_active && row == pane->list.selected);
        find_mark(grid, area->row + i, area->column + gutter, area->columns - gutter, wanted);
    }
}
