/* preview: what a plan would do, as a table that is read in seconds. */
#include "cli/command.h"

#include "base/duration.h"

#include <string.h>

/* ---- a statement ----------------------------------------------------------------------------- */

static const enum output_role risk_roles[] = {
    [PREVIEW_HARMLESS] = ROLE_PLAIN,
    [PREVIEW_BRIEF] = ROLE_PLAIN,
    [PREVIEW_BLOCKS_WRITES] = ROLE_WARNING,
    [PREVIEW_BLOCKS_ALL] = ROLE_BAD,
};

static char *time_text(gint64 elapsed_us)
{
    return elapsed_us >= 0 ? duration_format(elapsed_us) : g_strdup("");
}

static char *estimate_text(const struct preview_statement *statement)
{
    g_autofree char *time = time_text(statement->estimated_us);
    return *time != '\0' ? g_strdup_printf("~%s", time) : g_strdup("");
}

/* The strongest lock that somebody else may notice. */
static const struct preview_lock *shown_lock(const struct preview_statement *statement)
{
    for (guint i = 0; i < statement->locks->len; i++) {
        const struct preview_lock *lock = &g_array_index(statement->locks, struct preview_lock, i);
        if (!lock->is_new && lock->kind != 'S')
            return lock;
    }
    return NULL;
}

static char *lock_text(const struct preview_statement *statement)
{
    const struct preview_lock *lock = shown_lock(statement);
    if (lock == NULL)
        return g_strdup("");
    return g_strdup_printf("%s%s", lock_mode_text(lock->mode),
                           lock->basis == PREVIEW_PREDICTED ? " ?" : "");
}

/* Its beginning: enough to know it by. */
static char *sql_text(const struct preview *preview, const struct preview_step *step,
                      const struct preview_statement *statement)
{
    const struct plan_step *of = plan_step_at(preview->plan, step->index);
    guint edge = of->script->mode == RUN_OWN_BLOCK ? 1 : 0;
    const struct script_statement *script =
        &g_array_index(of->script->statements, struct script_statement, statement->index + edge);
    g_autofree char *sql =
        text_visible(of->body + script->offset, (gssize)MIN(script->length, 400), TEXT_ONE_LINE);
    g_auto(GStrv) words = g_strsplit(sql, " ", -1);
    GString *text = g_string_new(NULL);
    for (guint i = 0; words[i] != NULL; i++)
        if (*words[i] != '\0')
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", words[i]);
    gboolean is_cut = g_utf8_strlen(text->str, -1) > 60 || script->length > 400;
    char *cut = is_cut ? g_utf8_substring(text->str, 0, 57) : g_strdup(text->str);
    g_string_free(text, TRUE);
    char *shown = is_cut ? g_strconcat(cut, "...", NULL) : g_strdup(cut);
    g_free(cut);
    return shown;
}

static void add_statement(struct output_table *table, const struct preview *preview,
                          const struct preview_step *step,
                          const struct preview_statement *statement)
{
    g_autofree char *sql = sql_text(preview, step, statement);
    g_autofree char *line = g_strdup_printf("%u", statement->line);
    g_autofree char *time = time_text(statement->elapsed_us);
    g_autofree char *here = estimate_text(statement);
    g_autofree char *rows = statement->rows >= 0 ? text_count(statement->rows) : g_strdup("");
    g_autofree char *lock = lock_text(statement);
    output_table_cell(table, ROLE_PLAIN, line);
    output_table_cell(table, ROLE_PLAIN, sql);
    if (preview->level != PREVIEW_LEVEL_CATALOG)
        output_table_cell(table, ROLE_PLAIN, time);
    if (preview->level != PREVIEW_LEVEL_DATABASE)
        output_table_cell(table, ROLE_WARNING, here);
    if (preview->level == PREVIEW_LEVEL_DATABASE)
        output_table_cell(table, ROLE_PLAIN, rows);
    output_table_cell(table, risk_roles[statement->risk], lock);
    output_table_cell(table, risk_roles[statement->risk], statement->verdict);
}

#define LINE                                                                                       \
    {                                                                                              \
        "Line", TEXT_RIGHT, FALSE                                                                  \
    }
#define STATEMENT                                                                                  \
    {                                                                                              \
        "Statement", TEXT_LEFT, TRUE                                                               \
    }
#define LOCK                                                                                       \
    {                                                                                              \
        "Lock", TEXT_LEFT, FALSE                                                                   \
    }
#define NOTICED                                                                                    \
    {                                                                                              \
        "What others notice", TEXT_LEFT, TRUE                                                      \
    }

static struct output_table *table_for(struct output *output, enum preview_level level)
{
    static const struct output_column catalog[] = {
        LINE, STATEMENT, {"Here", TEXT_RIGHT, FALSE}, LOCK, NOTICED};
    static const struct output_column scratch[] = {
        LINE, STATEMENT, {"On copy", TEXT_RIGHT, FALSE}, {"Here", TEXT_RIGHT, FALSE},
        LOCK, NOTICED};
    static const struct output_column database[] = {
        LINE, STATEMENT, {"Time", TEXT_RIGHT, FALSE}, {"Rows", TEXT_RIGHT, FALSE}, LOCK, NOTICED};
    if (level == PREVIEW_LEVEL_CATALOG)
        return output_table_new(output, catalog, G_N_ELEMENTS(catalog));
    return output_table_new(output, level == PREVIEW_LEVEL_SCRATCH ? scratch : database,
                            G_N_ELEMENTS(scratch));
}

/* ---- everything of a statement --------------------------------------------------------------- */

static void show_lock(struct output *output, const struct preview_lock *lock)
{
    g_autofree char *relation = output_safe(lock->relation);
    output_line(output, ROLE_PLAIN, "        %-24s %s %s%s%s", lock_mode_text(lock->mode),
                evidence_kind_text(lock->kind), relation, lock->is_new ? " (new)" : "",
                lock->basis == PREVIEW_PREDICTED ? " (predicted)" : "");
}

static void show_work(struct output *output, const struct preview_work *work)
{
    g_autofree char *relation = output_safe(work->relation);
    g_autofree char *rows = work->rows >= 0 ? text_plural(work->rows, "row", "rows") : NULL;
    g_autofree char *size =
        work->bytes >= 0 ? g_format_size_full((guint64)work->bytes, G_FORMAT_SIZE_IEC_UNITS) : NULL;
    output_line(output, ROLE_PLAIN, "        %-24s %s under %s%s%s%s%s%s",
                preview_work_word(work->kind), relation, lock_mode_text(work->held),
                rows != NULL ? ", " : "", rows != NULL ? rows : "", size != NULL ? ", " : "",
                size != NULL ? size : "", work->is_new ? " (new)" : "");
}

static void show_words(struct output *output, const struct preview_statement *statement)
{
    for (guint i = 0; i < statement->notices->len; i++) {
        g_autofree char *text = output_safe(statement->notices->pdata[i]);
        output_line(output, ROLE_PLAIN, "        server: %s", text);
    }
    for (guint i = 0; statement->evidence != NULL && i < statement->evidence->said_count; i++) {
        g_autofree char *text = output_safe(statement->evidence->said[i]);
        output_line(output, ROLE_PLAIN, "        server: %s", text);
    }
    if (*statement->estimate_why != '\0')
        output_line(output, ROLE_PLAIN, "        estimate: %s", statement->estimate_why);
}

static void show_statement(struct output *output, const struct preview_statement *statement)
{
    g_autofree char *wal =
        statement->wal_bytes >= 0
            ? g_format_size_full((guint64)statement->wal_bytes, G_FORMAT_SIZE_IEC_UNITS)
            : g_strdup("unknown");
    output_line(output, ROLE_STRONG, "      line %u  %s  WAL %s", statement->line, statement->verb,
                wal);
    for (guint i = 0; i < statement->locks->len; i++)
        show_lock(output, &g_array_index(statement->locks, struct preview_lock, i));
    for (guint i = 0; i < statement->works->len; i++)
        show_work(output, &g_array_index(statement->works, struct preview_work, i));
    show_words(output, statement);
}

/* ---- a step ---------------------------------------------------------------------------------- */

static void show_differences(struct output *output, const GPtrArray *differences, const char *why)
{
    if (differences == NULL) {
        g_autofree char *safe = output_safe(why);
        if (*safe != '\0')
            output_line(output, ROLE_WARNING, "  the schema was not compared: %s", safe);
        return;
    }
    if (differences->len == 0)
        output_line(output, ROLE_PLAIN, "  the schema stays as it is");
    for (guint i = 0; i < differences->len; i++) {
        const struct catalog_difference *difference = differences->pdata[i];
        g_autofree char *text = catalog_difference_text(difference);
        g_autofree char *safe = output_safe(text);
        if (!difference->is_implied || output->is_verbose)
            output_line(output, ROLE_PLAIN, "  %s", safe);
    }
}

static void show_step_head(struct output *output, const struct preview *preview,
                           const struct preview_step *step)
{
    const struct plan_step *of = plan_step_at(preview->plan, step->index);
    g_autofree char *title = output_safe(of->migration->title);
    output_line(output, ROLE_STRONG, "%s%-4s  %s  %s", step->index > 0 ? "\n" : "",
                direction_name(of->direction), of->migration->digits, title);
    g_autofree char *why = output_safe(step->why);
    if (step->outcome == PREVIEW_NOT_TRIED)
        output_line(output, ROLE_WARNING, "  not tried: %s", why);
    else if (step->outcome == PREVIEW_NOT_REACHED)
        output_line(output, ROLE_WARNING, "  not reached");
    else if (step->outcome == PREVIEW_FAILS)
        output_line(output, ROLE_BAD, "  FAILS: %s", why);
}

static void show_exclusive(struct output *output, const struct preview *preview,
                           const struct preview_step *step)
{
    if (step->exclusive_line == 0)
        return;
    g_autofree char *relation = output_safe(step->exclusive);
    g_autofree char *elapsed = time_text(step->exclusive_us);
    output_line(output, ROLE_PLAIN, "  from line %u on ACCESS EXCLUSIVE is held on %s%s%s%s",
                step->exclusive_line, relation, *elapsed != '\0' ? ": " : "", elapsed,
                preview->level == PREVIEW_LEVEL_SCRATCH ? " on the copy" : "");
}

static void show_step(struct command_context *context, const struct preview *preview, guint index)
{
    struct output *output = context->output;
    const struct preview_step *step = preview_step_at(preview, index);
    show_step_head(output, preview, step);
    if (step->statements->len > 0) {
        struct output_table *table = table_for(output, preview->level);
        for (guint i = 0; i < step->statements->len; i++)
            add_statement(table, preview, step, preview_statement_at(step, i));
        output_table_end(table);
    }
    for (guint i = 0; output->is_verbose && i < step->statements->len; i++)
        show_statement(output, preview_statement_at(step, i));
    show_exclusive(output, preview, step);
    if (step->outcome == PREVIEW_RUNS)
        show_differences(output, step->differences, step->differences_why);
}

/* ---- what goes on meanwhile ------------------------------------------------------------------ */

static void show_weather(struct output *output, const struct weather *weather)
{
    if (weather == NULL)
        return;
    guint count = weather->sessions->len + weather->activity->prepared_count;
    output_line(output, ROLE_HEADING, "\nwho is there now%s",
                count == 0 ? ": nobody seen who would matter" : "");
    if (weather->hidden > 0)
        output_line(output, ROLE_WARNING,
                    "  of %u %s this role may not see the transaction (pg_monitor may)",
                    weather->hidden, weather->hidden == 1 ? "session" : "sessions");
    if (weather->is_cut)
        output_line(output, ROLE_WARNING,
                    "  there are more locks than were read: not all are in this");
    for (guint i = 0; i < weather->sessions->len; i++) {
        const struct weather_session *entry =
            &g_array_index(weather->sessions, struct weather_session, i);
        g_autofree char *who = locks_session_text(weather->activity, entry->session);
        g_autofree char *relation = output_safe(entry->relation != NULL ? entry->relation : "");
        output_line(output, entry->kind == WEATHER_HOLDS ? ROLE_BAD : ROLE_WARNING,
                    "  %s%s%s%s%s: %s", weather_kind_text(entry->kind),
                    *relation != '\0' ? ", " : "", relation, *relation != '\0' ? " " : "",
                    entry->held != LOCK_MODE_NONE ? lock_mode_text(entry->held) : "", who);
    }
    for (guint i = 0; i < weather->activity->prepared_count; i++) {
        g_autofree char *gid = output_safe(weather->activity->prepared[i].gid);
        g_autofree char *owner = output_safe(weather->activity->prepared[i].owner);
        output_line(output, ROLE_WARNING,
                    "  prepared transaction %s of %s: what it locked stays "
                    "locked",
                    gid, owner);
    }
}

static void show_uncovered(struct output *output, const struct preview *preview)
{
    if (preview->uncovered->len == 0)
        return;
    output_line(output, ROLE_HEADING, "\nwhat this does not show, or does not undo");
    for (guint i = 0; i < preview->uncovered->len; i++) {
        g_autofree char *text = output_safe(preview->uncovered->pdata[i]);
        output_line(output, ROLE_WARNING, "  %s", text);
    }
}

static void show_totals(struct output *output, const struct preview *preview)
{
    g_autofree char *exclusive = time_text(preview->exclusive_us);
    g_autofree char *elapsed = time_text(preview->statements_us);
    g_autofree char *wal = preview->wal_bytes >= 0 ? g_format_size_full((guint64)preview->wal_bytes,
                                                                        G_FORMAT_SIZE_IEC_UNITS)
                                                   : g_strdup("not known");
    g_autofree char *here = time_text(preview->estimated_us);
    if (preview->level == PREVIEW_LEVEL_CATALOG)
        return;
    gboolean is_whole = preview->outcome == PREVIEW_RUNS;
    g_autofree char *held = preview->exclusive_us > 0
                                ? g_strdup_printf("held for at most %s at a time", exclusive)
                                : g_strdup(is_whole ? "never held" : "not held by what ran");
    if (preview->statements_us < 0)
        output_line(output, ROLE_PLAIN, "\nno statement has ended");
    else
        output_line(output, ROLE_PLAIN,
                    "\nstatements %s; ACCESS EXCLUSIVE %s; WAL of the whole server meanwhile %s",
                    elapsed, held, wal);
    if (*here != '\0')
        output_line(output, ROLE_WARNING,
                    "on this database's tables: about %s, an estimate from their sizes", here);
}

static const char *const level_texts[] = {
    [PREVIEW_LEVEL_DEFAULT] = "",
    [PREVIEW_LEVEL_CATALOG] = "told from the text and the sizes of the tables;",
    [PREVIEW_LEVEL_SCRATCH] = "measured on",
    [PREVIEW_LEVEL_DATABASE] = "measured on",
};

static enum output_role role_of(const struct preview *preview)
{
    if (preview->outcome == PREVIEW_FAILS)
        return ROLE_BAD;
    return preview->outcome == PREVIEW_NOT_TRIED ? ROLE_WARNING : ROLE_GOOD;
}

static gboolean is_any_predicted(const struct preview *preview)
{
    for (guint i = 0; i < preview->steps->len; i++) {
        const struct preview_step *step = preview_step_at(preview, i);
        for (guint j = 0; j < step->statements->len; j++) {
            const struct preview_lock *lock = shown_lock(preview_statement_at(step, j));
            if (lock != NULL && lock->basis == PREVIEW_PREDICTED)
                return TRUE;
        }
    }
    return FALSE;
}

static void preview_show(struct command_context *context, const struct preview *preview)
{
    struct output *output = context->output;
    g_autofree char *on = output_safe(preview->on);
    g_autofree char *sentence = preview_text(preview);
    if (preview->steps->len > 0)
        output_line(output, ROLE_HEADING, "preview of plan %s, %s%s%s", preview->plan->id,
                    level_texts[preview->level], *on != '\0' ? " " : "", on);
    for (guint i = 0; i < preview->steps->len; i++)
        show_step(context, preview, i);
    if (is_any_predicted(preview))
        output_line(output, ROLE_PLAIN, "\n?: expected from the text of the statement, not seen");
    if (preview->steps->len > 0) {
        show_weather(output, preview->weather);
        show_uncovered(output, preview);
        show_totals(output, preview);
    }
    output_line(output, role_of(preview), "%s", sentence);
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean options_read(const struct command_context *context, struct preview_options *options,
                             GError **error)
{
    const struct invocation *invocation = context->invocation;
    const char *on = invocation_value(invocation, "on");
    *options = (struct preview_options){
        .scratch_url = invocation_value(invocation, "scratch"),
        .plan_id = invocation_value(invocation, "plan"),
        .confirm = invocation_value(invocation, "confirm"),
        .reason = invocation_value(invocation, "reason"),
        .allows_large = invocation_has(invocation, "allow-large"),
    };
    if (on != NULL && !preview_level_parse(on, &options->level)) {
        error_set(error, ERROR_USAGE, "--on is catalog, scratch or database, not '%s'", on);
        return FALSE;
    }
    if (options->scratch_url == NULL)
        return TRUE;
    if (on == NULL)
        options->level = PREVIEW_LEVEL_SCRATCH;
    if (options->level == PREVIEW_LEVEL_SCRATCH)
        return TRUE;
    error_set(error, ERROR_USAGE, "--scratch goes with --on scratch");
    return FALSE;
}

gboolean preview_goal(struct command_context *context, const struct goal *goal, GError **error)
{
    struct preview_options options;
    AUTOPTR(preview) *preview = NULL;
    if (!options_read(context, &options, error))
        return FALSE;
    progress_hide_steps(context->progress);
    gboolean is_done = engine_preview(context->engine, goal, &options, &preview, error);
    progress_drain(context->progress);
    if (preview == NULL)
        return is_done;
    json_object_set_new(context->document, "plan", plan_json(preview->plan));
    json_object_set_new(context->document, "preview", preview_json(preview));
    if (!context->output->is_json)
        preview_show(context, preview);
    if (is_done && plan_goes_down(preview->plan))
        receipt_show_before(context, preview->plan);
    return is_done;
}

gboolean command_preview(struct command_context *context, GError **error)
{
    struct goal goal = {.kind = GOAL_UP};
    return plan_goal_read(context, &goal, error) && preview_goal(context, &goal, error);
}
