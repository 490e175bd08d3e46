/* What came of a change, in a sentence that is true whatever happened. */
#include "engine/engine.h"

#include "base/duration.h"
#include "base/text.h"

void change_report_clear(struct change_report *report)
{
    g_clear_pointer(&report->plan, plan_unref);
}

char *change_version_text(const struct engine *engine, gint64 version)
{
    return migration_set_version_text(engine_set(engine), version);
}

static char *success_text(const struct change_report *report, const char *version)
{
    g_autofree char *count = text_plural(report->done, "migration", "migrations");
    g_autofree char *elapsed = duration_format(report->elapsed_us);
    if (report->plan->steps->len == 0)
        return g_strdup_printf("no change: the database is at %s", version);
    return g_strdup_printf("%s %s in %s; the database is at %s", count,
                           plan_goes_down(report->plan) ? "down" : "up", elapsed, version);
}

static char *failure_text(const struct change_report *report, const char *version)
{
    guint planned = report->plan->steps->len;
    if (report->is_unsettled)
        return g_strdup_printf("%u of %u migrations are in; whether the next one is, is not known",
                               report->done, planned);
    if (report->is_unflushed)
        return g_strdup_printf("%u of %u migrations were committed; whether that had reached the "
                               "server's disk when the connection was lost is not known",
                               report->done, planned);
    if (report->is_dirty)
        return g_strdup_printf("%u of %u migrations are in, and of the next one %u of %u "
                               "statements: the database is dirty at %s",
                               report->done, planned, report->statements_done, report->statements,
                               version);
    if (report->done == planned)
        return g_strdup_printf("%u of %u migrations are in: the database is at %s", planned,
                               planned, version);
    return g_strdup_printf(
        "%u of %u migrations are in; this run left nothing of the others: the database is at %s",
        report->done, planned, version);
}

char *change_report_text(const struct engine *engine, const struct change_report *report,
                         const GError *failure)
{
    g_autofree char *version = change_version_text(engine, report->version);
    gboolean began = report->plan != NULL && report->plan->steps->len > 0;
    if (failure == NULL)
        return success_text(report, version);
    gboolean is_untouched = report->done == 0 && !report->is_dirty && !report->is_unsettled;
    if (!began || (is_untouched && error_is(failure, ERROR_REFUSED)))
        return NULL;
    return failure_text(report, version);
}
