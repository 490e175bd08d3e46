/* The migrations that the argument of lint and of verify chooses: 3, 3..7, 3.., ..7, 1.1.0,
 * 1.1.0..1.2.0, -3 for the newest three, pending; without one all. */
#ifndef WINCH_CLI_SELECTION_H
#define WINCH_CLI_SELECTION_H

#include "cli/command.h"

struct selection {
    struct migration_set *set;
    gboolean *is_chosen; /* by position in the set */
};

/* text NULL: all. Reads the files; asks the database for "pending" alone, whose engine is the
 * context's afterwards. Clear selection also after a failure; zero it before. */
gboolean selection_read(struct command_context *context, const char *text,
                        struct selection *selection, GError **error);
void selection_clear(struct selection *selection);

/* What one name means where there are files and no database. */
gboolean selection_version(struct migration_set *set, const char *text, gint64 *version,
                           GError **error);

#endif
