/* The layout goes down the rows once and remembers, for each lane, the row it leads to. A node
 * takes the leftmost lane that leads to it, or a free one; its nearest target goes on in that lane,
 * every other one joins a lane that leads there already, or opens one. */
#include "source/lanes.h"

#include <string.h>

#define FREE G_MAXUINT

struct span {
    gsize start; /* in cells */
    guint cell_count, node_lane, hidden;
};

struct lanes {
    GArray *cells; /* of guint8 */
    struct span *spans;
    guint count, width;
};

/* ---- layout ---------------------------------------------------------------------------------- */

struct layout {
    GArray *leads_to; /* of guint: the row each lane leads to, FREE without */
    GArray *row;      /* of guint8: the cells of the row at hand */
    GArray *ended;    /* of guint: lanes that end in it */
    guint open;       /* lanes that are not free */
    guint max_lanes;
};

static guint *lead(struct layout *layout, guint lane)
{
    return &g_array_index(layout->leads_to, guint, lane);
}

static guint8 *cell(struct layout *layout, guint lane)
{
    return &g_array_index(layout->row, guint8, lane);
}

static guint find_lane(struct layout *layout, guint target)
{
    for (guint lane = 0; lane < layout->leads_to->len; lane++)
        if (*lead(layout, lane) == target)
            return lane;
    return FREE;
}

/* Takes the leftmost free lane; one that ends in this row is not free yet. */
static guint open_lane(struct layout *layout, guint target)
{
    guint lane = find_lane(layout, FREE);
    if (lane == FREE) {
        guint8 empty = LANE_EMPTY;
        lane = layout->leads_to->len;
        g_array_append_val(layout->leads_to, target);
        g_array_append_val(layout->row, empty);
    }
    *lead(layout, lane) = target;
    layout->open++;
    return lane;
}

/* Lanes that were open before this row come in from above; what lies free at the right is given up,
 * so that one wide place does not make all rows below it slow. */
static void enter_row(struct layout *layout)
{
    guint used = layout->leads_to->len;
    while (used > 0 && *lead(layout, used - 1) == FREE)
        used--;
    g_array_set_size(layout->leads_to, used);
    g_array_set_size(layout->row, used);
    g_array_set_size(layout->ended, 0);
    for (guint lane = 0; lane < layout->leads_to->len; lane++)
        *cell(layout, lane) = *lead(layout, lane) != FREE ? LANE_UP : LANE_EMPTY;
}

static guint place_node(struct layout *layout, guint row)
{
    guint node = find_lane(layout, row);
    if (node == FREE)
        node = open_lane(layout, row);
    for (guint lane = node + 1; lane < layout->leads_to->len; lane++)
        if (*lead(layout, lane) == row)
            g_array_append_val(layout->ended, lane);
    *cell(layout, node) |= LANE_NODE;
    return node;
}

/* The lane for the nearest target: the node's own, unless lanes have run out and another leads
 * there. Lanes that end here still say row, so none of them is found. */
static guint lane_for_nearest(struct layout *layout, guint node, guint target)
{
    guint same = layout->open >= layout->max_lanes ? find_lane(layout, target) : FREE;
    if (same != FREE)
        return same;
    *lead(layout, node) = target;
    return node;
}

static guint lane_for_other(struct layout *layout, guint target)
{
    guint same = find_lane(layout, target);
    return same != FREE ? same : open_lane(layout, target);
}

/* Draws the horizontal between the node and lane. */
static void reach_out(struct layout *layout, guint node, guint lane)
{
    guint low = MIN(node, lane), high = MAX(node, lane);
    if (low == high)
        return;
    *cell(layout, low) |= LANE_RIGHT;
    *cell(layout, high) |= LANE_LEFT;
    for (guint between = low + 1; between < high; between++)
        *cell(layout, between) |= LANE_LEFT | LANE_RIGHT;
}

/* Lanes that go on pass through; those the node did not take part in cross its horizontal. */
static void leave_row(struct layout *layout, guint row, guint node, const gboolean *is_joined)
{
    for (guint lane = 0; lane < layout->leads_to->len; lane++) {
        guint8 *here = cell(layout, lane);
        if (*lead(layout, lane) == row) {
            *lead(layout, lane) = FREE;
            layout->open--;
        } else if (*lead(layout, lane) != FREE) {
            *here |= LANE_DOWN;
            if (lane != node && !is_joined[lane] && (*here & (LANE_LEFT | LANE_RIGHT)) != 0)
                *here |= LANE_CROSSING;
        }
    }
}

static void lay_row(struct layout *layout, guint row, const guint *targets, guint count,
                    struct span *span)
{
    enter_row(layout);
    guint node = place_node(layout, row);
    g_autofree gboolean *is_joined = g_new0(gboolean, layout->leads_to->len + count + 1);
    for (guint i = 0; i < count; i++) {
        guint lane = i == 0 ? lane_for_nearest(layout, node, targets[i])
                            : lane_for_other(layout, targets[i]);
        is_joined[lane] = TRUE;
        reach_out(layout, node, lane);
    }
    for (guint i = 0; i < layout->ended->len; i++)
        reach_out(layout, node, g_array_index(layout->ended, guint, i));
    leave_row(layout, row, node, is_joined);
    span->node_lane = node;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static void keep_row(struct lanes *lanes, const struct layout *layout, struct span *span)
{
    const guint8 *cells = (const guint8 *)layout->row->data;
    guint used = layout->row->len;
    while (used > 0 && cells[used - 1] == LANE_EMPTY)
        used--;
    span->start = lanes->cells->len;
    span->cell_count = MIN(used, layout->max_lanes);
    for (guint lane = span->cell_count; lane < used; lane++)
        if ((cells[lane] & (LANE_UP | LANE_DOWN | LANE_NODE)) != 0)
            span->hidden++;
    g_array_append_vals(lanes->cells, cells, span->cell_count);
    lanes->width = MAX(lanes->width, span->cell_count);
}

struct lanes *lanes_new(guint rows, const guint *first, const guint *targets, guint max_lanes)
{
    struct lanes *lanes = g_atomic_rc_box_new0(struct lanes);
    struct layout layout = {
        .leads_to = g_array_new(FALSE, FALSE, sizeof(guint)),
        .row = g_array_new(FALSE, TRUE, sizeof(guint8)),
        .ended = g_array_new(FALSE, FALSE, sizeof(guint)),
        .max_lanes = MAX(max_lanes, 1),
    };
    lanes->cells = g_array_new(FALSE, FALSE, sizeof(guint8));
    lanes->spans = g_new0(struct span, rows + 1);
    lanes->count = rows;
    for (guint row = 0; row < rows; row++) {
        lay_row(&layout, row, targets + first[row], first[row + 1] - first[row],
                &lanes->spans[row]);
        keep_row(lanes, &layout, &lanes->spans[row]);
    }
    g_array_unref(layout.leads_to);
    g_array_unref(layout.row);
    g_array_unref(layout.ended);
    return lanes;
}

struct lanes *lanes_of_graph(const struct graph *graph, guint max_lanes)
{
    guint rows = graph_count(graph);
    g_autofree guint *first = g_new0(guint, rows + 1);
    g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint row = 0; row < rows; row++) {
        guint count;
        const struct graph_edge *edges = graph_needs(graph, rows - 1 - row, &count);
        for (guint i = count; i > 0; i--) {
            guint target = rows - 1 - edges[i - 1].index;
            g_array_append_val(targets, target);
        }
        first[row + 1] = targets->len;
    }
    return lanes_new(rows, first, (const guint *)(gconstpointer)targets->data, max_lanes);
}

struct lanes *lanes_ref(struct lanes *lanes)
{
    return g_atomic_rc_box_acquire(lanes);
}

static void clear(gpointer data)
{
    struct lanes *lanes = data;
    g_array_unref(lanes->cells);
    g_free(lanes->spans);
}

void lanes_unref(struct lanes *lanes)
{
    g_atomic_rc_box_release_full(lanes, clear);
}

guint lanes_count(const struct lanes *lanes)
{
    return lanes->count;
}

guint lanes_width(const struct lanes *lanes)
{
    return lanes->width;
}

struct lane_row lanes_row(const struct lanes *lanes, guint row)
{
    const struct span *span = &lanes->spans[row];
    return (struct lane_row){
        .cells = (const guint8 *)lanes->cells->data + span->start,
        .cell_count = span->cell_count,
        .node_lane = span->node_lane,
        .hidden = span->hidden,
    };
}

/* ---- characters ------------------------------------------------------------------------------ */

#define U LANE_UP
#define D LANE_DOWN
#define L LANE_LEFT
#define R LANE_RIGHT

const char *lane_glyph(guint8 cell, gboolean is_ascii)
{
    static const char *const glyphs[16][2] = {
        [0] = {" ", " "},         [U] = {"│", "|"},
        [D] = {"│", "|"},         [L] = {"─", "-"},
        [R] = {"─", "-"},         [U | D] = {"│", "|"},
        [L | R] = {"─", "-"},     [U | L] = {"┘", "'"},
        [U | R] = {"└", "'"},     [D | L] = {"┐", "."},
        [D | R] = {"┌", "."},     [U | L | R] = {"┴", "+"},
        [D | L | R] = {"┬", "+"}, [U | D | L] = {"┤", "+"},
        [U | D | R] = {"├", "+"}, [U | D | L | R] = {"┼", "+"},
    };
    guint8 sides = (cell & LANE_CROSSING) != 0 ? U | D : cell & (U | D | L | R);
    return glyphs[sides][is_ascii ? 1 : 0];
}
