/* What people and programs read on standard output: tables that fit, colours where they may be, or
 * one JSON document. Everything that comes from files or servers passes through text_visible()
 * here, and nowhere else. */
#ifndef WINCH_CLI_OUTPUT_H
#define WINCH_CLI_OUTPUT_H

#include <glib.h>
#include <jansson.h>

#include "base/text.h"

enum output_role {
    ROLE_PLAIN,
    ROLE_HEADING,
    ROLE_GOOD,
    ROLE_WARNING,
    ROLE_BAD,
    ROLE_FAINT, /* never carries meaning alone */
    ROLE_STRONG,
};

struct output {
    gboolean is_json;
    gboolean has_colour; /* a terminal, no NO_COLOR, TERM not dumb, or --color=always */
    gboolean is_ascii;   /* --ascii, or the locale is not UTF-8 */
    gboolean is_quiet;
    gboolean is_verbose;
    gboolean keeps_stdout_free; /* run: it belongs to the application */
    GString *sink; /* where everything goes instead of standard output and error; NULL: there */
    int columns;   /* of the terminal; 0 when standard output is none: nothing is cut then */
};

/* Looks at standard output, the environment and the options. */
void output_init(struct output *output, const char *color, gboolean ascii, gboolean json,
                 gboolean quiet, gboolean verbose);

/* A line (or lines) of our own words; arguments from outside must be passed through output_safe().
 * No-op in JSON mode. */
void output_line(struct output *output, enum output_role role, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The same on standard error, as "winch: ...", in JSON mode too. */
void output_remark(struct output *output, enum output_role role, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* text_visible() on one line, for use in output_line(). Free with g_free(). */
char *output_safe(const char *text);

/* "2026-11-19 02:10:33" local time with zone where it is asked for, "-" for 0. Free with g_free().
 */
char *output_time(gint64 microseconds);

/* "2026-11-19T01:10:33.123456Z", or NULL for 0. Free with g_free(). */
char *output_time_json(gint64 microseconds);

/* A table that fits the terminal: columns shrink from the widest shrinkable one. */
struct output_column {
    const char *heading;
    enum text_align align;
    gboolean may_shrink;
};
struct output_table;
struct output_table *output_table_new(struct output *output, const struct output_column *columns,
                                      guint count);
/* One cell after another; raw text of any origin (NULL is ""). */
void output_table_cell(struct output_table *table, enum output_role role, const char *text);
/* Prints and frees; or frees alone. */
void output_table_end(struct output_table *table);
void output_table_drop(struct output_table *table);

/* Prints one JSON document and a newline; takes the reference. */
void output_json(struct output *output, json_t *document);

/* A JSON string of any bytes; null for NULL. New reference. */
json_t *output_string(const char *text);

/* An error as people read it, on standard error: "winch: FILE:LINE:COL: what; what to do", then the
 * offending line underlined, SQLSTATE, DETAIL, HINT, CONTEXT, where there are any. */
void output_error(struct output *output, const GError *error);

/* The same as JSON (for the "error" member of any document). NULL error is JSON null. */
json_t *output_error_json(const GError *error);

#endif
