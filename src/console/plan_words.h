/* What is said beside the rows of a plan. */
#ifndef WINCH_CONSOLE_PLAN_WORDS_H
#define WINCH_CONSOLE_PLAN_WORDS_H

#include "console/lines.h"
#include "console/runner.h"
#include "engine/preview.h"

struct console;

/* What there is to speak of; borrowed. */
struct plan_about {
    struct console *console;
    const struct plan *plan;           /* NULL: there is none */
    const GPtrArray *steps;            /* of struct run_step_picture *: the plan's */
    const GError *error;               /* why there is none; NULL */
    const struct run_picture *picture; /* of its preview, under way or without a table; NULL */
    enum preview_level level;          /* of that */
};

struct lines *plan_words(const struct plan_about *about, int columns);

#endif
