/* Labels and values: how they are broken, scrolled and copied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/fields.h"

static char *draw(struct fields *fields, struct list *list, int rows, int columns,
                  gboolean is_ascii)
{
    AUTOPTR(grid) *grid = grid_new(rows, columns, is_ascii);
    fields_draw(fields, grid, &(struct area){0, 0, rows, columns}, list);
    return grid_text(grid);
}

static void fields__draw__breaks_values_behind_blanks(void **state)
{
    AUTOPTR(fields) *fields = fields_new();
    struct list list = {.pages = TRUE};
    (void)state;
    fields_add(fields, STYLE_TEXT, "one", "canceling statement due to lock timeout");
    fields_add(fields, STYLE_TEXT, "longer", "abcdefghijklmnopqrstuvwxyz");
    fields_add(fields, STYLE_TEXT, "none", NULL);
    fields_add(fields, STYLE_TEXT, "empty", "");
    fields_note(fields, STYLE_TEXT, "a\nb");
    g_autofree char *text = draw(fields, &list, 8, 20, TRUE);
    assert_string_equal(text, "one    canceling\n"
                              "       statement due\n"
                              "       to lock\n"
                              "       timeout\n"
                              "longer abcdefghijklm\n"
                              "       nopqrstuvwxyz\n"
                              "a\n"
                              "b\n");
    assert_int_equal(list.count, 8);
    g_autofree char *first = fields_line(fields, 0);
    g_autofree char *second = fields_line(fields, 1);
    assert_string_equal(first, "one canceling ");
    assert_string_equal(second, "statement due");
    assert_null(fields_line(fields, 8));
}

static void fields__draw__scrolls(void **state)
{
    AUTOPTR(fields) *fields = fields_new();
    struct list list = {.pages = TRUE};
    (void)state;
    for (int i = 0; i < 10; i++)
        fields_addf(fields, STYLE_TEXT, "n", "%d", i);
    g_free(draw(fields, &list, 4, 20, TRUE));
    list_act(&list, ACTION_LAST, 0);
    g_autofree char *text = draw(fields, &list, 4, 20, TRUE);
    assert_string_equal(text, "n 6\nn 7\nn 8\nn 9\n");
}

static void fields__draw__loses_nothing_of_wide_or_hostile_text(void **state)
{
    AUTOPTR(fields) *fields = fields_new();
    struct list list = {.pages = TRUE};
    (void)state;
    fields_add(fields, STYLE_TEXT, "x", "\x1b[2Jabc\xff");
    fields_add(fields, STYLE_TEXT, "y",
               "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2");
    g_autofree char *text = draw(fields, &list, 4, 10, FALSE);
    assert_string_equal(text, "x ^[[2Jabc\n  \\xFF\n"
                              "y \xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\n"
                              "  \xe6\xbc\xa2\n");
    g_autofree char *plain = draw(fields, &list, 8, 10, TRUE);
    assert_non_null(strstr(plain, "y \\u{6F22}"));
    for (int columns = 1; columns < 12; columns++)
        g_free(draw(fields, &list, 3, columns, FALSE));
}

static void fields__draw__has_sizes_in_ascii_too(void **state)
{
    AUTOPTR(fields) *fields = fields_new();
    g_autofree char *size = g_format_size_full(32768, G_FORMAT_SIZE_IEC_UNITS);
    struct list list = {.pages = TRUE};
    (void)state;
    fields_add(fields, STYLE_TEXT, "bytes", size);
    g_autofree char *plain = draw(fields, &list, 1, 20, TRUE);
    assert_string_equal(plain, "bytes 32.0 KiB\n");
}

static void fields__text__is_raw_and_whole(void **state)
{
    AUTOPTR(fields) *fields = fields_new();
    (void)state;
    fields_add(fields, STYLE_TEXT, "sha256", "9f3c");
    fields_add(fields, STYLE_TEXT, "by", "jan");
    fields_heading(fields, "more");
    g_autofree char *text = fields_text(fields);
    assert_string_equal(text, "sha256 9f3c\nby     jan\nmore\n");
    fields_clear(fields);
    g_autofree char *nothing = fields_text(fields);
    assert_string_equal(nothing, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields__draw__breaks_values_behind_blanks),
        cmocka_unit_test(fields__draw__scrolls),
        cmocka_unit_test(fields__draw__loses_nothing_of_wide_or_hostile_text),
        cmocka_unit_test(fields__draw__has_sizes_in_ascii_too),
        cmocka_unit_test(fields__text__is_raw_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
