/* What would be done, in order, and how: computed from files, version row and history alone. */
#ifndef WINCH_ENGINE_PLAN_H
#define WINCH_ENGINE_PLAN_H

#include <glib.h>

#include "analysis/script.h"
#include "base/autofree.h"
#include "database/database.h"
#include "engine/ledger.h"
#include "source/migration.h"
#include "source/version_name.h"

enum goal_kind {
    GOAL_UP,       /* count migrations up, or all (count 0) */
    GOAL_UP_TO,    /* up to a version; never down */
    GOAL_DOWN,     /* count migrations down */
    GOAL_DOWN_ALL, /* to the empty database */
    GOAL_GOTO,     /* up or down to a version */
    GOAL_MISSED,   /* the missed ones, leaving the version row as it is */
    /* Only to engine_plan() and what uses it: plan_build() is told which of the above they are. */
    GOAL_ROLLBACK,  /* as far as the environment's policy goes; where it goes anywhere, one down */
    GOAL_EMERGENCY, /* to the last known good version, else the last stable one */
};

struct goal {
    enum goal_kind kind;
    guint count;                /* GOAL_UP, GOAL_DOWN */
    struct version_name target; /* GOAL_UP_TO, GOAL_GOTO */
    gboolean allows_empty_down;
    gboolean never_up; /* GOAL_GOTO: refused where it would lead up */
    guint in_flight;   /* ups that may be under way at the same time; 0 and 1: one */
};

struct plan_step {
    const struct migration *migration;
    enum direction direction;
    gint64 version_before;
    gint64 version_after;
    gboolean writes_version;
    const struct migration_half *half; /* what runs; its path is NULL when there is no such file */
    struct migration_text *up, *down;  /* both texts as they are now; NULL where there is no file */
    const char *body; /* the text that runs, without a byte order mark; "" when there is none */
    gsize body_length;
    struct script *script; /* of body; never NULL */
};

/* One half by itself, read and cut up, outside of any plan: its versions are not set. A missing
 * file is an empty one. Blocks on the disk. */
struct plan_step *plan_step_new(const struct migration *migration, enum direction direction,
                                enum sql_dialect dialect, GError **error);
void plan_step_free(struct plan_step *step);
DEFINE_AUTOPTR(plan_step, plan_step_free);

/* Immutable once built, reference counted, safe to share between threads. */
struct plan {
    gatomicrefcount references;
    enum goal_kind kind;
    struct migration_set *set;
    GPtrArray *steps; /* of struct plan_step *, in the order they would run */
    gint64 from;      /* version row before */
    gint64 to;        /* version row after */
    guint short_by;   /* how many fewer there are than were asked for */
    GPtrArray
        *notices; /* of char *: things a person should know (missed, modified, stopped early) */
    char id[17];  /* checksum of database, from, and every step's text: 16 hex digits */
};

struct plan_context {
    struct migration_set *set;
    const struct version_state *state;
    const struct ledger *ledger;
    enum sql_dialect dialect;
    const GArray *marks;  /* of struct version_mark; NULL: none are known */
    const char *identity; /* names the database in the plan's id */
};

/* Reads and cuts up every file of the plan (blocks on the disk). An empty plan is no error.
 * ERROR_DIRTY for a dirty version row, ERROR_REFUSED for a down that is missing, empty or
 * irreversible or a version row without a file, ERROR_SOURCE for files that cannot run. */
struct plan *plan_build(const struct plan_context *context, const struct goal *goal,
                        GError **error);
struct plan *plan_ref(struct plan *plan);
void plan_unref(struct plan *plan);
DEFINE_AUTOPTR(plan, plan_unref);

const struct plan_step *plan_step_at(const struct plan *plan, guint index);
gboolean plan_goes_down(const struct plan *plan);

/* What to do about a dirty row, naming the versions that 'winch force' may be given. */
void plan_advise_dirty(const struct migration_set *set, const struct version_state *state,
                       GError **error);

#endif
