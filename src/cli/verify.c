/* verify: which downs undo their ups, proved on a scratch database. */
#include "cli/command.h"

#include "base/duration.h"
#include "cli/selection.h"
#include "engine/settings_config.h"
#include "engine/verify.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- seeds ----------------------------------------------------------------------------------- */

static void seed_clear(gpointer data)
{
    struct verify_seed *seed = data;
    g_free(seed->text);
}

/* What is up when the first of those that are chosen comes. */
static gint64 version_below(const struct selection *selection)
{
    guint first = 0;
    while (first < migration_set_count(selection->set) && !selection->is_chosen[first])
        first++;
    return first > 0 ? migration_set_at(selection->set, first - 1)->version : VERSION_NONE;
}

/* "5=rows.sql": once version 5 is reached; a file alone: once all below the range is up. */
static gboolean seeds_read(const struct command_context *context, const struct selection *selection,
                           GArray *seeds, GError **error)
{
    struct migration_set *set = selection->set;
    const char *given = invocation_value(context->invocation, "seed");
    const char *equals = given != NULL ? strchr(given, '=') : NULL;
    g_autoptr(GError) failure = NULL;
    struct verify_seed seed = {.version = VERSION_NONE};
    gsize length;
    if (given == NULL)
        return TRUE;
    g_autofree char *name = equals != NULL ? g_strndup(given, (gsize)(equals - given)) : NULL;
    if (name != NULL && !selection_version(set, name, &seed.version, error))
        return FALSE;
    if (name == NULL)
        seed.version = version_below(selection);
    if (seed.version == VERSION_NONE) {
        error_set(error, ERROR_USAGE, "--seed %s: before the first migration there is no table",
                  given);
        error_advise(error, "write --seed VERSION=FILE: the rows are put in once it is reached");
        return FALSE;
    }
    if (!g_file_get_contents(equals != NULL ? equals + 1 : given, &seed.text, &length, &failure)) {
        error_set(error, ERROR_USAGE, "%s", failure->message);
        return FALSE;
    }
    if (strlen(seed.text) != length) {
        g_free(seed.text);
        error_set(error, ERROR_USAGE, "--seed %s: there is a NUL byte in it", given);
        return FALSE;
    }
    g_array_append_val(seeds, seed);
    return TRUE;
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

static void append_findings(GString *xml, const struct verify_result *result)
{
    for (guint i = 0; i < result->findings->len; i++) {
        const struct verify_finding *finding = result->findings->pdata[i];
        g_autofree char *safe = text_visible(finding->text, -1, TEXT_ONE_LINE);
        g_autofree char *line =
            g_markup_printf_escaped("%s: %s%s%s\n", verify_class_text(finding->class_), safe,
                                    finding->allowed != NULL ? "; allowed by " : "",
                                    finding->allowed != NULL ? finding->allowed : "");
        g_string_append(xml, line);
    }
}

static void append_case(GString *xml, const struct verify_report *report,
                        const struct verify_result *result, gboolean is_strict)
{
    const struct migration *migration = migration_set_find(report->set, result->version);
    g_autofree char *title = text_visible(migration->title, -1, TEXT_ONE_LINE);
    g_autofree char *head = g_markup_printf_escaped(
        "    <testcase classname=\"winch.verify\" name=\"%s %s\" time=\"%.3f\">", migration->digits,
        title, (double)(MAX(result->up_us, 0) + MAX(result->down_us, 0)) / G_USEC_PER_SEC);
    g_string_append(xml, head);
    if (result->class_ == VERIFY_SKIPPED)
        g_string_append(xml, "<skipped/>");
    else if (verify_class_is_bad(result->class_, is_strict)) {
        g_string_append_printf(xml, "<failure type=\"%s\" message=\"%s\">",
                               verify_class_word(result->class_),
                               verify_class_text(result->class_));
        append_findings(xml, result);
        g_string_append(xml, "</failure>");
    } else if (result->findings->len > 0) {
        g_string_append(xml, "<system-out>");
        append_findings(xml, result);
        g_string_append(xml, "</system-out>");
    }
    g_string_append(xml, "</testcase>\n");
}

static guint skipped_of(const struct verify_report *report)
{
    guint skipped = 0;
    for (guint i = 0; i < report->results->len; i++)
        skipped +=
            ((const struct verify_result *)report->results->pdata[i])->class_ == VERIFY_SKIPPED ? 1
                                                                                                : 0;
    return skipped;
}

static gboolean junit_write(const char *path, const struct verify_report *report,
                            gboolean is_strict, GError **error)
{
    guint skipped = skipped_of(report);
    g_autoptr(GString) xml = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    g_autoptr(GError) failure = NULL;
    g_string_append_printf(xml,
                           "<testsuites>\n  <testsuite name=\"winch verify\" tests=\"%u\" "
                           "failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%.3f\">\n",
                           report->results->len, verify_report_bad(report, is_strict) - skipped,
                           skipped, (double)report->elapsed_us / G_USEC_PER_SEC);
    for (guint i = 0; i < report->results->len; i++)
        append_case(xml, report, report->results->pdata[i], is_strict);
    g_string_append(xml, "  </testsuite>\n</testsuites>\n");
    if (g_file_set_contents(path, xml->str, (gssize)xml->len, &failure))
        return TRUE;
    error_set(error, ERROR_FAILED, "%s", failure->message);
    return FALSE;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *result_json(const struct verify_report *report, const struct verify_result *result)
{
    json_t *object = json_object(), *findings = json_array(), *notes = json_array();
    const struct migration *migration = migration_set_find(report->set, result->version);
    for (guint i = 0; i < result->findings->len; i++) {
        const struct verify_finding *finding = result->findings->pdata[i];
        json_t *one = json_object();
        json_object_set_new(one, "class", json_string(verify_class_word(finding->class_)));
        json_object_set_new(one, "text", output_string(finding->text));
        json_object_set_new(one, "allowed", output_string(finding->allowed));
        json_array_append_new(findings, one);
    }
    for (guint i = 0; i < result->notes->len; i++)
        json_array_append_new(notes, output_string(result->notes->pdata[i]));
    json_object_set_new(object, "version", json_integer(result->version));
    json_object_set_new(object, "title", output_string(migration->title));
    json_object_set_new(object, "class", json_string(verify_class_word(result->class_)));
    json_object_set_new(object, "findings", findings);
    json_object_set_new(object, "notes", notes);
    json_object_set_new(object, "up_us",
                        result->up_us >= 0 ? json_integer(result->up_us) : json_null());
    json_object_set_new(object, "down_us",
                        result->down_us >= 0 ? json_integer(result->down_us) : json_null());
    json_object_set_new(object, "is_cached", json_boolean(result->is_cached));
    return object;
}

static void report_json(const struct command_context *context, const struct verify_report *report,
                        gboolean is_strict)
{
    json_t *results = json_array(), *notices = json_array();
    for (guint i = 0; i < report->results->len; i++)
        json_array_append_new(results, result_json(report, report->results->pdata[i]));
    for (guint i = 0; i < report->notices->len; i++)
        json_array_append_new(notices, output_string(report->notices->pdata[i]));
    json_object_set_new(context->document, "results", results);
    json_object_set_new(context->document, "notices", notices);
    json_object_set_new(context->document, "bad",
                        json_integer(verify_report_bad(report, is_strict)));
    json_object_set_new(context->document, "cached", json_integer(report->cached));
    json_object_set_new(context->document, "server", output_string(report->server));
    json_object_set_new(context->document, "elapsed_us", json_integer(report->elapsed_us));
}

/* ---- text ------------------------------------------------------------------------------------ */

static enum output_role role_of(enum verify_class class_)
{
    if (class_ == VERIFY_EXACT)
        return ROLE_GOOD;
    return verify_class_is_bad(class_, FALSE) ? ROLE_BAD : ROLE_WARNING;
}

/* What is allowed is not exact for that. */
static const char *class_text(const struct verify_result *result)
{
    return result->class_ == VERIFY_EXACT && result->findings->len > 0
               ? "allowed"
               : verify_class_text(result->class_);
}

static void show_result(const struct command_context *context, const struct verify_report *report,
                        const struct verify_result *result)
{
    const struct migration *migration = migration_set_find(report->set, result->version);
    g_autofree char *title = output_safe(migration->title);
    output_line(context->output, role_of(result->class_), "%-16s  %s  %s", class_text(result),
                migration->digits, title);
    for (guint i = 0; i < result->findings->len; i++) {
        const struct verify_finding *finding = result->findings->pdata[i];
        g_autofree char *text = output_safe(finding->text);
        g_autofree char *allowed = finding->allowed != NULL ? output_safe(finding->allowed) : NULL;
        output_line(context->output, finding->allowed != NULL ? ROLE_FAINT : ROLE_PLAIN,
                    "      %s: %s%s%s%s", verify_class_text(finding->class_), text,
                    allowed != NULL ? " (allowed by " : "", allowed != NULL ? allowed : "",
                    allowed != NULL ? ")" : "");
    }
    for (guint i = 0; context->output->is_verbose && i < result->notes->len; i++) {
        g_autofree char *note = output_safe(result->notes->pdata[i]);
        output_line(context->output, ROLE_FAINT, "      note: %s", note);
    }
}

static void append_count(GString *text, const struct verify_report *report, const char *class_)
{
    guint count = 0;
    for (guint i = 0; i < report->results->len; i++)
        count += strcmp(class_text(report->results->pdata[i]), class_) == 0 ? 1 : 0;
    if (count > 0)
        g_string_append_printf(text, "%s%u %s", text->len > 0 ? ", " : "", count, class_);
}

/* "43 exact, 1 lost": how many came to what. */
static char *count_text(const struct verify_report *report)
{
    GString *text = g_string_new(NULL);
    append_count(text, report, verify_class_text(VERIFY_EXACT));
    append_count(text, report, "allowed");
    for (guint class_ = VERIFY_EXACT + 1; class_ < VERIFY_CLASSES; class_++)
        append_count(text, report, verify_class_text(class_));
    return g_string_free(text, FALSE);
}

static void show_report(const struct command_context *context, const struct verify_report *report,
                        gboolean is_strict)
{
    g_autofree char *counts = count_text(report);
    g_autofree char *elapsed = duration_format(report->elapsed_us);
    g_autofree char *server = output_safe(report->server != NULL ? report->server : "");
    for (guint i = 0; i < report->notices->len; i++) {
        g_autofree char *notice = output_safe(report->notices->pdata[i]);
        output_line(context->output, ROLE_WARNING, "%s", notice);
    }
    for (guint i = 0; i < report->results->len; i++)
        show_result(context, report, report->results->pdata[i]);
    g_autofree char *all = text_plural(report->results->len, "migration", "migrations");
    output_line(context->output, verify_report_bad(report, is_strict) > 0 ? ROLE_BAD : ROLE_GOOD,
                "%s: %s", all, *counts != '\0' ? counts : "nothing to verify");
    if (report->results->len == 0)
        return;
    if (report->cached == report->results->len)
        output_line(context->output, ROLE_FAINT,
                    "all of it known from before, by the same texts, in %s", elapsed);
    else
        output_line(context->output, ROLE_FAINT, "on %s, %u known from before, in %s", server,
                    report->cached, elapsed);
}

/* ---- the command ----------------------------------------------------------------------------- */

static char *cache_directory(const struct invocation *invocation)
{
    return invocation_has(invocation, "no-cache")
               ? NULL
               : g_build_filename(g_get_user_cache_dir(), "winch", "verify", NULL);
}

static gboolean options_read(const struct command_context *context,
                             const struct selection *selection, struct verify_options *options,
                             GArray *seeds, GError **error)
{
    const char *jobs = invocation_value(context->invocation, "jobs");
    options->scratch_url = invocation_value(context->invocation, "scratch");
    options->cancellation = context->cancellation;
    options->seeds = seeds;
    options->is_chosen = selection->is_chosen;
    if (jobs != NULL && !invocation_count(jobs, "a number of jobs", &options->jobs, error))
        return FALSE;
    if (!seeds_read(context, selection, seeds, error))
        return FALSE;
    if (g_strcmp0(context->settings->driver, "sqlite3") != 0)
        return TRUE;
    error_set(error, ERROR_USAGE, "verify proves PostgreSQL's migrations alone, not SQLite's");
    return FALSE;
}

static gboolean verify(struct command_context *context, struct migration_set *set,
                       const struct verify_options *options, GError **error)
{
    gboolean is_strict = invocation_has(context->invocation, "strict");
    const char *junit = invocation_value(context->invocation, "junit");
    AUTOPTR(verify_report) *report = verify_run(set, context->settings, options, error);
    if (report == NULL)
        return FALSE;
    report_json(context, report, is_strict);
    show_report(context, report, is_strict);
    if (junit != NULL && !junit_write(junit, report, is_strict, error))
        return FALSE;
    guint bad = verify_report_bad(report, is_strict);
    if (bad == 0)
        return TRUE;
    error_set(error, ERROR_FINDINGS, "%u of %u migrations %s", bad, report->results->len,
              bad == 1 ? "is not what it should be" : "are not what they should be");
    error_advise(error,
                 "mend the downs, or say in the up file: -- winch: allow verify-CLASS reason");
    return FALSE;
}

static gboolean run(struct command_context *context, const struct selection *selection,
                    GError **error)
{
    g_autoptr(GArray) seeds = g_array_new(FALSE, FALSE, sizeof(struct verify_seed));
    g_autofree char *cache = cache_directory(context->invocation);
    struct verify_options options = {.cache_directory = cache};
    g_array_set_clear_func(seeds, seed_clear);
    if (context->settings == NULL &&
        (context->settings = engine_settings_from_config(context->config, error)) == NULL)
        return FALSE;
    return options_read(context, selection, &options, seeds, error) &&
           verify(context, selection->set, &options, error);
}

gboolean command_verify(struct command_context *context, GError **error)
{
    struct selection selection = {NULL};
    gboolean is_good =
        selection_read(context, invocation_argument(context->invocation, 0), &selection, error) &&
        run(context, &selection, error);
    selection_clear(&selection);
    return is_good;
}
