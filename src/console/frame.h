/* What a view may ask of the console around it. Main thread, nothing blocks. */
#ifndef WINCH_CONSOLE_FRAME_H
#define WINCH_CONSOLE_FRAME_H

#include "console/console.h"
#include "console/inquiry.h"
#include "console/model.h"
#include "console/monitor.h"
#include "console/record.h"
#include "console/runner.h"
#include "console/view.h"

/* The newest picture; valid until the main loop turns again. Never NULL. */
const struct model *console_model(const struct console *console);
const struct console_options *console_options(const struct console *console);

/* The run of this console, under way or ended; NULL before the first. */
const struct run_picture *console_run_picture(const struct console *console);
struct runner *console_runner(struct console *console);

/* Everything that was said or sent: see record.h. */
struct record *console_record(struct console *console);

/* Microseconds since 1970; stands still where tests ask for it (WINCH_CONSOLE_CLOCK, in seconds
 * since 1970). */
gint64 console_now(const struct console *console);

/* "14:02:07" of a moment, UTC as the server's times are shown; "-" for 0. Free with g_free(). */
char *console_clock_text(gint64 microseconds);
/* "2026-11-19 02:10", with seconds when precise. Free with g_free(). */
char *console_date_text(gint64 microseconds, gboolean precise);

/* The message line, and the log. Errors stay until a key is pressed. Any text. */
void console_say(struct console *console, enum record_level level, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void console_say_error(struct console *console, const GError *error);

/* Draws again when the loop is idle. */
void console_redraw(struct console *console);

/* Brings a screen to the front; q comes back from there. */
void console_open(struct console *console, enum screen screen);
void console_back(struct console *console);
/* The view of a screen; there is exactly one. */
struct view *console_view(struct console *console, enum screen screen);
gboolean console_is_shown(const struct console *console, const struct view *view);

/* The migration that the screens speak of: SQL, plan and graph follow it. */
void console_version_select(struct console *console, gint64 version);
gboolean console_version_selected(const struct console *console, gint64 *version);

/* Why nothing may be written now, or NULL: read-only, not armed, no connection, a run under way.
 * Free with g_free(). */
char *console_why_read_only(const struct console *console);

/* Why an action cannot be done now, or NULL when it can. While help is shown, it is asked of the
 * screen that help is about. Free with g_free(). */
char *console_why_not(const struct console *console, const struct action *action);

/* What was searched for last, to be marked where it shows; NULL for nothing. Borrowed. */
const char *console_search(const struct console *console);

/* The screen that help is about: the one that was shown before it. */
enum screen console_help_screen(const struct console *console);

/* TRUE: the pane with the cursor gets all the room. */
gboolean console_is_zoomed(const struct console *console);

/* Has work done on the monitor's thread. Takes over the job. */
void console_ask(struct console *console, struct job *job);

/* Has something found out on a thread and a connection of its own: see inquiry.h. */
struct inquiry *console_inquire(struct console *console, const struct inquiry_work *work);

/* Opens a gate before a change; nothing happens until its words are typed. Takes over request. */
void console_gate(struct console *console, struct run_request *request);

/* Shows text on the output screen: title is the command. Takes over text. */
void console_show_output(struct console *console, const char *title, char *text);

/* A dry run of what leads to goal, shown on the plan screen. */
void console_dry_run(struct console *console, const struct goal *goal);

#endif
