/* A proxy between a client and a server: delays what passes, counts round trips, cuts the line. */
#ifndef WINCH_TESTS_SUPPORT_PROXY_H
#define WINCH_TESTS_SUPPORT_PROXY_H

#include <glib.h>

struct proxy;

/* Listens on 127.0.0.1 at a port of its own choosing and hands every connection to the Unix socket
 * at server_path. Each piece of data waits delay_us microseconds in either direction. Runs in a
 * thread of its own. */
struct proxy *proxy_start(const char *server_path, gint64 delay_us);
void proxy_stop(struct proxy *proxy);

guint16 proxy_port(const struct proxy *proxy);

/* How often, over all connections so far, the client spoke after the server had. */
guint64 proxy_round_trips(struct proxy *proxy);
void proxy_reset(struct proxy *proxy);

/* Swallows everything from now on without closing anything: a black hole. */
void proxy_freeze(struct proxy *proxy);

/* Closes every connection that is open; new ones are served. */
void proxy_cut(struct proxy *proxy);

/* From now on no piece of what clients send is longer than this; 0: as it comes. */
void proxy_chop(struct proxy *proxy, gsize length);

/* Called in the proxy's thread when a trap springs; must not call the proxy. */
typedef void (*proxy_trap_fn)(void *data);

/* Springs at the piece-th piece of data (from 1) that clients send from now on, over all
 * connections: the piece is delivered or not, spring is called (may be NULL), and every connection
 * is closed. One shot. */
void proxy_trap(struct proxy *proxy, guint piece, gboolean deliver, proxy_trap_fn spring,
                void *data);

/* Whether the trap has sprung. */
gboolean proxy_trap_has_sprung(struct proxy *proxy);

#endif
