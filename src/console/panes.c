/* How list and detail share the screen. */
#include "console/panes.h"

#include <string.h>

#define BESIDE_COLUMNS 110 /* from here on the detail stands beside the list */
#define BELOW_ROWS     9   /* with fewer rows there is no room for a detail below */

void panes_init(struct panes *panes)
{
    panes->fields = fields_new();
    panes->detail.pages = TRUE;
}

void panes_clear(struct panes *panes)
{
    fields_free(panes->fields);
}

struct list *panes_list(struct panes *panes)
{
    return panes->is_detail ? &panes->detail : &panes->list;
}

static void set(struct panes *panes, gboolean is_detail, gboolean is_zoomed)
{
    panes->is_detail = is_detail;
    panes->is_zoomed = is_zoomed;
}

gboolean panes_act(struct panes *panes, enum action_id action)
{
    switch (action) {
    case ACTION_NEXT_PANE:
    case ACTION_PREVIOUS_PANE:
        set(panes, !panes->is_detail, FALSE);
        return TRUE;
    case ACTION_ZOOM:
        set(panes, TRUE, TRUE);
        return TRUE;
    case ACTION_UNZOOM:
    case ACTION_BACK:
        if (!panes->is_detail && !panes->is_zoomed)
            return FALSE;
        set(panes, FALSE, FALSE);
        return TRUE;
    default:
        return FALSE;
    }
}

void panes_split(const struct panes *panes, const struct area *area, struct area *list,
                 struct area *detail)
{
    *list = *detail = *area;
    if (panes->is_zoomed) {
        list->rows = 0;
    } else if (area->columns >= BESIDE_COLUMNS) {
        list->columns = area->columns * 58 / 100;
        detail->column += list->columns + 1;
        detail->columns -= list->columns + 1;
    } else if (area->rows < BELOW_ROWS) {
        detail->rows = 0;
    } else {
        detail->rows = area->rows * 45 / 100;
        list->rows -= detail->rows;
        detail->row += list->rows;
    }
}

void panes_draw_detail(struct panes *panes, struct grid *grid, const struct area *detail,
                       const char *title)
{
    if (detail->rows < 1)
        return;
    if (detail->column > 0)
        for (int row = 0; row < detail->rows; row++)
            grid_glyph(grid, detail->row + row, detail->column - 1, STYLE_FAINT, GLYPH_VERTICAL);
    const struct area inside = {detail->row + 1, detail->column, detail->rows - 1, detail->columns};
    fields_draw(panes->fields, grid, &inside, &panes->detail);
    g_autofree char *position = list_position(&panes->detail);
    gboolean is_all = panes->detail.count <= panes->detail.height;
    grid_rule(grid, detail->row, detail->column, detail->columns, title, is_all ? NULL : position);
    if (panes->is_detail)
        grid_cursor(grid, inside.row, inside.column);
}

void panes_heading(struct grid *grid, const struct area *area, const char *left, const char *right)
{
    if (area->rows < 1)
        return;
    int width = right != NULL ? MIN(text_width(right), area->columns / 2) : 0;
    grid_put(grid, area->row, area->column, area->columns - width - (width > 0 ? 2 : 0),
             STYLE_HEADING, left);
    if (right != NULL)
        grid_put_right(grid, area->row, area->column + area->columns - width, width, STYLE_HEADING,
                       right);
}

void panes_notice(struct grid *grid, const struct area *area, const char *text)
{
    struct list lines = {.pages = TRUE};
    AUTOPTR(fields) *fields = fields_new();
    fields_note(fields, STYLE_TEXT, text);
    struct area inside = *area;
    if (area->rows > 2) {
        inside.row++;
        inside.rows--;
    }
    inside.column += MIN(2, area->columns);
    inside.columns -= MIN(4, area->columns);
    fields_draw(fields, grid, &inside, &lines);
}

void panes_mark(struct grid *grid, const struct area *area, int row, gboolean has_focus)
{
    grid_glyph(grid, row, area->column, STYLE_STRONG, GLYPH_MARKER);
    grid_restyle(grid, row, area->column, area->columns, STYLE_SELECTED);
    if (has_focus)
        grid_cursor(grid, row, area->column + 2);
}

char *panes_missing(const struct model *model)
{
    if (model->state != NULL)
        return NULL;
    if (model->files_problem != NULL)
        return g_strdup_printf("the files could not be read: %s", model->files_problem);
    if (model->state_problem != NULL)
        return g_strdup_printf("the database could not be read: %s", model->state_problem);
    if (model->link_why != NULL)
        return g_strdup_printf("no connection: %s\nit is tried again; R tries at once",
                               model->link_why);
    return g_strdup(model->server == NULL ? "connecting" : "reading");
}
