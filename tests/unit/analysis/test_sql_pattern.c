/* Patterns: every element, and searching without leaving parentheses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/sql_pattern.h"

static void sql_pattern__take__stops_behind_the_match(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        const char *rest; /* NULL: no match */
    } rows[] = {
        {"COMMIT", "commit", ""},
        {"COMMIT", "Commit work", "work"},
        {"COMMIT", "committed", NULL},
        {"COMMIT", "\"COMMIT\"", NULL},
        {"COMMIT", "'COMMIT'", NULL},
        {"COMMIT $", "commit -- x\n/* y */", ""},
        {"COMMIT $", "commit work", NULL},
        {"A|B|C X", "b /* */ x y", "y"},
        {"A|B", "ab", NULL},
        {"A|B", "a|b", "|b"},
        {"A B? C", "a c d", "d"},
        {"A B|X? C", "a x c", ""},
        {"A B? C", "a x c", NULL},
        {"A <name> B", "a s.\"t;\".u b c", "c"},
        {"A <name> B", "a 'x' b", NULL},
        {"A () B", "a (x (y) z) b", ""},
        {"A () B", "a b", NULL},
        {"A () B", "a (x b", NULL},
        {"A ()? B", "a b", ""},
        {"A ... C D", "a c c x c d e", "e"},
        {"A ... C", "a (c) d", NULL},
        {"A ... C", "a c", ""},
        {"A ( ... C =|IS 1", "a (b c d, c = 1)", ")"},
        {"A ( ... C", "a (b) c", NULL},
        {"A ( ... C", "a ((c) b)", NULL},
        {"A ... WITH ( ... C", "a with x with (b, c)", ")"},
        {"SET X = 'ON'", "set x = 'on'", ""},
        {"A ... B", "a 'unterminated b", NULL},
        {"", "anything", "anything"},
        {"A", "", NULL},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sql_lexer lexer;
        sql_lexer_init(&lexer, rows[i].text, strlen(rows[i].text), SQL_POSTGRESQL);
        gboolean taken = sql_pattern_take(&lexer, rows[i].pattern);
        if (taken != (rows[i].rest != NULL))
            fail_msg("%s / %s: %d", rows[i].pattern, rows[i].text, taken);
        assert_string_equal(rows[i].text + lexer.at, taken ? rows[i].rest : rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sql_pattern__take__stops_behind_the_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
