/* What this side knows of a change: who, from where, with which program, on which plan. */
#include "engine/internal.h"

#include <config.h>
#include <string.h>

void run_id_make(char run_id[17])
{
    g_autofree char *uuid = g_uuid_string_random();
    gsize length = 0;
    for (const char *at = uuid; *at != '\0' && length < 16; at++)
        if (*at != '-')
            run_id[length++] = *at;
    run_id[length] = '\0';
}

/* The person behind sudo, where there is one. */
static const char *os_user(void)
{
    const char *invoker = g_getenv("SUDO_USER");
    return invoker != NULL && *invoker != '\0' ? invoker : g_get_user_name();
}

static char *ssh_client(void)
{
    const char *connection = g_getenv("SSH_CONNECTION");
    return connection != NULL && *connection != '\0'
               ? g_strndup(connection, strcspn(connection, " "))
               : NULL;
}

struct history_record *recording_new(const struct engine *engine, const char *run_id,
                                     enum history_kind kind, enum history_outcome outcome)
{
    struct history_record *record = history_record_new(kind, outcome);
    record->run_id = g_strdup(run_id);
    record->environment = g_strdup(engine->environment.name);
    record->os_user = g_strdup(os_user());
    record->host = g_strdup(g_get_host_name());
    record->ssh_client = ssh_client();
    record->tool = g_strdup(PACKAGE_STRING);
    return record;
}

static char *sha256_of(const struct migration_text *text)
{
    return text != NULL ? g_strdup(text->sha256) : NULL;
}

struct history_record *recording_of_step(const struct engine *engine, const char *run_id,
                                         const struct plan *plan, const struct plan_step *step)
{
    enum history_kind kind = step->direction == DIRECTION_UP ? HISTORY_UP : HISTORY_DOWN;
    struct history_record *record = recording_new(engine, run_id, kind, OUTCOME_DONE);
    record->plan_id = g_strdup(plan->id);
    record->version = step->migration->version;
    record->from_version = step->version_before;
    record->to_version = step->version_after;
    record->title = g_strdup(step->migration->title);
    record->statements = step->script->statements->len;
    record->up_sha256 = sha256_of(step->up);
    record->down_sha256 = sha256_of(step->down);
    record->ticket = g_strdup(step->migration->notes.ticket);
    return record;
}

void recording_add_error(struct history_record *record, const GError *error)
{
    const struct error_detail *detail = error_detail(error);
    g_free(record->message);
    record->message = g_strdup(error->message);
    if (detail == NULL)
        return;
    if (detail->sqlstate[0] != '\0')
        record->sqlstate = g_strdup(detail->sqlstate);
    record->file = g_strdup(detail->file);
    record->line = detail->line;
}

const char *change_reason(const struct change_options *options)
{
    return options->override != NULL ? options->override : options->reason;
}

struct history_record *recording_of_refusal(const struct engine *engine, const char *message)
{
    char run_id[17];
    run_id_make(run_id);
    struct history_record *record = recording_new(engine, run_id, HISTORY_REFUSED, OUTCOME_REFUSED);
    record->message = g_strdup(message);
    record->version = record->from_version = record->to_version = VERSION_NONE;
    return record;
}

void recording_append_refusal(struct engine *engine, struct history_record *record)
{
    g_autoptr(GError) unwritten = NULL;
    if (!database_history_append(engine->database, record, &unwritten))
        engine_notice(engine, "the refusal could not be recorded: %s", unwritten->message);
}

void engine_record_refusal(struct engine *engine, const char *message)
{
    AUTOPTR(history_record) *record = recording_of_refusal(engine, message);
    recording_append_refusal(engine, record);
}
