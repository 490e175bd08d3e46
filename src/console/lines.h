/* Text for a pane, broken into lines of a width: what stands beside or below a list. */
#ifndef WINCH_CONSOLE_LINES_H
#define WINCH_CONSOLE_LINES_H

#include <glib.h>

#include "base/autofree.h"
#include "console/grid.h"

struct lines;
/* Broken so as to fit columns. */
struct lines *lines_new(int columns);
void lines_free(struct lines *lines);
DEFINE_AUTOPTR(lines, lines_free);

/* Adds text of any origin: its own lines stay lines, and what is too long goes on below, indented
 * once more. NULL or "": nothing. */
void lines_add(struct lines *lines, enum style style, int indent, const char *text);
void lines_addf(struct lines *lines, enum style style, int indent, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* "-- title ------" */
void lines_rule(struct lines *lines, const char *title);
/* Place, message, SQLSTATE, the offending line with a mark, DETAIL, HINT, CONTEXT, what to do. */
void lines_add_error(struct lines *lines, const GError *error);

guint lines_count(const struct lines *lines);
/* Draws as many as there is room for; the last then says how many more there are. */
void lines_draw(const struct lines *lines, struct grid *grid, const struct area *area);
/* All as text. Free with g_free(). */
char *lines_text(const struct lines *lines);
/* By number, safe for a terminal, for whoever keeps them. */
const char *lines_at(const struct lines *lines, guint index);

#endif
