/* Rows of a preview: one line each. */
#include "console/preview_private.h"

#include "analysis/inspection.h"
#include "base/duration.h"
#include "base/text.h"
#include "console/run_picture.h"
#include "console/touches.h"

#include <string.h>

/* ---- words ------------------------------------------------------------------------------------
 */

const char *preview_verdict_word(enum preview_risk risk)
{
    static const char *const words[] = {
        [PREVIEW_HARMLESS] = "ok",
        [PREVIEW_BRIEF] = "brief",
        [PREVIEW_BLOCKS_WRITES] = "BLOCKS DML",
        [PREVIEW_BLOCKS_ALL] = "BLOCKS ALL",
    };
    return words[risk];
}

enum style preview_risk_style(enum preview_risk risk)
{
    return risk == PREVIEW_BLOCKS_ALL      ? STYLE_ERROR
           : risk == PREVIEW_BLOCKS_WRITES ? STYLE_WARNING
                                           : STYLE_TEXT;
}

char *preview_level_text(const struct preview *preview)
{
    const char *here = preview->database;
    switch (preview->level) {
    case PREVIEW_LEVEL_CATALOG:
        return g_strdup("CATALOG: read from the text and the catalog, nothing was run");
    case PREVIEW_LEVEL_SCRATCH:
        return g_strdup_printf("SCRATCH: run on %s", preview->on);
    case PREVIEW_LEVEL_DATABASE:
        return g_strdup_printf("HERE: run on %s and rolled back", here);
    case PREVIEW_LEVEL_DEFAULT:
        break;
    }
    return g_strdup("");
}

/* Short enough for a column. */
static const char *lock_word(enum lock_mode mode)
{
    static const char *const words[] = {
        [LOCK_MODE_NONE] = "-",
        [LOCK_MODE_ACCESS_SHARE] = "ACCESS SHARE",
        [LOCK_MODE_ROW_SHARE] = "ROW SHARE",
        [LOCK_MODE_ROW_EXCLUSIVE] = "ROW EXCL",
        [LOCK_MODE_SHARE_UPDATE_EXCLUSIVE] = "SHARE UPD EX",
        [LOCK_MODE_SHARE] = "SHARE",
        [LOCK_MODE_SHARE_ROW_EXCLUSIVE] = "SHARE ROW EX",
        [LOCK_MODE_EXCLUSIVE] = "EXCLUSIVE",
        [LOCK_MODE_ACCESS_EXCLUSIVE] = "ACCESS EXCL",
    };
    return words[mode];
}

/* What every statement of a step does, in the words of the analysis where it can tell. */
static GPtrArray *deeds_of(const struct plan_step *step, const GPtrArray *texts)
{
    const struct inspection_context context = {SQL_POSTGRESQL, NULL};
    guint edge = step->script->mode == RUN_OWN_BLOCK ? 1 : 0;
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    AUTOPTR(inspection) *inspection =
        inspection_new(step->body, step->body_length, step->script, &context);
    for (guint i = 0; i < texts->len; i++) {
        char *deeds = touches_statement(inspection, i + edge);
        g_ptr_array_add(words, deeds != NULL ? deeds : g_strdup(texts->pdata[i]));
    }
    return words;
}

static GPtrArray *texts_of(const struct plan_step *step)
{
    guint edge = step->script->mode == RUN_OWN_BLOCK ? 1 : 0;
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = edge; i + edge < step->script->statements->len; i++) {
        const struct script_statement *statement =
            &g_array_index(step->script->statements, struct script_statement, i);
        g_ptr_array_add(texts, run_first_words(step->body + statement->offset, statement->length));
    }
    return texts;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void add(struct preview_table *table, enum preview_row_kind kind, guint step,
                guint statement)
{
    struct preview_row row = {kind, step, statement};
    g_array_append_val(table->rows, row);
}

static void add_step(struct preview_table *table, guint index)
{
    const struct preview_step *step = preview_step_at(table->preview, index);
    if (step->outcome == PREVIEW_NOT_TRIED || step->outcome == PREVIEW_NOT_REACHED ||
        step->statements->len == 0)
        add(table, PREVIEW_ROW_STEP, index, 0);
    else
        for (guint i = 0; i < step->statements->len; i++)
            add(table, PREVIEW_ROW_STATEMENT, index, i);
    if (step->outcome == PREVIEW_RUNS && step->statements->len > 0)
        add(table, PREVIEW_ROW_COMMIT, index, 0);
}

static void free_words(gpointer data)
{
    g_ptr_array_unref(data);
}

struct preview_table *preview_table_new(struct preview *preview)
{
    struct preview_table *table = g_new0(struct preview_table, 1);
    table->preview = preview_ref(preview);
    table->rows = g_array_new(FALSE, FALSE, sizeof(struct preview_row));
    table->words = g_ptr_array_new_with_free_func(free_words);
    table->texts = g_ptr_array_new_with_free_func(free_words);
    for (guint i = 0; i < preview->steps->len; i++) {
        const struct plan_step *step = plan_step_at(preview->plan, i);
        g_ptr_array_add(table->texts, texts_of(step));
        g_ptr_array_add(table->words, deeds_of(step, table->texts->pdata[i]));
        add_step(table, i);
    }
    if (preview->differences != NULL)
        add(table, PREVIEW_ROW_SCHEMA, 0, 0);
    if (preview->weather != NULL)
        add(table, PREVIEW_ROW_WEATHER, 0, 0);
    if (preview->uncovered->len > 0)
        add(table, PREVIEW_ROW_GAPS, 0, 0);
    return table;
}

void preview_table_free(struct preview_table *table)
{
    preview_unref(table->preview);
    g_array_unref(table->rows);
    g_ptr_array_unref(table->words);
    g_ptr_array_unref(table->texts);
    g_free(table);
}

const struct preview *preview_table_preview(const struct preview_table *table)
{
    return table->preview;
}

guint preview_table_count(const struct preview_table *table)
{
    return table->rows->len;
}

const struct preview_row *preview_row_at(const struct preview_table *table, guint row)
{
    return &g_array_index(table->rows, struct preview_row, row);
}

const struct preview_statement *preview_row_statement(const struct preview_table *table,
                                                      const struct preview_row *row)
{
    return preview_statement_at(preview_step_at(table->preview, row->step), row->statement);
}

static gboolean is_of_plan(const struct preview_row *row)
{
    return row->kind >= PREVIEW_ROW_SCHEMA;
}

static const struct migration *migration_of(const struct preview_table *table,
                                            const struct preview_row *row)
{
    return plan_step_at(table->preview->plan, row->step)->migration;
}

gboolean preview_table_version(const struct preview_table *table, guint index, gint64 *version)
{
    const struct preview_row *row = index < table->rows->len ? preview_row_at(table, index) : NULL;
    if (row == NULL || is_of_plan(row))
        return FALSE;
    *version = migration_of(table, row)->version;
    return TRUE;
}

/* ---- cells ------------------------------------------------------------------------------------
 */

const struct preview_lock *preview_notable_lock(const struct preview_statement *statement)
{
    for (guint i = 0; i < statement->locks->len; i++) {
        const struct preview_lock *lock = &g_array_index(statement->locks, struct preview_lock, i);
        if (!lock->is_new && lock->kind != 'S')
            return lock;
    }
    return NULL;
}

char *preview_time_text(const struct preview_table *table,
                        const struct preview_statement *statement)
{
    gboolean is_here = table->preview->level == PREVIEW_LEVEL_DATABASE;
    if (!is_here && statement->estimated_us >= 0) {
        g_autofree char *time = duration_format(statement->estimated_us);
        return g_strdup_printf("~%s", time);
    }
    return statement->elapsed_us >= 0 ? duration_format(statement->elapsed_us) : g_strdup("-");
}

/* The worst that grows with a table. */
static const char *work_word(const struct preview_statement *statement)
{
    for (guint i = 0; i < statement->works->len; i++) {
        const struct preview_work *work = &g_array_index(statement->works, struct preview_work, i);
        if (!work->is_new)
            return preview_work_word(work->kind);
    }
    return "-";
}

/* What stands in a row. */
struct cells {
    char *what;
    const char *lock, *relation, *work, *verdict;
    char *time;
    enum style style;
};

static void cells_clear(struct cells *cells)
{
    g_free(cells->what);
    g_free(cells->time);
}

static gboolean is_failed(const struct preview_step *step, guint statement)
{
    return step->outcome == PREVIEW_FAILS && statement + 1 < step->statements->len &&
           preview_statement_at(step, statement)->was_run &&
           !preview_statement_at(step, statement + 1)->was_run;
}

static void statement_cells(const struct preview_table *table, const struct preview_row *row,
                            struct cells *cells)
{
    const struct preview_statement *statement = preview_row_statement(table, row);
    const struct preview_step *step = preview_step_at(table->preview, row->step);
    const struct preview_lock *lock = preview_notable_lock(statement);
    const GPtrArray *words = table->words->pdata[row->step];
    gboolean is_run = statement->was_run || step->outcome == PREVIEW_READ;
    cells->what = g_strdup(words->pdata[row->statement]);
    cells->lock = lock != NULL ? lock_word(lock->mode) : "-";
    cells->relation = lock != NULL ? lock->relation : "";
    cells->work = work_word(statement);
    cells->time = preview_time_text(table, statement);
    cells->verdict = is_run ? preview_verdict_word(statement->risk) : "not run";
    cells->style = is_run ? preview_risk_style(statement->risk) : STYLE_FAINT;
    if (step->outcome == PREVIEW_FAILS &&
        (is_failed(step, row->statement) ||
         (!statement->was_run &&
          (row->statement == 0 || preview_statement_at(step, row->statement - 1)->was_run)))) {
        cells->verdict = "FAILS";
        cells->style = STYLE_ERROR;
    }
}

static void step_cells(const struct preview_table *table, const struct preview_row *row,
                       struct cells *cells)
{
    const struct preview_step *step = preview_step_at(table->preview, row->step);
    static const struct {
        const char *verdict;
        enum style style;
    } outcomes[] = {
        [PREVIEW_RUNS] = {"ok", STYLE_TEXT},
        [PREVIEW_FAILS] = {"FAILS", STYLE_ERROR},
        [PREVIEW_NOT_TRIED] = {"not tried", STYLE_WARNING},
        [PREVIEW_NOT_REACHED] = {"unreached", STYLE_FAINT},
        [PREVIEW_READ] = {"ok", STYLE_TEXT},
    };
    cells->verdict = outcomes[step->outcome].verdict;
    cells->style = outcomes[step->outcome].style;
    cells->what = step->statements->len == 0 && *step->why == '\0' ? g_strdup("no statement")
                  : *step->why != '\0'                             ? g_strdup(step->why)
                                       : g_strdup(migration_of(table, row)->title);
}

static void commit_cells(const struct preview_table *table, const struct preview_row *row,
                         struct cells *cells)
{
    const struct preview_step *step = preview_step_at(table->preview, row->step);
    gint64 held = step->exclusive_us;
    g_autofree char *time = held > 0 ? duration_format(held) : NULL;
    guint count = step->differences != NULL ? catalog_difference_count(step->differences) : 0;
    g_autofree char *changes = step->differences != NULL
                                   ? text_plural(count, "schema change", "schema changes")
                                   : g_strdup("end");
    cells->what =
        *step->exclusive != '\0'
            ? g_strdup_printf("commit: %s, ACCESS EXCLUSIVE on %s%s%s", changes, step->exclusive,
                              time != NULL ? " for " : "", time != NULL ? time : "")
            : g_strdup_printf("commit: %s", changes);
}

static void plan_cells(const struct preview_table *table, const struct preview_row *row,
                       struct cells *cells)
{
    const struct preview *preview = table->preview;
    if (row->kind == PREVIEW_ROW_SCHEMA) {
        g_autofree char *count = text_plural(catalog_difference_count(preview->differences),
                                             "change of the schema", "changes of the schema");
        cells->what = g_strdup_printf("in all: %s", count);
    } else if (row->kind == PREVIEW_ROW_WEATHER) {
        const struct weather *weather = preview->weather;
        cells->what = g_strdup_printf("sessions now: %u in the way, %u waiting, %u behind",
                                      weather->in_the_way, weather->waiting, weather->behind);
        cells->style = weather->in_the_way > 0 ? STYLE_ERROR : STYLE_TEXT;
        cells->verdict = weather->in_the_way > 0 ? "BLOCKED" : "";
    } else {
        g_autofree char *count = text_plural(preview->uncovered->len, "thing", "things");
        cells->what = g_strdup_printf("not shown by this: %s", count);
        cells->style = STYLE_WARNING;
    }
}

static struct cells cells_of(const struct preview_table *table, guint index)
{
    const struct preview_row *row = preview_row_at(table, index);
    struct cells cells = {.lock = "", .relation = "", .work = "", .verdict = ""};
    switch (row->kind) {
    case PREVIEW_ROW_STATEMENT:
        statement_cells(table, row, &cells);
        break;
    case PREVIEW_ROW_STEP:
        step_cells(table, row, &cells);
        break;
    case PREVIEW_ROW_COMMIT:
        commit_cells(table, row, &cells);
        break;
    case PREVIEW_ROW_SCHEMA:
    case PREVIEW_ROW_WEATHER:
    case PREVIEW_ROW_GAPS:
        plan_cells(table, row, &cells);
        break;
    }
    return cells;
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

/* Widths; 0: left out. */
struct columns {
    int version, what, lock, relation, work, time, verdict;
};

#define MARK_COLUMNS 2

static struct columns layout(const struct preview_table *table, int width)
{
    struct columns columns = {.version = 8, .lock = 13, .verdict = 11};
    const struct plan *plan = table->preview->plan;
    for (guint i = 0; i < plan->steps->len; i++)
        columns.version =
            MAX(columns.version, (int)strlen(plan_step_at(plan, i)->migration->digits) + 1);
    columns.time = width >= 64 ? 9 : 0;
    columns.work = width >= 72 ? 8 : 0;
    columns.relation = width >= 100 ? 22 : 0;
    columns.what = MAX(width - MARK_COLUMNS - columns.version - columns.lock - columns.relation -
                           columns.work - columns.time - columns.verdict,
                       8);
    return columns;
}

static int put(struct grid *grid, int row, int column, int width, enum style style,
               const char *text)
{
    if (width > 1)
        grid_put(grid, row, column, width - 1, style, text);
    return column + width;
}

void preview_table_draw_names(const struct preview_table *table, struct grid *grid,
                              const struct area *area)
{
    const struct columns columns = layout(table, area->columns);
    int column = area->column + MARK_COLUMNS, row = area->row;
    column = put(grid, row, column, columns.version, STYLE_LABEL, "Version");
    column = put(grid, row, column, columns.what, STYLE_LABEL, "Statement");
    column = put(grid, row, column, columns.lock, STYLE_LABEL, "Lock");
    column = put(grid, row, column, columns.relation, STYLE_LABEL, "On");
    column = put(grid, row, column, columns.work, STYLE_LABEL, "Reads");
    if (columns.time > 0)
        grid_put_right(grid, row, column, columns.time - 1, STYLE_LABEL, "Time");
    put(grid, row, column + columns.time, columns.verdict, STYLE_LABEL, "Others");
}

void preview_table_draw_row(const struct preview_table *table, guint index, struct grid *grid,
                            const struct area *area, int at)
{
    const struct preview_row *row = preview_row_at(table, index);
    const struct columns columns = layout(table, area->columns);
    struct cells cells = cells_of(table, index);
    int column = area->column + MARK_COLUMNS;
    gboolean is_wide = row->kind != PREVIEW_ROW_STATEMENT;
    int rest = columns.lock + columns.relation + columns.work + columns.time;
    if (!is_of_plan(row))
        put(grid, at, column, columns.version, STYLE_TEXT, migration_of(table, row)->digits);
    column += columns.version;
    column = put(grid, at, column, columns.what + (is_wide ? rest : 0),
                 is_wide ? cells.style : STYLE_TEXT, cells.what);
    if (!is_wide) {
        column = put(grid, at, column, columns.lock, cells.style, cells.lock);
        column = put(grid, at, column, columns.relation, STYLE_TEXT, cells.relation);
        column = put(grid, at, column, columns.work, STYLE_TEXT, cells.work);
        if (columns.time > 0)
            grid_put_right(grid, at, column, columns.time - 1, STYLE_TEXT, cells.time);
        column += columns.time;
    }
    put(grid, at, column, columns.verdict, cells.style, cells.verdict);
    cells_clear(&cells);
}

char *preview_table_row_text(const struct preview_table *table, guint index)
{
    const struct preview_row *row = preview_row_at(table, index);
    struct cells cells = cells_of(table, index);
    char *text = is_of_plan(row)
                     ? g_strdup_printf("%s %s", cells.what, cells.verdict)
                     : g_strdup_printf("%s %s  %s %s  %s  %s  %s", migration_of(table, row)->digits,
                                       cells.what, cells.lock, cells.relation, cells.work,
                                       cells.time != NULL ? cells.time : "", cells.verdict);
    cells_clear(&cells);
    return g_strchomp(text);
}

char *preview_table_title(const struct preview_table *table, guint index)
{
    const struct preview_row *row = preview_row_at(table, index);
    static const char *const titles[] = {
        [PREVIEW_ROW_SCHEMA] = "what the plan changes",
        [PREVIEW_ROW_WEATHER] = "who is there now",
        [PREVIEW_ROW_GAPS] = "what this does not show, or does not undo",
    };
    if (is_of_plan(row))
        return g_strdup(titles[row->kind]);
    const char *digits = migration_of(table, row)->digits;
    if (row->kind == PREVIEW_ROW_STATEMENT)
        return g_strdup_printf("%s statement %u, line %u", digits, row->statement + 1,
                               preview_row_statement(table, row)->line);
    return g_strdup_printf("%s %s", digits, migration_of(table, row)->title);
}
