/* Where the texts of the SQL screen come from: the files of the selected migration, or what the
 * database keeps of them when they are gone. */
#ifndef WINCH_CONSOLE_SQL_SOURCE_H
#define WINCH_CONSOLE_SQL_SOURCE_H

#include <glib.h>

#include "console/frame.h"
#include "console/sql_text.h"

/* What texts were made from: they are read again when it is no longer the same. */
struct sql_source {
    gint64 version;
    struct migration_set *set; /* a reference; NULL when the files are not known */
    char *sha256[2];           /* up, down: of texts that only the database has; NULL */
    gboolean is_connected;     /* matters for those alone */
    enum sql_dialect dialect;  /* of the server, or as long as none is known of the settings */
    unsigned server_version;   /* 15; 0 while it is not known */
};

/* What would have to be read now. FALSE when no migration is selected or nothing is known yet.
 * Main thread. */
gboolean sql_source_now(const struct console *console, struct sql_source *source);
gboolean sql_source_is(const struct sql_source *one, const struct sql_source *other);
void sql_source_clear(struct sql_source *source);

/* Called on the main thread with up and down text, never NULL, which are taken over by it. number
 * tells an answer that is no longer wanted. */
typedef void (*sql_source_fn)(struct console *console, guint number, struct sql_text *up,
                              struct sql_text *down);
/* Has them read on the monitor's thread. */
void sql_source_ask(struct console *console, const struct sql_source *source, guint number,
                    sql_source_fn done);

#endif
