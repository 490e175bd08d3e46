/* Reading a step instead of running it. Between the files that make a receipt. */
#ifndef WINCH_ENGINE_RECEIPT_READ_H
#define WINCH_ENGINE_RECEIPT_READ_H

#include "engine/receipt.h"

/* Takes what the text of a step drops and empties out of the inventory, into the receipt's losses,
 * and notes what cannot be told from it. FALSE when the database cannot be asked. */
gboolean receipt_read_step(struct receipt *receipt, guint index, struct engine *engine,
                           struct inventory *inventory, const char *since, GError **error);

/* Tells of each table that goes whether its file copies rows of it into another first. */
void receipt_read_copies(struct receipt *receipt, guint index, const struct engine *engine);

#endif
