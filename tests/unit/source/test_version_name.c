/* Names of versions: what may be written, and which version is meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"
#include "source/version_name.h"

static void version_name__parse__reads_every_kind(void **state)
{
    static const struct {
        const char *text;
        enum version_name_kind kind;
        gint64 number;
        const char *release;
    } rows[] = {
        {"3", VERSION_NAME_NUMBER, 3, ""},
        {"000003", VERSION_NAME_NUMBER, 3, ""},
        {"0", VERSION_NAME_NUMBER, 0, ""},
        {"20240101", VERSION_NAME_NUMBER, 20240101, ""},
        {"9223372036854775807", VERSION_NAME_NUMBER, G_MAXINT64, ""},
        {"1.1", VERSION_NAME_RELEASE, 0, "1.1"},
        {"1.1.0", VERSION_NAME_RELEASE, 0, "1.1.0"},
        {"1.1.0-rc1", VERSION_NAME_RELEASE, 0, "1.1.0-rc1"},
        {"1.1.0-rc1.003", VERSION_NAME_RELEASE, 0, "1.1.0-rc1.003"},
        {"1.1.0.003", VERSION_NAME_RELEASE_STEP, 3, "1.1.0"},
        {"1.1.0.20240101120000", VERSION_NAME_RELEASE_STEP, 20240101120000, "1.1.0"},
        {"+1", VERSION_NAME_RELATIVE, 1, ""},
        {"-2", VERSION_NAME_RELATIVE, -2, ""},
        {"+0", VERSION_NAME_RELATIVE, 0, ""},
        {"latest", VERSION_NAME_LATEST, 0, ""},
        {"LATEST", VERSION_NAME_LATEST, 0, ""},
        {"last-stable", VERSION_NAME_LAST_STABLE, 0, ""},
        {"last-known-good", VERSION_NAME_LAST_KNOWN_GOOD, 0, ""},
        {"none", VERSION_NAME_NONE, 0, ""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct version_name name;
        show_row(rows[i].text);
        assert_true(version_name_parse(rows[i].text, &name, NULL));
        assert_int_equal(name.kind, rows[i].kind);
        assert_int_equal(name.number, rows[i].number);
        assert_string_equal(name.release, rows[i].release);
    }
}

static void version_name__parse__refuses_the_rest(void **state)
{
    static const struct {
        const char *text;
        const char *told;
    } rows[] = {
        {"", "last-known-good"},
        {" 3", "last-known-good"},
        {"3 ", "last-known-good"},
        {"0x3", "last-known-good"},
        {"1e3", "last-known-good"},
        {"lates", "did you mean 'latest'?"},
        {"last-stabel", "did you mean 'last-stable'?"},
        {"9223372036854775808", "larger than 9223372036854775807"},
        {"+", "not a number of migrations"},
        {"-", "not a number of migrations"},
        {"--1", "not a number of migrations"},
        {"+9223372036854775808", "not a number of migrations"},
        {"1.", "does not name a version"},
        {".1", "does not name a version"},
        {"1.1.0.003.4", "does not name a version"},
        {"1.1.0.x", "does not name a version"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        struct version_name name;
        show_row(rows[i].text);
        assert_false(version_name_parse(rows[i].text, &name, &error));
        assert_true(error_is(error, ERROR_USAGE));
        g_autofree char *told = error_line(error);
        assert_non_null(strstr(told, rows[i].told));
    }
}

static struct migration_set *some_migrations(const char *folder)
{
    folder_write(folder, "000001_a.up.sql", "", 0);
    folder_write(folder, "000002_b.up.sql", "-- winch: release 1.0.0\n", -1);
    folder_write(folder, "000003_c.up.sql", "", 0);
    folder_write(folder, "000005_d.up.sql", "-- winch: release 1.1\n", -1);
    folder_write(folder, "000007_e.up.sql", "-- winch: release 2.0.0-rc1\n", -1);
    struct migration_set *set = migration_set_load(folder, NULL);
    assert_non_null(set);
    return set;
}

static void version_name__resolve__finds_the_version_meant(void **state)
{
    static const struct {
        gint64 current;
        const char *text;
        gint64 version;
    } rows[] = {
        {VERSION_NONE, "3", 3},
        {VERSION_NONE, "none", VERSION_NONE},
        {VERSION_NONE, "latest", 7},
        {VERSION_NONE, "last-stable", 2},
        {VERSION_NONE, "last-known-good", 99},
        {VERSION_NONE, "1.0.0", 3},
        {VERSION_NONE, "1.0", 3},
        {VERSION_NONE, "1.1.0", 5},
        {VERSION_NONE, "2.0.0-rc1", 7},
        {VERSION_NONE, "1.0.0.003", 3},
        {VERSION_NONE, "1.0.0.2", 2},
        {VERSION_NONE, "1.1.005", 5},
        {VERSION_NONE, "2.0.0-rc1.007", 7},
        {VERSION_NONE, "+1", 1},
        {VERSION_NONE, "+5", 7},
        {VERSION_NONE, "+0", VERSION_NONE},
        {VERSION_NONE, "-0", VERSION_NONE},
        {1, "-1", VERSION_NONE},
        {3, "+1", 5},
        {3, "-2", 1},
        {3, "-3", VERSION_NONE},
        {7, "-1", 5},
        {7, "+0", 7},
        {4, "+1", 5},
        {4, "-1", 3},
        {4, "-4", VERSION_NONE},
        {99, "-1", 7},
    };
    AUTOPTR(migration_set) *set = some_migrations(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct version_context context = {set, rows[i].current, 2, 99};
        struct version_name name;
        gint64 version = -77;
        show_row(rows[i].text);
        assert_true(version_name_parse(rows[i].text, &name, NULL));
        assert_true(version_name_resolve(&name, &context, &version, NULL));
        assert_int_equal(version, rows[i].version);
    }
}

static void version_name__resolve__names_the_nearest(void **state)
{
    static const struct {
        gint64 current;
        const char *text;
        const char *told;
    } rows[] = {
        {VERSION_NONE, "4", "the nearest are 000003 and 000005"},
        {VERSION_NONE, "0", "the first one is 000001"},
        {VERSION_NONE, "8", "the last one is 000007"},
        {VERSION_NONE, "1.0.5", "the nearest is 1.0.0"},
        {VERSION_NONE, "0.1", "the nearest is 1.0.0"},
        {VERSION_NONE, "9.9", "the nearest is 2.0.0-rc1"},
        {VERSION_NONE, "1.1.0.003", "it is 1.0.0.003"},
        {VERSION_NONE, "1.0.0.001", "it belongs to no release: call it 000001"},
        {VERSION_NONE, "1.0.0.004", "the nearest are 000003 and 000005"},
        {VERSION_NONE, "last-stable", "name the version"},
        {VERSION_NONE, "last-known-good", "name the version"},
        {VERSION_NONE, "-1", "from none it is 0 migrations down to none"},
        {VERSION_NONE, "+6", "from none it is 5 migrations up to the latest"},
        {3, "-4", "from version 3 it is 3 migrations down to none"},
        {3, "+3", "from version 3 it is 2 migrations up to the latest"},
        {4, "-5", "from version 4 it is 4 migrations down to none"},
        {7, "+1", "from version 7 it is 0 migrations up to the latest"},
        {7, "+9223372036854775807", "leads too far"},
        {7, "-9223372036854775807", "leads too far"},
    };
    AUTOPTR(migration_set) *set = some_migrations(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct version_context context = {set, rows[i].current, VERSION_NONE, VERSION_NONE};
        g_autoptr(GError) error = NULL;
        struct version_name name;
        gint64 version;
        show_row(rows[i].text);
        assert_true(version_name_parse(rows[i].text, &name, NULL));
        assert_false(version_name_resolve(&name, &context, &version, &error));
        assert_true(error_is(error, ERROR_USAGE));
        g_autofree char *told = error_line(error);
        if (strstr(told, rows[i].told) == NULL)
            fail_msg("%s", told);
    }
}

static void version_name__resolve__says_when_there_is_nothing(void **state)
{
    static const char *const texts[] = {"latest", "1", "+1", "1.0.0", "1.0.0.001"};
    AUTOPTR(migration_set) *set = migration_set_load(*state, NULL);
    struct version_context context = {set, VERSION_NONE, VERSION_NONE, VERSION_NONE};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct version_name name;
        gint64 version;
        g_autoptr(GError) error = NULL;
        assert_true(version_name_parse(texts[i], &name, NULL));
        assert_false(version_name_resolve(&name, &context, &version, &error));
        assert_true(error_is(error, ERROR_USAGE));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_name__parse__reads_every_kind),
        cmocka_unit_test(version_name__parse__refuses_the_rest),
        TEST(version_name__resolve__finds_the_version_meant),
        TEST(version_name__resolve__names_the_nearest),
        TEST(version_name__resolve__says_when_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
