/* Twenty at once: each migration runs exactly once, and everybody is content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "support/cluster.h"
#include "support/program.h"

#define PROCESSES  20
#define MIGRATIONS 8

static char *migrations_make(void)
{
    char *directory = workspace_make();
    for (int i = 1; i <= MIGRATIONS; i++) {
        g_autofree char *name = g_strdup_printf("%d_step.up.sql", i);
        g_autofree char *text = g_strdup_printf("INSERT INTO ran VALUES (%d);\n"
                                                "CREATE TABLE step_%d (i int);\n",
                                                i, i);
        workspace_put(directory, name, text);
    }
    return directory;
}

static void concurrent__up__runs_each_migration_once(void **state)
{
    g_autofree char *url = cluster_create_database("concurrent");
    char *migrations = migrations_make();
    const char *words[] = {"-path",         migrations, "-database", url,
                           "-lock-timeout", "50s",      "up",        NULL};
    struct program *programs[PROCESSES];
    guint failures = 0;
    (void)state;
    cluster_exec("concurrent", "CREATE TABLE ran (version int)");
    for (guint i = 0; i < PROCESSES; i++)
        programs[i] = program_start(words);
    for (guint i = 0; i < PROCESSES; i++) {
        struct program_result result = program_finish(programs[i]);
        if (result.status != 0) {
            print_message("process %u: status %d\n%s%s", i, result.status, result.out, result.err);
            failures++;
        }
        program_result_clear(&result);
    }
    g_autofree char *ran = cluster_value(
        "concurrent", "SELECT string_agg(version::text, ' ' ORDER BY version) FROM ran");
    g_autofree char *recorded =
        cluster_value("concurrent", "SELECT string_agg(version::text, ' ' ORDER BY id) FROM "
                                    "winch.history WHERE kind = 'up' AND outcome = 'done'");
    workspace_remove(migrations);
    assert_int_equal(failures, 0);
    assert_string_equal(ran, "1 2 3 4 5 6 7 8");
    assert_string_equal(recorded, "1 2 3 4 5 6 7 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concurrent__up__runs_each_migration_once),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
