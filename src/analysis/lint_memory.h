/* What the files before have done to each table that they made, as far as the rules ask: the
 * actions that still count, by the table's name of today. Asked by replaying the few of one table.
 */
#ifndef WINCH_ANALYSIS_LINT_MEMORY_H
#define WINCH_ANALYSIS_LINT_MEMORY_H

#include "analysis/lint.h"
#include "analysis/schema.h"
#include "base/autofree.h"

struct lint_memory;

struct lint_memory *lint_memory_new(void);
void lint_memory_free(struct lint_memory *memory);
DEFINE_AUTOPTR(lint_memory, lint_memory_free);

/* What one more file has done. Keeps nothing of half, which may go. */
void lint_memory_take(struct lint_memory *memory, const struct lint_half *half);

/* Borrowed until the next file. */
const struct schema *lint_memory_schema(const struct lint_memory *memory);

/* True when the files make this table and everything done to it is understood: what is not there
 * is not there. */
gboolean lint_memory_knows(const struct lint_memory *memory, const struct sql_object *table);

/* A view that speaks of the column, or of all of them; NULL: none. Borrowed. */
const char *lint_memory_view(const struct lint_memory *memory, const struct sql_object *table,
                             const char *column);

#endif
