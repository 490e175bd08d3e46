/* ALTER TABLE and whatever else takes its subcommands: a row each. */
#include "analysis/inspector.h"

#include "analysis/pieces.h"

/* What the words behind a subcommand mean to us. */
enum takes {
    TAKES_NOTHING,
    TAKES_PART,       /* a column, constraint, trigger or rule by name */
    TAKES_COLUMN,     /* ADD COLUMN */
    TAKES_TYPE,       /* ALTER COLUMN TYPE */
    TAKES_DEFAULT,    /* SET DEFAULT, or DROP DEFAULT where there is none */
    TAKES_CONSTRAINT, /* ADD CONSTRAINT */
    TAKES_ALTERED,    /* ALTER CONSTRAINT */
    TAKES_PARTITION,  /* ATTACH, DETACH */
    TAKES_PARENT,     /* INHERIT, NO INHERIT */
    TAKES_OWNER,
    TAKES_NAME, /* a tablespace, an access method, an index */
    TAKES_EXPRESSION,
};

#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name
static const struct alter_row {
    PgQuery__AlterTableType type;
    enum sql_action_kind kind;
    enum takes takes;
    guint64 flags;
} alter_rows[] = {
    {AT(AddColumn), SQL_ACTION_ADD_COLUMN, TAKES_COLUMN, 0},
    {AT(ColumnDefault), SQL_ACTION_SET_DEFAULT, TAKES_DEFAULT, 0},
    {AT(DropNotNull), SQL_ACTION_DROP_NOT_NULL, TAKES_PART, 0},
    {AT(SetNotNull), SQL_ACTION_SET_NOT_NULL, TAKES_PART, 0},
    {AT(DropExpression), SQL_ACTION_DROP_EXPRESSION, TAKES_PART, 0},
    {AT(SetStatistics), SQL_ACTION_SET_STATISTICS, TAKES_PART, 0},
    {AT(SetOptions), SQL_ACTION_SET_COLUMN_OPTIONS, TAKES_PART, 0},
    {AT(ResetOptions), SQL_ACTION_RESET_COLUMN_OPTIONS, TAKES_PART, 0},
    {AT(SetStorage), SQL_ACTION_SET_STORAGE, TAKES_PART, 0},
    {AT(SetCompression), SQL_ACTION_SET_COMPRESSION, TAKES_PART, 0},
    {AT(DropColumn), SQL_ACTION_DROP_COLUMN, TAKES_PART, 0},
    {AT(AddConstraint), SQL_ACTION_ADD_CHECK, TAKES_CONSTRAINT, 0},
    {AT(AlterConstraint), SQL_ACTION_ALTER_CONSTRAINT, TAKES_ALTERED, 0},
    {AT(ValidateConstraint), SQL_ACTION_VALIDATE_CONSTRAINT, TAKES_PART, 0},
    {AT(DropConstraint), SQL_ACTION_DROP_CONSTRAINT, TAKES_PART, 0},
    {AT(AlterColumnType), SQL_ACTION_ALTER_COLUMN_TYPE, TAKES_TYPE, 0},
    {AT(AlterColumnGenericOptions), SQL_ACTION_SET_COLUMN_OPTIONS, TAKES_PART, 0},
    {AT(ChangeOwner), SQL_ACTION_SET_OWNER, TAKES_OWNER, 0},
    {AT(ClusterOn), SQL_ACTION_CLUSTER_ON, TAKES_NAME, 0},
    {AT(DropCluster), SQL_ACTION_SET_WITHOUT_CLUSTER, TAKES_NOTHING, 0},
    {AT(SetLogged), SQL_ACTION_SET_LOGGED, TAKES_NOTHING, 0},
    {AT(SetUnLogged), SQL_ACTION_SET_UNLOGGED, TAKES_NOTHING, 0},
    {AT(SetAccessMethod), SQL_ACTION_SET_ACCESS_METHOD, TAKES_NAME, 0},
    {AT(SetTableSpace), SQL_ACTION_SET_TABLESPACE, TAKES_NAME, 0},
    {AT(SetRelOptions), SQL_ACTION_SET_OPTIONS, TAKES_NOTHING, 0},
    {AT(ResetRelOptions), SQL_ACTION_RESET_OPTIONS, TAKES_NOTHING, 0},
    {AT(EnableTrig), SQL_ACTION_ENABLE_TRIGGER, TAKES_PART, 0},
    {AT(EnableAlwaysTrig), SQL_ACTION_ENABLE_TRIGGER, TAKES_PART, 0},
    {AT(EnableReplicaTrig), SQL_ACTION_ENABLE_TRIGGER, TAKES_PART, 0},
    {AT(DisableTrig), SQL_ACTION_DISABLE_TRIGGER, TAKES_PART, 0},
    {AT(EnableTrigAll), SQL_ACTION_ENABLE_TRIGGER, TAKES_NOTHING, SQL_FLAG(ALL)},
    {AT(DisableTrigAll), SQL_ACTION_DISABLE_TRIGGER, TAKES_NOTHING, SQL_FLAG(ALL)},
    {AT(EnableTrigUser), SQL_ACTION_ENABLE_TRIGGER, TAKES_NOTHING, SQL_FLAG(ALL)},
    {AT(DisableTrigUser), SQL_ACTION_DISABLE_TRIGGER, TAKES_NOTHING, SQL_FLAG(ALL)},
    {AT(EnableRule), SQL_ACTION_ENABLE_RULE, TAKES_PART, 0},
    {AT(EnableAlwaysRule), SQL_ACTION_ENABLE_RULE, TAKES_PART, 0},
    {AT(EnableReplicaRule), SQL_ACTION_ENABLE_RULE, TAKES_PART, 0},
    {AT(DisableRule), SQL_ACTION_DISABLE_RULE, TAKES_PART, 0},
    {AT(AddInherit), SQL_ACTION_INHERIT, TAKES_PARENT, 0},
    {AT(DropInherit), SQL_ACTION_NO_INHERIT, TAKES_PARENT, 0},
    {AT(AddOf), SQL_ACTION_OF_TYPE, TAKES_NOTHING, 0},
    {AT(DropOf), SQL_ACTION_NOT_OF, TAKES_NOTHING, 0},
    {AT(ReplicaIdentity), SQL_ACTION_REPLICA_IDENTITY, TAKES_NOTHING, 0},
    {AT(EnableRowSecurity), SQL_ACTION_ENABLE_ROW_SECURITY, TAKES_NOTHING, 0},
    {AT(DisableRowSecurity), SQL_ACTION_DISABLE_ROW_SECURITY, TAKES_NOTHING, 0},
    {AT(ForceRowSecurity), SQL_ACTION_FORCE_ROW_SECURITY, TAKES_NOTHING, 0},
    {AT(NoForceRowSecurity), SQL_ACTION_NO_FORCE_ROW_SECURITY, TAKES_NOTHING, 0},
    {AT(AttachPartition), SQL_ACTION_ATTACH_PARTITION, TAKES_PARTITION, 0},
    {AT(DetachPartition), SQL_ACTION_DETACH_PARTITION, TAKES_PARTITION, 0},
    {AT(DetachPartitionFinalize), SQL_ACTION_DETACH_PARTITION, TAKES_PARTITION, SQL_FLAG(FINALIZE)},
    {AT(AddIdentity), SQL_ACTION_ADD_IDENTITY, TAKES_PART, 0},
    {AT(SetIdentity), SQL_ACTION_SET_IDENTITY, TAKES_PART, 0},
    {AT(DropIdentity), SQL_ACTION_DROP_IDENTITY, TAKES_PART, 0},
};
#undef AT

/* On other kinds of objects the same subcommands have other names. */
static const struct {
    enum sql_object_kind object;
    enum sql_action_kind from, to;
} translations[] = {
    {SQL_OBJECT_TYPE, SQL_ACTION_ADD_COLUMN, SQL_ACTION_ADD_ATTRIBUTE},
    {SQL_OBJECT_TYPE, SQL_ACTION_DROP_COLUMN, SQL_ACTION_DROP_ATTRIBUTE},
    {SQL_OBJECT_TYPE, SQL_ACTION_ALTER_COLUMN_TYPE, SQL_ACTION_ALTER_ATTRIBUTE},
    {SQL_OBJECT_INDEX, SQL_ACTION_ATTACH_PARTITION, SQL_ACTION_ATTACH_INDEX},
    {SQL_OBJECT_INDEX, SQL_ACTION_SET_OPTIONS, SQL_ACTION_ALTER_INDEX},
    {SQL_OBJECT_INDEX, SQL_ACTION_RESET_OPTIONS, SQL_ACTION_ALTER_INDEX},
    {SQL_OBJECT_INDEX, SQL_ACTION_SET_STATISTICS, SQL_ACTION_ALTER_INDEX},
    {SQL_OBJECT_VIEW, SQL_ACTION_SET_DEFAULT, SQL_ACTION_ALTER_VIEW},
    {SQL_OBJECT_VIEW, SQL_ACTION_DROP_DEFAULT, SQL_ACTION_ALTER_VIEW},
    {SQL_OBJECT_VIEW, SQL_ACTION_SET_OPTIONS, SQL_ACTION_ALTER_VIEW},
    {SQL_OBJECT_VIEW, SQL_ACTION_RESET_OPTIONS, SQL_ACTION_ALTER_VIEW},
    {SQL_OBJECT_MATERIALIZED_VIEW, SQL_ACTION_SET_OPTIONS, SQL_ACTION_ALTER_MATERIALIZED_VIEW},
    {SQL_OBJECT_MATERIALIZED_VIEW, SQL_ACTION_RESET_OPTIONS, SQL_ACTION_ALTER_MATERIALIZED_VIEW},
    {SQL_OBJECT_SEQUENCE, SQL_ACTION_SET_LOGGED, SQL_ACTION_ALTER_SEQUENCE},
    {SQL_OBJECT_SEQUENCE, SQL_ACTION_SET_UNLOGGED, SQL_ACTION_ALTER_SEQUENCE},
};

static const struct alter_row *find_row(PgQuery__AlterTableType type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(alter_rows); i++)
        if (alter_rows[i].type == type)
            return &alter_rows[i];
    return NULL;
}

static enum sql_action_kind translate(enum sql_action_kind kind, enum sql_object_kind object)
{
    for (gsize i = 0; i < G_N_ELEMENTS(translations); i++)
        if (translations[i].object == object && translations[i].from == kind)
            return translations[i].to;
    return kind;
}

static void take_type(struct inspector *inspector, const PgQuery__ColumnDef *column,
                      struct sql_action *action)
{
    action->type = inspector_type(inspector, column->type_name, NULL);
    inspector_use_type_name(inspector, column->type_name);
    if (column->raw_default != NULL) {
        action->flags |= SQL_FLAG(USING);
        action->expression = tree_number(&column->raw_default->base);
        WALK(inspector, column->raw_default);
    }
    if (column->coll_clause != NULL)
        action->flags |= SQL_FLAG(COLLATE);
}

static void take_default(struct inspector *inspector, const PgQuery__Node *expression,
                         struct sql_action *action)
{
    if (expression == NULL) {
        action->kind = SQL_ACTION_DROP_DEFAULT;
        return;
    }
    action->flags |= default_flags(expression);
    action->expression = tree_number(&expression->base);
    WALK(inspector, expression);
}

static void take_partition(struct inspector *inspector, const PgQuery__PartitionCmd *command,
                           struct sql_action *action)
{
    enum sql_object_kind kind =
        action->object.kind == SQL_OBJECT_INDEX ? SQL_OBJECT_INDEX : SQL_OBJECT_TABLE;
    action->other = inspector_relation(inspector, command->name, kind);
    if (command->concurrent)
        action->flags |= SQL_FLAG(CONCURRENTLY);
    if (command->bound != NULL && command->bound->is_default)
        action->flags |= SQL_FLAG(DEFAULT_PARTITION);
    inspector_use_relation(inspector, &action->other, TRUE);
}

/* What stands behind the subcommand's name, where that is no name alone. */
static void take_definition(struct inspector *inspector, const PgQuery__AlterTableCmd *command,
                            enum takes takes, struct sql_action *action)
{
    const PgQuery__Node *definition = command->def;
    if (takes == TAKES_DEFAULT)
        take_default(inspector, definition, action);
    else if (takes == TAKES_OWNER)
        action->other = inspector_role(inspector, command->newowner);
    else if (takes == TAKES_NAME)
        action->other = inspector_plain(inspector, command->name, SQL_OBJECT_NONE);
    if (definition == NULL)
        return;
    if (takes == TAKES_TYPE && definition->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF)
        take_type(inspector, definition->column_def, action);
    else if (takes == TAKES_ALTERED && definition->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
        action->part = inspector_text(inspector, definition->constraint->conname);
    else if (takes == TAKES_PARTITION &&
             definition->node_case == PG_QUERY__NODE__NODE_PARTITION_CMD)
        take_partition(inspector, definition->partition_cmd, action);
    else if (takes == TAKES_PARENT && definition->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        action->other = inspector_relation(inspector, definition->range_var, SQL_OBJECT_TABLE);
        inspector_use_relation(inspector, &action->other, TRUE);
    } else if (takes == TAKES_PART || takes == TAKES_NOTHING)
        action->expression = tree_number(&definition->base);
}

static void inspect_command(struct inspector *inspector, const struct sql_object *object,
                            const PgQuery__AlterTableCmd *command, struct sql_action action)
{
    const struct alter_row *row = find_row(command->subtype);
    action.object = *object;
    if (command->missing_ok) /* ADD COLUMN takes NOT EXISTS where DROP takes EXISTS */
        action.flags |= row != NULL && row->takes == TAKES_COLUMN ? SQL_FLAG(IF_NOT_EXISTS)
                                                                  : SQL_FLAG(IF_EXISTS);
    if (command->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
        action.flags |= SQL_FLAG(CASCADE);
    if (row == NULL) {
        action.kind = SQL_ACTION_ALTER_TABLE;
        inspector_add(inspector, &action);
        return;
    }
    action.kind = row->kind;
    action.flags |= row->flags;
    const PgQuery__Node *definition = command->def;
    if (row->takes == TAKES_COLUMN && object->kind != SQL_OBJECT_TYPE && definition != NULL) {
        inspect_column(inspector, object, definition->column_def, action);
        return;
    }
    if (row->takes == TAKES_CONSTRAINT && definition != NULL &&
        inspect_constraint(inspector, object, definition->constraint, NULL, action))
        return;
    if (row->takes == TAKES_COLUMN && definition != NULL) {
        action.part = inspector_text(inspector, definition->column_def->colname);
        take_type(inspector, definition->column_def, &action);
    } else {
        action.part = row->takes == TAKES_NAME ? NULL : inspector_text(inspector, command->name);
        take_definition(inspector, command, row->takes, &action);
    }
    action.kind = translate(action.kind, object->kind);
    inspector_add(inspector, &action);
}

static enum sql_object_kind object_kind(const PgQuery__AlterTableStmt *statement)
{
    enum sql_object_kind kind = object_kind_of(statement->objtype);
    return kind == SQL_OBJECT_NONE ? SQL_OBJECT_RELATION : kind;
}

void inspect_alter_table(struct inspector *inspector, const PgQuery__AlterTableStmt *statement)
{
    enum sql_object_kind kind = object_kind(statement);
    struct sql_object object = inspector_relation(inspector, statement->relation, kind);
    g_autoptr(GArray) pieces = NULL;
    if (inspector->body == 0)
        pieces = pieces_of_alter(inspector->text + inspector->statement->offset,
                                 inspector->statement->length);
    if (kind == SQL_OBJECT_TYPE)
        inspector_use_type(inspector, &object);
    else
        inspector_use_relation(inspector, &object, TRUE);
    for (gsize i = 0; i < statement->n_cmds; i++) {
        struct sql_action action = inspector_action(inspector, SQL_ACTION_ALTER_TABLE);
        if (pieces != NULL && pieces->len == statement->n_cmds && pieces->len > 1) {
            struct piece piece = g_array_index(pieces, struct piece, i);
            inspector_place(inspector, &action, (gint64)piece.offset, piece.length);
        }
        if (!statement->relation->inh && kind != SQL_OBJECT_TYPE)
            action.flags |= SQL_FLAG(ONLY);
        if (statement->missing_ok)
            action.flags |= SQL_FLAG(IF_EXISTS);
        inspect_command(inspector, &object, statement->cmds[i]->alter_table_cmd, action);
    }
}
