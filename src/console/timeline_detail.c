/* Notes, history and graph come from the model; how the files run is read on the monitor's thread,
 * one migration at a time. */
#include "console/timeline_detail.h"

#include "analysis/script.h"
#include "base/duration.h"
#include "console/frame.h"

#include <string.h>

/* What one file says of itself. */
struct file_facts {
    gboolean is_there;
    char *problem; /* why it cannot run; NULL */
    char *how;     /* "one transaction", with the reason where it is another way */
    guint statements;
    char sha256[65];
};

struct detail_facts {
    gint64 version;
    struct file_facts up, down;
};

/* What the monitor is asked. */
struct detail_question {
    struct timeline_detail *detail;
    struct migration_set *set;
    gint64 version;
};

struct timeline_detail {
    struct console *console;
    struct detail_facts *facts; /* of the last migration that was read; NULL */
    gboolean is_asking;
};

static void file_clear(struct file_facts *file)
{
    g_free(file->problem);
    g_free(file->how);
}

static void facts_free(gpointer data)
{
    struct detail_facts *facts = data;
    file_clear(&facts->up);
    file_clear(&facts->down);
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
    return detail;
}

void timeline_detail_free(struct timeline_detail *detail)
{
    g_clear_pointer(&detail->facts, facts_free);
    g_free(detail);
}

void timeline_detail_forget(struct timeline_detail *detail)
{
    g_clear_pointer(&detail->facts, facts_free);
}

/* ---- reading, on the monitor's thread ---------------------------------------------------------
 */

static void read_half(const struct migration_half *half, gboolean is_off, struct file_facts *file)
{
    g_autoptr(GError) error = NULL;
    file->is_there = half->path != NULL;
    if (!file->is_there)
        return;
    AUTOPTR(migration_text) *text = migration_text_load(half, &error);
    AUTOPTR(script) *script = NULL;
    if (text != NULL) {
        gsize length;
        const char *bytes = g_bytes_get_data(text->bytes, &length);
        g_strlcpy(file->sha256, text->sha256, sizeof file->sha256);
        script = script_parse(bytes + text->bom_length, length - text->bom_length, SQL_POSTGRESQL,
                              is_off, half->path, &error);
    }
    if (script == NULL) {
        file->problem = error_line(error);
        return;
    }
    file->statements = script->statements->len;
    file->how = script->mode == RUN_TRANSACTION
                    ? g_strdup(run_mode_text(script->mode))
                    : g_strdup_printf("%s: %s", run_mode_text(script->mode), script->mode_reason);
}

static gpointer read_facts(struct engine *engine, gpointer data, GError **error)
{
    struct detail_question *asked = data;
    struct detail_facts *facts = g_new0(struct detail_facts, 1);
    const struct migration *migration = migration_set_find(asked->set, asked->version);
    (void)engine;
    (void)error;
    facts->version = asked->version;
    if (migration == NULL)
        return facts;
    gboolean is_off = migration->notes.transaction == TRANSACTION_OFF;
    read_half(&migration->up, is_off, &facts->up);
    read_half(&migration->down, is_off, &facts->down);
    return facts;
}

static void take_facts(struct console *console, gpointer data, gpointer result, const GError *error)
{
    struct detail_question *asked = data;
    (void)error;
    asked->detail->is_asking = FALSE;
    g_clear_pointer(&asked->detail->facts, facts_free);
    asked->detail->facts = result;
    console_redraw(console);
}

static void ask(struct timeline_detail *detail, gint64 version)
{
    const struct model *model = console_model(detail->console);
    if (detail->is_asking || model->set == NULL)
        return;
    struct detail_question *asked = g_new0(struct detail_question, 1);
    *asked = (struct detail_question){detail, migration_set_ref(model->set), version};
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
                      const struct file_facts *file)
{
    if (half->path == NULL) {
        line(pen, label, STYLE_WARNING, "no file");
        return;
    }
    if (file == NULL) {
        line(pen, label, STYLE_TEXT, half->file_name);
        return;
    }
    if (file->problem != NULL) {
        line(pen, label, STYLE_ERROR, file->problem);
        return;
    }
    g_autofree char *count = text_plural(file->statements, "statement", "statements");
    g_autofree char *text = g_strdup_printf("%s, %s  sha256 %.8s", count, file->how, file->sha256);
    line(pen, label, STYLE_TEXT, text);
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
    draw_file(&pen, "up", &migration->up, facts != NULL ? &facts->up : NULL);
    draw_file(&pen, "down", &migration->down, facts != NULL ? &facts->down : NULL);
    draw_edges(&pen, model, version);
    draw_notes(&pen, migration);
}
