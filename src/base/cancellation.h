/* One person's wish to stop, told to a thread that is waiting for a server. */
#ifndef WINCH_BASE_CANCELLATION_H
#define WINCH_BASE_CANCELLATION_H

#include <glib.h>

#include "base/autofree.h"
#include "base/error.h"

/* In order: a level only ever rises. */
enum cancel_level {
    CANCEL_NONE,
    CANCEL_AFTER,     /* finish the migration in flight, start no other */
    CANCEL_NOW,       /* cancel the running statement; everything uncommitted is rolled back */
    CANCEL_TERMINATE, /* end the server's backend */
};

struct cancellation;

/* Thread-safe and reference-counted. */
struct cancellation *cancellation_new(void);
struct cancellation *cancellation_ref(struct cancellation *cancellation);
void cancellation_unref(struct cancellation *cancellation);

/* Raises the level to at least level. why is ERROR_CANCELLED, ERROR_HANGUP or ERROR_TERMINATED;
 * the first one given is kept. Never blocks; any thread. */
void cancellation_raise(struct cancellation *cancellation, enum cancel_level level,
                        enum error_code why);

enum cancel_level cancellation_level(struct cancellation *cancellation);

/* Why, as the error code to report; ERROR_CANCELLED while nothing was raised. */
enum error_code cancellation_why(struct cancellation *cancellation);

/* A descriptor that is readable for as long as a raise was not seen by cancellation_seen(): poll
 * it beside the socket. Owned by the cancellation. */
int cancellation_fd(struct cancellation *cancellation);

/* Takes the wake-up and returns the level. For the waiting thread. */
enum cancel_level cancellation_seen(struct cancellation *cancellation);

DEFINE_AUTOPTR(cancellation, cancellation_unref);

#endif
