/* Lanes: drawings known by heart, and for any graph: following the lines from each node leads to
 * what it needs, all of it and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "source/lanes.h"

/* ---- graphs ---------------------------------------------------------------------------------- */

/* Rows and what each leads down to. */
struct dag {
    guint rows;
    GArray *first, *targets; /* of guint */
};

static void dag_clear(struct dag *dag)
{
    g_array_unref(dag->first);
    g_array_unref(dag->targets);
}

static struct dag dag_begin(void)
{
    struct dag dag = {0, g_array_new(FALSE, TRUE, sizeof(guint)),
                      g_array_new(FALSE, FALSE, sizeof(guint))};
    g_array_set_size(dag.first, 1);
    return dag;
}

static void dag_end_row(struct dag *dag)
{
    g_array_append_val(dag->first, dag->targets->len);
    dag->rows++;
}

static guint *numbers(GArray *array)
{
    return (guint *)(gpointer)array->data;
}

static struct lanes *lay(const struct dag *dag, guint max_lanes)
{
    return lanes_new(dag->rows, numbers(dag->first), numbers(dag->targets), max_lanes);
}

/* "1,2 2 -": a word a row. */
static struct dag dag_read(const char *text)
{
    struct dag dag = dag_begin();
    g_auto(GStrv) rows = g_strsplit(text, " ", -1);
    for (guint i = 0; rows[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(rows[i], ",", -1);
        for (guint j = 0; words[j] != NULL && *words[j] != '-'; j++) {
            guint target = (guint)g_ascii_strtoull(words[j], NULL, 10);
            g_array_append_val(dag.targets, target);
        }
        dag_end_row(&dag);
    }
    return dag;
}

/* Each row leads to some of the rows within reach below it. */
static struct dag dag_random(GRand *random, guint rows, guint most, guint reach)
{
    struct dag dag = dag_begin();
    for (guint row = 0; row < rows; row++) {
        guint left = (guint)g_rand_int_range(random, 0, (gint32)most + 1);
        for (guint target = row + 1; target < MIN(rows, row + 1 + reach) && left > 0; target++)
            if (g_rand_int_range(random, 0, (gint32)reach) < (gint32)left) {
                g_array_append_val(dag.targets, target);
                left--;
            }
        dag_end_row(&dag);
    }
    return dag;
}

/* ---- drawings -------------------------------------------------------------------------------- */

static char *draw(const struct lanes *lanes)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < lanes_count(lanes); i++) {
        struct lane_row row = lanes_row(lanes, i);
        for (guint lane = 0; lane < row.cell_count; lane++) {
            guint8 cell = row.cells[lane];
            if (lane > 0)
                g_string_append_c(text, (cell & LANE_LEFT) != 0 ? '-' : ' ');
            g_string_append(text, (cell & LANE_NODE) != 0 ? "*" : lane_glyph(cell, TRUE));
        }
        if (row.hidden > 0)
            g_string_append_printf(text, " +%u", row.hidden);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static void lanes__draw__known_by_heart(void **state)
{
    static const struct {
        const char *graph, *drawing;
        guint max_lanes;
    } rows[] = {
        {"", "", 4},
        {"-", "*\n", 4},
        {"1 2 -", "*\n*\n*\n", 4},
        {"- - -", "*\n*\n*\n", 4},
        {"2 2 -", "*\n| *\n*-'\n", 4},
        {"1,2 3 3 -", "*-.\n* |\n| *\n*-'\n", 4},
        {"4 4 4 4 -", "*\n| *\n| | *\n| | | *\n*-+-+-'\n", 8},
        {"4 4 4 4 -", "*\n+-*\n+-*\n+-*\n*\n", 2}, /* lanes have run out: joined */
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct dag dag = dag_read(rows[i].graph);
        if (*rows[i].graph == '\0')
            dag.rows = 0;
        AUTOPTR(lanes) *lanes = lay(&dag, rows[i].max_lanes);
        g_autofree char *drawing = draw(lanes);
        assert_string_equal(drawing, rows[i].drawing);
        dag_clear(&dag);
    }
}

/* 6 and 5 require 4, 4 requires 1, 3 requires 2, 2 requires 1. */
static void lanes__draw__the_samples(void **state)
{
    struct dag dag = dag_read("2 2 5 4 5 -");
    AUTOPTR(lanes) *lanes = lay(&dag, 8);
    g_autofree char *drawing = draw(lanes);
    (void)state;
    assert_string_equal(drawing, "*\n"
                                 "| *\n"
                                 "*-'\n"
                                 "| *\n"
                                 "| *\n"
                                 "*-'\n");
    dag_clear(&dag);
}

static void lanes__draw__passes_under_what_it_does_not_join(void **state)
{
    struct dag dag = dag_read("4 3 5 4,5 - -");
    AUTOPTR(lanes) *lanes = lay(&dag, 8);
    struct lane_row row = lanes_row(lanes, 3);
    g_autofree char *drawing = draw(lanes);
    (void)state;
    assert_string_equal(drawing, "*\n"
                                 "| *\n"
                                 "| | *\n"
                                 "| *-+\n"
                                 "*-' |\n"
                                 "    *\n");
    assert_int_equal(row.cells[2], LANE_UP | LANE_DOWN | LANE_LEFT);
    dag_clear(&dag);
    dag = dag_read("5 4 3 5 - -");
    AUTOPTR(lanes) *crossing = lay(&dag, 1000);
    g_autofree char *plain = draw(crossing);
    assert_string_equal(plain, "*\n| *\n| | *\n| | *\n| * |\n*---'\n");
    dag_clear(&dag);
    dag = dag_read("4 3 3 5 5 -");
    AUTOPTR(lanes) *wide = lay(&dag, 1000);
    g_autofree char *joined = draw(wide);
    assert_string_equal(joined, "*\n| *\n| | *\n| *-'\n* |\n*-'\n");
    dag_clear(&dag);
    dag = dag_read("4 5 4 4 - -");
    AUTOPTR(lanes) *over = lay(&dag, 1000);
    g_autofree char *crossed = draw(over);
    assert_string_equal(crossed, "*\n| *\n| | *\n| | | *\n*-|-+-'\n  *\n");
    dag_clear(&dag);
}

static void lanes__draw__counts_what_does_not_fit(void **state)
{
    struct dag dag = dag_read("4 5 6 7 - - - -");
    AUTOPTR(lanes) *lanes = lay(&dag, 2);
    g_autofree char *drawing = draw(lanes);
    (void)state;
    assert_int_equal(lanes_width(lanes), 2);
    assert_int_equal(lanes_row(lanes, 3).node_lane, 3);
    assert_string_equal(drawing, "*\n| *\n| | +1\n| | +2\n* | +2\n  * +2\n    +2\n    +1\n");
    dag_clear(&dag);
}

static void lanes__glyph__has_one_for_every_cell(void **state)
{
    (void)state;
    for (guint cell = 0; cell < 64; cell++) {
        assert_int_equal(g_utf8_strlen(lane_glyph((guint8)cell, FALSE), -1), 1);
        assert_int_equal(strlen(lane_glyph((guint8)cell, TRUE)), 1);
        assert_non_null(strchr(" |-'.+", *lane_glyph((guint8)cell, TRUE)));
    }
    assert_string_equal(
        lane_glyph(LANE_UP | LANE_DOWN | LANE_LEFT | LANE_RIGHT | LANE_CROSSING, TRUE), "|");
}

/* ---- any graph ------------------------------------------------------------------------------- */

static guint8 cell_at(const struct lanes *lanes, guint row, guint lane)
{
    struct lane_row cells = lanes_row(lanes, row);
    return lane < cells.cell_count ? cells.cells[lane] : LANE_EMPTY;
}

/* Sides that meet have a line on both, and every row has its node once. */
static void assert_sound(const struct lanes *lanes)
{
    for (guint row = 0; row < lanes_count(lanes); row++) {
        guint nodes = 0;
        for (guint lane = 0; lane < lanes_width(lanes) + 1; lane++) {
            guint8 here = cell_at(lanes, row, lane);
            guint8 above = row > 0 ? cell_at(lanes, row - 1, lane) : LANE_EMPTY;
            guint8 left = lane > 0 ? cell_at(lanes, row, lane - 1) : LANE_EMPTY;
            nodes += (here & LANE_NODE) != 0 ? 1 : 0;
            assert_int_equal((here & LANE_UP) != 0, (above & LANE_DOWN) != 0);
            assert_int_equal((here & LANE_LEFT) != 0, (left & LANE_RIGHT) != 0);
        }
        assert_int_equal(nodes, 1);
        assert_true((cell_at(lanes, row, lanes_row(lanes, row).node_lane) & LANE_NODE) != 0);
    }
}

/* Down a lane to the node it ends at: the first row that it does not leave, or whose node it is. */
static guint follow(const struct lanes *lanes, guint row, guint lane)
{
    for (;;) {
        guint8 cell = cell_at(lanes, ++row, lane);
        assert_true((cell & LANE_UP) != 0);
        if ((cell & LANE_NODE) != 0 || (cell & LANE_DOWN) == 0)
            return row;
    }
}

/* A lane that ends beside the node is joined to it without a gap. */
static void assert_reaches_node(const struct lanes *lanes, guint row, guint lane)
{
    guint node = lanes_row(lanes, row).node_lane;
    for (guint i = MIN(node, lane); i < MAX(node, lane); i++)
        assert_true((cell_at(lanes, row, i) & LANE_RIGHT) != 0);
}

/* Marks the nodes that a node's lines lead down to. */
static void trace(const struct lanes *lanes, guint row, gboolean *is_found)
{
    guint node = lanes_row(lanes, row).node_lane;
    for (guint lane = 0; lane < lanes_width(lanes); lane++) {
        guint8 cell = cell_at(lanes, row, lane);
        gboolean is_joined =
            lane == node || ((cell & (LANE_LEFT | LANE_RIGHT)) != 0 && (cell & LANE_CROSSING) == 0);
        if ((cell & LANE_DOWN) == 0 || !is_joined)
            continue;
        guint end = follow(lanes, row, lane);
        assert_reaches_node(lanes, end, lane);
        is_found[end] = TRUE;
    }
}

static void assert_connects(const struct dag *dag, const struct lanes *lanes)
{
    g_autofree gboolean *is_found = g_new(gboolean, dag->rows + 1);
    assert_sound(lanes);
    for (guint row = 0; row < dag->rows; row++) {
        memset(is_found, 0, dag->rows * sizeof(gboolean));
        trace(lanes, row, is_found);
        for (guint i = numbers(dag->first)[row]; i < numbers(dag->first)[row + 1]; i++) {
            assert_true(is_found[numbers(dag->targets)[i]]);
            is_found[numbers(dag->targets)[i]] = FALSE;
        }
        for (guint other = 0; other < dag->rows; other++)
            assert_false(is_found[other]);
    }
}

static void lanes__layout__connects_what_belongs_together_and_no_more(void **state)
{
    GRand *random = g_rand_new_with_seed(20261125);
    (void)state;
    for (guint turn = 0; turn < 600; turn++) {
        guint rows = (guint)g_rand_int_range(random, 0, 60);
        guint most = (guint)g_rand_int_range(random, 0, 6);
        guint reach = (guint)g_rand_int_range(random, 1, 40);
        struct dag dag = dag_random(random, rows, most, reach);
        /* Without a limit all is drawn, whether or not lanes are joined from the first one on. */
        AUTOPTR(lanes) *lanes = lay(&dag, 10000);
        assert_connects(&dag, lanes);
        dag_clear(&dag);
    }
    g_rand_free(random);
}

/* Once lanes have run out edges are joined; where still none is hidden, all has to be there. */
static void lanes__layout__connects_when_lanes_run_out(void **state)
{
    GRand *random = g_rand_new_with_seed(4711);
    guint whole = 0;
    (void)state;
    for (guint turn = 0; turn < 600; turn++) {
        struct dag dag = dag_random(random, 40, 2, 3);
        AUTOPTR(lanes) *lanes = lay(&dag, 4);
        guint hidden = 0;
        for (guint row = 0; row < dag.rows; row++)
            hidden += lanes_row(lanes, row).hidden;
        assert_true(lanes_width(lanes) <= 4);
        if (hidden == 0) {
            assert_connects(&dag, lanes);
            whole++;
        }
        dag_clear(&dag);
    }
    g_rand_free(random);
    assert_true(whole > 50);
}

static void lanes__layout__stays_narrow_when_all_need_one(void **state)
{
    struct dag dag = dag_begin();
    guint last = 999;
    (void)state;
    for (guint row = 0; row < 1000; row++) {
        if (row < last)
            g_array_append_val(dag.targets, last);
        dag_end_row(&dag);
    }
    AUTOPTR(lanes) *lanes = lay(&dag, 12);
    assert_true(lanes_width(lanes) <= 12);
    for (guint row = 0; row < dag.rows; row++)
        assert_true(lanes_row(lanes, row).hidden <= 1);
    dag_clear(&dag);
}

/* Far from a minute even under sanitizers: a layout that took rows x rows would not be. */
static void lanes__layout__is_quick_for_ten_thousand_rows(void **state)
{
    GRand *random = g_rand_new_with_seed(7);
    struct dag dag = dag_random(random, 10000, 3, 24);
    AUTOPTR(lanes) *lanes = lay(&dag, 12);
    (void)state;
    assert_int_equal(lanes_count(lanes), 10000);
    assert_int_equal(lanes_width(lanes), 12);
    dag_clear(&dag);
    g_rand_free(random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes__draw__known_by_heart),
        cmocka_unit_test(lanes__draw__the_samples),
        cmocka_unit_test(lanes__draw__passes_under_what_it_does_not_join),
        cmocka_unit_test(lanes__draw__counts_what_does_not_fit),
        cmocka_unit_test(lanes__glyph__has_one_for_every_cell),
        cmocka_unit_test(lanes__layout__connects_what_belongs_together_and_no_more),
        cmocka_unit_test(lanes__layout__connects_when_lanes_run_out),
        cmocka_unit_test(lanes__layout__stays_narrow_when_all_need_one),
        cmocka_unit_test(lanes__layout__is_quick_for_ten_thousand_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
