/* Labels and values, broken to the width there is. */
#include "console/fields.h"

#include <string.h>

struct field {
    enum style style;
    char *label; /* NULL: over the whole width */
    char *value;
};

/* A piece of a field on one line. */
struct line {
    guint field;
    gboolean is_first;
    char *text; /* visible */
};

struct fields {
    GArray *fields; /* of struct field */
    GArray *lines;  /* of struct line: as last drawn */
    int label_columns;
};

static void field_clear(gpointer data)
{
    struct field *field = data;
    g_free(field->label);
    g_free(field->value);
}

static void line_clear(gpointer data)
{
    g_free(((struct line *)data)->text);
}

struct fields *fields_new(void)
{
    struct fields *fields = g_new0(struct fields, 1);
    fields->fields = g_array_new(FALSE, FALSE, sizeof(struct field));
    fields->lines = g_array_new(FALSE, FALSE, sizeof(struct line));
    g_array_set_clear_func(fields->fields, field_clear);
    g_array_set_clear_func(fields->lines, line_clear);
    return fields;
}

void fields_free(struct fields *fields)
{
    g_array_unref(fields->fields);
    g_array_unref(fields->lines);
    g_free(fields);
}

void fields_clear(struct fields *fields)
{
    g_array_set_size(fields->lines, 0);
    g_array_set_size(fields->fields, 0);
    fields->label_columns = 0;
}

static const struct field *field_at(const struct fields *fields, guint index)
{
    return &g_array_index(fields->fields, struct field, index);
}

void fields_add(struct fields *fields, enum style style, const char *label, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    const struct field field = {style, g_strdup(label), g_strdup(value)};
    g_array_append_val(fields->fields, field);
    if (label != NULL)
        fields->label_columns = MAX(fields->label_columns, text_width(label));
}

void fields_addf(struct fields *fields, enum style style, const char *label, const char *format,
                 ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *value = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fields_add(fields, style, label, value);
}

void fields_note(struct fields *fields, enum style style, const char *text)
{
    fields_add(fields, style, NULL, text);
}

void fields_heading(struct fields *fields, const char *text)
{
    fields_add(fields, STYLE_HEADING, NULL, text);
}

/* ---- breaking ---------------------------------------------------------------------------------
 */

/* Bytes of visible text that fit into columns, cut behind a blank where there is one. */
static gsize break_at(const char *text, int columns)
{
    const char *blank = NULL, *at = text;
    int used = 0;
    for (; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar character = g_utf8_get_char(at);
        int width = g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
        if (used + width > columns)
            break;
        if (*at == ' ')
            blank = at + 1;
        used += width;
    }
    if (*at == '\0')
        return (gsize)(at - text);
    if (blank != NULL && *at != ' ')
        return (gsize)(blank - text);
    /* a wide character where one column is left would never fit */
    return at > text ? (gsize)(at - text) : (gsize)g_utf8_skip[(guchar)*at];
}

static void add_lines(struct fields *fields, guint index, const char *visible, int columns,
                      gboolean is_first)
{
    const char *at = visible;
    do {
        gsize length = break_at(at, columns);
        const struct line line = {index, is_first, g_strndup(at, length)};
        g_array_append_val(fields->lines, line);
        at += length;
        while (*at == ' ')
            at++;
        is_first = FALSE;
    } while (*at != '\0');
}

static void lay_out(struct fields *fields, const struct grid *grid, int columns)
{
    g_array_set_size(fields->lines, 0);
    for (guint i = 0; i < fields->fields->len; i++) {
        const struct field *field = field_at(fields, i);
        int indent = field->label != NULL ? fields->label_columns + 1 : 0;
        g_auto(GStrv) pieces = g_strsplit(field->value, "\n", -1);
        for (guint piece = 0; pieces[piece] != NULL; piece++) {
            g_autofree char *visible = grid_visible(grid, pieces[piece]);
            add_lines(fields, i, visible, MAX(columns - indent, 8), piece == 0);
        }
    }
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

void fields_draw(struct fields *fields, struct grid *grid, const struct area *area,
                 struct list *list)
{
    lay_out(fields, grid, area->columns);
    list_resize(list, fields->lines->len);
    list_fit(list, (guint)MAX(area->rows, 0));
    for (int row = 0; row < area->rows && list->top + (guint)row < fields->lines->len; row++) {
        const struct line *line =
            &g_array_index(fields->lines, struct line, list->top + (guint)row);
        const struct field *field = field_at(fields, line->field);
        int indent = field->label != NULL ? fields->label_columns + 1 : 0;
        if (field->label != NULL && line->is_first)
            grid_put(grid, area->row + row, area->column, fields->label_columns, STYLE_LABEL,
                     field->label);
        grid_put(grid, area->row + row, area->column + indent, area->columns - indent, field->style,
                 line->text);
    }
}

char *fields_line(const struct fields *fields, guint line)
{
    if (line >= fields->lines->len)
        return NULL;
    const struct line *at = &g_array_index(fields->lines, struct line, line);
    const char *label = at->is_first ? field_at(fields, at->field)->label : NULL;
    return g_strconcat(label != NULL ? label : "", label != NULL ? " " : "", at->text, NULL);
}

char *fields_text(const struct fields *fields)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < fields->fields->len; i++) {
        const struct field *field = field_at(fields, i);
        if (field->label != NULL)
            g_string_append_printf(text, "%-*s ", fields->label_columns, field->label);
        g_string_append_printf(text, "%s\n", field->value);
    }
    return g_string_free(text, FALSE);
}
