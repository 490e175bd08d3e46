/* A step of a run on its way through a driver: the job, who hears of it, what it was seen to cost.
 */
#ifndef WINCH_ENGINE_TASK_H
#define WINCH_ENGINE_TASK_H

#include "engine/step_job.h"
#include "engine/steps.h"

struct task {
    struct step_job prepared;
    struct run *run;
    guint index; /* of the step */
    char *name;
    struct history_record *record;
    GString *statements; /* JSON of those that are done */
};

/* It must not move afterwards: what is heard comes back to it. */
void task_init(struct task *task, struct run *run, guint index);
void task_clear(struct task *task);

/* Once, after it ran: keeps what it was seen to cost for the end of the run. */
void task_keep_impact(struct task *task, const struct run_result *result);

#endif
