/* What an action is expected to do to a server that others work on: locks, rewrites, scans. Told
 * from the text and, where it is given, from what is known of the schema; measured is something
 * else (docs/decisions/0052-expected-and-seen.md). */
#ifndef WINCH_ANALYSIS_SQL_EFFECTS_H
#define WINCH_ANALYSIS_SQL_EFFECTS_H

#include <glib.h>

#include "analysis/schema.h"
#include "analysis/sql_action.h"
#include "analysis/sql_type.h"
#include "base/lock_mode.h"

struct sql_locked {
    struct sql_object relation;
    enum lock_mode mode;
    gboolean is_new; /* made by this action: nobody waits for it */
};

enum { SQL_LOCKS_MAX = 24 };

struct sql_effects {
    gboolean is_known; /* FALSE: code runs that nobody can see into, or another kind of statement */
    struct sql_locked locks[SQL_LOCKS_MAX]; /* the object first; relations that a query reads are
                                               the statement's, with ACCESS SHARE */
    guint lock_count;
    gboolean has_more_locks;  /* on relations that are not known here: those referenced ... */
    const char *more_locks;   /* which, for people: "the tables that its foreign keys reference" */
    enum sql_answer rewrites; /* every row is written anew */
    const char *rewrite_why;  /* for MAYBE what it depends on, for YES why; else NULL. Static */
    enum sql_answer scans;    /* every row is read, while the lock is held */
    const char *scan_why;
    enum sql_answer builds_index; /* sorts every row */
    gboolean is_transactional;    /* FALSE: the server refuses it in a transaction block */
};

/* version: the server's major one, 15. schema may be NULL: what was before the action's own
 * migration, or, better, before the action itself. Strings are static or the action's and the
 * schema's. Thread-safe. */
void sql_action_effects(const struct sql_action *action, unsigned version,
                        const struct schema *schema, struct sql_effects *effects);

/* The strongest lock on what is not new; LOCK_MODE_NONE without one. */
enum lock_mode sql_effects_strongest(const struct sql_effects *effects);

#endif
