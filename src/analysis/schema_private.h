/* The inside of a schema, for what reads it and what changes it. */
#ifndef WINCH_ANALYSIS_SCHEMA_PRIVATE_H
#define WINCH_ANALYSIS_SCHEMA_PRIVATE_H

#include "analysis/schema.h"

struct schema {
    GHashTable *relations; /* name to GPtrArray of struct schema_relation * */
    GHashTable *indexes;   /* name to GPtrArray of struct schema_relation *: their owners */
    GHashTable *types;     /* name to GArray of struct sql_object */
    GStringChunk *texts;
    gboolean has_gaps;
};

/* Copies that live as long as the schema; those of names are freed by their owner. */
const char *schema_keep(struct schema *schema, const char *text);
struct sql_object schema_keep_object(struct schema *schema, const struct sql_object *object);
const char *const *schema_keep_names(struct schema *schema, const char *const *names, guint count);

/* All of one name, made when it is the first. */
GPtrArray *schema_bucket(GHashTable *table, const char *name, GDestroyNotify release);

/* As schema_find() and the like. */
struct schema_relation *schema_find_mutable(const struct schema *schema,
                                            const struct sql_object *name);
struct schema_column *schema_column_mutable(const struct schema_relation *relation,
                                            const char *name);
struct schema_constraint *schema_constraint_mutable(const struct schema_relation *relation,
                                                    const char *name);
struct schema_index *schema_index_mutable(const struct schema_relation *relation, const char *name);
struct schema_relation *schema_index_owner_mutable(const struct schema *schema,
                                                   const struct sql_object *name);

/* An unknown schema may be any. */
gboolean schema_names_match(const struct sql_object *one, const struct sql_object *other);
gboolean schema_is_among(const char *name, const char *const *names, guint count);

void schema_relation_free(gpointer data);
void schema_constraint_free(gpointer data);
void schema_index_free(gpointer data);

#endif
