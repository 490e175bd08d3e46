/* Sentences broken into rows. */
#ifndef WINCH_CONSOLE_WRAP_H
#define WINCH_CONSOLE_WRAP_H

#include <glib.h>

#include "console/grid.h"

/* Text of any origin made visible and broken at blanks, words that are longer than a row in the
 * middle. Of char *; at least one; free with g_ptr_array_unref(). */
GPtrArray *wrap_words(const char *text, int columns);

/* Puts wrapped text into at most rows rows and returns how many it took; the last one ends in "…"
 * when there was more. */
int wrap_put(struct grid *grid, int row, int column, int columns, int rows, enum style style,
             const char *text);

#endif
