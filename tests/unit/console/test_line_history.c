/* The prompt's history: what is kept, and that its file cannot be turned against its owner. */
#include "console/line_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

struct place {
    char *directory, *path;
};

static int set_up(void **state)
{
    struct place *place = g_new0(struct place, 1);
    place->directory = g_dir_make_tmp("winch-test-XXXXXX", NULL);
    place->path = g_build_filename(place->directory, "history", NULL);
    *state = place;
    return place->directory == NULL;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    g_autoptr(GDir) dir = g_dir_open(place->directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(place->directory, name, NULL);
        g_remove(path);
    }
    g_rmdir(place->directory);
    g_free(place->directory);
    g_free(place->path);
    g_free(place);
    return 0;
}

static void save(struct line_history *history)
{
    g_autoptr(GError) error = NULL;
    if (!line_history_save(history, &error))
        fail_msg("%s", error->message);
}

static void file_is(const char *path, const char *expected)
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, expected);
}

static void line_history__add__keeps_the_newest_of_equal_lines(void **state)
{
    (void)state;
    AUTOPTR(line_history) *history = line_history_load(NULL);
    line_history_add(history, "goto 44");
    line_history_add(history, "plan");
    line_history_add(history, "goto 44");
    assert_int_equal(line_history_count(history), 2);
    assert_string_equal(line_history_get(history, 0), "plan");
    assert_string_equal(line_history_get(history, 1), "goto 44");
}

static void line_history__add__leaves_out_what_is_no_line(void **state)
{
    (void)state;
    AUTOPTR(line_history) *history = line_history_load(NULL);
    g_autofree char *longest = g_strnfill(LINE_HISTORY_CHARACTERS, 'x');
    g_autofree char *too_long = g_strnfill(LINE_HISTORY_CHARACTERS + 1, 'x');
    line_history_add(history, "");
    line_history_add(history, "two\nlines");
    line_history_add(history, "\xff");
    line_history_add(history, too_long);
    assert_int_equal(line_history_count(history), 0);
    line_history_add(history, longest);
    assert_int_equal(line_history_count(history), 1);
}

static void line_history__add__forgets_the_oldest(void **state)
{
    (void)state;
    AUTOPTR(line_history) *history = line_history_load(NULL);
    for (int i = 0; i < LINE_HISTORY_LINES + 5; i++) {
        g_autofree char *line = g_strdup_printf("line %d", i);
        line_history_add(history, line);
    }
    assert_int_equal(line_history_count(history), LINE_HISTORY_LINES);
    assert_string_equal(line_history_get(history, 0), "line 5");
}

static void line_history__save__comes_back_and_is_private(void **state)
{
    struct place *place = *state;
    AUTOPTR(line_history) *history = line_history_load(place->path);
    line_history_add(history, "filter name~\u00fcber \u6f22");
    save(history);
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    AUTOPTR(line_history) *again = line_history_load(place->path);
    assert_int_equal(line_history_count(again), 1);
    assert_string_equal(line_history_get(again, 0), "filter name~\u00fcber \u6f22");
}

static void line_history__save__keeps_what_others_added(void **state)
{
    struct place *place = *state;
    AUTOPTR(line_history) *one = line_history_load(place->path);
    AUTOPTR(line_history) *other = line_history_load(place->path);
    line_history_add(one, "mine");
    line_history_add(other, "theirs");
    save(other);
    save(one);
    save(one);
    file_is(place->path, "theirs\nmine\n");
}

static void line_history__save__never_follows_a_link(void **state)
{
    struct place *place = *state;
    g_autofree char *victim = g_build_filename(place->directory, "victim", NULL);
    g_autoptr(GError) error = NULL;
    assert_true(g_file_set_contents(victim, "precious\n", -1, NULL));
    assert_int_equal(symlink(victim, place->path), 0);
    AUTOPTR(line_history) *history = line_history_load(place->path);
    assert_int_equal(line_history_count(history), 0);
    line_history_add(history, "goto 1");
    assert_false(line_history_save(history, &error));
    assert_non_null(strstr(error->message, "not a regular file"));
    file_is(victim, "precious\n");
}

static void line_history__save__says_why_it_could_not(void **state)
{
    struct place *place = *state;
    g_autofree char *path = g_build_filename(place->directory, "missing", "history", NULL);
    g_autoptr(GError) error = NULL;
    AUTOPTR(line_history) *history = line_history_load(path);
    line_history_add(history, "goto 1");
    assert_false(line_history_save(history, &error));
    assert_non_null(strstr(error->message, "missing/history"));
}

static void line_history__load__takes_lines_from_a_damaged_file(void **state)
{
    struct place *place = *state;
    assert_true(g_file_set_contents(place->path, "good\n\xff\xfe\n\033[31mred\nlast", -1, NULL));
    AUTOPTR(line_history) *history = line_history_load(place->path);
    assert_int_equal(line_history_count(history), 2);
    assert_string_equal(line_history_get(history, 1), "last");
}

static void line_history__load__is_not_kept_by_a_pipe(void **state)
{
    struct place *place = *state;
    assert_int_equal(mkfifo(place->path, 0600), 0);
    AUTOPTR(line_history) *history = line_history_load(place->path);
    assert_int_equal(line_history_count(history), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_history__add__keeps_the_newest_of_equal_lines),
        cmocka_unit_test(line_history__add__leaves_out_what_is_no_line),
        cmocka_unit_test(line_history__add__forgets_the_oldest),
        cmocka_unit_test_setup_teardown(line_history__save__comes_back_and_is_private, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(line_history__save__keeps_what_others_added, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(line_history__save__never_follows_a_link, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(line_history__save__says_why_it_could_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(line_history__load__takes_lines_from_a_damaged_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(line_history__load__is_not_kept_by_a_pipe, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
