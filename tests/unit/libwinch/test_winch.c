/* libwinch as an application has it: events, cancelling, and a handle that is used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "source/folder.h"
#include "winch/winch.h"

/* What the handle under test told, and when it is to be cancelled. */
struct listener {
    winch *handle;
    enum winch_event_kind cancel_at;
    bool cancels;
    unsigned seen[WINCH_EVENT_MIGRATION_FAILED + 1];
};

static void listen_and_cancel(const struct winch_event *event, void *data)
{
    struct listener *listener = data;
    listener->seen[event->kind]++;
    if (event->kind == WINCH_EVENT_LOCK_WAIT)
        assert_non_null(event->text);
    if (listener->cancels && event->kind == listener->cancel_at)
        winch_cancel(listener->handle);
}

static winch *open_handle(const char *folder, const char *url, struct listener *listener)
{
    g_autofree char *file = folder_path(folder, "app.db");
    g_autofree char *own = g_strconcat("sqlite3://", file, NULL);
    const struct winch_options options = {
        .database_url = url != NULL ? url : own,
        .migrations_path = folder,
        .environment = "development",
        .on_event = listen_and_cancel,
        .event_data = listener,
    };
    listener->handle = winch_open(&options);
    return listener->handle;
}

static int two_migrations(void **state)
{
    int status = folder_setup(state);
    folder_write(*state, "1_a.up.sql", "CREATE TABLE a (i int);", -1);
    folder_write(*state, "1_a.down.sql", "DROP TABLE a;", -1);
    folder_write(*state, "2_b.up.sql", "CREATE TABLE b (i int);", -1);
    folder_write(*state, "2_b.down.sql", "DROP TABLE b;", -1);
    return status;
}

static void winch__migrate__tells_of_every_step(void **state)
{
    struct listener listener = {0};
    winch *handle = open_handle(*state, NULL, &listener);
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    assert_null(winch_last_error(handle));
    assert_int_equal(listener.seen[WINCH_EVENT_MIGRATION_STARTED], 2);
    assert_int_equal(listener.seen[WINCH_EVENT_STATEMENT_DONE], 2);
    assert_int_equal(listener.seen[WINCH_EVENT_MIGRATION_DONE], 2);
    winch_close(handle);
}

static void winch__migrate__sees_files_that_came_later(void **state)
{
    struct listener listener = {0};
    const struct winch_report *report;
    winch *handle = open_handle(*state, NULL, &listener);
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    folder_write(*state, "3_c.up.sql", "CREATE TABLE c (i int);", -1);
    assert_int_equal(winch_status_read(handle, &report), WINCH_OK);
    assert_int_equal(report->pending, 1);
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    assert_int_equal(winch_status_read(handle, &report), WINCH_OK);
    assert_int_equal(report->version, 3);
    assert_string_equal(report->environment, "development");
    winch_close(handle);
}

static void winch__cancel__ends_the_call_and_leaves_the_handle_usable(void **state)
{
    struct listener listener = {.cancels = true, .cancel_at = WINCH_EVENT_MIGRATION_STARTED};
    winch *handle = open_handle(*state, NULL, &listener);
    assert_int_equal(winch_migrate(handle), WINCH_CANCELLED);
    assert_int_equal(winch_last_error(handle)->status, WINCH_CANCELLED);
    listener.cancels = false;
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    winch_close(handle);
}

static void winch__rollback__needs_what_production_asks_for(void **state)
{
    g_autofree char *file = folder_path(*state, "app.db");
    g_autofree char *url = g_strconcat("sqlite3://", file, NULL);
    g_autofree char *words = NULL;
    winch *handle = winch_open(&(struct winch_options){
        .database_url = url, .migrations_path = *state, .environment = "production"});
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    assert_int_equal(winch_rollback(handle, 1, NULL), WINCH_REFUSED);
    assert_non_null(strstr(winch_last_error(handle)->message, "no reason given"));
    winch_set_reason(handle, "it broke", false);
    assert_int_equal(winch_rollback(handle, 1, NULL), WINCH_REFUSED);
    assert_null(strstr(winch_last_error(handle)->message, "no reason given"));
    winch_set_reason(handle, "it broke", true);
    assert_int_equal(winch_rollback(handle, 1, NULL), WINCH_REFUSED);
    const char *asked = strchr(winch_last_error(handle)->message, '"');
    assert_non_null(asked);
    words = g_strndup(asked + 1, strcspn(asked + 1, "\""));
    assert_int_equal(winch_rollback(handle, 1, words), WINCH_OK);
    winch_close(handle);
}

/* The last migration is in when the wish to stop comes: it was too late for this call. */
static void winch__cancel__too_late_does_not_hit_the_next_call(void **state)
{
    struct listener listener = {0};
    const struct winch_report *report;
    winch *handle = open_handle(*state, NULL, &listener);
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    listener.cancels = true;
    listener.cancel_at = WINCH_EVENT_MIGRATION_DONE;
    assert_int_equal(winch_rollback(handle, 1, NULL), WINCH_OK);
    assert_int_equal(winch_status_read(handle, &report), WINCH_OK);
    assert_int_equal(report->version, 1);
    winch_close(handle);
}

static void winch__cancel__between_calls_ends_the_next(void **state)
{
    struct listener listener = {0};
    winch *handle = open_handle(*state, NULL, &listener);
    winch_cancel(handle);
    assert_int_equal(winch_migrate(handle), WINCH_CANCELLED);
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    winch_close(handle);
}

static void winch__cancel__ends_waiting_for_a_server(void **state)
{
    struct listener listener = {.cancels = true, .cancel_at = WINCH_EVENT_CONNECT_RETRY};
    g_autofree char *url = g_strconcat("postgres:///app?host=", (char *)*state, NULL);
    winch *handle = open_handle(*state, url, &listener);
    assert_int_equal(winch_migrate(handle), WINCH_CANCELLED);
    assert_int_equal(listener.seen[WINCH_EVENT_CONNECT_RETRY], 1);
    assert_non_null(strstr(winch_last_error(handle)->message, "cancelled"));
    winch_close(handle);
}

/* Another handle wants to migrate while the first one does. */
static void start_another(const struct winch_event *event, void *data)
{
    const char *folder = data;
    struct listener listener = {.cancels = true, .cancel_at = WINCH_EVENT_LOCK_WAIT};
    if (event->kind != WINCH_EVENT_MIGRATION_STARTED)
        return;
    winch *handle = open_handle(folder, NULL, &listener);
    assert_int_equal(winch_migrate(handle), WINCH_CANCELLED);
    assert_int_equal(listener.seen[WINCH_EVENT_LOCK_WAIT], 1);
    winch_close(handle);
}

static void winch__cancel__ends_waiting_for_the_lock(void **state)
{
    g_autofree char *file = folder_path(*state, "app.db");
    g_autofree char *url = g_strconcat("sqlite3://", file, NULL);
    const struct winch_options options = {
        .database_url = url,
        .migrations_path = *state,
        .environment = "development",
        .on_event = start_another,
        .event_data = *state,
    };
    winch *handle = winch_open(&options);
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    winch_close(handle);
}

static void winch__rollback__never_goes_up(void **state)
{
    struct listener listener = {0};
    winch *handle = open_handle(*state, NULL, &listener);
    assert_int_equal(winch_rollback(handle, 1, NULL), WINCH_NO_CONNECTION);
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    assert_int_equal(winch_rollback(handle, 1, NULL), WINCH_OK);
    assert_int_equal(winch_rollback(handle, 1, NULL), WINCH_OK);
    assert_int_equal(winch_rollback(handle, 2, NULL), WINCH_MISUSED);
    assert_non_null(strstr(winch_last_error(handle)->message, "lies above"));
    assert_int_equal(listener.seen[WINCH_EVENT_MIGRATION_STARTED], 3);
    winch_close(handle);
}

static void winch__validate__says_what_it_found(void **state)
{
    struct listener listener = {0};
    const struct winch_finding *findings;
    size_t count;
    winch *handle = open_handle(*state, NULL, &listener);
    assert_int_equal(winch_migrate(handle), WINCH_OK);
    folder_write(*state, "2_b.up.sql", "CREATE TABLE b (j int);", -1);
    assert_int_equal(winch_validate(handle, &findings, &count), WINCH_FINDINGS);
    assert_int_equal(count, 1);
    assert_string_equal(findings[0].check, "modified");
    assert_int_equal(findings[0].version, 2);
    assert_non_null(strstr(winch_last_error(handle)->message, findings[0].message));
    winch_close(handle);
}

static void winch__open__keeps_a_mistake_for_every_call(void **state)
{
    struct listener listener = {0};
    winch *handle = open_handle(*state, "mongodb://x", &listener);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(winch_migrate(handle), WINCH_MISUSED);
        assert_non_null(strstr(winch_last_error(handle)->message, "mongodb"));
    }
    winch_close(handle);
}

#define WINCH_TEST(name) cmocka_unit_test_setup_teardown(name, two_migrations, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WINCH_TEST(winch__migrate__tells_of_every_step),
        WINCH_TEST(winch__migrate__sees_files_that_came_later),
        WINCH_TEST(winch__cancel__ends_the_call_and_leaves_the_handle_usable),
        WINCH_TEST(winch__cancel__too_late_does_not_hit_the_next_call),
        WINCH_TEST(winch__cancel__between_calls_ends_the_next),
        WINCH_TEST(winch__cancel__ends_waiting_for_a_server),
        WINCH_TEST(winch__cancel__ends_waiting_for_the_lock),
        WINCH_TEST(winch__rollback__never_goes_up),
        WINCH_TEST(winch__rollback__needs_what_production_asks_for),
        WINCH_TEST(winch__validate__says_what_it_found),
        WINCH_TEST(winch__open__keeps_a_mistake_for_every_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
