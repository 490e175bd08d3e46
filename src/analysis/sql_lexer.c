/* The rules are those of PostgreSQL's scan.l and of SQLite's tokenize.c. An operator is cut where a
 * comment begins inside it, so that one byte at a time gives the same boundaries. */
#include "analysis/sql_lexer.h"

#include <string.h>

void sql_lexer_init(struct sql_lexer *lexer, const char *text, gsize length,
                    enum sql_dialect dialect)
{
    *lexer = (struct sql_lexer){.text = text, .length = length, .dialect = dialect};
}

static char byte_at(const struct sql_lexer *lexer, gsize offset)
{
    return offset < lexer->length ? lexer->text[offset] : '\0';
}

static gboolean is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static gboolean is_word_start(char byte)
{
    return g_ascii_isalpha(byte) || byte == '_' || (guchar)byte >= 0x80;
}

static gboolean is_word_part(char byte)
{
    return is_word_start(byte) || g_ascii_isdigit(byte);
}

/* To the end of a -- comment. A lone carriage return ends it for PostgreSQL only. */
static void skip_line_comment(struct sql_lexer *lexer)
{
    while (lexer->at < lexer->length) {
        char byte = lexer->text[lexer->at];
        if (byte == '\n' || (byte == '\r' && lexer->dialect == SQL_POSTGRESQL))
            return;
        lexer->at++;
    }
}

static gboolean skip_block_comment(struct sql_lexer *lexer)
{
    gsize depth = 0;
    while (lexer->at + 1 < lexer->length) {
        const char *pair = lexer->text + lexer->at;
        if (pair[0] == '*' && pair[1] == '/') {
            lexer->at += 2;
            if (--depth == 0)
                return TRUE;
        } else if (pair[0] == '/' && pair[1] == '*' &&
                   (depth == 0 || lexer->dialect == SQL_POSTGRESQL)) {
            lexer->at += 2;
            depth++;
        } else
            lexer->at++;
    }
    return FALSE;
}

/* White space and comments. False, at its beginning, when a comment does not end. */
static gboolean skip_blank(struct sql_lexer *lexer)
{
    for (;;) {
        char byte = byte_at(lexer, lexer->at);
        char next = byte_at(lexer, lexer->at + 1);
        if (byte == '-' && next == '-')
            skip_line_comment(lexer);
        else if (byte == '/' && next == '*') {
            gsize begin = lexer->at;
            if (!skip_block_comment(lexer)) {
                lexer->at = begin;
                return FALSE;
            }
        } else if (is_space(byte))
            lexer->at++;
        else
            return TRUE;
    }
}

/* A quote on a later line, with nothing but white space and -- comments before it, continues the
 * literal, and in the same mode (manual, 4.1.2.1). */
static gboolean skip_continuation(struct sql_lexer *lexer)
{
    struct sql_lexer ahead = *lexer;
    gboolean new_line = FALSE;
    if (lexer->dialect != SQL_POSTGRESQL)
        return FALSE;
    for (;;) {
        char byte = byte_at(&ahead, ahead.at);
        if (byte == '-' && byte_at(&ahead, ahead.at + 1) == '-')
            skip_line_comment(&ahead);
        else if (is_space(byte)) {
            new_line = new_line || byte == '\n' || byte == '\r';
            ahead.at++;
        } else
            break;
    }
    if (!new_line || byte_at(&ahead, ahead.at) != '\'')
        return FALSE;
    lexer->at = ahead.at + 1;
    return TRUE;
}

/* From behind the opening quote to behind the closing one. */
static gboolean skip_quoted(struct sql_lexer *lexer, char close, gboolean doubled, gboolean escapes,
                            gboolean *backslash)
{
    while (lexer->at < lexer->length) {
        char byte = lexer->text[lexer->at++];
        if (byte == '\\') {
            *backslash = TRUE;
            if (escapes && lexer->at < lexer->length)
                lexer->at++;
        } else if (byte == close) {
            if (!doubled || byte_at(lexer, lexer->at) != close)
                return TRUE;
            lexer->at++;
        }
    }
    return FALSE;
}

static gboolean scan_string(struct sql_lexer *lexer, struct sql_token *token, gsize prefix)
{
    char letter = prefix > 0 ? g_ascii_toupper(lexer->text[lexer->at]) : '\0';
    gboolean escapes = letter == 'E';
    gboolean backslash = FALSE;
    gboolean ended;
    token->type = SQL_STRING;
    lexer->at += prefix + 1;
    do
        ended = skip_quoted(lexer, '\'', TRUE, escapes, &backslash);
    while (ended && skip_continuation(lexer));
    token->plain_backslash = backslash && (letter == '\0' || letter == 'N');
    return ended;
}

static gboolean scan_name(struct sql_lexer *lexer, struct sql_token *token, gsize prefix)
{
    char open = lexer->text[lexer->at + prefix];
    gboolean backslash = FALSE;
    token->type = SQL_NAME;
    lexer->at += prefix + 1;
    return skip_quoted(lexer, open == '[' ? ']' : open, open != '[', FALSE, &backslash);
}

/* Bytes that belong to the quote behind them: E'', B'', X'', N'', U&'', U&"". */
static gsize prefix_length(const struct sql_lexer *lexer)
{
    char letter = g_ascii_toupper(byte_at(lexer, lexer->at));
    char next = byte_at(lexer, lexer->at + 1);
    char third = byte_at(lexer, lexer->at + 2);
    if (lexer->dialect == SQL_SQLITE)
        return letter == 'X' && next == '\'' ? 1 : 0;
    if (next == '\'' && (letter == 'E' || letter == 'B' || letter == 'X' || letter == 'N'))
        return 1;
    return letter == 'U' && next == '&' && (third == '\'' || third == '"') ? 2 : 0;
}

/* Bytes of the $tag$ that stands here, or 0. A tag is an identifier without a dollar sign. */
static gsize tag_length(const struct sql_lexer *lexer)
{
    gsize end = lexer->at + 1;
    if (is_word_start(byte_at(lexer, end)))
        while (is_word_part(byte_at(lexer, end)))
            end++;
    return byte_at(lexer, end) == '$' ? end + 1 - lexer->at : 0;
}

/* To behind the closing tag. Linear: a comparison stops at the next dollar sign at the latest. */
static gboolean skip_dollar_quoted(struct sql_lexer *lexer, gsize tag)
{
    const char *open = lexer->text + lexer->at;
    const char *end = lexer->text + lexer->length;
    const char *at = open + tag;
    while ((gsize)(end - at) >= tag) {
        at = memchr(at, '$', (gsize)(end - at));
        if (at == NULL || (gsize)(end - at) < tag)
            break;
        if (memcmp(at, open, tag) == 0) {
            lexer->at = (gsize)(at - lexer->text) + tag;
            return TRUE;
        }
        at++;
    }
    return FALSE;
}

static void scan_word(struct sql_lexer *lexer, struct sql_token *token)
{
    token->type = SQL_WORD;
    while (is_word_part(byte_at(lexer, lexer->at)) || byte_at(lexer, lexer->at) == '$')
        lexer->at++;
}

static void scan_number(struct sql_lexer *lexer, struct sql_token *token)
{
    token->type = SQL_NUMBER;
    while (g_ascii_isdigit(byte_at(lexer, lexer->at)))
        lexer->at++;
}

static gboolean scan_token(struct sql_lexer *lexer, struct sql_token *token)
{
    gboolean sqlite = lexer->dialect == SQL_SQLITE;
    char byte = lexer->text[lexer->at];
    gsize prefix = prefix_length(lexer);
    char quote = byte_at(lexer, lexer->at + prefix);
    gsize tag = byte == '$' && !sqlite ? tag_length(lexer) : 0;
    if (quote == '\'')
        return scan_string(lexer, token, prefix);
    if (quote == '"' || (sqlite && (quote == '`' || quote == '[')))
        return scan_name(lexer, token, prefix);
    if (tag > 0) {
        token->type = SQL_DOLLAR;
        return skip_dollar_quoted(lexer, tag);
    }
    if (is_word_start(byte))
        scan_word(lexer, token);
    else if (g_ascii_isdigit(byte))
        scan_number(lexer, token);
    else {
        token->type = SQL_SYMBOL;
        lexer->at++;
    }
    return TRUE;
}

gboolean sql_lexer_next(struct sql_lexer *lexer, struct sql_token *token)
{
    gboolean whole = skip_blank(lexer);
    *token = (struct sql_token){.type = SQL_END, .offset = lexer->at};
    if (!whole)
        token->type = SQL_COMMENT;
    else if (lexer->at < lexer->length)
        whole = scan_token(lexer, token);
    token->length = lexer->at - token->offset;
    return whole;
}

gboolean sql_token_is(const struct sql_lexer *lexer, const struct sql_token *token, char symbol)
{
    return token->type == SQL_SYMBOL && lexer->text[token->offset] == symbol;
}

gboolean sql_token_is_word(const struct sql_lexer *lexer, const struct sql_token *token,
                           const char *word)
{
    return token->type == SQL_WORD && strlen(word) == token->length &&
           g_ascii_strncasecmp(lexer->text + token->offset, word, token->length) == 0;
}
