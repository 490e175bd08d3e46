/* winch verify: every class found and named, nothing left, what is known not looked at again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "support/cluster.h"
#include "support/program.h"

#define PATIENCE (30 * G_USEC_PER_SEC)

struct verifying {
    char *folder; /* the cache is in it, and whatever is made in TMPDIR */
    char *url;
    char *pairs;
};

static int setup(void **state)
{
    struct verifying *test = g_new0(struct verifying, 1);
    test->folder = workspace_make();
    test->url = cluster_url(NULL);
    test->pairs = g_build_filename(g_getenv("WINCH_TESTS"), "migrations", "pairs", NULL);
    g_autofree char *cache = g_build_filename(test->folder, "cache", NULL);
    g_setenv("XDG_CACHE_HOME", cache, TRUE);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct verifying *test = *state;
    g_unsetenv("XDG_CACHE_HOME");
    workspace_remove(test->folder);
    g_free(test->url);
    g_free(test->pairs);
    g_free(test);
    return 0;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_says(const struct program_result *result, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        assert_contains(result->out, *parts);
}

/* On the test's own server, which takes no initdb. */
static struct program_result verify(const struct verifying *test, const char *folder,
                                    const char *option, const char *value)
{
    const char *words[] = {"-path", folder, "verify", "--scratch", test->url, option, value, NULL};
    return program_finish(program_start(words));
}

static void assert_no_scratch_database(void)
{
    g_autofree char *left = cluster_value(
        NULL, "SELECT count(*) FROM pg_database WHERE datname LIKE 'winch\\_scratch%'");
    assert_string_equal(left, "0");
}

static void verify__pairs__finds_and_names_every_class(void **state)
{
    const struct verifying *test = *state;
    static const char *const parts[] = {
        "exact             000001",
        "down fails        000002",
        "column \"wieght\" of relation \"orders\" does not exist [42703]",
        "lost: grants to PUBLIC of table public.orders: SELECT",
        "lost: default of column public.orders.state: 'open'::text",
        "lost: index public.orders_state_idx",
        "leftover          000004",
        "leftover: function public.tag(text)",
        "order             000005",
        "data              000006",
        "other values in public.sizes.name after up and down (its own rows)",
        "data              000007",
        "other values in public.orders.note after up and down (rows made for this)",
        "up again fails    000008",
        "type \"mood\" already exists [42710]",
        "no down           000009",
        "irreversible      000010",
        "usual leftover    000011",
        "exact             000012",
        "allowed           000013",
        "schema shared (allowed by down-incomplete: other teams use the schema by now)",
        "down fails        000014",
        "contains null values (where these tables have rows) [23502]",
        "up fails          000015",
        "000015_up_fails.up.sql:2:1: division by zero [22012]",
        "skipped           000016",
        "it needs 000015, which did not go up",
        "exact             000017",
        "leftover          000018",
        "leftover: index public.orders_id_idx",
        "18 migrations: 3 exact, 1 allowed, 1 order",
        NULL,
    };
    struct program_result result = verify(test, test->pairs, NULL, NULL);
    assert_int_equal(result.status, 6);
    assert_says(&result, parts);
    assert_contains(result.err, "11 of 18 migrations");
    program_result_clear(&result);
    assert_no_scratch_database();
    struct program_result again = verify(test, test->pairs, NULL, NULL);
    assert_int_equal(again.status, 6);
    assert_says(&again, parts);
    assert_contains(again.out, "all of it known from before");
    program_result_clear(&again);
}

static void put_pair(const struct verifying *test, const char *digits, const char *up,
                     const char *down)
{
    g_autofree char *up_name = g_strdup_printf("%s_a.up.sql", digits);
    g_autofree char *down_name = g_strdup_printf("%s_a.down.sql", digits);
    workspace_put(test->folder, up_name, up);
    workspace_put(test->folder, down_name, down);
}

static void verify__cache__goes_by_all_texts_so_far(void **state)
{
    const struct verifying *test = *state;
    put_pair(test, "1", "CREATE TABLE a (x int);", "DROP TABLE a;");
    put_pair(test, "2", "ALTER TABLE a ADD y int;", "ALTER TABLE a DROP y;");
    put_pair(test, "3", "CREATE TABLE c (x int);", "DROP TABLE c;");
    struct program_result first = verify(test, test->folder, NULL, NULL);
    assert_contains(first.out, "0 known from before");
    program_result_clear(&first);
    put_pair(test, "2", "ALTER TABLE a ADD y int DEFAULT 1;", "ALTER TABLE a DROP y;");
    struct program_result second = verify(test, test->folder, NULL, NULL);
    assert_contains(second.out, "3 migrations: 3 exact");
    assert_contains(second.out, "1 known from before");
    program_result_clear(&second);
    struct program_result anew = verify(test, test->folder, "--no-cache", NULL);
    assert_contains(anew.out, "0 known from before");
    program_result_clear(&anew);
    g_autofree char *cache = g_build_filename(test->folder, "cache", "winch", "verify", NULL);
    GStatBuf status;
    assert_int_equal(g_stat(cache, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void verify__range__looks_at_no_other(void **state)
{
    const struct verifying *test = *state;
    put_pair(test, "1", "CREATE TABLE a (x int);", "SELECT 1;");
    put_pair(test, "2", "ALTER TABLE a ADD y int;", "ALTER TABLE a DROP y;");
    put_pair(test, "3", "CREATE TABLE c (x int);", "SELECT 1;");
    const char *words[] = {"-path",     test->folder, "verify", "2",
                           "--scratch", test->url,    "--json", NULL};
    struct program_result result = program_finish(program_start(words));
    assert_int_equal(result.status, 0);
    assert_contains(result.out, "\"class\": \"exact\"");
    assert_contains(result.out, "\"version\": 2");
    assert_null(strstr(result.out, "\"version\": 3"));
    program_result_clear(&result);
}

static void verify__strict_and_junit__are_for_continuous_integration(void **state)
{
    const struct verifying *test = *state;
    g_autofree char *junit = g_build_filename(test->folder, "junit.xml", NULL);
    g_autofree char *xml = NULL;
    put_pair(test, "1", "CREATE TABLE a (x int, y int); CREATE TYPE m AS ENUM ('a');",
             "DROP TYPE m; DROP TABLE a;");
    put_pair(test, "2", "ALTER TYPE m ADD VALUE IF NOT EXISTS 'b<&';", "SELECT 1;");
    struct program_result lax = verify(test, test->folder, NULL, NULL);
    assert_int_equal(lax.status, 0);
    program_result_clear(&lax);
    const char *words[] = {"-path",   test->folder, "verify",   "--scratch", test->url,
                           "--junit", junit,        "--strict", NULL};
    struct program_result strict = program_finish(program_start(words));
    assert_int_equal(strict.status, 6);
    program_result_clear(&strict);
    assert_true(g_file_get_contents(junit, &xml, NULL, NULL));
    assert_contains(xml, "tests=\"2\" failures=\"1\"");
    assert_contains(xml, "<failure type=\"usual-leftover\"");
    assert_contains(xml, "b&lt;&amp;");
}

static void verify__seed__is_there_to_be_lost(void **state)
{
    const struct verifying *test = *state;
    g_autofree char *rows = g_build_filename(test->folder, "rows.txt", NULL);
    g_autofree char *seed = g_strdup_printf("1=%s", rows);
    put_pair(test, "1", "CREATE TABLE a (x int, CHECK (x BETWEEN 70 AND 80));", "DROP TABLE a;");
    put_pair(test, "2", "UPDATE a SET x = x + 1;", "UPDATE a SET x = x - 2;");
    workspace_put(test->folder, "rows.txt", "INSERT INTO a VALUES (75)");
    struct program_result bare = verify(test, test->folder, NULL, NULL);
    assert_int_equal(bare.status, 0);
    program_result_clear(&bare);
    struct program_result seeded = verify(test, test->folder, "--seed", seed);
    assert_int_equal(seeded.status, 6);
    assert_contains(seeded.out, "other values in public.a.x");
    program_result_clear(&seeded);
}

static void verify__hostile_file__reaches_no_terminal(void **state)
{
    const struct verifying *test = *state;
    put_pair(test, "1", "CREATE TABLE \"a\033[31m\" (x int);", "SELECT 1;");
    struct program_result result = verify(test, test->folder, NULL, NULL);
    assert_int_equal(result.status, 6);
    assert_null(strchr(result.out, '\033'));
    program_result_clear(&result);
}

static void verify__samples__are_exact(void **state)
{
    const struct verifying *test = *state;
    g_autofree char *samples = g_build_filename(g_getenv("WINCH_TESTS"), "..", "migrations", NULL);
    struct program_result result = verify(test, samples, "--strict", NULL);
    assert_int_equal(result.status, 0);
    assert_contains(result.out, "6 migrations: 6 exact");
    program_result_clear(&result);
}

/* A verification that is in the middle of a migration that takes a minute. */
static struct program *start_and_sleep(const struct verifying *test)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    const char *words[] = {"-path", test->folder, "verify", "--scratch", test->url, NULL};
    struct program *program = program_start(words);
    for (;;) {
        g_autofree char *sleeping = cluster_value(
            NULL, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND "
                  "datname LIKE 'winch\\_scratch%' AND state = 'active'");
        if (strcmp(sleeping, "1") == 0)
            return program;
        assert_true(g_get_monotonic_time() < deadline);
        g_usleep(20000);
    }
}

static void verify__killed__leaves_nothing(void **state)
{
    const struct verifying *test = *state;
    put_pair(test, "1", "SELECT pg_sleep(60);", "SELECT 1;");
    struct program *program = start_and_sleep(test);
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    kill(program_pid(program), SIGKILL);
    struct program_result result = program_finish(program);
    program_result_clear(&result);
    for (;;) {
        g_autofree char *left = cluster_value(
            NULL, "SELECT count(*) FROM pg_database WHERE datname LIKE 'winch\\_scratch%'");
        if (strcmp(left, "0") == 0)
            return;
        assert_true(g_get_monotonic_time() < deadline);
        g_usleep(20000);
    }
}

static void verify__interrupted__goes_on_where_it_was(void **state)
{
    const struct verifying *test = *state;
    put_pair(test, "1", "CREATE TABLE a (x int);", "DROP TABLE a;");
    put_pair(test, "2", "SELECT pg_sleep(60);", "SELECT 1;");
    struct program *program = start_and_sleep(test);
    kill(program_pid(program), SIGINT);
    kill(program_pid(program), SIGINT);
    struct program_result stopped = program_finish(program);
    assert_int_equal(stopped.status, 130);
    program_result_clear(&stopped);
    assert_no_scratch_database();
    put_pair(test, "2", "SELECT 2;", "SELECT 1;");
    struct program_result on = verify(test, test->folder, NULL, NULL);
    assert_contains(on.out, "1 known from before");
    program_result_clear(&on);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(verify__pairs__finds_and_names_every_class),
        TEST(verify__cache__goes_by_all_texts_so_far),
        TEST(verify__range__looks_at_no_other),
        TEST(verify__strict_and_junit__are_for_continuous_integration),
        TEST(verify__seed__is_there_to_be_lost),
        TEST(verify__hostile_file__reaches_no_terminal),
        TEST(verify__samples__are_exact),
        TEST(verify__killed__leaves_nothing),
        TEST(verify__interrupted__goes_on_where_it_was),
    };
    return cmocka_run_group_tests_name("verify", tests, cluster_setup, cluster_teardown);
}
