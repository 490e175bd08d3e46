/* PostgreSQL's own types: their names, and what changing one into another costs. */
#ifndef WINCH_ANALYSIS_SQL_TYPE_H
#define WINCH_ANALYSIS_SQL_TYPE_H

#include <glib.h>

enum sql_answer {
    SQL_NO,
    SQL_YES,
    SQL_MAYBE, /* the text does not tell */
};

/* A type by the name it has in pg_catalog or in SQL ("int4", "timestamptz", "bigserial"). */
struct sql_type {
    const char *text;  /* as format_type() writes it: "timestamp" */
    const char *after; /* what follows its parameters: " with time zone"; "" */
    gboolean is_serial;
};

/* TRUE for the name of one of PostgreSQL's own types. */
gboolean sql_type_is_name(const char *name);
/* An unknown name stands for itself. Strings are static, or name. */
struct sql_type sql_type_find(const char *name);

/* The same for a type as the server writes it: "character varying(20)[]". */
gboolean sql_type_is_built_in(const char *type);

/* Whether ALTER COLUMN TYPE writes every row anew (ALTER TABLE, Notes); both as the server writes
 * them, or NULL when not known. why: what it depends on, or why it does; else NULL. Static. */
enum sql_answer sql_type_change_rewrites(const char *from, const char *to, const char **why);

#endif
