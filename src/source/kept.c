/* Small files kept from the load of their directory, each with what stat() told of it then. */
#include "source/kept.h"

#include <string.h>

/* Much more than the coarsest clock that gives files their times: FAT's counts 2 seconds. */
#define SETTLED_US (G_GINT64_CONSTANT(3) * G_USEC_PER_SEC)

struct kept_file {
    GBytes *bytes;
    dev_t device;
    ino_t inode;
    struct timespec written; /* the content */
    struct timespec changed; /* anything of it: content, owner, mode, links */
};

static gint64 microseconds(struct timespec time)
{
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

gboolean kept_is_settled(const struct stat *status, gint64 now)
{
    return microseconds(status->st_mtim) < now - SETTLED_US &&
           microseconds(status->st_ctim) < now - SETTLED_US;
}

struct kept_file *kept_file_new(const struct stat *status, const char *bytes)
{
    struct kept_file *kept = g_new(struct kept_file, 1);
    gsize size = (gsize)status->st_size;
    char *copy = g_malloc(size + 1);
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    *kept = (struct kept_file){
        .bytes = g_bytes_new_take(copy, size),
        .device = status->st_dev,
        .inode = status->st_ino,
        .written = status->st_mtim,
        .changed = status->st_ctim,
    };
    return kept;
}

void kept_file_free(struct kept_file *kept)
{
    g_bytes_unref(kept->bytes);
    g_free(kept);
}

static gboolean is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

GBytes *kept_file_bytes(const struct kept_file *kept, const char *path)
{
    struct stat status;
    if (kept == NULL || stat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_dev != kept->device || status.st_ino != kept->inode ||
        (gsize)status.st_size != g_bytes_get_size(kept->bytes) ||
        !is_same_time(status.st_mtim, kept->written) ||
        !is_same_time(status.st_ctim, kept->changed))
        return NULL;
    return g_bytes_ref(kept->bytes);
}
