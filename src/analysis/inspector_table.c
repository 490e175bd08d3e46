/* CREATE TABLE and what is written inside of it: columns, constraints, parents. */
#include "analysis/inspector.h"

#include <string.h>

#include "analysis/pieces.h"

/* ---- constraints ----------------------------------------------------------------------------- */

static const struct constraint_row {
    PgQuery__ConstrType type;
    enum sql_action_kind kind;
    const char *label; /* the end of the name that the server chooses */
} constraint_rows[] = {
    {PG_QUERY__CONSTR_TYPE__CONSTR_CHECK, SQL_ACTION_ADD_CHECK, "check"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY, SQL_ACTION_ADD_PRIMARY_KEY, "pkey"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE, SQL_ACTION_ADD_UNIQUE, "key"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION, SQL_ACTION_ADD_EXCLUSION, "excl"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN, SQL_ACTION_ADD_FOREIGN_KEY, "fkey"},
};

static const struct constraint_row *find_row(PgQuery__ConstrType type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(constraint_rows); i++)
        if (constraint_rows[i].type == type)
            return &constraint_rows[i];
    return NULL;
}

static struct nodes key_nodes(const PgQuery__Constraint *constraint)
{
    return constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN
               ? NODES(constraint, fk_attrs)
               : NODES(constraint, keys);
}

/* The columns of an exclusion constraint: the first of each pair. */
static void take_exclusions(struct inspector *inspector, const PgQuery__Constraint *constraint,
                            struct sql_action *action)
{
    const char **names =
        arena_take(inspector->arena, MAX(constraint->n_exclusions, 1) * sizeof(*names));
    for (gsize i = 0; i < constraint->n_exclusions; i++) {
        const PgQuery__Node *pair = constraint->exclusions[i];
        const PgQuery__Node *element =
            pair->node_case == PG_QUERY__NODE__NODE_LIST && pair->list->n_items > 0
                ? pair->list->items[0]
                : NULL;
        gboolean is_plain = element != NULL &&
                            element->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM &&
                            *element->index_elem->name != '\0';
        names[i] = is_plain ? arena_text(inspector->arena, element->index_elem->name) : "";
    }
    action->columns = names;
    action->column_count = (guint)constraint->n_exclusions;
}

static void take_columns(struct inspector *inspector, const PgQuery__Constraint *constraint,
                         const char *column, struct sql_action *action)
{
    struct nodes keys = key_nodes(constraint);
    if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION)
        take_exclusions(inspector, constraint, action);
    else
        action->columns = inspector_strings(inspector, keys, &action->column_count);
    if (action->column_count > 0)
        return;
    if (column == NULL && constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK)
        column = only_column(constraint->raw_expr);
    if (column == NULL)
        return;
    const char *name = arena_text(inspector->arena, column);
    action->columns = arena_copy(inspector->arena, &name, sizeof(name));
    action->column_count = 1;
}

static const char *chosen_name(struct inspector *inspector, const struct constraint_row *row,
                               const struct sql_object *table, const struct sql_action *action)
{
    g_autoptr(GString) columns = g_string_new(NULL);
    if (table->name == NULL)
        return NULL;
    for (guint i = 0; i < action->column_count; i++)
        g_string_append_printf(columns, "%s%s", i > 0 ? "_" : "", action->columns[i]);
    gboolean has_columns = columns->len > 0 && row->kind != SQL_ACTION_ADD_PRIMARY_KEY;
    return inspector_choose_name(inspector, table->name, has_columns ? columns->str : NULL,
                                 row->label);
}

static guint64 constraint_flags(const PgQuery__Constraint *constraint)
{
    guint64 flags = constraint->deferrable ? SQL_FLAG(DEFERRABLE) : 0;
    if (constraint->skip_validation)
        flags |= SQL_FLAG(NOT_VALID);
    if (constraint->is_no_inherit)
        flags |= SQL_FLAG(NO_INHERIT);
    if (g_strcmp0(constraint->fk_del_action, "c") == 0)
        flags |= SQL_FLAG(ON_DELETE_CASCADE);
    if (g_strcmp0(constraint->fk_del_action, "n") == 0)
        flags |= SQL_FLAG(ON_DELETE_SET_NULL);
    return flags;
}

/* column IS NOT NULL, alone or among others that all must hold. */
static gboolean proves_not_null(const PgQuery__Node *expression)
{
    if (expression == NULL)
        return FALSE;
    if (expression->node_case == PG_QUERY__NODE__NODE_NULL_TEST)
        return expression->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
    if (expression->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR ||
        expression->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
        return FALSE;
    for (gsize i = 0; i < expression->bool_expr->n_args; i++)
        if (proves_not_null(expression->bool_expr->args[i]))
            return TRUE;
    return FALSE;
}

/* Adding a foreign key is a use of the table referenced: triggers are put on it. */
static void take_reference(struct inspector *inspector, const PgQuery__Constraint *constraint,
                           struct sql_action *action)
{
    action->other = inspector_relation(inspector, constraint->pktable, SQL_OBJECT_TABLE);
    action->other_columns =
        inspector_strings(inspector, NODES(constraint, pk_attrs), &action->other_column_count);
    inspector_use_relation(inspector, &action->other, FALSE);
}

gboolean inspect_constraint(struct inspector *inspector, const struct sql_object *table,
                            const PgQuery__Constraint *constraint, const char *column,
                            struct sql_action action)
{
    const struct constraint_row *row = find_row(constraint->contype);
    if (row == NULL)
        return FALSE;
    action.kind = row->kind;
    action.object = *table;
    action.flags |= constraint_flags(constraint);
    action.part = inspector_text(inspector, constraint->conname);
    take_columns(inspector, constraint, column, &action);
    if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN)
        take_reference(inspector, constraint, &action);
    if (constraint->indexname != NULL && *constraint->indexname != '\0') {
        PgQuery__RangeVar index = PG_QUERY__RANGE_VAR__INIT;
        index.relname = constraint->indexname;
        action.other = inspector_relation(inspector, &index, SQL_OBJECT_INDEX);
        action.other.schema = table->schema;
        action.flags |= SQL_FLAG(USING_INDEX);
        if (action.part == NULL) /* the constraint is then called as the index */
            action.part = action.other.name;
    }
    if (action.part == NULL) {
        action.part = chosen_name(inspector, row, table, &action);
        action.flags |= SQL_FLAG(NAMED_BY_SERVER);
    }
    if (proves_not_null(constraint->raw_expr))
        action.flags |= SQL_FLAG(CHECK_NOT_NULL);
    if (constraint->raw_expr != NULL)
        action.expression = tree_number(&constraint->raw_expr->base);
    WALK(inspector, constraint->raw_expr);
    WALK(inspector, constraint->where_clause);
    inspector_walk_list(inspector, NODES(constraint, exclusions));
    inspector_add(inspector, &action);
    return TRUE;
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Constraints that are no objects of their own change the column. */
static void take_property(const PgQuery__Constraint *constraint, struct sql_action *action)
{
    switch (constraint->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        action->flags |= SQL_FLAG(NOT_NULL);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        action->flags |= default_flags(constraint->raw_expr);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
        action->flags |= SQL_FLAG(GENERATED_STORED);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
        action->flags |= SQL_FLAG(IDENTITY) | SQL_FLAG(NOT_NULL);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        action->flags |= SQL_FLAG(PRIMARY) | SQL_FLAG(NOT_NULL);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        action->flags |= SQL_FLAG(UNIQUE);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        action->flags |= SQL_FLAG(REFERENCES);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        action->flags |= SQL_FLAG(CHECK);
        break;
    default:
        break;
    }
}

static void take_expression(struct inspector *inspector, const PgQuery__Constraint *constraint,
                            struct sql_action *action)
{
    gboolean is_value = constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT ||
                        constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED;
    if (!is_value || constraint->raw_expr == NULL)
        return;
    action->expression = tree_number(&constraint->raw_expr->base);
    WALK(inspector, constraint->raw_expr);
}

void inspect_column(struct inspector *inspector, const struct sql_object *table,
                    const PgQuery__ColumnDef *column, struct sql_action action)
{
    action.kind = SQL_ACTION_ADD_COLUMN;
    action.object = *table;
    action.part = inspector_text(inspector, column->colname);
    action.type = inspector_type(inspector, column->type_name, &action.flags);
    if (action.flags & SQL_FLAG(SERIAL))
        action.flags |= SQL_FLAG(NOT_NULL);
    if (column->coll_clause != NULL)
        action.flags |= SQL_FLAG(COLLATE);
    inspector_use_type_name(inspector, column->type_name);
    for (gsize i = 0; i < column->n_constraints; i++) {
        take_property(column->constraints[i]->constraint, &action);
        take_expression(inspector, column->constraints[i]->constraint, &action);
    }
    guint64 of_column = SQL_FLAG(NEW_TABLE) | SQL_FLAG(HAS_DEFAULT) | SQL_FLAG(NULL_DEFAULT);
    guint number = inspector_add(inspector, &action);
    for (gsize i = 0; i < column->n_constraints; i++) {
        const PgQuery__Constraint *constraint = column->constraints[i]->constraint;
        struct sql_action inner = inspector_action(inspector, SQL_ACTION_ADD_CHECK);
        inspector_place(inspector, &inner, constraint->location, 0);
        if (inner.offset + inner.length > action.offset + action.length)
            inner.length = action.offset + action.length - inner.offset;
        inner.flags |= SQL_FLAG(INLINE) | (action.flags & of_column);
        inner.parent = number;
        /* NOT VALID cannot stand here, and what follows a column is on that column alone. */
        inspect_constraint(inspector, table, constraint, column->colname, inner);
    }
}

/* ---- CREATE TABLE ---------------------------------------------------------------------------- */

static guint64 table_flags(const PgQuery__CreateStmt *statement)
{
    guint64 flags = statement->if_not_exists ? SQL_FLAG(IF_NOT_EXISTS) : 0;
    if (g_strcmp0(statement->relation->relpersistence, "t") == 0)
        flags |= SQL_FLAG(TEMPORARY);
    if (g_strcmp0(statement->relation->relpersistence, "u") == 0)
        flags |= SQL_FLAG(UNLOGGED);
    if (statement->partspec != NULL)
        flags |= SQL_FLAG(PARTITIONED);
    if (statement->partbound != NULL)
        flags |= SQL_FLAG(PARTITION_OF);
    else if (statement->n_inh_relations > 0)
        flags |= SQL_FLAG(INHERITS);
    if (statement->partbound != NULL && statement->partbound->is_default)
        flags |= SQL_FLAG(DEFAULT_PARTITION);
    return flags;
}

/* The parent of a partition changes: a partition more. */
static void take_parents(struct inspector *inspector, const PgQuery__CreateStmt *statement,
                         struct sql_action *action)
{
    for (gsize i = 0; i < statement->n_inh_relations; i++) {
        struct sql_object parent =
            inspector_relation(inspector, statement->inh_relations[i]->range_var, SQL_OBJECT_TABLE);
        inspector_use_relation(inspector, &parent, statement->partbound != NULL);
        if (i == 0)
            action->other = parent;
    }
    for (gsize i = 0; i < statement->n_table_elts; i++) {
        const PgQuery__Node *element = statement->table_elts[i];
        if (element->node_case != PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE)
            continue;
        struct sql_object model = inspector_relation(
            inspector, element->table_like_clause->relation, SQL_OBJECT_RELATION);
        inspector_use_relation(inspector, &model, FALSE);
        action->flags |= SQL_FLAG(LIKE);
        if (action->other.kind == SQL_OBJECT_NONE)
            action->other = model;
    }
}

static void inspect_element(struct inspector *inspector, const struct sql_object *table,
                            const PgQuery__Node *element, struct sql_action action)
{
    if (element->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF)
        inspect_column(inspector, table, element->column_def, action);
    else if (element->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
        inspect_constraint(inspector, table, element->constraint, NULL, action);
}

/* Elements come in the order in which they are written, so that each has its piece of the text. */
static void inspect_elements(struct inspector *inspector, const struct sql_object *table,
                             const PgQuery__CreateStmt *statement, guint parent)
{
    const char *text = inspector->text + inspector->statement->offset;
    g_autoptr(GArray) pieces = NULL;
    if (inspector->body == 0 && inspector->owner_schema == NULL)
        pieces = pieces_of_create(text, inspector->statement->length);
    for (gsize i = 0; i < statement->n_table_elts; i++) {
        struct sql_action action = inspector_action(inspector, SQL_ACTION_ADD_COLUMN);
        if (pieces != NULL && pieces->len == statement->n_table_elts) {
            struct piece piece = g_array_index(pieces, struct piece, i);
            inspector_place(inspector, &action, (gint64)piece.offset, piece.length);
        }
        action.flags |= SQL_FLAG(INLINE) | SQL_FLAG(NEW_TABLE);
        action.parent = parent;
        inspect_element(inspector, table, statement->table_elts[i], action);
    }
}

void inspect_create_table(struct inspector *inspector, const PgQuery__CreateStmt *statement,
                          const char *server)
{
    gboolean is_foreign = server != NULL;
    struct sql_action action = inspector_action(
        inspector, is_foreign ? SQL_ACTION_CREATE_FOREIGN_TABLE : SQL_ACTION_CREATE_TABLE);
    action.object = inspector_new_relation(
        inspector, statement->relation, is_foreign ? SQL_OBJECT_FOREIGN_TABLE : SQL_OBJECT_TABLE);
    action.flags |= table_flags(statement);
    take_parents(inspector, statement, &action);
    inspector_use_type_name(inspector, statement->of_typename);
    if (is_foreign)
        action.other = inspector_plain(inspector, server, SQL_OBJECT_SERVER);
    inspector_use_relation(inspector, &action.object, TRUE);
    struct sql_object table = action.object;
    guint parent = inspector_add(inspector, &action);
    inspect_elements(inspector, &table, statement, parent);
}

void inspect_create_table_as(struct inspector *inspector,
                             const PgQuery__CreateTableAsStmt *statement)
{
    gboolean is_view = statement->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
    struct sql_action action = inspector_action(
        inspector, is_view ? SQL_ACTION_CREATE_MATERIALIZED_VIEW : SQL_ACTION_CREATE_TABLE_AS);
    WALK(inspector, statement->query);
    action.object = inspector_new_relation(
        inspector, statement->into->rel, is_view ? SQL_OBJECT_MATERIALIZED_VIEW : SQL_OBJECT_TABLE);
    if (statement->if_not_exists)
        action.flags |= SQL_FLAG(IF_NOT_EXISTS);
    if (!statement->into->skip_data)
        action.flags |= SQL_FLAG(WITH_DATA);
    if (g_strcmp0(statement->into->rel->relpersistence, "t") == 0)
        action.flags |= SQL_FLAG(TEMPORARY);
    if (g_strcmp0(statement->into->rel->relpersistence, "u") == 0)
        action.flags |= SQL_FLAG(UNLOGGED);
    action.expression = statement->query != NULL ? tree_number(&statement->query->base) : 0;
    inspector_use_relation(inspector, &action.object, TRUE);
    inspector_add(inspector, &action);
}

/* ---- CREATE INDEX ---------------------------------------------------------------------------- */

static void take_index_columns(struct inspector *inspector, const PgQuery__IndexStmt *statement,
                               struct sql_action *action)
{
    const char **names =
        arena_take(inspector->arena, MAX(statement->n_index_params, 1) * sizeof(*names));
    for (gsize i = 0; i < statement->n_index_params; i++) {
        const PgQuery__IndexElem *element = statement->index_params[i]->index_elem;
        names[i] = arena_text(inspector->arena, element->name);
        if (element->expr != NULL)
            action->flags |= SQL_FLAG(EXPRESSIONS);
        WALK(inspector, element->expr);
    }
    action->columns = names;
    action->column_count = (guint)statement->n_index_params;
}

static const char *index_name(struct inspector *inspector, const PgQuery__IndexStmt *statement)
{
    g_autoptr(GString) columns = g_string_new(NULL);
    for (gsize i = 0; i < statement->n_index_params; i++) {
        const PgQuery__IndexElem *element = statement->index_params[i]->index_elem;
        const PgQuery__Node *expression = element->expr;
        const char *name = *element->name != '\0' ? element->name : "expr";
        if (expression != NULL && expression->node_case == PG_QUERY__NODE__NODE_FUNC_CALL &&
            expression->func_call->n_funcname > 0)
            name =
                node_string(expression->func_call->funcname[expression->func_call->n_funcname - 1]);
        g_string_append_printf(columns, "%s%s", i > 0 ? "_" : "", name);
    }
    return inspector_choose_name(inspector, statement->relation->relname, columns->str, "idx");
}

static guint64 index_flags(const PgQuery__IndexStmt *statement)
{
    return (statement->concurrent ? SQL_FLAG(CONCURRENTLY) : 0) |
           (statement->unique ? SQL_FLAG(UNIQUE) : 0) |
           (statement->if_not_exists ? SQL_FLAG(IF_NOT_EXISTS) : 0) |
           (statement->where_clause != NULL ? SQL_FLAG(PARTIAL) : 0) |
           (statement->relation->inh ? 0 : SQL_FLAG(ONLY));
}

void inspect_index(struct inspector *inspector, const PgQuery__IndexStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CREATE_INDEX);
    guint included;
    action.other = inspector_relation(inspector, statement->relation, SQL_OBJECT_RELATION);
    action.flags |= index_flags(statement);
    if (*statement->idxname == '\0')
        action.flags |= SQL_FLAG(NAMED_BY_SERVER);
    action.object = action.other; /* an index lives where its table does */
    action.object.kind = SQL_OBJECT_INDEX;
    action.object.name = *statement->idxname != '\0' ? inspector_text(inspector, statement->idxname)
                                                     : index_name(inspector, statement);
    action.method = inspector_text(inspector, statement->access_method);
    take_index_columns(inspector, statement, &action);
    const PgQuery__Node *const *including =
        (const PgQuery__Node *const *)statement->index_including_params;
    const char **names =
        arena_take(inspector->arena, MAX(statement->n_index_including_params, 1) * sizeof(*names));
    included = (guint)statement->n_index_including_params;
    for (guint i = 0; i < included; i++)
        names[i] = arena_text(inspector->arena, including[i]->index_elem->name);
    action.other_columns = names;
    action.other_column_count = included;
    if (statement->where_clause != NULL)
        action.expression = tree_number(&statement->where_clause->base);
    WALK(inspector, statement->where_clause);
    inspector_use_relation(inspector, &action.other, TRUE);
    inspector_add(inspector, &action);
}
