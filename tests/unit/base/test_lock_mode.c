/* The table of lock modes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/lock_mode.h"

static void lock_mode__parse__takes_both_spellings(void **state)
{
    (void)state;
    assert_int_equal(lock_mode_parse("AccessShareLock"), LOCK_MODE_ACCESS_SHARE);
    assert_int_equal(lock_mode_parse("ShareUpdateExclusiveLock"), LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
    assert_int_equal(lock_mode_parse("ACCESS EXCLUSIVE"), LOCK_MODE_ACCESS_EXCLUSIVE);
    assert_int_equal(lock_mode_parse("none"), LOCK_MODE_NONE);
    assert_int_equal(lock_mode_parse("SIReadLock"), LOCK_MODE_NONE);
}

/* The manual's table 13.2, a row a mode held, a column a mode asked for. */
static void lock_mode__conflicts__as_in_the_manual(void **state)
{
    static const char *const table[] = {"-------X", "------XX", "----XXXX", "---XXXXX",
                                        "--XX-XXX", "--XXXXXX", "-XXXXXXX", "XXXXXXXX"};
    (void)state;
    for (guint one = 1; one <= LOCK_MODE_ACCESS_EXCLUSIVE; one++) {
        assert_false(lock_mode_conflicts(one, LOCK_MODE_NONE));
        for (guint other = 1; other <= LOCK_MODE_ACCESS_EXCLUSIVE; other++)
            assert_int_equal(lock_mode_conflicts(one, other), table[one - 1][other - 1] == 'X');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_mode__parse__takes_both_spellings),
        cmocka_unit_test(lock_mode__conflicts__as_in_the_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
