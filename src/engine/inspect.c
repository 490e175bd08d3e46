/* Files, cut and inspected, one migration after the other. */
#include "engine/inspect.h"

struct inspect_walk {
    struct migration_set *set;
    struct inspection_context context;
    char *search_path;
    struct schema *schema;
    struct dependencies *dependencies;
    struct inspected_migration current;
    gboolean has_current, is_applied;
    guint next;
};

struct inspect_walk *inspect_walk_new(struct migration_set *set, enum sql_dialect dialect,
                                      const char *search_path)
{
    struct inspect_walk *walk = g_new0(struct inspect_walk, 1);
    walk->set = migration_set_ref(set);
    walk->search_path = g_strdup(search_path);
    walk->context = (struct inspection_context){dialect, walk->search_path};
    walk->schema = schema_new();
    walk->dependencies = dependencies_new();
    return walk;
}

void inspected_half_clear(struct inspected_half *half)
{
    g_clear_pointer(&half->text, migration_text_free);
    g_clear_pointer(&half->script, script_free);
    g_clear_pointer(&half->inspection, inspection_free);
    g_clear_error(&half->error);
}

static void clear_current(struct inspect_walk *walk)
{
    inspected_half_clear(&walk->current.up);
    inspected_half_clear(&walk->current.down);
    g_clear_pointer(&walk->current.pairs, pairs_free);
    g_clear_pointer(&walk->current.phase_why, g_free);
    walk->has_current = FALSE;
}

void inspect_walk_free(struct inspect_walk *walk)
{
    clear_current(walk);
    schema_free(walk->schema);
    dependencies_free(walk->dependencies);
    migration_set_unref(walk->set);
    g_free(walk->search_path);
    g_free(walk);
}

/* ---- one half -------------------------------------------------------------------------------- */

void inspected_half_load(struct inspected_half *half, const struct migration_half *file,
                         gboolean is_transaction_off, const struct inspection_context *context)
{
    *half = (struct inspected_half){.body = ""};
    if (file->path == NULL || (half->text = migration_text_load(file, &half->error)) == NULL)
        return;
    gsize size;
    const char *bytes = g_bytes_get_data(half->text->bytes, &size);
    if (size > half->text->bom_length) {
        half->body = bytes + half->text->bom_length;
        half->body_length = size - half->text->bom_length;
    }
    half->script = script_parse(half->body, half->body_length, context->dialect, is_transaction_off,
                                file->path, &half->error);
    if (half->script != NULL)
        half->inspection = inspection_new(half->body, half->body_length, half->script, context);
}

static void load(const struct inspect_walk *walk, const struct migration *migration,
                 const struct migration_half *file, struct inspected_half *half)
{
    inspected_half_load(half, file, migration->notes.transaction == TRANSACTION_OFF,
                        &walk->context);
}

/* ---- phase ----------------------------------------------------------------------------------- */

/* On what this same migration makes, nobody can rely yet. */
static gboolean is_on_new(const struct inspection *up, const struct sql_action *action)
{
    for (guint i = 0; i < inspection_count(up); i++) {
        const struct inspected_statement *statement = inspection_at(up, i);
        for (guint j = 0; j < statement->action_count; j++) {
            const struct sql_action *other = &statement->actions[j];
            if (other == action)
                return FALSE;
            if (sql_action_effect(other->kind) != SQL_CREATES)
                continue;
            if (!sql_action_has_part(other->kind) &&
                (sql_object_matches(&other->object, &action->object) ||
                 (sql_action_object_kind(action->kind) == SQL_OBJECT_INDEX &&
                  sql_object_matches(&other->object, &action->other))))
                return TRUE;
            if (other->kind == SQL_ACTION_ADD_COLUMN && action->part != NULL &&
                sql_object_matches(&other->object, &action->object) &&
                sql_action_object_kind(action->kind) == SQL_OBJECT_COLUMN &&
                g_strcmp0(other->part, action->part) == 0)
                return TRUE;
        }
    }
    return FALSE;
}

/* A wider type of the same storage takes whatever the old one took. */
static gboolean is_harmless_change(const struct schema *before, const struct sql_action *action)
{
    const char *why;
    const struct schema_relation *table = schema_find(before, &action->object);
    const struct schema_column *column =
        table != NULL && action->kind == SQL_ACTION_ALTER_COLUMN_TYPE
            ? schema_column(table, action->part)
            : NULL;
    return column != NULL && sql_type_change_rewrites(column->type, action->type, &why) == SQL_NO;
}

static gboolean judge_statement(const struct inspection *up,
                                const struct inspected_statement *statement,
                                const struct schema *before, struct inspected_migration *migration)
{
    for (guint i = 0; i < statement->action_count; i++) {
        const struct sql_action *action = &statement->actions[i];
        if ((action->flags & SQL_FLAG(NEW_TABLE)) != 0 ||
            sql_action_phase(action) != SQL_CONTRACT || is_on_new(up, action) ||
            is_harmless_change(before, action))
            continue;
        migration->phase = PHASE_CONTRACT;
        migration->phase_why = sql_action_describe(action);
        return TRUE;
    }
    return FALSE;
}

/* Without a declaration: contract as soon as one thing breaks what still runs; expand when all is
 * seen and nothing does. */
static void judge_phase(struct inspected_migration *migration, const struct schema *before)
{
    const struct inspection *up = migration->up.inspection;
    migration->phase = migration->migration->notes.phase;
    migration->is_phase_declared = migration->phase != PHASE_UNDECLARED;
    if (migration->is_phase_declared || up == NULL)
        return;
    for (guint i = 0; i < inspection_count(up); i++)
        if (judge_statement(up, inspection_at(up, i), before, migration))
            return;
    if (inspection_is_complete(up))
        migration->phase = PHASE_EXPAND;
}

/* ---- walking --------------------------------------------------------------------------------- */

void inspect_walk_apply(struct inspect_walk *walk)
{
    if (!walk->has_current || walk->is_applied)
        return;
    if (walk->current.up.inspection != NULL)
        schema_apply(walk->schema, walk->current.up.inspection, walk->current.index);
    walk->is_applied = TRUE;
}

static gboolean may_pair(const struct inspected_migration *migration)
{
    return migration->up.inspection != NULL && migration->down.error == NULL;
}

/* is_shallow: only what those behind it need to know. */
static gboolean step(struct inspect_walk *walk, gboolean is_shallow)
{
    struct inspected_migration *current = &walk->current;
    inspect_walk_apply(walk);
    clear_current(walk);
    *current = (struct inspected_migration){.index = walk->next};
    current->migration = migration_set_at(walk->set, walk->next);
    if (current->migration == NULL)
        return FALSE;
    walk->next++;
    walk->has_current = TRUE;
    walk->is_applied = FALSE;
    load(walk, current->migration, &current->migration->up, &current->up);
    if (current->up.inspection != NULL)
        current->needs =
            dependencies_add(walk->dependencies, current->up.inspection, current->index);
    if (is_shallow)
        return TRUE;
    load(walk, current->migration, &current->migration->down, &current->down);
    if (may_pair(current))
        current->pairs = pairs_new(current->up.inspection, current->down.inspection, walk->schema);
    judge_phase(current, walk->schema);
    return TRUE;
}

const struct inspected_migration *inspect_walk_next(struct inspect_walk *walk)
{
    return step(walk, FALSE) ? &walk->current : NULL;
}

void inspect_walk_seek(struct inspect_walk *walk, guint index)
{
    while (walk->next < index && step(walk, TRUE))
        ;
}

const struct schema *inspect_walk_schema(const struct inspect_walk *walk)
{
    return walk->schema;
}

/* ---- effects --------------------------------------------------------------------------------- */

/* Nobody waits for what nobody knows yet. */
static void mark_new(const struct inspect_walk *walk, struct sql_effects *effects)
{
    for (guint i = 0; i < effects->lock_count; i++) {
        const struct schema_relation *relation =
            schema_find(walk->schema, &effects->locks[i].relation);
        if (relation != NULL && relation->number == walk->current.index)
            effects->locks[i].is_new = TRUE;
    }
}

GArray *inspect_walk_effects(struct inspect_walk *walk, enum direction direction, unsigned version)
{
    gboolean is_up = direction == DIRECTION_UP;
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct inspected_effects));
    const struct inspection *inspection =
        is_up ? walk->current.up.inspection : walk->current.down.inspection;
    gboolean may_apply = is_up && !walk->is_applied;
    if (!is_up)
        inspect_walk_apply(walk);
    for (guint i = 0; inspection != NULL && i < inspection_count(inspection); i++) {
        const struct inspected_statement *statement = inspection_at(inspection, i);
        if (may_apply)
            schema_note_gap(walk->schema, statement);
        for (guint j = 0; j < statement->action_count; j++) {
            struct inspected_effects row = {i, j, {.is_known = FALSE}};
            sql_action_effects(&statement->actions[j], version, walk->schema, &row.effects);
            if (is_up)
                mark_new(walk, &row.effects);
            g_array_append_val(all, row);
            if (may_apply)
                schema_apply_action(walk->schema, &statement->actions[j], walk->current.index);
        }
    }
    if (may_apply)
        walk->is_applied = TRUE;
    return all;
}

/* ---- the summary ----------------------------------------------------------------------------- */

static gboolean half_is_complete(const struct inspected_half *half)
{
    return half->error == NULL &&
           (half->inspection == NULL || inspection_is_complete(half->inspection));
}

static void summarize(struct inspect_summary *summary, const struct inspected_migration *migration)
{
    struct inspect_row *row = &summary->rows[migration->index];
    row->phase = migration->phase;
    row->is_phase_declared = migration->is_phase_declared;
    row->is_complete = half_is_complete(&migration->up) && half_is_complete(&migration->down);
    row->needs_begin = summary->needs->len;
    for (guint i = 0; migration->needs != NULL && i < migration->needs->len; i++) {
        struct dependency need = g_array_index(migration->needs, struct dependency, i);
        need.object = g_string_chunk_insert(summary->texts, need.object);
        g_array_append_val(summary->needs, need);
    }
    row->needs_count = summary->needs->len - row->needs_begin;
}

static gboolean has_note(const struct inspect_summary *summary)
{
    for (guint i = 0; i < summary->count; i++)
        if (migration_set_at(summary->set, i)->notes.has_requires)
            return TRUE;
    return FALSE;
}

static gint by_position(gconstpointer one, gconstpointer other)
{
    const guint left = *(const guint *)one, right = *(const guint *)other;
    return (left > right) - (left < right);
}

/* Where nothing is declared everything needs everything before it, and nothing can be missing. */
static void find_contradictions(struct inspect_summary *summary)
{
    if (!has_note(summary))
        return;
    AUTOPTR(graph) *graph = graph_new(summary->set);
    for (guint i = 0; i < summary->count; i++) {
        const struct inspect_row *row = &summary->rows[i];
        g_autoptr(GArray) declared = row->needs_count > 0 ? graph_all_needs(graph, i) : NULL;
        for (guint j = 0; j < row->needs_count; j++) {
            const struct dependency *need =
                &g_array_index(summary->needs, struct dependency, row->needs_begin + j);
            struct inspect_contradiction found = {i, need->to, need->object};
            if (!g_array_binary_search(declared, &need->to, by_position, NULL))
                g_array_append_val(summary->contradictions, found);
        }
    }
}

struct inspect_summary *inspect_summary_new(struct migration_set *set, enum sql_dialect dialect,
                                            const char *search_path)
{
    struct inspect_summary *summary = g_atomic_rc_box_new0(struct inspect_summary);
    AUTOPTR(inspect_walk) *walk = inspect_walk_new(set, dialect, search_path);
    const struct inspected_migration *migration;
    summary->set = migration_set_ref(set);
    summary->count = migration_set_count(set);
    summary->rows = g_new0(struct inspect_row, summary->count + 1);
    summary->needs = g_array_new(FALSE, FALSE, sizeof(struct dependency));
    summary->contradictions = g_array_new(FALSE, FALSE, sizeof(struct inspect_contradiction));
    summary->texts = g_string_chunk_new(4096);
    while ((migration = inspect_walk_next(walk)) != NULL)
        summarize(summary, migration);
    find_contradictions(summary);
    return summary;
}

struct inspect_summary *inspect_summary_ref(struct inspect_summary *summary)
{
    return g_atomic_rc_box_acquire(summary);
}

static void clear_summary(gpointer data)
{
    struct inspect_summary *summary = data;
    g_free(summary->rows);
    g_array_unref(summary->needs);
    g_array_unref(summary->contradictions);
    g_string_chunk_free(summary->texts);
    migration_set_unref(summary->set);
}

void inspect_summary_unref(struct inspect_summary *summary)
{
    g_atomic_rc_box_release_full(summary, clear_summary);
}
