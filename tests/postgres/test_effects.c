/* What analysis expects of a statement, against what a server is seen to do: locks, rewrites,
 * scans, built indexes, and whether it runs in a transaction. A disagreement is a failure, in
 * either direction. Rules for servers newer than the one at hand are not tested here. */
#include "postgres/run_support.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "analysis/sql_effects.h"
#include "support/cluster.h"

static const char fixture[] =
    "CREATE TABLE parent (id int PRIMARY KEY, note text, n int, price numeric(10,2), code "
    "varchar(20), at timestamp, addr cidr, sure int NOT NULL, proved int CONSTRAINT parent_proved "
    "CHECK (proved IS NOT NULL));"
    "CREATE TABLE child (id int PRIMARY KEY, parent_id int CONSTRAINT child_parent REFERENCES "
    "parent, j int CONSTRAINT child_j CHECK (j >= 0), k int);"
    "CREATE TABLE grandchild (id int, child_id int CONSTRAINT grandchild_child REFERENCES child);"
    "CREATE TABLE alone (id int, a int, b text, c int NOT NULL);"
    "CREATE UNIQUE INDEX alone_id ON alone (id);"
    "CREATE UNIQUE INDEX alone_c ON alone (c);"
    "CREATE INDEX alone_a ON alone (a);"
    "ALTER TABLE alone ADD CONSTRAINT alone_checked CHECK (a >= 0) NOT VALID;"
    "ALTER TABLE child ADD CONSTRAINT child_k FOREIGN KEY (k) REFERENCES alone (id) NOT VALID;"
    "CREATE TABLE fresh (id int, a int GENERATED ALWAYS AS (id * 2) STORED);"
    "CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY, s serial);"
    "CREATE TABLE part (id int, a int) PARTITION BY RANGE (id);"
    "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100000);"
    "CREATE TABLE part_rest PARTITION OF part DEFAULT;"
    "CREATE TABLE loose (id int, a int);"
    "CREATE TABLE bare (id int, a int) PARTITION BY LIST (id);"
    "CREATE TABLE bare_1 PARTITION OF bare FOR VALUES IN (1);"
    "CREATE INDEX bare_a ON ONLY bare (a);"
    "CREATE INDEX bare_1_a ON bare_1 (a);"
    "CREATE TABLE elder (id int);"
    "CREATE TABLE heir () INHERITS (elder);"
    "CREATE TABLE orphan (id int);"
    "CREATE UNLOGGED TABLE light (id int);"
    "CREATE TABLE clustered (id int PRIMARY KEY);"
    "ALTER TABLE clustered CLUSTER ON clustered_pkey;"
    "CREATE VIEW seen AS SELECT id, note FROM parent;"
    "CREATE MATERIALIZED VIEW kept AS SELECT id, n FROM parent;"
    "CREATE UNIQUE INDEX kept_id ON kept (id);"
    "CREATE SEQUENCE counter;"
    "CREATE TYPE mood AS ENUM ('sad', 'glad');"
    "CREATE TYPE pair AS (a int, b int);"
    "CREATE DOMAIN amount AS int;"
    "CREATE TABLE paid (id int, a amount);"
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;"
    "CREATE FUNCTION chance() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';"
    "CREATE TRIGGER touched BEFORE UPDATE ON alone FOR EACH ROW EXECUTE FUNCTION touch();"
    "CREATE POLICY open ON alone USING (true);"
    "CREATE RULE quiet AS ON DELETE TO alone DO INSTEAD NOTHING;"
    "CREATE STATISTICS alone_ab ON id, a FROM alone;"
    "CREATE SCHEMA other;"
    "CREATE TABLE base (id int PRIMARY KEY);"
    "CREATE TABLE leaf (id int CONSTRAINT leaf_base REFERENCES base);"
    "CREATE TABLE of_pair OF pair;"
    "CREATE TABLE like_pair (a int, b int)";

static const char rows_sql[] =
    "INSERT INTO parent SELECT g, 'x', g, 1, 'c', now(), '10.0.0.0/8', 1, 1 FROM "
    "generate_series(1, 500) g;"
    "INSERT INTO child SELECT g, g, g FROM generate_series(1, 500) g;"
    "INSERT INTO grandchild SELECT g, g FROM generate_series(1, 500) g;"
    "INSERT INTO alone SELECT g, g, 'x', g FROM generate_series(1, 500) g;"
    "INSERT INTO fresh SELECT g FROM generate_series(1, 500) g;"
    "INSERT INTO ident SELECT FROM generate_series(1, 500) g;"
    "INSERT INTO part SELECT g, g FROM generate_series(1, 500) g;"
    "INSERT INTO part VALUES (200000, 1);"
    "INSERT INTO loose SELECT g, g FROM generate_series(100001, 100500) g;"
    "INSERT INTO elder SELECT g FROM generate_series(1, 500) g;"
    "INSERT INTO heir SELECT g FROM generate_series(1, 500) g;"
    "INSERT INTO orphan SELECT g FROM generate_series(1, 500) g;"
    "INSERT INTO light SELECT g FROM generate_series(1, 500) g;"
    "INSERT INTO clustered SELECT g FROM generate_series(1, 500) g;"
    "INSERT INTO paid SELECT g, g FROM generate_series(1, 500) g;"
    "INSERT INTO bare SELECT 1, g FROM generate_series(1, 500) g;"
    "REFRESH MATERIALIZED VIEW kept";

/* One statement a row. Each is expected to succeed, but for those refused in a transaction. */
static const char *const statements[] = {
    /* tables */
    "CREATE TABLE t (a int)",
    "CREATE TABLE t (a int REFERENCES parent)",
    "CREATE TABLE t (LIKE parent)",
    "CREATE TABLE t () INHERITS (elder)",
    "CREATE TABLE t PARTITION OF part FOR VALUES FROM (300000) TO (400000)",
    "CREATE TABLE t PARTITION OF bare FOR VALUES IN (2)",
    "CREATE TABLE t AS SELECT * FROM parent",
    "SELECT * INTO t FROM parent",
    "CREATE TEMP TABLE t (a int)",
    "CREATE TABLE t (a int) PARTITION BY RANGE (a)",
    "DROP TABLE alone CASCADE",
    "DROP TABLE grandchild",
    "DROP TABLE child CASCADE",
    "DROP TABLE orphan",
    "DROP TABLE part_1",
    "DROP TABLE part",
    "DROP TABLE parent CASCADE",
    "ALTER TABLE alone RENAME TO single",
    "ALTER TABLE alone SET SCHEMA other",
    "ALTER TABLE alone OWNER TO CURRENT_USER",
    /* columns */
    "ALTER TABLE alone ADD COLUMN x int",
    "ALTER TABLE alone ADD COLUMN x int DEFAULT 1",
    "ALTER TABLE alone ADD COLUMN x int NOT NULL DEFAULT 1",
    "ALTER TABLE alone ADD COLUMN x timestamptz DEFAULT now()",
    "ALTER TABLE alone ADD COLUMN x timestamptz DEFAULT clock_timestamp()",
    "ALTER TABLE alone ADD COLUMN x uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE alone ADD COLUMN x int DEFAULT chance()",
    "ALTER TABLE alone ADD COLUMN x int GENERATED ALWAYS AS (a * 2) STORED",
    "ALTER TABLE alone ADD COLUMN x serial",
    "ALTER TABLE alone ADD COLUMN x int GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE alone ADD COLUMN x int CHECK (x > 0)",
    "ALTER TABLE alone ADD COLUMN x int UNIQUE",
    "ALTER TABLE alone ADD COLUMN x int REFERENCES parent",
    "ALTER TABLE alone ADD COLUMN x mood",
    "ALTER TABLE alone ADD COLUMN x amount",
    "ALTER TABLE part ADD COLUMN x int",
    "ALTER TABLE elder ADD COLUMN x int",
    "ALTER TABLE alone ADD COLUMN IF NOT EXISTS x text DEFAULT NULL",
    "ALTER TABLE alone DROP COLUMN b",
    "ALTER TABLE child DROP COLUMN parent_id",
    "ALTER TABLE child DROP COLUMN j",
    "ALTER TABLE alone DROP COLUMN IF EXISTS nothing",
    "ALTER TABLE alone RENAME COLUMN a TO z",
    "ALTER TABLE part RENAME COLUMN a TO z",
    "ALTER TABLE alone ALTER a SET DEFAULT 5",
    "ALTER TABLE alone ALTER a DROP DEFAULT",
    "ALTER TABLE alone ALTER a SET NOT NULL",
    "ALTER TABLE alone ALTER c SET NOT NULL",
    "ALTER TABLE parent ALTER proved SET NOT NULL",
    "ALTER TABLE alone ALTER c DROP NOT NULL",
    "ALTER TABLE alone ALTER a TYPE bigint",
    "ALTER TABLE alone ALTER b TYPE varchar",
    "ALTER TABLE alone ALTER b TYPE varchar(100)",
    "ALTER TABLE parent ALTER proved TYPE bigint",
    "ALTER TABLE child ALTER k TYPE bigint",
    "ALTER TABLE base ALTER id TYPE bigint",
    "ALTER TABLE child ALTER j TYPE int USING j + 1",
    "ALTER TABLE fresh ALTER a DROP EXPRESSION",
    "ALTER TABLE alone ALTER c ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE ident ALTER id SET GENERATED BY DEFAULT",
    "ALTER TABLE ident ALTER id DROP IDENTITY",
    "ALTER TABLE alone ALTER a SET STATISTICS 100",
    "ALTER TABLE alone ALTER b SET STORAGE EXTERNAL",
    "ALTER TABLE alone ALTER b SET COMPRESSION pglz",
    "ALTER TABLE alone ALTER a SET (n_distinct = 5)",
    "ALTER TABLE alone ALTER a RESET (n_distinct)",
    /* constraints */
    "ALTER TABLE alone ADD CONSTRAINT x CHECK (a > 0)",
    "ALTER TABLE alone ADD CONSTRAINT x CHECK (a > 0) NOT VALID",
    "ALTER TABLE alone ADD CONSTRAINT x UNIQUE (a)",
    "ALTER TABLE alone ADD CONSTRAINT x PRIMARY KEY (c)",
    "ALTER TABLE alone ADD CONSTRAINT x UNIQUE USING INDEX alone_id",
    "ALTER TABLE alone ADD CONSTRAINT x PRIMARY KEY USING INDEX alone_c",
    "ALTER TABLE alone ADD CONSTRAINT x PRIMARY KEY USING INDEX alone_id",
    "ALTER TABLE alone ADD CONSTRAINT x EXCLUDE USING btree (a WITH =)",
    "ALTER TABLE alone ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES parent",
    "ALTER TABLE alone ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES parent NOT VALID",
    "ALTER TABLE alone VALIDATE CONSTRAINT alone_checked",
    "ALTER TABLE child VALIDATE CONSTRAINT child_j",
    "ALTER TABLE child VALIDATE CONSTRAINT child_k",
    "ALTER TABLE child ALTER CONSTRAINT child_parent DEFERRABLE",
    "ALTER TABLE child DROP CONSTRAINT child_j",
    "ALTER TABLE child DROP CONSTRAINT child_parent",
    "ALTER TABLE clustered DROP CONSTRAINT clustered_pkey",
    "ALTER TABLE child DROP CONSTRAINT child_pkey CASCADE",
    "ALTER TABLE child RENAME CONSTRAINT child_j TO z",
    /* the rest of ALTER TABLE */
    "ALTER TABLE alone DISABLE TRIGGER touched",
    "ALTER TABLE alone ENABLE TRIGGER ALL",
    "ALTER TABLE alone DISABLE RULE quiet",
    "ALTER TABLE alone ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE alone FORCE ROW LEVEL SECURITY",
    "ALTER TABLE orphan SET UNLOGGED",
    "ALTER TABLE light SET LOGGED",
    "ALTER TABLE alone SET (fillfactor = 70)",
    "ALTER TABLE alone RESET (fillfactor)",
    "ALTER TABLE alone SET (autovacuum_enabled = false)",
    "ALTER TABLE alone CLUSTER ON alone_id",
    "ALTER TABLE clustered SET WITHOUT CLUSTER",
    "ALTER TABLE alone REPLICA IDENTITY FULL",
    "ALTER TABLE orphan INHERIT elder",
    "ALTER TABLE heir NO INHERIT elder",
    "ALTER TABLE like_pair OF pair",
    "ALTER TABLE of_pair NOT OF",
    "ALTER TABLE part ATTACH PARTITION loose FOR VALUES FROM (100000) TO (200000)",
    "ALTER TABLE part DETACH PARTITION part_1",
    "ALTER TABLE bare DETACH PARTITION bare_1",
    "ALTER TABLE bare DETACH PARTITION bare_1 CONCURRENTLY",
    /* what goes on to partitions and heirs */
    "ALTER TABLE ONLY elder ALTER id SET DEFAULT 1",
    "ALTER TABLE elder ALTER id SET DEFAULT 1",
    "ALTER TABLE elder ALTER id SET NOT NULL",
    "ALTER TABLE elder ALTER id TYPE bigint",
    "ALTER TABLE elder ALTER id SET STATISTICS 5",
    "ALTER TABLE elder ADD CHECK (id > 0)",
    "ALTER TABLE elder ADD UNIQUE (id)",
    "ALTER TABLE elder ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE elder RENAME TO x",
    "ALTER TABLE part ALTER a SET NOT NULL",
    "ALTER TABLE part ADD CHECK (a > 0)",
    "ALTER TABLE part ADD CHECK (a > 0) NOT VALID",
    "ALTER TABLE part ADD PRIMARY KEY (id)",
    "ALTER TABLE part ADD FOREIGN KEY (a) REFERENCES parent",
    "ALTER TABLE part DROP COLUMN a",
    "ALTER TABLE part ENABLE ROW LEVEL SECURITY",
    "CREATE TRIGGER x BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION touch()",
    "DROP TABLE part_rest",
    "DROP TABLE elder CASCADE",
    "DROP TABLE heir",
    /* indexes and statistics */
    "CREATE INDEX x ON alone (b)",
    "CREATE UNIQUE INDEX x ON alone (a) WHERE a > 0",
    "CREATE INDEX x ON part (a)",
    "CREATE INDEX x ON ONLY part (a)",
    "CREATE INDEX CONCURRENTLY x ON alone (b)",
    "DROP INDEX alone_a",
    "DROP INDEX CONCURRENTLY alone_a",
    "ALTER INDEX alone_a RENAME TO z",
    "ALTER INDEX alone_a SET (fillfactor = 70)",
    "ALTER INDEX bare_a ATTACH PARTITION bare_1_a",
    "REINDEX INDEX alone_a",
    "REINDEX TABLE alone",
    "REINDEX TABLE CONCURRENTLY alone",
    "REINDEX (CONCURRENTLY) INDEX alone_a",
    "REINDEX SCHEMA other",
    "CREATE STATISTICS x ON a, c FROM alone",
    "DROP STATISTICS alone_ab",
    /* views, sequences, matviews */
    "CREATE VIEW x AS SELECT * FROM alone",
    "CREATE OR REPLACE VIEW seen AS SELECT id, note FROM parent WHERE n > 0",
    "ALTER VIEW seen ALTER note SET DEFAULT 'x'",
    "ALTER VIEW seen RENAME TO x",
    "DROP VIEW seen",
    "CREATE MATERIALIZED VIEW x AS SELECT * FROM alone",
    "REFRESH MATERIALIZED VIEW kept",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY kept",
    "ALTER MATERIALIZED VIEW kept RENAME TO x",
    "DROP MATERIALIZED VIEW kept",
    "CREATE SEQUENCE x",
    "ALTER SEQUENCE counter INCREMENT 5",
    "ALTER SEQUENCE counter OWNED BY alone.id",
    "ALTER SEQUENCE counter RENAME TO x",
    "DROP SEQUENCE counter",
    /* types and domains */
    "CREATE TYPE x AS ENUM ('a')",
    "ALTER TYPE mood ADD VALUE 'x'",
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'x'",
    "ALTER TYPE mood RENAME TO x",
    "DROP TYPE mood",
    "ALTER TYPE pair ADD ATTRIBUTE c int CASCADE",
    "ALTER TYPE pair RENAME ATTRIBUTE a TO z CASCADE",
    "ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint CASCADE",
    "DROP TYPE pair CASCADE",
    "DROP DOMAIN amount CASCADE",
    "CREATE DOMAIN x AS text CHECK (value <> '')",
    "ALTER DOMAIN amount ADD CONSTRAINT x CHECK (value > 0)",
    "ALTER DOMAIN amount ADD CONSTRAINT x CHECK (value > 0) NOT VALID",
    "ALTER DOMAIN amount SET NOT NULL",
    "ALTER DOMAIN amount SET DEFAULT 1",
    /* code, triggers, policies */
    "CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION chance() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 2'",
    "DROP FUNCTION chance()",
    "DROP FUNCTION touch() CASCADE",
    "CREATE TRIGGER x BEFORE INSERT ON alone FOR EACH ROW EXECUTE FUNCTION touch()",
    "ALTER TRIGGER touched ON alone RENAME TO x",
    "DROP TRIGGER touched ON alone",
    "CREATE RULE x AS ON UPDATE TO alone DO INSTEAD NOTHING",
    "DROP RULE quiet ON alone",
    "CREATE POLICY x ON alone USING (a > 0)",
    "ALTER POLICY open ON alone USING (a > 0)",
    "ALTER POLICY open ON alone RENAME TO x",
    "DROP POLICY open ON alone",
    /* schemas, comments, privileges */
    "CREATE SCHEMA x",
    "DROP SCHEMA other",
    "COMMENT ON TABLE alone IS 'x'",
    "COMMENT ON COLUMN alone.a IS 'x'",
    "COMMENT ON INDEX alone_a IS 'x'",
    "COMMENT ON FUNCTION chance() IS 'x'",
    "COMMENT ON VIEW seen IS 'x'",
    "COMMENT ON CONSTRAINT child_j ON child IS 'x'",
    "COMMENT ON TRIGGER touched ON alone IS 'x'",
    "COMMENT ON SCHEMA other IS 'x'",
    "GRANT SELECT ON alone TO PUBLIC",
    "REVOKE ALL ON alone FROM PUBLIC",
    "GRANT USAGE ON SCHEMA other TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "SET lock_timeout = '1s'",
    "SET CONSTRAINTS ALL IMMEDIATE",
    /* rows */
    "SELECT * FROM alone",
    "SELECT * FROM alone FOR UPDATE",
    "INSERT INTO orphan SELECT id FROM parent",
    "INSERT INTO child (id, parent_id) VALUES (1000, 1)",
    "DELETE FROM parent WHERE id = 1000",
    "UPDATE orphan SET id = n FROM parent WHERE parent.id = orphan.id",
    "DELETE FROM orphan USING parent WHERE parent.id = orphan.id",
    "MERGE INTO orphan USING parent ON orphan.id = parent.id WHEN MATCHED THEN DELETE",
    "TRUNCATE orphan",
    "TRUNCATE child CASCADE",
    "TRUNCATE part",
    "COPY orphan TO '/dev/null'",
    "LOCK TABLE alone IN SHARE MODE",
    "LOCK TABLE elder",
    "CLUSTER clustered",
    "ANALYZE alone",
    /* refused in a transaction */
    "VACUUM alone",
    "VACUUM FULL alone",
    "DISCARD ALL",
    "CREATE DATABASE x",
    "DROP DATABASE x",
    "ALTER SYSTEM SET work_mem = '4MB'",
    "CLUSTER",
};

/* ---- what is expected ------------------------------------------------------------------------ */

struct expectation {
    struct inspection *inspection;
    GHashTable *locks; /* "schema.name" to a lock mode; is_new left out */
    gboolean is_open;  /* more locks than are listed */
    enum sql_answer rewrites, scans, builds_index;
    gboolean is_transactional, reads_rows, is_new;
};

static struct inspection *inspect(const char *sql)
{
    const struct inspection_context context = {SQL_POSTGRESQL, NULL};
    AUTOPTR(script) *script = script_parse(sql, strlen(sql), SQL_POSTGRESQL, FALSE, "t", NULL);
    assert_non_null(script);
    return inspection_new(sql, strlen(sql), script, &context);
}

static void expect_lock(struct expectation *expected, const struct sql_object *relation,
                        enum lock_mode mode)
{
    char *name = g_strdup_printf("%s.%s", relation->schema, relation->name);
    enum lock_mode known = GPOINTER_TO_UINT(g_hash_table_lookup(expected->locks, name));
    g_hash_table_insert(expected->locks, name, GUINT_TO_POINTER(MAX(known, mode)));
}

static void expect_action(struct expectation *expected, const struct sql_action *action,
                          const struct schema *schema)
{
    struct sql_effects effects;
    sql_action_effects(action, 15, schema, &effects);
    assert_true(effects.is_known);
    for (guint i = 0; i < effects.lock_count; i++)
        if (!effects.locks[i].is_new)
            expect_lock(expected, &effects.locks[i].relation, effects.locks[i].mode);
    expected->is_open |= effects.has_more_locks;
    expected->rewrites = MAX(expected->rewrites, effects.rewrites);
    expected->scans = MAX(expected->scans, effects.scans);
    expected->builds_index = MAX(expected->builds_index, effects.builds_index);
    expected->is_transactional &= effects.is_transactional;
    enum sql_effect effect = sql_action_effect(action->kind);
    expected->is_new |= action->kind == SQL_ACTION_CREATE_TABLE;
    expected->reads_rows |= effect == SQL_READS || effect == SQL_WRITES ||
                            action->kind == SQL_ACTION_CREATE_TABLE_AS ||
                            action->kind == SQL_ACTION_CREATE_MATERIALIZED_VIEW;
}

static struct expectation expect(const char *sql, const struct schema *schema)
{
    struct expectation expected = {
        .inspection = inspect(sql),
        .locks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .is_transactional = TRUE,
    };
    const struct inspected_statement *statement = inspection_at(expected.inspection, 0);
    if (!statement->is_analysed)
        fail_msg("%s: %s", sql, statement->not_analysed);
    for (guint i = 0; i < statement->action_count; i++)
        expect_action(&expected, &statement->actions[i], schema);
    return expected;
}

static void expectation_clear(struct expectation *expected)
{
    inspection_free(expected->inspection);
    g_hash_table_unref(expected->locks);
}

/* ---- what is seen ---------------------------------------------------------------------------- */

static struct evidence *seen;

static void take_event(const struct run_event *event, void *data)
{
    (void)data;
    if (event->kind != RUN_EVENT_EVIDENCE || event->evidence->statement != 0)
        return;
    g_clear_pointer(&seen, evidence_unref);
    seen = evidence_ref(event->evidence);
}

static gboolean rehearse(struct run_test *test, const char *sql, GString *failures)
{
    AUTOPTR(job) *job = JOB(test, PROTOCOL_TRANSACTION, sql);
    g_clear_error(&test->error);
    g_clear_pointer(&seen, evidence_unref);
    job->job.measures = TRUE;
    job->job.on_event = take_event;
    assert_true(database_rehearsal_begin(test->database, 1000, NULL));
    gboolean is_done = database_rehearse(test->database, &job->job, &test->result, &test->error);
    database_rehearsal_end(test->database);
    if (!is_done)
        g_string_append_printf(failures, "%s\n    %s\n", sql, test->error->message);
    return is_done && seen != NULL;
}

/* Refused with 25001, before anything happens. */
static void check_refused(const char *sql, GString *failures)
{
    g_autofree char *url = cluster_url("run");
    PGconn *connection = PQconnectdb(url);
    PQclear(PQexec(connection, "BEGIN"));
    PGresult *result = PQexec(connection, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (g_strcmp0(state, "25001") != 0)
        g_string_append_printf(failures, "%s\n    not refused in a transaction (%s)\n", sql,
                               state != NULL ? state : "no error");
    PQclear(result);
    PQfinish(connection);
}

/* ---- compared -------------------------------------------------------------------------------- */

static void disagree(GString *failures, const char *sql, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void disagree(GString *failures, const char *sql, const char *format, ...)
{
    va_list arguments;
    g_string_append_printf(failures, "%s\n    ", sql);
    va_start(arguments, format);
    g_string_append_vprintf(failures, format, arguments);
    va_end(arguments);
    g_string_append_c(failures, '\n');
}

/* Indexes and sequences go with their tables, and are told only where they are named; so is the
 * relation of a composite type. */
static gboolean goes_along(const struct evidence_lock *lock)
{
    return strchr("iIStc", lock->relation.kind) != NULL;
}

/* The strongest lock on each relation that somebody else could know. */
static GHashTable *seen_locks(void)
{
    GHashTable *strongest = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < seen->lock_count; i++) {
        const struct evidence_lock *lock = &seen->locks[i];
        const struct evidence_lock *known = g_hash_table_lookup(strongest, lock->relation.name);
        if (!lock->relation.is_new && (known == NULL || known->mode < lock->mode))
            g_hash_table_insert(strongest, (gpointer)(guintptr)lock->relation.name,
                                (gpointer)(guintptr)lock);
    }
    return strongest;
}

static void compare_lock(const struct expectation *expected, const struct evidence_lock *lock,
                         const char *sql, GString *failures)
{
    const char *name = lock->relation.name;
    enum lock_mode wanted = GPOINTER_TO_UINT(g_hash_table_lookup(expected->locks, name));
    /* what is only looked at or referred to keeps nobody waiting but whoever drops it */
    gboolean is_weak = lock->mode <= LOCK_MODE_ROW_SHARE;
    if (wanted == LOCK_MODE_NONE && (goes_along(lock) || expected->is_open || is_weak))
        return;
    if (wanted != lock->mode)
        disagree(failures, sql, "%s: expected %s, seen %s", name, lock_mode_text(wanted),
                 lock_mode_text(lock->mode));
}

static void compare_locks(const struct expectation *expected, const char *sql, GString *failures)
{
    GHashTableIter iterator;
    gpointer name, value;
    g_autoptr(GHashTable) strongest = seen_locks();
    g_hash_table_iter_init(&iterator, strongest);
    while (g_hash_table_iter_next(&iterator, NULL, &value))
        compare_lock(expected, value, sql, failures);
    g_hash_table_iter_init(&iterator, expected->locks);
    while (g_hash_table_iter_next(&iterator, &name, &value))
        if (!g_hash_table_contains(strongest, name))
            disagree(failures, sql, "%s: expected %s, seen none", (const char *)name,
                     lock_mode_text(GPOINTER_TO_UINT(value)));
}

static gboolean is_said(const char *prefix)
{
    for (guint i = 0; i < seen->said_count; i++)
        if (g_str_has_prefix(seen->said[i], prefix))
            return TRUE;
    return FALSE;
}

static gboolean is_rewritten(void)
{
    for (guint i = 0; i < seen->rewrite_count; i++) {
        char kind = seen->rewrites[i].relation.kind;
        if (!seen->rewrites[i].relation.is_new && (kind == 'r' || kind == 'm'))
            return TRUE;
    }
    return FALSE;
}

static gboolean is_scanned(void)
{
    for (guint i = 0; i < seen->scan_count; i++)
        if (!seen->scans[i].relation.is_new && seen->scans[i].rows > 0)
            return TRUE;
    return FALSE;
}

static void compare_answer(const char *what, enum sql_answer expected, gboolean is_seen,
                           const char *sql, GString *failures)
{
    if (expected == SQL_YES && !is_seen)
        disagree(failures, sql, "%s expected, not seen", what);
    if (expected == SQL_NO && is_seen)
        disagree(failures, sql, "%s seen, not expected", what);
}

static void compare(const struct expectation *expected, const char *sql, GString *failures)
{
    gboolean is_whole = is_rewritten();
    compare_locks(expected, sql, failures);
    compare_answer("rewrite", expected->rewrites, is_whole, sql, failures);
    /* who rewrites reads too, and builds the indexes anew */
    if (!is_whole && !expected->reads_rows)
        compare_answer("scan", expected->scans, is_scanned(), sql, failures);
    if (!is_whole && !expected->reads_rows && !expected->is_new)
        compare_answer("building an index", expected->builds_index, is_said("building index"), sql,
                       failures);
}

static void effects__of_every_statement__are_as_expected(void **state)
{
    struct run_test *test = *state;
    g_autoptr(GString) failures = g_string_new(NULL);
    AUTOPTR(schema) *schema = schema_new();
    AUTOPTR(inspection) *before = inspect(fixture);
    assert_true(inspection_is_complete(before));
    schema_apply(schema, before, 0);
    cluster_exec("run", fixture);
    cluster_exec("run", rows_sql);
    cluster_exec("run", "ANALYZE");
    for (gsize i = 0; i < G_N_ELEMENTS(statements); i++) {
        struct expectation expected = expect(statements[i], schema);
        if (!expected.is_transactional)
            check_refused(statements[i], failures);
        else if (rehearse(test, statements[i], failures))
            compare(&expected, statements[i], failures);
        expectation_clear(&expected);
    }
    g_clear_pointer(&seen, evidence_unref);
    g_clear_error(&test->error);
    fputs(failures->str, stderr);
    assert_int_equal(failures->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(effects__of_every_statement__are_as_expected,
                                        run_test_setup, run_test_teardown),
    };
    if (inspection_parser_version() == 0) {
        puts("1..0 # SKIP this build has no parser");
        return 0;
    }
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
