/* The statements of a migration file: run one by one, watched, and located when they fail. */
#include "database/sqlite/sqlite.h"

#include <string.h>

#include "base/text.h"

/* A piece of the job's text, and where it stands in the file. */
struct piece {
    const char *text;
    gsize length;
    unsigned line, column;
    gsize start; /* of the statement within text that is at fault */
};

/* ---- errors, located ------------------------------------------------------------------------ */

static gssize error_offset(sqlite3 *db)
{
#if SQLITE_VERSION_NUMBER >= 3038000
    return sqlite3_error_offset(db);
#else
    (void)db;
    return -1;
#endif
}

/* Line and column, in characters, of an offset into a piece. */
static void locate(const struct piece *piece, gsize offset, unsigned *line, unsigned *column)
{
    *line = piece->line;
    *column = piece->column;
    for (gsize i = 0; i < MIN(offset, piece->length); i++) {
        if (piece->text[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if ((piece->text[i] & 0xc0) != 0x80) {
            (*column)++;
        }
    }
}

static gsize skip_blank(const struct piece *piece, gsize offset)
{
    while (offset < piece->length && g_ascii_isspace(piece->text[offset]))
        offset++;
    return offset;
}

/* offset counts from piece->start; -1: the statement as a whole. */
static void place_error(GError **error, const struct run_job *job, const struct piece *piece,
                        gssize offset)
{
    if (error == NULL || *error == NULL)
        return;
    struct error_detail *detail = error_detail_edit(*error);
    gsize at = skip_blank(piece, piece->start);
    if (offset >= 0)
        at = piece->start + (gsize)offset;
    locate(piece, at, &detail->line, &detail->column);
    if (offset < 0)
        detail->column = 0;
    detail->file = g_strdup(job->file);
    detail->line_text = text_line_at(job->text, job->text_length, detail->line);
    detail->statement = g_strndup(piece->text + piece->start, piece->length - piece->start);
}

/* ---- running -------------------------------------------------------------------------------- */

static void tell(const struct run_job *job, enum run_event_kind kind, guint statement,
                 gint64 elapsed, gint64 rows, const char *text)
{
    const struct run_event event = {
        .kind = kind, .statement = statement, .elapsed_us = elapsed, .rows = rows, .text = text};
    if (job->on_event != NULL)
        job->on_event(&event, job->event_data);
}

static gboolean is_dml(const char *text, gsize length)
{
    static const char *const verbs[] = {"INSERT", "UPDATE", "DELETE", "REPLACE"};
    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (length >= strlen(verbs[i]) &&
            g_ascii_strncasecmp(text, verbs[i], strlen(verbs[i])) == 0)
            return TRUE;
    return FALSE;
}

/* Steps to the end; rows it gave or changed, -1 where nothing counts them. */
static gboolean step_all(struct sqlite *sqlite, sqlite3_stmt *statement, gboolean counts_changes,
                         gint64 *rows)
{
    int code = SQLITE_ROW;
    int changes_before = sqlite3_total_changes(sqlite->db);
    gint64 given = 0;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        given++;
    *rows = -1;
    if (sqlite3_total_changes(sqlite->db) != changes_before)
        *rows = sqlite3_changes(sqlite->db);
    else if (counts_changes)
        *rows = 0;
    else if (sqlite3_column_count(statement) > 0)
        *rows = given;
    return code == SQLITE_DONE;
}

/* Prepares and runs the statement at piece->start. *next is where the one after it begins. */
static gboolean run_next(struct sqlite *sqlite, const struct run_job *job, struct piece *piece,
                         gsize *next, gint64 *rows, gboolean *has_effect, GError **error)
{
    AUTOSTATEMENT *statement = NULL;
    const char *from = piece->text + piece->start, *tail = NULL;
    sqlite->refusal = NULL;
    if (sqlite3_prepare_v2(sqlite->db, from, (int)(piece->length - piece->start), &statement,
                           &tail) != SQLITE_OK) {
        sqlite_error_set(error, sqlite, NULL);
        place_error(error, job, piece, error_offset(sqlite->db));
        return FALSE;
    }
    *next = (gsize)(tail - piece->text);
    if (statement == NULL)
        return TRUE;
    *has_effect |= !sqlite3_stmt_readonly(statement);
    gsize verb = skip_blank(piece, piece->start);
    if (step_all(sqlite, statement, is_dml(piece->text + verb, piece->length - verb), rows))
        return TRUE;
    sqlite_error_set(error, sqlite, NULL);
    place_error(error, job, piece, -1);
    return FALSE;
}

/* SQLite must see the end of the statement where we do. */
static gboolean refuse_rest(const struct run_job *job, struct piece *piece, gsize next,
                            GError **error)
{
    piece->start = next;
    error_set(error, ERROR_SOURCE,
              "SQLite sees another statement here, inside what was taken for one");
    error_advise(error, "write 'winch: transaction off' in the file's notes, or report this file");
    place_error(error, job, piece, -1);
    return FALSE;
}

static gboolean is_blank(struct sqlite *sqlite, const char *text, gsize length)
{
    AUTOSTATEMENT *statement = NULL;
    return sqlite3_prepare_v2(sqlite->db, text, (int)length, &statement, NULL) == SQLITE_OK &&
           statement == NULL;
}

static gboolean run_piece(struct sqlite *sqlite, const struct run_job *job, struct piece *piece,
                          gboolean is_several, gint64 *rows, gboolean *has_effect, GError **error)
{
    gsize next = 0;
    while (next < piece->length) {
        piece->start = next;
        if (!run_next(sqlite, job, piece, &next, rows, has_effect, error))
            return FALSE;
        if (!is_several && !is_blank(sqlite, piece->text + next, piece->length - next))
            return refuse_rest(job, piece, next, error);
        if (!is_several)
            break;
        if (sqlite_is_cancelled(sqlite)) {
            sqlite_error_set(error, sqlite, NULL);
            return FALSE;
        }
    }
    return TRUE;
}

static struct piece piece_of(const struct run_job *job, guint index)
{
    if (index >= job->statement_count)
        return (struct piece){
            .text = job->text, .length = job->text_length, .line = 1, .column = 1};
    const struct run_statement *statement = &job->statements[index];
    return (struct piece){.text = statement->text,
                          .length = statement->length,
                          .line = statement->line,
                          .column = statement->column};
}

gboolean sqlite_statement_run(struct sqlite *sqlite, const struct run_job *job, guint index,
                              gboolean *has_effect, GError **error)
{
    struct piece piece = piece_of(job, index);
    gint64 start = g_get_monotonic_time(), rows = -1;
    if (piece.length > G_MAXINT) {
        error_set_at(error, ERROR_SOURCE, job->file, piece.line, "the statement is over 2 GiB");
        return FALSE;
    }
    tell(job, RUN_EVENT_STATEMENT_STARTED, index, 0, -1, NULL);
    sqlite->watch.statement = index;
    sqlite->watch.deadline = job->timeout > 0 ? start + job->timeout * 1000 : 0;
    sqlite->guards_own_tables = TRUE;
    gboolean is_done = FALSE;
    if (sqlite_is_cancelled(sqlite))
        sqlite_error_set(error, sqlite, NULL);
    else
        is_done =
            run_piece(sqlite, job, &piece, index >= job->statement_count, &rows, has_effect, error);
    sqlite->guards_own_tables = FALSE;
    sqlite->watch.deadline = 0;
    if (is_done)
        tell(job, RUN_EVENT_STATEMENT_DONE, index, g_get_monotonic_time() - start, rows, NULL);
    return is_done;
}

/* ---- checks --------------------------------------------------------------------------------- */

/* What the offending row says, for the message. */
static char *describe_row(sqlite3_stmt *statement)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < MIN(sqlite3_column_count(statement), 5); i++) {
        const char *value = (const char *)sqlite3_column_text(statement, i);
        g_string_append_printf(text, "%s%s %.100s", i > 0 ? ", " : "",
                               sqlite3_column_name(statement, i), value != NULL ? value : "NULL");
    }
    char *valid = g_utf8_make_valid(text->str, (gssize)text->len);
    g_string_free(text, TRUE);
    return valid;
}

static gboolean check_prepare(struct sqlite *sqlite, const struct run_check *check,
                              sqlite3_stmt **statement, GError **error)
{
    if (sqlite3_prepare_v2(sqlite->db, check->sql, -1, statement, NULL) != SQLITE_OK) {
        sqlite_error_set(error, sqlite, NULL);
        return FALSE;
    }
    if (*statement != NULL && sqlite3_stmt_readonly(*statement))
        return TRUE;
    error_set(error, ERROR_SOURCE, "a check must be a query that only reads");
    return FALSE;
}

static gboolean check_run(struct sqlite *sqlite, const struct run_job *job,
                          const struct run_check *check, GError **error)
{
    AUTOSTATEMENT *statement = NULL;
    sqlite->refusal = NULL;
    sqlite->watch.deadline = job->timeout > 0 ? g_get_monotonic_time() + job->timeout * 1000 : 0;
    int more = -1;
    if (check_prepare(sqlite, check, &statement, error))
        more = sqlite_step(sqlite, statement, error);
    sqlite->watch.deadline = 0;
    if (more == 0) {
        tell(job, RUN_EVENT_CHECK_DONE, job->statement_count, 0, -1, check->name);
        return TRUE;
    }
    if (more > 0) {
        g_autofree char *row = describe_row(statement);
        error_set(error, ERROR_FAILED, "it found a row: %s", row);
    }
    g_prefix_error(error, "check %s: ", check->name);
    if (error != NULL && *error != NULL) {
        struct error_detail *detail = error_detail_edit(*error);
        detail->file = g_strdup(job->file);
        detail->line = check->line;
    }
    return FALSE;
}

gboolean sqlite_checks_run(struct sqlite *sqlite, const struct run_job *job, GError **error)
{
    for (guint i = 0; i < job->check_count; i++)
        if (!check_run(sqlite, job, &job->checks[i], error))
            return FALSE;
    return TRUE;
}
