/* The environment is a property of the database; whoever else speaks can only make it stricter. */
#include "engine/environment.h"

#include "base/text.h"

#include <string.h>

static const char *const class_names[ENVIRONMENT_PRODUCTION + 2] = {
    [ENVIRONMENT_DEVELOPMENT] = "development",
    [ENVIRONMENT_STAGING] = "staging",
    [ENVIRONMENT_UNKNOWN] = "unknown",
    [ENVIRONMENT_PRODUCTION] = "production",
};

const char *environment_class_name(enum environment_class class_)
{
    return class_names[class_];
}

static enum environment_class class_of(const char *name)
{
    for (gsize i = 0; class_names[i] != NULL; i++)
        if (g_ascii_strcasecmp(name, class_names[i]) == 0)
            return (enum environment_class)i;
    return ENVIRONMENT_UNKNOWN;
}

/* The class that a name was probably meant to be: "prod", "producton". NULL for none. */
static const char *class_meant(const char *name)
{
    g_autofree char *low = g_ascii_strdown(name, -1);
    for (gsize i = 0; class_names[i] != NULL; i++)
        if (g_str_has_prefix(class_names[i], low))
            return class_names[i];
    return text_nearest(low, class_names);
}

/* All who say what a database is, while they are heard. */
struct hearing {
    struct environment *environment;
    const struct engine_settings *settings;
    GString *voices;
};

/* Adds one voice; the strictest so far stays. */
static void hear(struct hearing *hearing, const char *name, const char *from)
{
    struct environment *environment = hearing->environment;
    if (name == NULL || *name == '\0')
        return;
    enum environment_class heard = class_of(name);
    const struct policy *policy = engine_settings_policy(hearing->settings, name);
    gboolean is_first = hearing->voices->len == 0;
    if (is_first || heard > environment->class_) {
        environment->class_ = heard;
        environment->name = name;
    }
    if (is_first)
        environment->policy = *policy;
    else
        policy_tighten(&environment->policy, policy);
    g_string_append_printf(hearing->voices, "%s%s says %s", is_first ? "" : "; ", from, name);
    const char *meant = heard == ENVIRONMENT_UNKNOWN ? class_meant(name) : NULL;
    if (meant != NULL && g_ascii_strcasecmp(meant, name) != 0)
        g_string_append_printf(hearing->voices, ", which counts as unknown (%s?)", meant);
}

static gboolean is_production(const char *name)
{
    return name != NULL && class_of(name) == ENVIRONMENT_PRODUCTION;
}

/* A development configuration at a database that is production: somebody has the wrong URL. */
static char *contradiction_of(const struct database_facts *facts,
                              const struct engine_settings *settings)
{
    if (settings->environment == NULL || class_of(settings->environment) >= ENVIRONMENT_UNKNOWN ||
        (!is_production(facts->environment_setting) && !is_production(facts->environment_recorded)))
        return NULL;
    return g_strdup_printf("%s says %s, and this database says that it is production",
                           settings->environment_origin != NULL ? settings->environment_origin
                                                                : "the caller",
                           settings->environment);
}

void environment_weigh(struct environment *environment, const struct database_facts *facts,
                       const struct engine_settings *settings)
{
    struct hearing hearing = {environment, settings, g_string_new(NULL)};
    environment->class_ = ENVIRONMENT_UNKNOWN;
    environment->name = "unknown";
    environment->policy = *engine_settings_policy(settings, "unknown");
    hear(&hearing, facts->environment_setting, "the database's setting");
    hear(&hearing, facts->environment_recorded, "its own schema");
    hear(&hearing, settings->environment, settings->environment_origin);
    if (facts->is_environment_hidden)
        hear(&hearing, "unknown", "a record that this user may not read");
    if (facts->is_clone)
        hear(&hearing, "unknown", "a record of another database (a clone or a restore)");
    if (hearing.voices->len == 0)
        g_string_append(hearing.voices, "nobody said which");
    environment->policy.name = environment->name;
    environment->said_by = g_string_free(hearing.voices, FALSE);
    environment->contradiction = contradiction_of(facts, settings);
}

void environment_clear(struct environment *environment)
{
    g_clear_pointer(&environment->said_by, g_free);
    g_clear_pointer(&environment->contradiction, g_free);
}
