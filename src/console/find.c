/* Smart case, character by character, so that a match keeps its place in the text. */
#include "console/find.h"

#include <string.h>

static gboolean has_capital(const char *wanted)
{
    for (const char *at = wanted; *at != '\0'; at += g_utf8_skip[(guchar)*at])
        if (g_unichar_isupper(g_utf8_get_char(at)))
            return TRUE;
    return FALSE;
}

/* Bytes of text that wanted takes at its beginning, or 0. */
static gsize match_at(const char *text, const char *wanted, gboolean exact)
{
    const char *at = text;
    for (; *wanted != '\0'; wanted += g_utf8_skip[(guchar)*wanted]) {
        gunichar have = g_utf8_get_char(at), want = g_utf8_get_char(wanted);
        if (*at == '\0' || (have != want && (exact || g_unichar_tolower(have) != want)))
            return 0;
        at += g_utf8_skip[(guchar)*at];
    }
    return (gsize)(at - text);
}

gboolean find_in(const char *text, const char *wanted)
{
    if (wanted == NULL || *wanted == '\0')
        return FALSE;
    if (has_capital(wanted))
        return strstr(text, wanted) != NULL;
    for (const char *at = text; *at != '\0'; at += g_utf8_skip[(guchar)*at])
        if (match_at(at, wanted, FALSE) > 0)
            return TRUE;
    return FALSE;
}

/* The cell whose text holds a byte of the row's text. */
static int cell_of(const GArray *starts, gsize offset)
{
    int cell = 0;
    while (cell + 1 < (int)starts->len && g_array_index(starts, gsize, cell + 1) <= offset)
        cell++;
    return cell;
}

void find_mark(struct grid *grid, int row, int column, int columns, const char *wanted)
{
    if (wanted == NULL || *wanted == '\0' || row < 0 || row >= grid->rows || column < 0)
        return;
    columns = MIN(columns, grid->columns - column);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(gsize));
    for (int i = 0; i < columns; i++) {
        g_array_append_val(starts, text->len);
        g_string_append(text, grid->cells[row * grid->columns + column + i].text);
    }
    gboolean exact = has_capital(wanted);
    for (gsize at = 0; at < text->len;) {
        gsize length = match_at(text->str + at, wanted, exact);
        if (length > 0) {
            int first = cell_of(starts, at);
            grid_restyle(grid, row, column + first, cell_of(starts, at + length - 1) - first + 1,
                         STYLE_MATCH);
        }
        at += length > 0 ? length : (gsize)g_utf8_skip[(guchar)text->str[at]];
    }
}
