/* The one command table: command line, help, completion, manual and console are made from it. */
#ifndef WINCH_CLI_COMMAND_H
#define WINCH_CLI_COMMAND_H

#include <glib.h>

#include "cli/invocation.h"
#include "cli/output.h"
#include "config/config.h"
#include "engine/engine.h"

enum command_group { GROUP_LOOK, GROUP_CHANGE, GROUP_PROVE, GROUP_SERVE, GROUP_WRITE };

enum command_flags {
    COMMAND_CHANGES =
        1
        << 0, /* writes to the database: takes --dry-run where it has a plan, --confirm, --reason */
    COMMAND_DRY_RUN = 1 << 1,
    COMMAND_CONFIG = 1 << 2, /* wants the configuration loaded */
    COMMAND_ENGINE = 1 << 3, /* wants the engine opened: files and database */
};

/* Everything a command's function is given. Runs on the worker thread, so it may block. */
struct command_context {
    const struct invocation *invocation;
    const struct config *config;            /* NULL without COMMAND_CONFIG */
    const struct engine_settings *settings; /* the same */
    struct engine *engine;                  /* NULL without COMMAND_ENGINE */
    struct output *output;
    struct cancellation *cancellation;
    struct progress *progress; /* shows engine events; see progress.h */
};

/* Returns FALSE with error on failure; the error decides the exit status. */
typedef gboolean (*command_fn)(struct command_context *context, GError **error);

struct command {
    const char *name;
    enum command_group group;
    const char *arguments;            /* "[N] [--to V]" for the synopsis */
    const char *summary;              /* one line, no full stop */
    const char *manual;               /* paragraphs for the man page and `winch help NAME` */
    const char *const *options;       /* names of the options it takes beside the global ones */
    int arguments_min, arguments_max; /* -1: any number */
    unsigned flags;
    command_fn run;
};

/* NULL-name terminated. */
extern const struct command commands[];

const struct command *command_find(const char *name);

/* ---- one function a command, one file a command (or a few that belong together) ---------------
 */
/* look.c */
gboolean command_status(struct command_context *context, GError **error);
gboolean command_version(struct command_context *context, GError **error);
gboolean command_plan(struct command_context *context, GError **error);
gboolean command_history(struct command_context *context, GError **error);
gboolean command_config(struct command_context *context, GError **error);
gboolean command_validate(struct command_context *context, GError **error);
/* change.c */
gboolean command_init(struct command_context *context, GError **error);
gboolean command_up(struct command_context *context, GError **error);
gboolean command_down(struct command_context *context, GError **error);
gboolean command_goto(struct command_context *context, GError **error);
gboolean command_force(struct command_context *context, GError **error);
gboolean command_adopt(struct command_context *context, GError **error);
gboolean command_drop(struct command_context *context, GError **error);
/* create.c, wait.c, run.c, demo.c, help.c */
gboolean command_create(struct command_context *context, GError **error);
gboolean command_wait(struct command_context *context, GError **error);
gboolean command_run(struct command_context *context, GError **error);
gboolean command_demo(struct command_context *context, GError **error);
gboolean command_help(struct command_context *context, GError **error);

#endif
