/* Moving among rows. */
#include "console/list.h"

#include "base/text.h"

void list_resize(struct list *list, guint count)
{
    list->count = count;
    list->selected = count > 0 ? MIN(list->selected, count - 1) : 0;
    list->top = count > 0 ? MIN(list->top, count - 1) : 0;
}

void list_select(struct list *list, guint row)
{
    list->selected = list->count > 0 ? MIN(row, list->count - 1) : 0;
    if (list->pages)
        list->top = list->selected;
}

void list_fit(struct list *list, guint height)
{
    guint last = list->count > height ? list->count - height : 0;
    list->height = height;
    if (!list->pages && height > 0) {
        if (list->selected < list->top)
            list->top = list->selected;
        if (list->selected >= list->top + height)
            list->top = list->selected - height + 1;
    }
    list->top = MIN(list->top, last);
    if (list->pages)
        list->selected = list->top;
}

static void move(struct list *list, gint64 delta)
{
    gint64 at = (gint64)(list->pages ? list->top : list->selected) + delta;
    gint64 last = list->count > 0 ? (gint64)list->count - 1 : 0;
    if (list->pages)
        last = list->count > list->height ? (gint64)(list->count - list->height) : 0;
    list_select(list, (guint)CLAMP(at, 0, last));
}

/* A page moves what is shown and the cursor with it. */
static void page(struct list *list, gint64 rows)
{
    gint64 last = list->count > list->height ? (gint64)(list->count - list->height) : 0;
    if (!list->pages)
        list->top = (guint)CLAMP((gint64)list->top + rows, 0, last);
    move(list, rows);
}

gboolean list_act(struct list *list, enum action_id action, guint count)
{
    gint64 times = count > 0 ? count : 1;
    gint64 height = MAX(list->height, 1);
    guint shown = MIN(list->height, list->count - MIN(list->top, list->count));
    switch (action) {
    case ACTION_DOWN:
        move(list, times);
        return TRUE;
    case ACTION_UP:
        move(list, -times);
        return TRUE;
    case ACTION_HALF_DOWN:
        page(list, times * MAX(height / 2, 1));
        return TRUE;
    case ACTION_HALF_UP:
        page(list, -times * MAX(height / 2, 1));
        return TRUE;
    case ACTION_PAGE_DOWN:
        page(list, times * height);
        return TRUE;
    case ACTION_PAGE_UP:
        page(list, -times * height);
        return TRUE;
    case ACTION_FIRST:
        list_select(list, count > 0 ? count - 1 : 0);
        return TRUE;
    case ACTION_LAST:
        list_select(list, count > 0 ? count - 1 : (list->count > 0 ? list->count - 1 : 0));
        return TRUE;
    case ACTION_TOP:
        list_select(list, list->top);
        return TRUE;
    case ACTION_MIDDLE:
        list_select(list, list->top + (shown > 0 ? (shown - 1) / 2 : 0));
        return TRUE;
    case ACTION_BOTTOM:
        list_select(list, list->top + (shown > 0 ? shown - 1 : 0));
        return TRUE;
    default:
        return FALSE;
    }
}

char *list_position(const struct list *list)
{
    g_autofree char *at = text_count(list->count > 0 ? (gint64)list->selected + 1 : 0);
    g_autofree char *all = text_count(list->count);
    if (!list->pages)
        return g_strdup_printf("%s/%s", at, all);
    if (list->count <= list->height)
        return g_strdup("all");
    guint end = MIN(list->top + list->height, list->count);
    return g_strdup_printf("%u%%", (guint)((guint64)end * 100 / list->count));
}
