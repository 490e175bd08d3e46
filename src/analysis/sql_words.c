/* Spans for colouring. Comments are what stands between two tokens and is not blank. */
#include "analysis/sql_words.h"

#include "analysis/sql_lexer.h"

#include <stdlib.h>
#include <string.h>

/* PostgreSQL's reserved words (manual, appendix C), and those that statements of migrations are
 * made of. In order, for searching. */
/* clang-format off */
static const char *const keywords[] = {
    "ABORT", "ACCESS", "ADD", "AFTER", "AGGREGATE", "ALL", "ALTER", "ALWAYS", "ANALYSE",
    "ANALYZE", "AND", "ANY", "AS", "ASC", "ASYMMETRIC", "ATOMIC", "ATTACH", "AUTHORIZATION",
    "BEFORE", "BEGIN", "BETWEEN", "BIGINT", "BIGSERIAL", "BINARY", "BOOLEAN", "BOTH", "BY",
    "CACHE", "CALL", "CALLED", "CASCADE", "CASE", "CAST", "CHAIN", "CHAR", "CHARACTER", "CHECK",
    "CLUSTER", "COLLATE", "COLLATION", "COLUMN", "COMMENT", "COMMIT", "CONCURRENTLY", "CONFLICT",
    "CONSTRAINT", "COPY", "COST", "CREATE", "CROSS", "CURRENT_CATALOG", "CURRENT_DATE",
    "CURRENT_ROLE", "CURRENT_SCHEMA", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER",
    "CYCLE", "DATABASE", "DATE", "DEFAULT", "DEFAULTS", "DEFERRABLE", "DEFERRED", "DEFINER",
    "DELETE", "DESC", "DETACH", "DISABLE", "DISTINCT", "DO", "DOMAIN", "DROP", "EACH", "ELSE",
    "ENABLE", "END", "ENUM", "EXCEPT", "EXCLUDE", "EXCLUDING", "EXECUTE", "EXISTS", "EXPLAIN",
    "EXTENSION", "FALSE", "FETCH", "FIRST", "FOR", "FORCE", "FOREIGN", "FREEZE", "FROM", "FULL",
    "FUNCTION", "GENERATED", "GLOBAL", "GRANT", "GROUP", "HAVING", "IDENTITY", "IF", "ILIKE",
    "IMMEDIATE", "IMMUTABLE", "IN", "INCLUDE", "INCLUDING", "INCREMENT", "INDEX", "INHERIT",
    "INHERITS", "INITIALLY", "INNER", "INSERT", "INSTEAD", "INT", "INTEGER", "INTERSECT",
    "INTERVAL", "INTO", "INVOKER", "IS", "ISNULL", "ISOLATION", "JOIN", "KEY", "LANGUAGE", "LAST",
    "LATERAL", "LEADING", "LEAKPROOF", "LEFT", "LEVEL", "LIKE", "LIMIT", "LOCAL", "LOCALTIME",
    "LOCALTIMESTAMP", "LOCK", "LOCKED", "LOGGED", "MATCH", "MATERIALIZED", "MAXVALUE", "MERGE",
    "MINVALUE", "MODE", "NATURAL", "NEXT", "NO", "NOT", "NOTHING", "NOTNULL", "NOWAIT", "NULL",
    "NULLS", "NUMERIC", "OF", "OFFSET", "ON", "ONLY", "OR", "ORDER", "OUTER", "OVER", "OVERLAPS",
    "OWNED", "OWNER", "PARALLEL", "PARTITION", "PLACING", "POLICY", "PREPARE", "PRIMARY",
    "PRIVILEGES", "PROCEDURE", "PUBLICATION", "RANGE", "REASSIGN", "RECURSIVE", "REFERENCES",
    "REFRESH", "REINDEX", "RELEASE", "RENAME", "REPLACE", "RESET", "RESTART", "RESTRICT",
    "RETURNING", "RETURNS", "REVOKE", "RIGHT", "ROLE", "ROLLBACK", "ROW", "ROWS", "RULE",
    "SAVEPOINT", "SCHEMA", "SECURITY", "SELECT", "SEQUENCE", "SERIAL", "SERIALIZABLE",
    "SESSION_USER", "SET", "SHARE", "SIMILAR", "SKIP", "SMALLINT", "SOME", "STABLE", "START",
    "STATISTICS", "STORAGE", "STORED", "STRICT", "SUBSCRIPTION", "SYMMETRIC", "SYSTEM_USER",
    "TABLE", "TABLESAMPLE", "TABLESPACE", "TEMP", "TEMPORARY", "TEXT", "THEN", "TIME",
    "TIMESTAMP", "TO", "TRAILING", "TRANSACTION", "TRIGGER", "TRUE", "TRUNCATE", "TYPE", "UNION",
    "UNIQUE", "UNLOGGED", "UPDATE", "USER", "USING", "VACUUM", "VALID", "VALIDATE", "VALUES",
    "VARCHAR", "VARIADIC", "VERBOSE", "VIEW", "VOLATILE", "WHEN", "WHERE", "WINDOW", "WITH",
    "WITHIN", "WITHOUT", "WORK", "ZONE",
};
/* clang-format on */
#define KEYWORD_MAX 24

static int compare_keyword(const void *word, const void *row)
{
    return strcmp(word, *(const char *const *)row);
}

gboolean sql_word_is_keyword(const char *word, gsize length)
{
    char upper[KEYWORD_MAX];
    if (length >= sizeof upper)
        return FALSE;
    for (gsize i = 0; i < length; i++)
        upper[i] = g_ascii_toupper(word[i]);
    upper[length] = '\0';
    return bsearch(upper, keywords, G_N_ELEMENTS(keywords), sizeof keywords[0], compare_keyword) !=
           NULL;
}

/* Neighbours of one kind become one span. */
static void add(GArray *words, enum sql_word_kind kind, gsize offset, gsize length)
{
    struct sql_word *last =
        words->len > 0 ? &g_array_index(words, struct sql_word, words->len - 1) : NULL;
    if (kind == SQL_WORD_OTHER || length == 0)
        return;
    if (last != NULL && last->kind == kind && last->offset + last->length == offset)
        last->length += length;
    else
        g_array_append_vals(words, &(struct sql_word){offset, length, kind}, 1);
}

/* The byte behind the comment that begins here. */
static gsize comment_end(const struct sql_lexer *lexer, gsize at, gsize end)
{
    gsize depth = 0;
    if (lexer->text[at] == '-') {
        while (at < end && lexer->text[at] != '\n' &&
               (lexer->text[at] != '\r' || lexer->dialect != SQL_POSTGRESQL))
            at++;
        return at;
    }
    for (; at + 1 < end; at++) {
        gboolean opens = lexer->text[at] == '/' && lexer->text[at + 1] == '*';
        gboolean closes = lexer->text[at] == '*' && lexer->text[at + 1] == '/';
        if (opens && (depth == 0 || lexer->dialect == SQL_POSTGRESQL))
            depth++;
        else if (!closes)
            continue;
        at++;
        if (closes && --depth == 0)
            return at + 1;
    }
    return end;
}

/* A gap between tokens holds blanks and whole comments, nothing else. */
static void add_gap(GArray *words, const struct sql_lexer *lexer, gsize at, gsize end)
{
    while (at < end) {
        if (lexer->text[at] != '-' && lexer->text[at] != '/') {
            at++;
            continue;
        }
        gsize behind = comment_end(lexer, at, end);
        add(words, SQL_WORD_COMMENT, at, behind - at);
        at = behind;
    }
}

/* "1.5e10" is three tokens of one number. */
static gboolean continues_number(const struct sql_lexer *lexer, const struct sql_token *token,
                                 const GArray *words)
{
    const struct sql_word *last =
        words->len > 0 ? &g_array_index(words, struct sql_word, words->len - 1) : NULL;
    return last != NULL && last->kind == SQL_WORD_NUMBER &&
           last->offset + last->length == token->offset &&
           (token->type == SQL_WORD || sql_token_is(lexer, token, '.'));
}

static enum sql_word_kind kind_of(const struct sql_lexer *lexer, const struct sql_token *token,
                                  gboolean is_behind_dot)
{
    switch (token->type) {
    case SQL_STRING:
    case SQL_DOLLAR:
        return SQL_WORD_STRING;
    case SQL_NUMBER:
        return SQL_WORD_NUMBER;
    case SQL_COMMENT:
        return SQL_WORD_COMMENT;
    case SQL_WORD:
        return !is_behind_dot && sql_word_is_keyword(lexer->text + token->offset, token->length)
                   ? SQL_WORD_KEYWORD
                   : SQL_WORD_OTHER;
    default:
        return SQL_WORD_OTHER;
    }
}

GArray *sql_words(const char *text, gsize length, enum sql_dialect dialect)
{
    GArray *words = g_array_new(FALSE, FALSE, sizeof(struct sql_word));
    struct sql_lexer lexer;
    struct sql_token token;
    gboolean is_behind_dot = FALSE;
    sql_lexer_init(&lexer, text, length, dialect);
    for (gsize end = 0;; end = lexer.at) {
        gboolean whole = sql_lexer_next(&lexer, &token);
        enum sql_word_kind kind = kind_of(&lexer, &token, is_behind_dot);
        add_gap(words, &lexer, end, token.offset);
        if (!whole) {
            add(words, kind, token.offset, length - token.offset);
            return words;
        }
        if (token.type == SQL_END)
            return words;
        if (continues_number(&lexer, &token, words))
            kind = SQL_WORD_NUMBER;
        add(words, kind, token.offset, token.length);
        is_behind_dot = sql_token_is(&lexer, &token, '.') && kind != SQL_WORD_NUMBER;
    }
}

enum sql_word_kind sql_words_at(const GArray *words, gsize offset, gsize *end)
{
    guint low = 0, high = words->len;
    gsize unused = 0;
    end = end != NULL ? end : &unused;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const struct sql_word *word = &g_array_index(words, struct sql_word, middle);
        if (word->offset + word->length <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    *end = G_MAXSIZE;
    if (low == words->len)
        return SQL_WORD_OTHER;
    const struct sql_word *word = &g_array_index(words, struct sql_word, low);
    gboolean is_inside = word->offset <= offset;
    *end = is_inside ? word->offset + word->length : word->offset;
    return is_inside ? word->kind : SQL_WORD_OTHER;
}
