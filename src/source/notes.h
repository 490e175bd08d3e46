/* Header notes: the `-- winch:` lines of a file's leading comment block. */
#ifndef WINCH_SOURCE_NOTES_H
#define WINCH_SOURCE_NOTES_H

#include <glib.h>

#include "source/migration.h"
#include "source/problems.h"

/* True when the leading comment block ends within these bytes, so that reading on would find no
 * further note. Blank lines, `--` and nested block comments belong to the block, and so does a byte
 * order mark before it. */
gboolean notes_end_within(const char *text, gsize length);

/* Nothing said. */
void notes_init(struct migration_notes *notes);
void notes_clear(struct migration_notes *notes);

/* Reads the notes of an up file whose text begins so (all of it, or as far as notes_end_within()).
 * Strings go into problems->strings; mistakes and warnings name file. Any bytes may come. */
void notes_parse(const char *text, gsize length, const char *file, struct problems *problems,
                 struct migration_notes *notes);

/* The line of the first note, or 0. For down files, where notes mean nothing. */
unsigned notes_first_line(const char *text, gsize length);

#endif
