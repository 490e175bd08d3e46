/* The table of actions, and what follows from a row of it. */
#include "analysis/sql_action.h"

#include <string.h>

static const struct {
    const char *text;
    const char *word;
    enum sql_object_kind object;
    enum sql_effect effect;
    enum sql_action_kind undone_by;
    enum sql_phase phase;
} kinds[] = {
#define ROW(symbol, text, word, object, effect, undone_by, phase)                                  \
    {text, word, SQL_OBJECT_##object, SQL_##effect, SQL_ACTION_##undone_by, SQL_##phase},
    SQL_ACTION_TABLE(ROW)
#undef ROW
};

static const char *const flag_words[] = {
#define ROW(symbol, word) word,
    SQL_FLAG_TABLE(ROW)
#undef ROW
};
G_STATIC_ASSERT(SQL_FLAGS <= 64);

const char *sql_action_text(enum sql_action_kind kind)
{
    return kinds[kind].text;
}

const char *sql_action_word(enum sql_action_kind kind)
{
    return kinds[kind].word;
}

enum sql_object_kind sql_action_object_kind(enum sql_action_kind kind)
{
    return kinds[kind].object;
}

enum sql_effect sql_action_effect(enum sql_action_kind kind)
{
    return kinds[kind].effect;
}

const char *sql_flag_word(enum sql_flag_number flag)
{
    return flag_words[flag];
}

gboolean sql_action_is_inverse(enum sql_action_kind one, enum sql_action_kind other)
{
    return (kinds[one].undone_by == other && other != SQL_ACTION_OTHER) ||
           (kinds[other].undone_by == one && one != SQL_ACTION_OTHER);
}

gboolean sql_action_has_part(enum sql_action_kind kind)
{
    switch (kinds[kind].object) {
    case SQL_OBJECT_COLUMN:
    case SQL_OBJECT_CONSTRAINT:
    case SQL_OBJECT_TRIGGER:
    case SQL_OBJECT_RULE:
    case SQL_OBJECT_POLICY:
    case SQL_OBJECT_ENUM_VALUE:
    case SQL_OBJECT_ATTRIBUTE:
        return TRUE;
    default:
        return FALSE;
    }
}

/* A column that must be filled and is not by itself breaks whoever does not know of it. */
static gboolean column_is_demanded(const struct sql_action *action)
{
    guint64 filled = SQL_FLAG(IDENTITY) | SQL_FLAG(SERIAL) | SQL_FLAG(GENERATED_STORED) |
                     SQL_FLAG(GENERATED_VIRTUAL);
    gboolean has_default = (action->flags & SQL_FLAG(HAS_DEFAULT)) != 0 &&
                           (action->flags & SQL_FLAG(NULL_DEFAULT)) == 0;
    return (action->flags & (SQL_FLAG(NOT_NULL) | SQL_FLAG(PRIMARY))) != 0 && !has_default &&
           (action->flags & filled) == 0;
}

enum sql_phase sql_action_phase(const struct sql_action *action)
{
    if (action->kind == SQL_ACTION_ADD_COLUMN)
        return column_is_demanded(action) ? SQL_CONTRACT : SQL_EXPAND;
    if (action->kind == SQL_ACTION_CREATE_INDEX)
        return action->flags & SQL_FLAG(UNIQUE) ? SQL_CONTRACT : SQL_EXPAND;
    return kinds[action->kind].phase;
}

/* "users.email", "users_age_check ON users", "'sad' OF mood". */
static void append_part(GString *text, const struct sql_action *action, const char *owner)
{
    switch (kinds[action->kind].object) {
    case SQL_OBJECT_COLUMN:
    case SQL_OBJECT_ATTRIBUTE:
        g_string_append_printf(text, "%s.", owner);
        sql_name_append(text, action->part);
        break;
    case SQL_OBJECT_ENUM_VALUE:
        g_string_append_printf(text, "'%s' OF %s", action->part, owner);
        break;
    default:
        sql_name_append(text, action->part);
        g_string_append_printf(text, " ON %s", owner);
    }
}

static void append_object(GString *text, const struct sql_action *action)
{
    g_autofree char *object = sql_object_text(&action->object);
    gboolean is_privilege = action->kind == SQL_ACTION_GRANT || action->kind == SQL_ACTION_REVOKE;
    if (action->part != NULL)
        g_string_append_c(text, ' ');
    if (action->part != NULL && sql_action_has_part(action->kind))
        append_part(text, action, object);
    else if (action->part != NULL && is_privilege)
        g_string_append_printf(text, "%s ON %s", action->part, object);
    else if (action->part != NULL && *object != '\0') { /* of any kind: COMMENT */
        g_string_append_printf(text, "%s.", object);
        sql_name_append(text, action->part);
    } else if (action->part != NULL)
        g_string_append(text, action->part);
    else if (*object != '\0')
        g_string_append_printf(text, " %s", object);
}

static gboolean is_rename(const struct sql_action *action)
{
    return g_str_has_prefix(kinds[action->kind].word, "rename");
}

char *sql_action_describe(const struct sql_action *action)
{
    GString *text = g_string_new(kinds[action->kind].text);
    if (kinds[action->kind].object == SQL_OBJECT_NONE && action->object.kind != SQL_OBJECT_NONE &&
        action->part == NULL) {
        g_autofree char *kind = g_ascii_strup(sql_object_kind_text(action->object.kind), -1);
        g_string_append_printf(text, " %s", kind);
    }
    if (action->flags & SQL_FLAG(CONCURRENTLY))
        g_string_append(text, " CONCURRENTLY");
    append_object(text, action);
    const char *new_name = action->other_part != NULL ? action->other_part : action->other.name;
    if (is_rename(action) && new_name != NULL) {
        g_string_append(text, " TO ");
        sql_name_append(text, new_name);
    }
    return g_string_free(text, FALSE);
}
