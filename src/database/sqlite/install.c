/* The tables of winch in a SQLite file: made, looked for, and guarded by triggers. */
#include "database/sqlite/sqlite.h"

#include <string.h>
#include <unistd.h>

/* ---- the script ----------------------------------------------------------------------------- */

static const char version_table_sql[] =
    "CREATE TABLE IF NOT EXISTS main.\"@version\" (\n"
    "    version bigint PRIMARY KEY,\n"
    "    dirty boolean NOT NULL DEFAULT false,\n"
    "    applied_at timestamp DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))\n"
    ");\n";

/* INSERT OR REPLACE deletes without firing DELETE triggers (manual: "recursive_triggers"), hence
 * the triggers on INSERT. */
static const char own_tables_sql[] =
    "CREATE TABLE IF NOT EXISTS main.\"@own_chain\" (\n"
    "    version_table TEXT PRIMARY KEY NOT NULL, rows INTEGER NOT NULL, hash TEXT NOT NULL);\n"
    "CREATE TABLE IF NOT EXISTS main.\"@own_files\" (\n"
    "    sha256 TEXT PRIMARY KEY NOT NULL, bytes BLOB NOT NULL);\n"
    "CREATE TABLE IF NOT EXISTS main.\"@own_database\" (\n"
    "    id INTEGER PRIMARY KEY CHECK (id = 1), environment TEXT, file TEXT NOT NULL);\n"
    "CREATE TABLE IF NOT EXISTS main.\"@own_marks\" (\n"
    "    version_table TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL,\n"
    "    marked_at INTEGER NOT NULL, marked_by TEXT, reason TEXT,\n"
    "    PRIMARY KEY (version_table, version, kind));\n";

static const struct {
    const char *table, *name, *event, *condition;
} triggers[] = {
    {"history", "update", "UPDATE", "TRUE"},
    {"history", "delete", "DELETE", "TRUE"},
    {"history", "replace", "INSERT",
     "EXISTS (SELECT 1 FROM \"@own_history\" WHERE version_table = NEW.version_table AND id = "
     "NEW.id)"},
    {"files", "update", "UPDATE", "TRUE"},
    {"files", "delete", "DELETE", "TRUE"},
    {"files", "replace", "INSERT",
     "EXISTS (SELECT 1 FROM \"@own_files\" WHERE sha256 = NEW.sha256)"},
    {"chain", "delete", "DELETE", "TRUE"},
    {"chain", "update", "UPDATE",
     "NEW.version_table <> OLD.version_table OR NEW.rows <> OLD.rows + 1"},
    {"chain", "replace", "INSERT",
     "EXISTS (SELECT 1 FROM \"@own_chain\" WHERE version_table = NEW.version_table)"},
};

static void append_history_table(GString *sql)
{
    g_string_append(sql, "CREATE TABLE IF NOT EXISTS main.\"@own_history\" (\n");
    for (const struct history_field *field = history_fields; field->name != NULL; field++)
        g_string_append_printf(sql, "    \"%s\" %s,\n", field->name,
                               field->type == HISTORY_FIELD_NUMBER ? "INTEGER NOT NULL" : "TEXT");
    g_string_append(sql, "    PRIMARY KEY (version_table, id)\n);\n");
}

static char *own_script(void)
{
    GString *sql = g_string_new(NULL);
    append_history_table(sql);
    g_string_append(sql, own_tables_sql);
    for (gsize i = 0; i < G_N_ELEMENTS(triggers); i++)
        g_string_append_printf(
            sql,
            "CREATE TRIGGER IF NOT EXISTS main.\"@own_%s_no_%s\" BEFORE %s ON \"@own_%s\"\n"
            "    WHEN %s BEGIN SELECT RAISE(ABORT, 'winch keeps this table: rows are only "
            "added'); END;\n",
            triggers[i].table, triggers[i].name, triggers[i].event, triggers[i].table,
            triggers[i].condition);
    return g_string_free(sql, FALSE);
}

char *sqlite_install_script(const struct database *database)
{
    const struct sqlite *sqlite = (const struct sqlite *)(gconstpointer)database;
    g_autofree char *own = own_script();
    g_autofree char *whole =
        g_strconcat("BEGIN IMMEDIATE;\n", version_table_sql, own, "COMMIT;\n", NULL);
    return sqlite_expand(sqlite, whole);
}

/* ---- looking -------------------------------------------------------------------------------- */

static gboolean can_write(const struct sqlite *sqlite)
{
    g_autofree char *parent = g_path_get_dirname(sqlite->path);
    if (sqlite->is_memory)
        return TRUE;
    return !sqlite->is_read_only && access(parent, W_OK) == 0 &&
           (access(sqlite->path, W_OK) == 0 || access(sqlite->path, F_OK) != 0);
}

/* Marks came later: a file of before has none until something is installed again. */
static gboolean count_tables(struct sqlite *sqlite, int *count, GError **error)
{
    AUTOSTATEMENT *statement =
        sqlite_prepare(sqlite,
                       "SELECT count(*), (SELECT count(*) FROM main.sqlite_master WHERE type ="
                       " 'table' AND name = ?1 || '_marks' COLLATE NOCASE)"
                       " FROM main.sqlite_master WHERE type = 'table' AND"
                       " name COLLATE NOCASE IN (?1 || '_history', ?1 || '_chain', ?1 || '_files',"
                       " ?1 || '_database')",
                       error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, sqlite->own, -1, SQLITE_STATIC);
    if (sqlite_step(sqlite, statement, error) < 0)
        return FALSE;
    *count = sqlite3_column_int(statement, 0);
    sqlite->has_marks = sqlite3_column_int(statement, 1) > 0;
    return TRUE;
}

gboolean sqlite_presence_read(struct sqlite *sqlite, GError **error)
{
    int count = 0;
    gboolean is_writable = can_write(sqlite);
    sqlite->base.facts.can_create_own_schema = is_writable;
    sqlite->base.facts.can_write_version_table = is_writable;
    sqlite->base.history = HISTORY_ABSENT;
    if (sqlite->db == NULL)
        return TRUE;
    if (!count_tables(sqlite, &count, error))
        return FALSE;
    if (count == 4)
        sqlite->base.history = is_writable ? HISTORY_PRESENT : HISTORY_READ_ONLY;
    return TRUE;
}

/* ---- installing ----------------------------------------------------------------------------- */

static gboolean install_in_transaction(struct sqlite *sqlite, GError **error)
{
    g_autofree char *own = own_script();
    if (!sqlite_begin(sqlite, error))
        return FALSE;
    if (sqlite_execute(sqlite, version_table_sql, error) && sqlite_execute(sqlite, own, error) &&
        sqlite_commit(sqlite, error))
        return TRUE;
    sqlite_rollback(sqlite);
    return FALSE;
}

gboolean sqlite_install(struct database *database, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    struct version_state state;
    if (sqlite->is_read_only) {
        error_set(error, ERROR_REFUSED, "%s was opened for reading only", sqlite->path);
        return FALSE;
    }
    if (!sqlite_connect(sqlite, TRUE, error) || !sqlite_version_read(database, &state, error) ||
        !sqlite_presence_read(sqlite, error))
        return FALSE;
    if (state.kind == VERSION_TABLE_FOREIGN) {
        error_set(error, ERROR_REFUSED, "%s", state.problem);
        return FALSE;
    }
    if (state.kind != VERSION_TABLE_ABSENT && sqlite->base.history != HISTORY_ABSENT &&
        sqlite->has_marks)
        return TRUE;
    if (!install_in_transaction(sqlite, error)) {
        g_prefix_error(error, "installing in %s: ", sqlite->path);
        return FALSE;
    }
    return sqlite_version_read(database, &state, error) && sqlite_presence_read(sqlite, error);
}

/* ---- environment ---------------------------------------------------------------------------- */

gboolean sqlite_environment_read(struct database *database, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    struct database_facts *facts = &sqlite->base.facts;
    facts->environment_recorded = NULL;
    facts->is_clone = FALSE;
    if (sqlite->base.history == HISTORY_ABSENT)
        return TRUE;
    AUTOSTATEMENT *statement = sqlite_prepare(
        sqlite, "SELECT environment, file FROM main.\"@own_database\" WHERE id = 1", error);
    int more = statement != NULL ? sqlite_step(sqlite, statement, error) : -1;
    if (more <= 0)
        return more == 0;
    const char *environment = (const char *)sqlite3_column_text(statement, 0);
    /* a copied file is another database */
    facts->is_clone = g_strcmp0((const char *)sqlite3_column_text(statement, 1), sqlite->path) != 0;
    if (!facts->is_clone && environment != NULL)
        facts->environment_recorded = g_string_chunk_insert(sqlite->strings, environment);
    return TRUE;
}

gboolean sqlite_environment_record(struct database *database, const char *environment,
                                   GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    if (sqlite->base.history != HISTORY_PRESENT) {
        error_set(error, ERROR_FAILED, "there is no table of winch in %s to record it in",
                  sqlite->path);
        error_advise(error, "run 'winch init' first");
        return FALSE;
    }
    sqlite_watch(sqlite, NULL);
    AUTOSTATEMENT *statement = sqlite_prepare(
        sqlite,
        "INSERT INTO main.\"@own_database\" (id, environment, file) VALUES (1, ?1, ?2)"
        " ON CONFLICT (id) DO UPDATE SET environment = excluded.environment, file = excluded.file",
        error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, environment, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, sqlite->path, -1, SQLITE_STATIC);
    return sqlite_step(sqlite, statement, error) == 0 && sqlite_environment_read(database, error);
}
