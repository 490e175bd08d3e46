/* What a key does: through the table of actions, and never past read-only mode. */
#include "console/app.h"
#include "console/views.h"

#include <string.h>

/* ---- may it be done ------------------------------------------------------------------------- */

static char *why_not_in(const struct console *console, struct view *view,
                        const struct action *action)
{
    if (action->kind == ACTION_WRITES) {
        gboolean may_help_run =
            action->id == ACTION_TERMINATE || action->id == ACTION_CANCEL_SESSION;
        char *why = may_help_run ? console_why_not_armed(console) : console_why_read_only(console);
        if (why != NULL)
            return why;
    }
    return view->ops->why_not != NULL ? view->ops->why_not(view, action->id) : NULL;
}

char *input_why_not(const struct console *console, const struct action *action)
{
    return why_not_in(console, console_shown(console), action);
}

char *console_why_not(const struct console *console, const struct action *action)
{
    enum screen screen = console_shown(console)->ops->screen;
    if (screen == SCREEN_HELP)
        screen = console_help_screen(console);
    return why_not_in(console, console->views[screen], action);
}

/* ---- what the frame does itself ------------------------------------------------------------- */

static const struct {
    enum action_id action;
    enum screen screen;
} ways[] = {
    {ACTION_TO_TIMELINE, SCREEN_TIMELINE}, {ACTION_TO_SQL, SCREEN_SQL},
    {ACTION_VIEW_SQL, SCREEN_SQL},         {ACTION_TO_PLAN, SCREEN_PLAN},
    {ACTION_TO_RUN, SCREEN_RUN},           {ACTION_TO_ACTIVITY, SCREEN_ACTIVITY},
    {ACTION_TO_HISTORY, SCREEN_HISTORY},   {ACTION_TO_LOG, SCREEN_LOG},
    {ACTION_TO_GRAPH, SCREEN_GRAPH},       {ACTION_TO_CONFIG, SCREEN_CONFIG},
    {ACTION_TO_REPORT, SCREEN_REPORT},     {ACTION_HELP, SCREEN_HELP},
};

/* The migration under the cursor of the screen in front is what the others speak of. A look at
 * history is none of that: its rows speak of what was. */
void follow_selection(struct console *console)
{
    struct view *view = console_shown(console);
    gint64 version;
    if (view->ops->version != NULL && view->ops->version(view, &version))
        console_version_select(console, version);
}

/* TRUE on screens where moving the cursor chooses a migration. */
static gboolean chooses(const struct console *console)
{
    return console_shown(console)->ops->screen != SCREEN_HISTORY;
}

void cursor_moved(struct console *console)
{
    if (chooses(console))
        follow_selection(console);
}

static gboolean go(struct console *console, enum action_id action)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
        if (ways[i].action == action) {
            if (action == ACTION_VIEW_SQL || chooses(console))
                follow_selection(console);
            console_open(console, ways[i].screen);
            return TRUE;
        }
    return FALSE;
}

static void back(struct console *console, guint32 code)
{
    struct view *view = console_shown(console);
    if (view->ops->act != NULL && view->ops->act(view, ACTION_BACK, 0))
        return;
    if (console->depth > 1)
        console_back(console);
    else if (code != KEYCODE_ESCAPE)
        console_quit(console);
}

static void filter_typed(struct console *console, const char *text, gpointer data)
{
    struct view *view = data;
    g_autoptr(GError) error = NULL;
    if (text != NULL && !view->ops->filter(view, text, &error))
        console_say_error(console, error);
}

static void ask_filter(struct console *console)
{
    struct view *view = console_shown(console);
    if (view->ops->filter == NULL)
        console_say(console, RECORD_INFO, "there is nothing to filter here");
    else
        prompt_open(console->prompt, PROMPT_FILTER, "filter: ", NULL, filter_typed, view);
}

static void arm(struct console *console)
{
    console_arm(console);
}

static void reload(struct console *console)
{
    monitor_reload(console->monitor);
    terminal_repaint(console->terminal);
    console_say(console, RECORD_INFO, "reading files and database again");
}

static void zoom(struct console *console)
{
    console->is_zoomed = TRUE;
}

static void unzoom(struct console *console)
{
    console->is_zoomed = FALSE;
}

static const struct {
    enum action_id action;
    void (*act)(struct console *console);
} deeds[] = {
    {ACTION_QUIT, console_quit},
    {ACTION_FILTER, ask_filter},
    {ACTION_SEARCH, search_ask},
    {ACTION_SEARCH_NEXT, search_next},
    {ACTION_SEARCH_PREVIOUS, search_previous},
    {ACTION_PROMPT, command_line_ask},
    {ACTION_ARM, arm},
    {ACTION_RELOAD, reload},
    {ACTION_COPY, export_copy},
    {ACTION_SAVE, export_save},
    {ACTION_PRINT, export_print},
    {ACTION_PAGER, export_pager},
    {ACTION_SUSPEND, console_suspend},
    {ACTION_ZOOM, zoom},
    {ACTION_UNZOOM, unzoom},
    {ACTION_DRY_RUN, change_dry_run},
    {ACTION_MIGRATE, change_migrate},
    {ACTION_VALIDATE, examine_validate},
    {ACTION_DRIFT, examine_drift},
    {ACTION_VERIFY, examine_verify},
    {ACTION_RECEIPT, examine_receipt},
    {ACTION_CANCEL, command_line_cancel},
    {ACTION_CANCEL_SESSION, change_cancel_session},
    {ACTION_TERMINATE, change_end_session},
    {ACTION_ROLLBACK, change_rollback},
    {ACTION_RECOVER, change_recover},
};

static gboolean do_deed(struct console *console, enum action_id action)
{
    for (gsize i = 0; i < G_N_ELEMENTS(deeds); i++)
        if (deeds[i].action == action) {
            if (chooses(console) || action == ACTION_RECOVER)
                follow_selection(console);
            deeds[i].act(console);
            return TRUE;
        }
    return FALSE;
}

/* ---- doing ---------------------------------------------------------------------------------- */

static gboolean act_in_view(struct console *console, const struct action *action, guint count)
{
    struct view *view = console_shown(console);
    struct list *list = view->ops->list != NULL ? view->ops->list(view) : NULL;
    gboolean is_moved = list != NULL && list_act(list, action->id, count);
    gboolean is_done = view->ops->act != NULL && view->ops->act(view, action->id, count);
    if (is_moved)
        cursor_moved(console);
    return is_moved || is_done;
}

void input_act(struct console *console, const struct action *action, guint count)
{
    g_autofree char *why = input_why_not(console, action);
    if (why != NULL) {
        console_say(console, RECORD_WARNING, "%s: %s", action->name, why);
        return;
    }
    if (!act_in_view(console, action, count) && !go(console, action->id) &&
        !do_deed(console, action->id) && action->id == ACTION_OPEN)
        console_say(console, RECORD_INFO, "there is nothing to open here");
    console_redraw(console);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* 0 begins a count, and more digits go on with it: 05j. Other digits alone are screens. */
#define COUNT_MAX 100000u

static gboolean take_digit(struct console *console, guint32 code)
{
    if (code < '0' || code > '9' || (code != '0' && !console->is_counting))
        return FALSE;
    console->is_counting = TRUE;
    console->count = MIN(console->count * 10 + (code - '0'), COUNT_MAX);
    return TRUE;
}

static guint take_count(struct console *console)
{
    guint count = console->is_counting ? console->count : 0;
    console->count = 0;
    console->is_counting = FALSE;
    return count;
}

/* What may come in a flood without harm: it only moves. */
static gboolean only_moves(const struct action *action, const struct key *key)
{
    return action != NULL && action->id >= ACTION_DOWN && action->id <= ACTION_RIGHT &&
           key->code != ' ';
}

static void say_unbound(struct console *console, const struct key *key)
{
    g_autofree char *name = key_text(key->code);
    console_say(console, RECORD_INFO, "%s%s is not bound here, ?: help",
                key->has_modifier ? "Alt-" : "", name);
}

/* An error has been read once a key is pressed. */
static void clear_message(struct console *console)
{
    g_clear_pointer(&console->message, g_free);
    console_redraw(console);
}

static void click(struct console *console, const struct key *key)
{
    struct view *view = console_shown(console);
    struct list *list = view->ops->list != NULL ? view->ops->list(view) : NULL;
    int row = key->row - view->list_row;
    if (list != NULL && !list->pages && row >= 0 && (guint)row < list->height &&
        list->top + (guint)row < list->count) {
        list_select(list, list->top + (guint)row);
        cursor_moved(console);
    }
}

static void key_on_screen(struct console *console, const struct key *key)
{
    const struct action *action = action_for_key(console_shown(console)->ops->screen, key->code);
    if (key->has_modifier)
        action = NULL;
    if (key->is_pasted && !only_moves(action, key)) {
        console_say(console, RECORD_INFO, "pasted text is ignored outside the prompt");
        return;
    }
    clear_message(console);
    if (key->code == KEYCODE_MOUSE_CLICK) {
        click(console, key);
        return;
    }
    if (!key->has_modifier && take_digit(console, key->code))
        return;
    guint count = take_count(console);
    if (action == NULL)
        say_unbound(console, key);
    else if (action->id == ACTION_BACK)
        back(console, key->code);
    else
        input_act(console, action, count);
}

void input_key(struct console *console, const struct key *key)
{
    struct view *view = console_shown(console);
    if (prompt_is_open(console->prompt))
        prompt_key(console->prompt, key);
    else if (view->ops->screen != SCREEN_GATE || !gate_view_key(view, key))
        key_on_screen(console, key);
    console_redraw(console);
}
