/* How deep a parser may have to go into a statement: told from its tokens, before it is asked. */
#ifndef WINCH_ANALYSIS_NESTING_H
#define WINCH_ANALYSIS_NESTING_H

#include <glib.h>

/* At least the depth of the tree that PostgreSQL's grammar makes of the text, in tokens: an
 * operator nests what is before it, a parenthesis what is in it, a set operation the queries on
 * both sides; commas stand side by side. Linear; no recursion. */
guint nesting_of(const char *text, gsize length);

#endif
