/* The console: a terminal program around the engine. The outside of this room. */
#ifndef WINCH_CONSOLE_CONSOLE_H
#define WINCH_CONSOLE_CONSOLE_H

#include <glib.h>

#include "config/config.h"
#include "engine/engine.h"

/* One candidate of a completion. */
struct console_candidate {
    char *text;  /* replaces the word under the cursor */
    char *means; /* one line */
};
void console_candidate_free(struct console_candidate *candidate);

/* What a line typed at the prompt turned out to be. */
enum console_line_kind {
    CONSOLE_LINE_SHOW,   /* a command that looks: console_host.show() runs it */
    CONSOLE_LINE_CHANGE, /* up, down, goto: goal and options are set */
    CONSOLE_LINE_FORCE,  /* version is set */
    CONSOLE_LINE_INIT,
    CONSOLE_LINE_ADOPT,
    CONSOLE_LINE_DROP,
    CONSOLE_LINE_VALIDATE, /* looks, and has a screen for what it finds: as all that follow */
    CONSOLE_LINE_DRIFT,
    CONSOLE_LINE_VERIFY,
};
struct console_line {
    enum console_line_kind kind;
    struct goal goal;
    gboolean is_dry_run;
    char *version;     /* CONSOLE_LINE_FORCE: as it was typed */
    char *environment; /* CONSOLE_LINE_INIT, or NULL */
    char *reason;      /* or NULL */
    char *override;    /* why a policy is to be passed over; or NULL */
};
void console_line_clear(struct console_line *line);

/* The command line's side of the prompt: the same command table. */
struct console_host {
    /* Reads a line. FALSE with ERROR_USAGE, told as the command line tells it. Main thread. */
    gboolean (*read)(const char *text, struct console_line *line, GError **error);
    /* Runs a command that looks, with this console's configuration; its output as it would be on
     * standard output, columns wide, is appended to output. Blocks; any thread. */
    gboolean (*show)(gpointer data, const char *text, int columns,
                     struct cancellation *cancellation, GString *output, GError **error);
    /* Of struct console_candidate *: what may stand at byte cursor of text. set and status may be
     * NULL. Main thread. */
    GPtrArray *(*complete)(const char *text, gsize cursor, struct migration_set *set);
    gpointer data;
};

struct console_options {
    const struct engine_settings *settings;
    const struct config *config;
    struct console_host host;
    gboolean is_read_only;  /* --readonly: cannot be armed */
    gboolean may_write;     /* --write: armed from the start */
    gboolean is_ascii;      /* --ascii, or the locale is not UTF-8 */
    gboolean is_mono;       /* --color=never, NO_COLOR */
    gboolean is_accessible; /* --a11y: a visible cursor, nothing repainted in vain */
};

/* Takes over the terminal on standard input and output until the user quits. Main thread, before
 * any other thread was made. FALSE with error when the terminal cannot do it (ERROR_USAGE) or ended
 * (ERROR_HANGUP, ERROR_TERMINATED). However it ends, the terminal is as it was before. */
gboolean console_run(const struct console_options *options, GError **error);

#endif
