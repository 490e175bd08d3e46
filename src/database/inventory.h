/* How a driver lists what could be lost; comparing two lists is the same for all of them. */
#ifndef WINCH_DATABASE_INVENTORY_H
#define WINCH_DATABASE_INVENTORY_H

#include "database/receipt.h"

/* One thing that is there. Strings are borrowed for the call of inventory_add(); NULL is none. */
struct inventory_item {
    const char *key; /* the same as long as it is the same thing, whatever it is called */
    /* keys of what it belongs to, blanks between: it goes with the first of them that goes */
    const char *parents;
    /* it is still there, under another key, where a later list has the same; NULL: never */
    const char *alias;
    enum loss_kind kind;
    const char *schema, *name;   /* may be NULL in a later list */
    const char *bare;            /* its own name, unquoted, as a file would name it */
    const char *object, *column; /* what to count in, quoted; NULL: nothing to count */
    const char *note;
    guint32 oid;
    gint32 number;
    gint64 storage; /* of a table: another one means that its rows were written anew; 0 none */
    gint64 size;    /* of a table: bytes of its rows alone */
    gint64 deleted, updated; /* of a table: rows in this transaction so far */
};

/* Copies item. */
void inventory_add(struct inventory *inventory, const struct inventory_item *item);

#endif
