/* Between an inspection and whoever fills it: the parser, where this build has it. */
#ifndef WINCH_ANALYSIS_INSPECTION_PRIVATE_H
#define WINCH_ANALYSIS_INSPECTION_PRIVATE_H

#include "analysis/arena.h"
#include "analysis/inspection.h"

struct inspection {
    struct arena *arena; /* holds all that the statements point to, and themselves */
    struct inspected_statement *statements; /* not analysed as long as nobody says otherwise */
    guint count;
};

/* Of PostgreSQL's dialect, and with at least one statement. */
void inspection_fill(struct inspection *inspection, const char *text, const struct script *script,
                     const struct inspection_context *context);

#endif
