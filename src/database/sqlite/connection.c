/* The connection: opening it, running our own SQL, and being interrupted. */
#include "database/sqlite/sqlite.h"

#include <string.h>

#define PROGRESS_OPERATIONS 2000 /* of SQLite's machine between two looks at the clock */
#define BUSY_INTERVAL       10   /* milliseconds */

/* ---- watching ------------------------------------------------------------------------------- */

void sqlite_watch(struct sqlite *sqlite, const struct run_job *job)
{
    struct cancellation *cancellation = NULL;
    if (job != NULL)
        cancellation = job->cancellation != NULL ? job->cancellation : sqlite->base.cancellation;
    sqlite->refusal = NULL;
    sqlite->watch = (struct sqlite_watch){
        .cancellation = cancellation,
        .lock_timeout = job != NULL ? job->lock_timeout : SQLITE_LOOK_TIMEOUT,
        .timeout = job != NULL ? job->timeout : 0,
        .job = job,
    };
}

gboolean sqlite_is_cancelled(struct sqlite *sqlite)
{
    struct sqlite_watch *watch = &sqlite->watch;
    if (watch->cancellation == NULL || cancellation_level(watch->cancellation) < CANCEL_NOW)
        return FALSE;
    if (!watch->was_cancelled && watch->job != NULL && watch->job->on_event != NULL) {
        const struct run_event event = {.kind = RUN_EVENT_CANCELLING,
                                        .statement = watch->statement};
        watch->job->on_event(&event, watch->job->event_data);
    }
    watch->was_cancelled = TRUE;
    return TRUE;
}

static int on_progress(void *data)
{
    struct sqlite *sqlite = data;
    struct sqlite_watch *watch = &sqlite->watch;
    if (watch->deadline > 0 && g_get_monotonic_time() > watch->deadline)
        watch->was_late = TRUE;
    return watch->was_late || sqlite_is_cancelled(sqlite);
}

static void tell_blocked(struct sqlite_watch *watch, gint64 now)
{
    if (watch->job == NULL || watch->job->on_event == NULL ||
        now - watch->busy_told < G_USEC_PER_SEC)
        return;
    watch->busy_told = now;
    const struct run_event event = {.kind = RUN_EVENT_BLOCKED,
                                    .statement = watch->statement,
                                    .elapsed_us = now - watch->busy_since,
                                    .text = "another connection is using the database file"};
    watch->job->on_event(&event, watch->job->event_data);
}

/* Called while another connection holds the file; 0 gives up. */
static int on_busy(void *data, int count)
{
    struct sqlite *sqlite = data;
    struct sqlite_watch *watch = &sqlite->watch;
    gint64 now = g_get_monotonic_time();
    if (count == 0)
        watch->busy_since = now;
    if (watch->lock_timeout > 0 && now - watch->busy_since >= watch->lock_timeout * 1000)
        return 0;
    if (sqlite_is_cancelled(sqlite))
        return 0;
    tell_blocked(watch, now);
    g_usleep(BUSY_INTERVAL * 1000);
    return 1;
}

void sqlite_busy_install(struct sqlite *sqlite)
{
    sqlite3_busy_handler(sqlite->db, on_busy, sqlite);
}

/* ---- telling what is sent -------------------------------------------------------------------- */

/* SQLite tells that a statement ended and how long it took, not how it ended. */
static int on_profile(unsigned type, void *data, void *statement, void *nanoseconds)
{
    const struct sqlite *sqlite = data;
    const char *sql = sqlite3_sql(statement);
    if (type != SQLITE_TRACE_PROFILE || sql == NULL)
        return 0;
    g_autofree char *text = statement_text_safe(sql, strlen(sql));
    struct statement_trace trace = {
        .connection = "main",
        .text = text,
        .length = strlen(sql),
        .parameter_count = (guint)sqlite3_bind_parameter_count(statement),
        .elapsed_us = *(const sqlite3_int64 *)nanoseconds / 1000,
        .rows = -1,
        .sqlstate = "",
    };
    sqlite->base.on_statement(&trace, sqlite->base.statement_data);
    return 0;
}

/* ---- what a migration file may not do -------------------------------------------------------- */

static gboolean is_own_table(const struct sqlite *sqlite, const char *name)
{
    static const char *const tables[] = {"_history", "_chain", "_files", "_database"};
    gsize length = strlen(sqlite->own);
    if (name == NULL || g_ascii_strncasecmp(name, sqlite->own, length) != 0)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        if (g_ascii_strcasecmp(name + length, tables[i]) == 0)
            return TRUE;
    return FALSE;
}

/* Which of the authorizer's arguments names the table an action changes (sqlite3.h: "Authorizer
 * Action Codes"). */
static const struct {
    int action;
    int argument;
} changing_actions[] = {
    {SQLITE_INSERT, 1},         {SQLITE_UPDATE, 1},       {SQLITE_DELETE, 1},
    {SQLITE_DROP_TABLE, 1},     {SQLITE_ALTER_TABLE, 2},  {SQLITE_DROP_TRIGGER, 2},
    {SQLITE_CREATE_TRIGGER, 2}, {SQLITE_CREATE_INDEX, 2}, {SQLITE_DROP_INDEX, 2},
};

static int on_authorize(void *data, int action, const char *first, const char *second,
                        const char *schema, const char *trigger)
{
    struct sqlite *sqlite = data;
    /* VACUUM fills a "vacuum_db", ALTER TABLE names no schema here */
    gboolean is_guarded =
        sqlite->guards_own_tables && (schema == NULL || strcmp(schema, "main") == 0);
    (void)trigger;
    if (sqlite->guards_transaction && action == SQLITE_TRANSACTION) {
        sqlite->refusal = "transaction control in the middle of a file that runs as one "
                          "transaction";
        return SQLITE_DENY;
    }
    for (gsize i = 0; is_guarded && i < G_N_ELEMENTS(changing_actions); i++)
        if (changing_actions[i].action == action &&
            is_own_table(sqlite, changing_actions[i].argument == 1 ? first : second)) {
            sqlite->refusal = "winch's own tables cannot be changed by a migration";
            return SQLITE_DENY;
        }
    return SQLITE_OK;
}

/* ---- opening -------------------------------------------------------------------------------- */

static gboolean open_failed(struct sqlite *sqlite, GError **error)
{
    int code = sqlite->db != NULL ? sqlite3_errcode(sqlite->db) : SQLITE_NOMEM;
    error_set(error, code == SQLITE_NOTADB ? ERROR_CONFIG : ERROR_NO_CONNECTION,
              "%s could not be opened: %s", sqlite->path,
              sqlite->db != NULL ? sqlite3_errmsg(sqlite->db) : sqlite3_errstr(code));
    if (code == SQLITE_NOTADB)
        error_advise(error, "the path must name a SQLite database, or nothing yet");
    if (code == SQLITE_CANTOPEN)
        error_advise(error, "check that the directory exists, and the rights of both");
    sqlite3_close(sqlite->db);
    sqlite->db = NULL;
    return FALSE;
}

gboolean sqlite_connect(struct sqlite *sqlite, gboolean can_create, GError **error)
{
    int flags = sqlite->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (sqlite->db != NULL)
        return TRUE;
    sqlite->base.facts.is_absent =
        !sqlite->is_memory && !g_file_test(sqlite->path, G_FILE_TEST_EXISTS);
    if (!can_create && sqlite->base.facts.is_absent)
        return TRUE;
    if (sqlite->is_memory || (can_create && !sqlite->is_read_only))
        flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(sqlite->path, &sqlite->db, flags, NULL) != SQLITE_OK)
        return open_failed(sqlite, error);
    sqlite3_extended_result_codes(sqlite->db, 1);
    sqlite_busy_install(sqlite);
    sqlite3_progress_handler(sqlite->db, PROGRESS_OPERATIONS, on_progress, sqlite);
    sqlite3_set_authorizer(sqlite->db, on_authorize, sqlite);
    if (sqlite->base.on_statement != NULL)
        sqlite3_trace_v2(sqlite->db, SQLITE_TRACE_PROFILE, on_profile, sqlite);
    sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_ENABLE_FKEY, sqlite->enables_foreign_keys ? 1 : 0,
                      NULL);
    sqlite_watch(sqlite, NULL);
    /* the first read is what finds out whether it is a database at all */
    if (sqlite3_exec(sqlite->db, "SELECT count(*) FROM main.sqlite_master", NULL, NULL, NULL) !=
        SQLITE_OK)
        return open_failed(sqlite, error);
    sqlite_session_remember(sqlite);
    sqlite->base.facts.is_absent = FALSE;
    return TRUE;
}

/* ---- errors --------------------------------------------------------------------------------- */

static const struct {
    int code;
    const char *advice;
} advices[] = {
    {SQLITE_BUSY, "another connection is using the file: wait for it, or raise lock_timeout"},
    {SQLITE_LOCKED, "another connection is using the table: wait for it"},
    {SQLITE_READONLY, "check the rights of the file and of its directory"},
    {SQLITE_FULL, "make room on the disk"},
    {SQLITE_CORRUPT, "restore a backup, or see https://www.sqlite.org/recovery.html"},
};

/* The reason in words; what the callbacks decided is known better here than in SQLite. */
static enum error_code describe(struct sqlite *sqlite, GString *message)
{
    struct sqlite_watch *watch = &sqlite->watch;
    if (watch->was_cancelled) {
        g_string_append(message, "cancelled");
        return cancellation_why(watch->cancellation);
    }
    if (watch->was_late)
        g_string_append_printf(
            message, "it took longer than the timeout of %" G_GINT64_FORMAT " ms", watch->timeout);
    else if (sqlite->refusal != NULL)
        g_string_append(message, sqlite->refusal);
    else
        g_string_append(message, sqlite3_errmsg(sqlite->db));
    return ERROR_FAILED;
}

void sqlite_error_set(GError **error, struct sqlite *sqlite, const char *what)
{
    int code = sqlite3_extended_errcode(sqlite->db);
    GString *message = g_string_new(what);
    if (what != NULL)
        g_string_append(message, ": ");
    enum error_code kind = describe(sqlite, message);
    error_set(error, kind, "%s", message->str);
    g_string_free(message, TRUE);
    for (gsize i = 0; kind == ERROR_FAILED && i < G_N_ELEMENTS(advices); i++)
        if (advices[i].code == (code & 0xff))
            error_advise(error, "%s", advices[i].advice);
    if (error != NULL && code != SQLITE_OK && code != SQLITE_ERROR)
        error_detail_edit(*error)->detail =
            g_strdup_printf("SQLite result code %d: %s", code, sqlite3_errstr(code));
}

/* ---- our own SQL ---------------------------------------------------------------------------- */

char *sqlite_expand(const struct sqlite *sqlite, const char *sql)
{
    const struct {
        const char *mark, *name;
    } marks[] = {{"@own", sqlite->own}, {"@version", sqlite->table}};
    GString *text = g_string_new("");
    for (const char *at = sql; *at != '\0';) {
        const char *name = NULL;
        for (gsize i = 0; name == NULL && i < G_N_ELEMENTS(marks); i++)
            if (g_str_has_prefix(at, marks[i].mark)) {
                name = marks[i].name;
                at += strlen(marks[i].mark);
            }
        if (name == NULL)
            g_string_append_c(text, *at++);
        for (; name != NULL && *name != '\0'; name++)
            g_string_append(text, *name == '"' ? "\"\"" : (const char[]){*name, '\0'});
    }
    return g_string_free(text, FALSE);
}

sqlite3_stmt *sqlite_prepare(struct sqlite *sqlite, const char *sql, GError **error)
{
    g_autofree char *text = sqlite_expand(sqlite, sql);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(sqlite->db, text, -1, &statement, NULL) != SQLITE_OK)
        sqlite_error_set(error, sqlite, NULL);
    return statement;
}

int sqlite_step(struct sqlite *sqlite, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return code == SQLITE_ROW;
    sqlite_error_set(error, sqlite, NULL);
    return -1;
}

gboolean sqlite_execute(struct sqlite *sqlite, const char *sql, GError **error)
{
    g_autofree char *text = sqlite_expand(sqlite, sql);
    if (sqlite3_exec(sqlite->db, text, NULL, NULL, NULL) == SQLITE_OK)
        return TRUE;
    sqlite_error_set(error, sqlite, NULL);
    return FALSE;
}

gboolean sqlite_begin(struct sqlite *sqlite, GError **error)
{
    sqlite->transaction_started = g_get_real_time();
    return sqlite_execute(sqlite, "BEGIN IMMEDIATE", error);
}

gboolean sqlite_commit(struct sqlite *sqlite, GError **error)
{
    return sqlite_execute(sqlite, "COMMIT", error);
}

void sqlite_rollback(struct sqlite *sqlite)
{
    if (!sqlite3_get_autocommit(sqlite->db))
        sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
}
