/* From a step of a plan to what a driver runs. */
#ifndef WINCH_ENGINE_STEP_JOB_H
#define WINCH_ENGINE_STEP_JOB_H

#include <glib.h>

#include "database/run.h"
#include "engine/plan.h"
#include "engine/settings.h"

struct step_job {
    struct run_job job;
    GArray *statements; /* of struct run_statement: every one but a BEGIN and COMMIT replaced */
    GArray *checks;     /* of struct run_check */
};

/* Fills in all that follows from step and settings; step has to outlive it. timeout is that of one
 * statement where the file says none. Name, record, cancellation, events and how the commit waits
 * are the caller's, and are left empty. */
void step_job_init(struct step_job *job, const struct plan_step *step,
                   const struct engine_settings *settings, gint64 timeout);
void step_job_clear(struct step_job *job);

#endif
