/* Mappings of names to levels, and what environments say of lint. */
#include "config/loader.h"

#include "base/text.h"

#include <string.h>

/* ---- one mapping ------------------------------------------------------------------------------
 */

static void refuse_name(struct loader *loader, const char *path, const struct tree_node *node)
{
    g_autofree char *quoted = mistakes_quote(node->key);
    g_autofree char *guess = mistakes_guess(node->key, loader->sources->lint_rules);
    loader_mistake(loader, node->key_line, "%s: there is no rule %s%s", path, quoted, guess);
}

static void refuse_level(struct loader *loader, const char *what, const struct tree_node *node,
                         const char *level, const char *choices)
{
    g_auto(GStrv) words = g_strsplit(choices, " ", -1);
    g_autofree char *quoted = mistakes_quote(level);
    g_autofree char *list = mistakes_list((const char *const *)words);
    g_autofree char *guess = mistakes_guess(level, (const char *const *)words);
    loader_mistake(loader, node->line, "%s: %s is none of %s%s", what, quoted, list, guess);
}

/* The level of one name; NULL when there is none, or a mistake. Free with g_free(). */
static char *read_level(struct loader *loader, enum config_key key, const char *path,
                        const struct tree_node *node)
{
    const char *choices = setting_get(key)->choices;
    g_autofree char *name = text_visible(node->key, -1, TEXT_ONE_LINE);
    g_autofree char *what = g_strdup_printf("%s.%s", path, name);
    gboolean is_fallback;
    if (node->kind != TREE_SCALAR) {
        loader_mistake(loader, node->line, "%s must be a single value, not %s", what,
                       tree_kind_name(node->kind));
        return NULL;
    }
    g_autofree char *level = loader_expand(loader, node, what, FALSE, &is_fallback);
    g_auto(GStrv) words = g_strsplit(choices, " ", -1);
    if (level == NULL || *level == '\0')
        return NULL;
    if (g_strv_contains((const char *const *)words, level))
        return g_steal_pointer(&level);
    refuse_level(loader, what, node, level, choices);
    return NULL;
}

/* Later levels replace earlier ones of the same name. */
static void put_level(struct config_value *value, const char *name, const char *level)
{
    char *row = g_strdup_printf("%s: %s", name, level);
    guint count = value->value.list != NULL ? g_strv_length(value->value.list) : 0;
    gsize prefix = strlen(name) + 2;
    for (guint i = 0; i < count; i++)
        if (strncmp(value->value.list[i], row, prefix) == 0) {
            g_free(value->value.list[i]);
            value->value.list[i] = row;
            return;
        }
    value->value.list = g_renew(char *, value->value.list, count + 2);
    value->value.list[count] = row;
    value->value.list[count + 1] = NULL;
}

void loader_read_levels(struct loader *loader, enum config_key key, const char *path,
                        const struct tree_node *node, gboolean is_in_force)
{
    struct config_value *value = &loader->config->values[key];
    const char *const *names = loader->sources->lint_rules;
    if (node->kind != TREE_MAP) {
        loader_mistake(loader, node->line, "%s must be %s (levels by name), not %s", path,
                       tree_kind_name(TREE_MAP), tree_kind_name(node->kind));
        return;
    }
    for (guint i = 0; i < node->children->len; i++) {
        const struct tree_node *child = g_ptr_array_index(node->children, i);
        if (child->key == NULL)
            continue;
        if (names != NULL && !g_strv_contains(names, child->key)) {
            refuse_name(loader, path, child);
            continue;
        }
        g_autofree char *level = read_level(loader, key, path, child);
        if (level == NULL || !is_in_force)
            continue;
        put_level(value, child->key, level);
        value->is_set = TRUE;
        value->origin = (struct config_origin){
            .kind = ORIGIN_FILE, .file = loader->config->file, .line = node->line};
    }
}

/* ---- of an environment ------------------------------------------------------------------------
 */

static void read_fail_on(struct loader *loader, const char *path, const struct tree_node *node,
                         gboolean is_in_force)
{
    struct config *config = loader->config;
    struct config_value *value = &config->values[CONFIG_LINT_FAIL_ON];
    g_autofree char *level = read_level(loader, CONFIG_LINT_FAIL_ON, path, node);
    if (level == NULL || !is_in_force || loader_is_overridden(config, CONFIG_LINT_FAIL_ON))
        return;
    config_value_clear(value);
    value->value.text = g_steal_pointer(&level);
    value->is_set = TRUE;
    value->origin =
        (struct config_origin){.kind = ORIGIN_FILE, .file = config->file, .line = node->line};
}

/* Only the environment that was named can be meant: lint asks no database. */
static gboolean is_environment_in_force(const struct config *config, const char *environment)
{
    const char *named = config_string(config, CONFIG_ENVIRONMENT);
    return strcmp(named != NULL ? named : "unknown", environment) == 0;
}

void loader_read_environment_lint(struct loader *loader, const char *environment,
                                  const struct tree_node *node)
{
    static const char *const names[] = {"rules", "fail_on", NULL};
    g_autofree char *path = g_strdup_printf("migrations.environments.%s.lint", environment);
    gboolean is_in_force = is_environment_in_force(loader->config, environment);
    if (tree_is_null(node))
        return;
    if (node->kind != TREE_MAP) {
        loader_mistake(loader, node->line, "%s must be a mapping, not %s", path,
                       tree_kind_name(node->kind));
        return;
    }
    for (guint i = 0; i < node->children->len; i++) {
        const struct tree_node *child = g_ptr_array_index(node->children, i);
        if (child->key == NULL || (tree_is_null(child) && g_strv_contains(names, child->key)))
            continue;
        g_autofree char *below = g_strdup_printf("%s.%s", path, child->key);
        g_autofree char *quoted = mistakes_quote(child->key);
        g_autofree char *guess = mistakes_guess(child->key, names);
        if (strcmp(child->key, "rules") == 0)
            loader_read_levels(loader, CONFIG_LINT_RULES, below, child, is_in_force);
        else if (strcmp(child->key, "fail_on") == 0)
            read_fail_on(loader, path, child, is_in_force);
        else
            loader_mistake(loader, child->key_line, "unknown key %s in %s%s", quoted, path, guess);
    }
}
