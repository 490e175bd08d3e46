/* Everything the engine has to be told, resolved: from configuration, command line or a program. */
#ifndef WINCH_ENGINE_SETTINGS_H
#define WINCH_ENGINE_SETTINGS_H

#include <glib.h>

#include "base/autofree.h"
#include "config/policy.h"
#include "database/database.h"

/* When the schema is recorded beside history. */
enum snapshots {
    SNAPSHOTS_RUN,  /* at the end of each run that changed something, and before one that goes down;
                     * in production as with EACH */
    SNAPSHOTS_EACH, /* after each migration */
    SNAPSHOTS_OFF,
};

/* Owns its strings; durations in milliseconds. */
struct engine_settings {
    char *url;      /* URL or conninfo string; with SQLite the file; NULL: the driver's defaults */
    char *driver;   /* "postgres" or "sqlite3" where url does not say; NULL is "postgres" */
    char *password; /* NULL: what url, environment or .pgpass say */
    char *version_table;
    char *own_schema;
    char *migrations_path;
    char *environment;        /* declared; NULL when only a default spoke */
    char *environment_origin; /* where, for people: "configs/migrations.yaml:3", "--environment" */
    GArray *policies;         /* of struct policy, names owned: what each environment allows */
    gint64 preview_max_age;
    gint64 connect_timeout;
    gint64 timeout;           /* for one statement */
    gboolean is_timeout_said; /* not a default: it outweighs that of the URL */
    gint64 lock_timeout;
    gint64 large_table; /* bytes from which on production keeps a table from a preview */
    gint64 receipt_budget; /* for counting what goes back destroys; 0: no limit */
    gint64 retry_delay;
    guint max_retries;
    gboolean finishes_on_hangup;
    gboolean carries_session_state;
    gboolean is_read_only;
    gboolean checks_version_table, checks_files; /* after a run */
    enum snapshots snapshots;
    gboolean checks_constraints, checks_indexes, checks_foreign_keys, checks_schema; /* validate */
};

/* The policy of an environment, whatever the case of its letters; that of "unknown" where it has
 * none. Borrowed. */
const struct policy *engine_settings_policy(const struct engine_settings *settings,
                                            const char *environment);
/* Adds a policy, or takes the place of the one with its name. */
void engine_settings_take_policy(struct engine_settings *settings, const struct policy *policy);

/* Defaults alone. */
struct engine_settings *engine_settings_new(void);
void engine_settings_free(struct engine_settings *settings);
DEFINE_AUTOPTR(engine_settings, engine_settings_free);

#endif
