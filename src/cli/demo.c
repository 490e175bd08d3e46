/* demo: the main job, on a private PostgreSQL that is gone afterwards. Every step is the real
 * program, run the way a person would. */
#include "cli/command.h"

#include "base/duration.h"
#include "database/scratch.h"

#include <config.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED     "configs/demo/seed.sql"
#define SEED_LOG "configs/demo/seed_audit_logs.sql"

/* One step: what is said before it, and the words after `winch`, or the file of rows to load. */
struct step {
    const char *says;
    const char *words[8];
    const char *seed;
    gboolean is_for_console; /* the console starts from these; the tour takes all */
};

static const struct step steps[] = {
    {"A new database says what it is. Nothing is guessed from its name.",
     {"init", "--environment", "development"},
     NULL,
     TRUE},
    {"What is risky in the files:", {"lint"}, NULL, FALSE},
    {"Whether each down undoes its up, tried on a private server, up and down and up again:",
     {"verify", "--no-cache"},
     NULL,
     FALSE},
    {"What is pending, and how each file would run:", {"plan"}, NULL, FALSE},
    {"Up to the fifth:", {"up", "5"}, NULL, TRUE},
    {"Some data, so that times and counts mean something:", {NULL}, SEED, TRUE},
    {"What the sixth would do: run for real, measured, and rolled back:", {"preview"}, NULL, FALSE},
    {"It holds, so now it stays:", {"up"}, NULL, FALSE},
    {"Where the database stands:", {"status"}, NULL, FALSE},
    {"A while later the new table has 120,000 rows:", {NULL}, SEED_LOG, FALSE},
    {"What going back would destroy:", {"receipt"}, NULL, FALSE},
    {"The way back as production would try it, on a copy of the schema, which locks nothing here,",
     {"down", "--dry-run", "--on", "scratch"},
     NULL,
     FALSE},
    {"then really:", {"down"}, NULL, FALSE},
    {"Everything is on record,", {"history"}, NULL, FALSE},
    {"and the record proves that nobody touched it:", {"history", "--verify"}, NULL, FALSE},
};

/* ---- where things are
 * ------------------------------------------------------------------------------- */

static char *self_path(void)
{
    char *path = g_file_read_link("/proc/self/exe", NULL);
    /* cppcheck-suppress memleak ; path is NULL where it is not returned */
    return path != NULL ? path : g_find_program_in_path(g_get_prgname());
}

static gboolean has_samples(const char *directory)
{
    g_autofree char *seed = g_build_filename(directory, SEED, NULL);
    g_autofree char *migrations = g_build_filename(directory, "migrations", NULL);
    return g_file_test(seed, G_FILE_TEST_EXISTS) && g_file_test(migrations, G_FILE_TEST_IS_DIR);
}

/* Installed, or beside the program while it is being built. */
static char *samples_directory(const char *self, GError **error)
{
    g_autofree char *beside = g_path_get_dirname(self);
    const char *given = g_getenv("WINCH_DEMO_DIR");
    char *candidates[] = {
        g_strdup(given != NULL ? given : PKGDATADIR),
        g_strdup(PKGDATADIR),
        g_build_filename(beside, "..", NULL),
        g_build_filename(beside, "..", "..", NULL),
        g_build_filename(beside, "..", "share", "winch", NULL),
    };
    char *found = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(candidates); i++) {
        if (found == NULL && has_samples(candidates[i]))
            found = g_canonicalize_filename(candidates[i], NULL);
        g_free(candidates[i]);
    }
    if (found == NULL) {
        error_set(error, ERROR_CONFIG, "the sample migrations are not where they are installed");
        error_advise(error, "WINCH_DEMO_DIR names the directory that holds migrations/ and %s",
                     SEED);
    }
    return found;
}

/* ---- running
 * ------------------------------------------------------------------------------------------ */

struct demo {
    struct command_context *context;
    char *self, *samples, *url, *psql;
    char **environment;
};

/* In the child: this thread keeps signals from itself, and a mask would be inherited. */
static void hear_signals(gpointer data)
{
    sigset_t none;
    (void)data;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static gboolean spawn(const struct demo *demo, const char *const *argv, GError **error)
{
    int status;
    g_autoptr(GError) failure = NULL;
    fflush(stdout);
    if (g_spawn_sync(NULL, (char **)(gsize)argv, demo->environment, G_SPAWN_CHILD_INHERITS_STDIN,
                     hear_signals, NULL, NULL, NULL, &status, &failure) &&
        WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    error_set(error, ERROR_FAILED, "the demo stopped at: %s %s%s%s", argv[0],
              argv[1] != NULL ? argv[1] : "", failure != NULL ? ": " : "",
              failure != NULL ? failure->message : "");
    return FALSE;
}

static gboolean seed(const struct demo *demo, const char *name, GError **error)
{
    g_autofree char *file = g_build_filename(demo->samples, name, NULL);
    const char *argv[] = {demo->psql,        "-o", "/dev/null", "-X",      "-q", "-v",
                          "ON_ERROR_STOP=1", "-f", file,        demo->url, NULL};
    gint64 started = g_get_monotonic_time();
    output_line(demo->context->output, ROLE_STRONG, "$ psql -f %s", name);
    if (!spawn(demo, argv, error))
        return FALSE;
    g_autofree char *elapsed = duration_format(g_get_monotonic_time() - started);
    output_line(demo->context->output, ROLE_PLAIN, "loaded in %s", elapsed);
    return TRUE;
}

static gboolean run_step(const struct demo *demo, const struct step *step, GError **error)
{
    const char *argv[G_N_ELEMENTS(step->words) + 2] = {demo->self};
    g_autoptr(GString) line = g_string_new("$ winch");
    output_line(demo->context->output, ROLE_PLAIN, "\n# %s", step->says);
    if (step->seed != NULL)
        return seed(demo, step->seed, error);
    for (guint i = 0; i < G_N_ELEMENTS(step->words) && step->words[i] != NULL; i++) {
        argv[i + 1] = step->words[i];
        g_string_append_printf(line, " %s", step->words[i]);
    }
    output_line(demo->context->output, ROLE_STRONG, "%s", line->str);
    return spawn(demo, argv, error);
}

/* A clean environment: nothing of the caller's own databases may reach the demo. */
static char **environment_make(const struct demo *demo)
{
    char **environment = g_get_environ();
    g_auto(GStrv) names = g_listenv();
    for (char **name = names; *name != NULL; name++)
        if (g_str_has_prefix(*name, "WINCH_") || g_str_has_prefix(*name, "PG"))
            environment = g_environ_unsetenv(environment, *name);
    g_autofree char *migrations = g_build_filename(demo->samples, "migrations", NULL);
    environment = g_environ_setenv(environment, "WINCH_DATABASE_URL", demo->url, TRUE);
    return g_environ_setenv(environment, "WINCH_MIGRATIONS_PATH", migrations, TRUE);
}

/* ---- on a terminal ------------------------------------------------------------------------------
 */

static gboolean has_terminal(const struct command_context *context)
{
    const char *term = g_getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL &&
           strcmp(term, "dumb") != 0 && !context->output->is_json &&
           !invocation_has(context->invocation, "plain");
}

/* The console on the demo's database, with a migration pending and rows to count. */
static gboolean open_console(struct demo *demo, GError **error)
{
    const char *argv[] = {demo->self, "console", NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (steps[i].is_for_console && !run_step(demo, &steps[i], error))
            return FALSE;
    output_line(demo->context->output, ROLE_PLAIN,
                "\n# Now the console: Enter opens, d tries, m migrates, r rolls back, ? helps.");
    if (!spawn(demo, argv, error))
        return FALSE;
    output_line(demo->context->output, ROLE_GOOD, "The server and its data are gone.");
    return TRUE;
}

static gboolean tour(struct demo *demo, struct scratch_server *server, GError **error)
{
    g_autofree char *bindir = scratch_bindir(error);
    if (bindir == NULL)
        return FALSE;
    demo->psql = g_build_filename(bindir, "psql", NULL);
    demo->url = scratch_server_url(server, "postgres");
    demo->environment = environment_make(demo);
    output_line(demo->context->output, ROLE_PLAIN,
                "A private PostgreSQL is running in %s; it ends with the demo.",
                scratch_server_directory(server));
    if (has_terminal(demo->context))
        return open_console(demo, error);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (cancellation_level(demo->context->cancellation) != CANCEL_NONE) {
            error_set(error, cancellation_why(demo->context->cancellation), "the demo was stopped");
            return FALSE;
        }
        if (!run_step(demo, &steps[i], error))
            return FALSE;
    }
    output_line(demo->context->output, ROLE_GOOD,
                "\nThat was all of it; the server and its data are gone.");
    return TRUE;
}

gboolean command_demo(struct command_context *context, GError **error)
{
    struct demo demo = {.context = context, .self = self_path()};
    gint64 started = g_get_monotonic_time();
    demo.samples = samples_directory(demo.self, error);
    struct scratch_server *server = demo.samples != NULL ? scratch_server_start(NULL, error) : NULL;
    gboolean is_done = server != NULL && tour(&demo, server, error);
    scratch_server_stop(server);
    json_object_set_new(context->document, "elapsed_us",
                        json_integer(g_get_monotonic_time() - started));
    g_strfreev(demo.environment);
    g_free(demo.self);
    g_free(demo.samples);
    g_free(demo.url);
    g_free(demo.psql);
    return is_done;
}
