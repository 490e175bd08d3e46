/* Types and domains: CREATE TYPE in all its forms, ALTER TYPE, ALTER DOMAIN; DefineStmt, which
 * makes aggregates, operators, collations and text search objects too. */
#include "analysis/inspector.h"

static struct sql_action begin_type(struct inspector *inspector, enum sql_action_kind kind,
                                    struct nodes names, enum sql_object_kind object)
{
    struct sql_action action = inspector_action(inspector, kind);
    gboolean is_new = sql_action_effect(kind) == SQL_CREATES && !sql_action_has_part(kind);
    action.object = is_new ? inspector_new_named(inspector, names, object)
                           : inspector_named(inspector, names, object);
    inspector_use_type(inspector, &action.object);
    return action;
}

static void inspect_composite(struct inspector *inspector,
                              const PgQuery__CompositeTypeStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CREATE_TYPE);
    action.object = inspector_new_relation(inspector, statement->typevar, SQL_OBJECT_TYPE);
    inspector_walk_list(inspector, NODES(statement, coldeflist));
    inspector_use_type(inspector, &action.object);
    inspector_add(inspector, &action);
}

static void inspect_enum(struct inspector *inspector, const PgQuery__CreateEnumStmt *statement)
{
    struct sql_action action =
        begin_type(inspector, SQL_ACTION_CREATE_ENUM, NODES(statement, type_name), SQL_OBJECT_TYPE);
    action.columns = inspector_strings(inspector, NODES(statement, vals), &action.column_count);
    inspector_add(inspector, &action);
}

static void inspect_range(struct inspector *inspector, const PgQuery__CreateRangeStmt *statement)
{
    struct sql_action action =
        begin_type(inspector, SQL_ACTION_CREATE_TYPE, NODES(statement, type_name), SQL_OBJECT_TYPE);
    inspector_walk_list(inspector, NODES(statement, params));
    inspector_add(inspector, &action);
}

static void inspect_alter_enum(struct inspector *inspector, const PgQuery__AlterEnumStmt *statement)
{
    gboolean renames = *statement->old_val != '\0';
    struct sql_action action =
        begin_type(inspector, renames ? SQL_ACTION_RENAME_ENUM_VALUE : SQL_ACTION_ADD_ENUM_VALUE,
                   NODES(statement, type_name), SQL_OBJECT_TYPE);
    action.part = arena_text(inspector->arena, renames ? statement->old_val : statement->new_val);
    if (renames)
        action.other_part = arena_text(inspector->arena, statement->new_val);
    if (statement->skip_if_new_val_exists)
        action.flags |= SQL_FLAG(IF_NOT_EXISTS);
    if (*statement->new_val_neighbor != '\0') {
        action.flags |= SQL_FLAG(BEFORE_AFTER);
        action.other =
            inspector_plain(inspector, statement->new_val_neighbor, SQL_OBJECT_ENUM_VALUE);
    }
    inspector_add(inspector, &action);
}

static void inspect_alter_type(struct inspector *inspector, const PgQuery__AlterTypeStmt *statement)
{
    struct sql_action action =
        begin_type(inspector, SQL_ACTION_ALTER_TYPE, NODES(statement, type_name), SQL_OBJECT_TYPE);
    inspector_add(inspector, &action);
}

static void inspect_domain(struct inspector *inspector, const PgQuery__CreateDomainStmt *statement)
{
    struct sql_action action = begin_type(inspector, SQL_ACTION_CREATE_DOMAIN,
                                          NODES(statement, domainname), SQL_OBJECT_DOMAIN);
    action.type = inspector_type(inspector, statement->type_name, NULL);
    inspector_use_type_name(inspector, statement->type_name);
    for (gsize i = 0; i < statement->n_constraints; i++) {
        const PgQuery__Constraint *constraint = statement->constraints[i]->constraint;
        if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL)
            action.flags |= SQL_FLAG(NOT_NULL);
        else if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK)
            action.flags |= SQL_FLAG(CHECK);
        else if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT)
            action.flags |= default_flags(constraint->raw_expr);
        WALK(inspector, constraint->raw_expr);
    }
    inspector_add(inspector, &action);
}

/* The letters of AlterDomainStmt (PostgreSQL, nodes/parsenodes.h). */
static enum sql_action_kind domain_kind(const PgQuery__AlterDomainStmt *statement)
{
    switch (statement->subtype[0]) {
    case 'T':
        return statement->def != NULL ? SQL_ACTION_SET_DOMAIN_DEFAULT
                                      : SQL_ACTION_DROP_DOMAIN_DEFAULT;
    case 'N':
        return SQL_ACTION_DROP_DOMAIN_NOT_NULL;
    case 'O':
        return SQL_ACTION_SET_DOMAIN_NOT_NULL;
    case 'C':
        return SQL_ACTION_ADD_DOMAIN_CONSTRAINT;
    case 'X':
        return SQL_ACTION_DROP_DOMAIN_CONSTRAINT;
    case 'V':
        return SQL_ACTION_VALIDATE_DOMAIN_CONSTRAINT;
    default:
        return SQL_ACTION_ALTER_OBJECT;
    }
}

static void inspect_alter_domain(struct inspector *inspector,
                                 const PgQuery__AlterDomainStmt *statement)
{
    struct sql_action action = begin_type(inspector, domain_kind(statement),
                                          NODES(statement, type_name), SQL_OBJECT_DOMAIN);
    action.part = inspector_text(inspector, statement->name);
    if (statement->missing_ok)
        action.flags |= SQL_FLAG(IF_EXISTS);
    if (statement->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
        action.flags |= SQL_FLAG(CASCADE);
    if (statement->def != NULL) {
        action.expression = tree_number(&statement->def->base);
        WALK(inspector, statement->def);
    }
    if (action.kind == SQL_ACTION_ADD_DOMAIN_CONSTRAINT && statement->def != NULL &&
        statement->def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
        const PgQuery__Constraint *constraint = statement->def->constraint;
        action.part = inspector_text(inspector, constraint->conname);
        if (constraint->skip_validation)
            action.flags |= SQL_FLAG(NOT_VALID);
        if (action.part == NULL && action.object.name != NULL) {
            action.part = inspector_choose_name(inspector, action.object.name, NULL, "check");
            action.flags |= SQL_FLAG(NAMED_BY_SERVER);
        }
    }
    inspector_add(inspector, &action);
}

static void inspect_define(struct inspector *inspector, const PgQuery__DefineStmt *statement)
{
    enum sql_object_kind object = object_kind_of(statement->kind);
    enum sql_action_kind kind = object == SQL_OBJECT_AGGREGATE ? SQL_ACTION_CREATE_FUNCTION
                                : object == SQL_OBJECT_TYPE    ? SQL_ACTION_CREATE_TYPE
                                                               : SQL_ACTION_CREATE_OBJECT;
    struct sql_action action = inspector_action(inspector, kind);
    action.object = inspector_new_named(inspector, NODES(statement, defnames), object);
    action.flags |= (statement->if_not_exists ? SQL_FLAG(IF_NOT_EXISTS) : 0) |
                    (statement->replace ? SQL_FLAG(OR_REPLACE) : 0);
    inspector_walk_list(inspector, NODES(statement, args));
    if (object == SQL_OBJECT_TYPE)
        inspector_use_type(inspector, &action.object);
    inspector_add(inspector, &action);
}

gboolean inspect_type(struct inspector *inspector, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
        inspect_composite(inspector, node->composite_type_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
        inspect_enum(inspector, node->create_enum_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT:
        inspect_range(inspector, node->create_range_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT:
        inspect_alter_enum(inspector, node->alter_enum_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_TYPE_STMT:
        inspect_alter_type(inspector, node->alter_type_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
        inspect_domain(inspector, node->create_domain_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT:
        inspect_alter_domain(inspector, node->alter_domain_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_DEFINE_STMT:
        inspect_define(inspector, node->define_stmt);
        return TRUE;
    default:
        return FALSE;
    }
}
