/* What the files of the preview's table share. */
#ifndef WINCH_CONSOLE_PREVIEW_PRIVATE_H
#define WINCH_CONSOLE_PREVIEW_PRIVATE_H

#include "console/preview_table.h"

enum preview_row_kind {
    PREVIEW_ROW_STATEMENT,
    PREVIEW_ROW_STEP,    /* of a migration that was not run, or failed before its statements */
    PREVIEW_ROW_COMMIT,  /* what a migration held until its end, and left behind */
    PREVIEW_ROW_SCHEMA,  /* what the plan changes */
    PREVIEW_ROW_WEATHER, /* who is in the way */
    PREVIEW_ROW_GAPS,    /* what it does not show */
};

struct preview_row {
    enum preview_row_kind kind;
    guint step, statement;
};

struct preview_table {
    struct preview *preview;
    GArray *rows;     /* of struct preview_row */
    GPtrArray *words; /* of GPtrArray of char *: what each statement of each step does */
    GPtrArray *texts; /* the same: its first words */
};

const struct preview_row *preview_row_at(const struct preview_table *table, guint row);
const struct preview_statement *preview_row_statement(const struct preview_table *table,
                                                      const struct preview_row *row);
/* The strongest lock that others may notice; NULL when there is none. */
const struct preview_lock *preview_notable_lock(const struct preview_statement *statement);
/* "~7 min" where it is an estimate, "12 ms" where it was measured, "-". Free with g_free(). */
char *preview_time_text(const struct preview_table *table,
                        const struct preview_statement *statement);

#endif
