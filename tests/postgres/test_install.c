/* Installing, also by many at once; the history's chain and its guards; force and drop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database/driver.h"
#include "support/cluster.h"

static struct database *open_or_fail(struct database_options options)
{
    g_autoptr(GError) error = NULL;
    struct database *database = database_open(&options, &error);
    if (database == NULL)
        fail_msg("%s", error->message);
    return database;
}

static struct database *open_installed(const char *url)
{
    g_autoptr(GError) error = NULL;
    struct database *database = open_or_fail((struct database_options){.url = url});
    if (!database_install(database, &error))
        fail_msg("%s", error->message);
    return database;
}

static void assert_value(const char *sql, const char *expected)
{
    g_autofree char *value = cluster_value("app", sql);
    if (g_strcmp0(value, expected) != 0)
        fail_msg("%s: %s, not %s", sql, value, expected);
}

static struct history_record *full_record(void)
{
    struct history_record *record = history_record_new(HISTORY_UP, OUTCOME_FAILED);
    record->run_id = g_strdup("00c0ffee00c0ffee");
    record->plan_id = g_strdup("");
    record->version = 45;
    record->from_version = 44;
    record->to_version = 45;
    record->title = g_strdup("données \xff; DROP 'x' \\");
    record->statement = 3;
    record->statements = 7;
    record->sqlstate = g_strdup("23505");
    record->message = g_strdup("line one\nline two: 12:abc-:");
    record->file = g_strdup("migrations/000045_\xe4.up.sql");
    record->line = 12;
    record->environment = g_strdup("staging");
    record->tool = g_strdup("winch 0.1.0");
    return record;
}

static void verify_or_fail(struct database *database, guint expected)
{
    g_autoptr(GError) error = NULL;
    gint64 rows;
    g_autofree char *head = NULL;
    assert_true(database_history_head(database, &rows, &head, &error));
    g_autoptr(GPtrArray) records = database_history_read(database, 0, &error);
    assert_non_null(records);
    assert_int_equal(records->len, expected);
    if (!history_verify(records, rows, head, &error))
        fail_msg("%s", error->message);
}

static void append_or_fail(struct database *database, struct history_record *record)
{
    g_autoptr(GError) error = NULL;
    if (!database_history_append(database, record, &error))
        fail_msg("%s", error->message);
}

static void install__run__creates_both_and_is_idempotent(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_installed(url);
    AUTOPTR(database) *second = open_installed(url);
    g_autoptr(GError) error = NULL;
    struct version_state version;
    (void)state;
    assert_int_equal(database_history_presence(database), HISTORY_PRESENT);
    assert_int_equal(database_history_presence(second), HISTORY_PRESENT);
    assert_true(database_version_read(database, &version, &error));
    assert_int_equal(version.kind, VERSION_TABLE_WINCH);
    assert_int_equal(version.version, -1);
    assert_value("SELECT count(*) FROM winch.database WHERE layout = 1", "1");
    assert_value("SELECT has_table_privilege('public', 'winch.history', 'SELECT')", "f");
}

static void install__run__keeps_what_golang_migrate_made(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    cluster_exec("app", "CREATE TABLE schema_migrations (version bigint not null primary key, "
                        "dirty boolean not null); INSERT INTO schema_migrations VALUES (9, false)");
    AUTOPTR(database) *database = open_installed(url);
    g_autoptr(GError) error = NULL;
    struct version_state version;
    (void)state;
    assert_true(database_version_read(database, &version, &error));
    assert_int_equal(version.kind, VERSION_TABLE_GOLANG_MIGRATE);
    assert_int_equal(version.version, 9);
    assert_int_equal(database_history_presence(database), HISTORY_PRESENT);
}

static void install__run__does_what_rights_allow(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    struct database_options options = {
        .host = scratch_server_directory(cluster_server()), .name = "app", .user = "clerk"};
    g_autoptr(GError) error = NULL;
    (void)state;
    cluster_exec(NULL, "DROP ROLE IF EXISTS clerk");
    cluster_exec(NULL, "CREATE ROLE clerk LOGIN");
    cluster_exec("app", "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    {
        AUTOPTR(database) *poor = open_or_fail(options);
        assert_false(database_install(poor, &error));
        assert_true(error_is(error, ERROR_FAILED));
        assert_non_null(strstr(error_detail(error)->advice, "GRANT"));
    }
    cluster_exec("app", "GRANT CREATE ON SCHEMA public TO clerk");
    AUTOPTR(database) *database = open_or_fail(options);
    g_clear_error(&error);
    assert_true(database_install(database, &error));
    assert_int_equal(database_history_presence(database), HISTORY_ABSENT);
    AUTOPTR(history_record) *record = full_record();
    append_or_fail(database, record);
    assert_int_equal(record->id, 0);
    assert_value("SELECT to_regclass('public.schema_migrations') IS NOT NULL", "t");
    cluster_exec("app", "DROP TABLE schema_migrations");
    cluster_exec("app", "DROP OWNED BY clerk; DROP ROLE clerk");
}

/* Found out before a migration has run for an hour. */
static void install__run__refuses_a_table_it_may_not_write(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_installed(url);
    struct database_options options = {
        .host = scratch_server_directory(cluster_server()), .name = "app", .user = "reader"};
    g_autoptr(GError) error = NULL;
    (void)state;
    cluster_exec(NULL, "DROP ROLE IF EXISTS reader");
    cluster_exec(NULL, "CREATE ROLE reader LOGIN");
    cluster_exec("app", "GRANT SELECT ON schema_migrations TO reader");
    {
        AUTOPTR(database) *reader = database_open(&options, NULL);
        assert_false(database_install(reader, &error));
        assert_non_null(strstr(error->message, "may not write public.schema_migrations"));
        assert_non_null(strstr(error_detail(error)->advice, "GRANT SELECT, INSERT, DELETE"));
        cluster_exec("app", "GRANT INSERT, TRUNCATE ON schema_migrations TO reader");
        assert_true(database_install(reader, NULL));
    }
    cluster_exec("app", "DROP OWNED BY reader");
    cluster_exec(NULL, "DROP ROLE reader");
}

static void install__script__is_what_would_be_sent(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    (void)state;
    {
        AUTOPTR(database) *database = open_or_fail((struct database_options){
            .url = url, .own_schema = "o'd\"d @OWN@ \\", .version_table = "\"My Table\""});
        g_autofree char *script = database_install_script(database);
        cluster_exec("app", script);
        cluster_exec("app", script);
    }
    AUTOPTR(database) *database = open_or_fail((struct database_options){
        .url = url, .own_schema = "o'd\"d @OWN@ \\", .version_table = "\"My Table\""});
    AUTOPTR(history_record) *record = full_record();
    struct version_state version;
    assert_int_equal(database_history_presence(database), HISTORY_PRESENT);
    assert_true(database_version_read(database, &version, NULL));
    assert_int_equal(version.kind, VERSION_TABLE_WINCH);
    append_or_fail(database, record);
    verify_or_fail(database, 1);
}

static void install__run__by_twenty_at_once(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    pid_t children[20];
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        struct database_options options = {.url = url};
        struct database *database = database_open(&options, NULL);
        _exit(database != NULL && database_install(database, NULL) &&
                      database_history_presence(database) == HISTORY_PRESENT
                  ? 0
                  : 1);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_value("SELECT count(*) FROM pg_trigger WHERE tgname IN ('winch_chain', 'winch_refuse')",
                 "4");
}

static void history__append__reads_back_and_verifies(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_installed(url);
    AUTOPTR(history_record) *first = full_record();
    AUTOPTR(history_record) *second = history_record_new(HISTORY_STARTED, OUTCOME_DONE);
    (void)state;
    append_or_fail(database, first);
    second->started_at = first->started_at - 5;
    append_or_fail(database, second);
    assert_int_equal(first->id, 1);
    assert_int_equal(second->id, 2);
    assert_true(first->finished_at >= first->started_at);
    assert_int_equal(second->started_at, first->started_at - 5);
    assert_true(ABS(g_get_real_time() - first->started_at) < 60 * G_USEC_PER_SEC);
    verify_or_fail(database, 2);
    g_autoptr(GPtrArray) newest = database_history_read(database, 1, NULL);
    const struct history_record *read = newest->pdata[0];
    assert_int_equal(newest->len, 1);
    assert_int_equal(read->id, 2);
    assert_null(read->title);
    assert_string_equal(read->hash, second->hash);
    assert_string_equal(read->database_user, "postgres");
    g_autofree char *hash = history_record_hash(read, read->previous_hash);
    assert_string_equal(hash, read->hash);
}

static void history__append__keeps_a_chain_for_each_table(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *one = open_installed(url);
    AUTOPTR(database) *other =
        open_or_fail((struct database_options){.url = url, .version_table = "other"});
    AUTOPTR(history_record) *record = full_record();
    (void)state;
    append_or_fail(one, record);
    append_or_fail(other, record);
    append_or_fail(one, record);
    verify_or_fail(one, 2);
    verify_or_fail(other, 1);
}

static void history__append__chains_when_many_write(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_installed(url);
    pid_t children[6];
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        struct database_options options = {.url = url};
        struct database *own = database_open(&options, NULL);
        struct history_record *record = full_record();
        gboolean ok = own != NULL;
        for (int n = 0; ok && n < 20; n++)
            ok = database_history_append(own, record, NULL);
        _exit(ok ? 0 : 1);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    verify_or_fail(database, 120);
}

/* Even a superuser's slip, and even with triggers switched off by session_replication_role. */
static void history__change__is_refused(void **state)
{
    static const char *const attempts[] = {
        "UPDATE winch.history SET title = 'x'",
        "DELETE FROM winch.history",
        "DELETE FROM winch.history WHERE false",
        "TRUNCATE winch.history",
        "UPDATE winch.files SET content = ''",
        "DELETE FROM winch.files",
        "TRUNCATE winch.files",
    };
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_installed(url);
    AUTOPTR(history_record) *record = full_record();
    (void)state;
    append_or_fail(database, record);
    for (gsize i = 0; i < G_N_ELEMENTS(attempts); i++) {
        g_auto(GStrv) parts = g_strsplit(attempts[i], "'", -1);
        g_autofree char *quoted = g_strjoinv("''", parts);
        g_autofree char *sql = g_strdup_printf(
            "DO $$ BEGIN SET LOCAL session_replication_role = replica; EXECUTE '%s';"
            " RAISE 'changed'; EXCEPTION WHEN restrict_violation THEN NULL; END $$",
            quoted);
        cluster_exec("app", sql);
    }
    cluster_exec("app", "SET session_replication_role = replica; INSERT INTO winch.history "
                        "(version_table, kind, outcome) VALUES ('public.schema_migrations', "
                        "'force', 'done')");
    verify_or_fail(database, 2);
    cluster_exec("app", "ALTER TABLE winch.history DISABLE TRIGGER winch_refuse;"
                        "UPDATE winch.history SET title = 'x' WHERE id = 1");
    g_autoptr(GError) error = NULL;
    gint64 rows;
    g_autofree char *head = NULL;
    assert_true(database_history_head(database, &rows, &head, NULL));
    g_autoptr(GPtrArray) records = database_history_read(database, 0, NULL);
    assert_false(history_verify(records, rows, head, &error));
}

static void history__read__keeps_words_of_a_later_version(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_installed(url);
    (void)state;
    cluster_exec("app", "INSERT INTO winch.history (version_table, kind, outcome) VALUES "
                        "('public.schema_migrations', 'levitated', 'hovering')");
    g_autoptr(GPtrArray) records = database_history_read(database, 0, NULL);
    assert_non_null(records);
    const struct history_record *record = records->pdata[0];
    assert_int_equal(record->kind, HISTORY_OTHER);
    assert_string_equal(history_record_kind(record), "levitated");
    assert_string_equal(history_record_outcome(record), "hovering");
    verify_or_fail(database, 1);
}

static void history__append__works_for_a_role_with_insert(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *owner = open_installed(url);
    (void)state;
    cluster_exec(NULL, "DROP ROLE IF EXISTS clerk");
    cluster_exec(NULL, "CREATE ROLE clerk LOGIN");
    struct database_options options = {
        .host = scratch_server_directory(cluster_server()), .name = "app", .user = "clerk"};
    {
        AUTOPTR(database) *hidden = open_or_fail(options);
        assert_int_equal(database_history_presence(hidden), HISTORY_HIDDEN);
        g_autoptr(GPtrArray) records = database_history_read(hidden, 0, NULL);
        assert_int_equal(records->len, 0);
    }
    cluster_exec("app", "GRANT USAGE ON SCHEMA winch TO clerk; GRANT SELECT ON winch.history, "
                        "winch.chain TO clerk");
    {
        AUTOPTR(database) *reader = open_or_fail(options);
        assert_int_equal(database_history_presence(reader), HISTORY_READ_ONLY);
    }
    cluster_exec("app", "GRANT INSERT ON winch.history TO clerk");
    {
        AUTOPTR(database) *writer = open_or_fail(options);
        AUTOPTR(history_record) *record = full_record();
        assert_int_equal(database_history_presence(writer), HISTORY_PRESENT);
        append_or_fail(writer, record);
        verify_or_fail(writer, 1);
        g_autoptr(GPtrArray) records = database_history_read(writer, 0, NULL);
        assert_string_equal(((struct history_record *)records->pdata[0])->database_user, "clerk");
    }
    cluster_exec("app", "DROP OWNED BY clerk; DROP ROLE clerk");
}

static void history__append__survives_another_encoding(void **state)
{
    (void)state;
    cluster_exec(NULL, "DROP DATABASE IF EXISTS latin");
    cluster_exec(NULL, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' "
                       "TEMPLATE template0");
    g_autofree char *url = cluster_url("latin");
    {
        AUTOPTR(database) *setup =
            open_or_fail((struct database_options){.url = url, .version_table = "données"});
        assert_true(database_install(setup, NULL));
        AUTOPTR(history_record) *record = full_record();
        g_free(record->message);
        record->message = g_strdup("日本 é");
        append_or_fail(setup, record);
        verify_or_fail(setup, 1);
    }
    cluster_exec(NULL, "DROP DATABASE latin");
}

static void environment__record__is_known_to_this_database_alone(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    g_autoptr(GError) error = NULL;
    (void)state;
    {
        AUTOPTR(database) *database = open_or_fail((struct database_options){.url = url});
        assert_false(database_environment_record(database, "production", &error));
        assert_non_null(error_detail(error)->advice);
    }
    {
        AUTOPTR(database) *database = open_installed(url);
        assert_null(database_facts(database)->environment_recorded);
        assert_true(database_environment_record(database, "production", NULL));
        assert_string_equal(database_facts(database)->environment_recorded, "production");
    }
    cluster_exec(NULL, "DROP DATABASE IF EXISTS copy");
    cluster_exec(NULL, "CREATE DATABASE copy TEMPLATE app");
    {
        AUTOPTR(database) *database = open_or_fail((struct database_options){.url = url});
        assert_string_equal(database_facts(database)->environment_recorded, "production");
        assert_false(database_facts(database)->is_clone);
        assert_true(database_round_trips(database) <= 4);
    }
    {
        g_autofree char *copy = cluster_url("copy");
        AUTOPTR(database) *database = open_or_fail((struct database_options){.url = copy});
        assert_null(database_facts(database)->environment_recorded);
        assert_true(database_facts(database)->is_clone);
    }
    cluster_exec(NULL, "DROP DATABASE copy");
}

static void force__set__writes_row_and_history_as_one(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_installed(url);
    AUTOPTR(history_record) *record = history_record_new(HISTORY_FORCE, OUTCOME_DONE);
    struct version_state version;
    (void)state;
    assert_true(database_force(database, 12, record, NULL));
    assert_true(database_version_read(database, &version, NULL));
    assert_int_equal(version.version, 12);
    assert_true(ABS(g_get_real_time() - version.applied_at) < 60 * G_USEC_PER_SEC);
    assert_int_equal(record->id, 1);
    assert_true(database_force(database, -1, record, NULL));
    assert_true(database_version_read(database, &version, NULL));
    assert_int_equal(version.version, -1);
    assert_value("SELECT count(*) FROM schema_migrations", "0");
    verify_or_fail(database, 2);
    cluster_exec("app", "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
                        "'no'; END $$; CREATE TRIGGER no BEFORE INSERT ON schema_migrations FOR "
                        "EACH ROW EXECUTE FUNCTION no()");
    g_autoptr(GError) error = NULL;
    assert_false(database_force(database, 3, record, &error));
    verify_or_fail(database, 2);
}

static void drop__run__takes_tables_and_leaves_the_own_schema(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_installed(url);
    AUTOPTR(history_record) *record = history_record_new(HISTORY_DROP, OUTCOME_DONE);
    g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    struct version_state version;
    (void)state;
    cluster_exec("app", "CREATE TABLE a (i int primary key); CREATE TABLE \"B \"\"b\" (i int "
                        "references a); CREATE VIEW v AS SELECT * FROM a; CREATE TABLE p (i int) "
                        "PARTITION BY LIST (i); CREATE TABLE p1 PARTITION OF p DEFAULT;"
                        "CREATE SCHEMA other; CREATE TABLE other.stays (i int)");
    if (!database_drop(database, record, dropped, &error))
        fail_msg("%s", error->message);
    assert_int_equal(dropped->len, 5);
    assert_value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace", "0");
    assert_value("SELECT to_regclass('other.stays') IS NOT NULL", "t");
    assert_true(database_version_read(database, &version, NULL));
    assert_int_equal(version.kind, VERSION_TABLE_ABSENT);
    verify_or_fail(database, 1);
    assert_true(database_drop(database, record, NULL, NULL));
}

static void drop__run__empties_a_version_table_elsewhere(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    cluster_exec("app", "CREATE SCHEMA meta; CREATE TABLE a (i int)");
    AUTOPTR(database) *database =
        open_or_fail((struct database_options){.url = url, .version_table = "meta.mig"});
    struct version_state version;
    (void)state;
    assert_true(database_install(database, NULL));
    assert_true(database_force(database, 4, NULL, NULL));
    assert_true(database_drop(database, NULL, NULL, NULL));
    assert_true(database_version_read(database, &version, NULL));
    assert_int_equal(version.kind, VERSION_TABLE_WINCH);
    assert_int_equal(version.version, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(install__run__creates_both_and_is_idempotent),
        cmocka_unit_test(install__run__keeps_what_golang_migrate_made),
        cmocka_unit_test(install__run__does_what_rights_allow),
        cmocka_unit_test(install__run__refuses_a_table_it_may_not_write),
        cmocka_unit_test(install__script__is_what_would_be_sent),
        cmocka_unit_test(install__run__by_twenty_at_once),
        cmocka_unit_test(history__append__reads_back_and_verifies),
        cmocka_unit_test(history__append__keeps_a_chain_for_each_table),
        cmocka_unit_test(history__append__chains_when_many_write),
        cmocka_unit_test(history__change__is_refused),
        cmocka_unit_test(history__read__keeps_words_of_a_later_version),
        cmocka_unit_test(history__append__works_for_a_role_with_insert),
        cmocka_unit_test(history__append__survives_another_encoding),
        cmocka_unit_test(environment__record__is_known_to_this_database_alone),
        cmocka_unit_test(force__set__writes_row_and_history_as_one),
        cmocka_unit_test(drop__run__takes_tables_and_leaves_the_own_schema),
        cmocka_unit_test(drop__run__empties_a_version_table_elsewhere),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
