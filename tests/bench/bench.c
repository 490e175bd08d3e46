/* The numbers winch means to reach, measured against psql and golang-migrate's protocol in one run.
 *
 * Everything is a ratio of commands run in turn on one private server with fsync on, so that a
 * noisy machine spoils both sides alike. BENCH_MIGRATIONS, BENCH_ROUNDS and WINCH_PROGRAM change
 * the defaults. */
#include <glib.h>
#include <glib/gstdio.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench/replay.h"
#include "database/database.h"
#include "database/scratch.h"
#include "support/proxy.h"

struct bench {
    struct scratch_server *server;
    const char *winch;
    char *psql;
    char *directory; /* of everything made here */
    guint rounds;
    guint databases;
};

/* What one command cost. */
struct cost {
    double seconds;
    long peak_kib;
};

/* ---- running commands ------------------------------------------------------------------------ */

static void fail(const char *const *argv, const char *output)
{
    g_autofree char *command = g_strjoinv(" ", (char **)(gsize)argv);
    g_printerr("bench: failed: %s\n%s\n", command, output);
    exit(1);
}

static struct cost run(const char *const *argv)
{
    GPid pid;
    int status, out;
    struct rusage usage;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) output = g_string_new(NULL);
    char chunk[8192];
    ssize_t length;
    gint64 start = g_get_monotonic_time();
    if (!g_spawn_async_with_pipes(NULL, (char **)(gsize)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                  NULL, &pid, NULL, &out, NULL, &error))
        fail(argv, error->message);
    while ((length = read(out, chunk, sizeof chunk)) > 0)
        g_string_append_len(output, chunk, length);
    close(out);
    wait4(pid, &status, 0, &usage);
    struct cost cost = {(double)(g_get_monotonic_time() - start) / 1e6, usage.ru_maxrss};
    g_spawn_close_pid(pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail(argv, output->str);
    return cost;
}

static struct cost winch(const struct bench *bench, const char *migrations, const char *url,
                         const char *const *words)
{
    const char *argv[16] = {bench->winch, "-path", migrations, "-database", url, "--quiet"};
    guint count = 6;
    for (; *words != NULL; words++)
        argv[count++] = *words;
    return run(argv);
}

static struct cost psql(const struct bench *bench, const char *url, const char *script)
{
    const char *argv[] = {bench->psql, "-X",   "-q", "-v", "ON_ERROR_STOP=1",
                          "-f",        script, url,  NULL};
    return run(argv);
}

/* ---- what is run -------------------------------------------------------------------------------
 */

static char *up_sql(guint index)
{
    return g_strdup_printf("CREATE TABLE t_%06u (id integer);", index);
}

static char *down_sql(guint index)
{
    return g_strdup_printf("DROP TABLE t_%06u;", index);
}

static void put(const char *directory, const char *text, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void put(const char *directory, const char *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *name = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_file_set_contents(path, text, -1, &error))
        g_error("%s", error->message);
}

static char *migrations_make(const struct bench *bench, guint count)
{
    char *directory = g_strdup_printf("%s/migrations-%u", bench->directory, count);
    if (g_mkdir(directory, 0755) != 0)
        return directory;
    for (guint i = 1; i <= count; i++) {
        g_autofree char *up = up_sql(i);
        g_autofree char *down = down_sql(i);
        put(directory, up, "%06u_table_%u.up.sql", i, i);
        put(directory, down, "%06u_table_%u.down.sql", i, i);
    }
    return directory;
}

/* Each migration as one message: its SQL, its version row, its history row, one commit. */
static void floor_message(GString *script, const char *sql, const char *kind, guint index,
                          int version, const char *sha)
{
    g_string_append_printf(script, "BEGIN\\; %.*s\\; DELETE FROM public.schema_migrations",
                           (int)strlen(sql) - 1, sql);
    if (version >= 0)
        g_string_append_printf(
            script, "\\; INSERT INTO public.schema_migrations (version, dirty) VALUES (%d, false)",
            version);
    g_string_append_printf(
        script,
        "\\; INSERT INTO winch.history (version_table, run_id, plan_id, kind, outcome, version, "
        "from_version, to_version, title, statements, up_sha256, down_sha256, environment, "
        "os_user, host, tool) VALUES ('public.schema_migrations', '0123456789abcdef', "
        "'0123456789abcdef', '%s', 'done', %u, %d, %d, 'table_%u', 1, '%s', '%s', 'development', "
        "'bench', 'localhost', 'psql')\\; COMMIT;\n",
        kind, index, version, version, index, sha, sha);
}

static char *floor_script(const struct bench *bench, guint count, gboolean goes_down)
{
    char *path =
        g_strdup_printf("%s/floor-%s-%u.sql", bench->directory, goes_down ? "down" : "up", count);
    g_autofree char *sha = g_strnfill(64, 'a');
    g_autoptr(GString) script = g_string_new("SET synchronous_commit = off;\n");
    for (guint i = 1; i <= count; i++) {
        guint index = goes_down ? count + 1 - i : i;
        g_autofree char *sql = goes_down ? down_sql(index) : up_sql(index);
        int version = goes_down ? (index == 1 ? -1 : (int)index - 1) : (int)index;
        floor_message(script, sql, goes_down ? "down" : "up", index, version, sha);
    }
    g_file_set_contents(path, script->str, -1, NULL);
    return path;
}

static char *one_transaction_script(const struct bench *bench, guint count)
{
    char *path = g_strdup_printf("%s/one-%u.sql", bench->directory, count);
    g_autoptr(GString) script = g_string_new("BEGIN;\n");
    for (guint i = 1; i <= count; i++) {
        g_autofree char *sql = up_sql(i);
        g_string_append_printf(script, "%s\n", sql);
    }
    g_string_append(script, "COMMIT;\n");
    g_file_set_contents(path, script->str, -1, NULL);
    return path;
}

/* A fresh database with winch's tables in it. */
static char *database_make(struct bench *bench, gboolean with_tables)
{
    static const char *const init[] = {"init", NULL};
    g_autofree char *name = g_strdup_printf("bench%u", ++bench->databases);
    g_autofree char *create = g_strdup_printf("CREATE DATABASE %s", name);
    g_autofree char *admin = scratch_server_url(bench->server, "postgres");
    const char *argv[] = {bench->psql, "-X", "-q", "-c", create, admin, NULL};
    run(argv);
    char *url = scratch_server_url(bench->server, name);
    g_autofree char *none = migrations_make(bench, 0);
    if (with_tables)
        winch(bench, none, url, init);
    return url;
}

/* The same database through a proxy on 127.0.0.1. */
static char *url_through(const struct proxy *proxy, const char *url)
{
    PQconninfoOption *parts = PQconninfoParse(url, NULL);
    char *through = NULL;
    for (PQconninfoOption *part = parts; part != NULL && part->keyword != NULL; part++)
        if (strcmp(part->keyword, "dbname") == 0)
            through = g_strdup_printf("postgres://postgres@127.0.0.1:%u/%s?sslmode=disable",
                                      proxy_port(proxy), part->val);
    PQconninfoFree(parts);
    return through;
}

static char *socket_path(const struct bench *bench)
{
    g_autofree char *url = scratch_server_url(bench->server, "postgres");
    const char *host = "", *port = "5432";
    PQconninfoOption *parts = PQconninfoParse(url, NULL);
    for (PQconninfoOption *part = parts; part->keyword != NULL; part++) {
        if (strcmp(part->keyword, "host") == 0 && part->val != NULL)
            host = part->val;
        if (strcmp(part->keyword, "port") == 0 && part->val != NULL)
            port = part->val;
    }
    char *path = g_strdup_printf("%s/.s.PGSQL.%s", host, port);
    PQconninfoFree(parts);
    return path;
}

/* ---- what is printed ---------------------------------------------------------------------------
 */

static double median(double *values, guint count)
{
    for (guint i = 1; i < count; i++)
        for (guint j = i; j > 0 && values[j] < values[j - 1]; j--) {
            double swap = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Every line ends with a ratio, what it is meant to be at most, and whether it is; most of 0: no
 * target. */
static void print_target(double ratio, double most)
{
    if (most <= 0)
        g_print("%8.3f\n", ratio);
    else
        g_print("%8.3f  at most %-6.4g %s\n", ratio, most, ratio <= most ? "met" : "MISSED");
}

/* Seconds of ours and of another's, in turn on the same machine. */
static void print_ratio(const char *what, double mine, const char *other, double theirs,
                        double most)
{
    g_print("%-28s %9.3f s   / %-28s %9.3f s   ", what, mine, other, theirs);
    print_target(mine / theirs, most);
}

/* A figure by itself, as part of what it may be. */
static void print_figure(const char *what, double figure, const char *unit, double limit)
{
    g_autofree char *allowed = limit > 0 ? g_strdup_printf("%9.3f %s", limit, unit) : g_strdup("");
    g_print("%-28s %9.3f %-3s / %-28s %-14s", what, figure, unit, limit > 0 ? "allowed" : "",
            allowed);
    if (limit > 0)
        print_target(figure / limit, 1);
    else
        g_print("\n");
}

/* ---- the rows ----------------------------------------------------------------------------------
 */

#define ROUNDS_MAX 9

static void bench_up(struct bench *bench, guint count)
{
    static const char *const up[] = {"up", NULL};
    g_autofree char *migrations = migrations_make(bench, count);
    g_autofree char *up_floor = floor_script(bench, count, FALSE);
    g_autofree char *down_floor = floor_script(bench, count, TRUE);
    g_autofree char *one = one_transaction_script(bench, count);
    double mine[2][ROUNDS_MAX], floors[2][ROUNDS_MAX], whole[ROUNDS_MAX], replayed[ROUNDS_MAX];
    long peak = 0;
    for (guint i = 0; i < bench->rounds; i++) {
        g_autofree char *first = database_make(bench, TRUE);
        g_autofree char *second = database_make(bench, TRUE);
        g_autofree char *third = database_make(bench, FALSE);
        g_autofree char *fourth = database_make(bench, FALSE);
        struct cost cost = winch(bench, migrations, first, up);
        mine[0][i] = cost.seconds;
        peak = MAX(peak, cost.peak_kib);
        floors[0][i] = psql(bench, second, up_floor).seconds;
        whole[i] = psql(bench, third, one).seconds;
        gint64 start = g_get_monotonic_time();
        replay_golang_migrate(fourth, count, up_sql);
        replayed[i] = (double)(g_get_monotonic_time() - start) / 1e6;
        g_autofree char *words = g_strdup_printf("bench%u none", bench->databases - 3);
        const char *down[] = {"down", "-all", "--confirm", words, NULL};
        mine[1][i] = winch(bench, migrations, first, down).seconds;
        floors[1][i] = psql(bench, second, down_floor).seconds;
    }
    double here = median(mine[0], bench->rounds);
    g_print("%u tiny migrations, Unix socket, fsync on, median of %u\n", count, bench->rounds);
    print_ratio("up", here, "psql, one message each", median(floors[0], bench->rounds), 1.15);
    print_ratio("up", here, "psql, one transaction", median(whole, bench->rounds), 0);
    print_ratio("up", here, "golang-migrate's protocol", median(replayed, bench->rounds), 0.33);
    print_ratio("down", median(mine[1], bench->rounds), "psql, one message each",
                median(floors[1], bench->rounds), 1.15);
    print_figure("up, peak memory", (double)peak / 1024, "MB", 32);
}

static void bench_delayed(struct bench *bench, guint count, gint64 round_trip_us)
{
    static const char *const up[] = {"up", NULL};
    static const char *const ahead[] = {"up", "--in-flight", "16", NULL};
    g_autofree char *migrations = migrations_make(bench, count);
    g_autofree char *script = floor_script(bench, count, FALSE);
    g_autofree char *path = socket_path(bench);
    struct proxy *proxy = proxy_start(path, round_trip_us / 2);
    g_autofree char *first = database_make(bench, TRUE);
    g_autofree char *second = database_make(bench, TRUE);
    g_autofree char *third = database_make(bench, FALSE);
    g_autofree char *fourth = database_make(bench, TRUE);
    g_autofree char *one = url_through(proxy, first);
    g_autofree char *two = url_through(proxy, second);
    g_autofree char *three = url_through(proxy, third);
    g_autofree char *four = url_through(proxy, fourth);
    double mine = winch(bench, migrations, one, up).seconds;
    double flown = winch(bench, migrations, four, ahead).seconds;
    double lowest = psql(bench, two, script).seconds;
    gint64 start = g_get_monotonic_time();
    replay_golang_migrate(three, count, up_sql);
    double replayed = (double)(g_get_monotonic_time() - start) / 1e6;
    proxy_stop(proxy);
    g_print("\n%u tiny migrations, %.0f ms round trip (a delaying proxy)\n", count,
            (double)round_trip_us / 1000);
    print_ratio("up", mine, "psql, one message each", lowest, 1.15);
    print_ratio("up", mine, "golang-migrate's protocol", replayed, 0);
    print_ratio("up --in-flight 16", flown, "golang-migrate's protocol", replayed, 0.071);
}

/* What opens and closes a run, beside one for each migration. */
#define RUN_ROUND_TRIPS 20

static void bench_round_trips(struct bench *bench, guint count)
{
    static const char *const up[] = {"up", NULL};
    static const char *const status[] = {"status", NULL};
    g_autofree char *migrations = migrations_make(bench, count);
    g_autofree char *path = socket_path(bench);
    struct proxy *proxy = proxy_start(path, 0);
    g_autofree char *database = database_make(bench, TRUE);
    g_autofree char *url = url_through(proxy, database);
    winch(bench, migrations, url, up);
    guint64 all = proxy_round_trips(proxy);
    proxy_reset(proxy);
    winch(bench, migrations, url, up);
    guint64 nothing = proxy_round_trips(proxy);
    proxy_reset(proxy);
    winch(bench, migrations, url, status);
    guint64 looking = proxy_round_trips(proxy);
    proxy_stop(proxy);
    g_print("\nround trips, seen on the wire\n");
    print_figure("up, the whole run", (double)all, "", count + RUN_ROUND_TRIPS);
    print_figure("up, nothing to do", (double)nothing, "", 6);
    print_figure("status", (double)looking, "", 0);
}

static double median_of(struct bench *bench, const char *migrations, const char *url,
                        const char *const *words)
{
    double seconds[ROUNDS_MAX];
    for (guint i = 0; i < ROUNDS_MAX; i++)
        seconds[i] = winch(bench, migrations, url, words).seconds;
    return median(seconds, ROUNDS_MAX);
}

/* What connecting alone costs here. */
static double median_psql(struct bench *bench, const char *url)
{
    double seconds[ROUNDS_MAX];
    g_autofree char *script = g_build_filename(bench->directory, "select.sql", NULL);
    g_file_set_contents(script, "SELECT 1;\n", -1, NULL);
    for (guint i = 0; i < ROUNDS_MAX; i++)
        seconds[i] = psql(bench, url, script).seconds;
    return median(seconds, ROUNDS_MAX);
}

/* Once, because it takes a while; with the history of all of them to read afterwards. */
static void bench_many(struct bench *bench, guint count)
{
    static const char *const up[] = {"up", NULL};
    static const char *const status[] = {"status", NULL};
    g_autofree char *migrations = migrations_make(bench, count);
    g_autofree char *url = database_make(bench, TRUE);
    struct cost whole = winch(bench, migrations, url, up);
    struct cost nothing = winch(bench, migrations, url, up);
    struct cost looking = winch(bench, migrations, url, status);
    g_print("\n%u migrations, once\n", count);
    print_figure("up", whole.seconds, "s", 0);
    print_figure("up, peak memory", (double)whole.peak_kib / 1024, "MB", 64);
    print_figure("nothing to do, peak memory", (double)nothing.peak_kib / 1024, "MB", 64);
    print_figure("status, peak memory", (double)looking.peak_kib / 1024, "MB", 64);
    print_figure("nothing to do", nothing.seconds * 1000, "ms", 0);
}

static void bench_nothing(struct bench *bench, guint count, double limit_ms)
{
    static const char *const up[] = {"up", NULL};
    static const char *const status[] = {"status", NULL};
    g_autofree char *migrations = migrations_make(bench, count);
    g_autofree char *url = database_make(bench, TRUE);
    g_autofree char *last = g_strdup_printf("%u", count);
    g_autofree char *words = g_strdup_printf("bench%u %06u", bench->databases, count);
    const char *forced[] = {"force", last, "--confirm", words, NULL};
    winch(bench, migrations, url, forced);
    g_print("\n%u migrations, nothing to do, median of %d\n", count, ROUNDS_MAX);
    print_figure("up", median_of(bench, migrations, url, up) * 1000, "ms", limit_ms);
    print_figure("status", median_of(bench, migrations, url, status) * 1000, "ms", 0);
    print_figure("psql, select 1", median_psql(bench, url) * 1000, "ms", 0);
}

/* As real ones are: every table has a parent, a column more in the next file, and an index. */
static char *lint_migrations_make(const struct bench *bench, guint count)
{
    char *directory = g_strdup_printf("%s/lint-%u", bench->directory, count);
    g_mkdir(directory, 0755);
    for (guint i = 1; i <= count; i++) {
        g_autofree char *up = g_strdup_printf(
            "CREATE TABLE t_%06u (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
            "    parent bigint REFERENCES t_%06u (id) ON DELETE CASCADE,\n"
            "    name varchar(80) NOT NULL, created_at timestamp DEFAULT now()\n);\n"
            "CREATE INDEX t_%06u_parent_idx ON t_%06u (parent);\n"
            "ALTER TABLE t_%06u ADD COLUMN more text, ALTER COLUMN name TYPE text;\n",
            i, i > 1 ? i - 1 : i, i, i, i > 1 ? i - 1 : i);
        g_autofree char *down = g_strdup_printf(
            "ALTER TABLE t_%06u DROP COLUMN more;\nDROP TABLE t_%06u;\n", i > 1 ? i - 1 : i, i);
        put(directory, up, "%06u_table_%u.up.sql", i, i);
        put(directory, down, "%06u_table_%u.down.sql", i, i);
    }
    return directory;
}

static void bench_lint(struct bench *bench, guint count)
{
    static const char *const lint[] = {"lint", "--fail-on", "error", NULL};
    g_autofree char *migrations = lint_migrations_make(bench, count);
    double seconds[ROUNDS_MAX];
    long peak = 0;
    for (guint i = 0; i < bench->rounds; i++) {
        struct cost cost = winch(bench, migrations, "postgres://nobody@nowhere/none", lint);
        seconds[i] = cost.seconds;
        peak = MAX(peak, cost.peak_kib);
    }
    g_print("\n%u migrations of four statements, median of %u\n", count, bench->rounds);
    print_figure("lint", median(seconds, bench->rounds) * 1000, "ms", 1000);
    print_figure("lint, peak memory", (double)peak / 1024, "MB", 0);
}

/* Ten columns, a key, a check, a foreign key and three indexes each. */
static char *schema_script(const struct bench *bench, guint tables)
{
    char *path = g_strdup_printf("%s/schema-%u.sql", bench->directory, tables);
    g_autoptr(GString) script = g_string_new("BEGIN;\n");
    for (guint i = 0; i < tables; i++) {
        g_autofree char *reference =
            i > 0 ? g_strdup_printf(" REFERENCES t%u", i - 1) : g_strdup("");
        g_string_append_printf(
            script,
            "CREATE TABLE t%u (id bigserial PRIMARY KEY, a int NOT NULL DEFAULT 0 CHECK (a >= 0), "
            "b text, c timestamptz DEFAULT now(), d numeric(10,2), e jsonb, f boolean, "
            "g varchar(80), h uuid, r bigint%s); CREATE INDEX ON t%u (b); CREATE INDEX ON t%u (c, "
            "d); CREATE INDEX ON t%u (r);\n",
            i, reference, i, i, i);
    }
    g_string_append(script, "COMMIT;\n");
    g_file_set_contents(path, script->str, -1, NULL);
    return path;
}

static double snapshot_seconds(struct database *database)
{
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();
    AUTOPTR(catalog) *catalog = database_catalog_read(database, &error);
    if (catalog == NULL)
        g_error("%s", error->message);
    return (double)(g_get_monotonic_time() - start) / 1e6;
}

static void bench_catalog(struct bench *bench, guint tables, double most)
{
    g_autofree char *url = database_make(bench, FALSE);
    g_autofree char *script = schema_script(bench, tables);
    g_autofree char *bindir = g_path_get_dirname(bench->psql);
    g_autofree char *pg_dump = g_build_filename(bindir, "pg_dump", NULL);
    const char *dump[] = {pg_dump, "--schema-only", "-f", "/dev/null", url, NULL};
    double mine[ROUNDS_MAX], theirs[ROUNDS_MAX];
    psql(bench, url, script);
    const struct database_options options = {.url = url};
    AUTOPTR(database) *database = database_open(&options, NULL);
    for (guint i = 0; i < ROUNDS_MAX; i++) {
        mine[i] = snapshot_seconds(database);
        theirs[i] = run(dump).seconds;
    }
    g_print("\nthe schema of %u tables, %u columns, median of %d\n", tables, 10 * tables,
            ROUNDS_MAX);
    print_ratio("snapshot", median(mine, ROUNDS_MAX), "pg_dump --schema-only",
                median(theirs, ROUNDS_MAX), most);
}

/* One file of many statements: what measuring each adds to running them. */
static void bench_preview(struct bench *bench, guint count)
{
    static const char *const preview[] = {"preview", "--on", "database", NULL};
    g_autofree char *migrations = g_build_filename(bench->directory, "preview", NULL);
    g_autofree char *undone = g_build_filename(bench->directory, "undone.sql", NULL);
    g_autoptr(GString) file = g_string_new(NULL);
    double seconds[ROUNDS_MAX], floors[ROUNDS_MAX];
    for (guint i = 1; i <= count; i++) {
        g_autofree char *sql = up_sql(i);
        g_string_append_printf(file, "%s\n", sql);
    }
    g_mkdir(migrations, 0755);
    put(migrations, file->str, "000001_many.up.sql");
    g_autofree char *rolled_back = g_strdup_printf("BEGIN;\n%sROLLBACK;\n", file->str);
    g_file_set_contents(undone, rolled_back, -1, NULL);
    g_autofree char *url = database_make(bench, TRUE);
    for (guint i = 0; i < bench->rounds; i++) {
        seconds[i] = winch(bench, migrations, url, preview).seconds;
        floors[i] = psql(bench, url, undone).seconds;
    }
    double mine = median(seconds, bench->rounds), lowest = median(floors, bench->rounds);
    g_print("\npreview of one file of %u statements, median of %u\n", count, bench->rounds);
    print_ratio("preview --on database", mine, "psql, rolled back", lowest, 0);
    print_figure("overhead of a statement", (mine - lowest) * 1000 / count, "ms", 5);
}

/* The first tables make one each with three keys and indexes, the others a column and an index of
 * the newest. */
static char *verify_migrations_make(const struct bench *bench, guint count, guint tables)
{
    char *directory = g_strdup_printf("%s/verify-%u", bench->directory, count);
    guint made = 0;
    g_mkdir(directory, 0755);
    for (guint i = 1; i <= count; i++) {
        gboolean is_table = made * count < i * tables;
        made += is_table ? 1 : 0;
        g_autofree char *up =
            is_table ? g_strdup_printf("CREATE TABLE t%u (id bigserial PRIMARY KEY, a int NOT NULL "
                                       "DEFAULT 0 CHECK (a >= 0), b text, c timestamptz, r bigint "
                                       "REFERENCES t%u (id));\nCREATE INDEX ON t%u (b);\n",
                                       made, MAX(made - 1, 1), made)
                     : g_strdup_printf("ALTER TABLE t%u ADD COLUMN x%u text;\n"
                                       "CREATE INDEX t%u_x%u_idx ON t%u (x%u);\n",
                                       made, i, made, i, made, i);
        g_autofree char *down =
            is_table ? g_strdup_printf("DROP TABLE t%u;\n", made)
                     : g_strdup_printf("ALTER TABLE t%u DROP COLUMN x%u;\n", made, i);
        put(directory, up, "%06u_change_%u.up.sql", i, i);
        put(directory, down, "%06u_change_%u.down.sql", i, i);
    }
    return directory;
}

static void bench_verify(struct bench *bench, guint count, guint tables, double limit)
{
    static const char *const verify[] = {"verify", "--no-cache", NULL};
    g_autofree char *migrations = verify_migrations_make(bench, count, tables);
    struct cost cost = winch(bench, migrations, "postgres://nobody@nowhere/none", verify);
    g_print("\n%u migrations with %u tables, up, down and up again, once\n", count, tables);
    print_figure("verify", cost.seconds, "s", limit);
    print_figure("verify, peak memory", (double)cost.peak_kib / 1024, "MB", 0);
}

/* What a rollback that drops a large table says of it, beside counting its rows alone. */
static void bench_receipt(struct bench *bench, guint rows)
{
    static const char *const up[] = {"up", NULL};
    static const char *const receipt[] = {"receipt", "--on", "catalog", NULL};
    g_autofree char *migrations = g_build_filename(bench->directory, "receipt", NULL);
    g_autofree char *script = g_build_filename(bench->directory, "count.sql", NULL);
    g_autofree char *fill = g_strdup_printf(
        "CREATE TABLE big AS SELECT i AS id, md5(i::text) AS a FROM generate_series(1, %u) i;\n"
        "CREATE INDEX ON big (id);\n",
        rows);
    double mine[ROUNDS_MAX], theirs[ROUNDS_MAX];
    g_mkdir(migrations, 0755);
    put(migrations, fill, "000001_big.up.sql");
    put(migrations, "DROP TABLE big;\n", "000001_big.down.sql");
    g_file_set_contents(script, "SELECT count(*) FROM big;\n", -1, NULL);
    g_autofree char *url = database_make(bench, TRUE);
    winch(bench, migrations, url, up);
    for (guint i = 0; i < bench->rounds; i++) {
        mine[i] = winch(bench, migrations, url, receipt).seconds;
        theirs[i] = psql(bench, url, script).seconds;
    }
    g_print("\na rollback that drops %u rows, median of %u\n", rows, bench->rounds);
    print_ratio("receipt, exact", median(mine, bench->rounds), "psql, count(*)",
                median(theirs, bench->rounds), 0);
}

static void bench_start(struct bench *bench)
{
    const char *mine[] = {bench->winch, "--version", NULL};
    const char *theirs[] = {bench->psql, "--version", NULL};
    double a[ROUNDS_MAX], b[ROUNDS_MAX];
    for (guint i = 0; i < ROUNDS_MAX; i++) {
        a[i] = run(mine).seconds;
        b[i] = run(theirs).seconds;
    }
    g_print("\nstart\n");
    print_ratio("--version", median(a, ROUNDS_MAX), "psql --version", median(b, ROUNDS_MAX), 1);
}

static void remove_tree(const char *directory)
{
    const char *argv[] = {"/bin/rm", "-rf", "--", directory, NULL};
    run(argv);
}

static guint setting(const char *name, guint otherwise)
{
    const char *value = g_getenv(name);
    return value != NULL ? (guint)g_ascii_strtoull(value, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bindir = scratch_bindir(&error);
    struct bench bench = {
        .server = scratch_server_start(NULL, &error),
        .winch = argc > 1 ? argv[1] : "./winch",
        .psql = bindir != NULL ? g_build_filename(bindir, "psql", NULL) : NULL,
        .directory = g_dir_make_tmp("winch-bench-XXXXXX", NULL),
        .rounds = MIN(setting("BENCH_ROUNDS", 3), ROUNDS_MAX),
    };
    guint count = setting("BENCH_MIGRATIONS", 1000);
    if (bench.server == NULL || bench.psql == NULL) {
        g_printerr("bench: %s\n", error->message);
        return 1;
    }
    g_unsetenv("WINCH_ENVIRONMENT");
    bench_up(&bench, count);
    bench_delayed(&bench, MIN(count, 200), 10000);
    bench_round_trips(&bench, MIN(count, 200));
    bench_nothing(&bench, 1000, 30);
    bench_nothing(&bench, 5000, 60);
    bench_many(&bench, 10 * count);
    bench_lint(&bench, 1000);
    bench_catalog(&bench, 1000, 1);
    bench_catalog(&bench, 115, 0);
    bench_preview(&bench, MIN(count, 500));
    bench_receipt(&bench, 1000 * count);
    bench_verify(&bench, 100, 60, 20);
    if (count >= 1000) /* minutes: not where somebody wants it short */
        bench_verify(&bench, 370, 230, 180);
    bench_start(&bench);
    remove_tree(bench.directory);
    scratch_server_stop(bench.server);
    g_free(bench.directory);
    g_free(bench.psql);
    return 0;
}
