/* The tables behind statement_classify(). What is refused in a transaction block is what calls
 * PreventInTransactionBlock() in PostgreSQL's source, as far as words can tell; a partitioned
 * table's REINDEX or CLUSTER is left for the server to refuse. */
#include "analysis/statement.h"

#include <string.h>

#include "analysis/sql_pattern.h"

struct kind_row {
    const char *pattern; /* begins with a word or words in capitals */
    enum statement_kind kind;
    const char *reason; /* for STATEMENT_OUTSIDE */
};

/* The first row that matches holds, so that exceptions come before their rule. */
static const struct kind_row postgresql_rows[] = {
    {"BEGIN", STATEMENT_BEGIN, NULL},
    {"START TRANSACTION", STATEMENT_BEGIN, NULL},
    {"COMMIT|ROLLBACK PREPARED", STATEMENT_PREPARED, NULL},
    {"PREPARE TRANSACTION", STATEMENT_PREPARED, NULL},
    {"COMMIT|END|ROLLBACK|ABORT WORK|TRANSACTION? AND CHAIN $", STATEMENT_CHAIN, NULL},
    {"ROLLBACK WORK|TRANSACTION? TO", STATEMENT_SAVEPOINT, NULL},
    {"SAVEPOINT|RELEASE", STATEMENT_SAVEPOINT, NULL},
    {"COMMIT|END WORK|TRANSACTION? $", STATEMENT_COMMIT, NULL},
    {"COMMIT|END WORK|TRANSACTION? AND NO CHAIN $", STATEMENT_COMMIT, NULL},
    {"ROLLBACK|ABORT WORK|TRANSACTION? $", STATEMENT_ROLLBACK, NULL},
    {"ROLLBACK|ABORT WORK|TRANSACTION? AND NO CHAIN $", STATEMENT_ROLLBACK, NULL},
    {"CALL", STATEMENT_CALL, NULL},
    {"DO", STATEMENT_DO, NULL},
    {"COPY BINARY? <name> ()? FROM STDIN|STDOUT", STATEMENT_COPY_IN, NULL},
    {"COPY BINARY? <name> ()? TO STDIN|STDOUT", STATEMENT_COPY_OUT, NULL},
    {"COPY () TO STDIN|STDOUT", STATEMENT_COPY_OUT, NULL},
    {"VACUUM", STATEMENT_OUTSIDE, "VACUUM"},
    {"CREATE UNIQUE? INDEX CONCURRENTLY", STATEMENT_OUTSIDE, "CREATE INDEX CONCURRENTLY"},
    {"DROP INDEX CONCURRENTLY", STATEMENT_OUTSIDE, "DROP INDEX CONCURRENTLY"},
    {"REINDEX ()? DATABASE", STATEMENT_OUTSIDE, "REINDEX DATABASE"},
    {"REINDEX ()? SCHEMA", STATEMENT_OUTSIDE, "REINDEX SCHEMA"},
    {"REINDEX ()? SYSTEM", STATEMENT_OUTSIDE, "REINDEX SYSTEM"},
    {"REINDEX ( ... CONCURRENTLY FALSE|OFF|0", STATEMENT_ORDINARY, NULL},
    {"REINDEX ( ... CONCURRENTLY", STATEMENT_OUTSIDE, "REINDEX CONCURRENTLY"},
    {"REINDEX ()? TABLE|INDEX CONCURRENTLY", STATEMENT_OUTSIDE, "REINDEX CONCURRENTLY"},
    {"CREATE DATABASE", STATEMENT_OUTSIDE, "CREATE DATABASE"},
    {"DROP DATABASE", STATEMENT_OUTSIDE, "DROP DATABASE"},
    {"CREATE TABLESPACE", STATEMENT_OUTSIDE, "CREATE TABLESPACE"},
    {"DROP TABLESPACE", STATEMENT_OUTSIDE, "DROP TABLESPACE"},
    {"ALTER DATABASE <name> SET TABLESPACE", STATEMENT_OUTSIDE, "ALTER DATABASE SET TABLESPACE"},
    {"ALTER SYSTEM", STATEMENT_OUTSIDE, "ALTER SYSTEM"},
    {"CLUSTER VERBOSE? $", STATEMENT_OUTSIDE, "CLUSTER without a table"},
    {"CLUSTER () $", STATEMENT_OUTSIDE, "CLUSTER without a table"},
    {"CREATE SUBSCRIPTION ... WITH ( ... CONNECT|CREATE_SLOT = FALSE|OFF|0|'FALSE'|'OFF'",
     STATEMENT_ORDINARY, NULL},
    {"CREATE SUBSCRIPTION", STATEMENT_OUTSIDE, "CREATE SUBSCRIPTION"},
    {"DROP SUBSCRIPTION", STATEMENT_OUTSIDE, "DROP SUBSCRIPTION"},
    {"ALTER SUBSCRIPTION <name> REFRESH", STATEMENT_OUTSIDE, "ALTER SUBSCRIPTION REFRESH"},
    {"ALTER SUBSCRIPTION <name> SET|ADD|DROP PUBLICATION ... WITH ( ... REFRESH = FALSE|OFF|0",
     STATEMENT_ORDINARY, NULL},
    {"ALTER SUBSCRIPTION <name> SET|ADD|DROP PUBLICATION", STATEMENT_OUTSIDE,
     "ALTER SUBSCRIPTION with refresh"},
    {"ALTER SUBSCRIPTION <name> SET ( ... FAILOVER|TWO_PHASE", STATEMENT_OUTSIDE,
     "ALTER SUBSCRIPTION SET (failover, two_phase)"},
    {"ALTER TABLE ... DETACH PARTITION <name> CONCURRENTLY", STATEMENT_OUTSIDE,
     "DETACH PARTITION CONCURRENTLY"},
    {"DISCARD ALL", STATEMENT_OUTSIDE, "DISCARD ALL"},
    {NULL, STATEMENT_ORDINARY, NULL},
};

/* The pragmas are not refused in a transaction, which is worse: there they do nothing. */
static const struct kind_row sqlite_rows[] = {
    {"BEGIN", STATEMENT_BEGIN, NULL},
    {"ROLLBACK TRANSACTION? TO", STATEMENT_SAVEPOINT, NULL},
    {"ROLLBACK TRANSACTION <name> TO", STATEMENT_SAVEPOINT, NULL},
    {"SAVEPOINT|RELEASE", STATEMENT_SAVEPOINT, NULL},
    {"COMMIT|END $", STATEMENT_COMMIT, NULL},
    {"COMMIT|END TRANSACTION <name>? $", STATEMENT_COMMIT, NULL},
    {"ROLLBACK $", STATEMENT_ROLLBACK, NULL},
    {"ROLLBACK TRANSACTION <name>? $", STATEMENT_ROLLBACK, NULL},
    {"VACUUM", STATEMENT_OUTSIDE, "VACUUM"},
    {"PRAGMA FOREIGN_KEYS =|(", STATEMENT_OUTSIDE, "PRAGMA foreign_keys"},
    {"PRAGMA ... JOURNAL_MODE =|(", STATEMENT_OUTSIDE, "PRAGMA journal_mode"},
    {"PRAGMA ... SYNCHRONOUS =|(", STATEMENT_OUTSIDE, "PRAGMA synchronous"},
    {NULL, STATEMENT_ORDINARY, NULL},
};

/* Words after CREATE that people leave out when they speak of it. */
static const char *const qualifiers[] = {
    "OR",       "REPLACE",   "UNIQUE",  "TEMP",       "TEMPORARY",  "GLOBAL",  "LOCAL",
    "UNLOGGED", "RECURSIVE", "TRUSTED", "PROCEDURAL", "CONSTRAINT", "DEFAULT",
};

/* Objects that take more than one word, after CREATE, ALTER and DROP. */
static const char *const objects[] = {
    "ACCESS METHOD",   "DEFAULT PRIVILEGES", "EVENT TRIGGER",     "FOREIGN DATA WRAPPER",
    "FOREIGN TABLE",   "LARGE OBJECT",       "MATERIALIZED VIEW", "OPERATOR CLASS",
    "OPERATOR FAMILY", "PROPERTY GRAPH",     "TEXT SEARCH",       "USER MAPPING",
    "VIRTUAL TABLE",
};

/* Other statements that one word does not name. */
static const char *const phrases[] = {
    "COMMENT ON",
    "COMMIT PREPARED",
    "DISCARD ALL",
    "IMPORT FOREIGN SCHEMA",
    "PREPARE TRANSACTION",
    "REASSIGN OWNED",
    "REFRESH MATERIALIZED VIEW",
    "ROLLBACK PREPARED",
    "ROLLBACK TO",
    "SECURITY LABEL",
    "SET CONSTRAINTS",
    "SET ROLE",
    "SET SESSION AUTHORIZATION",
    "SET TRANSACTION",
    "START TRANSACTION",
};

enum { VERB_WORDS = 5 };

static gboolean is_in(const char *word, const char *const *list, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return TRUE;
    return FALSE;
}

/* The leading words in upper case, one space between, qualifiers left out. */
static void leading_words(GString *words, struct sql_lexer *lexer)
{
    struct sql_token token;
    guint count = 0;
    gboolean creates = FALSE;
    while (count < VERB_WORDS && sql_lexer_next(lexer, &token)) {
        if (count == 0 && sql_token_is(lexer, &token, '('))
            continue; /* (SELECT ...) UNION ... */
        if (token.type != SQL_WORD)
            break;
        g_autofree char *word = g_ascii_strup(lexer->text + token.offset, (gssize)token.length);
        if (creates && is_in(word, qualifiers, G_N_ELEMENTS(qualifiers)))
            continue;
        creates = creates || (count == 0 && strcmp(word, "CREATE") == 0);
        g_string_append(words, count > 0 ? " " : "");
        g_string_append(words, word);
        count++;
    }
}

/* Bytes of phrase when text begins with it as whole words, else 0. */
static gsize phrase_length(const char *text, const char *const *list, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        gsize length = strlen(list[i]);
        if (strncmp(text, list[i], length) == 0 && (text[length] == ' ' || text[length] == '\0'))
            return length;
    }
    return 0;
}

static gsize verb_length(const char *words)
{
    static const char *const heads[] = {"CREATE", "ALTER", "DROP"};
    gsize length = phrase_length(words, phrases, G_N_ELEMENTS(phrases));
    gsize head = phrase_length(words, heads, G_N_ELEMENTS(heads));
    if (length > 0)
        return length;
    if (head == 0 || words[head] == '\0')
        return strcspn(words, " ");
    head++;
    length = phrase_length(words + head, objects, G_N_ELEMENTS(objects));
    return head + (length > 0 ? length : strcspn(words + head, " "));
}

/* Cuts to what fits, never inside a character. */
static void copy_verb(char *verb, gsize size, const char *words, gsize length)
{
    if (length >= size) {
        length = size - 1;
        for (guint i = 0; i < 3 && ((guchar)words[length] & 0xc0) == 0x80; i++)
            length--;
    }
    memcpy(verb, words, length);
    verb[length] = '\0';
}

static void find_verb(struct script_statement *statement, struct sql_lexer lexer)
{
    g_autoptr(GString) words = g_string_new(NULL);
    leading_words(words, &lexer);
    if (words->len == 0)
        g_string_append(words, "statement");
    copy_verb(statement->verb, sizeof(statement->verb), words->str, verb_length(words->str));
}

/* The text between the quotes; doubled quotes are made single. */
static char *literal_body(const char *literal, gsize length, enum sql_token_type type)
{
    const char *open = memchr(literal, type == SQL_DOLLAR ? '$' : '\'', length);
    gsize begin = (gsize)(open - literal) + 1;
    gsize close = 1;
    if (type == SQL_DOLLAR) {
        close = strcspn(literal + 1, "$") + 2;
        begin = close;
    }
    GString *body = g_string_new_len(literal + begin, (gssize)(length - close - begin));
    if (type == SQL_STRING)
        g_string_replace(body, "''", "'", 0);
    return g_string_free(body, FALSE);
}

/* What a PL/pgSQL statement can follow. */
static gboolean ends_what_precedes(const struct sql_lexer *lexer, const struct sql_token *token)
{
    static const char *const words[] = {"BEGIN", "THEN", "ELSE", "LOOP"};
    if (sql_token_is(lexer, token, ';') || sql_token_is(lexer, token, '>'))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (sql_token_is_word(lexer, token, words[i]))
            return TRUE;
    return FALSE;
}

/* COMMIT or ROLLBACK as a statement of PL/pgSQL. */
static gboolean body_commits(const char *body)
{
    struct sql_lexer lexer;
    struct sql_token token, previous = {.type = SQL_END};
    sql_lexer_init(&lexer, body, strlen(body), SQL_POSTGRESQL);
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END) {
        if (token.type == SQL_WORD && ends_what_precedes(&lexer, &previous)) {
            struct sql_lexer ahead = lexer;
            ahead.at = token.offset;
            if (sql_pattern_take(&ahead, "COMMIT|ROLLBACK ;|AND"))
                return TRUE;
        }
        previous = token;
    }
    return FALSE;
}

static gboolean do_commits(struct sql_lexer lexer)
{
    struct sql_token token;
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END) {
        const char *literal = lexer.text + token.offset;
        if (token.type != SQL_STRING && token.type != SQL_DOLLAR)
            continue;
        g_autofree char *body = literal_body(literal, token.length, token.type);
        if (body_commits(body))
            return TRUE;
    }
    return FALSE;
}

/* Whether one of the first words of pattern begins with letter. */
static gboolean may_begin(const char *pattern, char letter)
{
    for (const char *at = pattern; *at != '\0' && *at != ' '; at++)
        if (*at == letter && (at == pattern || at[-1] == '|'))
            return TRUE;
    return FALSE;
}

/* Every pattern begins with a word, and few with the letter that is wanted. */
static const struct kind_row *find_row(const struct sql_lexer *lexer)
{
    const struct kind_row *row = lexer->dialect == SQL_SQLITE ? sqlite_rows : postgresql_rows;
    struct sql_lexer first = *lexer;
    struct sql_token token;
    gboolean is_word = sql_lexer_next(&first, &token) && token.type == SQL_WORD;
    char letter = is_word ? g_ascii_toupper(lexer->text[token.offset]) : '\0';
    for (; row->pattern != NULL; row++) {
        struct sql_lexer ahead = *lexer;
        if (is_word && may_begin(row->pattern, letter) && sql_pattern_take(&ahead, row->pattern))
            break;
    }
    return row;
}

void statement_classify(struct script_statement *statement, const char *text, gsize length,
                        enum sql_dialect dialect)
{
    struct sql_lexer lexer;
    sql_lexer_init(&lexer, text, length, dialect);
    const struct kind_row *row = find_row(&lexer);
    statement->kind = row->kind;
    statement->outside_reason = row->reason;
    if (row->kind == STATEMENT_DO && do_commits(lexer)) {
        statement->kind = STATEMENT_OUTSIDE;
        statement->outside_reason = "DO that commits";
    }
    find_verb(statement, lexer);
}
