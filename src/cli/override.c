/* init, force, adopt, drop: what does not go by the files. */
#include "cli/command.h"

#include "engine/gate.h"

#include <string.h>

gboolean command_init(struct command_context *context, GError **error)
{
    const char *environment = invocation_value(context->invocation, "environment");
    struct gate_wish wish = {.action = GATE_LOWER, .from = VERSION_NONE, .to = VERSION_NONE};
    struct change_options options = {0};
    g_autofree char *typed = NULL;
    if (invocation_has(context->invocation, "print-sql")) {
        g_autofree char *script = engine_init_script(context->engine);
        json_object_set_new(context->document, "sql", output_string(script));
        output_line(context->output, ROLE_PLAIN, "%s", g_strchomp(script));
        return TRUE;
    }
    change_options_read(context->invocation, &options);
    if (environment != NULL) {
        wish.target = environment;
        if (engine_lowers(context->engine, environment) &&
            !gate_ask(context, &wish, &options, &typed, error))
            return FALSE;
    }
    if (!engine_init(context->engine, environment, &options, error))
        return FALSE;
    g_autofree char *label = output_safe(engine_label(context->engine));
    gboolean has_history = engine_history_presence(context->engine) == HISTORY_PRESENT;
    json_object_set_new(context->document, "has_history", json_boolean(has_history));
    output_line(context->output, ROLE_GOOD, "%s is ready%s", label,
                has_history ? "" : ", without history: this role may not create its schema");
    if (environment != NULL)
        output_line(context->output, ROLE_PLAIN, "its environment is recorded as %s", environment);
    return TRUE;
}

/* ---- force
 * ------------------------------------------------------------------------------------------ */

/* A number may be one that has no file. */
static gboolean forced_version_read(struct command_context *context, gint64 *version,
                                    GError **error)
{
    const char *text = invocation_argument(context->invocation, 0);
    struct version_name name;
    if (strcmp(text, "-1") == 0 || strcmp(text, "none") == 0) {
        *version = VERSION_NONE;
        return TRUE;
    }
    if (version_number_parse(text, version, NULL))
        return TRUE;
    return version_name_parse(text, &name, error) &&
           engine_resolve(context->engine, &name, version, error);
}

gboolean command_force(struct command_context *context, GError **error)
{
    struct change_options options = {0};
    struct version_state state;
    gint64 version;
    if (!forced_version_read(context, &version, error) ||
        !engine_version(context->engine, &state, error))
        return FALSE;
    g_autofree char *target = migration_set_version_text(engine_set(context->engine), version);
    g_autofree char *typed = NULL;
    struct gate_wish wish = {
        .action = GATE_FORCE, .target = target, .from = state.version, .to = version};
    change_options_read(context->invocation, &options);
    if (!gate_ask(context, &wish, &options, &typed, error) ||
        !engine_force(context->engine, version, &options, error))
        return FALSE;
    progress_drain(context->progress);
    json_object_set_new(context->document, "version",
                        version != VERSION_NONE ? json_integer(version) : json_null());
    output_line(context->output, ROLE_GOOD, "the version row now says %s, clean", target);
    return TRUE;
}

/* ---- adopt
 * ------------------------------------------------------------------------------------------ */

gboolean command_adopt(struct command_context *context, GError **error)
{
    struct change_options options = {0};
    guint adopted;
    change_options_read(context->invocation, &options);
    if (!engine_adopt(context->engine, &options, &adopted, error))
        return FALSE;
    progress_drain(context->progress);
    g_autofree char *count = text_plural(adopted, "migration", "migrations");
    json_object_set_new(context->document, "adopted", json_integer(adopted));
    output_line(context->output, ROLE_GOOD,
                "%s recorded as assumed; nothing of the database was rewritten", count);
    return TRUE;
}

/* ---- drop
 * ------------------------------------------------------------------------------------------- */

/* What golang-migrate asks, for an environment that asks for no words. */
static gboolean may_drop(struct command_context *context, GError **error)
{
    g_autoptr(GError) nobody = NULL;
    if (invocation_has(context->invocation, "f"))
        return TRUE;
    g_autofree char *answer =
        progress_ask(context->progress, "Drop every table of the current schema? [y/N] ", &nobody);
    if (answer != NULL && g_ascii_strcasecmp(answer, "y") == 0)
        return TRUE;
    error_set(error, ERROR_REFUSED, "nothing was dropped: %s",
              answer != NULL ? "the answer was not y" : nobody->message);
    error_advise(error, "-f does not ask");
    return FALSE;
}

gboolean command_drop(struct command_context *context, GError **error)
{
    struct change_options options = {0};
    struct version_state state;
    g_autofree char *typed = NULL;
    g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func(g_free);
    gboolean asks_nothing = engine_environment(context->engine)->policy.confirm == CONFIRM_NONE;
    if (!engine_version(context->engine, &state, error) ||
        (asks_nothing && !may_drop(context, error)))
        return FALSE;
    struct gate_wish wish = {
        .action = GATE_DROP, .target = "drop", .from = state.version, .to = VERSION_NONE};
    change_options_read(context->invocation, &options);
    if (!gate_ask(context, &wish, &options, &typed, error) ||
        !engine_drop(context->engine, &options, dropped, error))
        return FALSE;
    progress_drain(context->progress);
    json_t *names = json_array();
    for (guint i = 0; i < dropped->len; i++) {
        g_autofree char *name = output_safe(dropped->pdata[i]);
        json_array_append_new(names, output_string(dropped->pdata[i]));
        output_line(context->output, ROLE_PLAIN, "dropped %s", name);
    }
    json_object_set_new(context->document, "dropped", names);
    g_autofree char *count = text_plural(dropped->len, "table", "tables");
    output_line(context->output, ROLE_GOOD, "%s dropped", count);
    return TRUE;
}
