/* What would run to reach the selected version, how, and what a dry run of it met. */
#include "console/views.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/frame.h"
#include "console/goal.h"
#include "console/lines.h"
#include "console/step_list.h"

#include <string.h>

/* What a plan was made from: it is made again when one of it is another. */
struct plan_ground {
    struct migration_set *set; /* a reference; NULL: no plan was asked for */
    gint64 version;
    gboolean is_dirty;
    guint records;
    gboolean has_target;
    gint64 target;
};

struct plan_view {
    struct view base;
    struct step_list list;
    struct plan_ground ground;
    struct goal goal;
    struct plan *plan; /* NULL until it is there */
    GPtrArray *steps;  /* of struct run_step_picture *: the plan's, none has run */
    GError *error;     /* why there is none */
    guint asked;       /* the number of the last question */
    gboolean is_asking;
    gint64 planned_at;
    gboolean has_lent; /* the SQL of a migration on the way is looked at: the target stays */
    gint64 lent;
};

static struct plan_view *plan_view_of(struct view *view)
{
    return (struct plan_view *)view;
}

static struct view *plan_open(struct console *console)
{
    struct plan_view *self = g_new0(struct plan_view, 1);
    self->base = (struct view){.ops = &plan_view_ops, .console = console};
    self->steps = g_ptr_array_new();
    step_list_init(&self->list);
    return &self->base;
}

static void forget_plan(struct plan_view *self)
{
    g_clear_pointer(&self->plan, plan_unref);
    g_clear_error(&self->error);
    g_ptr_array_unref(self->steps);
    self->steps = g_ptr_array_new();
}

static void plan_close(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    forget_plan(self);
    g_ptr_array_unref(self->steps);
    g_clear_pointer(&self->ground.set, migration_set_unref);
    step_list_clear(&self->list);
    g_free(self);
}

/* ---- the dry run of it ----------------------------------------------------------------------- */

/* The picture of a dry run of this plan; NULL when there is none. */
static const struct run_picture *dry_run_of(const struct plan_view *self)
{
    const struct run_picture *picture = console_run_picture(self->base.console);
    if (picture == NULL || picture->kind != RUN_DRY_RUN || picture->plan == NULL ||
        self->plan == NULL || strcmp(picture->plan->id, self->plan->id) != 0)
        return NULL;
    return picture;
}

static struct step_source source_of(const struct plan_view *self)
{
    const struct run_picture *picture = dry_run_of(self);
    return (struct step_source){.steps = picture != NULL ? picture->steps : self->steps,
                                .picture = picture,
                                .tells_mode = TRUE,
                                .now = console_now(self->base.console)};
}

static void build(struct plan_view *self)
{
    struct step_source source = source_of(self);
    step_list_build(&self->list, &source);
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct question {
    struct goal goal;
    guint number;
};

/* On the monitor's thread. */
static gpointer make_plan(struct engine *engine, gpointer data, GError **error)
{
    const struct question *question = data;
    if (engine == NULL) {
        error_set(error, ERROR_NO_CONNECTION, "there is no connection to plan against");
        return NULL;
    }
    return engine_plan(engine, &question->goal, error);
}

static void take_plan(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct question *question = data;
    struct plan_view *self = plan_view_of(console_view(console, SCREEN_PLAN));
    AUTOPTR(plan) *plan = result;
    if (self == NULL || question->number != self->asked)
        return;
    forget_plan(self);
    self->is_asking = FALSE;
    self->planned_at = console_now(console);
    if (error != NULL)
        self->error = g_error_copy(error);
    if (plan != NULL) {
        g_ptr_array_unref(self->steps);
        self->steps = run_steps_new(plan);
        self->plan = g_steal_pointer(&plan);
    }
    build(self);
    console_redraw(console);
}

static void unref_plan(gpointer plan)
{
    plan_unref(plan);
}

static void ask(struct plan_view *self)
{
    struct question *question = g_new(struct question, 1);
    self->asked++;
    self->is_asking = TRUE;
    *question = (struct question){self->goal, self->asked};
    console_ask(self->base.console, job_new(make_plan, take_plan, question, g_free, unref_plan));
}

/* FALSE while there is nothing to plan from. set is borrowed. */
static gboolean look_at_ground(const struct plan_view *self, struct plan_ground *ground)
{
    const struct model *model = console_model(self->base.console);
    *ground = (struct plan_ground){.set = model->set};
    if (model->set == NULL || model->state == NULL || model->link != LINK_UP)
        return FALSE;
    ground->version = model->state->status->version.version;
    ground->is_dirty = model->state->status->version.is_dirty;
    ground->records = model->state->history->len;
    ground->has_target = console_version_selected(self->base.console, &ground->target);
    return TRUE;
}

static gboolean is_same_ground(const struct plan_ground *one, const struct plan_ground *other)
{
    return one->set == other->set && one->version == other->version &&
           one->is_dirty == other->is_dirty && one->records == other->records &&
           one->has_target == other->has_target &&
           (!one->has_target || one->target == other->target);
}

static void plan_again(struct plan_view *self)
{
    struct plan_ground ground;
    if (!look_at_ground(self, &ground) || is_same_ground(&self->ground, &ground))
        return;
    gboolean is_same_target = self->ground.set != NULL &&
                              self->ground.has_target == ground.has_target &&
                              self->ground.target == ground.target;
    g_clear_pointer(&self->ground.set, migration_set_unref);
    self->ground = ground;
    self->ground.set = migration_set_ref(ground.set);
    self->goal = ground.has_target ? goal_to_version(ground.target) : goal_to_latest();
    if (!is_same_target)
        step_list_reset(&self->list);
    ask(self);
}

/* Back from a look at one migration's SQL the plan is still the same. */
static void show(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    gint64 selected;
    if (self->has_lent && self->ground.has_target &&
        console_version_selected(view->console, &selected) && selected == self->lent)
        console_version_select(view->console, self->ground.target);
    self->has_lent = FALSE;
}

static void update(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    if (console_is_shown(view->console, view))
        plan_again(self);
    build(self);
}

/* ---- words beside the rows ------------------------------------------------------------------- */

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

static void add_counts(struct lines *lines, const struct plan_view *self)
{
    guint statements = 0, separate = 0;
    for (guint i = 0; i < self->steps->len; i++) {
        const struct run_step_picture *step = self->steps->pdata[i];
        statements += step->statements->len;
        separate += !step->is_transactional;
    }
    g_autofree char *files = text_plural(self->steps->len, "migration", "migrations");
    g_autofree char *count = text_plural(statements, "statement", "statements");
    lines_addf(lines, STYLE_TEXT, 0, "%s, %s, in this order; each is one transaction%s", files,
               count, separate == 0 ? " with the version row" : "");
    if (separate > 0)
        lines_addf(lines, STYLE_WARNING, 0,
                   "but %u: a failure there leaves a part of it in and a dirty version row",
                   separate);
}

static void add_plan(struct lines *lines, const struct plan_view *self)
{
    const struct plan *plan = self->plan;
    g_autofree char *way = goal_way_text(plan->from, plan->to);
    lines_rule(lines, "Plan");
    if (plan->steps->len > 0)
        add_counts(lines, self);
    else
        lines_addf(lines, STYLE_TEXT, 0, "nothing to do: %s", way);
    for (guint i = 0; i < plan->notices->len; i++)
        lines_add(lines, STYLE_WARNING, 0, plan->notices->pdata[i]);
}

static void add_refusal(struct lines *lines, const struct plan_view *self)
{
    lines_rule(lines, "There is no plan");
    lines_add_error(lines, self->error);
}

/* What ran of a dry run, and what could not be. */
struct tally {
    guint ran, skipped;
    gint64 elapsed_us, rows; /* rows -1: none were counted */
};

static struct tally tally_of(const struct run_picture *picture)
{
    struct tally tally = {.rows = -1};
    for (guint i = 0; i < picture->steps->len; i++) {
        const struct run_step_picture *step = picture->steps->pdata[i];
        tally.ran += step->mark != RUN_MARK_WAITING && step->mark != RUN_MARK_SKIPPED;
        tally.skipped += step->skipped != NULL;
        tally.elapsed_us += step->elapsed_us;
        for (guint j = 0; j < step->statements->len; j++) {
            const struct run_statement_picture *statement = step->statements->pdata[j];
            if (statement->rows >= 0)
                tally.rows = MAX(tally.rows, 0) + statement->rows;
        }
    }
    return tally;
}

static void add_dry_run_end(struct lines *lines, const struct run_picture *picture)
{
    const struct tally tally = tally_of(picture);
    g_autofree char *elapsed = duration_format(tally.elapsed_us);
    g_autofree char *rows = tally.rows >= 0 ? text_plural(tally.rows, "row", "rows") : NULL;
    lines_add(lines, picture->error != NULL ? STYLE_WARNING : STYLE_GOOD, 0, picture->outcome);
    if (picture->error != NULL)
        lines_add_error(lines, picture->error);
    if (tally.ran > 0)
        lines_addf(lines, STYLE_TEXT, 0, "%s of work%s%s", elapsed, rows != NULL ? ", " : "",
                   rows != NULL ? rows : "");
    if (tally.skipped > 0)
        lines_addf(lines, STYLE_WARNING, 0,
                   "%u could not be run in a transaction and was left out: what follows ran "
                   "without it",
                   tally.skipped);
    if (tally.ran > 0)
        lines_add(lines, STYLE_TEXT, 0,
                  "ran in this database and was rolled back: real locks were held meanwhile; "
                  "sequences may have advanced");
    for (guint i = 0; i < picture->notices->len && i < 20; i++)
        lines_add(lines, STYLE_TEXT, 0, picture->notices->pdata[i]);
}

/* A dry run that never came to a plan, or ran another one. */
static void add_other_dry_run(struct lines *lines, const struct plan_view *self,
                              const struct run_picture *picture)
{
    if (picture->started_at < self->planned_at)
        return;
    if (picture->plan != NULL) {
        lines_rule(lines, "Dry run");
        lines_addf(lines, STYLE_WARNING, 0, "the last dry run was of another plan: %s",
                   picture->plan->id);
    } else {
        lines_rule(lines, "Dry run");
        add_dry_run_end(lines, picture);
    }
}

static void add_dry_run(struct lines *lines, const struct plan_view *self)
{
    const struct run_picture *any = console_run_picture(self->base.console);
    const struct run_picture *picture = dry_run_of(self);
    if (picture != NULL || (any != NULL && any->kind == RUN_DRY_RUN && !run_picture_is_over(any))) {
        const struct run_picture *shown = picture != NULL ? picture : any;
        lines_rule(lines, "Dry run");
        if (run_picture_is_over(shown))
            add_dry_run_end(lines, shown);
        else
            lines_add(lines, STYLE_STRONG, 0,
                      "under way in this database, holding real locks; C on screen 4 cancels it");
        return;
    }
    if (any != NULL && any->kind == RUN_DRY_RUN)
        add_other_dry_run(lines, self, any);
    if (self->plan->steps->len > 0)
        lines_add(lines, STYLE_TEXT, 0,
                  "d  runs it here in one transaction that is rolled back; real locks are held "
                  "meanwhile");
}

static struct lines *lines_of(const struct plan_view *self, int columns)
{
    struct lines *lines = lines_new(columns);
    const struct model *model = console_model(self->base.console);
    gboolean is_unknown = add_unknown(lines, model);
    if (self->error != NULL)
        add_refusal(lines, self);
    else if (self->plan == NULL && !is_unknown)
        lines_add(lines, STYLE_TEXT, 0, "planning…");
    if (self->plan == NULL)
        return lines;
    add_plan(lines, self);
    add_dry_run(lines, self);
    return lines;
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw_heading(struct plan_view *self, struct grid *grid, const struct area *area)
{
    g_autofree char *way = NULL;
    g_autofree char *position = list_position(&self->list.list);
    int room = area->columns - (int)strlen(position) - 1;
    if (self->plan != NULL)
        way = goal_way_text(self->plan->from, self->plan->to);
    else if (self->ground.set != NULL)
        way = goal_text(console_model(self->base.console), &self->goal);
    grid_restyle(grid, area->row, area->column, area->columns, STYLE_HEADING);
    grid_putf(grid, area->row, area->column, MAX(room, 1), STYLE_HEADING, "Plan  %s%s%s%s",
              way != NULL ? way : "", self->plan != NULL ? "  plan " : "",
              self->plan != NULL ? self->plan->id : "",
              self->is_asking && self->plan != NULL ? "  planning again…" : "");
    if (room > 0)
        grid_put_right(grid, area->row, area->column + room, area->columns - room, STYLE_HEADING,
                       position);
}

#define WIDE 110

static void draw_beside(struct plan_view *self, const struct step_source *source, struct grid *grid,
                        const struct area *area)
{
    int left = area->columns * 58 / 100;
    const struct area list = {area->row, area->column, area->rows, left - 2};
    const struct area rest = {area->row, area->column + left + 1, area->rows,
                              area->columns - left - 1};
    AUTOPTR(lines) *lines = lines_of(self, rest.columns);
    step_list_draw(&self->list, source, grid, &list);
    for (int i = 0; i < area->rows; i++)
        grid_glyph(grid, area->row + i, area->column + left - 1, STYLE_FAINT, GLYPH_VERTICAL);
    lines_draw(lines, grid, &rest);
}

static void draw_below(struct plan_view *self, const struct step_source *source, struct grid *grid,
                       const struct area *area)
{
    AUTOPTR(lines) *lines = lines_of(self, area->columns);
    int free_rows = area->rows - (int)self->list.rows->len;
    int rest = MIN((int)lines_count(lines), MAX(free_rows, area->rows / 2));
    const struct area list = {area->row, area->column, area->rows - rest, area->columns};
    const struct area below = {area->row + area->rows - rest, area->column, rest, area->columns};
    step_list_draw(&self->list, source, grid, &list);
    lines_draw(lines, grid, &below);
}

static void draw(struct view *view, struct grid *grid, const struct area *area)
{
    struct plan_view *self = plan_view_of(view);
    struct step_source source = source_of(self);
    const struct area rest = {area->row + 1, area->column, area->rows - 1, area->columns};
    draw_heading(self, grid, area);
    if (rest.rows <= 0)
        return;
    if (area->columns >= WIDE)
        draw_beside(self, &source, grid, &rest);
    else
        draw_below(self, &source, grid, &rest);
}

/* ---- acting ---------------------------------------------------------------------------------- */

/* The migration under the cursor. */
static gboolean row_version(const struct plan_view *self, gint64 *version_of)
{
    const struct step_row *row = step_list_selected(&self->list);
    struct step_source source = source_of(self);
    if (row == NULL || row->step >= source.steps->len)
        return FALSE;
    *version_of = ((const struct run_step_picture *)source.steps->pdata[row->step])->version;
    return TRUE;
}

/* Other screens speak of where the plan leads, whatever is under the cursor on the way there. */
static gboolean version(struct view *view, gint64 *version_of)
{
    const struct plan_view *self = plan_view_of(view);
    if (self->plan == NULL || self->plan->kind == GOAL_MISSED || self->plan->to == VERSION_NONE)
        return FALSE;
    *version_of = self->plan->to;
    return TRUE;
}

gboolean plan_view_goal(struct view *view, struct goal *goal)
{
    const struct plan_view *self = plan_view_of(view);
    if (self->plan == NULL)
        return FALSE;
    *goal = self->goal;
    return TRUE;
}

static char *why_no_dry_run(const struct plan_view *self)
{
    const struct run_picture *picture = console_run_picture(self->base.console);
    if (self->plan == NULL)
        return g_strdup(self->error != NULL ? self->error->message : "there is no plan yet");
    if (self->plan->steps->len == 0)
        return g_strdup("there is nothing to run");
    if (picture != NULL && !run_picture_is_over(picture))
        return g_strdup("a run is under way");
    if (console_options(self->base.console)->is_read_only)
        return g_strdup("read-only: a dry run runs the statements here, though it rolls them back");
    return NULL;
}

static char *why_not(struct view *view, enum action_id action)
{
    struct plan_view *self = plan_view_of(view);
    gint64 ignored;
    switch (action) {
    case ACTION_DRY_RUN:
        return why_no_dry_run(self);
    case ACTION_VIEW_SQL:
        return row_version(self, &ignored) ? NULL : g_strdup("no migration is under the cursor");
    case ACTION_MIGRATE:
        if (self->plan != NULL && plan_goes_down(self->plan))
            return g_strdup("this plan goes back: r is the key for that");
        break;
    case ACTION_ROLLBACK:
        if (self->plan != NULL && self->plan->steps->len > 0 && !plan_goes_down(self->plan))
            return g_strdup("this plan goes up: m is the key for that");
        break;
    default:
        return NULL;
    }
    if (self->plan == NULL)
        return g_strdup(self->error != NULL ? self->error->message : "there is no plan yet");
    return self->plan->steps->len == 0 ? g_strdup("there is nothing to run") : NULL;
}

static gboolean view_sql(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    gint64 selected;
    if (!row_version(self, &selected))
        return FALSE;
    self->has_lent = TRUE;
    self->lent = selected;
    if (!self->ground.has_target) {
        self->ground.has_target = TRUE;
        self->ground.target = self->plan->to;
    }
    console_version_select(view->console, selected);
    console_open(view->console, SCREEN_SQL);
    return TRUE;
}

static gboolean act(struct view *view, enum action_id action, guint count)
{
    struct plan_view *self = plan_view_of(view);
    struct step_source source = source_of(self);
    (void)count;
    if (action == ACTION_OPEN)
        return step_list_toggle(&self->list, &source);
    if (action == ACTION_VIEW_SQL)
        return view_sql(view);
    if (action != ACTION_DRY_RUN)
        return FALSE;
    g_autofree char *reason = why_no_dry_run(self);
    if (reason != NULL)
        console_say(view->console, RECORD_INFO, "%s", reason);
    else
        console_dry_run(view->console, &self->goal);
    return TRUE;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static struct list *list(struct view *view)
{
    return &plan_view_of(view)->list.list;
}

static char *row_text(struct view *view, guint row)
{
    struct plan_view *self = plan_view_of(view);
    struct step_source source = source_of(self);
    return step_list_row_text(&self->list, &source, row);
}

static char *copy(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    return self->list.rows->len > 0 ? row_text(view, self->list.list.selected) : NULL;
}

static char *save(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    AUTOPTR(lines) *lines = lines_of(self, 1000);
    g_autofree char *rest = lines_text(lines);
    GString *text = g_string_new(NULL);
    if (self->plan != NULL) {
        g_autofree char *way = goal_way_text(self->plan->from, self->plan->to);
        g_string_append_printf(text, "plan %s: %s\n", self->plan->id, way);
    }
    for (guint i = 0; i < self->list.rows->len; i++) {
        g_autofree char *row = row_text(view, i);
        g_string_append_printf(text, "%s\n", row);
    }
    g_string_append(text, rest);
    return g_string_free(text, FALSE);
}

const struct view_ops plan_view_ops = {
    .screen = SCREEN_PLAN,
    .title = "Plan",
    .open = plan_open,
    .close = plan_close,
    .update = update,
    .show = show,
    .draw = draw,
    .act = act,
    .why_not = why_not,
    .list = list,
    .row_text = row_text,
    .copy = copy,
    .save = save,
    .version = version,
};
