/* Every migration, newest first: state, graph, when it was applied, what is peculiar; and beside or
 * below it what is known of the one under the cursor. */
#include "console/frame.h"
#include "console/views.h"

#include "base/duration.h"
#include "console/filter.h"
#include "console/lane_cells.h"
#include "console/timeline_detail.h"

#include <string.h>

struct timeline_view {
    struct view base;
    struct list list;
    GArray *rows; /* of gint64 versions, newest first, those that the filter lets through */
    const struct model_state *state; /* what rows were made from: compared, never followed */
    const struct migration_set *set;
    const struct lint_picture *lint; /* the same */
    struct filter *filter;           /* NULL: all */
    guint all;                       /* rows there are without the filter */
    gboolean is_settled;
    struct timeline_detail *detail;
    gboolean has_detail; /* there was room for it */
    gboolean is_detail;  /* keys scroll it */
};

static struct timeline_view *timeline(struct view *view)
{
    return (struct timeline_view *)(void *)view;
}

static const struct model *model_of(const struct timeline_view *view)
{
    return console_model(view->base.console);
}

/* ---- states -----------------------------------------------------------------------------------
 */

static const struct migration *file_of(const struct timeline_view *view, gint64 version)
{
    const struct model *model = model_of(view);
    return model->set != NULL ? migration_set_find(model->set, version) : NULL;
}

static gboolean is_in(const struct status_row *status)
{
    return status != NULL &&
           (status->state == MIGRATION_APPLIED || status->state == MIGRATION_ASSUMED ||
            status->state == MIGRATION_MODIFIED);
}

/* Of what can be done with it: going up while it is pending, going back once it is in. */
static unsigned risks_of(const struct timeline_view *view, gint64 version)
{
    const struct lint_row *row = model_lint(model_of(view), version);
    if (row == NULL)
        return 0;
    return is_in(model_row(model_of(view), version))
               ? row->risks_down | (row->risks_up & LINT_RISK_BIT(RISK_NO_DOWN))
               : row->risks_up;
}

static void add_word(GString *words, const char *word)
{
    g_string_append_printf(words, "%s%s", words->len > 0 ? " " : "", word);
}

/* What the files say of themselves, and what became of them; some of it lint says too. */
static void add_notes(const struct timeline_view *view, gint64 version, GString *words)
{
    const struct model *model = model_of(view);
    const struct status_row *row = model_row(model, version);
    const struct migration *migration = file_of(view, version);
    gboolean is_judged = model_lint(model, version) != NULL;
    if (migration == NULL)
        add_word(words, "NO-FILE");
    else {
        if (migration->notes.irreversible != NULL)
            add_word(words, "IRREVERSIBLE");
        else if (!is_judged && (migration->down.path == NULL || migration->down.size == 0))
            add_word(words, "NO-DOWN");
        if (!is_judged && migration->notes.transaction == TRANSACTION_OFF)
            add_word(words, "noTX");
        if (migration->notes.phase == PHASE_CONTRACT)
            add_word(words, "CONTRACT");
    }
    if (row != NULL && row->state == MIGRATION_MODIFIED)
        add_word(words, "MODIFIED");
    if (row != NULL && row->state == MIGRATION_MISSED)
        add_word(words, "MISSED");
}

/* What a reviewer should know before anything else; by word. */
static char *notes_of(const struct timeline_view *view, gint64 version)
{
    GString *words = g_string_new(NULL);
    g_autofree char *risks = lint_risk_words(risks_of(view, version));
    if (*risks != '\0')
        add_word(words, risks);
    add_notes(view, version, words);
    return g_string_free(words, FALSE);
}

/* The same by letter, where there is no room: "LM". */
static char *letters_of(const struct timeline_view *view, gint64 version)
{
    static const char letters[LINT_RISKS] = {
        [RISK_DATA] = 'D',    [RISK_REWRITE] = 'R', [RISK_LOCK] = 'L',    [RISK_DML] = 'M',
        [RISK_NO_DOWN] = 'N', [RISK_NO_TX] = 'T',   [RISK_UNKNOWN] = '?',
    };
    GString *text = g_string_new(NULL);
    unsigned risks = risks_of(view, version);
    for (unsigned risk = 0; risk < LINT_RISKS; risk++)
        if ((risks & LINT_RISK_BIT(risk)) != 0)
            g_string_append_c(text, letters[risk]);
    return g_string_free(text, FALSE);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

enum { KEY_STATE, KEY_NAME, KEY_RELEASE, KEY_NOTE, KEY_RISK, KEY_VERSION };
static const char *const filter_keys[] = {
    [KEY_STATE] = "state",
    [KEY_NAME] = "name",
    [KEY_RELEASE] = "release",
    [KEY_NOTE] = "note",
    [KEY_RISK] = "risk",
    [KEY_VERSION] = "version",
    NULL,
};

/* A row's value for the filter; row is its version. */
static char *value_of(gconstpointer row, guint key, gpointer data)
{
    const struct timeline_view *view = data;
    gint64 version = *(const gint64 *)row;
    const struct status_row *status = model_row(model_of(view), version);
    const struct migration *migration = file_of(view, version);
    switch (key) {
    case KEY_STATE:
        return g_strdup(status != NULL ? migration_state_name(status->state) : "unknown");
    case KEY_NAME:
        return g_strdup(migration != NULL ? migration->title : "");
    case KEY_RELEASE:
        return g_strdup(migration != NULL ? migration->release_name : NULL);
    case KEY_NOTE:
    case KEY_RISK:
        return notes_of(view, version);
    default:
        return model_version_text(model_of(view), version);
    }
}

static void add_row(struct timeline_view *view, gint64 version)
{
    view->all++;
    if (filter_matches(view->filter, value_of, &version, view))
        g_array_append_val(view->rows, version);
}

static void collect_rows(struct timeline_view *view)
{
    const struct model *model = model_of(view);
    g_array_set_size(view->rows, 0);
    view->all = 0;
    if (model->state != NULL) {
        const GArray *rows = model->state->status->rows;
        for (guint i = rows->len; i > 0; i--)
            add_row(view, g_array_index(rows, struct status_row, i - 1).version);
    } else if (model->set != NULL)
        for (guint i = migration_set_count(model->set); i > 0; i--)
            add_row(view, migration_set_at(model->set, i - 1)->version);
}

/* The row of a version, or of the next lower one. */
static guint row_of(const struct timeline_view *view, gint64 version)
{
    for (guint i = 0; i < view->rows->len; i++)
        if (g_array_index(view->rows, gint64, i) <= version)
            return i;
    return view->rows->len > 0 ? view->rows->len - 1 : 0;
}

static gboolean selected(const struct timeline_view *view, gint64 *version)
{
    if (view->rows->len == 0)
        return FALSE;
    *version = g_array_index(view->rows, gint64, MIN(view->list.selected, view->rows->len - 1));
    return TRUE;
}

static void rebuild(struct timeline_view *view)
{
    gint64 version;
    gboolean had_one =
        selected(view, &version) || console_version_selected(view->base.console, &version);
    collect_rows(view);
    list_resize(&view->list, view->rows->len);
    if (had_one)
        list_select(&view->list, row_of(view, version));
}

/* The first time anything is known: on the current version, with what is pending in sight. */
void timeline_view_settle(struct view *base)
{
    struct timeline_view *view = timeline(base);
    gint64 current = VERSION_NONE;
    gboolean is_dirty;
    if (view->is_settled || !model_version(model_of(view), &current, &is_dirty))
        return;
    rebuild(view);
    view->is_settled = TRUE;
    guint at = row_of(view, current);
    list_select(&view->list, current == VERSION_NONE || at == 0 ? at : at - 1);
    if (selected(view, &current))
        console_version_select(base->console, current);
}

static void update(struct view *base)
{
    struct timeline_view *view = timeline(base);
    const struct model *model = model_of(view);
    gboolean is_same = view->state == model->state && view->set == model->set;
    if (is_same && view->lint == model->lint)
        return;
    rebuild(view);
    view->lint = model->lint;
    if (is_same)
        return;
    view->state = model->state;
    view->set = model->set;
    timeline_detail_forget(view->detail);
}

/* Comes back with what another screen selected. */
static void show(struct view *base)
{
    struct timeline_view *view = timeline(base);
    gint64 version;
    if (console_version_selected(base->console, &version) && view->rows->len > 0)
        list_select(&view->list, row_of(view, version));
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

/* Columns, from the left; 0 wide: left out. */
struct columns {
    int graph, version, release, name, applied, took, notes;
    gboolean is_terse; /* letters for what is risky */
};

#define WORDS_COLUMNS 72

#define LANES_NARROW 4

static int version_width(const struct timeline_view *view)
{
    const struct migration_set *set = model_of(view)->set;
    guint count = set != NULL ? migration_set_count(set) : 0;
    return count > 0 ? MAX((int)strlen(migration_set_at(set, count - 1)->digits), 7) : 7;
}

static gboolean has_releases(const struct timeline_view *view)
{
    const struct migration_set *set = model_of(view)->set;
    guint count = set != NULL ? migration_set_count(set) : 0;
    return count > 0 && migration_set_at(set, count - 1)->release_name != NULL;
}

static struct columns layout(const struct timeline_view *view, int width)
{
    struct columns columns = {.version = version_width(view)};
    const struct lanes *lanes = model_of(view)->lanes;
    int most = width < 100 ? 2 * LANES_NARROW + 2 : 2 * (int)MODEL_LANES_MAX + 2;
    columns.graph = lanes != NULL ? MAX(lanes_columns(lanes, most) + 1, 6) : 0;
    columns.applied = width >= 66 ? 16 : 0;
    columns.took = width >= 76 ? 7 : 0;
    columns.release = width >= 90 && has_releases(view) ? 12 : 0;
    int fixed = 6 + columns.graph + columns.version + 1 + columns.release +
                (columns.applied > 0 ? columns.applied + 1 : 0) +
                (columns.took > 0 ? columns.took + 1 : 0);
    int rest = MAX(width - fixed, 10);
    columns.is_terse = width < WORDS_COLUMNS;
    columns.notes = columns.is_terse ? 6 : MIN(width >= 100 ? 20 : 13, rest / 3);
    columns.name = rest - columns.notes - 1;
    return columns;
}

/* The letter tells the state: what is usual stays plain beside it, which is also fewer bytes. */
static gboolean is_usual(const struct status_row *status)
{
    return status->state == MIGRATION_APPLIED || status->state == MIGRATION_ASSUMED;
}

static void draw_lanes(const struct timeline_view *view, struct grid *grid, int row, int column,
                       int limit, gint64 version)
{
    const struct model *model = model_of(view);
    const struct status_row *status = model_row(model, version);
    if (model->lanes == NULL || file_of(view, version) == NULL)
        return;
    guint index = migration_set_lower_bound(model->set, version);
    lanes_draw_row(grid, row, column, limit, model->lanes, lanes_count(model->lanes) - 1 - index,
                   state_glyph(status),
                   status != NULL && is_usual(status) ? STYLE_TEXT : state_style(status));
}

static void draw_applied(const struct timeline_view *view, struct grid *grid, int row, int column,
                         const struct columns *columns, const struct status_row *status)
{
    const struct history_record *record = status != NULL ? status->record : NULL;
    (void)view;
    g_autofree char *when = NULL;
    g_autofree char *took = NULL;
    if (record != NULL && record->kind == HISTORY_UP) {
        when = console_date_text(record->finished_at, FALSE);
        took = duration_format(record->finished_at - record->started_at);
    } else if (status != NULL && (status->state == MIGRATION_ASSUMED ||
                                  (record != NULL && record->kind == HISTORY_ADOPT)))
        when = g_strdup("(inferred)");
    if (columns->applied > 0)
        grid_put(grid, row, column, columns->applied, STYLE_TEXT, when != NULL ? when : "-");
    if (columns->took > 0)
        grid_put_right(grid, row, column + columns->applied + 1, columns->took, STYLE_TEXT,
                       took != NULL ? took : "-");
}

static void draw_row(struct timeline_view *view, struct grid *grid, const struct area *area,
                     int row, guint index, const struct columns *columns)
{
    gint64 version = g_array_index(view->rows, gint64, index);
    const struct status_row *status = model_row(model_of(view), version);
    const struct migration *migration = file_of(view, version);
    enum style style = state_style(status);
    gboolean is_selected = index == view->list.selected;
    int column = area->column;
    g_autofree char *digits = model_version_text(model_of(view), version);
    g_autofree char *notes =
        columns->is_terse ? letters_of(view, version) : notes_of(view, version);
    if (is_selected)
        grid_glyph(grid, row, column, STYLE_TEXT, GLYPH_MARKER);
    if (status != NULL && status->is_current)
        grid_put(grid, row, column + 1, 1, STYLE_STRONG, "=");
    grid_put(grid, row, column + 2, 3, style, state_letters(status));
    column += 5;
    draw_lanes(view, grid, row, column, columns->graph - 1, version);
    column += columns->graph;
    if (status != NULL && is_usual(status))
        style = STYLE_TEXT;
    grid_put(grid, row, column, columns->version, style, digits);
    column += columns->version + 1;
    if (columns->release > 0)
        grid_put(grid, row, column, columns->release - 1, STYLE_TEXT,
                 migration != NULL ? migration->release_name : NULL);
    column += columns->release;
    grid_put(grid, row, column, columns->name, style,
             migration != NULL ? migration->title : "(no file)");
    column += columns->name + 1;
    draw_applied(view, grid, row, column, columns, status);
    column += (columns->applied > 0 ? columns->applied + 1 : 0) +
              (columns->took > 0 ? columns->took + 1 : 0);
    grid_put(grid, row, column, columns->notes, STYLE_WARNING, notes);
    if (is_selected) {
        grid_restyle(grid, row, area->column, area->columns, STYLE_SELECTED);
        grid_cursor(grid, row, area->column + 5 + columns->graph);
    }
}

static void draw_headings(struct grid *grid, const struct area *area, int row,
                          const struct columns *columns)
{
    int column = area->column;
    grid_put(grid, row, column + 2, 2, STYLE_LABEL, "St");
    column += 5;
    grid_put(grid, row, column, columns->graph, STYLE_LABEL, columns->graph >= 5 ? "Graph" : "");
    column += columns->graph;
    grid_put(grid, row, column, columns->version, STYLE_LABEL, "Version");
    column += columns->version + 1;
    if (columns->release > 0)
        grid_put(grid, row, column, columns->release - 1, STYLE_LABEL, "Release");
    column += columns->release;
    grid_put(grid, row, column, columns->name, STYLE_LABEL, "Name");
    column += columns->name + 1;
    if (columns->applied > 0)
        grid_put(grid, row, column, columns->applied, STYLE_LABEL, "Applied (UTC)");
    if (columns->took > 0)
        grid_put_right(grid, row, column + columns->applied + 1, columns->took, STYLE_LABEL,
                       "Took");
    column += (columns->applied > 0 ? columns->applied + 1 : 0) +
              (columns->took > 0 ? columns->took + 1 : 0);
    grid_put(grid, row, column, columns->notes, STYLE_LABEL, "Risk");
}

static char *summary(const struct timeline_view *view)
{
    const struct model *model = model_of(view);
    if (model->state == NULL)
        return model->set != NULL ? g_strdup_printf("%u files; reading the database",
                                                    migration_set_count(model->set))
                                  : g_strdup("reading the files");
    const struct status *status = model->state->status;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%u migrations: %u applied, %u pending", status->rows->len,
                           status->applied, status->pending);
    const struct {
        guint count;
        const char *word;
    } rest[] = {{status->version.is_dirty ? 1 : 0, "DIRTY"},
                {status->modified, "modified"},
                {status->missed, "missed"},
                {status->missing, "missing"}};
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
        if (rest[i].count > 0)
            g_string_append_printf(text, ", %u %s", rest[i].count, rest[i].word);
    if (view->filter != NULL)
        g_string_append_printf(text, "  filter %s: %u shown", filter_text(view->filter),
                               view->rows->len);
    return g_string_free(text, FALSE);
}

static void draw_list(struct timeline_view *view, struct grid *grid, const struct area *area)
{
    struct columns columns = layout(view, area->columns);
    g_autofree char *text = summary(view);
    g_autofree char *position = list_position(&view->list);
    int used = grid_put(grid, area->row, area->column, -1, STYLE_HEADING, "Timeline ");
    grid_put(grid, area->row, area->column + used, area->columns - used - 10, STYLE_TEXT, text);
    grid_put_right(grid, area->row, area->column, area->columns, STYLE_LABEL, position);
    draw_headings(grid, area, area->row + 1, &columns);
    list_fit(&view->list, (guint)MAX(area->rows - 2, 1));
    view->base.list_row = area->row + 2;
    for (guint i = 0; i < view->list.height && view->list.top + i < view->list.count; i++)
        draw_row(view, grid, area, area->row + 2 + (int)i, view->list.top + i, &columns);
    if (view->list.count == 0)
        grid_put(grid, area->row + 3, area->column + 5, area->columns - 5, STYLE_TEXT,
                 view->filter != NULL ? "nothing matches the filter: F and Enter show all"
                                      : "no migrations yet: 'winch create NAME' writes a pair");
}

static void legend(struct grid *grid, const struct area *area)
{
    grid_put(grid, area->row, area->column, area->columns, STYLE_FAINT,
             "P pending  A applied  A* changed since  X dirty  ? no file  S missed  = current");
}

/* Below the list, beside it, or nowhere: as the room allows. */
static void draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct timeline_view *view = timeline(base);
    gint64 version;
    gboolean has_one = selected(view, &version);
    struct area list = *area, detail = *area;
    view->has_detail = has_one && !console_is_zoomed(base->console) && area->rows >= 12;
    view->is_detail = view->is_detail && view->has_detail;
    if (!view->has_detail) {
        draw_list(view, grid, &list);
        return;
    }
    if (area->columns >= 110) {
        list.columns = area->columns * 58 / 100;
        detail.column = list.columns + 1;
        detail.columns = area->columns - detail.column;
        list.rows = area->rows - 1;
        for (int i = 0; i < list.rows; i++)
            grid_glyph(grid, area->row + i, list.columns, STYLE_FAINT, GLYPH_VERTICAL);
        legend(grid, &(struct area){area->row + area->rows - 1, 0, 1, area->columns});
        detail.rows = list.rows;
    } else {
        int rows = view->is_detail ? area->rows - 6 : MIN(8, area->rows / 2 - 2);
        list.rows = area->rows - rows - 1;
        legend(grid, &(struct area){area->row + list.rows, 0, 1, area->columns});
        detail.row = area->row + list.rows + 1;
        detail.rows = rows;
    }
    draw_list(view, grid, &list);
    timeline_detail_draw(view->detail, grid, &detail, version, view->is_detail);
}

/* ---- what can be done -------------------------------------------------------------------------
 */

static gboolean act(struct view *base, enum action_id action, guint count)
{
    struct timeline_view *view = timeline(base);
    gint64 current;
    gboolean is_dirty;
    (void)count;
    switch (action) {
    case ACTION_OPEN:
        if (view->rows->len == 0)
            return FALSE;
        selected(view, &current);
        console_version_select(base->console, current);
        console_open(base->console, SCREEN_SQL);
        return TRUE;
    case ACTION_CURRENT:
        if (model_version(model_of(view), &current, &is_dirty) && view->rows->len > 0)
            list_select(&view->list, row_of(view, current));
        if (selected(view, &current))
            console_version_select(base->console, current);
        return TRUE;
    case ACTION_NEXT_PANE:
    case ACTION_PREVIOUS_PANE:
        view->is_detail = !view->is_detail && view->has_detail;
        return TRUE;
    case ACTION_BACK:
        if (!view->is_detail)
            return FALSE;
        view->is_detail = FALSE;
        return TRUE;
    default:
        return FALSE;
    }
}

static char *row_words(const struct timeline_view *view, guint row)
{
    gint64 version = g_array_index(view->rows, gint64, row);
    const struct migration *migration = file_of(view, version);
    const struct status_row *status = model_row(model_of(view), version);
    g_autofree char *digits = model_version_text(model_of(view), version);
    g_autofree char *notes = notes_of(view, version);
    return g_strdup_printf(
        "%s %s %s %s %s", digits,
        migration != NULL && migration->release_name != NULL ? migration->release_name : "",
        migration != NULL ? migration->title : "",
        status != NULL ? migration_state_name(status->state) : "", notes);
}

static char *row_text(struct view *base, guint row)
{
    struct timeline_view *view = timeline(base);
    return view->is_detail ? timeline_detail_line(view->detail, row) : row_words(view, row);
}

static char *save(struct view *base)
{
    struct timeline_view *view = timeline(base);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < view->rows->len; i++) {
        g_autofree char *row = row_words(view, i);
        g_string_append_printf(text, "%s\n", row);
    }
    return g_string_free(text, FALSE);
}

static gboolean filter(struct view *base, const char *text, GError **error)
{
    struct timeline_view *view = timeline(base);
    AUTOPTR(filter) *made = filter_new(text, filter_keys, error);
    if (made == NULL)
        return FALSE;
    g_clear_pointer(&view->filter, filter_free);
    if (!filter_is_empty(made))
        view->filter = g_steal_pointer(&made);
    rebuild(view);
    return TRUE;
}

/* What is known of the migration under the cursor. */
static char *copy(struct view *base)
{
    struct timeline_view *view = timeline(base);
    if (view->rows->len == 0)
        return NULL;
    g_autofree char *row = row_words(view, MIN(view->list.selected, view->rows->len - 1));
    g_autofree char *detail = timeline_detail_text(view->detail);
    return g_strdup_printf("%s\n%s", row, detail);
}

static struct list *list_of(struct view *base)
{
    struct timeline_view *view = timeline(base);
    return view->is_detail ? timeline_detail_list(view->detail) : &view->list;
}

static gboolean version_of(struct view *base, gint64 *version)
{
    return selected(timeline(base), version);
}

static struct view *open_(struct console *console)
{
    struct timeline_view *view = g_new0(struct timeline_view, 1);
    view->base = (struct view){.ops = &timeline_view_ops, .console = console};
    view->rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    view->detail = timeline_detail_new(console);
    return &view->base;
}

static void close_(struct view *base)
{
    struct timeline_view *view = timeline(base);
    timeline_detail_free(view->detail);
    g_array_unref(view->rows);
    g_clear_pointer(&view->filter, filter_free);
    g_free(view);
}

const struct view_ops timeline_view_ops = {
    .screen = SCREEN_TIMELINE,
    .title = "Timeline",
    .open = open_,
    .close = close_,
    .update = update,
    .show = show,
    .draw = draw,
    .act = act,
    .list = list_of,
    .row_text = row_text,
    .copy = copy,
    .save = save,
    .version = version_of,
    .filter = filter,
};
