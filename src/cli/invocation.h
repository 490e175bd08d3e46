/* A command line, read: golang-migrate's spellings and winch's own. */
#ifndef WINCH_CLI_INVOCATION_H
#define WINCH_CLI_INVOCATION_H

#include <glib.h>

#include "base/autofree.h"
#include "base/error.h"

struct command;

/* One row an option; -x, --x, -x=v, --x v are all the same. */
struct option {
    const char *name;     /* "lock-timeout" */
    const char *argument; /* "DURATION", or NULL for a switch */
    const char *setting;  /* the configuration key it overrides, or NULL */
    const char *help;     /* one line */
    gboolean is_global;   /* may stand before or after any command */
};
extern const struct option option_table[]; /* NULL-name terminated */

struct invocation {
    const struct command *command; /* NULL: none was given */
    GPtrArray *arguments;          /* of char *: what is left after options */
    GPtrArray *trailing;           /* of char *: everything after "--", NULL-terminated for exec */
    GHashTable *values;            /* option name -> its last value ("" for a switch) */
};

/* Reads argv (argv[0] is skipped). ERROR_USAGE names what is wrong and the nearest spelling.
 * Negative numbers after a command are arguments, not options ("force -1"). */
struct invocation *invocation_parse(int argc, char *const *argv, GError **error);
void invocation_free(struct invocation *invocation);
DEFINE_AUTOPTR(invocation, invocation_free);

/* The value given, or NULL. A switch gives "". Borrowed. */
const char *invocation_value(const struct invocation *invocation, const char *option);
gboolean invocation_has(const struct invocation *invocation, const char *option);

/* The argument at index, or NULL. Borrowed. */
const char *invocation_argument(const struct invocation *invocation, guint index);

/* text as a count; what names it in the error ("a limit", "the number of digits"). */
gboolean invocation_count(const char *text, const char *what, guint *count, GError **error);

/* Refuses two of these options (NULL-terminated), or one of them beside an argument, which the
 * error calls argument: each says another thing, and none may be passed over in silence. */
gboolean invocation_one_of(const struct invocation *invocation, const char *const *options,
                           const char *argument, GError **error);

#endif
