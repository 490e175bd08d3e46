/* The state of one config_load(), and the two parts of it that read the file's tree. */
#ifndef WINCH_CONFIG_LOADER_H
#define WINCH_CONFIG_LOADER_H

#include "config/config_private.h"
#include "config/mistakes.h"
#include "config/yaml_tree.h"

struct loader {
    const struct config_sources *sources;
    struct config *config;
    struct mistakes *mistakes;
    gboolean is_private; /* nobody but its owner can read the file */
    /* What the file has, borrowed from its tree; NULL: nothing. */
    const struct tree_node *nodes[CONFIG_KEY_COUNT];
    const struct tree_node *environments;
};

/* A mistake of the file. */
void loader_mistake(struct loader *loader, unsigned line, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Expands the variables of a scalar. NULL with a mistake about what; an unset variable is none
 * when may_be_unset. Free with g_free(). */
char *loader_expand(struct loader *loader, const struct tree_node *node, const char *what,
                    gboolean may_be_unset, gboolean *is_fallback);

/* True when something outside of the file gave the value. */
gboolean loader_is_overridden(const struct config *config, enum config_key key);

/* Reads a mapping of names to levels, called path in messages, on top of what the setting has
 * already. is_in_force: otherwise only its mistakes are found. */
void loader_read_levels(struct loader *loader, enum config_key key, const char *path,
                        const struct tree_node *node, gboolean is_in_force);

/* Reads environments.NAME.lint, on top of migrations.lint where the environment is the one in
 * force. */
void loader_read_environment_lint(struct loader *loader, const char *environment,
                                  const struct tree_node *node);

/* Finds the node of every setting; keys that are none are mistakes. */
void loader_bind(struct loader *loader, const struct tree_node *root);

/* Adds the built-in policies and what the file says of them, and its own ones. */
void loader_read_environments(struct loader *loader);

#endif
