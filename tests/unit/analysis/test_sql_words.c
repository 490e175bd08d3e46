/* Spans for colouring. */
#include "analysis/sql_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* One letter a byte: k keyword, s string, c comment, n number, '.' anything else. */
static char *marks_of(const char *text, gsize length, enum sql_dialect dialect)
{
    static const char letters[] = {'.', 'k', 's', 'c', 'n'};
    g_autoptr(GArray) words = sql_words(text, length, dialect);
    char *marks = g_strnfill(length, '.');
    gsize end = 0;
    for (guint i = 0; i < words->len; i++) {
        const struct sql_word *word = &g_array_index(words, struct sql_word, i);
        assert_true(word->offset >= end && word->length > 0);
        end = word->offset + word->length;
        assert_true(end <= length);
        memset(marks + word->offset, letters[word->kind], word->length);
    }
    for (gsize i = 0; i < length; i++) {
        gsize behind;
        assert_int_equal(letters[sql_words_at(words, i, &behind)], marks[i]);
        assert_true(behind > i);
    }
    return marks;
}

static void assert_marks(const char *text, const char *expected)
{
    g_autofree char *marks = marks_of(text, strlen(text), SQL_POSTGRESQL);
    assert_string_equal(marks, expected);
}

static void sql_words__mark__keywords_in_any_case_and_names_not(void **state)
{
    (void)state;
    assert_marks("CREATE table users (", "kkkkkk.kkkkk........");
    assert_marks("a.user \"select\" selects", ".......................");
}

static void sql_words__mark__strings_of_every_quoting(void **state)
{
    (void)state;
    assert_marks("'a''b' x", "ssssss..");
    assert_marks("E'\\'' x", "sssss..");
    assert_marks("$a$ '$b$ $a$;", "ssssssssssss.");
    assert_marks("'a'\n'b'", "sssssss");
}

static void sql_words__mark__comments_nested_and_neighbouring(void **state)
{
    (void)state;
    assert_marks("x -- IN\nIN", "..ccccc.kk");
    assert_marks("/* /* a */ IN */IN", "cccccccccccccccckk");
    assert_marks("--a\n--b\n/*c*/ /**/", "ccc.ccc.ccccc.cccc");
    assert_marks("/*/ x */-", "cccccccc.");
}

static void sql_words__mark__comments_as_sqlite_ends_them(void **state)
{
    const char *text = "/* /* a */ IN";
    g_autofree char *marks = marks_of(text, strlen(text), SQL_SQLITE);
    (void)state;
    assert_string_equal(marks, "cccccccccc.kk");
}

static void sql_words__mark__numbers_with_fraction_and_exponent(void **state)
{
    (void)state;
    assert_marks("1.5e10,0x1F -2", "nnnnnn.nnnn..n");
    assert_marks("t1 $1", "....n");
}

static void sql_words__mark__what_does_not_end_to_the_end(void **state)
{
    (void)state;
    assert_marks("IN 'a; IN", "kk.ssssss");
    assert_marks("IN /* a; IN", "kk.cccccccc");
    assert_marks("IN $x$ IN $y$", "kk.ssssssssss");
    assert_marks("IN \"a IN", "kk......");
}

static void sql_words__survive__any_bytes(void **state)
{
    static const char pieces[] = "'\"$/*-a1.\\\n\r \xff\xc3\0E";
    char text[64];
    guint32 seed = 1;
    (void)state;
    for (guint round = 0; round < 4000; round++) {
        for (gsize i = 0; i < sizeof text; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = pieces[(seed >> 16) % (sizeof pieces - 1)];
        }
        g_autofree char *postgresql = marks_of(text, round % sizeof text, SQL_POSTGRESQL);
        g_autofree char *sqlite = marks_of(text, round % sizeof text, SQL_SQLITE);
    }
}

/* Doubling the text may not do much more than double the time; a square would take minutes. */
static void sql_words__mark__a_long_text_in_linear_time(void **state)
{
    GString *text = g_string_new(NULL);
    (void)state;
    while (text->len < (2u << 20))
        g_string_append(text, "'a' -- b\n/* $c$ */ $d$ 1.2 $d$ ");
    g_autoptr(GArray) words = sql_words(text->str, text->len, SQL_POSTGRESQL);
    assert_true(words->len > 4 * (text->len / 32));
    g_string_free(text, TRUE);
}

static void sql_word__is_keyword__by_table_alone(void **state)
{
    (void)state;
    assert_true(sql_word_is_keyword("ABORT", 5));
    assert_true(sql_word_is_keyword("zone", 4));
    assert_true(sql_word_is_keyword("Current_Timestamp", 17));
    assert_false(sql_word_is_keyword("", 0));
    assert_false(sql_word_is_keyword("SELECTED", 8));
    assert_false(sql_word_is_keyword("a_name_far_longer_than_any_keyword_is", 37));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sql_words__mark__keywords_in_any_case_and_names_not),
        cmocka_unit_test(sql_words__mark__strings_of_every_quoting),
        cmocka_unit_test(sql_words__mark__comments_nested_and_neighbouring),
        cmocka_unit_test(sql_words__mark__comments_as_sqlite_ends_them),
        cmocka_unit_test(sql_words__mark__numbers_with_fraction_and_exponent),
        cmocka_unit_test(sql_words__mark__what_does_not_end_to_the_end),
        cmocka_unit_test(sql_words__survive__any_bytes),
        cmocka_unit_test(sql_words__mark__a_long_text_in_linear_time),
        cmocka_unit_test(sql_word__is_keyword__by_table_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
