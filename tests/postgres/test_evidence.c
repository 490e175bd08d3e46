/* Evidence: what a statement did is seen while it can still be taken back. */
#include "postgres/run_support.h"

#include <string.h>

#include "support/cluster.h"

#define T PROTOCOL_TRANSACTION

/* What was heard of one rehearsal, of struct evidence *. */
static GPtrArray *heard;

static void take_event(const struct run_event *event, void *data)
{
    (void)data;
    if (event->kind == RUN_EVENT_EVIDENCE)
        g_ptr_array_add(heard, evidence_ref(event->evidence));
}

static int setup(void **state)
{
    heard = g_ptr_array_new_with_free_func((GDestroyNotify)evidence_unref);
    int outcome = run_test_setup(state);
    cluster_exec("run", "CREATE TABLE parent (id int PRIMARY KEY, note text);"
                        "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);"
                        "INSERT INTO parent SELECT g, 'x' FROM generate_series(1, 2000) g;"
                        "INSERT INTO child SELECT g, g FROM generate_series(1, 2000) g");
    return outcome;
}

static int teardown(void **state)
{
    g_ptr_array_unref(heard);
    return run_test_teardown(state);
}

static void measure(struct run_test *test, struct job *job)
{
    job->job.measures = TRUE;
    job->job.on_event = take_event;
    g_clear_error(&test->error);
    if (!database_rehearse(test->database, &job->job, &test->result, &test->error))
        fail_msg("%s", test->error->message);
}

/* Rehearses one job in a transaction of its own. */
static void measure_alone(struct run_test *test, struct job *job)
{
    assert_true(database_rehearsal_begin(test->database, 1000, NULL));
    measure(test, job);
    database_rehearsal_end(test->database);
    assert_int_equal(heard->len, job->job.statement_count + 1);
}

static const struct evidence *of(guint statement)
{
    const struct evidence *evidence = heard->pdata[statement];
    assert_int_equal(evidence->statement, statement);
    assert_true(evidence->elapsed_us >= 0);
    return evidence;
}

static gboolean has_lock(const struct evidence *evidence, const char *name, enum lock_mode mode)
{
    for (guint i = 0; i < evidence->lock_count; i++)
        if (strcmp(evidence->locks[i].relation.name, name) == 0 && evidence->locks[i].mode == mode)
            return TRUE;
    return FALSE;
}

static const struct evidence_scan *scan_of(const struct evidence *evidence, const char *name)
{
    for (guint i = 0; i < evidence->scan_count; i++)
        if (strcmp(evidence->scans[i].relation.name, name) == 0)
            return &evidence->scans[i];
    return NULL;
}

static const struct evidence_rewrite *rewrite_of(const struct evidence *evidence, const char *name)
{
    for (guint i = 0; i < evidence->rewrite_count; i++)
        if (strcmp(evidence->rewrites[i].relation.name, name) == 0)
            return &evidence->rewrites[i];
    return NULL;
}

static gboolean is_said(const struct evidence *evidence, const char *text)
{
    for (guint i = 0; i < evidence->said_count; i++)
        if (strcmp(evidence->said[i], text) == 0)
            return TRUE;
    return FALSE;
}

static void evidence__set_not_null__scans_under_access_exclusive(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "ALTER TABLE child ALTER COLUMN parent SET NOT NULL");
    measure_alone(test, job);
    const struct evidence *evidence = of(0);
    const struct evidence_scan *scan = scan_of(evidence, "public.child");
    assert_true(has_lock(evidence, "public.child", LOCK_MODE_ACCESS_EXCLUSIVE));
    assert_string_equal(evidence_strongest(evidence)->relation.name, "public.child");
    assert_non_null(scan);
    assert_int_equal(scan->rows, 2000);
    assert_int_equal(scan->held, LOCK_MODE_ACCESS_EXCLUSIVE);
    assert_int_equal(evidence->rewrite_count, 0);
    assert_true(is_said(evidence, "verifying table \"child\""));
    assert_string_equal(evidence->tag, "ALTER TABLE");
    assert_true(evidence->wal_bytes > 0);
}

static void evidence__safe_not_null__scans_under_a_weaker_lock(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *first = JOB(test, T,
                              "ALTER TABLE child ADD CONSTRAINT c CHECK (parent IS NOT NULL) NOT "
                              "VALID");
    AUTOPTR(job) *second = JOB(test, T, "ALTER TABLE child VALIDATE CONSTRAINT c");
    AUTOPTR(job) *third = JOB(test, T, "ALTER TABLE child ALTER COLUMN parent SET NOT NULL");
    struct job *const jobs[] = {first, second, third};
    for (guint i = 0; i < 3; i++) {
        assert_true(database_rehearsal_begin(test->database, 1000, NULL));
        measure(test, jobs[i]);
        assert_true(database_rehearsal_keep(test->database, NULL));
    }
    const struct evidence *added = heard->pdata[0], *validated = heard->pdata[2],
                          *set = heard->pdata[4];
    assert_true(has_lock(added, "public.child", LOCK_MODE_ACCESS_EXCLUSIVE));
    assert_null(scan_of(added, "public.child"));
    assert_int_equal(scan_of(validated, "public.child")->rows, 2000);
    assert_int_equal(scan_of(validated, "public.child")->held, LOCK_MODE_SHARE_UPDATE_EXCLUSIVE);
    assert_true(has_lock(set, "public.child", LOCK_MODE_ACCESS_EXCLUSIVE));
    assert_null(scan_of(set, "public.child"));
    assert_int_equal(set->said_count, 1);
    assert_value("t", "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'child'::regclass AND "
                      "attname = 'parent'");
}

static void evidence__dropped_child__names_it_and_the_parent(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "DROP TABLE child");
    measure_alone(test, job);
    assert_true(has_lock(of(0), "public.child", LOCK_MODE_ACCESS_EXCLUSIVE));
    assert_true(has_lock(of(0), "public.parent", LOCK_MODE_ACCESS_EXCLUSIVE));
    assert_true(has_lock(of(0), "public.child_pkey", LOCK_MODE_ACCESS_EXCLUSIVE));
}

static void evidence__volatile_default__rewrites_table_and_indexes(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "ALTER TABLE child ADD COLUMN r float8 DEFAULT random()",
                            "ALTER TABLE parent ALTER COLUMN note TYPE varchar");
    measure_alone(test, job);
    assert_int_equal(rewrite_of(of(0), "public.child")->held, LOCK_MODE_ACCESS_EXCLUSIVE);
    assert_int_equal(rewrite_of(of(0), "public.child_pkey")->relation.kind, 'i');
    assert_true(is_said(of(0), "rewriting table \"child\""));
    assert_true(of(0)->wal_bytes > 50000);
    assert_int_equal(of(1)->rewrite_count, 0);
}

static void evidence__foreign_key__locks_both_and_scans(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "ALTER TABLE child DROP CONSTRAINT child_parent_fkey");
    AUTOPTR(job) *job = JOB(test, T,
                            "ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (parent) "
                            "REFERENCES parent");
    measure_alone(test, job);
    assert_true(has_lock(of(0), "public.child", LOCK_MODE_SHARE_ROW_EXCLUSIVE));
    assert_true(has_lock(of(0), "public.parent", LOCK_MODE_SHARE_ROW_EXCLUSIVE));
    assert_int_equal(scan_of(of(0), "public.child")->rows, 2000);
}

static void evidence__new_table__is_nobody_elses(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *job = JOB(test, T, "CREATE TABLE fresh (id int)",
                            "ALTER TABLE fresh ADD COLUMN n serial", "DROP TABLE fresh");
    measure_alone(test, job);
    for (guint i = 0; i < 3; i++) {
        assert_null(evidence_strongest(of(i)));
        for (guint j = 0; j < of(i)->lock_count; j++)
            assert_true(of(i)->locks[j].relation.is_new);
    }
}

static void evidence__empty_table__shows_the_scan_without_rows(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE TABLE bare (a int)");
    AUTOPTR(job) *job = JOB(test, T, "ALTER TABLE bare ALTER COLUMN a SET NOT NULL");
    measure_alone(test, job);
    assert_int_equal(scan_of(of(0), "public.bare")->scans, 1);
    assert_int_equal(scan_of(of(0), "public.bare")->rows, 0);
}

static void evidence__rows_and_sequences__are_counted(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "CREATE TABLE logged (id serial, a int)");
    AUTOPTR(job) *job =
        JOB(test, T, "INSERT INTO logged (a) SELECT g FROM generate_series(1, 7) g",
            "DO $$BEGIN RAISE NOTICE 'hello'; RAISE DEBUG 'rewriting table \"no\"'; END$$");
    measure_alone(test, job);
    assert_int_equal(of(0)->rows, 7);
    assert_true(has_lock(of(0), "public.logged_id_seq", LOCK_MODE_ROW_EXCLUSIVE));
    assert_int_equal(of(1)->rows, -1);
    assert_int_equal(of(1)->rewrite_count, 0);
}

/* The file does all it can to be in the way. */
static void evidence__hostile_session__is_measured_the_same(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "DROP ROLE IF EXISTS meek; CREATE ROLE meek; GRANT ALL ON SCHEMA public TO "
                        "meek; ALTER TABLE child OWNER TO meek;"
                        "CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO meek;"
                        "CREATE FUNCTION evil.no(oid, oid) RETURNS bool LANGUAGE sql AS 'SELECT "
                        "false'; CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = "
                        "evil.no); CREATE VIEW evil.pg_locks AS SELECT 1 AS pid");
    AUTOPTR(job) *job =
        JOB(test, T, "SET search_path = evil, pg_catalog, public", "SET ROLE meek",
            "SET client_min_messages = error", "ALTER TABLE public.child ALTER parent SET NOT NULL",
            "RESET ALL", "ALTER TABLE public.child ALTER parent DROP NOT NULL");
    measure_alone(test, job);
    assert_true(has_lock(of(3), "public.child", LOCK_MODE_ACCESS_EXCLUSIVE));
    assert_int_equal(scan_of(of(3), "public.child")->rows, 2000);
    assert_int_equal(of(3)->said_count, 0);
    cluster_exec("run", "DROP OWNED BY meek; DROP ROLE meek");
}

static void evidence__deferred_check__is_of_the_commit(void **state)
{
    struct run_test *test = *state;
    cluster_exec("run", "ALTER TABLE child ALTER CONSTRAINT child_parent_fkey DEFERRABLE INITIALLY "
                        "DEFERRED");
    AUTOPTR(job) *job = JOB(test, T, "INSERT INTO child VALUES (5000, 5)");
    measure_alone(test, job);
    assert_string_equal(of(1)->tag, "");
    assert_true(has_lock(of(1), "public.parent", LOCK_MODE_ROW_SHARE));
}

static void evidence__settings_left_behind__reach_no_other_file(void **state)
{
    struct run_test *test = *state;
    AUTOPTR(job) *first = JOB(test, T, "SET work_mem = '64kB'");
    AUTOPTR(job) *second =
        JOB(test, T,
            "DO $$BEGIN IF current_setting('work_mem') = '64kB' OR "
            "current_setting('lock_timeout') <> '1s' THEN RAISE EXCEPTION 'left'; END IF; "
            "END$$");
    assert_true(database_rehearsal_begin(test->database, 1000, NULL));
    measure(test, first);
    measure(test, second);
    database_rehearsal_end(test->database);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(evidence__set_not_null__scans_under_access_exclusive),
        TEST(evidence__safe_not_null__scans_under_a_weaker_lock),
        TEST(evidence__dropped_child__names_it_and_the_parent),
        TEST(evidence__volatile_default__rewrites_table_and_indexes),
        TEST(evidence__foreign_key__locks_both_and_scans),
        TEST(evidence__new_table__is_nobody_elses),
        TEST(evidence__empty_table__shows_the_scan_without_rows),
        TEST(evidence__rows_and_sequences__are_counted),
        TEST(evidence__hostile_session__is_measured_the_same),
        TEST(evidence__deferred_check__is_of_the_commit),
        TEST(evidence__settings_left_behind__reach_no_other_file),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
