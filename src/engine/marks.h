/* The names that marks give: last-stable, last-known-good. */
#ifndef WINCH_ENGINE_MARKS_H
#define WINCH_ENGINE_MARKS_H

#include <glib.h>

#include "database/mark.h"
#include "source/version_name.h"

/* Where a version's name is looked for. The last marked version is the newest one that does not lie
 * above current: whoever asks for it from there means to stay or to go back. marks may be NULL. */
struct version_context marks_context(const struct migration_set *set, gint64 current,
                                     const GArray *marks);

/* Whether a name cannot be found without the marks. */
gboolean marks_are_needed(const struct version_name *name);

#endif
