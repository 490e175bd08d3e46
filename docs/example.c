/* An application that brings its own schema up when it starts.
 *
 *   cc -o example example.c $(pkg-config --cflags --libs winch)
 *   ./example postgres://localhost/app migrations
 *
 * It prints what it does, migrates, validates, and shows how it would go back. */
#include <winch/winch.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void on_event(const struct winch_event *event, void *data)
{
    (void)data;
    switch (event->kind) {
    case WINCH_EVENT_MIGRATION_DONE:
        printf("  %s %" PRId64 " %s (%u of %u) in %" PRId64 " us\n", event->is_down ? "down" : "up",
               event->version, event->title, event->index, event->count, event->elapsed_us);
        break;
    case WINCH_EVENT_NOTICE:
        printf("  note: %s\n", event->text);
        break;
    default:
        break;
    }
}

static int complain(const winch *handle, const char *what)
{
    const struct winch_error *error = winch_last_error(handle);
    fprintf(stderr, "%s: %s\n", what, error->message);
    if (error->file != NULL)
        fprintf(stderr, "  at %s:%u\n", error->file, error->line);
    if (error->advice != NULL)
        fprintf(stderr, "  %s\n", error->advice);
    return error->status;
}

static int show(winch *handle)
{
    const struct winch_report *report;
    if (winch_status_read(handle, &report) != WINCH_OK)
        return complain(handle, "status");
    printf("version %" PRId64 "%s: %u applied, %u pending\n", report->version,
           report->is_dirty ? " (dirty)" : "", report->applied, report->pending);
    for (size_t i = 0; i < report->migration_count; i++) {
        const struct winch_migration *migration = &report->migrations[i];
        printf("  %" PRId64 " %s: %s\n", migration->version,
               migration->title != NULL ? migration->title : "(no file)", migration->state);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct winch_options options = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: %s DATABASE_URL MIGRATIONS\n", argv[0]);
        return WINCH_MISUSED;
    }
    options.database_url = argv[1];
    options.migrations_path = argv[2];
    options.environment = "development";
    options.on_event = on_event;

    winch *handle = winch_open(&options);
    int status = 0;
    if (winch_initialize(handle) != WINCH_OK)
        status = complain(handle, "initialize");
    else if (winch_migrate(handle) != WINCH_OK)
        status = complain(handle, "migrate");
    else if (winch_validate(handle, NULL, NULL) != WINCH_OK)
        status = complain(handle, "validate");
    else if (show(handle) != 0)
        status = WINCH_FAILED;
    else if (winch_rollback(handle, WINCH_NO_VERSION, NULL) != WINCH_OK)
        status = complain(handle, "rollback");
    else
        status = show(handle);
    winch_close(handle);
    return status;
}
