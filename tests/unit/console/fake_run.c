/* Running, for tests of views: nothing runs. */
#include "fake_run.h"

#include <string.h>

struct fake_run fake_run;

void fake_run_reset(void)
{
    memset(&fake_run, 0, sizeof fake_run);
}

struct runner *console_runner(struct console *console)
{
    (void)console;
    return NULL;
}

gboolean runner_is_active(const struct runner *runner)
{
    (void)runner;
    return fake_run.is_active;
}

void runner_stop(struct runner *runner, enum cancel_level level, enum error_code why)
{
    (void)runner;
    (void)why;
    fake_run.stop = level;
    fake_run.stops++;
}

void console_dry_run(struct console *console, const struct goal *goal)
{
    (void)console;
    fake_run.goal = *goal;
    fake_run.dry_runs++;
}

void console_ask(struct console *console, struct job *job)
{
    g_autoptr(GError) error = fake_run.error != NULL ? g_error_copy(fake_run.error) : NULL;
    gpointer result = NULL;
    fake_run.asks++;
    if (fake_run.plan != NULL)
        result = plan_ref(fake_run.plan);
    else if (error == NULL)
        result = job->work(NULL, job->data, &error);
    job->done(console, job->data, result, error);
    if (job->free_data != NULL)
        job->free_data(job->data);
    g_free(job);
}

struct job *job_new(gpointer (*work)(struct engine *, gpointer, GError **),
                    void (*done)(struct console *, gpointer, gpointer, const GError *),
                    gpointer data, GDestroyNotify free_data, GDestroyNotify free_result)
{
    struct job *job = g_new(struct job, 1);
    *job = (struct job){work, done, free_data, free_result, data};
    return job;
}
