/* Reading one file whole: what is sent, and what is refused. */
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

static struct migration_text *load(const char *folder, const char *name, GError **error)
{
    g_autofree char *path = folder_path(folder, name);
    struct migration_half half = {.path = path, .file_name = name};
    return migration_text_load(&half, error);
}

static void migration_text__load__gives_the_bytes_and_their_digest(void **state)
{
    g_autoptr(GError) error = NULL;
    folder_write(*state, "a", "abc", 3);
    AUTOPTR(migration_text) *text = load(*state, "a", &error);
    assert_non_null(text);
    gsize length;
    const char *bytes = g_bytes_get_data(text->bytes, &length);
    assert_int_equal(length, 3);
    assert_string_equal(bytes, "abc");
    assert_string_equal(text->sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_false(text->is_blank);
}

static void migration_text__load__tells_blank_from_comment(void **state)
{
    static const struct {
        const char *bytes;
        gboolean is_blank;
        gsize bom_length;
    } rows[] = {
        {"", TRUE, 0},
        {" \t\r\n\v\f", TRUE, 0},
        {"\xef\xbb\xbf", TRUE, 3},
        {"\xef\xbb\xbf \n", TRUE, 3},
        {"\xef\xbb\xbfSELECT 1", FALSE, 3},
        {"-- comment", FALSE, 0},
        {";", FALSE, 0},
        {"x\xef\xbb\xbf", FALSE, 0},
        {"┌─┐ 🚀\r\n", FALSE, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        show_row(rows[i].bytes);
        folder_write(*state, "a", rows[i].bytes, -1);
        AUTOPTR(migration_text) *text = load(*state, "a", NULL);
        assert_non_null(text);
        assert_int_equal(text->is_blank, rows[i].is_blank);
        assert_int_equal(text->bom_length, rows[i].bom_length);
    }
}

static void migration_text__load__refuses_what_no_server_takes(void **state)
{
    static const struct {
        const char *bytes;
        gsize length;
        unsigned line;
        const char *why;
    } rows[] = {
        {"a\nb\0c", 5, 2, "holds a NUL byte"},
        {"a\n\nb\xff", 5, 3, "is not valid UTF-8: byte 0xFF"},
        {"caf\xe9\n", 5, 1, "is not valid UTF-8: byte 0xE9"},
        {"\xed\xa0\x80", 3, 1, "is not valid UTF-8"},
        {"\xc3", 1, 1, "is not valid UTF-8"},
        {"\xff\xfe"
         "S\0",
         4, 1, "is UTF-16 text"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        show_row(rows[i].why);
        folder_write(*state, "a", rows[i].bytes, (gssize)rows[i].length);
        assert_null(load(*state, "a", &error));
        assert_true(error_is(error, ERROR_SOURCE));
        assert_int_equal(error_detail(error)->line, rows[i].line);
        assert_non_null(strstr(error->message, rows[i].why));
    }
}

static void migration_text__load__refuses_what_is_no_file(void **state)
{
    g_autofree char *link = folder_path(*state, "link");
    g_autofree char *pipe = folder_path(*state, "pipe");
    static const struct {
        const char *name;
        const char *why;
    } rows[] = {
        {"link", "symbolic link to 'gone'"},
        {"pipe", "is a pipe"},
        {".", "is a directory"},
        {"missing", "No such file"},
    };
    assert_int_equal(symlink("gone", link), 0);
    assert_int_equal(mkfifo(pipe, 0644), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        show_row(rows[i].name);
        assert_null(load(*state, rows[i].name, &error));
        assert_non_null(strstr(error->message, rows[i].why));
    }
}

static void migration_text__load__refuses_a_missing_half(void **state)
{
    g_autoptr(GError) error = NULL;
    struct migration_half half = {.path = NULL};
    (void)state;
    assert_null(migration_text_load(&half, &error));
    assert_true(error_is(error, ERROR_SOURCE));
}

static void migration_text__load__takes_100_megabytes(void **state)
{
    gsize length = (gsize)100 << 20;
    g_autofree char *bytes = g_strnfill(length, 'x');
    folder_write(*state, "big", bytes, (gssize)length);
    AUTOPTR(migration_text) *text = load(*state, "big", NULL);
    assert_non_null(text);
    assert_int_equal(g_bytes_get_size(text->bytes), length);
}

/* Sparse, so that it costs nothing. */
static void migration_text__load__refuses_more_than_the_limit(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = folder_path(*state, "huge");
    folder_write(*state, "huge", "", 0);
    assert_int_equal(truncate(path, (off_t)MIGRATION_TEXT_MAX + 1), 0);
    assert_null(load(*state, "huge", &error));
    assert_non_null(strstr(error->message, "268435457"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(migration_text__load__gives_the_bytes_and_their_digest),
        TEST(migration_text__load__tells_blank_from_comment),
        TEST(migration_text__load__refuses_what_no_server_takes),
        TEST(migration_text__load__refuses_what_is_no_file),
        cmocka_unit_test(migration_text__load__refuses_a_missing_half),
        TEST(migration_text__load__takes_100_megabytes),
        TEST(migration_text__load__refuses_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
