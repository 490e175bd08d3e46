/* create: a new pair of files. */
#include "cli/command.h"

#include "source/create.h"

static gboolean request_of(const struct command_context *context, struct create_request *request,
                           GError **error)
{
    const struct invocation *invocation = context->invocation;
    const char *digits = invocation_value(invocation, "digits");
    request->directory = invocation_value(invocation, "dir");
    if (request->directory == NULL)
        request->directory = config_string(context->config, CONFIG_MIGRATIONS_PATH);
    request->title = invocation_argument(invocation, 0);
    request->extension = invocation_value(invocation, "ext");
    request->format = invocation_value(invocation, "format");
    request->time_zone = invocation_value(invocation, "tz");
    if (request->format != NULL && invocation_has(invocation, "seq")) {
        error_set(error, ERROR_USAGE, "--seq and --format cannot both be meant");
        error_advise(error, "give one of them");
        return FALSE;
    }
    gboolean has_time = request->format != NULL || request->time_zone != NULL;
    request->numbering = has_time ? CREATE_TIME : CREATE_SEQUENCE;
    return digits == NULL ||
           invocation_count(digits, "a number of digits", &request->digits, error);
}

gboolean command_create(struct command_context *context, GError **error)
{
    struct create_request request = {0};
    if (!request_of(context, &request, error))
        return FALSE;
    AUTOPTR(created_pair) *pair = migration_create(&request, error);
    if (pair == NULL)
        return FALSE;
    g_autofree char *up = output_safe(pair->up);
    g_autofree char *down = output_safe(pair->down);
    json_object_set_new(context->document, "up", output_string(pair->up));
    json_object_set_new(context->document, "down", output_string(pair->down));
    output_line(context->output, ROLE_PLAIN, "%s", up);
    output_line(context->output, ROLE_PLAIN, "%s", down);
    return TRUE;
}
