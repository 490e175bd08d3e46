/* What is known of the statement under the cursor, of its file, and of the migration's notes. */
#ifndef WINCH_CONSOLE_SQL_DETAIL_H
#define WINCH_CONSOLE_SQL_DETAIL_H

#include <glib.h>

#include "console/grid.h"
#include "console/sql_text.h"

/* Rows of sql_detail_draw(), its rule included. */
#define SQL_DETAIL_ROWS 7

/* The rule and what is below it. half is "up" or "down"; text may be NULL; line is the cursor's,
 * from 0. */
void sql_detail_draw(struct grid *grid, const struct area *area, const char *half,
                     const struct sql_text *text, guint line);

/* The notes of a migration of set as one line: "release 1.1 (1.1.0.003)  requires 000041  ...".
 * NULL without any. Raw; free with g_free(). */
char *sql_detail_notes(const struct migration_set *set, const struct migration *migration);

#endif
