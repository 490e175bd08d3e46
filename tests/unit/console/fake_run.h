/* What views ask of a console that can run something, beside fake_frame.h: work done at once, a
 * runner that only remembers. */
#ifndef WINCH_TESTS_CONSOLE_FAKE_RUN_H
#define WINCH_TESTS_CONSOLE_FAKE_RUN_H

#include "console/frame.h"

/* What was asked last. Cleared by fake_run_reset(). */
extern struct fake_run {
    struct plan *plan;           /* what jobs find, in place of asking an engine; borrowed */
    GError *error;               /* or how they fail; borrowed */
    enum cancel_level stop;      /* the last runner_stop() */
    guint stops, dry_runs, asks; /* how often */
    struct goal goal;            /* of the last dry run */
    gboolean is_active;
} fake_run;
void fake_run_reset(void);

#endif
