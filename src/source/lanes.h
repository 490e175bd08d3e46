/* A graph as lanes beside a list, newest first: which cell of each row holds the node, which a line
 * and where it turns. Knows no terminal; lane_glyph() offers characters to whoever has one.
 *
 * A line runs down from a node to what that node needs. A lane never moves sideways between rows;
 * in a row, whatever is joined by a horizontal line is joined to that row's node. When all lanes
 * that are drawn are in use, a line joins one that leads to the same node already. */
#ifndef WINCH_SOURCE_LANES_H
#define WINCH_SOURCE_LANES_H

#include <glib.h>

#include "base/autofree.h"
#include "source/graph.h"

/* One cell: which of its sides a line leaves by. */
enum lane_cell {
    LANE_EMPTY = 0,
    LANE_UP = 1 << 0,
    LANE_DOWN = 1 << 1,
    LANE_LEFT = 1 << 2,
    LANE_RIGHT = 1 << 3,
    LANE_NODE = 1 << 4,
    LANE_CROSSING = 1 << 5, /* the vertical passes the horizontal, they do not touch */
};

struct lane_row {
    const guint8 *cells; /* of enum lane_cell; a RIGHT goes on in the next cell's LEFT */
    guint cell_count;    /* up to the last one in use, at most max_lanes */
    guint node_lane;     /* may lie beyond the cells drawn */
    guint hidden;        /* lanes in use beyond the cells drawn */
};

/* Immutable, reference counted, safe to share between threads. */
struct lanes;

/* Row 0 is the graph's last migration. Lanes beyond max_lanes (at least 1) are counted, not drawn.
 * O(rows x lanes). */
struct lanes *lanes_of_graph(const struct graph *graph, guint max_lanes);

/* Of any graph without cycles whose rows are sorted: row i leads down to the rows
 * targets[first[i]] .. targets[first[i + 1] - 1], each beyond i, ascending, each once. */
struct lanes *lanes_new(guint rows, const guint *first, const guint *targets, guint max_lanes);
struct lanes *lanes_ref(struct lanes *lanes);
void lanes_unref(struct lanes *lanes);
DEFINE_AUTOPTR(lanes, lanes_unref);

guint lanes_count(const struct lanes *lanes);
/* The widest row's cells. */
guint lanes_width(const struct lanes *lanes);
struct lane_row lanes_row(const struct lanes *lanes, guint row);

/* One column's character for a cell without a node. Static. */
const char *lane_glyph(guint8 cell, gboolean is_ascii);

#endif
