/* The table of letters and marks. A row is all that a new one needs. */
#include "console/legend.h"

const struct legend_row legend[] = {
    {SCREEN_TIMELINE, "P", "pending: its file is there, it did not run"},
    {SCREEN_TIMELINE, "A", "applied"},
    {SCREEN_TIMELINE, "A*", "applied, and its file has changed since"},
    {SCREEN_TIMELINE, "X", "dirty: it began and did not end; recover before anything else"},
    {SCREEN_TIMELINE, "?", "applied, and there is no file of it"},
    {SCREEN_TIMELINE, "S", "below the current version, and never ran: a plain up skips it"},
    {SCREEN_TIMELINE, "I", "irreversible: no way down"},
    {SCREEN_TIMELINE, "(inferred)", "the version row says so alone; there is no history of it"},
    {SCREEN_GRAPH, "P A A* X ? S I", "as on the timeline"},
    {SCREEN_SQL, ">", "the row under the cursor, and the pane it is in"},
    {SCREEN_SQL, "1 2 3", "in the gutter: where the file's statements begin"},
    {SCREEN_SQL, "sync:statement", "both files have as many statements: the same number beside it"},
    {SCREEN_SQL, "sync:proportion", "they have not: as far down in the file, no more is meant"},
    {SCREEN_SQL, "sync:line", "the same line beside it"},
    {SCREEN_SQL, "^[ \\u{202E}", "a control character of the file, shown instead of obeyed"},
    {.letter = NULL},
};
