/* The ledger: what history and the version row together say of each version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/ledger.h"
#include "source/migration.h"

static GPtrArray *records_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)history_record_free);
}

static struct history_record *add(GPtrArray *records, enum history_kind kind, gint64 version,
                                  gint64 from, gint64 to)
{
    struct history_record *record = history_record_new(kind, OUTCOME_DONE);
    record->id = records->len + 1;
    record->run_id = g_strdup("00000000000000aa");
    record->version = version;
    record->from_version = from;
    record->to_version = to;
    g_ptr_array_add(records, record);
    return record;
}

static struct ledger *ledger_at(const GPtrArray *records, gint64 version)
{
    struct version_state state = {.kind = VERSION_TABLE_WINCH, .version = version};
    return ledger_new(records, &state);
}

static void ledger__standing__is_assumed_without_history(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    AUTOPTR(ledger) *ledger = ledger_at(records, 5);
    (void)state;
    assert_int_equal(ledger_standing(ledger, 3), LEDGER_ASSUMED);
    assert_int_equal(ledger_standing(ledger, 5), LEDGER_ASSUMED);
    assert_int_equal(ledger_standing(ledger, 6), LEDGER_NOT_APPLIED);
    assert_false(ledger_has_history(ledger));
}

static void ledger__standing__is_assumed_where_history_tells_of_no_migration(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_ENVIRONMENT, VERSION_NONE, VERSION_NONE, VERSION_NONE);
    add(records, HISTORY_REFUSED, VERSION_NONE, VERSION_NONE, VERSION_NONE);
    AUTOPTR(ledger) *ledger = ledger_at(records, 5);
    assert_int_equal(ledger_standing(ledger, 3), LEDGER_ASSUMED);
    assert_false(ledger_has_history(ledger));
}

static void ledger__standing__follows_ups_and_downs(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_STARTED, 2, VERSION_NONE, 3);
    add(records, HISTORY_UP, 1, VERSION_NONE, 1);
    add(records, HISTORY_UP, 3, 1, 3);
    add(records, HISTORY_DOWN, 3, 3, 1);
    AUTOPTR(ledger) *ledger = ledger_at(records, 1);
    assert_int_equal(ledger_standing(ledger, 1), LEDGER_APPLIED);
    assert_int_equal(ledger_standing(ledger, 3), LEDGER_NOT_APPLIED);
}

static void ledger__standing__a_late_file_is_missed(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_STARTED, 3, VERSION_NONE, 3);
    add(records, HISTORY_UP, 1, VERSION_NONE, 1);
    add(records, HISTORY_UP, 3, 1, 3);
    AUTOPTR(ledger) *ledger = ledger_at(records, 3);
    assert_int_equal(ledger_standing(ledger, 2), LEDGER_MISSED);
}

static void ledger__standing__another_tool_going_up_is_assumed(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_STARTED, 2, VERSION_NONE, 2);
    add(records, HISTORY_UP, 2, VERSION_NONE, 2);
    AUTOPTR(ledger) *now = ledger_at(records, 4);
    assert_int_equal(ledger_standing(now, 1), LEDGER_MISSED);
    assert_int_equal(ledger_standing(now, 3), LEDGER_ASSUMED);
    assert_int_equal(ledger_standing(now, 4), LEDGER_ASSUMED);

    add(records, HISTORY_STARTED, 5, 4, 5);
    add(records, HISTORY_UP, 5, 4, 5);
    AUTOPTR(ledger) *later = ledger_at(records, 5);
    assert_int_equal(ledger_standing(later, 4), LEDGER_ASSUMED);
    assert_int_equal(ledger_standing(later, 5), LEDGER_APPLIED);
}

static void ledger__standing__another_tool_going_down_takes_back(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_UP, 1, VERSION_NONE, 1);
    add(records, HISTORY_UP, 2, 1, 2);
    AUTOPTR(ledger) *ledger = ledger_at(records, 1);
    assert_int_equal(ledger_standing(ledger, 2), LEDGER_NOT_APPLIED);
    assert_null(ledger_record(ledger, 2));
}

static void ledger__standing__adoption_names_what_there_was(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_ADOPT, 1, 4, 4);
    add(records, HISTORY_ADOPT, 4, 4, 4);
    AUTOPTR(ledger) *ledger = ledger_at(records, 4);
    assert_int_equal(ledger_standing(ledger, 1), LEDGER_ASSUMED);
    assert_int_equal(ledger_standing(ledger, 4), LEDGER_ASSUMED);
    assert_int_equal(ledger_standing(ledger, 3), LEDGER_MISSED);
}

static void ledger__standing__a_failed_up_applies_nothing(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_STARTED, 1, VERSION_NONE, 1);
    add(records, HISTORY_UP, 1, VERSION_NONE, 1)->outcome = OUTCOME_FAILED;
    AUTOPTR(ledger) *ledger = ledger_at(records, VERSION_NONE);
    assert_int_equal(ledger_standing(ledger, 1), LEDGER_NOT_APPLIED);
}

static void ledger__standing__a_drop_forgets_everything(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_UP, 1, VERSION_NONE, 1);
    add(records, HISTORY_DROP, VERSION_NONE, 1, VERSION_NONE);
    AUTOPTR(ledger) *ledger = ledger_at(records, VERSION_NONE);
    assert_int_equal(ledger_standing(ledger, 1), LEDGER_NOT_APPLIED);
}

static void ledger__standing__a_missed_one_run_later_is_applied(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_UP, 3, VERSION_NONE, 3);
    add(records, HISTORY_UP, 2, 3, 3);
    AUTOPTR(ledger) *ledger = ledger_at(records, 3);
    assert_int_equal(ledger_standing(ledger, 2), LEDGER_APPLIED);
    assert_int_equal(ledger_applied(ledger)->len, 2);
    assert_int_equal(g_array_index(ledger_applied(ledger), gint64, 0), 2);
}

static void ledger__standing__a_down_that_left_nothing_keeps_the_up(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_UP, 1, VERSION_NONE, 1);
    add(records, HISTORY_UP, 2, 1, 2);
    add(records, HISTORY_DIRTY, 2, 2, 1);
    add(records, HISTORY_DOWN, 2, 2, 1)->outcome = OUTCOME_FAILED;
    AUTOPTR(ledger) *ledger = ledger_at(records, 2);
    assert_int_equal(ledger_standing(ledger, 2), LEDGER_APPLIED);
    assert_non_null(ledger_record(ledger, 2));
    AUTOPTR(ledger) *dirty = ledger_at(records, 1);
    assert_int_equal(ledger_standing(dirty, 2), LEDGER_NOT_APPLIED);
}

static void ledger__standing__a_dirty_up_is_assumed_once_forced(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_UP, 1, VERSION_NONE, 1);
    add(records, HISTORY_DIRTY, 2, 1, 2);
    add(records, HISTORY_UP, 2, 1, 2)->outcome = OUTCOME_FAILED;
    add(records, HISTORY_FORCE, 2, 2, 2);
    AUTOPTR(ledger) *ledger = ledger_at(records, 2);
    assert_int_equal(ledger_standing(ledger, 2), LEDGER_ASSUMED);
}

static void ledger__interrupted__is_over_when_somebody_went_on(void **state)
{
    const enum history_kind kinds[] = {HISTORY_FINISHED, HISTORY_FORCE, HISTORY_ADOPT};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GPtrArray) records = records_new();
        add(records, HISTORY_STARTED, 1, VERSION_NONE, 1);
        struct history_record *later = add(records, kinds[i], 1, VERSION_NONE, 1);
        g_free(later->run_id);
        later->run_id = g_strdup("another");
        later->outcome = OUTCOME_FAILED;
        AUTOPTR(ledger) *open = ledger_at(records, VERSION_NONE);
        assert_non_null(ledger_interrupted(open));
        later->outcome = OUTCOME_DONE;
        AUTOPTR(ledger) *closed = ledger_at(records, VERSION_NONE);
        assert_null(ledger_interrupted(closed));
    }
}

static void ledger__interrupted__is_a_start_without_an_end(void **state)
{
    g_autoptr(GPtrArray) records = records_new();
    (void)state;
    add(records, HISTORY_STARTED, 1, VERSION_NONE, 1);
    AUTOPTR(ledger) *open = ledger_at(records, VERSION_NONE);
    assert_non_null(ledger_interrupted(open));
    add(records, HISTORY_FINISHED, 1, VERSION_NONE, 1);
    AUTOPTR(ledger) *closed = ledger_at(records, VERSION_NONE);
    assert_null(ledger_interrupted(closed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger__standing__is_assumed_without_history),
        cmocka_unit_test(ledger__standing__is_assumed_where_history_tells_of_no_migration),
        cmocka_unit_test(ledger__standing__follows_ups_and_downs),
        cmocka_unit_test(ledger__standing__a_late_file_is_missed),
        cmocka_unit_test(ledger__standing__another_tool_going_up_is_assumed),
        cmocka_unit_test(ledger__standing__another_tool_going_down_takes_back),
        cmocka_unit_test(ledger__standing__adoption_names_what_there_was),
        cmocka_unit_test(ledger__standing__a_failed_up_applies_nothing),
        cmocka_unit_test(ledger__standing__a_drop_forgets_everything),
        cmocka_unit_test(ledger__standing__a_missed_one_run_later_is_applied),
        cmocka_unit_test(ledger__standing__a_down_that_left_nothing_keeps_the_up),
        cmocka_unit_test(ledger__standing__a_dirty_up_is_assumed_once_forced),
        cmocka_unit_test(ledger__interrupted__is_a_start_without_an_end),
        cmocka_unit_test(ledger__interrupted__is_over_when_somebody_went_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
