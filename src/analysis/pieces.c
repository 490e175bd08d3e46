/* Cut at commas that stand in no parentheses. */
#include "analysis/pieces.h"

#include "analysis/sql_lexer.h"
#include "analysis/sql_pattern.h"

struct cutter {
    struct sql_lexer lexer;
    GArray *pieces;
    struct piece piece; /* in progress; length 0: not begun */
    guint depth;
};

static void end_piece(struct cutter *cutter)
{
    if (cutter->piece.length > 0)
        g_array_append_val(cutter->pieces, cutter->piece);
    cutter->piece.length = 0;
}

static void take(struct cutter *cutter, const struct sql_token *token)
{
    if (cutter->piece.length == 0)
        cutter->piece.offset = token->offset;
    cutter->piece.length = token->offset + token->length - cutter->piece.offset;
}

/* To the end of the text, or to the parenthesis that closes what the caller opened. */
static GArray *cut(struct sql_lexer lexer)
{
    struct cutter cutter = {.lexer = lexer};
    struct sql_token token;
    cutter.pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
    while (sql_lexer_next(&cutter.lexer, &token) && token.type != SQL_END) {
        if (sql_token_is(&lexer, &token, '(') || sql_token_is(&lexer, &token, '['))
            cutter.depth++;
        else if (sql_token_is(&lexer, &token, ')') || sql_token_is(&lexer, &token, ']')) {
            if (cutter.depth == 0)
                break;
            cutter.depth--;
        } else if (cutter.depth == 0 && sql_token_is(&lexer, &token, ',')) {
            end_piece(&cutter);
            continue;
        }
        take(&cutter, &token);
    }
    end_piece(&cutter);
    return cutter.pieces;
}

GArray *pieces_of_create(const char *text, gsize length)
{
    struct sql_lexer lexer;
    sql_lexer_init(&lexer, text, length, SQL_POSTGRESQL);
    if (!sql_pattern_take(&lexer, "CREATE GLOBAL|LOCAL? TEMP|TEMPORARY|UNLOGGED|FOREIGN? TABLE "
                                  "IF? NOT? EXISTS? <name>"))
        return NULL;
    if (!sql_pattern_take(&lexer, "PARTITION OF <name> ("))
        if (!sql_pattern_take(&lexer, "OF <name> ("))
            if (!sql_pattern_take(&lexer, "("))
                return NULL;
    return cut(lexer);
}

GArray *pieces_of_alter(const char *text, gsize length)
{
    struct sql_lexer lexer;
    sql_lexer_init(&lexer, text, length, SQL_POSTGRESQL);
    if (!sql_pattern_take(&lexer, "ALTER FOREIGN|MATERIALIZED? TABLE|INDEX|VIEW|SEQUENCE|TYPE IF? "
                                  "EXISTS? ONLY? <name> *?"))
        return NULL;
    return cut(lexer);
}
