/* Which file a URL means. As with golang-migrate, what stands between "sqlite3://" and "?" is the
 * path to the letter: nothing is decoded. */
#include "database/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

struct url_parameter {
    const char *name;
    gboolean (*take)(struct sqlite *sqlite, const char *name, const char *value, GError **error);
};

/* As Go's strconv.ParseBool, and the words that SQLite's Go driver takes. */
static gboolean parse_boolean(const char *name, const char *value, gboolean *is_true,
                              GError **error)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True", "on", "yes", NULL};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False", "off", "no", NULL};
    *is_true = g_strv_contains(yes, value);
    if (*is_true || g_strv_contains(no, value))
        return TRUE;
    error_set(error, ERROR_CONFIG, "'%s' is not a value for '%s' in the URL", value, name);
    error_advise(error, "write true or false");
    return FALSE;
}

/* "table" or "main.table". */
static gboolean take_version_table(struct sqlite *sqlite, const char *name, GError **error)
{
    const char *dot = name != NULL ? strchr(name, '.') : NULL;
    if (dot != NULL && g_ascii_strncasecmp(name, "main.", 5) != 0) {
        error_set(error, ERROR_CONFIG, "the version table '%s' would be in another schema", name);
        error_advise(error, "SQLite has only main: write %s", dot + 1);
        return FALSE;
    }
    if (dot != NULL)
        name = dot + 1;
    g_free(sqlite->table);
    sqlite->table = g_strdup(name != NULL && *name != '\0' ? name : "schema_migrations");
    return TRUE;
}

static gboolean take_table(struct sqlite *sqlite, const char *name, const char *value,
                           GError **error)
{
    (void)name;
    return take_version_table(sqlite, value, error);
}

static gboolean take_foreign_keys(struct sqlite *sqlite, const char *name, const char *value,
                                  GError **error)
{
    return parse_boolean(name, value, &sqlite->enables_foreign_keys, error);
}

/* It has no effect: each file by itself says whether a transaction can hold it. */
static gboolean take_no_tx_wrap(struct sqlite *sqlite, const char *name, const char *value,
                                GError **error)
{
    gboolean ignored = FALSE;
    (void)sqlite;
    return parse_boolean(name, value, &ignored, error);
}

static const struct url_parameter parameters[] = {
    {"x-migrations-table", take_table},
    {"x-no-tx-wrap", take_no_tx_wrap},
    {"_foreign_keys", take_foreign_keys},
    {"_fk", take_foreign_keys},
};

static gboolean take_parameter(struct sqlite *sqlite, const char *text, GError **error)
{
    g_autofree char *decoded = g_uri_unescape_string(text, NULL);
    g_autofree char *name = g_strdup(decoded != NULL ? decoded : text);
    char *equals = strchr(name, '=');
    const char *value = equals != NULL ? equals + 1 : "";
    if (equals != NULL)
        *equals = '\0';
    for (gsize i = 0; i < G_N_ELEMENTS(parameters); i++)
        if (strcmp(parameters[i].name, name) == 0)
            return parameters[i].take(sqlite, name, value, error);
    error_set(error, ERROR_CONFIG, "the URL parameter '%s' is not known for SQLite", name);
    error_advise(error, "known are x-migrations-table, x-no-tx-wrap and _foreign_keys");
    return FALSE;
}

static gboolean take_parameters(struct sqlite *sqlite, const char *query, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(query, "&", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0' && !take_parameter(sqlite, *part, error))
            return FALSE;
    return TRUE;
}

/* The file itself, so that every name of it has the same lock. */
static char *resolve(const char *path)
{
    char *resolved = realpath(path, NULL);
    if (resolved != NULL) {
        char *copy = g_strdup(resolved);
        free(resolved);
        return copy;
    }
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *parent = g_path_get_dirname(absolute);
    g_autofree char *name = g_path_get_basename(absolute);
    resolved = realpath(parent, NULL);
    char *joined = g_build_filename(resolved != NULL ? resolved : parent, name, NULL);
    free(resolved);
    return joined;
}

static gboolean take_path(struct sqlite *sqlite, const char *path, GError **error)
{
    if (*path == '\0') {
        error_set(error, ERROR_CONFIG, "the SQLite database has no file name");
        error_advise(error, "write sqlite3://path/to/file.db");
        return FALSE;
    }
    sqlite->is_memory = strcmp(path, ":memory:") == 0;
    sqlite->path = sqlite->is_memory ? g_strdup(path) : resolve(path);
    if (!g_file_test(sqlite->path, G_FILE_TEST_IS_DIR))
        return TRUE;
    error_set(error, ERROR_CONFIG, "%s is a directory, not a SQLite database", sqlite->path);
    return FALSE;
}

gboolean sqlite_locate(struct sqlite *sqlite, const struct database_options *options,
                       GError **error)
{
    const char *text = options->url != NULL ? options->url : options->name;
    const char *scheme_end = text != NULL && options->url != NULL ? strstr(text, "://") : NULL;
    const char *path = scheme_end != NULL ? scheme_end + 3 : text != NULL ? text : "";
    const char *query = scheme_end != NULL ? strchr(path, '?') : NULL;
    g_autofree char *file = query != NULL ? g_strndup(path, (gsize)(query - path)) : g_strdup(path);
    sqlite->is_read_only = options->is_read_only;
    sqlite->own = g_strdup(options->own_schema != NULL ? options->own_schema : "winch");
    if (!take_path(sqlite, file, error) ||
        !take_version_table(sqlite, options->version_table, error) ||
        (query != NULL && !take_parameters(sqlite, query + 1, error)))
        return FALSE;
    sqlite->table_name = g_strconcat("main.", sqlite->table, NULL);
    sqlite->lock_path = g_strconcat(sqlite->path, ".winch-lock", NULL);
    return TRUE;
}
