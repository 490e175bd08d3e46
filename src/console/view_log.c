/* Log: every statement this program sent and what it said, the newest at the bottom. */
#include "console/views.h"

#include "console/filter.h"
#include "console/frame.h"
#include "console/panes.h"

#include <string.h>

struct log_view {
    struct view base;
    struct list list;
    struct filter *filter;
    GArray *rows;   /* of guint64: numbers of the lines shown, ascending */
    guint64 next;   /* the first line that was not looked at yet */
    guint64 newest; /* lines below it came while the cursor was not at the end */
    gboolean wraps;
    int shift; /* columns that are scrolled out at the left */
};

#define CLOCK_COLUMNS 8
#define LEVEL_COLUMNS 5
#define TEXT_COLUMN   (2 + CLOCK_COLUMNS + 1 + LEVEL_COLUMNS + 1)

static struct log_view *of(struct view *view)
{
    return (struct log_view *)view;
}

static struct record *record_of(const struct log_view *view)
{
    return console_record(view->base.console);
}

/* NULL for a line that is no longer kept. */
static const struct record_line *line_at(const struct log_view *view, guint row)
{
    const struct record *record = record_of(view);
    if (row >= view->rows->len)
        return NULL;
    guint64 number = g_array_index(view->rows, guint64, row);
    guint64 dropped = record_dropped(record);
    return number >= dropped ? record_at(record, (guint)(number - dropped)) : NULL;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

enum { KEY_LEVEL, KEY_TEXT };
static const char *const filter_keys[] = {"level", "text", NULL};

static char *line_value(gconstpointer row, guint key, gpointer data)
{
    const struct record_line *line = row;
    (void)data;
    return g_strdup(key == KEY_LEVEL ? record_level_name(line->level) : line->text);
}

static gboolean is_at_end(const struct log_view *view)
{
    return view->list.count == 0 || view->list.selected == view->list.count - 1;
}

/* Lines that the record no longer keeps go from the front; the cursor stays on its line. */
static void drop_gone(struct log_view *view, guint64 dropped)
{
    guint gone = 0;
    while (gone < view->rows->len && g_array_index(view->rows, guint64, gone) < dropped)
        gone++;
    if (gone == 0)
        return;
    g_array_remove_range(view->rows, 0, gone);
    view->list.selected -= MIN(gone, view->list.selected);
    view->list.top -= MIN(gone, view->list.top);
}

/* Each line is looked at once. */
static void log_update(struct view *base)
{
    struct log_view *view = of(base);
    const struct record *record = record_of(view);
    guint64 dropped = record_dropped(record), end = dropped + record_count(record);
    gboolean follows = is_at_end(view);
    drop_gone(view, dropped);
    for (view->next = MAX(view->next, dropped); view->next < end; view->next++) {
        const struct record_line *line = record_at(record, (guint)(view->next - dropped));
        if (filter_matches(view->filter, line_value, line, NULL))
            g_array_append_val(view->rows, view->next);
    }
    list_resize(&view->list, view->rows->len);
    if (follows && view->rows->len > 0)
        list_select(&view->list, view->rows->len - 1);
    if (is_at_end(view))
        view->newest = end;
}

/* How many lines came since the cursor left the end. */
static guint new_below(const struct log_view *view)
{
    guint count = 0;
    while (count < view->rows->len &&
           g_array_index(view->rows, guint64, view->rows->len - 1 - count) >= view->newest)
        count++;
    return count;
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

static enum style style_of(enum record_level level)
{
    static const enum style styles[] = {
        [RECORD_INFO] = STYLE_TEXT,       [RECORD_SQL] = STYLE_FAINT,   [RECORD_RUN] = STYLE_STRONG,
        [RECORD_WARNING] = STYLE_WARNING, [RECORD_ERROR] = STYLE_ERROR,
    };
    return styles[level];
}

static struct fields *wrapped_of(const struct record_line *line)
{
    struct fields *fields = fields_new();
    fields_note(fields, style_of(line->level), line->text);
    return fields;
}

/* How many rows a line takes. */
static guint height_of(const struct log_view *view, struct grid *grid, guint row, int columns)
{
    const struct record_line *line = line_at(view, row);
    struct list lines = {.pages = TRUE};
    if (!view->wraps || line == NULL)
        return 1;
    AUTOPTR(fields) *fields = wrapped_of(line);
    fields_draw(fields, grid, &(struct area){0, 0, 0, columns}, &lines);
    return MAX(lines.count, 1);
}

/* With broken lines: moves top so that the selected line ends on the screen, without leaving room
 * at the end unused. */
static void fit_wrapped(struct log_view *view, struct grid *grid, int columns, guint height)
{
    struct list *list = &view->list;
    guint used = 0, row = list->selected + 1;
    while (row > 0) {
        used += height_of(view, grid, row - 1, columns);
        if (used > height && row <= list->selected)
            break;
        row--;
        if (used >= height)
            break;
    }
    if (list->top < row || (is_at_end(view) && list->top > row))
        list->top = row;
}

/* Visible text from a column on. */
static const char *skip_columns(const char *text, int columns)
{
    for (; columns > 0 && *text != '\0'; text += g_utf8_skip[(guchar)*text])
        columns -= g_unichar_iswide(g_utf8_get_char(text)) ? 2 : 1;
    return text;
}

/* Returns the rows taken. */
static int draw_line(const struct log_view *view, struct grid *grid, const struct area *area,
                     int row, const struct record_line *line)
{
    g_autofree char *clock = console_clock_text(line->at);
    int columns = area->columns - TEXT_COLUMN;
    grid_put(grid, row, area->column + 2, CLOCK_COLUMNS, STYLE_TEXT, clock);
    grid_put(grid, row, area->column + 3 + CLOCK_COLUMNS, LEVEL_COLUMNS, style_of(line->level),
             record_level_name(line->level));
    if (!view->wraps) {
        g_autofree char *visible = grid_visible(grid, line->text);
        grid_put(grid, row, area->column + TEXT_COLUMN, MAX(columns, 0), style_of(line->level),
                 skip_columns(visible, view->shift));
        return 1;
    }
    struct list lines = {.pages = TRUE};
    AUTOPTR(fields) *fields = wrapped_of(line);
    const struct area inside = {row, area->column + TEXT_COLUMN, area->row + area->rows - row,
                                MAX(columns, 1)};
    fields_draw(fields, grid, &inside, &lines);
    return MAX((int)MIN(lines.count, (guint)inside.rows), 1);
}

static void draw_heading(const struct log_view *view, struct grid *grid, const struct area *area)
{
    guint64 dropped = record_dropped(record_of(view));
    guint below = new_below(view);
    GString *left = g_string_new("Log  times in UTC");
    g_autofree char *position = list_position(&view->list);
    g_autofree char *right =
        below > 0 ? g_strdup_printf("%u new below  %s", below, position) : g_strdup(position);
    if (view->wraps)
        g_string_append(left, "  wrapped");
    if (view->shift > 0)
        g_string_append_printf(left, "  from column %d", view->shift + 1);
    if (!filter_is_empty(view->filter))
        g_string_append_printf(left, "  filter: %s", filter_text(view->filter));
    if (dropped > 0)
        g_string_append_printf(left, "  (%" G_GUINT64_FORMAT " older ones are gone)", dropped);
    panes_heading(grid, area, left->str, right);
    g_string_free(left, TRUE);
}

static void log_draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct log_view *view = of(base);
    const struct area below = {area->row + 1, area->column, area->rows - 1, area->columns};
    log_update(base);
    draw_heading(view, grid, area);
    if (view->rows->len == 0)
        panes_notice(grid, &below,
                     record_count(record_of(view)) == 0
                         ? "nothing was sent or said yet"
                         : "nothing matches the filter\nF and Enter show all");
    list_fit(&view->list, (guint)MAX(below.rows, 0));
    if (view->wraps)
        fit_wrapped(view, grid, MAX(area->columns - TEXT_COLUMN, 1), (guint)MAX(below.rows, 0));
    int row = below.row;
    for (guint at = view->list.top; row < below.row + below.rows && at < view->rows->len; at++) {
        int taken = draw_line(view, grid, &below, row, line_at(view, at));
        if (at == view->list.selected)
            panes_mark(grid, &below, row, TRUE);
        row += taken;
    }
}

/* ---- doing ------------------------------------------------------------------------------------
 */

static char *line_text(const struct record_line *line)
{
    g_autofree char *at = console_date_text(line->at, TRUE);
    return g_strdup_printf("%sZ %-5s %s", at, record_level_name(line->level), line->text);
}

static char *log_row_text(struct view *base, guint row)
{
    const struct record_line *line = line_at(of(base), row);
    return line != NULL ? line_text(line) : NULL;
}

static char *log_copy(struct view *base)
{
    return log_row_text(base, of(base)->list.selected);
}

/* All that the record keeps, whatever the filter shows. */
static char *log_save(struct view *base)
{
    const struct record *record = record_of(of(base));
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < record_count(record); i++) {
        g_autofree char *line = line_text(record_at(record, i));
        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

static void show_line(struct log_view *view)
{
    char *text = log_copy(&view->base);
    if (text != NULL)
        console_show_output(view->base.console, "line of the log", text);
}

static gboolean log_act(struct view *base, enum action_id action, guint count)
{
    struct log_view *view = of(base);
    int columns = count > 0 ? (int)MIN(count, 4096) : 8;
    switch (action) {
    case ACTION_WRAP:
        view->wraps = !view->wraps;
        return TRUE;
    case ACTION_LEFT:
        view->shift = MAX(view->shift - columns, 0);
        return TRUE;
    case ACTION_RIGHT:
        view->shift = MIN(view->shift + columns, 4096);
        return TRUE;
    case ACTION_OPEN:
        show_line(view);
        return TRUE;
    default:
        return FALSE;
    }
}

static struct list *log_list(struct view *base)
{
    return &of(base)->list;
}

static gboolean log_filter(struct view *base, const char *text, GError **error)
{
    struct log_view *view = of(base);
    struct filter *filter = filter_new(text, filter_keys, error);
    if (filter == NULL)
        return FALSE;
    g_clear_pointer(&view->filter, filter_free);
    view->filter = filter;
    g_array_set_size(view->rows, 0);
    view->next = 0;
    view->list = (struct list){.height = view->list.height};
    log_update(base);
    return TRUE;
}

static struct view *log_open(struct console *console)
{
    struct log_view *view = g_new0(struct log_view, 1);
    view->base = (struct view){.ops = &log_view_ops, .console = console};
    view->rows = g_array_new(FALSE, FALSE, sizeof(guint64));
    return &view->base;
}

static void log_close(struct view *base)
{
    struct log_view *view = of(base);
    g_clear_pointer(&view->filter, filter_free);
    g_array_unref(view->rows);
    g_free(view);
}

const struct view_ops log_view_ops = {
    .screen = SCREEN_LOG,
    .title = "Log",
    .open = log_open,
    .close = log_close,
    .update = log_update,
    .draw = log_draw,
    .act = log_act,
    .list = log_list,
    .row_text = log_row_text,
    .copy = log_copy,
    .save = log_save,
    .filter = log_filter,
};
