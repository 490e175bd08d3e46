/* Marks in a SQLite file. There are no approvals: it has no users. */
#include "database/sqlite/sqlite.h"

GArray *sqlite_marks_read(struct database *database, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    g_autoptr(GArray) marks = marks_new();
    int more = 0;
    if (sqlite->db == NULL || !sqlite->has_marks)
        return g_steal_pointer(&marks);
    AUTOSTATEMENT *statement =
        sqlite_prepare(sqlite,
                       "SELECT version, kind, marked_at, marked_by, reason FROM"
                       " main.\"@own_marks\" WHERE version_table = ?1 ORDER BY version, kind DESC",
                       error);
    if (statement == NULL)
        return NULL;
    sqlite3_bind_text(statement, 1, sqlite->table_name, -1, SQLITE_STATIC);
    while ((more = sqlite_step(sqlite, statement, error)) > 0) {
        struct version_mark mark = {.version = sqlite3_column_int64(statement, 0),
                                    .marked_at = sqlite3_column_int64(statement, 2)};
        if (!mark_kind_parse((const char *)sqlite3_column_text(statement, 1), &mark.kind))
            continue;
        mark.marked_by = g_strdup((const char *)sqlite3_column_text(statement, 3));
        mark.reason = g_strdup((const char *)sqlite3_column_text(statement, 4));
        g_array_append_val(marks, mark);
        /* cppcheck-suppress memleak ; the array has it now */
    }
    return more == 0 ? g_steal_pointer(&marks) : NULL;
}

static gboolean row_write(struct sqlite *sqlite, const struct version_mark *mark,
                          gboolean is_removed, const char *marked_by, GError **error)
{
    AUTOSTATEMENT *statement =
        sqlite_prepare(sqlite,
                       is_removed ? "DELETE FROM main.\"@own_marks\""
                                    " WHERE version_table = ?1 AND version = ?2 AND kind = ?3"
                                  : "INSERT OR REPLACE INTO main.\"@own_marks\""
                                    " (version_table, version, kind, marked_at, marked_by, reason)"
                                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                       error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, sqlite->table_name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, mark->version);
    sqlite3_bind_text(statement, 3, mark_kind_name(mark->kind), -1, SQLITE_STATIC);
    if (!is_removed) {
        sqlite3_bind_int64(statement, 4, g_get_real_time());
        sqlite3_bind_text(statement, 5, marked_by, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 6, mark->reason, -1, SQLITE_STATIC);
    }
    return sqlite_step(sqlite, statement, error) == 0;
}

gboolean sqlite_mark_write(struct database *database, const struct version_mark *mark,
                           gboolean is_removed, struct history_record *record, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    if (sqlite->db == NULL || !sqlite->has_marks) {
        error_set(error, ERROR_FAILED, "there is no table of marks in %s", sqlite->path);
        error_advise(error, "'winch init' makes it");
        return FALSE;
    }
    sqlite_watch(sqlite, NULL);
    if (!sqlite_begin(sqlite, error))
        return FALSE;
    if (row_write(sqlite, mark, is_removed, record->os_user, error) &&
        sqlite_history_write(sqlite, record, error) && sqlite_commit(sqlite, error))
        return TRUE;
    sqlite_rollback(sqlite);
    return FALSE;
}
