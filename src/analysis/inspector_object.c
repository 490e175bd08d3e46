/* DROP, RENAME, SET SCHEMA, OWNER TO, COMMENT; CREATE and ALTER of what has no file of its own. */
#include "analysis/inspector.h"

#define TYPE(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

/* How an object is named in the tree. */
enum naming {
    NAMED_PLAIN, /* one string */
    NAMED_LIST,  /* strings with the schema before */
    NAMED_TYPE,
    NAMED_ROUTINE,
    NAMED_PART, /* a list of strings: its relation, then its own name */
    NAMED_DOMAIN_PART,
    NAMED_BY_METHOD, /* a list whose first string is the access method */
    NAMED_OTHERWISE,
};

/* The parser's kind, ours, and what its commands are called; OTHER: CREATE_OBJECT and the like. */
static const struct kind_row {
    PgQuery__ObjectType type;
    enum sql_object_kind kind;
    enum naming naming;
    enum sql_action_kind drop, rename;
} kind_rows[] = {
    {TYPE(TABLE), SQL_OBJECT_TABLE, NAMED_LIST, SQL_ACTION_DROP_TABLE, SQL_ACTION_RENAME_TABLE},
    {TYPE(VIEW), SQL_OBJECT_VIEW, NAMED_LIST, SQL_ACTION_DROP_VIEW, SQL_ACTION_RENAME_VIEW},
    {TYPE(MATVIEW), SQL_OBJECT_MATERIALIZED_VIEW, NAMED_LIST, SQL_ACTION_DROP_MATERIALIZED_VIEW,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(FOREIGN_TABLE), SQL_OBJECT_FOREIGN_TABLE, NAMED_LIST, SQL_ACTION_DROP_FOREIGN_TABLE,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(INDEX), SQL_OBJECT_INDEX, NAMED_LIST, SQL_ACTION_DROP_INDEX, SQL_ACTION_RENAME_INDEX},
    {TYPE(SEQUENCE), SQL_OBJECT_SEQUENCE, NAMED_LIST, SQL_ACTION_DROP_SEQUENCE,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(TYPE), SQL_OBJECT_TYPE, NAMED_TYPE, SQL_ACTION_DROP_TYPE, SQL_ACTION_RENAME_TYPE},
    {TYPE(DOMAIN), SQL_OBJECT_DOMAIN, NAMED_TYPE, SQL_ACTION_DROP_DOMAIN, SQL_ACTION_RENAME_TYPE},
    {TYPE(FUNCTION), SQL_OBJECT_FUNCTION, NAMED_ROUTINE, SQL_ACTION_DROP_FUNCTION,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(PROCEDURE), SQL_OBJECT_PROCEDURE, NAMED_ROUTINE, SQL_ACTION_DROP_FUNCTION,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(AGGREGATE), SQL_OBJECT_AGGREGATE, NAMED_ROUTINE, SQL_ACTION_DROP_FUNCTION,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(ROUTINE), SQL_OBJECT_ROUTINE, NAMED_ROUTINE, SQL_ACTION_DROP_FUNCTION,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(TRIGGER), SQL_OBJECT_TRIGGER, NAMED_PART, SQL_ACTION_DROP_TRIGGER,
     SQL_ACTION_RENAME_TRIGGER},
    {TYPE(RULE), SQL_OBJECT_RULE, NAMED_PART, SQL_ACTION_DROP_RULE, SQL_ACTION_RENAME_RULE},
    {TYPE(POLICY), SQL_OBJECT_POLICY, NAMED_PART, SQL_ACTION_DROP_POLICY, SQL_ACTION_RENAME_POLICY},
    {TYPE(COLUMN), SQL_OBJECT_COLUMN, NAMED_PART, SQL_ACTION_DROP_COLUMN, SQL_ACTION_RENAME_COLUMN},
    {TYPE(ATTRIBUTE), SQL_OBJECT_ATTRIBUTE, NAMED_PART, SQL_ACTION_DROP_ATTRIBUTE,
     SQL_ACTION_RENAME_ATTRIBUTE},
    {TYPE(TABCONSTRAINT), SQL_OBJECT_CONSTRAINT, NAMED_PART, SQL_ACTION_DROP_CONSTRAINT,
     SQL_ACTION_RENAME_CONSTRAINT},
    {TYPE(DOMCONSTRAINT), SQL_OBJECT_CONSTRAINT, NAMED_DOMAIN_PART,
     SQL_ACTION_DROP_DOMAIN_CONSTRAINT, SQL_ACTION_RENAME_DOMAIN_CONSTRAINT},
    {TYPE(SCHEMA), SQL_OBJECT_SCHEMA, NAMED_PLAIN, SQL_ACTION_DROP_SCHEMA,
     SQL_ACTION_RENAME_SCHEMA},
    {TYPE(EXTENSION), SQL_OBJECT_EXTENSION, NAMED_PLAIN, SQL_ACTION_DROP_EXTENSION,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(STATISTIC_EXT), SQL_OBJECT_STATISTICS, NAMED_LIST, SQL_ACTION_DROP_STATISTICS,
     SQL_ACTION_RENAME_OBJECT},
    {TYPE(DATABASE), SQL_OBJECT_DATABASE, NAMED_PLAIN, SQL_ACTION_DROP_DATABASE,
     SQL_ACTION_RENAME_OBJECT},
#define OTHER(type, kind, naming)                                                                  \
    {                                                                                              \
        TYPE(type), SQL_OBJECT_##kind, naming, SQL_ACTION_DROP_OBJECT, SQL_ACTION_RENAME_OBJECT    \
    }
    OTHER(ACCESS_METHOD, ACCESS_METHOD, NAMED_PLAIN),
    OTHER(CAST, CAST, NAMED_OTHERWISE),
    OTHER(COLLATION, COLLATION, NAMED_LIST),
    OTHER(CONVERSION, CONVERSION, NAMED_LIST),
    OTHER(EVENT_TRIGGER, EVENT_TRIGGER, NAMED_PLAIN),
    OTHER(FDW, FOREIGN_DATA_WRAPPER, NAMED_PLAIN),
    OTHER(FOREIGN_SERVER, SERVER, NAMED_PLAIN),
    OTHER(LANGUAGE, LANGUAGE, NAMED_PLAIN),
    OTHER(LARGEOBJECT, LARGE_OBJECT, NAMED_OTHERWISE),
    OTHER(OPCLASS, OPERATOR_CLASS, NAMED_BY_METHOD),
    OTHER(OPERATOR, OPERATOR, NAMED_ROUTINE),
    OTHER(OPFAMILY, OPERATOR_FAMILY, NAMED_BY_METHOD),
    OTHER(PUBLICATION, PUBLICATION, NAMED_PLAIN),
    OTHER(ROLE, ROLE, NAMED_PLAIN),
    OTHER(SUBSCRIPTION, SUBSCRIPTION, NAMED_PLAIN),
    OTHER(TABLESPACE, TABLESPACE, NAMED_PLAIN),
    OTHER(TRANSFORM, TRANSFORM, NAMED_OTHERWISE),
    OTHER(TSCONFIGURATION, TEXT_SEARCH_CONFIGURATION, NAMED_LIST),
    OTHER(TSDICTIONARY, TEXT_SEARCH_DICTIONARY, NAMED_LIST),
    OTHER(TSPARSER, TEXT_SEARCH_PARSER, NAMED_LIST),
    OTHER(TSTEMPLATE, TEXT_SEARCH_TEMPLATE, NAMED_LIST),
    OTHER(USER_MAPPING, USER_MAPPING, NAMED_OTHERWISE),
#undef OTHER
};

static const struct kind_row *find_row(PgQuery__ObjectType type)
{
    static const struct kind_row unknown = {0, SQL_OBJECT_NONE, NAMED_OTHERWISE,
                                            SQL_ACTION_DROP_OBJECT, SQL_ACTION_RENAME_OBJECT};
    for (gsize i = 0; i < G_N_ELEMENTS(kind_rows); i++)
        if (kind_rows[i].type == type)
            return &kind_rows[i];
    return &unknown;
}

enum sql_object_kind object_kind_of(PgQuery__ObjectType type)
{
    return find_row(type)->kind;
}

/* ---- what a node names ----------------------------------------------------------------------- */

struct named {
    struct sql_object object;
    const char *part;
};

static struct nodes list_of(const PgQuery__Node *node)
{
    if (node->node_case == PG_QUERY__NODE__NODE_LIST)
        return NODES(node->list, items);
    return (struct nodes){NULL, 0};
}

static struct sql_object type_named(struct inspector *inspector, const PgQuery__Node *node,
                                    enum sql_object_kind kind)
{
    if (node->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
        return inspector_named(inspector, NODES(node->type_name, names), kind);
    return inspector_named(inspector, list_of(node), kind);
}

static struct named part_named(struct inspector *inspector, struct nodes names,
                               enum sql_object_kind kind)
{
    struct named named = {.object = {.kind = SQL_OBJECT_NONE}};
    if (names.count < 2)
        return named;
    named.part = inspector_text(inspector, node_string(names.list[names.count - 1]));
    names.count--;
    named.object = inspector_named(
        inspector, names, kind == SQL_OBJECT_ATTRIBUTE ? SQL_OBJECT_TYPE : SQL_OBJECT_RELATION);
    return named;
}

/* Casts, transforms and the like are told by the types they name. */
static struct sql_object otherwise_named(struct inspector *inspector, const PgQuery__Node *node,
                                         enum sql_object_kind kind)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct nodes items = list_of(node);
    for (gsize i = 0; i < items.count; i++) {
        const PgQuery__Node *item = items.list[i];
        const char *name = item->node_case == PG_QUERY__NODE__NODE_TYPE_NAME
                               ? inspector_type(inspector, item->type_name, NULL)
                               : node_string(item);
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", name != NULL ? name : "?");
    }
    return inspector_plain(inspector, text->str, kind);
}

static struct named take_name(struct inspector *inspector, const struct kind_row *row,
                              const PgQuery__Node *node)
{
    struct named named = {.object = {.kind = SQL_OBJECT_NONE}};
    if (node == NULL)
        return named;
    struct nodes names = list_of(node);
    switch (row->naming) {
    case NAMED_PLAIN:
        named.object = inspector_plain(inspector, node_string(node), row->kind);
        break;
    case NAMED_LIST:
        named.object = inspector_named(inspector, names, row->kind);
        break;
    case NAMED_TYPE:
        named.object = type_named(inspector, node, row->kind);
        break;
    case NAMED_ROUTINE:
        if (node->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS)
            named.object = inspector_routine(inspector, node->object_with_args, row->kind);
        break;
    case NAMED_PART:
        return part_named(inspector, names, row->kind);
    case NAMED_DOMAIN_PART:
        if (names.count == 2) {
            named.object = type_named(inspector, names.list[0], SQL_OBJECT_DOMAIN);
            named.part = inspector_text(inspector, node_string(names.list[1]));
        }
        break;
    case NAMED_BY_METHOD:
        if (names.count > 1)
            named.object = inspector_named(
                inspector, (struct nodes){names.list + 1, names.count - 1}, row->kind);
        break;
    case NAMED_OTHERWISE:
        named.object = otherwise_named(inspector, node, row->kind);
        break;
    }
    return named;
}

/* A relation that is changed is used; so is the one whose part is. */
static void note_use(struct inspector *inspector, const struct sql_object *object)
{
    if (object->kind >= SQL_OBJECT_RELATION && object->kind <= SQL_OBJECT_SEQUENCE)
        inspector_use_relation(inspector, object, TRUE);
    else if (object->kind == SQL_OBJECT_TYPE || object->kind == SQL_OBJECT_DOMAIN)
        inspector_use_type(inspector, object);
}

static void add_named(struct inspector *inspector, struct sql_action action,
                      const struct named *named)
{
    action.object = named->object;
    if (named->part != NULL)
        action.part = named->part;
    note_use(inspector, &action.object);
    inspector_add(inspector, &action);
}

/* ---- DROP, RENAME and others ----------------------------------------------------------------- */

static void inspect_drop(struct inspector *inspector, const PgQuery__DropStmt *statement)
{
    const struct kind_row *row = find_row(statement->remove_type);
    for (gsize i = 0; i < statement->n_objects; i++) {
        struct sql_action action = inspector_action(inspector, row->drop);
        struct named named = take_name(inspector, row, statement->objects[i]);
        action.flags |= (statement->concurrent ? SQL_FLAG(CONCURRENTLY) : 0) |
                        (statement->missing_ok ? SQL_FLAG(IF_EXISTS) : 0);
        if (statement->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
            action.flags |= SQL_FLAG(CASCADE);
        add_named(inspector, action, &named);
    }
}

/* Where the grammar does not say whose part is renamed, the tree says anything. */
static enum sql_object_kind owner_kind(const struct kind_row *row, PgQuery__ObjectType type)
{
    enum sql_object_kind kind = object_kind_of(type);
    if (row->kind == SQL_OBJECT_ATTRIBUTE)
        return SQL_OBJECT_TYPE;
    return kind >= SQL_OBJECT_RELATION && kind <= SQL_OBJECT_SEQUENCE ? kind : SQL_OBJECT_RELATION;
}

/* RENAME names a relation, or a part of one, or anything else by a node. */
static void inspect_rename(struct inspector *inspector, const PgQuery__RenameStmt *statement)
{
    const struct kind_row *row = find_row(statement->rename_type);
    struct sql_action action = inspector_action(inspector, row->rename);
    struct named named = {.object = {.kind = SQL_OBJECT_NONE}};
    const char *new_name = inspector_text(inspector, statement->newname);
    if (statement->missing_ok)
        action.flags |= SQL_FLAG(IF_EXISTS);
    if (statement->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
        action.flags |= SQL_FLAG(CASCADE);
    if (row->naming == NAMED_PART && statement->relation != NULL) {
        named.object = inspector_relation(inspector, statement->relation,
                                          owner_kind(row, statement->relation_type));
        named.part = inspector_text(inspector, statement->subname);
        action.other_part = new_name;
    } else if (row->naming == NAMED_DOMAIN_PART && statement->object != NULL) {
        named.object = type_named(inspector, statement->object, SQL_OBJECT_DOMAIN);
        named.part = inspector_text(inspector, statement->subname);
        action.other_part = new_name;
    } else {
        if (statement->relation != NULL)
            named.object = inspector_relation(inspector, statement->relation, row->kind);
        else if (statement->object != NULL)
            named = take_name(inspector, row, statement->object);
        else
            named.object = inspector_plain(inspector, statement->subname, row->kind);
        action.other = named.object;
        action.other.name = new_name;
    }
    add_named(inspector, action, &named);
}

static struct named relation_or_node(struct inspector *inspector, PgQuery__ObjectType type,
                                     const PgQuery__RangeVar *relation, const PgQuery__Node *node)
{
    const struct kind_row *row = find_row(type);
    struct named named = {.object = {.kind = SQL_OBJECT_NONE}};
    if (relation == NULL)
        return take_name(inspector, row, node);
    named.object = inspector_relation(inspector, relation, row->kind);
    return named;
}

static void inspect_set_schema(struct inspector *inspector,
                               const PgQuery__AlterObjectSchemaStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_SET_SCHEMA);
    struct named named =
        relation_or_node(inspector, statement->object_type, statement->relation, statement->object);
    action.other = named.object;
    action.other.schema = inspector_text(inspector, statement->newschema);
    action.other.is_assumed = FALSE;
    if (statement->missing_ok)
        action.flags |= SQL_FLAG(IF_EXISTS);
    add_named(inspector, action, &named);
}

static void inspect_owner(struct inspector *inspector, const PgQuery__AlterOwnerStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_SET_OWNER);
    struct named named =
        relation_or_node(inspector, statement->object_type, statement->relation, statement->object);
    action.other = inspector_role(inspector, statement->newowner);
    add_named(inspector, action, &named);
}

static void inspect_comment(struct inspector *inspector, const PgQuery__CommentStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_COMMENT);
    struct named named = take_name(inspector, find_row(statement->objtype), statement->object);
    action.other_part = inspector_text(inspector, statement->comment);
    if (named.part != NULL)
        action.other.kind = object_kind_of(statement->objtype);
    add_named(inspector, action, &named);
}

static void inspect_label(struct inspector *inspector, const PgQuery__SecLabelStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_SECURITY_LABEL);
    struct named named = take_name(inspector, find_row(statement->objtype), statement->object);
    action.other_part = inspector_text(inspector, statement->label);
    add_named(inspector, action, &named);
}

static void inspect_depends(struct inspector *inspector,
                            const PgQuery__AlterObjectDependsStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_ALTER_OBJECT);
    struct named named =
        relation_or_node(inspector, statement->object_type, statement->relation, statement->object);
    if (statement->extname != NULL)
        action.other = inspector_plain(inspector, statement->extname->sval, SQL_OBJECT_EXTENSION);
    add_named(inspector, action, &named);
}

/* ---- views, sequences, schemas, extensions, statistics --------------------------------------- */

static void inspect_view(struct inspector *inspector, const PgQuery__ViewStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CREATE_VIEW);
    WALK(inspector, statement->query);
    action.object = inspector_new_relation(inspector, statement->view, SQL_OBJECT_VIEW);
    if (statement->replace)
        action.flags |= SQL_FLAG(OR_REPLACE);
    if (g_strcmp0(statement->view->relpersistence, "t") == 0)
        action.flags |= SQL_FLAG(TEMPORARY);
    action.expression = statement->query != NULL ? tree_number(&statement->query->base) : 0;
    inspector_use_relation(inspector, &action.object, TRUE);
    inspector_add(inspector, &action);
}

/* OWNED BY table.column. */
static void take_owner(struct inspector *inspector, struct nodes options, struct sql_action *action)
{
    const PgQuery__Node *owner = option_find(options, "owned_by");
    if (owner == NULL)
        return;
    struct named named = part_named(inspector, list_of(owner), SQL_OBJECT_COLUMN);
    if (named.part == NULL)
        return;
    action->other = named.object;
    action->other_part = named.part;
    inspector_use_relation(inspector, &action->other, FALSE);
}

static void inspect_sequence(struct inspector *inspector, const PgQuery__CreateSeqStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CREATE_SEQUENCE);
    action.object = inspector_new_relation(inspector, statement->sequence, SQL_OBJECT_SEQUENCE);
    if (statement->if_not_exists)
        action.flags |= SQL_FLAG(IF_NOT_EXISTS);
    if (g_strcmp0(statement->sequence->relpersistence, "t") == 0)
        action.flags |= SQL_FLAG(TEMPORARY);
    take_owner(inspector, NODES(statement, options), &action);
    inspector_use_relation(inspector, &action.object, TRUE);
    inspector_add(inspector, &action);
}

static void inspect_alter_sequence(struct inspector *inspector,
                                   const PgQuery__AlterSeqStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_ALTER_SEQUENCE);
    action.object = inspector_relation(inspector, statement->sequence, SQL_OBJECT_SEQUENCE);
    if (statement->missing_ok)
        action.flags |= SQL_FLAG(IF_EXISTS);
    take_owner(inspector, NODES(statement, options), &action);
    inspector_use_relation(inspector, &action.object, TRUE);
    inspector_add(inspector, &action);
}

/* Its elements are statements of their own that happen in it. */
static void inspect_schema(struct inspector *inspector, const PgQuery__CreateSchemaStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CREATE_SCHEMA);
    const char *name = statement->schemaname;
    if (*name == '\0' && statement->authrole != NULL)
        name = statement->authrole->rolename;
    action.object = inspector_plain(inspector, name, SQL_OBJECT_SCHEMA);
    if (statement->if_not_exists)
        action.flags |= SQL_FLAG(IF_NOT_EXISTS);
    inspector_add(inspector, &action);
    inspector->owner_schema = action.object.name;
    for (gsize i = 0; i < statement->n_schema_elts; i++)
        inspector_statement(inspector, statement->schema_elts[i]);
    inspector->owner_schema = NULL;
}

static void inspect_statistics(struct inspector *inspector,
                               const PgQuery__CreateStatsStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CREATE_STATISTICS);
    action.object =
        inspector_new_named(inspector, NODES(statement, defnames), SQL_OBJECT_STATISTICS);
    if (statement->if_not_exists)
        action.flags |= SQL_FLAG(IF_NOT_EXISTS);
    if (statement->n_relations > 0 &&
        statement->relations[0]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        action.other =
            inspector_relation(inspector, statement->relations[0]->range_var, SQL_OBJECT_RELATION);
        inspector_use_relation(inspector, &action.other, TRUE);
    }
    inspector_add(inspector, &action);
}

gboolean inspect_object(struct inspector *inspector, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
        inspect_create_table(inspector, node->create_stmt, NULL);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
        inspect_create_table(inspector, node->create_foreign_table_stmt->base_stmt,
                             node->create_foreign_table_stmt->servername);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
        inspect_create_table_as(inspector, node->create_table_as_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        inspect_alter_table(inspector, node->alter_table_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_INDEX_STMT:
        inspect_index(inspector, node->index_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_DROP_STMT:
        inspect_drop(inspector, node->drop_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        inspect_rename(inspector, node->rename_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
        inspect_set_schema(inspector, node->alter_object_schema_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
        inspect_owner(inspector, node->alter_owner_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
        inspect_comment(inspector, node->comment_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_SEC_LABEL_STMT:
        inspect_label(inspector, node->sec_label_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_DEPENDS_STMT:
        inspect_depends(inspector, node->alter_object_depends_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_VIEW_STMT:
        inspect_view(inspector, node->view_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
        inspect_sequence(inspector, node->create_seq_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
        inspect_alter_sequence(inspector, node->alter_seq_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
        inspect_schema(inspector, node->create_schema_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_STATS_STMT:
        inspect_statistics(inspector, node->create_stats_stmt);
        return TRUE;
    default:
        return FALSE;
    }
}
