/* Finding and running PostgreSQL's programs. */
#include "database/client.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database/scratch.h"

#define SAID_MAX (64 * 1024)

char *client_program(const char *name, GError **error)
{
    g_autofree char *directory = scratch_bindir(NULL);
    g_autofree char *beside = directory != NULL ? g_build_filename(directory, name, NULL) : NULL;
    if (beside != NULL && g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    char *found = g_find_program_in_path(name);
    if (found == NULL) {
        error_set(error, ERROR_CONFIG, "the program %s was not found", name);
        error_advise(error, "install PostgreSQL's client programs, or set WINCH_PG_BINDIR");
    }
    return found;
}

void client_environment_free(char **environment)
{
    for (char **variable = environment; variable != NULL && *variable != NULL; variable++)
        if (g_str_has_prefix(*variable, "PGPASSWORD="))
            for (volatile char *at = *variable; *at != '\0'; at++)
                *at = '\0';
    g_strfreev(environment);
}

/* In the child: a group of its own, so that a Ctrl-C is ours alone to pass on; and our threads keep
 * signals from themselves, which a child would inherit. */
static void child_become(gpointer data)
{
    sigset_t none;
    (void)data;
    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Reads what there is; FALSE at the end. Only the newest SAID_MAX bytes are kept. */
static gboolean read_said(int from, GString *said)
{
    char buffer[4096];
    ssize_t length = read(from, buffer, sizeof buffer);
    if (length < 0)
        return errno == EINTR || errno == EAGAIN;
    g_string_append_len(said, buffer, length);
    if (said->len > SAID_MAX)
        g_string_erase(said, 0, (gssize)(said->len - SAID_MAX));
    return length > 0;
}

/* Until the child closes its standard error, which its end does. */
static void listen_to(int from, GPid child, struct cancellation *cancellation, GString *said)
{
    gboolean is_open = TRUE;
    while (is_open) {
        GPollFD fds[] = {
            {.fd = from, .events = G_IO_IN},
            {.fd = cancellation != NULL ? cancellation_fd(cancellation) : -1, .events = G_IO_IN},
        };
        if (g_poll(fds, cancellation != NULL ? 2 : 1, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents != 0 && cancellation_seen(cancellation) >= CANCEL_NOW)
            kill(child, cancellation_level(cancellation) > CANCEL_NOW ? SIGKILL : SIGTERM);
        if (fds[0].revents != 0)
            is_open = read_said(from, said);
    }
}

static void set_failure(const char *program, int status, struct cancellation *cancellation,
                        const char *said, GError **error)
{
    g_autofree char *name = g_path_get_basename(program);
    if (cancellation != NULL && cancellation_level(cancellation) >= CANCEL_NOW)
        error_set(error, cancellation_why(cancellation), "%s was cancelled", name);
    else if (WIFSIGNALED(status))
        error_set(error, ERROR_FAILED, "%s was ended by signal %d", name, WTERMSIG(status));
    else
        error_set(error, ERROR_FAILED, "%s failed with status %d", name, WEXITSTATUS(status));
    if (error != NULL)
        error_detail_edit(*error)->detail = g_strdup(said);
}

gboolean client_run(const char *const *argv, char **environment, int in, int out,
                    struct cancellation *cancellation, char **said, GError **error)
{
    GPid child = -1;
    int status = 0, from = -1;
    g_autoptr(GError) cause = NULL;
    AUTOCLOSE nothing = g_open("/dev/null", O_RDWR | O_CLOEXEC, 0);
    GString *text = g_string_new(NULL);
    gboolean has_begun = g_spawn_async_with_pipes_and_fds(
        "/", argv, (const char *const *)environment,
        G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, child_become, NULL,
        in >= 0 ? in : nothing, out >= 0 ? out : nothing, -1, NULL, NULL, 0, &child, NULL, NULL,
        &from, &cause);
    if (has_begun) {
        AUTOCLOSE read_end = from;
        listen_to(read_end, child, cancellation, text);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    }
    g_strchomp(text->str);
    gboolean is_good = has_begun && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!has_begun)
        error_set(error, ERROR_FAILED, "%s could not be started: %s", argv[0], cause->message);
    else if (!is_good)
        set_failure(argv[0], status, cancellation, text->str, error);
    char *kept = g_string_free(text, FALSE);
    if (said != NULL)
        *said = g_steal_pointer(&kept);
    g_free(kept);
    return is_good;
}
