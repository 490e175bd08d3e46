/* What the gate asks the engine: the plan, its checks, the words. */
#ifndef WINCH_CONSOLE_GATE_ANSWER_H
#define WINCH_CONSOLE_GATE_ANSWER_H

#include "console/runner.h"
#include "engine/gate.h"

struct gate_asked {
    gpointer view; /* who asks */
    guint question;
    enum run_kind kind;
    struct goal goal;
    gint64 version;          /* RUN_FORCE */
    char *target;            /* for what has no plan */
    char *reason, *override; /* as far as they are given */
};

struct gate_answer {
    struct plan *plan;
    struct gate *checks;
    char *words, *why;
};

void gate_asked_free(gpointer asked);
void gate_answer_free(gpointer answer);

/* A migration or its rehearsal: it has a plan. */
gboolean gate_is_planned(enum run_kind kind);

/* Of an asked an answer; on the monitor's thread. A plan without steps comes without checks. */
gpointer gate_answer_make(struct engine *engine, gpointer asked, GError **error);

#endif
