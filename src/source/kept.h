/* What loading a directory read of a small file, kept for whoever wants the file whole later, and
 * good for as long as nobody touches the file. Why it can be trusted:
 * docs/decisions/0034-small-files-are-read-once.md. */
#ifndef WINCH_SOURCE_KEPT_H
#define WINCH_SOURCE_KEPT_H

#include <glib.h>
#include <sys/stat.h>

#include "base/autofree.h"

/* Files above this many bytes are not kept. */
#define KEPT_FILE_MAX 16384

/* All that one set keeps, in bytes. */
#define KEPT_MAX ((gsize)16 << 20)

/* Immutable; shared between threads. */
struct kept_file;

/* True when any write from now on, a g_get_real_time() before the file was read, would show in what
 * stat() tells: both its times are old enough to differ from a time given now. */
gboolean kept_is_settled(const struct stat *status, gint64 now);

/* Keeps a copy of the size bytes of a file, of which status was told before they were read. */
struct kept_file *kept_file_new(const struct stat *status, const char *bytes);
void kept_file_free(struct kept_file *kept);
DEFINE_AUTOPTR(kept_file, kept_file_free);

/* The bytes (a NUL follows the last one), a new reference, when path still leads to the same file
 * and nobody touched it since; otherwise NULL. One look at the disk. NULL kept: NULL. */
GBytes *kept_file_bytes(const struct kept_file *kept, const char *path);

#endif
