/* Which of the connection's settings are used, and in which order libpq is to see them. */
#include "config/config.h"

#include "base/error.h"
#include "config/config_private.h"
#include "config/connection_text.h"
#include "config/secret.h"

#include <string.h>

enum part_kind {
    PART_NONE,
    PART_TARGET,   /* which database: a URL says all of it */
    PART_MANNER,   /* how to connect: fills what a URL of the same source leaves open */
    PART_PASSWORD, /* goes with its target, or comes from the environment */
};

/* One row a part, in the order libpq's manual has them. */
static const struct part {
    enum config_key key;
    enum part_kind kind;
    const char *keyword; /* NULL: not handed to libpq as it is */
} parts[] = {
    {CONFIG_DATABASE_DRIVER, PART_TARGET, NULL},
    {CONFIG_DATABASE_SERVICE, PART_TARGET, "service"},
    {CONFIG_DATABASE_HOST, PART_TARGET, "host"},
    {CONFIG_DATABASE_PORT, PART_TARGET, "port"},
    {CONFIG_DATABASE_NAME, PART_TARGET, "dbname"},
    {CONFIG_DATABASE_USERNAME, PART_TARGET, "user"},
    {CONFIG_DATABASE_SSLMODE, PART_MANNER, "sslmode"},
    {CONFIG_DATABASE_SSLROOTCERT, PART_MANNER, "sslrootcert"},
    {CONFIG_DATABASE_SSLCERT, PART_MANNER, "sslcert"},
    {CONFIG_DATABASE_SSLKEY, PART_MANNER, "sslkey"},
    {CONFIG_DATABASE_CONNECT_TIMEOUT, PART_MANNER, "connect_timeout"},
    {CONFIG_DATABASE_PASSWORD, PART_PASSWORD, NULL},
    {CONFIG_DATABASE_PASSWORD_FILE, PART_PASSWORD, NULL},
    {CONFIG_DATABASE_PASSWORD_COMMAND, PART_PASSWORD, NULL},
};

static const struct part *find_part(enum config_key key)
{
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i].key == key)
            return &parts[i];
    return NULL;
}

const char *config_driver(const struct config *config)
{
    const char *url = config_string(config, CONFIG_DATABASE_URL);
    const char *driver = config_string(config, CONFIG_DATABASE_DRIVER);
    g_autofree char *scheme = url != NULL ? connection_scheme(url) : NULL;
    if (url != NULL)
        driver = scheme != NULL ? scheme : "postgres";
    return driver != NULL && g_str_has_prefix(driver, "sqlite") ? "sqlite3" : "postgres";
}

/* Is this part, given by level, of no account because another source names the whole? */
gboolean config_part_is_replaced(const struct config *config, enum config_key key,
                                 enum origin level)
{
    const struct part *part = find_part(key);
    const struct config_value *url = &config->values[CONFIG_DATABASE_URL];
    const struct config_value *service = &config->values[CONFIG_DATABASE_SERVICE];
    if (part == NULL)
        return FALSE;
    if (strcmp(config_driver(config), "sqlite3") == 0 && key != CONFIG_DATABASE_DRIVER &&
        key != CONFIG_DATABASE_NAME)
        return TRUE;
    gboolean may_roam = part->kind == PART_PASSWORD && level != ORIGIN_FILE;
    if (url->is_set && level <= url->origin.kind && !may_roam)
        return part->kind == PART_TARGET || level < url->origin.kind;
    return service->is_set && level < service->origin.kind && key != CONFIG_DATABASE_DRIVER &&
           !may_roam;
}

static void add(struct config_database *database, guint *count, const char *keyword,
                const char *value)
{
    database->keywords[*count] = keyword;
    database->values[*count] = value;
    (*count)++;
}

/* libpq counts whole seconds; less than one would mean none. */
static const char *libpq_text(struct config_database *database, const struct config *config,
                              enum config_key key)
{
    if (key != CONFIG_DATABASE_CONNECT_TIMEOUT)
        return config_string(config, key);
    g_autofree char *seconds =
        g_strdup_printf("%" G_GINT64_FORMAT, (config_duration(config, key) + 999) / 1000);
    return g_string_chunk_insert(database->strings, seconds);
}

/* What the file and the environment fill in stands before the URL, which so overrides it; what
 * overrides the URL stands behind it. */
static void add_parts(struct config_database *database, const struct config *config, guint *count,
                      gboolean is_behind_url)
{
    const struct config_value *url = &config->values[CONFIG_DATABASE_URL];
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        const struct config_value *value = &config->values[parts[i].key];
        enum origin level = value->origin.kind;
        if (parts[i].keyword == NULL || !value->is_set || level == ORIGIN_LIBPQ ||
            level == ORIGIN_DEFAULT)
            continue;
        if ((url->is_set && level > url->origin.kind) == is_behind_url)
            add(database, count, parts[i].keyword, libpq_text(database, config, parts[i].key));
    }
}

struct config_database *config_database_new(const struct config *config)
{
    struct config_database *database = g_new0(struct config_database, 1);
    guint count = 0;
    database->driver = strcmp(config_driver(config), "sqlite3") == 0 ? "sqlite3" : "postgres";
    database->url = config_string(config, CONFIG_DATABASE_URL);
    database->keywords = g_new0(const char *, G_N_ELEMENTS(parts) + 2);
    database->values = g_new0(const char *, G_N_ELEMENTS(parts) + 2);
    database->strings = g_string_chunk_new(64);
    add_parts(database, config, &count, FALSE);
    if (database->url != NULL)
        add(database, &count, "dbname", database->url);
    add_parts(database, config, &count, TRUE);
    return database;
}

void config_database_free(struct config_database *database)
{
    if (database == NULL)
        return;
    g_free(database->keywords);
    g_free(database->values);
    g_string_chunk_free(database->strings);
    g_free(database);
}

/* The password setting of the highest source; the loader sees to it that each has one at most. */
static const struct config_value *password_source(const struct config *config, enum config_key *key)
{
    const struct config_value *best = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        const struct config_value *value = &config->values[parts[i].key];
        if (parts[i].kind == PART_PASSWORD && value->is_set &&
            (best == NULL || value->origin.kind > best->origin.kind)) {
            best = value;
            *key = parts[i].key;
        }
    }
    return best;
}

/* The URL's own password stands against sources that are not above it. */
static gboolean url_has_password(const struct config *config, enum origin level)
{
    const struct config_value *url = &config->values[CONFIG_DATABASE_URL];
    if (!url->is_set || level > url->origin.kind)
        return FALSE;
    g_auto(GStrv) secrets = connection_secrets(url->value.text);
    return secrets[0] != NULL;
}

gboolean config_database_password(const struct config *config, char **password, GError **error)
{
    enum config_key key = CONFIG_DATABASE_PASSWORD;
    const struct config_value *source = password_source(config, &key);
    *password = NULL;
    if (source == NULL || source->origin.kind == ORIGIN_LIBPQ ||
        url_has_password(config, source->origin.kind))
        return TRUE;
    if (key == CONFIG_DATABASE_PASSWORD_FILE)
        *password = secret_from_file(source->value.text, error);
    else if (key == CONFIG_DATABASE_PASSWORD_COMMAND)
        *password = secret_from_command(source->value.text, SECRET_COMMAND_MS, error);
    else
        *password = g_strdup(source->value.text);
    if (*password != NULL)
        return TRUE;
    if (source->origin.kind == ORIGIN_FILE && error != NULL && *error != NULL) {
        struct error_detail *detail = error_detail_edit(*error);
        detail->file = g_strdup(source->origin.file);
        detail->line = source->origin.line;
    }
    return FALSE;
}
