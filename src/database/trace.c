/* The text of a statement as it may be shown: cut, and without passwords. */
#include "database/trace.h"

#include <string.h>

#define HIDDEN   "'***'"
#define PASSWORD "password"

/* At a word that PASSWORD begins: not in the middle of another. */
static gboolean is_password_at(const char *text, gsize at)
{
    return g_ascii_strncasecmp(text + at, PASSWORD, strlen(PASSWORD)) == 0 &&
           (at == 0 || !(g_ascii_isalnum(text[at - 1]) || text[at - 1] == '_'));
}

/* Past a literal quoted by the character at text: '' inside stays inside, a backslash as well,
 * which hides too much rather than too little. An unfinished one goes to the end. */
static const char *skip_quoted(const char *text)
{
    char quote = *text++;
    while (*text != '\0') {
        if (*text == '\\' && text[1] != '\0')
            text += 2;
        else if (*text == quote && text[1] == quote)
            text += 2;
        else if (*text++ == quote)
            break;
    }
    return text;
}

/* Past $tag$ ... $tag$. */
static const char *skip_dollars(const char *text)
{
    const char *end = strchr(text + 1, '$');
    if (end == NULL)
        return text + strlen(text);
    g_autofree char *tag = g_strndup(text, (gsize)(end - text) + 1);
    const char *close = strstr(end + 1, tag);
    return close != NULL ? close + strlen(tag) : text + strlen(text);
}

/* Past the literal that begins at text, or NULL when none does. */
static const char *skip_literal(const char *text)
{
    if ((*text == 'E' || *text == 'e' || *text == 'N' || *text == 'n') && text[1] == '\'')
        text++;
    else if ((*text == 'U' || *text == 'u') && text[1] == '&' && text[2] == '\'')
        text += 2;
    if (*text == '\'')
        return skip_quoted(text);
    return *text == '$' && !g_ascii_isdigit(text[1]) ? skip_dollars(text) : NULL;
}

/* Past the value behind "password=" in a connection string, up to what ends it. */
static const char *skip_value(const char *text)
{
    if (*text == '\'')
        return skip_quoted(text);
    return text + strcspn(text, " \t\r\n'\"&;)");
}

/* What of the text behind the word is hidden: from *from; the end of it, or NULL. */
static const char *hidden_after(const char *text, const char **from)
{
    const char *behind = text + strspn(text, " \t\r\n\"");
    gboolean is_value = *behind == '=';
    if (is_value)
        behind += 1 + strspn(behind + 1, " \t\r\n");
    *from = behind;
    const char *end = skip_literal(behind);
    return end == NULL && is_value ? skip_value(behind) : end;
}

static char *hide_passwords(const char *text)
{
    GString *safe = g_string_new(NULL);
    gsize at = 0;
    while (text[at] != '\0') {
        if (!is_password_at(text, at)) {
            g_string_append_c(safe, text[at++]);
            continue;
        }
        const char *behind = text + at + strlen(PASSWORD), *from;
        const char *end = hidden_after(behind, &from);
        if (end == NULL)
            from = end = behind;
        g_string_append_len(safe, text + at, from - (text + at));
        if (end > from)
            g_string_append(safe, HIDDEN);
        at = (gsize)(end - text);
    }
    return g_string_free(safe, FALSE);
}

char *statement_text_safe(const char *text, gsize length)
{
    gsize kept = MIN(length, STATEMENT_TEXT_MAX);
    while (kept > 0 && kept < length && ((guchar)text[kept] & 0xc0) == 0x80)
        kept--; /* not within a character */
    g_autofree char *cut = g_strndup(text, kept);
    char *safe = hide_passwords(cut);
    if (strlen(safe) > STATEMENT_TEXT_MAX)
        safe[STATEMENT_TEXT_MAX] = '\0';
    return safe;
}
