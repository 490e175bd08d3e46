/* How deep a parser may have to go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/nesting.h"

static char *repeat(const char *before, const char *piece, guint count, const char *after)
{
    GString *text = g_string_new(before);
    for (guint i = 0; i < count; i++)
        g_string_append(text, piece);
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

static void check(const char *before, const char *piece, const char *after, guint least, guint most)
{
    g_autofree char *text = repeat(before, piece, 1000, after);
    guint nesting = nesting_of(text, strlen(text));
    if (nesting < least || nesting > most)
        fail_msg("%s%s...: %u, not %u to %u", before, piece, nesting, least, most);
}

static void nesting_of__is_as_deep_as_what_nests(void **state)
{
    (void)state;
    check("SELECT 1", "+1", "", 1000, 3000);
    check("SELECT 1", "::int", "", 1000, 4000);
    check("SELECT ", "(SELECT ", "1", 1000, 4000);
    check("SELECT a, b", " UNION SELECT a, b", "", 1000, 3000);
    check("SELECT 1 FROM a", " JOIN b ON c", "", 1000, 5000);
    check("SELECT ", "ARRAY[", "1", 1000, 4000);
    check("DO $$ BEGIN ", "IF a THEN b; ", "END $$", 1000, 5000);
    check("DO $x$ BEGIN a := 1", "+1", "; END $x$", 1000, 3000);
    check("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1", "+1", "'", 1000, 3000);
}

static void nesting_of__is_small_for_what_stands_side_by_side(void **state)
{
    (void)state;
    check("INSERT INTO t VALUES (1)", ", (1 + 2, 'x')", "", 2, 20);
    check("SELECT a", ", f(a, b) + 1", "", 2, 20);
    check("DO $$ BEGIN ", "a := a + 1; ", "END $$", 2, 20);
    assert_int_equal(nesting_of("", 0), 0);
}

static void nesting_of__survives_what_does_not_end(void **state)
{
    (void)state;
    assert_true(nesting_of("SELECT ((((", 11) >= 4);
    assert_true(nesting_of("SELECT ))))", 11) <= 2);
    assert_true(nesting_of("SELECT 'abc", 11) <= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_of__is_as_deep_as_what_nests),
        cmocka_unit_test(nesting_of__is_small_for_what_stands_side_by_side),
        cmocka_unit_test(nesting_of__survives_what_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
