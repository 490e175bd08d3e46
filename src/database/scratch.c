/* A throwaway PostgreSQL: found, made, started, guarded and removed. */
#include "database/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

#define SOCKET_PORT       5432
#define DIRECTORY_LONGEST 80 /* sockaddr_un has room for 104 to 108 bytes */
#define START_TIMEOUT     (60 * G_USEC_PER_SEC)
#define STOP_TIMEOUT      (20 * G_USEC_PER_SEC)
#define POLL_INTERVAL     (5 * G_TIME_SPAN_MILLISECOND)

/* Lines of postmaster.pid, from 0 (miscadmin.h: LOCK_FILE_LINE_...). */
#define PIDFILE_SHMEM  6
#define PIDFILE_STATUS 7

struct scratch_server {
    char *bindir;
    char *directory, *data;
    char *port;
    gboolean has_owner; /* its processes run as these, when we are root */
    uid_t owner;
    gid_t owner_group;
    GPid postmaster; /* -1: not running */
    GPid guardian;   /* -1: none yet */
    int lifeline;    /* the guardian waits for its end; only we hold it */
};

/* ---- finding the programs ------------------------------------------------------------------- */

/* Where packages put them; "*" stands for a version. */
static const char *const usual_places[] = {
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/local/lib/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
};

static gboolean has_programs(const char *directory)
{
    static const char *const needed[] = {"initdb", "postgres"};
    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++) {
        g_autofree char *path = g_build_filename(directory, needed[i], NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            return FALSE;
    }
    return TRUE;
}

static char *find_by_pg_config(void)
{
    const char *arguments[] = {"pg_config", "--bindir", NULL};
    g_autofree char *out = NULL;
    if (!g_spawn_sync(NULL, (char **)(gpointer)arguments, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL,
                      NULL, NULL))
        return NULL;
    g_strstrip(out);
    return has_programs(out) ? g_steal_pointer(&out) : NULL;
}

static char *find_in_path(void)
{
    g_autofree char *program = g_find_program_in_path("initdb");
    g_autofree char *directory = program != NULL ? g_path_get_dirname(program) : NULL;
    return directory != NULL && has_programs(directory) ? g_steal_pointer(&directory) : NULL;
}

/* The newest version among the directories that a pattern with one "*" stands for, or the one
 * wanted (0: none in particular). */
static char *find_newest(const char *pattern, int wanted)
{
    const char *star = strchr(pattern, '*');
    if (star == NULL)
        return wanted == 0 && has_programs(pattern) ? g_strdup(pattern) : NULL;
    g_autofree char *before = g_strndup(pattern, (gsize)(star - pattern));
    g_autofree char *parent = g_path_get_dirname(before);
    const char *prefix = strrchr(before, '/') + 1;
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    char *best = NULL;
    double best_version = -1;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_prefix(name, prefix))
            continue;
        double version = g_ascii_strtod(name + strlen(prefix), NULL);
        if (wanted > 0 && (int)version != wanted)
            continue;
        g_autofree char *candidate = g_strconcat(parent, "/", name, star + 1, NULL);
        if (version > best_version && has_programs(candidate)) {
            best_version = version;
            g_free(best);
            best = g_steal_pointer(&candidate);
        }
    }
    return best;
}

char *scratch_bindir(GError **error)
{
    const char *wanted = g_getenv("WINCH_PG_BINDIR");
    if (wanted != NULL && *wanted != '\0') {
        if (has_programs(wanted))
            return g_strdup(wanted);
        error_set(error, ERROR_CONFIG, "WINCH_PG_BINDIR is '%s', and there is no initdb there",
                  wanted);
        error_advise(error, "set it to the directory of initdb and postgres, or unset it");
        return NULL;
    }
    char *found = find_by_pg_config();
    if (found == NULL)
        found = find_in_path();
    for (gsize i = 0; found == NULL && i < G_N_ELEMENTS(usual_places); i++)
        found = find_newest(usual_places[i], 0);
    if (found == NULL) {
        error_set(error, ERROR_CONFIG, "PostgreSQL's server programs were not found");
        error_advise(error, "install the server package (it need not run), or set WINCH_PG_BINDIR "
                            "to the directory of initdb");
    }
    return found;
}

char *scratch_bindir_of(int major)
{
    const char *wanted = g_getenv("WINCH_PG_BINDIR");
    char *found = NULL;
    if (wanted != NULL && *wanted != '\0')
        return NULL;
    for (gsize i = 0; found == NULL && i < G_N_ELEMENTS(usual_places); i++)
        found = find_newest(usual_places[i], major);
    return found;
}

/* ---- running them --------------------------------------------------------------------------- */

/* Between fork and exec: only calls that are safe there. A session of its own keeps the keys of
 * our terminal away. */
static void child_become(gpointer data)
{
    const struct scratch_server *server = data;
    setsid();
    if (!server->has_owner)
        return;
    if (setgroups(1, &server->owner_group) != 0 || setgid(server->owner_group) != 0 ||
        setuid(server->owner) != 0)
        _exit(126);
}

/* Our environment without what steers PostgreSQL's programs. */
static char **child_environment(void)
{
    char **environment = g_get_environ();
    g_auto(GStrv) names = g_listenv();
    for (char **name = names; *name != NULL; name++)
        if (g_str_has_prefix(*name, "PG"))
            environment = g_environ_unsetenv(environment, *name);
    return g_environ_setenv(environment, "LC_ALL", "C", TRUE);
}

static char *log_tail(const struct scratch_server *server)
{
    g_autofree char *path = g_build_filename(server->directory, "log", NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &text, &length, NULL))
        return g_strdup("(no log)");
    g_strchomp(text);
    length = strlen(text);
    const char *tail = length > 2000 ? text + length - 2000 : text;
    return g_strdup(tail);
}

static gboolean spawn_failed(struct scratch_server *server, const char *what, GError **error)
{
    g_autofree char *tail = log_tail(server);
    error_set(error, ERROR_FAILED, "a private PostgreSQL could not be made: %s failed", what);
    if (error != NULL)
        error_detail_edit(*error)->detail = g_steal_pointer(&tail);
    return FALSE;
}

/* Starts a program of PostgreSQL with its output in the log. */
static gboolean spawn_program(struct scratch_server *server, const char **arguments, GPid *child,
                              GError **error)
{
    g_autofree char *log = g_build_filename(server->directory, "log", NULL);
    AUTOCLOSE out = g_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    AUTOCLOSE in = g_open("/dev/null", O_RDONLY | O_CLOEXEC, 0);
    g_auto(GStrv) environment = child_environment();
    g_autoptr(GError) cause = NULL;
    if (out < 0 || in < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "opening %s", log);
        return FALSE;
    }
    if (g_spawn_async_with_fds(server->directory, (char **)(gpointer)arguments, environment,
                               G_SPAWN_DO_NOT_REAP_CHILD, child_become, server, child, in, out, out,
                               &cause))
        return TRUE;
    error_set(error, ERROR_FAILED, "%s could not be started: %s", arguments[0], cause->message);
    return FALSE;
}

/* Reaps child if it has ended within timeout microseconds (-1: no limit). */
static gboolean reap(GPid child, gint64 timeout, int *status)
{
    gint64 deadline = g_get_monotonic_time() + timeout;
    for (;;) {
        pid_t ended = waitpid(child, status, timeout < 0 ? 0 : WNOHANG);
        if (ended == child || (ended < 0 && errno != EINTR))
            return TRUE;
        if (timeout >= 0 && g_get_monotonic_time() >= deadline)
            return FALSE;
        if (timeout >= 0)
            g_usleep(POLL_INTERVAL);
    }
}

/* ---- the guardian --------------------------------------------------------------------------- */

/* $1 is the private directory. Its standard input ends when we do. A server is only signalled when
 * its pid file is there and, where /proc can tell, when that process works in our directory. */
static const char guardian_script[] =
    "trap '' HUP INT TERM\n"
    "read -r end\n"
    "tries=0\n"
    "while [ -e \"$1\" ] && [ $tries -lt 400 ]; do\n"
    "    tries=$((tries + 1))\n"
    "    pid=\n"
    "    [ -r \"$1/data/postmaster.pid\" ] && read -r pid < \"$1/data/postmaster.pid\"\n"
    "    if [ -n \"$pid\" ] && [ -d /proc/self/cwd ] &&\n"
    "        [ \"$(readlink \"/proc/$pid/cwd\")\" != \"$1/data\" ]; then pid=; fi\n"
    "    if [ -z \"$pid\" ]; then rm -rf \"$1\"\n"
    "    elif [ $tries -eq 1 ]; then kill -QUIT \"$pid\" || rm -rf \"$1\"\n"
    "    elif [ $tries -gt 200 ]; then kill -KILL \"$pid\"; rm -rf \"$1\"\n"
    "    else kill -0 \"$pid\" || rm -rf \"$1\"\n"
    "    fi\n"
    "    [ -e \"$1\" ] && sleep 0.05\n"
    "done\n"
    "[ ! -e \"$1\" ]\n";

static void guardian_become(gpointer data)
{
    (void)data;
    setsid();
}

/* Runs the guardian; its input is a new pipe whose other end is the lifeline, or empty. */
static gboolean guardian_spawn(struct scratch_server *server, gboolean is_waiting, GError **error)
{
    const char *arguments[] = {"/bin/sh",         "-c", guardian_script, "winch-guardian",
                               server->directory, NULL};
    g_autoptr(GError) cause = NULL;
    if (g_spawn_async_with_pipes("/", (char **)(gpointer)arguments, NULL,
                                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES |
                                     G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                                 guardian_become, NULL, &server->guardian,
                                 is_waiting ? &server->lifeline : NULL, NULL, NULL, &cause))
        return TRUE;
    server->guardian = -1;
    error_set(error, ERROR_FAILED, "the guardian of a private PostgreSQL could not be started: %s",
              cause->message);
    return FALSE;
}

/* Cuts the lifeline: the guardian stops the server and removes the directory. */
static void guardian_release(struct scratch_server *server)
{
    int status = 0;
    if (server->lifeline >= 0)
        close(server->lifeline);
    server->lifeline = -1;
    if (server->guardian > 0)
        reap(server->guardian, -1, &status);
    if (!g_file_test(server->directory, G_FILE_TEST_EXISTS))
        return;
    /* somebody killed the guardian: another one does its work */
    if (guardian_spawn(server, FALSE, NULL))
        reap(server->guardian, -1, &status);
}

/* ---- making the server ---------------------------------------------------------------------- */

static char *make_directory(GError **error)
{
    const char *const parents[] = {g_get_tmp_dir(), "/tmp"};
    for (gsize i = 0; i < G_N_ELEMENTS(parents); i++) {
        g_autofree char *parent = realpath(parents[i], NULL);
        if (parent == NULL || strlen(parent) + strlen("/winch-XXXXXX") > DIRECTORY_LONGEST ||
            strpbrk(parent, "',\"\n\\") != NULL)
            continue;
        g_autofree char *directory = g_build_filename(parent, "winch-XXXXXX", NULL);
        if (g_mkdtemp(directory) != NULL)
            return g_steal_pointer(&directory);
    }
    error_set_errno(error, ERROR_FAILED, errno, "no private directory could be made in %s",
                    parents[0]);
    error_advise(error, "set TMPDIR to a writable directory with a short name");
    return NULL;
}

/* initdb refuses to run as root. */
static gboolean choose_owner(struct scratch_server *server, GError **error)
{
    if (geteuid() != 0)
        return TRUE;
    static const char *const names[] = {"postgres", "nobody"};
    const struct passwd *user = NULL;
    for (gsize i = 0; user == NULL && i < G_N_ELEMENTS(names); i++)
        /* cppcheck-suppress getpwnamCalled ; the only call there is */
        user = getpwnam(names[i]);
    if (user == NULL) {
        error_set(error, ERROR_CONFIG,
                  "PostgreSQL refuses to run as root, and there is neither a "
                  "user postgres nor a user nobody");
        return FALSE;
    }
    server->has_owner = TRUE;
    server->owner = user->pw_uid;
    server->owner_group = user->pw_gid;
    if (chown(server->directory, user->pw_uid, user->pw_gid) == 0)
        return TRUE;
    error_set_errno(error, ERROR_FAILED, errno, "giving %s to %s", server->directory,
                    user->pw_name);
    return FALSE;
}

static const char *utf8_locale(void)
{
    locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    if (locale == (locale_t)0)
        return "--locale=C";
    freelocale(locale);
    return "--locale=C.UTF-8";
}

static gboolean run_initdb(struct scratch_server *server, GError **error)
{
    g_autofree char *program = g_build_filename(server->bindir, "initdb", NULL);
    const char *arguments[] = {
        program,           "-D",          server->data, "-U", "postgres", "--auth=trust",
        "--encoding=UTF8", utf8_locale(), "--no-sync",  NULL};
    GPid child = -1;
    int status = 0;
    if (!spawn_program(server, arguments, &child, error))
        return FALSE;
    reap(child, -1, &status);
    return status == 0 ? TRUE : spawn_failed(server, "initdb", error);
}

static gboolean write_settings(struct scratch_server *server, const struct scratch_options *options,
                               GError **error)
{
    g_autofree char *path = g_build_filename(server->data, "postgresql.conf", NULL);
    GString *text = g_string_new("\n");
    g_string_append_printf(text, "unix_socket_directories = '%s'\nport = %s\n", server->directory,
                           server->port);
    g_string_append_printf(text, "listen_addresses = '%s'\n",
                           options->tcp_port != 0 ? "127.0.0.1" : "");
    /* mmap: shared memory lies in the directory too, and goes with it */
    g_string_append(text, "logging_collector = off\ndynamic_shared_memory_type = mmap\n");
    if (options->is_unsafe)
        g_string_append(text, "fsync = off\nfull_page_writes = off\n");
    for (const char *const *line = options->settings; line != NULL && *line != NULL; line++)
        g_string_append_printf(text, "%s\n", *line);
    FILE *file = g_fopen(path, "ae");
    gboolean is_written = file != NULL && fputs(text->str, file) >= 0;
    is_written = file != NULL && fclose(file) == 0 && is_written;
    if (!is_written)
        error_set_errno(error, ERROR_FAILED, errno, "writing %s", path);
    g_string_free(text, TRUE);
    return is_written;
}

/* The lines of its pid file; NULL when they are not all there. */
static char **pid_file_lines(const struct scratch_server *server)
{
    g_autofree char *path = g_build_filename(server->data, "postmaster.pid", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    return g_strv_length(lines) > PIDFILE_STATUS ? g_steal_pointer(&lines) : NULL;
}

static gboolean is_ready(const struct scratch_server *server)
{
    g_auto(GStrv) lines = pid_file_lines(server);
    return lines != NULL && atoi(lines[0]) == server->postmaster &&
           g_str_has_prefix(lines[PIDFILE_STATUS], "ready");
}

static gboolean start_postmaster(struct scratch_server *server, GError **error)
{
    g_autofree char *program = g_build_filename(server->bindir, "postgres", NULL);
    const char *arguments[] = {program, "-D", server->data, NULL};
    gint64 deadline = g_get_monotonic_time() + START_TIMEOUT;
    int status = 0;
    if (!spawn_program(server, arguments, &server->postmaster, error)) {
        server->postmaster = -1;
        return FALSE;
    }
    while (!is_ready(server)) {
        gboolean is_late = g_get_monotonic_time() > deadline;
        if (is_late)
            kill(server->postmaster, SIGKILL);
        if (is_late || reap(server->postmaster, 0, &status)) {
            if (is_late)
                reap(server->postmaster, -1, &status);
            server->postmaster = -1;
            return spawn_failed(server, "postgres", error);
        }
        g_usleep(POLL_INTERVAL);
    }
    return TRUE;
}

struct scratch_server *scratch_server_start(const struct scratch_options *options, GError **error)
{
    static const struct scratch_options none;
    AUTOPTR(scratch_server) *server = g_new0(struct scratch_server, 1);
    if (options == NULL)
        options = &none;
    server->postmaster = server->guardian = -1;
    server->lifeline = -1;
    server->port =
        g_strdup_printf("%d", options->tcp_port != 0 ? (int)options->tcp_port : SOCKET_PORT);
    server->bindir = options->bindir != NULL ? g_strdup(options->bindir) : scratch_bindir(error);
    if (server->bindir == NULL || (server->directory = make_directory(error)) == NULL)
        /* cppcheck-suppress memleak ; AUTOPTR */
        return NULL;
    server->data = g_build_filename(server->directory, "data", NULL);
    if (!guardian_spawn(server, TRUE, error) || !choose_owner(server, error) ||
        !run_initdb(server, error) || !write_settings(server, options, error) ||
        !start_postmaster(server, error))
        return NULL;
    return g_steal_pointer(&server);
}

/* ---- once it runs --------------------------------------------------------------------------- */

char *scratch_server_url(const struct scratch_server *server, const char *database)
{
    g_autofree char *name = g_uri_escape_string(database, NULL, FALSE);
    g_autofree char *host = g_uri_escape_string(server->directory, NULL, FALSE);
    return g_strdup_printf("postgres://postgres@/%s?host=%s&port=%s", name, host, server->port);
}

const char *scratch_server_directory(const struct scratch_server *server)
{
    return server->directory;
}

GPid scratch_server_pid(const struct scratch_server *server)
{
    return server->postmaster;
}

/* The postmaster's children; each is the leader of a session of its own. */
static void kill_children(GPid postmaster)
{
    const char *arguments[] = {"ps", "-A", "-o", "pid=,ppid=", NULL};
    g_autofree char *out = NULL;
    if (!g_spawn_sync(NULL, (char **)(gpointer)arguments, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL,
                      NULL, NULL))
        return;
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char *rest = NULL;
        pid_t pid = (pid_t)strtol(*line, &rest, 10);
        if (pid > 1 && strtol(rest, NULL, 10) == postmaster)
            kill(pid, SIGKILL);
    }
}

/* What a killed postmaster leaves in the system: its System V segment, and a pid file that the
 * guardian must not take for a living server's. */
static void sweep_after_kill(const struct scratch_server *server)
{
    g_auto(GStrv) lines = pid_file_lines(server);
    g_autofree char *pid_file = g_build_filename(server->data, "postmaster.pid", NULL);
    unsigned long key = 0;
    int segment = -1;
    if (lines != NULL && sscanf(lines[PIDFILE_SHMEM], "%lu %d", &key, &segment) == 2)
        shmctl(segment, IPC_RMID, NULL);
    g_unlink(pid_file);
}

void scratch_server_kill(struct scratch_server *server)
{
    int status = 0;
    if (server->postmaster < 0)
        return;
    kill(server->postmaster, SIGSTOP); /* so that no child is started meanwhile */
    kill_children(server->postmaster);
    kill(server->postmaster, SIGKILL);
    reap(server->postmaster, -1, &status);
    server->postmaster = -1;
    sweep_after_kill(server);
}

gboolean scratch_server_restart(struct scratch_server *server, GError **error)
{
    int status = 0;
    if (server->postmaster >= 0) {
        kill(server->postmaster, SIGINT); /* fast shutdown */
        if (!reap(server->postmaster, STOP_TIMEOUT, &status))
            scratch_server_kill(server);
        server->postmaster = -1;
    }
    return start_postmaster(server, error);
}

void scratch_server_stop(struct scratch_server *server)
{
    int status = 0;
    if (server == NULL)
        return;
    if (server->postmaster > 0)
        kill(server->postmaster, SIGQUIT);
    if (server->postmaster > 0 && !reap(server->postmaster, STOP_TIMEOUT, &status))
        scratch_server_kill(server);
    if (server->directory != NULL)
        guardian_release(server);
    g_free(server->bindir);
    g_free(server->directory);
    g_free(server->data);
    g_free(server->port);
    g_free(server);
}
