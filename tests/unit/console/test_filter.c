/* Filters: how they are read, and what they let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/filter.h"

static const char *const keys[] = {"kind", "outcome", "title", NULL};

struct row {
    const char *values[3];
};

static char *value_of(gconstpointer row, guint key, gpointer data)
{
    (void)data;
    return g_strdup(((const struct row *)row)->values[key]);
}

static void filter__match__says_which_rows_are_shown(void **state)
{
    static const struct row row = {{"up", "failed", "Add invoice currency"}};
    static const struct {
        const char *text;
        gboolean matches;
    } rows[] = {
        {"", TRUE},
        {"   ", TRUE},
        {"outcome:failed", TRUE},
        {"OUTCOME:failed", TRUE},
        {"outcome:fail", FALSE},
        {"outcome:fail*", TRUE},
        {"outcome:done", FALSE},
        {"outcome~ail", TRUE},
        {"title~invoice", TRUE},
        {"title~Invoice", FALSE},
        {"title~add", TRUE},
        {"title~Add", TRUE},
        {"title:\"add invoice currency\"", TRUE},
        {"title~\"invoice c\" kind:up", TRUE},
        {"title~invoice kind:down", FALSE},
        {"!kind:down", TRUE},
        {"!kind:up", FALSE},
        {"invoice", TRUE},
        {"failed up", TRUE},
        {"nothing", FALSE},
        {"!nothing", TRUE},
        {"kind~*", FALSE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        AUTOPTR(filter) *filter = filter_new(rows[i].text, keys, NULL);
        assert_non_null(filter);
        if (filter_matches(filter, value_of, &row, NULL) != rows[i].matches)
            fail_msg("\"%s\": %d", rows[i].text, !rows[i].matches);
    }
}

static void filter__match__takes_an_unknown_value_for_no_value(void **state)
{
    static const struct row row = {{"up", NULL, NULL}};
    AUTOPTR(filter) *is = filter_new("outcome:done", keys, NULL);
    AUTOPTR(filter) *is_not = filter_new("!outcome:done", keys, NULL);
    (void)state;
    assert_false(filter_matches(is, value_of, &row, NULL));
    assert_true(filter_matches(is_not, value_of, &row, NULL));
    assert_true(filter_matches(NULL, value_of, &row, NULL));
}

static void filter__match__survives_bytes_that_are_no_text(void **state)
{
    static const struct row row = {{"\xff\xfe", "\x1b[2J", "caf\xc3\xa9"}};
    AUTOPTR(filter) *filter = filter_new("title~\xc3\x89", keys, NULL);
    AUTOPTR(filter) *broken = filter_new("\xff\xff kind~\xff", keys, NULL);
    AUTOPTR(filter) *small = filter_new("caf\xc3\xa9", keys, NULL);
    (void)state;
    assert_false(filter_matches(filter, value_of, &row, NULL));
    assert_true(filter_matches(small, value_of, &row, NULL));
    filter_matches(broken, value_of, &row, NULL);
}

static void filter__new__refuses_what_cannot_be_meant(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {{"colour:red", "colour"},
                {"kind:", "no value"},
                {"kind:up !", "no value"},
                {"kind~", "no value"},
                {"kind:\"\"", "no value"}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(filter_new(rows[i].text, keys, &error));
        assert_true(error_is(error, ERROR_USAGE));
        assert_non_null(strstr(error->message, rows[i].says));
        assert_non_null(error_detail(error)->advice);
    }
}

static void filter__text__is_what_was_typed(void **state)
{
    AUTOPTR(filter) *filter = filter_new(" kind:up  x ", keys, NULL);
    AUTOPTR(filter) *empty = filter_new("  ", keys, NULL);
    (void)state;
    assert_string_equal(filter_text(filter), "kind:up  x");
    assert_false(filter_is_empty(filter));
    assert_true(filter_is_empty(empty));
    assert_true(filter_is_empty(NULL));
    assert_string_equal(filter_text(NULL), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter__match__says_which_rows_are_shown),
        cmocka_unit_test(filter__match__takes_an_unknown_value_for_no_value),
        cmocka_unit_test(filter__match__survives_bytes_that_are_no_text),
        cmocka_unit_test(filter__new__refuses_what_cannot_be_meant),
        cmocka_unit_test(filter__text__is_what_was_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
