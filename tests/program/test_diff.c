/* What diff and validate print: the difference, what would undo it, exit statuses; and nothing that
 * steers a terminal, or leaves a comment, whatever an object is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "support/cluster.h"
#include "support/program.h"

struct diff_test {
    char *directory, *url;
};

static int setup(void **state)
{
    struct diff_test *test = g_new0(struct diff_test, 1);
    test->directory = workspace_make();
    test->url = cluster_create_database("diff");
    workspace_put(test->directory, "0001_one.up.sql",
                  "CREATE TABLE one (i int DEFAULT 1, t text);\nCREATE INDEX one_t ON one (t);\n");
    workspace_put(test->directory, "0001_one.down.sql", "DROP TABLE one;\n");
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct diff_test *test = *state;
    workspace_remove(test->directory);
    g_free(test->url);
    g_free(test);
    return 0;
}

#define WINCH(test, ...)                                                                           \
    program_run("-path", (test)->directory, "-database", (test)->url, "-environment",              \
                "development", __VA_ARGS__, NULL)

#define assert_says(text, part)                                                                    \
    do {                                                                                           \
        if (strstr(text, part) == NULL)                                                            \
            fail_msg("\"%s\" is not in \"%s\"", part, text);                                       \
    } while (0)

/* One run of winch: its exit status and, in what it printed, each of these (NULL-terminated). */
static void expect(struct program_result result, int status, const char *const *parts)
{
    g_autofree char *all = g_strconcat(result.out, result.err, NULL);
    if (result.status != status)
        fail_msg("exit status %d, not %d: %s", result.status, status, all);
    for (; *parts != NULL; parts++)
        assert_says(all, *parts);
    program_result_clear(&result);
}
#define EXPECT(result, status, ...) expect(result, status, (const char *const[]){__VA_ARGS__, NULL})

static void diff__output__names_and_undoes(void **state)
{
    struct diff_test *test = *state;
    EXPECT(WINCH(test, "diff"), 1, "the schema of version none is not recorded here");
    EXPECT(WINCH(test, "up"), 0, "1 migration up");
    EXPECT(WINCH(test, "diff"), 0, "the schema is as it was recorded");
    EXPECT(WINCH(test, "validate"), 0, "agree");
    cluster_exec("diff", "ALTER TABLE one ALTER i SET DEFAULT 2; DROP INDEX one_t;"
                         "CREATE TABLE two (i int)");
    EXPECT(WINCH(test, "diff"), 6, "version 0001, recorded ",
           "\n  changed column public.one.i: default 1 became 2\n",
           "\n  removed index public.one_t\n", "\n  added table public.two",
           "\n  ALTER TABLE public.one ALTER COLUMN i SET DEFAULT 1;\n",
           "\n  CREATE INDEX CONCURRENTLY one_t ON public.one USING btree (t);\n",
           "\n  -- DROP TABLE public.two; -- destroys what is in it\n",
           "winch: 3 differences from the recorded schema");
    EXPECT(WINCH(test, "--json", "diff", "1"), 6, "\"is_recorded\": true",
           "\"identity\": \"public.one_t\"", "\"repair_is_safe\": false", "\"code\": \"findings\"");
    EXPECT(WINCH(test, "validate"), 6, "schema          removed index public.one_t");
    EXPECT(WINCH(test, "--json", "validate"), 6, "\"is_notice\": false", "\"check\": \"schema\"");
    EXPECT(WINCH(test, "diff", "9"), 1, "the schema of version 9 is not recorded here");
    EXPECT(WINCH(test, "diff", "x"), 2, "x");
}

/* What a run records at its end would otherwise take a change by hand for granted in silence. */
static void diff__run__begins_by_saying_what_was_changed_by_hand(void **state)
{
    struct diff_test *test = *state;
    workspace_put(test->directory, "0002_two.up.sql", "CREATE TABLE two (i int);\n");
    workspace_put(test->directory, "0002_two.down.sql", "DROP TABLE two;\n");
    EXPECT(WINCH(test, "up", "1"), 0, "0001");
    cluster_exec("diff", "DROP INDEX one_t");
    EXPECT(WINCH(test, "up"), 0, "is not what it was when version 0001 was recorded",
           "removed index public.one_t", "this run goes on from there");
    EXPECT(WINCH(test, "diff", "1", "--first"), 6, "removed index public.one_t");
    cluster_exec("diff", "CREATE VIEW seen AS SELECT * FROM one");
    EXPECT(WINCH(test, "down"), 0, "when version 0002 was recorded", "added view public.seen");
}

static void diff__output__lets_no_name_out(void **state)
{
    struct diff_test *test = *state;
    EXPECT(WINCH(test, "up"), 0, "1 migration up");
    cluster_exec("diff", "CREATE TABLE \"a\nDROP TABLE one; \033[31m\" (\"b\033]0;x\007\" int);"
                         "COMMENT ON TABLE one IS E'\\x1b[2J'");
    struct program_result result = WINCH(test, "diff", "--verbose");
    assert_int_equal(result.status, 6);
    assert_null(strchr(result.out, '\033'));
    assert_null(strchr(result.out, '\007'));
    assert_null(strstr(result.out, "\nDROP"));
    assert_says(result.out, "-- DROP TABLE public.\"a DROP TABLE one; ^[[31m\";");
    program_result_clear(&result);
}

static void diff__sqlite__compares_as_well(void **state)
{
    struct diff_test *test = *state;
    g_autofree char *url = g_strdup_printf("sqlite3://%s/app.db", test->directory);
    g_free(test->url);
    test->url = g_steal_pointer(&url);
    EXPECT(WINCH(test, "up"), 0, "1 migration up");
    EXPECT(WINCH(test, "diff"), 0, "the schema is as it was recorded");
    workspace_put(test->directory, "0002_two.up.sql", "CREATE TABLE two (i int);\n");
    workspace_put(test->directory, "0002_two.down.sql", "DROP INDEX one_t; DROP TABLE two;\n");
    EXPECT(WINCH(test, "up"), 0, "1 migration up");
    EXPECT(WINCH(test, "down"), 0, "the schema is not what it was when version 0001 was reached",
           "removed index one_t");
    EXPECT(WINCH(test, "diff", "--first"), 6, "removed index one_t");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(diff__output__names_and_undoes),
        TEST(diff__run__begins_by_saying_what_was_changed_by_hand),
        TEST(diff__output__lets_no_name_out),
        TEST(diff__sqlite__compares_as_well),
    };
    return cmocka_run_group_tests_name("diff", tests, cluster_setup, cluster_teardown);
}
