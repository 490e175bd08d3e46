/* What else matters before a change, in one round trip: whose the tables are, and how far the
 * replicas are. */
#ifndef WINCH_DATABASE_CIRCUMSTANCES_H
#define WINCH_DATABASE_CIRCUMSTANCES_H

#include <glib.h>

#include "database/database.h"

struct circumstances {
    guint tables, tables_of_others; /* in the version table's schema; of roles that the user is not
                                     * a member of */
    char *needed_of_others;         /* which of those asked for are; or NULL */
    guint replicas;
    gboolean sees_replicas; /* this role may see how far they are */
    gint64 lag_us;          /* the longest replay lag seen */
    char *lagging_replica;  /* the first that does not stream, or lags; or NULL */
};
void circumstances_clear(struct circumstances *circumstances);

/* needed: of char *, relations as SQL names them, whose owners are asked for; may be empty. All is
 * 0 where a kind of database has neither owners nor replicas. */
gboolean database_circumstances(struct database *database, const GPtrArray *needed,
                                struct circumstances *circumstances, GError **error);

/* The clock that history is written by, in microseconds since 1970: the server's. */
gboolean database_clock(struct database *database, gint64 *now, GError **error);

#endif
