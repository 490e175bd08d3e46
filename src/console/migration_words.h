/* Everything that is known of a migration, for a detail. */
#ifndef WINCH_CONSOLE_MIGRATION_WORDS_H
#define WINCH_CONSOLE_MIGRATION_WORDS_H

#include "console/fields.h"
#include "console/model.h"
#include "console/sql_text.h"

/* What there is to speak of; borrowed. */
struct migration_about {
    const struct model *model;
    gint64 version;
    const struct sql_text *up, *down; /* NULL until they were read */
};

void migration_describe(const struct migration_about *about, struct fields *fields);

#endif
