/* Inquiries on their threads: what they tell arrives in order, stopping stops them, and nobody who
 * has gone is told anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_frame.h"

#include "console/inquiry.h"

struct fixture {
    struct console *console;
    struct engine_settings *settings;
    struct inquirer *inquirer;
    GString *heard;
    guint ended, freed;
    char *result, *error;
};

static int setup(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->console = fake_frame_new();
    fixture->settings = engine_settings_new();
    fixture->inquirer = inquirer_new(fixture->console, fixture->settings);
    fixture->heard = g_string_new(NULL);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    g_clear_pointer(&fixture->inquirer, inquirer_free);
    engine_settings_free(fixture->settings);
    fake_frame_free(fixture->console);
    g_string_free(fixture->heard, TRUE);
    g_free(fixture->result);
    g_free(fixture->error);
    g_free(fixture);
    return 0;
}

static void heard(struct console *console, gpointer data, gpointer piece)
{
    struct fixture *fixture = data;
    g_autofree char *text = piece;
    (void)console;
    g_string_append_printf(fixture->heard, "%s ", text);
}

static void done(struct console *console, gpointer data, gpointer result, const GError *error)
{
    struct fixture *fixture = data;
    (void)console;
    fixture->ended++;
    fixture->result = result;
    fixture->error = error != NULL ? g_strdup(error->message) : NULL;
}

static void freed(gpointer data)
{
    ((struct fixture *)data)->freed++;
}

static struct inquiry_work work_of(struct fixture *fixture,
                                   gpointer (*work)(struct inquiry *, struct engine *, gpointer,
                                                    GError **))
{
    return (struct inquiry_work){.work = work,
                                 .heard = heard,
                                 .done = done,
                                 .free_data = freed,
                                 .free_piece = g_free,
                                 .free_result = g_free,
                                 .data = fixture,
                                 .is_local = TRUE};
}

static void run_until_idle(const struct fixture *fixture)
{
    while (inquirer_is_busy(fixture->inquirer))
        g_main_context_iteration(NULL, TRUE);
}

/* ---- works ----------------------------------------------------------------------------------- */

static gpointer count(struct inquiry *inquiry, struct engine *engine, gpointer data, GError **error)
{
    (void)engine;
    (void)data;
    (void)error;
    for (guint i = 1; i <= 5; i++)
        inquiry_tell(inquiry, g_strdup_printf("%u", i));
    return g_strdup("counted");
}

/* Until somebody stops it. */
static gpointer wait(struct inquiry *inquiry, struct engine *engine, gpointer data, GError **error)
{
    struct cancellation *cancellation = inquiry_cancellation(inquiry);
    GPollFD fd = {.fd = cancellation_fd(cancellation), .events = G_IO_IN};
    (void)engine;
    (void)data;
    inquiry_tell(inquiry, g_strdup("waiting"));
    g_poll(&fd, 1, -1);
    error_set(error, cancellation_why(cancellation), "stopped");
    return NULL;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void inquiry__told__arrives_in_order_and_ends_once(void **state)
{
    struct fixture *fixture = *state;
    struct inquiry_work work = work_of(fixture, count);
    inquiry_start(fixture->inquirer, &work);
    assert_true(inquirer_is_busy(fixture->inquirer));
    run_until_idle(fixture);
    assert_string_equal(fixture->heard->str, "1 2 3 4 5 ");
    assert_string_equal(fixture->result, "counted");
    assert_null(fixture->error);
    assert_int_equal(fixture->ended, 1);
    assert_int_equal(fixture->freed, 1);
}

static void inquiry__cancelled__ends_with_its_error(void **state)
{
    struct fixture *fixture = *state;
    struct inquiry_work work = work_of(fixture, wait);
    struct inquiry *inquiry = inquiry_start(fixture->inquirer, &work);
    while (fixture->heard->len == 0)
        g_main_context_iteration(NULL, TRUE);
    assert_false(inquiry_is_cancelled(inquiry));
    inquiry_cancel(inquiry);
    assert_true(inquiry_is_cancelled(inquiry));
    run_until_idle(fixture);
    assert_string_equal(fixture->error, "stopped");
    assert_int_equal(fixture->ended, 1);
}

static void inquiry__abandoned__tells_nobody_and_is_freed(void **state)
{
    struct fixture *fixture = *state;
    struct inquiry_work work = work_of(fixture, wait);
    inquiry_abandon(inquiry_start(fixture->inquirer, &work));
    run_until_idle(fixture);
    assert_int_equal(fixture->heard->len, 0);
    assert_int_equal(fixture->ended, 0);
    assert_int_equal(fixture->freed, 1);
}

static void inquiry__several__are_each_their_own(void **state)
{
    struct fixture *fixture = *state;
    struct inquiry_work waits = work_of(fixture, wait), counts = work_of(fixture, count);
    struct inquiry *waiting = inquiry_start(fixture->inquirer, &waits);
    inquiry_start(fixture->inquirer, &counts);
    while (fixture->ended == 0)
        g_main_context_iteration(NULL, TRUE);
    assert_string_equal(fixture->result, "counted");
    assert_true(inquirer_is_busy(fixture->inquirer));
    g_clear_pointer(&fixture->result, g_free);
    inquiry_cancel(waiting);
    run_until_idle(fixture);
    assert_int_equal(fixture->ended, 2);
}

/* The console ends while one is under way. */
static void inquirer__freed__stops_what_is_under_way(void **state)
{
    struct fixture *fixture = *state;
    struct inquiry_work waits = work_of(fixture, wait), counts = work_of(fixture, count);
    inquiry_start(fixture->inquirer, &waits);
    inquiry_start(fixture->inquirer, &counts);
    g_clear_pointer(&fixture->inquirer, inquirer_free);
    assert_int_equal(fixture->ended, 0);
    assert_int_equal(fixture->freed, 2);
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void inquiry__no_server__says_so(void **state)
{
    struct fixture *fixture = *state;
    struct inquiry_work work = work_of(fixture, count);
    fixture->settings->url = g_strdup("postgres:///app?host=/nonexistent");
    work.is_local = FALSE;
    inquiry_start(fixture->inquirer, &work);
    run_until_idle(fixture);
    assert_non_null(fixture->error);
    assert_null(fixture->result);
    assert_int_equal(fixture->heard->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(inquiry__told__arrives_in_order_and_ends_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(inquiry__cancelled__ends_with_its_error, setup, teardown),
        cmocka_unit_test_setup_teardown(inquiry__abandoned__tells_nobody_and_is_freed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(inquiry__several__are_each_their_own, setup, teardown),
        cmocka_unit_test_setup_teardown(inquirer__freed__stops_what_is_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(inquiry__no_server__says_so, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
