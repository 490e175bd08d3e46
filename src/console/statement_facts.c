/* From actions to sentences. */
#include "console/statement_facts.h"

#include "analysis/pairs.h"
#include "analysis/sql_effects.h"
#include "console/touches.h"

#include <string.h>

static void facts_clear(gpointer data)
{
    struct statement_facts *facts = data;
    g_free(facts->does);
    g_free(facts->locks);
    g_free(facts->cost);
    g_free(facts->pair);
}

/* ---- locks ------------------------------------------------------------------------------------
 */

/* More would not be read. */
#define LOCKS_TOLD 3u

struct expected {
    GHashTable *modes; /* relation -> its strongest mode */
    GPtrArray *names;  /* of char *: relations, as they came */
    const char *more;  /* which others are locked; NULL */
    gboolean is_known;
    enum sql_answer rewrites, scans, builds;
    const char *rewrite_why, *scan_why;
    gboolean touches_old; /* something that others may use */
};

static char *name_of(const struct sql_object *object)
{
    struct sql_object told = *object;
    if (object->is_assumed || g_strcmp0(object->schema, "public") == 0)
        told.schema = NULL;
    return sql_object_text(&told);
}

static void take_lock(struct expected *expected, const struct sql_locked *lock)
{
    char *name = name_of(&lock->relation);
    enum lock_mode before = GPOINTER_TO_UINT(g_hash_table_lookup(expected->modes, name));
    if (before == LOCK_MODE_NONE)
        g_ptr_array_add(expected->names, g_strdup(name));
    g_hash_table_insert(expected->modes, name, GUINT_TO_POINTER(MAX(before, lock->mode)));
}

static void take_answer(enum sql_answer *all, const char **why, enum sql_answer one,
                        const char *one_why)
{
    gboolean is_worse = one == SQL_YES || (one == SQL_MAYBE && *all == SQL_NO);
    if (!is_worse || *all == SQL_YES)
        return;
    *all = one;
    if (why != NULL)
        *why = one_why;
}

/* What this file has made before nobody else can know. */
static void take_action(struct expected *expected, const struct sql_action *action,
                        unsigned version, const struct schema *made)
{
    struct sql_effects effects;
    gboolean is_own = FALSE;
    sql_action_effects(action, version, made, &effects);
    expected->is_known = expected->is_known && effects.is_known;
    for (guint i = 0; i < effects.lock_count; i++) {
        const struct sql_locked *lock = &effects.locks[i];
        gboolean is_new = lock->is_new || schema_find(made, &lock->relation) != NULL;
        is_own = is_own || (i == 0 && is_new);
        if (!is_new)
            take_lock(expected, lock);
    }
    if (effects.has_more_locks)
        expected->more = effects.more_locks;
    if (is_own)
        return;
    expected->touches_old = expected->touches_old || effects.lock_count > 0;
    take_answer(&expected->rewrites, &expected->rewrite_why, effects.rewrites, effects.rewrite_why);
    take_answer(&expected->scans, &expected->scan_why, effects.scans, effects.scan_why);
    take_answer(&expected->builds, NULL, effects.builds_index, NULL);
}

static enum lock_mode mode_of(const struct expected *expected, guint index)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(expected->modes, expected->names->pdata[index]));
}

static enum lock_mode strongest(const struct expected *expected)
{
    enum lock_mode mode = LOCK_MODE_NONE;
    for (guint i = 0; i < expected->names->len; i++)
        mode = MAX(mode, mode_of(expected, i));
    return mode;
}

/* Relations of one mode together, the strongest first. */
static char *locks_text(const struct expected *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint told = 0;
    for (int mode = LOCK_MODE_ACCESS_EXCLUSIVE; mode > LOCK_MODE_NONE; mode--)
        for (guint i = 0, of_mode = 0; i < expected->names->len; i++) {
            if ((int)mode_of(expected, i) != mode || told++ >= LOCKS_TOLD)
                continue;
            g_string_append(text, of_mode > 0 ? ", " : text->len > 0 ? "; " : "");
            if (of_mode++ == 0)
                g_string_append_printf(text, "%s on ", lock_mode_text((enum lock_mode)mode));
            g_string_append(text, expected->names->pdata[i]);
        }
    if (told > LOCKS_TOLD)
        g_string_append_printf(text, " and %u more", told - LOCKS_TOLD);
    if (expected->more != NULL)
        g_string_append_printf(text, "%s%s", text->len > 0 ? "; and " : "", expected->more);
    if (!expected->is_known)
        return text->len > 0 ? g_strdup_printf("%s; and what its code takes", text->str)
                             : g_strdup("not known: it runs code");
    if (text->len == 0)
        return g_strdup("none that others could wait for");
    if (strongest(expected) >= LOCK_MODE_SHARE)
        g_string_append_printf(text, ": %s wait", lock_mode_blocks(strongest(expected)));
    return g_strdup(text->str);
}

/* ---- what grows with a table ------------------------------------------------------------------
 */

static char *cost_text(const struct expected *expected, enum style *style)
{
    *style = STYLE_TEXT;
    if (!expected->is_known)
        return g_strdup("not known: it runs code");
    if (expected->rewrites == SQL_NO && expected->scans == SQL_NO && expected->builds == SQL_NO)
        return g_strdup(expected->touches_old ? "none that grows with a table"
                                              : "none: nobody has seen the table yet");
    *style = STYLE_WARNING;
    if (expected->rewrites != SQL_NO)
        return g_strdup_printf("%s every row anew%s%s",
                               expected->rewrites == SQL_YES ? "writes" : "may write",
                               expected->rewrite_why != NULL ? ": " : "",
                               expected->rewrite_why != NULL ? expected->rewrite_why : "");
    if (expected->builds != SQL_NO)
        return g_strdup("reads every row and builds an index");
    return g_strdup_printf("%s every row%s%s", expected->scans == SQL_YES ? "reads" : "may read",
                           expected->scan_why != NULL ? ": " : "",
                           expected->scan_why != NULL ? expected->scan_why : "");
}

/* ---- a file -----------------------------------------------------------------------------------
 */

static struct statement_facts facts_of(const struct inspection *inspection, guint index,
                                       unsigned version, struct schema *made)
{
    const struct inspected_statement *statement = inspection_at(inspection, index);
    struct statement_facts facts = {.sign = ' '};
    g_autoptr(GHashTable) modes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    struct expected expected = {.modes = modes, .names = names, .is_known = TRUE};
    if (!statement->is_analysed)
        return facts;
    for (guint i = 0; i < statement->action_count; i++)
        take_action(&expected, &statement->actions[i], version, made);
    for (guint i = 0; i < statement->action_count; i++)
        schema_apply_action(made, &statement->actions[i], 1);
    facts.does = touches_statement(inspection, index);
    facts.locks = locks_text(&expected);
    facts.lock_style =
        strongest(&expected) >= LOCK_MODE_SHARE || !expected.is_known ? STYLE_WARNING : STYLE_TEXT;
    facts.cost = cost_text(&expected, &facts.cost_style);
    return facts;
}

GArray *statement_facts_new(const struct inspection *inspection, unsigned version)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct statement_facts));
    AUTOPTR(schema) *made = schema_new();
    g_array_set_clear_func(all, facts_clear);
    for (guint i = 0; i < inspection_count(inspection); i++) {
        struct statement_facts facts = facts_of(inspection, i, version != 0 ? version : 15, made);
        g_array_append_val(all, facts);
    }
    return all;
}

/* ---- pairs ------------------------------------------------------------------------------------
 */

static struct statement_facts *at(GArray *facts, guint index)
{
    return &g_array_index(facts, struct statement_facts, index);
}

static void say(struct statement_facts *facts, enum style style, char *text)
{
    g_free(facts->pair);
    facts->pair = text;
    facts->pair_style = style;
}

/* Of a statement's actions the worst is told. */
static void tell_up(GArray *ups, const struct pair *pair, enum pair_standing worst)
{
    struct statement_facts *facts = at(ups, pair->statement);
    g_autofree char *lost = pair_lost_text(pair->lost);
    const char *why = lost != NULL && pair->lost != PAIR_LOST_ROWS ? lost : pair->why;
    if (pair->down_statement != PAIR_NONE && facts->partner == 0)
        facts->partner = pair->down_statement + 1;
    if (pair->standing != worst || facts->pair != NULL)
        return;
    switch (worst) {
    case PAIR_NOT_UNDONE:
        facts->sign = '?';
        say(facts, STYLE_WARNING,
            g_strdup_printf("nothing in the down undoes it%s%s", why != NULL ? ": " : "",
                            why != NULL ? why : ""));
        break;
    case PAIR_UNDONE:
        say(facts, STYLE_TEXT, g_strdup_printf("undone by down %u", facts->partner));
        break;
    case PAIR_PARTLY:
        say(facts, STYLE_WARNING,
            g_strdup_printf("undone in part by down %u%s%s", facts->partner,
                            why != NULL ? ": " : "", why != NULL ? why : ""));
        break;
    case PAIR_NOTHING_NEEDED:
        say(facts, STYLE_TEXT, g_strdup("nothing needs to be undone"));
        break;
    case PAIR_UNKNOWN:
        facts->sign = '?';
        say(facts, STYLE_WARNING, g_strdup("nobody can see whether it is undone"));
        break;
    }
}

/* What a down takes away for good. */
static char *loss_text(const struct sql_action *action)
{
    g_autofree char *object = action->object.name != NULL ? name_of(&action->object) : NULL;
    switch (action->kind) {
    case SQL_ACTION_DROP_TABLE:
        return g_strdup_printf("LOSES every row of %s", object);
    case SQL_ACTION_TRUNCATE:
        return g_strdup_printf("LOSES every row of %s", object);
    case SQL_ACTION_DROP_COLUMN:
        return g_strdup_printf("LOSES every value of %s.%s", object, action->part);
    case SQL_ACTION_DROP_SCHEMA:
        return g_strdup_printf("LOSES whatever is in %s", object);
    default:
        return NULL;
    }
}

static void tell_down(GArray *downs, const struct inspection *down, const struct pair_down *pair)
{
    struct statement_facts *facts = at(downs, pair->statement);
    const struct sql_action *action = &inspection_at(down, pair->statement)->actions[pair->action];
    g_autofree char *loss = loss_text(action);
    if (pair->up_statement != PAIR_NONE && facts->partner == 0)
        facts->partner = pair->up_statement + 1;
    if (loss != NULL)
        facts->sign = '!';
    else if (!pair->undoes && !pair->is_harmless && facts->sign == ' ')
        facts->sign = '?';
    if (facts->pair != NULL && loss == NULL)
        return;
    g_autofree char *which = facts->partner > 0  ? g_strdup_printf("undoes up %u", facts->partner)
                             : pair->is_harmless ? g_strdup("undoes nothing, and changes no schema")
                                                 : g_strdup("undoes nothing that this up did");
    say(facts, facts->sign != ' ' ? STYLE_WARNING : STYLE_TEXT,
        g_strdup_printf("%s%s%s", loss != NULL ? loss : "", loss != NULL ? "; " : "", which));
}

guint statement_facts_pair(GArray *ups, const struct inspection *up, GArray *downs,
                           const struct inspection *down, guint *paired)
{
    AUTOPTR(pairs) *pairs = pairs_new(up, down, NULL);
    guint alone = 0;
    *paired = 0;
    for (guint i = 0; i < pairs->ups->len; i++) {
        const struct pair *pair = &g_array_index(pairs->ups, struct pair, i);
        tell_up(ups, pair, pairs_of_statement(pairs, pair->statement));
    }
    for (guint i = 0; downs != NULL && i < pairs->downs->len; i++)
        tell_down(downs, down, &g_array_index(pairs->downs, struct pair_down, i));
    for (guint i = 0; i < ups->len; i++) {
        alone += at(ups, i)->sign == '?';
        *paired += at(ups, i)->partner > 0;
    }
    return alone;
}
