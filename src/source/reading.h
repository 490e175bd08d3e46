/* Opening files that may be anything: links to nowhere, directories, pipes. */
#ifndef WINCH_SOURCE_READING_H
#define WINCH_SOURCE_READING_H

#include <glib.h>

/* Opens name, relative to the directory descriptor at (or AT_FDCWD), for reading. Only a regular
 * file that may be read is good: otherwise -1, and *why (free with g_free()) says why not: "is a
 * directory", "is a symbolic link to 'x', which does not exist". Never waits for a pipe's other
 * end. is_regular says that the directory's listing calls it a regular file, which saves a look;
 * should it have been replaced since, reading fails. */
int reading_open(int at, const char *name, gboolean is_regular, char **why);

/* Bytes in an open file. */
guint64 reading_size(int file);

/* One read at offset, of up to length bytes; 0 is the end. -1 and errno on failure. */
gssize reading_some(int file, char *buffer, gsize length, guint64 offset);

/* Reads the first length bytes, or as many as there are. -1 and errno on failure. */
gssize reading_all(int file, char *buffer, gsize length);

#endif
