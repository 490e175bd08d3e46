/* Which action of a down undoes which of its up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/pairs.h"
#include "inspect_support.h"

/* "undone partly(without its rows) | - extra": ups, then downs; inline ones are left out. */
static char *render(const struct pairs *pairs, const struct inspection *up,
                    const struct inspection *down)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < pairs->ups->len; i++) {
        const struct pair *pair = &g_array_index(pairs->ups, struct pair, i);
        g_autofree char *lost = pair_lost_text(pair->lost);
        if (inspection_at(up, pair->statement)->actions[pair->action].flags & SQL_FLAG(INLINE))
            continue;
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "",
                               pair_standing_word(pair->standing));
        if (lost != NULL)
            g_string_append_printf(text, "(%s)", lost);
    }
    g_string_append(text, " |");
    for (guint i = 0; i < pairs->downs->len; i++) {
        const struct pair_down *row = &g_array_index(pairs->downs, struct pair_down, i);
        if (inspection_at(down, row->statement)->actions[row->action].flags & SQL_FLAG(INLINE))
            continue;
        g_string_append(text, row->undoes ? " yes" : row->is_harmless ? " harmless" : " extra");
    }
    return g_string_free(text, FALSE);
}

struct row {
    const char *before, *up, *down, *expected;
};

static void check_rows(const struct row *rows, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        AUTOPTR(schema) *schema = schema_new();
        AUTOPTR(inspection) *up = inspect_text(rows[i].up, NULL);
        AUTOPTR(inspection) *down = inspect_text(rows[i].down, NULL);
        if (rows[i].before != NULL) {
            AUTOPTR(inspection) *before = inspect_text(rows[i].before, NULL);
            schema_apply(schema, before, 0);
        }
        AUTOPTR(pairs) *pairs = pairs_new(up, down, rows[i].before != NULL ? schema : NULL);
        g_autofree char *text = render(pairs, up, down);
        if (strcmp(text, rows[i].expected) != 0)
            fail_msg("%s / %s: %s, not %s", rows[i].up, rows[i].down, text, rows[i].expected);
    }
}

static void pairs__undone__by_the_inverse(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NULL, "CREATE TABLE t (a int)", "DROP TABLE t", "undone | yes"},
        {NULL, "CREATE TABLE t (a int)", "DROP TABLE IF EXISTS public.t CASCADE", "undone | yes"},
        {NULL, "CREATE TABLE t (a int)", "DROP TABLE u", "not-undone | extra"},
        {NULL, "CREATE TABLE a (); CREATE TABLE b ()", "DROP TABLE b", "not-undone undone | yes"},
        {NULL, "ALTER TABLE t ADD a int, ADD b int", "ALTER TABLE t DROP a",
         "undone not-undone | yes"},
        {NULL, "ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME TO t", "undone | yes"},
        {NULL, "ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME TO v", "not-undone | extra"},
        {NULL, "ALTER TABLE t RENAME a TO b", "ALTER TABLE t RENAME b TO a", "undone | yes"},
        {NULL, "ALTER TABLE t RENAME TO u; ALTER TABLE u ADD a int",
         "ALTER TABLE u DROP a; ALTER TABLE u RENAME TO t", "undone undone | yes yes"},
        {NULL, "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT c",
         "undone | yes"},
        {NULL, "ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t ALTER a DROP NOT NULL",
         "undone | yes"},
        {NULL, "ALTER TABLE t ALTER a SET DEFAULT 1", "ALTER TABLE t ALTER a SET DEFAULT 0",
         "undone | yes"},
        {NULL, "CREATE INDEX i ON t (a)", "DROP INDEX i", "undone | yes"},
        {NULL, "DROP INDEX i", "CREATE INDEX i ON t (a)", "undone | yes"},
        {NULL, "GRANT SELECT ON t TO r", "REVOKE SELECT ON t FROM r", "undone | yes"},
        {NULL, "GRANT SELECT ON t TO r", "REVOKE SELECT ON t FROM s", "not-undone | extra"},
        {NULL, "GRANT SELECT, INSERT ON t TO r", "REVOKE SELECT ON t FROM r", "partly | yes"},
        {NULL, "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
         "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "undone | yes"},
        {NULL, "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
         "DROP FUNCTION f(text)", "not-undone | extra"},
        {NULL, "CREATE TYPE m AS ENUM ('a')", "DROP TYPE m", "undone | yes"},
        {NULL, "ALTER TYPE m ADD VALUE 'x'", "SELECT 1", "not-undone | harmless"},
        {NULL, "ALTER TYPE m ADD VALUE 'x'",
         "ALTER TYPE m RENAME TO o; CREATE TYPE m AS ENUM ('a'); DROP TYPE o",
         "undone | yes extra extra"},
        {NULL, "ALTER TABLE t SET SCHEMA s", "ALTER TABLE s.t SET SCHEMA public", "undone | yes"},
        {NULL, "ALTER TABLE p ATTACH PARTITION c DEFAULT", "ALTER TABLE p DETACH PARTITION c",
         "undone | yes"},
        {NULL, "CREATE EXTENSION e", "DROP EXTENSION e", "undone | yes"},
        {NULL, "CREATE ROLE r", "DROP ROLE r", "undone | yes"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
}

static void pairs__undone__with_what_it_belongs_to(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NULL,
         "CREATE TABLE t (a int); CREATE INDEX i ON t (a); COMMENT ON TABLE t IS 'x'; CREATE "
         "TRIGGER r BEFORE INSERT ON t EXECUTE FUNCTION f(); GRANT SELECT ON t TO r",
         "DROP TABLE t", "undone undone undone undone undone | yes"},
        {NULL, "CREATE TABLE t (a int); CREATE INDEX i ON t (a)", "DROP INDEX i; DROP TABLE t",
         "undone undone | yes yes"},
        {NULL,
         "ALTER TABLE t ADD a int; CREATE INDEX i ON t (a); ALTER TABLE t ALTER a SET NOT "
         "NULL",
         "ALTER TABLE t DROP COLUMN a", "undone undone undone | yes"},
        {NULL, "CREATE SCHEMA s; CREATE TABLE s.t ()", "DROP SCHEMA s CASCADE",
         "undone undone | yes"},
        {NULL, "CREATE TABLE t (a serial)", "DROP TABLE t; DROP SEQUENCE t_a_seq",
         "undone | yes yes"},
        {NULL, "CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0))",
         "ALTER TABLE t DROP CONSTRAINT c; DROP TABLE t", "undone | yes yes"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
}

static void pairs__nothing_needed__where_nothing_stays(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NULL, "SET lock_timeout = '1s'; ANALYZE t; SELECT 1", "SELECT 1",
         "nothing-needed nothing-needed nothing-needed | harmless"},
        {NULL, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)", "DROP TABLE t",
         "undone nothing-needed | yes"},
        {NULL, "ALTER TABLE t ADD a int; UPDATE t SET a = 1", "ALTER TABLE t DROP a",
         "undone nothing-needed | yes"},
        {NULL, "ALTER TABLE t ADD a int; UPDATE t SET a = 1, b = 2", "ALTER TABLE t DROP a",
         "undone not-undone | yes"},
        {NULL, "CREATE TABLE tmp (a int); DROP TABLE tmp", "SELECT 1",
         "nothing-needed not-undone | harmless"},
        {NULL, "CREATE TEMP TABLE x (a int)", "SELECT 1", "nothing-needed | harmless"},
        {NULL, "ALTER TABLE t VALIDATE CONSTRAINT c", "SELECT 1", "nothing-needed | harmless"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
}

static void pairs__rows__are_never_more_than_partly_undone(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NULL, "INSERT INTO t VALUES (1)", "DELETE FROM t WHERE a = 1", "partly | yes"},
        {NULL, "INSERT INTO t VALUES (1)", "TRUNCATE t", "partly | yes"},
        {NULL, "INSERT INTO t VALUES (1)", "SELECT 1", "not-undone | harmless"},
        {NULL, "DELETE FROM t", "SELECT 1", "not-undone | harmless"},
        {NULL, "UPDATE t SET a = 1", "UPDATE t SET a = 0", "partly | yes"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
}

static void pairs__lost__compares_with_what_was(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"CREATE TABLE t (a int NOT NULL DEFAULT 1 UNIQUE, b int)", "ALTER TABLE t DROP a",
         "ALTER TABLE t ADD a bigint",
         "partly(without its rows, its type, its default, its NOT NULL and a constraint) | yes"},
        {"CREATE TABLE t (a int)", "ALTER TABLE t DROP a", "ALTER TABLE t ADD a int",
         "partly(without its rows) | yes"},
        {"CREATE TABLE t (a int); CREATE INDEX i ON t (a)", "DROP TABLE t",
         "CREATE TABLE t (a int)", "partly(without its rows and an index) | yes"},
        {"CREATE TABLE t (a int); CREATE INDEX i ON t (a)", "DROP TABLE t",
         "CREATE TABLE t (a int); CREATE INDEX i ON t (a)", "partly(without its rows) | yes extra"},
        {"CREATE TABLE t (a int DEFAULT 5)", "ALTER TABLE t ALTER a SET DEFAULT 6",
         "ALTER TABLE t ALTER a DROP DEFAULT", "partly(without its default) | yes"},
        {"CREATE TABLE t (a int DEFAULT 5)", "ALTER TABLE t ALTER a SET DEFAULT 6",
         "ALTER TABLE t ALTER a SET DEFAULT 5", "undone | yes"},
        {"CREATE TABLE t (a int)", "ALTER TABLE t ALTER a TYPE bigint",
         "ALTER TABLE t ALTER a TYPE smallint", "partly(without its type) | yes"},
        {"CREATE TABLE t (a int)", "ALTER TABLE t ALTER a TYPE bigint",
         "ALTER TABLE t ALTER a TYPE int", "undone | yes"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
}

static void pairs__unknown__where_code_runs(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NULL, "DO $$ BEGIN EXECUTE 'x'; END $$", "SELECT 1", "unknown | harmless"},
        {NULL, "DO $$ BEGIN CREATE TABLE t (); END $$", "DROP TABLE t",
         "nothing-needed undone | yes"},
    };
    check_rows(rows, G_N_ELEMENTS(rows));
    AUTOPTR(inspection) *up = inspect_text("CALL p()", NULL);
    AUTOPTR(pairs) *pairs = pairs_new(up, NULL, NULL);
    assert_false(pairs->is_certain);
    assert_int_equal(pairs_of_statement(pairs, 0), PAIR_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs__undone__by_the_inverse),
        cmocka_unit_test(pairs__undone__with_what_it_belongs_to),
        cmocka_unit_test(pairs__nothing_needed__where_nothing_stays),
        cmocka_unit_test(pairs__rows__are_never_more_than_partly_undone),
        cmocka_unit_test(pairs__lost__compares_with_what_was),
        cmocka_unit_test(pairs__unknown__where_code_runs),
    };
    if (inspect_is_skipped())
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
