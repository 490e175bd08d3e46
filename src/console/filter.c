/* Terms, and a row held against them. */
#include "console/filter.h"

#include <string.h>

#define ANY_KEY G_MAXUINT

enum comparison { COMPARE_IS, COMPARE_BEGINS, COMPARE_CONTAINS };

struct term {
    guint key;
    enum comparison comparison;
    gboolean is_negated, minds_case;
    char *value; /* in small letters unless case is minded */
};

struct filter {
    char *text;
    const char *const *keys;
    GArray *terms; /* of struct term */
};

static void term_clear(gpointer data)
{
    g_free(((struct term *)data)->value);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* The next word of *at, quotes taken away; NULL at the end. Free with g_free(). */
static char *next_word(const char **at)
{
    while (g_ascii_isspace(**at))
        (*at)++;
    if (**at == '\0')
        return NULL;
    GString *word = g_string_new(NULL);
    gboolean is_quoted = FALSE;
    for (; **at != '\0' && (is_quoted || !g_ascii_isspace(**at)); (*at)++) {
        if (**at == '"')
            is_quoted = !is_quoted;
        else
            g_string_append_c(word, **at);
    }
    return g_string_free(word, FALSE);
}

/* Where the key ends: a ':' or '~' after nothing but letters and '_'; NULL for a plain word. */
static const char *key_end(const char *word)
{
    const char *at = word;
    while (g_ascii_isalpha(*at) || *at == '_')
        at++;
    return at > word && (*at == ':' || *at == '~') ? at : NULL;
}

static guint key_find(const char *const *keys, const char *name)
{
    for (guint key = 0; keys[key] != NULL; key++)
        if (g_ascii_strcasecmp(keys[key], name) == 0)
            return key;
    return ANY_KEY;
}

static void refuse_key(GError **error, const char *const *keys, const char *name)
{
    g_autoptr(GString) known = g_string_new(keys[0]);
    for (guint key = 1; keys[key] != NULL; key++)
        g_string_append_printf(known, ", %s", keys[key]);
    error_set(error, ERROR_USAGE, "there is nothing called \"%s\" to filter by", name);
    error_advise(error, "use one of %s; text alone matches any of them", known->str);
}

static gboolean has_capital(const char *text)
{
    for (; *text != '\0'; text += g_utf8_skip[(guchar)*text])
        if (g_unichar_isupper(g_utf8_get_char(text)))
            return TRUE;
    return FALSE;
}

/* Takes over value. */
static void term_set_value(struct term *term, char *value)
{
    gsize length = strlen(value);
    if (term->comparison == COMPARE_IS && length > 0 && value[length - 1] == '*') {
        value[length - 1] = '\0';
        term->comparison = COMPARE_BEGINS;
    }
    term->minds_case = has_capital(value);
    term->value = value;
}

static gboolean read_term(const char *word, const char *const *keys, struct term *term,
                          GError **error)
{
    *term = (struct term){.key = ANY_KEY, .comparison = COMPARE_CONTAINS};
    if (*word == '!') {
        term->is_negated = TRUE;
        word++;
    }
    const char *end = key_end(word);
    if (end != NULL) {
        g_autofree char *name = g_strndup(word, (gsize)(end - word));
        term->key = key_find(keys, name);
        if (term->key == ANY_KEY) {
            refuse_key(error, keys, name);
            return FALSE;
        }
        term->comparison = *end == ':' ? COMPARE_IS : COMPARE_CONTAINS;
        word = end + 1;
    }
    if (*word == '\0') {
        error_set(error, ERROR_USAGE, "a term of the filter has no value");
        error_advise(error, "write key:value or key~text, as in outcome:failed");
        return FALSE;
    }
    term_set_value(term, g_strdup(word));
    return TRUE;
}

struct filter *filter_new(const char *text, const char *const *keys, GError **error)
{
    AUTOPTR(filter) *filter = g_new0(struct filter, 1);
    g_autofree char *made = g_utf8_make_valid(text, -1);
    filter->text = g_strstrip(g_steal_pointer(&made));
    filter->keys = keys;
    filter->terms = g_array_new(FALSE, FALSE, sizeof(struct term));
    g_array_set_clear_func(filter->terms, term_clear);
    const char *at = filter->text;
    for (char *word = next_word(&at); word != NULL; word = next_word(&at)) {
        struct term term;
        gboolean is_read = read_term(word, keys, &term, error);
        g_free(word);
        if (!is_read)
            return NULL;
        g_array_append_val(filter->terms, term);
    }
    return g_steal_pointer(&filter);
}

void filter_free(struct filter *filter)
{
    g_free(filter->text);
    g_array_unref(filter->terms);
    g_free(filter);
}

const char *filter_text(const struct filter *filter)
{
    return filter != NULL ? filter->text : "";
}

gboolean filter_is_empty(const struct filter *filter)
{
    return filter == NULL || filter->terms->len == 0;
}

/* ---- matching ---------------------------------------------------------------------------------
 */

/* A value may be several words: risk:lock finds "LOCK DML". */
static gboolean has_word(const char *value, const char *word)
{
    gsize length = strlen(word);
    for (const char *at = value; (at = strstr(at, word)) != NULL; at++)
        if ((at == value || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' '))
            return TRUE;
    return FALSE;
}

static gboolean value_matches(const struct term *term, const char *raw)
{
    if (raw == NULL)
        return FALSE;
    g_autofree char *valid = g_utf8_make_valid(raw, -1);
    g_autofree char *small = term->minds_case ? NULL : g_utf8_strdown(valid, -1);
    const char *value = small != NULL ? small : valid;
    switch (term->comparison) {
    case COMPARE_IS:
        return strcmp(value, term->value) == 0 ||
               (*term->value != '\0' && has_word(value, term->value));
    case COMPARE_BEGINS:
        return g_str_has_prefix(value, term->value);
    case COMPARE_CONTAINS:
        break;
    }
    return strstr(value, term->value) != NULL;
}

struct row {
    filter_value_fn value;
    gconstpointer row;
    gpointer data;
};

static gboolean key_matches(const struct term *term, const struct row *row, guint key)
{
    g_autofree char *value = row->value(row->row, key, row->data);
    return value_matches(term, value);
}

static gboolean term_matches(const struct filter *filter, const struct term *term,
                             const struct row *row)
{
    if (term->key != ANY_KEY)
        return key_matches(term, row, term->key);
    for (guint key = 0; filter->keys[key] != NULL; key++)
        if (key_matches(term, row, key))
            return TRUE;
    return FALSE;
}

gboolean filter_matches(const struct filter *filter, filter_value_fn value, gconstpointer row,
                        gpointer data)
{
    const struct row held = {value, row, data};
    for (guint i = 0; filter != NULL && i < filter->terms->len; i++) {
        const struct term *term = &g_array_index(filter->terms, struct term, i);
        if (term_matches(filter, term, &held) == term->is_negated)
            return FALSE;
    }
    return TRUE;
}
