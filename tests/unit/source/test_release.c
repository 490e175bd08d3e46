/* Release numbers: which are valid, and in what order they stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"
#include "source/release.h"

static void release__is_valid__takes_two_or_three_numbers(void **state)
{
    static const char *const good[] = {"1.1",       "1.1.0",      "0.0.1",        "2024.06",
                                       "1.1.0-rc1", "1.2-beta.3", "10.20.30-a-b", "999999999.0"};
    static const char *const bad[] = {"",        "1",      "1.",   ".1",           "1.1.",
                                      "1.1.0.0", "v1.1",   "1.1-", "1.1.0 ",       "1.1.0-rc_1",
                                      "a.b.c",   "-1.0.0", "1..0", "9999999999.0", "1.1.0-é"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        assert_true(release_is_valid(good[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        show_row(bad[i]);
        assert_false(release_is_valid(bad[i]));
    }
}

static void release__is_valid__ends_at_63_bytes(void **state)
{
    g_autofree char *tail = g_strnfill(59, 'a');
    g_autofree char *longest = g_strdup_printf("1.1-%s", tail);
    g_autofree char *longer = g_strdup_printf("1.1-%sa", tail);
    (void)state;
    assert_true(release_is_valid(longest));
    assert_false(release_is_valid(longer));
}

static void release__compare__orders_as_people_do(void **state)
{
    static const char *const rising[] = {"0.9",       "1.0.0-alpha", "1.0.0-beta", "1.0.0-rc1",
                                         "1.0.0-rc2", "1.0.0-rc10",  "1.0.0",      "1.0.1",
                                         "1.2",       "1.10",        "2.0.0"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rising); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(rising); j++) {
            int order = release_compare(rising[i], rising[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    assert_int_equal(release_compare("1.1", "1.1.0"), 0);
    assert_int_equal(release_compare("1.1.0-rc01", "1.1.0-rc1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release__is_valid__takes_two_or_three_numbers),
        cmocka_unit_test(release__is_valid__ends_at_63_bytes),
        cmocka_unit_test(release__compare__orders_as_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
