/* The parts of one statement that commas divide: what its subcommands are, as text. */
#ifndef WINCH_ANALYSIS_PIECES_H
#define WINCH_ANALYSIS_PIECES_H

#include <glib.h>

struct piece {
    gsize offset, length; /* bytes of the statement */
};

/* What stands between the parentheses of CREATE TABLE, and the commands of ALTER TABLE: of struct
 * piece. NULL when the text does not begin as one of those. Free with g_array_unref(). */
GArray *pieces_of_create(const char *text, gsize length);
GArray *pieces_of_alter(const char *text, gsize length);

#endif
