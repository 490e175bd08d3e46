/* A lane's cell takes two columns: the lane, and the line to the next one. */
#include "console/lane_cells.h"

const char *state_letters(const struct status_row *row)
{
    static const char *const letters[] = {
        [MIGRATION_PENDING] = "P",   [MIGRATION_APPLIED] = "A", [MIGRATION_ASSUMED] = "A",
        [MIGRATION_MODIFIED] = "A*", [MIGRATION_MISSED] = "S",  [MIGRATION_MISSING] = "?",
        [MIGRATION_DIRTY] = "X",
    };
    return row != NULL ? letters[row->state] : "-";
}

enum style state_style(const struct status_row *row)
{
    static const enum style styles[] = {
        [MIGRATION_PENDING] = STYLE_PENDING, [MIGRATION_APPLIED] = STYLE_GOOD,
        [MIGRATION_ASSUMED] = STYLE_GOOD,    [MIGRATION_MODIFIED] = STYLE_WARNING,
        [MIGRATION_MISSED] = STYLE_ERROR,    [MIGRATION_MISSING] = STYLE_ERROR,
        [MIGRATION_DIRTY] = STYLE_ERROR,
    };
    return row != NULL ? styles[row->state] : STYLE_FAINT;
}

enum glyph state_glyph(const struct status_row *row)
{
    if (row == NULL || row->state == MIGRATION_PENDING)
        return GLYPH_NODE_PENDING;
    gboolean is_applied = row->state == MIGRATION_APPLIED || row->state == MIGRATION_ASSUMED ||
                          row->state == MIGRATION_MODIFIED;
    return is_applied ? GLYPH_NODE_APPLIED : GLYPH_NODE_OTHER;
}

#define U LANE_UP
#define D LANE_DOWN
#define L LANE_LEFT
#define R LANE_RIGHT
static const enum glyph cell_glyphs[16] = {
    [U] = GLYPH_VERTICAL,         [D] = GLYPH_VERTICAL,          [L] = GLYPH_HORIZONTAL,
    [R] = GLYPH_HORIZONTAL,       [U | D] = GLYPH_VERTICAL,      [L | R] = GLYPH_HORIZONTAL,
    [U | L] = GLYPH_UP_LEFT,      [U | R] = GLYPH_UP_RIGHT,      [D | L] = GLYPH_DOWN_LEFT,
    [D | R] = GLYPH_DOWN_RIGHT,   [U | L | R] = GLYPH_TEE_UP,    [D | L | R] = GLYPH_TEE_DOWN,
    [U | D | L] = GLYPH_TEE_LEFT, [U | D | R] = GLYPH_TEE_RIGHT, [U | D | L | R] = GLYPH_CROSS,
};

static void draw_cell(struct grid *grid, int row, int column, int limit, guint8 cell,
                      enum glyph node, enum style style)
{
    guint8 sides = (cell & LANE_CROSSING) != 0 ? U | D : cell & (U | D | L | R);
    if ((cell & LANE_NODE) != 0)
        grid_glyph(grid, row, column, style, node);
    else if (sides != 0)
        grid_glyph(grid, row, column, STYLE_FAINT, cell_glyphs[sides]);
    if ((cell & LANE_RIGHT) != 0 && limit > 1)
        grid_glyph(grid, row, column + 1, STYLE_FAINT, GLYPH_HORIZONTAL);
}

int lanes_draw_row(struct grid *grid, int row, int column, int limit, const struct lanes *lanes,
                   guint lane_row, enum glyph node, enum style style)
{
    const struct lane_row lane = lanes_row(lanes, lane_row);
    gboolean fits = (int)lane.cell_count * 2 - 1 <= limit && lane.hidden == 0;
    guint most = limit < 1 ? 0 : (guint)(fits ? limit + 1 : MAX(limit - 3, 0)) / 2;
    guint drawn = MIN(lane.cell_count, most);
    guint hidden = lane.hidden;
    for (guint i = 0; i < drawn; i++)
        draw_cell(grid, row, column + (int)i * 2, limit - (int)i * 2, lane.cells[i], node, style);
    for (guint i = drawn; i < lane.cell_count; i++)
        hidden += lane.cells[i] != LANE_EMPTY;
    int used = (int)drawn * 2;
    if (hidden > 0 && used < limit)
        used += grid_putf(grid, row, column + used, limit - used, STYLE_FAINT, "+%u", hidden);
    return MIN(used, MAX(limit, 0));
}

int lanes_columns(const struct lanes *lanes, int most)
{
    return (int)MIN(lanes_width(lanes) * 2, (guint)MAX(most, 0));
}
