/* What each rule has to find, and what it must not: a row each. */
#ifndef WINCH_TESTS_LINT_CASES_H
#define WINCH_TESTS_LINT_CASES_H

#include <glib.h>

struct lint_case {
    const char *rule;
    guint times;        /* how often it is found */
    const char *before; /* earlier migrations; NULL: none */
    const char *up;
    const char *down;  /* NULL: no down file */
    const char *after; /* later migrations; NULL: none */
};

extern const struct lint_case lint_cases[]; /* NULL-rule terminated */

#endif
