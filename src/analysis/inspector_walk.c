/* Walks through trees by their descriptors, so that no kind of node is forgotten. */
#include "analysis/inspector.h"

#include <string.h>

#include "analysis/volatility.h"

/* ---- fields ---------------------------------------------------------------------------------- */

/* One message a field holds, or several. */
static guint messages_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                         ProtobufCMessage *const **list, ProtobufCMessage **one)
{
    const char *at = (const char *)message + field->offset;
    const char *quantifier = (const char *)message + field->quantifier_offset;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *list = *(ProtobufCMessage *const *const *)(gconstpointer)at;
        return (guint) * (const size_t *)(gconstpointer)quantifier;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
        *(const guint32 *)(gconstpointer)quantifier != field->id)
        return 0;
    *one = *(ProtobufCMessage *const *)(gconstpointer)at;
    *list = one;
    return *one != NULL;
}

typedef void (*visit_fn)(gpointer data, const ProtobufCMessage *child);

static void visit_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                        visit_fn visit, gpointer data)
{
    ProtobufCMessage *one;
    ProtobufCMessage *const *list = NULL;
    guint count = messages_of(message, field, &list, &one);
    for (guint i = 0; i < count; i++)
        visit(data, list[i]);
}

/* Of a node's several hundred fields one is set. */
static void visit_children(const ProtobufCMessage *message, visit_fn visit, gpointer data)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (descriptor == &pg_query__node__descriptor) {
        const PgQuery__Node *node = (const PgQuery__Node *)message;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(descriptor, node->node_case);
        if (field != NULL)
            visit_field(message, field, visit, data);
        return;
    }
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        visit_field(message, &descriptor->fields[i], visit, data);
}

/* ---- what is used ---------------------------------------------------------------------------- */

static gboolean is_cte(const struct inspector *inspector, const PgQuery__RangeVar *name)
{
    if (name->schemaname != NULL && *name->schemaname != '\0')
        return FALSE;
    for (guint i = 0; i < inspector->ctes->len; i++)
        if (g_str_equal(inspector->ctes->pdata[i], name->relname))
            return TRUE;
    return FALSE;
}

static void walk_child(gpointer data, const ProtobufCMessage *child)
{
    inspector_walk(data, child);
}

/* Relations that a query names stand for themselves only in it; a CTE's own query does not see its
 * name unless it is recursive (manual, section 7.8). */
static guint walk_with(struct inspector *inspector, const PgQuery__WithClause *with)
{
    guint before = inspector->ctes->len;
    for (gsize i = 0; with->recursive && i < with->n_ctes; i++)
        g_ptr_array_add(inspector->ctes, with->ctes[i]->common_table_expr->ctename);
    for (gsize i = 0; i < with->n_ctes; i++) {
        inspector_walk(inspector, &with->ctes[i]->common_table_expr->ctequery->base);
        if (!with->recursive)
            g_ptr_array_add(inspector->ctes, with->ctes[i]->common_table_expr->ctename);
    }
    return before;
}

static const PgQuery__WithClause *with_of(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (descriptor == &pg_query__select_stmt__descriptor)
        return ((const PgQuery__SelectStmt *)message)->with_clause;
    if (descriptor == &pg_query__insert_stmt__descriptor)
        return ((const PgQuery__InsertStmt *)message)->with_clause;
    if (descriptor == &pg_query__update_stmt__descriptor)
        return ((const PgQuery__UpdateStmt *)message)->with_clause;
    if (descriptor == &pg_query__delete_stmt__descriptor)
        return ((const PgQuery__DeleteStmt *)message)->with_clause;
    if (descriptor == &pg_query__merge_stmt__descriptor)
        return ((const PgQuery__MergeStmt *)message)->with_clause;
    return NULL;
}

/* nextval('s'), and the like: the sequence is named by a string. */
static void use_sequence(struct inspector *inspector, const PgQuery__FuncCall *call)
{
    static const char *const names[] = {"nextval", "setval", "currval"};
    const char *function = node_string(call->funcname[call->n_funcname - 1]);
    const char *text = call->n_args > 0 ? node_string(call->args[0]) : NULL;
    for (gsize i = 0; text != NULL && i < G_N_ELEMENTS(names); i++) {
        if (g_strcmp0(function, names[i]) != 0 || *text == '\0')
            continue;
        g_auto(GStrv) parts = g_strsplit(text, ".", 2);
        PgQuery__RangeVar name = PG_QUERY__RANGE_VAR__INIT;
        name.relname = parts[1] != NULL ? parts[1] : parts[0];
        name.schemaname = parts[1] != NULL ? parts[0] : name.schemaname;
        struct sql_object sequence = inspector_relation(inspector, &name, SQL_OBJECT_SEQUENCE);
        inspector_use_relation(inspector, &sequence, i < 2);
    }
}

/* SELECT set_config('search_path', '...', is_local): how pg_dump writes it. */
static void watch_set_config(struct inspector *inspector, const PgQuery__FuncCall *call)
{
    const char *function = node_string(call->funcname[call->n_funcname - 1]);
    if (g_strcmp0(function, "set_config") != 0 || call->n_args != 3 || inspector->body != 0 ||
        g_strcmp0(node_string(call->args[0]), "search_path") != 0)
        return;
    const PgQuery__Node *local = call->args[2];
    if (local->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
        local = local->type_cast->arg;
    gboolean is_local = local->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                        ((local->a_const->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL &&
                          local->a_const->boolval->boolval) ||
                         g_strcmp0(node_string(local), "t") == 0);
    const char *value = node_string(call->args[1]);
    if (value != NULL)
        inspector_path_set(inspector, value, is_local);
    else
        inspector_path_forget(inspector, is_local);
}

static void use_call(struct inspector *inspector, const PgQuery__FuncCall *call)
{
    if (call->n_funcname == 0)
        return;
    const char *name = node_string(call->funcname[call->n_funcname - 1]);
    const char *schema =
        call->n_funcname > 1 ? node_string(call->funcname[call->n_funcname - 2]) : NULL;
    struct sql_object function = inspector_plain(inspector, name, SQL_OBJECT_ROUTINE);
    function.schema = inspector_text(inspector, schema);
    inspector_use_function(inspector, &function);
    use_sequence(inspector, call);
    watch_set_config(inspector, call);
}

/* What is more than its parts. TRUE when the parts have been seen to. */
static gboolean take_dml(struct inspector *inspector, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (descriptor == &pg_query__insert_stmt__descriptor)
        inspect_insert(inspector, (const PgQuery__InsertStmt *)message);
    else if (descriptor == &pg_query__update_stmt__descriptor)
        inspect_update(inspector, (const PgQuery__UpdateStmt *)message);
    else if (descriptor == &pg_query__delete_stmt__descriptor)
        inspect_delete(inspector, (const PgQuery__DeleteStmt *)message);
    else if (descriptor == &pg_query__merge_stmt__descriptor)
        inspect_merge(inspector, (const PgQuery__MergeStmt *)message);
    else
        return FALSE;
    return TRUE;
}

static void take_leaf(struct inspector *inspector, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (descriptor == &pg_query__range_var__descriptor) {
        const PgQuery__RangeVar *name = (const PgQuery__RangeVar *)message;
        struct sql_object relation;
        if (is_cte(inspector, name))
            return;
        relation = inspector_relation(inspector, name, SQL_OBJECT_RELATION);
        inspector_use_relation(inspector, &relation, FALSE);
    } else if (descriptor == &pg_query__func_call__descriptor)
        use_call(inspector, (const PgQuery__FuncCall *)message);
    else if (descriptor == &pg_query__type_name__descriptor)
        inspector_use_type_name(inspector, (const PgQuery__TypeName *)message);
}

void inspector_walk(struct inspector *inspector, const ProtobufCMessage *message)
{
    const PgQuery__WithClause *with = with_of(message);
    guint ctes = inspector->ctes->len;
    if (message->descriptor == &pg_query__with_clause__descriptor)
        return; /* seen to by the query that it belongs to */
    if (with != NULL)
        ctes = walk_with(inspector, with);
    if (!take_dml(inspector, message)) {
        take_leaf(inspector, message);
        visit_children(message, walk_child, inspector);
    }
    g_ptr_array_set_size(inspector->ctes, (gint)ctes);
}

void inspector_walk_list(struct inspector *inspector, struct nodes nodes)
{
    for (gsize i = 0; i < nodes.count; i++)
        inspector_walk(inspector, &nodes.list[i]->base);
}

/* ---- the number of a tree -------------------------------------------------------------------- */

/* FNV-1a. */
static void mix(guint64 *number, const void *bytes, gsize size)
{
    const guchar *at = bytes;
    for (gsize i = 0; i < size; i++)
        *number = (*number ^ at[i]) * G_GUINT64_CONSTANT(1099511628211);
}

static void mix_message(gpointer number, const ProtobufCMessage *message);

static gboolean is_place(const ProtobufCFieldDescriptor *field)
{
    return g_str_equal(field->name, "location") || g_str_equal(field->name, "stmt_location") ||
           g_str_equal(field->name, "stmt_len");
}

static void mix_scalar(guint64 *number, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field)
{
    const char *at = (const char *)message + field->offset;
    const char *text;
    if (is_place(field) || field->label == PROTOBUF_C_LABEL_REPEATED)
        return;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *)(gconstpointer)at;
        if (text != NULL)
            mix(number, text, strlen(text) + 1);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL:
        mix(number, at, 4);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE:
        mix(number, at, 8);
        break;
    default:
        break;
    }
}

static void mix_message(gpointer data, const ProtobufCMessage *message)
{
    guint64 *number = data;
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    mix(number, descriptor->short_name, strlen(descriptor->short_name));
    if (descriptor != &pg_query__node__descriptor)
        for (unsigned i = 0; i < descriptor->n_fields; i++)
            mix_scalar(number, message, &descriptor->fields[i]);
    visit_children(message, mix_message, number);
}

guint64 tree_number(const ProtobufCMessage *message)
{
    guint64 number = G_GUINT64_CONSTANT(14695981039346656037);
    if (message == NULL)
        return 0;
    mix_message(&number, message);
    return MAX(number, 1);
}

/* ---- expressions ----------------------------------------------------------------------------- */

struct costs {
    gboolean is_volatile, is_unknown;
};

static void look_at_call(struct costs *costs, const PgQuery__FuncCall *call)
{
    const char *name =
        call->n_funcname > 0 ? node_string(call->funcname[call->n_funcname - 1]) : NULL;
    const char *schema =
        call->n_funcname > 1 ? node_string(call->funcname[call->n_funcname - 2]) : NULL;
    switch (volatility_of(schema, name)) {
    case VOLATILITY_VOLATILE:
        costs->is_volatile = TRUE;
        break;
    case VOLATILITY_UNKNOWN:
        costs->is_unknown = TRUE;
        break;
    case VOLATILITY_STABLE:
        break;
    }
}

static void look_for_cost(gpointer data, const ProtobufCMessage *message)
{
    if (message->descriptor == &pg_query__func_call__descriptor)
        look_at_call(data, (const PgQuery__FuncCall *)message);
    visit_children(message, look_for_cost, data);
}

static gboolean is_null(const PgQuery__Node *expression)
{
    if (expression->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
        return is_null(expression->type_cast->arg);
    return expression->node_case == PG_QUERY__NODE__NODE_A_CONST && expression->a_const->isnull;
}

guint64 default_flags(const PgQuery__Node *expression)
{
    struct costs costs = {FALSE, FALSE};
    if (expression == NULL)
        return 0;
    look_for_cost(&costs, &expression->base);
    guint64 flags = SQL_FLAG(HAS_DEFAULT);
    if (costs.is_volatile)
        return flags | SQL_FLAG(VOLATILE_DEFAULT);
    if (costs.is_unknown)
        return flags | SQL_FLAG(UNKNOWN_DEFAULT);
    return flags | SQL_FLAG(CONSTANT_DEFAULT) | (is_null(expression) ? SQL_FLAG(NULL_DEFAULT) : 0);
}

struct columns {
    const char *name;
    gboolean is_several;
};

static void look_for_column(gpointer data, const ProtobufCMessage *message)
{
    struct columns *columns = data;
    if (message->descriptor == &pg_query__column_ref__descriptor) {
        const PgQuery__ColumnRef *column = (const PgQuery__ColumnRef *)message;
        const char *name =
            column->n_fields > 0 ? node_string(column->fields[column->n_fields - 1]) : NULL;
        columns->is_several |=
            name == NULL || (columns->name != NULL && !g_str_equal(columns->name, name));
        columns->name = name;
    }
    visit_children(message, look_for_column, data);
}

const char *only_column(const PgQuery__Node *expression)
{
    struct columns columns = {NULL, FALSE};
    if (expression != NULL)
        look_for_column(&columns, &expression->base);
    return columns.is_several ? NULL : columns.name;
}
