/* From a key to an inquiry: what is asked about the selected migration, or about all. */
#include "console/app.h"
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
