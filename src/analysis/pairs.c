/* Every action of the up looks for the one that undoes it: its inverse on the same object, or what
 * drops the object that it belongs to. */
#include "analysis/pairs.h"

#include <string.h>

/* One action, wherever it stands. */
struct entry {
    const struct sql_action *action;
    guint statement, number;
    gboolean is_opaque; /* its statement may do more */
};

struct matcher {
    GArray *ups, *downs; /* of struct entry */
    const struct schema *before;
    GHashTable *aliases; /* names that the up gave to tables: new to old */
    GHashTable *parents; /* of partitions that the up made or attached: struct sql_object */
    struct pairs *pairs;
};

static const struct {
    const char *text, *word;
} standings[] = {
    [PAIR_NOT_UNDONE] = {"not undone", "not-undone"},
    [PAIR_UNDONE] = {"undone", "undone"},
    [PAIR_PARTLY] = {"undone in part", "partly"},
    [PAIR_NOTHING_NEEDED] = {"nothing to undo", "nothing-needed"},
    [PAIR_UNKNOWN] = {"not known", "unknown"},
};

static const struct {
    unsigned lost;
    const char *text;
} losses[] = {
    {PAIR_LOST_ROWS, "its rows"},           {PAIR_LOST_TYPE, "its type"},
    {PAIR_LOST_DEFAULT, "its default"},     {PAIR_LOST_NOT_NULL, "its NOT NULL"},
    {PAIR_LOST_COLUMN, "a column"},         {PAIR_LOST_INDEX, "an index"},
    {PAIR_LOST_CONSTRAINT, "a constraint"}, {PAIR_LOST_TRIGGER, "a trigger, rule or policy"},
};

const char *pair_standing_text(enum pair_standing standing)
{
    return standings[standing].text;
}

const char *pair_standing_word(enum pair_standing standing)
{
    return standings[standing].word;
}

char *pair_lost_text(unsigned lost)
{
    GString *text = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(losses); i++) {
        if ((lost & losses[i].lost) == 0)
            continue;
        if (text == NULL)
            text = g_string_new("without ");
        else
            g_string_append(text, (lost >> 1) >= losses[i].lost ? ", " : " and ");
        g_string_append(text, losses[i].text);
    }
    return text != NULL ? g_string_free(text, FALSE) : NULL;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The name before the up renamed it, so that both sides speak of the same. */
static struct sql_object original(const struct matcher *matcher, const struct sql_object *object)
{
    struct sql_object result = *object;
    const char *before =
        object->name != NULL ? g_hash_table_lookup(matcher->aliases, object->name) : NULL;
    if (before != NULL)
        result.name = before;
    return result;
}

static gboolean same(const struct matcher *matcher, const struct sql_object *one,
                     const struct sql_object *other)
{
    struct sql_object left = original(matcher, one), right = original(matcher, other);
    return sql_object_matches(&left, &right);
}

static gboolean same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL || g_str_equal(one, other);
}

static gboolean has(const struct sql_action *action, guint64 flag)
{
    return (action->flags & flag) != 0;
}

static gboolean is_rename(const struct sql_action *action)
{
    return g_str_has_prefix(sql_action_word(action->kind), "rename") ||
           action->kind == SQL_ACTION_SET_SCHEMA;
}

static gboolean is_among(const char *name, const char *const *names, guint count)
{
    for (guint i = 0; name != NULL && i < count; i++)
        if (g_str_equal(name, names[i]))
            return TRUE;
    return FALSE;
}

/* ---- what drops what ------------------------------------------------------------------------- */

static gboolean lives_in(const struct sql_object *object, const char *schema)
{
    return object->schema != NULL && schema != NULL && g_str_equal(object->schema, schema);
}

/* The column that a DROP COLUMN takes is one that the action is about. */
static gboolean column_carries(const struct sql_action *action, const struct sql_action *drop)
{
    enum sql_object_kind kind = sql_action_object_kind(action->kind);
    if (kind == SQL_OBJECT_COLUMN || action->kind == SQL_ACTION_COMMENT)
        return g_strcmp0(action->part, drop->part) == 0 ||
               (action->other_part != NULL && g_str_equal(action->other_part, drop->part));
    return (kind == SQL_OBJECT_CONSTRAINT || kind == SQL_OBJECT_INDEX) &&
           is_among(drop->part, action->columns, action->column_count);
}

/* A partition goes with its table, and with that one's own. */
#define PARTITION_LEVELS 32
static gboolean goes_with(const struct matcher *matcher, const struct sql_object *table,
                          const struct sql_object *dropped)
{
    for (guint level = 0; table != NULL && table->name != NULL && level < PARTITION_LEVELS;
         level++) {
        if (same(matcher, table, dropped))
            return TRUE;
        table = g_hash_table_lookup(matcher->parents, table->name);
    }
    return FALSE;
}

/* A DROP of what the action's object belongs to takes the action's work with it. */
static gboolean drop_covers(const struct matcher *matcher, const struct sql_action *action,
                            const struct sql_action *drop)
{
    gboolean is_index = sql_action_object_kind(action->kind) == SQL_OBJECT_INDEX;
    const struct sql_object *owner =
        is_index && action->other.name != NULL ? &action->other : &action->object;
    switch (drop->kind) {
    case SQL_ACTION_DROP_TABLE:
    case SQL_ACTION_DROP_VIEW:
    case SQL_ACTION_DROP_MATERIALIZED_VIEW:
    case SQL_ACTION_DROP_SEQUENCE:
    case SQL_ACTION_DROP_FOREIGN_TABLE:
        return goes_with(matcher, owner, &drop->object) ||
               (is_rename(action) && same(matcher, &action->other, &drop->object)) ||
               (action->kind == SQL_ACTION_CREATE_SEQUENCE && action->other.name != NULL &&
                same(matcher, &action->other, &drop->object)) ||
               (action->kind == SQL_ACTION_ATTACH_PARTITION &&
                same(matcher, &action->other, &drop->object));
    case SQL_ACTION_DROP_COLUMN:
        return same(matcher, owner, &drop->object) && column_carries(action, drop);
    case SQL_ACTION_DROP_INDEX:
    case SQL_ACTION_DROP_TYPE:
    case SQL_ACTION_DROP_DOMAIN:
    case SQL_ACTION_DROP_FUNCTION:
    case SQL_ACTION_DROP_STATISTICS:
    case SQL_ACTION_DROP_EXTENSION:
    case SQL_ACTION_DROP_OBJECT:
        return same(matcher, &action->object, &drop->object);
    case SQL_ACTION_DROP_SCHEMA:
        return lives_in(owner, drop->object.name) ||
               (action->object.kind == SQL_OBJECT_SCHEMA &&
                g_strcmp0(action->object.name, drop->object.name) == 0);
    case SQL_ACTION_DROP_CONSTRAINT:
    case SQL_ACTION_DROP_TRIGGER:
    case SQL_ACTION_DROP_POLICY:
    case SQL_ACTION_DROP_RULE:
        return sql_action_object_kind(action->kind) == sql_action_object_kind(drop->kind) &&
               same(matcher, &action->object, &drop->object) &&
               g_strcmp0(action->part, drop->part) == 0;
    default:
        return FALSE;
    }
}

/* ---- inverses -------------------------------------------------------------------------------- */

static gboolean rename_is_undone(const struct matcher *matcher, const struct sql_action *up,
                                 const struct sql_action *down)
{
    if (up->kind != down->kind)
        return FALSE;
    if (sql_action_has_part(up->kind))
        return same(matcher, &up->object, &down->object) &&
               g_strcmp0(up->part, down->other_part) == 0 &&
               g_strcmp0(up->other_part, down->part) == 0;
    if (up->kind == SQL_ACTION_SET_SCHEMA)
        return g_strcmp0(up->object.name, down->object.name) == 0 &&
               same_text(up->other.schema, down->object.schema) &&
               same_text(up->object.schema, down->other.schema);
    return g_strcmp0(up->other.name, down->object.name) == 0 &&
           g_strcmp0(up->object.name, down->other.name) == 0 &&
           same_text(up->object.schema, down->object.schema);
}

/* GRANT and REVOKE go by grantee; what goes by parts goes by their names. */
static gboolean is_undone_by(const struct matcher *matcher, const struct sql_action *up,
                             const struct sql_action *down)
{
    if (is_rename(up))
        return rename_is_undone(matcher, up, down);
    gboolean restores =
        up->kind == down->kind && has(up, SQL_FLAG(OR_REPLACE)) && has(down, SQL_FLAG(OR_REPLACE));
    gboolean resets = up->kind == SQL_ACTION_SET_DEFAULT && down->kind == SQL_ACTION_SET_DEFAULT;
    if (!sql_action_is_inverse(up->kind, down->kind) && !restores && !resets)
        return FALSE;
    if (sql_action_object_kind(up->kind) == SQL_OBJECT_PRIVILEGE ||
        sql_action_object_kind(up->kind) == SQL_OBJECT_DEFAULT_PRIVILEGE)
        return same(matcher, &up->object, &down->object) &&
               g_strcmp0(up->other.name, down->other.name) == 0;
    if (up->kind == SQL_ACTION_ATTACH_PARTITION || up->kind == SQL_ACTION_DETACH_PARTITION ||
        up->kind == SQL_ACTION_INHERIT || up->kind == SQL_ACTION_NO_INHERIT ||
        up->kind == SQL_ACTION_GRANT_ROLE || up->kind == SQL_ACTION_REVOKE_ROLE)
        return same(matcher, &up->object, &down->object) &&
               g_strcmp0(up->other.name, down->other.name) == 0;
    return same(matcher, &up->object, &down->object) &&
           (up->part == NULL || down->part == NULL || g_str_equal(up->part, down->part));
}

/* ---- what comes back otherwise --------------------------------------------------------------- */

static const struct schema_relation *table_before(const struct matcher *matcher,
                                                  const struct sql_object *object)
{
    struct sql_object name = original(matcher, object);
    return matcher->before != NULL ? schema_find(matcher->before, &name) : NULL;
}

/* Is there an action of this kind for the name among what the down does? */
static gboolean down_makes(const struct matcher *matcher, const struct sql_object *table,
                           enum sql_object_kind kind, const char *name)
{
    for (guint i = 0; i < matcher->downs->len; i++) {
        const struct sql_action *down = g_array_index(matcher->downs, struct entry, i).action;
        if (sql_action_effect(down->kind) != SQL_CREATES ||
            sql_action_object_kind(down->kind) != kind)
            continue;
        const struct sql_object *owner = kind == SQL_OBJECT_INDEX ? &down->other : &down->object;
        const char *made = kind == SQL_OBJECT_INDEX ? down->object.name : down->part;
        if (g_strcmp0(made, name) == 0 && same(matcher, owner, table))
            return TRUE;
    }
    return FALSE;
}

/* Indexes and constraints on the column, or on all of the table (column NULL). */
static unsigned lost_around(const struct matcher *matcher, const struct schema_relation *table,
                            const char *column)
{
    unsigned lost = 0;
    for (guint i = 0; i < table->indexes->len; i++) {
        const struct schema_index *index = table->indexes->pdata[i];
        gboolean is_meant = column == NULL || is_among(column, index->columns, index->column_count);
        if (is_meant && !index->is_constraint &&
            !down_makes(matcher, &table->object, SQL_OBJECT_INDEX, index->name))
            lost |= PAIR_LOST_INDEX;
    }
    for (guint i = 0; i < table->constraints->len; i++) {
        const struct schema_constraint *constraint = table->constraints->pdata[i];
        gboolean is_meant =
            column == NULL || is_among(column, constraint->columns, constraint->column_count);
        if (is_meant &&
            !down_makes(matcher, &table->object, SQL_OBJECT_CONSTRAINT, constraint->name))
            lost |= PAIR_LOST_CONSTRAINT;
    }
    return lost;
}

static unsigned lost_of_column(const struct matcher *matcher, const struct sql_action *dropped,
                               const struct sql_action *made)
{
    const struct schema_relation *table = table_before(matcher, &dropped->object);
    const struct schema_column *column = table != NULL ? schema_column(table, dropped->part) : NULL;
    unsigned lost = PAIR_LOST_ROWS;
    if (column == NULL)
        return lost;
    if (g_strcmp0(column->type, made->type) != 0)
        lost |= PAIR_LOST_TYPE;
    if (column->expression != 0 && column->expression != made->expression)
        lost |= PAIR_LOST_DEFAULT;
    if ((column->flags & SQL_FLAG(NOT_NULL)) != 0 && !has(made, SQL_FLAG(NOT_NULL)))
        lost |= PAIR_LOST_NOT_NULL;
    return lost | lost_around(matcher, table, dropped->part);
}

static unsigned lost_of_table(const struct matcher *matcher, const struct sql_action *dropped)
{
    const struct schema_relation *table = table_before(matcher, &dropped->object);
    unsigned lost = PAIR_LOST_ROWS;
    if (table == NULL)
        return lost;
    for (guint i = 0; i < table->columns->len; i++) {
        const struct schema_column *column = table->columns->pdata[i];
        if (!down_makes(matcher, &table->object, SQL_OBJECT_COLUMN, column->name))
            lost |= PAIR_LOST_COLUMN;
    }
    for (guint i = 0; i < table->triggers->len; i++) {
        const struct schema_trigger *trigger = table->triggers->pdata[i];
        if (!down_makes(matcher, &table->object, trigger->kind, trigger->name))
            lost |= PAIR_LOST_TRIGGER;
    }
    return lost | lost_around(matcher, table, NULL);
}

/* The default is what it was before. */
static unsigned lost_of_default(const struct matcher *matcher, const struct sql_action *up,
                                const struct sql_action *down)
{
    const struct schema_relation *table = table_before(matcher, &up->object);
    const struct schema_column *column = table != NULL ? schema_column(table, up->part) : NULL;
    guint64 now = down->kind == SQL_ACTION_SET_DEFAULT ? down->expression : 0;
    return column != NULL && column->expression != now ? PAIR_LOST_DEFAULT : 0;
}

static unsigned lost_of_type(const struct matcher *matcher, const struct sql_action *up,
                             const struct sql_action *down)
{
    const struct schema_relation *table = table_before(matcher, &up->object);
    const struct schema_column *column = table != NULL ? schema_column(table, up->part) : NULL;
    return column != NULL && g_strcmp0(column->type, down->type) != 0 ? PAIR_LOST_TYPE : 0;
}

static unsigned lost_between(const struct matcher *matcher, const struct sql_action *up,
                             const struct sql_action *down)
{
    switch (up->kind) {
    case SQL_ACTION_DROP_COLUMN:
        return down->kind == SQL_ACTION_ADD_COLUMN ? lost_of_column(matcher, up, down) : 0;
    case SQL_ACTION_DROP_TABLE:
        return lost_of_table(matcher, up);
    case SQL_ACTION_SET_DEFAULT:
    case SQL_ACTION_DROP_DEFAULT:
        return lost_of_default(matcher, up, down);
    case SQL_ACTION_ALTER_COLUMN_TYPE:
        return lost_of_type(matcher, up, down);
    case SQL_ACTION_DELETE:
    case SQL_ACTION_TRUNCATE:
        return PAIR_LOST_ROWS;
    default:
        return 0;
    }
}

/* ---- what needs nothing ---------------------------------------------------------------------- */

static gboolean leaves_nothing(const struct sql_action *action)
{
    switch (action->kind) {
    case SQL_ACTION_VALIDATE_CONSTRAINT:
    case SQL_ACTION_VALIDATE_DOMAIN_CONSTRAINT:
    case SQL_ACTION_REINDEX:
    case SQL_ACTION_VACUUM:
    case SQL_ACTION_CLUSTER:
    case SQL_ACTION_REFRESH_MATERIALIZED_VIEW:
        return TRUE;
    default:
        break;
    }
    enum sql_effect effect = sql_action_effect(action->kind);
    return effect == SQL_READS || effect == SQL_SESSION || has(action, SQL_FLAG(TEMPORARY)) ||
           g_strcmp0(action->object.schema, "pg_temp") == 0;
}

/* Rows of a table, or values of a column, that this up itself made. */
static gboolean writes_what_is_new(const struct matcher *matcher, guint number)
{
    const struct sql_action *action = g_array_index(matcher->ups, struct entry, number).action;
    guint new_columns = 0;
    if (sql_action_effect(action->kind) != SQL_WRITES)
        return FALSE;
    for (guint i = 0; i < number; i++) {
        const struct sql_action *earlier = g_array_index(matcher->ups, struct entry, i).action;
        if (sql_action_effect(earlier->kind) != SQL_CREATES ||
            !same(matcher, &earlier->object, &action->object))
            continue;
        if (!sql_action_has_part(earlier->kind))
            return TRUE;
        if (action->kind == SQL_ACTION_UPDATE && earlier->kind == SQL_ACTION_ADD_COLUMN)
            new_columns += is_among(earlier->part, action->columns, action->column_count);
    }
    return action->column_count > 0 && new_columns == action->column_count;
}

/* A later action of the same up takes it back: a helper that is dropped at the end. */
static gboolean is_taken_back(const struct matcher *matcher, guint number)
{
    const struct sql_action *action = g_array_index(matcher->ups, struct entry, number).action;
    enum sql_effect effect = sql_action_effect(action->kind);
    if (effect != SQL_CREATES && action->kind != SQL_ACTION_DISABLE_TRIGGER)
        return FALSE;
    for (guint i = number + 1; i < matcher->ups->len; i++) {
        const struct sql_action *later = g_array_index(matcher->ups, struct entry, i).action;
        if (drop_covers(matcher, action, later) ||
            (sql_action_effect(later->kind) != SQL_WRITES &&
             sql_action_is_inverse(action->kind, later->kind) &&
             is_undone_by(matcher, action, later)))
            return TRUE;
    }
    return FALSE;
}

/* ---- one action of the up -------------------------------------------------------------------- */

static void mark_down(struct matcher *matcher, guint down, const struct entry *up)
{
    struct pair_down *row = &g_array_index(matcher->pairs->downs, struct pair_down, down);
    if (row->undoes)
        return;
    row->undoes = TRUE;
    row->up_statement = up->statement;
    row->up_action = up->number;
}

/* A new enum value goes only with its type, or when the type is made anew. */
static gboolean remakes_type(const struct matcher *matcher, const struct sql_action *up,
                             const struct sql_action *down)
{
    return up->kind == SQL_ACTION_ADD_ENUM_VALUE &&
           (down->kind == SQL_ACTION_RENAME_TYPE || down->kind == SQL_ACTION_DROP_TYPE) &&
           same(matcher, &up->object, &down->object);
}

static gboolean undoes(const struct matcher *matcher, const struct sql_action *up,
                       const struct sql_action *down)
{
    return is_undone_by(matcher, up, down) || remakes_type(matcher, up, down) ||
           (sql_action_effect(up->kind) != SQL_DROPS && sql_action_effect(up->kind) != SQL_WRITES &&
            drop_covers(matcher, up, down));
}

/* TRUNCATE takes the rows back that were put in. */
static gboolean empties(const struct matcher *matcher, const struct sql_action *up,
                        const struct sql_action *down)
{
    return (up->kind == SQL_ACTION_INSERT || up->kind == SQL_ACTION_COPY_FROM ||
            up->kind == SQL_ACTION_MERGE) &&
           (down->kind == SQL_ACTION_TRUNCATE || down->kind == SQL_ACTION_DELETE) &&
           same(matcher, &up->object, &down->object);
}

static void judge(const struct matcher *matcher, struct pair *pair, const struct sql_action *up,
                  const struct sql_action *down)
{
    pair->standing = PAIR_UNDONE;
    pair->lost = lost_between(matcher, up, down);
    if (pair->lost != 0) {
        pair->standing = PAIR_PARTLY;
        pair->why = pair->lost == PAIR_LOST_ROWS ? "what was in it does not come back"
                                                 : "it comes back otherwise than it was";
    } else if (sql_action_effect(up->kind) == SQL_WRITES &&
               sql_action_effect(down->kind) == SQL_WRITES) {
        pair->standing = PAIR_PARTLY;
        pair->why = "which rows, the text does not tell";
    } else if (sql_action_object_kind(up->kind) == SQL_OBJECT_PRIVILEGE &&
               sql_action_object_kind(down->kind) == SQL_OBJECT_PRIVILEGE &&
               g_strcmp0(up->part, down->part) != 0 && g_strcmp0(down->part, "ALL") != 0) {
        pair->standing = PAIR_PARTLY;
        pair->why = "other privileges";
    }
}

static const char *why_not(const struct sql_action *action)
{
    if (action->kind == SQL_ACTION_ADD_ENUM_VALUE)
        return "PostgreSQL cannot drop an enum value";
    if (action->kind == SQL_ACTION_DELETE || action->kind == SQL_ACTION_TRUNCATE)
        return "the rows are gone";
    return NULL;
}

static gboolean find_undoing(struct matcher *matcher, guint number, struct pair *pair)
{
    const struct entry *up = &g_array_index(matcher->ups, struct entry, number);
    for (guint i = 0; i < matcher->downs->len; i++) {
        const struct entry *down = &g_array_index(matcher->downs, struct entry, i);
        if (!undoes(matcher, up->action, down->action) &&
            !empties(matcher, up->action, down->action))
            continue;
        pair->down_statement = down->statement;
        pair->down_action = down->number;
        judge(matcher, pair, up->action, down->action);
        mark_down(matcher, i, up);
        return TRUE;
    }
    return FALSE;
}

static gboolean runs_code(const struct sql_action *action)
{
    return sql_action_effect(action->kind) == SQL_RUNS;
}

static void pair_up(struct matcher *matcher, guint number)
{
    const struct entry *up = &g_array_index(matcher->ups, struct entry, number);
    struct pair pair = {.statement = up->statement,
                        .action = up->number,
                        .down_statement = PAIR_NONE,
                        .down_action = PAIR_NONE};
    if (runs_code(up->action))
        pair.standing = up->is_opaque || up->action->kind == SQL_ACTION_OTHER ? PAIR_UNKNOWN
                                                                              : PAIR_NOTHING_NEEDED;
    else if (leaves_nothing(up->action))
        pair.standing = PAIR_NOTHING_NEEDED;
    else if (find_undoing(matcher, number, &pair))
        ;
    else if (writes_what_is_new(matcher, number) || is_taken_back(matcher, number))
        pair.standing = PAIR_NOTHING_NEEDED;
    else
        pair.why = why_not(up->action);
    g_array_append_val(matcher->pairs->ups, pair);
}

/* ---- one action of the down ------------------------------------------------------------------ */

static gboolean is_sequence_of(const struct matcher *matcher, const struct sql_action *column,
                               const struct sql_action *drop)
{
    (void)matcher;
    if (drop->kind != SQL_ACTION_DROP_SEQUENCE || !has(column, SQL_FLAG(SERIAL)) ||
        column->part == NULL || column->object.name == NULL || drop->object.name == NULL)
        return FALSE;
    g_autofree char *name = g_strdup_printf("%s_%s_seq", column->object.name, column->part);
    return g_str_equal(name, drop->object.name);
}

/* It may undo an action that something else undoes as well: DROP INDEX before DROP TABLE. */
static void pair_down(struct matcher *matcher, guint number)
{
    const struct sql_action *down = g_array_index(matcher->downs, struct entry, number).action;
    for (guint i = 0; i < matcher->ups->len; i++) {
        const struct entry *up = &g_array_index(matcher->ups, struct entry, i);
        if (undoes(matcher, up->action, down) || empties(matcher, up->action, down) ||
            is_sequence_of(matcher, up->action, down)) {
            mark_down(matcher, number, up);
            return;
        }
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static gboolean flatten(const struct inspection *inspection, GArray *entries)
{
    for (guint i = 0; inspection != NULL && i < inspection_count(inspection); i++) {
        const struct inspected_statement *statement = inspection_at(inspection, i);
        for (guint j = 0; j < statement->action_count; j++) {
            struct entry entry = {&statement->actions[j], statement->index, j,
                                  statement->opaque != NULL};
            g_array_append_val(entries, entry);
        }
    }
    return inspection == NULL || inspection_is_complete(inspection);
}

static void find_parents(struct matcher *matcher)
{
    for (guint i = 0; i < matcher->ups->len; i++) {
        const struct sql_action *up = g_array_index(matcher->ups, struct entry, i).action;
        gboolean attaches = up->kind == SQL_ACTION_ATTACH_PARTITION;
        gboolean makes = up->kind == SQL_ACTION_CREATE_TABLE && has(up, SQL_FLAG(PARTITION_OF));
        const struct sql_object *child = attaches ? &up->other : &up->object;
        if ((attaches || makes) && child->name != NULL)
            g_hash_table_insert(matcher->parents, (gpointer)(guintptr)child->name,
                                (gpointer)(guintptr)(attaches ? &up->object : &up->other));
    }
}

static void find_aliases(struct matcher *matcher)
{
    for (guint i = 0; i < matcher->ups->len; i++) {
        const struct sql_action *up = g_array_index(matcher->ups, struct entry, i).action;
        if (up->kind != SQL_ACTION_RENAME_TABLE || up->other.name == NULL)
            continue;
        const char *before = g_hash_table_lookup(matcher->aliases, up->object.name);
        g_hash_table_insert(matcher->aliases, (gpointer)(guintptr)up->other.name,
                            (gpointer)(guintptr)(before != NULL ? before : up->object.name));
    }
}

static void add_downs(struct matcher *matcher)
{
    for (guint i = 0; i < matcher->downs->len; i++) {
        const struct entry *entry = &g_array_index(matcher->downs, struct entry, i);
        enum sql_effect effect = sql_action_effect(entry->action->kind);
        struct pair_down row = {.statement = entry->statement,
                                .action = entry->number,
                                .is_harmless = leaves_nothing(entry->action) ||
                                               effect == SQL_WRITES || effect == SQL_RUNS,
                                .up_statement = PAIR_NONE,
                                .up_action = PAIR_NONE};
        g_array_append_val(matcher->pairs->downs, row);
    }
}

struct pairs *pairs_new(const struct inspection *up, const struct inspection *down,
                        const struct schema *before)
{
    struct pairs *pairs = g_new0(struct pairs, 1);
    struct matcher matcher = {.before = before, .pairs = pairs};
    matcher.ups = g_array_new(FALSE, FALSE, sizeof(struct entry));
    matcher.downs = g_array_new(FALSE, FALSE, sizeof(struct entry));
    matcher.aliases = g_hash_table_new(g_str_hash, g_str_equal);
    matcher.parents = g_hash_table_new(g_str_hash, g_str_equal);
    pairs->ups = g_array_new(FALSE, FALSE, sizeof(struct pair));
    pairs->downs = g_array_new(FALSE, FALSE, sizeof(struct pair_down));
    gboolean is_whole_up = flatten(up, matcher.ups);
    pairs->is_certain = flatten(down, matcher.downs) && is_whole_up;
    find_aliases(&matcher);
    find_parents(&matcher);
    add_downs(&matcher);
    for (guint i = 0; i < matcher.ups->len; i++)
        pair_up(&matcher, i);
    for (guint i = 0; i < matcher.downs->len; i++)
        pair_down(&matcher, i);
    g_array_unref(matcher.ups);
    g_array_unref(matcher.downs);
    g_hash_table_unref(matcher.aliases);
    g_hash_table_unref(matcher.parents);
    return pairs;
}

void pairs_free(struct pairs *pairs)
{
    g_array_unref(pairs->ups);
    g_array_unref(pairs->downs);
    g_free(pairs);
}

/* From the worst. */
enum pair_standing pairs_of_statement(const struct pairs *pairs, guint statement)
{
    static const enum pair_standing order[] = {PAIR_NOT_UNDONE, PAIR_UNKNOWN, PAIR_PARTLY,
                                               PAIR_UNDONE, PAIR_NOTHING_NEEDED};
    gboolean seen[G_N_ELEMENTS(standings)] = {FALSE};
    for (guint i = 0; i < pairs->ups->len; i++) {
        const struct pair *pair = &g_array_index(pairs->ups, struct pair, i);
        if (pair->statement == statement)
            seen[pair->standing] = TRUE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        if (seen[order[i]])
            return order[i];
    return PAIR_NOTHING_NEEDED;
}
