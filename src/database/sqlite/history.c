/* History in a SQLite file: rows chained by hash, and the vault of files. */
#include "database/sqlite/sqlite.h"

#include <unistd.h>

/* ---- writing -------------------------------------------------------------------------------- */

static gboolean head_read(struct sqlite *sqlite, gint64 *rows, char **hash, GError **error)
{
    *rows = 0;
    *hash = NULL;
    AUTOSTATEMENT *statement = sqlite_prepare(
        sqlite, "SELECT rows, hash FROM main.\"@own_chain\" WHERE version_table = ?1", error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, sqlite->table_name, -1, SQLITE_STATIC);
    int more = sqlite_step(sqlite, statement, error);
    if (more > 0) {
        *rows = sqlite3_column_int64(statement, 0);
        *hash = g_strdup((const char *)sqlite3_column_text(statement, 1));
    } else {
        *hash = g_strdup("");
    }
    return more >= 0;
}

static gboolean head_write(struct sqlite *sqlite, const struct history_record *record,
                           GError **error)
{
    AUTOSTATEMENT *statement = sqlite_prepare(
        sqlite,
        record->id == 1
            ? "INSERT INTO main.\"@own_chain\" (version_table, rows, hash) VALUES (?1, ?2, ?3)"
            : "UPDATE main.\"@own_chain\" SET rows = ?2, hash = ?3 WHERE version_table = ?1",
        error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, record->version_table, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, record->id);
    sqlite3_bind_text(statement, 3, record->hash, -1, SQLITE_STATIC);
    return sqlite_step(sqlite, statement, error) == 0;
}

static char *insert_sql(void)
{
    GString *names = g_string_new(NULL), *marks = g_string_new(NULL);
    for (const struct history_field *field = history_fields; field->name != NULL; field++) {
        g_string_append_printf(names, "%s\"%s\"", names->len > 0 ? ", " : "", field->name);
        g_string_append(marks, marks->len > 0 ? ", ?" : "?");
    }
    char *sql = g_strdup_printf("INSERT INTO main.\"@own_history\" (%s) VALUES (%s)", names->str,
                                marks->str);
    g_string_free(names, TRUE);
    g_string_free(marks, TRUE);
    return sql;
}

static gboolean record_insert(struct sqlite *sqlite, const struct history_record *record,
                              GError **error)
{
    g_autofree char *sql = insert_sql();
    AUTOSTATEMENT *statement = sqlite_prepare(sqlite, sql, error);
    int position = 1;
    if (statement == NULL)
        return FALSE;
    /* a number given as text becomes one by the column's affinity */
    for (const struct history_field *field = history_fields; field->name != NULL; field++)
        sqlite3_bind_text(statement, position++, history_field_text(record, field), -1, g_free);
    return sqlite_step(sqlite, statement, error) == 0;
}

static void fill_in(struct sqlite *sqlite, struct history_record *record, gint64 id,
                    const char *previous_hash)
{
    record->id = id;
    g_free(record->version_table);
    record->version_table = g_strdup(sqlite->table_name);
    record->started_at =
        sqlite->run_started > 0 ? sqlite->run_started : sqlite->transaction_started;
    record->finished_at = g_get_real_time();
    record->backend_pid = getpid();
    g_clear_pointer(&record->xid, g_free);
    g_clear_pointer(&record->database_user, g_free);
    g_free(record->previous_hash);
    record->previous_hash = g_strdup(previous_hash);
    g_free(record->hash);
    record->hash = history_record_hash(record, previous_hash);
}

gboolean sqlite_history_write(struct sqlite *sqlite, struct history_record *record, GError **error)
{
    gint64 rows = 0;
    g_autofree char *hash = NULL;
    if (sqlite->base.history != HISTORY_PRESENT)
        return TRUE;
    if (head_read(sqlite, &rows, &hash, error)) {
        fill_in(sqlite, record, rows + 1, hash);
        if (record_insert(sqlite, record, error) && head_write(sqlite, record, error))
            return TRUE;
    }
    g_prefix_error(error, "writing history: ");
    return FALSE;
}

static gboolean file_write(struct sqlite *sqlite, const struct run_file *file, GError **error)
{
    gsize length = 0;
    const void *bytes = g_bytes_get_data(file->bytes, &length);
    AUTOSTATEMENT *statement = sqlite_prepare(
        sqlite,
        "INSERT INTO main.\"@own_files\" (sha256, bytes) SELECT ?1, ?2 WHERE NOT EXISTS"
        " (SELECT 1 FROM main.\"@own_files\" WHERE sha256 = ?1)",
        error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, file->sha256, -1, SQLITE_STATIC);
    if (length > 0)
        sqlite3_bind_blob64(statement, 2, bytes, length, SQLITE_STATIC);
    else
        sqlite3_bind_zeroblob(statement, 2, 0);
    return sqlite_step(sqlite, statement, error) == 0;
}

static gboolean files_write(struct sqlite *sqlite, const struct run_file *files, guint count,
                            GError **error)
{
    for (guint i = 0; i < count; i++)
        if (!file_write(sqlite, &files[i], error)) {
            g_prefix_error(error, "keeping the files' texts: ");
            return FALSE;
        }
    return TRUE;
}

gboolean sqlite_run_begin(struct database *database, struct history_record *record,
                          const struct run_file *files, guint count, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    if (sqlite->db == NULL || sqlite->base.history != HISTORY_PRESENT || sqlite->is_rehearsing)
        return TRUE;
    sqlite_watch(sqlite, NULL);
    if (!sqlite_begin(sqlite, error))
        return FALSE;
    if (sqlite_history_write(sqlite, record, error) && files_write(sqlite, files, count, error) &&
        sqlite_commit(sqlite, error))
        return TRUE;
    sqlite_rollback(sqlite);
    return FALSE;
}

gboolean sqlite_history_append(struct database *database, struct history_record *record,
                               GError **error)
{
    return sqlite_run_begin(database, record, NULL, 0, error);
}

/* ---- reading -------------------------------------------------------------------------------- */

static struct history_record *record_of(sqlite3_stmt *statement, GError **error)
{
    AUTOPTR(history_record) *record = history_record_new(HISTORY_STARTED, OUTCOME_UNKNOWN);
    int column = 0;
    for (const struct history_field *field = history_fields; field->name != NULL; field++) {
        const char *text = (const char *)sqlite3_column_text(statement, column++);
        if (history_field_set(record, field, text))
            continue;
        error_set(error, ERROR_FAILED,
                  "history row %" G_GINT64_FORMAT " cannot be read: its %s is '%s'", record->id,
                  field->name, text != NULL ? text : "NULL");
        error_advise(error, "a later winch may have written it: use that one");
        return NULL;
    }
    return g_steal_pointer(&record);
}

static char *select_sql(void)
{
    GString *sql = g_string_new(NULL);
    for (const struct history_field *field = history_fields; field->name != NULL; field++)
        g_string_append_printf(sql, "%s\"%s\"", sql->len > 0 ? ", " : "SELECT ", field->name);
    g_string_append(sql, " FROM (SELECT * FROM main.\"@own_history\" WHERE version_table = ?1"
                         " ORDER BY id DESC LIMIT ?2) ORDER BY id");
    return g_string_free(sql, FALSE);
}

GPtrArray *sqlite_history_read(struct database *database, guint limit, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    g_autoptr(GPtrArray) records =
        g_ptr_array_new_with_free_func((GDestroyNotify)history_record_free);
    if (sqlite->db == NULL || sqlite->base.history == HISTORY_ABSENT)
        return g_steal_pointer(&records);
    g_autofree char *sql = select_sql();
    sqlite_watch(sqlite, NULL);
    AUTOSTATEMENT *statement = sqlite_prepare(sqlite, sql, error);
    int more = 0;
    if (statement == NULL)
        return NULL;
    sqlite3_bind_text(statement, 1, sqlite->table_name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, limit > 0 ? (gint64)limit : -1);
    while ((more = sqlite_step(sqlite, statement, error)) > 0) {
        struct history_record *record = record_of(statement, error);
        if (record == NULL)
            return NULL;
        g_ptr_array_add(records, record);
    }
    return more == 0 ? g_steal_pointer(&records) : NULL;
}

gboolean sqlite_history_head(struct database *database, gint64 *rows, char **hash, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    *rows = 0;
    *hash = NULL;
    if (sqlite->db == NULL || sqlite->base.history == HISTORY_ABSENT) {
        *hash = g_strdup("");
        return TRUE;
    }
    sqlite_watch(sqlite, NULL);
    if (head_read(sqlite, rows, hash, error))
        return TRUE;
    g_clear_pointer(hash, g_free);
    return FALSE;
}

GBytes *sqlite_file_read(struct database *database, const char *sha256, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    if (sqlite->db == NULL || sqlite->base.history == HISTORY_ABSENT)
        return NULL;
    sqlite_watch(sqlite, NULL);
    AUTOSTATEMENT *statement =
        sqlite_prepare(sqlite, "SELECT bytes FROM main.\"@own_files\" WHERE sha256 = ?1", error);
    if (statement == NULL)
        return NULL;
    sqlite3_bind_text(statement, 1, sha256, -1, SQLITE_STATIC);
    if (sqlite_step(sqlite, statement, error) <= 0)
        return NULL;
    const void *bytes = sqlite3_column_blob(statement, 0);
    return g_bytes_new(bytes, (gsize)sqlite3_column_bytes(statement, 0));
}
