/* What line_editor.c (turns, keys, view) and line_editor_libedit.c (set-up, bindings) share. */
#ifndef WINCH_CONSOLE_LINE_EDITOR_PRIVATE_H
#define WINCH_CONSOLE_LINE_EDITOR_PRIVATE_H

#include "console/line_editor.h"

#include <histedit.h>
#include <stdio.h>
#include <wchar.h>

/* Never typed: what begins the sequences that stand for keys which are no characters, and the two
 * such keys that are a character. */
#define LINE_LEAD     L'\x1e'
#define LINE_END      L'\x1c'
#define LINE_COMMANDS L'\x1d'

/* What our function in libedit is asked to do. Those up to DELETE in the order of line_key. */
enum line_call {
    LINE_CALL_NOTHING,
    LINE_CALL_LEFT,
    LINE_CALL_RIGHT,
    LINE_CALL_UP,
    LINE_CALL_DOWN,
    LINE_CALL_HOME,
    LINE_CALL_END,
    LINE_CALL_WORD_LEFT,
    LINE_CALL_WORD_RIGHT,
    LINE_CALL_DELETE,
    LINE_CALL_ESCAPE,
    LINE_CALL_INSERT,
};

struct line_editor {
    /* The turn; everything else belongs to whoever has it. */
    GMutex mutex;
    GCond turned;
    gboolean is_editors_turn;
    GThread *thread;

    /* libedit */
    EditLine *edit;
    HistoryW *history;
    FILE *null;
    int master, slave;
    gboolean is_vi;
    struct line_history *lines; /* borrowed */

    /* what libedit is given next */
    GArray *keys; /* of wchar_t */
    guint keys_taken;
    enum line_call call;
    wchar_t *insertion; /* to go in at the cursor */
    int deletion;       /* characters before the cursor that give way to it */
    gboolean is_cancelled, is_leaving;

    /* what libedit wants, and what came of the line */
    gboolean wants_completion;
    enum line_editor_state state;
    char *accepted;

    line_completer complete;
    gpointer complete_data;
    struct line_completion completion;
    gboolean has_completion;
    char *shown, *shown_search; /* what the last view borrowed */
};

/* Sets libedit up, on the caller's thread before there is another. */
gboolean line_editor_open(struct line_editor *editor, const struct line_editor_options *options,
                          GError **error);
void line_editor_close(struct line_editor *editor); /* whatever of it is open */

/* Before each line: the history as it is now, and the keys that must work whatever .editrc and the
 * line before have done to them. */
void line_editor_prepare(struct line_editor *editor);

struct line_editor *line_editor_of(EditLine *edit);

/* On libedit's thread: lets the caller go on, and waits for its next call. */
void line_editor_hand_over(struct line_editor *editor);

/* Between libedit's characters and UTF-8, controls replaced by spaces. Free with g_free(). */
char *line_editor_utf8(const wchar_t *characters, gsize length);
wchar_t *line_editor_characters(const char *text);

#endif
