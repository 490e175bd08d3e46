/* Between the table of effects, the rules beside it, and what they lock. */
#ifndef WINCH_ANALYSIS_SQL_EFFECTS_PRIVATE_H
#define WINCH_ANALYSIS_SQL_EFFECTS_PRIVATE_H

#include "analysis/sql_effects.h"

struct question {
    const struct sql_action *action;
    unsigned version;
    const struct schema *schema; /* NULL: nothing is known */
    struct sql_effects *effects;
};

static inline gboolean has(const struct sql_action *action, guint64 flag)
{
    return (action->flags & flag) != 0;
}

/* ---- sql_effect_rules.c ---------------------------------------------------------------------- */

void sql_effects_apply_rules(const struct question *question);

/* ---- sql_effect_locks.c ---------------------------------------------------------------------- */

/* One relation; the stronger of two locks stays. */
void effects_lock_one(struct sql_effects *effects, const struct sql_object *relation,
                      enum lock_mode mode, gboolean is_new);
/* Others that are not known here. which is static. */
void effects_lock_more(struct sql_effects *effects, const char *which);
/* The action's object, and nothing else so far. */
void effects_lock_only(struct sql_effects *effects, const struct sql_action *action,
                       enum lock_mode mode);

/* ACCESS EXCLUSIVE on tables that the object's foreign keys reference: by one constraint, or by
 * those with one column, or (both NULL) by any. */
void effects_lock_referenced(struct sql_effects *effects, const struct sql_action *action,
                             const struct schema *schema, const char *constraint,
                             const char *column);
/* ACCESS EXCLUSIVE on tables with a foreign key on the object, and whatever else depends on it. */
void effects_lock_referencing(struct sql_effects *effects, const struct sql_action *action,
                              const struct schema *schema);
/* The same for one column, and foreign keys alone. */
void effects_lock_referencing_column(struct sql_effects *effects, const struct sql_action *action,
                                     const struct schema *schema);
/* Recursion goes to partitions and heirs with the same lock. */
void effects_lock_children(struct sql_effects *effects, const struct sql_object *parent,
                           enum lock_mode mode, const struct schema *schema);
/* ACCESS EXCLUSIVE. SQL_YES: there is one; SQL_MAYBE: the parent is not known. */
enum sql_answer effects_lock_default_partition(struct sql_effects *effects,
                                               const struct sql_object *parent,
                                               const struct schema *schema);
/* The table of an index that is named alone. */
void effects_lock_index_owner(struct sql_effects *effects, const struct sql_action *action,
                              enum lock_mode mode, const struct schema *schema);

#endif
