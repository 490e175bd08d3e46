/* What the letters and marks of the screens mean: one row each, for help and manual. */
#ifndef WINCH_CONSOLE_LEGEND_H
#define WINCH_CONSOLE_LEGEND_H

#include "console/action.h"

struct legend_row {
    enum screen screen;
    const char *letter; /* as it is shown; alternatives stand apart by blanks */
    const char *means;  /* one line, no full stop */
};

extern const struct legend_row legend[]; /* ended by a letter NULL */

#endif
