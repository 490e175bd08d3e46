/* SELECT, INSERT, UPDATE, DELETE, MERGE, TRUNCATE, COPY; LOCK, VACUUM and what else goes through
 * rows. */
#include "analysis/inspector.h"

/* ---- what a walk finds ----------------------------------------------------------------------- */

static const char *const *target_names(struct inspector *inspector, struct nodes targets,
                                       guint *count)
{
    const char **names = arena_take(inspector->arena, MAX(targets.count, 1) * sizeof(*names));
    for (gsize i = 0; i < targets.count; i++) {
        const PgQuery__Node *node = targets.list[i];
        gboolean is_target = node->node_case == PG_QUERY__NODE__NODE_RES_TARGET;
        names[i] = arena_text(inspector->arena, is_target ? node->res_target->name : "");
    }
    *count = (guint)targets.count;
    return names;
}

static struct sql_action begin_write(struct inspector *inspector, enum sql_action_kind kind,
                                     const PgQuery__RangeVar *relation, const ProtobufCMessage *all)
{
    struct sql_action action = inspector_action(inspector, kind);
    action.object = inspector_relation(inspector, relation, SQL_OBJECT_RELATION);
    action.expression = tree_number(all);
    inspector_use_relation(inspector, &action.object, TRUE);
    return action;
}

/* What a data-modifying CTE does comes before what its query does. */
void inspect_insert(struct inspector *inspector, const PgQuery__InsertStmt *statement)
{
    struct sql_action action =
        begin_write(inspector, SQL_ACTION_INSERT, statement->relation, &statement->base);
    action.columns = target_names(inspector, NODES(statement, cols), &action.column_count);
    WALK(inspector, statement->select_stmt);
    WALK(inspector, statement->on_conflict_clause);
    inspector_walk_list(inspector, NODES(statement, returning_list));
    inspector_add(inspector, &action);
}

void inspect_update(struct inspector *inspector, const PgQuery__UpdateStmt *statement)
{
    struct sql_action action =
        begin_write(inspector, SQL_ACTION_UPDATE, statement->relation, &statement->base);
    action.columns = target_names(inspector, NODES(statement, target_list), &action.column_count);
    if (statement->where_clause == NULL)
        action.flags |= SQL_FLAG(NO_WHERE);
    inspector_walk_list(inspector, NODES(statement, target_list));
    inspector_walk_list(inspector, NODES(statement, from_clause));
    inspector_walk_list(inspector, NODES(statement, returning_list));
    WALK(inspector, statement->where_clause);
    inspector_add(inspector, &action);
}

void inspect_delete(struct inspector *inspector, const PgQuery__DeleteStmt *statement)
{
    struct sql_action action =
        begin_write(inspector, SQL_ACTION_DELETE, statement->relation, &statement->base);
    if (statement->where_clause == NULL)
        action.flags |= SQL_FLAG(NO_WHERE);
    inspector_walk_list(inspector, NODES(statement, using_clause));
    inspector_walk_list(inspector, NODES(statement, returning_list));
    WALK(inspector, statement->where_clause);
    inspector_add(inspector, &action);
}

void inspect_merge(struct inspector *inspector, const PgQuery__MergeStmt *statement)
{
    struct sql_action action =
        begin_write(inspector, SQL_ACTION_MERGE, statement->relation, &statement->base);
    WALK(inspector, statement->source_relation);
    WALK(inspector, statement->join_condition);
    inspector_walk_list(inspector, NODES(statement, merge_when_clauses));
    inspector_add(inspector, &action);
}

/* SELECT INTO is CREATE TABLE AS, but not in PL/pgSQL, whose parser has taken INTO away. */
void inspect_select(struct inspector *inspector, const PgQuery__SelectStmt *statement)
{
    const PgQuery__IntoClause *into = statement->into_clause;
    struct sql_action action = inspector_action(inspector, SQL_ACTION_SELECT);
    if (statement->n_locking_clause > 0)
        action.flags |= SQL_FLAG(LOCKS_ROWS);
    for (const PgQuery__SelectStmt *left = statement; into == NULL && left != NULL;
         left = left->larg)
        into = left->into_clause;
    guint before = inspector->found.relations->len;
    struct sql_object created = {.kind = SQL_OBJECT_NONE};
    if (into != NULL)
        created = inspector_new_relation(inspector, into->rel, SQL_OBJECT_TABLE);
    inspector_walk(inspector, &statement->base);
    if (into != NULL) {
        action.kind = SQL_ACTION_CREATE_TABLE_AS;
        action.flags |= SQL_FLAG(WITH_DATA);
        action.object = created;
        inspector_use_relation(inspector, &action.object, TRUE);
    } else if (inspector->found.relations->len == before + 1)
        action.object = g_array_index(inspector->found.relations, struct sql_use, before).object;
    inspector_add(inspector, &action);
}

/* ---- statements ------------------------------------------------------------------------------ */

static void inspect_copy(struct inspector *inspector, const PgQuery__CopyStmt *statement)
{
    struct sql_action action =
        inspector_action(inspector, statement->is_from ? SQL_ACTION_COPY_FROM : SQL_ACTION_COPY_TO);
    WALK(inspector, statement->query);
    WALK(inspector, statement->where_clause);
    action.object = inspector_relation(inspector, statement->relation, SQL_OBJECT_RELATION);
    if (statement->relation != NULL)
        inspector_use_relation(inspector, &action.object, statement->is_from);
    if (statement->is_program)
        action.flags |= SQL_FLAG(FROM_PROGRAM);
    else if (*statement->filename != '\0')
        action.flags |= SQL_FLAG(SERVER_FILE);
    action.other_part = inspector_text(inspector, statement->filename);
    inspector_add(inspector, &action);
}

static void inspect_truncate(struct inspector *inspector, const PgQuery__TruncateStmt *statement)
{
    for (gsize i = 0; i < statement->n_relations; i++) {
        const PgQuery__RangeVar *relation = statement->relations[i]->range_var;
        struct sql_action action = inspector_action(inspector, SQL_ACTION_TRUNCATE);
        action.object = inspector_relation(inspector, relation, SQL_OBJECT_TABLE);
        if (statement->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
            action.flags |= SQL_FLAG(CASCADE);
        if (statement->restart_seqs)
            action.flags |= SQL_FLAG(RESTART_IDENTITY);
        if (!relation->inh)
            action.flags |= SQL_FLAG(ONLY);
        inspector_use_relation(inspector, &action.object, TRUE);
        inspector_add(inspector, &action);
    }
}

/* As the server numbers them (storage/lockdefs.h). */
static const char *const lock_modes[] = {
    NULL,    "ACCESS SHARE",        "ROW SHARE", "ROW EXCLUSIVE",    "SHARE UPDATE EXCLUSIVE",
    "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE",
};

static void inspect_lock(struct inspector *inspector, const PgQuery__LockStmt *statement)
{
    gboolean is_known = statement->mode > 0 && statement->mode < (int)G_N_ELEMENTS(lock_modes);
    for (gsize i = 0; i < statement->n_relations; i++) {
        const PgQuery__RangeVar *relation = statement->relations[i]->range_var;
        struct sql_action action = inspector_action(inspector, SQL_ACTION_LOCK);
        action.object = inspector_relation(inspector, relation, SQL_OBJECT_RELATION);
        action.other_part = is_known ? lock_modes[statement->mode] : NULL;
        if (statement->nowait)
            action.flags |= SQL_FLAG(NOWAIT);
        if (!relation->inh)
            action.flags |= SQL_FLAG(ONLY);
        inspector_use_relation(inspector, &action.object, FALSE);
        inspector_add(inspector, &action);
    }
}

static void inspect_vacuum(struct inspector *inspector, const PgQuery__VacuumStmt *statement)
{
    struct sql_action action = inspector_action(
        inspector, statement->is_vacuumcmd ? SQL_ACTION_VACUUM : SQL_ACTION_ANALYZE);
    if (option_is_on(NODES(statement, options), "full"))
        action.flags |= SQL_FLAG(FULL);
    for (gsize i = 0; i < statement->n_rels; i++) {
        const PgQuery__RangeVar *relation = statement->rels[i]->vacuum_relation->relation;
        action.object = inspector_relation(inspector, relation, SQL_OBJECT_RELATION);
        inspector_use_relation(inspector, &action.object, FALSE);
        inspector_add(inspector, &action);
    }
    if (statement->n_rels > 0)
        return;
    action.flags |= SQL_FLAG(ALL);
    inspector_add(inspector, &action);
}

static void inspect_cluster(struct inspector *inspector, const PgQuery__ClusterStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_CLUSTER);
    action.object = inspector_relation(inspector, statement->relation, SQL_OBJECT_RELATION);
    if (statement->relation == NULL)
        action.flags |= SQL_FLAG(ALL);
    else
        inspector_use_relation(inspector, &action.object, TRUE);
    action.other = inspector_plain(inspector, statement->indexname, SQL_OBJECT_INDEX);
    action.other.schema = action.object.schema;
    inspector_add(inspector, &action);
}

static void inspect_refresh(struct inspector *inspector,
                            const PgQuery__RefreshMatViewStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_REFRESH_MATERIALIZED_VIEW);
    action.object =
        inspector_relation(inspector, statement->relation, SQL_OBJECT_MATERIALIZED_VIEW);
    action.flags |= (statement->concurrent ? SQL_FLAG(CONCURRENTLY) : 0) |
                    (statement->skip_data ? 0 : SQL_FLAG(WITH_DATA));
    inspector_use_relation(inspector, &action.object, TRUE);
    inspector_add(inspector, &action);
}

static void inspect_reindex(struct inspector *inspector, const PgQuery__ReindexStmt *statement)
{
    static const char *const words[] = {
        [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX] = NULL,
        [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE] = NULL,
        [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA] = "SCHEMA",
        [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM] = "SYSTEM",
        [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE] = "DATABASE",
    };
    struct sql_action action = inspector_action(inspector, SQL_ACTION_REINDEX);
    gboolean is_index = statement->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX;
    if (option_is_on(NODES(statement, params), "concurrently"))
        action.flags |= SQL_FLAG(CONCURRENTLY);
    if (statement->relation != NULL) {
        action.object = inspector_relation(inspector, statement->relation,
                                           is_index ? SQL_OBJECT_INDEX : SQL_OBJECT_TABLE);
        inspector_use_relation(inspector, &action.object, TRUE);
    } else {
        action.flags |= SQL_FLAG(ALL);
        if ((gsize)statement->kind < G_N_ELEMENTS(words))
            action.part = words[statement->kind];
        action.other = inspector_plain(inspector, statement->name, SQL_OBJECT_SCHEMA);
    }
    inspector_add(inspector, &action);
}

/* EXPLAIN ANALYZE runs what it explains. */
static void inspect_explain(struct inspector *inspector, const PgQuery__ExplainStmt *statement)
{
    struct sql_action action = inspector_action(inspector, SQL_ACTION_EXPLAIN);
    inspector_add(inspector, &action);
    if (statement->query != NULL && option_is_on(NODES(statement, options), "analyze"))
        inspector_statement(inspector, statement->query);
    else
        WALK(inspector, statement->query);
}

gboolean inspect_rows(struct inspector *inspector, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
        inspect_select(inspector, node->select_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_DELETE_STMT:
    case PG_QUERY__NODE__NODE_MERGE_STMT:
        inspector_walk(inspector, &node->base);
        return TRUE;
    case PG_QUERY__NODE__NODE_COPY_STMT:
        inspect_copy(inspector, node->copy_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
        inspect_truncate(inspector, node->truncate_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_LOCK_STMT:
        inspect_lock(inspector, node->lock_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_VACUUM_STMT:
        inspect_vacuum(inspector, node->vacuum_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_CLUSTER_STMT:
        inspect_cluster(inspector, node->cluster_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT:
        inspect_refresh(inspector, node->refresh_mat_view_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_REINDEX_STMT:
        inspect_reindex(inspector, node->reindex_stmt);
        return TRUE;
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
        inspect_explain(inspector, node->explain_stmt);
        return TRUE;
    default:
        return FALSE;
    }
}
