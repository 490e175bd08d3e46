/* What the text of a statement leads one to expect, where nothing was measured: nothing was run, it
 * runs apart from any transaction, or a migration before it holds the locks it would take. */
#include "engine/preview_internal.h"

#include "engine/inspect.h"

#include <string.h>

static char kind_of(enum sql_object_kind kind)
{
    switch (kind) {
    case SQL_OBJECT_INDEX:
        return 'i';
    case SQL_OBJECT_SEQUENCE:
        return 'S';
    case SQL_OBJECT_VIEW:
        return 'v';
    case SQL_OBJECT_MATERIALIZED_VIEW:
        return 'm';
    case SQL_OBJECT_FOREIGN_TABLE:
        return 'f';
    default:
        return 'r';
    }
}

/* As evidence names it; without a schema of its own it is looked for in the current one. */
static const char *name_of(const struct engine *engine, struct preview *preview,
                           const struct sql_object *object)
{
    const char *current = database_facts(engine->database)->schema;
    const char *schema = object->schema != NULL ? object->schema
                         : current != NULL      ? current
                                                : "public";
    g_autofree char *name = g_strdup_printf("%s.%s", schema, object->name);
    return preview_keep(preview, name);
}

static struct preview_lock *find_lock(struct preview_statement *statement, const char *relation)
{
    for (guint i = 0; i < statement->locks->len; i++) {
        struct preview_lock *lock = &g_array_index(statement->locks, struct preview_lock, i);
        if (strcmp(lock->relation, relation) == 0)
            return lock;
    }
    return NULL;
}

/* The stronger of what is there already and what is expected. */
static void expect_lock(const struct engine *engine, struct preview *preview,
                        struct preview_statement *statement, const struct sql_locked *expected)
{
    if (expected->relation.name == NULL)
        return;
    const char *relation = name_of(engine, preview, &expected->relation);
    struct preview_lock *known = find_lock(statement, relation);
    struct preview_lock lock = {
        .relation = relation,
        .kind = kind_of(expected->relation.kind),
        .mode = expected->mode,
        .basis = PREVIEW_PREDICTED,
        .is_new = expected->is_new,
    };
    if (known == NULL)
        g_array_append_val(statement->locks, lock);
    else if (known->mode < expected->mode && !known->is_new)
        *known = lock;
}

/* The table that an action works through: its object, or an index's owner behind it. */
static const struct sql_locked *worked_on(const struct sql_effects *effects)
{
    for (guint i = 0; i < effects->lock_count; i++) {
        const struct sql_locked *lock = &effects->locks[i];
        char kind = kind_of(lock->relation.kind);
        if (lock->relation.name != NULL && (kind == 'r' || kind == 'm'))
            return lock;
    }
    return NULL;
}

static void expect_work(const struct engine *engine, struct preview *preview,
                        struct preview_statement *statement, const struct sql_effects *effects,
                        enum preview_work_kind kind)
{
    const struct sql_locked *on = worked_on(effects);
    if (on == NULL)
        return;
    struct preview_work work = {
        .kind = kind,
        .relation = name_of(engine, preview, &on->relation),
        .held = on->mode,
        .basis = PREVIEW_PREDICTED,
        .rows = -1,
        .bytes = -1,
        .is_new = on->is_new,
    };
    g_array_append_val(statement->works, work);
}

static void expect_works(const struct engine *engine, struct preview *preview,
                         struct preview_statement *statement, const struct sql_effects *effects)
{
    if (effects->rewrites == SQL_YES)
        expect_work(engine, preview, statement, effects, PREVIEW_REWRITES);
    else if (effects->builds_index == SQL_YES)
        expect_work(engine, preview, statement, effects, PREVIEW_BUILDS);
    else if (effects->scans == SQL_YES)
        expect_work(engine, preview, statement, effects, PREVIEW_SCANS);
}

/* What the text leaves open is said. */
static void name_doubts(struct preview *preview, const struct plan_step *step,
                        const struct preview_statement *statement,
                        const struct sql_effects *effects)
{
    const char *file = step->half->file_name;
    if (!effects->is_known)
        preview_not_covered(preview, "%s line %u: what it locks cannot be told from its text", file,
                            statement->line);
    if (effects->has_more_locks)
        preview_not_covered(preview, "%s line %u: it locks also %s", file, statement->line,
                            effects->more_locks);
    if (effects->rewrites == SQL_MAYBE)
        preview_not_covered(preview, "%s line %u: it may write every row anew, depending %s", file,
                            statement->line, effects->rewrite_why);
    if (effects->scans == SQL_MAYBE)
        preview_not_covered(preview, "%s line %u: it may read every row, depending %s", file,
                            statement->line, effects->scan_why);
}

/* Whether its locks were seen, all of them. */
static gboolean is_measured(const struct preview *preview, guint step,
                            const struct preview_statement *statement)
{
    return statement->evidence != NULL && (preview->level != PREVIEW_LEVEL_DATABASE || step == 0);
}

static void expect(struct engine *engine, struct preview *preview, guint index,
                   const struct inspected_effects *row)
{
    const struct plan_step *step = plan_step_at(preview->plan, index);
    guint edge = step->script->mode == RUN_OWN_BLOCK ? 1 : 0;
    struct preview_statement *statement =
        row->statement >= edge
            ? preview_statement_edit(preview_step_edit(preview, index), row->statement - edge)
            : NULL;
    if (statement == NULL || is_measured(preview, index, statement))
        return;
    for (guint i = 0; i < row->effects.lock_count; i++)
        expect_lock(engine, preview, statement, &row->effects.locks[i]);
    if (statement->evidence != NULL)
        return; /* what it reads and writes was seen */
    expect_works(engine, preview, statement, &row->effects);
    name_doubts(preview, step, statement, &row->effects);
    if (row->effects.is_known)
        statement->basis = PREVIEW_PREDICTED;
}

static void expect_step(struct engine *engine, struct preview *preview, guint index,
                        struct inspect_walk *walk)
{
    enum direction direction = plan_step_at(preview->plan, index)->direction;
    unsigned version = (unsigned)database_facts(engine->database)->version_number / 10000;
    if (direction == DIRECTION_DOWN)
        inspect_walk_apply(walk);
    g_autoptr(GArray) effects = inspect_walk_effects(walk, direction, version);
    for (guint i = 0; i < effects->len; i++)
        expect(engine, preview, index, &g_array_index(effects, struct inspected_effects, i));
    struct preview_step *step = preview_step_edit(preview, index);
    if (preview->level == PREVIEW_LEVEL_CATALOG)
        step->outcome = PREVIEW_READ;
}

static gint step_of(const struct plan *plan, const struct migration *migration)
{
    for (guint i = 0; i < plan->steps->len; i++)
        if (plan_step_at(plan, i)->migration == migration)
            return (gint)i;
    return -1;
}

void preview_predict(struct engine *engine, struct preview *preview)
{
    struct migration_set *set = preview->plan->set;
    AUTOPTR(inspect_walk) *walk = inspect_walk_new(set, engine_dialect(engine), NULL);
    guint left = preview->plan->steps->len;
    for (guint i = 0; left > 0 && i < migration_set_count(set); i++) {
        gint step = step_of(preview->plan, migration_set_at(set, i));
        if (step < 0) {
            inspect_walk_seek(walk, i + 1);
            continue;
        }
        inspect_walk_next(walk);
        expect_step(engine, preview, (guint)step, walk);
        left--;
    }
}
