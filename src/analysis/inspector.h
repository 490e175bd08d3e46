/* The inside of inspecting: one statement's tree after the other is turned into actions and uses.
 * Only the inspector_*.c include this, and only they know the parser. */
#ifndef WINCH_ANALYSIS_INSPECTOR_H
#define WINCH_ANALYSIS_INSPECTOR_H

#include <glib.h>
#include <pg_query/pg_query.pb-c.h>

#include "analysis/arena.h"
#include "analysis/inspection.h"

/* A list of nodes, as the protobuf structs hold them. */
struct nodes {
    PgQuery__Node **list;
    gsize count;
};
#define NODES(message, field) ((struct nodes){(message)->field, (message)->n_##field})

/* What was found in one statement. */
struct findings {
    GArray *actions;                       /* of struct sql_action */
    GArray *relations, *functions, *types; /* of struct sql_use */
    const char *opaque;
};

struct inspector {
    struct arena *arena;   /* of what stays */
    struct arena *scratch; /* of the tree */
    const char *text;      /* of the file */
    const struct script *script;
    /* the session, as far as the text changes it */
    const char *initial_path;
    GPtrArray *path;         /* of schemas; NULL: nobody can tell */
    GPtrArray *path_outside; /* before SET LOCAL: in force again after COMMIT; NULL: no SET LOCAL */
    gboolean is_in_block;
    GHashTable *created; /* by this file: name to schema, both in the arena */
    /* the statement */
    const struct script_statement *statement;
    struct findings found;
    GPtrArray *ctes;    /* names that are no relations here */
    guint64 body;       /* SQL_FLAG(IN_BODY), with IS_RUN or without; 0 outside of bodies */
    unsigned body_line; /* of the file */
    guint body_depth;
    const char *owner_schema; /* CREATE SCHEMA with elements: where they go */
    const char *sql;          /* what is being parsed: the statement, or one of a body */
    guint deepest;            /* nesting that the stack is large enough for */
    /* where locations were looked up last */
    gsize place_offset;
    unsigned place_line, place_column;
};

/* ---- inspector.c ----------------------------------------------------------------------------- */

/* Parses SQL of length bytes and takes up what its statements do. FALSE with why (in the
 * inspector's arena) when the parser does not take it. */
gboolean inspector_take(struct inspector *inspector, const char *sql, gsize length,
                        const char **why);
void inspector_statement(struct inspector *inspector, const PgQuery__Node *node);

/* An action at the statement's place, or at one of its bytes; location < 0 is the statement's. */
struct sql_action inspector_action(const struct inspector *inspector, enum sql_action_kind kind);
void inspector_place(struct inspector *inspector, struct sql_action *action, gint64 location,
                     gsize length);
/* Its number. In the body of a function, which is stored and not run, nothing is added. */
guint inspector_add(struct inspector *inspector, const struct sql_action *action);

void inspector_use_relation(struct inspector *inspector, const struct sql_object *relation,
                            gboolean is_written);
void inspector_use_function(struct inspector *inspector, const struct sql_object *function);
void inspector_use_type(struct inspector *inspector, const struct sql_object *type);
void inspector_opaque(struct inspector *inspector, const char *why); /* the first one stays */

/* A copy that lives as long as the inspection; NULL for an empty name. */
const char *inspector_text(struct inspector *inspector, const char *text);

/* ---- inspector_names.c ----------------------------------------------------------------------- */

/* A relation that is named; one that is being created; the same from a list of strings. */
struct sql_object inspector_relation(struct inspector *inspector, const PgQuery__RangeVar *name,
                                     enum sql_object_kind kind);
struct sql_object inspector_new_relation(struct inspector *inspector, const PgQuery__RangeVar *name,
                                         enum sql_object_kind kind);
struct sql_object inspector_named(struct inspector *inspector, struct nodes names,
                                  enum sql_object_kind kind);
struct sql_object inspector_new_named(struct inspector *inspector, struct nodes names,
                                      enum sql_object_kind kind);
/* By one name without a schema: roles, extensions ... NULL name: kind NONE. */
struct sql_object inspector_plain(struct inspector *inspector, const char *name,
                                  enum sql_object_kind kind);
struct sql_object inspector_role(struct inspector *inspector, const PgQuery__RoleSpec *role);
/* Function, procedure or operator with its arguments. */
struct sql_object inspector_routine(struct inspector *inspector,
                                    const PgQuery__ObjectWithArgs *name, enum sql_object_kind kind);

/* The string in a node, or NULL. */
const char *node_string(const PgQuery__Node *node);
/* The names in a list of strings, in the inspector's arena. */
const char *const *inspector_strings(struct inspector *inspector, struct nodes names, guint *count);
/* The value of an option, or NULL; name in lower case. */
const PgQuery__Node *option_find(struct nodes options, const char *name);
gint64 option_location(struct nodes options, const char *name); /* -1: none */
gboolean option_is_on(struct nodes options, const char *name);

void inspector_path_set(struct inspector *inspector, const char *value, gboolean is_local);
void inspector_path_forget(struct inspector *inspector, gboolean is_local);
void inspector_path_block(struct inspector *inspector, gboolean begins);

/* As the server writes it. flags receives SQL_FLAG(SERIAL). */
const char *inspector_type(struct inspector *inspector, const PgQuery__TypeName *type,
                           guint64 *flags);
/* Notes the type as used when it is not one of PostgreSQL's own. */
void inspector_use_type_name(struct inspector *inspector, const PgQuery__TypeName *type);

/* What the server calls a thing that was given no name: "users_email_key". */
const char *inspector_choose_name(struct inspector *inspector, const char *relation,
                                  const char *columns, const char *label);

/* ---- inspector_walk.c ------------------------------------------------------------------------ */

/* Notes every relation, function and type below, DML inside of it as actions. */
void inspector_walk(struct inspector *inspector, const ProtobufCMessage *message);
#define WALK(inspector, pointer)                                                                   \
    do {                                                                                           \
        if ((pointer) != NULL)                                                                     \
            inspector_walk((inspector), &(pointer)->base);                                         \
    } while (0)
void inspector_walk_list(struct inspector *inspector, struct nodes nodes);

/* A number for a tree, whatever its places; 0 for NULL. */
guint64 tree_number(const ProtobufCMessage *message);

/* The flags of a default: HAS_DEFAULT and what it costs. */
guint64 default_flags(const PgQuery__Node *expression);

/* The one column that an expression names; NULL when it names none or several. */
const char *only_column(const PgQuery__Node *expression);

/* ---- by subject ------------------------------------------------------------------------------ */

void inspect_create_table(struct inspector *inspector, const PgQuery__CreateStmt *statement,
                          const char *server);
void inspect_create_table_as(struct inspector *inspector,
                             const PgQuery__CreateTableAsStmt *statement);
void inspect_alter_table(struct inspector *inspector, const PgQuery__AlterTableStmt *statement);
void inspect_index(struct inspector *inspector, const PgQuery__IndexStmt *statement);

/* A column with its constraints; table is being created, or altered. */
void inspect_column(struct inspector *inspector, const struct sql_object *table,
                    const PgQuery__ColumnDef *column, struct sql_action action);
/* FALSE when it is no constraint of its own (NULL, DEFERRABLE, DEFAULT ...). column: the one it
 * stands behind, or NULL. */
gboolean inspect_constraint(struct inspector *inspector, const struct sql_object *table,
                            const PgQuery__Constraint *constraint, const char *column,
                            struct sql_action action);

/* Each knows some kinds of statements, and says whether this was one of them. */
gboolean inspect_object(struct inspector *inspector, const PgQuery__Node *node);
gboolean inspect_other(struct inspector *inspector, const PgQuery__Node *node);
gboolean inspect_code(struct inspector *inspector, const PgQuery__Node *node);
gboolean inspect_type(struct inspector *inspector, const PgQuery__Node *node);
gboolean inspect_grant(struct inspector *inspector, const PgQuery__Node *node);
gboolean inspect_rows(struct inspector *inspector, const PgQuery__Node *node);
gboolean inspect_session(struct inspector *inspector, const PgQuery__Node *node);

/* The parser's kinds of objects as ours. */
enum sql_object_kind object_kind_of(PgQuery__ObjectType type);

/* DML found in a walk. */
void inspect_insert(struct inspector *inspector, const PgQuery__InsertStmt *statement);
void inspect_update(struct inspector *inspector, const PgQuery__UpdateStmt *statement);
void inspect_delete(struct inspector *inspector, const PgQuery__DeleteStmt *statement);
void inspect_merge(struct inspector *inspector, const PgQuery__MergeStmt *statement);
void inspect_select(struct inspector *inspector, const PgQuery__SelectStmt *statement);

/* A body in PL/pgSQL or SQL, of the CREATE FUNCTION or DO that is being parsed; it stands behind
 * byte location. */
void inspect_body(struct inspector *inspector, const char *language, const char *body,
                  gint64 location, gboolean is_run);

#endif
