/* The console's memory of what it said and sent: every statement, message and event, in order,
 * bounded. Main thread. */
#ifndef WINCH_CONSOLE_RECORD_H
#define WINCH_CONSOLE_RECORD_H

#include <glib.h>

#include "database/trace.h"

enum record_level { RECORD_INFO, RECORD_SQL, RECORD_RUN, RECORD_WARNING, RECORD_ERROR };
/* "info", "sql", "run", "warn", "error". Static. */
const char *record_level_name(enum record_level level);

struct record_line {
    gint64 at; /* microseconds since 1970 */
    enum record_level level;
    char *text; /* raw, of any origin; one line */
};

struct record;
struct record *record_new(void);
void record_free(struct record *record);

/* Beyond RECORD_LINES_MAX the oldest go. */
#define RECORD_LINES_MAX 5000u
void record_add(struct record *record, gint64 at, enum record_level level, const char *text);

/* "SELECT 1  -> 1 row, 0.8 ms": a statement that was sent. Any thread. Free with g_free(). */
char *record_statement_text(const struct statement_trace *trace);

guint record_count(const struct record *record);
/* 0 is the oldest kept. Borrowed until the next record_add(). */
const struct record_line *record_at(const struct record *record, guint index);
/* How many there ever were: a line's number is dropped + index. */
guint64 record_dropped(const struct record *record);

#endif
