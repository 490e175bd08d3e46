/* Receipts on SQLite, which knows its things by name alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "database/receipt.h"
#include "sqlite_fixture.h"

/* What the statements destroy: "table a 3, column b.x 2" of those that stand for themselves. */
static char *taken(struct sqlite_fixture *fixture, const char *const *statements)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GPtrArray) losses = losses_new();
    g_autoptr(GError) error = NULL;
    struct run_result result;
    AUTOPTR(fixture_job) *job = fixture_job_new(fixture, PROTOCOL_TRANSACTION, 1, -1, statements);
    assert_true(database_rehearsal_begin(fixture->database, 1000, NULL));
    AUTOPTR(inventory) *inventory = database_inventory_read(fixture->database, &error);
    if (inventory == NULL || !database_rehearse(fixture->database, &job->job, &result, &error) ||
        !database_inventory_compare(fixture->database, inventory, 0, NULL, losses, &error))
        fail_msg("%s", error->message);
    database_rehearsal_end(fixture->database);
    assert_false(inventory_counts_changes(inventory));
    assert_true(database_losses_count(fixture->database, losses, 10000, 1000, NULL));
    for (guint i = 0; i < losses->len; i++) {
        const struct loss *loss = losses->pdata[i];
        if (loss->with == NULL)
            g_string_append_printf(text, "%s%s %s %" G_GINT64_FORMAT, text->len > 0 ? ", " : "",
                                   loss_kind_name(loss->kind, FALSE), loss->name, loss->rows);
    }
    return g_string_free(text, FALSE);
}

#define assert_taken(fixture, expected, ...)                                                       \
    do {                                                                                           \
        const char *const statements_[] = {__VA_ARGS__, NULL};                                     \
        g_autofree char *text_ = taken(fixture, statements_);                                      \
        assert_string_equal(text_, expected);                                                      \
    } while (0)

static void sqlite_receipt__drops__are_counted(void **state)
{
    struct sqlite_fixture *fixture = *state;
    fixture_install(fixture);
    fixture_exec(fixture,
                 "CREATE TABLE a (x int, y text); CREATE INDEX a_x ON a (x);"
                 "INSERT INTO a VALUES (1, 'one'), (2, NULL), (3, 'three');"
                 "CREATE TABLE \"odd \"\"one\" (z); INSERT INTO \"odd \"\"one\" VALUES (1);"
                 "CREATE VIEW v AS SELECT 1");
    assert_taken(fixture, "table a 3", "DROP TABLE a");
    assert_taken(fixture, "column a.y 2", "ALTER TABLE a DROP COLUMN y");
    assert_taken(fixture, "table odd \"one 1, view v -1, index a_x -1",
                 "DROP TABLE \"odd \"\"one\"", "DROP VIEW v", "DROP INDEX a_x");
    fixture_expect(fixture, "SELECT count(*) FROM a", "3");
}

static void sqlite_receipt__renames_and_copies__lose_nothing(void **state)
{
    struct sqlite_fixture *fixture = *state;
    fixture_install(fixture);
    fixture_exec(fixture, "CREATE TABLE a (x int, y text); INSERT INTO a VALUES (1, 'one')");
    assert_taken(fixture, "", "ALTER TABLE a RENAME TO b");
    assert_taken(fixture, "", "ALTER TABLE a RENAME COLUMN x TO z");
    assert_taken(fixture, "column a.y 1", "CREATE TABLE n (x int)", "INSERT INTO n SELECT x FROM a",
                 "DROP TABLE a", "ALTER TABLE n RENAME TO a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sqlite_receipt__drops__are_counted),
        TEST(sqlite_receipt__renames_and_copies__lose_nothing),
    };
    return cmocka_run_group_tests_name("sqlite_receipt", tests, NULL, NULL);
}
