/* What a text does, as a text: for tests that compare. */
#ifndef WINCH_TESTS_INSPECT_SUPPORT_H
#define WINCH_TESTS_INSPECT_SUPPORT_H

#include "analysis/inspection.h"

/* Cuts and inspects; the text has to be one that can be cut. */
struct inspection *inspect_text(const char *sql, const char *search_path);

/* "add-column public.users.email type=text not-null": a line an action. Free with g_free(). */
char *inspect_actions(const struct inspected_statement *statement);

/* "w public.users r public.v": relations; functions and types alike. Free with g_free(). */
char *inspect_uses(const struct sql_use *uses, guint count);

/* TRUE, with a word on standard output, when this build has no parser to test. */
gboolean inspect_is_skipped(void);

#endif
