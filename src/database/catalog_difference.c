/* What turned one catalog into another: both are in the same order, so one walk over them tells. */
#include <string.h>

#include "database/catalog.h"

struct walk {
    const struct catalog *before, *after;
    GPtrArray *differences;
    const char *ordered_kind, *ordered; /* the parent whose parts were put in order last */
};

static const char *const change_names[] = {
    [CATALOG_ADDED] = "added",
    [CATALOG_REMOVED] = "removed",
    [CATALOG_CHANGED] = "changed",
    [CATALOG_ORDER] = "order",
};

const char *catalog_change_name(enum catalog_change change)
{
    return change_names[change];
}

static void difference_free(gpointer data)
{
    struct catalog_difference *difference = data;
    g_free(difference->kind);
    g_free(difference->identity);
    g_free(difference->parent_kind);
    g_free(difference->parent);
    g_free(difference->attribute);
    g_free(difference->before);
    g_free(difference->after);
    g_free(difference);
}

static struct catalog_difference *add(struct walk *walk, enum catalog_change change,
                                      const struct catalog_object *object)
{
    struct catalog_difference *difference = g_new0(struct catalog_difference, 1);
    difference->change = change;
    difference->kind = g_strdup(object->kind);
    difference->identity = g_strdup(object->identity);
    difference->parent_kind = g_strdup(object->parent_kind);
    difference->parent = g_strdup(object->parent);
    g_ptr_array_add(walk->differences, difference);
    return difference;
}

/* ---- objects that are on one side only ------------------------------------------------------- */

static gboolean has_parent_of(const struct catalog *catalog, const struct catalog_object *object)
{
    return catalog_find(catalog, object->parent_kind, object->parent) != NULL;
}

/* An object of one side that the other has not: its parent is new, or gone, as well. */
static void add_whole(struct walk *walk, enum catalog_change change,
                      const struct catalog_object *object, const struct catalog *here,
                      const struct catalog *there)
{
    struct catalog_difference *difference = add(walk, change, object);
    difference->is_implied =
        object->parent != NULL && has_parent_of(here, object) && !has_parent_of(there, object);
}

/* ---- objects that are on both ---------------------------------------------------------------- */

static void add_value(struct walk *walk, const struct catalog_object *object, const char *name,
                      const char *before, const char *after)
{
    struct catalog_difference *difference = add(walk, CATALOG_CHANGED, object);
    difference->attribute = g_strdup(name);
    difference->before = g_strdup(before);
    difference->after = g_strdup(after);
}

static gboolean is_position(const char *name)
{
    return strcmp(name, CATALOG_POSITION) == 0;
}

/* The attributes of both, which are in the order of their names. */
static void compare_values(struct walk *walk, const struct catalog_object *before,
                           const struct catalog_object *after)
{
    guint i = 0, j = 0;
    while (i < before->attribute_count || j < after->attribute_count) {
        const struct catalog_attribute *old =
            i < before->attribute_count ? &before->attributes[i] : NULL;
        const struct catalog_attribute *new =
            j < after->attribute_count ? &after->attributes[j] : NULL;
        int order = old == NULL ? 1 : new == NULL ? -1 : strcmp(old->name, new->name);
        const char *name = order <= 0 ? old->name : new->name;
        const char *was = order <= 0 ? old->value : NULL, *is = order >= 0 ? new->value : NULL;
        if (!is_position(name) && g_strcmp0(was, is) != 0)
            add_value(walk, after, name, was, is);
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
}

static void compare_parents(struct walk *walk, const struct catalog_object *before,
                            const struct catalog_object *after)
{
    if (g_strcmp0(before->parent, after->parent) != 0 ||
        g_strcmp0(before->parent_kind, after->parent_kind) != 0)
        add_value(walk, after, "part of", before->parent, after->parent);
}

/* Names of the parts in their order that the other side has too. */
static char *common_parts(const struct catalog *here, const struct catalog *there,
                          const struct catalog_object *parent, const char *kind)
{
    g_autoptr(GPtrArray) parts = catalog_parts_in_order(here, parent, kind);
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < parts->len; i++) {
        const struct catalog_object *part = g_ptr_array_index(parts, i);
        if (catalog_find(there, kind, part->identity) != NULL)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
                                   catalog_object_name(part));
    }
    return g_string_free(names, FALSE);
}

/* A part stands at another place. Once a parent: its parts follow each other. */
static void compare_order(struct walk *walk, const struct catalog_object *before,
                          const struct catalog_object *after)
{
    const struct catalog_object parent = {.kind = after->parent_kind, .identity = after->parent};
    if (after->parent == NULL || g_strcmp0(before->parent, after->parent) != 0 ||
        g_strcmp0(catalog_attribute(before, CATALOG_POSITION),
                  catalog_attribute(after, CATALOG_POSITION)) == 0 ||
        (g_strcmp0(walk->ordered_kind, parent.kind) == 0 &&
         g_strcmp0(walk->ordered, parent.identity) == 0))
        return;
    walk->ordered_kind = parent.kind;
    walk->ordered = parent.identity;
    g_autofree char *was = common_parts(walk->before, walk->after, &parent, after->kind);
    g_autofree char *is = common_parts(walk->after, walk->before, &parent, after->kind);
    if (strcmp(was, is) == 0)
        return;
    struct catalog_difference *difference = add(walk, CATALOG_ORDER, &parent);
    difference->attribute = g_strdup(after->kind);
    difference->before = g_steal_pointer(&was);
    difference->after = g_steal_pointer(&is);
}

static void compare(struct walk *walk, const struct catalog_object *before,
                    const struct catalog_object *after)
{
    guint found = walk->differences->len;
    compare_order(walk, before, after);
    compare_values(walk, before, after);
    if (walk->differences->len == found)
        compare_parents(walk, before, after);
}

/* ---- the walk -------------------------------------------------------------------------------- */

/* An object of before, which after has not at this place: it may have another parent there. */
static void leave(struct walk *walk, const struct catalog_object *object)
{
    const struct catalog_object *moved = catalog_find(walk->after, object->kind, object->identity);
    if (moved != NULL)
        compare(walk, object, moved);
    else
        add_whole(walk, CATALOG_REMOVED, object, walk->before, walk->after);
}

static void arrive(struct walk *walk, const struct catalog_object *object)
{
    if (catalog_find(walk->before, object->kind, object->identity) == NULL)
        add_whole(walk, CATALOG_ADDED, object, walk->after, walk->before);
}

GPtrArray *catalog_difference(const struct catalog *before, const struct catalog *after)
{
    struct walk walk = {before, after, g_ptr_array_new_with_free_func(difference_free), NULL, NULL};
    guint i = 0, j = 0, count_before = catalog_count(before), count_after = catalog_count(after);
    if (strcmp(catalog_fingerprint(before), catalog_fingerprint(after)) == 0)
        return walk.differences;
    while (i < count_before || j < count_after) {
        const struct catalog_object *old = i < count_before ? catalog_at(before, i) : NULL;
        const struct catalog_object *new = j < count_after ? catalog_at(after, j) : NULL;
        int order = old == NULL ? 1 : new == NULL ? -1 : catalog_object_compare(old, new);
        if (order < 0)
            leave(&walk, old);
        else if (order > 0)
            arrive(&walk, new);
        else
            compare(&walk, old, new);
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
    return walk.differences;
}

/* ---- telling --------------------------------------------------------------------------------- */

guint catalog_difference_count(const GPtrArray *differences)
{
    guint count = 0;
    for (guint i = 0; i < differences->len; i++) {
        const struct catalog_difference *difference = g_ptr_array_index(differences, i);
        count += difference->is_implied ? 0 : 1;
    }
    return count;
}

gboolean catalog_difference_is_order(const GPtrArray *differences)
{
    for (guint i = 0; i < differences->len; i++) {
        const struct catalog_difference *difference = g_ptr_array_index(differences, i);
        if (difference->change != CATALOG_ORDER)
            return FALSE;
    }
    return differences->len > 0;
}

static char *first_line(const char *value)
{
    gsize length = strcspn(value, "\r\n");
    return value[length] == '\0' ? g_strdup(value)
                                 : g_strdup_printf("%.*s ...", (int)length, value);
}

static char *changed_text(const struct catalog_difference *difference)
{
    g_autofree char *before = difference->before != NULL ? first_line(difference->before) : NULL;
    g_autofree char *after = difference->after != NULL ? first_line(difference->after) : NULL;
    const char *kind = difference->kind, *identity = difference->identity;
    const char *attribute = difference->attribute;
    if (before == NULL)
        return g_strdup_printf("changed %s %s: %s is now %s", kind, identity, attribute, after);
    if (after == NULL)
        return g_strdup_printf("changed %s %s: %s was %s, and is not set now", kind, identity,
                               attribute, before);
    if (strcmp(before, after) == 0)
        return g_strdup_printf("changed %s %s: %s, below its first line", kind, identity,
                               attribute);
    return g_strdup_printf("changed %s %s: %s %s became %s", kind, identity, attribute, before,
                           after);
}

char *catalog_difference_text(const struct catalog_difference *difference)
{
    switch (difference->change) {
    case CATALOG_CHANGED:
        return changed_text(difference);
    case CATALOG_ORDER:
        return g_strdup_printf("order of %ss in %s %s: %s became %s", difference->attribute,
                               difference->kind, difference->identity, difference->before,
                               difference->after);
    case CATALOG_ADDED:
    case CATALOG_REMOVED:
        break;
    }
    return g_strdup_printf("%s %s %s", catalog_change_name(difference->change), difference->kind,
                           difference->identity);
}
