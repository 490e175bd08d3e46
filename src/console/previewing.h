/* A preview that reads the catalog or runs on a copy: under way on a thread of its own, told as a
 * run is, and then a table. One on this database is the runner's. Main thread. */
#ifndef WINCH_CONSOLE_PREVIEWING_H
#define WINCH_CONSOLE_PREVIEWING_H

#include "base/autofree.h"
#include "console/preview_table.h"
#include "console/runner.h"

struct previewing;

/* on_change is called whenever something of it has moved. */
struct previewing *previewing_new(struct console *console,
                                  void (*on_change)(struct console *console, gpointer data),
                                  gpointer data);
/* When the console's inquiries have ended. */
void previewing_free(struct previewing *previewing);

/* Gives up what is under way. records: history is told, which takes a connection that may write. */
void previewing_start(struct previewing *previewing, const struct goal *goal,
                      enum preview_level level, gboolean records);
void previewing_cancel(struct previewing *previewing);
gboolean previewing_is_active(const struct previewing *previewing);

/* Of the newest; NULL before the first. */
const struct run_picture *previewing_picture(const struct previewing *previewing);
enum preview_level previewing_level(const struct previewing *previewing);
/* NULL while it is under way, and when nothing came of it. */
const struct preview_table *previewing_table(const struct previewing *previewing);

#endif
