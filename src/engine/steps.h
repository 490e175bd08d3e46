/* The steps of a run: from a plan to what a driver is told, one by one or several at a time. */
#ifndef WINCH_ENGINE_STEPS_H
#define WINCH_ENGINE_STEPS_H

#include "engine/internal.h"

/* One run: from the lock to the unlock. */
struct run {
    struct engine *engine;
    const struct goal *goal;
    const struct change_options *options;
    struct change_report *report;
    struct version_state state; /* the row, read under the lock */
    gboolean was_fresh;         /* there was no version row before */
    char *overrides;            /* what of the gate was passed over by a reason; or NULL */
    GArray *impacts;            /* of struct impact: what the steps were seen to cost */
};

/* Runs what the run's plan says, up to the first that fails; the report says how far it came. */
gboolean steps_run(struct run *run, GError **error);
/* FALSE: what a step commits may still be lost when the server crashes. */
gboolean steps_commit_synchronously(const struct run *run);

#endif
