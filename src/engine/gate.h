/* The gate before every change: one list of checks, whatever the command is called, and what has to
 * be said before it opens.
 *
 * engine_gate() takes a picture for people: every check, nothing recorded, no lock taken unless a
 * receipt is to be rehearsed. A change goes through the same checks again under its lock, but for
 * those that never fail: what is destroyed is not counted again, the plan's id is compared. */
#ifndef WINCH_ENGINE_GATE_H
#define WINCH_ENGINE_GATE_H

#include <glib.h>

#include "base/autofree.h"
#include "config/policy.h"
#include "engine/engine.h"

struct receipt;
struct receipt_options;

enum gate_action {
    GATE_UP,
    GATE_DOWN,
    GATE_FORCE,
    GATE_DROP,
    GATE_INIT,
    GATE_ADOPT,
    GATE_MARK,
    GATE_APPROVE,
    GATE_LOWER,  /* the environment is recorded as one that allows more */
    GATE_UNMARK, /* a rollback may then go further back */
};

/* What somebody wants. */
struct gate_wish {
    enum gate_action action;
    struct plan *plan;     /* UP, DOWN; else NULL. Borrowed */
    const char *target;    /* the word for where it leads: "000041", "drop", "staging" */
    gint64 from, to;       /* the version row before and after; VERSION_NONE where it has none */
    gboolean is_emergency; /* DOWN: the reason stands for evidence, approval and backup */
    /* How to find and count what goes back destroys; NULL: not at all, and the checks that tell it
     * are left out. */
    const struct receipt_options *receipt;
};

enum gate_verdict {
    GATE_NOT_NEEDED,
    GATE_OK,
    GATE_WARNING, /* nothing is refused for it */
    GATE_FAILED,
};
/* "not needed", "ok", "warning", "failed". Static. */
const char *gate_verdict_name(enum gate_verdict verdict);

struct gate_check {
    const char *name; /* "target", "preview", ... Static */
    enum gate_verdict verdict;
    gboolean may_be_overridden; /* FAILED: by a reason that is given for it */
    gboolean is_overridden;     /* it would have failed: a WARNING that is recorded */
    char *found;                /* what is so; raw, for people */
    char *advice;               /* what to do about it; NULL: nothing */
};

/* What has to be said before it opens. */
enum gate_question {
    GATE_ASKS_NOTHING,
    GATE_ASKS_YES,   /* a yes, or the words */
    GATE_ASKS_WORDS, /* the words, typed */
};
/* "nothing", "yes", "words". Static. */
const char *gate_question_name(enum gate_question question);

/* Immutable, reference counted; any thread may read it. */
struct gate {
    gatomicrefcount references;
    enum gate_action action;
    struct plan *plan;       /* or NULL */
    char *id;                /* of the plan, or of what has none: what is approved */
    char *environment;       /* its name */
    char *said_by;           /* who says so */
    struct policy policy;    /* name is environment */
    GArray *checks;          /* of struct gate_check, in order */
    struct receipt *receipt; /* what goes back destroys; NULL: not asked for, not to be had */
    guint failed, warnings;
    enum gate_question question;
    char *words; /* what is typed: "DATABASE TARGET" */
    char *why;   /* who asks; NULL with GATE_ASKS_NOTHING */
};
struct gate *gate_ref(struct gate *gate);
void gate_unref(struct gate *gate);
DEFINE_AUTOPTR(gate, gate_unref);

const struct gate_check *gate_check_at(const struct gate *gate, guint index);
/* NULL when there is none of that name. */
const struct gate_check *gate_check_find(const struct gate *gate, const char *name);

/* How the gate stands for wish, with options as they would be given. Looks at the database; NULL
 * only when that cannot be done. */
struct gate *engine_gate(struct engine *engine, const struct gate_wish *wish,
                         const struct change_options *options, GError **error);

/* The wish that a plan stands for. */
struct gate_wish gate_wish_of_plan(struct plan *plan, const struct goal *goal);

#endif
