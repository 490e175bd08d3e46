/* The edges of a set, both ways, each in one array sorted by where it starts. */
#include "source/graph.h"

struct edges {
    guint *first; /* count + 1: where each migration's edges begin in list */
    struct graph_edge *list;
};

struct graph {
    struct migration_set *set;
    guint count;
    struct edges needs, needed_by;
};

/* ---- making ---------------------------------------------------------------------------------- */

static guint position_of(const struct migration_set *set, gint64 version)
{
    return migration_set_lower_bound(set, version);
}

/* Notes name what exists and comes before: the loader saw to it. */
static GArray *gather_needs(const struct graph *graph)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct graph_edge));
    for (guint i = 0; i < graph->count; i++) {
        const struct migration_notes *notes = &migration_set_at(graph->set, i)->notes;
        graph->needs.first[i] = list->len;
        if (!notes->has_requires && i > 0) {
            struct graph_edge edge = {i - 1, TRUE};
            g_array_append_val(list, edge);
        }
        for (guint j = 0; notes->requires != NULL && j < notes->requires->len; j++) {
            gint64 version = g_array_index(notes->requires, gint64, j);
            struct graph_edge edge = {position_of(graph->set, version), FALSE};
            g_array_append_val(list, edge);
        }
    }
    graph->needs.first[graph->count] = list->len;
    return list;
}

/* The same edges from the other end: counted, then put where they belong. */
static void turn_around(struct graph *graph)
{
    const struct edges *needs = &graph->needs;
    struct edges *by = &graph->needed_by;
    guint total = needs->first[graph->count];
    by->list = g_new(struct graph_edge, total + 1);
    for (guint i = 0; i < total; i++)
        by->first[needs->list[i].index + 1]++;
    for (guint i = 0; i < graph->count; i++)
        by->first[i + 1] += by->first[i];
    g_autofree guint *next = g_memdup2(by->first, (graph->count + 1) * sizeof(guint));
    for (guint i = 0; i < graph->count; i++)
        for (guint j = needs->first[i]; j < needs->first[i + 1]; j++)
            by->list[next[needs->list[j].index]++] =
                (struct graph_edge){i, needs->list[j].is_implied};
}

struct graph *graph_new(struct migration_set *set)
{
    struct graph *graph = g_atomic_rc_box_new0(struct graph);
    graph->set = migration_set_ref(set);
    graph->count = migration_set_count(set);
    graph->needs.first = g_new0(guint, graph->count + 1);
    graph->needed_by.first = g_new0(guint, graph->count + 1);
    graph->needs.list = (struct graph_edge *)(gpointer)g_array_free(gather_needs(graph), FALSE);
    turn_around(graph);
    return graph;
}

struct graph *graph_ref(struct graph *graph)
{
    return g_atomic_rc_box_acquire(graph);
}

static void clear(gpointer data)
{
    struct graph *graph = data;
    g_free(graph->needs.first);
    g_free(graph->needs.list);
    g_free(graph->needed_by.first);
    g_free(graph->needed_by.list);
    migration_set_unref(graph->set);
}

void graph_unref(struct graph *graph)
{
    g_atomic_rc_box_release_full(graph, clear);
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct migration_set *graph_set(const struct graph *graph)
{
    return graph->set;
}

guint graph_count(const struct graph *graph)
{
    return graph->count;
}

static const struct graph_edge *edges_of(const struct edges *edges, guint index, guint *count)
{
    *count = edges->first[index + 1] - edges->first[index];
    return *count > 0 ? edges->list + edges->first[index] : NULL;
}

const struct graph_edge *graph_needs(const struct graph *graph, guint index, guint *count)
{
    return edges_of(&graph->needs, index, count);
}

const struct graph_edge *graph_needed_by(const struct graph *graph, guint index, guint *count)
{
    return edges_of(&graph->needed_by, index, count);
}

static int by_number(gconstpointer a, gconstpointer b)
{
    const guint one = *(const guint *)a, other = *(const guint *)b;
    return (one > other) - (one < other);
}

static GArray *reach(const struct graph *graph, const struct edges *edges, guint index)
{
    g_autofree gboolean *is_seen = g_new0(gboolean, graph->count);
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));
    guint next = index;
    is_seen[index] = TRUE;
    for (guint done = 0;; done++) {
        for (guint i = edges->first[next]; i < edges->first[next + 1]; i++) {
            guint other = edges->list[i].index;
            if (!is_seen[other])
                g_array_append_val(found, other);
            is_seen[other] = TRUE;
        }
        if (done == found->len)
            break;
        next = g_array_index(found, guint, done);
    }
    g_array_sort(found, by_number);
    return found;
}

GArray *graph_all_needs(const struct graph *graph, guint index)
{
    return reach(graph, &graph->needs, index);
}

GArray *graph_all_needed_by(const struct graph *graph, guint index)
{
    return reach(graph, &graph->needed_by, index);
}

GArray *graph_disorders(const struct graph *graph, const gboolean *is_applied)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct graph_disorder));
    for (guint i = 0; i < graph->count; i++)
        for (guint j = graph->needs.first[i]; is_applied[i] && j < graph->needs.first[i + 1]; j++) {
            struct graph_edge edge = graph->needs.list[j];
            struct graph_disorder disorder = {i, edge.index, edge.is_implied};
            if (!is_applied[edge.index])
                g_array_append_val(found, disorder);
        }
    return found;
}
