/* A place to try things in that nobody misses: databases on a private throwaway PostgreSQL where
 * its programs are installed, or on a server that somebody named for it. Whatever ends this
 * process, they do not stay. Everything here blocks. */
#ifndef WINCH_ENGINE_SCRATCH_H
#define WINCH_ENGINE_SCRATCH_H

#include <glib.h>

#include "base/autofree.h"
#include "base/cancellation.h"

struct database;
struct scratch;

struct scratch_settings {
    const char *url;      /* a database on a server where CREATE DATABASE is allowed; NULL: a
                           * private server is started */
    const char *password; /* for url; may be NULL */
    int version;          /* what a private server should rather be, 15; 0: the newest there is */
    struct cancellation *cancellation; /* may be NULL; referenced */
};

/* Starts or connects. ERROR_CONFIG where no server's programs are installed: the advice names the
 * way out. */
struct scratch *scratch_open(const struct scratch_settings *settings, GError **error);
/* Drops every database that is left, stops and removes a private server. */
void scratch_close(struct scratch *scratch);
DEFINE_AUTOPTR(scratch, scratch_close);

/* A fresh, empty database, as a URL for engine_settings.url (it may hold a password: never to be
 * shown). Free with g_free(). May be called from several threads. */
char *scratch_database_create(struct scratch *scratch, GError **error);
/* A copy of one, rows included, while nobody is connected to it. Free with g_free(). */
char *scratch_database_copy(struct scratch *scratch, const char *url, GError **error);
/* Drops one before the end, whoever is connected to it. */
gboolean scratch_database_drop(struct scratch *scratch, const char *url, GError **error);

/* TRUE when it is a private server, where everything may be made: roles, other databases. */
gboolean scratch_is_private(const struct scratch *scratch);
/* For people, without secrets: "a private PostgreSQL 15.20", "ci at db-1:5432 (PostgreSQL 16.2)".
 * Borrowed. */
const char *scratch_text(const struct scratch *scratch);
/* The server's version as 150020. */
int scratch_version(const struct scratch *scratch);
/* Names of databases of other processes that were found there and left alone, for a notice: nothing
 * proves that they are nobody's any more. Of char *. Borrowed. */
const GPtrArray *scratch_left(const struct scratch *scratch);

/* What came of a copy. */
struct scratch_copy {
    char *url;           /* of the database made; free with scratch_copy_clear() */
    char *how;           /* for people: "schema of app at db-1:5432 by pg_dump" */
    GPtrArray *problems; /* of char *: what of the original the copy lacks; for people, raw */
};
void scratch_copy_clear(struct scratch_copy *copy);

/* A database with the schema of from (by pg_dump and psql), no rows; on a private server also its
 * name, roles, owner and settings, and the same user to connect as. ERROR_CONFIG where the programs
 * are missing, ERROR_FAILED where the schema could not be made. */
gboolean scratch_copy_schema(struct scratch *scratch, struct database *from,
                             struct scratch_copy *copy, GError **error);

#endif
