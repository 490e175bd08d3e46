/* "1+1+1" is as deep as it is long, "(1),(1),(1)" is not. Between two commas everything may nest,
 * so that every token counts; of the parentheses in it the deepest. */
#include "analysis/nesting.h"

#include "analysis/sql_lexer.h"

enum { SHORT_STRING = 64, STRING_LEVELS = 3 };

/* What stands in one pair of parentheses, as far as it was read. */
struct group {
    guint tokens;  /* since the last comma */
    guint inner;   /* the deepest group since then */
    guint deepest; /* of what the commas before divide */
    guint wide;    /* what commas do not divide */
};

static guint depth_of(const struct group *group)
{
    return MAX(group->deepest, group->tokens + group->inner) + group->wide;
}

static void close_group(GArray *groups)
{
    guint depth = depth_of(&g_array_index(groups, struct group, groups->len - 1)) + 1;
    g_array_set_size(groups, groups->len - 1);
    struct group *outer = &g_array_index(groups, struct group, groups->len - 1);
    outer->inner = MAX(outer->inner, depth);
}

/* What nests across commas and semicolons: queries, and the blocks of PL/pgSQL. */
static gboolean nests_widely(const struct sql_lexer *lexer, const struct sql_token *token)
{
    static const char *const words[] = {"UNION", "EXCEPT", "INTERSECT", "BEGIN",
                                        "IF",    "LOOP",   "CASE"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (sql_token_is_word(lexer, token, words[i]))
            return TRUE;
    return FALSE;
}

static guint nesting_at(const char *text, gsize length, guint level);

/* A string may be a body, which a parser of its own goes into. */
static guint nesting_of_string(const struct sql_lexer *lexer, const struct sql_token *token,
                               guint level)
{
    if (token->length <= SHORT_STRING || level == STRING_LEVELS)
        return 0;
    gsize quote = token->type == SQL_STRING ? 1 : 0;
    const char *text = lexer->text + token->offset;
    for (; token->type == SQL_DOLLAR && quote < token->length; quote++)
        if (quote > 0 && text[quote] == '$') {
            quote++;
            break;
        }
    return nesting_at(text + quote, token->length - MIN(2 * quote, token->length), level + 1);
}

static void take(const struct sql_lexer *lexer, const struct sql_token *token, GArray *groups,
                 guint level)
{
    static const struct group empty;
    struct group *group = &g_array_index(groups, struct group, groups->len - 1);
    if (sql_token_is(lexer, token, '(') || sql_token_is(lexer, token, '[')) {
        group->tokens++;
        g_array_append_val(groups, empty);
    } else if (sql_token_is(lexer, token, ')') || sql_token_is(lexer, token, ']')) {
        if (groups->len > 1)
            close_group(groups);
    } else if (sql_token_is(lexer, token, ',') || sql_token_is(lexer, token, ';')) {
        group->deepest = MAX(group->deepest, group->tokens + group->inner);
        group->tokens = group->inner = 0;
    } else if (nests_widely(lexer, token))
        group->wide += 2;
    else
        group->tokens++;
    if (token->type == SQL_STRING || token->type == SQL_DOLLAR)
        group->inner = MAX(group->inner, nesting_of_string(lexer, token, level));
}

static guint nesting_at(const char *text, gsize length, guint level)
{
    static const struct group empty;
    struct sql_lexer lexer;
    struct sql_token token;
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(struct group));
    g_array_append_val(groups, empty);
    sql_lexer_init(&lexer, text, length, SQL_POSTGRESQL);
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END)
        take(&lexer, &token, groups, level);
    while (groups->len > 1)
        close_group(groups);
    return depth_of(&g_array_index(groups, struct group, 0));
}

guint nesting_of(const char *text, gsize length)
{
    return nesting_at(text, length, 0);
}
