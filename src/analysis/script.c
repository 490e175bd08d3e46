/* Statement boundaries. A semicolon ends a statement unless it stands in parentheses (CREATE RULE),
 * in a BEGIN ATOMIC body, or, for SQLite, in the body of CREATE TRIGGER. */
#include "analysis/script.h"

#include <string.h>

#include "analysis/run_mode.h"
#include "analysis/sql_lexer.h"
#include "analysis/sql_pattern.h"
#include "analysis/statement.h"
#include "base/text.h"

struct cursor {
    gsize offset;
    unsigned line;
    unsigned column;
};

struct splitter {
    struct sql_lexer lexer;
    const char *file;
    struct script *script;
    struct cursor cursor;      /* only ever moves forward */
    gboolean inside;           /* a statement has begun */
    gsize begin, end;          /* its first byte, and the one behind its last token */
    struct sql_token previous; /* its last two tokens */
    struct sql_token before_previous;
    guint parentheses; /* open ones */
    gsize outermost;   /* where the first of them stands */
    enum { BODY_NOT_ASKED, BODY_POSSIBLE, BODY_IMPOSSIBLE } has_body;
    guint body; /* BEGIN ATOMIC and the CASEs in it that wait for END */
    gsize body_begin;
    gboolean backslashes_escape; /* standard_conforming_strings was turned off */
    const char *uncertain;
    gsize uncertain_at;
};

/* SET and set_config() of standard_conforming_strings; the first that matches holds. */
static const struct {
    const char *pattern;
    gboolean off;
} string_settings[] = {
#define SETTING "SET SESSION|LOCAL? STANDARD_CONFORMING_STRINGS"
#define CONFIG  "SELECT PG_CATALOG? .? SET_CONFIG ( 'STANDARD_CONFORMING_STRINGS'"
    {SETTING " =|TO ON|TRUE|YES|1|DEFAULT|'ON'|'TRUE'|'YES'|'1'", FALSE},
    {SETTING, TRUE},
    {CONFIG " , 'ON'|'TRUE'|'YES'|'1'", FALSE},
    {CONFIG, TRUE},
    {"RESET STANDARD_CONFORMING_STRINGS|ALL", FALSE},
#undef SETTING
#undef CONFIG
};

static gboolean begins_character(char byte)
{
    return ((guchar)byte & 0xc0) != 0x80;
}

static void cursor_move(struct cursor *cursor, const char *text, gsize offset)
{
    for (; cursor->offset < offset; cursor->offset++) {
        char byte = text[cursor->offset];
        if (byte == '\n') {
            cursor->line++;
            cursor->column = 1;
        } else if (begins_character(byte))
            cursor->column++;
    }
}

void script_locate(const char *text, gsize length, gsize offset, unsigned *line, unsigned *column)
{
    struct cursor cursor = {.line = 1, .column = 1};
    cursor_move(&cursor, text, MIN(offset, length));
    *line = cursor.line;
    *column = cursor.column;
}

void script_free(struct script *script)
{
    g_array_unref(script->statements);
    g_free(script->mode_reason);
    g_free(script->begin_modes);
    g_free(script);
}

/* An error at a place in the text, with the line that stands there. */
static void fail_at(const struct splitter *splitter, gsize offset, GError **error, char *message)
{
    const struct sql_lexer *lexer = &splitter->lexer;
    unsigned line, column;
    script_locate(lexer->text, lexer->length, offset, &line, &column);
    error_set_at(error, ERROR_SOURCE, splitter->file, line, "%s", message);
    g_free(message);
    if (error == NULL || *error == NULL)
        return;
    struct error_detail *detail = error_detail_edit(*error);
    detail->column = column;
    detail->line_text = text_line_at(lexer->text, lexer->length, line);
}

static gboolean fail_unterminated(const struct splitter *splitter, const struct sql_token *token,
                                  GError **error)
{
    static const struct {
        const char *what;
        const char *advice;
    } rows[] = {
        [SQL_NAME] = {"quoted name", "close it, or write a quote inside it twice"},
        [SQL_STRING] = {"quoted string", "close it; a quote inside it is written twice, and a "
                                         "backslash escapes one only in E'...'"},
        [SQL_DOLLAR] = {"dollar-quoted string", "close it with the very tag it began with"},
        [SQL_COMMENT] = {"/* comment", "close it with */; comments inside it are closed too"},
    };
    fail_at(splitter, token->offset, error,
            g_strdup_printf("unterminated %s", rows[token->type].what));
    error_advise(error, "%s", rows[token->type].advice);
    return FALSE;
}

static gboolean fail_meta_command(const struct splitter *splitter, gsize offset, GError **error)
{
    const char *at = splitter->lexer.text + offset;
    const char *end = splitter->lexer.text + splitter->lexer.length;
    gsize length = 1;
    while (at + length < end && length < 16 &&
           (g_ascii_isalpha(at[length]) || strchr(".!?", at[length]) != NULL))
        length++;
    fail_at(splitter, offset, error,
            g_strdup_printf("psql meta-command %.*s: only psql knows it", (int)length, at));
    error_advise(error, "write it in SQL; no server takes a backslash outside quotes");
    return FALSE;
}

static gboolean fail_copy(const struct splitter *splitter, GError **error)
{
    fail_at(splitter, splitter->begin, error,
            g_strdup("COPY FROM STDIN needs data that a migration file cannot carry"));
    error_advise(error, "use INSERT, or COPY FROM a file on the server");
    return FALSE;
}

static gboolean is_word(const struct splitter *splitter, const struct sql_token *token,
                        const char *word)
{
    return sql_token_is_word(&splitter->lexer, token, word);
}

static gboolean is_symbol(const struct splitter *splitter, const struct sql_token *token,
                          char symbol)
{
    return sql_token_is(&splitter->lexer, token, symbol);
}

/* Does the statement in progress begin as pattern says, so that it can have semicolons in a body?
 * Asked once a statement, when enough of it has been read. */
static gboolean has_body(struct splitter *splitter, const char *pattern)
{
    struct sql_lexer lexer = splitter->lexer;
    if (splitter->has_body == BODY_NOT_ASKED) {
        lexer.at = splitter->begin;
        splitter->has_body = sql_pattern_take(&lexer, pattern) ? BODY_POSSIBLE : BODY_IMPOSSIBLE;
    }
    return splitter->has_body == BODY_POSSIBLE;
}

static void watch_strings(struct splitter *splitter, const char *statement, gsize length)
{
    for (gsize i = 0; i < G_N_ELEMENTS(string_settings); i++) {
        struct sql_lexer lexer;
        sql_lexer_init(&lexer, statement, length, SQL_POSTGRESQL);
        if (!sql_pattern_take(&lexer, string_settings[i].pattern))
            continue;
        splitter->backslashes_escape = string_settings[i].off;
        return;
    }
}

/* Records the statement in progress. */
static gboolean finish(struct splitter *splitter, GError **error)
{
    const struct sql_lexer *lexer = &splitter->lexer;
    struct script_statement statement = {
        .offset = splitter->begin,
        .length = splitter->end - splitter->begin,
    };
    if (!splitter->inside)
        return TRUE;
    cursor_move(&splitter->cursor, lexer->text, splitter->begin);
    statement.line = splitter->cursor.line;
    statement.column = splitter->cursor.column;
    statement_classify(&statement, lexer->text + statement.offset, statement.length,
                       lexer->dialect);
    if (statement.kind == STATEMENT_COPY_IN && splitter->uncertain == NULL)
        return fail_copy(splitter, error);
    if (lexer->dialect == SQL_POSTGRESQL)
        watch_strings(splitter, lexer->text + statement.offset, statement.length);
    g_array_append_val(splitter->script->statements, statement);
    splitter->inside = FALSE;
    splitter->parentheses = splitter->body = 0;
    return TRUE;
}

static void count_parentheses(struct splitter *splitter, const struct sql_token *token)
{
    struct script *script = splitter->script;
    if (is_symbol(splitter, token, '(')) {
        if (splitter->parentheses++ == 0)
            splitter->outermost = token->offset;
        script->depth = MAX(script->depth, splitter->parentheses);
    } else if (is_symbol(splitter, token, ')') && splitter->parentheses > 0)
        splitter->parentheses--;
}

/* BEGIN ATOMIC ... END, with CASE ... END inside. Behind a dot or AS these words are names. */
static void count_body(struct splitter *splitter, const struct sql_token *token)
{
    const struct sql_token *previous = &splitter->previous;
    if (token->type != SQL_WORD || splitter->parentheses > 0 ||
        is_symbol(splitter, previous, '.') || is_word(splitter, previous, "AS"))
        return;
    if (splitter->body == 0) {
        if (is_word(splitter, token, "ATOMIC") && is_word(splitter, previous, "BEGIN") &&
            has_body(splitter, "CREATE OR? REPLACE? FUNCTION|PROCEDURE")) {
            splitter->body = 1;
            splitter->body_begin = previous->offset;
        }
    } else if (is_word(splitter, token, "CASE"))
        splitter->body++;
    else if (is_word(splitter, token, "END"))
        splitter->body--;
}

static void take_token(struct splitter *splitter, const struct sql_token *token)
{
    if (!splitter->inside) {
        splitter->inside = TRUE;
        splitter->begin = token->offset;
        splitter->has_body = BODY_NOT_ASKED;
        splitter->previous = splitter->before_previous = (struct sql_token){.type = SQL_END};
    }
    count_parentheses(splitter, token);
    if (splitter->lexer.dialect == SQL_POSTGRESQL)
        count_body(splitter, token);
    splitter->before_previous = splitter->previous;
    splitter->previous = *token;
    splitter->end = token->offset + token->length;
}

static gboolean is_trigger(struct splitter *splitter)
{
    return splitter->inside && has_body(splitter, "CREATE TEMP|TEMPORARY? TRIGGER");
}

/* The end of a trigger is "; END", as sqlite3_complete() has it. */
static gboolean is_trigger_ended(const struct splitter *splitter)
{
    return is_word(splitter, &splitter->previous, "END") &&
           is_symbol(splitter, &splitter->before_previous, ';');
}

static gboolean semicolon_ends(struct splitter *splitter)
{
    if (splitter->lexer.dialect == SQL_SQLITE)
        return !is_trigger(splitter) || is_trigger_ended(splitter);
    return splitter->parentheses == 0 && splitter->body == 0;
}

static gboolean token_is_uncertain(struct splitter *splitter, const struct sql_token *token)
{
    if (!splitter->backslashes_escape || token->type != SQL_STRING || !token->plain_backslash)
        return FALSE;
    splitter->uncertain = "standard_conforming_strings is set in it, and a later string has a "
                          "backslash";
    splitter->uncertain_at = token->offset;
    return TRUE;
}

/* All the rest as one piece, from where the statement in progress began. */
static gboolean take_rest(struct splitter *splitter, const struct sql_token *token, GError **error)
{
    take_token(splitter, token);
    splitter->end = splitter->lexer.length;
    while (g_ascii_isspace(splitter->lexer.text[splitter->end - 1]))
        splitter->end--;
    return finish(splitter, error);
}

/* The end of the text inside something that cannot end there. */
static gboolean finish_last(struct splitter *splitter, GError **error)
{
    const char *message = NULL;
    gsize offset = splitter->begin;
    if (splitter->lexer.dialect == SQL_SQLITE) {
        if (is_trigger(splitter) && !is_trigger_ended(splitter))
            message = "CREATE TRIGGER without END";
    } else if (splitter->inside && splitter->parentheses > 0) {
        message = "a parenthesis that is never closed";
        offset = splitter->outermost;
    } else if (splitter->inside && splitter->body > 0) {
        message = "BEGIN ATOMIC without END";
        offset = splitter->body_begin;
    }
    if (message == NULL)
        return finish(splitter, error);
    fail_at(splitter, offset, error, g_strdup(message));
    error_advise(error, "everything behind it belongs to one statement, which no server takes");
    return FALSE;
}

static gboolean split(struct splitter *splitter, GError **error)
{
    struct sql_token token;
    for (;;) {
        gboolean whole = sql_lexer_next(&splitter->lexer, &token);
        if (token_is_uncertain(splitter, &token))
            return take_rest(splitter, &token, error);
        if (!whole)
            return fail_unterminated(splitter, &token, error);
        if (token.type == SQL_END)
            return finish_last(splitter, error);
        if (is_symbol(splitter, &token, '\\'))
            return fail_meta_command(splitter, token.offset, error);
        if (!is_symbol(splitter, &token, ';') || !semicolon_ends(splitter))
            take_token(splitter, &token);
        else if (!finish(splitter, error))
            return FALSE;
    }
}

struct script *script_parse(const char *text, gsize length, enum sql_dialect dialect,
                            gboolean transaction_off, const char *file, GError **error)
{
    AUTOPTR(script) *script = g_new0(struct script, 1);
    struct splitter splitter = {.file = file, .script = script, .cursor = {.line = 1, .column = 1}};
    struct run_facts facts = {.text = text,
                              .length = length,
                              .dialect = dialect,
                              .transaction_off = transaction_off,
                              .file = file};
    unsigned column;
    script->statements = g_array_new(FALSE, FALSE, sizeof(struct script_statement));
    sql_lexer_init(&splitter.lexer, text, length, dialect);
    if (!split(&splitter, error))
        return NULL;
    facts.uncertain = splitter.uncertain;
    if (facts.uncertain != NULL)
        script_locate(text, length, splitter.uncertain_at, &facts.uncertain_line, &column);
    if (!run_mode_decide(script, &facts, error))
        return NULL;
    return g_steal_pointer(&script);
}
