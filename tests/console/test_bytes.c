/* What the console sends over the line: little, for people on a slow one. */
#include "support/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define MOVE_BYTES 1024u
#define IDLE_BYTES 300u

static void put_many(const struct console_test *test, guint count)
{
    for (guint i = 1; i <= count; i++) {
        g_autofree char *name = g_strdup_printf("%06u_step_%u.up.sql", i, i);
        workspace_put(test->folder, name, "SELECT 1;\n");
    }
}

static void assert_cost(struct console_test *test, const char *key, gsize most)
{
    gsize before = terminal_received(test->terminal);
    terminal_keys(test->terminal, key);
    terminal_settle(test->terminal);
    gsize sent = terminal_received(test->terminal) - before;
    if (sent == 0 || sent > most)
        fail_msg("%s sent %" G_GSIZE_FORMAT " bytes", key, sent);
}

static void bytes__cursor_move__is_under_1_kb_among_10000(void **state)
{
    static const char *const moves[] = {"j", "j", "k", "Down", "Up"};
    struct console_test *test = *state;
    put_many(test, 10000);
    console_winch(test, "init", NULL);
    console_start(test, 24, 80, NULL, NULL);
    terminal_wait_text(test->terminal, "10000 migrations: 0 applied, 10000 pending");
    console_press(test, "g", "1/10,000");
    console_press(test, "0 5 j", "6/10,000");
    for (gsize i = 0; i < G_N_ELEMENTS(moves); i++)
        assert_cost(test, moves[i], MOVE_BYTES);
    console_press(test, "G", "10,000/10,000");
    console_assert_cursor(test, "000001");
    assert_cost(test, "k", MOVE_BYTES);
    console_quit_well(test);
}

static void bytes__idle__are_under_300_a_second(void **state)
{
    static const char *const screens[] = {"1", "5", "7"};
    struct console_test *test = *state;
    console_put_migrations(test, 5);
    console_winch(test, "init", NULL);
    console_winch(test, "up", "2");
    console_open_at(test, 24, 80);
    for (gsize i = 0; i < G_N_ELEMENTS(screens); i++) {
        terminal_keys(test->terminal, screens[i]);
        console_let_pass(test, 1000); /* what had to be read has been */
        gint64 since = g_get_monotonic_time();
        gsize before = terminal_received(test->terminal);
        console_let_pass(test, 2000);
        gsize sent = terminal_received(test->terminal) - before;
        gint64 took = g_get_monotonic_time() - since;
        if (sent * G_USEC_PER_SEC / (gsize)took > IDLE_BYTES)
            fail_msg("idle on screen %s: %" G_GSIZE_FORMAT " bytes in %.1f s", screens[i], sent,
                     (double)took / G_USEC_PER_SEC);
    }
    console_quit_well(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes__cursor_move__is_under_1_kb_among_10000,
                                        console_setup, console_teardown),
        cmocka_unit_test_setup_teardown(bytes__idle__are_under_300_a_second, console_setup,
                                        console_teardown),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
