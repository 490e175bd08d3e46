/* Sentences about a run that are true for the way it runs. */
#include "console/run_words.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/goal.h"

static const char *const kind_words[] = {
    [RUN_MIGRATE] = "migrating",
    [RUN_DRY_RUN] = "dry run",
    [RUN_FORCE] = "setting the version row by hand",
    [RUN_INIT] = "installing version table and history",
    [RUN_ADOPT] = "adopting",
    [RUN_DROP] = "dropping every table",
};

static gboolean has_steps(const struct run_picture *picture)
{
    return picture->kind == RUN_MIGRATE || picture->kind == RUN_DRY_RUN;
}

char *run_what_text(const struct run_picture *picture)
{
    if (picture->plan == NULL)
        return g_strdup(kind_words[picture->kind]);
    g_autofree char *way = picture->plan->kind == GOAL_MISSED
                               ? g_strdup("the missed ones")
                               : goal_way_text(picture->plan->from, picture->plan->to);
    return g_strdup_printf("%s%s", picture->kind == RUN_DRY_RUN ? "dry run " : "", way);
}

char *run_phase_text(const struct run_picture *picture)
{
    switch (picture->phase) {
    case RUN_PHASE_CONNECTING:
        return g_strdup("connecting");
    case RUN_PHASE_WAITING:
        return g_strdup("waiting for the migration lock");
    case RUN_PHASE_RUNNING:
        if (picture->steps->len > 0)
            return g_strdup_printf("running %u of %u", picture->step + 1, picture->steps->len);
        return g_strdup("running");
    case RUN_PHASE_CANCELLING:
        return g_strdup("cancelling");
    case RUN_PHASE_SETTLING:
        return g_strdup("connection lost: finding out what is true");
    case RUN_PHASE_DONE:
        return g_strdup("done");
    case RUN_PHASE_FAILED:
        break;
    }
    return g_strdup(error_is(picture->error, ERROR_CANCELLED) ? "STOPPED" : "FAILED");
}

/* ---- what stopping would do ------------------------------------------------------------------ */

/* "000044", "none": as a migration of the plan writes it. Free with g_free(). */
static char *version_text(const struct run_picture *picture, gint64 version)
{
    const struct migration *migration =
        picture->plan != NULL ? migration_set_find(picture->plan->set, version) : NULL;
    if (version == VERSION_NONE)
        return g_strdup("none");
    return migration != NULL ? g_strdup(migration->digits)
                             : g_strdup_printf("%" G_GINT64_FORMAT, version);
}

/* NULL while no migration is under way. */
static const struct run_step_picture *step_under_way(const struct run_picture *picture)
{
    const struct run_step_picture *step = run_picture_step(picture, picture->step);
    return step != NULL && step->mark == RUN_MARK_RUNNING ? step : NULL;
}

char *run_stop_text(const struct run_picture *picture)
{
    const struct run_step_picture *step = step_under_way(picture);
    const struct run_step_picture *next = run_picture_step(picture, picture->step + 1);
    if (!has_steps(picture))
        return g_strdup("nothing comes after this: it ends by itself");
    if (step == NULL)
        return g_strdup("stops before the first migration; nothing is changed");
    if (next == NULL)
        return g_strdup_printf("changes nothing: %s is the last", step->digits);
    if (picture->kind == RUN_DRY_RUN)
        return g_strdup_printf("lets %s finish, then stops; all of it is rolled back either way",
                               step->digits);
    return g_strdup_printf("lets %s finish, then stops before %s; nothing is undone", step->digits,
                           next->digits);
}

/* How a file that is not transactional is left behind. */
static char *parts_text(const struct run_picture *picture, const struct run_step_picture *step,
                        const char *before)
{
    if (picture->statement == 0)
        return g_strdup_printf("cancels statement 1: %s is not transactional; if nothing of it is "
                               "in, the version row goes back to %s, else it stays dirty at %s",
                               step->digits, before, step->digits);
    g_autofree char *in = picture->statement == 1
                              ? g_strdup("statement 1 stays in")
                              : g_strdup_printf("statements 1-%u stay in", picture->statement);
    return g_strdup_printf("cancels statement %u: %s is not transactional, so %s and the version "
                           "row stays dirty",
                           picture->statement + 1, step->digits, in);
}

char *run_cancel_text(const struct run_picture *picture)
{
    const struct run_step_picture *step = step_under_way(picture);
    if (picture->kind == RUN_DRY_RUN)
        return g_strdup("cancels the dry run; all of it is rolled back, as it would be anyway");
    if (picture->kind == RUN_ADOPT)
        return g_strdup("stops; what is recorded so far stays recorded");
    if (!has_steps(picture))
        return g_strdup("cancels it; what is not committed yet is rolled back");
    if (step == NULL)
        return g_strdup("stops before the first migration; nothing is changed");
    g_autofree char *before =
        version_text(picture, plan_step_at(picture->plan, picture->step)->version_before);
    if (!step->is_transactional)
        return parts_text(picture, step, before);
    return g_strdup_printf("cancels statement %u: %s is one transaction, so all of %s is rolled "
                           "back; the version row stays at %s, clean",
                           picture->statement + 1, step->digits, step->digits, before);
}

static void add_acts(struct lines *lines, const struct run_picture *picture)
{
    g_autofree char *stop = run_stop_text(picture);
    g_autofree char *cancel = run_cancel_text(picture);
    lines_rule(lines, "If you act");
    if (picture->stop_level >= CANCEL_TERMINATE)
        lines_add(lines, STYLE_WARNING, 0,
                  "the server was asked to end the backend; waiting for what is true then");
    else if (picture->stop_level >= CANCEL_NOW)
        lines_add(lines, STYLE_WARNING, 0,
                  "cancelling was asked for; C offers to end the server's backend");
    else {
        if (picture->stop_level >= CANCEL_AFTER)
            lines_addf(lines, STYLE_WARNING, 0, "s  asked already: %s", stop);
        else
            lines_addf(lines, STYLE_TEXT, 0, "s  %s", stop);
        lines_addf(lines, STYLE_TEXT, 0, "C  %s", cancel);
    }
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void add_hindrances(struct lines *lines, const struct run_picture *picture, gint64 now)
{
    gboolean is_recent = run_is_recent(picture->blocking, picture->blocking_at, now);
    lines_rule(lines, is_recent ? "Waiting for us" : "Waiting for us: nobody seen");
    if (is_recent)
        lines_add(lines, STYLE_WARNING, 0, picture->blocking);
    is_recent = run_is_recent(picture->blocked_by, picture->blocked_at, now);
    if (picture->waiting_for != NULL) {
        lines_rule(lines, "In our way: the holder of the migration lock");
        lines_add(lines, STYLE_WARNING, 0, picture->waiting_for);
    } else {
        lines_rule(lines, is_recent ? "In our way" : "In our way: nobody seen");
        if (is_recent)
            lines_add(lines, STYLE_WARNING, 0, picture->blocked_by);
    }
}

static void add_notices(struct lines *lines, const struct run_picture *picture, guint most)
{
    guint count = picture->notices->len;
    guint first = count > most ? count - most : 0;
    if (count == 0)
        return;
    g_autofree char *title = first > 0 ? g_strdup_printf("Notices: the last %u of %u", most, count)
                                       : g_strdup("Notices");
    lines_rule(lines, title);
    for (guint i = first; i < count; i++)
        lines_add(lines, STYLE_TEXT, 0, picture->notices->pdata[i]);
}

static void add_end(struct lines *lines, const struct run_picture *picture)
{
    gboolean is_bad = picture->is_dirty || picture->is_unsettled;
    enum style style = STYLE_GOOD;
    if (picture->error != NULL)
        style = is_bad ? STYLE_ERROR : STYLE_WARNING;
    lines_rule(lines, "How it ended");
    lines_add(lines, style, 0, picture->outcome);
    if (picture->error != NULL)
        lines_add_error(lines, picture->error);
}

void run_lines_add(struct lines *lines, const struct run_picture *picture, gint64 now,
                   guint notices)
{
    if (run_picture_is_over(picture)) {
        add_end(lines, picture);
        add_notices(lines, picture, notices);
        return;
    }
    add_hindrances(lines, picture, now);
    add_acts(lines, picture);
    add_notices(lines, picture, notices);
}
