/* What a driver is told of a step: its statements, checks, versions and limits. */
#include "engine/step_job.h"

/* What the driver is to send: every statement, but the BEGIN and COMMIT it replaces. */
static GArray *statements_of(const struct plan_step *step)
{
    const GArray *all = step->script->statements;
    guint edge = step->script->mode == RUN_OWN_BLOCK ? 1 : 0;
    GArray *statements = g_array_sized_new(FALSE, TRUE, sizeof(struct run_statement), all->len);
    for (guint i = edge; i + edge < all->len; i++) {
        const struct script_statement *from = &g_array_index(all, struct script_statement, i);
        struct run_statement statement = {
            .text = step->body + from->offset,
            .length = from->length,
            .offset = from->offset,
            .line = from->line,
            .column = from->column,
            .verb = from->verb,
            .is_outside = from->kind == STATEMENT_OUTSIDE,
        };
        g_array_append_val(statements, statement);
    }
    return statements;
}

static GArray *checks_of(const struct plan_step *step)
{
    const GArray *all = step->migration->notes.checks;
    GArray *checks = g_array_new(FALSE, FALSE, sizeof(struct run_check));
    for (guint i = 0; all != NULL && step->direction == DIRECTION_UP && i < all->len; i++) {
        const struct migration_check *from = &g_array_index(all, struct migration_check, i);
        struct run_check check = {from->name, from->sql, from->line};
        g_array_append_val(checks, check);
    }
    return checks;
}

static enum run_protocol protocol_of(enum run_mode mode)
{
    switch (mode) {
    case RUN_SEPARATE:
        return PROTOCOL_SEPARATE;
    case RUN_WHOLE:
        return PROTOCOL_WHOLE;
    case RUN_EMPTY:
    case RUN_TRANSACTION:
    case RUN_OWN_BLOCK:
        break;
    }
    return PROTOCOL_TRANSACTION;
}

static gint64 either(gint64 note, gint64 setting)
{
    return note >= 0 ? note : setting;
}

void step_job_init(struct step_job *job, const struct plan_step *step,
                   const struct engine_settings *settings, gint64 timeout)
{
    job->statements = statements_of(step);
    job->checks = checks_of(step);
    job->job = (struct run_job){
        .protocol = protocol_of(step->script->mode),
        .file = step->half->path != NULL ? step->half->path : step->migration->title,
        .text = step->body,
        .text_length = step->body_length,
        .statements = (const struct run_statement *)(void *)job->statements->data,
        .statement_count = job->statements->len,
        .begin_modes = step->script->begin_modes,
        .checks = (const struct run_check *)(void *)job->checks->data,
        .check_count = job->checks->len,
        .version_before = step->version_before,
        .version_after = step->version_after,
        .writes_version = step->writes_version,
        .keeps_session_state = settings->carries_session_state,
        .lock_timeout = either(step->migration->notes.lock_timeout, settings->lock_timeout),
        .timeout = either(step->migration->notes.timeout, timeout),
    };
}

void step_job_clear(struct step_job *job)
{
    g_array_unref(job->statements);
    g_array_unref(job->checks);
}
