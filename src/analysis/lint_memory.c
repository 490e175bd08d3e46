/* A schema, and what it does not keep: the texts of views, and the words of what nobody could read.
 */
#include "analysis/lint_memory.h"

#include "analysis/lint_private.h"
#include "analysis/sql_lexer.h"

#include <string.h>

struct view {
    const struct inspected_statement *statement;
    const struct sql_action *action;
    const char *text; /* of the file */
};

struct lint_memory {
    struct schema *schema;
    guint files;
    GHashTable *views;  /* name -> struct view * */
    GHashTable *unread; /* words of statements that could not be looked into */
};

struct lint_memory *lint_memory_new(void)
{
    struct lint_memory *memory = g_new0(struct lint_memory, 1);
    memory->schema = schema_new();
    memory->views = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    memory->unread = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return memory;
}

void lint_memory_free(struct lint_memory *memory)
{
    schema_free(memory->schema);
    g_hash_table_unref(memory->views);
    g_hash_table_unref(memory->unread);
    g_free(memory);
}

const struct schema *lint_memory_schema(const struct lint_memory *memory)
{
    return memory->schema;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static void take_view(struct lint_memory *memory, const struct inspected_statement *statement,
                      const struct sql_action *action, const char *text)
{
    struct view *view = g_new(struct view, 1);
    *view = (struct view){statement, action, text};
    g_hash_table_replace(memory->views, (gpointer)(gsize)action->object.name, view);
}

static void take(struct lint_memory *memory, const struct inspected_statement *statement,
                 const struct sql_action *action, const char *text)
{
    switch (action->kind) {
    case SQL_ACTION_CREATE_VIEW:
    case SQL_ACTION_CREATE_MATERIALIZED_VIEW:
        take_view(memory, statement, action, text);
        return;
    case SQL_ACTION_DROP_VIEW:
    case SQL_ACTION_DROP_MATERIALIZED_VIEW:
    case SQL_ACTION_RENAME_VIEW:
        g_hash_table_remove(memory->views, action->object.name);
        return;
    default:
        return;
    }
}

/* A table that such a statement names may have become another one. */
static void take_words(struct lint_memory *memory, const char *text, gsize length)
{
    struct sql_lexer lexer;
    struct sql_token token;
    sql_lexer_init(&lexer, text, length, SQL_POSTGRESQL);
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END)
        if (token.type == SQL_WORD)
            g_hash_table_add(memory->unread,
                             g_ascii_strdown(text + token.offset, (gssize)token.length));
        else if (token.type == SQL_NAME)
            g_hash_table_add(memory->unread, g_strndup(text + token.offset + 1, token.length - 2));
        else if (token.type == SQL_DOLLAR && token.length > 4 && token.offset > 0) {
            const char *body = memchr(text + token.offset + 1, '$', token.length - 1);
            gsize skipped = body != NULL ? (gsize)(body + 1 - (text + token.offset)) : 0;
            if (skipped > 0 && 2 * skipped < token.length)
                take_words(memory, text + token.offset + skipped, token.length - 2 * skipped);
        }
}

void lint_memory_take(struct lint_memory *memory, const struct lint_half *half)
{
    if (half->inspection != NULL)
        schema_apply(memory->schema, half->inspection, memory->files++);
    for (guint i = 0; half->inspection != NULL && i < inspection_count(half->inspection); i++) {
        const struct inspected_statement *statement = inspection_at(half->inspection, i);
        const struct script_statement *cut =
            &g_array_index(half->script->statements, struct script_statement, statement->index);
        if (!statement->is_analysed || statement->opaque != NULL)
            take_words(memory, half->text + cut->offset, cut->length);
        for (guint j = 0; j < statement->action_count; j++) {
            const struct sql_action *action = &statement->actions[j];
            if (action->object.name != NULL && lint_happens_now(action))
                take(memory, statement, action, half->text);
        }
    }
}

/* ---- questions --------------------------------------------------------------------------------
 */

/* PARTITION OF, INHERITS and LIKE bring what is not written here. */
gboolean lint_memory_knows(const struct lint_memory *memory, const struct sql_object *table)
{
    const struct schema_relation *relation = schema_find(memory->schema, table);
    return relation != NULL && relation->is_whole && relation->parent.kind == SQL_OBJECT_NONE &&
           !g_hash_table_contains(memory->unread, relation->object.name);
}

/* ---- views ------------------------------------------------------------------------------------
 */

static gboolean reads(const struct view *view, const struct sql_object *table)
{
    for (guint i = 0; i < view->statement->relation_count; i++)
        if (!view->statement->relations[i].is_written &&
            sql_object_matches(&view->statement->relations[i].object, table))
            return TRUE;
    return FALSE;
}

static gboolean mentions(const struct view *view, const char *column)
{
    struct sql_lexer lexer;
    struct sql_token token;
    gsize length = strlen(column);
    sql_lexer_init(&lexer, view->text + view->action->offset, view->action->length, SQL_POSTGRESQL);
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END) {
        const char *word = lexer.text + token.offset;
        if (sql_token_is(&lexer, &token, '*') ||
            (token.type == SQL_WORD && token.length == length &&
             g_ascii_strncasecmp(word, column, length) == 0) ||
            (token.type == SQL_NAME && token.length == length + 2 &&
             strncmp(word + 1, column, length) == 0))
            return TRUE;
    }
    return FALSE;
}

const char *lint_memory_view(const struct lint_memory *memory, const struct sql_object *table,
                             const char *column)
{
    GHashTableIter iter;
    gpointer name, view;
    const char *first = NULL;
    g_hash_table_iter_init(&iter, memory->views);
    while (g_hash_table_iter_next(&iter, &name, &view))
        if ((first == NULL || strcmp(name, first) < 0) && reads(view, table) &&
            mentions(view, column))
            first = name;
    return first;
}
