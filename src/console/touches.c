/* Actions of an inspection gathered by their effect. */
#include "console/touches.h"

#include "base/text.h"

#include <string.h>

/* More names than that are counted. */
#define NAMES_MAX 12u

static const struct {
    enum sql_effect effect;
    const char *label;
    enum style style;
} effects[] = {
    {SQL_CREATES, "creates", STYLE_TEXT}, {SQL_ALTERS, "alters", STYLE_TEXT},
    {SQL_DROPS, "drops", STYLE_WARNING},  {SQL_WRITES, "writes", STYLE_TEXT},
    {SQL_RUNS, "runs", STYLE_WARNING},
};

struct touches {
    char *texts[G_N_ELEMENTS(effects)];
    char *unknown; /* NULL: everything was understood */
    enum sql_phase phase;
};

static char *object_text(const struct sql_object *object)
{
    struct sql_object told = *object;
    if (object->is_assumed || g_strcmp0(object->schema, "public") == 0)
        told.schema = NULL;
    return sql_object_text(&told);
}

typedef void (*action_fn)(const struct sql_action *action, gpointer data);

static void each_action(const struct inspection *inspection, action_fn visit, gpointer data)
{
    for (guint i = 0; i < inspection_count(inspection); i++) {
        const struct inspected_statement *statement = inspection_at(inspection, i);
        for (guint j = 0; statement->is_analysed && j < statement->action_count; j++)
            visit(&statement->actions[j], data);
    }
}

/* ---- what it makes itself ---------------------------------------------------------------------
 */

static void note_made(const struct sql_action *action, gpointer data)
{
    gboolean is_whole = !sql_action_has_part(action->kind) && action->object.name != NULL;
    if (sql_action_effect(action->kind) == SQL_CREATES && is_whole)
        g_hash_table_add(data, object_text(&action->object));
}

/* Nobody else has seen it yet: what becomes of it before the end is no news. */
static gboolean is_made(GHashTable *made, const struct sql_action *action)
{
    if (action->object.name == NULL)
        return FALSE;
    g_autofree char *name = object_text(&action->object);
    return g_hash_table_contains(made, name);
}

/* ---- gathering --------------------------------------------------------------------------------
 */

struct gathering {
    enum sql_effect effect;
    GHashTable *made, *seen;
    GString *text;
    enum sql_object_kind kind; /* of the name before */
    guint count;
};

static enum sql_object_kind kind_of(const struct sql_action *action)
{
    enum sql_object_kind kind = sql_action_object_kind(action->kind);
    return kind == SQL_OBJECT_NONE || kind == SQL_OBJECT_RELATION ? action->object.kind : kind;
}

/* A part is told with its owner: users.email. */
static char *name_of(const struct sql_action *action)
{
    if (action->object.name == NULL)
        return g_strdup(sql_action_text(action->kind));
    g_autofree char *object = object_text(&action->object);
    g_autoptr(GString) name = g_string_new(object);
    if (sql_action_has_part(action->kind) && action->part != NULL) {
        g_string_append_c(name, '.');
        sql_name_append(name, action->part);
    }
    return g_strdup(name->str);
}

static void append_name(struct gathering *gathering, const struct sql_action *action,
                        const char *name)
{
    enum sql_object_kind kind = kind_of(action);
    gboolean is_same = gathering->count > 0 && kind == gathering->kind;
    gboolean has_kind = action->object.name != NULL && !is_same;
    if (gathering->count < NAMES_MAX)
        g_string_append_printf(gathering->text, "%s%s%s%s",
                               gathering->count == 0 ? ""
                               : is_same             ? ", "
                                                     : "; ",
                               has_kind ? sql_object_kind_text(kind) : "", has_kind ? " " : "",
                               name);
    gathering->kind = kind;
    gathering->count++;
}

static void gather(const struct sql_action *action, gpointer data)
{
    struct gathering *gathering = data;
    gboolean is_whole = gathering->effect == SQL_CREATES && !sql_action_has_part(action->kind);
    if (sql_action_effect(action->kind) != gathering->effect ||
        (!is_whole && is_made(gathering->made, action)))
        return;
    g_autofree char *name = name_of(action);
    if (g_hash_table_contains(gathering->seen, name))
        return;
    append_name(gathering, action, name);
    g_hash_table_add(gathering->seen, g_steal_pointer(&name));
}

static char *effect_text(const struct inspection *inspection, GHashTable *made, gsize which)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct gathering gathering = {
        .effect = effects[which].effect, .made = made, .seen = seen, .text = g_string_new(NULL)};
    each_action(inspection, gather, &gathering);
    if (gathering.count > NAMES_MAX)
        g_string_append_printf(gathering.text, " and %u more", gathering.count - NAMES_MAX);
    return g_string_free(gathering.text, FALSE);
}

static char *unknown_text(const struct inspection *inspection)
{
    guint count = 0, first = 0;
    for (guint i = 0; i < inspection_count(inspection); i++)
        if (!inspection_at(inspection, i)->is_analysed && count++ == 0)
            first = i;
    if (count == 0)
        return NULL;
    g_autofree char *statements = text_plural(count, "statement", "statements");
    return g_strdup_printf("%s not analysed: %s", statements,
                           inspection_at(inspection, first)->not_analysed);
}

struct judging {
    GHashTable *made;
    enum sql_phase phase;
};

static void judge(const struct sql_action *action, gpointer data)
{
    struct judging *judging = data;
    enum sql_phase phase = sql_action_phase(action);
    if (phase == SQL_CONTRACT && is_made(judging->made, action))
        return;
    if (phase == SQL_CONTRACT || (phase == SQL_EXPAND && judging->phase == SQL_NEUTRAL))
        judging->phase = phase;
}

struct touches *touches_new(const struct inspection *inspection)
{
    g_autoptr(GHashTable) made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct touches *touches = g_new0(struct touches, 1);
    struct judging judging = {made, SQL_NEUTRAL};
    each_action(inspection, note_made, made);
    each_action(inspection, judge, &judging);
    for (gsize i = 0; i < G_N_ELEMENTS(effects); i++)
        touches->texts[i] = effect_text(inspection, made, i);
    touches->unknown = unknown_text(inspection);
    touches->phase = judging.phase;
    return touches;
}

void touches_free(struct touches *touches)
{
    for (gsize i = 0; i < G_N_ELEMENTS(touches->texts); i++)
        g_free(touches->texts[i]);
    g_free(touches->unknown);
    g_free(touches);
}

enum sql_phase touches_phase(const struct touches *touches)
{
    return touches->phase;
}

void touches_describe(const struct touches *touches, struct fields *fields)
{
    for (gsize i = 0; i < G_N_ELEMENTS(effects); i++)
        fields_add(fields, effects[i].style, effects[i].label, touches->texts[i]);
    fields_add(fields, STYLE_WARNING, "unknown", touches->unknown);
}

char *touches_statement(const struct inspection *inspection, guint index)
{
    if (index >= inspection_count(inspection) || !inspection_at(inspection, index)->is_analysed)
        return NULL;
    const struct inspected_statement *statement = inspection_at(inspection, index);
    g_autoptr(GString) text = g_string_new(NULL);
    guint told = 0, left = 0;
    for (guint i = 0; i < statement->action_count; i++) {
        const struct sql_action *action = &statement->actions[i];
        if ((action->flags & SQL_FLAG(INLINE)) != 0)
            continue;
        if (told == NAMES_MAX) {
            left++;
            continue;
        }
        struct sql_action told_as = *action;
        if (action->object.is_assumed || g_strcmp0(action->object.schema, "public") == 0)
            told_as.object.schema = NULL;
        g_autofree char *one = sql_action_describe(&told_as);
        g_string_append_printf(text, "%s%s", told++ > 0 ? ", " : "", one);
    }
    if (left > 0)
        g_string_append_printf(text, " and %u more", left);
    return text->len > 0 ? g_strdup(text->str) : NULL;
}
