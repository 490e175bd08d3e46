/* Release numbers: 1.1, 1.1.0, 1.1.0-rc1. */
#ifndef WINCH_SOURCE_RELEASE_H
#define WINCH_SOURCE_RELEASE_H

#include <glib.h>

/* Two or three numbers joined by dots, then optionally '-' and a suffix of letters, digits, '.'
 * and '-'. At most 63 bytes, so that a version name can hold it. */
gboolean release_is_valid(const char *text);

/* Below, equal to or above 0, as strcmp(). Both must be valid. 1.1 equals 1.1.0; a suffix makes a
 * release earlier than the one without it; rc2 comes before rc10. */
int release_compare(const char *left, const char *right);

#endif
