/* Opening and closing, and the table by which the rest of winch knows this driver. */
#include <string.h>

#include "database/postgres/run_internal.h"

#define OLDEST_SERVER 130000

/* Takes over what url says. */
static struct postgres *postgres_new(const struct database_options *options,
                                     struct postgres_url *url)
{
    struct postgres *postgres = g_new0(struct postgres, 1);
    postgres->base.driver = &postgres_driver;
    if (options->cancellation != NULL)
        postgres->base.cancellation = cancellation_ref(options->cancellation);
    postgres->base.on_statement = options->on_statement;
    postgres->base.statement_data = options->statement_data;
    postgres->strings = g_string_chunk_new(256);
    postgres->holder_strings = g_string_chunk_new(256);
    postgres->lock_ids = g_array_new(FALSE, FALSE, sizeof(guint32));
    postgres->keywords = g_steal_pointer(&url->keywords);
    postgres->values = g_steal_pointer(&url->values);
    postgres->url_path = g_steal_pointer(&url->path);
    postgres->schema = g_steal_pointer(&url->schema);
    postgres->table = g_steal_pointer(&url->table);
    postgres->may_have_event_triggers = TRUE;
    postgres->connect_timeout = url->connect_timeout;
    postgres->base.facts.url_statement_timeout = url->statement_timeout;
    postgres->base.facts.url_multi_statement = url->is_multi_statement;
    postgres->own_schema = g_strdup(options->own_schema != NULL ? options->own_schema : "winch");
    postgres->own = postgres_quote(postgres->own_schema);
    postgres->application_name =
        g_strdup(options->application_name != NULL ? options->application_name : "winch");
    return postgres;
}

static void postgres_close(struct database *database)
{
    struct postgres *postgres = (struct postgres *)database;
    postgres_finish(postgres, postgres->control);
    postgres_finish(postgres, postgres->main);
    postgres_prepared_free(postgres);
    measure_free(postgres);
    if (database->cancellation != NULL)
        cancellation_unref(database->cancellation);
    postgres_parameters_free(postgres->keywords, postgres->values);
    g_string_chunk_free(postgres->strings);
    g_string_chunk_free(postgres->holder_strings);
    g_array_unref(postgres->lock_ids);
    char *const owned[] = {
        postgres->url_path,
        postgres->label,
        postgres->schema,
        postgres->table,
        postgres->version_table,
        postgres->table_name,
        postgres->own_schema,
        postgres->own,
        postgres->application_name,
        postgres->problem,
        postgres->history_sql,
        postgres->shape_problem,
        postgres->own_rights,
        postgres->search_path,
        postgres->role,
        postgres->session_replication_role,
        postgres->row_security,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(owned); i++)
        g_free(owned[i]);
    g_free(postgres);
}

static gboolean refuse_old_server(struct postgres *postgres, GError **error)
{
    int version = PQserverVersion(postgres->main);
    if (version >= OLDEST_SERVER)
        return TRUE;
    error_set(error, ERROR_REFUSED, "%s is PostgreSQL %s: winch needs 13 or later", postgres->label,
              PQparameterStatus(postgres->main, "server_version"));
    error_advise(error, "upgrade the server");
    return FALSE;
}

/* An older pgbouncer takes no options; what was asked for by them is then done without. */
static gboolean is_options_refused(const GError *error)
{
    return strstr(error->message, "unsupported startup parameter: options") != NULL ||
           strstr(error->message, "unsupported startup parameter in options") != NULL;
}

static gboolean connect_and_look(struct postgres *postgres, GError **error)
{
    postgres->main = postgres_connect(postgres, error);
    if (postgres->main == NULL)
        return FALSE;
    postgres->label = g_strdup_printf("%s at %s:%s", PQdb(postgres->main), PQhost(postgres->main),
                                      PQport(postgres->main));
    return refuse_old_server(postgres, error) && postgres_facts_read(postgres, error);
}

static struct database *open_once(const struct database_options *options, GError **error)
{
    struct postgres_url url;
    if (!postgres_url_read(options, &url, error))
        return NULL;
    struct postgres *postgres = postgres_new(options, &url);
    postgres_url_clear(&url);
    if (connect_and_look(postgres, error))
        return &postgres->base;
    postgres_close(&postgres->base);
    return NULL;
}

static struct database *postgres_open(const struct database_options *options, GError **error)
{
    g_autoptr(GError) why = NULL;
    struct database *database = open_once(options, &why);
    if (database == NULL && options->is_read_only && is_options_refused(why)) {
        struct database_options plain = *options;
        plain.is_read_only = FALSE;
        return open_once(&plain, error);
    }
    if (database == NULL)
        g_propagate_error(error, g_steal_pointer(&why));
    return database;
}

static const char *postgres_label(const struct database *database)
{
    return ((const struct postgres *)database)->label;
}

const struct database_driver postgres_driver = {
    .name = "postgres",
    .schemes = postgres_schemes,
    .open = postgres_open,
    .close = postgres_close,
    .label = postgres_label,
    .version_read = postgres_version_read,
    .install = postgres_install,
    .install_script = postgres_install_script,
    .environment_read = postgres_environment_read,
    .environment_record = postgres_environment_record,
    .lock = postgres_lock,
    .unlock = postgres_unlock,
    .lock_holder = postgres_lock_holder,
    .lock_ids = postgres_lock_ids,
    .pulse = postgres_pulse,
    .activity = postgres_activity,
    .session_end = postgres_session_end,
    .history_append = postgres_history_append,
    .history_read = postgres_history_read,
    .history_head = postgres_history_head,
    .marks_read = postgres_marks_read,
    .mark_write = postgres_mark_write,
    .approvals_read = postgres_approvals_read,
    .approve = postgres_approve,
    .circumstances = postgres_circumstances,
    .clock = postgres_clock,
    .impact_append = postgres_impact_append,
    .impact_read = postgres_impact_read,
    .catalog_read = postgres_catalog_read,
    .flaws_read = postgres_flaws_read,
    .catalog_origins = postgres_catalog_origins,
    .file_read = postgres_file_read,
    .run_begin = postgres_run_begin,
    .run = postgres_run,
    .run_window = postgres_run_window,
    .rehearsal_begin = postgres_rehearsal_begin,
    .rehearse = postgres_rehearse,
    .rehearsal_keep = postgres_rehearsal_keep,
    .rehearsal_end = postgres_rehearsal_end,
    .counts_changes = TRUE,
    .inventory_list = postgres_inventory_list,
    .inventory_dependents = postgres_inventory_dependents,
    .losses_count = postgres_losses_count,
    .tables_read = postgres_tables_read,
    .rows_sum = postgres_rows_sum,
    .rows_make = postgres_rows_make,
    .script_run = postgres_script_run,
    .force = postgres_force,
    .drop = postgres_drop,
};
