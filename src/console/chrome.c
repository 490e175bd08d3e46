/* What every screen has around it: which database this is, where one is, what was said, which keys
 * there are. */
#include "console/app.h"

#include "base/duration.h"
#include "console/views.h"

#include <string.h>

#define ROWS_MIN     16
#define COLUMNS_MIN  60
/* From here on there is room for tabs, and for the last lines of the log. */
#define COLUMNS_WIDE 110
#define ROWS_TALL    32
#define LOG_ROWS     6

/* ---- banner ---------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum style style;
} classes[] = {
    [ENVIRONMENT_DEVELOPMENT] = {"DEV", STYLE_BANNER},
    [ENVIRONMENT_STAGING] = {"STAGING", STYLE_BANNER_STAGING},
    [ENVIRONMENT_UNKNOWN] = {"UNKNOWN", STYLE_BANNER_UNKNOWN},
    [ENVIRONMENT_PRODUCTION] = {"PRODUCTION", STYLE_BANNER_PRODUCTION},
};

static char *armed_text(const struct console *console)
{
    if (!console_is_armed(console))
        return g_strdup("READ-ONLY");
    if (console->armed_until == G_MAXINT64)
        return g_strdup("");
    gint64 left = (console->armed_until - g_get_monotonic_time()) / G_USEC_PER_SEC;
    return g_strdup_printf("ARMED %d:%02d", (int)(left / 60), (int)(left % 60));
}

static char *version_text(const struct model *model)
{
    gint64 version;
    gboolean is_dirty;
    if (model->state != NULL && model->state->status->problem != NULL)
        return g_strdup("version table refused");
    if (!model_version(model, &version, &is_dirty))
        return g_strdup("version ?");
    g_autofree char *text = model_version_text(model, version);
    return g_strdup_printf("at %s%s", text, is_dirty ? " DIRTY" : "");
}

static const char *link_text(const struct model *model)
{
    if (model->link == LINK_LOST)
        return "  CONNECTION LOST";
    if (model->link == LINK_CONNECTING)
        return model->link_why != NULL ? "  NOT CONNECTED" : "  connecting";
    return "";
}

static char *server_text(const struct model *model, gboolean is_wide)
{
    const struct model_server *server = model->server;
    if (server == NULL)
        return g_strdup("");
    g_autofree char *tls =
        server->tls != NULL && is_wide ? g_strdup_printf("  %s", server->tls) : g_strdup("");
    g_autofree char *role =
        server->user != NULL ? g_strdup_printf("  role=%s", server->user) : g_strdup("");
    return g_strdup_printf("%s%s  %s %s%s", server->label, role,
                           g_str_equal(server->product, "PostgreSQL") ? "PG" : server->product,
                           server->server_version, tls);
}

/* A run that somebody else has under way, or NULL. */
static const struct session *other_run(const struct console *console)
{
    const struct pulse *pulse = console->model->pulse;
    if (pulse == NULL || runner_is_active(console->runner))
        return NULL;
    for (guint i = 0; i < pulse->run_count; i++)
        if (pulse->runs[i].migration_lock == MIGRATION_LOCK_HELD)
            return &pulse->runs[i];
    return pulse->run_count > 0 ? &pulse->runs[0] : NULL;
}

static char *run_text(const struct console *console)
{
    const struct run_picture *run = runner_picture(console->runner);
    gint64 elapsed = console_now(console) - run->started_at;
    g_autofree char *took = duration_format(MAX(elapsed, 0));
    return g_strdup_printf("%s %u of %u, %s", run->kind == RUN_DRY_RUN ? "DRY RUN" : "RUNNING",
                           MIN(run->step + 1, run->steps->len), run->steps->len, took);
}

static char *other_text(const struct session *run)
{
    if (run->run.run_id[0] == '\0')
        return g_strdup_printf("LOCKED by pid %d %s %s", run->pid, run->user, run->application);
    return g_strdup_printf("RUN %s by %s: %s %06" G_GINT64_FORMAT " %u/%u", run->run.run_id,
                           run->user, run->run.goes_down ? "down" : "up", run->run.version,
                           run->run.step, run->run.steps);
}

static void draw_banner(const struct console *console, struct grid *grid)
{
    const struct model *model = console->model;
    enum environment_class class_ = model_class(model);
    gboolean is_wide = grid->columns >= COLUMNS_WIDE,
             is_running = runner_is_active(console->runner);
    const struct session *other = other_run(console);
    enum style style = is_running && class_ != ENVIRONMENT_PRODUCTION ? STYLE_BANNER_RUNNING
                                                                      : classes[class_].style;
    g_autofree char *version = version_text(model);
    g_autofree char *server = server_text(model, is_wide);
    g_autofree char *state = is_running      ? run_text(console)
                             : other != NULL ? other_text(other)
                                             : armed_text(console);
    grid_clear(grid, &(struct area){0, 0, 1, grid->columns}, style);
    g_autofree char *left = model->server != NULL
                                ? g_strdup_printf("%s %s %s  ", is_running ? "!!" : "[",
                                                  classes[class_].word, is_running ? "!!" : "]")
                                : g_strdup("[ ... ]  ");
    g_autofree char *right =
        g_strdup_printf("%s%s%s%s", version, link_text(model), *state != '\0' ? "  " : "", state);
    int width = MIN(text_width(right), grid->columns * 2 / 3);
    int used = grid_put(grid, 0, 0, -1, style, left);
    grid_put(grid, 0, used, grid->columns - width - used - 1, style, server);
    grid_put(grid, 0, grid->columns - width, width, style, right);
}

/* ---- tabs, message, keys --------------------------------------------------------------------- */

static void draw_tabs(const struct console *console, struct grid *grid, int row)
{
    int column = 0;
    for (int screen = SCREEN_TIMELINE; screen <= SCREEN_CONFIG; screen++) {
        gboolean is_shown = console_shown(console) == console->views[screen];
        column += grid_putf(grid, row, column, -1, is_shown ? STYLE_SELECTED : STYLE_TEXT,
                            is_shown ? "[%d:%s]" : " %d:%s ", screen + 1,
                            console->views[screen]->ops->title);
    }
}

static enum style style_of_level(enum record_level level)
{
    return level == RECORD_ERROR     ? STYLE_ERROR
           : level == RECORD_WARNING ? STYLE_WARNING
                                     : STYLE_TEXT;
}

static void draw_message(const struct console *console, struct grid *grid, int row)
{
    const struct model *model = console->model;
    if (console->is_counting) {
        grid_putf(grid, row, 0, -1, STYLE_TEXT, "0%u", console->count);
        return;
    }
    if (console->message == NULL) {
        if (model->link != LINK_UP && model->link_why != NULL)
            grid_put(grid, row, 0, -1, STYLE_ERROR, model->link_why);
        else if (model->files_problem != NULL)
            grid_put(grid, row, 0, -1, STYLE_ERROR, model->files_problem);
        else if (model->state_problem != NULL)
            grid_put(grid, row, 0, -1, STYLE_ERROR, model->state_problem);
        return;
    }
    enum style style = style_of_level(console->message_level);
    const char *level =
        console->message_level >= RECORD_WARNING ? record_level_name(console->message_level) : NULL;
    int used = level != NULL ? grid_putf(grid, row, 0, -1, style, "%s: ", level) : 0;
    grid_put(grid, row, used, -1, style, console->message);
}

static gboolean is_offered(const struct console *console, const struct action *action)
{
    enum screen screen = console_shown(console)->ops->screen;
    return action->bar != NULL && (action->screens & SCREEN_BIT(screen)) != 0;
}

static int key_text_width(const struct action *action)
{
    return (int)strcspn(action->keys, " ") + 1 + text_width(action->bar) + 2;
}

/* From the left as many as fit; help always. */
static void draw_keys(const struct console *console, struct grid *grid, int row)
{
    int column = 0;
    const struct action *help = action_find(ACTION_HELP), *back_ = action_find(ACTION_BACK);
    int reserved = key_text_width(help) + key_text_width(back_);
    gboolean is_full = FALSE;
    for (const struct action *action = actions; action->id != ACTION_NONE; action++) {
        int width = action->bar != NULL ? key_text_width(action) : 0;
        gboolean is_last = action->id == ACTION_HELP || action->id == ACTION_BACK;
        if (!is_offered(console, action))
            continue;
        is_full = is_full || column + width + reserved > grid->columns;
        if (is_full && !is_last)
            continue;
        g_autofree char *key = g_strndup(action->keys, strcspn(action->keys, " "));
        g_autofree char *why = input_why_not(console, action);
        column += grid_put(grid, row, column, -1, why != NULL ? STYLE_FAINT : STYLE_KEY, key);
        column += grid_put(grid, row, column, -1, STYLE_FAINT, ":");
        column +=
            grid_put(grid, row, column, -1, why != NULL ? STYLE_FAINT : STYLE_TEXT, action->bar);
        column += 2;
    }
}

/* ---- the log's last lines -------------------------------------------------------------------- */

static void draw_log(const struct console *console, struct grid *grid, const struct area *area)
{
    guint count = record_count(console->record);
    guint rows = (guint)area->rows - 1;
    guint first = count > rows ? count - rows : 0;
    grid_rule(grid, area->row, area->column, area->columns, "Log", "7: all of it");
    for (guint i = first; i < count; i++) {
        const struct record_line *line = record_at(console->record, i);
        int row = area->row + 1 + (int)(i - first);
        g_autofree char *clock = console_clock_text(line->at);
        int used = grid_putf(grid, row, area->column, -1, STYLE_LABEL, "%s %-5s ", clock,
                             record_level_name(line->level));
        grid_put(grid, row, area->column + used, area->columns - used, style_of_level(line->level),
                 line->text);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void draw_too_small(struct grid *grid)
{
    grid_putf(grid, 0, 0, -1, STYLE_WARNING, "%dx%d is too small: at least %dx%d", grid->columns,
              grid->rows, COLUMNS_MIN, ROWS_MIN);
}

gboolean console_is_zoomed(const struct console *console)
{
    return console->is_zoomed;
}

void chrome_draw(struct console *console, struct grid *grid)
{
    struct view *view = console_shown(console);
    if (grid->rows < ROWS_MIN || grid->columns < COLUMNS_MIN) {
        draw_too_small(grid);
        return;
    }
    gboolean has_tabs = grid->columns >= COLUMNS_WIDE;
    gboolean has_log = grid->rows >= ROWS_TALL && !console->is_zoomed &&
                       view->ops->screen != SCREEN_LOG && view->ops->screen != SCREEN_GATE;
    struct area area = {1 + has_tabs, 0, grid->rows - 3 - has_tabs, grid->columns};
    draw_banner(console, grid);
    if (has_tabs)
        draw_tabs(console, grid, 1);
    if (has_log) {
        area.rows -= LOG_ROWS + 1;
        draw_log(console, grid,
                 &(struct area){area.row + area.rows, 0, LOG_ROWS + 1, grid->columns});
    }
    view->ops->draw(view, grid, &area);
    draw_message(console, grid, grid->rows - 2);
    draw_keys(console, grid, grid->rows - 1);
    if (prompt_is_open(console->prompt)) {
        int rows = prompt_rows(console->prompt, grid->rows - 3);
        prompt_draw(console->prompt, grid,
                    &(struct area){grid->rows - rows, 0, rows, grid->columns});
    }
}
