/* How large relations are, for whoever has to say what a statement will cost on them. */
#ifndef WINCH_DATABASE_RELATIONS_H
#define WINCH_DATABASE_RELATIONS_H

#include "database/database.h"

struct relation_size {
    gint64 bytes;        /* heap and TOAST */
    gint64 index_bytes;  /* all of its indexes */
    gint64 rows;         /* as last counted by VACUUM or ANALYZE; -1: never */
    gboolean is_counted; /* bytes are of the files as they are; else of when they were last counted,
                          * because somebody holds a lock that would have been waited for */
};

/* Of the relations with these names ("schema.name", of char *), as far as they are there: name ->
 * struct relation_size, freed with the table. Waits for no lock longer than a moment. Empty for a
 * driver that cannot tell. */
GHashTable *database_relation_sizes(struct database *database, const GPtrArray *names,
                                    GError **error);

#endif
