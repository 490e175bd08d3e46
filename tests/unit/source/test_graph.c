/* What needs what, from notes and from order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "folder.h"
#include "source/graph.h"

/* Writes a migration that requires this (NULL: no note). */
static void put(const char *folder, int version, const char *requires)
{
    g_autofree char *name = g_strdup_printf("%06d_m.up.sql", version);
    g_autofree char *text = requires != NULL
                                ? g_strdup_printf("-- winch: requires %s\nSELECT 1;\n", requires)
                                : g_strdup("SELECT 1;\n");
    folder_write(folder, name, text, -1);
}

static struct graph *load(const char *folder)
{
    g_autoptr(GError) error = NULL;
    AUTOPTR(migration_set) *set = migration_set_load(folder, &error);
    if (set == NULL)
        fail_msg("%s", error->message);
    return graph_new(set);
}

/* "0 2i": positions, with an i where an edge is implied. */
static char *edges_text(const struct graph_edge *edges, guint count)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, "%s%u%s", i > 0 ? " " : "", edges[i].index,
                               edges[i].is_implied ? "i" : "");
    return g_string_free(text, FALSE);
}

static void assert_edges(const struct graph *graph, guint index, const char *needs,
                         const char *needed_by)
{
    guint count;
    const struct graph_edge *edges = graph_needs(graph, index, &count);
    g_autofree char *down = edges_text(edges, count);
    edges = graph_needed_by(graph, index, &count);
    g_autofree char *up = edges_text(edges, count);
    assert_string_equal(down, needs);
    assert_string_equal(up, needed_by);
}

static void assert_numbers(GArray *numbers, const char *expected)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < numbers->len; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? " " : "", g_array_index(numbers, guint, i));
    assert_string_equal(text->str, expected);
    g_string_free(text, TRUE);
    g_array_unref(numbers);
}

static void graph__new__takes_notes_or_the_version_before(void **state)
{
    put(*state, 1, NULL);
    put(*state, 2, NULL);
    put(*state, 3, "1");
    put(*state, 4, "none");
    put(*state, 5, "4 2");
    put(*state, 6, NULL);
    AUTOPTR(graph) *graph = load(*state);
    assert_int_equal(graph_count(graph), 6);
    assert_edges(graph, 0, "", "1i 2");
    assert_edges(graph, 1, "0i", "4");
    assert_edges(graph, 2, "0", "");
    assert_edges(graph, 3, "", "4");
    assert_edges(graph, 4, "1 3", "5i");
    assert_edges(graph, 5, "4i", "");
    assert_numbers(graph_all_needs(graph, 5), "0 1 3 4");
    assert_numbers(graph_all_needs(graph, 3), "");
    assert_numbers(graph_all_needed_by(graph, 0), "1 2 4 5");
    assert_numbers(graph_all_needed_by(graph, 2), "");
}

static void graph__new__does_with_nothing(void **state)
{
    AUTOPTR(graph) *graph = load(*state);
    g_autoptr(GArray) disorders = graph_disorders(graph, NULL);
    assert_int_equal(graph_count(graph), 0);
    assert_int_equal(disorders->len, 0);
}

static void graph__disorders__names_what_ran_before_its_need(void **state)
{
    const gboolean is_applied[] = {TRUE, FALSE, TRUE, FALSE};
    put(*state, 1, NULL);
    put(*state, 2, "1");
    put(*state, 3, "1 2");
    put(*state, 4, "2");
    AUTOPTR(graph) *graph = load(*state);
    g_autoptr(GArray) found = graph_disorders(graph, is_applied);
    assert_int_equal(found->len, 1);
    const struct graph_disorder *disorder = &g_array_index(found, struct graph_disorder, 0);
    assert_int_equal(disorder->index, 2);
    assert_int_equal(disorder->needs, 1);
    assert_false(disorder->is_implied);
}

static void graph__new__keeps_its_set_alive(void **state)
{
    put(*state, 1, NULL);
    AUTOPTR(graph) *graph = load(*state);
    AUTOPTR(graph) *again = graph_ref(graph);
    assert_int_equal(migration_set_at(graph_set(again), 0)->version, 1);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(graph__new__takes_notes_or_the_version_before),
        in_folder(graph__new__does_with_nothing),
        in_folder(graph__disorders__names_what_ran_before_its_need),
        in_folder(graph__new__keeps_its_set_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
