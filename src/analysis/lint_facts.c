/* What the rules ask about tables: from this file, from those before it, and from the table of
 * locks. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"

#include <string.h>

const struct schema_relation *lint_relation(const struct lint_run *run,
                                            const struct sql_object *name)
{
    return name->name != NULL ? schema_find(lint_memory_schema(run->memory), name) : NULL;
}

/* Whether the files would know the part, and do not. */
static gboolean is_unknown_part(const struct schema_relation *relation,
                                const struct sql_action *action)
{
    if (relation == NULL || action->part == NULL)
        return FALSE;
    if (action->kind == SQL_ACTION_DROP_COLUMN)
        return relation->is_whole && schema_column(relation, action->part) == NULL;
    return action->kind == SQL_ACTION_DROP_CONSTRAINT &&
           schema_constraint(relation, action->part) == NULL;
}

gboolean lint_is_precaution(const struct lint_run *run, const struct schema *schema)
{
    const struct sql_action *action = run->action;
    if (!lint_has(action, IF_EXISTS) || sql_action_effect(action->kind) != SQL_DROPS)
        return FALSE;
    if (action->kind == SQL_ACTION_DROP_INDEX)
        return schema_index_owner(schema, &action->object, NULL) == NULL &&
               lint_census_find(run->census, SQL_ACTION_CREATE_INDEX, &action->object, NULL) ==
                   NULL;
    const struct schema_relation *relation = schema_find(schema, &action->object);
    return sql_action_has_part(action->kind) ? is_unknown_part(relation, action) : relation == NULL;
}

/* IF NOT EXISTS makes it, unless a file before has made it. */
static gboolean is_made_here(const struct lint_run *run, const struct sql_object *table)
{
    gsize here = run->action->offset;
    return lint_census_makes(run->census, table, here) &&
           !(lint_census_makes_if_missing(run->census, table, here) &&
             lint_relation(run, table) != NULL);
}

gboolean lint_is_in_use(const struct lint_run *run, const struct sql_object *table)
{
    return table->name != NULL && !is_made_here(run, table) &&
           !lint_census_destroys(run->census, table, run->action->offset);
}

/* The index may be of this file, or of those before. */
gboolean lint_index_table(const struct lint_run *run, const struct sql_object *index,
                          struct sql_object *table)
{
    const struct sql_action *made =
        lint_census_find(run->census, SQL_ACTION_CREATE_INDEX, index, NULL);
    const struct schema_relation *owner =
        made == NULL ? schema_index_owner(lint_memory_schema(run->memory), index, NULL) : NULL;
    if (made != NULL)
        *table = made->other;
    else if (owner != NULL)
        *table = owner->object;
    return made != NULL || owner != NULL;
}

gboolean lint_is_partitioned(const struct lint_run *run, const struct sql_object *table)
{
    const struct schema_relation *relation = lint_relation(run, table);
    return relation != NULL && (relation->flags & SQL_FLAG(PARTITIONED)) != 0;
}

gboolean lint_is_proved_not_null(const struct lint_run *run)
{
    const struct schema_relation *relation = lint_relation(run, &run->action->object);
    return relation != NULL && run->action->part != NULL &&
           schema_is_not_null(relation, run->action->part);
}
