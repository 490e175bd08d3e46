/* An event copied for another thread, and what the log says of it. */
#include "console/run_picture.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/preview_table.h"

#include <string.h>

/* ---- from a plan -----------------------------------------------------------------------------
 */

#define WORDS_BYTES 240

char *run_first_words(const char *text, gsize length)
{
    GString *words = g_string_new(NULL);
    gsize i = 0;
    for (; i < length && words->len < WORDS_BYTES; i++) {
        if (!g_ascii_isspace(text[i]))
            g_string_append_c(words, text[i]);
        else if (words->len > 0 && words->str[words->len - 1] != ' ')
            g_string_append_c(words, ' ');
    }
    const char *end;
    if (!g_utf8_validate(words->str, (gssize)words->len, &end) &&
        words->len - (gsize)(end - words->str) < 4)
        g_string_truncate(words, (gsize)(end - words->str));
    if (i < length)
        g_string_append(words, " ...");
    return g_string_free(words, FALSE);
}

static void statement_free(gpointer data)
{
    struct run_statement_picture *statement = data;
    g_free(statement->verb);
    g_free(statement->text);
    g_free(statement->message);
    g_free(statement);
}

static void step_free(gpointer data)
{
    struct run_step_picture *step = data;
    g_free(step->digits);
    g_free(step->title);
    g_free(step->mode_reason);
    g_free(step->skipped);
    g_free(step->message);
    g_ptr_array_unref(step->statements);
    g_free(step);
}

/* The statements as they run: without the BEGIN and COMMIT that are replaced. */
static GPtrArray *statements_of(const struct plan_step *step)
{
    const GArray *all = step->script->statements;
    guint edge = step->script->mode == RUN_OWN_BLOCK ? 1 : 0;
    GPtrArray *statements = g_ptr_array_new_with_free_func(statement_free);
    for (guint i = edge; i + edge < all->len; i++) {
        const struct script_statement *from = &g_array_index(all, struct script_statement, i);
        struct run_statement_picture *statement = g_new0(struct run_statement_picture, 1);
        statement->rows = -1;
        statement->line = from->line;
        statement->verb = g_strdup(from->verb);
        statement->text = run_first_words(step->body + from->offset, from->length);
        g_ptr_array_add(statements, statement);
    }
    return statements;
}

GPtrArray *run_steps_new(const struct plan *plan)
{
    GPtrArray *steps = g_ptr_array_new_full(plan->steps->len, step_free);
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *from = plan_step_at(plan, i);
        struct run_step_picture *step = g_new0(struct run_step_picture, 1);
        step->version = from->migration->version;
        step->direction = from->direction;
        step->digits = g_strdup(from->migration->digits);
        step->title = g_strdup(from->migration->title);
        step->is_transactional = run_mode_is_transactional(from->script->mode);
        step->mode_reason = g_strdup(from->script->mode_reason);
        step->statements = statements_of(from);
        g_ptr_array_add(steps, step);
    }
    return steps;
}

/* ---- from an event ---------------------------------------------------------------------------
 */

static char *holder_text(const struct lock_holder *holder)
{
    if (holder == NULL)
        return g_strdup("somebody who cannot be seen from here");
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "pid %d", holder->pid);
    if (holder->user != NULL && *holder->user != '\0')
        g_string_append_printf(text, " %s", holder->user);
    if (holder->client != NULL && *holder->client != '\0')
        g_string_append_printf(text, "@%s", holder->client);
    if (holder->application != NULL && *holder->application != '\0')
        g_string_append_printf(text, " %s", holder->application);
    if (holder->state != NULL && *holder->state != '\0')
        g_string_append_printf(text, ", %s", holder->state);
    if (holder->query != NULL && *holder->query != '\0')
        g_string_append_printf(text, ": %s", holder->query);
    return g_string_free(text, FALSE);
}

static void take_run_event(struct run_note *note, const struct run_event *event)
{
    note->run_kind = event->kind;
    note->statement = event->statement;
    note->elapsed_us = event->elapsed_us;
    note->rows = event->rows;
    note->done = event->done;
    note->total = event->total;
    /* Nobody waits any more: nothing is said. */
    gboolean is_over = event->kind == RUN_EVENT_BLOCKING && event->session_total == 0;
    note->text = is_over ? NULL : g_strdup(event->text);
}

struct run_note *run_note_new(const struct engine_event *event)
{
    struct run_note *note = g_new0(struct run_note, 1);
    note->kind = event->kind;
    note->at = g_get_monotonic_time();
    note->step = event->step;
    note->elapsed_us = event->elapsed_us;
    note->rows = -1;
    if (event->kind == ENGINE_NOTICE)
        note->text = g_strdup(event->text);
    if (event->error != NULL)
        note->error = g_error_copy(event->error);
    if (event->kind == ENGINE_PLANNED) {
        note->plan = plan_ref(event->plan);
        note->steps = run_steps_new(event->plan);
    }
    if (event->kind == ENGINE_LOCK_WAIT)
        note->text = holder_text(event->holder);
    if (event->kind == ENGINE_STEP_EVENT)
        take_run_event(note, event->run);
    if (event->result != NULL)
        note->statement = event->result->failed_statement;
    return note;
}

void run_note_free(struct run_note *note)
{
    g_clear_pointer(&note->plan, plan_unref);
    g_clear_pointer(&note->steps, g_ptr_array_unref);
    g_clear_error(&note->error);
    g_free(note->text);
    g_free(note->sql);
    g_free(note->end.outcome);
    g_clear_pointer(&note->end.table, preview_table_free);
    g_free(note);
}

/* ---- for the log -----------------------------------------------------------------------------
 */

static char *statement_line(const struct run_note *note, const struct run_step_picture *step)
{
    const struct run_statement_picture *statement = run_step_statement(step, note->statement);
    g_autofree char *elapsed = duration_format(note->elapsed_us);
    g_autofree char *count = note->rows >= 0 ? text_plural(note->rows, "row", "rows") : NULL;
    if (statement == NULL)
        return NULL;
    return g_strdup_printf("%s.%u %s -> %s%s%s", step->digits, note->statement + 1, statement->text,
                           count != NULL ? count : "", count != NULL ? ", " : "", elapsed);
}

/* What is heard again and again is said once, until it changes. */
static char *if_new(const char *before, const char *said, const char *text)
{
    return g_strcmp0(before, text) != 0 ? g_strdup_printf("%s%s", said, text) : NULL;
}

static char *run_event_line(const struct run_note *note, const struct run_picture *picture,
                            enum record_level *level)
{
    const struct run_step_picture *step = run_picture_step(picture, note->step);
    if (step == NULL)
        return NULL;
    switch (note->run_kind) {
    case RUN_EVENT_STATEMENT_STARTED:
    case RUN_EVENT_COMMITTING:
    case RUN_EVENT_EVIDENCE:
        return NULL;
    case RUN_EVENT_STATEMENT_DONE:
        return statement_line(note, step);
    case RUN_EVENT_NOTICE:
        *level = RECORD_INFO;
        return g_strdup_printf("server: %s", note->text);
    case RUN_EVENT_BLOCKED:
        *level = RECORD_WARNING;
        return if_new(picture->blocked_by, "waiting for ", note->text);
    case RUN_EVENT_BLOCKING:
        *level = RECORD_WARNING;
        return picture->blocking == NULL ? g_strdup(note->text) : NULL;
    case RUN_EVENT_PROGRESS:
        return if_new(picture->progress, "server: ", note->text);
    case RUN_EVENT_CHECK_DONE:
        return g_strdup_printf("%s check %s holds", step->digits, note->text);
    case RUN_EVENT_CANCELLING:
        return g_strdup("the server was told to cancel the statement");
    case RUN_EVENT_SETTLING:
        *level = RECORD_WARNING;
        return g_strdup("the connection is lost; finding out what is true of the database");
    case RUN_EVENT_LEFTOVER:
        *level = RECORD_WARNING;
        return g_strdup_printf("%s left session state behind, now put back: %s", step->digits,
                               note->text);
    }
    return NULL;
}

static char *retry_line(const struct run_note *note)
{
    g_autofree char *why = error_line(note->error);
    g_autofree char *delay = duration_format(note->elapsed_us);
    return g_strdup_printf("%s; trying again in %s", why, delay);
}

static char *step_line(const struct run_note *note, const struct run_picture *picture,
                       const char *outcome)
{
    const struct run_step_picture *step = run_picture_step(picture, note->step);
    g_autofree char *elapsed = duration_format(note->elapsed_us);
    if (step == NULL)
        return NULL;
    return g_strdup_printf("%s %s %s%s%s", direction_name(step->direction), step->digits,
                           step->title, outcome, note->elapsed_us > 0 ? elapsed : "");
}

char *run_note_line(const struct run_note *note, const struct run_picture *picture,
                    enum record_level *level)
{
    *level = RECORD_RUN;
    if (note->is_end)
        return note->error != NULL ? g_strdup(note->end.outcome) : NULL;
    switch (note->kind) {
    case ENGINE_CONNECT_RETRY:
    case ENGINE_STEP_RETRY:
        *level = RECORD_WARNING;
        return retry_line(note);
    case ENGINE_LOCK_WAIT:
        *level = RECORD_WARNING;
        return if_new(picture->waiting_for, "waiting for the migration lock, held by ", note->text);
    case ENGINE_LOCKED:
        return g_strdup("the migration lock is ours");
    case ENGINE_PLANNED:
        return g_strdup_printf("plan %s: %u to run", note->plan->id, note->plan->steps->len);
    case ENGINE_STEP_STARTED:
        return step_line(note, picture, "");
    case ENGINE_STEP_EVENT:
        return run_event_line(note, picture, level);
    case ENGINE_STEP_DONE:
        return step_line(note, picture, picture->kind == RUN_DRY_RUN ? ": fits, " : ": done, ");
    case ENGINE_STEP_FAILED:
        *level = RECORD_ERROR;
        return step_line(note, picture, ": FAILED, ");
    case ENGINE_NOTICE:
        *level = RECORD_WARNING;
        return g_strdup(note->text);
    }
    return NULL;
}
