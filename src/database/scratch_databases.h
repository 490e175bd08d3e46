/* Throwaway databases on a server that somebody named, or on a private one: made, known again as
 * ours, and dropped, also when the process that made them was killed.
 *
 * A database of ours is called winch_scratch_ and sixteen hex digits, eight of them its maker's;
 * the maker holds an advisory lock on a number made of those for as long as it lives; and the
 * database's comment says what it is. One whose name and comment say so and whose maker is gone is
 * provably nobody's any more. */
#ifndef WINCH_DATABASE_SCRATCH_DATABASES_H
#define WINCH_DATABASE_SCRATCH_DATABASES_H

#include "database/database.h"

struct scratch_databases;

/* Connects to url, a database in which nothing is done but making and dropping others; drops those
 * that a dead process left. password may be NULL. has_guardian: a process that outlives this one
 * drops what is left of it, where psql is installed; a private server needs none. Any thread may
 * use it, one at a time. */
struct scratch_databases *scratch_databases_open(const char *url, const char *password,
                                                 gboolean has_guardian,
                                                 struct cancellation *cancellation, GError **error);

/* A new, empty database from template0. name NULL: one of ours; else this, on a private server.
 * Returns its URL, password included: free with g_free(). */
char *scratch_databases_create(struct scratch_databases *databases, const char *name,
                               GError **error);
/* Another one with all that the one of this URL holds; nobody may be connected to that meanwhile.
 * The same is true of the result. */
char *scratch_databases_copy(struct scratch_databases *databases, const char *url, GError **error);
/* Drops the one with this URL (what was added at its end does not matter), whoever is connected. */
gboolean scratch_databases_drop(struct scratch_databases *databases, const char *url,
                                GError **error);

/* Makes the roles and their memberships that the server of from knows, without their passwords, on
 * this server: for a private one. */
gboolean scratch_databases_copy_roles(struct scratch_databases *databases, struct database *from,
                                      GError **error);
/* Gives a database made here the owner and the settings (ALTER DATABASE ... SET) of from, as far as
 * they can be given: what could not be is added to problems (char *). */
void scratch_databases_copy_settings(struct scratch_databases *databases, const char *url,
                                     struct database *from, GPtrArray *problems);

/* Names of databases that look like ours and were left alone: their maker lives, or nothing proves
 * that they are ours. Of char *. Borrowed. */
const GPtrArray *scratch_databases_left(const struct scratch_databases *databases);

/* The handle they are made with. Borrowed. */
struct database *scratch_databases_handle(const struct scratch_databases *databases);

/* Drops what is left and disconnects. */
void scratch_databases_close(struct scratch_databases *databases);
DEFINE_AUTOPTR(scratch_databases, scratch_databases_close);

#endif
