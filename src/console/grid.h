/* The screen before it meets a terminal: cells of text and style. Views write it, tests read it,
 * the terminal paints it. The last wall against hostile text: whatever is put here is made visible
 * first, so that no control character can be in a cell. */
#ifndef WINCH_CONSOLE_GRID_H
#define WINCH_CONSOLE_GRID_H

#include <glib.h>

#include "base/autofree.h"
#include "base/text.h"
#include "console/style.h"

#define CELL_BYTES 24

/* A base character with its combining marks. The right half of a wide one has text "". */
struct cell {
    char text[CELL_BYTES];
    guint8 style;
    gboolean is_continuation;
};

struct area {
    int row, column, rows, columns;
};

struct grid {
    int rows, columns;
    gboolean is_ascii;             /* nothing beyond ASCII may be in a cell */
    struct cell *cells;            /* rows * columns, blank to begin with */
    int cursor_row, cursor_column; /* where the terminal's cursor stands */
    gboolean shows_cursor;
};

struct grid *grid_new(int rows, int columns, gboolean is_ascii);
void grid_free(struct grid *grid);
DEFINE_AUTOPTR(grid, grid_free);

/* Blank cells of one style. */
void grid_clear(struct grid *grid, const struct area *area, enum style style);

/* Puts text of any origin into at most limit columns (-1: to the right edge) and returns the
 * columns used. What does not fit is cut, the last column then showing "…" ("~" in ASCII).
 * Newlines become spaces. Outside the grid nothing happens. */
int grid_put(struct grid *grid, int row, int column, int limit, enum style style, const char *text);
int grid_putf(struct grid *grid, int row, int column, int limit, enum style style,
              const char *format, ...) G_GNUC_PRINTF(6, 7);

/* What grid_put() would put: text of any origin made visible, in ASCII where the grid is. For those
 * who break lines. Free with g_free(). */
char *grid_visible(const struct grid *grid, const char *text);

/* The same, ending at column + limit. */
void grid_put_right(struct grid *grid, int row, int column, int limit, enum style style,
                    const char *text);

/* "-- title -------- right --" over the area's columns. title and right may be NULL. */
void grid_rule(struct grid *grid, int row, int column, int columns, const char *title,
               const char *right);

/* Changes the style of a row's cells and leaves their text. */
void grid_restyle(struct grid *grid, int row, int column, int columns, enum style style);

/* Line drawing and marks, with an ASCII double each. */
enum glyph {
    GLYPH_VERTICAL,
    GLYPH_HORIZONTAL,
    GLYPH_UP_RIGHT, /* a line from above turns right */
    GLYPH_UP_LEFT,
    GLYPH_DOWN_RIGHT, /* a line from the right turns down */
    GLYPH_DOWN_LEFT,
    GLYPH_TEE_RIGHT,
    GLYPH_TEE_LEFT,
    GLYPH_TEE_UP,
    GLYPH_TEE_DOWN,
    GLYPH_CROSS,
    GLYPH_NODE_APPLIED,
    GLYPH_NODE_PENDING,
    GLYPH_NODE_OTHER,
    GLYPH_BAR_FULL,
    GLYPH_BAR_EMPTY,
    GLYPH_ELLIPSIS,
    GLYPH_MARKER, /* before the selected row */
    GLYPH_COUNT
};
/* Static. */
const char *glyph_text(enum glyph glyph, gboolean is_ascii);
void grid_glyph(struct grid *grid, int row, int column, enum style style, enum glyph glyph);

/* A bar of columns cells, done of total filled (total 0: empty). */
void grid_bar(struct grid *grid, int row, int column, int columns, enum style style, gint64 done,
              gint64 total);

/* The selected row's cursor: where a screen reader listens. */
void grid_cursor(struct grid *grid, int row, int column);

/* A row as text, trailing blanks cut; all rows with newlines. Free with g_free(). */
char *grid_row_text(const struct grid *grid, int row);
char *grid_text(const struct grid *grid);

#endif
