/* Opening and reading a file, with every way in which it may turn out not to be one. */
#include "source/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static char *explain_open(int at, const char *name, int error_number)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(at, name, target, sizeof target - 1);
    if (length < 0)
        return g_strdup_printf("cannot be read: %s", g_strerror(error_number));
    target[length] = '\0';
    if (error_number == ENOENT)
        return g_strdup_printf("is a symbolic link to '%s', which does not exist", target);
    return g_strdup_printf("is a symbolic link to '%s', which cannot be read: %s", target,
                           g_strerror(error_number));
}

/* Why an open file is none that can be read, or NULL. */
static const char *fault_of(int file, struct stat *status)
{
    if (fstat(file, status) != 0)
        return "cannot be examined";
    if (S_ISREG(status->st_mode))
        return NULL;
    if (S_ISDIR(status->st_mode))
        return "is a directory";
    return S_ISFIFO(status->st_mode) ? "is a pipe" : "is not a regular file";
}

int reading_open(int at, const char *name, struct stat *status, char **why)
{
    int file = openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        *why = explain_open(at, name, errno);
        return -1;
    }
    const char *fault = fault_of(file, status);
    if (fault == NULL)
        return file;
    *why = g_strdup(fault);
    close(file);
    return -1;
}

gssize reading_some(int file, char *buffer, gsize length, guint64 offset)
{
    ssize_t got;
    do
        got = pread(file, buffer, length, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

gssize reading_all(int file, char *buffer, gsize length)
{
    gsize done = 0;
    while (done < length) {
        gssize got = reading_some(file, buffer + done, length - done, done);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (gsize)got;
    }
    return (gssize)done;
}
