/* The parser and the stack it needs; every statement of a file in turn. */
#include "analysis/inspector.h"

#include <pg_query.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "analysis/inspection_private.h"
#include "analysis/nesting.h"

/* The parser's tree is written, read and walked by functions that call themselves: at most
 * STACK_PER_LEVEL bytes for every token that nests (measured: 2.9 kB for "( SELECT"). It is asked
 * here only where that surely fits into any thread's stack, else on a thread with a large one. */
enum {
    STACK_PER_LEVEL = 5 * 1024,
    INLINE_NESTING = 200,
    DEEPEST_NESTING = 12000,
    LARGEST_STATEMENT = 1024 * 1024, /* bytes; its tree takes sixty times as many */
};

/* ---- actions and uses ------------------------------------------------------------------------ */

static void move_place(struct inspector *inspector, gsize offset)
{
    const char *text = inspector->text;
    if (offset < inspector->place_offset) {
        inspector->place_offset = inspector->statement->offset;
        inspector->place_line = inspector->statement->line;
        inspector->place_column = inspector->statement->column;
    }
    for (; inspector->place_offset < offset; inspector->place_offset++) {
        guchar byte = (guchar)text[inspector->place_offset];
        if (byte == '\n') {
            inspector->place_line++;
            inspector->place_column = 1;
        } else if ((byte & 0xc0) != 0x80)
            inspector->place_column++;
    }
}

void inspector_place(struct inspector *inspector, struct sql_action *action, gint64 location,
                     gsize length)
{
    const struct script_statement *statement = inspector->statement;
    if (location < 0 || (gsize)location >= statement->length || inspector->body != 0)
        return;
    move_place(inspector, statement->offset + (gsize)location);
    action->offset = inspector->place_offset;
    action->line = inspector->place_line;
    action->column = inspector->place_column;
    action->length = length > 0 ? length : statement->length - (gsize)location;
}

struct sql_action inspector_action(const struct inspector *inspector, enum sql_action_kind kind)
{
    const struct script_statement *statement = inspector->statement;
    gboolean is_elsewhere = inspector->body_line > 0;
    return (struct sql_action){
        .kind = kind,
        .flags = inspector->body,
        .offset = statement->offset,
        .length = statement->length,
        .line = is_elsewhere ? inspector->body_line : statement->line,
        .column = is_elsewhere ? 1 : statement->column,
    };
}

static gboolean is_stored(const struct inspector *inspector)
{
    return (inspector->body & SQL_FLAG(IN_BODY)) != 0 && (inspector->body & SQL_FLAG(IS_RUN)) == 0;
}

guint inspector_add(struct inspector *inspector, const struct sql_action *action)
{
    GArray *actions = inspector->found.actions;
    if (is_stored(inspector))
        return 0;
    g_array_append_val(actions, *action);
    if ((action->flags & SQL_FLAG(INLINE)) == 0)
        g_array_index(actions, struct sql_action, actions->len - 1).parent = actions->len - 1;
    return actions->len - 1;
}

static gboolean same_object(const struct sql_object *one, const struct sql_object *other)
{
    return g_strcmp0(one->name, other->name) == 0 && g_strcmp0(one->schema, other->schema) == 0;
}

/* What is known of the kind, and that it is written, outlives a mere mention. */
static void use(const struct inspector *inspector, GArray *uses, const struct sql_object *object,
                gboolean is_written)
{
    struct sql_use row = {.object = *object,
                          .is_written = is_written,
                          .is_in_body = inspector->body != 0,
                          .is_run = !is_stored(inspector)};
    if (object->name == NULL)
        return;
    for (guint i = 0; i < uses->len; i++) {
        struct sql_use *known = &g_array_index(uses, struct sql_use, i);
        if (!same_object(&known->object, object))
            continue;
        if (known->object.kind == SQL_OBJECT_RELATION)
            known->object.kind = object->kind;
        known->is_written |= is_written;
        known->is_in_body &= row.is_in_body;
        known->is_run |= row.is_run;
        return;
    }
    g_array_append_val(uses, row);
}

void inspector_use_relation(struct inspector *inspector, const struct sql_object *relation,
                            gboolean is_written)
{
    use(inspector, inspector->found.relations, relation, is_written);
}

void inspector_use_function(struct inspector *inspector, const struct sql_object *function)
{
    use(inspector, inspector->found.functions, function, FALSE);
}

void inspector_use_type(struct inspector *inspector, const struct sql_object *type)
{
    use(inspector, inspector->found.types, type, FALSE);
}

void inspector_opaque(struct inspector *inspector, const char *why)
{
    if (inspector->found.opaque == NULL && !is_stored(inspector))
        inspector->found.opaque = why;
}

/* ---- one statement --------------------------------------------------------------------------- */

void inspector_statement(struct inspector *inspector, const PgQuery__Node *node)
{
    static gboolean (*const subjects[])(struct inspector *, const PgQuery__Node *) = {
        inspect_object, inspect_rows,  inspect_session, inspect_code,
        inspect_type,   inspect_grant, inspect_other,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++)
        if (subjects[i](inspector, node))
            return;
    struct sql_action action = inspector_action(inspector, SQL_ACTION_OTHER);
    inspector_walk(inspector, &node->base);
    inspector_opaque(inspector, "a statement of a kind that is not known here");
    inspector_add(inspector, &action);
}

static void *take_memory(void *arena, size_t size)
{
    return arena_take(arena, size);
}

static void leave_memory(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

/* Unpacks what the parser gives and hands every statement on. The tree lives in scratch until the
 * outermost statement is done. */
static gboolean take_tree(struct inspector *inspector, const PgQueryProtobuf *packed)
{
    ProtobufCAllocator allocator = {take_memory, leave_memory, inspector->scratch};
    PgQuery__ParseResult *tree = pg_query__parse_result__unpack(
        &allocator, packed->len, (const uint8_t *)(gconstpointer)packed->data);
    if (tree == NULL)
        return FALSE;
    for (gsize i = 0; i < tree->n_stmts; i++)
        if (tree->stmts[i]->stmt != NULL)
            inspector_statement(inspector, tree->stmts[i]->stmt);
    return TRUE;
}

gboolean inspector_take(struct inspector *inspector, const char *sql, gsize length,
                        const char **why)
{
    const char *outer = inspector->sql;
    g_autofree char *copy = g_strndup(sql, length);
    PgQueryProtobufParseResult result = pg_query_parse_protobuf(copy);
    gboolean is_taken = result.error == NULL;
    inspector->sql = copy;
    if (!is_taken) {
        g_autofree char *text = g_strdup_printf("the parser of PostgreSQL %s does not know it: %s",
                                                PG_MAJORVERSION, result.error->message);
        *why = arena_text(inspector->arena, text);
    } else if (!take_tree(inspector, &result.parse_tree)) {
        *why = "the parser's tree cannot be read";
        is_taken = FALSE;
    }
    inspector->sql = outer;
    pg_query_free_protobuf_parse_result(result);
    return is_taken;
}

/* ---- the file -------------------------------------------------------------------------------- */

static void begin_statement(struct inspector *inspector, const struct script_statement *statement)
{
    inspector->statement = statement;
    inspector->place_offset = statement->offset;
    inspector->place_line = statement->line;
    inspector->place_column = statement->column;
    inspector->found = (struct findings){
        .actions = g_array_new(FALSE, FALSE, sizeof(struct sql_action)),
        .relations = g_array_new(FALSE, FALSE, sizeof(struct sql_use)),
        .functions = g_array_new(FALSE, FALSE, sizeof(struct sql_use)),
        .types = g_array_new(FALSE, FALSE, sizeof(struct sql_use)),
    };
}

static const struct sql_use *keep_uses(const struct inspector *inspector, GArray *uses,
                                       guint *count)
{
    *count = uses->len;
    return arena_copy(inspector->arena, uses->data, uses->len * sizeof(struct sql_use));
}

static void end_statement(struct inspector *inspector, struct inspected_statement *result)
{
    struct findings *found = &inspector->found;
    if (result->is_analysed) {
        result->opaque = found->opaque;
        result->action_count = found->actions->len;
        result->actions = arena_copy(inspector->arena, found->actions->data,
                                     found->actions->len * sizeof(struct sql_action));
        result->relations = keep_uses(inspector, found->relations, &result->relation_count);
        result->functions = keep_uses(inspector, found->functions, &result->function_count);
        result->types = keep_uses(inspector, found->types, &result->type_count);
    }
    g_array_unref(found->actions);
    g_array_unref(found->relations);
    g_array_unref(found->functions);
    g_array_unref(found->types);
    arena_reset(inspector->scratch);
}

static void inspect_one(struct inspector *inspector, struct inspected_statement *result,
                        guint nesting)
{
    const struct script_statement *statement = inspector->statement;
    const char *sql = inspector->text + statement->offset;
    if (statement->length > LARGEST_STATEMENT)
        result->not_analysed = "longer than 1 MiB";
    else if (nesting > DEEPEST_NESTING)
        result->not_analysed = "nested too deep";
    else
        result->is_analysed =
            inspector_take(inspector, sql, statement->length, &result->not_analysed);
}

struct work {
    const char *text;
    const struct script *script;
    const struct inspection_context *context;
    struct inspection *inspection;
    const guint *nestings; /* of every statement */
    guint deepest;
};

static void *inspect_all(void *data)
{
    const struct work *work = data;
    struct inspector inspector = {
        .arena = work->inspection->arena,
        .scratch = arena_new(),
        .text = work->text,
        .script = work->script,
        .initial_path =
            work->context->search_path != NULL ? work->context->search_path : "\"$user\", public",
        .created = g_hash_table_new(g_str_hash, g_str_equal),
        .ctes = g_ptr_array_new(),
        .deepest = work->deepest,
    };
    inspector_path_set(&inspector, NULL, FALSE);
    for (guint i = 0; i < work->script->statements->len; i++) {
        struct inspected_statement *result = &work->inspection->statements[i];
        begin_statement(&inspector,
                        &g_array_index(work->script->statements, struct script_statement, i));
        inspect_one(&inspector, result, work->nestings[i]);
        end_statement(&inspector, result);
    }
    arena_free(inspector.scratch);
    g_hash_table_unref(inspector.created);
    g_ptr_array_unref(inspector.ctes);
    g_clear_pointer(&inspector.path, g_ptr_array_unref);
    g_clear_pointer(&inspector.path_outside, g_ptr_array_unref);
    return NULL;
}

/* On a thread with a stack for it; signals are for other threads. */
static gboolean inspect_apart(struct work *work)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return FALSE;
    gsize stack = (gsize)(work->deepest + INLINE_NESTING) * STACK_PER_LEVEL;
    gboolean is_begun = pthread_attr_setstacksize(&attributes, (stack + 0xffff) & ~0xfffful) == 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    is_begun = is_begun && pthread_create(&thread, &attributes, inspect_all, work) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (is_begun)
        pthread_join(thread, NULL);
    return is_begun;
}

void inspection_fill(struct inspection *inspection, const char *text, const struct script *script,
                     const struct inspection_context *context)
{
    guint count = script->statements->len;
    g_autofree guint *nestings = g_new(guint, count + 1);
    struct work work = {.text = text,
                        .script = script,
                        .context = context,
                        .inspection = inspection,
                        .nestings = nestings,
                        .deepest = INLINE_NESTING};
    for (guint i = 0; i < count; i++) {
        const struct script_statement *statement =
            &g_array_index(script->statements, struct script_statement, i);
        nestings[i] = statement->length <= LARGEST_STATEMENT
                          ? nesting_of(text + statement->offset, statement->length)
                          : 0;
        if (nestings[i] <= DEEPEST_NESTING)
            work.deepest = MAX(work.deepest, nestings[i]);
    }
    if (work.deepest <= INLINE_NESTING) {
        inspect_all(&work);
        return;
    }
    if (!inspect_apart(&work))
        for (guint i = 0; i < count; i++)
            inspection->statements[i].not_analysed = "no memory for the parser's stack";
}

unsigned inspection_parser_version(void)
{
    return PG_VERSION_NUM / 10000;
}
