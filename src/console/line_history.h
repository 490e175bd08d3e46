/* The lines typed at the prompt, newest last, and the file they are kept in between sessions. */
#ifndef WINCH_CONSOLE_LINE_HISTORY_H
#define WINCH_CONSOLE_LINE_HISTORY_H

#include "base/autofree.h"

#include <glib.h>

/* Longer lines are not kept, nor are more lines than these. */
#define LINE_HISTORY_CHARACTERS 1000
#define LINE_HISTORY_LINES      1000

struct line_history;

/* Reads the file at path (copied; NULL: nothing is ever read or written). A file that is missing,
 * unreadable, a symbolic link or no regular file counts as empty. Never fails. */
struct line_history *line_history_load(const char *path);
void line_history_free(struct line_history *history);
DEFINE_AUTOPTR(line_history, line_history_free);

/* Adds a line (UTF-8, copied) as the newest and takes an older equal one out. Empty lines, lines
 * with control characters and lines that are too long are left out. */
void line_history_add(struct line_history *history, const char *line);

guint line_history_count(const struct line_history *history);
const char *line_history_get(const struct line_history *history, guint index); /* 0: oldest */

/* Adds the lines of this session to what the file holds by now, others' lines included, and puts a
 * new file (0600) in its place. The directory must exist. Refuses to replace what is no regular
 * file. Nothing is written when nothing was added. Blocks on the disk. */
gboolean line_history_save(struct line_history *history, GError **error);

#endif
