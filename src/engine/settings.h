/* Everything the engine has to be told, resolved: from configuration, command line or a program. */
#ifndef WINCH_ENGINE_SETTINGS_H
#define WINCH_ENGINE_SETTINGS_H

#include <glib.h>

#include "base/autofree.h"
#include "database/database.h"

/* What a rollback or an override asks for in one class of environment. */
enum confirm_policy { CONFIRM_NONE, CONFIRM_TYPED };

/* Owns its strings; durations in milliseconds. */
struct engine_settings {
    char *url, *driver, *host, *port, *name, *user, *password, *sslmode; /* NULL: not given */
    char *version_table;
    char *own_schema;
    char *migrations_path;
    char *environment;        /* declared; NULL when only a default spoke */
    char *environment_origin; /* where, for people: "configs/migrations.yaml:3", "--environment" */
    gint64 connect_timeout;
    gint64 timeout;
    gint64 lock_timeout;
    gint64 retry_delay;
    guint max_retries;
    gboolean finishes_on_hangup;
    gboolean carries_session_state;
    gboolean is_read_only;
    gboolean checks_version_table, checks_files; /* after a run */
};

/* Defaults alone. */
struct engine_settings *engine_settings_new(void);
void engine_settings_free(struct engine_settings *settings);
DEFINE_AUTOPTR(engine_settings, engine_settings_free);

#endif
