/* What would run to reach the selected version and how; and what a preview of it saw, on the
 * catalog, on a copy, or here. */
#include "console/views.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/frame.h"
#include "console/goal.h"
#include "console/plan_words.h"
#include "console/preview_pane.h"
#include "console/previewing.h"
#include "console/run_picture.h"
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
    struct previewing *previewing; /* on the catalog or a copy */
    struct preview_pane preview;
    gboolean has_lent; /* the SQL of a migration on the way is looked at: the target stays */
    gint64 lent;
};

static struct plan_view *plan_view_of(struct view *view)
{
    return (struct plan_view *)view;
}

static void update(struct view *view);

static void previewing_moved(struct console *console, gpointer data)
{
    update(data);
    console_redraw(console);
}

static struct view *plan_open(struct console *console)
{
    struct plan_view *self = g_new0(struct plan_view, 1);
    self->base = (struct view){.ops = &plan_view_ops, .console = console};
    self->steps = g_ptr_array_new();
    self->previewing = previewing_new(console, previewing_moved, self);
    preview_pane_init(&self->preview);
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
    previewing_free(self->previewing);
    preview_pane_clear(&self->preview);
    step_list_clear(&self->list);
    g_free(self);
}

/* ---- its preview ----------------------------------------------------------------------------- */

/* What is under way or was last, wherever it ran; NULL for none. */
static const struct run_picture *newest_picture(const struct plan_view *self)
{
    const struct run_picture *here = console_run_picture(self->base.console);
    const struct run_picture *copy = previewing_picture(self->previewing);
    if (here == NULL || here->kind != RUN_DRY_RUN)
        return copy;
    return copy != NULL && copy->started_at >= here->started_at ? copy : here;
}

static enum preview_level level_of(const struct plan_view *self, const struct run_picture *picture)
{
    return picture != NULL && picture == previewing_picture(self->previewing)
               ? previewing_level(self->previewing)
               : PREVIEW_LEVEL_DATABASE;
}

static gboolean is_of_plan(const struct plan_view *self, const struct plan *plan)
{
    return plan != NULL && self->plan != NULL && strcmp(plan->id, self->plan->id) == 0;
}

/* The picture of a preview of this plan; NULL when there is none. */
static const struct run_picture *picture_of(const struct plan_view *self)
{
    const struct run_picture *picture = newest_picture(self);
    return picture != NULL && is_of_plan(self, picture->plan) ? picture : NULL;
}

/* The newest preview of this plan, unless another one is under way; NULL when there is none. */
static const struct preview_table *table_of(const struct plan_view *self)
{
    const struct run_picture *picture = newest_picture(self);
    if (picture == NULL || !run_picture_is_over(picture))
        return NULL;
    const struct preview_table *table = picture == previewing_picture(self->previewing)
                                            ? previewing_table(self->previewing)
                                            : picture->table;
    return table != NULL && is_of_plan(self, preview_table_preview(table)->plan) ? table : NULL;
}

static struct step_source source_of(const struct plan_view *self)
{
    const struct run_picture *picture = picture_of(self);
    return (struct step_source){.steps = picture != NULL ? picture->steps : self->steps,
                                .picture = picture,
                                .tells_mode = TRUE,
                                .now = console_now(self->base.console)};
}

static void build(struct plan_view *self)
{
    struct step_source source = source_of(self);
    step_list_build(&self->list, &source);
    preview_pane_set(&self->preview, table_of(self));
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

static struct lines *lines_of(const struct plan_view *self, int columns)
{
    const struct run_picture *picture = newest_picture(self);
    const struct plan_about about = {self->base.console, self->plan, self->steps,
                                     self->error,        picture,    level_of(self, picture)};
    return plan_words(&about, columns);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw_heading(struct plan_view *self, struct grid *grid, const struct area *area)
{
    g_autofree char *way = NULL;
    g_autofree char *position =
        list_position(table_of(self) != NULL ? &self->preview.panes.list : &self->list.list);
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
    const struct preview_table *table = table_of(self);
    const struct area rest = {area->row + 1, area->column, area->rows - 1, area->columns};
    draw_heading(self, grid, area);
    if (rest.rows <= 0)
        return;
    if (table != NULL)
        self->base.list_row =
            preview_pane_draw(&self->preview, table, console_now(view->console), grid, &rest);
    else if (area->columns >= WIDE)
        draw_beside(self, &source, grid, &rest);
    else
        draw_below(self, &source, grid, &rest);
}

/* ---- acting ---------------------------------------------------------------------------------- */

/* The migration under the cursor. */
static gboolean row_version(const struct plan_view *self, gint64 *version_of)
{
    const struct preview_table *table = table_of(self);
    if (table != NULL)
        return preview_table_version(table, self->preview.panes.list.selected, version_of);
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

static gboolean is_sqlite(const struct plan_view *self)
{
    const struct model_server *server = console_model(self->base.console)->server;
    return server != NULL && strcmp(server->product, "SQLite") == 0;
}

/* Development and SQLite have nothing that a preview could hurt. */
static enum preview_level usual_level(const struct plan_view *self)
{
    gboolean is_harmless =
        model_class(console_model(self->base.console)) == ENVIRONMENT_DEVELOPMENT;
    return (is_harmless && !console_options(self->base.console)->is_read_only) || is_sqlite(self)
               ? PREVIEW_LEVEL_DATABASE
               : PREVIEW_LEVEL_SCRATCH;
}

static const struct {
    enum action_id action;
    enum preview_level level;
} levels[] = {
    {ACTION_DRY_RUN, PREVIEW_LEVEL_DEFAULT},
    {ACTION_PREVIEW_CATALOG, PREVIEW_LEVEL_CATALOG},
    {ACTION_PREVIEW_SCRATCH, PREVIEW_LEVEL_SCRATCH},
    {ACTION_PREVIEW_HERE, PREVIEW_LEVEL_DATABASE},
};

/* FALSE for an action that is none of them. */
static gboolean level_for(const struct plan_view *self, enum action_id action,
                          enum preview_level *level)
{
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++)
        if (levels[i].action == action) {
            *level = levels[i].level != PREVIEW_LEVEL_DEFAULT ? levels[i].level : usual_level(self);
            return TRUE;
        }
    return FALSE;
}

static char *why_no_preview(const struct plan_view *self, enum preview_level level)
{
    const struct run_picture *picture = console_run_picture(self->base.console);
    gboolean is_here = level == PREVIEW_LEVEL_DATABASE;
    if (self->plan == NULL)
        return g_strdup(self->error != NULL ? self->error->message : "there is no plan yet");
    if (self->plan->steps->len == 0)
        return g_strdup("there is nothing to run");
    if (is_here && picture != NULL && !run_picture_is_over(picture))
        return g_strdup("a run is under way");
    if (is_here && console_options(self->base.console)->is_read_only)
        return g_strdup("read-only: it runs the statements here, though it rolls them back");
    if (!is_here && is_sqlite(self))
        return g_strdup("a preview with SQLite is made on the database itself: t");
    return NULL;
}

static gboolean is_previewing(const struct plan_view *self)
{
    const struct run_picture *picture = newest_picture(self);
    return picture != NULL && !run_picture_is_over(picture);
}

static char *why_not(struct view *view, enum action_id action)
{
    struct plan_view *self = plan_view_of(view);
    enum preview_level level;
    gint64 ignored;
    if (level_for(self, action, &level))
        return why_no_preview(self, level);
    switch (action) {
    case ACTION_CANCEL:
        return is_previewing(self) ? NULL : g_strdup("no preview is under way");
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

static void cancel(struct plan_view *self)
{
    if (previewing_is_active(self->previewing))
        previewing_cancel(self->previewing);
    else
        runner_stop(console_runner(self->base.console), CANCEL_NOW, ERROR_CANCELLED);
    console_say(self->base.console, RECORD_WARNING, "asked to stop; nothing of it stays");
}

void plan_view_preview(struct view *view, const struct goal *goal, enum preview_level level)
{
    struct plan_view *self = plan_view_of(view);
    if (level == PREVIEW_LEVEL_DEFAULT)
        level = usual_level(self);
    if (level == PREVIEW_LEVEL_DATABASE) {
        console_dry_run(view->console, goal);
        return;
    }
    g_autofree char *why_unrecorded = console_why_read_only(view->console);
    previewing_start(self->previewing, goal, level, why_unrecorded == NULL);
    console_open(view->console, SCREEN_PLAN);
}

static gboolean open_row(struct plan_view *self)
{
    struct step_source source = source_of(self);
    if (table_of(self) != NULL)
        return panes_act(&self->preview.panes, ACTION_ZOOM);
    return step_list_toggle(&self->list, &source);
}

static void preview(struct plan_view *self, enum preview_level level)
{
    g_autofree char *reason = why_no_preview(self, level);
    if (reason != NULL)
        console_say(self->base.console, RECORD_INFO, "%s", reason);
    else
        plan_view_preview(&self->base, &self->goal, level);
}

static gboolean act(struct view *view, enum action_id action, guint count)
{
    struct plan_view *self = plan_view_of(view);
    enum preview_level level;
    (void)count;
    if (action == ACTION_OPEN)
        return open_row(self);
    if (action == ACTION_VIEW_SQL)
        return view_sql(view);
    if (action == ACTION_CANCEL)
        cancel(self);
    else if (level_for(self, action, &level))
        preview(self, level);
    else
        return table_of(self) != NULL && panes_act(&self->preview.panes, action);
    return TRUE;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static struct list *list(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    return table_of(self) != NULL ? panes_list(&self->preview.panes) : &self->list.list;
}

static char *row_text(struct view *view, guint row)
{
    struct plan_view *self = plan_view_of(view);
    struct step_source source = source_of(self);
    const struct preview_table *table = table_of(self);
    if (table == NULL)
        return step_list_row_text(&self->list, &source, row);
    if (self->preview.panes.is_detail)
        return fields_line(self->preview.panes.fields, row);
    return row < preview_table_count(table) ? preview_table_row_text(table, row) : NULL;
}

static char *copy(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    if (table_of(self) == NULL)
        return self->list.rows->len > 0 ? row_text(view, self->list.list.selected) : NULL;
    return preview_pane_copy(&self->preview, table_of(self), console_now(view->console));
}

static char *save(struct view *view)
{
    struct plan_view *self = plan_view_of(view);
    GString *text = g_string_new(NULL);
    if (self->plan != NULL) {
        g_autofree char *way = goal_way_text(self->plan->from, self->plan->to);
        g_string_append_printf(text, "plan %s: %s\n", self->plan->id, way);
    }
    if (table_of(self) != NULL) {
        g_autofree char *all = preview_pane_save(table_of(self), console_now(view->console));
        g_string_append(text, all);
        return g_string_free(text, FALSE);
    }
    AUTOPTR(lines) *lines = lines_of(self, 1000);
    g_autofree char *rest = lines_text(lines);
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
