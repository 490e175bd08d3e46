/* What a step destroys as its text says it, for where nothing may be run. What the text leaves open
 * is noted, never guessed. */
#include "engine/receipt_read.h"

#include "analysis/inspection.h"
#include "engine/internal.h"

#include <string.h>

struct reading {
    struct engine *engine;
    struct receipt *receipt;
    struct inventory *inventory;
    guint index;
    const char *since;
    GPtrArray *notes; /* of char * */
    /* of struct obstacle: what the statement would find in its way, but for what it takes itself */
    GArray *obstacles;
};

struct obstacle {
    unsigned line;
    char *what;
    GPtrArray *others; /* of char * */
};

static void obstacle_clear(gpointer data)
{
    struct obstacle *obstacle = data;
    g_free(obstacle->what);
    g_ptr_array_unref(obstacle->others);
}

static void note(struct reading *reading, unsigned line, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void note(struct reading *reading, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(reading->notes, g_strdup_printf("line %u: %s", line, text));
}

static gboolean is_taken(const struct receipt *receipt, const char *thing)
{
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *loss = receipt->losses->pdata[i];
        g_autofree char *text =
            g_strdup_printf("%s %s", loss_kind_name(loss->kind, FALSE), loss->name);
        if (strcmp(text, thing) == 0)
            return TRUE;
    }
    return FALSE;
}

/* What would make it fail is noted, and told for itself. */
static void note_obstacle(struct reading *reading, const struct obstacle *obstacle)
{
    const struct plan_step *step = plan_step_at(reading->receipt->plan, reading->index);
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < obstacle->others->len; i++)
        if (!is_taken(reading->receipt, obstacle->others->pdata[i]))
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
                                   (const char *)obstacle->others->pdata[i]);
    if (list->len == 0)
        return;
    note(reading, obstacle->line, "%s would fail: in its way is %s", obstacle->what, list->str);
    const char *noted = reading->notes->pdata[reading->notes->len - 1];
    g_ptr_array_add(reading->receipt->obstacles,
                    g_strdup_printf("%s %s", step->migration->digits, noted));
}

/* DROP TABLE a, b: what depends on one of them may be among the others (manual, section 5.14). */
static void note_obstacles(struct reading *reading)
{
    for (guint i = 0; i < reading->obstacles->len; i++)
        note_obstacle(reading, &g_array_index(reading->obstacles, struct obstacle, i));
    g_array_set_size(reading->obstacles, 0);
}

static const struct {
    enum sql_object_kind object;
    enum loss_kind loss;
} kinds[] = {
    {SQL_OBJECT_TABLE, LOSS_TABLE},         {SQL_OBJECT_FOREIGN_TABLE, LOSS_TABLE},
    {SQL_OBJECT_COLUMN, LOSS_COLUMN},       {SQL_OBJECT_MATERIALIZED_VIEW, LOSS_MATERIALIZED_VIEW},
    {SQL_OBJECT_VIEW, LOSS_VIEW},           {SQL_OBJECT_SEQUENCE, LOSS_SEQUENCE},
    {SQL_OBJECT_INDEX, LOSS_INDEX},         {SQL_OBJECT_CONSTRAINT, LOSS_CONSTRAINT},
    {SQL_OBJECT_TRIGGER, LOSS_TRIGGER},     {SQL_OBJECT_POLICY, LOSS_POLICY},
    {SQL_OBJECT_RULE, LOSS_RULE},           {SQL_OBJECT_STATISTICS, LOSS_STATISTICS},
    {SQL_OBJECT_TYPE, LOSS_TYPE},           {SQL_OBJECT_DOMAIN, LOSS_TYPE},
    {SQL_OBJECT_FUNCTION, LOSS_FUNCTION},   {SQL_OBJECT_PROCEDURE, LOSS_FUNCTION},
    {SQL_OBJECT_AGGREGATE, LOSS_FUNCTION},  {SQL_OBJECT_ROUTINE, LOSS_FUNCTION},
    {SQL_OBJECT_EXTENSION, LOSS_EXTENSION}, {SQL_OBJECT_SCHEMA, LOSS_SCHEMA},
};

static enum loss_kind loss_of(const struct sql_action *action)
{
    gboolean has_part = sql_action_has_part(action->kind);
    enum sql_object_kind kind =
        has_part ? sql_action_object_kind(action->kind) : action->object.kind;
    if (action->kind == SQL_ACTION_TRUNCATE)
        return LOSS_EMPTIED;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].object == kind)
            return kinds[i].loss;
    return LOSS_KINDS;
}

static gboolean take(struct reading *reading, const struct sql_action *action, enum loss_kind kind,
                     GError **error)
{
    gboolean has_part = sql_action_has_part(action->kind), is_there;
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *what = sql_action_describe(action);
    struct inventory_name name = {
        .kind = kind,
        .schema = action->object.is_assumed ? NULL : action->object.schema,
        .relation = has_part ? action->object.name : NULL,
        .name = has_part ? action->part : action->object.name,
        .cascades = (action->flags & SQL_FLAG(CASCADE)) != 0,
    };
    if (database_inventory_take(reading->engine->database, reading->inventory, &name,
                                reading->index, reading->since, reading->receipt->losses, others,
                                &is_there, error)) {
        struct obstacle obstacle = {action->line, g_strdup(what), g_ptr_array_ref(others)};
        g_array_append_val(reading->obstacles, obstacle);
        if (kind == LOSS_EMPTIED && name.cascades)
            note(reading, action->line, "%s also empties what references it", what);
        return TRUE;
    }
    if (is_there)
        return FALSE;
    if ((action->flags & SQL_FLAG(IF_EXISTS)) == 0)
        note(reading, action->line, "%s: there is no such thing here now, or more than one", what);
    return TRUE;
}

static gboolean happens_now(const struct sql_action *action)
{
    return (action->flags & SQL_FLAG(IN_BODY)) == 0 || (action->flags & SQL_FLAG(IS_RUN)) != 0;
}

/* The rows that a query chooses are known once it has run. */
static gboolean read_action(struct reading *reading, const struct sql_action *action,
                            GError **error)
{
    g_autofree char *what = sql_action_describe(action);
    if (!happens_now(action))
        return TRUE;
    if (action->kind == SQL_ACTION_UPDATE || action->kind == SQL_ACTION_DELETE ||
        action->kind == SQL_ACTION_MERGE)
        note(reading, action->line, "%s: how many rows is not known before it runs", what);
    if (action->kind == SQL_ACTION_ALTER_COLUMN_TYPE)
        note(reading, action->line, "%s: whether values are lost is not known before it runs",
             what);
    if (action->kind == SQL_ACTION_DROP_OWNED)
        note(reading, action->line, "%s: what that is, is not known before it runs", what);
    enum loss_kind kind = loss_of(action);
    gboolean is_loss =
        action->kind == SQL_ACTION_TRUNCATE || sql_action_effect(action->kind) == SQL_DROPS;
    return !is_loss || kind == LOSS_KINDS || take(reading, action, kind, error);
}

static gboolean read_statement(struct reading *reading, const struct script *script,
                               const struct inspected_statement *statement, GError **error)
{
    unsigned line =
        g_array_index(script->statements, struct script_statement, statement->index).line;
    if (!statement->is_analysed) {
        note(reading, line, "not analysed (%s): what it destroys is not known before it runs",
             statement->not_analysed);
        return TRUE;
    }
    if (statement->opaque != NULL)
        note(reading, line, "%s: what that destroys is not known before it runs",
             statement->opaque);
    for (guint i = 0; i < statement->action_count; i++)
        if (!read_action(reading, &statement->actions[i], error))
            return FALSE;
    note_obstacles(reading);
    return TRUE;
}

static struct inspection *inspect(const struct plan_step *step, const struct engine *engine)
{
    const struct inspection_context context = {.dialect = engine_dialect(engine)};
    return inspection_new(step->body, step->body_length, step->script, &context);
}

gboolean receipt_read_step(struct receipt *receipt, guint index, struct engine *engine,
                           struct inventory *inventory, const char *since, GError **error)
{
    const struct plan_step *step = plan_step_at(receipt->plan, index);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) obstacles = g_array_new(FALSE, FALSE, sizeof(struct obstacle));
    struct reading reading = {engine, receipt, inventory, index, since, notes, obstacles};
    g_array_set_clear_func(obstacles, obstacle_clear);
    AUTOPTR(inspection) *inspection = inspect(step, engine);
    for (guint i = 0; i < inspection_count(inspection); i++)
        if (!read_statement(&reading, step->script, inspection_at(inspection, i), error))
            return FALSE;
    receipt->steps[index].is_seen = notes->len == 0;
    if (notes->len > 0) {
        g_ptr_array_add(notes, NULL);
        receipt->steps[index].note = g_strjoinv("\n", (char **)notes->pdata);
    }
    return TRUE;
}

/* ---- copies ---------------------------------------------------------------------------------- */

static gboolean is_in_body(const struct sql_action *action)
{
    return (action->flags & SQL_FLAG(IN_BODY)) != 0;
}

static gboolean empties(const struct sql_action *action, const struct sql_object *table)
{
    return (action->kind == SQL_ACTION_DROP_TABLE || action->kind == SQL_ACTION_TRUNCATE ||
            action->kind == SQL_ACTION_DELETE) &&
           sql_object_matches(&action->object, table);
}

static gboolean statement_empties(const struct inspected_statement *statement,
                                  const struct sql_object *table)
{
    for (guint i = 0; i < statement->action_count; i++)
        if (empties(&statement->actions[i], table))
            return TRUE;
    return FALSE;
}

/* FALSE for what ends with the session, with the file or with the plan. */
static gboolean stays(const struct receipt *receipt, const struct inspection *inspection,
                      const struct sql_object *table)
{
    for (guint i = 0; i < inspection_count(inspection); i++) {
        const struct inspected_statement *statement = inspection_at(inspection, i);
        if (statement_empties(statement, table))
            return FALSE;
        for (guint j = 0; j < statement->action_count; j++)
            if ((statement->actions[j].flags & SQL_FLAG(TEMPORARY)) != 0 &&
                sql_object_matches(&statement->actions[j].object, table))
                return FALSE;
    }
    for (guint i = 0; i < receipt->losses->len; i++) {
        const struct loss *loss = receipt->losses->pdata[i];
        const struct sql_object lost = {
            .kind = SQL_OBJECT_TABLE, .schema = loss->schema, .name = loss->bare};
        if ((loss->kind == LOSS_TABLE || loss->kind == LOSS_EMPTIED) &&
            sql_object_matches(&lost, table))
            return FALSE;
    }
    return TRUE;
}

static gboolean reads(const struct inspected_statement *statement, const struct sql_object *table)
{
    for (guint i = 0; i < statement->relation_count; i++) {
        const struct sql_use *use = &statement->relations[i];
        if (!use->is_written && !use->is_in_body && sql_object_matches(&use->object, table))
            return TRUE;
    }
    return FALSE;
}

/* The table that a statement fills from this one; NULL: it does no such thing. */
static const struct sql_object *fills(const struct inspected_statement *statement,
                                      const struct sql_object *from)
{
    for (guint i = 0; i < statement->action_count; i++) {
        const struct sql_action *action = &statement->actions[i];
        gboolean creates = action->kind == SQL_ACTION_CREATE_TABLE_AS &&
                           (action->flags & SQL_FLAG(WITH_DATA)) != 0 &&
                           (action->flags & SQL_FLAG(IF_NOT_EXISTS)) == 0;
        if ((creates || action->kind == SQL_ACTION_INSERT) && !is_in_body(action) &&
            reads(statement, from))
            return &action->object;
    }
    return NULL;
}

/* What stands behind the statement that takes it away comes too late. */
static char *copied(const struct receipt *receipt, const struct inspection *inspection,
                    const struct sql_object *table)
{
    for (guint i = 0; i < inspection_count(inspection); i++) {
        const struct inspected_statement *statement = inspection_at(inspection, i);
        const struct sql_object *to = fills(statement, table);
        if (statement_empties(statement, table))
            return NULL;
        if (to == NULL || !stays(receipt, inspection, to))
            continue;
        g_autofree char *name = sql_object_text(to);
        return g_strdup_printf("copied by statement %u into %s, as far as it selects them",
                               statement->index + 1, name);
    }
    return NULL;
}

void receipt_read_copies(struct receipt *receipt, guint index, const struct engine *engine)
{
    AUTOPTR(inspection) *inspection = inspect(plan_step_at(receipt->plan, index), engine);
    for (guint i = 0; i < receipt->losses->len; i++) {
        struct loss *loss = receipt->losses->pdata[i];
        const struct sql_object table = {
            .kind = SQL_OBJECT_TABLE, .schema = loss->schema, .name = loss->bare};
        if (loss->step == index && loss->bare != NULL &&
            (loss->kind == LOSS_TABLE || loss->kind == LOSS_EMPTIED))
            loss->copied = copied(receipt, inspection, &table);
    }
}
