/* What is typed after ":": the command line's own commands, and the console's few. */
#include "console/app.h"
#include "console/views.h"

#include "engine/marks.h"

#include <string.h>

/* ---- the console's own ----------------------------------------------------------------------- */

static gboolean set_mouse(struct console *console, gboolean is_on)
{
    terminal_use_mouse(console->terminal, is_on);
    return TRUE;
}

static const struct {
    const char *name;
    gboolean (*set)(struct console *console, gboolean is_on);
    const char *means;
} options[] = {
    {"mouse", set_mouse, "wheel and click; selecting text then needs Shift"},
};

static gboolean do_set(struct console *console, const char *rest)
{
    gboolean is_on = !g_str_has_prefix(rest, "no");
    const char *name = is_on ? rest : rest + 2;
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return options[i].set(console, is_on);
    console_say(console, RECORD_ERROR, "set: there is no option %s; there is mouse (nomouse)",
                rest);
    return TRUE;
}

static gboolean do_screen(struct console *console, const char *rest)
{
    for (int screen = 0; screen < SCREEN_COUNT; screen++)
        if (screen != SCREEN_GATE && strcmp(screen_name((enum screen)screen), rest) == 0) {
            console_open(console, (enum screen)screen);
            return TRUE;
        }
    console_say(console, RECORD_ERROR, "screen: there is none called %s", rest);
    return TRUE;
}

static gboolean do_filter(struct console *console, const char *rest)
{
    struct view *view = console_shown(console);
    g_autoptr(GError) error = NULL;
    if (view->ops->filter == NULL)
        console_say(console, RECORD_INFO, "there is nothing to filter here");
    else if (!view->ops->filter(view, rest, &error))
        console_say_error(console, error);
    return TRUE;
}

static gboolean do_word(struct console *console, const char *word, const char *rest)
{
    if (strcmp(word, "set") == 0)
        return do_set(console, rest);
    if (strcmp(word, "screen") == 0)
        return do_screen(console, rest);
    if (strcmp(word, "filter") == 0 && *rest != '\0')
        return do_filter(console, rest);
    if (strcmp(word, "q") == 0)
        word = "quit";
    const struct action *action = action_named(word);
    if (action == NULL || *rest != '\0')
        return FALSE;
    input_act(console, action, 0);
    return TRUE;
}

/* ---- the command line's ---------------------------------------------------------------------- */

struct show {
    const struct console_host *host;
    char *text;
    int columns;
    enum screen asked_on; /* whoever went on from there is not called back */
};

static void show_free(gpointer data)
{
    struct show *show = data;
    g_free(show->text);
    g_free(show);
}

static gpointer show_work(struct inquiry *inquiry, struct engine *engine, gpointer data,
                          GError **error)
{
    struct show *show = data;
    g_autoptr(GError) failure = NULL;
    GString *output = g_string_new(NULL);
    (void)engine;
    if (!show->host->show(show->host->data, show->text, show->columns,
                          inquiry_cancellation(inquiry), output, &failure)) {
        g_autofree char *line = error_line(failure);
        g_string_append_printf(output, "%swinch: %s\n", output->len > 0 ? "\n" : "", line);
    }
    (void)error;
    return g_string_free(output, FALSE);
}

static void show_done(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct show *show = data;
    (void)error;
    console->command = NULL;
    g_autofree char *title = g_strdup_printf("winch %s", show->text);
    output_view_set(console->views[SCREEN_OUTPUT], title, result);
    if (console_shown(console)->ops->screen == show->asked_on)
        console_open(console, SCREEN_OUTPUT);
    else
        console_say(console, RECORD_INFO, "%s has ended: :screen output shows it", title);
}

/* On a thread of its own: what takes minutes keeps nobody from looking. */
static void ask_show(struct console *console, const char *text)
{
    struct show *show = g_new(struct show, 1);
    *show = (struct show){&console->options->host, g_strdup(text),
                          console->grid != NULL ? console->grid->columns : 80,
                          console_shown(console)->ops->screen};
    console_say(console, RECORD_INFO, "winch %s ...  C-c stops it", text);
    inquiry_abandon(console->command);
    console->command = console_inquire(console, &(struct inquiry_work){.work = show_work,
                                                                       .done = show_done,
                                                                       .free_data = show_free,
                                                                       .free_result = g_free,
                                                                       .data = show,
                                                                       .is_local = TRUE});
}

void command_line_cancel(struct console *console)
{
    if (console->command != NULL)
        inquiry_cancel(console->command);
    else
        console_say(console, RECORD_INFO, "nothing is being found out");
}

static void ask_force(struct console *console, const struct console_line *line)
{
    struct version_name name;
    g_autoptr(GError) error = NULL;
    gint64 current = VERSION_NONE, version;
    gboolean is_dirty;
    model_version(console->model, &current, &is_dirty);
    const struct model_state *state = console->model->state;
    struct version_context context =
        marks_context(console->model->set, current, state != NULL ? state->status->marks : NULL);
    if (strcmp(line->version, "-1") == 0)
        version = VERSION_NONE;
    else if (!version_name_parse(line->version, &name, &error) ||
             !version_name_resolve(&name, &context, &version, &error)) {
        console_say_error(console, error);
        return;
    }
    struct run_request *request = run_request_new(RUN_FORCE);
    request->version = version;
    request->reason = g_strdup(line->reason);
    request->override = g_strdup(line->override);
    console_gate(console, request);
}

static void ask_change(struct console *console, const struct console_line *line)
{
    static const enum run_kind kinds[] = {
        [CONSOLE_LINE_CHANGE] = RUN_MIGRATE,
        [CONSOLE_LINE_INIT] = RUN_INIT,
        [CONSOLE_LINE_ADOPT] = RUN_ADOPT,
        [CONSOLE_LINE_DROP] = RUN_DROP,
    };
    if (line->is_dry_run) {
        console_dry_run(console, &line->goal);
        return;
    }
    struct run_request *request = run_request_new(kinds[line->kind]);
    request->goal = line->goal;
    request->environment = g_strdup(line->environment);
    request->reason = g_strdup(line->reason);
    request->override = g_strdup(line->override);
    console_gate(console, request);
}

static gboolean do_command(struct console *console, const char *text, GError **error)
{
    struct console_line line = {.version = NULL};
    if (!console->options->host.read(text, &line, error))
        return FALSE;
    if (line.kind == CONSOLE_LINE_SHOW)
        ask_show(console, text);
    else if (line.kind == CONSOLE_LINE_VALIDATE)
        examine_validate(console);
    else if (line.kind == CONSOLE_LINE_DRIFT)
        examine_drift(console);
    else if (line.kind == CONSOLE_LINE_VERIFY)
        examine_verify_all(console);
    else if (line.kind == CONSOLE_LINE_FORCE)
        ask_force(console, &line);
    else
        ask_change(console, &line);
    console_line_clear(&line);
    return TRUE;
}

/* The command line's words come first: what can be typed after winch means the same here. */
static void typed(struct console *console, const char *text, gpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)data;
    if (text == NULL)
        return;
    g_autofree char *line = g_strstrip(g_strdup(text));
    gsize length = strcspn(line, " ");
    g_autofree char *word = g_strndup(line, length);
    if (*line == '\0' || do_command(console, line, &error))
        return;
    if (!do_word(console, word, line + length + strspn(line + length, " ")))
        console_say_error(console, error);
}

/* ---- completion ------------------------------------------------------------------------------ */

static void offer(GPtrArray *candidates, const char *begun, const char *text, const char *means)
{
    if (!g_str_has_prefix(text, begun))
        return;
    struct console_candidate *candidate = g_new(struct console_candidate, 1);
    *candidate = (struct console_candidate){g_strdup(text), g_strdup(means)};
    g_ptr_array_add(candidates, candidate);
}

/* Moving has keys; words for it would only be in the way. */
static gboolean is_worth_typing(const struct action *action)
{
    return action->id > ACTION_RIGHT && action->screens != SCREEN_BIT(SCREEN_GATE);
}

static void offer_first_words(GPtrArray *candidates, const char *begun)
{
    offer(candidates, begun, "set", "an option of the console");
    offer(candidates, begun, "screen", "go to a screen by its name");
    for (const struct action *action = actions; action->id != ACTION_NONE; action++)
        if (is_worth_typing(action) && *begun != '\0')
            offer(candidates, begun, action->name, action->help);
}

void command_line_complete(const char *text, gsize cursor, GPtrArray *candidates)
{
    g_autofree char *before = g_strndup(text, cursor);
    const char *space = strrchr(before, ' ');
    if (space == NULL)
        offer_first_words(candidates, before);
    else if (g_str_has_prefix(before, "screen "))
        for (int screen = 0; screen < SCREEN_GATE; screen++)
            offer(candidates, space + 1, screen_name((enum screen)screen), "");
    else if (g_str_has_prefix(before, "set "))
        for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
            offer(candidates, space + 1, options[i].name, options[i].means);
}

void command_line_ask(struct console *console)
{
    prompt_open(console->prompt, PROMPT_COMMAND, ":", NULL, typed, NULL);
}
