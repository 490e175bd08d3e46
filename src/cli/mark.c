/* mark and approve: what people have found a version, or a plan, to be. */
#include "cli/command.h"

#include "base/duration.h"

#include <string.h>

static gboolean kind_read(const char *word, enum mark_kind *kind, GError **error)
{
    if (mark_kind_parse(word, kind))
        return TRUE;
    error_set(error, ERROR_USAGE, "a version is not marked '%s'", word);
    error_advise(error, "write winch mark stable VERSION, or winch mark known-good VERSION");
    return FALSE;
}

/* A mark to be taken away may be of a version whose file is gone. */
static gboolean version_read(struct command_context *context, const char *text, gboolean is_removed,
                             gint64 *version, GError **error)
{
    struct version_name name;
    if (is_removed && version_number_parse(text, version, NULL))
        return TRUE;
    return version_name_parse(text, &name, error) &&
           engine_resolve(context->engine, &name, version, error);
}

gboolean command_mark(struct command_context *context, GError **error)
{
    const struct invocation *invocation = context->invocation;
    struct change_options options = {.reason = invocation_value(invocation, "reason")};
    gboolean is_removed = invocation_has(invocation, "remove");
    struct version_mark mark = {.version = VERSION_NONE};
    if (!kind_read(invocation_argument(invocation, 0), &mark.kind, error) ||
        !version_read(context, invocation_argument(invocation, 1), is_removed, &mark.version,
                      error) ||
        !engine_mark(context->engine, &mark, is_removed, &options, error))
        return FALSE;
    progress_drain(context->progress);
    g_autofree char *version = change_version_text(context->engine, mark.version);
    json_object_set_new(context->document, "version", json_integer(mark.version));
    json_object_set_new(context->document, "mark", json_string(mark_kind_name(mark.kind)));
    json_object_set_new(context->document, "is_removed", json_boolean(is_removed));
    output_line(context->output, ROLE_GOOD, is_removed ? "%s is no longer %s" : "%s is %s", version,
                mark_kind_name(mark.kind));
    return TRUE;
}

/* ---- approve --------------------------------------------------------------------------------- */

#define LIFETIME_MS     3600000
#define LIFETIME_MAX_MS (7 * 24 * G_GINT64_CONSTANT(3600000))

static gboolean lifetime_read(const struct invocation *invocation, gint64 *lifetime, GError **error)
{
    const char *given = invocation_value(invocation, "expires");
    *lifetime = LIFETIME_MS;
    if (given != NULL && !duration_parse(given, 0, lifetime, error))
        return FALSE;
    if (*lifetime > 0 && *lifetime <= LIFETIME_MAX_MS)
        return TRUE;
    error_set(error, ERROR_USAGE, "an approval does not hold for %s", given);
    error_advise(error, "give a time of up to 7 days, such as 2h");
    return FALSE;
}

static gboolean plan_id_is_valid(const char *id, GError **error)
{
    if (strlen(id) == 16 && id[strspn(id, "0123456789abcdef")] == '\0')
        return TRUE;
    error_set(error, ERROR_USAGE, "'%s' is not the id of a plan", id);
    error_advise(error, "'winch gate' and 'winch plan' show it: 16 digits of 0 to 9 and a to f");
    return FALSE;
}

/* The last thing that history has of this plan before: who wants it, and where it leads. */
static void show_plan_known(struct command_context *context, const GPtrArray *history,
                            const char *plan_id)
{
    const struct history_record *known = NULL;
    for (guint i = 0; i < history->len; i++) {
        const struct history_record *record = history->pdata[i];
        if (g_strcmp0(record->plan_id, plan_id) == 0 && record->kind != HISTORY_APPROVAL)
            known = record;
    }
    if (known == NULL) {
        output_remark(context->output, ROLE_WARNING,
                      "history knows nothing of plan %s: nobody has previewed or tried it here",
                      plan_id);
        return;
    }
    g_autofree char *from = change_version_text(context->engine, known->from_version);
    g_autofree char *to = change_version_text(context->engine, known->to_version);
    g_autofree char *who = output_safe(known->database_user);
    g_autofree char *os_user = output_safe(known->os_user);
    g_autofree char *when = output_time(known->finished_at);
    output_line(context->output, ROLE_PLAIN, "plan %s leads from %s to %s; last %s by %s (%s), %s",
                plan_id, from, to,
                known->kind == HISTORY_REFUSED ? "refused when tried" : "seen in history", who,
                os_user, when);
}

gboolean command_approve(struct command_context *context, GError **error)
{
    const struct invocation *invocation = context->invocation;
    const char *plan_id = invocation_argument(invocation, 0);
    struct change_options options = {.reason = invocation_value(invocation, "reason")};
    gint64 lifetime;
    if (!plan_id_is_valid(plan_id, error) || !lifetime_read(invocation, &lifetime, error))
        return FALSE;
    g_autoptr(GPtrArray) history = engine_history(context->engine, 0, error);
    if (history == NULL || !engine_approve(context->engine, plan_id, lifetime, &options, error))
        return FALSE;
    progress_drain(context->progress);
    show_plan_known(context, history, plan_id);
    g_autofree char *user = output_safe(engine_facts(context->engine)->session_user);
    g_autofree char *text = duration_format(lifetime * 1000);
    json_object_set_new(context->document, "plan", json_string(plan_id));
    json_object_set_new(context->document, "approver",
                        output_string(engine_facts(context->engine)->session_user));
    json_object_set_new(context->document, "lifetime_ms", json_integer(lifetime));
    output_line(context->output, ROLE_GOOD, "plan %s is approved by %s for %s", plan_id, user,
                text);
    return TRUE;
}
