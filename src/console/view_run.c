/* The run under way, or the last one: what runs, who waits for it, how it ended. */
#include "console/views.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/frame.h"
#include "console/run_words.h"
#include "console/step_list.h"

#include <string.h>

struct run_view {
    struct view base;
    struct step_list steps;
    gint64 run; /* started_at of the run that is shown; 0: none */
    enum cancel_level offered;
    gint64 offered_at, pressed_at; /* console_now()'s clock */
};

static struct run_view *run_view_of(struct view *view)
{
    return (struct run_view *)view;
}

static const struct run_picture *picture_of(const struct view *view)
{
    return console_run_picture(view->console);
}

/* The run that may still be stopped; NULL when there is none. */
static const struct run_picture *running(const struct view *view)
{
    const struct run_picture *picture = picture_of(view);
    return picture != NULL && !run_picture_is_over(picture) ? picture : NULL;
}

/* Valid while there is a picture. */
static struct step_source source_of(const struct view *view)
{
    const struct run_picture *picture = picture_of(view);
    return (struct step_source){
        .steps = picture->steps, .picture = picture, .now = console_now(view->console)};
}

static struct view *run_open(struct console *console)
{
    struct run_view *self = g_new0(struct run_view, 1);
    self->base = (struct view){.ops = &run_view_ops, .console = console};
    step_list_init(&self->steps);
    return &self->base;
}

static void run_close(struct view *view)
{
    struct run_view *self = run_view_of(view);
    step_list_clear(&self->steps);
    g_free(self);
}

static void update(struct view *view)
{
    struct run_view *self = run_view_of(view);
    const struct run_picture *picture = picture_of(view);
    gint64 run = picture != NULL ? picture->started_at : 0;
    if (run != self->run) {
        step_list_reset(&self->steps);
        self->offered = CANCEL_NONE;
        self->run = run;
    }
    if (picture == NULL)
        return;
    struct step_source source = source_of(view);
    step_list_build(&self->steps, &source);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw_heading(struct run_view *self, struct grid *grid, const struct area *area)
{
    const struct run_picture *picture = picture_of(&self->base);
    gint64 end = picture->ended_at > 0 ? picture->ended_at : console_now(self->base.console);
    g_autofree char *what = run_what_text(picture);
    g_autofree char *phase = run_phase_text(picture);
    g_autofree char *elapsed = duration_format(MAX(end - picture->started_at, 0));
    g_autofree char *position = list_position(&self->steps.list);
    int room = area->columns - (int)strlen(position) - 1;
    grid_restyle(grid, area->row, area->column, area->columns, STYLE_HEADING);
    grid_putf(grid, area->row, area->column, MAX(room, 1), STYLE_HEADING, "Run  %s  %s  %s%s%s",
              what, phase, elapsed, picture->plan != NULL ? "  plan " : "",
              picture->plan != NULL ? picture->plan->id : "");
    if (room > 0)
        grid_put_right(grid, area->row, area->column + room, area->columns - room, STYLE_HEADING,
                       position);
}

static void draw_nothing(struct grid *grid, const struct area *area)
{
    AUTOPTR(lines) *lines = lines_new(area->columns);
    lines_add(lines, STYLE_HEADING, 0, "Run");
    lines_add(lines, STYLE_TEXT, 0, "Nothing was run from here yet.");
    lines_add(lines, STYLE_TEXT, 0,
              "m on the timeline goes up to the selected version, through a gate that shows the "
              "plan first.");
    lines_add(lines, STYLE_TEXT, 0,
              "d runs the same way here in one transaction that is rolled back: a dry run.");
    lines_add(lines, STYLE_TEXT, 0, "What others run shows in the banner and on screen 5.");
    lines_draw(lines, grid, area);
}

static struct lines *lines_of(const struct run_view *self, int columns, guint notices)
{
    struct lines *lines = lines_new(columns);
    run_lines_add(lines, picture_of(&self->base), console_now(self->base.console), notices);
    return lines;
}

static void draw_beside(struct run_view *self, struct grid *grid, const struct area *area)
{
    struct step_source source = source_of(&self->base);
    int left = area->columns * 58 / 100;
    const struct area list = {area->row, area->column, area->rows, left - 2};
    const struct area rest = {area->row, area->column + left + 1, area->rows,
                              area->columns - left - 1};
    AUTOPTR(lines) *lines = lines_of(self, rest.columns, 12);
    step_list_draw(&self->steps, &source, grid, &list);
    for (int i = 0; i < area->rows; i++)
        grid_glyph(grid, area->row + i, area->column + left - 1, STYLE_FAINT, GLYPH_VERTICAL);
    lines_draw(lines, grid, &rest);
}

/* The rows get what the rest leaves, and half of the screen where both want more. */
static void draw_below(struct run_view *self, struct grid *grid, const struct area *area)
{
    struct step_source source = source_of(&self->base);
    AUTOPTR(lines) *lines = lines_of(self, area->columns, 4);
    int wanted = (int)lines_count(lines);
    int free_rows = area->rows - (int)self->steps.rows->len;
    int rest = MIN(wanted, MAX(free_rows, area->rows / 2));
    const struct area list = {area->row, area->column, area->rows - rest, area->columns};
    const struct area below = {area->row + area->rows - rest, area->column, rest, area->columns};
    step_list_draw(&self->steps, &source, grid, &list);
    lines_draw(lines, grid, &below);
}

#define WIDE 110

static void draw(struct view *view, struct grid *grid, const struct area *area)
{
    struct run_view *self = run_view_of(view);
    if (picture_of(view) == NULL) {
        draw_nothing(grid, area);
        return;
    }
    draw_heading(self, grid, area);
    const struct area rest = {area->row + 1, area->column, area->rows - 1, area->columns};
    if (rest.rows <= 0)
        return;
    if (area->columns >= WIDE)
        draw_beside(self, grid, &rest);
    else
        draw_below(self, grid, &rest);
}

/* ---- acting ---------------------------------------------------------------------------------- */

static void stop_after(struct view *view)
{
    const struct run_picture *picture = running(view);
    g_autofree char *what = run_stop_text(picture);
    runner_stop(console_runner(view->console), CANCEL_AFTER, ERROR_CANCELLED);
    console_say(view->console, RECORD_WARNING, "stopping: %s", what);
}

#define OFFER_LASTS (5 * G_USEC_PER_SEC)
/* A key that is held down comes faster than this. */
#define FINGER      (G_USEC_PER_SEC / 2)

static void offer(struct run_view *self, enum cancel_level level, gint64 now)
{
    g_autofree char *what = level == CANCEL_NOW
                                ? run_cancel_text(picture_of(&self->base))
                                : g_strdup("ends the server's backend: its transaction is rolled "
                                           "back, the connection is lost");
    self->offered = level;
    self->offered_at = now;
    console_say(self->base.console, RECORD_WARNING, "C again within 5 s: %s", what);
}

static void carry_out(struct run_view *self, enum cancel_level level)
{
    runner_stop(console_runner(self->base.console), level, ERROR_CANCELLED);
    self->offered = CANCEL_NONE;
    console_say(self->base.console, RECORD_WARNING, "%s",
                level == CANCEL_NOW ? "cancelling what runs" : "ending the server's backend");
}

/* The first press says what it would do, the second does it; a key that is held down, nothing. */
static void cancel(struct run_view *self)
{
    enum cancel_level level =
        running(&self->base)->stop_level >= CANCEL_NOW ? CANCEL_TERMINATE : CANCEL_NOW;
    gint64 now = console_now(self->base.console);
    gboolean is_held = now - self->pressed_at < FINGER;
    gboolean is_offered = self->offered == level && now - self->offered_at <= OFFER_LASTS;
    self->pressed_at = now;
    if (is_offered && is_held)
        return;
    if (is_offered)
        carry_out(self, level);
    else
        offer(self, level, now);
}

static gboolean version(struct view *view, gint64 *version_of)
{
    const struct step_row *row = step_list_selected(&run_view_of(view)->steps);
    const struct run_picture *picture = picture_of(view);
    if (row == NULL || picture == NULL || run_picture_step(picture, row->step) == NULL)
        return FALSE;
    *version_of = run_picture_step(picture, row->step)->version;
    return TRUE;
}

static gboolean view_sql(struct view *view)
{
    gint64 selected;
    if (!version(view, &selected))
        return FALSE;
    console_version_select(view->console, selected);
    console_open(view->console, SCREEN_SQL);
    return TRUE;
}

static char *why_not(struct view *view, enum action_id action)
{
    const struct run_picture *picture = picture_of(view);
    gint64 ignored;
    if (action == ACTION_VIEW_SQL)
        return version(view, &ignored) ? NULL : g_strdup("no migration is under the cursor");
    if (action != ACTION_STOP_AFTER && action != ACTION_CANCEL)
        return NULL;
    if (picture == NULL)
        return g_strdup("nothing was run from here");
    if (running(view) == NULL)
        return g_strdup("the run has ended");
    if (action == ACTION_STOP_AFTER && picture->stop_level >= CANCEL_AFTER)
        return g_strdup("stopping was asked for already");
    if (action == ACTION_CANCEL && picture->stop_level >= CANCEL_TERMINATE)
        return g_strdup("ending the backend was asked for already; the server decides now");
    return NULL;
}

static gboolean act(struct view *view, enum action_id action, guint count)
{
    struct run_view *self = run_view_of(view);
    g_autofree char *reason = why_not(view, action);
    (void)count;
    if (reason != NULL) {
        console_say(view->console, RECORD_INFO, "%s", reason);
        return TRUE;
    }
    if (action == ACTION_OPEN && picture_of(view) != NULL) {
        struct step_source source = source_of(view);
        return step_list_toggle(&self->steps, &source);
    }
    if (action == ACTION_VIEW_SQL)
        return view_sql(view);
    if (action == ACTION_STOP_AFTER)
        stop_after(view);
    else if (action == ACTION_CANCEL)
        cancel(self);
    else
        return FALSE;
    console_redraw(view->console);
    return TRUE;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static struct list *list(struct view *view)
{
    return &run_view_of(view)->steps.list;
}

static char *row_text(struct view *view, guint row)
{
    if (picture_of(view) == NULL)
        return g_strdup("");
    struct step_source source = source_of(view);
    return step_list_row_text(&run_view_of(view)->steps, &source, row);
}

static char *copy(struct view *view)
{
    struct run_view *self = run_view_of(view);
    return self->steps.rows->len > 0 ? row_text(view, self->steps.list.selected) : NULL;
}

static char *save(struct view *view)
{
    struct run_view *self = run_view_of(view);
    const struct run_picture *picture = picture_of(view);
    if (picture == NULL)
        return NULL;
    g_autofree char *what = run_what_text(picture);
    g_autofree char *phase = run_phase_text(picture);
    GString *text = g_string_new(NULL);
    AUTOPTR(lines) *lines = lines_of(self, 1000, G_MAXUINT);
    g_autofree char *rest = lines_text(lines);
    g_string_append_printf(text, "%s: %s\n", what, phase);
    for (guint i = 0; i < self->steps.rows->len; i++) {
        g_autofree char *row = row_text(view, i);
        g_string_append_printf(text, "%s\n", row);
    }
    g_string_append(text, rest);
    return g_string_free(text, FALSE);
}

const struct view_ops run_view_ops = {
    .screen = SCREEN_RUN,
    .title = "Run",
    .open = run_open,
    .close = run_close,
    .update = update,
    .draw = draw,
    .act = act,
    .why_not = why_not,
    .list = list,
    .row_text = row_text,
    .copy = copy,
    .save = save,
    .version = version,
};
