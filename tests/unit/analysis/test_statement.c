/* Kinds and verbs of single statements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/statement.h"

struct kind_row {
    const char *text;
    enum statement_kind kind;
    const char *reason;
};

static void check_kinds(const struct kind_row *rows, gsize count, enum sql_dialect dialect)
{
    for (gsize i = 0; i < count; i++) {
        struct script_statement statement = {.offset = 0};
        statement_classify(&statement, rows[i].text, strlen(rows[i].text), dialect);
        if (statement.kind != rows[i].kind)
            fail_msg("%s: kind %d, not %d", rows[i].text, statement.kind, rows[i].kind);
        if (g_strcmp0(statement.outside_reason, rows[i].reason) != 0)
            fail_msg("%s: %s", rows[i].text, statement.outside_reason);
    }
}

#define OUTSIDE(text, reason)                                                                      \
    {                                                                                              \
        text, STATEMENT_OUTSIDE, reason                                                            \
    }
#define IS(text, kind)                                                                             \
    {                                                                                              \
        text, STATEMENT_##kind, NULL                                                               \
    }

static void statement__classify__knows_transaction_control(void **state)
{
    static const struct kind_row rows[] = {
        IS("begin", BEGIN),
        IS("BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE", BEGIN),
        IS("start /* x */ transaction", BEGIN),
        IS("start", ORDINARY),
        IS("COMMIT", COMMIT),
        IS("commit work", COMMIT),
        IS("END", COMMIT),
        IS("end transaction and no chain", COMMIT),
        IS("commit nonsense", ORDINARY),
        IS("ROLLBACK", ROLLBACK),
        IS("abort", ROLLBACK),
        IS("rollback and no chain", ROLLBACK),
        IS("COMMIT AND CHAIN", CHAIN),
        IS("rollback work and chain", CHAIN),
        IS("SAVEPOINT a", SAVEPOINT),
        IS("RELEASE a", SAVEPOINT),
        IS("rollback to a", SAVEPOINT),
        IS("ROLLBACK WORK TO SAVEPOINT a", SAVEPOINT),
        IS("PREPARE TRANSACTION 'x'", PREPARED),
        IS("COMMIT PREPARED 'x'", PREPARED),
        IS("rollback prepared 'x'", PREPARED),
        IS("PREPARE p AS SELECT 1", ORDINARY),
        IS("SET TRANSACTION READ ONLY", ORDINARY),
    };
    (void)state;
    check_kinds(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL);
}

static void statement__classify__knows_what_a_transaction_refuses(void **state)
{
    static const struct kind_row rows[] = {
        OUTSIDE("vacuum", "VACUUM"),
        OUTSIDE("VACUUM (FULL) t", "VACUUM"),
        OUTSIDE("create index concurrently i on t(a)", "CREATE INDEX CONCURRENTLY"),
        OUTSIDE("CREATE UNIQUE INDEX -- x\nCONCURRENTLY IF NOT EXISTS i ON t (a)",
                "CREATE INDEX CONCURRENTLY"),
        OUTSIDE("DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY"),
        OUTSIDE("REINDEX INDEX CONCURRENTLY i", "REINDEX CONCURRENTLY"),
        OUTSIDE("REINDEX (VERBOSE, CONCURRENTLY) TABLE t", "REINDEX CONCURRENTLY"),
        OUTSIDE("REINDEX (VERBOSE) TABLE CONCURRENTLY t", "REINDEX CONCURRENTLY"),
        OUTSIDE("REINDEX (CONCURRENTLY OFF) SCHEMA s", "REINDEX SCHEMA"),
        OUTSIDE("REINDEX DATABASE", "REINDEX DATABASE"),
        OUTSIDE("REINDEX (VERBOSE) SYSTEM d", "REINDEX SYSTEM"),
        OUTSIDE("CREATE DATABASE d", "CREATE DATABASE"),
        OUTSIDE("DROP DATABASE IF EXISTS d", "DROP DATABASE"),
        OUTSIDE("CREATE TABLESPACE s LOCATION '/x'", "CREATE TABLESPACE"),
        OUTSIDE("DROP TABLESPACE s", "DROP TABLESPACE"),
        OUTSIDE("ALTER DATABASE \"d x\" SET TABLESPACE s", "ALTER DATABASE SET TABLESPACE"),
        OUTSIDE("ALTER SYSTEM SET x = 1", "ALTER SYSTEM"),
        OUTSIDE("CLUSTER", "CLUSTER without a table"),
        OUTSIDE("CLUSTER VERBOSE", "CLUSTER without a table"),
        OUTSIDE("CLUSTER (VERBOSE)", "CLUSTER without a table"),
        OUTSIDE("CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p", "CREATE SUBSCRIPTION"),
        OUTSIDE("DROP SUBSCRIPTION s", "DROP SUBSCRIPTION"),
        OUTSIDE("ALTER SUBSCRIPTION s REFRESH PUBLICATION", "ALTER SUBSCRIPTION REFRESH"),
        OUTSIDE("ALTER SUBSCRIPTION s ADD PUBLICATION p", "ALTER SUBSCRIPTION with refresh"),
        OUTSIDE("ALTER TABLE IF EXISTS s.t DETACH PARTITION s.p CONCURRENTLY",
                "DETACH PARTITION CONCURRENTLY"),
        OUTSIDE("DISCARD ALL", "DISCARD ALL"),
    };
    (void)state;
    check_kinds(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL);
}

static void statement__classify__knows_what_a_transaction_allows(void **state)
{
    static const struct kind_row rows[] = {
        IS("ALTER TYPE t ADD VALUE 'x'", ORDINARY),
        IS("REFRESH MATERIALIZED VIEW CONCURRENTLY v", ORDINARY),
        IS("CLUSTER t", ORDINARY),
        IS("CLUSTER (VERBOSE) t", ORDINARY),
        IS("REINDEX TABLE t", ORDINARY),
        IS("REINDEX (CONCURRENTLY FALSE) TABLE t", ORDINARY),
        IS("CREATE INDEX \"concurrently\" ON t (a)", ORDINARY),
        IS("CREATE TABLE vacuum (a int)", ORDINARY),
        IS("ALTER TABLE t DETACH PARTITION p", ORDINARY),
        IS("ALTER TABLE t DETACH PARTITION p FINALIZE", ORDINARY),
        IS("ALTER DATABASE d SET x = 1", ORDINARY),
        IS("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (slot_name = x, connect = "
           "false)",
           ORDINARY),
        IS("ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)", ORDINARY),
        IS("ALTER SUBSCRIPTION s DISABLE", ORDINARY),
        IS("DISCARD PLANS", ORDINARY),
        IS("ANALYZE t", ORDINARY),
        IS("\"VACUUM\"", ORDINARY),
        IS("SELEC 2", ORDINARY),
        IS("", ORDINARY),
    };
    (void)state;
    check_kinds(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL);
}

static void statement__classify__knows_copy_call_and_do(void **state)
{
    static const struct kind_row rows[] = {
        IS("COPY t FROM stdin", COPY_IN),
        IS("copy s.\"t\" (a, b) from STDIN with (format csv)", COPY_IN),
        IS("COPY t FROM STDOUT", COPY_IN),
        IS("COPY t TO STDOUT", COPY_OUT),
        IS("COPY (SELECT * FROM stdin) TO STDOUT", COPY_OUT),
        IS("COPY (SELECT * FROM stdin) TO '/f'", ORDINARY),
        IS("COPY t FROM '/f'", ORDINARY),
        IS("COPY t FROM PROGRAM 'x'", ORDINARY),
        IS("CALL p()", CALL),
        IS("DO $$ BEGIN PERFORM 1; END $$", DO),
        IS("DO $$ BEGIN EXECUTE 'COMMIT;'; END $$", DO),
        IS("DO $$ BEGIN -- COMMIT;\n/* ; COMMIT; */ PERFORM commit; END $$", DO),
        IS("DO $$ BEGIN INSERT INTO commit VALUES (1); END $$", DO),
        IS("DO LANGUAGE plpgsql 'BEGIN RAISE NOTICE ''; COMMIT;''; END'", DO),
        OUTSIDE("DO $$ BEGIN COMMIT; END $$", "DO that commits"),
        OUTSIDE("DO $b$ BEGIN LOOP ROLLBACK AND CHAIN; END LOOP; END $b$", "DO that commits"),
        OUTSIDE("do language plpgsql 'begin perform ''x''; commit; end'", "DO that commits"),
        OUTSIDE("DO E'BEGIN IF true THEN COMMIT ; END IF; END'", "DO that commits"),
    };
    (void)state;
    check_kinds(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL);
}

static void statement__classify__knows_sqlite(void **state)
{
    static const struct kind_row rows[] = {
        IS("BEGIN IMMEDIATE", BEGIN),
        IS("COMMIT TRANSACTION x", COMMIT),
        IS("END", COMMIT),
        IS("ROLLBACK", ROLLBACK),
        IS("ROLLBACK TO a", SAVEPOINT),
        IS("ROLLBACK TRANSACTION TO SAVEPOINT a", SAVEPOINT),
        IS("COPY t FROM STDIN", ORDINARY),
        IS("PRAGMA foreign_keys", ORDINARY),
        IS("PRAGMA user_version = 3", ORDINARY),
        OUTSIDE("VACUUM", "VACUUM"),
        OUTSIDE("PRAGMA foreign_keys=OFF", "PRAGMA foreign_keys"),
        OUTSIDE("PRAGMA main.journal_mode(wal)", "PRAGMA journal_mode"),
    };
    (void)state;
    check_kinds(rows, G_N_ELEMENTS(rows), SQL_SQLITE);
}

static void statement__classify__names_it_for_people(void **state)
{
    static const struct {
        const char *text;
        const char *verb;
    } rows[] = {
        {"create table t (a int)", "CREATE TABLE"},
        {"CREATE TEMP TABLE t ()", "CREATE TABLE"},
        {"CREATE UNIQUE INDEX i ON t (a)", "CREATE INDEX"},
        {"CREATE OR REPLACE FUNCTION f() ...", "CREATE FUNCTION"},
        {"CREATE CONSTRAINT TRIGGER t", "CREATE TRIGGER"},
        {"CREATE /* x */ MATERIALIZED VIEW v", "CREATE MATERIALIZED VIEW"},
        {"CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER"},
        {"DROP FOREIGN TABLE t", "DROP FOREIGN TABLE"},
        {"ALTER DEFAULT PRIVILEGES GRANT ...", "ALTER DEFAULT PRIVILEGES"},
        {"ALTER TABLE t ADD a int", "ALTER TABLE"},
        {"ALTER TEXT SEARCH CONFIGURATION c", "ALTER TEXT SEARCH"},
        {"insert into t values (1)", "INSERT"},
        {"with a as (select 1) delete from t", "WITH"},
        {"(SELECT 1) UNION SELECT 2", "SELECT"},
        {"SELECT 1", "SELECT"},
        {"COMMENT ON TABLE t IS 'x'", "COMMENT ON"},
        {"SET search_path = a", "SET"},
        {"SET SESSION AUTHORIZATION x", "SET SESSION AUTHORIZATION"},
        {"REFRESH MATERIALIZED VIEW v", "REFRESH MATERIALIZED VIEW"},
        {"CREATE", "CREATE"},
        {"CREATE OR REPLACE", "CREATE"},
        {"CREATE \"x\"", "CREATE"},
        {"1", "statement"},
        {"'CREATE TABLE'", "statement"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaüüü", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct script_statement statement = {.offset = 0};
        statement_classify(&statement, rows[i].text, strlen(rows[i].text), SQL_POSTGRESQL);
        assert_string_equal(statement.verb, rows[i].verb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statement__classify__knows_transaction_control),
        cmocka_unit_test(statement__classify__knows_what_a_transaction_refuses),
        cmocka_unit_test(statement__classify__knows_what_a_transaction_allows),
        cmocka_unit_test(statement__classify__knows_copy_call_and_do),
        cmocka_unit_test(statement__classify__knows_sqlite),
        cmocka_unit_test(statement__classify__names_it_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
