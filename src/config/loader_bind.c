/* Which key of the file is which setting. */
#include "config/loader.h"

#include "base/text.h"

#include <string.h>

#define ROOT         "migrations"
#define ENVIRONMENTS "environments"

static void bind_section(struct loader *loader, const char *path, const struct tree_node *section);

/* The section or setting of another place that has this name, or NULL. Free with g_free(). */
static char *find_elsewhere(const char *name)
{
    gsize length = strlen(name);
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++) {
        const char *path = setting_get((enum config_key)key)->path;
        for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
            if (strncmp(dot + 1, name, length) == 0 && strchr(".", dot[1 + length]) != NULL)
                return g_strndup(path, (gsize)(dot + 1 - path) + length);
    }
    return NULL;
}

static void refuse_key(struct loader *loader, const struct tree_node *node, const char *section,
                       char **known)
{
    g_autofree char *quoted = mistakes_quote(node->key);
    g_autofree char *guess = mistakes_guess(node->key, (const char *const *)known);
    g_autofree char *place = find_elsewhere(node->key);
    g_autofree char *where =
        *section != '\0' ? g_strdup_printf(" in %s", section) : g_strdup(" at the top");
    if (place != NULL)
        loader_mistake(loader, node->key_line, "unknown key %s%s; did you mean '%s'?", quoted,
                       where, place);
    else
        loader_mistake(loader, node->key_line, "unknown key %s%s%s", quoted, where, guess);
}

/* What may stand in a section; environments has no settings of its own. */
static char **known_keys(const char *path)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    if (*path == '\0') {
        g_strv_builder_add(names, ROOT);
        return g_strv_builder_end(names);
    }
    g_auto(GStrv) children = setting_children(path);
    for (guint i = 0; children[i] != NULL; i++)
        g_strv_builder_add(names, children[i]);
    if (strcmp(path, ROOT) == 0)
        g_strv_builder_add(names, ENVIRONMENTS);
    return g_strv_builder_end(names);
}

static void bind_child(struct loader *loader, const char *section, char **known,
                       const struct tree_node *node)
{
    g_autofree char *path =
        *section != '\0' ? g_strdup_printf("%s.%s", section, node->key) : g_strdup(node->key);
    if (!g_strv_contains((const char *const *)known, node->key)) {
        refuse_key(loader, node, section, known);
        return;
    }
    enum config_key key = setting_find(path);
    const struct tree_node **place = key < CONFIG_KEY_COUNT ? &loader->nodes[key]
                                     : strcmp(path, ROOT "." ENVIRONMENTS) == 0
                                         ? &loader->environments
                                         : NULL;
    if (place == NULL)
        bind_section(loader, path, node);
    else if (*place == NULL) /* a duplicate is a mistake already */
        *place = node;
}

static void bind_section(struct loader *loader, const char *path, const struct tree_node *section)
{
    g_auto(GStrv) known = known_keys(path);
    if (tree_is_null(section))
        return;
    if (section->kind != TREE_MAP) {
        loader_mistake(loader, section->line, "%s must be a mapping, not %s",
                       *path != '\0' ? path : "the file", tree_kind_name(section->kind));
        return;
    }
    for (guint i = 0; i < section->children->len; i++) {
        const struct tree_node *node = g_ptr_array_index(section->children, i);
        if (node->key != NULL)
            bind_child(loader, path, known, node);
    }
}

void loader_bind(struct loader *loader, const struct tree_node *root)
{
    bind_section(loader, "", root);
}
