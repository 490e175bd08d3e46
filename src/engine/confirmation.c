/* Typed words before anything goes back or overrides: they name this database and this target, so
 * that nobody types them by habit. */
#include "engine/internal.h"

#include "base/text.h"

#include <string.h>

char *confirmation_words(const struct engine *engine, const char *target)
{
    g_autofree char *database = g_path_get_basename(database_facts(engine->database)->database);
    return g_strdup_printf("%s %s", database, target);
}

static char *reason_of(const struct engine *engine)
{
    return g_strdup_printf("environment %s (%s)", engine->environment.name,
                           engine->environment.said_by);
}

char *engine_confirmation_for(const struct engine *engine, const char *target, char **why)
{
    if (engine->environment.policy.confirm == CONFIRM_NONE)
        return NULL;
    if (why != NULL)
        *why = reason_of(engine);
    return confirmation_words(engine, target);
}

char *engine_confirmation(const struct engine *engine, const struct plan *plan, char **why)
{
    gboolean goes_down = plan_goes_down(plan);
    g_autofree char *target = migration_set_version_text(plan->set, plan->to);
    if (!goes_down && (engine->environment.policy.up != UP_TYPED || plan->steps->len == 0))
        return NULL;
    if (!goes_down) {
        if (why != NULL)
            *why = reason_of(engine);
        return confirmation_words(engine, target);
    }
    if (plan->kind == GOAL_DOWN_ALL && engine->environment.policy.confirm == CONFIRM_NONE) {
        if (why != NULL)
            *why = g_strdup("all migrations would go down");
        return confirmation_words(engine, target);
    }
    return engine_confirmation_for(engine, target, why);
}

/* "DATABASE TARGET" with the target under another name: its number without zeros, its release. What
 * moves with the database ("-1", "latest") would be typed by habit. */
static gboolean names_the_same(const struct engine *engine, const char *words, const char *given)
{
    struct version_name wanted, name;
    gint64 wanted_version, version;
    struct version_context where = {engine->set, VERSION_NONE, VERSION_NONE, VERSION_NONE};
    const char *target = strrchr(words, ' ') + 1,
               *typed = given != NULL ? strrchr(given, ' ') : NULL;
    gsize length = (gsize)(target - words);
    if (typed == NULL || (gsize)(++typed - given) != length || strncmp(given, words, length) != 0)
        return FALSE;
    return version_name_parse(target, &wanted, NULL) && version_name_parse(typed, &name, NULL) &&
           wanted.kind == VERSION_NAME_NUMBER && name.kind <= VERSION_NAME_RELEASE_STEP &&
           version_name_resolve(&wanted, &where, &wanted_version, NULL) &&
           version_name_resolve(&name, &where, &version, NULL) && version == wanted_version;
}

gboolean confirmation_matches(const struct engine *engine, const char *words, const char *given)
{
    return g_strcmp0(given, words) == 0 || names_the_same(engine, words, given);
}

gboolean confirmation_check(struct engine *engine, const struct plan *plan, const char *target,
                            const struct change_options *options, GError **error)
{
    g_autofree char *why = NULL;
    g_autofree char *words = plan != NULL ? engine_confirmation(engine, plan, &why)
                                          : engine_confirmation_for(engine, target, &why);
    if (words == NULL || confirmation_matches(engine, words, options->confirm))
        return TRUE;
    if (options->confirm == NULL)
        error_set(error, ERROR_REFUSED, "this needs the words \"%s\": %s", words, why);
    else
        error_set(error, ERROR_REFUSED, "the words typed are not \"%s\": %s", words, why);
    if (engine->environment.class_ == ENVIRONMENT_UNKNOWN)
        error_advise(error, "give --confirm '%s', or --environment development where that is true",
                     words);
    else
        error_advise(error, "give --confirm '%s'", words);
    g_autofree char *message = g_strdup_printf("refused: the words \"%s\" were not given", words);
    engine_record_refusal(engine, message);
    return FALSE;
}
