/* Parts of models. */
#include "fake_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "fake_frame.h"

static void write_half(const char *folder, const char *name, const char *half, const char *text)
{
    g_autofree char *file = g_strdup_printf("%s.%s.sql", name, half);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void write_pair(const char *folder, const char *line)
{
    const char *blank = strchr(line, ' ');
    g_autofree char *name = blank != NULL ? g_strndup(line, (gsize)(blank - line)) : g_strdup(line);
    g_autofree char *up = g_strdup_printf("%s\nSELECT 1;\n", blank != NULL ? blank + 1 : "");
    write_half(folder, name, "up", up);
    write_half(folder, name, "down", "SELECT 0;\n");
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(directory)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

static struct migration_set *load(const char *const *lines)
{
    g_autofree char *folder = g_dir_make_tmp("winch-console-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;
    assert_non_null(folder);
    for (guint i = 0; lines[i] != NULL; i++)
        write_pair(folder, lines[i]);
    struct migration_set *set = migration_set_load(folder, &error);
    remove_folder(folder);
    if (set == NULL)
        fail_msg("%s", error->message);
    return set;
}

struct migration_set *fake_set(const char *const *names)
{
    return load(names);
}

struct migration_set *fake_long_set(guint count)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 1; i <= count; i++)
        g_ptr_array_add(names, g_strdup_printf("%06u_step_%u", i, i));
    g_ptr_array_add(names, NULL);
    return load((const char *const *)names->pdata);
}

/* ---- history ----------------------------------------------------------------------------------
 */

static void free_record(gpointer record)
{
    history_record_free(record);
}

GPtrArray *fake_history(void)
{
    return g_ptr_array_new_with_free_func(free_record);
}

struct history_record *fake_record(GPtrArray *history, enum history_kind kind,
                                   enum history_outcome outcome, const char *run, gint64 version,
                                   const char *title)
{
    struct history_record *record = history_record_new(kind, outcome);
    guint at = history->len;
    record->id = at + 1;
    record->version_table = g_strdup("public.schema_migrations");
    record->run_id = g_strdup(run);
    record->version = version;
    record->from_version = record->to_version = VERSION_NONE;
    record->title = g_strdup(title);
    record->started_at = FAKE_TIME((gint64)at * 60 - 7200);
    record->finished_at = record->started_at + 1520000;
    record->database_user = g_strdup("billing_owner");
    record->os_user = g_strdup("jan");
    record->host = g_strdup("bastion2");
    record->tool = g_strdup("winch 0.1.0");
    record->backend_pid = 28811;
    record->hash = g_strdup_printf("%064x", at + 1);
    g_ptr_array_add(history, record);
    return record;
}

struct model_state *fake_state(struct migration_set *set, GPtrArray *history, gint64 version,
                               gboolean is_dirty)
{
    const struct version_state row = {
        .kind = VERSION_TABLE_WINCH, .version = version, .is_dirty = is_dirty};
    struct model_state *state = g_new0(struct model_state, 1);
    g_atomic_ref_count_init(&state->references);
    state->history = history;
    state->status = status_build(set, ledger_new(history, &row), &row, FALSE, NULL);
    state->read_at = g_get_monotonic_time();
    assert_non_null(state->status);
    return state;
}

struct model_server *fake_server(enum history_presence presence)
{
    struct model_server *server = g_new0(struct model_server, 1);
    g_atomic_ref_count_init(&server->references);
    server->label = g_strdup("billing at db-prod-1:5432");
    server->database = g_strdup("billing");
    server->host = g_strdup("db-prod-1");
    server->port = g_strdup("5432");
    server->user = g_strdup("jan_dba");
    server->product = g_strdup("PostgreSQL");
    server->server_version = g_strdup("15.20");
    server->tls = g_strdup("TLSv1.3");
    server->backend_pid = 28811;
    server->class_ = ENVIRONMENT_PRODUCTION;
    server->environment = g_strdup("production");
    server->environment_said_by = g_strdup("ALTER DATABASE setting production");
    server->history_presence = presence;
    return server;
}
