/* The migrations of a plan or a run as rows, their statements below them: what view_plan and
 * view_run have in common. */
#ifndef WINCH_CONSOLE_STEP_LIST_H
#define WINCH_CONSOLE_STEP_LIST_H

#include <glib.h>

#include "console/grid.h"
#include "console/list.h"
#include "console/run_picture.h"

enum step_row_kind {
    STEP_ROW_STEP,
    STEP_ROW_STATEMENT,
    STEP_ROW_PROGRESS, /* the server's phase */
    STEP_ROW_BAR,      /* its numbers */
    STEP_ROW_DETAIL,   /* a line of what was opened */
};

struct step_row {
    enum step_row_kind kind;
    guint step, statement;
    guint detail; /* STEP_ROW_DETAIL: which */
};

/* What the rows speak of. */
struct step_source {
    const GPtrArray *steps;            /* of struct run_step_picture * */
    const struct run_picture *picture; /* NULL: nothing has run of it */
    gboolean tells_mode;               /* a plan: how each file runs, and why */
    gint64 now;
};

struct step_list {
    struct list list;
    GArray *rows;       /* of struct step_row */
    GPtrArray *details; /* of char * */
    GHashTable *open;   /* what was opened and closed by hand */
    gboolean follows;   /* the cursor goes with what runs */
    guint placed;       /* where it was put last */
    int columns;        /* of the last drawing */
};

void step_list_init(struct step_list *steps);
void step_list_clear(struct step_list *steps);
/* Other migrations come: nothing is open, the cursor stands on the first. */
void step_list_reset(struct step_list *steps);

/* Makes the rows anew; the cursor stays on its migration or statement, or follows what runs. */
void step_list_build(struct step_list *steps, const struct step_source *source);
void step_list_draw(struct step_list *steps, const struct step_source *source, struct grid *grid,
                    const struct area *area);
/* Opens or closes what is under the cursor. FALSE without rows. */
gboolean step_list_toggle(struct step_list *steps, const struct step_source *source);

/* The row under the cursor; NULL without rows. */
const struct step_row *step_list_selected(const struct step_list *steps);
/* Raw, for searching, copying and saving. Free with g_free(). */
char *step_list_row_text(const struct step_list *steps, const struct step_source *source,
                         guint row);

#endif
