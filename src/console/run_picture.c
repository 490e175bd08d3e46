/* Folding what was told into the picture of a run. */
#include "console/run_picture.h"

#include "base/duration.h"
#include "console/preview_table.h"

#include <string.h>

#define NOTICES_MAX   200
#define MESSAGE_BYTES 16384

struct run_picture *run_picture_new(enum run_kind kind, gint64 now)
{
    struct run_picture *picture = g_new0(struct run_picture, 1);
    picture->kind = kind;
    picture->started_at = now;
    picture->version = VERSION_NONE;
    picture->steps = g_ptr_array_new();
    picture->notices = g_ptr_array_new_with_free_func(g_free);
    return picture;
}

void run_picture_free(struct run_picture *picture)
{
    g_clear_pointer(&picture->plan, plan_unref);
    g_ptr_array_unref(picture->steps);
    g_ptr_array_unref(picture->notices);
    g_clear_error(&picture->error);
    g_clear_pointer(&picture->table, preview_table_free);
    g_free(picture->waiting_for);
    g_free(picture->blocked_by);
    g_free(picture->blocking);
    g_free(picture->progress);
    g_free(picture->outcome);
    g_free(picture);
}

gboolean run_picture_is_over(const struct run_picture *picture)
{
    return picture->phase == RUN_PHASE_DONE || picture->phase == RUN_PHASE_FAILED;
}

struct run_step_picture *run_picture_step(const struct run_picture *picture, guint index)
{
    return index < picture->steps->len ? picture->steps->pdata[index] : NULL;
}

struct run_statement_picture *run_step_statement(const struct run_step_picture *step, guint index)
{
    return step != NULL && index < step->statements->len ? step->statements->pdata[index] : NULL;
}

#define RECENT (3 * G_USEC_PER_SEC)

gboolean run_is_recent(const char *text, gint64 heard_at, gint64 now)
{
    return text != NULL && now - heard_at < RECENT;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static void replace(char **text, const char *with)
{
    g_free(*text);
    *text = g_strdup(with);
}

static void append_message(char **message, const char *text)
{
    if (*message == NULL)
        *message = g_strdup(text);
    else if (strlen(*message) < MESSAGE_BYTES) {
        char *longer = g_strdup_printf("%s\n%s", *message, text);
        g_free(*message);
        *message = longer;
    }
}

static void add_notice(struct run_picture *picture, const char *text)
{
    g_ptr_array_add(picture->notices, g_strdup(text));
    if (picture->notices->len > NOTICES_MAX)
        g_ptr_array_remove_index(picture->notices, 0);
}

static void forget_hindrances(struct run_picture *picture)
{
    g_clear_pointer(&picture->blocked_by, g_free);
    g_clear_pointer(&picture->progress, g_free);
    picture->progress_done = picture->progress_total = 0;
}

/* ---- statements ------------------------------------------------------------------------------ */

static void start_statement(struct run_picture *picture, const struct run_note *note, gint64 now)
{
    struct run_statement_picture *statement =
        run_step_statement(run_picture_step(picture, note->step), note->statement);
    forget_hindrances(picture);
    picture->statement = note->statement;
    picture->statement_at = note->at;
    if (statement == NULL)
        return;
    statement->mark = RUN_MARK_RUNNING;
    statement->started_at = now;
}

static void end_statement(struct run_picture *picture, const struct run_note *note)
{
    struct run_statement_picture *statement =
        run_step_statement(run_picture_step(picture, note->step), note->statement);
    forget_hindrances(picture);
    if (statement == NULL)
        return;
    statement->mark = RUN_MARK_DONE;
    statement->elapsed_us = note->elapsed_us;
    statement->rows = note->rows;
}

static void hear_server(struct run_picture *picture, const struct run_note *note)
{
    struct run_statement_picture *statement =
        run_step_statement(run_picture_step(picture, note->step), note->statement);
    add_notice(picture, note->text);
    if (statement != NULL)
        append_message(&statement->message, note->text);
}

static void hear_progress(struct run_picture *picture, const struct run_note *note, gint64 now)
{
    replace(&picture->progress, note->text);
    picture->progress_at = now;
    picture->progress_done = note->done;
    picture->progress_total = note->total;
}

static void fold_run_event(struct run_picture *picture, const struct run_note *note, gint64 now)
{
    switch (note->run_kind) {
    case RUN_EVENT_STATEMENT_STARTED:
        start_statement(picture, note, now);
        break;
    case RUN_EVENT_STATEMENT_DONE:
        end_statement(picture, note);
        break;
    case RUN_EVENT_NOTICE:
    case RUN_EVENT_LEFTOVER:
        hear_server(picture, note);
        break;
    case RUN_EVENT_BLOCKED:
        replace(&picture->blocked_by, note->text);
        picture->blocked_at = now;
        break;
    case RUN_EVENT_BLOCKING:
        replace(&picture->blocking, note->text);
        picture->blocking_at = now;
        break;
    case RUN_EVENT_PROGRESS:
        hear_progress(picture, note, now);
        break;
    case RUN_EVENT_CHECK_DONE:
    case RUN_EVENT_EVIDENCE:
        break;
    case RUN_EVENT_COMMITTING:
        forget_hindrances(picture);
        replace(&picture->progress, "committing");
        picture->progress_at = now;
        break;
    case RUN_EVENT_CANCELLING:
        picture->phase = RUN_PHASE_CANCELLING;
        break;
    case RUN_EVENT_SETTLING:
        picture->phase = RUN_PHASE_SETTLING;
        break;
    }
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void reset_statements(struct run_step_picture *step)
{
    for (guint i = 0; i < step->statements->len; i++) {
        struct run_statement_picture *statement = step->statements->pdata[i];
        statement->mark = RUN_MARK_WAITING;
        statement->elapsed_us = statement->started_at = 0;
        statement->rows = -1;
    }
}

/* A dry run begins a file that is not transactional only to say that it leaves it out. */
static void start_step(struct run_picture *picture, const struct run_note *note, gint64 now)
{
    struct run_step_picture *step = run_picture_step(picture, note->step);
    picture->step = note->step;
    picture->statement = 0;
    picture->phase = RUN_PHASE_RUNNING;
    if (step == NULL)
        return;
    step->started_at = now;
    if (picture->kind == RUN_DRY_RUN && !picture->runs_all && !step->is_transactional) {
        step->mark = RUN_MARK_SKIPPED;
        replace(&step->skipped, step->mode_reason);
        return;
    }
    step->mark = RUN_MARK_RUNNING;
    reset_statements(step);
}

static void settle_statements(struct run_step_picture *step, enum run_mark from, enum run_mark to)
{
    for (guint i = 0; i < step->statements->len; i++) {
        struct run_statement_picture *statement = step->statements->pdata[i];
        if (statement->mark == from)
            statement->mark = to;
    }
}

static void end_step(struct run_picture *picture, const struct run_note *note)
{
    struct run_step_picture *step = run_picture_step(picture, note->step);
    forget_hindrances(picture);
    if (step == NULL)
        return;
    step->mark = RUN_MARK_DONE;
    step->elapsed_us = note->elapsed_us;
    settle_statements(step, RUN_MARK_WAITING, RUN_MARK_DONE);
    settle_statements(step, RUN_MARK_RUNNING, RUN_MARK_DONE);
    picture->done++;
}

static void fail_step(struct run_picture *picture, const struct run_note *note)
{
    struct run_step_picture *step = run_picture_step(picture, note->step);
    struct run_statement_picture *statement = run_step_statement(step, note->statement);
    g_autofree char *why = note->error != NULL ? error_line(note->error) : NULL;
    forget_hindrances(picture);
    if (step == NULL)
        return;
    step->mark = RUN_MARK_FAILED;
    step->elapsed_us = note->elapsed_us;
    replace(&step->message, why);
    settle_statements(step, RUN_MARK_RUNNING, RUN_MARK_FAILED);
    settle_statements(step, RUN_MARK_WAITING, RUN_MARK_SKIPPED);
    if (statement == NULL)
        return;
    statement->mark = RUN_MARK_FAILED;
    if (statement->started_at > 0 && picture->statement == note->statement)
        statement->elapsed_us = note->at - picture->statement_at;
    if (why != NULL)
        append_message(&statement->message, why);
}

static void retry_step(struct run_picture *picture, const struct run_note *note)
{
    struct run_step_picture *step = run_picture_step(picture, note->step);
    g_autofree char *why = error_line(note->error);
    g_autofree char *delay = duration_format(note->elapsed_us);
    g_autofree char *text = g_strdup_printf("%s; trying again in %s", why, delay);
    forget_hindrances(picture);
    add_notice(picture, text);
    if (step == NULL)
        return;
    replace(&step->message, text);
    reset_statements(step);
}

/* ---- the run --------------------------------------------------------------------------------- */

static void take_plan(struct run_picture *picture, const struct run_note *note)
{
    g_clear_pointer(&picture->plan, plan_unref);
    g_ptr_array_unref(picture->steps);
    picture->plan = plan_ref(note->plan);
    picture->steps = g_ptr_array_ref(note->steps);
    picture->version = note->plan->from;
    picture->phase = RUN_PHASE_RUNNING;
}

static void end(struct run_picture *picture, struct run_note *note, gint64 now)
{
    for (guint i = 0; i < picture->steps->len; i++) {
        struct run_step_picture *step = picture->steps->pdata[i];
        if (step->mark == RUN_MARK_RUNNING)
            step->mark = RUN_MARK_FAILED;
        if (step->mark == RUN_MARK_WAITING)
            step->mark = RUN_MARK_SKIPPED;
    }
    forget_hindrances(picture);
    g_clear_pointer(&picture->blocking, g_free);
    g_clear_pointer(&picture->waiting_for, g_free);
    picture->phase = note->error != NULL ? RUN_PHASE_FAILED : RUN_PHASE_DONE;
    picture->ended_at = now;
    picture->error = note->error != NULL ? g_error_copy(note->error) : NULL;
    replace(&picture->outcome, note->end.outcome);
    picture->done = note->end.done;
    picture->version = note->end.version;
    picture->is_dirty = note->end.is_dirty;
    picture->is_unsettled = note->end.is_unsettled;
    picture->table = g_steal_pointer(&note->end.table);
}

static void fold_connect_retry(struct run_picture *picture, const struct run_note *note)
{
    g_autofree char *why = error_line(note->error);
    picture->phase = RUN_PHASE_CONNECTING;
    add_notice(picture, why);
}

void run_picture_fold(struct run_picture *picture, struct run_note *note, gint64 now)
{
    if (note->is_end) {
        end(picture, note, now);
        return;
    }
    switch (note->kind) {
    case ENGINE_CONNECT_RETRY:
        fold_connect_retry(picture, note);
        break;
    case ENGINE_LOCK_WAIT:
        picture->phase = RUN_PHASE_WAITING;
        replace(&picture->waiting_for, note->text);
        break;
    case ENGINE_LOCKED:
        picture->phase = RUN_PHASE_RUNNING;
        g_clear_pointer(&picture->waiting_for, g_free);
        break;
    case ENGINE_PLANNED:
        take_plan(picture, note);
        break;
    case ENGINE_STEP_STARTED:
        start_step(picture, note, now);
        break;
    case ENGINE_STEP_EVENT:
        fold_run_event(picture, note, now);
        break;
    case ENGINE_STEP_RETRY:
        retry_step(picture, note);
        break;
    case ENGINE_STEP_DONE:
        end_step(picture, note);
        break;
    case ENGINE_STEP_FAILED:
        fail_step(picture, note);
        break;
    case ENGINE_NOTICE:
        add_notice(picture, note->text);
        break;
    }
}
