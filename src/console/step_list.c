/* Rows of migrations and statements. */
#include "console/step_list.h"

#include "base/duration.h"
#include "base/text.h"
#include "console/lines.h"

#include <string.h>

void step_list_init(struct step_list *steps)
{
    steps->rows = g_array_new(FALSE, FALSE, sizeof(struct step_row));
    steps->details = g_ptr_array_new_with_free_func(g_free);
    steps->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    steps->follows = TRUE;
    steps->columns = 80;
}

void step_list_clear(struct step_list *steps)
{
    g_array_unref(steps->rows);
    g_ptr_array_unref(steps->details);
    g_hash_table_unref(steps->open);
}

void step_list_reset(struct step_list *steps)
{
    g_hash_table_remove_all(steps->open);
    g_array_set_size(steps->rows, 0);
    steps->list = (struct list){.height = steps->list.height};
    steps->follows = TRUE;
    steps->placed = 0;
}

/* ---- what is open ---------------------------------------------------------------------------- */

enum { OPENED = 1, CLOSED = 2 };

/* statement 0 is the migration itself, from 1 on its statements. */
static gint64 key_of(guint step, guint statement)
{
    return (gint64)step << 32 | statement;
}

static gboolean is_open(const struct step_list *steps, guint step, guint statement,
                        gboolean by_default)
{
    gint64 key = key_of(step, statement);
    int said = GPOINTER_TO_INT(g_hash_table_lookup(steps->open, &key));
    return said == 0 ? by_default : said == OPENED;
}

/* The migration that runs or failed shows its statements unasked. */
static gboolean step_is_open(const struct step_list *steps, const struct step_source *source,
                             guint index)
{
    const struct run_step_picture *step = source->steps->pdata[index];
    gboolean matters = source->picture != NULL && source->picture->step == index &&
                       (step->mark == RUN_MARK_RUNNING || step->mark == RUN_MARK_FAILED ||
                        (!source->tells_mode && step->mark == RUN_MARK_DONE));
    return is_open(steps, index, 0, matters);
}

static const struct run_statement_picture *statement_of(const struct step_source *source,
                                                        const struct step_row *row)
{
    const struct run_step_picture *step = source->steps->pdata[row->step];
    return step->statements->pdata[row->statement];
}

/* A migration's own rows say so in place of a statement. */
#define NO_STATEMENT G_MAXUINT

static gboolean is_of_step(const struct step_row *row)
{
    return row->kind == STEP_ROW_STEP || row->statement == NO_STATEMENT;
}

/* ---- making the rows ------------------------------------------------------------------------- */

static void add_row(struct step_list *steps, enum step_row_kind kind, guint step, guint statement)
{
    struct step_row row = {kind, step, statement, 0};
    g_array_append_val(steps->rows, row);
}

#define DETAIL_INDENT 10

static void add_details(struct step_list *steps, guint step, guint statement, const char *text)
{
    AUTOPTR(lines) *lines = lines_new(steps->columns - DETAIL_INDENT);
    lines_add(lines, STYLE_TEXT, 0, text);
    for (guint i = 0; i < lines_count(lines); i++) {
        struct step_row row = {STEP_ROW_DETAIL, step, statement, steps->details->len};
        g_ptr_array_add(steps->details, g_strdup(lines_at(lines, i)));
        g_array_append_val(steps->rows, row);
    }
}

static void add_progress(struct step_list *steps, const struct step_source *source, guint step,
                         guint statement)
{
    const struct run_picture *picture = source->picture;
    if (picture == NULL || picture->step != step || picture->statement != statement ||
        !run_is_recent(picture->progress, picture->progress_at, source->now))
        return;
    add_row(steps, STEP_ROW_PROGRESS, step, statement);
    if (picture->progress_total > 0)
        add_row(steps, STEP_ROW_BAR, step, statement);
}

static void add_statement(struct step_list *steps, const struct step_source *source, guint step,
                          guint index)
{
    const struct step_row row = {STEP_ROW_STATEMENT, step, index, 0};
    const struct run_statement_picture *statement = statement_of(source, &row);
    add_row(steps, STEP_ROW_STATEMENT, step, index);
    if (statement->mark == RUN_MARK_RUNNING)
        add_progress(steps, source, step, index);
    if (!is_open(steps, step, index + 1, FALSE))
        return;
    g_autofree char *text = g_strdup_printf("line %u: %s", statement->line, statement->text);
    add_details(steps, step, index, text);
    add_details(steps, step, index, statement->message);
}

/* Why a migration is not run as one, or was not run at all, is never left to be asked for. */
static void add_step(struct step_list *steps, const struct step_source *source, guint index)
{
    const struct run_step_picture *step = source->steps->pdata[index];
    add_row(steps, STEP_ROW_STEP, index, NO_STATEMENT);
    if (step->skipped != NULL) {
        g_autofree char *text = g_strdup_printf("not run by a dry run: %s", step->skipped);
        add_details(steps, index, NO_STATEMENT, text);
    } else if (source->tells_mode && !step->is_transactional) {
        g_autofree char *text = g_strdup_printf("not transactional: %s", step->mode_reason);
        add_details(steps, index, NO_STATEMENT, text);
    }
    if (!step_is_open(steps, source, index))
        return;
    if (source->tells_mode && step->is_transactional)
        add_details(steps, index, NO_STATEMENT, step->mode_reason);
    if (step->mark != RUN_MARK_FAILED)
        add_details(steps, index, NO_STATEMENT, step->message);
    for (guint i = 0; i < step->statements->len; i++)
        add_statement(steps, source, index, i);
}

/* ---- the cursor ------------------------------------------------------------------------------ */

static gboolean is_head(const struct step_row *row)
{
    return row->kind == STEP_ROW_STEP || row->kind == STEP_ROW_STATEMENT;
}

/* The row of a migration or statement; of its migration when the statement is not shown. */
static guint find_row(const struct step_list *steps, const struct step_row *wanted)
{
    guint nearest = 0;
    gboolean wants_step = is_of_step(wanted);
    for (guint i = 0; i < steps->rows->len; i++) {
        const struct step_row *row = &g_array_index(steps->rows, struct step_row, i);
        if (row->step != wanted->step || !is_head(row))
            continue;
        if (row->kind == STEP_ROW_STEP)
            nearest = i;
        if (row->kind == (wants_step ? STEP_ROW_STEP : STEP_ROW_STATEMENT) &&
            (wants_step || row->statement == wanted->statement))
            return i;
    }
    return nearest;
}

static gboolean running_row(const struct step_list *steps, const struct step_source *source,
                            guint *row)
{
    const struct run_picture *picture = source->picture;
    if (picture == NULL || picture->step >= source->steps->len)
        return FALSE;
    const struct run_step_picture *step = source->steps->pdata[picture->step];
    if (step->mark == RUN_MARK_WAITING)
        return FALSE;
    struct step_row wanted = {STEP_ROW_STATEMENT, picture->step, picture->statement, 0};
    *row = find_row(steps, &wanted);
    return TRUE;
}

const struct step_row *step_list_selected(const struct step_list *steps)
{
    return steps->list.selected < steps->rows->len
               ? &g_array_index(steps->rows, struct step_row, steps->list.selected)
               : NULL;
}

/* Whoever moves the cursor away stops it from following; back on what runs it follows again. */
static void note_moves(struct step_list *steps, const struct step_source *source)
{
    guint row;
    if (steps->list.selected != steps->placed)
        steps->follows = running_row(steps, source, &row) && row == steps->list.selected;
}

void step_list_build(struct step_list *steps, const struct step_source *source)
{
    const struct step_row *selected = step_list_selected(steps);
    struct step_row kept = {STEP_ROW_STEP, 0, 0, 0};
    guint row = 0;
    if (selected != NULL)
        kept = *selected;
    gint offset = selected != NULL ? (gint)steps->list.selected - (gint)find_row(steps, &kept) : 0;
    note_moves(steps, source);
    g_array_set_size(steps->rows, 0);
    g_ptr_array_set_size(steps->details, 0);
    for (guint i = 0; i < source->steps->len; i++)
        add_step(steps, source, i);
    list_resize(&steps->list, steps->rows->len);
    if (!steps->follows || source->tells_mode || !running_row(steps, source, &row))
        row = find_row(steps, &kept) + (guint)MAX(offset, 0);
    list_select(&steps->list, row);
    steps->placed = steps->list.selected;
}

gboolean step_list_toggle(struct step_list *steps, const struct step_source *source)
{
    const struct step_row *row = step_list_selected(steps);
    if (row == NULL)
        return FALSE;
    gboolean is_step = is_of_step(row);
    guint statement = is_step ? 0 : row->statement + 1;
    gboolean was_open = is_step ? step_is_open(steps, source, row->step)
                                : is_open(steps, row->step, statement, FALSE);
    gint64 *key = g_new(gint64, 1);
    *key = key_of(row->step, statement);
    g_hash_table_replace(steps->open, key, GINT_TO_POINTER(was_open ? CLOSED : OPENED));
    step_list_build(steps, source);
    return TRUE;
}

/* ---- words ----------------------------------------------------------------------------------- */

struct mark {
    const char *run, *dry_run;
    enum style style;
};
static const struct mark marks[] = {
    [RUN_MARK_WAITING] = {"wait", "wait", STYLE_FAINT},
    [RUN_MARK_RUNNING] = {"run", "run", STYLE_STRONG},
    [RUN_MARK_DONE] = {"done", "fits", STYLE_GOOD},
    [RUN_MARK_FAILED] = {"FAIL", "FAIL", STYLE_ERROR},
    [RUN_MARK_SKIPPED] = {"skip", "skip", STYLE_WARNING},
};

static const char *mark_text(const struct step_source *source, enum run_mark mark)
{
    if (source->picture == NULL)
        return "";
    return source->picture->kind == RUN_DRY_RUN ? marks[mark].dry_run : marks[mark].run;
}

/* What a failed migration had done was taken back with it. */
static const char *statement_mark(const struct step_source *source,
                                  const struct run_step_picture *step,
                                  const struct run_statement_picture *statement)
{
    if (step->mark == RUN_MARK_FAILED && step->is_transactional && statement->mark == RUN_MARK_DONE)
        return "back";
    return mark_text(source, statement->mark);
}

static char *elapsed_text(enum run_mark mark, gint64 started_at, gint64 elapsed_us, gint64 now)
{
    if (mark == RUN_MARK_RUNNING)
        return duration_format(MAX(now - started_at, 0));
    return elapsed_us > 0 ? duration_format(elapsed_us) : g_strdup("-");
}

static char *step_words(const struct run_step_picture *step)
{
    return g_strdup_printf("%-4s %s  %s", direction_name(step->direction), step->digits,
                           step->title);
}

static char *statement_words(const struct run_step_picture *step,
                             const struct run_statement_picture *statement, guint index)
{
    return g_strdup_printf("%s.%u  %s", step->digits, index + 1,
                           *statement->text != '\0' ? statement->text : statement->verb);
}

static char *step_figures(const struct step_source *source, const struct run_step_picture *step)
{
    const char *mode = step->is_transactional ? "   tx" : "no tx";
    g_autofree char *count = text_plural(step->statements->len, "stmt", "stmts");
    g_autofree char *elapsed =
        elapsed_text(step->mark, step->started_at, step->elapsed_us, source->now);
    if (source->picture == NULL)
        return g_strdup_printf("%s  %s", count, mode);
    return g_strdup_printf("%s  %s%9s", count, mode, elapsed);
}

static char *statement_figures(const struct step_source *source,
                               const struct run_statement_picture *statement)
{
    g_autofree char *number = statement->rows >= 0 ? text_count(statement->rows) : NULL;
    g_autofree char *elapsed =
        elapsed_text(statement->mark, statement->started_at, statement->elapsed_us, source->now);
    if (source->picture == NULL)
        return g_strdup_printf("line %u", statement->line);
    return g_strdup_printf("%s%s  %9s", number != NULL ? number : "",
                           number == NULL         ? ""
                           : statement->rows == 1 ? " row"
                                                  : " rows",
                           elapsed);
}

char *step_list_row_text(const struct step_list *steps, const struct step_source *source, guint at)
{
    if (at >= steps->rows->len)
        return g_strdup("");
    const struct step_row *row = &g_array_index(steps->rows, struct step_row, at);
    const struct run_step_picture *step = source->steps->pdata[row->step];
    g_autofree char *words = NULL, *figures = NULL;
    switch (row->kind) {
    case STEP_ROW_STEP:
        words = step_words(step);
        figures = step_figures(source, step);
        return g_strdup_printf("%-4s %s  %s", mark_text(source, step->mark), words, figures);
    case STEP_ROW_STATEMENT: {
        const struct run_statement_picture *statement = statement_of(source, row);
        words = statement_words(step, statement, row->statement);
        figures = statement_figures(source, statement);
        return g_strdup_printf("%-4s   %s  %s", statement_mark(source, step, statement), words,
                               figures);
    }
    case STEP_ROW_PROGRESS:
        return g_strdup(source->picture->progress);
    case STEP_ROW_BAR:
        return g_strdup_printf("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT,
                               source->picture->progress_done, source->picture->progress_total);
    case STEP_ROW_DETAIL:
        break;
    }
    return g_strdup_printf("          %s", (const char *)steps->details->pdata[row->detail]);
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Where a row is drawn. */
struct place {
    struct grid *grid;
    int row, column, columns;
};

#define MARK_COLUMN 2
#define TEXT_COLUMN 7

static void draw_line(const struct place *place, const char *mark, enum style style, int indent,
                      const char *words, const char *figures)
{
    int right = text_width(figures);
    int start = TEXT_COLUMN + indent;
    int room = place->columns - start - right - 2;
    grid_put(place->grid, place->row, place->column + MARK_COLUMN,
             MIN(4, place->columns - MARK_COLUMN), style, mark);
    if (room < 20) {
        room += right + 2;
        figures = "";
    }
    if (room > 0)
        grid_put(place->grid, place->row, place->column + start, room,
                 style == STYLE_FAINT || style == STYLE_GOOD ? STYLE_TEXT : style, words);
    if (*figures != '\0')
        grid_put_right(place->grid, place->row, place->column + place->columns - right, right,
                       STYLE_TEXT, figures);
}

static void draw_bar(const struct place *place, const struct run_picture *picture)
{
    int room = place->columns - DETAIL_INDENT;
    int width = MIN(room - 34, 48);
    gint64 done = MIN(picture->progress_done, picture->progress_total);
    g_autofree char *now = text_count(picture->progress_done);
    g_autofree char *total = text_count(picture->progress_total);
    g_autofree char *text =
        g_strdup_printf("%d%%  %s of %s", (int)(done * 100 / picture->progress_total), now, total);
    if (width >= 8)
        grid_bar(place->grid, place->row, place->column + DETAIL_INDENT, width, STYLE_TEXT, done,
                 picture->progress_total);
    int at = width >= 8 ? width + 1 : 0;
    if (room > at)
        grid_put(place->grid, place->row, place->column + DETAIL_INDENT + at, room - at, STYLE_TEXT,
                 text);
}

static void draw_statement(const struct place *place, const struct step_source *source,
                           const struct step_row *row)
{
    const struct run_step_picture *step = source->steps->pdata[row->step];
    const struct run_statement_picture *statement = statement_of(source, row);
    g_autofree char *words = statement_words(step, statement, row->statement);
    g_autofree char *figures = statement_figures(source, statement);
    draw_line(place, statement_mark(source, step, statement), marks[statement->mark].style, 2,
              words, figures);
}

static void draw_step(const struct place *place, const struct step_source *source,
                      const struct step_row *row)
{
    const struct run_step_picture *step = source->steps->pdata[row->step];
    g_autofree char *words = step_words(step);
    g_autofree char *figures = step_figures(source, step);
    draw_line(place, mark_text(source, step->mark), marks[step->mark].style, 0, words, figures);
}

static void draw_row(const struct step_list *steps, const struct step_source *source,
                     const struct step_row *row, const struct place *place)
{
    int room = place->columns - DETAIL_INDENT;
    const char *text = NULL;
    switch (row->kind) {
    case STEP_ROW_STEP:
        draw_step(place, source, row);
        return;
    case STEP_ROW_STATEMENT:
        draw_statement(place, source, row);
        return;
    case STEP_ROW_BAR:
        draw_bar(place, source->picture);
        return;
    case STEP_ROW_PROGRESS:
        text = source->picture->progress;
        break;
    case STEP_ROW_DETAIL:
        text = steps->details->pdata[row->detail];
        break;
    }
    if (room > 0)
        grid_put(place->grid, place->row, place->column + DETAIL_INDENT, room, STYLE_TEXT, text);
}

void step_list_draw(struct step_list *steps, const struct step_source *source, struct grid *grid,
                    const struct area *area)
{
    if (area->rows <= 0 || area->columns <= 0)
        return;
    if (steps->columns != area->columns) {
        steps->columns = area->columns;
        step_list_build(steps, source);
    }
    list_fit(&steps->list, (guint)area->rows);
    for (int i = 0; i < area->rows && steps->list.top + (guint)i < steps->rows->len; i++) {
        guint at = steps->list.top + (guint)i;
        struct place place = {grid, area->row + i, area->column, area->columns};
        draw_row(steps, source, &g_array_index(steps->rows, struct step_row, at), &place);
        if (at != steps->list.selected)
            continue;
        grid_glyph(grid, place.row, area->column, STYLE_SELECTED, GLYPH_MARKER);
        grid_restyle(grid, place.row, area->column, area->columns, STYLE_SELECTED);
        grid_cursor(grid, place.row, area->column);
    }
}
