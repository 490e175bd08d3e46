/* The help screen, made from the table of actions: what the screen before it can do, what its
 * letters mean, then what is the same everywhere. */
#include "console/views.h"

#include "console/find.h"
#include "console/frame.h"
#include "console/legend.h"
#include "console/wrap.h"

#include <string.h>

#define KEYS_COLUMN 2
#define TEXT_COLUMN 24

struct row {
    char *keys; /* or the letter; "" on the rows that go on */
    char *text;
    gboolean is_title;
    gboolean is_off; /* not to be done now: text ends with the reason */
};

struct help_view {
    struct view base;
    GPtrArray *rows; /* of struct row * */
    struct list list;
    int columns; /* the rows were broken for */
};

static const char *const titles[SCREEN_COUNT] = {
    [SCREEN_TIMELINE] = "Timeline", [SCREEN_SQL] = "SQL",           [SCREEN_PLAN] = "Plan",
    [SCREEN_RUN] = "Run",           [SCREEN_ACTIVITY] = "Activity", [SCREEN_HISTORY] = "History",
    [SCREEN_LOG] = "Log",           [SCREEN_GRAPH] = "Graph",       [SCREEN_CONFIG] = "Config",
    [SCREEN_REPORT] = "Report",     [SCREEN_HELP] = "Help",         [SCREEN_OUTPUT] = "Output",
    [SCREEN_GATE] = "Gate",
};

/* ---- rows ------------------------------------------------------------------------------------ */

static void row_free(gpointer data)
{
    struct row *row = data;
    g_free(row->keys);
    g_free(row->text);
    g_free(row);
}

static void add_row(struct help_view *view, const char *keys, const char *text, gboolean is_title,
                    gboolean is_off)
{
    struct row *row = g_new0(struct row, 1);
    row->keys = g_strdup(keys);
    row->text = g_strdup(text);
    row->is_title = is_title;
    row->is_off = is_off;
    g_ptr_array_add(view->rows, row);
}

/* Texts that are too long go on below themselves. */
static void add_text(struct help_view *view, const char *keys, const char *text, gboolean is_off)
{
    g_autoptr(GPtrArray) wrapped = wrap_words(text, MAX(view->columns - TEXT_COLUMN, 16));
    for (guint i = 0; i < wrapped->len; i++)
        add_row(view, i == 0 ? keys : "", wrapped->pdata[i], FALSE, is_off);
}

static void add_title(struct help_view *view, const char *title)
{
    if (view->rows->len > 0)
        add_row(view, "", "", FALSE, FALSE);
    add_row(view, "", title, TRUE, FALSE);
}

static void add_action(struct help_view *view, enum screen screen, const struct action *action)
{
    g_autofree char *keys = action_keys_on(action, screen);
    g_autofree char *reason = console_why_not(view->base.console, action);
    g_autoptr(GString) text = g_string_new(action->help);
    if (reason != NULL)
        g_string_append_printf(text, " (not now: %s)", reason);
    g_string_append_printf(text, "  :%s", action->name);
    add_text(view, keys, text->str, reason != NULL);
}

static void add_actions(struct help_view *view, enum screen screen, gboolean general)
{
    for (const struct action *action = actions; action->id != ACTION_NONE; action++)
        if ((action->screens & SCREEN_BIT(screen)) != 0 && action_is_general(action) == general)
            add_action(view, screen, action);
}

static gboolean has_own_actions(enum screen screen)
{
    for (const struct action *action = actions; action->id != ACTION_NONE; action++)
        if ((action->screens & SCREEN_BIT(screen)) != 0 && !action_is_general(action))
            return TRUE;
    return FALSE;
}

static void add_letters(struct help_view *view, enum screen screen)
{
    gboolean is_first = TRUE;
    for (const struct legend_row *row = legend; row->letter != NULL; row++) {
        if (row->screen != screen)
            continue;
        if (is_first)
            add_title(view, "Letters and marks");
        is_first = FALSE;
        add_text(view, row->letter, row->means, FALSE);
    }
}

static void make_rows(struct help_view *view)
{
    enum screen screen = console_help_screen(view->base.console);
    g_autofree char *title = g_strdup_printf("Keys of the screen %s", titles[screen]);
    g_ptr_array_set_size(view->rows, 0);
    if (has_own_actions(screen)) {
        add_title(view, title);
        add_actions(view, screen, FALSE);
    }
    add_letters(view, screen);
    add_title(view, "Everywhere");
    add_actions(view, screen, TRUE);
    add_text(view, "0N", "before a key: N times; 05j, 012k. Digits alone are screens", FALSE);
    list_resize(&view->list, view->rows->len);
}

/* ---- the view -------------------------------------------------------------------------------- */

static void help_show(struct view *base)
{
    struct help_view *view = (struct help_view *)base;
    list_select(&view->list, 0);
    make_rows(view);
}

static void help_update(struct view *base)
{
    make_rows((struct help_view *)base);
}

static void draw_row(const struct help_view *view, struct grid *grid, const struct area *area,
                     int at, guint index)
{
    const struct row *row = view->rows->pdata[index];
    enum style keys = row->is_off ? STYLE_FAINT : STYLE_KEY;
    enum style text = row->is_off ? STYLE_FAINT : row->is_title ? STYLE_HEADING : STYLE_TEXT;
    int column = row->is_title ? KEYS_COLUMN : TEXT_COLUMN;
    grid_put(grid, at, area->column + KEYS_COLUMN,
             MIN(TEXT_COLUMN, area->columns) - KEYS_COLUMN - 1, keys, row->keys);
    if (area->columns > column)
        grid_put(grid, at, area->column + column, area->columns - column, text, row->text);
    if (index == view->list.selected) {
        grid_glyph(grid, at, area->column, STYLE_SELECTED, GLYPH_MARKER);
        grid_restyle(grid, at, area->column, area->columns, STYLE_SELECTED);
        grid_cursor(grid, at, area->column + KEYS_COLUMN);
    }
    find_mark(grid, at, area->column + KEYS_COLUMN, area->columns - KEYS_COLUMN,
              console_search(view->base.console));
}

static void help_draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct help_view *view = (struct help_view *)base;
    if (view->columns != area->columns) {
        view->columns = area->columns;
        make_rows(view);
    }
    list_fit(&view->list, (guint)MAX(area->rows - 1, 0));
    g_autofree char *at = list_position(&view->list);
    grid_putf(grid, area->row, area->column, area->columns, STYLE_HEADING,
              "Help  %s  %s  /: find, q: back", titles[console_help_screen(base->console)], at);
    for (int i = 1; i < area->rows && view->list.top + (guint)i - 1 < view->rows->len; i++)
        draw_row(view, grid, area, area->row + i, view->list.top + (guint)i - 1);
}

static struct list *help_list(struct view *base)
{
    return &((struct help_view *)base)->list;
}

static char *help_row_text(struct view *base, guint index)
{
    const struct help_view *view = (const struct help_view *)base;
    if (index >= view->rows->len)
        return NULL;
    const struct row *row = view->rows->pdata[index];
    return g_strdup_printf("%s %s", row->keys, row->text);
}

static char *help_copy(struct view *base)
{
    return help_row_text(base, ((struct help_view *)base)->list.selected);
}

static char *help_save(struct view *base)
{
    const struct help_view *view = (const struct help_view *)base;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < view->rows->len; i++) {
        const struct row *row = view->rows->pdata[i];
        if (row->is_title)
            g_string_append_printf(out, "%s\n", row->text);
        else
            g_string_append_printf(out, "  %-20s  %s\n", row->keys, row->text);
    }
    return g_string_free(out, FALSE);
}

static struct view *help_open(struct console *console)
{
    struct help_view *view = g_new0(struct help_view, 1);
    view->base = (struct view){.ops = &help_view_ops, .console = console};
    view->rows = g_ptr_array_new_with_free_func(row_free);
    view->columns = 80;
    return &view->base;
}

static void help_close(struct view *base)
{
    struct help_view *view = (struct help_view *)base;
    g_ptr_array_unref(view->rows);
    g_free(view);
}

const struct view_ops help_view_ops = {
    .screen = SCREEN_HELP,
    .title = "Help",
    .open = help_open,
    .close = help_close,
    .update = help_update,
    .show = help_show,
    .draw = help_draw,
    .list = help_list,
    .row_text = help_row_text,
    .copy = help_copy,
    .save = help_save,
};
