/* The migration lock: shared with golang-migrate, polled, within its time, its holder named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>

#include "database/driver.h"
#include "support/cluster.h"

static struct database *open_app(const char *url, struct cancellation *cancellation)
{
    g_autoptr(GError) error = NULL;
    struct database_options options = {.url = url, .cancellation = cancellation};
    struct database *database = database_open(&options, &error);
    if (database == NULL)
        fail_msg("%s", error->message);
    return database;
}

static guint32 id_of(const struct database *database, guint i)
{
    return g_array_index(database_lock_ids(database), guint32, i);
}

static void lock__take__uses_every_id_of_golang_migrate(void **state)
{
    g_autofree char *url = cluster_create_database("appdb");
    AUTOPTR(database) *database = open_app(url, NULL);
    (void)state;
    assert_int_equal(database_lock_ids(database)->len, 2);
    assert_int_equal(id_of(database, 0), 2964150615u);
    assert_int_equal(id_of(database, 1), 4014298803u);
    assert_true(database_lock(database, 0, NULL, NULL, NULL));
    g_autofree char *held = cluster_value(
        "appdb", "SELECT string_agg(objid::text, ' ' ORDER BY objid) FROM pg_locks WHERE locktype ="
                 " 'advisory' AND classid = 0 AND objsubid = 1");
    assert_string_equal(held, "2964150615 4014298803");
    assert_true(database_lock(database, 0, NULL, NULL, NULL));
    database_unlock(database);
    g_autofree char *left =
        cluster_value("appdb", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
    assert_string_equal(left, "0");
}

/* Whichever id another holds, ours are all let go again and the holder is named. */
static void lock__take__gives_up_in_time_and_names_the_holder(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_app(url, NULL);
    (void)state;
    for (guint i = 0; i < 2; i++) {
        PGconn *other = PQconnectdb(url);
        g_autofree char *take = g_strdup_printf(
            "SET application_name = 'deploy'; SELECT pg_advisory_lock(%u)", id_of(database, i));
        g_autoptr(GError) error = NULL;
        g_autofree char *pid = NULL;
        struct lock_holder holder;
        PQclear(PQexec(other, take));
        gint64 begun = g_get_monotonic_time();
        assert_false(database_lock(database, 300, NULL, NULL, &error));
        gint64 took = g_get_monotonic_time() - begun;
        assert_true(took >= 300 * 1000);
        assert_true(took < 5 * G_USEC_PER_SEC);
        assert_true(error_is(error, ERROR_LOCKED));
        pid = g_strdup_printf("process %d ", PQbackendPID(other));
        assert_non_null(strstr(error->message, pid));
        assert_non_null(strstr(error->message, "deploy"));
        assert_int_equal(database_lock_holder(database, &holder, NULL), 1);
        assert_int_equal(holder.pid, PQbackendPID(other));
        assert_string_equal(holder.user, "postgres");
        assert_string_equal(holder.database, "app");
        assert_string_equal(holder.state, "idle");
        assert_true(holder.since > 0);
        g_autofree char *ours =
            cluster_value("app", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
        assert_string_equal(ours, "1");
        PQfinish(other);
    }
}

struct reports {
    guint count;
    PGconn *other;
    struct cancellation *cancellation;
};

static void release_when_told(const struct lock_holder *holder, gint64 waited_us, void *data)
{
    struct reports *reports = data;
    assert_non_null(holder);
    assert_true(waited_us >= 0);
    reports->count++;
    if (reports->cancellation != NULL)
        cancellation_raise(reports->cancellation, CANCEL_AFTER, ERROR_CANCELLED);
    else
        PQclear(PQexec(reports->other, "SELECT pg_advisory_unlock_all()"));
}

static void lock__wait__reports_and_gets_it_when_free(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(database) *database = open_app(url, NULL);
    PGconn *other = PQconnectdb(url);
    struct reports reports = {.other = other};
    g_autofree char *take = g_strdup_printf("SELECT pg_advisory_lock(%u)", id_of(database, 1));
    struct lock_holder holder;
    (void)state;
    PQclear(PQexec(other, take));
    assert_true(database_lock(database, 20000, release_when_told, &reports, NULL));
    assert_int_equal(reports.count, 1);
    database_unlock(database);
    assert_int_equal(database_lock_holder(database, &holder, NULL), 0);
    PQfinish(other);
}

static void lock__wait__ends_when_cancelled(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(cancellation) *cancellation = cancellation_new();
    AUTOPTR(database) *database = open_app(url, cancellation);
    PGconn *other = PQconnectdb(url);
    struct reports reports = {.other = other, .cancellation = cancellation};
    g_autofree char *take = g_strdup_printf("SELECT pg_advisory_lock(%u)", id_of(database, 0));
    g_autoptr(GError) error = NULL;
    (void)state;
    PQclear(PQexec(other, take));
    gint64 begun = g_get_monotonic_time();
    assert_false(database_lock(database, 60000, release_when_told, &reports, &error));
    assert_true(error_is(error, ERROR_CANCELLED));
    assert_true(g_get_monotonic_time() - begun < 10 * G_USEC_PER_SEC);
    PQfinish(other);
}

/* What ran is done, the wish to cancel it is not seen yet: that must not keep the lock. */
static void lock__unlock__survives_a_late_cancel(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    AUTOPTR(cancellation) *cancellation = cancellation_new();
    AUTOPTR(database) *database = open_app(url, cancellation);
    AUTOPTR(database) *other = open_app(url, NULL);
    (void)state;
    assert_true(database_lock(database, 0, NULL, NULL, NULL));
    cancellation_raise(cancellation, CANCEL_NOW, ERROR_CANCELLED);
    database_unlock(database);
    assert_true(database_lock(other, 0, NULL, NULL, NULL));
}

/* An ordinary role does not see what another's session does. */
static void lock__holder__may_be_hidden(void **state)
{
    g_free(cluster_create_database("app"));
    cluster_exec(NULL, "DROP ROLE IF EXISTS clerk");
    cluster_exec(NULL, "CREATE ROLE clerk LOGIN");
    g_autofree char *url = cluster_url("app");
    struct database_options options = {
        .host = scratch_server_directory(cluster_server()), .name = "app", .user = "clerk"};
    (void)state;
    {
        AUTOPTR(database) *clerk = database_open(&options, NULL);
        AUTOPTR(database) *database = open_app(url, NULL);
        g_autoptr(GError) error = NULL;
        struct lock_holder holder;
        assert_true(database_lock(database, 0, NULL, NULL, NULL));
        assert_int_equal(database_lock_holder(clerk, &holder, NULL), 1);
        assert_true(holder.pid > 0);
        assert_string_equal(holder.query, "");
        assert_string_equal(holder.state, "");
        assert_int_equal(holder.since, 0);
        assert_false(database_lock(clerk, 0, NULL, NULL, &error));
        assert_true(error_is(error, ERROR_LOCKED));
    }
    cluster_exec(NULL, "DROP ROLE clerk");
}

static void lock__take__excludes_neither_other_tables_nor_databases(void **state)
{
    g_autofree char *first = cluster_create_database("app");
    g_autofree char *second = cluster_create_database("app2");
    AUTOPTR(database) *one = open_app(first, NULL);
    AUTOPTR(database) *two = open_app(second, NULL);
    struct database_options options = {.url = first, .version_table = "other"};
    AUTOPTR(database) *three = database_open(&options, NULL);
    (void)state;
    assert_true(database_lock(one, 0, NULL, NULL, NULL));
    assert_true(database_lock(two, 0, NULL, NULL, NULL));
    assert_true(database_lock(three, 0, NULL, NULL, NULL));
}

/* Looking does not hang behind who writes the version table. */
static void version__read__names_who_is_in_the_way(void **state)
{
    g_autofree char *url = cluster_create_database("app");
    cluster_exec("app", "CREATE TABLE schema_migrations (version bigint, dirty boolean)");
    AUTOPTR(database) *database = open_app(url, NULL);
    PGconn *other = PQconnectdb(url);
    struct version_state version;
    g_autoptr(GError) error = NULL;
    (void)state;
    PQclear(PQexec(other, "BEGIN; TRUNCATE schema_migrations"));
    assert_false(database_version_read(database, &version, &error));
    g_autofree char *pid = g_strdup_printf("process %d ", PQbackendPID(other));
    assert_string_equal(error_detail(error)->sqlstate, "55P03");
    assert_non_null(strstr(error_detail(error)->advice, pid));
    PQclear(PQexec(other, "COMMIT"));
    assert_true(database_version_read(database, &version, NULL));
    PQfinish(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock__take__uses_every_id_of_golang_migrate),
        cmocka_unit_test(lock__take__gives_up_in_time_and_names_the_holder),
        cmocka_unit_test(lock__wait__reports_and_gets_it_when_free),
        cmocka_unit_test(lock__wait__ends_when_cancelled),
        cmocka_unit_test(lock__unlock__survives_a_late_cancel),
        cmocka_unit_test(lock__holder__may_be_hidden),
        cmocka_unit_test(lock__take__excludes_neither_other_tables_nor_databases),
        cmocka_unit_test(version__read__names_who_is_in_the_way),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
