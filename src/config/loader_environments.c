/* migrations.environments: the built-in policies, changed field by field, and others. */
#include "config/loader.h"

#include <string.h>

#define PATH           "migrations.environments"
#define LINT           "lint"
#define NAME_MAX_BYTES 63

static struct policy *policy_find(struct loader *loader, const char *name)
{
    for (guint i = 0; i < loader->config->policies->len; i++) {
        struct policy *policy = g_ptr_array_index(loader->config->policies, i);
        if (strcmp(policy->name, name) == 0)
            return policy;
    }
    return NULL;
}

static struct policy *policy_add(struct loader *loader, const struct policy *model,
                                 const char *name)
{
    struct policy *policy = g_new(struct policy, 1);
    *policy = *model;
    policy->name = g_string_chunk_insert(loader->config->strings, name);
    g_ptr_array_add(loader->config->policies, policy);
    return policy;
}

/* A name that may stand in a database setting, a metric and a command line. */
static gboolean is_environment_name(const char *name)
{
    gsize length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return g_ascii_islower(name[0]) && name[length] == '\0' && length <= NAME_MAX_BYTES;
}

static void refuse_field(struct loader *loader, const char *environment,
                         const struct tree_node *node)
{
    const char *names[POLICY_FIELD_COUNT + 2] = {NULL};
    for (guint field = 0; field < POLICY_FIELD_COUNT; field++)
        names[field] = policy_field_name(field);
    names[POLICY_FIELD_COUNT] = LINT;
    g_autofree char *quoted = mistakes_quote(node->key);
    g_autofree char *guess = mistakes_guess(node->key, names);
    loader_mistake(loader, node->key_line, "unknown key %s in " PATH ".%s%s", quoted, environment,
                   guess);
}

static void set_field(struct loader *loader, struct policy *policy, guint field,
                      const struct tree_node *node)
{
    gboolean is_fallback;
    g_autofree char *what = g_strdup_printf(PATH ".%s.%s", policy->name, policy_field_name(field));
    if (node->kind != TREE_SCALAR) {
        loader_mistake(loader, node->line, "%s must be a single value, not %s", what,
                       tree_kind_name(node->kind));
        return;
    }
    g_autofree char *word = loader_expand(loader, node, what, FALSE, &is_fallback);
    if (word == NULL || *word == '\0' || policy_field_set(policy, field, word))
        return;
    const char *const *words = policy_field_words(field);
    g_autofree char *quoted = mistakes_quote(word);
    g_autofree char *guess = mistakes_guess(word, words);
    g_autofree char *choices = mistakes_list(words);
    loader_mistake(loader, node->line, "%s: %s is none of %s%s", what, quoted, choices, guess);
}

static void read_field(struct loader *loader, struct policy *policy, const struct tree_node *node)
{
    guint field = 0;
    if (strcmp(node->key, LINT) == 0) {
        loader_read_environment_lint(loader, policy->name, node);
        return;
    }
    while (field < POLICY_FIELD_COUNT && strcmp(policy_field_name(field), node->key) != 0)
        field++;
    if (field == POLICY_FIELD_COUNT)
        refuse_field(loader, policy->name, node);
    else
        set_field(loader, policy, field, node);
}

static void read_environment(struct loader *loader, const struct tree_node *node)
{
    if (!is_environment_name(node->key)) {
        g_autofree char *quoted = mistakes_quote(node->key);
        loader_mistake(loader, node->key_line,
                       "%s cannot name an environment: small letters, digits, - and _, beginning "
                       "with a letter",
                       quoted);
        return;
    }
    struct policy *policy = policy_find(loader, node->key);
    if (policy == NULL)
        policy = policy_add(loader, policy_find(loader, "unknown"), node->key);
    if (tree_is_null(node))
        return;
    if (node->kind != TREE_MAP) {
        loader_mistake(loader, node->line, PATH ".%s must be a mapping, not %s", node->key,
                       tree_kind_name(node->kind));
        return;
    }
    for (guint i = 0; i < node->children->len; i++) {
        const struct tree_node *field = g_ptr_array_index(node->children, i);
        if (field->key != NULL)
            read_field(loader, policy, field);
    }
}

void loader_read_environments(struct loader *loader)
{
    const struct tree_node *node = loader->environments;
    const struct policy *builtin;
    for (guint i = 0; (builtin = policy_builtin(i)) != NULL; i++)
        policy_add(loader, builtin, builtin->name);
    if (node == NULL || tree_is_null(node))
        return;
    if (node->kind != TREE_MAP) {
        loader_mistake(loader, node->line, PATH " must be a mapping, not %s",
                       tree_kind_name(node->kind));
        return;
    }
    for (guint i = 0; i < node->children->len; i++) {
        const struct tree_node *environment = g_ptr_array_index(node->children, i);
        if (environment->key != NULL)
            read_environment(loader, environment);
    }
}
