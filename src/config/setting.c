/* The rows of CONFIG_SETTINGS, and one parser a type. */
#include "config/setting.h"

#include "base/duration.h"
#include "base/error.h"
#include "config/connection_text.h"
#include "config/mistakes.h"

#include <string.h>

#define SETTING_ROW(key, kind, where, environment, libpq, otherwise, words, low, high, text)       \
    [CONFIG_##key] = {SETTING_##kind,                                                              \
                      "migrations." where,                                                         \
                      environment,                                                                 \
                      libpq,                                                                       \
                      otherwise,                                                                   \
                      words,                                                                       \
                      low,                                                                         \
                      high,                                                                        \
                      text},

static const struct setting settings[CONFIG_KEY_COUNT] = {CONFIG_SETTINGS(SETTING_ROW)};

const struct setting *setting_get(enum config_key key)
{
    return &settings[key];
}

gboolean setting_is_used(enum config_key key)
{
    static const enum config_key unused[] = {
        CONFIG_PREVIEW_MAX_AGE, CONFIG_BACKUP_DIRECTORY,
        CONFIG_BACKUP_MODE,     CONFIG_BACKUP_FORMAT,
        CONFIG_BACKUP_JOBS,     CONFIG_BACKUP_KEEP,
        CONFIG_BACKUP_VERIFY,   CONFIG_MAX_BLOCKED_SESSIONS,
        CONFIG_MAX_BLOCK_TIME,  CONFIG_BEFORE_ROLLBACK,
        CONFIG_ON_EVENT,        CONFIG_SLOW_MIGRATION,
        CONFIG_SERVE_LISTEN,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(unused); i++)
        if (unused[i] == key)
            return FALSE;
    return TRUE;
}

enum config_key setting_find(const char *path)
{
    guint key = 0;
    while (key < CONFIG_KEY_COUNT && strcmp(settings[key].path, path) != 0)
        key++;
    return (enum config_key)key;
}

char **setting_children(const char *prefix)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gsize length = strlen(prefix);
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++) {
        const char *path = settings[key].path;
        if (strncmp(path, prefix, length) != 0 || path[length] != '.')
            continue;
        char *name = g_strndup(path + length + 1, strcspn(path + length + 1, "."));
        if (!g_hash_table_contains(seen, name))
            g_strv_builder_add(names, name);
        g_hash_table_add(seen, name);
    }
    return g_strv_builder_end(names);
}

char *setting_expects(const struct setting *setting)
{
    static const char *const names[] = {
        [SETTING_TEXT] = "text",
        [SETTING_PATH] = "path",
        [SETTING_SECRET] = "text",
        [SETTING_CONNECTION] = "URL or conninfo string",
        [SETTING_COMMAND] = "command",
        [SETTING_CHOICE] = "word",
        [SETTING_INTEGER] = "number",
        [SETTING_BOOLEAN] = "true or false",
        [SETTING_DURATION] = "duration",
        [SETTING_SIZE] = "size",
        [SETTING_PORTS] = "port",
        [SETTING_LISTEN] = "address:port",
        [SETTING_LIST] = "list of commands",
        [SETTING_LEVELS] = "levels by name",
    };
    if (setting->type == SETTING_CHOICE) {
        g_auto(GStrv) words = g_strsplit(setting->choices, " ", -1);
        return g_strjoinv(", ", words);
    }
    if (setting->type == SETTING_INTEGER)
        return g_strdup_printf("number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                               setting->minimum, setting->maximum);
    return g_strdup(names[setting->type]);
}

void setting_value_clear(struct setting_value *value)
{
    if (value->text != NULL)
        explicit_bzero(value->text, strlen(value->text));
    g_clear_pointer(&value->text, g_free);
    g_clear_pointer(&value->list, g_strfreev);
}

static gboolean has_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if (g_ascii_iscntrl(*text))
            return TRUE;
    return FALSE;
}

static gboolean parse_choice(const struct setting *setting, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(setting->choices, " ", -1);
    if (g_strv_contains((const char *const *)words, text))
        return TRUE;
    g_autofree char *quoted = mistakes_quote(text);
    g_autofree char *expected = setting_expects(setting);
    g_autofree char *guess = mistakes_guess(text, (const char *const *)words);
    error_set(error, ERROR_CONFIG, "%s is none of %s%s", quoted, expected, guess);
    return FALSE;
}

static gboolean parse_integer(const struct setting *setting, const char *text, gint64 *number,
                              GError **error)
{
    if (g_ascii_string_to_signed(text, 10, setting->minimum, setting->maximum, number, NULL))
        return TRUE;
    g_autofree char *quoted = mistakes_quote(text);
    g_autofree char *expected = setting_expects(setting);
    error_set(error, ERROR_CONFIG, "%s is not a %s", quoted, expected);
    return FALSE;
}

static gboolean parse_boolean(const char *text, struct setting_value *value, GError **error)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1", NULL};
    for (guint i = 0; words[i] != NULL; i++)
        if (g_ascii_strcasecmp(words[i], text) == 0) {
            value->number = i % 2;
            g_free(value->text);
            value->text = g_strdup(words[i % 2]);
            return TRUE;
        }
    g_autofree char *quoted = mistakes_quote(text);
    g_autofree char *guess = mistakes_guess(text, words);
    error_set(error, ERROR_CONFIG, "%s is neither true nor false%s", quoted, guess);
    return FALSE;
}

static gboolean parse_duration(const char *text, gint64 bare_unit_ms, gint64 *milliseconds,
                               GError **error)
{
    if (duration_parse(text, bare_unit_ms, milliseconds, NULL))
        return TRUE;
    g_autofree char *quoted = mistakes_quote(text);
    error_set(error, ERROR_CONFIG,
              "%s is not a duration; write a whole number and a unit: 500ms, 30s, 5min, 2h, 1d "
              "or 1h30m",
              quoted);
    return FALSE;
}

/* "100MB", "1 GB", "8192": units as PostgreSQL has them, of 1024 each (manual, section 20.1.1). */
static gboolean parse_size(const char *text, gint64 *bytes, GError **error)
{
    static const char *const units[] = {"", "kB", "MB", "GB", "TB"};
    gsize digits = strspn(text, "0123456789");
    g_autofree char *number = g_strndup(text, digits);
    const char *unit = text + digits + strspn(text + digits, " ");
    guint64 count;
    for (guint i = 0; i < G_N_ELEMENTS(units); i++)
        if (strcmp(unit, units[i]) == 0 &&
            g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT64 >> 10 * i, &count, NULL)) {
            *bytes = (gint64)(count << 10 * i);
            return TRUE;
        }
    g_autofree char *quoted = mistakes_quote(text);
    error_set(error, ERROR_CONFIG,
              "%s is not a size; write a whole number and a unit: 512kB, 100MB, 2GB or 1TB",
              quoted);
    return FALSE;
}

static gboolean is_port(const char *text)
{
    guint64 port;
    return g_ascii_string_to_unsigned(text, 10, 1, 65535, &port, NULL);
}

static gboolean parse_ports(const char *text, GError **error)
{
    g_auto(GStrv) ports = g_strsplit(text, ",", -1);
    for (guint i = 0; ports[i] != NULL; i++)
        if (!is_port(ports[i])) {
            g_autofree char *quoted = mistakes_quote(ports[i]);
            error_set(error, ERROR_CONFIG, "%s is not a port from 1 to 65535", quoted);
            return FALSE;
        }
    return TRUE;
}

static gboolean parse_listen(const char *text, GError **error)
{
    const char *colon = strrchr(text, ':');
    gboolean is_bracketed = text[0] == '[' && colon > text && colon[-1] == ']';
    if (colon != NULL && is_port(colon + 1) && (is_bracketed || strchr(text, ':') == colon))
        return TRUE;
    g_autofree char *quoted = mistakes_quote(text);
    error_set(error, ERROR_CONFIG,
              "%s is not an address and port, such as 127.0.0.1:9187 or [::1]:9187", quoted);
    return FALSE;
}

static gboolean parse_connection(const char *text, GError **error)
{
    static const char *const schemes[] = {"postgres", "postgresql", "pgx",    "pgx4",
                                          "pgx5",     "sqlite3",    "sqlite", NULL};
    g_autofree char *scheme = connection_scheme(text);
    if (scheme == NULL && strchr(text, '=') == NULL) {
        error_set(error, ERROR_CONFIG,
                  "neither a URL (postgres://user@host/database) nor a conninfo string "
                  "(host=... dbname=...)");
        return FALSE;
    }
    if (scheme == NULL || g_strv_contains(schemes, scheme))
        return TRUE;
    g_autofree char *quoted = mistakes_quote(scheme);
    g_autofree char *guess = mistakes_guess(scheme, schemes);
    error_set(error, ERROR_CONFIG, "no driver is called %s; known are postgres and sqlite3%s",
              quoted, guess);
    return FALSE;
}

/* GLib's own message repeats the text, in which a secret may have been expanded. */
char **setting_command_words(const char *text, GError **error)
{
    g_autoptr(GError) problem = NULL;
    char **words = NULL;
    if (g_shell_parse_argv(text, NULL, &words, &problem))
        return words;
    error_set(error, ERROR_CONFIG, "not a command: %s",
              g_error_matches(problem, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING)
                  ? "there is no word in it"
                  : "a quote in it does not end");
    return NULL;
}

static gboolean parse_command(const char *text, GError **error)
{
    g_auto(GStrv) words = setting_command_words(text, error);
    return words != NULL;
}

gboolean setting_parse(const struct setting *setting, const char *text, gint64 bare_unit_ms,
                       struct setting_value *value, GError **error)
{
    if (!g_utf8_validate(text, -1, NULL)) {
        error_set(error, ERROR_CONFIG, "not UTF-8");
        return FALSE;
    }
    if (setting->type != SETTING_SECRET && has_control_character(text)) {
        error_set(error, ERROR_CONFIG, "a control character in a value");
        return FALSE;
    }
    value->text = g_strdup(text);
    switch (setting->type) {
    case SETTING_CHOICE:
        return parse_choice(setting, text, error);
    case SETTING_INTEGER:
        return parse_integer(setting, text, &value->number, error);
    case SETTING_BOOLEAN:
        return parse_boolean(text, value, error);
    case SETTING_DURATION:
        return parse_duration(text, bare_unit_ms, &value->number, error);
    case SETTING_SIZE:
        return parse_size(text, &value->number, error);
    case SETTING_PORTS:
        return parse_ports(text, error);
    case SETTING_LISTEN:
        return parse_listen(text, error);
    case SETTING_CONNECTION:
        return parse_connection(text, error);
    case SETTING_COMMAND:
        return parse_command(text, error);
    default:
        return TRUE;
    }
}
