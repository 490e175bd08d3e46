/* What history and the version row together say of each version: applied, by whom, with which
 * text; assumed, where another tool moved the row; missed, where nobody ever ran it. */
#ifndef WINCH_ENGINE_LEDGER_H
#define WINCH_ENGINE_LEDGER_H

#include <glib.h>

#include "base/autofree.h"
#include "database/database.h"

enum ledger_standing {
    LEDGER_NOT_APPLIED, /* above the version row, or went down again */
    LEDGER_APPLIED,     /* history has its up */
    LEDGER_ASSUMED,     /* at or below a version row that somebody else set */
    LEDGER_MISSED,      /* below the version row, and history says it never ran */
};

struct ledger;

/* Replays records (of struct history_record *, oldest first) against the row as it is now. Those
 * that count are shared, not copied. */
struct ledger *ledger_new(const GPtrArray *records, const struct version_state *state);
void ledger_free(struct ledger *ledger);
DEFINE_AUTOPTR(ledger, ledger_free);

/* How a version stands. Without any history everything at or below the row is assumed. */
enum ledger_standing ledger_standing(const struct ledger *ledger, gint64 version);

/* The record that put it there (up, adopt), or NULL. Owned by the ledger. */
const struct history_record *ledger_record(const struct ledger *ledger, gint64 version);

/* Versions that history has applied, ascending, of gint64. Borrowed. */
const GArray *ledger_applied(const struct ledger *ledger);

/* TRUE when history tells of any migration or of the version row. */
gboolean ledger_has_history(const struct ledger *ledger);

/* A run that started and never said how it ended, unless somebody has gone on since; or NULL. */
const struct history_record *ledger_interrupted(const struct ledger *ledger);

#endif
