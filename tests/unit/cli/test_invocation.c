/* Command lines: golang-migrate's as they are, winch's own, and mistakes named with the nearest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/command.h"

static struct invocation *read_line(const char *line, GError **error)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    return invocation_parse((int)g_strv_length(words), words, error);
}

static char *describe(const struct invocation *invocation)
{
    GString *text = g_string_new(invocation->command != NULL ? invocation->command->name : "-");
    for (guint i = 0; i < invocation->arguments->len; i++)
        g_string_append_printf(text, " %s", (const char *)invocation->arguments->pdata[i]);
    for (guint i = 0; i + 1 < invocation->trailing->len; i++)
        g_string_append_printf(text, " +%s", (const char *)invocation->trailing->pdata[i]);
    return g_string_free(text, FALSE);
}

static void invocation__parse__reads_golang_migrates_lines(void **state)
{
    static const struct {
        const char *line, *read, *option, *value;
    } rows[] = {
        {"winch -path migrations -database postgres://h/db up 2", "up 2", "path", "migrations"},
        {"winch -source file://migrations -verbose up", "up", "source", "file://migrations"},
        {"winch -lock-timeout 15 up", "up", "lock-timeout", "15"},
        {"winch -lock-timeout=15 up", "up", "lock-timeout", "15"},
        {"winch --lock-timeout=15 up", "up", "lock-timeout", "15"},
        {"winch -prefetch 20 up", "up", "prefetch", "20"},
        {"winch -verbose=true goto 3", "goto 3", "verbose", ""},
        {"winch -verbose=false goto 3", "goto 3", "verbose", NULL},
        {"winch down -all", "down", "all", ""},
        {"winch force 3", "force 3", "all", NULL},
        {"winch force -- -1", "force -1", "all", NULL},
        {"winch force -1", "force -1", "all", NULL},
        {"winch drop -f", "drop", "f", ""},
        {"winch create -ext sql -dir d -seq -digits 4 name", "create name", "digits", "4"},
        {"winch version", "version", "version", NULL},
        {"winch -version", "-", "version", ""},
        {"winch -h", "-", "help", ""},
        {"winch run -- app --port 80 -x", "run +app +--port +80 +-x", "all", NULL},
        {"winch up --dry-run -database=x", "up", "database", "x"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        AUTOPTR(invocation) *invocation = read_line(rows[i].line, &error);
        if (invocation == NULL)
            fail_msg("%s: %s", rows[i].line, error->message);
        g_autofree char *read = describe(invocation);
        const char *value = invocation_value(invocation, rows[i].option);
        assert_string_equal(read, rows[i].read);
        assert_int_equal(g_strcmp0(value, rows[i].value), 0);
    }
}

static void invocation__parse__refuses_and_names_the_nearest(void **state)
{
    static const struct {
        const char *line, *message, *advice;
    } rows[] = {
        {"winch upp", "no command 'upp'", "up"},
        {"winch up --dry-rnu", "no option --dry-rnu", "--dry-run"},
        {"winch up --limit 3", "'up' has no option --limit", NULL},
        {"winch --limit 3 up", "'up' has no option --limit", NULL},
        {"winch goto", "needs an argument", "goto"},
        {"winch up 1 2", "too many arguments", "up"},
        {"winch up --reason", "needs a value", "--reason"},
        {"winch up --dry-run=maybe", "takes no value", NULL},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(read_line(rows[i].line, &error));
        assert_int_equal(error_exit_status(error), 2);
        assert_non_null(strstr(error->message, rows[i].message));
        if (rows[i].advice != NULL)
            assert_non_null(strstr(error_detail(error)->advice, rows[i].advice));
    }
}

static void goal__read__refuses_two_meanings(void **state)
{
    static const struct {
        const char *line, *part;
    } rows[] = {
        {"winch up 2 --to 8", "--to and a number"},
        {"winch up 2 --missed", "--missed and a number"},
        {"winch up --missed --to 3", "--missed and --to"},
        {"winch down --all 3", "--all and a number"},
        {"winch up --to 8", NULL},
        {"winch up --missed", NULL},
        {"winch down --all", NULL},
        {"winch down 3", NULL},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct goal goal;
        gboolean is_nothing;
        g_autoptr(GError) error = NULL;
        AUTOPTR(invocation) *invocation = read_line(rows[i].line, NULL);
        gboolean is_read = change_goal_read(invocation, &goal, &is_nothing, &error);
        if (is_read != (rows[i].part == NULL))
            fail_msg("%s: %s", rows[i].line, is_read ? "was taken" : error->message);
        if (!is_read && strstr(error->message, rows[i].part) == NULL)
            fail_msg("%s: %s", rows[i].line, error->message);
    }
}

static void command__table__is_sound(void **state)
{
    (void)state;
    for (const struct command *command = commands; command->name != NULL; command++) {
        assert_ptr_equal(command_find(command->name), command);
        assert_non_null(command->run);
        assert_true(strlen(command->summary) <= 60);
        for (const char *const *name = command->options; name != NULL && *name != NULL; name++) {
            const struct option *option = option_table;
            while (option->name != NULL && strcmp(option->name, *name) != 0)
                option++;
            assert_non_null(option->name);
        }
    }
    assert_int_equal(command_find("status")->flags & COMMAND_CHANGES, 0);
    assert_true(command_find("up")->flags & COMMAND_CHANGES);
}

static void option__table__names_settings_that_exist(void **state)
{
    (void)state;
    for (const struct option *option = option_table; option->name != NULL; option++) {
        g_autofree char *key = g_strdup_printf("migrations.%s", option->setting);
        if (option->setting != NULL)
            assert_int_not_equal(setting_find(key), CONFIG_KEY_COUNT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invocation__parse__reads_golang_migrates_lines),
        cmocka_unit_test(invocation__parse__refuses_and_names_the_nearest),
        cmocka_unit_test(goal__read__refuses_two_meanings),
        cmocka_unit_test(command__table__is_sound),
        cmocka_unit_test(option__table__names_settings_that_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
