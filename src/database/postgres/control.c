/* The control connection while something runs on the main one: opened when first needed, asked one
 * question at a time, and never waited for. */
#include "database/postgres/run_internal.h"

#include <poll.h>
#include <string.h>

#define PATIENCE (10 * G_USEC_PER_SEC) /* with one attempt to connect, or one answer */
#define PAUSE    (2 * G_USEC_PER_SEC)  /* before another attempt */

static void give_up(struct postgres_run *run)
{
    struct control *control = &run->channel->control;
    if (control->connecting != NULL)
        PQfinish(g_steal_pointer(&control->connecting));
    if (run->postgres->control != NULL)
        postgres_finish(run->postgres, g_steal_pointer(&run->postgres->control));
    control->is_asking = FALSE;
    control->retry_at = g_get_monotonic_time() + PAUSE;
}

static void drop_notice(void *data, const PGresult *notice)
{
    (void)data;
    (void)notice;
}

/* ---- connecting ----------------------------------------------------------------------------- */

static void start_connecting(struct postgres_run *run)
{
    struct postgres *postgres = run->postgres;
    guint count = g_strv_length(postgres->keywords);
    g_autofree const char **values = g_new0(const char *, count + 1);
    for (guint i = 0; i < count; i++)
        values[i] = g_str_equal(postgres->keywords[i], "application_name") ? "winch control"
                                                                           : postgres->values[i];
    run->channel->control.connecting =
        PQconnectStartParams((const char *const *)postgres->keywords, values, 0);
    run->channel->control.polling = PGRES_POLLING_WRITING;
    run->channel->control.since = g_get_monotonic_time();
    if (run->channel->control.connecting == NULL ||
        PQstatus(run->channel->control.connecting) == CONNECTION_BAD)
        give_up(run);
}

static void step_connecting(struct postgres_run *run)
{
    struct control *control = &run->channel->control;
    struct pollfd fd = {.fd = PQsocket(control->connecting)};
    fd.events = control->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    while (control->polling != PGRES_POLLING_OK && poll(&fd, 1, 0) > 0) {
        control->polling = PQconnectPoll(control->connecting);
        if (control->polling == PGRES_POLLING_FAILED) {
            give_up(run);
            return;
        }
        fd.fd = PQsocket(control->connecting);
        fd.events = control->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    }
    if (control->polling == PGRES_POLLING_OK) {
        PQsetnonblocking(control->connecting, 1);
        PQsetNoticeReceiver(control->connecting, drop_notice, NULL);
        run->postgres->control = g_steal_pointer(&control->connecting);
    } else if (g_get_monotonic_time() - control->since > PATIENCE) {
        give_up(run);
    }
}

/* ---- asking --------------------------------------------------------------------------------- */

static void step_asking(struct postgres_run *run)
{
    struct control *control = &run->channel->control;
    PGconn *connection = run->postgres->control;
    if (PQflush(connection) < 0 || !PQconsumeInput(connection)) {
        give_up(run);
        return;
    }
    while (control->is_asking && !PQisBusy(connection)) {
        AUTORESULT *result = postgres_take(run->postgres, connection);
        if (result == NULL)
            control->is_asking = FALSE;
        else if (control->answer != NULL && PQresultStatus(result) == PGRES_TUPLES_OK)
            control->answer(run, result);
    }
    if (PQstatus(connection) == CONNECTION_BAD ||
        (control->is_asking && g_get_monotonic_time() - control->since > PATIENCE))
        give_up(run);
}

gboolean control_step(struct postgres_run *run)
{
    struct control *control = &run->channel->control;
    struct postgres *postgres = run->postgres;
    if (control->connecting != NULL)
        step_connecting(run);
    else if (postgres->control == NULL && g_get_monotonic_time() >= control->retry_at)
        start_connecting(run);
    else if (postgres->control != NULL && control->is_asking)
        step_asking(run);
    return postgres->control != NULL && !control->is_asking;
}

void control_ask(struct postgres_run *run, const char *sql, const char *parameter,
                 control_answer_fn answer)
{
    const char *const parameters[] = {parameter};
    run->postgres->base.round_trips++;
    run->channel->control.answer = answer;
    run->channel->control.is_asking = TRUE;
    run->channel->control.since = g_get_monotonic_time();
    if (!postgres_send_params(run->postgres, run->postgres->control, sql, 1, parameters, NULL,
                              NULL) ||
        PQflush(run->postgres->control) < 0)
        give_up(run);
}

void control_finish(struct postgres_run *run)
{
    struct control *control = &run->channel->control;
    gint64 deadline = g_get_monotonic_time() + G_USEC_PER_SEC;
    while (control->is_asking && g_get_monotonic_time() < deadline) {
        struct pollfd fd = {.fd = PQsocket(run->postgres->control), .events = POLLIN};
        poll(&fd, 1, 50);
        step_asking(run);
    }
    if (control->is_asking || control->connecting != NULL)
        give_up(run);
}
