/* What the name of a file says: golang-migrate's pattern, and names that only come near it. */
#ifndef WINCH_SOURCE_FILE_NAME_H
#define WINCH_SOURCE_FILE_NAME_H

#include <glib.h>

#include "source/migration.h"

/* Everything down to FILE_NAME_FOREIGN matches golang-migrate's pattern: it would run these. */
enum file_name_kind {
    FILE_NAME_MIGRATION, /* VERSION_TITLE.up.sql */
    FILE_NAME_LEFTOVER,  /* an editor's or a tool's copy of one: 1_a.up.sql~ */
    FILE_NAME_DOCUMENT,  /* prose or a program beside one: 1_a.up.md */
    FILE_NAME_FOREIGN,   /* any other extension: 1_a.up.pgsql */
    FILE_NAME_TOO_LARGE, /* a version over 2^63-1 */
    FILE_NAME_AUTOSAVE,  /* #1_a.up.sql# */
    FILE_NAME_LOOKALIKE, /* probably meant: V1__a.sql, 1_a.UP.sql, 1_a.up */
    FILE_NAME_OTHER,     /* none of our business */
};

struct file_name {
    enum file_name_kind kind;
    gint64 version; /* VERSION_NONE where there is none */
    enum direction direction;
    gsize digits_length; /* the version takes the first bytes of the name */
    gsize title_length;  /* the title follows, after one underscore */
};

/* name is any NUL-terminated bytes. */
void file_name_parse(const char *name, struct file_name *parsed);

#endif
