/* The schema of a database, in a scratch one: pg_dump writes it, psql reads it. What is written in
 * between lies in a file without a name, which nobody else can open and no kill leaves behind. */
#include "engine/scratch_internal.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "database/client.h"
#include "database/scratch_databases.h"

/* pg_dump holds ACCESS SHARE on what it has while it waits for the next: whoever alters a table
 * meanwhile waits for it, and everybody behind him. */
#define LOCK_WAIT "--lock-wait-timeout=2000"

/* Open for reading and writing, 0600, already removed. */
static int open_nameless(GError **error)
{
    g_autofree char *name = NULL;
    int file = g_file_open_tmp("winch-schema-XXXXXX", &name, NULL);
    if (file < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "a temporary file in %s", g_get_tmp_dir());
        return -1;
    }
    g_unlink(name);
    return file;
}

static gboolean dump(const struct scratch *scratch, struct database *from, int file, GError **error)
{
    g_autofree char *program = client_program("pg_dump", error);
    if (program == NULL)
        return FALSE;
    const char *arguments[] = {program,
                               "--schema-only",
                               "--no-tablespaces",
                               "--no-password",
                               "--no-subscriptions",
                               "--no-security-labels",
                               LOCK_WAIT,
                               NULL,
                               NULL,
                               NULL};
    if (!scratch_is_private(scratch)) {
        arguments[7] = "--no-owner";
        arguments[8] = "--no-privileges";
    }
    char **environment = database_client_environment(from, NULL);
    gboolean is_done =
        client_run(arguments, environment, -1, file, scratch->cancellation, NULL, error);
    client_environment_free(environment);
    return is_done;
}

/* As one transaction: all of it or nothing. */
static gboolean restore(const struct scratch *scratch, const char *name, int file, GError **error)
{
    g_autofree char *program = client_program("psql", error);
    if (program == NULL)
        return FALSE;
    const char *arguments[] = {program,           "-X", "-q", "-w", "-o", "/dev/null", "-v",
                               "ON_ERROR_STOP=1", "-1", "-f", "-",  NULL};
    char **environment =
        database_client_environment(scratch_databases_handle(scratch->databases), name);
    gboolean is_done =
        lseek(file, 0, SEEK_SET) == 0 &&
        client_run(arguments, environment, file, -1, scratch->cancellation, NULL, error);
    client_environment_free(environment);
    return is_done;
}

/* The name of the database in a URL that scratch_databases_create() gave. */
static char *name_in(const char *url)
{
    const char *start = url + strlen("postgres:///");
    return g_uri_unescape_segment(start, start + strcspn(start, "?"), NULL);
}

/* On a private server everybody is let in, so that it is met as who meets the real one. */
static void connect_as(char **url, const char *user)
{
    g_autofree char *escaped = g_uri_escape_string(user, NULL, FALSE);
    char *whole = g_strconcat(*url, "&user=", escaped, NULL);
    g_free(*url);
    *url = whole;
}

void scratch_copy_clear(struct scratch_copy *copy)
{
    for (volatile char *at = copy->url; at != NULL && *at != '\0'; at++)
        *at = '\0';
    g_free(copy->url);
    g_free(copy->how);
    g_clear_pointer(&copy->problems, g_ptr_array_unref);
    memset(copy, 0, sizeof *copy);
}

/* What "postgres" stands for on a private server is taken. */
static const char *name_for(const struct scratch *scratch, const struct database *from)
{
    const char *name = database_facts(from)->database;
    return scratch_is_private(scratch) && strcmp(name, "postgres") != 0 &&
                   strcmp(name, "template1") != 0
               ? name
               : NULL;
}

static gboolean copy_into(struct scratch *scratch, struct database *from, struct scratch_copy *copy,
                          GError **error)
{
    AUTOCLOSE file = open_nameless(error);
    g_autofree char *name = name_in(copy->url);
    if (file < 0 || !dump(scratch, from, file, error) || !restore(scratch, name, file, error))
        return FALSE;
    scratch_databases_copy_settings(scratch->databases, copy->url, from, copy->problems);
    if (scratch_is_private(scratch))
        connect_as(&copy->url, database_facts(from)->session_user);
    else
        g_ptr_array_add(copy->problems, g_strdup("owners and grants are not copied"));
    return TRUE;
}

gboolean scratch_copy_schema(struct scratch *scratch, struct database *from,
                             struct scratch_copy *copy, GError **error)
{
    memset(copy, 0, sizeof *copy);
    copy->problems = g_ptr_array_new_with_free_func(g_free);
    if (scratch_is_private(scratch) &&
        !scratch_databases_copy_roles(scratch->databases, from, error)) {
        scratch_copy_clear(copy);
        return FALSE;
    }
    copy->url = scratch_databases_create(scratch->databases, name_for(scratch, from), error);
    g_autofree char *made = g_strdup(copy->url);
    if (made != NULL && copy_into(scratch, from, copy, error)) {
        copy->how = g_strdup_printf("schema of %s by pg_dump, no rows", database_label(from));
        return TRUE;
    }
    if (made != NULL)
        scratch_databases_drop(scratch->databases, made, NULL);
    scratch_copy_clear(copy);
    return FALSE;
}
