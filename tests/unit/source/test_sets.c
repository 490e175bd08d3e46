/* The checked-in sets load as their README says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"
#include "source/migration.h"

static struct migration_set *load(const char *name)
{
    g_autoptr(GError) error = NULL;
    const char *tests = g_getenv("WINCH_TESTS");
    if (tests == NULL)
        fail_msg("WINCH_TESTS names no directory of tests: run this by `make check`");
    g_autofree char *path = g_build_filename(tests, "migrations", name, NULL);
    struct migration_set *set = migration_set_load(path, &error);
    if (set == NULL)
        fail_msg("%s", error->message);
    return set;
}

static guint count_halves(const struct migration_set *set, enum direction direction)
{
    guint count = 0;
    for (guint i = 0; i < migration_set_count(set); i++) {
        const struct migration *migration = migration_set_at(set, i);
        const char *path = direction == DIRECTION_UP ? migration->up.path : migration->down.path;
        count += path != NULL;
    }
    return count;
}

static void assert_reads(const struct migration_half *half)
{
    g_autoptr(GError) error = NULL;
    if (half->path == NULL)
        return;
    AUTOPTR(migration_text) *text = migration_text_load(half, &error);
    if (text == NULL)
        fail_msg("%s", error->message);
    assert_int_equal(g_bytes_get_size(text->bytes), half->size);
}

static void sets__load__count_their_halves(void **state)
{
    static const struct {
        const char *name;
        guint count, ups, downs;
    } rows[] = {
        {"broken-check", 2, 2, 2},
        {"broken-down", 2, 2, 2},
        {"broken-empty-down", 3, 3, 3},
        {"broken-missing-down", 3, 3, 2},
        {"broken-own-begin", 2, 2, 2},
        {"broken-runtime", 2, 2, 2},
        {"broken-separate", 3, 3, 3},
        {"broken-syntax", 3, 3, 3},
        {"broken-unique", 3, 3, 3},
        {"checks", 3, 3, 2},
        {"plain", 5, 5, 5},
        {"separate", 6, 6, 6},
        {"sqlite", 4, 4, 4},
        {"state", 21, 21, 21},
        {"wild", 18, 18, 17},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        show_row(rows[i].name);
        AUTOPTR(migration_set) *set = load(rows[i].name);
        assert_int_equal(migration_set_count(set), rows[i].count);
        assert_int_equal(count_halves(set, DIRECTION_UP), rows[i].ups);
        assert_int_equal(count_halves(set, DIRECTION_DOWN), rows[i].downs);
        assert_int_equal(migration_set_warnings(set)->len, 0);
        for (guint j = 0; j < migration_set_count(set); j++) {
            assert_reads(&migration_set_at(set, j)->up);
            assert_reads(&migration_set_at(set, j)->down);
        }
    }
}

static void sets__wild__is_as_odd_as_the_world(void **state)
{
    (void)state;
    AUTOPTR(migration_set) *set = load("wild");
    assert_int_equal(migration_set_at(set, 0)->version, 0);
    assert_int_equal(migration_set_at(set, 17)->version, 20240101120000);
    assert_int_equal(migration_set_version_before(set, 9), 2);
    assert_string_equal(migration_set_find(set, 2)->title, "AddProfileToUsers");
    assert_string_equal(migration_set_find(set, 2)->down.file_name, "2_remove_profile.down.sql");
    assert_int_equal(strlen(migration_set_find(set, 10)->title), 68);
    assert_int_equal(migration_set_find(set, 12)->up.size, 0);
    AUTOPTR(migration_text) *windows = migration_text_load(&migration_set_find(set, 15)->up, NULL);
    assert_non_null(strstr(g_bytes_get_data(windows->bytes, NULL), "one\r\ntwo"));
    AUTOPTR(migration_text) *endless = migration_text_load(&migration_set_find(set, 16)->up, NULL);
    assert_true(g_str_has_suffix(g_bytes_get_data(endless->bytes, NULL), "(id int)"));
}

static void sets__checks__carry_their_notes(void **state)
{
    (void)state;
    AUTOPTR(migration_set) *set = load("checks");
    const struct migration_notes *second = &migration_set_find(set, 2)->notes;
    const struct migration_notes *third = &migration_set_find(set, 3)->notes;
    assert_int_equal(second->checks->len, 3);
    assert_string_equal(g_array_index(second->checks, struct migration_check, 2).sql,
                        "SELECT id, 'a:b;' AS why FROM orders WHERE \"open\" IS NULL");
    assert_int_equal(g_array_index(second->checks, struct migration_check, 2).line, 5);
    assert_string_equal(third->irreversible, "what was paid is not kept");
    assert_string_equal(migration_set_find(set, 3)->release_name, "2.0.003");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets__load__count_their_halves),
        cmocka_unit_test(sets__wild__is_as_odd_as_the_world),
        cmocka_unit_test(sets__checks__carry_their_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
