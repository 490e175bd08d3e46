/* Breaking at blanks, measured in columns. */
#include "console/wrap.h"

#include "base/text.h"

#include <string.h>

/* Bytes of the longest head that fits: up to a blank if there is one, at least one character. */
static gsize head(const char *text, int columns)
{
    gsize blank = 0;
    int used = 0;
    const char *at = text;
    while (*at != '\0') {
        gunichar character = g_utf8_get_char(at);
        int width = g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
        if (*at == ' ')
            blank = (gsize)(at - text);
        if (used + width > columns && at > text)
            return blank > 0 ? blank : (gsize)(at - text);
        used += width;
        at += g_utf8_skip[(guchar)*at];
    }
    return (gsize)(at - text);
}

GPtrArray *wrap_words(const char *text, int columns)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *visible = text_visible(text, -1, TEXT_ONE_LINE);
    const char *at = visible;
    do {
        gsize length = head(at, MAX(columns, 1));
        char *row = g_strndup(at, length);
        g_ptr_array_add(rows, g_strchomp(row));
        at += length;
        at += strspn(at, " ");
    } while (*at != '\0');
    return rows;
}

int wrap_put(struct grid *grid, int row, int column, int columns, int rows, enum style style,
             const char *text)
{
    g_autoptr(GPtrArray) wrapped = wrap_words(text, columns);
    int shown = MIN(rows, (int)wrapped->len);
    for (int i = 0; i < shown; i++)
        grid_put(grid, row + i, column, columns, style, wrapped->pdata[i]);
    if (shown > 0 && shown < (int)wrapped->len)
        grid_glyph(grid, row + shown - 1, column + columns - 1, STYLE_FAINT, GLYPH_ELLIPSIS);
    return shown;
}
