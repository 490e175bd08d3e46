/* What the rules ask about tables: from this file, from those before it, and from the table of
 * locks. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"

#include <string.h>

gboolean lint_is_in_use(const struct lint_run *run, const struct sql_object *table)
{
    gsize here = run->action->offset;
    return table->name != NULL && !lint_census_makes(run->census, table, here) &&
           !lint_census_destroys(run->census, table, here);
}

const struct schema_relation *lint_relation(const struct lint_run *run,
                                            const struct sql_object *name)
{
    return name->name != NULL ? schema_find(lint_memory_schema(run->memory), name) : NULL;
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
