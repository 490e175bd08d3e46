/* The beginning of a statement described in a line: "CREATE UNIQUE? INDEX CONCURRENTLY". */
#ifndef WINCH_ANALYSIS_SQL_PATTERN_H
#define WINCH_ANALYSIS_SQL_PATTERN_H

#include "analysis/sql_lexer.h"

/* Takes what pattern describes from the lexer, which then stands behind it; false, with the lexer
 * where it was, when something else stands there. Elements are separated by one space:
 *
 *   WORD       this token, in any case: a keyword, a number, a symbol, a 'string'
 *   ONE|TWO    one of them
 *   <name>     an identifier, quoted or not, qualified or not
 *   ()         everything in one pair of parentheses
 *   ...        whatever comes before the next element; parentheses are passed over whole and
 *              never left, so that after "(" it searches inside them
 *   $          the end of the text
 *   ELEMENT?   the element, or nothing
 *
 * Linear in the length of the text. */
gboolean sql_pattern_take(struct sql_lexer *lexer, const char *pattern);

#endif
