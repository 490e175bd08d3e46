/* Passwords within URLs and conninfo strings are found wherever they hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/connection_text.h"

static void connection__mask__hides_passwords_only(void **state)
{
    static const struct {
        const char *text, *masked;
    } rows[] = {
        {"postgres://u:secret@h:5432/db?sslmode=disable",
         "postgres://u:***@h:5432/db?sslmode=disable"},
        {"host=h password=se cret dbname=db", "host=h password=*** *** dbname=db"},
        {"postgres://u@h/db", "postgres://u@h/db"},
        {"postgres://h:5432/db", "postgres://h:5432/db"},
        {"postgres://u:@h/db", "postgres://u:@h/db"},
        {"postgres://u:secret", "postgres://u:***"},
        {"postgres://u:secret/db", "postgres://u:***/db"},
        {"postgres://h:1,i:2/db", "postgres://h:1,i:2/db"},
        {"postgres://[::1]:5432/db", "postgres://[::1]:5432/db"},
        {"postgres://h:", "postgres://h:"},
        {"postgres://u:a:b@c@h/db", "postgres://u:***@h/db"},
        {"postgres://u:a/b@h/db", "postgres://u:***@h/db"},
        {"postgres://u:a?b@h/db", "postgres://u:***@h/db"},
        {"postgres://h/db?user=u&password=secret", "postgres://h/db?user=u&password=***"},
        {"postgres://h/db?p%61ssword=secret&x=1", "postgres://h/db?p%61ssword=***&x=1"},
        {"postgres://u:one@h/db?sslpassword=two&password=three",
         "postgres://u:***@h/db?sslpassword=***&password=***"},
        {"postgres:///db?host=/tmp&application_name=a@b",
         "postgres:///db?host=/tmp&application_name=a@b"},
        {"host=h password=secret dbname=db", "host=h password=*** dbname=db"},
        {"password = 'it\\'s a b' host=h", "password = '***' host=h"},
        {"host=h password='open", "host=h password='***"},
        {"password=a\\ b host=h", "password=*** host=h"},
        {"password= secret host=h", "password= *** host=h"},
        {"passfile=/x host='password=no'", "passfile=/x host='password=no'"},
        {"password", "password"},
        {"", ""},
        {"=", "="},
        {"://", "://"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *masked = connection_mask(rows[i].text);
        assert_string_equal(masked, rows[i].masked);
    }
}

static void connection__hide__overwrites_in_place(void **state)
{
    char url[] = "postgres://u:p@ss@h/db", conninfo[] = "host=h password='a b' dbname=d";
    (void)state;
    connection_hide(url);
    connection_hide(conninfo);
    assert_string_equal(url, "postgres://u:xxxx@h/db");
    assert_string_equal(conninfo, "host=h password='xxx' dbname=d");
}

static void connection__secrets__are_raw_and_decoded(void **state)
{
    g_auto(GStrv) url = connection_secrets("postgres://u:a%20b@h/db");
    g_auto(GStrv) conninfo = connection_secrets("password='it\\'s'");
    g_auto(GStrv) none = connection_secrets("postgres://u@h/db");
    (void)state;
    assert_string_equal(url[0], "a%20b");
    assert_string_equal(url[1], "a b");
    assert_null(url[2]);
    assert_string_equal(conninfo[0], "it\\'s");
    assert_string_equal(conninfo[1], "it's");
    assert_null(none[0]);
}

static void connection__scheme__is_lower_case_or_none(void **state)
{
    g_autofree char *scheme = connection_scheme("POSTGRES://h");
    (void)state;
    assert_string_equal(scheme, "postgres");
    assert_null(connection_scheme("host=h"));
    assert_null(connection_scheme("://h"));
    assert_null(connection_scheme("postgres:/h"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection__mask__hides_passwords_only),
        cmocka_unit_test(connection__hide__overwrites_in_place),
        cmocka_unit_test(connection__secrets__are_raw_and_decoded),
        cmocka_unit_test(connection__scheme__is_lower_case_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
