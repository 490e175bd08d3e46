/* What concerns whoever has to decide comes first: when it ran, what it risks, what it does. */
#include "console/migration_words.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/frame.h"
#include "console/touches.h"

#include <string.h>

/* ---- what it needs ----------------------------------------------------------------------------
 */

static char *edges_text(const struct model *model, const struct graph_edge *edges, guint count)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < count && i < 6; i++) {
        const struct migration *other = migration_set_at(model->set, edges[i].index);
        const struct status_row *row = model_row(model, other->version);
        g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "", other->digits, other->title);
        if (row != NULL)
            g_string_append_printf(text, " (%s)", migration_state_name(row->state));
        if (edges[i].is_implied)
            g_string_append(text, " implied");
    }
    if (count > 6)
        g_string_append_printf(text, " and %u more", count - 6);
    return g_string_free(text, count == 0);
}

static void add_edges(struct fields *fields, const struct model *model, gint64 version)
{
    guint index = migration_set_lower_bound(model->set, version), count;
    const struct graph_edge *needs = graph_needs(model->graph, index, &count);
    g_autofree char *below = edges_text(model, needs, count);
    fields_add(fields, STYLE_TEXT, "needs", below != NULL ? below : "nothing");
    const struct graph_edge *needed = graph_needed_by(model->graph, index, &count);
    g_autofree char *above = edges_text(model, needed, count);
    fields_add(fields, STYLE_TEXT, "needed by", above);
}

/* ---- what is risky in it ----------------------------------------------------------------------
 */

static void add_finding(struct fields *fields, const struct lint_finding *finding)
{
    static const enum style styles[LINT_LEVELS] = {
        [LINT_NOTICE] = STYLE_TEXT, [LINT_WARNING] = STYLE_WARNING, [LINT_ERROR] = STYLE_ERROR};
    fields_addf(fields, styles[finding->level], lint_level_name(finding->level),
                "%s line %u, %s: %s", finding->is_down ? "down" : "up", finding->line,
                finding->rule->name, finding->message);
    fields_add(fields, STYLE_TEXT, "why", finding->rule->why);
    fields_add(fields, STYLE_TEXT, "safe", finding->rule->safe);
}

static void add_lint(struct fields *fields, const struct lint_row *lint)
{
    if (lint == NULL || (lint->risks_up | lint->risks_down) == 0)
        return;
    g_autofree char *up = lint_risk_words(lint->risks_up);
    g_autofree char *back = lint_risk_words(lint->risks_down);
    fields_addf(fields, STYLE_WARNING, "risk", "up: %s   back: %s", *up != '\0' ? up : "none",
                *back != '\0' ? back : "none");
}

static void add_findings(struct fields *fields, const struct lint_row *lint)
{
    for (guint i = 0; lint != NULL && i < lint->finding_count; i++)
        add_finding(fields, &lint->findings[i]);
}

/* ---- its files --------------------------------------------------------------------------------
 */

static void add_file(struct fields *fields, const char *label, const struct migration_half *half,
                     const struct sql_text *text)
{
    if (half->path == NULL)
        fields_add(fields, STYLE_WARNING, label, "no file");
    else if (text == NULL)
        fields_add(fields, STYLE_TEXT, label, half->file_name);
    else if (text->problem != NULL || text->refusal != NULL)
        fields_add(fields, STYLE_ERROR, label,
                   text->problem != NULL ? text->problem : text->refusal);
    else {
        gboolean is_usual = text->mode == RUN_TRANSACTION || text->mode == RUN_EMPTY;
        g_autofree char *count = text_plural(text->count, "statement", "statements");
        fields_addf(fields, is_usual ? STYLE_TEXT : STYLE_WARNING, label, "%s, %s%s%s  sha256 %.8s",
                    count, run_mode_text(text->mode), is_usual ? "" : ": ",
                    is_usual ? "" : text->mode_reason, text->sha256);
    }
}

/* What is declared holds; else what the text says. */
static void add_phase(struct fields *fields, const struct migration *migration,
                      const struct sql_text *up)
{
    static const char *const meanings[] = {
        [SQL_NEUTRAL] = NULL,
        [SQL_EXPAND] = "expand: old and new application both work",
        [SQL_CONTRACT] = "contract: breaks what still uses it",
    };
    enum sql_phase judged =
        up != NULL && up->touches != NULL ? touches_phase(up->touches) : SQL_NEUTRAL;
    enum phase declared = migration->notes.phase;
    enum sql_phase phase = declared == PHASE_EXPAND     ? SQL_EXPAND
                           : declared == PHASE_CONTRACT ? SQL_CONTRACT
                                                        : judged;
    gboolean is_doubted =
        declared == PHASE_EXPAND && judged == SQL_CONTRACT; /* the other way is only careful */
    if (meanings[phase] != NULL)
        fields_addf(fields, is_doubted ? STYLE_WARNING : STYLE_TEXT, "phase", "%s%s%s",
                    meanings[phase], declared != PHASE_UNDECLARED ? " (declared)" : "",
                    is_doubted ? "; its text says contract" : "");
}

/* A statement that others would wait for, or that takes as long as a table is large. */
#define EXPECTED_MAX 8u

static void add_expected(struct fields *fields, const struct sql_text *text)
{
    guint told = 0;
    for (guint i = 0; text->facts != NULL && i < text->facts->len; i++) {
        const struct statement_facts *facts =
            &g_array_index(text->facts, struct statement_facts, i);
        gboolean is_slow = facts->cost_style == STYLE_WARNING;
        if (facts->lock_style != STYLE_WARNING && !is_slow)
            continue;
        if (told++ < EXPECTED_MAX)
            fields_addf(fields, STYLE_WARNING, "locks", "%u: %s%s%s", i + 1, facts->locks,
                        is_slow ? "; " : "", is_slow ? facts->cost : "");
    }
    if (told > EXPECTED_MAX)
        fields_addf(fields, STYLE_WARNING, "locks", "and %u more statements", told - EXPECTED_MAX);
}

static void add_halves(struct fields *fields, const struct migration_about *about,
                       const struct migration *migration)
{
    add_file(fields, "up", &migration->up, about->up);
    if (about->up != NULL && about->up->touches != NULL) {
        touches_describe(about->up->touches, fields);
        add_expected(fields, about->up);
    }
    add_file(fields, "down", &migration->down, about->down);
    if (about->down != NULL && about->down->touches != NULL) {
        touches_describe(about->down->touches, fields);
        add_expected(fields, about->down);
    }
}

/* ---- what was said of it ----------------------------------------------------------------------
 */

static void add_record(struct fields *fields, const struct status_row *row)
{
    const struct history_record *record = row != NULL ? row->record : NULL;
    if (record == NULL)
        return;
    g_autofree char *when = console_date_text(record->finished_at, TRUE);
    g_autofree char *took = duration_format(record->finished_at - record->started_at);
    g_autofree char *text = g_strdup_printf(
        "%s by %s%s%s%s%s", when, record->database_user != NULL ? record->database_user : "?",
        record->os_user != NULL ? " (" : "", record->os_user != NULL ? record->os_user : "",
        record->os_user != NULL ? ")" : "", record->kind == HISTORY_ADOPT ? ", adopted" : "");
    fields_addf(fields, STYLE_TEXT, "applied", "%s%s%s", text,
                record->kind == HISTORY_UP ? ", took " : "",
                record->kind == HISTORY_UP ? took : "");
    fields_add(fields, STYLE_TEXT, "reason", record->reason);
}

static void add_notes(struct fields *fields, const struct migration *migration)
{
    const struct migration_notes *notes = &migration->notes;
    fields_add(fields, STYLE_TEXT, "release", migration->release_name);
    if (notes->irreversible != NULL)
        fields_add(fields, STYLE_WARNING, "no way",
                   *notes->irreversible != '\0' ? notes->irreversible
                                                : "back: declared irreversible");
    for (guint i = 0; notes->checks != NULL && i < notes->checks->len; i++)
        fields_add(fields, STYLE_TEXT, "check",
                   g_array_index(notes->checks, struct migration_check, i).name);
    for (guint i = 0; notes->allows != NULL && i < notes->allows->len; i++) {
        const struct migration_allow *allow =
            &g_array_index(notes->allows, struct migration_allow, i);
        fields_addf(fields, STYLE_TEXT, "allows", "%s: %s", allow->rule, allow->reason);
    }
    fields_add(fields, STYLE_TEXT, "ticket", notes->ticket);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

void migration_describe(const struct migration_about *about, struct fields *fields)
{
    const struct model *model = about->model;
    const struct migration *migration =
        model->set != NULL ? migration_set_find(model->set, about->version) : NULL;
    add_record(fields, model_row(model, about->version));
    if (migration == NULL) {
        fields_add(fields, STYLE_WARNING, "file",
                   "there is none any more; history has its text (v)");
        return;
    }
    add_lint(fields, model_lint(model, about->version));
    add_phase(fields, migration, about->up);
    add_halves(fields, about, migration);
    add_findings(fields, model_lint(model, about->version));
    add_edges(fields, model, about->version);
    add_notes(fields, migration);
}
