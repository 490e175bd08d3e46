/* winch receipt, and what a rollback says of itself before it is confirmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "support/cluster.h"
#include "support/program.h"

struct receipt_test {
    char *folder, *url;
};

static int setup(void **state)
{
    struct receipt_test *test = g_new0(struct receipt_test, 1);
    test->folder = workspace_make();
    test->url = cluster_create_database("receipt");
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct receipt_test *test = *state;
    workspace_remove(test->folder);
    g_free(test->url);
    g_free(test);
    return 0;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static struct program_result run(const struct receipt_test *test, const char *environment,
                                 const char *command, const char *word, const char *option)
{
    const char *words[] = {"-path",     test->folder, "-database", test->url, "--environment",
                           environment, command,      word,        option,    NULL};
    return program_finish(program_start(words));
}

/* Output of what succeeds. Free with g_free(). */
static char *said(const struct receipt_test *test, const char *environment, const char *command,
                  const char *word, const char *option)
{
    struct program_result result = run(test, environment, command, word, option);
    if (result.status != 0)
        fail_msg("status %d: %s", result.status, result.err);
    char *out = g_steal_pointer(&result.out);
    program_result_clear(&result);
    return out;
}

/* Orders with 120,000 rows, 2,000 of them written after the up. */
static void go_up(const struct receipt_test *test)
{
    workspace_put(test->folder, "1_a.up.sql",
                  "CREATE TABLE keep (id int PRIMARY KEY, note text);"
                  "INSERT INTO keep SELECT i FROM generate_series(1, 10) i;");
    workspace_put(test->folder, "1_a.down.sql", "DROP TABLE keep;");
    workspace_put(test->folder, "2_b.up.sql",
                  "CREATE TABLE orders (id int PRIMARY KEY);"
                  "INSERT INTO orders SELECT i FROM generate_series(1, 118000) i;"
                  "CREATE VIEW seen AS SELECT id FROM orders;");
    workspace_put(test->folder, "2_b.down.sql",
                  "DROP TABLE orders CASCADE; DELETE FROM keep WHERE id < 4;");
    g_free(said(test, "development", "up", NULL, NULL));
    cluster_exec("receipt", "INSERT INTO orders SELECT i FROM generate_series(118001, 120000) i");
}

static void receipt__down__says_exactly_what_goes(void **state)
{
    const struct receipt_test *test = *state;
    go_up(test);
    g_autofree char *out = said(test, "development", "receipt", NULL, NULL);
    assert_contains(out, "drops table orders: 120,000 rows, ");
    assert_contains(out, "(exact); 2,000 written since it was applied");
    assert_contains(out, "drops view seen; the file does not name it: it goes along");
    assert_contains(out, "deletes 3 rows of keep");
    assert_contains(out, "run here in a transaction that was rolled back");
    g_autofree char *count = cluster_value("receipt", "SELECT count(*) FROM orders");
    assert_string_equal(count, "120000");
}

static void receipt__production__is_read_and_still_counts(void **state)
{
    const struct receipt_test *test = *state;
    go_up(test);
    g_autofree char *out = said(test, "production", "receipt", NULL, NULL);
    assert_contains(out, "drops table orders: 120,000 rows, ");
    assert_contains(out, "drops view seen");
    assert_contains(out, "DELETE");
    assert_contains(out, "how many rows is not known before it runs");
    assert_contains(out, "read from the files and the catalog without running them");
    g_autofree char *json = said(test, "production", "receipt", "none", "--json");
    assert_contains(json, "\"rows\": 120000");
    assert_contains(json, "\"basis\": \"exact\"");
}

static void receipt__words__come_after_it(void **state)
{
    const struct receipt_test *test = *state;
    go_up(test);
    struct program_result result = run(test, "development", "down", "--all", NULL);
    assert_int_equal(result.status, 5);
    assert_contains(result.out, "drops table orders: 120,000 rows, ");
    assert_contains(result.err, "receipt none");
    assert_contains(result.out, "\n  dependents  warning ");
    assert_null(strstr(result.out, "\n  receipt ")); /* it has been said */
    program_result_clear(&result);
    struct program_result gate = run(test, "development", "gate", "none", "--json");
    assert_contains(gate.out, "\"name\": \"receipt\"");
    assert_contains(gate.out, "drops table orders: 120,000 rows, ");
    assert_contains(gate.out, "\"is_harmless\": false");
    program_result_clear(&gate);
    g_autofree char *dry = said(test, "development", "down", "--dry-run", NULL);
    assert_contains(dry, "drops table orders: 120,000 rows, ");
}

static void receipt__copies__are_told_with_where_to(void **state)
{
    const struct receipt_test *test = *state;
    go_up(test);
    workspace_put(test->folder, "2_b.down.sql",
                  "SELECT 1; CREATE TABLE orders_old AS SELECT * FROM orders WHERE id > 5;"
                  "DROP TABLE orders CASCADE;");
    g_autofree char *out = said(test, "development", "receipt", NULL, NULL);
    assert_contains(out, "copied by statement 2 into public.orders_old, as far as it selects them");
    g_autofree char *read = said(test, "production", "receipt", "none", "--json");
    assert_contains(read, "\"copied\": \"copied by statement 2 into ");
}

/* What is no copy: too late, of no rows, gone with the session, gone with the file. */
static void receipt__what_is_no_copy__is_not_told(void **state)
{
    static const char *const downs[] = {
        "TRUNCATE orders; CREATE TABLE old AS SELECT * FROM orders; DROP TABLE orders CASCADE;",
        "CREATE TABLE old AS SELECT * FROM orders WITH NO DATA; DROP TABLE orders CASCADE;",
        "CREATE TEMPORARY TABLE old AS SELECT * FROM orders; DROP TABLE orders CASCADE;",
        "CREATE TABLE old (id int); INSERT INTO old SELECT * FROM orders; DROP TABLE old;"
        "DROP TABLE orders CASCADE;",
        "INSERT INTO orders SELECT id + 500000 FROM orders; DROP TABLE orders CASCADE;",
    };
    const struct receipt_test *test = *state;
    go_up(test);
    for (gsize i = 0; i < G_N_ELEMENTS(downs); i++) {
        workspace_put(test->folder, "2_b.down.sql", downs[i]);
        g_autofree char *out = said(test, "development", "receipt", NULL, NULL);
        assert_contains(out, "drops table orders: ");
        if (strstr(out, "copied") != NULL)
            fail_msg("%s\n%s", downs[i], out);
    }
}

static void receipt__failing_down__is_told(void **state)
{
    const struct receipt_test *test = *state;
    go_up(test);
    workspace_put(test->folder, "2_b.down.sql", "DROP TABLE orders;");
    struct program_result result = run(test, "development", "receipt", NULL, NULL);
    assert_int_equal(result.status, 6);
    assert_contains(result.err, "other objects depend on it");
    program_result_clear(&result);
    g_autofree char *read = said(test, "production", "receipt", NULL, NULL);
    assert_contains(read, "would fail: in its way is view public.seen");
}

static void receipt__harmless__says_so(void **state)
{
    const struct receipt_test *test = *state;
    workspace_put(test->folder, "1_a.up.sql", "CREATE VIEW v AS SELECT 1 AS x;");
    workspace_put(test->folder, "1_a.down.sql", "DROP VIEW v;");
    g_free(said(test, "development", "up", NULL, NULL));
    g_autofree char *out = said(test, "development", "receipt", NULL, NULL);
    assert_contains(out, "receipt: destroys no rows and no values; drops 1 view");
    struct program_result wrong = run(test, "development", "receipt", "--on", "moon");
    assert_int_equal(wrong.status, 2);
    program_result_clear(&wrong);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(receipt__down__says_exactly_what_goes),
        TEST(receipt__production__is_read_and_still_counts),
        TEST(receipt__words__come_after_it),
        TEST(receipt__copies__are_told_with_where_to),
        TEST(receipt__what_is_no_copy__is_not_told),
        TEST(receipt__failing_down__is_told),
        TEST(receipt__harmless__says_so),
    };
    return cmocka_run_group_tests_name("program_receipt", tests, cluster_setup, cluster_teardown);
}
