/* What a migration file may leave behind in the connection: settings, temporary objects, attached
 * databases. One file never changes what the next one means. */
#include "database/sqlite/sqlite.h"

#include <string.h>

/* Settings of a connection (manual: "PRAGMA Statements"); probe reads one, "PRAGMA name" unless
 * there is no reading it. */
static const struct {
    const char *name, *probe;
} settings[] = {
    {"automatic_index", NULL},    {"busy_timeout", NULL},
    {"cache_size", NULL},         {"case_sensitive_like", "SELECT 'a' NOT LIKE 'A'"},
    {"cell_size_check", NULL},    {"checkpoint_fullfsync", NULL},
    {"defer_foreign_keys", NULL}, {"foreign_keys", NULL},
    {"fullfsync", NULL},          {"ignore_check_constraints", NULL},
    {"legacy_alter_table", NULL}, {"locking_mode", NULL},
    {"query_only", NULL},         {"read_uncommitted", NULL},
    {"recursive_triggers", NULL}, {"reverse_unordered_selects", NULL},
    {"secure_delete", NULL},      {"synchronous", NULL},
    {"temp_store", NULL},         {"trusted_schema", NULL},
    {"writable_schema", NULL},
};

/* The first value of a query's first row; NULL without one. */
static char *value_of(struct sqlite *sqlite, const char *sql)
{
    AUTOSTATEMENT *statement = NULL;
    if (sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        return NULL;
    return g_strdup((const char *)sqlite3_column_text(statement, 0));
}

static char *setting_read(struct sqlite *sqlite, gsize i)
{
    g_autofree char *sql = g_strdup_printf("PRAGMA %s", settings[i].name);
    return value_of(sqlite, settings[i].probe != NULL ? settings[i].probe : sql);
}

void sqlite_session_remember(struct sqlite *sqlite)
{
    g_hash_table_remove_all(sqlite->session);
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
        char *value = setting_read(sqlite, i);
        if (value != NULL)
            g_hash_table_insert(sqlite->session, g_strdup(settings[i].name), value);
    }
}

static void tell(const struct run_job *job, const char *what, const char *name)
{
    g_autofree char *text = g_strconcat(what, " ", name, NULL);
    const struct run_event event = {
        .kind = RUN_EVENT_LEFTOVER, .statement = job->statement_count, .rows = -1, .text = text};
    if (job->on_event != NULL)
        job->on_event(&event, job->event_data);
}

void sqlite_session_restore_settings(struct sqlite *sqlite, const struct run_job *job)
{
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
        const char *before = g_hash_table_lookup(sqlite->session, settings[i].name);
        g_autofree char *now = setting_read(sqlite, i);
        if (before == NULL || g_strcmp0(before, now) == 0)
            continue;
        g_autofree char *sql = g_strdup_printf("PRAGMA %s = %s", settings[i].name, before);
        sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL);
        tell(job, "PRAGMA", settings[i].name);
        /* PRAGMA busy_timeout takes the place of our handler */
        if (strcmp(settings[i].name, "busy_timeout") == 0)
            sqlite_busy_install(sqlite);
    }
}

/* Runs one statement for each row of a query: format takes the row's first value, quoted. */
static void undo_each(struct sqlite *sqlite, const struct run_job *job, const char *query,
                      const char *format, const char *label)
{
    g_autofree char *name = NULL;
    for (guint tries = 0; tries < 10000 && (name = value_of(sqlite, query)) != NULL; tries++) {
        char *sql = sqlite3_mprintf(format, name);
        int code = sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL);
        sqlite3_free(sql);
        tell(job, label, name);
        g_clear_pointer(&name, g_free);
        if (code != SQLITE_OK)
            return;
    }
}

void sqlite_session_restore_objects(struct sqlite *sqlite, const struct run_job *job)
{
    undo_each(sqlite, job, "SELECT name FROM sqlite_temp_master WHERE type = 'trigger'",
              "DROP TRIGGER temp.\"%w\"", "temporary trigger");
    undo_each(sqlite, job, "SELECT name FROM sqlite_temp_master WHERE type = 'view'",
              "DROP VIEW temp.\"%w\"", "temporary view");
    undo_each(sqlite, job,
              "SELECT name FROM sqlite_temp_master WHERE type = 'table' AND name NOT LIKE "
              "'sqlite\\_%' ESCAPE '\\'",
              "DROP TABLE temp.\"%w\"", "temporary table");
    undo_each(sqlite, job, "SELECT name FROM pragma_database_list WHERE seq > 1",
              "DETACH DATABASE \"%w\"", "attached database");
}
