/* Rows under a cursor: where it stands, which part of them is on the screen. Knows no content. */
#ifndef WINCH_CONSOLE_LIST_H
#define WINCH_CONSOLE_LIST_H

#include <glib.h>

#include "console/action.h"

struct list {
    guint count;
    guint selected;
    guint top;      /* the first row shown */
    guint height;   /* rows shown when it was last drawn */
    gboolean pages; /* there is no cursor: moving scrolls */
};

/* There are now count rows. The cursor stays where it is, or goes to the last. */
void list_resize(struct list *list, guint count);

/* Puts the cursor on a row and brings it into sight at the next list_fit(). */
void list_select(struct list *list, guint row);

/* Before drawing height rows: the cursor is among them. */
void list_fit(struct list *list, guint height);

/* ACTION_DOWN and its like. FALSE for an action that moves nothing in lists. count 0: not given. */
gboolean list_act(struct list *list, enum action_id action, guint count);

/* "12/1,234" or "34%": for a heading. Free with g_free(). */
char *list_position(const struct list *list);

#endif
