/* Parts of a model without a database: files that existed for a moment, a history that was made
 * up, a server that was told. */
#ifndef WINCH_TESTS_CONSOLE_FAKE_MODEL_H
#define WINCH_TESTS_CONSOLE_FAKE_MODEL_H

#include "console/model.h"

/* A set of up and down files; each name stands for both halves: "000001_create_customers". text is
 * the up half's, after the name and a blank: "000002_b -- winch: requires 000001". Ended by NULL.
 */
struct migration_set *fake_set(const char *const *names);
/* count migrations, each needing the one before it. */
struct migration_set *fake_long_set(guint count);

/* Appends a record to a history of g_ptr_array_new_with_free_func(history_record_free) and returns
 * it, to be changed: at minute (FAKE_TIME) with an id, people and hashes. */
struct history_record *fake_record(GPtrArray *history, enum history_kind kind,
                                   enum history_outcome outcome, const char *run, gint64 version,
                                   const char *title);
GPtrArray *fake_history(void);

/* Takes over history; keeps a reference to set. */
struct model_state *fake_state(struct migration_set *set, GPtrArray *history, gint64 version,
                               gboolean is_dirty);
struct model_server *fake_server(enum history_presence presence);

#endif
