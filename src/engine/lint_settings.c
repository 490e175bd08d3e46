/* What configuration and server say of lint. */
#include "engine/lint.h"

#include <string.h>

void lint_settings_init(struct lint_settings *settings, const struct config *config)
{
    guint count = lint_rule_count();
    settings->levels = g_new(enum lint_level, count);
    for (guint i = 0; i < count; i++) {
        const char *level = config_level(config, CONFIG_LINT_RULES, lint_rule_at(i)->name);
        settings->levels[i] = level != NULL ? lint_level_find(level) : LINT_LEVELS;
    }
    settings->fail_on = lint_level_find(config_string(config, CONFIG_LINT_FAIL_ON));
    settings->server_version = config_is_set(config, CONFIG_LINT_SERVER_VERSION)
                                   ? (unsigned)config_integer(config, CONFIG_LINT_SERVER_VERSION)
                                   : 0;
}

void lint_settings_clear(struct lint_settings *settings)
{
    g_clear_pointer(&settings->levels, g_free);
}

void lint_settings_take_server(struct lint_settings *settings, const struct database_facts *facts)
{
    if (settings->server_version == 0 && strcmp(facts->product, "PostgreSQL") == 0)
        settings->server_version = (unsigned)(facts->version_number / 10000);
}

enum lint_level lint_settings_level(const struct lint_settings *settings,
                                    const struct lint_rule *rule)
{
    enum lint_level level = settings->levels[lint_rule_index(rule)];
    return level != LINT_LEVELS ? level : rule->level;
}
