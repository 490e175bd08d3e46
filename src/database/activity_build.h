/* How a driver makes the pictures of activity.h: gather, then seal. Belongs to one thread until it
 * is sealed. */
#ifndef WINCH_DATABASE_ACTIVITY_BUILD_H
#define WINCH_DATABASE_ACTIVITY_BUILD_H

#include "database/activity.h"

struct activity_builder {
    GStringChunk *strings; /* of everything that is gathered */
    GArray *sessions;      /* of struct session */
    GArray *locks;         /* of struct relation_lock */
    GArray *prepared;      /* of struct prepared_transaction */
    GPtrArray *pids;       /* owns what blocked_by points to */
};

void activity_builder_init(struct activity_builder *builder);
void activity_builder_clear(struct activity_builder *builder);

/* A copy that lives as long as the picture; "" for NULL. */
const char *activity_builder_text(struct activity_builder *builder, const char *text);

/* Adds a session with nothing in it but empty texts. The pointer is good until the next call. */
struct session *activity_builder_session(struct activity_builder *builder, int pid);

/* Reads "12,0,34" into session->blocked_by, each pid once, in this order. */
void activity_builder_blocked_by(struct activity_builder *builder, struct session *session,
                                 const char *list);

/* Adds the holder of the lock as a session: for a driver that knows no more. */
void activity_builder_holder(struct activity_builder *builder, const struct lock_holder *holder);

/* Makes the picture and empties the builder. The caller sets the other fields of what it gets. */
struct pulse *activity_builder_pulse(struct activity_builder *builder,
                                     const struct version_state *version);
struct activity *activity_builder_activity(struct activity_builder *builder);

#endif
