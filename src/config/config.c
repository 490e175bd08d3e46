/* The loaded configuration: what others ask of it. */
#include "config/config.h"

#include "config/config_private.h"
#include "config/connection_text.h"
#include "config/secret.h"

#include <string.h>

#define MASK "***"

void config_value_clear(struct config_value *value)
{
    setting_value_clear(&value->value);
    g_free(value->shown);
    memset(value, 0, sizeof *value);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++)
        config_value_clear(&config->values[key]);
    g_ptr_array_unref(config->policies);
    g_string_chunk_free(config->strings);
    g_free(config->file);
    g_free(config);
}

const char *config_file(const struct config *config)
{
    return config->file;
}

gboolean config_is_set(const struct config *config, enum config_key key)
{
    return config->values[key].is_set;
}

const char *config_string(const struct config *config, enum config_key key)
{
    return config->values[key].value.text;
}

gint64 config_integer(const struct config *config, enum config_key key)
{
    return config->values[key].value.number;
}

gboolean config_boolean(const struct config *config, enum config_key key)
{
    return config->values[key].value.number != 0;
}

gint64 config_duration(const struct config *config, enum config_key key)
{
    return config->values[key].is_set ? config->values[key].value.number : -1;
}

const char *const *config_list(const struct config *config, enum config_key key)
{
    static const char *const nothing[] = {NULL};
    char **list = config->values[key].value.list;
    return list != NULL ? (const char *const *)list : nothing;
}

const char *config_level(const struct config *config, enum config_key key, const char *name)
{
    gsize length = strlen(name);
    for (const char *const *row = config_list(config, key); *row != NULL; row++)
        if (strncmp(*row, name, length) == 0 && g_str_has_prefix(*row + length, ": "))
            return *row + length + 2;
    return NULL;
}

const struct config_origin *config_origin(const struct config *config, enum config_key key)
{
    return &config->values[key].origin;
}

char *config_origin_describe(const struct config_origin *origin)
{
    if (origin->kind == ORIGIN_FILE)
        return g_strdup_printf("%s:%u", origin->file, origin->line);
    return g_strdup(origin->kind == ORIGIN_DEFAULT ? "default" : origin->name);
}

char *config_describe(const struct config *config, enum config_key key)
{
    const struct config_value *value = &config->values[key];
    if (!value->is_set)
        return NULL;
    if (setting_get(key)->type == SETTING_SECRET)
        return g_strdup(MASK);
    if (value->shown != NULL)
        return g_strdup(value->shown);
    if (setting_get(key)->type == SETTING_CONNECTION)
        return connection_mask(value->value.text);
    if (value->value.list != NULL)
        return g_strjoinv(", ", value->value.list);
    return g_strdup(value->value.text);
}

static void scrub(char **text, const char *secret)
{
    char *scrubbed = secret_scrub(*text, secret);
    g_free(*text);
    *text = scrubbed;
}

char *config_scrub(const struct config *config, const char *text)
{
    char *scrubbed = g_strdup(text);
    const char *url = config_string(config, CONFIG_DATABASE_URL);
    g_auto(GStrv) secrets = url != NULL ? connection_secrets(url) : NULL;
    for (guint i = 0; secrets != NULL && secrets[i] != NULL; i++)
        scrub(&scrubbed, secrets[i]);
    scrub(&scrubbed, config_string(config, CONFIG_DATABASE_PASSWORD));
    return scrubbed;
}

const struct policy *config_policy_at(const struct config *config, guint index)
{
    return index < config->policies->len ? g_ptr_array_index(config->policies, index) : NULL;
}

const struct policy *config_policy(const struct config *config, const char *environment)
{
    const struct policy *policy;
    for (guint i = 0; (policy = config_policy_at(config, i)) != NULL; i++)
        if (strcmp(policy->name, environment) == 0)
            return policy;
    return NULL;
}

const struct policy *config_policy_in_force(const struct config *config)
{
    const char *name = config_string(config, CONFIG_ENVIRONMENT);
    const struct policy *unknown = config_policy(config, "unknown");
    const struct policy *named = name != NULL ? config_policy(config, name) : NULL;
    if (named == NULL)
        return unknown;
    struct policy tightened = *named;
    if (config_origin(config, CONFIG_ENVIRONMENT)->is_fallback &&
        policy_tighten(&tightened, unknown))
        return unknown;
    return named;
}
