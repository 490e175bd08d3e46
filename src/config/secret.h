/* Passwords from where they are kept. */
#ifndef WINCH_CONFIG_SECRET_H
#define WINCH_CONFIG_SECRET_H

#include <glib.h>

/* How long a password command may take. */
#define SECRET_COMMAND_MS 30000

/* Wipes and frees; NULL is nothing. */
void secret_free(char *secret);

/* The first line of a file that nobody but its owner may read. Blocks on the disk. NULL with an
 * ERROR_CONFIG otherwise. Free with secret_free(). */
char *secret_from_file(const char *path, GError **error);

/* The first line a command writes. It is split into words as a shell would and started without
 * one, with nothing to read and in a process group of its own; the whole group is killed when it
 * takes longer than timeout_ms. Blocks. NULL with an ERROR_CONFIG otherwise. Free with
 * secret_free(). */
char *secret_from_command(const char *command, gint64 timeout_ms, GError **error);

/* text with every occurrence of secret as "***". A secret shorter than 4 bytes is left: it would
 * be read from the gaps. Free with g_free(). */
char *secret_scrub(const char *text, const char *secret);

#endif
