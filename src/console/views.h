/* The screens there are. */
#ifndef WINCH_CONSOLE_VIEWS_H
#define WINCH_CONSOLE_VIEWS_H

#include "console/view.h"
#include "engine/plan.h"

extern const struct view_ops timeline_view_ops;
extern const struct view_ops sql_view_ops;
extern const struct view_ops plan_view_ops;
extern const struct view_ops run_view_ops;
extern const struct view_ops activity_view_ops;
extern const struct view_ops history_view_ops;
extern const struct view_ops log_view_ops;
extern const struct view_ops graph_view_ops;
extern const struct view_ops config_view_ops;
extern const struct view_ops help_view_ops;
extern const struct view_ops output_view_ops;
extern const struct view_ops gate_view_ops;

/* Where the plan on the screen leads; FALSE when there is none. */
gboolean plan_view_goal(struct view *view, struct goal *goal);

/* The session under the cursor of the activity view; FALSE when there is none that could be ended:
 * nothing, a prepared transaction, a connection of this console. */
gboolean activity_view_session(struct view *view, int *pid);

#endif
