/* What the statements of a plan are expected to do, for 'winch plan --verbose': read from the text,
 * never measured, and said to be. */
#ifndef WINCH_CLI_PLAN_INSIGHT_H
#define WINCH_CLI_PLAN_INSIGHT_H

#include <jansson.h>

#include "base/autofree.h"
#include "cli/output.h"
#include "engine/engine.h"

struct plan_insight;

/* Reads every migration up to the last of the plan: the schema follows from them. */
struct plan_insight *plan_insight_new(const struct engine *engine, const struct plan *plan);
void plan_insight_free(struct plan_insight *insight);
DEFINE_AUTOPTR(plan_insight, plan_insight_free);

/* All of these do nothing with insight NULL. */
void plan_insight_show_step(const struct plan_insight *insight, struct output *output,
                            const struct plan_step *step);
void plan_insight_show_statement(const struct plan_insight *insight, struct output *output,
                                 const struct plan_step *step, guint statement);
void plan_insight_step_json(const struct plan_insight *insight, const struct plan_step *step,
                            json_t *object);
void plan_insight_statement_json(const struct plan_insight *insight, const struct plan_step *step,
                                 guint statement, json_t *object);

#endif
