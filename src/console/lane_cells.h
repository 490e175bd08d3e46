/* Lanes and states of migrations in cells: what timeline and graph draw the same way. */
#ifndef WINCH_CONSOLE_LANE_CELLS_H
#define WINCH_CONSOLE_LANE_CELLS_H

#include "console/grid.h"
#include "engine/status.h"
#include "source/lanes.h"

/* "P", "A", "A*", "X", "?", "S"; "-" for a row that is NULL: not known. Static. */
const char *state_letters(const struct status_row *row);
enum style state_style(const struct status_row *row);
enum glyph state_glyph(const struct status_row *row);

/* Draws one row of lanes, two columns each, and what does not fit in limit columns as "+2". Returns
 * the columns used. */
int lanes_draw_row(struct grid *grid, int row, int column, int limit, const struct lanes *lanes,
                   guint lane_row, enum glyph node, enum style style);
/* The columns that all rows take, at most most. */
int lanes_columns(const struct lanes *lanes, int most);

#endif
