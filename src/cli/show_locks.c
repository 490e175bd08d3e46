/* locks: who holds or awaits the migration lock, who waits for whom, and what runs have locked. */
#include "cli/command.h"

#include "base/duration.h"
#include "database/activity.h"

#include <string.h>

/* ---- words ----------------------------------------------------------------------------------- */

static void append_part(GString *text, const char *before, const char *part)
{
    g_autofree char *safe = output_safe(part);
    if (*part != '\0')
        g_string_append_printf(text, "%s%s", before, safe);
}

/* "pid 123 app@10.0.0.3 api, idle in transaction for 4m31s: UPDATE ..." */
char *locks_session_text(const struct activity *activity, const struct session *session)
{
    GString *text = g_string_new(NULL);
    gint64 since = session->waiting_since != 0 ? session->waiting_since : session->state_since;
    g_string_append_printf(text, "pid %d", session->pid);
    append_part(text, " ", session->user);
    if (*session->user != '\0')
        append_part(text, "@", *session->client != '\0' ? session->client : "local");
    append_part(text, " ", session->application);
    if (session->is_own)
        g_string_append(text, " (this winch)");
    append_part(text, ", ", session->waiting_since != 0 ? "waiting" : session->state);
    if (since != 0 && since <= activity->taken_at) {
        g_autofree char *age = duration_format(activity->taken_at - since);
        g_string_append_printf(text, " for %s", age);
    }
    append_part(text, ": ", session->query);
    if (session->is_hidden)
        g_string_append(text, " (the rest is hidden from this role)");
    return g_string_free(text, FALSE);
}

/* ---- the migration lock ---------------------------------------------------------------------- */

static void show_lock(struct command_context *context, const struct activity *activity)
{
    static const struct {
        enum session_migration_lock lock;
        const char *heading;
    } kinds[] = {{MIGRATION_LOCK_HELD, "held by"}, {MIGRATION_LOCK_WAITS, "awaited by"}};
    guint count = 0;
    for (gsize kind = 0; kind < G_N_ELEMENTS(kinds); kind++)
        for (guint i = 0; i < activity->session_count; i++) {
            const struct session *session = &activity->sessions[i];
            if (session->migration_lock != kinds[kind].lock)
                continue;
            g_autofree char *who = locks_session_text(activity, session);
            output_line(context->output, ROLE_WARNING, "%-14s %s %s",
                        count++ == 0 ? "migration lock" : "", kinds[kind].heading, who);
        }
    if (count == 0)
        output_line(context->output, ROLE_GOOD, "migration lock free");
}

/* ---- who waits for whom ---------------------------------------------------------------------- */

static char *describe_node(const struct activity *activity, const struct blocking_node *node)
{
    if (node->session >= 0)
        return locks_session_text(activity, &activity->sessions[node->session]);
    if (node->pid == 0)
        return g_strdup("a prepared transaction (below)");
    return g_strdup_printf("pid %d, of another database", node->pid);
}

static void show_forest(struct command_context *context, const struct activity *activity)
{
    if (activity->forest_count == 0) {
        output_line(context->output, ROLE_GOOD, "nobody waits for a lock");
        return;
    }
    output_line(context->output, ROLE_HEADING, "who waits for whom");
    for (guint i = 0; i < activity->forest_count; i++) {
        const struct blocking_node *node = &activity->forest[i];
        g_autofree char *who = describe_node(activity, node);
        output_line(context->output, node->depth == 0 ? ROLE_WARNING : ROLE_PLAIN, "%*s%s%s",
                    (int)MIN(node->depth, 20) * 3, "", node->depth > 0 ? "+- " : "", who);
    }
}

static void show_prepared(struct command_context *context, const struct activity *activity)
{
    for (guint i = 0; i < activity->prepared_count; i++) {
        const struct prepared_transaction *prepared = &activity->prepared[i];
        g_autofree char *gid = output_safe(prepared->gid);
        g_autofree char *owner = output_safe(prepared->owner);
        g_autofree char *age = duration_format(activity->taken_at - prepared->prepared_at);
        output_line(context->output, ROLE_WARNING,
                    "prepared transaction %s of %s, for %s: COMMIT PREPARED or ROLLBACK PREPARED",
                    gid, owner, age);
    }
}

/* ---- what runs have locked ------------------------------------------------------------------- */

static gboolean is_of_a_run(const struct activity *activity, const struct relation_lock *lock)
{
    const struct session *session = activity_session(activity, lock->pid);
    return session != NULL &&
           (session->run.run_id[0] != '\0' || session->migration_lock == MIGRATION_LOCK_HELD);
}

static void show_run_locks(struct command_context *context, const struct activity *activity)
{
    static const struct output_column columns[] = {
        {"Pid", TEXT_RIGHT, FALSE},
        {"Relation", TEXT_LEFT, TRUE},
        {"Lock", TEXT_LEFT, FALSE},
        {"", TEXT_LEFT, FALSE},
    };
    struct output_table *table = output_table_new(context->output, columns, G_N_ELEMENTS(columns));
    guint count = 0;
    for (guint i = 0; i < activity->lock_count; i++) {
        const struct relation_lock *lock = &activity->locks[i];
        if (!is_of_a_run(activity, lock))
            continue;
        g_autofree char *pid = g_strdup_printf("%d", lock->pid);
        output_table_cell(table, ROLE_PLAIN, pid);
        output_table_cell(table, ROLE_PLAIN, lock->relation);
        output_table_cell(table, ROLE_PLAIN, lock->mode);
        output_table_cell(table, lock->is_granted ? ROLE_PLAIN : ROLE_WARNING,
                          lock->is_granted ? "held" : "waits");
        count++;
    }
    if (count > 0)
        output_table_end(table);
    else
        output_table_drop(table);
    if (activity->is_cut)
        output_line(context->output, ROLE_WARNING, "there are more locks than are shown");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_time(json_t *object, const char *name, gint64 microseconds)
{
    g_autofree char *time = output_time_json(microseconds);
    json_object_set_new(object, name, output_string(time));
}

static json_t *session_json(const struct session *session)
{
    static const char *const locks[] = {NULL, "waits", "held"};
    json_t *object = json_object(), *blocked_by = json_array();
    const struct {
        const char *name, *text;
    } texts[] = {{"user", session->user},
                 {"client", session->client},
                 {"application", session->application},
                 {"state", session->state},
                 {"wait_type", session->wait_type},
                 {"wait_event", session->wait_event},
                 {"query", session->query},
                 {"backend_type", session->backend_type},
                 {"migration_lock", locks[session->migration_lock]},
                 {"run_id", session->run.run_id[0] != '\0' ? session->run.run_id : NULL}};
    json_object_set_new(object, "pid", json_integer(session->pid));
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        json_object_set_new(object, texts[i].name, output_string(texts[i].text));
    for (guint i = 0; i < session->blocked_by_count; i++)
        json_array_append_new(blocked_by, json_integer(session->blocked_by[i]));
    json_object_set_new(object, "blocked_by", blocked_by);
    json_object_set_new(object, "blocks", json_integer(session->blocks));
    json_object_set_new(object, "is_own", json_boolean(session->is_own));
    json_object_set_new(object, "is_hidden", json_boolean(session->is_hidden));
    add_time(object, "state_since", session->state_since);
    add_time(object, "transaction_since", session->transaction_since);
    add_time(object, "waiting_since", session->waiting_since);
    return object;
}

/* Sessions that hold or await something: the others are no matter of locks. */
static json_t *sessions_json(const struct activity *activity)
{
    json_t *list = json_array();
    for (guint i = 0; i < activity->session_count; i++) {
        const struct session *session = &activity->sessions[i];
        if (session->blocked_by_count > 0 || session->blocks > 0 ||
            session->run.run_id[0] != '\0' || session->migration_lock != MIGRATION_LOCK_NONE)
            json_array_append_new(list, session_json(session));
    }
    return list;
}

static json_t *run_locks_json(const struct activity *activity)
{
    json_t *list = json_array();
    for (guint i = 0; i < activity->lock_count; i++) {
        const struct relation_lock *lock = &activity->locks[i];
        if (!is_of_a_run(activity, lock))
            continue;
        json_t *object = json_object();
        json_object_set_new(object, "pid", json_integer(lock->pid));
        json_object_set_new(object, "relation", output_string(lock->relation));
        json_object_set_new(object, "mode", output_string(lock->mode));
        json_object_set_new(object, "is_granted", json_boolean(lock->is_granted));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *prepared_json(const struct activity *activity)
{
    json_t *list = json_array();
    for (guint i = 0; i < activity->prepared_count; i++) {
        json_t *object = json_object();
        json_object_set_new(object, "gid", output_string(activity->prepared[i].gid));
        json_object_set_new(object, "owner", output_string(activity->prepared[i].owner));
        add_time(object, "prepared_at", activity->prepared[i].prepared_at);
        json_array_append_new(list, object);
    }
    return list;
}

/* ---- the command ----------------------------------------------------------------------------- */

gboolean command_locks(struct command_context *context, GError **error)
{
    AUTOPTR(activity) *activity = engine_activity(context->engine, error);
    if (activity == NULL)
        return FALSE;
    json_object_set_new(context->document, "sessions", sessions_json(activity));
    json_object_set_new(context->document, "run_locks", run_locks_json(activity));
    json_object_set_new(context->document, "prepared_transactions", prepared_json(activity));
    show_lock(context, activity);
    show_forest(context, activity);
    show_prepared(context, activity);
    if (!context->output->is_json)
        show_run_locks(context, activity);
    return TRUE;
}
