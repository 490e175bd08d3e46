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

/* Adds one voice; the strictest so far stays. */
static void hear(struct environment *environment, GString *voices, const char *name,
                 const char *from)
{
    if (name == NULL || *name == '\0')
        return;
    enum environment_class heard = class_of(name);
    if (voices->len == 0 || heard > environment->class_) {
        environment->class_ = heard;
        environment->name = name;
    }
    g_string_append_printf(voices, "%s%s says %s", voices->len > 0 ? "; " : "", from, name);
    const char *meant = heard == ENVIRONMENT_UNKNOWN ? class_meant(name) : NULL;
    if (meant != NULL && g_ascii_strcasecmp(meant, name) != 0)
        g_string_append_printf(voices, ", which counts as unknown (%s?)", meant);
}

void environment_weigh(struct environment *environment, const struct database_facts *facts,
                       const char *declared, const char *declared_by)
{
    GString *voices = g_string_new(NULL);
    environment->class_ = ENVIRONMENT_UNKNOWN;
    environment->name = "unknown";
    hear(environment, voices, facts->environment_setting, "the database's setting");
    hear(environment, voices, facts->environment_recorded, "its own schema");
    hear(environment, voices, declared, declared_by);
    if (facts->is_clone)
        hear(environment, voices, "unknown", "a record of another database (a clone or a restore)");
    if (voices->len == 0)
        g_string_append(voices, "nobody said which");
    environment->said_by = g_string_free(voices, FALSE);
}

void environment_clear(struct environment *environment)
{
    g_clear_pointer(&environment->said_by, g_free);
}
