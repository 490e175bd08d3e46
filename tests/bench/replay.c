/* Statement by statement, as lib/pq sends them: a statement with parameters is prepared in one
 * round trip and executed in another. */
#include "bench/replay.h"

#include <libpq-fe.h>

static void check(PGconn *connection, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        g_error("replay: %s", PQerrorMessage(connection));
    PQclear(result);
}

static void say(PGconn *connection, const char *sql)
{
    check(connection, PQexec(connection, sql));
}

static void insert(PGconn *connection, guint version, const char *dirty)
{
    g_autofree char *number = g_strdup_printf("%u", version);
    const char *values[] = {number, dirty};
    check(connection, PQprepare(connection, "",
                                "INSERT INTO \"public\".\"schema_migrations\" "
                                "(version, dirty) VALUES ($1, $2)",
                                2, NULL));
    check(connection, PQexecPrepared(connection, "", 2, values, NULL, NULL, 0));
}

static void set_version(PGconn *connection, guint version, const char *dirty)
{
    say(connection, "BEGIN READ WRITE");
    say(connection, "TRUNCATE \"public\".\"schema_migrations\"");
    insert(connection, version, dirty);
    say(connection, "COMMIT");
}

void replay_golang_migrate(const char *url, guint count, char *(*sql_of)(guint index))
{
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK)
        g_error("replay: %s", PQerrorMessage(connection));
    say(connection, "CREATE TABLE IF NOT EXISTS \"public\".\"schema_migrations\" (version bigint "
                    "not null primary key, dirty boolean not null)");
    say(connection, "SELECT pg_advisory_lock(2964150615)");
    for (guint i = 1; i <= count; i++) {
        g_autofree char *body = sql_of(i);
        set_version(connection, i, "true");
        say(connection, body);
        set_version(connection, i, "false");
    }
    say(connection, "SELECT pg_advisory_unlock(2964150615)");
    PQfinish(connection);
}
