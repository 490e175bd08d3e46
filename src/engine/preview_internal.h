/* A preview in the making: what the files that make one offer each other. Nobody else includes
 * this. */
#ifndef WINCH_ENGINE_PREVIEW_INTERNAL_H
#define WINCH_ENGINE_PREVIEW_INTERNAL_H

#include "engine/internal.h"
#include "engine/preview.h"

/* ---- preview_result.c ------------------------------------------------------------------------ */

/* With a step each of the plan's, none of them reached, and a statement each of the steps'. */
struct preview *preview_new(struct engine *engine, struct plan *plan, enum preview_level level);
struct preview_step *preview_step_edit(struct preview *preview, guint index);
/* NULL where there is none of this index. */
struct preview_statement *preview_statement_edit(struct preview_step *step, guint index);
const char *preview_keep(struct preview *preview, const char *text);
void preview_not_covered(struct preview *preview, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- preview_judge.c ------------------------------------------------------------------------- */

/* What evidence says of locks and of work that grows with a relation. */
void preview_take_evidence(struct preview *preview, struct preview_statement *statement,
                           struct evidence *evidence);
/* Sizes of the real relations, what the work costs there, what others notice; then the totals. */
gboolean preview_judge(struct engine *engine, struct preview *preview, GError **error);
/* ERROR_REFUSED where a large table would be kept from everybody. */
gboolean preview_refuse_large(const struct engine *engine, const struct preview *preview,
                              GError **error);

/* ---- preview_predict.c ----------------------------------------------------------------------- */

/* Fills in from the text what was not measured, and marks it so. Reads the files. */
void preview_predict(struct engine *engine, struct preview *preview);

/* ---- preview_escape.c ------------------------------------------------------------------------ */

/* Names what of the plan a rollback would not undo, by the words of its statements. */
void preview_name_escapes(struct preview *preview);

/* ---- preview_run.c --------------------------------------------------------------------------- */

/* Runs every step in database: each kept (a scratch copy) or all in one transaction that is rolled
 * back. is_quiet tells no events. FALSE with the error of the step that failed, or of looking. */
gboolean preview_run(struct engine *engine, struct preview *preview, struct database *database,
                     gint64 lock_timeout, gboolean keeps, gboolean is_quiet, GError **error);

/* ---- preview_scratch.c ----------------------------------------------------------------------- */

/* Makes the copy, runs every step there, and throws it away. */
gboolean preview_on_scratch(struct engine *engine, struct preview *preview,
                            const struct preview_options *options, gboolean is_quiet,
                            GError **error);

#endif
