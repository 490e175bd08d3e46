/* mark: what people have found a version to be. */
#include "cli/command.h"

#include <string.h>

static gboolean kind_read(const char *word, enum mark_kind *kind, GError **error)
{
    if (mark_kind_parse(word, kind))
        return TRUE;
    error_set(error, ERROR_USAGE, "a version is not marked '%s'", word);
    error_advise(error, "write winch mark stable VERSION, or winch mark known-good VERSION");
    return FALSE;
}

/* A mark to be taken away may be of a version whose file is gone. */
static gboolean version_read(struct command_context *context, const char *text, gboolean is_removed,
                             gint64 *version, GError **error)
{
    struct version_name name;
    if (is_removed && version_number_parse(text, version, NULL))
        return TRUE;
    return version_name_parse(text, &name, error) &&
           engine_resolve(context->engine, &name, version, error);
}

gboolean command_mark(struct command_context *context, GError **error)
{
    const struct invocation *invocation = context->invocation;
    struct change_options options = {.reason = invocation_value(invocation, "reason")};
    gboolean is_removed = invocation_has(invocation, "remove");
    struct version_mark mark = {.version = VERSION_NONE};
    if (!kind_read(invocation_argument(invocation, 0), &mark.kind, error) ||
        !version_read(context, invocation_argument(invocation, 1), is_removed, &mark.version,
                      error) ||
        !engine_mark(context->engine, &mark, is_removed, &options, error))
        return FALSE;
    progress_drain(context->progress);
    g_autofree char *version = change_version_text(context->engine, mark.version);
    json_object_set_new(context->document, "version", json_integer(mark.version));
    json_object_set_new(context->document, "mark", json_string(mark_kind_name(mark.kind)));
    json_object_set_new(context->document, "is_removed", json_boolean(is_removed));
    output_line(context->output, ROLE_GOOD, is_removed ? "%s is no longer %s" : "%s is %s", version,
                mark_kind_name(mark.kind));
    return TRUE;
}
