/* Walking through migrations and what they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/inspect.h"
#include "source/folder.h"

static void put(const char *folder, guint version, const char *notes, const char *up,
                const char *down)
{
    g_autofree char *up_name = g_strdup_printf("%06u_m.up.sql", version);
    g_autofree char *down_name = g_strdup_printf("%06u_m.down.sql", version);
    g_autofree char *text = g_strconcat(notes, up, NULL);
    folder_write(folder, up_name, text, -1);
    if (down != NULL)
        folder_write(folder, down_name, down, -1);
}

static struct migration_set *load(const char *folder)
{
    g_autoptr(GError) error = NULL;
    struct migration_set *set = migration_set_load(folder, &error);
    if (set == NULL)
        fail_msg("%s", error->message);
    return set;
}

static void inspect_walk__next__carries_the_schema_along(void **state)
{
    const char *folder = *state;
    put(folder, 1, "", "CREATE TABLE t (a int NOT NULL DEFAULT 7);", "DROP TABLE t;");
    put(folder, 2, "", "ALTER TABLE t DROP COLUMN a;", "ALTER TABLE t ADD COLUMN a int;");
    put(folder, 3, "", "SELECT 1;", NULL);
    AUTOPTR(migration_set) *set = load(folder);
    AUTOPTR(inspect_walk) *walk = inspect_walk_new(set, SQL_POSTGRESQL, NULL);
    struct sql_object name = {.kind = SQL_OBJECT_TABLE, .name = "t"};
    const struct inspected_migration *one = inspect_walk_next(walk);
    assert_int_equal(one->migration->version, 1);
    assert_int_equal(one->phase, PHASE_EXPAND);
    assert_null(schema_find(inspect_walk_schema(walk), &name));
    inspect_walk_apply(walk);
    assert_non_null(schema_find(inspect_walk_schema(walk), &name));
    const struct inspected_migration *two = inspect_walk_next(walk);
    assert_int_equal(two->phase, PHASE_CONTRACT);
    assert_string_equal(two->phase_why, "DROP COLUMN public.t.a");
    assert_int_equal(two->needs->len, 1);
    struct pair pair = g_array_index(two->pairs->ups, struct pair, 0);
    assert_int_equal(pair.standing, PAIR_PARTLY);
    assert_int_equal(pair.lost, PAIR_LOST_ROWS | PAIR_LOST_DEFAULT | PAIR_LOST_NOT_NULL);
    const struct inspected_migration *three = inspect_walk_next(walk);
    assert_null(three->down.text);
    assert_null(three->down.error);
    assert_non_null(three->pairs);
    assert_null(inspect_walk_next(walk));
}

static void inspect_walk__seek__knows_what_it_passed(void **state)
{
    const char *folder = *state;
    put(folder, 1, "", "CREATE TABLE t (a int);", "DROP TABLE t;");
    put(folder, 2, "", "ALTER TABLE t ADD b int;", "ALTER TABLE t DROP b;");
    put(folder, 3, "", "CREATE INDEX ON t (b);", "DROP INDEX t_b_idx;");
    AUTOPTR(migration_set) *set = load(folder);
    AUTOPTR(inspect_walk) *walk = inspect_walk_new(set, SQL_POSTGRESQL, NULL);
    inspect_walk_seek(walk, 2);
    const struct inspected_migration *three = inspect_walk_next(walk);
    struct sql_object name = {.kind = SQL_OBJECT_TABLE, .name = "t"};
    const struct schema_relation *table = schema_find(inspect_walk_schema(walk), &name);
    assert_int_equal(three->migration->version, 3);
    assert_int_equal(table->columns->len, 2);
    assert_int_equal(three->needs->len, 2);
}

static void inspect_walk__next__says_what_cannot_be_cut(void **state)
{
    const char *folder = *state;
    put(folder, 1, "", "SELECT 'unterminated;", "SELECT 1;");
    put(folder, 2, "", "SELECT 1;", "SELECT (1;");
    AUTOPTR(migration_set) *set = load(folder);
    AUTOPTR(inspect_walk) *walk = inspect_walk_new(set, SQL_POSTGRESQL, NULL);
    const struct inspected_migration *one = inspect_walk_next(walk);
    assert_non_null(one->up.error);
    assert_null(one->up.inspection);
    assert_null(one->pairs);
    assert_int_equal(one->phase, PHASE_UNDECLARED);
    const struct inspected_migration *two = inspect_walk_next(walk);
    assert_non_null(two->down.error);
    assert_null(two->pairs);
}

static void inspect_walk__phase__is_judged_from_what_is_old(void **state)
{
    static const struct {
        const char *notes, *up;
        enum phase phase;
    } rows[] = {
        {"", "CREATE TABLE t (a int UNIQUE, CHECK (a > 0));", PHASE_EXPAND},
        {"", "CREATE TABLE u (a int); CREATE UNIQUE INDEX ON u (a);", PHASE_EXPAND},
        {"", "ALTER TABLE t ADD c int; ALTER TABLE t ALTER c SET NOT NULL;", PHASE_EXPAND},
        {"", "ALTER TABLE t ALTER a SET NOT NULL;", PHASE_CONTRACT},
        {"", "CREATE UNIQUE INDEX ON t (a);", PHASE_CONTRACT},
        {"", "ALTER TABLE t ADD d int NOT NULL;", PHASE_CONTRACT},
        {"", "SELEC 1;", PHASE_UNDECLARED},
        {"", "SELEC 1; DROP TABLE t;", PHASE_CONTRACT},
        {"-- winch: phase expand\n", "DROP TABLE x;", PHASE_EXPAND},
        {"", "CREATE INDEX ON t (a); INSERT INTO t VALUES (1);", PHASE_EXPAND},
        {"", "CREATE TABLE w (a varchar(5));", PHASE_EXPAND},
        {"", "ALTER TABLE w ALTER a TYPE varchar(9);", PHASE_EXPAND},
        {"", "ALTER TABLE w ALTER a TYPE varchar(7);", PHASE_CONTRACT},
    };
    const char *folder = *state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        put(folder, i + 1, rows[i].notes, rows[i].up, "");
    AUTOPTR(migration_set) *set = load(folder);
    AUTOPTR(inspect_walk) *walk = inspect_walk_new(set, SQL_POSTGRESQL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct inspected_migration *migration = inspect_walk_next(walk);
        if (migration->phase != rows[i].phase)
            fail_msg("%s: %d (%s)", rows[i].up, migration->phase, migration->phase_why);
        assert_int_equal(migration->is_phase_declared, *rows[i].notes != '\0');
    }
}

static void inspect_summary__contradictions__are_undeclared_needs(void **state)
{
    const char *folder = *state;
    put(folder, 1, "", "CREATE TABLE a (i int);", "DROP TABLE a;");
    put(folder, 2, "-- winch: requires none\n", "CREATE TABLE b (i int);", "DROP TABLE b;");
    put(folder, 3, "-- winch: requires 2\n", "ALTER TABLE a ADD j int;", "ALTER TABLE a DROP j;");
    put(folder, 4, "-- winch: requires 1 2\n", "CREATE VIEW v AS SELECT * FROM a, b;",
        "DROP VIEW v;");
    AUTOPTR(migration_set) *set = load(folder);
    AUTOPTR(inspect_summary) *summary = inspect_summary_new(set, SQL_POSTGRESQL, NULL);
    assert_int_equal(summary->count, 4);
    assert_true(summary->rows[0].is_complete);
    assert_int_equal(summary->rows[3].needs_count, 2);
    assert_int_equal(summary->contradictions->len, 1);
    struct inspect_contradiction found =
        g_array_index(summary->contradictions, struct inspect_contradiction, 0);
    assert_int_equal(found.index, 2);
    assert_int_equal(found.needs, 0);
    assert_string_equal(found.object, "table public.a");
}

static void inspect_summary__sqlite__knows_nothing(void **state)
{
    const char *folder = *state;
    put(folder, 1, "", "CREATE TABLE a (i int);", "DROP TABLE a;");
    AUTOPTR(migration_set) *set = load(folder);
    AUTOPTR(inspect_summary) *summary = inspect_summary_new(set, SQL_SQLITE, NULL);
    assert_int_equal(summary->rows[0].phase, PHASE_UNDECLARED);
    assert_false(summary->rows[0].is_complete);
    assert_int_equal(summary->needs->len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(inspect_walk__next__carries_the_schema_along),
        TEST(inspect_walk__seek__knows_what_it_passed),
        TEST(inspect_walk__next__says_what_cannot_be_cut),
        TEST(inspect_walk__phase__is_judged_from_what_is_old),
        TEST(inspect_summary__contradictions__are_undeclared_needs),
        TEST(inspect_summary__sqlite__knows_nothing),
    };
    const struct CMUnitTest without_parser[] = {
        TEST(inspect_walk__next__says_what_cannot_be_cut),
        TEST(inspect_summary__sqlite__knows_nothing),
    };
    if (inspection_parser_version() == 0)
        return cmocka_run_group_tests(without_parser, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
