/* From a key to an inquiry: what is asked about the selected migration, or about all. */
#include "console/app.h"
#include "console/goal.h"
#include "console/views.h"

void examine(struct console *console, struct report_question *question)
{
    report_view_ask(console->views[SCREEN_REPORT], question);
    console_open(console, SCREEN_REPORT);
}

void examine_validate(struct console *console)
{
    struct report_question question = {.kind = REPORT_VALIDATE};
    examine(console, &question);
}

void examine_drift(struct console *console)
{
    struct report_question question = {.kind = REPORT_DRIFT};
    examine(console, &question);
}

static void verify(struct console *console, gint64 first, gint64 last, const char *scope)
{
    struct report_question question = {.kind = REPORT_VERIFY, .first = first, .last = last};
    if (console->model->set == NULL) {
        console_say(console, RECORD_WARNING, "the files are not read yet");
        return;
    }
    question.set = migration_set_ref(console->model->set);
    question.scope = g_strdup(scope);
    examine(console, &question);
}

void examine_verify(struct console *console)
{
    gint64 selected;
    if (!console_version_selected(console, &selected)) {
        console_say(console, RECORD_WARNING, "no migration is selected");
        return;
    }
    g_autofree char *scope = model_version_text(console->model, selected);
    verify(console, selected, selected, scope);
}

void examine_verify_all(struct console *console)
{
    verify(console, 0, G_MAXINT64, "all");
}

void examine_receipt(struct console *console)
{
    gint64 current, selected;
    gboolean is_dirty;
    struct report_question question = {.kind = REPORT_RECEIPT};
    if (!model_version(console->model, &current, &is_dirty) ||
        !console_version_selected(console, &selected) || selected >= current) {
        console_say(console, RECORD_WARNING,
                    "select the version to go back to: it must lie below the current one");
        return;
    }
    question.goal = goal_to_version(selected);
    question.may_write =
        model_class(console->model) == ENVIRONMENT_DEVELOPMENT && !console->options->is_read_only;
    question.scope = goal_text(console->model, &question.goal);
    examine(console, &question);
}
