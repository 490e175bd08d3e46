/* Which downs undo their ups, proved on a scratch database: a row a migration. */
#include "console/report.h"

#include "base/duration.h"
#include "base/text.h"
#include "engine/verify.h"

static enum style style_of(enum verify_class class_)
{
    if (verify_class_is_bad(class_, FALSE))
        return STYLE_ERROR;
    return verify_class_is_bad(class_, TRUE) || class_ == VERIFY_SKIPPED ? STYLE_WARNING
                                                                         : STYLE_GOOD;
}

static char *summary_of(const struct verify_result *result)
{
    const struct verify_finding *first =
        result->findings->len > 0 ? result->findings->pdata[0] : NULL;
    if (first == NULL)
        return g_strdup(result->class_ == VERIFY_EXACT ? "the down undoes the up, and the up runs "
                                                         "again to the same end"
                        : result->notes->len > 0       ? result->notes->pdata[0]
                                                       : "");
    return result->findings->len == 1
               ? g_strdup(first->text)
               : g_strdup_printf("%s, and %u more", first->text, result->findings->len - 1);
}

static void add_time(struct report_row *row, const char *label, gint64 elapsed_us)
{
    if (elapsed_us < 0)
        return;
    g_autofree char *time = duration_format(elapsed_us);
    report_row_addf(row, STYLE_TEXT, label, "%s on the scratch database", time);
}

static struct report_row *row_of(const struct verify_result *result)
{
    g_autofree char *summary = summary_of(result);
    struct report_row *row = report_row_new(
        style_of(result->class_), verify_class_text(result->class_), result->version, summary);
    for (guint i = 0; i < result->findings->len; i++) {
        const struct verify_finding *finding = result->findings->pdata[i];
        report_row_addf(row, finding->allowed != NULL ? STYLE_TEXT : style_of(finding->class_),
                        verify_class_text(finding->class_), "%s%s%s", finding->text,
                        finding->allowed != NULL ? "; allowed: " : "",
                        finding->allowed != NULL ? finding->allowed : "");
    }
    if (result->findings->len == 0)
        report_row_add(row, STYLE_TEXT, verify_class_text(result->class_), summary);
    for (guint i = 0; i < result->notes->len; i++)
        report_row_add(row, STYLE_WARNING, "note", result->notes->pdata[i]);
    add_time(row, "up", result->up_us);
    add_time(row, "down", result->down_us);
    if (result->is_cached)
        report_row_add(row, STYLE_TEXT, "known", "from before, by the same texts of the files");
    return row;
}

/* ---- while it goes on, on the inquiry's thread ------------------------------------------------
 */

static void hear_result(const struct verify_result *result, guint done, guint total, void *data)
{
    report_tell(data, NULL, done, total, row_of(result));
}

static void hear_progress(const char *text, void *data)
{
    report_tell(data, text, 0, 0, NULL);
}

static struct report *report_of(const struct verify_report *verified)
{
    struct report *report = report_new();
    guint bad = verify_report_bad(verified, FALSE), all = verified->results->len;
    for (guint i = 0; i < all; i++)
        g_ptr_array_add(report->rows, row_of(verified->results->pdata[i]));
    for (guint i = 0; i < verified->notices->len; i++)
        report_row_add(
            report_add(report, STYLE_WARNING, "note", VERSION_NONE, verified->notices->pdata[i]),
            STYLE_WARNING, "note", verified->notices->pdata[i]);
    g_autofree char *count = text_plural(all, "migration", "migrations");
    g_autofree char *took = duration_format(verified->elapsed_us);
    report->style = bad > 0 ? STYLE_ERROR : STYLE_GOOD;
    report->verdict = all == 0 ? g_strdup("there is nothing to verify")
                      : bad == 0
                          ? g_strdup_printf("%s: every down undoes its up", count)
                          : g_strdup_printf("%u of %s: the down does not undo the up", bad, count);
    report->basis = g_strdup_printf(
        "up, down, up again on %s, %s; this database was not touched",
        verified->server != NULL ? verified->server : "what was known before", took);
    return report;
}

/* By position in the set. Free with g_free(). */
static gboolean *choose(const struct report_question *question)
{
    guint count = migration_set_count(question->set);
    gboolean *is_chosen = g_new(gboolean, count + 1);
    for (guint i = 0; i < count; i++) {
        gint64 version = migration_set_at(question->set, i)->version;
        is_chosen[i] = version >= question->first && version <= question->last;
    }
    return is_chosen;
}

struct report *report_verify(struct inquiry *inquiry, struct engine *engine,
                             const struct report_question *question, GError **error)
{
    g_autofree char *cache = g_build_filename(g_get_user_cache_dir(), "winch", "verify", NULL);
    g_autofree gboolean *is_chosen = choose(question);
    const struct verify_options options = {.is_chosen = is_chosen,
                                           .cache_directory = cache,
                                           .cancellation = inquiry_cancellation(inquiry),
                                           .on_result = hear_result,
                                           .on_progress = hear_progress,
                                           .data = inquiry};
    (void)engine;
    AUTOPTR(verify_report) *verified =
        verify_run(question->set, inquiry_settings(inquiry), &options, error);
    return verified != NULL ? report_of(verified) : NULL;
}
