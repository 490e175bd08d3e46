/* One scanner over "${...}", used to expand and to see what is literal. */
#include "config/variables.h"

#include <string.h>

/* Defaults within defaults; deeper is a mistake, not a stack overflow. */
#define NESTED_MAX 8

struct expander {
    variable_lookup lookup; /* NULL: leave marks */
    gpointer data;
    GString *out;
    char *problem;
    gboolean is_fallback;
};

/* One "${name}", "${name:-rest}" or "${name:?rest}". */
struct reference {
    char *name;
    char operation; /* '\0', '-' or '?' */
    char *rest;
    const char *end; /* after the "}" */
};

static void reference_clear(struct reference *reference)
{
    g_free(reference->name);
    g_free(reference->rest);
}

static enum expansion expand(struct expander *expander, const char *text, int depth);

/* The "}" that ends what begins at at, minding "${" within; NULL when there is none. */
static const char *closing_brace(const char *at)
{
    int open = 1;
    for (; *at != '\0'; at++) {
        if (at[0] == '$' && at[1] == '{')
            open++;
        else if (*at == '}' && --open == 0)
            return at;
    }
    return NULL;
}

/* Reads after "${". False when it is none. */
static gboolean reference_read(const char *at, struct reference *reference)
{
    const char *start = at, *end = closing_brace(at);
    if (end == NULL || !(g_ascii_isalpha(*at) || *at == '_'))
        return FALSE;
    while (g_ascii_isalnum(*at) || *at == '_')
        at++;
    gboolean has_rest = at[0] == ':' && (at[1] == '-' || at[1] == '?');
    if (at != end && !has_rest)
        return FALSE;
    reference->name = g_strndup(start, (gsize)(at - start));
    reference->operation = '\0';
    if (has_rest) {
        reference->operation = at[1];
        reference->rest = g_strndup(at + 2, (gsize)(end - at - 2));
    }
    reference->end = end + 1;
    return TRUE;
}

static enum expansion expand_literally(struct expander *expander, const struct reference *reference,
                                       int depth)
{
    g_string_append_c(expander->out, VARIABLE_MARK);
    if (reference->operation == '-')
        return expand(expander, reference->rest, depth + 1);
    return EXPANSION_DONE;
}

static enum expansion expand_reference(struct expander *expander, const struct reference *reference,
                                       int depth)
{
    if (expander->lookup == NULL)
        return expand_literally(expander, reference, depth);
    const char *value = expander->lookup(reference->name, expander->data);
    gboolean is_missing = value == NULL || (*value == '\0' && reference->operation != '\0');
    if (!is_missing) {
        g_string_append(expander->out, value);
        return EXPANSION_DONE;
    }
    if (reference->operation == '-') {
        expander->is_fallback = TRUE;
        return expand(expander, reference->rest, depth + 1);
    }
    if (reference->operation == '?' && *reference->rest != '\0')
        expander->problem = g_strdup_printf("the environment variable %s is not set: %s",
                                            reference->name, reference->rest);
    else
        expander->problem =
            g_strdup_printf("the environment variable %s is not set", reference->name);
    return EXPANSION_UNSET;
}

static enum expansion expand(struct expander *expander, const char *text, int depth)
{
    while (*text != '\0') {
        if (text[0] != '$' || (text[1] != '$' && text[1] != '{')) {
            g_string_append_c(expander->out, *text++);
            continue;
        }
        if (text[1] == '$') {
            g_string_append_c(expander->out, '$');
            text += 2;
            continue;
        }
        struct reference reference = {0};
        if (depth > NESTED_MAX || !reference_read(text + 2, &reference)) {
            expander->problem = g_strdup("not a variable: write ${NAME}, ${NAME:-default} or "
                                         "${NAME:?message}, and $$ for a dollar sign");
            return EXPANSION_MALFORMED;
        }
        enum expansion outcome = expand_reference(expander, &reference, depth);
        text = reference.end;
        reference_clear(&reference);
        if (outcome != EXPANSION_DONE)
            return outcome;
    }
    return EXPANSION_DONE;
}

static const char *lookup_nothing(const char *name, gpointer data)
{
    (void)name, (void)data;
    return NULL;
}

enum expansion variables_expand(const char *text, variable_lookup lookup, gpointer data,
                                char **result, gboolean *is_fallback)
{
    struct expander expander = {.lookup = lookup != NULL ? lookup : lookup_nothing,
                                .data = data,
                                .out = g_string_new(NULL)};
    enum expansion outcome = expand(&expander, text, 0);
    char *expanded = g_string_free(expander.out, FALSE);
    *is_fallback = expander.is_fallback;
    *result = outcome == EXPANSION_DONE ? expanded : expander.problem;
    if (outcome != EXPANSION_DONE)
        g_free(expanded);
    return outcome;
}

char *variables_literal(const char *text)
{
    struct expander expander = {.out = g_string_new(NULL)};
    enum expansion outcome = expand(&expander, text, 0);
    char *literal = g_string_free(expander.out, FALSE);
    g_free(expander.problem);
    if (outcome == EXPANSION_DONE)
        return literal;
    g_free(literal);
    return NULL;
}
