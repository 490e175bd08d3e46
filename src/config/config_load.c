/* Puts the sources together: command line, environment, the file's URL and driver (which decide
 * what else is needed), libpq's variables, the rest of the file, environments, defaults. */
#include "config/config.h"

#include "base/error.h"
#include "config/connection_text.h"
#include "config/file_text.h"
#include "config/loader.h"

#include <string.h>

/* On a command line a bare number is in seconds, as golang-migrate's -lock-timeout is. In a file
 * or a variable it would be read as seconds by one and milliseconds by the next. */
#define BARE_COMMAND_LINE_MS 1000
#define BARE_LIBPQ_MS        1000
#define BARE_REFUSED         0

static const enum config_key password_keys[] = {
    CONFIG_DATABASE_PASSWORD, CONFIG_DATABASE_PASSWORD_FILE, CONFIG_DATABASE_PASSWORD_COMMAND};

static const char *look_up(const char *name, gpointer data)
{
    const struct config_sources *sources = data;
    return sources->lookup != NULL ? sources->lookup(name, sources->lookup_data) : g_getenv(name);
}

static const char *look_up_variable(const struct loader *loader, const char *name)
{
    struct config_sources sources = *loader->sources;
    return name != NULL ? look_up(name, &sources) : NULL;
}

void loader_mistake(struct loader *loader, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    mistakes_add(loader->mistakes, loader->config->file, line, "%s", message);
}

char *loader_expand(struct loader *loader, const struct tree_node *node, const char *what,
                    gboolean may_be_unset, gboolean *is_fallback)
{
    struct config_sources sources = *loader->sources;
    char *result = NULL;
    enum expansion outcome = variables_expand(node->text, look_up, &sources, &result, is_fallback);
    if (outcome == EXPANSION_DONE)
        return result;
    if (outcome == EXPANSION_MALFORMED || !may_be_unset)
        loader_mistake(loader, node->line, "%s: %s", what, result);
    g_free(result);
    return NULL;
}

/* --- values from outside of the file -----------------------------------------------------------
 */

/* Empty text is no value. */
static gboolean set_value(struct config_value *value, enum config_key key, const char *text,
                          gint64 bare_unit_ms, const struct config_origin *origin, GError **error)
{
    const struct setting *setting = setting_get(key);
    config_value_clear(value);
    if (*text == '\0')
        return TRUE;
    if (!setting_parse(setting, text, bare_unit_ms, &value->value, error)) {
        config_value_clear(value);
        return FALSE;
    }
    if (setting->type == SETTING_LIST)
        value->value.list = g_strsplit(text, "\n", 1);
    value->is_set = TRUE;
    value->origin = *origin;
    return TRUE;
}

static void set_named(struct loader *loader, enum config_key key, const char *text,
                      gint64 bare_unit_ms, enum origin kind, const char *name)
{
    g_autoptr(GError) problem = NULL;
    const struct config_origin origin = {.kind = kind, .name = name};
    if (!set_value(&loader->config->values[key], key, text, bare_unit_ms, &origin, &problem))
        mistakes_add(loader->mistakes, NULL, 0, "%s: %s", name, problem->message);
}

/* An empty value is most likely an unset variable of a script, which must not lead to another
 * database or a laxer environment. */
static void take_overrides(struct loader *loader)
{
    for (gsize i = 0; i < loader->sources->override_count; i++) {
        const struct config_override *given = &loader->sources->overrides[i];
        const char *option = g_string_chunk_insert(loader->config->strings, given->option);
        if (*given->value == '\0')
            mistakes_add(loader->mistakes, NULL, 0, "%s is empty; give it a value or leave it out",
                         option);
        else
            set_named(loader, given->key, given->value, BARE_COMMAND_LINE_MS, ORIGIN_COMMAND_LINE,
                      option);
    }
}

static void take_environment(struct loader *loader)
{
    for (guint i = 0; i < CONFIG_KEY_COUNT; i++) {
        enum config_key key = (enum config_key)i;
        const char *name = setting_get(key)->variable;
        const char *text = look_up_variable(loader, name);
        if (text != NULL && !config_is_set(loader->config, key))
            set_named(loader, key, text, BARE_REFUSED, ORIGIN_ENVIRONMENT, name);
    }
}

/* libpq reads these itself; they are taken so that the file does not override them. */
static void take_libpq_environment(struct loader *loader)
{
    if (strcmp(config_driver(loader->config), "sqlite3") == 0)
        return;
    for (guint i = 0; i < CONFIG_KEY_COUNT; i++) {
        enum config_key key = (enum config_key)i;
        const char *name = setting_get(key)->libpq_variable;
        const char *text = look_up_variable(loader, name);
        if (text == NULL || config_is_set(loader->config, key))
            continue;
        if (key == CONFIG_DATABASE_CONNECT_TIMEOUT && *text == '-')
            text = "0"; /* a negative one is no limit to libpq */
        set_named(loader, key, text, BARE_LIBPQ_MS, ORIGIN_LIBPQ, name);
    }
}

/* --- values of the file ------------------------------------------------------------------------
 */

static gboolean is_password_key(enum config_key key)
{
    for (guint i = 0; i < G_N_ELEMENTS(password_keys); i++)
        if (password_keys[i] == key)
            return TRUE;
    return FALSE;
}

gboolean loader_is_overridden(const struct config *config, enum config_key key)
{
    const struct config_value *value = &config->values[key];
    return value->is_set && value->origin.kind > ORIGIN_FILE;
}

/* Nothing is missing when the file's value is not going to be used. */
static gboolean may_be_unset(const struct loader *loader, enum config_key key)
{
    const struct config *config = loader->config;
    if (loader->sources->needs_no_database &&
        g_str_has_prefix(setting_get(key)->path, "migrations.database."))
        return TRUE;
    if (loader_is_overridden(config, key) || config_part_is_replaced(config, key, ORIGIN_FILE))
        return TRUE;
    for (guint i = 0; is_password_key(key) && i < G_N_ELEMENTS(password_keys); i++)
        if (loader_is_overridden(config, password_keys[i]))
            return TRUE;
    return FALSE;
}

/* More than marks of variables? */
static gboolean has_literal_text(const char *literal)
{
    const char marks[] = {VARIABLE_MARK, '\0'};
    return literal[strspn(literal, marks)] != '\0';
}

static gboolean has_plain_password(enum setting_type type, const char *text)
{
    g_autofree char *literal = variables_literal(text);
    if (literal == NULL)
        return FALSE;
    if (type == SETTING_SECRET)
        return has_literal_text(literal);
    if (type != SETTING_CONNECTION)
        return FALSE;
    g_auto(GStrv) secrets = connection_secrets(literal);
    for (guint i = 0; secrets[i] != NULL; i++)
        if (has_literal_text(secrets[i]))
            return TRUE;
    return FALSE;
}

static void read_scalar(struct loader *loader, enum config_key key, const struct tree_node *node)
{
    struct config *config = loader->config;
    const struct setting *setting = setting_get(key);
    struct config_origin origin = {.kind = ORIGIN_FILE, .file = config->file, .line = node->line};
    struct config_value value = {0};
    g_autoptr(GError) problem = NULL;
    if (!loader->is_private && has_plain_password(setting->type, node->text))
        loader_mistake(loader, node->line,
                       "%s: a password in plain text in a file that others can read; take it from "
                       "a ${VARIABLE}, password_file or password_command, or make the file yours "
                       "alone (chmod 600)",
                       setting->path);
    g_autofree char *text =
        loader_expand(loader, node, setting->path, may_be_unset(loader, key), &origin.is_fallback);
    if (text == NULL)
        return;
    if (!set_value(&value, key, text, BARE_REFUSED, &origin, &problem))
        loader_mistake(loader, node->line, "%s: %s", setting->path, problem->message);
    if (setting->type == SETTING_COMMAND && value.is_set)
        value.shown = g_strdup(node->text);
    explicit_bzero(text, strlen(text));
    if (loader_is_overridden(config, key))
        config_value_clear(&value);
    else
        config->values[key] = value;
}

/* One command of a list, expanded; NULL when it is a mistake. */
static char *read_command(struct loader *loader, const char *path, const struct tree_node *item)
{
    gboolean is_fallback;
    if (item->kind != TREE_SCALAR || tree_is_null(item)) {
        loader_mistake(loader, item->line, "%s: each command must be a single value, not %s", path,
                       item->kind != TREE_SCALAR ? tree_kind_name(item->kind) : "nothing");
        return NULL;
    }
    char *command = loader_expand(loader, item, path, FALSE, &is_fallback);
    g_autoptr(GError) problem = NULL;
    g_auto(GStrv) words = command != NULL ? setting_command_words(command, &problem) : NULL;
    if (problem != NULL) {
        loader_mistake(loader, item->line, "%s: %s", path, problem->message);
        g_clear_pointer(&command, g_free);
    }
    return command;
}

static void read_list(struct loader *loader, enum config_key key, const struct tree_node *node)
{
    struct config_value *value = &loader->config->values[key];
    g_autoptr(GStrvBuilder) commands = g_strv_builder_new();
    g_autoptr(GString) shown = g_string_new(NULL);
    for (guint i = 0; i < node->children->len; i++) {
        const struct tree_node *item = g_ptr_array_index(node->children, i);
        g_autofree char *command = read_command(loader, setting_get(key)->path, item);
        if (command == NULL)
            continue;
        g_strv_builder_add(commands, command);
        g_string_append_printf(shown, "%s%s", shown->len > 0 ? ", " : "", item->text);
    }
    if (loader_is_overridden(loader->config, key))
        return;
    value->value.list = g_strv_builder_end(commands);
    value->is_set = TRUE;
    value->shown = g_string_free(g_steal_pointer(&shown), FALSE);
    value->origin = (struct config_origin){
        .kind = ORIGIN_FILE, .file = loader->config->file, .line = node->line};
}

static void read_setting(struct loader *loader, enum config_key key)
{
    const struct tree_node *node = loader->nodes[key];
    const struct setting *setting = setting_get(key);
    enum tree_kind wanted = setting->type == SETTING_LIST ? TREE_LIST : TREE_SCALAR;
    if (node == NULL || tree_is_null(node))
        return;
    if (setting->type == SETTING_LEVELS) {
        loader_read_levels(loader, key, setting->path, node, TRUE);
        return;
    }
    if (node->kind != wanted) {
        g_autofree char *expected = setting_expects(setting);
        loader_mistake(loader, node->line, "%s must be %s (%s), not %s", setting->path,
                       tree_kind_name(wanted), expected, tree_kind_name(node->kind));
        return;
    }
    if (wanted == TREE_LIST)
        read_list(loader, key, node);
    else
        read_scalar(loader, key, node);
}

/* --- what holds together -----------------------------------------------------------------------
 */

/* Two passwords from one source: which one is meant? */
static void check_passwords(struct loader *loader)
{
    const struct config_value *values = loader->config->values;
    for (guint i = 0; i < G_N_ELEMENTS(password_keys); i++)
        for (guint j = i + 1; j < G_N_ELEMENTS(password_keys); j++) {
            const struct config_value *one = &values[password_keys[i]];
            const struct config_value *two = &values[password_keys[j]];
            if (!one->is_set || !two->is_set || one->origin.kind != two->origin.kind)
                continue;
            g_autofree char *first = config_origin_describe(&one->origin);
            if (two->origin.kind == ORIGIN_FILE)
                loader_mistake(loader, two->origin.line, "%s besides %s (%s); keep one of them",
                               setting_get(password_keys[j])->path,
                               setting_get(password_keys[i])->path, first);
            else
                mistakes_add(loader->mistakes, NULL, 0, "%s besides %s; keep one of them",
                             two->origin.name, first);
        }
}

/* What another source replaces is as if it had not been given. */
static void drop_replaced(struct config *config)
{
    gboolean is_dropped[CONFIG_KEY_COUNT] = {FALSE};
    for (guint i = 0; i < CONFIG_KEY_COUNT; i++) {
        enum config_key key = (enum config_key)i;
        enum origin level = config->values[i].origin.kind;
        if (!config->values[i].is_set || level == ORIGIN_LIBPQ)
            continue;
        is_dropped[i] = config_part_is_replaced(config, key, level);
        for (guint j = 0; is_password_key(key) && j < G_N_ELEMENTS(password_keys); j++)
            if (config->values[password_keys[j]].is_set &&
                config->values[password_keys[j]].origin.kind > level)
                is_dropped[i] = TRUE;
    }
    for (guint i = 0; i < CONFIG_KEY_COUNT; i++)
        if (is_dropped[i])
            config_value_clear(&config->values[i]);
}

static void check_environment(struct loader *loader)
{
    const char *name = config_string(loader->config, CONFIG_ENVIRONMENT);
    const struct config_origin *origin = config_origin(loader->config, CONFIG_ENVIRONMENT);
    if (name == NULL || config_policy(loader->config, name) != NULL)
        return;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; config_policy_at(loader->config, i) != NULL; i++)
        g_ptr_array_add(names, g_strdup(config_policy_at(loader->config, i)->name));
    g_ptr_array_add(names, NULL);
    g_auto(GStrv) words = (char **)g_ptr_array_steal(names, NULL);
    g_autofree char *quoted = mistakes_quote(name);
    g_autofree char *choices = g_strjoinv(", ", words);
    g_autofree char *guess = mistakes_guess(name, (const char *const *)words);
    gboolean is_in_file = origin->kind == ORIGIN_FILE;
    mistakes_add(loader->mistakes, is_in_file ? loader->config->file : NULL, origin->line,
                 "%s: %s is none of %s%s",
                 is_in_file ? setting_get(CONFIG_ENVIRONMENT)->path : origin->name, quoted, choices,
                 guess);
}

/* With a URL its scheme is the driver, and it is the URL that said so. */
static void name_driver(struct config *config)
{
    struct config_value *driver = &config->values[CONFIG_DATABASE_DRIVER];
    if (!config_is_set(config, CONFIG_DATABASE_URL))
        return;
    config_value_clear(driver);
    driver->value.text = g_strdup(config_driver(config));
    driver->is_set = TRUE;
    driver->origin = *config_origin(config, CONFIG_DATABASE_URL);
}

static void take_defaults(struct config *config)
{
    const struct config_origin origin = {.kind = ORIGIN_DEFAULT};
    for (guint i = 0; i < CONFIG_KEY_COUNT; i++) {
        enum config_key key = (enum config_key)i;
        const char *text = setting_get(key)->default_text;
        if (text != NULL && !config->values[i].is_set)
            set_value(&config->values[i], key, text, BARE_REFUSED, &origin, NULL);
    }
}

/* --- loading -----------------------------------------------------------------------------------
 */

static struct config *config_new(const char *file)
{
    struct config *config = g_new0(struct config, 1);
    config->file = g_strdup(file);
    config->policies = g_ptr_array_new_with_free_func(g_free);
    config->strings = g_string_chunk_new(256);
    return config;
}

static void load(struct loader *loader, const char *bytes, gsize length)
{
    AUTOPTR(tree_node) *root = NULL;
    take_overrides(loader);
    take_environment(loader);
    if (bytes != NULL)
        root = tree_parse(loader->config->file, bytes, length, loader->mistakes);
    if (root != NULL)
        loader_bind(loader, root);
    read_setting(loader, CONFIG_DATABASE_URL);
    read_setting(loader, CONFIG_DATABASE_DRIVER);
    take_libpq_environment(loader);
    read_setting(loader, CONFIG_DATABASE_SERVICE);
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++)
        if (key != CONFIG_DATABASE_URL && key != CONFIG_DATABASE_DRIVER &&
            key != CONFIG_DATABASE_SERVICE)
            read_setting(loader, (enum config_key)key);
    loader_read_environments(loader);
    check_environment(loader);
    check_passwords(loader);
    drop_replaced(loader->config);
    name_driver(loader->config);
    take_defaults(loader->config);
}

struct config *config_load_text(const struct config_sources *sources, const char *name,
                                const char *bytes, gsize length, gboolean is_private,
                                GError **error)
{
    AUTOPTR(config) *config = config_new(name);
    AUTOPTR(mistakes) *mistakes = mistakes_new();
    struct loader loader = {
        .sources = sources, .config = config, .mistakes = mistakes, .is_private = is_private};
    load(&loader, bytes, length);
    if (!mistakes_report(mistakes, error))
        return NULL;
    return g_steal_pointer(&config);
}

struct config *config_load(const struct config_sources *sources, GError **error)
{
    static const char config_variable[] = "WINCH_CONFIG";
    struct config_sources searched = *sources;
    const char *named = sources->file, *named_by = NULL;
    struct file_text text;
    if (named == NULL && (named = look_up(config_variable, &searched)) != NULL) {
        named = *named != '\0' ? named : NULL;
        named_by = config_variable;
    }
    struct config *config = NULL;
    if (file_text_read(named, named_by, &text, error))
        config =
            config_load_text(sources, text.name, text.bytes, text.length, text.is_private, error);
    file_text_clear(&text);
    return config;
}
