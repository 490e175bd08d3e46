/* The ways a person may name a version: 3, 000003, 1.1.0, 1.1.0.003, +1, -2, latest, none, ... */
#ifndef WINCH_SOURCE_VERSION_NAME_H
#define WINCH_SOURCE_VERSION_NAME_H

#include <glib.h>

#include "source/migration.h"

enum version_name_kind {
    VERSION_NAME_NUMBER,          /* number: the version itself */
    VERSION_NAME_RELEASE,         /* release "1.1.0": its last migration */
    VERSION_NAME_RELEASE_STEP,    /* release "1.1.0", number 3: migration 3, of that release */
    VERSION_NAME_RELATIVE,        /* number: +N or -N migrations from the current version */
    VERSION_NAME_LATEST,          /* the highest version there is */
    VERSION_NAME_LAST_STABLE,     /* the newest version marked stable */
    VERSION_NAME_LAST_KNOWN_GOOD, /* the newest version marked known-good */
    VERSION_NAME_NONE,            /* "none": before the first migration */
};

struct version_name {
    enum version_name_kind kind;
    gint64 number;
    char release[64];
};

/* Reads a name; knows no files and no database. Digits alone are a version ("20240101"), a sign
 * makes a distance ("-1"), dots a release. Words in any case. ERROR_USAGE with what is allowed. */
gboolean version_name_parse(const char *text, struct version_name *name, GError **error);

/* A version number alone: decimal digits, 0 .. 2^63-1, leading zeros allowed. */
gboolean version_number_parse(const char *text, gint64 *version, GError **error);

/* The version meant, given the files and the version the database is at. Marks are looked up by
 * the caller: last_stable and last_known_good are VERSION_NONE where none is marked, which makes
 * those names an error. A number has to exist among the files, a mark need not. A name that fits
 * nothing is ERROR_USAGE naming the nearest that does. */
struct version_context {
    const struct migration_set *set;
    gint64 current;
    gint64 last_stable;
    gint64 last_known_good;
};
gboolean version_name_resolve(const struct version_name *name,
                              const struct version_context *context, gint64 *version,
                              GError **error);

#endif
