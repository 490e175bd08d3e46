/* Every setting there is: where it may be given, what it may be, what it is otherwise. One row
 * each; the reader, `winch config` and the manual are made from the rows. */
#ifndef WINCH_CONFIG_SETTING_H
#define WINCH_CONFIG_SETTING_H

#include <glib.h>

enum setting_type {
    SETTING_TEXT,
    SETTING_PATH,       /* as given: relative to the directory winch is started in */
    SETTING_SECRET,     /* never shown */
    SETTING_CONNECTION, /* a URL or conninfo string; shown without its password */
    SETTING_COMMAND,    /* words as a shell would split them; no shell runs them */
    SETTING_CHOICE,     /* one of choices */
    SETTING_INTEGER,    /* minimum to maximum */
    SETTING_BOOLEAN,
    SETTING_DURATION, /* milliseconds */
    SETTING_SIZE,     /* bytes */
    SETTING_PORTS,    /* a port, or several with commas, as libpq takes them */
    SETTING_LISTEN,   /* address:port */
    SETTING_LIST,     /* of commands */
    SETTING_LEVELS,   /* a mapping of names to one of choices each */
};

/* X(key, type, path, variable, libpq's variable, default, choices, minimum, maximum, summary) */
#define CONFIG_SETTINGS(X)                                                                         \
    X(ENVIRONMENT, TEXT, "environment", "WINCH_ENVIRONMENT", NULL, NULL, NULL, 0, 0,               \
      "which environment's policy holds; unknown unless said")                                     \
    X(DATABASE_URL, CONNECTION, "database.url", "WINCH_DATABASE_URL", NULL, NULL, NULL, 0, 0,      \
      "URL or conninfo string, in place of the parts")                                             \
    X(DATABASE_DRIVER, CHOICE, "database.driver", "WINCH_DATABASE_DRIVER", NULL, "postgres",       \
      "postgres postgresql pgx pgx4 pgx5 sqlite3 sqlite", 0, 0, "kind of database")                \
    X(DATABASE_HOST, TEXT, "database.host", "WINCH_DATABASE_HOST", "PGHOST", NULL, NULL, 0, 0,     \
      "host name, address or socket directory")                                                    \
    X(DATABASE_PORT, PORTS, "database.port", "WINCH_DATABASE_PORT", "PGPORT", NULL, NULL, 0, 0,    \
      "port")                                                                                      \
    X(DATABASE_NAME, TEXT, "database.name", "WINCH_DATABASE_NAME", "PGDATABASE", NULL, NULL, 0, 0, \
      "database; with SQLite its file")                                                            \
    X(DATABASE_USERNAME, TEXT, "database.username", "WINCH_DATABASE_USERNAME", "PGUSER", NULL,     \
      NULL, 0, 0, "role to connect as")                                                            \
    X(DATABASE_PASSWORD, SECRET, "database.password", "WINCH_DATABASE_PASSWORD", "PGPASSWORD",     \
      NULL, NULL, 0, 0, "password; better from a variable, a file or a command")                   \
    X(DATABASE_PASSWORD_FILE, PATH, "database.password_file", "WINCH_DATABASE_PASSWORD_FILE",      \
      NULL, NULL, NULL, 0, 0,                                                                      \
      "file whose first line is the password; its owner's alone, or a container's secret")         \
    X(DATABASE_PASSWORD_COMMAND, COMMAND, "database.password_command",                             \
      "WINCH_DATABASE_PASSWORD_COMMAND", NULL, NULL, NULL, 0, 0,                                   \
      "command whose first line of output is the password; run without a shell")                   \
    X(DATABASE_SSLMODE, CHOICE, "database.sslmode", "WINCH_DATABASE_SSLMODE", "PGSSLMODE", NULL,   \
      "disable allow prefer require verify-ca verify-full", 0, 0, "how the connection is secured") \
    X(DATABASE_SSLROOTCERT, PATH, "database.sslrootcert", "WINCH_DATABASE_SSLROOTCERT",            \
      "PGSSLROOTCERT", NULL, NULL, 0, 0, "certificates trusted to sign the server's")              \
    X(DATABASE_SSLCERT, PATH, "database.sslcert", "WINCH_DATABASE_SSLCERT", "PGSSLCERT", NULL,     \
      NULL, 0, 0, "client certificate")                                                            \
    X(DATABASE_SSLKEY, PATH, "database.sslkey", "WINCH_DATABASE_SSLKEY", "PGSSLKEY", NULL, NULL,   \
      0, 0, "key of the client certificate")                                                       \
    X(DATABASE_SERVICE, TEXT, "database.service", "WINCH_DATABASE_SERVICE", "PGSERVICE", NULL,     \
      NULL, 0, 0, "entry of libpq's service file")                                                 \
    X(DATABASE_CONNECT_TIMEOUT, DURATION, "database.connect_timeout",                              \
      "WINCH_DATABASE_CONNECT_TIMEOUT", "PGCONNECT_TIMEOUT", NULL, NULL, 0, 0,                     \
      "longest wait for one host to answer")                                                       \
    X(MIGRATIONS_PATH, PATH, "options.migrations_path", "WINCH_MIGRATIONS_PATH", NULL,             \
      "./migrations", NULL, 0, 0, "directory of the migration files")                              \
    X(TIMEOUT, DURATION, "options.timeout", "WINCH_TIMEOUT", NULL, "300s", NULL, 0, 0,             \
      "longest time for one migration; 0: no limit")                                               \
    X(LOCK_TIMEOUT, DURATION, "options.lock_timeout", "WINCH_LOCK_TIMEOUT", NULL, "30s", NULL, 0,  \
      0, "longest wait for a lock, the migration lock included")                                   \
    X(MAX_RETRIES, INTEGER, "options.max_retries", "WINCH_MAX_RETRIES", NULL, "3", NULL, 0, 1000,  \
      "how often what may pass is tried again")                                                    \
    X(RETRY_DELAY, DURATION, "options.retry_delay", "WINCH_RETRY_DELAY", NULL, "5s", NULL, 0, 0,   \
      "wait before trying again")                                                                  \
    X(VERSION_TABLE, TEXT, "options.version_table", "WINCH_VERSION_TABLE", NULL,                   \
      "schema_migrations", NULL, 0, 0, "version table, in the current schema; or schema.table")    \
    X(OWN_SCHEMA, TEXT, "options.own_schema", "WINCH_OWN_SCHEMA", NULL, "winch", NULL, 0, 0,       \
      "schema of history, marks and catalog")                                                      \
    X(ON_HANGUP, CHOICE, "options.on_hangup", "WINCH_ON_HANGUP", NULL, "finish", "finish cancel",  \
      0, 0, "what becomes of the running migration when the terminal goes away")                   \
    X(PREVIEW_MAX_AGE, DURATION, "options.preview_max_age", "WINCH_PREVIEW_MAX_AGE", NULL,         \
      "30min", NULL, 0, 0, "how long a preview is good for")                                       \
    X(LARGE_TABLE, SIZE, "options.large_table", "WINCH_LARGE_TABLE", NULL, "100MB", NULL, 0, 0,    \
      "a table this large is not locked for a preview in production")                              \
    X(SESSION_STATE, CHOICE, "options.session_state", "WINCH_SESSION_STATE", NULL, "reset",        \
      "reset carry", 0, 0, "whether settings a file leaves behind reach the next one")             \
    X(FINGERPRINT, CHOICE, "options.fingerprint", "WINCH_FINGERPRINT", NULL, "run",                \
      "run each off", 0, 0, "when the schema is recorded: after a run, after each migration")      \
    X(RECEIPT_BUDGET, DURATION, "options.receipt_budget", "WINCH_RECEIPT_BUDGET", NULL, "10s",     \
      NULL, 0, 0, "longest time for counting what a rollback destroys; 0: no limit")               \
    X(CHECK_CONSTRAINTS, BOOLEAN, "validation.check_constraints", "WINCH_CHECK_CONSTRAINTS", NULL, \
      "true", NULL, 0, 0, "constraints that are not validated are findings")                       \
    X(CHECK_INDEXES, BOOLEAN, "validation.check_indexes", "WINCH_CHECK_INDEXES", NULL, "true",     \
      NULL, 0, 0, "invalid and duplicate indexes are findings")                                    \
    X(CHECK_FOREIGN_KEYS, BOOLEAN, "validation.check_foreign_keys", "WINCH_CHECK_FOREIGN_KEYS",    \
      NULL, "true", NULL, 0, 0, "foreign keys without an index are findings")                      \
    X(SCHEMA_CONSISTENCY, BOOLEAN, "validation.schema_consistency", "WINCH_SCHEMA_CONSISTENCY",    \
      NULL, "true", NULL, 0, 0, "differences from the recorded catalog are findings")              \
    X(BACKUP_DIRECTORY, PATH, "backup.directory", "WINCH_BACKUP_DIRECTORY", NULL, "./backups",     \
      NULL, 0, 0, "where backups are kept")                                                        \
    X(BACKUP_MODE, CHOICE, "backup.mode", "WINCH_BACKUP_MODE", NULL, "touched",                    \
      "touched database schema off", 0, 0, "what a backup holds")                                  \
    X(BACKUP_FORMAT, CHOICE, "backup.format", "WINCH_BACKUP_FORMAT", NULL, "custom",               \
      "custom directory", 0, 0, "pg_dump's archive format")                                        \
    X(BACKUP_JOBS, INTEGER, "backup.jobs", "WINCH_BACKUP_JOBS", NULL, "2", NULL, 1, 64,            \
      "parallel jobs")                                                                             \
    X(BACKUP_KEEP, INTEGER, "backup.keep", "WINCH_BACKUP_KEEP", NULL, "20", NULL, 1, 100000,       \
      "how many backups are kept")                                                                 \
    X(BACKUP_VERIFY, CHOICE, "backup.verify", "WINCH_BACKUP_VERIFY", NULL, "read", "read restore", \
      0, 0, "read the whole archive, or restore it into a scratch database")                       \
    X(MAX_BLOCKED_SESSIONS, INTEGER, "limits.max_blocked_sessions", "WINCH_MAX_BLOCKED_SESSIONS",  \
      NULL, "30", NULL, 0, 100000, "stop when more sessions than this wait for the run")           \
    X(MAX_BLOCK_TIME, DURATION, "limits.max_block_time", "WINCH_MAX_BLOCK_TIME", NULL, "60s",      \
      NULL, 0, 0, "stop when a session has waited longer than this for it")                        \
    X(BEFORE_ROLLBACK, LIST, "hooks.before_rollback", NULL, NULL, NULL, NULL, 0, 0,                \
      "commands that may stop a rollback; the plan as JSON on their input")                        \
    X(ON_EVENT, LIST, "hooks.on_event", NULL, NULL, NULL, NULL, 0, 0,                              \
      "commands told of every alert; the event as JSON on their input")                            \
    X(SLOW_MIGRATION, DURATION, "alerts.slow_migration", "WINCH_SLOW_MIGRATION", NULL, "60s",      \
      NULL, 0, 0, "a migration that takes longer is an alert")                                     \
    X(LINT_RULES, LEVELS, "lint.rules", NULL, NULL, NULL, "off notice warning error", 0, 0,        \
      "levels of lint's rules, by name; those not named keep their own")                           \
    X(LINT_FAIL_ON, CHOICE, "lint.fail_on", "WINCH_LINT_FAIL_ON", NULL, "warning",                 \
      "notice warning error", 0, 0, "the lowest level of finding that fails winch lint")           \
    X(LINT_SERVER_VERSION, INTEGER, "lint.server_version", "WINCH_LINT_SERVER_VERSION", NULL,      \
      NULL, NULL, 10, 99, "PostgreSQL version lint judges by, where it asks no server")            \
    X(SERVE_LISTEN, LISTEN, "serve.listen", "WINCH_SERVE_LISTEN", NULL, "127.0.0.1:9187", NULL, 0, \
      0, "address and port of winch serve")

#define CONFIG_KEY(key, ...) CONFIG_##key,
enum config_key { CONFIG_SETTINGS(CONFIG_KEY) CONFIG_KEY_COUNT };
#undef CONFIG_KEY

struct setting {
    enum setting_type type;
    const char *path;           /* "migrations.options.timeout" */
    const char *variable;       /* "WINCH_TIMEOUT", or NULL */
    const char *libpq_variable; /* "PGHOST", or NULL */
    const char *default_text;   /* NULL: unset */
    const char *choices;        /* words with blanks between; SETTING_CHOICE, SETTING_LEVELS */
    gint64 minimum, maximum;    /* SETTING_INTEGER only */
    const char *summary;
};

/* Whether this version does anything with it; the others are read, checked and kept for later. */
gboolean setting_is_used(enum config_key key);

/* The row of a key. Static. */
const struct setting *setting_get(enum config_key key);

/* The key of a whole path; CONFIG_KEY_COUNT when there is none. */
enum config_key setting_find(const char *path);

/* The names one level below prefix ("migrations", "migrations.options"), in table order, without
 * repetition; empty when prefix is no section. NULL-terminated; free with g_strfreev(). */
char **setting_children(const char *prefix);

/* "text", "duration", "disable, allow, prefer ...": what a value may be. Free with g_free(). */
char *setting_expects(const struct setting *setting);

struct setting_value {
    char *text;    /* what was given, in one spelling: "true" for "yes", ... */
    gint64 number; /* integer, milliseconds, bytes, or 0 and 1 */
    char **list;   /* SETTING_LIST; SETTING_LEVELS: "name: level" */
};
void setting_value_clear(struct setting_value *value);

/* Reads the text of any type but SETTING_LIST and SETTING_LEVELS. A bare number is a duration in
 * bare_unit_ms milliseconds (0: it wants a unit). The message does not repeat secrets and names no
 * place. */
gboolean setting_parse(const struct setting *setting, const char *text, gint64 bare_unit_ms,
                       struct setting_value *value, GError **error);

/* The words of a command as a shell would split them, nothing expanded; NULL when it is none. The
 * message does not repeat it. Free with g_strfreev(). */
char **setting_command_words(const char *text, GError **error);

#endif
