/* Code that is stored (functions, triggers, rules, policies) and code that runs now (DO, CALL). */
#include "analysis/inspector.h"

#include <string.h>

/* ---- functions ------------------------------------------------------------------------------- */

static gboolean is_input(const PgQuery__FunctionParameter *parameter)
{
    return parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT &&
           parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE;
}

/* What DROP FUNCTION names it by: the types of what goes in. */
static const char *input_types(struct inspector *inspector, struct nodes parameters)
{
    g_autoptr(GString) text = g_string_new("(");
    for (gsize i = 0; i < parameters.count; i++) {
        const PgQuery__FunctionParameter *parameter = parameters.list[i]->function_parameter;
        inspector_use_type_name(inspector, parameter->arg_type);
        if (!is_input(parameter))
            continue;
        const char *type = inspector_type(inspector, parameter->arg_type, NULL);
        g_string_append_printf(text, "%s%s", text->len > 1 ? ", " : "", type);
    }
    g_string_append_c(text, ')');
    return arena_text(inspector->arena, text->str);
}

/* AS 'body'; C functions have two strings there. */
static const char *body_of(struct nodes options)
{
    const PgQuery__Node *as = option_find(options, "as");
    if (as == NULL || as->node_case != PG_QUERY__NODE__NODE_LIST || as->list->n_items != 1)
        return as != NULL ? node_string(as) : NULL;
    return node_string(as->list->items[0]);
}

static void inspect_function(struct inspector *inspector,
                             const PgQuery__CreateFunctionStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CREATE_FUNCTION);
    struct nodes options = NODES(statement, options);
    const char *language = node_string(option_find(options, "language"));
    const char *body = body_of(options);
    action.object =
        inspector_new_named(inspector, NODES(statement, funcname),
                            statement->is_procedure ? SQL_OBJECT_PROCEDURE : SQL_OBJECT_FUNCTION);
    action.object.arguments = input_types(inspector, NODES(statement, parameters));
    if (statement->replace)
        action.flags |= SQL_FLAG(OR_REPLACE);
    inspector_use_type_name(inspector, statement->return_type);
    action.type = inspector_type(inspector, statement->return_type, NULL);
    action.method = inspector_text(inspector, language != NULL ? language : "sql");
    action.expression = tree_number(&statement->base);
    inspector_add(inspector, &action);
    if (statement->sql_body != NULL) {
        guint64 before = inspector->body;
        inspector->body |= SQL_FLAG(IN_BODY);
        inspector_walk(inspector, &statement->sql_body->base);
        inspector->body = before;
    } else if (body != NULL)
        inspect_body(inspector, language, body, option_location(options, "as"), FALSE);
}

static void inspect_alter_function(struct inspector *inspector,
                                   const PgQuery__AlterFunctionStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_ALTER_FUNCTION);
    action.object =
        inspector_routine(inspector, statement->func, object_kind_of(statement->objtype));
    inspector_add(inspector, &action);
}

static void inspect_do(struct inspector *inspector, const PgQuery__DoStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_DO);
    struct nodes options = NODES(statement, args);
    const char *language = node_string(option_find(options, "language"));
    const char *body = body_of(options);
    action.method = inspector_text(inspector, language != NULL ? language : "plpgsql");
    inspector_add(inspector, &action);
    inspect_body(inspector, language != NULL ? language : "plpgsql", body != NULL ? body : "",
                 option_location(options, "as"), TRUE);
}

static void inspect_call(struct inspector *inspector, const PgQuery__CallStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CALL);
    if (statement->funccall != NULL)
        action.object =
            inspector_named(inspector, NODES(statement->funccall, funcname), SQL_OBJECT_PROCEDURE);
    inspector_opaque(inspector, "CALL of a procedure");
    WALK(inspector, statement->funccall);
    inspector_add(inspector, &action);
}

/* ---- triggers, rules, policies --------------------------------------------------------------- */

static struct sql_action begin_part(struct inspector *inspector, enum sql_action_kind kind,
                                    const PgQuery__RangeVar *relation, const char *name)
{
    struct sql_action action = inspector_action(inspector, kind);
    action.object = inspector_relation(inspector, relation, SQL_OBJECT_RELATION);
    action.part = inspector_text(inspector, name);
    inspector_use_relation(inspector, &action.object, TRUE);
    return action;
}

static void inspect_trigger(struct inspector *inspector, const PgQuery__CreateTrigStmt *statement)
{
    struct sql_action action =
        begin_part(inspector, SQL_ACTION_CREATE_TRIGGER, statement->relation, statement->trigname);
    action.other = inspector_named(inspector, NODES(statement, funcname), SQL_OBJECT_FUNCTION);
    inspector_use_function(inspector, &action.other);
    action.flags |= (statement->replace ? SQL_FLAG(OR_REPLACE) : 0) |
                    (statement->deferrable ? SQL_FLAG(DEFERRABLE) : 0);
    action.expression = tree_number(&statement->base);
    WALK(inspector, statement->when_clause);
    WALK(inspector, statement->constrrel);
    inspector_add(inspector, &action);
}

static void inspect_rule(struct inspector *inspector, const PgQuery__RuleStmt *statement)
{
    struct sql_action action =
        begin_part(inspector, SQL_ACTION_CREATE_RULE, statement->relation, statement->rulename);
    action.flags |= statement->replace ? SQL_FLAG(OR_REPLACE) : 0;
    action.expression = tree_number(&statement->base);
    inspector_add(inspector, &action);
    guint64 before = inspector->body;
    inspector->body |= SQL_FLAG(IN_BODY);
    inspector_walk_list(inspector, NODES(statement, actions));
    inspector->body = before;
}

static void inspect_policy(struct inspector *inspector, const PgQuery__CreatePolicyStmt *statement)
{
    struct sql_action action =
        begin_part(inspector, SQL_ACTION_CREATE_POLICY, statement->table, statement->policy_name);
    action.expression = tree_number(&statement->base);
    WALK(inspector, statement->qual);
    WALK(inspector, statement->with_check);
    inspector_add(inspector, &action);
}

static void inspect_alter_policy(struct inspector *inspector,
                                 const PgQuery__AlterPolicyStmt *statement)
{
    struct sql_action action =
        begin_part(inspector, SQL_ACTION_ALTER_POLICY, statement->table, statement->policy_name);
    action.expression = tree_number(&statement->base);
    WALK(inspector, statement->qual);
    WALK(inspector, statement->with_check);
    inspector_add(inspector, &action);
}

gboolean inspect_code(struct inspector *inspector, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
        inspect_function(inspector, node->create_function_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_FUNCTION_STMT:
        inspect_alter_function(inspector, node->alter_function_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_DO_STMT:
        inspect_do(inspector, node->do_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CALL_STMT:
        inspect_call(inspector, node->call_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
        inspect_trigger(inspector, node->create_trig_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_RULE_STMT:
        inspect_rule(inspector, node->rule_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT:
        inspect_policy(inspector, node->create_policy_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_POLICY_STMT:
        inspect_alter_policy(inspector, node->alter_policy_stmt);
        return TRUE;
    default:
        return FALSE;
    }
}
