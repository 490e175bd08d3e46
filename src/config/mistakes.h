/* Every mistake of a configuration, collected so that all are told in one go. */
#ifndef WINCH_CONFIG_MISTAKES_H
#define WINCH_CONFIG_MISTAKES_H

#include <glib.h>

#include "base/autofree.h"

struct mistakes;

struct mistakes *mistakes_new(void);
void mistakes_free(struct mistakes *mistakes);
DEFINE_AUTOPTR(mistakes, mistakes_free);

/* A mistake at a place; file NULL: not in a file (a variable, an option), the message names it.
 * file is borrowed for as long as the collection lives. */
void mistakes_add(struct mistakes *mistakes, const char *file, unsigned line, const char *format,
                  ...) G_GNUC_PRINTF(4, 5);

guint mistakes_count(const struct mistakes *mistakes);

/* True when there are none; else an ERROR_CONFIG. Its place is the first mistake's; its message is
 * that mistake's and, on a line of its own each, "FILE:LINE: ..." for the rest, in file order. */
gboolean mistakes_report(struct mistakes *mistakes, GError **error);

/* Foreign text as it may stand in such a message: one visible line, in quotes, cut when long. */
char *mistakes_quote(const char *text);

/* "; did you mean 'x'?" for the candidate nearest to word, else "". candidates is
 * NULL-terminated. Free with g_free(). */
char *mistakes_guess(const char *word, const char *const *candidates);

/* "a, b, c". Free with g_free(). */
char *mistakes_list(const char *const *words);

#endif
