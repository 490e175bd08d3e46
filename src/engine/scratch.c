/* Scratch databases: a private server, or one that was named. */
#include "engine/scratch.h"

#include "database/scratch.h"
#include "database/scratch_databases.h"
#include "engine/scratch_internal.h"

/* ---- opening and closing --------------------------------------------------------------------- */

/* Nothing on it has to outlive a crash; WAL is written as anywhere, so that it can be measured. */
static gboolean start_private(struct scratch *scratch, int version, GError **error)
{
    static const char *const settings[] = {
        "max_connections = 60", "max_locks_per_transaction = 256", "autovacuum = off", NULL};
    g_autofree char *bindir = version > 0 ? scratch_bindir_of(version) : NULL;
    const struct scratch_options options = {
        .bindir = bindir, .is_unsafe = TRUE, .settings = settings};
    scratch->server = scratch_server_start(&options, error);
    if (scratch->server != NULL)
        return TRUE;
    if (error != NULL && error_is(*error, ERROR_CONFIG))
        error_advise(error, "install PostgreSQL's server package (it need not run), or give "
                            "--scratch URL: a server where databases may be made");
    return FALSE;
}

static char *text_of(const struct scratch *scratch)
{
    const struct database *handle = scratch_databases_handle(scratch->databases);
    const char *version = database_facts(handle)->server_version;
    return scratch->server != NULL
               ? g_strdup_printf("a private PostgreSQL %s", version)
               : g_strdup_printf("%s (PostgreSQL %s)", database_label(handle), version);
}

struct scratch *scratch_open(const struct scratch_settings *settings, GError **error)
{
    AUTOPTR(scratch) *scratch = g_new0(struct scratch, 1);
    gboolean is_private = settings->url == NULL;
    if (settings->cancellation != NULL)
        scratch->cancellation = cancellation_ref(settings->cancellation);
    if (is_private && !start_private(scratch, settings->version, error))
        return NULL;
    g_autofree char *url =
        is_private ? scratch_server_url(scratch->server, "postgres") : g_strdup(settings->url);
    scratch->databases =
        scratch_databases_open(url, settings->password, !is_private, scratch->cancellation, error);
    if (scratch->databases == NULL) {
        g_prefix_error(error, "the scratch server: ");
        return NULL;
    }
    scratch->text = text_of(scratch);
    return g_steal_pointer(&scratch);
}

void scratch_close(struct scratch *scratch)
{
    if (scratch->databases != NULL)
        scratch_databases_close(scratch->databases);
    scratch_server_stop(scratch->server);
    if (scratch->cancellation != NULL)
        cancellation_unref(scratch->cancellation);
    g_free(scratch->text);
    g_free(scratch);
}

/* ---- asking and making ----------------------------------------------------------------------- */

gboolean scratch_is_private(const struct scratch *scratch)
{
    return scratch->server != NULL;
}

const char *scratch_text(const struct scratch *scratch)
{
    return scratch->text;
}

int scratch_version(const struct scratch *scratch)
{
    return database_facts(scratch_databases_handle(scratch->databases))->version_number;
}

const GPtrArray *scratch_left(const struct scratch *scratch)
{
    return scratch_databases_left(scratch->databases);
}

char *scratch_database_create(struct scratch *scratch, GError **error)
{
    return scratch_databases_create(scratch->databases, NULL, error);
}

char *scratch_database_copy(struct scratch *scratch, const char *url, GError **error)
{
    return scratch_databases_copy(scratch->databases, url, error);
}

gboolean scratch_database_drop(struct scratch *scratch, const char *url, GError **error)
{
    return scratch_databases_drop(scratch->databases, url, error);
}
