/* Loading a directory: what is a migration, what is a mistake, what is only odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "folder.h"
#include "source/migration.h"

static struct migration_set *load(const char *folder)
{
    g_autoptr(GError) error = NULL;
    struct migration_set *set = migration_set_load(folder, &error);
    if (set == NULL)
        fail_msg("%s", error->message);
    return set;
}

/* The whole complaint. Free with g_free(). */
static char *complaint(const char *folder)
{
    g_autoptr(GError) error = NULL;
    AUTOPTR(migration_set) *set = migration_set_load(folder, &error);
    assert_null(set);
    assert_true(error_is(error, ERROR_SOURCE));
    return error_line(error);
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, text);
}

static gboolean is_warned(const struct migration_set *set, const char *name, const char *part)
{
    const GArray *warnings = migration_set_warnings(set);
    for (guint i = 0; i < warnings->len; i++) {
        const struct source_warning *warning = &g_array_index(warnings, struct source_warning, i);
        if (g_str_has_suffix(warning->file, name) && strstr(warning->message, part) != NULL)
            return TRUE;
    }
    return FALSE;
}

static void migration_set__load__orders_by_number(void **state)
{
    static const char *const names[] = {"10_ten.up.sql",      "9_nine.up.sql",
                                        "000_zero.up.sql",    "00002_two.up.sql",
                                        "2_other.down.sql",   "20240101120000_d.down.sql",
                                        "1700000000_u.up.sql"};
    static const gint64 versions[] = {0, 2, 9, 10, 1700000000, 20240101120000};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        folder_write(*state, names[i], "SELECT 1;\n", -1);
    AUTOPTR(migration_set) *set = load(*state);
    assert_int_equal(migration_set_count(set), G_N_ELEMENTS(versions));
    for (guint i = 0; i < G_N_ELEMENTS(versions); i++)
        assert_int_equal(migration_set_at(set, i)->version, versions[i]);
    const struct migration *two = migration_set_find(set, 2);
    g_autofree char *path = folder_path(*state, "00002_two.up.sql");
    assert_string_equal(two->digits, "00002");
    assert_string_equal(two->title, "two");
    assert_string_equal(two->up.path, path);
    assert_string_equal(two->up.file_name, "00002_two.up.sql");
    assert_int_equal(two->up.size, 10);
    assert_string_equal(two->down.file_name, "2_other.down.sql");
    assert_null(migration_set_at(set, 0)->down.path);
    assert_null(migration_set_at(set, 5)->up.path);
    assert_string_equal(migration_set_at(set, 5)->title, "d");
    assert_int_equal(migration_set_warnings(set)->len, 0);
}

static void migration_set__find__answers_between_and_beyond(void **state)
{
    folder_write(*state, "3_a.up.sql", "", 0);
    folder_write(*state, "7_b.up.sql", "", 0);
    AUTOPTR(migration_set) *set = load(*state);
    assert_null(migration_set_find(set, 5));
    assert_null(migration_set_find(set, VERSION_NONE));
    assert_null(migration_set_at(set, 2));
    assert_int_equal(migration_set_lower_bound(set, VERSION_NONE), 0);
    assert_int_equal(migration_set_lower_bound(set, 3), 0);
    assert_int_equal(migration_set_lower_bound(set, 4), 1);
    assert_int_equal(migration_set_lower_bound(set, G_MAXINT64), 2);
    assert_int_equal(migration_set_version_before(set, 3), VERSION_NONE);
    assert_int_equal(migration_set_version_before(set, 7), 3);
    assert_int_equal(migration_set_version_before(set, 100), 7);
}

static void migration_set__load__takes_an_empty_directory(void **state)
{
    AUTOPTR(migration_set) *set = load(*state);
    assert_int_equal(migration_set_count(set), 0);
    assert_string_equal(migration_set_directory(set), *state);
    AUTOPTR(migration_set) *again = migration_set_ref(set);
    assert_ptr_equal(again, set);
}

static void migration_set__load__refuses_what_is_no_directory(void **state)
{
    g_autofree char *missing = folder_path(*state, "missing");
    g_autofree char *file = folder_path(*state, "file");
    folder_write(*state, "file", "", 0);
    g_autofree char *first = complaint(missing);
    g_autofree char *second = complaint(file);
    g_autofree char *third = complaint("");
    assert_contains(first, "No such file");
    assert_contains(second, "Not a directory");
    assert_contains(third, "No such file");
}

static void migration_set__load__tells_all_mistakes_in_one_go(void **state)
{
    g_autofree char *link = folder_path(*state, "20_link.up.sql");
    g_autofree char *directory = folder_path(*state, "19_dir.up.sql");
    g_autofree char *linked = folder_path(*state, "21_linked.up.sql");
    g_autofree char *pipe = folder_path(*state, "22_pipe.down.sql");
    assert_int_equal(symlink("nowhere", link), 0);
    assert_int_equal(g_mkdir(directory, 0755), 0);
    assert_int_equal(symlink("19_dir.up.sql", linked), 0);
    assert_int_equal(mkfifo(pipe, 0644), 0);
    folder_write(*state, "1_a.up.sql", "-- x\n-- winch: relaese 1.0\n", -1);
    folder_write(*state, "01_b.up.sql", "", 0);
    folder_write(*state, "1_b.down.sql", "", 0);
    folder_write(*state, "001_c.down.sql", "", 0);
    folder_write(*state, "9223372036854775808_big.up.sql", "", 0);
    folder_write(*state, "18446744073709551616_big.up.sql", "", 0);
    folder_write(*state, "2_\xff.up.sql", "", 0);
    folder_write(*state, "16_z.up.pgsql", "", 0);
    g_autofree char *told = complaint(*state);
    static const char *const parts[] = {
        "1_a.up.sql: is the up of version 1, and so is 01_b.up.sql",
        "1_b.down.sql: is the down of version 1, and so is 001_c.down.sql",
        "20_link.up.sql: is a symbolic link to 'nowhere', which does not exist",
        "19_dir.up.sql: is a directory",
        "21_linked.up.sql: is a directory",
        "22_pipe.down.sql: is a pipe",
        "9223372036854775808_big.up.sql: its version is larger than 9223372036854775807",
        "18446744073709551616_big.up.sql: its version is larger",
        "2_\xff.up.sql: the file's name is not valid UTF-8",
        "16_z.up.pgsql: does not end in '.sql'",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        assert_contains(told, parts[i]);
    g_auto(GStrv) lines = g_strsplit(told, "\n", -1);
    assert_int_equal(g_strv_length(lines), G_N_ELEMENTS(parts));
    for (char **line = lines; *line != NULL; line++)
        assert_true(g_str_has_prefix(*line, *state));
}

static void load_unreadable(const char *folder)
{
    g_autofree char *told = complaint(folder);
    assert_contains(told, "1_a.down.sql: cannot be read: Permission denied");
}

static void migration_set__load__refuses_an_unreadable_file(void **state)
{
    g_autofree char *path = folder_path(*state, "1_a.down.sql");
    folder_write(*state, "1_a.up.sql", "", 0);
    folder_write(*state, "1_a.down.sql", "", 0);
    g_chmod(path, 0);
    g_autofree char *up = folder_path(*state, "1_a.up.sql");
    g_chmod(up, 0644);
    folder_as_nobody(*state, 0755, load_unreadable);
}

static void migration_set__load__follows_a_link_to_a_file(void **state)
{
    g_autofree char *link = folder_path(*state, "1_a.up.sql");
    folder_write(*state, "shared.sql", "-- winch: ticket A\n", -1);
    assert_int_equal(symlink("shared.sql", link), 0);
    AUTOPTR(migration_set) *set = load(*state);
    assert_string_equal(migration_set_at(set, 0)->notes.ticket, "A");
}

static void migration_set__load__warns_of_leftovers_and_never_runs_them(void **state)
{
    static const char *const beside[] = {"1_a.up.sql~",    "1_a.up.sql.swp",  "1_a.up.sql.bak",
                                         "1_a.up.sql.swo", "1_a.up.sql.orig", "1_a.up.sql.rej",
                                         "1_a.up.tmp",     "1_a.up.md",       "1_a.up.pgsql"};
    static const char *const alone[] = {"2_b.up.sql~", "3_c.down.go", "4_d.up.txt"};
    folder_write(*state, "1_a.up.sql", "", 0);
    folder_write(*state, "#1_a.up.sql#", "", 0);
    folder_write(*state, "V7__x.sql", "", 0);
    folder_write(*state, "README.md", "", 0);
    for (gsize i = 0; i < G_N_ELEMENTS(beside); i++)
        folder_write(*state, beside[i], "", 0);
    for (gsize i = 0; i < G_N_ELEMENTS(alone); i++)
        folder_write(*state, alone[i], "", 0);
    AUTOPTR(migration_set) *set = load(*state);
    assert_int_equal(migration_set_count(set), 1);
    for (gsize i = 0; i < G_N_ELEMENTS(beside); i++) {
        show_row(beside[i]);
        assert_true(is_warned(set, beside[i], "golang-migrate refuses the directory"));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(alone); i++) {
        show_row(alone[i]);
        assert_true(is_warned(set, alone[i], "golang-migrate would run it"));
    }
    assert_true(is_warned(set, "#1_a.up.sql#", "autosave"));
    assert_true(is_warned(set, "V7__x.sql", "VERSION_TITLE.up.sql"));
    assert_int_equal(migration_set_warnings(set)->len,
                     G_N_ELEMENTS(beside) + G_N_ELEMENTS(alone) + 2);
}

static void migration_set__load__ignores_directories_of_other_names(void **state)
{
    g_autofree char *backup = folder_path(*state, "1_a.up.sql.bak");
    g_autofree char *release = folder_path(*state, "1_release.up.d");
    assert_int_equal(g_mkdir(backup, 0755), 0);
    assert_int_equal(g_mkdir(release, 0755), 0);
    AUTOPTR(migration_set) *set = load(*state);
    assert_int_equal(migration_set_count(set), 0);
    assert_int_equal(migration_set_warnings(set)->len, 0);
}

static void migration_set__load__reads_a_leading_block_of_any_length(void **state)
{
    for (gsize filler = 4060; filler < 4130; filler++) {
        g_autofree char *dashes = g_strnfill(filler, '-');
        g_autofree char *text = g_strdup_printf(
            "%s\n-- winch: ticket A-%" G_GSIZE_FORMAT "\nSELECT 1;\n", dashes, filler);
        g_autofree char *name = g_strdup_printf("%" G_GSIZE_FORMAT "_a.up.sql", filler);
        folder_write(*state, name, text, -1);
    }
    g_autofree char *huge = g_strnfill(300000, ' ');
    g_autofree char *text = g_strdup_printf("/*%s*/\n-- winch: ticket far", huge);
    folder_write(*state, "1_far.up.sql", text, -1);
    AUTOPTR(migration_set) *set = load(*state);
    assert_string_equal(migration_set_at(set, 0)->notes.ticket, "far");
    for (guint i = 1; i < migration_set_count(set); i++) {
        const struct migration *migration = migration_set_at(set, i);
        g_autofree char *ticket = g_strdup_printf("A-%" G_GINT64_FORMAT, migration->version);
        assert_string_equal(migration->notes.ticket, ticket);
    }
}

static void migration_set__load__warns_of_notes_in_a_down_file(void **state)
{
    folder_write(*state, "1_a.up.sql", "-- winch: release 1.0.0\n", -1);
    folder_write(*state, "1_a.down.sql", "-- x\n-- winch: relaese 2.0.0\n", -1);
    AUTOPTR(migration_set) *set = load(*state);
    assert_true(is_warned(set, "1_a.down.sql", "notes in a down file mean nothing"));
    assert_string_equal(migration_set_at(set, 0)->release, "1.0.0");
}

static void migration_set__load__gives_every_migration_its_release(void **state)
{
    folder_write(*state, "1_a.up.sql", "", 0);
    folder_write(*state, "2_b.up.sql", "-- winch: release 1.0.0\n", -1);
    folder_write(*state, "3_c.up.sql", "", 0);
    folder_write(*state, "4_d.up.sql", "-- winch: release 1.0.0\n", -1);
    folder_write(*state, "20240101120000_e.up.sql", "-- winch: release 1.1.0-rc1\n", -1);
    AUTOPTR(migration_set) *set = load(*state);
    assert_null(migration_set_find(set, 1)->release);
    assert_null(migration_set_find(set, 1)->release_name);
    assert_string_equal(migration_set_find(set, 3)->release, "1.0.0");
    assert_null(migration_set_find(set, 3)->notes.release);
    assert_string_equal(migration_set_find(set, 3)->release_name, "1.0.0.003");
    assert_string_equal(migration_set_find(set, 20240101120000)->release_name,
                        "1.1.0-rc1.20240101120000");
}

static void migration_set__load__refuses_a_release_that_goes_back(void **state)
{
    folder_write(*state, "1_a.up.sql", "-- winch: release 1.1.0\n", -1);
    folder_write(*state, "2_b.up.sql", "\n-- winch: release 1.0.9\n", -1);
    folder_write(*state, "3_c.up.sql", "-- winch: release 1.1\n", -1);
    g_autofree char *told = complaint(*state);
    assert_contains(told, "2_b.up.sql:2: release 1.0.9 is below 1.1.0 of the earlier migration 1");
    assert_null(strchr(told, '\n'));
}

static void migration_set__load__refuses_requirements_that_cannot_be_met(void **state)
{
    folder_write(*state, "1_a.up.sql", "-- winch: requires 1\n", -1);
    folder_write(*state, "2_b.up.sql", "-- winch: requires 4\n", -1);
    folder_write(*state, "3_c.up.sql", "-- winch: requires 5\n", -1);
    folder_write(*state, "4_d.up.sql", "-- winch: requires 99 1\n", -1);
    folder_write(*state, "5_e.up.sql", "-- winch: requires 3\n", -1);
    folder_write(*state, "6_f.down.sql", "", 0);
    folder_write(*state, "7_g.up.sql", "-- winch: requires 6\n", -1);
    g_autofree char *told = complaint(*state);
    static const char *const parts[] = {
        "1_a.up.sql:1: requires itself: a cycle",
        "2_b.up.sql:1: requires 4, which comes later",
        "3_c.up.sql:1: requires 5, which itself requires 3: a cycle",
        "4_d.up.sql:1: requires 99, which does not exist",
        "7_g.up.sql:1: requires 6, which has no up",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        assert_contains(told, parts[i]);
    g_auto(GStrv) lines = g_strsplit(told, "\n", -1);
    assert_int_equal(g_strv_length(lines), G_N_ELEMENTS(parts));
}

static void migration_set__load__cuts_an_endless_list_of_mistakes(void **state)
{
    for (int i = 0; i < 150; i++) {
        g_autofree char *name = g_strdup_printf("%d_a.up.sql", i);
        folder_write(*state, name, "-- winch: x\n", -1);
    }
    g_autofree char *told = complaint(*state);
    g_auto(GStrv) lines = g_strsplit(told, "\n", -1);
    assert_int_equal(g_strv_length(lines), 101);
    assert_string_equal(lines[100], "and 50 more");
}

static void migration_set__load__takes_a_trailing_slash(void **state)
{
    g_autofree char *slashed = g_strconcat(*state, "/", NULL);
    folder_write(*state, "1_a.up.sql", "", 0);
    AUTOPTR(migration_set) *set = load(slashed);
    g_autofree char *path = folder_path(*state, "1_a.up.sql");
    assert_string_equal(migration_set_at(set, 0)->up.path, path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(migration_set__load__orders_by_number),
        TEST(migration_set__find__answers_between_and_beyond),
        TEST(migration_set__load__takes_an_empty_directory),
        TEST(migration_set__load__refuses_what_is_no_directory),
        TEST(migration_set__load__tells_all_mistakes_in_one_go),
        TEST(migration_set__load__refuses_an_unreadable_file),
        TEST(migration_set__load__follows_a_link_to_a_file),
        TEST(migration_set__load__warns_of_leftovers_and_never_runs_them),
        TEST(migration_set__load__ignores_directories_of_other_names),
        TEST(migration_set__load__reads_a_leading_block_of_any_length),
        TEST(migration_set__load__warns_of_notes_in_a_down_file),
        TEST(migration_set__load__gives_every_migration_its_release),
        TEST(migration_set__load__refuses_a_release_that_goes_back),
        TEST(migration_set__load__refuses_requirements_that_cannot_be_met),
        TEST(migration_set__load__cuts_an_endless_list_of_mistakes),
        TEST(migration_set__load__takes_a_trailing_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
