/* The table of reports: a row is all that a new one needs, beside what makes it. */
#include "console/report.h"

const struct report_maker report_makers[REPORT_KINDS] = {
    [REPORT_VALIDATE] = {"Validate", "version table, files and history against each other",
                         "validating", FALSE, report_validate},
    [REPORT_DRIFT] = {"Drift", "the schema against the one recorded for this version", "comparing",
                      FALSE, report_drift},
    [REPORT_VERIFY] = {"Verify", "whether the downs undo their ups, on a scratch database",
                       "verifying", TRUE, report_verify},
    [REPORT_RECEIPT] = {"Receipt", "what going back destroys", "looking", FALSE, report_receipt},
};
