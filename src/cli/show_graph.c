/* graph: what needs what, as lanes beside the list or for one version. */
#include "cli/command.h"

#include "engine/inspect.h"
#include "engine/marks.h"
#include "source/graph.h"
#include "source/lanes.h"
#include "source/version_name.h"

#include <string.h>

#define LANES_MAX 12

/* What the graph is shown with. */
struct view {
    struct command_context *context;
    const struct graph *graph;
    const struct status *status;
    enum migration_state *states;          /* by position in the set */
    const struct inspect_summary *summary; /* what the objects say; NULL: not looked */
};

/* ---- states ---------------------------------------------------------------------------------- */

static const struct {
    const char *letter;
    gboolean is_applied;
    enum output_role role;
} looks[] = {
    [MIGRATION_PENDING] = {"P", FALSE, ROLE_PLAIN}, [MIGRATION_APPLIED] = {"A", TRUE, ROLE_PLAIN},
    [MIGRATION_ASSUMED] = {"A", TRUE, ROLE_PLAIN},  [MIGRATION_MODIFIED] = {"A*", TRUE, ROLE_BAD},
    [MIGRATION_MISSED] = {"S", FALSE, ROLE_BAD},    [MIGRATION_MISSING] = {"?", TRUE, ROLE_BAD},
    [MIGRATION_DIRTY] = {"X", FALSE, ROLE_BAD},
};

static void view_states(struct view *view)
{
    const struct migration_set *set = graph_set(view->graph);
    view->states = g_new0(enum migration_state, graph_count(view->graph) + 1);
    for (guint i = 0; i < view->status->rows->len; i++) {
        const struct status_row *row = &g_array_index(view->status->rows, struct status_row, i);
        if (row->migration != NULL)
            view->states[migration_set_lower_bound(set, row->version)] = row->state;
    }
}

static GArray *disorders_of(const struct view *view)
{
    g_autofree gboolean *is_applied = g_new0(gboolean, graph_count(view->graph) + 1);
    for (guint i = 0; i < graph_count(view->graph); i++)
        is_applied[i] = looks[view->states[i]].is_applied;
    return graph_disorders(view->graph, is_applied);
}

static const struct migration *migration_at(const struct view *view, guint index)
{
    return migration_set_at(graph_set(view->graph), index);
}

/* ---- what the objects say -------------------------------------------------------------------- */

/* The object of needs that the migration at index uses; NULL when it is not known to. */
static const char *object_used(const struct view *view, guint index, guint needs)
{
    const struct inspect_row *row = view->summary != NULL ? &view->summary->rows[index] : NULL;
    for (guint i = 0; row != NULL && i < row->needs_count; i++) {
        const struct dependency *need =
            &g_array_index(view->summary->needs, struct dependency, row->needs_begin + i);
        if (need->to == needs)
            return need->object;
    }
    return NULL;
}

static void show_contradictions(const struct view *view, gint position)
{
    for (guint i = 0; view->summary != NULL && i < view->summary->contradictions->len; i++) {
        const struct inspect_contradiction *found =
            &g_array_index(view->summary->contradictions, struct inspect_contradiction, i);
        g_autofree char *object = output_safe(found->object);
        if (position < 0 || found->index == (guint)position)
            output_line(view->context->output, ROLE_BAD,
                        "not declared: %s uses %s of %s, and does not require it",
                        migration_at(view, found->index)->digits, object,
                        migration_at(view, found->needs)->digits);
    }
}

static json_t *uses_json(const struct view *view, guint index)
{
    json_t *list = json_array();
    const struct inspect_row *row = &view->summary->rows[index];
    for (guint i = 0; i < row->needs_count; i++) {
        const struct dependency *need =
            &g_array_index(view->summary->needs, struct dependency, row->needs_begin + i);
        json_t *use = json_object();
        json_object_set_new(use, "version", json_integer(migration_at(view, need->to)->version));
        json_object_set_new(use, "object", output_string(need->object));
        json_array_append_new(list, use);
    }
    return list;
}

static json_t *contradictions_json(const struct view *view)
{
    json_t *list = json_array();
    for (guint i = 0; i < view->summary->contradictions->len; i++) {
        const struct inspect_contradiction *found =
            &g_array_index(view->summary->contradictions, struct inspect_contradiction, i);
        json_t *object = json_object();
        json_object_set_new(object, "version",
                            json_integer(migration_at(view, found->index)->version));
        json_object_set_new(object, "needs",
                            json_integer(migration_at(view, found->needs)->version));
        json_object_set_new(object, "object", output_string(found->object));
        json_array_append_new(list, object);
    }
    return list;
}

/* Every file is read for it: where notes declare an order that could be wrong, or one is asked. */
static gboolean wants_summary(const struct view *view, gint position)
{
    const struct migration_set *set = graph_set(view->graph);
    if (position >= 0 || view->context->output->is_verbose)
        return TRUE;
    for (guint i = 0; i < migration_set_count(set); i++)
        if (migration_set_at(set, i)->notes.has_requires)
            return TRUE;
    return FALSE;
}

/* ---- the whole graph ------------------------------------------------------------------------- */

static void append_cells(GString *text, const struct lane_row *row, gboolean is_applied,
                         gboolean is_ascii)
{
    const char *node = is_ascii ? (is_applied ? "*" : "o") : (is_applied ? "●" : "○");
    for (guint lane = 0; lane < row->cell_count; lane++) {
        guint8 cell = row->cells[lane];
        if (lane > 0)
            g_string_append(text, (cell & LANE_LEFT) != 0 ? lane_glyph(LANE_LEFT, is_ascii) : " ");
        g_string_append(text, (cell & LANE_NODE) != 0 ? node : lane_glyph(cell, is_ascii));
    }
    if (row->hidden > 0)
        g_string_append_printf(text, " +%u", row->hidden);
}

static void show_row(const struct view *view, const struct lanes *lanes, guint number)
{
    guint index = lanes_count(lanes) - 1 - number;
    const struct migration *migration = migration_at(view, index);
    enum migration_state state = view->states[index];
    struct lane_row row = lanes_row(lanes, number);
    g_autoptr(GString) cells = g_string_new(NULL);
    g_autofree char *title = output_safe(migration->title);
    gboolean is_current = migration->version == view->status->version.version;
    append_cells(cells, &row, looks[state].is_applied, view->context->output->is_ascii);
    for (glong width = g_utf8_strlen(cells->str, -1); width < (glong)lanes_width(lanes) * 2;
         width++)
        g_string_append_c(cells, ' ');
    output_line(view->context->output,
                is_current && looks[state].role == ROLE_PLAIN ? ROLE_STRONG : looks[state].role,
                "%-2s  %s %s  %s%s%s", looks[state].letter, cells->str, migration->digits, title,
                is_current ? "  current" : "",
                migration->notes.irreversible != NULL ? "  irreversible" : "");
}

static void show_disorders(const struct view *view, const GArray *disorders)
{
    for (guint i = 0; i < disorders->len; i++) {
        const struct graph_disorder *disorder = &g_array_index(disorders, struct graph_disorder, i);
        if (!disorder->is_implied)
            output_line(view->context->output, ROLE_BAD,
                        "wrong order: %s ran, and %s, which it requires, did not",
                        migration_at(view, disorder->index)->digits,
                        migration_at(view, disorder->needs)->digits);
    }
}

static void show_all(const struct view *view, const GArray *disorders)
{
    AUTOPTR(lanes) *lanes = lanes_of_graph(view->graph, LANES_MAX);
    for (guint row = 0; row < lanes_count(lanes); row++)
        show_row(view, lanes, row);
    if (lanes_count(lanes) == 0)
        output_line(view->context->output, ROLE_PLAIN, "no migrations");
    if (view->status->missing > 0) {
        g_autofree char *count = text_plural(view->status->missing, "version", "versions");
        output_line(view->context->output, ROLE_BAD, "?   %s applied, without a file", count);
    }
    show_disorders(view, disorders);
    show_contradictions(view, -1);
}

/* ---- one version ----------------------------------------------------------------------------- */

/* Direct or through others, of one end. */
static const struct graph_edge *find_edge(const struct graph_edge *edges, guint count, guint index)
{
    for (guint i = 0; i < count; i++)
        if (edges[i].index == index)
            return &edges[i];
    return NULL;
}

/* of is the migration asked for: as_user where it is the one that uses. */
static void show_ends(const struct view *view, const char *heading, guint of, gboolean as_user,
                      const GArray *all, const struct graph_edge *edges, guint count)
{
    if (all->len == 0)
        output_line(view->context->output, ROLE_PLAIN, "%-10s nothing", heading);
    for (guint i = 0; i < all->len; i++) {
        guint index = g_array_index(all, guint, i);
        const struct migration *migration = migration_at(view, index);
        const struct graph_edge *edge = find_edge(edges, count, index);
        g_autofree char *title = output_safe(migration->title);
        const char *used = as_user ? object_used(view, of, index) : object_used(view, index, of);
        g_autofree char *object = used != NULL ? output_safe(used) : NULL;
        output_line(view->context->output, looks[view->states[index]].role, "%-10s %s %s  %s%s%s%s",
                    i == 0 ? heading : "", migration->digits, title,
                    migration_state_name(view->states[index]),
                    edge == NULL       ? "  (through others)"
                    : edge->is_implied ? "  (by order)"
                                       : "",
                    object != NULL ? "  uses " : "", object != NULL ? object : "");
    }
}

static void show_one(const struct view *view, guint index)
{
    guint count;
    const struct migration *migration = migration_at(view, index);
    g_autofree char *title = output_safe(migration->title);
    g_autoptr(GArray) needs = graph_all_needs(view->graph, index);
    g_autoptr(GArray) needed_by = graph_all_needed_by(view->graph, index);
    output_line(view->context->output, ROLE_HEADING, "%s %s  %s", migration->digits, title,
                migration_state_name(view->states[index]));
    const struct graph_edge *edges = graph_needs(view->graph, index, &count);
    show_ends(view, "needs", index, TRUE, needs, edges, count);
    edges = graph_needed_by(view->graph, index, &count);
    show_ends(view, "needed by", index, FALSE, needed_by, edges, count);
    show_contradictions(view, (gint)index);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *ends_json(const struct view *view, GArray *all, const struct graph_edge *edges,
                         guint count)
{
    json_t *list = json_array();
    for (guint i = 0; i < all->len; i++) {
        guint index = g_array_index(all, guint, i);
        const struct graph_edge *edge = find_edge(edges, count, index);
        json_t *end = json_object();
        json_object_set_new(end, "version", json_integer(migration_at(view, index)->version));
        json_object_set_new(end, "is_direct", json_boolean(edge != NULL));
        json_object_set_new(end, "is_implied", json_boolean(edge != NULL && edge->is_implied));
        json_array_append_new(list, end);
    }
    g_array_unref(all);
    return list;
}

/* Only what is direct, for a list of all. */
static GArray *direct_ends(const struct graph_edge *edges, guint count)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < count; i++)
        g_array_append_val(list, edges[i].index);
    return list;
}

static json_t *migration_json(const struct view *view, guint index, gboolean is_deep)
{
    const struct migration *migration = migration_at(view, index);
    json_t *object = json_object();
    guint count;
    const struct graph_edge *edges = graph_needs(view->graph, index, &count);
    json_object_set_new(object, "version", json_integer(migration->version));
    json_object_set_new(object, "title", output_string(migration->title));
    json_object_set_new(object, "state", json_string(migration_state_name(view->states[index])));
    json_object_set_new(
        object, "needs",
        ends_json(view, is_deep ? graph_all_needs(view->graph, index) : direct_ends(edges, count),
                  edges, count));
    edges = graph_needed_by(view->graph, index, &count);
    json_object_set_new(
        object, "needed_by",
        ends_json(view,
                  is_deep ? graph_all_needed_by(view->graph, index) : direct_ends(edges, count),
                  edges, count));
    if (view->summary != NULL)
        json_object_set_new(object, "uses", uses_json(view, index));
    return object;
}

static json_t *disorders_json(const struct view *view, const GArray *disorders)
{
    json_t *list = json_array();
    for (guint i = 0; i < disorders->len; i++) {
        const struct graph_disorder *disorder = &g_array_index(disorders, struct graph_disorder, i);
        json_t *object = json_object();
        json_object_set_new(object, "version",
                            json_integer(migration_at(view, disorder->index)->version));
        json_object_set_new(object, "needs",
                            json_integer(migration_at(view, disorder->needs)->version));
        json_object_set_new(object, "is_implied", json_boolean(disorder->is_implied));
        json_array_append_new(list, object);
    }
    return list;
}

/* ---- the command ----------------------------------------------------------------------------- */

/* The position of the version asked for; -1 when none was. FALSE with error for one that is not
 * there. */
static gboolean position_asked(const struct view *view, gint *position, GError **error)
{
    const char *text = invocation_argument(view->context->invocation, 0);
    struct version_name name;
    struct version_context where =
        marks_context(graph_set(view->graph), view->status->version.version, view->status->marks);
    gint64 version;
    *position = -1;
    if (text == NULL)
        return TRUE;
    if (!version_name_parse(text, &name, error) ||
        !version_name_resolve(&name, &where, &version, error))
        return FALSE;
    if (migration_set_find(where.set, version) == NULL) {
        error_set(error, ERROR_USAGE, "there is no migration %s", text);
        error_advise(error, "see 'winch graph' for those there are");
        return FALSE;
    }
    *position = (gint)migration_set_lower_bound(where.set, version);
    return TRUE;
}

static void show(const struct view *view, gint position)
{
    g_autoptr(GArray) disorders = disorders_of(view);
    json_t *list = json_array();
    if (position >= 0)
        show_one(view, (guint)position);
    else
        show_all(view, disorders);
    for (guint i = 0; i < graph_count(view->graph); i++)
        if (position < 0 || i == (guint)position)
            json_array_append_new(list, migration_json(view, i, position >= 0));
    json_object_set_new(view->context->document, "migrations", list);
    json_object_set_new(view->context->document, "disorders", disorders_json(view, disorders));
    if (view->summary != NULL)
        json_object_set_new(view->context->document, "contradictions", contradictions_json(view));
}

gboolean command_graph(struct command_context *context, GError **error)
{
    AUTOPTR(status) *status = engine_status(context->engine, error);
    gint position;
    if (status == NULL)
        return FALSE;
    AUTOPTR(graph) *graph = graph_new(engine_set(context->engine));
    struct view view = {.context = context, .graph = graph, .status = status};
    view_states(&view);
    gboolean is_good = position_asked(&view, &position, error);
    AUTOPTR(inspect_summary) *summary =
        is_good && wants_summary(&view, position)
            ? inspect_summary_new(graph_set(graph), engine_dialect(context->engine), NULL)
            : NULL;
    view.summary = summary;
    if (is_good)
        show(&view, position);
    g_free(view.states);
    return is_good;
}
