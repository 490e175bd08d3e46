/* Receipts: what a rehearsal takes away is found and counted, and nothing else is. */
#include "postgres/run_support.h"

#include <libpq-fe.h>
#include <string.h>

#include "database/receipt.h"
#include "support/cluster.h"

/* One receipt: the world before is made by sql, the job is what goes back. */
struct taken {
    GPtrArray *losses;
    char *since;
};

static void taken_clear(struct taken *taken)
{
    g_ptr_array_unref(taken->losses);
    g_free(taken->since);
}
#define AUTOTAKEN __attribute__((cleanup(taken_clear))) struct taken

static struct taken take_since(struct run_test *test, char *since, const char *const *statements)
{
    struct taken taken = {losses_new(), since};
    AUTOPTR(job) *job = job_new(test, PROTOCOL_TRANSACTION, statements);
    assert_true(database_rehearsal_begin(test->database, 1000, NULL));
    AUTOPTR(inventory) *inventory = database_inventory_read(test->database, &test->error);
    if (inventory == NULL)
        fail_msg("%s", test->error->message);
    if (!database_rehearse(test->database, &job->job, &test->result, &test->error) ||
        !database_inventory_compare(test->database, inventory, 0, since, taken.losses,
                                    &test->error))
        fail_msg("%s", test->error->message);
    database_rehearsal_end(test->database);
    return taken;
}
#define TAKE(test, ...) take_since(test, NULL, (const char *const[]){__VA_ARGS__, NULL})

static void count(struct run_test *test, const struct taken *taken, gint64 budget)
{
    if (!database_losses_count(test->database, taken->losses, budget, 200, &test->error))
        fail_msg("%s", test->error->message);
}

/* Each loss that stands for itself: "table public.a 3 exact", joined by ", ". */
static char *text_of(const struct taken *taken)
{
    static const char *const bases[] = {"-", "exact", "estimate"};
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < taken->losses->len; i++) {
        const struct loss *loss = taken->losses->pdata[i];
        if (loss->with == NULL)
            g_string_append_printf(text, "%s%s %s %" G_GINT64_FORMAT " %s",
                                   text->len > 0 ? ", " : "", loss_kind_name(loss->kind, FALSE),
                                   loss->name, loss->rows, bases[loss->basis]);
    }
    return g_string_free(text, FALSE);
}

#define assert_losses(taken, expected)                                                             \
    do {                                                                                           \
        g_autofree char *text_ = text_of(taken);                                                   \
        assert_string_equal(text_, expected);                                                      \
    } while (0)

static const struct loss *loss_called(const struct taken *taken, const char *name)
{
    for (guint i = 0; i < taken->losses->len; i++)
        if (strcmp(((const struct loss *)taken->losses->pdata[i])->name, name) == 0)
            return taken->losses->pdata[i];
    fail_msg("%s is not among the losses", name);
    return NULL;
}

static guint going_with(const struct taken *taken, const struct loss *loss, enum loss_kind kind)
{
    guint count = 0;
    for (guint i = 0; i < taken->losses->len; i++) {
        const struct loss *other = taken->losses->pdata[i];
        count += other->with == loss && other->kind == kind ? 1 : 0;
    }
    return count;
}

static void make(const char *sql)
{
    cluster_exec("run", sql);
}

static void receipt__table__is_counted_with_what_goes_along(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (id serial PRIMARY KEY, x text); CREATE INDEX a_x ON a (x);"
         "INSERT INTO a (x) SELECT 'x' FROM generate_series(1, 1200)");
    AUTOTAKEN taken = TAKE(test, "DROP TABLE a");
    count(test, &taken, 0);
    assert_losses(&taken, "table public.a 1200 exact");
    const struct loss *table = loss_called(&taken, "public.a");
    assert_int_equal(going_with(&taken, table, LOSS_INDEX), 1);
    assert_int_equal(going_with(&taken, table, LOSS_SEQUENCE), 1);
    assert_int_equal(going_with(&taken, table, LOSS_CONSTRAINT), 1);
    assert_int_equal(going_with(&taken, table, LOSS_COLUMN), 2);
    assert_true(table->bytes > 1200 * 20);
    assert_value("1200", "SELECT count(*) FROM a");
}

static void receipt__column__counts_what_is_not_null(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (id int, x text); CREATE INDEX a_x ON a (x);"
         "INSERT INTO a SELECT i, CASE WHEN i <= 7 THEN 'abc' END FROM generate_series(1, 10) i");
    AUTOTAKEN taken = TAKE(test, "ALTER TABLE a DROP COLUMN x");
    count(test, &taken, 0);
    assert_losses(&taken, "column public.a.x 7 exact");
    const struct loss *column = loss_called(&taken, "public.a.x");
    assert_int_equal(column->of_rows, 10);
    assert_int_equal(column->bytes, 7 * 4);
    assert_int_equal(going_with(&taken, column, LOSS_INDEX), 1);
}

static void receipt__rows__are_found_where_they_went(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p ON DELETE "
         "CASCADE); CREATE TABLE t (x int); INSERT INTO p SELECT generate_series(1, 5);"
         "INSERT INTO c SELECT 1 FROM generate_series(1, 20); INSERT INTO t VALUES (1), (2);"
         "CREATE TABLE untouched (x int); INSERT INTO untouched VALUES (1)");
    AUTOTAKEN taken = TAKE(test, "DELETE FROM p WHERE id < 3", "UPDATE p SET id = id + 100",
                           "TRUNCATE t", "INSERT INTO untouched VALUES (2)");
    count(test, &taken, 0);
    assert_losses(&taken, "table emptied public.t 2 exact, rows deleted public.c 20 exact, "
                          "rows deleted public.p 2 exact, rows updated public.p 3 exact");
}

static void receipt__rename_and_rewrite__lose_nothing(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (x int); INSERT INTO a VALUES (1); CREATE TABLE empty (x int)");
    AUTOTAKEN taken = TAKE(test, "ALTER TABLE a RENAME TO b", "ALTER TABLE b RENAME x TO y",
                           "ALTER TABLE b ALTER y TYPE bigint", "CREATE TABLE made (x int)",
                           "DROP TABLE made", "TRUNCATE empty");
    count(test, &taken, 0);
    assert_losses(&taken, "");
}

static void receipt__cascade__names_what_goes_along(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a);"
         "CREATE VIEW v AS SELECT id FROM a; CREATE TYPE mood AS ENUM ('good');"
         "CREATE FUNCTION f(a) RETURNS int LANGUAGE sql AS 'SELECT 1'");
    AUTOTAKEN taken = TAKE(test, "DROP TABLE a CASCADE", "DROP TYPE mood");
    count(test, &taken, 0);
    assert_losses(&taken, "table public.a 0 exact, view public.v -1 -, constraint "
                          "public.b.b_a_fkey -1 -, type public.mood -1 -, function "
                          "public.f(public.a) -1 -");
}

static void receipt__partitions__are_counted_with_their_table(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (x int, y int) PARTITION BY RANGE (x);"
         "CREATE TABLE a1 PARTITION OF a FOR VALUES FROM (0) TO (10);"
         "CREATE TABLE a2 PARTITION OF a FOR VALUES FROM (10) TO (20);"
         "INSERT INTO a SELECT i, i FROM generate_series(0, 19) i");
    AUTOTAKEN dropped = TAKE(test, "DROP TABLE a");
    count(test, &dropped, 0);
    assert_losses(&dropped, "table public.a 20 exact");
    assert_true(loss_called(&dropped, "public.a")->bytes >= 2 * 8192);
    AUTOTAKEN column = TAKE(test, "ALTER TABLE a DROP COLUMN y");
    count(test, &column, 0);
    assert_losses(&column, "column public.a.y 20 exact");
    AUTOTAKEN one = TAKE(test, "DROP TABLE a2");
    count(test, &one, 0);
    assert_losses(&one, "table public.a2 10 exact");
}

static void receipt__written_since__counts_rows_after_the_up(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (x int); INSERT INTO a SELECT generate_series(1, 50)");
    char *since = cluster_value("run", "INSERT INTO a VALUES (0) RETURNING pg_current_xact_id()");
    make("INSERT INTO a SELECT generate_series(1, 8); UPDATE a SET x = -1 WHERE x = 0");
    make("VACUUM (FREEZE) a");
    AUTOTAKEN taken = take_since(test, since, (const char *const[]){"DROP TABLE a", NULL});
    count(test, &taken, 0);
    assert_losses(&taken, "table public.a 59 exact");
    const struct loss *table = loss_called(&taken, "public.a");
    assert_int_equal(table->written_since, 9);
    assert_false(table->written_at_most);
}

static void receipt__xid_from_elsewhere__tells_nothing(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (x int); INSERT INTO a VALUES (1)");
    AUTOTAKEN taken =
        take_since(test, g_strdup("4294968000"), (const char *const[]){"DROP TABLE a", NULL});
    count(test, &taken, 0);
    assert_int_equal(loss_called(&taken, "public.a")->written_since, -1);
}

static void receipt__no_time__estimates_and_says_so(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (x int, y int); INSERT INTO a SELECT i, CASE WHEN i % 2 = 0 THEN i END "
         "FROM generate_series(1, 2000) i; ANALYZE a; CREATE TABLE never (x int) WITH "
         "(autovacuum_enabled = off)");
    AUTOTAKEN taken = TAKE(test, "ALTER TABLE a DROP COLUMN y", "DROP TABLE never");
    AUTOTAKEN whole = TAKE(test, "DROP TABLE a");
    /* what is locked cannot be counted, and holds nobody up for long */
    g_autofree char *url = cluster_url("run");
    PGconn *holder = PQconnectdb(url);
    PQclear(PQexec(holder, "BEGIN; LOCK TABLE a, never IN ACCESS EXCLUSIVE MODE"));
    count(test, &taken, 0);
    count(test, &whole, 0);
    PQfinish(holder);
    assert_losses(&taken, "table public.never -1 -, column public.a.y 1000 estimate");
    assert_losses(&whole, "table public.a 2000 estimate");
    assert_contains(loss_called(&whole, "public.a")->note, "holds a lock on it");
    assert_contains(loss_called(&whole, "public.a")->note, "ANALYZE");
    assert_contains(loss_called(&taken, "public.never")->note, "never analyzed");
}

static void receipt__budget__bounds_the_counting(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE big (x int, f text GENERATED ALWAYS AS ('x') STORED);"
         "INSERT INTO big SELECT generate_series(1, 400000); ANALYZE big;"
         "CREATE TABLE small (x int); INSERT INTO small VALUES (1)");
    AUTOTAKEN taken = TAKE(test, "DROP TABLE big", "DROP TABLE small");
    gint64 started = g_get_monotonic_time();
    count(test, &taken, 1);
    assert_true(g_get_monotonic_time() - started < 2 * G_USEC_PER_SEC);
    assert_int_equal(loss_called(&taken, "public.big")->basis, LOSS_ESTIMATED);
    assert_true(loss_called(&taken, "public.big")->rows > 350000);
}

static void receipt__locks__are_gone_while_it_counts(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (x int)");
    AUTOTAKEN taken = TAKE(test, "DROP TABLE a");
    assert_value("0", "SELECT count(*) FROM pg_locks WHERE relation = 'a'::regclass");
    make("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE NOWAIT; COMMIT");
    count(test, &taken, 0);
    assert_losses(&taken, "table public.a 0 exact");
}

static void receipt__row_security__is_no_way_to_a_wrong_number(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (x int); INSERT INTO a VALUES (1), (2); ALTER TABLE a ENABLE ROW LEVEL "
         "SECURITY; ALTER TABLE a FORCE ROW LEVEL SECURITY; ANALYZE a; DROP ROLE IF EXISTS clerk;"
         "CREATE ROLE clerk; ALTER TABLE a OWNER TO clerk; GRANT ALL ON SCHEMA public TO clerk");
    AUTOTAKEN taken = TAKE(test, "DROP TABLE a");
    g_autofree char *url = cluster_url("run");
    g_autofree char *as_clerk = g_strconcat(url, "&options=-c%20role%3Dclerk", NULL);
    const struct database_options options = {.url = as_clerk};
    struct database *clerk = database_open(&options, &test->error);
    if (clerk == NULL)
        fail_msg("%s", test->error->message);
    assert_true(database_losses_count(clerk, taken.losses, 0, 200, NULL));
    database_close(clerk);
    make("DROP OWNED BY clerk; DROP ROLE clerk");
    const struct loss *table = loss_called(&taken, "public.a");
    assert_int_equal(table->basis, LOSS_ESTIMATED);
    assert_int_equal(table->rows, 2);
}

static void receipt__names__are_quoted_where_they_must_be(void **state)
{
    struct run_test *test = *state;
    make("CREATE SCHEMA \"Odd one\"; CREATE TABLE \"Odd one\".\"a;\"\"b\" (\"x\"\"y\" int, z int);"
         "INSERT INTO \"Odd one\".\"a;\"\"b\" VALUES (1, 1), (NULL, 2)");
    AUTOTAKEN taken = TAKE(test, "ALTER TABLE \"Odd one\".\"a;\"\"b\" DROP COLUMN \"x\"\"y\"");
    count(test, &taken, 0);
    assert_losses(&taken, "column \"Odd one\".\"a;\"\"b\".\"x\"\"y\" 1 exact");
}

static void receipt__own_tables_and_extensions__are_left_out(void **state)
{
    struct run_test *test = *state;
    make("CREATE EXTENSION IF NOT EXISTS plpgsql");
    AUTOTAKEN taken = TAKE(test, "DROP EXTENSION plpgsql CASCADE", "DELETE FROM schema_migrations");
    assert_contains(loss_kind_name(LOSS_EXTENSION, FALSE), "extension");
    for (guint i = 0; i < taken.losses->len; i++)
        assert_false(loss_kind_holds_data(((const struct loss *)taken.losses->pdata[i])->kind));
    assert_null(loss_called(&taken, "plpgsql")->with);
}

/* ---- what is read and not run ---------------------------------------------------------------- */

static void take_name(struct run_test *test, struct inventory *inventory,
                      const struct inventory_name *name, struct taken *taken, GPtrArray *others,
                      gboolean expected)
{
    gboolean is_there;
    assert_int_equal(database_inventory_take(test->database, inventory, name, 0, NULL,
                                             taken->losses, others, &is_there, &test->error),
                     expected);
    assert_int_equal(is_there, expected);
}

static void receipt__read__finds_what_would_go_and_what_is_in_the_way(void **state)
{
    struct run_test *test = *state;
    make("CREATE TABLE a (id int PRIMARY KEY, x int); CREATE TABLE b (a int REFERENCES a);"
         "CREATE VIEW v AS SELECT x FROM a; CREATE VIEW vv AS SELECT * FROM v;"
         "INSERT INTO a VALUES (1, NULL), (2, 2)");
    AUTOTAKEN taken = {losses_new(), NULL};
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    AUTOPTR(inventory) *inventory = database_inventory_read(test->database, NULL);
    struct inventory_name column = {.kind = LOSS_COLUMN, .relation = "a", .name = "x"};
    take_name(test, inventory, &column, &taken, others, TRUE);
    assert_int_equal(others->len, 2);
    assert_string_equal(others->pdata[0], "view public.v");
    struct inventory_name table = {LOSS_TABLE, "public", NULL, "a", TRUE};
    take_name(test, inventory, &table, &taken, others, TRUE);
    assert_int_equal(others->len, 2);
    take_name(test, inventory, &table, &taken, others, FALSE);
    count(test, &taken, 0);
    assert_losses(&taken, "table public.a 2 exact, view public.v -1 -, view public.vv -1 -, "
                          "constraint public.b.b_a_fkey -1 -");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, run_test_setup, run_test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(receipt__table__is_counted_with_what_goes_along),
        TEST(receipt__column__counts_what_is_not_null),
        TEST(receipt__rows__are_found_where_they_went),
        TEST(receipt__rename_and_rewrite__lose_nothing),
        TEST(receipt__cascade__names_what_goes_along),
        TEST(receipt__partitions__are_counted_with_their_table),
        TEST(receipt__written_since__counts_rows_after_the_up),
        TEST(receipt__xid_from_elsewhere__tells_nothing),
        TEST(receipt__no_time__estimates_and_says_so),
        TEST(receipt__budget__bounds_the_counting),
        TEST(receipt__locks__are_gone_while_it_counts),
        TEST(receipt__row_security__is_no_way_to_a_wrong_number),
        TEST(receipt__names__are_quoted_where_they_must_be),
        TEST(receipt__own_tables_and_extensions__are_left_out),
        TEST(receipt__read__finds_what_would_go_and_what_is_in_the_way),
    };
    return cmocka_run_group_tests_name("receipt", tests, cluster_setup, cluster_teardown);
}
