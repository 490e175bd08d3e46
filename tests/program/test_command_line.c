/* What a person or a script meets first: a wrong path, a mistyped line, an unwritten file, words
 * that mean the same. On SQLite, which needs no server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "support/program.h"

struct place {
    char *directory, *url, *path;
};

static int setup(void **state)
{
    struct place *place = g_new0(struct place, 1);
    place->directory = workspace_make();
    place->path = g_build_filename(place->directory, "app.db", NULL);
    place->url = g_strconcat("sqlite3://", place->path, NULL);
    workspace_put(place->directory, "0001_one.up.sql", "CREATE TABLE one (i int);\n");
    workspace_put(place->directory, "0001_one.down.sql", "DROP TABLE one;\n");
    workspace_put(place->directory, "0002_two.up.sql", "CREATE TABLE two (i int);\n");
    workspace_put(place->directory, "0002_two.down.sql", "DROP TABLE two;\n");
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    workspace_remove(place->directory);
    g_free(place->url);
    g_free(place->path);
    g_free(place);
    return 0;
}

#define WINCH(place, ...)                                                                          \
    program_run("-path", (place)->directory, "-database", (place)->url, __VA_ARGS__, NULL)

#define assert_says(text, part)                                                                    \
    do {                                                                                           \
        if (strstr(text, part) == NULL)                                                            \
            fail_msg("\"%s\" is not in \"%s\"", part, text);                                       \
    } while (0)

static void command_line__environment__is_recorded_with_what_it_was(void **state)
{
    struct place *place = *state;
    struct program_result first = WINCH(place, "init", "--environment", "staging");
    struct program_result second = WINCH(place, "init", "--environment", "development", "--confirm",
                                         "app.db development", "--reason", "it is a copy");
    struct program_result up = WINCH(place, "up");
    struct program_result history = WINCH(place, "history", "--verify");
    struct program_result told = WINCH(place, "history", "--json");
    assert_int_equal(first.status + second.status + up.status + history.status, 0);
    assert_says(told.out, "the environment is staging now; it was not recorded");
    assert_says(told.out, "the environment is development now; it was staging");
    assert_says(told.out, "\"install\"");
    program_result_clear(&first);
    program_result_clear(&second);
    program_result_clear(&up);
    program_result_clear(&history);
    program_result_clear(&told);
}

static void command_line__look__makes_no_file_of_a_wrong_path(void **state)
{
    struct place *place = *state;
    static const char *const words[] = {"status", "version", "plan", "history", "validate", "down"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        struct program_result result = WINCH(place, words[i]);
        assert_int_equal(result.status, 7);
        assert_says(result.err, place->path);
        assert_false(g_file_test(place->path, G_FILE_TEST_EXISTS));
        program_result_clear(&result);
    }
}

static void command_line__up__says_that_it_makes_the_file(void **state)
{
    struct place *place = *state;
    struct program_result up = WINCH(place, "up");
    struct program_result again = WINCH(place, "up");
    struct program_result status = WINCH(place, "status");
    assert_int_equal(up.status, 0);
    assert_says(up.err, "a new one is made");
    assert_null(strstr(again.err, "a new one is made"));
    assert_says(status.out, place->path);
    program_result_clear(&up);
    program_result_clear(&again);
    program_result_clear(&status);
}

static void command_line__json__answers_a_line_that_cannot_be_read(void **state)
{
    (void)state;
    struct program_result option = program_run("status", "--nonsense", "--json", NULL);
    struct program_result command = program_run("-json", "stauts", NULL);
    struct program_result other = program_run("up", "--nonsense", "--", "--json", NULL);
    assert_int_equal(option.status, 2);
    assert_says(option.out, "\"code\": \"usage\"");
    assert_says(command.out, "\"ok\": false");
    assert_string_equal(other.out, "");
    program_result_clear(&option);
    program_result_clear(&command);
    program_result_clear(&other);
}

static void command_line__run__keeps_json_for_failures(void **state)
{
    struct place *place = *state;
    struct program_result good = WINCH(place, "--json", "run", "--", "echo", "started");
    struct program_result none = WINCH(place, "--json", "run", "--", "/nonexistent/program");
    workspace_put(place->directory, "0003_bad.up.sql", "CREATE TABEL three (i int);\n");
    struct program_result bad = WINCH(place, "--json", "run", "--", "echo", "started");
    assert_string_equal(good.out, "started\n");
    assert_int_equal(none.status, 1);
    assert_says(none.out, "cannot become");
    assert_int_not_equal(bad.status, 0);
    assert_says(bad.out, "\"ok\": false");
    assert_null(strstr(bad.out, "started\n"));
    program_result_clear(&good);
    program_result_clear(&none);
    program_result_clear(&bad);
}

static void command_line__down__says_no_more_than_is_true(void **state)
{
    struct place *place = *state;
    struct program_result up = WINCH(place, "up");
    struct program_result down = WINCH(place, "-environment", "development", "down", "5");
    assert_int_equal(down.status, 1);
    assert_says(down.out, "2 of 2 migrations are in: the database is at none");
    assert_says(down.err, "only 2 of the 5 migrations asked for were there");
    program_result_clear(&up);
    program_result_clear(&down);
}

static void command_line__down__names_how_far_it_goes(void **state)
{
    struct place *place = *state;
    workspace_put(place->directory, "0002_two.up.sql",
                  "-- winch: irreversible the rows are gone\nCREATE TABLE two (i int);\n");
    struct program_result up = WINCH(place, "up");
    struct program_result down = WINCH(place, "goto", "none");
    struct program_result good = WINCH(place, "goto", "0002");
    assert_int_equal(down.status, 5);
    assert_says(down.err, "'winch goto 0002' is as far down as it goes");
    assert_int_equal(good.status, 0);
    program_result_clear(&up);
    program_result_clear(&down);
    program_result_clear(&good);
}

static void command_line__up__refuses_an_untouched_template(void **state)
{
    struct place *place = *state;
    struct program_result make =
        program_run("create", "-dir", place->directory, "-digits", "4", "three", NULL);
    struct program_result up = WINCH(place, "up");
    struct program_result two = WINCH(place, "up", "2");
    struct program_result status = WINCH(place, "status");
    assert_int_equal(make.status, 0);
    assert_int_equal(up.status, 5);
    assert_says(up.err, "0003_three.up.sql");
    assert_int_equal(two.status, 0);
    assert_says(status.out, "not written yet");
    workspace_put(place->directory, "0003_three.up.sql", "-- nothing to do, on purpose\n");
    struct program_result meant = WINCH(place, "up");
    assert_int_equal(meant.status, 0);
    program_result_clear(&make);
    program_result_clear(&up);
    program_result_clear(&two);
    program_result_clear(&status);
    program_result_clear(&meant);
}

static void command_line__confirm__takes_other_names_of_the_target(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *words;
        int status;
    } rows[] = {
        {"app.db 2", 5}, {"app.db -1", 5}, {"other.db 1", 5},
        {"app.db", 5},   {"1", 5},         {"app.db 1", 0},
    };
    struct program_result up = WINCH(place, "up");
    assert_int_equal(up.status, 0);
    program_result_clear(&up);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct program_result down = WINCH(place, "down", "-confirm", rows[i].words);
        if (down.status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].words, down.status, down.err);
        program_result_clear(&down);
    }
}

static void command_line__mark__names_versions(void **state)
{
    struct place *place = *state;
    struct program_result init = WINCH(place, "init");
    struct program_result early = WINCH(place, "mark", "stable", "1");
    struct program_result up = WINCH(place, "up");
    struct program_result none = WINCH(place, "plan", "last-stable");
    struct program_result other = WINCH(place, "mark", "good", "1");
    struct program_result one = WINCH(place, "mark", "stable", "1", "--reason", "a week of it");
    struct program_result two = WINCH(place, "mark", "known-good", "latest");
    struct program_result status = WINCH(place, "status");
    struct program_result plan = WINCH(place, "plan", "last-stable");
    struct program_result wait = WINCH(place, "wait", "--to", "last-known-good");
    struct program_result gone = WINCH(place, "mark", "stable", "1", "--remove");
    struct program_result again = WINCH(place, "mark", "stable", "1", "--remove");
    struct program_result history = WINCH(place, "history", "--json");
    assert_int_equal(init.status, 0);
    assert_int_equal(early.status, 5);
    assert_says(early.err, "0001 cannot be stable: it is not applied here");
    assert_int_equal(none.status, 2);
    assert_says(none.err, "no version is marked stable");
    assert_int_equal(other.status, 2);
    assert_int_equal(up.status + one.status + two.status + status.status + plan.status, 0);
    assert_says(status.out, "stable");
    assert_says(status.out, "current, known-good");
    assert_says(plan.out, "1 migration, from 0002 to 0001");
    assert_int_equal(wait.status, 0);
    assert_int_equal(gone.status, 0);
    assert_says(gone.out, "0001 is no longer stable");
    assert_int_equal(again.status, 5);
    assert_says(history.out, "marked stable");
    assert_says(history.out, "no longer stable");
    assert_says(history.out, "a week of it");
    struct program_result *const all[] = {&init,   &early, &up,   &none, &other, &one,    &two,
                                          &status, &plan,  &wait, &gone, &again, &history};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        program_result_clear(all[i]);
}

/* Every spelling of going back meets the same policy; golang-migrate's among them. */
static void command_line__policy__holds_for_every_spelling(void **state)
{
    struct place *place = *state;
    static const char *const spellings[][4] = {
        {"down", "1"},  {"goto", "1"},  {"rollback", "1"},         {"down", "-all"},
        {"force", "1"}, {"drop", "-f"}, {"-verbose", "down", "1"},
    };
    struct program_result up = WINCH(place, "up");
    struct program_result init = WINCH(place, "init", "--environment", "production");
    assert_int_equal(up.status + init.status, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(spellings); i++) {
        struct program_result refused = WINCH(place, spellings[i][0], spellings[i][1], "--reason",
                                              "test", "--confirm", "app.db 1");
        assert_int_equal(refused.status, 5);
        assert_says(refused.err, "no version is marked known good");
        program_result_clear(&refused);
    }
    struct program_result version = WINCH(place, "version");
    struct program_result none = WINCH(place, "emergency", "--reason", "x");
    struct program_result mark = WINCH(place, "mark", "known-good", "1");
    struct program_result gate = WINCH(place, "gate", "--json");
    struct program_result wrong = WINCH(place, "--environment", "development", "down");
    struct program_result down =
        WINCH(place, "emergency", "--reason", "x", "--confirm", "app.db 1");
    struct program_result again = WINCH(place, "rollback");
    assert_says(version.out, "2");
    assert_int_equal(none.status, 5);
    assert_int_equal(mark.status, 0);
    assert_int_equal(gate.status, 5);
    assert_says(gate.out, "\"asks\": \"words\"");
    assert_says(gate.out, "\"words\": \"app.db 0001\"");
    assert_says(gate.out, "this version of winch takes none");
    assert_int_equal(wrong.status, 5);
    assert_says(wrong.err, "--environment says development");
    assert_int_equal(down.status, 0);
    assert_int_equal(again.status, 0);
    assert_says(again.out, "the database is at 0001");
    struct program_result *const all[] = {&up,   &init,  &version, &none, &mark,
                                          &gate, &wrong, &down,    &again};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        program_result_clear(all[i]);
}

static void command_line__dirty__is_counted_and_names_versions(void **state)
{
    struct place *place = *state;
    workspace_put(place->directory, "0003_vacuum.up.sql",
                  "-- winch: transaction off\nCREATE TABLE three (i int);\nINSERT INTO nowhere "
                  "VALUES (1);\n");
    struct program_result up = WINCH(place, "up");
    struct program_result status = WINCH(place, "status");
    assert_int_not_equal(up.status, 0);
    assert_says(up.out, "2 of 3 migrations are in, and of the next one 1 of 2 statements");
    assert_int_equal(status.status, 3);
    assert_says(status.out, "2 applied, 0 pending, 1 dirty");
    assert_says(status.err, "'winch force 0003'");
    assert_says(status.err, "'winch force 0002'");
    program_result_clear(&up);
    program_result_clear(&status);
}

static void command_line__config__marks_what_nothing_uses(void **state)
{
    (void)state;
    struct program_result result = program_run("config", NULL);
    g_auto(GStrv) lines = g_strsplit(result.out, "\n", -1);
    gboolean is_marked = FALSE;
    for (char **line = lines; *line != NULL; line++) {
        gboolean says = strstr(*line, "not used by this version") != NULL;
        is_marked |= g_str_has_prefix(*line, "backup.directory") && says;
        assert_false(g_str_has_prefix(*line, "options.timeout") && says);
    }
    assert_true(is_marked);
    program_result_clear(&result);
}

static void command_line__password__is_not_repeated(void **state)
{
    (void)state;
    struct program_result command = program_run("postgres://u:sec@ret@h/db", NULL);
    struct program_result source =
        program_run("-source", "postgres://u:sec@ret@h/db", "status", NULL);
    struct program_result path =
        program_run("-database", "postgres://u:sec/ret@h/db", "status", NULL);
    struct program_result *all[] = {&command, &source, &path};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        assert_int_equal(all[i]->status, 2);
        if (strstr(all[i]->err, "sec") != NULL || strstr(all[i]->err, "ret@") != NULL)
            fail_msg("%s", all[i]->err);
        program_result_clear(all[i]);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(command_line__environment__is_recorded_with_what_it_was),
        TEST(command_line__look__makes_no_file_of_a_wrong_path),
        TEST(command_line__up__says_that_it_makes_the_file),
        TEST(command_line__json__answers_a_line_that_cannot_be_read),
        TEST(command_line__run__keeps_json_for_failures),
        TEST(command_line__down__says_no_more_than_is_true),
        TEST(command_line__down__names_how_far_it_goes),
        TEST(command_line__up__refuses_an_untouched_template),
        TEST(command_line__confirm__takes_other_names_of_the_target),
        TEST(command_line__mark__names_versions),
        TEST(command_line__policy__holds_for_every_spelling),
        TEST(command_line__dirty__is_counted_and_names_versions),
        TEST(command_line__config__marks_what_nothing_uses),
        TEST(command_line__password__is_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
