/* What one statement is, as far as running it goes: told from its first words by tables. */
#ifndef WINCH_ANALYSIS_STATEMENT_H
#define WINCH_ANALYSIS_STATEMENT_H

#include "analysis/script.h"

/* Fills in kind, verb and outside_reason. text is the statement alone. */
void statement_classify(struct script_statement *statement, const char *text, gsize length,
                        enum sql_dialect dialect);

#endif
