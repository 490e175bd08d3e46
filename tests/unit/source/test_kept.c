/* Small files kept from the load of their directory: taken while nobody touched them, read again
 * otherwise. */
#include <fcntl.h>
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
#include "source/kept.h"
#include "source/migration.h"

/* Longer than any file system takes to let a file settle, for waits that end by themselves. */
#define PATIENCE_US (30 * G_USEC_PER_SEC)

static void kept__is_settled__wants_both_times_to_be_old(void **state)
{
    static const struct {
        time_t written;
        time_t changed;
        gboolean is_settled;
    } rows[] = {
        {900, 900, TRUE},  {996, 996, TRUE},   {900, 998, FALSE},  {998, 900, FALSE},
        {999, 999, FALSE}, {1000, 900, FALSE}, {900, 1000, FALSE}, {5000, 900, FALSE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct stat status = {.st_mtim = {rows[i].written, 0}, .st_ctim = {rows[i].changed, 0}};
        print_message("# row: %zu\n", i);
        assert_int_equal(kept_is_settled(&status, G_GINT64_CONSTANT(1000) * G_USEC_PER_SEC),
                         rows[i].is_settled);
    }
}

/* Writes into the file that is there. */
static void overwrite(const char *path, const char *text)
{
    FILE *file = g_fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void set_mode(const char *path)
{
    assert_int_equal(g_chmod(path, 0600), 0);
}

static void write_same_size(const char *path)
{
    overwrite(path, "SELECT 2;");
}

/* With the time of the content put back, as copying tools do. */
static void write_in_secret(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    const struct timespec times[] = {status.st_atim, status.st_mtim};
    overwrite(path, "SELECT 2;");
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void write_longer(const char *path)
{
    overwrite(path, "SELECT 22;");
}

static void replace(const char *path)
{
    assert_true(g_file_set_contents(path, "SELECT 2;", -1, NULL));
}

static void take_away(const char *path)
{
    assert_int_equal(g_unlink(path), 0);
}

static void make_directory(const char *path)
{
    take_away(path);
    assert_int_equal(g_mkdir(path, 0700), 0);
}

/* Touches the file until its times show it: clocks of file systems are coarse. */
static void touch(const char *path, void (*how)(const char *path))
{
    struct stat before, after;
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;
    assert_int_equal(stat(path, &before), 0);
    do
        how(path);
    while (stat(path, &after) == 0 && before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
           before.st_ctim.tv_nsec == after.st_ctim.tv_nsec && g_get_monotonic_time() < deadline);
}

static void kept_file__bytes__are_gone_once_the_file_was_touched(void **state)
{
    static void (*const ways[])(const char *) = {set_mode,      write_same_size, write_in_secret,
                                                 write_longer,  replace,         take_away,
                                                 make_directory};
    g_autofree char *path = folder_path(*state, "a");
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct stat status;
        print_message("# row: %zu\n", i);
        folder_write(*state, "a", "SELECT 1;", -1);
        assert_int_equal(stat(path, &status), 0);
        AUTOPTR(kept_file) *kept = kept_file_new(&status, "SELECT 1;");
        g_autoptr(GBytes) bytes = kept_file_bytes(kept, path);
        assert_non_null(bytes);
        assert_string_equal(g_bytes_get_data(bytes, NULL), "SELECT 1;");
        touch(path, ways[i]);
        assert_null(kept_file_bytes(kept, path));
    }
    assert_null(kept_file_bytes(NULL, path));
}

static GBytes *text_of(const struct migration_half *half)
{
    g_autoptr(GError) error = NULL;
    AUTOPTR(migration_text) *text = migration_text_load(half, &error);
    return text != NULL ? g_bytes_ref(text->bytes) : NULL;
}

static gboolean is_kept(const struct migration_half *half)
{
    g_autoptr(GBytes) once = text_of(half);
    g_autoptr(GBytes) again = text_of(half);
    assert_non_null(once);
    assert_true(g_bytes_equal(once, again));
    return once == again;
}

/* Loads the folder until everything small in it has settled. */
static struct migration_set *load_settled(const char *folder, gint64 version)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;
    while (TRUE) {
        AUTOPTR(migration_set) *set = migration_set_load(folder, NULL);
        assert_non_null(set);
        if (is_kept(&migration_set_find(set, version)->up))
            return migration_set_ref(set);
        assert_true(g_get_monotonic_time() < deadline);
        g_usleep(20000);
    }
}

static void expect_text(const struct migration_set *set, gint64 version, const char *text)
{
    g_autoptr(GBytes) bytes = text_of(&migration_set_find(set, version)->up);
    assert_non_null(bytes);
    assert_string_equal(g_bytes_get_data(bytes, NULL), text);
}

static void migration_set__load__trusts_no_file_just_written(void **state)
{
    g_autofree char *path = folder_path(*state, "1_a.up.sql");
    folder_write(*state, "1_a.up.sql", "SELECT 1;", -1);
    AUTOPTR(migration_set) *set = migration_set_load(*state, NULL);
    assert_non_null(set);
    assert_false(is_kept(&migration_set_at(set, 0)->up));
    overwrite(path, "SELECT 2;");
    expect_text(set, 1, "SELECT 2;");
}

static const char *const touched[] = {"1_a.up.sql", "2_b.up.sql", "3_c.up.sql", "4_d.up.sql"};

static const struct migration_set *looked_at; /* folder_as_nobody() hands nothing else on */

static void find_unreadable(const char *folder)
{
    g_autoptr(GError) error = NULL;
    (void)folder;
    assert_null(migration_text_load(&migration_set_find(looked_at, 4)->up, &error));
    assert_non_null(strstr(error->message, "Permission denied"));
}

static void migration_set__load__keeps_small_files_until_touched(void **state)
{
    g_autofree char *large = g_strnfill(KEPT_FILE_MAX + 1, ' ');
    g_autofree char *path_1 = folder_path(*state, touched[0]);
    g_autofree char *path_2 = folder_path(*state, touched[1]);
    g_autofree char *path_3 = folder_path(*state, touched[2]);
    g_autofree char *path_4 = folder_path(*state, touched[3]);
    for (gsize i = 0; i < G_N_ELEMENTS(touched); i++)
        folder_write(*state, touched[i], "SELECT 1;", -1);
    folder_write(*state, "5_largest.up.sql", large, KEPT_FILE_MAX);
    folder_write(*state, "6_large.up.sql", large, KEPT_FILE_MAX + 1);
    folder_write(*state, "7_last.up.sql", "", 0);
    AUTOPTR(migration_set) *set = load_settled(*state, 7);
    assert_true(is_kept(&migration_set_find(set, 1)->up));
    assert_true(is_kept(&migration_set_find(set, 5)->up));
    assert_false(is_kept(&migration_set_find(set, 6)->up));
    overwrite(path_1, "SELECT 2;");
    replace(path_2);
    take_away(path_3);
    assert_int_equal(g_chmod(path_4, 0), 0);
    expect_text(set, 1, "SELECT 2;");
    expect_text(set, 2, "SELECT 2;");
    assert_null(text_of(&migration_set_find(set, 3)->up));
    looked_at = set;
    folder_as_nobody(*state, 0755, find_unreadable);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept__is_settled__wants_both_times_to_be_old),
        TEST(kept_file__bytes__are_gone_once_the_file_was_touched),
        TEST(migration_set__load__trusts_no_file_just_written),
        TEST(migration_set__load__keeps_small_files_until_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
