/* A child with both its outputs in files, so that nothing can fill a pipe and hang. */
#include "support/program.h"

#include "base/autofree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S 60

struct program {
    GPid pid;
    int out, err; /* unlinked temporary files */
};

const char *program_path(void)
{
    static char *path;
    const char *given = g_getenv("WINCH_PROGRAM");
    if (given != NULL)
        return given;
    if (path == NULL)
        path = g_build_filename(g_getenv("WINCH_BUILD"), "winch", NULL);
    return path;
}

static int file_make(void)
{
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("winch-test-XXXXXX", &name, NULL);
    assert_true(fd >= 0);
    g_unlink(name);
    return fd;
}

static char **environment_make(void)
{
    char **environment = g_get_environ();
    g_auto(GStrv) names = g_listenv();
    for (char **name = names; *name != NULL; name++)
        if (g_str_has_prefix(*name, "PG") ||
            (g_str_has_prefix(*name, "WINCH_") && strcmp(*name, "WINCH_PG_BINDIR") != 0))
            environment = g_environ_unsetenv(environment, *name);
    environment = g_environ_setenv(environment, "LC_ALL", "C.UTF-8", TRUE);
    environment = g_environ_setenv(environment, "TZ", "UTC", TRUE);
    return environment;
}

struct program *program_start(const char *const *words)
{
    struct program *program = g_new0(struct program, 1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) environment = environment_make();
    g_autoptr(GError) error = NULL;
    g_ptr_array_add(argv, (gpointer)(gsize)program_path());
    for (; *words != NULL; words++)
        g_ptr_array_add(argv, (gpointer)(gsize)*words);
    g_ptr_array_add(argv, NULL);
    program->out = file_make();
    program->err = file_make();
    AUTOCLOSE none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!g_spawn_async_with_fds(NULL, (char **)argv->pdata, environment, G_SPAWN_DO_NOT_REAP_CHILD,
                                NULL, NULL, &program->pid, none, program->out, program->err,
                                &error))
        fail_msg("%s: %s", program_path(), error->message);
    return program;
}

GPid program_pid(const struct program *program)
{
    return program->pid;
}

gboolean program_has_ended(const struct program *program)
{
    siginfo_t info = {.si_pid = 0};
    waitid(P_PID, (id_t)program->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid != 0;
}

static char *file_take(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = g_malloc0((gsize)size + 1);
    ssize_t length = pread(fd, text, (gsize)size, 0);
    assert_int_equal(length, size);
    close(fd);
    return text;
}

/* TRUE when the child has ended in time. */
static gboolean wait_for_end(GPid pid, int *status)
{
    gint64 until = g_get_monotonic_time() + LIMIT_S * G_USEC_PER_SEC;
    while (waitpid(pid, status, WNOHANG) == 0) {
        if (g_get_monotonic_time() > until) {
            kill(pid, SIGKILL);
            waitpid(pid, status, 0);
            return FALSE;
        }
        g_usleep(2000);
    }
    return TRUE;
}

struct program_result program_finish(struct program *program)
{
    int status = 0;
    gboolean in_time = wait_for_end(program->pid, &status);
    struct program_result result = {
        .status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
        .out = file_take(program->out),
        .err = file_take(program->err),
    };
    g_free(program);
    if (!in_time)
        fail_msg("winch did not end within %d s\n%s%s", LIMIT_S, result.out, result.err);
    return result;
}

struct program_result program_run(const char *first_word, ...)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    va_list rest;
    va_start(rest, first_word);
    for (const char *word = first_word; word != NULL; word = va_arg(rest, const char *))
        g_ptr_array_add(words, (gpointer)(gsize)word);
    va_end(rest);
    g_ptr_array_add(words, NULL);
    return program_finish(program_start((const char *const *)words->pdata));
}

void program_result_clear(struct program_result *result)
{
    g_clear_pointer(&result->out, g_free);
    g_clear_pointer(&result->err, g_free);
}

char *workspace_make(void)
{
    g_autoptr(GError) error = NULL;
    char *directory = g_dir_make_tmp("winch-test-XXXXXX", &error);
    if (directory == NULL)
        fail_msg("%s", error->message);
    return directory;
}

void workspace_put(const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_file_set_contents(path, text, -1, &error))
        fail_msg("%s", error->message);
}

void workspace_remove(char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_remove(path);
    }
    g_rmdir(directory);
    g_free(directory);
}
