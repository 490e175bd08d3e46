/* Goals and their words. */
#include "console/goal.h"

#include "engine/marks.h"

struct goal goal_to_version(gint64 version)
{
    struct goal goal = {.kind = GOAL_GOTO};
    goal.target.kind = version == VERSION_NONE ? VERSION_NAME_NONE : VERSION_NAME_NUMBER;
    goal.target.number = version == VERSION_NONE ? 0 : version;
    return goal;
}

struct goal goal_to_latest(void)
{
    return (struct goal){.kind = GOAL_UP};
}

/* count migrations above from (0: all of them). */
static gint64 above(const struct migration_set *set, gint64 from, guint count)
{
    guint next = from == VERSION_NONE ? 0 : migration_set_lower_bound(set, from + 1);
    guint all = migration_set_count(set);
    guint end = count == 0 || count > all - next ? all : next + count;
    return end > next ? migration_set_at(set, end - 1)->version : from;
}

static gint64 below(const struct migration_set *set, gint64 from, guint count)
{
    for (; count > 0 && from != VERSION_NONE; count--)
        from = migration_set_version_before(set, from);
    return from;
}

static gboolean resolve(const struct model *model, const struct goal *goal, gint64 from, gint64 *to)
{
    const GArray *marks = model->state != NULL ? model->state->status->marks : NULL;
    const struct version_context context = marks_context(model->set, from, marks);
    return version_name_resolve(&goal->target, &context, to, NULL);
}

gboolean goal_ends(const struct model *model, const struct goal *goal, gint64 *from, gint64 *to)
{
    gboolean is_dirty;
    if (model->set == NULL || !model_version(model, from, &is_dirty))
        return FALSE;
    *to = *from;
    switch (goal->kind) {
    case GOAL_UP:
        *to = above(model->set, *from, goal->count);
        return TRUE;
    case GOAL_DOWN:
        *to = below(model->set, *from, goal->count);
        return TRUE;
    case GOAL_DOWN_ALL:
        *to = VERSION_NONE;
        return TRUE;
    case GOAL_MISSED:
        return TRUE;
    case GOAL_UP_TO:
    case GOAL_GOTO:
        return resolve(model, goal, *from, to);
    case GOAL_ROLLBACK:
    case GOAL_EMERGENCY:
        return FALSE; /* the engine's to say */
    }
    return FALSE;
}

static char *number_text(gint64 version)
{
    return version == VERSION_NONE ? g_strdup("none")
                                   : g_strdup_printf("%" G_GINT64_FORMAT, version);
}

char *goal_way_text(gint64 from, gint64 to)
{
    g_autofree char *start = number_text(from), *end = number_text(to);
    if (from == to)
        return g_strdup_printf("stay at %s", start);
    return g_strdup_printf("%s %s -> %s", to > from ? "up" : "back", start, end);
}

char *goal_text(const struct model *model, const struct goal *goal)
{
    gint64 from, to;
    if (goal->kind == GOAL_MISSED)
        return g_strdup("the missed ones");
    if (goal_ends(model, goal, &from, &to))
        return goal_way_text(from, to);
    if (goal->kind == GOAL_GOTO && goal->target.kind == VERSION_NAME_NUMBER)
        return g_strdup_printf("to %" G_GINT64_FORMAT, goal->target.number);
    return g_strdup(goal->kind == GOAL_UP ? "up to the latest" : "to the target");
}
