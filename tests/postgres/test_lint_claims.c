/* What lint says of locks, scans and rewrites, against a server: each statement is run, what it
 * takes is looked at before it is rolled back, and lint has to have said so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>

#include "support/cluster.h"
#include "support/lint_texts.h"

enum seen {
    SEEN_REWRITE = 1 << 0, /* the table has another file */
    SEEN_SCAN = 1 << 1,    /* its rows were read */
    SEEN_BUILD = 1 << 2,   /* an index was built */
};

struct claim {
    const char *rule; /* NULL: the safe way, of which nothing is to be said */
    const char *setup;
    const char *statement;
    const char *table; /* the one that lint speaks of */
    const char *lock;  /* strongest lock on it */
    unsigned seen;
};

#define ROWS                                                                                       \
    "CREATE TABLE t (id bigint NOT NULL, a text, b integer, v varchar(20), n numeric(10,2));"      \
    "INSERT INTO t SELECT g, 'a', g, 'v', g FROM generate_series(1, 100) g;"
#define PARENT                                                                                     \
    "CREATE TABLE p (id bigint PRIMARY KEY); INSERT INTO p SELECT generate_series(1, 100);"
#define CHILD PARENT "CREATE TABLE c (p_id bigint CONSTRAINT c_fk REFERENCES p);"
#define PARTS                                                                                      \
    "CREATE TABLE m (id bigint, at date) PARTITION BY RANGE (at);"                                 \
    "CREATE TABLE m0 PARTITION OF m FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');"             \
    "CREATE TABLE m1 (id bigint, at date);"                                                        \
    "INSERT INTO m1 SELECT g, '2026-01-05' FROM generate_series(1, 100) g;"

#define AEL "AccessExclusiveLock"
#define SRE "ShareRowExclusiveLock"

static const struct claim claims[] = {
    {"require-concurrent-index-creation", ROWS, "CREATE INDEX i ON t (a)", "t", "ShareLock",
     SEEN_SCAN | SEEN_BUILD},
    {"require-concurrent-index-deletion", ROWS "CREATE INDEX i ON t (a);", "DROP INDEX i", "t", AEL,
     0},
    {"require-concurrent-reindex", ROWS "CREATE INDEX i ON t (a);", "REINDEX TABLE t", "t",
     "ShareLock", SEEN_SCAN | SEEN_BUILD},
    {"volatile-default", ROWS, "ALTER TABLE t ADD COLUMN u uuid DEFAULT gen_random_uuid()", "t",
     AEL, SEEN_REWRITE | SEEN_SCAN},
    {NULL, ROWS, "ALTER TABLE t ADD COLUMN u timestamptz DEFAULT now()", "t", AEL, 0},
    {"stored-generated-column", ROWS,
     "ALTER TABLE t ADD COLUMN d bigint GENERATED ALWAYS AS (id * 2) STORED", "t", AEL,
     SEEN_REWRITE | SEEN_SCAN},
    {"auto-increment-column", ROWS, "ALTER TABLE t ADD COLUMN s bigserial", "t", AEL,
     SEEN_REWRITE | SEEN_SCAN},
    {"auto-increment-column", ROWS,
     "ALTER TABLE t ADD COLUMN s bigint GENERATED ALWAYS AS IDENTITY", "t", AEL,
     SEEN_REWRITE | SEEN_SCAN},
    {"set-not-null", ROWS, "ALTER TABLE t ALTER COLUMN a SET NOT NULL", "t", AEL, SEEN_SCAN},
    {NULL,
     ROWS "ALTER TABLE t ADD CONSTRAINT a_set CHECK (a IS NOT NULL) NOT VALID;"
          "ALTER TABLE t VALIDATE CONSTRAINT a_set;",
     "ALTER TABLE t ALTER COLUMN a SET NOT NULL", "t", AEL, 0},
    {"constraint-missing-not-valid", ROWS, "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0)", "t", AEL,
     SEEN_SCAN},
    {NULL, ROWS, "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0) NOT VALID", "t", AEL, 0},
    {"adding-foreign-key-constraint", ROWS PARENT,
     "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES p", "t", SRE, SEEN_SCAN},
    {"adding-foreign-key-constraint", ROWS PARENT,
     "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES p", "p", SRE, SEEN_SCAN},
    {"disallowed-unique-constraint", ROWS, "ALTER TABLE t ADD CONSTRAINT u UNIQUE (id)", "t", AEL,
     SEEN_SCAN | SEEN_BUILD},
    {"disallowed-unique-constraint", ROWS, "ALTER TABLE t ADD PRIMARY KEY (id)", "t", AEL,
     SEEN_SCAN | SEEN_BUILD},
    {NULL, ROWS "CREATE UNIQUE INDEX built ON t (id);",
     "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX built", "t", AEL, 0},
    {"exclusion-constraint",
     "CREATE TABLE t (d int4range); INSERT INTO t SELECT int4range(g, g + 1) "
     "FROM generate_series(1, 100) g;",
     "ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (d WITH &&)", "t", AEL,
     SEEN_SCAN | SEEN_BUILD},
    {"changing-column-type", ROWS, "ALTER TABLE t ALTER COLUMN b TYPE bigint", "t", AEL,
     SEEN_REWRITE | SEEN_SCAN},
    {"changing-column-type", ROWS, "ALTER TABLE t ALTER COLUMN n TYPE numeric(12,4)", "t", AEL,
     SEEN_REWRITE | SEEN_SCAN},
    {NULL, ROWS, "ALTER TABLE t ALTER COLUMN v TYPE varchar(40)", "t", AEL, 0},
    {NULL, ROWS, "ALTER TABLE t ALTER COLUMN v TYPE text", "t", AEL, 0},
    {NULL, ROWS, "ALTER TABLE t ALTER COLUMN n TYPE numeric(12,2)", "t", AEL, 0},
    {"partition-attach", PARTS,
     "ALTER TABLE m ATTACH PARTITION m1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')", "m1",
     AEL, SEEN_SCAN},
    {"partition-detach", PARTS, "ALTER TABLE m DETACH PARTITION m0", "m", AEL, 0},
    {"rewrite-table", ROWS "CREATE INDEX i ON t (id);", "CLUSTER t USING i", "t", AEL,
     SEEN_REWRITE | SEEN_SCAN | SEEN_BUILD},
    {"rewrite-table", ROWS, "ALTER TABLE t SET UNLOGGED", "t", AEL, SEEN_REWRITE | SEEN_SCAN},
    {"domain-constraint",
     "CREATE DOMAIN d AS text; CREATE TABLE t (d d);"
     "INSERT INTO t SELECT 'd' FROM generate_series(1, 100);",
     "ALTER DOMAIN d ADD CONSTRAINT k CHECK (value <> '')", "t", "ShareLock", SEEN_SCAN},
    {"refresh-matview", "CREATE MATERIALIZED VIEW t AS SELECT 1 AS one",
     "REFRESH MATERIALIZED VIEW t", "t", AEL, SEEN_REWRITE},
    {"hidden-parent-lock", PARENT, "CREATE TABLE c (p_id bigint REFERENCES p)", "p", SRE, 0},
    {"hidden-parent-lock", CHILD, "DROP TABLE c", "p", AEL, 0},
    {"hidden-parent-lock", CHILD, "ALTER TABLE c DROP CONSTRAINT c_fk", "p", AEL, 0},
    {"ban-truncate", ROWS, "TRUNCATE t", "t", AEL, SEEN_REWRITE},
    {"ban-drop-table", ROWS, "DROP TABLE t", "t", AEL, 0},
};

/* ---- what the server does ----------------------------------------------------------------------
 */

static PGresult *must(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    return result;
}

static void run(PGconn *connection, const char *sql)
{
    PQclear(must(connection, sql));
}

/* A formatted query's only value, "" for none. */
static char *value(PGconn *connection, const char *format, ...) G_GNUC_PRINTF(2, 3);
static char *value(PGconn *connection, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sql = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    PGresult *result = must(connection, sql);
    char *text = g_strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

/* Whom the server's words are about. */
struct ear {
    const char *table;
    unsigned seen;
};

/* At debug1 it says when it builds an index, also of a table for long values. */
static void hear(void *data, const char *message)
{
    struct ear *ear = data;
    g_autofree char *table = g_strdup_printf("on table \"%s\"", ear->table);
    if (strstr(message, "building index") != NULL && strstr(message, table) != NULL)
        ear->seen |= SEEN_BUILD;
}

/* A dropped relation is in pg_class no more, and its lock is the worst: by number. */
static char *strongest_lock(PGconn *connection, const char *oid)
{
    return value(connection,
                 "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' "
                 "AND relation = %s ORDER BY array_position(ARRAY['AccessShareLock', "
                 "'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', "
                 "'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'], mode) DESC "
                 "LIMIT 1",
                 oid);
}

static unsigned look(PGconn *connection, const char *oid, const char *file)
{
    g_autofree char *file_now =
        value(connection, "SELECT relfilenode FROM pg_class WHERE oid = %s", oid);
    g_autofree char *read =
        value(connection,
              "SELECT 1 FROM pg_stat_xact_user_tables WHERE relid = %s AND seq_tup_read > 0", oid);
    return (*file_now != '\0' && strcmp(file, file_now) != 0 ? SEEN_REWRITE : 0) |
           (*read != '\0' ? SEEN_SCAN : 0);
}

/* What a session read in an earlier transaction may still be counted: it sets up nothing. */
static void check_server(PGconn *connection, const struct claim *claim, GString *problems)
{
    struct ear ear = {claim->table, 0};
    cluster_exec("claims", "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    cluster_exec("claims", claim->setup);
    PQsetNoticeProcessor(connection, hear, &ear);
    run(connection, "SET client_min_messages = debug1; BEGIN");
    g_autofree char *oid = value(connection, "SELECT '%s'::regclass::oid", claim->table);
    g_autofree char *file =
        value(connection, "SELECT relfilenode FROM pg_class WHERE oid = %s", oid);
    run(connection, claim->statement);
    g_autofree char *lock = strongest_lock(connection, oid);
    unsigned seen = ear.seen | look(connection, oid, file);
    run(connection, "ROLLBACK; RESET client_min_messages");
    if (strcmp(lock, claim->lock) != 0)
        g_string_append_printf(problems, "\n%s: takes %s on %s, not %s", claim->statement, lock,
                               claim->table, claim->lock);
    if (seen != claim->seen)
        g_string_append_printf(problems, "\n%s: on %s seen %x, not %x", claim->statement,
                               claim->table, seen, claim->seen);
}

/* ---- what lint says -----------------------------------------------------------------------------
 */

/* "ACCESS EXCLUSIVE" for "AccessExclusiveLock". */
static char *lock_words(const char *mode)
{
    GString *words = g_string_new(NULL);
    gsize length = strlen(mode) - strlen("Lock");
    for (gsize i = 0; i < length; i++) {
        if (i > 0 && g_ascii_isupper(mode[i]))
            g_string_append_c(words, ' ');
        g_string_append_c(words, g_ascii_toupper(mode[i]));
    }
    return g_string_free(words, FALSE);
}

static gboolean says(const struct lint_finding *finding, const struct claim *claim)
{
    g_autofree char *lock = lock_words(claim->lock);
    g_autofree char *table = g_strdup_printf("%s on ", lock);
    return strcmp(finding->rule->name, claim->rule) == 0 &&
           strstr(finding->message, lock) != NULL && strstr(finding->message, claim->table) != NULL;
}

static void check_lint(const struct claim *claim, GString *problems)
{
    const struct lint_texts texts = {
        .before = claim->setup, .up = claim->statement, .down = "SELECT 1"};
    g_autoptr(GArray) findings = lint_texts_check(&texts);
    gboolean is_said = FALSE;
    for (guint i = 0; i < findings->len; i++) {
        const struct lint_finding *finding = &g_array_index(findings, struct lint_finding, i);
        if (claim->rule != NULL)
            is_said |= says(finding, claim);
        else if (strstr(finding->message, "rewrites") != NULL ||
                 strstr(finding->message, "reads") != NULL)
            g_string_append_printf(problems, "\n%s: [%s] %s", claim->statement, finding->rule->name,
                                   finding->message);
    }
    if (claim->rule != NULL && !is_said)
        g_string_append_printf(problems, "\n%s: %s does not say %s on %s", claim->statement,
                               claim->rule, claim->lock, claim->table);
}

static void claims__server__does_what_lint_says(void **state)
{
    g_autofree char *url = cluster_create_database("claims");
    g_autoptr(GString) problems = g_string_new(NULL);
    PGconn *connection = PQconnectdb(url);
    (void)state;
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    run(connection, "SET client_min_messages = warning; SET lock_timeout = '10s'");
    for (gsize i = 0; i < G_N_ELEMENTS(claims); i++)
        check_server(connection, &claims[i], problems);
    PQfinish(connection);
    assert_string_equal(problems->str, "");
}

static void claims__lint__says_what_the_server_does(void **state)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(claims); i++)
        check_lint(&claims[i], problems);
    assert_string_equal(problems->str, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims__server__does_what_lint_says),
        cmocka_unit_test(claims__lint__says_what_the_server_does),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
