/* Creating a pair: its version, its name, and that nothing is ever overwritten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "folder.h"
#include "source/create.h"
#include "source/migration.h"

/* 2024-02-29 23:30:05 UTC */
#define NOW (G_GINT64_CONSTANT(1709249405) * G_USEC_PER_SEC + 123456)

static char *created_name(const struct create_request *request)
{
    g_autoptr(GError) error = NULL;
    AUTOPTR(created_pair) *pair = migration_create(request, &error);
    if (pair == NULL)
        fail_msg("%s", error->message);
    assert_true(g_path_is_absolute(pair->up));
    assert_true(g_file_test(pair->up, G_FILE_TEST_IS_REGULAR));
    assert_true(g_file_test(pair->down, G_FILE_TEST_IS_REGULAR));
    assert_true(g_str_has_suffix(pair->down, ".down.sql"));
    return g_path_get_basename(pair->up);
}

static char *refusal(const struct create_request *request, enum error_code code)
{
    g_autoptr(GError) error = NULL;
    assert_null(migration_create(request, &error));
    assert_true(error_is(error, code));
    return error_line(error);
}

static void create__sequence__counts_by_number(void **state)
{
    static const struct {
        const char *existing;
        unsigned digits;
        const char *created;
    } rows[] = {
        {NULL, 0, "000001_x.up.sql"},
        {"9_a.up.sql", 0, "000010_x.up.sql"},
        {"10_b.down.sql", 0, "000011_x.up.sql"},
        {"12_c.up.md", 3, "013_x.up.sql"},
        {"abc.sql", 2, "14_x.up.sql"},
    };
    struct create_request request = {.directory = *state, .title = "x"};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].existing != NULL)
            folder_write(*state, rows[i].existing, "", 0);
        request.digits = rows[i].digits;
        g_autofree char *name = created_name(&request);
        assert_string_equal(name, rows[i].created);
    }
}

static void create__sequence__refuses_what_does_not_fit(void **state)
{
    struct create_request request = {.directory = *state, .title = "x", .digits = 2};
    folder_write(*state, "99_a.up.sql", "", 0);
    g_autofree char *told = refusal(&request, ERROR_USAGE);
    assert_non_null(strstr(told, "after 99 does not fit 2 digits"));
    request.digits = 19;
    g_autofree char *digits = refusal(&request, ERROR_USAGE);
    assert_non_null(strstr(digits, "at most 18"));
    request.digits = 18;
    folder_write(*state, "9223372036854775807_a.up.sql", "", 0);
    g_autofree char *last = refusal(&request, ERROR_USAGE);
    assert_non_null(strstr(last, "does not fit"));
}

static void create__time__follows_the_layout_and_zone(void **state)
{
    static const struct {
        const char *format;
        const char *zone;
        const char *created;
    } rows[] = {
        {NULL, NULL, "20240229233005_x.up.sql"},
        {NULL, "Etc/GMT-2", "20240301013005_x.up.sql"},
        {NULL, "+05:30", "20240301050005_x.up.sql"},
        {"unix", NULL, "1709249405_x.up.sql"},
        {"unixNano", NULL, "1709249405123456000_x.up.sql"},
        {"0601021504", "UTC", "2402292330_x.up.sql"},
        {"2006002", "UTC", "2024060_x.up.sql"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct create_request request = {.directory = *state,
                                         .title = "x",
                                         .numbering = CREATE_TIME,
                                         .format = rows[i].format,
                                         .time_zone = rows[i].zone,
                                         .now = NOW};
        show_row(rows[i].created);
        g_autofree char *name = created_name(&request);
        assert_string_equal(name, rows[i].created);
    }
}

static void create__time__refuses_a_version_that_exists(void **state)
{
    struct create_request request = {
        .directory = *state, .title = "x", .numbering = CREATE_TIME, .now = NOW};
    folder_write(*state, "20240229233005_other.down.sql", "", 0);
    g_autofree char *told = refusal(&request, ERROR_FAILED);
    assert_non_null(strstr(told, "20240229233005_other.down.sql"));
}

static void create__time__refuses_other_layouts_and_zones(void **state)
{
    static const char *const formats[] = {"", "2006-01-02", "Jan", "150405.000"};
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        struct create_request request = {.directory = *state,
                                         .title = "x",
                                         .numbering = CREATE_TIME,
                                         .format = formats[i],
                                         .now = NOW};
        g_autofree char *told = refusal(&request, ERROR_USAGE);
        assert_non_null(strstr(told, "is no version"));
    }
    struct create_request request = {.directory = *state,
                                     .title = "x",
                                     .numbering = CREATE_TIME,
                                     .time_zone = "Foo/Bar",
                                     .now = NOW};
    g_autofree char *told = refusal(&request, ERROR_USAGE);
    assert_non_null(strstr(told, "unknown time zone Foo/Bar"));
}

static void create__title__is_made_safe_or_refused(void **state)
{
    static const struct {
        const char *title;
        const char *created;
    } good[] = {
        {"add users", "000001_add_users.up.sql"},
        {"Add-Users.v2_x", "000002_Add-Users.v2_x.up.sql"},
        {"é", "000003_é.up.sql"},
        {"a.up.b", "000004_a.up.b.up.sql"},
    };
    static const char *const bad[] = {"",     NULL,    "a/b", "../x",  "a\nb",
                                      "a\tb", "a\x1b", "a;b", "a\xff", "a\xe2\x80\xae"};
    struct create_request request = {.directory = *state};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        request.title = good[i].title;
        g_autofree char *name = created_name(&request);
        assert_string_equal(name, good[i].created);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        request.title = bad[i];
        g_autofree char *told = refusal(&request, ERROR_USAGE);
    }
    g_autofree char *longest = g_strnfill(201, 'a');
    request.title = longest;
    g_autofree char *told = refusal(&request, ERROR_USAGE);
    assert_non_null(strstr(told, "longer than 200 bytes"));
}

static void create__extension__is_sql(void **state)
{
    struct create_request request = {.directory = *state, .title = "x", .extension = ".sql"};
    g_autofree char *name = created_name(&request);
    assert_string_equal(name, "000001_x.up.sql");
    request.extension = "pgsql";
    g_autofree char *told = refusal(&request, ERROR_USAGE);
    assert_non_null(strstr(told, "would never be run"));
}

static void create__directory__is_made_with_its_parents(void **state)
{
    g_autofree char *deep = folder_path(*state, "a/b/c");
    struct create_request request = {.directory = deep, .title = "x"};
    g_autofree char *name = created_name(&request);
    assert_string_equal(name, "000001_x.up.sql");
}

static goffset size_of(const char *path)
{
    GStatBuf status;
    assert_int_equal(g_stat(path, &status), 0);
    return status.st_size;
}

/* Files can grow to this size and no further, as on a full disk. */
static char *refusal_when_full(const struct create_request *request, goffset size)
{
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)size;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    g_autoptr(GError) error = NULL;
    struct created_pair *pair = migration_create(request, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_null(pair);
    return error_line(error);
}

static guint count_files(const char *folder)
{
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    guint count = 0;
    while (g_dir_read_name(listing) != NULL)
        count++;
    return count;
}

static void create__full_disk__leaves_neither_file(void **state)
{
    struct create_request request = {.directory = *state, .title = "x"};
    AUTOPTR(created_pair) *pair = migration_create(&request, NULL);
    goffset up = size_of(pair->up);
    /* The limit lies between the two, so that the first file succeeds and the second fails. */
    assert_true(size_of(pair->down) > up + 1);
    g_autofree char *second = refusal_when_full(&request, up + 1);
    assert_non_null(strstr(second, "000002_x.down.sql: File too large"));
    g_autofree char *first = refusal_when_full(&request, 1);
    assert_non_null(strstr(first, "000002_x.up.sql: File too large"));
    assert_int_equal(count_files(*state), 2);
}

static void create_nowhere(const char *folder)
{
    struct create_request request = {.directory = folder, .title = "x"};
    g_autofree char *told = refusal(&request, ERROR_FAILED);
    assert_non_null(strstr(told, "Permission denied"));
}

static void create__directory__may_be_closed_to_us(void **state)
{
    folder_as_nobody(*state, 0555, create_nowhere);
}

static void create__template__loads_without_a_word(void **state)
{
    struct create_request request = {.directory = *state, .title = "winch release"};
    g_autofree char *name = created_name(&request);
    AUTOPTR(migration_set) *set = migration_set_load(*state, NULL);
    assert_non_null(set);
    assert_int_equal(migration_set_warnings(set)->len, 0);
    assert_int_equal(migration_set_at(set, 0)->version, 1);
    assert_null(migration_set_at(set, 0)->notes.release);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(create__sequence__counts_by_number),
        TEST(create__sequence__refuses_what_does_not_fit),
        TEST(create__time__follows_the_layout_and_zone),
        TEST(create__time__refuses_a_version_that_exists),
        TEST(create__time__refuses_other_layouts_and_zones),
        TEST(create__title__is_made_safe_or_refused),
        TEST(create__extension__is_sql),
        TEST(create__directory__is_made_with_its_parents),
        TEST(create__full_disk__leaves_neither_file),
        TEST(create__directory__may_be_closed_to_us),
        TEST(create__template__loads_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
