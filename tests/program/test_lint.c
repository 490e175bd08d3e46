/* winch lint as people, GitHub and GitLab read it, and what its exit status says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "analysis/inspection.h"
#include "support/program.h"

struct place {
    char *directory, *config;
};

static int setup(void **state)
{
    struct place *place = g_new0(struct place, 1);
    place->directory = workspace_make();
    place->config = g_build_filename(place->directory, "winch.yaml", NULL);
    workspace_put(place->directory, "0001_one.up.sql",
                  "-- winch: release 1.0\nCREATE TABLE one (i bigint, a text);\n");
    workspace_put(place->directory, "0001_one.down.sql", "DROP TABLE one;\n");
    workspace_put(place->directory, "0002_two.up.sql",
                  "-- winch: release 1.1\n\n  ALTER TABLE one ADD COLUMN b text,\n"
                  "    DROP COLUMN a;\n");
    workspace_put(place->directory, "0002_two.down.sql",
                  "ALTER TABLE one DROP COLUMN b;\nALTER TABLE one ADD COLUMN a text;\n");
    workspace_put(place->directory, "0003_three.up.sql", "CREATE INDEX i ON one (b);\n");
    workspace_put(place->directory, "0003_three.down.sql", "DROP INDEX i;\n");
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    workspace_remove(place->directory);
    g_free(place->config);
    g_free(place);
    return 0;
}

#define LINT(place, ...) program_run("-path", (place)->directory, "lint", __VA_ARGS__, NULL)

#define assert_says(text, part)                                                                    \
    do {                                                                                           \
        if (strstr(text, part) == NULL)                                                            \
            fail_msg("\"%s\" is not in \"%s\"", part, text);                                       \
    } while (0)
#define assert_silent(text, part)                                                                  \
    do {                                                                                           \
        if (strstr(text, part) != NULL)                                                            \
            fail_msg("\"%s\" is in \"%s\"", part, text);                                           \
    } while (0)

static void lint__text__reads_like_a_compiler(void **state)
{
    struct place *place = *state;
    struct program_result result = LINT(place, "--verbose");
    g_autofree char *line = g_strdup_printf(
        "%s/0002_two.up.sql:4:5: warning: column a of one is dropped with all its values "
        "[ban-drop-column]\n    why: ",
        place->directory);
    assert_int_equal(result.status, 6);
    assert_says(result.out, line);
    assert_says(result.out, "    instead:  ");
    assert_says(result.out, "0003_three.up.sql:1:1: warning: CREATE INDEX i takes SHARE on one");
    assert_says(result.out, "0003_three.down.sql:1:1: warning: ");
    assert_says(result.out, " of 3 migrations, for PostgreSQL 18");
    assert_says(result.err, "at the level 'warning' or above");
    program_result_clear(&result);
}

static void lint__fail_on__decides_the_exit_status(void **state)
{
    struct place *place = *state;
    struct program_result error = LINT(place, "--fail-on", "error");
    struct program_result clean = LINT(place, "1");
    struct program_result wrong = LINT(place, "--fail-on", "always");
    assert_int_equal(error.status, 0);
    assert_says(error.out, "[ban-drop-column]");
    assert_int_equal(clean.status, 0);
    assert_says(clean.out, "no finding in 1 migration");
    assert_int_equal(wrong.status, 2);
    program_result_clear(&error);
    program_result_clear(&clean);
    program_result_clear(&wrong);
}

static void lint__target__chooses_the_files(void **state)
{
    static const struct {
        const char *target, *says, *silent;
        int status;
    } rows[] = {
        {"2", "0002_two", "0003_three", 6},
        {"2..3", "0003_three", "0001_one", 6},
        {"3..", "0003_three", "0002_two", 6},
        {"..1", "no finding", "0002_two", 0},
        {"-1", "0003_three", "0002_two", 6},
        {"-2", "0002_two", "0001_one", 6},
        {"1.0", "no finding", "0002_two", 0},
        {"1.1", "0003_three", "0001_one", 6},
        {"latest", "0003_three", "0002", 6},
        {"3..2", "", "0002_two", 2},
        {"+1", "", "0002_two", 2},
        {"9", "", "0002_two", 2},
        {"1.0..1.1", "0002_two", "0001_one", 6},
    };
    struct place *place = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct program_result result = LINT(place, rows[i].target);
        if (result.status != rows[i].status)
            fail_msg("%s: status %d\n%s", rows[i].target, result.status, result.err);
        assert_says(result.out, rows[i].says);
        assert_silent(result.out, rows[i].silent);
        program_result_clear(&result);
    }
}

static void lint__pending__asks_the_database(void **state)
{
    struct place *place = *state;
    g_autofree char *url = g_strdup_printf("sqlite3://%s/app.db", place->directory);
    struct program_result up =
        program_run("-path", place->directory, "-database", url, "up", "2", NULL);
    assert_int_equal(up.status, 1); /* SQLite has no ADD COLUMN, DROP COLUMN in one */
    struct program_result force = program_run("-path", place->directory, "-database", url, "force",
                                              "2", "--confirm", "app.db 2", NULL);
    struct program_result pending =
        program_run("-path", place->directory, "-database", url, "lint", "pending", NULL);
    assert_int_equal(pending.status, 6);
    assert_says(pending.out, "0003_three");
    assert_silent(pending.out, "0002_two");
    program_result_clear(&up);
    program_result_clear(&force);
    program_result_clear(&pending);
}

/* What GitHub takes for a property's end, or for the next command, must not come out of a file. */
static void lint__github__escapes_what_files_hold(void **state)
{
    struct place *place = *state;
    workspace_put(place->directory, "0004_a,b:c%d.up.sql",
                  "ALTER TABLE one DROP COLUMN \"x,y%\n::error::\x1b[31m\";\n");
    workspace_put(place->directory, "0004_a,b:c%d.down.sql",
                  "ALTER TABLE one ADD COLUMN z text;\n");
    struct program_result result = LINT(place, "4", "--format", "github");
    g_auto(GStrv) lines = g_strsplit(result.out, "\n", -1);
    assert_int_equal(result.status, 6);
    for (char **line = lines; *line != NULL && **line != '\0'; line++) {
        assert_true(g_str_has_prefix(*line, "::warning file=") ||
                    g_str_has_prefix(*line, "::notice file=") ||
                    g_str_has_prefix(*line, "::error file="));
        assert_silent(*line, "\x1b");
    }
    assert_says(result.out, "0004_a%2Cb%3Ac%25d.up.sql,line=1,col=1,title=ban-drop-column::column "
                            "x,y%25 ::error::");
    program_result_clear(&result);
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *document = json_loads(text, 0, &error);
    if (document == NULL)
        fail_msg("%s: %s", error.text, text);
    return document;
}

static void lint__gitlab__is_a_code_quality_report(void **state)
{
    struct place *place = *state;
    struct program_result first = LINT(place, "--format", "gitlab");
    workspace_put(place->directory, "0003_three.up.sql", "\n\n\nCREATE INDEX i ON one (b);\n");
    struct program_result moved = LINT(place, "--format", "gitlab");
    json_t *before = parse(first.out), *after = parse(moved.out);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    assert_true(json_array_size(before) > 2);
    assert_int_equal(json_array_size(before), json_array_size(after));
    for (size_t i = 0; i < json_array_size(before); i++) {
        json_t *issue = json_array_get(before, i), *location = json_object_get(issue, "location");
        const char *print = json_string_value(json_object_get(issue, "fingerprint"));
        const char *again =
            json_string_value(json_object_get(json_array_get(after, i), "fingerprint"));
        assert_true(g_hash_table_add(seen, (gpointer)(gsize)print));
        assert_string_equal(print, again);
        assert_true(json_is_string(json_object_get(issue, "description")));
        assert_true(json_is_string(json_object_get(issue, "check_name")));
        assert_true(json_is_string(json_object_get(issue, "severity")));
        assert_true(json_is_string(json_object_get(location, "path")));
        assert_true(json_is_integer(json_object_get(json_object_get(location, "lines"), "begin")));
    }
    json_decref(before);
    json_decref(after);
    program_result_clear(&first);
    program_result_clear(&moved);
}

static void lint__json__says_all_of_it(void **state)
{
    struct place *place = *state;
    struct program_result result = LINT(place, "3", "--json");
    json_t *document = parse(result.out);
    json_t *findings = json_object_get(document, "findings");
    json_t *finding = json_array_get(findings, 0);
    json_t *migration = json_array_get(json_object_get(document, "migrations"), 0);
    assert_int_equal(result.status, 6);
    assert_string_equal(json_string_value(json_object_get(finding, "rule")),
                        "require-concurrent-index-creation");
    assert_string_equal(json_string_value(json_object_get(finding, "direction")), "up");
    assert_int_equal(json_integer_value(json_object_get(finding, "statement")), 1);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(migration, "risks_up"), 0)), "LOCK");
    assert_true(json_is_string(json_object_get(finding, "safe_way")));
    json_decref(document);
    program_result_clear(&result);
}

static void lint__configuration__sets_levels(void **state)
{
    struct place *place = *state;
    workspace_put(place->directory, "winch.yaml",
                  "migrations:\n  database: {host: \"${NOBODY_SET_THIS}\"}\n  lint:\n    rules:\n"
                  "      ban-drop-column: off\n      require-concurrent-index-deletion: error\n"
                  "  environments:\n    production: {lint: {rules: {ban-drop-column: error}}}\n");
    struct program_result plain = LINT(place, "--config", place->config);
    struct program_result production =
        LINT(place, "--config", place->config, "--environment", "production");
    struct program_result rules = LINT(place, "--config", place->config, "--rules");
    assert_silent(plain.out, "[ban-drop-column]");
    assert_says(plain.out, "0003_three.down.sql:1:1: error: ");
    assert_says(production.out, "error: column a of one");
    assert_int_equal(rules.status, 0);
    assert_says(rules.out, "off      ban-drop-column\n");
    workspace_put(place->directory, "winch.yaml",
                  "migrations:\n  lint:\n    rules:\n      ban-drop-colum: off\n");
    struct program_result wrong = LINT(place, "--config", place->config);
    assert_int_equal(wrong.status, 2);
    assert_says(wrong.err, "winch.yaml:4: migrations.lint.rules: there is no rule "
                           "'ban-drop-colum'; did you mean 'ban-drop-column'?");
    program_result_clear(&plain);
    program_result_clear(&production);
    program_result_clear(&rules);
    program_result_clear(&wrong);
}

/* verify reads the same notes. */
static void lint__allow__leaves_to_verify_what_is_its(void **state)
{
    struct place *place = *state;
    workspace_put(place->directory, "0004_four.up.sql",
                  "-- winch: allow verify-leftover the team next door uses it by now\n"
                  "-- winch: allow verify-leftovr nobody does\nSELECT 4;\n");
    workspace_put(place->directory, "0004_four.down.sql", "SELECT 4;\n");
    struct program_result told = LINT(place, "4");
    assert_silent(told.out, ":1:1: ");
    assert_silent(told.out, "[unused-allow]");
    assert_says(told.out, "there is no rule 'verify-leftovr'; did you mean 'verify-leftover'?");
    program_result_clear(&told);
}

/* What the objects say against what the notes declare, which needs the whole set. */
static void lint__requires__is_held_against_the_objects(void **state)
{
    struct place *place = *state;
    workspace_put(place->directory, "0004_four.up.sql",
                  "-- winch: requires 0001\n-- winch: phase expand\n"
                  "CREATE TABLE four (i bigint);\nDROP INDEX CONCURRENTLY i;\n");
    workspace_put(place->directory, "0004_four.down.sql", "DROP TABLE four;\n");
    struct program_result missing = LINT(place, "4");
    workspace_put(place->directory, "0004_four.up.sql",
                  "-- winch: requires 0003\nCREATE TABLE four (i bigint);\nDROP INDEX i;\n");
    struct program_result declared = LINT(place, "4");
    assert_says(missing.out, "0004_four.up.sql:1:1: warning: ");
    assert_says(missing.out, "is made by 0003, which is not required here [undeclared-need]");
    assert_silent(declared.out, "[undeclared-need]");
    program_result_clear(&missing);
    program_result_clear(&declared);
}

static void lint__format__wants_one_it_knows(void **state)
{
    struct place *place = *state;
    struct program_result unknown = LINT(place, "--format", "githb");
    struct program_result both = LINT(place, "--format", "github", "--json");
    assert_int_equal(unknown.status, 2);
    assert_says(unknown.err, "did you mean --format github?");
    assert_int_equal(both.status, 2);
    program_result_clear(&unknown);
    program_result_clear(&both);
}

/* A view's file is long gone when a later one is judged. */
static void lint__view__is_remembered_over_files(void **state)
{
    struct place *place = *state;
    workspace_put(place->directory, "0004_four.up.sql",
                  "CREATE VIEW seen AS SELECT b FROM one WHERE b <> '';\n");
    workspace_put(place->directory, "0004_four.down.sql", "DROP VIEW seen;\n");
    for (guint i = 5; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("%04u_more.up.sql", i);
        g_autofree char *text = g_strdup_printf("CREATE TABLE more%u (i bigint);\n", i);
        workspace_put(place->directory, name, text);
    }
    workspace_put(place->directory, "0010_ten.up.sql",
                  "ALTER TABLE one ALTER COLUMN b TYPE varchar(20);\n");
    struct program_result result = LINT(place, "10");
    assert_says(result.out, "column b of one is used by view seen");
    program_result_clear(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lint__text__reads_like_a_compiler, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__fail_on__decides_the_exit_status, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__target__chooses_the_files, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__pending__asks_the_database, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__github__escapes_what_files_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__gitlab__is_a_code_quality_report, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__json__says_all_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__configuration__sets_levels, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__requires__is_held_against_the_objects, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(lint__allow__leaves_to_verify_what_is_its, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__view__is_remembered_over_files, setup, teardown),
        cmocka_unit_test_setup_teardown(lint__format__wants_one_it_knows, setup, teardown),
    };
    if (inspection_parser_version() == 0) {
        puts("1..0 # SKIP this build has no parser");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
