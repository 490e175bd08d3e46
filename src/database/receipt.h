/* What going back destroys: found by comparing, in a rehearsal, what is there before and after it,
 * and counted once the rehearsal's locks are gone. */
#ifndef WINCH_DATABASE_RECEIPT_H
#define WINCH_DATABASE_RECEIPT_H

#include <glib.h>

#include "base/autofree.h"

struct database;

enum loss_kind {
    /* what holds data */
    LOSS_TABLE,
    LOSS_COLUMN,
    LOSS_EMPTIED, /* a table that stays, and all its rows go: TRUNCATE */
    LOSS_DELETED, /* rows of a table that stays */
    LOSS_UPDATED, /* the same: their values before are gone */
    /* what does not */
    LOSS_MATERIALIZED_VIEW,
    LOSS_VIEW,
    LOSS_SEQUENCE,
    LOSS_INDEX,
    LOSS_CONSTRAINT,
    LOSS_TRIGGER,
    LOSS_POLICY,
    LOSS_RULE,
    LOSS_STATISTICS,
    LOSS_TYPE,
    LOSS_FUNCTION,
    LOSS_EXTENSION,
    LOSS_SCHEMA,
    LOSS_KINDS
};

/* "table", "tables"; "rows deleted" both for LOSS_DELETED. Static. */
const char *loss_kind_name(enum loss_kind kind, gboolean is_plural);
gboolean loss_kind_holds_data(enum loss_kind kind);

enum loss_basis {
    LOSS_NOT_COUNTED, /* nothing to count, or no way: note says why */
    LOSS_EXACT,
    LOSS_ESTIMATED, /* note says why, and from what */
};

struct loss {
    enum loss_kind kind;
    char *schema;            /* unquoted; NULL where the driver has none */
    char *name;              /* as people write it, quoted where needed: public.orders.total */
    char *bare;              /* its own name, unquoted: total */
    guint step;              /* of the plan, from 0 */
    const struct loss *with; /* what it belongs to and goes with (the index of a table); or NULL */
    gboolean is_unnamed;     /* nothing in the file names it: it goes by CASCADE */
    enum loss_basis basis;
    gint64 rows;              /* TABLE, EMPTIED, DELETED, UPDATED: rows; COLUMN: values that are not
                               * null; -1 unknown */
    gint64 of_rows;           /* COLUMN: rows of its table; -1 unknown */
    gint64 bytes;             /* on disk, indexes included; COLUMN: of its values; -1 unknown */
    gint64 written_since;     /* of rows: written since the migration was applied; -1 unknown */
    gboolean written_at_most; /* transaction ids have gone round since: it may be fewer */
    char *note;
    char *copied; /* by which statement of the file, and where to, before it goes; for people, raw;
                   * or NULL */
    /* the driver's own */
    char *object;  /* what to count in, quoted */
    char *column;  /* the same of a COLUMN */
    guint32 oid;   /* of the relation */
    gint32 number; /* of the column */
    char *since;   /* xid that rows are compared with; NULL unknown */
};

/* A loss with nothing known of it. */
struct loss *loss_new(enum loss_kind kind, guint step);

/* Of struct loss *, freed with the array. */
GPtrArray *losses_new(void);

/* Everything that could be lost, as it is when it is read. */
struct inventory;

/* Reads it; within a rehearsal as the rehearsal has left things. */
struct inventory *database_inventory_read(struct database *database, GError **error);
void inventory_free(struct inventory *inventory);
DEFINE_AUTOPTR(inventory, inventory_free);

/* Looks again and appends to losses whatever was there and is not any more, and was not appended
 * before; in the order of their kinds. since is the transaction that applied the migration that is
 * taken back ("742"), or NULL. What is found is marked with step. */
gboolean database_inventory_compare(struct database *database, struct inventory *inventory,
                                    guint step, const char *since, GPtrArray *losses,
                                    GError **error);

/* A thing as a file names it. */
struct inventory_name {
    enum loss_kind kind;  /* EMPTIED: a table that is truncated */
    const char *schema;   /* unquoted; NULL: whichever has the only one of this name */
    const char *relation; /* of what is a part of one: a column's table. NULL: none */
    const char *name;
    gboolean cascades; /* with all that depends on it */
};

/* For what is read and not run: takes a thing out of the inventory and appends it to losses, with
 * all that belongs to it, and with CASCADE with all that depends on it. Without, others (char *)
 * receives what stands in its way, for people. FALSE with *is_there FALSE when there is no such
 * thing (any more), with error when the database cannot be asked. */
gboolean database_inventory_take(struct database *database, struct inventory *inventory,
                                 const struct inventory_name *name, guint step, const char *since,
                                 GPtrArray *losses, GPtrArray *others, gboolean *is_there,
                                 GError **error);

/* FALSE where the driver cannot tell rows deleted and updated by table, so that only the statements
 * themselves can be counted. */
gboolean inventory_counts_changes(const struct inventory *inventory);

/* Counts what the losses hold, as the database is now, the smallest first, in short transactions
 * that read only; budget is all the time it may take together, in milliseconds, and what it does
 * not suffice for is estimated (0: everything). lock_timeout bounds each wait. FALSE only when the
 * connection is gone or somebody cancelled. */
gboolean database_losses_count(struct database *database, GPtrArray *losses, gint64 budget,
                               gint64 lock_timeout, GError **error);

#endif
