/* History: what was done, by whom, and how it ended; newest first. */
#include "console/views.h"

#include "base/duration.h"
#include "console/filter.h"
#include "console/frame.h"
#include "console/panes.h"

#include <string.h>

struct row {
    guint index;      /* into the model's history */
    gboolean is_open; /* a run that began and has no end */
};

struct history_view {
    struct view base;
    struct panes panes;
    struct filter *filter;
    GArray *rows; /* of struct row: those shown, newest first */
    gint64 read_at;
    guint known;     /* records there were then */
    gint64 selected; /* id of the record under the cursor; 0 none */
    gboolean is_stale;
};

static struct history_view *of(struct view *view)
{
    return (struct history_view *)view;
}

static const struct model *model_of(const struct history_view *view)
{
    return console_model(view->base.console);
}

static const struct row *row_at(const struct history_view *view, guint row)
{
    return &g_array_index(view->rows, struct row, row);
}

static const struct history_record *record_of(const struct history_view *view,
                                              const struct row *row)
{
    return model_of(view)->state->history->pdata[row->index];
}

/* NULL when there is none. */
static const struct row *selected_row(struct history_view *view)
{
    guint selected = view->panes.list.selected;
    return selected < view->rows->len ? row_at(view, selected) : NULL;
}

/* ---- words ------------------------------------------------------------------------------------
 */

static gboolean goes_on(const struct model *model, const char *run_id)
{
    for (guint i = 0; model->pulse != NULL && run_id != NULL && i < model->pulse->run_count; i++) {
        const char *run = model->pulse->runs[i].run.run_id;
        if (*run != '\0' && g_str_has_prefix(run_id, run))
            return TRUE;
    }
    return FALSE;
}

static const char *outcome_of(const struct history_view *view, const struct row *row)
{
    const struct history_record *record = record_of(view, row);
    if (!row->is_open)
        return history_outcome_name(record->outcome);
    return goes_on(model_of(view), record->run_id) ? "under way" : "no end recorded";
}

static enum style outcome_style(const struct history_view *view, const struct row *row)
{
    static const enum style styles[] = {
        [OUTCOME_DONE] = STYLE_GOOD,         [OUTCOME_FAILED] = STYLE_ERROR,
        [OUTCOME_CANCELLED] = STYLE_WARNING, [OUTCOME_REFUSED] = STYLE_ERROR,
        [OUTCOME_UNKNOWN] = STYLE_ERROR,
    };
    return row->is_open ? STYLE_WARNING : styles[record_of(view, row)->outcome];
}

/* "000045 add_invoice_currency", "to 000047", or what was said. */
static char *subject_of(const struct history_view *view, const struct history_record *record)
{
    const struct model *model = model_of(view);
    const char *words = record->title != NULL ? record->title : record->message;
    gboolean is_run = record->kind == HISTORY_STARTED || record->kind == HISTORY_FINISHED;
    gint64 number =
        is_run && record->to_version != VERSION_NONE ? record->to_version : record->version;
    g_autofree char *version = model_version_text(model, number);
    if (is_run)
        return g_strdup_printf("%s %s", record->kind == HISTORY_STARTED ? "to" : "at", version);
    if (number == VERSION_NONE)
        return g_strdup(words != NULL ? words : "");
    if (record->kind == HISTORY_STATEMENT)
        return g_strdup_printf("%s statement %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT, version,
                               record->statement, record->statements);
    return g_strdup_printf("%s %s", version, words != NULL ? words : "");
}

static char *person_of(const struct history_record *record)
{
    const char *user = record->os_user != NULL ? record->os_user : record->database_user;
    return g_strdup(user != NULL ? user : "-");
}

/* "billing_owner (jan@bastion2)". */
static char *people_of(const struct history_record *record)
{
    if (record->os_user == NULL && record->host == NULL)
        return person_of(record);
    return g_strdup_printf(
        "%s (%s%s%s)", record->database_user != NULL ? record->database_user : "-",
        record->os_user != NULL ? record->os_user : "?", record->host != NULL ? "@" : "",
        record->host != NULL ? record->host : "");
}

static char *took_of(const struct history_record *record)
{
    return history_record_is_timed(record)
               ? duration_format(record->finished_at - record->started_at)
               : g_strdup("");
}

/* ---- filter -----------------------------------------------------------------------------------
 */

enum {
    KEY_KIND,
    KEY_OUTCOME,
    KEY_VERSION,
    KEY_TITLE,
    KEY_RUN,
    KEY_BY,
    KEY_HOST,
    KEY_REASON,
    KEY_TEXT
};
static const char *const filter_keys[] = {"kind", "outcome", "version", "title", "run",
                                          "by",   "host",    "reason",  "text",  NULL};

static char *row_value(gconstpointer data, guint key, gpointer user)
{
    const struct history_view *view = user;
    const struct history_record *record = record_of(view, data);
    switch (key) {
    case KEY_KIND:
        return g_strdup(history_kind_name(record->kind));
    case KEY_OUTCOME:
        return g_strdup(outcome_of(view, data));
    case KEY_VERSION:
        return record->version != VERSION_NONE ? model_version_text(model_of(view), record->version)
                                               : NULL;
    case KEY_TITLE:
        return g_strdup(record->title);
    case KEY_RUN:
        return g_strdup(record->run_id);
    case KEY_BY:
        return people_of(record);
    case KEY_HOST:
        return g_strdup(record->host);
    case KEY_REASON:
        return g_strdup(record->reason);
    default:
        return g_strdup(record->message);
    }
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void gather(struct history_view *view, const GPtrArray *history)
{
    g_autoptr(GHashTable) ended = g_hash_table_new(g_str_hash, g_str_equal);
    g_array_set_size(view->rows, 0);
    for (guint i = history->len; i-- > 0;) {
        const struct history_record *record = history->pdata[i];
        char *run = record->run_id;
        struct row row = {i, FALSE};
        if (run != NULL && record->kind == HISTORY_FINISHED)
            g_hash_table_add(ended, run);
        row.is_open =
            run != NULL && record->kind == HISTORY_STARTED && !g_hash_table_contains(ended, run);
        if (filter_matches(view->filter, row_value, &row, view))
            g_array_append_val(view->rows, row);
    }
}

static void select_again(struct history_view *view)
{
    list_resize(&view->panes.list, view->rows->len);
    for (guint i = 0; view->selected != 0 && i < view->rows->len; i++)
        if (record_of(view, row_at(view, i))->id == view->selected) {
            list_select(&view->panes.list, i);
            return;
        }
}

/* Whoever stands on the newest row stays on the newest. */
static void remember_selection(struct history_view *view, const struct model *model)
{
    guint selected = view->panes.list.selected;
    view->selected = 0;
    if (selected > 0 && selected < view->rows->len &&
        row_at(view, selected)->index < model->state->history->len)
        view->selected = record_of(view, row_at(view, selected))->id;
}

/* History only grows, so that the indexes of before are those of now; anything else is read anew.
 */
static void history_update(struct view *base)
{
    struct history_view *view = of(base);
    const struct model *model = model_of(view);
    if (model->state == NULL) {
        g_array_set_size(view->rows, 0);
        list_resize(&view->panes.list, 0);
        view->read_at = 0;
        return;
    }
    if (!view->is_stale && view->read_at == model->state->read_at &&
        view->known == model->state->history->len)
        return;
    remember_selection(view, model);
    view->read_at = model->state->read_at;
    view->known = model->state->history->len;
    view->is_stale = FALSE;
    gather(view, model->state->history);
    select_again(view);
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

struct columns {
    int when, run, kind, subject, outcome, took, by; /* widths; 0: not shown */
};

/* What is left goes to the subject, and to who did it. */
static struct columns columns_for(int columns)
{
    struct columns widths = {.when = 16, .run = 6, .kind = 9, .outcome = 9, .took = 7, .by = 8};
    if (columns < 78) {
        widths.when = 11;
        widths.by = 0;
    }
    int left = columns - 2 - widths.when - widths.run - widths.kind - widths.outcome - widths.took -
               (widths.by > 0 ? 6 : 5) - widths.by;
    int more = CLAMP((left - 24) / 2, 0, 24);
    if (widths.by > 0)
        widths.by += more;
    widths.subject = left - (widths.by > 0 ? more : 0);
    return widths;
}

/* A run's first row names it; its others hang below. */
static void draw_run(const struct history_view *view, struct grid *grid, int line, int column,
                     guint row)
{
    const char *run = record_of(view, row_at(view, row))->run_id;
    const char *above = row > 0 ? record_of(view, row_at(view, row - 1))->run_id : NULL;
    const char *below =
        row + 1 < view->rows->len ? record_of(view, row_at(view, row + 1))->run_id : NULL;
    if (run == NULL)
        grid_put(grid, line, column, 6, STYLE_FAINT, "-");
    else if (g_strcmp0(run, above) != 0)
        grid_putf(grid, line, column, 6, STYLE_TEXT, "%.6s", run);
    else
        grid_glyph(grid, line, column + 1, STYLE_FAINT,
                   g_strcmp0(run, below) == 0 ? GLYPH_VERTICAL : GLYPH_UP_RIGHT);
}

static void draw_row(const struct history_view *view, struct grid *grid, const struct area *area,
                     int line, guint at)
{
    const struct row *row = row_at(view, at);
    const struct history_record *record = record_of(view, row);
    const struct columns widths = columns_for(area->columns);
    g_autofree char *when = console_date_text(record->finished_at, FALSE);
    g_autofree char *subject = subject_of(view, record);
    g_autofree char *took = took_of(record);
    g_autofree char *by = widths.by > 16 ? people_of(record) : person_of(record);
    int column = area->column + 2;
    gsize skip = widths.when < 16 && strlen(when) == 16 ? 5 : 0;
    grid_put(grid, line, column, widths.when, STYLE_TEXT, when + skip);
    draw_run(view, grid, line, column += widths.when + 1, at);
    grid_put(grid, line, column += widths.run + 1, widths.kind, STYLE_TEXT,
             history_kind_name(record->kind));
    grid_put(grid, line, column += widths.kind + 1, widths.subject, STYLE_STRONG, subject);
    column += widths.subject + 1;
    grid_put(grid, line, column, widths.outcome + (row->is_open ? widths.took + 1 : 0),
             outcome_style(view, row), outcome_of(view, row));
    column += widths.outcome + 1;
    if (!row->is_open)
        grid_put_right(grid, line, column, widths.took, STYLE_TEXT, took);
    if (widths.by > 0)
        grid_put(grid, line, column + widths.took + 1, widths.by, STYLE_TEXT, by);
}

static void draw_titles(struct grid *grid, const struct area *area)
{
    const struct columns widths = columns_for(area->columns);
    int column = area->column + 2;
    grid_put(grid, area->row, column, widths.when, STYLE_LABEL,
             widths.when < 16 ? "UTC" : "When (UTC)");
    grid_put(grid, area->row, column += widths.when + 1, widths.run, STYLE_LABEL, "Run");
    grid_put(grid, area->row, column += widths.run + 1, widths.kind, STYLE_LABEL, "What");
    grid_put(grid, area->row, column += widths.kind + 1, widths.subject, STYLE_LABEL, "Version");
    grid_put(grid, area->row, column += widths.subject + 1, widths.outcome, STYLE_LABEL, "Outcome");
    grid_put_right(grid, area->row, column += widths.outcome + 1, widths.took, STYLE_LABEL, "Took");
    if (widths.by > 0)
        grid_put(grid, area->row, column + widths.took + 1, widths.by, STYLE_LABEL, "By");
}

static void draw_list(struct history_view *view, struct grid *grid, const struct area *area)
{
    struct list *list = &view->panes.list;
    if (area->rows < 1)
        return;
    draw_titles(grid, area);
    list_fit(list, (guint)(area->rows - 1));
    view->base.list_row = area->row + 1;
    for (int line = 1; line < area->rows && list->top + (guint)line - 1 < list->count; line++) {
        guint row = list->top + (guint)line - 1;
        draw_row(view, grid, area, area->row + line, row);
        if (row == list->selected)
            panes_mark(grid, area, area->row + line, !view->panes.is_detail);
    }
}

/* ---- detail -----------------------------------------------------------------------------------
 */

static gboolean is_time(const char *name)
{
    return strcmp(name, "started_at") == 0 || strcmp(name, "finished_at") == 0;
}

/* NULL where nothing is known. */
static char *field_value(const struct history_record *record, const struct history_field *field)
{
    g_autofree char *text = history_field_text(record, field);
    if (text == NULL || field->type != HISTORY_FIELD_NUMBER)
        return g_steal_pointer(&text);
    gint64 number = g_ascii_strtoll(text, NULL, 10);
    if (is_time(field->name))
        return number != 0 ? console_date_text(number, TRUE) : NULL;
    if (g_str_has_suffix(field->name, "version"))
        return number != VERSION_NONE ? g_steal_pointer(&text) : NULL;
    return number != 0 ? g_steal_pointer(&text) : NULL;
}

static void add_field(struct fields *fields, const struct history_record *record,
                      const struct history_field *field)
{
    g_autofree char *value = field_value(record, field);
    g_autofree char *label = g_strdelimit(g_strdup(field->name), "_", ' ');
    gboolean is_bad = strcmp(field->name, "message") == 0 && record->outcome != OUTCOME_DONE;
    fields_add(fields, is_bad ? STYLE_ERROR : STYLE_TEXT, label, value);
}

/* What a person asks first stands first; then all the others, in their own order. */
static const char *const first_fields[] = {
    "outcome",    "message",     "sqlstate",      "file",    "line", "reason",     "ticket", "kind",
    "started_at", "finished_at", "database_user", "os_user", "host", "ssh_client", NULL,
};

static void describe(const struct history_view *view, const struct row *row, struct fields *fields)
{
    const struct history_record *record = record_of(view, row);
    g_autofree char *took = took_of(record);
    fields_clear(fields);
    if (row->is_open)
        fields_add(fields, STYLE_WARNING, "end",
                   goes_on(model_of(view), record->run_id)
                       ? "under way"
                       : "no end recorded: the run was interrupted, or goes on elsewhere");
    for (guint i = 0; first_fields[i] != NULL; i++)
        for (const struct history_field *field = history_fields; field->name != NULL; field++)
            if (strcmp(field->name, first_fields[i]) == 0)
                add_field(fields, record, field);
    fields_add(fields, STYLE_TEXT, "took", took);
    for (const struct history_field *field = history_fields; field->name != NULL; field++)
        if (!g_strv_contains(first_fields, field->name))
            add_field(fields, record, field);
}

static void draw_detail(struct history_view *view, struct grid *grid, const struct area *area)
{
    const struct row *row = selected_row(view);
    fields_clear(view->panes.fields);
    if (row == NULL) {
        panes_draw_detail(&view->panes, grid, area, NULL);
        return;
    }
    const struct history_record *record = record_of(view, row);
    g_autofree char *subject = subject_of(view, record);
    g_autofree char *title =
        g_strdup_printf("%" G_GINT64_FORMAT " %s %s  %s", record->id,
                        history_kind_name(record->kind), subject, outcome_of(view, row));
    g_autofree char *visible = grid_visible(grid, title);
    describe(view, row, view->panes.fields);
    panes_draw_detail(&view->panes, grid, area, visible);
}

/* Why there is no row, and what to do. */
static char *why_empty(const struct history_view *view)
{
    const struct model *model = model_of(view);
    char *missing = panes_missing(model);
    if (missing != NULL)
        return missing;
    if (model->server != NULL && model->server->history_presence == HISTORY_HIDDEN)
        return g_strdup_printf(
            "there is a history, and %s may not read it\nlet its owner GRANT SELECT on the tables "
            "of winch's own schema, and USAGE on the schema",
            model->server->user != NULL && *model->server->user != '\0' ? model->server->user
                                                                        : "this role");
    if (model->server != NULL && model->server->history_presence == HISTORY_ABSENT)
        return g_strdup("there is no history yet\n:init creates it; the first migration does, too. "
                        "golang-migrate keeps none: :adopt takes over what it did");
    if (!filter_is_empty(view->filter) && model->state->history->len > 0)
        return g_strdup("nothing matches the filter\nF and Enter show all");
    return g_strdup("nothing was done yet");
}

static void history_draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct history_view *view = of(base);
    struct area list, detail, below = {area->row + 1, area->column, area->rows - 1, area->columns};
    history_update(base);
    g_autofree char *position = list_position(&view->panes.list);
    g_autofree char *left = g_strdup_printf(
        "History  newest first, times in UTC%s%s",
        filter_is_empty(view->filter) ? "" : "  filter: ", filter_text(view->filter));
    panes_heading(grid, area, left, position);
    if (view->rows->len == 0) {
        g_autofree char *why = why_empty(view);
        panes_notice(grid, &below, why);
        return;
    }
    panes_split(&view->panes, &below, &list, &detail);
    draw_list(view, grid, &list);
    draw_detail(view, grid, &detail);
}

/* ---- doing ------------------------------------------------------------------------------------
 */

static gboolean history_act(struct view *base, enum action_id action, guint count)
{
    struct history_view *view = of(base);
    (void)count;
    if (action == ACTION_OPEN)
        return panes_act(&view->panes, view->panes.is_zoomed ? ACTION_UNZOOM : ACTION_ZOOM);
    return panes_act(&view->panes, action);
}

static struct list *history_list(struct view *base)
{
    return panes_list(&of(base)->panes);
}

static char *history_row_text(struct view *base, guint row)
{
    struct history_view *view = of(base);
    history_update(base);
    if (view->panes.is_detail)
        return fields_line(view->panes.fields, row);
    if (row >= view->rows->len)
        return NULL;
    const struct history_record *record = record_of(view, row_at(view, row));
    g_autofree char *when = console_date_text(record->finished_at, TRUE);
    g_autofree char *subject = subject_of(view, record);
    g_autofree char *people = people_of(record);
    return g_strdup_printf(
        "%s %s %s %s %s %s %s %s", when, record->run_id != NULL ? record->run_id : "-",
        history_kind_name(record->kind), subject, outcome_of(view, row_at(view, row)), people,
        record->message != NULL ? record->message : "",
        record->reason != NULL ? record->reason : "");
}

static char *text_of_row(const struct history_view *view, const struct row *row)
{
    AUTOPTR(fields) *fields = fields_new();
    describe(view, row, fields);
    return fields_text(fields);
}

static char *history_copy(struct view *base)
{
    history_update(base);
    const struct row *row = selected_row(of(base));
    return row != NULL ? text_of_row(of(base), row) : NULL;
}

static char *history_save(struct view *base)
{
    struct history_view *view = of(base);
    history_update(base);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < view->rows->len; i++) {
        g_autofree char *one = text_of_row(view, row_at(view, i));
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", one);
    }
    return g_string_free(text, FALSE);
}

static gboolean history_version(struct view *base, gint64 *version)
{
    struct history_view *view = of(base);
    history_update(base);
    const struct row *row = selected_row(view);
    if (row == NULL || record_of(view, row)->version == VERSION_NONE)
        return FALSE;
    *version = record_of(view, row)->version;
    return TRUE;
}

static gboolean history_filter(struct view *base, const char *text, GError **error)
{
    struct history_view *view = of(base);
    struct filter *filter = filter_new(text, filter_keys, error);
    if (filter == NULL)
        return FALSE;
    g_clear_pointer(&view->filter, filter_free);
    view->filter = filter;
    view->is_stale = TRUE;
    history_update(base);
    return TRUE;
}

static struct view *history_open(struct console *console)
{
    struct history_view *view = g_new0(struct history_view, 1);
    view->base = (struct view){.ops = &history_view_ops, .console = console};
    view->rows = g_array_new(FALSE, FALSE, sizeof(struct row));
    panes_init(&view->panes);
    return &view->base;
}

static void history_close(struct view *base)
{
    struct history_view *view = of(base);
    g_clear_pointer(&view->filter, filter_free);
    g_array_unref(view->rows);
    panes_clear(&view->panes);
    g_free(view);
}

const struct view_ops history_view_ops = {
    .screen = SCREEN_HISTORY,
    .title = "History",
    .open = history_open,
    .close = history_close,
    .update = history_update,
    .draw = history_draw,
    .act = history_act,
    .list = history_list,
    .row_text = history_row_text,
    .copy = history_copy,
    .save = history_save,
    .version = history_version,
    .filter = history_filter,
};
