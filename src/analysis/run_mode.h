/* How a file that was cut into statements has to be run. */
#ifndef WINCH_ANALYSIS_RUN_MODE_H
#define WINCH_ANALYSIS_RUN_MODE_H

#include "analysis/script.h"

/* What the decision rests on beside the statements. */
struct run_facts {
    const char *text;
    gsize length;
    enum sql_dialect dialect;
    gboolean transaction_off;
    const char *uncertain; /* why the statements cannot be told apart, or NULL. Static */
    unsigned uncertain_line;
    const char *file;
};

/* Fills in mode, mode_reason, reason_line and begin_modes. False for a transaction that the file
 * leaves open. */
gboolean run_mode_decide(struct script *script, const struct run_facts *facts, GError **error);

#endif
