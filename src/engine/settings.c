/* Defaults: what holds when nobody says anything. */
#include "engine/settings.h"

static void policy_clear(gpointer data)
{
    struct policy *policy = data;
    g_free((char *)(gsize)policy->name);
}

static struct policy *policy_find(const struct engine_settings *settings, const char *name)
{
    for (guint i = 0; i < settings->policies->len; i++) {
        struct policy *policy = &g_array_index(settings->policies, struct policy, i);
        if (g_ascii_strcasecmp(policy->name, name) == 0)
            return policy;
    }
    return NULL;
}

const struct policy *engine_settings_policy(const struct engine_settings *settings,
                                            const char *environment)
{
    const struct policy *policy = policy_find(settings, environment);
    return policy != NULL ? policy : policy_find(settings, "unknown");
}

void engine_settings_take_policy(struct engine_settings *settings, const struct policy *policy)
{
    struct policy *same = policy_find(settings, policy->name);
    struct policy copy = *policy;
    copy.name = same != NULL ? same->name : g_strdup(policy->name);
    if (same != NULL)
        *same = copy;
    else
        g_array_append_val(settings->policies, copy);
}

struct engine_settings *engine_settings_new(void)
{
    struct engine_settings *settings = g_new0(struct engine_settings, 1);
    const struct policy *policy;
    settings->policies = g_array_new(FALSE, FALSE, sizeof(struct policy));
    g_array_set_clear_func(settings->policies, policy_clear);
    for (guint i = 0; (policy = policy_builtin(i)) != NULL; i++)
        engine_settings_take_policy(settings, policy);
    settings->preview_max_age = 1800000;
    settings->version_table = g_strdup("schema_migrations");
    settings->own_schema = g_strdup("winch");
    settings->migrations_path = g_strdup("./migrations");
    settings->connect_timeout = 10000;
    settings->timeout = 300000;
    settings->lock_timeout = 30000;
    settings->large_table = 100 * 1024 * 1024;
    settings->receipt_budget = 10000;
    settings->retry_delay = 5000;
    settings->max_retries = 3;
    settings->finishes_on_hangup = TRUE;
    settings->checks_version_table = TRUE;
    settings->checks_files = TRUE;
    settings->snapshots = SNAPSHOTS_RUN;
    settings->checks_constraints = settings->checks_indexes = TRUE;
    settings->checks_foreign_keys = settings->checks_schema = TRUE;
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
    g_array_unref(settings->policies);
    wipe(settings->url);
    wipe(settings->password);
    g_free(settings);
}
