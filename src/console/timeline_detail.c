/* Notes, history and graph come from the model; how the files run is read on the monitor's thread,
 * one migration at a time. */
#include "console/timeline_detail.h"

#include "console/fields.h"
#include "console/frame.h"
#include "console/migration_words.h"
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
    unsigned server_version;
};

struct timeline_detail {
    struct console *console;
    struct detail_facts *facts; /* NULL until one was read */
    struct text_pane panes[2];  /* up, down: their texts as far as there is room */
    struct fields *fields;      /* what is said of it, as last drawn */
    struct list list;           /* its lines: scrolled, without a cursor */
    gint64 version;             /* that they speak of */
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
    detail->fields = fields_new();
    detail->list.pages = TRUE;
    detail->version = VERSION_NONE;
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
    fields_free(detail->fields);
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
    const struct sql_reading reading = {
        asked->dialect, migration->notes.transaction == TRANSACTION_OFF, asked->server_version};
    facts->version = asked->version;
    facts->up = sql_text_load(&migration->up, &reading);
    facts->down = sql_text_load(&migration->down, &reading);
    sql_texts_join(facts->up, facts->down);
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
    *asked = (struct detail_question){detail, migration_set_ref(model->set), version,
                                      dialect_of(model), model_server_major(model)};
    detail->is_asking = TRUE;
    console_ask(detail->console, job_new(read_facts, take_facts, asked, question_free, facts_free));
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

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
static void draw_texts(struct timeline_detail *detail, struct grid *grid, const struct area *rest)
{
    struct area half = *rest;
    if (rest->rows < TEXT_ROWS_MIN)
        return;
    if (rest->columns >= 2 * TEXT_COLUMNS_MIN + 1) {
        half.columns = (rest->columns - 1) / 2;
        draw_text(&detail->panes[0], grid, &half, "up");
        half.column += half.columns + 1;
        draw_text(&detail->panes[1], grid, &half, "down");
    } else if (rest->rows >= 3 * TEXT_ROWS_MIN) {
        half.rows = rest->rows * 2 / 3;
        draw_text(&detail->panes[0], grid, &half, "up");
        half.row += half.rows;
        half.rows = rest->rows - half.rows;
        draw_text(&detail->panes[1], grid, &half, "down");
    } else
        draw_text(&detail->panes[0], grid, rest, "up");
}

/* The texts get what the words leave, but never so that the words are cut while there is room. */
static void draw_words(struct timeline_detail *detail, struct grid *grid, const struct area *area,
                       const char *title, gboolean is_active)
{
    struct area words = {area->row + 1, area->column, area->rows - 1, area->columns};
    fields_draw(detail->fields, grid, &words, &detail->list);
    int used = (int)detail->list.count;
    g_autofree char *position = list_position(&detail->list);
    gboolean is_all = detail->list.count <= detail->list.height;
    grid_rule(grid, area->row, area->column, area->columns, title, is_all ? NULL : position);
    if (is_active)
        grid_cursor(grid, words.row, words.column);
    const struct area rest = {words.row + used, area->column, words.rows - used, area->columns};
    draw_texts(detail, grid, &rest);
}

void timeline_detail_draw(struct timeline_detail *detail, struct grid *grid,
                          const struct area *area, gint64 version, gboolean is_active)
{
    const struct model *model = console_model(detail->console);
    const struct migration *migration =
        model->set != NULL ? migration_set_find(model->set, version) : NULL;
    const struct status_row *row = model_row(model, version);
    const struct detail_facts *facts =
        detail->facts != NULL && detail->facts->version == version ? detail->facts : NULL;
    const struct migration_about about = {model, version, facts != NULL ? facts->up : NULL,
                                          facts != NULL ? facts->down : NULL};
    g_autofree char *digits = model_version_text(model, version);
    g_autofree char *title = g_strdup_printf("%s%s %s  %s", is_active ? "> " : "", digits,
                                             migration != NULL ? migration->title : "",
                                             row != NULL ? migration_state_name(row->state) : "");
    if (facts == NULL) {
        take(detail, NULL);
        if (migration != NULL)
            ask(detail, version);
    }
    if (version != detail->version)
        detail->list.top = 0;
    detail->version = version;
    fields_clear(detail->fields);
    migration_describe(&about, detail->fields);
    draw_words(detail, grid, area, title, is_active);
}

struct list *timeline_detail_list(struct timeline_detail *detail)
{
    return &detail->list;
}

char *timeline_detail_line(const struct timeline_detail *detail, guint line)
{
    return fields_line(detail->fields, line);
}

char *timeline_detail_text(const struct timeline_detail *detail)
{
    return fields_text(detail->fields);
}
