/* The table of actions. A row is all that a new one needs, beside what its view does. */
#include "console/action.h"

#include "console/key.h"

#include <string.h>

#define TIMELINE  SCREEN_BIT(SCREEN_TIMELINE)
#define SQL       SCREEN_BIT(SCREEN_SQL)
#define PLAN      SCREEN_BIT(SCREEN_PLAN)
#define RUN       SCREEN_BIT(SCREEN_RUN)
#define ACTIVITY  SCREEN_BIT(SCREEN_ACTIVITY)
#define HISTORY   SCREEN_BIT(SCREEN_HISTORY)
#define LOG       SCREEN_BIT(SCREEN_LOG)
#define GRAPH     SCREEN_BIT(SCREEN_GRAPH)
#define REPORT    SCREEN_BIT(SCREEN_REPORT)
#define LISTS     SCREENS_LISTS
#define TEXTS     (SQL | LOG | SCREEN_BIT(SCREEN_OUTPUT))
#define MIGRATION (TIMELINE | SQL | PLAN | GRAPH | HISTORY | REPORT)

/* clang-format off */
const struct action actions[] = {
    {ACTION_OPEN, ACTION_READS, LISTS & ~TEXTS, "open", "Enter Right", "open", "open what is under the cursor", NULL},
    {ACTION_OPEN, ACTION_READS, TEXTS, "open-row", "Enter", "open", "open what is under the cursor", NULL},
    {ACTION_DRY_RUN, ACTION_READS, TIMELINE | PLAN | GRAPH | SQL, "dry-run", "d F6", "dry run", "preview the way to the selected version: in development here, rolled back; elsewhere on a copy of the schema", "preview VERSION"},
    {ACTION_PREVIEW_CATALOG, ACTION_READS, PLAN, "preview-catalog", "c", "catalog", "preview it from text and catalog alone: nothing is run", "preview VERSION --on catalog"},
    {ACTION_PREVIEW_SCRATCH, ACTION_READS, PLAN, "preview-scratch", "s", "scratch", "preview it on a copy of the schema, without its rows", "preview VERSION --on scratch"},
    {ACTION_PREVIEW_HERE, ACTION_READS, PLAN, "preview-here", "t", "here", "preview it here in a transaction that is rolled back: real locks, and in production a gate", "preview VERSION --on database"},
    {ACTION_MIGRATE, ACTION_WRITES, TIMELINE | PLAN | GRAPH | SQL, "migrate", "m F7", "migrate", "up to the selected version, through the gate", "up --to VERSION"},
    {ACTION_ROLLBACK, ACTION_WRITES, TIMELINE | PLAN | GRAPH | SQL, "rollback", "r F8", "roll back", "back to the selected version, through the gate", "goto VERSION"},
    {ACTION_VIEW_SQL, ACTION_READS, MIGRATION | RUN | SCREEN_BIT(SCREEN_GATE), "view-sql", "v", "SQL", "the SQL of the selected migration, up and down", NULL},
    {ACTION_STOP_AFTER, ACTION_STEERS, RUN, "stop", "s", "stop after this one", "let the migration under way finish, then stop", NULL},
    {ACTION_CANCEL, ACTION_STEERS, RUN, "cancel", "C C-c", "cancel", "cancel the running statement (asks); again: end the server's backend", NULL},
    {ACTION_CANCEL, ACTION_STEERS, LISTS & ~RUN, "cancel-inquiry", "C C-c", NULL, "stop what is being found out; what came so far stays", NULL},
    {ACTION_NEXT_STATEMENT, ACTION_READS, SQL, "next-statement", "n", "statement", "the next statement", NULL},
    {ACTION_PREVIOUS_STATEMENT, ACTION_READS, SQL, "previous-statement", "N", NULL, "the previous statement", NULL},
    {ACTION_SYNC, ACTION_READS, SQL, "sync", "s", "sync", "scroll up and down file together, or each alone", NULL},
    {ACTION_WRAP, ACTION_READS, SQL | LOG | SCREEN_BIT(SCREEN_OUTPUT), "wrap", "\\", "wrap", "break long lines, or cut them", NULL},
    {ACTION_ONE_PANE, ACTION_READS, SQL, "one-pane", "|", "panes", "up and down side by side, or one alone", NULL},
    {ACTION_CANCEL_SESSION, ACTION_WRITES, ACTIVITY, "cancel-session", "t", "cancel", "cancel what the selected session does, through the gate", NULL},
    {ACTION_TERMINATE, ACTION_WRITES, ACTIVITY, "end-session", "T", "end session", "end the selected session itself, through the gate", NULL},
    {ACTION_CURRENT, ACTION_READS, TIMELINE | GRAPH, "current", "c", NULL, "go to the current version", NULL},
    {ACTION_PROMPT, ACTION_READS, SCREENS_ALL & ~SCREEN_BIT(SCREEN_GATE), "command", ":", "cmd", "type a command, as after winch", NULL},
    {ACTION_SEARCH, ACTION_READS, LISTS, "search", "/ F3", "find", "find text; capital letters matter once there is one", NULL},
    {ACTION_SEARCH_NEXT, ACTION_READS, LISTS & ~SQL, "search-next", "n", NULL, "the next that was found", NULL},
    {ACTION_SEARCH_PREVIOUS, ACTION_READS, LISTS & ~SQL, "search-previous", "N", NULL, "the previous that was found", NULL},
    {ACTION_FILTER, ACTION_READS, TIMELINE | HISTORY | LOG | ACTIVITY | REPORT, "filter", "F F4", "filter", "show matching rows alone; empty shows all", NULL},
    {ACTION_RECOVER, ACTION_WRITES, TIMELINE | HISTORY, "recover", "f", "force", "set the version row by hand, through the gate: for recovery", "force VERSION"},
    {ACTION_VALIDATE, ACTION_READS, TIMELINE | GRAPH | HISTORY | REPORT, "check", "a", "validate", "look whether version table, files and history agree", "validate"},
    {ACTION_DRIFT, ACTION_READS, TIMELINE | GRAPH | HISTORY | REPORT, "drift", "=", "drift", "compare the schema with the one that was recorded for this version", "diff"},
    {ACTION_VERIFY, ACTION_READS, TIMELINE | GRAPH | SQL, "prove", "V", "verify", "prove on a scratch database that the selected migration's down undoes its up; :verify does all", "verify VERSION"},
    {ACTION_RECEIPT, ACTION_READS, TIMELINE | GRAPH | PLAN | SQL, "cost", "$", "receipt", "count what going back to the selected version destroys", "receipt VERSION"},
    {ACTION_HELP, ACTION_READS, SCREENS_ALL, "help", "? F1", "help", "the keys of this screen, its letters, and the rest", "help"},
    {ACTION_BACK, ACTION_READS, LISTS, "back", "q Esc", "back", "back to the screen before; on the first, q leaves", NULL},
    {ACTION_BACK, ACTION_READS, SCREEN_BIT(SCREEN_GATE), "cancel-gate", "Esc C-c", "cancel", "leave the gate: nothing is changed", NULL},
    {ACTION_GATE_AGAIN, ACTION_READS, SCREEN_BIT(SCREEN_GATE), "check-again", "c", "check again", "look at the checks again: something may have been done", NULL},
    {ACTION_GATE_REASON, ACTION_READS, SCREEN_BIT(SCREEN_GATE), "say-why", "e", "say why", "give the reason that is asked for; it is recorded", NULL},
    {ACTION_GATE_OVERRIDE, ACTION_READS, SCREEN_BIT(SCREEN_GATE), "pass-over", "O", "pass over", "do it although a policy says no, with a reason that is recorded", NULL},
    {ACTION_QUIT, ACTION_READS, SCREENS_ALL & ~SCREEN_BIT(SCREEN_GATE), "quit", "F10", NULL, "leave the console", NULL},
    {ACTION_TO_TIMELINE, ACTION_READS, LISTS, "to-timeline", "1", NULL, "every migration, newest first", "status"},
    {ACTION_TO_SQL, ACTION_READS, LISTS, "to-sql", "2", NULL, "up and down SQL of the selected migration", NULL},
    {ACTION_TO_PLAN, ACTION_READS, LISTS, "to-plan", "3", NULL, "what would run to reach the selected version, and how", "plan VERSION"},
    {ACTION_TO_RUN, ACTION_READS, LISTS, "to-run", "4", NULL, "the run under way, or the last one", NULL},
    {ACTION_TO_ACTIVITY, ACTION_READS, LISTS, "to-activity", "5", NULL, "sessions, locks, and who blocks whom", "locks"},
    {ACTION_TO_HISTORY, ACTION_READS, LISTS, "to-history", "6", NULL, "what was done, by whom, and how it ended", "history"},
    {ACTION_BOTTOM, ACTION_READS, LISTS & ~RUN, "bottom", "L", NULL, "the last row on the screen", NULL},
    {ACTION_TO_LOG, ACTION_READS, LISTS, "to-log", "7 L", NULL, "every statement this program sent, and what it said", NULL},
    {ACTION_TO_GRAPH, ACTION_READS, LISTS, "to-graph", "8", NULL, "what needs what", "graph"},
    {ACTION_TO_CONFIG, ACTION_READS, LISTS, "to-config", "9", NULL, "every setting and where it comes from", "config"},
    {ACTION_TO_REPORT, ACTION_READS, LISTS, "to-report", "", NULL, "what was found out last", NULL},
    {ACTION_ARM, ACTION_READS, LISTS, "arm", "w", NULL, "allow changes for 15 minutes, or forbid them again", NULL},
    {ACTION_RELOAD, ACTION_READS, SCREENS_ALL & ~SCREEN_BIT(SCREEN_GATE), "reload", "R F5 C-l", NULL, "read files and database again, repaint", NULL},
    {ACTION_COPY, ACTION_READS, LISTS, "copy", "y", NULL, "copy the selection to the terminal's clipboard, and to a file", NULL},
    {ACTION_SAVE, ACTION_READS, SCREENS_ALL & ~SCREEN_BIT(SCREEN_GATE), "save", "o", NULL, "save what the screen shows, all of it, to a file", NULL},
    {ACTION_PRINT, ACTION_READS, LISTS, "print", "p", NULL, "print this screen as text when the console has ended", NULL},
    {ACTION_PAGER, ACTION_READS, SQL | LOG | HISTORY | SCREEN_BIT(SCREEN_OUTPUT), "pager", "e", NULL, "open it in $PAGER", NULL},
    {ACTION_NEXT_PANE, ACTION_READS, LISTS, "next-pane", "Tab", NULL, "the next pane", NULL},
    {ACTION_PREVIOUS_PANE, ACTION_READS, LISTS, "previous-pane", "S-Tab", NULL, "the pane before", NULL},
    {ACTION_ZOOM, ACTION_READS, LISTS, "zoom", "+", NULL, "give the pane all the room", NULL},
    {ACTION_UNZOOM, ACTION_READS, LISTS, "unzoom", "_", NULL, "and back", NULL},
    {ACTION_SUSPEND, ACTION_READS, SCREENS_ALL, "suspend", "C-z", NULL, "stop the console until fg; not while a run writes", NULL},
    {ACTION_DOWN, ACTION_READS, SCREENS_ALL, "cursor-down", "j Down C-n WheelDown", NULL, "down; 05j: five (0 begins a count)", NULL},
    {ACTION_UP, ACTION_READS, SCREENS_ALL, "cursor-up", "k Up C-p WheelUp", NULL, "up", NULL},
    {ACTION_LEFT, ACTION_READS, LISTS, "cursor-left", "h Left", NULL, "scroll text left", NULL},
    {ACTION_RIGHT, ACTION_READS, LISTS & ~TEXTS, "cursor-right", "l", NULL, "scroll text right", NULL},
    {ACTION_RIGHT, ACTION_READS, TEXTS, "scroll-right", "l Right", NULL, "scroll text right", NULL},
    {ACTION_PAGE_DOWN, ACTION_READS, SCREENS_ALL, "page-down", "PgDn Space", NULL, "a page down", NULL},
    {ACTION_PAGE_UP, ACTION_READS, SCREENS_ALL, "page-up", "PgUp", NULL, "a page up", NULL},
    {ACTION_HALF_DOWN, ACTION_READS, LISTS, "half-down", "C-d", NULL, "half a page down", NULL},
    {ACTION_HALF_UP, ACTION_READS, LISTS, "half-up", "C-u", NULL, "half a page up", NULL},
    {ACTION_FIRST, ACTION_READS, LISTS, "first", "g Home", NULL, "the first row; 05g: the fifth", NULL},
    {ACTION_LAST, ACTION_READS, LISTS, "last", "G End", NULL, "the last row", NULL},
    {ACTION_TOP, ACTION_READS, LISTS, "top", "H", NULL, "the first row on the screen", NULL},
    {ACTION_MIDDLE, ACTION_READS, LISTS, "middle", "M", NULL, "the middle of the screen", NULL},
    {.id = ACTION_NONE},
};
/* clang-format on */

static const char *const screen_names[SCREEN_COUNT] = {
    [SCREEN_TIMELINE] = "timeline", [SCREEN_SQL] = "sql",           [SCREEN_PLAN] = "plan",
    [SCREEN_RUN] = "run",           [SCREEN_ACTIVITY] = "activity", [SCREEN_HISTORY] = "history",
    [SCREEN_LOG] = "log",           [SCREEN_GRAPH] = "graph",       [SCREEN_CONFIG] = "config",
    [SCREEN_REPORT] = "report",     [SCREEN_HELP] = "help",         [SCREEN_OUTPUT] = "output",
    [SCREEN_GATE] = "gate",
};

const char *screen_name(enum screen screen)
{
    return screen_names[screen];
}

const struct action *action_for_key(enum screen screen, guint32 code)
{
    for (const struct action *action = actions; action->id != ACTION_NONE; action++)
        if ((action->screens & SCREEN_BIT(screen)) != 0 && key_is_among(code, action->keys))
            return action;
    return NULL;
}

const struct action *action_find(enum action_id id)
{
    for (const struct action *action = actions; action->id != ACTION_NONE; action++)
        if (action->id == id)
            return action;
    return NULL;
}

const struct action *action_named(const char *name)
{
    for (const struct action *action = actions; action->id != ACTION_NONE; action++)
        if (strcmp(action->name, name) == 0)
            return action;
    return NULL;
}

char *action_keys_on(const struct action *action, enum screen screen)
{
    g_auto(GStrv) names = g_strsplit(action->keys, " ", -1);
    g_autoptr(GString) keys = g_string_new(NULL);
    guint32 code;
    for (guint i = 0; names[i] != NULL; i++)
        if (key_parse(names[i], &code) && action_for_key(screen, code) == action)
            g_string_append_printf(keys, "%s%s", keys->len > 0 ? " " : "", names[i]);
    return g_strdup(keys->len > 0 ? keys->str : "-");
}

gboolean action_is_general(const struct action *action)
{
    guint missing = 0;
    for (int screen = 0; screen < SCREEN_COUNT; screen++)
        missing += (action->screens & SCREEN_BIT(screen)) == 0;
    return missing <= 2;
}
