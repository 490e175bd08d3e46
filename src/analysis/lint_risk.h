/* What a half does to those who work meanwhile, in a few words; whatever was allowed. */
#ifndef WINCH_ANALYSIS_LINT_RISK_H
#define WINCH_ANALYSIS_LINT_RISK_H

#include "analysis/lint.h"

/* In the order in which they are to be shown. */
enum lint_risk {
    RISK_DATA,    /* destroys rows or values that it did not make */
    RISK_REWRITE, /* writes a table in use anew */
    RISK_LOCK,    /* writers of a table in use wait, or everybody */
    RISK_DML,     /* changes rows of a table in use */
    RISK_NO_DOWN, /* of an up: nothing takes it back */
    RISK_NO_TX,   /* does not run in one transaction */
    RISK_UNKNOWN, /* something in it could not be looked into */
    LINT_RISKS,
};
#define LINT_RISK_BIT(risk) (1u << (risk))

/* The bits of one half; 0 where there is none. */
unsigned lint_risks(const struct lint_subject *subject, const struct lint_options *options,
                    gboolean is_down);

/* "DATA", "REWRITE", "LOCK", "DML", "NO-DOWN", "noTX", "?". Static. */
const char *lint_risk_word(enum lint_risk risk);

/* What a word means: a few words, no full stop. Static. */
const char *lint_risk_text(enum lint_risk risk);

/* "LOCK DML"; "" without any. Free with g_free(). */
char *lint_risk_words(unsigned risks);

#endif
