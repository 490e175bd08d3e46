/* golang-migrate's protocol, replayed through libpq: what a run of it costs a server. */
#ifndef WINCH_TESTS_BENCH_REPLAY_H
#define WINCH_TESTS_BENCH_REPLAY_H

#include <glib.h>

/* Runs count migrations whose SQL sql_of gives (free with g_free()), the way golang-migrate 4.19
 * with lib/pq does: two TRUNCATE and INSERT transactions around each body, 11 round trips in all.
 * Exits the program when the server refuses. */
void replay_golang_migrate(const char *url, guint count, char *(*sql_of)(guint index));

#endif
