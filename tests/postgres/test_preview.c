/* Previews of every level: what they show is what a run does, and they leave nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/gate.h"
#include "engine/preview.h"
#include "support/cluster.h"
#include "support/program.h"

struct preview_test {
    char *folder;
    struct engine_settings *settings;
    struct engine *engine;
    struct preview_options options;
    struct preview *preview;
    GError *error;
    GString *notices;
};

#define DATABASE_NAME "previewed"

static int setup(void **state)
{
    struct preview_test *test = g_new0(struct preview_test, 1);
    test->notices = g_string_new(NULL);
    test->folder = workspace_make();
    test->settings = engine_settings_new();
    test->settings->url = cluster_create_database(DATABASE_NAME);
    test->settings->environment = g_strdup("development");
    g_free(test->settings->migrations_path);
    test->settings->migrations_path = g_strdup(test->folder);
    cluster_exec(DATABASE_NAME,
                 "CREATE TABLE child (id serial PRIMARY KEY, parent int, email text);"
                 "INSERT INTO child (parent, email) SELECT g, g FROM generate_series(1, 5000) g;"
                 "ANALYZE child");
    *state = test;
    return 0;
}

static void forget(struct preview_test *test)
{
    g_clear_pointer(&test->preview, preview_unref);
    g_clear_error(&test->error);
}

static int teardown(void **state)
{
    struct preview_test *test = *state;
    forget(test);
    g_clear_pointer(&test->engine, engine_close);
    workspace_remove(test->folder);
    engine_settings_free(test->settings);
    g_string_free(test->notices, TRUE);
    g_free(test);
    return 0;
}

static void put(const struct preview_test *test, const char *name, const char *sql)
{
    workspace_put(test->folder, name, sql);
}

static void take_event(const struct engine_event *event, void *data)
{
    struct preview_test *test = data;
    if (event->kind == ENGINE_NOTICE)
        g_string_append_printf(test->notices, "%s\n", event->text);
}

static gboolean preview_goal_at(struct preview_test *test, enum preview_level level,
                                const struct goal *goal)
{
    const struct engine_callbacks callbacks = {.on_event = take_event, .data = test};
    forget(test);
    g_clear_pointer(&test->engine, engine_close);
    test->engine = engine_open(test->settings, &callbacks, &test->error);
    if (test->engine == NULL)
        fail_msg("%s", test->error->message);
    test->options.level = level;
    return engine_preview(test->engine, goal, &test->options, &test->preview, &test->error);
}

static gboolean preview_at(struct preview_test *test, enum preview_level level)
{
    return preview_goal_at(test, level, &(const struct goal){.kind = GOAL_UP});
}

#define assert_previewed(test, level)                                                              \
    do {                                                                                           \
        if (!preview_at(test, level))                                                              \
            fail_msg("%s", (test)->error->message);                                                \
    } while (0)

#define assert_says(text, part)                                                                    \
    do {                                                                                           \
        if (strstr(text, part) == NULL)                                                            \
            fail_msg("\"%s\" is not in \"%s\"", part, text);                                       \
    } while (0)

static const struct preview_statement *statement_of(const struct preview_test *test, guint step,
                                                    guint statement)
{
    return preview_statement_at(preview_step_at(test->preview, step), statement);
}

static const struct preview_lock *lock_of(const struct preview_statement *statement)
{
    assert_true(statement->locks->len > 0);
    return &g_array_index(statement->locks, struct preview_lock, 0);
}

static const struct preview_work *work_of(const struct preview_statement *statement)
{
    assert_int_equal(statement->works->len, 1);
    return &g_array_index(statement->works, struct preview_work, 0);
}

static gboolean is_not_covered(const struct preview_test *test, const char *part)
{
    for (guint i = 0; i < test->preview->uncovered->len; i++)
        if (strstr(test->preview->uncovered->pdata[i], part) != NULL)
            return TRUE;
    return FALSE;
}

/* Everything in the database but sequences. */
static char *fingerprint(const struct preview_test *test)
{
    g_autoptr(GError) error = NULL;
    AUTOPTR(database) *database =
        database_open(&(struct database_options){.url = test->settings->url}, &error);
    AUTOPTR(catalog) *catalog = database_catalog_read(database, &error);
    g_autofree char *rows =
        cluster_value(DATABASE_NAME, "SELECT md5(string_agg(c::text, '' ORDER BY c::text)) "
                                     "FROM child c");
    assert_non_null(catalog);
    return g_strconcat(catalog_fingerprint(catalog), " ", rows, NULL);
}

static void assert_no_leftover(void)
{
    g_autofree char *left = cluster_value(
        NULL, "SELECT (SELECT count(*) FROM pg_database WHERE datname ~ '^winch_scratch') + "
              "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')");
    assert_string_equal(left, "0");
}

/* ---- what is shown ----------------------------------------------------------------------------
 */

static void put_unsafe(const struct preview_test *test)
{
    put(test, "000001_unsafe.up.sql", "ALTER TABLE child ALTER COLUMN email SET NOT NULL;");
}

static void put_safe(const struct preview_test *test)
{
    put(test, "000001_add.up.sql",
        "ALTER TABLE child ADD CONSTRAINT there CHECK (email IS NOT NULL) NOT VALID;");
    put(test, "000002_validate.up.sql", "ALTER TABLE child VALIDATE CONSTRAINT there;");
    put(test, "000003_set.up.sql", "ALTER TABLE child ALTER COLUMN email SET NOT NULL;");
}

static void assert_unsafe(const struct preview_test *test)
{
    const struct preview_statement *statement = statement_of(test, 0, 0);
    assert_int_equal(lock_of(statement)->mode, LOCK_MODE_ACCESS_EXCLUSIVE);
    assert_string_equal(lock_of(statement)->relation, "public.child");
    assert_int_equal(work_of(statement)->kind, PREVIEW_SCANS);
    assert_int_equal(work_of(statement)->held, LOCK_MODE_ACCESS_EXCLUSIVE);
    assert_int_equal(work_of(statement)->rows, 5000);
    assert_true(work_of(statement)->bytes > 100000);
    assert_int_equal(statement->risk, PREVIEW_BLOCKS_ALL);
    assert_says(statement->verdict,
                "reads and writes of public.child wait while every row is read");
}

/* What follows a lock that is held for a moment says nothing of it. */
static void preview__verdict__tells_of_locks_that_are_held_long(void **state)
{
    struct preview_test *test = *state;
    put(test, "000001_brief.up.sql",
        "ALTER TABLE child ADD COLUMN later int; CREATE TABLE side (i int);"
        "INSERT INTO side VALUES (1); SELECT count(*) FROM child; SELECT pg_sleep(0.3);");
    put(test, "000002_long.up.sql",
        "ALTER TABLE child ALTER COLUMN email SET NOT NULL; INSERT INTO side VALUES (2);");
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    assert_string_equal(statement_of(test, 0, 1)->verdict, "");
    assert_string_equal(statement_of(test, 0, 2)->verdict, "");
    assert_says(statement_of(test, 0, 4)->verdict, "waits on");
    assert_says(statement_of(test, 1, 1)->verdict, "waits on");
}

/* A partitioned table has no file of its own. */
static void preview__partitioned_table__is_as_large_as_its_partitions(void **state)
{
    struct preview_test *test = *state;
    cluster_exec(DATABASE_NAME,
                 "CREATE TABLE parted (id int, note text) PARTITION BY RANGE (id);"
                 "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10000);"
                 "INSERT INTO parted SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g;"
                 "ANALYZE parted");
    put(test, "000001_check.up.sql", "ALTER TABLE parted ADD CONSTRAINT small CHECK (id < 10000);");
    assert_previewed(test, PREVIEW_LEVEL_CATALOG);
    const struct preview_work *work = work_of(statement_of(test, 0, 0));
    assert_int_equal(work->kind, PREVIEW_SCANS);
    assert_string_equal(work->relation, "public.parted");
    assert_true(work->bytes > 500000);
    assert_int_equal(work->rows, 5000);
    assert_true(statement_of(test, 0, 0)->estimated_us > 0);
}

static void preview__set_not_null__scans_under_access_exclusive(void **state)
{
    struct preview_test *test = *state;
    put_unsafe(test);
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_unsafe(test);
    assert_int_equal(test->preview->outcome, PREVIEW_RUNS);
    assert_true(test->preview->exclusive_us > 0);
    assert_int_equal(statement_of(test, 0, 0)->estimated_us, -1);
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    assert_unsafe(test);
    assert_true(statement_of(test, 0, 0)->estimated_us > 0);
    assert_says(statement_of(test, 0, 0)->estimate_why, "assumed");
    assert_true(is_not_covered(test, "no rows"));
    assert_int_equal(preview_step_at(test->preview, 0)->differences->len, 1);
    assert_int_equal(test->preview->differences->len, 1);
}

static void preview__safe_not_null__scans_while_others_go_on(void **state)
{
    struct preview_test *test = *state;
    put_safe(test);
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    assert_int_equal(test->preview->risk, PREVIEW_BRIEF);
    assert_int_equal(statement_of(test, 0, 0)->works->len, 0);
    assert_int_equal(work_of(statement_of(test, 1, 0))->held, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
    assert_int_equal(statement_of(test, 1, 0)->risk, PREVIEW_HARMLESS);
    assert_int_equal(statement_of(test, 2, 0)->works->len, 0);
    assert_int_equal(lock_of(statement_of(test, 2, 0))->mode, LOCK_MODE_ACCESS_EXCLUSIVE);
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_int_equal(test->preview->risk, PREVIEW_BRIEF);
    assert_true(statement_of(test, 2, 0)->is_shadowed);
    assert_int_equal(lock_of(statement_of(test, 2, 0))->mode, LOCK_MODE_ACCESS_EXCLUSIVE);
    assert_int_equal(lock_of(statement_of(test, 2, 0))->basis, PREVIEW_PREDICTED);
}

static void preview__catalog__runs_nothing(void **state)
{
    struct preview_test *test = *state;
    g_autofree char *before = fingerprint(test);
    put_unsafe(test);
    put(test, "000002_type.up.sql", "ALTER TABLE child ALTER COLUMN id TYPE bigint;");
    put(test, "000003_apart.up.sql", "CREATE INDEX CONCURRENTLY c ON child (email);");
    put(test, "000004_code.up.sql", "DO $$BEGIN EXECUTE 'SELECT 1'; END$$;");
    assert_previewed(test, PREVIEW_LEVEL_CATALOG);
    const struct preview_statement *statement = statement_of(test, 0, 0);
    assert_int_equal(test->preview->outcome, PREVIEW_READ);
    assert_false(statement->was_run);
    assert_int_equal(statement->basis, PREVIEW_PREDICTED);
    assert_int_equal(lock_of(statement)->mode, LOCK_MODE_ACCESS_EXCLUSIVE);
    assert_int_equal(work_of(statement)->kind, PREVIEW_SCANS);
    assert_true(work_of(statement)->bytes > 100000);
    assert_true(statement->estimated_us > 0);
    assert_int_equal(lock_of(statement_of(test, 2, 0))->mode, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
    assert_false(test->preview->is_recorded);
    g_autofree char *after = fingerprint(test);
    assert_string_equal(before, after);
}

static void preview__apart__runs_on_a_copy_alone(void **state)
{
    struct preview_test *test = *state;
    put(test, "000001_apart.up.sql", "CREATE INDEX CONCURRENTLY child_email ON child (email);");
    put(test, "000002_after.up.sql", "ALTER INDEX child_email RENAME TO child_by_email;");
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    assert_int_equal(test->preview->outcome, PREVIEW_RUNS);
    assert_true(statement_of(test, 0, 0)->was_run);
    assert_true(lock_of(statement_of(test, 1, 0))->is_new);
    assert_false(preview_at(test, PREVIEW_LEVEL_DATABASE));
    assert_int_equal(preview_step_at(test->preview, 0)->outcome, PREVIEW_NOT_TRIED);
    assert_int_equal(preview_step_at(test->preview, 1)->outcome, PREVIEW_FAILS);
    assert_says(error_detail(test->error)->advice, "000001 was not tried before it");
}

static void preview__new_enum_value__is_no_failure(void **state)
{
    struct preview_test *test = *state;
    cluster_exec(DATABASE_NAME, "CREATE TYPE mood AS ENUM ('calm')");
    put(test, "000001_value.up.sql", "ALTER TYPE mood ADD VALUE 'wild';");
    put(test, "000002_use.up.sql", "CREATE TABLE felt (m mood DEFAULT 'wild'::mood);");
    put(test, "000003_next.up.sql", "SELECT 1;");
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_int_equal(test->preview->outcome, PREVIEW_NOT_TRIED);
    assert_int_equal(preview_step_at(test->preview, 1)->outcome, PREVIEW_NOT_TRIED);
    assert_says(preview_step_at(test->preview, 1)->why, "not previewable together");
    assert_int_equal(preview_step_at(test->preview, 2)->outcome, PREVIEW_NOT_REACHED);
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    assert_int_equal(test->preview->outcome, PREVIEW_RUNS);
}

static void preview__failure__is_where_the_run_fails(void **state)
{
    struct preview_test *test = *state;
    g_autofree char *before = fingerprint(test);
    put(test, "000001_fine.up.sql", "DELETE FROM child;");
    put(test, "000002_fails.up.sql", "SELECT 1;\nALTER TABLE nowhere ADD COLUMN a int;");
    for (guint i = 0; i < 2; i++) {
        assert_false(preview_at(test, i == 0 ? PREVIEW_LEVEL_DATABASE : PREVIEW_LEVEL_SCRATCH));
        assert_int_equal(error_detail(test->error)->line, 2);
        assert_int_equal(test->preview->outcome, PREVIEW_FAILS);
        assert_int_equal(preview_step_at(test->preview, 0)->outcome, PREVIEW_RUNS);
        assert_true(statement_of(test, 1, 0)->was_run);
        assert_false(statement_of(test, 1, 1)->was_run);
        assert_says(preview_step_at(test->preview, 1)->why, "nowhere");
    }
    g_autofree char *after = fingerprint(test);
    assert_string_equal(before, after);
}

static void preview__leaks__are_named(void **state)
{
    struct preview_test *test = *state;
    put(test, "000001_leaks.up.sql",
        "INSERT INTO child (parent) VALUES (1);\n"
        "COPY (SELECT 1) TO PROGRAM 'cat >/dev/null';\n");
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_true(is_not_covered(test, "sequence public.child_id_seq"));
    assert_true(is_not_covered(test, "000001_leaks.up.sql line 2: COPY ... PROGRAM"));
    assert_says(test->notices->str, "no rollback undoes this");
    assert_int_equal(statement_of(test, 0, 0)->rows, 1);
}

static void preview__weather__names_who_is_in_the_way(void **state)
{
    struct preview_test *test = *state;
    g_autofree char *url = cluster_url(DATABASE_NAME);
    AUTOPTR(database) *other = database_open(
        &(struct database_options){.url = url, .application_name = "reporting"}, NULL);
    cluster_exec(DATABASE_NAME, "CREATE FUNCTION hold() RETURNS void LANGUAGE plpgsql AS "
                                "'BEGIN LOCK TABLE child IN ACCESS SHARE MODE; END'");
    assert_true(database_rehearsal_begin(other, 1000, NULL));
    const struct run_statement hold = {.text = "SELECT hold()", .length = 13, .verb = "SELECT"};
    const struct run_job job = {.file = "x",
                                .text = "SELECT hold()",
                                .text_length = 13,
                                .statements = &hold,
                                .statement_count = 1};
    struct run_result result;
    assert_true(database_rehearse(other, &job, &result, NULL));
    put_unsafe(test);
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    database_rehearsal_end(other);
    const struct weather *weather = test->preview->weather;
    assert_int_equal(weather->in_the_way, 1);
    const struct weather_session *entry =
        &g_array_index(weather->sessions, struct weather_session, 0);
    assert_string_equal(entry->relation, "public.child");
    assert_int_equal(entry->held, LOCK_MODE_ACCESS_SHARE);
    assert_int_equal(entry->needed, LOCK_MODE_ACCESS_EXCLUSIVE);
}

/* ---- where it runs ----------------------------------------------------------------------------
 */

static void preview__default__is_the_database_in_development_only(void **state)
{
    static const struct {
        const char *environment;
        enum preview_level level;
    } rows[] = {{"development", PREVIEW_LEVEL_DATABASE},
                {"staging", PREVIEW_LEVEL_SCRATCH},
                {NULL, PREVIEW_LEVEL_SCRATCH},
                {"production", PREVIEW_LEVEL_SCRATCH}};
    struct preview_test *test = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_free(test->settings->environment);
        test->settings->environment = g_strdup(rows[i].environment);
        AUTOPTR(engine) *engine = engine_open(test->settings, NULL, &error);
        assert_non_null(engine);
        assert_int_equal(engine_preview_level(engine), rows[i].level);
    }
}

static void use_production(struct preview_test *test)
{
    g_free(test->settings->environment);
    test->settings->environment = g_strdup("production");
}

static void preview__production__keeps_large_tables(void **state)
{
    struct preview_test *test = *state;
    use_production(test);
    put_unsafe(test);
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_says(test->notices->str, "first on a scratch copy");
    test->settings->large_table = 8192;
    assert_false(preview_at(test, PREVIEW_LEVEL_DATABASE));
    assert_true(error_is(test->error, ERROR_REFUSED));
    assert_null(test->preview);
    assert_says(test->error->message, "public.child");
    test->options.allows_large = TRUE;
    assert_false(preview_at(test, PREVIEW_LEVEL_DATABASE));
    assert_says(test->error->message, "needs a reason");
    test->options.reason = "agreed with the owner";
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
}

static void preview__production__asks_for_the_words_of_the_change(void **state)
{
    struct preview_test *test = *state;
    const struct goal down = {.kind = GOAL_DOWN, .count = 1};
    struct change_report report;
    put_unsafe(test);
    workspace_put(test->folder, "000001_unsafe.down.sql",
                  "ALTER TABLE child ALTER COLUMN email DROP NOT NULL;");
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_true(engine_migrate(test->engine, &(struct goal){.kind = GOAL_UP},
                               &(struct change_options){.reason = NULL}, &report, NULL));
    change_report_clear(&report);
    use_production(test);
    assert_false(preview_goal_at(test, PREVIEW_LEVEL_DATABASE, &down));
    assert_says(test->error->message, "needs the words \"" DATABASE_NAME " none\"");
    test->options.confirm = DATABASE_NAME " none";
    assert_true(preview_goal_at(test, PREVIEW_LEVEL_DATABASE, &down));
    test->options.confirm = NULL;
    assert_true(preview_goal_at(test, PREVIEW_LEVEL_SCRATCH, &down));
    assert_int_equal(test->preview->differences->len, 1);
}

static void preview__read_only__runs_on_a_copy_alone(void **state)
{
    struct preview_test *test = *state;
    put_unsafe(test);
    test->settings->is_read_only = TRUE;
    assert_false(preview_at(test, PREVIEW_LEVEL_DATABASE));
    assert_true(error_is(test->error, ERROR_REFUSED));
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    assert_false(test->preview->is_recorded);
}

static void preview__scratch_url__makes_and_drops_a_database(void **state)
{
    struct preview_test *test = *state;
    g_autofree char *url = cluster_url(NULL);
    g_autofree char *before = fingerprint(test);
    put_unsafe(test);
    test->options.scratch_url = url;
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    assert_unsafe(test);
    assert_true(is_not_covered(test, "owners and grants are not copied"));
    g_autofree char *after = fingerprint(test);
    assert_string_equal(before, after);
    g_clear_pointer(&test->engine, engine_close);
    assert_no_leftover();
}

/* Whoever waits for a table holds up those who wait for what it has already. */
static void preview__locked_table__is_not_waited_for(void **state)
{
    struct preview_test *test = *state;
    PGconn *other = PQconnectdb(test->settings->url);
    PQclear(PQexec(other, "BEGIN; LOCK TABLE child"));
    put(test, "000001_add.up.sql", "CREATE TABLE side (i int);");
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    PQfinish(other);
    assert_true(is_not_covered(test, "pg_dump failed"));
}

/* pg_dump is there, and fails. */
static void preview__without_pg_dump__replays_the_files(void **state)
{
    struct preview_test *test = *state;
    static const char *const links[] = {"initdb", "postgres", "psql"};
    struct change_report report;
    g_autofree char *bindir = scratch_bindir(NULL);
    char *fakes = workspace_make();
    for (gsize i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autofree char *from = g_build_filename(bindir, links[i], NULL);
        g_autofree char *to = g_build_filename(fakes, links[i], NULL);
        assert_int_equal(symlink(from, to), 0);
    }
    workspace_put(fakes, "pg_dump", "#!/bin/sh\necho no such luck >&2\nexit 1\n");
    g_autofree char *fake = g_build_filename(fakes, "pg_dump", NULL);
    assert_int_equal(chmod(fake, 0755) + chmod(fakes, 0755), 0);
    cluster_exec(DATABASE_NAME, "DROP TABLE child");
    put(test, "000001_base.up.sql", "CREATE TABLE child (email text);");
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_true(engine_migrate(test->engine, &(struct goal){.kind = GOAL_UP},
                               &(struct change_options){.reason = NULL}, &report, NULL));
    change_report_clear(&report);
    put(test, "000002_unsafe.up.sql", "ALTER TABLE child ALTER COLUMN email SET NOT NULL;");
    g_setenv("WINCH_PG_BINDIR", fakes, TRUE);
    gboolean is_done = preview_at(test, PREVIEW_LEVEL_SCRATCH);
    g_unsetenv("WINCH_PG_BINDIR");
    workspace_remove(fakes);
    if (!is_done)
        fail_msg("%s", test->error->message);
    assert_true(is_not_covered(test, "running the files"));
    assert_true(is_not_covered(test, "no such luck"));
    assert_int_equal(lock_of(statement_of(test, 0, 0))->mode, LOCK_MODE_ACCESS_EXCLUSIVE);
}

/* ---- what is left -----------------------------------------------------------------------------
 */

static void preview__end__leaves_nothing(void **state)
{
    struct preview_test *test = *state;
    g_autofree char *before = fingerprint(test);
    put(test, "000001_much.up.sql",
        "SET search_path = pg_catalog; CREATE TABLE public.a (i int); SET ROLE NONE;"
        "DELETE FROM public.child; PREPARE p AS SELECT 1; SELECT pg_advisory_lock(4711);"
        "CREATE TEMP TABLE t (i int); LISTEN l; DROP TABLE public.child;");
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_previewed(test, PREVIEW_LEVEL_SCRATCH);
    g_autofree char *after = fingerprint(test);
    assert_string_equal(before, after);
    g_clear_pointer(&test->engine, engine_close);
    assert_no_leftover();
}

/* The verdict of the gate's check of it. */
static enum gate_verdict gate_says(struct preview_test *test, struct plan *plan)
{
    const struct goal down = {.kind = GOAL_DOWN, .count = 1};
    struct gate_wish wish = gate_wish_of_plan(plan, &down);
    const struct change_options options = {.reason = NULL};
    AUTOPTR(gate) *gate = engine_gate(test->engine, &wish, &options, NULL);
    assert_non_null(gate);
    return gate_check_find(gate, "preview")->verdict;
}

static void preview__record__is_what_the_gate_asks_for(void **state)
{
    struct preview_test *test = *state;
    const struct goal down = {.kind = GOAL_DOWN, .count = 1};
    struct change_report report;
    put(test, "000001_a.up.sql", "CREATE TABLE a (i int);");
    put(test, "000001_a.down.sql", "DROP TABLE a;");
    assert_previewed(test, PREVIEW_LEVEL_DATABASE);
    assert_false(test->preview->is_recorded); /* there is no history yet, and none is made */
    assert_true(engine_migrate(test->engine, &(struct goal){.kind = GOAL_UP},
                               &(struct change_options){.reason = NULL}, &report, NULL));
    change_report_clear(&report);
    use_production(test);
    assert_true(preview_goal_at(test, PREVIEW_LEVEL_CATALOG, &down));
    assert_int_equal(gate_says(test, test->preview->plan), GATE_FAILED);
    assert_true(preview_goal_at(test, PREVIEW_LEVEL_SCRATCH, &down));
    assert_true(test->preview->is_recorded);
    assert_int_equal(gate_says(test, test->preview->plan), GATE_OK);
    assert_true(engine_history_verify(test->engine, NULL, NULL));
    put(test, "000001_a.down.sql", "DROP TABLE a; SELECT 1 / 0;");
    assert_false(preview_goal_at(test, PREVIEW_LEVEL_SCRATCH, &down));
    assert_true(test->preview->is_recorded);
    assert_int_equal(gate_says(test, test->preview->plan), GATE_FAILED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(preview__verdict__tells_of_locks_that_are_held_long),
        TEST(preview__partitioned_table__is_as_large_as_its_partitions),
        TEST(preview__set_not_null__scans_under_access_exclusive),
        TEST(preview__safe_not_null__scans_while_others_go_on),
        TEST(preview__catalog__runs_nothing),
        TEST(preview__apart__runs_on_a_copy_alone),
        TEST(preview__new_enum_value__is_no_failure),
        TEST(preview__failure__is_where_the_run_fails),
        TEST(preview__leaks__are_named),
        TEST(preview__weather__names_who_is_in_the_way),
        TEST(preview__default__is_the_database_in_development_only),
        TEST(preview__production__keeps_large_tables),
        TEST(preview__production__asks_for_the_words_of_the_change),
        TEST(preview__read_only__runs_on_a_copy_alone),
        TEST(preview__scratch_url__makes_and_drops_a_database),
        TEST(preview__locked_table__is_not_waited_for),
        TEST(preview__without_pg_dump__replays_the_files),
        TEST(preview__end__leaves_nothing),
        TEST(preview__record__is_what_the_gate_asks_for),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
