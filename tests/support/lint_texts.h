/* Lint of texts that lie in no file. */
#ifndef WINCH_TESTS_SUPPORT_LINT_TEXTS_H
#define WINCH_TESTS_SUPPORT_LINT_TEXTS_H

#include "analysis/lint.h"

/* NULL: no such file. */
struct lint_texts {
    const char *before; /* what earlier migrations ran, as one */
    const char *up, *down;
    const char *after;  /* later ones */
    const char *allows; /* rules, one a line */
    gboolean is_irreversible, is_transaction_off, is_expand;
    const char *undeclared;  /* an object that 000001 has made, without a note */
    unsigned server_version; /* 0: the newest */
};

/* Of struct lint_finding; free with g_array_unref(). */
GArray *lint_texts_check(const struct lint_texts *texts);

/* The words of one half: "LOCK DML". Free with g_free(). */
char *lint_texts_risks(const struct lint_texts *texts, gboolean is_down);

#endif
