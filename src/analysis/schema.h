/* What is known of a schema from the migrations before: a light model, made by replaying what they
 * do. It knows only what their text says; what it does not know it does not deny. */
#ifndef WINCH_ANALYSIS_SCHEMA_H
#define WINCH_ANALYSIS_SCHEMA_H

#include <glib.h>

#include "analysis/inspection.h"
#include "base/autofree.h"

struct schema_column {
    const char *name;
    const char *type;   /* as sql_action.type */
    guint64 flags;      /* SQL_FLAG()s of its ADD COLUMN, kept up: NOT_NULL, HAS_DEFAULT, IDENTITY,
                           SERIAL, GENERATED_STORED, COLLATE ... */
    guint64 expression; /* of its default */
};

struct schema_constraint {
    const char *name;
    enum sql_action_kind kind; /* SQL_ACTION_ADD_CHECK, ADD_FOREIGN_KEY ... */
    guint64 flags;             /* NOT_VALID until it was validated; CHECK_NOT_NULL ... */
    guint64 expression;
    const char *const *columns;
    guint column_count;
    struct sql_object other; /* foreign key: the table referenced */
    const char *const *other_columns;
    guint other_column_count;
};

struct schema_index {
    const char *name;
    guint64 flags; /* UNIQUE, PARTIAL, EXPRESSIONS */
    guint64 expression;
    const char *method;
    const char *const *columns;
    guint column_count;
    gboolean is_constraint; /* made by a primary key, UNIQUE or EXCLUDE of the same name */
};

struct schema_trigger {
    enum sql_object_kind kind; /* TRIGGER, RULE or POLICY */
    const char *name;
};

struct schema_relation {
    struct sql_object object;
    guint number;      /* of the migration that made it, as schema_apply() was told */
    gboolean is_whole; /* every column is known: it was made with them, and by no other table */
    guint64 flags;     /* of CREATE, kept up: PARTITIONED, PARTITION_OF, DEFAULT_PARTITION ... */
    struct sql_object parent; /* of a partition or an heir; kind NONE: none */
    GPtrArray *columns;       /* of struct schema_column * */
    GPtrArray *constraints;   /* of struct schema_constraint * */
    GPtrArray *indexes;       /* of struct schema_index * */
    GPtrArray *triggers;      /* of struct schema_trigger * */
};

struct schema;

struct schema *schema_new(void);
void schema_free(struct schema *schema);
DEFINE_AUTOPTR(schema, schema_free);

/* Replays what an inspection does, in order. number is the caller's, for schema_relation.number. */
void schema_apply(struct schema *schema, const struct inspection *inspection, guint number);
/* The same for one action. */
void schema_apply_action(struct schema *schema, const struct sql_action *action, guint number);

/* What a statement may have done beside its actions; whoever applies those one by one says it. */
void schema_note_gap(struct schema *schema, const struct inspected_statement *statement);

/* TRUE when something before was not analysed, or opaque: absence then proves nothing. */
gboolean schema_has_gaps(const struct schema *schema);

/* A table, view or sequence; NULL when it is not known. An unknown schema finds the only one of
 * that name. Borrowed until the next change. */
const struct schema_relation *schema_find(const struct schema *schema,
                                          const struct sql_object *name);
const struct schema_column *schema_column(const struct schema_relation *relation, const char *name);
const struct schema_constraint *schema_constraint(const struct schema_relation *relation,
                                                  const char *name);
/* Which relation an index is of; index may be NULL. */
const struct schema_relation *schema_index_owner(const struct schema *schema,
                                                 const struct sql_object *name,
                                                 const struct schema_index **index);

/* Relations with a foreign key on this one, or that are its partitions: of const struct
 * schema_relation *. Free with g_ptr_array_unref(). */
GPtrArray *schema_referencing(const struct schema *schema, const struct schema_relation *relation);
GPtrArray *schema_children(const struct schema *schema, const struct schema_relation *relation);

/* All relations: of const struct schema_relation *, in no order. Free with g_ptr_array_unref(). */
GPtrArray *schema_relations(const struct schema *schema);

/* TRUE when an index begins with these columns, in any order: what a foreign key wants. */
gboolean schema_has_index_on(const struct schema_relation *relation, const char *const *columns,
                             guint count);

/* TRUE when a valid CHECK or a primary key shows that the column is never NULL (ALTER TABLE, SET
 * NOT NULL), or when it is NOT NULL already. */
gboolean schema_is_not_null(const struct schema_relation *relation, const char *column);

/* The kind of a type this schema made: DOMAIN, TYPE; NONE when it is not known. */
enum sql_object_kind schema_type_kind(const struct schema *schema, const struct sql_object *name);

#endif
