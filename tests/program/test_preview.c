/* winch preview as people run it: what it says, and that nothing stays when it is killed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

#include "database/catalog.h"
#include "database/database.h"
#include "support/cluster.h"
#include "support/program.h"

#define DATABASE_NAME "app"
#define PATIENCE      (30 * G_USEC_PER_SEC)

struct place {
    char *directory, *url;
};

static int setup(void **state)
{
    struct place *place = g_new0(struct place, 1);
    place->directory = workspace_make();
    place->url = cluster_create_database(DATABASE_NAME);
    cluster_exec(DATABASE_NAME, "CREATE TABLE child (id serial PRIMARY KEY, email text);"
                                "INSERT INTO child (email) SELECT g FROM generate_series(1, 3000) "
                                "g; ANALYZE child");
    workspace_put(place->directory, "000001_set.up.sql",
                  "ALTER TABLE child ALTER COLUMN email SET NOT NULL;\n");
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    workspace_remove(place->directory);
    g_free(place->url);
    g_free(place);
    return 0;
}

#define WINCH(place, ...)                                                                          \
    program_run("-path", (place)->directory, "-database", (place)->url, "-environment",            \
                "development", __VA_ARGS__, NULL)

#define assert_says(text, part)                                                                    \
    do {                                                                                           \
        if (strstr(text, part) == NULL)                                                            \
            fail_msg("\"%s\" is not in \"%s\"", part, text);                                       \
    } while (0)

static char *fingerprint(const struct place *place)
{
    AUTOPTR(database) *database =
        database_open(&(struct database_options){.url = place->url}, NULL);
    AUTOPTR(catalog) *catalog = database_catalog_read(database, NULL);
    g_autofree char *rows = cluster_value(
        DATABASE_NAME, "SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM child c");
    return g_strconcat(catalog_fingerprint(catalog), " ", rows, NULL);
}

/* Until sql answers expected in the cluster. */
static void wait_for(const char *expected, const char *sql)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    for (;;) {
        g_autofree char *value = cluster_value(NULL, sql);
        if (strcmp(value, expected) == 0)
            return;
        if (g_get_monotonic_time() > deadline)
            fail_msg("%s is %s, not %s", sql, value, expected);
        g_usleep(10000);
    }
}

/* ---- what it says -----------------------------------------------------------------------------
 */

static void preview__text__is_read_in_seconds(void **state)
{
    struct place *place = *state;
    struct program_result here = WINCH(place, "preview");
    struct program_result copy = WINCH(place, "up", "--dry-run", "--on", "scratch", "--verbose");
    assert_int_equal(here.status, 0);
    assert_int_equal(copy.status, 0);
    assert_says(here.out, "measured on this database, rolled back");
    assert_says(here.out, "ACCESS EXCLUSIVE");
    assert_says(here.out, "wait while every row is read (");
    assert_says(here.out, "changed column public.child.email: not null is now yes");
    assert_says(here.out, "nobody seen who would matter");
    assert_says(here.out, "preview: 1 migration ran and rolled back, in ");
    assert_says(copy.out, "schema of app at ");
    assert_says(copy.out, "On copy");
    assert_says(copy.out, "about ");
    assert_says(copy.out, "server: verifying table \"child\"");
    assert_says(copy.out, "the copy has no rows");
    program_result_clear(&here);
    program_result_clear(&copy);
}

static void preview__json__has_everything_and_the_plans_id(void **state)
{
    struct place *place = *state;
    struct program_result plan = WINCH(place, "plan", "--json");
    struct program_result result = WINCH(place, "preview", "--json");
    json_t *planned = json_loads(plan.out, 0, NULL), *document = json_loads(result.out, 0, NULL);
    const char *id = NULL, *seen = NULL, *level = NULL, *mode = NULL, *work = NULL;
    json_int_t rows = 0;
    assert_int_equal(json_unpack(planned, "{s:{s:s}}", "plan", "id", &id), 0);
    assert_int_equal(json_unpack(document, "{s:{s:s, s:s, s:[{s:[{s:[{s:s}], s:[{s:s, s:I}]}]}]}}",
                                 "preview", "plan_id", &seen, "level", &level, "steps",
                                 "statements", "locks", "mode", &mode, "works", "kind", &work,
                                 "rows", &rows),
                     0);
    assert_string_equal(id, seen);
    assert_string_equal(level, "database");
    assert_string_equal(mode, "ACCESS EXCLUSIVE");
    assert_string_equal(work, "scan");
    assert_int_equal(rows, 3000);
    json_decref(planned);
    json_decref(document);
    program_result_clear(&plan);
    program_result_clear(&result);
}

static void preview__mistakes__are_told(void **state)
{
    struct place *place = *state;
    struct program_result word = WINCH(place, "preview", "--on", "moon");
    struct program_result both = WINCH(place, "preview", "--on", "database", "--scratch", "x=y");
    struct program_result change = WINCH(place, "up", "--on", "scratch");
    workspace_put(place->directory, "000002_fails.up.sql", "SELECT 1 / 0;\n");
    struct program_result fails = WINCH(place, "preview");
    assert_int_equal(word.status, 2);
    assert_int_equal(both.status, 2);
    assert_int_equal(change.status, 2);
    assert_says(change.err, "--dry-run");
    assert_int_equal(fails.status, 1);
    assert_says(fails.out, "FAILS: division by zero");
    assert_says(fails.out, "1 of 2 migrations ran and rolled back; the next one fails");
    program_result_clear(&word);
    program_result_clear(&both);
    program_result_clear(&change);
    program_result_clear(&fails);
}

/* What stands in files and catalogs is data: no control character reaches a terminal. */
static void preview__hostile_names__are_shown_harmless(void **state)
{
    struct place *place = *state;
    workspace_put(place->directory, "000002_evil.up.sql",
                  "CREATE TABLE \"a\033[2Jb\" (i int);\n"
                  "DO $$BEGIN RAISE NOTICE '%', E'\\033]0;x\\007'; END$$;\n");
    struct program_result result = WINCH(place, "preview", "--verbose");
    assert_int_equal(result.status, 0);
    assert_null(strchr(result.out, '\033'));
    assert_null(strchr(result.err, '\033'));
    assert_says(result.out, "^[[2J");
    program_result_clear(&result);
}

/* ---- killed -----------------------------------------------------------------------------------
 */

static void put_sleeper(const struct place *place)
{
    workspace_put(place->directory, "000002_sleep.up.sql",
                  "CREATE TABLE made (i int);\nDELETE FROM child;\nSELECT pg_sleep(60);\n");
}

#define SLEEPERS "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'"

static struct program *start(const struct place *place, const char *on, const char *option,
                             const char *value)
{
    const char *const words[] = {
        "-path",   place->directory, "-database", place->url, "-environment", "development",
        "preview", "--on",           on,          option,     value,          NULL};
    return program_start(words);
}

static void kill_9(struct program *program)
{
    kill(program_pid(program), SIGKILL);
    struct program_result result = program_finish(program);
    assert_int_equal(result.status, 128 + SIGKILL);
    program_result_clear(&result);
}

static void preview__killed_here__leaves_nothing(void **state)
{
    struct place *place = *state;
    g_autofree char *before = fingerprint(place);
    put_sleeper(place);
    struct program *program = start(place, "database", NULL, NULL);
    wait_for("1", SLEEPERS);
    kill_9(program);
    /* The server notices that nobody listens any more, at the latest when the statement ends. */
    cluster_exec(NULL, "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE query "
                       "LIKE 'SELECT pg_sleep(60)%'");
    wait_for("0", SLEEPERS);
    g_autofree char *after = fingerprint(place);
    assert_string_equal(before, after);
}

static void preview__killed_on_a_named_server__drops_its_database(void **state)
{
    struct place *place = *state;
    g_autofree char *url = cluster_url(NULL);
    g_autofree char *before = fingerprint(place);
    put_sleeper(place);
    struct program *program = start(place, "scratch", "--scratch", url);
    wait_for("1", SLEEPERS);
    kill_9(program);
    wait_for("0", "SELECT count(*) FROM pg_database WHERE datname ~ '^winch_scratch_'");
    g_autofree char *after = fingerprint(place);
    assert_string_equal(before, after);
}

static gboolean is_empty(const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    return g_dir_read_name(dir) == NULL;
}

/* The pid file of the one private server below directory, once it is there. */
static char *wait_for_server(const char *directory)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    while (g_get_monotonic_time() < deadline) {
        g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
        for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
            g_autofree char *file =
                g_build_filename(directory, name, "data", "postmaster.pid", NULL);
            if (g_file_test(file, G_FILE_TEST_EXISTS))
                return g_steal_pointer(&file);
        }
        g_usleep(5000);
    }
    fail_msg("no private server was started");
    return NULL;
}

static void preview__killed_on_a_private_server__takes_it_along(void **state)
{
    struct place *place = *state;
    char *directory = workspace_make();
    assert_int_equal(g_chmod(directory, 0711), 0);
    put_sleeper(place);
    g_autofree char *before = g_strdup(g_getenv("TMPDIR"));
    g_setenv("TMPDIR", directory, TRUE);
    struct program *program = start(place, "scratch", NULL, NULL);
    if (before != NULL)
        g_setenv("TMPDIR", before, TRUE);
    else
        g_unsetenv("TMPDIR");
    g_free(wait_for_server(directory));
    kill_9(program);
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    while (!is_empty(directory) && g_get_monotonic_time() < deadline)
        g_usleep(10000);
    assert_true(is_empty(directory));
    workspace_remove(directory);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(preview__text__is_read_in_seconds),
        TEST(preview__json__has_everything_and_the_plans_id),
        TEST(preview__mistakes__are_told),
        TEST(preview__hostile_names__are_shown_harmless),
        TEST(preview__killed_here__leaves_nothing),
        TEST(preview__killed_on_a_named_server__drops_its_database),
        TEST(preview__killed_on_a_private_server__takes_it_along),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
