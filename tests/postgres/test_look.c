/* Looking at a database: facts, the version table whoever made it, roles with few rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

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

static struct version_state read_or_fail(struct database *database)
{
    struct version_state version;
    g_autoptr(GError) error = NULL;
    if (!database_version_read(database, &version, &error))
        fail_msg("%s", error->message);
    return version;
}

static void facts__open__says_what_is_connected_to(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_or_fail((struct database_options){.url = url});
    const struct database_facts *facts = database_facts(database);
    g_autofree char *identifier =
        cluster_value("app", "SELECT system_identifier FROM pg_control_system()");
    (void)state;
    assert_string_equal(facts->product, "PostgreSQL");
    assert_true(facts->version_number >= 130000);
    assert_null(strchr(facts->server_version, ' '));
    assert_string_equal(facts->database, "app");
    assert_string_equal(facts->schema, "public");
    assert_string_equal(facts->user, "postgres");
    assert_string_equal(facts->system_identifier, identifier);
    assert_true(facts->is_superuser);
    assert_false(facts->is_standby);
    assert_true(facts->can_create_own_schema);
    assert_true(facts->can_write_version_table);
    assert_null(facts->environment_setting);
    assert_null(facts->environment_recorded);
    assert_null(facts->tls);
    assert_int_equal(database_history_presence(database), HISTORY_ABSENT);
    assert_true(g_str_has_prefix(database_label(database), "app at "));
}

static void looking__open__creates_nothing_in_few_round_trips(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_or_fail((struct database_options){.url = url});
    struct version_state version = read_or_fail(database);
    g_autofree char *objects = cluster_value(
        "app", "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace");
    g_autofree char *locks =
        cluster_value("app", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
    (void)state;
    assert_int_equal(version.kind, VERSION_TABLE_ABSENT);
    assert_int_equal(version.version, -1);
    assert_string_equal(objects, "0");
    assert_string_equal(locks, "0");
    assert_true(database_round_trips(database) <= 4);
}

static void facts__open__reads_the_environment_of_the_database(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    cluster_exec("app", "ALTER DATABASE app SET winch.environment = 'production'");
    g_autofree char *spoofed = g_strconcat(url, strchr(url, '?') != NULL ? "&" : "?",
                                           "winch.environment=development", NULL);
    AUTOPTR(database) *database = open_or_fail((struct database_options){.url = spoofed});
    (void)state;
    assert_string_equal(database_facts(database)->environment_setting, "production");
}

static void version__read__understands_every_maker(void **state)
{
    static const struct {
        const char *sql;
        enum version_table_kind kind;
        gint64 version;
        gboolean is_dirty;
    } rows[] = {
        {"CREATE TABLE schema_migrations (version bigint not null primary key, dirty boolean not "
         "null); INSERT INTO schema_migrations VALUES (7, true)",
         VERSION_TABLE_GOLANG_MIGRATE, 7, TRUE},
        {"CREATE TABLE schema_migrations (version bigint primary key, dirty boolean not null "
         "default false, applied_at timestamptz default now()); INSERT INTO schema_migrations "
         "VALUES (9223372036854775807)",
         VERSION_TABLE_WINCH, G_MAXINT64, FALSE},
        {"CREATE TABLE schema_migrations (version bigint primary key, dirty boolean not null "
         "default false, applied_at timestamptz default now(), applied_by text default "
         "current_user, note text); INSERT INTO schema_migrations VALUES (3, false, 'infinity')",
         VERSION_TABLE_WINCH, 3, FALSE},
        {"CREATE TABLE schema_migrations (dirty boolean, version numeric); INSERT INTO "
         "schema_migrations VALUES (false, 12)",
         VERSION_TABLE_GOLANG_MIGRATE, 12, FALSE},
        {"CREATE TABLE schema_migrations (version varchar, dirty boolean); INSERT INTO "
         "schema_migrations VALUES ('45', false)",
         VERSION_TABLE_GOLANG_MIGRATE, 45, FALSE},
        {"CREATE UNLOGGED TABLE schema_migrations (version bigint, dirty boolean)",
         VERSION_TABLE_GOLANG_MIGRATE, -1, FALSE},
        {"CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO "
         "schema_migrations VALUES (-1, true)",
         VERSION_TABLE_GOLANG_MIGRATE, -1, TRUE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *url = cluster_create_database("app");
        cluster_exec("app", rows[i].sql);
        AUTOPTR(database) *database = open_or_fail((struct database_options){.url = url});
        struct version_state version = read_or_fail(database);
        assert_int_equal(version.kind, rows[i].kind);
        assert_int_equal(version.version, rows[i].version);
        assert_int_equal(version.is_dirty, rows[i].is_dirty);
    }
}

static void version__read__recognises_what_is_not_its_own(void **state)
{
    static const struct {
        const char *sql, *says;
    } rows[] = {
        {"CREATE TABLE schema_migrations (version varchar primary key); CREATE TABLE "
         "ar_internal_metadata (key varchar)",
         "Rails"},
        {"CREATE TABLE schema_migrations (version varchar(128) primary key)", "dbmate"},
        {"CREATE TABLE schema_migrations (version bigint, inserted_at timestamp)", "another tool"},
        {"CREATE TABLE schema_migrations (id int)", "another tool"},
        {"CREATE TABLE schema_migrations ()", "another tool"},
        {"CREATE VIEW schema_migrations AS SELECT 1::bigint AS version, false AS dirty", "a view"},
        {"CREATE SEQUENCE schema_migrations", "a sequence"},
        {"CREATE TABLE t (i int); CREATE INDEX schema_migrations ON t (i)", "an index"},
        {"CREATE TABLE schema_migrations (version bigint, dirty boolean, who text not null)",
         "who"},
        {"CREATE TABLE schema_migrations (version date, dirty boolean)", "not a number"},
        {"CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO "
         "schema_migrations VALUES (1, false), (2, false)",
         "more than one row"},
        {"CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO "
         "schema_migrations VALUES (1, NULL)",
         "NULL"},
        {"CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO "
         "schema_migrations VALUES (-2, false)",
         "-2"},
        {"CREATE TABLE schema_migrations (version numeric, dirty boolean); INSERT INTO "
         "schema_migrations VALUES (1.5, false)",
         "1.5"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *url = cluster_create_database("app");
        cluster_exec("app", rows[i].sql);
        AUTOPTR(database) *database = open_or_fail((struct database_options){.url = url});
        struct version_state version = read_or_fail(database);
        if (version.kind != VERSION_TABLE_FOREIGN || strstr(version.problem, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].sql, version.problem);
    }
}

static void version__read__notices_what_changed_meanwhile(void **state)
{
    static const struct {
        const char *sql;
        enum version_table_kind kind;
    } steps[] = {
        {"SELECT 1", VERSION_TABLE_ABSENT},
        {"CREATE TABLE schema_migrations (version bigint, dirty boolean)",
         VERSION_TABLE_GOLANG_MIGRATE},
        {"DROP TABLE schema_migrations", VERSION_TABLE_ABSENT},
        {"CREATE TABLE schema_migrations (version bigint, dirty boolean)",
         VERSION_TABLE_GOLANG_MIGRATE},
        {"ALTER TABLE schema_migrations DROP dirty", VERSION_TABLE_FOREIGN},
    };
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_or_fail((struct database_options){.url = url});
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        cluster_exec("app", steps[i].sql);
        assert_int_equal(read_or_fail(database).kind, steps[i].kind);
    }
}

static void version__place__follows_search_path_and_options(void **state)
{
    static const struct {
        const char *query, *table, *schema;
        gint64 version;
    } rows[] = {
        {"search_path=app", NULL, "app", 5},
        {"search_path=nowhere%2Capp", NULL, "app", 5},
        {"search_path=%22Do%20nn%C3%A9es%22", "\"My \"\"T\"", "Do nnées", 6},
        {NULL, "app.schema_migrations", "app", 5},
        {NULL, "\"Do nnées\".\"My \"\"T\"", "Do nnées", 6},
    };
    g_autofree char *url = cluster_create_database("app");
    (void)state;
    cluster_exec("app", "CREATE SCHEMA app; CREATE TABLE app.schema_migrations (version bigint, "
                        "dirty boolean); INSERT INTO app.schema_migrations VALUES (5, false);"
                        "CREATE SCHEMA \"Do nnées\"; CREATE TABLE \"Do nnées\".\"My \"\"T\" "
                        "(version bigint, dirty boolean);"
                        "INSERT INTO \"Do nnées\".\"My \"\"T\" VALUES (6, false)");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *full =
            rows[i].query != NULL
                ? g_strconcat(url, strchr(url, '?') != NULL ? "&" : "?", rows[i].query, NULL)
                : g_strdup(url);
        AUTOPTR(database) *database =
            open_or_fail((struct database_options){.url = full, .version_table = rows[i].table});
        assert_string_equal(database_facts(database)->schema, rows[i].schema);
        assert_int_equal(read_or_fail(database).version, rows[i].version);
    }
}

static void version__place__needs_a_schema(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    g_autofree char *full =
        g_strconcat(url, strchr(url, '?') != NULL ? "&" : "?", "search_path=nowhere", NULL);
    struct database_options options = {.url = full};
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_null(database_open(&options, &error));
    assert_true(error_is(error, ERROR_CONFIG));
    assert_non_null(strstr(error->message, "search_path"));
}

static void rights__open__are_known_beforehand(void **state)
{
    static const struct {
        const char *grant;
        gboolean can_read, can_write, truncates;
    } rows[] = {
        {"SELECT 1", FALSE, FALSE, FALSE},
        {"GRANT SELECT ON schema_migrations TO clerk", TRUE, FALSE, FALSE},
        {"GRANT SELECT, INSERT, TRUNCATE ON schema_migrations TO clerk", TRUE, TRUE, TRUE},
        {"GRANT SELECT, INSERT, DELETE, TRUNCATE ON schema_migrations TO clerk", TRUE, TRUE, FALSE},
        {"GRANT SELECT, INSERT, UPDATE ON schema_migrations TO clerk", TRUE, FALSE, FALSE},
        {"GRANT ALL ON schema_migrations TO clerk; REVOKE USAGE ON SCHEMA public FROM PUBLIC",
         FALSE, FALSE, FALSE},
    };
    (void)state;
    cluster_exec(NULL, "DROP ROLE IF EXISTS clerk");
    cluster_exec(NULL, "CREATE ROLE clerk LOGIN");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_free(cluster_create_database("app"));
        cluster_exec("app", "CREATE TABLE schema_migrations (version bigint, dirty boolean);"
                            "INSERT INTO schema_migrations VALUES (4, false);"
                            "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
        cluster_exec("app", rows[i].grant);
        struct database_options options = {.host = scratch_server_directory(cluster_server()),
                                           .name = "app",
                                           .user = "clerk",
                                           .version_table = "public.schema_migrations"};
        AUTOPTR(database) *database = open_or_fail(options);
        struct version_state version;
        g_autoptr(GError) error = NULL;
        assert_int_equal(database_version_read(database, &version, &error), rows[i].can_read);
        if (!rows[i].can_read)
            assert_string_equal(error_detail(error)->sqlstate, "42501");
        assert_int_equal(database_facts(database)->can_write_version_table, rows[i].can_write);
        assert_int_equal(database_facts(database)->clears_with_truncate, rows[i].truncates);
        assert_false(database_facts(database)->can_create_own_schema);
        assert_null(database_facts(database)->system_identifier);
    }
    g_free(cluster_create_database("app"));
}

static void session__open__may_not_write_when_it_only_looks(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database =
        open_or_fail((struct database_options){.url = url, .is_read_only = TRUE});
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_false(database_environment_record(database, "development", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts__open__says_what_is_connected_to),
        cmocka_unit_test(looking__open__creates_nothing_in_few_round_trips),
        cmocka_unit_test(facts__open__reads_the_environment_of_the_database),
        cmocka_unit_test(version__read__understands_every_maker),
        cmocka_unit_test(version__read__recognises_what_is_not_its_own),
        cmocka_unit_test(version__read__notices_what_changed_meanwhile),
        cmocka_unit_test(version__place__follows_search_path_and_options),
        cmocka_unit_test(version__place__needs_a_schema),
        cmocka_unit_test(rights__open__are_known_beforehand),
        cmocka_unit_test(session__open__may_not_write_when_it_only_looks),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
