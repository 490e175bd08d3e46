/* URLs and conninfo strings of any text: read or refused, and never with a password in the message
 * or in what is shown. The password is planted: everything else is the fuzzer's. */
#include <stdlib.h>
#include <string.h>

#include "config/connection_text.h"
#include "database/postgres/url.h"
#include "fuzz.h"

#define SECRET "Zq7kV3xW"

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

static void read_postgres(const char *text)
{
    struct database_options options = {.url = text};
    struct postgres_url url;
    g_autoptr(GError) error = NULL;
    if (postgres_url_read(&options, &url, &error)) {
        guint i = 0;
        require(url.table != NULL);
        while (url.keywords[i] != NULL)
            require(url.values[i++] != NULL);
        postgres_url_clear(&url);
        return;
    }
    require(error_is(error, ERROR_CONFIG));
}

/* What is hidden is gone from the masked text, and hiding in place keeps the length. */
static void hide(const char *text)
{
    g_autofree char *masked = connection_mask(text);
    g_autofree char *hidden = g_strdup(text);
    g_autofree char *scheme = connection_scheme(text);
    g_auto(GStrv) secrets = connection_secrets(text);
    connection_hide(hidden);
    require(strlen(hidden) == strlen(text));
    require((secrets[0] == NULL) == (strcmp(masked, text) == 0) || strstr(text, "***") != NULL);
    require(scheme == NULL || g_str_has_prefix(text + strlen(scheme), "://"));
}

/* A URL around a planted password, with the fuzzer's text on both sides of it. */
static void plant(const char *text)
{
    size_t middle = strlen(text) / 2;
    g_autofree char *left = g_strndup(text, middle);
    g_autofree char *url = g_strdup_printf("postgres://user:%s" SECRET "%s", left, text + middle);
    struct database_options options = {.url = url};
    struct postgres_url read;
    g_autoptr(GError) error = NULL;
    if (postgres_url_read(&options, &read, &error)) {
        postgres_url_clear(&read);
        return;
    }
    g_autofree char *line = error_line(error);
    require(strstr(line, SECRET) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    read_postgres(text);
    hide(text);
    if (strpbrk(text, "?") == NULL)
        plant(text);
    return 0;
}
