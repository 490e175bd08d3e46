/* Labels and values below the panes, what matters most first: there may be no room for all. */
#include "console/sql_detail.h"

#include "base/text.h"
#include "console/fields.h"

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

/* What it is, where nobody knows what it does. */
static void add_kind(struct fields *fields, const struct sql_text *text,
                     const struct script_statement *statement, guint number)
{
    const struct inspected_statement *inspected =
        text->inspection != NULL ? inspection_at(text->inspection, number - 1) : NULL;
    if (statement->outside_reason != NULL)
        fields_addf(fields, STYLE_WARNING, "kind", "%s: %s", kind_texts[statement->kind],
                    statement->outside_reason);
    else
        fields_add(fields, STYLE_TEXT, "kind", kind_texts[statement->kind]);
    if (inspected != NULL && !inspected->is_analysed)
        fields_add(fields, STYLE_WARNING, "unknown", inspected->not_analysed);
}

static void add_facts(struct fields *fields, const struct statement_facts *facts)
{
    gboolean is_bad = facts->sign != ' ';
    if (is_bad)
        fields_add(fields, facts->pair_style, "pair", facts->pair);
    fields_add(fields, facts->lock_style, "lock", facts->locks);
    fields_add(fields, facts->cost_style, "cost", facts->cost);
    if (!is_bad)
        fields_add(fields, facts->pair_style, "pair", facts->pair);
}

static void add_statement(struct fields *fields, const struct sql_text *text, guint number)
{
    const struct script_statement *statement = sql_text_statement(text, number);
    const struct statement_facts *facts = sql_text_facts(text, number);
    if (statement == NULL) {
        fields_add(fields, STYLE_TEXT, "statement", text->refusal != NULL ? "-" : "none");
        return;
    }
    guint more = sql_text_beginning_at(text, statement->line - 1) - 1;
    gboolean is_known = facts != NULL && facts->does != NULL;
    g_autofree char *beside = more == 0 ? g_strdup("") : g_strdup_printf(", with %u more", more);
    fields_addf(fields, STYLE_TEXT, "does", "%s  line %u%s",
                is_known ? facts->does : statement->verb, statement->line, beside);
    if (!is_known || statement->kind == STATEMENT_OUTSIDE)
        add_kind(fields, text, statement, number);
    if (is_known)
        add_facts(fields, facts);
}

static void add_mode(struct fields *fields, const struct sql_text *text)
{
    const char *reason = text->refusal != NULL ? text->refusal : text->mode_reason;
    unsigned line = text->refusal != NULL ? text->refusal_line : text->reason_line;
    gboolean is_safe =
        text->refusal == NULL && (run_mode_is_transactional(text->mode) || text->mode == RUN_EMPTY);
    g_autofree char *where = line > 0 ? g_strdup_printf(" (line %u)", line) : g_strdup("");
    fields_addf(fields,
                text->refusal != NULL ? STYLE_ERROR
                : is_safe             ? STYLE_TEXT
                                      : STYLE_WARNING,
                "runs", "%s: %s%s",
                text->refusal != NULL ? "not, it would be refused" : run_mode_text(text->mode),
                reason, where);
}

static void add_file(struct fields *fields, const struct sql_text *text)
{
    g_autofree char *bytes = text_plural((gint64)text->size, "byte", "bytes");
    if (text->is_stored)
        fields_add(fields, STYLE_TEXT, "stored", text->name);
    fields_addf(fields, STYLE_TEXT, "sha256", "%.12s  %s%s", text->sha256, bytes,
                text->is_cut ? "  first 2 MiB shown" : "");
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
    AUTOPTR(fields) *fields = fields_new();
    struct list lines = {.pages = TRUE};
    const struct area below = {area->row + 1, area->column, area->rows - 1, area->columns};
    add_statement(fields, text, number);
    add_mode(fields, text);
    add_file(fields, text);
    fields_draw(fields, grid, &below, &lines);
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
