/* help: made from the tables of commands and options. */
#include "cli/command.h"

#include <config.h>
#include <string.h>

static const char *const group_titles[] = {
    [GROUP_LOOK] = "Look (no lock is taken, nothing is created)",
    [GROUP_CHANGE] = "Change",
    [GROUP_PROVE] = "Prove",
    [GROUP_SERVE] = "Serve",
    [GROUP_WRITE] = "Write",
};

static void show_option(struct output *output, const struct option *option)
{
    g_autofree char *left =
        g_strdup_printf("--%s%s%s", option->name, option->argument != NULL ? " " : "",
                        option->argument != NULL ? option->argument : "");
    output_line(output, ROLE_PLAIN, "  %-26s %s", left, option->help);
}

static void show_commands(struct output *output)
{
    for (guint group = 0; group < GROUP_COUNT; group++) {
        output_line(output, ROLE_HEADING, "\n%s", group_titles[group]);
        for (const struct command *command = commands; command->name != NULL; command++) {
            g_autofree char *left = g_strdup_printf("%s %s", command->name, command->arguments);
            if (command->group == group)
                output_line(output, ROLE_PLAIN, "  %-26s %s", left, command->summary);
        }
    }
}

static void show_exit_statuses(struct output *output)
{
    output_line(output, ROLE_HEADING, "\nExit status");
    for (const struct exit_status *row = exit_statuses; row->meaning != NULL; row++)
        output_line(output, ROLE_PLAIN, "  %-3d %s", row->status, row->meaning);
}

static void show_all(struct output *output)
{
    output_line(output, ROLE_PLAIN,
                PACKAGE_STRING ": raises and lowers PostgreSQL schemas, beside golang-migrate\n"
                               "\nusage: winch [OPTION ...] COMMAND [ARGUMENT ...]");
    show_commands(output);
    output_line(output, ROLE_HEADING, "\nOptions, before or after the command; -x is --x");
    for (const struct option *option = option_table; option->name != NULL; option++)
        if (option->is_global)
            show_option(output, option);
    show_exit_statuses(output);
    output_line(output, ROLE_PLAIN, "\n'winch help COMMAND' says more.");
}

static void show_one(struct output *output, const struct command *command)
{
    output_line(output, ROLE_HEADING, "winch %s %s", command->name, command->arguments);
    output_line(output, ROLE_PLAIN, "\n%s.\n\n%s", command->summary, command->manual);
    if (command->options != NULL)
        output_line(output, ROLE_HEADING, "\nOptions of its own");
    for (const char *const *name = command->options; name != NULL && *name != NULL; name++)
        for (const struct option *option = option_table; option->name != NULL; option++)
            if (strcmp(option->name, *name) == 0)
                show_option(output, option);
}

static json_t *command_json(const struct command *command)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string(command->name));
    json_object_set_new(object, "arguments", json_string(command->arguments));
    json_object_set_new(object, "group", json_string(command_group_name(command->group)));
    json_object_set_new(object, "summary", json_string(command->summary));
    json_object_set_new(object, "changes", json_boolean(command->flags & COMMAND_CHANGES));
    return object;
}

gboolean command_help(struct command_context *context, GError **error)
{
    const char *name = invocation_argument(context->invocation, 0);
    const struct command *command = name != NULL ? command_find(name) : NULL;
    json_t *list = json_array();
    json_object_set_new(context->document, "commands", list);
    for (const struct command *row = commands; row->name != NULL; row++)
        json_array_append_new(list, command_json(row));
    if (name != NULL && command == NULL) {
        error_set(error, ERROR_USAGE, "there is no command '%s'", name);
        error_advise(error, "see 'winch help'");
        return FALSE;
    }
    if (command != NULL)
        show_one(context->output, command);
    else
        show_all(context->output);
    return TRUE;
}
