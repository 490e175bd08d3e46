/* console: the console on this terminal, and the command line's side of its prompt. */
#include "cli/command.h"

#include "console/console.h"
#include "engine/settings_config.h"
#include "source/migration.h"

#include <string.h>
#include <unistd.h>

/* ---- reading a line -------------------------------------------------------------------------- */

/* What makes no sense, or no good, inside the console. */
static const struct {
    const char *command;
    const char *why;
} elsewhere[] = {
    {"console", "this is it"},
    {"demo", "it starts a server and a console of its own"},
    {"run", "it becomes another program"},
    {"wait", "the console waits by itself"},
    {"mark", "type it in a shell"},
    {"approve", "another database user does it, in a shell"},
};

static gboolean refuse_elsewhere(const struct command *command, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(elsewhere); i++)
        if (strcmp(elsewhere[i].command, command->name) == 0) {
            error_set(error, ERROR_USAGE, "'%s' is not for the prompt: %s", command->name,
                      elsewhere[i].why);
            return FALSE;
        }
    return TRUE;
}

/* Where to connect was said when the console was started: another place here would only be a
 * mistake. */
static gboolean refuse_settings(const struct invocation *invocation, GError **error)
{
    for (const struct option *option = option_table; option->name != NULL; option++) {
        gboolean is_setting = option->setting != NULL || strcmp(option->name, "config") == 0 ||
                              strcmp(option->name, "source") == 0;
        if (!is_setting || !invocation_has(invocation, option->name) ||
            (strcmp(option->name, "environment") == 0 &&
             strcmp(invocation->command->name, "init") == 0))
            continue;
        error_set(error, ERROR_USAGE, "--%s was settled when the console was started",
                  option->name);
        error_advise(error, "leave the console, and give it to winch");
        return FALSE;
    }
    return TRUE;
}

static struct invocation *parse(const char *text, GError **error)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) failure = NULL;
    g_autofree char *line = g_strdup_printf("winch %s", text);
    int count;
    if (!g_shell_parse_argv(line, &count, &words, &failure)) {
        error_set(error, ERROR_USAGE, "%s", failure->message);
        return NULL;
    }
    AUTOPTR(invocation) *invocation = invocation_parse(count, words, error);
    if (invocation == NULL)
        return NULL;
    if (invocation->command == NULL) {
        error_set(error, ERROR_USAGE, "there is no command in it");
        error_advise(error, "Tab shows the commands");
        return NULL;
    }
    if (!refuse_elsewhere(invocation->command, error) || !refuse_settings(invocation, error))
        return NULL;
    return g_steal_pointer(&invocation);
}

/* Commands that are more to the console than what they print. */
static const struct {
    gboolean (*run)(struct command_context *context, GError **error);
    enum console_line_kind kind;
} kinds[] = {
    {command_up, CONSOLE_LINE_CHANGE},        {command_down, CONSOLE_LINE_CHANGE},
    {command_goto, CONSOLE_LINE_CHANGE},      {command_rollback, CONSOLE_LINE_CHANGE},
    {command_emergency, CONSOLE_LINE_CHANGE}, {command_force, CONSOLE_LINE_FORCE},
    {command_init, CONSOLE_LINE_INIT},        {command_adopt, CONSOLE_LINE_ADOPT},
    {command_drop, CONSOLE_LINE_DROP},        {command_validate, CONSOLE_LINE_VALIDATE},
    {command_diff, CONSOLE_LINE_DRIFT},       {command_verify, CONSOLE_LINE_VERIFY},
};

/* Whoever asks for another form, or for a part, wants to read that. */
static gboolean has_screen(const struct invocation *invocation, enum console_line_kind kind)
{
    return kind < CONSOLE_LINE_VALIDATE || (g_hash_table_size(invocation->values) == 0 &&
                                            invocation_argument(invocation, 0) == NULL);
}

static enum console_line_kind kind_of(const struct invocation *invocation)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].run == invocation->command->run && has_screen(invocation, kinds[i].kind))
            return kinds[i].kind;
    return CONSOLE_LINE_SHOW;
}

static gboolean read_line(const char *text, struct console_line *line, GError **error)
{
    AUTOPTR(invocation) *invocation = parse(text, error);
    gboolean is_nothing = FALSE;
    if (invocation == NULL)
        return FALSE;
    line->kind = kind_of(invocation);
    if (line->kind == CONSOLE_LINE_INIT && invocation_has(invocation, "print-sql"))
        line->kind = CONSOLE_LINE_SHOW;
    line->is_dry_run = invocation_has(invocation, "dry-run");
    line->reason = g_strdup(invocation_value(invocation, "reason"));
    line->override = g_strdup(invocation_value(invocation, "override"));
    line->environment = g_strdup(invocation_value(invocation, "environment"));
    line->version = g_strdup(invocation_argument(invocation, 0));
    if (line->kind == CONSOLE_LINE_CHANGE &&
        !change_goal_read(invocation, &line->goal, &is_nothing, error))
        return FALSE;
    if (!is_nothing)
        return TRUE;
    error_set(error, ERROR_USAGE, "nothing to do: a count of 0");
    return FALSE;
}

/* ---- commands that look ---------------------------------------------------------------------- */

static gboolean run_looking(const struct command_context *started, struct invocation *invocation,
                            struct output *output, struct cancellation *cancellation,
                            GError **error)
{
    struct command_context context = {.invocation = invocation,
                                      .output = output,
                                      .cancellation = cancellation,
                                      .document = json_object(),
                                      .connects_once = TRUE};
    const struct command *command = invocation->command;
    context.progress = progress_new(output, cancellation, FALSE);
    /* What is typed here looks: a preview on this database has a key, and its gate. */
    g_hash_table_insert(invocation->values, (gpointer)(gsize) "readonly", g_strdup(""));
    for (const struct option *option = option_table; option->name != NULL; option++) {
        const char *value = invocation_value(started->invocation, option->name);
        gboolean is_place = option->setting != NULL || strcmp(option->name, "config") == 0 ||
                            strcmp(option->name, "source") == 0;
        if (is_place && value != NULL && !invocation_has(invocation, option->name))
            g_hash_table_insert(invocation->values, (gpointer)(gsize)option->name, g_strdup(value));
    }
    gboolean is_done =
        command_prepare(&context, command->flags, error) && command->run(&context, error);
    progress_end(context.progress);
    if (output->is_json)
        output_json(output, json_incref(context.document));
    g_clear_pointer(&context.engine, engine_close);
    g_clear_pointer(&context.settings, engine_settings_free);
    g_clear_pointer(&context.config, config_free);
    progress_free(context.progress);
    json_decref(context.document);
    return is_done;
}

static gboolean show(gpointer data, const char *text, int columns,
                     struct cancellation *cancellation, GString *sink, GError **error)
{
    const struct command_context *started = data;
    AUTOPTR(invocation) *invocation = parse(text, error);
    if (invocation == NULL)
        return FALSE;
    struct output output = *started->output;
    output.is_json = invocation_has(invocation, "json");
    output.is_verbose = invocation_has(invocation, "verbose");
    output.is_quiet = invocation_has(invocation, "quiet");
    output.has_colour = FALSE;
    output.columns = columns;
    output.sink = sink;
    return run_looking(started, invocation, &output, cancellation, error);
}

/* ---- completion ------------------------------------------------------------------------------ */

static void offer(GPtrArray *candidates, const char *begun, const char *text, const char *means)
{
    if (text == NULL || !g_str_has_prefix(text, begun))
        return;
    for (guint i = 0; i < candidates->len; i++)
        if (strcmp(((struct console_candidate *)candidates->pdata[i])->text, text) == 0)
            return;
    struct console_candidate *candidate = g_new(struct console_candidate, 1);
    *candidate = (struct console_candidate){g_strdup(text), g_strdup(means)};
    g_ptr_array_add(candidates, candidate);
}

static void offer_commands(GPtrArray *candidates, const char *begun)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (refuse_elsewhere(command, NULL))
            offer(candidates, begun, command->name, command->summary);
}

static void offer_options(GPtrArray *candidates, const char *begun, const struct command *command)
{
    for (const struct option *option = option_table; option->name != NULL; option++) {
        gboolean is_taken =
            strcmp(option->name, "verbose") == 0 || strcmp(option->name, "json") == 0;
        for (const char *const *name = command->options; name != NULL && *name != NULL; name++)
            is_taken = is_taken || strcmp(*name, option->name) == 0;
        g_autofree char *text = g_strdup_printf("--%s", option->name);
        if (is_taken)
            offer(candidates, begun, text, option->help);
    }
}

static void offer_versions(GPtrArray *candidates, const char *begun, struct migration_set *set)
{
    static const char *const words[][2] = {{"latest", "the highest version there is"},
                                           {"none", "before the first migration"}};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        offer(candidates, begun, words[i][0], words[i][1]);
    for (guint i = set != NULL ? migration_set_count(set) : 0; i > 0; i--) {
        const struct migration *migration = migration_set_at(set, i - 1);
        offer(candidates, begun, migration->digits, migration->title);
        offer(candidates, begun, migration->release_name, migration->title);
        offer(candidates, begun, migration->release, "the release's last migration");
    }
}

static void offer_files(GPtrArray *candidates, const char *begun)
{
    g_autofree char *folder = g_path_get_dirname(*begun != '\0' ? begun : "./");
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = strcmp(folder, ".") == 0 && !g_str_has_prefix(begun, "./")
                                    ? g_strdup(name)
                                    : g_build_filename(folder, name, NULL);
        if (*name != '.')
            offer(candidates, begun, path, "");
    }
}

static gboolean wants_path(const char *option)
{
    return strcmp(option, "--dir") == 0 || strcmp(option, "-dir") == 0;
}

static int compare(gconstpointer left, gconstpointer right)
{
    const struct console_candidate *const *a = left, *const *b = right;
    return strcmp((*a)->text, (*b)->text);
}

/* What may stand where the cursor is: the first word is a command, then options and what it takes.
 */
static GPtrArray *complete(const char *text, gsize cursor, struct migration_set *set)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func((GDestroyNotify)console_candidate_free);
    g_autofree char *before = g_strndup(text, cursor);
    g_auto(GStrv) words = g_strsplit(before, " ", -1);
    guint count = g_strv_length(words);
    const char *begun = count > 0 ? words[count - 1] : "";
    const char *previous = count > 1 ? words[count - 2] : "";
    const struct command *command = count > 1 ? command_find(words[0]) : NULL;
    if (count <= 1)
        offer_commands(candidates, begun);
    else if (command != NULL && wants_path(previous))
        offer_files(candidates, begun);
    else if (command != NULL && *begun == '-')
        offer_options(candidates, begun, command);
    else if (command != NULL && strcmp(command->name, "help") == 0)
        offer_commands(candidates, begun);
    else if (command != NULL &&
             (strstr(command->arguments, "TARGET") != NULL ||
              strstr(command->arguments, "VERSION") != NULL || strcmp(previous, "--to") == 0))
        offer_versions(candidates, begun, set);
    else if (command != NULL)
        offer_options(candidates, begun, command);
    g_ptr_array_sort(candidates, compare);
    return candidates;
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean can_place_text(void)
{
    const char *term = g_getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL && *term != '\0' &&
           strcmp(term, "dumb") != 0;
}

/* Plain mode: what the first screen would have said. */
static gboolean show_status(struct command_context *context, GError **error)
{
    output_remark(context->output, ROLE_PLAIN,
                  "no console on this terminal: this is the status; 'winch help' has the rest");
    return command_prepare(context, COMMAND_ENGINE, error) && command_status(context, error);
}

gboolean command_console(struct command_context *context, GError **error)
{
    const struct invocation *invocation = context->invocation;
    const char *no_color = g_getenv("NO_COLOR");
    if (!can_place_text() || invocation_has(invocation, "plain"))
        return show_status(context, error);
    context->settings = engine_settings_from_config(context->config, error);
    if (context->settings == NULL)
        return FALSE;
    struct console_options options = {
        .settings = context->settings,
        .config = context->config,
        .host = {read_line, show, complete, context},
        .is_read_only = invocation_has(invocation, "readonly"),
        .may_write = invocation_has(invocation, "write"),
        .is_ascii = context->output->is_ascii,
        .is_mono = g_strcmp0(invocation_value(invocation, "color"), "never") == 0 ||
                   (no_color != NULL && *no_color != '\0'),
        .is_accessible = invocation_has(invocation, "a11y"),
    };
    return console_run(&options, error);
}
