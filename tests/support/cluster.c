/* One throwaway PostgreSQL for a test program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster.h"

#include <libpq-fe.h>

static struct scratch_server *cluster;

int cluster_setup(void **state)
{
    static const char *const settings[] = {"max_prepared_transactions = 4", NULL};
    static const struct scratch_options options = {.is_unsafe = TRUE, .settings = settings};
    g_autoptr(GError) error = NULL;
    (void)state;
    cluster = scratch_server_start(&options, &error);
    if (cluster == NULL)
        print_error("%s\n", error->message);
    return cluster != NULL ? 0 : -1;
}

int cluster_teardown(void **state)
{
    (void)state;
    scratch_server_stop(cluster);
    cluster = NULL;
    return 0;
}

struct scratch_server *cluster_server(void)
{
    return cluster;
}

char *cluster_url(const char *database)
{
    return scratch_server_url(cluster, database != NULL ? database : "postgres");
}

static void ignore_notice(void *data, const char *message)
{
    (void)data;
    (void)message;
}

static PGconn *cluster_connect(const char *database)
{
    g_autofree char *url = cluster_url(database);
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK) {
        g_autofree char *message = g_strdup(PQerrorMessage(connection));
        PQfinish(connection);
        fail_msg("%s", message);
    }
    PQsetNoticeProcessor(connection, ignore_notice, NULL);
    return connection;
}

char *cluster_value(const char *database, const char *sql)
{
    PGconn *connection = cluster_connect(database);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    g_autofree char *message = g_strdup(PQresultErrorMessage(result));
    char *value = NULL;
    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0)
        value = g_strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(connection);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, message);
    return value;
}

void cluster_exec(const char *database, const char *sql)
{
    g_free(cluster_value(database, sql));
}

char *cluster_create_database(const char *name)
{
    g_autofree char *drop = g_strdup_printf("DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)", name);
    g_autofree char *create = g_strdup_printf("CREATE DATABASE \"%s\"", name);
    cluster_exec(NULL, drop);
    cluster_exec(NULL, create);
    return cluster_url(name);
}
