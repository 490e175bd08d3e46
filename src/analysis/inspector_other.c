/* Statements that need no more than their object's name: a row each, read by the field's name. */
#include "analysis/inspector.h"

#include <string.h>

#define CREATE SQL_ACTION_CREATE_OBJECT
#define ALTER  SQL_ACTION_ALTER_OBJECT
#define DROP   SQL_ACTION_DROP_OBJECT

static const struct other_row {
    PgQuery__Node__NodeCase node;
    enum sql_action_kind kind;
    enum sql_object_kind object;
    const char *field;    /* its name: a string, a list of strings, a relation or a role */
    const char *function; /* a list of strings that names a function it uses; NULL: none */
} rows[] = {
#define ROW(node, kind, object, field, function)                                                   \
    {                                                                                              \
        PG_QUERY__NODE__NODE_##node##_STMT, kind, SQL_OBJECT_##object, field, function             \
    }
    ROW(CREATE_EXTENSION, SQL_ACTION_CREATE_EXTENSION, EXTENSION, "extname", NULL),
    ROW(ALTER_EXTENSION, SQL_ACTION_ALTER_EXTENSION, EXTENSION, "extname", NULL),
    ROW(ALTER_EXTENSION_CONTENTS, SQL_ACTION_ALTER_EXTENSION, EXTENSION, "extname", NULL),
    ROW(CREATEDB, SQL_ACTION_CREATE_DATABASE, DATABASE, "dbname", NULL),
    ROW(ALTER_DATABASE, SQL_ACTION_ALTER_DATABASE, DATABASE, "dbname", NULL),
    ROW(ALTER_DATABASE_SET, SQL_ACTION_ALTER_DATABASE, DATABASE, "dbname", NULL),
    ROW(ALTER_DATABASE_REFRESH_COLL, SQL_ACTION_ALTER_DATABASE, DATABASE, "dbname", NULL),
    ROW(DROPDB, SQL_ACTION_DROP_DATABASE, DATABASE, "dbname", NULL),
    ROW(CREATE_TABLE_SPACE, CREATE, TABLESPACE, "tablespacename", NULL),
    ROW(ALTER_TABLE_SPACE_OPTIONS, ALTER, TABLESPACE, "tablespacename", NULL),
    ROW(ALTER_TABLE_MOVE_ALL, ALTER, TABLESPACE, "orig_tablespacename", NULL),
    ROW(DROP_TABLE_SPACE, DROP, TABLESPACE, "tablespacename", NULL),
    ROW(CREATE_ROLE, CREATE, ROLE, "role", NULL),
    ROW(ALTER_ROLE, ALTER, ROLE, "role", NULL),
    ROW(ALTER_ROLE_SET, ALTER, ROLE, "role", NULL),
    ROW(CREATE_FDW, CREATE, FOREIGN_DATA_WRAPPER, "fdwname", NULL),
    ROW(ALTER_FDW, ALTER, FOREIGN_DATA_WRAPPER, "fdwname", NULL),
    ROW(CREATE_FOREIGN_SERVER, CREATE, SERVER, "servername", NULL),
    ROW(ALTER_FOREIGN_SERVER, ALTER, SERVER, "servername", NULL),
    ROW(CREATE_USER_MAPPING, CREATE, USER_MAPPING, "user", NULL),
    ROW(ALTER_USER_MAPPING, ALTER, USER_MAPPING, "user", NULL),
    ROW(DROP_USER_MAPPING, DROP, USER_MAPPING, "user", NULL),
    ROW(IMPORT_FOREIGN_SCHEMA, CREATE, FOREIGN_TABLE, NULL, NULL),
    ROW(CREATE_EVENT_TRIG, CREATE, EVENT_TRIGGER, "trigname", "funcname"),
    ROW(ALTER_EVENT_TRIG, ALTER, EVENT_TRIGGER, "trigname", NULL),
    ROW(CREATE_PUBLICATION, CREATE, PUBLICATION, "pubname", NULL),
    ROW(ALTER_PUBLICATION, ALTER, PUBLICATION, "pubname", NULL),
    ROW(CREATE_SUBSCRIPTION, CREATE, SUBSCRIPTION, "subname", NULL),
    ROW(ALTER_SUBSCRIPTION, ALTER, SUBSCRIPTION, "subname", NULL),
    ROW(DROP_SUBSCRIPTION, DROP, SUBSCRIPTION, "subname", NULL),
    ROW(CREATE_AM, CREATE, ACCESS_METHOD, "amname", "handler_name"),
    ROW(CREATE_PLANG, CREATE, LANGUAGE, "plname", "plhandler"),
    ROW(CREATE_CONVERSION, CREATE, CONVERSION, "conversion_name", "func_name"),
    ROW(CREATE_CAST, CREATE, CAST, NULL, NULL),
    ROW(CREATE_TRANSFORM, CREATE, TRANSFORM, NULL, NULL),
    ROW(CREATE_OP_CLASS, CREATE, OPERATOR_CLASS, "opclassname", NULL),
    ROW(CREATE_OP_FAMILY, CREATE, OPERATOR_FAMILY, "opfamilyname", NULL),
    ROW(ALTER_OP_FAMILY, ALTER, OPERATOR_FAMILY, "opfamilyname", NULL),
    ROW(ALTER_OPERATOR, ALTER, OPERATOR, NULL, NULL),
    ROW(ALTER_COLLATION, ALTER, COLLATION, "collname", NULL),
    ROW(ALTER_TSDICTIONARY, ALTER, TEXT_SEARCH_DICTIONARY, "dictname", NULL),
    ROW(ALTER_TSCONFIGURATION, ALTER, TEXT_SEARCH_CONFIGURATION, "cfgname", NULL),
    ROW(ALTER_STATS, SQL_ACTION_ALTER_STATISTICS, STATISTICS, "defnames", NULL),
#undef ROW
};

static const struct other_row *find_row(PgQuery__Node__NodeCase node)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].node == node)
            return &rows[i];
    return NULL;
}

static const ProtobufCMessage *message_of(const PgQuery__Node *node)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(node->base.descriptor, node->node_case);
    return *(const ProtobufCMessage *const *)(gconstpointer)((const char *)node + field->offset);
}

/* Where a field lies; NULL when the message has none of that name. */
static const void *field_at(const ProtobufCMessage *message, const char *name,
                            const ProtobufCFieldDescriptor **field)
{
    *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    return *field != NULL ? (const char *)message + (*field)->offset : NULL;
}

static struct nodes list_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    return (struct nodes){
        *(PgQuery__Node * *const *)(gconstpointer)(base + field->offset),
        *(const size_t *)(gconstpointer)(base + field->quantifier_offset),
    };
}

static struct sql_object object_at(struct inspector *inspector, const ProtobufCMessage *message,
                                   const struct other_row *row)
{
    const ProtobufCFieldDescriptor *field;
    const struct sql_object nothing = {.kind = row->object};
    const void *at = row->field != NULL ? field_at(message, row->field, &field) : NULL;
    if (at == NULL)
        return nothing;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return inspector_plain(inspector, *(const char *const *)at, row->object);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return sql_action_effect(row->kind) == SQL_CREATES
                   ? inspector_new_named(inspector, list_at(message, field), row->object)
                   : inspector_named(inspector, list_at(message, field), row->object);
    if (field->descriptor == &pg_query__role_spec__descriptor) {
        struct sql_object role = inspector_role(inspector, *(PgQuery__RoleSpec *const *)at);
        role.kind = row->object;
        return role;
    }
    return nothing;
}

/* Conditions have the same names everywhere. */
static guint64 conditions(const ProtobufCMessage *message)
{
    static const struct {
        const char *field;
        guint64 flag;
    } fields[] = {
        {"if_not_exists", SQL_FLAG(IF_NOT_EXISTS)},
        {"missing_ok", SQL_FLAG(IF_EXISTS)},
        {"replace", SQL_FLAG(OR_REPLACE)},
    };
    const ProtobufCFieldDescriptor *field;
    guint64 flags = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        const void *at = field_at(message, fields[i].field, &field);
        if (at != NULL && field->type == PROTOBUF_C_TYPE_BOOL && *(const protobuf_c_boolean *)at)
            flags |= fields[i].flag;
    }
    return flags;
}

static void use_function(struct inspector *inspector, const ProtobufCMessage *message,
                         const char *name)
{
    const ProtobufCFieldDescriptor *field;
    if (name == NULL || field_at(message, name, &field) == NULL)
        return;
    struct nodes names = list_at(message, field);
    if (names.count == 0)
        return;
    struct sql_object function = inspector_named(inspector, names, SQL_OBJECT_FUNCTION);
    inspector_use_function(inspector, &function);
}

static void drop_roles(struct inspector *inspector, const PgQuery__DropRoleStmt *statement)
{
    for (gsize i = 0; i < statement->n_roles; i++) {
        struct sql_action action = inspector_action(inspector, DROP);
        action.object = inspector_role(inspector, statement->roles[i]->role_spec);
        action.flags |= statement->missing_ok ? SQL_FLAG(IF_EXISTS) : 0;
        inspector_add(inspector, &action);
    }
}

gboolean inspect_other(struct inspector *inspector, const PgQuery__Node *node)
{
    const struct other_row *row = find_row(node->node_case);
    if (node->node_case == PG_QUERY__NODE__NODE_DROP_ROLE_STMT) {
        drop_roles(inspector, node->drop_role_stmt);
        return TRUE;
    }
    if (row == NULL)
        return FALSE;
    const ProtobufCMessage *message = message_of(node);
    struct sql_action action = inspector_action(inspector, row->kind);
    action.object = object_at(inspector, message, row);
    action.flags |= conditions(message);
    action.expression = tree_number(message);
    use_function(inspector, message, row->function);
    inspector_walk(inspector, message);
    inspector_add(inspector, &action);
    return TRUE;
}
