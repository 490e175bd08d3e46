/* The table of reports: a row is all that a new one needs, beside what makes it. */
#include "console/report.h"

const struct report_maker report_makers[REPORT_KINDS] = {
    [REPORT_VALIDATE] = {"Validate", "version table, files and history against each other",
                         "validating", FALSE, report_validate},
};
