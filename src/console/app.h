/* The console's inside: what its own files share and views do not see. */
#ifndef WINCH_CONSOLE_APP_H
#define WINCH_CONSOLE_APP_H

#include "console/frame.h"
#include "console/key.h"
#include "console/prompt.h"
#include "console/report.h"
#include "console/terminal.h"

struct console {
    const struct console_options *options;
    GMainLoop *loop;
    struct terminal *terminal;
    struct grid *grid; /* as last painted; a new one after a resize */
    struct monitor *monitor;
    struct runner *runner;
    struct inquirer *inquirer;
    struct inquiry *command; /* a command whose output is waited for; NULL */
    struct record *record;
    struct model *model;
    struct view *views[SCREEN_COUNT];
    enum screen stack[SCREEN_COUNT]; /* each at most once; the last is shown */
    guint depth;
    struct prompt *prompt;
    gboolean has_version; /* a migration is selected */
    gint64 version;
    gboolean is_counting; /* digits are being typed before a key */
    guint count;
    gboolean is_zoomed;
    char *message; /* raw; NULL: none */
    enum record_level message_level;
    gint64 armed_until; /* monotonic microseconds; 0: not armed; G_MAXINT64: for good */
    char *search;       /* NULL: nothing was searched for yet */
    guint redraw_source;
    gint64 frozen_clock; /* 0: none */
    GPtrArray *prints;   /* of char *: screens to print after the end */
    GError *error;       /* why it ended; NULL when the user quit */
    gboolean is_ending;
};

/* app.c */
struct view *console_shown(const struct console *console);
void console_quit(struct console *console);
void console_suspend(struct console *console);
/* The terminal went away. */
void console_hang_up(struct console *console);
void console_arm(struct console *console);
gboolean console_is_armed(const struct console *console);
/* As console_why_read_only(), but a run under way is no reason: for what may help it. */
char *console_why_not_armed(const struct console *console);

/* chrome.c: banner, tabs, message line, key bar, and the view between them */
void chrome_draw(struct console *console, struct grid *grid);

/* input.c: what a key does */
void input_key(struct console *console, const struct key *key);
/* Does an action as if its key had been pressed. */
void input_act(struct console *console, const struct action *action, guint count);
/* Why it may not be done now, or NULL. Free with g_free(). */
char *input_why_not(const struct console *console, const struct action *action);
void follow_selection(struct console *console);
/* The same after the cursor moved: only where moving chooses a migration. */
void cursor_moved(struct console *console);

/* search.c */
void search_ask(struct console *console);
void search_next(struct console *console);
void search_previous(struct console *console);

/* export.c: what leaves the console: clipboard, files, paper, pager */
void export_copy(struct console *console);
void export_save(struct console *console);
void export_print(struct console *console);
void export_pager(struct console *console);
/* Where files of the console are kept, made when missing (0700). Free with g_free(). */
char *console_state_directory(GError **error);

/* change.c: from a key to a gate */
void change_dry_run(struct console *console);
void change_migrate(struct console *console);
void change_rollback(struct console *console);
void change_recover(struct console *console);
void change_cancel_session(struct console *console);
void change_end_session(struct console *console);

/* examine.c: from a key to an inquiry */
void examine_validate(struct console *console);
void examine_drift(struct console *console);
/* The selected migration; all of them. */
void examine_verify(struct console *console);
void examine_verify_all(struct console *console);
/* Of going back to the selected version. */
void examine_receipt(struct console *console);
/* Shown on the report screen. Takes over what is in question. */
void examine(struct console *console, struct report_question *question);

/* command_line.c: what is typed after ":" */
void command_line_ask(struct console *console);
/* Stops the command whose output is waited for. */
void command_line_cancel(struct console *console);
/* Adds the console's own words that may stand at byte cursor of text to candidates (of struct
 * console_candidate *). */
void command_line_complete(const char *text, gsize cursor, GPtrArray *candidates);

#endif
