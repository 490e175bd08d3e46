/* What each part of a SQL text is, for colouring it: made from the same tokens that cut it into
 * statements. */
#ifndef WINCH_ANALYSIS_SQL_WORDS_H
#define WINCH_ANALYSIS_SQL_WORDS_H

#include <glib.h>

#include "analysis/script.h"

enum sql_word_kind {
    SQL_WORD_OTHER, /* names, operators, blanks: never in a list of spans */
    SQL_WORD_KEYWORD,
    SQL_WORD_STRING, /* quotes and dollar quotes, with what continues them */
    SQL_WORD_COMMENT,
    SQL_WORD_NUMBER,
};

struct sql_word {
    gsize offset, length; /* bytes */
    enum sql_word_kind kind;
};

/* The spans that are not SQL_WORD_OTHER, ascending and apart. text may be any bytes; what begins
 * and does not end takes all the rest. Linear; thread-safe. Of struct sql_word; free with
 * g_array_unref(). */
GArray *sql_words(const char *text, gsize length, enum sql_dialect dialect);

/* The span of a byte: its kind, and with end not NULL the byte behind the last one of that kind
 * (G_MAXSIZE behind the last span). Logarithmic. */
enum sql_word_kind sql_words_at(const GArray *words, gsize offset, gsize *end);

/* True for a word of the table of keywords, in any case. */
gboolean sql_word_is_keyword(const char *word, gsize length);

#endif
