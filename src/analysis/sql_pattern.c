/* Matches patterns as file name globs are matched: only the last "..." is ever tried again, which
 * is enough and keeps it linear. */
#include "analysis/sql_pattern.h"

#include <string.h>

/* A place in the text with the token that stands there. */
struct place {
    struct sql_lexer lexer; /* behind the token */
    struct sql_token token;
};

struct element {
    const char *text;
    gsize length;
    gboolean optional;
    const char *rest; /* of the pattern */
};

static struct element next_element(const char *pattern)
{
    gsize length = strcspn(pattern, " ");
    struct element element = {.text = pattern, .length = length, .rest = pattern + length};
    if (*element.rest == ' ')
        element.rest++;
    if (length > 1 && pattern[length - 1] == '?') {
        element.optional = TRUE;
        element.length--;
    }
    return element;
}

static gboolean element_is(const struct element *element, const char *text)
{
    return strlen(text) == element->length && strncmp(element->text, text, element->length) == 0;
}

static void step(struct place *place)
{
    if (!sql_lexer_next(&place->lexer, &place->token))
        place->token.type = SQL_END; /* what does not end cannot be what is looked for */
}

static gboolean place_is(const struct place *place, char symbol)
{
    return sql_token_is(&place->lexer, &place->token, symbol);
}

static void skip_group(struct place *place)
{
    gsize depth = 0;
    do {
        if (place_is(place, '('))
            depth++;
        else if (place_is(place, ')'))
            depth--;
        step(place);
    } while (depth > 0 && place->token.type != SQL_END);
}

static gboolean is_identifier(const struct place *place)
{
    return place->token.type == SQL_WORD || place->token.type == SQL_NAME;
}

static gboolean take_name(struct place *place)
{
    if (!is_identifier(place))
        return FALSE;
    step(place);
    while (place_is(place, '.')) {
        step(place);
        if (is_identifier(place))
            step(place);
    }
    return TRUE;
}

static gboolean is_one_of(const struct place *place, const char *words, gsize length)
{
    const char *token = place->lexer.text + place->token.offset;
    const char *end = words + length;
    for (const char *word = words; word < end;) {
        const char *bar = memchr(word, '|', (gsize)(end - word));
        gsize size = (gsize)((bar != NULL ? bar : end) - word);
        if (size == place->token.length && g_ascii_strncasecmp(token, word, size) == 0)
            return TRUE;
        word += size + 1;
    }
    return FALSE;
}

static gboolean take_element(struct place *place, const struct element *element)
{
    if (element_is(element, "$"))
        return place->token.type == SQL_END;
    if (place->token.type == SQL_END)
        return FALSE;
    if (element_is(element, "<name>"))
        return take_name(place);
    if (element_is(element, "()")) {
        if (!place_is(place, '('))
            return FALSE;
        skip_group(place);
        return TRUE;
    }
    if (!is_one_of(place, element->text, element->length))
        return FALSE;
    step(place);
    return TRUE;
}

/* What "..." passes over: a token or a pair of parentheses, but nothing outside ours. */
static gboolean pass_over(struct place *place)
{
    if (place->token.type == SQL_END || place_is(place, ')'))
        return FALSE;
    if (place_is(place, '('))
        skip_group(place);
    else
        step(place);
    return TRUE;
}

gboolean sql_pattern_take(struct sql_lexer *lexer, const char *pattern)
{
    struct place here = {.lexer = *lexer}, retry_here = {.lexer = *lexer};
    const char *retry_pattern = NULL;
    step(&here);
    while (*pattern != '\0') {
        struct element element = next_element(pattern);
        if (element_is(&element, "...")) {
            retry_pattern = pattern = element.rest;
            retry_here = here;
        } else if (take_element(&here, &element) || element.optional)
            pattern = element.rest;
        else {
            if (retry_pattern == NULL || !pass_over(&retry_here))
                return FALSE;
            here = retry_here;
            pattern = retry_pattern;
        }
    }
    lexer->at = here.token.offset;
    return TRUE;
}
