/* Pictures of what goes on: names of runs, who waits for whom, sharing between threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "database/activity_build.h"

static void run_name__parse__reads_what_runs_call_themselves(void **state)
{
    struct run_name name;
    (void)state;
    assert_true(run_name_parse("winch 7c1e09 up 000045 3/7", &name));
    assert_string_equal(name.run_id, "7c1e09");
    assert_false(name.goes_down);
    assert_int_equal(name.version, 45);
    assert_int_equal(name.step, 3);
    assert_int_equal(name.steps, 7);
    assert_true(run_name_parse("winch 00ffab down 9223372036854775807 10/10", &name));
    assert_true(name.goes_down);
    assert_true(name.version == G_MAXINT64);
}

static void run_name__parse__refuses_anything_else(void **state)
{
    static const char *const others[] = {
        "",
        "winch",
        "winch control",
        "winch 7c1e0 up 1 1/1",
        "winch 7c1e099 up 1 1/1",
        "winch 7c1e09 sideways 1 1/1",
        "winch 7c1e09 up 1",
        "winch 7c1e09 up 1 1/",
        "winch 7c1e09 up 1 1/2 ",
        "winch 7c1e09 up -1 1/2",
        "winch 7c1e09 up 9223372036854775808 1/2",
        "winch 7c1e09 up 99999999999999999999 1/2",
        "winch 7C1E09 up 1 1/2",
        " winch 7c1e09 up 1 1/2",
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        struct run_name name;
        if (run_name_parse(others[i], &name))
            fail_msg("\"%s\" was taken for a run", others[i]);
        assert_string_equal(name.run_id, "");
    }
    assert_false(run_name_parse(NULL, &(struct run_name){0}));
}

static void add(struct activity_builder *builder, int pid, const char *blocked_by)
{
    activity_builder_blocked_by(builder, activity_builder_session(builder, pid), blocked_by);
}

/* "10 .20 ..30": pids in the forest's order, a dot a depth. */
static char *describe(const struct activity *activity)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < activity->forest_count; i++) {
        const struct blocking_node *node = &activity->forest[i];
        g_string_append(text, i > 0 ? " " : "");
        for (guint depth = 0; depth < node->depth; depth++)
            g_string_append_c(text, '.');
        g_string_append_printf(text, "%d", node->pid);
        if (node->session >= 0)
            assert_int_equal(activity->sessions[node->session].pid, node->pid);
    }
    return g_string_free(text, FALSE);
}

static void forest__build__shows_who_waits_for_whom(void **state)
{
    static const struct {
        const char *waits[6]; /* of pids 10, 20, ... */
        const char *forest;
    } rows[] = {
        {{"", ""}, ""},
        {{"", "10", "10", "20"}, "10 .20 ..40 .30"},
        {{"40", "", "20", ""}, "40 .10 20 .30"},
        {{"", "10", "10,20", "20,10"}, "10 .20 ..40 .30"}, /* below the first of several */
        {{"0", "0,30", ""}, "0 .10 .20"},                  /* a prepared transaction */
        {{"999", "10"}, "999 .10 ..20"},                   /* a session of another database */
        {{"20", "10", "10"}, "10 .20 .30"},                /* a deadlock not broken yet */
        {{"10"}, "10"},
        {{"20,20", ""}, "20 .10"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct activity_builder builder;
        activity_builder_init(&builder);
        for (int j = 0; j < 6 && rows[i].waits[j] != NULL; j++)
            add(&builder, (j + 1) * 10, rows[i].waits[j]);
        AUTOPTR(activity) *activity = activity_builder_activity(&builder);
        g_autofree char *forest = describe(activity);
        assert_string_equal(forest, rows[i].forest);
    }
}

static void forest__build__counts_below_and_shows_each_once(void **state)
{
    struct activity_builder builder;
    gboolean seen[301] = {FALSE};
    (void)state;
    activity_builder_init(&builder);
    for (int pid = 300; pid >= 1; pid--) {
        g_autofree char *blocker = pid > 1 ? g_strdup_printf("%d", pid / 2) : g_strdup("");
        add(&builder, pid, blocker);
    }
    AUTOPTR(activity) *activity = activity_builder_activity(&builder);
    assert_int_equal(activity->forest_count, 300);
    assert_int_equal(activity->forest[0].pid, 1);
    assert_int_equal(activity->forest[0].below, 299);
    for (guint i = 0; i < activity->forest_count; i++) {
        assert_false(seen[activity->forest[i].pid]);
        seen[activity->forest[i].pid] = TRUE;
    }
    assert_int_equal(activity_session(activity, 77)->pid, 77);
    assert_null(activity_session(activity, 301));
}

static gpointer read_and_drop(gpointer data)
{
    struct pulse *pulse = data;
    guint length = 0;
    for (guint i = 0; i < pulse->run_count; i++)
        length += (guint)strlen(pulse->runs[i].application);
    pulse_unref(pulse);
    return GUINT_TO_POINTER(length);
}

static void pulse__share__outlives_whoever_took_it(void **state)
{
    struct activity_builder builder;
    struct lock_holder holder = {.pid = 7, .application = "winch 7c1e09 up 000045 3/7"};
    g_autofree char *problem = g_strdup("another tool's");
    struct version_state version = {.kind = VERSION_TABLE_FOREIGN, .problem = problem};
    GThread *threads[4];
    (void)state;
    activity_builder_init(&builder);
    activity_builder_holder(&builder, &holder);
    struct pulse *pulse = activity_builder_pulse(&builder, &version);
    memset(problem, 'x', strlen(problem));
    assert_string_equal(pulse->version.problem, "another tool's");
    assert_int_equal(pulse->holder, 0);
    assert_int_equal(pulse->runs[0].run.version, 45);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("reader", read_and_drop, pulse_ref(pulse));
    pulse_unref(pulse);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        assert_int_equal(GPOINTER_TO_UINT(g_thread_join(threads[i])), 26);
}

static void builder__clear__frees_what_was_gathered(void **state)
{
    struct activity_builder builder;
    (void)state;
    activity_builder_init(&builder);
    add(&builder, 1, "2,3");
    activity_builder_clear(&builder);
    activity_builder_clear(&builder);
    assert_null(builder.sessions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_name__parse__reads_what_runs_call_themselves),
        cmocka_unit_test(run_name__parse__refuses_anything_else),
        cmocka_unit_test(forest__build__shows_who_waits_for_whom),
        cmocka_unit_test(forest__build__counts_below_and_shows_each_once),
        cmocka_unit_test(pulse__share__outlives_whoever_took_it),
        cmocka_unit_test(builder__clear__frees_what_was_gathered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
