/* Standard output and standard error; nothing else in winch writes to a terminal. */
#include "cli/output.h"

#include "base/error.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* SGR sequences, by role; eight colours alone, which every terminal has (ECMA-48, 8.3.117). */
static const char *const role_sequences[] = {
    [ROLE_PLAIN] = "",           [ROLE_HEADING] = "\033[1m", [ROLE_GOOD] = "\033[32m",
    [ROLE_WARNING] = "\033[33m", [ROLE_BAD] = "\033[1;31m",  [ROLE_FAINT] = "\033[2m",
    [ROLE_STRONG] = "\033[1m",
};

static gboolean terminal_has_colour(void)
{
    const char *no_color = g_getenv("NO_COLOR"), *term = g_getenv("TERM");
    return isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

/* 0 when standard output is no terminal. */
static int terminal_columns(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void output_init(struct output *output, const char *color, gboolean ascii, gboolean json,
                 gboolean quiet, gboolean verbose)
{
    output->is_json = json;
    output->is_quiet = quiet;
    output->is_verbose = verbose;
    output->is_ascii = ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    output->has_colour = terminal_has_colour();
    if (g_strcmp0(color, "always") == 0)
        output->has_colour = TRUE;
    else if (g_strcmp0(color, "never") == 0)
        output->has_colour = FALSE;
    output->columns = terminal_columns();
}

/* What the terminal's character set lacks becomes "?". */
static char *printable(const struct output *output, const char *text)
{
    if (!output->is_ascii)
        return g_strdup(text);
    GString *plain = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at += g_utf8_skip[(guchar)*at])
        g_string_append_c(plain, (guchar)*at < 0x80 ? *at : '?');
    return g_string_free(plain, FALSE);
}

/* The only place where anything is written. */
static void write_out(const struct output *output, FILE *stream, const char *text)
{
    if (output->sink != NULL)
        g_string_append(output->sink, text);
    else
        fputs(text, stream);
}

static void flush(const struct output *output)
{
    if (output->sink == NULL)
        fflush(stdout);
}

static void put(const struct output *output, FILE *stream, enum output_role role, const char *text)
{
    g_autofree char *plain = printable(output, text);
    gboolean is_coloured = output->has_colour && *role_sequences[role] != '\0' && *plain != '\0';
    if (is_coloured)
        write_out(output, stream, role_sequences[role]);
    write_out(output, stream, plain);
    if (is_coloured)
        write_out(output, stream, "\033[0m");
}

void output_line(struct output *output, enum output_role role, const char *format, ...)
{
    if (output->is_json)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    put(output, stdout, role, text);
    write_out(output, stdout, "\n");
    flush(output);
}

void output_remark(struct output *output, enum output_role role, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *line = g_strdup_printf("winch: %s", text);
    put(output, stderr, isatty(STDERR_FILENO) ? role : ROLE_PLAIN, line);
    write_out(output, stderr, "\n");
}

char *output_safe(const char *text)
{
    return text_visible(text != NULL ? text : "", -1, TEXT_ONE_LINE);
}

char *output_time(gint64 microseconds)
{
    if (microseconds == 0)
        return g_strdup("-");
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local = utc != NULL ? g_date_time_to_local(utc) : NULL;
    return local != NULL ? g_date_time_format(local, "%Y-%m-%d %H:%M:%S") : g_strdup("-");
}

char *output_time_json(gint64 microseconds)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
    if (microseconds == 0 || utc == NULL)
        return NULL;
    g_autofree char *seconds = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");
    return g_strdup_printf("%s.%06dZ", seconds, (int)(microseconds % G_USEC_PER_SEC));
}

/* ---- tables ------------------------------------------------------------------------------------
 */

struct cell {
    enum output_role role;
    char *text; /* visible already */
};

struct output_table {
    struct output *output;
    const struct output_column *columns;
    guint count;
    GArray *cells; /* of struct cell, row by row */
};

static void cell_clear(gpointer data)
{
    g_free(((struct cell *)data)->text);
}

struct output_table *output_table_new(struct output *output, const struct output_column *columns,
                                      guint count)
{
    struct output_table *table = g_new0(struct output_table, 1);
    table->output = output;
    table->columns = columns;
    table->count = count;
    table->cells = g_array_new(FALSE, TRUE, sizeof(struct cell));
    g_array_set_clear_func(table->cells, cell_clear);
    return table;
}

void output_table_cell(struct output_table *table, enum output_role role, const char *text)
{
    struct cell cell = {role, output_safe(text)};
    g_array_append_val(table->cells, cell);
}

/* Two blanks stand between columns. */
static void measure(const struct output_table *table, int *widths)
{
    for (guint i = 0; i < table->count; i++)
        widths[i] = text_width(table->columns[i].heading);
    for (guint i = 0; i < table->cells->len; i++) {
        int width = text_width(g_array_index(table->cells, struct cell, i).text);
        widths[i % table->count] = MAX(widths[i % table->count], width);
    }
}

#define COLUMN_AT_LEAST 6

/* Takes from the widest column that may shrink until the row fits. */
static void shrink(const struct output_table *table, int *widths)
{
    int total = 2 * ((int)table->count - 1);
    for (guint i = 0; i < table->count; i++)
        total += widths[i];
    for (int excess = total - table->output->columns; excess > 0; excess--) {
        int widest = -1;
        for (guint i = 0; i < table->count; i++)
            if (table->columns[i].may_shrink && widths[i] > COLUMN_AT_LEAST &&
                (widest < 0 || widths[i] > widths[widest]))
                widest = (int)i;
        if (widest < 0)
            return;
        widths[widest]--;
    }
}

static void print_cell(const struct output_table *table, guint column, const int *widths,
                       enum output_role role, const char *text)
{
    gboolean is_last = column + 1 == table->count;
    g_autofree char *fitted =
        text_fit(text, widths[column], table->columns[column].align, table->output->is_ascii);
    if (is_last)
        g_strchomp(fitted);
    put(table->output, stdout, role, fitted);
    write_out(table->output, stdout, is_last ? "\n" : "  ");
}

void output_table_drop(struct output_table *table)
{
    g_array_unref(table->cells);
    g_free(table);
}

void output_table_end(struct output_table *table)
{
    g_autofree int *widths = g_new0(int, table->count);
    measure(table, widths);
    if (table->output->columns > 0)
        shrink(table, widths);
    for (guint i = 0; i < table->count; i++)
        print_cell(table, i, widths, ROLE_HEADING, table->columns[i].heading);
    for (guint i = 0; i < table->cells->len; i++) {
        const struct cell *cell = &g_array_index(table->cells, struct cell, i);
        print_cell(table, i % table->count, widths, cell->role, cell->text);
    }
    flush(table->output);
    output_table_drop(table);
}

/* ---- JSON ---------------------------------------------------------------------------------------
 */

void output_json(struct output *output, json_t *document)
{
    g_autofree char *text = json_dumps(document, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(document);
    write_out(output, stdout, text != NULL ? text : "{}");
    write_out(output, stdout, "\n");
    flush(output);
}

/* jansson refuses what is not UTF-8, so such text is made visible first. */
json_t *output_string(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    g_autofree char *visible = text_visible(text, -1, TEXT_KEEP_LINES);
    return json_string(visible);
}

json_t *output_error_json(const GError *error)
{
    const struct error_detail *detail = error_detail(error);
    if (error == NULL)
        return json_null();
    json_t *document = json_object();
    json_object_set_new(document, "code", json_string(error_code_name(error)));
    json_object_set_new(document, "exit_status", json_integer(error_exit_status(error)));
    json_object_set_new(document, "message", output_string(error->message));
    if (detail == NULL)
        return document;
    const struct {
        const char *name, *text;
    } rows[] = {{"file", detail->file},           {"statement", detail->statement},
                {"line_text", detail->line_text}, {"detail", detail->detail},
                {"hint", detail->hint},           {"context", detail->context},
                {"advice", detail->advice}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        json_object_set_new(document, rows[i].name, output_string(rows[i].text));
    json_object_set_new(document, "sqlstate",
                        detail->sqlstate[0] != '\0' ? json_string(detail->sqlstate) : json_null());
    json_object_set_new(document, "line",
                        detail->line > 0 ? json_integer(detail->line) : json_null());
    json_object_set_new(document, "column",
                        detail->column > 0 ? json_integer(detail->column) : json_null());
    return document;
}

/* ---- errors -------------------------------------------------------------------------------------
 */

static void put_more(const struct output *output, const char *name, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    g_autofree char *visible = text_visible(text, -1, TEXT_KEEP_LINES);
    g_auto(GStrv) lines = g_strsplit(visible, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *line = g_strdup_printf("  %-9s%s\n", i == 0 ? name : "", lines[i]);
        put(output, stderr, ROLE_PLAIN, line);
    }
}

/* The line, and a caret below the column, however wide what stands before it is. */
static void put_offending_line(const struct output *output, const struct error_detail *detail)
{
    if (detail->line_text == NULL)
        return;
    g_autofree char *line = text_visible(detail->line_text, -1, TEXT_KEEP_LINES);
    g_autofree char *number = g_strdup_printf("%6u | ", detail->line);
    int from = 0, room = output->columns > 40 ? output->columns - 10 : 100;
    glong length =
        g_utf8_validate(detail->line_text, -1, NULL) ? g_utf8_strlen(detail->line_text, -1) : 0;
    int column = 0;
    if (detail->column > 0 && (glong)detail->column <= length + 1) {
        const char *at = g_utf8_offset_to_pointer(detail->line_text, (glong)detail->column - 1);
        g_autofree char *before =
            text_visible(detail->line_text, at - detail->line_text, TEXT_KEEP_LINES);
        column = text_width(before);
    }
    if (column > room - 10)
        from = column - room / 2;
    const char *shown = line;
    for (int skipped = 0; skipped < from && *shown != '\0'; shown += g_utf8_skip[(guchar)*shown])
        skipped++;
    g_autofree char *fitted =
        text_fit(shown, MIN(text_width(shown), room), TEXT_LEFT, output->is_ascii);
    g_autofree char *text = g_strdup_printf("%s%s\n", number, fitted);
    put(output, stderr, ROLE_PLAIN, text);
    if (detail->column == 0)
        return;
    g_autofree char *caret = g_strdup_printf("       | %*s^\n", column - from, "");
    put(output, stderr, isatty(STDERR_FILENO) ? ROLE_BAD : ROLE_PLAIN, caret);
}

void output_error(struct output *output, const GError *error)
{
    const struct error_detail *detail = error_detail(error);
    g_autofree char *line = error_line(error);
    g_autofree char *visible = text_visible(line, -1, TEXT_KEEP_LINES);
    output_remark(output, ROLE_BAD, "%s", visible);
    if (detail == NULL)
        return;
    put_offending_line(output, detail);
    if (detail->sqlstate[0] != '\0')
        put_more(output, "SQLSTATE", detail->sqlstate);
    put_more(output, "DETAIL", detail->detail);
    put_more(output, "HINT", detail->hint);
    put_more(output, "CONTEXT", detail->context);
}
