/* The output screen: what a command typed at the prompt printed, or any other text. */
#include "console/views.h"

#include "console/find.h"
#include "console/frame.h"
#include "console/text_pane.h"

#include <string.h>

struct output_view {
    struct view base;
    char *title;
    struct pane_text *text; /* NULL until something was shown */
    struct text_pane pane;
};

void output_view_set(struct view *base, const char *title, char *text)
{
    struct output_view *view = (struct output_view *)base;
    text_pane_set(&view->pane, NULL, FALSE);
    g_clear_pointer(&view->text, pane_text_free);
    g_free(view->title);
    view->title = g_strdup(title);
    view->text = pane_text_new(text, strlen(text));
    text_pane_set(&view->pane, view->text, FALSE);
}

static void output_draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct output_view *view = (struct output_view *)base;
    const struct area body = {area->row + 1, area->column, area->rows - 1, area->columns};
    int used = grid_put(grid, area->row, area->column, area->columns, STYLE_HEADING, "Output  ");
    grid_cursor(grid, area->row, area->column);
    if (view->text == NULL) {
        grid_put(grid, area->row + 1, area->column + 1, area->columns - 1, STYLE_FAINT,
                 "Nothing was shown yet: type a command with :");
        return;
    }
    text_pane_draw(&view->pane, grid, &body, TRUE, console_search(base->console));
    g_autofree char *at = list_position(&view->pane.list);
    int right = (int)strlen(at) + 1;
    used += grid_put(grid, area->row, area->column + used, area->columns - used - right - 1,
                     STYLE_HEADING, view->title);
    if (used + right < area->columns)
        grid_put_right(grid, area->row, area->column + area->columns - right, right, STYLE_HEADING,
                       at);
}

static gboolean output_act(struct view *base, enum action_id action, guint count)
{
    struct output_view *view = (struct output_view *)base;
    int times = (int)MIN(MAX(count, 1), 1000);
    switch (action) {
    case ACTION_WRAP:
        text_pane_set_wraps(&view->pane, !view->pane.wraps);
        return TRUE;
    case ACTION_LEFT:
    case ACTION_RIGHT:
        if (view->pane.wraps)
            console_say(base->console, RECORD_INFO, "lines are wrapped: \\ cuts them instead");
        text_pane_scroll(&view->pane, action == ACTION_LEFT ? -times : times);
        return TRUE;
    default:
        return FALSE;
    }
}

static struct list *output_list(struct view *base)
{
    return &((struct output_view *)base)->pane.list;
}

static char *output_row_text(struct view *base, guint row)
{
    return text_pane_row_text(&((struct output_view *)base)->pane, row);
}

static char *output_copy(struct view *base)
{
    const struct output_view *view = (const struct output_view *)base;
    gsize length;
    if (view->text == NULL)
        return NULL;
    const char *line = pane_text_line(view->text, text_pane_line(&view->pane), &length);
    return g_strndup(line, length);
}

static char *output_save(struct view *base)
{
    const struct output_view *view = (const struct output_view *)base;
    return view->text != NULL ? g_strndup(view->text->bytes, view->text->length) : NULL;
}

static struct view *output_open(struct console *console)
{
    struct output_view *view = g_new0(struct output_view, 1);
    view->base = (struct view){.ops = &output_view_ops, .console = console};
    text_pane_init(&view->pane);
    return &view->base;
}

static void output_close(struct view *base)
{
    struct output_view *view = (struct output_view *)base;
    text_pane_clear(&view->pane);
    g_clear_pointer(&view->text, pane_text_free);
    g_free(view->title);
    g_free(view);
}

const struct view_ops output_view_ops = {
    .screen = SCREEN_OUTPUT,
    .title = "Output",
    .open = output_open,
    .close = output_close,
    .draw = output_draw,
    .act = output_act,
    .list = output_list,
    .row_text = output_row_text,
    .copy = output_copy,
    .save = output_save,
};
