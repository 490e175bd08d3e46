/* The report screen: what an inquiry has found out, while it goes on and when it is over. One at a
 * time; asking for another one gives up the one before. */
#include "console/views.h"

#include "base/duration.h"
#include "console/filter.h"
#include "console/frame.h"
#include "console/panes.h"
#include "console/report.h"

#include <string.h>

struct report_view {
    struct view base;
    struct panes panes;
    struct report_question question;
    gboolean has_question;
    struct inquiry *inquiry; /* NULL: none is under way */
    guint number;            /* of the question: answers to an older one are dropped */
    gint64 started_at, ended_at;
    struct report *report; /* what came so far */
    gboolean is_whole;     /* the report is the last word */
    GError *error;
    char *progress; /* raw; NULL */
    guint done, total;
    struct filter *filter;
    GArray *shown; /* of guint: rows that the filter lets through */
};

static struct report_view *of(struct view *view)
{
    return (struct report_view *)(void *)view;
}

static const struct report_maker *maker_of(const struct report_view *view)
{
    return &report_makers[view->question.kind];
}

static const char *scope_of(const struct report_view *view)
{
    return view->question.scope != NULL ? view->question.scope : "";
}

/* ---- rows ------------------------------------------------------------------------------------ */

enum { KEY_CLASS, KEY_VERSION, KEY_TEXT };
static const char *const filter_keys[] = {
    [KEY_CLASS] = "class", [KEY_VERSION] = "version", [KEY_TEXT] = "text", NULL};

static char *version_text(const struct report_view *view, const struct report_row *row)
{
    return row->version == VERSION_NONE
               ? g_strdup("")
               : model_version_text(console_model(view->base.console), row->version);
}

static char *value_of(gconstpointer data, guint key, gpointer view)
{
    const struct report_row *row = data;
    switch (key) {
    case KEY_CLASS:
        return g_strdup(row->mark);
    case KEY_VERSION:
        return version_text(view, row);
    default:
        return g_strdup(row->text);
    }
}

static void collect(struct report_view *view)
{
    g_array_set_size(view->shown, 0);
    for (guint i = 0; view->report != NULL && i < view->report->rows->len; i++)
        if (filter_matches(view->filter, value_of, view->report->rows->pdata[i], view))
            g_array_append_val(view->shown, i);
    list_resize(&view->panes.list, view->shown->len);
}

static const struct report_row *row_at(const struct report_view *view, guint row)
{
    return row < view->shown->len
               ? view->report->rows->pdata[g_array_index(view->shown, guint, row)]
               : NULL;
}

static const struct report_row *selected(const struct report_view *view)
{
    return row_at(view, view->panes.list.selected);
}

static void describe(const struct report_row *row, struct fields *fields)
{
    for (guint i = 0; i < row->details->len; i++) {
        const struct report_detail *detail = row->details->pdata[i];
        if (detail->label == NULL)
            fields_note(fields, detail->style, detail->text);
        else
            fields_add(fields, detail->style, detail->label, detail->text);
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct asked {
    struct report_view *view;
    guint number;
    struct report_question question;
};

static void asked_free(gpointer data)
{
    struct asked *asked = data;
    report_question_clear(&asked->question);
    g_free(asked);
}

static gpointer make(struct inquiry *inquiry, struct engine *engine, gpointer data, GError **error)
{
    const struct asked *asked = data;
    return report_makers[asked->question.kind].make(inquiry, engine, &asked->question, error);
}

static void heard(struct console *console, gpointer data, gpointer piece)
{
    const struct asked *asked = data;
    struct report_view *view = asked->view;
    struct report_progress *progress = piece;
    if (asked->number == view->number) {
        g_free(view->progress);
        view->progress = g_steal_pointer(&progress->text);
        view->done = progress->done;
        view->total = progress->total;
        if (progress->row != NULL)
            g_ptr_array_add(view->report->rows, g_steal_pointer(&progress->row));
        collect(view);
        console_redraw(console);
    }
    report_progress_free(progress);
}

static void say_end(struct report_view *view)
{
    const char *title = maker_of(view)->title;
    if (view->error != NULL)
        console_say_error(view->base.console, view->error);
    else
        console_say(view->base.console, RECORD_INFO, "%s: %s", title, view->report->verdict);
}

static void done(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct asked *asked = data;
    struct report_view *view = asked->view;
    if (asked->number != view->number) {
        g_clear_pointer((struct report **)&result, report_free);
        return;
    }
    view->inquiry = NULL;
    view->ended_at = console_now(console);
    view->error = error != NULL ? g_error_copy(error) : NULL;
    if (result != NULL) {
        report_free(view->report);
        view->report = result;
        view->is_whole = TRUE;
    }
    collect(view);
    say_end(view);
    console_redraw(console);
}

static void free_progress(gpointer piece)
{
    report_progress_free(piece);
}

static void free_report(gpointer report)
{
    report_free(report);
}

static void forget(struct report_view *view)
{
    inquiry_abandon(view->inquiry);
    view->inquiry = NULL;
    view->number++;
    g_clear_pointer(&view->report, report_free);
    g_clear_error(&view->error);
    g_clear_pointer(&view->progress, g_free);
    g_clear_pointer(&view->filter, filter_free);
    view->done = view->total = 0;
    view->is_whole = FALSE;
    view->panes.list = (struct list){.height = view->panes.list.height};
    report_question_clear(&view->question);
}

static void ask(struct report_view *view)
{
    struct asked *asked = g_new0(struct asked, 1);
    const struct report_maker *maker = maker_of(view);
    asked->view = view;
    asked->number = view->number;
    report_question_copy(&asked->question, &view->question);
    view->started_at = console_now(view->base.console);
    view->ended_at = 0;
    view->inquiry = console_inquire(view->base.console,
                                    &(struct inquiry_work){.work = make,
                                                           .heard = heard,
                                                           .done = done,
                                                           .free_data = asked_free,
                                                           .free_piece = free_progress,
                                                           .free_result = free_report,
                                                           .data = asked,
                                                           .is_local = maker->is_local,
                                                           .may_write = view->question.may_write});
}

void report_view_ask(struct view *base, struct report_question *question)
{
    struct report_view *view = of(base);
    forget(view);
    view->question = *question;
    *question = (struct report_question){.kind = question->kind};
    view->has_question = TRUE;
    view->report = report_new();
    collect(view);
    ask(view);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static char *progress_text(const struct report_view *view)
{
    gint64 elapsed = console_now(view->base.console) - view->started_at;
    g_autofree char *took = duration_format(MAX(elapsed, 0));
    GString *text = g_string_new(maker_of(view)->doing);
    if (inquiry_is_cancelled(view->inquiry))
        g_string_append(text, " (asked to stop)");
    if (view->total > 0)
        g_string_append_printf(text, "  %u of %u", view->done, view->total);
    if (view->progress != NULL)
        g_string_append_printf(text, "  %s", view->progress);
    g_string_append_printf(text, "  %s  C cancels it", took);
    return g_string_free(text, FALSE);
}

static void draw_verdict(const struct report_view *view, struct grid *grid, const struct area *area)
{
    g_autofree char *text = NULL;
    enum style style = STYLE_STRONG;
    if (view->inquiry != NULL)
        text = progress_text(view);
    else if (view->is_whole) {
        text = g_strdup(view->report->verdict);
        style = view->report->style;
    } else if (view->error != NULL) {
        g_autofree char *line = error_line(view->error);
        text = g_strdup_printf("not finished: %s", line);
        style = STYLE_ERROR;
    }
    grid_put(grid, area->row + 1, area->column, area->columns, style, text);
}

static void draw_heading(const struct report_view *view, struct grid *grid, const struct area *area)
{
    g_autofree char *position = list_position(&view->panes.list);
    g_autofree char *filter =
        view->filter != NULL && !filter_is_empty(view->filter)
            ? g_strdup_printf("filter: %s   %s", filter_text(view->filter), position)
            : g_strdup(position);
    const char *scope = scope_of(view);
    g_autofree char *left = g_strdup_printf("%s  %s%s%s", maker_of(view)->title, scope,
                                            *scope != '\0' ? "  " : "", maker_of(view)->what);
    panes_heading(grid, area, left, view->shown->len > 0 ? filter : NULL);
}

/* As wide as the widest word of them, within reason. */
static int mark_width(const struct report_view *view)
{
    int width = 5;
    for (guint i = 0; i < view->report->rows->len; i++)
        width = MAX(width, text_width(((struct report_row *)view->report->rows->pdata[i])->mark));
    return MIN(width, 16);
}

static int version_width(const struct report_view *view)
{
    int width = 0;
    for (guint i = 0; i < view->report->rows->len; i++) {
        g_autofree char *text = version_text(view, view->report->rows->pdata[i]);
        width = MAX(width, (int)strlen(text));
    }
    return MIN(width, 20);
}

static void draw_row(const struct report_view *view, struct grid *grid, const struct area *area,
                     int row, guint index)
{
    const struct report_row *line = row_at(view, index);
    int marks = mark_width(view), versions = version_width(view), column = area->column + 2;
    g_autofree char *version = version_text(view, line);
    grid_put(grid, row, column, marks, line->style, line->mark);
    column += marks + 1;
    if (versions > 0) {
        grid_put(grid, row, column, versions, STYLE_TEXT, version);
        column += versions + 2;
    }
    grid_put(grid, row, column, MAX(area->column + area->columns - column, 0), STYLE_TEXT,
             line->text);
    if (index == view->panes.list.selected)
        panes_mark(grid, area, row, !view->panes.is_detail);
}

static void draw_rows(struct report_view *view, struct grid *grid, const struct area *area)
{
    struct list *list = &view->panes.list;
    if (area->rows < 1)
        return;
    list_fit(list, (guint)area->rows);
    view->base.list_row = area->row;
    for (guint i = 0; i < list->height && list->top + i < list->count; i++)
        draw_row(view, grid, area, area->row + (int)i, list->top + i);
}

static void draw_detail(struct report_view *view, struct grid *grid, const struct area *area)
{
    const struct report_row *row = selected(view);
    g_autofree char *version = version_text(view, row);
    g_autofree char *title =
        g_strdup_printf("%s%s%s", row->mark, *version != '\0' ? "  " : "", version);
    fields_clear(view->panes.fields);
    describe(row, view->panes.fields);
    panes_draw_detail(&view->panes, grid, area, title);
}

static const char *nothing(const struct report_view *view)
{
    if (view->inquiry != NULL)
        return NULL;
    if (view->filter != NULL && view->report->rows->len > 0)
        return "nothing matches the filter: F and Enter show all";
    return view->is_whole ? view->report->basis : NULL;
}

static void draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct report_view *view = of(base);
    struct area rest = {area->row + 3, area->column, area->rows - 3, area->columns}, list, detail;
    grid_cursor(grid, area->row, area->column);
    if (!view->has_question) {
        panes_heading(grid, area, "Report", NULL);
        rest.row = area->row + 1;
        panes_notice(grid, &rest,
                     "Nothing was asked yet: a validates, and so does :validate at the prompt.");
        return;
    }
    draw_heading(view, grid, area);
    draw_verdict(view, grid, area);
    if (view->shown->len == 0) {
        panes_notice(grid, &rest, nothing(view));
        return;
    }
    if (view->is_whole)
        grid_put(grid, area->row + 2, area->column, area->columns, STYLE_FAINT,
                 view->report->basis);
    panes_split(&view->panes, &rest, &list, &detail);
    draw_rows(view, grid, &list);
    draw_detail(view, grid, &detail);
}

/* ---- acting ---------------------------------------------------------------------------------- */

static gboolean act(struct view *base, enum action_id action, guint count)
{
    struct report_view *view = of(base);
    (void)count;
    switch (action) {
    case ACTION_CANCEL:
        if (view->inquiry != NULL)
            inquiry_cancel(view->inquiry);
        return TRUE;
    case ACTION_OPEN:
        if (selected(view) == NULL)
            return FALSE;
        return panes_act(&view->panes, ACTION_ZOOM);
    default:
        return panes_act(&view->panes, action);
    }
}

static char *why_not(struct view *base, enum action_id action)
{
    const struct report_view *view = of(base);
    const struct report_row *row = view->report != NULL ? selected(view) : NULL;
    if (action == ACTION_CANCEL && view->inquiry == NULL)
        return g_strdup("nothing is being found out");
    if (action == ACTION_VIEW_SQL && (row == NULL || row->version == VERSION_NONE))
        return g_strdup("no migration is under the cursor");
    return NULL;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static struct list *list_of(struct view *base)
{
    return panes_list(&of(base)->panes);
}

static char *row_text(struct view *base, guint index)
{
    struct report_view *view = of(base);
    if (view->panes.is_detail)
        return fields_line(view->panes.fields, index);
    const struct report_row *row = row_at(view, index);
    if (row == NULL)
        return NULL;
    g_autofree char *version = version_text(view, row);
    return g_strdup_printf("%s %s %s", row->mark, version, row->text);
}

static void append_row(const struct report_view *view, const struct report_row *row, GString *text)
{
    AUTOPTR(fields) *fields = fields_new();
    g_autofree char *version = version_text(view, row);
    describe(row, fields);
    g_autofree char *details = fields_text(fields);
    g_string_append_printf(text, "%s  %s%s%s\n%s", row->mark, version, *version != '\0' ? "  " : "",
                           row->text, details);
}

static char *copy(struct view *base)
{
    const struct report_view *view = of(base);
    const struct report_row *row = view->report != NULL ? selected(view) : NULL;
    GString *text = g_string_new(NULL);
    if (row != NULL)
        append_row(view, row, text);
    return g_string_free(text, row == NULL);
}

static char *save(struct view *base)
{
    const struct report_view *view = of(base);
    if (view->report == NULL)
        return NULL;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s  %s\n%s\n", maker_of(view)->title, scope_of(view),
                           view->is_whole ? view->report->verdict : "not finished");
    if (view->is_whole && view->report->basis != NULL)
        g_string_append_printf(text, "%s\n", view->report->basis);
    for (guint i = 0; i < view->shown->len; i++) {
        g_string_append_c(text, '\n');
        append_row(view, row_at(view, i), text);
    }
    return g_string_free(text, FALSE);
}

static gboolean version(struct view *base, gint64 *version_of)
{
    const struct report_view *view = of(base);
    const struct report_row *row = view->report != NULL ? selected(view) : NULL;
    if (row == NULL || row->version == VERSION_NONE)
        return FALSE;
    *version_of = row->version;
    return TRUE;
}

static gboolean filter(struct view *base, const char *text, GError **error)
{
    struct report_view *view = of(base);
    struct filter *made = filter_new(text, filter_keys, error);
    if (made == NULL)
        return FALSE;
    g_clear_pointer(&view->filter, filter_free);
    view->filter = made;
    collect(view);
    return TRUE;
}

static struct view *open_(struct console *console)
{
    struct report_view *view = g_new0(struct report_view, 1);
    view->base = (struct view){.ops = &report_view_ops, .console = console};
    view->shown = g_array_new(FALSE, FALSE, sizeof(guint));
    panes_init(&view->panes);
    return &view->base;
}

/* The console's inquiries have ended before its views do. */
static void close_(struct view *base)
{
    struct report_view *view = of(base);
    view->inquiry = NULL;
    forget(view);
    g_array_unref(view->shown);
    panes_clear(&view->panes);
    g_free(view);
}

const struct view_ops report_view_ops = {
    .screen = SCREEN_REPORT,
    .title = "Report",
    .open = open_,
    .close = close_,
    .draw = draw,
    .act = act,
    .why_not = why_not,
    .list = list_of,
    .row_text = row_text,
    .copy = copy,
    .save = save,
    .version = version,
    .filter = filter,
};
