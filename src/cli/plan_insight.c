/* Walks the migrations once, in version order, and keeps what belongs to the plan's steps. */
#include "cli/plan_insight.h"

#include "engine/inspect.h"

/* One statement: what is shown under it, and the same for programs. */
struct told {
    GPtrArray *lines; /* of char *, raw */
    json_t *json;
};

struct step_told {
    GPtrArray *statements; /* of struct told * */
    enum phase phase;
    gboolean is_declared;
    char *why; /* raw */
};

struct plan_insight {
    GHashTable *steps; /* of struct step_told *, by migration (a pointer of the set) */
};

/* ---- telling --------------------------------------------------------------------------------- */

static const char *const answers[] = {[SQL_NO] = "no", [SQL_YES] = "yes", [SQL_MAYBE] = "maybe"};

static gboolean is_nobodys(const struct sql_effects *effects)
{
    return effects->lock_count > 0 && sql_effects_strongest(effects) == LOCK_MODE_NONE &&
           !effects->has_more_locks;
}

static void append_locks(GString *text, const struct sql_effects *effects)
{
    guint count = 0;
    for (guint i = 0; i < effects->lock_count; i++) {
        const struct sql_locked *lock = &effects->locks[i];
        g_autofree char *name = sql_object_text(&lock->relation);
        if (lock->is_new)
            continue;
        g_string_append_printf(text, "%s%s on %s", count++ > 0 ? ", " : ": ",
                               lock_mode_text(lock->mode), name);
    }
    if (effects->has_more_locks)
        g_string_append_printf(text, "%s%s", count > 0 ? ", and " : ": also ", effects->more_locks);
    if (is_nobodys(effects))
        g_string_append(text, ": new, nobody waits");
}

static void append_answer(GString *text, const char *verb, const char *may, enum sql_answer answer,
                          const char *why)
{
    if (answer == SQL_NO)
        return;
    g_string_append_printf(text, "; %s%s%s", answer == SQL_YES ? verb : may,
                           why == NULL           ? ""
                           : answer == SQL_MAYBE ? ", depending "
                                                 : ": ",
                           why != NULL ? why : "");
}

static char *describe(const struct sql_action *action, const struct sql_effects *effects)
{
    g_autofree char *what = sql_action_describe(action);
    GString *text = g_string_new(what);
    if (!effects->is_known) {
        g_string_append(text, ": what it runs is not seen here");
        return g_string_free(text, FALSE);
    }
    append_locks(text, effects);
    if (is_nobodys(effects))
        return g_string_free(text, FALSE);
    append_answer(text, "rewrites the table", "may rewrite the table", effects->rewrites,
                  effects->rewrite_why);
    append_answer(text, "reads every row meanwhile", "may read every row meanwhile", effects->scans,
                  effects->scan_why);
    if (effects->builds_index == SQL_YES)
        g_string_append(text, "; builds an index");
    return g_string_free(text, FALSE);
}

static json_t *effects_json(const struct sql_action *action, const struct sql_effects *effects)
{
    g_autofree char *object = sql_object_text(&action->object);
    json_t *json = json_object(), *locks = json_array();
    for (guint i = 0; i < effects->lock_count; i++) {
        const struct sql_locked *lock = &effects->locks[i];
        g_autofree char *name = sql_object_text(&lock->relation);
        json_t *entry = json_object();
        json_object_set_new(entry, "relation", output_string(name));
        json_object_set_new(entry, "mode", json_string(lock_mode_text(lock->mode)));
        json_object_set_new(entry, "is_new", json_boolean(lock->is_new));
        json_array_append_new(locks, entry);
    }
    json_object_set_new(json, "action", json_string(sql_action_word(action->kind)));
    json_object_set_new(json, "kind", json_string(sql_object_kind_word(action->object.kind)));
    json_object_set_new(json, "object", output_string(object));
    json_object_set_new(json, "part", output_string(action->part));
    json_object_set_new(json, "line", json_integer(action->line));
    json_object_set_new(json, "is_known", json_boolean(effects->is_known));
    json_object_set_new(json, "locks", locks);
    json_object_set_new(json, "more_locks",
                        output_string(effects->has_more_locks ? effects->more_locks : NULL));
    json_object_set_new(json, "rewrites", json_string(answers[effects->rewrites]));
    json_object_set_new(json, "rewrite_why", output_string(effects->rewrite_why));
    json_object_set_new(json, "scans", json_string(answers[effects->scans]));
    json_object_set_new(json, "scan_why", output_string(effects->scan_why));
    json_object_set_new(json, "builds_index", json_string(answers[effects->builds_index]));
    return json;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static void free_told(gpointer data)
{
    struct told *told = data;
    g_ptr_array_unref(told->lines);
    json_decref(told->json);
    g_free(told);
}

static void free_step(gpointer data)
{
    struct step_told *step = data;
    g_ptr_array_unref(step->statements);
    g_free(step->why);
    g_free(step);
}

static struct told *tell_statement(const struct inspected_statement *statement)
{
    struct told *told = g_new0(struct told, 1);
    told->lines = g_ptr_array_new_with_free_func(g_free);
    told->json = json_object();
    json_object_set_new(told->json, "is_analysed", json_boolean(statement->is_analysed));
    json_object_set_new(told->json, "not_analysed", output_string(statement->not_analysed));
    json_object_set_new(told->json, "opaque", output_string(statement->opaque));
    json_object_set_new(told->json, "actions", json_array());
    if (!statement->is_analysed)
        g_ptr_array_add(told->lines, g_strdup_printf("not analysed: %s", statement->not_analysed));
    return told;
}

/* What a table's own columns do is the table's affair, what a block runs its actions', and what
 * only looks or sets keeps nobody waiting. */
static gboolean is_told(const struct sql_action *action, const struct sql_effects *effects)
{
    enum lock_mode strongest = sql_effects_strongest(effects);
    enum sql_effect effect = sql_action_effect(action->kind);
    if ((action->flags & SQL_FLAG(NEW_TABLE)) != 0)
        return strongest != LOCK_MODE_NONE;
    if (effect == SQL_RUNS)
        return action->kind == SQL_ACTION_OTHER;
    return (effect != SQL_READS && effect != SQL_SESSION) || strongest > LOCK_MODE_ACCESS_SHARE;
}

static struct step_told *tell(struct inspect_walk *walk,
                              const struct inspected_migration *migration, enum direction direction,
                              unsigned version)
{
    const struct inspection *inspection =
        direction == DIRECTION_UP ? migration->up.inspection : migration->down.inspection;
    g_autoptr(GArray) effects = inspect_walk_effects(walk, direction, version);
    struct step_told *step = g_new0(struct step_told, 1);
    step->statements = g_ptr_array_new_with_free_func(free_told);
    step->phase = migration->phase;
    step->is_declared = migration->is_phase_declared;
    step->why = g_strdup(migration->phase_why);
    for (guint i = 0; inspection != NULL && i < inspection_count(inspection); i++)
        g_ptr_array_add(step->statements, tell_statement(inspection_at(inspection, i)));
    for (guint i = 0; i < effects->len; i++) {
        const struct inspected_effects *row = &g_array_index(effects, struct inspected_effects, i);
        const struct inspected_statement *statement = inspection_at(inspection, row->statement);
        const struct sql_action *action = &statement->actions[row->action];
        struct told *told = step->statements->pdata[row->statement];
        if (!is_told(action, &row->effects))
            continue;
        g_ptr_array_add(told->lines, describe(action, &row->effects));
        json_array_append_new(json_object_get(told->json, "actions"),
                              effects_json(action, &row->effects));
    }
    for (guint i = 0; i < step->statements->len; i++) {
        const char *opaque = inspection_at(inspection, i)->opaque;
        if (opaque != NULL)
            g_ptr_array_add(((struct told *)step->statements->pdata[i])->lines,
                            g_strdup_printf("it may do more: %s", opaque));
    }
    return step;
}

static gint64 highest(const struct plan *plan)
{
    gint64 version = VERSION_NONE;
    for (guint i = 0; i < plan->steps->len; i++)
        version = MAX(version, plan_step_at(plan, i)->migration->version);
    return version;
}

/* Runs of the walk over what no step needs only replay it. */
struct plan_insight *plan_insight_new(const struct engine *engine, const struct plan *plan)
{
    struct plan_insight *insight = g_new0(struct plan_insight, 1);
    unsigned version = (unsigned)engine_facts(engine)->version_number / 10000;
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_direct_hash, g_direct_equal);
    AUTOPTR(inspect_walk) *walk = inspect_walk_new(plan->set, engine_dialect(engine), NULL);
    gint64 last = highest(plan);
    insight->steps = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_step);
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(plan, i);
        g_hash_table_insert(wanted, (gpointer)(guintptr)step->migration, (gpointer)(guintptr)step);
    }
    for (guint i = 0; i < migration_set_count(plan->set); i++) {
        const struct migration *migration = migration_set_at(plan->set, i);
        const struct plan_step *step = g_hash_table_lookup(wanted, migration);
        if (migration->version > last)
            break;
        if (step == NULL) {
            inspect_walk_seek(walk, i + 1);
            continue;
        }
        const struct inspected_migration *inspected = inspect_walk_next(walk);
        g_hash_table_insert(insight->steps, (gpointer)(guintptr)migration,
                            tell(walk, inspected, step->direction, version));
    }
    return insight;
}

void plan_insight_free(struct plan_insight *insight)
{
    g_hash_table_unref(insight->steps);
    g_free(insight);
}

/* ---- showing --------------------------------------------------------------------------------- */

static const struct step_told *find(const struct plan_insight *insight,
                                    const struct plan_step *step)
{
    return insight != NULL ? g_hash_table_lookup(insight->steps, step->migration) : NULL;
}

static const struct told *find_statement(const struct plan_insight *insight,
                                         const struct plan_step *step, guint statement)
{
    const struct step_told *told = find(insight, step);
    return told != NULL && statement < told->statements->len ? told->statements->pdata[statement]
                                                             : NULL;
}

static const char *phase_name(enum phase phase)
{
    return phase == PHASE_EXPAND ? "expand" : phase == PHASE_CONTRACT ? "contract" : NULL;
}

void plan_insight_show_step(const struct plan_insight *insight, struct output *output,
                            const struct plan_step *step)
{
    const struct step_told *told = find(insight, step);
    if (told == NULL || step->direction == DIRECTION_DOWN || phase_name(told->phase) == NULL)
        return;
    g_autofree char *why = told->why != NULL ? output_safe(told->why) : NULL;
    output_line(output, ROLE_PLAIN, "      %s, %s%s", phase_name(told->phase),
                told->is_declared ? "as declared"
                : why != NULL     ? "judged from "
                                  : "judged from the SQL",
                !told->is_declared && why != NULL ? why : "");
}

void plan_insight_show_statement(const struct plan_insight *insight, struct output *output,
                                 const struct plan_step *step, guint statement)
{
    const struct told *told = find_statement(insight, step, statement);
    for (guint i = 0; told != NULL && i < told->lines->len; i++) {
        g_autofree char *line = output_safe(told->lines->pdata[i]);
        output_line(output, ROLE_FAINT, "          expected: %s", line);
    }
}

void plan_insight_step_json(const struct plan_insight *insight, const struct plan_step *step,
                            json_t *object)
{
    const struct step_told *told = find(insight, step);
    if (told == NULL)
        return;
    json_object_set_new(object, "phase", output_string(phase_name(told->phase)));
    json_object_set_new(object, "is_phase_declared", json_boolean(told->is_declared));
    json_object_set_new(object, "phase_why", output_string(told->why));
}

void plan_insight_statement_json(const struct plan_insight *insight, const struct plan_step *step,
                                 guint statement, json_t *object)
{
    const struct told *told = find_statement(insight, step, statement);
    if (told != NULL)
        json_object_set(object, "expected", told->json);
}
