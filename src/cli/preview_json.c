/* A preview for programs: everything that is in it. */
#include "cli/command.h"

static json_t *known(gint64 number)
{
    return number >= 0 ? json_integer(number) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return *text != '\0' ? output_string(text) : json_null();
}

static json_t *texts(const GPtrArray *array)
{
    json_t *list = json_array();
    for (guint i = 0; i < array->len; i++)
        json_array_append_new(list, output_string(array->pdata[i]));
    return list;
}

static json_t *mode_json(enum lock_mode mode)
{
    return mode != LOCK_MODE_NONE ? json_string(lock_mode_text(mode)) : json_null();
}

/* ---- statements ------------------------------------------------------------------------------ */

static json_t *lock_json(const struct preview_lock *lock)
{
    json_t *object = json_object();
    json_object_set_new(object, "relation", output_string(lock->relation));
    json_object_set_new(object, "kind", json_string(evidence_kind_text(lock->kind)));
    json_object_set_new(object, "mode", mode_json(lock->mode));
    json_object_set_new(object, "blocks", json_string(lock_mode_blocks(lock->mode)));
    json_object_set_new(object, "is_new", json_boolean(lock->is_new));
    json_object_set_new(object, "basis", json_string(preview_basis_word(lock->basis)));
    return object;
}

static json_t *work_json(const struct preview_work *work)
{
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(preview_work_word(work->kind)));
    json_object_set_new(object, "relation", output_string(work->relation));
    json_object_set_new(object, "held", mode_json(work->held));
    json_object_set_new(object, "rows", known(work->rows));
    json_object_set_new(object, "bytes", known(work->bytes));
    json_object_set_new(object, "is_new", json_boolean(work->is_new));
    json_object_set_new(object, "basis", json_string(preview_basis_word(work->basis)));
    return object;
}

static json_t *estimate_json(const struct preview_statement *statement)
{
    json_t *object = json_object();
    if (statement->estimated_us < 0) {
        json_decref(object);
        return json_null();
    }
    json_object_set_new(object, "elapsed_us", json_integer(statement->estimated_us));
    json_object_set_new(object, "wal_bytes", known(statement->estimated_wal));
    json_object_set_new(object, "why", output_string(statement->estimate_why));
    return object;
}

static json_t *said_json(const struct evidence *evidence)
{
    json_t *list = json_array();
    for (guint i = 0; evidence != NULL && i < evidence->said_count; i++)
        json_array_append_new(list, output_string(evidence->said[i]));
    return list;
}

static json_t *statement_json(const struct plan_step *of, const struct preview_statement *statement)
{
    guint edge = of->script->mode == RUN_OWN_BLOCK ? 1 : 0;
    const struct script_statement *script =
        &g_array_index(of->script->statements, struct script_statement, statement->index + edge);
    g_autofree char *sql = g_strndup(of->body + script->offset, script->length);
    json_t *object = json_object(), *locks = json_array(), *works = json_array();
    for (guint i = 0; i < statement->locks->len; i++)
        json_array_append_new(locks,
                              lock_json(&g_array_index(statement->locks, struct preview_lock, i)));
    for (guint i = 0; i < statement->works->len; i++)
        json_array_append_new(works,
                              work_json(&g_array_index(statement->works, struct preview_work, i)));
    json_object_set_new(object, "line", json_integer(statement->line));
    json_object_set_new(object, "verb", json_string(statement->verb));
    json_object_set_new(object, "sql", output_string(sql));
    json_object_set_new(object, "was_run", json_boolean(statement->was_run));
    json_object_set_new(object, "basis", json_string(preview_basis_word(statement->basis)));
    json_object_set_new(object, "elapsed_us", known(statement->elapsed_us));
    json_object_set_new(object, "rows", known(statement->rows));
    json_object_set_new(object, "wal_bytes", known(statement->wal_bytes));
    json_object_set_new(object, "locks", locks);
    json_object_set_new(object, "works", works);
    json_object_set_new(object, "estimate", estimate_json(statement));
    json_object_set_new(object, "risk", json_string(preview_risk_word(statement->risk)));
    json_object_set_new(object, "verdict", output_string(statement->verdict));
    json_object_set_new(object, "notices", texts(statement->notices));
    json_object_set_new(object, "said", said_json(statement->evidence));
    return object;
}

/* ---- differences ----------------------------------------------------------------------------- */

static json_t *difference_json(const struct catalog_difference *difference)
{
    g_autofree char *text = catalog_difference_text(difference);
    json_t *object = json_object();
    json_object_set_new(object, "change", json_string(catalog_change_name(difference->change)));
    json_object_set_new(object, "kind", output_string(difference->kind));
    json_object_set_new(object, "identity", output_string(difference->identity));
    json_object_set_new(object, "attribute", output_string(difference->attribute));
    json_object_set_new(object, "before", output_string(difference->before));
    json_object_set_new(object, "after", output_string(difference->after));
    json_object_set_new(object, "is_implied", json_boolean(difference->is_implied));
    json_object_set_new(object, "text", output_string(text));
    return object;
}

static json_t *differences_json(const GPtrArray *differences)
{
    if (differences == NULL)
        return json_null();
    json_t *list = json_array();
    for (guint i = 0; i < differences->len; i++)
        json_array_append_new(list, difference_json(differences->pdata[i]));
    return list;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static json_t *step_json(const struct preview *preview, const struct preview_step *step)
{
    const struct plan_step *of = plan_step_at(preview->plan, step->index);
    json_t *object = json_object(), *statements = json_array();
    for (guint i = 0; i < step->statements->len; i++)
        json_array_append_new(statements, statement_json(of, preview_statement_at(step, i)));
    json_object_set_new(object, "direction", json_string(direction_name(of->direction)));
    json_object_set_new(object, "version", json_integer(of->migration->version));
    json_object_set_new(object, "title", output_string(of->migration->title));
    json_object_set_new(object, "file", output_string(of->half->path));
    json_object_set_new(object, "mode", json_string(run_mode_name(of->script->mode)));
    json_object_set_new(object, "outcome", json_string(preview_outcome_word(step->outcome)));
    json_object_set_new(object, "why", text_or_null(step->why));
    json_object_set_new(object, "error", output_error_json(step->error));
    json_object_set_new(object, "elapsed_us", json_integer(step->elapsed_us));
    json_object_set_new(object, "wal_bytes", known(step->wal_bytes));
    json_object_set_new(object, "exclusive_us", known(step->exclusive_us));
    json_object_set_new(object, "exclusive", text_or_null(step->exclusive));
    json_object_set_new(object, "exclusive_line", json_integer(step->exclusive_line));
    json_object_set_new(object, "statements", statements);
    json_object_set_new(object, "differences", differences_json(step->differences));
    json_object_set_new(object, "differences_why", text_or_null(step->differences_why));
    return object;
}

/* ---- weather --------------------------------------------------------------------------------- */

static json_t *weather_session_json(const struct weather_session *entry)
{
    const struct session *session = entry->session;
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(weather_kind_word(entry->kind)));
    json_object_set_new(object, "pid", json_integer(session->pid));
    json_object_set_new(object, "user", output_string(session->user));
    json_object_set_new(object, "client", output_string(session->client));
    json_object_set_new(object, "application", output_string(session->application));
    json_object_set_new(object, "state", output_string(session->state));
    json_object_set_new(object, "query", output_string(session->query));
    json_object_set_new(object, "age_us", json_integer(entry->age_us));
    json_object_set_new(object, "relation", output_string(entry->relation));
    json_object_set_new(object, "held", mode_json(entry->held));
    json_object_set_new(object, "needed", mode_json(entry->needed));
    return object;
}

static json_t *weather_json(const struct weather *weather)
{
    if (weather == NULL)
        return json_null();
    json_t *object = json_object(), *sessions = json_array(), *prepared = json_array();
    for (guint i = 0; i < weather->sessions->len; i++)
        json_array_append_new(sessions, weather_session_json(&g_array_index(
                                            weather->sessions, struct weather_session, i)));
    for (guint i = 0; i < weather->activity->prepared_count; i++)
        json_array_append_new(prepared,
                              json_pack("{s:o, s:o}", "gid",
                                        output_string(weather->activity->prepared[i].gid), "owner",
                                        output_string(weather->activity->prepared[i].owner)));
    json_object_set_new(object, "in_the_way", json_integer(weather->in_the_way));
    json_object_set_new(object, "waiting", json_integer(weather->waiting));
    json_object_set_new(object, "behind", json_integer(weather->behind));
    json_object_set_new(object, "hidden", json_integer(weather->hidden));
    json_object_set_new(object, "is_cut", json_boolean(weather->is_cut));
    json_object_set_new(object, "sessions", sessions);
    json_object_set_new(object, "prepared", prepared);
    return object;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static json_t *totals_json(const struct preview *preview)
{
    json_t *object = json_object();
    json_object_set_new(object, "statements_us", known(preview->statements_us));
    json_object_set_new(object, "wal_bytes", known(preview->wal_bytes));
    json_object_set_new(object, "estimated_us", known(preview->estimated_us));
    json_object_set_new(object, "estimated_wal", known(preview->estimated_wal));
    json_object_set_new(object, "exclusive_us", known(preview->exclusive_us));
    json_object_set_new(object, "risk", json_string(preview_risk_word(preview->risk)));
    return object;
}

json_t *preview_json(const struct preview *preview)
{
    g_autofree char *taken_at = output_time_json(preview->taken_at);
    json_t *object = json_object(), *steps = json_array();
    for (guint i = 0; i < preview->steps->len; i++)
        json_array_append_new(steps, step_json(preview, preview_step_at(preview, i)));
    json_object_set_new(object, "plan_id", json_string(preview->plan->id));
    json_object_set_new(object, "level", json_string(preview_level_word(preview->level)));
    json_object_set_new(object, "is_level_default", json_boolean(preview->is_level_default));
    json_object_set_new(object, "database", output_string(preview->database));
    json_object_set_new(object, "environment", output_string(preview->environment));
    json_object_set_new(object, "on", output_string(preview->on));
    json_object_set_new(object, "taken_at", output_string(taken_at));
    json_object_set_new(object, "elapsed_us", json_integer(preview->elapsed_us));
    json_object_set_new(object, "outcome", json_string(preview_outcome_word(preview->outcome)));
    json_object_set_new(object, "totals", totals_json(preview));
    json_object_set_new(object, "steps", steps);
    json_object_set_new(object, "differences", differences_json(preview->differences));
    json_object_set_new(object, "differences_why", text_or_null(preview->differences_why));
    json_object_set_new(object, "weather", weather_json(preview->weather));
    json_object_set_new(object, "not_covered", texts(preview->uncovered));
    json_object_set_new(object, "is_recorded", json_boolean(preview->is_recorded));
    return object;
}
