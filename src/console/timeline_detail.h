/* What the timeline shows of the migration under the cursor. */
#ifndef WINCH_CONSOLE_TIMELINE_DETAIL_H
#define WINCH_CONSOLE_TIMELINE_DETAIL_H

#include "console/grid.h"

struct console;
struct timeline_detail;

struct timeline_detail *timeline_detail_new(struct console *console);
void timeline_detail_free(struct timeline_detail *detail);

/* The files may have changed: what was read of them is read again when it is next shown. */
void timeline_detail_forget(struct timeline_detail *detail);

/* Draws what is known, and asks for the rest. */
void timeline_detail_draw(struct timeline_detail *detail, struct grid *grid,
                          const struct area *area, gint64 version);

#endif
