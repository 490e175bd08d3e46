/* Errors: kinds, details and the line a person reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void error__line__names_place_cause_and_remedy(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    error_set_at(&error, ERROR_SOURCE, "migrations/1_a.up.sql", 3, "unknown note '%s'", "relase");
    error_advise(&error, "did you mean 'release'?");
    g_prefix_error(&error, "loading: ");
    g_autofree char *line = error_line(error);
    assert_string_equal(
        line, "migrations/1_a.up.sql:3: loading: unknown note 'relase'; did you mean 'release'?");
    assert_int_equal(error_exit_status(error), 2);
}

static void error__copy__keeps_details(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    error_set(&error, ERROR_FAILED, "no");
    strcpy(error_detail_edit(error)->sqlstate, "42P01");
    error_detail_edit(error)->hint = g_strdup("look");
    g_autoptr(GError) copy = g_error_copy(error);
    assert_string_equal(error_detail(copy)->sqlstate, "42P01");
    assert_string_equal(error_detail(copy)->hint, "look");
    assert_ptr_not_equal(error_detail(copy)->hint, error_detail(error)->hint);
}

static void error__exit_status__follows_the_table(void **state)
{
    static const struct {
        enum error_code code;
        int status;
    } rows[] = {{ERROR_FAILED, 1},        {ERROR_USAGE, 2},    {ERROR_DIRTY, 3},
                {ERROR_LOCKED, 4},        {ERROR_REFUSED, 5},  {ERROR_FINDINGS, 6},
                {ERROR_NO_CONNECTION, 7}, {ERROR_HANGUP, 129}, {ERROR_CANCELLED, 130},
                {ERROR_TERMINATED, 143}};
    (void)state;
    assert_int_equal(error_exit_status(NULL), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        error_set(&error, rows[i].code, "x");
        assert_int_equal(error_exit_status(error), rows[i].status);
    }
}

static void error__detail__is_none_for_foreign_errors(void **state)
{
    g_autoptr(GError) error = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "gone");
    (void)state;
    assert_null(error_detail(error));
    error_advise(&error, "nothing happens");
    assert_int_equal(error_exit_status(error), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error__line__names_place_cause_and_remedy),
        cmocka_unit_test(error__copy__keeps_details),
        cmocka_unit_test(error__exit_status__follows_the_table),
        cmocka_unit_test(error__detail__is_none_for_foreign_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
