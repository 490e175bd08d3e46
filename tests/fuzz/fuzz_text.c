/* text_visible() and text_fit() on any bytes: what comes out steers no terminal and is exactly as
 * wide as asked. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

static void require_harmless(const char *text, enum text_lines lines)
{
    require(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar character = g_utf8_get_char(at);
        require(!g_unichar_iscntrl(character) || (character == '\n' && lines == TEXT_KEEP_LINES));
        require(character < 0x202a || character > 0x202e);
        require(character < 0x2066 || character > 0x2069);
    }
}

static void fuzz_visible(const char *bytes, gssize length, enum text_lines lines)
{
    g_autofree char *shown = text_visible(bytes, length, lines);
    require_harmless(shown, lines);
    g_autofree char *again = text_visible(shown, -1, lines);
    require(strcmp(shown, again) == 0);
}

static void fuzz_fit(const char *bytes, gssize length, int columns)
{
    g_autofree char *shown = text_visible(bytes, length, TEXT_ONE_LINE);
    g_autofree char *left = text_fit(shown, columns, TEXT_LEFT, FALSE);
    g_autofree char *right = text_fit(shown, columns, TEXT_RIGHT, TRUE);
    require(g_utf8_validate(left, -1, NULL) && g_utf8_validate(right, -1, NULL));
    require(text_width(left) == columns && text_width(right) == columns);
}

static void fuzz_line_at(const char *bytes, gsize length, unsigned line)
{
    g_autofree char *found = text_line_at(bytes, length, line);
    require(found == NULL || strchr(found, '\n') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *bytes = (const char *)data + 1;
    size_t length = size - 1;
    fuzz_visible(bytes, (gssize)length, TEXT_ONE_LINE);
    fuzz_visible(bytes, (gssize)length, TEXT_KEEP_LINES);
    fuzz_fit(bytes, (gssize)length, data[0] % 40 + 1);
    fuzz_line_at(bytes, length, data[0]);
    return 0;
}
