/* Lock weather: who would be in the way of a plan now, and who would wait behind it. */
#ifndef WINCH_ENGINE_WEATHER_H
#define WINCH_ENGINE_WEATHER_H

#include <glib.h>

#include "base/autofree.h"
#include "base/lock_mode.h"
#include "database/activity.h"

/* A lock that the plan needs. */
struct weather_need {
    const char *relation; /* "schema.name" */
    enum lock_mode mode;
};

enum weather_kind {
    WEATHER_HOLDS,      /* holds what conflicts with a need: the plan would wait for it */
    WEATHER_WAITS,      /* waits itself for a relation that the plan needs: the queue there is */
    WEATHER_BEHIND,     /* uses such a relation without being in the way: its like would wait */
    WEATHER_WRAPAROUND, /* an autovacuum that may not be put off: it does not give way */
    WEATHER_DUMP,       /* pg_dump: holds ACCESS SHARE on all it dumps until it ends */
    WEATHER_LONG,       /* an old transaction: concurrent builds wait for it */
};

/* Texts are borrowed from the activity. */
struct weather_session {
    enum weather_kind kind;
    const struct session *session;
    const char *relation; /* NULL: none in particular */
    enum lock_mode held;  /* or waited for; LOCK_MODE_NONE: not known */
    enum lock_mode needed;
    gint64 age_us; /* of its transaction, or of what it waits for */
};

/* Immutable. */
struct weather {
    struct activity *activity; /* referenced; prepared transactions are in it */
    GArray *sessions;          /* of struct weather_session, what is in the way first */
    guint in_the_way, waiting, behind;
    guint hidden;    /* sessions whose transaction this role may not see */
    gboolean is_cut; /* there were more locks than were read */
};

/* Takes a reference of activity. This program is left out. */
struct weather *weather_new(struct activity *activity, const GArray *needs);
void weather_free(struct weather *weather);
DEFINE_AUTOPTR(weather, weather_free);

/* "holds", "waits", "behind", "wraparound", "dump", "long". Static. */
const char *weather_kind_word(enum weather_kind kind);
/* For people: "in the way", "waits already", ... Static. */
const char *weather_kind_text(enum weather_kind kind);

#endif
