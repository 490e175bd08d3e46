/* Pictures that share what did not change. */
#include "console/model.h"

#include <string.h>

struct model *model_new(void)
{
    struct model *model = g_new0(struct model, 1);
    g_atomic_ref_count_init(&model->references);
    return model;
}

struct model *model_copy(const struct model *from)
{
    struct model *model = model_new();
    model->serial = from->serial + 1;
    model->link = from->link;
    model->link_why = g_strdup(from->link_why);
    model->set = from->set != NULL ? migration_set_ref(from->set) : NULL;
    model->graph = from->graph != NULL ? graph_ref(from->graph) : NULL;
    model->lanes = from->lanes != NULL ? lanes_ref(from->lanes) : NULL;
    model->lint = from->lint != NULL ? lint_picture_ref(from->lint) : NULL;
    model->files_problem = g_strdup(from->files_problem);
    model->server = from->server;
    if (model->server != NULL)
        g_atomic_ref_count_inc(&model->server->references);
    model->state = from->state;
    if (model->state != NULL)
        g_atomic_ref_count_inc(&model->state->references);
    model->state_problem = g_strdup(from->state_problem);
    model->pulse = from->pulse != NULL ? pulse_ref(from->pulse) : NULL;
    model->activity = from->activity != NULL ? activity_ref(from->activity) : NULL;
    return model;
}

struct model *model_ref(struct model *model)
{
    g_atomic_ref_count_inc(&model->references);
    return model;
}

void model_unref(struct model *model)
{
    if (!g_atomic_ref_count_dec(&model->references))
        return;
    g_clear_pointer(&model->activity, activity_unref);
    g_clear_pointer(&model->pulse, pulse_unref);
    g_clear_pointer(&model->state, model_state_unref);
    g_clear_pointer(&model->server, model_server_unref);
    g_clear_pointer(&model->lint, lint_picture_unref);
    g_clear_pointer(&model->lanes, lanes_unref);
    g_clear_pointer(&model->graph, graph_unref);
    g_clear_pointer(&model->set, migration_set_unref);
    g_free(model->link_why);
    g_free(model->files_problem);
    g_free(model->state_problem);
    g_free(model);
}

static void replace_text(char **text, char *with)
{
    g_free(*text);
    *text = with;
}

void model_take_set(struct model *model, struct migration_set *set, char *problem)
{
    gboolean is_same = set != NULL && set == model->set;
    g_clear_pointer(&model->set, migration_set_unref);
    model->set = set;
    if (!is_same) {
        g_clear_pointer(&model->lint, lint_picture_unref);
        g_clear_pointer(&model->lanes, lanes_unref);
        g_clear_pointer(&model->graph, graph_unref);
        model->graph = set != NULL ? graph_new(set) : NULL;
        model->lanes = set != NULL ? lanes_of_graph(model->graph, MODEL_LANES_MAX) : NULL;
    }
    replace_text(&model->files_problem, problem);
}

void model_take_lint(struct model *model, struct lint_picture *lint)
{
    if (lint_picture_set(lint) != model->set) {
        lint_picture_unref(lint);
        return;
    }
    g_clear_pointer(&model->lint, lint_picture_unref);
    model->lint = lint;
}

void model_take_server(struct model *model, struct model_server *server)
{
    g_clear_pointer(&model->server, model_server_unref);
    model->server = server;
}

void model_take_state(struct model *model, struct model_state *state, char *problem)
{
    g_clear_pointer(&model->state, model_state_unref);
    model->state = state;
    replace_text(&model->state_problem, problem);
}

void model_take_pulse(struct model *model, struct pulse *pulse)
{
    g_clear_pointer(&model->pulse, pulse_unref);
    model->pulse = pulse;
}

void model_take_activity(struct model *model, struct activity *activity)
{
    g_clear_pointer(&model->activity, activity_unref);
    model->activity = activity;
}

void model_set_link(struct model *model, enum link_state link, const char *why)
{
    model->link = link;
    replace_text(&model->link_why, g_strdup(why));
}

/* ---- parts ----------------------------------------------------------------------------------- */

struct model_server *model_server_new(const struct engine *engine)
{
    const struct database_facts *facts = engine_facts(engine);
    const struct environment *environment = engine_environment(engine);
    struct model_server *server = g_new0(struct model_server, 1);
    g_atomic_ref_count_init(&server->references);
    server->label = g_strdup(engine_label(engine));
    server->database = g_path_get_basename(facts->database);
    server->host = g_strdup(facts->host);
    server->port = g_strdup(facts->port);
    server->user = g_strdup(facts->user);
    server->product = g_strdup(facts->product);
    server->server_version = g_strdup(facts->server_version);
    server->tls = g_strdup(facts->tls);
    server->backend_pid = facts->backend_pid;
    server->is_standby = facts->is_standby;
    server->class_ = environment->class_;
    server->environment = g_strdup(environment->name);
    server->environment_said_by = g_strdup(environment->said_by);
    server->history_presence = engine_history_presence(engine);
    return server;
}

void model_server_unref(struct model_server *server)
{
    if (!g_atomic_ref_count_dec(&server->references))
        return;
    g_free(server->label);
    g_free(server->database);
    g_free(server->host);
    g_free(server->port);
    g_free(server->user);
    g_free(server->product);
    g_free(server->server_version);
    g_free(server->tls);
    g_free(server->environment);
    g_free(server->environment_said_by);
    g_free(server);
}

static struct model_state *state_new(struct status *status, GPtrArray *history)
{
    struct model_state *state = g_new0(struct model_state, 1);
    g_atomic_ref_count_init(&state->references);
    state->status = status;
    state->history = history;
    state->read_at = g_get_real_time();
    return state;
}

struct model_state *model_state_read(struct engine *engine, GError **error)
{
    GPtrArray *history = NULL;
    struct status *status = engine_status_and_history(engine, &history, error);
    return status != NULL ? state_new(status, history) : NULL;
}

struct model_state *model_state_read_since(struct engine *engine, const struct model_state *before,
                                           guint newer, GError **error)
{
    g_autoptr(GPtrArray) history = g_ptr_array_ref(before->history);
    struct status *status = engine_status_since(engine, before->status, newer, &history, error);
    return status != NULL ? state_new(status, g_steal_pointer(&history)) : NULL;
}

void model_state_unref(struct model_state *state)
{
    if (!g_atomic_ref_count_dec(&state->references))
        return;
    status_free(state->status);
    g_ptr_array_unref(state->history);
    g_free(state);
}

/* ---- asking ---------------------------------------------------------------------------------- */

const struct status_row *model_row(const struct model *model, gint64 version)
{
    return model->state != NULL ? status_find(model->state->status, version) : NULL;
}

gboolean model_version(const struct model *model, gint64 *version, gboolean *is_dirty)
{
    if (model->state == NULL || model->state->status->problem != NULL)
        return FALSE;
    *version = model->state->status->version.version;
    *is_dirty = model->state->status->version.is_dirty;
    return TRUE;
}

char *model_version_text(const struct model *model, gint64 version)
{
    if (model->set != NULL)
        return migration_set_version_text(model->set, version);
    return version == VERSION_NONE ? g_strdup("none")
                                   : g_strdup_printf("%" G_GINT64_FORMAT, version);
}

enum environment_class model_class(const struct model *model)
{
    return model->server != NULL ? model->server->class_ : ENVIRONMENT_UNKNOWN;
}

unsigned model_server_major(const struct model *model)
{
    if (model->server == NULL || strcmp(model->server->product, "PostgreSQL") != 0)
        return 0;
    return (unsigned)g_ascii_strtoull(model->server->server_version, NULL, 10);
}

const struct lint_row *model_lint(const struct model *model, gint64 version)
{
    if (model->lint == NULL || migration_set_find(model->set, version) == NULL)
        return NULL;
    return lint_picture_row(model->lint, migration_set_lower_bound(model->set, version));
}
