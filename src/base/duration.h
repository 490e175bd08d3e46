/* Durations as configuration, file notes and options write them. */
#ifndef WINCH_BASE_DURATION_H
#define WINCH_BASE_DURATION_H

#include <glib.h>

/* Reads "250ms", "30s", "2s500ms", "30min", "30m", "1h30m", "1d", "0"; a bare number counts in
 * bare_unit_ms milliseconds (0: a unit is required). The result is in milliseconds, at most 2^31-1
 * (what PostgreSQL takes for a timeout). False with a message that says what is allowed. */
gboolean duration_parse(const char *text, gint64 bare_unit_ms, gint64 *milliseconds,
                        GError **error);

/* "0.3 ms", "12 ms", "1.52 s", "4m31s", "1h02m", from microseconds. Free with g_free(). */
char *duration_format(gint64 microseconds);

#endif
