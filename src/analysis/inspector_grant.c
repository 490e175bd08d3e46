/* GRANT, REVOKE and what else is about roles: a row for every object and grantee. */
#include "analysis/inspector.h"

static int by_name(gconstpointer one, gconstpointer other)
{
    return g_strcmp0(*(const char *const *)one, *(const char *const *)other);
}

/* "ALL", "INSERT, SELECT", "SELECT (email)"; sorted, so that they can be compared. */
static const char *privileges_text(struct inspector *inspector, struct nodes privileges)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    if (privileges.count == 0)
        return "ALL";
    for (gsize i = 0; i < privileges.count; i++) {
        const PgQuery__Node *node = privileges.list[i];
        if (node->node_case != PG_QUERY__NODE__NODE_ACCESS_PRIV)
            continue;
        const PgQuery__AccessPriv *privilege = node->access_priv;
        g_autofree char *name = g_ascii_strup(privilege->priv_name, -1);
        GString *word = g_string_new(*name != '\0' ? name : "ALL");
        for (gsize j = 0; j < privilege->n_cols; j++)
            g_string_append_printf(word, "%s%s", j == 0 ? " (" : ", ",
                                   node_string(privilege->cols[j]));
        if (privilege->n_cols > 0)
            g_string_append_c(word, ')');
        g_ptr_array_add(words, g_string_free(word, FALSE));
    }
    g_ptr_array_sort(words, by_name);
    g_ptr_array_add(words, NULL);
    g_autofree char *text = g_strjoinv(", ", (char **)words->pdata);
    return arena_text(inspector->arena, text);
}

static struct sql_object granted_object(struct inspector *inspector,
                                        const PgQuery__GrantStmt *statement,
                                        const PgQuery__Node *node)
{
    enum sql_object_kind kind = object_kind_of(statement->objtype);
    if (statement->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA)
        return inspector_plain(inspector, node_string(node), SQL_OBJECT_SCHEMA);
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
        /* GRANT ON TABLE takes views and sequences too */
        if (kind == SQL_OBJECT_TABLE)
            kind = SQL_OBJECT_RELATION;
        return inspector_relation(inspector, node->range_var, kind);
    case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
        return inspector_routine(inspector, node->object_with_args, kind);
    case PG_QUERY__NODE__NODE_LIST:
        return inspector_named(inspector, NODES(node->list, items), kind);
    default:
        return inspector_plain(inspector, node_string(node), kind);
    }
}

static void use_granted(struct inspector *inspector, const struct sql_object *object)
{
    if (object->kind >= SQL_OBJECT_RELATION && object->kind <= SQL_OBJECT_SEQUENCE)
        inspector_use_relation(inspector, object, TRUE);
    else if (object->kind == SQL_OBJECT_TYPE || object->kind == SQL_OBJECT_DOMAIN)
        inspector_use_type(inspector, object);
}

static void add_grants(struct inspector *inspector, const PgQuery__GrantStmt *statement,
                       struct sql_action action)
{
    action.part = privileges_text(inspector, NODES(statement, privileges));
    if (statement->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
        action.flags |= SQL_FLAG(CASCADE);
    for (gsize i = 0; i < statement->n_grantees; i++) {
        const PgQuery__Node *grantee = statement->grantees[i];
        if (grantee->node_case == PG_QUERY__NODE__NODE_ROLE_SPEC)
            action.other = inspector_role(inspector, grantee->role_spec);
        inspector_add(inspector, &action);
    }
}

static void inspect_grants(struct inspector *inspector, const PgQuery__GrantStmt *statement)
{
    for (gsize i = 0; i < statement->n_objects; i++) {
        struct sql_action action =
            inspector_action(inspector, statement->is_grant ? SQL_ACTION_GRANT : SQL_ACTION_REVOKE);
        action.object = granted_object(inspector, statement, statement->objects[i]);
        if (statement->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA)
            action.flags |= SQL_FLAG(ALL);
        use_granted(inspector, &action.object);
        add_grants(inspector, statement, action);
    }
}

static void inspect_default_grants(struct inspector *inspector,
                                   const PgQuery__AlterDefaultPrivilegesStmt *statement)
{
    const PgQuery__GrantStmt *grant = statement->action;
    struct sql_action action = inspector_action(
        inspector, grant->is_grant ? SQL_ACTION_GRANT_DEFAULT : SQL_ACTION_REVOKE_DEFAULT);
    const PgQuery__Node *schemas = option_find(NODES(statement, options), "schemas");
    const char *kind = sql_object_kind_word(object_kind_of(grant->objtype));
    action.object = inspector_plain(inspector, kind, SQL_OBJECT_DEFAULT_PRIVILEGE);
    if (schemas != NULL && schemas->node_case == PG_QUERY__NODE__NODE_LIST &&
        schemas->list->n_items > 0)
        action.object.schema = inspector_text(inspector, node_string(schemas->list->items[0]));
    add_grants(inspector, grant, action);
}

static void inspect_roles(struct inspector *inspector, const PgQuery__GrantRoleStmt *statement)
{
    for (gsize i = 0; i < statement->n_granted_roles; i++) {
        const PgQuery__Node *granted = statement->granted_roles[i];
        const char *name = granted->node_case == PG_QUERY__NODE__NODE_ACCESS_PRIV
                               ? granted->access_priv->priv_name
                               : node_string(granted);
        for (gsize j = 0; j < statement->n_grantee_roles; j++) {
            struct sql_action action = inspector_action(
                inspector, statement->is_grant ? SQL_ACTION_GRANT_ROLE : SQL_ACTION_REVOKE_ROLE);
            action.object = inspector_plain(inspector, name, SQL_OBJECT_ROLE);
            action.other = inspector_role(inspector, statement->grantee_roles[j]->role_spec);
            inspector_add(inspector, &action);
        }
    }
}

static void inspect_owned(struct inspector *inspector, enum sql_action_kind kind,
                          struct nodes roles, const PgQuery__RoleSpec *new_owner)
{
    for (gsize i = 0; i < roles.count; i++) {
        struct sql_action action = inspector_action(inspector, kind);
        action.object = inspector_role(inspector, roles.list[i]->role_spec);
        action.other = inspector_role(inspector, new_owner);
        inspector_add(inspector, &action);
    }
}

gboolean inspect_grant(struct inspector *inspector, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_GRANT_STMT:
        inspect_grants(inspector, node->grant_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_ALTER_DEFAULT_PRIVILEGES_STMT:
        inspect_default_grants(inspector, node->alter_default_privileges_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_GRANT_ROLE_STMT:
        inspect_roles(inspector, node->grant_role_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_DROP_OWNED_STMT:
        inspect_owned(inspector, SQL_ACTION_DROP_OWNED, NODES(node->drop_owned_stmt, roles), NULL);
        return TRUE;
    case PG_QUERY__NODE__NODE_REASSIGN_OWNED_STMT:
        inspect_owned(inspector, SQL_ACTION_REASSIGN_OWNED, NODES(node->reassign_owned_stmt, roles),
                      node->reassign_owned_stmt->newrole);
        return TRUE;
    default:
        return FALSE;
    }
}
