/* Which rows of a list are shown: "outcome:failed title~invoice 000045". Terms stand apart by
 * blanks and all must match:
 *   key:value   the row's value for key is value, or one of its words is (or it begins with it,
 * when it ends in '*') key~text    the row's value for key contains text text        any of the
 * row's values contains text
 * '!' before a term turns it round. "double quotes" hold blanks together. Small letters match
 * capitals too, capitals themselves alone. */
#ifndef WINCH_CONSOLE_FILTER_H
#define WINCH_CONSOLE_FILTER_H

#include <glib.h>

#include "base/autofree.h"
#include "base/error.h"

/* Immutable. */
struct filter;

/* keys: those that a row has, ended by NULL; it must outlive the filter. NULL with ERROR_USAGE for
 * a key that is none, and for a term without a value. A filter without terms matches all. */
struct filter *filter_new(const char *text, const char *const *keys, GError **error);
void filter_free(struct filter *filter);
DEFINE_AUTOPTR(filter, filter_free);

/* As it was typed; "" for none. Borrowed. */
const char *filter_text(const struct filter *filter);
gboolean filter_is_empty(const struct filter *filter);

/* A row's value for keys[key], or NULL when it has none; g_free()d by the filter. */
typedef char *(*filter_value_fn)(gconstpointer row, guint key, gpointer data);
/* filter NULL: everything matches. */
gboolean filter_matches(const struct filter *filter, filter_value_fn value, gconstpointer row,
                        gpointer data);

#endif
