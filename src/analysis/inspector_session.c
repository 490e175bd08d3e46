/* Settings, transactions, cursors, prepared statements: what a session is told. */
#include "analysis/inspector.h"

#include <string.h>

/* A list of values as one text, as SHOW would give it. NULL where one is no constant. */
static const char *setting_value(struct inspector *inspector, struct nodes values)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (gsize i = 0; i < values.count; i++) {
        const PgQuery__Node *node = values.list[i];
        const char *string = node_string(node);
        g_string_append(text, i > 0 ? ", " : "");
        if (string != NULL)
            g_string_append(text, string);
        else if (node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                 node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL)
            g_string_append_printf(text, "%d", node->a_const->ival->ival);
        else if (node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                 node->a_const->val_case == PG_QUERY__A__CONST__VAL_FVAL)
            g_string_append(text, node->a_const->fval->fval);
        else
            return NULL;
    }
    return inspector_text(inspector, text->str);
}

/* The names are quoted, so that parsing them again gives the same. */
static void set_search_path(struct inspector *inspector, struct nodes values, gboolean is_local)
{
    g_autoptr(GString) path = g_string_new(NULL);
    for (gsize i = 0; i < values.count; i++) {
        const char *name = node_string(values.list[i]);
        if (name == NULL) {
            inspector_path_forget(inspector, is_local);
            return;
        }
        g_string_append(path, i > 0 ? ", \"" : "\"");
        g_string_append(path, name);
        g_string_append_c(path, '"');
    }
    inspector_path_set(inspector, path->str, is_local);
}

static void watch_search_path(struct inspector *inspector,
                              const PgQuery__VariableSetStmt *statement)
{
    if (inspector->body != 0)
        return;
    if (statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL ||
        (g_str_equal(statement->name, "search_path") &&
         (statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET ||
          statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT)))
        inspector_path_set(inspector, NULL, statement->is_local);
    else if (g_str_equal(statement->name, "search_path") &&
             statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE)
        set_search_path(inspector, NODES(statement, args), statement->is_local);
}

static void inspect_set(struct inspector *inspector, const PgQuery__VariableSetStmt *statement)
{
    gboolean is_reset = statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET ||
                        statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL;
    struct sql_action action =
        inspector_action(inspector, is_reset ? SQL_ACTION_RESET : SQL_ACTION_SET);
    action.part = inspector_text(inspector, statement->name);
    action.other_part = setting_value(inspector, NODES(statement, args));
    if (statement->is_local || g_str_equal(statement->name, "TRANSACTION"))
        action.flags |= SQL_FLAG(LOCAL);
    if (statement->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL)
        action.flags |= SQL_FLAG(ALL);
    watch_search_path(inspector, statement);
    inspector_add(inspector, &action);
}

static void inspect_transaction(struct inspector *inspector,
                                const PgQuery__TransactionStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_TRANSACTION);
    action.part = inspector_text(inspector, inspector->statement->verb);
    switch (statement->kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
        inspector_path_block(inspector, TRUE);
        break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
        inspector_path_block(inspector, statement->chain);
        break;
    default:
        break;
    }
    inspector_add(inspector, &action);
}

/* One row for what has nothing but a name. */
static void add_named(struct inspector *inspector, enum sql_action_kind kind, const char *name)
{
    struct sql_action action = inspector_action(inspector, kind);
    action.part = inspector_text(inspector, name);
    inspector_add(inspector, &action);
}

static void inspect_prepare(struct inspector *inspector, const PgQuery__PrepareStmt *statement)
{
    WALK(inspector, statement->query);
    add_named(inspector, SQL_ACTION_PREPARE, statement->name);
}

static void inspect_declare(struct inspector *inspector,
                            const PgQuery__DeclareCursorStmt *statement)
{
    WALK(inspector, statement->query);
    add_named(inspector, SQL_ACTION_CURSOR, statement->portalname);
}

static void inspect_discard(struct inspector *inspector, const PgQuery__DiscardStmt *statement)
{
    static const char *const words[] = {
        [PG_QUERY__DISCARD_MODE__DISCARD_ALL] = "ALL",
        [PG_QUERY__DISCARD_MODE__DISCARD_PLANS] = "PLANS",
        [PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES] = "SEQUENCES",
        [PG_QUERY__DISCARD_MODE__DISCARD_TEMP] = "TEMP",
    };
    gboolean is_known = (gsize)statement->target < G_N_ELEMENTS(words);
    if (statement->target == PG_QUERY__DISCARD_MODE__DISCARD_ALL && inspector->body == 0)
        inspector_path_set(inspector, NULL, FALSE);
    add_named(inspector, SQL_ACTION_DISCARD, is_known ? words[statement->target] : NULL);
}

gboolean inspect_session(struct inspector *inspector, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
        inspect_set(inspector, node->variable_set_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
        add_named(inspector, SQL_ACTION_SHOW, node->variable_show_stmt->name);
        return TRUE;
    case PG_QUERY__NODE__NODE_CONSTRAINTS_SET_STMT:
        add_named(inspector, SQL_ACTION_SET_CONSTRAINTS, NULL);
        return TRUE;
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
        inspect_transaction(inspector, node->transaction_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_DISCARD_STMT:
        inspect_discard(inspector, node->discard_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_PREPARE_STMT:
        inspect_prepare(inspector, node->prepare_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_EXECUTE_STMT:
        inspector_opaque(inspector, "EXECUTE of a prepared statement");
        add_named(inspector, SQL_ACTION_EXECUTE, node->execute_stmt->name);
        return TRUE;
    case PG_QUERY__NODE__NODE_DEALLOCATE_STMT:
        add_named(inspector, SQL_ACTION_DEALLOCATE, node->deallocate_stmt->name);
        return TRUE;
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
        inspect_declare(inspector, node->declare_cursor_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_FETCH_STMT:
        add_named(inspector, SQL_ACTION_CURSOR, node->fetch_stmt->portalname);
        return TRUE;
    case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT:
        add_named(inspector, SQL_ACTION_CURSOR, node->close_portal_stmt->portalname);
        return TRUE;
    case PG_QUERY__NODE__NODE_LISTEN_STMT:
        add_named(inspector, SQL_ACTION_LISTEN, node->listen_stmt->conditionname);
        return TRUE;
    case PG_QUERY__NODE__NODE_UNLISTEN_STMT:
        add_named(inspector, SQL_ACTION_LISTEN, node->unlisten_stmt->conditionname);
        return TRUE;
    case PG_QUERY__NODE__NODE_NOTIFY_STMT:
        add_named(inspector, SQL_ACTION_NOTIFY, node->notify_stmt->conditionname);
        return TRUE;
    case PG_QUERY__NODE__NODE_LOAD_STMT:
        add_named(inspector, SQL_ACTION_LOAD, node->load_stmt->filename);
        return TRUE;
    case PG_QUERY__NODE__NODE_CHECK_POINT_STMT:
        add_named(inspector, SQL_ACTION_CHECKPOINT, NULL);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_SYSTEM_STMT:
        add_named(inspector, SQL_ACTION_ALTER_SYSTEM, node->alter_system_stmt->setstmt->name);
        return TRUE;
    default:
        return FALSE;
    }
}
