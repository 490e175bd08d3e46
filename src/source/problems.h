/* What is wrong with a set of files, gathered so that all of it can be told in one go. */
#ifndef WINCH_SOURCE_PROBLEMS_H
#define WINCH_SOURCE_PROBLEMS_H

#include <glib.h>

#include "source/migration.h"

/* Mistakes stop a load, warnings do not. */
struct problems {
    GStringChunk *strings; /* borrowed: holds the warnings' text */
    GArray *warnings;      /* of struct source_warning */
    GPtrArray *mistakes;   /* of GError, in the order found */
};

void problems_init(struct problems *problems, GStringChunk *strings);
void problems_clear(struct problems *problems);

/* file is copied; line 0 is the file as a whole. */
void problems_mistake(struct problems *problems, const char *file, unsigned line,
                      const char *format, ...) G_GNUC_PRINTF(4, 5);
void problems_warning(struct problems *problems, const char *file, unsigned line,
                      const char *format, ...) G_GNUC_PRINTF(4, 5);

/* True when there is no mistake. Otherwise sets the first one as the error, the others as further
 * lines of its message. */
gboolean problems_are_none(const struct problems *problems, GError **error);

#endif
