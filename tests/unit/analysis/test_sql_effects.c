/* What is expected of an action, without a server; tests/postgres/test_effects.c asks one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/sql_effects.h"
#include "inspect_support.h"

/* "public.t ACCESS EXCLUSIVE, public.u SHARE; rewrites maybe; scans; builds; alone". */
static char *render(const struct sql_effects *effects)
{
    static const char *const answers[] = {"", "yes", "maybe"};
    GString *text = g_string_new(effects->is_known ? NULL : "unknown");
    for (guint i = 0; i < effects->lock_count; i++) {
        g_autofree char *name = sql_object_text(&effects->locks[i].relation);
        g_string_append_printf(text, "%s%s%s %s", i > 0 ? ", " : "",
                               effects->locks[i].is_new ? "new " : "", name,
                               lock_mode_text(effects->locks[i].mode));
    }
    if (effects->has_more_locks)
        g_string_append_printf(text, " and %s", effects->more_locks);
    if (effects->rewrites != SQL_NO)
        g_string_append_printf(text, "; rewrites %s", answers[effects->rewrites]);
    if (effects->scans != SQL_NO)
        g_string_append_printf(text, "; scans %s", answers[effects->scans]);
    if (effects->builds_index != SQL_NO)
        g_string_append(text, "; builds");
    if (!effects->is_transactional)
        g_string_append(text, "; alone");
    return g_string_free(text, FALSE);
}

/* The last action of sql; what stands before it is known, unless is_blind. */
static void check(const char *sql, unsigned version, gboolean is_blind, const char *expected)
{
    AUTOPTR(inspection) *inspection = inspect_text(sql, NULL);
    AUTOPTR(schema) *schema = schema_new();
    guint last = inspection_count(inspection) - 1;
    for (guint i = 0; i < last; i++)
        for (guint j = 0; j < inspection_at(inspection, i)->action_count; j++)
            schema_apply_action(schema, &inspection_at(inspection, i)->actions[j], 0);
    const struct inspected_statement *statement = inspection_at(inspection, last);
    struct sql_effects effects;
    sql_action_effects(&statement->actions[statement->action_count - 1], version,
                       is_blind ? NULL : schema, &effects);
    g_autofree char *text = render(&effects);
    if (strcmp(text, expected) != 0)
        fail_msg("%s: %s, not %s", sql, text, expected);
}

static void sql_effects__depend_on_the_version(void **state)
{
    (void)state;
    const char *add = "ALTER TABLE t ADD a int DEFAULT 1";
    check(add, 10, TRUE, "public.t ACCESS EXCLUSIVE; rewrites yes");
    check(add, 11, TRUE, "public.t ACCESS EXCLUSIVE");
    const char *attach = "ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1)";
    check(attach, 11, TRUE,
          "public.p ACCESS EXCLUSIVE, public.c ACCESS EXCLUSIVE and the default partition, if "
          "there is one; scans maybe");
    check(attach, 15, TRUE,
          "public.p SHARE UPDATE EXCLUSIVE, public.c ACCESS EXCLUSIVE and the default partition, "
          "if there is one; scans maybe");
}

static void sql_effects__sharpen_with_the_schema(void **state)
{
    (void)state;
    const char *type = "CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint";
    check(type, 15, TRUE,
          "public.t ACCESS EXCLUSIVE and the tables that its foreign keys reference; rewrites "
          "maybe");
    check(type, 15, FALSE, "public.t ACCESS EXCLUSIVE; rewrites yes");
    const char *child = "CREATE TABLE c (p int REFERENCES p); DROP TABLE c";
    check(child, 15, TRUE,
          "public.c ACCESS EXCLUSIVE and the tables that its foreign keys reference");
    check(child, 15, FALSE, "public.c ACCESS EXCLUSIVE, public.p ACCESS EXCLUSIVE");
    const char *proof = "CREATE TABLE t (a int CHECK (a IS NOT NULL)); ALTER TABLE t ALTER a SET "
                        "NOT NULL";
    check(proof, 15, TRUE, "public.t ACCESS EXCLUSIVE; scans yes");
    check(proof, 15, FALSE, "public.t ACCESS EXCLUSIVE");
    check(proof, 11, FALSE, "public.t ACCESS EXCLUSIVE; scans yes");
    const char *drop = "CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP INDEX i";
    check(drop, 15, TRUE, "public.i ACCESS EXCLUSIVE and the table of the index");
    check(drop, 15, FALSE, "public.i ACCESS EXCLUSIVE, public.t ACCESS EXCLUSIVE");
}

static void sql_effects__of_a_new_table_are_nobodys_trouble(void **state)
{
    (void)state;
    check("CREATE TABLE t (a int UNIQUE)", 15, TRUE, "new public.t ACCESS EXCLUSIVE");
    check("CREATE TABLE t (a int REFERENCES u)", 15, TRUE,
          "new public.t ACCESS EXCLUSIVE, public.u SHARE ROW EXCLUSIVE");
    check("ALTER TABLE t ADD a int REFERENCES u", 15, TRUE,
          "public.t SHARE ROW EXCLUSIVE, public.u SHARE ROW EXCLUSIVE");
    check("ALTER TABLE t ADD a int DEFAULT 1 REFERENCES u", 15, TRUE,
          "public.t SHARE ROW EXCLUSIVE, public.u SHARE ROW EXCLUSIVE; scans yes");
}

static void sql_effects__are_not_known_of_code(void **state)
{
    (void)state;
    check("CALL p()", 15, TRUE, "unknown");
    check("DO LANGUAGE plperl 'x'", 15, TRUE, "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sql_effects__depend_on_the_version),
        cmocka_unit_test(sql_effects__sharpen_with_the_schema),
        cmocka_unit_test(sql_effects__of_a_new_table_are_nobodys_trouble),
        cmocka_unit_test(sql_effects__are_not_known_of_code),
    };
    if (inspect_is_skipped())
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
