/* A list with a detail of the selected row below it, or beside it where there is room: what most
 * screens are. */
#ifndef WINCH_CONSOLE_PANES_H
#define WINCH_CONSOLE_PANES_H

#include "console/fields.h"
#include "console/grid.h"
#include "console/list.h"
#include "console/model.h"

struct panes {
    struct list list;
    struct list detail;    /* lines of fields; scrolled, without a cursor */
    struct fields *fields; /* of the selected row: filled before each drawing */
    gboolean is_detail;    /* keys move the detail */
    gboolean is_zoomed;    /* the detail has all the room */
};

void panes_init(struct panes *panes);
void panes_clear(struct panes *panes);

/* The list that keys move. */
struct list *panes_list(struct panes *panes);
/* Going from pane to pane, zooming, and back from both; FALSE for any other action. */
gboolean panes_act(struct panes *panes, enum action_id action);

/* Divides what is left below the heading line. Either part may have no rows; a rule or a line
 * stands between them. */
void panes_split(const struct panes *panes, const struct area *area, struct area *list,
                 struct area *detail);
/* The detail's title on a rule above it, and what is in fields. */
void panes_draw_detail(struct panes *panes, struct grid *grid, const struct area *detail,
                       const char *title);

/* The heading line of a screen: "History  12 rows                 filter: x   3/12". right may be
 * NULL. */
void panes_heading(struct grid *grid, const struct area *area, const char *left, const char *right);
/* Lines of text in the middle of nothing: why there are no rows. Newlines part them. */
void panes_notice(struct grid *grid, const struct area *area, const char *text);
/* The selected row's marker and style, and the cursor where its text begins. */
void panes_mark(struct grid *grid, const struct area *area, int row, gboolean has_focus);

/* Why nothing is known of the database yet, or NULL when it is. Free with g_free(). */
char *panes_missing(const struct model *model);

#endif
