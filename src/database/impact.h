/* What a migration was seen to cost: a row of impact beside its row of history. */
#ifndef WINCH_DATABASE_IMPACT_H
#define WINCH_DATABASE_IMPACT_H

#include <glib.h>

/* Numbers are -1 where nothing was measured. */
struct impact {
    gint64 history_id;       /* the row of history it speaks of; 0: there is none */
    gint64 rows;             /* inserted, updated, deleted, copied; -1: no statement counts rows */
    gint64 wal_bytes;        /* written by the whole server from its beginning to its record */
    gint64 longest_wait_us;  /* for a lock, as looks once a second saw it; -1: no look was taken */
    gint64 sessions_blocked; /* by us, at most, as the same looks saw it; they count up to 64 */
    gint64 elapsed_us;       /* as the client saw it, commit included */
    char *statements;        /* JSON: an array of {"rows", "elapsed_us"}, a statement an element */
};

static inline void impact_clear(struct impact *impact)
{
    g_clear_pointer(&impact->statements, g_free);
}

#endif
