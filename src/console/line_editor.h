/* One line of text typed at the prompt, edited by libedit: emacs and vi keys, ~/.editrc, history,
 * incremental search. Knows neither curses nor the terminal: keys go in, text and cursor come out.
 *
 * All calls belong to one thread. libedit runs on a thread of its own that moves only while a call
 * waits for it (some 20 microseconds a key), so nothing here happens between two calls and a main
 * loop goes on undisturbed while a line is edited. */
#ifndef WINCH_CONSOLE_LINE_EDITOR_H
#define WINCH_CONSOLE_LINE_EDITOR_H

#include "base/autofree.h"
#include "console/line_history.h"

#include <glib.h>

/* A key is a character (control characters included: ^A is 1) or one of these. */
enum line_key {
    LINE_KEY_LEFT = 0x110000,
    LINE_KEY_RIGHT,
    LINE_KEY_UP,
    LINE_KEY_DOWN,
    LINE_KEY_HOME,
    LINE_KEY_END,
    LINE_KEY_WORD_LEFT,
    LINE_KEY_WORD_RIGHT,
    LINE_KEY_DELETE,
    LINE_KEY_BACKSPACE, /* 127 and 8 are the same */
    LINE_KEY_ENTER,     /* CR and LF are the same */
    LINE_KEY_TAB,       /* 9 is the same */
    LINE_KEY_ESCAPE,    /* 27 is the same: an Esc that nothing followed */
};

enum line_editor_state {
    LINE_EDITOR_IDLE,     /* no line was begun */
    LINE_EDITOR_EDITING,  /* more keys, please */
    LINE_EDITOR_ACCEPTED, /* Enter; the view shows the line */
    LINE_EDITOR_CANCELLED /* Esc (emacs), ^C, ^G, ^D in an empty line; the view's text is empty */
};

struct line_candidate {
    char *text;
    char *meaning; /* a few words about it, or NULL */
};

/* What Tab found. */
struct line_completion {
    gsize start;           /* the bytes from here to the cursor are replaced */
    char after;            /* appended to a sole candidate, such as ' '; '\0': nothing */
    GPtrArray *candidates; /* of struct line_candidate *, owned */
};

/* Adds a candidate; both strings are copied. */
void line_completion_add(struct line_completion *completion, const char *text, const char *meaning);

/* Called on the caller's thread, inside line_editor_key(), with the line and the cursor as a byte
 * offset into it. Sets start and adds candidates. Must not call the editor. */
typedef void (*line_completer)(const char *line, gsize cursor, struct line_completion *completion,
                               gpointer data);

/* All copied or borrowed for the editor's life. */
struct line_editor_options {
    const char *program;          /* prefix of lines meant for us in .editrc: "winch" */
    const char *editrc;           /* path; NULL: .editrc in $HOME */
    struct line_history *history; /* borrowed; NULL: none */
    line_completer complete;      /* NULL: Tab does nothing */
    gpointer complete_data;
};

/* What to draw. Valid until the next call with this editor. */
struct line_view {
    const char *text;       /* UTF-8; text_visible() has not seen it */
    gsize cursor;           /* byte offset of the cursor in text */
    int column;             /* columns that stand before the cursor */
    const char *search;     /* pattern of ^R or of vi's / while it is typed, else NULL */
    gboolean search_failed; /* ^R found no such line */
    const struct line_completion *completion; /* of the last key if it was Tab, else NULL */
};

struct line_editor;

/* Opens a pseudo-terminal for libedit, reads .editrc and starts the thread, with all signals
 * blocked in it. NULL and error when the system has no pseudo-terminal or no memory left. */
struct line_editor *line_editor_new(const struct line_editor_options *options, GError **error);
void line_editor_free(struct line_editor *editor); /* whatever its state; NULL is fine */
DEFINE_AUTOPTR(line_editor, line_editor_free);

/* Begins a line, in place of one that is being edited. text (UTF-8, NULL: empty) stands in it. */
void line_editor_begin(struct line_editor *editor, const char *text);

/* One key, unmodified. A key that is no character (0, surrogates) does nothing. */
enum line_editor_state line_editor_key(struct line_editor *editor, gunichar key);

/* Alt and a key. */
enum line_editor_state line_editor_meta_key(struct line_editor *editor, gunichar key);

/* Pasted text (UTF-8) goes in at the cursor as it is, in vi's command mode too: line ends, tabs and
 * other controls become spaces; nothing in it accepts, cancels, completes or moves. */
enum line_editor_state line_editor_paste(struct line_editor *editor, const char *text);

enum line_editor_state line_editor_state(const struct line_editor *editor);
struct line_view line_editor_view(struct line_editor *editor);
gboolean line_editor_is_vi(const struct line_editor *editor);

#endif
