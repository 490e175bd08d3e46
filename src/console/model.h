/* What is known of files and database at one moment, as one immutable picture. The monitor thread
 * makes a new one whenever something changed; the main thread draws the newest and holds no pointer
 * into an older one. */
#ifndef WINCH_CONSOLE_MODEL_H
#define WINCH_CONSOLE_MODEL_H

#include <glib.h>

#include "base/autofree.h"
#include "database/activity.h"
#include "engine/engine.h"
#include "engine/lint.h"
#include "source/graph.h"
#include "source/lanes.h"

enum link_state {
    LINK_CONNECTING, /* for the first time */
    LINK_UP,
    LINK_LOST, /* link_why says why; what is shown is as of before */
};

/* What opening the database told, once. */
struct model_server {
    gatomicrefcount references;
    char *label; /* "app at db-1:5432", without secrets */
    char *database, *host, *port, *user, *product, *server_version, *tls;
    int backend_pid;
    gboolean is_standby;
    enum environment_class class_;
    char *environment; /* its name as it was said */
    char *environment_said_by;
    enum history_presence history_presence;
};

/* Status and history, read together. */
struct model_state {
    gatomicrefcount references;
    struct status *status;
    GPtrArray *history; /* of struct history_record *, oldest first */
    gint64 read_at;     /* microseconds since 1970, this machine's clock */
};

struct model {
    gatomicrefcount references;
    guint serial; /* rises with every model */
    enum link_state link;
    char *link_why;              /* LINK_LOST, or while trying again; NULL */
    struct migration_set *set;   /* NULL until the files were read */
    struct graph *graph;         /* of set; NULL with it */
    struct lanes *lanes;         /* of graph */
    struct lint_picture *lint;   /* of set; NULL until it was judged */
    char *files_problem;         /* why they could not be read; NULL */
    struct model_server *server; /* NULL until the first connection */
    struct model_state *state;   /* NULL until it was read */
    char *state_problem;         /* why it could not be read; NULL */
    struct pulse *pulse;         /* NULL until the first */
    struct activity *activity;   /* NULL while nobody wants it */
};

struct model *model_new(void);
/* A copy that shares everything, to be changed before anybody else sees it. */
struct model *model_copy(const struct model *model);
struct model *model_ref(struct model *model);
void model_unref(struct model *model);
DEFINE_AUTOPTR(model, model_unref);

/* Lanes that are drawn; more are counted. */
#define MODEL_LANES_MAX 12u

/* Each takes over its argument and drops what was there. */
void model_take_set(struct model *model, struct migration_set *set, char *problem);
/* Dropped where it is of another set. */
void model_take_lint(struct model *model, struct lint_picture *lint);
void model_take_server(struct model *model, struct model_server *server);
void model_take_state(struct model *model, struct model_state *state, char *problem);
void model_take_pulse(struct model *model, struct pulse *pulse);
void model_take_activity(struct model *model, struct activity *activity);
void model_set_link(struct model *model, enum link_state link, const char *why);

/* From an open engine. */
struct model_server *model_server_new(const struct engine *engine);
/* Blocks on server and disk; the engine's thread. */
struct model_state *model_state_read(struct engine *engine, GError **error);
/* As engine_status_since(). */
struct model_state *model_state_read_since(struct engine *engine, const struct model_state *before,
                                           guint newer, GError **error);
void model_server_unref(struct model_server *server);
void model_state_unref(struct model_state *state);

/* ---- asking a model (each may be asked of any, also before anything is known) ---------------- */

/* The status row of a version; NULL when there is none. */
const struct status_row *model_row(const struct model *model, gint64 version);
/* The version row: TRUE with *version (VERSION_NONE: no row) and *is_dirty when it is known. */
gboolean model_version(const struct model *model, gint64 *version, gboolean *is_dirty);
/* "000044", "none", "?": for a heading. Free with g_free(). */
char *model_version_text(const struct model *model, gint64 version);
/* What is risky in a migration's files; NULL while it is not known, or there are none. */
const struct lint_row *model_lint(const struct model *model, gint64 version);
enum environment_class model_class(const struct model *model);
/* 15; 0 while it is not known, or where it is no PostgreSQL. */
unsigned model_server_major(const struct model *model);

#endif
