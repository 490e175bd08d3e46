/* What the console costs the one who sits before it and the server behind it: until something
 * stands on the screen, from a key to the last byte of what it changes, a second in which nothing
 * happens, a second in which somebody else migrates, and memory.
 *
 * A real winch on a pseudo-terminal of 140x40 that this program reads, against a private server
 * behind a proxy that counts round trips. BENCH_CONSOLE_SMALL and BENCH_CONSOLE_LARGE change how
 * many migrations there are (0: leave it out). */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#include "database/scratch.h"
#include "support/proxy.h"

#define ROWS    40
#define COLUMNS 140
/* As many chains side by side as the graph has lanes. */
#define LANES   12u

struct bench {
    struct scratch_server *server;
    struct proxy *proxy;
    const char *winch;
    char *directory; /* of everything made here, and the console's HOME */
};

G_NORETURN static void fail(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_printerr("bench_console: %s\n", text);
    exit(1);
}

/* ---- what the console looks at --------------------------------------------------------------- */

static void put(const char *directory, guint index, const char *half, const char *text)
{
    g_autofree char *path =
        g_strdup_printf("%s/%06u_change_%u.%s.sql", directory, index, index, half);
    if (!g_file_set_contents(path, text, -1, NULL))
        fail("%s cannot be written", path);
}

/* Twelve chains, now and then joined. Each migration differs from the others, and does nothing. */
static char *migrations_make(const struct bench *bench, guint count)
{
    char *directory = g_strdup_printf("%s/migrations-%u", bench->directory, count);
    g_mkdir(directory, 0755);
    for (guint i = 1; i <= count; i++) {
        g_autoptr(GString) up = g_string_new(NULL);
        if (i <= LANES)
            g_string_append(up, "-- winch: requires none\n");
        else if (i % 50 == 0)
            g_string_append_printf(up, "-- winch: requires %06u %06u\n", i - LANES, i - 5);
        else
            g_string_append_printf(up, "-- winch: requires %06u\n", i - LANES);
        g_string_append_printf(up, "SELECT %u;\nSELECT 'another', %u;\n", i, i);
        put(directory, i, "up", up->str);
        put(directory, i, "down", "SELECT 'back';\n");
    }
    return directory;
}

static char *url_through(const struct bench *bench, const char *database)
{
    return g_strdup_printf("postgres://postgres@127.0.0.1:%u/%s?sslmode=disable",
                           proxy_port(bench->proxy), database);
}

static void execute(const struct bench *bench, const char *database, const char *sql)
{
    g_autofree char *url = scratch_server_url(bench->server, database);
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail("%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

static void run(const char *const *argv)
{
    int status;
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_spawn_sync(NULL, (char **)(gsize)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                      NULL, &said, &status, &error))
        fail("%s: %s", argv[0], error->message);
    if (status != 0)
        fail("%s: %s", argv[0], said);
}

/* A database in which all of them were run, one after another. */
static char *database_make(const struct bench *bench, const char *migrations, guint count)
{
    char *name = g_strdup_printf("console%u", count);
    g_autofree char *create = g_strdup_printf("CREATE DATABASE %s", name);
    execute(bench, "postgres", create);
    g_autofree char *url = scratch_server_url(bench->server, name);
    const char *argv[] = {bench->winch, "-path",   migrations, "-database",
                          url,          "--quiet", "up",       NULL};
    run(argv);
    return name;
}

static char *socket_path(const struct bench *bench)
{
    g_autofree char *url = scratch_server_url(bench->server, "postgres");
    PGconn *connection = PQconnectdb(url);
    char *path = g_strdup_printf("%s/.s.PGSQL.%s", PQhost(connection), PQport(connection));
    PQfinish(connection);
    return path;
}

/* ---- a console on a terminal ----------------------------------------------------------------- */

struct console {
    int line;
    GPid pid;
    VTerm *vterm;
    gint64 started_at;
    gint64 last_at; /* when the last bytes were read */
    gsize received;
};

static void become(const struct bench *bench, const char *migrations, const char *url)
{
    const char *const argv[] = {bench->winch, "-path", migrations, "-database", url, NULL};
    g_setenv("HOME", bench->directory, TRUE);
    g_setenv("LANG", "C.UTF-8", TRUE);
    g_setenv("TERM", "xterm-256color", TRUE);
    static const char *const without[] = {"LC_ALL",           "LINES",          "COLUMNS",
                                          "NO_COLOR",         "XDG_STATE_HOME", "XDG_CONFIG_HOME",
                                          "WINCH_ENVIRONMENT"};
    for (gsize i = 0; i < G_N_ELEMENTS(without); i++)
        g_unsetenv(without[i]);
    execv(bench->winch, (char *const *)(gsize)argv);
    _exit(127);
}

static struct console *console_start(const struct bench *bench, const char *migrations,
                                     const char *url)
{
    struct console *console = g_new0(struct console, 1);
    struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
    console->vterm = vterm_new(ROWS, COLUMNS);
    vterm_set_utf8(console->vterm, 1);
    vterm_screen_reset(vterm_obtain_screen(console->vterm), 1);
    console->started_at = console->last_at = g_get_monotonic_time();
    console->pid = forkpty(&console->line, NULL, NULL, &size);
    if (console->pid < 0)
        fail("no pseudo-terminal");
    if (console->pid == 0)
        become(bench, migrations, url);
    fcntl(console->line, F_SETFD, FD_CLOEXEC);
    fcntl(console->line, F_SETFL, O_NONBLOCK);
    return console;
}

static void console_stop(struct console *console)
{
    kill(console->pid, SIGKILL);
    waitpid(console->pid, NULL, 0);
    close(console->line);
    vterm_free(console->vterm);
    g_free(console);
}

/* Takes what comes within so long; FALSE when nothing did. */
static gboolean take(struct console *console, int milliseconds)
{
    char bytes[65536];
    struct pollfd wait = {.fd = console->line, .events = POLLIN};
    if (poll(&wait, 1, milliseconds) <= 0)
        return FALSE;
    gssize length = read(console->line, bytes, sizeof bytes);
    if (length <= 0)
        fail("the console ended");
    console->last_at = g_get_monotonic_time();
    console->received += (gsize)length;
    vterm_input_write(console->vterm, bytes, (gsize)length);
    return TRUE;
}

/* Until nothing has come for so long. */
static void settle(struct console *console, int milliseconds)
{
    while (take(console, milliseconds))
        ;
}

static void spend(struct console *console, gint64 microseconds)
{
    gint64 until = g_get_monotonic_time() + microseconds;
    for (gint64 now; (now = g_get_monotonic_time()) < until;)
        take(console, (int)((until - now) / 1000) + 1);
}

static gboolean shows(const struct console *console, const char *text)
{
    char line[COLUMNS * 6 + 1];
    VTermScreen *screen = vterm_obtain_screen(console->vterm);
    for (int row = 0; row < ROWS; row++) {
        VTermRect all = {row, row + 1, 0, COLUMNS};
        line[vterm_screen_get_text(screen, line, sizeof line - 1, all)] = '\0';
        if (strstr(line, text) != NULL)
            return TRUE;
    }
    return FALSE;
}

/* Milliseconds from the start until the text stood there. */
static double wait_for(struct console *console, const char *text)
{
    while (!shows(console, text))
        if (!take(console, 30000))
            fail("'%s' never came", text);
    return (double)(console->last_at - console->started_at) / 1000;
}

/* What the whole process has used of processors, in milliseconds. */
static double processor(const struct console *console)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(console->pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        fail("no clock of the console's processor time");
    return (double)used.tv_sec * 1000 + (double)used.tv_nsec / 1e6;
}

static double peak_megabytes(const struct console *console)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", console->pid);
    g_autofree char *status = NULL;
    if (!g_file_get_contents(path, &status, NULL, NULL))
        fail("%s cannot be read", path);
    const char *peak = strstr(status, "VmHWM:");
    return peak != NULL ? g_ascii_strtod(peak + 6, NULL) / 1024 : 0;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Quiet so long is the end of what a key caused. */
#define QUIET_MS 30

struct samples {
    GArray *milliseconds, *bytes; /* of double, one a key */
};

static void samples_init(struct samples *samples)
{
    samples->milliseconds = g_array_new(FALSE, FALSE, sizeof(double));
    samples->bytes = g_array_new(FALSE, FALSE, sizeof(double));
}

static void samples_clear(struct samples *samples)
{
    g_array_unref(samples->milliseconds);
    g_array_unref(samples->bytes);
}

static void press(struct console *console, const char *key, struct samples *samples)
{
    gsize before = console->received;
    gint64 at = g_get_monotonic_time();
    if (write(console->line, key, strlen(key)) < 0)
        fail("the console takes no keys");
    settle(console, QUIET_MS);
    if (samples == NULL || console->received == before)
        return;
    double took = (double)(console->last_at - at) / 1000;
    double bytes = (double)(console->received - before);
    g_array_append_val(samples->milliseconds, took);
    g_array_append_val(samples->bytes, bytes);
}

static int by_size(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(GArray *values, guint percent)
{
    g_array_sort(values, by_size);
    return values->len > 0
               ? g_array_index(values, double, MIN(values->len * percent / 100, values->len - 1))
               : 0;
}

/* What a screen sends of itself now and then is no answer to a key. */
#define KEYS_MIN 4

static void print_samples(const char *what, struct samples *samples)
{
    if (samples->bytes->len < KEYS_MIN)
        return;
    g_print("  %-15s %4u keys %8.1f ms %8.1f ms %8.1f ms %8.0f B %8.0f B\n", what,
            samples->milliseconds->len, percentile(samples->milliseconds, 50),
            percentile(samples->milliseconds, 95), percentile(samples->milliseconds, 100),
            percentile(samples->bytes, 50), percentile(samples->bytes, 100));
}

static const struct {
    const char *key, *name;
} screens[] = {{"1", "Timeline"}, {"2", "SQL"}, {"3", "Plan"},  {"4", "Run"},    {"5", "Activity"},
               {"6", "History"},  {"7", "Log"}, {"8", "Graph"}, {"9", "Config"}, {"?", "Help"}};

static void press_often(struct console *console, const char *key, guint times,
                        struct samples *samples)
{
    for (guint i = 0; i < times; i++)
        press(console, key, samples);
}

/* The cursor within the screen, pages, and the cursor at the screen's edge, which scrolls it. */
static void bench_screen(struct console *console, const char *name)
{
    static const char *const kinds[] = {"", ", page", ", scroll"};
    struct samples samples[G_N_ELEMENTS(kinds)];
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        samples_init(&samples[i]);
    for (guint round = 0; round < 3; round++) {
        press_often(console, "j", 12, &samples[0]);
        press_often(console, "k", 12, &samples[0]);
    }
    press_often(console, "\033[6~", 20, &samples[1]);
    press(console, "H", NULL);
    press_often(console, "k", 30, &samples[2]);
    press_often(console, "\033[5~", 10, &samples[1]);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *what = g_strconcat(name, kinds[i], NULL);
        print_samples(what, &samples[i]);
        samples_clear(&samples[i]);
    }
}

static void bench_keys(struct console *console)
{
    struct samples opened;
    samples_init(&opened);
    g_print("key to screen (wanted: under 16 ms; a cursor move under 1000 B)\n"
            "  %-25s %11s %11s %11s %10s %10s\n",
            "", "median", "95th", "most", "median", "most");
    for (gsize i = 0; i < G_N_ELEMENTS(screens); i++) {
        press(console, screens[i].key, &opened);
        settle(console, 400);
        bench_screen(console, screens[i].name);
    }
    for (guint i = 0; i < 50; i++)
        press(console, screens[i % G_N_ELEMENTS(screens)].key, &opened);
    print_samples("any, opened", &opened);
    samples_clear(&opened);
}

/* ---- seconds --------------------------------------------------------------------------------- */

#define IDLE_SECONDS 3

static void print_seconds(const char *what, double seconds, double bytes, double round_trips,
                          double milliseconds)
{
    g_print("  %-22s %8.0f B/s %8.2f round trips/s %8.2f ms of processor/s\n", what,
            bytes / seconds, round_trips / seconds, milliseconds / seconds);
}

static void bench_idle(const struct bench *bench, struct console *console)
{
    g_print("idle (wanted: under 300 B/s, one query a second)\n");
    for (gsize i = 0; i < G_N_ELEMENTS(screens); i++) {
        press(console, screens[i].key, NULL);
        settle(console, 400);
        proxy_reset(bench->proxy);
        gsize received = console->received;
        double used = processor(console);
        spend(console, IDLE_SECONDS * G_USEC_PER_SEC);
        print_seconds(screens[i].name, IDLE_SECONDS, (double)(console->received - received),
                      (double)proxy_round_trips(bench->proxy), processor(console) - used);
    }
}

#define MOVED_TIMES 4

/* Somebody else takes the version back and forth, with a row in the history each time. */
static void bench_moved(const struct bench *bench, struct console *console, const char *database,
                        guint count, guint screen)
{
    double used = processor(console);
    gsize received = console->received;
    struct samples moves;
    samples_init(&moves);
    press(console, screens[screen].key, NULL);
    proxy_reset(bench->proxy);
    gint64 start = g_get_monotonic_time();
    for (guint i = 0; i < MOVED_TIMES; i++) {
        g_autofree char *sql = g_strdup_printf(
            "UPDATE public.schema_migrations SET version = %u; INSERT INTO winch.history "
            "(version_table, run_id, plan_id, kind, outcome, version, from_version, to_version, "
            "title, statements, os_user, host, tool) VALUES ('public.schema_migrations', "
            "'0123456789abcdef', '0123456789abcdef', '%s', 'done', %u, %u, %u, 'change_%u', 1, "
            "'bench', 'localhost', 'bench')",
            count - (i + 1) % 2, i % 2 == 0 ? "down" : "up", count, count - i % 2,
            count - (i + 1) % 2, count);
        execute(bench, database, sql);
        for (guint key = 0; key < 20; key++) {
            press(console, key % 2 == 0 ? "k" : "j", &moves);
            spend(console, 10000);
        }
    }
    double seconds = (double)(g_get_monotonic_time() - start) / 1e6;
    print_seconds(screens[screen].name, seconds, (double)(console->received - received),
                  (double)proxy_round_trips(bench->proxy), processor(console) - used);
    print_samples(screens[screen].name, &moves);
    samples_clear(&moves);
}

/* ---- all of it ------------------------------------------------------------------------------- */

#define STARTS 5

static double median_start(const struct bench *bench, const char *migrations, const char *url,
                           const char *text)
{
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < STARTS; i++) {
        struct console *console = console_start(bench, migrations, url);
        double took = wait_for(console, text);
        g_array_append_val(starts, took);
        console_stop(console);
    }
    return percentile(starts, 50);
}

/* What stands in the way of any program that asks this server something. */
static double median_connection(const char *url)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < STARTS; i++) {
        gint64 start = g_get_monotonic_time();
        PGconn *connection = PQconnectdb(url);
        PQclear(PQexec(connection, "SELECT 1"));
        double took = (double)(g_get_monotonic_time() - start) / 1000;
        PQfinish(connection);
        g_array_append_val(all, took);
    }
    return percentile(all, 50);
}

static void bench_console(const struct bench *bench, guint count, const char *memory)
{
    if (count == 0)
        return;
    g_autofree char *migrations = migrations_make(bench, count);
    g_autofree char *database = database_make(bench, migrations, count);
    g_autofree char *url = url_through(bench, database);
    g_autofree char *known = g_strdup_printf("%u migrations: %u applied", count, count);
    g_print("console, %u migrations in %u lanes, all applied, %dx%d\n", count, LANES, COLUMNS,
            ROWS);
    g_print("start (wanted: under 100 ms and the connection's time, with 1,000)\n");
    g_print("  first screen %.1f ms, with the database's state %.1f ms; a connection alone %.1f "
            "ms\n",
            median_start(bench, migrations, url, "Timeline"),
            median_start(bench, migrations, url, known), median_connection(url));
    struct console *console = console_start(bench, migrations, url);
    wait_for(console, known);
    settle(console, 400);
    g_print("memory, peak (wanted: under %s MB)\n  started %.1f MB\n", memory,
            peak_megabytes(console));
    bench_keys(console);
    bench_idle(bench, console);
    g_print("while somebody else migrates, a migration a second\n");
    for (guint screen = 0; screen < G_N_ELEMENTS(screens); screen++)
        bench_moved(bench, console, database, count, screen);
    g_print("memory, peak after all this: %.1f MB (wanted: under %s MB)\n\n",
            peak_megabytes(console), memory);
    console_stop(console);
}

static guint setting(const char *name, guint otherwise)
{
    const char *value = g_getenv(name);
    return value != NULL ? (guint)g_ascii_strtoull(value, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct scratch_options unsafe = {.is_unsafe = TRUE};
    struct bench bench = {
        .server = scratch_server_start(&unsafe, &error),
        .winch = argc > 1 ? argv[1] : "./winch",
        .directory = g_dir_make_tmp("winch-bench-XXXXXX", NULL),
    };
    if (bench.server == NULL)
        fail("%s", error->message);
    g_autofree char *path = socket_path(&bench);
    bench.proxy = proxy_start(path, 0);
    bench_console(&bench, setting("BENCH_CONSOLE_SMALL", 1000), "32");
    bench_console(&bench, setting("BENCH_CONSOLE_LARGE", 10000), "64");
    const char *remove[] = {"/bin/rm", "-rf", "--", bench.directory, NULL};
    run(remove);
    proxy_stop(bench.proxy);
    scratch_server_stop(bench.server);
    g_free(bench.directory);
    return 0;
}
