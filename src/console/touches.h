/* What a file does to the schema, in a few lines: what it creates, alters, drops and writes. */
#ifndef WINCH_CONSOLE_TOUCHES_H
#define WINCH_CONSOLE_TOUCHES_H

#include "analysis/inspection.h"
#include "base/autofree.h"
#include "console/fields.h"

/* Immutable; borrows nothing. */
struct touches;

/* Goes through every statement: away from the screen. */
struct touches *touches_new(const struct inspection *inspection);
void touches_free(struct touches *touches);
DEFINE_AUTOPTR(touches, touches_free);

/* One field for each that there is: "creates  table public.users, index users_email_idx". Names are
 * raw. */
void touches_describe(const struct touches *touches, struct fields *fields);

/* SQL_CONTRACT when any of its statements is, SQL_EXPAND when none is and any expands. */
enum sql_phase touches_phase(const struct touches *touches);

/* What one statement does: "ADD COLUMN users.email, CREATE INDEX users_email_idx". NULL when nobody
 * knows. Free with g_free(). */
char *touches_statement(const struct inspection *inspection, guint index);

#endif
