/* The one table of what can be done with a key: key bar, help, prompt, read-only mode and manual
 * are made from it. */
#ifndef WINCH_CONSOLE_ACTION_H
#define WINCH_CONSOLE_ACTION_H

#include <glib.h>

enum screen {
    SCREEN_TIMELINE, /* 1 */
    SCREEN_SQL,      /* 2 */
    SCREEN_PLAN,     /* 3: plan and dry run */
    SCREEN_RUN,      /* 4 */
    SCREEN_ACTIVITY, /* 5 */
    SCREEN_HISTORY,  /* 6 */
    SCREEN_LOG,      /* 7 */
    SCREEN_GRAPH,
    SCREEN_CONFIG,
    SCREEN_REPORT, /* what an inquiry found */
    SCREEN_HELP,
    SCREEN_OUTPUT, /* what a command typed at the prompt printed */
    SCREEN_GATE,
    SCREEN_COUNT
};
#define SCREEN_BIT(screen) (1u << (screen))
#define SCREENS_ALL        ((1u << SCREEN_COUNT) - 1)
#define SCREENS_LISTS      (SCREENS_ALL & ~SCREEN_BIT(SCREEN_GATE))

/* "timeline", "sql", ...: what `:screen` takes. Static. */
const char *screen_name(enum screen screen);

enum action_id {
    ACTION_NONE,
    /* moving: the same in every list */
    ACTION_DOWN,
    ACTION_UP,
    ACTION_HALF_DOWN,
    ACTION_HALF_UP,
    ACTION_PAGE_DOWN,
    ACTION_PAGE_UP,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_TOP,
    ACTION_MIDDLE,
    ACTION_BOTTOM,
    ACTION_LEFT,
    ACTION_RIGHT,
    /* going about */
    ACTION_OPEN,
    ACTION_BACK,
    ACTION_QUIT,
    ACTION_NEXT_PANE,
    ACTION_PREVIOUS_PANE,
    ACTION_TO_TIMELINE,
    ACTION_TO_SQL,
    ACTION_TO_PLAN,
    ACTION_TO_RUN,
    ACTION_TO_ACTIVITY,
    ACTION_TO_HISTORY,
    ACTION_TO_LOG,
    ACTION_TO_GRAPH,
    ACTION_TO_CONFIG,
    ACTION_TO_REPORT,
    ACTION_ZOOM,
    ACTION_UNZOOM,
    ACTION_CURRENT,
    ACTION_VIEW_SQL,
    /* finding */
    ACTION_SEARCH,
    ACTION_SEARCH_NEXT,
    ACTION_SEARCH_PREVIOUS,
    ACTION_FILTER,
    ACTION_NEXT_STATEMENT,
    ACTION_PREVIOUS_STATEMENT,
    /* showing */
    ACTION_WRAP,
    ACTION_ONE_PANE,
    ACTION_SYNC,
    ACTION_HELP,
    ACTION_PROMPT,
    ACTION_RELOAD,
    ACTION_COPY,
    ACTION_SAVE,
    ACTION_PRINT,
    ACTION_PAGER,
    ACTION_SUSPEND,
    /* finding out */
    ACTION_VALIDATE,
    ACTION_DRIFT,
    ACTION_VERIFY,
    ACTION_RECEIPT,
    ACTION_PREVIEW_CATALOG,
    ACTION_PREVIEW_SCRATCH,
    ACTION_PREVIEW_HERE,
    /* changing */
    ACTION_DRY_RUN,
    ACTION_ARM,
    ACTION_MIGRATE,
    ACTION_ROLLBACK,
    ACTION_RECOVER,
    ACTION_STOP_AFTER,
    ACTION_CANCEL,
    ACTION_CANCEL_SESSION,
    ACTION_TERMINATE,
    ACTION_GATE_AGAIN,
    ACTION_GATE_REASON,
    ACTION_GATE_OVERRIDE,
    ACTION_COUNT
};

/* What an action may do: read-only mode lets through ACTION_READS and ACTION_STEERS alone. */
enum action_kind {
    ACTION_READS,  /* shows, moves, saves beside the database */
    ACTION_STEERS, /* a run this console started itself: stopping it is always allowed */
    ACTION_WRITES, /* leads to a gate behind which the database changes */
};

struct action {
    enum action_id id;
    enum action_kind kind;
    unsigned screens;    /* SCREEN_BIT()s on which it is offered */
    const char *name;    /* what `:` takes: "dry-run" */
    const char *keys;    /* "d F6"; "" for none */
    const char *bar;     /* its word in the key bar; NULL: not shown there */
    const char *help;    /* one line, no full stop */
    const char *command; /* what could be typed instead, here or after winch; NULL: nothing */
};

extern const struct action actions[]; /* ended by ACTION_NONE */

/* What a key means on a screen; NULL when it is not bound there. */
const struct action *action_for_key(enum screen screen, guint32 code);
const struct action *action_find(enum action_id id);
const struct action *action_named(const char *name);

/* Those of its keys that mean it on a screen: an earlier row may have taken some. "-" for none.
 * Free with g_free(). */
char *action_keys_on(const struct action *action, enum screen screen);
/* Nearly every screen has it: it is told once, not with each. */
gboolean action_is_general(const struct action *action);

#endif
