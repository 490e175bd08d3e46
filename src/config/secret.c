/* Reads passwords from files and commands. */
#include "config/secret.h"

#include "base/autofree.h"
#include "base/error.h"
#include "config/mistakes.h"
#include "config/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#ifdef __linux__
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

#define SECRET_MAX    4096
#define SCRUB_MIN     4
#define WAIT_SLICE_MS 50
#define DRAIN_READS   64 /* as much as a pipe holds */

void secret_free(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

/* The first line of length bytes, which are wiped; what names where they come from. */
static char *first_line(char *bytes, gsize length, const char *what, GError **error)
{
    char *newline = memchr(bytes, '\n', length);
    gsize end = newline != NULL ? (gsize)(newline - bytes) : length;
    char *secret = NULL;
    if (end > 0 && bytes[end - 1] == '\r')
        end--;
    if (end == 0)
        error_set(error, ERROR_CONFIG, "%s: no password on the first line", what);
    else if (end > SECRET_MAX || memchr(bytes, '\0', end) != NULL)
        error_set(error, ERROR_CONFIG, "%s: the first line is no password", what);
    else
        secret = g_strndup(bytes, end);
    explicit_bzero(bytes, length);
    return secret;
}

/* Containers are handed secrets that everybody inside may read: on a file system in memory that
 * root filled, or below /run/secrets. docs/decisions/0030. */
static gboolean is_handed_in(int fd, const char *path, const struct stat *status)
{
    static const char *const places[] = {"/run/secrets/", "/var/run/secrets/"};
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    if ((status->st_mode & 022) != 0)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        if (g_str_has_prefix(absolute, places[i]))
            return TRUE;
#ifdef __linux__
    struct statfs system;
    return status->st_uid == 0 && fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC;
#else
    (void)fd;
    return FALSE;
#endif
}

static gboolean check_file(int fd, const char *path, const char *what, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        error_set_errno(error, ERROR_CONFIG, errno, "%s", what);
        return FALSE;
    }
    if (!S_ISREG(status.st_mode)) {
        error_set(error, ERROR_CONFIG, "%s: not a regular file", what);
        return FALSE;
    }
    if ((status.st_mode & 077) != 0 && !is_handed_in(fd, path, &status)) {
        error_set(error, ERROR_CONFIG, "%s: others than its owner may use it (mode %04o)", what,
                  (unsigned)(status.st_mode & 07777));
        error_advise(error, "chmod 600, mount it below /run/secrets, or have a password_command "
                            "read it");
        return FALSE;
    }
    return TRUE;
}

char *secret_from_file(const char *path, GError **error)
{
    g_autofree char *what = g_strdup_printf("password_file %s", path);
    AUTOCLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        error_set_errno(error, ERROR_CONFIG, errno, "%s", what);
        return NULL;
    }
    if (!check_file(fd, path, what, error))
        return NULL;
    char bytes[SECRET_MAX + 2];
    gsize length = 0;
    ssize_t got;
    while (length < sizeof bytes && (got = read(fd, bytes + length, sizeof bytes - length)) != 0) {
        if (got < 0 && errno != EINTR) {
            error_set_errno(error, ERROR_CONFIG, errno, "%s", what);
            return NULL;
        }
        length += got > 0 ? (gsize)got : 0;
    }
    return first_line(bytes, length, what, error);
}

/* One of the command's two streams. What does not fit is read and dropped. */
struct stream {
    int fd;
    gsize length;
    char bytes[SECRET_MAX + 2];
};

struct child {
    GPid pid;
    int status;
    gboolean is_over;
    struct stream output, errors;
};

static void lead_group(gpointer data)
{
    (void)data;
    setpgid(0, 0);
}

static gboolean child_start(struct child *child, const char *command, GError **error)
{
    g_auto(GStrv) words = setting_command_words(command, error);
    GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD;
    if (words == NULL ||
        !g_spawn_async_with_pipes(NULL, words, NULL, flags, lead_group, NULL, &child->pid, NULL,
                                  &child->output.fd, &child->errors.fd, error))
        return FALSE;
    fcntl(child->output.fd, F_SETFL, O_NONBLOCK);
    fcntl(child->errors.fd, F_SETFL, O_NONBLOCK);
    return TRUE;
}

/* Reads what is there: without waiting, and not for ever when it never stops writing. */
static void stream_drain(struct stream *stream)
{
    char buffer[1024];
    for (int i = 0; i < DRAIN_READS; i++) {
        ssize_t got = read(stream->fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        gsize kept = MIN((gsize)got, sizeof stream->bytes - stream->length);
        memcpy(stream->bytes + stream->length, buffer, kept);
        stream->length += kept;
    }
    explicit_bzero(buffer, sizeof buffer);
}

/* False when the time is up. The end of the process counts, not that of its streams: a daemon it
 * left behind may hold those. */
static gboolean child_wait(struct child *child, gint64 timeout_ms)
{
    gint64 deadline = g_get_monotonic_time() + timeout_ms * 1000;
    for (;;) {
        pid_t ended = waitpid(child->pid, &child->status, WNOHANG);
        stream_drain(&child->output);
        stream_drain(&child->errors);
        if (ended == child->pid)
            return child->is_over = TRUE;
        if (g_get_monotonic_time() > deadline)
            return FALSE;
        struct pollfd waiting[] = {{.fd = child->output.fd, .events = POLLIN},
                                   {.fd = child->errors.fd, .events = POLLIN}};
        if (poll(waiting, 2, WAIT_SLICE_MS) > 0 && (waiting[0].revents & POLLIN) == 0 &&
            (waiting[1].revents & POLLIN) == 0)
            g_usleep(1000); /* it has closed a stream and goes on, or is about to end */
    }
}

static void child_clear(struct child *child)
{
    if (child->pid > 0 && !child->is_over) {
        kill(-child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (child->output.fd >= 0)
        close(child->output.fd);
    if (child->errors.fd >= 0)
        close(child->errors.fd);
    explicit_bzero(child, sizeof *child);
}

/* Its exit and the last thing it complained about. */
static void report_failure(const struct child *child, const char *what, GError **error)
{
    g_autofree char *complaint = g_strndup(child->errors.bytes, child->errors.length);
    const char *last = strrchr(g_strchomp(complaint), '\n');
    last = last != NULL ? last + 1 : complaint;
    g_autofree char *quoted = mistakes_quote(last);
    const char *colon = *last != '\0' ? ": " : "";
    if (WIFSIGNALED(child->status))
        error_set(error, ERROR_CONFIG, "%s was ended by signal %d%s%s", what,
                  WTERMSIG(child->status), colon, *last != '\0' ? quoted : "");
    else
        error_set(error, ERROR_CONFIG, "%s failed with exit status %d%s%s", what,
                  WEXITSTATUS(child->status), colon, *last != '\0' ? quoted : "");
}

static char *child_password(struct child *child, const char *command, gint64 timeout_ms,
                            GError **error)
{
    static const char what[] = "password_command";
    g_autoptr(GError) problem = NULL;
    if (!child_start(child, command, &problem)) {
        error_set(error, ERROR_CONFIG, "%s: %s", what, problem->message);
        return NULL;
    }
    if (!child_wait(child, timeout_ms)) {
        error_set(error, ERROR_CONFIG, "%s gave no answer within %g s and was killed", what,
                  (double)timeout_ms / 1000);
        return NULL;
    }
    if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != 0) {
        report_failure(child, what, error);
        return NULL;
    }
    return first_line(child->output.bytes, child->output.length, what, error);
}

char *secret_from_command(const char *command, gint64 timeout_ms, GError **error)
{
    struct child child = {.output.fd = -1, .errors.fd = -1};
    char *secret = child_password(&child, command, timeout_ms, error);
    child_clear(&child);
    return secret;
}

char *secret_scrub(const char *text, const char *secret)
{
    if (secret == NULL || strlen(secret) < SCRUB_MIN)
        return g_strdup(text);
    GString *out = g_string_new(text);
    g_string_replace(out, secret, "***", 0);
    return g_string_free(out, FALSE);
}
