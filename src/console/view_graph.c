/* Graph: what needs what, as lanes beside the migrations, newest first. */
#include "console/views.h"

#include "console/frame.h"
#include "console/lane_cells.h"
#include "console/panes.h"

#include <string.h>

#define MAX_LANES    16
#define LISTED_EDGES 100u /* of one migration; the others are counted */

struct graph_view {
    struct view base;
    struct panes panes;
    struct graph *graph; /* of the files as they were last read; keeps its set */
    struct lanes *lanes;
    GArray *disorders; /* of struct graph_disorder */
    gint64 read_at;    /* of the state they were found in */
    guint counted;     /* position that the counts below are of; G_MAXUINT none */
    guint all_needs, all_needed_by;
};

static struct graph_view *of(struct view *view)
{
    return (struct graph_view *)view;
}

static const struct model *model_of(const struct graph_view *view)
{
    return console_model(view->base.console);
}

static guint count_of(const struct graph_view *view)
{
    return view->graph != NULL ? graph_count(view->graph) : 0;
}

/* Row 0 is the newest; positions ascend. */
static guint position_of(const struct graph_view *view, guint row)
{
    return count_of(view) - 1 - row;
}

static const struct migration *migration_at(const struct graph_view *view, guint position)
{
    return migration_set_at(graph_set(view->graph), position);
}

/* NULL when there is none. */
static const struct migration *selected_migration(const struct graph_view *view)
{
    guint row = view->panes.list.selected;
    return row < count_of(view) ? migration_at(view, position_of(view, row)) : NULL;
}

static gboolean is_applied(const struct status_row *row)
{
    return row != NULL && state_glyph(row) == GLYPH_NODE_APPLIED;
}

/* ---- keeping up -------------------------------------------------------------------------------
 */

static void select_version(struct graph_view *view, gint64 version)
{
    guint count = count_of(view);
    if (count == 0)
        return;
    guint position = migration_set_lower_bound(graph_set(view->graph), version);
    list_select(&view->panes.list, count - 1 - MIN(position, count - 1));
}

static void take_set(struct graph_view *view, struct migration_set *set)
{
    const struct migration *before = selected_migration(view);
    gboolean has_selection = before != NULL;
    gint64 selected = has_selection ? before->version : 0;
    g_clear_pointer(&view->lanes, lanes_unref);
    g_clear_pointer(&view->graph, graph_unref);
    if (set != NULL) {
        view->graph = graph_new(set);
        view->lanes = lanes_of_graph(view->graph, MAX_LANES);
    }
    view->counted = G_MAXUINT;
    view->read_at = 0;
    list_resize(&view->panes.list, count_of(view));
    if (has_selection)
        select_version(view, selected);
}

static void find_disorders(struct graph_view *view, const struct model *model)
{
    guint count = count_of(view);
    g_autofree gboolean *applied = g_new0(gboolean, count + 1);
    g_clear_pointer(&view->disorders, g_array_unref);
    for (guint i = 0; i < count; i++)
        applied[i] = is_applied(model_row(model, migration_at(view, i)->version));
    view->disorders = graph_disorders(view->graph, applied);
    view->read_at = model->state->read_at;
}

static void graph_view_update(struct view *base)
{
    struct graph_view *view = of(base);
    const struct model *model = model_of(view);
    if (model->set != (view->graph != NULL ? graph_set(view->graph) : NULL))
        take_set(view, model->set);
    if (model->state == NULL || view->graph == NULL)
        g_clear_pointer(&view->disorders, g_array_unref);
    else if (view->disorders == NULL || view->read_at != model->state->read_at)
        find_disorders(view, model);
}

static void graph_view_show(struct view *base)
{
    gint64 version;
    graph_view_update(base);
    if (console_version_selected(base->console, &version))
        select_version(of(base), version);
}

/* Any disorder that a migration has with what it needs; NULL for none. */
static const struct graph_disorder *disorder_of(const struct graph_view *view, guint position)
{
    guint low = 0, high = view->disorders != NULL ? view->disorders->len : 0;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(view->disorders, struct graph_disorder, middle).index < position)
            low = middle + 1;
        else
            high = middle;
    }
    if (view->disorders == NULL || low >= view->disorders->len)
        return NULL;
    const struct graph_disorder *found =
        &g_array_index(view->disorders, struct graph_disorder, low);
    return found->index == position ? found : NULL;
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

static void draw_row(const struct graph_view *view, struct grid *grid, const struct area *area,
                     int line, guint row, int lanes)
{
    guint position = position_of(view, row);
    const struct migration *migration = migration_at(view, position);
    const struct status_row *status = model_row(model_of(view), migration->version);
    gboolean is_wrong = disorder_of(view, position) != NULL;
    int column = area->column + 2, end = area->column + area->columns;
    grid_put(grid, line, column, 2, state_style(status), state_letters(status));
    if (migration->notes.irreversible != NULL)
        grid_put(grid, line, column + 2, 1, STYLE_WARNING, "I");
    column += 4;
    lanes_draw_row(grid, line, column, lanes, view->lanes, row, state_glyph(status),
                   state_style(status));
    column += lanes + 1;
    int width = text_width(migration->digits);
    grid_put(grid, line, column, MIN(width, MAX(end - column, 0)), STYLE_TEXT, migration->digits);
    column += width + 1;
    int wrong = is_wrong && end - column > 24 ? 12 : 0;
    grid_put(grid, line, column, MAX(end - column - wrong, 0), STYLE_STRONG, migration->title);
    if (wrong > 0)
        grid_put(grid, line, end - wrong + 1, wrong - 1, STYLE_ERROR, "wrong order");
}

static void draw_list(struct graph_view *view, struct grid *grid, const struct area *area)
{
    struct list *list = &view->panes.list;
    if (area->rows < 1)
        return;
    int lanes = MAX(lanes_columns(view->lanes, area->columns / 3), 5);
    grid_put(grid, area->row, area->column + 2, 3, STYLE_LABEL, "St");
    grid_put(grid, area->row, area->column + 6, lanes, STYLE_LABEL, "Graph");
    grid_put(grid, area->row, area->column + 7 + lanes, MAX(area->columns - 7 - lanes, 0),
             STYLE_LABEL, "Version and title");
    list_fit(list, (guint)(area->rows - 1));
    view->base.list_row = area->row + 1;
    for (int line = 1; line < area->rows && list->top + (guint)line - 1 < list->count; line++) {
        guint row = list->top + (guint)line - 1;
        draw_row(view, grid, area, area->row + line, row, lanes);
        if (row == list->selected)
            panes_mark(grid, area, area->row + line, !view->panes.is_detail);
    }
}

/* ---- detail -----------------------------------------------------------------------------------
 */

static const char *state_words(const struct status_row *row)
{
    return row != NULL ? migration_state_name(row->state) : "state not known";
}

static void add_edges(const struct graph_view *view, struct fields *fields, const char *label,
                      const struct graph_edge *edges, guint count)
{
    for (guint i = 0; i < MIN(count, LISTED_EDGES); i++) {
        const struct migration *migration = migration_at(view, edges[i].index);
        const struct status_row *row = model_row(model_of(view), migration->version);
        fields_addf(fields, STYLE_TEXT, i == 0 ? label : "", "%s %s (%s)%s", migration->digits,
                    migration->title, state_words(row),
                    edges[i].is_implied ? ", implied by the order" : "");
    }
    if (count > LISTED_EDGES)
        fields_addf(fields, STYLE_TEXT, "", "and %u more", count - LISTED_EDGES);
    if (count == 0)
        fields_add(fields, STYLE_TEXT, label, "nothing");
}

/* Through others, too; counted once for each selection. */
static void count_all(struct graph_view *view, guint position)
{
    if (view->counted == position)
        return;
    g_autoptr(GArray) needs = graph_all_needs(view->graph, position);
    g_autoptr(GArray) needed_by = graph_all_needed_by(view->graph, position);
    view->all_needs = needs->len;
    view->all_needed_by = needed_by->len;
    view->counted = position;
}

static void add_problems(const struct graph_view *view, struct fields *fields, guint position)
{
    for (guint i = 0; view->disorders != NULL && i < view->disorders->len; i++) {
        const struct graph_disorder *disorder =
            &g_array_index(view->disorders, struct graph_disorder, i);
        const struct migration *other =
            migration_at(view, disorder->index == position ? disorder->needs : disorder->index);
        if (disorder->index == position)
            fields_addf(fields, STYLE_ERROR, "wrong order",
                        "applied, and needs %s %s, which is not%s", other->digits, other->title,
                        disorder->is_implied ? " (implied by the order)" : "");
        else if (disorder->needs == position)
            fields_addf(fields, STYLE_ERROR, "wrong order", "%s %s is applied and needs this",
                        other->digits, other->title);
    }
}

static void describe(struct graph_view *view, guint position)
{
    struct fields *fields = view->panes.fields;
    const struct migration *migration = migration_at(view, position);
    const struct status_row *row = model_row(model_of(view), migration->version);
    guint count;
    fields_clear(fields);
    add_problems(view, fields, position);
    fields_add(fields, state_style(row), "state", state_words(row));
    const struct graph_edge *needs = graph_needs(view->graph, position, &count);
    add_edges(view, fields, "needs", needs, count);
    const struct graph_edge *needed_by = graph_needed_by(view->graph, position, &count);
    add_edges(view, fields, "needed by", needed_by, count);
    count_all(view, position);
    fields_addf(fields, STYLE_TEXT, "in all", "needs %u, needed by %u, also through others",
                view->all_needs, view->all_needed_by);
    fields_add(fields, STYLE_TEXT, "release", migration->release_name);
    if (migration->notes.irreversible != NULL)
        fields_addf(fields, STYLE_WARNING, "irreversible", "%s",
                    *migration->notes.irreversible != '\0' ? migration->notes.irreversible : "yes");
}

static void draw_detail(struct graph_view *view, struct grid *grid, const struct area *area)
{
    guint position = position_of(view, view->panes.list.selected);
    const struct migration *migration = migration_at(view, position);
    g_autofree char *title = g_strdup_printf("%s %s", migration->digits, migration->title);
    g_autofree char *visible = grid_visible(grid, title);
    describe(view, position);
    panes_draw_detail(&view->panes, grid, area, visible);
}

static void draw_heading(const struct graph_view *view, struct grid *grid, const struct area *area)
{
    const struct model *model = model_of(view);
    GString *left = g_string_new("Graph  newest first; lines lead down to what is needed");
    g_autofree char *position = list_position(&view->panes.list);
    if (view->disorders != NULL && view->disorders->len > 0)
        g_string_append_printf(left, "  %u in wrong order", view->disorders->len);
    if (model->state != NULL && model->state->status->missing > 0)
        g_string_append_printf(left, "  %u applied without a file", model->state->status->missing);
    panes_heading(grid, area, left->str, position);
    g_string_free(left, TRUE);
}

static void graph_view_draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct graph_view *view = of(base);
    struct area list, detail, below = {area->row + 1, area->column, area->rows - 1, area->columns};
    graph_view_update(base);
    draw_heading(view, grid, area);
    if (count_of(view) == 0) {
        g_autofree char *why = view->graph == NULL ? panes_missing(model_of(view)) : NULL;
        panes_notice(grid, &below,
                     why != NULL           ? why
                     : view->graph == NULL ? "reading the files"
                                           : "there are no migrations here yet");
        return;
    }
    panes_split(&view->panes, &below, &list, &detail);
    draw_list(view, grid, &list);
    draw_detail(view, grid, &detail);
}

/* ---- doing ------------------------------------------------------------------------------------
 */

static gboolean go_to_timeline(struct graph_view *view)
{
    const struct migration *migration = selected_migration(view);
    if (migration == NULL)
        return FALSE;
    console_version_select(view->base.console, migration->version);
    console_open(view->base.console, SCREEN_TIMELINE);
    return TRUE;
}

static gboolean go_to_current(struct graph_view *view)
{
    gint64 version;
    gboolean is_dirty;
    if (!model_version(model_of(view), &version, &is_dirty) || version == VERSION_NONE)
        console_say(view->base.console, RECORD_INFO, "there is no current version");
    else
        select_version(view, version);
    return TRUE;
}

static gboolean graph_view_act(struct view *base, enum action_id action, guint count)
{
    struct graph_view *view = of(base);
    (void)count;
    graph_view_update(base);
    if (action == ACTION_OPEN)
        return go_to_timeline(view);
    if (action == ACTION_CURRENT)
        return go_to_current(view);
    return panes_act(&view->panes, action);
}

static struct list *graph_view_list(struct view *base)
{
    return panes_list(&of(base)->panes);
}

static char *graph_view_row_text(struct view *base, guint row)
{
    struct graph_view *view = of(base);
    graph_view_update(base);
    if (view->panes.is_detail)
        return fields_line(view->panes.fields, row);
    if (row >= count_of(view))
        return NULL;
    const struct migration *migration = migration_at(view, position_of(view, row));
    return g_strdup_printf("%s %s", migration->digits, migration->title);
}

static char *graph_view_copy(struct view *base)
{
    struct graph_view *view = of(base);
    graph_view_update(base);
    const struct migration *migration = selected_migration(view);
    if (migration == NULL)
        return NULL;
    describe(view, position_of(view, view->panes.list.selected));
    g_autofree char *text = fields_text(view->panes.fields);
    return g_strdup_printf("%s %s\n%s", migration->digits, migration->title, text);
}

static void save_row(const struct graph_view *view, guint position, GString *text)
{
    const struct migration *migration = migration_at(view, position);
    guint count;
    const struct graph_edge *needs = graph_needs(view->graph, position, &count);
    g_string_append_printf(text, "%-2s %s %s",
                           state_letters(model_row(model_of(view), migration->version)),
                           migration->digits, migration->title);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, "%s%s%s", i == 0 ? "  needs " : ", ",
                               migration_at(view, needs[i].index)->digits,
                               needs[i].is_implied ? " (implied)" : "");
    g_string_append_c(text, '\n');
}

static char *graph_view_save(struct view *base)
{
    struct graph_view *view = of(base);
    GString *text = g_string_new(NULL);
    graph_view_update(base);
    for (guint row = 0; row < count_of(view); row++)
        save_row(view, position_of(view, row), text);
    return g_string_free(text, FALSE);
}

static gboolean graph_view_version(struct view *base, gint64 *version)
{
    graph_view_update(base);
    const struct migration *migration = selected_migration(of(base));
    if (migration != NULL)
        *version = migration->version;
    return migration != NULL;
}

static struct view *graph_view_open(struct console *console)
{
    struct graph_view *view = g_new0(struct graph_view, 1);
    view->base = (struct view){.ops = &graph_view_ops, .console = console};
    view->counted = G_MAXUINT;
    panes_init(&view->panes);
    return &view->base;
}

static void graph_view_close(struct view *base)
{
    struct graph_view *view = of(base);
    g_clear_pointer(&view->disorders, g_array_unref);
    g_clear_pointer(&view->lanes, lanes_unref);
    g_clear_pointer(&view->graph, graph_unref);
    panes_clear(&view->panes);
    g_free(view);
}

const struct view_ops graph_view_ops = {
    .screen = SCREEN_GRAPH,
    .title = "Graph",
    .open = graph_view_open,
    .close = graph_view_close,
    .update = graph_view_update,
    .show = graph_view_show,
    .draw = graph_view_draw,
    .act = graph_view_act,
    .list = graph_view_list,
    .row_text = graph_view_row_text,
    .copy = graph_view_copy,
    .save = graph_view_save,
    .version = graph_view_version,
};
