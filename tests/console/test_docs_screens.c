/* The pictures in docs/screens: captured from the real console on a real server, so that they
 * cannot tell what it does not show. WINCH_SCREENS=write makes them anew. */
#include "console/sampled.h"
#include "support/cluster.h"
#include "support/program.h"
#include "support/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <libpq-fe.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_US (20 * G_USEC_PER_SEC)

struct picture {
    char *url, *migrations, *home;
    char *socket; /* a name of fixed width for the server's directory: banners are cut to fit */
    struct terminal *terminal;
};

/* ---- a database like the demo's -------------------------------------------------------------- */

static void winch(const struct picture *picture, const char *command, const char *argument,
                  const char *option)
{
    struct program_result result = program_run(
        "--database", picture->url, "--path", picture->migrations, command, argument, option, NULL);
    if (result.status != 0)
        fail_msg("winch %s: %d\n%s%s", command, result.status, result.out, result.err);
    program_result_clear(&result);
}

static char *link_make(void)
{
    char *path = g_strdup("/tmp/win-XXXXXX");
    assert_non_null(g_mkdtemp(path));
    g_rmdir(path);
    assert_int_equal(symlink(scratch_server_directory(cluster_server()), path), 0);
    return path;
}

static int set_up(void **state)
{
    struct picture *picture = g_new0(struct picture, 1);
    *state = picture;
    g_autofree char *url = cluster_create_database("app");
    const char *port = strstr(url, "&port=");
    picture->socket = link_make();
    picture->url = g_strdup_printf("postgres://postgres@/app?host=%s%s", picture->socket,
                                   port != NULL ? port : "");
    picture->migrations = g_build_filename(g_getenv("WINCH_TESTS"), "..", "migrations", NULL);
    picture->home = workspace_make();
    winch(picture, "init", "--environment=production", NULL);
    winch(picture, "up", "5", "--yes");
    return 0;
}

static int tear_down(void **state)
{
    struct picture *picture = *state;
    terminal_free(picture->terminal);
    g_unlink(picture->socket);
    workspace_remove(picture->home);
    g_free(picture->socket);
    g_free(picture->url);
    g_free(picture->migrations);
    g_free(picture);
    return 0;
}

static void start(struct picture *picture, int rows, int columns)
{
    g_autofree char *home = g_strdup_printf("HOME=%s", picture->home);
    g_autofree char *state = g_strdup_printf("XDG_STATE_HOME=%s", picture->home);
    const char *const argv[] = {program_path(), "--database",        picture->url,
                                "--path",       picture->migrations, NULL};
    const char *const environment[] = {home, state, NULL};
    terminal_free(picture->terminal);
    picture->terminal = terminal_start(argv, rows, columns, environment);
    terminal_wait_text(picture->terminal, "5 applied, 1 pending");
    terminal_wait_text(picture->terminal, "backend ");
    terminal_wait_text(picture->terminal, "DATA LOCK"); /* the files were judged */
}

/* ---- pictures ---------------------------------------------------------------------------------
 */

/* Fails with the first line that differs. */
static void compare(const char *name, const char *expected, const char *screen)
{
    g_auto(GStrv) wanted = g_strsplit(expected, "\n", -1);
    g_auto(GStrv) got = g_strsplit(screen, "\n", -1);
    for (guint i = 0; wanted[i] != NULL && got[i] != NULL; i++)
        if (strcmp(wanted[i], got[i]) != 0)
            fail_msg("docs/screens/%s is not what the console shows (WINCH_SCREENS=write accepts "
                     "it), line %u:\n%s\n%s",
                     name, i + 1, wanted[i], got[i]);
    assert_string_equal(expected, screen);
}

/* The socket's name is as wide as what stands in its place. */
static char *shown(const struct picture *picture)
{
    g_autofree char *screen = terminal_screen(picture->terminal);
    g_autofree char *sampled = sampled_screen(screen);
    g_auto(GStrv) parts = g_strsplit(sampled, picture->socket, -1);
    return g_strjoinv("/run/postgresql", parts);
}

static void take(const struct picture *picture, const char *name)
{
    g_autofree char *path =
        g_build_filename(g_getenv("WINCH_TESTS"), "..", "docs", "screens", name, NULL);
    g_autofree char *expected = NULL;
    g_autoptr(GError) error = NULL;
    terminal_settle(picture->terminal);
    g_autofree char *screen = shown(picture);
    if (g_strcmp0(g_getenv("WINCH_SCREENS"), "write") == 0) {
        if (!g_file_set_contents(path, screen, -1, &error))
            fail_msg("%s", error->message);
        return;
    }
    if (!g_file_get_contents(path, &expected, NULL, &error))
        fail_msg("%s (WINCH_SCREENS=write makes it)", error->message);
    compare(name, expected, screen);
}

static void press(const struct picture *picture, const char *keys, const char *text)
{
    terminal_keys(picture->terminal, keys);
    terminal_wait_text(picture->terminal, text);
    terminal_settle(picture->terminal);
}

/* ---- sessions that wait for each other ----------------------------------------------------------
 */

static PGconn *session(const struct picture *picture, const char *application)
{
    g_autofree char *url = g_strdup_printf("%s&application_name=%s", picture->url, application);
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    return connection;
}

/* One keeps a table locked, and another waits for it. */
static void block(const struct picture *picture, PGconn *ends[2])
{
    ends[0] = session(picture, "reports");
    ends[1] = session(picture, "shop");
    PQclear(PQexec(ends[0], "BEGIN; LOCK TABLE users"));
    assert_int_equal(PQtransactionStatus(ends[0]), PQTRANS_INTRANS);
    assert_int_equal(PQsendQuery(ends[1], "SELECT count(*) FROM users"), 1);
}

/* ---- the gate ---------------------------------------------------------------------------------
 */

/* For half a second a gate takes nothing: so type until something shows, and take it back. */
static void wait_for_gate(const struct picture *picture)
{
    gint64 limit = g_get_monotonic_time() + LIMIT_US;
    while (!terminal_shows(picture->terminal, "\n> x") && g_get_monotonic_time() < limit) {
        terminal_type(picture->terminal, "x");
        terminal_settle(picture->terminal);
    }
    terminal_keys(picture->terminal, "C-u");
    terminal_wait_gone(picture->terminal, "\n> x");
}

/* One key at a time, each behind the sight of the one before: faster would be a paste. */
static void type_words(const struct picture *picture, const char *before, const char *words)
{
    g_autoptr(GString) seen = g_string_new("\n> ");
    g_string_append(seen, before);
    for (const char *at = words; *at != '\0'; at++) {
        const char one[] = {*at, '\0'};
        terminal_type(picture->terminal, one);
        g_string_append_c(seen, *at);
        if (*at != ' ')
            terminal_wait_text(picture->terminal, seen->str);
        terminal_settle(picture->terminal);
    }
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void screens__looking__are_as_captured(void **state)
{
    struct picture *picture = *state;
    PGconn *ends[2];
    start(picture, 40, 140);
    terminal_wait_text(picture->terminal, "statement_timeout"); /* the last of the log's first */
    press(picture, "k", "CREATE TABLE");
    take(picture, "timeline-140x40.txt");
    terminal_keys(picture->terminal, "q");
    assert_int_equal(terminal_wait_exit(picture->terminal), 0);
    start(picture, 24, 80);
    take(picture, "timeline.txt");
    press(picture, "2", "> UP");
    take(picture, "sql.txt");
    press(picture, "8", "Graph  newest first");
    take(picture, "graph.txt");
    block(picture, ends);
    press(picture, "5", "3 sessions, 1 blocked");
    press(picture, "g", "reports");
    take(picture, "activity.txt");
    PQfinish(ends[0]);
    PQfinish(ends[1]);
    press(picture, "6", "finished");
    take(picture, "history.txt");
    press(picture, "1", "Timeline 6");
    press(picture, "g ?", "Keys of the screen");
    take(picture, "help.txt");
    press(picture, "q", "Timeline 6");
    press(picture, "3", "in this order");
    take(picture, "plan.txt");
}

static void screens__changing__are_as_captured(void **state)
{
    struct picture *picture = *state;
    start(picture, 24, 80);
    press(picture, "w", "ARMED 1");
    press(picture, "m", "Read to the end first");
    for (guint i = 0; i < 20 && !terminal_shows(picture->terminal, "Type  app "); i++) {
        terminal_keys(picture->terminal, "Space");
        terminal_settle(picture->terminal);
    }
    wait_for_gate(picture);
    type_words(picture, "", "app 0000");
    take(picture, "gate.txt");
    type_words(picture, "app 0000", "06");
    press(picture, "Enter", "the database is at 000006");
    take(picture, "run.txt");
}

static char *contents(const char *name)
{
    g_autofree char *path = g_build_filename(g_getenv("WINCH_TESTS"), "..", name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        fail_msg("%s", error->message);
    return text;
}

static void screens__readme__shows_the_timeline_as_captured(void **state)
{
    g_autofree char *readme = contents("README.md");
    g_autofree char *timeline = contents("docs/screens/timeline.txt");
    (void)state;
    assert_non_null(strstr(readme, timeline));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(screens__looking__are_as_captured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(screens__changing__are_as_captured, set_up, tear_down),
        cmocka_unit_test(screens__readme__shows_the_timeline_as_captured),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
