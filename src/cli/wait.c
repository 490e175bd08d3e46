/* wait and run: what stands before an application. */
#include "cli/command.h"

#include "base/duration.h"

#include <string.h>

#define WAIT_DEFAULT_MS     60000
#define WAIT_STEP_US        200000
#define RUN_LOCK_TIMEOUT_MS 900000

static gboolean wait_limit(const struct command_context *context, gint64 *milliseconds,
                           GError **error)
{
    const char *given = invocation_value(context->invocation, "for");
    *milliseconds = WAIT_DEFAULT_MS;
    return given == NULL || duration_parse(given, 1000, milliseconds, error);
}

/* One try: connected, and at the version where one was named. */
static gboolean is_ready(struct command_context *context, const struct version_name *name,
                         GError **error)
{
    struct version_state state;
    gint64 wanted = VERSION_NONE;
    if (context->engine == NULL && !command_prepare(context, COMMAND_ENGINE, error))
        return FALSE;
    gboolean may_create = (context->invocation->command->flags & COMMAND_CHANGES) != 0;
    if (!may_create && !engine_exists(context->engine, error))
        return FALSE;
    if (name == NULL)
        return TRUE;
    if (!engine_version(context->engine, &state, error))
        return FALSE;
    if (!engine_resolve(context->engine, name, &wanted, error))
        return FALSE;
    if (state.version >= wanted && !state.is_dirty)
        return TRUE;
    error_set(error, ERROR_NO_CONNECTION,
              "the database is at %" G_GINT64_FORMAT "%s, not yet at %" G_GINT64_FORMAT,
              state.version, state.is_dirty ? " (dirty)" : "", wanted);
    return FALSE;
}

static void forget(struct command_context *context, const GError *failure)
{
    if (!error_is(failure, ERROR_NO_CONNECTION))
        return;
    g_clear_pointer(&context->engine, engine_close);
    g_clear_pointer(&context->settings, engine_settings_free);
    if (context->config != NULL)
        config_free(context->config);
    context->config = NULL;
}

static gboolean wait_for(struct command_context *context, const struct version_name *name,
                         GError **error)
{
    gint64 limit;
    if (!wait_limit(context, &limit, error))
        return FALSE;
    gint64 until = g_get_monotonic_time() + limit * 1000;
    context->connects_once = TRUE;
    for (;;) {
        g_autoptr(GError) failure = NULL;
        if (is_ready(context, name, &failure))
            return TRUE;
        gboolean may_pass = error_is(failure, ERROR_NO_CONNECTION) &&
                            g_get_monotonic_time() < until &&
                            cancellation_level(context->cancellation) == CANCEL_NONE;
        if (!may_pass) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        forget(context, failure);
        GPollFD wake = {.fd = cancellation_fd(context->cancellation), .events = G_IO_IN};
        g_poll(&wake, 1, WAIT_STEP_US / 1000);
    }
}

gboolean command_wait(struct command_context *context, GError **error)
{
    const char *target = invocation_value(context->invocation, "to");
    struct version_name name;
    if (target != NULL && !version_name_parse(target, &name, error))
        return FALSE;
    gint64 started = g_get_monotonic_time();
    if (!wait_for(context, target != NULL ? &name : NULL, error))
        return FALSE;
    g_autofree char *label = output_safe(engine_label(context->engine));
    g_autofree char *waited = duration_format(g_get_monotonic_time() - started);
    json_object_set_new(context->document, "waited_us",
                        json_integer(g_get_monotonic_time() - started));
    output_line(context->output, ROLE_GOOD, "%s answers, after %s", label, waited);
    return TRUE;
}

/* What must hold before the application may start. */
static gboolean check(struct command_context *context, GError **error)
{
    g_autoptr(GPtrArray) findings = engine_validate_files(context->engine, error);
    if (findings == NULL)
        return FALSE;
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        g_autofree char *message = output_safe(finding->message);
        output_remark(context->output, ROLE_WARNING, "%s: %s", finding->check, message);
    }
    return TRUE;
}

/* Many replicas may start at once: one migrates, the others wait for it as long as it takes. */
static gboolean migrate(struct command_context *context, GError **error)
{
    struct goal goal = {.kind = GOAL_UP};
    struct change_options options = {.is_confirmed = invocation_has(context->invocation, "yes")};
    struct change_report report;
    const struct config_origin *origin = config_origin(context->config, CONFIG_LOCK_TIMEOUT);
    if (origin->kind == ORIGIN_DEFAULT)
        context->settings->lock_timeout = RUN_LOCK_TIMEOUT_MS;
    gboolean is_done = engine_migrate(context->engine, &goal, &options, &report, error);
    change_report_clear(&report);
    return is_done;
}

gboolean command_run(struct command_context *context, GError **error)
{
    GPtrArray *trailing = context->invocation->trailing;
    if (trailing->len < 2) {
        error_set(error, ERROR_USAGE, "'run' needs a command to become");
        error_advise(error, "write winch run -- COMMAND [ARGUMENT ...]");
        return FALSE;
    }
    context->output->keeps_stdout_free = TRUE;
    if (!wait_for(context, NULL, error) || !migrate(context, error) || !check(context, error))
        return FALSE;
    context->become = (char **)trailing->pdata;
    return TRUE;
}
