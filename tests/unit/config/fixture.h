/* Configurations from text and from an environment that is only told. */
#ifndef WINCH_TESTS_CONFIG_FIXTURE_H
#define WINCH_TESTS_CONFIG_FIXTURE_H

#include <string.h>

#include "config/config.h"

/* data: "NAME=value" strings, NULL-terminated. */
static inline const char *fixture_look_up(const char *name, gpointer data)
{
    const char *const *environment = data;
    gsize length = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

#define ENVIRONMENT(...)                                                                           \
    (const char *[])                                                                               \
    {                                                                                              \
        __VA_ARGS__ NULL                                                                           \
    }

/* From text that only its owner can read. */
static inline struct config *fixture_load(const char *text, const char **environment,
                                          const struct config_override *option, GError **error)
{
    static const char *const rules[] = {"ban-drop-column", "prefer-text-field", NULL};
    const struct config_sources sources = {.overrides = option,
                                           .override_count = option != NULL ? 1 : 0,
                                           .lookup = fixture_look_up,
                                           .lookup_data = environment,
                                           .lint_rules = rules};
    return config_load_text(&sources, "c.yaml", text, strlen(text), TRUE, error);
}

#endif
