/* Defaults: what holds when nobody says anything. */
#include "engine/settings.h"

struct engine_settings *engine_settings_new(void)
{
    struct engine_settings *settings = g_new0(struct engine_settings, 1);
    settings->version_table = g_strdup("schema_migrations");
    settings->own_schema = g_strdup("winch");
    settings->migrations_path = g_strdup("./migrations");
    settings->connect_timeout = 10000;
    settings->timeout = 300000;
    settings->lock_timeout = 30000;
    settings->retry_delay = 5000;
    settings->max_retries = 3;
    settings->finishes_on_hangup = TRUE;
    settings->checks_version_table = TRUE;
    settings->checks_files = TRUE;
    return settings;
}

/* Secrets are overwritten before the memory goes back. */
static void wipe(char *secret)
{
    for (volatile char *at = secret; at != NULL && *at != '\0'; at++)
        *at = '\0';
    g_free(secret);
}

void engine_settings_free(struct engine_settings *settings)
{
    char **plain[] = {&settings->driver,          &settings->version_table,
                      &settings->own_schema,      &settings->environment,
                      &settings->migrations_path, &settings->environment_origin};
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        g_free(*plain[i]);
    wipe(settings->url);
    wipe(settings->password);
    g_free(settings);
}
