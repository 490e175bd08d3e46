/* What config.c, config_load.c and config_database.c share. */
#ifndef WINCH_CONFIG_CONFIG_PRIVATE_H
#define WINCH_CONFIG_CONFIG_PRIVATE_H

#include "config/config.h"

struct config_value {
    struct setting_value value;
    gboolean is_set;
    struct config_origin origin;
    char *shown; /* instead of the text, where that may hold expanded secrets; NULL: the text */
};

struct config {
    char *file; /* as named, or NULL */
    struct config_value values[CONFIG_KEY_COUNT];
    GPtrArray *policies;   /* of struct policy */
    GStringChunk *strings; /* names of policies and options */
};

/* Without a value, as if nobody had given one. */
void config_value_clear(struct config_value *value);

/* True when a higher or the same source says the connection as a whole, so that this part of it
 * is not used: a URL, a service, or SQLite for what only a server has. */
gboolean config_part_is_replaced(const struct config *config, enum config_key key,
                                 enum origin level);

/* "sqlite3" or "postgres", from the URL's scheme, else from the driver's name. */
const char *config_driver(const struct config *config);

#endif
