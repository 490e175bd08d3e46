/* Every screen, in the order of enum screen. A new one is a row here and one in the table of
 * actions. */
#include "console/views.h"

const struct view_ops *const view_table[SCREEN_COUNT] = {
    [SCREEN_TIMELINE] = &timeline_view_ops, [SCREEN_SQL] = &sql_view_ops,
    [SCREEN_PLAN] = &plan_view_ops,         [SCREEN_RUN] = &run_view_ops,
    [SCREEN_ACTIVITY] = &activity_view_ops, [SCREEN_HISTORY] = &history_view_ops,
    [SCREEN_LOG] = &log_view_ops,           [SCREEN_GRAPH] = &graph_view_ops,
    [SCREEN_CONFIG] = &config_view_ops,     [SCREEN_REPORT] = &report_view_ops,
    [SCREEN_HELP] = &help_view_ops,         [SCREEN_OUTPUT] = &output_view_ops,
    [SCREEN_GATE] = &gate_view_ops,
};
