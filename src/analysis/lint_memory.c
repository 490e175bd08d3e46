/* A schema, and what it does not keep: the texts of views, and the words of what nobody could read.
 */
#include "analysis/lint_memory.h"

#include "analysis/lint_private.h"
#include "analysis/sql_lexer.h"

#include <string.h>

/* Its own copy: the files are gone by the time that it is asked. */
struct view {
    char *text;    /* the statement */
    GArray *reads; /* of struct sql_object, in the chunk of texts */
};

struct lint_memory {
    struct schema *schema;
    guint files;
    GHashTable *views; /* name, in texts -> struct view * */
    GStringChunk *texts;
    GHashTable *unread; /* words of statements that could not be looked into */
};

static void view_free(gpointer data)
{
    struct view *view = data;
    g_free(view->text);
    g_array_unref(view->reads);
    g_free(view);
}

struct lint_memory *lint_memory_new(void)
{
    struct lint_memory *memory = g_new0(struct lint_memory, 1);
    memory->schema = schema_new();
    memory->views = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, view_free);
    memory->texts = g_string_chunk_new(1024);
    memory->unread = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return memory;
}

void lint_memory_free(struct lint_memory *memory)
{
    schema_free(memory->schema);
    g_hash_table_unref(memory->views);
    g_string_chunk_free(memory->texts);
    g_hash_table_unref(memory->unread);
    g_free(memory);
}

const struct schema *lint_memory_schema(const struct lint_memory *memory)
{
    return memory->schema;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static const char *keep(struct lint_memory *memory, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(memory->texts, text) : NULL;
}

static void take_view(struct lint_memory *memory, const struct inspected_statement *statement,
                      const struct sql_action *action, const char *text)
{
    struct view *view = g_new(struct view, 1);
    *view = (struct view){g_strndup(text + action->offset, action->length),
                          g_array_new(FALSE, FALSE, sizeof(struct sql_object))};
    for (guint i = 0; i < statement->relation_count; i++) {
        struct sql_object object = statement->relations[i].object;
        object.schema = keep(memory, object.schema);
        object.name = keep(memory, object.name);
        object.arguments = keep(memory, object.arguments);
        if (!statement->relations[i].is_written)
            g_array_append_val(view->reads, object);
    }
    g_hash_table_replace(memory->views, (gpointer)(gsize)keep(memory, action->object.name), view);
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
    for (guint i = 0; i < view->reads->len; i++)
        if (sql_object_matches(&g_array_index(view->reads, struct sql_object, i), table))
            return TRUE;
    return FALSE;
}

static gboolean mentions(const struct view *view, const char *column)
{
    struct sql_lexer lexer;
    struct sql_token token;
    gsize length = strlen(column);
    sql_lexer_init(&lexer, view->text, strlen(view->text), SQL_POSTGRESQL);
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
