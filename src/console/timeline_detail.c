/* Notes, history and graph come from the model; how the files run is read on the monitor's thread,
 * one migration at a time. */
#include "console/timeline_detail.h"

#include "base/duration.h"
#include "console/frame.h"
#include "console/sql_text.h"
#include "console/text_pane.h"

#include <string.h>

/* Both texts of the migration that was read last. */
struct detail_facts {
    gint64 version;
    struct sql_text *up, *down;
};

/* What the monitor is asked. */
struct detail_question {
    struct timeline_detail *detail;
    struct migration_set *set;
    gint64 version;
    enum sql_dialect dialect;
};

struct timeline_detail {
    struct console *console;
    struct detail_facts *facts; /* NULL until one was read */
    struct text_pane panes[2];  /* up, down: their texts as far as there is room */
    gboolean is_asking;
};

static void facts_free(gpointer data)
{
    struct detail_facts *facts = data;
    g_clear_pointer(&facts->up, sql_text_free);
    g_clear_pointer(&facts->down, sql_text_free);
    g_free(facts);
}

static void question_free(gpointer data)
{
    struct detail_question *question = data;
    migration_set_unref(question->set);
    g_free(question);
}

struct timeline_detail *timeline_detail_new(struct console *console)
{
    struct timeline_detail *detail = g_new0(struct timeline_detail, 1);
    detail->console = console;
    for (guint i = 0; i < G_N_ELEMENTS(detail->panes); i++)
        text_pane_init(&detail->panes[i]);
    return detail;
}

static void take(struct timeline_detail *detail, struct detail_facts *facts)
{
    text_pane_set(&detail->panes[0], facts != NULL ? facts->up->pane : NULL, FALSE);
    text_pane_set(&detail->panes[1], facts != NULL ? facts->down->pane : NULL, FALSE);
    g_clear_pointer(&detail->facts, facts_free);
    detail->facts = facts;
}

void timeline_detail_free(struct timeline_detail *detail)
{
    take(detail, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(detail->panes); i++)
        text_pane_clear(&detail->panes[i]);
    g_free(detail);
}

void timeline_detail_forget(struct timeline_detail *detail)
{
    take(detail, NULL);
}

/* ---- reading, on the monitor's thread ---------------------------------------------------------
 */

static gpointer read_facts(struct engine *engine, gpointer data, GError **error)
{
    const struct detail_question *asked = data;
    const struct migration *migration = migration_set_find(asked->set, asked->version);
    (void)engine;
    if (migration == NULL) {
        error_set(error, ERROR_SOURCE, "there is no such file");
        return NULL;
    }
    struct detail_facts *facts = g_new0(struct detail_facts, 1);
    gboolean is_off = migration->notes.transaction == TRANSACTION_OFF;
    facts->version = asked->version;
    facts->up = sql_text_load(&migration->up, asked->dialect, is_off);
    facts->down = sql_text_load(&migration->down, asked->dialect, is_off);
    return facts;
}

static void take_facts(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct detail_question *asked = data;
    (void)error;
    asked->detail->is_asking = FALSE;
    if (result != NULL)
        take(asked->detail, result);
    console_redraw(console);
}

static enum sql_dialect dialect_of(const struct model *model)
{
    return model->server != NULL && strcmp(model->server->product, "SQLite") == 0 ? SQL_SQLITE
                                                                                  : SQL_POSTGRESQL;
}

static void ask(struct timeline_detail *detail, gint64 version)
{
    const struct model *model = console_model(detail->console);
    if (detail->is_asking || model->set == NULL)
        return;
    struct detail_question *asked = g_new0(struct detail_question, 1);
    *asked =
        (struct detail_question){detail, migration_set_ref(model->set), version, dialect_of(model)};
    detail->is_asking = TRUE;
    console_ask(detail->console, job_new(read_facts, take_facts, asked, question_free, facts_free));
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

/* A pen that goes down the area, a line at a time. */
struct pen {
    struct grid *grid;
    struct area area;
    int row;
};

static void line(struct pen *pen, const char *label, enum style style, const char *text)
{
    if (pen->row >= pen->area.row + pen->area.rows || text == NULL)
        return;
    grid_put(pen->grid, pen->row, pen->area.column, 10, STYLE_LABEL, label);
    grid_put(pen->grid, pen->row, pen->area.column + 10, pen->area.columns - 10, style, text);
    pen->row++;
}

static char *edges_text(const struct model *model, const struct graph_edge *edges, guint count)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < count && i < 6; i++) {
        const struct migration *other = migration_set_at(model->set, edges[i].index);
        const struct status_row *row = model_row(model, other->version);
        g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "", other->digits, other->title);
        if (row != NULL)
            g_string_append_printf(text, " (%s)", migration_state_name(row->state));
        if (edges[i].is_implied)
            g_string_append(text, " implied");
    }
    if (count > 6)
        g_string_append_printf(text, " and %u more", count - 6);
    return g_string_free(text, count == 0);
}

static void draw_edges(struct pen *pen, const struct model *model, gint64 version)
{
    guint index = migration_set_lower_bound(model->set, version), count;
    const struct graph_edge *needs = graph_needs(model->graph, index, &count);
    g_autofree char *below = edges_text(model, needs, count);
    line(pen, "needs", STYLE_TEXT, below != NULL ? below : "nothing");
    const struct graph_edge *needed = graph_needed_by(model->graph, index, &count);
    g_autofree char *above = edges_text(model, needed, count);
    line(pen, "needed by", STYLE_TEXT, above);
}

static void draw_file(struct pen *pen, const char *label, const struct migration_half *half,
                      const struct sql_text *text)
{
    if (half->path == NULL)
        line(pen, label, STYLE_WARNING, "no file");
    else if (text == NULL)
        line(pen, label, STYLE_TEXT, half->file_name);
    else if (text->problem != NULL || text->refusal != NULL)
        line(pen, label, STYLE_ERROR, text->problem != NULL ? text->problem : text->refusal);
    else {
        gboolean is_usual = text->mode == RUN_TRANSACTION || text->mode == RUN_EMPTY;
        g_autofree char *count = text_plural(text->count, "statement", "statements");
        g_autofree char *all =
            g_strdup_printf("%s, %s%s%s  sha256 %.8s", count, run_mode_text(text->mode),
                            is_usual ? "" : ": ", is_usual ? "" : text->mode_reason, text->sha256);
        line(pen, label, is_usual ? STYLE_TEXT : STYLE_WARNING, all);
    }
}

static void draw_record(struct pen *pen, const struct status_row *row)
{
    const struct history_record *record = row != NULL ? row->record : NULL;
    if (record == NULL)
        return;
    g_autofree char *when = console_date_text(record->finished_at, TRUE);
    g_autofree char *took = duration_format(record->finished_at - record->started_at);
    g_autofree char *text = g_strdup_printf(
        "%s by %s%s%s%s%s", when, record->database_user != NULL ? record->database_user : "?",
        record->os_user != NULL ? " (" : "", record->os_user != NULL ? record->os_user : "",
        record->os_user != NULL ? ")" : "", record->kind == HISTORY_ADOPT ? ", adopted" : "");
    g_autofree char *all =
        record->kind == HISTORY_UP ? g_strdup_printf("%s, took %s", text, took) : g_strdup(text);
    line(pen, "applied", STYLE_TEXT, all);
    line(pen, "reason", STYLE_TEXT, record->reason);
}

static void draw_notes(struct pen *pen, const struct migration *migration)
{
    const struct migration_notes *notes = &migration->notes;
    line(pen, "release", STYLE_TEXT, migration->release_name);
    if (notes->irreversible != NULL)
        line(pen, "no way", STYLE_WARNING,
             *notes->irreversible != '\0' ? notes->irreversible : "back: declared irreversible");
    for (guint i = 0; notes->checks != NULL && i < notes->checks->len; i++)
        line(pen, "check", STYLE_TEXT,
             g_array_index(notes->checks, struct migration_check, i).name);
    line(pen, "ticket", STYLE_TEXT, notes->ticket);
}

#define TEXT_ROWS_MIN    4
#define TEXT_COLUMNS_MIN 36

static void draw_text(struct text_pane *pane, struct grid *grid, const struct area *area,
                      const char *title)
{
    int row = grid->cursor_row, column = grid->cursor_column;
    struct area body = {area->row + 1, area->column, area->rows - 1, area->columns};
    grid_rule(grid, area->row, area->column, area->columns, title, NULL);
    pane->wraps = FALSE;
    text_pane_draw(pane, grid, &body, FALSE, NULL);
    grid_cursor(grid, row, column);
}

/* Up and down side by side, one below the other, or up alone: as the room allows. */
static void draw_texts(struct timeline_detail *detail, const struct pen *pen)
{
    struct area rest = {pen->row, pen->area.column, pen->area.row + pen->area.rows - pen->row,
                        pen->area.columns};
    struct area half = rest;
    if (rest.rows < TEXT_ROWS_MIN)
        return;
    if (rest.columns >= 2 * TEXT_COLUMNS_MIN + 1) {
        half.columns = (rest.columns - 1) / 2;
        draw_text(&detail->panes[0], pen->grid, &half, "up");
        half.column += half.columns + 1;
        draw_text(&detail->panes[1], pen->grid, &half, "down");
    } else if (rest.rows >= 3 * TEXT_ROWS_MIN) {
        half.rows = rest.rows * 2 / 3;
        draw_text(&detail->panes[0], pen->grid, &half, "up");
        half.row += half.rows;
        half.rows = rest.rows - half.rows;
        draw_text(&detail->panes[1], pen->grid, &half, "down");
    } else
        draw_text(&detail->panes[0], pen->grid, &rest, "up");
}

void timeline_detail_draw(struct timeline_detail *detail, struct grid *grid,
                          const struct area *area, gint64 version)
{
    const struct model *model = console_model(detail->console);
    const struct migration *migration =
        model->set != NULL ? migration_set_find(model->set, version) : NULL;
    const struct status_row *row = model_row(model, version);
    const struct detail_facts *facts =
        detail->facts != NULL && detail->facts->version == version ? detail->facts : NULL;
    struct pen pen = {grid, *area, area->row + 1};
    g_autofree char *digits = model_version_text(model, version);
    g_autofree char *title =
        g_strdup_printf("%s %s  %s", digits, migration != NULL ? migration->title : "",
                        row != NULL ? migration_state_name(row->state) : "");
    grid_rule(grid, area->row, area->column, area->columns, title, NULL);
    if (facts == NULL && migration != NULL)
        ask(detail, version);
    draw_record(&pen, row);
    if (migration == NULL) {
        line(&pen, "file", STYLE_WARNING, "there is none any more; history has its text (v)");
        return;
    }
    draw_file(&pen, "up", &migration->up, facts != NULL ? facts->up : NULL);
    draw_file(&pen, "down", &migration->down, facts != NULL ? facts->down : NULL);
    draw_edges(&pen, model, version);
    draw_notes(&pen, migration);
    if (facts == NULL)
        take(detail, NULL);
    draw_texts(detail, &pen);
}
