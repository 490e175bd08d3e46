/* The rest of frame.h, and the monitor's queue without its thread. */
#include "fake_answers.h"

struct fake_answers fake_answers;

static GQueue held = G_QUEUE_INIT;

static void job_end(gpointer data)
{
    struct job *job = data;
    if (job->free_data != NULL)
        job->free_data(job->data);
    g_free(job);
}

void fake_answers_reset(void)
{
    g_queue_clear_full(&held, job_end);
    fake_answers = (struct fake_answers){0};
}

static void job_do(struct console *console, struct job *job)
{
    g_autoptr(GError) error = NULL;
    gpointer result = job->work(fake_answers.engine, job->data, &error);
    job->done(console, job->data, result, error);
    job_end(job);
}

guint fake_answers_work(struct console *console)
{
    guint count = 0;
    for (struct job *job; (job = g_queue_pop_head(&held)) != NULL; count++)
        job_do(console, job);
    return count;
}

struct job *job_new(gpointer (*work)(struct engine *, gpointer, GError **),
                    void (*done)(struct console *, gpointer, gpointer, const GError *),
                    gpointer data, GDestroyNotify free_data, GDestroyNotify free_result)
{
    struct job *job = g_new0(struct job, 1);
    *job = (struct job){work, done, free_data, free_result, data};
    return job;
}

void console_ask(struct console *console, struct job *job)
{
    if (fake_answers.holds_work)
        g_queue_push_tail(&held, job);
    else
        job_do(console, job);
}

char *console_why_not(const struct console *console, const struct action *action)
{
    (void)console;
    return action->id == fake_answers.off ? g_strdup(fake_answers.why_off) : NULL;
}

const char *console_search(const struct console *console)
{
    (void)console;
    return fake_answers.search;
}

enum screen console_help_screen(const struct console *console)
{
    (void)console;
    return fake_answers.help_screen;
}

gboolean console_is_zoomed(const struct console *console)
{
    (void)console;
    return fake_answers.is_zoomed;
}
