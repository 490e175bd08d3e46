/* Chooses the driver and passes every call on to it. */
#include "database/database.h"

#include <string.h>

#include "base/text.h"
#include "database/driver.h"

/* Length of the scheme that text begins with, or 0: "postgres://db" has 8. */
static gsize scheme_length(const char *text)
{
    gsize length =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return g_str_has_prefix(text + length, "://") ? length : 0;
}

static const struct database_driver *find_by_scheme(const char *text)
{
    gsize length = scheme_length(text);
    for (gsize i = 0; length > 0 && database_drivers[i] != NULL; i++)
        for (const char *const *scheme = database_drivers[i]->schemes; *scheme != NULL; scheme++)
            if (strlen(*scheme) == length && g_ascii_strncasecmp(*scheme, text, length) == 0)
                return database_drivers[i];
    return NULL;
}

/* By its name, or by a scheme's: people write "postgresql" and "sqlite" as well. */
static const struct database_driver *find_by_name(const char *name)
{
    g_autofree char *scheme = g_strconcat(name, "://", NULL);
    for (gsize i = 0; database_drivers[i] != NULL; i++)
        if (strcmp(database_drivers[i]->name, name) == 0)
            return database_drivers[i];
    return find_by_scheme(scheme);
}

static const struct database_driver *refuse(const char *what, const char *name, GError **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; database_drivers[i] != NULL; i++)
        for (const char *const *scheme = database_drivers[i]->schemes; *scheme != NULL; scheme++)
            g_ptr_array_add(known, g_strdup(*scheme));
    g_ptr_array_add(known, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)known->pdata);
    const char *nearest = text_nearest(name, (const char *const *)known->pdata);
    error_set(error, ERROR_CONFIG, "no driver answers to %s '%s'", what, name);
    if (nearest != NULL)
        error_advise(error, "did you mean '%s'? Known are %s", nearest, list);
    else
        error_advise(error, "known are %s", list);
    return NULL;
}

static const struct database_driver *choose(const struct database_options *options, GError **error)
{
    const struct database_driver *driver = NULL;
    gsize length = options->url != NULL ? scheme_length(options->url) : 0;
    if (length > 0) {
        g_autofree char *scheme = g_strndup(options->url, length);
        driver = find_by_scheme(options->url);
        return driver != NULL ? driver : refuse("the scheme", scheme, error);
    }
    if (options->driver == NULL)
        return database_drivers[0];
    driver = find_by_name(options->driver);
    return driver != NULL ? driver : refuse("the name", options->driver, error);
}

struct database *database_open(const struct database_options *options, GError **error)
{
    const struct database_driver *driver = choose(options, error);
    return driver != NULL ? driver->open(options, error) : NULL;
}

void database_close(struct database *database)
{
    if (database != NULL)
        database->driver->close(database);
}

gboolean database_url_is_known(const char *text)
{
    return find_by_scheme(text) != NULL;
}

const struct database_facts *database_facts(const struct database *database)
{
    return &database->facts;
}

const char *database_label(const struct database *database)
{
    return database->driver->label(database);
}

guint64 database_round_trips(const struct database *database)
{
    return database->round_trips;
}

gboolean database_version_read(struct database *database, struct version_state *state,
                               GError **error)
{
    return database->driver->version_read(database, state, error);
}

gboolean database_install(struct database *database, GError **error)
{
    return database->driver->install(database, error);
}

char *database_install_script(const struct database *database)
{
    return database->driver->install_script(database);
}

gboolean database_environment_read(struct database *database, GError **error)
{
    return database->driver->environment_read(database, error);
}

gboolean database_environment_record(struct database *database, const char *environment,
                                     GError **error)
{
    return database->driver->environment_record(database, environment, error);
}

gboolean database_lock(struct database *database, gint64 timeout, lock_wait_fn on_wait, void *data,
                       GError **error)
{
    return database->driver->lock(database, timeout, on_wait, data, error);
}

void database_unlock(struct database *database)
{
    database->driver->unlock(database);
}

int database_lock_holder(struct database *database, struct lock_holder *holder, GError **error)
{
    return database->driver->lock_holder(database, holder, error);
}

const GArray *database_lock_ids(const struct database *database)
{
    return database->driver->lock_ids(database);
}

enum history_presence database_history_presence(const struct database *database)
{
    return database->history;
}

gboolean database_history_append(struct database *database, struct history_record *record,
                                 GError **error)
{
    return database->driver->history_append(database, record, error);
}

gboolean database_run_begin(struct database *database, struct history_record *record,
                            const struct run_file *files, guint count, GError **error)
{
    return database->driver->run_begin(database, record, files, count, error);
}

GPtrArray *database_history_read(struct database *database, guint limit, GError **error)
{
    return database->driver->history_read(database, limit, error);
}

gboolean database_history_head(struct database *database, gint64 *rows, char **hash, GError **error)
{
    return database->driver->history_head(database, rows, hash, error);
}

gboolean database_impact_append(struct database *database, const GArray *impacts, GError **error)
{
    const struct database_driver *driver = database->driver;
    return driver->impact_append == NULL || driver->impact_append(database, impacts, error);
}

GArray *database_impact_read(struct database *database, gint64 from_id, GError **error)
{
    const struct database_driver *driver = database->driver;
    return driver->impact_read != NULL ? driver->impact_read(database, from_id, error)
                                       : g_array_new(FALSE, FALSE, sizeof(struct impact));
}

struct catalog *database_catalog_read(struct database *database, GError **error)
{
    return database->driver->catalog_read(database, error);
}

void circumstances_clear(struct circumstances *circumstances)
{
    g_clear_pointer(&circumstances->lagging_replica, g_free);
    g_clear_pointer(&circumstances->needed_of_others, g_free);
}

gboolean database_circumstances(struct database *database, const GPtrArray *needed,
                                struct circumstances *circumstances, GError **error)
{
    *circumstances = (struct circumstances){.sees_replicas = TRUE};
    return database->driver->circumstances == NULL ||
           database->driver->circumstances(database, needed, circumstances, error);
}

gboolean database_clock(struct database *database, gint64 *now, GError **error)
{
    *now = g_get_real_time();
    return database->driver->clock == NULL || database->driver->clock(database, now, error);
}

void schema_flaw_free(struct schema_flaw *flaw)
{
    g_free(flaw->check);
    g_free(flaw->message);
    g_free(flaw);
}

GPtrArray *database_flaws_read(struct database *database, unsigned checks, GError **error)
{
    return database->driver->flaws_read != NULL
               ? database->driver->flaws_read(database, checks, error)
               : g_ptr_array_new_with_free_func((GDestroyNotify)schema_flaw_free);
}

GArray *database_catalog_origins(struct database *database, const GPtrArray *differences)
{
    return database->driver->catalog_origins != NULL
               ? database->driver->catalog_origins(database, differences)
               : NULL;
}

GBytes *database_file_read(struct database *database, const char *sha256, GError **error)
{
    return database->driver->file_read(database, sha256, error);
}

gboolean database_run(struct database *database, const struct run_job *job,
                      struct run_result *result, GError **error)
{
    return database->driver->run(database, job, result, error);
}

gboolean database_run_window(struct database *database, const struct run_window *window,
                             guint *done, struct run_result *result, GError **error)
{
    return database->driver->run_window(database, window, done, result, error);
}

gboolean database_has_windows(const struct database *database)
{
    return database->driver->run_window != NULL;
}

gboolean database_rehearsal_begin(struct database *database, gint64 lock_timeout, GError **error)
{
    return database->driver->rehearsal_begin(database, lock_timeout, error);
}

gboolean database_rehearse(struct database *database, const struct run_job *job,
                           struct run_result *result, GError **error)
{
    return database->driver->rehearse(database, job, result, error);
}

gboolean database_rehearsal_keep(struct database *database, GError **error)
{
    if (database->driver->rehearsal_keep != NULL)
        return database->driver->rehearsal_keep(database, error);
    error_set(error, ERROR_FAILED, "a rehearsal on %s cannot be kept", database->facts.product);
    return FALSE;
}

void database_rehearsal_end(struct database *database)
{
    database->driver->rehearsal_end(database);
}

gboolean database_force(struct database *database, gint64 version, struct history_record *record,
                        GError **error)
{
    return database->driver->force(database, version, record, error);
}

gboolean database_drop(struct database *database, struct history_record *record, GPtrArray *dropped,
                       GError **error)
{
    return database->driver->drop(database, record, dropped, error);
}
