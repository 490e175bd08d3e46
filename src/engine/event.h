/* What the engine tells while it works. */
#ifndef WINCH_ENGINE_EVENT_H
#define WINCH_ENGINE_EVENT_H

#include <glib.h>

#include "database/database.h"
#include "engine/plan.h"

enum engine_event_kind {
    ENGINE_CONNECT_RETRY, /* error: why; elapsed_us: until the next try */
    ENGINE_LOCK_WAIT,     /* holder (may be NULL); elapsed_us: waited so far */
    ENGINE_LOCKED,        /* the migration lock is held */
    ENGINE_PLANNED,       /* plan: made under the lock, about to run */
    ENGINE_STEP_STARTED,  /* plan, step */
    ENGINE_STEP_EVENT,    /* plan, step, run */
    ENGINE_STEP_RETRY,    /* plan, step, error; elapsed_us: until the next try */
    ENGINE_STEP_DONE,     /* plan, step, result */
    ENGINE_STEP_FAILED,   /* plan, step, result, error */
    ENGINE_NOTICE,        /* text: worth knowing, stops nothing */
};

/* Everything in it is borrowed for the call, but plan may be kept with plan_ref(). */
struct engine_event {
    enum engine_event_kind kind;
    struct plan *plan;
    guint step;
    const struct run_event *run;
    const struct run_result *result;
    const struct lock_holder *holder;
    const GError *error;
    gint64 elapsed_us;
    const char *text;
};

/* Called on the engine's thread; must not block. */
typedef void (*engine_event_fn)(const struct engine_event *event, void *data);

#endif
