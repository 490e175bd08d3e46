/* Statements as they may be shown: no password, no broken character, not too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "database/trace.h"

static void text__safe__hides_passwords(void **state)
{
    static const struct {
        const char *text, *safe;
    } rows[] = {
        {"SELECT 1", "SELECT 1"},
        {"ALTER ROLE a PASSWORD 'x''y'; SELECT 'z'", "ALTER ROLE a PASSWORD '***'; SELECT 'z'"},
        {"create user a password\n E'x\\'y' login", "create user a password\n '***' login"},
        {"CREATE ROLE a ENCRYPTED PASSWORD $$x$$;", "CREATE ROLE a ENCRYPTED PASSWORD '***';"},
        {"CREATE ROLE a PASSWORD $q$x$$y$q$;", "CREATE ROLE a PASSWORD '***';"},
        {"CREATE ROLE a PASSWORD U&'\\0041'", "CREATE ROLE a PASSWORD '***'"},
        {"CREATE ROLE a PASSWORD 'x", "CREATE ROLE a PASSWORD '***'"},
        {"CREATE ROLE a PASSWORD $x", "CREATE ROLE a PASSWORD '***'"},
        {"OPTIONS (user 'a', password 'x', b 'y')", "OPTIONS (user 'a', password '***', b 'y')"},
        {"OPTIONS (\"password\" 'x')", "OPTIONS (\"password\" '***')"},
        {"CONNECTION 'host=a password=x dbname=b'", "CONNECTION 'host=a password='***' dbname=b'"},
        {"CONNECTION 'password=x'", "CONNECTION 'password='***''"},
        {"SET password_encryption = 'md5'", "SET password_encryption = 'md5'"},
        {"ALTER ROLE a PASSWORD NULL", "ALTER ROLE a PASSWORD NULL"},
        {"INSERT INTO t (password, a) VALUES ($1, 2)",
         "INSERT INTO t (password, a) VALUES ($1, 2)"},
        {"UPDATE t SET password = $1", "UPDATE t SET password = '***'"},
        {"PASSWORD", "PASSWORD"},
        {"", ""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *safe = statement_text_safe(rows[i].text, strlen(rows[i].text));
        assert_string_equal(safe, rows[i].safe);
    }
}

static void text__safe__is_cut_between_characters(void **state)
{
    g_autoptr(GString) text = g_string_new("x");
    (void)state;
    while (text->len < STATEMENT_TEXT_MAX + 10)
        g_string_append(text, "é");
    g_autofree char *safe = statement_text_safe(text->str, text->len);
    assert_true(g_utf8_validate(safe, -1, NULL));
    assert_int_equal(strlen(safe), STATEMENT_TEXT_MAX - 1);
}

static void text__safe__hides_what_the_cut_leaves_open(void **state)
{
    g_autoptr(GString) text = g_string_new(NULL);
    (void)state;
    while (text->len < STATEMENT_TEXT_MAX - 20)
        g_string_append_c(text, ' ');
    g_string_append(text, "PASSWORD 'secret secret secret'");
    g_autofree char *safe = statement_text_safe(text->str, text->len);
    assert_null(strstr(safe, "secret"));
    assert_non_null(strstr(safe, "PASSWORD '***'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__safe__hides_passwords),
        cmocka_unit_test(text__safe__is_cut_between_characters),
        cmocka_unit_test(text__safe__hides_what_the_cut_leaves_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
