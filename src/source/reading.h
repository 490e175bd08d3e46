/* Opening files that may be anything: links to nowhere, directories, pipes. */
#ifndef WINCH_SOURCE_READING_H
#define WINCH_SOURCE_READING_H

#include <glib.h>
#include <sys/stat.h>

/* Opens name, relative to the directory descriptor at (or AT_FDCWD), for reading, and tells what
 * fstat() says of it. Only a regular file that may be read is good: otherwise -1, and *why (free
 * with g_free()) says why not: "is a directory", "is a symbolic link to 'x', which does not exist".
 * Never waits for a pipe's other end. */
int reading_open(int at, const char *name, struct stat *status, char **why);

/* One read at offset, of up to length bytes; 0 is the end. -1 and errno on failure. */
gssize reading_some(int file, char *buffer, gsize length, guint64 offset);

/* Reads the first length bytes, or as many as there are. -1 and errno on failure. */
gssize reading_all(int file, char *buffer, gsize length);

#endif
