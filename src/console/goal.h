/* Where a person wants the database to be, and how that is said: "up 44 -> 47". */
#ifndef WINCH_CONSOLE_GOAL_H
#define WINCH_CONSOLE_GOAL_H

#include <glib.h>

#include "console/model.h"
#include "engine/plan.h"

/* The goal that leads to a version, whichever way it lies; VERSION_NONE: back before the first. */
struct goal goal_to_version(gint64 version);
/* Up with everything that is pending. */
struct goal goal_to_latest(void);

/* Where it leads from and to, as far as files and version row tell. FALSE while they are not known,
 * or for a name that is none. */
gboolean goal_ends(const struct model *model, const struct goal *goal, gint64 *from, gint64 *to);

/* "up 44 -> 47", "back 44 -> 41", "stay at 44", "to 47" while the version row is not known. Free
 * with g_free(). */
char *goal_text(const struct model *model, const struct goal *goal);
char *goal_way_text(gint64 from, gint64 to);

#endif
