/* Every screen there is, and what the frame asks of some of them beyond struct view_ops. */
#ifndef WINCH_CONSOLE_VIEWS_H
#define WINCH_CONSOLE_VIEWS_H

#include "console/report.h"
#include "console/runner.h"
#include "console/view.h"
#include "engine/preview.h"

extern const struct view_ops timeline_view_ops;
extern const struct view_ops sql_view_ops;
extern const struct view_ops plan_view_ops;
extern const struct view_ops run_view_ops;
extern const struct view_ops activity_view_ops;
extern const struct view_ops history_view_ops;
extern const struct view_ops log_view_ops;
extern const struct view_ops graph_view_ops;
extern const struct view_ops config_view_ops;
extern const struct view_ops report_view_ops;
extern const struct view_ops help_view_ops;
extern const struct view_ops output_view_ops;
extern const struct view_ops gate_view_ops;

/* Puts the cursor on the current version, the first time anything is known. */
void timeline_view_settle(struct view *view);

/* What the output screen shows. Takes over text. */
void output_view_set(struct view *view, const char *title, char *text);

/* Begins an inquiry; one under way is given up. Takes over what is in question. */
void report_view_ask(struct view *view, struct report_question *question);

/* What the gate is about. Takes over request. */
void gate_view_set(struct view *view, struct run_request *request);
/* A key while the gate is in front; FALSE when it is one for the frame. */
struct key;
gboolean gate_view_key(struct view *view, const struct key *key);

/* A preview of what leads to goal; the screen comes to the front. */
void plan_view_preview(struct view *view, const struct goal *goal, enum preview_level level);
/* Where the plan on the screen leads; FALSE when there is none. */
gboolean plan_view_goal(struct view *view, struct goal *goal);

/* The session under the cursor of the activity view; FALSE when there is none that could be ended:
 * nothing, a prepared transaction, a connection of this console. */
gboolean activity_view_session(struct view *view, int *pid);
/* A request to cancel what it does (or to end it), with everything the gate says of it; NULL when
 * there is none. */
struct run_request *activity_view_request(struct view *view, gboolean terminates);

#endif
