/* From a command line to configuration, settings and an opened engine. */
#include "cli/command.h"

#include "analysis/lint.h"
#include "config/connection_text.h"
#include "engine/settings_config.h"

#include <string.h>

/* -source takes what golang-migrate takes for local files: file://DIRECTORY. */
static gboolean source_path(const char *source, char **path, GError **error)
{
    const char *rest = NULL;
    if (g_ascii_strncasecmp(source, "file:", 5) == 0)
        rest = source + 5;
    if (rest == NULL) {
        g_autofree char *masked = connection_mask(source);
        error_set(error, ERROR_USAGE, "--source %s: only files are read", masked);
        error_advise(error, "write --path DIRECTORY or --source file://DIRECTORY");
        return FALSE;
    }
    if (g_str_has_prefix(rest, "//"))
        rest += 2;
    *path = g_uri_unescape_string(*rest != '\0' ? rest : ".", NULL);
    if (*path != NULL)
        return TRUE;
    error_set(error, ERROR_USAGE, "--source %s: this is no URL", source);
    error_advise(error, "a percent sign is written %%25");
    return FALSE;
}

static GArray *overrides_of(const struct invocation *invocation, const char *path)
{
    GArray *overrides = g_array_new(FALSE, TRUE, sizeof(struct config_override));
    for (const struct option *option = option_table; option->name != NULL; option++) {
        const char *value = invocation_value(invocation, option->name);
        if (option->setting == NULL || value == NULL)
            continue;
        g_autofree char *key = g_strdup_printf("migrations.%s", option->setting);
        g_autofree char *written = g_strconcat("--", option->name, NULL);
        struct config_override override = {setting_find(key), value, g_intern_string(written)};
        g_array_append_val(overrides, override);
    }
    if (path != NULL) {
        struct config_override override = {CONFIG_MIGRATIONS_PATH, path, "--source"};
        g_array_append_val(overrides, override);
    }
    return overrides;
}

static gboolean load_config(struct command_context *context, unsigned flags, GError **error)
{
    const struct invocation *invocation = context->invocation;
    const char *source = invocation_value(invocation, "source");
    g_autofree char *path = NULL;
    if (source != NULL && !source_path(source, &path, error))
        return FALSE;
    g_autoptr(GArray) overrides = overrides_of(invocation, path);
    struct config_sources sources = {
        .file = invocation_value(invocation, "config"),
        .overrides = (const struct config_override *)(void *)overrides->data,
        .override_count = overrides->len,
        .lint_rules = lint_rule_names(),
        .needs_no_database = (flags & COMMAND_FILES) != 0,
    };
    context->config = config_load(&sources, error);
    return context->config != NULL;
}

static gboolean connect_engine(struct command_context *context, GError **error)
{
    struct engine_callbacks callbacks = {.on_event = progress_event,
                                         .data = context->progress,
                                         .cancellation = context->cancellation};
    guint retries = context->settings->max_retries;
    if (context->connects_once)
        context->settings->max_retries = 0;
    context->engine = engine_open(context->settings, &callbacks, error);
    context->settings->max_retries = retries;
    return context->engine != NULL;
}

gboolean command_prepare(struct command_context *context, unsigned flags, GError **error)
{
    if ((flags & (COMMAND_CONFIG | COMMAND_ENGINE)) == 0)
        return TRUE;
    if (context->config == NULL && !load_config(context, flags, error))
        return FALSE;
    if ((flags & COMMAND_ENGINE) == 0)
        return TRUE;
    context->settings = engine_settings_from_config(context->config, error);
    if (context->settings == NULL)
        return FALSE;
    context->settings->is_read_only = invocation_has(context->invocation, "readonly");
    return connect_engine(context, error);
}
