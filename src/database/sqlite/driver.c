/* The SQLite driver: its handle, its facts, and its row of functions. */
#include "database/sqlite/sqlite.h"

#include <unistd.h>

static void facts_fill(struct sqlite *sqlite)
{
    struct database_facts *facts = &sqlite->base.facts;
    facts->product = "SQLite";
    facts->server_version = sqlite3_libversion();
    facts->version_number = sqlite3_libversion_number();
    facts->database = sqlite->path;
    facts->schema = "main";
    facts->backend_pid = (int)getpid();
}

static void sqlite_close(struct database *database)
{
    struct sqlite *sqlite = sqlite_of(database);
    sqlite_rehearsal_end(database);
    sqlite_unlock(database);
    if (sqlite->db != NULL)
        sqlite_rollback(sqlite);
    sqlite3_close_v2(sqlite->db);
    cancellation_unref(sqlite->base.cancellation);
    g_string_chunk_free(sqlite->strings);
    g_string_chunk_free(sqlite->holder_strings);
    g_array_unref(sqlite->lock_ids);
    g_hash_table_unref(sqlite->session);
    g_free(sqlite->path);
    g_free(sqlite->label);
    g_free(sqlite->table);
    g_free(sqlite->table_name);
    g_free(sqlite->own);
    g_free(sqlite->problem);
    g_free(sqlite->lock_path);
    g_free(sqlite);
}

static struct sqlite *sqlite_new(const struct database_options *options)
{
    struct sqlite *sqlite = g_new0(struct sqlite, 1);
    sqlite->base.driver = &sqlite_driver;
    if (options->cancellation != NULL)
        sqlite->base.cancellation = cancellation_ref(options->cancellation);
    sqlite->base.on_statement = options->on_statement;
    sqlite->base.statement_data = options->statement_data;
    sqlite->strings = g_string_chunk_new(256);
    sqlite->holder_strings = g_string_chunk_new(256);
    sqlite->lock_ids = g_array_new(FALSE, FALSE, sizeof(guint32));
    sqlite->session = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    sqlite->lock_fd = -1;
    return sqlite;
}

static struct database *sqlite_open(const struct database_options *options, GError **error)
{
    struct sqlite *sqlite = sqlite_new(options);
    struct version_state state;
    if (sqlite_locate(sqlite, options, error)) {
        sqlite->label = g_strdup_printf("%s (SQLite)", sqlite->path);
        facts_fill(sqlite);
        if (sqlite_connect(sqlite, FALSE, error) && sqlite_presence_read(sqlite, error) &&
            sqlite_environment_read(&sqlite->base, error) &&
            sqlite_version_read(&sqlite->base, &state, error))
            return &sqlite->base;
    }
    sqlite_close(&sqlite->base);
    return NULL;
}

static const char *sqlite_label(const struct database *database)
{
    return ((const struct sqlite *)(gconstpointer)database)->label;
}

static const char *const sqlite_schemes[] = {"sqlite3", "sqlite", NULL};

const struct database_driver sqlite_driver = {
    .name = "sqlite3",
    .schemes = sqlite_schemes,
    .open = sqlite_open,
    .close = sqlite_close,
    .label = sqlite_label,
    .version_read = sqlite_version_read,
    .install = sqlite_install,
    .install_script = sqlite_install_script,
    .environment_read = sqlite_environment_read,
    .environment_record = sqlite_environment_record,
    .lock = sqlite_lock,
    .unlock = sqlite_unlock,
    .lock_holder = sqlite_lock_holder,
    .lock_ids = sqlite_lock_ids,
    .pulse = sqlite_pulse,
    .activity = sqlite_activity,
    .session_end = sqlite_session_end,
    .history_append = sqlite_history_append,
    .history_read = sqlite_history_read,
    .history_head = sqlite_history_head,
    .marks_read = sqlite_marks_read,
    .mark_write = sqlite_mark_write,
    .catalog_read = sqlite_catalog_read,
    .file_read = sqlite_file_read,
    .run_begin = sqlite_run_begin,
    .run = sqlite_run,
    .rehearsal_begin = sqlite_rehearsal_begin,
    .rehearse = sqlite_rehearse,
    .rehearsal_end = sqlite_rehearsal_end,
    .inventory_list = sqlite_inventory_list,
    .losses_count = sqlite_losses_count,
    .force = sqlite_force,
    .drop = sqlite_drop,
};
