/* Types, and what changing them costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/sql_type.h"

static void sql_type__change_rewrites__as_the_manual_says(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        enum sql_answer answer;
    } rows[] = {
        {"integer", "integer", SQL_NO},
        {"integer", "bigint", SQL_YES},
        {"character varying(10)", "character varying(20)", SQL_NO},
        {"character varying(20)", "character varying(10)", SQL_YES},
        {"character varying(20)", "character varying", SQL_NO},
        {"character varying(20)", "text", SQL_NO},
        {"text", "character varying", SQL_NO},
        {"text", "character varying(20)", SQL_YES},
        {"character(3)", "text", SQL_YES},
        {"numeric(10,2)", "numeric(12,2)", SQL_NO},
        {"numeric(10,2)", "numeric(12,3)", SQL_YES},
        {"numeric(10,2)", "numeric(8,2)", SQL_YES},
        {"numeric(10,2)", "numeric", SQL_NO},
        {"numeric", "numeric(10,2)", SQL_YES},
        {"cidr", "inet", SQL_NO},
        {"inet", "cidr", SQL_YES},
        {"timestamp without time zone", "timestamp with time zone", SQL_MAYBE},
        {"timestamp(3) with time zone", "timestamp(6) with time zone", SQL_NO},
        {"timestamp(3) with time zone", "timestamp with time zone", SQL_NO},
        {"timestamp with time zone", "timestamp(3) with time zone", SQL_YES},
        {"text", "jsonb", SQL_YES},
        {"mood", "text", SQL_MAYBE},
        {"text[]", "character varying[]", SQL_NO},
        {"text", "text[]", SQL_YES},
        {NULL, "bigint", SQL_MAYBE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *why;
        enum sql_answer answer = sql_type_change_rewrites(rows[i].from, rows[i].to, &why);
        if (answer != rows[i].answer)
            fail_msg("%s to %s: %d", rows[i].from, rows[i].to, answer);
        assert_true((answer == SQL_NO) == (why == NULL));
    }
}

static void sql_type__is_built_in__knows_what_the_server_writes(void **state)
{
    (void)state;
    assert_true(sql_type_is_built_in("timestamp(3) with time zone[]"));
    assert_true(sql_type_is_built_in("jsonb"));
    assert_true(sql_type_is_built_in("numeric(10,2)"));
    assert_false(sql_type_is_built_in("mood"));
    assert_false(sql_type_is_built_in("public.text"));
    assert_true(sql_type_is_name("timestamptz"));
    assert_false(sql_type_is_name("mood"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sql_type__change_rewrites__as_the_manual_says),
        cmocka_unit_test(sql_type__is_built_in__knows_what_the_server_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
