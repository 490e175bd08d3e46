/* PostgreSQL's own programs beside a handle: where they are, and how they reach the same server
 * without a password in their arguments. Everything here blocks. */
#ifndef WINCH_DATABASE_CLIENT_H
#define WINCH_DATABASE_CLIENT_H

#include "database/database.h"

/* Path of pg_dump, psql or another: beside the server's programs where those are installed, else in
 * PATH. ERROR_CONFIG when there is none. Free with g_free(). */
char *client_program(const char *name, GError **error);

/* The environment in which libpq's programs reach what this handle is connected to, the password
 * included: for a child's environment and nothing else. database: another one of the same server;
 * NULL the same. NULL, without an error, for a driver that has none. */
char **database_client_environment(const struct database *database, const char *name);
/* Wipes it. NULL is nothing. */
void client_environment_free(char **environment);

/* postgres:// URL of another database of the same server, as this handle connected, the password
 * included. NULL for a driver that has none. Free with g_free(). */
char *database_url_beside(const struct database *database, const char *name);

/* Runs a program (argv[0] is a path) with in and out as its standard input and output (-1: none),
 * and waits for it; a cancellation to CANCEL_NOW ends it. What it wrote to standard error goes into
 * *said, which is g_free()d by the caller; may be NULL. FALSE with the end of it as the error's
 * detail unless it exited with 0. */
gboolean client_run(const char *const *argv, char **environment, int in, int out,
                    struct cancellation *cancellation, char **said, GError **error);

#endif
