/* From a key to a gate: which change the selected migration stands for. */
#include "console/app.h"
#include "console/goal.h"
#include "console/views.h"

/* Where the database is and what is selected; says why when either is not known. */
static gboolean positions(struct console *console, gint64 *current, gint64 *selected)
{
    gboolean is_dirty;
    if (!model_version(console->model, current, &is_dirty)) {
        console_say(console, RECORD_WARNING, "the version row is not known yet");
        return FALSE;
    }
    if (!console_version_selected(console, selected)) {
        console_say(console, RECORD_WARNING, "no migration is selected");
        return FALSE;
    }
    return TRUE;
}

void change_dry_run(struct console *console)
{
    gint64 current, selected;
    if (!positions(console, &current, &selected))
        return;
    struct goal goal = goal_to_version(selected);
    if (selected == current) {
        g_autofree char *here = model_version_text(console->model, current);
        console_say(console, RECORD_INFO, "the database is at %s already: select another version",
                    here);
        return;
    }
    plan_view_preview(console->views[SCREEN_PLAN], &goal, PREVIEW_LEVEL_DEFAULT);
}

static void open_gate(struct console *console, const struct goal *goal)
{
    struct run_request *request = run_request_new(RUN_MIGRATE);
    request->goal = *goal;
    console_gate(console, request);
}

void change_migrate(struct console *console)
{
    gint64 current, selected;
    if (!positions(console, &current, &selected))
        return;
    if (selected <= current) {
        console_say(console, RECORD_WARNING,
                    "the selected version is not above the current one: r rolls back");
        return;
    }
    struct goal goal = goal_to_version(selected);
    open_gate(console, &goal);
}

void change_rollback(struct console *console)
{
    gint64 current, selected;
    if (!positions(console, &current, &selected))
        return;
    if (selected >= current) {
        console_say(console, RECORD_WARNING,
                    "select the version to go back to: it must lie below the current one (:goto "
                    "none for the empty database)");
        return;
    }
    struct goal goal = goal_to_version(selected);
    open_gate(console, &goal);
}

static void reason_typed(struct console *console, const char *reason, gpointer data)
{
    struct run_request *request = data;
    if (reason == NULL) {
        run_request_free(request);
        return;
    }
    request->reason = *reason != '\0' ? g_strdup(reason) : NULL;
    console_gate(console, request);
}

void change_recover(struct console *console)
{
    gint64 selected;
    if (!console_version_selected(console, &selected)) {
        console_say(console, RECORD_WARNING, "no migration is selected");
        return;
    }
    struct run_request *request = run_request_new(RUN_FORCE);
    request->version = selected;
    prompt_open(console->prompt, PROMPT_ANSWER,
                "why is the version row set by hand (recorded): ", NULL, reason_typed, request);
}

static void ask_session_gate(struct console *console, gboolean terminates)
{
    struct run_request *request =
        activity_view_request(console->views[SCREEN_ACTIVITY], terminates);
    if (request == NULL)
        console_say(console, RECORD_INFO, "there is no session under the cursor");
    else
        console_gate(console, request);
}

void change_cancel_session(struct console *console)
{
    ask_session_gate(console, FALSE);
}

void change_end_session(struct console *console)
{
    ask_session_gate(console, TRUE);
}

void console_gate(struct console *console, struct run_request *request)
{
    g_autofree char *why = request->kind == RUN_END_SESSION ? console_why_not_armed(console)
                                                            : console_why_read_only(console);
    if (why != NULL) {
        console_say(console, RECORD_WARNING, "refused: %s", why);
        run_request_free(request);
        return;
    }
    gate_view_set(console->views[SCREEN_GATE], request);
    terminal_flush_input(console->terminal);
    console_open(console, SCREEN_GATE);
}
