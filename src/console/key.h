/* Keys, whatever terminal they come from. */
#ifndef WINCH_CONSOLE_KEY_H
#define WINCH_CONSOLE_KEY_H

#include <glib.h>

/* A Unicode character, a control character (Ctrl-C is 3), or one of these. */
enum special_key {
    KEYCODE_UP = 0x110000,
    KEYCODE_DOWN,
    KEYCODE_LEFT,
    KEYCODE_RIGHT,
    KEYCODE_HOME,
    KEYCODE_END,
    KEYCODE_PAGE_UP,
    KEYCODE_PAGE_DOWN,
    KEYCODE_INSERT,
    KEYCODE_DELETE,
    KEYCODE_BACKSPACE,
    KEYCODE_BACK_TAB,
    KEYCODE_F1, /* to F12 in order */
    KEYCODE_F12 = KEYCODE_F1 + 11,
    KEYCODE_MOUSE_UP, /* the wheel */
    KEYCODE_MOUSE_DOWN,
    KEYCODE_MOUSE_CLICK, /* row and column are set */
    KEYCODE_LAST,
};

#define KEYCODE_ENTER        '\r'
#define KEYCODE_ESCAPE       27
#define KEYCODE_TAB          '\t'
#define KEYCODE_CTRL(letter) ((guint32)(letter)&0x1f)

struct key {
    guint32 code;
    gboolean is_pasted;    /* between the terminal's paste marks, or faster than fingers */
    gboolean has_modifier; /* Alt: shown as unbound, never acted upon */
    int row, column;       /* of a click */
};

/* "j", "Up", "C-c", "F5", "PgDn", "Enter", "Esc", "Space": the names that tables and help use.
 * Free with g_free(). */
char *key_text(guint32 code);

/* The reverse; FALSE for a name that is none. */
gboolean key_parse(const char *name, guint32 *code);

/* TRUE when code is among names, which are separated by spaces. */
gboolean key_is_among(guint32 code, const char *names);

#endif
