/* How libpq's own programs, and other databases of the same server, are reached as this handle
 * reached its own: by what libpq made of URL, environment, service file and .pgpass. */
#include "database/client.h"

#include <string.h>

#include "database/postgres/postgres.h"

static const struct postgres *postgres_of(const struct database *database)
{
    return database->driver == &postgres_driver ? (const struct postgres *)database : NULL;
}

/* What is passed on under another name, or belongs to this session alone. */
static gboolean is_own(const char *keyword)
{
    static const char *const own[] = {"dbname",           "password", "service",
                                      "application_name", "options",  "fallback_application_name",
                                      "replication"};
    for (gsize i = 0; i < G_N_ELEMENTS(own); i++)
        if (g_str_equal(keyword, own[i]))
            return TRUE;
    return FALSE;
}

static char **set_unless_empty(char **environment, const char *variable, const char *value)
{
    return value != NULL && *value != '\0' ? g_environ_setenv(environment, variable, value, TRUE)
                                           : environment;
}

/* Nothing of the caller's own PG* but what steers no connection. */
static char **plain_environment(void)
{
    char **environment = g_get_environ();
    g_auto(GStrv) names = g_listenv();
    for (char **name = names; *name != NULL; name++)
        if (g_str_has_prefix(*name, "PG") && !g_str_equal(*name, "PGSYSCONFDIR"))
            environment = g_environ_unsetenv(environment, *name);
    return g_environ_setenv(environment, "LC_MESSAGES", "C", TRUE);
}

char **database_client_environment(const struct database *database, const char *name)
{
    const struct postgres *postgres = postgres_of(database);
    if (postgres == NULL)
        return NULL;
    char **environment = plain_environment();
    PQconninfoOption *options = PQconninfo(postgres->main);
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        if (o->envvar != NULL && !is_own(o->keyword))
            environment = set_unless_empty(environment, o->envvar, o->val);
    PQconninfoFree(options);
    environment =
        set_unless_empty(environment, "PGDATABASE", name != NULL ? name : PQdb(postgres->main));
    environment = set_unless_empty(environment, "PGAPPNAME", postgres->application_name);
    /* The one that was used, also when it came from .pgpass under another database's name. */
    return set_unless_empty(environment, "PGPASSWORD", PQpass(postgres->main));
}

static void append_parameter(GString *url, const char *keyword, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
    g_string_append_printf(url, "%c%s=%s", strchr(url->str, '?') != NULL ? '&' : '?', keyword,
                           escaped);
}

char *database_url_beside(const struct database *database, const char *name)
{
    const struct postgres *postgres = postgres_of(database);
    if (postgres == NULL)
        return NULL;
    g_autofree char *path = g_uri_escape_string(name, NULL, FALSE);
    GString *url = g_string_new("postgres:///");
    g_string_append(url, path);
    PQconninfoOption *options = PQconninfo(postgres->main);
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        if (!is_own(o->keyword))
            append_parameter(url, o->keyword, o->val);
    PQconninfoFree(options);
    append_parameter(url, "password", PQpass(postgres->main));
    return g_string_free(url, FALSE);
}
