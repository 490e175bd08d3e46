/* diff: what differs from the schema that was recorded for a version, and what would undo it. */
#include "cli/command.h"

#include "engine/drift.h"
#include "source/version_name.h"

#include <string.h>

/* ---- text ------------------------------------------------------------------------------------ */

static void show_recorded(struct command_context *context, const struct drift *drift)
{
    g_autofree char *version = change_version_text(context->engine, drift->version);
    g_autofree char *when = output_time(drift->recorded->finished_at);
    g_autofree char *by = output_safe(drift->recorded->os_user);
    output_line(context->output, ROLE_HEADING, "version %s, recorded %s by %s as %.12s", version,
                when, by, history_record_catalog(drift->recorded));
}

/* Of a value with several lines, those that are on one side only. */
static void show_lines(struct output *output, const char *mark, const char *value,
                       const char *other)
{
    g_auto(GStrv) lines = g_strsplit(value, "\n", -1);
    g_auto(GStrv) others = g_strsplit(other, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *line = output_safe(lines[i]);
        if (!g_strv_contains((const char *const *)others, lines[i]))
            output_line(output, ROLE_PLAIN, "      %s %s", mark, line);
    }
}

static void show_difference(struct output *output, const struct drift *drift, guint index)
{
    const struct catalog_difference *difference = drift->differences->pdata[index];
    g_autofree char *text = catalog_difference_text(difference);
    g_autofree char *safe = output_safe(text);
    g_autofree char *origin = drift_origin_text(drift, index);
    g_autofree char *safe_origin = output_safe(origin);
    output_line(output, difference->change == CATALOG_ORDER ? ROLE_WARNING : ROLE_BAD, "  %s%s%s%s",
                safe, origin != NULL ? "  (" : "", safe_origin, origin != NULL ? ")" : "");
    if (difference->change == CATALOG_CHANGED && difference->before != NULL &&
        difference->after != NULL &&
        (strchr(difference->before, '\n') != NULL || strchr(difference->after, '\n') != NULL)) {
        show_lines(output, "-", difference->before, difference->after);
        show_lines(output, "+", difference->after, difference->before);
    }
}

static void show_differences(struct command_context *context, const struct drift *drift)
{
    guint folded = 0;
    for (guint i = 0; i < drift->differences->len; i++) {
        const struct catalog_difference *difference = drift->differences->pdata[i];
        if (difference->is_implied && !context->output->is_verbose)
            folded++;
        else
            show_difference(context->output, drift, i);
    }
    g_autofree char *parts = text_plural(folded, "part", "parts");
    if (folded > 0)
        output_line(context->output, ROLE_PLAIN, "  and %s of what came or went (--verbose)",
                    parts);
}

/* What may destroy or fail is shown as a comment, on one line whatever is in it. */
static void show_repair(struct output *output, const char *sql, gboolean is_safe)
{
    g_autofree char *text = text_visible(sql, -1, is_safe ? TEXT_KEEP_LINES : TEXT_ONE_LINE);
    output_line(output, is_safe ? ROLE_PLAIN : ROLE_WARNING, "  %s%s", is_safe ? "" : "-- ", text);
}

static void show_repairs(struct command_context *context, const struct drift *drift)
{
    gboolean has_heading = FALSE;
    for (guint i = 0; i < drift->differences->len; i++) {
        gboolean is_safe = TRUE;
        g_autofree char *sql = drift_repair(drift, drift->differences->pdata[i], &is_safe);
        if (sql == NULL)
            continue;
        if (!has_heading)
            output_line(context->output, ROLE_HEADING, "%s",
                        "\nwhat would bring it back; nothing of it was run:");
        has_heading = TRUE;
        show_repair(context->output, sql, is_safe);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *difference_json(const struct drift *drift, guint index)
{
    const struct catalog_difference *difference = drift->differences->pdata[index];
    gboolean is_safe = TRUE;
    g_autofree char *text = catalog_difference_text(difference);
    g_autofree char *origin = drift_origin_text(drift, index);
    g_autofree char *repair = drift_repair(drift, difference, &is_safe);
    json_t *object = json_object();
    const struct {
        const char *name, *value;
    } members[] = {
        {"change", catalog_change_name(difference->change)},
        {"kind", difference->kind},
        {"identity", difference->identity},
        {"parent_kind", difference->parent_kind},
        {"parent", difference->parent},
        {"attribute", difference->attribute},
        {"before", difference->before},
        {"after", difference->after},
        {"text", text},
        {"origin", origin},
        {"repair", repair},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        json_object_set_new(object, members[i].name, output_string(members[i].value));
    json_object_set_new(object, "repair_is_safe",
                        repair != NULL ? json_boolean(is_safe) : json_null());
    json_object_set_new(object, "is_implied", json_boolean(difference->is_implied));
    return object;
}

static void drift_json(json_t *document, const struct drift *drift)
{
    gboolean is_recorded = drift->recorded != NULL, has_version = drift->version != VERSION_NONE;
    g_autofree char *when = output_time_json(is_recorded ? drift->recorded->finished_at : 0);
    json_t *list = json_array();
    json_object_set_new(document, "version",
                        has_version ? json_integer(drift->version) : json_null());
    json_object_set_new(document, "is_recorded", json_boolean(is_recorded));
    json_object_set_new(document, "recorded_at", output_string(when));
    json_object_set_new(
        document, "recorded_fingerprint",
        output_string(is_recorded ? history_record_catalog(drift->recorded) : NULL));
    json_object_set_new(document, "fingerprint",
                        output_string(is_recorded ? catalog_fingerprint(drift->now) : NULL));
    for (guint i = 0; is_recorded && i < drift->differences->len; i++)
        json_array_append_new(list, difference_json(drift, i));
    json_object_set_new(document, "differences", list);
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean version_of(struct command_context *context, gint64 *version, GError **error)
{
    const char *word = invocation_argument(context->invocation, 0);
    struct version_state state;
    struct version_name name;
    if (word != NULL && !version_name_parse(word, &name, error))
        return FALSE;
    /* A version that was recorded may have lost its file since. */
    if (word != NULL && name.kind == VERSION_NAME_NUMBER) {
        *version = name.number;
        return TRUE;
    }
    if (word != NULL)
        return engine_resolve(context->engine, &name, version, error);
    if (!engine_version(context->engine, &state, error))
        return FALSE;
    *version = state.version;
    return TRUE;
}

static gboolean refuse_unrecorded(struct command_context *context, const struct drift *drift,
                                  GError **error)
{
    g_autofree char *version = change_version_text(context->engine, drift->version);
    error_set(error, ERROR_FAILED, "the schema of version %s is not recorded here", version);
    error_advise(error, "it is recorded at the end of each run; with --fingerprint each, after "
                        "each migration");
    return FALSE;
}

gboolean command_diff(struct command_context *context, GError **error)
{
    gint64 version;
    if (!engine_exists(context->engine, error) || !version_of(context, &version, error))
        return FALSE;
    AUTOPTR(drift) *drift =
        engine_drift(context->engine, version, invocation_has(context->invocation, "first"), error);
    if (drift == NULL)
        return FALSE;
    drift_json(context->document, drift);
    if (drift->recorded == NULL)
        return refuse_unrecorded(context, drift, error);
    show_recorded(context, drift);
    if (drift_is_none(drift)) {
        output_line(context->output, ROLE_GOOD, "the schema is as it was recorded");
        return TRUE;
    }
    show_differences(context, drift);
    show_repairs(context, drift);
    g_autofree char *count =
        text_plural(catalog_difference_count(drift->differences), "difference", "differences");
    error_set(error, ERROR_FINDINGS, "%s from the recorded schema", count);
    return FALSE;
}
