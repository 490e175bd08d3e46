/* A level that only rises, and a pipe that wakes whoever polls for it. */
#include "base/cancellation.h"

#include <glib-unix.h>
#include <unistd.h>

struct cancellation {
    gatomicrefcount references;
    gint level;
    gint why;
    int wake[2];
};

struct cancellation *cancellation_new(void)
{
    struct cancellation *cancellation = g_new0(struct cancellation, 1);
    g_atomic_ref_count_init(&cancellation->references);
    cancellation->why = ERROR_CANCELLED;
    g_autoptr(GError) error = NULL;
    if (!g_unix_open_pipe(cancellation->wake, FD_CLOEXEC, &error))
        g_error("no pipe for cancelling: %s", error->message);
    g_unix_set_fd_nonblocking(cancellation->wake[0], TRUE, NULL);
    g_unix_set_fd_nonblocking(cancellation->wake[1], TRUE, NULL);
    return cancellation;
}

struct cancellation *cancellation_ref(struct cancellation *cancellation)
{
    g_atomic_ref_count_inc(&cancellation->references);
    return cancellation;
}

void cancellation_unref(struct cancellation *cancellation)
{
    if (cancellation == NULL || !g_atomic_ref_count_dec(&cancellation->references))
        return;
    close(cancellation->wake[0]);
    close(cancellation->wake[1]);
    g_free(cancellation);
}

void cancellation_raise(struct cancellation *cancellation, enum cancel_level level,
                        enum error_code why)
{
    gint before = g_atomic_int_get(&cancellation->level);
    if (before == CANCEL_NONE)
        g_atomic_int_set(&cancellation->why, (gint)why);
    while (before < (gint)level &&
           !g_atomic_int_compare_and_exchange(&cancellation->level, before, (gint)level))
        before = g_atomic_int_get(&cancellation->level);
    ssize_t ignored = write(cancellation->wake[1], "!", 1);
    (void)ignored;
}

enum cancel_level cancellation_level(struct cancellation *cancellation)
{
    return (enum cancel_level)g_atomic_int_get(&cancellation->level);
}

enum error_code cancellation_why(struct cancellation *cancellation)
{
    return (enum error_code)g_atomic_int_get(&cancellation->why);
}

int cancellation_fd(struct cancellation *cancellation)
{
    return cancellation->wake[0];
}

enum cancel_level cancellation_seen(struct cancellation *cancellation)
{
    char drained[16];
    while (read(cancellation->wake[0], drained, sizeof drained) > 0)
        continue;
    return cancellation_level(cancellation);
}
