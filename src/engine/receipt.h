/* What going back destroys, before it does: a receipt of a plan. */
#ifndef WINCH_ENGINE_RECEIPT_H
#define WINCH_ENGINE_RECEIPT_H

#include <glib.h>

#include "database/receipt.h"
#include "engine/engine.h"

enum receipt_way {
    RECEIPT_REHEARSED, /* run in a transaction that was rolled back: takes real locks for a moment
                        */
    RECEIPT_READ,      /* read from the text of the files: takes no lock */
};

struct receipt_options {
    enum receipt_way way;
    gint64 budget; /* milliseconds for counting; 0: as long as it takes */
};

/* How a step was looked at. */
struct receipt_step {
    gboolean is_seen; /* what it destroys is among the losses */
    char *note;       /* why not, or what to know beside it; for people, raw; or NULL */
};

struct receipt {
    struct plan *plan;
    enum receipt_way way;
    char *schema;               /* whose things are named without it; or NULL */
    GPtrArray *losses;          /* of struct loss *: by step, kind and name */
    struct receipt_step *steps; /* as many as the plan has */
    GPtrArray *obstacles; /* of char *: what was read to make a step fail, for people, raw: "000006
                           * line 1: drop table a would fail: in its way is view v" */
    GError *failure;      /* a step would fail; nothing is known of those behind it. Or NULL */
    guint failed_step;
    gint64 elapsed_us;
};

/* How this engine makes a receipt unless somebody says otherwise: rehearsed in development, read
 * elsewhere. */
enum receipt_way engine_receipt_way(const struct engine *engine);

/* Takes the migration lock while it rehearses, and counts without it. A step that would fail is no
 * error. */
struct receipt *engine_receipt(struct engine *engine, struct plan *plan,
                               const struct receipt_options *options, GError **error);
void receipt_free(struct receipt *receipt);
DEFINE_AUTOPTR(receipt, receipt_free);

/* TRUE when every step was seen, none would fail, and nothing that holds data is lost. */
gboolean receipt_is_harmless(const struct receipt *receipt);
/* TRUE when everything that holds data was counted exactly. */
gboolean receipt_is_exact(const struct receipt *receipt);

/* A loss in one line, for people, raw: "drops table orders: 120,000 rows, 14.2 MiB (exact)". Free
 * with g_free(). */
char *receipt_loss_text(const struct receipt *receipt, const struct loss *loss);
/* "3 indexes, 1 sequence": what goes with a loss; NULL when there is nothing. Free with g_free().
 */
char *receipt_with_text(const struct receipt *receipt, const struct loss *loss);
/* The whole in one line: "destroys 2 tables and 1 column: 120,500 rows (exact)". Free with
 * g_free(). */
char *receipt_text(const struct receipt *receipt);

#endif
