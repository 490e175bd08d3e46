/* Two lines of verdict above a list and its detail. */
#include "console/preview_pane.h"

#include "base/duration.h"

void preview_pane_init(struct preview_pane *pane)
{
    *pane = (struct preview_pane){.shown = NULL};
    panes_init(&pane->panes);
}

void preview_pane_clear(struct preview_pane *pane)
{
    panes_clear(&pane->panes);
    g_free(pane->shown);
}

void preview_pane_set(struct preview_pane *pane, const struct preview_table *table)
{
    const struct preview *preview = table != NULL ? preview_table_preview(table) : NULL;
    g_autofree char *now = preview != NULL ? g_strdup_printf("%s %" G_GINT64_FORMAT,
                                                             preview->plan->id, preview->taken_at)
                                           : NULL;
    if (g_strcmp0(now, pane->shown) != 0) {
        pane->panes.list = (struct list){.height = pane->panes.list.height};
        pane->panes.is_detail = pane->panes.is_zoomed = FALSE;
        g_free(pane->shown);
        pane->shown = g_steal_pointer(&now);
    }
    list_resize(&pane->panes.list, table != NULL ? preview_table_count(table) : 0);
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

static char *totals_text(const struct preview *preview)
{
    GString *text = g_string_new(NULL);
    gint64 time = preview->level == PREVIEW_LEVEL_DATABASE || preview->estimated_us < 0
                      ? preview->statements_us
                      : preview->estimated_us;
    if (time >= 0) {
        g_autofree char *took = duration_format(time);
        gboolean is_guess = time == preview->estimated_us;
        g_string_append_printf(text, "  time %s%s%s", is_guess ? "~" : "", took,
                               !is_guess && preview->level == PREVIEW_LEVEL_SCRATCH ? " on the copy"
                                                                                    : "");
    }
    if (preview->exclusive_us > 0) {
        g_autofree char *held = duration_format(preview->exclusive_us);
        g_string_append_printf(text, "  exclusive for %s", held);
    }
    gint64 wal = preview->estimated_wal >= 0 ? preview->estimated_wal : preview->wal_bytes;
    if (wal >= 0) {
        g_autofree char *size = g_format_size_full((guint64)wal, G_FORMAT_SIZE_IEC_UNITS);
        g_string_append_printf(text, "  WAL %s%s", preview->estimated_wal >= 0 ? "~" : "", size);
    }
    return g_string_free(text, FALSE);
}

static void draw_verdict(const struct preview *preview, struct grid *grid, const struct area *area,
                         int row)
{
    gboolean fails = preview->outcome == PREVIEW_FAILS;
    g_autofree char *totals = totals_text(preview);
    g_autofree char *sentence = preview_text(preview);
    int used = grid_put(grid, row, area->column, area->columns,
                        fails ? STYLE_ERROR : preview_risk_style(preview->risk),
                        fails ? "FAILS" : preview_verdict_word(preview->risk));
    used += grid_put(grid, row, area->column + used, area->columns - used, STYLE_STRONG, totals);
    if (used + 4 < area->columns)
        grid_putf(grid, row, area->column + used, area->columns - used, STYLE_TEXT, "  %s",
                  sentence);
}

static int draw_rows(struct preview_pane *pane, const struct preview_table *table,
                     struct grid *grid, const struct area *area)
{
    struct list *list = &pane->panes.list;
    if (area->rows < 2)
        return area->row;
    preview_table_draw_names(table, grid, area);
    list_fit(list, (guint)area->rows - 1);
    for (guint i = 0; i < list->height && list->top + i < list->count; i++) {
        int row = area->row + 1 + (int)i;
        preview_table_draw_row(table, list->top + i, grid, area, row);
        if (list->top + i == list->selected)
            panes_mark(grid, area, row, !pane->panes.is_detail);
    }
    return area->row + 1;
}

int preview_pane_draw(struct preview_pane *pane, const struct preview_table *table, gint64 now,
                      struct grid *grid, const struct area *area)
{
    const struct preview *preview = preview_table_preview(table);
    struct area rest = {area->row + 2, area->column, area->rows - 2, area->columns}, list, detail;
    g_autofree char *level = preview_level_text(preview);
    g_autofree char *title = preview_table_title(table, pane->panes.list.selected);
    grid_putf(grid, area->row, area->column, area->columns, STYLE_TEXT, "%s%s", level,
              preview->is_recorded || preview->level == PREVIEW_LEVEL_CATALOG ? ""
                                                                              : "; not recorded");
    draw_verdict(preview, grid, area, area->row + 1);
    panes_split(&pane->panes, &rest, &list, &detail);
    int first = draw_rows(pane, table, grid, &list);
    fields_clear(pane->panes.fields);
    preview_table_describe(table, pane->panes.list.selected, now, pane->panes.fields);
    panes_draw_detail(&pane->panes, grid, &detail, title);
    return first;
}

/* ---- as text ----------------------------------------------------------------------------------
 */

static void append_row(const struct preview_table *table, guint row, gint64 now, GString *text)
{
    AUTOPTR(fields) *fields = fields_new();
    g_autofree char *words = preview_table_row_text(table, row);
    preview_table_describe(table, row, now, fields);
    g_autofree char *details = fields_text(fields);
    g_string_append_printf(text, "%s\n%s", words, details);
}

char *preview_pane_copy(const struct preview_pane *pane, const struct preview_table *table,
                        gint64 now)
{
    GString *text = g_string_new(NULL);
    append_row(table, pane->panes.list.selected, now, text);
    return g_string_free(text, FALSE);
}

char *preview_pane_save(const struct preview_table *table, gint64 now)
{
    const struct preview *preview = preview_table_preview(table);
    g_autofree char *level = preview_level_text(preview);
    g_autofree char *sentence = preview_text(preview);
    g_autofree char *totals = totals_text(preview);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s\n%s\n%s%s\n", level, sentence,
                           preview_verdict_word(preview->risk), totals);
    for (guint i = 0; i < preview_table_count(table); i++) {
        g_string_append_c(text, '\n');
        append_row(table, i, now, text);
    }
    return g_string_free(text, FALSE);
}
