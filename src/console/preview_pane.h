/* A preview on the screen: what it is worth, its rows, and what is known of the one under the
 * cursor. */
#ifndef WINCH_CONSOLE_PREVIEW_PANE_H
#define WINCH_CONSOLE_PREVIEW_PANE_H

#include "console/panes.h"
#include "console/preview_table.h"

struct preview_pane {
    struct panes panes;
    char *shown; /* which preview the cursor is in; NULL: in none */
};

void preview_pane_init(struct preview_pane *pane);
void preview_pane_clear(struct preview_pane *pane);

/* The rows are table's now; NULL for none. The cursor of another preview begins at the first. */
void preview_pane_set(struct preview_pane *pane, const struct preview_table *table);
/* Draws, and returns the screen row of the list's first. */
int preview_pane_draw(struct preview_pane *pane, const struct preview_table *table, gint64 now,
                      struct grid *grid, const struct area *area);

/* The row under the cursor with all that is known of it; the same of all rows. Raw. Free with
 * g_free(). */
char *preview_pane_copy(const struct preview_pane *pane, const struct preview_table *table,
                        gint64 now);
char *preview_pane_save(const struct preview_table *table, gint64 now);

#endif
