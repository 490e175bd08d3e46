/* What stands between: servers that are not there, poolers, standbys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <libpq-fe.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database/driver.h"
#include "support/cluster.h"

#define POOLER_PORT "6432"

/* ---- connecting ------------------------------------------------------------------------------ */

static void connect__fail__says_why_and_what_to_do(void **state)
{
    const char *directory = scratch_server_directory(cluster_server());
    const struct {
        struct database_options options;
        const char *sqlstate, *says;
    } rows[] = {
        {{.host = directory, .name = "nowhere", .user = "postgres"}, "3D000", "nowhere"},
        {{.host = directory, .name = "postgres", .user = "nobody_here"}, "28000", "nobody_here"},
        {{.host = "/nonexistent", .name = "postgres"}, "", "/nonexistent"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(database_open(&rows[i].options, &error));
        assert_true(error_is(error, ERROR_NO_CONNECTION));
        if (strstr(error->message, rows[i].says) == NULL || strstr(error->message, ".c:") != NULL ||
            strchr(error->message, '\n') != NULL)
            fail_msg("%s", error->message);
        assert_string_equal(error_detail(error)->sqlstate, rows[i].sqlstate);
        assert_non_null(error_detail(error)->advice);
    }
}

/* Whether another try may help, as whoever tries again reads it. Names below .invalid are in no
 * zone (RFC 6761), but a resolver may be out of reach itself. */
static void connect__fail__tells_what_may_pass(void **state)
{
    const char *directory = scratch_server_directory(cluster_server());
    g_autofree char *bogus = g_strdup_printf("host=%s sslmode=bogus", directory);
    g_autofree char *port = g_strdup_printf("host=%s port=many", directory);
    g_autofree char *both = g_strdup_printf("host=/nonexistent,%s port=1", directory);
    const struct {
        const char *url;
        enum error_code code;
        gboolean is_lasting;
    } rows[] = {
        {bogus, ERROR_CONFIG, FALSE},
        {port, ERROR_NO_CONNECTION, TRUE},
        {"host=/nonexistent", ERROR_NO_CONNECTION, TRUE},
        {both, ERROR_NO_CONNECTION, FALSE},
        {"host=127.0.0.1 port=1", ERROR_NO_CONNECTION, FALSE},
        {"host=not/a/name port=1", ERROR_NO_CONNECTION, TRUE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct database_options options = {.url = rows[i].url};
        g_autoptr(GError) error = NULL;
        assert_null(database_open(&options, &error));
        if (!error_is(error, rows[i].code) || error_detail(error)->is_lasting != rows[i].is_lasting)
            fail_msg("%s: %s (%s)", rows[i].url, error->message, error_code_name(error));
    }
}

/* A socket that takes connections and never says a word. */
static int listen_mute(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

static gpointer raise_soon(gpointer data)
{
    g_usleep(100 * 1000);
    cancellation_raise(data, CANCEL_AFTER, ERROR_TERMINATED);
    return NULL;
}

static void connect__wait__ends_in_time_or_when_cancelled(void **state)
{
    g_autofree char *directory = g_dir_make_tmp("winch-mute-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, ".s.PGSQL.5432", NULL);
    AUTOPTR(cancellation) *cancellation = cancellation_new();
    g_autoptr(GError) timeout = NULL;
    g_autoptr(GError) cancelled = NULL;
    int fd = listen_mute(path);
    struct database_options options = {
        .host = directory, .port = "5432", .name = "x", .connect_timeout = 200};
    (void)state;
    struct database *first = database_open(&options, &timeout);
    options.connect_timeout = 60000;
    options.cancellation = cancellation;
    GThread *thread = g_thread_new("raise", raise_soon, cancellation);
    gint64 begun = g_get_monotonic_time();
    struct database *second = database_open(&options, &cancelled);
    gint64 took = g_get_monotonic_time() - begun;
    g_thread_join(thread);
    close(fd);
    g_unlink(path);
    g_rmdir(directory);
    assert_null(first);
    assert_true(error_is(timeout, ERROR_NO_CONNECTION));
    assert_null(second);
    assert_true(error_is(cancelled, ERROR_TERMINATED));
    assert_true(took < 10 * G_USEC_PER_SEC);
}

/* connect_timeout is each host's: a silent one does not use up the time of the next. */
static void connect__wait__goes_on_to_the_next_host(void **state)
{
    g_autofree char *directory = g_dir_make_tmp("winch-mute-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, ".s.PGSQL.5432", NULL);
    g_autofree char *url =
        g_strdup_printf("host=%s,/nonexistent,%s,%s port=5432 dbname=postgres user=postgres",
                        directory, directory, scratch_server_directory(cluster_server()));
    int fd = listen_mute(path);
    struct database_options options = {.url = url, .connect_timeout = 300};
    g_autoptr(GError) error = NULL;
    (void)state;
    struct database *database = database_open(&options, &error);
    close(fd);
    g_unlink(path);
    g_rmdir(directory);
    if (database == NULL)
        fail_msg("%s", error->message);
    database_close(database);
}

/* ---- a pooler -------------------------------------------------------------------------------- */

struct pooler {
    GPid pid;
    char *directory;
};

/* Poolers refuse to run as root: as whoever the server runs as. */
static void become_owner(gpointer data)
{
    const struct stat *owner = data;
    if (geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setgid(owner->st_gid) != 0 || setuid(owner->st_uid) != 0))
        _exit(127);
}

static char *pooler_program(void)
{
    char *program = g_find_program_in_path("pgbouncer");
    if (program == NULL && g_file_test("/usr/sbin/pgbouncer", G_FILE_TEST_IS_EXECUTABLE))
        program = g_strdup("/usr/sbin/pgbouncer");
    return program;
}

static char *pooler_write(const struct pooler *pooler, const char *mode, int size,
                          const struct stat *owner)
{
    const char *server = scratch_server_directory(cluster_server());
    char *file = g_build_filename(pooler->directory, "pgbouncer.ini", NULL);
    g_autofree char *text = g_strdup_printf(
        "[databases]\nalias = host=%s dbname=app user=postgres\n[pgbouncer]\n"
        "unix_socket_dir = %s\nlisten_port = " POOLER_PORT "\nauth_type = any\n"
        "logfile = %s/log\npidfile = %s/pid\npool_mode = %s\ndefault_pool_size = %d\n",
        server, pooler->directory, pooler->directory, pooler->directory, mode, size);
    assert_true(g_file_set_contents(file, text, -1, NULL));
    if (geteuid() == 0) {
        assert_int_equal(chown(pooler->directory, owner->st_uid, owner->st_gid), 0);
        assert_int_equal(chown(file, owner->st_uid, owner->st_gid), 0);
    }
    return file;
}

/* The socket's file is there a moment before anybody listens on it. */
static gboolean is_listening(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(g_strlcpy(address.sun_path, path, sizeof address.sun_path) <
                sizeof address.sun_path);
    gboolean is_connected =
        connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0;
    close(descriptor);
    return is_connected;
}

static gboolean pooler_start(struct pooler *pooler, const char *mode, int size)
{
    g_autofree char *program = pooler_program();
    struct stat owner;
    if (program == NULL)
        return FALSE;
    assert_int_equal(stat(scratch_server_directory(cluster_server()), &owner), 0);
    pooler->directory = g_dir_make_tmp("winch-pooler-XXXXXX", NULL);
    g_autofree char *file = pooler_write(pooler, mode, size, &owner);
    g_autofree char *socket_path =
        g_build_filename(pooler->directory, ".s.PGSQL." POOLER_PORT, NULL);
    char *argv[] = {program, (char[]){"-q"}, file, NULL};
    assert_true(g_spawn_async("/", argv, NULL,
                              G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, become_owner,
                              &owner, &pooler->pid, NULL));
    for (int i = 0; i < 1000 && !is_listening(socket_path); i++)
        g_usleep(10 * 1000);
    return TRUE;
}

static void pooler_stop(struct pooler *pooler)
{
    static const char *const files[] = {"pgbouncer.ini", "log", "pid", ".s.PGSQL." POOLER_PORT};
    kill(pooler->pid, SIGKILL);
    waitpid(pooler->pid, NULL, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(pooler->directory, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(pooler->directory);
    g_free(pooler->directory);
}

/* What came of it behind one kind of pool. */
struct outcome {
    gboolean opened, locked, installed;
    gboolean is_refused; /* with the reason */
    guint ids;
    char *message;
};

static struct outcome try_pool(const char *mode, int size, gboolean is_read_only)
{
    struct pooler pooler = {0};
    struct outcome outcome = {0};
    g_autoptr(GError) error = NULL;
    if (!pooler_start(&pooler, mode, size)) {
        skip();
        return outcome;
    }
    struct database_options options = {.host = pooler.directory,
                                       .port = POOLER_PORT,
                                       .name = "alias",
                                       .user = "postgres",
                                       .is_read_only = is_read_only,
                                       .connect_timeout = 10000};
    struct database *database = database_open(&options, &error);
    outcome.opened = database != NULL;
    if (database != NULL) {
        struct version_state version;
        outcome.ids = database_lock_ids(database)->len;
        outcome.opened = database_version_read(database, &version, &error);
        outcome.locked = database_lock(database, 0, NULL, NULL, &error);
        outcome.is_refused = error_is(error, ERROR_REFUSED);
        if (outcome.locked)
            outcome.installed = database_install(database, NULL);
        database_close(database);
    }
    outcome.message = error != NULL ? g_strdup(error->message) : NULL;
    pooler_stop(&pooler);
    return outcome;
}

static void pooler__lock__refuses_pooled_transactions(void **state)
{
    static const struct {
        const char *mode;
        int size;
    } rows[] = {{"transaction", 20}, {"transaction", 1}, {"statement", 20}};
    g_free(cluster_create_database("app"));
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct outcome outcome = try_pool(rows[i].mode, rows[i].size, FALSE);
        g_autofree char *message = outcome.message;
        g_autofree char *left =
            cluster_value("app", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
        if (rows[i].mode[0] == 't')
            assert_true(outcome.opened);
        if (outcome.locked || !outcome.is_refused)
            fail_msg("%s %d: %s", rows[i].mode, rows[i].size, message);
        assert_non_null(strstr(message, "pooler"));
        assert_string_equal(left, "0");
    }
}

static void pooler__lock__accepts_pooled_sessions(void **state)
{
    g_free(cluster_create_database("app"));
    struct outcome outcome = try_pool("session", 20, FALSE);
    g_autofree char *message = outcome.message;
    (void)state;
    if (!outcome.locked || !outcome.installed)
        fail_msg("%s", message);
    assert_int_equal(outcome.ids, 3);
}

static void pooler__open__looks_without_startup_options(void **state)
{
    g_free(cluster_create_database("app"));
    struct outcome outcome = try_pool("transaction", 20, TRUE);
    g_autofree char *message = outcome.message;
    (void)state;
    if (!outcome.opened)
        fail_msg("%s", message);
}

/* ---- a standby ------------------------------------------------------------------------------- */

static void standby__change__is_refused_but_looking_works(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    g_autofree char *data = cluster_value("app", "SHOW data_directory");
    g_autofree char *signal_file = g_build_filename(data, "standby.signal", NULL);
    g_autoptr(GError) restarted = NULL;
    g_autoptr(GError) refused_lock = NULL;
    g_autoptr(GError) refused_install = NULL;
    struct database_options options = {.url = url};
    struct version_state version = {0};
    gboolean locked = TRUE, installed = TRUE, read = FALSE, is_standby = FALSE;
    (void)state;
    cluster_exec("app", "CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT "
                        "INTO schema_migrations VALUES (8, false); CHECKPOINT");
    assert_true(g_file_set_contents(signal_file, "", 0, NULL));
    gboolean up = scratch_server_restart(cluster_server(), &restarted);
    struct database *database = up ? database_open(&options, NULL) : NULL;
    if (database != NULL) {
        is_standby = database_facts(database)->is_standby;
        read = database_version_read(database, &version, NULL);
        locked = database_lock(database, 0, NULL, NULL, &refused_lock);
        installed = database_install(database, &refused_install);
        database_close(database);
    }
    g_unlink(signal_file);
    assert_true(scratch_server_restart(cluster_server(), NULL));
    if (!up)
        fail_msg("%s", restarted->message);
    assert_non_null(database);
    assert_true(is_standby);
    assert_true(read);
    assert_int_equal(version.version, 8);
    assert_false(locked);
    assert_false(installed);
    assert_true(error_is(refused_lock, ERROR_REFUSED));
    assert_true(error_is(refused_install, ERROR_REFUSED));
    assert_non_null(strstr(refused_lock->message, "standby"));
}

/* ---- losing it ------------------------------------------------------------------------------- */

static void connection__lost__is_told_apart(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    struct database_options options = {.url = url};
    AUTOPTR(database) *database = database_open(&options, NULL);
    g_autoptr(GError) error = NULL;
    struct version_state version;
    (void)state;
    assert_non_null(database);
    assert_true(database_install(database, NULL));
    g_autofree char *end =
        g_strdup_printf("SELECT pg_terminate_backend(%d)", database_facts(database)->backend_pid);
    cluster_exec(NULL, end);
    assert_false(database_version_read(database, &version, &error));
    assert_true(error_is(error, ERROR_NO_CONNECTION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect__fail__says_why_and_what_to_do),
        cmocka_unit_test(connect__fail__tells_what_may_pass),
        cmocka_unit_test(connect__wait__ends_in_time_or_when_cancelled),
        cmocka_unit_test(connect__wait__goes_on_to_the_next_host),
        cmocka_unit_test(pooler__lock__refuses_pooled_transactions),
        cmocka_unit_test(pooler__lock__accepts_pooled_sessions),
        cmocka_unit_test(pooler__open__looks_without_startup_options),
        cmocka_unit_test(standby__change__is_refused_but_looking_works),
        cmocka_unit_test(connection__lost__is_told_apart),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
