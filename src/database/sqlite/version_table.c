/* The version table: its flavours, and the one row in it. */
#include "database/sqlite/sqlite.h"

#include <string.h>

/* ---- which table it is ---------------------------------------------------------------------- */

struct table_shape {
    gboolean is_there, is_table, has_version, has_dirty, has_applied_at;
    char *missing_default; /* a column that golang-migrate's INSERT would leave without a value */
};

static gboolean shape_read(struct sqlite *sqlite, struct table_shape *shape, GError **error)
{
    AUTOSTATEMENT *statement =
        sqlite_prepare(sqlite,
                       "SELECT c.name, m.type, c.\"notnull\" AND c.dflt_value IS NULL AND NOT c.pk"
                       " FROM main.sqlite_master m LEFT JOIN pragma_table_info(m.name, 'main') c"
                       " WHERE m.name = ?1 COLLATE NOCASE AND m.type IN ('table', 'view')",
                       error);
    int more = 0;
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, sqlite->table, -1, SQLITE_STATIC);
    while ((more = sqlite_step(sqlite, statement, error)) > 0) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        shape->is_there = TRUE;
        shape->is_table = g_strcmp0((const char *)sqlite3_column_text(statement, 1), "table") == 0;
        if (name == NULL)
            continue;
        gboolean is_version = g_ascii_strcasecmp(name, "version") == 0;
        gboolean is_dirty = g_ascii_strcasecmp(name, "dirty") == 0;
        shape->has_version |= is_version;
        shape->has_dirty |= is_dirty;
        shape->has_applied_at |= g_ascii_strcasecmp(name, "applied_at") == 0;
        if (!is_version && !is_dirty && sqlite3_column_int(statement, 2) != 0 &&
            shape->missing_default == NULL)
            shape->missing_default = g_strdup(name);
    }
    return more == 0;
}

G_GNUC_PRINTF(3, 4)
static gboolean call_foreign(struct sqlite *sqlite, struct version_state *state, const char *format,
                             ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    sqlite->problem =
        g_strdup_printf("the table %s is not one that winch may write: %s", sqlite->table, what);
    state->kind = VERSION_TABLE_FOREIGN;
    state->problem = sqlite->problem;
    return TRUE;
}

/* TRUE when it is somebody else's; state then says so. */
static gboolean is_foreign(struct sqlite *sqlite, const struct table_shape *shape,
                           struct version_state *state)
{
    if (!shape->is_table)
        return call_foreign(sqlite, state, "it is a view; name another with version_table");
    if (!shape->has_version || !shape->has_dirty)
        return call_foreign(sqlite, state,
                            "it has no column '%s', so another tool made it; name another with "
                            "version_table",
                            shape->has_version ? "dirty" : "version");
    if (shape->missing_default != NULL)
        return call_foreign(sqlite, state, "its column '%s' has no default; give it one",
                            shape->missing_default);
    return FALSE;
}

/* ---- the row -------------------------------------------------------------------------------- */

/* Times in SQL, to the millisecond: the text is what strftime() or a person wrote. */
#define APPLIED_AT                                                                                 \
    "CAST(strftime('%s', applied_at) AS INTEGER) * 1000000"                                        \
    " + CAST(substr(strftime('%f', applied_at), 4) AS INTEGER) * 1000"

static gboolean row_read(struct sqlite *sqlite, struct version_state *state, GError **error)
{
    AUTOSTATEMENT *statement =
        sqlite_prepare(sqlite,
                       sqlite->has_applied_at
                           ? "SELECT version, dirty, " APPLIED_AT " FROM main.\"@version\" LIMIT 2"
                           : "SELECT version, dirty, NULL FROM main.\"@version\" LIMIT 2",
                       error);
    int more = statement != NULL ? sqlite_step(sqlite, statement, error) : -1;
    if (more <= 0)
        return more == 0;
    if (sqlite3_column_type(statement, 0) != SQLITE_INTEGER ||
        sqlite3_column_int64(statement, 0) < -1)
        return call_foreign(sqlite, state, "its version is '%s'; set it with 'winch force'",
                            sqlite3_column_type(statement, 0) == SQLITE_NULL
                                ? "NULL"
                                : (const char *)sqlite3_column_text(statement, 0));
    state->version = sqlite3_column_int64(statement, 0);
    /* a value that is neither 0 nor false is better taken for dirty than for clean */
    const char *dirty = (const char *)sqlite3_column_text(statement, 1);
    state->is_dirty =
        g_strcmp0(dirty, "0") != 0 && (dirty == NULL || g_ascii_strcasecmp(dirty, "false") != 0);
    state->applied_at = sqlite3_column_int64(statement, 2);
    more = sqlite_step(sqlite, statement, error);
    if (more > 0) {
        state->version = -1;
        return call_foreign(sqlite, state,
                            "it has several rows; remove all but the one that is true");
    }
    return more == 0;
}

gboolean sqlite_version_read(struct database *database, struct version_state *state, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    struct table_shape shape = {0};
    *state = (struct version_state){.kind = VERSION_TABLE_ABSENT, .version = -1};
    g_clear_pointer(&sqlite->problem, g_free);
    sqlite->has_version_table = FALSE;
    if (!sqlite_connect(sqlite, FALSE, error))
        return FALSE;
    if (sqlite->db == NULL)
        return TRUE;
    sqlite_watch(sqlite, NULL);
    gboolean is_read = shape_read(sqlite, &shape, error);
    g_autofree char *missing_default = shape.missing_default;
    if (!is_read || !shape.is_there || is_foreign(sqlite, &shape, state))
        return is_read;
    sqlite->has_version_table = TRUE;
    sqlite->has_applied_at = shape.has_applied_at;
    state->kind = shape.has_applied_at ? VERSION_TABLE_WINCH : VERSION_TABLE_GOLANG_MIGRATE;
    return row_read(sqlite, state, error);
}

gboolean sqlite_version_write(struct sqlite *sqlite, gint64 version, gboolean is_dirty,
                              GError **error)
{
    if (!sqlite_execute(sqlite, "DELETE FROM main.\"@version\"", error))
        return FALSE;
    if (version < 0 && !is_dirty)
        return TRUE;
    AUTOSTATEMENT *statement = sqlite_prepare(
        sqlite, "INSERT INTO main.\"@version\" (version, dirty) VALUES (?1, ?2)", error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, version);
    sqlite3_bind_int(statement, 2, is_dirty ? 1 : 0);
    return sqlite_step(sqlite, statement, error) == 0;
}

/* ---- force ---------------------------------------------------------------------------------- */

static gboolean force_in_transaction(struct sqlite *sqlite, gint64 version,
                                     struct history_record *record, GError **error)
{
    if (!sqlite_begin(sqlite, error))
        return FALSE;
    if (sqlite_version_write(sqlite, version, FALSE, error) &&
        (record == NULL || sqlite_history_write(sqlite, record, error)) &&
        sqlite_commit(sqlite, error))
        return TRUE;
    sqlite_rollback(sqlite);
    return FALSE;
}

gboolean sqlite_force(struct database *database, gint64 version, struct history_record *record,
                      GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    struct version_state state;
    if (!sqlite_version_read(database, &state, error))
        return FALSE;
    if (state.kind == VERSION_TABLE_ABSENT) {
        error_set(error, ERROR_FAILED, "there is no version table %s in %s yet", sqlite->table,
                  sqlite->path);
        error_advise(error, "run 'winch init' first");
        return FALSE;
    }
    /* a table that is of the right shape may be forced, whatever its rows say */
    if (!sqlite->has_version_table) {
        error_set(error, ERROR_REFUSED, "%s", state.problem);
        return FALSE;
    }
    if (force_in_transaction(sqlite, version, record, error))
        return TRUE;
    g_prefix_error(error, "setting the version: ");
    return FALSE;
}
