/* Which migration made what another uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/dependencies.h"
#include "inspect_support.h"

enum { TEXTS_MAX = 5 };

/* The edges of the last of these migrations: "0 table public.t, 2 a of table public.t". */
static void check(const char *const texts[TEXTS_MAX], const char *expected)
{
    AUTOPTR(dependencies) *dependencies = dependencies_new();
    const GArray *edges = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < TEXTS_MAX && texts[i] != NULL; i++) {
        AUTOPTR(inspection) *inspection = inspect_text(texts[i], NULL);
        edges = dependencies_add(dependencies, inspection, i);
    }
    for (guint i = 0; i < edges->len; i++) {
        const struct dependency *edge = &g_array_index(edges, struct dependency, i);
        g_string_append_printf(text, "%s%u %s", i > 0 ? ", " : "", edge->to, edge->object);
    }
    if (strcmp(text->str, expected) != 0)
        fail_msg("%s ...: %s, not %s", texts[0], text->str, expected);
}

static void dependencies__add__follows_objects(void **state)
{
    (void)state;
    check((const char *const[TEXTS_MAX]){"CREATE TABLE t (a int)", "CREATE TABLE u (b int)",
                                         "ALTER TABLE t ADD b int REFERENCES u"},
          "0 table public.t, 1 table public.u");
    check((const char *const[TEXTS_MAX]){"CREATE TABLE t (a int)", "ALTER TABLE t ADD b int",
                                         "CREATE INDEX ON t (b)"},
          "0 table public.t, 1 b of table public.t");
    check(
        (const char *const[TEXTS_MAX]){"CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE t (m mood)"},
        "0 type public.mood");
    check(
        (const char *const[TEXTS_MAX]){
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
            "CREATE TABLE t ()", "CREATE TRIGGER r AFTER INSERT ON t EXECUTE FUNCTION f()"},
        "0 function public.f(), 1 table public.t");
    check((const char *const[TEXTS_MAX]){"CREATE SCHEMA s", "CREATE TABLE s.t ()"}, "0 schema s");
    check((const char *const[TEXTS_MAX]){"CREATE TABLE t (a int)",
                                         "CREATE VIEW v AS SELECT * FROM t", "DROP VIEW v"},
          "1 view public.v");
    check((const char *const[TEXTS_MAX]){"CREATE TABLE t (a int)", "ALTER TABLE t RENAME TO u",
                                         "INSERT INTO u VALUES (1)"},
          "1 table public.u");
    check(
        (const char *const[TEXTS_MAX]){
            "CREATE TABLE t (a int)",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT a FROM t'"},
        "0 table public.t");
}

static void dependencies__add__has_no_edge_without_a_maker(void **state)
{
    (void)state;
    check((const char *const[TEXTS_MAX]){"CREATE TABLE t (a int)", "CREATE TABLE u (a int)"}, "");
    check((const char *const[TEXTS_MAX]){"CREATE TABLE a.t (a int)", "DROP TABLE b.t"}, "");
    check((const char *const[TEXTS_MAX]){"SELECT lower('x')", "CREATE TABLE t (); DROP TABLE t"},
          "");
    check((const char *const[TEXTS_MAX]){"CREATE TABLE t (a int)", "SELEC * FROM t"}, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dependencies__add__follows_objects),
        cmocka_unit_test(dependencies__add__has_no_edge_without_a_maker),
    };
    if (inspect_is_skipped())
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
