/* What a URL, a conninfo string or single parts say about reaching a database. Needs no server. */
#ifndef WINCH_DATABASE_POSTGRES_URL_H
#define WINCH_DATABASE_POSTGRES_URL_H

#include "database/database.h"

struct postgres_url {
    char **keywords, **values;   /* NULL-terminated, as PQconnectStartParams() takes them */
    char *path;                  /* of the URL, decoded, with its slash: "/app"; NULL without one */
    char *schema;                /* of the version table; NULL: the current schema */
    char *table;                 /* of the version table */
    gint64 connect_timeout;      /* milliseconds, 0 none */
    gint64 statement_timeout;    /* x-statement-timeout, statement_timeout: ms; 0 none */
    gboolean is_multi_statement; /* x-multi-statement */
};

/* The schemes this driver answers to, NULL-terminated. */
extern const char *const postgres_schemes[];

/* ERROR_CONFIG for what cannot be meant; no message ever holds a password. */
gboolean postgres_url_read(const struct database_options *options, struct postgres_url *url,
                           GError **error);
/* Wipes the password. */
void postgres_url_clear(struct postgres_url *url);

/* Wipes and frees keywords and values. */
void postgres_parameters_free(char **keywords, char **values);

/* "table", "schema.table", each part plain or in double quotes. */
gboolean postgres_table_parse(const char *text, char **schema, char **table, GError **error);

/* name in double quotes, as PostgreSQL reads it. Free with g_free(). */
char *postgres_quote(const char *name);
/* text as a string constant, whatever standard_conforming_strings says. Free with g_free(). */
char *postgres_literal(const char *text);

#endif
