/* Finding text: capital letters matter once there is one in what is wanted. */
#ifndef WINCH_CONSOLE_FIND_H
#define WINCH_CONSOLE_FIND_H

#include <glib.h>

#include "console/grid.h"

/* TRUE when wanted stands in text. Both are valid UTF-8; "" and NULL are never found. */
gboolean find_in(const char *text, const char *wanted);

/* Gives STYLE_MATCH to every place in a row's cells, column to column + columns, that shows
 * wanted. NULL and "" mark nothing. */
void find_mark(struct grid *grid, int row, int column, int columns, const char *wanted);

#endif
