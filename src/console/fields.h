/* What is known of one thing, as lines of label and value below a title: the detail panes. */
#ifndef WINCH_CONSOLE_FIELDS_H
#define WINCH_CONSOLE_FIELDS_H

#include "base/autofree.h"
#include "console/grid.h"
#include "console/list.h"

struct fields;

struct fields *fields_new(void);
void fields_free(struct fields *fields);
DEFINE_AUTOPTR(fields, fields_free);
/* Forgets everything. */
void fields_clear(struct fields *fields);

/* Texts of any origin; NULL and "" add nothing. Newlines in a value are kept. */
void fields_add(struct fields *fields, enum style style, const char *label, const char *value);
void fields_addf(struct fields *fields, enum style style, const char *label, const char *format,
                 ...) G_GNUC_PRINTF(4, 5);
/* A line over the whole width. */
void fields_note(struct fields *fields, enum style style, const char *text);
/* A heading between groups. */
void fields_heading(struct fields *fields, const char *text);

/* Breaks the values to columns and fits list, of as many lines as that gave, to the area. Draws
 * from list->top. */
void fields_draw(struct fields *fields, struct grid *grid, const struct area *area,
                 struct list *list);
/* A line as it was last drawn, for searching. Free with g_free(). */
char *fields_line(const struct fields *fields, guint line);

/* "label  value" lines, unbroken and raw: for copying. Free with g_free(). */
char *fields_text(const struct fields *fields);

#endif
