/* A picture of everything that makes the schema of a database: its objects and their attributes.
 *
 * A catalog is immutable and reference-counted; any thread may read it. It speaks of no driver:
 * what kinds and attributes there are is the driver's matter. An attribute that has its usual value
 * (not null: no; owner's own rights) is left out, so that whatever stands in a catalog was said by
 * somebody. */
#ifndef WINCH_DATABASE_CATALOG_H
#define WINCH_DATABASE_CATALOG_H

#include <glib.h>

#include "base/autofree.h"

struct catalog;

struct catalog_attribute {
    const char *name;  /* "type", "default", "grants to reader" */
    const char *value; /* never NULL; may have several lines */
};

/* Everything is borrowed from the catalog. */
struct catalog_object {
    const char *kind;     /* "table", "column", "materialized view", ... */
    const char *identity; /* qualified and quoted as SQL has it: public."Order".total for a column;
                           * orders_check ON public.orders for a constraint, trigger, policy, rule;
                           * public.add(integer, integer) for a routine */
    const char
        *parent_kind; /* what it is a part of and goes with: a column's table; NULL: nothing */
    const char *parent;
    const struct catalog_attribute *attributes; /* by name, in the order of bytes */
    guint attribute_count;
};

struct catalog *catalog_ref(struct catalog *catalog);
void catalog_unref(struct catalog *catalog);
DEFINE_AUTOPTR(catalog, catalog_unref);

/* The attribute that holds a place among the parts of one parent: it tells the order of a table's
 * columns, and nothing else of it means anything. */
#define CATALOG_POSITION "position"

/* ---- looking up ------------------------------------------------------------------------------ */

/* Objects in canonical order: each parent before its parts, whatever the server's own order was. */
guint catalog_count(const struct catalog *catalog);
const struct catalog_object *catalog_at(const struct catalog *catalog, guint index);

/* The canonical order of two objects, of one catalog or of two: below, at or above 0. */
int catalog_object_compare(const struct catalog_object *a, const struct catalog_object *b);

/* NULL when it is not there. */
const struct catalog_object *catalog_find(const struct catalog *catalog, const char *kind,
                                          const char *identity);

/* The value, or NULL. */
const char *catalog_attribute(const struct catalog_object *object, const char *name);

/* The parts of an object, in canonical order, or those of one kind (NULL: all): calls with
 * *index = 0 first, NULL at the end. Columns come by name; their place is CATALOG_POSITION. */
const struct catalog_object *catalog_part_next(const struct catalog *catalog,
                                               const struct catalog_object *parent,
                                               const char *kind, guint *index);

/* The parts of one kind in the order of CATALOG_POSITION: of const struct catalog_object *. */
GPtrArray *catalog_parts_in_order(const struct catalog *catalog,
                                  const struct catalog_object *parent, const char *kind);

/* What stands behind the parent's identity and a dot: a column's own name, quoted as SQL has it.
 * The whole identity where it is not built so. Borrowed. */
const char *catalog_object_name(const struct catalog_object *object);

/* ---- text and fingerprint -------------------------------------------------------------------- */

/* The canonical text: a line an object (kind, identity, kind and identity of its parent, a tab
 * between), then a line an attribute (a tab, its name, a tab, its value). Backslash, tab, newline
 * and carriage return in them are \\ \t \n \r. Equal catalogs have equal texts. Free with g_free().
 */
char *catalog_text(const struct catalog *catalog);

/* Reads such a text, whoever wrote it. ERROR_FAILED with the line at fault. */
struct catalog *catalog_parse(const char *text, gsize length, GError **error);

/* sha256 of the canonical text in hex. Borrowed. */
const char *catalog_fingerprint(const struct catalog *catalog);

/* The same, of the text without CATALOG_POSITION: equal for two catalogs that differ in the order
 * of columns only. Borrowed. */
const char *catalog_fingerprint_unordered(const struct catalog *catalog);

/* ---- difference ------------------------------------------------------------------------------ */

enum catalog_change {
    CATALOG_ADDED,   /* an object that was not there before */
    CATALOG_REMOVED, /* an object that is not there any more */
    CATALOG_CHANGED, /* an attribute; added or removed ones have before or after NULL */
    CATALOG_ORDER,   /* the parts of this object stand in another order: before and after name the
                      * common ones */
};

/* "added", "removed", "changed", "order". Static. */
const char *catalog_change_name(enum catalog_change change);

/* One difference. Owned strings. */
struct catalog_difference {
    enum catalog_change change;
    char *kind;
    char *identity;
    char *parent_kind;   /* NULL: none */
    char *parent;        /* NULL: none */
    char *attribute;     /* CHANGED: its name; ORDER: the kind of the parts; else NULL */
    char *before;        /* CHANGED and ORDER; NULL: it was not set */
    char *after;         /* CHANGED and ORDER; NULL: it is not set */
    gboolean is_implied; /* ADDED or REMOVED together with its parent: reports may leave it out */
};

/* What turned before into after, in canonical order: of struct catalog_difference *, freed with the
 * array. Empty when they are equal. Places that only moved because a neighbour came or went are no
 * difference. */
GPtrArray *catalog_difference(const struct catalog *before, const struct catalog *after);

/* How many of them a report counts: those that are not implied. */
guint catalog_difference_count(const GPtrArray *differences);

/* TRUE when there is one and all of them are CATALOG_ORDER. */
gboolean catalog_difference_is_order(const GPtrArray *differences);

/* One line, raw: "added index public.orders_idx", "changed column public.orders.total: type integer
 * became bigint". Values of several lines are cut after the first. Free with g_free(). */
char *catalog_difference_text(const struct catalog_difference *difference);

#endif
