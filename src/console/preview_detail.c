/* What is known of a row of a preview, and how. */
#include "console/preview_private.h"

#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "console/session_words.h"

static char *size_text(gint64 bytes)
{
    return g_format_size_full((guint64)bytes, G_FORMAT_SIZE_IEC_UNITS);
}

/* ---- a statement ------------------------------------------------------------------------------
 */

static void add_locks(struct fields *fields, const struct preview_statement *statement)
{
    for (guint i = 0; i < statement->locks->len; i++) {
        const struct preview_lock *lock = &g_array_index(statement->locks, struct preview_lock, i);
        gboolean is_noted = !lock->is_new && lock->mode >= LOCK_MODE_SHARE;
        fields_addf(fields, is_noted ? STYLE_WARNING : STYLE_TEXT, "lock", "%s on %s%s%s, %s%s%s",
                    lock_mode_text(lock->mode),
                    lock->kind != 0 ? evidence_kind_text(lock->kind) : "",
                    lock->kind != 0 ? " " : "", lock->relation, preview_basis_word(lock->basis),
                    lock->is_new ? ": new, nobody else knows it" : "; waiting: ",
                    lock->is_new ? "" : lock_mode_blocks(lock->mode));
    }
}

static void add_works(struct fields *fields, const struct preview_statement *statement)
{
    static const char *const deeds[] = {
        [PREVIEW_SCANS] = "reads every row of",
        [PREVIEW_BUILDS] = "reads every row and builds an index of",
        [PREVIEW_REWRITES] = "writes anew every row and index of",
        [PREVIEW_EMPTIES] = "empties",
    };
    for (guint i = 0; i < statement->works->len; i++) {
        const struct preview_work *work = &g_array_index(statement->works, struct preview_work, i);
        g_autofree char *rows = work->rows >= 0 ? text_plural(work->rows, "row", "rows") : NULL;
        g_autofree char *size = work->bytes >= 0 ? size_text(work->bytes) : NULL;
        fields_addf(fields, work->is_new ? STYLE_TEXT : STYLE_WARNING, "work",
                    "%s %s%s%s%s%s, under %s (%s)", deeds[work->kind], work->relation,
                    rows != NULL ? ", " : "", rows != NULL ? rows : "", size != NULL ? ", " : "",
                    size != NULL ? size : "", lock_mode_text(work->held),
                    work->is_new ? "new" : preview_basis_word(work->basis));
    }
}

static void add_cost(struct fields *fields, const struct preview *preview,
                     const struct preview_statement *statement)
{
    const char *where =
        preview->level == PREVIEW_LEVEL_DATABASE ? "measured here" : "measured on the copy";
    if (statement->elapsed_us >= 0) {
        g_autofree char *time = duration_format(statement->elapsed_us);
        fields_addf(fields, STYLE_TEXT, "time", "%s, %s", time, where);
    }
    if (statement->estimated_us >= 0) {
        g_autofree char *time = duration_format(statement->estimated_us);
        fields_addf(fields, STYLE_WARNING, "time", "about %s here, an estimate: %s", time,
                    statement->estimate_why);
    }
    if (statement->rows >= 0) {
        g_autofree char *rows = text_plural(statement->rows, "row", "rows");
        fields_addf(fields, STYLE_TEXT, "rows", "%s, %s", rows, where);
    }
    if (statement->wal_bytes >= 0) {
        g_autofree char *wal = size_text(statement->wal_bytes);
        fields_addf(fields, STYLE_TEXT, "WAL", "%s by the whole server meanwhile, %s", wal, where);
    }
    if (statement->estimated_wal >= 0) {
        g_autofree char *wal = size_text(statement->estimated_wal);
        fields_addf(fields, STYLE_WARNING, "WAL", "about %s here, an estimate", wal);
    }
}

static void add_said(struct fields *fields, const struct preview_statement *statement)
{
    const struct evidence *evidence = statement->evidence;
    for (guint i = 0; i < statement->notices->len; i++)
        fields_add(fields, STYLE_TEXT, "server", statement->notices->pdata[i]);
    for (guint i = 0; evidence != NULL && i < evidence->said_count; i++)
        fields_add(fields, STYLE_TEXT, "server", evidence->said[i]);
}

static void add_failure(struct fields *fields, const struct preview_step *step)
{
    if (step->outcome != PREVIEW_FAILS)
        return;
    g_autofree char *line = step->error != NULL ? error_line(step->error) : NULL;
    const struct error_detail *detail = step->error != NULL ? error_detail(step->error) : NULL;
    fields_add(fields, STYLE_ERROR, "fails", line != NULL ? line : step->why);
    if (detail == NULL)
        return;
    fields_add(fields, STYLE_TEXT, "SQLSTATE", detail->sqlstate);
    fields_add(fields, STYLE_TEXT, "detail", detail->detail);
    fields_add(fields, STYLE_TEXT, "hint", detail->hint);
    fields_add(fields, STYLE_TEXT, "do", detail->advice);
}

static void describe_statement(const struct preview_table *table, const struct preview_row *row,
                               struct fields *fields)
{
    const struct preview_statement *statement = preview_row_statement(table, row);
    const struct preview_step *step = preview_step_at(table->preview, row->step);
    const GPtrArray *texts = table->texts->pdata[row->step];
    if (!statement->was_run)
        add_failure(fields, step);
    fields_add(fields, preview_risk_style(statement->risk), "others", statement->verdict);
    add_locks(fields, statement);
    add_works(fields, statement);
    add_cost(fields, table->preview, statement);
    add_said(fields, statement);
    fields_add(fields, STYLE_TEXT, "SQL", texts->pdata[row->statement]);
}

/* ---- a migration ------------------------------------------------------------------------------
 */

static void add_differences(struct fields *fields, const GPtrArray *differences, const char *why)
{
    if (differences == NULL) {
        fields_add(fields, STYLE_WARNING, "schema", *why != '\0' ? why : "not compared");
        return;
    }
    if (differences->len == 0)
        fields_add(fields, STYLE_TEXT, "schema", "it stays as it is");
    for (guint i = 0; i < differences->len; i++) {
        const struct catalog_difference *difference = differences->pdata[i];
        g_autofree char *text = catalog_difference_text(difference);
        if (!difference->is_implied)
            fields_add(fields, difference->change == CATALOG_REMOVED ? STYLE_WARNING : STYLE_TEXT,
                       "schema", text);
    }
}

static void describe_commit(const struct preview_table *table, const struct preview_row *row,
                            struct fields *fields)
{
    const struct preview_step *step = preview_step_at(table->preview, row->step);
    g_autofree char *elapsed = duration_format(step->elapsed_us);
    fields_add(fields, STYLE_TEXT, "took", elapsed);
    if (*step->exclusive != '\0') {
        g_autofree char *held = step->exclusive_us >= 0 ? duration_format(step->exclusive_us)
                                                        : g_strdup("nobody knows how long");
        fields_addf(fields, STYLE_WARNING, "held", "ACCESS EXCLUSIVE on %s from line %u on: %s",
                    step->exclusive, step->exclusive_line, held);
    }
    if (step->wal_bytes >= 0) {
        g_autofree char *wal = size_text(step->wal_bytes);
        fields_add(fields, STYLE_TEXT, "WAL", wal);
    }
    add_differences(fields, step->differences, step->differences_why);
}

static void describe_step(const struct preview_table *table, const struct preview_row *row,
                          struct fields *fields)
{
    const struct preview_step *step = preview_step_at(table->preview, row->step);
    const struct plan_step *planned = plan_step_at(table->preview->plan, row->step);
    add_failure(fields, step);
    if (step->outcome == PREVIEW_NOT_TRIED)
        fields_add(fields, STYLE_WARNING, "not tried", step->why);
    if (step->outcome == PREVIEW_NOT_REACHED)
        fields_add(fields, STYLE_WARNING, "why",
                   *step->why != '\0' ? step->why : "what came before it ended the preview");
    fields_add(fields, STYLE_TEXT, "runs", run_mode_text(planned->script->mode));
    fields_add(fields, STYLE_TEXT, "since", planned->script->mode_reason);
}

/* ---- the plan ---------------------------------------------------------------------------------
 */

static void describe_weather(const struct weather *weather, gint64 now, struct fields *fields)
{
    if (weather->sessions->len + weather->activity->prepared_count == 0)
        fields_add(fields, STYLE_GOOD, "nobody", "who would matter, when it was looked at");
    for (guint i = 0; i < weather->sessions->len; i++) {
        const struct weather_session *entry =
            &g_array_index(weather->sessions, struct weather_session, i);
        const struct session *session = entry->session;
        g_autofree char *deed = session_deed(session);
        g_autofree char *since = session_elapsed(session_since(session), now);
        fields_addf(fields, entry->kind == WEATHER_HOLDS ? STYLE_ERROR : STYLE_WARNING,
                    weather_kind_text(entry->kind), "pid %d %s %s, %s for %s%s%s%s%s: %s",
                    session->pid, session->user, session->application, session_state(session),
                    since, entry->relation != NULL ? ", on " : "",
                    entry->relation != NULL ? entry->relation : "",
                    entry->held != LOCK_MODE_NONE ? " " : "",
                    entry->held != LOCK_MODE_NONE ? lock_mode_text(entry->held) : "", deed);
    }
    for (guint i = 0; i < weather->activity->prepared_count; i++)
        fields_addf(fields, STYLE_ERROR, "prepared",
                    "transaction %s of %s: what it locked stays locked",
                    weather->activity->prepared[i].gid, weather->activity->prepared[i].owner);
}

static void describe_gaps(const struct preview *preview, struct fields *fields)
{
    for (guint i = 0; i < preview->uncovered->len; i++)
        fields_note(fields, STYLE_WARNING, preview->uncovered->pdata[i]);
}

void preview_table_describe(const struct preview_table *table, guint index, gint64 now,
                            struct fields *fields)
{
    const struct preview_row *row = preview_row_at(table, index);
    switch (row->kind) {
    case PREVIEW_ROW_STATEMENT:
        describe_statement(table, row, fields);
        break;
    case PREVIEW_ROW_STEP:
        describe_step(table, row, fields);
        break;
    case PREVIEW_ROW_COMMIT:
        describe_commit(table, row, fields);
        break;
    case PREVIEW_ROW_SCHEMA:
        add_differences(fields, table->preview->differences, table->preview->differences_why);
        break;
    case PREVIEW_ROW_WEATHER:
        describe_weather(table->preview->weather, now, fields);
        break;
    case PREVIEW_ROW_GAPS:
        describe_gaps(table->preview, fields);
        break;
    }
}
