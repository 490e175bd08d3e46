/* The terminal that tests look at, with small shell programs on it. */
#include "support/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static struct terminal *shell(const char *script, const char *const *environment)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    return terminal_start(argv, 6, 30, environment);
}

static void terminal__screen__shows_wide_and_combining(void **state)
{
    (void)state;
    AUTOPTR(terminal) *terminal =
        shell("printf 'a\\346\\274\\242b e\\314\\201x   \\r\\nend'; read x", NULL);
    terminal_wait_text(terminal, "end");
    g_autofree char *screen = terminal_screen(terminal);
    assert_string_equal(screen, "a\u6f22b e\u0301x\nend\n\n\n\n\n");
    assert_int_equal(terminal_cell(terminal, 0, 1).width, 2);
    assert_int_equal(terminal_cell(terminal, 0, 2).width, 0);
    assert_string_equal(terminal_cell(terminal, 0, 5).text, "e\u0301");
    assert_int_equal(terminal_cursor(terminal).row, 1);
    assert_int_equal(terminal_cursor(terminal).column, 3);
}

static void terminal__cell__knows_attributes(void **state)
{
    (void)state;
    AUTOPTR(terminal) *terminal =
        shell("printf '\\033[1;31;44mA\\033[0;4mB\\033[0;7mC\\033[0mD\\033[?25lend'; read x", NULL);
    terminal_wait_text(terminal, "ABCDend");
    struct terminal_cell a = terminal_cell(terminal, 0, 0), d = terminal_cell(terminal, 0, 3);
    assert_true(a.bold);
    assert_int_equal(a.foreground, 1);
    assert_int_equal(a.background, 4);
    assert_true(terminal_cell(terminal, 0, 1).underline);
    assert_true(terminal_cell(terminal, 0, 2).reverse);
    assert_false(d.bold || d.underline || d.reverse);
    assert_int_equal(d.foreground, -1);
    assert_false(terminal_cursor(terminal).is_visible);
}

static void terminal__keys__arrive_as_bytes(void **state)
{
    (void)state;
    AUTOPTR(terminal) *terminal =
        shell("stty raw -echo opost; echo ready; dd bs=1 count=15 2>/dev/null |"
              " od -An -v -tx1 | tr -d ' \\n'",
              NULL);
    terminal_wait_text(terminal, "ready");
    terminal_keys(terminal, "Up Enter C-c Esc F1 PgDn M-x");
    terminal_wait_text(terminal, "1b4f410d031b1b4f501b5b367e1b78");
    assert_int_equal(terminal_wait_exit(terminal), 0);
}

static void terminal__paste__is_bracketed(void **state)
{
    (void)state;
    AUTOPTR(terminal) *terminal =
        shell("stty raw -echo; echo ready; dd bs=1 count=13 2>/dev/null | tr '\\033' E", NULL);
    terminal_wait_text(terminal, "ready");
    terminal_paste(terminal, "x");
    terminal_wait_text(terminal, "E[200~xE[201~");
}

static void terminal__start__fixes_the_environment(void **state)
{
    (void)state;
    const char *const changes[] = {"TERM=linux", "NO_COLOR=1", "LANG", NULL};
    g_setenv("LC_ALL", "C", TRUE);
    AUTOPTR(terminal) *terminal =
        shell("echo $TERM $NO_COLOR ${LANG-none} ${LC_ALL-none} $ESCDELAY; stty size", changes);
    g_unsetenv("LC_ALL");
    assert_int_equal(terminal_wait_exit(terminal), 0);
    assert_true(terminal_shows(terminal, "linux 1 none none 25\n6 30"));
}

static void terminal__resize__reaches_the_program(void **state)
{
    (void)state;
    AUTOPTR(terminal) *terminal =
        shell("trap 'stty size; exit 3' WINCH; echo ready; while :; do read x; done", NULL);
    terminal_wait_text(terminal, "ready");
    terminal_resize(terminal, 10, 40);
    terminal_wait_text(terminal, "10 40");
    assert_int_equal(terminal_wait_exit(terminal), 3);
}

static void terminal__wait_exit__tells_signals_and_hang_up(void **state)
{
    (void)state;
    AUTOPTR(terminal) *one = shell("echo ready; read x", NULL);
    terminal_wait_text(one, "ready");
    terminal_signal(one, SIGKILL);
    assert_int_equal(terminal_wait_exit(one), 128 + SIGKILL);
    AUTOPTR(terminal) *other = shell("echo ready; read x", NULL);
    terminal_wait_text(other, "ready");
    terminal_hang_up(other);
    assert_int_equal(terminal_wait_exit(other), 128 + SIGHUP);
}

static void terminal__is_restored__sees_what_is_left_behind(void **state)
{
    (void)state;
    AUTOPTR(terminal) *good = shell("stty -echo; stty echo", NULL);
    assert_int_equal(terminal_wait_exit(good), 0);
    assert_true(terminal_is_restored(good));
    AUTOPTR(terminal) *bad = shell("stty -echo", NULL);
    assert_int_equal(terminal_wait_exit(bad), 0);
    assert_false(terminal_is_restored(bad));
}

static void terminal__wait_gone__follows_the_alternate_screen(void **state)
{
    (void)state;
    AUTOPTR(terminal) *terminal =
        shell("echo one; tput smcup; printf two; read x; tput rmcup; read x", NULL);
    terminal_wait_text(terminal, "two");
    assert_true(terminal_is_alternate(terminal));
    gsize before = terminal_received(terminal);
    terminal_keys(terminal, "Enter");
    terminal_wait_gone(terminal, "two");
    assert_false(terminal_is_alternate(terminal));
    assert_true(terminal_shows(terminal, "one"));
    assert_in_range(terminal_received(terminal) - before, 1, 100);
}

/* A place for an expected screen, in place of the sources. */
static char *sources_make(void)
{
    char *directory = g_dir_make_tmp("winch-test-XXXXXX", NULL);
    assert_non_null(directory);
    g_autofree char *tests = g_build_filename(directory, "tests", NULL);
    assert_int_equal(g_mkdir(tests, 0700), 0);
    return directory;
}

static void sources_remove(char *directory)
{
    g_autofree char *tests = g_build_filename(directory, "tests", NULL);
    g_autofree char *file = g_build_filename(directory, "hello.txt", NULL);
    g_unlink(file);
    g_rmdir(tests);
    g_rmdir(directory);
    g_free(directory);
}

/* Run by the next test in a process of its own, because it may fail. */
static void hello_is_as_expected(void **state)
{
    (void)state;
    AUTOPTR(terminal) *terminal = shell("echo hello; echo world", NULL);
    assert_int_equal(terminal_wait_exit(terminal), 0);
    terminal_assert_screen(terminal, "hello.txt");
}

static const char *own_path;

/* Whether hello_is_as_expected() holds for these sources; its output in *said. */
static gboolean hello_holds(const char *directory, const char *mode, char **said)
{
    g_autofree char *tests = g_build_filename(directory, "tests", NULL);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "WINCH_TESTS", tests, TRUE);
    environment = g_environ_setenv(environment, "WINCH_SCREENS", mode, TRUE);
    environment = g_environ_setenv(environment, "ASAN_OPTIONS", "detect_leaks=0", TRUE);
    environment = g_environ_setenv(environment, "CMOCKA_MESSAGE_OUTPUT", "STDOUT", TRUE);
    const char *const argv[] = {own_path, "hello", NULL};
    g_autofree char *err = NULL;
    int status = 0;
    assert_true(g_spawn_sync(NULL, (char **)(gsize)argv, environment, 0, NULL, NULL, said, &err,
                             &status, NULL));
    g_autofree char *out = g_steal_pointer(said);
    *said = g_strconcat(out, err, NULL);
    return status == 0;
}

static void terminal__assert_screen__tells_lines_that_differ(void **state)
{
    (void)state;
    char *directory = sources_make();
    g_autofree char *path = g_build_filename(directory, "hello.txt", NULL);
    g_autofree char *missing = NULL, *written = NULL, *same = NULL, *differs = NULL, *text = NULL;
    gboolean without = hello_holds(directory, "", &missing);
    gboolean writes = hello_holds(directory, "write", &written);
    gboolean is_same = hello_holds(directory, "", &same);
    g_file_get_contents(path, &text, NULL, NULL);
    g_file_set_contents(path, "hello\nmoon\n\n\n\n\n", -1, NULL);
    gboolean is_other = hello_holds(directory, "", &differs);
    sources_remove(directory);
    assert_false(without);
    assert_true(writes);
    assert_true(is_same);
    assert_string_equal(text, "hello\nworld\n\n\n\n\n");
    assert_false(is_other);
    assert_non_null(strstr(differs, "  2 -moon\n  2 +world"));
}

static int hello(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hello_is_as_expected)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    own_path = argv[0];
    if (argc > 1)
        return hello();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminal__screen__shows_wide_and_combining),
        cmocka_unit_test(terminal__cell__knows_attributes),
        cmocka_unit_test(terminal__keys__arrive_as_bytes),
        cmocka_unit_test(terminal__paste__is_bracketed),
        cmocka_unit_test(terminal__start__fixes_the_environment),
        cmocka_unit_test(terminal__resize__reaches_the_program),
        cmocka_unit_test(terminal__wait_exit__tells_signals_and_hang_up),
        cmocka_unit_test(terminal__is_restored__sees_what_is_left_behind),
        cmocka_unit_test(terminal__wait_gone__follows_the_alternate_screen),
        cmocka_unit_test(terminal__assert_screen__tells_lines_that_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
