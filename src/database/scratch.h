/* A private, throwaway PostgreSQL: its own directory, a Unix socket in it, removed at the end.
 *
 * However the process that started it ends, kill -9 included, a guardian process stops the server
 * at once and removes the directory. Everything here blocks. */
#ifndef WINCH_DATABASE_SCRATCH_H
#define WINCH_DATABASE_SCRATCH_H

#include <glib.h>

#include "base/autofree.h"

struct scratch_server;

/* All zero (or NULL in place of the whole) is a durable server on a Unix socket alone. */
struct scratch_options {
    const char *bindir;          /* where initdb and postgres are; NULL: looked for */
    guint16 tcp_port;            /* also listens on 127.0.0.1 at this port; 0: Unix socket only */
    gboolean is_unsafe;          /* fsync and full_page_writes off: for tests, faster */
    const char *const *settings; /* NULL-terminated lines of postgresql.conf; may be NULL */
};

/* Finds the directory of initdb and postgres: $WINCH_PG_BINDIR, pg_config, PATH, the usual places,
 * newest first. NULL with ERROR_CONFIG when they are not installed. Free with g_free(). */
char *scratch_bindir(GError **error);

/* The same for one major version (15) among the usual places; NULL when it is not there, or when
 * WINCH_PG_BINDIR says another. Free with g_free(). */
char *scratch_bindir_of(int major);

/* Makes and starts one: superuser "postgres", trusted, UTF-8. As root its processes run as user
 * "postgres", or "nobody" where there is none. */
struct scratch_server *scratch_server_start(const struct scratch_options *options, GError **error);

/* postgres:// URL of a database on it, by the Unix socket. Free with g_free(). */
char *scratch_server_url(const struct scratch_server *server, const char *database);

/* The private directory: socket, data and log are in it. Borrowed. */
const char *scratch_server_directory(const struct scratch_server *server);

/* The postmaster, -1 when it is not running. */
GPid scratch_server_pid(const struct scratch_server *server);

/* Kills postmaster and children as a power cut would: no message to clients, no checkpoint. The
 * directory stays. */
void scratch_server_kill(struct scratch_server *server);

/* Starts it again after a kill; a running one is first stopped in an orderly way, its clients
 * thrown out. */
gboolean scratch_server_restart(struct scratch_server *server, GError **error);

/* Stops it at once, removes its directory and frees server. NULL is nothing. */
void scratch_server_stop(struct scratch_server *server);
DEFINE_AUTOPTR(scratch_server, scratch_server_stop);

#endif
