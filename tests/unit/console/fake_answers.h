/* What a fake frame answers beyond fake_frame.h: a search, help, and work that is asked for. */
#ifndef WINCH_TESTS_CONSOLE_FAKE_ANSWERS_H
#define WINCH_TESTS_CONSOLE_FAKE_ANSWERS_H

#include "console/frame.h"

struct fake_answers {
    const char *search;      /* or NULL */
    enum screen help_screen; /* what help is about */
    enum action_id off;      /* the action that cannot be done now, with why_off */
    const char *why_off;     /* NULL: every action can be done */
    gboolean is_zoomed;
    gboolean holds_work;   /* work waits for fake_answers_work() instead of being done at once */
    struct engine *engine; /* what work is given; NULL */
};
extern struct fake_answers fake_answers;

/* All as it is at the start. */
void fake_answers_reset(void);
/* Does what was held back, in order; how much there was. */
guint fake_answers_work(struct console *console);

#endif
