/* What the timeline shows of the migration under the cursor. */
#ifndef WINCH_CONSOLE_TIMELINE_DETAIL_H
#define WINCH_CONSOLE_TIMELINE_DETAIL_H

#include "console/grid.h"
#include "console/list.h"

struct console;
struct timeline_detail;

struct timeline_detail *timeline_detail_new(struct console *console);
void timeline_detail_free(struct timeline_detail *detail);

/* The files may have changed: what was read of them is read again when it is next shown. */
void timeline_detail_forget(struct timeline_detail *detail);

/* Draws what is known, and asks for the rest. is_active: keys scroll it. */
void timeline_detail_draw(struct timeline_detail *detail, struct grid *grid,
                          const struct area *area, gint64 version, gboolean is_active);

/* What was drawn last: lines to be scrolled, one of them, all of them. The texts are to be freed
 * with g_free(). */
struct list *timeline_detail_list(struct timeline_detail *detail);
char *timeline_detail_line(const struct timeline_detail *detail, guint line);
char *timeline_detail_text(const struct timeline_detail *detail);

#endif
