/* Tokens of SQL, cut as PostgreSQL (manual, section 4.1) or SQLite cuts them. Knows quoting and
 * comments, and no grammar. */
#ifndef WINCH_ANALYSIS_SQL_LEXER_H
#define WINCH_ANALYSIS_SQL_LEXER_H

#include <glib.h>

#include "analysis/script.h"

enum sql_token_type {
    SQL_END,
    SQL_WORD,    /* keyword or plain identifier */
    SQL_NAME,    /* quoted identifier */
    SQL_STRING,  /* '...' with any prefix and with its continuation lines */
    SQL_DOLLAR,  /* $tag$...$tag$ */
    SQL_NUMBER,  /* digits only: what follows them is a word */
    SQL_SYMBOL,  /* one byte of anything else */
    SQL_COMMENT, /* never returned, but named when it does not end */
};

struct sql_token {
    enum sql_token_type type;
    gsize offset;
    gsize length;
    gboolean plain_backslash; /* a literal without E that has a backslash: its meaning depends on
                                 standard_conforming_strings */
};

/* Copy it to look ahead. */
struct sql_lexer {
    const char *text;
    gsize length;
    gsize at;
    enum sql_dialect dialect;
};

/* Borrows text, which may be any bytes. */
void sql_lexer_init(struct sql_lexer *lexer, const char *text, gsize length,
                    enum sql_dialect dialect);

/* The next token, SQL_END at the end of the text. False when something that began at token->offset
 * does not end; token->type says what. */
gboolean sql_lexer_next(struct sql_lexer *lexer, struct sql_token *token);

/* True for the one-byte token symbol. */
gboolean sql_token_is(const struct sql_lexer *lexer, const struct sql_token *token, char symbol);

/* True for the unquoted word, in any case. word is upper case. */
gboolean sql_token_is_word(const struct sql_lexer *lexer, const struct sql_token *token,
                           const char *word);

#endif
