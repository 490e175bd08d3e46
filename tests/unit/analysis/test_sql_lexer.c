/* Tokens: what each dialect quotes, and where it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/sql_lexer.h"

/* The types of all tokens as letters; "!" and a letter for one that does not end. */
static char *token_types(const char *text, enum sql_dialect dialect)
{
    static const char letters[] = {
        [SQL_WORD] = 'w',   [SQL_NAME] = 'n',   [SQL_STRING] = 's',  [SQL_DOLLAR] = 'd',
        [SQL_NUMBER] = '1', [SQL_SYMBOL] = '.', [SQL_COMMENT] = 'c',
    };
    GString *out = g_string_new(NULL);
    struct sql_lexer lexer;
    struct sql_token token;
    sql_lexer_init(&lexer, text, strlen(text), dialect);
    for (;;) {
        gboolean whole = sql_lexer_next(&lexer, &token);
        if (!whole)
            g_string_append_c(out, '!');
        else if (token.type == SQL_END)
            break;
        g_string_append_c(out, letters[token.type]);
        if (!whole)
            break;
    }
    return g_string_free(out, FALSE);
}

struct row {
    const char *text;
    const char *types;
};

static void check_rows(const struct row *rows, gsize count, enum sql_dialect dialect)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *types = token_types(rows[i].text, dialect);
        if (strcmp(types, rows[i].types) != 0)
            fail_msg("%s: %s, not %s", rows[i].text, types, rows[i].types);
    }
}

static void sql_lexer__next__cuts_postgresql(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {" \t\r\n\f\v", ""},
        {"a_1$b ü Ü", "www"},
        {"'a''b'", "s"},
        {"'a\\'", "s"},
        {"'a\\' c'", "sw!s"},
        {"E'a\\'b'", "s"},
        {"e'\\\\'", "s"},
        {"E'a''b\\''", "s"},
        {"fooE'a\\'", "ws"},
        {"B'01' x'1F' N'a\\'", "sss"},
        {"U&'\\0041' u&\"\\0041\"", "sn"},
        {"U&'\\' x", "sw"},
        {"u & 'a'", "w.s"},
        {"'a'\n'b'", "s"},
        {"'a' 'b'", "ss"},
        {"'a' -- note\n  'b'", "s"},
        {"'a'\n-- it's\n-- more\n'b'", "s"},
        {"'a'\n/* c */'b'", "ss"},
        {"E'a'\n'b\\'c'", "s"},
        {"E'a' 'b\\'c'", "ssw!s"},
        {"'a'\n'b\\'c'", "sw!s"},
        {"'a'\n", "s"},
        {"\"a\"\"b;\"", "n"},
        {"\"a\\\"", "n"},
        {"$$a;b$$", "d"},
        {"$a$ $$ $b$ $a$", "d"},
        {"$a$ x$a$", "d"},
        {"$a$ $aa$ $A$ $a$", "d"},
        {"$$ $a$$", "d"},
        {"$ü1$ x $ü1$", "d"},
        {"$1 $2", ".1.1"},
        {"$1$a$ ; $a$", ".1d"},
        {"$a b", ".ww"},
        {"a$b$c d$b$", "ww"},
        {"1$$;$$", "1d"},
        {"$$", "!d"},
        {"$a$ $a", "!d"},
        {"$", "."},
        {"-- a 'b\nc", "w"},
        {"-- a\rc", "w"},
        {"--", ""},
        {"a--b", "w"},
        {"- - a", "..w"},
        {"a*--b\n-c", "w..w"},
        {"a+/*b*/c", "w.w"},
        {"a///*b*/c", "w..w"},
        {"/* a /* b */ ' */ c", "w"},
        {"/* a /* b */", "!c"},
        {"/*/ a */ b", "w"},
        {"/***/ a **/*c*/", "w.."},
        {"a */ b", "w..w"},
        {"0x1F 1_000 1.5e3", "1w1w1.1w"},
        {"[a]", ".w."},
        {"`", "."},
        {"::'a'", "..s"},
        {"'a", "!s"},
        {"E'a\\", "!s"},
        {"\"a", "!n"},
        {"/", "."},
        {"-", "."},
    };
    (void)state;
    check_rows(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL);
}

static void sql_lexer__next__cuts_sqlite(void **state)
{
    static const struct row rows[] = {
        {"'a''b' \"c\" `d``e;` [f;]", "snnn"},
        {"[a]]", "n."},
        {"E'a\\'", "ws"},
        {"x'1F' X'00'", "ss"},
        {"$$a$$", "..w"},
        {"$a$", ".w"},
        {"'a'\n'b'", "ss"},
        {"/* a /* b */ c", "w"},
        {"-- a\rb", ""},
        {"-- a\r\nb", "w"},
        {"U&'a'", "w.s"},
        {"`a", "!n"},
        {"[a", "!n"},
        {"/* a", "!c"},
    };
    (void)state;
    check_rows(rows, G_N_ELEMENTS(rows), SQL_SQLITE);
}

static void sql_lexer__next__tells_backslashes_that_depend_on_a_setting(void **state)
{
    static const struct {
        const char *text;
        gboolean depends;
    } rows[] = {
        {"'a\\b'", TRUE}, {"N'\\'", TRUE},    {"E'a\\b'", FALSE}, {"U&'\\0041'", FALSE},
        {"'ab'", FALSE},  {"\"a\\\"", FALSE}, {"$$\\$$", FALSE},  {"'a'\n'\\'", TRUE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sql_lexer lexer;
        struct sql_token token;
        sql_lexer_init(&lexer, rows[i].text, strlen(rows[i].text), SQL_POSTGRESQL);
        assert_true(sql_lexer_next(&lexer, &token));
        assert_int_equal(token.plain_backslash, rows[i].depends);
    }
}

static void sql_lexer__next__takes_any_bytes(void **state)
{
    static const char bytes[] = "\0\xff\xfe'\0\x80'\x01\xc3";
    struct sql_lexer lexer;
    struct sql_token token;
    gsize covered = 0;
    (void)state;
    sql_lexer_init(&lexer, bytes, sizeof(bytes) - 1, SQL_POSTGRESQL);
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END)
        covered += token.length;
    assert_int_equal(covered, sizeof(bytes) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sql_lexer__next__cuts_postgresql),
        cmocka_unit_test(sql_lexer__next__cuts_sqlite),
        cmocka_unit_test(sql_lexer__next__tells_backslashes_that_depend_on_a_setting),
        cmocka_unit_test(sql_lexer__next__takes_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
