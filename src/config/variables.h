/* ${VAR}, ${VAR:-default} and ${VAR:?message} in the text of a value. */
#ifndef WINCH_CONFIG_VARIABLES_H
#define WINCH_CONFIG_VARIABLES_H

#include <glib.h>

/* The value of an environment variable, or NULL. Borrowed; good until the environment changes. */
typedef const char *(*variable_lookup)(const char *name, gpointer data);

enum expansion {
    EXPANSION_DONE,
    EXPANSION_UNSET,     /* a variable without a value */
    EXPANSION_MALFORMED, /* "${" without "}", a name that is none */
};

/* What every variable becomes in variables_literal(). */
#define VARIABLE_MARK '\001'

/* Replaces the variables of text. As in a shell: ":-" and ":?" take an empty variable for an unset
 * one, a default may itself hold variables, a value is never looked at again. "$$" is one "$"; a
 * "$" before anything else is itself. On EXPANSION_DONE *result is the text; otherwise it says
 * what is wrong. *is_fallback is set when some :-default was used. Free *result with g_free(). */
enum expansion variables_expand(const char *text, variable_lookup lookup, gpointer data,
                                char **result, gboolean *is_fallback);

/* What stands in the file itself: every variable is one VARIABLE_MARK, a :-default is kept beside
 * it. NULL when text is malformed. Free with g_free(). */
char *variables_literal(const char *text);

#endif
