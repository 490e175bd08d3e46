/* Inquiries without threads: the test says when they are answered. */
#ifndef WINCH_TESTS_CONSOLE_FAKE_INQUIRY_H
#define WINCH_TESTS_CONSOLE_FAKE_INQUIRY_H

#include "console/frame.h"

struct fake_inquiry {
    guint asked;           /* how many there were */
    guint cancelled;       /* how often one was asked to stop */
    guint abandoned;       /* the same, unheard */
    struct engine *engine; /* what their work is given */
};
extern struct fake_inquiry fake_inquiry;

/* Forgets everything, also what waits. */
void fake_inquiry_reset(void);
/* Does the work of the oldest that waits, and tells what it told: FALSE when none does. */
gboolean fake_inquiry_work(struct console *console);

#endif
