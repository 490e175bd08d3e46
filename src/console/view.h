/* A screen: one small table of functions and its state. The frame owns banner, tabs, message line
 * and key bar; a view fills what is between them. Everything here runs on the main thread and never
 * blocks: what takes time is asked of the monitor (console_ask()). */
#ifndef WINCH_CONSOLE_VIEW_H
#define WINCH_CONSOLE_VIEW_H

#include <glib.h>

#include "console/action.h"
#include "console/grid.h"
#include "console/list.h"
#include "source/migration.h"

struct console;
struct view;

struct view_ops {
    enum screen screen;
    const char *title; /* "Timeline" */
    struct view *(*open)(struct console *console);
    void (*close)(struct view *view); /* frees */

    /* The model is a new one, a run has moved, time has passed. Keeps its selection by version or
     * id, never by pointer. May be NULL. */
    void (*update)(struct view *view);
    /* It comes to the front. May be NULL. */
    void (*show)(struct view *view);
    void (*draw)(struct view *view, struct grid *grid, const struct area *area);

    /* FALSE when the action means nothing here. count is what was typed before the key, 0 none.
     * Moving within list() is done by the frame before this is asked. May be NULL. */
    gboolean (*act)(struct view *view, enum action_id action, guint count);
    /* Why the action cannot be done now, or NULL when it can. g_free() it. May be NULL. */
    char *(*why_not)(struct view *view, enum action_id action);

    /* The list that moving and searching work in, or NULL for none now. May be NULL. */
    struct list *(*list)(struct view *view);
    /* A row's words, for searching. g_free() it. May be NULL. */
    char *(*row_text)(struct view *view, guint row);

    /* What y copies and o saves: the selection, the whole. g_free() it. May be NULL. */
    char *(*copy)(struct view *view);
    char *(*save)(struct view *view);

    /* The migration under the cursor; FALSE for none. May be NULL. */
    gboolean (*version)(struct view *view, gint64 *version);
    /* Shows only what matches; "" shows all. FALSE with error when it cannot be meant. May be NULL.
     */
    gboolean (*filter)(struct view *view, const char *text, GError **error);
};

/* Each view's own struct begins with this. */
struct view {
    const struct view_ops *ops;
    struct console *console;
    int list_row; /* screen row of the list's first row, as last drawn: for clicks */
};

/* In the order of enum screen. */
extern const struct view_ops *const view_table[SCREEN_COUNT];

#endif
