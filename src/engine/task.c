/* From a step of a run to what the driver is told, and from what it tells to whoever listens. */
#include "engine/task.h"

static void note_statement(GString *statements, const struct run_event *event)
{
    g_string_append(statements, statements->len > 1 ? ", {\"rows\": " : "{\"rows\": ");
    if (event->rows < 0)
        g_string_append(statements, "null");
    else
        g_string_append_printf(statements, "%" G_GINT64_FORMAT, event->rows);
    g_string_append_printf(statements, ", \"elapsed_us\": %" G_GINT64_FORMAT "}",
                           event->elapsed_us);
}

static void hear(const struct run_event *event, void *data)
{
    struct task *task = data;
    if (event->kind == RUN_EVENT_STATEMENT_DONE)
        note_statement(task->statements, event);
    engine_tell(task->run->engine, &(struct engine_event){.kind = ENGINE_STEP_EVENT,
                                                          .plan = task->run->report->plan,
                                                          .step = task->index,
                                                          .run = event});
}

void task_keep_impact(struct task *task, const struct run_result *result)
{
    struct impact impact = result->impact;
    if (impact.history_id == 0)
        return;
    g_string_append_c(task->statements, ']');
    impact.statements = g_strdup(task->statements->str);
    g_array_append_val(task->run->impacts, impact);
    /* cppcheck-suppress memleak ; the array has it now */
}

/* In production every commit waits for the disk. Elsewhere only the run's last row does, which
 * flushes what came before it; without history there is no such row. */
gboolean steps_commit_synchronously(const struct run *run)
{
    return run->engine->environment.class_ == ENVIRONMENT_PRODUCTION ||
           database_history_presence(run->engine->database) != HISTORY_PRESENT;
}

static char *application_name(const struct run *run, guint index)
{
    const struct plan_step *step = plan_step_at(run->report->plan, index);
    return g_strdup_printf("winch %.6s %s %s %u/%u", run->report->run_id,
                           direction_name(step->direction), step->migration->digits, index + 1,
                           run->report->plan->steps->len);
}

void task_init(struct task *task, struct run *run, guint index)
{
    const struct plan_step *step = plan_step_at(run->report->plan, index);
    struct run_job *job = &task->prepared.job;
    task->run = run;
    task->index = index;
    task->statements = g_string_new("[");
    task->name = application_name(run, index);
    task->record = recording_of_step(run->engine, run->report->run_id, run->report->plan, step);
    task->record->reason = g_strdup(change_reason(run->options));
    step_job_init(&task->prepared, step, run->engine->settings, run->engine->timeout);
    job->commits_synchronously = steps_commit_synchronously(run);
    job->application_name = task->name;
    job->record = task->record;
    job->cancellation = run->engine->cancellation;
    job->on_event = hear;
    job->event_data = task;
}

void task_clear(struct task *task)
{
    step_job_clear(&task->prepared);
    g_string_free(task->statements, TRUE);
    g_free(task->name);
    history_record_free(task->record);
}
