/* Rows, for proving that a migration and its way back leave them alone: which tables were touched,
 * sums that show whether rows are the same, and a few rows where there are none. For scratch
 * databases: it reads and writes whole tables. */
#ifndef WINCH_DATABASE_ROWS_H
#define WINCH_DATABASE_ROWS_H

#include <glib.h>

#include "base/autofree.h"

struct database;

/* The tables there are, as far as a change of their rows shows in them. Immutable. */
struct table_states;

/* Within a transaction as it has left things. */
struct table_states *database_tables_read(struct database *database, GError **error);
void table_states_free(struct table_states *states);
DEFINE_AUTOPTR(table_states, table_states_free);

/* Names of all of them (char *, quoted). Free with g_ptr_array_unref(). */
GPtrArray *table_states_names(const struct table_states *states);
/* Names (char *, quoted) of the tables that are in both and whose rows may differ: written to,
 * rewritten, made anew, or with other columns. after was read later, in the same transaction.
 * Free with g_ptr_array_unref(). */
GPtrArray *table_states_touched(const struct table_states *before,
                                const struct table_states *after);

/* What a table holds. */
struct row_sum {
    char *table;  /* quoted */
    char *column; /* quoted; NULL: the rows as a whole, counted */
    char *sum;    /* equal for equal values, in whatever order the rows are */
};
/* Of struct row_sum, cleared with the array: of these tables, by table, each with its count first
 * and then its columns by name. A table that is not there is left out. */
GArray *database_rows_sum(struct database *database, const GPtrArray *tables, GError **error);

/* What became of making rows in one table. */
struct rows_made {
    char *table;   /* quoted */
    gint64 rows;   /* it has now */
    char *problem; /* why there is none; NULL */
};
/* Puts a few rows into each of these tables that has none, and into those that they reference, in
 * the transaction that goes on: values by type, as constraints let them. Of struct rows_made,
 * cleared with the array. What could not be filled is no error. */
GArray *database_rows_make(struct database *database, const GPtrArray *tables, GError **error);

/* Runs a script of somebody's own, by the simple protocol. */
gboolean database_script_run(struct database *database, const char *script, GError **error);

#endif
