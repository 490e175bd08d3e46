/* The main thread: one GLib loop over terminal, signals, time and what the other threads deliver.
 * Nothing here waits for a database. */
#include "console/app.h"

#include "base/duration.h"
#include "console/goal.h"
#include "console/views.h"
#include "console/watchdog.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what views ask ----------------------------------------------------------------------------
 */

const struct model *console_model(const struct console *console)
{
    return console->model;
}

const struct console_options *console_options(const struct console *console)
{
    return console->options;
}

const struct run_picture *console_run_picture(const struct console *console)
{
    return runner_picture(console->runner);
}

struct runner *console_runner(struct console *console)
{
    return console->runner;
}

struct record *console_record(struct console *console)
{
    return console->record;
}

gint64 console_now(const struct console *console)
{
    return console->frozen_clock != 0 ? console->frozen_clock : g_get_real_time();
}

static char *time_text(gint64 microseconds, const char *format)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
    return microseconds != 0 && utc != NULL ? g_date_time_format(utc, format) : g_strdup("-");
}

char *console_clock_text(gint64 microseconds)
{
    return time_text(microseconds, "%H:%M:%S");
}

char *console_date_text(gint64 microseconds, gboolean precise)
{
    return time_text(microseconds, precise ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M");
}

void console_say(struct console *console, enum record_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    record_add(console->record, console_now(console), level, text);
    g_free(console->message);
    console->message = text;
    console->message_level = level;
    console_redraw(console);
}

void console_say_error(struct console *console, const GError *error)
{
    g_autofree char *line = error_line(error);
    console_say(console, RECORD_ERROR, "%s", line);
}

struct view *console_view(struct console *console, enum screen screen)
{
    return console->views[screen];
}

struct view *console_shown(const struct console *console)
{
    return console->views[console->stack[console->depth - 1]];
}

gboolean console_is_shown(const struct console *console, const struct view *view)
{
    return console_shown(console) == view;
}

enum screen console_help_screen(const struct console *console)
{
    return console->depth >= 2 ? console->stack[console->depth - 2] : SCREEN_TIMELINE;
}

static void came_to_front(struct console *console)
{
    struct view *view = console_shown(console);
    console->is_zoomed = FALSE;
    console->count = 0;
    monitor_watch_activity(console->monitor, view->ops->screen == SCREEN_ACTIVITY);
    if (view->ops->show != NULL)
        view->ops->show(view);
    if (view->ops->update != NULL)
        view->ops->update(view);
    console_redraw(console);
}

/* A screen that is already open comes to the front; there are no two ways back to it. */
void console_open(struct console *console, enum screen screen)
{
    guint depth = 0;
    for (guint i = 0; i < console->depth; i++)
        if (console->stack[i] != screen || screen == SCREEN_TIMELINE)
            console->stack[depth++] = console->stack[i];
    console->depth = screen == SCREEN_TIMELINE ? 1 : depth;
    if (screen != SCREEN_TIMELINE)
        console->stack[console->depth++] = screen;
    came_to_front(console);
}

void console_back(struct console *console)
{
    if (console->depth > 1) {
        console->depth--;
        came_to_front(console);
    }
}

void console_version_select(struct console *console, gint64 version)
{
    console->version = version;
    console->has_version = TRUE;
}

gboolean console_version_selected(const struct console *console, gint64 *version)
{
    *version = console->version;
    return console->has_version;
}

void console_ask(struct console *console, struct job *job)
{
    monitor_ask(console->monitor, job);
}

struct inquiry *console_inquire(struct console *console, const struct inquiry_work *work)
{
    return inquiry_start(console->inquirer, work);
}

void console_show_output(struct console *console, const char *title, char *text)
{
    output_view_set(console->views[SCREEN_OUTPUT], title, text);
    console_open(console, SCREEN_OUTPUT);
}

/* In production a dry run is no look: it holds the real locks, so it takes the way of a change. */
void console_dry_run(struct console *console, const struct goal *goal)
{
    struct run_request *request = run_request_new(RUN_DRY_RUN);
    gint64 from, to;
    request->goal = *goal;
    /* The plan screen speaks of the selected version: it is to be the one that this leads to. */
    if (goal_ends(console->model, goal, &from, &to) && to != VERSION_NONE)
        console_version_select(console, to);
    if (model_class(console->model) == ENVIRONMENT_PRODUCTION || console->options->is_read_only) {
        console_gate(console, request);
        return;
    }
    if (!runner_start(console->runner, request)) {
        console_say(console, RECORD_WARNING, "a run is under way: wait for its end (4)");
        return;
    }
    console_open(console, SCREEN_PLAN);
}

/* ---- armed ----------------------------------------------------------------------------------- */

#define ARMED_US (15 * 60 * G_USEC_PER_SEC)

gboolean console_is_armed(const struct console *console)
{
    if (console->options->is_read_only)
        return FALSE;
    return console->armed_until == G_MAXINT64 || console->armed_until > g_get_monotonic_time();
}

void console_arm(struct console *console)
{
    if (console->options->is_read_only) {
        console_say(console, RECORD_WARNING,
                    "this console was started with --readonly: it cannot be armed");
        return;
    }
    gboolean was_armed = console_is_armed(console);
    console->armed_until = was_armed ? 0 : g_get_monotonic_time() + ARMED_US;
    console_say(console, RECORD_INFO,
                was_armed ? "read-only again" : "armed for 15 minutes: w ends it");
}

char *console_why_not_armed(const struct console *console)
{
    const struct model *model = console->model;
    if (console->options->is_read_only)
        return g_strdup("this console was started with --readonly");
    if (model->server == NULL || model->link != LINK_UP)
        return g_strdup("there is no connection");
    if (!console_is_armed(console))
        return g_strdup("read-only: press w to arm, or start with --write");
    return NULL;
}

char *console_why_read_only(const struct console *console)
{
    char *why = console_why_not_armed(console);
    if (why != NULL)
        return why;
    if (console->model->server->is_standby)
        return g_strdup("this server is a standby");
    if (runner_is_active(console->runner))
        return g_strdup("a run is under way (4)");
    return NULL;
}

/* Production is read-only until it is armed; elsewhere the gates are enough. A database that turns
 * out to be production after all, or has become it, is read-only from then on. */
static void arm_by_class(struct console *console, const struct model *before)
{
    if (console->model->server == NULL)
        return;
    gboolean is_guarded =
        model_class(console->model) == ENVIRONMENT_PRODUCTION && !console->options->may_write;
    if (before->server == NULL && !is_guarded)
        console->armed_until = G_MAXINT64;
    if (is_guarded && console->armed_until == G_MAXINT64) {
        console->armed_until = 0;
        console_say(console, RECORD_WARNING,
                    "this database is production now: read-only until w arms it");
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw(struct console *console)
{
    int rows, columns;
    terminal_size(console->terminal, &rows, &columns);
    if (console->grid == NULL || console->grid->rows != rows || console->grid->columns != columns) {
        g_clear_pointer(&console->grid, grid_free);
        console->grid = grid_new(rows, columns, console->options->is_ascii);
    }
    grid_clear(console->grid, &(struct area){0, 0, rows, columns}, STYLE_TEXT);
    console->grid->shows_cursor = FALSE;
    chrome_draw(console, console->grid);
    terminal_paint(console->terminal, console->grid);
}

static gboolean on_redraw(gpointer data)
{
    struct console *console = data;
    console->redraw_source = 0;
    draw(console);
    return G_SOURCE_REMOVE;
}

/* Frames while much happens: no terminal needs more. */
#define FRAME_MS 40

void console_redraw(struct console *console)
{
    if (console->redraw_source == 0 && console->loop != NULL)
        console->redraw_source =
            g_timeout_add(runner_is_active(console->runner) ? FRAME_MS : 0, on_redraw, console);
}

static void update_shown(struct console *console)
{
    struct view *view = console_shown(console);
    if (view->ops->update != NULL)
        view->ops->update(view);
    console_redraw(console);
}

/* ---- what the loop brings -------------------------------------------------------------------- */

static void on_model(struct console *console, struct model *model)
{
    struct model *before = console->model;
    console->model = model;
    arm_by_class(console, before);
    if (!console->has_version && model->state != NULL && model->state->status->rows->len > 0)
        timeline_view_settle(console->views[SCREEN_TIMELINE]);
    if (model->link == LINK_LOST && before->link == LINK_UP)
        console_say(console, RECORD_ERROR, "connection lost: %s", model->link_why);
    if (model->link == LINK_CONNECTING && model->link_why != NULL &&
        g_strcmp0(model->link_why, before->link_why) != 0)
        record_add(console->record, console_now(console), RECORD_ERROR, model->link_why);
    if (model->link == LINK_UP && before->link != LINK_UP)
        console_say(console, RECORD_INFO, "connected to %s, backend %d", model->server->label,
                    model->server->backend_pid);
    model_unref(before);
    update_shown(console);
}

static void on_run(struct console *console)
{
    const struct run_picture *picture = runner_picture(console->runner);
    if (picture != NULL && (picture->phase == RUN_PHASE_DONE || picture->phase == RUN_PHASE_FAILED))
        monitor_reload(console->monitor);
    update_shown(console);
    if (console->is_ending && !runner_is_active(console->runner))
        g_main_loop_quit(console->loop);
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer data)
{
    struct console *console = data;
    struct key key;
    (void)fd;
    while (terminal_key(console->terminal, &key))
        input_key(console, &key);
    if ((condition & (G_IO_HUP | G_IO_ERR)) == 0)
        return G_SOURCE_CONTINUE;
    console_hang_up(console);
    return G_SOURCE_REMOVE;
}

/* Once a second: clocks, the countdown, elapsed times. Nothing is sent where nothing changed. */
static gboolean on_tick(gpointer data)
{
    struct console *console = data;
    if (runner_is_active(console->runner) || inquirer_is_busy(console->inquirer) ||
        console->armed_until != 0)
        update_shown(console);
    return G_SOURCE_CONTINUE;
}

static gboolean on_resize(gpointer data)
{
    struct console *console = data;
    terminal_resized(console->terminal);
    console_redraw(console);
    return G_SOURCE_CONTINUE;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* A run under way is told; the loop ends with it. */
static void end(struct console *console, enum cancel_level level, enum error_code why)
{
    console->is_ending = TRUE;
    if (!runner_is_active(console->runner)) {
        g_main_loop_quit(console->loop);
        return;
    }
    runner_stop(console->runner, level, why);
}

void console_quit(struct console *console)
{
    if (runner_is_active(console->runner)) {
        console_say(console, RECORD_WARNING,
                    "a run is under way: s stops after this migration, C cancels it (4)");
        return;
    }
    end(console, CANCEL_NONE, ERROR_CANCELLED);
}

void console_hang_up(struct console *console)
{
    gboolean finishes =
        console->options->settings->finishes_on_hangup && runner_is_writing(console->runner);
    if (console->error == NULL)
        error_set(&console->error, ERROR_HANGUP, "the terminal went away");
    end(console, finishes ? CANCEL_AFTER : CANCEL_NOW, ERROR_HANGUP);
}

static gboolean on_hangup(gpointer data)
{
    console_hang_up(data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_terminate(gpointer data)
{
    struct console *console = data;
    if (console->error == NULL)
        error_set(&console->error, ERROR_TERMINATED, "terminated");
    end(console, CANCEL_NOW, ERROR_TERMINATED);
    return G_SOURCE_CONTINUE;
}

/* kill -INT; the key itself arrives as a character. */
static gboolean on_interrupt(gpointer data)
{
    struct key key = {.code = KEYCODE_CTRL('c')};
    input_key(data, &key);
    return G_SOURCE_CONTINUE;
}

void console_suspend(struct console *console)
{
    if (runner_is_writing(console->runner)) {
        console_say(console, RECORD_WARNING,
                    "not while a run writes: a stopped client would hold its locks");
        return;
    }
    terminal_release(console->terminal);
    kill(0, SIGTSTP);
    terminal_resume(console->terminal);
    terminal_resized(console->terminal);
    console_redraw(console);
}

/* ---- from start to end ----------------------------------------------------------------------- */

static void open_views(struct console *console)
{
    for (int screen = 0; screen < SCREEN_COUNT; screen++)
        console->views[screen] = view_table[screen]->open(console);
    console->stack[0] = SCREEN_TIMELINE;
    console->depth = 1;
}

static void close_views(struct console *console)
{
    for (int screen = 0; screen < SCREEN_COUNT; screen++)
        if (console->views[screen] != NULL)
            console->views[screen]->ops->close(console->views[screen]);
}

static gint64 frozen_clock(void)
{
    const char *seconds = g_getenv("WINCH_CONSOLE_CLOCK");
    return seconds != NULL ? g_ascii_strtoll(seconds, NULL, 10) * G_USEC_PER_SEC : 0;
}

/* Once, where a lost line would take the run's screen with it. */
static void recommend_multiplexer(struct console *console)
{
    if (g_getenv("SSH_CONNECTION") != NULL && g_getenv("TMUX") == NULL && g_getenv("STY") == NULL)
        record_add(console->record, console_now(console), RECORD_INFO,
                   "over SSH without tmux or screen: a run goes on when the line drops, this "
                   "screen does not");
}

static void loop(struct console *console)
{
    guint sources[] = {
        g_unix_fd_add(terminal_fd(console->terminal), G_IO_IN | G_IO_HUP | G_IO_ERR, on_input,
                      console),
        g_unix_signal_add(SIGWINCH, on_resize, console),
        g_unix_signal_add(SIGHUP, on_hangup, console),
        g_unix_signal_add(SIGTERM, on_terminate, console),
        g_unix_signal_add(SIGINT, on_interrupt, console),
        g_timeout_add_seconds(1, on_tick, console),
    };
    draw(console);
    g_main_loop_run(console->loop);
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        GSource *source = g_main_context_find_source_by_id(NULL, sources[i]);
        if (source != NULL)
            g_source_destroy(source);
    }
    if (console->redraw_source != 0)
        g_source_remove(console->redraw_source);
    console->redraw_source = 0;
}

static void print_screens(const struct console *console)
{
    for (guint i = 0; i < console->prints->len; i++)
        puts(console->prints->pdata[i]);
    fflush(stdout);
}

static void start_threads(struct console *console)
{
    sigset_t all, before;
    sigfillset(&all);
    /* A signal that lands in another thread would not wake this one's poll. */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    console->monitor = monitor_start(console, console->options->settings, on_model);
    console->runner = runner_new(console, console->options->settings, on_run);
    console->inquirer = inquirer_new(console, console->options->settings);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

gboolean console_run(const struct console_options *options, GError **error)
{
    struct console console = {.options = options, .frozen_clock = frozen_clock()};
    struct terminal_options look = {options->is_ascii, options->is_mono, options->is_accessible};
    console.terminal = terminal_open(&look, error);
    if (console.terminal == NULL)
        return FALSE;
    signal(SIGPIPE, SIG_IGN);
    console.model = model_new();
    console.record = record_new();
    console.prints = g_ptr_array_new_with_free_func(g_free);
    console.loop = g_main_loop_new(NULL, FALSE);
    console.prompt = prompt_new(&console);
    start_threads(&console);
    open_views(&console);
    recommend_multiplexer(&console);
    watchdog_start(console.runner);
    loop(&console);
    watchdog_end();
    terminal_close(console.terminal);
    g_main_loop_unref(console.loop);
    console.loop = NULL;
    runner_free(console.runner);
    inquirer_free(console.inquirer);
    monitor_stop(console.monitor);
    prompt_free(console.prompt);
    close_views(&console);
    print_screens(&console);
    g_ptr_array_unref(console.prints);
    g_clear_pointer(&console.grid, grid_free);
    record_free(console.record);
    model_unref(console.model);
    g_free(console.message);
    g_free(console.search);
    if (console.error == NULL)
        return TRUE;
    g_propagate_error(error, console.error);
    return FALSE;
}

/* ---- the outside's small things -------------------------------------------------------------- */

void console_candidate_free(struct console_candidate *candidate)
{
    g_free(candidate->text);
    g_free(candidate->means);
    g_free(candidate);
}

void console_line_clear(struct console_line *line)
{
    g_clear_pointer(&line->version, g_free);
    g_clear_pointer(&line->environment, g_free);
    g_clear_pointer(&line->reason, g_free);
    g_clear_pointer(&line->override, g_free);
}
