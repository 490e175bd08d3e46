/* Recorded schemas: when they are recorded, what differs from them, what would undo it; and what
 * validate finds in the schema itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/drift.h"
#include "engine/engine.h"
#include "support/cluster.h"
#include "support/program.h"

struct drift_test {
    char *folder;
    struct engine_settings *settings;
    struct engine *engine;
    GString *notices; /* a line each */
};

static void take_event(const struct engine_event *event, void *data)
{
    struct drift_test *test = data;
    if (event->kind == ENGINE_NOTICE)
        g_string_append_printf(test->notices, "%s\n", event->text);
}

static void open_engine(struct drift_test *test)
{
    g_autoptr(GError) error = NULL;
    const struct engine_callbacks callbacks = {.on_event = take_event, .data = test};
    g_clear_pointer(&test->engine, engine_close);
    test->engine = engine_open(test->settings, &callbacks, &error);
    if (test->engine == NULL)
        fail_msg("%s", error->message);
}

static int setup(void **state)
{
    struct drift_test *test = g_new0(struct drift_test, 1);
    test->notices = g_string_new(NULL);
    test->folder = workspace_make();
    workspace_put(test->folder, "000001_a.up.sql",
                  "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2) DEFAULT 0, note "
                  "text);\nCREATE INDEX orders_total ON orders (total);\n"
                  "CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1;\n"
                  "END $$;\n");
    workspace_put(test->folder, "000001_a.down.sql", "DROP FUNCTION one(); DROP TABLE orders;\n");
    workspace_put(test->folder, "000002_b.up.sql",
                  "CREATE VIEW big AS SELECT id, total FROM orders WHERE total > 100;\n"
                  "DROP INDEX orders_total;\n");
    workspace_put(test->folder, "000002_b.down.sql", "DROP VIEW big;\n");
    test->settings = engine_settings_new();
    test->settings->url = cluster_create_database("drift");
    test->settings->environment = g_strdup("development");
    test->settings->environment_origin = g_strdup("a test");
    g_free(test->settings->migrations_path);
    test->settings->migrations_path = g_strdup(test->folder);
    open_engine(test);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct drift_test *test = *state;
    g_clear_pointer(&test->engine, engine_close);
    workspace_remove(test->folder);
    g_string_free(test->notices, TRUE);
    engine_settings_free(test->settings);
    g_free(test);
    return 0;
}

static void migrate(struct drift_test *test, struct goal goal)
{
    const struct change_options options = {0};
    struct change_report report;
    g_autoptr(GError) error = NULL;
    if (!engine_migrate(test->engine, &goal, &options, &report, &error))
        fail_msg("%s", error->message);
    change_report_clear(&report);
}

static void up(struct drift_test *test, guint count)
{
    migrate(test, (struct goal){.kind = GOAL_UP, .count = count});
}

static void down(struct drift_test *test)
{
    migrate(test, (struct goal){.kind = GOAL_DOWN, .count = 1});
}

static struct drift *compare(struct drift_test *test, gint64 version, gboolean is_first)
{
    g_autoptr(GError) error = NULL;
    struct drift *drift = engine_drift(test->engine, version, is_first, &error);
    if (drift == NULL)
        fail_msg("%s", error->message);
    return drift;
}

static void assert_kinds(const char *expected)
{
    g_autofree char *kinds = cluster_value(
        "drift", "SELECT string_agg(kind || ' ' || version || CASE WHEN kind IN ('finished',"
                 " 'catalog') AND up_sha256 IS NOT NULL THEN '*' ELSE '' END, ', ' ORDER BY id)"
                 " FROM winch.history");
    assert_string_equal(kinds, expected);
}

static void assert_value(const char *expected, const char *sql)
{
    g_autofree char *value = cluster_value("drift", sql);
    assert_string_equal(value != NULL ? value : "(none)", expected);
}

/* ---- when ------------------------------------------------------------------------------------ */

static void snapshot__run__is_taken_once_at_its_end(void **state)
{
    struct drift_test *test = *state;
    gint64 rows;
    up(test, 0);
    assert_kinds("started 2, up 1, up 2, install 2, finished 2*");
    AUTOPTR(drift) *drift = compare(test, 2, FALSE);
    AUTOPTR(drift) *other = compare(test, 1, FALSE);
    assert_true(drift_is_none(drift));
    assert_null(other->recorded);
    assert_false(drift_is_none(other));
    assert_true(engine_history_verify(test->engine, &rows, NULL));
    assert_value("2 true true",
                 "SELECT version || ' ' || (fingerprint = encode(sha256(convert_to(text, 'UTF8')),"
                 " 'hex')) || ' ' || (text LIKE '%table\tpublic.orders%') FROM winch.catalog");
    up(test, 0);
    assert_value("1", "SELECT count(*) FROM winch.catalog");
}

static void snapshot__each__is_taken_after_every_migration(void **state)
{
    struct drift_test *test = *state;
    test->settings->snapshots = SNAPSHOTS_EACH;
    up(test, 0);
    assert_kinds("started 2, up 1, catalog 1*, up 2, install 2, finished 2*");
    AUTOPTR(drift) *drift = compare(test, 1, FALSE);
    assert_int_equal(catalog_difference_count(drift->differences), 2);
    assert_true(engine_history_verify(test->engine, NULL, NULL));
}

static void snapshot__off__records_none(void **state)
{
    struct drift_test *test = *state;
    test->settings->snapshots = SNAPSHOTS_OFF;
    up(test, 0);
    down(test);
    assert_value("0", "SELECT count(*) FROM winch.catalog");
}

/* An installation from before the view existed gets it, and records all the same meanwhile. */
static void snapshot__older_installation__needs_nothing_new(void **state)
{
    struct drift_test *test = *state;
    up(test, 1);
    cluster_exec("drift", "DROP VIEW winch.catalog");
    open_engine(test);
    AUTOPTR(drift) *drift = compare(test, 1, FALSE);
    assert_true(drift_is_none(drift));
    up(test, 0);
    assert_value("2", "SELECT count(*) FROM winch.catalog");
}

/* ---- what differs ---------------------------------------------------------------------------- */

static char *text_of(const struct drift *drift)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < drift->differences->len; i++) {
        const struct catalog_difference *difference = drift->differences->pdata[i];
        g_autofree char *line = catalog_difference_text(difference);
        if (!difference->is_implied)
            g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

/* Runs what would undo the differences, but for what is only to be shown. */
static guint repair(const struct drift *drift)
{
    guint left = 0;
    for (guint i = 0; i < drift->differences->len; i++) {
        gboolean is_safe = FALSE;
        g_autofree char *sql = drift_repair(drift, drift->differences->pdata[i], &is_safe);
        if (sql != NULL && is_safe)
            cluster_exec("drift", sql);
        else
            left++;
    }
    return left;
}

/* By hand, one at a time: each is named, and what is said would undo it does. */
static const struct {
    const char *sql, *difference;
} by_hand[] = {
    {"ALTER TABLE orders ALTER total SET DEFAULT 5",
     "changed column public.orders.total: default 0 became 5\n"},
    {"ALTER TABLE orders ALTER total DROP DEFAULT",
     "changed column public.orders.total: default was 0, and is not set now\n"},
    {"ALTER TABLE orders ALTER note SET NOT NULL",
     "changed column public.orders.note: not null is now yes\n"},
    {"ALTER TABLE orders ALTER note SET STATISTICS 7",
     "changed column public.orders.note: statistics target is now 7\n"},
    {"DROP INDEX orders_total", "removed index public.orders_total\n"},
    {"CREATE INDEX rogue ON orders (note)", "added index public.rogue\n"},
    {"ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0)",
     "added constraint c ON public.orders\n"},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey",
     "removed constraint orders_pkey ON public.orders\n"},
    {"COMMENT ON TABLE orders IS 'it''s \\ me'",
     "changed table public.orders: comment is now it's \\ me\n"},
    {"GRANT SELECT, UPDATE ON orders TO pg_monitor",
     "changed table public.orders: grants to pg_monitor is now SELECT, UPDATE\n"},
    {"REVOKE DELETE ON orders FROM postgres",
     "changed table public.orders: grants to postgres is now INSERT, SELECT, UPDATE, TRUNCATE, "
     "REFERENCES, TRIGGER\n"},
    {"ALTER TABLE orders OWNER TO pg_monitor",
     "changed table public.orders: owner postgres became pg_monitor\n"},
    {"ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
     "changed table public.orders: row level security is now yes\n"},
    {"CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 2; END'",
     "changed function public.one(): definition, below its first line\n"},
    {"DROP FUNCTION one()", "removed function public.one()\n"},
    {"REVOKE EXECUTE ON FUNCTION one() FROM PUBLIC",
     "changed function public.one(): grants to PUBLIC is now none\n"},
    {"CREATE VIEW v AS SELECT 1 AS one", "added view public.v\n"},
};

static void drift__by_hand__is_named_and_undone(void **state)
{
    struct drift_test *test = *state;
    up(test, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(by_hand); i++) {
        cluster_exec("drift", by_hand[i].sql);
        AUTOPTR(drift) *drift = compare(test, 1, FALSE);
        g_autofree char *text = text_of(drift);
        assert_string_equal(text, by_hand[i].difference);
        repair(drift);
        AUTOPTR(drift) *mended = compare(test, 1, FALSE);
        if (!drift_is_none(mended)) {
            g_autofree char *rest = text_of(mended);
            fail_msg("%s: left %s", by_hand[i].sql, rest);
        }
    }
}

/* What destroys, rewrites or may fail is shown and marked. */
static void drift__repair__marks_what_may_hurt(void **state)
{
    struct drift_test *test = *state;
    up(test, 1);
    cluster_exec("drift", "CREATE TABLE rogue (x int); ALTER TABLE orders ADD extra int;"
                          "ALTER TABLE orders DROP note; ALTER TABLE orders ALTER total TYPE int;"
                          "ALTER TABLE orders ALTER total SET DEFAULT 0");
    AUTOPTR(drift) *drift = compare(test, 1, FALSE);
    guint all = drift->differences->len;
    assert_true(all >= 4);
    assert_int_equal(repair(drift), all);
}

static void drift__origin__is_only_what_is_known(void **state)
{
    struct drift_test *test = *state;
    up(test, 1);
    cluster_exec("drift", "CREATE INDEX rogue ON orders (note)");
    g_autofree char *xid =
        cluster_value("drift", "SELECT xmin FROM pg_class WHERE relname = 'rogue'");
    g_autofree char *expected = g_strdup_printf("last written by transaction %s", xid);
    AUTOPTR(drift) *drift = compare(test, 1, FALSE);
    g_autofree char *origin = drift_origin_text(drift, 0);
    assert_string_equal(origin, expected);
    cluster_exec("drift", "DROP INDEX rogue; DROP INDEX orders_total");
    AUTOPTR(drift) *gone = compare(test, 1, FALSE);
    assert_null(drift_origin_text(gone, 0));
}

/* The text is kept append-only, but its owner can do anything. */
static void drift__recorded_text__is_not_believed_when_it_was_changed(void **state)
{
    struct drift_test *test = *state;
    g_autoptr(GError) error = NULL;
    up(test, 1);
    cluster_exec("drift", "CREATE TABLE rogue (x int);"
                          "ALTER TABLE winch.files DISABLE TRIGGER winch_refuse;"
                          "UPDATE winch.files SET content = 'winch catalog 1' || E'\\\\012'::bytea"
                          " WHERE sha256 = (SELECT fingerprint FROM winch.catalog)");
    assert_null(engine_drift(test->engine, 1, FALSE, &error));
    assert_non_null(strstr(error->message, "is not what history says it was"));
}

static void drift__rollback__tells_what_is_not_as_it_was(void **state)
{
    struct drift_test *test = *state;
    up(test, 1);
    up(test, 1);
    g_string_truncate(test->notices, 0);
    down(test);
    assert_non_null(strstr(test->notices->str,
                           "the schema is not what it was when version 000001 was reached:\n"
                           "  removed index public.orders_total\n"));
    assert_kinds("started 1, up 1, finished 1*, started 2, up 2, finished 2*, started 1, catalog "
                 "2*, down 2, finished 1*");
    AUTOPTR(drift) *newest = compare(test, 1, FALSE);
    AUTOPTR(drift) *first = compare(test, 1, TRUE);
    assert_true(drift_is_none(newest));
    assert_int_equal(first->differences->len, 1);
    g_string_truncate(test->notices, 0);
    cluster_exec("drift", "CREATE INDEX orders_total ON orders (total)");
    up(test, 1);
    assert_non_null(strstr(test->notices->str,
                           "the schema is not what it was when version 000001 was recorded:\n"
                           "  added index public.orders_total\n"));
    g_string_truncate(test->notices, 0);
    workspace_put(test->folder, "000002_b.down.sql",
                  "DROP VIEW big; CREATE INDEX orders_total ON orders (total);\n");
    assert_true(engine_reload(test->engine, NULL));
    down(test);
    assert_null(strstr(test->notices->str, "the schema is not what it was"));
}

/* ---- validate -------------------------------------------------------------------------------- */

/* "check: message" a line, notices in parentheses. */
static char *findings_of(struct drift_test *test)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) findings = engine_validate(test->engine, &error);
    if (findings == NULL)
        fail_msg("%s", error->message);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        g_string_append_printf(text, finding->is_notice ? "(%s: %s)\n" : "%s: %s\n", finding->check,
                               finding->message);
    }
    return g_string_free(text, FALSE);
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void validate__schema__finds_what_is_wrong(void **state)
{
    struct drift_test *test = *state;
    test->settings->checks_schema = FALSE;
    up(test, 1);
    g_autofree char *before = findings_of(test);
    assert_string_equal(before, "");
    cluster_exec("drift",
                 "CREATE TABLE lines (id int PRIMARY KEY, of bigint REFERENCES orders, other "
                 "bigint CONSTRAINT indexed REFERENCES orders, rest int);"
                 "CREATE INDEX ON lines (other, rest); CREATE INDEX twice ON orders (total);"
                 "ALTER TABLE orders ADD CONSTRAINT unchecked CHECK (total > 0) NOT VALID;"
                 "CREATE DOMAIN amount AS int; ALTER DOMAIN amount ADD CONSTRAINT odd CHECK (VALUE "
                 "> 0) NOT VALID;"
                 "CREATE INDEX broken ON orders (note);"
                 "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;"
                 "CREATE TABLE passing (x int);"
                 "CREATE FUNCTION gone() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM "
                 "passing'; CREATE SCHEMA apart; CREATE TABLE apart.here (x int);"
                 "CREATE FUNCTION good() RETURNS bigint LANGUAGE sql SET search_path = apart AS "
                 "'SELECT count(*) FROM here';"
                 "DROP TABLE passing");
    g_autofree char *all = findings_of(test);
    assert_says(all, "\nconstraint: constraint unchecked on public.orders is not validated");
    assert_says(all, "constraint: constraint odd on public.amount is not validated");
    assert_says(all, "\nindex: index public.broken on public.orders is invalid");
    assert_says(all, "(duplicate-index: index public.twice on public.orders does what "
                     "public.orders_total does as well)");
    assert_says(all, "(foreign-key: foreign key lines_of_fkey on public.lines has no index");
    assert_says(all, "(function: public.gone() does not hold");
    assert_null(strstr(all, "indexed"));
    assert_null(strstr(all, "good()"));
    test->settings->checks_constraints = test->settings->checks_indexes = FALSE;
    test->settings->checks_foreign_keys = FALSE;
    g_autofree char *less = findings_of(test);
    assert_null(strchr(strchr(less, '\n') + 1, '\n'));
}

static void validate__drift__is_found(void **state)
{
    struct drift_test *test = *state;
    up(test, 1);
    cluster_exec("drift", "ALTER TABLE orders ALTER total SET DEFAULT 9");
    g_autofree char *found = findings_of(test);
    assert_string_equal(found, "schema: changed column public.orders.total: default 0 became 9\n");
    cluster_exec("drift", "ALTER TABLE orders ALTER total SET DEFAULT 0;"
                          "ALTER TABLE orders DROP note; ALTER TABLE orders ADD note text");
    g_autofree char *same = findings_of(test);
    assert_string_equal(same, "");
    cluster_exec("drift", "ALTER TABLE orders DROP total; ALTER TABLE orders ADD total "
                          "numeric(10,2) DEFAULT 0; CREATE INDEX orders_total ON orders (total)");
    g_autofree char *order = findings_of(test);
    assert_string_equal(order, "(schema: order of columns in table public.orders: id, total, note "
                               "became id, note, total)\n");
}

/* What a fresh installation left behind is in the record of it. */
static void validate__installation__is_recorded_with_what_was_found(void **state)
{
    struct drift_test *test = *state;
    workspace_put(test->folder, "000002_b.up.sql",
                  "ALTER TABLE orders ADD CONSTRAINT late CHECK (total > 0) NOT VALID;\n");
    assert_true(engine_reload(test->engine, NULL));
    up(test, 0);
    assert_says(test->notices->str, "constraint late on public.orders is not validated");
    assert_value("t", "SELECT message LIKE '%late on public.orders is not validated%' FROM"
                      " winch.history WHERE kind = 'install'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(snapshot__run__is_taken_once_at_its_end),
        TEST(snapshot__each__is_taken_after_every_migration),
        TEST(snapshot__off__records_none),
        TEST(snapshot__older_installation__needs_nothing_new),
        TEST(drift__by_hand__is_named_and_undone),
        TEST(drift__repair__marks_what_may_hurt),
        TEST(drift__origin__is_only_what_is_known),
        TEST(drift__recorded_text__is_not_believed_when_it_was_changed),
        TEST(drift__rollback__tells_what_is_not_as_it_was),
        TEST(validate__schema__finds_what_is_wrong),
        TEST(validate__drift__is_found),
        TEST(validate__installation__is_recorded_with_what_was_found),
    };
    return cmocka_run_group_tests_name("drift", tests, cluster_setup, cluster_teardown);
}
