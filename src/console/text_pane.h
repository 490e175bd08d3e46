/* A text in a rectangle: lines wrapped or cut, a gutter of numbers, colours, one cursor. Knows
 * nothing of files or databases. */
#ifndef WINCH_CONSOLE_TEXT_PANE_H
#define WINCH_CONSOLE_TEXT_PANE_H

#include <glib.h>

#include "base/autofree.h"
#include "console/grid.h"
#include "console/list.h"

/* A text and what is known of it. Never changes once it was made, so that one thread may make it
 * for another. */
struct pane_text {
    char *bytes; /* any */
    gsize length;
    GArray *lines; /* of gsize: where each line begins; at least one */
    GArray *words; /* of struct sql_word, for colours; NULL for none */
    GArray *marks; /* of guint: the lines (from 0) that carry the numbers 1, 2, ... in the gutter,
                      ascending; NULL for none */
    char *signs;   /* one behind each number: '?', '!' or ' '; NULL for none */
};

/* Takes over bytes, of which length count. */
struct pane_text *pane_text_new(char *bytes, gsize length);
void pane_text_free(struct pane_text *text);
DEFINE_AUTOPTR(pane_text, pane_text_free);
/* A line's bytes without its end. Borrowed, not ended by a NUL. */
const char *pane_text_line(const struct pane_text *text, guint line, gsize *length);

struct text_pane {
    const struct pane_text *text; /* borrowed; NULL: empty */
    struct list list;             /* of rows as they are laid out */
    GArray *rows;
    gboolean wraps;
    gboolean shows_lines; /* their numbers, in the gutter */
    guint left;           /* the first column shown, when lines are cut */
    int columns;          /* what the rows were laid out for */
    gboolean is_ascii;
};

void text_pane_init(struct text_pane *pane);
void text_pane_clear(struct text_pane *pane);

/* Another text: the cursor goes to the same line of it when keeps_line, else to the first. */
void text_pane_set(struct text_pane *pane, const struct pane_text *text, gboolean keeps_line);
/* The cursor stays where it is in the text. */
void text_pane_set_wraps(struct text_pane *pane, gboolean wraps);
/* With or without the lines' numbers. */
void text_pane_set_lines(struct text_pane *pane, gboolean shows_lines);
/* By half of what is shown; nothing happens while lines are wrapped. */
void text_pane_scroll(struct text_pane *pane, int times);

/* The line under the cursor, from 0. */
guint text_pane_line(const struct text_pane *pane);
void text_pane_go(struct text_pane *pane, guint line);

/* A row's words as they are shown, and the beginning of what follows in the same line, for
 * searching. Free with g_free(). */
char *text_pane_row_text(const struct text_pane *pane, guint row);

/* Lays out anew when area or character set have changed, and draws. The cursor is shown when
 * is_active. wanted is marked; may be NULL. */
void text_pane_draw(struct text_pane *pane, struct grid *grid, const struct area *area,
                    gboolean is_active, const char *wanted);

#endif
