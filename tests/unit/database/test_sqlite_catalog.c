/* The snapshot of a SQLite schema: what there is, what a change shows as, and what is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "database/catalog.h"
#include "sqlite_fixture.h"

static struct catalog *read_or_fail(struct sqlite_fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    struct catalog *catalog = database_catalog_read(fixture->database, &error);
    if (catalog == NULL)
        fail_msg("%s", error->message);
    return catalog;
}

static void expect_difference(struct sqlite_fixture *fixture, const char *sql, const char *expected)
{
    AUTOPTR(catalog) *before = read_or_fail(fixture);
    fixture_exec(fixture, sql);
    AUTOPTR(catalog) *after = read_or_fail(fixture);
    g_autoptr(GPtrArray) differences = catalog_difference(before, after);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < differences->len; i++) {
        const struct catalog_difference *difference = g_ptr_array_index(differences, i);
        g_autofree char *line = catalog_difference_text(difference);
        if (!difference->is_implied)
            g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", line);
    }
    g_autofree char *found = g_string_free(text, FALSE);
    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s", sql, found);
}

static void sqlite_catalog__change__shows_as_itself(void **state)
{
    static const struct {
        const char *sql, *difference;
    } rows[] = {
        {"CREATE TABLE a (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'x')",
         "added table a"},
        {"ALTER TABLE a ADD COLUMN born date", "added column a.born"},
        {"CREATE TABLE b (id int, a int REFERENCES a (id) ON DELETE CASCADE, UNIQUE (id, a))",
         "added table b"},
        {"CREATE INDEX i ON a (name)", "added index i"},
        {"DROP INDEX i; CREATE INDEX i ON a (name DESC)",
         "changed index i: definition CREATE INDEX i ON a (name) became CREATE INDEX i ON a (name "
         "DESC)"},
        {"CREATE VIEW v AS SELECT 1 AS one", "added view v"},
        {"CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END", "added trigger t"},
        {"CREATE TABLE \"Odd one\" (\"a b\" int)", "added table \"Odd one\""},
        {"ALTER TABLE \"Odd one\" RENAME COLUMN \"a b\" TO c",
         "removed column \"Odd one\".\"a b\"; added column \"Odd one\".c"},
        {"INSERT INTO a (id) VALUES (1)", ""},
        {"DROP TABLE a", "removed table a"},
    };
    struct sqlite_fixture *fixture = *state;
    fixture_install(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        expect_difference(fixture, rows[i].sql, rows[i].difference);
}

static void sqlite_catalog__read__tells_what_pragmas_know(void **state)
{
    struct sqlite_fixture *fixture = *state;
    fixture_install(fixture);
    fixture_exec(fixture, "CREATE TABLE a (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'x',"
                          " twice int GENERATED ALWAYS AS (id * 2) STORED) STRICT;"
                          "CREATE TABLE b (id int, a int REFERENCES a (id) ON DELETE CASCADE,"
                          " UNIQUE (id, a))");
    AUTOPTR(catalog) *catalog = read_or_fail(fixture);
    const struct catalog_object *name = catalog_find(catalog, "column", "a.name");
    assert_string_equal(catalog_attribute(name, "type"), "TEXT");
    assert_string_equal(catalog_attribute(name, "default"), "'x'");
    assert_string_equal(catalog_attribute(name, "not null"), "yes");
    assert_string_equal(catalog_attribute(name, CATALOG_POSITION), "2");
    const struct catalog_object *twice = catalog_find(catalog, "column", "a.twice");
    assert_string_equal(catalog_attribute(twice, "generated"), "stored");
    const struct catalog_object *key = catalog_find(catalog, "constraint", "FOREIGN KEY (a) ON b");
    assert_string_equal(catalog_attribute(key, "references"), "a (id)");
    assert_string_equal(catalog_attribute(key, "on delete"), "CASCADE");
    assert_null(catalog_attribute(key, "on update"));
    assert_non_null(catalog_find(catalog, "constraint", "UNIQUE (id, a) ON b"));
}

static void sqlite_catalog__read__leaves_out_what_is_not_the_schema(void **state)
{
    struct sqlite_fixture *fixture = *state;
    fixture->database = fixture_open(fixture, "");
    AUTOPTR(catalog) *absent = read_or_fail(fixture);
    assert_int_equal(catalog_count(absent), 0);
    assert_true(database_install(fixture->database, NULL));
    AUTOPTR(catalog) *installed = read_or_fail(fixture);
    assert_int_equal(catalog_count(installed), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sqlite_catalog__change__shows_as_itself),
        TEST(sqlite_catalog__read__tells_what_pragmas_know),
        TEST(sqlite_catalog__read__leaves_out_what_is_not_the_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
