/* Terminal-safe text: nothing from a file or a server may steer a terminal or spoil a column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void text__visible__disarms_control_characters(void **state)
{
    static const struct {
        const char *raw;
        gssize length;
        const char *shown;
    } rows[] = {
        {"plain", -1, "plain"},
        {"\033[2Jgone", -1, "^[[2Jgone"},
        {"bell\a", -1, "bell^G"},
        {"a\0b", 3, "a^@b"},
        {"del\177", -1, "del^?"},
        {"\302\233"
         "31m",
         -1, "\\u{9B}31m"},                        /* C1 CSI */
        {"\342\200\256evil", -1, "\\u{202E}evil"}, /* right-to-left override */
        {"\342\200\213", -1, "\\u{200B}"},         /* zero-width space */
        {"\342\200\250", -1, "\\u{2028}"},         /* line separator */
        {"\377\376", -1, "\\xFF\\xFE"},
        {"\303", -1, "\\xC3"},                   /* cut short */
        {"\355\240\200", -1, "\\xED\\xA0\\x80"}, /* a surrogate */
        {"one\ntwo\tthree\r\n", -1, "one two three "},
        {"lone\rCR", -1, "lone^MCR"},
        {"données 表 🚀", -1, "données 表 🚀"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = text_visible(rows[i].raw, rows[i].length, TEXT_ONE_LINE);
        assert_string_equal(shown, rows[i].shown);
    }
}

static void text__visible__keeps_lines_when_asked(void **state)
{
    g_autofree char *shown = text_visible("a\tb\r\n\tc", -1, TEXT_KEEP_LINES);
    (void)state;
    assert_string_equal(shown, "a       b\n        c");
}

static void text__fit__is_exactly_as_wide_as_asked(void **state)
{
    static const char *const texts[] = {"", "a", "abcdef", "表表表", "e\314\201e\314\201", "🚀🚀"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        for (int columns = 1; columns < 9; columns++) {
            g_autofree char *left = text_fit(texts[i], columns, TEXT_LEFT, FALSE);
            g_autofree char *right = text_fit(texts[i], columns, TEXT_RIGHT, TRUE);
            assert_int_equal(text_width(left), columns);
            assert_int_equal(text_width(right), columns);
        }
}

static void text__count__groups_digits(void **state)
{
    g_autofree char *small = text_count(999);
    g_autofree char *large = text_count(G_MININT64);
    g_autofree char *negative = text_count(-1234);
    (void)state;
    assert_string_equal(small, "999");
    assert_string_equal(large, "-9,223,372,036,854,775,808");
    assert_string_equal(negative, "-1,234");
}

static void text__nearest__guesses_only_what_is_near(void **state)
{
    static const char *const words[] = {"release", "requires", "timeout", "lock_timeout", NULL};
    (void)state;
    assert_string_equal(text_nearest("relase", words), "release");
    assert_string_equal(text_nearest("tiemout", words), "timeout");
    assert_string_equal(text_nearest("lock-timeout", words), "lock_timeout");
    assert_null(text_nearest("banana", words));
    assert_null(text_nearest("", words));
}

static void text__line_at__finds_lines_and_ends(void **state)
{
    const char body[] = "one\r\ntwo\nthree";
    (void)state;
    g_autofree char *one = text_line_at(body, sizeof body - 1, 1);
    g_autofree char *three = text_line_at(body, sizeof body - 1, 3);
    assert_string_equal(one, "one");
    assert_string_equal(three, "three");
    assert_null(text_line_at(body, sizeof body - 1, 4));
    assert_null(text_line_at(body, sizeof body - 1, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__visible__disarms_control_characters),
        cmocka_unit_test(text__visible__keeps_lines_when_asked),
        cmocka_unit_test(text__fit__is_exactly_as_wide_as_asked),
        cmocka_unit_test(text__count__groups_digits),
        cmocka_unit_test(text__nearest__guesses_only_what_is_near),
        cmocka_unit_test(text__line_at__finds_lines_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
