/* What one half of a migration makes, changes and destroys, by name: whether a table is new here,
 * or gone afterwards, so that nobody is in its way. */
#ifndef WINCH_ANALYSIS_LINT_CENSUS_H
#define WINCH_ANALYSIS_LINT_CENSUS_H

#include "analysis/lint.h"
#include "base/autofree.h"

struct lint_census;

struct lint_census *lint_census_new(const struct lint_half *half);
void lint_census_free(struct lint_census *census);
DEFINE_AUTOPTR(lint_census, lint_census_free);

/* Statements that can be looked at: 0 without an inspection. */
guint lint_half_statements(const struct lint_half *half);

/* Whether there is a statement in it; what cannot be cut into statements is not empty. */
gboolean lint_does_something(const struct lint_half *half);

/* The actions on an object of this name, also another's of a like name: of const struct sql_action
 * *, in order. NULL: none. Borrowed. */
const GPtrArray *lint_census_of(const struct lint_census *census, const char *name);

/* True when the half makes the whole object before this offset, or in the statement there. */
gboolean lint_census_makes(const struct lint_census *census, const struct sql_object *object,
                           gsize offset);

/* The same, but only where there is none: IF NOT EXISTS. */
gboolean lint_census_makes_if_missing(const struct lint_census *census,
                                      const struct sql_object *object, gsize offset);

/* True when it destroys the whole object after this offset. */
gboolean lint_census_destroys(const struct lint_census *census, const struct sql_object *object,
                              gsize offset);

/* What of this kind the half does to an object and a part of it (NULL: any part), or NULL. */
const struct sql_action *lint_census_find(const struct lint_census *census,
                                          enum sql_action_kind kind,
                                          const struct sql_object *object, const char *part);

/* True when the half made what the action destroys, whichever way. */
gboolean lint_census_made(const struct lint_census *census, const struct sql_action *dropped);

#endif
