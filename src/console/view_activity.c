/* Activity: sessions and who waits for whom, the migration lock, and runs under way. */
#include "console/views.h"

#include "base/text.h"
#include "console/filter.h"
#include "console/frame.h"
#include "console/panes.h"
#include "console/session_words.h"

#include <string.h>

struct row {
    int pid;      /* 0: a prepared transaction */
    int session;  /* -1: none, or of another database */
    int prepared; /* -1: none */
    guint depth;  /* in the tree of who waits for whom */
};

/* Pictures are immutable and shared: the view keeps those that its rows are of. */
struct activity_view {
    struct view base;
    struct panes panes;
    struct filter *filter;
    struct activity *activity; /* NULL: not taken yet */
    struct pulse *pulse;       /* NULL: not taken yet; its runs are shown until activity is there */
    const struct session *sessions; /* of either */
    guint session_count;
    GArray *rows; /* of struct row */
    guint depth;  /* of the deepest row */
    gboolean is_stale;
};

static struct activity_view *of(struct view *view)
{
    return (struct activity_view *)view;
}

/* row is one of those there are. */
static const struct row *row_get(const struct activity_view *view, guint row)
{
    return &g_array_index(view->rows, struct row, row);
}

/* NULL beyond the last. */
static const struct row *row_at(const struct activity_view *view, guint row)
{
    return row < view->rows->len ? row_get(view, row) : NULL;
}

static const struct row *selected_row(const struct activity_view *view)
{
    return row_at(view, view->panes.list.selected);
}

/* index is one of those there are. */
static const struct session *session_get(const struct activity_view *view, guint index)
{
    return &view->sessions[index];
}

static const struct session *session_at(const struct activity_view *view, int index)
{
    return index >= 0 ? session_get(view, (guint)index) : NULL;
}

static const struct prepared_transaction *prepared_at(const struct activity_view *view,
                                                      const struct row *row)
{
    return row->prepared >= 0 ? &view->activity->prepared[row->prepared] : NULL;
}

static gint64 taken_at(const struct activity_view *view)
{
    if (view->activity != NULL)
        return view->activity->taken_at;
    return view->pulse != NULL ? view->pulse->taken_at : 0;
}

/* ---- filter -----------------------------------------------------------------------------------
 */

enum {
    KEY_PID,
    KEY_USER,
    KEY_DATABASE,
    KEY_APPLICATION,
    KEY_CLIENT,
    KEY_STATE,
    KEY_WAIT,
    KEY_TEXT
};
static const char *const filter_keys[] = {"pid",   "user", "database", "application", "client",
                                          "state", "wait", "text",     NULL};

static char *prepared_value(const struct prepared_transaction *prepared, guint key)
{
    switch (key) {
    case KEY_USER:
        return g_strdup(prepared->owner);
    case KEY_STATE:
        return g_strdup("prepared");
    case KEY_TEXT:
        return g_strdup(prepared->gid);
    default:
        return NULL;
    }
}

static char *session_value(const struct session *session, guint key)
{
    const char *const values[] = {
        [KEY_USER] = session->user,     [KEY_DATABASE] = session->database,
        [KEY_CLIENT] = session->client, [KEY_APPLICATION] = session->application,
        [KEY_STATE] = session->state,
    };
    if (key == KEY_WAIT)
        return g_strdup_printf("%s:%s", session->wait_type, session->wait_event);
    return key == KEY_TEXT ? session_deed(session) : g_strdup(values[key]);
}

static char *row_value(gconstpointer data, guint key, gpointer user)
{
    const struct activity_view *view = user;
    const struct row *row = data;
    const struct session *session = session_at(view, row->session);
    const struct prepared_transaction *prepared = prepared_at(view, row);
    if (key == KEY_PID)
        return row->pid != 0 ? g_strdup_printf("%d", row->pid) : NULL;
    if (session != NULL)
        return session_value(session, key);
    return prepared != NULL ? prepared_value(prepared, key) : NULL;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void add_row(struct activity_view *view, const struct row *row)
{
    if (!filter_matches(view->filter, row_value, row, view))
        return;
    view->depth = MAX(view->depth, row->depth);
    g_array_append_vals(view->rows, row, 1);
}

static guint rank_of(const struct session *session)
{
    if (session_is_migrating(session))
        return 0;
    if (session->is_own)
        return 3;
    return session->transaction_since != 0 || strcmp(session->state, "active") == 0 ? 1 : 2;
}

#define RANKS 4

/* Who waits and who is waited for come first, as a tree; then all the others. */
static void gather(struct activity_view *view)
{
    guint count = view->session_count;
    g_autofree gboolean *is_shown = g_new0(gboolean, count + 1);
    const struct activity *activity = view->activity;
    for (guint i = 0; activity != NULL && i < activity->forest_count; i++) {
        const struct blocking_node *node = &activity->forest[i];
        add_row(view, &(struct row){node->pid, node->session, -1, node->depth});
        if (node->session >= 0)
            is_shown[node->session] = TRUE;
    }
    for (guint rank = 0; rank < RANKS; rank++)
        for (guint i = 0; i < count; i++) {
            const struct session *session = session_get(view, i);
            if (!is_shown[i] && rank_of(session) == rank)
                add_row(view, &(struct row){session->pid, (int)i, -1, 0});
        }
    for (guint i = 0; activity != NULL && i < activity->prepared_count; i++)
        add_row(view, &(struct row){0, -1, (int)i, 0});
}

/* What the cursor stands on, whatever the rows become. */
struct mark {
    int pid;
    char *gid; /* NULL: no prepared transaction that is known */
};

static struct mark mark_of(const struct activity_view *view)
{
    const struct row *row = selected_row(view);
    const struct prepared_transaction *prepared = row != NULL ? prepared_at(view, row) : NULL;
    return (struct mark){row != NULL ? row->pid : -1,
                         prepared != NULL ? g_strdup(prepared->gid) : NULL};
}

static gboolean is_marked(const struct activity_view *view, const struct row *row,
                          const struct mark *mark)
{
    const struct prepared_transaction *prepared = prepared_at(view, row);
    return row->pid == mark->pid &&
           g_strcmp0(prepared != NULL ? prepared->gid : NULL, mark->gid) == 0;
}

static void select_again(struct activity_view *view, const struct mark *mark)
{
    list_resize(&view->panes.list, view->rows->len);
    for (guint i = 0; i < view->rows->len; i++)
        if (is_marked(view, row_get(view, i), mark)) {
            list_select(&view->panes.list, i);
            return;
        }
}

static void keep_pictures(struct activity_view *view, const struct model *model)
{
    struct activity *activity = model->activity != NULL ? activity_ref(model->activity) : NULL;
    struct pulse *pulse = model->pulse != NULL ? pulse_ref(model->pulse) : NULL;
    g_clear_pointer(&view->activity, activity_unref);
    g_clear_pointer(&view->pulse, pulse_unref);
    view->activity = activity;
    view->pulse = pulse;
    view->sessions = activity != NULL ? activity->sessions : pulse != NULL ? pulse->runs : NULL;
    view->session_count = activity != NULL ? activity->session_count
                          : pulse != NULL  ? pulse->run_count
                                           : 0;
}

static void activity_update(struct view *base)
{
    struct activity_view *view = of(base);
    const struct model *model = console_model(base->console);
    if (!view->is_stale && model->activity == view->activity && model->pulse == view->pulse)
        return;
    struct mark mark = mark_of(view);
    keep_pictures(view, model);
    g_array_set_size(view->rows, 0);
    view->depth = 0;
    view->is_stale = FALSE;
    gather(view);
    select_again(view, &mark);
    g_free(mark.gid);
}

/* ---- the lock and the runs ---------------------------------------------------------------------
 */

static void draw_lock(const struct activity_view *view, struct grid *grid, const struct area *area)
{
    const struct session *holder = NULL;
    guint waiting = 0;
    for (guint i = 0; i < view->session_count; i++) {
        const struct session *session = session_get(view, i);
        waiting += session->migration_lock == MIGRATION_LOCK_WAITS;
        if (session->migration_lock == MIGRATION_LOCK_HELD)
            holder = session;
    }
    g_autofree char *run = holder != NULL ? session_run_text(holder) : NULL;
    g_autofree char *waits =
        waiting > 0 ? g_strdup_printf(", %u waiting for it", waiting) : g_strdup("");
    grid_put(grid, area->row, area->column + 2, 15, STYLE_LABEL, "migration lock");
    if (holder == NULL)
        grid_putf(grid, area->row, area->column + 17, area->columns - 17, STYLE_TEXT, "free%s",
                  waits);
    else
        grid_putf(grid, area->row, area->column + 17, area->columns - 17, STYLE_WARNING,
                  "held by pid %d %s%s: %s", holder->pid, holder->user, waits, run);
}

#define BAR_COLUMNS 20

/* One run: its name, how far it is. */
static void draw_run(struct grid *grid, const struct area *area, const struct session *session)
{
    const struct session_progress *progress = &session->progress;
    g_autofree char *run = session_run_text(session);
    g_autofree char *how_far = session_progress_text(progress);
    gboolean has_bar = progress->total > 0 && area->columns >= 60;
    int room = area->columns - 2 - (has_bar ? BAR_COLUMNS + 1 : 0);
    grid_putf(grid, area->row, area->column + 2, MAX(room, 0), STYLE_STRONG, "%s%s%s", run,
              how_far != NULL ? "  " : "", how_far != NULL ? how_far : "");
    if (has_bar)
        grid_bar(grid, area->row, area->column + area->columns - BAR_COLUMNS, BAR_COLUMNS,
                 STYLE_GOOD, progress->done, progress->total);
}

#define RUNS_SHOWN 2

/* Returns the lines taken. */
static int draw_top(const struct activity_view *view, struct grid *grid, const struct area *area)
{
    struct area line = {area->row, area->column, 1, area->columns};
    if (area->rows < 4)
        return 0;
    draw_lock(view, grid, &line);
    for (guint i = 0; i < view->session_count && line.row - area->row < RUNS_SHOWN; i++) {
        const struct session *session = session_get(view, i);
        if (*session->run.run_id == '\0')
            continue;
        line.row++;
        draw_run(grid, &line, session);
    }
    return line.row - area->row + 1;
}

/* ---- the list ---------------------------------------------------------------------------------
 */

struct columns {
    int pid, application, state, wait, since, deed; /* widths; 0: not shown */
};

static struct columns columns_for(const struct activity_view *view, int columns)
{
    struct columns widths = {.application = 12, .state = 10, .wait = 14, .since = 7};
    widths.pid = 8 + 2 * (int)MIN(view->depth, 4);
    if (columns < 78) {
        widths.application = 8;
        widths.state = 0;
    }
    widths.deed = columns - 2 - widths.pid - widths.application - widths.state - widths.wait -
                  widths.since - (widths.state > 0 ? 5 : 4);
    return widths;
}

static void put_columns(struct grid *grid, const struct area *area, int line,
                        const struct columns *widths, const char *const texts[5], enum style style)
{
    int column = area->column + 2 + widths->pid + 1;
    const int sizes[5] = {widths->application, widths->state, widths->wait, widths->since,
                          MAX(widths->deed, 0)};
    for (guint i = 0; i < 5; i++) {
        if (sizes[i] == 0)
            continue;
        if (i == 3)
            grid_put_right(grid, line, column, sizes[i], style, texts[i]);
        else
            grid_put(grid, line, column, sizes[i], style, texts[i]);
        column += sizes[i] + 1;
    }
}

static void draw_pid(struct grid *grid, const struct area *area, int line, const struct row *row,
                     int width)
{
    int indent = 2 * (int)MIN(row->depth, 4);
    int column = area->column + 2;
    if (indent > 0) {
        grid_glyph(grid, line, column + indent - 2, STYLE_FAINT, GLYPH_UP_RIGHT);
        grid_glyph(grid, line, column + indent - 1, STYLE_FAINT, GLYPH_HORIZONTAL);
    }
    if (row->pid != 0)
        grid_putf(grid, line, column + indent, width - indent, STYLE_STRONG, "%d", row->pid);
    else
        grid_put(grid, line, column + indent, width - indent, STYLE_STRONG, "prepared");
}

static const char *name_of(const struct session *session)
{
    return *session->application != '\0' ? session->application : session->user;
}

static void draw_session(const struct activity_view *view, struct grid *grid,
                         const struct area *area, int line, const struct columns *widths,
                         const struct session *session)
{
    g_autofree char *since = session_elapsed(session_since(session), taken_at(view));
    g_autofree char *deed = session_deed(session);
    g_autofree char *wait = *session->wait_type != '\0'
                                ? g_strdup_printf("%s:%s", session->wait_type, session->wait_event)
                                : g_strdup("");
    const char *const texts[5] = {name_of(session), session_state(session), wait, since, deed};
    gboolean is_stuck = session->blocked_by_count > 0 || session->blocks > 0;
    put_columns(grid, area, line, widths, texts,
                is_stuck          ? STYLE_WARNING
                : session->is_own ? STYLE_FAINT
                                  : STYLE_TEXT);
}

static void draw_row(const struct activity_view *view, struct grid *grid, const struct area *area,
                     int line, const struct row *row)
{
    const struct columns widths = columns_for(view, area->columns);
    const struct session *session = session_at(view, row->session);
    const struct prepared_transaction *prepared = prepared_at(view, row);
    draw_pid(grid, area, line, row, widths.pid);
    if (session != NULL) {
        draw_session(view, grid, area, line, &widths, session);
    } else if (prepared != NULL) {
        g_autofree char *since = session_elapsed(prepared->prepared_at, taken_at(view));
        const char *const texts[5] = {prepared->owner, "prepared", "", since, prepared->gid};
        put_columns(grid, area, line, &widths, texts, STYLE_WARNING);
    } else {
        const char *const texts[5] = {"", "", "", "",
                                      row->pid == 0 ? "a prepared transaction is in the way"
                                                    : "not of this database"};
        put_columns(grid, area, line, &widths, texts, STYLE_WARNING);
    }
}

static void draw_list(struct activity_view *view, struct grid *grid, const struct area *area)
{
    static const char *const titles[5] = {"Application", "State", "Waits", "For", "Does"};
    struct list *list = &view->panes.list;
    if (area->rows < 1)
        return;
    const struct columns widths = columns_for(view, area->columns);
    grid_put(grid, area->row, area->column + 2, widths.pid, STYLE_LABEL, "Pid");
    put_columns(grid, area, area->row, &widths, titles, STYLE_LABEL);
    list_fit(list, (guint)(area->rows - 1));
    view->base.list_row = area->row + 1;
    for (int line = 1; line < area->rows && list->top + (guint)line - 1 < list->count; line++) {
        guint row = list->top + (guint)line - 1;
        draw_row(view, grid, area, area->row + line, row_get(view, row));
        if (row == list->selected)
            panes_mark(grid, area, area->row + line, !view->panes.is_detail);
    }
}

/* ---- detail -----------------------------------------------------------------------------------
 */

static void describe(const struct activity_view *view, const struct row *row, struct fields *fields)
{
    fields_clear(fields);
    const struct session *session = row != NULL ? session_at(view, row->session) : NULL;
    const struct prepared_transaction *prepared = row != NULL ? prepared_at(view, row) : NULL;
    if (session != NULL) {
        session_describe(session, view->activity, taken_at(view), fields);
    } else if (prepared != NULL) {
        g_autofree char *at = console_date_text(prepared->prepared_at, TRUE);
        fields_add(fields, STYLE_TEXT, "gid", prepared->gid);
        fields_add(fields, STYLE_TEXT, "owner", prepared->owner);
        fields_add(fields, STYLE_TEXT, "prepared", at);
        fields_note(fields, STYLE_WARNING,
                    "Its locks are held until somebody says COMMIT PREPARED or ROLLBACK PREPARED.");
    } else if (row != NULL) {
        fields_note(fields, STYLE_WARNING,
                    row->pid == 0 ? "A prepared transaction is in the way; those there are stand "
                                    "at the end of the list."
                                  : "This session is of another database; its pid is all that is "
                                    "known here.");
    }
}

static char *title_without_session(const struct row *row)
{
    if (row == NULL)
        return g_strdup("");
    return row->pid != 0 ? g_strdup_printf("%d", row->pid) : g_strdup("prepared transaction");
}

static void draw_detail(struct activity_view *view, struct grid *grid, const struct area *area)
{
    const struct row *row = selected_row(view);
    const struct session *session = row != NULL ? session_at(view, row->session) : NULL;
    g_autofree char *title =
        session != NULL ? g_strdup_printf("%d %s %s", session->pid, session->user, name_of(session))
                        : title_without_session(row);
    g_autofree char *visible = grid_visible(grid, title);
    describe(view, row, view->panes.fields);
    panes_draw_detail(&view->panes, grid, area, visible);
}

static void draw_heading(const struct activity_view *view, struct grid *grid,
                         const struct area *area)
{
    GString *left = g_string_new("Activity");
    guint waiting = 0;
    g_autofree char *clock = console_clock_text(taken_at(view));
    g_autofree char *position = list_position(&view->panes.list);
    for (guint i = 0; i < view->session_count; i++)
        waiting += session_get(view, i)->blocked_by_count > 0;
    if (view->activity != NULL) {
        g_autofree char *sessions =
            text_plural(view->activity->session_count, "session", "sessions");
        g_string_append_printf(left, "  %s, %u blocked, %u prepared  at %s UTC", sessions, waiting,
                               view->activity->prepared_count, clock);
    }
    if (!filter_is_empty(view->filter))
        g_string_append_printf(left, "  filter: %s", filter_text(view->filter));
    panes_heading(grid, area, left->str, position);
    g_string_free(left, TRUE);
}

static char *why_empty(const struct activity_view *view)
{
    const struct model *model = console_model(view->base.console);
    if (!filter_is_empty(view->filter) && view->session_count > 0)
        return g_strdup("nothing matches the filter\nF and Enter show all");
    if (model->link == LINK_LOST && view->activity == NULL)
        return g_strdup_printf("the connection is lost: %s",
                               model->link_why != NULL ? model->link_why : "");
    if (model->server == NULL) {
        char *missing = panes_missing(model);
        return missing != NULL ? missing : g_strdup("connecting");
    }
    if (g_strcmp0(model->server->product, "SQLite") == 0)
        return g_strdup("SQLite keeps no list of sessions");
    return g_strdup(view->activity == NULL ? "reading sessions and locks"
                                           : "there is no session to be seen");
}

static void activity_draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct activity_view *view = of(base);
    struct area list, detail, below = {area->row + 1, area->column, area->rows - 1, area->columns};
    activity_update(base);
    draw_heading(view, grid, area);
    if (view->rows->len == 0) {
        g_autofree char *why = why_empty(view);
        panes_notice(grid, &below, why);
        return;
    }
    int top = draw_top(view, grid, &below);
    below.row += top;
    below.rows -= top;
    panes_split(&view->panes, &below, &list, &detail);
    draw_list(view, grid, &list);
    draw_detail(view, grid, &detail);
}

/* ---- doing ------------------------------------------------------------------------------------
 */

gboolean activity_view_session(struct view *base, int *pid)
{
    activity_update(base);
    const struct row *row = selected_row(of(base));
    const struct session *session = row != NULL ? session_at(of(base), row->session) : NULL;
    if (session == NULL || session->is_own)
        return FALSE;
    *pid = session->pid;
    return TRUE;
}

struct run_request *activity_view_request(struct view *base, gboolean terminates)
{
    int pid;
    if (!activity_view_session(base, &pid))
        return NULL;
    const struct session *session = activity_session(console_model(base->console)->activity, pid);
    struct run_request *request = run_request_new(RUN_END_SESSION);
    request->pid = pid;
    request->began = session->began;
    request->terminates = terminates;
    request->session = g_strdup_printf("%s %s, %s: %s", session->user, session->application,
                                       session->state, session->query);
    return request;
}

/* Why the session under the cursor cannot be ended. */
static char *activity_why_not(struct view *base, enum action_id action)
{
    int pid;
    if ((action != ACTION_TERMINATE && action != ACTION_CANCEL_SESSION) ||
        activity_view_session(base, &pid))
        return NULL;
    const struct row *row = selected_row(of(base));
    if (row == NULL)
        return g_strdup("there is no session under the cursor");
    if (row->pid == 0)
        return g_strdup("a prepared transaction has no session: COMMIT PREPARED or ROLLBACK "
                        "PREPARED ends it");
    return g_strdup(row->session >= 0 ? "this console needs that connection itself"
                                      : "that session is of another database");
}

static gboolean activity_act(struct view *base, enum action_id action, guint count)
{
    struct activity_view *view = of(base);
    (void)count;
    if (action == ACTION_OPEN)
        return panes_act(&view->panes, view->panes.is_zoomed ? ACTION_UNZOOM : ACTION_ZOOM);
    return panes_act(&view->panes, action);
}

static struct list *activity_list(struct view *base)
{
    return panes_list(&of(base)->panes);
}

static char *activity_row_text(struct view *base, guint row)
{
    struct activity_view *view = of(base);
    const struct row *at = row_at(view, row);
    if (view->panes.is_detail)
        return fields_line(view->panes.fields, row);
    const struct session *session = at != NULL ? session_at(view, at->session) : NULL;
    const struct prepared_transaction *prepared = at != NULL ? prepared_at(view, at) : NULL;
    if (session != NULL) {
        g_autofree char *deed = session_deed(session);
        return g_strdup_printf("%*s%d %s %s %s %s %s:%s %s", 2 * (int)MIN(at->depth, 40), "",
                               session->pid, session->user, session->database, session->application,
                               session_state(session), session->wait_type, session->wait_event,
                               deed);
    }
    if (prepared != NULL)
        return g_strdup_printf("prepared %s %s", prepared->owner, prepared->gid);
    return at != NULL ? g_strdup_printf("%d", at->pid) : NULL;
}

static char *activity_copy(struct view *base)
{
    struct activity_view *view = of(base);
    activity_update(base);
    if (selected_row(view) == NULL)
        return NULL;
    AUTOPTR(fields) *fields = fields_new();
    describe(view, selected_row(view), fields);
    return fields_text(fields);
}

static char *activity_save(struct view *base)
{
    struct activity_view *view = of(base);
    GString *text = g_string_new(NULL);
    activity_update(base);
    for (guint i = 0; i < view->rows->len; i++) {
        AUTOPTR(fields) *fields = fields_new();
        describe(view, row_get(view, i), fields);
        g_autofree char *one = fields_text(fields);
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", one);
    }
    return g_string_free(text, FALSE);
}

static gboolean activity_filter(struct view *base, const char *text, GError **error)
{
    struct activity_view *view = of(base);
    struct filter *filter = filter_new(text, filter_keys, error);
    if (filter == NULL)
        return FALSE;
    g_clear_pointer(&view->filter, filter_free);
    view->filter = filter;
    view->is_stale = TRUE;
    activity_update(base);
    return TRUE;
}

static struct view *activity_open(struct console *console)
{
    struct activity_view *view = g_new0(struct activity_view, 1);
    view->base = (struct view){.ops = &activity_view_ops, .console = console};
    view->rows = g_array_new(FALSE, FALSE, sizeof(struct row));
    panes_init(&view->panes);
    return &view->base;
}

static void activity_close(struct view *base)
{
    struct activity_view *view = of(base);
    g_clear_pointer(&view->filter, filter_free);
    g_clear_pointer(&view->activity, activity_unref);
    g_clear_pointer(&view->pulse, pulse_unref);
    g_array_unref(view->rows);
    panes_clear(&view->panes);
    g_free(view);
}

const struct view_ops activity_view_ops = {
    .screen = SCREEN_ACTIVITY,
    .title = "Activity",
    .open = activity_open,
    .close = activity_close,
    .update = activity_update,
    .draw = activity_draw,
    .act = activity_act,
    .why_not = activity_why_not,
    .list = activity_list,
    .row_text = activity_row_text,
    .copy = activity_copy,
    .save = activity_save,
    .filter = activity_filter,
};
