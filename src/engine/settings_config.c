/* Configuration has many parts; a driver is told one URL or conninfo string. */
#include "engine/settings_config.h"

#include "config/secret.h"

#include <string.h>

/* 'it''s' as libpq's conninfo strings have it (manual, section 34.1.1.1). */
static void append_conninfo(GString *conninfo, const char *keyword, const char *value)
{
    g_string_append_printf(conninfo, "%s%s='", conninfo->len > 0 ? " " : "", keyword);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            g_string_append_c(conninfo, '\\');
        g_string_append_c(conninfo, *value);
    }
    g_string_append_c(conninfo, '\'');
}

static char *conninfo_of(const struct config_database *database)
{
    GString *conninfo = g_string_new(NULL);
    for (guint i = 0; database->keywords[i] != NULL; i++)
        append_conninfo(conninfo, database->keywords[i], database->values[i]);
    return g_string_free(conninfo, FALSE);
}

static gboolean query_has(const char *url, const char *keyword)
{
    const char *query = strchr(url, '?');
    g_autofree char *key = g_strdup_printf("%s=", keyword);
    const char *found = query != NULL ? strstr(query, key) : NULL;
    return found != NULL && (found[-1] == '?' || found[-1] == '&');
}

/* Parts before the URL fill what it leaves open, parts behind it override it: libpq lets the last
 * one of a parameter win. */
static char *url_with_parts(const struct config_database *database)
{
    GString *url = g_string_new(database->url);
    gboolean is_behind = FALSE;
    for (guint i = 0; database->keywords[i] != NULL; i++) {
        if (database->values[i] == database->url) {
            is_behind = TRUE;
            continue;
        }
        if (!is_behind && query_has(database->url, database->keywords[i]))
            continue;
        g_autofree char *value = g_uri_escape_string(database->values[i], NULL, FALSE);
        g_string_append_printf(url, "%c%s=%s", strchr(url->str, '?') != NULL ? '&' : '?',
                               database->keywords[i], value);
    }
    return g_string_free(url, FALSE);
}

static char *conninfo_with_parts(const struct config_database *database)
{
    GString *conninfo = g_string_new(NULL);
    for (guint i = 0; database->keywords[i] != NULL; i++)
        if (database->values[i] == database->url)
            g_string_append_printf(conninfo, "%s%s", conninfo->len > 0 ? " " : "", database->url);
        else
            append_conninfo(conninfo, database->keywords[i], database->values[i]);
    return g_string_free(conninfo, FALSE);
}

static const char *part(const struct config_database *database, const char *keyword)
{
    for (guint i = 0; database->keywords[i] != NULL; i++)
        if (strcmp(database->keywords[i], keyword) == 0)
            return database->values[i];
    return NULL;
}

static char *target_of(const struct config_database *database)
{
    if (strcmp(database->driver, "sqlite3") == 0)
        return g_strdup(database->url != NULL ? database->url : part(database, "dbname"));
    if (database->url == NULL)
        return conninfo_of(database);
    return strstr(database->url, "://") != NULL ? url_with_parts(database)
                                                : conninfo_with_parts(database);
}

static void take_environment(struct engine_settings *settings, const struct config *config)
{
    const struct config_origin *origin = config_origin(config, CONFIG_ENVIRONMENT);
    const char *name = config_string(config, CONFIG_ENVIRONMENT);
    /* a fallback counts where it asks for no less than not knowing would */
    gboolean is_said =
        config_is_set(config, CONFIG_ENVIRONMENT) &&
        (!origin->is_fallback || g_strcmp0(config_policy_in_force(config)->name, name) == 0);
    if (!is_said || origin->kind == ORIGIN_DEFAULT)
        return;
    settings->environment = g_strdup(name);
    settings->environment_origin = config_origin_describe(origin);
}

static void replace(char **setting, const char *value)
{
    g_free(*setting);
    *setting = g_strdup(value);
}

static enum snapshots snapshots_of(const char *word)
{
    if (strcmp(word, "each") == 0)
        return SNAPSHOTS_EACH;
    return strcmp(word, "off") == 0 ? SNAPSHOTS_OFF : SNAPSHOTS_RUN;
}

struct engine_settings *engine_settings_from_config(const struct config *config, GError **error)
{
    AUTOPTR(engine_settings) *settings = engine_settings_new();
    AUTOPTR(config_database) *database = config_database_new(config);
    const struct policy *policy;
    char *password = NULL;
    if (!config_database_password(config, &password, error))
        return NULL;
    settings->password = g_strdup(password);
    secret_free(password);
    settings->url = target_of(database);
    settings->driver = g_strdup(database->driver);
    if (config_is_set(config, CONFIG_DATABASE_CONNECT_TIMEOUT))
        settings->connect_timeout = config_duration(config, CONFIG_DATABASE_CONNECT_TIMEOUT);
    replace(&settings->version_table, config_string(config, CONFIG_VERSION_TABLE));
    replace(&settings->own_schema, config_string(config, CONFIG_OWN_SCHEMA));
    replace(&settings->migrations_path, config_string(config, CONFIG_MIGRATIONS_PATH));
    settings->timeout = config_duration(config, CONFIG_TIMEOUT);
    settings->is_timeout_said = config_origin(config, CONFIG_TIMEOUT)->kind != ORIGIN_DEFAULT;
    settings->lock_timeout = config_duration(config, CONFIG_LOCK_TIMEOUT);
    settings->large_table = config_integer(config, CONFIG_LARGE_TABLE);
    settings->receipt_budget = config_duration(config, CONFIG_RECEIPT_BUDGET);
    settings->retry_delay = config_duration(config, CONFIG_RETRY_DELAY);
    settings->max_retries = (guint)config_integer(config, CONFIG_MAX_RETRIES);
    settings->finishes_on_hangup = strcmp(config_string(config, CONFIG_ON_HANGUP), "finish") == 0;
    settings->carries_session_state =
        strcmp(config_string(config, CONFIG_SESSION_STATE), "carry") == 0;
    settings->preview_max_age = config_duration(config, CONFIG_PREVIEW_MAX_AGE);
    for (guint i = 0; (policy = config_policy_at(config, i)) != NULL; i++)
        engine_settings_take_policy(settings, policy);
    settings->snapshots = snapshots_of(config_string(config, CONFIG_FINGERPRINT));
    settings->checks_constraints = config_boolean(config, CONFIG_CHECK_CONSTRAINTS);
    settings->checks_indexes = config_boolean(config, CONFIG_CHECK_INDEXES);
    settings->checks_foreign_keys = config_boolean(config, CONFIG_CHECK_FOREIGN_KEYS);
    settings->checks_schema = config_boolean(config, CONFIG_SCHEMA_CONSISTENCY);
    take_environment(settings, config);
    return g_steal_pointer(&settings);
}
