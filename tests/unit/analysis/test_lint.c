/* The rules of lint, against the rows of lint_cases.c; notes, levels, versions and places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lint_cases.h"
#include "support/lint_texts.h"

static guint times_found(const GArray *findings, const char *rule)
{
    guint times = 0;
    for (guint i = 0; i < findings->len; i++)
        times += strcmp(g_array_index(findings, struct lint_finding, i).rule->name, rule) == 0;
    return times;
}

static const struct lint_finding *find(const GArray *findings, const char *rule)
{
    for (guint i = 0; i < findings->len; i++)
        if (strcmp(g_array_index(findings, struct lint_finding, i).rule->name, rule) == 0)
            return &g_array_index(findings, struct lint_finding, i);
    fail_msg("no finding of %s", rule);
    return NULL;
}

static void print_findings(const GArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const struct lint_finding *finding = &g_array_index(findings, struct lint_finding, i);
        print_error("    %s:%u:%u %s [%s]\n", finding->is_down ? "down" : "up", finding->line,
                    finding->column, finding->message, finding->rule->name);
    }
}

static void lint__rules__find_what_they_should_and_no_more(void **state)
{
    guint problems = 0;
    (void)state;
    for (const struct lint_case *row = lint_cases; row->rule != NULL; row++) {
        const struct lint_texts texts = {
            .before = row->before, .up = row->up, .down = row->down, .after = row->after};
        g_autoptr(GArray) findings = lint_texts_check(&texts);
        if (times_found(findings, row->rule) == row->times)
            continue;
        print_error("%s %u times, not %u, in\n  %s | %s\n", row->rule,
                    times_found(findings, row->rule), row->times, row->up,
                    row->down != NULL ? row->down : "-");
        print_findings(findings);
        problems++;
    }
    assert_int_equal(problems, 0);
}

static void lint__rules__have_rows_either_way(void **state)
{
    /* What these find depends on notes: tests of their own. */
    static const char *const of_notes[] = {"unused-allow", "unknown-allow", "undeclared-need",
                                           "phase-contradicted", NULL};
    (void)state;
    for (guint i = 0; i < lint_rule_count(); i++) {
        const struct lint_rule *rule = lint_rule_at(i);
        gboolean fires = g_strv_contains(of_notes, rule->name), is_silent = fires;
        for (const struct lint_case *row = lint_cases; row->rule != NULL; row++) {
            fires |= strcmp(row->rule, rule->name) == 0 && row->times > 0;
            is_silent |= strcmp(row->rule, rule->name) == 0 && row->times == 0;
        }
        if (!fires || !is_silent)
            fail_msg("%s has no row that %s", rule->name, fires ? "is silent" : "fires");
    }
    for (const struct lint_case *row = lint_cases; row->rule != NULL; row++)
        if (lint_rule_find(row->rule) == NULL)
            fail_msg("there is no rule %s", row->rule);
}

/* What is said of a rule stands in a manual, on a screen and in JSON. */
static void lint__rules__are_told_in_sentences(void **state)
{
    (void)state;
    for (guint i = 0; i < lint_rule_count(); i++) {
        const struct lint_rule *rule = lint_rule_at(i);
        assert_ptr_equal(lint_rule_find(rule->name), rule);
        assert_string_equal(lint_rule_names()[i], rule->name);
        assert_int_equal(lint_rule_index(rule), i);
        assert_true(rule->why[strlen(rule->why) - 1] == '.');
        assert_true(rule->safe[strlen(rule->safe) - 1] == '.');
        assert_true(rule->summary[strlen(rule->summary) - 1] != '.');
        assert_int_not_equal(rule->level, LINT_OFF);
        assert_true(rule->scope == LINT_NOTES || rule->check != NULL);
        assert_int_not_equal(rule->halves, 0);
    }
    assert_null(lint_rule_at(lint_rule_count()));
}

#define T "CREATE TABLE t (id bigint PRIMARY KEY, a text);"

static void lint__allow__silences_both_halves(void **state)
{
    const struct lint_texts texts = {.before = T,
                                     .up = "CREATE INDEX i ON t (a);",
                                     .down = "CREATE INDEX j ON t (a); DROP INDEX CONCURRENTLY i;",
                                     .allows = "require-concurrent-index-creation"};
    g_autoptr(GArray) findings = lint_texts_check(&texts);
    (void)state;
    assert_int_equal(times_found(findings, "require-concurrent-index-creation"), 0);
    assert_int_equal(times_found(findings, "unused-allow"), 0);
}

static void lint__allow__that_does_nothing_is_a_finding(void **state)
{
    const struct lint_texts texts = {.up = T, .down = "DROP TABLE t;", .allows = "ban-drop-column"};
    g_autoptr(GArray) findings = lint_texts_check(&texts);
    (void)state;
    assert_int_equal(findings->len, 1);
    assert_int_equal(find(findings, "unused-allow")->line, 1);
}

static void lint__allow__of_no_rule_names_the_nearest(void **state)
{
    const struct lint_texts texts = {.before = T,
                                     .up = "ALTER TABLE t DROP COLUMN a;",
                                     .down = "ALTER TABLE t ADD COLUMN a text;",
                                     .allows = "irreversible\nban-drop-colum"};
    g_autoptr(GArray) findings = lint_texts_check(&texts);
    const struct lint_finding *finding = find(findings, "unknown-allow");
    (void)state;
    assert_int_equal(finding->line, 2);
    assert_string_equal(finding->message,
                        "there is no rule 'ban-drop-colum'; did you mean 'ban-drop-column'?");
    assert_int_equal(times_found(findings, "ban-drop-column"), 1);
    assert_int_equal(times_found(findings, "irreversible"), 0);
}

static void lint__finding__names_place_object_and_lock(void **state)
{
    const struct lint_texts texts = {
        .before = "CREATE SCHEMA s; CREATE TABLE s.t (id bigint, a text);",
        .up = "SELECT 1;\n  ALTER TABLE s.t\n    ADD COLUMN b text,\n"
              "    ALTER COLUMN a SET NOT NULL;\n",
        .down = "ALTER TABLE s.t ALTER COLUMN a DROP NOT NULL, DROP COLUMN b;"};
    g_autoptr(GArray) findings = lint_texts_check(&texts);
    const struct lint_finding *finding = find(findings, "set-not-null");
    (void)state;
    assert_false(finding->is_down);
    assert_int_equal(finding->statement, 1);
    assert_int_equal(finding->line, 4);
    assert_int_equal(finding->column, 5);
    assert_string_equal(finding->object, "s.t.a");
    assert_int_equal(finding->level, LINT_WARNING);
    assert_non_null(strstr(finding->message, "ACCESS EXCLUSIVE on s.t"));
}

static void lint__version__decides_what_holds(void **state)
{
    static const struct {
        const char *rule, *before, *up;
        unsigned version;
        guint times;
    } rows[] = {
        {"require-concurrent-reindex", T, "REINDEX TABLE t;", 11, 0},
        {"require-concurrent-reindex", T, "REINDEX TABLE t;", 12, 1},
        {"volatile-default", T, "ALTER TABLE t ADD COLUMN n bigint DEFAULT 0;", 10, 1},
        {"volatile-default", T, "ALTER TABLE t ADD COLUMN n bigint DEFAULT 0;", 11, 0},
        {"set-not-null", T "ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL);",
         "ALTER TABLE t ALTER COLUMN a SET NOT NULL;", 11, 1},
        {"set-not-null", T "ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL);",
         "ALTER TABLE t ALTER COLUMN a SET NOT NULL;", 12, 0},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct lint_texts texts = {.before = rows[i].before,
                                         .up = rows[i].up,
                                         .down = "SELECT 1;",
                                         .server_version = rows[i].version};
        g_autoptr(GArray) findings = lint_texts_check(&texts);
        assert_int_equal(times_found(findings, rows[i].rule), rows[i].times);
    }
}

static void lint__irreversible__asks_for_no_down(void **state)
{
    const struct lint_texts texts = {
        .before = T, .up = "ALTER TABLE t DROP COLUMN a;", .is_irreversible = TRUE};
    g_autoptr(GArray) findings = lint_texts_check(&texts);
    (void)state;
    assert_int_equal(findings->len, 1);
    assert_int_equal(times_found(findings, "ban-drop-column"), 1);
}

static void lint__transaction_off__is_meant(void **state)
{
    const struct lint_texts texts = {
        .before = T,
        .up = "BEGIN; UPDATE t SET a = '' WHERE id < 9; COMMIT; VACUUM t; SELECT 1;",
        .down = "SELECT 1;",
        .is_transaction_off = TRUE};
    g_autoptr(GArray) findings = lint_texts_check(&texts);
    (void)state;
    assert_int_equal(times_found(findings, "transaction-nesting"), 0);
    assert_int_equal(times_found(findings, "concurrent-in-transaction"), 0);
}

static guint times_of(const struct lint_texts *texts, const char *rule)
{
    g_autoptr(GArray) findings = lint_texts_check(texts);
    return times_found(findings, rule);
}

static void lint__notes__are_held_against_the_statements(void **state)
{
    struct lint_texts breaking = {.before = T,
                                  .up = "ALTER TABLE t ADD b text; ALTER TABLE t DROP COLUMN a;",
                                  .is_expand = TRUE};
    struct lint_texts fine = {.before = "CREATE TABLE p (id bigint PRIMARY KEY);",
                              .up = T "ALTER TABLE t ADD UNIQUE (a);"
                                      "CREATE TABLE c (p_id bigint NOT NULL REFERENCES p);",
                              .is_expand = TRUE};
    struct lint_texts undeclared = {.before = T, .up = "SELECT 1;", .undeclared = "table t"};
    (void)state;
    assert_int_equal(times_of(&breaking, "phase-contradicted"), 1);
    breaking.is_expand = FALSE;
    assert_int_equal(times_of(&breaking, "phase-contradicted"), 0);
    assert_int_equal(times_of(&fine, "phase-contradicted"), 0);
    assert_int_equal(times_of(&undeclared, "undeclared-need"), 1);
    undeclared.undeclared = NULL;
    assert_int_equal(times_of(&undeclared, "undeclared-need"), 0);
}

static void lint__risks__are_a_few_words(void **state)
{
    static const struct {
        const char *before, *up, *down, *of_up, *of_down;
    } rows[] = {
        {NULL, T, "DROP TABLE t;", "", "DATA LOCK"},
        {T, "ALTER TABLE t DROP COLUMN a;", NULL, "DATA LOCK NO-DOWN", ""},
        {T, "ALTER TABLE t ALTER COLUMN id TYPE integer;", "-- nothing", "REWRITE LOCK NO-DOWN",
         ""},
        {T, "CREATE INDEX CONCURRENTLY i ON t (a);", "DROP INDEX i;", "noTX", "LOCK"},
        {T, "UPDATE t SET a = '' WHERE id = 1;", "SELECT 1;", "DML", ""},
        {NULL, T "INSERT INTO t VALUES (1);", "DROP TABLE t;", "", "DATA LOCK"},
        {NULL, "FROBNICATE;", "SELECT 'open", "?", "?"},
        {NULL, "-- nothing", NULL, "", ""},
        {T, "SELECT * FROM t;", "SELECT 1;", "", ""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct lint_texts texts = {
            .before = rows[i].before, .up = rows[i].up, .down = rows[i].down};
        g_autofree char *up = lint_texts_risks(&texts, FALSE);
        g_autofree char *down = lint_texts_risks(&texts, TRUE);
        assert_string_equal(up, rows[i].of_up);
        assert_string_equal(down, rows[i].of_down);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lint__rules__find_what_they_should_and_no_more),
        cmocka_unit_test(lint__rules__have_rows_either_way),
        cmocka_unit_test(lint__rules__are_told_in_sentences),
        cmocka_unit_test(lint__allow__silences_both_halves),
        cmocka_unit_test(lint__allow__that_does_nothing_is_a_finding),
        cmocka_unit_test(lint__allow__of_no_rule_names_the_nearest),
        cmocka_unit_test(lint__finding__names_place_object_and_lock),
        cmocka_unit_test(lint__version__decides_what_holds),
        cmocka_unit_test(lint__irreversible__asks_for_no_down),
        cmocka_unit_test(lint__transaction_off__is_meant),
        cmocka_unit_test(lint__notes__are_held_against_the_statements),
        cmocka_unit_test(lint__risks__are_a_few_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
