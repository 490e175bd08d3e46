/* A few statements of our own as one transaction in one round trip. */
#include "database/postgres/postgres.h"

gboolean postgres_small_begin(struct postgres *postgres, guint *messages, GError **error)
{
    if (!PQenterPipelineMode(postgres->main)) {
        postgres_error_set(error, postgres, postgres->main, NULL, NULL);
        return FALSE;
    }
    *messages = 0;
    postgres_small_send(postgres, "BEGIN READ WRITE", messages);
    postgres_small_send(postgres, "SET LOCAL synchronous_commit = on", messages);
    return TRUE;
}

void postgres_small_send(struct postgres *postgres, const char *sql, guint *messages)
{
    if (postgres_send_params(postgres, postgres->main, sql, 0, NULL, NULL, NULL))
        (*messages)++;
}

/* Takes one statement's results: rows are kept in *rows, the first failure in *failure. */
static gboolean take_results(struct postgres *postgres, PGresult **rows, PGresult **failure)
{
    gboolean is_sync = FALSE;
    PGresult *result;
    while (!is_sync && (result = postgres_result_next(postgres, postgres->main)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        is_sync = status == PGRES_PIPELINE_SYNC;
        PGresult **keeper = status == PGRES_TUPLES_OK                         ? rows
                            : status == PGRES_FATAL_ERROR && *failure == NULL ? failure
                                                                              : NULL;
        if (keeper == NULL) {
            PQclear(result);
            continue;
        }
        PQclear(*keeper);
        *keeper = result;
    }
    return PQstatus(postgres->main) == CONNECTION_OK;
}

PGresult *postgres_small_commit(struct postgres *postgres, guint messages, GError **error)
{
    PGconn *main = postgres->main;
    PGresult *rows = NULL, *failure = NULL;
    postgres_small_send(postgres, "COMMIT", &messages);
    postgres->base.round_trips++;
    gboolean ok = PQpipelineSync(main);
    for (guint i = 0; ok && i <= messages; i++) /* one more for the sync */
        ok = take_results(postgres, &rows, &failure);
    if (ok && PQexitPipelineMode(main) && failure == NULL)
        return rows != NULL ? rows : PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK);
    postgres_error_set(error, postgres, main, failure, NULL);
    postgres_prepared_forget(postgres); /* what came after the failure was skipped */
    PQclear(rows);
    PQclear(failure);
    if (PQtransactionStatus(main) == PQTRANS_INERROR)
        postgres_execute(postgres, main, "ROLLBACK", NULL);
    return NULL;
}
