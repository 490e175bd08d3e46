/* Which class of environment a database is, and who says so. */
#ifndef WINCH_ENGINE_ENVIRONMENT_H
#define WINCH_ENGINE_ENVIRONMENT_H

#include <glib.h>

#include "config/policy.h"
#include "database/database.h"
#include "engine/settings.h"

/* From the laxest to the strictest; unknown stands between, with a policy of its own. */
enum environment_class {
    ENVIRONMENT_DEVELOPMENT,
    ENVIRONMENT_STAGING,
    ENVIRONMENT_UNKNOWN,
    ENVIRONMENT_PRODUCTION,
};

/* "development", "staging", "unknown", "production". Static. */
const char *environment_class_name(enum environment_class class_);

struct environment {
    enum environment_class class_;
    const char *name;     /* as it was said: "production", "qa-eu", or "unknown". Borrowed */
    char *said_by;        /* for people: "ALTER DATABASE setting production; configuration
                           * development (configs/migrations.yaml:3)". Every voice is shown */
    struct policy policy; /* in force: of all voices' policies the strictest, field by field; its
                           * name is this environment's */
    char *contradiction;  /* the database says that it is production and the configuration that it
                           * is less: one of both means another database. For people; or NULL */
};

/* Weighs what the database's setting, winch.database and the settings say: the strictest holds.
 * settings->environment is NULL when only a default spoke: then an unmarked database is unknown,
 * and so is a clone of a marked one. A name that is none of the classes counts as unknown. Both
 * facts and settings must outlive it. */
void environment_weigh(struct environment *environment, const struct database_facts *facts,
                       const struct engine_settings *settings);
void environment_clear(struct environment *environment);

#endif
