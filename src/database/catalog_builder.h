/* Putting a catalog together: for the drivers, and for whoever reads one from a text. */
#ifndef WINCH_DATABASE_CATALOG_BUILDER_H
#define WINCH_DATABASE_CATALOG_BUILDER_H

#include "database/catalog.h"

struct catalog_builder;

struct catalog_builder *catalog_builder_new(void);
void catalog_builder_free(struct catalog_builder *builder);
DEFINE_AUTOPTR(catalog_builder, catalog_builder_free);

/* Begins an object; texts are copied. parent_kind and parent may be NULL, both or none. */
void catalog_builder_object(struct catalog_builder *builder, const char *kind, const char *identity,
                            const char *parent_kind, const char *parent);

/* An attribute of the object begun last; nothing for a value that is NULL. */
void catalog_builder_attribute(struct catalog_builder *builder, const char *name,
                               const char *value);

/* The catalog, in canonical order; the builder is empty then. NULL with ERROR_FAILED when an object
 * is there twice, or an attribute of one. */
struct catalog *catalog_builder_finish(struct catalog_builder *builder, GError **error);

#endif
