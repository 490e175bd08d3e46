/* Telling whether a pooler hands every transaction to another server process. Advisory locks and
 * session settings would then be left on processes that belong to somebody else.
 *
 * The server's own greeting names its process; a pooler invents a number. Where they differ, a
 * second connection opens a transaction: if it got the first one's process, or the first then
 * answers from another one or not at all, transactions are pooled. */
#include "database/postgres/postgres.h"

#define PATIENCE_MS 3000
#define ROUNDS      2

static void refuse(GError **error, const char *why)
{
    error_set(error, ERROR_REFUSED, "a connection pooler that pools transactions is in between: %s",
              why);
    error_advise(error, "connect to the server itself, or to a pool with pool_mode = session");
}

/* The process that answers within the time allowed; 0 when none does or the query fails. */
static int ask_process(struct postgres *postgres, PGconn *connection, const char *sql)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_MS * 1000;
    int process = 0;
    postgres->base.round_trips++;
    if (!postgres_send(postgres, connection, sql))
        return 0;
    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        int ready = postgres_wait(postgres, connection, (int)MAX(left, 0));
        if (ready == 2 && left > 0)
            continue;
        if (ready != 1)
            return 0;
        AUTORESULT *result = postgres_take(postgres, connection);
        if (result == NULL)
            return process;
        if (PQresultStatus(result) == PGRES_TUPLES_OK)
            process = (int)g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        else if (PQresultStatus(result) == PGRES_FATAL_ERROR)
            process = 0;
    }
}

/* One connection that waits in a pool is of no use any more. */
static void give_up_control(struct postgres *postgres)
{
    postgres_finish(postgres, postgres->control);
    postgres->control = NULL;
}

static gboolean compare_once(struct postgres *postgres, GError **error)
{
    static const char ask[] = "SELECT pg_catalog.pg_backend_pid()";
    static const char ask_in_transaction[] = "BEGIN; SELECT pg_catalog.pg_backend_pid()";
    int first = postgres->base.facts.backend_pid;
    int second = ask_process(postgres, postgres->control, ask_in_transaction);
    if (second == 0) {
        refuse(error, "a second connection was given no server process, or no transaction");
        give_up_control(postgres);
        return FALSE;
    }
    int again = ask_process(postgres, postgres->main, ask);
    if (again == 0)
        refuse(error, "the first connection no longer answers while a second one is in a "
                      "transaction");
    else if (second == first || again != first)
        refuse(error, "two connections share one server process");
    if (again != first || second == first) {
        give_up_control(postgres);
        return FALSE;
    }
    return postgres_execute(postgres, postgres->control, "ROLLBACK", error);
}

gboolean postgres_pooler_refuse(struct postgres *postgres, GError **error)
{
    if (postgres->is_pooler_checked)
        return TRUE;
    if (PQbackendPID(postgres->main) != postgres->base.facts.backend_pid) {
        if (postgres_control(postgres, error) == NULL) {
            g_prefix_error(error, "a second connection, to tell what pooler is in between: ");
            return FALSE;
        }
        for (int round = 0; round < ROUNDS; round++)
            if (!compare_once(postgres, error))
                return FALSE;
    }
    postgres->is_pooler_checked = TRUE;
    return TRUE;
}
