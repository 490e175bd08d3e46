/* Names of keys. */
#include "console/key.h"

#include <string.h>

static const struct {
    guint32 code;
    const char *name;
} names[] = {
    {KEYCODE_UP, "Up"},
    {KEYCODE_DOWN, "Down"},
    {KEYCODE_LEFT, "Left"},
    {KEYCODE_RIGHT, "Right"},
    {KEYCODE_HOME, "Home"},
    {KEYCODE_END, "End"},
    {KEYCODE_PAGE_UP, "PgUp"},
    {KEYCODE_PAGE_DOWN, "PgDn"},
    {KEYCODE_INSERT, "Insert"},
    {KEYCODE_DELETE, "Delete"},
    {KEYCODE_BACKSPACE, "Backspace"},
    {KEYCODE_BACK_TAB, "S-Tab"},
    {KEYCODE_ENTER, "Enter"},
    {KEYCODE_ESCAPE, "Esc"},
    {KEYCODE_TAB, "Tab"},
    {' ', "Space"},
    {KEYCODE_MOUSE_UP, "WheelUp"},
    {KEYCODE_MOUSE_DOWN, "WheelDown"},
    {KEYCODE_MOUSE_CLICK, "Click"},
};

char *key_text(guint32 code)
{
    char utf8[8] = "";
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].code == code)
            return g_strdup(names[i].name);
    if (code >= KEYCODE_F1 && code <= KEYCODE_F12)
        return g_strdup_printf("F%u", code - KEYCODE_F1 + 1);
    if (code < 0x20)
        return g_strdup_printf("C-%c", (char)g_ascii_tolower((char)(code + '@')));
    if (code >= 0x110000 || !g_unichar_isprint(code))
        return g_strdup_printf("\\u{%X}", code);
    utf8[g_unichar_to_utf8(code, utf8)] = '\0';
    return g_strdup(utf8);
}

static gboolean parse(const char *name, gsize length, guint32 *code)
{
    g_autofree char *word = g_strndup(name, length);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i].name, word) == 0) {
            *code = names[i].code;
            return TRUE;
        }
    if (length >= 2 && word[0] == 'F' && g_ascii_isdigit(word[1])) {
        guint64 number = g_ascii_strtoull(word + 1, NULL, 10);
        *code = KEYCODE_F1 + (guint32)number - 1;
        return number >= 1 && number <= 12;
    }
    if (length == 3 && g_str_has_prefix(word, "C-")) {
        *code = KEYCODE_CTRL(word[2]);
        return TRUE;
    }
    *code = g_utf8_get_char_validated(word, -1);
    return length > 0 && *code < 0x110000 && g_utf8_strlen(word, -1) == 1;
}

gboolean key_parse(const char *name, guint32 *code)
{
    return parse(name, strlen(name), code);
}

gboolean key_is_among(guint32 code, const char *list)
{
    for (const char *at = list; *at != '\0';) {
        gsize length = strcspn(at, " ");
        guint32 one;
        if (length > 0 && parse(at, length, &one) && one == code)
            return TRUE;
        at += length;
        at += strspn(at, " ");
    }
    return FALSE;
}
