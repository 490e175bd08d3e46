/* What does not agree in the database as it is. */
#include "console/report.h"

#include "base/text.h"

/* What each check means to whoever reads it for the first time. */
static const struct {
    const char *check, *means;
} checks[] = {
    {"version-table", "the table that says where the database stands"},
    {"missing", "it ran here, and its file is gone: history keeps its text (v)"},
    {"modified", "the file is not the text that ran: what a new database gets is another schema"},
    {"missed", "a plain up never runs what lies below the current version"},
    {"requires", "it runs before what it says it needs"},
    {"history", "the record of what was done"},
    {"schema", "it differs from what was recorded for this version: somebody changed it by hand"},
    {"constraint", "it holds for what is written now; rows from before it were never checked"},
    {"index", "it costs writes and serves no query: what built it did not end"},
    {"duplicate-index", "two indexes that do the same: one of them only costs writes"},
    {"foreign-key", "deleting what it points to reads the whole table"},
    {"function", "it fails when it is called, as far as its search path tells"},
};

static const char *meaning_of(const char *check)
{
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        if (g_strcmp0(checks[i].check, check) == 0)
            return checks[i].means;
    return NULL;
}

struct report *report_validate(struct inquiry *inquiry, struct engine *engine,
                               const struct report_question *question, GError **error)
{
    (void)inquiry;
    (void)question;
    g_autoptr(GPtrArray) findings = engine_validate(engine, error);
    if (findings == NULL)
        return NULL;
    struct report *report = report_new();
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        struct report_row *row =
            report_add(report, STYLE_WARNING, finding->check, finding->version, finding->message);
        report_row_add(row, STYLE_TEXT, "found", finding->message);
        report_row_add(row, STYLE_TEXT, "means", meaning_of(finding->check));
    }
    report->style = findings->len > 0 ? STYLE_WARNING : STYLE_GOOD;
    report->verdict = findings->len > 0 ? text_plural(findings->len, "finding", "findings")
                                        : g_strdup("no findings");
    report->basis = g_strdup("read only: no lock was taken, nothing was changed");
    return report;
}
