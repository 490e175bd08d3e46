/* Text from files and servers, made safe and measured for a terminal. */
#ifndef WINCH_BASE_TEXT_H
#define WINCH_BASE_TEXT_H

#include <glib.h>

enum text_lines {
    TEXT_ONE_LINE,   /* newlines and tabs become one space each */
    TEXT_KEEP_LINES, /* newlines stay, tabs become spaces to the next multiple of eight */
};

/* A copy of length bytes (-1: up to the NUL) in which nothing can steer a terminal: control
 * characters become ^X or \xNN, C1 controls, bidirectional and zero-width controls \u{XXXX}, bytes
 * that are not UTF-8 \xNN. CR before LF is dropped. The result is valid UTF-8. Free with g_free().
 */
char *text_visible(const char *bytes, gssize length, enum text_lines lines);

/* Columns that valid UTF-8 takes on a terminal: wide characters 2, combining marks 0. */
int text_width(const char *text);

enum text_align { TEXT_LEFT, TEXT_RIGHT };

/* Exactly columns wide: padded, or cut with a trailing "…" ("~" when ascii). Free with g_free(). */
char *text_fit(const char *text, int columns, enum text_align align, gboolean ascii);

/* "12", "1,234,567": an integer a person can read. Free with g_free(). */
char *text_count(gint64 number);

/* "1 migration", "3 migrations". Free with g_free(). */
char *text_plural(gint64 count, const char *one, const char *many);

/* The candidate nearest to word by edit distance, or NULL when none is near enough to be meant.
 * candidates is NULL-terminated; the result is borrowed from it. */
const char *text_nearest(const char *word, const char *const *candidates);

/* The line with this number (from 1) of bytes, without its newline. Free with g_free(); NULL when
 * there is no such line. */
char *text_line_at(const char *bytes, gsize length, unsigned line);

#endif
