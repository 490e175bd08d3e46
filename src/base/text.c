/* Terminal-safe text. What counts as control: Unicode categories Cc, Cf (bidirectional controls,
 * zero-width, tags), Zl, Zp, Cs, Co and everything unassigned. */
#include "base/text.h"

#include <string.h>

/* g_utf8_next_char() without its cast that drops const. */
static const char *next_character(const char *at)
{
    return at + g_utf8_skip[(guchar)*at];
}

static gboolean is_unsafe(gunichar character)
{
    switch (g_unichar_type(character)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return character != 0x200d; /* the joiner inside emoji steers nothing */
    default:
        return FALSE;
    }
}

static void append_visible(GString *out, gunichar character)
{
    if (character < 0x20)
        g_string_append_printf(out, "^%c", (char)(character + '@'));
    else if (character == 0x7f)
        g_string_append(out, "^?");
    else if (is_unsafe(character))
        g_string_append_printf(out, "\\u{%X}", character);
    else
        g_string_append_unichar(out, character);
}

static void append_tab(GString *out, gsize line_start)
{
    int column = text_width(out->str + line_start);
    g_string_append_printf(out, "%*s", 8 - column % 8, "");
}

char *text_visible(const char *bytes, gssize length, enum text_lines lines)
{
    const char *at = bytes;
    const char *end = bytes + (length < 0 ? strlen(bytes) : (gsize)length);
    GString *out = g_string_sized_new((gsize)(end - bytes) + 16);
    gsize line_start = 0;
    while (at < end) {
        gunichar character = *at == '\0' ? 0 : g_utf8_get_char_validated(at, end - at);
        if (character == (gunichar)-1 || character == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02X", (guint8)*at++);
            continue;
        }
        const char *next = next_character(at);
        if (character == '\r' && next < end && *next == '\n')
            ; /* the line feed stands for both */
        else if (character == '\n' && lines == TEXT_KEEP_LINES) {
            g_string_append_c(out, '\n');
            line_start = out->len;
        } else if (character == '\t' && lines == TEXT_KEEP_LINES)
            append_tab(out, line_start);
        else if (character == '\n' || character == '\t')
            g_string_append_c(out, ' ');
        else
            append_visible(out, character);
        at = next;
    }
    return g_string_free(out, FALSE);
}

static int character_width(gunichar character)
{
    if (g_unichar_iszerowidth(character))
        return 0;
    return g_unichar_iswide(character) ? 2 : 1;
}

int text_width(const char *text)
{
    int width = 0;
    for (const char *at = text; *at != '\0'; at = next_character(at))
        width += character_width(g_utf8_get_char(at));
    return width;
}

/* The longest head of text that is at most columns wide. */
static gsize head_within(const char *text, int columns, int *width)
{
    const char *at = text;
    *width = 0;
    while (*at != '\0') {
        int next = character_width(g_utf8_get_char(at));
        if (*width + next > columns)
            break;
        *width += next;
        at = next_character(at);
    }
    return (gsize)(at - text);
}

char *text_fit(const char *text, int columns, enum text_align align, gboolean ascii)
{
    int width = text_width(text);
    if (columns <= 0)
        return g_strdup("");
    if (width > columns) {
        gsize head = head_within(text, columns - 1, &width);
        return g_strdup_printf("%.*s%s%*s", (int)head, text, ascii ? "~" : "…", columns - 1 - width,
                               "");
    }
    if (align == TEXT_RIGHT)
        return g_strdup_printf("%*s%s", columns - width, "", text);
    return g_strdup_printf("%s%*s", text, columns - width, "");
}

char *text_count(gint64 number)
{
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, number);
    GString *out = g_string_new(NULL);
    gsize length = strlen(digits);
    for (gsize i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && g_ascii_isdigit(digits[i - 1]))
            g_string_append_c(out, ',');
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}

char *text_plural(gint64 count, const char *one, const char *many)
{
    g_autofree char *number = text_count(count);
    return g_strdup_printf("%s %s", number, count == 1 ? one : many);
}

/* Edit distance with transpositions (optimal string alignment), case-insensitive, bytes. */
static guint edit_distance(const char *a, const char *b)
{
    gsize rows = strlen(a), columns = strlen(b);
    g_autofree guint *cells = g_new0(guint, (rows + 1) * (columns + 1));
#define CELL(i, j) cells[(i) * (columns + 1) + (j)]
    for (gsize i = 0; i <= rows; i++)
        CELL(i, 0) = (guint)i;
    for (gsize j = 0; j <= columns; j++)
        CELL(0, j) = (guint)j;
    for (gsize i = 1; i <= rows; i++)
        for (gsize j = 1; j <= columns; j++) {
            char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
            guint best = MIN(CELL(i - 1, j), CELL(i, j - 1)) + 1;
            best = MIN(best, CELL(i - 1, j - 1) + (x != y));
            if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && y == g_ascii_tolower(a[i - 2]))
                best = MIN(best, CELL(i - 2, j - 2) + 1);
            CELL(i, j) = best;
        }
    return CELL(rows, columns);
#undef CELL
}

const char *text_nearest(const char *word, const char *const *candidates)
{
    const char *nearest = NULL;
    gsize length = strlen(word);
    guint limit = length < 4 ? 1 : (guint)(length / 3 + 1);
    if (length == 0 || length > 100)
        return NULL;
    for (; *candidates != NULL; candidates++) {
        if (strlen(*candidates) > 100)
            continue;
        guint distance = edit_distance(word, *candidates);
        if (distance <= limit) {
            limit = distance == 0 ? 0 : distance - 1;
            nearest = *candidates;
        }
        if (distance == 0)
            break;
    }
    return nearest;
}

char *text_line_at(const char *bytes, gsize length, unsigned line)
{
    const char *at = bytes, *end = bytes + length;
    if (line == 0)
        return NULL;
    for (unsigned i = 1; i < line; i++) {
        const char *newline = memchr(at, '\n', (gsize)(end - at));
        if (newline == NULL)
            return NULL;
        at = newline + 1;
    }
    const char *newline = memchr(at, '\n', (gsize)(end - at));
    const char *stop = newline != NULL ? newline : end;
    if (stop > at && stop[-1] == '\r')
        stop--;
    return g_strndup(at, (gsize)(stop - at));
}
