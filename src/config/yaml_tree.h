/* A YAML file as a small tree that knows its lines. Only what a configuration needs: no anchors,
 * aliases, tags or second documents. */
#ifndef WINCH_CONFIG_YAML_TREE_H
#define WINCH_CONFIG_YAML_TREE_H

#include <glib.h>

#include "base/autofree.h"
#include "config/mistakes.h"

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_node {
    enum tree_kind kind;
    unsigned line; /* from 1 */
    char *key;     /* in a map: its key; otherwise NULL */
    unsigned key_line;
    char *text;          /* a scalar's; UTF-8 without NUL */
    gboolean is_plain;   /* a scalar without quotes */
    GPtrArray *children; /* of struct tree_node; a list's or a map's */
};

/* Reads one document. NULL when the file holds none. Whatever is wrong is added to mistakes (whose
 * file it borrows); what could be read is returned all the same, so that its mistakes show too. */
struct tree_node *tree_parse(const char *file, const char *bytes, gsize length,
                             struct mistakes *mistakes);
void tree_free(struct tree_node *node);
DEFINE_AUTOPTR(tree_node, tree_free);

/* A scalar that says nothing: key without a value, "~" or "null". */
gboolean tree_is_null(const struct tree_node *node);

/* "a single value", "a list", "a mapping". Static. */
const char *tree_kind_name(enum tree_kind kind);

#endif
