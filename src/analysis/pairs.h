/* Which action of a down undoes which of its up, by object and inverse kind. Told from the text
 * alone: 'winch verify' proves it. */
#ifndef WINCH_ANALYSIS_PAIRS_H
#define WINCH_ANALYSIS_PAIRS_H

#include <glib.h>

#include "analysis/inspection.h"
#include "analysis/schema.h"
#include "base/autofree.h"

enum pair_standing {
    PAIR_NOT_UNDONE,
    PAIR_UNDONE,
    PAIR_PARTLY, /* something of it stays, or comes back otherwise: why, lost */
    PAIR_NOTHING_NEEDED,
    PAIR_UNKNOWN, /* nobody can see what it does */
};

/* What a thing that comes back comes back without. */
enum pair_lost {
    PAIR_LOST_ROWS = 1 << 0,
    PAIR_LOST_TYPE = 1 << 1,
    PAIR_LOST_DEFAULT = 1 << 2,
    PAIR_LOST_NOT_NULL = 1 << 3,
    PAIR_LOST_INDEX = 1 << 4,
    PAIR_LOST_CONSTRAINT = 1 << 5,
    PAIR_LOST_COLUMN = 1 << 6,
    PAIR_LOST_TRIGGER = 1 << 7,
};

#define PAIR_NONE G_MAXUINT

/* One action of the up. */
struct pair {
    guint statement, action; /* inspected_statement.index, and which of its actions */
    enum pair_standing standing;
    guint down_statement, down_action; /* what undoes it; PAIR_NONE */
    unsigned lost;                     /* enum pair_lost; for PAIR_PARTLY */
    const char *why;                   /* for people; NULL: nothing to say. Static */
};

/* One action of the down. */
struct pair_down {
    guint statement, action;
    gboolean undoes;               /* FALSE: it is there for nothing that this up did */
    gboolean is_harmless;          /* it changes nothing, or only rows and settings */
    guint up_statement, up_action; /* what it undoes, the first of them; PAIR_NONE */
};

struct pairs {
    GArray *ups;         /* of struct pair, in order */
    GArray *downs;       /* of struct pair_down, in order */
    gboolean is_certain; /* every statement on both sides is analysed, and none is opaque */
};

/* before is what was known before the up ran, or NULL: with it, attributes are compared. A down
 * that is NULL does nothing. */
struct pairs *pairs_new(const struct inspection *up, const struct inspection *down,
                        const struct schema *before);
void pairs_free(struct pairs *pairs);
DEFINE_AUTOPTR(pairs, pairs_free);

/* "undone", "not undone" ...; "not-undone". Static. */
const char *pair_standing_text(enum pair_standing standing);
const char *pair_standing_word(enum pair_standing standing);

/* "without its default and its index"; NULL when nothing is lost. Free with g_free(). */
char *pair_lost_text(unsigned lost);

/* The worst of a statement's actions; PAIR_NOTHING_NEEDED without any. */
enum pair_standing pairs_of_statement(const struct pairs *pairs, guint statement);

#endif
