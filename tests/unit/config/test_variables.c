/* ${VAR}, ${VAR:-default}, ${VAR:?message}: what they become, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/variables.h"

#include <string.h>

static const char *look_up(const char *name, gpointer data)
{
    (void)data;
    if (strcmp(name, "HOST") == 0)
        return "db.example";
    if (strcmp(name, "NESTED") == 0)
        return "${HOST}";
    return strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

static void variables__expand__is_as_a_shell_does(void **state)
{
    static const struct {
        const char *text;
        enum expansion outcome;
        const char *result;
        gboolean is_fallback;
    } rows[] = {
        {"", EXPANSION_DONE, "", FALSE},
        {"plain", EXPANSION_DONE, "plain", FALSE},
        {"${HOST}", EXPANSION_DONE, "db.example", FALSE},
        {"a${HOST}b${HOST}", EXPANSION_DONE, "adb.examplebdb.example", FALSE},
        {"${EMPTY}", EXPANSION_DONE, "", FALSE},
        {"${EMPTY:-x}", EXPANSION_DONE, "x", TRUE},
        {"${NONE:-}", EXPANSION_DONE, "", TRUE},
        {"${NONE:-a:-b}", EXPANSION_DONE, "a:-b", TRUE},
        {"${HOST:-x}", EXPANSION_DONE, "db.example", FALSE},
        {"${NONE:-${HOST}}", EXPANSION_DONE, "db.example", TRUE},
        {"${NONE:-${NOR:-z}}!", EXPANSION_DONE, "z!", TRUE},
        {"${NESTED}", EXPANSION_DONE, "${HOST}", FALSE},
        {"$$", EXPANSION_DONE, "$", FALSE},
        {"$${HOST}", EXPANSION_DONE, "${HOST}", FALSE},
        {"pa$word$", EXPANSION_DONE, "pa$word$", FALSE},
        {"${NONE}", EXPANSION_UNSET, "the environment variable NONE is not set", FALSE},
        {"${NONE:?ask ops}", EXPANSION_UNSET, "the environment variable NONE is not set: ask ops",
         FALSE},
        {"${EMPTY:?}", EXPANSION_UNSET, "the environment variable EMPTY is not set", FALSE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *result = NULL;
        gboolean is_fallback;
        assert_int_equal(variables_expand(rows[i].text, look_up, NULL, &result, &is_fallback),
                         rows[i].outcome);
        assert_string_equal(result, rows[i].result);
        if (rows[i].outcome == EXPANSION_DONE)
            assert_int_equal(is_fallback, rows[i].is_fallback);
    }
}

static void variables__expand__refuses_what_is_none(void **state)
{
    static const char *const texts[] = {
        "${",        "${}",
        "${HOST",    "${1A}",
        "${HOST-x}", "${HOST:+x}",
        "${HO ST}",  "${HOST }",
        "a${b${c}",  "${:-}",
        "${A:}",     "${A:-${B:-${C:-${D:-${E:-${F:-${G:-${H:-${I:-${J:-${K:-deep}}}}}}}}}}}",
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *result = NULL;
        gboolean is_fallback;
        assert_int_equal(variables_expand(texts[i], look_up, NULL, &result, &is_fallback),
                         EXPANSION_MALFORMED);
        assert_non_null(strstr(result, "not a variable"));
    }
}

static void variables__literal__keeps_what_stands_in_the_file(void **state)
{
    static const struct {
        const char *text, *literal;
    } rows[] = {
        {"${HOST}", "\001"},
        {"a${HOST:?m}b", "a\001b"},
        {"${NONE:-secret}", "\001secret"},
        {"${NONE:-${HOST}}", "\001\001"},
        {"p$$w", "p$w"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *literal = variables_literal(rows[i].text);
        assert_string_equal(literal, rows[i].literal);
    }
    assert_null(variables_literal("${"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables__expand__is_as_a_shell_does),
        cmocka_unit_test(variables__expand__refuses_what_is_none),
        cmocka_unit_test(variables__literal__keeps_what_stands_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
