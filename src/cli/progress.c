/* The worker queues finished lines and replaces the bar's text; the main loop prints both. */
#include "cli/progress.h"

#include "base/autofree.h"
#include "base/duration.h"
#include "base/text.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One finished line. */
struct line {
    gboolean is_result; /* for standard output; otherwise a remark */
    enum output_role role;
    char *text;
};

struct progress {
    struct output *output;
    struct cancellation *cancellation;
    gboolean has_bar;
    gboolean hides_steps;
    GMutex lock;        /* guards what follows */
    GQueue lines;       /* of struct line */
    GString *bar;       /* "" without one; all but the time, which the painter adds */
    gint64 step_start;  /* of the running step, monotonic */
    GString *hindrance; /* "blocked by ...", "" when nothing is in the way */
    GString *waiters;   /* "3 wait for this", "" when nobody does */
    json_t *steps;
    json_t *statements; /* of the last step; borrowed from it */
    gboolean is_painted;
    GCond drained; /* the worker waits for it while wants_drain */
    gboolean wants_drain;
};

struct progress *progress_new(struct output *output, struct cancellation *cancellation,
                              gboolean has_bar)
{
    struct progress *progress = g_new0(struct progress, 1);
    progress->output = output;
    progress->cancellation = cancellation_ref(cancellation);
    progress->has_bar = has_bar && !output->is_json && !output->is_quiet;
    g_mutex_init(&progress->lock);
    g_cond_init(&progress->drained);
    g_queue_init(&progress->lines);
    progress->bar = g_string_new(NULL);
    progress->hindrance = g_string_new(NULL);
    progress->waiters = g_string_new(NULL);
    progress->steps = json_array();
    return progress;
}

static void line_free(gpointer data)
{
    struct line *line = data;
    g_free(line->text);
    g_free(line);
}

void progress_free(struct progress *progress)
{
    g_queue_clear_full(&progress->lines, line_free);
    g_string_free(progress->bar, TRUE);
    g_string_free(progress->hindrance, TRUE);
    g_string_free(progress->waiters, TRUE);
    json_decref(progress->steps);
    cancellation_unref(progress->cancellation);
    g_cond_clear(&progress->drained);
    g_mutex_clear(&progress->lock);
    g_free(progress);
}

/* ---- painting (main thread) --------------------------------------------------------------------
 */

static void erase_bar(struct progress *progress)
{
    if (progress->is_painted)
        fputs("\r\033[K", stderr);
    progress->is_painted = FALSE;
}

static void print_line(struct progress *progress, const struct line *line)
{
    if (line->is_result && !progress->output->keeps_stdout_free)
        output_line(progress->output, line->role, "%s", line->text);
    else
        output_remark(progress->output, line->role, "%s", line->text);
}

static void paint_bar(struct progress *progress)
{
    g_autofree char *elapsed = duration_format(g_get_monotonic_time() - progress->step_start);
    g_autofree char *text = g_strdup_printf(
        "%s  %s%s%s%s%s", progress->bar->str, elapsed, progress->waiters->len > 0 ? "  " : "",
        progress->waiters->str, progress->hindrance->len > 0 ? "  " : "", progress->hindrance->str);
    int room = progress->output->columns > 0 ? progress->output->columns - 1 : 79;
    g_autofree char *fitted =
        text_fit(text, MIN(text_width(text), room), TEXT_LEFT, progress->output->is_ascii);
    fprintf(stderr, "\r\033[K%s", fitted);
    fflush(stderr);
    progress->is_painted = TRUE;
}

void progress_paint(struct progress *progress)
{
    struct line *line;
    g_mutex_lock(&progress->lock);
    if (progress->lines.length > 0 || progress->bar->len == 0)
        erase_bar(progress);
    while ((line = g_queue_pop_head(&progress->lines)) != NULL) {
        g_mutex_unlock(&progress->lock);
        print_line(progress, line);
        line_free(line);
        g_mutex_lock(&progress->lock);
    }
    if (progress->has_bar && progress->bar->len > 0)
        paint_bar(progress);
    g_mutex_unlock(&progress->lock);
}

void progress_end(struct progress *progress)
{
    g_mutex_lock(&progress->lock);
    g_string_truncate(progress->bar, 0);
    g_mutex_unlock(&progress->lock);
    progress_paint(progress);
}

/* ---- hearing (worker thread, locked) -----------------------------------------------------------
 */

static void queue(struct progress *progress, gboolean is_result, enum output_role role,
                  const char *format, ...) G_GNUC_PRINTF(4, 5);
static void queue(struct progress *progress, gboolean is_result, enum output_role role,
                  const char *format, ...)
{
    va_list arguments;
    struct line *line = g_new0(struct line, 1);
    va_start(arguments, format);
    line->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    line->is_result = is_result;
    line->role = role;
    g_queue_push_tail(&progress->lines, line);
}

static char *bar_of(const struct engine_event *event, const char *rest)
{
    const struct plan_step *step = plan_step_at(event->plan, event->step);
    guint count = event->plan->steps->len;
    char gauge[21] = "";
    memset(gauge, '-', 20);
    memset(gauge, '#', (gsize)20 * event->step / count);
    g_autofree char *title = output_safe(step->migration->title);
    return g_strdup_printf("[%s] %u/%u %s %s %s%s", gauge, event->step + 1, count,
                           direction_name(step->direction), step->migration->digits, title, rest);
}

static void set_bar(struct progress *progress, const struct engine_event *event, const char *rest)
{
    if (!progress->has_bar)
        return;
    g_autofree char *bar = bar_of(event, rest);
    g_string_assign(progress->bar, bar);
}

/* Kept for --json only: it is the larger part of what a long run would hold in memory. */
static void start_json(struct progress *progress, const struct plan_step *step)
{
    json_t *object = json_object();
    json_object_set_new(object, "direction", json_string(direction_name(step->direction)));
    json_object_set_new(object, "version", json_integer(step->migration->version));
    json_object_set_new(object, "title", output_string(step->migration->title));
    json_object_set_new(object, "mode", json_string(run_mode_name(step->script->mode)));
    json_object_set_new(object, "outcome", json_string("started"));
    progress->statements = json_array();
    json_object_set_new(object, "statements", progress->statements);
    json_array_append_new(progress->steps, object);
}

static void hear_start(struct progress *progress, const struct engine_event *event)
{
    progress->step_start = g_get_monotonic_time();
    g_string_truncate(progress->hindrance, 0);
    g_string_truncate(progress->waiters, 0);
    set_bar(progress, event, "");
    if (progress->output->is_json)
        start_json(progress, plan_step_at(event->plan, event->step));
}

static json_t *last_step(struct progress *progress)
{
    return json_array_get(progress->steps, json_array_size(progress->steps) - 1);
}

/* The statements as they run: without the BEGIN and COMMIT that winch replaces. */
static const struct script_statement *statement_of(const struct engine_event *event)
{
    const struct script *script = plan_step_at(event->plan, event->step)->script;
    guint index = event->run->statement + (script->mode == RUN_OWN_BLOCK ? 1 : 0);
    return index < script->statements->len
               ? &g_array_index(script->statements, struct script_statement, index)
               : NULL;
}

static void hear_statement_start(struct progress *progress, const struct engine_event *event)
{
    const struct script_statement *statement = statement_of(event);
    guint count = plan_step_at(event->plan, event->step)->script->statements->len;
    g_string_truncate(progress->hindrance, 0);
    g_string_truncate(progress->waiters, 0);
    if (statement == NULL || !progress->has_bar)
        return;
    g_autofree char *rest =
        g_strdup_printf("  statement %u/%u %s", event->run->statement + 1, count, statement->verb);
    set_bar(progress, event, rest);
}

static json_t *statement_json(const struct script_statement *statement, const struct run_event *run)
{
    json_t *object = json_object();
    json_object_set_new(object, "line", json_integer(statement->line));
    json_object_set_new(object, "verb", json_string(statement->verb));
    json_object_set_new(object, "elapsed_us", json_integer(run->elapsed_us));
    json_object_set_new(object, "rows", run->rows >= 0 ? json_integer(run->rows) : json_null());
    return object;
}

static void hear_statement_end(struct progress *progress, const struct engine_event *event)
{
    const struct script_statement *statement = statement_of(event);
    const struct run_event *run = event->run;
    if (statement == NULL)
        return;
    if (progress->statements != NULL)
        json_array_append_new(progress->statements, statement_json(statement, run));
    if (!progress->output->is_verbose || progress->hides_steps)
        return;
    g_autofree char *elapsed = duration_format(run->elapsed_us);
    g_autofree char *rows = run->rows >= 0 ? text_plural(run->rows, "row", "rows") : g_strdup("");
    queue(progress, TRUE, ROLE_PLAIN, "     line %-5u %-28s %10s  %s", statement->line,
          statement->verb, elapsed, rows);
}

static void hear_run(struct progress *progress, const struct engine_event *event)
{
    const struct run_event *run = event->run;
    g_autofree char *text = output_safe(run->text);
    switch (run->kind) {
    case RUN_EVENT_STATEMENT_STARTED:
        hear_statement_start(progress, event);
        break;
    case RUN_EVENT_STATEMENT_DONE:
        hear_statement_end(progress, event);
        break;
    case RUN_EVENT_NOTICE:
        if (!progress->output->is_quiet && !progress->hides_steps)
            queue(progress, FALSE, ROLE_PLAIN, "server: %s", text);
        break;
    case RUN_EVENT_BLOCKED:
        if (progress->hindrance->len == 0)
            queue(progress, FALSE, ROLE_WARNING, "waiting for %s", text);
        g_string_printf(progress->hindrance, "blocked by %s", text);
        break;
    case RUN_EVENT_BLOCKING:
        if (progress->waiters->len == 0 && run->session_total > 0)
            queue(progress, FALSE, ROLE_WARNING, "%s", text);
        g_string_truncate(progress->waiters, 0);
        if (run->session_total > 0)
            g_string_printf(progress->waiters, "%u %s for this", run->session_total,
                            run->session_total == 1 ? "waits" : "wait");
        break;
    case RUN_EVENT_PROGRESS:
        if (run->total > 0)
            g_string_printf(progress->hindrance, "%s %d%%", text,
                            (int)(run->done * 100 / run->total));
        else
            g_string_assign(progress->hindrance, text);
        break;
    case RUN_EVENT_COMMITTING:
        set_bar(progress, event, "  committing");
        break;
    case RUN_EVENT_CANCELLING:
        set_bar(progress, event, "  cancelling");
        break;
    case RUN_EVENT_SETTLING:
        queue(progress, FALSE, ROLE_WARNING,
              "the connection was lost; finding out what is true of the database");
        break;
    case RUN_EVENT_LEFTOVER:
        queue(progress, FALSE, ROLE_WARNING, "%s left session state behind, now put back: %s",
              plan_step_at(event->plan, event->step)->half->file_name, text);
        break;
    case RUN_EVENT_EVIDENCE: /* the preview shows it */
        break;
    case RUN_EVENT_CHECK_DONE:
        if (progress->output->is_verbose)
            queue(progress, TRUE, ROLE_PLAIN, "     check %s holds", text);
        break;
    }
}

static void end_json(struct progress *progress, const struct engine_event *event)
{
    json_t *object = last_step(progress);
    const char *outcome = event->kind == ENGINE_STEP_DONE ? "done" : "failed";
    json_object_set_new(object, "outcome", json_string(outcome));
    json_object_set_new(object, "elapsed_us", json_integer(event->elapsed_us));
    if (event->error != NULL)
        json_object_set_new(object, "error", output_error_json(event->error));
}

static void hear_end(struct progress *progress, const struct engine_event *event)
{
    const struct plan_step *step = plan_step_at(event->plan, event->step);
    gboolean is_done = event->kind == ENGINE_STEP_DONE;
    g_string_truncate(progress->bar, 0);
    if (progress->output->is_json)
        end_json(progress, event);
    if (progress->hides_steps)
        return;
    g_autofree char *title = output_safe(step->migration->title);
    g_autofree char *elapsed = duration_format(event->elapsed_us);
    g_autofree char *count = text_plural(step->script->statements->len, "statement", "statements");
    queue(progress, TRUE, is_done ? ROLE_PLAIN : ROLE_BAD, "%-6s %s %s  %s  %s%s",
          direction_name(step->direction), step->migration->digits, title, count, elapsed,
          is_done ? "" : "  FAILED");
}

static void hear_lock_wait(struct progress *progress, const struct engine_event *event)
{
    g_autofree char *waited = duration_format(event->elapsed_us);
    const struct lock_holder *holder = event->holder;
    if (holder == NULL) {
        queue(progress, FALSE, ROLE_WARNING, "waiting for the migration lock (%s so far)", waited);
        return;
    }
    g_autofree char *user = output_safe(holder->user);
    g_autofree char *application = output_safe(holder->application);
    queue(progress, FALSE, ROLE_WARNING,
          "waiting for the migration lock (%s so far): held by pid %d, %s%s%s", waited, holder->pid,
          user, *application != '\0' ? ", " : "", application);
}

static void hear_retry(struct progress *progress, const struct engine_event *event)
{
    g_autofree char *line = error_line(event->error);
    g_autofree char *visible = output_safe(line);
    g_autofree char *delay = duration_format(event->elapsed_us);
    g_string_truncate(progress->bar, 0);
    queue(progress, FALSE, ROLE_WARNING, "%s; trying again in %s", visible, delay);
}

static void hear_notice(struct progress *progress, const struct engine_event *event)
{
    g_autofree char *text = output_safe(event->text);
    if (!progress->output->is_quiet)
        queue(progress, FALSE, ROLE_WARNING, "%s", text);
}

void progress_event(const struct engine_event *event, void *data)
{
    struct progress *progress = data;
    g_mutex_lock(&progress->lock);
    switch (event->kind) {
    case ENGINE_CONNECT_RETRY:
    case ENGINE_STEP_RETRY:
        hear_retry(progress, event);
        break;
    case ENGINE_LOCK_WAIT:
        hear_lock_wait(progress, event);
        break;
    case ENGINE_LOCKED:
    case ENGINE_PLANNED:
        break;
    case ENGINE_STEP_STARTED:
        hear_start(progress, event);
        break;
    case ENGINE_STEP_EVENT:
        hear_run(progress, event);
        break;
    case ENGINE_STEP_DONE:
    case ENGINE_STEP_FAILED:
        hear_end(progress, event);
        break;
    case ENGINE_NOTICE:
        hear_notice(progress, event);
        break;
    }
    g_mutex_unlock(&progress->lock);
}

void progress_hide_steps(struct progress *progress)
{
    g_mutex_lock(&progress->lock);
    progress->hides_steps = TRUE;
    g_mutex_unlock(&progress->lock);
}

json_t *progress_json(struct progress *progress)
{
    g_mutex_lock(&progress->lock);
    json_t *steps = json_incref(progress->steps);
    g_mutex_unlock(&progress->lock);
    return steps;
}

/* ---- asking
 * -------------------------------------------------------------------------------------- */

/* On the main thread, at once instead of at its next tick. */
static gboolean paint_for_drain(gpointer data)
{
    struct progress *progress = data;
    progress_paint(progress);
    g_mutex_lock(&progress->lock);
    progress->wants_drain = FALSE;
    g_cond_signal(&progress->drained);
    g_mutex_unlock(&progress->lock);
    return G_SOURCE_REMOVE;
}

void progress_drain(struct progress *progress)
{
    g_mutex_lock(&progress->lock);
    progress->wants_drain = TRUE;
    g_idle_add(paint_for_drain, progress);
    while (progress->wants_drain)
        g_cond_wait(&progress->drained, &progress->lock);
    g_mutex_unlock(&progress->lock);
}

/* A line in the terminal's own (canonical) mode; NULL at its end or when cancelled. */
static char *read_line(int terminal, struct cancellation *cancellation)
{
    char answer[1024];
    struct pollfd waits[] = {{terminal, POLLIN, 0}, {cancellation_fd(cancellation), POLLIN, 0}};
    while (poll(waits, 2, -1) <= 0 || waits[1].revents != 0)
        if (cancellation_seen(cancellation) != CANCEL_NONE)
            return NULL;
    ssize_t length = read(terminal, answer, sizeof answer);
    if (length <= 0)
        return NULL;
    return g_strstrip(g_strndup(answer, (gsize)length));
}

char *progress_ask(struct progress *progress, const char *question, GError **error)
{
    AUTOCLOSE terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0 || !isatty(STDIN_FILENO)) {
        error_set(error, ERROR_REFUSED, "there is no terminal to ask on");
        return NULL;
    }
    progress_drain(progress);
    g_autofree char *visible = text_visible(question, -1, TEXT_KEEP_LINES);
    ssize_t ignored = write(terminal, visible, strlen(visible));
    (void)ignored;
    char *answer = read_line(terminal, progress->cancellation);
    if (answer == NULL)
        error_set(error, cancellation_why(progress->cancellation), "nothing was typed");
    return answer;
}
