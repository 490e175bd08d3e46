/* What a file does to the schema, gathered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/touches.h"

struct file {
    struct script *script;
    struct inspection *inspection;
};

static struct file read_file(const char *sql)
{
    const struct inspection_context context = {SQL_POSTGRESQL, NULL};
    struct file file = {
        .script = script_parse(sql, strlen(sql), SQL_POSTGRESQL, FALSE, "test.sql", NULL)};
    assert_non_null(file.script);
    file.inspection = inspection_new(sql, strlen(sql), file.script, &context);
    return file;
}

static void file_clear(struct file *file)
{
    inspection_free(file->inspection);
    script_free(file->script);
}

static char *told(const char *sql)
{
    struct file file = read_file(sql);
    AUTOPTR(touches) *touches = touches_new(file.inspection);
    AUTOPTR(fields) *fields = fields_new();
    touches_describe(touches, fields);
    char *text = fields_text(fields);
    file_clear(&file);
    return text;
}

static void assert_told(const char *sql, const char *expected)
{
    g_autofree char *text = told(sql);
    if (inspection_parser_version() > 0)
        assert_string_equal(text, expected);
}

static void assert_phase(const char *sql, enum sql_phase phase)
{
    struct file file = read_file(sql);
    AUTOPTR(touches) *touches = touches_new(file.inspection);
    if (inspection_parser_version() > 0)
        assert_int_equal(touches_phase(touches), phase);
    file_clear(&file);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void touches__effects__have_a_line_each(void **state)
{
    (void)state;
    assert_told("CREATE TABLE a (x int); CREATE TABLE b (y int); ALTER TABLE c ADD COLUMN z int;"
                "DROP INDEX d; UPDATE e SET f = 1;",
                "creates table a, b; column c.z\ndrops   index d\nwrites  relation e\n");
}

static void touches__own_table__is_told_once(void **state)
{
    (void)state;
    assert_told(
        "CREATE TABLE a (x int PRIMARY KEY, CHECK (x > 0));"
        "ALTER TABLE a ADD COLUMN y int; COMMENT ON TABLE a IS 'a'; INSERT INTO a VALUES (1);"
        "ALTER TABLE b ALTER COLUMN c SET NOT NULL;",
        "creates table a\nalters  column b.c\n");
}

static void touches__same_twice__is_told_once(void **state)
{
    (void)state;
    assert_told("UPDATE a SET x = 1; UPDATE a SET x = 2;", "writes relation a\n");
}

static void touches__many__are_counted(void **state)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    (void)state;
    for (guint i = 0; i < 20; i++)
        g_string_append_printf(sql, "DROP TABLE t%u;", i);
    g_autofree char *text = told(sql->str);
    if (inspection_parser_version() > 0)
        assert_non_null(strstr(text, "t11 and 8 more"));
}

static void touches__not_analysed__says_so(void **state)
{
    (void)state;
    g_autofree char *text = told("CREATE TABLE a (x int); FROBNICATE TABLE b;");
    if (inspection_parser_version() > 0)
        assert_non_null(strstr(text, "1 statement not analysed: "));
}

static void touches__schemas__are_told_but_for_public(void **state)
{
    (void)state;
    assert_told("DROP TABLE public.a; DROP TABLE billing.b;", "drops table a, billing.b\n");
}

static void touches__phase__is_the_worst_for_what_others_use(void **state)
{
    (void)state;
    assert_phase("SELECT 1;", SQL_NEUTRAL);
    assert_phase("CREATE TABLE a (x int CHECK (x > 0) REFERENCES b);", SQL_EXPAND);
    assert_phase("ALTER TABLE b DROP COLUMN c;", SQL_CONTRACT);
    assert_phase("CREATE TABLE a (x int); DROP TABLE b;", SQL_CONTRACT);
    assert_phase("CREATE TABLE a (x int); ALTER TABLE a ALTER x SET NOT NULL;", SQL_EXPAND);
}

static void touches__statement__is_told_in_words(void **state)
{
    struct file file = read_file("ALTER TABLE a ADD COLUMN x int, DROP COLUMN y; FROBNICATE;");
    g_autofree char *first = touches_statement(file.inspection, 0);
    (void)state;
    if (inspection_parser_version() > 0)
        assert_string_equal(first, "ADD COLUMN a.x, DROP COLUMN a.y");
    assert_null(touches_statement(file.inspection, 1));
    assert_null(touches_statement(file.inspection, 2));
    file_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(touches__effects__have_a_line_each),
        cmocka_unit_test(touches__own_table__is_told_once),
        cmocka_unit_test(touches__same_twice__is_told_once),
        cmocka_unit_test(touches__many__are_counted),
        cmocka_unit_test(touches__not_analysed__says_so),
        cmocka_unit_test(touches__schemas__are_told_but_for_public),
        cmocka_unit_test(touches__phase__is_the_worst_for_what_others_use),
        cmocka_unit_test(touches__statement__is_told_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
