/* Which texts are wanted, and reading them away from the screen. */
#include "console/sql_source.h"

#include <string.h>

struct request {
    guint number;
    sql_source_fn done;
    struct sql_source source;
};

struct pair {
    struct sql_text *texts[2];
};

void sql_source_clear(struct sql_source *source)
{
    g_clear_pointer(&source->set, migration_set_unref);
    g_clear_pointer(&source->sha256[0], g_free);
    g_clear_pointer(&source->sha256[1], g_free);
}

static void source_copy(struct sql_source *to, const struct sql_source *from)
{
    *to = *from;
    to->set = from->set != NULL ? migration_set_ref(from->set) : NULL;
    to->sha256[0] = g_strdup(from->sha256[0]);
    to->sha256[1] = g_strdup(from->sha256[1]);
}

gboolean sql_source_is(const struct sql_source *one, const struct sql_source *other)
{
    return one->version == other->version && one->set == other->set &&
           one->is_connected == other->is_connected && one->dialect == other->dialect &&
           one->server_version == other->server_version &&
           g_strcmp0(one->sha256[0], other->sha256[0]) == 0 &&
           g_strcmp0(one->sha256[1], other->sha256[1]) == 0;
}

static enum sql_dialect dialect_now(const struct console *console)
{
    const struct model_server *server = console_model(console)->server;
    const struct engine_settings *settings = console_options(console)->settings;
    const char *driver = settings != NULL ? settings->driver : NULL;
    gboolean is_sqlite = server != NULL ? strcmp(server->product, "SQLite") == 0
                                        : g_strcmp0(driver, "sqlite3") == 0 ||
                                              (settings != NULL && settings->url != NULL &&
                                               g_str_has_prefix(settings->url, "sqlite3://"));
    return is_sqlite ? SQL_SQLITE : SQL_POSTGRESQL;
}

/* What would have to be read now; FALSE when no migration is selected or nothing is known. */
gboolean sql_source_now(const struct console *console, struct sql_source *source)
{
    const struct model *model = console_model(console);
    *source = (struct sql_source){.dialect = dialect_now(console),
                                  .server_version = model_server_major(model)};
    if (!console_version_selected(console, &source->version) ||
        (model->set == NULL && model->state == NULL))
        return FALSE;
    const struct status_row *row = model_row(model, source->version);
    source->set = model->set != NULL ? migration_set_ref(model->set) : NULL;
    if (source->set != NULL && migration_set_find(source->set, source->version) != NULL)
        return TRUE;
    source->is_connected = model->link == LINK_UP;
    if (row != NULL && row->record != NULL) {
        source->sha256[0] = g_strdup(row->record->up_sha256);
        source->sha256[1] = g_strdup(row->record->down_sha256);
    }
    return TRUE;
}

static void request_free(gpointer data)
{
    struct request *request = data;
    sql_source_clear(&request->source);
    g_free(request);
}

static void pair_free(gpointer data)
{
    struct pair *pair = data;
    g_clear_pointer(&pair->texts[0], sql_text_free);
    g_clear_pointer(&pair->texts[1], sql_text_free);
    g_free(pair);
}

static struct sql_text *without_file(const struct migration *migration, guint which)
{
    const char *irreversible = migration->notes.irreversible;
    if (which == 0)
        return sql_text_none(
            NULL, "There is no up file: going up raises the version and runs nothing.", TRUE);
    if (irreversible == NULL)
        return sql_text_none(
            NULL, "There is no down file: going down would lower the version and undo nothing.",
            TRUE);
    g_autofree char *why =
        g_strdup_printf("There is no down file. It is irreversible: %s",
                        irreversible[0] != '\0' ? irreversible : "no reason is given");
    return sql_text_none(NULL, why, TRUE);
}

static struct sql_text *read_file(const struct request *request, const struct migration *migration,
                                  guint which)
{
    const struct migration_half *half = which == 0 ? &migration->up : &migration->down;
    if (half->path == NULL)
        return without_file(migration, which);
    return sql_text_load(half,
                         &(struct sql_reading){request->source.dialect,
                                               migration->notes.transaction == TRANSACTION_OFF,
                                               request->source.server_version});
}

static struct sql_text *read_stored(struct engine *engine, const struct request *request,
                                    guint which)
{
    g_autoptr(GError) error = NULL;
    const char *sha256 = request->source.sha256[which];
    if (sha256 == NULL)
        return sql_text_none(NULL, "There is no file, and the history names no text of it.", TRUE);
    if (engine == NULL)
        return sql_text_none(NULL,
                             "There is no file. The database may keep its text, but there is "
                             "no connection to it now.",
                             FALSE);
    g_autoptr(GBytes) bytes = engine_file_read(engine, sha256, &error);
    if (error != NULL) {
        g_autofree char *line = error_line(error);
        return sql_text_none(NULL, line, FALSE);
    }
    if (bytes == NULL)
        return sql_text_none(NULL, "There is no file, and the database keeps no text of it.", TRUE);
    return sql_text_stored(
        bytes, sha256, which == 0 ? "up text that ran" : "down text at that time",
        &(struct sql_reading){request->source.dialect, FALSE, request->source.server_version});
}

static gpointer read_pair(struct engine *engine, gpointer data, GError **error)
{
    const struct request *request = data;
    struct pair *pair = g_new0(struct pair, 1);
    const struct migration *migration =
        request->source.set != NULL
            ? migration_set_find(request->source.set, request->source.version)
            : NULL;
    (void)error;
    for (guint which = 0; which < 2; which++)
        pair->texts[which] = migration != NULL ? read_file(request, migration, which)
                                               : read_stored(engine, request, which);
    sql_texts_join(pair->texts[0], pair->texts[1]);
    return pair;
}

static void on_pair(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct request *request = data;
    struct pair *pair = result;
    (void)error;
    request->done(console, request->number, g_steal_pointer(&pair->texts[0]),
                  g_steal_pointer(&pair->texts[1]));
    pair_free(pair);
}

void sql_source_ask(struct console *console, const struct sql_source *source, guint number,
                    sql_source_fn done)
{
    struct request *request = g_new0(struct request, 1);
    request->number = number;
    request->done = done;
    source_copy(&request->source, source);
    console_ask(console, job_new(read_pair, on_pair, request, request_free, pair_free));
}
