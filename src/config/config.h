/* The configuration in force: what holds, and who said so. */
#ifndef WINCH_CONFIG_CONFIG_H
#define WINCH_CONFIG_CONFIG_H

#include <glib.h>

#include "base/autofree.h"
#include "config/policy.h"
#include "config/setting.h"
#include "config/variables.h"

/* Who gave a value, in rising precedence. */
enum origin {
    ORIGIN_DEFAULT,
    ORIGIN_FILE,
    ORIGIN_LIBPQ, /* a PG* variable: libpq reads it itself */
    ORIGIN_ENVIRONMENT,
    ORIGIN_COMMAND_LINE,
};

struct config_origin {
    enum origin kind;
    const char *file; /* ORIGIN_FILE, as it was named */
    unsigned line;
    const char *name;     /* the variable, or the option as it was written */
    gboolean is_fallback; /* ORIGIN_FILE: a ${VAR:-default} supplied it, nobody else did */
};

/* One value from the command line. */
struct config_override {
    enum config_key key;
    const char *value;  /* not empty; durations: a bare number counts seconds */
    const char *option; /* as written, for messages: "-lock-timeout" */
};

/* Where to look. Everything is copied. */
struct config_sources {
    const char *file; /* must exist; NULL: WINCH_CONFIG, else ./configs/migrations.yaml, else
                         ./migrations.yaml, else none */
    const struct config_override *overrides; /* of two for a key the later one counts */
    gsize override_count;
    variable_lookup lookup; /* NULL: the process's environment */
    gpointer lookup_data;
    const char *const *lint_rules; /* the names lint.rules may speak of; NULL: any */
    gboolean needs_no_database;    /* what is said of the database may have unset variables */
};

/* Immutable once loaded; threads may share it. */
struct config;

/* Reads all sources. Blocks on the disk. Every mistake is told in one ERROR_CONFIG: see
 * mistakes_report(). No message holds a password. */
struct config *config_load(const struct config_sources *sources, GError **error);

/* The same from text instead of a file. name stands for the file in messages; is_private: nobody
 * but its owner can read it, so passwords in plain text may stand in it. sources->file is not
 * looked at. */
struct config *config_load_text(const struct config_sources *sources, const char *name,
                                const char *bytes, gsize length, gboolean is_private,
                                GError **error);

/* Wipes what is secret. */
void config_free(struct config *config);
DEFINE_AUTOPTR(config, config_free);

/* The file that was read, or NULL. */
const char *config_file(const struct config *config);

/* An empty value, in YAML or a variable, is as good as none. */
gboolean config_is_set(const struct config *config, enum config_key key);

/* The text of any setting but a list; NULL when unset. Borrowed. Secrets are as they are. */
const char *config_string(const struct config *config, enum config_key key);
/* Bytes for a size. */
gint64 config_integer(const struct config *config, enum config_key key);
gboolean config_boolean(const struct config *config, enum config_key key);

/* Milliseconds; -1 when unset. */
gint64 config_duration(const struct config *config, enum config_key key);

/* NULL-terminated, never NULL. Borrowed. */
const char *const *config_list(const struct config *config, enum config_key key);

/* The level that SETTING_LEVELS has for a name ("error"); NULL when it says nothing of it. What the
 * environment in force says of lint is already in it. Borrowed. */
const char *config_level(const struct config *config, enum config_key key, const char *name);

/* Borrowed. An unset value has ORIGIN_DEFAULT. */
const struct config_origin *config_origin(const struct config *config, enum config_key key);

/* "configs/migrations.yaml:7", "WINCH_TIMEOUT", "--timeout" or "default". Free with g_free(). */
char *config_origin_describe(const struct config_origin *origin);

/* A value as it may be shown: passwords, also within URLs, as "***"; commands and lists from the
 * file with their ${VAR} unexpanded. NULL when unset. Free with g_free(). */
char *config_describe(const struct config *config, enum config_key key);

/* text with every password this configuration knows as "***". Free with g_free(). */
char *config_scrub(const struct config *config, const char *text);

/* The policy of an environment, built in or of the file; NULL when there is none of that name
 * (treat it as "unknown"). Borrowed. */
const struct policy *config_policy(const struct config *config, const char *environment);

/* All of them, the built-in ones first; NULL at the end. Borrowed. */
const struct policy *config_policy_at(const struct config *config, guint index);

/* The policy that the configuration by itself asks for: of the environment somebody named;
 * "unknown" when nobody did, or when only a ${VAR:-default} did and "unknown" is stricter
 * anywhere. Borrowed. */
const struct policy *config_policy_in_force(const struct config *config);

/* How to connect. */
struct config_database {
    const char *driver; /* "postgres" or "sqlite3". Static */
    const char *url;    /* URL or conninfo string, NULL when parts serve. Borrowed from config */
    /* For PQconnectdbParams(), NULL-terminated, in the order that makes the right one win; with
     * expand_dbname when there is a url, which is then the value of the first "dbname". Passwords
     * are not among them, nor what libpq reads from the environment itself. With SQLite "dbname"
     * is the file. */
    const char **keywords;
    const char **values;
    GStringChunk *strings;
};

struct config_database *config_database_new(const struct config *config);
void config_database_free(struct config_database *database);
DEFINE_AUTOPTR(config_database, config_database_free);

/* The password to add to that, from a value, password_file or password_command; *password is NULL
 * when there is none to add (libpq then looks into the URL, PGPASSWORD and .pgpass). Blocks on
 * disk or command. Free with secret_free(). */
gboolean config_database_password(const struct config *config, char **password, GError **error);

#endif
