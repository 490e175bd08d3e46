/* What is said beside the rows of a plan: what is missing, what it means, how a preview ended. */
#include "console/plan_words.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/frame.h"
#include "console/goal.h"
#include "console/run_picture.h"

#include <string.h>

static void add_problem(struct lines *lines, const char *what, const char *problem)
{
    lines_add(lines, problem != NULL ? STYLE_ERROR : STYLE_TEXT, 0,
              problem != NULL ? problem : what);
}

/* What is missing before there can be a plan. TRUE when something is. */
static gboolean add_unknown(struct lines *lines, const struct model *model)
{
    if (model->set == NULL)
        add_problem(lines, "reading the files…", model->files_problem);
    if (model->link != LINK_UP)
        add_problem(lines, "connecting…", model->link_why);
    else if (model->state == NULL)
        add_problem(lines, "reading the database…", model->state_problem);
    return model->set == NULL || model->state == NULL;
}

static void add_counts(struct lines *lines, const struct plan_about *about)
{
    guint statements = 0, separate = 0;
    for (guint i = 0; i < about->steps->len; i++) {
        const struct run_step_picture *step = about->steps->pdata[i];
        statements += step->statements->len;
        separate += !step->is_transactional;
    }
    g_autofree char *files = text_plural(about->steps->len, "migration", "migrations");
    g_autofree char *count = text_plural(statements, "statement", "statements");
    lines_addf(lines, STYLE_TEXT, 0, "%s, %s, in this order; each is one transaction%s", files,
               count, separate == 0 ? " with the version row" : "");
    if (separate > 0)
        lines_addf(lines, STYLE_WARNING, 0,
                   "but %u: a failure there leaves a part of it in and a dirty version row",
                   separate);
}

static void add_plan(struct lines *lines, const struct plan_about *about)
{
    const struct plan *plan = about->plan;
    g_autofree char *way = goal_way_text(plan->from, plan->to);
    lines_rule(lines, "Plan");
    if (plan->steps->len > 0)
        add_counts(lines, about);
    else
        lines_addf(lines, STYLE_TEXT, 0, "nothing to do: %s", way);
    for (guint i = 0; i < plan->notices->len; i++)
        lines_add(lines, STYLE_WARNING, 0, plan->notices->pdata[i]);
}

static void add_refusal(struct lines *lines, const struct plan_about *about)
{
    lines_rule(lines, "There is no plan");
    lines_add_error(lines, about->error);
}

/* A preview that ended without a table, or never came to this plan. */
static void add_end(struct lines *lines, const struct run_picture *picture)
{
    lines_add(lines, picture->error != NULL ? STYLE_WARNING : STYLE_GOOD, 0, picture->outcome);
    if (picture->error != NULL)
        lines_add_error(lines, picture->error);
    for (guint i = 0; i < picture->notices->len && i < 20; i++)
        lines_add(lines, STYLE_TEXT, 0, picture->notices->pdata[i]);
}

static void add_under_way(struct lines *lines, const struct plan_about *about)
{
    const struct run_picture *picture = about->picture;
    static const char *const texts[] = {
        [PREVIEW_LEVEL_DEFAULT] = "under way",
        [PREVIEW_LEVEL_CATALOG] = "reading the text and the catalog; nothing is run",
        [PREVIEW_LEVEL_SCRATCH] = "under way on a copy of the schema; this database is only read",
        [PREVIEW_LEVEL_DATABASE] = "under way in this database, holding real locks",
    };
    gint64 elapsed = console_now(about->console) - picture->started_at;
    g_autofree char *took = duration_format(MAX(elapsed, 0));
    lines_addf(lines, STYLE_STRONG, 0, "%s; %s so far, C cancels it", texts[about->level], took);
    if (picture->waiting_for != NULL)
        lines_addf(lines, STYLE_WARNING, 0, "waiting for the migration lock: %s",
                   picture->waiting_for);
    if (picture->notices->len > 0)
        lines_add(lines, STYLE_TEXT, 0, picture->notices->pdata[picture->notices->len - 1]);
}

static void add_ways(struct lines *lines)
{
    lines_add(lines, STYLE_TEXT, 0, "c  reads text and catalog alone: nothing is run");
    lines_add(lines, STYLE_TEXT, 0, "s  runs it on a copy of the schema, without its rows");
    lines_add(lines, STYLE_TEXT, 0,
              "t  runs it here and rolls it back: real locks are held meanwhile");
}

static void add_preview(struct lines *lines, const struct plan_about *about)
{
    const struct run_picture *picture = about->picture;
    lines_rule(lines, "Preview");
    if (picture != NULL && !run_picture_is_over(picture))
        add_under_way(lines, about);
    else if (picture != NULL && picture->plan != NULL && about->plan != NULL &&
             strcmp(picture->plan->id, about->plan->id) != 0)
        lines_addf(lines, STYLE_WARNING, 0, "the last preview was of another plan: %s",
                   picture->plan->id);
    else if (picture != NULL)
        add_end(lines, picture);
    if (picture == NULL || run_picture_is_over(picture))
        add_ways(lines);
}

struct lines *plan_words(const struct plan_about *about, int columns)
{
    struct lines *lines = lines_new(columns);
    gboolean is_unknown = add_unknown(lines, console_model(about->console));
    if (about->error != NULL)
        add_refusal(lines, about);
    else if (about->plan == NULL && !is_unknown)
        lines_add(lines, STYLE_TEXT, 0, "planning…");
    if (about->plan != NULL)
        add_plan(lines, about);
    if (about->plan != NULL ? about->plan->steps->len > 0 : about->picture != NULL)
        add_preview(lines, about);
    return lines;
}
