/* PostgreSQL's table-level locks: their names, and what each keeps waiting (manual, section
 * 13.3.1). */
#ifndef WINCH_BASE_LOCK_MODE_H
#define WINCH_BASE_LOCK_MODE_H

#include <glib.h>

/* From the weakest to the strongest, as the server numbers them. */
enum lock_mode {
    LOCK_MODE_NONE,
    LOCK_MODE_ACCESS_SHARE,
    LOCK_MODE_ROW_SHARE,
    LOCK_MODE_ROW_EXCLUSIVE,
    LOCK_MODE_SHARE_UPDATE_EXCLUSIVE,
    LOCK_MODE_SHARE,
    LOCK_MODE_SHARE_ROW_EXCLUSIVE,
    LOCK_MODE_EXCLUSIVE,
    LOCK_MODE_ACCESS_EXCLUSIVE,
};

/* "AccessExclusiveLock" as pg_locks has it, "ACCESS EXCLUSIVE" as people do; LOCK_MODE_NONE for any
 * other text. */
enum lock_mode lock_mode_parse(const char *name);

/* "ACCESS EXCLUSIVE"; "none". Static. */
const char *lock_mode_text(enum lock_mode mode);

/* Who has to wait while it is held, for people: "reads and writes", "writes", "schema changes",
 * "nobody". Static. */
const char *lock_mode_blocks(enum lock_mode mode);

/* TRUE when two sessions cannot hold both. */
gboolean lock_mode_conflicts(enum lock_mode one, enum lock_mode other);

#endif
