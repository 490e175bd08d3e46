/* `winch create`: a new pair of migration files. */
#ifndef WINCH_SOURCE_CREATE_H
#define WINCH_SOURCE_CREATE_H

#include <glib.h>

#include "base/autofree.h"
#include "base/error.h"

enum create_numbering {
    CREATE_SEQUENCE, /* the highest version there is, plus one */
    CREATE_TIME,     /* the time now, in format */
};

/* Zero and NULL mean the default. */
struct create_request {
    const char *directory; /* made when it is not there, parents too */
    const char *title;     /* letters, digits, '_', '-', '.'; spaces become '_' */
    const char *extension; /* "sql", which is all that is run; a leading dot is dropped */
    enum create_numbering numbering;
    unsigned digits;       /* CREATE_SEQUENCE: 1 to 18, default 6 */
    const char *format;    /* CREATE_TIME: "unix", "unixNano" or a Go layout of digits, default
                              20060102150405 */
    const char *time_zone; /* CREATE_TIME: "UTC" (default), "Europe/Paris", "+02:00", "Local" */
    gint64 now;            /* microseconds since 1970, default: the clock */
};

/* Absolute paths. */
struct created_pair {
    char *up;
    char *down;
};

/* Writes both files, empty but for a comment. Nothing is overwritten, and a version that any file
 * of the directory has already is refused; when the second file fails the first is removed.
 * ERROR_USAGE for what cannot be meant, ERROR_FAILED when the disk says no. Other mistakes in the
 * directory do not matter here. Blocks on the disk. */
struct created_pair *migration_create(const struct create_request *request, GError **error);
void created_pair_free(struct created_pair *pair);
DEFINE_AUTOPTR(created_pair, created_pair_free);

/* Whether an up file is what migration_create() wrote, whatever its title, with nothing added. */
gboolean migration_is_template(const char *text, gsize length);

#endif
