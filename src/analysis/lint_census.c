/* A table from names to what is done with them. */
#include "analysis/lint_census.h"

#include "analysis/lint_private.h"

#include <string.h>

struct lint_census {
    GHashTable *by_name; /* name -> GPtrArray of const struct sql_action * */
};

guint lint_half_statements(const struct lint_half *half)
{
    return half->inspection != NULL ? inspection_count(half->inspection) : 0;
}

gboolean lint_does_something(const struct lint_half *half)
{
    return half->exists && (half->script == NULL || half->script->mode != RUN_EMPTY);
}

static void enter(struct lint_census *census, const struct sql_action *action)
{
    if (action->object.name == NULL || !lint_happens_now(action))
        return;
    GPtrArray *actions = g_hash_table_lookup(census->by_name, action->object.name);
    if (actions == NULL) {
        actions = g_ptr_array_new();
        g_hash_table_insert(census->by_name, (gpointer)(gsize)action->object.name, actions);
    }
    g_ptr_array_add(actions, (gpointer)(gsize)action);
}

struct lint_census *lint_census_new(const struct lint_half *half)
{
    struct lint_census *census = g_new0(struct lint_census, 1);
    census->by_name =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < lint_half_statements(half); i++) {
        const struct inspected_statement *statement = inspection_at(half->inspection, i);
        for (guint j = 0; j < statement->action_count; j++)
            enter(census, &statement->actions[j]);
    }
    return census;
}

void lint_census_free(struct lint_census *census)
{
    g_hash_table_unref(census->by_name);
    g_free(census);
}

const GPtrArray *lint_census_of(const struct lint_census *census, const char *name)
{
    return name != NULL ? g_hash_table_lookup(census->by_name, name) : NULL;
}

/* Of the whole object, not of a column or constraint of it. */
static gboolean has_effect(const struct sql_action *action, enum sql_effect effect)
{
    return sql_action_effect(action->kind) == effect && !sql_action_has_part(action->kind);
}

static const struct sql_action *find_making(const struct lint_census *census,
                                            const struct sql_object *object, gsize offset)
{
    const GPtrArray *actions = lint_census_of(census, object->name);
    for (guint i = 0; actions != NULL && i < actions->len; i++) {
        const struct sql_action *action = actions->pdata[i];
        if (action->offset <= offset && has_effect(action, SQL_CREATES) &&
            sql_object_matches(&action->object, object))
            return action;
    }
    return NULL;
}

gboolean lint_census_makes(const struct lint_census *census, const struct sql_object *object,
                           gsize offset)
{
    return find_making(census, object, offset) != NULL;
}

gboolean lint_census_makes_if_missing(const struct lint_census *census,
                                      const struct sql_object *object, gsize offset)
{
    const struct sql_action *action = find_making(census, object, offset);
    return action != NULL && lint_has(action, IF_NOT_EXISTS);
}

gboolean lint_census_destroys(const struct lint_census *census, const struct sql_object *object,
                              gsize offset)
{
    const GPtrArray *actions = lint_census_of(census, object->name);
    for (guint i = 0; actions != NULL && i < actions->len; i++) {
        const struct sql_action *action = actions->pdata[i];
        if (action->offset > offset && has_effect(action, SQL_DROPS) &&
            sql_object_matches(&action->object, object))
            return TRUE;
    }
    return FALSE;
}

const struct sql_action *lint_census_find(const struct lint_census *census,
                                          enum sql_action_kind kind,
                                          const struct sql_object *object, const char *part)
{
    const GPtrArray *actions = lint_census_of(census, object->name);
    for (guint i = 0; actions != NULL && i < actions->len; i++) {
        const struct sql_action *action = actions->pdata[i];
        if (action->kind == kind && (part == NULL || g_strcmp0(action->part, part) == 0) &&
            sql_object_matches(&action->object, object))
            return action;
    }
    return NULL;
}

gboolean lint_census_made(const struct lint_census *census, const struct sql_action *dropped)
{
    const GPtrArray *actions = lint_census_of(census, dropped->object.name);
    for (guint i = 0; actions != NULL && i < actions->len; i++) {
        const struct sql_action *action = actions->pdata[i];
        gboolean is_whole = has_effect(action, SQL_CREATES);
        gboolean is_part =
            sql_action_effect(action->kind) == SQL_CREATES &&
            sql_action_object_kind(action->kind) == sql_action_object_kind(dropped->kind) &&
            g_strcmp0(action->part, dropped->part) == 0;
        if ((is_whole || is_part) && sql_object_matches(&action->object, &dropped->object))
            return TRUE;
    }
    return FALSE;
}
