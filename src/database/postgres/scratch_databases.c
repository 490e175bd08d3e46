/* Throwaway databases on a server: by CREATE DATABASE, an advisory lock and a comment. */
#include "database/scratch_databases.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database/client.h"
#include "database/postgres/postgres.h"

#define PREFIX  "winch_scratch_"
#define COMMENT "winch scratch database: made to try migrations in, may be dropped"

/* Class of the advisory locks that makers hold: "wins" in ASCII. */
#define LOCK_CLASS 2003398259

struct scratch_databases {
    struct postgres *postgres;
    guint32 key; /* the maker's: of the advisory lock, and first half of the names' digits */
    GPtrArray *names, *urls; /* of char *: what was made and not dropped, beside each other */
    GPtrArray *left;
    GPid guardian; /* -1: none */
    int lifeline;
    GMutex lock;
};

/* ---- the guardian ----------------------------------------------------------------------------
 */

/* $1 is psql, $2 the maker's key. Hears "+ NAME" and "- NAME"; its input ends when we do. The
 * maker's session is ended first: it may be about to make another one. */
static const char guardian_script[] =
    "trap '' HUP INT TERM\n"
    "names=\n"
    "while read -r sign name; do\n"
    "    rest=\n"
    "    for known in $names; do [ \"$known\" = \"$name\" ] || rest=\"$rest $known\"; done\n"
    "    names=$rest\n"
    "    [ \"$sign\" = - ] || names=\"$names $name\"\n"
    "done\n"
    "[ -n \"$names\" ] || exit 0\n"
    "holder=\"FROM pg_catalog.pg_locks WHERE locktype = 'advisory'"
    " AND classid::int8 = " G_STRINGIFY(
        LOCK_CLASS) " AND objid::int8 = $2 AND granted\"\n"
                    "\"$1\" -X -q -w -c \"DO 'BEGIN PERFORM pg_catalog.pg_terminate_backend(pid) "
                    "$(printf %s \"$holder\" | sed \"s/'/''/g\"); FOR i IN 1..200 LOOP EXIT WHEN "
                    "NOT EXISTS "
                    "(SELECT $(printf %s \"$holder\" | sed \"s/'/''/g\")); PERFORM "
                    "pg_catalog.pg_sleep(0.05); "
                    "END LOOP; END'\"\n"
                    "for name in $names; do\n"
                    "    \"$1\" -X -q -w -c \"DROP DATABASE IF EXISTS $name WITH (FORCE)\"\n"
                    "done\n";

static void guardian_become(gpointer data)
{
    sigset_t none;
    (void)data;
    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Without psql there is none: what a kill leaves is then found by the next to come. */
static void guardian_start(struct scratch_databases *databases)
{
    g_autofree char *psql = client_program("psql", NULL);
    g_autofree char *key = g_strdup_printf("%u", databases->key);
    char **environment =
        psql != NULL ? database_client_environment(&databases->postgres->base, NULL) : NULL;
    const char *arguments[] = {"/bin/sh", "-c", guardian_script, "winch-guardian", psql, key, NULL};
    if (environment != NULL &&
        !g_spawn_async_with_pipes("/", (char **)(gpointer)arguments, environment,
                                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES |
                                      G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                                  guardian_become, NULL, &databases->guardian, &databases->lifeline,
                                  NULL, NULL, NULL))
        databases->guardian = -1;
    client_environment_free(environment);
}

static void guardian_tell(const struct scratch_databases *databases, char sign, const char *name)
{
    g_autofree char *line = g_strdup_printf("%c %s\n", sign, name);
    gsize length = strlen(line);
    if (databases->guardian > 0 && write(databases->lifeline, line, length) != (ssize_t)length)
        g_debug("the guardian of scratch databases is gone");
}

static void guardian_release(struct scratch_databases *databases)
{
    int status;
    if (databases->guardian <= 0)
        return;
    close(databases->lifeline);
    while (waitpid(databases->guardian, &status, 0) < 0 && errno == EINTR)
        ;
}

/* ---- what the dead left ---------------------------------------------------------------------- */

static gboolean drop(struct postgres *postgres, const char *name, const char *with, GError **error)
{
    g_autofree char *quoted = postgres_quote(name);
    g_autofree char *sql = g_strdup_printf("DROP DATABASE IF EXISTS %s%s", quoted, with);
    return postgres_execute(postgres, postgres->main, sql, error);
}

/* Nobody is thrown out of these: one in use is left. */
static gboolean clean_up(struct scratch_databases *databases, GError **error)
{
    struct postgres *postgres = databases->postgres;
    static const char sql[] =
        "SELECT d.datname, d.datdba = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = "
        "current_user) AND pg_catalog.shobj_description(d.oid, 'pg_database') = '" COMMENT "' "
        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND "
        "l.classid::int8 = " G_STRINGIFY(
            LOCK_CLASS) " AND l.objsubid = 2 AND l.objid = "
                        "('x' || substr(d.datname, 15, 8))::bit(32)::int8::oid) "
                        "FROM pg_catalog.pg_database d WHERE d.datname::text ~ '^" PREFIX
                        "[0-9a-f]{16}$' ORDER BY 1";
    AUTORESULT *rows = postgres_query(postgres, postgres->main, sql, 0, NULL, error);
    if (rows == NULL)
        return FALSE;
    for (int i = 0; i < PQntuples(rows); i++) {
        const char *name = PQgetvalue(rows, i, 0);
        gboolean is_ours = *PQgetvalue(rows, i, 1) == 't';
        if (!is_ours || !drop(postgres, name, "", NULL))
            g_ptr_array_add(databases->left, g_strdup(name));
    }
    return TRUE;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static gboolean take_lock(struct scratch_databases *databases, GError **error)
{
    struct postgres *postgres = databases->postgres;
    for (;;) {
        databases->key = g_random_int() & G_MAXINT32;
        g_autofree char *sql = g_strdup_printf("SELECT pg_catalog.pg_try_advisory_lock(%d, %u)",
                                               LOCK_CLASS, databases->key);
        AUTORESULT *row = postgres_query(postgres, postgres->main, sql, 0, NULL, error);
        if (row == NULL)
            return FALSE;
        if (*PQgetvalue(row, 0, 0) == 't')
            return TRUE;
    }
}

struct scratch_databases *scratch_databases_open(const char *url, const char *password,
                                                 gboolean has_guardian,
                                                 struct cancellation *cancellation, GError **error)
{
    const struct database_options options = {
        .url = url,
        .password = password,
        .application_name = "winch scratch",
        .connect_timeout = 10000,
        .cancellation = cancellation,
    };
    AUTOPTR(database) *database = database_open(&options, error);
    if (database == NULL)
        return NULL;
    if (database->driver != &postgres_driver) {
        error_set(error, ERROR_CONFIG, "scratch databases are made on PostgreSQL alone");
        return NULL;
    }
    AUTOPTR(scratch_databases) *databases = g_new0(struct scratch_databases, 1);
    databases->postgres = (struct postgres *)g_steal_pointer(&database);
    databases->names = g_ptr_array_new_with_free_func(g_free);
    databases->urls = g_ptr_array_new_with_free_func(g_free);
    databases->left = g_ptr_array_new_with_free_func(g_free);
    databases->guardian = -1;
    g_mutex_init(&databases->lock);
    if (!clean_up(databases, error) || !take_lock(databases, error))
        return NULL;
    if (has_guardian)
        guardian_start(databases);
    return g_steal_pointer(&databases);
}

static gboolean drop_at(struct scratch_databases *databases, guint index, GError **error)
{
    const char *name = databases->names->pdata[index];
    if (!drop(databases->postgres, name, " WITH (FORCE)", error))
        return FALSE;
    guardian_tell(databases, '-', name);
    g_ptr_array_remove_index(databases->names, index);
    g_ptr_array_remove_index(databases->urls, index);
    return TRUE;
}

void scratch_databases_close(struct scratch_databases *databases)
{
    /* Not to be cancelled: this is what a cancelled run ends with. */
    struct cancellation *cancellation = databases->postgres->base.cancellation;
    databases->postgres->base.cancellation = NULL;
    for (guint i = databases->names->len; i > 0; i--)
        drop_at(databases, i - 1, NULL);
    databases->postgres->base.cancellation = cancellation;
    database_close(&databases->postgres->base);
    guardian_release(databases);
    g_ptr_array_unref(databases->names);
    g_ptr_array_unref(databases->urls);
    g_ptr_array_unref(databases->left);
    g_mutex_clear(&databases->lock);
    g_free(databases);
}

const GPtrArray *scratch_databases_left(const struct scratch_databases *databases)
{
    return databases->left;
}

struct database *scratch_databases_handle(const struct scratch_databases *databases)
{
    return &databases->postgres->base;
}

/* ---- making and dropping --------------------------------------------------------------------- */

static gboolean make(struct postgres *postgres, const char *name, const char *template,
                     GError **error)
{
    g_autofree char *quoted = postgres_quote(name);
    g_autofree char *from = postgres_quote(template);
    g_autofree char *create = g_strdup_printf("CREATE DATABASE %s TEMPLATE %s", quoted, from);
    g_autofree char *comment = g_strdup_printf("COMMENT ON DATABASE %s IS '" COMMENT "'", quoted);
    return postgres_execute(postgres, postgres->main, create, error) &&
           postgres_execute(postgres, postgres->main, comment, error);
}

static char *name_new(const struct scratch_databases *databases)
{
    return g_strdup_printf(PREFIX "%08x%08x", databases->key, g_random_int());
}

/* The lock is held. */
static char *create_from(struct scratch_databases *databases, const char *own, const char *template,
                         GError **error)
{
    char *url = database_url_beside(&databases->postgres->base, own);
    guardian_tell(databases, '+', own);
    g_ptr_array_add(databases->names, g_strdup(own));
    g_ptr_array_add(databases->urls, g_strdup(url));
    if (make(databases->postgres, own, template, error))
        return url;
    drop_at(databases, databases->names->len - 1, NULL);
    g_prefix_error(error, "a scratch database could not be made: ");
    g_free(url);
    return NULL;
}

char *scratch_databases_create(struct scratch_databases *databases, const char *name,
                               GError **error)
{
    g_autofree char *own = name != NULL ? g_strdup(name) : name_new(databases);
    g_mutex_lock(&databases->lock);
    char *url = create_from(databases, own, "template0", error);
    g_mutex_unlock(&databases->lock);
    return url;
}

char *scratch_databases_copy(struct scratch_databases *databases, const char *url, GError **error)
{
    g_autofree char *own = name_new(databases);
    char *copy = NULL;
    g_mutex_lock(&databases->lock);
    for (guint i = databases->urls->len; copy == NULL && i > 0; i--)
        if (strcmp(url, databases->urls->pdata[i - 1]) == 0) {
            g_autofree char *template = g_strdup(databases->names->pdata[i - 1]);
            copy = create_from(databases, own, template, error);
            break;
        }
    g_mutex_unlock(&databases->lock);
    return copy;
}

gboolean scratch_databases_drop(struct scratch_databases *databases, const char *url,
                                GError **error)
{
    gboolean is_dropped = TRUE;
    g_mutex_lock(&databases->lock);
    for (guint i = databases->urls->len; i > 0; i--)
        if (g_str_has_prefix(url, databases->urls->pdata[i - 1]))
            is_dropped = drop_at(databases, i - 1, error);
    g_mutex_unlock(&databases->lock);
    return is_dropped;
}

/* ---- what is a server's and not a database's ------------------------------------------------- */

/* Statements that make the roles of one server on another where they are missing, and their
 * memberships; passwords are nobody's business. */
static const char roles_sql[] =
    "SELECT pg_catalog.format('DO %L', pg_catalog.format('BEGIN IF NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_roles WHERE rolname = %L) THEN CREATE ROLE %I LOGIN%s%s%s%s%s%s; END IF; END', "
    "rolname, rolname, CASE WHEN rolsuper THEN ' SUPERUSER' END, "
    "CASE WHEN NOT rolinherit THEN ' NOINHERIT' END, "
    "CASE WHEN rolcreaterole THEN ' CREATEROLE' END, "
    "CASE WHEN rolcreatedb THEN ' CREATEDB' END, "
    "CASE WHEN rolreplication THEN ' REPLICATION' END, "
    "CASE WHEN rolbypassrls THEN ' BYPASSRLS' END)) FROM pg_catalog.pg_roles "
    "WHERE rolname::text !~ '^pg_' UNION ALL "
    "SELECT DISTINCT pg_catalog.format('GRANT %I TO %I%s', r.rolname, m.rolname, "
    "CASE WHEN a.admin_option THEN ' WITH ADMIN OPTION' END) FROM pg_catalog.pg_auth_members a "
    "JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member "
    "WHERE m.rolname::text !~ '^pg_'";

/* Runs what each row of rows says. FALSE only for problems NULL. */
static gboolean run_rows(struct postgres *postgres, const PGresult *rows, GPtrArray *problems,
                         GError **error)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        g_autoptr(GError) why = NULL;
        if (postgres_execute(postgres, postgres->main, PQgetvalue(rows, i, 0), &why))
            continue;
        if (problems == NULL) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        g_ptr_array_add(problems, g_strdup(why->message));
    }
    return TRUE;
}

gboolean scratch_databases_copy_roles(struct scratch_databases *databases, struct database *from,
                                      GError **error)
{
    struct postgres *source = (struct postgres *)from;
    AUTORESULT *rows = postgres_query(source, source->main, roles_sql, 0, NULL, error);
    if (rows != NULL && run_rows(databases->postgres, rows, NULL, error))
        return TRUE;
    g_prefix_error(error, "the roles could not be copied: ");
    return FALSE;
}

/* $1 is the database to be told, quoted. The server's own words, so that lists stay lists: what was
 * set is taken from the session, FROM CURRENT. winch's own settings are not the copy's. */
static const char settings_sql[] =
    "SELECT pg_catalog.format('ALTER DATABASE %s OWNER TO %I', $1::text, "
    "pg_catalog.pg_get_userbyid(datdba)) FROM pg_catalog.pg_database WHERE datname = "
    "current_database() UNION ALL "
    "SELECT pg_catalog.format('SELECT pg_catalog.set_config(%L, %L, true); ALTER DATABASE %s SET "
    "%s FROM CURRENT', n.name, n.value, $1::text, n.quoted) FROM (SELECT split_part(c, '=', 1) AS "
    "name, "
    "substr(c, strpos(c, '=') + 1) AS value, (SELECT pg_catalog.string_agg("
    "pg_catalog.quote_ident(p), '.') FROM pg_catalog.regexp_split_to_table(split_part(c, '=', 1), "
    "'\\.') AS p) AS quoted FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON "
    "d.oid = s.setdatabase AND d.datname = current_database(), pg_catalog.unnest(s.setconfig) AS c "
    "WHERE s.setrole = '0' AND c !~ '^winch\\.') n";

void scratch_databases_copy_settings(struct scratch_databases *databases, const char *url,
                                     struct database *from, GPtrArray *problems)
{
    struct postgres *source = (struct postgres *)from;
    for (guint i = 0; i < databases->urls->len; i++) {
        if (!g_str_has_prefix(url, databases->urls->pdata[i]))
            continue;
        g_autoptr(GError) why = NULL;
        g_autofree char *quoted = postgres_quote(databases->names->pdata[i]);
        const char *parameters[] = {quoted};
        AUTORESULT *rows = postgres_query(source, source->main, settings_sql, 1, parameters, &why);
        if (rows == NULL)
            g_ptr_array_add(problems, g_strdup(why->message));
        else
            run_rows(databases->postgres, rows, problems, NULL);
    }
}
