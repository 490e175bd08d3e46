/* A preview as rows: its statements and commits in their order, then what holds for the plan as a
 * whole. A row says the least that is worth a line; what is known of it, and how, is its detail. */
#ifndef WINCH_CONSOLE_PREVIEW_TABLE_H
#define WINCH_CONSOLE_PREVIEW_TABLE_H

#include <glib.h>

#include "base/autofree.h"
#include "console/fields.h"
#include "console/grid.h"
#include "engine/preview.h"

/* Immutable, but for one owner. */
struct preview_table;

/* Keeps a reference of preview. Reads every statement of the plan again, to name what it does: for
 * the thread that made the preview. */
struct preview_table *preview_table_new(struct preview *preview);
void preview_table_free(struct preview_table *table);
DEFINE_AUTOPTR(preview_table, preview_table_free);

const struct preview *preview_table_preview(const struct preview_table *table);
guint preview_table_count(const struct preview_table *table);

/* The migration of a row; FALSE where it speaks of all of them. */
gboolean preview_table_version(const struct preview_table *table, guint row, gint64 *version);

/* The names of the columns, and a row below them, in an area of that width. */
void preview_table_draw_names(const struct preview_table *table, struct grid *grid,
                              const struct area *area);
void preview_table_draw_row(const struct preview_table *table, guint row, struct grid *grid,
                            const struct area *area, int at);
/* A row's words, raw. Free with g_free(). */
char *preview_table_row_text(const struct preview_table *table, guint row);
/* "000045 statement 2". Free with g_free(). */
char *preview_table_title(const struct preview_table *table, guint row);

/* What is known of a row. Times are told as of now. */
void preview_table_describe(const struct preview_table *table, guint row, gint64 now,
                            struct fields *fields);

/* "CATALOG: read from the text, nothing was run". Free with g_free(). */
char *preview_level_text(const struct preview *preview);
/* "BLOCKS ALL"; "ok". Static. */
const char *preview_verdict_word(enum preview_risk risk);
enum style preview_risk_style(enum preview_risk risk);

#endif
