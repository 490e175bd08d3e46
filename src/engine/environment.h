/* Which class of environment a database is, and who says so. */
#ifndef WINCH_ENGINE_ENVIRONMENT_H
#define WINCH_ENGINE_ENVIRONMENT_H

#include <glib.h>

#include "database/database.h"

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
    const char *name; /* as it was said: "production", "qa-eu", or "unknown". Borrowed */
    char *said_by;    /* for people: "ALTER DATABASE setting production; configuration
                       * development (configs/migrations.yaml:3)". Every voice is shown */
};

/* Weighs what the database's setting, winch.database and the configuration say: the strictest
 * holds. declared is NULL when only a default spoke: then an unmarked database is unknown, and so
 * is a clone of a marked one. declared_by is where declared comes from, for people. A name that is
 * none of the classes counts as unknown. */
void environment_weigh(struct environment *environment, const struct database_facts *facts,
                       const char *declared, const char *declared_by);
void environment_clear(struct environment *environment);

#endif
