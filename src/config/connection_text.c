/* Finds passwords in "postgres://user:password@host/db?password=..." and
 * "host=... password='...'". Grammar: PostgreSQL's manual, "Connection Strings"; conninfo quoting
 * as fe-connect.c reads it. */
#include "config/connection_text.h"

#include <string.h>

#define MASK "***"

struct span {
    gsize start, length;
};

static const char *const secret_keywords[] = {"password", "sslpassword", NULL};

char *connection_scheme(const char *text)
{
    gsize length =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    if (length == 0 || strncmp(text + length, "://", 3) != 0)
        return NULL;
    return g_ascii_strdown(text, (gssize)length);
}

static void add_span(GArray *spans, const char *text, const char *start, const char *end)
{
    struct span span = {(gsize)(start - text), (gsize)(end - start)};
    if (span.length > 0)
        g_array_append_val(spans, span);
}

static const char *last_at_sign(const char *start, const char *end)
{
    while (end > start && end[-1] != '@')
        end--;
    return end > start ? end - 1 : NULL;
}

/* Where the user part would end. A password with "/" or "?" that should have been encoded is no
 * reason to show it. */
static const char *find_user_end(const char *start)
{
    const char *query = start + strcspn(start, "?");
    const char *end = last_at_sign(start, query);
    if (end == NULL && memchr(start, '/', (gsize)(query - start)) == NULL)
        end = last_at_sign(start, start + strlen(start));
    return end;
}

static gboolean is_secret_name(const char *name, gsize length, gboolean is_encoded)
{
    g_autofree char *raw = g_strndup(name, length);
    g_autofree char *decoded = is_encoded ? g_uri_unescape_string(raw, NULL) : NULL;
    return g_strv_contains(secret_keywords, decoded != NULL ? decoded : raw);
}

static void find_in_query(GArray *spans, const char *text, const char *query)
{
    while (*query != '\0') {
        gsize length = strcspn(query, "&");
        const char *equals = memchr(query, '=', length);
        if (equals != NULL && is_secret_name(query, (gsize)(equals - query), TRUE))
            add_span(spans, text, equals + 1, query + length);
        query += length + (query[length] == '&');
    }
}

/* Without an @ the host and what should be its ports: words there may be a password whose @ was
 * forgotten. */
static void find_in_ports(GArray *spans, const char *text, const char *start)
{
    gsize length = strcspn(start, "/?");
    const char *colon = memchr(start, ':', length);
    if (colon == NULL || memchr(start, '[', length) != NULL)
        return;
    for (const char *at = colon; at < start + length; at++)
        if (*at == ':' && at[1 + strspn(at + 1, "0123456789")] != ',' &&
            at + 1 + strspn(at + 1, "0123456789") < start + length) {
            add_span(spans, text, colon + 1, start + length);
            return;
        }
}

static void find_in_url(GArray *spans, const char *text)
{
    const char *start = strstr(text, "://") + 3;
    const char *user_end = find_user_end(start);
    const char *rest = user_end != NULL ? user_end : start;
    if (user_end != NULL) {
        const char *colon = memchr(start, ':', (gsize)(user_end - start));
        if (colon != NULL)
            add_span(spans, text, colon + 1, user_end);
    } else
        find_in_ports(spans, text, start);
    rest += strcspn(rest, "?");
    if (*rest == '?')
        find_in_query(spans, text, rest + 1);
}

/* The end of a value; *start moves to it and behind its opening quote. */
static const char *conninfo_value(const char **start)
{
    const char *at = *start + strspn(*start, " \t\r\n");
    gboolean is_quoted = *at == '\'';
    *start = at += is_quoted;
    for (; *at != '\0'; at++) {
        if (is_quoted ? *at == '\'' : g_ascii_isspace(*at))
            break;
        if (at[0] == '\\' && at[1] != '\0')
            at++;
    }
    return at;
}

static void find_in_conninfo(GArray *spans, const char *text)
{
    const char *at = text;
    gboolean follows_secret = FALSE;
    while (*(at += strspn(at, " \t\r\n'")) != '\0') {
        const char *name = at;
        gsize length = strcspn(at, "= \t\r\n");
        at += length;
        at += strspn(at, " \t\r\n");
        if (*at != '=') {
            /* A word without a value: what is left of a password that should have been quoted. */
            if (follows_secret)
                add_span(spans, text, name, name + length);
            continue;
        }
        at++;
        const char *end = conninfo_value(&at);
        follows_secret = is_secret_name(name, length, FALSE);
        if (follows_secret)
            add_span(spans, text, at, end);
        at = end;
    }
}

static GArray *find_secrets(const char *text)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(struct span));
    g_autofree char *scheme = connection_scheme(text);
    if (scheme != NULL)
        find_in_url(spans, text);
    else
        find_in_conninfo(spans, text);
    return spans;
}

char *connection_mask(const char *text)
{
    g_autoptr(GArray) spans = find_secrets(text);
    GString *out = g_string_new(NULL);
    gsize done = 0;
    for (guint i = 0; i < spans->len; i++) {
        const struct span *span = &g_array_index(spans, struct span, i);
        g_string_append_len(out, text + done, (gssize)(span->start - done));
        g_string_append(out, MASK);
        done = span->start + span->length;
    }
    g_string_append(out, text + done);
    return g_string_free(out, FALSE);
}

void connection_hide(char *text)
{
    g_autoptr(GArray) spans = find_secrets(text);
    for (guint i = 0; i < spans->len; i++) {
        const struct span *span = &g_array_index(spans, struct span, i);
        memset(text + span->start, 'x', span->length);
    }
}

static char *decode(const char *raw, gboolean is_url)
{
    if (is_url)
        return g_uri_unescape_string(raw, NULL);
    GString *out = g_string_new(NULL);
    for (; *raw != '\0'; raw++)
        g_string_append_c(out, raw[0] == '\\' && raw[1] != '\0' ? *++raw : *raw);
    return g_string_free(out, FALSE);
}

char **connection_secrets(const char *text)
{
    g_autoptr(GArray) spans = find_secrets(text);
    g_autoptr(GStrvBuilder) secrets = g_strv_builder_new();
    g_autofree char *scheme = connection_scheme(text);
    for (guint i = 0; i < spans->len; i++) {
        const struct span *span = &g_array_index(spans, struct span, i);
        g_autofree char *raw = g_strndup(text + span->start, span->length);
        g_autofree char *decoded = decode(raw, scheme != NULL);
        g_strv_builder_add(secrets, raw);
        if (decoded != NULL && strcmp(decoded, raw) != 0)
            g_strv_builder_add(secrets, decoded);
    }
    return g_strv_builder_end(secrets);
}
