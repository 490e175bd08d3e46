/* What goes on in a database while somebody stands at the gate. All of it is told, and nothing is
 * refused for it: it may be otherwise a second later. */
#include "analysis/inspection.h"
#include "base/duration.h"
#include "base/text.h"
#include "database/circumstances.h"
#include "engine/gate_internal.h"

#include <string.h>

void gate_look_lock(struct gate_look *look, struct gate_check *check)
{
    struct lock_holder holder;
    g_autoptr(GError) failure = NULL;
    int held = database_lock_holder(look->engine->database, &holder, &failure);
    if (held < 0)
        gate_answer_unknown(check, GATE_WARNING, g_steal_pointer(&failure));
    else if (held == 0)
        gate_answer(check, GATE_OK, NULL, "the migration lock is free");
    else
        gate_answer(check, GATE_WARNING, "it is waited for, up to lock_timeout",
                    "the migration lock is held by pid %d, %s %s", holder.pid, holder.user,
                    holder.application);
}

/* ---- what the plan needs ----------------------------------------------------------------------
 */

static void add_relation(GPtrArray *relations, const struct sql_object *object)
{
    if (object->name == NULL)
        return;
    g_autofree char *name = sql_object_text(object);
    if (!g_ptr_array_find_with_equal_func(relations, name, g_str_equal, NULL))
        g_ptr_array_add(relations, g_steal_pointer(&name));
}

static void add_relations_of_step(GPtrArray *relations, const struct plan_step *step,
                                  const char *schema)
{
    const struct inspection_context context = {SQL_POSTGRESQL, schema};
    AUTOPTR(inspection) *inspection =
        inspection_new(step->body, step->body_length, step->script, &context);
    for (guint i = 0; i < inspection_count(inspection); i++) {
        const struct inspected_statement *statement = inspection_at(inspection, i);
        for (guint j = 0; statement->is_analysed && j < statement->relation_count; j++)
            if (statement->relations[j].is_written && statement->relations[j].is_run)
                add_relation(relations, &statement->relations[j].object);
    }
}

/* As far as the text tells: what a function does when it is called is not in it. */
static const GPtrArray *relations_of(struct gate_look *look)
{
    const struct plan *plan = look->wish->plan;
    const struct database_facts *facts = database_facts(look->engine->database);
    if (look->relations != NULL)
        return look->relations;
    look->relations = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; plan != NULL && i < plan->steps->len; i++)
        if (strcmp(facts->product, "SQLite") != 0)
            add_relations_of_step(look->relations, plan_step_at(plan, i), facts->schema);
    return look->relations;
}

/* A lock's relation is "schema.name" as it is, what is needed is quoted where SQL wants it so. */
static gboolean is_needed(const GPtrArray *relations, const char *relation)
{
    for (const char *dot = strchr(relation, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        g_autofree char *schema = g_strndup(relation, (gsize)(dot - relation));
        g_autofree char *quoted =
            sql_object_text(&(const struct sql_object){.schema = schema, .name = dot + 1});
        if (g_ptr_array_find_with_equal_func((GPtrArray *)(gsize)relations, quoted, g_str_equal,
                                             NULL))
            return TRUE;
    }
    return FALSE;
}

/* ---- blockers -------------------------------------------------------------------------------- */

/* A transaction this old is no short one that will be gone. */
#define OLD_US 5000000

/* What a session holds that matters: a lock on what the plan needs, else any, a strong one first.
 */
static const struct relation_lock *lock_of(const struct activity *activity, int pid,
                                           const GPtrArray *needed, gboolean *is_in_need)
{
    const struct relation_lock *found = NULL;
    *is_in_need = FALSE;
    for (guint i = 0; i < activity->lock_count; i++) {
        const struct relation_lock *lock = &activity->locks[i];
        if (lock->pid != pid || !lock->is_granted || *lock->relation == '\0')
            continue;
        if (is_needed(needed, lock->relation)) {
            *is_in_need = TRUE;
            return lock;
        }
        if (found == NULL || strcmp(found->mode, "AccessShareLock") == 0)
            found = lock;
    }
    return found;
}

static gboolean is_in_the_way(const struct activity *activity, const struct session *session,
                              const GPtrArray *needed)
{
    gint64 since = session->transaction_since;
    gboolean is_in_need;
    if (session->is_own || lock_of(activity, session->pid, needed, &is_in_need) == NULL)
        return FALSE;
    return is_in_need || (since != 0 && (g_str_has_prefix(session->state, "idle in transaction") ||
                                         activity->taken_at - since > OLD_US));
}

static void name_blocker(GString *text, const struct activity *activity,
                         const struct session *session, const GPtrArray *needed)
{
    gboolean is_in_need;
    const struct relation_lock *lock = lock_of(activity, session->pid, needed, &is_in_need);
    gint64 since = session->transaction_since;
    g_autofree char *age = duration_format(since != 0 ? activity->taken_at - since : 0);
    g_string_append_printf(text, "%spid %d (%s%s%s)", text->len > 0 ? "; " : "", session->pid,
                           session->user, *session->application != '\0' ? ", " : "",
                           session->application);
    if (!session->is_hidden)
        g_string_append_printf(text, " %s for %s,", session->state, age);
    g_string_append_printf(text, " holds %s%s", lock->relation,
                           is_in_need ? ", which this needs" : "");
}

/* Who holds no table here is of no interest, whatever else he does. */
static gboolean hides_somebody(const struct activity *activity)
{
    for (guint i = 0; i < activity->lock_count; i++) {
        const struct session *session = activity_session(activity, activity->locks[i].pid);
        if (session != NULL && session->is_hidden && !session->is_own)
            return TRUE;
    }
    return FALSE;
}

#define NAMED_MAX 3

void gate_look_blockers(struct gate_look *look, struct gate_check *check)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) failure = NULL;
    guint count = 0;
    if (look->activity == NULL &&
        (look->activity = engine_activity(look->engine, &failure)) == NULL) {
        gate_answer_unknown(check, GATE_WARNING, g_steal_pointer(&failure));
        return;
    }
    const struct activity *activity = look->activity;
    const GPtrArray *needed = relations_of(look);
    for (guint i = 0; i < activity->session_count; i++) {
        if (!is_in_the_way(activity, &activity->sessions[i], needed))
            continue;
        if (count++ < NAMED_MAX)
            name_blocker(text, activity, &activity->sessions[i], needed);
    }
    if (count > NAMED_MAX)
        g_string_append_printf(text, "; and %u more", count - NAMED_MAX);
    for (guint i = 0; i < activity->prepared_count; i++, count++)
        g_string_append_printf(text, "%sprepared transaction %s of %s", text->len > 0 ? "; " : "",
                               activity->prepared[i].gid, activity->prepared[i].owner);
    if (count == 0 && (activity->is_cut || hides_somebody(activity)))
        gate_answer(check, GATE_WARNING,
                    activity->is_cut ? "see pg_locks" : "membership in pg_monitor shows them",
                    "none seen; %s",
                    activity->is_cut ? "there are more locks than were read"
                                     : "the transactions of other roles cannot be seen");
    else if (count == 0)
        gate_answer(check, GATE_OK, NULL, "no old transaction holds a table%s",
                    needed->len > 0 ? ", and nobody what this needs" : "");
    else
        gate_answer(check, GATE_WARNING, "'winch locks' shows all; what needs such a table waits",
                    "%s", text->str);
}

/* ---- rights and replicas --------------------------------------------------------------------- */

static gboolean read_circumstances(struct gate_look *look, struct gate_check *check,
                                   struct circumstances *circumstances)
{
    g_autoptr(GError) failure = NULL;
    memset(circumstances, 0, sizeof *circumstances);
    if (database_circumstances(look->engine->database, relations_of(look), circumstances, &failure))
        return TRUE;
    gate_answer_unknown(check, GATE_WARNING, g_steal_pointer(&failure));
    return FALSE;
}

void gate_look_rights(struct gate_look *look, struct gate_check *check)
{
    const struct database_facts *facts = database_facts(look->engine->database);
    struct circumstances seen;
    if (!facts->can_write_version_table) {
        gate_answer(check, GATE_WARNING, "see 'winch init --print-sql'",
                    "%s may not write the version table", facts->user);
        return;
    }
    if (!read_circumstances(look, check, &seen))
        return;
    if (seen.needed_of_others != NULL)
        gate_answer(check, GATE_WARNING, "let its owner run this, or become a member of that role",
                    "%s belongs to a role that %s is no member of: only its owner drops or alters "
                    "it",
                    seen.needed_of_others, facts->user);
    else if (seen.tables_of_others > 0)
        gate_answer(check, GATE_WARNING, "only an owner drops or alters a table",
                    "%u of %u tables in schema %s belong to roles that %s is no member of",
                    seen.tables_of_others, seen.tables, facts->schema, facts->user);
    else
        gate_answer(check, GATE_OK, NULL, "every table in its schema is the user's own");
    circumstances_clear(&seen);
}

#define LAG_US 10000000

void gate_look_replicas(struct gate_look *look, struct gate_check *check)
{
    struct circumstances seen;
    if (!read_circumstances(look, check, &seen))
        return;
    g_autofree char *count = text_plural(seen.replicas, "replica", "replicas");
    g_autofree char *lag = duration_format(seen.lag_us);
    if (seen.replicas == 0)
        gate_answer(check, GATE_NOT_NEEDED, NULL, "none is connected");
    else if (!seen.sees_replicas)
        gate_answer(check, GATE_WARNING, "membership in pg_monitor shows it",
                    "%s, how far behind cannot be seen by this role", count);
    else if (seen.lagging_replica != NULL || seen.lag_us > LAG_US)
        gate_answer(check, GATE_WARNING, "what is written now reaches it later still",
                    "%s, %s is behind: %s", count,
                    seen.lagging_replica != NULL ? seen.lagging_replica : "one", lag);
    else
        gate_answer(check, GATE_OK, NULL, "%s, at most %s behind", count, lag);
    circumstances_clear(&seen);
}
