/* How the schema differs from what history recorded for the current version: a row a difference. */
#include "console/report.h"

#include "base/text.h"
#include "engine/drift.h"

static void add_repair(struct report_row *row, const struct drift *drift,
                       const struct catalog_difference *difference)
{
    gboolean is_safe;
    g_autofree char *repair = drift_repair(drift, difference, &is_safe);
    if (repair == NULL)
        report_row_add(row, STYLE_TEXT, "repair", "no statement can be said that undoes it");
    else
        report_row_addf(row, is_safe ? STYLE_TEXT : STYLE_WARNING, "repair", "%s%s", repair,
                        is_safe ? "" : "\nNot safe: it destroys, rewrites or may fail.");
}

static void add_difference(struct report *report, const struct drift *drift, guint index)
{
    const struct catalog_difference *difference = drift->differences->pdata[index];
    g_autofree char *text = catalog_difference_text(difference);
    g_autofree char *origin = drift_origin_text(drift, index);
    if (difference->is_implied)
        return;
    struct report_row *row =
        report_add(report, difference->change == CATALOG_ORDER ? STYLE_TEXT : STYLE_WARNING,
                   catalog_change_name(difference->change), VERSION_NONE, text);
    report_row_addf(row, STYLE_TEXT, "what", "%s %s", difference->kind, difference->identity);
    if (difference->attribute != NULL)
        report_row_add(row, STYLE_TEXT, "of it", difference->attribute);
    if (difference->change == CATALOG_CHANGED || difference->change == CATALOG_ORDER) {
        report_row_add(row, STYLE_TEXT, "recorded",
                       difference->before != NULL ? difference->before : "not set");
        report_row_add(row, STYLE_TEXT, "now",
                       difference->after != NULL ? difference->after : "not set");
    }
    report_row_add(row, STYLE_TEXT, "who", origin != NULL ? origin : "the database does not tell");
    add_repair(row, drift, difference);
}

static struct report *report_of(const struct drift *drift)
{
    struct report *report = report_new();
    if (drift->recorded == NULL) {
        report->style = STYLE_WARNING;
        report->verdict = g_strdup("nothing to compare with: no schema was recorded for this "
                                   "version");
        report->basis = g_strdup("a run records the schema at its end; before the first one there "
                                 "is no record");
        return report;
    }
    guint count = catalog_difference_count(drift->differences);
    for (guint i = 0; i < drift->differences->len; i++)
        add_difference(report, drift, i);
    report->style = count > 0 ? STYLE_WARNING : STYLE_GOOD;
    report->verdict = count > 0 ? text_plural(count, "difference", "differences")
                                : g_strdup("the schema is as it was recorded");
    report->basis = g_strdup("read only: no lock was taken, nothing was changed");
    return report;
}

struct report *report_drift(struct inquiry *inquiry, struct engine *engine,
                            const struct report_question *question, GError **error)
{
    struct version_state state;
    (void)question;
    (void)inquiry;
    if (!engine_version(engine, &state, error))
        return NULL;
    AUTOPTR(drift) *drift = engine_drift(engine, state.version, FALSE, error);
    return drift != NULL ? report_of(drift) : NULL;
}
