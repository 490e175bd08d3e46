/* What is known of a schema after migrations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/schema.h"
#include "inspect_support.h"

static struct schema *replay(const char *sql)
{
    struct schema *schema = schema_new();
    AUTOPTR(inspection) *inspection = inspect_text(sql, NULL);
    schema_apply(schema, inspection, 7);
    return schema;
}

static const struct schema_relation *table(const struct schema *schema, const char *name)
{
    struct sql_object object = {.kind = SQL_OBJECT_TABLE, .name = name};
    return schema_find(schema, &object);
}

/* "a integer not-null, b text | t_pkey, t_a_key | t_pkey". */
static char *render(const struct schema_relation *relation)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < relation->columns->len; i++) {
        const struct schema_column *column = relation->columns->pdata[i];
        g_string_append_printf(text, "%s%s %s%s%s", i > 0 ? ", " : "", column->name, column->type,
                               column->flags & SQL_FLAG(NOT_NULL) ? " not null" : "",
                               column->flags & SQL_FLAG(HAS_DEFAULT) ? " default" : "");
    }
    g_string_append(text, " |");
    for (guint i = 0; i < relation->constraints->len; i++) {
        const struct schema_constraint *constraint = relation->constraints->pdata[i];
        g_string_append_printf(text, " %s%s", constraint->name,
                               constraint->flags & SQL_FLAG(NOT_VALID) ? "?" : "");
    }
    g_string_append(text, " |");
    for (guint i = 0; i < relation->indexes->len; i++)
        g_string_append_printf(text, " %s",
                               ((const struct schema_index *)relation->indexes->pdata[i])->name);
    return g_string_free(text, FALSE);
}

static void schema__apply__keeps_up_with_changes(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *expected;
    } rows[] = {
        {"CREATE TABLE t (a int PRIMARY KEY, b text UNIQUE DEFAULT 'x')",
         "a integer not null, b text default | t_pkey t_b_key | t_pkey t_b_key"},
        {"CREATE TABLE t (a int); ALTER TABLE t ADD b int NOT NULL, DROP COLUMN a",
         "b integer not null | |"},
        {"CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a); CREATE INDEX j ON t (b); "
         "ALTER TABLE t DROP COLUMN a",
         "b integer | | j"},
        {"CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL, ALTER a TYPE bigint, ALTER a "
         "SET DEFAULT 1",
         "a bigint not null default | |"},
        {"CREATE TABLE t (a int NOT NULL DEFAULT 1); ALTER TABLE t ALTER a DROP NOT NULL, ALTER a "
         "DROP DEFAULT",
         "a integer | |"},
        {"CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
         "a integer | c? |"},
        {"CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER "
         "TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t RENAME CONSTRAINT c TO d",
         "a integer | d |"},
        {"CREATE TABLE t (a int UNIQUE); ALTER TABLE t DROP CONSTRAINT t_a_key", "a integer | |"},
        {"CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD CONSTRAINT c "
         "UNIQUE USING INDEX i",
         "a integer | c | c"},
        {"CREATE TABLE t (a int); CREATE INDEX i ON t (a); ALTER INDEX i RENAME TO j; DROP INDEX "
         "i; ALTER TABLE t RENAME a TO b",
         "b integer | | j"},
        {"CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP INDEX i", "a integer | |"},
        {"CREATE TABLE u (a int); ALTER TABLE u RENAME TO t", "a integer | |"},
        {"DO $$ BEGIN CREATE TABLE t (a int); END $$", "a integer | |"},
        {"CREATE TABLE t (a int); CREATE TABLE IF NOT EXISTS t (b int)",
         "a integer, b integer | |"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        AUTOPTR(schema) *schema = replay(rows[i].sql);
        const struct schema_relation *relation = table(schema, "t");
        if (relation == NULL)
            fail_msg("%s: no table", rows[i].sql);
        g_autofree char *text = render(relation);
        if (strcmp(text, rows[i].expected) != 0)
            fail_msg("%s: %s", rows[i].sql, text);
        assert_int_equal(relation->number, 7);
    }
}

static void schema__find__forgets_what_was_dropped(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "CREATE TABLE t (a int); DROP TABLE t",
        "CREATE TABLE t (a int); ALTER TABLE t RENAME TO u",
        "CREATE SCHEMA s; CREATE TABLE s.t (a int); DROP SCHEMA s CASCADE",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE t (); END $$",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        AUTOPTR(schema) *schema = replay(texts[i]);
        assert_null(table(schema, "t"));
    }
}

static void schema__find__asks_for_the_schema(void **state)
{
    (void)state;
    AUTOPTR(schema) *schema = replay("CREATE TABLE a.t (x int); CREATE TABLE b.t (y int); "
                                     "ALTER TABLE b.t SET SCHEMA c");
    struct sql_object name = {.kind = SQL_OBJECT_TABLE, .schema = "c", .name = "t"};
    assert_non_null(schema_find(schema, &name));
    assert_non_null(schema_column(schema_find(schema, &name), "y"));
    name.schema = "b";
    assert_null(schema_find(schema, &name));
    assert_null(table(schema, "t")); /* there are two */
}

static void schema__is_not_null__takes_proofs(void **state)
{
    (void)state;
    AUTOPTR(schema) *schema = replay(
        "CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL, c int CHECK (c IS NOT NULL), d int, "
        "e int); ALTER TABLE t ADD CHECK (e IS NOT NULL) NOT VALID");
    const struct schema_relation *relation = table(schema, "t");
    assert_true(schema_is_not_null(relation, "a"));
    assert_true(schema_is_not_null(relation, "b"));
    assert_true(schema_is_not_null(relation, "c"));
    assert_false(schema_is_not_null(relation, "d"));
    assert_false(schema_is_not_null(relation, "e"));
}

static void schema__has_index_on__wants_leading_columns(void **state)
{
    (void)state;
    AUTOPTR(schema) *schema = replay("CREATE TABLE t (a int, b int, c int, d int); CREATE INDEX ON "
                                     "t (a, b); CREATE INDEX ON t (c) WHERE d > 0");
    static const char *const ba[] = {"b", "a"}, *const b[] = {"b"}, *const c[] = {"c"};
    const struct schema_relation *relation = table(schema, "t");
    assert_true(schema_has_index_on(relation, ba, 2));
    assert_true(schema_has_index_on(relation, ba + 1, 1));
    assert_false(schema_has_index_on(relation, b, 1));
    assert_false(schema_has_index_on(relation, c, 1)); /* it is partial */
}

static void schema__referencing__follows_renames(void **state)
{
    (void)state;
    AUTOPTR(schema) *schema = replay("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int "
                                     "REFERENCES p); ALTER TABLE p RENAME TO t; CREATE TABLE o ()");
    GPtrArray *children = schema_referencing(schema, table(schema, "t"));
    assert_int_equal(children->len, 1);
    assert_ptr_equal(children->pdata[0], table(schema, "c"));
    g_ptr_array_unref(children);
}

static void schema__index_owner__knows_the_table(void **state)
{
    (void)state;
    AUTOPTR(schema) *schema = replay("CREATE TABLE t (a int UNIQUE); CREATE INDEX i ON t (a)");
    struct sql_object name = {.kind = SQL_OBJECT_INDEX, .schema = "public", .name = "i"};
    const struct schema_index *index;
    assert_ptr_equal(schema_index_owner(schema, &name, &index), table(schema, "t"));
    assert_string_equal(index->name, "i");
    assert_false(index->is_constraint);
    name.name = "t_a_key";
    assert_non_null(schema_index_owner(schema, &name, &index));
    assert_true(index->is_constraint);
}

static void schema__has_gaps__after_what_is_not_understood(void **state)
{
    (void)state;
    AUTOPTR(schema) *whole = replay("CREATE TABLE t (a int)");
    AUTOPTR(schema) *unread = replay("SELEC 1");
    AUTOPTR(schema) *opaque = replay("CALL p()");
    assert_false(schema_has_gaps(whole));
    assert_true(schema_has_gaps(unread));
    assert_true(schema_has_gaps(opaque));
    assert_true(table(whole, "t")->is_whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schema__apply__keeps_up_with_changes),
        cmocka_unit_test(schema__find__forgets_what_was_dropped),
        cmocka_unit_test(schema__find__asks_for_the_schema),
        cmocka_unit_test(schema__is_not_null__takes_proofs),
        cmocka_unit_test(schema__has_index_on__wants_leading_columns),
        cmocka_unit_test(schema__referencing__follows_renames),
        cmocka_unit_test(schema__index_owner__knows_the_table),
        cmocka_unit_test(schema__has_gaps__after_what_is_not_understood),
    };
    if (inspect_is_skipped())
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
