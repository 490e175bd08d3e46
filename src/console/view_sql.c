/* The SQL screen: up and down file of the selected migration, side by side. Files are read and cut
 * up on the monitor's thread; here they are only drawn. */
#include "console/views.h"

#include "base/text.h"
#include "console/find.h"
#include "console/frame.h"
#include "console/sql_detail.h"
#include "console/sql_source.h"
#include "console/sql_text.h"
#include "console/text_pane.h"
#include "console/wrap.h"

#include <string.h>

enum sync { SYNC_STATEMENT, SYNC_LINE, SYNC_OFF, SYNC_COUNT };

#define TWO_PANES_COLUMNS   80
#define PAIRS_COLUMNS       100 /* from which on the heading counts them */
#define LINE_NUMBER_COLUMNS 56  /* of a pane, from which on it has line numbers */
#define DETAIL_ROWS         20  /* of the area, from which on there is detail */

struct sql_view {
    struct view base;
    struct sql_source source;
    gboolean has_source;
    guint asked;               /* number of the newest request */
    struct sql_text *texts[2]; /* up, down; NULL until they are read */
    struct text_pane panes[2];
    guint active;
    guint followed; /* row of the active pane that the other was put beside */
    enum sync sync;
    gboolean is_one_pane;
    int columns; /* of the area that was drawn last */
};

static const char *const half_names[] = {"up", "down"};

/* ---- reading -------------------------------------------------------------------------------- */

static void take_texts(struct sql_view *view, struct sql_text *const texts[2])
{
    gboolean keeps_line = view->texts[0] != NULL;
    for (guint which = 0; which < 2; which++) {
        struct sql_text *before = view->texts[which];
        view->texts[which] = texts[which];
        text_pane_set(&view->panes[which], texts[which]->pane, keeps_line);
        g_clear_pointer(&before, sql_text_free);
    }
    if (texts[view->active]->pane == NULL && texts[1 - view->active]->pane != NULL)
        view->active = 1 - view->active;
    view->followed = G_MAXUINT;
}

static void on_read(struct console *console, guint number, struct sql_text *up,
                    struct sql_text *down)
{
    struct sql_view *view = (struct sql_view *)console_view(console, SCREEN_SQL);
    if (number == view->asked) {
        take_texts(view, (struct sql_text *const[]){up, down});
    } else {
        sql_text_free(up);
        sql_text_free(down);
    }
    console_redraw(console);
}

static void forget(struct sql_view *view)
{
    for (guint which = 0; which < 2; which++) {
        text_pane_set(&view->panes[which], NULL, FALSE);
        g_clear_pointer(&view->texts[which], sql_text_free);
    }
    view->active = 0;
    view->asked++; /* what is still being read is not wanted any more */
}

static void sql_update(struct view *base)
{
    struct sql_view *view = (struct sql_view *)base;
    struct sql_source now;
    gboolean has_source = sql_source_now(base->console, &now);
    if (has_source && view->has_source && sql_source_is(&view->source, &now)) {
        sql_source_clear(&now);
        return;
    }
    if (!has_source || !view->has_source || view->source.version != now.version)
        forget(view);
    sql_source_clear(&view->source);
    view->source = now;
    view->has_source = has_source;
    if (has_source)
        sql_source_ask(base->console, &view->source, ++view->asked, on_read);
}

/* ---- in step --------------------------------------------------------------------------------- */

static gboolean has_both(const struct sql_view *view)
{
    return view->texts[0] != NULL && view->texts[0]->pane != NULL && view->texts[1] != NULL &&
           view->texts[1]->pane != NULL;
}

/* Only where it is known what undoes what, or where both files have as many statements, do their
 * numbers say anything of each other. */
static gboolean is_joined(const struct sql_view *view)
{
    return has_both(view) && view->texts[0]->is_joined && view->texts[0]->paired > 0;
}

static gboolean steps_by_statement(const struct sql_view *view)
{
    return view->sync == SYNC_STATEMENT && has_both(view) && view->texts[0]->statements->len > 0 &&
           (is_joined(view) || view->texts[0]->statements->len == view->texts[1]->statements->len);
}

/* The statement that belongs to one of the active file; 0 for none. */
static guint partner_of(const struct sql_view *view, guint number)
{
    const struct statement_facts *facts = sql_text_facts(view->texts[view->active], number);
    if (!is_joined(view))
        return number;
    return facts != NULL ? facts->partner : 0;
}

static guint line_beside(const struct sql_view *view)
{
    const struct sql_text *from = view->texts[view->active], *to = view->texts[1 - view->active];
    guint line = text_pane_line(&view->panes[view->active]);
    guint last = to->pane->lines->len - 1;
    if (steps_by_statement(view)) {
        guint partner = partner_of(view, sql_text_statement_at(from, line));
        const struct script_statement *beside = sql_text_statement(to, partner);
        return beside != NULL ? beside->line - 1 : text_pane_line(&view->panes[1 - view->active]);
    }
    if (view->sync == SYNC_LINE)
        return MIN(line, last);
    guint lines = MAX(from->pane->lines->len - 1, 1);
    return (guint)((guint64)MIN(line, lines) * last / lines);
}

/* After the active pane was drawn: the other one goes beside its cursor, at the same height. */
static void follow(struct sql_view *view)
{
    const struct list *list = &view->panes[view->active].list;
    struct text_pane *other = &view->panes[1 - view->active];
    if (view->sync == SYNC_OFF || !has_both(view) || list->selected == view->followed)
        return;
    text_pane_go(other, line_beside(view));
    other->list.top = other->list.selected - MIN(list->selected - list->top, other->list.selected);
    view->followed = list->selected;
}

static const char *sync_text(const struct sql_view *view)
{
    if (!has_both(view))
        return "-";
    switch (view->sync) {
    case SYNC_STATEMENT:
        return !steps_by_statement(view) ? "proportion" : is_joined(view) ? "pairs" : "statement";
    case SYNC_LINE:
        return "line";
    default:
        return "off";
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum style style;
} state_texts[] = {
    [MIGRATION_PENDING] = {"PENDING", STYLE_PENDING},
    [MIGRATION_APPLIED] = {"APPLIED", STYLE_GOOD},
    [MIGRATION_ASSUMED] = {"APPLIED (assumed)", STYLE_GOOD},
    [MIGRATION_MODIFIED] = {"MODIFIED: not the text that ran", STYLE_WARNING},
    [MIGRATION_MISSED] = {"SKIPPED", STYLE_WARNING},
    [MIGRATION_MISSING] = {"NO FILE", STYLE_WARNING},
    [MIGRATION_DIRTY] = {"DIRTY", STYLE_ERROR},
};

static char *migration_name(const struct sql_view *view)
{
    const struct model *model = console_model(view->base.console);
    gint64 version = view->source.version;
    const struct migration *migration =
        model->set != NULL ? migration_set_find(model->set, version) : NULL;
    const struct status_row *row = model_row(model, version);
    g_autofree char *number = model_version_text(model, version);
    const char *title = migration != NULL                    ? migration->title
                        : row != NULL && row->record != NULL ? row->record->title
                                                             : NULL;
    return g_strdup_printf("%s %s", number, title != NULL ? title : "");
}

/* "3 pairs 1 not undone  ": how many ups something undoes, and how many nothing does. */
static char *pairs_text(const struct sql_view *view)
{
    const struct sql_text *up = view->texts[0];
    if (up == NULL || !up->is_joined || view->columns < PAIRS_COLUMNS)
        return g_strdup("");
    g_autofree char *pairs = text_plural(up->paired, "pair", "pairs");
    return up->alone > 0 ? g_strdup_printf("%s %u not undone  ", pairs, up->alone)
                         : g_strdup_printf("%s  ", pairs);
}

static void draw_heading(const struct sql_view *view, struct grid *grid, const struct area *area)
{
    const struct console *console = view->base.console;
    int used = grid_put(grid, area->row, area->column, area->columns, STYLE_HEADING, "SQL  ");
    if (!view->has_source)
        return;
    const struct status_row *row = model_row(console_model(console), view->source.version);
    g_autofree char *name = migration_name(view);
    const char *state = row != NULL ? state_texts[row->state].text : "";
    g_autofree char *pairs = pairs_text(view);
    g_autofree char *how = g_strdup_printf("%ssync:%s wrap:%s", pairs, sync_text(view),
                                           view->panes[0].wraps ? "on" : "off");
    int right = text_width(how) + 1;
    gboolean has_room = area->columns >= used + right + text_width(state) + 12;
    int room = area->columns - used - (has_room ? right : 0) - (int)strlen(state) - 2;
    used += grid_put(grid, area->row, area->column + used, MAX(room, 8), STYLE_HEADING, name) + 2;
    if (row != NULL && used < area->columns)
        grid_put(grid, area->row, area->column + used, area->columns - used,
                 state_texts[row->state].style, state);
    if (has_room)
        grid_put_right(grid, area->row, area->column + area->columns - right + 1, right - 1,
                       STYLE_HEADING, how);
}

/* Why there is nothing to draw. */
static char *nothing(const struct sql_view *view)
{
    const struct model *model = console_model(view->base.console);
    gint64 version;
    if (!console_version_selected(view->base.console, &version))
        return g_strdup("No migration is selected: choose one on the timeline (1).");
    if (model->set == NULL && model->files_problem != NULL)
        return g_strdup(model->files_problem);
    return g_strdup(model->set == NULL ? "reading the files ..." : "reading ...");
}

static void draw_pane_rule(const struct sql_view *view, struct grid *grid, const struct area *area,
                           guint which)
{
    static const char *const names[] = {"UP", "DOWN"};
    const struct sql_text *text = view->texts[which];
    const char *name = text->name != NULL ? text->name : "none";
    g_autofree char *title =
        g_strdup_printf("%s%s  %s", which == view->active ? "> " : "", names[which], name);
    g_autofree char *at = text->pane != NULL
                              ? g_strdup_printf("%u/%u", text_pane_line(&view->panes[which]) + 1,
                                                text->pane->lines->len)
                              : NULL;
    g_autofree char *cut = text->is_cut ? g_strdup_printf("first 2 MiB  %s", at) : NULL;
    grid_rule(grid, area->row, area->column, area->columns, title, cut != NULL ? cut : at);
}

static void draw_pane(struct sql_view *view, struct grid *grid, const struct area *area,
                      guint which)
{
    const struct sql_text *text = view->texts[which];
    struct text_pane *pane = &view->panes[which];
    const struct area body = {area->row + 1, area->column, area->rows - 1, area->columns};
    gboolean shows_lines = area->columns >= LINE_NUMBER_COLUMNS;
    if (text->pane == NULL) {
        wrap_put(grid, body.row, body.column + 1, body.columns - 2, body.rows,
                 text->is_absent ? STYLE_FAINT : STYLE_ERROR, text->problem);
    } else {
        text_pane_set_lines(pane, shows_lines);
        text_pane_draw(pane, grid, &body, which == view->active,
                       console_search(view->base.console));
        if (text->size == 0 && body.rows > 0)
            grid_put(grid, body.row, body.column + 4, body.columns - 4, STYLE_FAINT,
                     "(the file is empty)");
    }
    draw_pane_rule(view, grid, area, which);
}

static void draw_divider(struct grid *grid, const struct area *area, int column, int detail_row)
{
    for (int row = area->row; row < area->row + area->rows; row++)
        grid_glyph(grid, row, column, STYLE_FAINT,
                   row == area->row    ? GLYPH_TEE_DOWN
                   : row == detail_row ? GLYPH_CROSS
                                       : GLYPH_VERTICAL);
}

static gboolean shows_two(const struct sql_view *view, const struct area *area)
{
    return area->columns >= TWO_PANES_COLUMNS && !view->is_one_pane &&
           !console_is_zoomed(view->base.console);
}

/* Draws one half's pane and detail in a column of the area. */
static void draw_half(struct sql_view *view, struct grid *grid, const struct area *area,
                      guint which, int detail)
{
    const struct area pane = {area->row, area->column, area->rows - detail, area->columns};
    const struct area below = {area->row + pane.rows, area->column, detail, area->columns};
    draw_pane(view, grid, &pane, which);
    if (detail > 0)
        sql_detail_draw(grid, &below, half_names[which], view->texts[which],
                        text_pane_line(&view->panes[which]));
}

static void draw_halves(struct sql_view *view, struct grid *grid, const struct area *area,
                        int detail)
{
    int left = (area->columns - 1) / 2;
    const struct area areas[] = {
        {area->row, area->column, area->rows, left},
        {area->row, area->column + left + 1, area->rows, area->columns - left - 1},
    };
    gboolean two = shows_two(view, area);
    draw_half(view, grid, two ? &areas[view->active] : area, view->active, detail);
    follow(view);
    if (!two)
        return;
    draw_half(view, grid, &areas[1 - view->active], 1 - view->active, detail);
    draw_divider(grid, area, area->column + left,
                 detail > 0 ? area->row + area->rows - detail : -1);
}

static void draw_notes(const struct sql_view *view, struct grid *grid, const struct area *area)
{
    const struct model *model = console_model(view->base.console);
    const struct migration *migration =
        model->set != NULL ? migration_set_find(model->set, view->source.version) : NULL;
    g_autofree char *notes = migration != NULL ? sql_detail_notes(model->set, migration) : NULL;
    int used = grid_put(grid, area->row, area->column, area->columns, STYLE_LABEL, "notes");
    if (area->columns > 12)
        wrap_put(grid, area->row, area->column + used + 5, area->columns - used - 5, area->rows,
                 STYLE_TEXT, notes != NULL ? notes : "none");
}

static void sql_draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct sql_view *view = (struct sql_view *)base;
    int detail =
        area->rows >= DETAIL_ROWS && !console_is_zoomed(view->base.console) ? SQL_DETAIL_ROWS : 0;
    int notes = detail == 0 ? 0 : area->rows >= 24 ? 2 : 1;
    const struct area body = {area->row + 1, area->column, area->rows - 1 - notes, area->columns};
    const struct area last = {area->row + area->rows - notes, area->column, notes, area->columns};
    view->columns = area->columns;
    draw_heading(view, grid, area);
    if (view->texts[0] == NULL) {
        g_autofree char *why = nothing(view);
        wrap_put(grid, area->row + 2, area->column + 2, area->columns - 4, area->rows - 2,
                 STYLE_TEXT, why);
        grid_cursor(grid, area->row, area->column);
        return;
    }
    draw_halves(view, grid, &body, detail);
    if (notes > 0)
        draw_notes(view, grid, &last);
}

/* ---- acting ---------------------------------------------------------------------------------- */

static const struct sql_text *active_text(const struct sql_view *view)
{
    const struct sql_text *text = view->texts[view->active];
    return text != NULL && text->pane != NULL ? text : NULL;
}

static void step(struct sql_view *view, int direction, guint count)
{
    const struct sql_text *text = active_text(view);
    struct text_pane *pane = &view->panes[view->active];
    guint line = text_pane_line(pane);
    for (guint left = MAX(count, 1); left > 0; left--) {
        guint number = sql_text_statement_at(text, line);
        const struct script_statement *at = sql_text_statement(text, number);
        /* Statements that share a line are one step; from above the first, n goes to it. */
        while (at != NULL && (direction > 0 ? at->line <= line + 1 : at->line >= line + 1))
            at = sql_text_statement(text, number = (guint)((int)number + direction));
        if (at == NULL)
            break;
        line = at->line - 1;
    }
    text_pane_go(pane, line);
}

static void switch_pane(struct sql_view *view)
{
    view->active = 1 - view->active;
    view->followed = view->panes[view->active].list.selected;
}

static void set_wraps(struct sql_view *view)
{
    gboolean wraps = !view->panes[0].wraps;
    text_pane_set_wraps(&view->panes[0], wraps);
    text_pane_set_wraps(&view->panes[1], wraps);
    view->followed = G_MAXUINT;
}

static void scroll(struct sql_view *view, int times)
{
    if (view->panes[0].wraps)
        console_say(view->base.console, RECORD_INFO, "lines are wrapped: \\ cuts them instead");
    text_pane_scroll(&view->panes[view->active], times);
    if (view->sync != SYNC_OFF)
        view->panes[1 - view->active].left = view->panes[view->active].left;
}

static gboolean sql_act(struct view *base, enum action_id action, guint count)
{
    struct sql_view *view = (struct sql_view *)base;
    int times = (int)MIN(MAX(count, 1), 1000);
    switch (action) {
    case ACTION_NEXT_STATEMENT:
    case ACTION_PREVIOUS_STATEMENT:
        if (active_text(view) != NULL)
            step(view, action == ACTION_NEXT_STATEMENT ? 1 : -1, count);
        return TRUE;
    case ACTION_SYNC:
        view->sync = (view->sync + 1) % SYNC_COUNT;
        view->followed = G_MAXUINT;
        return TRUE;
    case ACTION_WRAP:
        set_wraps(view);
        return TRUE;
    case ACTION_ONE_PANE:
        view->is_one_pane = !view->is_one_pane;
        return TRUE;
    case ACTION_NEXT_PANE:
    case ACTION_PREVIOUS_PANE:
        switch_pane(view);
        return TRUE;
    case ACTION_LEFT:
    case ACTION_RIGHT:
        scroll(view, action == ACTION_LEFT ? -times : times);
        return TRUE;
    default:
        return FALSE;
    }
}

static char *sql_why_not(struct view *base, enum action_id action)
{
    struct sql_view *view = (struct sql_view *)base;
    const struct sql_text *text = active_text(view);
    switch (action) {
    case ACTION_NEXT_STATEMENT:
    case ACTION_PREVIOUS_STATEMENT:
        if (text == NULL || text->statements->len == 0)
            return g_strdup("there are no statements here");
        return NULL;
    case ACTION_SYNC:
        return has_both(view) ? NULL : g_strdup("there is only one text");
    case ACTION_ONE_PANE:
        return view->columns >= TWO_PANES_COLUMNS
                   ? NULL
                   : g_strdup_printf("two panes need %d columns", TWO_PANES_COLUMNS);
    default:
        return NULL;
    }
}

/* ---- what others ask ------------------------------------------------------------------------- */

static struct list *sql_list(struct view *base)
{
    struct sql_view *view = (struct sql_view *)base;
    return &view->panes[view->active].list;
}

static char *sql_row_text(struct view *base, guint row)
{
    struct sql_view *view = (struct sql_view *)base;
    return text_pane_row_text(&view->panes[view->active], row);
}

/* The statement under the cursor, else the line. */
static char *sql_copy(struct view *base)
{
    struct sql_view *view = (struct sql_view *)base;
    const struct sql_text *text = active_text(view);
    if (text == NULL)
        return NULL;
    guint line = text_pane_line(&view->panes[view->active]);
    const struct script_statement *statement =
        sql_text_statement(text, sql_text_statement_at(text, line));
    gsize length, room;
    const char *bytes = pane_text_line(text->pane, line, &length);
    if (statement == NULL)
        return g_strndup(bytes, length);
    room = text->pane->length - statement->offset;
    g_autofree char *sql =
        g_strndup(text->pane->bytes + statement->offset, MIN(statement->length, room));
    return g_strdup_printf("%s;\n", sql);
}

static char *sql_save(struct view *base)
{
    const struct sql_view *view = (const struct sql_view *)base;
    GString *out = g_string_new(NULL);
    for (guint which = 0; which < 2; which++) {
        const struct sql_text *text = view->texts[which];
        if (text == NULL)
            continue;
        g_string_append_printf(out, "-- %s: %s\n", half_names[which],
                               text->pane != NULL ? text->name : text->problem);
        if (text->is_cut)
            g_string_append(out, "-- the first 2 MiB of it\n");
        if (text->pane != NULL)
            g_string_append_len(out, text->pane->bytes, (gssize)text->pane->length);
        if (out->str[out->len - 1] != '\n')
            g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static gboolean sql_version(struct view *base, gint64 *version)
{
    return console_version_selected(base->console, version);
}

static struct view *sql_open(struct console *console)
{
    struct sql_view *view = g_new0(struct sql_view, 1);
    view->base = (struct view){.ops = &sql_view_ops, .console = console};
    text_pane_init(&view->panes[0]);
    text_pane_init(&view->panes[1]);
    return &view->base;
}

static void sql_close(struct view *base)
{
    struct sql_view *view = (struct sql_view *)base;
    forget(view);
    sql_source_clear(&view->source);
    text_pane_clear(&view->panes[0]);
    text_pane_clear(&view->panes[1]);
    g_free(view);
}

const struct view_ops sql_view_ops = {
    .screen = SCREEN_SQL,
    .title = "SQL",
    .open = sql_open,
    .close = sql_close,
    .update = sql_update,
    .draw = sql_draw,
    .act = sql_act,
    .why_not = sql_why_not,
    .list = sql_list,
    .row_text = sql_row_text,
    .copy = sql_copy,
    .save = sql_save,
    .version = sql_version,
};
