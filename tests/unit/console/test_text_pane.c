/* A text in a rectangle: where lines break, what stays under the cursor, what is found. */
#include "console/text_pane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analysis/sql_words.h"
#include "console/find.h"
#include "console/wrap.h"

static char *draw(struct text_pane *pane, int rows, int columns, gboolean is_ascii)
{
    AUTOPTR(grid) *grid = grid_new(rows, columns, is_ascii);
    text_pane_draw(pane, grid, &(struct area){0, 0, rows, columns}, FALSE, NULL);
    return grid_text(grid);
}

static void assert_shows(const char *bytes, gboolean wraps, guint scrolls, const char *expected)
{
    AUTOPTR(pane_text) *text = pane_text_new(g_strdup(bytes), strlen(bytes));
    struct text_pane pane;
    text_pane_init(&pane);
    text_pane_set_wraps(&pane, wraps);
    text_pane_set(&pane, text, FALSE);
    g_autofree char *before = draw(&pane, 3, 12, FALSE);
    text_pane_scroll(&pane, (int)scrolls);
    g_autofree char *drawn = draw(&pane, 3, 12, FALSE);
    assert_string_equal(drawn, expected);
    text_pane_clear(&pane);
}

static void text_pane__draw__breaks_behind_blanks_or_where_room_ends(void **state)
{
    (void)state;
    assert_shows("abcdefg hijkl", TRUE, 0, "  abcdefg\n  hijkl\n\n");
    assert_shows("abcdefghijklm", TRUE, 0, "  abcdefghij\n  klm\n\n");
    assert_shows("abcdefghij\nk", TRUE, 0, "  abcdefghij\n  k\n\n");
    assert_shows(
        "\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97", TRUE, 0,
        "  \xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\n  \xe5\xad\x97\n\n");
}

static void text_pane__draw__cuts_and_scrolls(void **state)
{
    (void)state;
    assert_shows("abcdefghijklm\nx", FALSE, 0, "  abcdefghi\xe2\x80\xa6\n  x\n\n");
    assert_shows("abcdefghijklm\nx", FALSE, 1, "  fghijklm\n\n\n");
    assert_shows("abcdefghij", FALSE, 0, "  abcdefghij\n\n\n");
    assert_shows("abcd\xe5\xad\x97x", FALSE, 1, "   x\n\n\n");
    assert_shows("a\tb", FALSE, 1, "     b\n\n\n");
}

static void text_pane__draw__keeps_marks_with_their_letters(void **state)
{
    (void)state;
    assert_shows("e\xcc\x81'e\xcc\x81'", FALSE, 0, "  e\xcc\x81'e\xcc\x81'\n\n\n");
}

static void text_pane__draw__measures_what_ascii_spells_out(void **state)
{
    const char *bytes = "\xc3\xa9|\xe5\xad\x97|";
    AUTOPTR(pane_text) *text = pane_text_new(g_strdup(bytes), strlen(bytes));
    struct text_pane pane;
    (void)state;
    text_pane_init(&pane);
    text_pane_set(&pane, text, FALSE);
    g_autofree char *utf8 = draw(&pane, 2, 20, FALSE);
    g_autofree char *ascii = draw(&pane, 2, 20, TRUE);
    assert_string_equal(utf8, "  \xc3\xa9|\xe5\xad\x97|\n\n");
    assert_string_equal(ascii, "  \\u{E9}|\\u{5B57}|\n\n");
    text_pane_clear(&pane);
}

static void text_pane__set_wraps__keeps_the_cursor_in_the_text(void **state)
{
    GString *bytes = g_string_new(NULL);
    struct text_pane pane;
    (void)state;
    for (guint i = 0; i < 100; i++)
        g_string_append_printf(bytes, "line %u is rather long for the room\n", i);
    AUTOPTR(pane_text) *text = pane_text_new(bytes->str, bytes->len);
    g_string_free(bytes, FALSE);
    text_pane_init(&pane);
    text_pane_set(&pane, text, FALSE);
    text_pane_go(&pane, 42);
    for (int columns = 1; columns < 60; columns += 3) {
        g_autofree char *drawn = draw(&pane, 5, columns, FALSE);
        assert_int_equal(text_pane_line(&pane), 42);
        assert_true(pane.list.selected >= pane.list.top && pane.list.selected < pane.list.top + 5);
        text_pane_set_wraps(&pane, !pane.wraps);
        assert_int_equal(text_pane_line(&pane), 42);
    }
    text_pane_set(&pane, NULL, FALSE);
    assert_int_equal(text_pane_line(&pane), 0);
    text_pane_clear(&pane);
}

static void text_pane__row_text__reaches_over_the_break(void **state)
{
    const char *bytes = "abcdefghijklm\nnext";
    AUTOPTR(pane_text) *text = pane_text_new(g_strdup(bytes), strlen(bytes));
    struct text_pane pane;
    (void)state;
    text_pane_init(&pane);
    text_pane_set(&pane, text, FALSE);
    g_autofree char *drawn = draw(&pane, 3, 12, FALSE);
    g_autofree char *first = text_pane_row_text(&pane, 0);
    g_autofree char *second = text_pane_row_text(&pane, 1);
    assert_string_equal(first, "abcdefghijklm");
    assert_string_equal(second, "klm");
    assert_null(text_pane_row_text(&pane, 3));
    text_pane_clear(&pane);
}

/* One style a cell: t text, k keyword, s string, m match. */
static void assert_styles(const char *bytes, const char *wanted, const char *expected)
{
    AUTOPTR(pane_text) *text = pane_text_new(g_strdup(bytes), strlen(bytes));
    AUTOPTR(grid) *grid = grid_new(1, 40, FALSE);
    struct text_pane pane;
    text->words = sql_words(bytes, strlen(bytes), SQL_POSTGRESQL);
    text_pane_init(&pane);
    text_pane_set(&pane, text, FALSE);
    text_pane_draw(&pane, grid, &(struct area){0, 0, 1, 40}, FALSE, wanted);
    for (int i = 0; expected[i] != '\0'; i++) {
        enum style style = grid->cells[i + 2].style;
        char letter = style == STYLE_SQL_KEYWORD  ? 'k'
                      : style == STYLE_SQL_STRING ? 's'
                      : style == STYLE_MATCH      ? 'm'
                                                  : 't';
        if (letter != expected[i])
            fail_msg("%s: column %d is %c", bytes, i, letter);
    }
    text_pane_clear(&pane);
}

static void text_pane__draw__colours_and_marks(void **state)
{
    (void)state;
    assert_styles("SELECT 'in' x", NULL, "kkkkkktsssstt");
    assert_styles("SELECT 'in' x", "IN", "kkkkkktsssstt");
    assert_styles("SELECT 'in' x", "in", "kkkkkktsmmstt");
    assert_styles("SELECT 'in' x", "lect '", "kkmmmmmmssstt");
    assert_styles("\xe5\xad\x97\xe5\xad\x97'a'", "\xe5\xad\x97'", "ttmmmss");
}

/* No cell holds what could steer a terminal. */
static void text_pane__draw__any_bytes_in_any_room(void **state)
{
    static const char pieces[] = "ab  \t\r\n\x1b\x7f\xff\xe5\xad\x97\xcc\x81\xc3\0";
    guint32 seed = 7;
    (void)state;
    for (guint round = 0; round < 300; round++) {
        char *bytes = g_malloc(200);
        for (gsize i = 0; i < 200; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = pieces[(seed >> 16) % (sizeof pieces - 1)];
        }
        AUTOPTR(pane_text) *text = pane_text_new(bytes, 200);
        struct text_pane pane;
        text_pane_init(&pane);
        text_pane_set_wraps(&pane, round % 2 == 0);
        text_pane_set(&pane, text, FALSE);
        pane.left = round % 7;
        g_autofree char *drawn = draw(&pane, 30, 1 + (int)(round % 40), round % 3 == 0);
        assert_true(g_utf8_validate(drawn, -1, NULL));
        for (const char *at = drawn; *at != '\0'; at++)
            assert_true((guchar)*at >= 0x20 || *at == '\n');
        for (guint row = 0; row < pane.list.count; row++) {
            g_autofree char *words = text_pane_row_text(&pane, row);
            assert_non_null(words);
        }
        text_pane_clear(&pane);
    }
}

static void find__find_in__minds_capitals_once_there_is_one(void **state)
{
    (void)state;
    assert_true(find_in("Create Table", "table"));
    assert_true(find_in("Create Table", "Table"));
    assert_false(find_in("Create table", "Table"));
    assert_true(find_in("\xc3\x84rger", "\xc3\xa4r"));
    assert_false(find_in("abc", ""));
    assert_false(find_in("abc", NULL));
    assert_false(find_in("", "a"));
    assert_false(find_in("ab", "abc"));
}

static void wrap__words__breaks_at_blanks(void **state)
{
    g_autoptr(GPtrArray) rows = wrap_words("one two  threefour\tfive", 5);
    static const char *const expected[] = {"one", "two", "three", "four", "five"};
    (void)state;
    assert_int_equal(rows->len, G_N_ELEMENTS(expected));
    for (guint i = 0; i < rows->len; i++)
        assert_string_equal(rows->pdata[i], expected[i]);
    g_autoptr(GPtrArray) empty = wrap_words("", 0);
    assert_int_equal(empty->len, 1);
    g_autoptr(GPtrArray) wide = wrap_words("\xe5\xad\x97\xe5\xad\x97", 1);
    assert_int_equal(wide->len, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_pane__draw__breaks_behind_blanks_or_where_room_ends),
        cmocka_unit_test(text_pane__draw__cuts_and_scrolls),
        cmocka_unit_test(text_pane__draw__keeps_marks_with_their_letters),
        cmocka_unit_test(text_pane__draw__measures_what_ascii_spells_out),
        cmocka_unit_test(text_pane__set_wraps__keeps_the_cursor_in_the_text),
        cmocka_unit_test(text_pane__row_text__reaches_over_the_break),
        cmocka_unit_test(text_pane__draw__colours_and_marks),
        cmocka_unit_test(text_pane__draw__any_bytes_in_any_room),
        cmocka_unit_test(find__find_in__minds_capitals_once_there_is_one),
        cmocka_unit_test(wrap__words__breaks_at_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
