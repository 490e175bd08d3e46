/* What needs what in a set of migrations. Versions stand by their position in the set. */
#ifndef WINCH_SOURCE_GRAPH_H
#define WINCH_SOURCE_GRAPH_H

#include <glib.h>

#include "base/autofree.h"
#include "source/migration.h"

/* Immutable, reference counted, safe to share between threads. Keeps its set. A migration needs
 * what its `requires` note names, nothing for `requires none`; without the note it needs the
 * version before it, which is implied. */
struct graph;

struct graph_edge {
    guint index;         /* position in the set of the other end */
    gboolean is_implied; /* no note says so */
};

/* Time and space in proportion to migrations and notes. */
struct graph *graph_new(struct migration_set *set);
struct graph *graph_ref(struct graph *graph);
void graph_unref(struct graph *graph);
DEFINE_AUTOPTR(graph, graph_unref);

struct migration_set *graph_set(const struct graph *graph); /* borrowed */
guint graph_count(const struct graph *graph);               /* of migrations */

/* The direct edges of one migration, ascending by version; borrowed. */
const struct graph_edge *graph_needs(const struct graph *graph, guint index, guint *count);
const struct graph_edge *graph_needed_by(const struct graph *graph, guint index, guint *count);

/* All of them, also through others, ascending: of guint positions, without index itself. Free with
 * g_array_unref(). */
GArray *graph_all_needs(const struct graph *graph, guint index);
GArray *graph_all_needed_by(const struct graph *graph, guint index);

/* An applied migration that needs one which is not applied. */
struct graph_disorder {
    guint index, needs;
    gboolean is_implied;
};

/* is_applied has one entry a position. Of struct graph_disorder, ascending; empty when the order is
 * kept. Free with g_array_unref(). */
GArray *graph_disorders(const struct graph *graph, const gboolean *is_applied);

#endif
