/* Between the gate and its checks. */
#ifndef WINCH_ENGINE_GATE_INTERNAL_H
#define WINCH_ENGINE_GATE_INTERNAL_H

#include "engine/gate.h"
#include "engine/internal.h"
#include "engine/receipt.h"

/* What the checks look at; read when the first of them asks. */
struct gate_look {
    struct engine *engine;
    const struct gate_wish *wish;
    const struct change_options *options;
    const struct gate *gate;
    gboolean is_locked; /* by us: nobody else changes what is looked at */
    GArray *marks;
    GPtrArray *history;
    struct activity *activity;
    GPtrArray *relations; /* of char *: what the plan is known to write, alter or drop */
    struct receipt *receipt;
    GError *receipt_failure; /* why there is none */
};

/* Leaves out a check that was not wished for by answering nothing. */
typedef void (*gate_check_fn)(struct gate_look *look, struct gate_check *check);

struct gate_row {
    const char *name;
    gboolean is_for_people; /* never fails: left out where nobody looks */
    gboolean may_be_overridden;
    gate_check_fn look;
};
extern const struct gate_row gate_rows[]; /* NULL-name terminated */

/* Whether it takes away, or sets aside, what is there. */
gboolean gate_goes_back(const struct gate_wish *wish);

/* A check's answer. advice may be NULL. */
void gate_answer(struct gate_check *check, enum gate_verdict verdict, const char *advice,
                 const char *format, ...) G_GNUC_PRINTF(4, 5);
/* For what could not be looked at. Takes over error. */
void gate_answer_unknown(struct gate_check *check, enum gate_verdict verdict, GError *error);

/* gate_weather.c: what goes on in the database. */
void gate_look_lock(struct gate_look *look, struct gate_check *check);
void gate_look_blockers(struct gate_look *look, struct gate_check *check);
void gate_look_rights(struct gate_look *look, struct gate_check *check);
void gate_look_replicas(struct gate_look *look, struct gate_check *check);

/* gate_receipt.c: what is destroyed. */
void gate_look_dependents(struct gate_look *look, struct gate_check *check);
void gate_look_receipt(struct gate_look *look, struct gate_check *check);

#endif
