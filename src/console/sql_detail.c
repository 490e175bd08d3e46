/* Labels and values below the panes. */
#include "console/sql_detail.h"

#include "base/text.h"
#include "console/wrap.h"

/* Why a statement matters for how its file runs; NULL in the table: it does not. */
static const char *const kind_texts[] = {
    [STATEMENT_ORDINARY] = "ordinary",
    [STATEMENT_BEGIN] = "begins the file's own transaction",
    [STATEMENT_COMMIT] = "commits",
    [STATEMENT_ROLLBACK] = "rolls back",
    [STATEMENT_CHAIN] = "ends a transaction and begins the next",
    [STATEMENT_SAVEPOINT] = "savepoint, harmless in one transaction",
    [STATEMENT_PREPARED] = "two-phase commit",
    [STATEMENT_OUTSIDE] = "refused in a transaction",
    [STATEMENT_CALL] = "CALL: its procedure may commit",
    [STATEMENT_DO] = "DO that does not commit",
    [STATEMENT_COPY_IN] = "COPY FROM STDIN: no data can follow",
    [STATEMENT_COPY_OUT] = "COPY TO STDOUT: rows are thrown away",
};

static void put_pair(struct grid *grid, const struct area *area, int row, const char *label,
                     enum style style, const char *value)
{
    if (row >= area->rows)
        return;
    int used =
        grid_put(grid, area->row + row, area->column, MIN(10, area->columns), STYLE_LABEL, label);
    int column = MAX(used + 1, 10);
    if (column < area->columns)
        grid_put(grid, area->row + row, area->column + column, area->columns - column, style,
                 value);
}

static void draw_statement(struct grid *grid, const struct area *area, const struct sql_text *text,
                           guint number)
{
    const struct script_statement *statement = sql_text_statement(text, number);
    if (statement == NULL) {
        put_pair(grid, area, 1, "statement", STYLE_TEXT, text->refusal != NULL ? "-" : "none");
        return;
    }
    guint more = sql_text_beginning_at(text, statement->line - 1) - 1;
    g_autofree char *verb =
        more == 0
            ? g_strdup_printf("%s  line %u", statement->verb, statement->line)
            : g_strdup_printf("%s  line %u, with %u more", statement->verb, statement->line, more);
    g_autofree char *kind =
        statement->outside_reason != NULL
            ? g_strdup_printf("%s: %s", kind_texts[statement->kind], statement->outside_reason)
            : g_strdup(kind_texts[statement->kind]);
    put_pair(grid, area, 1, "statement", STYLE_TEXT, verb);
    put_pair(grid, area, 2, "kind",
             statement->kind == STATEMENT_OUTSIDE ? STYLE_WARNING : STYLE_TEXT, kind);
}

/* Narrow panes have no room for the file's name, which stands above, and break the reason. */
#define WIDE_COLUMNS 60

static void put_mode(struct grid *grid, const struct area *area, enum style style, const char *how,
                     const char *why)
{
    if (area->columns >= WIDE_COLUMNS) {
        put_pair(grid, area, 3, "runs", style, how);
        put_pair(grid, area, 4, "why", STYLE_TEXT, why);
        return;
    }
    g_autofree char *both = g_strdup_printf("%s: %s", how, why);
    put_pair(grid, area, 3, "runs", style, "");
    if (area->rows > 3 && area->columns > 10)
        wrap_put(grid, area->row + 3, area->column + 10, area->columns - 10, MIN(area->rows - 3, 3),
                 style, both);
}

static void draw_mode(struct grid *grid, const struct area *area, const struct sql_text *text)
{
    const char *reason = text->refusal != NULL ? text->refusal : text->mode_reason;
    unsigned line = text->refusal != NULL ? text->refusal_line : text->reason_line;
    g_autofree char *why =
        line > 0 ? g_strdup_printf("%s (line %u)", reason, line) : g_strdup(reason);
    if (text->refusal != NULL)
        put_mode(grid, area, STYLE_ERROR, "not, it would be refused", why);
    else if (run_mode_is_transactional(text->mode) || text->mode == RUN_EMPTY)
        put_mode(grid, area, STYLE_TEXT, run_mode_text(text->mode), why);
    else
        put_mode(grid, area, STYLE_WARNING, run_mode_text(text->mode), why);
}

static void draw_file(struct grid *grid, const struct area *area, const struct sql_text *text)
{
    g_autofree char *bytes = text_plural((gint64)text->size, "byte", "bytes");
    g_autofree char *size = g_strdup_printf("%.12s  %s%s", text->sha256, bytes,
                                            text->is_cut ? "  first 2 MiB shown" : "");
    if (area->columns >= WIDE_COLUMNS)
        put_pair(grid, area, 5, text->is_stored ? "stored" : "file", STYLE_TEXT, text->name);
    put_pair(grid, area, 6, "sha256", STYLE_TEXT, size);
}

static void draw_title(struct grid *grid, const struct area *area, const char *half,
                       const struct sql_text *text, guint number)
{
    g_autofree char *title = NULL;
    if (text != NULL && number > 0) {
        g_autofree char *count = text_count(text->count);
        title = g_strdup_printf("statement %u of %s %s", number, count, half);
    } else
        title = g_strdup(half);
    grid_rule(grid, area->row, area->column, area->columns, title, NULL);
}

void sql_detail_draw(struct grid *grid, const struct area *area, const char *half,
                     const struct sql_text *text, guint line)
{
    guint number = text != NULL ? sql_text_statement_at(text, line) : 0;
    draw_title(grid, area, half, text, number);
    if (text == NULL || text->pane == NULL)
        return;
    draw_statement(grid, area, text, number);
    draw_mode(grid, area, text);
    draw_file(grid, area, text);
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void add(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add(GString *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (out->len > 0)
        g_string_append(out, "  ");
    g_string_append_vprintf(out, format, arguments);
    va_end(arguments);
}

static void add_requires(GString *out, const struct migration_set *set, const GArray *requires)
{
    g_autoptr(GString) versions = g_string_new(NULL);
    for (guint i = 0; i < requires->len; i++) {
        const struct migration *needed =
            migration_set_find(set, g_array_index(requires, gint64, i));
        if (needed != NULL)
            g_string_append_printf(versions, "%s%s", versions->len > 0 ? ", " : "", needed->digits);
    }
    add(out, "requires %s", requires->len > 0 ? versions->str : "none");
}

static void add_timeout(GString *out, const char *name, gint64 milliseconds)
{
    if (milliseconds < 0)
        return;
    if (milliseconds == 0)
        add(out, "%s off", name);
    else if (milliseconds % 60000 == 0)
        add(out, "%s %" G_GINT64_FORMAT "min", name, milliseconds / 60000);
    else if (milliseconds % 1000 == 0)
        add(out, "%s %" G_GINT64_FORMAT "s", name, milliseconds / 1000);
    else
        add(out, "%s %" G_GINT64_FORMAT "ms", name, milliseconds);
}

static void add_checks(GString *out, const struct migration_notes *notes)
{
    for (guint i = 0; notes->checks != NULL && i < notes->checks->len; i++)
        add(out, "check %s", g_array_index(notes->checks, struct migration_check, i).name);
    for (guint i = 0; notes->allows != NULL && i < notes->allows->len; i++) {
        const struct migration_allow *allow =
            &g_array_index(notes->allows, struct migration_allow, i);
        add(out, "allow %s: %s", allow->rule, allow->reason);
    }
}

static void add_words(GString *out, const struct migration_notes *notes)
{
    static const char *const phases[] = {NULL, "expand", "contract"};
    static const char *const transactions[] = {NULL, "on", "off"};
    if (notes->irreversible != NULL)
        add(out, "irreversible%s%s", notes->irreversible[0] != '\0' ? ": " : "",
            notes->irreversible);
    if (phases[notes->phase] != NULL)
        add(out, "phase %s", phases[notes->phase]);
    if (transactions[notes->transaction] != NULL)
        add(out, "transaction %s", transactions[notes->transaction]);
    if (notes->ticket != NULL)
        add(out, "ticket %s", notes->ticket);
}

char *sql_detail_notes(const struct migration_set *set, const struct migration *migration)
{
    const struct migration_notes *notes = &migration->notes;
    GString *out = g_string_new(NULL);
    if (migration->release != NULL)
        add(out, "release %s (%s)", migration->release, migration->release_name);
    if (notes->requires != NULL)
        add_requires(out, set, notes->requires);
    add_timeout(out, "lock_timeout", notes->lock_timeout);
    add_timeout(out, "timeout", notes->timeout);
    add_words(out, notes);
    add_checks(out, notes);
    return g_string_free(out, out->len == 0);
}
