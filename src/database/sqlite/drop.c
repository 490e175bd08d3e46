/* Drops what golang-migrate's drop drops: every table, the version table too. Our own stay. */
#include "database/sqlite/sqlite.h"

/* Virtual tables first: theirs go with them. */
static const char next_table_sql[] =
    "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
    " ESCAPE '\\' AND NOT " SQLITE_IS_OWN(
        "name") " ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC, rowid LIMIT 1";

static gboolean next_table(struct sqlite *sqlite, char **name, GError **error)
{
    AUTOSTATEMENT *statement = sqlite_prepare(sqlite, next_table_sql, error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, sqlite->own, -1, SQLITE_STATIC);
    int more = sqlite_step(sqlite, statement, error);
    *name = more > 0 ? g_strdup((const char *)sqlite3_column_text(statement, 0)) : NULL;
    return more >= 0;
}

static gboolean drop_table(struct sqlite *sqlite, const char *name, GError **error)
{
    char *sql = sqlite3_mprintf("DROP TABLE main.\"%w\"", name);
    gboolean is_dropped = sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(sql);
    if (!is_dropped) {
        g_autofree char *what = g_strdup_printf("dropping %s", name);
        sqlite_error_set(error, sqlite, what);
    }
    return is_dropped;
}

static gboolean drop_tables(struct sqlite *sqlite, GPtrArray *names, GError **error)
{
    for (;;) {
        g_autofree char *name = NULL;
        if (!next_table(sqlite, &name, error))
            return FALSE;
        if (name == NULL)
            return TRUE;
        if (!drop_table(sqlite, name, error))
            return FALSE;
        g_ptr_array_add(names, g_steal_pointer(&name));
    }
}

static gboolean drop_in_transaction(struct sqlite *sqlite, struct history_record *record,
                                    GPtrArray *names, GError **error)
{
    if (!sqlite_begin(sqlite, error))
        return FALSE;
    if (drop_tables(sqlite, names, error) &&
        (record == NULL || sqlite_history_write(sqlite, record, error)) &&
        sqlite_commit(sqlite, error))
        return TRUE;
    sqlite_rollback(sqlite);
    return FALSE;
}

gboolean sqlite_drop(struct database *database, struct history_record *record, GPtrArray *dropped,
                     GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    if (sqlite->db == NULL)
        return TRUE;
    sqlite_watch(sqlite, NULL);
    /* else DROP TABLE deletes row by row and stops at the first reference (manual: "Foreign Key
     * Support", 5); it has no effect inside a transaction */
    if (!sqlite_execute(sqlite, "PRAGMA foreign_keys = OFF", error))
        return FALSE;
    gboolean is_done = drop_in_transaction(sqlite, record, names, error);
    if (sqlite->enables_foreign_keys)
        sqlite_execute(sqlite, "PRAGMA foreign_keys = ON", NULL);
    for (guint i = 0; is_done && dropped != NULL && i < names->len; i++)
        g_ptr_array_add(dropped, g_strdup(g_ptr_array_index(names, i)));
    return is_done;
}
