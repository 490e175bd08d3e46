/* What a gate tells of a way back: rows and values that are gone afterwards, counted beside all
 * else. */
#ifndef WINCH_CONSOLE_GATE_LOSSES_H
#define WINCH_CONSOLE_GATE_LOSSES_H

#include "console/report.h"

/* Main thread; takes over receipt, which is NULL with an error. */
typedef void (*gate_losses_fn)(struct console *console, gpointer view, guint question,
                               struct report *receipt, const GError *error);

/* view and question come back with the answer. No lock is taken: the gate is not passed yet. */
struct inquiry *gate_losses_ask(struct console *console, const struct goal *goal, gpointer view,
                                guint question, gate_losses_fn done);

#endif
