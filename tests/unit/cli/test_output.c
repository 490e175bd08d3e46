/* Tables fit, and nothing that comes from outside steers the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/output.h"

/* What print writes to standard output. */
static char *captured(void (*print)(struct output *output), struct output *output)
{
    char *name = NULL;
    int fd = g_file_open_tmp("winch-test-XXXXXX", &name, NULL);
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    dup2(fd, STDOUT_FILENO);
    print(output);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    close(fd);
    char *text = NULL;
    g_file_get_contents(name, &text, NULL, NULL);
    unlink(name);
    g_free(name);
    return text;
}

static void print_table(struct output *output)
{
    static const struct output_column columns[] = {
        {"Version", TEXT_LEFT, FALSE}, {"Title", TEXT_LEFT, TRUE}, {"Took", TEXT_RIGHT, FALSE}};
    struct output_table *table = output_table_new(output, columns, 3);
    const char *const cells[] = {"000001",
                                 "a_title_that_is_much_longer_than_the_terminal_is_wide",
                                 "12 ms",
                                 "000002",
                                 "表表表表表表表表表表表表表表表表表表表表表表表表表表",
                                 "1.5 s",
                                 "000003",
                                 "\033[2J\033]0;owned\a",
                                 NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(cells); i++)
        output_table_cell(table, ROLE_BAD, cells[i]);
    output_table_end(table);
}

static void output__table__fits_and_is_safe(void **state)
{
    struct output output = {.columns = 40};
    (void)state;
    g_autofree char *text = captured(print_table, &output);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    assert_int_equal(g_strv_length(lines), 5);
    for (guint i = 0; lines[i] != NULL; i++)
        assert_true(text_width(lines[i]) <= 40);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "^[[2J"));
}

static void output__table__is_plain_ascii_when_asked(void **state)
{
    struct output output = {.columns = 40, .is_ascii = TRUE};
    (void)state;
    g_autofree char *text = captured(print_table, &output);
    assert_true(g_str_is_ascii(text));
}

static void output__table__is_coloured_only_when_asked(void **state)
{
    struct output output = {.columns = 0, .has_colour = TRUE};
    (void)state;
    g_autofree char *text = captured(print_table, &output);
    assert_non_null(strstr(text, "\033[1;31m"));
}

static void output__error_json__keeps_what_is_known(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    error_set_at(&error, ERROR_FAILED, "1_a.up.sql", 7, "bad \377 byte");
    error_advise(&error, "mend it");
    json_t *document = output_error_json(error);
    assert_int_equal(json_integer_value(json_object_get(document, "exit_status")), 1);
    assert_int_equal(json_integer_value(json_object_get(document, "line")), 7);
    assert_string_equal(json_string_value(json_object_get(document, "message")), "bad \\xFF byte");
    assert_string_equal(json_string_value(json_object_get(document, "advice")), "mend it");
    json_decref(document);
    document = output_error_json(NULL);
    assert_true(json_is_null(document));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output__table__fits_and_is_safe),
        cmocka_unit_test(output__table__is_plain_ascii_when_asked),
        cmocka_unit_test(output__table__is_coloured_only_when_asked),
        cmocka_unit_test(output__error_json__keeps_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
