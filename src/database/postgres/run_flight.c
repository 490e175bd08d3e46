/* Several transactional runs under way at the same time, for lines with long delays: each is sent
 * before the one ahead of it is answered, in a segment of its own. What was sent cannot be called
 * back, so each begins with a guard (session_guard_send()): behind a run that is not in, nothing of
 * the later ones runs. */
#include "database/postgres/run_internal.h"

#include <string.h>

struct flight {
    const struct run_window *window;
    struct postgres_run *runs;
    struct run_result *results;
    guint count; /* sent, wholly or in part */
    guint told;  /* told to be in */
};

/* ---- which ----------------------------------------------------------------------------------- */

static gboolean has_verb(const struct run_job *job, const char *verb)
{
    for (guint i = 0; i < job->statement_count; i++)
        if (job->statements[i].verb != NULL && g_str_has_prefix(job->statements[i].verb, verb))
            return TRUE;
    return FALSE;
}

/* Not what has to be answered before its end is sent (checks, COPY), what comes before any guard
 * (SET TRANSACTION), what throws away the statements that those behind it are sent by, and what is
 * to change what the next file means. */
static gboolean may_fly(const struct run_job *job)
{
    return job->protocol == PROTOCOL_TRANSACTION && job->writes_version &&
           !job->keeps_session_state && job->check_count == 0 && run_leading_modes(job) == 0 &&
           !session_may_unprepare(job) && !has_verb(job, "COPY");
}

/* ---- telling --------------------------------------------------------------------------------- */

/* The first count of them are in. */
static void tell_done(struct flight *flight, guint count)
{
    const struct run_window *window = flight->window;
    for (; flight->told < count; flight->told++) {
        run_finish(&flight->runs[flight->told]);
        window->on_done(flight->told, &flight->results[flight->told], window->data);
    }
}

void flight_begun(struct postgres_run *run)
{
    const struct run_window *window = run->flight->window;
    window->on_begun((guint)(run - run->flight->runs), window->data);
}

/* What the session kept can only be put away when nothing is under way any more; until then such a
 * run is not told to be done. */
void flight_passed(struct postgres_run *run)
{
    struct flight *flight = run->flight;
    guint index = (guint)(run - flight->runs);
    run_note_elapsed(run);
    if (index + 1 < flight->count)
        run[1].started = g_get_monotonic_time();
    if (run->is_committed && run->leftovers == 0 && flight->told == index)
        tell_done(flight, index + 1);
}

/* ---- sending --------------------------------------------------------------------------------- */

static gboolean has_failed(const struct flight *flight)
{
    for (guint i = 0; i < flight->count; i++)
        if (flight->runs[i].error != NULL)
            return TRUE;
    return flight->runs[0].channel->is_lost;
}

static gboolean goes_on(const struct flight *flight)
{
    return flight->count < flight->window->count && may_fly(&flight->window->jobs[flight->count]) &&
           run_cancel_level(&flight->runs[0]) == CANCEL_NONE && !has_failed(flight);
}

/* The first is open already. FALSE: it was not sent to its end, so nothing may follow. */
static gboolean send_next(struct flight *flight)
{
    guint index = flight->count++;
    struct postgres_run *run = &flight->runs[index];
    if (index > 0) {
        run_join(run, &flight->runs[0], &flight->window->jobs[index], &flight->results[index]);
        run->previous = run - 1;
        run->follows_unseen = !session_keeps_nothing(run->previous);
    }
    run->flight = flight;
    gboolean is_whole = run_send_transaction(run);
    pipeline_sync(run);
    return is_whole;
}

/* ---- how it ended ---------------------------------------------------------------------------- */

static gboolean is_in(const struct postgres_run *run, gboolean is_lost)
{
    return run->is_committed && (!is_lost || run->job->commits_synchronously);
}

/* How many are in for certain, as far as is known here. */
static guint count_in(const struct flight *flight)
{
    gboolean is_lost = flight->runs[0].channel->is_lost;
    guint count = 0;
    while (count < flight->count && is_in(&flight->runs[count], is_lost))
        count++;
    return count;
}

static guint settle_flight(struct flight *flight)
{
    guint done = count_in(flight), open = flight->count - done;
    g_autofree struct postgres_run **runs = g_new(struct postgres_run *, open + 1);
    for (guint i = 0; i < open; i++)
        runs[i] = &flight->runs[done + i];
    if (open > 0)
        done += settle(runs, open);
    for (guint i = 0; i < flight->count; i++) {
        flight->runs[i].leftovers = 0; /* they went with the session */
        flight->results[i].connection_lost = TRUE;
    }
    tell_done(flight, done);
    return done;
}

/* Nothing of it ran, and nothing keeps it from running by itself. */
static gboolean may_run_alone(const struct postgres_run *run)
{
    return (run->is_unclean || run->lost_prepared) && !run->channel->is_lost;
}

static void fail(struct postgres_run *run)
{
    if (run->channel->is_lost && (run->is_unclean || run->lost_prepared)) {
        g_clear_error(&run->error);
        run->error = run_error_at(run, run->job->statement_count, ERROR_NO_CONNECTION,
                                  "the connection was lost; nothing of it is in");
    }
    run_fail_transaction(run);
}

/* The session as it has to be for whatever comes next. A failed segment skipped its RESET ALL. */
static guint land(struct flight *flight)
{
    struct postgres_run *first = &flight->runs[0];
    guint done = count_in(flight);
    run_shield(first, TRUE);
    if (done < flight->count) {
        run_rollback(first);
        if (!first->channel->is_lost)
            postgres_execute(first->postgres, first->postgres->main, "RESET ALL", NULL);
    }
    tell_done(flight, done);
    if (done < flight->count && may_run_alone(&flight->runs[done]))
        g_clear_error(&flight->runs[done].error);
    else if (done < flight->count)
        fail(&flight->runs[done]);
    return done;
}

static guint fly(struct flight *flight)
{
    struct postgres_run *first = &flight->runs[0];
    pipeline_enter(first);
    do {
        if (!send_next(flight))
            break;
    } while (goes_on(flight));
    pipeline_leave(first);
    return first->channel->is_lost ? settle_flight(flight) : land(flight);
}

/* The error of the one at index is *error; those of the others only followed from it. */
static gboolean close_flight(struct flight *flight, guint index, GError **error)
{
    gboolean is_good = index >= MAX(flight->count, 1) || flight->runs[index].error == NULL;
    for (guint i = 1; i < flight->count; i++)
        run_leave(&flight->runs[i], i == index ? error : NULL);
    run_close(&flight->runs[0], index == 0 ? error : NULL);
    return is_good;
}

gboolean postgres_run_window(struct database *database, const struct run_window *window,
                             guint *done, struct run_result *result, GError **error)
{
    struct flight flight = {.window = window};
    *done = 0;
    memset(result, 0, sizeof *result);
    if (window->count == 0 || !may_fly(&window->jobs[0]))
        return TRUE;
    g_autofree struct postgres_run *runs = flight.runs = g_new(struct postgres_run, window->count);
    g_autofree struct run_result *results = flight.results =
        g_new0(struct run_result, window->count);
    struct postgres_run *first = &runs[0];
    run_open(first, (struct postgres *)database, &window->jobs[0], &results[0]);
    run_rollback(first);
    if (!run_is_stopped(first) && settle_prepare(first))
        *done = fly(&flight);
    results[0].connection_lost = results[0].connection_lost || first->channel->is_lost;
    gboolean is_good = close_flight(&flight, *done, error);
    *result = results[is_good && *done > 0 ? *done - 1 : *done];
    return is_good;
}
