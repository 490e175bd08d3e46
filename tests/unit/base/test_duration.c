/* Durations: what is read, what is refused, how they are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/duration.h"
#include "base/error.h"

static void duration__parse__reads_every_unit(void **state)
{
    static const struct {
        const char *text;
        gint64 milliseconds;
    } rows[] = {
        {"0", 0},          {"250ms", 250},   {"30s", 30000},   {"5min", 300000},
        {"5m", 300000},    {"2h", 7200000},  {"1d", 86400000}, {"1h30m", 5400000},
        {"2s500ms", 2500}, {"300s", 300000}, {"15", 15000},    {"24d", 2073600000},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 read = -1;
        g_autoptr(GError) error = NULL;
        assert_true(duration_parse(rows[i].text, 1000, &read, &error));
        assert_int_equal(read, rows[i].milliseconds);
    }
}

static void duration__parse__refuses_what_it_cannot_mean(void **state)
{
    static const char *const wrong[] = {
        "", "s", "-5s", "5 s", "5x", "1.5s", "5s3", "25d", "9999999999999999999s", "5S", "٥s"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        gint64 read = -1;
        g_autoptr(GError) error = NULL;
        assert_false(duration_parse(wrong[i], 1000, &read, &error));
        assert_true(error_is(error, ERROR_CONFIG));
        assert_non_null(error_detail(error)->advice);
    }
}

static void duration__parse__wants_a_unit_where_none_is_implied(void **state)
{
    gint64 read = -1;
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_false(duration_parse("15", 0, &read, &error));
}

static void duration__format__fits_its_size(void **state)
{
    static const struct {
        gint64 microseconds;
        const char *text;
    } rows[] = {
        {0, "0.0 ms"},         {310, "0.3 ms"},       {12345, "12 ms"},
        {1520000, "1.52 s"},   {59990000, "59.99 s"}, {271000000, "4m31s"},
        {3720000000, "1h02m"}, {999999, "999 ms"},    {9949, "9.9 ms"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = duration_format(rows[i].microseconds);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(duration__parse__reads_every_unit),
        cmocka_unit_test(duration__parse__refuses_what_it_cannot_mean),
        cmocka_unit_test(duration__parse__wants_a_unit_where_none_is_implied),
        cmocka_unit_test(duration__format__fits_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
