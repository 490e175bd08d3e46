/* The program: reads the command line, runs the command on a worker thread, and meanwhile listens
 * to signals and paints. Only here does anything exit. */
#include "cli/command.h"

#include "config/connection_text.h"

#include <config.h>
#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

/* Also what golang-migrate answers without a command. */
#define EXIT_USAGE 2

/* What main and worker share. */
struct program {
    struct command_context context;
    struct output output;
    GMainLoop *loop;
    gboolean is_done;
    GError *error;
};

/* ---- before anything runs -----------------------------------------------------------------------
 */

/* A password may be in memory: no core file, and no other process of this user looks in. */
static void forbid_core_dumps(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#ifdef HAVE_SYS_PRCTL_H
    prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* ps shows argv to everybody: once read, a password in a URL or conninfo is overwritten there. The
 * text follows an option's "=", where it is not a word of its own. */
static void hide_passwords(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *equals = argv[i][0] == '-' ? strchr(argv[i], '=') : NULL;
        connection_hide(equals != NULL ? equals + 1 : argv[i]);
    }
}

static void use_locale(void)
{
    if (setlocale(LC_ALL, "") == NULL)
        setlocale(LC_ALL, "C");
}

/* ---- the worker
 * ------------------------------------------------------------------------------------ */

static gboolean stop_loop(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

static gpointer work(gpointer data)
{
    struct program *program = data;
    struct command_context *context = &program->context;
    const struct command *command = context->invocation->command;
    program->is_done = command_prepare(context, command->flags, &program->error) &&
                       command->run(context, &program->error);
    g_idle_add(stop_loop, program->loop);
    return NULL;
}

/* ---- signals
 * ---------------------------------------------------------------------------------------- */

static gboolean on_interrupt(gpointer data)
{
    struct program *program = data;
    gboolean is_second = cancellation_level(program->context.cancellation) >= CANCEL_NOW;
    cancellation_raise(program->context.cancellation, is_second ? CANCEL_TERMINATE : CANCEL_NOW,
                       ERROR_CANCELLED);
    progress_paint(program->context.progress);
    output_remark(&program->output, ROLE_WARNING,
                  is_second ? "ending the server's backend"
                            : "cancelling what runs; again to end the server's backend");
    return G_SOURCE_CONTINUE;
}

static gboolean on_terminate(gpointer data)
{
    struct program *program = data;
    cancellation_raise(program->context.cancellation, CANCEL_NOW, ERROR_TERMINATED);
    return G_SOURCE_CONTINUE;
}

/* The migration in flight is finished or cancelled, as on_hangup says. */
static gboolean on_hangup(gpointer data)
{
    struct program *program = data;
    const struct engine_settings *settings = program->context.settings;
    gboolean finishes = settings == NULL || settings->finishes_on_hangup;
    cancellation_raise(program->context.cancellation, finishes ? CANCEL_AFTER : CANCEL_NOW,
                       ERROR_HANGUP);
    return G_SOURCE_CONTINUE;
}

static gboolean on_tick(gpointer data)
{
    progress_paint(data);
    return G_SOURCE_CONTINUE;
}

#define TICK_MS 100

static void run_on_worker(struct program *program)
{
    sigset_t signals, before;
    sigemptyset(&signals);
    const int handled[] = {SIGINT, SIGTERM, SIGHUP};
    for (gsize i = 0; i < G_N_ELEMENTS(handled); i++)
        sigaddset(&signals, handled[i]);
    signal(SIGPIPE, SIG_IGN);
    program->loop = g_main_loop_new(NULL, FALSE);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    guint sources[] = {
        g_unix_signal_add(SIGINT, on_interrupt, program),
        g_unix_signal_add(SIGTERM, on_terminate, program),
        g_unix_signal_add(SIGHUP, on_hangup, program),
        g_timeout_add(TICK_MS, on_tick, program->context.progress),
    };
    GThread *worker = g_thread_new("worker", work, program);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    g_main_loop_run(program->loop);
    progress_end(program->context.progress);
    g_thread_join(worker);
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
    g_main_loop_unref(program->loop);
}

/* A command that owns the terminal: before any other thread, and with its own signals. */
static void run_on_main(struct program *program)
{
    struct command_context *context = &program->context;
    const struct command *command = context->invocation->command;
    program->is_done = command_prepare(context, command->flags, &program->error) &&
                       command->run(context, &program->error);
    progress_end(context->progress);
}

/* ---- the end
 * ------------------------------------------------------------------------------------------ */

static void print_document(struct output *output, json_t *document, const struct command *command,
                           const GError *error)
{
    json_object_set_new(document, "winch", json_string(PACKAGE_VERSION));
    json_object_set_new(document, "command",
                        command != NULL ? json_string(command->name) : json_null());
    json_object_set_new(document, "ok", json_boolean(error == NULL));
    json_object_set_new(document, "error", output_error_json(error));
    output_json(output, document);
}

/* Where a command is become, standard output is its own. */
static void print_end(struct program *program)
{
    struct command_context *context = &program->context;
    if (program->output.is_json && context->become == NULL)
        print_document(&program->output, json_incref(context->document),
                       context->invocation->command, program->error);
    if (program->error != NULL)
        output_error(&program->output, program->error);
}

static void clear(struct program *program)
{
    struct command_context *context = &program->context;
    g_clear_pointer(&context->engine, engine_close);
    g_clear_pointer(&context->settings, engine_settings_free);
    g_clear_pointer(&context->config, config_free);
    progress_free(context->progress);
    cancellation_unref(context->cancellation);
    json_decref(context->document);
    g_clear_error(&program->error);
}

/* run: nothing of winch is left but the process. */
static int become(struct program *program, char **command)
{
    signal(SIGPIPE, SIG_DFL);
    execvp(command[0], command);
    error_set_errno(&program->error, ERROR_FAILED, errno, "cannot become %s", command[0]);
    if (program->output.is_json)
        print_document(&program->output, json_object(), command_find("run"), program->error);
    output_error(&program->output, program->error);
    return error_exit_status(program->error);
}

/* Results that nobody could read are no success; a reader that went away wanted no more. */
static void check_written(struct program *program)
{
    GPollFD out = {.fd = STDOUT_FILENO, .events = G_IO_OUT};
    gboolean is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (is_written || program->error != NULL || (g_poll(&out, 1, 0) > 0 && out.revents & G_IO_ERR))
        return;
    error_set(&program->error, ERROR_FAILED, "standard output could not be written");
    error_advise(&program->error, "what the command did is done; look whether the disk is full");
    program->is_done = FALSE;
    output_error(&program->output, program->error);
}

static int run_command(struct program *program)
{
    struct command_context *context = &program->context;
    gboolean is_plain = invocation_has(context->invocation, "plain");
    context->output = &program->output;
    context->document = json_object();
    context->cancellation = cancellation_new();
    context->progress =
        progress_new(&program->output, context->cancellation, !is_plain && isatty(STDERR_FILENO));
    if (context->invocation->command->flags & COMMAND_TERMINAL)
        run_on_main(program);
    else
        run_on_worker(program);
    print_end(program);
    check_written(program);
    int status = error_exit_status(program->error);
    char **command = program->is_done ? context->become : NULL;
    clear(program);
    return command != NULL ? become(program, command) : status;
}

/* A line that could not be read may still have asked for JSON; what follows "--" is another's. */
static gboolean asks_for_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i] + (g_str_has_prefix(argv[i], "--") ? 1 : 0);
        if (strcmp(word, "-json") == 0 || strcmp(word, "-json=true") == 0)
            return TRUE;
    }
    return FALSE;
}

static int complain(struct output *output, gboolean is_json, GError *error)
{
    if (is_json)
        print_document(output, json_object(), NULL, error);
    output_error(output, error);
    return error_exit_status(error);
}

/* Without a command the console, where there is a terminal for it, else help. */
static const struct command *implied_command(const struct invocation *invocation)
{
    gboolean has_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (invocation_has(invocation, "help"))
        return command_find("help");
    if (invocation->command != NULL)
        return invocation->command;
    return command_find(has_terminal && !invocation_has(invocation, "json") ? "console" : "help");
}

int main(int argc, char **argv)
{
    struct program program = {.loop = NULL};
    g_autoptr(GError) error = NULL;
    forbid_core_dumps();
    use_locale();
    g_set_prgname("winch");
    output_init(&program.output, NULL, FALSE, FALSE, FALSE, FALSE);
    AUTOPTR(invocation) *invocation = invocation_parse(argc, argv, &error);
    hide_passwords(argc, argv);
    if (invocation == NULL)
        return complain(&program.output, asks_for_json(argc, argv), error);
    output_init(&program.output, invocation_value(invocation, "color"),
                invocation_has(invocation, "ascii"), invocation_has(invocation, "json"),
                invocation_has(invocation, "quiet"), invocation_has(invocation, "verbose"));
    if (invocation_has(invocation, "version")) {
        puts(PACKAGE_STRING);
        return 0;
    }
    gboolean was_given = invocation->command != NULL || invocation_has(invocation, "help");
    if (invocation->command != NULL && invocation_has(invocation, "help"))
        g_ptr_array_insert(invocation->arguments, 0, g_strdup(invocation->command->name));
    invocation->command = implied_command(invocation);
    program.context.invocation = invocation;
    int status = run_command(&program);
    gboolean is_console = (invocation->command->flags & COMMAND_TERMINAL) != 0;
    return was_given || is_console ? status : EXIT_USAGE;
}
