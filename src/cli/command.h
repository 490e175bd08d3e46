/* The one command table: command line, help and manual are made from it. */
#ifndef WINCH_CLI_COMMAND_H
#define WINCH_CLI_COMMAND_H

#include <glib.h>

#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "config/config.h"
#include "engine/engine.h"
#include "engine/preview.h"

enum command_group { GROUP_LOOK, GROUP_CHANGE, GROUP_PROVE, GROUP_SERVE, GROUP_WRITE, GROUP_COUNT };

/* "look", "change", ... Static. */
const char *command_group_name(enum command_group group);

enum command_flags {
    COMMAND_CONFIG = 1 << 0,   /* wants the configuration loaded */
    COMMAND_ENGINE = 1 << 1,   /* wants the engine opened: files and database */
    COMMAND_CHANGES = 1 << 2,  /* writes to the database */
    COMMAND_TERMINAL = 1 << 3, /* runs on the main thread: the terminal is its own */
    COMMAND_FILES = 1 << 4,    /* goes without a database, also where its variables are not set */
};

/* Everything a command's function is given. It runs on the worker thread, so it may block. */
struct command_context {
    const struct invocation *invocation;
    struct config *config;            /* NULL without COMMAND_CONFIG */
    struct engine_settings *settings; /* the same */
    struct engine *engine;            /* NULL without COMMAND_ENGINE */
    struct output *output;
    struct cancellation *cancellation;
    struct progress *progress;
    json_t *document;       /* what --json prints at the end; members are added to it */
    char **become;          /* run: the command to become after a success; borrowed */
    gboolean connects_once; /* wait and run try again themselves */
};

/* Returns FALSE with error on failure; the error decides the exit status. */
typedef gboolean (*command_fn)(struct command_context *context, GError **error);

struct command {
    const char *name;
    enum command_group group;
    const char *arguments;      /* "[N]" for the synopsis, "" for none */
    const char *summary;        /* one line, no full stop */
    const char *manual;         /* a paragraph or more, lines up to 78 columns */
    const char *const *options; /* those it takes beside the global ones; NULL-terminated or NULL */
    int arguments_min, arguments_max; /* -1: any number */
    unsigned flags;
    command_fn run;
};

extern const struct command commands[]; /* NULL-name terminated */

/* What the exit statuses say; a status that errors have (base/error.c) has a row. */
struct exit_status {
    int status;
    const char *meaning; /* a few words, no full stop */
};
extern const struct exit_status exit_statuses[]; /* NULL-meaning terminated */

const struct command *command_find(const char *name);

/* Loads configuration and settings, opens the engine, as flags of the command say. */
gboolean command_prepare(struct command_context *context, unsigned flags, GError **error);

/* ---- the commands' functions, by file ---------------------------------------------------------
 */

/* look.c: takes no lock, creates nothing */
gboolean command_status(struct command_context *context, GError **error);
gboolean command_version(struct command_context *context, GError **error);
gboolean command_validate(struct command_context *context, GError **error);
gboolean command_config(struct command_context *context, GError **error);
/* show_plan.c */
gboolean command_plan(struct command_context *context, GError **error);
void plan_show(struct command_context *context, const struct plan *plan);
json_t *plan_json(const struct plan *plan);
/* The way that --down, --missed or a target asks for; without one goal stays as it is. */
gboolean plan_goal_read(const struct command_context *context, struct goal *goal, GError **error);
/* show_lint.c */
gboolean command_lint(struct command_context *context, GError **error);
/* show_preview.c: preview, and --dry-run of a change */
gboolean command_preview(struct command_context *context, GError **error);
gboolean preview_goal(struct command_context *context, const struct goal *goal, GError **error);
/* preview_json.c */
json_t *preview_json(const struct preview *preview);
/* show_receipt.c */
gboolean command_receipt(struct command_context *context, GError **error);
/* What the plan of a change destroys: evidence for whoever tries it dry. What stands in the way of
 * it stops nothing. */
void receipt_show_before(struct command_context *context, struct plan *plan);
/* What was made already, for whoever is asked. */
struct receipt;
void receipt_show(const struct command_context *context, const struct receipt *receipt);
json_t *receipt_json(const struct receipt *receipt);
/* verify.c */
gboolean command_verify(struct command_context *context, GError **error);
/* show_history.c */
gboolean command_history(struct command_context *context, GError **error);
/* show_graph.c, show_locks.c */
gboolean command_graph(struct command_context *context, GError **error);
gboolean command_locks(struct command_context *context, GError **error);
/* "pid 123 app@10.0.0.3 api, idle in transaction for 4m31s: UPDATE ...": safe. Free with g_free().
 */
char *locks_session_text(const struct activity *activity, const struct session *session);
/* show_drift.c */
gboolean command_diff(struct command_context *context, GError **error);
/* change.c */
gboolean command_up(struct command_context *context, GError **error);
gboolean command_down(struct command_context *context, GError **error);
gboolean command_goto(struct command_context *context, GError **error);
gboolean command_rollback(struct command_context *context, GError **error);
gboolean command_emergency(struct command_context *context, GError **error);
/* What a command line of one of the five asks for. *is_nothing: a count of 0. */
gboolean change_goal_read(const struct invocation *invocation, struct goal *goal,
                          gboolean *is_nothing, GError **error);
/* console.c */
gboolean command_console(struct command_context *context, GError **error);
/* override.c */
gboolean command_init(struct command_context *context, GError **error);
gboolean command_force(struct command_context *context, GError **error);
gboolean command_adopt(struct command_context *context, GError **error);
gboolean command_drop(struct command_context *context, GError **error);
/* gate.c */
struct gate;
struct gate_wish;
gboolean command_gate(struct command_context *context, GError **error);
/* told: a check that was told before; or NULL. */
void gate_show(struct command_context *context, const struct gate *gate, const char *told);
json_t *gate_json(const struct gate *gate);
/* What the command line says beside the goal. */
void change_options_read(const struct invocation *invocation, struct change_options *options);
/* Asks what the gate asks for and options do not say, where there is a terminal to ask on. *typed
 * owns what was typed. */
gboolean gate_ask(struct command_context *context, const struct gate_wish *wish,
                  struct change_options *options, char **typed, GError **error);
/* mark.c */
gboolean command_mark(struct command_context *context, GError **error);
gboolean command_approve(struct command_context *context, GError **error);
/* create.c, wait.c (wait and run), demo.c, help.c */
gboolean command_create(struct command_context *context, GError **error);
gboolean command_wait(struct command_context *context, GError **error);
gboolean command_run(struct command_context *context, GError **error);
gboolean command_demo(struct command_context *context, GError **error);
gboolean command_help(struct command_context *context, GError **error);

#endif
